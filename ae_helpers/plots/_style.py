"""What all figures share: colours, images in grey, names of rows, axes."""

from matplotlib.ticker import LogLocator, NullFormatter

from ae_helpers.checks import as_floats

# Colours that colour-blind readers can tell apart: Okabe and Ito 2008 for curves ...
CURVE_COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
# ... and for ten classes a search for the largest smallest difference (CIEDE2000) between any two and OTHERS,
# with normal sight and three kinds of colour blindness; digits that neighbour, 4 7 9 and 3 5 8, lie far apart.
CLASS_COLOURS = [
    "#8356FC", "#093100", "#A97E9C", "#1AC7FF", "#ECC200",
    "#480E35", "#1F6F61", "#B55106", "#80A379", "#1512AB",
]  # fmt: skip
PALE_CLASSES = [2, 3, 4, 8]  # black is easier to read on them than white
OTHERS = "#CCCCCC"
SIGNED = "PuOr_r"  # values of both signs: white is 0, orange above, purple below
MARKERS = ["o", "s", "^", "D", "v", "P", "X", "<", ">", "*"]


def as_images(images, name, *, unit_range=True):
    """Grey images `(n, height, width)` or colour images `(n, height, width, 3)`, checked floats."""
    images = as_floats(images, name, unit_range=unit_range)
    shape = images.shape
    if images.ndim == 4 and images.shape[-1] == 1:
        images = images[..., 0]
    if images.ndim == 3 and shape[-1] in (1, 3) and len(shape) == 3:
        raise ValueError(f"{name} should be several images, but {shape} is one with channels: give {name}[None].")
    if images.ndim != 3 and not (images.ndim == 4 and images.shape[-1] == 3):
        raise ValueError(f"{name} should be images (n, height, width, 1 or 3), but its shape is {images.shape}.")
    return images


def as_image(image, name, *, unit_range=True):
    """One image, or a batch of one, as `(height, width)` or `(height, width, 3)`, checked floats."""
    image = as_floats(image, name, unit_range=unit_range)
    if image.ndim == 2 or (image.ndim == 3 and image.shape[-1] in (1, 3) and image.shape[0] != 1):
        image = image[None]
    images = as_images(image, name, unit_range=unit_range)
    if len(images) != 1:
        raise ValueError(f"{name} should be one image, but its shape is {image.shape}: give one of them, as {name}[0].")
    return images[0]


def tile(images, columns):
    """One picture of images `(n, height, width, ...)`, as many in a row as there are columns."""
    rows, (height, width, *colours) = len(images) // columns, images.shape[1:]
    tiles = images.reshape(rows, columns, height, width, *colours).swapaxes(1, 2)
    return tiles.reshape(rows * height, columns * width, *colours)


def draw_image(ax, image):
    """Draw a grey or colour image without ticks."""
    draw_pixels(ax, image)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)


def draw_pixels(ax, image, **options):
    """Draw a grey or colour image, black 0 and white 1; values outside are shown as black or white."""
    if image.ndim == 3:
        image = image.clip(0, 1)  # matplotlib would warn
    ax.imshow(image, cmap="gray", vmin=0, vmax=1, **options)


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
