# %% [markdown]
# # 00 What is an autoencoder?
#
# What does a network learn whose only task is to give back what it was given?
#
# ![Compress: a digit, 32 coloured cells, the digit again. Clean: a noisy digit and a cleaner one. Find what is alike: a digit and four like it.](images/00.png)
#
# *One small network did all three, and nobody told it what a digit is.*
#
# **You will**
# - build an autoencoder from its parts, for points in the plane, then for pictures,
# - judge it beside rivals,
# - see what the numbers in its middle are good for, and break it.
#
# **Before you start:** you have trained a Keras model, and know what a dense layer and a loss are.
#
# **Time:** MINUTES to read, SECONDS to run.

# %% [markdown]
# ## Setup
#
# Lines that start with ✓ are *claims*: comparisons of numbers just computed, which stop the notebook if false.

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
# A point in the plane is two numbers. These lie near a bent curve, so one number should nearly do: *how far along* it. The network has to find that by itself.


# %%
def horseshoe(n, seed):
    """Points `(n, 2)` on a bent curve, and a little beside it."""
    rng = np.random.default_rng(seed)
    angle = rng.uniform(-2, 2, n)
    curve = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    return curve + rng.normal(0, 0.06, (n, 2))


points = horseshoe(50_000, SEED)  # to learn from
new_points = horseshoe(10_000, SEED + 1000)  # to measure on; we draw 200 of them

# %% [markdown]
# An autoencoder is two networks in a row:
#
# - the **encoder** $f$ turns an input $x$ into a **code** $z = f(x)$, here a single number;
# - the **decoder** $g$ turns the code back into a point, the **reconstruction** $\hat x = g(z) = g(f(x))$ (say "x hat").
#
# Between them is the **bottleneck**: all that the decoder knows of $x$ came through it.
#
# Training minimises the squared distance $\lVert x - \hat x \rVert^2$, averaged over all points. So **the target is the input**: look at `fit(x, x)`.
# This is called *unsupervised*, because nobody wrote labels, or *self-supervised*, because the data brings its own target.
#
# All trainings share one recipe: Adam with a learning rate of 0.005, batches of 250, five epochs; GELU as activation unless said otherwise.


# %%
def train(autoencoder, x, **options):
    """Train a network to give back its input."""
    autoencoder.compile(keras.optimizers.Adam(0.005), loss="mse")
    x = keras.ops.convert_to_tensor(x, "float32")  # of an array, fit makes copies
    return autoencoder.fit(
        x, x, epochs=5, batch_size=250, verbose=0, callbacks=[ProgressBar()], **options
    )


def train_on_points(activation, latent_dim=1):
    """An encoder from two numbers to `latent_dim`, and a decoder back to two."""
    encoder = keras.Sequential(
        [keras.Input((2,)), layers.Dense(64, activation), layers.Dense(latent_dim)]
    )
    decoder = keras.Sequential(
        [keras.Input((latent_dim,)), layers.Dense(64, activation), layers.Dense(2)]
    )
    train(keras.Sequential([encoder, decoder]), points)
    return encoder, decoder


# %% [markdown]
# `Sequential([encoder, decoder])` shares its weights with its parts: training it trains them, and we keep the parts.
#
# We train one with GELU and one without any activation (a *linear* network). The classical rival is **PCA** (principal component analysis): it lays the best *straight* line through the points.
#
# **Predict:** where do the reconstructions of the three lie?

# %%
pca_of_points = PCA(1).fit(points)
models = {
    "PCA": (pca_of_points.transform, pca_of_points.inverse_transform),
    "linear network": train_on_points(None),
    "autoencoder": train_on_points("gelu"),
}
curves, rebuilt = {}, {}
for name, (f, g) in models.items():
    z = np.array(f(new_points))
    rebuilt[name] = np.array(g(z))
    curves[name] = np.array(g(np.linspace(z.min(), z.max(), 200)[:, None]))
drawn = {name: x_hat[:200] for name, x_hat in rebuilt.items()}
show(
    plots.plot_projection(new_points[:200], curves, x_hat=drawn),
    alt="Three panels with the same horseshoe of points. PCA and the linear network "
    "rebuild all points on a straight line, the autoencoder on a curve along it.",
)

# %% [markdown]
# **What to notice.** Grey strokes join points to their reconstructions. The titles average these 200, the claims all 10,000.
#
# - From one number, a decoder can only draw one open curve. What lies beside it is lost (the noise there is half of the error; the rest is imperfect fit): the copy is **lossy**.
# - Without an activation, layers in a row are one linear map: it ends near PCA. Only *nonlinear* autoencoders can bend.

# %% tags=["nbval-check-output"]
loss = {
    name: np.square(new_points - x_hat).sum(axis=1).mean()
    for name, x_hat in rebuilt.items()
}
claim("PCA's straight line costs about 0.2", 0.19, "<", loss["PCA"], "<", 0.22)
claim(
    "The linear network is level with PCA",
    0.97, "<", loss["linear network"] / loss["PCA"], "<", 1.03,
)  # fmt: skip
claim("A curve costs under a tenth of it", loss["autoencoder"], "<", 0.1 * loss["PCA"])

# %% [markdown]
# ## From two numbers to 784
#
# A picture of 28 by 28 pixels is a point in a space with 784 directions. The hope: digits fill only a thin, bent part of it, and few numbers say where.
#
# MNIST has 70,000 handwritten digits, pixels from 0 (black) to 1 (white): *training* images to learn from, *validation* images to see whether it does as well on others (if not, it *overfits*), *test* images to measure on.
#
# `watch_splits` looks at what each `fit` and metric is given; at the end we ask it whether all was in order.

# %%
x_train, x_valid, x_test = [images for images, labels in load_mnist()]
splits = watch_splits(train=x_train, valid=x_valid, test=x_test)
show(
    plots.plot_images(x_train[:20]),
    alt="Two rows of ten handwritten digits, white on black, in many different hands.",
)

# %% [markdown]
# The same two parts, larger: 784 numbers, a hidden layer of 128, a code of **32**, and back. A sigmoid keeps pixels between 0 and 1.

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
# **Predict:** what will a digit look like after its 784 numbers have gone through 32?

# %%
z_test = np.array(encoder(x_test))
x_hat = np.array(decoder(z_test))
show(
    plots.plot_autoencoder(x_test[4], z_test[4], x_hat[4]),
    alt="A test digit, the encoder, a column of 32 coloured cells, the decoder, and "
    "the digit rebuilt from them, a little softer.",
)

# %% [markdown]
# **What to notice.** The network never saw this digit, and the decoder only the coloured cells. Don't look for a meaning in a single one: nobody asked for it.

# %% [markdown]
# ## What is lost
#
# We measure a picture's loss as its **squared error**, $\lVert x - \hat x \rVert^2 = \sum_{i=1}^{784} (x_i - \hat x_i)^2$: 0 is a perfect copy, one pixel black instead of white costs 1. (Keras' `mse` is this, divided by 784.)
#
# **Predict:** can you still read a digit with an error of 2? Of 8? Of 30?

# %%
error = squared_error(x_test, x_hat)
shown = np.concatenate([np.argsort(np.abs(error - e))[:3] for e in (2, 8, 30)])
show(
    plots.plot_reconstructions(x_test[shown], x_hat[shown]),
    alt="Nine test digits above their reconstructions: three with an error "
    "of 2 and three with 8, all readable; three with 30, with parts gone or misplaced.",
)

# %% [markdown]
# **What to notice.** At 2 and at 8 (the average, below, lies between) all six can be read; thin strokes get paler. At 30 parts are missing or misplaced: some you have to guess.
#
# Would digits that it was trained on come out better? (`on_purpose` says that we mean to measure them.)

# %% tags=["nbval-check-output"]
with splits.on_purpose("train"):
    known = x_train[:10_000]
    seen = autoencoder.evaluate(known, known, batch_size=1000, verbose=0)
unseen = history.history["val_loss"][-1]
claim(
    "New (validation) digits cost at most a tenth more",
    1, "<", unseen / seen, "<", 1.1,
)  # fmt: skip

# %% [markdown]
# ## Is that good?
#
# Pictures show what an error means; rivals, whether it is good. We need some with the same training images:
#
# - the **mean image**, always the same answer: a code of no numbers;
# - **PCA with 32 numbers**, the best without bending, cut to [0, 1] as a sigmoid does.
#
# **Predict:** how many times better than PCA will the autoencoder be?


# %%
def through_pca(pca, images):
    """Reconstructions by PCA, cut to [0, 1]."""
    x_hat = pca.inverse_transform(pca.transform(images.reshape(-1, 784)))
    return x_hat.clip(0, 1).reshape(images.shape)


pca = PCA(32).fit(x_train.reshape(-1, 784))
x_hats = {
    "mean image": np.broadcast_to(x_train.mean(axis=0), x_test.shape),
    "PCA": through_pca(pca, x_test),
    "autoencoder": x_hat,
}
errors = {name: squared_error(x_test, images).mean() for name, images in x_hats.items()}
show(
    plots.plot_reconstructions(x_test[:9], {k: v[:9] for k, v in x_hats.items()}),
    alt="Nine test digits above three rows: the same grey blot in one, PCA's digits "
    "with grey shadows around them, the autoencoder's cleaner ones.",
)

# %%
pd.DataFrame({"squared error, mean of 10,000 test digits": errors}).round(1)

# %% tags=["nbval-check-output"]
claim("The mean image costs 53", 52.8, "<", errors["mean image"], "<", 53.0)
claim("PCA costs 11.9", 11.8, "<", errors["PCA"], "<", 12.0)
claim(
    "The autoencoder costs at least a third less",
    0.54, "<", errors["autoencoder"] / errors["PCA"], "<", 0.667,
)  # fmt: skip

# %% [markdown]
# **What to notice.** An error says little until a rival's stands beside it. PCA can only add and subtract 32 fixed patterns; what does not cancel stays as a grey shadow.

# %% [markdown]
# ## What the code knows
#
# Do pictures that are alike have codes that are near? *Alike* here means near in pixels: for each of 2,000 test digits, is the other picture that is nearest in pixels among the ten nearest by code?
#
# Rivals: PCA, an untrained encoder (the same network from the package), and chance. **Predict:** how often does the untrained one find it?

# %%
some = x_test[:2000]
untrained = dense_autoencoder(32, hidden_sizes=(128,)).encoder
codes = {
    "PCA": pca.transform(some.reshape(-1, 784)),
    "autoencoder": z_test[:2000],
    "untrained encoder": np.array(untrained(some)),
}


def neighbours(x, n):
    """For each row, the n other rows that are nearest to it."""
    return NearestNeighbors(n_neighbors=n).fit(x).kneighbors(return_distance=False)


nearest = neighbours(some.reshape(-1, 784), 1)
by_code = {name: neighbours(code, 10) for name, code in codes.items()}
found = {name: (ten == nearest).any(axis=1).mean() for name, ten in by_code.items()}
found["chance"] = 10 / 1999
pd.DataFrame({"finds the nearest picture": found}).round(3)

# %% [markdown]
# **What to notice.** Near pictures do have near codes. But PCA is no worse: for this, straight is enough. And random weights keep distances roughly, so even an untrained encoder has some order.

# %% tags=["nbval-check-output"]
claim(
    "The autoencoder finds nearly as many as PCA",
    0.95, "<", found["autoencoder"] / found["PCA"], "<", 1.01,
)  # fmt: skip

# %% [markdown]
# So a short code has three uses. It [compresses](01_dimensionality_reduction.ipynb). It finds what is alike: a relative of it [recommends movies](03_recommender.ipynb). And it cleans strong noise, since much does not get through; but PCA, which never saw noise either, does better. [Lesson 02](02_denoising.ipynb) trains one for it.

# %% tags=["readme"]
noisy = add_gaussian_noise(some, 0.3, seed=SEED)  # σ = 0.3, cut to [0, 1]
cleaned = np.array(autoencoder(noisy))
show(
    plots.plot_uses(
        compress=(x_test[4], z_test[4], x_hat[4]),
        clean=(noisy[0], cleaned[0]),
        alike=(some[3], some[by_code["autoencoder"][3, :4]]),
    ),
    alt="Three small pictures: a digit squeezed into 32 numbers and rebuilt; a noisy "
    "digit and a cleaner one; a digit and four that resemble it.",
)

# %% tags=["nbval-check-output"]
left = squared_error(some, cleaned).mean()
by_pca = squared_error(some, through_pca(pca, noisy)).mean()
unclean = squared_error(some, noisy).mean()
claim("Cleaning beats leaving the noise", left, "<", 0.8 * unclean)
claim("PCA cleans better", 0.7, "<", by_pca / left, "<", 0.95)

# %% [markdown]
# ## A failure experiment: a code of one number
#
# One number did for the horseshoe. **Predict:** how many of the ten digits can it keep apart? How far ahead of PCA is bending now?

# %%
narrow = dense_autoencoder(1, hidden_sizes=(128,))
train(narrow, x_train)
pca_1 = PCA(1).fit(x_train.reshape(-1, 784))
one_number = {
    "PCA": through_pca(pca_1, x_test),
    "autoencoder": np.array(narrow(x_test)),
}
show(
    plots.plot_reconstructions(x_test[:9], {k: v[:9] for k, v in one_number.items()}),
    alt="Nine test digits above their reconstructions from one number, by PCA and by "
    "the autoencoder: PCA's are mostly grey blots; the autoencoder's 1 and 0 are "
    "readable, and 7 and several others look like a faint 9.",
)

# %% [markdown]
# All pictures that its decoder can draw lie on one curve, and fit on a slider. The label is the share of test digits to its left. Move it.

# %%
z_narrow = np.array(narrow.encoder(x_test))[:, 0]
positions = np.linspace(0.02, 0.98, 25)
pictures = np.array(narrow.decoder(np.quantile(z_narrow, positions)[:, None]))
plots.show_slider(
    {f"{positions[i]:.2f}": picture for i, picture in enumerate(pictures)},
    label="position on the curve",
    alt="A slider for the one number of the code. From end to end the picture changes "
    "from one digit to another, with blurred mixtures in most places between.",
)

# %% [markdown]
# Which digits lie where? Only to see that, we take the labels back.

# %%
y_test = load_mnist()[2][1]
places = pd.Series(z_narrow).rank(pct=True).groupby(y_test)
table = places.quantile([0.25, 0.5, 0.75]).unstack().sort_values(0.5)
table.columns = ["low", "value", "high"]
table.index = [f"digit {digit}" for digit in table.index]
show(
    plots.plot_intervals(table, xlabel="position on the curve: median, middle half"),
    alt="For each digit, the part of the curve where the middle half of its test "
    "images lies. Ones and zeros have one to themselves; the others overlap.",
)

# %% [markdown]
# **What to notice.** Few digits (here 1 and 0) have a part of the curve to themselves; the others share, and get a blurred mixture. Digits differ in more ways than one, and this network's bending does not make up for that.

# %% tags=["nbval-check-output"]
apart, end = 0, 0.0  # the longest row of digits whose middle halves do not overlap
for low, high in table.sort_values("high")[["low", "high"]].to_numpy():
    if low > end:
        apart, end = apart + 1, high
claim(
    "Of the ten middle halves, three to five can be chosen without overlap",
    3, "<=", apart, "<=", 5,
)  # fmt: skip
cost = {name: squared_error(x_test, x_hat).mean() for name, x_hat in one_number.items()}
claim(
    "With one number, bending gains less than a tenth",
    0.9, "<", cost["autoencoder"] / cost["PCA"], "<", 0.99,
)  # fmt: skip
splits.check()

# %% [markdown]
# ## The answer
#
# What does a network learn whose only task is to give back what it was given?
#
# With a bottleneck it can't copy everything. So the encoder learns the few numbers from which inputs are best rebuilt, and the decoder the shape near which the inputs lie: a curve along the horseshoe; for pictures, a bent part of the space with the digits near it. What lies beside it is lost. No labels are needed: the target is the input. Activations let the shape bend, which with 32 numbers beats PCA in error, though not at cleaning. What is alike gets near codes, as with PCA. If the code is too short, most of what matters is lost.
#
# ## Exercises
#
# Solved in [solutions/00](solutions/00.ipynb).
#
# 1. *(a minute)* Give the points a code of **two** numbers: `train_on_points("gelu", 2)`. What will the error be? Is it the better autoencoder?
#
# <details><summary>Hint</summary>What happens to the noise beside the curve?</details>
#
# 2. *(ten minutes)* Which digit in `y_test` has the smallest mean error, and why?
#
# <details><summary>Hint</summary>`error[y_test == digit].mean()` for each; then the same for the mean image.</details>
#
# 3. *(ten minutes)* Train `dense_autoencoder(32, hidden_sizes=(128,), output_activation=None)` on `x_train`, then on `255 * x_train`. Is the second error, on the same scale, over half as large again?
#
# <details><summary>Hint</summary>Divide its reconstructions by 255. Why must the sigmoid go?</details>
#
# 4. *(half an hour)* Many tutorials use `loss="binary_crossentropy"`. How low can it get on MNIST? Does it give a better squared error?
#
# <details><summary>Hint</summary>Write your own `compile`. `binary_cross_entropy(x_test, x_test)` is in `ae_helpers.metrics`.</details>
#
# 5. *(open)* Decode made-up codes, such as `np.random.normal(size=(20, 32))`. Few are digits. How would you get more?
#
# <details><summary>Hint</summary>Where do the codes of real digits lie? Look at means, spreads and correlations.</details>
#
# ## Where it comes from
#
# - Rumelhart, Hinton and Williams 1986, *Learning internal representations by error propagation*: networks that return their input.
# - Bourlard and Kamp 1988, *Auto-association by multilayer perceptrons and singular value decomposition*: with the code as the only hidden layer and a linear output, none beats PCA.
# - Hinton and Salakhutdinov 2006, *Reducing the dimensionality of data with neural networks*, Science 313:504: deep autoencoders, and our squared error.
#
# **Next:** [01 Dimensionality reduction](01_dimensionality_reduction.ipynb): does a learned code beat PCA, and what does it lose?
