"""The course folder: an ordinary nbgrader course, built from `assignments/src`."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat

from tools.environment import KERNEL_ENVIRONMENT
from tools.percent import read_script

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "assignments" / "src"
COURSE_ID = "autoencoders"
REGIONS = ("SOLUTION", "HIDDEN TESTS")
MARKERS = tuple(f"### {edge} {region}" for region in REGIONS for edge in ("BEGIN", "END"))

CONFIG = """\
# Written by `python -m classroom build`. All of nbgrader's own commands work in this folder, too.
import sys

sys.path.insert(0, {root!r})
from classroom.feedback import CutOutputs, HideHiddenTests
from nbconvert.preprocessors import ClearMetadataPreprocessor, CSSHTMLHeaderPreprocessor
from nbgrader.preprocessors import CheckCellMetadata, Execute, GetGrades, IgnorePattern, LimitOutput, SaveAutoGrades

c = get_config()
c.CourseDirectory.course_id = {course_id!r}

# Students' code runs in a kernel of its own kind, which can't reach the network, nor files outside it.
c.Execute.kernel_name = "students"
c.KernelManager.transport = "ipc"
c.Execute.timeout = {cell_seconds}
c.IgnorePattern.enabled = True
c.IgnorePattern.pattern = r"[\\s\\S]"  # a warning on stderr is no failed test
c.LimitOutput.max_lines = 200
c.Autograde.autograde_preprocessors = [
    Execute, IgnorePattern, ClearMetadataPreprocessor, LimitOutput, CutOutputs, SaveAutoGrades, CheckCellMetadata
]

c.GenerateFeedback.preprocessors = [GetGrades, HideHiddenTests, CSSHTMLHeaderPreprocessor]
c.HTMLExporter.sanitize_html = True  # no script of a student's runs in a browser, nor in formgrader
"""

STUDENT_README = """\
Assignment {name}

1. You need the course's requirements, installed as its README says. Nothing else, and no network.
2. Open {name}.ipynb in JupyterLab (`make lab`, or `jupyter lab`), and run it from the top.
3. Write in the cells that say `YOUR CODE HERE` or `YOUR ANSWER HERE`. You may add cells;
   don't delete, copy or edit the others.
4. The cells below your answers test them, and say in words what is wrong. When you hand in,
   more tests are run than you see.
5. Before you hand in: Kernel > Restart Kernel and Run All Cells. Then hand in {name}.ipynb.
"""


def build(course, wanted=(), *, seed=None, cell_seconds=60):
    """Write the course folder: nbgrader's settings, and each assignment's source, release and zip.

    Args:
        course: folder; made if it is missing. What is in it besides (submissions, grades) stays.
        wanted: two-digit numbers of assignments; empty for all.
        seed: replaces `SEED = 0` in each assignment, for tests; None leaves it.
        cell_seconds: after so long a cell of a submission is stopped.

    Returns:
        List of the names of the assignments that were built.
    """
    course.mkdir(parents=True, exist_ok=True)
    (course / "nbgrader_config.py").write_text(
        CONFIG.format(root=str(ROOT), course_id=COURSE_ID, cell_seconds=cell_seconds)
    )
    write_kernel(course)
    names = []
    for source in chosen_sources(wanted):
        notebook = read_assignment(source.read_text(encoding="utf-8"), seed=seed)
        folder = course / "source" / source.stem
        folder.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, folder / f"{source.stem}.ipynb")
        nbgrader(course, "generate_assignment", source.stem, "--force")
        release = course / "release" / source.stem / f"{source.stem}.ipynb"
        refuse_leaks(nbformat.read(release, as_version=4), notebook)
        write_zip(course / "release" / f"{source.stem}.zip", release)
        names.append(source.stem)
    return names


def chosen_sources(wanted=()):
    """Scripts of the assignments with the numbers `wanted`, or all."""
    sources = sorted(SOURCES.glob("[0-9][0-9]_*.py"))
    unknown = [number for number in wanted if not any(s.name.startswith(f"{number}_") for s in sources)]
    if unknown:
        raise ValueError(f"There is no assignment {', '.join(unknown)}. There are {[s.stem for s in sources]}.")
    return [source for source in sources if not wanted or source.name[:2] in wanted]


def name_of(number):
    """Name of the assignment with a two-digit number."""
    return chosen_sources([number])[0].stem


def read_assignment(text, *, seed=None):
    """The notebook of an assignment's script. Cells get ids that tell nothing of what is in them."""
    if seed is not None:
        if text.count("\nSEED = 0\n") != 1:
            raise ValueError("The assignment should have one line `SEED = 0`.")
        text = text.replace("\nSEED = 0\n", f"\nSEED = {seed}\n")
    notebook = read_script(text)
    for number, cell in enumerate(notebook.cells):
        cell.id = cell.metadata.get("nbgrader", {}).get("grade_id", f"cell-{number}")
        cell.metadata.pop("lines_to_next_cell", None)  # jupytext's, about the script
    return notebook


def write_kernel(course):
    """The kernel "students", which nbgrader starts for submissions."""
    folder = course / "jupyter" / "kernels" / "students"
    folder.mkdir(parents=True, exist_ok=True)
    launcher = [sys.executable, str(ROOT / "classroom" / "sandbox.py"), "{connection_file}"]
    # By message: a signal would not reach the kernel inside the sandbox.
    spec = {"argv": launcher, "display_name": "Students", "language": "python", "interrupt_mode": "message"}
    (folder / "kernel.json").write_text(json.dumps(spec, indent=1))


def nbgrader_command(*arguments):
    """Command line of nbgrader, to run in the course folder."""
    return [sys.executable, "-m", "nbgrader", *arguments]


def nbgrader_environment(course):
    """Environment in which nbgrader finds the students' kernel, and the programs installed beside it."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return {**os.environ, **KERNEL_ENVIRONMENT, "PATH": path, "JUPYTER_PATH": str(course / "jupyter")}


def nbgrader(course, *arguments):
    """Run a command of nbgrader in the course folder; a RuntimeError tells what it said if it fails."""
    done = subprocess.run(
        nbgrader_command(*arguments), cwd=course, env=nbgrader_environment(course), capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(f"nbgrader {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")


def refuse_leaks(release, source):
    """Raise a ValueError if a release holds anything of the solutions, the hidden tests, or outputs."""
    text = "\n".join(cell.source for cell in release.cells)
    for marker in MARKERS:
        if marker in text:
            raise ValueError(f"The release still has {marker!r} in it.")
    for line in secret_lines(source):
        if line in text:
            raise ValueError(f"The release still has a secret line in it: {line!r}")
    for cell in release.cells:
        if cell.get("outputs") or cell.get("execution_count"):
            raise ValueError(f"The release has an output, below:\n{cell.source}")
        extra = set(cell.metadata) - {"nbgrader", "deletable", "editable"}
        if extra:
            raise ValueError(f"The release has metadata that nobody needs: {sorted(extra)}")


def regions(text, region):
    """The stretches of a cell's text between `### BEGIN` and `### END` of a region, as lists of lines."""
    found, inside = [], None
    for line in text.splitlines():
        if f"### BEGIN {region}" in line:
            inside = []
        elif f"### END {region}" in line:
            found.append(inside)
            inside = None
        elif inside is not None:
            inside.append(line)
    return found


def secret_lines(source, only=REGIONS):
    """Lines of solutions and hidden tests that occur nowhere else in the source; short ones give nothing away."""
    secret = {
        line.strip()
        for cell in source.cells
        for region in only
        for lines in regions(cell.source, region)
        for line in lines
    }
    public = "\n".join(without_regions(cell.source) for cell in source.cells)
    return sorted(line for line in secret if len(line) > 20 and line not in public)


def without_regions(text):
    """A cell's text without its solutions and hidden tests."""
    for region in REGIONS:
        for lines in regions(text, region):
            text = text.replace("\n".join(lines), "")
    return text


def write_zip(target, notebook):
    """The zip for students: the notebook and a page that says how to work on it."""
    name = notebook.stem
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(notebook, f"{name}/{name}.ipynb")
        archive.writestr(f"{name}/README.txt", STUDENT_README.format(name=name))
