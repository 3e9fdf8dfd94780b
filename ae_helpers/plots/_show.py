"""Figures become PNG files, and outputs of a notebook."""

import io

from matplotlib.figure import Figure

DOTS_PER_INCH = 110


def show(figure: Figure, alt: str) -> None:
    """Display a figure in the notebook, with an alternative text for readers who can't see it.

    Args:
        figure: matplotlib Figure.
        alt: str, says in a sentence or two what is to be seen.

    Raises:
        ValueError: if alt is empty.
    """
    from IPython.display import display

    check_alt(alt)
    display(
        {"image/png": to_png(figure), "text/plain": f"Figure: {alt}"},
        metadata={"image/png": {"alt": alt}},
        raw=True,
    )


def to_png(figure: Figure) -> bytes:
    """The figure as bytes of a PNG file, for `show` and for `ipywidgets.Image`."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DOTS_PER_INCH, facecolor="white")
    return buffer.getvalue()


def check_alt(alt):
    """Raise a ValueError if alt has no words."""
    if not isinstance(alt, str) or not alt.strip():
        raise ValueError(f"alt should say in words what the figure shows, but is {alt!r}.")
