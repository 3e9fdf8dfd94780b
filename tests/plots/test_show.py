import base64
from pathlib import Path

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
