"""Answers to the assignments, right and wrong, as small patches over the solutions."""

import functools
import tomllib

import nbformat

from classroom.course import ROOT, read_assignment, without_regions

ANSWERS = ROOT / "assignments" / "answers"


def read_answers(number):
    """List of dicts with `name`, `kind`, `loses` and `changes`, of the assignment with a two-digit number."""
    return read(number)["answer"]


def read_written(number):
    """List of dicts with `points`, `text` and `why`: answers to the question that is graded by hand."""
    return read(number)["written"]


def read(number):
    """All that is in the file of answers to an assignment."""
    return tomllib.loads((ANSWERS / f"{number}.toml").read_text(encoding="utf-8"))


def answered(source, answer=None, *, seed=None):
    """The notebook of a student who gave an answer; the solution itself without one.

    Raises:
        ValueError: if a change does not fit once, or reaches beyond the solutions.
    """
    text = source.read_text(encoding="utf-8")
    notebook = read_assignment(patched(source, answer), seed=seed)
    for public, cell in zip(public_parts(text, seed), notebook.cells, strict=True):
        if public != without_regions(cell.source):
            raise ValueError(f"{answer['name']}: a change reaches beyond the solution:\n{cell.source}")
    return as_handed_in(notebook)


@functools.cache
def public_parts(text, seed):
    """Each cell of an assignment without its solution and its hidden tests; asked for with each answer to it."""
    return [without_regions(cell.source) for cell in read_assignment(text, seed=seed).cells]


def patched(source, answer=None):
    """The text of an assignment's script with an answer in the place of the solution.

    Raises:
        ValueError: if a change does not fit once.
    """
    text = source.read_text(encoding="utf-8")
    for change in answer["changes"] if answer else []:
        count = text.count(change["old"])
        if count != 1:
            raise ValueError(f"{answer['name']}: {change['old']!r} should occur once, but occurs {count} times.")
        text = text.replace(change["old"], change["new"])
    return text


def as_handed_in(notebook):
    """A solved notebook without the hidden tests and the marks of the solutions, as a student has it."""
    for cell in notebook.cells:
        lines, hidden = [], False
        for line in cell.source.split("\n"):
            hidden = hidden or "### BEGIN HIDDEN TESTS" in line
            if not hidden and "### BEGIN SOLUTION" not in line and "### END SOLUTION" not in line:
                lines.append(line)
            hidden = hidden and "### END HIDDEN TESTS" not in line
        cell.source = "\n".join(lines)
    return nbformat.from_dict(notebook)


def points_of_tests(source):
    """Dict from test cell to points, without what is graded by hand."""
    marks = [cell.metadata.get("nbgrader", {}) for cell in read_assignment(source.read_text(encoding="utf-8")).cells]
    return {mark["grade_id"]: mark["points"] for mark in marks if mark.get("grade") and not mark.get("solution")}
