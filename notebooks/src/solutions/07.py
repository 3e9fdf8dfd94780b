# %% [markdown]
# # Solutions to 07 Sparse codes
#
# The exercises stand at the end of [07 Sparse codes](../07_sparse_codes.ipynb). Try them first. The numbers to expect are the outputs below; yours may differ in the last digit.

# %%
import logging

import keras
import numpy as np
import pandas as pd
from keras import layers, ops
from sklearn.decomposition import MiniBatchDictionaryLearning, SparseCoder

from ae_helpers import plots
from ae_helpers.claims import claim
from ae_helpers.data import load_mnist
from ae_helpers.layers import TopK
from ae_helpers.metrics import squared_error
from ae_helpers.models import Autoencoder, sparse_autoencoder
from ae_helpers.plots import show

SEED = 0
keras.utils.set_random_seed(SEED)
logging.getLogger("tensorflow").setLevel("ERROR")
(x_train, _), _, (x_test, y_test) = load_mnist()


# %%
def train(model, x, rate, epochs=1):
    """As in the lesson, but once through the digits."""
    falling = keras.optimizers.schedules.CosineDecay(rate, epochs * len(x) // 125)
    adam = keras.optimizers.Adam(falling)
    model.compile(adam, loss="mse", steps_per_execution=10)
    x = ops.convert_to_tensor(x)  # of an array, fit makes copies
    model.fit(x, x, batch_size=125, epochs=epochs, verbose=0)
    return model


START = {"mean_image": x_train.mean(axis=0)}
sparse = train(sparse_autoencoder(800, 25, **START), x_train, rate=0.003)

# %% [markdown]
# ## 1. One number, or four

# %%
BARS = np.zeros((8, 4, 4))
for i in range(4):
    BARS[i, i, :] = BARS[4 + i, :, i] = 1


def pictures(n, seed):
    """As in the lesson."""
    rng = np.random.default_rng(seed)
    two = rng.random((n, 8)).argsort(axis=1) < 2
    brightness = two * rng.uniform(0.2, 0.5, (n, 8))
    return (brightness @ BARS.reshape(8, 16)).astype("float32")


bars, new_bars = pictures(12_500, SEED), pictures(2000, SEED + 1000)
rows, on = {}, {}
for k in (1, 2, 4):
    encoder = keras.Sequential([keras.Input((16,)), layers.Dense(32), TopK(k)])
    draw = layers.Dense(16, kernel_constraint=keras.constraints.UnitNorm(axis=1))
    decoder = keras.Sequential([keras.Input((32,)), draw])
    model = train(Autoencoder(encoder, decoder), bars, rate=0.02, epochs=8)
    on[k] = model.encode(new_bars) > 0.001
    most = np.argsort(-on[k].sum(axis=0))[:8]
    rows[f"top {k}"] = model.decoder.get_weights()[0][most].reshape(-1, 4, 4)
figure = plots.plot_signed_images(rows, label="weight")
show(figure, alt="Top 1: blurred mixtures. Top 2: bars. Top 4: bars and mixtures.")

# %% tags=["nbval-check-output"]
awake = {k: used.any(axis=0).sum() for k, used in on.items()}
claim("With one number allowed, most are dead", awake[1], "<", 16)

# %% [markdown]
# If one number has to say it all, an atom should be a whole picture: a pair of bars. There are 28 pairs and 32 numbers, so it could be done (it would be clustering). But most numbers die at once, and the few that live share all pictures among them: blurred mixtures. With four there is room to spare, and the work is again shared in more than one way.

# %% [markdown]
# ## 2. Larger or smaller atoms?


# %%
def pixels(atoms):
    """Pixels that hold 90 % of an atom's square, the mean over atoms."""
    share = np.sort(np.square(atoms), axis=1)[:, ::-1].cumsum(axis=1)
    return ((share < 0.9 * share[:, -1:]).sum(axis=1) + 1).mean()


def roughness(atoms):
    """Mean square of steps from a pixel to the next one, by that of pixels."""
    steps = np.diff(atoms.reshape(-1, 28, 28), axis=2)
    return np.square(steps).sum() / np.square(atoms).sum()


sizes, rough, rows = {}, {}, {}
models = {25: sparse}
for k in (5, 100):
    models[k] = train(sparse_autoencoder(800, k, **START), x_train, rate=0.003)
for k, model in sorted(models.items()):
    often = np.argsort(-(model.encode(x_test[:2000]) > 0).mean(axis=0))[:200]
    atoms = model.decoder.get_weights()[0][often]
    sizes[k], rough[k] = pixels(atoms), roughness(atoms)
    rows[f"k = {k}"] = atoms[::20][:9].reshape(-1, 28, 28)
figure = plots.plot_signed_images(rows, label="weight")
show(figure, alt="Nine atoms each: whole digits at 5, pieces at 25, speckle at 100.")
pd.DataFrame({"pixels in an atom": sizes, "roughness": rough}).rename_axis("k").round(2)

# %% tags=["nbval-check-output"]
least = min(sizes.values())
claim("The number of pixels hardly tells", max(sizes.values()), "<", 1.6 * least)
claim("With more numbers allowed, atoms are rougher",
      rough[5], "<", rough[25], "<", rough[100])  # fmt: skip

# %% [markdown]
# With few words, each must say more: at 5, atoms are nearly whole digits. At 100 a single number matters little, and what one pass has made of most atoms is still speckle. Makhzani and Frey, who train for longer, show whole digits for few numbers and small strokes for many. Our count of pixels can't tell a stroke from speckle: look, before you trust a measure.

# %% [markdown]
# ## 3. Which atoms come back?

# %%
again = train(sparse_autoencoder(800, 25, **START), x_train, rate=0.003)
alike = {}
start = sparse_autoencoder(800, 25).decoder.get_weights()[0]  # of length 1
ours, theirs = (model.decoder.get_weights()[0] for model in (sparse, again))
for name, other in {"trained again": theirs, "untrained": start}.items():
    alike[name] = (ours @ other.T).max(axis=1)
table = {
    name: {"median": np.median(best), "above 0.8 (%)": 100 * (best > 0.8).mean()}
    for name, best in alike.items()
}
pd.DataFrame(table).T.rename_axis("best cosine").round(2)

# %% tags=["nbval-check-output"]
shared = (alike["trained again"] > 0.8).mean()
claim("Hardly an atom comes back", shared, "<", 0.05)
again_is, by_chance = (np.median(best) for best in alike.values())
claim("But they are more alike than by chance", again_is, ">", 2 * by_chance)

# %% [markdown]
# An atom that has a name in one training does not exist in the next one: what is found depends on first weights, not only on digits. Who reads meaning into single numbers should train twice. (We went through the digits once; longer trainings may agree better. Try it.)

# %% [markdown]
# ## 4. Search instead of a glance

# %%
atoms, ground = sparse.decoder.get_weights()
few = x_test[:300]
flat = few.reshape(-1, 784) - ground
options = {"transform_algorithm": "omp", "transform_n_nonzero_coefs": 25}
brief = {"batch_size": 100, "max_iter": 2, "random_state": SEED}
learner = MiniBatchDictionaryLearning(200, **brief, **options)
learner.fit(x_train[:2000].reshape(-1, 784) - ground)
sums = {
    "800 atoms, at a glance": sparse.encode(few) @ atoms,
    "800 atoms, searched": SparseCoder(atoms, **options).transform(flat) @ atoms,
    "scikit-learn's 200, searched": learner.transform(flat) @ learner.components_,
}
errors = {
    name: squared_error(few, (ground + x_hat).clip(0, 1).reshape(few.shape)).mean()
    for name, x_hat in sums.items()
}
pd.Series(errors, name="squared error").to_frame().round(1)

# %% tags=["nbval-check-output"]
glance, searched, learned = errors.values()
claim("Searching saves at least a third", searched, "<", 0.67 * glance)
claim("Dictionary learning beats a glance, too", learned, "<", 0.95 * glance)

# %% [markdown]
# The encoder is one layer, and answers in one step. The search (orthogonal matching pursuit) takes one atom after the other, looks each time at what is still missing, and may use negative numbers: the atoms are much better than the encoder that reads with them. With the same search, scikit-learn's 200 atoms come between, learned from 2,000 digits only. In error at equal numbers used, dictionary learning is a rival to fear; what it costs is time for each picture.

# %% [markdown]
# ## 5. Sevens with a bar
#
# Open: there is no one answer. One way: among the atoms that sevens use, keep those whose weight lies in the middle rows; show for each the nine sevens with the largest number. Then count by eye how many of them have the bar: that is the label that nobody had written down.
