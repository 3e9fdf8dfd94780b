# %% [markdown]
# # 03 A recommender from movie embeddings
#
# Which movies are like *Toy Story*? Nobody tells the network what movies are about: it sees only who rated which.
# An autoencoder turns each movie's sparse vector of ratings into a dense embedding, and the cosine of two embeddings says how similar two movies are. Is that better than simpler ways?
#
# **You will**
# - see why an empty cell is not a rating of zero, and what happens to those who forget it,
# - train an autoencoder on a sparse matrix that never becomes dense as a whole,
# - ask it for similar movies by title, and draw a map of movies,
# - compare it with five rivals on likes that nobody has seen, and find where it loses,
# - predict ratings with the same network, and see how easily a recommender deceives its maker.
#
# **Before you start:** [00 What is an autoencoder?](00_what_is_an_autoencoder.ipynb). [02 Denoising](02_denoising.ipynb) explains why hiding a part of the input helps.
#
# **Time on a laptop:** two and a half minutes to run, an hour to read.

# %% [markdown]
# ## Setup

# %%
import gc
import logging
import math
import tempfile
import time
from pathlib import Path

import keras
import numpy as np
import pandas as pd
from IPython.display import Markdown, display
from ipywidgets import Combobox, interact
from keras import layers
from scipy.linalg import inv
from sklearn.decomposition import TruncatedSVD
from sklearn.linear_model import Ridge
from sklearn.manifold import TSNE
from sklearn.preprocessing import OneHotEncoder

from ae_helpers import plots
from ae_helpers.claims import claim
from ae_helpers.data import load_movielens
from ae_helpers.data.sparse import SparseBatches
from ae_helpers.metrics import bootstrap_interval, genre_coherence, ndcg_at_k, recall_at_k
from ae_helpers.models import Autoencoder, item_autoencoder, multinomial_loss
from ae_helpers.plots import show
from ae_helpers.progress import ProgressBar
from ae_helpers.ratings import (
    genre_vectors,
    hold_out_likes,
    inverse_user_frequency,
    only_rated,
    rating_matrix,
    unit_rows,
    weighted,
)
from ae_helpers.recommend import ItemIndex, UnclearTitle

# %%
SEED = 0
MOVIELENS = None  # the bundled release; or the folder of another: "../data/ml-1m"
LIKED = 4.0  # stars or more
LATENT_DIM = 128
HIDDEN_SIZE = 1024
DROPOUT = 0.5
EPOCHS = 40

keras.utils.set_random_seed(SEED)
logging.getLogger("tensorflow").setLevel(logging.ERROR)  # no advice on speed between the results

# %% [markdown]
# ## The data: mostly empty
#
# MovieLens is a web site on which people rate movies with half a star to five. This is a release of October 2016 (Harper and Konstan 2015). Each line of it is a rating: who, which movie, how many stars.
#
# We lay the ratings out as a matrix: **a row for each movie, a column for each user**. The row is the movie's vector, and the input of our autoencoder.

# %%
all_ratings, all_movies = load_movielens(MOVIELENS)
all_users = np.sort(all_ratings["userId"].unique())
everything = rating_matrix(all_ratings, all_movies, all_users)
empty = 1 - everything.nnz / math.prod(everything.shape)
ratings_of_movie, ratings_of_user = np.diff(everything.indptr), np.diff(everything.tocsc().indptr)
all_ratings.merge(all_movies, on="movieId")[["userId", "title", "rating", "genres"]].head(4)

# %%
popular = np.argsort(-ratings_of_movie, kind="stable")
show(
    plots.plot_filled_cells(everything[popular], xlabel="user", ylabel="movie, the most rated on top", title="A dot for each rating"),
    alt="A rectangle of dots, one for each rating. The top rows, the most rated movies, are dense; below it is almost white, but for a few columns of busy users.",
)  # fmt: skip
show(
    plots.plot_lines(
        {"movies": (np.arange(1, len(popular) + 1), ratings_of_movie[popular]), "users": (np.arange(1, len(all_users) + 1), np.sort(ratings_of_user)[::-1])},
        xlabel="rank", ylabel="number of ratings", log="xy", title="The long tail: a few movies have most of the ratings",
    ),
    alt="Two falling curves on logarithmic axes. The first movies have hundreds of ratings, thousands of movies only one.",
)  # fmt: skip

# %%
top_share = np.sort(ratings_of_movie)[::-1][: len(all_movies) // 10].sum() / len(all_ratings)
once = (ratings_of_movie == 1).mean()
Markdown(
    f"**What to notice.** {len(all_movies):,} movies and {len(all_users):,} users make {math.prod(everything.shape):,} cells. Only {everything.nnz:,} are filled: "
    f"**{empty:.1%} of the matrix is empty**. And the filled cells are where everybody looks: a tenth of the movies has {top_share:.0%} of the ratings, "
    f"while {once:.0%} of the movies have one rating only. That is the long tail."
)

# %% [markdown]
# ### An empty cell is not a zero
#
# A sparse matrix stores filled cells only, and software reads the others as 0. But zero stars don't exist here. An empty cell means: *we don't know*. Most likely, the user has never heard of the movie.

# %%
best_known = popular[0]
stars = everything[[best_known]].data
mean_stars, mean_with_zeros = stars.mean(), stars.sum() / len(all_users)
Markdown(
    f"The most rated movie is *{all_movies['title'][best_known]}*, with {len(stars)} ratings. Their mean is {mean_stars:.1f} stars. "
    f"Whoever takes the mean of the whole row, empty cells as zeros, gets {mean_with_zeros:.1f}: a flop."
)

# %% [markdown]
# So what is the network's target? There are several honest choices:
# - *the stars*, with a loss that leaves the empty cells out. Right for predicting ratings; we come to that at the end.
# - *rated or not*, 1 or 0. Here the zero is true: the user did not rate it. And choosing to watch a movie already says much about it.
# - *liked or not*: 1 for four stars or more.
#
# For *similar movies* we'll use rated or not, and measure the others.

# %% [markdown]
# ## What may be seen
#
# We judge a recommender by likes that it has never seen. A **like** is a rating of four stars or more. Of each user's likes we take away a fifth, at random: the **test** likes. What remains is for training.
# To *choose* between models we need a second split: a fifth of the remaining likes, for **validation**. The test likes choose nothing.
#
# Movies with fewer than five ratings are left out. One of the experiments below shows why.

# %% tags=["nbval-check-output"]
ratings, movies = only_rated(all_ratings, all_movies, at_least=5)
users = np.sort(ratings["userId"].unique())
known, test_likes = hold_out_likes(ratings, liked=LIKED, seed=SEED)
train, valid_likes = hold_out_likes(known, liked=LIKED, seed=SEED + 1)
counts = movies["movieId"].map(known["movieId"].value_counts()).fillna(0).astype(int).to_numpy()
known_matrix = rating_matrix(known, movies, users)
test_matrix = rating_matrix(test_likes, movies, users)
print(f"{len(movies):,} movies, {len(users):,} users, {len(ratings):,} ratings")
print(f"{len(train):,} to train, {len(valid_likes):,} likes to choose, {len(test_likes):,} likes for the test")

# %% tags=["nbval-check-output"]
claim("A row is a movie, a column a user.", known_matrix.shape == (len(movies), ratings["userId"].nunique()))
claim("No test like is in what is known.", known_matrix.multiply(test_matrix).nnz == 0)
claim("The test holds nothing but likes.", (test_likes["rating"] >= LIKED).all())

# %% [markdown]
# ## The measure, and five rivals
#
# Every method here gives us **similarities**: how near is each movie to each other one? A user's score for a movie is the sum of its similarities to the movies that the user liked (as far as known). The 20 movies with the highest scores are recommended; what the user has rated already is left out.
# - **Recall@20**: the share of the user's test likes that is among the 20 (of 20 at most, for users with more).
# - **NDCG@20** counts hits at the top of the list more.
# - **Genre coherence**: do a movie and its ten nearest have genres in common? (Mean cosine of genre vectors. No method sees the genres.)
# - **Popularity** of what is recommended (mean of log₁₀ of its number of ratings), and the **share of the catalogue** that is recommended to anybody.

# %%
GENRES = genre_vectors(movies)


def judge(similarity, seen, held_out):
    """All measures of a similarity `(n_movies, n_movies)`, for users of whom `seen` is known."""
    rated = rating_matrix(seen, movies, users)
    likes = (rated >= LIKED).astype(np.float32)
    scores = np.asarray(likes.T @ similarity)
    scores[(rated.T > 0).toarray()] = -np.inf
    relevant = (rating_matrix(held_out, movies, users) > 0).toarray().T
    top = np.argsort(-scores, axis=1)[:, :20]
    return {
        "recall@20": recall_at_k(scores, relevant),
        "NDCG@20": ndcg_at_k(scores, relevant),
        "genre coherence": genre_coherence(similarity, GENRES).mean(),
        "log₁₀ popularity": np.log10(np.maximum(counts[top], 1)).mean(),
        "share of catalogue": len(np.unique(top)) / len(movies),
    }


# %% [markdown]
# The rivals, each a few lines:
# - **popularity**: to everybody the movies with the most ratings,
# - **cosine** of the movies' rating vectors,
# - **cosine, weighted**: the same, after each user got a weight, log(movies / movies rated by the user). Somebody who rates everything says little about any one movie.
# - **SVD**: the vectors reduced to 64 numbers by a truncated singular value decomposition, which is PCA for sparse matrices, then cosine,
# - **EASE** (Steck 2019): the linear model that predicts each movie's column from all others, in closed form. Hard to beat on small data.


# %%
def popularity(seen):
    return np.tile(np.diff(rating_matrix(seen, movies, users).indptr).astype(np.float32), (len(movies), 1))


def cosine(seen, weigh=False):
    vectors = rating_matrix(seen, movies, users)
    vectors = unit_rows(weighted(vectors, inverse_user_frequency(vectors)) if weigh else vectors)
    return (vectors @ vectors.T).toarray()


def cosine_of(codes):
    unit = codes / np.linalg.norm(codes, axis=1, keepdims=True)
    return unit @ unit.T


def svd(seen, size=64):
    return cosine_of(
        TruncatedSVD(size, random_state=SEED).fit_transform(rating_matrix(seen, movies, users)) + 1e-9
    )


def ease(seen, strength):
    rated = (rating_matrix(seen, movies, users) > 0).astype(np.float64)
    inverse = inv((rated @ rated.T).toarray() + strength * np.eye(len(movies)))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    return weights.astype(np.float32)


# %% [markdown]
# EASE has one setting, the strength of its penalty. The validation likes choose it.

# %%
strengths = {
    strength: np.nanmean(judge(ease(train, strength), train, valid_likes)["recall@20"])
    for strength in (100, 200, 400)
}
strength = max(strengths, key=strengths.get)
print("Recall on validation likes:", {key: f"{value:.3f}" for key, value in strengths.items()})

# %% [markdown]
# ## Sparse in, dense out
#
# The network is a plain autoencoder with a hidden layer on each side of the code. Three things are special.
# - **Input**: the movie's ratings, each user weighted as above, the whole vector scaled to length 1. Otherwise the network sees above all how popular a movie is.
# - **Dropout on the input**: half of the users are hidden each time, and must be guessed from the others. It is the denoising of lesson 02, for sparse data.
# - **Loss**: the outputs become shares by a softmax over all users: *if somebody rated this movie, who was it?* The target is rated or not, scaled to length 1. This **multinomial** loss (Liang et al. 2018) compares users with each other, and asks nothing of cells that are empty for lack of knowledge but to be less likely.

# %%
n_users = len(users)
encoder = keras.Sequential(
    [
        keras.Input((n_users,)),
        layers.Dropout(DROPOUT),
        layers.Dense(HIDDEN_SIZE, "gelu"),
        layers.Dense(LATENT_DIM, name="code"),
    ]
)
decoder = keras.Sequential(
    [keras.Input((LATENT_DIM,)), layers.Dense(HIDDEN_SIZE, "gelu"), layers.Dense(n_users)]
)
autoencoder = Autoencoder(encoder, decoder)


def multinomial(y_true, y_pred):
    """Cross-entropy between the target and a softmax over the users."""
    return -keras.ops.sum(y_true * keras.ops.log_softmax(y_pred, axis=-1), axis=-1)


show(
    plots.plot_architecture(
        {"ratings": n_users, "hidden": HIDDEN_SIZE, "embedding": LATENT_DIM, "hidden ": HIDDEN_SIZE, "who rated it": n_users}
    ),
    alt="Bars for the sizes of the layers: a vector of all users, a wide hidden layer, the small embedding, and the same back.",
)  # fmt: skip


# %%
def inputs_of(seen):
    """Each movie's ratings, users weighted, scaled to length 1: sparse."""
    stars = rating_matrix(seen, movies, users)
    return unit_rows(weighted(stars, inverse_user_frequency(stars)))


def rated_or_not(seen):
    """1 where the user rated the movie, scaled to length 1: sparse."""
    return unit_rows(rating_matrix(seen, movies, users) > 0)


x_known, y_known = inputs_of(known), rated_or_not(known)
batch = SparseBatches(x_known, y_known, batch_size=64)[0]
sparse_mb = (x_known.data.nbytes + x_known.indices.nbytes + x_known.indptr.nbytes) / 1e6
dense_mb = math.prod(x_known.shape) * 4 / 1e6
batch_mb = batch[0].nbytes / 1e6

# %%
large_movies, large_users, large_ratings = 59_047, 162_541, 25_000_095  # MovieLens 25M
large_dense, large_sparse = large_movies * large_users * 4 / 1e9, large_ratings * 8 / 1e9
Markdown(
    f"**What to notice.** As a sparse matrix the inputs take {sparse_mb:.1f} MB, dense they would take {dense_mb:.0f} MB. Small enough either way; but MovieLens 25M would take {large_dense:.0f} GB dense, "
    f"and {large_sparse:.1f} GB sparse. `SparseBatches` therefore makes one batch dense at a time ({batch_mb:.2f} MB here), all the way through `fit` and `encode`. "
    f"What does *not* get smaller: the first and the last kernel have a row or a column for each user. With {large_users:,} users and {HIDDEN_SIZE} hidden units each takes {large_users * HIDDEN_SIZE * 4 / 1e9:.1f} GB, "
    "and training needs that four times (weights, gradients, two moments of Adam). So for many users, choose a narrow hidden layer. `make scale` trains an epoch at that size and measures."
)


# %%
def train_on(model, x, y, *, epochs, loss=multinomial, batch_size=64, peak=3e-3, name):
    """Compile and fit; the learning rate rises for a tenth of the steps, then falls to 0, as in lesson 01."""
    batches = SparseBatches(x, y, batch_size=batch_size, shuffle=True, seed=SEED)
    steps = epochs * len(batches)
    schedule = keras.optimizers.schedules.CosineDecay(
        peak / 10, decay_steps=int(0.9 * steps), warmup_target=peak, warmup_steps=int(0.1 * steps)
    )
    model.compile(keras.optimizers.Adam(schedule), loss)
    history = model.fit(batches, epochs=epochs, verbose=0, callbacks=[ProgressBar(name)])
    gc.collect()  # what only the training needed makes room for the next one
    return history


# %% [markdown]
# ### Choosing, on validation likes
#
# Does all this matter? We change one thing at a time, in a smaller network (512 and 64 units, 15 epochs), trained without the validation likes, and judged by them.

# %%
stars_train = rating_matrix(train, movies, users)
chosen = {"x": inputs_of(train), "y": rated_or_not(train), "loss": multinomial, "dropout": DROPOUT}
variants = {
    "as described": {},
    "target: liked or not": {"y": unit_rows(stars_train >= LIKED)},
    "target: the stars": {"y": unit_rows(stars_train)},
    "target not scaled": {"y": (stars_train > 0).astype(np.float32)},
    "users not weighted": {"x": unit_rows(stars_train)},
    "nothing scaled": {"x": stars_train, "y": (stars_train > 0).astype(np.float32)},
    "no dropout": {"dropout": 0.0},
    "squared loss": {"loss": "mse"},
}
rows = {}
for name, change in variants.items():
    choice = chosen | change
    small = item_autoencoder(n_users, 64, 512, dropout=choice["dropout"])
    train_on(small, choice["x"], choice["y"], loss=choice["loss"], epochs=15, batch_size=128, name=name)
    measured = judge(cosine_of(small.encode(choice["x"])), train, valid_likes)
    rows[name] = {key: np.nanmean(measured[key]) for key in ("recall@20", "genre coherence")}
choosing = pd.DataFrame(rows).T
choosing.loc["(raw cosine, no network)"] = [
    np.nanmean(judge(cosine(train), train, valid_likes)["recall@20"]),
    genre_coherence(cosine(train), GENRES).mean(),
]
choosing.round(3)

# %%
described, worst = choosing.loc["as described"], choosing.iloc[:-1]["recall@20"].idxmin()
careless = choosing.loc["nothing scaled", "recall@20"]
Markdown(
    f"**What to notice.** As described, even the small network reaches {described['recall@20']:.3f} (raw cosine: {choosing.iloc[-1, 0]:.3f}). Nothing scaled, as one would do it without thinking, it gets {careless:.3f}. "
    f'The worst choice is "{worst}", with {choosing.loc[worst, "recall@20"]:.3f}. Other choices matter less here; with one split and one training each, differences of 0.01 mean nothing.'
)

# %% [markdown]
# ### The training
#
# Now the full size, with all known ratings: training and validation.

# %%
started = time.perf_counter()
history = train_on(autoencoder, x_known, y_known, epochs=EPOCHS, name="item autoencoder")
embeddings = autoencoder.encode(x_known)
autoencoder_seconds = time.perf_counter() - started
show(
    plots.plot_history(history, ylabel="multinomial loss", title="One network for all movies"),
    alt="The training loss falls, fast at first and slowly at the end, because half of the input is hidden each time.",
)

# %% tags=["nbval-check-output"]
packaged = item_autoencoder(n_users, LATENT_DIM, HIDDEN_SIZE, dropout=DROPOUT)
packaged.set_weights(autoencoder.get_weights())
print("embeddings:", embeddings.shape, embeddings.dtype)
claim(
    "The package's item_autoencoder gives the same embeddings.",
    np.allclose(packaged.encode(x_known), embeddings, rtol=1e-4, atol=1e-4),
)
target, logits = keras.ops.convert_to_tensor(batch[1]), autoencoder(batch[0])
claim(
    "The package's multinomial_loss gives the same losses.",
    np.allclose(multinomial_loss(target, logits), multinomial(target, logits)),
)

# %% [markdown]
# ## Similar movies
#
# `ItemIndex` keeps the embeddings and finds the nearest ones by cosine. It understands titles as people write them, and asks back when a title may mean several movies.

# %%
index = ItemIndex(embeddings, movies, counts=counts)
for asked in ("toy story", "Alien", "the godfather"):
    try:
        display(index.similar(asked, k=5))
    except UnclearTitle as question:
        print(question)

# %% [markdown]
# Which *Sabrina*, that of 1954 or that of 1995?

# %%
try:
    display(index.similar("sabrina", k=5))
except UnclearTitle as question:
    print(question)

# %% [markdown]
# Does it find the sequels? For six movies we look for their sequels, as far as the data has them, among the ten most similar.

# %%
SEQUELS = {
    "Toy Story (1995)": ["Toy Story 2 (1999)", "Toy Story 3 (2010)"],
    "Star Wars: Episode IV (1977)": ["Star Wars: Episode V (1980)", "Star Wars: Episode VI (1983)"],
    "The Godfather (1972)": ["The Godfather: Part II (1974)", "The Godfather: Part III (1990)"],
    "The Fellowship of the Ring (2001)": ["The Two Towers (2002)", "The Return of the King (2003)"],
    "Alien (1979)": ["Aliens (1986)", "Alien³ (1992)"],
    "The Matrix (1999)": ["The Matrix Reloaded (2003)", "The Matrix Revolutions (2003)"],
}


def rank_of(sequel, original):
    """Place of a sequel among the most similar movies, from 1; None if the data lacks either."""
    try:
        wanted = index.find(sequel)
        return list(index.similar(original, k=len(index) - 1).index).index(wanted) + 1
    except UnclearTitle:
        return None


ranks = pd.DataFrame(
    [(original, sequel, rank_of(sequel, original)) for original, found in SEQUELS.items() for sequel in found],
    columns=["movie", "sequel", "rank"],
).astype({"rank": "Int64"})
ranks

# %%
star_wars = index.similar_to_many(
    [title for title in ("Toy Story (1995)", "Alien (1979)") if rank_of(title, title) is None], k=5
)
star_wars

# %% [markdown]
# ## What we showed
# ## Exercises
# ## Where it comes from
