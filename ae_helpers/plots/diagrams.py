"""Networks as diagrams, and what flows through them."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from mpl_toolkits.mplot3d.art3d import Poly3DCollection
from numpy.typing import ArrayLike

from ae_helpers.checks import as_floats
from ae_helpers.metrics import squared_error
from ae_helpers.plots._style import CURVE_COLOURS, SIGNED, as_image, as_images, draw_image, draw_pixels
from ae_helpers.splits import unwatched


@unwatched()
def plot_autoencoder(x: ArrayLike, z: ArrayLike, x_hat: ArrayLike, *, title: str | None = None) -> Figure:
    """One image on its way through an autoencoder: image, encoder, code, decoder, reconstruction.

    The code is a column of coloured cells, white for 0, orange above, purple below;
    up to eight of them carry their numbers. Heights are not to scale.

    Args:
        x: one image, float array `(height, width)`, `(height, width, 1)` or
            `(height, width, 3)` in [0, 1], or a batch of one.
        z: its code, float array of any shape: all its values are drawn.
        x_hat: its reconstruction, same shape as x. Values outside [0, 1] are shown
            as black or white.
        title: of the figure.

    Returns:
        Figure; below the reconstruction stands its squared error, summed over the pixels.

    Raises:
        ValueError: if x is no single image in [0, 1], or x_hat has another shape.

    Example:
        >>> i = 0
        >>> plot_autoencoder(x_test[i], z[i], x_hat[i])
    """
    x, x_hat, z = as_image(x, "x"), as_image(x_hat, "x_hat", unit_range=False), as_floats(z, "z").ravel()
    error = squared_error(x[None], x_hat[None])[0]
    figure = Figure(figsize=(7.2, 2.1 + (0.3 if title else 0)), layout="constrained")
    ax = figure.subplots()
    image, part, strip, gap = 1.5, 1.4, 0.42, 0.12  # widths in inches, as the axes are
    middle = image / 2
    code = min(0.3 * len(z), 0.75 * image)  # height of the column
    left = 0.0
    places = {}
    for name, width in (("x", image), ("encoder", part), ("z", strip), ("decoder", part), ("x_hat", image)):
        places[name] = (left, left + width)
        left += width + gap
    for name, heights in (("encoder", (image, code)), ("decoder", (code, image))):
        halves = np.array(heights) / 2
        ax.fill_between(places[name], middle - halves, middle + halves, color="#E3E8EE", linewidth=0)
        ax.text(np.mean(places[name]), middle, name, ha="center", va="center", fontsize=11)
    draw_pixels(ax, x, extent=(*places["x"], 0, image))
    draw_pixels(ax, x_hat, extent=(*places["x_hat"], 0, image))
    limit = np.abs(z).max() or 1.0
    extent = (*places["z"], middle - code / 2, middle + code / 2)
    ax.imshow(z[:, None], cmap=SIGNED, vmin=-limit, vmax=limit, extent=extent, interpolation="nearest")
    ax.add_patch(_frame(extent))
    if len(z) <= 8:
        for i, value in enumerate(z):
            red, green, blue, _ = colormaps[SIGNED]((value / limit + 1) / 2)
            dark = 0.3 * red + 0.59 * green + 0.11 * blue < 0.5
            ax.text(
                np.mean(places["z"]), extent[3] - (i + 0.5) * code / len(z), f"{value:.1f}",
                ha="center", va="center", fontsize=8, color="white" if dark else "black",
            )  # fmt: skip
    numbers = "1 number" if len(z) == 1 else f"{len(z):,} numbers"
    for name, below in (
        ("x", f"image $x$\n{x.size:,} numbers"),
        ("z", f"code $z$\n{numbers}"),
        ("x_hat", f"reconstruction $\\hat{{x}}$\nsquared error {error:.1f}"),
    ):
        ax.text(np.mean(places[name]), -0.1, below, ha="center", va="top", fontsize=10)
    ax.set(xlim=(-0.05, left - gap + 0.05), ylim=(-0.55, image + 0.05), title=title or "")
    ax.set_aspect("equal")
    ax.axis("off")
    return figure


def plot_uses(
    compress: tuple[ArrayLike, ArrayLike, ArrayLike],
    clean: tuple[ArrayLike, ArrayLike],
    alike: tuple[ArrayLike, ArrayLike],
) -> Figure:
    """Three small pictures of what an autoencoder is good for: compress, clean, find what is alike.

    Args:
        compress: an image, float array `(height, width)` or `(height, width, 1)` in
            [0, 1]; its code, any shape; its reconstruction.
        clean: a noisy image, and what the autoencoder makes of it.
        alike: an image, and a batch of the four images nearest to it by their codes.

    Returns:
        Figure.

    Raises:
        ValueError: if an image is none, or alike has another number of images than four.

    Example:
        >>> plot_uses((x[0], z[0], x_hat[0]), (noisy[0], cleaned[0]), (x[0], x[nearest]))
    """
    x, code, x_hat = compress
    code = as_floats(code, "z").reshape(-1, 1)
    neighbours = as_images(alike[1], "images of alike")
    if len(neighbours) != 4:
        raise ValueError(f"alike should have four images, but has {len(neighbours)}.")
    figure = Figure(figsize=(7.2, 1.35), layout="constrained")
    ax = figure.subplots()
    for left, image, size, bottom in (  # an image is one unit wide
        (0, x, 1, 0), (2.5, x_hat, 1, 0), (4.1, clean[0], 1, 0), (5.5, clean[1], 1, 0), (7.1, alike[0], 1, 0),
        *((8.5 + 0.52 * (i % 2), image, 0.48, 0.52 * (1 - i // 2)) for i, image in enumerate(neighbours)),
    ):  # fmt: skip
        draw_pixels(
            ax, as_image(image, "an image", unit_range=False), extent=(left, left + size, bottom, bottom + size)
        )
    for left, heights, name in ((1.05, (1, 0.8), "encoder"), (1.85, (0.8, 1), "decoder")):
        halves = np.array(heights) / 2
        ax.fill_between([left, left + 0.6], 0.5 - halves, 0.5 + halves, color="#E3E8EE", linewidth=0)
        ax.text(left + 0.3, 0.5, name, ha="center", va="center", fontsize=7.5)
    limit, extent = np.abs(code).max() or 1.0, (1.68, 1.82, 0.1, 0.9)
    ax.imshow(code, cmap=SIGNED, vmin=-limit, vmax=limit, extent=extent, interpolation="nearest", aspect="auto")
    ax.add_patch(_frame(extent))
    for left in (5.15, 8.15):
        ax.annotate("", (left + 0.3, 0.5), (left, 0.5), arrowprops={"arrowstyle": "->", "color": "0.4"})
    for middle, name in ((1.75, "compress"), (5.3, "clean"), (8.3, "find what is alike")):
        ax.text(middle, 1.1, name, ha="center", va="bottom", fontsize=10.5, weight="bold")
    for middle, name in (
        (0.5, f"{np.size(x):,} numbers"), (1.75, f"{code.size:,}"), (3, f"{np.size(x):,}"),
        (4.6, "noisy"), (6, "rebuilt"), (7.6, "this one"), (9, "near by code"),
    ):  # fmt: skip
        ax.text(middle, -0.08, name, ha="center", va="top", fontsize=8.5)
    ax.set(xlim=(-0.03, 9.53), ylim=(-0.35, 1.4))
    ax.set_aspect("equal")
    ax.axis("off")
    return figure


def plot_architecture(
    sizes: Mapping[str, int],
    *,
    kernels: Sequence[str] | None = None,
    ties: Sequence[tuple[int, int]] = (),
    title: str | None = None,
) -> Figure:
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


def plot_codes(x: ArrayLike, z: ArrayLike, x_hat: ArrayLike, *, title: str | None = None) -> Figure:
    """Images, their codes, and what is rebuilt from the codes: a row each.

    Args:
        x: float array `(n, height, width)`, `(n, height, width, 1)` or, in colour,
            `(n, height, width, 3)`, in [0, 1], about six images.
        z: float array `(n, latent_dim)`, drawn as a strip of colours around 0.
        x_hat: reconstructions, same shape as x.
        title: of the figure.

    Returns:
        Figure.

    Raises:
        ValueError: if the lengths differ.
    """
    x, x_hat, z = as_images(x, "x"), as_images(x_hat, "x_hat", unit_range=False), as_floats(z, "z")
    if not len(x) == len(z) == len(x_hat) or z.ndim != 2:
        raise ValueError(f"x, z and x_hat should have n rows each, but are {x.shape}, {z.shape}, {x_hat.shape}.")
    figure = Figure(figsize=(8.0, 0.78 * len(x) + 1.1), layout="constrained")
    axes = figure.subplots(len(x), 3, width_ratios=[1, 7, 1], squeeze=False)
    limit = np.abs(z).max()
    for row, image, code, rebuilt in zip(axes, x, z, x_hat, strict=True):
        draw_image(row[0], image)
        strip = row[1].imshow(code[None], cmap=SIGNED, vmin=-limit, vmax=limit, aspect="auto")
        row[1].set(xticks=[], yticks=[])
        draw_image(row[2], rebuilt)
    for ax, name in zip(axes[0], ("x", f"code z: {z.shape[1]} numbers", "x̂"), strict=True):
        ax.set_title(name, fontsize=10)
    figure.colorbar(strip, ax=axes[:, 1], orientation="horizontal", shrink=0.6, label="value")
    if title:
        figure.suptitle(title, fontsize=11)
    return figure


def plot_principal_angles(pairs: Mapping[str, tuple[ArrayLike, ArrayLike]], *, title: str | None = None) -> Figure:
    """Two lines in the plane, or two planes in space, and the angles between them: a panel for each pair.

    Along each principal angle lie two unit vectors, one in each of the two; the angle stands beside them.

    Args:
        pairs: dict from a panel's name to two arrays of the same shape, whose columns span
            the two: `(2, 1)` for lines in the plane, `(3, 2)` for planes in space.
        title: of the figure.

    Returns:
        Figure.

    Raises:
        ValueError: if there is no pair, or one has other shapes.

    Example:
        >>> plot_principal_angles({"two lines": ([[1], [0]], [[1], [1]])})
    """
    if not pairs:
        raise ValueError("pairs is empty: give at least one name and its two arrays.")
    figure = Figure(figsize=(3.7 * len(pairs), 3.6 + (0.3 if title else 0)), layout="constrained")
    for i, (name, pair) in enumerate(pairs.items()):
        first, second = (as_floats(basis, name) for basis in pair)
        if first.shape != second.shape or first.shape not in ((2, 1), (3, 2)):
            raise ValueError(f"{name!r} should be two arrays (2, 1) or (3, 2), but has {first.shape}, {second.shape}.")
        bases = [np.linalg.qr(basis)[0] for basis in (first, second)]
        left, cosines, right = np.linalg.svd(bases[0].T @ bases[1])
        directions = [(bases[0] @ left).T, (bases[1] @ right.T).T]  # a row for each angle, smallest first
        upwards = np.where(directions[1][:, -1:] < 0, -1, 1)
        directions = [upwards * vectors for vectors in directions]
        ax = figure.add_subplot(1, len(pairs), i + 1, projection="3d" if len(first) == 3 else None)
        for colour, basis, vectors in zip(CURVE_COLOURS, bases, directions, strict=False):
            if len(first) == 3:
                corners = 1.2 * np.array([[-1, -1], [-1, 1], [1, 1], [1, -1]]) @ vectors
                ax.add_collection3d(Poly3DCollection([corners], facecolor=colour, alpha=0.25))
            else:
                ax.plot(*(np.outer([-1.2, 1.2], basis[:, 0])).T, color=colour, linewidth=1.2)
            for vector in vectors:
                ax.plot(*np.stack([0 * vector, vector]).T, color=colour, linewidth=3)
        for cosine, *ends in zip(cosines, *directions, strict=True):
            angle = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
            ax.text(*(1.12 * np.mean(ends, axis=0)), f"{angle:.0f}°", ha="center", fontsize=11)
        ax.set_aspect("equal")
        if len(first) == 3:
            ax.view_init(elev=18, azim=-50)
            ax.set_box_aspect(None, zoom=1.2)
        ax.axis("off")
        ax.set_title(name, fontsize=10)
    if title:
        figure.suptitle(title, fontsize=11)
    return figure


def _frame(extent):
    left, right, bottom, top = extent
    return Rectangle((left, bottom), right - left, top - bottom, fill=False, edgecolor="0.5", linewidth=0.8)
