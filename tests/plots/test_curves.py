from types import SimpleNamespace

import numpy as np
import pytest

from ae_helpers import plots
from tests.plots.cases import ERRORS, X, Z, texts


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
    points, curves = Z[:20], {"line": Z[20:30], "curve": Z[30:60]}
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
