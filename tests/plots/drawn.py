"""All that a figure holds, as lines of text.

    python -m tests.plots.drawn   # writes drawn.json anew

Look at the figures, and at what git shows, before you commit it. The other tests say what must be drawn, and
where. This is how it looked when somebody last looked: a size, a colour, a margin that changes is seen.
"""

import json
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.collections import Collection
from matplotlib.colors import to_hex
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.spines import Spine
from matplotlib.text import Text

from tests.plots.cases import CASES

FILE = Path(__file__).with_name("drawn.json")


def drawn(figure):
    """A line for each thing in a figure, in the order of drawing."""
    engine = figure.get_layout_engine()
    lines = [line("figure", figure.get_size_inches(), type(engine).__name__, engine and engine.get().get("rect"))]
    for ax in figure.axes:
        lines += axes(ax)
        for artist in [*ax.get_children(), ax.title, *([ax.get_legend()] if ax.get_legend() else [])]:
            lines += described(artist)
    for legend in figure.legends:
        lines += described(legend)
    if figure.get_suptitle():
        lines += described(figure._suptitle)
    return lines


def axes(ax):
    """Limits, scales, ticks and names of axes."""
    spines = "".join(side[0] for side, spine in ax.spines.items() if spine.get_visible())
    grid = ax.get_subplotspec().get_gridspec() if ax.get_subplotspec() else None
    yield line("axes", ax.axison and spines, ax.get_aspect(), ax.margins(), grid and grid.get_width_ratios())
    for name in "xyz" if hasattr(ax, "zaxis") else "xy":
        axis = getattr(ax, f"{name}axis")
        places = axis.get_majorticklocs()
        grid = [tick.gridline for tick in axis.get_major_ticks(1)]
        yield line(
            name, getattr(ax, f"get_{name}lim")(), axis.get_scale(), places, axis.get_minorticklocs(),
            " ".join(axis.get_major_formatter().format_ticks(places)),
            *(value for mark in grid for value in (mark.get_visible(), mark.get_color(), mark.get_alpha())),
        )  # fmt: skip
        if axis.get_label_text():
            yield from described(axis.label)


def described(artist):
    """A line, or several, if it is something that we draw."""
    look = [artist.get_alpha(), artist.get_zorder()]
    match artist:
        case Text():
            if not artist.get_text() and not getattr(artist, "arrow_patch", None):
                return
            place = [artist.xy, artist.xyann] if hasattr(artist, "xyann") else [artist.get_position()]
            style = [artist.get_ha(), artist.get_va(), artist.get_rotation(), artist.get_size(), artist.get_weight()]
            yield line("text", repr(artist.get_text()), *place, artist.get_color(), *style, *look)
            for patch in (artist.get_bbox_patch(), getattr(artist, "arrow_patch", None)):
                if patch:
                    yield line(
                        "box",
                        colour(patch.get_facecolor()),
                        colour(patch.get_edgecolor()),
                        patch.get_alpha(),
                        patch.get_boxstyle() if hasattr(patch, "get_boxstyle") else patch.get_arrowstyle(),
                    )
        case Line2D():
            data = artist.get_data_3d() if hasattr(artist, "get_data_3d") else artist.get_xydata().T
            style = [artist.get_color(), artist.get_linestyle(), artist.get_linewidth(), artist.get_marker()]
            edge = [
                artist.get_markersize(),
                artist.get_markeredgewidth(),
                artist.get_markeredgecolor(),
                artist.get_markerfacecolor(),
            ]
            yield line("line", *data, *style, *edge, *look)
        case AxesImage():
            style = [artist.get_cmap().name, *artist.get_clim(), artist.get_extent(), artist.get_interpolation()]
            yield line("image", artist.get_array(), *style, artist.origin, *look)
        case Collection():
            paths = [path.vertices for path in artist.get_paths()] if artist.get_paths() else []
            vertices = np.concatenate(paths) if paths else []
            three = getattr(artist, "_vec", [])  # of a surface in space
            sizes = artist.get_sizes() if hasattr(artist, "get_sizes") else []
            arrows = [getattr(artist, name, None) for name in ("U", "V", "scale", "width", "headwidth", "angles")]
            colours = [colour(c) for c in (*artist.get_facecolor()[:3], *artist.get_edgecolor()[:3])]
            yield line(
                type(artist).__name__,
                artist.get_offsets(),
                vertices,
                three,
                sizes,
                artist.get_facecolor(),
                *colours,
                artist.get_linewidth(),
                *arrows,
                *look,
            )
        case Patch() if not isinstance(artist, Spine) and artist is not getattr(artist.axes, "patch", None):
            path = artist.get_path().transformed(artist.get_patch_transform()).vertices
            style = [colour(artist.get_facecolor()), colour(artist.get_edgecolor()), artist.get_linewidth()]
            yield line("patch", path, *style, artist.get_linestyle(), artist.get_fill(), *look)
        case _ if hasattr(artist, "legend_handles"):
            yield line("legend", artist.get_frame_on(), artist._loc, artist._ncols, artist.markerscale)
            for text in artist.get_texts():
                yield from described(text)
            for handle in artist.legend_handles:
                style = [
                    getattr(handle, name)()
                    for name in ("get_color", "get_facecolor", "get_marker", "get_linewidth")
                    if hasattr(handle, name)
                ]
                yield line("handle", *style)


def colour(value):
    return to_hex(value, keep_alpha=True) if len(value) == 4 else "none"


def line(*values):
    return " | ".join(map(text, values))


def text(value):
    """A number with four digits; an array as its shape, its sum, and a sum that tells each place."""
    if isinstance(value, str) or value is None or isinstance(value, (bool, np.bool_)):
        return str(value)
    try:
        array = np.asarray(value, np.float64)
    except (TypeError, ValueError):  # a style of matplotlib
        return type(value).__name__ + str(getattr(value, "__dict__", value))
    if array.size <= 6:
        return " ".join(f"{number:.4g}" for number in array.ravel())
    return f"{array.shape} {np.nansum(array):.4g} {np.nansum(array.ravel() * np.cos(np.arange(array.size))):.4g}"


def version():
    """Of matplotlib, without the last number: another may draw otherwise by itself."""
    return matplotlib.__version__.rpartition(".")[0]


if __name__ == "__main__":
    figures = {name: drawn(build()) for name, (build, *_) in CASES.items()}
    FILE.write_text(
        json.dumps({"matplotlib": version(), **figures}, indent=0, ensure_ascii=False) + "\n", encoding="utf-8"
    )
