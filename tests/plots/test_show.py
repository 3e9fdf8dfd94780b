import base64
from pathlib import Path

import matplotlib
import nbformat
import pytest
from nbclient import NotebookClient

from ae_helpers import plots
from tests.plots.cases import X, pixels

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("alt", ["", "  ", None, 3])
def test_show_needs_words(alt, monkeypatch):
    monkeypatch.setattr("IPython.display.display", lambda *args, **kwargs: pytest.fail("displayed"))
    with pytest.raises(ValueError, match=f"alt should .* is {alt!r}"):
        plots.show(plots.plot_images(X), alt)


def test_show_displays_a_picture_and_its_words(monkeypatch):
    outputs = []
    monkeypatch.setattr("IPython.display.display", lambda data, **options: outputs.append((data, options)))
    figure = plots.plot_images(X)
    plots.show(figure, "Noise.")
    ((data, options),) = outputs
    assert data == {"image/png": plots.to_png(figure), "text/plain": "Figure: Noise."}
    assert options == {"metadata": {"image/png": {"alt": "Noise."}}, "raw": True}


def test_a_picture_is_a_white_png_of_110_dots_per_inch_whatever_the_settings():
    with matplotlib.rc_context({"savefig.format": "svg", "figure.facecolor": "black", "savefig.dpi": 30}):
        picture = pixels(plots.to_png(plots.plot_images(X)))
    assert picture.shape == (101, 495, 3)
    assert picture[0, 0].tolist() == [1, 1, 1]


@pytest.mark.slow
def test_show_leaves_a_picture_and_its_words_in_the_notebook():
    lines = [
        "import numpy as np",
        "from ae_helpers.plots import plot_images, show",
        "show(plot_images(np.zeros((2, 8, 8))), alt='Two black squares.')",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("\n".join(lines))])
    NotebookClient(notebook, timeout=1200, resources={"metadata": {"path": str(ROOT)}}).execute()
    (output,) = notebook.cells[0].outputs
    assert output.metadata == {"image/png": {"alt": "Two black squares."}}
    assert output.data["text/plain"] == "Figure: Two black squares."
    assert pixels(base64.b64decode(output.data["image/png"])).shape == (101, 198, 3)  # inches times dots per inch
