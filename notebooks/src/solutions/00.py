# %% [markdown]
# # Solutions to 00 What is an autoencoder?
#
# The exercises of [00 What is an autoencoder?](../00_what_is_an_autoencoder.ipynb), with numbers to expect.
#
# **Time:** MINUTES to read, SECONDS to run.

# %%
import keras
import numpy as np
import pandas as pd
from keras import layers

from ae_helpers import plots
from ae_helpers.claims import claim
from ae_helpers.data import load_mnist
from ae_helpers.metrics import binary_cross_entropy, psnr, squared_error
from ae_helpers.models import dense_autoencoder
from ae_helpers.plots import show
from ae_helpers.progress import ProgressBar
from ae_helpers.splits import watch_splits

SEED = 0
keras.utils.set_random_seed(SEED)


# %%
def train(autoencoder, x, loss="mse"):
    """The lesson's recipe."""
    autoencoder.compile(keras.optimizers.Adam(0.005), loss=loss)
    x = keras.ops.convert_to_tensor(x, "float32")  # of an array, fit makes four copies
    autoencoder.fit(
        x, x, epochs=5, batch_size=250, verbose=0, callbacks=[ProgressBar()]
    )
    return autoencoder


# %% [markdown]
# ## 1. A code of two numbers for points in the plane


# %%
def horseshoe(n, seed):
    """Points `(n, 2)` on a bent curve, and a little beside it."""
    rng = np.random.default_rng(seed)
    angle = rng.uniform(-2, 2, n)
    curve = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    return curve + rng.normal(0, 0.06, (n, 2))


wide = keras.Sequential(
    [
        keras.Input((2,)),
        layers.Dense(64, "gelu"),
        layers.Dense(2, name="code"),
        layers.Dense(64, "gelu"),
        layers.Dense(2),
    ]
)
train(wide, horseshoe(50_000, SEED))
new_points = horseshoe(10_000, SEED + 1000)
anywhere = np.random.default_rng(SEED).uniform(-1, 1, (10_000, 2))
copied = {
    name: np.square(x - np.array(wide(x))).sum(axis=1).mean()
    for name, x in {"on the horseshoe": new_points, "anywhere": anywhere}.items()
}
pd.Series(copied, name="squared error").to_frame().round(4)

# %% [markdown]
# The error is almost 0, far below what the noise across the curve costs a code of one number (0.06², about 0.004). But this is no better autoencoder: it copies, noise included. It has found no curve, and gives back points that lie nowhere near the horseshoe, too. An error alone says nothing.

# %% tags=["nbval-check-output"]
one_direction = 0.06**2  # of the noise: what a code of one number can't keep
claim(
    "Two numbers copy the noise as well",
    copied["on the horseshoe"], "<", 0.3 * one_direction,
)  # fmt: skip
claim("They copy points that lie elsewhere", copied["anywhere"], "<", 0.05)

# %% [markdown]
# ## 2. The error of each digit

# %%
(x_train, _), (x_valid, _), (x_test, y_test) = load_mnist()
splits = watch_splits(train=x_train, valid=x_valid, test=x_test)
autoencoder = train(dense_autoencoder(32, hidden_sizes=(128,)), x_train)
x_hat = np.array(autoencoder(x_test))
mean_image = np.broadcast_to(x_train.mean(axis=0), x_test.shape)
errors = pd.DataFrame(
    {
        "digit": y_test,
        "autoencoder": squared_error(x_test, x_hat),
        "mean image": squared_error(x_test, mean_image),
    }
)
by_digit = errors.groupby("digit").mean()
by_digit.T.round(1)

# %% [markdown]
# Ones are cheapest by far: they have little ink, and differ in little more than slant and thickness. The mean image, too, loses least on them. A digit that is drawn in many ways, such as 2 or 8, is dear.

# %% tags=["nbval-check-output"]
others = by_digit["autoencoder"].drop(1)
claim(
    "Ones cost less than half of any other digit",
    by_digit["autoencoder"][1], "<", 0.5 * others.min(),
)  # fmt: skip

# %% [markdown]
# ## 3. Pixels from 0 to 255

# %%
options = {"hidden_sizes": (128,), "output_activation": None}
scaled = train(dense_autoencoder(32, **options), x_train)
unscaled = train(dense_autoencoder(32, **options), 255 * x_train)
linear = {
    "0 to 1": squared_error(x_test, np.array(scaled(x_test))).mean(),
    "0 to 255": squared_error(x_test, np.array(unscaled(255 * x_test)) / 255).mean(),
}
pd.Series(linear, name="squared error").to_frame().round(1)

# %% [markdown]
# It does not fail. Adam's steps have the same size however large the loss is, so the training goes its way. What does fail is a network whose output *can't* reach the data: a sigmoid says at most 1, and a 1 on a scale of 255 is black. So look at the range of your data, and at the range of your last layer.

# %% tags=["nbval-check-output"]
claim(
    "Without a sigmoid, unscaled pixels cost less than half as much again",
    0.7, "<", linear["0 to 255"] / linear["0 to 1"], "<", 1.5,
)  # fmt: skip

# %% [markdown]
# ## 4. Binary cross-entropy
#
# It reads a grey value $x$ as the probability of white, and charges $-x \log \hat x - (1-x) \log(1-\hat x)$ for each pixel. For black and white pixels a perfect prediction costs 0; for a grey one, $x = \hat x = 0.5$, it still costs $\log 2 \approx 0.69$.

# %%
other = dense_autoencoder(32, hidden_sizes=(128,))
train(other, x_train, "binary_crossentropy")
x_hats = {
    "mean image": mean_image,
    "trained with squared error": x_hat,
    "trained with cross-entropy": np.array(other(x_test)),
    "perfect copy": x_test,
}
measures = {
    "squared error per image": squared_error,
    "cross-entropy per pixel": binary_cross_entropy,
}
units = pd.DataFrame(
    {
        name: {k: measure(x_test, v).mean() for k, v in x_hats.items()}
        for name, measure in measures.items()
    }
)
units["MSE per pixel"] = units["squared error per image"] / 784
units["PSNR (dB)"] = [psnr(x_test, v).mean() for v in x_hats.values()]
units.round(4)

# %% [markdown]
# A perfect copy does not cost 0. Whoever reads "a loss of 0.09" without knowing this floor can't say whether it is good: subtract it first. Beyond the floor, the cross-entropy's network is ahead in its own unit and loses nothing in the other, in five epochs with the settings that were made for squared error. (PSNR is the mean squared error of a picture on a logarithmic scale: 10 dB *more* are a tenth of the error.)

# %% tags=["nbval-check-output"]
entropy, squared = units["cross-entropy per pixel"], units["squared error per image"]
claim("A perfect copy costs 0.058", 0.0575, "<", entropy["perfect copy"], "<", 0.0585)
ours, theirs = "trained with squared error", "trained with cross-entropy"
claim("It wins in its own unit", entropy[theirs], "<", entropy[ours])
claim("It loses nothing in squared error", squared[theirs] / squared[ours], "<", 1.05)

# %% [markdown]
# ## 5. Codes that nobody encoded
#
# Three ways to make up codes: standard normal numbers; normal numbers with the mean and spread of each of the code's numbers; and with their correlations as well (a Gaussian fitted to the codes of training digits).

# %%
z = np.array(autoencoder.encoder(x_train))
rng = np.random.default_rng(SEED)
made = {
    "standard normal": rng.normal(size=(9, 32)),
    "mean and spread": rng.normal(z.mean(axis=0), z.std(axis=0), (9, 32)),
    "and correlations": rng.multivariate_normal(z.mean(axis=0), np.cov(z.T), 9),
}
show(
    plots.plot_interpolation(
        {name: np.array(autoencoder.decoder(codes)) for name, codes in made.items()}
    ),
    alt="Three rows of nine pictures decoded from made-up codes: strokes that are "
    "hardly digits, in the last row a few that could be.",
)

# %% [markdown]
# The codes of digits fill a small, oddly shaped part of their space. The better the made-up codes follow that shape, the more pictures look like digits. There is much left to do: whole families of models are about making the codes' shape a simple one.

# %% tags=["nbval-check-output"]
splits.check()
