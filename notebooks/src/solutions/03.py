# %% [markdown]
# # Solutions to 03 A recommender from movie embeddings
#
# The exercises stand at the end of [03 A recommender from movie embeddings](../03_recommender.ipynb). Try them first. The numbers to expect are the outputs below; yours may differ in the last digit.

# %%
import logging

import keras
import numpy as np
import pandas as pd

# %%
from ae_helpers import plots
from ae_helpers.batches import SparseBatches
from ae_helpers.claims import claim
from ae_helpers.data import load_movielens
from ae_helpers.losses import multinomial_loss
from ae_helpers.metrics import recall_at_k
from ae_helpers.models import item_autoencoder
from ae_helpers.plots import show
from ae_helpers.ratings import (
    hold_out_likes,
    inverse_user_frequency,
    only_rated,
    rating_matrix,
    unit_rows,
    weighted,
)
from ae_helpers.recommenders import EASE

SEED = 0
LIKED = 4
keras.utils.set_random_seed(SEED)
logging.getLogger("tensorflow").setLevel("ERROR")  # no advice on speed between results

# %%
ratings, movies = only_rated(*load_movielens(), at_least=5)
users = np.sort(ratings["userId"].unique())
known_ratings, test_likes = hold_out_likes(ratings, liked=LIKED, seed=SEED)
train_ratings, valid_likes = hold_out_likes(known_ratings, liked=LIKED, seed=SEED + 1)
stars, valid, known, test, everything = (
    rating_matrix(part, movies, users)
    for part in (train_ratings, valid_likes, known_ratings, test_likes, ratings)
)
titles, raters = movies["title"].to_numpy(), np.diff(stars.indptr)


# %%
def train(latent_dim, stars, *, epochs=8):
    """Embeddings of a smaller network than the lesson's: 256 hidden units."""
    x = unit_rows(weighted(stars, inverse_user_frequency(stars)))
    autoencoder = item_autoencoder(len(users), latent_dim, 256)
    batches = SparseBatches(x, x, batch_size=128, shuffle=True, seed=SEED)
    steps = epochs * len(batches)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, 0.9 * steps, warmup_target=8e-3, warmup_steps=steps // 10
    )
    autoencoder.compile(keras.optimizers.Adam(rate), loss=multinomial_loss)
    autoencoder.fit(batches, epochs=epochs, verbose=0)
    return autoencoder.encode(x)


# %%
def cosines(z):
    """Cosine of each row with each other."""
    unit = z / np.linalg.norm(z, axis=1, keepdims=True)
    return unit @ unit.T


def recall(scores, seen, hidden):
    """Mean recall@20 of scores, people x films."""
    scores = np.array(scores)
    scores[seen.T.nonzero()] = -np.inf
    return np.nanmean(recall_at_k(scores, hidden.T.toarray() > 0, k=20))


def likes_of(stars):
    """Who likes what: people x films."""
    return (stars.T >= LIKED).astype("float32")


# %% [markdown]
# ## 1. A list that surprises
#
# There is no number to expect, but a pattern: how many years lie between a film and its neighbours? Most are from its own years, whatever they are about. Who joined in 1996 rated what was new in 1996.

# %%
similarity = cosines(train(128, stars))
years = movies["year"].fillna(0).to_numpy(int)
dated = (years > 0) & (raters >= 20)
near = np.argsort(-np.where(np.eye(len(titles)), -np.inf, similarity), axis=1)[:, :10]
apart = np.abs(years[near] - years[:, None])[dated]
any_two = np.abs(years[dated][:, None] - years[dated][None])
pd.DataFrame(
    {
        "years apart (median)": {
            "neighbours": np.median(apart),
            "any two": np.median(any_two),
        }
    }
)

# %% tags=["nbval-check-output"]
claim(
    "Neighbours are of the same years", np.median(apart), "<", 0.6 * np.median(any_two)
)

# %% [markdown]
# ## 2. A leak
#
# The network learns who likes what from a matrix that has the test likes in it. Nothing else changes.

# %%
likes = likes_of(known)
honest = recall(likes @ similarity, known, test)
leaky_similarity = cosines(train(128, everything))
leaky = recall(likes @ leaky_similarity, known, test)
pd.DataFrame({"recall@20 on test likes": {"honest": honest, "leaky": leaky}}).round(3)

# %% tags=["nbval-check-output"]
claim("The leak looks like a better method", leaky, ">", honest + 0.03)

# %% [markdown]
# Validation likes don't warn: they were leaked as well, and rise too. What helps is to look at what `fit` was given: `known.multiply(test).nnz` should be 0, and so should the same product of the network's input with the test. That is what `watch_splits` does. Distrust every rise that you can't explain.

# %% [markdown]
# ## 3. How many numbers?
#
# All networks have 256 hidden units and eight epochs.

# %%
sizes = [8, 32, 128, 512]
by_size = [
    recall(likes_of(stars) @ cosines(train(size, stars)), stars, valid)
    for size in sizes
]
show(
    plots.plot_lines(
        {"autoencoder": (sizes, by_size)},
        xlabel="numbers in the code",
        ylabel="recall@20 on validation likes",
        log="x",
    ),
    alt="Recall over the size of the code: it rises up to 128 numbers, hardly after.",
)

# %% tags=["nbval-check-output"]
claim("128 numbers beat 8", by_size[2], ">", by_size[0] + 0.02)
claim("512 add little to 128", by_size[3] - by_size[2], "<", 0.02)

# %% [markdown]
# ## 4. Films that were chosen, but not liked
#
# Whoever rated a film has chosen it, even if they gave it two stars. For EASE that says something; for cosines of embeddings little or nothing. Chosen on validation likes:

# %%
rated = (stars.T > 0).astype("float32")
ease = EASE(900).fit(stars.T).similarity_
rows = {}
for weight in (0.0, 0.3, 1.0):
    profile = likes_of(stars) + weight * (rated - likes_of(stars))
    rows[weight] = {
        "EASE": recall(profile @ ease, stars, valid),
        "autoencoder": recall(profile @ similarity, stars, valid),
    }
table = pd.DataFrame(rows).T.rename_axis("weight of what is rated, not liked")
table.round(3)

# %% tags=["nbval-check-output"]
gain = table.loc[0.3] - table.loc[0.0]
claim("EASE gains more than the autoencoder", gain["EASE"], ">", gain["autoencoder"])

# %% [markdown]
# Why? EASE's weights can be negative, and it was fitted to predict *who rated what* from all that people rated. Cosines of embeddings are meant for likes.

# %% [markdown]
# ## 5. More of the catalogue
#
# One way: divide each film's score by a power of its number of ratings. With 0 it is what we had.

# %%
scores = likes @ similarity
rows = {}
for power in (0, 0.05, 0.1, 0.2):
    other = np.array(scores / np.maximum(raters, 1) ** power)
    recalled = recall(other, known, test)
    other[known.T.nonzero()] = -np.inf
    shown = np.unique(np.argsort(-other, axis=1)[:, :20])
    rows[power] = {
        "recall@20": recalled,
        "share of films shown": len(shown) / len(titles),
    }
table = pd.DataFrame(rows).T.rename_axis("power")
table.round(3)

# %% tags=["nbval-check-output"]
first, last = table.iloc[0], table.iloc[-1]
claim(
    "More films are shown",
    last["share of films shown"], ">", 1.2 * first["share of films shown"],
)  # fmt: skip
claim("It costs recall", last["recall@20"], "<", first["recall@20"] - 0.02)

# %% [markdown]
# What a good exchange is, no measure says: recall counts only what people had found by themselves. A film that they would have liked, had they known it, counts as a miss.
