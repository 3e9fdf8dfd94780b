"""What must be true of every built notebook, besides that it runs (nbval does that)."""

import ast
import re

import nbformat
import pytest

from tools.build_notebooks import (
    IMAGES,
    NOTEBOOKS,
    ROOT,
    SOURCES,
    checksums,
    outputs_checksum,
    read_source,
    readme_figure,
)

NAMES = sorted(source.stem for source in SOURCES.glob("*.py"))


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


@pytest.fixture
def notebook(name):
    return nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)


@pytest.fixture
def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def mend(name):
    return f"Run `make notebooks N={name[:2]}`, and commit what it writes."


def test_each_notebook_has_a_source():
    assert sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb")) == NAMES
    assert all(re.fullmatch(r"\d\d_[a-z0-9_]+", name) for name in NAMES)


def test_is_valid(notebook):
    nbformat.validate(notebook)


def test_equals_its_source(name, notebook):
    source = read_source(SOURCES / f"{name}.py")
    for built, written in zip(notebook.cells, source.cells, strict=True):
        for part in ("cell_type", "source", "metadata", "id"):
            assert built[part] == written[part], f"{name}: a cell's {part} is not that of the script. {mend(name)}"


def test_was_built_from_the_present_files(name, notebook):
    """Outputs of older code would lie, even where they are not compared."""
    recorded = notebook.metadata.provenance.sources
    present = checksums([ROOT / path for path in recorded])
    changed = [path for path in recorded if recorded[path] != present.get(path)]
    assert not changed, f"{name} was built before {', '.join(changed)} changed. {mend(name)}"
    assert f"notebooks/src/{name}.py" in recorded


def test_outputs_are_those_of_the_build(name, notebook):
    assert outputs_checksum(notebook) == notebook.metadata.provenance.outputs, (
        f"{name}: outputs were changed after the build. {mend(name)}"
    )


def test_ran_once_from_top_to_bottom(code_cells):
    assert [cell.execution_count for cell in code_cells] == list(range(1, len(code_cells) + 1))


def test_outputs_are_clean(code_cells):
    for cell in code_cells:
        for output in cell.outputs:
            assert output.output_type != "error", cell.source
            assert output.get("name") != "stderr", f"Something is written to stderr by:\n{cell.source}"
            text = str(output.get("data", {}).get("text/plain", "")) + output.get("text", "")
            assert not re.search(r" at 0x[0-9a-f]+>|<function ", text), f"An address is printed by:\n{cell.source}"


def test_figures_have_alternative_texts(code_cells):
    figures = [output for cell in code_cells for output in cell.outputs if "image/png" in output.get("data", {})]
    assert figures
    for figure in figures:
        alt = figure.metadata.get("image/png", {}).get("alt", "")
        assert len(alt.split()) >= 4, f"A figure's alternative text is {alt!r}: say what it shows."


def test_readme_shows_its_figure(name, notebook):
    image = IMAGES / f"{name[:2]}.png"
    assert image.read_bytes() == readme_figure(notebook), f"{image.name} is not the notebook's. {mend(name)}"
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert image.relative_to(ROOT).as_posix() in readme
    assert f"notebooks/{name}.ipynb" in readme


def test_has_the_anatomy_of_a_lesson(name, notebook):
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    first = notebook.cells[0].source
    assert re.match(rf"# {name[:2]} \S", first), "The first cell starts with `# NN Title`."
    for part in ("**You will**", "**Before you start:**", "**Time on a laptop:**"):
        assert part in first
    headings = re.findall(r"^## (.+)$", text, flags=re.MULTILINE)
    assert headings[0] == "Setup"
    assert headings[-3:] == ["What we showed", "Exercises", "Where it comes from"]
    assert any(heading.startswith("A failure experiment") for heading in headings)
    exercises = text.split("## Exercises")[1].split("## Where it comes from")[0]
    assert 3 <= len(re.findall(r"^\d\. \*\(", exercises, flags=re.MULTILINE)) <= 5
    for link in re.findall(r"\]\((\S+\.ipynb)\)", text):
        assert (NOTEBOOKS / link).exists(), f"{link} is linked, but does not exist."


def test_claims_are_compared(code_cells):
    claiming = 0
    for cell in code_cells:
        tree = ast.parse(cell.source)
        claims = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and ast.unparse(n.func) == "claim"]
        # No claim behind an `if` or in a loop: each is made, once, on every run.
        assert claims == [n.value for n in tree.body if isinstance(n, ast.Expr) and n.value in claims], cell.source
        for call in claims:
            sentence, holds = call.args
            assert isinstance(sentence, ast.Constant), f"A claim's sentence holds no computed value: {cell.source}"
            assert not isinstance(holds, ast.Constant), f"A claim that nothing can make false: {ast.unparse(call)}"
        if claims:
            assert "nbval-check-output" in cell.metadata.get("tags", []), cell.source
            printed = "".join(output.get("text", "") for output in cell.outputs)
            assert printed.count("✓") == len(claims)
        claiming += len(claims)
    assert claiming >= 5


def test_cells_are_short(code_cells):
    for cell in code_cells:
        assert len(cell.source.splitlines()) <= 25, f"More than 25 lines:\n{cell.source}"
        assert not re.search(r"^[!%]|breakpoint\(|print\(.*debug", cell.source, flags=re.MULTILINE), cell.source
