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
        (lambda: plots.plot_interpolation({}), "paths is empty"),
        (lambda: plots.plot_interpolation({"a": X, "b": X[:3]}), r"steps, but they have \[3, 5\]"),
    ],
)
def test_refuses(build, message):
    with pytest.raises(ValueError, match=message):
        build()
