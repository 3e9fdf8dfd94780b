# %% [markdown]
# # 01a PCA and autoencoders, compared
#
# Lesson 01 says that a learned code beats PCA on digits. What exactly wins, against which PCA, and what are codes good for beyond small errors?
#
# **You will**
# - see that a linear autoencoder is PCA found the long way, and learn to measure the angle between two planes,
# - find out which bend it is that beats PCA, and what a good start saves,
# - put codes to use, each time beside a rival: half-way points, storage, neighbours.
#
# **Before you start:** [01 Dimensionality reduction](../01_dimensionality_reduction.ipynb).
#
# **Time:** MINUTES to read, SECONDS to run.

# %% [markdown]
# ## Setup

# %%
import logging
import math
import tempfile
import zlib
from pathlib import Path

import keras
import numpy as np
import pandas as pd
from scipy.linalg import subspace_angles
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

import ae_helpers
from ae_helpers import plots
from ae_helpers.claims import claim
from ae_helpers.data import load_mnist
from ae_helpers.metrics import squared_error
from ae_helpers.models import Autoencoder, dense_autoencoder
from ae_helpers.plots import show
from ae_helpers.progress import ProgressBar
from ae_helpers.splits import watch_splits

# %%
SEED = 0
BATCH_SIZE = 200
keras.utils.set_random_seed(SEED)
logging.getLogger("tensorflow").setLevel(logging.ERROR)  # no advice on speed

# %%
(x_train, y_train), (x_valid, y_valid), (x_test, y_test) = load_mnist()
splits = watch_splits(train=x_train, valid=x_valid, test=x_test)
mean_image = x_train.mean(axis=0)
pca = PCA(64, svd_solver="covariance_eigh").fit(x_train.reshape(-1, 784))


def pca_encode(x, k):
    return (x.reshape(-1, 784) - pca.mean_) @ pca.components_[:k].T


def pca_decode(z):
    return (pca.mean_ + z @ pca.components_[: z.shape[1]]).reshape(-1, 28, 28, 1)


def pca_reconstruct(x, k):
    return pca_decode(pca_encode(x, k))


# %%
def train(model, name, epochs=3, x=x_train):
    """The recipe of lesson 01."""
    steps = epochs * math.ceil(len(x) / BATCH_SIZE)
    rate = keras.optimizers.schedules.CosineDecay(4e-3, steps)
    model.compile(keras.optimizers.Adam(rate), loss="mse", steps_per_execution=10)
    x = keras.ops.convert_to_tensor(x, "float32")  # of an array, fit makes four copies
    bar = ProgressBar(name)
    model.fit(
        x, x, epochs=epochs, batch_size=BATCH_SIZE, verbose=0, callbacks=[bar],
    )  # fmt: skip
    return model


def error(x_hat):
    return squared_error(x_test, x_hat).mean()


# %% [markdown]
# ## The angle between two planes
#
# Two codes of 32 numbers: do they keep the same part of the pictures? Each linear code keeps a plane in the space of all pictures. So the question is how far apart two planes lie.

# %%
line, other_line = np.array([[1, 0.2]]).T, np.array([[1, 0.9]]).T
floor = np.array([[1, 0, 0], [0, 1, 0]]).T
ramp = np.array([[1, 0.3, 0], [-0.3, 1, 0.8]]).T
show(
    plots.plot_principal_angles(
        {"two lines": (line, other_line), "two planes in space": (floor, ramp)}
    ),
    alt="Left two lines that cross at 31 degrees. Right a plane and a ramp: they share "
    "a line, and stand 37 degrees open.",
)

# %% [markdown]
# Two lines have one angle. Two planes in space have two: they meet in a line, and along it the angle is 0°; the other one says how far they stand open, like a book.
#
# With more dimensions it goes on like this: look for the two directions, one in each plane, with the smallest angle between them; then for the next pair, at right angles to those before. These are the **principal angles**. If all are 0°, both planes are one; 90° means that a direction of one is missing from the other.

# %% [markdown]
# ## A linear autoencoder finds PCA again
#
# Take all activations out of an autoencoder, and it can do no more than PCA (Baldi and Hornik 1989). Does training get there?
#
# *Before you run it:* will the 32 numbers of its code be PCA's 32 numbers?

# %%
linear = train(
    dense_autoencoder(32, (), output_activation=None, mean_image=mean_image), "linear"
)
decoder_plane = keras.ops.convert_to_numpy(linear.decoder.layers[0].kernel).T
random_plane = np.random.default_rng(SEED).normal(size=(784, 32))
angles, random = (
    np.sort(np.degrees(subspace_angles(plane, pca.components_[:32].T)))
    for plane in (decoder_plane, random_plane)
)
number = np.arange(1, 33)
show(
    plots.plot_lines(
        {"linear autoencoder": (number, angles), "a random plane": (number, random)},
        xlabel="principal angle, the smallest first",
        ylabel="degrees",
        title="From PCA's plane to two others",
    ),
    alt="The autoencoder's angles stay near 0, the last ones a little higher. "
    "A random plane's rise to 90 degrees.",
)


# %% tags=["nbval-check-output"]
def largest_correlation(codes):
    return np.abs(np.corrcoef(codes.T) - np.eye(codes.shape[1])).max()


pca_error = error(pca_reconstruct(x_test, 32))
ratio = error(linear.reconstruct(x_test)) / pca_error
pca_correlation = largest_correlation(pca_encode(x_train, 32))
linear_correlation = largest_correlation(linear.encode(x_train))
claim("PCA with 32 numbers has an error of 13.2", 13.1, "<", pca_error, "<", 13.3)
claim("The linear autoencoder has nearly the same", 0.99, "<", ratio, "<", 1.03)
claim("Half of the angles are below 2 degrees", np.median(angles), "<", 2)
claim("A random plane has an angle of nearly 90 degrees", random[-1], ">", 85)
claim("PCA's numbers are uncorrelated", pca_correlation, "<", 0.01)
claim("The linear autoencoder's are not", linear_correlation, ">", 0.1)

# %% [markdown]
# **What to notice.** The plane is the same, found by training instead of by a formula; only its last directions, along which the digits vary least, are not settled yet. The numbers are not the same: PCA's are uncorrelated and sorted by variance, and the autoencoder's any mixture of them, because nothing in the loss asks for more.

# %% [markdown]
# ## Which bend beats PCA?
#
# So it takes something nonlinear. But where: in the encoder, in the decoder, or is a sigmoid at the end enough? Three networks with 30 numbers, the size in the paper of 2006, and PCA.
#
# *Before you run it:* must the encoder bend?


# %%
def parts(encoder_sizes, decoder_sizes):
    """An encoder and a decoder of different depth, put together."""
    return Autoencoder(
        dense_autoencoder(30, encoder_sizes).encoder,
        dense_autoencoder(30, decoder_sizes, mean_image=mean_image).decoder,
    )


networks = {
    "a sigmoid at the end": train(parts((), ()), "sigmoid", epochs=6),
    "decoder bends": train(parts((), (256,)), "decoder"),
    "encoder and decoder bend": train(parts((256,), (256,)), "both"),
}
bends = {"PCA": error(pca_reconstruct(x_test, 30))}
bends |= {name: error(model.reconstruct(x_test)) for name, model in networks.items()}
pd.Series(bends, name="squared error per image").round(2).to_frame()

# %% tags=["nbval-check-output"]
sigmoid, decoder_bends, both_bend = list(bends.values())[1:]
claim(
    "A sigmoid behind a linear map beats PCA already", sigmoid, "<", 0.9 * bends["PCA"]
)
claim("A decoder that bends does so clearly", decoder_bends, "<", 0.6 * bends["PCA"])
claim("An encoder that bends too is better still", both_bend, "<", 0.95 * decoder_bends)

# %% [markdown]
# **What to notice.** The decoder decides what pictures can be drawn, so that is where the bend counts: a linear encoder suffices to leave PCA behind. A bending encoder then finds better codes for the same pictures.
#
# In the paper of 2006, PCA for values between 0 and 1 (*logistic PCA*) had about 60 % of PCA's error in the same way, and the deep autoencoder less than half of that. The table below is written by `make paper-table`, which trains the paper's network with today's tools for a few minutes instead of seconds.

# %%
paper_file = Path(ae_helpers.__file__).parent / "tables" / "paper_table.csv"
pd.read_csv(paper_file, dtype=str, keep_default_na=False)

# %% [markdown]
# PCA agrees with the paper to its last digit, so the unit is the same. Different today: GELU instead of logistic units, squared error instead of cross-entropy, Adam, no pre-training, and training images shifted by up to a pixel. Which of these did it was not measured.

# %% [markdown]
# ## What makes a short training good?
#
# A widely read tutorial has a network with 64 numbers and no hidden layer at all. Its error after ten epochs, in batches of 32, is 3.1 when it is built again here, and an earlier recipe of this project, with two hidden layers on each side, was behind it (3.3). Lesson 01's has 3.0 after three epochs of batches of 200, a small part of the steps. What changed? Four networks with 64 numbers, one pass over half of the training digits each.
#
# *Before you run it:* which helps more, a deeper network or a better start?

# %%
variants = {
    "two hidden layers, from grey": ((400, 256), None),
    "two hidden layers, from the mean image": ((400, 256), mean_image),
    "one hidden layer, from grey": ((400,), None),
    "one hidden layer, from the mean image": ((400,), mean_image),
}
starts = {}
for name, (sizes, start) in variants.items():
    keras.utils.set_random_seed(SEED)
    model = dense_autoencoder(64, sizes, mean_image=start)
    train(model, name, epochs=1, x=x_train[::2])
    starts[name] = error(model.reconstruct(x_test))
starts["PCA"] = error(pca_reconstruct(x_test, 64))
pd.Series(starts, name="squared error after half an epoch").round(2).to_frame()

# %% tags=["nbval-check-output"]
grey_deep, mean_deep, grey, best, _ = starts.values()
claim("The mean image is a better start than grey", best, "<", 0.9 * grey)
claim("... with two hidden layers as well", mean_deep, "<", 0.95 * grey_deep)
claim("One hidden layer is ahead of two", best, "<", 0.9 * mean_deep)

# %% [markdown]
# **What to notice.** A sigmoid starts at grey, but most pixels of a digit are black. The first hundreds of steps push them all down at once, and hidden units are pushed along. Who begins at the mean image is spared that.
# And with many numbers in the code each further layer is one more thing that has to be learned before the code's last numbers are of use: in a short training, the short way is the better one. Small codes are another matter: there is more to unfold, and up to 16 numbers two hidden layers had the smaller error on validation digits (8 numbers, in the same time: 13.9 with 256 and 128 units, 15.9 with one layer of 512).
#
# Tried on validation digits as well, once each, with layers of 512 units: peaks of the learning rate from 0.002 to 0.008, batches of 200 and 500, SELU and leaky ReLU instead of GELU, cross-entropy as the loss, and the mean taken away from the input. None was better at all sizes for the same time; SELU came close.

# %% [markdown]
# ## Half-way between two digits
#
# Walk in a straight line from the code of one digit to that of another. Are the points on the way still digits?
#
# *Before you run it:* which is nearer to a real digit, a point half-way through the code, or a mixture of two pictures?

# %%
two = train(dense_autoencoder(2, (256, 128), mean_image=mean_image), "2 numbers")
autoencoder = train(dense_autoencoder(32, (400,), mean_image=mean_image), "32 numbers")
z_test = two.encode(x_test)
first, second = np.flatnonzero(y_test == 0)[3], np.flatnonzero(y_test == 7)[0]
way = np.linspace(0, 1, 9, dtype="float32")[:, None]
along_code = two.decode((1 - way) * z_test[first] + way * z_test[second])
fade = way[..., None, None]
along_pixels = (1 - fade) * x_test[first] + fade * x_test[second]
show(
    plots.plot_interpolation(
        {"through 2 learned numbers": along_code, "through the pixels": along_pixels},
        title="From a 0 to a 7",
    ),
    alt="Through the code, one shape turns into another; through the pixels, one "
    "picture fades into the other.",
)

# %% [markdown]
# A number for it: the distance to the nearest of 20,000 training digits, for 300 pairs of different digits. But blurred and dim pictures are near to everything, even black is. So each half-way point stands beside its **own end points**, which went through the same code: only the difference counts.

# %%
nearest = NearestNeighbors(n_neighbors=1, algorithm="brute")
nearest.fit(x_train[:20_000].reshape(-1, 784))


def distance(images):
    """Mean distance (root of the squared error) to the nearest training image."""
    return nearest.kneighbors(images.reshape(len(images), -1))[0].mean()


pairs = np.random.default_rng(SEED).integers(0, len(x_test), size=(2, 400))
one, other = pairs[:, y_test[pairs[0]] != y_test[pairs[1]]][:, :300]
routes = {
    "pixels": (lambda x: x.reshape(len(x), -1), lambda z: z),
    "2 numbers of PCA": (lambda x: pca_encode(x, 2), pca_decode),
    "2 learned numbers": (two.encode, two.decode),
    "32 numbers of PCA": (lambda x: pca_encode(x, 32), pca_decode),
    "32 learned numbers": (autoencoder.encode, autoencoder.decode),
}

# %%
half_way = {}
for name, (encode, decode) in routes.items():
    ends = encode(x_test[one]), encode(x_test[other])
    half_way[name] = {
        "end points": np.mean([distance(decode(z)) for z in ends]),
        "half-way": distance(decode((ends[0] + ends[1]) / 2)),
    }
half_way = pd.DataFrame(half_way).T
half_way["farther away"] = half_way["half-way"] - half_way["end points"]
black = distance(np.zeros((1, 784)))
half_way.round(2)

# %% tags=["nbval-check-output"]
away = half_way["farther away"]
two_away = max(away["2 learned numbers"], away["2 numbers of PCA"])
claim("Half-way through the pixels leads away from digits", away["pixels"], ">", 0.8)
claim("Through two numbers, learned or not, it hardly does", two_away, "<", 0.5)
claim("Through 32 learned numbers it does again", away["32 learned numbers"], ">", 0.7)
claim("Black is near to everything", black, "<", half_way["end points"].min())

# %% [markdown]
# **What to notice.** With two numbers a point half-way is about as near to digits as its ends are. But that holds for PCA, too: a plane of two numbers has no room to lose the digits in. With 32 learned numbers a straight line leads away from them, as mixing pixels does.
# So a learned code gives no right to walk in it. Nothing in the loss speaks of the points between the codes.

# %% [markdown]
# ## Storage
#
# An image has 784 pixels of a byte each; a code of 32 numbers in half precision has 64 bytes. Is that a saving of 92 %? The honest rival is zlib, which packs the pixels without any loss. And whoever unpacks codes needs the decoder (PCA: its directions and mean).
#
# *Before you run it:* how many bytes does zlib need for a digit?

# %%
z_half = autoencoder.encode(x_test).astype(np.float16)
half_error = error(autoencoder.decode(z_half.astype(np.float32)))
bytes_of_pixels = np.rint(255 * x_test).astype(np.uint8).tobytes()
packed = len(zlib.compress(bytes_of_pixels, 9)) / len(x_test)
decoder = 2 * autoencoder.decoder.count_params() / 1000  # half precision, in kB
storage = pd.DataFrame(
    {
        "pixels": {"bytes per digit": 784, "once, in kB": 0, "error": 0},
        "zlib": {"bytes per digit": packed, "once, in kB": 0, "error": 0},
        "PCA": {
            "bytes per digit": 64,
            "once, in kB": 2 * 33 * 0.784,
            "error": pca_error,
        },
        "autoencoder": {
            "bytes per digit": 64,
            "once, in kB": decoder,
            "error": half_error,
        },
    }
).T
storage["70,000 digits, in kB"] = (
    storage["once, in kB"] + 70 * storage["bytes per digit"]
)
storage.round(1)

# %% tags=["nbval-check-output"]
pays_after = 1000 * decoder / (packed - 64)
plain_error = error(autoencoder.reconstruct(x_test))
claim("Half precision costs nothing", 0.999, "<", half_error / plain_error, "<", 1.001)
claim(
    "zlib needs a fifth of the bytes, without loss", 0.15, "<", packed / 784, "<", 0.25
)
claim("The code saves a factor of two to three against it", 2, "<", packed / 64, "<", 3)
claim("... but only above thousands of digits, for the decoder", pays_after, ">", 5000)

# %% [markdown]
# **What to notice.** Against pixels the code looks like a twelfth. Against a packer that loses nothing it is less than a half, with losses; and the decoder, more than half a megabyte, must be paid for first. PCA's is a small fraction of it. (Assignment 01 goes on from here: how many *bits* does each number of a code need?)

# %% [markdown]
# ## Neighbours
#
# If codes keep what matters, similar codes should belong to the same digit. Of 20,000 training digits, the 5 with the nearest codes vote on the label of each of the 10,000 test digits.
#
# *Before you run it:* 784 pixels, 32 numbers of PCA, 32 learned numbers: which are best?


# %%
def neighbour_accuracy(train_codes, test_codes):
    judge = KNeighborsClassifier(5, algorithm="brute").fit(train_codes, y_some)
    return judge.score(test_codes, y_test)


x_some, y_some = x_train[:20_000], y_train[:20_000]
flat = x_some.reshape(-1, 784), x_test.reshape(-1, 784)
accuracy = {"784 pixels": neighbour_accuracy(*flat)}
for k, model in ((2, two), (32, autoencoder)):
    codes = pca_encode(x_some, k), pca_encode(x_test, k)
    accuracy[f"{k} numbers of PCA"] = neighbour_accuracy(*codes)
    codes = model.encode(x_some), model.encode(x_test)
    accuracy[f"{k} learned numbers"] = neighbour_accuracy(*codes)
pd.Series(accuracy, name="5 neighbours are right").map("{:.2%}".format).to_frame()

# %% tags=["nbval-check-output"]
pixels, pca_2, learned_2, pca_32, learned_32 = accuracy.values()
claim("32 numbers of PCA find neighbours better than all pixels", pca_32, ">", pixels)
claim(
    "32 learned ones are within a point of them", abs(learned_32 - pca_32), "<", 0.012
)
claim("With two numbers the learned code is far ahead", learned_2, ">", pca_2 + 0.1)

# %% [markdown]
# **What to notice.** A smaller error is no better neighbourhood: with 32 numbers PCA finds as good neighbours as the autoencoder, in a second and without training, and both keep up with all the pixels. Where codes are tiny, the learned one is far ahead.

# %% [markdown]
# ## Saving the encoder, and using it alone
#
# To search, only the encoder is needed. It is a Keras model of its own: save it, load it, and ask which of 20,000 training digits have the codes nearest to that of a new one.

# %%
with tempfile.TemporaryDirectory() as folder:
    file = Path(folder, "encoder.keras")
    autoencoder.encoder.save(file)
    encoder = keras.saving.load_model(file)
z = encoder.predict(x_test, batch_size=256, verbose=0)
difference = np.abs(z - autoencoder.encode(x_test)).max()
queries = [np.flatnonzero(y_test == digit)[5] for digit in (2, 4, 8)]
z_some = encoder.predict(x_some, batch_size=256, verbose=0)
search = NearestNeighbors(n_neighbors=9).fit(z_some)
found = search.kneighbors(z[queries], return_distance=False)
results = [[x_test[q], *x_some[row]] for q, row in zip(queries, found, strict=True)]
show(
    plots.plot_images(
        np.concatenate(results),
        title="Left a test digit, then the nine training digits with the nearest codes",
    ),
    alt="Three rows, each with a test digit and nine training digits that resemble it.",
)

# %% tags=["nbval-check-output"]
claim("The encoder gives the same codes after reloading", difference, "==", 0)

# %% [markdown]
# ## Where it fails: the worst of 10,000
#
# Means hide the tail. These are the test digits that 32 learned numbers rebuild worst.

# %%
x_hat = autoencoder.reconstruct(x_test)
errors = squared_error(x_test, x_hat)
worst = np.argsort(errors)[::-1][:10]
show(
    plots.plot_reconstructions(
        x_test[worst],
        {"autoencoder": x_hat[worst], "PCA": pca_reconstruct(x_test[worst], 32)},
        title="The ten worst",
    ),
    alt="Ten unusual digits, and reconstructions with missing or smeared strokes.",
)

# %% tags=["nbval-check-output"]
claim(
    "The worst cost many times the mean", errors[worst].mean(), ">", 4 * errors.mean()
)
splits.check()

# %% [markdown]
# ## The answer
#
# - A linear autoencoder is PCA found by training: the same plane, other numbers.
# - What beats PCA is a decoder that bends. A sigmoid alone is a bend already; an encoder that bends comes on top.
# - In a short training, where it starts and how deep it is decide as much as how many numbers the code has.
# - Small errors are not everything. For neighbours 32 numbers of PCA are as good, and for storage the rival is a lossless packer, and the decoder has to be paid for.

# %% [markdown]
# ## Where it comes from
#
# - Pearson 1901, *On lines and planes of closest fit to systems of points in space*; Eckart and Young 1936, *The approximation of one matrix by another of lower rank*.
# - Baldi and Hornik 1989, *Neural networks and principal component analysis*: the linear autoencoder has PCA's plane as its only minimum.
# - Hinton and Salakhutdinov 2006, *Reducing the dimensionality of data with neural networks*, Science 313:504.
#
# **Back:** [01 Dimensionality reduction](../01_dimensionality_reduction.ipynb).
