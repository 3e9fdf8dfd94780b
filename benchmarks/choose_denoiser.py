"""Choose the settings of lesson 02's networks and of study 02a's, on validation digits.

    python benchmarks/choose_denoiser.py            # all of it: about 15 minutes
    python benchmarks/choose_denoiser.py --missing  # only what the table does not have yet

Each row of `denoiser_choice.csv` is one training on clean digits behind fresh noise of σ = 0.5, and
its PSNR on 2,000 noisy validation digits. Test digits are not loaded. Searched are

1. activation and learning rate of the dense network, over a grid; of the convolutional one, too;
2. the two leading activations again: with another seed, and with few digits (the lesson trains on 2,000);
3. what fewer units, a shorter code, fewer or more epochs would change at the chosen rate.

What follows from it: the study shows the table. Not searched but set, for the sake of time: batches
of 100 (50 for the convolutional network), 20,000 digits, the warm-up over a tenth of the steps. Filters
choose their widths and strengths in the study itself, each time it runs.
"""

import argparse
import itertools

import keras
import pandas as pd
from keras import layers, ops

from ae_helpers.corruption import add_gaussian_noise
from ae_helpers.data import load_mnist
from ae_helpers.data.tables import FOLDER
from ae_helpers.files import whole_or_not
from ae_helpers.metrics import psnr
from ae_helpers.models import Autoencoder, dense_autoencoder

SIGMA = 0.5
TARGET = FOLDER / "denoiser_choice.csv"
SETTINGS = ["search", "network", "activation", "hidden", "code", "digits", "epochs", "rate", "seed"]
DENSE = {"network": "dense", "activation": "elu", "hidden": 512, "code": 256, "digits": 20_000, "epochs": 5}
CONVOLUTIONAL = {"network": "convolutional", "hidden": 32, "code": 7 * 7 * 48, "digits": 20_000, "epochs": 4}
FEW = {"digits": 2_000, "epochs": 25}


def searched():
    """The settings to try, in order: dicts."""
    for activation, rate in itertools.product(["relu", "gelu", "elu"], [2e-3, 5e-3, 8e-3]):
        yield DENSE | {"search": "rate", "activation": activation, "rate": rate, "seed": 1000}
    for activation, rate in itertools.product(["leaky_relu", "gelu"], [5e-3, 8e-3, 1.2e-2]):
        yield CONVOLUTIONAL | {"search": "rate", "activation": activation, "rate": rate, "seed": 1000}
    for activation in ("gelu", "elu"):
        repeated = DENSE | {"search": "repeated", "activation": activation, "rate": 5e-3, "seed": 1001}
        yield repeated
        yield repeated | FEW
    for change in ({"code": 64}, {"hidden": 256, "code": 128}, {"epochs": 3}, {"epochs": 10}):
        yield DENSE | {"search": "size", "rate": 5e-3, "seed": 1000} | change


def main(missing=False):
    (x_train, _), (x_valid, _), _ = load_mnist()
    x_valid = x_valid[:2000]
    noisy_valid = add_gaussian_noise(x_valid, SIGMA, seed=1000)
    table = known() if missing else {}
    for setting in searched():
        key = tuple(setting[name] for name in SETTINGS)
        if key in table:
            continue
        keras.utils.set_random_seed(setting["seed"])
        x = x_train[: setting["digits"]]
        network = dense(setting, x.mean(axis=0)) if setting["network"] == "dense" else convolutional(setting)
        train(network, x, setting)
        table[key] = round(psnr(x_valid, network.reconstruct(noisy_valid)).mean(), 3)
        print(*key, table[key], flush=True)
        write(table)


def known():
    """What the table has already: a dict from settings to PSNR."""
    table = pd.read_csv(TARGET).set_index(SETTINGS)
    return dict(zip(table.index, table["PSNR"], strict=True))


def write(table):
    order = {tuple(setting[name] for name in SETTINGS): None for setting in searched()}
    rows = [(*key, table[key]) for key in order if key in table]
    with whole_or_not(TARGET) as (part,):
        pd.DataFrame(rows, columns=[*SETTINGS, "PSNR"]).to_csv(part, index=False)


def dense(setting, mean_image):
    # Started from grey, some trainings on few digits end in black: the output's sigmoids die.
    return dense_autoencoder(
        setting["code"],
        hidden_sizes=(setting["hidden"],),
        activation=setting["activation"],
        mean_image=mean_image,
    )


def convolutional(setting):
    kind = {"padding": "same", "activation": setting["activation"]}
    encoder = [layers.Conv2D(32, 3, strides=2, **kind), layers.Conv2D(48, 3, strides=2, **kind)]
    encoder += [layers.Conv2D(48, 3, **kind), layers.Conv2D(48, 3, **kind)]
    decoder = [layers.Conv2DTranspose(32, 3, strides=2, **kind)]
    decoder += [layers.Conv2DTranspose(1, 3, strides=2, padding="same")]
    return Autoencoder(
        keras.Sequential([keras.Input((28, 28, 1)), *encoder]),
        keras.Sequential([keras.Input((7, 7, 48)), *decoder]),
    )


def train(network, x_train, setting):
    x = keras.Input((28, 28, 1))
    model = keras.Model(x, network(ops.clip(layers.GaussianNoise(SIGMA)(x), 0, 1)))
    batch_size = 100 if setting["network"] == "dense" else 50
    steps = setting["epochs"] * len(x_train) // batch_size
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, 0.9 * steps, warmup_target=setting["rate"], warmup_steps=steps // 10
    )
    model.compile(keras.optimizers.Adam(schedule), loss="mse", steps_per_execution=20)
    model.fit(x_train, x_train, batch_size=batch_size, epochs=setting["epochs"], verbose=0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--missing", action="store_true", help="keep the rows that the table has")
    main(parser.parse_args().missing)
