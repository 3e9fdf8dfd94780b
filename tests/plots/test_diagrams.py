import numpy as np
import pytest
from matplotlib.colors import to_hex

from ae_helpers import plots
from tests.plots.cases import X_HAT, X, Z, texts


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 1), (1, 8, 8, 1), (8, 8, 3), (1, 8, 8, 3)])
def test_autoencoder_draws_image_code_and_reconstruction(shape):
    x, x_hat, z = np.random.default_rng(0).random(shape), np.random.default_rng(1).random(shape), [0.5, -2.0, 1.0]
    figure = plots.plot_autoencoder(x, z, x_hat)
    (ax,) = figure.axes
    first, last, code = ax.images
    picture = (8, 8, 3) if shape[-1] == 3 else (8, 8)
    np.testing.assert_array_equal(first.get_array(), x.reshape(picture))
    np.testing.assert_array_equal(last.get_array(), x_hat.reshape(picture))
    np.testing.assert_array_equal(code.get_array(), np.array(z)[:, None])
    assert code.get_clim() == (-2, 2)
    assert first.get_extent()[1] < code.get_extent()[0] < code.get_extent()[1] < last.get_extent()[0]
    error = np.square(x - x_hat).sum()
    assert texts(figure) == [
        "encoder", "decoder", "0.5", "-2.0", "1.0", f"image $x$\n{x.size} numbers", "code $z$\n3 numbers",
        rf"reconstruction $\hat{{x}}$" f"\nsquared error {error:.1f}",
    ]  # fmt: skip
    for text, picture in zip(ax.texts[-3:], (first, code, last), strict=True):
        left, right = picture.get_extent()[:2]
        assert text.get_position()[0] == pytest.approx((left + right) / 2)
    for text, value in zip(ax.texts[2:5], z, strict=True):  # black on pale colours, white on dark ones
        luminance = np.dot(code.to_rgba(value)[:3], (0.3, 0.59, 0.11))
        assert text.get_color() == ("black" if luminance > 0.5 else "white")
    heights = [text.get_position()[1] for text in ax.texts[2:5]]
    assert heights == sorted(heights, reverse=True)  # the first number on top, as in the column
    for trapezoid, narrow in zip(ax.collections, ("right", "left"), strict=True):
        (corners,) = (path.vertices for path in trapezoid.get_paths())
        left, right = (np.ptp(corners[corners[:, 0] == end, 1]) for end in (corners[:, 0].min(), corners[:, 0].max()))
        assert (right < left) == (narrow == "right")


def test_autoencoder_with_a_long_code_has_no_numbers_on_it():
    assert len(plots.plot_autoencoder(X[0], np.zeros((1, 3, 3)), X[0]).axes[0].texts) == 5


def test_uses_draws_each_picture_in_its_place():
    (ax,) = plots.plot_uses((X[0], Z[0], X_HAT[0]), (X_HAT[1], X[1]), (X[2], X[1:5])).axes
    *pictures, code = ax.images
    shown = [X[0], X_HAT[0], X_HAT[1], X[1], X[2], *X[1:5]]
    for picture, image in zip(pictures, shown, strict=True):
        np.testing.assert_array_equal(picture.get_array(), image[..., 0])
    np.testing.assert_array_equal(code.get_array(), Z[0][:, None])
    assert [text.get_text() for text in ax.texts if text.get_weight() == "bold"] == [
        "compress", "clean", "find what is alike",
    ]  # fmt: skip
    assert {"64 numbers", "2", "64"} <= {text.get_text() for text in ax.texts}


def test_principal_angles_of_lines_and_planes():
    line, diagonal = [[1], [0]], [[-2], [2]]
    floor, ramp = np.eye(3)[:, :2], [[1, 0], [0, 3], [0, 3 * np.tan(np.radians(30))]]
    figure = plots.plot_principal_angles({"lines": (line, diagonal), "planes": (floor, ramp)}, title="t")
    flat, space = figure.axes
    assert [ax.get_title() for ax in (flat, space)] == ["lines", "planes"]
    assert [text.get_text() for text in flat.texts] == ["45°"]
    assert [text.get_text() for text in space.texts] == ["0°", "30°"]


def test_bars_are_as_high_as_the_root_of_their_layer():
    figure = plots.plot_architecture({"x": 64, "h": 16, "z": 4, "x̂": 49}, kernels=["A", "B", "C"], ties=[(0, 2)])
    (ax,) = figure.axes
    assert [bar.get_height() for bar in ax.patches] == [8, 4, 2, 7]
    assert [bar.get_y() for bar in ax.patches] == [-4, -2, -1, -3.5]
    places = [bar.get_x() + bar.get_width() / 2 for bar in ax.patches]
    np.testing.assert_allclose(places, [0, 1, 2, 3])
    colours = [to_hex(bar.get_facecolor()) for bar in ax.patches]
    assert colours[0] == colours[1] == colours[3] != colours[2]  # the bottleneck
    found = {text.get_text(): text.get_position() for text in ax.texts}
    for place, (name, size) in enumerate({"x": "64", "h": "16", "z": "4", "x̂": "49"}.items()):
        assert found[name][0] == found[size][0] == place
        assert found[name][1] < -4 and found[size][1] > [4, 2, 1, 3.5][place]
    assert [found[kernel] for kernel in "ABC"] == [(0.5, 0), (1.5, 0), (2.5, 0)]
    for i, band in enumerate(ax.collections):
        corners = band.get_paths()[0].vertices
        for end in (i, i + 1):
            assert np.ptp(corners[corners[:, 0] == end, 1]) == [8, 4, 2, 7][end]
    (arc,) = ax.lines
    assert (min(arc.get_xdata()), max(arc.get_xdata())) == (0.5, 2.5)
    assert found["same kernel"][0] == 1.5 and min(arc.get_ydata()) > 4


def test_codes_stand_between_images_and_reconstructions():
    z = np.random.default_rng(4).normal(size=(5, 7))
    figure = plots.plot_codes(X, z, X_HAT)
    limit = np.abs(z).max()
    for i in range(5):
        image, strip, rebuilt = (ax.images[0] for ax in figure.axes[3 * i : 3 * i + 3])
        np.testing.assert_array_equal(image.get_array(), X[i, ..., 0])
        np.testing.assert_array_equal(strip.get_array(), z[i : i + 1])
        np.testing.assert_array_equal(rebuilt.get_array(), X_HAT[i, ..., 0])
        assert strip.get_clim() == (-limit, limit)
    assert [ax.get_title() for ax in figure.axes[:3]] == ["x", "code z: 7 numbers", "x̂"]
    assert figure.axes[-1].get_xlim() == (-limit, limit)
    red, _, blue, _ = figure.axes[1].images[0].to_rgba(limit)
    assert red > blue  # orange above, as in all figures


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: plots.plot_autoencoder(X, Z[0], X), r"x should be one image, but its shape is \(5, 8, 8, 1\)"),
        (lambda: plots.plot_autoencoder(X[0], Z[0], X[0, :4]), r"\(1, 8, 8\) and \(1, 4, 8\)"),
        (lambda: plots.plot_autoencoder(255 * X[0], Z[0], X[0]), r"x should lie in \[0, 1\]"),
        (lambda: plots.plot_architecture({"image": 64, "code": 2}), "three layers or more"),
        (lambda: plots.plot_architecture({"image": 64, "code": 0, "reconstruction": 64}), "positive size"),
        (lambda: plots.plot_architecture({"a": 3, "b": 2, "c": 3}, kernels=["W"]), "2 connections, but 1"),
        (lambda: plots.plot_architecture({"a": 3, "b": 2, "c": 3}, ties=[(0, 2)]), "two connections, 0 to 1"),
        (lambda: plots.plot_codes(X, Z[:4], X_HAT), r"\(4, 2\)"),
        (lambda: plots.plot_uses((X[0], Z[0], X[0]), (X[0], X[0]), (X[0], X)), "four images, but has 5"),
        (lambda: plots.plot_principal_angles({}), "pairs is empty"),
        (lambda: plots.plot_principal_angles({"a": (np.ones((3, 1)), np.ones((3, 2)))}), r"'a' .* \(3, 1\), \(3, 2\)"),
    ],
)
def test_refuses(build, message):
    with pytest.raises(ValueError, match=message):
        build()
