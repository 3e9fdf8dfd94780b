import keras
import numpy as np
import pytest
from keras import ops

from ae_helpers.losses import bernoulli_loss, multinomial_loss

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


PICTURES, CHANCES = np.array([[[1.0, 0.0]], [[0.25, 1.0]]]), np.array([[[0.5, 0.5]], [[0.25, 0.1]]])
NATS = [2 * np.log(2), -(0.25 * np.log(0.25) + 0.75 * np.log(0.75)) - np.log(0.1)]


@pytest.mark.parametrize("given", [np.asarray, np.float32, np.ndarray.tolist, ops.convert_to_tensor])
@pytest.mark.parametrize("predicted", [np.asarray, np.float32, lambda x: keras.Variable(x).value])
def test_bernoulli_loss_by_hand(given, predicted):
    loss = ops.convert_to_numpy(bernoulli_loss(given(PICTURES), predicted(CHANCES)))
    np.testing.assert_allclose(loss, NATS, rtol=1e-6)
    assert bernoulli_loss(np.int32(PICTURES.round()), np.float32(CHANCES)).shape == (2,)


def test_bernoulli_loss_of_what_is_all_wrong_is_bounded():
    loss = ops.convert_to_numpy(bernoulli_loss(np.float32([[0], [1]]), np.float32([[1], [0]])))
    np.testing.assert_allclose(loss, -np.log(1e-7), rtol=0.02)


@pytest.mark.parametrize("loss", [multinomial_loss, bernoulli_loss])
def test_its_name_in_saved_files(loss):
    config = keras.losses.serialize(loss)
    assert config["config"] == f"ae_helpers>{loss.__name__}"  # also in files from when it stood in models.py
    assert keras.losses.deserialize(config) is loss
