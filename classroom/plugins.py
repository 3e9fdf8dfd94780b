"""What the course's `nbgrader_config.py` puts into nbgrader's own commands and formgrader."""

import os
import re
from pathlib import Path

import nbformat
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_grade, is_locked, is_solution

from classroom.course import remove
from classroom.feedback import message, words_of
from classroom.submissions import grade_id_of
from classroom.texts import bounded, clean_outputs, cut, harmless_markdown


class NewKernelFolder(NbGraderPreprocessor):
    """Empties the folder that a kernel shares with us: what one student leaves there, no other finds."""

    def preprocess(self, nb, resources):
        """nbconvert's interface: the notebook and the resources as they came."""
        runtime = Path(os.environ["CLASSROOM_RUNTIME"])
        remove(runtime)
        runtime.mkdir(mode=0o700)
        return nb, resources


class CleanOutputs(NbGraderPreprocessor):
    """Keeps what may be shown of the outputs, and makes no output a grade."""

    def preprocess(self, nb, resources):
        """nbconvert's interface: the changed notebook, and the resources as they came."""
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.outputs = clean_outputs(cell.outputs)
        bounded(nb.cells)
        return nb, resources


class CleanTexts(NbGraderPreprocessor):
    """Takes HTML out of students' Markdown, and cuts long texts. It comes last: grading compares the texts."""

    def preprocess(self, nb, resources):
        """nbconvert's interface: the changed notebook, and the resources as they came."""
        for cell in nb.cells:
            if not is_locked(cell):
                cell.source = harmless_markdown(cell.source) if cell.cell_type == "markdown" else cut(cell.source)
        return nb, resources


class OnlyWhatMayBeShown(NbGraderPreprocessor):
    """For `nbgrader generate_feedback`: no hidden tests, and no outputs but words about errors that give none away."""

    def preprocess(self, nb, resources):
        """nbconvert's interface: the changed notebook, and the resources as they came."""
        cells = [cell for cell in nb.cells if cell.cell_type == "code"]
        known = words_of("\n".join(cell.source for cell in cells if is_solution(cell)))
        helpers = "\n".join(without_hidden_tests(cell.source) for cell in cells if is_locked(cell))
        for cell in cells:
            author = cell.source if is_grade(cell) and not is_solution(cell) else ""
            told = message(cell, (author, helpers), known if grade_id_of(cell) else set(), set())
            cell.source = without_hidden_tests(cell.source)
            cell.outputs = [nbformat.v4.new_output("error", ename="Error", evalue=told, traceback=[told])] * bool(told)
        return nb, resources


def without_hidden_tests(text):
    """A test cell's text without the hidden region; a comment says that there was one."""
    return re.sub(r"### BEGIN HIDDEN TESTS.*?### END HIDDEN TESTS", "# (more tests, not shown)", text, flags=re.DOTALL)
