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
# - compare it with six rivals on likes that nobody has seen, and find where it loses,
# - predict ratings with the same network, and see how easily a recommender deceives its maker.
#
# **Before you start:** [00 What is an autoencoder?](00_what_is_an_autoencoder.ipynb). [02 Denoising](02_denoising.ipynb) explains why hiding a part of the input helps.
#
# **Time on a laptop:** two and a half minutes to run, an hour to read.

# %% [markdown]
# ## Setup

# %%
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
from sklearn.linear_model import Ridge
from sklearn.manifold import TSNE
from sklearn.preprocessing import OneHotEncoder

# %%
from ae_helpers import plots
from ae_helpers.batches import SparseBatches
from ae_helpers.claims import claim
from ae_helpers.data import load_movielens, load_table
from ae_helpers.losses import multinomial_loss
from ae_helpers.metrics import bootstrap_interval
from ae_helpers.models import Autoencoder, item_autoencoder
from ae_helpers.movies import ItemIndex, UnclearTitle
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
)  # fmt: skip
from ae_helpers.recommenders import (
    EASE,
    SVD,
    Cosine,
    Embeddings,
    Popularity,
    genre_coherence,
    judge,
)  # fmt: skip

# %%
SEED = 0
MOVIELENS = None  # the bundled release; or the folder of another: "../data/ml-1m"
LIKED = 4.0  # stars or more
LATENT_DIM = 128
HIDDEN_SIZE = 1024
DROPOUT = 0.3
EPOCHS = 25

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
        xlabel="rank", ylabel="number of ratings", log="xy", title="The long tail: a tenth of the movies has most of the ratings",
    ),
    alt="Two falling curves on logarithmic axes. The first movies have hundreds of ratings, thousands of movies only one.",
)  # fmt: skip

# %%
top_share = np.sort(ratings_of_movie)[::-1][: len(all_movies) // 10].sum() / len(all_ratings)
once = (ratings_of_movie == 1).mean()
Markdown(
    f"**What to notice.** {len(all_movies):,} movies and {len(all_users):,} users make {math.prod(everything.shape):,} cells. Only {everything.nnz:,} are filled: "
    f"**{empty:.1%} of the matrix is empty**. And the filled cells are where everybody looks: a tenth of the movies has {top_share:.0%} of the ratings, "
    f"while {once:.0%} of the movies have one rating only. That is the long tail. Users have one, too, but a shorter one: nobody here rated fewer than {ratings_of_user.min()} movies."
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
# - *rated or not*, 1 or 0. Here the zero is true: the user did not rate it. And choosing to watch a movie already says much about it. (But what a zero may weigh in the loss is another question.)
# - *liked or not*: 1 for four stars or more.
#
# Which one is right depends on the question. For *similar movies* we'll measure them.

# %% [markdown]
# ## What may be seen
#
# We judge a recommender by likes that it has never seen. A **like** is a rating of four stars or more. Of each user's likes we take away a fifth, at random: the **test** likes. What remains is for training.
# To *choose* between models we need a second split: a fifth of the remaining likes, for **validation**. The test likes choose nothing. (One thing knows of them: the rule, two lines below, that counts ratings.)
#
# Movies with fewer than five ratings are left out: nothing can be learned about them. One of the experiments below shows how far that goes.

# %% tags=["nbval-check-output"]
ratings, movies = only_rated(all_ratings, all_movies, at_least=5)
users = np.sort(ratings["userId"].unique())
known, test_likes = hold_out_likes(ratings, liked=LIKED, seed=SEED)
train, valid_likes = hold_out_likes(known, liked=LIKED, seed=SEED + 1)
counts = movies["movieId"].map(known["movieId"].value_counts()).fillna(0).astype(int).to_numpy()
known_matrix = rating_matrix(known, movies, users)
test_matrix = rating_matrix(test_likes, movies, users)
print(f"{len(movies):,} movies, {len(users):,} users, {len(ratings):,} ratings")
print(
    f"{len(train):,} to train, {len(valid_likes):,} likes to choose, {len(test_likes):,} likes for the test"
)

# %% tags=["nbval-check-output"]
claim("A row is a movie, a column a user.", known_matrix.shape[0], "==", len(movies))
claim("No test like is in what is known.", known_matrix.multiply(test_matrix).nnz, "==", 0)
claim("The test holds nothing but likes.", test_likes["rating"].min(), ">=", LIKED)

# %% [markdown]
# ## The measure, and six rivals
#
# Every method here gives us **similarities**: how near is each movie to each other one? A user's score for a movie is the sum of its similarities to the movies that the user liked (as far as known). The 20 movies with the highest scores are recommended; what the user has rated already is left out.
# - **Recall@20**: the share of the user's test likes that is among the 20 (of 20 at most, for users with more).
# - **NDCG@20** counts hits at the top of the list more.
# - **Genre coherence**: do a movie and its ten nearest have genres in common? (Mean cosine of genre vectors. No method sees the genres.)
# - **Popularity** of what is recommended (mean of log₁₀ of its number of ratings), and the **share of the catalogue** that is recommended to anybody.

# %%
GENRES = genre_vectors(movies)


def stars_of(table):
    """Who gave which movie how many stars: sparse, a row for each user."""
    return rating_matrix(table, movies, users).T


def judged(recommender, seen, held_out):
    """All measures of a fitted recommender, for users of whom `seen` is known."""
    return judge(recommender, stars_of(seen), stars_of(held_out), genres=GENRES, liked=LIKED)


# %% [markdown]
# The rivals, each a few lines:
# - **popularity**: to everybody the movies with the most ratings,
# - **cosine** of the movies' rating vectors,
# - **cosine, weighted**: the same, after each user got a weight, log(movies / movies rated by the user). Somebody who rates everything says little about any one movie.
# - **SVD**: the vectors reduced to 64 numbers by a truncated singular value decomposition, then cosine. (It is PCA without the centring, which would fill the matrix.)
# - **SVD, weighted**: the same with 128 numbers, from vectors with weighted users, scaled to length 1. That is just what the autoencoder will get, so this is its nearest rival: *linear* embeddings of the same size.
# - **EASE** (Steck 2019): the linear model that predicts each movie's row from all others, in closed form. Hard to beat on small data.


# %%
rivals = {
    "popularity": Popularity(),
    "cosine": Cosine(),
    "cosine, weighted": Cosine(weigh_users=True),
    "SVD, 64 numbers": SVD(64),
    "SVD, weighted, 128": SVD(128, weigh_users=True),
}


def inputs_of(seen):
    """Each movie's ratings, users weighted, scaled to length 1: sparse."""
    stars = rating_matrix(seen, movies, users)
    return unit_rows(weighted(stars, inverse_user_frequency(stars)))


# %% [markdown]
# EASE has one setting, the strength of its penalty. The validation likes choose it.
#
# (Compare validation numbers with each other only. They are lower than those on the test will be: less is known, and the test likes, which we may not touch, take places in the lists.)

# %%
strengths = {
    strength: np.nanmean(judged(EASE(strength).fit(stars_of(train)), train, valid_likes)["recall@20"])
    for strength in (100, 300, 900, 2700)
}
strength = max(strengths, key=strengths.get)
rivals["EASE"] = EASE(strength)
print(
    f"{strength} is chosen; recall on validation likes:",
    {key: f"{value:.3f}" for key, value in strengths.items()},
)

# %% [markdown]
# ## Sparse in, dense out
#
# The network is a plain autoencoder with a hidden layer on each side of the code. Three things are special.
# - **Input**: the movie's ratings, each user weighted as above, the whole vector scaled to length 1, as for the cosine.
# - **Dropout on the input**: a share of the users is hidden each time, and must be guessed from the others. It is the denoising of lesson 02, for sparse data.
# - **Loss**: a softmax turns the outputs into shares of all users: *who is it that likes this movie?* The **multinomial** loss (Liang et al. 2018) compares users with each other. It never asks for a zero: an empty cell only takes share from the others.
#
# The target is the input, as in every autoencoder of this course. (Its length is 1, so its sum is larger for a movie with many ratings: such a movie weighs more in the loss. A network that knows nothing gives each user the same share, and pays the sum times the logarithm of the number of users.)

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


# %%
show(
    plots.plot_architecture(
        {"ratings": n_users, "hidden": HIDDEN_SIZE, "embedding": LATENT_DIM, "hidden ": HIDDEN_SIZE, "who rated it": n_users},
        title="From a movie's ratings to its embedding, and back to who rated it",
    ),
    alt="Bars for the sizes of the layers: a vector of all users, a wide hidden layer, the small embedding, and the same back.",
)  # fmt: skip


# %%
x_known = inputs_of(known)
batch = SparseBatches(x_known, x_known, batch_size=128)[0]
sparse_mb = (x_known.data.nbytes + x_known.indices.nbytes + x_known.indptr.nbytes) / 1e6
dense_mb = math.prod(x_known.shape) * 4 / 1e6
batch_mb = batch[0].nbytes / 1e6

# %%
large_movies, large_users, large_ratings = 59_047, 162_541, 25_000_095  # MovieLens 25M
large_dense, large_sparse = large_movies * large_users * 4 / 1e9, large_ratings * 8 / 1e9
knows_nothing = x_known.sum(axis=1).mean() * np.log(n_users)
Markdown(
    f"**What to notice.** As a sparse matrix the inputs take {sparse_mb:.1f} MB, dense they would take {dense_mb:.0f} MB. Small enough either way; but MovieLens 25M would take {large_dense:.0f} GB dense, "
    f"and {large_sparse:.1f} GB sparse. `SparseBatches` therefore makes one batch dense at a time ({batch_mb:.2f} MB here), all the way through `fit` and `encode`. "
    f"What does *not* get smaller: the first and the last kernel have a row or a column for each user. With {large_users:,} users and {HIDDEN_SIZE} hidden units each takes {large_users * HIDDEN_SIZE * 4 / 1e9:.1f} GB, "
    "and training needs that four times (weights, gradients, two moments of Adam). So for many users, choose a narrow hidden layer. `make scale` trains an epoch at that size and measures; README has the figures. "
    f"The *judging* below does not scale like that: it compares all movies with all, and {large_movies:,} of them would need {large_movies**2 * 4 / 1e9:.0f} GB. There one searches movie by movie, as `ItemIndex` does.\n\n"
    f"(The loss of a network that knows nothing would be {knows_nothing:.1f}. Keep it in mind for the curve below.)"
)

# %% tags=["nbval-check-output"]
claim("No test like is in the network's input.", x_known.multiply(test_matrix).nnz, "==", 0)
claim("The input is sparse; a batch of it is dense.", batch[0].shape[1], "==", n_users)


# %%
def train_on(model, x, y, *, epochs, loss=multinomial, batch_size=128, peak=8e-3, name):
    """Compile and fit; the learning rate rises for a tenth of the steps, then falls to 0, as in lesson 01."""
    batches = SparseBatches(x, y, batch_size=batch_size, shuffle=True, seed=SEED)
    steps = epochs * len(batches)
    schedule = keras.optimizers.schedules.CosineDecay(
        peak / 10, decay_steps=int(0.9 * steps), warmup_target=peak, warmup_steps=int(0.1 * steps)
    )
    model.compile(keras.optimizers.Adam(schedule), loss)
    return model.fit(batches, epochs=epochs, verbose=0, callbacks=[ProgressBar(name)])


# %% [markdown]
# ### Choosing, on validation likes
#
# Does all this matter? We change one thing at a time, in a smaller network (256 and 64 units, 8 epochs), trained without the validation likes, and judged by them.
#
# Three of the variants ask about each cell by itself, instead of comparing users: is it filled? how many stars, if empty ones have 0? and how many stars, with the empty cells **masked**, that is left out of the sum?


# %%
def masked(y_true, y_pred):
    """Squared error of the filled cells only; an empty one holds 0. (Divided by ten, for gradients of a good size.)"""
    observed = keras.ops.cast(y_true != 0, y_pred.dtype)
    return keras.ops.sum(observed * keras.ops.square(y_true - y_pred), axis=-1) / 10


# %%
stars_train = rating_matrix(train, movies, users)
rated_train, x_train = (stars_train > 0).astype(np.float32), inputs_of(train)
chosen = {"x": x_train, "y": x_train, "loss": multinomial, "dropout": DROPOUT, "output_activation": None}
variants = {
    "as described": {},
    "users not weighted": {"x": unit_rows(stars_train), "y": unit_rows(stars_train)},
    "target: rated or not": {"y": unit_rows(rated_train)},
    "target: liked or not": {"y": unit_rows(stars_train >= LIKED)},
    "no dropout": {"dropout": 0.0},
    "not scaled to length 1": {"x": weighted(stars_train, inverse_user_frequency(stars_train))},
    "loss: each cell, rated or not": {"y": rated_train, "loss": "binary_crossentropy", "output_activation": "sigmoid"},
    "loss: each cell, empty as 0 stars": {"y": stars_train, "loss": "mse"},
    "loss: stars of filled cells only": {"y": stars_train, "loss": masked},
}  # fmt: skip

# %%
rows = {}
for name, change in variants.items():
    x, y, loss, dropout, output_activation = (chosen | change).values()
    small = item_autoencoder(n_users, 64, 256, dropout=dropout, output_activation=output_activation)
    train_on(small, x, y, loss=loss, epochs=8, name=name)
    rows[name] = judged(Embeddings(small.encode).fit(x.T), train, valid_likes)
rows["(raw cosine, no network)"] = judged(Cosine().fit(stars_of(train)), train, valid_likes)
rows["(weighted cosine, no network)"] = judged(
    Cosine(weigh_users=True).fit(stars_of(train)), train, valid_likes
)
choosing = pd.DataFrame(
    {
        name: {key: np.nanmean(row[key]) for key in ("recall@20", "genre coherence")}
        for name, row in rows.items()
    }
).T
choosing.round(3)

# %%
reached = choosing["recall@20"]
described, raw = reached["as described"], reached["(raw cosine, no network)"]
per_cell, as_zero, only_filled = reached[reached.index.str.startswith("loss: ")]
Markdown(
    f"**What to notice.** As described, this small network reaches a recall of {described:.3f}; raw cosine {raw:.3f}, weighted cosine {reached['(weighted cosine, no network)']:.3f}: it is no winner yet. "
    f"Two losses that ask about each cell by itself lose by far: {per_cell:.3f} (rated or not: nearly all cells are empty, and each weighs as much as a filled one) and {only_filled:.3f} (the stars of filled cells only: it never learns *who* rates what). "
    f"The squared error with zeros in the empty cells does much better, {as_zero:.3f}: that is the loss of SVD. Zeros are wrong as ratings, but since every rating is far above zero, what it learns is mostly *who* rates what.\n\n"
    f"The other choices matter less: with one split and one training each, differences of 0.01 or 0.02 mean little. Without the users' weights it is {reached['users not weighted']:.3f}, without the scaling to length 1 {reached['not scaled to length 1']:.3f}, and without dropout {reached['no dropout']:.3f}. The next table asks about dropout again, for the large network."
)

# %% [markdown]
# Which size, then, and how much dropout? That takes minutes, so it was done once, in the same way (`make choose`), on the validation likes of the first seed, for a code of 128 numbers or fewer and for more.

# %%
searched = load_table("recommender_choice")
by_size = searched.pivot(index=["hidden_size", "latent_dim"], columns="dropout", values="recall@20")
by_size.round(3)

# %%
ours_searched = searched.set_index(["hidden_size", "latent_dim", "dropout"])["recall@20"][
    HIDDEN_SIZE, LATENT_DIM, DROPOUT
]
Markdown(
    f"**What to notice.** The rows are sizes, the columns shares of dropout. The best of all has {searched['recall@20'].max():.3f}; the network of this lesson, {HIDDEN_SIZE} and {LATENT_DIM} with {DROPOUT}, {ours_searched:.3f}. "
    f"For networks of this size dropout pays: {by_size.loc[(HIDDEN_SIZE, LATENT_DIM)].iloc[0]:.3f} without it."
)

# %% [markdown]
# ### The training
#
# Now the full size, with all known ratings: training and validation.

# %%
started = time.perf_counter()
history = train_on(autoencoder, x_known, x_known, epochs=EPOCHS, name="item autoencoder")
embeddings = autoencoder.encode(x_known)
autoencoder_seconds = time.perf_counter() - started
show(
    plots.plot_history(history, ylabel="multinomial loss", title="One network for all movies"),
    alt="The training loss falls, fast at first and slowly at the end, because a part of the input is hidden each time.",
)

# %% tags=["nbval-check-output"]
packaged = item_autoencoder(n_users, LATENT_DIM, HIDDEN_SIZE, dropout=DROPOUT)
packaged.set_weights(autoencoder.get_weights())
print("embeddings:", embeddings.shape, embeddings.dtype)
claim(
    "The package's item_autoencoder gives the same embeddings.",
    np.abs(packaged.encode(x_known) - embeddings).max(),
    "<",
    1e-3 * np.abs(embeddings).max(),
)
target, logits = keras.ops.convert_to_tensor(batch[1]), autoencoder(batch[0])
claim(
    "The package's multinomial_loss gives the same losses.",
    np.abs(np.subtract(multinomial_loss(target, logits), multinomial(target, logits))).max(),
    "<",
    1e-4,
)

# %% [markdown]
# ## Is it any good?
#
# All methods on the test likes, for the first time. (An experiment near the end looks at them once more, and chooses nothing.) The intervals are a bootstrap over users: how much the mean would vary with other users of the same kind.

# %%
recommenders = rivals | {"autoencoder": Embeddings(autoencoder.encode)}
per_user, rows = {}, {}
for name, recommender in recommenders.items():
    started = time.perf_counter()
    recommender.fit(x_known.T if name == "autoencoder" else stars_of(known))
    seconds = time.perf_counter() - started
    measured = judged(recommender, known, test_likes)
    per_user[name] = measured["recall@20"]
    rows[name] = {key: pd.Series(value).mean() for key, value in measured.items()}
    for measure in ("recall@20", "NDCG@20"):
        interval = bootstrap_interval(measured[measure], seed=SEED)
        rows[name] |= dict(zip([f"{measure} low", f"{measure} high"], interval, strict=True))
    rows[name]["seconds"] = seconds
rows["autoencoder"]["seconds"] = autoencoder_seconds
results = pd.DataFrame(rows).T
results[[*sorted(results.columns[[0, 1, 5, 6, 7, 8]], reverse=True), *results.columns[2:5], "seconds"]].round(
    3
).T

# %% tags=["readme"]
show(
    plots.plot_intervals(
        results.rename(columns={"recall@20": "value", "recall@20 low": "low", "recall@20 high": "high"}),
        xlabel="recall@20 on test likes, with 95 % interval over users",
        title="Seven recommenders: more is better",
    ),
    alt="Seven dots with intervals. Popularity is far behind, then come SVD and raw cosine, then their weighted forms; EASE and the autoencoder lead.",
)

# %%
leads = {name: per_user["autoencoder"] - values for name, values in per_user.items() if name != "autoencoder"}
ease_low, ease_high = bootstrap_interval(leads["EASE"], seed=SEED)
svd_low, svd_high = bootstrap_interval(leads["SVD, weighted, 128"], seed=SEED)
ours, theirs, plain, linear = results.loc[
    ["autoencoder", "EASE", "cosine, weighted", "SVD, weighted, 128"]
].iloc
Markdown(
    f"**What to notice.** The autoencoder has a recall of {ours['recall@20']:.3f}, EASE {theirs['recall@20']:.3f}, weighted SVD {linear['recall@20']:.3f}, weighted cosine {plain['recall@20']:.3f}, raw cosine {results.loc['cosine', 'recall@20']:.3f}. "
    f"User by user, its lead over EASE is {np.nanmean(leads['EASE']):+.3f} (95 % interval {ease_low:+.3f} to {ease_high:+.3f}; an interval with 0 in it means: no winner), and over the linear embeddings of the same size {np.nanmean(leads['SVD, weighted, 128']):+.3f} ({svd_low:+.3f} to {svd_high:+.3f}). "
    f"Its neighbours are more coherent, {ours['genre coherence']:.2f} against EASE's {theirs['genre coherence']:.2f}, and it recommends more of the catalogue, {ours['share of catalogue']:.0%} against {theirs['share of catalogue']:.0%}.\n\n"
    f"**Where it loses:** it takes {ours['seconds']:.0f} seconds, weighted cosine {plain['seconds']:.1f} and EASE {theirs['seconds']:.1f}; weighted cosine, three lines of code, is only {ours['recall@20'] - plain['recall@20']:.3f} behind; in NDCG it has {ours['NDCG@20']:.3f}, EASE {theirs['NDCG@20']:.3f}; "
    f"and what it recommends is more popular ({ours['log₁₀ popularity']:.2f}) than what SVD recommends ({results.loc['SVD, 64 numbers', 'log₁₀ popularity']:.2f}). "
    f"(The intervals are about other users. Other splits and trainings are another matter: `make seeds N=03` tries five.)\n\n"
    f"Why embeddings all the same? Each movie gets {LATENT_DIM} numbers, however many users there are: they can be searched, drawn, and handed on. EASE and cosine compare {len(movies):,} movies with {len(movies):,}, and have nothing to hand on but that table."
)

# %% [markdown]
# ## Similar movies
#
# `ItemIndex` keeps the embeddings and finds the nearest ones by cosine. It understands titles as people write them.

# %%
index = ItemIndex(embeddings, movies, counts=counts)


def similar(*titles, k=5):
    """The most similar movies as a table; or the question that the index asks back."""
    try:
        return index.similar(*titles, k=k) if len(titles) == 1 else index.similar_to_many(titles, k=k)
    except UnclearTitle as question:
        return Markdown(f"```\n{question}\n```")


display(similar("toy story", k=10), similar("Godfather, The"), similar("alien"))

# %% [markdown]
# (*Ratings* counts what is known: the test likes are not in it.) A slip of the pen does no harm, and when a title may mean several movies, it asks back. Which *Sabrina*?

# %%
display(similar("teh lion kign", k=3), similar("sabrina"))

# %% [markdown]
# Somebody likes a few movies? `similar_to_many` takes the mean of their embeddings.

# %%
display(similar("toy story", "the lion king"))

# %% [markdown]
# An index can be saved and loaded again, and refuses embeddings with which no cosine can be computed.

# %% tags=["nbval-check-output"]
with tempfile.TemporaryDirectory() as folder:
    index.save(Path(folder, "movies.npz"))
    same_table = (
        ItemIndex.load(Path(folder, "movies.npz")).similar("toy story").equals(index.similar("toy story"))
    )
try:
    ItemIndex(np.zeros_like(embeddings), movies)
except ValueError as error:
    refused = str(error)
claim("Saved and loaded, the index answers the same.", int(same_table), "==", 1)
claim("A zero embedding is refused, with a reason.", int("zero" in refused), "==", 1)
claim(
    "No movie is similar to itself.",
    int(index.find("toy story") in index.similar("toy story", k=20).index),
    "==",
    0,
)

# %% [markdown]
# The search is exact: it compares with every movie. That is fast enough for a hundred thousand of them. For a million, `ItemIndex(..., approximate=True)` uses an approximate index (README has the recall and the times that `make nearest` measured).
#
# Does it find sequels? Nobody told the network about titles. For each pair: the sequel's place among the movies most similar to the first one, by embeddings and by raw cosine.

# %%
SEQUELS = {
    "Toy Story (1995)": "Toy Story 2 (1999)",
    "Star Wars: Episode IV - A New Hope (1977)": "Star Wars: Episode V - The Empire Strikes Back (1980)",
    "The Godfather (1972)": "The Godfather: Part II (1974)",
    "The Lord of the Rings: The Fellowship of the Ring (2001)": "The Lord of the Rings: The Two Towers (2002)",
    "Alien (1979)": "Aliens (1986)",
    "The Matrix (1999)": "The Matrix Reloaded (2003)",
}
# A movie without known ratings has no direction, and would be refused: the trifle gives it one.
raw_index = ItemIndex(known_matrix.toarray() + 1e-9, movies)  # dense, for this one comparison


def place(of, like, where):
    """Place of a sequel among the movies most similar to another, from 1; None if a movie is not in the data."""
    try:
        found = where.similar(like, k=len(movies) - 1).index
        return list(found).index(where.find(of)) + 1
    except UnclearTitle:
        return None


# %%
places = pd.DataFrame(
    [(like, of, place(of, like, index), place(of, like, raw_index)) for like, of in SEQUELS.items()],
    columns=["movie", "sequel", "by embeddings", "by raw cosine"],
).dropna()
found_sequels = (places["by embeddings"] <= 10).sum()
nearer = (places["by raw cosine"] < places["by embeddings"]).sum()
farther = (places["by raw cosine"] > places["by embeddings"]).sum()
display(places.astype({"by embeddings": int, "by raw cosine": int}).set_index("movie"))
Markdown(
    f"**What to notice.** {found_sequels} of {len(places)} sequels are among the ten most similar movies. But **raw cosine places {nearer} of them nearer than the embeddings do**, and {farther} farther: who rated both is just what it counts. "
    "The embeddings' advantage is in recommending, not here. And a sequel need not be a neighbour at all: whoever liked the first part may not have liked the second."
)

# %% [markdown]
# ## The map of movies
#
# t-SNE draws the embeddings of the most rated movies in the plane, so that near ones stay near. (Distances between far ones mean nothing.) The colours are genres, which the network has never seen; a movie of several genres gets the first of the list below.

# %%
most_rated = np.argsort(-counts, kind="stable")[:1000]
unit = embeddings[most_rated] / np.linalg.norm(embeddings[most_rated], axis=1, keepdims=True)
plane = TSNE(metric="cosine", init="pca", random_state=SEED).fit_transform(unit)
SHOWN_GENRES = [
    "Children",
    "Horror",
    "Sci-Fi",
    "Romance",
    "Crime",
    "Action",
]  # the first that fits colours it
groups = [
    next((genre for genre in SHOWN_GENRES if genre in genres), "other")
    for genres in movies["genres"].iloc[most_rated]
]
row_of = {title: row for row, title in enumerate(movies["title"].iloc[most_rated])}
FAMOUS = [*SEQUELS, "Pulp Fiction (1994)", "Titanic (1997)", "Casablanca (1942)"]  # fmt: skip
show(
    plots.plot_map(
        plane, groups, {row_of[title]: title.split(" (")[0].split(":")[0] for title in FAMOUS if title in row_of},
        xlabel="t-SNE, first coordinate (no unit)", ylabel="t-SNE, second coordinate (no unit)",
        title="A thousand movies, placed by who rated them",
    ),
    alt="A cloud of a thousand dots. Children's films gather at one place, horror and science fiction at others; romance and crime spread. A few famous titles are written in.",
)  # fmt: skip

# %%
genres_of_map = GENRES[most_rated]
near = genre_coherence(-np.square(plane[:, None] - plane[None]).sum(axis=2), genres_of_map).mean()
by_chance = (genres_of_map @ genres_of_map.mean(axis=0)).mean()
with tempfile.TemporaryDirectory() as folder:
    index.write_projector(folder)
    files = {file.name: f"{file.stat().st_size / 1e6:.1f} MB" for file in sorted(Path(folder).iterdir())}
Markdown(
    f"**What to notice.** Even in the plane, a movie and its ten nearest have a genre coherence of {near:.2f}; any two of these movies have {by_chance:.2f}. "
    f"For a map to walk about in, `index.write_projector(folder)` writes what TensorBoard's embedding projector reads: {', '.join(f'{name} ({size})' for name, size in files.items())}."
)

# %% [markdown]
# ### Explore
#
# Type a title: a table, and the places of these movies on the map. (This needs a running kernel; the tables and the map above are its static pictures.)


# %%
def explore(title):
    found = similar(title or "toy story", k=10)
    display(found)
    if isinstance(found, pd.DataFrame):
        wanted = [movies["title"][index.find(title or "toy story")], *found["title"]]
        named = {row_of[name]: name for name in wanted if name in row_of}
        show(
            plots.plot_map(
                plane, groups, named, title=f"{wanted[0]}, and what is similar, as far as it is on the map"
            ),
            alt=f"The map of movies again, with {len(named)} titles written in: {', '.join(named.values())}.",
        )


explorer = interact(
    explore,
    title=Combobox(value="Toy Story (1995)", options=sorted(movies["title"]), continuous_update=False),
)

# %% [markdown]
# ## Predicting ratings, in short
#
# A different question: how many stars would this user give this movie? Now the zeros must be left out altogether: a **masked** loss adds up the errors of the observed cells only. With this loss our network, smaller, becomes a somewhat deeper **AutoRec** (Sedhain et al. 2015), in its form for items. The stars are centred first, so 0 is the mean, and no rating lies exactly there.
# We hide a tenth of all ratings, liked or not, and measure the root of the mean squared error (RMSE), in stars.

# %%
hidden = np.random.default_rng(SEED).random(len(ratings)) < 0.1
shown_ratings, hidden_ratings = ratings[~hidden], ratings[hidden]
mean = shown_ratings["rating"].mean()
centred = rating_matrix(shown_ratings.assign(rating=shown_ratings["rating"] - mean), movies, users)
movie_rows = pd.Index(movies["movieId"]).get_indexer(hidden_ratings["movieId"])
user_columns = pd.Index(users).get_indexer(hidden_ratings["userId"])


def rmse(predicted):
    return np.sqrt(np.square(hidden_ratings["rating"].to_numpy() - np.clip(predicted, 0.5, 5)).mean())


# %%
predictors = {}
for name, loss in {"AutoRec, masked loss": masked, "AutoRec, empty cells as the mean": "mse"}.items():
    autorec = item_autoencoder(n_users, 16, 64, dropout=0.5)
    train_on(autorec, centred, centred, loss=loss, epochs=20, peak=1e-3, name=name)
    predicted = autorec.predict(SparseBatches(centred), verbose=0)
    predictors[name] = rmse(mean + predicted[movie_rows, user_columns])
stars_only = rating_matrix(shown_ratings, movies, users)
zeros = item_autoencoder(n_users, 16, 64, dropout=0.5)
train_on(
    zeros, stars_only, stars_only, loss="mse", epochs=20, peak=1e-3, name="AutoRec, empty cells as 0 stars"
)
predicted = zeros.predict(SparseBatches(stars_only), verbose=0)
predictors["AutoRec, empty cells as 0 stars"] = rmse(predicted[movie_rows, user_columns])

# %% [markdown]
# The rivals: the **mean** of all ratings; the **bias** model, mean plus a number for each user plus a number for each movie (ridge regression); and a **matrix factorisation**, which adds the scalar product of two vectors of 16 numbers, one of the user and one of the movie.

# %%
one_hot = OneHotEncoder(handle_unknown="ignore").fit(ratings[["userId", "movieId"]])
bias = Ridge(alpha=3).fit(
    one_hot.transform(shown_ratings[["userId", "movieId"]]), shown_ratings["rating"] - mean
)
predictors["mean of all ratings"] = rmse(np.full(len(hidden_ratings), mean))
predictors["bias of user and movie"] = rmse(
    mean + bias.predict(one_hot.transform(hidden_ratings[["userId", "movieId"]]))
)

# %%
user_id, movie_id = keras.Input((), dtype="int32"), keras.Input((), dtype="int32")
factors = [layers.Embedding(n, 16)(i) for n, i in ((len(users), user_id), (len(movies), movie_id))]
biases = [layers.Embedding(n, 1)(i) for n, i in ((len(users), user_id), (len(movies), movie_id))]
factorisation = keras.Model([user_id, movie_id], layers.Dot(1)(factors) + biases[0] + biases[1])
factorisation.compile(keras.optimizers.Adam(5e-3), "mse", steps_per_execution=20)
pairs = [
    pd.Index(users).get_indexer(shown_ratings["userId"]).astype("int32"),
    pd.Index(movies["movieId"]).get_indexer(shown_ratings["movieId"]).astype("int32"),
]
shuffled = np.random.default_rng(SEED).permutation(
    len(shown_ratings)
)  # fit takes its validation from the end
_ = factorisation.fit(
    [ids[shuffled] for ids in pairs], (shown_ratings["rating"] - mean).to_numpy("float32")[shuffled],
    validation_split=0.1, batch_size=512, epochs=8, verbose=0,
    callbacks=[keras.callbacks.EarlyStopping(patience=1, restore_best_weights=True), ProgressBar("factorisation")],
)  # fmt: skip
predicted = factorisation.predict(
    [user_columns.astype("int32"), movie_rows.astype("int32")], batch_size=4096, verbose=0
)
predictors["matrix factorisation"] = rmse(mean + predicted[:, 0])
pd.DataFrame({"RMSE in stars": predictors}).sort_values("RMSE in stars").round(3)

# %%
autorec_rmse, bias_rmse = predictors["AutoRec, masked loss"], predictors["bias of user and movie"]
Markdown(
    f"**What to notice.** AutoRec errs by {autorec_rmse:.3f} stars, the bias model by {bias_rmse:.3f}: on these {len(ratings):,} ratings the network is **no better than two numbers added**. (On MovieLens 1M, ten times as many, "
    "Sedhain et al. report 0.831 for AutoRec.) "
    f"Without the mask, and empty cells as zero stars, the error is {predictors['AutoRec, empty cells as 0 stars']:.2f} stars, worse than the mean of all ratings ({predictors['mean of all ratings']:.2f}). "
    "What changes against similar movies: there, *who* rated a movie says most, and the empty cells take part. Here only the stars count."
)

# %% [markdown]
# ## A failure experiment: movies with three ratings
#
# How far can one trust the neighbours of a movie that hardly anybody rated? We take well-rated movies, two hundred or as many as there are, hide all but a few of their ratings, and compute their embeddings from what is left. How many of their ten neighbours stay the same?

# %%
well_rated = np.flatnonzero(counts >= 120)  # so that the most that we keep is half of them
probed = np.random.default_rng(SEED).permutation(well_rated)[:200]
unit_embeddings = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)


def neighbours(codes):
    similarity = codes @ unit_embeddings.T
    similarity[np.arange(len(probed)), probed] = -np.inf  # not itself
    return np.argsort(-similarity, axis=1)[:, :10]


def with_few_ratings(k):
    """Inputs of the probed movies with k of their ratings each, chosen at random."""
    of_probed = known[known["movieId"].isin(movies["movieId"].iloc[probed])]
    few = of_probed.sample(frac=1, random_state=SEED).groupby("movieId").head(k)
    weights = inverse_user_frequency(known_matrix)
    return unit_rows(weighted(rating_matrix(few, movies.iloc[probed], users), weights))


# %%
kept = [3, 5, 10, 20, 40, 60]
true_neighbours = neighbours(embeddings[probed])
overlap = {}
for k in kept:
    found = neighbours(autoencoder.encode(with_few_ratings(k)))
    same = [len(np.intersect1d(a, b)) for a, b in zip(found, true_neighbours, strict=True)]
    overlap[k] = np.mean(same) / 10
show(
    plots.plot_lines(
        {"embeddings": (kept, list(overlap.values()))}, xlabel="ratings that are left", ylabel="share of neighbours that stay",
        log="x", title="With three ratings, nearly all neighbours are different",
    ),
    alt="A rising curve: with three ratings hardly any of the ten neighbours are the same, with sixty a good part.",
)  # fmt: skip
Markdown(
    f"**What to notice.** With 3 ratings, {overlap[3]:.0%} of the ten neighbours are right, with 60 ratings {overlap[60]:.0%}. So treat the neighbours of rare movies as guesses. "
    f"That is why `similar` shows the number of ratings. Five is no safe limit either: at ten, it is {overlap[10]:.0%}, and {(counts < 10).mean():.0%} of our movies have fewer than ten known ratings. The limit only takes away the hopeless ones."
)

# %% [markdown]
# ## Another failure: the test in the training
#
# What if the test likes stay in the matrix by mistake? Nothing warns you. The small network again, trained once on what is known, and once on everything.

# %%
leaked = {}
for name, seen in {"trained on what is known": known, "trained on everything": ratings}.items():
    x = inputs_of(seen)
    small = item_autoencoder(n_users, 64, 256, dropout=DROPOUT)
    train_on(small, x, x, epochs=8, name=name)
    codes = small.encode(x)  # handed over ready-made: of the matrix x itself, `judge` would notice the leak
    recommender = Embeddings(lambda _, codes=codes: codes).fit(stars_of(known))
    leaked[name] = np.nanmean(judged(recommender, known, test_likes)["recall@20"])
jump = leaked["trained on everything"] - leaked["trained on what is known"]
honest = leaked["trained on what is known"]
Markdown(
    f"**What to notice.** Recall jumps from {honest:.3f} to {leaked['trained on everything']:.3f}, and nothing got better. How to notice? "
    f"Not by the {described:.3f} on validation likes: the honest network rose from there, too, because more is known. So distrust every rise that you can't explain, and check, as we did above, that the *network's input* and the test have no cell in common."
)

# %% [markdown]
# ## What we showed
#
# Each sentence is checked, with a margin that was measured over several splits and trainings. The claims about the split were checked above.

# %% tags=["nbval-check-output"]
claim("Over 98 % of the bundled matrix is empty.", empty, ">", 0.98 if MOVIELENS is None else 0)
claim("A tenth of the movies has more than half of the ratings.", top_share, ">", 0.5)
claim(
    "Taking empty cells for zeros makes even the most rated movie a flop.",
    mean_with_zeros,
    "<",
    mean_stars - 1,
)
claim(
    "Two losses that ask about each cell by itself lose to raw cosine by far, ...",
    max(per_cell, only_filled),
    "<",
    raw - 0.05,
)
claim("... and to the network as described.", max(per_cell, only_filled), "<", described - 0.05)
claim(
    "The squared error with zeros does better than these two.",
    as_zero,
    ">",
    max(per_cell, only_filled) + 0.05,
)
claim(
    "The best strength of EASE is not at the edge of what was tried.",
    min(strengths),
    "<",
    strength,
    "<",
    max(strengths),
)

# %% tags=["nbval-check-output"]
recall, coherence = results["recall@20"], results["genre coherence"]
claim(
    "Popularity is far behind everything else.",
    recall["popularity"],
    "<",
    recall.drop("popularity").min() - 0.04,
)
claim("Weighting the users helps the cosine.", recall["cosine, weighted"], ">", recall["cosine"] + 0.015)
claim("The autoencoder is ahead of raw cosine by far.", recall["autoencoder"], ">", recall["cosine"] + 0.04)
claim("It is ahead of weighted cosine, too, ...", recall["autoencoder"], ">", recall["cosine, weighted"])
claim("... and not behind EASE by more than 0.02, ...", recall["autoencoder"], ">", recall["EASE"] - 0.02)
claim("... with more coherent neighbours.", coherence["autoencoder"], ">", coherence["EASE"] + 0.01)
claim(
    "It is ahead of linear embeddings of the same size.",
    recall["autoencoder"],
    ">",
    recall["SVD, weighted, 128"],
)
claim("It takes longer than weighted cosine, by far.", ours["seconds"], ">", 5 * plain["seconds"])
claim("The embeddings have at most 256 numbers.", embeddings.shape[1], "<=", 256)

# %% tags=["nbval-check-output"]
claim("Most of the sequels are among the ten most similar movies.", found_sequels, ">", len(places) / 2)
claim("On the map, near movies share genres more than any two do.", near, ">", by_chance + 0.05)
claim(
    "AutoRec predicts ratings better than the mean, ...",
    autorec_rmse,
    "<",
    predictors["mean of all ratings"] - 0.1,
)
claim("... but it has no lead over the bias of user and movie.", autorec_rmse, ">", bias_rmse - 0.015)
claim(
    "Empty cells as zero stars: worse than the mean of all ratings.",
    predictors["AutoRec, empty cells as 0 stars"],
    ">",
    predictors["mean of all ratings"] + 0.3,
)
claim("With three ratings, most neighbours are wrong.", overlap[3], "<", 0.35)
claim("With sixty, far more of them are right.", overlap[60], ">", overlap[3] + 0.15)
claim("Test likes in the training make recall jump.", jump, ">", 0.03)

# %% [markdown]
# ## Exercises
#
# 1. *(a minute)* Ask the explorer for a movie that you know well, and for one that hardly anybody rated. Whom do you trust?
# 2. *(five minutes)* Say what you like in `similar_to_many`. Then leave one movie out: how much does the list change?
# 3. *(twenty minutes)* Give the autoencoder 8, 32 and 512 numbers. Judge on validation likes: where does it stop paying?
# 4. *(half an hour)* Set `MOVIELENS` to the folder of MovieLens 1M (grouplens.org). Which claims break, and why?
# 5. *(open)* Even the autoencoder recommends a small part of the catalogue. Find a way to recommend more of it, and say what it costs in recall.

# %% [markdown]
# ## Where it comes from
#
# - Harper and Konstan 2015, *The MovieLens Datasets: History and Context*, ACM TiiS 5:19, doi 10.1145/2827872: the data.
# - Breese, Heckerman and Kadie 1998, *Empirical analysis of predictive algorithms for collaborative filtering*, UAI: inverse user frequency.
# - Sedhain, Menon, Sanner and Xie 2015, *AutoRec: Autoencoders meet collaborative filtering*, WWW.
# - Liang, Krishnan, Hoffman and Jebara 2018, *Variational autoencoders for collaborative filtering*, WWW: the multinomial loss, dropout on the input.
# - Steck 2019, *Embarrassingly shallow autoencoders for sparse data*, WWW: EASE.
# - Ferrari Dacrema, Cremonesi and Jannach 2019, *Are we really making much progress?*, RecSys: why one compares with simple rivals.
# - van der Maaten and Hinton 2008, *Visualizing data using t-SNE*, JMLR 9:2579.
#
# **Before:** [02 Denoising](02_denoising.ipynb). **Next:** [04 Tied weights](04_tied_weights.ipynb): must the decoder mirror the encoder?
