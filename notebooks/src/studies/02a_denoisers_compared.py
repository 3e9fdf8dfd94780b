# %% [markdown]
# # 02a Denoisers compared
#
# [Lesson 02](../02_denoising.ipynb) says that an autoencoder removes noise better than a median filter or the best linear map. Does that hold against rivals that try harder, at other strengths of noise, and for other damage?
#
# **Before you start:** [02 Denoising](../02_denoising.ipynb)
#
# **Time:** MINUTES to read, SECONDS to run.

# %% [markdown]
# ## Setup
#
# All networks are trained as in the lesson. Validation digits chose the settings; `make choose` does it again and writes the three tables below (PSNR on 2,000 validation digits under noise of σ = 0.5, in dB).
#
# The first decides: ELU at 0.005 for the dense network. For the convolutional one the two activations are level, and 0.012, the grid's edge, is hardly better than 0.008; we take the simpler leaky ReLU, and 0.008. The second tries two activations once more, from another seed, also with 2,000 digits. The third shows what fewer units, a shorter code, fewer or more epochs would change (compare with the dense network's best in the first).

# %%
import logging
import time

import keras
import numpy as np
import pandas as pd
from keras import layers, ops

from ae_helpers import plots
from ae_helpers.claims import claim
from ae_helpers.corruption import (
    add_blur,
    add_gaussian_noise,
    add_occlusion,
    add_salt_and_pepper,
)
from ae_helpers.data import load_mnist, load_table
from ae_helpers.denoisers import (
    GaussianFilter,
    LinearMap,
    MedianFilter,
    NonLocalMeans,
    PCAProjection,
)
from ae_helpers.metrics import psnr, ssim
from ae_helpers.models import Autoencoder, dense_autoencoder
from ae_helpers.plots import show
from ae_helpers.splits import watch_splits

SEED = 0
SIGMAS = [0.2, 0.5]
STRENGTHS = np.geomspace(1e-4, 1, 13)  # of non-local means, to choose from
COMPONENTS = [32, 64, 100, 150, 200]  # of PCA
EPOCHS = 5
keras.utils.set_random_seed(SEED)
logging.getLogger("tensorflow").setLevel("ERROR")  # no advice on speed between results
chosen = load_table("denoiser_choice")
rates = chosen[chosen["search"] == "rate"]
rates.pivot(index=["network", "activation"], columns="rate", values="PSNR").round(2)

# %%
repeated = chosen[chosen["search"] == "repeated"]
repeated.pivot(index="activation", columns="digits", values="PSNR").round(2)

# %%
sizes = chosen[chosen["search"] == "size"]
sizes.set_index(["hidden", "code", "epochs"])[["PSNR"]].round(2)

# %%
(x_train, _), (x_valid, _), (x_test, y_test) = load_mnist()
x_train, x_test, y_test = x_train[:20_000], x_test[:2000], y_test[:2000]
splits = watch_splits(train=x_train, valid=x_valid, test=x_test)
noisy_test = {s: add_gaussian_noise(x_test, s, seed=SEED + 200) for s in SIGMAS}


# %%
class NoiseBetween(layers.Layer):
    """Adds normal noise, each image with a σ of its own; in training only."""

    def __init__(self, low, high):
        super().__init__()
        self.low, self.high = low, high
        self.random = keras.random.SeedGenerator(SEED)

    def call(self, images, training=False):
        """The images, in training with noise, cut off at 0 and 1."""
        if not training:
            return images
        shape = ops.shape(images)
        sigma = keras.random.uniform(
            (shape[0], 1, 1, 1), self.low, self.high, seed=self.random
        )
        return ops.clip(
            images + sigma * keras.random.normal(shape, seed=self.random), 0, 1
        )


def train(autoencoder, low, high, *, epochs=EPOCHS, batch_size=100, peak=5e-3):
    """Fit to clean digits behind fresh noise, as in the lesson; return the seconds."""
    x = keras.Input((28, 28, 1))
    model = keras.Model(x, autoencoder(NoiseBetween(low, high)(x)))
    steps = epochs * len(x_train) // batch_size
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, 0.9 * steps, warmup_target=peak, warmup_steps=steps // 10
    )
    model.compile(keras.optimizers.Adam(rate), loss="mse", steps_per_execution=20)
    started = time.perf_counter()
    model.fit(x_train, x_train, batch_size=batch_size, epochs=epochs, verbose=0)
    return time.perf_counter() - started


# %% [markdown]
# ## The rivals
#
# - **Median 3 × 3** and **Gaussian filter**: local averages of two kinds.
# - **Non-local means** (Buades, Coll and Morel 2005): an average over places that look alike. It is told how strong the noise is.
# - **PCA**: the noisy picture's shadow on the first principal components of clean digits.
# - **Best linear map**: least squares over the training digits, each with as many draws of noise as a network sees.
#
# Clipped noise lays a grey veil over black. A filter keeps it; so each filter comes twice, the second time followed by a straight line $a \cdot y + b$, which takes the veil off. Line, width and strength are fitted on 500 training digits (non-local means, which are slow, on 50): so few numbers can't learn digits by heart. Validation digits choose PCA's number of components. (For the median, 3 × 3 was better on them than 2 × 2, 4 × 4 or 5 × 5.)


# %%
def fitted_rivals(sigma):
    """The rivals at one strength of noise, and the seconds that fitting took."""
    draws = np.empty((EPOCHS, *x_train.shape), "float32")
    for i in range(EPOCHS):
        draws[i] = add_gaussian_noise(x_train, sigma, seed=SEED + 400 + i)
    pairs = draws[0][:500], x_train[:500]
    few = draws[0][:50], x_train[:50]  # non-local means are slow
    noisy_valid = add_gaussian_noise(x_valid[:500], sigma, seed=SEED + 450)

    def quality(rival):
        with splits.on_purpose("valid"):
            return psnr(x_valid[:500], rival.denoise(noisy_valid).clip(0, 1)).mean()

    pcas = [PCAProjection(n).fit(draws[0], x_train) for n in COMPONENTS]
    rivals = {
        "median": (MedianFilter(), pairs),
        "median + line": (MedianFilter(line=True), pairs),
        "Gaussian filter": (GaussianFilter(), pairs),
        "Gaussian filter + line": (GaussianFilter(line=True), pairs),
        "non-local means": (NonLocalMeans(STRENGTHS), few),
        "non-local means + line": (NonLocalMeans(STRENGTHS, line=True), few),
        "PCA": (max(pcas, key=quality), (draws[0], x_train)),
        "best linear map": (
            LinearMap(),
            (draws.reshape(-1, 28, 28, 1), np.tile(x_train, (EPOCHS, 1, 1, 1))),
        ),
    }
    seconds = {}
    for name, (rival, examples) in rivals.items():
        started = time.perf_counter()
        rival.fit(*examples)
        seconds[name] = time.perf_counter() - started
    return {name: rival for name, (rival, _) in rivals.items()}, seconds


# %%
fitted = {sigma: fitted_rivals(sigma) for sigma in SIGMAS}
taken = pd.DataFrame(
    {
        f"σ = {sigma}": {
            "Gaussian filter: width": rivals["Gaussian filter"].width,
            "... + line: width": rivals["Gaussian filter + line"].width,
            "non-local means: strength": rivals["non-local means"].strength,
            "... + line: strength": rivals["non-local means + line"].strength,
            "PCA: components": rivals["PCA"].n_components,
        }
        for sigma, (rivals, _) in fitted.items()
    }
)
taken.map("{:.3g}".format)

# %% tags=["nbval-check-output"]
with_line = taken.loc["... + line: strength"]
claim("With a line, no strength is at a lower edge", with_line.min(), ">", STRENGTHS[1])
claim("... nor at an upper edge", with_line.max(), "<", STRENGTHS[-2])

# %% [markdown]
# (Without a line, any small strength does for non-local means at σ = 0.5: all below 0.01 give the same PSNR to a hundredth of a decibel, so which of them is taken means nothing.)

# %% [markdown]
# ## Two networks
#
# The dense network is the lesson's, trained anew for each strength. The **convolutional** one has 7 · 7 · 48 numbers in its code, less than a tenth of the dense one's weights, and sees 23 × 23 pixels with each number of its code. It takes the longest, so we train it once, for σ = 0.5, and use it at 0.2 as it is.


# %%
def dense_denoiser():
    """As in the lesson; training starts from the mean of the training digits."""
    sizes = {"latent_dim": 256, "hidden_sizes": (512,)}
    return dense_autoencoder(**sizes, activation="elu", mean_image=x_train.mean(axis=0))


dense, dense_seconds = {}, {}
for sigma in SIGMAS:
    dense[sigma] = dense_denoiser()
    dense_seconds[sigma] = train(dense[sigma], sigma, sigma)

# %%
kind = {"padding": "same", "activation": "leaky_relu"}
conv_encoder = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Conv2D(32, 3, strides=2, **kind),
        layers.Conv2D(48, 3, strides=2, **kind),
        layers.Conv2D(48, 3, **kind),
        layers.Conv2D(48, 3, **kind),
    ]
)
conv_decoder = keras.Sequential(
    [
        keras.Input((7, 7, 48)),
        layers.Conv2DTranspose(32, 3, strides=2, **kind),
        layers.Conv2DTranspose(1, 3, strides=2, padding="same"),
    ]
)
convolutional = Autoencoder(conv_encoder, conv_decoder)
conv_seconds = train(convolutional, 0.5, 0.5, epochs=4, batch_size=50, peak=8e-3)

# %% [markdown]
# ## All in one table
#
# PSNR in dB, and **SSIM** (Wang and others 2004), which compares local patterns instead of pixels (1 is a perfect copy). All may cut off at 0 and 1. Non-local means and SSIM see the first 300 test digits; the column "first 300" is the PSNR on those, for a fair comparison.
#
# **Predict:** at σ = 0.5 the networks lead. Do they at 0.2?

# %%
N_SLOW = 300
rows = []
for sigma in SIGMAS:
    rivals, fit_seconds = fitted[sigma]
    methods = {
        name: (rival.denoise, fit_seconds[name]) for name, rival in rivals.items()
    }
    methods["dense autoencoder"] = dense[sigma].reconstruct, dense_seconds[sigma]
    methods["convolutional, trained at 0.5"] = convolutional.reconstruct, conv_seconds
    for name, (denoise, seconds) in {"noisy input": (np.copy, 0), **methods}.items():
        n = N_SLOW if name.startswith("non-local") else len(x_test)
        x_hat = denoise(noisy_test[sigma][:n]).clip(0, 1)
        each = psnr(x_test[:n], x_hat)
        patterns = ssim(x_test[:N_SLOW], x_hat[:N_SLOW]).mean()
        rows.append([name, sigma, each.mean(), each[:N_SLOW].mean(), patterns, seconds])
columns = ["method", "σ", "PSNR", "first 300", "SSIM", "seconds to fit"]
table = pd.DataFrame(rows, columns=columns).set_index(["method", "σ"])
table.unstack().loc[table.index.unique(0)].round(2)

# %% tags=["nbval-check-output"]
score = table["PSNR"].unstack()
first = table["first 300"].unstack()
networks = ["dense autoencoder", "convolutional, trained at 0.5"]
nlm = "non-local means + line"
of_dense, of_conv = (score.loc[name] for name in networks)
linear = score.loc["best linear map"]
filters = [name for name in score.index if name.endswith("+ line")]
bare = [name.removesuffix(" + line") for name in filters]
gain = first.loc[filters].to_numpy() - first.loc[bare].to_numpy()
claim(
    "The best linear map comes to 23.1 dB at σ = 0.2",
    22.8, "<", linear[0.2], "<", 23.4,
)  # fmt: skip
claim("... and to 17.7 dB at 0.5", 17.4, "<", linear[0.5], "<", 18.0)
claim("A line makes each filter better", gain.min(), ">", 0.3)
claim("At 0.5, the dense network leads by 1 dB", of_dense[0.5], ">", linear[0.5] + 1)
claim("... and the convolutional one comes to 20 dB", of_conv[0.5], ">", 19.8)
claim("... which leads the dense one, too", of_conv[0.5], ">", of_dense[0.5] + 0.5)

# %% tags=["nbval-check-output"]
claim(
    "At 0.5, filters stay behind the linear map",
    first.loc[filters, 0.5].max(),
    "<",
    first.loc["best linear map", 0.5] - 0.5,
)
claim(
    "At 0.2, non-local means pass the linear map",
    first.loc[nlm, 0.2],
    ">",
    first.loc["best linear map", 0.2] + 0.5,
)
level = first.loc[networks[0], 0.2] - first.loc[nlm, 0.2]
claim("... and are level with the dense network", -0.5, "<", level, "<", 0.5)
patterns = table["SSIM"].unstack()
claim(
    "... but in SSIM both networks lead",
    patterns.loc[networks, 0.2].min(),
    ">",
    patterns.drop(networks)[0.2].max() + 0.02,
)

# %% [markdown]
# **What to notice.** With strong noise, nobody who looks at neighbouring pixels alone comes near the networks. With weak noise, non-local means with a line are level with the dense network in PSNR, and have learned nothing of digits but a strength and a line: there the neighbourhood says enough. In SSIM, which asks for clean strokes on clean ground, the networks stay in front: two measures, two orders. (The convolutional network was trained at 0.5; trained at 0.2, it should do better there.) Without its line, a filter looks worse than it is.

# %% [markdown]
# ## The wrong strength
#
# **Predict:** which is worse, a denoiser that was trained on too little noise, or on too much?

# %%
any_strength = dense_denoiser()
_ = train(any_strength, 0.1, 0.6)
trained = {f"σ = {s}": network for s, network in dense.items()} | {
    "0.1 to 0.6": any_strength
}
levels = [0.1, 0.2, 0.3, 0.5, 0.7]
tests = {s: add_gaussian_noise(x_test, s, seed=SEED + 500) for s in levels}
matrix = pd.DataFrame(
    {
        s: {
            name: psnr(x_test, n.reconstruct(noisy)).mean()
            for name, n in trained.items()
        }
        for s, noisy in tests.items()
    }
)
matrix.loc["not denoised"] = {
    s: psnr(x_test, noisy).mean() for s, noisy in tests.items()
}
figure = plots.plot_heat_map(
    matrix,
    xlabel="σ in the test",
    ylabel="σ in training",
    label="PSNR (dB)",
    title="Trained at one strength, used at another",
)
show(
    figure,
    alt="PSNR of three trainings and of the noisy input at five strengths: each "
    "training is best near its own strength, the one for a range is nowhere far "
    "behind.",
)

# %% tags=["nbval-check-output"]
claim(
    "Trained on too little: two decibels are lost",
    matrix.loc["σ = 0.2", 0.5],
    "<",
    matrix.loc["σ = 0.5", 0.5] - 2,
)
claim(
    "... and on too much: three",
    matrix.loc["σ = 0.5", 0.2],
    "<",
    matrix.loc["σ = 0.2", 0.2] - 3,
)
claim(
    "With weak noise, it does harm",
    matrix.loc["σ = 0.5", 0.1],
    "<",
    matrix.loc["not denoised", 0.1] - 1,
)
claim(
    "The convolutional network, trained at 0.5, bears 0.2 better",
    of_conv[0.2],
    ">",
    matrix.loc["σ = 0.5", 0.2] + 2,
)
best = matrix.iloc[:2].max()
lost = (best - matrix.loc["0.1 to 0.6"])[[0.2, 0.5]].max()
claim(
    "The one for a range loses less than 1.5 dB where others are at home",
    lost,
    "<",
    1.5,
)

# %% [markdown]
# **What to notice.** For the dense network neither side is safe: too little costs more than two decibels, too much more than three, and it even spoils pictures that were nearly clean. The convolutional network bears it better: trained at 0.5, it was near the dense one of 0.2 in the table above. If you don't know the noise that will come, train on a range.

# %% [markdown]
# ## Other damage
#
# The network was trained at σ = 0.5, and has never seen anything else. The table shows PSNR, and the share of digits that come out *worse* than they went in. (Pictures that the square did not touch are left out.) The figure shows three digits, the same ones for each kind of damage: of all digits ordered by what they gain when blurred, one at a tenth of the way, one in the middle, one at nine tenths.

# %%
damaged = {
    "Gaussian noise": noisy_test[0.5],
    "salt and pepper": add_salt_and_pepper(x_test, 0.25, seed=SEED + 600),
    "square of 10 × 10": add_occlusion(x_test, 10, seed=SEED + 601),
    "blur": add_blur(x_test, 1.5),
}
other = {}
for name, images in damaged.items():
    touched = (images != x_test).any(axis=(1, 2, 3))
    before = psnr(x_test, images)[touched]
    after = psnr(x_test, dense[0.5].reconstruct(images))[touched]
    by_median = psnr(x_test, MedianFilter().denoise(images))[touched]
    other[name] = {
        "damaged": before.mean(),
        "median": by_median.mean(),
        "dense autoencoder": after.mean(),
        "got worse": (after < before).mean(),
    }
other = pd.DataFrame(other).T
other.round(2)

# %%
kinds = list(damaged)[1:]
blurred = damaged["blur"]
gain_of_each = psnr(x_test, dense[0.5].reconstruct(blurred)) - psnr(x_test, blurred)
picked = np.argsort(gain_of_each)[[200, 1000, 1800]]  # a bad, a middling, a good case
figure = plots.plot_denoising(
    np.tile(x_test[picked], (3, 1, 1, 1)),
    np.concatenate([damaged[name][picked] for name in kinds]),
    {
        "mended": np.concatenate(
            [dense[0.5].reconstruct(damaged[name][picked]) for name in kinds]
        )
    },
    noisy_name="damaged",
    title="Salt and pepper (left), a square (middle), blur (right)",
)
show(
    figure,
    alt="Three digits with three kinds of damage, and what the denoiser makes of them. "
    "Salt and pepper goes, the hole stays, two blurred digits get worse, one better.",
)

# %% tags=["nbval-check-output"]
gains = other["dense autoencoder"] - other["damaged"]
claim("Salt and pepper, never seen, goes", gains["salt and pepper"], ">", 5)
claim(
    "... better than by the median, which is made for it",
    other.loc["salt and pepper", "dense autoencoder"],
    ">",
    other.loc["salt and pepper", "median"] + 1,
)
claim("A hole stays, and harm is added", gains["square of 10 × 10"], "<", -0.5)
worse = other.loc["blur", "got worse"]
claim("Blur is not mended", gains["blur"], "<", 1)
claim("Many blurred digits get worse, some better", 0.3, "<", worse, "<", 0.97)

# %% [markdown]
# **What to notice.** Salt and pepper looks like strong noise to the network, and goes. A hole looks like background: most of it stays. Strokes that it cut may be drawn out a little; but where it hid little, the network does more harm than the square did. Blur is not mended either: grey and smooth is nothing that the network has seen, and many digits come out worse than they went in, others better (of the three at the right, the last).

# %% [markdown]
# ## What was removed?
#
# The difference between input and output is what the network took for noise. In the last row, orange is ink that was lost, purple what was left over.

# %%
x_hat = dense[0.5].reconstruct(noisy_test[0.5])
added, removed = noisy_test[0.5] - x_test, noisy_test[0.5] - x_hat
ten = [np.flatnonzero(y_test == digit)[1] for digit in range(10)]
figure = plots.plot_signed_images(
    {
        "noisy − clean": added[ten],
        "noisy − denoised": removed[ten],
        "clean − denoised": (removed - added)[ten],
    },
    limit=1,
    label="difference of pixels",
    title="What was added, what was removed, and the difference of both",
)
show(
    figure,
    alt="Three rows of differences: two look alike, the last has outlines of strokes.",
)

# %% tags=["nbval-check-output"]
likeness = np.corrcoef(added.ravel(), removed.ravel())[0, 1]
nothing_learned = np.corrcoef(added.ravel(), noisy_test[0.5].ravel())[0, 1]
wrong = np.square(x_test - x_hat)[..., 0]
slopes = np.square(np.gradient(x_test[..., 0], axis=1)) + np.square(
    np.gradient(x_test[..., 0], axis=2)
)
edges = slopes > 0.04
claim("What is removed is mostly what was added", likeness, ">", 0.9)
claim(
    "... more than if everything had been removed", likeness, ">", nothing_learned + 0.2
)
claim(
    "Most of the error lies along strokes",
    wrong[edges].sum() / wrong.sum(),
    ">",
    3 * edges.mean(),
)
splits.check()

# %% [markdown]
# **What to notice.** The error that is left sits on the edges of strokes. There the network has to guess, and the best guess under a squared error is the mean of what is possible, which is blurred.

# %% [markdown]
# ## The answer
#
# Against strong noise the learned denoisers lead clearly, over local filters as over the best linear map; a small convolutional network leads a large dense one. Against weak noise a good classical filter, with a straight line against the veil, is level with the dense one in PSNR, though not in SSIM. The dense network is at home at its own strength; trained on a range of strengths it loses about a decibel. Damage that looks like noise goes, and no other.

# %% [markdown]
# ## Where it comes from
#
# - Buades, Coll and Morel 2005, *A non-local algorithm for image denoising*, CVPR.
# - Wang, Bovik, Sheikh and Simoncelli 2004, *Image quality assessment: from error visibility to structural similarity*.
# - Vincent and others 2010, *Stacked denoising autoencoders*, JMLR 11:3371.
#
# **The lesson:** [02 Denoising](../02_denoising.ipynb).
