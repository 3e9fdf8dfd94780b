# %% [markdown] nbgrader={"grade": false, "grade_id": "04-title", "locked": true, "schema_version": 3, "solution": false, "task": false}
# # Assignment 04 Tied and deep
#
# Lesson 04 tied whole networks with a function of the library. Here you tie a deep network by hand, pair by pair, find
# out by experiment whether a network really is tied, untie it, and build a road between the two: a penalty that pulls
# the decoder's kernel towards the encoder's.
#
# **Before you start:** lesson 04, *Tied weights*.
#
# **Time:** about an hour. It runs in less than half a minute.
#
# **Points:** 10. Eight are given by tests, two by a person, for the question at the end.
#
# **How to hand in:** Work in the cells that say `# YOUR CODE HERE`, and in the answer at the end. Do not delete or
# copy cells. Before you hand in: *Kernel > Restart & Run All*.

# %% [markdown] nbgrader={"grade": false, "grade_id": "04-setup-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Setup
#
# - `x`: 2,000 digits of MNIST, `(2000, 28, 28, 1)`, values in [0, 1].
# - `chain(forward, backward)` makes an `Autoencoder` out of two lists of layers. You may use it.
# - `shake(model)` gives all weights random values. New biases are zeros, and zeros hide mistakes.
# - `output(model, inputs)` computes, `train(model)` trains for an epoch, and `distance(model)` compares two kernels.
#
# **Sizes.** An encoder with the sizes (784, 64, 32, 16) has three dense layers: 784 to 64, 64 to 32, and 32 to the code
# of 16 numbers. Its decoder goes back through the same sizes. Encoder layer i and the decoder layer that goes back over
# the same two sizes are a **pair**. So there are three pairs, counted from the image to the code:
# pair 0 is 784-64, pair 1 is 64-32, pair 2 is 32-16.

# %% nbgrader={"grade": false, "grade_id": "04-setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import itertools
import logging
import warnings

import keras
import numpy as np
from keras import layers, ops

from ae_helpers.data import load_mnist
from ae_helpers.layers import TiedDense
from ae_helpers.models import Autoencoder, dense_autoencoder, tied_autoencoder

SEED = 0

keras.utils.set_random_seed(SEED)
# A test cell with a warning below it would get no points.
warnings.simplefilter("ignore")
logging.getLogger("tensorflow").setLevel(logging.ERROR)
x = load_mnist()[0][0][:2000].copy()
ops.zeros(1)  # TensorFlow says once that it found no GPU: here, not below a test


# %% nbgrader={"grade": false, "grade_id": "04-helpers", "locked": true, "schema_version": 3, "solution": false, "task": false}
def chain(forward, backward):
    """An `Autoencoder` of images: the layers of `forward` lead to the code, those of `backward` to 784 pixels."""
    encoder = keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten(), *forward])
    decoder = keras.Sequential([keras.Input(encoder.output_shape[1:]), *backward, layers.Reshape((28, 28, 1))])
    return Autoencoder(encoder, decoder)


def shake(model, seed=SEED):
    """Random values for all weights; returns the model."""
    rng = np.random.default_rng(seed)
    model.set_weights([rng.normal(0, 0.1, w.shape) for w in model.get_weights()])
    return model


def output(model, inputs):
    """What a model makes of inputs, as a NumPy array."""
    return ops.convert_to_numpy(model(ops.convert_to_tensor(inputs, "float32")))


def train(model):
    """An epoch over x in batches of 50, for the squared error."""
    model.compile(keras.optimizers.Adam(0.005), "mse")
    for start in range(0, len(x), 50):
        model.train_on_batch(x[start : start + 50], x[start : start + 50])


def distance(model):
    """How far the decoder's kernel is from the encoder's, transposed, relative to its length; for a single pair."""
    W, V = model.encoder.get_weights()[0], model.decoder.get_weights()[0]
    return np.linalg.norm(W - V.T) / np.linalg.norm(V)


# %% [markdown] nbgrader={"grade": false, "grade_id": "04-count-parameters-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 1 Count, pair by pair (1 point)
#
# The lesson's formulas are for networks that are tied altogether or not at all. But each pair may be tied or not.
# Write `count_parameters(sizes, tied)`, by a formula, without building a network.
#
# Example: the sizes (6, 4, 2) have the pairs 6-4 and 4-2. Untied, `(False, False)`, they have 80 parameters;
# `(True, True)` 48; with the pair at the image tied, `(True, False)`, 56.


# %% nbgrader={"grade": false, "grade_id": "04-count-parameters", "locked": false, "schema_version": 3, "solution": true, "task": false}
def count_parameters(sizes, tied):
    """Number of parameters of a dense autoencoder: kernels and biases of encoder and decoder.

    Args:
        sizes: of the encoder, from the image to the code: tuple of n + 1 whole numbers.
        tied: for each of the n pairs, from the image to the code, whether it is tied: tuple of bools.

    Returns:
        int. Each layer, tied or not, has a bias of its own.
    """
    ### BEGIN SOLUTION
    total = 0
    for (a, b), is_tied_pair in zip(itertools.pairwise(sizes), tied, strict=True):
        kernels = 1 if is_tied_pair else 2
        total += kernels * a * b + a + b
    return total
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "04-count-parameters-tests", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
for tied, expected in {(False, False): 80, (True, True): 48, (True, False): 56}.items():
    found = count_parameters((6, 4, 2), tied)
    assert found is not None, "You returned None: is the `return` missing?"
    assert found == expected, f"The sizes (6, 4, 2) tied {tied} make {expected} parameters, but you count {found}."
found = count_parameters((784, 64, 32, 16), (False, False, False))
expected = dense_autoencoder(16, (64, 32)).count_params()
assert found == expected, f"Keras counts {expected:,} in an untied network 784-64-32-16, but you count {found:,}."
### BEGIN HIDDEN TESTS
assert count_parameters((6, 4, 2), (False, True)) == 72, "Your count is wrong for other flags."
assert count_parameters((784, 10), (True,)) == tied_autoencoder(10, ()).count_params(), "Wrong for a single pair."
_rng = np.random.default_rng(SEED + 1)
for _pairs in (2, 3, 4, 5):
    _sizes, _tied = _rng.integers(1, 300, _pairs + 1).tolist(), (_rng.random(_pairs) < 0.5).tolist()
    _kernels = [_sizes[i] * _sizes[i + 1] for i in range(_pairs)]
    _right = 2 * sum(_kernels) + 2 * sum(_sizes) - _sizes[0] - _sizes[-1]
    _right -= sum(kernel for kernel, one in zip(_kernels, _tied, strict=True) if one)
    assert count_parameters(tuple(_sizes), tuple(_tied)) == _right, "Your count is wrong for other networks."
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "04-build-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 2 Tie by hand (2 points)
#
# Write `build_autoencoder(sizes, tied)`. The decoder's layer of a tied pair is a `TiedDense(layer)`, that of an untied
# pair a `Dense`. All hidden layers have the activation `"gelu"`, in the decoder, too. The code has no activation,
# and the pixels have `"sigmoid"`.
#
# `chain` does the rest. Mind the order: the decoder begins at the code.


# %% nbgrader={"grade": false, "grade_id": "04-build", "locked": false, "schema_version": 3, "solution": true, "task": false}
def build_autoencoder(sizes, tied):
    """A dense autoencoder of images whose decoder is tied to its encoder, pair by pair.

    Args:
        sizes: of the encoder, from 784 pixels to the code: tuple `(784, ..., latent_dim)`.
        tied: for each pair, from the image to the code, whether it is tied: tuple of bools.

    Returns:
        `Autoencoder`, not compiled, from `(batch, 28, 28, 1)` to the same shape.
    """
    ### BEGIN SOLUTION
    *hidden, latent_dim = sizes[1:]
    forward = [*(layers.Dense(units, "gelu") for units in hidden), layers.Dense(latent_dim)]
    backward = []
    for pair in reversed(range(len(forward))):
        activation = "sigmoid" if pair == 0 else "gelu"
        mirror = TiedDense(forward[pair], activation) if tied[pair] else layers.Dense(sizes[pair], activation)
        backward.append(mirror)
    return chain(forward, backward)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "04-build-tests", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
model = build_autoencoder((784, 64, 32, 16), (True, True, True))
assert model is not None, "You returned None: is the `return` missing?"
assert isinstance(model, Autoencoder), f"The result should be an Autoencoder, but is a {type(model).__name__}."
for tied, expected in {(True, True, True): 53_728, (False, True, True): 103_904}.items():
    model = shake(build_autoencoder((784, 64, 32, 16), tied))
    shape, count = model.encoder.output_shape, model.count_params()
    assert shape == (None, 16), f"The codes' shape should be (None, 16), but is {shape}."
    assert count == expected, f"Tied {tied}, there should be {expected:,} parameters, but you have {count:,}."
lowest = output(model.encoder, x[:100]).min()
assert lowest < -0.2, f"Codes should be free, but none is below {lowest:.2f}: does their layer have an activation?"
image = output(model, x[:100])
assert image.min() >= 0 and image.max() <= 1, f"Pixels go from {image.min():.1f} to {image.max():.1f}, not 0 to 1."
### BEGIN HIDDEN TESTS
_sigmoid = keras.activations.sigmoid
for _tied in [(True, True, True), (True, False, True, False), (False, True, True), (True,), (False, False)]:
    _n, _sizes = len(_tied), [784, *(24, 12, 7, 5)[: len(_tied)]]
    _model = shake(build_autoencoder(tuple(_sizes), _tied), SEED + 2)
    _weights, _own, _y = _model.encoder.get_weights(), _model.decoder.get_weights(), x[:20].reshape(20, -1)
    for _i in range(_n):
        _y = _y @ _weights[2 * _i] + _weights[2 * _i + 1]
        _y = np.asarray(keras.activations.gelu(_y)) if _i < _n - 1 else _y
    for _i in reversed(range(_n)):
        _y = _y @ (_weights[2 * _i].T if _tied[_i] else _own.pop(0)) + _own.pop(0)
        _y = np.asarray(keras.activations.gelu(_y) if _i else _sigmoid(_y))
    assert np.allclose(output(_model, x[:20]).reshape(20, -1), _y, atol=1e-4), "Wrong outputs for other flags or sizes."
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "04-is-tied-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 3 Is it tied? (2 points)
#
# Class names prove nothing, and equal values don't either: a decoder that started as a copy looks tied before it is
# trained. An experiment tells: **change a kernel of the encoder. If the decoder shares it, the decoder's outputs change
# for the same codes; if not, they stay as they were.**
#
# Write `is_tied(model)`: whether the decoder shares *every* kernel of the encoder. It must work for any layers in the
# decoder, also for classes that you have never seen. Some help:
# - `model.encoder.weights` lists kernels (two axes) and biases (one axis; they are never shared),
# - `w.assign(values)` changes a weight; `ops.convert_to_numpy(w).copy()` is a copy of what it holds,
# - `output(model.decoder, z)` is what the decoder makes of codes z `(n, model.latent_dim)`.
#
# Afterwards all weights must be *exactly* what they were, whatever the result. (1 point for the right results, 1 point
# for an experiment, right or wrong, that leaves the weights as they were. Whoever never asks the decoder has made none.)


# %% nbgrader={"grade": false, "grade_id": "04-is-tied", "locked": false, "schema_version": 3, "solution": true, "task": false}
def is_tied(model):
    """Whether the decoder uses every kernel of the encoder.

    Args:
        model: `Autoencoder` whose encoder has dense layers; any layers in the decoder.

    Returns:
        bool. All weights are left as they were, to the last bit.
    """
    ### BEGIN SOLUTION
    z = np.random.default_rng(0).normal(size=(10, model.latent_dim))
    before = output(model.decoder, z)
    kernels = [weight for weight in model.encoder.weights if len(weight.shape) == 2]
    for kernel in kernels:
        kept = ops.convert_to_numpy(kernel).copy()
        kernel.assign(kept + 0.5)
        after = output(model.decoder, z)
        kernel.assign(kept)
        if np.allclose(after, before, atol=1e-5):
            return False
    return True
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "04-is-tied-tests", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
for name, model, expected in [
    ("tied 784-64-32-16", tied_autoencoder(16, (64, 32)), True),
    ("untied 784-64-32-16", dense_autoencoder(16, (64, 32)), False),
]:
    found = is_tied(model)
    assert found is not None, "You returned None: is the `return` missing?"
    assert isinstance(found, (bool, np.bool_)), f"True or False should come, but {found!r} came."
    assert found == expected, f"The network {name}: expected {expected}, but you say {found}."
copy = dense_autoencoder(16, ())
W, b, _, c = copy.get_weights()
copy.set_weights([W, b, W.T, c])
assert not is_tied(copy), "A network 784-16 whose decoder has a transposed *copy* is not tied, but you say it is."


### BEGIN HIDDEN TESTS
def _dense(*sizes):
    return [layers.Dense(units, "gelu") for units in sizes]


_a, _b, _c, _d, _e, _f = *_dense(32, 8), *_dense(32, 8), *_dense(32, 8)
_near, _far = chain([_a, _b], [TiedDense(_b), layers.Dense(784)]), chain([_c, _d], [*_dense(32), TiedDense(_c)])
assert not is_tied(shake(_near)) and not is_tied(shake(_far)), "You are wrong about networks that are tied in part."
_stranger = Autoencoder(dense_autoencoder(8, (32,)).encoder, tied_autoencoder(8, (32,)).decoder)
assert not is_tied(_stranger), "You are wrong about a decoder that is tied to another encoder."
_backwards = [layers.Lambda(lambda z, layer=layer: z @ ops.transpose(layer.kernel)) for layer in (_f, _e)]
assert is_tied(shake(chain([_e, _f], _backwards))), "You are wrong about layers that you have not seen."
assert is_tied(shake(tied_autoencoder(5, (40, 30, 20)))), "You are wrong about a deep tied network."
### END HIDDEN TESTS


# %% nbgrader={"grade": true, "grade_id": "04-is-tied-restores-tests", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
def left_alone(forward, backward):
    """Run is_tied on a network whose decoder notes that it is asked; how far off each weight is afterwards."""
    asked = []

    class Notes(layers.Layer):
        """Gives back what it gets."""

        def call(self, z):
            asked.append(True)
            return z

    model = shake(chain(forward, [Notes(), *backward]), SEED + 3)
    before = model.get_weights()
    asked.clear()  # of what Keras asked while it built the network
    assert is_tied(model) is not None, "You returned None: is the `return` missing?"
    assert asked, "Your function has not asked the decoder for anything: that is no experiment."
    return [np.abs(new - old).max() for old, new in zip(before, model.get_weights(), strict=True)]


first, second = layers.Dense(64, "gelu"), layers.Dense(16)
for number, off in enumerate(left_alone([first, second], [TiedDense(second), TiedDense(first)])):
    assert off == 0, (
        f"After is_tied, weight {number} of a tied network is off by up to {off:.1e}. Put back what was there."
    )
print("A tied network was left as it was.")
### BEGIN HIDDEN TESTS
_first, _second = layers.Dense(50, "gelu"), layers.Dense(6)
for _back in ([TiedDense(_second), TiedDense(_first)], [layers.Dense(50), layers.Dense(784)]):
    assert not any(left_alone([_first, _second], _back)), "Weights were changed in a tied or an untied network."
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "04-untie-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 4 Untie (1 point)
#
# Sometimes one wants to train tied first, and go on untied. Write `untie(model)`: a network that computes the same as a
# tied one, but has all its weights for itself. The lesson did it for 784-128-32; do it for any sizes.
#
# The weights of a tied network with n pairs come in this order: W₁, b₁, ... Wₙ, bₙ of the encoder, then the n biases
# of the decoder, from the code to the image. An untied decoder has its kernel before each of the biases.


# %% nbgrader={"grade": false, "grade_id": "04-untie", "locked": false, "schema_version": 3, "solution": true, "task": false}
def untie(model):
    """An untied network with the same outputs.

    Args:
        model: `Autoencoder` that is wholly tied, as `tied_autoencoder(latent_dim, hidden_sizes)` makes it,
            with any number of hidden layers (or none). It is not changed.

    Returns:
        `Autoencoder` as `dense_autoencoder(latent_dim, hidden_sizes)` makes it, with weights of its own.
    """
    ### BEGIN SOLUTION
    weights = model.get_weights()
    n = len(weights) // 3
    kernels, decoder_biases = weights[0 : 2 * n : 2], weights[2 * n :]
    *hidden_sizes, latent_dim = (kernel.shape[1] for kernel in kernels)
    decoder_weights = []
    for kernel, bias in zip(reversed(kernels), decoder_biases, strict=True):
        decoder_weights += [kernel.T, bias]
    twin = dense_autoencoder(latent_dim, hidden_sizes)
    twin.set_weights(weights[: 2 * n] + decoder_weights)
    return twin
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "04-untie-tests", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
model = shake(tied_autoencoder(16, (64, 32)))
image = output(model, x[:50])
twin = untie(model)
assert twin is not None, "You returned None: is the `return` missing?"
assert isinstance(twin, Autoencoder), f"The result should be an Autoencoder, but is a {type(twin).__name__}."
count = twin.count_params()
assert count == 106_464, f"The untied twin of 784-64-32-16 has 106,464 parameters, but yours has {count:,}."
gap = np.abs(output(twin, x[:50]) - image).max()
assert gap < 1e-4, f"The twin's pixels should be those of the tied network, but they differ by up to {gap:.2g}."
### BEGIN HIDDEN TESTS
for _hidden in ((), (40,), (32, 32, 32), (60, 40, 20)):
    _model = shake(tied_autoencoder(32, _hidden), SEED + 4)
    _image = output(_model, x[50:80])
    _twin = untie(_model)
    _gap = np.abs(output(_twin, x[50:80]) - _image).max()
    assert _gap < 1e-3, "The twin's outputs are wrong for other networks."
    assert _twin.count_params() == dense_autoencoder(32, _hidden).count_params(), "Wrong count for other networks."
    _codes = output(_model.encoder, x[50:80])
    _decoded = output(_twin.decoder, _codes)
    _twin.encoder.set_weights([0 * w for w in _twin.encoder.get_weights()])
    assert np.allclose(output(_twin.decoder, _codes), _decoded), "The twin's decoder still shares a kernel."
    assert np.allclose(output(_model, x[50:80]), _image), "The twin shares weights with the tied network."
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "04-tie-penalty-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 5 A road between tied and untied (2 points)
#
# Between sharing a kernel and having nothing to do with each other, a penalty can *pull* the decoder's kernel V towards
# the transpose of the encoder's kernel W:
#
# strength · ‖W − Vᵀ‖², the sum of the squares of all entries, not their mean.
#
# Keras adds a penalty on a kernel to the loss if it gets a function of the kernel:
# `layers.Dense(784, kernel_regularizer=penalty)`. Write `tie_penalty(source, strength)`, which *returns such a
# function* `penalty(V)`. W is the kernel of the layer `source` at the time when the penalty is computed. Both kernels
# are pulled: gradients must reach both. So compute with `keras.ops` only.


# %% nbgrader={"grade": false, "grade_id": "04-tie-penalty", "locked": false, "schema_version": 3, "solution": true, "task": false}
def tie_penalty(source, strength):
    """A penalty that pulls a decoder's kernel towards the transpose of an encoder's kernel, and vice versa.

    Args:
        source: the encoder's `Dense` layer. It may be built after this call, but before the penalty is computed;
            its kernel W has the shape `(a, b)`.
        strength: float, 0 or more.

    Returns:
        Function from the decoder's kernel V `(b, a)` to a scalar tensor: strength * sum of (W - V transposed)².
    """

    ### BEGIN SOLUTION
    def penalty(kernel):
        return strength * ops.sum(ops.square(source.kernel - ops.transpose(kernel)))

    return penalty
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "04-tie-penalty-tests", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
source = layers.Dense(2)
penalty = tie_penalty(source, 0.5)
assert callable(penalty), f"tie_penalty should return a function, but {penalty!r} came."
source.build((None, 3))
source.kernel.assign([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
for V, expected in [(np.zeros((2, 3)), 45.5), (np.array([[1, 3, 5], [2, 4, 6]]), 0), (np.ones((2, 3)), 27.5)]:
    found = penalty(ops.convert_to_tensor(V, "float32"))
    assert found is not None, "Your function `penalty` returned None: is its `return` missing?"
    assert np.shape(found) == (), f"A penalty is one number, but yours has the shape {np.shape(found)}."
    assert np.isclose(found, expected), (
        f"W = [[1, 2], [3, 4], [5, 6]], V = {V.tolist()}: {expected}, not {float(found):.4g}."
    )
for strength in (0, 0.1):
    first = layers.Dense(32)
    model = chain([first], [layers.Dense(784, "sigmoid", kernel_regularizer=tie_penalty(first, strength))])
    train(model)
    apart = distance(model)
    print(f"Strength {strength}: after training, W and V transposed differ by {apart:.0%} of their length.")
assert apart < 0.3, "With a strength of 0.1, training should bring the kernels together."
### BEGIN HIDDEN TESTS
# A step that halves the distance from both sides: the kernels meet in the middle.
_layer = layers.Dense(4)
_model = chain([_layer], [layers.Dense(784, kernel_regularizer=tie_penalty(_layer, 2.0))])
_W, _, _V, _ = _model.get_weights()
_model.compile(keras.optimizers.SGD(0.125), lambda y_true, y_pred: 0.0 * ops.mean(y_pred, axis=-1))
_model.train_on_batch(x[:5], x[:5])
_middle, _moved = (_W + _V.T) / 2, _model.get_weights()
assert np.allclose(_moved[0], _middle, atol=1e-5), "The encoder's kernel is not pulled as it should be."
assert np.allclose(_moved[2].T, _middle, atol=1e-5), "The decoder's kernel is not pulled as it should be."
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "04-why-question", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 6 When would you untie? (2 points)
#
# Answer in 100 to 200 words.
# 1. Name two situations in which you would not tie, or would untie, and say why in each.
# 2. How would you find out whether untying pays? Say what you compare, what is kept equal, and on which data.

# %% [markdown] nbgrader={"grade": true, "grade_id": "04-why", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# 1. With many images and a long training: tying regularises, which helps on few images; with enough data the second
# kernel can learn what a transpose can't, because the gradients of both uses want different things. With a decoder of
# another shape: a convolutional encoder and a dense decoder, or a shallow encoder and a deep decoder, have no pairs to
# tie. Also when the decoder is needed alone (it has no kernels of its own, so it can't be saved alone), when the parts
# are to be trained or frozen apart, or when inputs and outputs differ (other data, another scale). Not to untie: if
# memory is short.
# 2. I train tied, untied, and an untied but narrower network with as many parameters as the tied one, each with its own
# learning rate, chosen on validation images, as many steps, several seeds. I compare the mean errors on the same
# validation images with their spread, then once on the test images. Or I go on from the tied network untied (task 4)
# and see whether the validation error falls below that of a tied network that trains on for as many steps.
#
# *Half a point each: a valid situation with its reason; a second one, of another kind; what is kept equal (steps or
# parameters, and a learning rate for each); the judge (validation images, several seeds, the test images once or not at
# all). "When there is enough memory" is no reason, for it says what untying costs, not what it brings.*
# ### END SOLUTION
