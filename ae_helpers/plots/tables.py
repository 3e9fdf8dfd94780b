"""Lists and small tables as pictures."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from ae_helpers.plots._style import CURVE_COLOURS, SIGNED

if TYPE_CHECKING:
    import pandas as pd


def plot_lists(
    lists: Mapping[str, Sequence[str]],
    *,
    ticked: Collection[str] = (),
    width: int = 28,
    title: str | None = None,
) -> Figure:
    """Lists of names side by side, some of the names ticked.

    Args:
        lists: dict from a list's heading to its names, the first on top.
        ticked: names that get a tick, wherever they stand.
        width: letters of a name that are shown, 5 or more.
        title: of the figure.

    Returns:
        Figure.

    Raises:
        ValueError: if there is no list or all are empty, or width is below 5.

    Example:
        >>> plot_lists({"popularity": ["Toy Story", "Alien"], "EASE": ["Aliens"]}, ticked={"Aliens"})
    """
    if not any(len(names) for names in lists.values()):
        raise ValueError(f"lists should hold a name at least, but is {dict(lists)!r}.")
    if width < 5:
        raise ValueError(f"width should be 5 letters or more, but is {width!r}.")
    lines = max(map(len, lists.values()))
    size = ((0.066 * width + 0.34) * len(lists) + 0.1, 0.205 * (lines + 1.6) + (0.35 if title else 0.1))
    figure = Figure(figsize=size, layout="constrained")
    ax = figure.subplots()
    for column, (heading, names) in enumerate(lists.items()):
        ax.text(column + 0.08, -1.2, heading, fontsize=9.5, weight="bold", va="center")
        for line, name in enumerate(names):
            hit = name in ticked
            style = {"color": CURVE_COLOURS[0], "weight": "bold"} if hit else {"color": "black"}
            if hit:
                ax.text(column + 0.06, line, "✓", fontsize=9, ha="right", va="center", **style)
            most = width - 3 if hit else width  # bold letters are wider
            shown = textwrap.shorten(name, most, placeholder=" …")
            ax.text(column + 0.08, line, shown, fontsize=8.3, va="center", **style)
    ax.plot([0, len(lists)], [-0.6, -0.6], color="0.8", linewidth=0.8)
    ax.set(xlim=(0, len(lists)), ylim=(lines - 0.4, -1.8), title=title or "")
    ax.axis("off")
    return figure


def plot_tables(tables: Mapping[str, pd.DataFrame], *, arrows: Sequence[str] = (), title: str | None = None) -> Figure:
    """Small tables side by side, each cell with its number; what is missing stays empty.

    Args:
        tables: dict from a heading to a pandas DataFrame of numbers, all with as many rows; NaN is an
            empty cell. White is 0, orange above, purple below, each table by its largest number.
        arrows: what is written on the arrow between each table and the next: one string less than
            there are tables, or none.
        title: of the figure.

    Returns:
        Figure; the rows' names stand beside the first table.

    Raises:
        ValueError: if there is no table, one is empty or has another number of rows, a value is
            infinite, or the number of arrows does not fit.

    Example:
        >>> plot_tables({"ratings": ratings, "code": code, "shares": shares}, arrows=["encoder", "decoder"])
    """
    values = {heading: np.asarray(table, np.float64) for heading, table in tables.items()}
    shapes = [table.shape for table in values.values()]
    if not shapes or min(map(min, shapes)) < 1 or len({rows for rows, _ in shapes}) > 1:
        raise ValueError(f"tables should have rows and columns, all as many rows, but their shapes are {shapes}.")
    if any(np.isinf(table).any() for table in values.values()):
        raise ValueError("tables has a value that is infinite.")
    if len(arrows) not in (0, len(tables) - 1):
        raise ValueError(f"Between {len(tables)} tables there are {len(tables) - 1} arrows, but {len(arrows)} came.")
    names = [str(name) for name in next(iter(tables.values())).index]
    gap = 1.9 if arrows else 0.7  # in cells, as all lengths are
    left, rows = 0.0, shapes[0][0]
    length = sum(columns for _, columns in shapes) + gap * (len(tables) - 1)
    size = (0.5 * length + 0.09 * max(map(len, names)) + 0.3, 0.42 * rows + (1.45 if title else 1.1))
    figure = Figure(figsize=size, layout="constrained")
    ax = figure.subplots()
    for i, (heading, table) in enumerate(values.items()):
        columns = table.shape[1]
        limit = np.nanmax(np.abs(table), initial=0) * 1.6 or 1.0  # not so dark that black can't be read
        extent = (left, left + columns, rows, 0)
        ax.imshow(np.ma.masked_invalid(table), cmap=SIGNED, vmin=-limit, vmax=limit, extent=extent, aspect="auto")
        for line in range(rows + 1):
            ax.plot([left, left + columns], [line, line], color="0.75", linewidth=0.8)
        for line in range(columns + 1):
            ax.plot([left + line, left + line], [0, rows], color="0.75", linewidth=0.8)
        for (row, column), value in np.ndenumerate(table):
            if not np.isnan(value):
                text = f"{value:.2f}" if value % 1 else f"{value:.0f}"
                ax.text(left + column + 0.5, row + 0.5, text, ha="center", va="center", fontsize=9)
        for column, name in enumerate(list(tables.values())[i].columns):
            ax.text(left + column + 0.5, -0.15, str(name), ha="center", va="bottom", fontsize=8.5)
        ax.text(left + columns / 2, rows + 0.2, heading, ha="center", va="top", fontsize=10)
        left += columns
        if i < len(arrows):
            arrow = {"arrowstyle": "-|>", "color": "0.4"}
            ax.annotate("", (left + gap - 0.2, rows / 2), (left + 0.2, rows / 2), arrowprops=arrow)
            ax.text(left + gap / 2, rows / 2 - 0.2, arrows[i], ha="center", va="bottom", fontsize=9)
        left += gap
    for row, name in enumerate(names):
        ax.text(-0.15, row + 0.5, name, ha="right", va="center", fontsize=9)
    ax.set(xlim=(-0.05, length + 0.05), ylim=(rows + 0.9, -0.7), title=title or "")
    ax.axis("off")
    return figure
