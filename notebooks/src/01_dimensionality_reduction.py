# %% [markdown]
# # 01 Dimensionality reduction
#
# Does a learned code beat PCA, and what does it lose?
#
# ![Two falling curves: the error of PCA and, below it, that of autoencoders, for codes of 2 to 64 numbers](images/01.png)
#
# **You will**
# - draw the curve above: error against size of the code, for PCA and for autoencoders,
# - see what a shrinking code gives up, and in which order,
# - find pictures on which PCA does better.
#
# **Before you start:** [00 What is an autoencoder?](00_what_is_an_autoencoder.ipynb). Having heard of PCA helps.
#
# **Time:** MINUTES to read, SECONDS to run.

# %% [markdown]
# ## Setup
#
# The digits again. The labels train nothing: they colour a map, and they judge.

# %%
import logging
import math

import keras
import numpy as np
import pandas as pd
from skimage import color, data
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier

from ae_helpers import plots
from ae_helpers.claims import claim
from ae_helpers.data import load_mnist, load_tfds_images
from ae_helpers.metrics import squared_error
from ae_helpers.models import dense_autoencoder
from ae_helpers.plots import show
from ae_helpers.progress import ProgressBar
from ae_helpers.splits import watch_splits

SEED = 0
SIZES = [2, 8, 32, 64]  # numbers in the code
keras.utils.set_random_seed(SEED)
logging.getLogger("tensorflow").setLevel(logging.ERROR)  # no advice on speed

# %%
(x_train, y_train), (x_valid, y_valid), (x_test, y_test) = load_mnist()
splits = watch_splits(train=x_train, valid=x_valid, test=x_test)

# %% [markdown]
# ## The rival: PCA
#
# Principal component analysis takes the mean image $\mu$ away and keeps how far a picture goes in the $k$ directions $W$ in which the training pictures vary most:
#
# $$z = W^\top (x - \mu), \qquad \hat x = \mu + W z$$
#
# All pictures that it can draw lie in a *flat* plane, and it is the best of the flat ones: no other linear map to $k$ numbers and back has a smaller squared error on the training pictures (Eckart and Young 1936).
# One fit serves all sizes, because the first $k$ directions are the solution for $k$.

# %%
pca = PCA(max(SIZES), svd_solver="covariance_eigh").fit(x_train.reshape(-1, 784))


def pca_encode(x, k):
    return (x.reshape(-1, 784) - pca.mean_) @ pca.components_[:k].T


def pca_decode(z):
    return (pca.mean_ + z @ pca.components_[: z.shape[1]]).reshape(-1, 28, 28, 1)


pca_hat = {k: pca_decode(pca_encode(x_test, k)) for k in SIZES}
pca_error = {k: squared_error(x_test, pca_hat[k]).mean() for k in SIZES}

# %% tags=["nbval-check-output"]
claim("PCA with 2 numbers has an error of 43.6", 43.5, "<", pca_error[2], "<", 43.8)
claim("PCA with 32 numbers has an error of 13.2", 13.1, "<", pca_error[32], "<", 13.3)

# %% [markdown]
# (Lesson 00 cut PCA's pictures to [0, 1], and had 11.9.)
#
# An autoencoder has functions in the place of matrices, $z = f(x)$ and $\hat x = g(z)$. Its pictures lie on a sheet that may *bend*, like the curve through the points in lesson 00.
#
# **One recipe, two shapes.** On each side of the code a layer of 400 units; the codes of 2 and 8 numbers have more to unfold, and get two smaller ones, of 256 and 128. Three passes over the training digits in batches of 200. The learning rate falls to 0.
#
# And a head start, which PCA has too: the decoder begins at the mean image. Otherwise the first hundreds of steps go into learning that most pixels are black. ([Study 01a](studies/01a_pca_and_autoencoders.ipynb) shows what that saves. Validation digits chose all settings.)

# %%
BATCH_SIZE = 200


def train(k, hidden_sizes=None, output_activation="sigmoid", epochs=3, x=x_train):
    """An autoencoder with k numbers in its code, trained on x."""
    if hidden_sizes is None:
        hidden_sizes = (256, 128) if k <= 16 else (400,)
    start = {"output_activation": output_activation, "mean_image": x.mean(axis=0)}
    model = dense_autoencoder(k, hidden_sizes, **start)
    steps = epochs * math.ceil(len(x) / BATCH_SIZE)
    rate = keras.optimizers.schedules.CosineDecay(4e-3, steps)
    model.compile(keras.optimizers.Adam(rate), loss="mse", steps_per_execution=10)
    x = keras.ops.convert_to_tensor(x, "float32")  # of an array, fit makes four copies
    model.fit(
        x, x, epochs=epochs, batch_size=BATCH_SIZE, verbose=0,
        validation_data=(x_valid, x_valid), callbacks=[ProgressBar(f"{k} numbers")],
    )  # fmt: skip
    return model


# %% [markdown]
# ## A map of two numbers
#
# With two numbers in the code, each digit becomes a point in a plane that we can look at.
#
# **Predict:** the network never sees a label. Will it put the same digits side by side? Which kinds will it mix up?

# %%
autoencoders = {2: train(2)}
z_test = autoencoders[2].encode(x_test)
x_range, y_range = np.percentile(z_test, [3, 97], axis=0).T
plots.show_plane(
    autoencoders[2].decode,
    tuple(x_range),
    tuple(y_range),
    z=z_test,
    labels=y_test,
    alt="Left 3,000 test digits as points in ten colours; some kinds have a region of "
    "their own, others lie on top of each other. Right, on the same axes, "
    "the decoder's.",
)

# %% [markdown]
# Move the pointer over the right half: it shows what the decoder draws there, also where no digit lies. (Some digits lie beyond the axes.) And PCA's two numbers?

# %%
show(
    plots.plot_latent_scatter(
        pca_encode(x_test, 2), y_test, title="The same digits as two numbers of PCA"
    ),
    alt="A scatter plot: one cloud in which most colours lie on top of each other.",
)


# %% tags=["nbval-check-output"]
def neighbour_accuracy(train_codes, test_codes):
    """How often the 5 training codes nearest to a test code vote for its label."""
    judge = KNeighborsClassifier(5).fit(train_codes, y_train[: len(train_codes)])
    return judge.score(test_codes, y_test)


some = x_train[:20_000]
on_learned_map = neighbour_accuracy(autoencoders[2].encode(some), z_test)
on_pca_map = neighbour_accuracy(pca_encode(some, 2), pca_encode(x_test, 2))
claim(
    "Neighbours' votes are right for most digits on the learned map, not on PCA's",
    on_pca_map, "<", 0.5, "<", on_learned_map,
)  # fmt: skip

# %% [markdown]
# **What to notice.** Nobody told the network what the digits show, and still some kinds have regions of their own (0 and 1 nearly so with PCA, too). Kinds that look alike crowd together: 4, 7 and 9, and again 3, 5 and 8. PCA's flat view lays most kinds on top of each other.
# Between two regions the decoder draws what is neither, for it must answer everywhere. The map's axes mean nothing, and another training draws another one: nothing in the loss asks for one island per kind.

# %% [markdown]
# ## One curve
#
# Now the other sizes, with the same recipe.
#
# **Predict:** how many numbers of PCA are 8 learned numbers worth?

# %%
autoencoders |= {k: train(k) for k in SIZES[1:]}
ae_hat = {k: model.reconstruct(x_test) for k, model in autoencoders.items()}
ae_error = {k: squared_error(x_test, ae_hat[k]).mean() for k in SIZES}

# %% tags=["readme"]
show(
    plots.plot_error_curves(
        SIZES,
        {"PCA": list(pca_error.values()), "autoencoder": list(ae_error.values())},
        xlabel="numbers in the code",
        title="10,000 test digits: what a code of k numbers misses",
    ),
    alt="Two falling curves on logarithmic axes. The autoencoder's is the lower one.",
)

# %% tags=["nbval-check-output"]
clipped_error = {
    k: squared_error(x_test, np.clip(x_hat, 0, 1)).mean()
    for k, x_hat in pca_hat.items()
}
worst_ratio = max(ae_error[k] / clipped_error[k] for k in SIZES)
claim(
    "The autoencoder beats PCA at every size, also when PCA is cut to [0, 1]",
    worst_ratio, "<", 0.9,
)  # fmt: skip
worth, worth_if_cut = (ae_error[8] / e[32] for e in (pca_error, clipped_error))
claim(
    "8 learned numbers have about the error of 32 of PCA, cut or not",
    0.9, "<", worth, "<", worth_if_cut, "<", 1.25,
)  # fmt: skip

# %% [markdown]
# **What to notice.** On these axes equal distances are equal ratios, and the gap is wide. Cutting PCA off at 0 and 1 does not close the gap. Training behind a sigmoid does more ([study 01a](studies/01a_pca_and_autoencoders.ipynb)); hidden layers do the rest.
# Three passes are few: a longer training lowers the curve (exercise 2).

# %% [markdown]
# ## What goes first?
#
# Each code is *lossy*: another picture comes back. As the code shrinks, what does a digit lose first: detail, shape, or what it is?

# %%
picked = [np.flatnonzero(y_test == digit)[1] for digit in range(10)]
rows = {}
for k in (32, 8, 2):
    rows[f"autoencoder, {k}"] = ae_hat[k][picked]
    rows[f"PCA, {k}"] = pca_hat[k][picked]
show(
    plots.plot_reconstructions(
        x_test[picked], rows, title="Ten digits through smaller and smaller codes"
    ),
    alt="Ten digits rebuilt from 32, 8 and 2 numbers: PCA's are the more blurred ones "
    "at each size; at 2 the autoencoder's blur too, and some show another digit.",
)

# %% [markdown]
# Detail can be counted. A Fourier transform splits a picture into waves: few across the picture make the coarse shape, many make sharp edges.
# What share of the coarse ones (below 2 waves per picture) and of the fine ones (above 6) is missing, in 2,000 test digits?

# %%
wave = np.fft.fftfreq(28, 1 / 28)
frequency = np.hypot(wave[:, None], wave[None])  # waves per picture


def missing(x, x_hat, part):
    picture, error = (np.square(np.abs(np.fft.fft2(a[..., 0]))) for a in (x, x - x_hat))
    return error[:, part].sum() / picture[:, part].sum()


coarse, fine = frequency < 2, frequency > 6
lost = {
    f"{name}, {detail}": [missing(x_test[:2000], x_hat[k][:2000], part) for k in SIZES]
    for detail, part in (("fine detail", fine), ("coarse shape", coarse))
    for name, x_hat in (("PCA", pca_hat), ("autoencoder", ae_hat))
}
figure = plots.plot_lines(
    {name: (SIZES, 100 * np.array(shares)) for name, shares in lost.items()},
    xlabel="numbers in the code", ylabel="missing (%)", log="x",
    title="Fine detail goes long before coarse shape",
)  # fmt: skip
figure.axes[0].legend(frameon=False, loc="center left")
show(
    figure,
    alt="Four falling curves. More fine detail is missing than coarse shape.",
)

# %% [markdown]
# Does the digit stay a digit, and the same? A judge decides: of which kind is the training digit that is nearest to the reconstruction?

# %%
judge = KNeighborsClassifier(1, algorithm="brute")
judge.fit(x_train[:10_000].reshape(-1, 784), y_train[:10_000])


def changed(images):
    """Share of the first 500 test digits that come back as another kind of digit."""
    return (judge.predict(images[:500].reshape(-1, 784)) != y_test[:500]).mean()


came_back_changed = pd.DataFrame(
    {
        f"{k} numbers": {"autoencoder": changed(ae_hat[k]), "PCA": changed(pca_hat[k])}
        for k in (2, 8, 32)
    }
)
came_back_changed["untouched"] = changed(x_test)
came_back_changed.map("{:.1%}".format).rename_axis("came back as another digit")

# %% tags=["nbval-check-output"]
fine_lost = np.array(lost["autoencoder, fine detail"])
least_gap = (fine_lost - lost["autoencoder, coarse shape"]).min()
pca_least_gap = (lost["PCA, fine detail"] - fine_lost).min()
two, untouched = came_back_changed.loc["autoencoder", ["2 numbers", "untouched"]]
claim("More fine detail is missing than coarse shape", least_gap, ">", 0.05)
claim("PCA misses more fine detail than the autoencoder", pca_least_gap, ">", 0.02)
claim("Two learned numbers change many digits", two, ">", untouched + 0.08)

# %% [markdown]
# **What to notice.** Fine detail goes first, for both. (The judge errs about untouched digits, too; two points more or less are noise.) At 32 numbers each of these ten is itself. At 8 the autoencoder keeps most strokes, but loses a hook or a gap of the writer; with PCA the judge calls a third of all digits another kind. With 2, both blur, and both can turn one digit into another. PCA loses more detail and more kinds, but at 32 the judge sees no difference.

# %% [markdown]
# ## Pictures that are no digits
#
# What becomes of other pictures in 32 numbers made for digits? We try digits upside down, clothes (Fashion-MNIST) and patches of a photograph of a cat.
#
# The clothes are read by [tensorflow-datasets](https://www.tensorflow.org/datasets); these 2,000 come with the lesson. If you are online, write `"kmnist"` (Japanese characters), `"emnist/letters"` or `"cifar10"` instead, and run on. (The claim about clothes may then fail and stop the run: a result, too. Go on at the next cell.)
#
# **Predict:** on which of the three will the autoencoder keep its lead?

# %%
OTHER = "fashion_mnist"
ae_hat = pca_hat = None  # frees 250 MB
clothes, _ = load_tfds_images(OTHER, "test[:2000]")
cat = color.rgb2gray(data.chelsea()).astype("float32")[:280, :448]
cat_patches = cat.reshape(10, 28, 16, 28).swapaxes(1, 2).reshape(-1, 28, 28, 1)
pictures = {
    "digits": x_test[:2000],
    "digits upside down": x_test[:2000, ::-1, ::-1],
    "clothes": clothes,
    "patches of a cat": cat_patches,
}

# %%
ae_other = {name: autoencoders[32].reconstruct(x) for name, x in pictures.items()}
pca_other = {name: pca_decode(pca_encode(x, 32)) for name, x in pictures.items()}
errors = pd.DataFrame(
    {
        method: {
            name: squared_error(x, x_hat[name]).mean() for name, x in pictures.items()
        }
        for method, x_hat in (("autoencoder", ae_other), ("PCA", pca_other))
    }
)
errors["autoencoder / PCA"] = errors["autoencoder"] / errors["PCA"]
# If each picture came back in one grey, its own mean:
greys = [784 * x.var(axis=(1, 2)).mean() for x in pictures.values()]
errors["one grey"] = np.float64(greys)
errors.round(2)

# %%
chosen = {"digits upside down": [1, 2, 4], "clothes": [0, 2, 8]}
chosen["patches of a cat"] = [51, 70, 90]


def pick(images):
    return np.concatenate([images[name][rows] for name, rows in chosen.items()])


show(
    plots.plot_reconstructions(
        pick(pictures),
        {"autoencoder": pick(ae_other), "PCA": pick(pca_other)},
        title="Through 32 numbers that were made for digits",
    ),
    alt="Upside-down digits, clothes and patches of a cat; below, the autoencoder "
    "draws bright strokes, PCA grey fog.",
)


# %% tags=["nbval-check-output"]
ratio = errors["autoencoder / PCA"]
claim(
    "Upside down, its lead is relatively smaller",
    ratio["digits upside down"],
    ">",
    ratio["digits"],
)
claim("On clothes it loses to PCA", 1.05, "<", ratio["clothes"], "<", 1.6)

# %% [markdown]
# **What to notice.** Upside down, digits still consist of strokes, and the autoencoder keeps a lead, relatively a smaller one. On clothes it loses to PCA on average (of these three, on the jacket). On the cat both fail (one grey per patch is far better): neither can draw a bright border. The lead was knowledge about digits, and it does not carry far.

# %% [markdown]
# ## A failure experiment: no bottleneck
#
# If small codes forget, why not take a large one? 784 numbers have room for every pixel, and without hidden layers and sigmoid nothing stands in the way of copying.
#
# **Predict:** will it learn to copy whatever comes, the cat too?

# %%
wide = train(784, hidden_sizes=(), output_activation=None)
wide_hat = {name: wide.reconstruct(x) for name, x in pictures.items()}
show(
    plots.plot_reconstructions(
        pick(pictures), {"784 numbers": pick(wide_hat)}, title="Through 784 numbers"
    ),
    alt="Digits, here upside down, come back sharp, clothes with some noise, "
    "the cat as little but noise.",
)

# %%
errors["784 numbers"] = [
    squared_error(x, wide_hat[name]).mean() for name, x in pictures.items()
]
errors[["autoencoder", "784 numbers", "one grey"]].round(2)

# %% tags=["nbval-check-output"]
digits, cat_error = errors.loc["digits"], errors.loc["patches of a cat"]
claim(
    "784 numbers keep digits far better than 32",
    digits["784 numbers"], "<", 0.4 * digits["autoencoder"],
)  # fmt: skip
claim(
    "... but one grey is nearer the cat",
    cat_error["784 numbers"], ">", 2 * cat_error["one grey"],
)  # fmt: skip
splits.check()

# %% [markdown]
# **What to notice.** 784 numbers for 784 pixels save nothing, and a perfect copy would be easy: PCA with 784 directions is one, for any picture. This network is not. Digits come back nearly perfect, clothes with noise (pixels below 0 are drawn black), and for the cat one grey would still be better: the training had no picture that is bright all over, and asked for no copy of one.
# So room alone does not make a copier: this network learned what its training pictures asked for. The next lesson asks for something else, with noise.

# %% [markdown]
# ## The answer
#
# **Does a learned code beat PCA?** In error on digits, yes, at every size that we tried: 8 learned numbers have about the error of 32 of PCA (if that is cut to [0, 1], a little more). Its pictures lie on a sheet that bends with the data, and PCA's in a flat plane.
#
# **What does it lose?** Fine detail first, like PCA, but less of it. With two numbers, many digits come back as another kind.
# And it loses generality: on clothes PCA wins. Besides, PCA is one formula for all sizes; the autoencoder needs a training for each, and at 32 numbers some 25 times the weights.

# %% [markdown]
# ## Exercises
#
# Solved in [solutions/01](solutions/01.ipynb).
#
# 1. *(a minute)* Cross the map in a straight line from a 1 to a 0. What do you pass?
#    <details><summary>Hint</summary>Move the pointer over the plane, or decode points between two codes.</details>
# 2. *(ten minutes)* Train 32 and 64 numbers for twice as long. How much of the gap between them was training, and how much size?
#    <details><summary>Hint</summary><code>train(32, epochs=6)</code>; the learning rate follows.</details>
# 3. *(twenty minutes)* Train on clothes and rebuild digits. Is the failure symmetric?
#    <details><summary>Hint</summary>Keep 500 of the clothes for measuring. 1,500 are few, so take more epochs.</details>
# 4. *(half an hour)* With how few training digits does PCA win?
#    <details><summary>Hint</summary>Try the first 200 and 2,000, with as many steps each time.</details>
# 5. *(open)* Where do `"kmnist"`, `"emnist/letters"` and `"cifar10"` lie between digits and the cat? Predict first.
#    <details><summary>Hint</summary>Change <code>OTHER</code>; put the error of the set's own mean image beside.</details>

# %% [markdown]
# ## Where it comes from
#
# - Pearson 1901, *On lines and planes of closest fit to systems of points in space*; Eckart and Young 1936, *The approximation of one matrix by another of lower rank*.
# - Kramer 1991, *Nonlinear principal component analysis using autoassociative neural networks*; Hinton and Salakhutdinov 2006, *Reducing the dimensionality of data with neural networks*.
# - Fashion-MNIST: Xiao, Rasul and Vollgraf 2017. The cat is "Chelsea" by Stéfan van der Walt, from scikit-image (CC0).
#
# **Before:** [00 What is an autoencoder?](00_what_is_an_autoencoder.ipynb). **Study:** [01a PCA and autoencoders, compared](studies/01a_pca_and_autoencoders.ipynb). **Next:** [02 Denoising](02_denoising.ipynb). **Assignment:** [Bits per digit](../assignments/README.md).
