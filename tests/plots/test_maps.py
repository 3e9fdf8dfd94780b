import numpy as np
import pytest

from ae_helpers import plots
from tests.plots.cases import LABELS, TABLE, X, Z, decode


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

    (ax,) = plots.plot_decoded_plane(decode_both, (0, 0.4), (0.6, 1), steps=4).axes
    (image,) = ax.images
    assert image.get_extent() == [0, 0.4, 0.6, 1]
    assert image.origin == "upper"
    tiles = np.asarray(image.get_array())
    for i, second in enumerate((0.95, 0.85, 0.75, 0.65)):
        for j, first in enumerate((0.05, 0.15, 0.25, 0.35)):
            image = tiles[4 * i : 4 * i + 4, 4 * j : 4 * j + 4]
            np.testing.assert_allclose(image, [[first] * 4] * 2 + [[second] * 4] * 2, rtol=1e-6)


def test_heat_map_has_its_numbers_and_names():
    ax, _ = plots.plot_heat_map(TABLE, xlabel="x", ylabel="y", label="z").axes
    assert [text.get_text() for text in ax.texts] == ["20.0", "10.0", "15.0", "12.5"]
    assert [text.get_weight() for text in ax.texts] == ["bold", "normal", "normal", "bold"]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["0.2", "0.5"]


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: plots.plot_heat_map(TABLE * np.nan, xlabel="x", ylabel="y", label="z"), "4 values that are NaN"),
        (lambda: plots.plot_latent_scatter(X[..., 0], LABELS), r"\(5, 8, 8\) and \(60,\)"),
        (lambda: plots.plot_latent_scatter(Z, LABELS[:7]), r"\(60, 2\) and \(7,\)"),
        (lambda: plots.plot_latent_scatter(Z, LABELS + 1), "go from 1 to 10"),
        (lambda: plots.plot_latent_scatter(Z, LABELS - 0.5), "dtype is float64"),
        (lambda: plots.plot_latent_scatter(Z, LABELS, max_points=0), "max_points should .* is 0"),
        (lambda: plots.plot_decoded_plane(decode, (3, -3), (0, 1)), r"x_range .*\(3, -3\)"),
        (lambda: plots.plot_decoded_plane(decode, (0, 1), (0, np.nan)), r"y_range .*\(0, nan\)"),
        (lambda: plots.plot_decoded_plane(decode, (0, 1), (0, 1), steps=1), "steps should .* is 1"),
    ],
)
def test_refuses(build, message):
    with pytest.raises(ValueError, match=message):
        build()
