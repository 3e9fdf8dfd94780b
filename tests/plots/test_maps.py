import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from matplotlib.colors import to_hex, to_rgb
from skimage.color import deltaE_ciede2000, rgb2lab

from ae_helpers import plots
from ae_helpers.plots._style import CLASS_COLOURS, OTHERS
from tests.plots.cases import LABELS, TABLE, X, Z, decode


def test_each_class_is_named_at_its_median():
    (ax,) = plots.plot_latent_scatter(Z, LABELS).axes
    assert [text.get_text() for text in ax.texts] == list("0123456789")
    for label, text in enumerate(ax.texts):
        np.testing.assert_allclose(text.xy, np.median(Z[label == LABELS], axis=0))
    np.testing.assert_array_equal(ax.collections[0].get_offsets(), Z)


@pytest.mark.parametrize("shift", [0, 0.02])
def test_no_number_of_a_class_hides_another(shift):
    """Ten classes at one place, or nearly, and one far away, which stays."""
    z = np.repeat([[shift * i, -shift * i] for i in range(9)] + [[3, 3]], 6, axis=0)
    figure = plots.plot_latent_scatter(z, np.repeat(np.arange(10), 6), x_range=(-4, 4), y_range=(-4, 4))
    figure.draw_without_rendering()
    (ax,) = figure.axes
    discs = [text.get_bbox_patch().get_window_extent() for text in ax.texts]
    middles = np.array([[(disc.x0 + disc.x1) / 2, (disc.y0 + disc.y1) / 2] for disc in discs])
    apart = np.linalg.norm(middles[:, None] - middles, axis=-1)[np.triu_indices(10, 1)]
    assert apart.min() > discs[0].width
    medians = ax.transData.transform(z[::6])
    assert np.linalg.norm(middles - medians, axis=-1).max() < 4 * discs[0].width
    np.testing.assert_allclose(middles[9], medians[9], atol=1)
    for text, median in zip(ax.texts, z[::6], strict=True):
        np.testing.assert_allclose(text.xy, median)  # where its line ends


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


def test_each_class_has_its_colour():
    for scatter in (plots.plot_latent_scatter(Z, LABELS), plots.plot_latent_scatter(Z, LABELS, max_points=25)):
        (ax,) = scatter.axes
        (dots,) = ax.collections
        discs = {text.get_text(): to_hex(text.get_bbox_patch().get_facecolor()) for text in ax.texts}
        assert len(set(discs.values())) == 10
        for colour, label in zip(dots.get_facecolors(), LABELS, strict=False):
            assert to_hex(colour) == discs[str(label)]
        for text in ax.texts:  # black on pale colours, white on dark ones
            luminance = np.dot(to_rgb(discs[text.get_text()]), (0.3, 0.59, 0.11))
            assert text.get_color() == ("black" if luminance > 0.5 else "white")


# What those see who lack one kind of cones, as matrices on linear RGB (Machado, Oliveira and Fernandes 2009).
SIGHTS = {
    "normal": np.eye(3),
    "protanopia": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "deuteranopia": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "tritanopia": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
}


@pytest.mark.parametrize("sight", SIGHTS)
def test_colours_of_classes_can_be_told_apart(sight):
    colours = np.array([to_rgb(colour) for colour in [*CLASS_COLOURS, OTHERS]])
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    seen = (linear @ np.transpose(SIGHTS[sight])).clip(0, 1)
    lab = rgb2lab(np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055))
    differences = deltaE_ciede2000(lab[:, None], lab[None])[np.triu_indices(len(lab), 1)]
    assert differences.min() > 15  # a just noticeable difference is about 1; of the colours before, two had 1.4


@pytest.mark.parametrize("build", [
    lambda **ranges: plots.plot_latent_scatter(Z, LABELS, **ranges),
    lambda **ranges: plots.plot_map(Z, ["a"] * 60, xlabel="first", **ranges),
])  # fmt: skip
def test_maps_share_their_axes_with_a_decoded_plane(build):
    ranges = {"x_range": (-3, 1), "y_range": (0, 2.5)}
    (ax,), (plane,) = build(**ranges).axes, plots.plot_decoded_plane(decode, *ranges.values(), steps=3).axes
    assert ax.get_xlim() == plane.get_xlim() == (-3, 1)
    assert ax.get_ylim() == plane.get_ylim() == (0, 2.5)
    assert len(ax.get_xticks()) and len(ax.get_yticks())


def test_map_has_each_group_in_its_colour_and_shape():
    groups = np.array([f"group {i % 10}" for i in range(50)] + ["other"] * 10)
    figure = plots.plot_map(Z, groups, {3: "three", 55: "fifty-five"}, xlabel="x", ylabel="y")
    (ax,) = figure.axes
    legend = dict(
        zip([text.get_text() for text in figure.legends[0].get_texts()], figure.legends[0].legend_handles, strict=True)
    )
    assert set(legend) == set(groups) and len(ax.collections) == 11
    looks = set()
    for dots in ax.collections:
        name = dots.get_label()
        np.testing.assert_array_equal(dots.get_offsets(), Z[groups == name])
        colour, shape = to_hex(dots.get_facecolor()), dots.get_paths()[0].vertices.tobytes()
        assert colour == to_hex(legend[name].get_facecolor())
        assert shape == legend[name].get_paths()[0].vertices.tobytes()
        looks.add(colour)
        if name == "other":
            assert colour == "#cccccc"
            continue
        looks.add(shape)
    assert len(looks) == 11 + 10
    assert [(text.get_text(), *text.xy) for text in ax.texts] == [("three", *Z[3]), ("fifty-five", *Z[55])]
    np.testing.assert_array_equal([line.get_xydata()[0] for line in ax.lines], Z[[3, 55]])
    places = [(text.get_ha(), text.get_va(), text.xyann) for text in ax.texts]
    assert places == [("right", "top", (-5, -5)), ("left", "bottom", (5, 5))]  # in turn
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x", "y")
    assert not len(ax.get_xticks()) and not len(ax.get_yticks())  # only nearness counts


def test_map_without_others_or_names():
    figure = plots.plot_map(Z, ["a", "b"] * 30)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a", "b"]
    (ax,) = figure.axes
    assert not ax.texts and not ax.lines and not ax.get_xlabel() and not ax.get_ylabel()


def test_heat_map_has_each_number_in_its_cell():
    table = pd.DataFrame([[1.0, 2.0, 3.0], [6.0, 5.0, 4.0]], index=["r", "s"], columns=["a", "b", "c"])
    ax, bar = plots.plot_heat_map(table, xlabel="x", ylabel="y", label="z", title="t").axes
    (cells,) = ax.images
    np.testing.assert_array_equal(cells.get_array(), table)
    for text in ax.texts:
        column, row = text.get_position()
        assert text.get_text() == f"{table.iloc[row, column]:.1f}"
        luminance = np.dot(cells.to_rgba(table.iloc[row, column])[:3], (0.3, 0.59, 0.11))
        assert text.get_color() == ("black" if luminance > 0.5 else "white")
    assert len(ax.texts) == 6
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["a", "b", "c"]
    assert ax.get_xticks().tolist() == [0, 1, 2] and ax.get_yticks().tolist() == [0, 1]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["r", "s"]
    assert bar.get_ylim() == (1, 6)


def test_filled_cells_are_dots_at_row_and_column():
    matrix = scipy.sparse.csr_array(([1.0, 1.0, 1.0], ([0, 2, 2], [3, 0, 1])), shape=(3, 5))
    (ax,) = plots.plot_filled_cells(matrix, xlabel="movie", ylabel="user").axes
    dots = {tuple(dot) for dot in ax.lines[0].get_xydata()}
    assert dots == {(3, 0), (0, 2), (1, 2)}
    assert ax.get_xlim() == (-0.5, 5) and ax.get_ylim() == (3, -0.5)  # the first row on top, as in a matrix


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: plots.plot_heat_map(TABLE * np.nan, xlabel="x", ylabel="y", label="z"), "4 values that are NaN"),
        (lambda: plots.plot_map(Z, ["a"] * 59), r"\(60, 2\) and \(59,\)"),
        (lambda: plots.plot_map(Z, [str(i % 11) for i in range(60)]), "at most 10 values beside 'other'"),
        (lambda: plots.plot_map(Z, ["a"] * 60, {60: "x"}), r"rows 0 to 59, but has \[60\]"),
        (lambda: plots.plot_map(Z, ["a"] * 60, y_range=(1, 1)), r"y_range .*\(1, 1\)"),
        (lambda: plots.plot_latent_scatter(Z, LABELS, x_range=(1, 0)), r"x_range .*\(1, 0\)"),
        (lambda: plots.plot_latent_scatter(Z, LABELS, x_range=(-np.inf, 0)), r"x_range .*\(-inf, 0\)"),
        (lambda: plots.plot_latent_scatter(Z, LABELS, y_range=(0, np.inf)), r"y_range .*\(0, inf\)"),
        (lambda: plots.plot_filled_cells(np.eye(3), xlabel="x", ylabel="y"), "sparse matrix, but a ndarray came"),
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
