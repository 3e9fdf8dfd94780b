# %% [markdown]
# # 04a Tied weights in depth
#
# Lesson 04 says that a decoder need not mirror its encoder, and when it pays that it does. What does sharing a kernel do to its learning, where else does it occur, and how can it be lost?
#
# **You will**
# - prove in three lines that linear and tied means orthonormal, so PCA, and watch it happen,
# - ask what encoder and decoder want of the kernel that they share,
# - tie convolutions, train layer by layer as in 2006, and rescue weights from a file that won't load.
#
# **Before you start:** [04 Tied weights](../04_tied_weights.ipynb). [01 Dimensionality reduction](../01_dimensionality_reduction.ipynb) explains PCA, [01a](01a_pca_and_autoencoders.ipynb) the angles between planes.
#
# **Time:** MINUTES to read, SECONDS to run.

# %% [markdown]
# ## Setup
#
# The recipe of lesson 04: Adam in batches of 125, with a rate that rises during 30 % of the steps and then falls to 0. Here a callback sets it, so that one compiled model can be trained several times, for different numbers of steps.

# %%
import logging
import math
import tempfile
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pandas as pd
from keras import layers, ops
from scipy.linalg import subspace_angles
from sklearn.decomposition import PCA

from ae_helpers import plots
from ae_helpers.claims import claim
from ae_helpers.data import load_mnist
from ae_helpers.layers import TiedConv2DTranspose, TiedDense
from ae_helpers.metrics import squared_error
from ae_helpers.models import (
    Autoencoder,
    conv_autoencoder,
    dense_autoencoder,
    tied_autoencoder,
)
from ae_helpers.plots import show
from ae_helpers.splits import watch_splits

SEED = 0
STARTS = [2 * SEED, 2 * SEED + 1]
keras.utils.set_random_seed(SEED)
logging.getLogger("tensorflow").setLevel(logging.ERROR)  # no advice on speed


# %%
def train(model, x, rate, steps):
    """Fit to (x, x); a model that was trained before keeps its weights."""
    if not model.compiled:
        adam = keras.optimizers.Adam(beta_2=0.98)
        model.compile(adam, loss="mse", steps_per_execution=8)
    for variable in model.optimizer.variables:
        variable.assign(ops.zeros_like(variable))  # Adam forgets what came before

    def set_rate(batch, logs):
        done = int(model.optimizer.iterations) / steps
        up, down = done / 0.3, 0.5 + 0.5 * math.cos(math.pi * (done - 0.3) / 0.7)
        model.optimizer.learning_rate = rate * max(up if done < 0.3 else down, 0.02)

    follow = keras.callbacks.LambdaCallback(on_train_batch_begin=set_rate)
    model.fit(
        x, x, batch_size=125, epochs=steps * 125 // len(x), verbose=0,
        callbacks=[follow],
    )  # fmt: skip
    return model


def error(model):
    return squared_error(x_test, model.reconstruct(x_test)).mean()


x_train, x_valid, x_test = [images for images, labels in load_mnist()]
x_test = x_test[:2000]
splits = watch_splits(train=x_train, valid=x_valid, test=x_test)
x_medium = x_train[:11_000].copy()  # 88 batches
mean_error = squared_error(
    x_test, np.broadcast_to(x_train.mean(axis=0), x_test.shape)
).mean()

# %% [markdown]
# ## Linear and tied is PCA
#
# Take all activations away. A linear autoencoder finds the plane of PCA; for *untied* networks, Baldi and Hornik (1989) showed that all other points at which training could come to rest are saddles. But an untied one may describe that plane by any basis: the encoder may stretch a number of the code by ten, if the decoder shrinks it by ten.
#
# A tied one can't. Let the pictures have mean 0 and covariance $C$, and the code be $z = x W$, with $\hat x = z W^\top$. The loss is
#
# $$L = \operatorname{tr} C - 2 \operatorname{tr} A + \operatorname{tr} (A G), \qquad A = W^\top C W, \quad G = W^\top W.$$
#
# 1. Where training rests, the gradient is 0: $2 C W = C W G + W A$.
# 2. Multiply by $W^\top$ from the left: $2 A = A G + G A$. With $G = I + D$ this says $A D = - D A$.
# 3. $A$ has positive eigenvalues $\lambda_i$ (as long as no number of the code is constant). In its own basis, line 2 reads $(\lambda_i + \lambda_j) D_{ij} = 0$. So $D = 0$: $W^\top W = I$.
#
# The columns of $W$ have length 1 and stand at right angles, though nobody asked for it. And then $L = \operatorname{tr} C - \operatorname{tr} A$, which is smallest on PCA's plane.
#
# **Predict:** will both networks find the plane? Whose $W^\top W$ is the identity?

# %%
pca = PCA(32, svd_solver="covariance_eigh").fit(x_train.reshape(-1, 784))
pca_hat = pca.inverse_transform(pca.transform(x_test.reshape(-1, 784)))
pca_error = squared_error(x_test, pca_hat.reshape(x_test.shape)).mean()
x_train = ops.convert_to_tensor(x_train)  # once, so that no `fit` copies it
linear = {
    "untied": dense_autoencoder(32, (), output_activation=None),
    "tied": tied_autoencoder(32, (), output_activation=None),
}
for model in linear.values():
    train(model, x_train, rate=0.01, steps=880)
untied, tied = (model.get_weights() for model in linear.values())
reads = {"untied": untied[0], "tied": tied[0]}  # (784, 32)
draws = {"untied": untied[2].T, "tied": tied[0]}

# %%
angles = {
    name: np.sort(np.degrees(subspace_angles(draws[name], pca.components_.T)))
    for name in linear
}
show(
    plots.plot_lines(
        {name: (np.arange(1, 33), values) for name, values in angles.items()},
        xlabel="principal angle, the smallest first",
        ylabel="degrees",
        title="From PCA's plane to those of two linear autoencoders",
    ),
    alt="Two curves of 32 angles: nearly all near 0, the last ones higher.",
)
gram = {name: (W.T @ W)[None] for name, W in reads.items()}
show(
    plots.plot_signed_images(gram, label="entry of WᵀW", image_inches=2.4),
    alt="Two tables of 32 by 32 cells. Untied: an uneven diagonal and stains beside "
    "it. Tied: an even diagonal, and nothing else.",
)

# %% tags=["nbval-check-output"]
off = {name: np.abs(W.T @ W - np.eye(32)).max() for name, W in reads.items()}
linear_error = {name: error(model) / pca_error for name, model in linear.items()}
claim("PCA costs 13.6 on these digits", 13.5, "<", pca_error, "<", 13.7)
claim("Both linear networks are level with it", 0.99, "<", min(linear_error.values()),
      "<=", max(linear_error.values()), "<", 1.03)  # fmt: skip
smallest = min(values[0] for values in angles.values())
most = max(np.quantile(values, 0.75) for values in angles.values())
claim("Most of their angles are below 5 degrees, none is 0",
      0.05, "<", smallest, "<=", most, "<", 5)  # fmt: skip
claim("Tied, the kernel is orthonormal", off["tied"], "<", 0.02)
claim("Untied, it is not", off["untied"], ">", 0.1)

# %% [markdown]
# **What to notice.** Both are at PCA's error; only the directions along which digits vary least are not settled yet. Even a tied basis need not be PCA's own: turned within the plane, it serves as well.

# %% [markdown]
# ## One kernel, two masters
#
# A shared kernel's gradient is, by the chain rule, the sum of two: what the encoder wants of it, and what the decoder wants, transposed. An untied twin with transposed copies of the kernels shows both apart.
#
# **Predict:** do the two want the same? The opposite?


# %%
def copied(tied_weights):
    """Weights of an untied network that computes what the tied one does."""
    W1, b1, W2, b2, b3, b4 = tied_weights
    return [W1, b1, W2, b2, W2.T, b3, W1.T, b4]


def step(model):
    """What a step of plain gradient descent changes in each weight."""
    before = model.get_weights()
    model.train_on_batch(x_train[:2000], x_train[:2000])
    return [new - old for new, old in zip(model.get_weights(), before, strict=True)]


def cosine(a, b):
    return (a * b).sum() / np.linalg.norm(a) / np.linalg.norm(b)


student = tied_autoencoder(32, (128,))
same, twin = tied_autoencoder(32, (128,)), dense_autoencoder(32, (128,))
for model in (same, twin):
    model.compile(keras.optimizers.SGD(1.0), loss="mse")
student.compile(keras.optimizers.Adam(0.005), loss="mse", steps_per_execution=11)
history, off_sum = [], []
for steps in (0, 11, 22, 44, 88, 176, 352):
    if steps:
        more = x_train[125 * (steps // 2 if steps > 11 else 0) : 125 * steps]
        student.fit(more, more, batch_size=125, verbose=0)
    same.set_weights(student.get_weights())
    twin.set_weights(copied(student.get_weights()))
    tied_step, (d1, _, d2, _, d3, _, d4, _) = step(same), step(twin)
    off_sum.append(np.abs(tied_step[0] - d1 - d4.T).max() / np.abs(tied_step[0]).max())
    lengths = np.linalg.norm(d1), np.linalg.norm(d4)
    history.append([cosine(d1, d4.T), cosine(d2, d3.T), lengths[1] / lengths[0]])
history = pd.DataFrame(
    history, columns=["$W_1$", "$W_2$", "decoder's / encoder's, $W_1$"],
    index=[0, 11, 22, 44, 88, 176, 352],
)  # fmt: skip

# %%
show(
    plots.plot_lines(
        {name: (history.index, history[name]) for name in ("$W_1$", "$W_2$")},
        xlabel="steps of training",
        ylabel="cosine of the two wishes",
        title="1: the same wish, 0: unrelated, -1: opposed",
    ),
    alt="Two curves of the cosine between both gradients over training.",
)
history.round(2)

# %% tags=["nbval-check-output"]
claim("The tied gradient is the sum of both", max(off_sum), "<", 1e-3)
cosines = history.iloc[:, :2]
claim("On the whole, their wishes are unrelated", cosines.mean().abs().max(), "<", 0.2)
claim("At no time are they opposed", cosines.min(axis=None), ">", -0.4)
longer = history.iloc[:, 2].mean()
claim("For the large kernel, the decoder's is longer", longer, ">", 1)

# %% [markdown]
# **What to notice.** The two wishes are neither the same nor opposed: their cosine stays near 0, but for a moment at the start, when both want the small kernel to grow in the same direction. One kernel serves two masters who ask for different things, and each gets most of what it asks for.

# %% [markdown]
# ## Convolutions
#
# A convolution can be run backwards, too: a transposed convolution takes a kernel of the same shape. Here each layer of the decoder is tied to its partner in the encoder, the code's dense layer included.


# %%
def tied_convolutional():
    """`conv_autoencoder(32, (4, 8))` with tied weights."""
    options = {"strides": 2, "padding": "same", "activation": "gelu"}
    first, second = (layers.Conv2D(n, 3, **options) for n in (4, 8))
    code = layers.Dense(32)
    start, end = keras.Input((28, 28, 1)), keras.Input((32,))
    encoder = keras.Sequential([start, first, second, layers.Flatten(), code])
    back = [
        TiedDense(code, "gelu"),
        layers.Reshape((7, 7, 8)),
        TiedConv2DTranspose(second, "gelu"),
        TiedConv2DTranspose(first, "sigmoid"),
    ]
    return Autoencoder(encoder, keras.Sequential([end, *back]))


convolutional = {
    "untied": conv_autoencoder(32, (4, 8)),
    "tied": tied_convolutional(),
}
for model in convolutional.values():
    train(model, x_medium, rate=0.03, steps=440)
table = pd.DataFrame(
    {
        name: {"parameters": model.count_params(), "test error": error(model)}
        for name, model in convolutional.items()
    }
).T
table.round(1)

# %% tags=["nbval-check-output"]
spared = np.subtract(*table["parameters"])
weights = convolutional["tied"].encoder.get_weights()
kernels = sum(weight.size for weight in weights if weight.ndim > 1)
claim("Convolutions can be tied as well: no kernel twice", spared, "==", kernels)
claim("Both learn far more than the mean image",
      table["test error"].max(), "<", 0.5 * mean_error)  # fmt: skip

# %% [markdown]
# **What to notice.** Tying works for convolutions, too. Which of them is better would take a rate for each, and longer trainings.

# %% [markdown]
# ## Layer by layer, as around 2006
#
# Deep networks were hard to train then. So people trained one layer at a time: the first as a small tied autoencoder of the images, the second as an autoencoder of the first one's outputs, and so on. In the end all were stacked and **fine-tuned** together (Hinton and Salakhutdinov 2006 with Boltzmann machines, Bengio and others 2007 with autoencoders).
#
# Is it still worth it? A tied network 784-128-64-16, 528 steps in all: at once; or 88 for each of three layers, and 264 together. The rate is 0.01 for all. Both ways with logistic units, as in 2006, and with GELU.
#
# **Predict:** with which units does it gain?


# %%
def stages_of(model):
    """Each dense layer of the encoder, and a model of it and its mirror."""
    forward = [x for x in model.encoder.layers if isinstance(x, layers.Dense)]
    backward = [x for x in model.decoder.layers if isinstance(x, TiedDense)][::-1]
    return [
        (there, keras.Sequential([keras.Input((there.kernel.shape[0],)), there, back]))
        for there, back in zip(forward, backward, strict=True)
    ]


def at_once(model, stages):
    train(model, x_medium, rate=0.01, steps=528)


def layer_by_layer(model, stages):
    x = x_medium.reshape(-1, 784)
    for layer, stage in stages:
        train(stage, x, rate=0.01, steps=88)
        x = ops.convert_to_numpy(layer(x))
    train(model, x_medium, rate=0.01, steps=264)


stacked, steps_done = {}, {}
for units in ("sigmoid", "gelu"):
    model = tied_autoencoder(16, (128, 64), activation=units)
    stages = stages_of(model)
    for way in (at_once, layer_by_layer):
        name = f"{units}, {way.__name__.replace('_', ' ')}"
        stacked[name] = []
        for start in STARTS:
            keras.utils.set_random_seed(start)
            fresh = tied_autoencoder(16, (128, 64), activation=units)
            model.set_weights(fresh.get_weights())
            way(model, stages)
            stacked[name].append(error(model))
        used = [m for m in (model, *(stage for _, stage in stages)) if m.compiled]
        steps_done[name] = sum(int(m.optimizer.iterations) for m in used)
show(
    plots.plot_spread(
        {"784-128-64-16, 528 steps": stacked}, xlabel="squared error per test image"
    ),
    alt="Four rows of dots: sigmoid at once, sigmoid layer by layer, GELU at once, "
    "GELU layer by layer; the first two far apart, the last two ahead and close "
    "together.",
)

# %% tags=["nbval-check-output"]
old_once, old_layers, new_once, new_layers = stacked.values()
claim("All four take as many steps", np.ptp(list(steps_done.values())), "==", 0)
claim("Chance moves all four", min(map(np.ptp, stacked.values())), ">", 0.001)
claim("Logistic units: layer by layer gains", max(old_layers), "<", 0.9 * min(old_once))
claim("GELU at once is better than that", max(new_once), "<", 0.9 * min(old_layers))
claim("With GELU, layer by layer changes little",
      0.85, "<", np.mean(new_layers) / np.mean(new_once), "<", 1.08)  # fmt: skip

# %% [markdown]
# **What to notice.** With logistic units, layer by layer gains much, as it did in 2006. Exchanging them for GELU gains more. And with GELU there is little left to gain, for as many steps. That is *this* setting: three layers, one rate, two trainings. In 2006 networks were deeper, and their halves were untied for the fine-tuning.

# %% [markdown]
# ## A failure experiment: shared, saved, refused
#
# Plain Keras can share a layer without any class of ours: call it twice. (It can't transpose, so the shared kernel is square here.) If the layer sits in an encoder *and* in a decoder that are models of their own, it trains, and saves without a word.


# %%
def parts():
    """784-32-32-32-784, whose second and third layer are one."""
    shared = layers.Dense(32, "gelu")
    first = [layers.Flatten(), layers.Dense(32, "gelu")]
    last = [layers.Dense(784, "sigmoid"), layers.Reshape((28, 28, 1))]
    return first, shared, last


def nested_model():
    first, shared, last = parts()
    encoder = keras.Sequential([keras.Input((28, 28, 1)), *first, shared])
    decoder = keras.Sequential([keras.Input((32,)), shared, *last])
    return keras.Sequential([encoder, decoder])


def flat_model():
    first, shared, last = parts()
    x = h = keras.Input((28, 28, 1))
    for layer in (*first, shared, shared, *last):
        h = layer(h)
    return keras.Model(x, h)


def apart(model, name):
    """How far a model's pixels are from those of the one that was saved, at most."""
    a, b = (m.predict(x_test[:500], verbose=0) for m in (model, models[name]))
    return np.abs(a - b).max()


folder = tempfile.TemporaryDirectory()
models = {"nested": nested_model(), "flat": flat_model()}
files, refusals = {}, {}
for name, model in models.items():
    train(model, x_medium, rate=0.01, steps=88)
    files[name] = Path(folder.name, f"{name}.keras")
    model.save(files[name])
    try:
        reloaded = keras.saving.load_model(files[name], compile=False)
        refusals[name] = "none"
    except ValueError as refusal:
        refusals[name] = str(refusal).split(".")[0]
pd.Series(refusals, name="what load_model says").to_frame()

# %% [markdown]
# **The cure** is one flat functional model: each layer is called as often as needed, and stands in the file once. The trained weights of the nested one are not lost either. A `.keras` file is a zip: a description of the layers, and an HDF5 file with the weights.

# %%
with zipfile.ZipFile(files["nested"]) as archive:
    print(*archive.namelist())
    archive.extract("model.weights.h5", folder.name)
shapes = []
with h5py.File(Path(folder.name, "model.weights.h5")) as weights:
    weights["layers"].visititems(
        lambda name, item: shapes.append(item.shape) if hasattr(item, "shape") else None
    )
print(*shapes)
rescued = nested_model()
untrained = apart(rescued, "nested")
rescued.load_weights(files["nested"])

# %% tags=["nbval-check-output"]
saved = sum(math.prod(shape) for shape in shapes)
rescue_gap, flat_gap = apart(rescued, "nested"), apart(reloaded, "flat")
train(reloaded, x_medium, rate=0.01, steps=88)
moved = apart(reloaded, "flat")
claim("The nested model is refused", len(refusals["nested"]), ">", len("none"))
claim("Its file holds each weight once", saved, "==", models["nested"].count_params())
claim("The code that built it gets them back", rescue_gap, "<", 1e-5, "<", untrained)
claim("The flat one comes back the same", flat_gap, "<", 1e-5, "<", moved)
claim("... and as one kernel",
      reloaded.count_params(), "==", models["nested"].count_params())  # fmt: skip
folder.cleanup()
splits.check()

# %% [markdown]
# **What to notice.** Loading builds encoder and decoder apart, each with a layer of its own, and looks for the shared weights twice. With the code that built the model, `load_weights` gets them back; with the file alone, the HDF5 file is left. So save, load and compare *before* a long training. (`Autoencoder` and `TiedDense` of this course keep the tie, as lesson 04 shows.)

# %% [markdown]
# ## Where it comes from
#
# - Baldi and Hornik 1989, *Neural networks and principal component analysis: learning from examples without local minima*, Neural Networks 2:53: about two linear layers whose kernels are free, so untied. Bourlard and Kamp 1988, *Auto-association by multilayer perceptrons and singular value decomposition*, Biological Cybernetics 59:291.
# - Hinton and Salakhutdinov 2006, *Reducing the dimensionality of data with neural networks*, Science 313:504: layer by layer, unrolled to a mirror image, then untied and fine-tuned.
# - Bengio, Lamblin, Popovici and Larochelle 2007, *Greedy layer-wise training of deep networks*, NIPS 19. Glorot and Bengio 2010, *Understanding the difficulty of training deep feedforward neural networks*, AISTATS.
# - Vincent, Larochelle, Lajoie, Bengio and Manzagol 2010, *Stacked denoising autoencoders*, JMLR 11:3371.
