# %% [markdown]
# # 03b Ratings predicted
#
# [Lesson 03](../03_recommender.ipynb) asks who will watch a film. An older question is: **how many stars would somebody give it?** Does an autoencoder say that better than two numbers added? And do better stars make better lists?
#
# **Before you start:** [03 A recommender from movie embeddings](../03_recommender.ipynb)
#
# **Time:** MINUTES to read, SECONDS to run.

# %% [markdown]
# ## Setup

# %%
import logging
from itertools import pairwise

import keras
import numpy as np
import pandas as pd
from keras import layers, ops
from scipy.sparse import csr_array

from ae_helpers import plots
from ae_helpers.batches import SparseBatches
from ae_helpers.claims import claim
from ae_helpers.data import load_movielens
from ae_helpers.metrics import recall_at_k
from ae_helpers.models import Autoencoder
from ae_helpers.plots import show
from ae_helpers.ratings import only_rated, rating_matrix
from ae_helpers.recommenders import EASE, Popularity
from ae_helpers.splits import learns, measures, watch_splits

SEED = 0
LIKED = 4
keras.utils.set_random_seed(SEED)
logging.getLogger("tensorflow").setLevel("ERROR")  # no advice on speed between results

# %% [markdown]
# ## What is hidden, and how errors are measured
#
# Of all ratings, liked or not, a tenth is hidden for the **test**; of the others, a tenth is for **validation**. All methods learn from the rest, and choose their settings by validation ratings.
#
# With $\hat r_{iu}$ for the guess of what person $u$ gives film $i$, and the sum over the $n$ hidden ratings only,
#
# $$\mathrm{RMSE} = \sqrt{\frac{1}{n} \sum_{(i, u)} (r_{iu} - \hat r_{iu})^2},$$
#
# in stars. Guesses below half a star or above five are brought back to the scale, for all methods alike.

# %%
ratings, movies = only_rated(*load_movielens(), at_least=5)
users = np.sort(ratings["userId"].unique())
part = np.random.default_rng(SEED).choice(3, len(ratings), p=[0.81, 0.09, 0.1])
stars, valid, test = (
    rating_matrix(ratings[part == i], movies, users) for i in range(3)
)
splits = watch_splits(train=stars, valid=valid, test=test)
pd.Series({"train": stars.nnz, "valid": valid.nnz, "test": test.nnz}, name="ratings")


# %%
def on_scale(guesses):
    """Guesses of stars, none below half a star or above five."""
    return np.clip(guesses, 0.5, 5)


@measures
def squared_errors(hidden, guesses):
    """One for each hidden rating; `guesses` has a number for every cell."""
    films, people = hidden.tocoo().coords
    return np.square(hidden.data - guesses[films, people])


def on_valid(method):
    """RMSE of a method on validation ratings."""
    guesses = on_scale(method.fit(stars).guesses_)
    with splits.on_purpose("valid"):
        return np.sqrt(squared_errors(valid, guesses).mean())


# %% [markdown]
# ## Two numbers added
#
# Some films are better, some people kinder. So we guess
#
# $$\hat r_{iu} = \mu + b_i + b_u$$
#
# with the mean $\mu$, and a **bias** for each film and each person. Whoever has two ratings would get a wild one. So all are pulled towards 0, most where ratings are few: what is left over is summed, and divided by *number of ratings + strength*.


# %%
class Mean:
    """The mean of all ratings, for every cell."""

    @learns
    def fit(self, stars):
        self.guesses_ = np.full(stars.shape, stars.data.mean())
        return self


def pulled(places, left, size, strength):
    """For each place, the sum of what is left, by number + strength."""
    n = np.bincount(places, minlength=size)
    return np.bincount(places, left, size) / (n + strength)


class Biases:
    """The mean, a number for each film, and one for each person."""

    def __init__(self, strength):
        self.strength = strength

    @learns
    def fit(self, stars):
        films, people = stars.tocoo().coords
        mean, (n_films, n_people) = stars.data.mean(), stars.shape
        left, person = stars.data - mean, np.zeros(n_people)
        for _ in range(10):  # in turn, until neither changes
            film = pulled(films, left - person[people], n_films, self.strength)
            person = pulled(people, left - film[films], n_people, self.strength)
        self.guesses_ = mean + film[:, None] + person
        return self


of_biases = {strength: on_valid(Biases(strength)) for strength in (0.1, 1, 3, 10, 30)}
biases = Biases(min(of_biases, key=of_biases.get))
by_strength = pd.Series(of_biases, name="RMSE on validation ratings")
by_strength.rename_axis("strength").to_frame().round(4)

# %% tags=["nbval-check-output"]
claim("The best strength lies inside", 0.1, "<", biases.strength, "<", 30)
claim(
    "Two numbers err by less than a star", 0.8, "<", min(of_biases.values()), "<", 0.95
)

# %% [markdown]
# ## Factorisation
#
# What biases leave over may have a pattern: some like war films more than most do. So each film gets a vector $q_i$ of a few numbers, each person a vector $p_u$, and
#
# $$\hat r_{iu} = \mu + b_i + b_u + q_i \cdot p_u.$$
#
# If the films' vectors are known, each person's is a ridge regression on the films that the person rated; and the other way round. So we solve for one side after the other: *alternating least squares*.


# %%
def left_over(stars, guesses):
    """Ratings less a guess of each; empty cells stay empty."""
    films, people = stars.tocoo().coords
    left = stars.data - guesses[films, people]
    return csr_array((left, (films, people)), shape=stars.shape)


def regressed(left, vectors, strength):
    """For each row, the vector that says best what is left, by those of the columns."""
    found = np.zeros((left.shape[0], vectors.shape[1]))
    pull = strength * np.eye(vectors.shape[1])
    for row, (start, end) in enumerate(pairwise(left.indptr)):
        v = vectors[left.indices[start:end]]
        found[row] = np.linalg.solve(v.T @ v + pull, v.T @ left.data[start:end])
    return found


class Factors:
    """What `first` leaves over, as scalar products of two vectors of `size` numbers."""

    def __init__(self, first, size, strength):
        self.first, self.size, self.strength = first, size, strength

    @learns
    def fit(self, stars):
        guesses = self.first.fit(stars).guesses_
        left = left_over(stars, guesses)
        people_first = left.T.tocsr()
        film = 0.1 * np.random.default_rng(SEED).normal(
            size=(stars.shape[0], self.size)
        )
        for _ in range(8):
            person = regressed(people_first, film, self.strength)
            film = regressed(left, person, self.strength)
        self.guesses_ = guesses + film @ person.T
        return self


of_factors = {
    (size, strength): on_valid(Factors(biases, size, strength))
    for size in (4, 16)
    for strength in (8, 12, 16, 24)
}
factors = Factors(biases, *min(of_factors, key=of_factors.get))
by_setting = pd.Series(of_factors, name="RMSE on validation ratings")
by_setting.rename_axis(["size", "strength"]).unstack().round(4)

# %% [markdown]
# ## AutoRec
#
# A film's row of stars goes through an autoencoder, and the decoder's output, unlike in the lesson, is what we want: a guess for each person. An empty cell has no stars, so nothing can be asked of it: it is **masked**, left out of the loss. For film $i$, with $U_i$ for those who rated it and $x_i$ for what they gave (less a first guess),
#
# $$L_i = \sum_{u \in U_i} (x_{iu} - \hat x_{iu})^2, \qquad \hat x_i = g(f(x_i)).$$
#
# This is AutoRec in its form for items (Sedhain and others 2015), with dropout instead of a penalty on the weights. Validation ratings choose what is taken off first (the mean, or what biases say), how many hidden units there are, and how much of the input is dropped.


# %%
def masked(y_true, y_pred):
    """Squared error, summed over filled cells only."""
    filled = ops.cast(y_true != 0, y_pred.dtype)
    return ops.sum(filled * ops.square(y_true - y_pred), axis=-1)


class AutoRec:
    """What `first` leaves over, through an autoencoder with one hidden layer."""

    def __init__(self, first, units, dropout, *, loss=masked):
        self.first, self.units, self.dropout, self.loss = first, units, dropout, loss

    @learns
    def fit(self, stars):
        guesses, n_people = self.first.fit(stars).guesses_, stars.shape[1]
        x = left_over(stars, guesses)
        encoder = keras.Sequential(
            [
                keras.Input((n_people,)),
                layers.Dropout(self.dropout),
                layers.Dense(self.units, "sigmoid"),
            ]
        )
        decoder = keras.Sequential([keras.Input((self.units,)), layers.Dense(n_people)])
        autoencoder = Autoencoder(encoder, decoder)
        batches = SparseBatches(x, x, batch_size=128, shuffle=True, seed=SEED)
        rate = keras.optimizers.schedules.CosineDecay(5e-3, EPOCHS * len(batches))
        autoencoder.compile(keras.optimizers.Adam(rate), self.loss)
        autoencoder.fit(batches, epochs=EPOCHS, verbose=0)
        self.guesses_ = guesses + autoencoder.predict(SparseBatches(x), verbose=0)
        return self


EPOCHS = 15
of_autorec = {
    (name, units, dropout): on_valid(AutoRec(first, units, dropout))
    for name, first in {"mean": Mean(), "biases": biases}.items()
    for units in (32, 128)
    for dropout in (0.5, 0.8)
}
(first, *setting) = min(of_autorec, key=of_autorec.get)
autorec = AutoRec({"mean": Mean(), "biases": biases}[first], *setting)
by_setting = pd.Series(of_autorec, name="RMSE on validation ratings")
by_setting.rename_axis(["taken off first", "units", "dropout"]).unstack().round(4)

# %% [markdown]
# ## The comparison
#
# **Predict:** the mean errs by about a star. By how much will the others?
#
# All with the settings chosen, on the test ratings. Ratings of one person are alike, so the intervals come from drawing *people* with replacement, the same ones for all methods.

# %%
methods = {
    "mean": Mean(),
    "biases": biases,
    "factorisation": factors,
    "AutoRec": autorec,
}
guesses = {
    name: on_scale(method.fit(stars).guesses_) for name, method in methods.items()
}
guesses["the last two, averaged"] = (guesses["factorisation"] + guesses["AutoRec"]) / 2
errors = {name: squared_errors(test, guess) for name, guess in guesses.items()}
rmse = {name: np.sqrt(error.mean()) for name, error in errors.items()}

# %%
n_people, (films, people) = len(users), test.tocoo().coords
n_hidden = np.bincount(people, minlength=n_people)
draws = np.random.default_rng(SEED).multinomial(
    n_people, np.full(n_people, 1 / n_people), size=2000
)  # how often each person is drawn
drawn = {
    name: np.sqrt(draws @ np.bincount(people, error, n_people) / (draws @ n_hidden))
    for name, error in errors.items()
}
more = {name: drawn[name] - drawn["AutoRec"] for name in guesses}
table, interval = {}, {}
for name in guesses:
    low, high = np.percentile(drawn[name], [2.5, 97.5])
    interval[name] = np.percentile(more[name], [2.5, 97.5])
    table[name] = {
        "RMSE": f"{rmse[name]:.3f}",
        "95 % interval": f"{low:.3f} to {high:.3f}",
        "more than AutoRec": f"{rmse[name] - rmse['AutoRec']:+.4f}",
        "its interval": "{:+.4f} to {:+.4f}".format(*interval[name]),
    }
table["AutoRec"] |= {"more than AutoRec": "", "its interval": ""}
pd.DataFrame(table).T

# %% tags=["nbval-check-output"]
lowest = min(guess.min() for guess in guesses.values())
highest = max(guess.max() for guess in guesses.values())
claim("All guesses are on the scale", 0.5, "<=", lowest, "<", highest, "<=", 5)
claim("The mean errs by a star", 1.0, "<", rmse["mean"], "<", 1.1)
claim("Two numbers added err less", 0.84, "<", rmse["biases"], "<", 0.9)
claim(
    "Factorisation a little less",
    rmse["biases"] - 0.03, "<", rmse["factorisation"], "<", rmse["biases"] - 0.005,
)  # fmt: skip
claim(
    "AutoRec as little as factorisation",
    rmse["factorisation"] - 0.01, "<", rmse["AutoRec"],
    "<", rmse["factorisation"] + 0.01,
)  # fmt: skip
claim("Two numbers err more than AutoRec, beyond chance", interval["biases"][0], ">", 0)
both = rmse["the last two, averaged"]
claim("The average of the two errs least", both, "<", rmse["factorisation"] - 0.001)
splits.check()

# %% [markdown]
# **What to notice.** AutoRec errs less than two numbers added, and that is more than chance. But a factorisation, a page of linear algebra, errs as little. Their average errs least, for they don't make the same mistakes. And all leads are small beside what is left: more than eight tenths of a star, which none of them can say.
#
# ## Where the errors are
#
# Test ratings, by the number of training ratings that their film has. **Predict:** where does AutoRec gain most on two numbers: where films have many ratings, or few?

# %%
raters, learned = np.diff(stars.indptr), ("biases", "factorisation", "AutoRec")
groups = pd.cut(raters[films], [0, 5, 10, 20, 40, 80, np.inf], right=False)
middles = pd.Series(raters[films]).groupby(groups, observed=True).mean()
by_raters = {
    name: np.sqrt(pd.Series(errors[name]).groupby(groups, observed=True).mean())
    for name in learned
}
show(
    plots.plot_lines(
        {name: (middles, curve) for name, curve in by_raters.items()},
        xlabel="training ratings of the film (mean of each group)",
        ylabel="RMSE in stars",
        log="x",
    ),
    alt="RMSE over the number of ratings that a film has. All three fall; "
    "factorisation and AutoRec lie below biases, clearly so for films with many "
    "ratings.",
)

# %% tags=["nbval-check-output"]
gain = by_raters["biases"].to_numpy() - by_raters["AutoRec"].to_numpy()
claim(
    "AutoRec gains more where films have many ratings", gain[-1], ">", gain[0] + 0.005
)

# %% [markdown]
# **What to notice.** All err most where a film has few ratings. There the three are nearer to each other; where there are many, there is more of a pattern to be learned.
#
# ## Would more ratings help?
#
# A quarter and a half of the training ratings, with the settings that were chosen for all.


# %%
def a_part(stars, share):
    """Some of the ratings, drawn at random."""
    films, people = stars.tocoo().coords
    stay = np.random.default_rng(SEED).random(stars.nnz) < share
    cells = (films[stay], people[stay])
    return csr_array((stars.data[stay], cells), shape=stars.shape)


shares = (0.25, 0.5, 1.0)
by_share = {name: [] for name in learned}
for share in shares[:-1]:
    part = a_part(stars, share)
    for name in learned:
        guess = on_scale(methods[name].fit(part).guesses_)
        by_share[name].append(np.sqrt(squared_errors(test, guess).mean()))
for name in learned:
    by_share[name].append(rmse[name])
show(
    plots.plot_lines(
        {name: ([s * stars.nnz for s in shares], by_share[name]) for name in learned},
        xlabel="training ratings",
        ylabel="RMSE in stars",
        log="x",
    ),
    alt="RMSE over the number of training ratings: three falling curves, level with a "
    "quarter of them; with all, factorisation and AutoRec are below biases.",
)

# %% tags=["nbval-check-output"]
few = {name: values[0] for name, values in by_share.items()}
claim(
    "With a quarter, nothing leads two numbers by much",
    min(few["factorisation"], few["AutoRec"]), ">", few["biases"] - 0.006,
)  # fmt: skip

# %% [markdown]
# **What to notice.** With a quarter of the ratings, two numbers are as good as anything: there is no pattern to be seen yet, and the factorisation's vectors are pulled to 0. With all, both others lead. (Settings chosen for few ratings might help them there.) On MovieLens 1M, ten times as many, Sedhain and others report 0.831 for AutoRec.
#
# ## Do better stars make better lists?
#
# Recommend to each person the 20 films with the highest guesses, of those that the person has not rated. The hidden likes (four stars or more among the test ratings) are to be found. Beside them, popularity and EASE, with its strength chosen on validation likes, both of which see nothing but who rated what; and the same AutoRec, with the settings that it has, but nothing masked: an empty cell counts as **0 stars**, which is nonsense as a rating.
#
# **Predict:** which comes first, and which last?


# %%
class Nothing:
    """Zero stars for every cell."""

    @learns
    def fit(self, stars):
        self.guesses_ = np.zeros(stars.shape)
        return self


def listed(scores, seen):
    """Scores, films x people, turned; minus infinity for what a person has rated."""
    scores = np.array(scores.T, float)
    scores[seen.T.nonzero()] = -np.inf
    return scores


def likes_of(stars):
    """Who likes what: people x films."""
    return (stars.T >= LIKED).astype(np.float32)


of_ease = {}
for strength in (100, 300, 900, 2700):
    with splits.on_purpose("valid"):
        scores = EASE(strength).fit(stars.T).score(likes_of(stars))
        found = recall_at_k(
            listed(scores.T, stars), likes_of(valid).toarray() > 0, k=20
        )
        of_ease[strength] = np.nanmean(found)
ease = EASE(max(of_ease, key=of_ease.get)).fit(stars.T)
filled = AutoRec(Nothing(), *setting, loss="mse").fit(stars)

# %%
scores = {name: methods[name].guesses_ for name in learned}
scores["AutoRec, empty as 0 stars"] = filled.guesses_
scores["popularity"] = Popularity().fit(stars.T).score(likes_of(stars)).T
scores["EASE"] = ease.score(likes_of(stars)).T
of_lists = {}
for name, score in scores.items():
    score = listed(score, stars + valid)
    lists = np.argsort(-score, axis=1, kind="stable")[:, :20]
    found = recall_at_k(score, likes_of(test).toarray() > 0, k=20)
    of_lists[name] = {
        "RMSE": rmse.get(name, np.nan),
        "recall@20": np.nanmean(found),
        "ratings of a listed film (median)": np.median(raters[lists]),
    }
filled_errors = squared_errors(test, on_scale(filled.guesses_))
of_lists["AutoRec, empty as 0 stars"]["RMSE"] = np.sqrt(filled_errors.mean())
of_lists = pd.DataFrame(of_lists).T
of_lists.round(3)

# %% tags=["nbval-check-output"]
recall, wrong = of_lists["recall@20"], of_lists.loc["AutoRec, empty as 0 stars"]
by_stars = recall[list(learned)].max()
claim("Popularity finds a sixth", 0.14, "<", recall["popularity"], "<", 0.2)
claim("EASE a third", 0.3, "<", recall["EASE"], "<", 0.38)
claim("Lists by stars find less", by_stars, "<", 0.6 * recall["popularity"])
claim("With 0 stars in empty cells, AutoRec errs wildly", wrong["RMSE"], ">", 2)
claim("Its lists are good", wrong["recall@20"], ">", 1.4 * recall["popularity"])
splits.check()

# %% [markdown]
# **What to notice.** The order is turned round. Who guesses stars well makes lists that find hardly anything. The same network with nonsense in the empty cells errs by almost three stars, and its lists are nearly as good as EASE's.
#
# Why? Guessed stars answer: how many, *if* this person rates the film? On top stand films that are praised by whoever has seen them, much the same for everybody. But people choose what they watch, and *what* they choose says more about what they will like than how many stars they gave. That stands in the empty cells, which the mask leaves out.
#
# One person's lists (the first with five hidden likes or more), the hidden likes ticked. Is the first list a bad one? This person might enjoy all of it; recall counts what people had found by themselves.

# %%
hidden = likes_of(test).toarray() > 0
person = np.flatnonzero(hidden.sum(axis=1) >= 5)[0]
titles = movies["title"].to_numpy()
chosen = {
    "by AutoRec's stars": "AutoRec",
    "AutoRec, empty as 0 stars": "AutoRec, empty as 0 stars",
    "EASE": "EASE",
}
columns = {
    heading: titles[np.argsort(-listed(scores[name], stars + valid)[person])[:10]]
    for heading, name in chosen.items()
}
show(
    plots.plot_lists(columns, ticked=titles[hidden[person]], width=36),
    alt="Ten films each for one person. By AutoRec's stars: "
    + ", ".join(columns["by AutoRec's stars"])
    + ". The other two lists hold films that are better known, some of them ticked.",
)

# %% [markdown]
# ## What stands
#
# On these hundred thousand ratings, AutoRec guesses stars a little better than two numbers added, and as well as a factorisation. It does so for films with many ratings, and needs many in all. Both guess stars well and recommend badly: whether empty cells are masked depends on the question. *How many stars?* needs the mask. *What next?* must do without.
#
# ## Where it comes from
#
# - Koren, Bell and Volinsky 2009, *Matrix factorization techniques for recommender systems*, Computer 42:30: biases and factorisation.
# - Marlin and Zemel 2009, *Collaborative prediction and ranking with non-random missing data*, RecSys: people choose what they rate.
# - Cremonesi, Koren and Turrin 2010, *Performance of recommender algorithms on top-N recommendation tasks*, RecSys: with zeros in the empty cells, lists get better.
# - Sedhain, Menon, Sanner and Xie 2015, *AutoRec: autoencoders meet collaborative filtering*, WWW.
# - Rendle, Zhang and Koren 2019, *On the difficulty of evaluating baselines*, arXiv:1905.01395: simple rivals, tuned with care, beat much that came later.
#
# **Back to** [03 A recommender from movie embeddings](../03_recommender.ipynb).
