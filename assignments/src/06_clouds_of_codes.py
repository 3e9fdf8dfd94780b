# %% [markdown] nbgrader={"grade": false, "grade_id": "06-title", "locked": true, "schema_version": 3, "solution": false, "task": false}
# # Assignment 06 Clouds of codes
#
# In lesson 06 each picture's code became a small cloud, and new pictures were drawn from N(0, 1). But after a short
# training the clouds do not fill N(0, 1). Here you price a cloud against *any* Gaussian, draw from it, put squared
# errors into nats, and then look for a better place to draw from: the one Gaussian that fits all clouds best, and the
# clouds themselves. A distance between sets of pictures judges.
#
# **Before you start:** lesson 06, *New digits*.
#
# **Time:** about 70 minutes. It runs in less than half a minute.
#
# **Points:** 10. Eight are given by tests, two by a person, for the questions at the end.
#
# **How to hand in:** Work in the cells that say `# YOUR CODE HERE`, and in the answer at the end. Do not delete or
# copy cells. Before you hand in: *Kernel > Restart & Run All*.

# %% [markdown] nbgrader={"grade": false, "grade_id": "06-setup-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Setup
#
# - `x_train`, `x_spare`: 3,000 digits of MNIST each, at half their size, `(3000, 14, 14, 1)`, values in [0, 1];
#   `x_test`, `x_other`: 1,000 each of the test set. Only `x_train` is trained on.
# - `tensor(values)` makes a Keras tensor, `array(tensor)` a NumPy array of one.
# - `Clouds(draw, price)` is the last layer of an encoder. It takes means and log-variances in a row, `(batch, 2 k)`,
#   calls your functions, and adds the mean price to the loss.
# - `autoencoder_with(k, *layers)` makes an `Autoencoder` whose code of k numbers comes from these layers.
#
# A **cloud** is a normal distribution for each of the k numbers of a code, given by its mean μ and the natural
# logarithm of its variance, log σ². Tasks 1 to 3 run inside of networks: compute with `keras.ops` (and `keras.random`),
# so that gradients can pass. The other tasks are NumPy.

# %% nbgrader={"grade": false, "grade_id": "06-setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import logging
import warnings

import keras
import numpy as np
import pandas as pd
from keras import layers, ops
from scipy import stats
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import NearestNeighbors

from ae_helpers import plots
from ae_helpers.data import load_mnist
from ae_helpers.models import Autoencoder
from ae_helpers.plots import show

SEED = 0

keras.utils.set_random_seed(SEED)
# A test cell with a warning below it would get no points.
warnings.simplefilter("ignore")
logging.getLogger("tensorflow").setLevel(logging.ERROR)
ops.zeros(1)  # TensorFlow says once that it found no GPU: here, not below a test


def half_size(x):
    """Each square of four pixels becomes one, their mean."""
    return x.reshape(-1, 14, 2, 14, 2, 1).mean(axis=(2, 4))


(digits, _), _, (test_digits, _) = load_mnist()
x_train, x_spare = half_size(digits[:3000]), half_size(digits[3000:6000])
x_test, x_other = half_size(test_digits[:1000]), half_size(test_digits[1000:2000])

# %% nbgrader={"grade": false, "grade_id": "06-helpers", "locked": true, "schema_version": 3, "solution": false, "task": false}
tensor, array = (lambda values: ops.convert_to_tensor(values, "float32")), ops.convert_to_numpy


class Clouds(layers.Layer):
    """From means and log-variances `(batch, 2 k)` to codes `(batch, k)`; adds the clouds' mean price to the loss."""

    def __init__(self, draw, price=None):
        super().__init__()
        self.draw, self.price, self.seed = draw, price, keras.random.SeedGenerator(SEED)

    def call(self, inputs, training=None):
        mean, log_variance = ops.split(inputs, 2, axis=-1)
        if self.price:
            zeros = ops.zeros(mean.shape[-1])
            self.add_loss(ops.mean(self.price(mean, log_variance, zeros, zeros)))
        return self.draw(mean, log_variance, bool(training), self.seed)


def autoencoder_with(k, *code, width=128):
    """196 pixels, a hidden layer, layers that end with a code of k numbers, and back: an `Autoencoder`."""
    pixels = [keras.Input((14, 14, 1)), layers.Flatten(), layers.Dense(width, "gelu")]
    back = [layers.Dense(width, "gelu"), layers.Dense(196, "sigmoid"), layers.Reshape((14, 14, 1))]
    return Autoencoder(keras.Sequential([*pixels, *code]), keras.Sequential([keras.Input((k,)), *back]))


class Free(layers.Layer):
    """The same means and log-variances for all inputs: two weights that can be trained."""

    def __init__(self, mean, log_variance):
        super().__init__()
        self.start = np.concatenate([mean, log_variance]).astype("float32")

    def build(self, input_shape):
        self.free = self.add_weight(shape=self.start.shape, initializer=lambda shape, dtype: tensor(self.start))

    def call(self, inputs):
        return ops.zeros_like(inputs[:, :1]) + self.free


# %% [markdown] nbgrader={"grade": false, "grade_id": "06-price-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 1 What a cloud costs (1 + 1 points)
#
# The lesson priced clouds against N(0, 1). Against another Gaussian, the **prior** N(m, s²), a number of a code costs
#
# $$\int q(z) \log \frac{q(z)}{p(z)}\, dz = \frac12 \Bigl( \frac{(\mu - m)^2 + \sigma^2}{s^2} - 1 - \log \frac{\sigma^2}{s^2} \Bigr)$$
#
# nats, where q is the cloud N(μ, σ²) and p the prior. A picture's price is the sum over the numbers of its code.
# Write `price(mean, log_variance, prior_mean, prior_log_variance)`. The first check asks for prices against N(0, 1),
# where both of the prior's arguments are 0, the second one for other priors: each has its point.
#
# Example: against N(0, 1), the mean 3 with the variance 1 costs 4.5 nats, the mean 0 with the variance 4 costs 0.81.
# Against N(3, 4) they cost 0.32 and 1.125.


# %% nbgrader={"grade": false, "grade_id": "06-price", "locked": false, "schema_version": 3, "solution": true, "task": false}
def price(mean, log_variance, prior_mean, prior_log_variance):
    """The Kullback-Leibler divergence of each picture's cloud from a prior, in nats.

    Args:
        mean, log_variance: tensors `(n, k)`: the clouds of n pictures.
        prior_mean, prior_log_variance: tensors `(k,)`.

    Returns:
        Tensor `(n,)`: summed over the numbers of a code.
    """
    ### BEGIN SOLUTION
    away = ops.square(mean - prior_mean) + ops.exp(log_variance)
    ratio = log_variance - prior_log_variance
    return 0.5 * ops.sum(away / ops.exp(prior_log_variance) - 1 - ratio, axis=-1)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "06-price-tests", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
means, log_variances = tensor([[3, 0], [0, 0], [0, 0]]), tensor([[0, np.log(4)], [0, 0], [np.log(4), 0]])
none = tensor([0, 0])
found = price(means, log_variances, none, none)
assert found is not None, "You returned None: is the `return` missing?"
assert np.shape(found) == (3,), f"Three pictures have three prices, but your result has the shape {np.shape(found)}."
assert np.isclose(found[1], 0, atol=1e-3), f"A cloud that is N(0, 1) costs nothing, not {float(found[1]):.3f} nats."
expected = [4.5 + 0.8069, 0, 0.8069]
assert np.allclose(found, expected, atol=1e-3), (
    f"Means [[3, 0], [0, 0], [0, 0]], variances [[1, 4], [1, 1], [4, 1]]: {expected} nats, not {array(found)}."
)


def stepped(mean, log_variance):
    """One cloud's mean and log-variance after a step down the slope of its price; None if Keras can't train by it."""
    model = keras.Sequential([keras.Input((1,)), Free(mean, log_variance), Clouds(lambda mean, *rest: mean, price)])
    model.compile(keras.optimizers.SGD(0.1), loss=lambda y_true, y_pred: 0 * ops.sum(y_pred, axis=-1))
    try:
        model.train_on_batch(np.zeros((4, 1)), np.zeros((4, 1)))
    except NotImplementedError:  # TensorFlow's, when NumPy is given a tensor without values
        return None
    return model.get_weights()[0]


# The derivatives are the mean, and half of the variance less 1.
start = np.array([2.0, -1.0, 0.5, -1.0])
right = start - 0.1 * np.append(start[:2], (np.exp(start[2:]) - 1) / 2)
found = stepped(start[:2], start[2:])
assert found is not None, "In training, Keras can't compute your price: all of it should be `keras.ops`, without NumPy."
assert np.allclose(found, right, atol=1e-4), f"In training, your price should lead {start} to {right}, not {found}."


### BEGIN HIDDEN TESTS
def _integrals(mean, log_variance, prior_mean, prior_log_variance):
    """The same as a numeric integral, by Simpson's rule."""
    z = np.linspace(-60, 60, 24_001)
    q = stats.norm(mean[..., None], np.exp(log_variance / 2)[..., None])
    p = stats.norm(prior_mean[:, None], np.exp(prior_log_variance / 2)[:, None])
    rates = q.pdf(z) * (q.logpdf(z) - p.logpdf(z))
    return ((rates[..., :-2:2] + 4 * rates[..., 1:-1:2] + rates[..., 2::2]).sum(-1) * (z[1] - z[0]) / 3).sum(-1)


_rng = np.random.default_rng(SEED + 1)
_mean, _log_variance = _rng.normal(0, 2, (6, 5)), _rng.uniform(-2, 2, (6, 5))
_found = price(tensor(_mean), tensor(_log_variance), tensor(np.zeros(5)), tensor(np.zeros(5)))
assert np.shape(_found) == (6,), "The shape is wrong for other clouds."
assert np.allclose(_found, _integrals(_mean, _log_variance, np.zeros(5), np.zeros(5)), rtol=1e-3), "Wrong for others."
_right = [0.9, 1 - 0.05 * (np.exp(1) - 1)]
assert np.allclose(stepped([1.0], [1.0]), _right, atol=1e-4), "In training, your price leads other clouds elsewhere."
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "06-prior-tests", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
for (m, v), expected in {(3, 4): [0.3181, 1.125], (0, 4): [1.4431, 0], (-1, 1): [8, 1.3069]}.items():
    prior = tensor([m]), tensor([np.log(v)])
    found = price(tensor([[3], [0]]), tensor([[0], [np.log(4)]]), *prior)
    assert found is not None, "You returned None: is the `return` missing?"
    assert np.allclose(found, expected, atol=1e-3), (
        f"Against N({m}, {v}), the clouds N(3, 1) and N(0, 4) cost {expected} nats, not {array(found)}."
    )
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(SEED + 2)
for _n, _k in [(6, 1), (4, 3), (5, 7)]:
    _mean, _log_variance = _rng.normal(0, 2, (_n, _k)), _rng.uniform(-2, 2, (_n, _k))
    _prior = _rng.normal(0, 2, _k), _rng.uniform(-1, 2, _k)
    _found = price(tensor(_mean), tensor(_log_variance), *map(tensor, _prior))
    _z = np.linspace(-60, 60, 24_001)
    _q = stats.norm(_mean[..., None], np.exp(_log_variance / 2)[..., None])
    _p = stats.norm(_prior[0][:, None], np.exp(_prior[1] / 2)[:, None])
    _right = (_q.pdf(_z) * (_q.logpdf(_z) - _p.logpdf(_z))).sum(axis=(1, 2)) * (_z[1] - _z[0])
    if _k > 1:  # whether they are added up, the other check asks
        _found, _right = _found / _found[0], _right / _right[0]
    assert np.shape(_found) == (_n,) and np.allclose(_found, _right, rtol=1e-3), "Wrong for other clouds and priors."
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "06-draw-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 2 Draw, but only in training (1 + 1 points)
#
# Write `draw(mean, log_variance, training, seed)`. In training each number of each picture's code is drawn from its
# cloud, by noise of its own that is new in each step, so that gradients reach both the mean and the log-variance.
# Otherwise the code is the mean. For noise, `keras.random.normal(shape, seed=seed)` goes on in its sequence with each
# call; the shape is `ops.shape(mean)`, for `mean.shape` does not know the number of pictures while Keras builds the
# network. (NumPy's noise would be drawn once, when Keras compiles the step.)
#
# One check looks at training, another at what comes after it: each has its point.


# %% nbgrader={"grade": false, "grade_id": "06-draw", "locked": false, "schema_version": 3, "solution": true, "task": false}
def draw(mean, log_variance, training, seed):
    """A code from each cloud in training, and its mean otherwise.

    Args:
        mean, log_variance: tensors `(n, k)`.
        training: bool.
        seed: `keras.random.SeedGenerator`, to be passed on as it is.

    Returns:
        Tensor `(n, k)`.
    """
    ### BEGIN SOLUTION
    if not training:
        return mean
    noise = keras.random.normal(ops.shape(mean), seed=seed)
    return mean + ops.exp(log_variance / 2) * noise
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "06-draw-tests", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
seed = keras.random.SeedGenerator(SEED + 10)
means, log_variances = np.tile([1.0, -2, 0], (5000, 1)), np.tile(np.log([4, 0.25, 1]), (5000, 1))
codes = draw(tensor(means), tensor(log_variances), True, seed)
assert codes is not None, "You returned None: is the `return` missing?"
assert np.shape(codes) == (5000, 3), f"The codes should have the shape (5000, 3), but yours have {np.shape(codes)}."
codes = array(codes)
assert codes.std(axis=0).min() > 0.1, "All pictures of a cloud got the same code: each needs noise of its own."
assert np.allclose(codes.mean(axis=0), [1, -2, 0], atol=0.15), f"Means 1, -2, 0 came out as {codes.mean(axis=0)}."
assert np.allclose(codes.std(axis=0), [2, 0.5, 1], rtol=0.1), (
    f"Variances 4, 0.25 and 1 are deviations of 2, 0.5 and 1, but yours are {codes.std(axis=0)}."
)
alike = np.abs(np.corrcoef(codes.T) - np.eye(3)).max()
assert alike < 0.2, f"The numbers of a code should have noise of their own, but are correlated by {alike:.2f}."
again = array(draw(tensor(means), tensor(log_variances), True, seed))
assert not np.allclose(again, codes), "Another call has the same noise. Is the seed passed on as it is?"


def trained_by_draws(mean, log_variance, rate):
    """Three steps on the mean square of 20,000 codes from one cloud: the losses, and the weights after the first."""
    model = keras.Sequential([keras.Input((1,)), Free(mean, log_variance), Clouds(draw)])
    model.compile(keras.optimizers.SGD(rate), loss=lambda y_true, y_pred: ops.sum(ops.square(y_pred), axis=-1))
    losses, weights, zeros = [], [], np.zeros((20_000, 1))
    for _ in range(3):
        losses.append(float(model.train_on_batch(zeros, zeros)))
        weights.append(model.get_weights()[0])
    return losses, weights[0]


losses, _ = trained_by_draws([0.0], [0.0], 0.0)
assert len(set(losses)) == 3, "In a compiled step of training the noise is the same each time: use `keras.random`."
# The mean square is mean² + variance: its derivatives are twice the mean, and the variance.
_, weights = trained_by_draws([1.0, -2.0], np.log([1.0, 4.0]), 0.1)
assert np.allclose(weights[:2], [0.8, -1.6], atol=0.05), f"Gradients should move 1, -2 to 0.8, -1.6, not {weights[:2]}."
expected = np.log([1, 4]) - [0.1, 0.4]
assert np.allclose(weights[2:], expected, atol=0.05), (
    f"Gradients should move log-variances 0 and 1.39 to {expected.round(2)}, but yours are {weights[2:]}."
)
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(SEED + 3)
_mean, _log_variance = _rng.normal(0, 3, (40, 6)), _rng.uniform(-3, 1, (40, 6))
_draws = np.stack([draw(tensor(_mean), tensor(_log_variance), True, seed) for _ in range(400)])
_noise = (_draws - _mean) / np.exp(_log_variance / 2)
assert np.abs(_noise.mean(axis=0)).max() < 0.3, "The means of many draws are wrong for other clouds."
assert np.abs(_noise.std(axis=0) - 1).max() < 0.25, "The deviations of many draws are wrong for other clouds."
assert stats.kstest(_noise.ravel()[::7], "norm").pvalue > 1e-4, "The noise is not normally distributed."
_alike = np.corrcoef(_noise.reshape(400, -1).T) - np.eye(240)
assert np.abs(_alike).max() < 0.35, "Some pictures or numbers share their noise."
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "06-mean-tests", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
seed = keras.random.SeedGenerator(SEED + 11)
means, log_variances = np.array([[1.0, -2], [0, 5]]), np.ones((2, 2))
found = draw(tensor(means), tensor(log_variances), False, seed)
assert found is not None, "You returned None: is the `return` missing?"
assert np.allclose(found, means), f"Outside of training, the codes are the means {means.tolist()}, not {array(found)}."
found = draw(tensor(means), tensor(log_variances), True, seed)
assert not np.allclose(found, means), "The means are right outside of training, but you give them in training, too."
model = autoencoder_with(4, layers.Dense(8), Clouds(draw), width=32)
first, second = model.reconstruct(x_test[:20]), model.reconstruct(x_test[:20])
assert np.array_equal(first, second), "Reconstructed twice, a picture comes out in two ways: nothing should be drawn."
### BEGIN HIDDEN TESTS
_dense = layers.Dense(14)
_model = autoencoder_with(7, _dense, Clouds(draw), width=20)
_moments = keras.Model(_model.encoder.inputs, _dense.output).predict(x_test[20:60], verbose=0)
_codes = _model.encode(x_test[20:60])
assert np.allclose(_codes, _moments[:, :7], atol=1e-5), "encode should give the means."
assert np.allclose(_model.reconstruct(x_test[20:60]), _model.decode(_codes), atol=1e-5), "reconstruct uses other codes."
_flat = draw(tensor(np.ones((2, 5))), tensor(np.full((2, 5), 9.0)), False, seed)
assert np.allclose(_flat, 1), "Outside of training, wide clouds have other codes than their means."
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "06-nats-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 3 A squared error in nats (1 point)
#
# Prices in nats and errors in squared pixels can't be added, unless we say what a pixel's error costs. Say that each
# pixel is drawn from a normal distribution around the reconstruction, with the deviation s. Then a picture costs
#
# $$-\log p(x \mid z) = \sum_i \Bigl( \frac{(x_i - \hat x_i)^2}{2 s^2} + \log s + \frac12 \log 2\pi \Bigr)$$
#
# nats. (A density may be above 1: then its cost is negative.) Write `picture_nats(x, x_hat, s)`.
#
# Example: with s = 0.2, a pixel that is 0.2 off costs 0.5 − 1.609 + 0.919 = −0.19 nats, one that is 0.6 off 3.81.


# %% nbgrader={"grade": false, "grade_id": "06-nats", "locked": false, "schema_version": 3, "solution": true, "task": false}
def picture_nats(x, x_hat, s):
    """What each picture costs, given its reconstruction, if pixels are normal with the deviation s.

    Args:
        x, x_hat: tensors `(n, height, width, 1)`.
        s: float above 0.

    Returns:
        Tensor `(n,)`: summed over the pixels of a picture.
    """
    ### BEGIN SOLUTION
    nats = ops.square(x - x_hat) / (2 * s**2) + np.log(s) + 0.5 * np.log(2 * np.pi)
    return ops.sum(nats, axis=(1, 2, 3))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "06-nats-tests", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
pixels = np.zeros((3, 2, 1, 1))
pixels_hat = np.array([[0.2, 0.6], [0, 0], [0.2, 0.2]]).reshape(3, 2, 1, 1)
found = picture_nats(tensor(pixels), tensor(pixels_hat), 0.2)
assert found is not None, "You returned None: is the `return` missing?"
assert np.shape(found) == (3,), f"Three pictures have three costs, but your result has the shape {np.shape(found)}."
expected = [-0.1905 + 3.8095, 2 * -0.6905, 2 * -0.1905]
assert np.allclose(found, expected, atol=1e-3), (
    f"Pictures of two pixels, 0.2 and 0.6 off, 0 and 0, 0.2 and 0.2: {expected} nats, but yours are {array(found)}."
)


def moved(start, target, s):
    """Where a pixel is after a step down the slope of your nats; None if Keras can't train by them."""
    model = keras.Sequential([keras.Input((1,)), Free([start], []), layers.Reshape((1, 1, 1))])
    model.compile(keras.optimizers.SGD(0.01), loss=lambda y_true, y_pred: picture_nats(y_true, y_pred, s))
    try:
        model.train_on_batch(np.zeros((2, 1)), np.full((2, 1, 1, 1), target))
    except NotImplementedError:
        return None
    return model.get_weights()[0][0]


found = moved(0.25, 0.75, 0.5)
assert found is not None, "In training, Keras can't compute your nats: tensors need `keras.ops` instead of NumPy."
assert np.isclose(found, 0.27, atol=1e-4), f"Your nats should move a pixel from 0.25 to 0.27 in training, not {found}."
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(SEED + 4)
for _shape, _s in [((5, 14, 14, 1), 0.1), ((2, 3, 4, 1), 1.5), ((1, 28, 28, 1), 0.5)]:
    _x, _y = _rng.random(_shape), _rng.random(_shape)
    _right = -stats.norm(_y, _s).logpdf(_x).sum(axis=(1, 2, 3))
    _found = picture_nats(tensor(_x), tensor(_y), _s)
    assert np.shape(_found) == _shape[:1] and np.allclose(_found, _right, rtol=1e-3), "Wrong for other pictures or s."
assert np.isclose(moved(0.5, 0.25, 0.2), 0.4375, atol=1e-4), "In training, your nats move other pixels elsewhere."
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "06-prior-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 4 The best prior (1 point)
#
# Which Gaussian, one for each number of the code, would have been the right prior for the clouds as they are? The one
# with the lowest *mean price* over all pictures. Write `best_prior(mean, log_variance)`. There is a short formula: set
# the derivatives of the mean price to 0. Or ask yourself which mean and which variance codes would have that are
# drawn from all clouds (compute it; nothing is drawn).
#
# Example: for a code of one number, two pictures have the clouds N(−1, 1) and N(3, 3). The best prior is N(1, 6).


# %% nbgrader={"grade": false, "grade_id": "06-best-prior", "locked": false, "schema_version": 3, "solution": true, "task": false}
def best_prior(mean, log_variance):
    """The Gaussian against which clouds have the lowest mean price.

    Args:
        mean, log_variance: float arrays `(n, k)`.

    Returns:
        Its mean and its log-variance: two float arrays `(k,)`.
    """
    ### BEGIN SOLUTION
    variance = np.exp(log_variance).mean(axis=0) + mean.var(axis=0)  # within clouds, and between them
    return mean.mean(axis=0), np.log(variance)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "06-best-prior-tests", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
found = best_prior(np.array([[-1.0, 2], [3, 2]]), np.log([[1.0, 0.5], [3, 0.5]]))
assert found is not None, "You returned None: is the `return` missing?"
assert len(found) == 2, f"A mean and a log-variance should come, but {len(found)} results came."
m, log_v = (np.asarray(part) for part in found)
assert m.shape == log_v.shape == (2,), f"Both have the shape (2,), but yours have {m.shape} and {log_v.shape}."
assert np.allclose(m, [1, 2], atol=1e-2), f"The means of the example's prior are 1 and 2, but yours are {m}."
assert np.allclose(np.exp(log_v), [6, 0.5], rtol=1e-2), f"Its variances are 6 and 0.5, but yours are {np.exp(log_v)}."


### BEGIN HIDDEN TESTS
def _mean_price(mean, log_variance, m, log_v):
    away = (mean - m) ** 2 + np.exp(log_variance)
    return 0.5 * (away / np.exp(log_v) - 1 - log_variance + log_v).mean(axis=0)


_rng = np.random.default_rng(SEED + 5)
for _n, _k in [(200, 4), (3, 9), (2, 1)]:
    _mean, _log_variance = _rng.normal(_rng.normal(size=_k), 2, (_n, _k)), _rng.uniform(-3, 2, (_n, _k))
    _m, _log_v = (np.asarray(part) for part in best_prior(_mean.copy(), _log_variance.copy()))
    assert _m.shape == _log_v.shape == (_k,), "The shapes are wrong for other clouds."
    _lowest = _mean_price(_mean, _log_variance, _m, _log_v)
    for _a, _b in [(0.1, 0), (-0.1, 0), (0, 0.1), (0, -0.1)]:
        _other = _mean_price(_mean, _log_variance, _m + _a, _log_v + _b)
        assert (_lowest < _other).all(), "For other clouds, a prior near to yours is cheaper."
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "06-from-clouds-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 5 Draw from the clouds themselves (1 point)
#
# Or keep all clouds: choose a picture at random, each as likely as any other, and draw from its cloud. For the next
# code choose again: the same picture may come twice, and there may be more codes to draw than pictures. Write
# `draw_from_clouds(mean, log_variance, n, rng)`.


# %% nbgrader={"grade": false, "grade_id": "06-from-clouds", "locked": false, "schema_version": 3, "solution": true, "task": false}
def draw_from_clouds(mean, log_variance, n, rng):
    """New codes, each from the cloud of a picture that is chosen at random.

    Args:
        mean, log_variance: float arrays `(m, k)`: the clouds of m pictures.
        n: how many codes.
        rng: `np.random.Generator`; all chance comes from it.

    Returns:
        Float array `(n, k)`.
    """
    ### BEGIN SOLUTION
    chosen = rng.integers(len(mean), size=n)
    noise = rng.normal(size=(n, mean.shape[1]))
    return mean[chosen] + np.exp(log_variance[chosen] / 2) * noise
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "06-from-clouds-tests", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
def drawn_from(means, variances, n, seed):
    """Codes, and for each the picture whose mean is nearest."""
    means = np.array(means, dtype=float)
    codes = draw_from_clouds(means, np.log(variances), n, np.random.default_rng(seed))
    assert codes is not None, "You returned None: is the `return` missing?"
    assert np.shape(codes) == (n, means.shape[1]), f"Shape {(n, means.shape[1])} was asked for, {np.shape(codes)} came."
    codes = np.asarray(codes)
    return codes, np.square(codes[:, None] - means).sum(axis=2).argmin(axis=1)


corners = [[-50, -50], [50, 50], [-50, 50]]  # there is none at (50, -50)
codes, chosen = drawn_from(corners, [[1, 4], [1, 4], [9, 1]], 6000, SEED + 12)
away = codes - np.array(corners)[chosen]
assert np.abs(away).max() < 25, "Some codes are far from all clouds: all numbers of a code come from the same picture."
share = np.bincount(chosen, minlength=3) / 6000
assert np.allclose(share, 1 / 3, atol=0.05), f"Three pictures should be chosen as often, but the shares are {share}."
spread = np.array([away[chosen == i].std(axis=0) for i in range(3)])
assert np.allclose(spread, [[1, 2], [1, 2], [3, 1]], rtol=0.15), (
    f"With the variances [[1, 4], [1, 4], [9, 1]] the deviations are [[1, 2], [1, 2], [3, 1]], not {spread.round(2)}."
)
assert len(np.unique(codes[:, 0])) == 6000, "Some codes are the same: each needs noise of its own."
again = drawn_from(corners, [[1, 4], [1, 4], [9, 1]], 6000, SEED + 12)[0]
assert np.array_equal(again, codes), "The same generator should give the same codes."
one, two = (drawn_from([[0.0, 0.0]], [[1.0, 1.0]], 2000, SEED + i)[0] for i in (15, 16))
assert not np.array_equal(one, two), "Another generator should give other codes: all chance comes from `rng`."
assert abs(np.corrcoef(one.T)[0, 1]) < 0.2, "The numbers of a code share their noise: each has its own."
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(SEED + 6)
_means, _variances = 100 * np.arange(40)[:, None] + _rng.normal(size=(40, 25)), _rng.uniform(0.01, 1, (40, 25))
_codes, _chosen = drawn_from(_means, _variances, 8000, SEED + 13)
_noise = (_codes - _means[_chosen]) / np.sqrt(_variances[_chosen])
assert np.abs(_noise).max() < 7 and abs(_noise.std() - 1) < 0.02, "The codes are not drawn from the clouds."
assert np.abs(np.bincount(_chosen, minlength=40) - 200).max() < 80, "Some pictures are chosen more often than others."
assert np.abs(np.corrcoef(_noise.T) - np.eye(25)).max() < 0.1, "The numbers of a code share their noise."
assert np.abs(np.diff(_chosen) == 1).mean() < 0.1, "Pictures are taken in their order, not at random."
_few, _of = drawn_from(_means, _variances, 30, SEED + 14)
assert 12 < len(np.unique(_of)) < 30, "Of few codes, each should have a picture that is chosen at random."
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "06-energy-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 6 A judge (1 point)
#
# How far is a set of made pictures from a set of real ones? The **energy distance** compares lengths:
#
# $$2\, \overline{\lVert x - y \rVert} - \overline{\lVert x - x' \rVert} - \overline{\lVert y - y' \rVert}$$
#
# A bar is the mean over *all* pairs: of a real x and a made y; of any two real ones, where each picture is also paired
# with itself; of any two made ones likewise. ‖·‖ is the length of the difference as a row of pixels, not squared. It is
# 0 for equal sets and above 0 for others. Write `energy_distance(x, y)`.
#
# Example: for pictures of one pixel, 0 and 2 on one side, 3 and 3 on the other: 2 · 2 − 1 − 0 = 3.


# %% nbgrader={"grade": false, "grade_id": "06-energy", "locked": false, "schema_version": 3, "solution": true, "task": false}
def energy_distance(x, y):
    """How far apart two sets of pictures are.

    n and m may be 500: all differences at once are 0.4 GB, and two loops take half a minute for all rows of the table.

    Args:
        x: float array `(n, height, width, 1)`.
        y: float array `(m, height, width, 1)`.

    Returns:
        Float, 0 or more.
    """

    ### BEGIN SOLUTION
    def mean_length(a, b):
        a, b = a.reshape(len(a), -1).astype("float64"), b.reshape(len(b), -1).astype("float64")
        squares = np.square(a).sum(1)[:, None] - 2 * a @ b.T + np.square(b).sum(1)
        return np.sqrt(np.maximum(squares, 0)).mean()

    return 2 * mean_length(x, y) - mean_length(x, x) - mean_length(y, y)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "06-energy-tests", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
def one_pixel(*values):
    return np.array(values, dtype="float64").reshape(-1, 1, 1, 1)


found = energy_distance(one_pixel(0, 2), one_pixel(3, 3))
assert found is not None, "You returned None: is the `return` missing?"
assert np.shape(found) == (), f"One number should come, but the shape of yours is {np.shape(found)}."
assert np.isclose(found, 3), f"The example's distance is 3, but yours is {found:.3f}."
for x, y, expected in [((1,), (1,), 0), ((0, 1, 2), (0, 1, 2), 0), ((0,), (1, 3), 3), ((-1, 1), (-2, 2), 1)]:
    found = energy_distance(one_pixel(*x), one_pixel(*y))
    assert np.isclose(found, expected, atol=1e-6), f"Pixels {x} and {y}: {expected}, but yours is {found:.3f}."
found = energy_distance(np.zeros((1, 1, 2, 1)), np.array([3.0, 4]).reshape(1, 1, 2, 1))
assert np.isclose(found, 10), f"Two pixels, 3 and 4 off, are a length of 5 and a distance of 10, not {found:.3f}."
found = energy_distance(x_test[:200], x_test[:200].copy())
assert abs(found) < 1e-2, f"Equal sets have the distance 0, not {found:.3f}. (NaN: is a rounded square below 0?)"
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(SEED + 7)
for _n, _m, _size in [(5, 9, (3, 4)), (12, 4, (14, 14)), (1, 6, (2, 1))]:
    _x, _y = _rng.random((_n, *_size, 1)), _rng.random((_m, *_size, 1)) ** 2
    _means = [np.mean([np.linalg.norm((a - b).ravel()) for a in one for b in two])
              for one, two in [(_x, _y), (_x, _x), (_y, _y)]]  # fmt: skip
    assert np.isclose(energy_distance(_x, _y), 2 * _means[0] - _means[1] - _means[2], atol=2e-3), "Wrong for others."
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "06-look-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## A look at the whole
#
# No points here. Once all tasks are solved, the next cell trains two autoencoders with codes of 8 numbers, one with
# your clouds and a plain one, and draws 1,000 digits in each of several ways. A **mixture** of 20 Gaussians on the plain
# codes is the rival. The judge compares half of them with 500 real digits; other real digits show how near one can come.
# The last column: of 3,000 training digits and 3,000 others, how often is the nearest one a training digit?

# %% nbgrader={"grade": false, "grade_id": "06-look", "locked": true, "schema_version": 3, "solution": false, "task": false}
K, S = 8, 0.15


def trained(*code):
    model = autoencoder_with(K, *code)
    model.compile(keras.optimizers.Adam(0.005), lambda x, x_hat: picture_nats(x, x_hat, S), steps_per_execution=10)
    model.fit(x_train, x_train, batch_size=100, epochs=10, verbose=0)
    return model


try:
    rng = np.random.default_rng(SEED)
    moments = layers.Dense(2 * K)
    free, plain = trained(moments, Clouds(draw, price)), trained(layers.Dense(K))
    moments = keras.Model(free.encoder.inputs, moments.output)
    mean, log_variance = np.split(moments.predict(x_train, verbose=0), 2, axis=1)
    m, log_v = best_prior(mean, log_variance)
    zeros = np.zeros(K)
    for name, prior in {"N(0, 1)": (zeros, zeros), "the best prior": (m, log_v)}.items():
        nats = array(price(tensor(mean), tensor(log_variance), *map(tensor, prior)))
        print(f"Mean price of the clouds against {name}: {nats.mean():.2f} nats")

    s = np.exp(log_v / 2)
    print(f"Of the best prior, the means m go from {m.min():.2f} to {m.max():.2f}, the deviations s from", end=" ")
    print(f"{s.min():.2f} to {s.max():.2f}.")
    print(f"Of the single clouds, the middle one is {np.median(np.exp(log_variance / 2)):.2f}.")
    z_plain = plain.encode(x_train).astype("float64")
    mixture = GaussianMixture(20, max_iter=30, tol=0.01, random_state=SEED).fit(z_plain)
    made = {
        "other real digits": x_other,
        "clouds: N(0, 1)": free.decode(rng.normal(size=(1000, K))),
        "clouds: the best prior": free.decode(rng.normal(m, s, (1000, K))),
        "clouds: drawn from them": free.decode(draw_from_clouds(mean, log_variance, 1000, rng)),
        "plain: a Gaussian": plain.decode(rng.normal(z_plain.mean(0), z_plain.std(0), (1000, K))),
        "plain: a mixture": plain.decode(mixture.sample(1000)[0][rng.permutation(1000)]),
        "plain: training digits rebuilt": plain.reconstruct(x_train[:1000]),
        "clouds: N(m, 1)": free.decode(rng.normal(m, 1, (1000, K))),
        "clouds: N(0, s²)": free.decode(rng.normal(0, s, (1000, K))),
    }
    known = np.concatenate([x_train, x_spare]).reshape(-1, 196)
    search = NearestNeighbors(n_neighbors=1).fit(known)
    table = {}
    for name, x in made.items():
        copied = (search.kneighbors(x.reshape(-1, 196), return_distance=False) < len(x_train)).mean()
        table[name] = {"energy distance": energy_distance(x_test[:500], x[::2]), "nearest is a training digit": copied}
    print(pd.DataFrame(table).T.round(3).to_string())
    rows = {name: x[:10] for name, x in made.items()}
    show(plots.plot_interpolation(rows), alt="Rows of ten digits: real ones, and what each way of drawing makes.")
except Exception as problem:
    print(f"Not yet: {type(problem).__name__} {problem}")

# %% [markdown] nbgrader={"grade": false, "grade_id": "06-why-question", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 7 Where should one draw? (2 points)
#
# Answer in at most 250 words, with numbers from the output above. If you have no table, or doubt yours, say so and take
# these. Distances: other real digits 0.01, N(0, 1) 0.8, the best prior 0.17, drawn from the clouds 0.15, N(m, 1) 0.23,
# N(0, s²) 0.7. Nearest is a training digit: other real digits 0.49, the best prior 0.55, drawn from the clouds 0.7. Of
# the best prior, the means: −0.7 to 0.5, the deviations: 1.1 to 1.4; deviation of a single cloud: 0.18.
# 1. Order the three ways to draw from the *clouds'* network by their distance from real digits, beside the distance of
#    other real digits. Codes from N(0, 1) can miss because all clouds together lie elsewhere, have another width, or
#    leave gaps. Which counts most, by which rows? And now shift the means of all clouds by the same vector, and let the
#    decoder's first layer take it off again: what becomes of the error, and what of the price? So what does the table
#    say about this training?
# 2. Somebody trains with a much smaller s, so that an error costs more: clouds become very narrow. Does their price rise
#    or fall, by which of its terms? What are the pictures that are then drawn from the clouds? Which *column of the
#    table* shows it? What would the other column say of the training digits themselves, and why?

# %% [markdown] nbgrader={"grade": true, "grade_id": "06-why", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# 1. Other real digits are at 0.013 (nearer one can't come). Drawn from the clouds themselves: 0.14 to 0.16; from the best
# prior: 0.17; from N(0, 1): 0.7 to 0.9. The best prior is a Gaussian too and falls into the same gaps, yet it takes
# nearly all of the way; the clouds themselves add 0.01 to 0.03. Nor is it the width: N(0, s²) is at 0.6 to 1.1. It is
# the place: N(m, 1) is at 0.23. A shift that the decoder takes off again costs no error, and lowers the price until the
# mean of all means is 0. (A common factor is as free; so at the lowest loss the best prior is N(0, 1) itself.) The
# clouds are not there yet: the training was too short.
# 2. The price rises: −log σ² grows as clouds shrink. A draw from a narrow cloud is nearly
# its mean, so the pictures are training digits, rebuilt: copies. The last column shows it: other real digits have 0.49,
# draws from the clouds 0.7 already, rebuilt training digits 0.75. The energy distance would not: of the training digits
# themselves it would be that of other real digits, about 0.01, for both are drawn from the same source. It asks how a
# whole set lies, not whether one has seen its pictures.
#
# *Half a point each, all or nothing; what follows from an error, or from a table that an error made, is right.*
# - *(a) The three ways in the order of the student's (or the given) table, with numbers, and other real digits beside, as
#   what can be reached. No point for an order without them.*
# - *(b) The place, by N(m, 1) beside N(0, s²) or N(0, 1); and: the shift is free for the error and lowers the price, so
#   training had not come so far. Nothing for width or gaps, or for "too short" without the shift.*
# - *(c) The price rises, by the logarithm of the variance, and draws are training digits,
#   rebuilt. "It overfits" or "sharper" does not say what they are.*
# - *(d) The share of nearest training digits, above a half (or a like comparison with unseen digits), and: training digits
#   lie as real ones do, so their distance is small. Nothing for the column without the reason, or for the median
#   deviation or the price instead.*
# ### END SOLUTION
