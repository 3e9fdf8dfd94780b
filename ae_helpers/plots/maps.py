"""Points in the plane, pictures over it, and tables as pictures."""

import numpy as np
import scipy.sparse
from matplotlib.figure import Figure

from ae_helpers.checks import as_floats
from ae_helpers.plots._style import CLASS_COLOURS, CURVE_COLOURS, PALE_CLASSES, as_images, tidy


def plot_latent_scatter(z, labels, *, title=None, max_points=5_000):
    """Two-dimensional codes, coloured by class, with each class's number at its median.

    Args:
        z: float array `(n, 2)`.
        labels: int array `(n,)`, 0 to 9.
        title: of the figure.
        max_points: only the first ones are drawn beyond this many.

    Returns:
        Figure; `figure.axes[0]` has the codes' own coordinates, to draw more into it.

    Raises:
        ValueError: if z is not `(n, 2)`, labels has another length or other
            values, or max_points is below 1.
    """
    z, labels = as_floats(z, "z"), np.asarray(labels)
    if z.ndim != 2 or z.shape[1] != 2 or labels.shape != z.shape[:1]:
        raise ValueError(f"z should be (n, 2) and labels (n,), but they are {z.shape} and {labels.shape}.")
    if labels.dtype.kind not in "iu":
        raise ValueError(f"labels should hold whole numbers, but its dtype is {labels.dtype}.")
    if labels.min() < 0 or labels.max() >= len(CLASS_COLOURS):
        raise ValueError(f"labels should go from 0 to 9, but go from {labels.min()} to {labels.max()}.")
    if max_points < 1:
        raise ValueError(f"max_points should be 1 or more, but is {max_points}.")
    z, labels = z[:max_points], labels[:max_points]
    figure = Figure(figsize=(6.6, 5.6), layout="constrained")
    ax = figure.subplots()
    ax.scatter(*z.T, c=np.array(CLASS_COLOURS)[labels], s=7, alpha=0.6, linewidths=0)
    for label in np.unique(labels):
        ax.annotate(
            str(label), np.median(z[labels == label], axis=0), ha="center", va="center",
            fontsize=12, weight="bold", color="black" if label in PALE_CLASSES else "white",
            bbox={"boxstyle": "circle,pad=0.2", "facecolor": CLASS_COLOURS[label], "edgecolor": "white"},
        )  # fmt: skip
    ax.set(xlabel="first value of the code", ylabel="second value of the code", title=title or "")
    return tidy(figure)


def plot_decoded_plane(decode, x_range, y_range, *, steps=16, title=None):
    """Images decoded from a regular grid of two-dimensional codes.

    Args:
        decode: function from codes `(n, 2)` to images `(n, height, width, 1)`,
            for example `autoencoder.decode`.
        x_range: `(lowest, highest)` first value of the code.
        y_range: the same for the second value, which grows upwards.
        steps: images per side, 2 or more.
        title: of the figure.

    Returns:
        Figure; its axes have the codes' own coordinates.

    Raises:
        ValueError: if a range is not increasing, or there are fewer than 2 steps.
    """
    if steps < 2:
        raise ValueError(f"steps should be 2 or more, but is {steps}.")
    for name, (low, high) in (("x_range", x_range), ("y_range", y_range)):
        if not low < high:
            raise ValueError(f"{name} should be (lowest, highest), but is ({low}, {high}).")
    first, second = np.linspace(*x_range, steps), np.linspace(*y_range, steps)
    grid = np.stack(np.meshgrid(first, second[::-1]), axis=-1).reshape(-1, 2)
    images = as_images(decode(grid.astype(np.float32)), "images", unit_range=False)
    height, width = images.shape[1:]
    tiles = images.reshape(steps, steps, height, width).swapaxes(1, 2).reshape(steps * height, steps * width)
    figure = Figure(figsize=(6.6, 6.6), layout="constrained")
    ax = figure.subplots()
    # Half a step around, so that the middle of each image lies on its own code.
    x_half, y_half = np.diff(first[:2])[0] / 2, np.diff(second[:2])[0] / 2
    extent = (x_range[0] - x_half, x_range[1] + x_half, y_range[0] - y_half, y_range[1] + y_half)
    ax.imshow(tiles, cmap="gray", vmin=0, vmax=1, extent=extent, aspect="auto")
    ax.set(xlabel="first value of the code", ylabel="second value of the code", title=title or "")
    return figure


def plot_map(points, groups, names, *, title=None):
    """Points in the plane, coloured by group, with a few names written in.

    Args:
        points: float array `(n, 2)`.
        groups: list of n strings, at most ten different; the group "other" is grey.
        names: dict from row of points to the name written beside it.
        title: of the figure.

    Returns:
        Figure; the axes have no unit, only nearness counts.

    Raises:
        ValueError: if points is not `(n, 2)`, groups has another length, or too many values.
    """
    points, groups = as_floats(points, "points"), np.asarray(groups)
    if points.ndim != 2 or points.shape[1] != 2 or groups.shape != points.shape[:1]:
        raise ValueError(f"points should be (n, 2) and groups (n,), but they are {points.shape} and {groups.shape}.")
    kinds = [str(kind) for kind in np.unique(groups) if kind != "other"]
    if len(kinds) >= len(CLASS_COLOURS):
        raise ValueError(f"groups should have fewer than {len(CLASS_COLOURS)} values beside 'other': {kinds}.")
    figure = Figure(figsize=(8.6, 6.6), layout="constrained")
    ax = figure.subplots()
    ax.scatter(*points[groups == "other"].T, c="0.8", s=9, linewidths=0, label="other")
    for kind, colour in zip(kinds, CLASS_COLOURS, strict=False):
        ax.scatter(*points[groups == kind].T, c=colour, s=13, linewidths=0, label=kind)
    for i, (row, name) in enumerate(names.items()):
        ax.plot(*points[row], "o", markersize=5, markerfacecolor="none", markeredgecolor="black")
        side = 1 if i % 2 else -1  # in turn to the right and to the left, so that near ones collide less
        ax.annotate(
            name, points[row], (5 * side, 5 * side), textcoords="offset points", fontsize=8,
            ha="left" if side > 0 else "right", va="bottom" if side > 0 else "top",
            bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.75},
        )  # fmt: skip
    ax.set(xticks=[], yticks=[], title=title or "")
    ax.set(xlabel="t-SNE, first coordinate (no unit)", ylabel="t-SNE, second coordinate (no unit)")
    figure.legend(frameon=False, loc="outside right upper", markerscale=2, fontsize=9)
    return tidy(figure)


def plot_heat_map(table, *, xlabel, ylabel, label, title=None):
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


def plot_filled_cells(matrix, *, xlabel, ylabel, title=None):
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
