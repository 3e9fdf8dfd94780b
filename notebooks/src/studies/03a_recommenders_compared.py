# %% [markdown]
# # 03a Recommenders compared
#
# [Lesson 03](../03_recommender.ipynb) says that an autoencoder of films recommends as well as EASE. With which loss, against which rivals, and does it hold over several splits, and when the future is to be foretold?
#
# **Before you start:** [03 A recommender from movie embeddings](../03_recommender.ipynb)
#
# **Time:** MINUTES to read, SECONDS to run.

# %% [markdown]
# ## Setup
#
# Data, splits, inputs and training are those of the lesson. All numbers are recall@20 unless another measure is named.

# %%
import logging

import keras
import numpy as np
import pandas as pd
from keras import ops
from sklearn.manifold import TSNE

from ae_helpers import plots
from ae_helpers.batches import SparseBatches
from ae_helpers.claims import claim
from ae_helpers.data import load_movielens, load_table
from ae_helpers.losses import multinomial_loss
from ae_helpers.metrics import bootstrap_interval, recall_at_k
from ae_helpers.models import item_autoencoder
from ae_helpers.plots import show
from ae_helpers.ratings import (
    genre_vectors,
    hold_out_likes,
    inverse_user_frequency,
    only_rated,
    rating_matrix,
    unit_rows,
    weighted,
)
from ae_helpers.recommenders import (
    EASE,
    SVD,
    Cosine,
    Embeddings,
    Popularity,
    judge,
    unseen_scores,
)
from ae_helpers.splits import watch_splits

SEED = 0
LIKED = 4
keras.utils.set_random_seed(SEED)
logging.getLogger("tensorflow").setLevel("ERROR")  # no advice on speed between results

# %%
ratings, movies = only_rated(*load_movielens(), at_least=5)
users = np.sort(ratings["userId"].unique())


def stars_of(table):
    """Who gave which film how many stars: sparse, films x people."""
    return rating_matrix(table, movies, users)


known_ratings, test_likes = hold_out_likes(ratings, liked=LIKED, seed=SEED)
train_ratings, valid_likes = hold_out_likes(known_ratings, liked=LIKED, seed=SEED + 1)
stars, valid = stars_of(train_ratings), stars_of(valid_likes)
known, test = stars_of(known_ratings), stars_of(test_likes)
splits = watch_splits(train=stars, valid=valid, test=test)
GENRES = genre_vectors(movies)


def inputs_of(stars):
    """Each film's ratings, people weighted, scaled to length 1."""
    return unit_rows(weighted(stars, inverse_user_frequency(stars)))


def train(x, y, sizes, *, loss=multinomial_loss, rate=8e-3, activation=None):
    """A network of `sizes` (hidden units, numbers of the code, epochs), trained."""
    hidden_size, latent_dim, epochs = sizes
    model = item_autoencoder(
        len(users), latent_dim, hidden_size, output_activation=activation
    )
    batches = SparseBatches(x, y, batch_size=128, shuffle=True, seed=SEED)
    steps = epochs * len(batches)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, 0.9 * steps, warmup_target=rate, warmup_steps=steps // 10
    )
    model.compile(keras.optimizers.Adam(schedule), loss)
    model.fit(batches, epochs=epochs, verbose=0)
    return model


SMALL, LESSON = (256, 64, 8), (512, 128, 15)


def on_valid(recommender):
    """Mean recall on validation likes."""
    with splits.on_purpose("valid"):
        scores = unseen_scores(recommender, stars.T, liked=LIKED)
        return np.nanmean(recall_at_k(scores, valid.T.toarray() > 0, k=20))


# %% [markdown]
# ## Which loss?
#
# Three other losses ask about each cell by itself: is it filled? how many stars, if empty cells have 0? how many, if empty cells are **masked**, that is left out of the sum? A rate that is right for one loss is wrong for another, so each got three. And a network can be judged in two ways: by the cosine of its codes, and by what its decoder says. `make choose` tries them on a small network and wrote this table (validation likes, one training each).

# %%
choice = load_table("recommender_choice")
choice.pivot(index=["loss", "rate"], columns="judged by", values="recall@20").round(3)

# %% [markdown]
# Again, here, each loss at its best rate, by its codes. Beside them, what raw and weighted cosine reach without a network.


# %%
def masked(y_true, y_pred):
    """Squared error of filled cells only, over ten (for gradients of a good size)."""
    observed = ops.cast(y_true != 0, y_pred.dtype)
    return ops.sum(observed * ops.square(y_true - y_pred), axis=-1) / 10


x = inputs_of(stars)
rated = (stars > 0).astype(np.float32)
LOSSES = {
    "multinomial": {"y": x},
    "each cell, rated or not": {
        "y": rated,
        "loss": "binary_crossentropy",
        "activation": "sigmoid",
    },
    "each cell, empty as 0 stars": {"y": stars, "loss": "mse"},
    "stars of filled cells only": {"y": stars, "loss": masked},
}
by_codes = choice[choice["judged by"] == "codes"]
best_rows = by_codes.loc[by_codes.groupby("loss")["recall@20"].idxmax()]
rates = best_rows.set_index("loss")["rate"]
by_loss = {}
for name, options in LOSSES.items():
    model = train(x, sizes=SMALL, rate=rates[name], **options)
    by_loss[name] = on_valid(Embeddings(model.encode).fit(x.T))
by_loss["(raw cosine)"] = on_valid(Cosine().fit(stars.T))
by_loss["(weighted cosine)"] = on_valid(Cosine(weigh_users=True).fit(stars.T))
pd.Series(by_loss).to_frame("recall@20 on validation likes").round(3)

# %% tags=["nbval-check-output"]
multinomial, per_cell, squared_codes, filled = (by_loss[name] for name in LOSSES)
raw = by_loss["(raw cosine)"]
claim(
    "Two losses make poor codes, worse than raw cosine",
    max(per_cell, filled), "<", raw - 0.05,
)  # fmt: skip
claim(
    "The multinomial loss and the squared error make good ones",
    min(multinomial, squared_codes), ">", raw - 0.02,
)  # fmt: skip

# %% [markdown]
# **What to notice.** Whoever leaves the empty cells out never learns *who rates what*, and that is what the likes of tomorrow hang on. With cross-entropy for each cell, 97 of 100 cells say "no" and weigh as much as a "yes". Zeros in the empty cells are wrong as ratings; but as every rating is far above 0, such a network learns mostly who rates what, and its decoder is the best of the table. (A rate of 0.02 gave it less.)
#
# ## Weights, and the target
#
# One change at a time, in the same small network.

# %%
unweighted = unit_rows(stars)
liked = unit_rows((stars >= LIKED).astype(np.float32) + 1e-6 * rated)
variants = {
    "as in the lesson": (x, x),
    "people not weighted": (unweighted, unweighted),
    "target: rated or not": (x, unit_rows(rated)),
    "target: liked or not": (x, liked),
}
by_variant = {
    name: on_valid(Embeddings(train(x_in, y, SMALL).encode).fit(x_in.T))
    for name, (x_in, y) in variants.items()
}
pd.Series(by_variant).to_frame("recall@20 on validation likes").round(3)

# %% [markdown]
# **What to notice.** With one split and one training each, differences of 0.01 mean little.
#
# ## The rivals, each at its best
#
# - **SVD**: films as rows with weighted people, reduced by a truncated singular value decomposition: *linear* embeddings. Its size is chosen on validation likes.
# - **EASE**, its strength chosen in the same way.

# %%
SIZES, STRENGTHS = (64, 128, 256, 400), (100, 300, 700, 1500)
of_svd = pd.Series(
    {size: on_valid(SVD(size, weigh_users=True).fit(stars.T)) for size in SIZES}
)
of_ease = pd.Series(
    {strength: on_valid(EASE(strength).fit(stars.T)) for strength in STRENGTHS}
)
pd.DataFrame({"SVD, by size": of_svd, "EASE, by strength": of_ease}).round(3)

# %% tags=["nbval-check-output"]
claim("SVD wants more than 64 numbers", of_svd.idxmax(), ">", 64)
claim("EASE's best strength lies inside", 100, "<", of_ease.idxmax(), "<", 1500)

# %% [markdown]
# ## The comparison
#
# All learn from the training likes and are measured on the test likes. Beside recall: **NDCG** counts hits at the top of a list more; **genre coherence** is the mean cosine of the genres of a film and its ten nearest (no method sees genres); the **share of the catalogue** that is recommended to anybody; and the **popularity** of what is recommended.

# %%
autoencoder = train(x, x, LESSON)
recommenders = {
    "popularity": (Popularity(), stars),
    "cosine": (Cosine(), stars),
    "weighted cosine": (Cosine(weigh_users=True), stars),
    "weighted SVD": (SVD(int(of_svd.idxmax()), weigh_users=True), stars),
    "EASE": (EASE(int(of_ease.idxmax())), stars),
    "autoencoder": (Embeddings(autoencoder.encode), x),
}
measured = {}
for name, (recommender, seen) in recommenders.items():
    recommender.fit(seen.T)
    measured[name] = judge(recommender, known.T, test.T, genres=GENRES, liked=LIKED)
means = pd.DataFrame(
    {
        name: {key: pd.Series(value).mean() for key, value in values.items()}
        for name, values in measured.items()
    }
).T
means.round(3)

# %%
leads = {}
for name, values in measured.items():
    lead = measured["autoencoder"]["recall@20"] - values["recall@20"]
    low, high = bootstrap_interval(lead, seed=SEED)
    leads[name] = {"value": np.nanmean(lead), "low": low, "high": high}
leads = pd.DataFrame(leads).T.drop("autoencoder")
show(
    plots.plot_intervals(
        leads,
        xlabel="the autoencoder's lead in recall@20, 95 % interval over people",
        title="Person by person, one split",
    ),
    alt="Five dots with intervals: a large lead over popularity, smaller ones over "
    "cosine, weighted cosine and SVD; about 0 over EASE.",
)

# %% tags=["nbval-check-output"]
recall = means["recall@20"]
claim("Popularity finds a sixth", 0.15, "<", recall["popularity"], "<", 0.2)
claim("Raw cosine finds more", 0.25, "<", recall["cosine"], "<", 0.31)
claim("Weighted cosine still more", 0.29, "<", recall["weighted cosine"], "<", 0.35)
claim("Weighted SVD as much", 0.29, "<", recall["weighted SVD"], "<", 0.36)
claim("EASE a third", 0.3, "<", recall["EASE"], "<", 0.36)
claim("Raw cosine is behind beyond chance", leads.loc["cosine", "low"], ">", 0)
claim(
    "EASE is level, within 0.025",
    -0.025, "<", leads.loc["EASE", "value"], "<", 0.025,
)  # fmt: skip
share = means["share of catalogue"]
claim(
    "The autoencoder's lists show more films than EASE's",
    share["autoencoder"], ">", 1.1 * share["EASE"],
)  # fmt: skip

# %% [markdown]
# **What to notice.** Scored in the same way, by likes alone, the autoencoder's codes are ahead of everything but EASE, which leads in NDCG. (EASE's weights transposed, a slip easily made, change its recall by less than 0.002: no recall notices it.) What a user would notice: its lists show more of the catalogue than EASE's. Popular films fill the lists of all methods; most films are recommended to nobody.
#
# ## The decoder, mended
#
# A decoder's shares $p(u \mid i)$ compare people for one film. A list compares films for one person, $p(i \mid u)$, and Bayes' rule leads from one to the other: $p(i \mid u) \propto p(u \mid i)\, p(i)$, where $p(i)$ is the film's part of all ratings.
#
# With a squared error there is nothing to mend: each output is a guess of stars, on one scale for all films, and rarely seen films get low ones. As in AutoRec, such a decoder is kept. Here is one, smaller, trained on stars with 0 in the empty cells.

# %%
logits = autoencoder.predict(SparseBatches(x), verbose=0)
shares = logits - np.array(ops.logsumexp(logits, axis=1, keepdims=True))
raters = np.maximum(np.diff(stars.indptr), 1)
squared = train(x, stars, SMALL, loss="mse")
guessed_stars = squared.predict(SparseBatches(x), verbose=0).T


def test_recall(scores):
    """Recall of scores, people x films, on the test likes; one number a person."""
    scores = np.array(scores, float)
    scores[known.T.nonzero()] = -np.inf
    return recall_at_k(scores, test.T.toarray() > 0, k=20)


def standardised(scores):
    """Each person's scores with mean 0 and deviation 1."""
    deviation = np.maximum(scores.std(axis=1, keepdims=True), 1e-9)
    return (scores - scores.mean(axis=1, keepdims=True)) / deviation


by_bayes = (shares + np.log(raters)[:, None]).T
likes = (known.T >= LIKED).astype("float32")
by_codes = likes @ recommenders["autoencoder"][0].similarity_
mixed = 0.6 * standardised(by_codes) + 0.4 * standardised(guessed_stars)
ways = {
    "multinomial decoder, as it is": logits.T,
    "... by Bayes' rule": by_bayes,
    "decoder of the squared error": guessed_stars,
    "codes (the lesson's way)": by_codes,
    "codes and decoder of the squared error": mixed,
}
by_way = {name: test_recall(scores) for name, scores in ways.items()}
of_way = {name: np.nanmean(values) for name, values in by_way.items()}
pd.Series(of_way).to_frame("recall@20").round(3)

# %% tags=["nbval-check-output"]
plain, bayes, of_stars, coded, both = of_way.values()
claim("As it is, a multinomial decoder is useless", plain, "<", 0.5 * bayes)
claim("Mended, it is not", bayes, ">", 0.75 * coded)
claim("The decoder of the squared error serves", of_stars, ">", 0.85 * coded)
claim("Codes and that decoder together are no worse", both, ">", coded - 0.005)
splits.check()

# %% [markdown]
# **What to notice.** A code and a decoder know different things: one which films are alike, the other how much each person watches of what. Their standardised scores add up.
#
# ## Can autoencoders lead?
#
# Each method at its best, on five splits of the likes (`make choose`). On each split, every method chose its settings by validation likes; then it learned from training and validation likes, and was measured on the test likes. The settings that it could choose from:
#
# - weighted cosine: what is rated, but not liked, counts 0 or 0.3 in a user's score;
# - weighted SVD: 128, 256 or 400 numbers;
# - EASE: strengths 200, 400, 800, 1600, each with both counts;
# - autoencoder: one training with the multinomial loss; codes alone, or with its decoder by Bayes' rule, at two or three weights;
# - decoder, squared error: one training;
# - five autoencoders: the codes of two networks, the decoders of three; the weight of the decoders.
#
# So EASE had eight settings, the autoencoder seven, the five together three.

# %%
people = load_table("recommender_splits")
methods = list(people.columns.drop(["split", "person"]))
people.groupby("split")[methods].mean().T.round(3)

# %%
settings = load_table("recommender_settings")
settings.pivot(index="method", columns="split", values="setting")

# %% [markdown]
# Is a lead more than chance? We take the mean over the splits for each person, then the leads person by person, and bootstrap over people.

# %%
of_person = people.groupby("person")[methods].mean()
OURS = "five autoencoders"
leads = {}
for ours in ("autoencoder", OURS):
    for rival in ("weighted cosine", "weighted SVD", "EASE"):
        lead = (of_person[ours] - of_person[rival]).to_numpy()
        low, high = bootstrap_interval(lead, seed=SEED)
        leads[f"{ours}\nover {rival}"] = {
            "value": lead.mean(),
            "low": low,
            "high": high,
        }
leads = pd.DataFrame(leads).T
show(
    plots.plot_intervals(
        leads,
        xlabel="lead in recall@20, with 95 % interval over people",
        title="Each method at its best",
    ),
    alt="Six leads with intervals: of one autoencoder, and of five together, over "
    "weighted cosine, weighted SVD and EASE.",
)

# %% [markdown]
# **What to notice.** One autoencoder, its codes and its own mended decoder added up, leads EASE by a little: on four splits of five, and by more than chance in the mean. (EASE gained from a rule that the lesson does not give it: films rated below a like count a little in a user's score.) Five autoencoders together lead by more, on each split; their codes and decoders are different views of the same ratings, and their errors cancel in part.
#
# Is that fair? EASE has nothing to average, as its solution is unique, and costs seconds; five networks cost a minute. We did not tune the networks' sizes on each split, and blended no rivals with each other; and this is one small data set.
#
# ## The last fifth instead of any fifth
#
# A fifth at random is kind: of somebody's films of one evening, most are known. In use, all that is known is the past. Now each person's *last* likes are hidden.


# %%
def last_likes(ratings, share):
    """The last likes of each person, as `hold_out_likes` would take at random."""
    likes = ratings[ratings["rating"] >= LIKED].sort_values("timestamp", kind="stable")
    of_user = likes.groupby("userId")["movieId"]
    from_end = of_user.cumcount(ascending=False)
    held = likes[from_end < np.floor(of_user.transform("size") * share + 1e-9)]
    return ratings.drop(held.index), held


earlier_ratings, later_likes = last_likes(ratings, 0.2)
earlier, later = stars_of(earlier_ratings), stars_of(later_likes)

# %%
splits = watch_splits(train=earlier, valid=0 * earlier, test=later)
x_earlier = inputs_of(earlier)
by_time = {
    "popularity": Popularity().fit(earlier.T),
    "weighted cosine": Cosine(weigh_users=True).fit(earlier.T),
    "EASE": EASE(int(of_ease.idxmax())).fit(earlier.T),
    "autoencoder": Embeddings(train(x_earlier, x_earlier, LESSON).encode).fit(
        x_earlier.T
    ),
}
time_recall = {
    name: np.nanmean(judge(model, earlier.T, later.T, liked=LIKED)["recall@20"])
    for name, model in by_time.items()
}
pd.DataFrame({"any fifth": recall, "the last fifth": time_recall}).dropna().round(3)

# %% tags=["nbval-check-output"]
claim(
    "The future is harder for all",
    max(time_recall.values()), "<", 0.9 * recall.max(),
)  # fmt: skip

# %% [markdown]
# **What to notice.** All methods lose much, for tastes and films change. Which of two methods leads at random need not lead here, so choose with the split that resembles the use.
#
# ## A map of films
#
# t-SNE draws the embeddings of the most rated films in the plane, so that near ones stay near. What does it show? Genres, or years? We colour by decade, and compare: how near are a film's ten nearest in years, and in genres?

# %%
most_rated = np.argsort(-raters, kind="stable")[:600]
codes = autoencoder.encode(x)[most_rated]
plane = TSNE(metric="cosine", init="pca", random_state=SEED).fit_transform(codes)
year = movies["year"].iloc[most_rated].astype(float)
decades = np.where(year < 1970, "before 1970", (year // 10 * 10).map("{:.0f}s".format))
FAMOUS = ["Toy Story (1995)", "The Matrix (1999)", "Casablanca (1942)", "Alien (1979)"]
place = {title: row for row, title in enumerate(movies["title"].iloc[most_rated])}
show(
    plots.plot_map(
        plane,
        decades,
        {place[t]: t.split(" (")[0] for t in FAMOUS if t in place},
        title="The 600 most rated films, placed by who rated them",
    ),
    alt="A cloud of dots coloured by decade. Films of one decade lie together, from "
    "the oldest at one side to the newest at the other.",
)

# %% tags=["nbval-check-output"]
distance = np.square(plane[:, None] - plane[None]).sum(axis=2)
ten = np.argsort(distance + 1e9 * np.eye(len(plane)), axis=1)[:, :10]
years = year.fillna(year.median()).to_numpy()
apart = np.median(np.abs(years[ten] - years[:, None]))
any_two = np.median(np.abs(years[:, None] - years[None]))
genres = GENRES[most_rated]
shared = np.einsum("ig,ikg->ik", genres, genres[ten]).mean()
shared_by_any = (genres @ genres.mean(axis=0)).mean()
claim("On the map, neighbours are of the same years", apart, "<", 0.7 * any_two)
claim("They share genres as well", shared, ">", 1.15 * shared_by_any)
splits.check()

# %% [markdown]
# **What to notice.** Above all it shows years: people rate what is new while they are there. Genres come second.
#
# ## What stands
#
# With a loss that compares people, or a squared error with zeros in the empty cells, an item autoencoder recommends about as well as EASE; with cross-entropy for each cell, or with the empty cells left out, it does not. A multinomial decoder needs Bayes' rule before it can recommend, one of the squared error does not. By its codes alone, one network is level with EASE. With its decoder's scores added it leads by a little, and several networks together lead clearly.
#
# **Back to** [03 A recommender from movie embeddings](../03_recommender.ipynb).
