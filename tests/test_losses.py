import keras
import numpy as np
import pytest
from keras import ops

from ae_helpers.losses import multinomial_loss

pytestmark = pytest.mark.backend

# Softmax of (0, ln 3) is (1/4, 3/4).
Y_TRUE, LOGITS = np.array([[1.0, 0.0], [1.0, 2.0]]), np.array([[0.0, np.log(3)]] * 2)
BY_HAND = [np.log(4), np.log(4) + 2 * np.log(4 / 3)]


@pytest.mark.parametrize("given", [np.asarray, np.int32, ops.convert_to_tensor])
@pytest.mark.parametrize("predicted", [list, np.asarray, np.float32, lambda x: keras.Variable(x).value])
def test_multinomial_loss_by_hand(given, predicted):
    loss = ops.convert_to_numpy(multinomial_loss(given(Y_TRUE), predicted(LOGITS)))
    np.testing.assert_allclose(loss, BY_HAND, rtol=1e-6)


def test_multinomial_loss_takes_any_precision():
    loss = multinomial_loss(ops.convert_to_tensor(Y_TRUE), ops.cast(LOGITS, "bfloat16"))
    np.testing.assert_allclose(ops.convert_to_numpy(ops.cast(loss, "float32")), BY_HAND, rtol=0.02)


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="Keras has no sparse tensors there")
def test_multinomial_loss_takes_sparse_targets():
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        sparse = tf.sparse.from_dense(np.float32(Y_TRUE))
    else:
        from jax.experimental import sparse as jax_sparse

        sparse = jax_sparse.BCOO.fromdense(np.float32(Y_TRUE))
    np.testing.assert_allclose(multinomial_loss(sparse, np.float32(LOGITS)), BY_HAND, rtol=1e-6)


def test_its_name_in_saved_files():
    config = keras.losses.serialize(multinomial_loss)
    assert config["config"] == "ae_helpers>multinomial_loss"  # also in files from when it stood in models.py
    assert keras.losses.deserialize(config) is multinomial_loss
