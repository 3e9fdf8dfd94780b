"""Figures of the lessons. Each `plot_*` returns a matplotlib Figure; `show` puts it into the notebook.

Figures are made without pyplot: nothing is drawn twice, no global setting is
read or changed. Images are shown with black 0 and white 1, always.
"""

import io
import math

import numpy as np
import scipy.sparse
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, LogLocator, NullFormatter, NullLocator

from ae_helpers.checks import as_floats
from ae_helpers.metrics import psnr, squared_error

# Colours that colour-blind readers can tell apart: Okabe and Ito 2008 for curves ...
CURVE_COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
MARKERS = ["o", "s", "^", "D", "v", "P", "X"]
# ... and Tol's "muted" scheme for ten classes, which are named in the picture as well.
CLASS_COLOURS = [
    "#332288", "#88CCEE", "#44AA99", "#117733", "#999933",
    "#DDCC77", "#CC6677", "#882255", "#AA4499", "#777777",
]  # fmt: skip
PALE_CLASSES = [1, 2, 4, 5, 6]  # black is easier to read on them than white
DOTS_PER_INCH = 110


def show(figure, alt):
    """Display a figure in the notebook, with an alternative text for readers who can't see it.

    Args:
        figure: matplotlib Figure.
        alt: str, says in a sentence or two what is to be seen.

    Raises:
        ValueError: if alt is empty.
    """
    from IPython.display import display

    if not isinstance(alt, str) or not alt.strip():
        raise ValueError(f"alt should say in words what the figure shows, but is {alt!r}.")
    display(
        {"image/png": to_png(figure), "text/plain": f"Figure: {alt}"},
        metadata={"image/png": {"alt": alt}},
        raw=True,
    )


def to_png(figure):
    """The figure as bytes of a PNG file, for `show` and for `ipywidgets.Image`."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DOTS_PER_INCH, facecolor="white")
    return buffer.getvalue()


def plot_images(images, *, captions=None, columns=10, title=None):
    """Images side by side.

    Args:
        images: float array `(n, height, width)` or `(n, height, width, 1)` in [0, 1].
        captions: n strings, one below each image, or None.
        columns: images in a row.
        title: of the figure.

    Returns:
        Figure.

    Raises:
        ValueError: if images is no batch of images in [0, 1], captions has
            another length, or columns is below 1.
    """
    images = _squeezed(images, "images")
    if columns < 1:
        raise ValueError(f"columns should be 1 or more, but is {columns}.")
    columns = min(columns, len(images))
    rows = math.ceil(len(images) / columns)
    if captions is not None and len(captions) != len(images):
        raise ValueError(f"There are {len(images)} images, but {len(captions)} captions.")
    figure = Figure(figsize=(0.9 * columns, (1.12 if captions is not None else 0.92) * rows + (0.35 if title else 0)))
    figure.set_layout_engine("constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for ax in axes:
        ax.axis("off")
    for i, image in enumerate(images):
        _draw(axes[i], image)
        if captions is not None:
            _caption(axes[i], captions[i])
    if title:
        figure.suptitle(title, fontsize=11)
    return figure


def plot_reconstructions(x, reconstructions, *, show_error=True, title=None):
    """Originals above their reconstructions.

    Args:
        x: float array `(n, height, width, 1)` or `(n, height, width)` in [0, 1]:
            the n images to show, about ten.
        reconstructions: array of the same shape, or a dict from a name to such an
            array: a row each. Values outside [0, 1] are shown as black or white.
        show_error: whether the squared error of each stands below it.
        title: of the figure.

    Returns:
        Figure.

    Raises:
        ValueError: if shapes differ, x leaves [0, 1] or there is no reconstruction.
    """
    if not isinstance(reconstructions, dict):
        reconstructions = {"reconstruction": reconstructions}
    if not reconstructions:
        raise ValueError("reconstructions is empty: give at least one name and its images.")
    originals = _squeezed(x, "x")
    n, rows = len(originals), 1 + len(reconstructions)
    row_height = 1.08 if show_error else 0.9
    width = 0.85 * n + _row_name_width(reconstructions)
    figure = Figure(figsize=(width, 0.9 + row_height * (rows - 1) + (0.35 if title else 0)))
    figure.set_layout_engine("constrained")
    axes = figure.subplots(rows, n, squeeze=False)
    for ax, image in zip(axes[0], originals, strict=True):
        _draw(ax, image)
    _row_name(axes[0, 0], "original")
    for row, (name, x_hat) in zip(axes[1:], reconstructions.items(), strict=True):
        errors = squared_error(x, x_hat)
        for ax, image, error in zip(row, _squeezed(x_hat, name, unit_range=False), errors, strict=True):
            _draw(ax, image)
            if show_error:
                _caption(ax, f"{error:.1f}")
        _row_name(row[0], name)
    if title:
        figure.suptitle(title, fontsize=11)
    return figure


def plot_denoising(x, noisy, denoised, *, noisy_name="noisy", title=None):
    """Clean images, the same with noise, and what denoisers make of them, with the PSNR under each.

    Args:
        x: clean images, float array `(n, height, width, 1)` or `(n, height, width)`
            in [0, 1], about ten.
        noisy: the same images, spoilt; same shape, any finite values.
        denoised: array of the same shape, or a dict from a name to such an array: a
            row each. Values outside [0, 1] are shown as black or white.
        noisy_name: what the row of the spoilt images is called.
        title: of the figure.

    Returns:
        Figure; the numbers under the images are in dB.

    Raises:
        ValueError: if shapes differ, x leaves [0, 1] or there is no denoised image.
    """
    if not isinstance(denoised, dict):
        denoised = {"denoised": denoised}
    if not denoised:
        raise ValueError("denoised is empty: give at least one name and its images.")
    rows = {noisy_name: noisy, **denoised}
    clean = _squeezed(x, "x")
    n = len(clean)
    width = 0.85 * n + _row_name_width(rows)
    figure = Figure(figsize=(width + 0.1, 0.9 + 1.08 * len(rows) + (0.35 if title else 0)))
    figure.set_layout_engine("constrained", rect=(0.02, 0, 0.98, 1))  # room for the names at the left
    axes = figure.subplots(1 + len(rows), n, squeeze=False)
    for ax, image in zip(axes[0], clean, strict=True):
        _draw(ax, image)
    _row_name(axes[0, 0], "clean")
    for row, (name, images) in zip(axes[1:], rows.items(), strict=True):
        for ax, image, decibels in zip(row, _squeezed(images, name, unit_range=False), psnr(x, images), strict=True):
            _draw(ax, image)
            _caption(ax, f"{decibels:.1f} dB" if np.isfinite(decibels) else "equal")
        _row_name(row[0], name)
    if title:
        figure.suptitle(title, fontsize=11)
    return figure


def plot_signed_images(rows, *, limit=None, label="value", image_inches=0.85, title=None):
    """Images with values of both signs, such as differences or weights: white is 0, orange above, purple below.

    Args:
        rows: dict from a name to a float array `(n, height, width, 1)` or
            `(n, height, width)`, all with the same n: a row each.
        limit: value of the strongest colour, positive; None for the largest that occurs.
        label: what the values are.
        image_inches: width of an image in the figure.
        title: of the figure.

    Returns:
        Figure with a colour bar that holds for all images.

    Raises:
        ValueError: if there is no row, one has another number of images, or limit is not positive.
    """
    if not rows:
        raise ValueError("rows is empty: give at least one name and its images.")
    images = {name: _squeezed(row, name, unit_range=False) for name, row in rows.items()}
    counts = {len(row) for row in images.values()}
    if len(counts) != 1:
        raise ValueError(f"All rows should have as many images, but they have {sorted(counts)}.")
    if limit is None:
        limit = max(np.abs(row).max() for row in images.values()) or 1.0
    if not limit > 0:
        raise ValueError(f"limit should be positive, but is {limit}.")
    (n,) = counts
    width = image_inches * n + _row_name_width(images) + 1.0
    figure = Figure(figsize=(width, (image_inches + 0.1) * len(images) + (0.35 if title else 0)))
    figure.set_layout_engine("constrained", rect=(0.01, 0.01, 0.98, 0.98))  # room for the names at the left
    axes = figure.subplots(len(images), n, squeeze=False)
    for row, (name, signed) in zip(axes, images.items(), strict=True):
        for ax, image in zip(row, signed, strict=True):
            drawn = ax.imshow(image, cmap="PuOr_r", vmin=-limit, vmax=limit)
            ax.set(xticks=[], yticks=[])
        _row_name(row[0], name)
    figure.colorbar(drawn, ax=axes, shrink=0.9, label=label)
    if title:
        figure.suptitle(title, fontsize=11)
    return figure


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


def plot_arrows(curve, starts, ends, *, title=None):
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
    starts, ends, curve = as_floats(starts, "starts"), as_floats(ends, "ends"), as_floats(curve, "curve")
    for name, points in (("curve", curve), ("starts", starts), ("ends", ends)):
        if points.ndim != 2 or points.shape[1] != 2:
            raise ValueError(f"{name} should be (n, 2), but its shape is {points.shape}.")
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
    return _tidy(figure)


def plot_architecture(sizes, *, kernels=None, ties=(), title=None):
    """A network as a row of bars, one per layer, as tall as the layer is large.

    Args:
        sizes: dict from a layer's name to its number of values, in the order of
            the data's flow; the smallest one, the bottleneck, is coloured.
        kernels: one string for each connection between two layers, written on it
            (a line break is allowed), or None.
        ties: pairs of connections, counted from 0, that share their weights: an arc
            joins the two.
        title: of the figure.

    Returns:
        Figure. Heights are drawn on a scale of square roots, so that small layers stay visible.

    Raises:
        ValueError: if there are fewer than three layers, a size is not positive, kernels has
            another length than there are connections, or a tie names no two of them.
    """
    if len(sizes) < 3 or min(sizes.values()) < 1:
        raise ValueError(f"sizes should name three layers or more, all of positive size, but is {sizes!r}.")
    if kernels is not None and len(kernels) != len(sizes) - 1:
        raise ValueError(f"There are {len(sizes) - 1} connections, but {len(kernels)} kernels.")
    if any(not 0 <= first < second < len(sizes) - 1 for first, second in ties):
        raise ValueError(f"ties should be pairs of two connections, 0 to {len(sizes) - 2}, but is {ties!r}.")
    figure = Figure(figsize=(1.25 * len(sizes) + 0.6, 3.2 + (1.0 if ties else 0)), layout="constrained")
    ax = figure.subplots()
    heights = np.sqrt(list(sizes.values()))
    bottleneck = int(np.argmin(heights))
    colours = ["#BBBBBB"] * len(sizes)
    colours[bottleneck] = CURVE_COLOURS[1]
    for i in range(len(sizes) - 1):  # the connections, as a grey band from bar to bar
        ax.fill_between([i, i + 1], -heights[i : i + 2] / 2, heights[i : i + 2] / 2, color="#F0F0F0", zorder=0)
    ax.bar(range(len(sizes)), heights, width=0.28, bottom=-heights / 2, color=colours)
    for i, (name, size) in enumerate(sizes.items()):
        ax.text(i, heights[i] / 2 + 0.7, str(size), ha="center", va="bottom", fontsize=11)
        ax.text(i, -heights.max() / 2 - 1.5, name, ha="center", va="top", fontsize=10)
    for i, kernel in enumerate(kernels or ()):
        ax.text(i + 0.5, 0, kernel, ha="center", va="center", fontsize=9)
    top = heights.max() / 2 + 3.5
    for i, (first, second) in enumerate(sorted(ties, key=lambda tie: tie[1] - tie[0])):
        left, right, floor, roof = first + 0.5, second + 0.5, heights.max() / 2 + 4, heights.max() / 2 + 7 + 5 * i
        ax.plot([left, left, right, right], [floor, roof, roof, floor], color=CURVE_COLOURS[0], linewidth=1.6)
        ax.text(
            (left + right) / 2, roof + 0.5, "same kernel", ha="center", va="bottom", fontsize=9,
            color=CURVE_COLOURS[0],
        )  # fmt: skip
        top = roof + 4
    ax.set(xlim=(-0.6, len(sizes) - 0.4), ylim=(-heights.max() / 2 - 6, top), title=title or "")
    ax.axis("off")
    return figure


def plot_codes(x, z, x_hat, *, title=None):
    """Images, their codes, and what is rebuilt from the codes: a row each.

    Args:
        x: float array `(n, height, width, 1)` in [0, 1], about six images.
        z: float array `(n, latent_dim)`, drawn as a strip of colours around 0.
        x_hat: reconstructions, same shape as x.
        title: of the figure.

    Returns:
        Figure.

    Raises:
        ValueError: if the lengths differ.
    """
    x, x_hat, z = _squeezed(x, "x"), _squeezed(x_hat, "x_hat", unit_range=False), as_floats(z, "z")
    if not len(x) == len(z) == len(x_hat) or z.ndim != 2:
        raise ValueError(f"x, z and x_hat should have n rows each, but are {x.shape}, {z.shape}, {x_hat.shape}.")
    figure = Figure(figsize=(8.0, 0.78 * len(x) + 1.1), layout="constrained")
    axes = figure.subplots(len(x), 3, width_ratios=[1, 7, 1], squeeze=False)
    limit = np.abs(z).max()
    for row, image, code, rebuilt in zip(axes, x, z, x_hat, strict=True):
        _draw(row[0], image)
        strip = row[1].imshow(code[None], cmap="PuOr", vmin=-limit, vmax=limit, aspect="auto")
        row[1].set(xticks=[], yticks=[])
        _draw(row[2], rebuilt)
    for ax, name in zip(axes[0], ("x", f"code z: {z.shape[1]} numbers", "x̂"), strict=True):
        ax.set_title(name, fontsize=10)
    figure.colorbar(strip, ax=axes[:, 1], orientation="horizontal", shrink=0.6, label="value")
    if title:
        figure.suptitle(title, fontsize=11)
    return figure


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
    return _tidy(figure)


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
    images = _squeezed(decode(grid.astype(np.float32)), "images", unit_range=False)
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


def plot_interpolation(paths, *, title=None):
    """Paths from one image to another, a row each.

    Args:
        paths: dict from a name to a float array `(steps, height, width, 1)`,
            all with the same number of steps.
        title: of the figure.

    Returns:
        Figure.

    Raises:
        ValueError: if there is no path, or one has another number of steps.
    """
    if not paths:
        raise ValueError("paths is empty: give at least one name and its images.")
    frames = {name: _squeezed(images, name, unit_range=False) for name, images in paths.items()}
    steps = {len(images) for images in frames.values()}
    if len(steps) != 1:
        raise ValueError(f"All paths should have as many steps, but they have {sorted(steps)}.")
    (steps,) = steps
    size = (0.85 * steps + _row_name_width(frames), 0.95 * len(frames) + (0.35 if title else 0))
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(len(frames), steps, squeeze=False)
    for row, (name, images) in zip(axes, frames.items(), strict=True):
        for ax, image in zip(row, images, strict=True):
            _draw(ax, image)
        _row_name(row[0], name)
    if title:
        figure.suptitle(title, fontsize=11)
    return figure


def plot_error_curves(sizes, curves, *, xlabel="values in the code", title=None):
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
    _check_curves(curves, "curves")
    sizes = as_floats(sizes, "sizes")
    if sizes.ndim != 1 or sizes[0] <= 0 or (np.diff(sizes) <= 0).any():
        raise ValueError(f"sizes should be positive numbers that increase, but is {sizes}.")
    curves = {name: as_floats(errors, name) for name, errors in curves.items()}
    for name, errors in curves.items():
        if errors.shape != sizes.shape or errors.min() <= 0:
            raise ValueError(f"{name!r} should be {len(sizes)} positive errors, but is {errors}.")
    highest, lowest = np.max(list(curves.values()), axis=0), np.min(list(curves.values()), axis=0)
    figure = Figure(figsize=(6.8, 4.4), layout="constrained")
    ax = figure.subplots()
    for i, (name, errors) in enumerate(curves.items()):
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
    _log_ticks(ax.yaxis)
    ax.margins(y=0.12)
    ax.legend(frameon=False)
    ax.grid(axis="y", alpha=0.3)
    return _tidy(figure)


def plot_spread(panels, *, xlabel="squared error per image", title=None):
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
        _check_curves(rows, panel)
        if list(rows) != names:
            raise ValueError(f"All panels should have the rows {names}, but {panel!r} has {list(rows)}.")
    size = (3.3 * len(panels) + _row_name_width(names) + 0.3, 0.5 * len(names) + (1.5 if title else 1.2))
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
    return _tidy(figure)


def plot_history(history, *, metric="loss", ylabel="loss", scale=1.0, title=None):
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
    return _tidy(figure)


def plot_error_histograms(errors, *, bins=60, title=None):
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
    _check_curves(errors, "errors")
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
    _log_ticks(ax.xaxis)
    ax.legend(frameon=False)
    return _tidy(figure)


def plot_lines(curves, *, xlabel, ylabel, log="", title=None):
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
    _check_curves(curves, "curves")
    if log not in ("", "x", "y", "xy"):
        raise ValueError(f"log should be '', 'x', 'y' or 'xy', but is {log!r}.")
    figure = Figure(figsize=(6, 3.6), layout="constrained")
    ax = figure.subplots()
    for (name, (x, y)), colour, marker in zip(curves.items(), CURVE_COLOURS, MARKERS, strict=False):
        x, y = as_floats(x, f"x of {name}"), as_floats(y, f"y of {name}")
        if x.shape != y.shape:
            raise ValueError(f"x and y of {name} should have the same shape, but have {x.shape} and {y.shape}.")
        ax.plot(x, y, color=colour, marker=marker if len(x) <= 30 else None, markersize=5, label=name)
    for name, axis in (("x", ax.xaxis), ("y", ax.yaxis)):
        if name in log:
            getattr(ax, f"set_{name}scale")("log")
            low, high = axis.get_view_interval()
            if high < 100 * low:
                _log_ticks(axis)
    ax.set(xlabel=xlabel, ylabel=ylabel, title=title or "")
    ax.grid(color="0.92")
    if len(curves) > 1:
        ax.legend(frameon=False)
    return _tidy(figure)


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
    ax.set(
        xlabel=xlabel, ylabel=ylabel, title=title or "", xlim=(-0.5, matrix.shape[1]), ylim=(matrix.shape[0], -0.5)
    )
    return _tidy(figure)


def plot_intervals(table, *, xlabel, title=None):
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
    return _tidy(figure)


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
    return _tidy(figure)


def _squeezed(images, name, *, unit_range=True):
    """`(n, height, width)` floats, checked."""
    images = as_floats(images, name, unit_range=unit_range)
    if images.ndim == 4 and images.shape[-1] == 1:
        images = images[..., 0]
    if images.ndim != 3:
        raise ValueError(f"{name} should be images (n, height, width, 1), but its shape is {images.shape}.")
    return images


def _draw(ax, image):
    ax.imshow(image, cmap="gray", vmin=0, vmax=1)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)


def _caption(ax, text):
    # Below the image, also where the axes are switched off.
    ax.text(0.5, -0.06, text, transform=ax.transAxes, ha="center", va="top", fontsize=8)


def _row_name(ax, name):
    ax.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=10)


def _row_name_width(names):
    """Inches that the longest row name needs, so that the images keep their size."""
    longest = max(len(line) for name in names for line in name.splitlines())
    return max(1.3, 0.085 * longest + 0.2)


def _check_curves(curves, name):
    if not 1 <= len(curves) <= len(CURVE_COLOURS):
        raise ValueError(f"{name} should have 1 to {len(CURVE_COLOURS)} names, but has {len(curves)}.")


def _log_ticks(axis):
    """Numbers at 1, 2, 5, 10, 20 ... of a logarithmic axis; where few of them fit, at round numbers."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(NullFormatter())


def _tidy(figure):
    for ax in figure.axes:
        ax.spines[["top", "right"]].set_visible(False)
    return figure
