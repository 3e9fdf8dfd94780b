"""Hinton and Salakhutdinov's comparison at 30 numbers, with today's tools.

    make paper-table        # or: KERAS_BACKEND=jax python benchmarks/paper_table.py

Trains their network, 784-1000-500-250-30, and writes `ae_helpers/tables/paper_table.csv`,
which lesson 01 cites. Their set-up: all 60,000 training images, squared error per
image on the 10,000 test images. The hyperparameters were chosen on the 5,000
validation images of `load_mnist`; the test images are used once, at the end.
"""

import csv
import time

import keras
import numpy as np
from sklearn.decomposition import PCA

from ae_helpers.data import load_mnist
from ae_helpers.data.tables import FOLDER
from ae_helpers.metrics import squared_error
from ae_helpers.models import dense_autoencoder

SEED = 0
EPOCHS = 120
WARM_UP_EPOCHS = 2
BATCH_SIZE = 256
PEAK_LEARNING_RATE = 3e-3
BETA_2 = 0.99
SHIFTED_SHARE = 0.75  # of the images of an epoch
TABLE = FOLDER / "paper_table.csv"

# Hinton and Salakhutdinov 2006, Science 313:504, and its supporting material.
PUBLISHED = {
    "PCA, published 2006": 13.87,
    "logistic PCA, published 2006": 8.01,
    "autoencoder 784-1000-500-250-30, published 2006": 3.00,
}


class ShiftedImages(keras.utils.PyDataset):
    """Batches `(x, x)` in which a share of the images is shifted by up to one pixel each way, anew each epoch.

    Args:
        images: float32 array `(n, 28, 28, 1)`.
    """

    def __init__(self, images):
        super().__init__()
        padded = np.pad(images[..., 0], ((0, 0), (1, 1), (1, 1)))
        # A view: windows[i, dy, dx] is image i, shifted; (1, 1) is the image as it is.
        self.windows = np.lib.stride_tricks.sliding_window_view(padded, (28, 28), axis=(1, 2))
        self.rng = np.random.default_rng(SEED)
        self.on_epoch_end()

    def __len__(self):
        """Number of full batches."""
        return len(self.windows) // BATCH_SIZE

    def __getitem__(self, index):
        """One batch, input and target alike."""
        chosen = self.order[index * BATCH_SIZE : (index + 1) * BATCH_SIZE]
        shift = np.where(
            self.rng.random(BATCH_SIZE) < SHIFTED_SHARE, self.rng.integers(0, 3, size=(2, BATCH_SIZE)), 1
        )
        batch = self.windows[chosen, shift[0], shift[1]][..., None]
        return batch, batch

    def on_epoch_end(self):
        """Shuffle."""
        self.order = self.rng.permutation(len(self.windows))


def main():
    (x_train, _), (x_valid, _), (x_test, _) = load_mnist()
    x_train = np.concatenate([x_train, x_valid])

    pca = PCA(30, svd_solver="covariance_eigh").fit(x_train.reshape(-1, 784))
    pca_hat = pca.inverse_transform(pca.transform(x_test.reshape(-1, 784))).reshape(x_test.shape)

    keras.utils.set_random_seed(SEED)
    batches = ShiftedImages(x_train)
    autoencoder = dense_autoencoder(30, (1000, 500, 250), activation="gelu")
    warm_up = WARM_UP_EPOCHS * len(batches)
    schedule = keras.optimizers.schedules.CosineDecay(
        PEAK_LEARNING_RATE / 100,
        decay_steps=EPOCHS * len(batches) - warm_up,
        warmup_target=PEAK_LEARNING_RATE,
        warmup_steps=warm_up,
    )
    autoencoder.compile(keras.optimizers.Adam(schedule, beta_2=BETA_2), loss="mse")
    started = time.perf_counter()
    autoencoder.fit(batches, epochs=EPOCHS, verbose=2)
    minutes = (time.perf_counter() - started) / 60
    train_error = squared_error(x_train, autoencoder.reconstruct(x_train)).mean()
    test_error = squared_error(x_test, autoencoder.reconstruct(x_test)).mean()
    print(f"training error {train_error:.3f}, test error {test_error:.3f}, {minutes:.1f} minutes")

    rows = [(method, f"{error:.2f}", "", "", "") for method, error in PUBLISHED.items()]
    rows.insert(1, ("PCA, this project", f"{squared_error(x_test, pca_hat).mean():.2f}", "", "", ""))
    rows.append(("autoencoder 784-1000-500-250-30, this project", f"{test_error:.2f}", f"{minutes:.1f}", EPOCHS, SEED))
    with TABLE.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["method", "squared error per image", "minutes", "epochs", "seed"])
        writer.writerows(rows)


if __name__ == "__main__":
    main()
