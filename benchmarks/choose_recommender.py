"""Choose the size of lesson 03's autoencoder and its dropout, on validation likes.

    python benchmarks/choose_recommender.py

Trains each network as the lesson does (25 epochs, the first seed's split, without the
validation likes and without the test likes), and measures recall@20 on the validation
likes. Writes `recommender_choice.csv`, which the lesson shows. Takes about five minutes.
"""

import itertools
import math

import keras
import numpy as np
import pandas as pd

from ae_helpers.batches import SparseBatches
from ae_helpers.data import load_movielens
from ae_helpers.data.tables import FOLDER
from ae_helpers.losses import multinomial_loss
from ae_helpers.models import item_autoencoder
from ae_helpers.ratings import (
    hold_out_likes,
    inverse_user_frequency,
    only_rated,
    rating_matrix,
    unit_rows,
    weighted,
)
from ae_helpers.recommenders import Embeddings, judge

SEED, LIKED, EPOCHS, BATCH_SIZE, PEAK = 0, 4.0, 25, 128, 8e-3
SIZES = [(512, 64), (512, 128), (1024, 128), (1024, 256)]  # units of the hidden layer, numbers of the code
DROPOUTS = [0.0, 0.3, 0.5]
TARGET = FOLDER / "recommender_choice.csv"


def main():
    ratings, movies = only_rated(*load_movielens(), at_least=5)
    users = np.sort(ratings["userId"].unique())
    known, _ = hold_out_likes(ratings, liked=LIKED, seed=SEED)
    kept, valid_likes = hold_out_likes(known, liked=LIKED, seed=SEED + 1)
    stars = rating_matrix(kept, movies, users)
    x = unit_rows(weighted(stars, inverse_user_frequency(stars)))
    hidden = rating_matrix(valid_likes, movies, users)
    rows = []
    for (hidden_size, latent_dim), dropout in itertools.product(SIZES, DROPOUTS):
        recommender = Embeddings(train(x, hidden_size, latent_dim, dropout).encode).fit(x.T)
        recall = np.nanmean(judge(recommender, stars.T, hidden.T, liked=LIKED)["recall@20"])
        rows.append({"hidden_size": hidden_size, "latent_dim": latent_dim, "dropout": dropout, "recall@20": recall})
        print(rows[-1], flush=True)
    pd.DataFrame(rows).round(5).to_csv(TARGET, index=False)


def train(x, hidden_size, latent_dim, dropout):
    keras.utils.set_random_seed(SEED)
    model = item_autoencoder(x.shape[1], latent_dim, hidden_size, dropout=dropout)
    batches = SparseBatches(x, x, batch_size=BATCH_SIZE, shuffle=True, seed=SEED)
    steps = EPOCHS * len(batches)
    schedule = keras.optimizers.schedules.CosineDecay(
        PEAK / 10, decay_steps=math.floor(0.9 * steps), warmup_target=PEAK, warmup_steps=math.floor(0.1 * steps)
    )
    model.compile(keras.optimizers.Adam(schedule), multinomial_loss)
    model.fit(batches, epochs=EPOCHS, verbose=0)
    return model


if __name__ == "__main__":
    main()
