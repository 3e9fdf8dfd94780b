"""How fast is this machine? The time of five epochs of a dense autoencoder on MNIST.

    python -m tools.yardstick             # five epochs
    python -m tools.yardstick --epochs 1  # a quick look, scaled up to five

Budgets of lessons and tests are seconds on a machine whose yardstick is 13 s; where it
takes T seconds, a budget of 40 s is 40 T / 13.
"""

import argparse
import os
import time

from tools.environment import KERNEL_ENVIRONMENT

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


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=5, choices=range(1, 6), help="of the five (default: all)")
    for name, value in KERNEL_ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    print(f"yardstick: {yardstick(parser.parse_args().epochs):.1f} s (a fast machine: {FAST:.0f} s)", flush=True)
