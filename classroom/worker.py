"""What is done with one submission, in a process of its own, which may hang, crash or be ended at any time.

`work` reads, mends, runs and grades it; `render` writes its page. Both leave their results in a
folder of their own; `classroom.grading` starts and watches them, and takes the results from there.
"""

import ctypes
import hashlib
import json
import os
import resource
import signal
from dataclasses import asdict, dataclass
from pathlib import Path

import nbformat
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbgrader.preprocessors import Execute
from nbgrader.utils import compute_checksum, is_grade, is_solution
from traitlets.config import Config

from classroom.course import LATE_SECONDS, kernel_environment, tests_checksum
from classroom.feedback import feedback_page
from classroom.files import read_record, write_whole
from classroom.submissions import Refused, Submission, grade_id_of, mended, parse_notebook, read_file, tell_assignment
from classroom.texts import bounded, clean_outputs, cut, harmless_markdown, one_line, plain_markdown

PR_SET_PDEATHSIG = 1
MAX_PRINTED = 100_000_000  # letters of all outputs that are kept while a notebook runs


class Stopped(Refused):
    """A cell ran on when its time was over."""


class Failed(Exception):
    """Grading went wrong for no fault of the student's; it is tried again the next time."""


@dataclass(frozen=True)
class Limits:
    """What one submission may use."""

    seconds: float = 300  # for all cells together; a single cell has the limit of nbgrader's settings
    memory_gb: float = 4  # of the kernel and all that it starts, and of what collects its outputs
    processes: int = 100
    sandbox: bool = True


@dataclass(frozen=True)
class Task:
    """A submission, and all that is needed to grade it."""

    submission: Submission
    course: Path
    stage: Path  # folder for the results
    runtime: Path  # folder for the kernel's sockets
    releases: dict  # from assignment to its notebook as it was handed out
    sources: dict  # from assignment to a dict from nbgrader's id to text and checksum, with the hidden tests
    cell_seconds: int
    limits: Limits


def work(task):
    """Grade a submission in a process of its own: see `attempt`."""
    alone(task.stage, task.limits)
    attempt(task)


def attempt(task):
    """Grade a submission, and leave `record.json` and the notebooks in the stage. Nothing else can happen."""
    try:
        record = graded(task)
    except Refused as refusal:
        record = {"status": "refused", "note": one_line(refusal, 1_000), "stopped": isinstance(refusal, Stopped)}
    except Failed as error:
        record = {"status": "failed", "note": one_line(error, 300)}
    except OSError as error:
        record = {"status": "failed", "note": kind_of(error)}
    except MemoryError:
        record = {"status": "refused", "note": "To read it takes more memory than it may use."}
    except BaseException as error:  # whatever it is, it came with this submission
        record = {"status": "refused", "note": f"It can't be graded ({kind_of(error)})."}
    write_whole(task.stage / "record.json", json.dumps(told_before(task.stage) | record))


def kind_of(error):
    """What a student may read of an error: its words may be of a hidden test, or of our folders."""
    return one_line(type(error).__name__, 100)


def told_before(stage):
    """What `work` has written of its record so far."""
    path = stage / "record.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def end_with_parent():
    """Have the system end this process as soon as its parent has ended, however that ends."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() == 1:
        os._exit(1)


def alone(home, limits):
    """Make this process one that ends with the grader, owns little, and says nothing."""
    end_with_parent()
    os.setsid()
    most = int(limits.memory_gb * 1024**3)
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nowhere, number)
    path = os.environ.get("PATH", os.defpath)
    os.environ.clear()
    os.environ.update({"PATH": path, "HOME": str(home), "LANG": "C.UTF-8"})


def graded(task):
    """The record of a submission that could be graded: a dict with status, note, assignment, checksums and points."""
    submission, stage = task.submission, task.stage
    if submission.problem:
        raise Refused(submission.problem)
    if submission.path.suffix.lower() != ".ipynb":
        raise Refused(f"{one_line(submission.path.name)} is no notebook: its name does not end in .ipynb.")
    record = {}
    if submission.assignment:
        record["assignment"] = submission.assignment
        write_whole(stage / "record.json", json.dumps(record))
    data = read_file(submission.path)
    notebook = parse_notebook(data)
    name = submission.assignment or tell_assignment(notebook, task.releases)
    record |= {
        "assignment": name,
        "sha256": hashlib.sha256(data).hexdigest(),
        "tests": tests_checksum(task.course, name),
    }
    before = read_record(task.course, name, submission.student)
    allowed = asdict(task.limits) | {"cell_seconds": task.cell_seconds}
    if before and done(before, record, allowed):
        return before | {"done": True}
    notebook, missing, notes = mended(notebook, task.releases[name])
    record["limits"] = allowed
    write_whole(stage / "record.json", json.dumps(record))
    nbformat.write(notebook, stage / "submitted.ipynb")
    sources = task.sources[name]
    for cell in notebook.cells:
        source = sources.get(grade_id_of(cell))
        if source:
            cell.metadata.nbgrader.checksum = source["checksum"]
            if source["locked"]:
                cell.source = source["source"]
    failed = run(notebook, task)
    record["points"] = points_of(notebook, failed)
    errors = [output.get("ename") for cell in notebook.cells for output in cell.get("outputs", [])]
    late = "CellTimeoutError" in errors
    record["stopped"] = late or "MemoryError" in errors
    if late:
        notes.append(f"A cell did not end within {task.cell_seconds} seconds, and was stopped")
    store(notebook, stage)
    if missing:
        notes.insert(0, f"Cells that were missing: {', '.join(missing)}")
    return record | {"status": "graded", "note": ". ".join(notes) + "." * bool(notes)}


def done(before, record, allowed):
    """Whether an earlier record of the same file and tests still holds: who was stopped may do better with more."""
    if before["status"] == "failed" or before.get("held_up"):
        return False
    same = all(before.get(key) == record[key] for key in ("sha256", "tests"))
    if before["status"] == "graded" and not before.get("stopped"):
        return same
    return same and before.get("limits") == allowed


class Run(Execute):
    """nbgrader's way to run a notebook, which remembers what the kernel said of each cell."""

    failed = frozenset()
    letters = 0

    def output(self, outs, msg, display_id, cell_index):
        """Jupyter's hook, for each output: what is too much is not kept."""
        self.letters += len(str(msg["content"]))
        if self.letters > MAX_PRINTED and msg["msg_type"] != "error":
            return None
        return super().output(outs, msg, display_id, cell_index)

    def on_cell_executed(self, **told):
        """Jupyter's hook, after each cell."""
        super().on_cell_executed(**told)
        if told["execute_reply"]["content"]["status"] != "ok":
            self.failed |= {told["cell_index"]}


def run(notebook, task):
    """Run all cells in the sandbox; the numbers of the cells that failed.

    Raises:
        Refused: if the kernel dies, or does something else that ends the run.
        Failed: if the kernel does not start.
    """
    os.environ.update(kernel_environment(task.course, task.runtime, task.limits.memory_gb, task.limits.sandbox))
    config = Config()
    config.KernelManager.connection_file = str(task.runtime / "kernel.json")
    config.KernelManager.transport = "ipc"
    config.KernelManager.ip = str(task.runtime / "socket")
    times = {"timeout": task.cell_seconds, "iopub_timeout": LATE_SECONDS}
    execute = Run(config=config, kernel_name="students", **times)
    try:
        execute.preprocess(notebook, {"metadata": {"path": str(task.stage)}})
    except DeadKernelError:
        raise Refused("The kernel died while the notebook ran: it ended itself, or used too much memory.") from None
    except CellTimeoutError:
        raise Stopped("A cell did not end in its time, and could not be interrupted.") from None
    except RuntimeError as error:
        if "before replying to kernel_info" in str(error):
            raise Failed("the kernel did not start") from error
        if "Kernel died" in str(error):
            raise Refused("The kernel died while the notebook ran: it ended itself, or used too much memory.") from None
        raise
    return execute.failed


def points_of(notebook, failed):
    """Dict from nbgrader's id to `auto` points (None: by hand) and whether it is `blank`.

    Tests give all points or none. What a cell displays is not points.
    """
    points = {}
    for number, cell in enumerate(notebook.cells):
        grade_id = grade_id_of(cell)
        if not grade_id:
            continue
        blank = is_solution(cell) and cell.metadata.nbgrader.checksum == compute_checksum(cell)
        blank = blank and not cell.metadata.get("look")
        points[grade_id] = {"blank": blank}
        if is_grade(cell):
            if is_solution(cell):
                auto = 0.0 if blank else None
            else:
                wrong = number in failed or any(output.output_type == "error" for output in cell.outputs)
                auto = 0.0 if wrong else float(cell.metadata.nbgrader.points)
            points[grade_id]["auto"] = auto
    return points


def store(notebook, stage):
    """Write the notebook that formgrader shows, clean, and a plain one for the case that this takes long to render."""
    for cell in notebook.cells:
        mark = cell.metadata.get("nbgrader")
        cell.metadata = nbformat.from_dict({"nbgrader": mark} if mark else {})
        if cell.cell_type == "code":
            cell.outputs = clean_outputs(cell.outputs)
        if not (mark and mark.get("locked")):
            cell.source = cut(cell.source)
    bounded(notebook.cells)
    for form, name in ((harmless_markdown, "graded.ipynb"), (plain_markdown, "plain.ipynb")):
        shown = nbformat.from_dict(notebook)
        for cell in shown.cells:
            if cell.cell_type == "markdown" and not cell.metadata.get("nbgrader", {}).get("locked"):
                cell.source = form(cell.source)
        nbformat.write(shown, stage / name)


def render(stage, limits, title, notebook, release, sources, scores):
    """Write `page.html`, the feedback of a graded notebook, into the stage."""
    alone(stage, limits)
    notebook = nbformat.read(notebook, as_version=4)
    write_whole(stage / "page.html", feedback_page(title, notebook, release, sources, scores))
