"""Losses that Keras does not have: pass one to `compile`."""

import keras


@keras.saving.register_keras_serializable(package="ae_helpers")
def multinomial_loss(y_true, y_pred):
    """Cross-entropy between what users did and a softmax over all users (Liang et al. 2018, WWW).

    Args:
        y_true: tensor `(batch, n_users)`, 0 or more: weight of each user for the item.
        y_pred: logits of the same shape.

    Returns:
        Tensor `(batch,)`: summed over users. Keras averages it over the batch.
    """
    return -keras.ops.sum(y_true * keras.ops.log_softmax(y_pred, axis=-1), axis=-1)
