# %% [markdown]
# # 00 What is an autoencoder?
#
# Can a neural network learn something useful from pictures that nobody has labelled?
# An autoencoder does: it squeezes each picture through a bottleneck of a few numbers and rebuilds the picture from them.
#
# **You will**
# - build the three parts of an autoencoder (encoder, bottleneck, decoder) in a few lines of Keras,
# - train it on handwritten digits (MNIST), with each picture as its own target,
# - compare what goes in (x) with what comes out (x̂), and look at the code in between,
# - read the error numbers against honest baselines.
#
# **Before you start:** you have trained one Keras model before, and know what a dense layer and a loss are.
#
# **Time on a laptop:** under a minute to run, half an hour to read.

# %% [markdown]
# ## Setup
#
# TensorFlow may print a few red lines here, about CUDA for example. They only say that it found no GPU; none is needed.

# %%
import keras
import numpy as np
import pandas as pd
from IPython.display import Markdown
from keras import layers
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

from ae_helpers.claims import claim
from ae_helpers.data import load_mnist
from ae_helpers.metrics import binary_cross_entropy, psnr, squared_error
from ae_helpers.models import dense_autoencoder
from ae_helpers.plots import (
    plot_architecture,
    plot_codes,
    plot_history,
    plot_images,
    plot_reconstructions,
    show,
)
from ae_helpers.progress import ProgressBar

# %%
SEED = 0
LATENT_DIM = 32  # numbers in the bottleneck
HIDDEN_UNITS = 128
EPOCHS = 5
BATCH_SIZE = 128

keras.utils.set_random_seed(SEED)

# %% [markdown]
# ## The data: pictures, and nothing else
#
# MNIST is 70,000 pictures of handwritten digits, each 28 by 28 pixels, from 0 (black) to 1 (white).
# They are split three ways: *training* images to learn from, *validation* images to watch the learning, and *test* images for measuring the result, never for choosing anything.
#
# MNIST also says which digit each picture shows. We throw that away here: the line below keeps the images alone.

# %% tags=["nbval-check-output"]
x_train, x_valid, x_test = [images for images, labels in load_mnist()]
for name, images in {"training": x_train, "validation": x_valid, "test": x_test}.items():
    print(f"{name:10} {images.shape} {images.dtype}, from {images.min():.0f} to {images.max():.0f}")

# %%
show(
    plot_images(x_train[:20], title="Twenty training images"),
    alt="Two rows of ten handwritten digits, white on black, in many different hands.",
)

# %% [markdown]
# ## Three parts
#
# An **encoder** turns the 784 pixels of an image x into a short list of numbers z: the **code**, also called *embedding* or *latent representation*.
# A **decoder** turns the code back into 784 pixels, the reconstruction x̂ (say "x hat").
# Between them lies the **bottleneck**: whatever the decoder needs to know about the picture must pass through these few numbers.
#
# With 32 numbers the network can't copy every possible picture. To do well on digits it has to use what digits have in common, and spend its numbers on how they differ.

# %%
show(
    plot_architecture(
        {"x": 784, "hidden": HIDDEN_UNITS, "code z": LATENT_DIM, "hidden, again": HIDDEN_UNITS, "x̂": 784},
        title="Encoder, bottleneck, decoder: the number of values in each layer",
    ),
    alt="Five bars: 784 pixels, 128 hidden units, a code of 32 numbers, 128 hidden units, 784 pixels. "
    "Their heights follow the square root of the number.",
)

# %% [markdown]
# In Keras each part is a small model, and the autoencoder is one after the other.
# The code has no activation, so its numbers may be anything. The last layer has a sigmoid, because pixels lie between 0 and 1.

# %%
encoder = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Flatten(),
        layers.Dense(HIDDEN_UNITS, "relu"),
        layers.Dense(LATENT_DIM, name="code"),
    ],
    name="encoder",
)
decoder = keras.Sequential(
    [
        keras.Input((LATENT_DIM,)),
        layers.Dense(HIDDEN_UNITS, "relu"),
        layers.Dense(28 * 28, "sigmoid"),
        layers.Reshape((28, 28, 1)),
    ],
    name="decoder",
)
autoencoder = keras.Sequential([encoder, decoder], name="autoencoder")

# %% tags=["nbval-check-output"]
print("encoder:", encoder.input_shape, "->", encoder.output_shape, f"{encoder.count_params():,} parameters")
print("decoder:", decoder.input_shape, "->", decoder.output_shape, f"{decoder.count_params():,} parameters")

# %% [markdown]
# `None` stands for the number of images, which may be any.

# %% [markdown]
# ## The target is the input
#
# A classifier is fitted to pairs (image, label). An autoencoder is fitted to pairs (image, *the same image*): look at `fit(x_train, x_train)` below.
# The loss is the mean squared difference between x and x̂. No person had to label anything.
#
# That is why people call it **unsupervised**: there are no labels. Others say **self-supervised**: there *is* a target, and the data provides it by itself. Both names describe the same line of code.

# %%
autoencoder.compile(optimizer="adam", loss="mse")
history = autoencoder.fit(
    x_train,
    x_train,
    epochs=EPOCHS,
    batch_size=BATCH_SIZE,
    validation_data=(x_valid, x_valid),
    verbose=0,
    callbacks=[ProgressBar("autoencoder")],
)

# %% [markdown]
# Keras averages the loss over images *and pixels*. We multiply by the 784 pixels and get the **squared error per image**, the unit of all lessons.

# %%
show(
    plot_history(
        history, scale=784, ylabel="squared error per image", title="The error falls on unseen images too"
    ),
    alt="Two falling curves over five epochs, training and validation, close together at the end.",
)

# %% [markdown]
# The validation curve starts below the training curve. That is no mistake: the training value is the mean *during* an epoch, while the network still improves; the validation value is measured at the epoch's end.

# %% [markdown]
# ## x against x̂
#
# Now the test images, which the network has never seen. Above the originals, below what the decoder rebuilt from 32 numbers each.

# %%
train_error_after = autoencoder.evaluate(x_train, x_train, batch_size=1000, verbose=0)
train_error_during = history.history["loss"][-1]
z_test = encoder.predict(x_test, batch_size=1000, verbose=0)
x_hat = decoder.predict(z_test, batch_size=1000, verbose=0)
show(
    plot_reconstructions(
        x_test[:10], x_hat[:10], title="Test digits and their reconstructions; below each its squared error"
    ),
    alt="Ten test digits above ten slightly blurred reconstructions, all of them readable.",
)

# %% [markdown]
# Most digits are easy to read, and all are a little blurred: the reconstruction is **lossy**. The next lesson measures what is lost first.

# %% [markdown]
# ## What a code looks like
#
# A code is a list of 32 numbers. Below, each row is a digit, its code as a strip of colours, and the digit rebuilt from it.

# %% tags=["readme"]
shown = [3, 10, 13, 2, 5, 14]  # three zeros and three ones
show(
    plot_codes(x_test[shown], z_test[shown], x_hat[shown], title="Image, code, reconstruction"),
    alt="Six rows, each with a digit, a strip of 32 coloured cells, and the rebuilt digit. Three zeros, then three ones.",
)

# %% [markdown]
# Nobody told any cell what to mean, and by itself a cell rarely means anything. But similar pictures have similar codes.
# To check that without labels, take the nearest neighbour of an image *by its code*, and see whether the *pictures* are alike.

# %%
neighbour = NearestNeighbors(n_neighbors=2).fit(z_test).kneighbors(z_test[:1000], return_distance=False)[:, 1]
stranger = np.random.default_rng(SEED).integers(0, len(x_test), size=1000)
neighbour_difference = squared_error(x_test[:1000], x_test[neighbour]).mean()
stranger_difference = squared_error(x_test[:1000], x_test[stranger]).mean()
Markdown(
    f"**What to notice.** A test image and its nearest neighbour by code differ by a squared error of "
    f"{neighbour_difference:.0f}; an image and a random other one by {stranger_difference:.0f}. "
    "Who is near in the code is alike in the picture."
)

# %% [markdown]
# ## What the error numbers mean
#
# An error alone says nothing. Two baselines give it a meaning:
# - the **mean image**: always answer with the average of all training images, that is, a code of 0 numbers;
# - **PCA** with 32 components: the best that any *linear* encoder and decoder can do (the lesson after this one looks closely).
#
# The same error comes in three units: squared error per image (sum over pixels), MSE (mean over pixels), and PSNR in decibels, where more is better and 10 dB *more* mean a tenth of the MSE.
# (PSNR is computed for each image and then averaged, so it is not exactly the logarithm of the column beside it.)

# %%
pca = PCA(LATENT_DIM, svd_solver="covariance_eigh").fit(x_train.reshape(-1, 784))
reconstructions = {
    "mean image": np.broadcast_to(x_train.mean(axis=0), x_test.shape),
    "PCA": pca.inverse_transform(pca.transform(x_test.reshape(-1, 784))).reshape(x_test.shape),
    "autoencoder": x_hat,
    "perfect copy": x_test,
}
errors = {name: squared_error(x_test, image).mean() for name, image in reconstructions.items()}

# %% [markdown]
# There is a trap in a fourth unit, **binary cross-entropy**, which many tutorials use as the loss of an autoencoder. It reads a grey value x as the probability of white, and charges −x log x̂ − (1−x) log(1−x̂). For black and white pixels a perfect prediction costs 0; for a grey pixel x = x̂ = 0.5 it still costs 0.69.
# So its floor is not 0. Whoever reads "0.09" without knowing the floor can't say whether that is good.

# %%
table = pd.DataFrame(
    {
        "squared error per image": errors,
        "MSE per pixel": {name: error / 784 for name, error in errors.items()},
        "PSNR (dB)": {name: psnr(x_test, image).mean() for name, image in reconstructions.items()},
        "binary cross-entropy per pixel": {
            # PCA leaves [0, 1], where no probability is defined: cut it off. (And 0 counts as 1e-7.)
            name: binary_cross_entropy(x_test, np.clip(image, 0, 1)).mean()
            for name, image in reconstructions.items()
        },
    }
)
table.round(4)

# %%
entropy = table["binary cross-entropy per pixel"]
floor = entropy["perfect copy"]
Markdown(
    f"**What to notice.** The mean image costs {errors['mean image']:.1f} per image, PCA {errors['PCA']:.1f}, "
    f"the autoencoder {errors['autoencoder']:.1f}: it keeps {1 - errors['autoencoder'] / errors['mean image']:.0%} of what "
    f"the mean image misses. In binary cross-entropy the perfect copy costs {floor:.4f}, so of the autoencoder's "
    f"{entropy['autoencoder']:.4f} only {entropy['autoencoder'] - floor:.4f} are its own."
)

# %% [markdown]
# ## The same model from the package
#
# From now on the lessons take the model from `ae_helpers`, so that they can speak of something else.
# `dense_autoencoder` builds exactly the network above. To see that, we give it our weights and compare all outputs.

# %%
library_model = dense_autoencoder(LATENT_DIM, hidden_sizes=(HIDDEN_UNITS,), activation="relu")
library_model.set_weights(autoencoder.get_weights())
np.testing.assert_allclose(library_model.encode(x_test), z_test, atol=1e-5)
np.testing.assert_allclose(library_model.reconstruct(x_test), x_hat, atol=1e-5)
library_difference = np.abs(library_model.reconstruct(x_test) - x_hat).max()

# %% [markdown]
# It has three methods more than a plain Keras model: `encode(x)`, `decode(z)` and `reconstruct(x)`, the one after the other.

# %% [markdown]
# ## A failure experiment: forgotten scaling
#
# What if the pixels stay as they come from the file, 0 to 255? Model and training below are the same, and nothing complains. But the sigmoid can't say more than 1, and measured on a scale of 255 that is almost black.

# %%
unscaled_model = dense_autoencoder(LATENT_DIM, hidden_sizes=(HIDDEN_UNITS,), activation="relu")
unscaled_model.compile(optimizer="adam", loss="mse")
unscaled_model.fit(
    255 * x_train,
    255 * x_train,
    epochs=EPOCHS,
    batch_size=BATCH_SIZE,
    verbose=0,
    callbacks=[ProgressBar("unscaled pixels")],
)
unscaled_hat = unscaled_model.reconstruct(255 * x_test) / 255
unscaled_error = squared_error(x_test, unscaled_hat).mean()
black_error = squared_error(x_test, np.zeros_like(x_test)).mean()

# %%
show(
    plot_reconstructions(
        x_test[:10], unscaled_hat[:10], title="Trained on pixels from 0 to 255: almost black"
    ),
    alt="Ten test digits above ten images that look black.",
)
Markdown(
    f"**What to notice.** The error is {unscaled_error:.0f} per image, like that of a black image ({black_error:.0f}), and "
    f"worse than the mean image's {errors['mean image']:.0f}. "
    "Look at the range of your data before you look at your network."
)

# %% [markdown]
# ## What we showed
#
# Each sentence below is checked when this notebook runs. If one were false, the notebook would stop here.

# %% tags=["nbval-check-output"]
keras_loss = autoencoder.evaluate(x_test, x_test, batch_size=1000, verbose=0)
validation = history.history["val_loss"]
claim(
    "The target is the input: Keras' loss is the squared difference of x and x̂, averaged over 784 pixels.",
    np.isclose(784 * keras_loss, errors["autoencoder"], rtol=1e-3),
)
one_per_image = {len(x_train), len(x_valid), len(x_test)}
arrays = [value for value in globals().values() if isinstance(value, np.ndarray) and value.ndim == 1]
labels_kept = [a for a in arrays if len(a) in one_per_image and a.dtype.kind == "i"]
claim("No label took part: nothing in this notebook holds one for each image.", len(labels_kept) == 0)
claim("The error on unseen images falls during training.", validation[-1] < 0.7 * validation[0])
claim(
    "The validation curve starts below the training curve.", validation[0] < 0.8 * history.history["loss"][0]
)
claim(
    "After an epoch the training error is lower than its mean during it.",
    train_error_after < train_error_during,
)
claim("The code has as many numbers as we asked for.", z_test.shape == (10_000, LATENT_DIM))
claim("Images that are neighbours by code are alike.", neighbour_difference < 0.6 * stranger_difference)

# %% tags=["nbval-check-output"]
claim(
    "On unseen digits the error is below a quarter of the mean image's.",
    errors["autoencoder"] < errors["mean image"] / 4,
)
claim("It is also below that of PCA with as many numbers.", errors["autoencoder"] < 0.9 * errors["PCA"])
claim("A perfect copy costs 0.058 binary cross-entropy per pixel, not 0.", 0.0575 < floor < 0.0585)
claim("The package's dense_autoencoder gives the same reconstructions.", library_difference < 1e-5)
claim(
    "With unscaled pixels the reconstructions are almost black.",
    np.isclose(unscaled_error, black_error, rtol=0.05),
)
claim("That is worse than the mean image.", unscaled_error > 1.2 * errors["mean image"])

# %% [markdown]
# ## Exercises
#
# 1. *(a minute)* Set `LATENT_DIM = 8` and run all cells. Which digits suffer most (judge by eye)? Does a claim break, and should it? (The notebook stops at the first.)
# 2. *(five minutes)* Replace `loss="mse"` by `loss="binary_crossentropy"`. Does the squared error get better or worse? Subtract the floor before you compare the loss values. (The training curve is then no squared error, and the first claim breaks: why?)
# 3. *(ten minutes)* Decode the *average* of two codes of your choice. Is the result a digit? And the average of the two images?
# 4. *(half an hour)* Replace the dense layers by convolutions (`ae_helpers.models.conv_autoencoder` shows one way). Compare error, number of parameters and time.
# 5. *(open)* Decode random codes, for example `np.random.normal(size=(20, 32))`. Most results are no digits. Why not, and how would you choose codes so that they are?

# %% [markdown]
# ## Where it comes from
#
# - Rumelhart, Hinton and Williams 1986, *Learning internal representations by error propagation*: networks trained to reproduce their input.
# - Bourlard and Kamp 1988, *Auto-association by multilayer perceptrons and singular value decomposition*: with a single hidden layer and a linear output, an autoencoder can do no better than PCA, even a nonlinear one.
# - Hinton and Salakhutdinov 2006, *Reducing the dimensionality of data with neural networks*, Science 313:504: deep autoencoders, and the unit of squared error per image.
# - Goodfellow, Bengio and Courville 2016, *Deep Learning*, chapter 14.
#
# **Next:** [01 Dimensionality reduction](01_dimensionality_reduction.ipynb): does a learned code beat PCA, and what does it lose?
