# %% [markdown]
# # 05a Anomalies compared
#
# In [lesson 05](../05_anomalies.ipynb) stored pictures notice more unseen digits than an autoencoder does. Was that fair to all? **Which method notices unusual digits best, once all have their settings chosen, and what does its answer cost?**
#
# **Before you start:** [05 Anomalies](../05_anomalies.ipynb)
#
# **Time:** MINUTES to read, SECONDS to run.

# %% [markdown]
# ## Setup

# %%
import gc
import logging
import pickle
from timeit import repeat

import keras
import numpy as np
import pandas as pd
from scipy.ndimage import uniform_filter
from sklearn.datasets import load_breast_cancer
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.svm import OneClassSVM

from ae_helpers import plots
from ae_helpers.claims import claim
from ae_helpers.data import load_mnist
from ae_helpers.metrics import squared_error
from ae_helpers.models import dense_autoencoder
from ae_helpers.plots import show
from ae_helpers.splits import watch_splits

SEED = 0
DIGITS = range(10)
FALSE_ALARMS = 0.01
keras.utils.set_random_seed(SEED)
logging.getLogger("tensorflow").setLevel("ERROR")  # no advice on speed between results

# %% [markdown]
# ## Two tasks
#
# Each is done ten times, once for each digit:
#
# - **unseen**: nine digits are normal (2,000 training pictures of each), the tenth is the anomaly. That is the lesson's hard case.
# - **one class**: one digit is normal (4,900 training pictures), the nine others are anomalies. Much of what is published does this.
#
# A score is judged on 2,500 test digits by the mean **AUC** over the ten: the chance that an anomaly scores higher than a normal digit.

# %%
(x_train, y_train), (x_valid, y_valid), (x_test, y_test) = load_mnist()
x_valid, y_valid, x_test, y_test = x_valid[::2], y_valid[::2], x_test[::4], y_test[::4]
splits = watch_splits(train=x_train, valid=x_valid, test=x_test)
asked, labels = {"valid": x_valid, "test": x_test}, {"valid": y_valid, "test": y_test}
PICTURES = {"unseen": 2000, "one class": 4900}  # of each normal digit
places = [np.flatnonzero(y_train == digit) for digit in DIGITS]


def normal_in(task, digit):
    return [digit] if task == "one class" else [d for d in DIGITS if d != digit]


def pictures(digits, n):
    """The first n training pictures of each of these digits."""
    return x_train[np.concatenate([places[digit][:n] for digit in digits])]


def flat(x):
    return x.reshape(len(x), -1)


def area(normal, unusual):
    """AUC: the chance that an unusual one has the higher score."""
    return np.searchsorted(np.sort(normal), unusual).mean() / len(normal)


# %% [markdown]
# ## Six methods
#
# Each gives a picture a score, higher where it finds the picture more unusual; four of them have settings.
#
# - **ink**: how far the sum of all pixels is from its mean.
# - **PCA**: the squared error with 2 to 64 components.
# - **nearest**: the squared distance to the nearest training picture, or the mean over the 2, 4, 8 or 16 nearest. Two cheaper ways beside it: **nearest by PCA**, the distance between PCA's first 32 numbers (not searched), and **nearest of 1,000**, where only some 1,000 pictures are stored, as pixels or as PCA's 32 numbers.
# - **autoencoder**: the squared error of 784-128-**16**-128-784, the lesson's layers with another training. Not chosen as the others are: in a first look at validation digits, all ten as anomalies, 8, 32 and 64 numbers noticed less. So its numbers are a little too kind; rate and steps were not searched. All twenty tasks start from the same weights.
# - **isolation forest** (Liu and others 2008), 100 trees: how few random cuts part a picture from 256 others; on pixels, or on PCA's first 32 numbers.
# - **one-class SVM** (Schölkopf and others 2001): how far outside the region that holds nine tenths of the training pictures; on PCA's 32 numbers, or on the autoencoder's 16, with three widths of the kernel (that share was not searched). (Forest and SVM learn from 1,000 to 1,225 of the training pictures, spread over the digits.)

# %%
COMPONENTS = [2, 4, 8, 12, 16, 24, 32, 48, 64]
NEIGHBOURS = [1, 2, 4, 8, 16]
WIDTHS = [10, 30, 100]
VIEWS = ["pixels", "PCA"]
STEPS = 360


def pca_errors(pca, x):
    """With each number of COMPONENTS."""
    x = flat(x) - pca.mean_
    lost = np.square(x).sum(1)[:, None] - np.square(x @ pca.components_.T).cumsum(1)
    return {k: lost[:, k - 1] for k in COMPONENTS}


def squared_distances(a, b):
    """Between all rows of a and all rows of b: `(len(a), len(b))`."""
    a, b = flat(a), flat(b)
    return np.square(a).sum(1)[:, None] - 2 * a @ b.T + np.square(b).sum(1)


def to_nearest(a, stored):
    """In parts: all distances at once would take much memory."""
    parts = np.array_split(stored, 9)
    return np.min([squared_distances(a, part).min(1) for part in parts], axis=0)


def lowest(distances):
    """The 16 lowest of each row, in any order."""
    return np.partition(distances, 15)[:, :16].copy()  # a view would keep all


def means_of_lowest(distances):
    means = np.sort(lowest(distances)).cumsum(1) / np.arange(1, 17)
    return {k: means[:, k - 1] for k in NEIGHBOURS}


# %% [markdown]
# The distances to the pictures of one digit serve in all tasks where it is normal, so they are computed once. A network isn't built anew for each task, but gets its fresh weights back; its output starts from the mean picture of what is normal.

# %%
near = {}
for part, x in asked.items():
    for digit in DIGITS:
        distances = squared_distances(x, pictures([digit], PICTURES["one class"]))
        for task, n in PICTURES.items():
            near[task, part, digit] = lowest(distances[:, :n])


def compiled(model, steps):
    rate = keras.optimizers.schedules.CosineDecay(0.01, steps)
    model.compile(keras.optimizers.Adam(rate), loss="mse", steps_per_execution=20)
    model.optimizer.build(model.trainable_variables)
    return model


def train(model, known, steps):
    """In batches of 100, for about as many steps whatever is known."""
    mean = known.mean(axis=0).ravel().clip(0.01, 0.99)
    model.decoder.layers[-2].bias.assign(np.log(mean / (1 - mean)))
    known = keras.ops.convert_to_tensor(known)  # of an array, fit makes copies
    model.fit(known, known, epochs=100 * steps // len(known), batch_size=100, verbose=0)
    gc.collect()  # fit leaves circles that hold its data


network = compiled(dense_autoencoder(16, (128,)), STEPS)
state = [*network.variables, *network.optimizer.variables]
fresh = [keras.ops.convert_to_numpy(variable) for variable in state]


def train_anew(known):
    """The network from its fresh weights."""
    for variable, value in zip(state, fresh, strict=True):
        variable.assign(value)
    train(network, known, STEPS)


def error(x):
    return squared_error(x, network.reconstruct(x, batch_size=500))


# %%
def fit_all(known):
    """All methods but the nearest in pixels."""
    train_anew(known)
    pca = PCA(64, svd_solver="covariance_eigh").fit(flat(known))
    by = {
        "pixels": flat,
        "PCA": lambda x: pca.transform(flat(x))[:, :32],
        "codes": lambda x: network.encode(x, batch_size=500),
    }
    some = known[:: len(known) // 1000]
    seen = {k: view(some) for k, view in by.items()}
    forests = {k: IsolationForest(random_state=SEED).fit(seen[k]) for k in VIEWS}
    svms = {
        (k, width): OneClassSVM(nu=0.1, gamma=width / (z[0].size * z.var())).fit(z)
        for k, z in (("PCA", seen["PCA"]), ("codes", seen["codes"]))
        for width in WIDTHS
    }
    return flat(known).sum(1).mean(), pca, by, by["PCA"](known), seen, forests, svms


def all_scores(fitted, x):
    """By method and setting: an array of scores."""
    ink, pca, by, all_by_pca, seen, forests, svms = fitted
    z = {k: view(x) for k, view in by.items()}
    return {
        "ink": {"–": np.abs(flat(x).sum(1) - ink)},
        "PCA": pca_errors(pca, x),
        "nearest by PCA": {32: to_nearest(z["PCA"], all_by_pca)},
        "nearest of 1,000": {k: to_nearest(z[k], seen[k]) for k in VIEWS},
        "autoencoder": {16: error(x)},
        "isolation forest": {k: -f.score_samples(z[k]) for k, f in forests.items()},
        "one-class SVM": {k: -f.decision_function(z[k[0]]) for k, f in svms.items()},
    }


# %%
scores = {}  # (task, method): a dict for each digit, from a setting to a dict of parts
for task, n in PICTURES.items():
    for digit in DIGITS:
        normal = normal_in(task, digit)
        fitted = fit_all(pictures(normal, n))
        with splits.on_purpose("valid"):
            found = {"valid": all_scores(fitted, x_valid)}
        found["test"] = all_scores(fitted, x_test)
        for part, by_method in found.items():
            known = np.concatenate([near[task, part, d] for d in normal], axis=1)
            by_method["nearest"] = means_of_lowest(known)
        for method, by_setting in found["valid"].items():
            both = {k: (s, found["test"][method][k]) for k, s in by_setting.items()}
            scores.setdefault((task, method), []).append(both)

# %% [markdown]
# ## Settings without the anomaly that comes
#
# Whoever tunes a detector on the anomalies that it is then tested on, has seen the future. So for the test with digit $d$, a setting is chosen by its mean AUC on validation digits in the *nine other* tasks: unseen, those where another digit is the anomaly (and $d$ is normal); one class, those where another digit is normal, with $d$ as the only anomaly (in the test $d$ is normal). All that have settings get this, also those that are usually run untuned. (Whoever has no bad example at all can do as is done here: call one kind of what is normal unusual, and train without it. Where there are no kinds, spoil good pictures: a scratch, a dot.)


# %%
def merits(task, valid):
    """How good a setting is for the test with each digit, judged without that test.

    `valid` are its ten arrays of scores of validation digits.
    """
    if task == "unseen":
        areas = [area(s[y_valid != d], s[y_valid == d]) for d, s in enumerate(valid)]
        return (np.sum(areas) - areas) / 9
    kinds = [[s[y_valid == kind] for kind in DIGITS] for s in valid]
    pairs = [[area(s[d], unusual) for unusual in s] for d, s in enumerate(kinds)]
    return (np.sum(pairs, axis=0) - np.diagonal(pairs)) / 9


def judged(task, digit, valid, test):
    """AUC, and the share found above a limit for 1 % of false alarms."""
    unusual = {k: ~np.isin(y, normal_in(task, digit)) for k, y in labels.items()}
    normal = valid[~unusual["valid"]]
    # "weibull": the share to expect of others.
    limit = np.quantile(normal, 1 - FALSE_ALARMS, method="weibull")
    normal, found = test[~unusual["test"]], test[unusual["test"]]
    return {
        "AUC": 100 * area(normal, found),
        "found": 100 * (found > limit).mean(),
        "false alarms": 100 * (normal > limit).mean(),
    }


def name_of(method, setting):
    """As the tables show it."""
    forms = {
        "PCA": "{} components",
        "nearest": "neighbours: {}",
        "nearest by PCA": "{} components, fixed",
        "autoencoder": "{} numbers, fixed",
        "one-class SVM": "{0[0]}, width {0[1]}",
    }
    return forms.get(method, "{}").format(setting)


# %%
rows, chosen = [], {}
for (task, method), by_digit in scores.items():
    settings = list(by_digit[0])
    merit = [merits(task, [s[k][0] for s in by_digit]) for k in settings]
    chosen[task, method] = [settings[best] for best in np.argmax(merit, axis=0)]
    for digit, best in enumerate(chosen[task, method]):
        about = {"task": task, "method": method, "digit": digit}
        of_best = judged(task, digit, *by_digit[digit][best])
        rows.append({**about, "setting": name_of(method, best), **of_best})
results = pd.DataFrame(rows)
STORED = ["nearest", "nearest by PCA", "nearest of 1,000"]
METHODS = ["ink", "PCA", *STORED, "autoencoder", "isolation forest", "one-class SVM"]


def table_of(task):
    of_task = results[results["task"] == task].groupby("method")
    table = of_task[["AUC", "found", "false alarms"]].mean().round(1)
    often = of_task["setting"].agg(lambda names: names.mode()[0])
    return table.assign(**{"setting chosen most often": often}).loc[METHODS]


# %% [markdown]
# ## One digit never seen
#
# **Predict:** the lesson's order was nearest, autoencoder, PCA, ink. Where do forest and SVM belong?

# %%
unseen = table_of("unseen")
unseen

# %%
areas = results.pivot(index=["task", "method"], columns="digit", values="AUC")
show(
    plots.plot_heat_map(
        areas.loc["unseen"].loc[METHODS],
        xlabel="the digit never seen",
        ylabel="",
        label="AUC (%)",
    ),
    alt="AUC of the methods for ten unseen digits. The nearest by PCA leads for all "
    "but the 1, where all but ink are poor; 7 and 9 are hard as well.",
)

# %% tags=["nbval-check-output"]
of = unseen["AUC"]
rest = of.drop(STORED)
claim("Stored pictures notice most", of["nearest"], ">", rest.max() + 1.5)
by_pca, few = of["nearest by PCA"], of["nearest of 1,000"]
claim("Their numbers by PCA do it better", of["nearest"] + 0.5, "<", by_pca)
claim("But no detector", 82, "<", of["nearest"], "<=", by_pca, "<", 90)
claim("The autoencoder notices less", 74, "<", of["autoencoder"], "<", 83)
claim("PCA still less, at its best", 68, "<", of["PCA"], "<", of["autoencoder"] - 3)
claim("1,000 stored keep up with it", few, ">", of["autoencoder"] - 2)
svm = of["one-class SVM"]
claim("A one-class SVM is no better than the 1,000", few - 2, "<", svm, "<", few + 1)
claim("A forest notices little", 58, "<", of["isolation forest"], "<", 71)
codes_chosen = results["setting"].str.contains("codes").mean()
claim("The autoencoder's numbers are rarely chosen", codes_chosen, "<", 0.05)
found = unseen["found"].max()
claim("At a limit for 1 %, the best finds a fourth", 18, "<", found, "<", 35)
ones = areas[1]["unseen"].drop("ink")
claim("All but ink miss an unseen 1", ones.max(), "<", 65)

# %% [markdown]
# **What to notice.** Stored pictures notice most, also when the rivals' settings are chosen. They needn't be stored as pixels: by PCA's 32 numbers the nearest notices *more*. And few will do: 1,000 of them, by PCA's numbers, keep up with the autoencoder (one network only; it saw 18,000, as PCA's axes did). The one-class SVM learns from the same 1,000. With the width chosen it compares with them as the nearest does, and is level with it digit by digit. The autoencoder's own numbers are hardly ever chosen. And all are far from a detector: the best finds little more than a fourth.
#
# ## What an unseen digit is taken for
#
# Nines, as drawn by what has never seen one, with 16 numbers each for PCA and autoencoder. **Predict:** what will the nearest pictures be?

# %%
known = pictures(normal_in("unseen", 9), PICTURES["unseen"])
_, pca, by, all_by_pca, seen, forests, svms = fit_all(known)
nines = x_test[y_test == 9][:10]


def projected(pca, k, x):
    """What PCA makes of x with k components."""
    axes = pca.components_[:k]
    return ((flat(x) - pca.mean_) @ axes.T @ axes + pca.mean_).reshape(x.shape)


def made_of(x):
    return {
        "PCA": projected(pca, 16, x),
        "nearest": known[squared_distances(x, known).argmin(1)],
        "autoencoder": network.reconstruct(x),
    }


show(
    plots.plot_reconstructions(nines, made_of(nines)),
    alt="Ten nines. PCA draws blurred nines, the autoencoder clearer ones; the nearest "
    "pictures are fours, sevens and a five, with larger errors than the autoencoder's.",
)

# %%
some = x_test[:500]
kinds = np.where(y_test[:500] == 9, "nines", "other digits")
errors = {name: squared_error(some, x_hat) for name, x_hat in made_of(some).items()}
errors = pd.DataFrame(errors).groupby(kinds).mean().T
errors.assign(ratio=errors["nines"] / errors["other digits"]).round(2)

# %% [markdown]
# **What to notice.** The nearest pictures are mostly fours, with an open top: what is missing adds to the distance. The autoencoder often closes it: it puts parts together that it has drawn in other digits. So its error on nines is only a little above that on other digits; the nearest picture's rises more. (PCA's components fit nines about as well as other digits. Between methods compare ratios, not errors.)
#
# ## What an answer costs
#
# With the training pictures of the nine other digits, for 500 pictures at a time. Each at the setting chosen for the test with nines. **Predict:** how much longer does the nearest take than the autoencoder?

# %%
axes = [pca.mean_, pca.components_[:32]]  # what PCA's 32 numbers need
needs = {"pixels": [], "PCA": axes, "codes": network.get_weights()}
best = {method: chosen["unseen", method][9] for method in METHODS}
k, few = best["PCA"], best["nearest of 1,000"]
of_forest, of_svm = best["isolation forest"], best["one-class SVM"]
forest, svm, svm_by = forests[of_forest], svms[of_svm], of_svm[0]


def error_of_pca():
    x = flat(some) - pca.mean_
    return np.square(x).sum(1) - np.square(x @ pca.components_[:k].T).sum(1)


answers = {
    "ink": (lambda: flat(some).sum(1), []),
    "PCA": (error_of_pca, [pca.mean_, pca.components_[:k]]),
    "nearest": (lambda: squared_distances(some, known).min(1), known),
    "nearest by PCA": (
        lambda: squared_distances(by["PCA"](some), all_by_pca).min(1),
        [axes, all_by_pca],
    ),
    "nearest of 1,000": (
        lambda: squared_distances(by[few](some), seen[few]).min(1),
        [needs[few], seen[few]],
    ),
    "autoencoder": (lambda: squared_error(some, network(some)), network.get_weights()),
    "isolation forest": (
        lambda: forest.score_samples(by[of_forest](some)),
        [needs[of_forest], forest],
    ),
    "one-class SVM": (
        lambda: svm.decision_function(by[svm_by](some)),
        [needs[svm_by], svm],
    ),
}
costs = {
    name: {
        "µs per picture": 1e6 * min(repeat(answer, number=1, repeat=5)) / len(some),
        "MB stored": len(pickle.dumps(stored)) / 1e6,
    }
    for name, (answer, stored) in answers.items()
}
costs = pd.DataFrame(costs).T
costs["setting"] = [name_of(method, best[method]) for method in METHODS]
costs.round(2)

# %% tags=["nbval-check-output"]
times, sizes = costs["µs per picture"], costs["MB stored"]
slower = times["nearest"] / times["autoencoder"]  # the machine decides how much
claim("Nearest takes longer", slower, ">", 1.5)
claim("It stores 50 times as much", sizes["nearest"] / sizes["autoencoder"], ">", 50)
claim("PCA's numbers store less", sizes["nearest by PCA"], "<", sizes["nearest"] / 15)
few = sizes["nearest of 1,000"]
claim("1,000 need less memory than the network", few, "<", sizes["autoencoder"] / 2)

# %% [markdown]
# **What to notice.** Pixels are what makes stored pictures dear: with 32 numbers each they take a fraction of time and memory, and notice more. 1,000 of them, so stored, answer faster than the autoencoder and need less memory, and notice no less. The price grows with what is stored. (For many pictures there are search trees and approximate indexes; in 784 dimensions a tree hardly helps.) PCA's error costs next to nothing.
#
# ## One digit as the only normal one
#
# The last column is what Ruff and others (2018) report, *quoted from memory*: the mean over ten digits, for a forest, an SVM (its width, in their published code, chosen on a tenth of the test pictures), and a convolutional autoencoder; 95 for their own method, a network trained to map all that is normal near one point. They train on all 6,000 pictures of a digit, after a normalisation of contrast, and test on all 10,000. So these columns are neighbours, not rivals in one race.
#
# **Predict:** does the order stay?

# %%
one_class = table_of("one class")
published = {"isolation forest": 92, "one-class SVM": 91, "autoencoder": 90}
one_class.assign(published=[published.get(method, "–") for method in METHODS])

# %%
show(
    plots.plot_heat_map(
        areas.loc["one class"].loc[METHODS],
        xlabel="the only normal digit",
        ylabel="",
        label="AUC (%)",
    ),
    alt="AUC of the methods for ten normal digits. PCA, nearest and autoencoder are "
    "above 83 throughout, and best where the 1 is normal.",
)

# %% tags=["nbval-check-output"]
of = one_class["AUC"]
rest = of[["PCA", "nearest"]]
claim("PCA and nearest are level", 94, "<", rest.min(), "<=", rest.max(), "<", 96)
claim(
    "The autoencoder is a little ahead",
    rest.max() + 0.4,
    "<",
    of["autoencoder"],
    "<",
    98,
)
claim("By PCA the nearest is worse", of["nearest by PCA"], "<", of["nearest"] - 2)
claim("A one-class SVM comes behind", 84, "<", of["one-class SVM"], "<", rest.min() - 1)
claim("And a forest", 80, "<", of["isolation forest"], "<", 89)
low, high = areas.loc[("one class", "autoencoder")].agg(["min", "max"])
claim("The hardest digit is far from the easiest", low + 5, "<", high)

# %% [markdown]
# **What to notice.** The order does not stay. With one digit to draw, the decoder has no parts of others to put together: what is not that digit is drawn badly, and the plain autoencoder is ahead of PCA and of stored pictures, by a point or two on average, at nine of ten digits (one network only; the 1 is a tie). Now PCA's 32 numbers are a bad place to compare in: what makes another digit unusual lies in the directions that this one doesn't need, which is what PCA's *error* measures. 1,000 pictures as pixels lose only a point of AUC, but find far fewer (in part by a stricter limit). Autoencoder, PCA and nearest are above what is reported for a convolutional autoencoder; our forest and SVM are below what is reported for theirs, with fewer pictures and no contrast normalised. *Which task is measured decides who wins.* (Each limit rests on about 250 validation pictures of the one digit.)
#
# ## Where the anomaly lies
#
# As in the lesson: a grey square of 3 × 3 pixels on each of 500 test digits, looked for where the picture differs most from what a method makes of it. The autoencoder has the lesson's layers with 32 numbers, but has twice the learning rate and starts from the mean digit (the lesson's showed half of the squares); PCA has 16 to 128 components; "nearest" is the mean of the 1 to 64 nearest training pictures. (For both rivals the best in the table counts, chosen on the test: that favours them.)

# %%
rng = np.random.default_rng(SEED)
spoilt, inside = x_test[:500].copy(), np.zeros((500, 28, 28), bool)
for i, (row, column) in enumerate(rng.integers(2, 24, (500, 2))):
    inside[i, row : row + 3, column : column + 3] = True
spoilt[inside] = 0.5
known = pictures(DIGITS, PICTURES["unseen"])
trained = compiled(dense_autoencoder(32, (128,)), 1000)
train(trained, known, 1000)
pca = PCA(128, svd_solver="covariance_eigh").fit(flat(known))
order = squared_distances(spoilt, known).argsort(1)
made = {("nearest", k): known[order[:, :k]].mean(1) for k in (1, 4, 16, 64)}
for k in (16, 32, 64, 128):
    made["PCA", k] = projected(pca, k, spoilt)
made["autoencoder", 32] = trained.reconstruct(spoilt)
differences = {name: (spoilt - x_hat)[..., 0] for name, x_hat in made.items()}
shown = {}
for name, difference in differences.items():
    heat = uniform_filter(np.square(difference), (0, 3, 3))
    shown[name] = 100 * inside.reshape(500, -1)[range(500), flat(heat).argmax(1)].mean()
shown = pd.Series(shown, name="shows the square (%)")
shown.to_frame().round(1)

# %%
show(
    plots.plot_signed_images(
        {
            "picture": spoilt[:8, ..., 0],
            "nearest": differences["nearest", 1][:8],
            "mean of 16": differences["nearest", 16][:8],
            "PCA": differences["PCA", 64][:8],
            "autoencoder": differences["autoencoder", 32][:8],
        },
        label="difference",
    ),
    alt="Eight digits with a small square each, and what four methods leave of them. "
    "The nearest picture leaves strokes, a mean of 16 fainter ones; in PCA's row the "
    "squares are pale; in the autoencoder's, most squares stand out.",
)

# %% tags=["nbval-check-output"]
ours, of_pca, of_near = shown["autoencoder", 32], shown["PCA"], shown["nearest"]
claim(
    "A mean of near pictures shows more than the nearest",
    of_near.max(),
    ">",
    1.8 * of_near[1],
)
claim("PCA at its best shows a fourth", 20, "<", of_pca.max(), "<", of_near.max())
claim("The autoencoder shows most", of_near.max() + 10, "<", ours, "<", 80)

# %% [markdown]
# **What to notice.** Here the autoencoder leads clearly. A mean of near pictures is a better answer than the nearest one, for what is peculiar to a single hand fades: the lesson's rival was not at its best. PCA draws the square, too, if it has many components, and misses strokes if it has few.
#
# ## Anomalies among the training pictures
#
# Now the unseen digit is seen a little: added to the normal pictures until it makes up 1, 5 or 20 % of them. For zeros and eights; the curves are means over the two (one run each).
#
# **Predict:** does a mean over 16 neighbours protect against a few stored anomalies?

# %%
SHARES = [0, 0.01, 0.05, 0.2]
ways = [("nearest", 1), ("nearest", 16), ("autoencoder", 16)]
dirty = {way: np.zeros((2, len(SHARES))) for way in ways}
for i, digit in enumerate((0, 8)):
    normal = normal_in("unseen", digit)
    for method, k in ways:
        s = scores["unseen", method][digit][k][1]
        dirty[method, k][i, 0] = area(s[y_test != digit], s[y_test == digit])
    known, unwanted = pictures(normal, PICTURES["unseen"]), pictures([digit], 4900)
    to_known = np.concatenate([near["unseen", "test", d] for d in normal], axis=1)
    to_unwanted = squared_distances(x_test, unwanted)
    for j, share in enumerate(SHARES[1:], 1):
        n = round(share / (1 - share) * len(known))
        mixed = np.concatenate([known, unwanted[:n]])
        mixed = mixed[rng.permutation(len(mixed))[: len(known)]]  # as many as before
        train_anew(mixed)
        few = lowest(to_unwanted[:, :n])
        found = {
            "nearest": means_of_lowest(np.concatenate([to_known, few], axis=1)),
            "autoencoder": {16: error(x_test)},
        }
        for method, k in ways:
            s = found[method][k]
            dirty[method, k][i, j] = area(s[y_test != digit], s[y_test == digit])
curves = {f"{method}, {k}": 100 * areas.mean(0) for (method, k), areas in dirty.items()}
show(
    plots.plot_lines(
        {name: (100 * np.array(SHARES), curve) for name, curve in curves.items()},
        xlabel="anomalies among the training pictures (%)",
        ylabel="AUC (%)",
    ),
    alt="AUC over the share of anomalies in training. All three curves fall steeply up "
    "to 5 %, and go on falling to 20 %.",
)
pd.DataFrame(curves, index=SHARES).round(1)

# %% tags=["nbval-check-output"]
clean, little = ({name: curve[j] for name, curve in curves.items()} for j in (0, 1))
lost = {name: clean[name] - little[name] for name in curves}
claim("1 % costs the nearest ten points or more", lost["nearest, 1"], ">", 10)
claim("16 neighbours lose less", lost["nearest, 16"], "<", lost["nearest, 1"] - 3)
claim("The autoencoder loses as well", 2, "<", lost["autoencoder, 16"], "<", 14)
worst = max(curve[3] for curve in curves.values())
claim("With 20 %, all are near chance or below", worst, "<", 65)
splits.check()

# %% [markdown]
# **What to notice.** One per cent of anomalies that nobody removed costs the nearest picture all of its lead. A mean over 16 neighbours protects, a little: an anomaly has few stored ones near it. At 5 % less of that is left, and with 20 % nothing. So the number of neighbours should be chosen for data as dirty as yours.

# %% [markdown]
# ## Real anomalies: tumours, not digits
#
# A digit that nobody had shown is an exercise. Here are 569 breast tumours (Wolberg, Street and Mangasarian 1995), with 30 numbers each, measured on the nuclei of their cells: size, smoothness, dents and so on. Normal is *benign*; 212 are malignant. We train on 200 benign ones, judge by the other 157 and the malignant ones, and do so with three random splits. Each number is counted in units of its spread among the 200.
#
# Where a method has settings, the best one in the code counts, chosen on the test. Three scores learn next to nothing: the squared distance from the mean; the *sum* of the thirty numbers, as if more of anything were bad; and the error of the network *before* it is trained.
#
# **Predict:** does the network win? Does what learns nothing lose?


# %%
tumours, benign = load_breast_cancer(return_X_y=True)


def areas_of(split):
    """AUC (%) of each method and setting with one random split."""
    order = np.random.default_rng(split).permutation(np.flatnonzero(benign))
    known, others = order[:200], order[200:]
    z = (tumours - tumours[known].mean(axis=0)) / tumours[known].std(axis=0)
    z = z.astype("float32")
    known, asked = z[known], np.concatenate([z[others], z[benign == 0]])
    scores = {
        ("distance from the mean", ""): np.square(asked).sum(axis=1),
        ("sum of the numbers", ""): asked.sum(axis=1),
    }
    for k in (8, 20):
        small = dense_autoencoder(k, (64,), output_activation=None, input_shape=(30,))
        x_hat = small.reconstruct(asked)
        scores["untrained autoencoder", k] = np.square(asked - x_hat).sum(axis=1)
        small.compile(keras.optimizers.Adam(0.005), loss="mse")
        small.fit(known, known, epochs=60, batch_size=20, verbose=0)
        x_hat = small.reconstruct(asked)
        scores["autoencoder", k] = np.square(asked - x_hat).sum(axis=1)
    forest = IsolationForest(random_state=split).fit(known)
    scores["isolation forest", ""] = -forest.score_samples(asked)
    for k, score in means_of_lowest(squared_distances(asked, known)).items():
        scores["nearest", k] = score
    for k in (5, 10, 20):
        pca = PCA(k).fit(known)
        x_hat = pca.inverse_transform(pca.transform(asked))
        scores["PCA", k] = np.square(asked - x_hat).sum(axis=1)
    for width in WIDTHS:
        svm = OneClassSVM(gamma=1 / width, nu=0.1).fit(known)
        scores["one-class SVM", width] = -svm.decision_function(asked)
    n = len(others)
    found = {name: area(score[:n], score[n:]) for name, score in scores.items()}
    return 100 * pd.Series(found)


of_splits = [areas_of(3 * SEED + i) for i in range(3)]
of_settings = pd.concat(of_splits, axis=1).mean(axis=1)
tumour_areas = of_settings.groupby(level=0).max().sort_values()
tumour_areas.to_frame("mean AUC (%)").round(1)

# %% tags=["nbval-check-output"]
best = tumour_areas.drop("sum of the numbers").max()
claim("The sum of thirty numbers leads, and the others are nearly level",
      tumour_areas["sum of the numbers"] - 0.4, ">", best,
      "<", tumour_areas.min() + 5)  # fmt: skip
untrained, trained = (tumour_areas[f"{how}autoencoder"] for how in ("untrained ", ""))
claim("Training makes the network worse", trained, "<", untrained - 0.4)

# %% [markdown]
# **What to notice.** One line that learns nothing leads, because somebody knew something: the nuclei of malignant cells are larger and less even. The methods know only what is usual, and are nearly level. And the network is better *before* it is trained: then its error is hardly more than the distance from the mean. Perhaps (not measured) what it learns to redraw from benign tumours, small against large, is what sets the malignant ones apart. Without a row for what learns nothing, an AUC above 90 would have looked like a success.
#
# ## The answer
#
# Which method notices unusual digits best depends on what is normal. If nine digits are, stored pictures lead, best by PCA's numbers, and no setting tried here changes that (forest and SVM learned from an eighteenth of the pictures; from as few, the nearest is no worse than the SVM). If one digit is, a small autoencoder leads by a little; PCA with a chosen number of components is level with stored pictures in AUC, but finds fewer (of fewer false alarms, too). As pixels, stored pictures take many times the time and the memory of an autoencoder, as PCA's numbers some two and three times; 1,000 of these take less, but lead no more. 1 % of unwanted pictures takes the lead of pixels away, unless more neighbours are asked (two digits, one run). Where a fault lies, the autoencoder shows best. On thirty numbers of tumours none of them beats their sum. So before a network: try a score that learns nothing, PCA's error, and a neighbour by PCA's numbers; they tell whether it is worth it.
#
# ## Where it comes from
#
# - Schölkopf and others 2001, *Estimating the support of a high-dimensional distribution*, Neural Computation 13:1443.
# - Liu, Ting and Zhou 2008, *Isolation forest*, ICDM.
# - Ruff and others 2018, *Deep one-class classification*, ICML.
# - Wolberg, Street and Mangasarian 1995, *Breast Cancer Wisconsin (Diagnostic)*, UCI Machine Learning Repository; a copy comes with scikit-learn. (Licence there: CC BY 4.0, from memory.)
#
# **Lesson:** [05 Anomalies](../05_anomalies.ipynb).
