"""Submissions: finding them, refusing what can't be graded, and mending what can."""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat.validator import normalize

MAX_MB = 20  # of one notebook; outputs are thrown away anyway


class Refused(Exception):
    """A submission that can't be graded; the message says why, for its student."""


@dataclass(frozen=True)
class Submission:
    """One file that somebody handed in, or the lack of one."""

    student: str
    path: Path
    assignment: str | None = None  # None: its cells must tell
    problem: str | None = None  # why it can't be graded, if that is known already

    def sha256(self):
        """Checksum of the file, by which an unchanged submission is known again."""
        try:
            return hashlib.sha256(self.path.read_bytes()).hexdigest()
        except OSError:  # a folder, or not ours to read
            return ""


def find_submissions(folder, assignments, *, assignment=None):
    """All submissions in a folder.

    Args:
        folder: of nbgrader's layout, `student/assignment/*.ipynb`, or a flat one of
            `student.ipynb`, as learning platforms export them.
        assignments: names of all assignments.
        assignment: the one that a flat folder holds; None to tell it from the cells.

    Returns:
        List of `Submission`, in order of student and assignment; what lies beside is told as refused.

    Raises:
        ValueError: if the folder is missing or empty, or two files are of the same student.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ValueError(f"There is no folder {folder}. Give the one with the submissions.")
    found = []
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith(".") or entry.name == "__MACOSX":
            continue
        student = student_id(entry.stem if entry.is_file() else entry.name)
        if entry.is_symlink():
            found.append(Submission(student, entry, assignment, "It is a link to another file, not a file."))
        elif entry.is_file():
            found.append(Submission(student, entry, assignment))
        else:
            wanted = [entry / name for name in assignments if (entry / name).is_dir()]
            found += [in_folder(student, path) for path in wanted]
            if not wanted:
                problem = f"The folder has none of the assignments {', '.join(assignments)} in it."
                found.append(Submission(student, entry, problem=problem))
    if not found:
        raise ValueError(f"{folder} is empty. It should hold student/assignment/*.ipynb or student.ipynb.")
    notebooks = {s.student for s in found if s.path.suffix == ".ipynb"}
    found = [s for s in found if s.path.suffix == ".ipynb" or s.path.is_dir() or s.student not in notebooks]
    names = [(submission.student.lower(), submission.assignment) for submission in found]
    twice = sorted({str(s.path) for s, name in zip(found, names, strict=True) if names.count(name) > 1})
    if twice:
        raise ValueError(f"These would be the same student's: {', '.join(twice)}. Rename all but one.")
    return found


def student_id(name):
    """A name that may stand in paths and in nbgrader's gradebook."""
    return re.sub(r"[^\w.@-]+", "_", name).strip("._-") or "nameless"


def in_folder(student, folder):
    """The submission in a folder `student/assignment`."""
    notebooks = sorted(path for path in folder.glob("*.ipynb") if path.is_file())
    if folder.is_symlink() or any(path.is_symlink() for path in notebooks):
        return Submission(student, folder, folder.name, "It is a link to another file, not a file.")
    named = [path for path in notebooks if path.stem == folder.name]
    if named or len(notebooks) == 1:
        return Submission(student, (named or notebooks)[0], folder.name)
    problem = f"There are {len(notebooks)} notebooks, none of them {folder.name}.ipynb." if notebooks else None
    return Submission(student, folder, folder.name, problem or "There is no notebook.")


def read_notebook(path):
    """The notebook in a file, as nbformat 4 and valid.

    Raises:
        Refused: if it is empty, too large, no notebook, or for another language than Python 3.
    """
    if path.suffix != ".ipynb":
        raise Refused(f"{path.name} is no notebook: its name does not end in .ipynb.")
    size = path.stat().st_size
    if size == 0:
        raise Refused("The file is empty: nothing was saved or uploaded.")
    if size > MAX_MB * 1e6:
        raise Refused(f"The file has {size / 1e6:.0f} MB, more than {MAX_MB}. Clear the outputs, and hand it in again.")
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(raw, dict) or "nbformat" not in raw:
            raise ValueError("no nbformat")
        notebook = nbformat.reads(json.dumps(raw), as_version=4)
        notebook.nbformat_minor = 5
        _, notebook = normalize(notebook)
        nbformat.validate(notebook)
        nbformat.writes(notebook).encode("utf-8")  # lone surrogates can't be written
    except Exception as error:  # there are many ways to be no notebook
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise Refused(f"The file is no readable notebook ({reason}).") from error
    refuse_other_languages(notebook)
    for cell in notebook.cells:
        if not is_marked(cell):
            cell.metadata.pop("nbgrader", None)
    return notebook


def is_marked(cell):
    """Whether a cell has nbgrader's metadata, with an id that is one."""
    mark = cell.metadata.get("nbgrader")
    return isinstance(mark, dict) and isinstance(mark.get("grade_id"), str)


def refuse_other_languages(notebook):
    """Raise Refused unless the notebook is for Python 3, or doesn't say."""
    kernel, info = notebook.metadata.get("kernelspec", {}), notebook.metadata.get("language_info", {})
    language = str(kernel.get("language") or info.get("name") or "python")
    version = str(info.get("version") or "3")
    if kernel.get("name") == "python2":
        version = "2"
    if language.lower() not in ("python", "ipython") or not version.startswith("3"):
        raise Refused(f"The notebook was made for {language} {version}; the course uses Python 3.")


def tell_assignment(notebook, releases):
    """Name of the assignment whose cells a notebook has; `releases` is a dict from name to notebook.

    Raises:
        Refused: if it has a cell of none.
    """
    shared = {name: len(grade_ids(notebook).keys() & grade_ids(release).keys()) for name, release in releases.items()}
    best = max(shared, key=shared.get)
    if shared[best] == 0:
        raise Refused("It has none of the cells of any assignment: is it another notebook?")
    return best


def grade_ids(notebook):
    """Dict from nbgrader's id to position, for the cells that have one."""
    ids = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in notebook.cells]
    return {grade_id: position for position, grade_id in reversed(list(enumerate(ids))) if grade_id}


def mended(notebook, release):
    """A notebook with all cells of its assignment, ready for nbgrader, and the ids of those that were missing.

    A missing cell is put back behind the one that precedes it in the release. Without
    that, nbgrader stumbles where a test cell was deleted together with what stands before it.
    All metadata are those of the release, whatever the submission says of points and kinds;
    of a cell that is there twice, the first one counts.
    """
    marks = {cell.metadata.nbgrader.grade_id: cell for cell in release.cells if "nbgrader" in cell.metadata}
    cells, missing, position, seen = [], [], 0, set()
    for cell in notebook.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        if grade_id in marks and grade_id not in seen:
            cell = nbformat.from_dict({**marks[grade_id], "source": cell.source})
            seen.add(grade_id)
        else:
            cell.metadata = nbformat.from_dict({})
        cells.append(cell)
    if not seen:
        raise Refused("It has none of the assignment's cells: is it another notebook?")
    for cell in release.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        if grade_id is None:
            continue
        present = grade_ids(nbformat.from_dict({"cells": cells}))
        if grade_id in present:
            position = present[grade_id] + 1
        else:
            missing.append(grade_id)
            cells.insert(position, nbformat.from_dict(cell))
            position += 1
    whole = nbformat.v4.new_notebook(cells=cells, metadata=release.metadata)
    whole.nbformat_minor = 5
    for number, cell in enumerate(whole.cells):
        cell.id = f"cell-{number}"
    return whole, missing
