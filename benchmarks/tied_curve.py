"""Lesson 04's curve: test error against the number of training images, tied and untied.

    python benchmarks/tied_curve.py
    python benchmarks/tied_curve.py --seconds 400     # a piece; the next call goes on

Trains each network on 500 to 55,000 digits, for 440 steps, and for as many as pay: more and
more, as long as the validation error falls. For 440 steps the learning rates are those that
`tied_rates.csv` found best; for 1,760 one training chooses between two, on validation digits.
Two more trainings, with other first weights, other digits and another order, show the spread.
After each a row is added to `tied_curve.csv`, which the lesson draws. Takes a quarter of an hour.
"""

import argparse
import functools
import time

import keras
import numpy as np
import pandas as pd

from ae_helpers.data import load_mnist, load_table
from ae_helpers.data.tables import FOLDER
from ae_helpers.metrics import squared_error
from ae_helpers.models import dense_autoencoder, tied_autoencoder

SIZES = [500, 2200, 11_000, 55_000]
SHORT = 440  # an epoch of 55,000 digits
LONG = {1760: [0.006, 0.015], 5280: [0.01]}  # by steps
STARTS = [1000, 1001, 1002]  # others than the lesson's; the first chooses
BATCH_SIZE = 125
NETWORKS = {
    "untied": lambda: dense_autoencoder(32, (128,)),
    "tied": lambda: tied_autoencoder(32, (128,)),
    "untied, narrow": lambda: dense_autoencoder(32, (64,)),
}
TARGET = FOLDER / "tied_curve.csv"


def main(seconds):
    end = time.monotonic() + seconds
    rows = pd.read_csv(TARGET).to_dict("records") if TARGET.exists() else []
    done = {(row["images"], row["network"], row["steps"], row["rate"], row["start"]): row for row in rows}

    def error(*job):
        """Validation error of a training, from the table or anew."""
        if job not in done:
            if time.monotonic() > end:
                raise TimeoutError
            done[job] = measured(*job)
            pd.DataFrame(done.values()).to_csv(TARGET, index=False)
            print(done[job], flush=True)
        return done[job]["validation error"]

    tuned = load_table("tied_rates").groupby(["data", "network", "rate"])["error"].mean().unstack().idxmin(axis=1)
    try:
        for size in SIZES:
            for network in NETWORKS:
                known = tuned["1,000 images" if size <= 2200 else "55,000 images", network]
                best = [(error(size, network, SHORT, known, STARTS[0]), SHORT, known)]
                for steps, rates in LONG.items():
                    if steps < 5280 and size == max(SIZES):
                        continue  # far too short
                    tried = min((error(size, network, steps, rate, STARTS[0]), steps, rate) for rate in rates)
                    best.append(tried)
                    if tried > min(best):
                        break
                for _, steps, rate in {best[0], min(best)}:
                    for start in STARTS[1:]:
                        error(size, network, steps, rate, start)
    except TimeoutError:
        print("Not finished: call it again.")


def measured(size, network, steps, rate, start):
    """A row of the table: a training, and its errors on validation and on test digits."""
    x_train, x_valid, x_test = digits()
    keras.utils.set_random_seed(start)
    model = NETWORKS[network]()
    x = x_train[np.random.default_rng(start).permutation(len(x_train))[:size]]
    x = np.tile(x, (max(1, 11_000 // size), 1, 1, 1))  # at least 88 steps an epoch
    schedule = keras.optimizers.schedules.CosineDecay(
        0.02 * rate, 0.7 * steps, warmup_target=rate, warmup_steps=int(0.3 * steps)
    )
    model.compile(keras.optimizers.Adam(schedule, beta_2=0.98), loss="mse", steps_per_execution=10)
    epochs = steps * BATCH_SIZE // len(x)
    model.fit(x, x, batch_size=BATCH_SIZE, epochs=epochs, verbose=0)
    valid, test = (squared_error(a, model.reconstruct(a, batch_size=500)).mean() for a in (x_valid, x_test))
    return {
        "images": size, "network": network, "steps": steps, "rate": rate, "start": start,
        "validation error": round(valid, 4), "test error": round(test, 4),
    }  # fmt: skip


@functools.cache
def digits():
    return [images for images, labels in load_mnist()]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=np.inf, help="begin no training after so many")
    main(parser.parse_args().seconds)
