"""Points in the plane, pictures over it, and tables as pictures."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from ae_helpers.checks import as_floats, same_labels
from ae_helpers.plots._style import (
    CLASS_COLOURS,
    CURVE_COLOURS,
    MARKERS,
    OTHERS,
    PALE_CLASSES,
    as_images,
    draw_pixels,
    tidy,
    tile,
)

if TYPE_CHECKING:
    import pandas as pd

PLANE_SIZE = (6.0, 5.7)  # inches, of figures that can share their axes
DISC = 18  # points, across a class's number


def plot_latent_scatter(
    z: ArrayLike,
    labels: ArrayLike,
    *,
    x_range: tuple[float, float] | None = None,
    y_range: tuple[float, float] | None = None,
    title: str | None = None,
    max_points: int = 5_000,
) -> Figure:
    """Two-dimensional codes, coloured by class, with each class's number at its median.

    Where numbers would hide each other they move apart, and a line leads to the median.

    Args:
        z: float array `(n, 2)`.
        labels: int array `(n,)`, 0 to 9.
        x_range: `(lowest, highest)` first value that is shown, or None for all;
            with those of `plot_decoded_plane` both figures share their axes.
        y_range: the same for the second value.
        title: of the figure.
        max_points: only the first ones are drawn beyond this many.

    Returns:
        Figure; `figure.axes[0]` has the codes' own coordinates, to draw more into it.

    Raises:
        ValueError: if z is not `(n, 2)`, labels has another length or other
            values, a range does not increase, or max_points is below 1.
    """
    if max_points < 1:
        raise ValueError(f"max_points should be 1 or more, but is {max_points}.")
    _check_ranges(x_range=x_range, y_range=y_range)
    figure = Figure(figsize=PLANE_SIZE, layout="constrained")
    ax = figure.subplots()
    ax.set(xlabel="first value of the code", ylabel="second value of the code", title=title or "")
    ax.set_xlim(x_range, auto=x_range is None)
    ax.set_ylim(y_range, auto=y_range is None)
    draw_codes(ax, z, labels, max_points)
    return tidy(figure)


def plot_decoded_plane(
    decode: Callable[[np.ndarray], ArrayLike],
    x_range: tuple[float, float],
    y_range: tuple[float, float],
    *,
    steps: int = 16,
    title: str | None = None,
) -> Figure:
    """Images decoded from a regular grid of two-dimensional codes.

    Args:
        decode: function from float32 codes `(n, 2)` to images `(n, height, width, 1)`
            or `(n, height, width, 3)`, for example `autoencoder.decode`.
        x_range: `(lowest, highest)` first value of the code, from edge to edge.
        y_range: the same for the second value, which grows upwards.
        steps: images per side, 2 or more.
        title: of the figure.

    Returns:
        Figure; its axes have the codes' own coordinates, and the middle of each image
        lies on its code.

    Raises:
        ValueError: if a range does not increase, or there are fewer than 2 steps.

    Example:
        >>> plot_decoded_plane(autoencoder.decode, (-3, 3), (-3, 3))
    """
    _, _, images = decoded_plane(decode, x_range, y_range, steps)
    figure = Figure(figsize=PLANE_SIZE, layout="constrained")
    ax = figure.subplots()
    draw_plane(ax, images, x_range, y_range)
    ax.set(xlabel="first value of the code", ylabel="second value of the code", title=title or "")
    return figure


def plot_map(
    points: ArrayLike,
    groups: Sequence[str],
    names: Mapping[int, str] | None = None,
    *,
    x_range: tuple[float, float] | None = None,
    y_range: tuple[float, float] | None = None,
    xlabel: str | None = None,
    ylabel: str | None = None,
    title: str | None = None,
) -> Figure:
    """Points in the plane, each group in its own colour and shape, with a few names written in.

    Args:
        points: float array `(n, 2)`.
        groups: n strings, at most ten different; points of the group "other" are
            small, grey, and come on top of the ten.
        names: dict from row of points to the name written beside it, or None.
        x_range: `(lowest, highest)` first coordinate that is shown, or None for all;
            with those of `plot_decoded_plane` both figures share their axes.
        y_range: the same for the second coordinate.
        xlabel: of the horizontal axis, with its unit.
        ylabel: of the vertical axis.
        title: of the figure.

    Returns:
        Figure. Without ranges its axes have no numbers: then only nearness counts.

    Raises:
        ValueError: if points is not `(n, 2)`, groups has another length or more than ten
            values beside "other", names a row that there isn't, or a range does not increase.

    Example:
        >>> plot_map(plane, genres, {0: "Toy Story"}, xlabel="t-SNE, first coordinate (no unit)")
    """
    same_labels(["rows"], points=points, groups=groups)
    points, groups, names = as_floats(points, "points"), np.asarray(groups), names or {}
    if points.ndim != 2 or points.shape[1] != 2 or groups.shape != points.shape[:1]:
        raise ValueError(f"points should be (n, 2) and groups (n,), but they are {points.shape} and {groups.shape}.")
    kinds = [str(kind) for kind in np.unique(groups) if kind != "other"]
    if len(kinds) > len(CLASS_COLOURS):
        raise ValueError(f"groups should have at most {len(CLASS_COLOURS)} values beside 'other', but has {kinds}.")
    if strangers := [row for row in names if not 0 <= row < len(points)]:
        raise ValueError(f"names should be of rows 0 to {len(points) - 1}, but has {strangers}.")
    _check_ranges(x_range=x_range, y_range=y_range)
    figure = Figure(figsize=(7.3, 5.8), layout="constrained")
    ax = figure.subplots()
    if (others := groups == "other").any():
        ax.scatter(*points[others].T, c=OTHERS, s=9, linewidths=0, label="other")
    for kind, colour, marker in zip(kinds, CLASS_COLOURS, MARKERS, strict=False):
        ax.scatter(*points[groups == kind].T, c=colour, marker=marker, s=16, linewidths=0, label=kind)
    for i, (row, name) in enumerate(names.items()):
        ax.plot(*points[row], "o", markersize=6, markerfacecolor="none", markeredgecolor="black")
        side = 1 if i % 2 else -1  # in turn to the right and to the left, so that near ones collide less
        ax.annotate(
            name, points[row], (5 * side, 5 * side), textcoords="offset points", fontsize=8,
            ha="left" if side > 0 else "right", va="bottom" if side > 0 else "top",
            bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.75},
        )  # fmt: skip
    ax.set(xlabel=xlabel or "", ylabel=ylabel or "", title=title or "", xlim=x_range, ylim=y_range)
    if x_range is None and y_range is None:
        ax.set(xticks=[], yticks=[])
    figure.legend(frameon=False, loc="outside right upper", markerscale=1.8, fontsize=9)
    return tidy(figure)


def plot_heat_map(table: pd.DataFrame, *, xlabel: str, ylabel: str, label: str, title: str | None = None) -> Figure:
    """A table as coloured cells with their numbers; the highest of each column in bold.

    Args:
        table: pandas DataFrame of finite numbers; its index names the rows, its columns the columns.
        xlabel: what the columns are.
        ylabel: what the rows are.
        label: what the numbers are, with their unit.
        title: of the figure.

    Returns:
        Figure.

    Raises:
        ValueError: if the table is empty or has a value that is not finite.
    """
    values = as_floats(table, "table")
    rows, columns = values.shape
    figure = Figure(figsize=(1.1 * columns + 2.8, 0.55 * rows + 1.5), layout="constrained")
    ax = figure.subplots()
    drawn = ax.imshow(values, cmap="cividis", aspect="auto")
    middle = (values.min() + values.max()) / 2
    for (i, j), value in np.ndenumerate(values):
        best = value == values[:, j].max()
        ax.text(
            j, i, f"{value:.1f}", ha="center", va="center", fontsize=10, weight="bold" if best else "normal",
            color="black" if value > middle else "white",
        )  # fmt: skip
    ax.set_xticks(range(columns), [str(name) for name in table.columns])
    ax.set_yticks(range(rows), [str(name) for name in table.index])
    ax.set(xlabel=xlabel, ylabel=ylabel, title=title or "")
    ax.spines[:].set_visible(False)
    figure.colorbar(drawn, ax=ax, label=label)
    return figure


def plot_filled_cells(
    matrix: scipy.sparse.sparray | scipy.sparse.spmatrix, *, xlabel: str, ylabel: str, title: str | None = None
) -> Figure:
    """Which cells of a matrix are filled: a dot for each.

    Args:
        matrix: scipy sparse matrix `(rows, columns)`.
        xlabel: what the columns are.
        ylabel: what the rows are.
        title: of the figure.

    Returns:
        Figure.

    Raises:
        ValueError: if matrix is not sparse.
    """
    if not scipy.sparse.issparse(matrix):
        raise ValueError(f"matrix should be a scipy sparse matrix, but a {type(matrix).__name__} came.")
    figure = Figure(figsize=(6, 4.6), layout="constrained")
    ax = figure.subplots()
    rows, columns = matrix.nonzero()
    ax.plot(columns, rows, ",", color=CURVE_COLOURS[0])
    ax.set(xlabel=xlabel, ylabel=ylabel, title=title or "", xlim=(-0.5, matrix.shape[1]), ylim=(matrix.shape[0], -0.5))
    return tidy(figure)


def decoded_plane(
    decode: Callable, x_range: Sequence[float], y_range: Sequence[float], steps: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """First values, increasing, second values, decreasing, and the images in rows of a second value each."""
    if steps < 2:
        raise ValueError(f"steps should be 2 or more, but is {steps}.")
    _check_ranges(x_range=x_range, y_range=y_range)
    middles = (np.arange(steps) + 0.5) / steps
    first = x_range[0] + middles * (x_range[1] - x_range[0])
    second = y_range[1] - middles * (y_range[1] - y_range[0])
    grid = np.stack(np.meshgrid(first, second), axis=-1).reshape(-1, 2)
    return first, second, as_images(decode(grid.astype(np.float32)), "images", unit_range=False)


def draw_plane(ax: Axes, images: np.ndarray, x_range: Sequence[float], y_range: Sequence[float]) -> None:
    """The images of `decoded_plane` over their codes."""
    draw_pixels(ax, tile(images, math.isqrt(len(images))), extent=(*x_range, *y_range), aspect="auto")


def draw_codes(ax: Axes, z: ArrayLike, labels: ArrayLike | None, max_points: int) -> None:
    """The first codes as dots, coloured by class, with each class's number at its median or near it.

    The axes should have their limits, and the figure whatever else takes up room: the numbers move apart
    on the paper, not in the codes' own coordinates.
    """
    same_labels(["rows"], z=z, labels=labels)
    z, labels = as_floats(z, "z"), np.asarray(labels)
    if z.ndim != 2 or z.shape[1] != 2 or labels.shape != z.shape[:1]:
        raise ValueError(f"z should be (n, 2) and labels (n,), but they are {z.shape} and {labels.shape}.")
    if labels.dtype.kind not in "iu":
        raise ValueError(f"labels should hold whole numbers, but its dtype is {labels.dtype}.")
    if labels.min() < 0 or labels.max() >= len(CLASS_COLOURS):
        raise ValueError(f"labels should go from 0 to 9, but go from {labels.min()} to {labels.max()}.")
    z, labels = z[:max_points], labels[:max_points]
    ax.scatter(*z.T, c=np.array(CLASS_COLOURS)[labels], s=7, alpha=0.6, linewidths=0)
    kinds = np.unique(labels)
    medians = np.array([np.median(z[labels == kind], axis=0) for kind in kinds])
    ax.figure.draw_without_rendering()  # settles where the axes lie
    on_paper = ax.transData.transform(medians) * 72 / ax.figure.dpi  # points
    for kind, median, move in zip(kinds, medians, moves_apart(on_paper, DISC), strict=True):
        ax.annotate(
            str(kind), median, move, textcoords="offset points", ha="center", va="center",
            fontsize=12, weight="bold", color="black" if kind in PALE_CLASSES else "white",
            bbox={"boxstyle": "circle,pad=0.2", "facecolor": CLASS_COLOURS[kind], "edgecolor": "white"},
            arrowprops={"arrowstyle": "-", "relpos": (0.5, 0.5), "shrinkB": 0},
        )  # fmt: skip


def moves_apart(places: np.ndarray, distance: float) -> np.ndarray:
    """Whole numbers `(n, 2)` which, added to places `(n, 2)`, leave each two of them `distance` apart, or nearly."""
    turns = 2 * np.pi * np.arange(len(places)) / len(places)
    moved = places + 0.01 * np.stack([np.cos(turns), np.sin(turns)], axis=1)  # no two at the same place
    for _ in range(500):
        steps = moved[:, None] - moved  # to each place, from each
        apart = np.linalg.norm(steps, axis=-1)
        np.fill_diagonal(apart, np.inf)
        if apart.min() >= distance:
            break
        lack = np.maximum(0, 1.05 * distance - apart)  # a little more than needed, else it takes many rounds
        moved += np.einsum("ij,ijk->ik", lack / apart, steps) / 4  # a quarter, for others push as well
    return np.rint(moved - places).astype(int)


def _check_ranges(**ranges):
    for name, limits in ranges.items():
        if limits is not None and not (len(limits) == 2 and -np.inf < limits[0] < limits[1] < np.inf):
            raise ValueError(f"{name} should be (lowest, highest), but is {tuple(limits)}.")
