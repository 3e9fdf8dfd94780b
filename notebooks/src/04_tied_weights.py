# %% [markdown]
# # 04 Tied weights
#
# Must the decoder mirror the encoder?
#
# ![Test error against the number of training digits, for an untied, a tied and a narrow untied network, after a short and after a long training](images/04.png)
#
# **You will**
# - write a layer that runs another one backwards, with the same weights,
# - see when such a *tied* decoder helps, and when it costs,
# - try decoders that are no mirror image.
#
# **Before you start:** [00 What is an autoencoder?](00_what_is_an_autoencoder.ipynb)
#
# **Time:** MINUTES to read, SECONDS to run.

# %% [markdown]
# ## Setup
#
# One recipe for all networks on digits: Adam on the squared error, 440 batches of 125 (one pass over 55,000 digits, many over few). The learning rate rises during the first 30 % of these steps, then falls to 0. Each network has its own peak rate, chosen on validation digits from fifteen trainings for each rate.

# %%
import logging
import tempfile
from pathlib import Path

import keras
import numpy as np
import pandas as pd
from keras import layers, ops
from sklearn.decomposition import PCA

from ae_helpers import plots
from ae_helpers.claims import claim
from ae_helpers.data import load_mnist, load_table
from ae_helpers.metrics import squared_error
from ae_helpers.models import Autoencoder, dense_autoencoder, tied_autoencoder
from ae_helpers.plots import show
from ae_helpers.splits import watch_splits

SEED = 0
STARTS = [3 * SEED, 3 * SEED + 1, 3 * SEED + 2]  # of three trainings each
keras.utils.set_random_seed(SEED)
logging.getLogger("tensorflow").setLevel(logging.ERROR)  # no advice on speed


# %%
def train(model, x, rate, steps=440):
    """Fit to (x, x); a model that was trained before keeps its weights."""
    if not model.compiled:
        schedule = keras.optimizers.schedules.CosineDecay(
            rate / 50, 0.7 * steps, warmup_target=rate, warmup_steps=0.3 * steps
        )
        adam = keras.optimizers.Adam(schedule, beta_2=0.98)
        model.compile(adam, loss="mse", steps_per_execution=11)
    for variable in model.optimizer.variables:
        variable.assign(ops.zeros_like(variable))  # Adam forgets what came before
    model.fit(x, x, batch_size=125, epochs=steps * 125 // len(x), verbose=0)
    return model


# %% [markdown]
# ## The idea in the small: one kernel, used twice
#
# Most drawings of autoencoders are symmetric: layer for layer, the decoder has the encoder's sizes in reverse. Nothing demands it, unless decoder and encoder *share* their weights. A dense layer from $a$ to $b$ numbers multiplies by a **kernel** $W$ of $a \times b$ numbers. Its transpose $W^\top$ leads back, from $b$ to $a$:
#
# $$h = \varphi(x W_1 + b_1), \quad z = h W_2 + b_2, \qquad \hat h = \varphi(z W_2^\top + b_3), \quad \hat x = \sigma(\hat h W_1^\top + b_4)$$
#
# ($\varphi$: GELU, $\sigma$: sigmoid, $x$: a row.) Such a decoder is **tied**. Its sizes *must* be mirrored; only the biases are its own. In an untied one, $W_3$ and $W_4$ take the places of $W_2^\top$ and $W_1^\top$.

# %%
bars = {"x": 784, "h": 128, "code z": 32, "ĥ": 128, "x̂": 784}
names = ["$W_1$", "$W_2$", "$W_3$", "$W_4$"]
figure = plots.plot_architecture(bars, kernels=names, title="Untied: four kernels")
show(figure, alt="Five bars of 784, 128, 32, 128 and 784 values, and four kernels.")
names[2:] = r"$W_2^\top$", r"$W_1^\top$"
title, ties = "Tied: two kernels, each used twice", [(0, 3), (1, 2)]
figure = plots.plot_architecture(bars, kernels=names, ties=ties, title=title)
show(figure, alt="The same bars; brackets join the first kernel with the last, and "
     "the second with the third: they are the same.")  # fmt: skip

# %% [markdown]
# A tied layer takes the kernel of the layer that it mirrors, each time it computes.


# %%
class Mirror(layers.Layer):
    """Runs a Dense layer backwards, with the same kernel."""

    def __init__(self, source, activation=None):
        super().__init__()
        self.source, self.activation = source, keras.activations.get(activation)

    def build(self, input_shape):
        units = self.source.kernel.shape[0]
        self.bias = self.add_weight(shape=(units,), initializer="zeros")

    def call(self, z):
        kernel = ops.transpose(self.source.kernel)
        return self.activation(ops.matmul(z, kernel) + self.bias)


# %% [markdown]
# The points near a horseshoe from [lesson 00](00_what_is_an_autoencoder.ipynb): two numbers, and a code of one, through eight hidden units.
#
# **Predict:** can a network bend along them, if it must draw with the same 24 numbers ($W_1$ and $W_2$) that it reads with?


# %%
def horseshoe(n, seed):
    """Points `(n, 2)` on a bent curve, and a little beside it."""
    rng = np.random.default_rng(seed)
    angle = rng.uniform(-2, 2, n)
    curve = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    return curve + rng.normal(0, 0.06, (n, 2))


points, new_points = horseshoe(11_000, SEED), horseshoe(300, SEED + 1000)
hidden, code = layers.Dense(8, "gelu"), layers.Dense(1)
small = {
    "untied": dense_autoencoder(1, (8,), output_activation=None, input_shape=(2,)),
    "tied": Autoencoder(
        keras.Sequential([keras.Input((2,)), hidden, code]),
        keras.Sequential([keras.Input((1,)), Mirror(code, "gelu"), Mirror(hidden)]),
    ),
}
drawn, rebuilt = {}, {}
for name, model in small.items():
    train(model, points, rate=0.02, steps=880)
    z = model.encode(new_points)
    rebuilt[name] = model.decode(z)
    drawn[name] = model.decode(np.linspace(z.min(), z.max(), 200)[:, None])

# %%
figure = plots.plot_projection(new_points, drawn, x_hat=rebuilt)
show(figure, alt="The same points twice; both networks draw a curve along them.")
untied_weights, tied_weights = (model.get_weights() for model in small.values())
kernels = {
    "untied, $W_1$": untied_weights[0],
    r"untied, $W_4^\top$": untied_weights[6].T,
    "tied, both": tied_weights[0],
}
kernels = {name: kernel[None] for name, kernel in kernels.items()}
figure = plots.plot_signed_images(kernels, label="weight", image_inches=1.6)
show(figure, alt="Three tables of two by eight coloured cells. The untied encoder's "
     "and decoder's differ; the tied network has only one.")  # fmt: skip

# %% tags=["nbval-check-output"]
line = PCA(1).fit(points)
straight = line.inverse_transform(line.transform(new_points))
loss = {
    name: np.square(new_points - x_hat).sum(axis=1).mean()
    for name, x_hat in {"straight": straight, **rebuilt}.items()
}
claim("Both bend: a tenth of a straight line's error, or less",
      max(loss["tied"], loss["untied"]), "<", 0.1 * loss["straight"])  # fmt: skip

# %% [markdown]
# **What to notice.** It can, here at a sixth more error. The untied network reads with other numbers ($W_1$) than it draws with ($W_4^\top$); nothing pairs their columns.

# %% [markdown]
# ## Half the parameters
#
# The package has `Mirror` as `TiedDense`, and whole networks as `tied_autoencoder`. With the same weights, ours must compute the same; so must an *untied* network whose decoder gets transposed copies. And after a step of training?

# %%
x_train, x_valid, x_test = [images for images, labels in load_mnist()]
splits = watch_splits(train=x_train, valid=x_valid, test=x_test)
x_train = ops.convert_to_tensor(x_train)  # once, so that no `fit` copies it
hidden, code = layers.Dense(128, "gelu"), layers.Dense(32)
pixels = [Mirror(code, "gelu"), Mirror(hidden, "sigmoid"), layers.Reshape((28, 28, 1))]
ours = Autoencoder(
    keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten(), hidden, code]),
    keras.Sequential([keras.Input((32,)), *pixels]),
)
builders = {
    "untied": lambda: dense_autoencoder(32, (128,)),
    "tied": lambda: tied_autoencoder(32, (128,)),
    "untied, narrow": lambda: dense_autoencoder(32, (64,)),
}
tied, twin = builders["tied"](), builders["untied"]()


def copied(tied_weights):
    """Weights of an untied network that computes what the tied one does."""
    W1, b1, W2, b2, b3, b4 = tied_weights
    return [W1, b1, W2, b2, W2.T, b3, W1.T, b4]


# %% tags=["nbval-check-output"]
rng = np.random.default_rng(SEED)
weights = [rng.normal(0, 0.1, w.shape) for w in tied.get_weights()]
models = {ours: weights, tied: weights, twin: copied(weights)}
pictures = []
for model, values in models.items():
    model.set_weights(values)
    model.compile(keras.optimizers.SGD(10.0), loss="mse")  # mse divides by 784
    pictures.append([model.reconstruct(x_test[:500])])
    model.train_on_batch(x_train[:500], x_train[:500])
    pictures[-1].append(model.reconstruct(x_test[:500]))
before, (by_ours, by_tied, by_twin) = zip(*pictures, strict=True)
claim("Our layer, the package's, and transposed copies: the same picture",
      np.ptp(before, axis=0).max(), "<", 1e-5)  # fmt: skip
claim("After a step of training ours and the package's still agree, the copies don't",
      np.abs(by_ours - by_tied).max(),
      "<", 1e-3 * np.abs(by_twin - by_tied).max())  # fmt: skip

# %% [markdown]
# So with equal weights, tied or not makes no difference. Tying is about what training may change.
#
# How many parameters? A pair of layers between $a$ and $b$ has kernels of $2ab$ numbers, tied only $ab$, and in both cases $a + b$ biases.


# %% tags=["nbval-check-output"]
def count(x, h, z, kernels):
    """Parameters of x-h-z-h-x, with so many kernels for each pair of layers."""
    return kernels * (x * h + h * z) + x + 2 * h + z


counts = pd.DataFrame(index=list(builders))
counts["formula"] = [
    count(784, 128, 32, kernels=2),
    count(784, 128, 32, kernels=1),
    count(784, 64, 32, kernels=2),
]
counts["count_params"] = [build().count_params() for build in builders.values()]
difference = (counts["formula"] - counts["count_params"]).abs().max()
claim("The formula counts what Keras counts", difference, "==", 0)
counts.map("{:,}".format)

# %% [markdown]
# **What to notice.** Tied, the network has 50.3 % of the parameters. *Untied, narrow* has only 64 hidden units, and about as many parameters: the fair opponent, if parameters must be saved. (Computing is not halved: each kernel is used twice.)

# %% [markdown]
# ## One curve
#
# Fewer parameters can fit less, but also *overfit* less. So it may depend on how many digits there are.
#
# **Predict**, without scrolling up: with 500 digits, which of the three comes out best on new ones? And with 55,000?
#
# We train each network three times, with other first weights, digits and order.

# %%
tuned = load_table("tied_rates").groupby(["data", "network", "rate"])["error"].mean()
best_rate = tuned.unstack().idxmin(axis=1)


def trainings(build, n, rate, starts=STARTS):
    """Trainings on n digits each: their test errors, and the last network."""
    model, errors = build(), []
    for start in starts:
        keras.utils.set_random_seed(start)
        model.set_weights(build().get_weights())
        x = x_train
        if n < 55_000:
            chosen = np.random.default_rng(start).permutation(55_000)[:n]
            x = ops.take(x_train, np.tile(chosen, 11_000 // n), axis=0)
        train(model, x, rate)
        errors.append(squared_error(x_test, model.reconstruct(x_test)).mean())
    return errors, model


# %%
sizes = {500: "1,000 images", 55_000: "55,000 images"}  # where rates were found
errors, networks = {}, {}
for n, data in sizes.items():
    for name, build in builders.items():
        rate = best_rate[data, name]
        errors[n, name], networks[n, name] = trainings(build, n, rate)
errors = pd.DataFrame(errors)

# %% [markdown]
# The rest comes from a table that `benchmarks/tied_curve.py` has written: 440 steps, and up to 5,280 while validation digits gain by it (for 500 they don't; fewer than 440 we did not try). Faint marks are trainings, black rings those that we have just done.

# %% tags=["readme"]
table = load_table("tied_curve")
setting = ["images", "network", "steps", "rate"]
table = table.groupby(setting).filter(lambda rows: len(rows) == 3)  # the chosen ones
short = table[table["steps"] == 440]
by_run = table.sort_values("steps").groupby(["images", "network", "start"])
long = by_run.last().reset_index()
panels = {
    title: {name: (rows["images"], rows["test error"])
            for name, rows in part.groupby("network", sort=False)}
    for title, part in {"440 steps": short, "up to 5,280, while it pays": long}.items()
}
figure = plots.plot_learning_curves(panels)
for (n, _), values in errors.items():
    figure.axes[0].plot([n] * 3, values, "o", color="black", fillstyle="none")
show(figure, alt="Error against 500 to 55,000 digits. After 440 steps tied is best "
     "with few and level with many. After more, untied leads with many.")  # fmt: skip

# %% tags=["nbval-check-output"]
mean = errors.mean()
by_table = short.groupby(["images", "network"])["test error"].mean()
off = mean / by_table.reindex(mean.index)
gap = {(n, name): mean[n, "tied"] / mean[n, name] for n, name in errors}
claim("Our own trainings lie on the table's curve, within 12 %",
      0.88, "<", off.min(), "<=", off.max(), "<", 1.12)  # fmt: skip
claim("Chance moves every error", errors.std().min(), ">", 0.001)
claim("500 digits: the tied network is ahead of both",
      max(gap[500, "untied"], gap[500, "untied, narrow"]), "<", 0.95)  # fmt: skip
claim("55,000 digits, one pass: level with the untied one, the narrow one is behind",
      0.92, "<", gap[55_000, "untied"], "<", 1.09,
      "<", 1.1, "<", 1 / gap[55_000, "untied, narrow"])  # fmt: skip

# %% [markdown]
# **What to notice.** With 500 digits the tied network leads (about 15 against 17; the axis is logarithmic), with 2,200 too, in both panels. Fewer numbers alone don't explain it: the narrow one has as few, and is last. On many digits both are level after 440 steps: what limits them is time.
# The right panel gives them time: from 11,000 digits on the untied network leads by a tenth or so. The narrow one stays behind the tied one everywhere. (There a single training chose between two rates; for 5,280 steps, where all still gain, all have 0.01.)

# %% [markdown]
# ## What they look like
#
# **Predict:** will you see from a digit which network rebuilt it?

# %%
rows = {
    f"{name}, {n:,}": networks[n, name].reconstruct(x_test[:9])
    for n in sizes for name in ("untied", "tied")
}
figure = plots.plot_reconstructions(x_test[:9], rows)
show(figure, alt="Nine test digits; ragged copies from 500, clear ones from 55,000.")

# %% [markdown]
# The 784 weights with which a hidden unit reads a digit are a picture, its **filter**. So are those with which it draws.

# %%
read, *_, draw, _ = networks[55_000, "untied"].get_weights()
both = networks[55_000, "tied"].get_weights()[0]
filters = {"untied, reads": read, "untied, draws": draw.T, "tied, both": both}
filters = {name: W.T[:9].reshape(-1, 28, 28) for name, W in filters.items()}
figure = plots.plot_signed_images(filters, label="weight")
show(figure, alt="Nine filters of each kind: speckle where the untied network reads, "
     "strokes and blots where it draws, strokes in the tied one.")  # fmt: skip

# %% [markdown]
# **What to notice.** From 500 digits, both draw ragged ones. From 55,000, you can't tell them apart. But inside they differ: the untied network draws with strokes and blots, and reads with speckle, some of it where digits hardly have ink (columns are not pairs). The tied one does both with the same pictures.

# %% [markdown]
# ## No mirror at all
#
# Without ties, a decoder may have any shape. Four networks with about 210,000 parameters and a code of 32, each with its own rate, one pass over 55,000 digits, two trainings:
#
# - *symmetric*: 784-128-32-128-784, the untied one from above,
# - *deep encoder*: 784-206-96-32, and straight back to 784,
# - *deep decoder*: 784 straight to 32, and back over 96 and 206,
# - *convolutional encoder*: two convolutions down to 7 × 7, but a dense decoder 32-240-784.
#
# **Predict:** which one wins?


# %%
def network(before_code, after_code):
    """An autoencoder with a code of 32 numbers between these layers."""
    start, end = keras.Input((28, 28, 1)), keras.Input((32,))
    pixels = [layers.Dense(784, "sigmoid"), layers.Reshape((28, 28, 1))]
    return Autoencoder(
        keras.Sequential([start, *before_code, layers.Flatten(), layers.Dense(32)]),
        keras.Sequential([end, *after_code, *pixels]),
    )


def dense(*units):
    return [layers.Dense(n, "gelu") for n in units]


def convolutions(*filters):
    options = {"strides": 2, "padding": "same", "activation": "gelu"}
    return [layers.Conv2D(n, 3, **options) for n in filters]


shapes = {
    "symmetric": builders["untied"],
    "deep encoder": lambda: network([layers.Flatten(), *dense(206, 96)], []),
    "deep decoder": lambda: network([], dense(96, 206)),
    "convolutional encoder": lambda: network(convolutions(4, 8), dense(240)),
}

# %%
by_shape = {"symmetric": list(errors[55_000, "untied"][:2])}
for name, build in list(shapes.items())[1:]:
    rate = best_rate["55,000 images", name]
    by_shape[name], _ = trainings(build, 55_000, rate, STARTS[:2])
by_shape = pd.DataFrame(by_shape)
shape_table = by_shape.agg(["mean", "min", "max"]).T.round(2)
shape_table["parameters"] = [build().count_params() for build in shapes.values()]
shape_table

# %% tags=["nbval-check-output"]
relative = by_shape.mean() / by_shape["symmetric"].mean()
claim("All have as many parameters, within 1 %",
      np.ptp(shape_table["parameters"]), "<", 2100)  # fmt: skip
claim("A convolutional encoder beats the mirror, a deep dense one is behind",
      0.75, "<", relative["convolutional encoder"], "<", 0.95,
      "<", 1.05, "<", relative["deep encoder"], "<", 1.55)  # fmt: skip

# %% [markdown]
# **What to notice.** Of the dense ones a deep decoder alone is about level, a deep encoder alone worse. The convolutional encoder is better, but by its convolutions or by its shape? Its own mirror could tell; it is not tried here. (For a single pass, and rates chosen by the mean, which failed trainings of the deep encoder spoil.)

# %% [markdown]
# ## A failure experiment: tied on the first day only
#
# A decoder that is *initialised* with the transposed kernels, and then trained like any other, looks tied on the first day.
#
# **Predict:** after one pass, are its kernels still close to the encoder's?

# %%
tied, loose = builders["tied"](), builders["untied"]()
loose.set_weights(copied(tied.get_weights()))
train(loose, x_train, best_rate["55,000 images", "untied"])
W1, W4 = loose.get_weights()[0], loose.get_weights()[6]
lengths = np.linalg.norm(W1, axis=0) * np.linalg.norm(W4, axis=1)
likeness = np.median((W1 * W4.T).sum(axis=0) / lengths)  # cosine, of the median unit

# %% [markdown]
# And a tied network in a file: does it come back as one kernel, or as two equal ones that then go separate ways? We save the one from above, load it, and train it on.

# %%
trained = networks[55_000, "tied"]
with tempfile.TemporaryDirectory() as folder:
    trained.save(Path(folder, "tied.keras"))
    reloaded = keras.saving.load_model(Path(folder, "tied.keras"))


def apart(other, model=reloaded):
    """The largest difference between pixels that two networks rebuild."""
    difference = model.reconstruct(x_test[:500]) - other.reconstruct(x_test[:500])
    return np.abs(difference).max()


# %% tags=["nbval-check-output"]
before = apart(trained)
train(reloaded, x_train[:11_000], None)  # compiled already: it keeps its rate
after = apart(trained)
twin.set_weights(copied(reloaded.get_weights()))
claim("Loose, a unit's two filters become less alike (cosine; tied: 1, unrelated: 0)",
      0.1, "<", likeness, "<", 0.5)  # fmt: skip
claim("Reloaded, a tied network is the same; trained on, it changes, and is still tied",
      max(before, apart(twin)), "<", 1e-4 * after)  # fmt: skip
splits.check()

# %% [markdown]
# **What to notice.** Relatives, no longer twins: nothing in the loss holds the two together. `count_params` would have told: 209,968 instead of 105,520. The network from the file is still tied: an untied twin with copies of its kernels computes the same, also after more training.

# %% [markdown]
# ## The answer
#
# **Must the decoder mirror the encoder?** No. A mirror is needed only where both share kernels. Untied, the decoder may have any shape. A dense mirror was not the best of four.
#
# **Does sharing pay?** It halves the parameters. With few digits the tied network leads, though an equally small untied one does not. With many it depends on patience: level after one pass, and behind when training goes on. And if parameters must be saved, sharing saves them better than leaving out hidden units.

# %% [markdown]
# ## Exercises
#
# Solved in [solutions/04](solutions/04.ipynb).
#
# 1. *(a minute)* A network 784-500-100-10 and back, untied and tied: how many parameters?
#    <details><summary>Hint</summary>Calculate first, then ask <code>count_params</code>.</details>
# 2. *(ten minutes)* `load_table("tied_rates")` holds fifteen trainings for each rate. At 0.04 the tied network's mean on 55,000 digits is 18.7, and its median 7.8. How can that be? Would you choose a rate by the mean or by the median?
#    <details><summary>Hint</summary>Draw a dot for each training, with <code>plots.plot_spread</code>.</details>
# 3. *(half an hour)* In 2006 networks were trained tied, then untied for the last mile. Train a tied network, copy its weights into an untied one, and go on at half the rate; compare with going on tied. On 500 digits, and on 55,000.
#    <details><summary>Hint</summary><code>copied</code> makes the weights. Compile anew for the new rate.</details>
# 4. *(open)* Between tied and untied there is a road: an untied network with a penalty on $\lVert W_1 - W_4^\top \rVert^2 + \lVert W_2 - W_3^\top \rVert^2$. Is there a strength that beats both ends?
#    <details><summary>Hint</summary>A subclass of <code>Autoencoder</code> can add to what its <code>compute_loss</code> returns. Try 0.00001 to 0.01, on 500 digits.</details>

# %% [markdown]
# ## Where it comes from
#
# - Vincent, Larochelle, Lajoie, Bengio and Manzagol 2010, *Stacked denoising autoencoders*, JMLR 11:3371: tied weights in deep stacks.
# - Hinton and Salakhutdinov 2006, *Reducing the dimensionality of data with neural networks*, Science 313:504: unrolled to a mirror image, then untied.
# - Press and Wolf 2017, *Using the output embedding to improve language models*, EACL: the same idea for words (`TiedEmbedding` in the package).
#
# **Before:** [03 A recommender from movie embeddings](03_recommender.ipynb). **Next:** [05 Anomalies](05_anomalies.ipynb). **Study:** [04a Tied weights in depth](studies/04a_tied_weights_in_depth.ipynb): PCA, gradients, convolutions, layer by layer, files that won't load. **Assignment:** [Tied and deep](../assignments/README.md).
