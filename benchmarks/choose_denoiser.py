"""Choose activation and learning rate of lesson 02's networks, on validation images.

    python benchmarks/choose_denoiser.py

Trains each network as the study of denoisers does, at σ = 0.5, and measures its PSNR on
2,000 noisy validation digits. Writes `denoiser_choice.csv`, which the study shows. Takes
about ten minutes.
"""

import itertools

import keras
import pandas as pd
from keras import layers, ops

from ae_helpers.corruption import add_gaussian_noise
from ae_helpers.data import load_mnist
from ae_helpers.data.tables import FOLDER
from ae_helpers.metrics import psnr
from ae_helpers.models import Autoencoder, dense_autoencoder

SIGMA = 0.5
RATES = [2e-3, 5e-3, 8e-3, 1.2e-2]
CHOICES = {
    "dense": {"activations": ["relu", "gelu", "elu", "selu"], "epochs": 5, "batch": 100},
    "convolutional": {"activations": ["leaky_relu", "gelu"], "epochs": 4, "batch": 50},
}
TARGET = FOLDER / "denoiser_choice.csv"


def main():
    (x_train, _), (x_valid, _), _ = load_mnist()
    x_train, x_valid = x_train[:20_000], x_valid[:2000]
    noisy_valid = add_gaussian_noise(x_valid, SIGMA, seed=1000)
    rows = []
    for name, choice in CHOICES.items():
        for activation, rate in itertools.product(choice["activations"], RATES):
            keras.utils.set_random_seed(1000)
            network = dense(activation) if name == "dense" else convolutional(activation)
            train(network, x_train, rate=rate, epochs=choice["epochs"], batch_size=choice["batch"])
            quality = psnr(x_valid, network.reconstruct(noisy_valid)).mean()
            rows.append({"network": name, "activation": activation, "rate": rate, "PSNR": round(quality, 3)})
            print(*rows[-1].values(), flush=True)
    pd.DataFrame(rows).to_csv(TARGET, index=False)


def dense(activation):
    return dense_autoencoder(256, hidden_sizes=(512,), activation=activation)


def convolutional(activation):
    kind = {"padding": "same", "activation": activation}
    encoder = [layers.Conv2D(32, 3, strides=2, **kind), layers.Conv2D(48, 3, strides=2, **kind)]
    encoder += [layers.Conv2D(48, 3, **kind), layers.Conv2D(48, 3, **kind)]
    decoder = [layers.Conv2DTranspose(32, 3, strides=2, **kind)]
    decoder += [layers.Conv2DTranspose(1, 3, strides=2, padding="same")]
    return Autoencoder(
        keras.Sequential([keras.Input((28, 28, 1)), *encoder]),
        keras.Sequential([keras.Input((7, 7, 48)), *decoder]),
    )


def train(network, x_train, *, rate, epochs, batch_size):
    x = keras.Input((28, 28, 1))
    model = keras.Model(x, network(ops.clip(layers.GaussianNoise(SIGMA)(x), 0, 1)))
    steps = epochs * len(x_train) // batch_size
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, 0.9 * steps, warmup_target=rate, warmup_steps=steps // 10
    )
    model.compile(keras.optimizers.Adam(schedule), loss="mse", steps_per_execution=20)
    model.fit(x_train, x_train, batch_size=batch_size, epochs=epochs, verbose=0)


if __name__ == "__main__":
    main()
