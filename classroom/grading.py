"""Grading a class: each submission in a process of its own and within limits, several at a time, and resumable.

Only this process writes to the gradebook, the records and the grades. Of what students handed in it
opens only what `classroom.platforms` needs, which is bounded, to tell who handed in what: `classroom.worker`
reads, runs and shows it, in processes that are watched and ended from here.
"""

import collections
import contextlib
import csv
import itertools
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

import nbformat
import psutil
from nbgrader.api import Gradebook, MissingEntry
from traitlets.config import PyFileConfigLoader

from classroom import worker
from classroom.course import COURSE_ID, ROOT, new_runtime, remove
from classroom.feedback import points_page, refusal_page
from classroom.files import all_records, page_path, read_record, record_path, write_record, write_whole
from classroom.platforms import collect, csv_cell, write_exports
from classroom.sandbox import check_sandbox, refuse_exposed
from classroom.submissions import Submission, student_id
from classroom.texts import one_line
from classroom.worker import Limits, Task

COLUMNS = ["student", "assignment", "status", "points", "max_points", "to_grade_by_hand", "note", "seconds"]
COLUMNS += ["name", "id"]
POLL_SECONDS = 0.2
MAX_SOCKETS = 20
RENDER = Limits(seconds=60, memory_gb=1.5)
MAX_RESULT = 50_000_000  # bytes of a file that a worker leaves
STARVED = 0.25  # of a core: who had less when its time was over may have been held up by others


@dataclass
class Ending:
    """How a watched process ended."""

    problem: str = ""  # why it was ended before its time
    late: bool = False  # because its time was over
    share: float = 0.0  # processor time that it and all that it started had, per second


def grade(course, folder, *, assignment=None, roster=None, limits=None, jobs=None, report=print):
    """Grade all new or changed submissions, and write `grades.csv` and the feedback.

    Who was stopped for time beside others, and had little of the processor, is graded once more at the end, alone.

    Args:
        course: folder that `build` wrote.
        folder: of submissions, or a zip: see `platforms.collect`. Or what that function returned, or its uploads.
        assignment: the one that all submissions are of; None to tell it from folders and cells.
        roster: CSV of the class, see `platforms.read_roster`.
        limits: `Limits` for each submission.
        jobs: how many are graded at a time; None for as many as there are cores and memory for.
        report: is called with a line after each submission.

    Returns:
        List of the records of these submissions, in their order: dicts with the keys of `grades.csv`.

    Raises:
        ValueError: if the course has no assignments, or the folder no submissions.
    """
    course, limits = Path(course).resolve(), limits or Limits()
    releases = {path.stem: nbformat.read(path, as_version=4) for path in sorted((course / "release").glob("*/*.ipynb"))}
    if not releases:
        raise ValueError(f"{course} has no assignments. Build them first: python -m classroom build")
    if assignment is not None and assignment not in releases:
        raise ValueError(f"There is no assignment {assignment!r}. There are {', '.join(releases)}.")
    clear_stages(course)
    exports = [path for path in (folder, roster) if isinstance(path, (str, os.PathLike))]
    if isinstance(folder, (str, os.PathLike)):
        if Path(folder).resolve().is_relative_to(course / "submitted"):
            raise ValueError(f"{folder} is where the course keeps mended copies. Grade a folder outside it.")
        into = course / ".grading" / "unpacked"
        folder = collect(folder, into, list(releases), assignment=assignment, roster=roster)
        report(folder.told())
    uploads = list(getattr(folder, "uploads", folder))
    if limits.sandbox:
        refuse_exposed([course, ROOT / "assignments", *exports, *{upload.path.parent for upload in uploads}])
        check_sandbox()
    jobs = jobs or default_jobs(limits)
    config = PyFileConfigLoader("nbgrader_config.py", path=str(course)).load_config()
    common = {"releases": releases, "sources": sources_of(course, releases), "cell_seconds": config.Execute.timeout}
    common |= {"course": course, "limits": limits}
    records, mine = {}, {}

    def run(numbers, jobs):
        started = time.monotonic()
        for done, (number, record) in enumerate(in_turn({n: uploads[n] for n in numbers}, jobs, mine, common), 1):
            records[number] = record
            left = time_left(time.monotonic() - started, done, len(numbers))
            report(f"[{done} of {len(numbers)}{left}] {told(record)}")

    try:
        run(range(len(uploads)), jobs)
        again = sorted(n for n, record in records.items() if record["status"] == "failed" or record.get("held_up"))
        if again and jobs > 1:
            report(f"Once more, alone: {len(again)} that others may have held up.")
            for number in again:
                mine.pop((records[number]["student"], records[number]["assignment"]), None)
            run(again, 1)
    finally:  # also when somebody stops it: what is graded is kept
        write_grades(course)
        clear_stages(course)
    return [records[number] for number in sorted(records)]


def default_jobs(limits):
    """One job for each core, as far as the memory reaches that is free now."""
    cores = len(os.sched_getaffinity(0))
    return max(1, min(cores, int(psutil.virtual_memory().available / 1024**3 / limits.memory_gb)))


def time_left(spent, done, whole):
    """How long the rest will take, in words; nothing before that can be told."""
    if spent < 30 or done == whole:
        return ""
    minutes = spent / done * (whole - done) / 60
    return f", {minutes:.0f} min left" if minutes >= 1.5 else ", a minute left"


def told(record):
    """A line about a submission, for who waits."""
    points = record["status"] if record["status"] != "graded" else f"{record['points']:g} of {record['max_points']:g}"
    seconds = "done before" if record["done"] else f"{record['seconds']:.0f} s"
    line = f"{record['student']}, {record['assignment']}: {points} ({seconds}) {record['note']}"
    return one_line(line, 1_000).rstrip()


def in_turn(uploads, jobs, mine, common):
    """Grade some uploads (a dict from their numbers), `jobs` at a time; yields the number of each and its record.

    Those of one student come one after the other, so that the outcome does not depend on `jobs`.
    """
    waiting, running = collections.deque(uploads), {}
    try:
        while waiting or running:
            busy = {uploads[number].student for number in running}
            free = [number for number in waiting if uploads[number].student not in busy]
            starts = bool(free) and len(running) < jobs
            if starts:
                number = free[0]
                waiting.remove(number)
                running[number] = grade_one(uploads[number], mine, common, alone=jobs == 1)
            for number in list(running):
                try:
                    next(running[number])
                except StopIteration as end:
                    del running[number]
                    yield number, end.value
            if running and not starts:
                time.sleep(POLL_SECONDS / 4)
    finally:
        for one in running.values():
            one.close()


def grade_one(upload, mine, common, alone):
    """Grade one upload: a generator that gives the control back while a worker works, and returns the record.

    Args:
        upload: a `Submission`, or one of `platforms`.
        mine: dict from the students and assignments that this run has graded to the file; it grows.
        common: dict of what `Task` needs besides.
        alone: whether no other is graded meanwhile.
    """
    started, course = time.perf_counter(), common["course"]
    student = student_id(upload.student)
    submission = Submission(student, upload.path, upload.assignment, upload.problem)
    with stage_in(course) as stage:
        task = Task(submission=submission, stage=stage, runtime=new_runtime(), **common)
        write_whole(stage / "runtime", str(task.runtime))
        try:
            record = {"status": "failed", "note": "The program that graded it ended by itself."}
            try:
                ending = yield from watched(worker.work, (task,), task.limits, task.runtime)
            except Exception as error:  # whatever one submission breaks, the others get their grades
                ending, record["note"] = Ending(), f"It could not be watched ({worker.kind_of(error)})."
            record |= {"assignment": upload.assignment or "unknown", "sha256": "", "tests": ""}
            record |= worker.told_before(stage)
            if ending.problem:
                record |= {"status": "refused", "note": ending.problem, "stopped": ending.late}
            name = record["assignment"]
            if (student, name) in mine and name != "unknown":
                record = {"status": "refused", "assignment": "unknown", "sha256": "", "tests": ""}
                record["note"] = f"{one_line(upload.path.name)} is of {name}, too. {mine[student, name]} counts."
                name = "unknown"
            mine[student, name] = one_line(upload.path.name)
            if name != "unknown" and (student, "unknown") not in mine:  # of an earlier run
                record_path(course, "unknown", student).unlink(missing_ok=True)
                shutil.rmtree(page_path(course, "unknown", student).parent, ignore_errors=True)
            record |= {"student": student, "done": record.get("done", False)}
            who = {key: str(getattr(upload, key, "") or "") for key in ("platform", "id", "name")}
            renamed = any(record.get(key) != value for key, value in who.items())
            record |= who
            if record["done"] and renamed:  # graded before, but now a roster came
                write_record(course, kept(record))
            elif not record["done"]:
                record["held_up"] = not alone and record.get("stopped", False) and ending.share < STARVED
                try:
                    yield from keep(course, stage, record, common, started)
                except Exception as error:
                    note = f"Its results could not be kept ({worker.kind_of(error)})."
                    record |= {"status": "failed", "note": note}
                    yield from keep(course, stage, record, common, started)
        finally:
            remove(task.runtime)
    with open_gradebook(course) as gradebook:
        return record | current_points(gradebook, record)


def keep(course, stage, record, common, started):
    """Put the results of a submission into the course: gradebook, notebooks, feedback, and last the record."""
    student, name = record["student"], record["assignment"]
    title = f"{student}: {name}"
    if (stage / "submitted.ipynb").exists() and name != "unknown":
        place(stage / "submitted.ipynb", course / "submitted" / student / name / f"{name}.ipynb")
    if record["status"] == "graded":
        with open_gradebook(course) as gradebook:
            save_points(gradebook, name, student, record["points"])
            scores = scores_of(gradebook, name, student)
        arguments = (stage, RENDER, title, stage / "graded.ipynb", common["releases"][name], common["sources"][name])
        yield from rendered(course, name, student, stage, (*arguments, scores), stage / "plain.ipynb")
        place(stage / "graded.ipynb", course / "autograded" / student / name / f"{name}.ipynb")
    else:
        before = read_record(course, name, student)
        if before and before["status"] == "graded":
            record["note"] += " (An earlier version was graded; nbgrader's gradebook has its points.)"
        page = page_path(course, name, student)
        page.parent.mkdir(parents=True, exist_ok=True)
        write_whole(page, refusal_page(title, record["note"]))
    record["seconds"] = round(time.perf_counter() - started, 1)
    write_record(course, kept(record))


def kept(record):
    """What is written of a record; the points are the gradebook's."""
    return {key: value for key, value in record.items() if key not in ("done", "points")}


def rendered(course, name, student, stage, arguments, plain):
    """Write the page of a graded submission; if that takes too long, one with the points only.

    Then the notebook `plain` takes the place of the one that formgrader would have to render.
    """
    ending = yield from watched(worker.render, arguments, RENDER)
    page, target = stage / "page.html", page_path(course, name, student)
    if ending.problem or not page.exists():
        write_whole(page, points_page(arguments[2], arguments[-1]))
        if plain:
            plain.replace(stage / "graded.ipynb")
    place(page, target)


def place(result, target):
    """Move a file that a worker left to its place in the course."""
    if result.stat().st_size > MAX_RESULT:
        result.write_bytes(b"")
    target.parent.mkdir(parents=True, exist_ok=True)
    result.replace(target)


@contextlib.contextmanager
def stage_in(course):
    """A new folder within the course for the results of a worker; it is removed at the end."""
    (course / ".grading").mkdir(exist_ok=True)
    stage = Path(tempfile.mkdtemp(dir=course / ".grading"))
    try:
        yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def clear_stages(course):
    """Remove what a run needed; what an earlier one has left, too, that was ended before its time."""
    stages = course / ".grading"
    temporary = os.path.realpath(tempfile.gettempdir())
    for told_in in stages.glob("*/runtime"):
        runtime = told_in.read_text(encoding="utf-8")
        if os.path.dirname(runtime) == temporary and os.path.basename(runtime).startswith("kernel-"):
            remove(runtime)
    shutil.rmtree(stages, ignore_errors=True)


def starter():
    """The way in which workers are started: forked from a process that has imported nbgrader, and done nothing else."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["classroom.forkserver"])
    return context


def watched(target, arguments, limits, runtime=None):
    """Run a function in a process of its own: a generator, which returns its `Ending`."""
    process = starter().Process(target=target, args=arguments, daemon=True)
    process.start()
    try:
        return (yield from watch(process.pid, process.is_alive, limits, runtime))
    finally:
        end(process.pid)
        process.join()
        process.close()


def watch(pid, is_alive, limits, runtime=None):
    """Wait for a process, as a generator; returns its `Ending`: with a problem, it has to be ended now."""
    started = looked = time.monotonic()
    ending, used = Ending(), 0.0
    while is_alive() and not ending.problem:
        now = time.monotonic()
        if now - looked >= POLL_SECONDS:
            looked = now
            family = family_of(pid)
            seconds, memory = used_by(family)
            used = max(used, seconds)
            ending = Ending(too_much(family, memory, limits, runtime), share=used / (now - started))
        if now - started > limits.seconds:
            ending = Ending(f"It ran for more than {limits.seconds:g} seconds.", True, ending.share)
        yield
    return ending


def too_much(family, memory, limits, runtime):
    """What is wrong with what a process and all that it started use; "" if nothing is."""
    if len(family) > limits.processes:
        return f"It started more than {limits.processes} processes."
    if memory > limits.memory_gb * 1024**3:
        return f"It used more than {limits.memory_gb:g} GB of memory."
    if runtime and fills(runtime):
        return "It wrote files where the kernel's sockets lie."
    return ""


def used_by(family):
    """Processor time in seconds, with that of children that have ended, and bytes of memory."""
    seconds = memory = 0
    for member in family:
        with contextlib.suppress(psutil.Error):  # it has just ended
            seconds += sum(member.cpu_times()[:4])
            memory += member.memory_info().rss
    return seconds, memory


def fills(runtime):
    """Whether a kernel's folder holds more than its connection file and sockets."""
    try:
        entries = list(itertools.islice(os.scandir(runtime), MAX_SOCKETS + 1))
        return len(entries) > MAX_SOCKETS or any(
            entry.is_symlink() or entry.is_dir() or entry.stat(follow_symlinks=False).st_size > 10_000
            for entry in entries
        )
    except FileNotFoundError:  # one has just gone
        return False
    except OSError:  # somebody has locked it: nothing that a kernel does
        return True


def family_of(pid):
    """A process and all that it has started."""
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.Error:
        return []


def end(pid):
    """End a process and all that it started. The sandbox ends with its parent; this is for runs without it."""
    for member in family_of(pid):  # from the top: with a sandbox's first process all that is in it ends at once
        with contextlib.suppress(ProcessLookupError):
            os.kill(member.pid, signal.SIGKILL)


@contextlib.contextmanager
def locked(course):
    """Refuse, with a ValueError, that two runs write into one course at a time."""
    import fcntl

    if not Path(course).is_dir():
        raise ValueError(f"There is no course {course}. Build it first: python -m classroom build")
    with open(course / ".lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ValueError(f"Somebody else is grading in {course}. Wait until that has ended.") from None
        yield


def open_gradebook(course):
    """nbgrader's gradebook, as a context manager."""
    programs = str(Path(sys.executable).parent)  # a new gradebook calls one of them
    if programs not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([programs, os.environ.get("PATH", os.defpath)])
    return Gradebook(f"sqlite:///{course / 'gradebook.db'}", COURSE_ID)


def sources_of(course, names):
    """Dict from assignment to a dict from nbgrader's id to `source`, `checksum` and `locked`, with the hidden tests."""
    with open_gradebook(course) as gradebook:
        return {
            name: {
                cell.name: {"source": cell.source, "checksum": cell.checksum, "locked": cell.locked}
                for notebook in gradebook.find_assignment(name).notebooks
                for cell in notebook.source_cells
            }
            for name in names
        }


def save_points(gradebook, name, student, points):
    """Write the tests' points into the gradebook, as nbgrader's autograder does; points by hand stay."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of SQLAlchemy, about nbgrader's ways
        gradebook.update_or_create_student(student)
        submission = gradebook.update_or_create_submission(name, student)
    for notebook in submission.notebooks:
        for grade in notebook.grades:
            grade.auto_score = points[grade.name]["auto"]
            grade.needs_manual_grade = grade.manual_score is not None or grade.auto_score is None
        for comment in notebook.comments:
            comment.auto_comment = "No response." if points.get(comment.name, {}).get("blank") else None
    gradebook.db.commit()


def scores_of(gradebook, name, student):
    """Dict from nbgrader's id to `score`, `most`, whether it is to be graded `by_hand`, and a teacher's `comment`."""
    scores = {}
    for notebook in gradebook.find_submission(name, student).notebooks:
        comments = {comment.name: comment.comment or "" for comment in notebook.comments}
        for grade in sorted(notebook.grades, key=lambda grade: grade.name):
            scores[grade.name] = {"score": grade.score, "most": grade.max_score, "by_hand": grade.needs_manual_grade}
            scores[grade.name]["comment"] = comments.get(grade.name, "")
    return scores


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
        submission = gradebook.find_submission(name, student_id(student))
        return {grade.name: grade.score for notebook in submission.notebooks for grade in notebook.grades}


def finish(course):
    """Write `grades.csv` and the feedback of all graded submissions anew; return how many submissions there are."""
    course = Path(course).resolve()
    records = all_records(course)
    if not records:
        raise ValueError(f"Nothing has been graded in {course}. First: python -m classroom grade FOLDER")
    names = {record["assignment"] for record in records if record["status"] == "graded"}
    sources = sources_of(course, names)
    for record in records:
        student, name = record["student"], record["assignment"]
        if record["status"] == "graded":
            with open_gradebook(course) as gradebook:
                try:
                    scores = scores_of(gradebook, name, student)
                except MissingEntry:  # somebody removed it: `grades.csv` says so
                    continue
            release = nbformat.read(course / "release" / name / f"{name}.ipynb", as_version=4)
            with stage_in(course) as stage:
                notebook = course / "autograded" / student / name / f"{name}.ipynb"
                arguments = (stage, RENDER, f"{student}: {name}", notebook, release, sources[name], scores)
                for _ in rendered(course, name, student, stage, arguments, None):
                    time.sleep(POLL_SECONDS / 4)
    write_grades(course)
    return len(records)


def write_grades(course):
    """Write `grades.csv` from all records and the gradebook, and what learning platforms import."""
    rows = all_records(course)
    with open_gradebook(course) as gradebook:
        rows = [row | current_points(gradebook, row) for row in rows]
    beside = course / "grades.csv.part"
    with open(beside, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, extrasaction="ignore")
        writer.writeheader()
        writer.writerows({key: csv_cell(value) for key, value in row.items()} for row in rows)
    beside.replace(course / "grades.csv")
    write_exports(course, rows)
