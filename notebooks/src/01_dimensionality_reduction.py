# %% [markdown]
# # 01 Dimensionality reduction
#
# Does a learned code beat PCA, and what does it lose?
# We compress digits to 2, 4, 8, 16, 32 and 64 numbers, with the best linear method there is beside the autoencoder at each size.
#
# **You will**
# - see that a *linear* autoencoder only finds PCA again, so that nonlinearity is what can win,
# - draw one curve, error against size of the code, for PCA and for autoencoders,
# - walk through a two-dimensional code and watch digits turn into one another,
# - use codes for storage and for nearest neighbours,
# - find out what an autoencoder loses, and what it can't do: pictures that are no digits.
#
# **Before you start:** [00 What is an autoencoder?](00_what_is_an_autoencoder.ipynb). Having heard of PCA helps.
#
# **Time on a laptop:** two to three minutes to run, an hour to read.

# %% [markdown]
# ## Setup

# %%
import logging
import math
import tempfile
from pathlib import Path

import keras
import numpy as np
import pandas as pd
from IPython.display import Markdown
from ipywidgets import FloatSlider, interact
from scipy.linalg import subspace_angles
from skimage import color, data
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

import ae_helpers
from ae_helpers import plots
from ae_helpers.claims import claim
from ae_helpers.data import load_mnist, load_tfds_images
from ae_helpers.metrics import squared_error
from ae_helpers.models import dense_autoencoder
from ae_helpers.plots import show
from ae_helpers.progress import ProgressBar

# %%
SEED = 0
SIZES = [2, 4, 8, 16, 32, 64]  # numbers in the code
EPOCHS = 5
BATCH_SIZE = 128

keras.utils.set_random_seed(SEED)
logging.getLogger("tensorflow").setLevel(logging.ERROR)  # no advice on speed between the results

# %% [markdown]
# ## The data
#
# This time we keep the labels. No model is trained with them; they colour pictures, and they judge how useful the codes are.

# %% tags=["nbval-check-output"]
(x_train, y_train), (x_valid, y_valid), (x_test, y_test) = load_mnist()
print("training", x_train.shape, "validation", x_valid.shape, "test", x_test.shape)


# %% [markdown]
# ## The rival: PCA
#
# Principal component analysis (Pearson 1901) takes the mean away and projects each image on the k directions in which the training images vary most.
# No other *linear* map to k numbers and back has a smaller squared error on the training images (Eckart and Young 1936). So PCA is the rival to beat.
#
# One fit with 64 components serves all sizes: the first k of them are the solution for k.

# %%
pca = PCA(max(SIZES), svd_solver="covariance_eigh").fit(x_train.reshape(-1, 784))


def pca_encode(images, k):
    return (images.reshape(-1, 784) - pca.mean_) @ pca.components_[:k].T


def pca_reconstruct(images, k):
    return (pca_encode(images, k) @ pca.components_[:k] + pca.mean_).reshape(images.shape)


# %% [markdown]
# ## A linear autoencoder finds PCA again
#
# Take all activations out of an autoencoder, and it can do no more than PCA. What does training make of it?
# With 32 numbers in the code, we compare two 32-dimensional planes in the space of 784 pixels: the one that PCA projects on, and the one in which the decoder's reconstructions lie.
# Between two such planes there are 32 *principal angles*. The first is the smallest angle between a direction in one plane and a direction in the other; each further one is the same among the directions left over.
# All 0° means the same plane; between random planes the largest is close to 90°.

# %%
linear_model = dense_autoencoder(32, hidden_sizes=(), output_activation=None)
steps = EPOCHS * math.ceil(len(x_train) / BATCH_SIZE)
linear_model.compile(
    # The learning rate falls to 0, so that training comes to rest.
    optimizer=keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(1e-2, steps)),
    loss="mse",
    steps_per_execution=20,  # fewer returns to Python: faster for small networks
)
_ = linear_model.fit(
    x_train,
    x_train,
    epochs=EPOCHS,
    batch_size=BATCH_SIZE,
    verbose=0,
    callbacks=[ProgressBar("linear autoencoder")],
)

# %%
decoder_plane = keras.ops.convert_to_numpy(linear_model.decoder.layers[0].kernel).T
pca_plane = pca.components_[:32].T
random_plane = np.random.default_rng(SEED).normal(size=(784, 32))
angles = np.degrees(subspace_angles(decoder_plane, pca_plane))
random_angles = np.degrees(subspace_angles(random_plane, pca_plane))
linear_error = squared_error(x_test, linear_model.reconstruct(x_test)).mean()
pca_error_32 = squared_error(x_test, pca_reconstruct(x_test, 32)).mean()
# How far is each number of a code from being independent of the others? The largest correlation between two of them:
linear_correlation, pca_correlation = (
    np.abs(np.corrcoef(codes.T) - np.eye(32)).max()
    for codes in (linear_model.encode(x_train), pca_encode(x_train, 32))
)
Markdown(
    f"**What to notice.** The largest angle between the two planes is {angles.max():.1f}°, the median {np.median(angles):.1f}° "
    f"(a random plane: {random_angles.max():.1f}° and {np.median(random_angles):.1f}°). On test images the linear autoencoder "
    f"has an error of {linear_error:.2f}, PCA {pca_error_32:.2f}. Gradient descent took {EPOCHS} epochs to find what PCA "
    "computes at once."
)

# %% [markdown]
# The plane is nearly the same; the 32 numbers are not. PCA's are uncorrelated and sorted by variance. The autoencoder's may be any mixture of them, because nothing in the loss asks for more (Baldi and Hornik 1989).
#
# So if an autoencoder is to beat PCA, it must bend, in layers before and after the code.

# %% [markdown]
# ## Nonlinear: one autoencoder for each size
#
# The network is 784-512-256-k-256-512-784, with GELU activations (a smooth relative of ReLU). We train it six times, for six sizes of the code, in the same way each time; five epochs keep the run short.
# A small penalty (`code_penalty`) keeps the code's numbers near 0, which makes the map below readable.
# The test images were used for none of these choices; where a number had to be found, the validation images chose it.


# %%
def build(latent_dim):
    """An autoencoder, compiled: the learning rate rises for a tenth of the steps, then falls to 0."""
    model = dense_autoencoder(latent_dim, hidden_sizes=(512, 256), activation="gelu", code_penalty=3e-5)
    schedule = keras.optimizers.schedules.CosineDecay(
        4e-4, decay_steps=int(0.9 * steps), warmup_target=4e-3, warmup_steps=int(0.1 * steps)
    )
    # A shorter memory of squared gradients than Adam's usual 0.999 suits so few steps.
    optimizer = keras.optimizers.Adam(schedule, beta_2=0.98)
    # The loss includes the penalty, so we ask for the plain squared error as well.
    model.compile(optimizer, loss="mse", metrics=["mse"], steps_per_execution=20)
    return model


autoencoders = {k: build(k) for k in SIZES}

# %%
history = {}
for k, model in autoencoders.items():
    history[k] = model.fit(
        x_train,
        x_train,
        epochs=EPOCHS,
        batch_size=BATCH_SIZE,
        validation_data=(x_valid, x_valid),
        verbose=0,
        callbacks=[ProgressBar(f"{k} numbers")],
    )

# %%
show(
    plots.plot_history(
        history[32],
        metric="mse",
        scale=784,
        ylabel="squared error per image",
        title="Training with 32 numbers",
    ),
    alt="Training and validation error fall together over five epochs.",
)

# %% [markdown]
# ## One curve
#
# Both methods, all sizes, on the test images.

# %% tags=["readme"]
rebuilt = {k: model.reconstruct(x_test) for k, model in autoencoders.items()}
ae_errors = {k: squared_error(x_test, x_hat).mean() for k, x_hat in rebuilt.items()}
pca_errors = {k: squared_error(x_test, pca_reconstruct(x_test, k)).mean() for k in SIZES}
show(
    plots.plot_error_curves(
        SIZES,
        {"PCA": list(pca_errors.values()), "autoencoder": list(ae_errors.values())},
        xlabel="numbers in the code",
        title="The autoencoder is below PCA at every size",
    ),
    alt="Two falling curves on logarithmic axes. The autoencoder's error is below PCA's at 2, 4, 8, 16, 32 and 64 numbers.",
)

# %%
ratios = {k: ae_errors[k] / pca_errors[k] for k in SIZES}
best = min(ratios, key=ratios.get)
# The sigmoid keeps the autoencoder's pixels in [0, 1]. Is that all? PCA may be cut off there, too.
clipped_pca = {k: squared_error(x_test, np.clip(pca_reconstruct(x_test, k), 0, 1)).mean() for k in SIZES}
Markdown(
    f"**What to notice.** At 32 numbers: PCA {pca_errors[32]:.2f}, autoencoder {ae_errors[32]:.2f}. On these axes equal "
    f"distances are equal ratios; the ratio is smallest at {best} numbers, where the autoencoder has {ratios[best]:.0%} of "
    f"PCA's error. Cutting PCA's pixels off at 0 and 1 helps it ({clipped_pca[32]:.1f} at 32 numbers), but does not close the "
    f"gap. From 32 to 64 numbers the autoencoder gains {ae_errors[32] - ae_errors[64]:.1f}, PCA "
    f"{pca_errors[32] - pca_errors[64]:.1f}. Does the size not "
    "matter any more, or is the training too short to use it? Exercise 2 finds out."
)

# %% [markdown]
# ## How far can it go? A comparison with 2006
#
# Hinton and Salakhutdinov compressed MNIST to 30 numbers with a deeper network, 784-1000-500-250-30, which they pre-trained layer by layer. The five epochs above do not reach their result; a long training of their network does.
# The table is written by `make paper-table`, which trains it with today's tools. (Logistic PCA is PCA for values between 0 and 1.) PCA agrees with the paper to the last digit, so the unit is the same.

# %%
# As text, because the table is shown as it was written.
paper_file = Path(ae_helpers.__file__).parents[1] / "benchmarks" / "paper_table.csv"
paper_table = pd.read_csv(paper_file, dtype=str, keep_default_na=False)
paper_table

# %%
by_method = paper_table.set_index("method")["squared error per image"].astype(float)
paper_autoencoder = by_method["autoencoder 784-1000-500-250-30, published 2006"]
our_autoencoder = by_method["autoencoder 784-1000-500-250-30, this project"]
Markdown(
    f"**What to notice.** A network of the same size comes to {our_autoencoder:.2f} instead of {paper_autoencoder:.2f}. Different "
    "today: GELU instead of logistic units, squared error instead of cross-entropy as the loss, the optimiser Adam, no "
    "pre-training, and training images shifted by up to a pixel. We have not measured which of these did it."
)

# %% [markdown]
# ## A map of two numbers
#
# With two numbers in the code, each digit is a point in a plane. We draw the first 5,000 test digits; a disc marks the median of each kind. Colours come from the labels, which the network never saw.

# %%
z_test = autoencoders[2].encode(x_test)
show(
    plots.plot_latent_scatter(
        z_test[:5000], y_test[:5000], title="5,000 test digits, coded as two numbers each"
    ),
    alt="A scatter plot with coloured groups of digits and a disc at the median of each. Some digits, such as 0 and 1, "
    "stand fairly apart; others, such as 4 and 9 or 3, 5 and 8, overlap.",
)
show(
    plots.plot_latent_scatter(
        pca_encode(x_test[:5000], 2), y_test[:5000], title="The same digits in PCA's two numbers"
    ),
    alt="A scatter plot in which most digits lie on top of each other; 0 and 1 are at opposite ends.",
)

# %% [markdown]
# The autoencoder has sorted the digits into groups, although nobody told it what they show. In PCA's map the groups overlap far more. We put a number on that below.
#
# The decoder answers at *any* point of the plane, also where no digit lies; there it may draw smudges. Decoding a grid of points shows the map's terrain. (The grid leaves out the outermost 2 % on each side.)

# %%
(left, bottom), (right, top) = np.percentile(z_test, [2, 98], axis=0)
show(
    plots.plot_decoded_plane(
        autoencoders[2].decode,
        (left, right),
        (bottom, top),
        title="What the decoder draws at each point of the plane",
    ),
    alt="A grid of 16 by 16 decoded digits. Neighbours resemble each other, and one digit turns into another across the plane.",
)

# %% [markdown]
# ## From one digit to another
#
# Walk in a straight line from the code of one digit to that of another, and decode on the way. Compare it with fading one picture out and the other in. (The walk's ends are reconstructions from two numbers, so they differ a little from the pictures below them.)

# %%
first, second = np.flatnonzero(y_test == 0)[3], np.flatnonzero(y_test == 7)[0]
way = np.linspace(0, 1, 10, dtype="float32")
along_code = autoencoders[2].decode((1 - way)[:, None] * z_test[first] + way[:, None] * z_test[second])
along_pixels = (1 - way)[:, None, None, None] * x_test[first] + way[:, None, None, None] * x_test[second]
show(
    plots.plot_interpolation(
        {"through the code": along_code, "through the pixels": along_pixels}, title="From a 0 to a 7"
    ),
    alt="Two rows. Through the code, a 0 turns into a 7 by way of other shapes; through the pixels, one picture fades into the other.",
)

# %% [markdown]
# Is a point half-way through the code more like a digit than a mixture of two pictures? We ask for its distance to the nearest training image, for about 300 random pairs of different digits.
# Beware: dim and blurred pictures are near to everything; even a black one is. So the fair rival is a mixture that is just as compressed: by PCA, to two numbers.

# %%
nearest = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(x_train.reshape(-1, 784))


def distance_to_digits(images):
    """Mean distance (root of the squared error) of the images to their nearest training image."""
    return nearest.kneighbors(images.reshape(-1, 784))[0].mean()


one, other = np.random.default_rng(SEED).integers(0, len(x_test), size=(2, 333))
one, other = one[y_test[one] != y_test[other]], other[y_test[one] != y_test[other]]
mixture = (x_test[one] + x_test[other]) / 2
distances = {
    "real test digits": distance_to_digits(x_test[one]),
    "half-way through 2 learned numbers": distance_to_digits(
        autoencoders[2].decode((z_test[one] + z_test[other]) / 2)
    ),
    "half-way through 2 PCA numbers": distance_to_digits(pca_reconstruct(mixture, 2)),
    "half-way through the pixels": distance_to_digits(mixture),
    "black": distance_to_digits(np.zeros_like(x_test[:1])),
}
pd.Series(distances, name="distance to the nearest training digit").round(2).to_frame()

# %%
Markdown(
    f"**What to notice.** Half-way through the pixels we are {distances['half-way through the pixels']:.2f} away from the nearest "
    f"digit, through two numbers of PCA {distances['half-way through 2 PCA numbers']:.2f}, through two learned numbers "
    f"{distances['half-way through 2 learned numbers']:.2f}: the learned path stays among the digits. A small distance alone "
    f"proves nothing, though: black has {distances['black']:.2f}."
)

# %% [markdown]
# ## Explore the plane
#
# Move the sliders: the cross walks over the map, and the picture in the corner shows what the decoder draws there. (This needs a running kernel. Without one you see the starting point, and the grid above.)


# %%
def draw_point(first_value, second_value):
    image = autoencoders[2].decode(np.array([[first_value, second_value]], dtype="float32"))
    figure = plots.plot_latent_scatter(z_test[:2000], y_test[:2000])
    figure.axes[0].plot(first_value, second_value, "k+", markersize=25, markeredgewidth=3, zorder=9)
    corner = figure.axes[0].inset_axes([0.75, 0.72, 0.25, 0.28])
    corner.imshow(image[0, ..., 0], cmap="gray", vmin=0, vmax=1)
    corner.axis("off")
    show(
        figure,
        alt=f"The map with a cross at ({first_value:.1f}, {second_value:.1f}), and the digit decoded there.",
    )


middle = np.median(z_test, axis=0)
explorer = interact(
    draw_point,
    first_value=FloatSlider(
        value=middle[0], min=left, max=right, step=(right - left) / 100, continuous_update=False
    ),
    second_value=FloatSlider(
        value=middle[1], min=bottom, max=top, step=(top - bottom) / 100, continuous_update=False
    ),
)

# %% [markdown]
# ## What codes are good for
#
# **Storage.** An image takes 784 bytes (one per pixel), and 32 numbers in half precision take 64. (The decoder must be stored once, too.)
#
# **Nearest neighbours.** If codes keep what matters, similar codes should belong to the same digit. We let the 5 nearest training codes vote on the label, and count how often they are right. Labels are used for the vote alone.


# %%
def neighbour_accuracy(train_codes, test_codes):
    """Share of the first 3,000 test digits whose 5 nearest training codes vote for the right label."""
    stored, asked = (
        codes.astype(np.float16).astype(np.float32) for codes in (train_codes, test_codes[:3000])
    )
    return KNeighborsClassifier(5, algorithm="brute").fit(stored, y_train).score(asked, y_test[:3000])


accuracy = {"784 pixels": neighbour_accuracy(x_train.reshape(-1, 784), x_test.reshape(-1, 784))}
for k in (2, 8, 32):
    accuracy[f"{k} PCA numbers"] = neighbour_accuracy(pca_encode(x_train, k), pca_encode(x_test, k))
    accuracy[f"{k} learned numbers"] = neighbour_accuracy(
        autoencoders[k].encode(x_train), autoencoders[k].encode(x_test)
    )
bytes_each = {name: 784 if "pixels" in name else 2 * int(name.split()[0]) for name in accuracy}
pd.DataFrame({"bytes per image": bytes_each, "5-neighbour accuracy": accuracy}).round(4)

# %%
z_half = autoencoders[32].encode(x_test).astype(np.float16)
chance = 2 * np.sqrt(0.96 * 0.04 / 3000)  # two standard deviations of an accuracy of 96 % on 3,000 images
half_precision_error = squared_error(x_test, autoencoders[32].decode(z_half.astype(np.float32))).mean()
Markdown(
    f"**What to notice.** With two numbers the learned code is right in {accuracy['2 learned numbers']:.0%} of cases, PCA in "
    f"{accuracy['2 PCA numbers']:.0%}: that is the difference between the two maps. With 32 numbers the learned code "
    f"({accuracy['32 learned numbers']:.1%}) and PCA ({accuracy['32 PCA numbers']:.1%}) are about equal, and both are a little "
    f"better than all 784 pixels ({accuracy['784 pixels']:.1%}), at a twelfth of the bytes. (On 3,000 images, chance alone "
    f"moves such an accuracy by {chance:.1%}.) For neighbours alone, PCA with 32 numbers does as well, without gradient descent. "
    f"Half precision changes the error from {ae_errors[32]:.3f} to {half_precision_error:.3f}: not at all."
)

# %% [markdown]
# ## What is lost, and what first?
#
# The compression is **lossy**: the picture that comes back is another one. Here are the same digits through ever smaller codes.

# %%
picked = [np.flatnonzero(y_test == digit)[1] for digit in range(10)]
show(
    plots.plot_reconstructions(
        x_test[picked],
        {f"{k} numbers": rebuilt[k][picked] for k in reversed(SIZES)},
        title="The same digits through smaller and smaller codes",
    ),
    alt="Ten digits and six rows of reconstructions. With fewer numbers they lose detail; with 2, some turn into other digits.",
)

# %% [markdown]
# Detail goes first, and the coarse shape last. To measure it, split images and errors into spatial frequencies (Fourier): low ones, few waves across the picture, make the large blobs, high ones the sharp edges. How much of each is missing, as a share of the squared values?

# %%
frequency = np.hypot(
    *np.meshgrid(np.fft.fftfreq(28, 1 / 28), np.fft.fftfreq(28, 1 / 28))
)  # waves per image width
bands = {"coarse (below 2)": (0, 2), "medium (2 to 6)": (2, 6), "fine (above 6)": (6, 20)}


def missing_share(x, x_hat):
    """For each band, the share of the images' squared Fourier values that the reconstruction misses."""
    image, error = (np.abs(np.fft.fft2(a[..., 0])) ** 2 for a in (x, x - x_hat))
    inside = {name: (frequency >= low) & (frequency < high) for name, (low, high) in bands.items()}
    return {name: error[:, mask].sum() / image[:, mask].sum() for name, mask in inside.items()}


missing = pd.DataFrame({f"{k} numbers": missing_share(x_test, rebuilt[k]) for k in SIZES})
missing.map("{:.1%}".format)

# %% [markdown]
# And here are the test digits that the 32 numbers rebuild worst of all.

# %%
errors_32 = squared_error(x_test, rebuilt[32])
worst = np.argsort(errors_32)[::-1][:10]
show(
    plots.plot_reconstructions(
        x_test[worst],
        {"32 numbers": rebuilt[32][worst]},
        title="The ten worst of 10,000",
    ),
    alt="Ten unusually written digits above their reconstructions, in which strokes are missing or smeared.",
)

# %% [markdown]
# ## Specific to its data
#
# A JPEG file holds any picture. An autoencoder holds only pictures like those it was trained on. We give the digit autoencoder
# - digits upside down (turned by 180°),
# - clothes: Fashion-MNIST, in the same format as MNIST,
# - 160 patches of a photograph of a cat, 28 by 28 pixels each.

# %%
cat = color.rgb2gray(data.chelsea()).astype(np.float32)
rows, columns = cat.shape[0] // 28, cat.shape[1] // 28
patches = (
    cat[: 28 * rows, : 28 * columns].reshape(rows, 28, columns, 28).swapaxes(1, 2).reshape(-1, 28, 28, 1)
)
clothes, _ = load_tfds_images("fashion_mnist", "test[:2000]")
foreign = {
    "digits": x_test,
    "digits upside down": x_test[:, ::-1, ::-1],
    "clothes": clothes,
    "patches of a cat": patches,
}

# %%
foreign_hat = {name: autoencoders[32].reconstruct(images) for name, images in foreign.items()}
foreign_errors = {name: squared_error(images, foreign_hat[name]) for name, images in foreign.items()}
foreign_pca = {
    name: squared_error(images, pca_reconstruct(images, 32)).mean() for name, images in foreign.items()
}
show(
    plots.plot_error_histograms(
        foreign_errors, title="The digit autoencoder on digits and on other pictures"
    ),
    alt="Four histograms on a logarithmic axis: digits lowest, digits upside down higher, clothes and cat far higher.",
)

# %%
examples = {"digits upside down": range(10), "clothes": range(10), "patches of a cat": range(40, 140, 10)}
for name, chosen in examples.items():
    images = foreign[name][list(chosen)]
    rows_shown = {"autoencoder": foreign_hat[name][list(chosen)], "PCA": pca_reconstruct(images, 32)}
    show(
        plots.plot_reconstructions(
            images, rows_shown, title=f"{name.capitalize()} through 32 numbers made for digits"
        ),
        alt=f"Ten {name}, and below them what the autoencoder makes of them, in bright strokes, and PCA, in grey ones.",
    )

# %%
brightness = {name: np.square(images).sum(axis=(1, 2, 3)).mean() for name, images in foreign.items()}
comparison = pd.DataFrame(
    {"autoencoder": {name: errors.mean() for name, errors in foreign_errors.items()}, "PCA": foreign_pca}
)
comparison["autoencoder / PCA"] = comparison["autoencoder"] / comparison["PCA"]
comparison["autoencoder, times digits"] = comparison["autoencoder"] / comparison.loc["digits", "autoencoder"]
comparison["PCA, times digits"] = comparison["PCA"] / comparison.loc["digits", "PCA"]
# Bright pictures have more to lose: the error as a share of the sum of the squared pixels.
comparison["autoencoder, share missed"] = comparison["autoencoder"] / pd.Series(brightness)
comparison.round(2)

# %%
digits, upside_down, worn, cat_patches = comparison.to_dict("records")
Markdown(
    f"**What to notice.** Clothes cost {worn['autoencoder, times digits']:.0f} times as much as digits, the cat "
    f"{cat_patches['autoencoder, times digits']:.0f} times. They are brighter pictures, but also as a share of what there is "
    f"to lose the autoencoder misses {worn['autoencoder, share missed']:.0%} and {cat_patches['autoencoder, share missed']:.0%}, "
    f"against {digits['autoencoder, share missed']:.0%} of digits. And here **the autoencoder loses to PCA**: "
    f"{worn['autoencoder']:.0f} against {worn['PCA']:.0f} on clothes. (On the cat it is {cat_patches['autoencoder']:.0f} against "
    f"{cat_patches['PCA']:.0f} this time; in another training both may be equal.) It draws bright strokes, since that is all it has learned to draw. Digits upside down "
    f"are the mildest case ({upside_down['autoencoder, times digits']:.1f} times): 0, 1 and 8 stay digits, 6 and 9 change places."
)

# %% [markdown]
# ## Saving the encoder and using it alone
#
# To store codes, or to search among them, only the encoder is needed. It is a Keras model of its own.

# %%
with tempfile.TemporaryDirectory() as folder:
    file = Path(folder, "encoder.keras")
    autoencoders[32].encoder.save(file)
    encoder = keras.saving.load_model(file)
same_codes = np.array_equal(
    encoder.predict(x_test, batch_size=1024, verbose=0), autoencoders[32].encode(x_test, batch_size=1024)
)

# %% tags=["nbval-check-output"]
print("the same codes after reloading, bit for bit:", same_codes)

# %% [markdown]
# Now a search engine for digits: store the codes of all training images, and ask for the nearest ones to a new image. Codes of 32 numbers are compared instead of 784 pixels.

# %%
stored_codes = encoder.predict(x_train, batch_size=1024, verbose=0)
queries = [np.flatnonzero(y_test == digit)[5] for digit in (2, 4, 8)]
codes_of_queries = encoder.predict(x_test[queries], verbose=0)
found = NearestNeighbors(n_neighbors=9).fit(stored_codes).kneighbors(codes_of_queries, return_distance=False)
results = [
    image for query, row in zip(queries, found, strict=True) for image in (x_test[query], *x_train[row])
]
show(
    plots.plot_images(
        np.array(results),
        columns=10,
        title="Left a test digit; beside it the nine training digits with the nearest codes",
    ),
    alt="Three rows. Each starts with a test digit, followed by nine training digits that resemble it, most of them of the same kind.",
)

# %% [markdown]
# ## A failure experiment: too small, and too large
#
# **Too small.** With two numbers, some digits come back as other digits. We ask which training digit is nearest to each reconstruction, and count how often it shows another digit than the original.


# %%
def changed_share(images):
    """Share of the first 500 test digits, rebuilt, that are nearest to a training digit with another label."""
    neighbours = nearest.kneighbors(images[:500].reshape(-1, 784), return_distance=False)[:, 0]
    return (y_train[neighbours] != y_test[:500]).mean()


changed = {k: changed_share(rebuilt[k]) for k in SIZES}
changed["originals"] = changed_share(x_test)  # how often does this judge err by itself?
pd.Series(changed, name="came back as another digit").map("{:.1%}".format).to_frame().rename_axis(
    "numbers in the code"
)

# %% [markdown]
# **Too large.** Give the code as many numbers as the image has pixels, and nothing needs to be compressed. We train a linear network with such a code for one epoch.
# There is even a solution that needs no learning at all: pass everything through. We write that down by hand, with weights that are 1 on the diagonal and 0 elsewhere.

# %%
wide = dense_autoencoder(784, hidden_sizes=(), output_activation=None)
wide.compile(optimizer="adam", loss="mse", steps_per_execution=20)
_ = wide.fit(
    x_train, x_train, epochs=1, batch_size=BATCH_SIZE, verbose=0, callbacks=[ProgressBar("784 numbers")]
)
wide_errors = {
    name: squared_error(images, wide.reconstruct(images)).mean() for name, images in foreign.items()
}
wide_accuracy = neighbour_accuracy(wide.encode(x_train), wide.encode(x_test))

# %%
copying = dense_autoencoder(784, hidden_sizes=(), output_activation=None)
copying.set_weights([np.eye(784), np.zeros(784), np.eye(784), np.zeros(784)])
copy_errors = {
    name: squared_error(images, copying.reconstruct(images)).max() for name, images in foreign.items()
}
copy_codes_are_pixels = np.array_equal(copying.encode(x_test), x_test.reshape(-1, 784))
pd.DataFrame(
    {
        "32 numbers": comparison["autoencoder"],
        "784 numbers, trained": wide_errors,
        "784 numbers, copying (largest error)": copy_errors,
    }
).round(2)

# %%
Markdown(
    f"**What to notice.** With 2 numbers, {changed[2]:.0%} of the digits come back as another digit; with 32, {changed[32]:.1%}, "
    f"hardly more than the {changed['originals']:.1%} in which this judge errs about the originals themselves. "
    f"The wide network rebuilds digits almost perfectly ({wide_errors['digits']:.2f}), and clothes far better than the narrow one "
    f"({wide_errors['clothes']:.0f} against {comparison.loc['clothes', 'autoencoder']:.0f}): it is learning to copy whatever comes. "
    f"Its code finds neighbours no better than the pixels ({wide_accuracy:.1%} against {accuracy['784 pixels']:.1%}). "
    "The copying network has no error at all, and has learned nothing: its code *is* the "
    "picture. A small error proves nothing as long as nothing "
    "stands in the network's way. The bottleneck is one obstacle; the next lesson uses another: noise."
)

# %% [markdown]
# ## What we showed
#
# Each sentence is checked, with a margin that holds for other random seeds too (`make seeds` tries five).

# %% tags=["nbval-check-output"]
claim("A linear autoencoder ends in PCA's plane: half of the angles are below 1°.", np.median(angles) < 1)
claim("No angle is above 25°.", angles.max() < 25)
claim("Between PCA's plane and a random one there is an angle above 85°.", random_angles.max() > 85)
claim("PCA's numbers are uncorrelated.", pca_correlation < 0.01)
claim("The linear autoencoder's are not.", linear_correlation > 0.1)
claim("Its error is PCA's, within two per cent.", 0.99 < linear_error / pca_error_32 < 1.02)

# %% tags=["nbval-check-output"]
largest_ratio = max(ratios.values())
largest_clipped_ratio = max(ae_errors[k] / clipped_pca[k] for k in SIZES)
claim("The autoencoder's error is below PCA's at every size.", largest_ratio < 0.85)
claim("Cutting PCA off at 0 and 1 does not change that.", largest_clipped_ratio < 0.9)
claim("With 32 numbers PCA has a squared error of 13.2 per image.", 13.1 < pca_errors[32] < 13.3)
claim("With 32 numbers the autoencoder has at most 5.0.", ae_errors[32] <= 5.0)
claim("With 2 numbers PCA has 43.6.", 43.5 < pca_errors[2] < 43.8)
claim("With 2 numbers the autoencoder has at most 34.", ae_errors[2] <= 34)
claim("16 learned numbers rebuild digits better than 32 of PCA.", ae_errors[16] < 0.75 * pca_errors[32])
published, measured = by_method["PCA, published 2006"], by_method["PCA, this project"]
claim("PCA here agrees with PCA in the paper of 2006.", published == measured)
claim(
    "Today's training of the paper's network beats its published error.", our_autoencoder < paper_autoencoder
)

# %% tags=["nbval-check-output"]
half_way = {
    name: distances[f"half-way through {name}"]
    for name in ("2 learned numbers", "2 PCA numbers", "the pixels")
}
on_learned = half_way["2 learned numbers"]
claim(
    "Half-way through two learned numbers is nearer to digits than through pixels.",
    on_learned < 0.9 * half_way["the pixels"],
)
claim("... and than through two numbers of PCA.", on_learned < 0.9 * half_way["2 PCA numbers"])
claim(
    "Black is near to digits, too: distance alone proves nothing.",
    distances["black"] < distances["real test digits"],
)
two_learned, two_linear = accuracy["2 learned numbers"], accuracy["2 PCA numbers"]
claim("Two learned numbers tell digits apart better than two of PCA.", two_learned > two_linear + 0.1)
learned, linear = accuracy["32 learned numbers"], accuracy["32 PCA numbers"]
claim("32 learned numbers find neighbours at least as well as 784 pixels.", learned > accuracy["784 pixels"])
claim("32 numbers of PCA do, too.", linear > accuracy["784 pixels"])
claim("Between the two there is at most a percentage point or so.", abs(learned - linear) < 0.012)
claim("Codes in half precision cost nothing.", np.isclose(half_precision_error, ae_errors[32], rtol=0.001))
least_increase = missing.diff().iloc[1:].to_numpy().min()  # from one band to the next finer one
claim("Fine detail is lost before coarse shape, at every size.", least_increase > 0.005)
claim("The encoder alone, saved and reloaded, gives the same codes.", same_codes)

# %% tags=["nbval-check-output"]
times, share = comparison["autoencoder, times digits"], comparison["autoencoder, share missed"]
against_pca = comparison["autoencoder / PCA"]
others = ["clothes", "patches of a cat"]
claim("Clothes and cat cost 8 times as much as digits, or more.", times[others].min() > 8)
claim(
    "... and as a share of what there is to lose, 4 times as much.", share[others].min() > 4 * share["digits"]
)
claim("Digits upside down cost more too.", times["digits upside down"] > 1.3)
claim("... but far less than clothes or cat.", times["digits upside down"] < times[others].min() / 2)
claim(
    "On digits, also upside down, the autoencoder beats PCA.",
    against_pca[["digits", "digits upside down"]].max() < 0.8,
)
claim("On clothes, the autoencoder loses to PCA.", against_pca["clothes"] > 1.05)
claim("On the cat, it has no clear lead over PCA.", against_pca["patches of a cat"] > 0.9)
claim("With 2 numbers, every tenth digit or more comes back as another.", changed[2] > 0.1)
claim("With 32 numbers, hardly more than the judge's own errors.", changed[32] < changed["originals"] + 0.03)
claim(
    "A code of 784 numbers rebuilds clothes far better than one of 32.",
    wide_errors["clothes"] < 0.5 * comparison.loc["clothes", "autoencoder"],
)
claim("... but finds neighbours no better than the pixels.", wide_accuracy < accuracy["784 pixels"] + 0.005)
claim("A copying network rebuilds everything without error.", max(copy_errors.values()) == 0)
claim("... and its code is nothing but the pixels.", copy_codes_are_pixels)

# %% [markdown]
# ## Exercises
#
# 1. *(a minute)* In "From one digit to another", walk from a 4 to a 9, and from a 1 to a 0. Which path passes through other digits?
# 2. *(ten minutes)* Train the autoencoder with 32 numbers for 10 epochs. How much of the gap between 32 and 64 numbers was training, how much was size?
# 3. *(twenty minutes)* Train a digit autoencoder on clothes (`load_tfds_images("fashion_mnist", "test[:2000]")`), and rebuild digits with it. Is the failure symmetric?
# 4. *(half an hour)* Replace `dense_autoencoder` by `conv_autoencoder`. Compare error, parameters and time at 32 numbers.
# 5. *(open)* `load_tfds_images("kmnist")` gives Japanese characters (you need to be online once). Where do they lie between digits and clothes? Predict first, then measure.

# %% [markdown]
# ## Where it comes from
#
# - Pearson 1901, *On lines and planes of closest fit to systems of points in space*; Eckart and Young 1936, *The approximation of one matrix by another of lower rank*.
# - Baldi and Hornik 1989, *Neural networks and principal component analysis*: the linear autoencoder has PCA's plane as its only minimum.
# - Kramer 1991, *Nonlinear principal component analysis using autoassociative neural networks*.
# - Hinton and Salakhutdinov 2006, *Reducing the dimensionality of data with neural networks*, Science 313:504.
# - The photograph is "Chelsea" by Stéfan van der Walt, from scikit-image, in the public domain (CC0).
#
# **Before:** [00 What is an autoencoder?](00_what_is_an_autoencoder.ipynb). **Next:** [02 Denoising](02_denoising.ipynb): what happens when we add noise?
