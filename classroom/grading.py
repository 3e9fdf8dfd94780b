"""Grading a folder of submissions: one after the other, within limits, and resumable."""

import contextlib
import csv
import hashlib
import itertools
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import nbformat
import psutil
from nbgrader.api import Gradebook, MissingEntry

from classroom.course import COURSE_ID, nbgrader_command, nbgrader_environment
from classroom.feedback import refusal_page, write_feedback
from classroom.sandbox import check_sandbox
from classroom.submissions import Refused, find_submissions, mended, read_notebook, tell_assignment

COLUMNS = ["student", "assignment", "status", "points", "max_points", "to_grade_by_hand", "note", "seconds"]
POLL_SECONDS = 0.2
MAX_SOCKETS = 20


class Failed(Exception):
    """Grading went wrong for no fault of the student's; it is tried again the next time."""


@dataclass(frozen=True)
class Limits:
    """What one submission may use."""

    seconds: float = 300  # for all cells together; a single cell has the limit of nbgrader's settings
    memory_gb: float = 4  # of the kernel and all that it starts, and of what collects its outputs
    processes: int = 100
    sandbox: bool = True


def grade(course, folder, *, assignment=None, limits=None, report=print):
    """Grade all new or changed submissions in a folder, and write `grades.csv` and the feedback.

    Args:
        course: folder that `build` wrote.
        folder: of submissions, see `find_submissions`.
        assignment: the one that a flat folder holds; None to tell it from the cells.
        limits: `Limits` for each submission.
        report: is called with a line after each submission.

    Returns:
        List of the records of these submissions: dicts with the keys of `grades.csv`.

    Raises:
        ValueError: if the course has no assignments, or the folder no submissions.
    """
    course, limits = Path(course).resolve(), limits or Limits()
    releases = {path.stem: nbformat.read(path, as_version=4) for path in sorted((course / "release").glob("*/*.ipynb"))}
    if not releases:
        raise ValueError(f"{course} has no assignments. Build them first: python -m classroom build")
    if assignment is not None and assignment not in releases:
        raise ValueError(f"There is no assignment {assignment!r}. There are {', '.join(releases)}.")
    if Path(folder).resolve().is_relative_to(course / "submitted"):
        raise ValueError(f"{folder} is where the course keeps mended copies. Grade a folder outside it.")
    submissions = find_submissions(folder, list(releases), assignment=assignment)
    if limits.sandbox:
        check_sandbox()
    records = []
    try:
        for number, submission in enumerate(submissions, start=1):
            record, done_before = grade_one(course, submission, releases, limits)
            with open_gradebook(course) as gradebook:
                records.append(record | current_points(gradebook, record))
            report(f"[{number} of {len(submissions)}] {told(records[-1], done_before)}")
    finally:  # also when somebody stops it: what is graded is kept
        write_grades(course)
    return records


@contextlib.contextmanager
def locked(course):
    """Refuse, with a ValueError, that two runs grade into one course at a time (not on Windows)."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    with open(course / ".lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ValueError(f"Somebody else is grading in {course}. Wait until that has ended.") from None
        yield


def told(record, done_before):
    """A line about a submission, for who waits."""
    points = record["status"] if record["status"] != "graded" else f"{record['points']:g} of {record['max_points']:g}"
    seconds = "done before" if done_before else f"{record['seconds']:.0f} s"
    return f"{record['student']}, {record['assignment']}: {points} ({seconds}) {record['note']}".rstrip()


def grade_one(course, submission, releases, limits):
    """The record of a submission, and whether it was there already."""
    started = time.perf_counter()
    name, missing, before = submission.assignment, [], None
    try:
        if submission.problem:
            raise Refused(submission.problem)
        notebook = read_notebook(submission.path)
        name = name or tell_assignment(notebook, releases)
        before = read_record(course, name, submission.student)
        marks = {"sha256": submission.sha256(), "tests": tests_checksum(course, name)}
        if before and before["status"] != "failed" and all(before[key] == mark for key, mark in marks.items()):
            return before, True
        notebook, missing = mended(notebook, releases[name])
        put_into_course(course, submission.student, name, notebook)
        autograde(course, submission.student, name, limits)
        write_feedback(course, name, submission.student)
        status, note = "graded", f"Cells that were missing: {', '.join(missing)}." if missing else ""
        record_path(course, "unknown", submission.student).unlink(missing_ok=True)
    except Refused as refusal:
        status, note = "refused", str(refusal)
        if before and before["status"] == "graded":
            note += " (An earlier version was graded; nbgrader's gradebook has its points.)"
    except Exception as error:  # whatever one submission breaks, the others get their grades
        status, note = "failed", f"{type(error).__name__}: {str(error)[-300:]}"
    record = {
        "student": submission.student,
        "assignment": name or "unknown",
        "status": status,
        "note": " ".join(note.split()),
        "seconds": round(time.perf_counter() - started, 1),
        "sha256": submission.sha256(),
        "tests": tests_checksum(course, name) if name else "",
    }
    if status != "graded":
        write_refusal(course, record)
    write_record(course, record)
    return record, False


def tests_checksum(course, name):
    """Checksum of an assignment's source, by which changed tests are noticed."""
    return hashlib.sha256((course / "source" / name / f"{name}.ipynb").read_bytes()).hexdigest()


def write_refusal(course, record):
    """Write the page that tells a student why there are no points."""
    name = record["assignment"]
    page = course / "feedback" / record["student"] / name / f"{name}.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(refusal_page(f"{record['student']}: {name}", record["note"]), encoding="utf-8")


def put_into_course(course, student, name, notebook):
    """Write a submission where nbgrader looks for it."""
    target = course / "submitted" / student / name / f"{name}.ipynb"
    target.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, target)


def autograde(course, student, name, limits):
    """Run nbgrader's autograder for one submission.

    Raises:
        Refused: if it uses more than `limits`, or its kernel dies.
        Failed: if nbgrader stops for another reason.
    """
    # The kernel's sockets lie in a folder of their own, the only one that it shares with us.
    # The folder's name is short: names of sockets are limited to about a hundred letters.
    runtime = os.path.realpath(tempfile.mkdtemp(prefix="kernel-"))
    command = nbgrader_command("autograde", name, f"--student={student}", "--force")
    command += [f"--KernelManager.connection_file={runtime}/kernel.json", f"--KernelManager.ip={runtime}/socket"]
    environment = nbgrader_environment(course) | {
        "CLASSROOM_RUNTIME": runtime,
        "CLASSROOM_MEMORY_GB": str(limits.memory_gb),
        "CLASSROOM_SANDBOX": "on" if limits.sandbox else "off",
    }
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, cwd=course, env=environment, stdout=log, stderr=log, start_new_session=True)
        try:
            problem = watch(process, limits, runtime)
        finally:
            end(process)
            subprocess.run(["rm", "-rf", runtime], check=False)  # however deep a student has nested it
        log.seek(max(0, log.seek(0, os.SEEK_END) - 100_000))
        said = log.read().decode("utf-8", errors="replace")
    if problem:
        raise Refused(problem)
    if process.returncode:
        raise reason_for(said)


def reason_for(said):
    """The exception that fits what nbgrader said before it gave up."""
    if "before replying to kernel_info" not in said and ("DeadKernelError" in said or "Kernel died" in said):
        return Refused("The kernel died while the notebook ran: it ended itself, or used too much memory.")
    if "CellTimeoutError" in said:
        return Refused("A cell did not end in its time, and could not be interrupted.")
    lines = [line.strip() for line in said.splitlines() if line.strip()] or ["it gave no reason"]
    errors = [line for line in lines if "Error" in line]
    return Failed(f"nbgrader could not run the notebook: {(errors or lines)[-1]}")


def watch(process, limits, runtime=None):
    """Wait for a process; why it has to be ended before its time, or None. `runtime` is the folder of its sockets."""
    started = time.monotonic()
    while process.poll() is None:
        if time.monotonic() - started > limits.seconds:
            return f"It ran for more than {limits.seconds:g} seconds."
        family, memory = family_of(process.pid), 0
        for member in family:
            try:
                memory += member.memory_info().rss
            except psutil.Error:  # it has just ended
                continue
        if memory > limits.memory_gb * 1024**3:
            return f"It used more than {limits.memory_gb:g} GB of memory."
        if len(family) > limits.processes:
            return f"It started more than {limits.processes} processes."
        if runtime and fills(runtime):
            return "It wrote files where the kernel's sockets lie."
        time.sleep(POLL_SECONDS)
    return None


def fills(runtime):
    """Whether a kernel's folder holds more than its connection file and sockets."""
    entries = list(itertools.islice(os.scandir(runtime), MAX_SOCKETS + 1))
    return len(entries) > MAX_SOCKETS or any(
        entry.is_dir(follow_symlinks=False) or entry.stat(follow_symlinks=False).st_size > 10_000 for entry in entries
    )


def family_of(pid):
    """A process and all that it has started."""
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.Error:
        return []


def end(process):
    """End a process and all that it started. The sandbox ends with its parent; this is for runs without it."""
    for member in reversed(family_of(process.pid)):
        try:
            os.kill(member.pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    process.wait()


def record_path(course, name, student):
    """Where the record of a submission lies."""
    return course / "records" / name / f"{student}.json"


def read_record(course, name, student):
    """The record of a submission that was graded or refused, or None."""
    path = record_path(course, name, student)
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def write_record(course, record):
    """Write a record, whole or not at all: it is what tells a later run that a submission is done."""
    path = record_path(course, record["assignment"], record["student"])
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps(record, indent=1))


def write_whole(path, text):
    """Write a file beside its place, and move it there."""
    beside = path.with_name(path.name + ".part")
    beside.write_text(text, encoding="utf-8", newline="")
    beside.replace(path)


def open_gradebook(course):
    """nbgrader's gradebook, as a context manager."""
    os.environ["PATH"] = nbgrader_environment(course)["PATH"]  # a new gradebook calls a program beside Python
    return Gradebook(f"sqlite:///{course / 'gradebook.db'}", COURSE_ID)


def current_points(gradebook, record):
    """Points of a submission in nbgrader's gradebook, which grading by hand may have changed."""
    try:
        most = gradebook.find_assignment(record["assignment"]).max_score
    except MissingEntry:
        return {"points": 0.0, "max_points": 0.0, "to_grade_by_hand": ""}
    if record["status"] != "graded":
        return {"points": 0.0, "max_points": most, "to_grade_by_hand": ""}
    try:
        submission = gradebook.find_submission(record["assignment"], record["student"])
    except MissingEntry:
        return {"points": 0.0, "max_points": most, "to_grade_by_hand": "", "note": "Not in the gradebook any more."}
    grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
    by_hand = " ".join(grade.name for grade in grades if grade.needs_manual_grade)
    return {"points": submission.score, "max_points": most, "to_grade_by_hand": by_hand}


def cell_points(course, student, name):
    """Dict from test cell to points, of a graded submission."""
    with open_gradebook(course) as gradebook:
        submission = gradebook.find_submission(name, student)
        return {grade.name: grade.score for notebook in submission.notebooks for grade in notebook.grades}


def finish(course):
    """Write `grades.csv` and the feedback of all graded submissions anew; return how many submissions there are."""
    records = all_records(course)
    for record in records:
        if record["status"] == "graded":
            write_feedback(course, record["assignment"], record["student"])
    write_grades(course)
    return len(records)


def all_records(course):
    """The records of all submissions, in order of assignment and student."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted((course / "records").glob("*/*.json"))]


def write_grades(course):
    """Write `grades.csv` from all records and the gradebook."""
    rows = all_records(course)
    with open_gradebook(course) as gradebook:
        rows = [row | current_points(gradebook, row) for row in rows]
    beside = course / "grades.csv.part"
    with open(beside, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    beside.replace(course / "grades.csv")
