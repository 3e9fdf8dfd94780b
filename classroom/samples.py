"""Sample submissions: a small class to practise on, with everything that can go wrong."""

import shutil

import nbformat

from classroom.answers import answered, read_answers
from classroom.course import chosen_sources

MARK = ".samples"  # stands in a folder that may be made anew
# What each student handed in for each assignment: the solution, the answer of that number, or trouble.
CLASS = {
    "ada": {"01": "solved", "02": "solved", "03": "solved", "04": "solved", "05": "solved", "06": "solved"},
    "ben": {"01": 0, "02": 0, "03": 0, "04": 0, "05": 0},
    "cleo": {"01": "unsolved", "02": 1, "03": 1, "04": "tests deleted", "06": 1},
    "dan": {"01": "kernel ends", "03": "empty", "04": "no notebook"},
}


def write_samples(folder, course):
    """Write the class's submissions in nbgrader's layout; return how many.

    Args:
        folder: is made anew, if it holds samples.
        course: folder that `build` wrote; students start from its releases.

    Raises:
        ValueError: if the folder holds something else.
    """
    if folder.exists():
        if not (folder / MARK).exists():
            raise ValueError(f"{folder} exists, and holds no samples. Give another folder; this one is left as it is.")
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / MARK).touch()
    count = 0
    for student, handed_in in CLASS.items():
        for number, what in handed_in.items():
            (source,) = chosen_sources([number])
            target = folder / student / source.stem / f"{source.stem}.ipynb"
            target.parent.mkdir(parents=True)
            write_sample(target, what, source, course)
            count += 1
    return count


def write_sample(target, what, source, course):
    """Write one submission: see `CLASS`."""
    if what == "empty":
        target.write_bytes(b"")
    elif what == "no notebook":
        target.write_text("Dear teacher, here is my homework.\n", encoding="utf-8")
    elif what == "unsolved":
        shutil.copy(course / "release" / source.stem / target.name, target)
    else:
        answer = read_answers(source.name[:2])[what] if isinstance(what, int) else None
        notebook = answered(source, answer)
        if what == "tests deleted":
            notebook.cells = [cell for cell in notebook.cells if not cell.metadata.get("nbgrader", {}).get("grade")]
        if what == "kernel ends":
            notebook.cells.insert(1, nbformat.v4.new_code_cell("import os\n\nos._exit(1)"))
        nbformat.write(notebook, target)
