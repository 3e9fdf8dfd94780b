# %% [markdown]
# # 03 A recommender from movie embeddings
#
# Which films are alike, and what would you watch next, if all we know is who rated what?
#
# ![Four lists of films: what one user is known to like, and what three methods recommend, with ticks at hidden likes](images/03.png)
#
# *A tick is a film that the user liked, and that we had hidden.*
#
# **You will**
# - send a table of ratings through an autoencoder, and see it fill a gap,
# - ask what is like *Toy Story*, and make a list for one person,
# - count who finds more of what was hidden, and see which films can't be placed.
#
# **Before you start:** [00 What is an autoencoder?](00_what_is_an_autoencoder.ipynb)
#
# **Time:** MINUTES to read, SECONDS to run.

# %% [markdown]
# ## Setup
#
# One recipe trains all networks: Adam, batches of 128 films, a learning rate that rises to 0.008 in the first tenth of the steps, then falls to 0 along a cosine. (Validation likes chose the settings.) `SparseBatches` makes one batch dense at a time.

# %%
import logging

import keras
import numpy as np
import pandas as pd
from keras import layers, ops
from scipy.sparse import csr_array, vstack

# %%
from ae_helpers import plots
from ae_helpers.batches import SparseBatches
from ae_helpers.claims import claim
from ae_helpers.data import load_movielens
from ae_helpers.metrics import bootstrap_interval, recall_at_k
from ae_helpers.models import Autoencoder
from ae_helpers.plots import show
from ae_helpers.ratings import (
    hold_out_likes,
    inverse_user_frequency,
    only_rated,
    rating_matrix,
    unit_rows,
    weighted,
)
from ae_helpers.recommenders import EASE, Popularity
from ae_helpers.splits import watch_splits

SEED = 0
MOVIELENS = None  # the bundled release; or the folder of another, such as ml-1m
LIKED = 4  # stars or more
keras.utils.set_random_seed(SEED)
logging.getLogger("tensorflow").setLevel("ERROR")  # no advice on speed between results


# %% [markdown]
# ## The idea in the small: four films, five people
#
# Five people have rated some of four films. A film is its row. We want a shorter code, such that films that the same people rate are near.
#
# An **empty cell** is stored as 0, but means *we don't know*: most likely that person has never heard of the film. So we don't ask "how many stars?" but **who rated this film, and above all highly?** A softmax turns the decoder's outputs into shares of one budget, and the loss for film $i$ is
#
# $$L_i = -\sum_u x_{iu} \log \hat x_{iu}, \qquad \hat x_i = \mathrm{softmax}(g(f(x_i)))$$
#
# (Row $x_i$ is scaled to length 1.) Only filled cells stand in the sum. Empty ones are pushed down all the same: what share they get, the others lack.
#
# **Dropout** hides some of the input at each step: who is hidden must be guessed from the others.
#
# **Predict:** Ben has not rated *Aliens*. What share will he get, beside Dia and Eva?


# %%
def multinomial(x, outputs):
    return -ops.sum(x * ops.log_softmax(outputs, axis=-1), axis=-1)


def train(autoencoder, x, *, epochs):
    """Train a network to say who rated what: the target is the input."""
    batches = SparseBatches(x, x, batch_size=128, shuffle=True, seed=SEED)
    steps = epochs * len(batches)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, 0.9 * steps, warmup_target=8e-3, warmup_steps=steps // 10
    )
    autoencoder.compile(keras.optimizers.Adam(rate), loss=multinomial)
    autoencoder.fit(batches, epochs=epochs, verbose=0)


# %%
toy_films = ["Alien", "Aliens", "Titanic", "Notting Hill"]
rows = [[5, 4, 5, 0, 0], [4, 0, 5, 0, 0], [0, 0, 0, 5, 4], [0, 0, 4, 5, 5]]
toy = pd.DataFrame(rows, toy_films, ["Ann", "Ben", "Cem", "Dia", "Eva"], dtype=float)
toy_x = unit_rows(csr_array(toy.to_numpy()))
often = vstack([toy_x] * 256)  # an epoch of four films would be a single step
toy_encoder = keras.Sequential(
    [keras.Input((5,)), layers.Dropout(0.4), layers.Dense(2)]
)
toy_decoder = keras.Sequential([keras.Input((2,)), layers.Dense(5)])
toy_autoencoder = Autoencoder(toy_encoder, toy_decoder)
train(toy_autoencoder, often, epochs=40)
toy_z = toy_autoencoder.encode(toy_x)
toy_shares = np.array(ops.softmax(toy_autoencoder.decode(toy_z)))

# %%
figure = plots.plot_tables(
    {
        "stars (scaled, then fed)": toy.where(toy > 0),
        "code $z$": pd.DataFrame(toy_z, toy_films, ["", ""]),
        "shares $\\hat{x}$": pd.DataFrame(toy_shares, toy_films, toy.columns),
    },
    arrows=["encoder\n$f$", "decoder\n$g$"],
)
show(
    figure,
    alt="Four films by five people: their stars, with empty cells; two numbers of code "
    "for each film; and the shares that the decoder gives each person. Aliens has no "
    "star from Ben, but he gets a share of it, Dia and Eva next to none.",
)

# %% tags=["nbval-check-output"]
ben, dia = toy_shares[1, 1], toy_shares[1, 3]
claim("Ben's share of Aliens is over twice Dia's", ben, ">", 2 * dia)

# %% [markdown]
# **What to notice.** Films with the same friends get similar codes, and the decoder gives Ben a part of *Aliens*: people who share his taste liked it.

# %% [markdown]
# ## A hundred thousand ratings
#
# On MovieLens, people rate films with half a star to five. Our table of 2016 has a row for each film with five ratings or more, a column for each person. A **like** is a rating of four stars or more.
#
# Of each person's likes we hide a random fifth, the **test** likes, which measure. Of the others, a fifth, the **validation** likes, choose settings. The rest is for training. `watch_splits` stops us if they overlap, or a `fit` sees hidden ones.

# %%
ratings, movies = only_rated(*load_movielens(MOVIELENS), at_least=5)
users = np.sort(ratings["userId"].unique())
known_ratings, test_likes = hold_out_likes(ratings, liked=LIKED, seed=SEED)
train_ratings, valid_likes = hold_out_likes(known_ratings, liked=LIKED, seed=SEED + 1)
stars, valid, known, test = (
    rating_matrix(part, movies, users)
    for part in (train_ratings, valid_likes, known_ratings, test_likes)
)
splits = watch_splits(train=stars, valid=valid, test=test)
titles = movies["title"].to_numpy()
raters = np.diff(stars.indptr)  # of each film
figure = plots.plot_filled_cells(
    stars[np.argsort(-raters)], xlabel="person", ylabel="film, the most rated on top"
)
show(
    figure,
    alt="A rectangle with a dot for each rating: dense in its top rows, the most rated "
    "films, and almost white below, but for the columns of a few busy people.",
)

# %% [markdown]
# **What to notice.** 97 of 100 cells are empty, and the filled ones are where everybody looks.
#
# What is like *Toy Story*? The simplest answer is the **cosine** of two rows, high if the same people rated both.


# %%
def most_similar(similarity, title, k=10):
    """Titles of the k other films that are nearest to one."""
    film = list(titles).index(title)
    order = np.argsort(-similarity[film], kind="stable")
    return [titles[i] for i in order if i != film][:k]


cosine = (unit_rows(stars) @ unit_rows(stars).T).toarray()
by_cosine = most_similar(cosine, "Toy Story (1995)")
show(
    plots.plot_lists({"by plain cosine of ratings": by_cosine}, width=60),
    alt="The ten films that are nearest to Toy Story by cosine: "
    + ", ".join(by_cosine),
)

# %% [markdown]
# ## From ratings to embeddings
#
# The toy's network, larger: a hidden layer on each side, and a code of 128 numbers, the film's **embedding**. Who rates everything says little about any one film, so each person's column gets a weight, $\log(\text{films} / \text{films that the person rated})$.
#
# **Predict:** which films will now be nearest to *Toy Story*?

# %%
weights = inverse_user_frequency(stars)
x = unit_rows(weighted(stars, weights))
encoder = keras.Sequential(
    [
        keras.Input((len(users),)),
        layers.Dropout(0.3),
        layers.Dense(512, "gelu"),
        layers.Dense(128),
    ]
)
decoder = keras.Sequential(
    [keras.Input((128,)), layers.Dense(512, "gelu"), layers.Dense(len(users))]
)
autoencoder = Autoencoder(encoder, decoder)
train(autoencoder, x, epochs=15)


# %%
def cosines(z):
    """Cosine of each row with each other."""
    unit = z / np.linalg.norm(z, axis=1, keepdims=True)
    return unit @ unit.T


embeddings = autoencoder.encode(x)
similarity = cosines(embeddings)
by_embedding = most_similar(similarity, "Toy Story (1995)")
figure = plots.plot_lists(
    {"by plain cosine of ratings": by_cosine, "by cosine of embeddings": by_embedding},
    width=50,
)
show(
    figure,
    alt="Like Toy Story, by ratings: " + ", ".join(by_cosine) + ". "
    "By embeddings: " + ", ".join(by_embedding) + ".",
)

# %% tags=["nbval-check-output"]
place = {
    name: most_similar(s, "Toy Story (1995)", 1000).index("Toy Story 2 (1999)") + 1
    for name, s in {"ratings": cosine, "embeddings": similarity}.items()
}
claim(
    "Toy Story 2 is among the nearest 100 of thousands",
    place["embeddings"], "<=", 100,
)  # fmt: skip
claim("By plain ratings it stands nearer", place["ratings"], "<", place["embeddings"])

# %% [markdown]
# **What to notice.** The network puts *Star Wars* and *Independence Day* before *Toy Story 2*, which leaves the first ten. Is that wrong? Nobody told it what films are about, only who rated them. Cosine, weighted or not, keeps the sequel third: perhaps 128 numbers lose such detail. "Alike" means here: *has a similar audience*.
#
# Choose another of the 500 most rated films (no kernel needed):

# %%
most_rated = np.argsort(-raters, kind="stable")[:500]
near = {titles[i]: most_similar(similarity, titles[i]) for i in most_rated}
plots.show_picker(
    near,
    label="Films with embeddings like that of",
    start="The Matrix (1999)",
    alt="The ten films whose embeddings are nearest to that of The Matrix: "
    + ", ".join(near["The Matrix (1999)"]),
)

# %% [markdown]
# ## One person's list
#
# What would *you* watch next? With $L_u$ for the films that person $u$ is known to like, and $S_{ij}$ for the similarity of two films, the score of film $j$ is
#
# $$s_{uj} = \sum_{i \in L_u} S_{ij}$$
#
# The 20 highest are recommended, without what the person has rated already, liked or not. Three rivals:
#
# - **popularity**: everybody gets the films with the most ratings;
# - **weighted cosine**: $S$ of the rows $x$, with no network;
# - **EASE**: $S$ is the matrix $B$ with the smallest $\lVert X - XB \rVert^2 + \lambda \lVert B \rVert^2$ ($X$: people by films, 1 where rated) and zeros on its diagonal. That is an autoencoder too, of people: linear, with nothing between. A formula solves it. Validation likes choose $\lambda$.


# %%
def unseen(scores, seen):
    """Scores, people x films, with minus infinity for what a person has rated."""
    scores = np.array(scores)
    scores[seen.T.nonzero()] = -np.inf
    return scores


def likes_of(stars):
    """Who likes what: people x films."""
    return (stars.T >= LIKED).astype("float32")


valid_recall = {}
with splits.on_purpose("valid"):
    for strength in (300, 900, 2700):
        tried = EASE(strength).fit(stars.T).similarity_
        scores = unseen(likes_of(stars) @ tried, stars)
        recall = recall_at_k(scores, valid.T.toarray() > 0, k=20)
        valid_recall[strength] = np.nanmean(recall)
ease = EASE(max(valid_recall, key=valid_recall.get)).fit(stars.T)

# %%
likes = likes_of(known)
scores = {
    "popularity": Popularity().fit(stars.T).score(likes),
    "weighted cosine": likes @ (x @ x.T).toarray(),
    "EASE": likes @ ease.similarity_,
    "autoencoder": likes @ similarity,
}
scores = {name: unseen(score, known) for name, score in scores.items()}
lists = {name: np.argsort(-s, axis=1)[:, :20] for name, s in scores.items()}

# %% [markdown]
# We take the first person with 25 likes, of which five are hidden: the picture at the top. **Predict:** which list finds most *over all people*?

# %% tags=["readme"]
n_known, hidden = likes.sum(axis=1), test.T.toarray() > 0
person = np.flatnonzero((n_known == 20) & (hidden.sum(axis=1) == 5))[0]
columns = {"known likes": titles[likes[[person]].nonzero()[1]]}
for name in ("popularity", "EASE", "autoencoder"):
    columns[name] = titles[lists[name][person]]
show(
    plots.plot_lists(columns, ticked=titles[hidden[person]]),
    alt="Twenty known likes of one person, and twenty recommendations each from "
    "popularity, EASE and the autoencoder. The hidden likes among them are ticked.",
)

# %% [markdown]
# **What to notice.** Count the ticks, and divide by five (at most by 20): that is **recall@20**. A film without a tick need not be wrong: it may not have been seen.

# %% tags=["nbval-check-output"]
ticks = hidden[person, lists["autoencoder"][person]].sum()
by_package = recall_at_k(scores["autoencoder"], hidden, k=20)
claim("Counted by hand, it is the package's", ticks / 5, "==", by_package[person])
again = (known.T[np.arange(len(users))[:, None], lists["EASE"]] > 0).sum()
claim("Nothing that was rated is recommended", again, "==", 0)

# %% [markdown]
# ## Everybody's lists
#
# One person proves nothing. Here is the mean over all, with 95 % intervals (a bootstrap over people), and the autoencoder's lead, person by person. A fifth row is the **decoder**: it says whom a film is for, so why not take its outputs as scores?
#
# **Predict:** by how much does the best lead? And the decoder?

# %%
scores["its decoder"] = unseen(
    autoencoder.predict(SparseBatches(x), verbose=0).T, known
)
recall = {name: recall_at_k(score, hidden, k=20) for name, score in scores.items()}
table = {}
for name, values in recall.items():
    lead = recall["autoencoder"] - values
    low, high = bootstrap_interval(values, seed=SEED)
    lead_low, lead_high = bootstrap_interval(lead, seed=SEED)
    table[name] = {
        "recall@20": f"{np.nanmean(values):.3f}",
        "95 % interval": f"{low:.3f} to {high:.3f}",
        "autoencoder's lead": f"{np.nanmean(lead):+.3f}",
        "its interval": f"{lead_low:+.4f} to {lead_high:+.4f}",
    }
table["autoencoder"] |= {"autoencoder's lead": "", "its interval": ""}
pd.DataFrame(table).T

# %% tags=["nbval-check-output"]
mean = {name: np.nanmean(values) for name, values in recall.items()}
claim("Popularity finds less than a fifth", 0.165, "<", mean["popularity"], "<", 0.195)
claim("Weighted cosine a third", 0.3, "<", mean["weighted cosine"], "<", 0.34)
claim("EASE as well", 0.315, "<", mean["EASE"], "<", 0.36)
claim(
    "The autoencoder leads weighted cosine, and is within 0.025 of EASE",
    max(mean["weighted cosine"] + 0.005, mean["EASE"] - 0.025),
    "<", mean["autoencoder"], "<", mean["EASE"] + 0.025,
)  # fmt: skip
claim("Its decoder finds less than half as much",
      mean["its decoder"], "<", 0.5 * mean["autoencoder"])  # fmt: skip

# %% [markdown]
# **What to notice.** An interval with 0 in it names no winner, nor equals; none knows of other splits or trainings. The network is ahead of weighted cosine, not clearly of EASE. [Study 03a](studies/03a_recommenders_compared.ipynb) has other splits and richer rivals; of people's *last* likes, all find little over half as many.
#
# And the decoder? Its outputs compare people, *for each film*: add 5 to all outputs of one, and neither its shares nor the loss change. But a list compares films. So after training we drop it. (The study mends it, and has a loss whose decoder serves.)

# %% [markdown]
# ## A failure experiment: films that hardly anybody rated
#
# A second network trains without 100 of the films with 80 ratings or more. Then it encodes them: with all ratings, and with a few. How many of the ten nearest films stay?
#
# **Predict:** how many of ten will stay with three ratings? Which is steadier, embeddings or cosine?


# %%
rng = np.random.default_rng(SEED)
probed = rng.choice(np.flatnonzero(raters >= 80), 100, replace=False)
newcomer = Autoencoder(*map(keras.models.clone_model, (encoder, decoder)))
train(newcomer, x[np.delete(np.arange(len(titles)), probed)], epochs=15)


def with_few(k):
    """Inputs of the probed films, of k ratings each, drawn at random."""
    few = stars[probed]
    for start, end in zip(few.indptr, few.indptr[1:], strict=False):
        few.data[start + rng.permutation(end - start)[k:]] = 0
    few.eliminate_zeros()
    return unit_rows(weighted(few, weights))


def ten_nearest(similarity):
    """Rows of the ten films that are nearest to each probed one."""
    similarity[np.arange(len(probed)), probed] = -np.inf
    return np.argsort(-similarity, axis=1)[:, :10]


# %%
z = newcomer.encode(x)
unit = z / np.linalg.norm(z, axis=1, keepdims=True)
ways = {
    "embeddings": lambda x_few: newcomer.encode(x_few) @ unit.T,
    "weighted cosine": lambda x_few: (x_few @ x.T).toarray(),
}
kept = [1, 3, 5, 10, 20, 40, 80]
curves = {"chance": [10 / len(titles)] * len(kept)}
for name, way in ways.items():
    before = ten_nearest(way(x[probed]))[:, None]
    now = [ten_nearest(way(with_few(k)))[:, :, None] for k in kept]
    curves[name] = [(near == before).any(axis=2).mean() for near in now]
figure = plots.plot_lines(
    {name: (kept, curve) for name, curve in curves.items()},
    xlabel="ratings that are left", ylabel="share of neighbours that stay", log="x",
)  # fmt: skip
figure.axes[0].set_xticks(kept, kept)
show(
    figure,
    alt="Share of neighbours that stay, over the number of ratings that are left: two "
    "rising curves, near 0 with three ratings; from five on, embeddings lead.",
)

# %% tags=["nbval-check-output"]
by_network, by_rows = curves["embeddings"], curves["weighted cosine"]
claim("With three ratings, nearly all neighbours change", by_network[1], "<", 0.1)
claim(
    "With 20, embeddings are 1.5 times as steady",
    by_network[4], ">", 1.5 * by_rows[4],
)  # fmt: skip
splits.check()

# %% [markdown]
# **What to notice.** With three ratings, hardly any neighbour stays. With twenty, embeddings keep far more than weighted cosine does, of films that the network never trained on: perhaps *other* people of the same taste will do. Don't trust the list of a rare film: most here have under twenty ratings.

# %% [markdown]
# ## The answer
#
# Which films are alike? Those with the same audience: that is all that ratings know. An autoencoder that must say *who rated this film* gives such films embeddings that are near, and the films nearest to all that you like make your list. On average these lists find a third of the likes hidden at random (of the last, a fifth), twice as many as popularity and more than weighted cosine; EASE, a formula, about as many. The decoder serves training only. Films with a handful of ratings can't be placed reliably.

# %% [markdown]
# ## Exercises
#
# 1. *(a minute)* Pick films in the explorer above until one list surprises you. Who might be the audience that these films share?
#    <details><summary>Hint</summary>Think of years, and of what was new when most people joined.</details>
# 2. *(ten minutes)* Train on *all* ratings, the test likes among them, and measure again. How much does recall rise? Would validation likes have warned you?
#    <details><summary>Hint</summary>`rating_matrix(ratings, movies, users)`, and no `splits.check()`: it would stop you.</details>
# 3. *(a quarter of an hour)* Codes of 8, 32, 128 and 512 numbers: where does it stop paying? Judge by validation likes.
#    <details><summary>Hint</summary>`item_autoencoder(len(users), latent_dim, 256)` of `ae_helpers.models`, eight epochs.</details>
# 4. *(half an hour)* Films with less than four stars play no part in a score. Count them with a weight of 0.3: who gains, EASE or the autoencoder?
#    <details><summary>Hint</summary>`likes + 0.3 * (rated - likes)`. Such a film was chosen, at least.</details>
# 5. *(open)* Most films are recommended to nobody. Find a way to recommend more of them, and say what it costs in recall.
#    <details><summary>Hint</summary>Divide the scores by a power of the film's number of ratings.</details>
#
# The solutions, with the numbers to expect: [solutions/03.ipynb](solutions/03.ipynb).

# %% [markdown]
# ## Where it comes from
#
# - Harper and Konstan 2015, *The MovieLens datasets: history and context*, ACM TiiS 5:19.
# - Breese, Heckerman and Kadie 1998, *Empirical analysis of predictive algorithms for collaborative filtering*, UAI: the weights.
# - Sedhain, Menon, Sanner and Xie 2015, *AutoRec: autoencoders meet collaborative filtering*, WWW: it keeps the decoder, and predicts stars (study 03b).
# - Liang, Krishnan, Hoffman and Jebara 2018, *Variational autoencoders for collaborative filtering*, WWW: the loss, and dropout on the input.
# - Steck 2019, *Embarrassingly shallow autoencoders for sparse data*, WWW: EASE.
# - Ferrari Dacrema, Cremonesi and Jannach 2019, *Are we really making much progress?*, RecSys: most networks lost to simple rivals that were tuned.
#
# **Before:** [02 Denoising](02_denoising.ipynb). **Next:** [04 Tied weights](04_tied_weights.ipynb). **Studies:** [Recommenders compared](studies/03a_recommenders_compared.ipynb), [ratings predicted](studies/03b_ratings_predicted.ipynb). **Assignment:** [Novel recommendations](../assignments/README.md).
