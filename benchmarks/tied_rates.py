"""Choose the learning rates of lesson 04's networks, on validation images.

    python benchmarks/tied_rates.py

Trains each network as the lesson does, at several learning rates, fifteen times each, and
measures its squared error per validation image. Writes `tied_rates.csv`, which the lesson
shows. Takes about half an hour.
"""

import itertools
import math

import keras
import numpy as np
import pandas as pd
from keras import layers, ops

from ae_helpers.data import load_mnist
from ae_helpers.data.tables import FOLDER
from ae_helpers.metrics import squared_error
from ae_helpers.models import Autoencoder, dense_autoencoder, tied_autoencoder

RATES = [0.005, 0.01, 0.02, 0.03, 0.04, 0.08]
STARTS = range(1000, 1015)  # others than the lesson's; so many, because a rate may fail once in ten times
LATENT_DIM, BATCH_SIZE = 32, 125
EPOCHS = {"55,000 images": 1, "1,000 images": 5}  # of 440 and of 88 steps
TARGET = FOLDER / "tied_rates.csv"


def main():
    (x_train, _), (x_valid, _), _ = load_mnist()
    sets = {"55,000 images": ops.convert_to_tensor(x_train), "1,000 images": np.tile(x_train[:1000], (11, 1, 1, 1))}
    networks = {
        "untied": lambda: dense_autoencoder(LATENT_DIM, (128,)),
        "tied": lambda: tied_autoencoder(LATENT_DIM, (128,)),
        "untied, narrow": lambda: dense_autoencoder(LATENT_DIM, (64,)),
    }
    shapes = {
        "deep encoder": lambda: chain([layers.Flatten(), *dense(206, 96)], []),
        "deep decoder": lambda: chain([layers.Flatten()], dense(96, 206)),
        "convolutional encoder": lambda: chain([*convolutions(4, 8), layers.Flatten()], dense(240)),
    }
    jobs = [(data, name, build) for data in sets for name, build in networks.items()]
    jobs += [("55,000 images", name, build) for name, build in shapes.items()]
    rows = []
    for (data, name, build), rate, start in itertools.product(jobs, RATES, STARTS):
        model = trained(build, sets[data], EPOCHS[data], rate, start)
        error = squared_error(x_valid[:2000], model.reconstruct(x_valid[:2000], batch_size=500)).mean()
        rows.append({"data": data, "network": name, "rate": rate, "start": start, "error": error})
        print(rows[-1], flush=True)
    pd.DataFrame(rows).round(4).to_csv(TARGET, index=False)


def chain(encoder_layers, decoder_layers):
    encoder = keras.Sequential([keras.Input((28, 28, 1)), *encoder_layers, layers.Dense(LATENT_DIM)])
    last = [layers.Dense(784, "sigmoid"), layers.Reshape((28, 28, 1))]
    return Autoencoder(encoder, keras.Sequential([keras.Input((LATENT_DIM,)), *decoder_layers, *last]))


def dense(*sizes):
    return [layers.Dense(units, "gelu") for units in sizes]


def convolutions(*filters):
    return [layers.Conv2D(f, 3, strides=2, padding="same", activation="gelu") for f in filters]


def trained(build, x, epochs, peak, start):
    """A new network after as many steps as in the lesson; the rate rises for 30 % of them, then falls to 0."""
    keras.utils.set_random_seed(start)
    model, steps = build(), epochs * math.ceil(len(x) / BATCH_SIZE)

    def rate(done):
        return peak * (0.02 + 0.98 * done / 0.3 if done < 0.3 else 0.5 + 0.5 * math.cos(math.pi * (done - 0.3) / 0.7))

    model.compile(keras.optimizers.Adam(beta_2=0.98), loss="mse", steps_per_execution=8)
    follow = keras.callbacks.LambdaCallback(
        on_train_batch_begin=lambda batch, logs: setattr(
            model.optimizer, "learning_rate", rate(int(model.optimizer.iterations) / steps)
        )
    )
    model.fit(x, x, batch_size=BATCH_SIZE, epochs=epochs, verbose=0, callbacks=[follow])
    return model


if __name__ == "__main__":
    main()
