# %% [markdown]
# # Solutions to 01 Dimensionality reduction
#
# The exercises of [lesson 01, Dimensionality reduction](../01_dimensionality_reduction.ipynb), solved. Other ways are right too; the outputs are the numbers to expect.
#
# **Time:** MINUTES to read, SECONDS to run.

# %% [markdown]
# ## Setup
#
# The lesson's data and recipe, with the images to learn from as an argument.

# %%
import logging
import math

import keras
import numpy as np
import pandas as pd
from sklearn.decomposition import PCA

from ae_helpers import plots
from ae_helpers.claims import claim
from ae_helpers.data import load_mnist, load_tfds_images
from ae_helpers.metrics import squared_error
from ae_helpers.models import dense_autoencoder
from ae_helpers.plots import show
from ae_helpers.progress import ProgressBar
from ae_helpers.splits import watch_splits

SEED = 0
BATCH_SIZE = 200
keras.utils.set_random_seed(SEED)
logging.getLogger("tensorflow").setLevel(logging.ERROR)  # no advice on speed

# %%
(x_train, y_train), (x_valid, y_valid), (x_test, y_test) = load_mnist()
splits = watch_splits(train=x_train, valid=x_valid, test=x_test)


def train(k, epochs=3, x=x_train):
    hidden_sizes = (256, 128) if k <= 16 else (400,)
    model = dense_autoencoder(k, hidden_sizes, mean_image=x.mean(axis=0))
    steps = epochs * math.ceil(len(x) / BATCH_SIZE)
    rate = keras.optimizers.schedules.CosineDecay(4e-3, steps)
    model.compile(keras.optimizers.Adam(rate), loss="mse", steps_per_execution=5)
    x = keras.ops.convert_to_tensor(x, "float32")  # of an array, fit makes four copies
    bar = ProgressBar(f"{k} numbers, {len(x):,} images")
    model.fit(x, x, epochs=epochs, batch_size=BATCH_SIZE, verbose=0, callbacks=[bar])
    return model


def error(model, x):
    return squared_error(x, model.reconstruct(x)).mean()


# %% [markdown]
# ## 1. A walk over the map
#
# From the middle of the ones to the middle of the zeros. (A short training is enough to see it.)

# %%
map_model = train(2, epochs=1, x=x_train[:25_000])
start, end = (
    map_model.encode(x_test[y_test == digit]).mean(axis=0, keepdims=True)
    for digit in (1, 0)
)
way = np.linspace(0, 1, 10)[:, None]
show(
    plots.plot_interpolation(
        {"from 1 to 0": map_model.decode((1 - way) * start + way * end)}
    ),
    alt="Ten pictures from a 1 to a 0; other digits lie between them.",
)

# %% [markdown]
# A straight way crosses whatever lies between: other digits, or smudges on their borders. Which ones depends on the map, and each training draws another.

# %% [markdown]
# ## 2. Training or size?
#
# To save time, one and two epochs stand here for three and six.

# %%
models = {(k, epochs): train(k, epochs) for k in (32, 64) for epochs in (1, 2)}
errors = pd.Series({key: error(model, x_test) for key, model in models.items()})
errors.rename_axis(["numbers", "epochs"]).unstack().round(2)

# %% tags=["nbval-check-output"]
gap = errors[32, 1] - errors[64, 1]
gained = errors[32, 1] - errors[32, 2]
still = errors[32, 2] - errors[64, 2]
claim("A longer training gains most of what size would have", gained, ">", 0.6 * gap)
claim("... but 64 numbers gain as well, and stay ahead", still, ">", 0.6 * gap)

# %% [markdown]
# So neither alone. Given twice the training, 32 numbers come near to what 64 had before; but 64 gain by it too, and the gap stays. An error belongs to a size *and* a training, and sizes should be compared after equal trainings. (`train` counts its own steps, so that the learning rate reaches 0 at the end of each training and not before.)

# %% [markdown]
# ## 3. The other way round

# %%
clothes, _ = load_tfds_images("fashion_mnist", "test[:2000]")
learned, kept = clothes[:1500], clothes[1500:]
models = {"digits": models[32, 1], "clothes": train(32, epochs=24, x=learned)}
table = {
    name: {"digits": error(model, x_test), "clothes": error(model, kept)}
    for name, model in models.items()
}
pd.DataFrame(table).rename_axis("rebuilt").rename_axis("learned", axis=1).round(1)

# %% tags=["nbval-check-output"]
away, home = table["clothes"]["digits"], table["digits"]["digits"]
claim("Digits cost more where clothes were learned", away, ">", 2 * home)
away, home = table["digits"]["clothes"], table["clothes"]["clothes"]
claim("Clothes cost more where digits were learned", away, ">", 2 * home)

# %% [markdown]
# Each network is at home with its own kind, also with pictures of it that it has not seen, and fails with the other. (Read along the rows. Down the columns the numbers can't be compared, because clothes are brighter and have more to lose.)

# %% [markdown]
# ## 4. With how few digits does PCA win?
#
# Both learn from the first n training digits, the autoencoder in as many steps each time.

# %%
few = {}
for n in (200, 2_000):
    x = x_train[:n]
    pca = PCA(32, svd_solver="covariance_eigh").fit(x.reshape(n, 784))
    pca_hat = pca.inverse_transform(pca.transform(x_test.reshape(-1, 784)))
    few[n] = {
        "PCA": squared_error(x_test, pca_hat.reshape(x_test.shape)).mean(),
        "autoencoder": error(train(32, epochs=30_000 // n, x=x), x_test),
    }
pd.DataFrame(few).T.rename_axis("training digits").round(1)

# %% tags=["nbval-check-output"]
claim("With 200 digits PCA wins", few[200]["PCA"], "<", few[200]["autoencoder"])
claim("With 2,000 it loses", few[2_000]["autoencoder"], "<", 0.9 * few[2_000]["PCA"])
splits.check()

# %% [markdown]
# A sheet that may bend can also bend the wrong way: between few digits there is much room. PCA has far less to choose, so it needs less to learn from.

# %% [markdown]
# ## 5. Other pictures
#
# Open: there is no one answer. `"kmnist"` has strokes as digits have, `"cifar10"` has none. Put the error of the other set's own mean image beside each error: what costs more than that was hardly rebuilt at all.
