"""Losses that Keras does not have: pass one to `compile`."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="ae_helpers")
def multinomial_loss(y_true: Any, y_pred: Any) -> Any:
    """Cross-entropy between what users did and a softmax over all users (Liang et al. 2018, WWW).

    Args:
        y_true: tensor or array `(batch, n_users)`, 0 or more: weight of each user for the item.
        y_pred: logits of the same shape.

    Returns:
        Tensor `(batch,)` of the dtype of y_pred: summed over users. Keras averages it over the batch.

    Example:
        >>> model.compile("adam", multinomial_loss)
    """
    # Arrays, whole numbers and sparse tensors too: torch would not multiply them with a tensor.
    y_pred = ops.convert_to_tensor(y_pred)
    y_true = ops.convert_to_tensor(y_true, y_pred.dtype, sparse=False)
    return -ops.sum(y_true * ops.log_softmax(y_pred, axis=-1), axis=-1)


@keras.saving.register_keras_serializable(package="ae_helpers")
def bernoulli_loss(y_true: Any, y_pred: Any) -> Any:
    """What a picture costs in nats, if each pixel is white with the probability that y_pred gives it.

    Binary cross-entropy summed over pixels, where Keras' own is averaged: only the sum can be added
    to a Kullback-Leibler divergence (see `ae_helpers.layers.GaussianCode`). Of pictures in black and
    white it is minus a log-likelihood; grey values count as probabilities of white.

    Args:
        y_true: tensor or array `(batch, ...)`, values in [0, 1].
        y_pred: probabilities of the same shape; those of 0 and 1 count as 1e-7 off, as in Keras.

    Returns:
        Tensor `(batch,)` of the dtype of y_pred. Keras averages it over the batch.

    Example:
        >>> autoencoder = variational_autoencoder(16)
        >>> autoencoder.compile("adam", bernoulli_loss)
    """
    y_pred = ops.convert_to_tensor(y_pred)
    y_true = ops.convert_to_tensor(y_true, y_pred.dtype)
    return ops.sum(ops.binary_crossentropy(y_true, y_pred), axis=tuple(range(1, len(y_pred.shape))))
