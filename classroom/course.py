"""The course folder: an ordinary nbgrader course, built from `assignments/src`."""

import atexit
import functools
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import nbformat

from tools.environment import KERNEL_ENVIRONMENT
from tools.percent import read_script

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "assignments" / "src"
COURSE_ID = "autoencoders"
LATE_SECONDS = 20  # so long after a cell's end its outputs may come: the machine may be busy
REGIONS = ("SOLUTION", "HIDDEN TESTS")
MARKERS = tuple(f"### {edge} {region}" for region in REGIONS for edge in ("BEGIN", "END"))

CONFIG = """\
# Written by `python -m classroom build`. All of nbgrader's own commands work in this folder, too.
import sys

sys.path.insert(0, {root!r})
from classroom.course import ready_for_nbgrader
from classroom.plugins import CleanOutputs, CleanTexts, NewKernelFolder, OnlyWhatMayBeShown
from classroom.texts import safe_markdown
from nbconvert.preprocessors import ClearMetadataPreprocessor, CSSHTMLHeaderPreprocessor
from nbgrader.preprocessors import CheckCellMetadata, Execute, GetGrades, IgnorePattern, LimitOutput, SaveAutoGrades

c = get_config()
c.CourseDirectory.course_id = {course_id!r}
c.CourseDirectory.root = {course!r}

# Students' code runs in a kernel of its own kind, which can't reach the network, nor files outside it.
runtime = ready_for_nbgrader({course!r})
c.Execute.kernel_name = "students"
c.KernelManager.transport = "ipc"
c.KernelManager.connection_file = f"{{runtime}}/kernel.json"
c.KernelManager.ip = f"{{runtime}}/socket"
c.Execute.timeout = {cell_seconds}
c.Execute.iopub_timeout = {late_seconds}
c.IgnorePattern.enabled = True
c.IgnorePattern.pattern = r"[\\s\\S]"  # a warning on stderr is no failed test
c.LimitOutput.max_lines = 200
c.Autograde.autograde_preprocessors = [
    NewKernelFolder, Execute, IgnorePattern, ClearMetadataPreprocessor, LimitOutput, CleanOutputs, SaveAutoGrades,
    CheckCellMetadata, CleanTexts,
]

c.GenerateFeedback.preprocessors = [GetGrades, OnlyWhatMayBeShown, CSSHTMLHeaderPreprocessor]
# No script of a student's runs in a browser, nor in formgrader, whose templates know of outputs only.
c.HTMLExporter.sanitize_html = True
c.HTMLExporter.filters = {{"markdown2html": safe_markdown}}
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
    course = course.resolve()
    (course / "nbgrader_config.py").write_text(
        CONFIG.format(
            root=str(ROOT),
            course=str(course),
            course_id=COURSE_ID,
            cell_seconds=cell_seconds,
            late_seconds=LATE_SECONDS,
        ),
        encoding="utf-8",
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
    (folder / "kernel.json").write_text(json.dumps(spec, indent=1), encoding="utf-8")


def nbgrader(course, *arguments):
    """Run a command of nbgrader in the course folder; a RuntimeError tells what it said if it fails."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=course,
        env={**os.environ, **KERNEL_ENVIRONMENT, "PATH": path},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"nbgrader {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")


def kernel_environment(course, runtime, memory_gb=4, sandbox=True):
    """What Jupyter has to know to start the kernel "students"; `runtime` is the folder for its sockets."""
    return {
        **KERNEL_ENVIRONMENT,
        "JUPYTER_PATH": str(Path(course) / "jupyter"),
        "CLASSROOM_RUNTIME": str(runtime),
        "CLASSROOM_MEMORY_GB": str(memory_gb),
        "CLASSROOM_SANDBOX": "on" if sandbox else "off",
    }


def new_runtime():
    """A new folder for a kernel's sockets, the only one that it shares with us.

    Its name is short: names of sockets are limited to about a hundred letters.
    """
    return Path(os.path.realpath(tempfile.mkdtemp(prefix="kernel-")))


def remove(folder):
    """Remove a folder, however deep a student has nested it, and whatever a student has locked."""
    for command in (["chmod", "-R", "u+rwx"], ["rm", "-rf"]):
        subprocess.run([*command, "--", str(folder)], check=False, stderr=subprocess.DEVNULL)


@functools.cache
def ready_for_nbgrader(course):
    """Prepare this process, which is nbgrader's own, for the kernel "students"; the folder for the sockets."""
    runtime = new_runtime()
    atexit.register(remove, runtime)
    paths = [str(Path(course) / "jupyter"), os.environ.get("JUPYTER_PATH", "")]
    os.environ.update(kernel_environment(course, runtime) | {"JUPYTER_PATH": os.pathsep.join(filter(None, paths))})
    return runtime


def tests_checksum(course, name):
    """Checksum of an assignment's source, by which changed tests are noticed."""
    return hashlib.sha256((course / "source" / name / f"{name}.ipynb").read_bytes()).hexdigest()


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
