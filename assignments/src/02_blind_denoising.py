# %% [markdown] nbgrader={"grade": false, "grade_id": "02-title", "locked": true, "schema_version": 3, "solution": false, "task": false}
# # Assignment 02 Blind denoising
#
# In lesson 02 we knew the noise: we had made it. A picture from outside comes without its σ.
# You estimate σ from the picture alone, send each picture to the denoiser that was trained for its level, and compare that with one denoiser for all levels. Then comes damage of another kind, stripes, and a denoiser for it.
#
# **Before you start:** lesson 02, *Denoising*.
#
# **Points:** 10. The checks below your cells give 8, the question at the end 2. **Time:** about an hour.
#
# **How to hand in.** Work in the cells that say `# YOUR CODE HERE`. Do not delete or copy cells. Before you hand in: *Kernel > Restart & Run All*. You may run the checks as often as you like; grading adds further ones.

# %% [markdown] nbgrader={"grade": false, "grade_id": "02-setup-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Setup

# %% nbgrader={"grade": false, "grade_id": "02-setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import contextlib
import logging
from functools import partial

import keras
import numpy as np
import pandas as pd
from keras import ops

from ae_helpers import plots
from ae_helpers.corruption import add_gaussian_noise, add_salt_and_pepper
from ae_helpers.data import load_mnist
from ae_helpers.metrics import psnr
from ae_helpers.models import Autoencoder, dense_autoencoder
from ae_helpers.plots import show

SEED = 0
keras.utils.set_random_seed(SEED)
logging.getLogger("tensorflow").setLevel(logging.ERROR)  # no advice on speed between the results

(x_train, _), (x_valid, _), (x_test, _) = load_mnist()
x_train, x_valid, x_test = x_train[:4000].copy(), x_valid[:500].copy(), x_test[:500].copy()  # enough here


def check_array(value, shape):
    """Say in words what is wrong with the type or the shape of a result."""
    assert value is not None, "You returned None: is the `return` missing?"
    assert isinstance(value, np.ndarray), f"Expected a NumPy array, but a {type(value).__name__} came."
    assert value.shape == shape, f"Expected an array of shape {shape}, but yours has {value.shape}."


# %% [markdown] nbgrader={"grade": false, "grade_id": "02-estimate-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Task 1 How strong is the noise? (2 points)
#
# The outermost three rows and columns on each side of a picture make a **frame** of 28² − 22² = 300 pixels. Nearly all of them are black (a third of the digits reach into it, with a few pixels each). What is seen there is noise, so σ can be read off it without knowing the clean picture.
#
# Beware: the noise is clipped. On black, the half below 0 is cut off, so σ is *not* the standard deviation of the frame. What lies above 1 is cut off, too. Hints: half of a frame's pixels are 0; which property of the other half is σ? Or: 84.1 % of all normal numbers lie below +σ, cut off or not.
#
# `noisy` is a float array `(n, 28, 28, 1)` in [0, 1]: clean digits, plus normal noise, clipped. Each picture has a σ of its own, from 0.1 to 0.5. Use the frame alone. Return a float array `(n,)`, an estimate for each picture.
#
# The check takes the median of your estimates over many pictures with the same σ. It should be within 10 % of the truth. Single pictures may be farther off.

# %% nbgrader={"grade": false, "grade_id": "02-estimate", "locked": false, "schema_version": 3, "solution": true, "task": false}
def estimate_sigma(noisy):
    """The noise level σ of each picture, from its frame of three pixels: a float array `(n,)`."""
    ### BEGIN SOLUTION
    in_frame = np.ones((28, 28), dtype=bool)
    in_frame[3:-3, 3:-3] = False
    frames = noisy[:, in_frame, 0]  # (n, 300)
    # A quantile: neither clipping nor a few pixels of ink move it.
    return np.quantile(frames, 0.8413, axis=1)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "02-estimate-tests", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
for sigma in (0.2, 0.4):
    noisy = add_gaussian_noise(x_valid[:300], sigma, seed=SEED + 100)
    estimates = estimate_sigma(noisy)
    check_array(estimates, (300,))
    assert np.isfinite(estimates).all(), "Some estimates are NaN or infinite."
    middle = np.median(estimates)
    print(f"σ = {sigma}: median of your estimates {middle:.3f}")
    assert abs(middle / sigma - 1) < 0.1, f"At σ = {sigma} the median of your estimates is {middle:.3f}."
### BEGIN HIDDEN TESTS
levels = np.tile([0.5, 0.1, 0.3], 100)
noisy = np.concatenate([add_gaussian_noise(x_valid[i : i + 1], levels[i], seed=SEED + i) for i in range(300)])
estimates = estimate_sigma(noisy)
check_array(estimates, (300,))
for sigma in (0.1, 0.3, 0.5):
    middle = np.median(estimates[levels == sigma])
    assert abs(middle / sigma - 1) < 0.1, "Your estimates are wrong for pictures with different levels."
white = noisy.copy()
white[:, 3:-3, 3:-3] = 1
assert np.allclose(estimate_sigma(white), estimates, rtol=1e-4), "Your estimates use more than the frame."
assert np.allclose(estimate_sigma(noisy[5:6]), estimates[5], rtol=1e-4), "One picture alone gets another estimate."
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "02-route-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Task 2 To the right specialist (2 points)
#
# `denoisers` is a dict from a level to a denoiser trained for it: a function from pictures `(m, 28, 28, 1)` to denoised pictures of the same shape. Send each picture to the denoiser whose level is **nearest** to its σ.
#
# `noisy` is a float array `(n, 28, 28, 1)`, `sigma` a float array `(n,)`. Return a float array like `noisy`, with the pictures in their **old order**. Call a denoiser with all of its pictures at once, and not at all if it has none: a network refuses an empty batch.
#
# *Example:* with denoisers for 0.1 and 0.4, a picture with σ = 0.2 goes to the first one, a picture with σ = 0.3 to the second.

# %% nbgrader={"grade": false, "grade_id": "02-route", "locked": false, "schema_version": 3, "solution": true, "task": false}
def denoise_by_level(noisy, sigma, denoisers):
    """Each picture through the denoiser of the level nearest to its σ: an array like `noisy`."""
    ### BEGIN SOLUTION
    levels = np.array(list(denoisers))
    nearest = np.abs(sigma[:, None] - levels).argmin(axis=1)
    result = np.empty_like(noisy)
    for i, level in enumerate(denoisers):
        chosen = nearest == i
        if chosen.any():
            result[chosen] = denoisers[level](noisy[chosen])
    return result
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "02-route-tests", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
def times(factor):
    """Not a denoiser: multiplies all pixels, so that we see who had which picture."""

    def multiply(pictures):
        assert len(pictures), "A denoiser was called without pictures."
        return pictures * np.float32(factor)

    return multiply


noisy = np.full((4, 28, 28, 1), [[[[0.1]]], [[[0.2]]], [[[0.3]]], [[[0.4]]]], dtype="float32")
sigma = np.array([0.3, 0.2, 0.6, 0.05])
result = denoise_by_level(noisy, sigma, {0.1: times(1), 0.4: times(2), 0.9: times(3)})
check_array(result, (4, 28, 28, 1))
got, expected = result.mean(axis=(1, 2, 3)), [0.2, 0.2, 0.6, 0.4]
assert np.allclose(got, expected), f"With ×1 at 0.1, ×2 at 0.4, ×3 at 0.9, expected {expected}, but {got} came."
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(SEED + 201)
noisy, sigma = rng.random((50, 28, 28, 1), dtype="float32"), rng.uniform(0, 0.6, 50)
factor = np.select([sigma < 0.15, sigma < 0.35], [0.5, 0.25], 0.75)
result = denoise_by_level(noisy, sigma, {0.5: times(0.75), 0.1: times(0.5), 0.2: times(0.25), 3.0: times(9)})
check_array(result, (50, 28, 28, 1))
assert np.allclose(result, noisy * factor[:, None, None, None]), "Wrong for other levels than those of the example."
### END HIDDEN TESTS
print("Each picture went to the nearest level, and came back in its place.")

# %% [markdown] nbgrader={"grade": false, "grade_id": "02-expected-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Task 3 What to expect in use (1 point)
#
# One method is better with little noise, another with much. Which one is better *in use* depends on how often each level comes.
#
# `table` is a `pd.DataFrame` of PSNR in dB: a row for each method, a column for each σ. `weights` is a `pd.Series` whose index holds the same σ, **perhaps in another order**: how many pictures came with that σ. Return a `pd.Series`: for each method (index) the weighted mean of its PSNR.
#
# *Example:* a method has 20 dB at σ = 0.2 and 16 dB at σ = 0.5; 30 pictures came with 0.2 and 10 with 0.5. Its mean is (30 · 20 + 10 · 16) / 40 = 19 dB.

# %% nbgrader={"grade": false, "grade_id": "02-expected", "locked": false, "schema_version": 3, "solution": true, "task": false}
def expected_psnr(table, weights):
    """Mean PSNR of each method (row of the table), weighted by how often each σ comes: a Series."""
    ### BEGIN SOLUTION
    share = weights / weights.sum()
    return (table * share).sum(axis=1)  # pandas matches σ with σ
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "02-expected-tests", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
table = pd.DataFrame({0.2: [20.0, 18.0], 0.5: [16.0, 17.0]}, index=["specialist", "blind"])
result = expected_psnr(table, pd.Series({0.2: 30, 0.5: 10}))
assert result is not None, "You returned None: is the `return` missing?"
assert isinstance(result, pd.Series), f"Expected a Series, but a {type(result).__name__} came."
assert list(result.index) == list(table.index), f"The index should be the methods, but is {list(result.index)}."
assert result.max() <= 20, f"A mean can't be above the largest value, 20 dB, but you gave {result.max():.2f}."
assert np.allclose(result, [19, 17.75]), f"Expected 19 and 17.75 dB, but {result.to_list()} came."
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(SEED + 301)
sigmas, names = [0.1, 0.2, 0.3, 0.4], ["a", "b", "c"]
table = pd.DataFrame(rng.uniform(10, 25, (3, 4)), index=names, columns=sigmas)
weights = pd.Series(rng.integers(1, 50, 4), index=sigmas)
expected = [np.average(table.loc[name], weights=weights) for name in names]
assert np.allclose(expected_psnr(table, weights)[names], expected), "Wrong for other tables than the example."
result = expected_psnr(table, weights[[0.3, 0.1, 0.4, 0.2]])
assert np.allclose(result[names], expected), "Wrong when the weights come in another order."
### END HIDDEN TESTS
print("The weighted mean of each method.")

# %% [markdown] nbgrader={"grade": false, "grade_id": "02-stripes-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Task 4 Stripes, and a denoiser for them (1 + 2 points)
#
# A scanner with an uneven lamp makes stripes: each **row** of pixels is brighter or darker as a whole. Add to each row of each picture *one* number from a normal distribution with mean 0 and standard deviation `amount`, the same for the row's 28 pixels. Other rows, and the same row of other pictures, get numbers of their own. Clip to [0, 1].
#
# `x` is a float32 array `(n, 28, 28, 1)` in [0, 1], and stays as it was. The second axis counts rows, the third columns. Draw from `np.random.default_rng(seed)`, so that the same seed gives the same stripes. Return a float32 array of the shape of `x`.

# %% nbgrader={"grade": false, "grade_id": "02-stripes", "locked": false, "schema_version": 3, "solution": true, "task": false}
def add_stripes(x, amount, *, seed):
    """The pictures with a random brightness added to each row, clipped: float32, of the shape of `x`."""
    ### BEGIN SOLUTION
    rng = np.random.default_rng(seed)
    brightness = rng.normal(0, amount, (len(x), x.shape[1], 1, 1))
    return np.clip(x + brightness, 0, 1).astype("float32")
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "02-stripes-tests", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
grey = np.full((100, 28, 28, 1), 0.5, dtype="float32")
striped = add_stripes(grey, 0.1, seed=SEED + 400)
check_array(striped, (100, 28, 28, 1))
assert striped.dtype == np.float32, f"Expected float32, but the dtype is {striped.dtype}."
assert (grey == 0.5).all(), "Your function changes its input. Work on a copy."
assert striped.min() >= 0 and striped.max() <= 1, "Some pixels are below 0 or above 1: clip them."
within = np.ptp(striped, axis=2).max()
assert within < 1e-6, f"All pixels of a row of a grey picture should be equal, but they differ by up to {within:.2f}."
alike = striped[:, :, 0, 0].std(axis=0).min() < 0.05
assert not alike, "The same row of different pictures has the same brightness: draw one for each picture."
spread = (striped[:, :, 0, 0] - 0.5).std()
assert 0.09 < spread < 0.11, f"The rows' brightness should have a standard deviation of 0.1, not {spread:.3f}."
### BEGIN HIDDEN TESTS
some = x_valid[:50]
striped = add_stripes(some, 0.3, seed=SEED + 401)
assert striped.shape == some.shape and striped.dtype == np.float32, "Wrong shape or dtype for digits."
assert striped.min() >= 0 and striped.max() <= 1, "Some pixels of digits are below 0 or above 1."
assert np.array_equal(striped, add_stripes(some, 0.3, seed=SEED + 401)), "The same seed gives other stripes."
assert not np.array_equal(striped, add_stripes(some, 0.3, seed=SEED + 402)), "Another seed gives the same stripes."
rows = add_stripes(grey, 0.1, seed=SEED + 403)[:, :, 0, 0] - 0.5
assert abs(rows.mean()) < 0.01 and 0.09 < rows.std() < 0.11, "The mean or the standard deviation is wrong."
assert rows.std(axis=1).min() > 0.04, "All rows of a picture have the same brightness."
assert rows.std(axis=0).min() > 0.05, "A row has the same brightness in all pictures."
added, inside = striped - some, (striped > 0) & (striped < 1)
spread = np.where(inside, added, -9).max(axis=2) - np.where(inside, added, 9).min(axis=2)
assert inside.any() and spread.max() < 1e-5, "On digits, it is not one number that is added to each row."
### END HIDDEN TESTS
print("Stripes along the rows.")

# %% [markdown] nbgrader={"grade": false, "grade_id": "02-train-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# **A denoiser for any damage.** The lesson put the noise into a Keras layer. Stripes, like most damage, exist as a NumPy function only. Write a training that takes any such function and still draws **fresh** damage for each epoch.
#
# | argument | what it is |
# |---|---|
# | `model` | autoencoder, not compiled |
# | `corrupt` | function: `corrupt(x, seed=...)` gives a damaged copy of the pictures `x`; `seed` is all that `np.random.default_rng` takes; another seed, other damage |
# | `x` | clean pictures `(n, 28, 28, 1)` |
# | `epochs` | how often to go through all pictures |
# | `seed` | whole number to derive your seeds from |
#
# Compile the model for the mean squared error with Adam (learning rate 0.004), train with batches of 50 and `verbose=0`, and return the trained model. The check looks at the pictures that the network is trained on, and at what it can do in the end: how you come to fresh damage is up to you.

# %% nbgrader={"grade": false, "grade_id": "02-train", "locked": false, "schema_version": 3, "solution": true, "task": false}
def train_denoiser(model, corrupt, x, epochs, seed):
    """Train the model to undo the damage, fresh in each epoch, and return it."""
    ### BEGIN SOLUTION
    model.compile(optimizer=keras.optimizers.Adam(0.004), loss="mse")
    for epoch in range(epochs):
        model.fit(corrupt(x, seed=seed + epoch), x, batch_size=50, verbose=0)
    return model
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "02-train-tests", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
def pictures_seen(corrupt, x, epochs):
    """The pictures that the network was trained on, in all epochs: an array `(m, 784)`."""
    seen, parts = [], dense_autoencoder(8, hidden_sizes=())

    class Watched(Autoencoder):
        """An autoencoder that keeps what it is given; slow, so for few pictures."""

        def compile(self, *args, **options):
            super().compile(*args, **{**options, "run_eagerly": True, "jit_compile": False})

        def call(self, inputs, training=None):
            with contextlib.suppress(Exception):  # Keras may come with a shape only
                seen.append(ops.convert_to_numpy(inputs).reshape(-1, 784))
            return super().call(inputs, training=training)

    train_denoiser(Watched(parts.encoder, parts.decoder), corrupt, x, epochs, SEED + 500)
    return np.concatenate(seen)


def gain(corrupt, x, epochs):
    """Train on the damage; the PSNR gained on validation pictures, in dB."""
    before = x.copy()
    model = train_denoiser(dense_autoencoder(64, hidden_sizes=(256,)), corrupt, x, epochs, SEED + 500)
    assert model is not None, "You returned None: is the `return` missing?"
    assert hasattr(model, "reconstruct"), f"Expected the trained model, but a {type(model).__name__} came."
    assert np.array_equal(x, before), "Your training changed the clean pictures."
    damaged = corrupt(x_valid, seed=SEED + 599)
    return (psnr(x_valid, model.reconstruct(damaged)) - psnr(x_valid, damaged)).mean()


few = x_train[:100]
seen = pictures_seen(partial(add_gaussian_noise, sigma=0.5), few, 3)
different = len(np.unique(seen, axis=0))
clean = np.isclose(seen[:, None, ::9], few.reshape(1, 100, 784)[..., ::9]).all(axis=2).any(axis=1).mean()
assert clean < 0.1, "The network is given clean pictures. It should be given damaged ones, and make clean ones of them."
assert different > 270, (
    f"In three epochs over 100 pictures, your network saw {different} different damaged pictures. It should be 300: "
    "each picture is damaged anew in each epoch."
)
decibels = gain(partial(add_gaussian_noise, sigma=0.5), x_train[:2000], 3)
print(f"Noise of σ = 0.5 on new digits: {decibels:+.1f} dB")
assert decibels > 4, f"4 dB or more should be gained, but it is {decibels:.1f}: check inputs and targets."
### BEGIN HIDDEN TESTS
decibels = gain(partial(add_salt_and_pepper, fraction=0.4), x_train[2000:], 3)
assert decibels > 5, "Your training gains too little on other damage than that of the example."
different = len(np.unique(pictures_seen(partial(add_salt_and_pepper, fraction=0.4), x_train[150:200], 5), axis=0))
assert different > 225, "Your network sees too few different pictures with other damage than that of the example."
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "02-result-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Your result
#
# The next two cells put your functions together: two specialists, a blind denoiser that has seen all levels, and one for stripes. They are not graded, and only say so while something is missing.

# %% nbgrader={"grade": false, "grade_id": "02-result-train", "locked": true, "schema_version": 3, "solution": false, "task": false}
def add_any_noise(x, *, seed):
    """Noise of ten random levels from 0.05 to 0.6, each on a tenth of the pictures."""
    levels = np.random.default_rng(seed).uniform(0.05, 0.6, 10)
    parts = zip(np.array_split(x, 10), levels, strict=True)
    return np.concatenate([add_gaussian_noise(part, level, seed=seed) for part, level in parts])


trained = {}
try:
    damages = {f"σ = {level}": partial(add_gaussian_noise, sigma=level) for level in (0.15, 0.45)}
    damages |= {"blind": add_any_noise, "stripes": partial(add_stripes, amount=0.4)}
    for name, damage in damages.items():
        model = dense_autoencoder(64, hidden_sizes=(256,))
        trained[name] = train_denoiser(model, damage, x_train, 3, SEED).reconstruct
except Exception as problem:
    print(f"Not yet: {type(problem).__name__} {problem}")

# %% nbgrader={"grade": false, "grade_id": "02-result", "locked": true, "schema_version": 3, "solution": false, "task": false}
try:
    specialists = {0.15: trained["σ = 0.15"], 0.45: trained["σ = 0.45"]}
    methods = {"not denoised": np.copy, **trained}
    methods["by estimate"] = lambda pictures: denoise_by_level(pictures, estimate_sigma(pictures), specialists)
    sigmas = [0.1, 0.2, 0.3, 0.4, 0.5]
    inputs = {sigma: add_gaussian_noise(x_test, sigma, seed=SEED + 600) for sigma in sigmas}
    inputs["stripes"] = add_stripes(x_test, 0.4, seed=SEED + 600)
    clean, noisy = np.concatenate([x_test] * len(inputs)), np.concatenate(list(inputs.values()))
    outputs = {name: method(noisy) for name, method in methods.items()}

    def for_each_input(values, summary):
        return summary(values.reshape(len(inputs), -1), axis=1)

    scores = {name: for_each_input(psnr(clean, output), np.mean) for name, output in outputs.items()}
    table = pd.DataFrame(scores, index=list(inputs)).T
    print("PSNR in dB\n", table.round(2))
    print("Median estimate of σ:", for_each_input(estimate_sigma(noisy), np.median).round(2))
    for use, counts in {"little": [30, 40, 20, 8, 2], "much": [2, 8, 20, 40, 30]}.items():
        print(f"\nPSNR in dB if {use} noise is frequent:")
        print(expected_psnr(table[sigmas], pd.Series(counts, sigmas)).round(2).to_string())
    rows = {name: outputs[name][-len(x_test) :][:8] for name in ("blind", "by estimate", "stripes")}
    figure = plots.plot_denoising(x_test[:8], inputs["stripes"][:8], rows, noisy_name="striped", title="With stripes")
    show(figure, alt="Eight digits, clean, with stripes, and what the denoisers make of them.")
except Exception as problem:
    print(f"Not yet: {type(problem).__name__} {problem}")

# %% [markdown] nbgrader={"grade": false, "grade_id": "02-why-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Task 5 Which one fails, and why? (2 points, graded by your teacher)
#
# Answer in a few sentences each, with numbers from your result.
#
# 1. Pictures with stripes (column "stripes"): which σ do you estimate? Noise of that σ is just as strong. Yet the specialist for it does worse on stripes than on such noise, and worse than the denoiser for stripes. What is it about stripes that it has not learned?
# 2. You get dark letters on *white* paper, with noise of σ = 0.2, clipped. What do you estimate, which specialist is chosen, and how would you repair the estimate?

# %% [markdown] nbgrader={"grade": true, "grade_id": "02-why", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# 1. The estimate is about 0.4: a pixel by itself looks as if it had noise of σ = 0.4. The specialist for 0.45 lifts such noise from 11 to about 16 dB, the stripes from 11 to about 15 dB; the denoiser for stripes comes to more than 16 dB. The specialist learned that the noise of each pixel is independent, so that neighbours average it out. In a stripe all 28 pixels are wrong in the same direction: no average within the row helps, and a bright row looks like a stroke. A σ says how strong the damage is, not of what kind. (Half a point: estimate and numbers. Another half: independent pixels against whole rows.)
# 2. The frame is white, so the 84.1 % quantile of its pixels is 1: the estimate is about 1 instead of 0.2 (another formula gives another, far too large number), and the specialist for the highest level is chosen. Repair: where the median of the frame is above 0.5, estimate from 1 − picture, for on white the noise is cut off at 1. (Half a point: estimate and specialist. Another half: a repair that does not need the clean picture.)
# ### END SOLUTION
