import base64
import io
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import nbformat
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from matplotlib.figure import Figure
from matplotlib.image import imread
from nbclient import NotebookClient

from ae_helpers import plots
from ae_helpers.metrics import psnr, squared_error

ROOT = Path(__file__).parents[1]


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


def decode(z):
    return np.repeat(1 / (1 + np.exp(-z[:, :1])), 64, axis=1).reshape(-1, 8, 8, 1)


# function: arguments, number of axes, number of grey images among them, labels of axes that have them
INTERVALS = pd.DataFrame({"value": [0.2, 0.3], "low": [0.1, 0.2], "high": [0.3, 0.5]}, index=["one", "two"])

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
    "map": (
        lambda: plots.plot_map(Z[:6], ["a", "b", "other"] * 2, {0: "first"}, title="t"),
        1, 0, ["t-SNE, first coordinate (no unit)", "t-SNE, second coordinate (no unit)"],
    ),
    "architecture": (lambda: plots.plot_architecture({"image": 64, "code": 2, "reconstruction": 64}), 1, 0, []),
    "architecture with ties": (
        lambda: plots.plot_architecture({"x": 9, "z": 2, "x̂": 9}, kernels=["$W$", "$W^T$"], ties=[(0, 1)], title="t"),
        1, 0, [],
    ),
    "codes": (lambda: plots.plot_codes(X, Z[:5], X_HAT, title="t"), 5 * 3 + 1, 10, ["value"]),
    "latent scatter": (
        lambda: plots.plot_latent_scatter(Z, LABELS, title="t"),
        1, 0, ["first value of the code", "second value of the code"],
    ),
    "decoded plane": (
        lambda: plots.plot_decoded_plane(decode, (-3, 3), (-1, 2), steps=4),
        1, 1, ["first value of the code", "second value of the code"],
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
    "history": (lambda: plots.plot_history({"loss": [3, 2], "val_loss": [4, 3]}, title="t"), 1, 0, ["epoch", "loss"]),
    "error histograms": (
        lambda: plots.plot_error_histograms({"a": ERRORS, "b": 2 * ERRORS}, title="t"),
        1, 0, ["squared error per image", "share of the images (%)"],
    ),
}  # fmt: skip


@pytest.fixture(params=CASES)
def case(request):
    return CASES[request.param]


def grey_images(figure):
    return [image for ax in figure.axes for image in ax.images if image.get_cmap().name == "gray"]


def texts(figure):
    return [text.get_text() for ax in figure.axes for text in ax.texts]


def pixels(png):
    return imread(io.BytesIO(png), format="png")[..., :3]


# What all of them have in common.


def test_every_plot_has_a_case():
    names = {name for name in vars(plots) if name.startswith("plot_")}
    assert names == {f"plot_{name.replace(' ', '_')}" for name in CASES} & names


def test_a_figure_with_its_axes_and_labels(case):
    build, n_axes, n_images, labels = case
    figure = build()
    assert type(figure) is Figure
    assert len(figure.axes) == n_axes
    assert len(grey_images(figure)) == n_images
    shown = [label for ax in figure.axes for label in (ax.get_xlabel(), ax.get_ylabel()) if label]
    assert shown == labels


def test_images_go_from_black_0_to_white_1(case):
    assert all(image.get_clim() == (0, 1) for image in grey_images(case[0]()))


def test_it_renders_and_nothing_reaches_the_border(case):
    png = plots.to_png(case[0]())
    assert png.startswith(b"\x89PNG\r\n")
    picture = pixels(png)
    assert picture.min() < 0.5
    for border in (picture[0], picture[-1], picture[:, 0], picture[:, -1]):
        assert border.min() == 1  # white: what is clipped would touch it


def test_neither_pyplot_nor_settings_are_touched():
    program = """
import sys, matplotlib
before = matplotlib.rcParams.copy()
import ae_helpers.plots
assert "matplotlib.pyplot" not in sys.modules and "IPython" not in sys.modules
sys.path.insert(0, "tests")
from test_plots import CASES, plots
for build, *_ in CASES.values():
    plots.to_png(build())
assert "matplotlib.pyplot" not in sys.modules
assert matplotlib.rcParams == before
"""
    # With a backend given, as a look at the settings imports pyplot to choose one.
    environment = {**os.environ, "MPLBACKEND": "agg"}
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environment, check=True, timeout=120)


def test_titles(case):
    figure = case[0]()
    if figure.get_suptitle():
        assert figure.get_suptitle() == "t"
    elif len(figure.axes) == 1:
        assert figure.axes[0].get_title() in ("t", "")


# One by one.


def test_images_stand_in_order_with_their_captions():
    figure = plots.plot_images(X, captions=["a", "b", "c", "d", "e"], columns=3)
    for image, original in zip(grey_images(figure), X[..., 0], strict=True):
        np.testing.assert_array_equal(image.get_array(), original)
    assert texts(figure) == ["a", "b", "c", "d", "e"]


def test_originals_stand_above_reconstructions_and_errors_below():
    figure = plots.plot_reconstructions(X, {"a": X_HAT, "same": X})
    for image, expected in zip(grey_images(figure), [*X, *X_HAT, *X], strict=True):
        np.testing.assert_array_equal(image.get_array(), expected[..., 0])
    assert texts(figure) == [f"{error:.1f}" for error in squared_error(X, X_HAT)] + ["0.0"] * 5


def test_denoised_images_stand_below_with_their_decibels():
    figure = plots.plot_denoising(X, X_HAT, X)
    for image, expected in zip(grey_images(figure), [*X, *X_HAT, *X], strict=True):
        np.testing.assert_array_equal(image.get_array(), expected[..., 0])
    assert texts(figure) == [f"{decibels:.1f} dB" for decibels in psnr(X, X_HAT)] + ["equal"] * 5


def test_signed_images_share_a_scale_with_zero_in_the_middle():
    for limit, expected in ((None, 0.5), (0.25, 0.25)):
        figure = plots.plot_signed_images({"a": np.full((2, 8, 8), 0.1), "b": np.full((2, 8, 8), -0.5)}, limit=limit)
        limits = {image.get_clim() for ax in figure.axes for image in ax.images}
        assert limits == {(-expected, expected)}
    assert len(plots.plot_signed_images({"a": np.zeros((1, 8, 8))}).axes) == 2


def test_heat_map_has_its_numbers_and_names():
    ax, _ = plots.plot_heat_map(TABLE, xlabel="x", ylabel="y", label="z").axes
    assert [text.get_text() for text in ax.texts] == ["20.0", "10.0", "15.0", "12.5"]
    assert [text.get_weight() for text in ax.texts] == ["bold", "normal", "normal", "bold"]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["0.2", "0.5"]


def test_arrows_are_drawn_to_scale():
    (ax,) = plots.plot_arrows(Z[:20], Z[20:40], Z[40:]).axes
    (arrows,) = (artist for artist in ax.collections if hasattr(artist, "U"))
    np.testing.assert_allclose(arrows.get_offsets(), Z[20:40])
    np.testing.assert_allclose(np.stack([arrows.U, arrows.V], axis=1), Z[40:] - Z[20:40])
    assert arrows.scale == 1 and arrows.angles == arrows.scale_units == "xy"
    assert ax.get_aspect() == 1


def test_each_class_is_named_at_its_median():
    (ax,) = plots.plot_latent_scatter(Z, LABELS).axes
    assert [text.get_text() for text in ax.texts] == list("0123456789")
    for label, text in enumerate(ax.texts):
        np.testing.assert_allclose(text.xy, np.median(Z[label == LABELS], axis=0))
    np.testing.assert_array_equal(ax.collections[0].get_offsets(), Z)


def test_scatter_draws_the_first_points_only():
    (ax,) = plots.plot_latent_scatter(Z, LABELS, max_points=7).axes
    np.testing.assert_array_equal(ax.collections[0].get_offsets(), Z[:7])
    assert [text.get_text() for text in ax.texts] == list("0123456")


def test_each_image_of_the_plane_lies_on_its_code():
    # Images that carry their own code: the upper half its first value, the lower half its second.
    def decode_both(z):
        return np.repeat(z, 8, axis=1).reshape(-1, 4, 4, 1)

    (ax,) = plots.plot_decoded_plane(decode_both, (0.1, 0.4), (0.6, 0.9), steps=4).axes
    (image,) = ax.images
    left, right, bottom, top = image.get_extent()
    tiles = np.asarray(image.get_array())
    for first in (0.1, 0.2, 0.4):
        for second in (0.6, 0.7, 0.9):
            row = round((top - second) / (top - bottom) * 16)  # origin above, as in all images
            column = round((first - left) / (right - left) * 16)
            assert tiles[row - 2, column] == pytest.approx(first)
            assert tiles[row, column] == pytest.approx(second)


def test_curves_with_numbers_at_the_highest_and_lowest():
    figure = plots.plot_error_curves([2, 8], {"a": [30, 12], "b": [20, 9], "c": [10, 9.5]}, xlabel="numbers")
    (ax,) = figure.axes
    assert [line.get_label() for line in ax.lines] == ["a", "b", "c"]
    assert [line.get_ydata().tolist() for line in ax.lines] == [[30, 12], [20, 9], [10, 9.5]]
    assert texts(figure) == ["30", "12", "9", "10"]
    assert ax.get_xlabel() == "numbers" and ax.get_xscale() == ax.get_yscale() == "log"
    assert ax.get_xticks().tolist() == [2, 8]


@pytest.mark.parametrize("errors", [[3.0, 2.0], [900.0, 0.02], [19.0, 13.0], [5.0, 5.0]])
def test_logarithmic_axes_have_numbers_in_any_range(errors):
    figure = plots.plot_error_curves([1, 2], {"a": errors})
    plots.to_png(figure)
    low, high = figure.axes[0].get_ylim()
    shown = [tick.get_text() for tick in figure.axes[0].get_yticklabels() if low <= tick.get_position()[1] <= high]
    assert len(shown) >= 2 and all(shown)


def test_history_of_fit_or_its_dict():
    losses = {"loss": [0.5, 0.25], "val_loss": [0.6, 0.3]}
    for history in (losses, SimpleNamespace(history=losses)):
        (ax,) = plots.plot_history(history, scale=10, ylabel="y").axes
        assert [line.get_ydata().tolist() for line in ax.lines] == [[5, 2.5], [6, 3]]
        assert [line.get_xdata().tolist() for line in ax.lines] == [[1, 2], [1, 2]]
        assert ax.get_ylim()[0] == 0
    (ax,) = plots.plot_history({"loss": [0.5]}).axes
    assert len(ax.lines) == 1
    assert [tick for tick in ax.get_xticks() if 0.5 <= tick <= 1.5] == [1]


def test_histograms_are_shares_of_their_own_set():
    (ax,) = plots.plot_error_histograms({"few": ERRORS[:10], "many": ERRORS}, bins=6).axes
    assert sum(bar.get_height() for bar in ax.containers[0]) == pytest.approx(100)
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == [f"few (mean {ERRORS[:10].mean():.3g})", f"many (mean {ERRORS.mean():.3g})"]


# What they refuse.


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: plots.plot_images(X[0, ..., 0]), r"images .*\(8, 8\)"),
        (lambda: plots.plot_images(255 * X), r"images should lie in \[0, 1\]"),
        (lambda: plots.plot_images(X[:0]), "images is empty"),
        (lambda: plots.plot_images(X, captions=["a"]), "5 images, but 1 captions"),
        (lambda: plots.plot_images(X, columns=0), "columns should .* is 0"),
        (lambda: plots.plot_reconstructions(X, X_HAT[:3]), r"\(5, 8, 8, 1\) and \(3, 8, 8, 1\)"),
        (lambda: plots.plot_reconstructions(2 * X, X_HAT), r"x should lie in \[0, 1\]"),
        (lambda: plots.plot_reconstructions(X, {}), "reconstructions is empty"),
        (lambda: plots.plot_reconstructions(X, X_HAT * np.nan), "NaN"),
        (lambda: plots.plot_denoising(X, X_HAT[:3], X), r"\(5, 8, 8, 1\) and \(3, 8, 8, 1\)"),
        (lambda: plots.plot_denoising(2 * X, X_HAT, X), r"x should lie in \[0, 1\]"),
        (lambda: plots.plot_denoising(X, X_HAT, {}), "denoised is empty"),
        (lambda: plots.plot_signed_images({}), "rows is empty"),
        (lambda: plots.plot_signed_images({"a": X, "b": X[:3]}), r"images, but they have \[3, 5\]"),
        (lambda: plots.plot_signed_images({"a": X}, limit=0), "limit should be positive, but is 0"),
        (lambda: plots.plot_heat_map(TABLE * np.nan, xlabel="x", ylabel="y", label="z"), "4 values that are NaN"),
        (lambda: plots.plot_arrows(Z, Z[:3], Z[:4]), "same length, but have 3 and 4"),
        (lambda: plots.plot_arrows(Z, X[0, ..., 0], Z), r"starts should be \(n, 2\), but its shape is \(8, 8\)"),
        (lambda: plots.plot_architecture({"image": 64, "code": 2}), "three layers or more"),
        (lambda: plots.plot_architecture({"image": 64, "code": 0, "reconstruction": 64}), "positive size"),
        (lambda: plots.plot_architecture({"a": 3, "b": 2, "c": 3}, kernels=["W"]), "2 connections, but 1"),
        (lambda: plots.plot_architecture({"a": 3, "b": 2, "c": 3}, ties=[(0, 2)]), "two connections, 0 to 1"),
        (lambda: plots.plot_spread({}), "panels is empty"),
        (lambda: plots.plot_spread({"p": {"a": [1]}, "q": {"b": [1]}}), "All panels should have"),
        (lambda: plots.plot_codes(X, Z[:4], X_HAT), r"\(4, 2\)"),
        (lambda: plots.plot_latent_scatter(X[..., 0], LABELS), r"\(5, 8, 8\) and \(60,\)"),
        (lambda: plots.plot_latent_scatter(Z, LABELS[:7]), r"\(60, 2\) and \(7,\)"),
        (lambda: plots.plot_latent_scatter(Z, LABELS + 1), "go from 1 to 10"),
        (lambda: plots.plot_latent_scatter(Z, LABELS - 0.5), "dtype is float64"),
        (lambda: plots.plot_latent_scatter(Z, LABELS, max_points=0), "max_points should .* is 0"),
        (lambda: plots.plot_decoded_plane(decode, (3, -3), (0, 1)), r"x_range .*\(3, -3\)"),
        (lambda: plots.plot_decoded_plane(decode, (0, 1), (0, np.nan)), r"y_range .*\(0, nan\)"),
        (lambda: plots.plot_decoded_plane(decode, (0, 1), (0, 1), steps=1), "steps should .* is 1"),
        (lambda: plots.plot_interpolation({}), "paths is empty"),
        (lambda: plots.plot_interpolation({"a": X, "b": X[:3]}), r"steps, but they have \[3, 5\]"),
        (lambda: plots.plot_error_curves([1, 2], {"a": [3, 2], "b": [3]}), r"'b' should be 2 .* \[3"),
        (lambda: plots.plot_error_curves([1, 2], {"a": [3, 0]}), "'a' should be 2 positive errors"),
        (lambda: plots.plot_error_curves([2, 1], {"a": [3, 2]}), r"increase, but is \[2. 1.\]"),
        (lambda: plots.plot_error_curves([0, 1], {"a": [3, 2]}), r"positive .* is \[0. 1.\]"),
        (lambda: plots.plot_error_curves([1], {}), "curves should have 1 to 7 names, but has 0"),
        (lambda: plots.plot_error_curves([1], {i: [1] for i in range(8)}), "has 8"),
        (lambda: plots.plot_history({"loss": []}), r"at least one epoch, but holds {'loss': \[\]}"),
        (lambda: plots.plot_error_histograms({}), "errors should have 1 to 7 names, but has 0"),
        (lambda: plots.plot_error_histograms({"a": [0.0, 1.0]}), "positive, but the lowest is 0"),
    ],
)
def test_refuses(build, message):
    with pytest.raises(ValueError, match=message):
        build()


# Into the notebook.


@pytest.mark.parametrize("alt", ["", "  ", None, 3])
def test_show_needs_words(alt, monkeypatch):
    monkeypatch.setattr("IPython.display.display", lambda *args, **kwargs: pytest.fail("displayed"))
    with pytest.raises(ValueError, match=f"alt should .* is {alt!r}"):
        plots.show(plots.plot_images(X), alt)


def test_show_leaves_a_picture_and_its_words_in_the_notebook():
    lines = [
        "import numpy as np",
        "from ae_helpers.plots import plot_images, show",
        "show(plot_images(np.zeros((2, 8, 8))), alt='Two black squares.')",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("\n".join(lines))])
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(ROOT)}}).execute()
    (output,) = notebook.cells[0].outputs
    assert output.metadata == {"image/png": {"alt": "Two black squares."}}
    assert output.data["text/plain"] == "Figure: Two black squares."
    assert pixels(base64.b64decode(output.data["image/png"])).shape == (101, 198, 3)  # inches times dots per inch
