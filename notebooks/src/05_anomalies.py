# %% [markdown]
# # 05 Anomalies
#
# Is a large error unusual? Train on what is normal, and call unusual what is rebuilt badly: when is that right?
#
# ![Eight pictures and what an autoencoder of digits makes of them, each with its error: clothes and noise have a large one, but so has a digit that was moved; a dot, a bar and a grey veil have a small one](images/05.png)
#
# *Trained on digits alone: right about clothes and noise, wrong about a moved digit, a dot, a bar and a veil.*
#
# **You will**
# - set a threshold for a rate of false alarms, without having seen one anomaly,
# - find easy anomalies and hard ones, beside rivals that learn little or nothing,
# - see what a small error doesn't prove, and what an autoencoder is good for nevertheless.
#
# **Before you start:** [00 What is an autoencoder?](00_what_is_an_autoencoder.ipynb)
#
# **Time:** MINUTES to read, SECONDS to run.

# %% [markdown]
# ## Setup
#
# One recipe trains all networks: Adam on the squared error, in batches of 100; the learning rate falls from 0.005 to 0 along a cosine.

# %%
import logging
from collections import defaultdict
from timeit import repeat

import keras
import numpy as np
import pandas as pd
from scipy.ndimage import uniform_filter
from scipy.spatial import KDTree
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score

from ae_helpers import plots
from ae_helpers.claims import claim
from ae_helpers.data import load_mnist, load_tfds_images
from ae_helpers.metrics import squared_error
from ae_helpers.models import dense_autoencoder
from ae_helpers.plots import show
from ae_helpers.splits import watch_splits

SEED = 0
FALSE_ALARMS = 0.01  # of what is normal, this share may be called unusual
keras.utils.set_random_seed(SEED)
logging.getLogger("tensorflow").setLevel("ERROR")  # no advice on speed between results


# %%
def compiled(model, steps):
    rate = keras.optimizers.schedules.CosineDecay(5e-3, steps)
    model.compile(keras.optimizers.Adam(rate), loss="mse", steps_per_execution=20)
    return model


def train(model, x, epochs):
    x = keras.ops.convert_to_tensor(x, "float32")  # of an array, fit makes copies
    model.fit(x, x, epochs=epochs, batch_size=100, verbose=0)


# %% [markdown]
# ## The idea in the small: what is far from the curve?
#
# Normal points lie on the horseshoe of lesson 00. An autoencoder with a code of one number learns the curve. Its **score** is the squared error, $s(x) = \lVert x - g(f(x)) \rVert^2$; the rival's, which learns nothing, the squared distance to the nearest training point.
#
# The **threshold** is what 1 % of *other* normal points exceed.
#
# **Predict:** which part of the plane will each of them call normal?


# %%
def horseshoe(n, seed):
    """Points `(n, 2)` on a bent curve, and a little beside it."""
    rng = np.random.default_rng(seed)
    angle = rng.uniform(-2, 2, n)
    curve = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    return curve + rng.normal(0, 0.06, (n, 2))


points, other_points = horseshoe(20_000, SEED), horseshoe(10_000, SEED + 1000)
sizes = {"latent_dim": 1, "hidden_sizes": (64,), "input_shape": (2,)}
toy = compiled(dense_autoencoder(**sizes, output_activation=None), steps=1000)
train(toy, points, epochs=5)

# %%
tree = KDTree(points)
toy_scores = {
    "autoencoder's error": lambda x: np.square(x - toy.reconstruct(x)).sum(axis=1),
    "nearest training point": lambda x: np.square(tree.query(x)[0]),
}
line = np.linspace(-2.5, 2.5, 126)
grid = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
ratios = {}
for name, score in toy_scores.items():
    threshold = np.quantile(score(other_points), 1 - FALSE_ALARMS)
    ratios[name] = score(grid).reshape(126, 126) / threshold
show(
    plots.plot_score_maps(points[:300], ratios, (-2.5, 2.5), (-2.5, 2.5)),
    alt="The plane twice, purple where points are called normal. By the nearest point "
    "a narrow band around the horseshoe; by the autoencoder a wider band that runs on "
    "beyond the ends of the horseshoe, at the right to the border of the picture.",
)

# %% [markdown]
# **What to notice.** Along the horseshoe the nearest point is right; the autoencoder's band is too wide, for its threshold pays for places where it fits badly. And the decoder's curve doesn't end where the data ends: a point near it can pass, however far from all data. *The error measures the distance to the network's own answer, not to the data.*

# %% tags=["nbval-check-output"]
far = tree.query(grid)[0] > 0.5
lowest = ratios["autoencoder's error"].ravel()[far].min()
claim("Far from all points, some places pass as normal", lowest, "<", 1)

# %% [markdown]
# ## A threshold, and easy anomalies
#
# Now digits are normal, and **clothes** (Fashion-MNIST) are not. The network is 784-128-**32**-128-784, trained on 20,000 digits.
#
# We fix the rate of false alarms *first*, at 1 %, and read the threshold off normal **validation** digits. That needs no anomaly.

# %%
(x_train, y_train), (x_valid, y_valid), (x_test, y_test) = load_mnist()
x_test, y_test = x_test[::2], y_test[::2]
splits = watch_splits(train=x_train, valid=x_valid, test=x_test)
clothes, _ = load_tfds_images("fashion_mnist", "test[:2000]")
x_some, y_some = x_train[:20_000], y_train[:20_000]
autoencoder = compiled(dense_autoencoder(32, hidden_sizes=(128,)), steps=1000)
train(autoencoder, x_some, epochs=5)


# %%
def error(model, x):
    return squared_error(x, model.reconstruct(x, batch_size=1000))


with splits.on_purpose("valid"):  # thresholds are chosen on validation digits
    valid_error = error(autoencoder, x_valid)
threshold = np.quantile(valid_error, 1 - FALSE_ALARMS)
test_error, clothes_error = error(autoencoder, x_test), error(autoencoder, clothes)
show(
    plots.plot_error_histograms({"test digits": test_error, "clothes": clothes_error}),
    alt="Two hills of errors on a logarithmic axis: digits at about 8, clothes at "
    "about 100, with little overlap.",
)

# %% [markdown]
# Two rivals: the **amount of ink** (how far the sum of all pixels is from its mean), and the squared distance to the **nearest** of the same 20,000 training pictures.
#
# Let $a$ be the share of normal pictures that raise a false alarm, $r$ the share of anomalies found (the **recall**), and $\pi$ the share of anomalies among all pictures. Of all alarms,
#
# $$\text{precision} = \frac{\pi r}{\pi r + (1 - \pi) a}$$
#
# are right. **Predict:** which share is that, if one picture in a hundred is an anomaly and nearly all are found?


# %%
def flat(x):
    return x.reshape(len(x), -1)


def squared_distances(a, b):
    """Between all rows of a and all rows of b: `(len(a), len(b))`."""
    a, b = flat(a), flat(b)
    return np.square(a).sum(1)[:, None] - 2 * a @ b.T + np.square(b).sum(1)


def nearest(x):
    """Squared distance to the nearest training picture of each digit: `(n, 10)`."""
    digits = [x_some[y_some == digit] for digit in range(10)]
    return np.stack([squared_distances(x, known).min(1) for known in digits], 1)


def ink(x):
    return np.abs(flat(x).sum(1) - flat(x_some).sum(1).mean())


near_valid, near_test = nearest(x_valid), nearest(x_test)

# %%
SHARES = [0.1, 0.01]  # of anomalies among all pictures
easy = {
    "ink": (ink(x_valid), ink(x_test), ink(clothes)),
    "nearest": (near_valid.min(1), near_test.min(1), nearest(clothes).min(1)),
    "autoencoder": (valid_error, test_error, clothes_error),
}
rows = {}
for name, (valid, normal, unusual) in easy.items():
    limit = np.quantile(valid, 1 - FALSE_ALARMS)
    a, r = (normal > limit).mean(), (unusual > limit).mean()
    is_unusual = np.repeat([0, 1], [len(normal), len(unusual)])
    area = roc_auc_score(is_unusual, np.concatenate([normal, unusual]))
    rows[name] = {"AUC": area, "false alarms": a, "found": r}
    for pi in SHARES:
        rows[name][f"precision at {pi:.0%}"] = pi * r / (pi * r + (1 - pi) * a)
table = pd.DataFrame(rows).T
table.map("{:.1%}".format)

# %% [markdown]
# **What to notice.** The **AUC** is the chance that an anomaly scores higher than a normal picture. Near 100 % it sounds solved. But where one picture in a hundred is an anomaly, half of the alarms are false, although most anomalies are found.

# %% tags=["nbval-check-output"]
easy_row = table.loc["autoencoder"]
claim("Most clothes are found", 0.85, "<", easy_row["found"], "<", 0.97)
claim("At one anomaly in a hundred, about half of the alarms are right",
      0.4, "<", easy_row["precision at 1%"], "<", 0.7)  # fmt: skip

# %% [markdown]
# ## The trap: small errors that prove nothing
#
# Here are a digit, the same one moved by two pixels, a garment, noise, a dot, a bar, a grey veil, and black.
#
# **Predict:** which of them raise an alarm?

# %%
made = np.zeros((5, 28, 28, 1), "float32")
made[0] = np.random.default_rng(SEED).random((28, 28, 1))
made[1, 13:16, 13:16] = 1
made[2, 12:16, 4:24] = 1
made[3] = 0.1
moved = np.roll(x_test, 2, axis=2)  # to the right, where nearly all have a black margin
moved_error = error(autoencoder, moved)
one = [np.argmax((test_error < 0.5 * threshold) & (moved_error > threshold))]
odd = np.concatenate([x_test[one], moved[one], clothes[[1]], made])

# %% tags=["readme"]
odd_hat = autoencoder.reconstruct(odd)
title = f"An error above {threshold:.0f} raises an alarm"
show(
    plots.plot_reconstructions(odd, odd_hat, title=title),
    alt="Eight pictures above their reconstructions and errors. Above the threshold: a "
    "moved digit, a garment, noise, black. Below: the digit, a dot, a bar, a veil.",
)

# %% [markdown]
# **What to notice.** Dot, bar and veil are no digits, and pass. Dot and veil are so small or faint that even an all-black answer would cost no more than a digit. And what is rebuilt badly need not be an anomaly: the moved digit (picked) is a digit, only its position was never trained. If the camera slips by two pixels, the threshold breaks its promise. When do alarms come?

# %%
frames = {}
for pixels in range(4):
    x = np.roll(x_test, pixels, axis=2)
    title = f"{(error(autoencoder, x) > threshold).mean():.1%} of digits raise an alarm"
    x_hat = autoencoder.reconstruct(x[:8])
    frames[f"{pixels} pixels"] = plots.plot_reconstructions(x[:8], x_hat, title=title)
alt = "Eight test digits, moved to the right, above their reconstructions and errors."
plots.show_slider(frames, label="moved by", start="0 pixels", alt=alt)

# %% tags=["nbval-check-output"]
dot, bar, veil = squared_error(odd, odd_hat)[4:7]
claim("Dot, bar and veil pass as normal", max(dot, bar, veil), "<", 0.9 * threshold)
claim("Moved by two pixels, digits raise ten times the false alarms",
      (moved_error > threshold).mean(), ">", 10 * FALSE_ALARMS)  # fmt: skip

# %% [markdown]
# ## Hard anomalies: a digit that was never seen
#
# What if the anomaly is made of the same strokes? We leave one digit out of the training, and look for it in the test. (Labels choose what is normal; training doesn't see them. The code has 16 numbers: of 8 to 64 the best on validation digits.)
#
# Another rival joins: the error of **PCA**, with the number of components that has the best mean AUC on validation digits.
#
# **Predict:** which digit is hardest to notice among the other nine?

# %%
COMPONENTS = [2, 4, 8, 16, 32, 64]


def pca_errors(pca, x):
    """Squared errors with each number of COMPONENTS: `(n, 6)`."""
    x = flat(x) - pca.mean_
    kept = np.square(x @ pca.components_.T).cumsum(1)
    return np.square(x).sum(1)[:, None] - kept[:, np.array(COMPONENTS) - 1]


trial = compiled(dense_autoencoder(16, hidden_sizes=(128,)), steps=600)
trial.optimizer.build(trial.trainable_variables)
fresh = trial.get_state_tree("numpy_array")


def train_anew(x):
    """Train from fresh weights; faster than a new network, which compiles again."""
    trial.set_state_tree(fresh)
    train(trial, x, epochs=3)


# %%
METHODS = ["ink", "PCA", "nearest", "autoencoder"]
valid_scores, test_scores = (defaultdict(list) for _ in range(2))
for digit in range(10):
    normal = x_train[np.flatnonzero(y_train != digit)[:20_000]]
    train_anew(normal)
    pca = PCA(64, svd_solver="covariance_eigh").fit(flat(normal))
    for x, near, scores in (
        (x_valid, near_valid, valid_scores),
        (x_test, near_test, test_scores),
    ):
        scores["ink"].append(ink(x))
        scores["PCA of each size"].append(pca_errors(pca, x))
        scores["nearest"].append(np.delete(near, digit, axis=1).min(1))
        with splits.on_purpose("valid", "test"):
            scores["autoencoder"].append(error(trial, x))


# %%
def auc(labels, scores):
    """For ten arrays of scores: of each, that of one digit against the others."""
    return np.array([roc_auc_score(labels == d, s) for d, s in enumerate(scores)])


# (size, unseen digit, picture)
by_size = np.moveaxis(valid_scores["PCA of each size"], -1, 0)
best = np.argmax([auc(y_valid, scores).mean() for scores in by_size])
for scores in (valid_scores, test_scores):
    scores["PCA"] = [errors[:, best] for errors in scores["PCA of each size"]]
areas = pd.DataFrame({name: auc(y_test, test_scores[name]) for name in METHODS}).T
(100 * areas).round(1).rename_axis("AUC (%), the digit never seen:", axis=1)

# %%
found = {name: [] for name in METHODS}
for name in METHODS:
    pairs = zip(valid_scores[name], test_scores[name], strict=True)
    for digit, (valid, test) in enumerate(pairs):
        limit = np.quantile(valid[y_valid != digit], 1 - FALSE_ALARMS)
        found[name].append((test[y_test == digit] > limit).mean())
summary = pd.DataFrame({"mean AUC": areas.mean(axis=1)})
summary["found, at 1 % false alarms"] = pd.DataFrame(found).mean()
summary.map("{:.1%}".format)

# %% tags=["nbval-check-output"]
ours, by_pca, by_nearest = summary["mean AUC"][["autoencoder", "PCA", "nearest"]]
seldom = summary.loc["autoencoder", "found, at 1 % false alarms"]
claim("The autoencoder seldom finds an unseen digit", 0.06, "<", seldom, "<", 0.17)
claim("PCA at its best notices fewer", 0.69, "<", by_pca, "<", ours - 0.02, "<", 0.8)
claim("The nearest picture notices more", ours + 0.03, "<", by_nearest, "<", 0.88)
unseen_1 = areas.loc["autoencoder", 1]
claim("An unseen 1 looks no more unusual than the rest", unseen_1, "<", 0.55)

# %% [markdown]
# **What to notice.** Such an AUC is no detector: at 1 % false alarms most unseen digits get through, and were one picture in a hundred such a digit, nine of ten alarms would be false. The 1 is the trap again: it is a bar, and who draws 4, 7 and 9 can draw it; only ink ranks it high. And *a comparison with stored pictures notices more than the network*, in every column.

# %% [markdown]
# ## What an autoencoder is good for, nevertheless
#
# *Where* is the fault? What does an answer cost? We put a grey square of 3 × 3 pixels onto 500 test digits, and look for it where the picture differs most (over 3 × 3 pixels) from its reconstruction, or from the nearest training picture.
#
# **Predict:** which of the two shows the square more often?

# %%
rng = np.random.default_rng(SEED)
spoilt, inside = x_test[:500].copy(), np.zeros((500, 28, 28), bool)
for i, (row, column) in enumerate(rng.integers(2, 24, (500, 2))):
    inside[i, row : row + 3, column : column + 3] = True
spoilt[inside] = 0.5
twins = x_some[squared_distances(spoilt, x_some).argmin(1)]
answers = {"nearest": twins, "autoencoder": autoencoder.reconstruct(spoilt)}
differences = {name: spoilt - x_hat for name, x_hat in answers.items()}
shows = {}
for name, difference in differences.items():
    heat = uniform_filter(np.square(difference[..., 0]), (0, 3, 3))
    shows[name] = inside.reshape(500, -1)[range(500), flat(heat).argmax(1)].mean()
show(
    plots.plot_signed_images(
        {"picture": spoilt[:8], **{k: v[:8] for k, v in differences.items()}},
        label="difference",
    ),
    alt="Eight digits with a small square each; the difference to the nearest picture "
    "is full of strokes, that to the autoencoder's reconstruction is pale but for the "
    "square.",
)


# %%
def microseconds(answer):
    """Per picture, the best of three."""
    return 1e6 * min(repeat(answer, number=1, repeat=3)) / len(spoilt)


costs = pd.DataFrame({"shows the square": shows})
costs["µs per picture"] = [
    microseconds(lambda: squared_distances(spoilt, x_some).min(1)),
    microseconds(lambda: autoencoder(spoilt)),
]
limits = np.quantile([near_valid.min(1), valid_error], 1 - FALSE_ALARMS, axis=1)
costs["raise an alarm"] = [
    (squared_error(spoilt, x_hat) > limit).mean()
    for x_hat, limit in zip(answers.values(), limits, strict=True)
]
costs["numbers stored"] = [x_some.size, autoencoder.count_params()]
costs.round(2)

# %% tags=["nbval-check-output"]
by_map, by_twin = shows["autoencoder"], shows["nearest"]
claim("Its map shows the square twice as often", 2 * by_twin, "<", by_map, "<", 0.6)

# %% [markdown]
# **What to notice.** The nearest picture is another hand's digit, and differs from ours everywhere. The reconstruction follows our strokes; what it can't follow stands out, here half of the time, *if one knows that there is a fault*: by itself, so small a square seldom raises an alarm. The network answers faster and stores far fewer numbers. (PCA stores less still, but shows less; stored pictures can be made cheaper: study 05a.)

# %% [markdown]
# ## A failure experiment: anomalies in the training data
#
# Usually nobody has sorted the training data. Let zeros be the anomaly; we mix about 1, 5 and 20 % of them into the training pictures.
#
# **Predict:** which of the two scores suffers first?

# %%
shares = [0, 0.01, 0.05, 0.2]
normal = x_train[np.flatnonzero(y_train != 0)[:20_000]]
zeros = x_train[np.flatnonzero(y_train == 0)[:4000]]
to_zeros = squared_distances(x_test, zeros)
curves = {name: [areas.loc[name, 0]] for name in ("nearest", "autoencoder")}
for share in shares[1:]:
    n = round(share * 20_000)
    train_anew(np.concatenate([normal[n:], zeros[:n]]))
    score = {
        "nearest": np.minimum(near_test[:, 1:].min(1), to_zeros[:, :n].min(1)),
        "autoencoder": error(trial, x_test),
    }
    for name in curves:
        curves[name].append(roc_auc_score(y_test == 0, score[name]))
show(
    plots.plot_lines(
        {name: (100 * np.array(shares), curve) for name, curve in curves.items()},
        xlabel="zeros in the training data (%)",
        ylabel="AUC for zeros",
    ),
    alt="AUC over the share of zeros in training. Both fall at 1 %, the nearest "
    "picture further; they are level at 5 %; at 20 % the autoencoder lies lower.",
)

# %% tags=["nbval-check-output"]
ours, theirs = curves["autoencoder"], curves["nearest"]
lost, they_lost = ours[0] - ours[1], theirs[0] - theirs[1]
claim("1 % costs both, the nearest more", 0.03, "<", lost, "<", they_lost / 1.15)
claim("With 20 %, zeros are normal", ours[3], "<", 0.6)
splits.check()

# %% [markdown]
# **What to notice.** One stored zero makes all zeros like it near: the rival learns anomalies by heart, and 1 % of them costs its lead. The network spends its sixteen numbers on what is frequent, and loses less at 1 %; with one zero in five, zeros are normal to it.

# %% [markdown]
# ## The answer
#
# Is a large error unusual? It says that the network can't redraw the picture; that is unusual if training has shown all that is normal (not so a moved digit). A small error says less: what is faint, small, or made of known parts, can cost little though never seen. So clothes among digits are found; unseen digits seldom, and there comparing with stored pictures finds more. Told that there is a fault, the autoencoder shows *where*, half of the time; it answers faster than stored pixels and stores less. Anomalies in the training data harm both. Set the threshold on normal validation data, for false alarms that you can bear, and state precision at your share of anomalies.

# %% [markdown]
# ## Exercises
#
# 1. *(two minutes)* Allow 0.1 % of false alarms instead of 1 %. What becomes of recall and of precision at 1 %? How sure is that threshold?
#    <details><summary>Hint</summary>How many of the 5,000 validation digits lie above it?</details>
# 2. *(ten minutes)* Divide the error by the amount of ink. What becomes of the dot and of the bar? And of clothes?
#    <details><summary>Hint</summary>Find the threshold again. Add a little to the ink, or black divides by zero.</details>
# 3. *(a quarter of an hour)* Train on digits that are moved at random by up to two pixels. Do the false alarms on moved digits go away, and what does it cost?
#    <details><summary>Hint</summary>Move the validation digits as well: what is normal has changed.</details>
# 4. *(half an hour)* Ask the *code* too: add to the error the distance of the code from the mean of all training codes. Is an unseen 1 noticed now?
#    <details><summary>Hint</summary>The Mahalanobis distance: `np.cov`, `np.linalg.inv`. With which weight do both parts count?</details>
# 5. *(open)* What is normal in *your* data, who sorted it, what moves with the season, how rare are anomalies? Write down the rate of false alarms that you could bear before you train.
#    <details><summary>Hint</summary>Split by time: the threshold must hold for tomorrow's normal.</details>
#
# The solutions, with the numbers to expect: [solutions/05.ipynb](solutions/05.ipynb).

# %% [markdown]
# ## Where it comes from
#
# - Schölkopf and others 2001, *Estimating the support of a high-dimensional distribution*, Neural Computation 13:1443: the one-class SVM.
# - Sakurada and Yairi 2014, *Anomaly detection using autoencoders with nonlinear dimensionality reduction*, MLSDA: the error as a score, beside PCA.
# - An and Cho 2015, *Variational autoencoder based anomaly detection using reconstruction probability*, technical report: a probability as the score.
# - Ruff and others 2018, *Deep one-class classification*, ICML: one digit as the normal class, mean AUC over ten digits; 0.90 for an autoencoder, 0.95 for their method (from memory).
#
# **Before:** [04 Tied weights](04_tied_weights.ipynb). **Next:** [06 New digits](06_new_digits.ipynb). **Study:** [05a Anomalies compared](studies/05a_anomalies_compared.ipynb). **Assignment:** [Alarms that pay](../assignments/README.md).
