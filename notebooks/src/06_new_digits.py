# %% [markdown]
# # 06 New digits
#
# Can a decoder make digits that nobody wrote?
#
# ![Six rows of ten digits: real ones, and what five makers draw from random numbers](images/06.png)
#
# **You will**
# - decode random codes, and see on a map where codes lie,
# - build a *variational* autoencoder, first for points in the plane,
# - judge made digits by numbers, beside a simpler rival.
#
# **Before you start:** [00 What is an autoencoder?](00_what_is_an_autoencoder.ipynb)
#
# **Time:** MINUTES to read, SECONDS to run.

# %% [markdown]
# ## Setup
#
# One recipe for all networks: GELU, Adam, batches of 200, a learning rate that falls from 0.004 (for points: 0.01) to 0 along a cosine.

# %%
import logging

import keras
import numpy as np
import pandas as pd
from keras import layers, ops
from scipy.stats import kstest
from sklearn.decomposition import PCA
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import NearestNeighbors

from ae_helpers import plots
from ae_helpers.claims import claim
from ae_helpers.data import load_mnist
from ae_helpers.losses import bernoulli_loss
from ae_helpers.metrics import frechet_distance, nearest_neighbour_test
from ae_helpers.models import Autoencoder, dense_autoencoder, variational_autoencoder
from ae_helpers.plots import show
from ae_helpers.splits import watch_splits

SEED = 0
keras.utils.set_random_seed(SEED)
rng = np.random.default_rng(SEED)
logging.getLogger("tensorflow").setLevel("ERROR")  # no advice on speed between results


# %%
def train(model, x, y, loss, *, epochs=8, rate=4e-3):
    rate = keras.optimizers.schedules.CosineDecay(rate, epochs * len(x) // 200)
    model.compile(keras.optimizers.Adam(rate), loss=loss, steps_per_execution=20)
    model.fit(x, y, batch_size=200, epochs=epochs, verbose=0)


# %% [markdown]
# ## Random codes
#
# Sigmoid pixels can be read as probabilities of white. What a picture $x$ costs is then its negative log-probability, a sum of **nats**:
#
# $$-\log p(x \mid z) = -\sum_{i=1}^{784} \bigl( x_i \log \hat x_i + (1 - x_i) \log (1 - \hat x_i) \bigr), \qquad \hat x = g(z)$$
#
# With this loss we train two plain autoencoders, with codes of 2 and of 32 numbers. (Labels train none of our autoencoders.)


# %%
def cross_entropy(x, x_hat):
    """Nats per picture. (Keras averages over the one channel: no change.)"""
    return ops.sum(keras.losses.binary_crossentropy(x, x_hat), axis=(1, 2))


(x_train, y_train), (x_valid, _), (x_test, y_test) = load_mnist()
x_spare = x_train[15_000:30_000]
x_train, y_train = x_train[:15_000], y_train[:15_000]
splits = watch_splits(train=x_train, valid=x_valid, test=x_test)
plain = {n: dense_autoencoder(n, hidden_sizes=(256, 128)) for n in (2, 32)}
for network in plain.values():
    train(network, x_train, x_train, cross_entropy)

# %% [markdown]
# Now random codes: each of the 32 numbers from a normal distribution, with the mean and spread that it has on training digits.
#
# **Predict:** how many of the twenty will look like digits?

# %%
z_plain = plain[32].encode(x_train)
z_random = rng.normal(z_plain.mean(axis=0), z_plain.std(axis=0), (5000, 32))
from_random = plain[32].decode(z_random)
show(
    plots.plot_images(from_random[:20]),
    alt="Twenty pictures: strokes and blots that resemble parts of digits, few digits.",
)

# %% [markdown]
# Few? Two measures:
#
# - The **Fréchet distance** between 5,000 real and 5,000 made pictures: how far apart are means and covariances of their *features*, the 64 numbers in the last hidden layer of a small classifier? (With a larger network it is the *FID* of papers.)
# - The **nearest-neighbour test**: mix 2,000 real and 2,000 made pictures. How often is a picture's nearest neighbour, in pixels, of its own kind? Half of the time, if they can't be told apart.
#
# Real means a random half of the test digits. The other half are judged like a maker: so good one can be.

# %%
classifier = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Flatten(),
        layers.Dense(128, "gelu"),
        layers.Dense(64, "gelu"),
        layers.Dense(10, "softmax"),
    ]
)
train(classifier, x_train, y_train, "sparse_categorical_crossentropy", epochs=4)
features = keras.Model(classifier.inputs, classifier.layers[-2].output)
order = rng.permutation(len(x_test))
real, others = x_test[order[:5000]], x_test[order[5000:]]


def judge(made):
    """Fréchet distance; shares of real and made ones with a neighbour of their kind."""
    distance = frechet_distance(*(features.predict(x, verbose=0) for x in (real, made)))
    return distance, *nearest_neighbour_test(real[:2000], made[:2000])


makers = {"real digits": others, "plain, random codes": from_random}
columns = ["Fréchet", "real: own kind", "made: own kind"]
judged = pd.DataFrame({name: judge(made) for name, made in makers.items()}, columns).T
judged.round(2)

# %% tags=["nbval-check-output"]
least, told_real, told_made = judged.loc["real digits"]
claim("Real digits pass for real", 0.46, "<", (told_real + told_made) / 2, "<", 0.54)
at_random = judged.loc["plain, random codes", "Fréchet"]
claim("Random codes are over ten times as far off", at_random, ">", 10 * least)

# %% [markdown]
# Why? With codes of *two* numbers we can look. Left: the codes of test digits. Right: what the decoder draws at each place.

# %%
z_test = plain[2].encode(x_test)
x_range, y_range = (tuple(np.percentile(column, [1, 99])) for column in z_test.T)
plots.show_plane(
    plain[2].decode,
    x_range,
    y_range,
    z=z_test[:1500],
    labels=y_test[:1500],
    steps=12,
    alt="Left the codes of test digits: most kinds crowd in one place, others lie far "
    "off, with empty space around. Right what the plain decoder draws, blurs among it.",
)

# %% [markdown]
# **What to notice.** Nobody told the encoder where to put codes. It leaves gaps, and nothing says what to draw there: here clean 1s or 0s, and blurs between. (Blurs where kinds crowd come from having only two numbers.) Of 32, each drawn by itself, few combinations are ones that digits have.

# %% [markdown]
# ## The idea in the small
#
# Lesson 00's horseshoe, and a code of one number. Codes should leave no gaps, and lie where we know it beforehand: as if drawn from $N(0, 1)$. Two changes do it.
#
# - The encoder no longer gives a point but a small cloud: a mean $\mu$ and a variance $\sigma^2$ (its logarithm, which may be negative). In training, the code is **drawn** from it: $z = \mu + \sigma \varepsilon$, with $\varepsilon \sim N(0, 1)$. So the decoder must also do well *around* $\mu$.
# - Clouds that shrink to points or flee from each other cost: the **Kullback-Leibler divergence** from $N(0, 1)$, in nats:
#
# $$\mathrm{KL} = \tfrac12 \sum_k \bigl( \mu_k^2 + \sigma_k^2 - 1 - \log \sigma_k^2 \bigr), \qquad \text{loss} = -\log p(x \mid z) + \beta\, \mathrm{KL}$$
#
# KL is 0 if the cloud *is* $N(0, 1)$, whatever $x$ was. Outside of training nothing is drawn: the code is $\mu$.


# %%
class DrawnCode(layers.Layer):
    """From means and log-variances to codes; adds β KL to the loss."""

    def __init__(self, beta=1.0):
        super().__init__()
        self.beta, self.seed = beta, keras.random.SeedGenerator(SEED)

    def call(self, inputs, training=False):
        mean, log_variance = ops.split(inputs, 2, axis=-1)
        terms = mean**2 + ops.exp(log_variance) - 1 - log_variance
        kl = 0.5 * ops.sum(terms, axis=-1)
        self.add_loss(self.beta * ops.mean(kl))
        if not training:
            return mean
        noise = keras.random.normal(ops.shape(mean), seed=self.seed)
        return mean + ops.exp(log_variance / 2) * noise


def horseshoe(n):
    """Points `(n, 2)` on a bent curve, and a little beside it."""
    angle = rng.uniform(-2, 2, n)
    curve = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    return curve + rng.normal(0, 0.06, (n, 2))


# %% [markdown]
# For points, `mse` (half the squared distance) stands for $-\log p(x \mid z)$, but for a factor. β says how much of it a nat is worth: 0.004 is about the variance of the points' noise. We also try a thousand times that.
#
# **Predict:** 1,000 codes are drawn from $N(0, 1)$ and decoded. Where do they lie?

# %%
points = horseshoe(10_000)
ends = {
    "plain": [layers.Dense(1)],
    "β = 0.004": [layers.Dense(2), DrawnCode(0.004)],
    "β = 4": [layers.Dense(2), DrawnCode(4)],
}
drawn = {"points": points[:1000]}
for name, end in ends.items():
    hidden = [layers.Dense(64, "gelu") for _ in range(4)]
    encoder = keras.Sequential([keras.Input((2,)), *hidden[:2], *end])
    decoder = keras.Sequential([keras.Input((1,)), *hidden[2:], layers.Dense(2)])
    network = Autoencoder(encoder, decoder)
    train(network, points, points, "mse", epochs=20, rate=0.01)
    drawn[name] = network.decode(noise := rng.normal(size=(1000, 1)))
    if name == "plain":
        z = network.encode(points)
        from_own = network.decode(z.mean() + z.std() * noise)

# %%
places = [(0, 0), (4, -3), (0, -3), (4, 0)]
shifted = [made + place for made, place in zip(drawn.values(), places, strict=True)]
show(
    plots.plot_map(
        np.concatenate(shifted),
        np.repeat(list(drawn), 1000),
        {
            1000 * i + (z @ [1, -1]).argmax(): name
            for i, (name, z) in enumerate(drawn.items())
        },
    ),
    alt="Four clouds. The points: a horseshoe. Plain: the same curve, but too far past "
    "its ends or not up to them. β = 0.004: all of it, evenly. β = 4: one place.",
)

# %% [markdown]
# **What to notice.** Plain codes lie where they like: from $N(0, 1)$ their decoder misses parts or passes an end; with their own mean and spread it draws nearly evenly. With β = 0.004, $N(0, 1)$ does: where codes are is known *beforehand*. (The claim's numbers are Kolmogorov-Smirnov distances.) With β = 4, no nat is worth its price: every cloud is $N(0, 1)$, the code says nothing, and the decoder draws the mean: **collapse**.

# %% tags=["nbval-check-output"]
clouds = (drawn["plain"], drawn["β = 0.004"], from_own)
plain_uneven, *even = (kstest(np.arctan2(*z.T), "uniform", (-2, 4))[0] for z in clouds)
claim("Nearly even: variational from N(0, 1), plain from its own",
      max(even), "<", min(0.15, 0.8 * plain_uneven))  # fmt: skip
size = np.ptp(drawn["β = 4"], axis=0).max()
claim("With a large β, all are in one place", size, "<", 0.2)

# %% [markdown]
# ## For digits
#
# The same for 784 pixels, with β = 1: then the loss is a bound on $-\log p(x)$, in which all codes count that might have drawn $x$ (exactly so for pictures in black and white: exercise 4). The package's `variational_autoencoder` should be the same network: with equal weights, equal losses.


# %%
def variational(latent_dim):
    """784 pixels, 256 and 128 units, means and log-variances, a code, and back."""
    sizes = (256, 128, 128, 256)
    first, second, third, fourth = (layers.Dense(size, "gelu") for size in sizes)
    moments, pixels = layers.Dense(2 * latent_dim), layers.Dense(784, "sigmoid")
    encoder = [keras.Input((28, 28, 1)), layers.Flatten(), first, second, moments]
    decoder = [keras.Input((latent_dim,)), third, fourth, pixels]
    return Autoencoder(
        keras.Sequential([*encoder, DrawnCode()]),
        keras.Sequential([*decoder, layers.Reshape((28, 28, 1))]),
    )


ours, packaged = variational(32), variational_autoencoder(32, hidden_sizes=(256, 128))
packaged.set_weights(ours.get_weights())
ours.compile(loss=cross_entropy)
packaged.compile(loss=bernoulli_loss)

# %% tags=["nbval-check-output"]
a, b = (network.evaluate(real, real, verbose=0) for network in (ours, packaged))
claim("The package's network loses as much", 0.99999, "<", a / b, "<", 1.00001)

# %%
free = {n: variational(n) for n in (2, 32)}
for network in free.values():
    train(network, x_train, x_train, cross_entropy)
plots.show_plane(
    free[2].decode,
    (-2.3, 2.3),
    (-2.3, 2.3),
    z=free[2].encode(x_test[:1500]),
    labels=y_test[:1500],
    steps=12,
    alt="Left the codes of test digits: a cloud of colours around 0, some are mixed. "
    "Right the variational decoder's pictures: digits that turn into one another.",
)

# %% [markdown]
# **What to notice.** Codes crowd around 0, as ordered, though not evenly. A number for gaps: a code lies *in a gap* if it is farther from its nearest training code than are 99 % of the codes of unseen digits.


# %%
def in_gaps(network, z):
    """Share of the codes z that lie in gaps."""
    search = NearestNeighbors(n_neighbors=1).fit(network.encode(x_train))
    usual, asked = (search.kneighbors(c)[0] for c in (network.encode(x_valid), z))
    return (asked > np.quantile(usual, 0.99)).mean()


z_2 = plain[2].encode(x_train)
gaps_plain = in_gaps(plain[2], rng.normal(z_2.mean(axis=0), z_2.std(axis=0), (5000, 2)))
gaps_free = in_gaps(free[2], rng.normal(size=(5000, 2)))
pd.DataFrame({"in gaps": {"plain": gaps_plain, "variational": gaps_free}}).round(3)

# %% tags=["nbval-check-output"]
claim("In gaps: variational / plain", gaps_free / gaps_plain, "<", 0.65)

# %% [markdown]
# ## Are they digits?
#
# Now 32 numbers, and rivals that may *look where codes are*. All are fitted to training digits:
#
# - **PCA**: its 32 numbers are uncorrelated; we draw each from a normal distribution.
# - A **mixture** of 20 Gaussians, fitted to the codes of the *plain* autoencoder (on validation digits fewer do worse, 40 a little better).
# - Such a mixture for the variational codes, too.
#
# **Predict:** who comes nearest to real digits?


# %% tags=["readme"]
def by_mixture(network):
    """5,000 pictures, from a mixture of Gaussians fitted to the network's codes."""
    mixture = GaussianMixture(20, max_iter=30, tol=0.01, random_state=SEED)
    mixture.fit(network.encode(x_train).astype("float64"))
    return network.decode(rng.permutation(mixture.sample(5000)[0]))  # they come sorted


pca = PCA(32).fit(x_train.reshape(-1, 784))
z_pca = rng.normal(0, np.sqrt(pca.explained_variance_), (5000, 32))
from_pca = pca.inverse_transform(z_pca).clip(0, 1).reshape(-1, 28, 28, 1)
makers["PCA, a Gaussian"] = from_pca.astype("float32")
makers["variational, N(0, 1)"] = free[32].decode(rng.normal(size=(5000, 32)))
makers["variational, a mixture"] = by_mixture(free[32])
makers["plain, a mixture"] = by_mixture(plain[32])
show(
    plots.plot_interpolation({name: made[:10] for name, made in makers.items()}),
    alt="Six rows of ten: real digits; random codes of the plain network, mostly "
    "scribbles; PCA, grey clouds; variational, soft, some digits; mixtures, digits.",
)

# %%
for name in list(makers)[2:]:
    judged.loc[name] = judge(makers[name])
judged.loc["real digits, rebuilt"] = judge(plain[32].reconstruct(others))
judged = judged.drop("plain, random codes").sort_values("Fréchet")
judged.round(2)

# %% tags=["nbval-check-output"]
frechet = judged["Fréchet"]
ours, rival = frechet["variational, N(0, 1)"], frechet["plain, a mixture"]
claim("Variational codes do better than random ones", ours, "<", 0.98 * at_random)
claim("A mixture on plain codes does far better", least, "<", rival, "<", 0.3 * ours)
told = judged["made: own kind"].drop("real digits").min()
claim("Yet made digits are mostly nearest to made ones", told, ">", 0.8)

# %% [markdown]
# **What to notice.** The variational decoder beats random codes and PCA, though nobody looked at its codes. But a *mixture* fitted to the codes gets far nearer to real digits. So what matters most is to know where codes are; and the variational ones seem not to fill $N(0, 1)$ as well as the plane made us hope.
#
# Nearly every made digit's nearest neighbour is another made one. So it is for real digits that were only *rebuilt*: they are smooth, which is enough. (*Real: own kind* can fall below a half: smooth digits lie in the middle.)
#
# ## Digits that nobody wrote?
#
# Good digits are easy to make: hand out training digits. So: of all 15,000 training digits and 15,000 unseen ones, which is nearest to a made digit? For copies mostly a training digit, for others every second time. To see that this works, we also test rebuilt training digits.

# %%
known = np.concatenate([x_train, x_spare]).reshape(-1, 784)
search = NearestNeighbors(n_neighbors=1).fit(known)
makers["training digits, rebuilt"] = plain[32].reconstruct(x_train[:1000])
copied = {}
for name in list(makers)[-4:]:
    made = makers[name][:1000].reshape(-1, 784)
    copied[name] = (search.kneighbors(made, return_distance=False) < 15_000).mean()
pd.DataFrame({"nearest is a training digit": copied}).round(2)

# %% tags=["nbval-check-output"]
*shares, rebuilt = copied.values()
claim(
    "Far fewer are near-copies than among rebuilt ones",
    0.45, "<", min(shares), "<=", max(shares), "<", 0.68 * rebuilt,
)  # fmt: skip

# %% [markdown]
# ## A failure experiment: does it use its code?
#
# KL is paid for each of the 32 numbers of the variational code, and can be saved.
#
# **Predict:** how many of them will it use?

# %%
moments = keras.Model(free[32].input, free[32].encoder.layers[-2].output)
mean, log_variance = np.split(moments.predict(x_test, verbose=0), 2, axis=1)
nats = (mean**2 + np.exp(log_variance) - 1 - log_variance).mean(axis=0) / 2
show(
    plots.plot_lines(
        {"variational, 32 numbers": (np.arange(1, 33), np.sort(nats)[::-1])},
        xlabel="numbers of the code, sorted by their KL",
        ylabel="KL in nats, mean of the test digits",
    ),
    alt="A curve that falls from about two nats; sinking to nearly 0.",
)


# %%
def changed(which):
    """Squared error to the same pictures after some numbers are drawn anew."""
    z_new = np.where(which, rng.normal(size=mean.shape), mean)
    x_new, x_hat = free[32].decode(z_new), free[32].decode(mean)
    return np.square(x_new - x_hat).sum(axis=(1, 2, 3)).mean()


idle = nats < 0.1

# %% tags=["nbval-check-output"]
claim("Many numbers stay idle", 4, "<", idle.sum(), "<", 27)
claim("The decoder ignores them", changed(idle), "<", 0.05 * changed(~idle))
splits.check()

# %% [markdown]
# **What to notice.** Idle numbers have collapsed: their clouds are nearly $N(0, 1)$ for every digit, and the decoder hardly looks at them. That may be thrift; it is a failure where *all* collapse, as in the plane with β = 4; a powerful decoder, or a large β, invites it.

# %% [markdown]
# ## The answer
#
# Can a decoder make digits that nobody wrote? Yes, if it gets codes from where codes are. Random codes of a plain autoencoder rarely do. A variational one draws its codes in training and pays for every nat in them, so that they lie around 0 (in the plane with fewer gaps), and draws from $N(0, 1)$ become better pictures. But here a mixture fitted to the codes, of either network, came far nearer to real ones. ([06a](studies/06a_makers_compared.ipynb): also at other β, and trained longer.) Few are copies. The neighbour test tells nearly all, if only by their smoothness. What the variational one has for itself: a place for codes that is known beforehand, a bound in nats, and a code that takes only the numbers that pay.

# %% [markdown]
# ## Exercises
#
# Solved in [solutions/06](solutions/06.ipynb).
#
# 1. *(a minute)* Move over both planes. Find a place in each where no digit is drawn. Where do they lie?
#    <details><summary>Hint</summary>Look for borders between two colours on the left.</details>
# 2. *(ten minutes)* Decode draws of $N(0, s^2)$ with $s$ = 0.5, 0.8, 1 and 1.5. Which has the lowest Fréchet distance? What is lost with a small one?
#    <details><summary>Hint</summary>Compare how much the pictures differ from each other.</details>
# 3. *(a quarter of an hour)* Train `variational_autoencoder(32, (256, 128), beta=0.25)`, and one with β = 4. How many numbers do they use, and which draws nearest to real digits?
#    <details><summary>Hint</summary>Count as in the last section, judge with `judge`.</details>
# 4. *(half an hour)* In black and white: draw each pixel, white with the probability of its grey value, anew in each epoch. Train on that, and measure the bound on $-\log p(x)$ in nats.
#    <details><summary>Hint</summary>The mean of $p(x \mid z)\, p(z) / q(z \mid x)$ over several draws of $z$ makes the bound tighter.</details>
# 5. *(open)* Make sevens only. What do you need labels for, and how few would do?
#    <details><summary>Hint</summary>Give the label to encoder and decoder; or pick those Gaussians of a mixture that draw sevens.</details>

# %% [markdown]
# ## Where it comes from
#
# - Kingma and Welling 2014, *Auto-encoding variational Bayes*, ICLR; Rezende, Mohamed and Wierstra 2014, ICML: the drawn code and its loss.
# - Higgins and others 2017, *beta-VAE*, ICLR: the β.
# - Ghosh, Sajjadi, Vergari, Black and Schölkopf 2020, *From variational to deterministic autoencoders*, ICLR: the rival.
# - Heusel and others 2017, NeurIPS: the Fréchet distance of features. Lopez-Paz and Oquab 2017, ICLR; Xu and others 2018: neighbour tests of makers.
#
# **Before:** [05 Anomalies](05_anomalies.ipynb). **Next:** [07 Sparse codes](07_sparse_codes.ipynb). **Study:** [06a Makers of digits compared](studies/06a_makers_compared.ipynb). **Assignment:** [Clouds of codes](../assignments/README.md).
