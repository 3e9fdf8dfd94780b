"""The guard itself: a notebook that lies must fail the very commands that test the lessons."""

import subprocess
import sys
from pathlib import Path

import jupytext
import nbformat
import pytest

from tools.build_notebooks import execute, outputs_checksum
from tools.percent import ROOT, read_source

pytestmark = pytest.mark.slow  # kernels

SCRIPT = """\
# %% [markdown]
# # 99 A lesson in short

# %%
from ae_helpers.claims import claim
error = 3.0

# %%
print(f"error: {error}")

# %% tags=["nbval-check-output"]
claim("The error is below 4.", error, "<", 4)
"""


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    """A small notebook, built as the lessons are."""
    folder = tmp_path_factory.mktemp("built")
    source = folder / "99_short.py"
    source.write_text(SCRIPT, encoding="utf-8")
    notebook = read_source(source)
    execute(notebook, "99_short", folder=folder)
    return notebook


def nbval(notebook, folder, *options):
    """Run nbval on a notebook with the project's own settings, and return pytest's exit code and output."""
    path = Path(folder, "99_short.ipynb")
    nbformat.write(notebook, path)
    command = [sys.executable, "-m", "pytest", "-c", ROOT / "pyproject.toml", "-n0", *options, path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1200)
    return done.returncode, done.stdout


def with_cell(notebook, number, source):
    changed = nbformat.from_dict(notebook)
    changed.cells[number].source = source
    return changed


def test_an_honest_notebook_passes(honest, tmp_path):
    code, output = nbval(honest, tmp_path)
    assert code == 0, output
    assert "3 passed" in output


def test_a_stale_output_fails(honest, tmp_path):
    stale = nbformat.from_dict(honest)
    stale.cells[3].outputs[0].text = "✓ The error is below 2. (3 < 4)\n"
    assert nbval(stale, tmp_path)[0] == 1


def test_the_numbers_of_a_claim_may_change(honest, tmp_path):
    assert honest.cells[3].outputs[0].text == "✓ The error is below 4. (3 < 4)\n"
    other = nbformat.from_dict(honest)
    other.cells[3].outputs[0].text = "✓ The error is below 4. (2.99 < 4)\n"
    code, output = nbval(other, tmp_path)
    assert code == 0, output


def test_a_stale_output_is_found_even_where_it_is_not_compared(honest):
    stale = nbformat.from_dict(honest)
    stale.cells[2].outputs[0].text = "error: 1.0\n"
    assert outputs_checksum(honest) == honest.metadata.provenance.outputs
    assert outputs_checksum(stale) != stale.metadata.provenance.outputs


def test_a_false_claim_fails(honest, tmp_path):
    code, output = nbval(with_cell(honest, 1, honest.cells[1].source.replace("3.0", "5.0")), tmp_path)
    assert code == 1
    assert "This does not hold: The error is below 4." in output


def test_a_cell_that_raises_fails(honest, tmp_path):
    code, output = nbval(with_cell(honest, 2, "1 / 0"), tmp_path)
    assert code == 1
    assert "ZeroDivisionError" in output


def test_a_dead_kernel_fails(honest, tmp_path):
    code, output = nbval(with_cell(honest, 2, "import os\nos._exit(1)"), tmp_path, "--nbval-cell-timeout=10")
    assert code == 1
    assert "Timeout" in output  # nbval waits for the answer that the dead kernel owes


def test_a_failing_widget_stops_the_build(tmp_path):
    source = tmp_path / "99_widget.py"
    source.write_text("# %%\nfrom ipywidgets import interact\n\n_ = interact(lambda x: 1 / 0, x=3)\n", encoding="utf-8")
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        execute(read_source(source), "99_widget", folder=tmp_path)


def test_two_builds_of_one_source_are_equal(honest, tmp_path):
    source = tmp_path / "99_short.py"
    jupytext.write(honest, source, fmt="py:percent")
    again = read_source(source)
    execute(again, "99_short", folder=tmp_path)
    assert nbformat.writes(again) == nbformat.writes(honest)
