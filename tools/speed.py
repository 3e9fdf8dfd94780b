"""How fast is this machine? Budgets of lessons and tests are told for one whose yardstick is 13 s."""

import time

FAST = 13.0  # seconds of five epochs on the machine for which budgets are told


def yardstick(epochs: int = 5) -> float:
    """Seconds of five epochs of 784-512-256-32 and back, GELU, batches of 128, on 55,000 digits.

    Args:
        epochs: how many of the five are trained; their time is scaled up.

    Returns:
        Seconds; the network is compiled before.
    """
    import keras

    from ae_helpers.data import load_mnist
    from ae_helpers.models import dense_autoencoder

    (x_train, _), _, _ = load_mnist()
    autoencoder = dense_autoencoder(32, (512, 256), activation="gelu")
    autoencoder.compile(keras.optimizers.Adam(1e-3), "mse")
    few = x_train[: 128 + len(x_train) % 128]  # both sizes of a batch that there are
    autoencoder.fit(few, few, batch_size=128, verbose=0)
    started = time.perf_counter()
    autoencoder.fit(x_train, x_train, batch_size=128, epochs=epochs, verbose=0)
    return (time.perf_counter() - started) * 5 / epochs
