"""Curves, distributions and intervals over axes with numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator
from numpy.typing import ArrayLike

from ae_helpers.checks import as_floats, same_labels
from ae_helpers.plots._style import CURVE_COLOURS, MARKERS, SIGNED, check_curves, log_ticks, row_name_width, tidy

if TYPE_CHECKING:
    import pandas as pd


def plot_lines(
    curves: Mapping[str, tuple[ArrayLike, ArrayLike]],
    *,
    xlabel: str,
    ylabel: str,
    log: str = "",
    title: str | None = None,
) -> Figure:
    """Curves over a common axis.

    Args:
        curves: dict from name to `(x, y)`, two sequences of finite numbers of the same length.
        xlabel: of the horizontal axis.
        ylabel: of the vertical axis.
        log: which axes are logarithmic: "", "x", "y" or "xy".
        title: of the figure.

    Returns:
        Figure.

    Raises:
        ValueError: if there is no curve or too many, x and y differ in length, or log is something else.
    """
    check_curves(curves, "curves")
    if log not in ("", "x", "y", "xy"):
        raise ValueError(f"log should be '', 'x', 'y' or 'xy', but is {log!r}.")
    figure = Figure(figsize=(6, 3.6), layout="constrained")
    ax = figure.subplots()
    for (name, (x, y)), colour, marker in zip(curves.items(), CURVE_COLOURS, MARKERS, strict=False):
        same_labels(["points"], **{f"x of {name}": x, f"y of {name}": y})
        x, y = as_floats(x, f"x of {name}"), as_floats(y, f"y of {name}")
        if x.shape != y.shape:
            raise ValueError(f"x and y of {name} should have the same shape, but have {x.shape} and {y.shape}.")
        ax.plot(x, y, color=colour, marker=marker if len(x) <= 30 else None, markersize=5, label=name)
    for name, axis in (("x", ax.xaxis), ("y", ax.yaxis)):
        if name in log:
            getattr(ax, f"set_{name}scale")("log")
            low, high = axis.get_view_interval()
            if high < 100 * low:
                log_ticks(axis)
    ax.set(xlabel=xlabel, ylabel=ylabel, title=title or "")
    ax.grid(color="0.92")
    if len(curves) > 1:
        ax.legend(frameon=False)
    return tidy(figure)


def plot_error_curves(
    sizes: ArrayLike,
    curves: Mapping[str, ArrayLike],
    *,
    xlabel: str = "values in the code",
    title: str | None = None,
) -> Figure:
    """Squared error against the size of the code, both on logarithmic axes.

    The highest and the lowest error of each size stand there as numbers.

    Args:
        sizes: n increasing positive numbers.
        curves: dict from a name to n errors, squared error per image.
        xlabel: what the sizes are.
        title: of the figure.

    Returns:
        Figure.

    Raises:
        ValueError: if sizes do not increase, there is no curve or more than seven, or
            one has another number of points, or values that are not positive.
    """
    check_curves(curves, "curves")
    sizes = as_floats(sizes, "sizes")
    if sizes.ndim != 1 or sizes[0] <= 0 or (np.diff(sizes) <= 0).any():
        raise ValueError(f"sizes should be positive numbers that increase, but is {sizes}.")
    drawn = {name: as_floats(errors, name) for name, errors in curves.items()}
    for name, errors in drawn.items():
        if errors.shape != sizes.shape or errors.min() <= 0:
            raise ValueError(f"{name!r} should be {len(sizes)} positive errors, but is {errors}.")
    highest, lowest = np.max(list(drawn.values()), axis=0), np.min(list(drawn.values()), axis=0)
    figure = Figure(figsize=(6.8, 4.4), layout="constrained")
    ax = figure.subplots()
    for i, (name, errors) in enumerate(drawn.items()):
        ax.plot(sizes, errors, color=CURVE_COLOURS[i], marker=MARKERS[i], label=name)
        for size, error, top, bottom in zip(sizes, errors, highest, lowest, strict=True):
            if bottom < error < top:
                continue  # between two others there is no room
            above = error == top
            ax.annotate(
                f"{error:.3g}", (size, error), xytext=(0, 8 if above else -9), textcoords="offset points",
                ha="center", va="bottom" if above else "top", fontsize=8, color=CURVE_COLOURS[i],
            )  # fmt: skip
    ax.set(xscale="log", yscale="log", xlabel=xlabel, ylabel="squared error per image", title=title or "")
    ax.xaxis.set_major_locator(FixedLocator(sizes))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter("{x:g}")
    log_ticks(ax.yaxis)
    ax.margins(y=0.12)
    ax.legend(frameon=False)
    ax.grid(axis="y", alpha=0.3)
    return tidy(figure)


def plot_history(
    history: Any, *, metric: str = "loss", ylabel: str = "loss", scale: float = 1.0, title: str | None = None
) -> Figure:
    """Loss or another metric against epochs, on training and, if there is one, validation data.

    Args:
        history: what `fit` returns, or its `.history` dict.
        metric: key in it; the validation data's is `val_` and the same.
        ylabel: what the metric is, with its unit.
        scale: factor on the values, for example 784 to turn a mean over the
            pixels into a sum.
        title: of the figure.

    Returns:
        Figure.

    Raises:
        ValueError: if there is no epoch in it.
    """
    values = getattr(history, "history", history)
    if not values.get(metric):
        raise ValueError(f"history should hold {metric!r} of at least one epoch, but holds {values!r}.")
    figure = Figure(figsize=(6.0, 3.6), layout="constrained")
    ax = figure.subplots()
    epochs = np.arange(1, len(values[metric]) + 1)
    for i, (key, name) in enumerate(((metric, "training (mean over the epoch)"), (f"val_{metric}", "validation"))):
        if key in values:
            ax.plot(epochs, scale * np.array(values[key]), color=CURVE_COLOURS[i], marker=MARKERS[i], label=name)
    ax.set(xlabel="epoch", ylabel=ylabel, title=title or "")
    ax.set_xlim(0.5, len(epochs) + 0.5)
    ax.set_ylim(bottom=0)
    ax.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
    ax.legend(frameon=False)
    ax.grid(axis="y", alpha=0.3)
    return tidy(figure)


def plot_error_histograms(errors: Mapping[str, ArrayLike], *, bins: int = 60, title: str | None = None) -> Figure:
    """How the squared errors of several sets of images are distributed.

    Args:
        errors: dict from a name to an array `(n,)` of squared errors, one per image.
        bins: number of bars over the whole range; the axis is logarithmic.
        title: of the figure.

    Returns:
        Figure; each set is scaled to its own share of images, so sets of different size compare.

    Raises:
        ValueError: if there is no set or more than seven, or an error is not positive.
    """
    check_curves(errors, "errors")
    sets = {name: as_floats(values, name).ravel() for name, values in errors.items()}
    everything = np.concatenate(list(sets.values()))
    if everything.min() <= 0:
        raise ValueError(f"Errors should be positive, but the lowest is {everything.min():.4g}.")
    edges = np.geomspace(everything.min(), everything.max() * 1.001, bins + 1)
    figure = Figure(figsize=(7.2, 3.8), layout="constrained")
    ax = figure.subplots()
    for i, (name, values) in enumerate(sets.items()):
        weights = np.full(len(values), 100 / len(values))
        ax.hist(values, edges, weights=weights, color=CURVE_COLOURS[i], alpha=0.25)
        ax.hist(
            values, edges, weights=weights, color=CURVE_COLOURS[i], histtype="step", linewidth=1.6,
            linestyle=["-", "--", "-.", ":"][i % 4], label=f"{name} (mean {values.mean():.3g})",
        )  # fmt: skip
    ax.set(xscale="log", xlabel="squared error per image", ylabel="share of the images (%)", title=title or "")
    log_ticks(ax.xaxis)
    ax.legend(frameon=False)
    return tidy(figure)


def plot_spread(
    panels: Mapping[str, Mapping[str, ArrayLike]],
    *,
    xlabel: str = "squared error per image",
    title: str | None = None,
) -> Figure:
    """Results of several trainings, a dot each, with a line at their mean.

    Args:
        panels: dict from a panel's name to a dict from a row's name to numbers, one for
            each training; all panels with the same rows. Each panel has its own scale.
        xlabel: what the numbers are.
        title: of the figure.

    Returns:
        Figure; the number in a row is its mean.

    Raises:
        ValueError: if there is no panel, one has other rows, no or more than seven rows, or a row is empty.
    """
    if not panels:
        raise ValueError("panels is empty: give at least one name and its rows.")
    names = list(next(iter(panels.values())))
    for panel, rows in panels.items():
        check_curves(rows, panel)
        if list(rows) != names:
            raise ValueError(f"All panels should have the rows {names}, but {panel!r} has {list(rows)}.")
    size = (3.3 * len(panels) + row_name_width(names) + 0.3, 0.5 * len(names) + (1.5 if title else 1.2))
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for ax, (panel, rows) in zip(axes, panels.items(), strict=True):
        for i, (name, values) in enumerate(rows.items()):
            values = as_floats(values, f"{panel}, {name}")
            ax.plot(values, np.full(len(values), i), MARKERS[i], color=CURVE_COLOURS[i], alpha=0.65)
            ax.plot([values.mean()] * 2, [i - 0.3, i + 0.3], color=CURVE_COLOURS[i], linewidth=2)
            ax.text(values.mean(), i - 0.33, f"{values.mean():.2f}", ha="center", va="bottom", fontsize=8)
        ax.set_yticks(range(len(names)), names if ax is axes[0] else [""] * len(names))
        ax.set(xlabel=xlabel, ylim=(len(names) - 0.5, -0.75), title=panel)
        ax.title.set_fontsize(10)
        ax.margins(x=0.12)
        ax.grid(axis="x", alpha=0.3)
    if title:
        figure.suptitle(title, fontsize=11)
    return tidy(figure)


def plot_learning_curves(
    panels: Mapping[str, Mapping[str, tuple[ArrayLike, ArrayLike]]],
    *,
    xlabel: str = "training images",
    ylabel: str = "squared error per test image",
    title: str | None = None,
) -> Figure:
    """Error against the number of training images: a dot for each training, a line through their means.

    Args:
        panels: dict from a panel's name to a dict from a curve's name to `(x, y)`: for each
            training the number of images, positive, and the error, positive.
        xlabel: what x is.
        ylabel: what y is.
        title: of the figure.

    Returns:
        Figure. All panels have the same logarithmic axes; a curve's name has the same colour in all.

    Raises:
        ValueError: if there is no panel, or one with no or more than seven curves; if x and y
            differ in length, or a number is not positive.

    Example:
        >>> plot_learning_curves({"one epoch": {"tied": ([500, 500, 5000], [17.1, 16.8, 11.2])}})
    """
    if not panels:
        raise ValueError("panels is empty: give at least one name and its curves.")
    names = list(dict.fromkeys(name for curves in panels.values() for name in curves))
    for panel, curves in panels.items():
        check_curves(curves, panel)
    check_curves(names, "panels")
    figure = Figure(figsize=(4.2 * len(panels) + 0.4, 4.2), layout="constrained")
    axes = figure.subplots(1, len(panels), squeeze=False, sharex=True, sharey=True)[0]
    sizes: set[float] = set()
    for ax, (panel, curves) in zip(axes, panels.items(), strict=True):
        for name, (x, y) in curves.items():
            same_labels(["points"], **{f"x of {panel}, {name}": x, f"y of {panel}, {name}": y})
            x, y = as_floats(x, f"x of {panel}, {name}"), as_floats(y, f"y of {panel}, {name}")
            if x.shape != y.shape or x.ndim != 1 or min(x.min(), y.min()) <= 0:
                raise ValueError(f"x and y of {panel}, {name} should be positive and of one length, but are {x}, {y}.")
            i, places = names.index(name), np.unique(x)
            style = {"color": CURVE_COLOURS[i], "marker": MARKERS[i]}
            ax.plot(x, y, linestyle="none", markersize=5, alpha=0.55, **style)
            ax.plot(places, [y[x == place].mean() for place in places], color=CURVE_COLOURS[i])
            ax.plot([], [], label=name, **style)
            sizes.update(places)
        ax.set(xscale="log", yscale="log", xlabel=xlabel, title=panel)
        ax.title.set_fontsize(10)
        ax.grid(axis="y", alpha=0.3)
    axes[0].set_ylabel(ylabel)
    axes[0].xaxis.set_major_locator(FixedLocator(sorted(sizes)))
    axes[0].xaxis.set_minor_locator(NullLocator())
    axes[0].xaxis.set_major_formatter("{x:,g}")
    log_ticks(axes[0].yaxis)
    axes[-1].legend(frameon=False)
    if title:
        figure.suptitle(title, fontsize=11)
    return tidy(figure)


def plot_intervals(table: pd.DataFrame, *, xlabel: str, title: str | None = None) -> Figure:
    """A value for each row, with the interval that it may lie in.

    Args:
        table: pandas DataFrame with the columns value, low and high; its index names the rows.
        xlabel: what the values are.
        title: of the figure.

    Returns:
        Figure; the first row is on top.

    Raises:
        ValueError: if a column is missing, or a value is not finite.
    """
    if missing := {"value", "low", "high"} - set(table.columns):
        raise ValueError(f"table should have the columns value, low and high, but lacks {sorted(missing)}.")
    value, low, high = (as_floats(table[name], name) for name in ("value", "low", "high"))
    places = np.arange(len(table))[::-1]
    figure = Figure(figsize=(6.4, 0.42 * len(table) + 1.1), layout="constrained")
    ax = figure.subplots()
    ax.hlines(places, low, high, color="0.6", linewidth=3)
    ax.plot(value, places, "o", color=CURVE_COLOURS[0], markersize=8)
    for place, number in zip(places, value, strict=True):
        ax.annotate(f"{number:.3f}", (number, place), (0, 7), textcoords="offset points", ha="center", fontsize=8)
    ax.set_yticks(places, [str(name) for name in table.index])
    ax.set(xlabel=xlabel, title=title or "", ylim=(-0.6, len(table) - 0.3))
    ax.grid(axis="x", color="0.92")
    return tidy(figure)


def plot_projection(
    points: ArrayLike,
    curves: Mapping[str, ArrayLike],
    *,
    x_hat: Mapping[str, ArrayLike] | None = None,
    title: str | None = None,
) -> Figure:
    """Points in the plane, and the curve on which a model with a code of one number rebuilds them: a panel each.

    Args:
        points: float array `(n, 2)`.
        curves: dict from a model's name to a float array `(m, 2)`: what its decoder
            makes of codes that increase, as a line.
        x_hat: dict from the same names to the reconstructions of the points,
            `(n, 2)`: a thin line joins each point to its own. None for none.
        title: of the figure.

    Returns:
        Figure, with equal and common scales. With x_hat, each panel says the mean over
        the points of the squared length of these lines.

    Raises:
        ValueError: if an array is not `(n, 2)`, there is no curve, or x_hat has other
            names or another number of points.

    Example:
        >>> codes = np.linspace(z.min(), z.max(), 200)[:, None]
        >>> plot_projection(x, {"autoencoder": decoder(codes)}, x_hat={"autoencoder": autoencoder(x)})
    """
    for name, ends in (x_hat or {}).items():
        same_labels(["rows"], **{"points": points, f"x_hat of {name}": ends})
    points = _plane(points, "points")
    if not curves:
        raise ValueError("curves is empty: give at least one name and its points.")
    lines = {name: _plane(curve, f"curve of {name}") for name, curve in curves.items()}
    if x_hat is not None and set(x_hat) != set(curves):
        raise ValueError(f"x_hat should have the names of the curves, {list(curves)}, but has {list(x_hat)}.")
    width, height = np.ptp(np.concatenate([points, *lines.values()]), axis=0)
    panel = min(3.6, 7.2 / len(curves))  # inches
    tall = (panel - 0.4) * np.clip(height / max(width, 1e-9), 0.3, 1.2)
    figure = Figure(figsize=(panel * len(curves), tall + 1.0 + (0.35 if title else 0)), layout="constrained")
    axes = figure.subplots(1, len(curves), squeeze=False, sharex=True, sharey=True)[0]
    for ax, (name, curve) in zip(axes, lines.items(), strict=True):
        caption = name
        if x_hat is not None:
            ends = _plane(x_hat[name], f"x_hat of {name}")
            if ends.shape != points.shape:
                raise ValueError(f"x_hat of {name} should be {points.shape} as points, but is {ends.shape}.")
            ax.add_collection(LineCollection(np.stack([points, ends], axis=1), colors="0.6", linewidths=0.7))
            caption += f"\nsquared distance {np.square(points - ends).sum(axis=1).mean():.3g}"
        ax.plot(*points.T, "o", color=CURVE_COLOURS[0], markersize=3.5, markeredgewidth=0, alpha=0.8)
        ax.plot(*curve.T, color=CURVE_COLOURS[1], linewidth=2.5)
        ax.set_title(caption, fontsize=10)
        ax.set_aspect("equal")
        ax.set(xlabel="first coordinate")
    axes[0].set_ylabel("second coordinate")
    if title:
        figure.suptitle(title, fontsize=11)
    return tidy(figure)


def plot_arrows(curve: ArrayLike, starts: ArrayLike, ends: ArrayLike, *, title: str | None = None) -> Figure:
    """Arrows in the plane, and the curve that they are about.

    Args:
        curve: float array `(n, 2)`, points of the curve in order.
        starts: float array `(m, 2)`, where arrows begin.
        ends: float array `(m, 2)`, where they end, drawn to scale.
        title: of the figure.

    Returns:
        Figure with equal scales on both axes.

    Raises:
        ValueError: if an array is not `(n, 2)`, or starts and ends differ in length.
    """
    same_labels(["rows"], starts=starts, ends=ends)
    starts, ends, curve = _plane(starts, "starts"), _plane(ends, "ends"), _plane(curve, "curve")
    if len(starts) != len(ends):
        raise ValueError(f"starts and ends should have the same length, but have {len(starts)} and {len(ends)}.")
    figure = Figure(figsize=(6.4, 5.4), layout="constrained")
    ax = figure.subplots()
    ax.plot(*curve.T, color=CURVE_COLOURS[1], linewidth=2.5, label="the data")
    ax.quiver(
        *starts.T, *(ends - starts).T, angles="xy", scale_units="xy", scale=1, width=0.004, headwidth=5,
        color=CURVE_COLOURS[0], label="from input to output",
    )  # fmt: skip
    ax.set(xlabel="first coordinate", ylabel="second coordinate", title=title or "")
    ax.set_aspect("equal")
    figure.legend(frameon=False, loc="outside lower center", ncols=2)
    return tidy(figure)


def plot_score_maps(
    points: ArrayLike,
    scores: Mapping[str, ArrayLike],
    x_range: tuple[float, float],
    y_range: tuple[float, float],
    *,
    title: str | None = None,
) -> Figure:
    """What scores of anomaly say about each place in the plane: purple is called normal, orange unusual.

    Args:
        points: float array `(n, 2)`, the normal points, drawn as dots.
        scores: dict from a score's name to a float array `(rows, columns)`, 2 or more of each:
            the score divided by its threshold, on a regular grid from end to end of both
            ranges; the first row has the lowest second coordinate. Where it is 1, a line
            is drawn; the colours end at 1/16 and 16.
        x_range: `(lowest, highest)` first coordinate of the grid.
        y_range: the same for the second coordinate.
        title: of the figure.

    Returns:
        Figure with a panel for each score, equal scales and one colour bar.

    Raises:
        ValueError: if points is not `(n, 2)`, there is no score, one is no table of 2 by 2
            numbers or more or has a negative one, or a range does not increase.

    Example:
        >>> plot_score_maps(points, {"error": score(grid).reshape(100, 100) / threshold}, (-2, 2), (-2, 2))
    """
    points = _plane(points, "points")
    if not scores:
        raise ValueError("scores is empty: give at least one name and its values on the grid.")
    if not (x_range[0] < x_range[1] and y_range[0] < y_range[1]):
        raise ValueError(f"x_range and y_range should increase, but are {x_range} and {y_range}.")
    figure = Figure(figsize=(3.4 * len(scores) + 1.0, 3.5 + (0.35 if title else 0)), layout="constrained")
    axes = figure.subplots(1, len(scores), squeeze=False, sharex=True, sharey=True)[0]
    for ax, (name, ratio) in zip(axes, scores.items(), strict=True):
        ratio = as_floats(ratio, name)
        if ratio.ndim != 2 or min(ratio.shape) < 2 or ratio.min() < 0:
            raise ValueError(
                f"{name} should be 2 by 2 numbers or more, none of them negative, "
                f"but its shape is {ratio.shape} and its lowest value {ratio.min():.4g}."
            )
        x, y = np.linspace(*x_range, ratio.shape[1]), np.linspace(*y_range, ratio.shape[0])
        powers = np.log2(ratio.clip(1 / 16, 16))
        drawn = ax.pcolormesh(x, y, powers, cmap=SIGNED, vmin=-4, vmax=4, shading="gouraud", rasterized=True)
        ax.contour(x, y, powers, [0], colors="black", linewidths=1.2)
        ax.plot(*points.T, ".", color="black", markersize=2, alpha=0.5)
        ax.set_title(name, fontsize=10)
        ax.set_aspect("equal")
        ax.set(xlabel="first coordinate")
    axes[0].set_ylabel("second coordinate")
    bar = figure.colorbar(drawn, ax=axes, ticks=[-4, -2, 0, 2, 4], label="score / threshold")
    bar.ax.set_yticklabels(["1/16", "1/4", "1", "4", "16"])
    if title:
        figure.suptitle(title, fontsize=11)
    return tidy(figure)


def _plane(points: ArrayLike, name: str) -> np.ndarray:
    points = as_floats(points, name)
    if points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(f"{name} should be (n, 2), but its shape is {points.shape}.")
    return points
