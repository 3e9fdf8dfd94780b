import keras
import numpy as np

from ae_helpers.losses import multinomial_loss


def test_multinomial_loss_by_hand():
    # Softmax of (0, ln 3) is (1/4, 3/4).
    loss = multinomial_loss(np.array([[1.0, 0.0], [1.0, 2.0]]), np.array([[0.0, np.log(3)]] * 2))
    np.testing.assert_allclose(loss, [np.log(4), np.log(4) + 2 * np.log(4 / 3)], rtol=1e-6)
    assert keras.losses.deserialize(keras.losses.serialize(multinomial_loss)) is multinomial_loss
