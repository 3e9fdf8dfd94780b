"""Every plot with arguments, and what tests read from figures."""

import io
from unittest import mock

import numpy as np
import pandas as pd
import scipy.sparse
from matplotlib.image import imread

from ae_helpers import plots
from ae_helpers.plots import explore


def read_only(array):
    array.flags.writeable = False  # whoever changes its input fails
    return array


RNG = np.random.default_rng(0)
X = read_only(RNG.random((5, 8, 8, 1), dtype=np.float32))
X_HAT = read_only(RNG.uniform(-0.5, 1.5, X.shape))
Z = read_only(RNG.normal(size=(60, 2)))
LABELS = read_only(np.arange(60) % 10)
ERRORS = read_only(RNG.uniform(1, 80, 100))
TABLE = pd.DataFrame([[20.0, 10.0], [15.0, 12.5]], index=["0.2", "0.5"], columns=[0.2, 0.5])
INTERVALS = pd.DataFrame({"value": [0.2, 0.3], "low": [0.1, 0.2], "high": [0.3, 0.5]}, index=["one", "two"])


def decode(z):
    return np.repeat(1 / (1 + np.exp(-z[:, :1])), 64, axis=1).reshape(-1, 8, 8, 1)


def plane_to_touch(*arguments, **options):
    """The still picture of `show_plane`, as a figure."""
    with mock.patch("IPython.display.display"), mock.patch.object(explore, "to_png", wraps=explore.to_png) as to_png:
        plots.show_plane(*arguments, alt="A plane.", **options)
    return to_png.call_args.args[0]


# function: arguments, number of axes, number of grey images among them, labels of axes that have them
CASES = {
    "images": (lambda: plots.plot_images(X), 5, 5, []),
    "images in rows": (lambda: plots.plot_images(X[..., 0], columns=3, captions=list("abcde"), title="t"), 6, 5, []),
    "reconstructions": (lambda: plots.plot_reconstructions(X, X_HAT), 10, 10, ["original", "reconstruction"]),
    "two reconstructions": (
        lambda: plots.plot_reconstructions(X, {"a": X_HAT, "b": X}, show_error=False, title="t"),
        15, 15, ["original", "a", "b"],
    ),
    "denoising": (
        lambda: plots.plot_denoising(X, X_HAT, {"a": X_HAT, "b": X}, noisy_name="spoilt", title="t"),
        20, 20, ["clean", "spoilt", "a", "b"],
    ),
    "signed images": (
        lambda: plots.plot_signed_images({"a": X_HAT, "b": X - X_HAT}, label="difference", title="t"),
        10 + 1, 0, ["a", "b", "difference"],
    ),
    "heat map": (
        lambda: plots.plot_heat_map(TABLE, xlabel="tested", ylabel="trained", label="PSNR (dB)", title="t"),
        1 + 1, 0, ["tested", "trained", "PSNR (dB)"],
    ),
    "arrows": (
        lambda: plots.plot_arrows(Z[:20], Z[20:40], Z[40:], title="t"),
        1, 0, ["first coordinate", "second coordinate"],
    ),
    "projection": (
        lambda: plots.plot_projection(Z[:20], {"a": Z[20:40], "b": Z[40:]}, x_hat={"a": Z[20:40], "b": Z[:20]}),
        2, 0, ["first coordinate", "second coordinate", "first coordinate"],
    ),
    "projection of tall data": (
        lambda: plots.plot_projection(Z[:20] * [1, 5], {"a": Z[20:40], "b": Z[40:]}, title="t"),
        2, 0, ["first coordinate", "second coordinate", "first coordinate"],
    ),
    "projection of wide data": (
        lambda: plots.plot_projection(Z[:20] * [9, 1], {"a": Z[20:40]}, title="t"),
        1, 0, ["first coordinate", "second coordinate"],
    ),
    "score maps": (
        lambda: plots.plot_score_maps(Z[:20], {"a": ERRORS.reshape(10, 10) / 9, "b": TABLE / 12}, (-3, 3), (-2, 2)),
        2 + 1, 0, ["first coordinate", "second coordinate", "first coordinate", "score / threshold"],
    ),
    "score map": (
        lambda: plots.plot_score_maps(Z[:20], {"a": ERRORS.reshape(10, 10) / 9}, (-3, 3), (-2, 2), title="t"),
        1 + 1, 0, ["first coordinate", "second coordinate", "score / threshold"],
    ),
    "one line": (
        lambda: plots.plot_lines({"a": ([1, 10, 90], [2, 4, 8])}, xlabel="rank", ylabel="count", log="y", title="t"),
        1, 0, ["rank", "count"],
    ),
    "lines": (
        lambda: plots.plot_lines(
            {"a": ([1, 2, 3], [3, 2, 1]), "b": (range(1, 50), range(1, 50))}, xlabel="rank", ylabel="count", log="xy"
        ),
        1, 0, ["rank", "count"],
    ),
    "filled cells": (
        lambda: plots.plot_filled_cells(scipy.sparse.eye_array(5), xlabel="user", ylabel="movie", title="t"),
        1, 0, ["user", "movie"],
    ),
    "intervals": (
        lambda: plots.plot_intervals(INTERVALS, xlabel="recall", title="t"),
        1, 0, ["recall"],
    ),
    "lists": (
        lambda: plots.plot_lists({"a": ["one", "two"], "b": ["a name that is too long to be shown"]}, ticked={"two"}),
        1, 0, [],
    ),
    "tables": (lambda: plots.plot_tables({"a": TABLE, "b": -TABLE}, arrows=["f"], title="t"), 1, 0, []),
    "map": (
        lambda: plots.plot_map(Z[:6], ["a", "b", "other"] * 2, {0: "first"}, title="t"),
        1, 0, [],
    ),
    "architecture": (lambda: plots.plot_architecture({"image": 64, "code": 2, "reconstruction": 64}), 1, 0, []),
    "architecture with ties": (
        lambda: plots.plot_architecture({"x": 9, "z": 2, "x̂": 9}, kernels=["$W$", "$W^T$"], ties=[(0, 1)], title="t"),
        1, 0, [],
    ),
    "architecture with two ties": (
        lambda: plots.plot_architecture({"a": 9, "b": 4, "c": 1, "d": 4, "e": 9}, ties=[(0, 3), (1, 2)], title="t"),
        1, 0, [],
    ),
    "autoencoder": (lambda: plots.plot_autoencoder(X[0], Z[0], X_HAT[0], title="t"), 1, 2, []),
    "uses": (lambda: plots.plot_uses((X[0], Z[0], X_HAT[0]), (X_HAT[1], X[1]), (X[2], X[:4])), 1, 9, []),
    "codes": (lambda: plots.plot_codes(X, Z[:5], X_HAT, title="t"), 5 * 3 + 1, 10, ["value"]),
    "principal angles": (
        lambda: plots.plot_principal_angles({"a": (Z[:2, :1], Z[2:4, :1]), "b": (Z[:3], Z[3:6])}, title="t"),
        2, 0, [],
    ),
    "latent scatter": (
        lambda: plots.plot_latent_scatter(Z, LABELS, title="t"),
        1, 0, ["first value of the code", "second value of the code"],
    ),
    "decoded plane": (
        lambda: plots.plot_decoded_plane(decode, (-3, 3), (-1, 2), steps=4),
        1, 1, ["first value of the code", "second value of the code"],
    ),
    "decoded plane in colour": (
        lambda: plots.plot_decoded_plane(lambda z: decode(z).repeat(3, axis=-1), (0, 2), (-1, 0), steps=2, title="t"),
        1, 1, ["first value of the code", "second value of the code"],
    ),
    "plane to touch": (
        lambda: plane_to_touch(decode, (-3, 3), (-1, 2), steps=4),
        1, 1, ["first value of the code", "second value of the code"],
    ),
    "plane to touch beside its map": (
        lambda: plane_to_touch(decode, (-3, 3), (-1, 2), steps=4, z=Z, labels=LABELS),
        2, 1, ["first value of the code", "second value of the code", "first value of the code"],
    ),
    "interpolation": (lambda: plots.plot_interpolation({"a": X, "b": X_HAT}, title="t"), 10, 10, ["a", "b"]),
    "error curves": (
        lambda: plots.plot_error_curves([2, 8, 32], {"a": [30, 12, 4], "b": [20.0, 9.0, 3.0]}, title="t"),
        1, 0, ["values in the code", "squared error per image"],
    ),
    "spread": (
        lambda: plots.plot_spread({"many": {"a": [1, 2], "b": [2.0, 3]}, "few": {"a": [5, 6], "b": [4]}}, title="t"),
        2, 0, ["squared error per image"] * 2,
    ),
    "learning curves": (
        lambda: plots.plot_learning_curves(
            {"short": {"a": ([5, 5, 50], [9, 8, 3]), "b": ([5, 50], [7, 4])}, "long": {"b": ([5, 50], [6, 2])}},
            title="t",
        ),
        2, 0, ["training images", "squared error per test image", "training images"],
    ),
    "history": (lambda: plots.plot_history({"loss": [3, 2], "val_loss": [4, 3]}, title="t"), 1, 0, ["epoch", "loss"]),
    "error histograms": (
        lambda: plots.plot_error_histograms({"a": ERRORS, "b": 2 * ERRORS}, title="t"),
        1, 0, ["squared error per image", "share of the images (%)"],
    ),
}  # fmt: skip

UNTITLED = {
    "images", "reconstructions", "projection", "lines", "lists", "architecture", "decoded plane", "uses",
    "plane to touch", "plane to touch beside its map", "score maps",
}  # fmt: skip


def grey_images(figure):
    return [image for ax in figure.axes for image in ax.images if image.get_cmap().name == "gray"]


def texts(figure):
    return [text.get_text() for ax in figure.axes for text in ax.texts]


def pixels(png):
    return imread(io.BytesIO(png), format="png")[..., :3]
