# %% [markdown] nbgrader={"grade": false, "grade_id": "05-title", "locked": true, "schema_version": 3, "solution": false, "task": false}
# # Assignment 05 Alarms that pay
#
# A shop photographs the clothes that come back. Now and then there is something else in the parcel. Lesson 05 told
# unusual pictures by their error. Here you train on what is normal, keep a promise about false alarms with few
# validation pictures, compute what an alarm is worth where odd pictures are rare, and look for what slips through.
#
# **Before you start:** lesson 05, *Anomalies*.
#
# **Time:** about an hour. It runs in less than half a minute.
#
# **Points:** 10. Eight are given by tests, two by a person, for the questions at the end.
#
# **How to hand in:** Work in the cells that say `# YOUR CODE HERE`, and in the answer at the end. Do not delete or
# copy cells. Before you hand in: *Kernel > Restart & Run All*.

# %% [markdown] nbgrader={"grade": false, "grade_id": "05-setup-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Setup
#
# 2,000 pictures of Fashion-MNIST, of ten kinds. **Bags** (kind 8) are what does not belong here; the other nine kinds
# are normal.
# - `x_train`, `kinds`: the first 1,000 pictures `(1000, 28, 28, 1)`, values in [0, 1], and their kinds `(1000,)`. There
#   are bags among them.
# - `x_valid`, `x_test`: other normal pictures, without bags. `x_odd`: other bags.

# %% nbgrader={"grade": false, "grade_id": "05-setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import contextlib
import logging
import warnings

import keras
import numpy as np
import pandas as pd
from keras import ops
from sklearn.metrics import roc_auc_score

from ae_helpers import plots
from ae_helpers.data import load_mnist, load_tfds_images
from ae_helpers.models import Autoencoder, dense_autoencoder
from ae_helpers.plots import show

SEED = 0
BAG = 8

keras.utils.set_random_seed(SEED)
# A test cell with a warning below it would get no points.
warnings.simplefilter("ignore")
logging.getLogger("tensorflow").setLevel(logging.ERROR)

clothes, all_kinds = load_tfds_images("fashion_mnist", "test[:2000]")
x_train, kinds = clothes[:1000], all_kinds[:1000]
others, is_bag = clothes[1000:], all_kinds[1000:] == BAG
x_valid, x_test, x_odd = others[~is_bag][:400], others[~is_bag][400:], others[is_bag]
print(f"{len(x_train)} to train on, {len(x_valid)} to validate, {len(x_test)} normal and {len(x_odd)} odd to test")

# %% [markdown] nbgrader={"grade": false, "grade_id": "05-train-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 1 Train on what is normal (1 point)
#
# Write `train_on_normal(model, x, kinds, odd)`. Compile the model for the mean squared error with Adam (learning rate
# 0.005; no test asks for it), train it for 20 epochs in batches of 50 with `verbose=0`, and return it. It must never
# see a picture of the kind `odd`. The kinds choose the pictures, and are used for nothing else.


# %% nbgrader={"grade": false, "grade_id": "05-train", "locked": false, "schema_version": 3, "solution": true, "task": false}
def train_on_normal(model, x, kinds, odd):
    """Train an autoencoder on all pictures but those of one kind.

    Args:
        model: `Autoencoder`, not compiled.
        x: pictures, float array `(n, 28, 28, 1)`.
        kinds: whole numbers `(n,)`: the kind of each picture.
        odd: the kind that is not normal.

    Returns:
        The trained model.
    """
    ### BEGIN SOLUTION
    normal = x[kinds != odd]
    model.compile(keras.optimizers.Adam(0.005), "mse")
    model.fit(normal, normal, batch_size=50, epochs=20, verbose=0)
    return model
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "05-train-tests", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
def pictures_seen(x, kinds, odd):
    """How often the network is given each picture in training: an array `(n,)`. Slow, so for few pictures."""
    seen, parts = [], dense_autoencoder(8, ())

    class Watched(Autoencoder):
        """An autoencoder that keeps what it is given."""

        def compile(self, *args, **options):
            super().compile(*args, **{**options, "run_eagerly": True, "jit_compile": False})

        def call(self, inputs, training=None):
            if training is not False:  # or it is an evaluation
                with contextlib.suppress(Exception):  # Keras may come with a shape only
                    seen.append(ops.convert_to_numpy(inputs).reshape(-1, 784))
            return super().call(inputs, training=training)

    train_on_normal(Watched(parts.encoder, parts.decoder), x, kinds, odd)
    seen = np.concatenate(seen or [np.empty((0, 784))])
    return np.array([(np.abs(seen - picture).max(axis=1) < 1e-6).sum() for picture in x.reshape(-1, 784)])


few = pictures_seen(x_train[:60], kinds[:60], BAG)
odd_ones, normal_ones = few[kinds[:60] == BAG], few[kinds[:60] != BAG]
assert odd_ones.max() == 0, "The network was trained on bags, too. They are what it should find unusual."
assert normal_ones.min() > 0, "Some of the normal pictures were never shown to the network."
assert normal_ones.min() > 15, f"Each normal picture should be shown 20 times, but one was shown {normal_ones.min()}."
model = train_on_normal(dense_autoencoder(16, (128,)), x_train, kinds, BAG)
assert model is not None, "You returned None: is the `return` missing?"
assert isinstance(model, Autoencoder), f"The trained Autoencoder should come, but a {type(model).__name__} came."
half = float(model.compute_loss(y=ops.zeros((2, 28, 28, 1)), y_pred=ops.full((2, 28, 28, 1), 0.5)))
assert np.isclose(half, 0.25), f"With the mean squared error, pixels that are wrong by 0.5 cost 0.25, not {half:.3g}."
error = np.square(model.reconstruct(x_valid) - x_valid).sum(axis=(1, 2, 3)).mean()
print(f"The mean squared error of other normal pictures is {error:.1f}.")
assert error < 25, f"An error below 25 can be reached, but yours is {error:.1f}: check inputs, targets and optimiser."
### BEGIN HIDDEN TESTS
_kinds = np.random.default_rng(SEED + 1).permutation(np.repeat([3, 5, 8], 20))
_seen = pictures_seen(x_train[100:160], _kinds, 5)
assert _seen[_kinds == 5].max() == 0, "With another odd kind, the network saw pictures of it."
assert _seen[_kinds != 5].min() > 15, "With another odd kind, normal pictures were left out."
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "05-score-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 2 A score for each picture (1 point)
#
# A small fault drowns in the sum over 784 pixels. So count only the **worst** pixels: the score of a picture is the
# mean of its m largest squared differences. With m = 784 it is the mean squared error of the picture.
#
# Example: with the differences 0.1, −0.5, 0 and 0.3 and m = 2, the score is (0.25 + 0.09) / 2 = 0.17.


# %% nbgrader={"grade": false, "grade_id": "05-score", "locked": false, "schema_version": 3, "solution": true, "task": false}
def worst_pixels(x, x_hat, m):
    """The mean of the m largest squared differences of each picture.

    Args:
        x: pictures, float array `(n, height, width, 1)`.
        x_hat: what the network makes of them, of the same shape.
        m: whole number from 1 to height * width.

    Returns:
        Float array `(n,)`. The arguments stay as they were.
    """
    ### BEGIN SOLUTION
    squares = np.square(x - x_hat).reshape(len(x), -1)
    return np.sort(squares, axis=1)[:, -m:].mean(axis=1)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "05-score-tests", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
three = np.full((3, 2, 2, 1), 0.5)
three_hat = three.copy()
three_hat[0, ..., 0] -= [[0.1, -0.5], [0, 0.3]]
three_hat[2, 0, 0, 0] += 0.4
found = worst_pixels(three, three_hat, 2)
assert found is not None, "You returned None: is the `return` missing?"
assert np.shape(found) == (3,), f"Three pictures have three scores, but your result has the shape {np.shape(found)}."
assert three[0, 0, 0, 0] == 0.5 and np.isclose(three_hat[0, 0, 0, 0], 0.4), "Your function has changed its arguments."
for m, expected in {2: [0.17, 0, 0.08], 1: [0.25, 0, 0.16], 4: [0.0875, 0, 0.04]}.items():
    found = np.asarray(worst_pixels(three, three_hat, m))
    assert np.allclose(found, expected), f"With m = {m}, the scores should be {expected}, but yours are {found}."
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(SEED + 2)
for _shape, _m in [((7, 5, 6, 1), 4), ((3, 28, 28, 1), 50), ((4, 3, 2, 1), 6), ((1, 28, 28, 1), 784)]:
    _x, _y = _rng.random(_shape), _rng.random(_shape)
    _right = [np.mean(sorted(((a - b) ** 2).ravel().tolist(), reverse=True)[:_m]) for a, b in zip(_x, _y, strict=True)]
    assert np.allclose(worst_pixels(_x, _y, _m), _right), "Your scores are wrong for other pictures or another m."
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "05-threshold-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 3 A promise about false alarms (1 + 1 points)
#
# A picture raises an alarm if its score is *above* the threshold. The lesson read the threshold off 5,000 validation
# pictures, as a quantile. With few of them this promises too much. An exact promise: n validation scores make n + 1
# places, below the smallest, between two neighbours, above the largest, and a new normal picture is as likely to fall
# into one place as into any other. At most the share `rate` of the n + 1 places may raise an alarm.
#
# Write `threshold(valid_scores, rate)`: the *lowest* validation score that keeps the promise. If not even the largest
# keeps it, nothing may raise an alarm: return `np.inf`.
#
# Example: the scores 1, 2, ... 9 make ten places. With a rate of 0.2, two of them may raise an alarm, from 8 to 9 and
# above 9: the threshold is 8. With 0.25 it is the same. With 0.05 not even one of the ten may: infinity.
#
# (1 point for many validation pictures, 1 point for few.)


# %% nbgrader={"grade": false, "grade_id": "05-threshold", "locked": false, "schema_version": 3, "solution": true, "task": false}
def threshold(valid_scores, rate):
    """The threshold that keeps a rate of false alarms.

    Args:
        valid_scores: float array `(n,)`, in any order: scores of normal pictures that were not trained on.
        rate: share of false alarms that is allowed, between 0 and 1.

    Returns:
        Float: one of the scores, or infinity. The argument stays as it was.
    """
    ### BEGIN SOLUTION
    alarms = int(rate * (len(valid_scores) + 1) + 1e-9)  # places that may raise one
    return np.sort(valid_scores)[-alarms] if alarms else np.inf
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "05-threshold-tests", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
many = np.random.default_rng(SEED + 3).permutation(np.arange(10_000.0))
kept = many.copy()
for rate, expected in {0.01: 9900, 0.2: 8000}.items():
    found = threshold(many, rate)
    assert found is not None, "You returned None: is the `return` missing?"
    assert np.shape(found) == (), f"A threshold is one number, but yours has the shape {np.shape(found)}."
    raised = np.mean(many > found)
    assert abs(found - expected) < 3, (
        f"Scores 0 to 9,999, rate {rate}: the threshold is near {expected}, not {found:.0f}, which raises {raised:.1%}."
    )
assert np.array_equal(many, kept), "Your function has changed the order of the scores that it was given."
### BEGIN HIDDEN TESTS
_many = np.random.default_rng(SEED + 4).lognormal(0, 2, 20_000)
for _rate in (0.003, 0.05, 0.6):
    _raised = np.mean(_many > threshold(_many, _rate))
    assert abs(_raised - _rate) < 0.0003, "Wrong for other scores or rates."
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "05-promise-tests", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
nine = np.array([4.0, 9, 1, 8, 2, 7, 3, 6, 5])
for rate, expected in {0.2: 8, 0.25: 8, 0.5: 5, 0.1: 9, 0.05: np.inf}.items():
    found = threshold(nine, rate)
    assert found is not None, "You returned None: is the `return` missing?"
    assert found == expected, f"Scores 1 to 9, rate {rate}: the threshold should be {expected}, but yours is {found}."
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(SEED + 5)
for _n, _rate in [(19, 0.07), (50, 0.03), (7, 0.9), (30, 0.031), (99, 0.0099), (3, 0.26)]:
    _scores = _rng.normal(size=_n)
    _allowed = [s for s in [*_scores, np.inf] if 1 + (_scores > s).sum() <= _rate * (_n + 1) or s == np.inf]
    assert threshold(_scores, _rate) == min(_allowed), "Wrong for other numbers of validation pictures."
_alarms = np.mean([scores[0] > threshold(scores[1:], 0.1) for scores in _rng.exponential(size=(4000, 20))])
assert _alarms < 0.12, f"With 19 validation pictures and a rate of 0.1, {_alarms:.1%} of new ones raise an alarm."
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "05-in-use-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 4 In use (1 + 1 points)
#
# In our test one picture in six is odd. In the shop it may be one in a hundred. Write
# `in_use(scores, choose, rate, share)`, which says what a detector does *there*:
# - `"false alarms"`: the share of normal pictures that raise an alarm,
# - `"found"`: the share of odd pictures that raise an alarm (the recall),
# - `"precision"`: the share of odd ones among all pictures that raise an alarm, where `share` of all pictures are odd;
#   NaN if nothing raises an alarm.
#
# The first two are measured on test pictures. The threshold comes from `choose(some_scores, rate)`, which works as your
# `threshold` does. (It comes as an argument: so this task can be tested without the one before.) Choose which scores
# it may see. One check looks at the first two numbers, another at the precision: each has its point.


# %% nbgrader={"grade": false, "grade_id": "05-in-use", "locked": false, "schema_version": 3, "solution": true, "task": false}
def in_use(scores, choose, rate, share):
    """What a detector does where a given share of the pictures is odd.

    Args:
        scores: dict of float arrays: scores of the normal pictures that the network was trained on ("train"), of
            other normal ones ("valid", "test"), and of odd ones ("odd").
        choose: function `(scores, rate) -> threshold`.
        rate: share of false alarms that is allowed.
        share: of odd ones among all pictures in use, between 0 and 1.

    Returns:
        dict of floats: "false alarms", "found", "precision".
    """
    ### BEGIN SOLUTION
    limit = choose(scores["valid"], rate)
    f, r = (float(np.mean(scores[name] > limit)) for name in ("test", "odd"))
    alarms = share * r + (1 - share) * f
    return {"false alarms": f, "found": r, "precision": share * r / alarms if alarms else np.nan}
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "05-in-use-tests", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
def second_largest(some_scores, rate):
    """A simple rule: the threshold is the second largest score, at any rate."""
    return np.sort(some_scores)[-2]


NAMES = ["false alarms", "found", "precision"]
four = {
    "train": np.array([1.0, 1, 2, 2, 6]),
    "valid": np.array([1.0, 2, 3, 4, 5]),
    "test": np.array([1.0, 3, 3, 5, 6, 2, 3, 1, 2, 2]),
    "odd": np.array([2.0, 4, 5, 6, 7, 7, 8, 9]),
}
found = in_use(four, second_largest, 0.1, 0.5)
assert found is not None, "You returned None: is the `return` missing?"
assert sorted(dict(found)) == NAMES, f"The names should be {NAMES}, but yours are {sorted(dict(found))}."
for name, expected in {"false alarms": 0.2, "found": 0.75}.items():
    assert np.isclose(found[name], expected), (
        f"With the threshold 4, the {name!r} should be {expected}, but yours are {found[name]:.3f}. "
        "Which scores may choose the threshold, and which are counted?"
    )
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(SEED + 6)
for _rate, _share in [(0.1, 0.3), (0.3, 0.01), (0.02, 0.9)]:
    _sizes = {"train": (0.3, 150), "valid": (1, 120), "test": (0.8, 80), "odd": (2, 40)}
    _scores = {name: _rng.exponential(scale, n) for name, (scale, n) in _sizes.items()}
    _limit = np.quantile(_scores["valid"], 1 - _rate)
    _found = in_use(_scores, lambda some, rate: np.quantile(some, 1 - rate), _rate, _share)
    assert np.isclose(_found["false alarms"], (_scores["test"] > _limit).mean()), "False alarms: wrong for others."
    assert np.isclose(_found["found"], (_scores["odd"] > _limit).mean()), "Found: wrong for other scores."
### END HIDDEN TESTS


# %% nbgrader={"grade": true, "grade_id": "05-precision-tests", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
def right_alarms(f, r, share, pictures=1_000_000):
    """The precision, counted in a million pictures."""
    odd = share * pictures
    right, false = r * odd, f * (pictures - odd)
    return right / (right + false) if right + false else np.nan


found = in_use(four, second_largest, 0.5, 0.01)  # the rule ignores the rate
assert found is not None, "You returned None: is the `return` missing?"
f, r, precision = (found[name] for name in NAMES)
expected = right_alarms(f, r, 0.01)
assert np.isclose(precision, expected, equal_nan=True), (
    f"With {f:.1%} false alarms and {r:.1%} found, and one odd picture in a hundred, {expected:.2%} of the alarms "
    f"are right, but you say {precision:.2%}."
)
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(SEED + 9)
for _share in (0.3, 0.002, 0.95):
    _scores = {name: _rng.exponential(size=n) for name, n in {"train": 60, "valid": 40, "test": 90, "odd": 30}.items()}
    _found = in_use(_scores, second_largest, 0.1, _share)
    _right = right_alarms(_found["false alarms"], _found["found"], _share)
    assert np.isclose(_found["precision"], _right, equal_nan=True), "Wrong for other shares."
_found = in_use(four, lambda some, rate: np.inf, 0.1, 0.01)
if _found["false alarms"] == _found["found"] == 0:
    assert np.isnan(_found["precision"]), "If nothing raises an alarm, the precision is NaN."
for _part in ("odd", "test"):
    _found = in_use({**four, _part: np.zeros(10)}, second_largest, 0.1, 0.01)
    _right = right_alarms(_found["false alarms"], _found["found"], 0.01)
    assert np.isclose(_found["precision"], _right, equal_nan=True), (
        "Wrong where only odd or only normal ones raise one."
    )
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "05-pays-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 5 When does it pay? (1 point)
#
# Each alarm, right or false, costs `check`: somebody opens the parcel. Each odd picture without an alarm costs `miss`.
# Without a detector nobody opens anything, and each odd picture costs `miss`.
#
# Let f be the share of false alarms and r the share found. Write `break_even(f, r, check, miss)`: the share π of odd
# pictures at which both cost the same. Where they are rarer, the detector costs more than it saves.
#
# Example: with f = 0.1, r = 0.5, a check for 1 and a miss for 21, it is π = 1/101. Then 101 pictures, one of them odd,
# cost 21 without the detector. With it: 10 false alarms, half a right one, and half a miss of 21: 21 as well.


# %% nbgrader={"grade": false, "grade_id": "05-pays", "locked": false, "schema_version": 3, "solution": true, "task": false}
def break_even(f, r, check, miss):
    """The share of odd pictures at which a detector costs as much as none.

    Args:
        f: share of normal pictures that raise an alarm, 0 to 1.
        r: share of odd pictures that raise an alarm, above 0.
        check: what an alarm costs, above 0.
        miss: what an odd picture without an alarm costs; more than a check.

    Returns:
        Float from 0 to 1.
    """
    ### BEGIN SOLUTION
    # (1 - share) * f * check + share * (r * check + (1 - r) * miss) = share * miss
    return f * check / (f * check + r * (miss - check))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "05-pays-tests", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
def cost(share, f, r, check, miss):
    """What a picture costs on average, with the detector."""
    return (1 - share) * f * check + share * (r * check + (1 - r) * miss)


for costs in [(0.1, 0.5, 1, 21), (0.02, 0.9, 2, 10)]:
    share = break_even(*costs)
    assert share is not None, "You returned None: is the `return` missing?"
    assert np.shape(share) == () and 0 <= share <= 1, f"A share from 0 to 1 should come, but {share} came."
    with_it, without = cost(share, *costs), share * costs[-1]
    assert np.isclose(with_it, without, rtol=1e-3), (
        f"f, r, check, miss = {costs}: at your share {share:.4g}, a picture costs {with_it:.4g} with the detector, and "
        f"{without:.4g} without. They should be the same."
    )
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(SEED + 7)
for _ in range(20):
    _f, _r, _check = _rng.uniform(0.01, 0.5), _rng.uniform(0.05, 1), _rng.uniform(0.5, 5)
    _miss = _check + _rng.uniform(1, 50)
    _right = 1 / (1 + _r * (_miss - _check) / (_f * _check))
    assert np.isclose(break_even(_f, _r, _check, _miss), _right, rtol=1e-3, atol=1e-6), "Wrong for other costs."
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "05-blind-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 6 What slips through? (1 point)
#
# What is rebuilt well passes, seen before or not. A rival that has learned nothing, the distance to the nearest
# training picture, helps to find such **blind spots**: candidates that raise no alarm by their score, though they are
# farther than `far` from all training pictures. Write `blind_spots(candidates, score, limit, distance, far)`.
#
# Example: the scores 5, 1, 2, 3, the limit 3, the distances 9, 9, 4, 8 and far = 4. The candidates 1, 2 and 3 raise no
# alarm. Of them, 1 and 3 are farther than 4, and 1 is the farthest: the result is 1, 3.


# %% nbgrader={"grade": false, "grade_id": "05-blind", "locked": false, "schema_version": 3, "solution": true, "task": false}
def blind_spots(candidates, score, limit, distance, far):
    """Which pictures raise no alarm, though they are like nothing in the training data.

    Args:
        candidates: pictures, float array `(n, 28, 28, 1)`.
        score: function from pictures `(n, 28, 28, 1)` to scores `(n,)`; an alarm is a score above `limit`.
        limit: float.
        distance: function from pictures to distances from the nearest training picture, `(n,)`.
        far: float.

    Returns:
        Integer array: the numbers of the blind spots among the candidates, the farthest first. It may be empty.
    """
    ### BEGIN SOLUTION
    distances = distance(candidates)
    blind = np.flatnonzero((score(candidates) <= limit) & (distances > far))
    return blind[np.argsort(-distances[blind])]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "05-blind-tests", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
def corner(row):
    """Not a score: reads off the first column of a picture, so that we know what comes out."""
    return lambda pictures: np.array([picture[row, 0, 0] for picture in pictures])


pictures = np.zeros((4, 28, 28, 1))
pictures[:, 0, 0, 0], pictures[:, 1, 0, 0] = [5, 1, 2, 3], [9, 9, 4, 8]
found = blind_spots(pictures, corner(0), 3, corner(1), 4)
assert found is not None, "You returned None: is the `return` missing?"
assert np.ndim(found) == 1, f"A list of whole numbers should come, but the shape of yours is {np.shape(found)}."
assert list(found) == [1, 3], f"The example's blind spots are [1, 3], but yours are {list(found)}."
assert len(blind_spots(pictures, corner(0), 0.5, corner(1), 4)) == 0, "With a limit of 0.5, all raise an alarm."
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(SEED + 8)
_pictures = np.zeros((60, 28, 28, 1))
_pictures[:, :2, 0, 0] = _rng.random((60, 2))
for _limit, _far in [(0.5, 0.5), (0.8, 0.1), (0.2, 0.6)]:
    _pairs = sorted((-b, i) for i, (a, b) in enumerate(_pictures[:, :2, 0, 0]) if a <= _limit and b > _far)
    _found = blind_spots(_pictures, corner(0), _limit, corner(1), _far)
    assert list(_found) == [i for _, i in _pairs], "Wrong for other candidates, limits or distances."
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "05-look-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## A look at the whole
#
# No points here. Once all tasks are solved, the next cell trains your network, compares it with two rivals that learn
# nothing (how far the amount of ink is from its mean, and the squared distance to the nearest training picture), and
# looks for blind spots among 500 digits and a few simple pictures.

# %% nbgrader={"grade": false, "grade_id": "05-look", "locked": true, "schema_version": 3, "solution": false, "task": false}
RATE, SHARE, CHECK, MISS = 0.05, 0.01, 1, 30


def nearest(x):
    """Squared distance to the nearest normal training picture."""
    a, b = x.reshape(len(x), -1), x_train[kinds != BAG].reshape(-1, 784)
    return (np.square(a).sum(1)[:, None] - 2 * a @ b.T + np.square(b).sum(1)).min(1)


def ink(x):
    return np.abs(x.sum(axis=(1, 2, 3)) - x_train[kinds != BAG].sum(axis=(1, 2, 3)).mean())


try:
    network = train_on_normal(dense_autoencoder(16, (128,)), x_train, kinds, BAG)
    methods = {
        "network, all pixels": lambda x: worst_pixels(x, network.reconstruct(x), 784),
        "network, worst 50": lambda x: worst_pixels(x, network.reconstruct(x), 50),
        "nearest": nearest,
        "ink": ink,
    }
    sets = {"train": x_train[kinds != BAG], "valid": x_valid, "test": x_test, "odd": x_odd}
    rows, limits = {}, {}
    for name, method in methods.items():
        scores = {part: method(x) for part, x in sets.items()}
        limits[name] = threshold(scores["valid"], RATE)
        labels = np.repeat([0, 1], [len(x_test), len(x_odd)])
        rows[name] = {"AUC": roc_auc_score(labels, np.concatenate([scores["test"], scores["odd"]]))}
        rows[name] |= in_use(scores, threshold, RATE, SHARE)
        rows[name]["pays from"] = break_even(rows[name]["false alarms"], rows[name]["found"], CHECK, MISS)
    print(f"At most {RATE:.0%} false alarms; precision where {SHARE:.0%} are odd; check {CHECK}, miss {MISS}")
    print(pd.DataFrame(rows).T.map("{:.1%}".format).to_string())

    (digits, digit_kinds), _, _ = load_mnist()
    made = np.zeros((4, 28, 28, 1), "float32")
    made[0], made[1, 13:16, 13:16], made[2, :, 8:20], made[3, 4:24, 4:24] = 0.1, 1, 0.4, 0.3
    candidates = np.concatenate([made, digits[:500]])
    method, far = methods["network, all pixels"], limits["nearest"]
    passes = method(candidates) <= limits["network, all pixels"]
    blind = blind_spots(candidates, method, limits["network, all pixels"], nearest, far)
    kind_of = pd.Series(digit_kinds[:500])
    shares = pd.Series(np.asarray(passes)[4:]).groupby(kind_of).mean()
    print(f"\nVeil, dot, bar, square pass: {passes[:4]}.")
    print(f"They are farther from all training pictures than {far:.0f}: {nearest(made) > far}.")
    print(f"Of digits, {passes[4:].mean():.0%} pass. By kind:")
    print(shares.map("{:.0%}".format).to_frame().T.to_string(index=False))
    print(f"{len(blind)} blind spots: they pass, though they are farther from all training pictures than {far:.0f}.")
    if len(blind):
        title = "The farthest blind spots, and what the network makes of them"
        shown = candidates[blind[:10]]
        figure = plots.plot_reconstructions(shown, network.reconstruct(shown), title=title)
        show(figure, alt="Pictures that are no clothes above their reconstructions.")
except Exception as problem:
    print(f"Not yet: {type(problem).__name__} {problem}")

# %% [markdown] nbgrader={"grade": false, "grade_id": "05-why-question", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 7 Would you buy it? (2 points)
#
# Answer in at most 250 words, with numbers from the row *network, all pixels* above. If you have no table, or doubt
# yours, say so and take 4 % false alarms, 60 % found, and the dot of lesson 05.
# 1. A salesman says: "The AUC of our network is 0.9, so 90 % of its alarms are right." What does this AUC say, and what
#    share of your network's alarms is right where one picture in a hundred is odd? At how few false alarms would he be
#    right, if as many bags were found?
# 2. Name a picture that is no piece of clothing and passes. Why does it, though the network has never seen it? Suggest
#    a second alarm that needs no odd picture: where does its threshold come from, how do *both together* keep the 5 %,
#    and does it catch *your* picture (or how would you find out)?

# %% [markdown] nbgrader={"grade": true, "grade_id": "05-why", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# 1. It is the chance that a bag has a higher score than a normal picture. It knows no threshold, and does not depend on
# how rare bags are. At a promise of 5 % I measure about 4 % false alarms and find about 60 % of the bags. Of 10,000
# pictures 100 are odd: 60 right alarms, but 4 % of 9,900, nearly 400 false ones. So about 13 % of the alarms are right,
# not 90 %. For nine right alarms to one false there might be 60 / 9, about 7 false ones: 0.07 % of the normal pictures.
# 2. Most ones among the digits pass, and so do the dot, the bar and the grey veil. The error measures the distance to
# what the decoder can draw, not to the training pictures: a one is nearly a narrow dress, and where there is little
# ink, even an all-black answer costs little. I would add a second alarm, for pictures that are farther from every
# training picture than a threshold from the same normal validation pictures, at 2.5 % for each of the two: at 5 % each,
# they might raise nearly 10 % together. Three in ten of the ones raise it, when I count, but dot, bar and veil do not:
# dark clothes are near them, as the line below the table says. Error per ink would catch the dot and the ones, but
# fewer bags, and neither bar nor veil.
#
# *Half a point each, all or nothing; what follows from an error is right.*
# - *(a) The AUC: a bag scores higher than a normal picture with this chance; or it knows neither threshold nor share.
#   One of the two is enough.*
# - *(b) The precision from one of the network's rows of the student's own table, or computed from f and r, to 2 points
#   of percent; and the false alarms for 90 %, f = share · r / (9 (1 − share)), about 0.07 %. The numbers are enough, and
#   a slip in the second costs nothing if the way to it is shown; "few" is not enough.*
# - *(c) A picture that passes in the table or in the lesson, and the reason: what the decoder can draw, or too little
#   ink. "Like a narrow dress, which it can draw" is a reason; "like something it knows" is none: like what? Nor is
#   "whatever it draws": an all-black picture raises an alarm.*
# - *(d) A second score (nearest picture or code, error per ink, ink; also one that finds little), its threshold from
#   normal validation pictures, both together at 5 % (half for each; or one threshold for the larger of the two, each
#   divided by its own; or a count on validation pictures), and how to measure whether it catches the picture, or a
#   verdict that the student's own lines don't refute. Nothing for longer training, a larger code, odd pictures, or an
#   alarm only if both agree: then no more is caught.*
# ### END SOLUTION
