# %% [markdown]
# # Solutions to 02 Denoising
#
# The exercises stand at the end of [02 Denoising](../02_denoising.ipynb). Try them first. The numbers to expect are the outputs below; yours may differ in the last digit.

# %%
import keras
import numpy as np
import pandas as pd
from keras import layers, ops

from ae_helpers import plots
from ae_helpers.claims import claim
from ae_helpers.corruption import (
    add_blur,
    add_gaussian_noise,
    add_occlusion,
    add_salt_and_pepper,
)
from ae_helpers.data import load_mnist
from ae_helpers.metrics import psnr, squared_error
from ae_helpers.models import Autoencoder, dense_autoencoder
from ae_helpers.plots import show

SEED = 0
SIGMA = 0.5
keras.utils.set_random_seed(SEED)
(x_train, _), _, (x_test, y_test) = load_mnist()
x_train, x_test, y_test = x_train[:20_000], x_test[:1000], y_test[:1000]
noisy_test = add_gaussian_noise(x_test, SIGMA, seed=SEED + 200)


# %%
def train(model, x, y, *, epochs):
    """As in the lesson."""
    steps = epochs * len(x) // 100
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, 0.9 * steps, warmup_target=5e-3, warmup_steps=steps // 10
    )
    model.compile(keras.optimizers.Adam(rate), loss="mse", steps_per_execution=20)
    model.fit(x, y, batch_size=100, epochs=epochs, verbose=0)


def wide_autoencoder():
    """As in the lesson: a code larger than the picture."""
    convolution = layers.Conv2D(32, 3, strides=2, padding="same", activation="gelu")
    encoder = keras.Sequential([keras.Input((28, 28, 1)), convolution])
    back = layers.Conv2DTranspose(1, 3, strides=2, padding="same")
    decoder = keras.Sequential([keras.Input((14, 14, 32)), back])
    return Autoencoder(encoder, decoder)


denoiser = dense_autoencoder(
    256, hidden_sizes=(512,), activation="elu", mean_image=x_train.mean(axis=0)
)
x = keras.Input((28, 28, 1))
noisy = ops.clip(layers.GaussianNoise(SIGMA)(x), 0, 1)
train(keras.Model(x, denoiser(noisy)), x_train, x_train, epochs=5)

# %% [markdown]
# ## 1. Who reads longer?
#
# There is no number to expect: it depends on you, on the screen and on the distance. At σ = 0.8 the network still draws digits, though it was trained at 0.5; but some of them are no longer the right ones. An eye that has seen the clean row is easily deceived: cover it, write down what you read, then look.

# %% [markdown]
# ## 2. Noise on the target as well

# %%
x_half = x_train[:10_000]
first = add_gaussian_noise(x_half, SIGMA, seed=SEED + 1)
second = add_gaussian_noise(x_half, SIGMA, seed=SEED + 2)
same, different = wide_autoencoder(), wide_autoencoder()
train(same, first, first, epochs=2)
train(different, first, second, epochs=2)
errors = pd.DataFrame(
    {
        name: {
            "to the noisy input": squared_error(
                noisy_test, network.reconstruct(noisy_test)
            ).mean(),
            "to the clean digit": squared_error(
                x_test, network.reconstruct(noisy_test)
            ).mean(),
        }
        for name, network in {
            "the same noise": same,
            "different noise": different,
        }.items()
    }
)
errors.round(1)

# %% tags=["nbval-check-output"]
to_noisy, to_clean = errors.to_numpy()
claim(
    "With the same noise on both, it copies the noise",
    to_noisy[0],
    "<",
    0.3 * to_clean[0],
)
claim("With different noise, it takes noise off", to_clean[1], "<", 0.6 * to_clean[0])

# %% [markdown]
# With the same noise on both, copying is a perfect solution, and the network finds it. With different noise, the noise of the target can't be known from the input, so the best answer is the mean of what is possible: nearly the clean picture, but under the grey veil of clipping: dull, with black at about 0.2. You can learn to denoise without ever seeing a clean picture (Lehtinen and others 2018, *Noise2Noise*).

# %% [markdown]
# ## 3. Again and again

# %%
rounds = {"once": denoiser.reconstruct(noisy_test)}
for name in ("twice", "three times", "four times"):
    rounds[name] = denoiser.reconstruct(list(rounds.values())[-1])
pd.Series(
    {name: psnr(x_test, x_hat).mean() for name, x_hat in rounds.items()},
    name="PSNR (dB)",
).to_frame().round(1)

# %%
rng = np.random.default_rng(SEED)
pure_noise = rng.random((10, 28, 28, 1)).astype("float32")
states = {"pure noise": pure_noise}
for step in (1, 2, 5, 10):
    image = pure_noise
    for _ in range(step):
        image = denoiser.reconstruct(image)
    states[f"{step} times"] = image
pictures = np.concatenate(list(states.values()))
figure = plots.plot_images(
    pictures,
    columns=10,
    title="Pure noise, and what becomes of it in 1, 2, 5 and 10 rounds",
)
show(
    figure,
    alt="Ten pictures of pure noise, and what the denoiser makes of them in rounds.",
)

# %% tags=["nbval-check-output"]
once, twice = (psnr(x_test, rounds[name]).mean() for name in ("once", "twice"))
claim("A second round makes it no better", twice, "<", once + 0.1)

# %% [markdown]
# The second round gets a picture that is clean already, and it draws its strokes too thick, as the lesson saw at σ = 0.1. Pure noise is far from all digits, where the arrows were never learned: it ends as fat white blots. Networks that are trained at *all* strengths of noise, and told the strength, do come from pure noise to pictures, in many small steps: diffusion models.

# %% [markdown]
# ## 4. Other damage

# %%
damaged = {
    "Gaussian noise": noisy_test,
    "salt and pepper": add_salt_and_pepper(x_test, 0.25, seed=SEED + 600),
    "black square": add_occlusion(x_test, 10, seed=SEED + 601),
    "blur": add_blur(x_test, 1.5),
}
touched = {name: (x != x_test).any(axis=(1, 2, 3)) for name, x in damaged.items()}
table = pd.DataFrame(
    {
        "damaged": {
            n: psnr(x_test[touched[n]], x[touched[n]]).mean()
            for n, x in damaged.items()
        },
        "mended": {
            n: psnr(x_test[touched[n]], denoiser.reconstruct(x[touched[n]])).mean()
            for n, x in damaged.items()
        },
    }
)
table.round(1)

# %% tags=["nbval-check-output"]
gain = table["mended"] - table["damaged"]
claim("Salt and pepper goes, though it was never seen", gain["salt and pepper"], ">", 5)
claim("The hole stays a hole", gain["black square"], "<", 1)
claim("Blur is not mended", gain["blur"], "<", 0.5)

# %% [markdown]
# Salt and pepper looks like strong noise, and goes. A hole does not: black is what a clean background looks like. (The table leaves out pictures whose square covers background only.) Blur does not: the network has seen no grey and smooth strokes. Whether *your* digit gets better, look.

# %% [markdown]
# ## 5. Noise of a camera
#
# Open: there is no one answer. Noise that comes from counting light grows like the square root of brightness; so let σ grow with brightness: `x + b * ops.sqrt(x) * n`, with normal `n` drawn anew. The rivals to fear are those that know the noise's size: non-local means, and BM3D.
