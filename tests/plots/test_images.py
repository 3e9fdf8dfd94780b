import numpy as np
import pytest

from ae_helpers import plots
from ae_helpers.metrics import psnr, squared_error
from tests.plots.cases import X_HAT, X, grey_images, texts


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


COLOURS = np.random.default_rng(2).random((3, 6, 6, 3))


def test_colour_images_are_drawn_in_colour():
    spoilt = COLOURS + np.random.default_rng(3).normal(scale=0.5, size=COLOURS.shape)
    for figure, rows in (
        (plots.plot_images(COLOURS), [COLOURS]),
        (plots.plot_reconstructions(COLOURS, spoilt), [COLOURS, spoilt]),
        (plots.plot_denoising(COLOURS, spoilt, COLOURS), [COLOURS, spoilt, COLOURS]),
        (plots.plot_interpolation({"a": spoilt, "b": COLOURS}), [spoilt, COLOURS]),
        (plots.plot_codes(COLOURS, np.eye(3), spoilt), np.stack([COLOURS, spoilt], axis=1)),
    ):
        images = [image for ax in figure.axes for image in ax.images if image.get_array().ndim == 3]
        for image, expected in zip(images, np.concatenate(rows), strict=True):
            np.testing.assert_array_equal(image.get_array(), expected.clip(0, 1))


def test_signed_colour_images_are_grey_at_0():
    figure = plots.plot_signed_images({"a": 2 * COLOURS - 1.5}, limit=1)
    for ax, signed in zip(figure.axes, 2 * COLOURS - 1.5, strict=False):
        np.testing.assert_allclose(ax.images[0].get_array(), (0.5 + signed / 2).clip(0, 1))
    assert len(figure.axes) == 4 and figure.axes[-1].get_ylim() == (-1, 1)


def labelled_rows(figure, n):
    """(name, drawn images, texts below them) of each row."""
    for i in range(0, len(figure.axes) // n * n, n):
        row = figure.axes[i : i + n]
        captions = [text.get_text() for ax in row for text in ax.texts]
        yield row[0].get_ylabel(), np.stack([ax.images[0].get_array() for ax in row]), captions


def test_rows_carry_their_own_names_and_numbers():
    x, noisy, other = X[..., 0], X_HAT[..., 0], 1 - X[..., 0]
    errors = [f"{error:.1f}" for error in squared_error(x, noisy)]
    decibels = {name: [f"{value:.1f} dB" for value in psnr(x, y)] for name, y in (("noisy", noisy), ("other", other))}
    for figure, expected in (
        (plots.plot_reconstructions(x, {"a": noisy}), [("original", x, []), ("a", noisy, errors)]),
        (plots.plot_reconstructions(x, noisy, show_error=False), [("original", x, []), ("reconstruction", noisy, [])]),
        (
            plots.plot_denoising(x, noisy, other),
            [("clean", x, []), ("noisy", noisy, decibels["noisy"]), ("denoised", other, decibels["other"])],
        ),
        (plots.plot_interpolation({"a": noisy, "b": x}), [("a", noisy, []), ("b", x, [])]),
        (plots.plot_signed_images({"a": noisy, "b": -x}), [("a", noisy, []), ("b", -x, [])]),
    ):
        for (name, images, captions), (row, pictures, numbers) in zip(labelled_rows(figure, 5), expected, strict=True):
            assert name == row and captions == numbers
            np.testing.assert_array_equal(images, pictures)


def test_captions_stand_below_their_images():
    for ax, caption in zip(plots.plot_images(X, captions=list("abcde"), columns=2).axes, "abcde", strict=False):
        (text,) = ax.texts
        assert text.get_text() == caption and text.get_transform() == ax.transAxes
        assert text.get_position()[1] < 0 and text.get_va() == "top"


@pytest.mark.parametrize(("n", "columns", "shape"), [(5, 3, (2, 3)), (5, 10, (1, 5)), (4, 2, (2, 2)), (3, 1, (3, 1))])
def test_images_stand_in_as_many_columns(n, columns, shape):
    axes = plots.plot_images(X[:n], columns=columns).axes
    assert axes[0].get_subplotspec().get_gridspec().get_geometry() == shape
    assert sum(bool(ax.images) for ax in axes) == n


def test_signed_images_are_orange_above_and_purple_below():
    figure = plots.plot_signed_images({"a": np.stack([np.full((2, 2), 1.0), np.full((2, 2), -1.0)])}, label="weight")
    above, below = (ax.images[0].to_rgba(ax.images[0].get_array())[0, 0, :3] for ax in figure.axes[:2])
    assert above[0] > above[2] and below[2] > below[1]
    bar = figure.axes[-1]
    assert bar.get_ylabel() == "weight" and bar.get_ylim() == (-1, 1)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: plots.plot_signed_images({"a": X, "b": X.repeat(3, axis=-1)}), "grey images, or all in colour"),
        (lambda: plots.plot_images(X.repeat(2, axis=-1)), r"1 or 3\), but its shape is \(5, 8, 8, 2\)"),
        (lambda: plots.plot_images(X[0, ..., 0]), r"images .*\(8, 8\)"),
        (lambda: plots.plot_images(COLOURS[0]), r"\(6, 6, 3\) is one with channels: give images\[None\]"),
        (lambda: plots.plot_reconstructions(X[0], X[0]), r"\(8, 8, 1\) is one with channels"),
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
        (lambda: plots.plot_interpolation({}), "paths is empty"),
        (lambda: plots.plot_interpolation({"a": X, "b": X[:3]}), r"steps, but they have \[3, 5\]"),
    ],
)
def test_refuses(build, message):
    with pytest.raises(ValueError, match=message):
        build()
