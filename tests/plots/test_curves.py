from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import Polygon

from ae_helpers import plots
from tests.plots.cases import ERRORS, INTERVALS, X, Z, texts


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


def test_arrows_are_drawn_to_scale():
    (ax,) = plots.plot_arrows(Z[:20], Z[20:40], Z[40:]).axes
    (arrows,) = (artist for artist in ax.collections if hasattr(artist, "U"))
    np.testing.assert_allclose(arrows.get_offsets(), Z[20:40])
    np.testing.assert_allclose(np.stack([arrows.U, arrows.V], axis=1), Z[40:] - Z[20:40])
    assert arrows.scale == 1 and arrows.angles == arrows.scale_units == "xy"
    assert ax.get_aspect() == 1


def test_projection_joins_each_point_to_its_reconstruction():
    points, curves = Z[:20], {"line": Z[20:30], "curve": 3 * Z[30:60]}  # which reaches further
    x_hat = {"curve": Z[20:40], "line": Z[40:]}  # in another order
    axes = plots.plot_projection(points, curves, x_hat=x_hat).axes
    for ax, name in zip(axes, curves, strict=True):
        drawn, curve = ax.lines
        np.testing.assert_array_equal(drawn.get_xydata(), points)
        assert drawn.get_linestyle() == "None"
        np.testing.assert_array_equal(curve.get_xydata(), curves[name])
        assert curve.get_linestyle() == "-"
        assert drawn.get_color() != curve.get_color()
        np.testing.assert_array_equal(ax.collections[0].get_segments(), np.stack([points, x_hat[name]], axis=1))
        distance = sum((a - c) ** 2 + (b - d) ** 2 for (a, b), (c, d) in zip(points, x_hat[name], strict=True)) / 20
        assert ax.get_title() == f"{name}\nsquared distance {distance:.3g}"
        assert ax.get_aspect() == 1
    assert axes[0].get_xlim() == axes[1].get_xlim() and axes[0].get_ylim() == axes[1].get_ylim()
    (ax,) = plots.plot_projection(points, {"line": Z[20:30]}).axes
    assert ax.get_title() == "line" and not ax.collections


def test_score_maps_part_the_plane_at_1():
    score = np.tile([0.25, 0.5, 1.0, 2.0, 400.0], (4, 1))  # grows with the first coordinate
    ax, _ = plots.plot_score_maps(Z[:20], {"error": score}, (-2, 2), (0, 3)).axes
    colours, border = ax.collections
    np.testing.assert_allclose(colours.get_array().reshape(4, 5), np.tile([-2, -1, 0, 1, 4], (4, 1)))
    assert colours.get_clim() == (-4, 4)
    (line,) = border.get_paths()
    np.testing.assert_allclose(line.vertices[:, 0], 0, atol=1e-12)
    assert np.ptp(line.vertices[:, 1]) == 3
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), Z[:20])
    assert ax.get_aspect() == 1


@pytest.mark.parametrize(
    ("scores", "x_range", "message"),
    [
        ({}, (0, 1), "empty"),
        ({"a": np.ones((2, 2))}, (1, 0), "increase"),
        ({"a": np.ones(4)}, (0, 1), "2 by 2"),
        ({"a": np.ones((1, 4))}, (0, 1), "2 by 2"),
        ({"a": -np.ones((2, 2))}, (0, 1), "negative"),
    ],
)
def test_score_maps_refuse(scores, x_range, message):
    with pytest.raises(ValueError, match=message):
        plots.plot_score_maps(Z, scores, x_range, (0, 1))


def legend(ax):
    """What stands in the legend: name to colour."""
    return {
        text.get_text(): to_hex(getattr(handle, "get_color", getattr(handle, "get_edgecolor", None))())
        for handle, text in zip(ax.get_legend().legend_handles, ax.get_legend().get_texts(), strict=True)
    }


def test_lines_have_their_points_names_and_colours():
    curves = {"few": ([1, 2, 4], [3, 2, 1]), "many": (np.arange(1, 50), np.arange(1, 50) ** 2)}
    (ax,) = plots.plot_lines(curves, xlabel="a", ylabel="b", title="t").axes
    for line, (name, (x, y)) in zip(ax.lines, curves.items(), strict=True):
        np.testing.assert_array_equal(line.get_xydata(), np.stack([x, y], axis=1))
        assert line.get_label() == name
    assert [line.get_marker() for line in ax.lines] == ["o", "None"]  # fifty markers would hide the line
    assert legend(ax) == {line.get_label(): to_hex(line.get_color()) for line in ax.lines}
    assert len(set(legend(ax).values())) == 2
    (ax,) = plots.plot_lines({"one": ([1], [2])}, xlabel="a", ylabel="b").axes
    assert ax.get_legend() is None


@pytest.mark.parametrize("log", ["", "x", "y", "xy"])
def test_axes_of_lines_are_logarithmic_as_asked(log):
    (ax,) = plots.plot_lines({"a": ([1, 10], [5, 2000])}, xlabel="a", ylabel="b", log=log).axes
    assert (ax.get_xscale() == "log", ax.get_yscale() == "log") == ("x" in log, "y" in log)


def test_numbers_of_error_curves_stand_at_their_points():
    (ax,) = plots.plot_error_curves([2, 8], {"a": [30, 12], "b": [20, 9], "c": [10, 9.5]}).axes
    colours = {line.get_label(): line.get_color() for line in ax.lines}
    assert len(set(colours.values())) == len({line.get_marker() for line in ax.lines}) == 3
    assert legend(ax) == {name: to_hex(colour) for name, colour in colours.items()}
    found = [(text.xy, text.get_text(), text.get_va(), text.get_color()) for text in ax.texts]
    assert found == [
        ((2, 30), "30", "bottom", colours["a"]), ((8, 12), "12", "bottom", colours["a"]),
        ((8, 9), "9", "top", colours["b"]), ((2, 10), "10", "top", colours["c"]),
    ]  # fmt: skip
    assert [text.xyann[1] > 0 for text in ax.texts] == [True, True, False, False]


def test_history_names_training_and_validation():
    (ax,) = plots.plot_history({"loss": [1], "mae": [3, 2], "val_mae": [5, 4]}, metric="mae", ylabel="error").axes
    training, validation = ax.lines
    assert (training.get_ydata().tolist(), validation.get_ydata().tolist()) == ([3, 2], [5, 4])
    assert training.get_label().startswith("training") and validation.get_label() == "validation"
    assert legend(ax) == {line.get_label(): to_hex(line.get_color()) for line in ax.lines}
    assert training.get_color() != validation.get_color()
    assert ax.get_ylabel() == "error"


def test_bars_of_histograms_are_as_high_as_their_share():
    sets = {"few": ERRORS[:10], "many": ERRORS}
    (ax,) = plots.plot_error_histograms(sets, bins=6).axes
    filled, outlines = ax.containers, [patch for patch in ax.patches if isinstance(patch, Polygon)]
    for bars, outline, values in zip(filled, outlines, sets.values(), strict=True):
        edges = np.array([bar.get_x() for bar in bars] + [bars[-1].get_x() + bars[-1].get_width()])
        np.testing.assert_allclose(np.diff(np.log(edges)), np.diff(np.log(edges))[0])
        assert len(bars) == 6 and edges[0] == pytest.approx(ERRORS.min()) and edges[-1] >= ERRORS.max()
        share = np.histogram(values, edges)[0] / len(values) * 100
        np.testing.assert_allclose([bar.get_height() for bar in bars], share)
        assert outline.get_xy()[:, 1].max() == pytest.approx(share.max())
        assert to_hex(bars[0].get_facecolor()) == to_hex(outline.get_edgecolor())
    assert list(legend(ax).values()) == [to_hex(outline.get_edgecolor()) for outline in outlines]
    assert len(set(legend(ax).values())) == 2


def test_spread_has_a_dot_for_each_training_and_a_line_at_the_mean():
    panels = {"many": {"a": [1, 2], "b": [2, 4]}, "few": {"a": [5, 6], "b": [4]}}
    figure = plots.plot_spread(panels, xlabel="error", title="t")
    for ax, (panel, rows) in zip(figure.axes, panels.items(), strict=True):
        assert ax.get_title() == panel and ax.get_xlabel() == "error"
        assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the first row on top
        for i, values in enumerate(rows.values()):
            dots, line, text = ax.lines[2 * i], ax.lines[2 * i + 1], ax.texts[i]
            np.testing.assert_array_equal(dots.get_xydata(), [(value, i) for value in values])
            np.testing.assert_array_equal(line.get_xdata(), [np.mean(values)] * 2)
            assert np.mean(line.get_ydata()) == i and dots.get_color() == line.get_color()
            assert text.get_text() == f"{np.mean(values):.2f}"
            assert text.get_position()[0] == np.mean(values) and i - 1 < text.get_position()[1] < i
        assert ax.get_yticks().tolist() == [0, 1]
    names = [[tick.get_text() for tick in ax.get_yticklabels()] for ax in figure.axes]
    assert names == [["a", "b"], ["", ""]]


def test_learning_curves_have_a_dot_for_each_training_and_go_through_their_means():
    panels = {"short": {"a": ([50, 5, 5], [3, 9, 7]), "b": ([5, 50], [7, 4])}, "long": {"b": ([5, 500], [6, 2])}}
    axes = plots.plot_learning_curves(panels, ylabel="error").axes
    colours = {}
    for ax, (panel, curves) in zip(axes, panels.items(), strict=True):
        assert ax.get_title() == panel and ax.get_xscale() == ax.get_yscale() == "log"
        for (name, (x, y)), dots, line in zip(curves.items(), ax.lines[::3], ax.lines[1::3], strict=True):
            np.testing.assert_array_equal(dots.get_xydata(), np.stack([x, y], axis=1))
            assert dots.get_linestyle() == "None" and dots.get_color() == line.get_color()
            assert colours.setdefault(name, line.get_color()) == line.get_color()
    np.testing.assert_array_equal(axes[0].lines[1].get_xydata(), [(5, 8), (50, 3)])
    assert axes[0].get_xlim() == axes[1].get_xlim() and axes[0].get_ylim() == axes[1].get_ylim()
    assert axes[0].get_xticks().tolist() == [5, 50, 500]
    assert axes[0].get_ylabel() == "error" and len(set(colours.values())) == 2
    assert list(legend(axes[1])) == ["b"]


def test_intervals_go_from_low_to_high_through_the_value():
    (ax,) = plots.plot_intervals(INTERVALS, xlabel="recall").axes
    (bars,) = ax.collections
    np.testing.assert_allclose(bars.get_segments(), [[(0.1, 1), (0.3, 1)], [(0.2, 0), (0.5, 0)]])
    np.testing.assert_allclose(ax.lines[0].get_xydata(), [(0.2, 1), (0.3, 0)])
    assert ax.get_ylim()[0] < ax.get_ylim()[1]
    assert dict(zip(ax.get_yticks(), [tick.get_text() for tick in ax.get_yticklabels()], strict=True)) == {
        1: "one",
        0: "two",
    }
    assert [(text.get_text(), text.xy) for text in ax.texts] == [("0.200", (0.2, 1)), ("0.300", (0.3, 0))]


def test_arrows_have_their_curve_and_a_legend():
    figure = plots.plot_arrows(Z[:20], Z[20:40], Z[40:])
    (ax,) = figure.axes
    (curve,) = ax.lines
    np.testing.assert_array_equal(curve.get_xydata(), Z[:20])
    (arrows,) = ax.collections
    handles = figure.legends[0].legend_handles
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["the data", "from input to output"]
    assert to_hex(handles[0].get_color()) == to_hex(curve.get_color())
    assert to_hex(handles[1].get_facecolor()) == to_hex(arrows.get_facecolor()) != to_hex(curve.get_color())


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: plots.plot_projection(Z, {}), "curves is empty"),
        (lambda: plots.plot_projection(Z, {"a": Z}, x_hat={"b": Z}), r"names of the curves, \['a'\], but has \['b'\]"),
        (lambda: plots.plot_projection(Z, {"a": Z}, x_hat={"a": Z[:5]}), r"x_hat of a should be \(60, 2\) .* \(5, 2\)"),
        (lambda: plots.plot_projection(Z, {"a": Z[:, 0]}), r"curve of a should be \(n, 2\)"),
        (lambda: plots.plot_arrows(Z, Z[:3], Z[:4]), "same length, but have 3 and 4"),
        (lambda: plots.plot_arrows(Z, X[0, ..., 0], Z), r"starts should be \(n, 2\), but its shape is \(8, 8\)"),
        (lambda: plots.plot_spread({}), "panels is empty"),
        (lambda: plots.plot_spread({"p": {"a": [1]}, "q": {"b": [1]}}), "All panels should have"),
        (lambda: plots.plot_learning_curves({}), "panels is empty"),
        (lambda: plots.plot_learning_curves({"p": {}}), "p should have 1 to 7 names, but has 0"),
        (lambda: plots.plot_learning_curves({"p": {"a": ([1, 2], [1])}}), "x and y of p, a should be positive"),
        (lambda: plots.plot_learning_curves({"p": {"a": ([0], [1])}}), r"positive .* are \[0\.\]"),
        (lambda: plots.plot_lines({"a": ([1, 2], [1])}, xlabel="x", ylabel="y"), r"x and y of a .*\(2,\) and \(1,\)"),
        (lambda: plots.plot_lines({"a": ([1], [1])}, xlabel="x", ylabel="y", log="z"), "log should be .* is 'z'"),
        (lambda: plots.plot_lines({}, xlabel="x", ylabel="y"), "curves should have 1 to 7"),
        (lambda: plots.plot_intervals(INTERVALS[["value", "low"]], xlabel="x"), r"but lacks \['high'\]"),
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
