# %% [markdown]
# # 00 What is an autoencoder?
#
# Can a neural network learn something useful from pictures that nobody has labelled?
# An autoencoder does: it squeezes each picture through a bottleneck of a few numbers and rebuilds the picture from them.
#
# **You will**
# - build the three parts of an autoencoder (encoder, bottleneck, decoder) in a few lines of Keras,
# - train it on the 70,000 handwritten digits of MNIST, with each picture as its own target,
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

from ae_helpers.claims import claim
from ae_helpers.data import load_mnist
from ae_helpers.metrics import binary_cross_entropy, psnr, squared_error
from ae_helpers.models import dense_autoencoder
from ae_helpers.plots import plot_architecture, plot_codes, plot_history, plot_images, plot_reconstructions, show
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
# They are split three ways: *training* images to learn from, *validation* images to watch the learning, and *test* images that we touch once, at the end.
#
# MNIST also says which digit each picture shows. We throw that away here: no label gets a name.

# %% tags=["nbval-check-output"]
x_train, x_valid, x_test = (images for images, _labels in load_mnist())
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
# The network can't copy, because 784 values do not fit into 32. It must find out what digits have in common, and spend its 32 numbers on how they differ.

# %%
show(
    plot_architecture(
        {"x": 784, "hidden": HIDDEN_UNITS, "code z": LATENT_DIM, "hidden ": HIDDEN_UNITS, "x̂": 784},
        title="Encoder, bottleneck, decoder: the number of values in each layer",
    ),
    alt="Five bars: 784 pixels, 128 hidden units, a code of 32 numbers, 128 hidden units, 784 pixels.",
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
    plot_history(history, scale=784, ylabel="squared error per image", title="The error falls on unseen images too"),
    alt="Two falling curves over five epochs, training and validation, close together at the end.",
)

# %% [markdown]
# The validation curve starts below the training curve. That is no mistake: the training value is the mean *during* an epoch, while the network still improves; the validation value is measured at the epoch's end.

# %% [markdown]
# ## x against x̂
#
# Now the test images, which the network has never seen. Above the originals, below what the decoder rebuilt from 32 numbers each.

# %%
z_test = encoder.predict(x_test, batch_size=1000, verbose=0)
x_hat = decoder.predict(z_test, batch_size=1000, verbose=0)
show(
    plot_reconstructions(
        x_test[:10], x_hat[:10], title="Test digits and their reconstructions; below each its squared error"
    ),
    alt="Ten test digits above ten slightly blurred reconstructions, all of them readable.",
)

# %% [markdown]
# The digits are all readable, and all a little blurred. Thin ends and sharp corners are the first to go: the reconstruction is **lossy**.

# %% [markdown]
# ## What a code looks like
#
# A code is a list of 32 numbers. Below, each row is a digit, its code as a strip of colours, and the digit rebuilt from it.

# %% tags=["readme"]
shown = [3, 10, 13, 2, 5, 14]  # three zeros and three ones
show(
    plot_codes(x_test[shown], z_test[shown], x_hat[shown], title="Image, code, reconstruction"),
    alt="Six rows, each with a digit, a strip of 32 coloured cells, and the rebuilt digit. Strips of like digits resemble each other.",
)

# %% [markdown]
# No single cell means "is a zero". The meaning is spread over all numbers, and another training run would spread it differently.
# But similar pictures have similar codes. We can check that without labels: take the nearest neighbour of an image by its code, and see whether the *pictures* are alike.

# %%
rng = np.random.default_rng(SEED)
pairs = rng.integers(0, len(x_test), size=(2000, 2))
code_distance = np.linalg.norm(z_test[pairs[:, 0]] - z_test[pairs[:, 1]], axis=1)
image_distance = np.linalg.norm((x_test[pairs[:, 0]] - x_test[pairs[:, 1]]).reshape(2000, -1), axis=1)
correlation = np.corrcoef(code_distance, image_distance)[0, 1]
Markdown(
    f"**What to notice.** Over 2,000 random pairs of test images, the distance between two codes and the distance "
    f"between the two pictures have a correlation of {correlation:.2f}: the code keeps what is near, near."
)

# %% [markdown]
# ## What the error numbers mean
#
# An error alone says nothing. Two baselines give it a meaning:
# - the **mean image**: always answer with the average of all training images, that is, a code of 0 numbers;
# - **PCA** with 32 components: the best that any *linear* encoder and decoder can do (the lesson after this one looks closely).
#
# And three units say the same thing in other words: squared error per image (sum over pixels), MSE (mean over pixels), and PSNR in decibels (more is better; 10 dB is a tenth of the MSE).

# %%
pca = PCA(LATENT_DIM, svd_solver="covariance_eigh").fit(x_train.reshape(-1, 784))
reconstructions = {
    "mean image": np.broadcast_to(x_train.mean(axis=0), x_test.shape),
    "PCA, 32 numbers": pca.inverse_transform(pca.transform(x_test.reshape(-1, 784))).reshape(x_test.shape),
    "autoencoder, 32 numbers": x_hat,
    "perfect copy": x_test,
}
errors = {name: squared_error(x_test, image).mean() for name, image in reconstructions.items()}

# %% [markdown]
# There is a trap in a fourth unit, **binary cross-entropy**, which many tutorials use as the loss of an autoencoder. It treats a grey value as a probability, and a grey pixel has entropy even if it is predicted perfectly.
# So its floor is not 0. Whoever reads "0.09" without knowing the floor can't say whether that is good.

# %%
table = pd.DataFrame(
    {
        "squared error per image": errors,
        "MSE per pixel": {name: error / 784 for name, error in errors.items()},
        "PSNR (dB)": {name: psnr(x_test, image).mean() for name, image in reconstructions.items()},
        "binary cross-entropy per pixel": {
            # PCA leaves [0, 1], where no probability is defined: cut it off.
            name: binary_cross_entropy(x_test, np.clip(image, 0, 1)).mean()
            for name, image in reconstructions.items()
        },
    }
)
table.round(4)

# %%
floor = table.loc["perfect copy", "binary cross-entropy per pixel"]
ae_error, pca_error, mean_error = (
    errors[name] for name in ("autoencoder, 32 numbers", "PCA, 32 numbers", "mean image")
)
Markdown(
    f"**What to notice.** The mean image costs {mean_error:.1f} per image, PCA {pca_error:.1f}, the autoencoder "
    f"{ae_error:.1f}: it keeps {1 - ae_error / mean_error:.0%} of what the mean image misses. "
    f"In binary cross-entropy the perfect copy costs {floor:.4f}, so of the autoencoder's "
    f"{table.iloc[2, 3]:.4f} only {table.iloc[2, 3] - floor:.4f} are its own."
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

# %% [markdown]
# It has three methods more than a plain Keras model: `encode(x)`, `decode(z)` and `reconstruct(x)`, the one after the other.

# %% [markdown]
# ## A failure experiment: forgotten scaling
#
# What if the pixels stay as they come from the file, 0 to 255? The code below is the same, and nothing complains. But the sigmoid can't say more than 1, so the best it can do is to answer 1 wherever there is any ink. Measured in the right scale, that is almost black.

# %%
unscaled_model = dense_autoencoder(LATENT_DIM, hidden_sizes=(HIDDEN_UNITS,), activation="relu")
unscaled_model.compile(optimizer="adam", loss="mse")
unscaled_model.fit(
    255 * x_train, 255 * x_train, batch_size=BATCH_SIZE, verbose=0, callbacks=[ProgressBar("unscaled pixels")]
)
unscaled_hat = unscaled_model.reconstruct(255 * x_test) / 255
unscaled_error = squared_error(x_test, unscaled_hat).mean()

# %%
show(
    plot_reconstructions(x_test[:10], unscaled_hat[:10], title="Trained on pixels from 0 to 255: as good as black"),
    alt="Ten test digits above ten black images.",
)
Markdown(
    f"**What to notice.** The error is {unscaled_error:.0f} per image, worse than the mean image's {mean_error:.0f}. "
    "Look at the range of your data before you look at your network."
)

# %% [markdown]
# ## What we showed
#
# Each sentence below is checked when this notebook runs. If one were false, the notebook would stop here.

# %% tags=["nbval-check-output"]
keras_loss = autoencoder.evaluate(x_test, x_test, batch_size=1000, verbose=0)
claim(
    "The target is the input: Keras' loss is the squared difference of x and x̂, averaged over 784 pixels.",
    np.isclose(784 * keras_loss, ae_error, rtol=1e-3),
)
claim("No label took part: no variable of this notebook holds one.", not any(v.startswith("y_") for v in globals()))
claim(
    "The first validation value lies below the first training value.",
    history.history["val_loss"][0] < history.history["loss"][0],
)
claim(
    "Afterwards the validation error still falls.",
    history.history["val_loss"][-1] < 0.8 * history.history["val_loss"][0],
)
claim("The code has 32 numbers for 784 pixels.", z_test.shape == (10_000, 32))
claim("Images that are far apart have codes that are far apart.", correlation > 0.5)
claim("On unseen digits the error is less than a quarter of the mean image's.", ae_error < mean_error / 4)
claim("It is also lower than that of PCA with as many numbers.", ae_error < 0.9 * pca_error)
claim("A perfect copy costs 0.058 binary cross-entropy per pixel, not 0.", 0.0575 < floor < 0.0585)
claim(
    "The package's dense_autoencoder is the same network.", library_model.count_params() == autoencoder.count_params()
)
claim("With unscaled pixels the network is worse than the mean image.", unscaled_error > 1.2 * mean_error)

# %% [markdown]
# ## Exercises
#
# 1. *(a minute)* Set `LATENT_DIM = 8` and run all cells. Which digits suffer most? Which claims break, and should they?
# 2. *(five minutes)* Replace `loss="mse"` by `loss="binary_crossentropy"`. Does the squared error get better or worse? Subtract the floor before you compare the loss values.
# 3. *(ten minutes)* Decode the *average* of two codes of your choice. Is the result a digit? And the average of the two images?
# 4. *(half an hour)* Replace the dense layers by convolutions (`ae_helpers.models.conv_autoencoder` shows one way). Compare error, number of parameters and time.
# 5. *(open)* Decode random codes, for example `np.random.normal(size=(20, 32))`. Most results are no digits. Why not, and how would you choose codes so that they are?

# %% [markdown]
# ## Where it comes from
#
# - Rumelhart, Hinton and Williams 1986, *Learning internal representations by error propagation*: networks trained to reproduce their input.
# - Bourlard and Kamp 1988, *Auto-association by multilayer perceptrons and singular value decomposition*: what the linear case is.
# - Hinton and Salakhutdinov 2006, *Reducing the dimensionality of data with neural networks*, Science 313:504: deep autoencoders, and the unit of squared error per image.
# - Goodfellow, Bengio and Courville 2016, *Deep Learning*, chapter 14.
#
# **Next:** [01 Dimensionality reduction](01_dimensionality_reduction.ipynb): does a learned code beat PCA, and what does it lose?
