"""Grading a folder of submissions: one after the other, within limits, and resumable."""

import csv
import json
import os
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import nbformat
import psutil
from nbgrader.api import Gradebook, MissingEntry

from classroom.course import COURSE_ID, nbgrader_command, nbgrader_environment
from classroom.feedback import refusal_page, write_feedback
from classroom.submissions import Refused, find_submissions, mended, read_notebook, tell_assignment

COLUMNS = ["student", "assignment", "status", "points", "max_points", "to_grade_by_hand", "note", "seconds"]
POLL_SECONDS = 0.2


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
    submissions = find_submissions(folder, list(releases), assignment=assignment)
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


def told(record, done_before):
    """A line about a submission, for who waits."""
    points = record["status"] if record["status"] != "graded" else f"{record['points']:g} of {record['max_points']:g}"
    seconds = "done before" if done_before else f"{record['seconds']:.0f} s"
    return f"{record['student']}, {record['assignment']}: {points} ({seconds}) {record['note']}".rstrip()


def grade_one(course, submission, releases, limits):
    """The record of a submission, and whether it was there already."""
    started = time.perf_counter()
    name, missing = submission.assignment, []
    try:
        if submission.problem:
            raise Refused(submission.problem)
        notebook = read_notebook(submission.path)
        name = name or tell_assignment(notebook, releases)
        record = read_record(course, name, submission.student)
        if record and record["sha256"] == submission.sha256() and record["status"] != "failed":
            return record, True
        notebook, missing = mended(notebook, releases[name])
        put_into_course(course, submission.student, name, notebook)
        autograde(course, submission.student, name, limits)
        status, notes = "graded", [f"Cells that were missing: {', '.join(missing)}."] if missing else []
        write_feedback(course, name, submission.student)
    except (Refused, Failed) as refusal:
        name = name or "unknown"
        status, notes = "refused" if isinstance(refusal, Refused) else "failed", [str(refusal)]
        page = course / "feedback" / submission.student / name / f"{name}.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(refusal_page(f"{submission.student}: {name}", str(refusal)), encoding="utf-8")
    record = {
        "student": submission.student,
        "assignment": name,
        "status": status,
        "note": " ".join(notes),
        "seconds": round(time.perf_counter() - started, 1),
        "sha256": submission.sha256(),
    }
    write_record(course, record)
    return record, False


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
    with tempfile.TemporaryDirectory(prefix="kernel-") as runtime, tempfile.TemporaryFile("w+") as log:
        command = nbgrader_command("autograde", name, "--student", student, "--force")
        command += [f"--KernelManager.connection_file={runtime}/kernel.json", f"--KernelManager.ip={runtime}/socket"]
        environment = nbgrader_environment(course) | {
            "CLASSROOM_RUNTIME": runtime,
            "CLASSROOM_MEMORY_GB": str(limits.memory_gb),
            "CLASSROOM_SANDBOX": "on" if limits.sandbox else "off",
        }
        process = subprocess.Popen(
            command, cwd=course, env=environment, stdout=log, stderr=log, text=True, start_new_session=True
        )
        try:
            problem = watch(process, limits)
        finally:
            end(process)
        log.seek(0)
        said = log.read()
    if problem:
        raise Refused(problem)
    if process.returncode:
        if "DeadKernelError" in said or "Kernel died" in said:
            raise Refused("The kernel died while the notebook ran: it ended itself, or used too much memory.")
        if "CellTimeoutError" in said:
            raise Refused("A cell did not end in its time, and could not be interrupted.")
        last = [line for line in said.splitlines() if "Error" in line] or said.splitlines() or ["no reason given"]
        raise Failed(f"nbgrader could not run the notebook: {last[-1].strip()[:300]}")


def watch(process, limits):
    """Wait for a process; why it has to be ended before its time, or None."""
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
        time.sleep(POLL_SECONDS)
    return None


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
    return Gradebook(f"sqlite:///{course / 'gradebook.db'}", COURSE_ID)


def current_points(gradebook, record):
    """Points of a submission in nbgrader's gradebook, which grading by hand may have changed."""
    try:
        most = gradebook.find_assignment(record["assignment"]).max_score
    except MissingEntry:
        return {"points": 0.0, "max_points": 0.0, "to_grade_by_hand": ""}
    if record["status"] != "graded":
        return {"points": 0.0, "max_points": most, "to_grade_by_hand": ""}
    submission = gradebook.find_submission(record["assignment"], record["student"])
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
