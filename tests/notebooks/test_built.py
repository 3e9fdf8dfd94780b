"""What must be true of every built notebook, besides that it runs (nbval does that)."""

import ast
import json
import re
import subprocess
import sys

import nbformat
import pytest

from tools import build_notebooks
from tools.build_notebooks import (
    IMAGES,
    checksums,
    code_of,
    lines_in,
    minutes_to_read,
    outputs_checksum,
    readme_figure,
    tell_use,
    with_times,
    words_in,
)
from tools.percent import NOTEBOOKS, ROOT, SOURCES, chosen_sources, key_of, read_source, target_of

SCRIPTS = {key_of(source): source for source in chosen_sources()}
LESSONS = [key for key in SCRIPTS if re.fullmatch(r"\d\d", key)]
STUDIES = [key for key in SCRIPTS if re.fullmatch(r"\d\d[a-z]", key)]
SOLUTIONS = [key for key in SCRIPTS if key.startswith("solutions/")]

# What a reader pays for a lesson. Seconds are those of a machine whose yardstick is 13 s.
BUDGET = {"words": 1600, "cells": 25, "lines": 260, "claims": 12, "sections": 10, "minutes": 25, "seconds": 40}
OTHER_SECONDS = {"00": 15, "04": 60}
STUDY_SECONDS, STUDY_CLAIMS, SOLUTION_SECONDS = 60, 30, 30
MEGABYTES = 2000
LINE_LENGTH = 88  # more is cut off on a page
SLIDER_BYTES = 300 * 1024  # of a lesson's pictures that move without a kernel


@pytest.fixture(params=SCRIPTS)
def key(request):
    return request.param


@pytest.fixture(params=LESSONS)
def lesson(request):
    return request.param


def built(key):
    return nbformat.read(target_of(SCRIPTS[key]), as_version=4)


def markdown_of(notebook):
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def claims_of(notebook):
    """Cells of code, and the calls of `claim` in each."""
    for cell in code_of(notebook):
        tree = ast.parse(cell.source)
        yield cell, tree, [n for n in ast.walk(tree) if isinstance(n, ast.Call) and ast.unparse(n.func) == "claim"]


def mend(key):
    return f"Run `make notebooks N={key}`, and commit what it writes."


def test_each_notebook_has_a_source_and_a_known_name():
    notebooks = {path for path in NOTEBOOKS.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts}
    assert notebooks == {target_of(source) for source in SCRIPTS.values()}
    assert set(SCRIPTS) == {*LESSONS, *STUDIES, *SOLUTIONS}
    assert len(SCRIPTS) == len(list(SOURCES.rglob("*.py")))
    assert all(key[:2] in LESSONS for key in STUDIES)
    assert all(key.removeprefix("solutions/") in LESSONS for key in SOLUTIONS)


def test_is_valid(key):
    nbformat.validate(built(key))


def test_equals_its_source(key):
    notebook, source = built(key), read_source(SCRIPTS[key])
    source.cells[0].source = with_times(source.cells[0].source, notebook.metadata.times)
    for ours, theirs in zip(notebook.cells, source.cells, strict=True):
        for part in ("cell_type", "source", "metadata", "id"):
            assert ours[part] == theirs[part], f"{key}: a cell's {part} is not that of the script. {mend(key)}"


def test_was_built_from_the_present_files(key):
    """Outputs of older code would lie, even where they are not compared."""
    recorded = built(key).metadata.provenance.sources
    present = checksums([ROOT / path for path in recorded])
    changed = [path for path in recorded if recorded[path] != present.get(path)]
    assert not changed, f"{key} was built before {', '.join(changed)} changed. {mend(key)}"
    assert SCRIPTS[key].relative_to(ROOT).as_posix() in recorded


def test_outputs_are_those_of_the_build(key):
    notebook = built(key)
    assert outputs_checksum(notebook) == notebook.metadata.provenance.outputs, (
        f"{key}: outputs were changed after the build. {mend(key)}"
    )


def test_ran_once_from_top_to_bottom(key):
    cells = code_of(built(key))
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))


def test_outputs_are_clean(key):
    for cell in code_of(built(key)):
        for output in cell.outputs:
            assert output.output_type != "error", cell.source
            assert output.get("name") != "stderr", f"Something is written to stderr by:\n{cell.source}"
            text = str(output.get("data", {}).get("text/plain", "")) + output.get("text", "")
            assert not re.search(r" at 0x[0-9a-f]+>|<function ", text), f"An address is printed by:\n{cell.source}"


def test_figures_have_alternative_texts(key):
    for cell in code_of(built(key)):
        for output in cell.outputs:
            if "image/png" in output.get("data", {}):
                alt = output.metadata.get("image/png", {}).get("alt", "")
                assert len(alt.split()) >= 4, f"A figure's alternative text is {alt!r}: say what it shows."
    for alt in re.findall(r"!\[([^\]]*)\]", markdown_of(built(key))):
        assert len(alt.split()) >= 4, f"A picture's alternative text is {alt!r}: say what it shows."


def test_links_lead_somewhere(key):
    folder = target_of(SCRIPTS[key]).parent
    for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", markdown_of(built(key))):
        if not link.startswith(("http", "mailto:")):
            assert (folder / link).exists(), f"{link} is linked, but does not exist."


def test_claims_are_compared(key):
    for cell, tree, claims in claims_of(built(key)):
        # No claim behind an `if` or in a loop: each is made, once, on every run.
        assert claims == [n.value for n in tree.body if isinstance(n, ast.Expr) and n.value in claims], cell.source
        for call in claims:
            sentence, *comparison = call.args
            assert isinstance(sentence, ast.Constant), f"A claim's sentence holds no computed value: {cell.source}"
            values = comparison[::2]
            assert not all(isinstance(v, ast.Constant) for v in values), f"Nothing can make this false: {cell.source}"
        if claims or ".check()" in cell.source:
            assert "nbval-check-output" in cell.metadata.get("tags", []), cell.source
            printed = "".join(output.get("text", "") for output in cell.outputs)
            assert printed.count("✓") == len(claims) + cell.source.count("splits.check()")


def test_no_prose_in_code(key):
    """Sentences stand in Markdown, numbers in tables, figures and claims."""
    for cell in code_of(built(key)):
        for node in ast.walk(ast.parse(cell.source)):
            assert not (isinstance(node, ast.Call) and ast.unparse(node.func) == "Markdown"), cell.source
            if isinstance(node, ast.JoinedStr):
                words = " ".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
                assert len(words.split()) <= 8, f"An f-string that a reader has to decode: {words!r}"


def test_cells_are_short(key):
    for cell in code_of(built(key)):
        lines = cell.source.splitlines()
        most = 50 if key in STUDIES else 25
        assert len(lines) <= most, f"More than {most} lines:\n{cell.source}"
        assert max(map(len, lines)) <= LINE_LENGTH, f"A line of more than {LINE_LENGTH} characters:\n{cell.source}"
        assert not re.search(r"^[!%]|breakpoint\(|print\(.*debug", cell.source, flags=re.MULTILINE), cell.source


def test_runs_from_any_folder(key):
    """No path that depends on where the notebook runs."""
    for cell in code_of(built(key)):
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert not node.value.startswith(("../", "./")), cell.source


def test_times_are_told(key):
    notebook = built(key)
    times = notebook.metadata.times
    assert times.minutes == minutes_to_read(notebook), mend(key)
    if key not in SOLUTIONS:
        assert f"**Time:** {times.minutes} minutes to read, {times.seconds} seconds to run" in notebook.cells[0].source


def test_lesson_is_in_its_budget(lesson):
    notebook = built(lesson)
    spent = {
        "words": words_in(notebook),
        "cells": len(code_of(notebook)),
        "lines": lines_in(notebook),
        "claims": sum(len(claims) for _, _, claims in claims_of(notebook)),
        "sections": len(re.findall(r"^## ", markdown_of(notebook), flags=re.MULTILINE)),
        **notebook.metadata.times,
    }
    budget = BUDGET | {"seconds": OTHER_SECONDS.get(lesson, BUDGET["seconds"])}
    over = {name: f"{spent[name]} of {budget[name]}" for name in budget if spent[name] > budget[name]}
    assert not over, f"Lesson {lesson} costs its reader too much: {over}"
    assert spent["claims"] >= 5


@pytest.mark.parametrize("key", STUDIES)
def test_study_is_in_its_budget(key):
    notebook = built(key)
    assert sum(len(claims) for _, _, claims in claims_of(notebook)) <= STUDY_CLAIMS
    assert notebook.metadata.times.seconds <= STUDY_SECONDS


@pytest.mark.parametrize("key", SOLUTIONS)
def test_solutions_are_in_their_budget(key):
    assert built(key).metadata.times.seconds <= SOLUTION_SECONDS


def test_needs_little_memory(key):
    assert built(key).metadata.megabytes <= MEGABYTES, mend(key)


def test_moving_pictures_are_small(lesson):
    outputs = [o for cell in code_of(built(lesson)) for o in cell.outputs if "<script" in str(o.get("data", ""))]
    size = sum(len(json.dumps(output.data.get("text/html", ""))) for output in outputs)
    assert size <= SLIDER_BYTES, f"{size / 1024:.0f} kB of pictures that move"


def test_lesson_has_its_anatomy(lesson):
    notebook = built(lesson)
    first, text = notebook.cells[0].source, markdown_of(notebook)
    assert re.match(rf"# {lesson} \S", first), "The first cell starts with `# NN Title`."
    for part in ("?", f"](images/{lesson}.png)", "**You will**", "**Before you start:**", "**Time:**"):
        assert part in first
    headings = re.findall(r"^## (.+)$", text, flags=re.MULTILINE)
    assert headings[0] == "Setup"
    assert headings[-3:] == ["The answer", "Exercises", "Where it comes from"]
    assert any(heading.startswith("A failure experiment") for heading in headings)
    exercises = text.split("## Exercises")[1].split("## Where it comes from")[0]
    count = len(re.findall(r"^\d\. ", exercises, flags=re.MULTILINE))
    assert 3 <= count <= 5
    assert exercises.count("<details>") == exercises.count("</details>") == count
    assert f"](solutions/{lesson}.ipynb)" in exercises


def test_lesson_asks_before_it_tells(lesson):
    assert len(re.findall(r"\*\*(?:Predict|Guess)", markdown_of(built(lesson)))) >= 3


def test_lesson_watches_its_splits(lesson):
    code = "\n".join(cell.source for cell in code_of(built(lesson)))
    assert "watch_splits(" in code and "splits.check()" in code


@pytest.mark.parametrize("key", SOLUTIONS)
def test_every_exercise_is_solved(key):
    lesson = markdown_of(built(key.removeprefix("solutions/")))
    exercises = lesson.split("## Exercises")[1].split("## Where it comes from")[0]
    numbers = re.findall(r"^(\d)\. ", exercises, flags=re.MULTILINE)
    assert re.findall(r"^## (\d)\. ", markdown_of(built(key)), flags=re.MULTILINE) == numbers


@pytest.mark.parametrize("key", LESSONS)
def test_its_picture_is_shown(key):
    image = IMAGES / f"{key}.png"
    assert image.read_bytes() == readme_figure(built(key)), f"{image.name} is not the notebook's. {mend(key)}"


def test_readme_lists_every_notebook(key):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert target_of(SCRIPTS[key]).relative_to(ROOT).as_posix() in readme


# The measures themselves.


def notebook_of(*cells):
    return nbformat.v4.new_notebook(cells=list(cells))


def test_words_are_those_that_a_reader_sees():
    words = "# Two words\n\nA [link](https://far/away) and $x^2$.\n<details>it's</details>"
    text = nbformat.v4.new_markdown_cell(words)
    printed = nbformat.v4.new_output("stream", text="✓ seen (1 < 2)")
    code = nbformat.v4.new_code_cell("print('unseen')", outputs=[printed])
    assert words_in(notebook_of(text)) == 6
    assert words_in(notebook_of(text, code)) == 9
    assert lines_in(notebook_of(nbformat.v4.new_code_cell("a = 1\n\nb = 2"))) == 2


def test_times_are_measured_and_written():
    words = nbformat.v4.new_markdown_cell("**Time:** MINUTES to read, SECONDS to run. " + "word " * 13 * 130)
    notebook = notebook_of(words)
    tell_use(notebook, 31.2, 1234)
    assert notebook.metadata["times"] == {"minutes": 15, "seconds": 35}
    assert notebook.metadata["megabytes"] == 1300
    assert notebook.cells[0].source.startswith("**Time:** 15 minutes to read, 35 seconds to run.")
    figures = [nbformat.v4.new_output("display_data", {"image/png": ""})] * 15
    notebook.cells.append(nbformat.v4.new_code_cell("\n".join(["x"] * 200), outputs=figures))
    assert build_notebooks.minutes_to_read(notebook) == 25


def test_memory_is_that_of_the_process():
    """What the build runs behind the last cell counts what was needed at most, also if it is free again."""
    pytest.importorskip("resource")
    code = "block = b'x' * 400_000_000\ndel block\n" + build_notebooks.TELL_USE
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout
    assert 400 < json.loads(told)["megabytes"] < 500
