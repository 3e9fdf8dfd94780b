# %% [markdown]
# # 02 Denoising
#
# What happens when we add random noise to the pictures, and ask the network for the clean ones?
# An autoencoder with room to spare can copy its input and learn nothing. There is no pattern in noise, so a network that must remove it can't copy: **noise in training forbids copying**, and what is left to learn is how digits look.
#
# **You will**
# - watch a wide autoencoder copy, noise and all, and see noise in training stop it,
# - train a denoiser the right way: fresh noise each time, the clean picture as target,
# - compare it with five classical methods in decibels, and find where its lead vanishes,
# - find out what it does at other noise levels and with other damage,
# - see in two dimensions why removing noise teaches a network the shape of its data.
#
# **Before you start:** [00 What is an autoencoder?](00_what_is_an_autoencoder.ipynb). [01 Dimensionality reduction](01_dimensionality_reduction.ipynb) explains PCA.
#
# **Time on a laptop:** three minutes to run, an hour to read.

# %% [markdown]
# ## Setup

# %%
import logging
import math
import time

import keras
import numpy as np
import pandas as pd
from IPython.display import Markdown
from ipywidgets import Dropdown, IntSlider, interact
from keras import layers
from scipy.spatial import KDTree
from sklearn.linear_model import RidgeClassifier

from ae_helpers import plots
from ae_helpers.claims import claim
from ae_helpers.corruption import add_blur, add_gaussian_noise, add_occlusion, add_salt_and_pepper
from ae_helpers.data import load_mnist
from ae_helpers.denoisers import GaussianFilter, LinearMap, MedianFilter, NonLocalMeans, PCAProjection
from ae_helpers.metrics import psnr, squared_error, ssim
from ae_helpers.models import Autoencoder, dense_autoencoder
from ae_helpers.plots import show
from ae_helpers.progress import ProgressBar

# %%
SEED = 0
SIGMAS = [0.2, 0.4, 0.5]  # levels of noise; pixels go from 0 to 1
SIGMA = 0.5  # the level of most experiments
N_TRAIN = 20_000  # training images, of 55,000: enough here, and kinder to the memory
EPOCHS = 6
BATCH_SIZE = 100

keras.utils.set_random_seed(SEED)
logging.getLogger("tensorflow").setLevel(logging.ERROR)  # no advice on speed between the results

# %% [markdown]
# ## The data, and noise on it
#
# To each pixel we add a random number from a normal distribution with mean 0 and standard deviation σ, each pixel for itself: x + N(0, σ).
# The result leaves [0, 1], and we cut it off there, as a camera or a file would: **clipping**.
#
# We take every second test image, 5,000 of them. They get their noise once, with a fixed seed, so that all methods are judged on the same pictures.

# %% tags=["nbval-check-output"]
(x_train, y_train), (x_valid, y_valid), (x_test, y_test) = load_mnist()
x_train, y_train = x_train[:N_TRAIN].copy(), y_train[:N_TRAIN]
x_valid, y_valid = x_valid[:1000].copy(), y_valid[:1000]  # they choose settings and draw one curve
x_test, y_test = x_test[::2].copy(), y_test[::2]  # every second one: 5,000
noisy_test = add_gaussian_noise(x_test, SIGMA, seed=SEED + 200)
print("training", x_train.shape, "validation", x_valid.shape, "test", x_test.shape)

# %%
picked = [np.flatnonzero(y_test == digit)[1] for digit in range(10)]
levels = {
    f"σ = {sigma}": add_gaussian_noise(x_test[picked], sigma, seed=SEED + 100) for sigma in (0.1, *SIGMAS)
}
show(
    plots.plot_denoising(
        x_test[picked],
        levels.pop("σ = 0.1"),
        levels,
        noisy_name="σ = 0.1",
        title="More and more noise; below each the PSNR",
    ),
    alt="Ten digits, clean and with four levels of noise. At σ = 0.5 the eye can still read most of them.",
)

# %% [markdown]
# The number below each picture is the **PSNR** in decibels, 10 log10(1 / MSE). More is better: 10 dB more means a tenth of the mean squared error, 3 dB more means half of it. For a set we average the decibels of its pictures.

# %%
unclipped_psnr = psnr(x_test, add_gaussian_noise(x_test, SIGMA, seed=SEED + 200, clip=False)).mean()
noisy_psnr = psnr(x_test, noisy_test).mean()
grey_of_black, grey_of_white = noisy_test[x_test == 0].mean(), noisy_test[x_test == 1].mean()
Markdown(
    f"**What to notice.** Clipping changes the noise. Unclipped, noise of σ = {SIGMA} leaves {unclipped_psnr:.1f} dB; clipped, "
    f"{noisy_psnr:.1f} dB, since half of what falls on black is cut off. What remains is no longer centred: a black pixel "
    f"becomes {grey_of_black:.2f} on average, a white one {grey_of_white:.2f}. A denoiser has to know that black is meant. "
    f'Papers differ here, so a PSNR "at σ = {SIGMA}" says little unless they say whether they clip. We do.'
)

# %% tags=["nbval-check-output"]
claim(
    "Without clipping, PSNR says nothing but σ: 10 log10(1 / σ²).",
    abs(unclipped_psnr + 20 * np.log10(SIGMA)) < 0.05,
)
claim("With clipping, noise of σ = 0.5 leaves 9.4 dB.", 9.3 < noisy_psnr < 9.5)
claim(
    "Clipped noise turns black into grey: 0.4 σ on average.",
    abs(grey_of_black - 0.4 * SIGMA) < 0.01,
)


# %% [markdown]
# ## A wide network copies
#
# This network has one convolution as its encoder and one as its decoder. Its code holds 14 · 14 · 32 = 6,272 numbers, eight times as many as the picture has pixels. There is no bottleneck at all.
#
# We train it twice, in the same way but for one line. The plain one sees clean digits and has clean digits as targets. The other has noise on its input, while the target stays clean.


# %%
def wide_autoencoder():
    """28 x 28 pixels, a code of 14 x 14 x 32 numbers, and back."""
    encoder = keras.Sequential(
        [keras.Input((28, 28, 1)), layers.Conv2D(32, 3, strides=2, padding="same", activation="gelu")]
    )
    decoder = keras.Sequential(
        [keras.Input((14, 14, 32)), layers.Conv2DTranspose(1, 3, strides=2, padding="same")]
    )
    return Autoencoder(encoder, decoder)


def with_noise(autoencoder, sigma):
    """The autoencoder behind a layer that adds fresh noise: in training only, not in use."""
    clean = keras.Input((28, 28, 1))
    noisy = keras.ops.clip(layers.GaussianNoise(sigma)(clean), 0, 1)
    return keras.Model(clean, autoencoder(noisy))


# %% [markdown]
# `GaussianNoise` draws new noise for every picture in every epoch, and switches itself off in `predict`. So `fit(x_train, x_train)` is right in both cases: *the model* spoils its input; the target is the clean picture.
#
# `with_noise` builds a second model around the same autoencoder. Both share their weights, so training the outer one trains the inner one, which we then use alone, without a noise layer.


# %%
def train(model, x, y, *, epochs, batch_size=BATCH_SIZE, peak=2e-3, name, **options):
    """Compile for the squared error and fit; the learning rate rises for a tenth of the steps, then falls to 0, as in lesson 01."""
    steps = epochs * math.ceil(len(x) / batch_size)
    schedule = keras.optimizers.schedules.CosineDecay(
        peak / 10, decay_steps=int(0.9 * steps), warmup_target=peak, warmup_steps=int(0.1 * steps)
    )
    model.compile(keras.optimizers.Adam(schedule, beta_2=0.98), loss="mse", steps_per_execution=20)
    return model.fit(x, y, batch_size=batch_size, epochs=epochs, verbose=0, callbacks=[ProgressBar(name)], **options)


# %%
wide = {"plain": wide_autoencoder(), "with noise": wide_autoencoder()}
_ = train(wide["plain"], x_train, x_train, epochs=1, peak=1e-2, name="wide, plain")
_ = train(
    with_noise(wide["with noise"], SIGMA), x_train, x_train, epochs=1, peak=1e-2, name="wide, with noise"
)

# %%
x_some, noisy_some = x_test[:2000], noisy_test[:2000]  # enough for a clear result
wide_hat = {name: model.reconstruct(noisy_some, batch_size=250) for name, model in wide.items()}
plain_clean_error = squared_error(x_some, wide["plain"].reconstruct(x_some, batch_size=250)).mean()

# %%
show(
    plots.plot_denoising(
        x_test[picked],
        noisy_test[picked],
        {"wide, plain": wide_hat["plain"][picked], "wide, with noise": wide_hat["with noise"][picked]},
        title="The plain network hands the noise on",
    ),
    alt="Ten digits: clean, noisy, through the plain network almost as noisy, through the one trained with noise much cleaner.",
)

# %%
to_noisy = {name: squared_error(noisy_some, image).mean() for name, image in wide_hat.items()}
to_clean = {name: squared_error(x_some, image).mean() for name, image in wide_hat.items()}
Markdown(
    f"**What to notice.** On clean digits the plain network looks perfect (squared error {plain_clean_error:.1f}). Given a noisy "
    f"one, its output lies {to_noisy['plain']:.0f} from the noisy picture and {to_clean['plain']:.0f} from the clean one: it has learned "
    f"to copy, not what a digit is. With noise in training it is the other way round: {to_noisy['with noise']:.0f} from the noisy, "
    f"{to_clean['with noise']:.0f} from the clean picture. The same network, the same pictures, one more line."
)

# %% tags=["nbval-check-output"]
claim("The plain wide network gives the noise back.", to_noisy["plain"] < 0.5 * to_clean["plain"])
claim("Trained with noise, it gives the digit back.", to_clean["with noise"] < 0.5 * to_noisy["with noise"])

# %% [markdown]
# Two fine points. The decoder has no sigmoid here: a sigmoid would push dark pixels to black, and probably hide part of the copied noise (exercise 2). And each number of its code sees 3 × 3 pixels only, too little to do better. Hence the next one.

# %% [markdown]
# ## A denoiser
#
# To tell noise from ink, it helps to see the whole picture. So the real denoiser is dense: 784-512-256-512-784. Noise stops copying, so the 256 in the middle is a choice, not a need; try 1,024.
# We train three of them, each at one level of noise. Its activation is SELU: straight above zero, and below it bent down to a floor of −1.76. Like the denoisers' other settings, it was tried out by hand on validation images; `beta_2=0.98` comes from lesson 01.

# %%
def dense_denoiser():
    """784-512-256-512-784."""
    return dense_autoencoder(256, hidden_sizes=(512,), activation="selu")


denoisers = {sigma: dense_denoiser() for sigma in SIGMAS}
train_seconds = {}
for sigma, denoiser in denoisers.items():
    started = time.perf_counter()
    train(with_noise(denoiser, sigma), x_train, x_train, epochs=EPOCHS, peak=5e-3, name=f"dense, σ = {sigma}")
    train_seconds[f"dense, {sigma}"] = time.perf_counter() - started

# %%
denoised = denoisers[SIGMA].reconstruct(noisy_some)
dense_psnr = psnr(x_some, denoised).mean()
show(
    plots.plot_denoising(
        x_test[picked],
        noisy_test[picked],
        {"denoised": denoised[picked]},
        title=f"Digits that the network has never seen, with noise of σ = {SIGMA}",
    ),
    alt="Ten clean digits, the same under heavy noise, and the denoised ones: clear digits on black, a little soft.",
)

# %% [markdown]
# ### A classic mistake: clean pictures at test time
#
# The noise layer works in training only, and `reconstruct` calls the autoencoder without it. So `reconstruct(x_test)` gives the network *clean* pictures, and the score is about a task that nobody has. Nothing warns you.

# %%
fed_clean = denoisers[SIGMA].reconstruct(x_some)
show(
    plots.plot_denoising(
        x_test[picked],
        x_test[picked],
        {"output": fed_clean[picked]},
        noisy_name="input",
        title="The mistake: its input is clean already",
    ),
    alt="Ten clean digits twice, and the outputs, which look good but for a few pale strokes, because there was no noise to remove.",
)
fed_clean_psnr = psnr(x_some, fed_clean).mean()
Markdown(
    f"**What to notice.** On noisy test digits the denoiser reaches {dense_psnr:.1f} dB. Tested on clean ones by mistake, it "
    f"would seem to reach {fed_clean_psnr:.1f} dB, a number without meaning: giving the input back untouched would score infinity. "
    "Draw the noisy test set yourself, once, and look at it."
)

# %% tags=["nbval-check-output"]
claim("From 9.4 dB, the dense denoiser comes to 19 dB.", dense_psnr > 19)
claim("Tested on clean digits, it would look better than it is.", fed_clean_psnr > dense_psnr + 0.5)
claim("... while in truth it spoils them: they were perfect before.", fed_clean_psnr < 25)

# %% [markdown]
# ## A failure experiment: noise that can be learned by heart
#
# Why *fresh* noise? One could also spoil the training pictures once, before training, and be done with it. Then each picture always comes with the same speckles, and with enough epochs a network can learn the pairs by heart.
# We take 2,000 pictures and 25 epochs, both ways.

# %%
x_small = x_train[:2000]
noisy_small = add_gaussian_noise(x_small, SIGMA, seed=SEED + 300)
noisy_again = add_gaussian_noise(x_small, SIGMA, seed=SEED + 301)  # the same pictures, other noise
noisy_valid = add_gaussian_noise(x_valid, SIGMA, seed=SEED + 302)
small = {"once": dense_denoiser(), "fresh": dense_denoiser()}
options = {"epochs": 25, "batch_size": 128, "peak": 3e-3}

# %%
validation = noisy_valid, x_valid
small_history = train(
    small["once"], noisy_small, x_small, name="noise drawn once", validation_data=validation, **options
)
_ = train(with_noise(small["fresh"], SIGMA), x_small, x_small, name="fresh noise", **options)

# %%
show(
    plots.plot_history(
        small_history, scale=784, ylabel="squared error per image", title="Noise drawn once"
    ),
    alt="Both errors fall together at first; then the training error keeps falling, while the validation error levels off and ends at more than twice its value.",
)
rows = {
    "the noise drawn once": (x_small, noisy_small),
    "the same digits, new noise": (x_small, noisy_again),
}
rows["new digits, new noise"] = (x_some, noisy_some)
memory = pd.DataFrame(
    {
        f"noise drawn {name}": {
            row: psnr(x, model.reconstruct(noisy)).mean() for row, (x, noisy) in rows.items()
        }
        for name, model in small.items()
    }
).rename_axis("PSNR (dB) on")
memory.round(2)

# %%
gap = memory.iloc[0] - memory.iloc[1]
new_noise_gain = memory.iloc[1]["noise drawn fresh"] - memory.iloc[1]["noise drawn once"]
fresh_gain = memory.iloc[2]["noise drawn fresh"] - memory.iloc[2]["noise drawn once"]
Markdown(
    f"**What to notice.** With noise drawn once, the network reaches {memory.iloc[0, 0]:.1f} dB on its training pairs. Give the *same digits* "
    f"other noise, and {gap.iloc[0]:.1f} dB are gone: it knew those speckles by heart. The other network saw neither set of noise, "
    f"so its gap ({abs(gap.iloc[1]):.1f} dB) only shows that both sets are equally hard. Fresh noise is {new_noise_gain:.1f} dB better on the known digits "
    f"with new noise, and {fresh_gain:.1f} dB on new digits. (Both do worse on new digits than on their own 2,000, "
    f"by {memory.iloc[1, 0] - memory.iloc[2, 0]:.1f} and {memory.iloc[1, 1] - memory.iloc[2, 1]:.1f} dB: fresh noise does not replace more digits.)"
)

# %% tags=["nbval-check-output"]
claim("Noise drawn once is learned by heart.", gap["noise drawn once"] > 2)
claim(
    "Both sets of noise are equally hard: a network that saw neither shows no gap.",
    abs(gap["noise drawn fresh"]) < 0.3,
)
claim("On its own digits with new noise, too, fresh noise wins.", new_noise_gain > 0.5)
claim("On new digits, fresh noise wins.", fresh_gain > 0.5)

# %% [markdown]
# ## Is it any good?
#
# That a noisy picture gets better proves little. These are the rivals, all given the same test pictures:
# - **median 3 × 3**, and a **Gaussian filter**: local averages of two kinds,
# - **non-local means** (Buades, Coll and Morel 2005): averages over places that look alike,
# - **PCA**: the picture's shadow on 64 principal components of clean digits. It learns nothing about the noise, so it knows of no veil. It stands here as a reference, not as a tuned rival: 64 components at every level, and no line,
# - **the best linear map**: 784 noisy pixels to 784 clean ones, by least squares over 20,000 training pairs, one draw of noise for each picture. On these pairs no linear network can have a smaller squared error. It learns the veil with the rest.
#
# The grey veil that clipping lays over black is bad for the filters, most of all for those that average: they keep it. That says little about averaging, so each filter comes twice: as it is, and followed by a **straight line** a · y + b, fitted on validation images, which takes the veil off.
#
# The Gaussian filter's width and the cut-off of non-local means are chosen on validation images too, for each level, with and without the line (non-local means on 50 images, for it is slow; there it also measures how large the noise is); the median stays 3 × 3. The linear map is fitted for each level, as the dense denoisers are.

# %% [markdown]
# The second autoencoder for this table is **convolutional**: two steps from 28 to 14 to 7 pixels, and back. It has 7 · 7 · 48 = 2,352 numbers in its code, but no dense layer: a stroke is treated alike in many places. Yet it sees much of the picture: each number of the code of the wide network above saw 3 × 3 pixels; here four layers add up, to 3, 7, 15 and at last 23 pixels across.
#
# It has less than a tenth of the dense network's weights, and is trained once, at σ = 0.5, for all three levels of the table. It takes twice as many steps as the dense one, and longer (the table shows the time). Its activation is leaky ReLU: below zero it is straight, too, with a small slope.

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

# %%
one_pixel_each = np.eye(784, dtype="float32").reshape(-1, 28, 28, 1)
in_the_middle = convolutional.encode(one_pixel_each)[:, 3, 3]  # not trained yet, so black gives exactly 0
rows_seen, columns_seen = np.nonzero(in_the_middle.any(axis=-1).reshape(28, 28))
print(f"A number in the code sees {np.ptp(rows_seen) + 1} × {np.ptp(columns_seen) + 1} pixels.")

# %%
conv_started = time.perf_counter()
train(
    with_noise(convolutional, SIGMA), x_train, x_train, epochs=EPOCHS, batch_size=50, peak=8e-3, name="convolutional"
)
train_seconds["convolutional"] = time.perf_counter() - conv_started

# %% [markdown]
# Now all methods under one roof. `fit(noisy, clean)` learns, or chooses a width; `denoise(noisy)` is judged on the test images: PSNR, and **SSIM** (Wang et al. 2004), which compares local patterns instead of pixels (1 is a perfect copy). To save time, SSIM and non-local means see the first 300 test images only; where we compare with non-local means, we take the same 300 for all.


# %%
def classical(sigma):
    """The rivals at one level, fitted; and the seconds that fitting took."""
    noisy_train = add_gaussian_noise(x_train, sigma, seed=SEED + 400)
    pairs = add_gaussian_noise(x_valid[:500], sigma, seed=SEED + 401), x_valid[:500]
    few_pairs = pairs[0][:50], pairs[1][:50]
    rivals = {}
    for name, rival, fit_on in [
        ("median 3 × 3", MedianFilter(), pairs),
        ("Gaussian filter", GaussianFilter(), pairs),
        ("non-local means", NonLocalMeans(), few_pairs),
        ("median 3 × 3 + line", MedianFilter(line=True), pairs),
        ("Gaussian filter + line", GaussianFilter(line=True), pairs),
        ("non-local means + line", NonLocalMeans(line=True), few_pairs),
        ("PCA, 64 components", PCAProjection(64), (noisy_train[:10_000], x_train[:10_000])),
        ("best linear map", LinearMap(), (noisy_train, x_train)),
    ]:
        begin = time.perf_counter()
        rival.fit(*fit_on)
        rivals[name] = (rival.denoise, time.perf_counter() - begin)
    return rivals


# %%
N_SLOW = 300  # test images for what takes long: non-local means, and SSIM
scores, unclipped_floors, seconds, examples = {}, {}, {}, {}
for sigma in SIGMAS:
    noisy = add_gaussian_noise(x_test, sigma, seed=SEED + 200)  # at 0.5: noisy_test
    methods = {"noisy input": (np.copy, 0.0), **classical(sigma)}
    methods["dense autoencoder"] = (denoisers[sigma].reconstruct, train_seconds[f"dense, {sigma}"])
    methods["convolutional autoencoder"] = (convolutional.reconstruct, train_seconds["convolutional"])
    for name, (method, fit_seconds) in methods.items():
        n = N_SLOW if name.startswith("non-local") else len(x_test)
        begin = time.perf_counter()
        result = method(noisy[:n])
        per_thousand = (time.perf_counter() - begin) / n * 1000
        unclipped_floors[name, sigma] = psnr(x_test[:n], result).mean()
        result = result.clip(0, 1)  # all may know the range
        each = psnr(x_test[:n], result)
        scores[name, sigma] = each.mean(), each[:N_SLOW].mean(), ssim(x_test[:N_SLOW], result[:N_SLOW]).mean()
        seconds[name, sigma] = fit_seconds, per_thousand
        examples[name, sigma] = result[picked]
del noisy, result  # 30 MB

# %%
quality = pd.DataFrame(scores, index=["PSNR (dB)", "first images", "SSIM"]).T.unstack().loc[list(methods)]
mean_seconds = pd.DataFrame(seconds, index=["to fit", "for 1,000 images"]).T.groupby(level=0).mean()
for column in mean_seconds:
    quality["seconds", column] = mean_seconds[column]
quality.drop(columns="first images", level=0).round(2)

# %% [markdown]
# The numbers in other sections differ from these in the first decimal, for they come from 2,000 test images, or from other noise.

# %% tags=["readme"]
chosen = [
    "median 3 × 3 + line",
    "non-local means + line",
    "best linear map",
    "dense autoencoder",
    "convolutional autoencoder",
]
show(
    plots.plot_denoising(
        x_test[picked],
        noisy_test[picked],
        {name: examples[name, SIGMA] for name in chosen},
        title=f"Noise of σ = {SIGMA}, and what five methods make of it; below each the PSNR",
    ),
    alt="Ten test digits, clean, noisy, and denoised by median and non-local means, each with a line, the best linear map and two autoencoders. The autoencoders' digits are the clearest, on clean black.",
)

# %%
decibels, first = quality["PSNR (dB)"], quality["first images"]
with_line = first[first.index.str.endswith("+ line")]
line_gain = with_line.rename(lambda name: name.removesuffix(" + line"))
line_gain = line_gain - first.loc[line_gain.index]
ahead = decibels.loc[["dense autoencoder", "convolutional autoencoder"]] - decibels.loc["best linear map"]
Markdown(
    f"**What to notice.** At σ = {SIGMA} the best linear map has {decibels.loc['best linear map', SIGMA]:.1f} dB, the dense autoencoder "
    f"{ahead.loc['dense autoencoder', SIGMA]:.1f} dB more, the convolutional one {ahead.loc['convolutional autoencoder', SIGMA]:.1f} dB more: "
    f"for a typical picture, the error that is left is {10 ** (-ahead[SIGMA].max() / 10):.0%} of the linear map's. At σ = 0.4 the leads are about the same ({ahead.loc['dense autoencoder', 0.4]:.1f} and {ahead.loc['convolutional autoencoder', 0.4]:.1f} dB), at 0.2 smaller: the dense autoencoder, trained for "
    f"that level, is {ahead.loc['dense autoencoder', 0.2]:.1f} dB ahead; the convolutional one, trained for much more noise, {ahead.loc['convolutional autoencoder', 0.2]:.1f} dB. "
    f"There non-local means are strong. Without the veil, that is with a line, they reach {first.loc['non-local means + line', 0.2]:.2f} dB at σ = 0.2, on the same images as "
    f"the linear map's {first.loc['best linear map', 0.2]:.2f}. The convolutional autoencoder loses to them, with {first.loc['convolutional autoencoder', 0.2]:.2f} dB: it was not trained for this level (exercise 3). The dense one was, and has {first.loc['dense autoencoder', 0.2]:.2f} dB: about as much. "
    f"At σ = {SIGMA} the line helps too ({line_gain.loc['non-local means', SIGMA]:+.1f} dB), but there all filters stay behind the linear map: probably too little can be told from pixels nearby. "
    "Without a line, filters take very little from digits (a width, or a cut-off and the size of the noise), and serve any picture. The line is fitted to digits, and would have to be fitted anew. "
    "(Times are of one machine with two cores.)"
)

# %% [markdown]
# ## The noise level
#
# The dense denoisers were each trained at one level. What if the noise is another one in use, as it will be? A fourth one is trained on a *range*, from 0.1 to 0.6, and must do everything with the same weights. For that we write the noise layer ourselves: each picture gets a σ of its own.


# %%
class NoiseOfAnyLevel(layers.Layer):
    """Adds normal noise, for each image with its own σ between low and high; in training only."""

    def __init__(self, low, high, **kwargs):
        super().__init__(**kwargs)
        self.low, self.high = low, high
        self.random = keras.random.SeedGenerator()

    def call(self, images, training=False):
        """The images, in training with noise, within [0, 1]."""
        if not training:
            return images
        shape = keras.ops.shape(images)
        sigma = keras.random.uniform((shape[0], 1, 1, 1), self.low, self.high, seed=self.random)
        return keras.ops.clip(images + sigma * keras.random.normal(shape, seed=self.random), 0, 1)


# %%
any_level = dense_denoiser()
clean_input = keras.Input((28, 28, 1))
any_training = keras.Model(clean_input, any_level(NoiseOfAnyLevel(0.1, 0.6)(clean_input)))
_ = train(any_training, x_train, x_train, epochs=EPOCHS, peak=5e-3, name="dense, all levels")

# %%
test_sigmas = [0.1, *SIGMAS, 0.7]
level_test = {s: add_gaussian_noise(x_test[:2000], s, seed=SEED + 500) for s in test_sigmas}
trained = {f"σ = {sigma}": denoiser for sigma, denoiser in denoisers.items()} | {"0.1 to 0.6": any_level}
matrix = pd.DataFrame(
    {
        s: {name: psnr(x_test[:2000], m.reconstruct(noisy)).mean() for name, m in trained.items()}
        for s, noisy in level_test.items()
    }
)
matrix.loc["not denoised"] = {s: psnr(x_test[:2000], noisy).mean() for s, noisy in level_test.items()}
show(
    plots.plot_heat_map(
        matrix,
        xlabel="σ in the test",
        ylabel="σ in training",
        label="PSNR (dB)",
        title="Trained at one level, used at another",
    ),
    alt="A table of colours, four trainings and the noisy input itself, by five test levels. At each test level the network trained at the nearest level is best, and printed bold; the one trained on the range loses one or two decibels at low levels, and next to nothing at high ones. At σ = 0.1 the networks trained at 0.4 and 0.5 are below the noisy input.",
)

# %%
loss_up = matrix.loc["σ = 0.5", 0.5] - matrix.loc["σ = 0.2", 0.5]
loss_down = matrix.loc["σ = 0.2", 0.2] - matrix.loc["σ = 0.5", 0.2]
harm = matrix.loc["not denoised", 0.1] - matrix.loc["σ = 0.5", 0.1]
range_cost = (matrix.iloc[:3].max() - matrix.loc["0.1 to 0.6"])[SIGMAS].max()
Markdown(
    f"**What to notice.** The wrong level costs in both directions. Trained at 0.2 and used at 0.5, {loss_up:.1f} dB are lost. "
    f"Trained at 0.5 and used at 0.2, it is {loss_down:.1f} dB: probably fine detail that the network has learned to take for noise. With little noise such a network does harm: "
    f"at σ = 0.1 the noisy picture itself is {harm:.1f} dB better than what it makes of it. The one trained on the range is within "
    f"{range_cost:.1f} dB of the best at each of the three levels. If you don't know the noise that will come, train on a range."
)

# %% [markdown]
# ## Other damage
#
# The denoisers have only ever seen Gaussian noise. We give the dense one (trained at 0.5) and the convolutional one other damage: salt and pepper (a quarter of the pixels black or white), a black square of 10 by 10 pixels, and blur. (Where the square covers nothing but background, the picture is unharmed; the table leaves such pictures out.)

# %%
damaged = {
    "Gaussian noise, σ = 0.5": noisy_some,
    "salt and pepper, 25 %": add_salt_and_pepper(x_some, 0.25, seed=SEED + 600),
    "square of 10 × 10": add_occlusion(x_some, 10, seed=SEED + 601),
    "blur, σ = 1.5 pixels": add_blur(x_some, 1.5),
}
each_picture = {}
for name, images in damaged.items():
    touched = (images != x_some).any(axis=(1, 2, 3))
    outputs = {
        "damaged": images,
        "median 3 × 3": MedianFilter().denoise(images),
        "dense autoencoder": denoisers[SIGMA].reconstruct(images),
        "convolutional autoencoder": convolutional.reconstruct(images).clip(0, 1),
    }
    each_picture[name] = pd.DataFrame({method: psnr(x_some, x)[touched] for method, x in outputs.items()})
other = pd.DataFrame({name: table.mean() for name, table in each_picture.items()}).T
other.round(1)

# %%
kinds = list(damaged)[1:]
some = [picked[2], picked[5], picked[8]]
show(
    plots.plot_denoising(
        np.tile(x_test[some], (3, 1, 1, 1)),
        np.concatenate([damaged[kind][some] for kind in kinds]),
        {"dense": np.concatenate([denoisers[SIGMA].reconstruct(damaged[kind][some]) for kind in kinds])},
        noisy_name="damaged",
        title="Salt and pepper (left), a square (middle), blur (right), through the dense denoiser",
    ),
    alt="Three digits with three kinds of damage. Salt and pepper is removed, the hole stays a hole, blurred strokes become thinner but stay pale.",
)

# %%
gains = other.sub(other["damaged"], axis=0)
gain, blur_gain = gains["dense autoencoder"], gains["convolutional autoencoder"].iloc[3]
hole = damaged[kinds[1]] != x_some  # covered ink
mended = denoisers[SIGMA].reconstruct(damaged[kinds[1]])
filled = 1 - np.square(x_some - mended)[hole].sum() / np.square(x_some[hole]).sum()
worse = (each_picture[kinds[2]]["dense autoencoder"] < each_picture[kinds[2]]["damaged"]).mean()
strokes = {"clean": x_some, "blurred": damaged[kinds[2]], "denoised": denoisers[SIGMA].reconstruct(damaged[kinds[2]])}
width = {name: (x > 0.2).mean() / (x_some > 0.2).mean() for name, x in strokes.items()}
brightness = {name: x[x_some > 0.5].mean() for name, x in strokes.items()}
Markdown(
    f"**What to notice.** Salt and pepper: {gain.iloc[1]:+.1f} dB with the dense denoiser, though it never saw any: {other.iloc[1]['dense autoencoder']:.1f} dB, and the median, "
    f"made for this, {other.iloc[1]['median 3 × 3']:.1f}. At this amount, which costs as many decibels as σ = 0.5, it is noise like other noise to the network. The square: {gain.iloc[2]:+.1f} dB. "
    f"The hole stays a hole: of the squared error where ink is covered, {filled:.0%} is gone, for black is what a clean background looks like. And the rest of the picture, which was perfect, suffers as in the classic mistake. Blur: {gain.iloc[3]:+.1f} dB ({blur_gain:+.1f} with the convolutional one). "
    f"Blurred strokes cover {width['blurred']:.1f} times as many pixels as clean ones (brighter than 0.2), denoised ones {width['denoised']:.1f} times; inside, their brightness is {brightness['blurred']:.2f}, then {brightness['denoised']:.2f}, where clean ones have {brightness['clean']:.2f}. So they get thinner, but stay pale, and {worse:.0%} of the digits get worse. "
    "A denoiser removes what looks like the noise it was trained on; anything else has to be measured."
)

# %% [markdown]
# ## Noise as a regulariser
#
# Noise on the input keeps a network from copying, even if noise is not the topic. We take only 1,000 training digits and a wide autoencoder with 1,024 numbers in its code, and train it to rebuild clean digits: once plainly, once with noise on its input. Then we ask on new, clean digits:
# - how large is the squared error?
# - how good are the codes for a linear classifier that sees 1,000 labels? (It is fitted by least squares, with a penalty on large weights, whose strength is chosen on validation images, for each kind of code anew.)
# - what do the first layer's weights look like?


# %%
def wide_dense():
    """784 pixels, a code of 1,024 numbers, and back."""
    encoder = keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(1024, "relu")])
    decoder = keras.Sequential(
        [keras.Input((1024,)), layers.Dense(784, "sigmoid"), layers.Reshape((28, 28, 1))]
    )
    return Autoencoder(encoder, decoder)


x_few, y_few = x_train[:1000], y_train[:1000]
few = {"without noise": wide_dense(), "with noise": wide_dense()}
for name, model in few.items():
    noise_model = with_noise(model, SIGMA if name == "with noise" else 0.0)
    train(noise_model, x_few, x_few, epochs=60, name=f"1,000 digits {name}")


# %%
def code_accuracy(kind_of_code):
    """Share of test digits that a linear classifier on the codes of 1,000 training digits gets right."""
    train_codes, valid_codes, test_codes = map(kind_of_code, (x_few, x_valid, x_test))
    scale = train_codes.std()
    classifiers = [RidgeClassifier(alpha).fit(train_codes / scale, y_few) for alpha in (10, 100, 1000, 10_000)]
    best = max(classifiers, key=lambda classifier: classifier.score(valid_codes / scale, y_valid))
    return best.score(test_codes / scale, y_test)


# %%
first_kernels = {
    name: keras.ops.convert_to_numpy(model.encoder.layers[1].kernel) for name, model in few.items()
}
regularised = pd.DataFrame(
    {
        name: {
            "error on its 1,000 digits": squared_error(x_few, model.reconstruct(x_few)).mean(),
            "error on test digits": squared_error(x_test, model.reconstruct(x_test)).mean(),
            "accuracy from codes": code_accuracy(model.encode),
        }
        for name, model in few.items()
    }
).T
random_accuracy = code_accuracy(wide_dense().encode)  # of weights that nobody trained
pixel_accuracy = code_accuracy(lambda images: images.reshape(-1, 784))
regularised.round(3)

# %%
centre = {name: kernel.T.reshape(-1, 28, 28)[:10, 4:24, 4:24] for name, kernel in first_kernels.items()}
show(
    plots.plot_signed_images(
        {name: image / np.abs(image).max(axis=(1, 2), keepdims=True) for name, image in centre.items()},
        label="weight / largest |weight|",
        title="Ten filters of the first layer (the middle 20 × 20 pixels)",
    ),
    alt="Two rows of ten weight patterns. Without noise all look like grain; with noise three or four of them show strokes and blobs.",
)

# %%
gap_plain, gap_noise = regularised["error on test digits"] / regularised["error on its 1,000 digits"]
difference_plain, difference_noise = regularised["error on test digits"] - regularised["error on its 1,000 digits"]
regular_gain = regularised["accuracy from codes"].diff().iloc[1]
Markdown(
    f"**What to notice.** With noise, new digits cost {gap_noise:.1f} times as much as known ones, without it {gap_plain:.0f} times. But only because both errors are larger now: "
    f"the difference between them is {difference_plain:.1f} without noise, and {difference_noise:.1f} with it. The error on new digits goes from {regularised.iloc[0, 1]:.1f} to {regularised.iloc[1, 1]:.1f}. (As in the classic mistake from above, the input here is clean, for which this network was not trained.) "
    "So the error doesn't show a gain. The codes do: "
    f"a linear classifier on them gets {regularised.iloc[1, 2]:.1%} right instead of {regularised.iloc[0, 2]:.1%} ({pixel_accuracy:.1%} on bare pixels, {random_accuracy:.1%} on the codes of a network that was not trained at all). "
    "And the filters? Without noise nearly all are grain. With noise some show strokes and blobs, as in Vincent et al. 2010; most are still grainy, perhaps because 1,000 digits are few."
)

# %% [markdown]
# ## Where do the arrows point?
#
# Pictures of 784 pixels can't be drawn as points, but the same experiment can be done in the plane. The data: points on a curve. The noise pushes them off it, and a small network learns to bring them back.
#
# For each point of a grid we draw an arrow, from the noisy input to the network's output.


# %%
def on_curve(t):
    """Points of a spiral, for t from 0 to 1: the data."""
    angle = 2.1 * np.pi * (1 + t) - 1.4 * np.pi
    return ((0.3 + 0.7 * t) * np.stack([np.cos(angle), np.sin(angle)])).T.astype("float32")


rng = np.random.default_rng(SEED)
points = on_curve(rng.random(5000))
plane_input = keras.Input((2,))
hidden = layers.GaussianNoise(0.1)(plane_input)
for units in (128, 128):
    hidden = layers.Dense(units, "gelu")(hidden)
plane_denoiser = keras.Model(plane_input, layers.Dense(2)(hidden))
_ = train(plane_denoiser, points, points, epochs=40, peak=1e-2, name="points on a curve")

# %%
grid = np.stack(np.meshgrid(*[np.linspace(-1.2, 1.2, 17, dtype="float32")] * 2), axis=-1).reshape(-1, 2)
spiral = on_curve(np.linspace(0, 1, 4000))
grid = grid[KDTree(spiral).query(grid)[0] < 0.25]  # the network has seen few points farther off
show(
    plots.plot_arrows(
        spiral, grid, plane_denoiser.predict(grid, verbose=0), title="The arrows point back to the data"
    ),
    alt="A spiral and many short arrows on both sides of it. Most point at the nearest part of the curve; between its inner end and the outer arc some point to the farther one.",
)

# %%
off_curve = on_curve(rng.random(2000)) + rng.normal(0, 0.1, (2000, 2)).astype("float32")
brought_back = plane_denoiser.predict(off_curve, verbose=0)
before, nearest = KDTree(spiral).query(off_curve)
after = KDTree(spiral).query(brought_back)[0]
moved, wanted = brought_back - off_curve, spiral[nearest] - off_curve
cosine = (moved * wanted).sum(axis=1) / np.linalg.norm(moved, axis=1) / np.linalg.norm(wanted, axis=1)
typical_angle = np.degrees(np.arccos(np.median(cosine)))
Markdown(
    f"**What to notice.** New noisy points lie {before.mean():.3f} from the curve on average; after one step through the network, {after.mean():.3f}. "
    f"Half of the arrows deviate by less than {typical_angle:.0f}° from the straight way to the nearest point of the curve. To know the way back from "
    "anywhere nearby is to know where the data lies: that is why denoising teaches the shape of data. (The best possible denoiser's arrow is σ² times "
    "the gradient of the log density of the noisy points: it points to where they lie more densely. Alain and Bengio 2014 show what follows for little noise. Today's image generators follow such arrows, step by step, from pure noise to a picture.)"
)

# %% [markdown]
# ## What was removed?
#
# The difference between the noisy input and the output is what the network took for noise. Above it, the noise that we added; and the difference between the two: in the last row, orange is ink that was lost, purple noise or blur that was left.

# %%
added, removed = noisy_some - x_some, noisy_some - denoised
show(
    plots.plot_signed_images(
        {
            "noisy − clean": added[picked],
            "noisy − denoised": removed[picked],
            "clean − denoised": (removed - added)[picked],
        },
        limit=1, label="difference of pixels",
        title="Differences: orange where the first picture is brighter, purple where it is darker",
    ),
    alt="Three rows. The noise added and what the network removed look alike. In the last row the background is nearly white, and outlines of strokes can be seen.",
)  # fmt: skip

# %%
likeness = np.corrcoef(added.ravel(), removed.ravel())[0, 1]
empty = np.corrcoef(added.ravel(), noisy_some.ravel())[0, 1]  # of a network that removes everything
mistakes = np.square(x_some - denoised)
steep = np.square(np.gradient(x_some[..., 0], axis=1)) + np.square(np.gradient(x_some[..., 0], axis=2)) > 0.04
edge_share, edge_pixels = mistakes[..., 0][steep].sum() / mistakes.sum(), steep.mean()
inner = (x_some[..., 0] > 0.5) & ~steep
edge_ratio = mistakes[..., 0][steep].mean() / mistakes[..., 0][inner].mean()
sharpness = {
    name: np.abs(np.diff(x, axis=2)).mean()
    for name, x in {"clean": x_some, "denoised": denoised}.items()
}
Markdown(
    f"**What to notice.** Noise added and noise removed have a correlation of {likeness:.2f}; had the network removed everything, it would be {empty:.2f}. What is wrong is not spread evenly: {edge_share:.0%} of the squared "
    f"error lies on and around the strokes, where the clean picture is steep: {edge_pixels:.0%} of the pixels. Per pixel it is {edge_ratio:.1f} times the error inside strokes. There the network has to guess, and the best guess under a squared error is the "
    f"mean of what is possible, which is blurred: the steps between neighbouring pixels are {1 - sharpness['denoised'] / sharpness['clean']:.0%} smaller than in clean digits."
)

# %% [markdown]
# ## Explore
#
# Choose a digit and a kind of damage. (This needs a running kernel. The figure below it is a static picture. The amount is in per cent: 50 is a σ of 0.5, half of the pixels black or white, a square of 12 × 12 pixels, or a blur of 2 pixels.)

# %%
CORRUPTIONS = {
    "Gaussian noise": lambda x, amount: add_gaussian_noise(x, amount / 100, seed=SEED + 700),
    "salt and pepper": lambda x, amount: add_salt_and_pepper(x, amount / 100, seed=SEED + 700),
    "black square": lambda x, amount: add_occlusion(x, amount // 4, seed=SEED + 700),
    "blur": lambda x, amount: add_blur(x, amount / 25),
}


# %%


def denoise_one(digit, corruption, amount):
    clean = x_test[digit : digit + 1]
    spoilt = CORRUPTIONS[corruption](clean, amount)
    outputs = {
        "dense": denoisers[SIGMA].reconstruct(spoilt),
        "convolutional": convolutional.reconstruct(spoilt),
    }
    show(
        plots.plot_denoising(clean, spoilt, outputs, noisy_name="damaged"),
        alt=f"Test digit {digit} with {corruption}, denoised by two networks.",
    )


explorer = interact(
    denoise_one,
    digit=IntSlider(0, 0, 99, continuous_update=False),
    corruption=Dropdown(options=list(CORRUPTIONS)),
    amount=IntSlider(50, 0, 100, description="amount, %", continuous_update=False),
)

# %%
amounts = [20, 35, 50, 65, 80]
one_digit = np.repeat(x_test[:1], len(amounts), axis=0)
one_noisy = np.concatenate([CORRUPTIONS["Gaussian noise"](x_test[:1], amount) for amount in amounts])
show(
    plots.plot_denoising(
        one_digit, one_noisy, {"dense": denoisers[SIGMA].reconstruct(one_noisy), "convolutional": convolutional.reconstruct(one_noisy)},
        title="One digit, σ from 0.2 to 0.8",
    ),
    alt="The first test digit, a 7, under five levels of noise, and as two networks see it.",
)  # fmt: skip

# %% [markdown]
# ## What we showed
#
# Each sentence is checked, with a margin that was measured over several training runs. The sentences about copying, about the classic mistake and about noise learned by heart were checked above.

# %%
floors = pd.Series(unclipped_floors).unstack()
floors.loc[["PCA, 64 components", "best linear map"]].round(2).rename_axis("PSNR (dB), not clipped")

# %% tags=["nbval-check-output"]
linear_db, noise_floor = decibels.loc["best linear map"], decibels.loc["noisy input"]
claim(
    "Noisy input at σ = 0.2, 0.4, 0.5: 16.7, 11.0, 9.4 dB.",
    np.allclose(noise_floor, [16.7, 11.0, 9.4], atol=0.08),
)
claim("Median: 19.4, 15.5, 14.2 dB.", np.allclose(decibels.loc["median 3 × 3"], [19.4, 15.5, 14.2], atol=0.1))
claim(
    "64 components, not clipped: 19.0, 16.3, 15.2 dB.",
    np.allclose(floors.loc["PCA, 64 components"], [19.0, 16.3, 15.2], atol=0.1),
)
claim(
    "Best linear map: 22.9, 18.8, 17.5 dB, give or take a fifth of a decibel.",
    np.allclose(linear_db, [22.9, 18.8, 17.5], atol=0.2),
)
claim("Clipping helps the linear map a little.", (linear_db > floors.loc["best linear map"] + 0.05).all())

# %% tags=["nbval-check-output"]
claim("At σ = 0.5, an autoencoder comes to 20 dB.", decibels.loc["convolutional autoencoder", 0.5] >= 20)
claim(
    "That is 2.5 dB more than the best linear map, or better.",
    decibels.loc["convolutional autoencoder", 0.5] > linear_db[0.5] + 2.5,
)
claim(
    "In SSIM it leads by 0.1 or more.",
    quality["SSIM"].loc["convolutional autoencoder", 0.5] > quality["SSIM"].loc["best linear map", 0.5] + 0.1,
)
claim("With little noise, the lead is smaller.", (ahead[0.2] < ahead[SIGMA] - 0.3).all())
claim(
    "Trained for its level, the dense autoencoder beats the best linear map at each level, by half a decibel or more.",
    (ahead.loc["dense autoencoder"] > 0.5).all(),
)

# %% tags=["nbval-check-output"]
claim("A line makes each filter better at each level.", line_gain.min().min() > 0.3)
claim(
    "At σ = 0.2, non-local means with a line beat the best linear map by half a decibel or more, ...",
    first.loc["non-local means + line", 0.2] > first.loc["best linear map", 0.2] + 0.5,
)
claim(
    "... and the convolutional autoencoder, trained for more noise, as well, ...",
    first.loc["non-local means + line", 0.2] > first.loc["convolutional autoencoder", 0.2] + 0.1,
)
claim(
    "... and are level with the dense one, trained for this level, to 0.3 dB.",
    abs(first.loc["dense autoencoder", 0.2] - first.loc["non-local means + line", 0.2]) < 0.3,
)
claim(
    "At 0.4 all filters stay 0.3 dB or more below the best linear map, ...",
    with_line[0.4].max() < first.loc["best linear map", 0.4] - 0.3,
)
claim("... and at 0.5 half a decibel or more.", with_line[0.5].max() < first.loc["best linear map", 0.5] - 0.5)
claim("The convolutional network has less than a tenth of the dense one's weights.", 10 * convolutional.count_params() < denoisers[SIGMA].count_params())
claim("Each number of the convolutional code sees 23 × 23 pixels.", np.ptp(rows_seen) + 1 == np.ptp(columns_seen) + 1 == 23)

# %% tags=["nbval-check-output"]
claim("Trained on too little noise: more than a decibel is lost, ...", loss_up > 1)
claim("... and trained on too much, too.", loss_down > 1)
claim(
    "With little noise, a denoiser for much noise does harm.",
    matrix.loc["σ = 0.5", 0.1] < matrix.loc["not denoised", 0.1] - 1,
)
claim("A denoiser for a range is within 1.5 dB of the specialists.", range_cost < 1.5)
claim("Salt and pepper, never seen in training, is removed, ...", gain.iloc[1] > 5)
claim(
    "... and more than by the median, which is made for it.",
    other.iloc[1]["dense autoencoder"] > other.iloc[1]["median 3 × 3"] + 1,
)
claim("A hole stays a hole: most of the ink under it does not come back, ...", filled < 0.5)
claim("... and the picture as a whole gets no better.", gain.iloc[2] < 0.5)
claim("Blur: the dense denoiser is some help, but less than a third of what it is with salt and pepper.", 0.5 < gain.iloc[3] < gain.iloc[1] / 3)
claim(
    "Blurred strokes get thinner, but stay paler than clean ones.",
    width["denoised"] < width["blurred"] - 0.2 and brightness["denoised"] < brightness["clean"] - 0.1,
)

# %% tags=["nbval-check-output"]
claim("With noise, new digits cost a smaller multiple of known ones, ...", gap_noise < 0.5 * gap_plain)
claim("... but both errors are larger, ...", (regularised.iloc[1, :2] > 1.5 * regularised.iloc[0, :2]).all())
claim("... and their difference stays large: it does not shrink by half.", difference_noise > 0.5 * difference_plain)
claim("The codes get better for a linear classifier, by a percentage point or more.", regular_gain > 0.01)
claim(
    "In the plane, a step of the denoiser cuts the distance to the data, by 40 % or more.",
    after.mean() < 0.6 * before.mean(),
)
claim("The arrows point to the nearest data: half of them within 25°.", typical_angle < 25)
claim("What is removed is mostly what was added, ...", likeness > 0.9)
claim("... far more than if everything had been removed.", likeness > empty + 0.2)
claim("Errors lie on and around strokes, more than their share of pixels, ...", edge_share > 1.5 * edge_pixels)
claim("... and the edges are worse than the inside of strokes.", edge_ratio > 1.2)
claim("Detail is lost: denoised digits are softer.", sharpness["denoised"] < 0.97 * sharpness["clean"])

# %% [markdown]
# ## Exercises
#
# 1. *(a minute)* In the explorer, raise σ until *you* can't read the digit any more. Can the network?
# 2. *(five minutes)* Give the wide plain network a sigmoid (`activation="sigmoid"` in its last layer). Which claim breaks, and is the noise really gone?
# 3. *(twenty minutes)* Train the convolutional network at σ = 0.2. Does it beat non-local means there? Then train it on a range of levels: what does that cost?
# 4. *(half an hour)* Send the output through the denoiser again, and again. Does it get better? What do pictures of pure noise become?
# 5. *(open)* Photographs have real noise, which depends on brightness. Cut patches from `skimage.data.camera()`, and train a denoiser for a noise that you measured yourself. Which of the rivals here would you fear most?

# %% [markdown]
# ## Where it comes from
#
# - Vincent, Larochelle, Bengio and Manzagol 2008, *Extracting and composing robust features with denoising autoencoders*, ICML: the idea, and arrows back to the data.
# - Vincent, Larochelle, Lajoie, Bengio and Manzagol 2010, *Stacked denoising autoencoders*, JMLR 11:3371: filters and codes with and without noise.
# - Alain and Bengio 2014, *What regularized auto-encoders learn from the data-generating distribution*, JMLR 15:3743: what the arrows are.
# - Bishop 1995, *Training with noise is equivalent to Tikhonov regularization*, Neural Computation 7:108.
# - Buades, Coll and Morel 2005, *A non-local algorithm for image denoising*, CVPR. Wang, Bovik, Sheikh and Simoncelli 2004, *Image quality assessment: from error visibility to structural similarity*.
#
# **Before:** [01 Dimensionality reduction](01_dimensionality_reduction.ipynb). **Next:** [03 A recommender from movie embeddings](03_recommender.ipynb): the same idea for who rated what.
