# %% [markdown]
# # 02 Denoising
#
# What happens when we add random noise to the pictures, and ask an autoencoder for the clean ones?
#
# ![Ten test digits: clean, under heavy noise, and as a median filter, the best linear map and an autoencoder restore them](images/02.png)
#
# **You will**
# - see, in the plane, where a network that removes noise moves its points,
# - watch a network that may copy do so, and noise in training put an end to it,
# - train a denoiser, compare it with simpler ways, and find where it fails.
#
# **Before you start:** [00 What is an autoencoder?](00_what_is_an_autoencoder.ipynb)
#
# **Time:** MINUTES to read, SECONDS to run.

# %% [markdown]
# ## Setup
#
# One recipe trains all networks below: Adam on the squared error, in batches of 100. The learning rate rises to 0.005 during the first tenth of the steps and then falls to 0 along a cosine. (Validation digits chose the settings: [study 02a](studies/02a_denoisers_compared.ipynb).)

# %%
import logging

import keras
import numpy as np
import pandas as pd
from keras import layers, ops
from scipy.spatial import KDTree
from sklearn.linear_model import RidgeClassifier

from ae_helpers import plots
from ae_helpers.claims import claim
from ae_helpers.corruption import add_gaussian_noise
from ae_helpers.data import load_mnist
from ae_helpers.denoisers import LinearMap, MedianFilter
from ae_helpers.metrics import psnr, squared_error
from ae_helpers.models import Autoencoder, dense_autoencoder
from ae_helpers.plots import show
from ae_helpers.splits import watch_splits

SEED = 0
SIGMA = 0.5  # strength of the noise; pixels go from 0 to 1
keras.utils.set_random_seed(SEED)
logging.getLogger("tensorflow").setLevel("ERROR")  # no advice on speed between results


# %%
def train(model, x, y, *, epochs):
    steps = epochs * len(x) // 100
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, 0.9 * steps, warmup_target=5e-3, warmup_steps=steps // 10
    )
    model.compile(keras.optimizers.Adam(rate), loss="mse", steps_per_execution=20)
    return model.fit(x, y, batch_size=100, epochs=epochs, verbose=0)


# %% [markdown]
# ## In the plane: where do the arrows point?
#
# Our data in the small: points on a spiral. A small network learns to give the clean point back: its input is x + noise, its target x.
#
# **Predict:** where will the network move a point that lies beside the spiral?


# %%
def on_spiral(t):
    angle = 2.1 * np.pi * (1 + t) - 1.4 * np.pi
    radius = 0.3 + 0.7 * t
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).astype(
        "float32"
    )


rng = np.random.default_rng(SEED)
points = on_spiral(rng.random(5000))
plane = keras.Sequential(
    [
        keras.Input((2,)),
        layers.GaussianNoise(0.1),  # in training only, new at each step
        layers.Dense(128, "relu"),
        layers.Dense(128, "relu"),
        layers.Dense(2),
    ]
)
_ = train(plane, points, points, epochs=30)

# %%
spiral = on_spiral(np.linspace(0, 1, 4000))
tree = KDTree(spiral)
grid = np.stack(np.meshgrid(*2 * [np.linspace(-1.2, 1.2, 17)]), -1).reshape(-1, 2)
grid = grid[tree.query(grid)[0] < 0.25]  # farther off, the network has seen few points
figure = plots.plot_arrows(
    spiral,
    grid,
    plane.predict(grid, verbose=0),
    title="From a noisy point to the network's answer",
)
show(
    figure, alt="A spiral and many short arrows on both sides, most of which end on it."
)

# %% tags=["nbval-check-output"]
noisy_points = on_spiral(rng.random(2000)) + rng.normal(0, 0.1, (2000, 2)).astype(
    "float32"
)
before = tree.query(noisy_points)[0].mean()
after = tree.query(plane.predict(noisy_points, verbose=0))[0].mean()
claim("One step brings noisy points nearer to the data", after, "<", 0.4 * before)

# %% [markdown]
# **What to notice.** The arrows point back to the data. Which noise a point received can't be foretold; but the network has learned *where the data lies*, and moves each point to the mean of the clean points that it may have come from. A digit is a point too, with 784 coordinates, and digits lie on something like that spiral.

# %% [markdown]
# ## A network that may copy, copies
#
# Now digits. To each pixel we add a random number from a normal distribution with mean 0 and standard deviation σ, and cut the result off at 0 and 1:
#
# $$\tilde x = \mathrm{clip}(x + \sigma n), \qquad n \sim N(0, 1)$$
#
# (So the noise's mean is not 0: black turns greyish.) Under pictures we write the **PSNR** in decibels, $10 \log_{10}(1 / \mathrm{MSE})$: more is better, and 3 dB more mean half the squared error.

# %%
(x_train, y_train), (x_valid, y_valid), (x_test, y_test) = load_mnist()
x_train, x_test, y_test = x_train[:20_000], x_test[:2000], y_test[:2000]
splits = watch_splits(train=x_train, valid=x_valid, test=x_test)
noisy_test = add_gaussian_noise(x_test, SIGMA, seed=SEED + 200)


# %% [markdown]
# `wide_autoencoder` has no bottleneck: its code holds 14 · 14 · 32 numbers, eight times as many as a picture. We train two of them, the second with noise on its input. The target is the clean picture both times:
#
# $$\min \lVert x - g(f(x)) \rVert^2 \qquad\text{and}\qquad \min \lVert x - g(f(\tilde x)) \rVert^2$$
#
# `with_noise` puts a noise layer before the same network. Both models share their weights: training the outer one trains the inner one, which we then use alone. The layer draws new noise in every step, and none outside of training.
#
# **Predict:** both then get noisy test digits. What does each make of them?


# %%
def wide_autoencoder():
    """28 x 28 pixels, a code of 14 x 14 x 32 numbers, and back."""
    convolution = layers.Conv2D(32, 3, strides=2, padding="same", activation="gelu")
    encoder = keras.Sequential([keras.Input((28, 28, 1)), convolution])
    back = layers.Conv2DTranspose(1, 3, strides=2, padding="same")
    decoder = keras.Sequential([keras.Input((14, 14, 32)), back])
    return Autoencoder(encoder, decoder)


def with_noise(autoencoder, sigma=SIGMA):
    """The same network behind a layer that adds fresh noise, in training only."""
    x = keras.Input((28, 28, 1))
    x_noisy = ops.clip(layers.GaussianNoise(sigma)(x), 0, 1)
    return keras.Model(x, autoencoder(x_noisy))


# %%
plain, noise_trained = wide_autoencoder(), wide_autoencoder()
_ = train(plain, x_train, x_train, epochs=2)
_ = train(with_noise(noise_trained), x_train, x_train, epochs=2)
wide = {
    "plain": plain.reconstruct(noisy_test),
    "trained with noise": noise_trained.reconstruct(noisy_test),
}
picked = [np.flatnonzero(y_test == digit)[1] for digit in range(10)]
figure = plots.plot_denoising(
    x_test[picked],
    noisy_test[picked],
    {name: x_hat[picked] for name, x_hat in wide.items()},
    title="The plain network hands most of the noise on",
)
show(
    figure,
    alt="Ten digits: clean, noisy, through the plain network nearly as speckled but "
    "dimmer, and through the network trained with noise, much cleaner.",
)

# %% tags=["nbval-check-output"]
noise = squared_error(x_test, noisy_test).mean()
left, less = (squared_error(x_test, x_hat).mean() for x_hat in wide.values())
on_clean = squared_error(x_test, plain.reconstruct(x_test)).mean()
claim("The plain network rebuilds clean digits well", on_clean, "<", 0.1 * left)
claim("Of the noise's error it leaves more than half", left, ">", 0.5 * noise)
claim("Trained with noise, it leaves less than half of that", less, "<", 0.5 * left)

# %% [markdown]
# **What to notice.** The plain network is excellent on clean digits, but that proves little: a code larger than the picture can pass on nearly anything. The noise is dimmer, but stays. The other can't win by copying: the noise on its input is not in its target. (Need the target be clean? Exercise 2.)

# %% [markdown]
# ## A denoiser, and its rivals
#
# To tell ink from noise, it helps to see more than a few pixels: the real denoiser is dense. Its rivals are a **median filter**, which replaces each pixel by the median of its 3 × 3 neighbours, and the **best linear map** from 784 noisy to 784 clean pixels, found by least squares on the same digits with two draws of noise (the network sees five).
#
# **Predict:** noisy pictures have 9.4 dB. How many will each of the three reach?


# %%
def dense_denoiser(x):
    """784-512-256-512-784 pixels; training starts from the mean of x."""
    sizes = {"latent_dim": 256, "hidden_sizes": (512,)}
    return dense_autoencoder(**sizes, activation="elu", mean_image=x.mean(axis=0))


denoiser = dense_denoiser(x_train)
_ = train(with_noise(denoiser), x_train, x_train, epochs=5)
median, linear = MedianFilter(), LinearMap()
draws = [add_gaussian_noise(x_train, SIGMA, seed=SEED + i) for i in (1, 2)]
_ = linear.fit(np.concatenate(draws), np.tile(x_train, (2, 1, 1, 1)))

# %% tags=["readme"]
denoised = {
    "median filter": median.denoise(noisy_test),
    "best linear map": linear.denoise(noisy_test).clip(0, 1),
    "autoencoder": denoiser.reconstruct(noisy_test),
}
figure = plots.plot_denoising(
    x_test[picked],
    noisy_test[picked],
    {name: x_hat[picked] for name, x_hat in denoised.items()},
    title="New digits under noise, and what three methods make of them",
)
show(
    figure,
    alt="Ten test digits, clean, noisy, restored by a median filter (still speckled), "
    "the best linear map (smeared) and the autoencoder (clear, on clean black).",
)

# %%
methods = {"noisy": noisy_test, **denoised}
decibels = pd.Series(
    {name: psnr(x_test, x_hat).mean() for name, x_hat in methods.items()}
)
decibels.to_frame("PSNR (dB)").round(1)

# %% tags=["nbval-check-output"]
linear_psnr = decibels["best linear map"]
claim("The median comes to 14.2 dB", 14.0, "<", decibels["median filter"], "<", 14.4)
claim("The best linear map comes to 17.7 dB", 17.4, "<", linear_psnr, "<", 17.9)
ours = decibels["autoencoder"]
claim("The autoencoder is more than a decibel above", ours, ">", linear_psnr + 1.1)

# %% [markdown]
# **What to notice.** A linear map weighs pixels in a fixed way. The autoencoder's answer depends on the picture at hand: it has learned strokes. What it can't know, it blurs: the best guess under a squared error is the mean of what is possible. Other rivals, and a better network, stand in study 02a.
#
# **A classic mistake**, once also [in TensorFlow's own tutorial](https://github.com/tensorflow/tensorflow/issues/53357): `reconstruct(x_test)` runs without complaint, but nothing adds noise here: the network gets *clean* pictures, which need no denoiser. The score looks like any other:

# %%
from_clean = denoiser.reconstruct(x_test)
print(decibels["autoencoder"].round(1), "dB from noisy digits")
print(psnr(x_test, from_clean).mean().round(1), "dB from clean ones")

# %% tags=["nbval-check-output"]
difference = squared_error(from_clean, denoised["autoencoder"]).mean()
claim("Fed with clean digits, it gives other answers", difference, ">", 5)

# %% [markdown]
# ## A failure experiment: noise that is drawn once
#
# Why fresh noise at every step, instead of spoiling the training pictures once? We try both on 2,000 digits.
#
# **Predict:** which network is better on its training pairs? Which one on the same digits with other noise?

# %%
x_small = x_train[:2000]
noisy_once = add_gaussian_noise(x_small, SIGMA, seed=SEED + 300)
noisy_again = add_gaussian_noise(
    x_small, SIGMA, seed=SEED + 301
)  # same digits, other noise
small = {}
for name in ("drawn once", "fresh"):
    small[name] = dense_denoiser(x_small)
    if name == "drawn once":
        train(small[name], noisy_once, x_small, epochs=25)
    else:
        train(with_noise(small[name]), x_small, x_small, epochs=25)

# %%
pairs = {
    "its digits, the noise drawn once": (x_small, noisy_once),
    "its digits, other noise": (x_small, noisy_again),
    "new digits, other noise": (x_test, noisy_test),
}
with splits.on_purpose("train", "test"):  # what a network remembers is the question
    memory = pd.DataFrame(
        {
            name: {
                row: psnr(x, network.reconstruct(noisy)).mean()
                for row, (x, noisy) in pairs.items()
            }
            for name, network in small.items()
        }
    )
memory.rename_axis("PSNR (dB) with noise").round(1)

# %% tags=["nbval-check-output"]
known, other, new = memory.to_numpy()
claim("Noise drawn once is partly learned by heart", known[0], ">", other[0] + 4)
claim("On new digits, fresh noise wins", new[1], ">", new[0] + 0.8)

# %% [markdown]
# **What to notice.** Noise has no pattern, so a network that takes off just the speckles that it knows has **overfitted**. The first one has done so: give the same digits other noise, and it falls behind.

# %% [markdown]
# ## Another strength of noise
#
# In use, the noise is never quite that of training.
#
# **Predict:** our denoiser was trained at σ = 0.5. What does it do to pictures with σ = 0.1? And with 0.8?

# %%
strengths, six = [0.1, 0.2, 0.3, 0.5, 0.8], picked[:6]
curves = {name: [] for name in ("not denoised", "best linear map", "autoencoder")}
frames = {}
for sigma in strengths:
    noisy = add_gaussian_noise(x_test, sigma, seed=SEED + 500)
    outputs = {
        "best linear map": linear.denoise(noisy).clip(0, 1),
        "autoencoder": denoiser.reconstruct(noisy),
    }
    for name, x_hat in {"not denoised": noisy, **outputs}.items():
        curves[name].append(psnr(x_test, x_hat).mean())
    shown = {name: x_hat[six] for name, x_hat in outputs.items()}
    frames[f"σ = {sigma}"] = plots.plot_denoising(x_test[six], noisy[six], shown)
figure = plots.plot_lines(
    {name: (strengths, curve) for name, curve in curves.items()},
    xlabel="σ of the noise, in the test",
    ylabel="PSNR (dB)",
    title="Trained at σ = 0.5",
)
show(
    figure,
    alt="PSNR over the noise's strength. At 0.1 the autoencoder is last, at 0.2 and "
    "0.3 the linear map leads, at 0.5 and 0.8 the autoencoder.",
)

# %%
plots.show_slider(
    frames,
    label="noise",
    start="σ = 0.5",
    alt="Six digits under noise of a chosen strength, and as two methods restore them.",
)

# %% tags=["nbval-check-output"]
untouched, _, ours = (curve[0] for curve in curves.values())
claim("At σ = 0.1, denoising does harm", ours, "<", untouched - 1)

# %% [markdown]
# **What to notice.** The network expects the noise of its training. On weak noise it draws strokes too thick (move the slider to 0.1): at 0.2 and 0.3 the linear map is ahead, at 0.1 even the untouched picture. At 0.8 it still gains eight decibels and more. Whoever doesn't know the strength trains on a range of them (study 02a).

# %% [markdown]
# ## Noise as a regulariser
#
# Suppose we don't want to denoise at all, only to have a good code. We train two wide networks (1,024 numbers) on 5,000 digits, one of them with noise, and give the codes of *clean* digits to a linear classifier that sees 1,000 labels. It also gets the code of an untrained network, and bare pixels.
#
# **Predict:** does it help the code that its network had to fight noise?


# %%
def wide_dense():
    """784 pixels, a code of 1,024 numbers, and back."""
    encoder = keras.Sequential(
        [keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(1024, "relu")]
    )
    pixels = [layers.Dense(784, "sigmoid"), layers.Reshape((28, 28, 1))]
    return Autoencoder(encoder, keras.Sequential([keras.Input((1024,)), *pixels]))


x_some = x_train[:5000]
codes = {name: wide_dense() for name in ("untrained", "plain", "with noise")}
_ = train(codes["plain"], x_some, x_some, epochs=8)
_ = train(with_noise(codes["with noise"]), x_some, x_some, epochs=8)


# %%
def strongest_units(network):
    """The weights of ten units, those with the largest weights, as pictures."""
    units = network.encoder.layers[-1].get_weights()[0].T.reshape(-1, 28, 28)
    return units[np.argsort(-np.square(units).sum((1, 2)))[:10]]


figure = plots.plot_signed_images(
    {name: strongest_units(network) for name, network in codes.items()},
    label="weight",
    title="What the ten strongest units of each code look for",
)
show(
    figure,
    alt="Three rows of weights: untrained, only speckles; plain, small blots; "
    "with noise, some like strokes of a pen.",
)


# %%
def accuracy(encode):
    """Share of test digits that a classifier of 1,000 labelled codes gets right."""
    few, valid, test = (encode(x) for x in (x_some[:1000], x_valid[:1000], x_test))
    penalties = few.var() * np.array([1, 10, 100, 1000, 10_000])
    fitted = [RidgeClassifier(one).fit(few, y_train[:1000]) for one in penalties]
    with splits.on_purpose("valid"):  # the penalty is chosen on validation digits
        scores = [one.score(valid, y_valid[:1000]) for one in fitted]
    return fitted[np.argmax(scores)].score(test, y_test)


table = pd.Series({name: accuracy(network.encode) for name, network in codes.items()})
table["bare pixels"] = accuracy(lambda x: x.reshape(len(x), -1))
table.map("{:.1%}".format).to_frame("digits recognised")

# %% tags=["nbval-check-output"]
noise_code, plain_code = table["with noise"], table["plain"]
claim("Noise makes a code better by a point", noise_code, ">", plain_code + 0.01)
splits.check()

# %% [markdown]
# **What to notice.** Even random units beat bare pixels clearly; plain training adds nothing: its units look for blots, which do for copying. With noise a blot may be chance, a stroke is not: more units look like strokes, and the code is better. That is what is meant by "noise is a **regulariser**": it keeps a network with too much room from an easy solution.

# %% [markdown]
# ## The answer
#
# What happens when we add noise? The task changes. Without it, a network with room to spare copies its input, noise and all. With noise on the input and the clean picture as target, copying no longer pays: noise has no pattern. What is left to learn is where the data lies, and noisy points are moved back there. At the strength that it was trained on, such a network restores digits better than a 3 × 3 median or the best linear map; on weaker noise the linear map passes it, and at 0.1 it does harm. Fresh noise is better than noise drawn once, which is partly learned by heart. And a code that had to stand up to noise served a classifier better.

# %% [markdown]
# ## Exercises
#
# 1. *(two minutes)* Move the slider above. From which σ on can *you* not read the digits any more? Can the network?
#    <details><summary>Hint</summary>Cover the clean row first.</details>
# 2. *(ten minutes)* Put noise on input *and* target: `x_noisy = add_gaussian_noise(x_train, SIGMA, seed=1)`, then train a new `wide_autoencoder()` on `(x_noisy, x_noisy)`. What does it learn? And if both get *different* noise?
#    <details><summary>Hint</summary>Which part of the target can be known from the input?</details>
# 3. *(a quarter of an hour)* Send noisy digits through the denoiser again and again. Do they get better? What becomes of pure noise?
#    <details><summary>Hint</summary>Think of what it did to clean digits, and to weak noise.</details>
# 4. *(half an hour)* Give the denoiser salt and pepper, a black square and blur (`add_salt_and_pepper`, `add_occlusion`, `add_blur` of `ae_helpers.corruption`). Which of them does it mend?
#    <details><summary>Hint</summary>Ask of each: does it look like the noise of training?</details>
# 5. *(open)* In photographs, noise depends on brightness. Train a denoiser on patches of `skimage.data.camera()` with such noise, and test it on patches that it has not seen.
#    <details><summary>Hint</summary>Let σ grow with the square root of a pixel's brightness.</details>
#
# The solutions, with the numbers to expect: [solutions/02.ipynb](solutions/02.ipynb).

# %% [markdown]
# ## Where it comes from
#
# - Vincent, Larochelle, Bengio and Manzagol 2008, *Extracting and composing robust features with denoising autoencoders*, ICML: the idea, and the arrows.
# - Bishop 1995, *Training with noise is equivalent to Tikhonov regularization*, Neural Computation 7:108.
# - Alain and Bengio 2014, *What regularized auto-encoders learn from the data-generating distribution*, JMLR 15:3743: the arrows. Today's image generators follow such arrows to a picture.
#
# **Before:** [01 Dimensionality reduction](01_dimensionality_reduction.ipynb). **Next:** [03 A recommender from movie embeddings](03_recommender.ipynb). **Study:** [02a Denoisers compared](studies/02a_denoisers_compared.ipynb). **Assignment:** [Blind denoising](../assignments/README.md).
