# %% [markdown]
# # 00 What is an autoencoder?
#
# What does a network learn whose only task is to give back what it was given?
#
# ![Three small pictures. Compress: a digit, an encoder, 32 coloured cells, a decoder, the digit again. Clean: a noisy digit and a cleaner one. Find what is alike: a digit and four that resemble it.](images/00.png)
#
# *One small network did all three of these, and nobody told it what a digit is.*
#
# **You will**
# - build an autoencoder from its parts, first for points that can be drawn, then for pictures,
# - judge it beside two rivals,
# - look at what the numbers in its middle are good for, and break it.
#
# **Before you start:** you have trained one Keras model, and know what a dense layer and a loss are.
#
# **Time:** MINUTES to read, SECONDS to run.

# %% [markdown]
# ## Setup
#
# Lines that start with ✓ are *claims*: each compares numbers that were just computed, and stops the notebook if it is false.

# %%
import keras
import numpy as np
import pandas as pd
from keras import layers
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

from ae_helpers import plots
from ae_helpers.claims import claim
from ae_helpers.corruption import add_gaussian_noise
from ae_helpers.data import load_mnist
from ae_helpers.metrics import squared_error
from ae_helpers.models import dense_autoencoder
from ae_helpers.plots import show
from ae_helpers.progress import ProgressBar
from ae_helpers.splits import watch_splits

SEED = 0
keras.utils.set_random_seed(SEED)

# %% [markdown]
# ## The idea in the small: points on a horseshoe
#
# A point in the plane is two numbers. These points lie near a bent curve, so one number should nearly do: *how far along* the curve it is. The network has to find that by itself.


# %%
def horseshoe(n, seed):
    """Points `(n, 2)` on a bent curve, and a little beside it."""
    rng = np.random.default_rng(seed)
    angle = rng.uniform(-2, 2, n)
    curve = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    return curve + rng.normal(0, 0.06, (n, 2))


points = horseshoe(50_000, SEED)  # to learn from
new_points = horseshoe(200, SEED + 1000)  # to draw and to measure on

# %% [markdown]
# An autoencoder is two networks in a row:
#
# - the **encoder** $f$ turns an input $x$ into a **code** $z = f(x)$, here a single number;
# - the **decoder** $g$ turns the code back into a point, the **reconstruction** $\hat x = g(z) = g(f(x))$ (say "x hat").
#
# The narrow place between them is the **bottleneck**: whatever the decoder knows of $x$ has come through it.
#
# Training minimises the squared distance $\lVert x - \hat x \rVert^2$, averaged over all points. So **the target is the input**: look at `fit(x, x)`.
# It is called *unsupervised*, because nobody had to write labels, or *self-supervised*, because the data brings its own target.
#
# All trainings share one recipe: GELU as activation (ReLU with a rounded corner), Adam, batches of 250, five epochs, and a learning rate of 0.005, which suits both points and pictures.


# %%
def train(autoencoder, x, **options):
    """Train a network to give back its input."""
    autoencoder.compile(keras.optimizers.Adam(0.005), loss="mse")
    return autoencoder.fit(
        x, x, epochs=5, batch_size=250, verbose=0, callbacks=[ProgressBar()], **options
    )


def train_on_points(activation):
    """An encoder from two numbers to one, and a decoder from one to two."""
    encoder = keras.Sequential(
        [keras.Input((2,)), layers.Dense(64, activation), layers.Dense(1)]
    )
    decoder = keras.Sequential(
        [keras.Input((1,)), layers.Dense(64, activation), layers.Dense(2)]
    )
    train(keras.Sequential([encoder, decoder]), points)
    return encoder, decoder


# %% [markdown]
# We train it twice, with GELU and without any activation (a *linear* network). Beside them stands **PCA** (principal component analysis), the classical way to say much with few numbers: it lays the best *straight* line through the points.
#
# **Predict:** where do the reconstructions of the three lie?

# %%
pca_of_points = PCA(1).fit(points)
parts = {
    "PCA": (pca_of_points.transform, pca_of_points.inverse_transform),
    "without GELU": train_on_points(None),
    "autoencoder": train_on_points("gelu"),
}
lines, rebuilt = {}, {}
for name, (f, g) in parts.items():
    z = np.array(f(new_points))
    rebuilt[name] = np.array(g(z))
    lines[name] = np.array(g(np.linspace(z.min(), z.max(), 200)[:, None]))
show(
    plots.plot_projection(new_points, lines, x_hat=rebuilt),
    alt="Three panels with the same horseshoe of points. PCA and the network without "
    "GELU rebuild all points on a straight line, the autoencoder on a curve along it.",
)

# %% [markdown]
# **What to notice.** Thin lines join each point to its reconstruction.
#
# - From one number, a decoder can only draw a line. What lies beside it is lost: the copy is **lossy**.
# - Without an activation the network ends where PCA is. That is why autoencoders are *nonlinear*: only then can the line bend and follow the data.

# %% tags=["nbval-check-output"]
spread = np.square(new_points - points.mean(axis=0)).sum(axis=1).mean()
loss = {
    name: np.square(new_points - r).sum(axis=1).mean() for name, r in rebuilt.items()
}
claim(
    "PCA leaves about a quarter of the spread", 0.2, "<", loss["PCA"] / spread, "<", 0.3
)
claim(
    "Without GELU the network is as good as PCA, no better",
    0.95, "<", loss["without GELU"] / loss["PCA"], "<", 1.05,
)  # fmt: skip
claim(
    "With GELU it loses a small part of that",
    loss["autoencoder"],
    "<",
    0.2 * loss["PCA"],
)

# %% [markdown]
# ## From two numbers to 784
#
# A picture of 28 by 28 pixels is a list of 784 numbers: a point in a space with 784 directions. We can't draw that space, but the hope stays: digits fill only a thin, bent part of it, and few numbers say where.
#
# MNIST has 70,000 handwritten digits, pixels from 0 (black) to 1 (white): *training* images to learn from, *validation* images to watch the learning, *test* images to measure on. Their labels we throw away.
# `watch_splits` notes from here on which images are used for what; at the end we ask it.

# %%
x_train, x_valid, x_test = [images for images, labels in load_mnist()]
splits = watch_splits(train=x_train, valid=x_valid, test=x_test)
show(
    plots.plot_images(x_train[:20]),
    alt="Two rows of ten handwritten digits, white on black, in many different hands.",
)

# %% [markdown]
# The same two parts, with other sizes: 784 numbers, a hidden layer of 128, a code of **32**, and back. A sigmoid at the end keeps pixels between 0 and 1.

# %%
encoder = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Flatten(),
        layers.Dense(128, "gelu"),
        layers.Dense(32),
    ]
)
decoder = keras.Sequential(
    [
        keras.Input((32,)),
        layers.Dense(128, "gelu"),
        layers.Dense(28 * 28, "sigmoid"),
        layers.Reshape((28, 28, 1)),
    ]
)
autoencoder = keras.Sequential([encoder, decoder])
history = train(autoencoder, x_train, validation_data=(x_valid, x_valid))

# %% [markdown]
# **Predict:** 32 numbers are 4 % of 784. What will a digit look like that has gone through them?

# %%
z_test = np.array(encoder(x_test))
x_hat = np.array(decoder(z_test))
show(
    plots.plot_autoencoder(x_test[4], z_test[4], x_hat[4]),
    alt="A test digit, the encoder, a column of 32 coloured cells, the decoder, and "
    "the digit rebuilt from them, a little softer.",
)

# %% [markdown]
# **What to notice.** The network has never seen this digit, and the coloured cells are all that the decoder was given. Don't look for a meaning in a single cell: nobody asked for one.

# %% [markdown]
# ## What is lost
#
# We measure a picture's loss as its **squared error**, $\lVert x - \hat x \rVert^2 = \sum_{i=1}^{784} (x_i - \hat x_i)^2$: 0 is a perfect copy, and one pixel that is black instead of white costs 1. (Keras' `mse` is this, divided by 784.)
#
# **Predict:** can you still read a digit with an error of 2? Of 8? Of 30?

# %%
error = squared_error(x_test, x_hat)
shown = np.concatenate([np.argsort(np.abs(error - e))[:3] for e in (2, 8, 30)])
show(
    plots.plot_reconstructions(x_test[shown], x_hat[shown]),
    alt="Nine test digits above their reconstructions: three with an error of 2, which "
    "look equal; three with 8, a little blurred; three with 30, badly damaged.",
)

# %% [markdown]
# **What to notice.** At 2 you have to search for the difference. At 8, a little more than an average test digit costs, strokes are softer and paler. At 30 parts of an unusual digit are missing or in the wrong place.

# %% tags=["nbval-check-output"]
trained_on, unseen = history.history["loss"][-1], history.history["val_loss"][-1]
claim(
    "Validation digits cost what training digits do",
    0.9,
    "<",
    unseen / trained_on,
    "<",
    1.1,
)
claim("An average test digit costs about 7", 6.3, "<", error.mean(), "<", 7.9)

# %% [markdown]
# ## Is that good?
#
# An error alone says nothing. We need rivals with the same training images:
#
# - the **mean image**: answer always with the average of all, a code of no numbers;
# - **PCA with 32 numbers**: the best that can be had without bending.
#
# **Predict:** how many times better than PCA will the autoencoder be?

# %%
pca = PCA(32).fit(x_train.reshape(-1, 784))
pixels = x_test.reshape(-1, 784)
x_hats = {
    "mean image": np.broadcast_to(x_train.mean(axis=0), x_test.shape),
    "PCA": pca.inverse_transform(pca.transform(pixels)).reshape(x_test.shape),
    "autoencoder": x_hat,
}
errors = {name: squared_error(x_test, images).mean() for name, images in x_hats.items()}
show(
    plots.plot_reconstructions(x_test[:9], {k: v[:9] for k, v in x_hats.items()}),
    alt="Nine test digits above three rows: the same grey blot in one, PCA's digits "
    "with grey shadows around them, the autoencoder's cleaner ones.",
)

# %% tags=["nbval-check-output"]
claim("The mean image costs 53", 52.8, "<", errors["mean image"], "<", 53.0)
claim("PCA costs 13.2", 13.1, "<", errors["PCA"], "<", 13.3)
claim(
    "The autoencoder costs little more than half of that",
    0.5, "<", errors["autoencoder"] / errors["PCA"], "<", 0.65,
)  # fmt: skip

# %% [markdown]
# **What to notice.** PCA's decoder can only add and subtract 32 fixed patterns, and what does not cancel stays as a grey shadow. The bends nearly halve its error.

# %% [markdown]
# ## What the code knows
#
# Do pictures that are alike have codes that are near? For each of 2,000 test digits, find the other picture that is nearest *in pixels*, then look whether it is among the ten nearest *by code*.
#
# Rivals again: PCA, an encoder that was never trained, and chance. (Our network now comes from the package; `assert_allclose` shows that it is the same.)

# %%
some = x_test[:2000]
packaged = dense_autoencoder(32, hidden_sizes=(128,))
untrained = np.array(packaged.encoder(some))
packaged.set_weights(autoencoder.get_weights())
np.testing.assert_allclose(packaged(some), x_hat[:2000], atol=1e-5)

codes = {
    "pixels themselves": some.reshape(-1, 784),
    "PCA": pca.transform(some.reshape(-1, 784)),
    "autoencoder": z_test[:2000],
    "untrained encoder": untrained,
}
nearest = {
    name: NearestNeighbors(n_neighbors=10).fit(code).kneighbors(return_distance=False)
    for name, code in codes.items()
}
nearest["chance"] = np.random.default_rng(SEED).integers(0, 2000, (2000, 10))

# %% [markdown]
# **Predict:** in how many cases does the untrained encoder find the nearest picture?

# %%
twin = nearest["pixels themselves"][:, :1]
found = {name: (ten == twin).any(axis=1).mean() for name, ten in nearest.items()}
apart = {name: squared_error(some, some[i[:, 0]]).mean() for name, i in nearest.items()}
columns = {"finds the nearest picture": found, "difference to the first": apart}
pd.DataFrame(columns).round(2)

# %% [markdown]
# **What to notice.** The first column asks whether *alike pictures have near codes*, the second whether *near codes belong to alike pictures* (squared difference to the nearest; the pixels' own is the least possible). An untrained encoder keeps some order already; training makes 32 numbers nearly as good a map as 784. So does PCA: for this, straight was enough.

# %% tags=["nbval-check-output"]
claim("Nine in ten nearest pictures have near codes", found["autoencoder"], ">", 0.9)
claim(
    "Near codes belong to pictures almost as near as can be",
    1, "<", apart["autoencoder"] / apart["pixels themselves"], "<", 1.12,
)  # fmt: skip

# %% [markdown]
# So one short code serves three ends. It [compresses](01_dimensionality_reduction.ipynb). Much noise does not get through: it [cleans](02_denoising.ipynb). And it finds what is alike: with movies instead of digits, it [recommends](03_recommender.ipynb).

# %% tags=["readme"]
noisy = add_gaussian_noise(some, 0.3, seed=SEED)
cleaned = np.array(autoencoder(noisy))
ours = nearest["autoencoder"]
show(
    plots.plot_uses(
        compress=(x_test[4], z_test[4], x_hat[4]),
        clean=(noisy[0], cleaned[0]),
        alike=(some[3], some[ours[3, :4]]),
    ),
    alt="Three small pictures: a digit squeezed into 32 numbers and rebuilt; a noisy "
    "digit and a cleaner one; a digit and four that resemble it.",
)

# %% tags=["nbval-check-output"]
cleaned_error = squared_error(some, cleaned).mean()
claim(
    "A third of the noise is gone, or more",
    cleaned_error,
    "<",
    0.67 * squared_error(some, noisy).mean(),
)

# %% [markdown]
# ## A failure experiment: a code of one number
#
# One number was enough for the horseshoe. **Predict:** how many of the ten digits can one number keep apart?

# %%
narrow = dense_autoencoder(1, hidden_sizes=(128,))
train(narrow, x_train)
x_hat_narrow = np.array(narrow(x_test))
show(
    plots.plot_reconstructions(x_test[:9], x_hat_narrow[:9]),
    alt="Nine test digits above their reconstructions from one number: a few are "
    "readable, most have become grey blots or another digit.",
)

# %% [markdown]
# All pictures that its decoder can draw fit on one slider. Move it.

# %%
z = np.quantile(narrow.encoder(x_test), np.linspace(0.01, 0.99, 25))
pictures = np.array(narrow.decoder(z[:, None]))
frames = {f"{value:.2f}": pictures[i] for i, value in enumerate(z)}
plots.show_slider(
    frames,
    label="code z",
    alt="A slider for the one number of the code. From end to end the picture changes "
    "from one digit to another, with blurred mixtures in most places between.",
)

# %% [markdown]
# **What to notice.** The slider is the horseshoe's line again, now through 784 directions. It passes near a few kinds of digits; the others get a blurred mixture. Digits differ in more ways than one.

# %% tags=["nbval-check-output"]
errors["one number"] = squared_error(x_test, x_hat_narrow).mean()
claim(
    "One number saves less than a quarter of the mean image's error",
    0.75, "<", errors["one number"] / errors["mean image"], "<", 0.95,
)  # fmt: skip
splits.check()

# %% [markdown]
# ## The answer
#
# What does a network learn whose only task is to give back what it was given?
#
# With a bottleneck it can't copy everything. So the encoder learns the few numbers that tell one input from another, and the decoder the shape on which all of them lie: a curve along the horseshoe, pictures that look like digits. What lies beside that shape is lost. No labels are needed, because the target is the input. Activations let the shape bend, which nearly halves PCA's error on digits. What is alike gets codes that are near. And if the code is too short, most of what matters is lost.
#
# ## Exercises
#
# Solved in [solutions/00](solutions/00.ipynb).
#
# 1. *(a minute)* Give the horseshoe's autoencoder a code of **two** numbers. What will its error be? Is it the better autoencoder?
#
# <details><summary>Hint</summary>What happens to the noise beside the curve?</details>
#
# 2. *(ten minutes)* Load the labels after all: `y_test = load_mnist()[2][1]`. Which digit has the smallest mean error, and why?
#
# <details><summary>Hint</summary>`error[y_test == 1].mean()`; and how much is there to lose?</details>
#
# 3. *(ten minutes)* Train on `255 * x_train`, without the sigmoid (`output_activation=None`). Does it fail?
#
# <details><summary>Hint</summary>Divide the reconstructions by 255 before you measure. Why must the sigmoid go?</details>
#
# 4. *(half an hour)* Many tutorials use `loss="binary_crossentropy"`. How low can it get on MNIST? Does it give a better squared error?
#
# <details><summary>Hint</summary>`binary_cross_entropy(x_test, x_test)` from `ae_helpers.metrics`.</details>
#
# 5. *(open)* Decode made-up codes, such as `np.random.normal(size=(20, 32))`. Few are digits. How would you get more?
#
# <details><summary>Hint</summary>Where do the codes of real digits lie? Look at means, spreads and correlations.</details>
#
# ## Where it comes from
#
# - Rumelhart, Hinton and Williams 1986, *Learning internal representations by error propagation*: networks that give back their input.
# - Bourlard and Kamp 1988, *Auto-association by multilayer perceptrons and singular value decomposition*: with one hidden layer and a linear output, no autoencoder beats PCA.
# - Hinton and Salakhutdinov 2006, *Reducing the dimensionality of data with neural networks*, Science 313:504: deep autoencoders, and our unit, the squared error per image.
#
# **Next:** [01 Dimensionality reduction](01_dimensionality_reduction.ipynb): does a learned code beat PCA at every size, and what does it lose?
