"""Pictures and lists that answer to a slider, a pointer or a choice, in a page without a kernel.

Each `show_*` leaves one output in the notebook: HTML with a still picture and a
script, and the still picture as PNG. JupyterLab, nbconvert and Sphinx take the
HTML; where scripts are stripped (GitHub's viewer, notebooks that are not
trusted) its still picture stays, with its words. What reads no HTML takes the PNG.
"""

import base64
import hashlib
import io
import json
from collections.abc import Callable, Hashable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TypeAlias

import numpy as np
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from numpy.typing import ArrayLike
from PIL import Image, UnidentifiedImageError

from ae_helpers.plots._show import check_alt, to_png
from ae_helpers.plots._style import as_image, tile
from ae_helpers.plots.maps import decoded_plane, draw_codes, draw_plane
from ae_helpers.plots.tables import plot_lists

Picture: TypeAlias = Figure | bytes | ArrayLike


def show_slider(
    frames: Mapping[Hashable, Picture],
    *,
    label: str,
    alt: str,
    start: Hashable | None = None,
    max_kilobytes: float = 300,
) -> None:
    """Display a slider that changes a picture, without a kernel.

    Args:
        frames: dict from a position of the slider, as it is shown, to a picture, all of
            one size: a matplotlib Figure, the bytes of a PNG file, or one image
            `(height, width)`, `(height, width, 1)` or `(height, width, 3)` in [0, 1].
        label: what the slider changes, with its unit.
        alt: says in a sentence or two what is to be seen.
        start: position that is shown first, and where no script runs; None for the first.
        max_kilobytes: an output above this size is refused.

    Raises:
        ValueError: if there are fewer than two frames, or of several sizes; if a frame is no
            picture; if start is none of the positions, alt or label is empty; or if
            the output is too large: the message says how large.

    Example:
        >>> noise = {f"{sigma:.1f}": plot_images(add_gaussian_noise(x, sigma, seed=0)) for sigma in (0, 0.2, 0.4)}
        >>> show_slider(noise, label="noise", alt="Ten digits that vanish in noise.")
    """
    check_alt(alt)
    if not isinstance(label, str) or not label.strip():
        raise ValueError(f"label should say in words what the slider changes, but is {label!r}.")
    if len(frames) < 2:
        raise ValueError(f"frames should hold two pictures or more, but has {len(frames)}.")
    positions = list(frames)
    start = positions[0] if start is None else start
    if start not in frames:
        raise ValueError(f"start should be one of {positions}, but is {start!r}.")
    pictures = {position: _image_of(picture, f"frame {position!r}") for position, picture in frames.items()}
    sizes = {picture.size for picture in pictures.values()}
    if len(sizes) != 1:
        raise ValueError(f"All frames should have one size, but they have {sorted(sizes)}: give figures equal sizes.")
    small = {position: _small_png(picture) for position, picture in pictures.items()}
    sources = [[str(position), None if position == start else _address(png)] for position, png in small.items()]
    _display("slider.js", small[start], alt, max_kilobytes, start=positions.index(start), label=label, frames=sources)


def show_picker(
    lists: Mapping[str, Sequence[str]],
    *,
    label: str,
    alt: str,
    start: str | None = None,
    max_kilobytes: float = 300,
) -> None:
    """Display a field to choose a name from, and the list that belongs to it, without a kernel.

    Args:
        lists: dict from each name to its list of names, the first on top.
        label: what is chosen.
        alt: says in a sentence or two what is to be seen, where no script runs.
        start: name that is shown first, and where no script runs; None for the first.
        max_kilobytes: an output above this size is refused.

    Raises:
        ValueError: if there are fewer than two names, a list is empty, start is no
            name, alt or label is empty, or the output is too large: the message says how large.

    Example:
        >>> show_picker({"Alien": ["Aliens"], "Aliens": ["Alien"]}, label="film", alt="What is like Alien.")
    """
    check_alt(alt)
    if not isinstance(label, str) or not label.strip():
        raise ValueError(f"label should say in words what is chosen, but is {label!r}.")
    if len(lists) < 2:
        raise ValueError(f"lists should have two names or more, but has {len(lists)}.")
    if empty := [name for name, found in lists.items() if not len(found)]:
        raise ValueError(f"The list of {empty[0]!r} is empty.")
    start = next(iter(lists)) if start is None else start
    if start not in lists:
        raise ValueError(f"start should be one of the names, but is {start!r}.")
    names = list(dict.fromkeys([*lists, *(name for found in lists.values() for name in found)]))
    place = {name: i for i, name in enumerate(names)}
    places = [[place[name], *(place[other] for other in found)] for name, found in lists.items()]
    still = _small_png(_image_of(plot_lists({start: lists[start]}, width=60), "figure"))
    _display("picker.js", still, alt, max_kilobytes, label=label, start=place[start], names=names, lists=places)


def show_plane(
    decode: Callable[[np.ndarray], ArrayLike],
    x_range: tuple[float, float],
    y_range: tuple[float, float],
    *,
    alt: str,
    steps: int = 15,
    z: ArrayLike | None = None,
    labels: ArrayLike | None = None,
    max_kilobytes: float = 300,
) -> None:
    """Display the plane of two-dimensional codes: the image under the pointer is shown larger, with its code.

    Works without a kernel, with a mouse, a finger or arrow keys.

    Args:
        decode: function from float32 codes `(n, 2)` to images `(n, height, width, 1)`
            or `(n, height, width, 3)`, for example `autoencoder.decode`.
        x_range: `(lowest, highest)` first value of the code, from edge to edge.
        y_range: the same for the second value, which grows upwards.
        alt: says in a sentence or two what is to be seen.
        steps: images per side, 2 or more.
        z: codes `(n, 2)` of real images, drawn as a map beside the plane, or None.
        labels: with z, int array `(n,)`, 0 to 9: their classes.
        max_kilobytes: an output above this size is refused.

    Raises:
        ValueError: as `plot_decoded_plane` and `plot_latent_scatter`; if only one of z and
            labels is given, alt is empty, or the output is too large.

    Example:
        >>> show_plane(autoencoder.decode, (-3, 3), (-3, 3), z=z_test, labels=y_test, alt="Digits that change slowly.")
    """
    check_alt(alt)
    if (z is None) != (labels is None):
        raise ValueError("z and labels belong together: give both or neither.")
    first, second, images = decoded_plane(decode, x_range, y_range, steps)
    figure = Figure(figsize=(3.7 if z is None else 7.2, 3.75), layout=ConstrainedLayoutEngine(wspace=0.06))
    axes = figure.subplots(1, 1 if z is None else 2, squeeze=False, sharey=True)[0]
    draw_plane(axes[-1], images, x_range, y_range)
    for ax in axes:
        ax.set(xlim=x_range, ylim=y_range, xlabel="first value of the code")
    axes[0].set_ylabel("second value of the code")
    if z is not None:
        draw_codes(axes[0], z, labels, 3_000)
    still = _image_of(figure, "figure")  # and the figure is laid out
    boxes = []
    for ax in axes:
        (left, bottom), (right, top) = figure.transFigure.inverted().transform(ax.get_window_extent())
        boxes.append([round(float(value), 5) for value in (left, 1 - top, right - left, top - bottom)])
    height, width = images.shape[1:3]
    step = min(first[1] - first[0], second[0] - second[1])
    digits = max(0, 1 - int(np.floor(np.log10(step))))
    plane = {
        "boxes": boxes,
        "xs": [f"{value:.{digits}f}" for value in first],
        "ys": [f"{value:.{digits}f}" for value in second],
        "width": width,
        "height": height,
        "sprite": _address(_small_png(_pixels(tile(images, steps)))),
    }
    _display("plane.js", _small_png(still), alt, max_kilobytes, **plane)


def _image_of(picture, name):
    """A figure, the bytes of a PNG file or an array as a PIL image; an array is enlarged to some 200 pixels."""
    if isinstance(picture, Figure):
        picture = to_png(picture)
    if isinstance(picture, bytes):
        try:
            return Image.open(io.BytesIO(picture)).convert("RGB")
        except UnidentifiedImageError:
            raise ValueError(f"{name} is no picture: its bytes are no PNG file.") from None
    image = _pixels(as_image(picture, name))
    return image.resize([side * max(1, 200 // min(image.size)) for side in image.size], Image.Resampling.NEAREST)


def _pixels(image):
    return Image.fromarray(np.round(255 * image.clip(0, 1)).astype(np.uint8)).convert("RGB")


def _small_png(image):
    """The bytes of a PNG file with a palette."""
    buffer = io.BytesIO()
    few = image.quantize(256, method=Image.Quantize.FASTOCTREE)
    few.save(buffer, format="png", optimize=True)
    return buffer.getvalue()


def _address(png):
    return "data:image/png;base64," + base64.b64encode(png).decode()


def _display(script, still, alt, max_kilobytes, **values):
    """Show the still picture, and a script that is called with values."""
    from IPython.display import display

    # "</script>" in a text would end the script.
    data = json.dumps(values).replace("</", "<\\/")
    # The key tells outputs apart, and depends on nothing but their content.
    key = hashlib.sha256(f"{script} {alt} {data}".encode() + still).hexdigest()[:16]
    code = Path(__file__).with_name(script).read_text(encoding="utf-8")
    html = (
        f'<div data-explorer="{key}"><img src="{_address(still)}" alt="{escape(alt)}" style="max-width: 100%">'
        f'<script>\n{code.rstrip()}("{key}", {data});\n</script></div>'
    )
    png = base64.b64encode(still).decode()
    kilobytes = (len(html) + len(png)) / 1000
    if kilobytes > max_kilobytes:
        raise ValueError(
            f"This output has {kilobytes:.0f} kB, but max_kilobytes is {max_kilobytes:g}: "
            "take fewer or smaller pictures."
        )
    display(
        {"text/html": html, "image/png": png, "text/plain": f"Figure: {alt}"},
        metadata={"image/png": {"alt": alt}},
        raw=True,
    )
