# %% [markdown]
# # Solutions to 04 Tied weights
#
# The exercises stand at the end of [04 Tied weights](../04_tied_weights.ipynb). Try them first. The numbers to expect are the outputs below; yours may differ in the last digit.

# %%
import logging

import keras
import numpy as np
import pandas as pd
from keras import ops

from ae_helpers import plots
from ae_helpers.claims import claim
from ae_helpers.data import load_mnist, load_table
from ae_helpers.metrics import squared_error
from ae_helpers.models import Autoencoder, dense_autoencoder, tied_autoencoder
from ae_helpers.plots import show

SEED = 0
keras.utils.set_random_seed(SEED)
logging.getLogger("tensorflow").setLevel(logging.ERROR)  # no advice on speed
x_train, _, x_test = [images for images, labels in load_mnist()]
x_few = np.tile(x_train[:500], (22, 1, 1, 1))
x_train = ops.convert_to_tensor(x_train)  # once, so that no `fit` copies it


# %%
def train(model, x, rate, steps=440):
    """As in the lesson."""
    schedule = keras.optimizers.schedules.CosineDecay(
        rate / 50, 0.7 * steps, warmup_target=rate, warmup_steps=0.3 * steps
    )
    adam = keras.optimizers.Adam(schedule, beta_2=0.98)
    model.compile(adam, loss="mse", steps_per_execution=11)
    model.fit(x, x, batch_size=125, epochs=steps * 125 // len(x), verbose=0)
    return model


def error(model):
    return squared_error(x_test, model.reconstruct(x_test)).mean()


# %% [markdown]
# ## 1. How many parameters?
#
# Untied 2 · (784 · 500 + 500 · 100 + 100 · 10) + biases 784 + 2 · (500 + 100) + 10; tied, each product once.

# %% tags=["nbval-check-output"]
products, biases = 784 * 500 + 500 * 100 + 100 * 10, 784 + 2 * (500 + 100) + 10
untied = dense_autoencoder(10, (500, 100)).count_params()
tied = tied_autoencoder(10, (500, 100)).count_params()
claim("Untied: as calculated", 2 * products + biases, "==", untied)
claim("Tied: as calculated", products + biases, "==", tied)

# %% [markdown]
# ## 2. Fifteen dots for a rate

# %%
table = load_table("tied_rates").query("data == '55,000 images' and network == 'tied'")
by_rate = {f"rate {rate}": rows["error"] for rate, rows in table.groupby("rate")}
show(
    plots.plot_spread({"tied, 55,000 digits": by_rate}, xlabel="validation error"),
    alt="Six rows of fifteen dots, one for each rate. Up to 0.02 they are close "
    "together. From 0.03 on most are as good, but some lie far to the right.",
)
table.groupby("rate")["error"].agg(["median", "mean", "max"]).round(1)

# %% [markdown]
# From 0.03 on the trainings split into two groups: most end where those at 0.02 do, and some go wrong. The median does not see the second group, and the mean is a number at which no training ends. So look at the dots first. We chose by the mean all the same, because a rate that goes wrong once in a while is no good rate.

# %% [markdown]
# ## 3. Untied for the last mile
#
# A tied network is trained first. Then it goes on, at a lower rate: tied as before, or as an untied network that starts from its weights, as in 2006.


# %%
def go_on(x):
    """Test errors after a second training, tied and untied."""
    first = train(tied_autoencoder(32, (128,)), x, 0.01)
    W1, b1, W2, b2, b3, b4 = first.get_weights()
    loose = dense_autoencoder(32, (128,))
    loose.set_weights([W1, b1, W2, b2, W2.T, b3, W1.T, b4])
    before = error(first)
    after = {"still tied": error(train(first, x, 0.005))}
    return {"first": before, **after, "untied": error(train(loose, x, 0.005))}


last_mile = {"500 digits": go_on(x_few), "55,000 digits": go_on(x_train)}
pd.DataFrame(last_mile).T.round(2)

# %% tags=["nbval-check-output"]
few, many = last_mile.values()
claim("On many digits the last mile gains, untied more",
      many["untied"], "<", 0.98 * many["still tied"],
      "<", 0.95 * many["first"])  # fmt: skip
claim("On 500, going on is worse, either way",
      min(few["still tied"], few["untied"]), ">", few["first"])  # fmt: skip

# %% [markdown]
# On many digits the last mile gains, and more of it untied: the decoder's kernels may now go their own way. On 500, a second training only overfits, either way.

# %% [markdown]
# ## 4. A road between


# %%
class Road(Autoencoder):
    """Untied, with a penalty on the distance between decoder and transposed encoder."""

    strength = 0.0

    def compute_loss(self, *args, **kwargs):
        W1, _, W2, _, W3, _, W4, _ = self.trainable_weights
        pairs = ((W1, W4), (W2, W3))
        apart = sum(ops.sum((a - ops.transpose(b)) ** 2) for a, b in pairs)
        return super().compute_loss(*args, **kwargs) + self.strength * apart


road = {}
for strength in (0, 1e-5, 1e-4, 1e-3, 1e-2):
    parts = dense_autoencoder(32, (128,))
    model = Road(parts.encoder, parts.decoder)
    model.strength = strength
    road[f"{strength:g}"] = error(train(model, x_few, 0.01))
road["tied"] = error(train(tied_autoencoder(32, (128,)), x_few, 0.01))
pd.Series(road, name="test error").rename_axis("strength of the penalty").round(2)

# %% tags=["nbval-check-output"]
claim("A penalty helps the untied network", road["0.001"], "<", road["0"] - 1)

# %% [markdown]
# On 500 digits a strong enough penalty makes the untied network about as good as the tied one. A difference of half a unit is what another start makes, too (see the dots of the lesson's curve), so three trainings each would be the next step; then 5,000 digits, where both ends are closer together. The strength is a new setting: choose it on validation digits, not on these.
