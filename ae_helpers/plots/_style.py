"""What all figures share: colours, images in grey, names of rows, axes."""

from matplotlib.ticker import LogLocator, NullFormatter

from ae_helpers.checks import as_floats

# Colours that colour-blind readers can tell apart: Okabe and Ito 2008 for curves ...
CURVE_COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
MARKERS = ["o", "s", "^", "D", "v", "P", "X"]
# ... and Tol's "muted" scheme for ten classes, which are named in the picture as well.
CLASS_COLOURS = [
    "#332288", "#88CCEE", "#44AA99", "#117733", "#999933",
    "#DDCC77", "#CC6677", "#882255", "#AA4499", "#777777",
]  # fmt: skip
PALE_CLASSES = [1, 2, 4, 5, 6]  # black is easier to read on them than white


def as_images(images, name, *, unit_range=True):
    """`(n, height, width)` floats, checked."""
    images = as_floats(images, name, unit_range=unit_range)
    if images.ndim == 4 and images.shape[-1] == 1:
        images = images[..., 0]
    if images.ndim != 3:
        raise ValueError(f"{name} should be images (n, height, width, 1), but its shape is {images.shape}.")
    return images


def draw_image(ax, image):
    ax.imshow(image, cmap="gray", vmin=0, vmax=1)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)


def write_caption(ax, text):
    # Below the image, also where the axes are switched off.
    ax.text(0.5, -0.06, text, transform=ax.transAxes, ha="center", va="top", fontsize=8)


def write_row_name(ax, name):
    ax.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=10)


def row_name_width(names):
    """Inches that the longest row name needs, so that the images keep their size."""
    longest = max(len(line) for name in names for line in name.splitlines())
    return max(1.3, 0.085 * longest + 0.2)


def check_curves(curves, name):
    if not 1 <= len(curves) <= len(CURVE_COLOURS):
        raise ValueError(f"{name} should have 1 to {len(CURVE_COLOURS)} names, but has {len(curves)}.")


def log_ticks(axis):
    """Numbers at 1, 2, 5, 10, 20 ... of a logarithmic axis; where few of them fit, at round numbers."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(NullFormatter())


def tidy(figure):
    for ax in figure.axes:
        ax.spines[["top", "right"]].set_visible(False)
    return figure
