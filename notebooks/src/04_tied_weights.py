# %% [markdown]
# # 04 Tied weights
#
# Must the decoder mirror the encoder?
# Many old autoencoders use each kernel twice, forwards in the encoder and transposed in the decoder: **tied weights**. What do they save, what do they cost, and does a decoder have to look like its encoder at all?
#
# **You will**
# - write a tied layer in a dozen lines, and check its gradient,
# - count parameters, and bytes on the disk,
# - compare tied with untied networks over five trainings each, on many images and on few,
# - try decoders that are no mirror image,
# - see tied weights in PCA, in convolutions and in the layer-by-layer training of 2006,
# - save a tied model so that it stays tied, and see one that `load_model` refuses.
#
# **Before you start:** [00 What is an autoencoder?](00_what_is_an_autoencoder.ipynb). [01 Dimensionality reduction](01_dimensionality_reduction.ipynb) explains PCA.
#
# **Time on a laptop:** two and a half minutes to run, an hour to read.

# %% [markdown]
# ## Setup

# %%
import itertools
import logging
import math
import tempfile
import time
from pathlib import Path

import keras
import numpy as np
import pandas as pd
from IPython.display import Markdown
from keras import layers, ops
from scipy.linalg import subspace_angles
from sklearn.decomposition import PCA

from ae_helpers import plots
from ae_helpers.claims import claim
from ae_helpers.data import load_mnist, load_table
from ae_helpers.layers import TiedConv2DTranspose, TiedDense
from ae_helpers.metrics import squared_error
from ae_helpers.models import Autoencoder, conv_autoencoder, dense_autoencoder, tied_autoencoder
from ae_helpers.plots import show
from ae_helpers.progress import ProgressBar

# %%
SEED = 0
LATENT_DIM = 32  # numbers in the code
HIDDEN_UNITS = 128
NARROW_UNITS = 64  # of an untied network with as many parameters as the tied one
BATCH_SIZE = 125
STARTS = [100 * SEED + start for start in range(5)]  # seeds of the five trainings

keras.utils.set_random_seed(SEED)
logging.getLogger("tensorflow").setLevel(logging.ERROR)  # no advice on speed between the results

# %% [markdown]
# ## The data
#
# All 55,000 training images, and a set of only 1,000. For the small set an epoch would be over after eight steps. So we lay its images out eleven times: an epoch over them has 88 steps then, and five such epochs are as many steps as one over the large set (440).

# %% tags=["nbval-check-output"]
x_train, x_valid, x_test = [images for images, labels in load_mnist()]
x_some = x_test[:2000].copy()  # enough for a clear result
x_medium = x_train[:10_000].copy()  # for experiments with many networks
x_few = np.tile(x_train[:1000], (11, 1, 1, 1))
pca = PCA(LATENT_DIM, svd_solver="covariance_eigh").fit(x_train.reshape(-1, 784))  # for later
pca_hat = pca.inverse_transform(pca.transform(x_some.reshape(-1, 784))).reshape(x_some.shape)
pca_error = squared_error(x_some, pca_hat).mean()
x_train = ops.convert_to_tensor(x_train)  # now `fit` need not copy them each time
del x_test, x_valid
print("all", tuple(x_train.shape), "medium", x_medium.shape, "few, eleven times", x_few.shape)

# %% [markdown]
# ## Symmetric by habit
#
# Nearly every picture of an autoencoder is symmetric: the first layer behind the code is as large as the last one before it, and so on outwards. Layer k and layer n − k have as many neurons. Why?
#
# Nothing demands it. The habit fits networks in which the decoder has no kernels of its own. Where the encoder multiplies by a kernel W of shape 784 × 128, the decoder multiplies by its transpose Wᵀ, which is 128 × 784. Then the sizes *must* be mirrored.

# %%
bars = {"x": 784, "hidden": HIDDEN_UNITS, "code z": LATENT_DIM, "hidden, again": HIDDEN_UNITS, "x̂": 784}
shapes = [f"{a} × {b}" for a, b in itertools.pairwise(bars.values())]


def named(*kernels):
    return [f"{kernel}\n{shape}" for kernel, shape in zip(kernels, shapes, strict=True)]


show(
    plots.plot_architecture(
        bars, kernels=named("$W_1$", "$W_2$", "$W_3$", "$W_4$"), title="Untied: four kernels"
    ),
    alt="Five bars of 784, 128, 32, 128 and 784 values. On the connections stand four kernels, W1 to W4, with their shapes.",
)

# %%
show(
    plots.plot_architecture(
        bars,
        kernels=named("$W_1$", "$W_2$", "$W_2^T$", "$W_1^T$"),
        ties=[(0, 3), (1, 2)],
        title="Tied: two kernels, each used twice",
    ),
    alt="The same five bars, but the decoder's kernels are the transposes of the encoder's, and two brackets join each pair: same kernel.",
)

# %% [markdown]
# ## A tied layer in a dozen lines
#
# It holds on to the layer that it mirrors, and takes *its* kernel each time it computes. Its own is the bias alone: 784 pixels need 784 biases, where the encoder's layer had 128.


# %%
class Mirror(layers.Layer):
    """Runs a Dense layer backwards, with the same kernel."""

    def __init__(self, source, activation=None):
        super().__init__()
        self.source, self.activation = source, keras.activations.get(activation)

    def build(self, input_shape):
        self.bias = self.add_weight(shape=(self.source.kernel.shape[0],), initializer="zeros")

    def call(self, z):
        return self.activation(z @ ops.transpose(self.source.kernel) + self.bias)


# %%
hidden, code = layers.Dense(HIDDEN_UNITS, "gelu"), layers.Dense(LATENT_DIM)
mirrored = Autoencoder(
    keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten(), hidden, code]),
    keras.Sequential(
        [
            keras.Input((LATENT_DIM,)),
            Mirror(code, "gelu"),
            Mirror(hidden, "sigmoid"),
            layers.Reshape((28, 28, 1)),
        ]
    ),
)

# %% [markdown]
# The library has this layer as `TiedDense`, with checks and with saving, and a whole network as `tied_autoencoder`. Given the same weights, both must compute the same. So must an *untied* network whose decoder is given transposed copies of the encoder's kernels.
# (The biases get random values here. They start as zeros, and zeros would hide a mistake.)

# %%
library = tied_autoencoder(LATENT_DIM, (HIDDEN_UNITS,))
untied_twin = dense_autoencoder(LATENT_DIM, (HIDDEN_UNITS,))
rng = np.random.default_rng(SEED)
tied_weights = [
    w + rng.normal(0, 0.1, w.shape) * (w.ndim == 1) for w in library.get_weights()
]  # W1, b1, W2, b2, b3, b4
W1, b1, W2, b2, b3, b4 = tied_weights
mirrored.set_weights(tied_weights)
library.set_weights(tied_weights)
untied_twin.set_weights([W1, b1, W2, b2, W2.T, b3, W1.T, b4])
outputs = {
    name: model.reconstruct(x_some[:500])
    for name, model in {"inline": mirrored, "library": library, "untied twin": untied_twin}.items()
}
inline_gap, twin_gap = (
    np.abs(outputs["library"] - outputs[name]).max() for name in ("inline", "untied twin")
)
Markdown(
    f"**What to notice.** On 500 test images the largest difference of a pixel between the inline network and the library's is {inline_gap:.0e}, "
    f"and between the library's and the untied twin's {twin_gap:.0e}. Tied or not, the network computes the same *before* training. Tying is about what training does."
)

# %% tags=["nbval-check-output"]
claim("The inline tied layer computes what the library's TiedDense computes.", inline_gap, "<", 1e-05)
claim("An untied network with transposed copies computes the same, too.", twin_gap, "<", 1e-05)

# %% [markdown]
# ### One kernel, two gradients
#
# How does a kernel learn that is used in two places? By the chain rule, its gradient is the sum over the uses: one part comes from the encoder's side, one from the decoder's, transposed.
# We check that without looking at any gradient. Plain gradient descent changes a weight by the learning rate times the gradient. So we let the tied network and its untied twin take *one* such step on the same images. The tied kernel should change by as much as the twin's two kernels together.


# %%
def one_step(model):
    """How much each weight changes in one step of plain gradient descent."""
    before = model.get_weights()
    model.compile(keras.optimizers.SGD(1.0), loss="mse")
    model.train_on_batch(x_medium[:500], x_medium[:500])
    return [after - start for after, start in zip(model.get_weights(), before, strict=True)]


tied_change, twin_change = one_step(mirrored), one_step(untied_twin)
dW1, _, dW2, _, dW3, _, dW4, _ = twin_change
sum_gap = max(
    np.abs(tied - (first + second.T)).max() / np.abs(tied).max()
    for tied, first, second in [(tied_change[0], dW1, dW4), (tied_change[2], dW2, dW3)]
)
decoder_share = np.linalg.norm(dW4) / (np.linalg.norm(dW1) + np.linalg.norm(dW4))
likeness = np.corrcoef(dW1.ravel(), dW4.T.ravel())[0, 1]
Markdown(
    f"**What to notice.** The tied kernels' changes equal the sums to {sum_gap:.0e} of the largest change. The two parts are neither alike (correlation {likeness:.2f} for W₁) "
    f"nor equally large: {decoder_share:.0%} of their lengths together is the decoder's. One kernel has to serve two masters, at least at the start of training."
)

# %% tags=["nbval-check-output"]
claim("A tied kernel's gradient is the sum over both uses.", sum_gap, "<", 0.001)
claim("The two parts don't want the same: they are nearly uncorrelated.", abs(likeness), "<", 0.3)

# %% [markdown]
# ## Fewer parameters, counted
#
# A pair of layers between a and b values has two kernels of a · b numbers, and biases of b and a. Tied, it has one kernel. So over the encoder's sizes
# - untied: the sum of 2 a b + a + b,
# - tied: the sum of a b + a + b.


# %%
def count_untied(sizes):
    return sum(2 * a * b + a + b for a, b in itertools.pairwise(sizes))


def count_tied(sizes):
    return sum(a * b + a + b for a, b in itertools.pairwise(sizes))


counts = {}
for sizes in [(784, 32), (784, 64, 32), (784, 128, 32), (784, 512, 256, 32), (784, 1000, 500, 250, 30)]:
    *hidden_sizes, latent_dim = sizes[1:]
    counts["-".join(map(str, sizes))] = {
        "untied, formula": count_untied(sizes),
        "untied, Keras": dense_autoencoder(latent_dim, hidden_sizes).count_params(),
        "tied, formula": count_tied(sizes),
        "tied, Keras": tied_autoencoder(latent_dim, hidden_sizes).count_params(),
    }
counts = pd.DataFrame(counts).T.rename_axis("encoder")
counts.map("{:,}".format)

# %% [markdown]
# Each parameter takes four bytes. On disk, a `.keras` file of a model that was trained with Adam is about three times as large as its weights, because Adam remembers two numbers for each: a mean of its gradients, and one of their squares.


# %%
def file_bytes(model, trained):
    """Size of the `.keras` file: of the bare model, or after a step of Adam."""
    if trained:
        model.compile("adam", loss="mse")
        model.train_on_batch(x_medium[:10], x_medium[:10])
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder, "model.keras"))
        return Path(folder, "model.keras").stat().st_size


# %%
builders = {
    "untied": lambda: dense_autoencoder(LATENT_DIM, (HIDDEN_UNITS,)),
    "tied": lambda: tied_autoencoder(LATENT_DIM, (HIDDEN_UNITS,)),
    "untied, narrow": lambda: dense_autoencoder(LATENT_DIM, (NARROW_UNITS,)),
}
kilobytes = pd.DataFrame(
    {
        name: {
            "parameters": build().count_params(),
            "weights (kB)": sum(w.nbytes for w in build().get_weights()) / 1000,
            "file (kB)": file_bytes(build(), trained=False) / 1000,
            "file with Adam's state (kB)": file_bytes(build(), trained=True) / 1000,
        }
        for name, build in builders.items()
    }
).T
kilobytes.round(0).astype(int)

# %%
share = kilobytes.loc["tied"] / kilobytes.loc["untied"]
beside_weights = (kilobytes["file (kB)"] - kilobytes["weights (kB)"]).mean()
narrow_share = kilobytes.loc["untied, narrow", "parameters"] / kilobytes.loc["tied", "parameters"]
Markdown(
    f"**What to notice.** Tied, 784-128-32 has {share['parameters']:.1%} of the untied parameters, and its file after training {share.iloc[-1]:.1%} of the bytes. "
    f"The parameters are a little more than half because the biases are not shared, and each file holds some {beside_weights:.0f} kB that are no weights. The computing is *not* halved: every kernel is multiplied by twice, as before. "
    f"The third network is untied but narrower, with {narrow_share:.1%} of the tied one's parameters. It will be the fair opponent."
)

# %% tags=["nbval-check-output"]
claim(
    "The formulas count what Keras counts, for five architectures.",
    counts["tied, formula"].sum() + counts["untied, formula"].sum(),
    "==",
    counts["tied, Keras"].sum() + counts["untied, Keras"].sum(),
)
claim(
    "Tied: 50 to 52 % of the parameters.",
    0.5,
    "<",
    (counts["tied, Keras"] / counts["untied, Keras"]).mean(),
    "<",
    0.52,
)
claim("The files shrink alike, with the optimiser's state, too.", share.max(), "<", 0.54)
claim(
    "With its state, the file is about three times as large.",
    2.5,
    "<",
    (kilobytes.iloc[:, 3] / kilobytes.iloc[:, 2]).mean(),
    "<",
    3.2,
)
claim("The narrow network has as many parameters as the tied one, to 1 %.", abs(narrow_share - 1), "<", 0.01)

# %% [markdown]
# ## Does it help?
#
# Three networks: untied 784-128-32, tied 784-128-32, and untied 784-64-32 with as many parameters as the tied one. We train them on 55,000 images and on 1,000, on each with equal numbers of steps.
# A single training proves little: another start gives another error. So each is trained five times, with different first weights and a different order of the images.
#
# The learning rate needs care. Both uses of a tied kernel push at it, so a rate that suits one kind need not suit the other. Each network gets its own rate for each data set, chosen on validation images. That takes half an hour, so it was done once, fifteen trainings for each rate (`make choose`).

# %%
many, few = "55,000 images", "1,000 images"
runs = load_table("tied_rates")
failed = runs["error"] > 3 * runs.groupby(["data", "network"])["error"].transform(
    "min"
)  # stuck, far above the rest
searched = runs.groupby(["data", "network", "rate"])["error"].mean().unstack()
best_rate = searched.idxmin(axis=1)
show(
    plots.plot_error_curves(
        list(searched.columns),
        {name: list(searched.loc[many, name]) for name in ("untied", "tied", "untied, narrow")},
        xlabel="highest learning rate",
        title=f"Trained on {many}: the best rate is chosen for each network",
    ),
    alt="Three curves of the validation error against six learning rates, for networks trained on 55,000 images. Each falls to a lowest point between 0.02 and 0.04 and rises behind it, the tied one first; at 0.08 the untied one is worst by far.",
)

# %%
highest = runs["rate"].max()
at_highest = runs[(runs["data"] == many) & (runs["rate"] == highest) & runs["network"].isin(builders)]
stuck, fine = at_highest["error"][failed], at_highest["error"][~failed]


def at_rate(network, rate):
    """The errors of a network's fifteen trainings on many images at a rate."""
    return runs[(runs["data"] == many) & (runs["network"] == network) & (runs["rate"] == rate)]["error"]


next_rate = {
    name: searched.columns[searched.columns.get_loc(best_rate[many, name]) + 1]
    for name in ("tied", "deep encoder")
}
tied_best, tied_next = at_rate("tied", best_rate[many, "tied"]), at_rate("tied", next_rate["tied"])
Markdown(
    f"A point is the mean of fifteen trainings. At a rate of {highest}, {len(stuck)} of the {len(at_highest)} trainings fail: they get stuck at {stuck.min():.0f} to {stuck.max():.0f}, while all others come to {fine.max():.0f} or less. "
    "We choose by the mean on purpose: a rate that goes wrong once in a while is no good rate. Take the tied network: "
    f"at {next_rate['tied']} half of its trainings come below {tied_next.median():.2f}, at {best_rate[many, 'tied']} below {tied_best.median():.2f}: no difference. But the worst one ends at {tied_next.max():.1f} there, and at {tied_best.max():.1f} here. "
    f"So the tied network gets {best_rate[many, 'tied']}, and the untied one {best_rate[many, 'untied']}. (Fifteen trainings, because with five an accident that comes once in ten times would often go unseen.)"
)


# %%
class RateSchedule(keras.callbacks.Callback):
    """The learning rate rises to `peak` for 30 % of the steps, and falls to 0."""

    def __init__(self, peak, steps):
        super().__init__()
        self.peak, self.steps = peak, steps

    def on_train_begin(self, logs=None):
        self.first = int(self.model.optimizer.iterations)  # not 0 if the model is trained on

    def on_train_batch_begin(self, batch, logs=None):
        done = (int(self.model.optimizer.iterations) - self.first) / self.steps
        up, down = 0.02 + 0.98 * done / 0.3, 0.5 + 0.5 * math.cos(math.pi * (done - 0.3) / 0.7)
        self.model.optimizer.learning_rate = self.peak * (up if done < 0.3 else down)


# %%
def train(model, x, *, epochs, rate, name):
    """Fit to (x, x) for the squared error; return the seconds per epoch."""
    if not model.compiled:
        model.compile(keras.optimizers.Adam(beta_2=0.98), loss="mse", steps_per_execution=8)
    schedule = RateSchedule(rate, epochs * math.ceil(len(x) / BATCH_SIZE))
    started = time.perf_counter()
    model.fit(x, x, batch_size=BATCH_SIZE, epochs=epochs, verbose=0, callbacks=[schedule, ProgressBar(name)])
    return (time.perf_counter() - started) / epochs


def mean_error(model, x):
    """Squared error per image, the mean over images."""
    return squared_error(x, model.reconstruct(x, batch_size=500)).mean()


# %% [markdown]
# To train a network again, we don't build a new model, which would cost time and memory. We give the one that we have fresh weights and forget what the optimiser remembers.


# %%
def start_again(model, build, seed):
    """Fresh weights, and an optimiser that remembers nothing."""
    keras.utils.set_random_seed(seed)  # sets the order of the images as well
    model.set_weights(build().get_weights())
    if model.compiled:
        for variable in model.optimizer.variables:
            variable.assign(ops.zeros_like(variable))


networks = {name: build() for name, build in builders.items()}
sets = {many: (x_train, 1), few: (x_few, 5)}  # and epochs: 440 steps for each

# %%
trainings = []
for data, (images, epochs) in sets.items():
    for name, model in networks.items():
        for start in STARTS:
            start_again(model, builders[name], start)
            rate = best_rate[data, name]
            seconds = train(model, images, epochs=epochs, rate=rate, name=f"{data}, {name}, start {start}")
            errors = {
                "test error": mean_error(model, x_some),
                "training error": mean_error(model, x_few[:1000]),
            }
            trainings.append(
                {"data": data, "network": name, "start": start, "seconds per epoch": seconds, **errors}
            )
            trainings[-1]["steps"] = int(model.optimizer.iterations)
trainings = pd.DataFrame(trainings)

# %%
by_kind = trainings.groupby(["data", "network"], sort=False)
compared = by_kind["test error"].agg(["mean", "std"]).add_prefix("test error, ")
compared["training error, mean"] = by_kind["training error"].mean()
compared["seconds per epoch"] = by_kind["seconds per epoch"].median()
compared["rate"] = best_rate
compared.round(2)

# %% tags=["readme"]
test_errors = trainings.pivot(index="start", columns=["data", "network"], values="test error")
show(
    plots.plot_spread(
        {f"trained on {data}": {name: list(test_errors[data][name]) for name in builders} for data in sets},
        xlabel="squared error per test image",
        title="Five trainings each",
    ),
    alt="Two panels with three rows of five dots each: untied, tied, and untied but narrow.",
)


# %%
def difference(data, name, other="untied"):
    """Mean test error of a network minus that of another, and how far apart chance alone may put two such means."""
    both = test_errors[data][[name, other]]
    return both[name].mean() - both[other].mean(), 2 * np.sqrt(both.var().sum() / len(STARTS))


many_gap, many_chance = difference(many, "tied")
few_gap, few_chance = difference(few, "tied")
narrow_gaps = {data: difference(data, "tied", "untied, narrow")[0] for data in sets}
rates = searched.columns
gap_at = searched.loc[many, "tied"] - searched.loc[many, "untied"]
overfit = compared["test error, mean"] - compared["training error, mean"]
Markdown(
    f"**What to notice.** *Many images, as many neurons*: tied minus untied is {many_gap:+.2f} (two standard errors: ± {many_chance:.2f}). "
    f"Half the parameters cost little or nothing here. Had both been given the lowest rate, the tied network would have looked better by {-gap_at[rates.min()]:.1f}: that is the rate, not the tying.\n\n"
    f"*Few images*: {few_gap:+.2f} (± {few_chance:.2f}; that is the chance of first weights and order, for the 1,000 images are always the same). Here tying helps. Test error minus training error is {overfit[few, 'untied']:.1f} (untied) and {overfit[few, 'tied']:.1f} (tied): it overfits less. "
    f"(On the training images they have {compared.loc[(few, 'untied'), 'training error, mean']:.2f} and {compared.loc[(few, 'tied'), 'training error, mean']:.2f}.)\n\n"
    f"*As many parameters*: against the narrow untied network, tied is at {narrow_gaps[many]:+.1f} on many images and {narrow_gaps[few]:+.1f} on few. "
    "If parameters must be saved, tying saves them better than fewer neurons do. "
    f"(An epoch over 55,000 images takes the untied network {compared.loc[(many, 'untied'), 'seconds per epoch']:.2f} s, the tied one {compared.loc[(many, 'tied'), 'seconds per epoch']:.2f} s, on one machine: there are fewer weights to update, but as much to multiply.)"
)

# %% tags=["nbval-check-output"]
claim(
    "On each data set, all were trained equally long.",
    trainings.groupby("data")["steps"].nunique().max(),
    "==",
    1,
)
claim(
    "Many images: tied and untied are within a tenth of each other.",
    abs(many_gap),
    "<",
    0.1 * compared.loc[(many, "untied"), "test error, mean"],
)
claim("At the lowest rate, the tied network would have looked better.", gap_at[rates.min()], "<", -0.3)
claim("No chosen rate is the highest that was tried.", best_rate.max(), "<", rates.max())
claim(
    "At the next rate, half of the tied trainings end as well, but the worst one ends worse.",
    tied_next.max(),
    ">",
    tied_best.max() + 1,
)
claim("Few images: the tied network is better, by more than chance, ...", few_gap, "<", -few_chance)
claim("... and it overfits less.", overfit[few, "tied"], "<", overfit[few, "untied"] - 0.3)
claim(
    "With as many parameters, tied is better than narrow, on many images and on few.",
    max(narrow_gaps.values()),
    "<",
    -1,
)

# %% [markdown]
# ## No mirror at all
#
# Untied, the decoder may have any shape. Four networks with about 210,000 parameters each, and a code of 32 numbers:
# - *symmetric*: 784-128-32-128-784, as above,
# - *deep encoder*: 784-206-96-32, and straight back to 784,
# - *deep decoder*: 784 straight to 32 (so its encoder is linear), and back over 96 and 206,
# - *convolutional encoder*: two convolutions down to 7 × 7 pixels, but a dense decoder 32-240-784.
#
# All train on the 55,000 images, three times each, for as many steps as above, and each with the learning rate that was best for it on validation images. (The symmetric one has been trained already: the first three of the five above.)


# %%
def chain(encoder_layers, decoder_layers):
    """An autoencoder from 28 × 28 pixels to 32 numbers and back; its last layer is added here."""
    encoder = keras.Sequential([keras.Input((28, 28, 1)), *encoder_layers, layers.Dense(LATENT_DIM)])
    last = [layers.Dense(784, "sigmoid"), layers.Reshape((28, 28, 1))]
    return Autoencoder(encoder, keras.Sequential([keras.Input((LATENT_DIM,)), *decoder_layers, *last]))


def dense(*sizes):
    return [layers.Dense(units, "gelu") for units in sizes]


def convolutions(*filters):
    return [layers.Conv2D(f, 3, strides=2, padding="same", activation="gelu") for f in filters]


shapes_tried = {
    "deep encoder": lambda: chain([layers.Flatten(), *dense(206, 96)], []),
    "deep decoder": lambda: chain([layers.Flatten()], dense(96, 206)),
    "convolutional encoder": lambda: chain([*convolutions(4, 8), layers.Flatten()], dense(240)),
}

# %%
above = trainings[(trainings["data"] == many) & (trainings["network"] == "untied")].set_index("start")
asymmetric = {
    ("symmetric", start): (
        builders["untied"]().count_params(),
        above["steps"][start],
        above["test error"][start],
    )
    for start in STARTS[:3]
}
epochs = sets[many][1]  # as above
for name, build in shapes_tried.items():
    model, rate = build(), best_rate[many, name]
    for start in STARTS[:3]:
        start_again(model, build, start)
        train(model, x_train, epochs=epochs, rate=rate, name=f"{name}, start {start}")
        steps = int(model.optimizer.iterations)
        asymmetric[name, start] = model.count_params(), steps, mean_error(model, x_some)
asymmetric = pd.DataFrame(asymmetric, index=["parameters", "steps", "test error"]).T
shape_errors = asymmetric["test error"].unstack().T[["symmetric", *shapes_tried]]
shape_table = pd.DataFrame({"test error, mean": shape_errors.mean(), "test error, std": shape_errors.std()})
shape_table["parameters"] = asymmetric["parameters"].groupby(level=0).first().astype(int)
shape_table.astype({"parameters": int}).round(2)

# %%
show(
    plots.plot_spread(
        {"about 210,000 parameters each": {name: list(errors) for name, errors in shape_errors.items()}},
        xlabel="squared error per test image",
    ),
    alt="Four rows of three dots each: symmetric, deep encoder, deep decoder, convolutional encoder.",
)

# %%
to_symmetric = shape_table["test error, mean"] - shape_table.loc["symmetric", "test error, mean"]
relative = to_symmetric / shape_table.loc["symmetric", "test error, mean"]
harder = at_rate("deep encoder", next_rate["deep encoder"])
harder_failed, symmetric_best = failed[harder.index], at_rate("untied", best_rate[many, "untied"]).mean()
parameter_range = shape_table["parameters"].max() / shape_table["parameters"].min() - 1
Markdown(
    f"**What to notice.** All have the same number of parameters, to {parameter_range:.1%}, and all learn. Against the symmetric network, the deep decoder is at {to_symmetric['deep decoder']:+.2f} ({relative['deep decoder']:+.1%}), "
    f"the deep encoder at {to_symmetric['deep encoder']:+.2f} ({relative['deep encoder']:+.1%}), the convolutional encoder at {to_symmetric['convolutional encoder']:+.2f} ({relative['convolutional encoder']:+.1%}; standard deviations stand in the table). "
    f"Part of the deep encoder's gap is that it is harder to train. At a rate of {next_rate['deep encoder']}, {harder_failed.sum()} of fifteen trainings failed, so it had to take {best_rate[many, 'deep encoder']}. (The others reached {harder[~harder_failed].mean():.1f} on validation images; the symmetric network, {symmetric_best:.1f}.) "
    "So must the decoder mirror the encoder? No. Which shape is best is a question for a table like this one, not for symmetry. "
    "(It holds for these sizes and this short training. Equal parameters are not equal computing: a convolution uses each weight many times. "
    f"The rates: symmetric {best_rate[many, 'untied']}, deep encoder {best_rate[many, 'deep encoder']}, deep decoder {best_rate[many, 'deep decoder']}, convolutional encoder {best_rate[many, 'convolutional encoder']}.)"
)

# %% tags=["nbval-check-output"]
claim(
    "All were trained equally long, and as long as above.",
    asymmetric["steps"].min(),
    "==",
    trainings.loc[trainings["data"] == many, "steps"].iloc[0],
)
claim("All have as many parameters, to 1 %.", parameter_range, "<", 0.01)
claim(
    "A shallow encoder with a deep decoder is as good as the symmetric network, to 10 %.",
    abs(relative["deep decoder"]),
    "<",
    0.1,
)
claim(
    "A deep encoder with a shallow decoder is not: worse by more than 10 %.",
    relative["deep encoder"],
    ">",
    0.1,
)
claim(
    "At the next rate, some of the deep encoder's trainings fail, but not most.",
    0,
    "<",
    harder_failed.mean(),
    "<",
    0.5,
)
claim(
    "A convolutional encoder with a dense decoder is better.", relative["convolutional encoder"], "<", -0.05
)
claim(
    "All of them train: their errors are below PCA's with 32 components.",
    shape_errors.max(axis=None),
    "<",
    pca_error,
)

# %% [markdown]
# ## Linear and tied is PCA
#
# Without activations, an autoencoder finds the plane of PCA (lesson 01), but any basis of it will do. With an untied decoder, the encoder may stretch a number of the code by ten if the decoder shrinks it by ten.
# A tied one can't: its decoder would stretch it *again*. What must go in and out through the same kernel, and come out unchanged, has to have length 1 and be at right angles to the rest: WᵀW = I, the identity matrix (Baldi and Hornik 1989; Bourlard and Kamp 1988).

# %%
linear = {
    "untied": dense_autoencoder(LATENT_DIM, (), output_activation=None),
    "tied": tied_autoencoder(LATENT_DIM, (), output_activation=None),
}
for name, model in linear.items():
    train(model, x_train, epochs=2, rate=0.01, name=f"linear, {name}")
del x_train, sets, images  # the rest can do without its 170 MB

# %%
kernels = {
    "untied": [linear["untied"].get_weights()[i] for i in (0, 2)],
    "tied": [linear["tied"].get_weights()[0], linear["tied"].get_weights()[0].T],
}
plane_table = pd.DataFrame(
    {
        name: {
            "test error": mean_error(linear[name], x_some),
            "median angle to PCA's plane (°)": np.degrees(
                np.median(subspace_angles(back.T, pca.components_.T))
            ),
            "angles below 10°": (np.degrees(subspace_angles(back.T, pca.components_.T)) < 10).sum(),
            "largest angle (°)": np.degrees(subspace_angles(back.T, pca.components_.T).max()),
            "largest entry of |WᵀW − I|": np.abs(there.T @ there - np.eye(LATENT_DIM)).max(),
            "encoder against decoderᵀ, relative": np.linalg.norm(there - back.T) / np.linalg.norm(back),
        }
        for name, (there, back) in kernels.items()
    }
).T
plane_table.round(3)

# %%
gram = np.stack([there.T @ there for there, back in kernels.values()])
show(
    plots.plot_signed_images(
        {"WᵀW": gram},
        label="entry",
        image_inches=2.6,
        title="WᵀW of the encoder's kernel, 32 × 32: untied (left), tied (right)",
    ),
    alt="Two matrices of 32 by 32 entries. Untied: an uneven diagonal with faint stains around it. Tied: an even diagonal, and nothing to be seen elsewhere.",
)

# %%
angle, n_small, largest_angle, off_identity, apart = (
    plane_table[column] for column in plane_table.columns[1:]
)
Markdown(
    f"**What to notice.** Both find most of PCA's plane: of 32 angles to it, {n_small['untied']:.0f} (untied) and {n_small['tied']:.0f} (tied) are below 10°. The largest is {largest_angle['untied']:.0f}° (untied) and {largest_angle['tied']:.0f}° (tied). What that costs is little: the test errors are {plane_table.iloc[0, 0]:.2f} (untied) and {plane_table.iloc[1, 0]:.2f} (tied), "
    f"where PCA has {pca_error:.2f}. But the tied kernel's WᵀW is the identity to {off_identity['tied']:.3f}, although nothing in the loss speaks of right angles; the untied one's is off by {off_identity['untied']:.2f}. "
    f"The untied decoder's kernel is {apart['untied']:.0%} of its length away from the transposed encoder's. Still, even a tied basis need not be PCA's own: turned within the plane, it serves as well."
)

# %% tags=["nbval-check-output"]
claim(
    "Linear, tied or not: the error of PCA, to 3 %.", plane_table["test error"].max(), "<", 1.03 * pca_error
)
claim("Both find most of PCA's plane: half of the angles are below 5°.", angle.max(), "<", 5)
claim("Tied, the kernel becomes orthonormal.", off_identity["tied"], "<", 0.02)
claim("Untied, it doesn't.", off_identity["untied"], ">", 0.1)
claim("Untied, encoder and decoder are no transposes of each other.", apart["untied"], ">", 0.3)

# %% [markdown]
# ## Convolutions
#
# A convolution can be run backwards, too: a transposed convolution takes a kernel of the same shape. Below each layer of the decoder is tied to its partner in the encoder, the dense layer of the code included.


# %%
def tied_convolutional(filters=(4, 8)):
    """`conv_autoencoder` with tied weights."""
    first, second = convolutions(*filters)
    code = layers.Dense(LATENT_DIM)
    encoder = keras.Sequential([keras.Input((28, 28, 1)), first, second, layers.Flatten(), code])
    decoder = keras.Sequential(
        [
            keras.Input((LATENT_DIM,)),
            TiedDense(code, "gelu"),
            layers.Reshape((7, 7, filters[1])),
            TiedConv2DTranspose(second, "gelu"),
            TiedConv2DTranspose(first, "sigmoid"),
        ]
    )
    return Autoencoder(encoder, decoder)


# %%
tied_convolutions = tied_convolutional()
conv_share = tied_convolutions.count_params() / conv_autoencoder(LATENT_DIM, (4, 8)).count_params()
conv_untrained = mean_error(tied_convolutions, x_some)
conv_errors = []
for start in STARTS[:3]:
    start_again(tied_convolutions, tied_convolutional, start)
    train(tied_convolutions, x_medium, epochs=1, rate=0.02, name=f"tied convolutions, start {start}")
    conv_errors.append(mean_error(tied_convolutions, x_some))
Markdown(
    f"**What to notice.** Tied, the network has {conv_share:.1%} of the parameters of `conv_autoencoder`, which is the same but untied. And it learns: from {conv_untrained:.0f} its error falls to {max(conv_errors):.0f} or less in one epoch over 10,000 images. "
    "(To ask whether tying helps here would need what we did above: a rate for each kind, and longer trainings.)"
)

# %% tags=["nbval-check-output"]
claim("Convolutions can be tied as well: half of the parameters.", 0.5, "<", conv_share, "<", 0.52)
claim("They learn like that, too.", max(conv_errors), "<", 0.5 * conv_untrained)

# %% [markdown]
# ## Layer by layer, as around 2006
#
# Deep networks were hard to train then. So people trained one layer at a time: the first layer as a small autoencoder of the images; the second as an autoencoder of the first one's outputs; and so on. At the end all were stacked and **fine-tuned** together (Hinton and Salakhutdinov 2006 with Boltzmann machines; Bengio et al. 2007 with autoencoders). Each small autoencoder was tied, so a layer and its mirror image came together.
#
# Is it still worth it? A tied network 784-128-64-16 trains in two ways, with six epochs over 10,000 images: all at once; or one epoch for each of its three layers, and three of fine-tuning. Both use the same learning rate. Both are tried with logistic units, as in 2006, and with GELU, as today.


# %%
def layer_by_layer(stages, x, *, rate, name):
    """Train each layer with its mirror image for an epoch, on what the layers below make of the images."""
    x = x.reshape(len(x), -1)
    for number, (layer, stage) in enumerate(stages, start=1):
        train(stage, x, epochs=1, rate=rate, name=f"{name}, layer {number}")
        x = ops.convert_to_numpy(layer(x))


def make_stages(model):
    """Each dense layer of the encoder, and a model of it and its mirror image."""
    forward = [layer for layer in model.encoder.layers if isinstance(layer, layers.Dense)]
    backward = [layer for layer in reversed(model.decoder.layers) if isinstance(layer, TiedDense)]
    return [
        (there, keras.Sequential([keras.Input((there.kernel.shape[0],)), there, back]))
        for there, back in zip(forward, backward, strict=True)
    ]


# %%
stacked_errors, ways = {}, {"at once": 6, "layer by layer": 3}  # epochs with all layers together
for activation in ("sigmoid", "gelu"):

    def build(activation=activation):
        return tied_autoencoder(16, (128, 64), activation=activation)

    model = build()
    stages = make_stages(model)
    for start in STARTS[:2]:
        for way, together in ways.items():
            name = f"{activation}, {way}, start {start}"
            start_again(model, build, start)
            if way == "layer by layer":
                for _, stage in stages:
                    start_again(stage, lambda stage=stage: stage, start)
                layer_by_layer(stages, x_medium, rate=0.01, name=name)
            train(model, x_medium, epochs=together, rate=0.01, name=name)
            stacked_errors[f"{activation}, {way}", start] = mean_error(model, x_some)
stacked_errors = pd.Series(stacked_errors).unstack().T
stacked_errors.agg(["mean", "std"]).T.round(2)

# %%
stacked = stacked_errors.mean()
old_gain, new_gain = (stacked[f"{a}, at once"] - stacked[f"{a}, layer by layer"] for a in ("sigmoid", "gelu"))
activation_gain = stacked["sigmoid, layer by layer"] - stacked["gelu, at once"]
switch_gain = stacked["sigmoid, at once"] - stacked["gelu, at once"]
Markdown(
    f"**What to notice.** With logistic units, layer by layer gains {old_gain:.1f}: {stacked['sigmoid, layer by layer']:.1f} instead of {stacked['sigmoid, at once']:.1f} (standard deviations {stacked_errors['sigmoid, layer by layer'].std():.1f} and {stacked_errors['sigmoid, at once'].std():.1f}). "
    f"But exchanging them for GELU, and training at once, gains {switch_gain:.1f}: *at once*, GELU ({stacked['gelu, at once']:.1f}) beats logistic units layer by layer by {activation_gain:.1f}. And with GELU, layer by layer gains {new_gain:.1f} more. "
    "That is *this* setting: three layers, one learning rate, six epochs and two starts. In 2006 networks were deeper, and their halves were untied for the fine-tuning; exercise 4 gives each way a rate of its own."
)

# %% tags=["nbval-check-output"]
claim("Both ways took as many epochs.", ways["layer by layer"] + len(stages), "==", ways["at once"])
claim("With logistic units, training layer by layer is better.", old_gain, ">", 3)
claim("With GELU, it gains less than half as much.", new_gain, "<", 0.5 * old_gain)
claim("GELU at once is better than logistic units layer by layer.", activation_gain, ">", 5)

# %% [markdown]
# ## Saving
#
# A tied model in a file must come back tied: with one kernel, not two equal ones that then go separate ways. We save the trained network, load it, compare, and train it on. If it is still tied, its outputs are those of an untied twin with transposed copies of *its* kernels.


# %%
def twin_of(model):
    """An untied network that computes the same as the tied 784-128-32 network `model`."""
    W1, b1, W2, b2, b3, b4 = model.get_weights()
    twin = builders["untied"]()
    twin.set_weights([W1, b1, W2, b2, W2.T, b3, W1.T, b4])
    return twin


def largest_gap(model, other):
    """The largest difference between pixels that two networks make of the same images."""
    return np.abs(model.reconstruct(x_some[:500]) - other.reconstruct(x_some[:500])).max()


# %%
with tempfile.TemporaryDirectory() as folder:
    networks["tied"].save(Path(folder, "tied.keras"))
    reloaded = keras.saving.load_model(Path(folder, "tied.keras"))
reload_gap = largest_gap(reloaded, networks["tied"])
start_again(reloaded, lambda: reloaded, SEED)  # same weights; the optimiser begins anew
train(reloaded, x_medium, epochs=1, rate=0.01, name="trained on")
trained_gap = largest_gap(reloaded, networks["tied"])
still_tied_gap = largest_gap(reloaded, twin_of(reloaded))
Markdown(
    f"**What to notice.** The reloaded network's outputs differ from the saved one's by {reload_gap:.0e} at most. After one more epoch they differ by {trained_gap:.2f}, "
    f"so its weights have changed, and from those of its own untied twin by {still_tied_gap:.0e}: still one kernel, used twice."
)

# %% tags=["nbval-check-output"]
claim("A saved and reloaded tied network computes the same.", reload_gap, "<", 1e-05)
claim("It has as many parameters as before.", reloaded.count_params(), "==", networks["tied"].count_params())
claim("Trained on, it changes, ...", trained_gap, ">", 0.05)
claim("... and is still tied.", still_tied_gap, "<", 1e-05)

# %% [markdown]
# ## A failure experiment: shared, saved, refused
#
# Plain Keras can share a layer without any class of ours: call the same layer twice. (It can't transpose, so the shared kernel must be square here.) If the layer sits in an encoder *and* in a decoder that are models of their own, everything seems to work: it trains, and it saves without a word.


# %%
def share_a_layer():
    """784-32-32-32-784, whose second and third layer are one."""
    shared = layers.Dense(LATENT_DIM, "gelu")
    first = [layers.Flatten(), layers.Dense(LATENT_DIM, "gelu")]
    last = [layers.Dense(784, "sigmoid"), layers.Reshape((28, 28, 1))]
    encoder = keras.Sequential([keras.Input((28, 28, 1)), *first, shared])
    return keras.Sequential([encoder, keras.Sequential([keras.Input((LATENT_DIM,)), shared, *last])])


nested = share_a_layer()
untrained_error = squared_error(x_some, nested.predict(x_some, verbose=0)).mean()
train(nested, x_medium, epochs=2, rate=0.01, name="nested")
trained_error = squared_error(x_some, nested.predict(x_some, verbose=0)).mean()

# %%
loading_error = "none"
with tempfile.TemporaryDirectory() as folder:
    nested.save(Path(folder, "shared.keras"))
    file_exists = Path(folder, "shared.keras").stat().st_size > 0
    try:
        keras.saving.load_model(Path(folder, "shared.keras"), compile=False)
    except ValueError as error:
        loading_error = str(error)
    built_again = share_a_layer()
    built_again.load_weights(Path(folder, "shared.keras"))
rescue_gap = np.abs(built_again.predict(x_some, verbose=0) - nested.predict(x_some, verbose=0)).max()
Markdown(
    f"**What to notice.** The error fell from {untrained_error:.0f} to {trained_error:.1f}, and a file was written. Loading it ends with: "
    f"*{loading_error.split('.')[0]}.* The file holds the shared weights once. Loading rebuilds encoder and decoder apart, with a layer each, and looks for them twice. "
    f"They are not lost: if you still have the code, build the network again and call `load_weights` (largest difference of a pixel: {rescue_gap:.0e}). With the file alone you are stuck, and you notice when you need the model again. So save a model, load it, and compare, *before* the long training. (`Autoencoder` and `TiedDense` of this course keep the tie; our inline `Mirror` is not made for saving.)"
)

# %% tags=["nbval-check-output"]
claim("The nested model learns, ...", trained_error, "<", 0.5 * untrained_error)
claim("... and is saved without a complaint.", int(file_exists), "==", 1)
claim("But `load_model` refuses it.", int("could not be loaded" in loading_error), "==", 1)
claim("The code that built it can get the weights back.", rescue_gap, "<", 1e-05)

# %% [markdown]
# The other failure makes no noise at all: a decoder that is *initialised* with the transposed kernels and then trained apart. It looks tied on the first day. How long does that last?

# %%
tied_start = builders["tied"]()
copied = twin_of(tied_start)


def drift(model):
    """How far each decoder kernel is from the transposed encoder kernel, relative to its length."""
    W1, _, W2, _, W3, _, W4, _ = model.get_weights()
    return [np.linalg.norm(there - back.T) / np.linalg.norm(back) for there, back in ((W1, W4), (W2, W3))]


drifts = {"before": drift(copied)}
for epoch in (1, 2):
    train(copied, x_medium, epochs=1, rate=0.01, name=f"not really tied, epoch {epoch}")
    last_rate = float(copied.optimizer.learning_rate)
    drifts[f"after {epoch}"] = drift(copied)
drifts = pd.DataFrame(drifts, index=["W₁ and W₄ᵀ", "W₂ and W₃ᵀ"]).T.rename_axis("epochs of training")
drifts.round(2)

# %%
Markdown(
    f"**What to notice.** After two epochs over 10,000 images, the decoder's kernels are {drifts.iloc[2].min():.0%} to {drifts.iloc[2].max():.0%} of their length away from the transposed encoder's. "
    f"The number of parameters would have told at once: {copied.count_params():,} instead of {tied_start.count_params():,}."
)

# %% tags=["nbval-check-output"]
claim(
    "A decoder that was only initialised as the transpose is no transpose after two epochs.",
    drifts.iloc[2].min(),
    ">",
    0.3,
)
claim("The learning rate has come down again at the end of the second one.", last_rate, "<", 0.1 * 0.01)
claim(
    "Its number of parameters tells: about twice as many.",
    copied.count_params(),
    ">",
    1.9 * tied_start.count_params(),
)

# %% [markdown]
# ## What we showed
#
# Each sentence was checked where it stands, with a margin that was measured over several seeds. The answers to the two questions at the top, once more:

# %% tags=["nbval-check-output"]
claim("Tying halves the parameters.", 0.5, "<", share["parameters"], "<", 0.52)
claim(
    "It costs less than a tenth on many images, ...",
    many_gap,
    "<",
    0.1 * compared.loc[(many, "untied"), "test error, mean"],
)
claim("... helps on few, ...", few_gap, "<", -few_chance)
claim(
    "... and is better than saving as many parameters with fewer neurons.", max(narrow_gaps.values()), "<", -1
)
claim(
    "The decoder need not mirror the encoder: one other shape is as good here, to 10 %, another better.",
    relative["convolutional encoder"],
    "<",
    -0.05,
)

# %% [markdown]
# ## Exercises
#
# 1. *(a minute)* A network 784-500-100-10, untied and tied: how many parameters? Calculate first, then ask Keras.
# 2. *(ten minutes)* Train the tied network at five times its best rate. What does it give back, and what do its hidden units do?
# 3. *(twenty minutes)* Train tied and untied for ten epochs on the 55,000 images, five times each. Does the untied network get ahead, now that it has the time?
# 4. *(half an hour)* Layer by layer, with ten times the epochs, and with the best of three rates for each way. What is left of the gain?
# 5. *(open)* Between tied and untied there is a road: a penalty on ‖W − Vᵀ‖² that pulls the decoder's kernel V towards the encoder's. Build it. Is there a strength that beats both ends, on 1,000 images or on 5,000?

# %% [markdown]
# ## Where it comes from
#
# - Vincent, Larochelle, Lajoie, Bengio and Manzagol 2010, *Stacked denoising autoencoders*, JMLR 11:3371: tied weights in deep stacks.
# - Hinton and Salakhutdinov 2006, *Reducing the dimensionality of data with neural networks*, Science 313:504: layer by layer, unrolled to a mirror image, then untied and fine-tuned.
# - Bengio, Lamblin, Popovici and Larochelle 2007, *Greedy layer-wise training of deep networks*, NIPS 19.
# - Glorot and Bengio 2010, *Understanding the difficulty of training deep feedforward neural networks*, AISTATS: why logistic units made it hard.
# - Baldi and Hornik 1989, *Neural networks and principal component analysis*, Neural Networks 2:53. Bourlard and Kamp 1988, *Auto-association by multilayer perceptrons and singular value decomposition*, Biological Cybernetics 59:291.
#
# **Before:** [03 A recommender from movie embeddings](03_recommender.ipynb)
