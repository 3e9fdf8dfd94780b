"""Images beside and below one another."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from ae_helpers.metrics import psnr, squared_error
from ae_helpers.plots._style import SIGNED, as_images, draw_image, row_name_width, write_caption, write_row_name
from ae_helpers.splits import unwatched

Row = tuple[str, ArrayLike, Sequence[str] | None]  # name, images, captions


def plot_images(
    images: ArrayLike, *, captions: Sequence[str] | None = None, columns: int = 10, title: str | None = None
) -> Figure:
    """Images side by side.

    Args:
        images: float array `(n, height, width)`, `(n, height, width, 1)` or, in colour,
            `(n, height, width, 3)`, in [0, 1].
        captions: n strings, one below each image, or None.
        columns: images in a row.
        title: of the figure.

    Returns:
        Figure.

    Raises:
        ValueError: if images is no batch of images in [0, 1], captions has
            another length, or columns is below 1.
    """
    images = as_images(images, "images")
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
        draw_image(axes[i], image)
        if captions is not None:
            write_caption(axes[i], captions[i])
    if title:
        figure.suptitle(title, fontsize=11)
    return figure


@unwatched()
def plot_reconstructions(
    x: ArrayLike,
    reconstructions: ArrayLike | Mapping[str, ArrayLike],
    *,
    show_error: bool = True,
    title: str | None = None,
) -> Figure:
    """Originals above their reconstructions.

    Args:
        x: float array `(n, height, width)`, `(n, height, width, 1)` or, in colour,
            `(n, height, width, 3)`, in [0, 1]: the n images to show, about ten.
        reconstructions: array of the same shape, or a dict from a name to such an
            array: a row each. Values outside [0, 1] are shown as black or white.
        show_error: whether the squared error of each stands below it.
        title: of the figure.

    Returns:
        Figure.

    Raises:
        ValueError: if shapes differ, x leaves [0, 1] or there is no reconstruction.
    """
    x_hats = _named(reconstructions, "reconstruction", "reconstructions")
    rows: list[Row] = [("original", x, None)]
    for name, x_hat in x_hats.items():
        captions = [f"{error:.1f}" for error in squared_error(x, x_hat)]
        rows.append((name, x_hat, captions if show_error else None))
    return _draw_rows(rows, title)


@unwatched()
def plot_denoising(
    x: ArrayLike,
    noisy: ArrayLike,
    denoised: ArrayLike | Mapping[str, ArrayLike],
    *,
    noisy_name: str = "noisy",
    title: str | None = None,
) -> Figure:
    """Clean images, the same with noise, and what denoisers make of them, with the PSNR under each.

    Args:
        x: clean images, float array `(n, height, width)`, `(n, height, width, 1)` or, in
            colour, `(n, height, width, 3)`, in [0, 1], about ten.
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
    x_hats = _named(denoised, "denoised", "denoised")
    rows: list[Row] = [("clean", x, None)]
    for name, images in ((noisy_name, noisy), *x_hats.items()):
        captions = [f"{value:.1f} dB" if np.isfinite(value) else "equal" for value in psnr(x, images)]
        rows.append((name, images, captions))
    return _draw_rows(rows, title)


def plot_signed_images(
    rows: Mapping[str, ArrayLike],
    *,
    limit: float | None = None,
    label: str = "value",
    image_inches: float = 0.85,
    title: str | None = None,
) -> Figure:
    """Images with values of both signs, such as differences or weights: white is 0, orange above, purple below.

    In colour images grey is 0: each channel goes from black to full as its values go from -limit to limit.

    Args:
        rows: dict from a name to a float array `(n, height, width)`,
            `(n, height, width, 1)` or `(n, height, width, 3)`: a row each, all of grey
            images or all in colour, and all with the same n.
        limit: value of the strongest colour, positive; None for the largest that occurs.
        label: what the values are.
        image_inches: width of an image in the figure.
        title: of the figure.

    Returns:
        Figure with a colour bar that holds for all images.

    Raises:
        ValueError: if there is no row, one has another number of images, grey and colour
            images meet, or limit is not positive.
    """
    if not rows:
        raise ValueError("rows is empty: give at least one name and its images.")
    images = {name: as_images(row, name, unit_range=False) for name, row in rows.items()}
    counts = {len(row) for row in images.values()}
    if len({row.ndim for row in images.values()}) != 1:
        raise ValueError("All rows should be grey images, or all in colour.")
    if len(counts) != 1:
        raise ValueError(f"All rows should have as many images, but they have {sorted(counts)}.")
    if limit is None:
        limit = max(np.abs(row).max() for row in images.values()) or 1.0
    if not limit > 0:
        raise ValueError(f"limit should be positive, but is {limit}.")
    (n,) = counts
    width = image_inches * n + row_name_width(images) + 1.0
    figure = Figure(figsize=(width, (image_inches + 0.1) * len(images) + (0.35 if title else 0)))
    figure.set_layout_engine("constrained", rect=(0.01, 0.01, 0.98, 0.98))  # room for the names at the left
    axes = figure.subplots(len(images), n, squeeze=False)
    for row, (name, signed) in zip(axes, images.items(), strict=True):
        for ax, image in zip(row, signed, strict=True):
            # Three channels are drawn as they are, and have no colour map: the bar's is for each channel.
            colours = image if image.ndim == 2 else (0.5 + image / (2 * limit)).clip(0, 1)
            drawn = ax.imshow(colours, cmap=SIGNED if image.ndim == 2 else "gray", vmin=-limit, vmax=limit)
            ax.set(xticks=[], yticks=[])
        write_row_name(row[0], name)
    figure.colorbar(drawn, ax=axes, shrink=0.9, label=label)
    if title:
        figure.suptitle(title, fontsize=11)
    return figure


def plot_interpolation(paths: Mapping[str, ArrayLike], *, title: str | None = None) -> Figure:
    """Paths from one image to another, a row each.

    Args:
        paths: dict from a name to a float array `(steps, height, width)`,
            `(steps, height, width, 1)` or `(steps, height, width, 3)`, all with the same
            number of steps. Values outside [0, 1] are shown as black or white.
        title: of the figure.

    Returns:
        Figure.

    Raises:
        ValueError: if there is no path, or one has another number of steps.
    """
    if not paths:
        raise ValueError("paths is empty: give at least one name and its images.")
    frames = {name: as_images(images, name, unit_range=False) for name, images in paths.items()}
    steps = {len(images) for images in frames.values()}
    if len(steps) != 1:
        raise ValueError(f"All paths should have as many steps, but they have {sorted(steps)}.")
    (steps,) = steps
    size = (0.85 * steps + row_name_width(frames), 0.95 * len(frames) + (0.35 if title else 0))
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(len(frames), steps, squeeze=False)
    for row, (name, images) in zip(axes, frames.items(), strict=True):
        for ax, image in zip(row, images, strict=True):
            draw_image(ax, image)
        write_row_name(row[0], name)
    if title:
        figure.suptitle(title, fontsize=11)
    return figure


def _named(images: ArrayLike | Mapping[str, ArrayLike], name: str, argument: str) -> Mapping[str, ArrayLike]:
    rows = images if isinstance(images, Mapping) else {name: images}
    if not rows:
        raise ValueError(f"{argument} is empty: give at least one name and its images.")
    return rows


def _draw_rows(rows, title):
    """Rows of as many images each, with their captions."""
    n = len(rows[0][1])
    heights = [0.9 if captions is None else 1.08 for _, _, captions in rows]
    width = 0.85 * n + row_name_width(name for name, _, _ in rows)
    figure = Figure(figsize=(width + 0.1, sum(heights) + (0.35 if title else 0)))
    figure.set_layout_engine("constrained", rect=(0.02, 0, 0.98, 1))  # room for the names at the left
    axes = figure.subplots(len(rows), n, squeeze=False)
    for row, (name, images, captions) in zip(axes, rows, strict=True):
        for ax, image in zip(row, as_images(images, name, unit_range=False), strict=True):
            draw_image(ax, image)
        for ax, caption in zip(row, captions or (), strict=False):
            write_caption(ax, caption)
        write_row_name(row[0], name)
    if title:
        figure.suptitle(title, fontsize=11)
    return figure
