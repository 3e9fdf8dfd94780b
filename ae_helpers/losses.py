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
