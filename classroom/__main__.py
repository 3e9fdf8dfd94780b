"""Commands of the classroom: `python -m classroom COMMAND --help`."""

import argparse
import signal
import sys
import time
from pathlib import Path

from classroom.course import ROOT, build

COURSE = ROOT / "course"


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m classroom", description="Assignments, handed out and graded.")
    parser.add_argument("--course", type=Path, default=COURSE, help="the course folder (default: course/)")
    commands = parser.add_subparsers(dest="command", required=True)

    one = commands.add_parser("build", help="write the student versions, and what grading needs")
    one.add_argument("numbers", nargs="*", help="assignments, such as 01; all if none is given")
    one.add_argument(
        "--cell-seconds", type=positive(int), default=60, help="after so long a cell is stopped (default: 60)"
    )

    one = commands.add_parser("samples", help="write sample submissions to practise on")
    one.add_argument("folder", type=Path, nargs="?", help="where (default: course/samples)")

    one = commands.add_parser("grade", help="grade a folder of submissions, and write grades.csv and feedback")
    one.add_argument("folder", type=path, help="what your learning platform exports, or student/assignment/*.ipynb")
    one.add_argument("--assignment", help="number of the one that a flat folder holds; else its cells tell")
    one.add_argument("--roster", type=path, help="CSV of the class (columns id, name): who is absent")
    one.add_argument("--seconds", type=positive(float), default=300, help="for one submission (default: 300)")
    one.add_argument("--memory", type=positive(float), default=4, help="gigabytes for one submission (default: 4)")
    one.add_argument(
        "--jobs", type=positive(int), help="submissions at a time (default: one for each core, if memory allows)"
    )
    one.add_argument("--no-sandbox", action="store_true", help="run students' code UNPROTECTED, without bubblewrap")

    commands.add_parser("finish", help="after grading by hand: write grades.csv and all feedback anew")

    one = commands.add_parser("similar", help="list pairs of submissions whose answers are alike")
    one.add_argument("assignment", help="number of the assignment")

    one = commands.add_parser("prove", help="grade known answers, right and wrong: do they get what they should?")
    one.add_argument("numbers", nargs="*", help="assignments, such as 01; all if none is given")
    one.add_argument("--seeds", type=positive(int), default=1, help="how many seeds (default: 1)")
    one.add_argument("--kinds", nargs="+", default=(), help="of answers: wrong, style, special (default: all)")
    one.add_argument("--quick", action="store_true", help="run tests in this process, without nbgrader and sandbox")

    one = commands.add_parser(
        "besiege", help="grade troublemakers beside honest students: do all get what they should?"
    )
    one.add_argument("number", nargs="?", default="04", help="of the assignment (default: 04, which takes least)")
    one.add_argument(
        "--jobs", type=positive(int), help="submissions at a time (default: one for each core, if memory allows)"
    )

    options = parser.parse_args(arguments)
    if sys.platform != "linux":
        sys.exit("The classroom needs Linux. On Windows use WSL 2, on a Mac the container in .devcontainer.")
    try:
        return COMMANDS[options.command](options)
    except (ValueError, RuntimeError, OSError) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("Stopped. What is graded is kept; the same command goes on with the rest.")
    except Exception as error:
        if not type(error).__module__.startswith("sqlalchemy"):
            raise
        sys.exit(f"The gradebook in {options.course} can't be used: {getattr(error, 'orig', error)}.")


def positive(kind):
    """A type of numbers above 0, for `argparse`."""

    def number(text):
        value = kind(text)
        if not 0 < value < float("inf"):
            raise argparse.ArgumentTypeError(f"{text} is not a number above 0")
        return value

    number.__name__ = kind.__name__  # which argparse names for what is no number at all
    return number


def path(text):
    """A path as somebody types it. Nothing (`make grade` without FOLDER) is not the folder that we are in."""
    if not text:
        raise argparse.ArgumentTypeError("say which, such as FOLDER=~/Downloads/submissions.zip")
    return Path(text).expanduser()


def do_build(options):
    from classroom.grading import locked

    options.course.mkdir(parents=True, exist_ok=True)
    with locked(options.course):
        for name in build(options.course, options.numbers, cell_seconds=options.cell_seconds):
            print(f"{name}: for students {shown(options.course / 'release' / f'{name}.zip')}")


def do_samples(options):
    from classroom.samples import write_samples

    folder = options.folder or options.course / "samples"
    count = write_samples(folder, options.course)
    print(f"{count} submissions in {shown(folder)}")


def do_grade(options):
    from classroom.course import name_of
    from classroom.grading import Limits, grade, locked
    from classroom.sandbox import bwrap

    if not options.no_sandbox and bwrap() is None:
        raise ValueError(
            "Students' code runs in a sandbox, which needs bubblewrap (sudo apt install bubblewrap). "
            "Without it, grade on a machine that holds nothing of value, with --no-sandbox."
        )
    limits = Limits(seconds=options.seconds, memory_gb=options.memory, sandbox=not options.no_sandbox)
    assignment = name_of(options.assignment) if options.assignment else None
    started = time.perf_counter()
    signal.signal(signal.SIGTERM, stop)
    settings = {"assignment": assignment, "roster": options.roster, "limits": limits, "jobs": options.jobs}
    with locked(options.course):
        records = grade(options.course, options.folder, **settings)
    refused = sum(record["status"] == "refused" for record in records)
    print(f"{len(records)} submissions, {refused} refused, in {time.perf_counter() - started:.0f} s.")
    print(f"Grades: {shown(options.course / 'grades.csv')}; feedback: {shown(options.course / 'feedback')}")
    tell_exports(options.course)


def tell_exports(course):
    """Name the files that learning platforms import."""
    from classroom.platforms import PATTERNS

    for platform in PATTERNS:
        for path in sorted(course.glob(f"grades_{platform.lower()}_*.csv")):
            print(f"For {platform}: {shown(path)}")


def stop(number, frame):
    raise KeyboardInterrupt


def do_finish(options):
    from classroom.grading import finish, locked

    with locked(options.course):
        print(f"{finish(options.course)} submissions. Grades: {shown(options.course / 'grades.csv')}")
    tell_exports(options.course)


def do_similar(options):
    from classroom.course import name_of
    from classroom.similar import similar_pairs

    print(similar_pairs(options.course, name_of(options.assignment)).to_string(index=False))


def do_prove(options):
    from classroom.prove import prove

    return prove(options.numbers, seeds=range(options.seeds), quick=options.quick, kinds=options.kinds)


def do_besiege(options):
    from classroom.troubles import besiege

    return besiege(options.number, jobs=options.jobs)


def shown(path):
    """A path as short as it can be told."""
    path = path.resolve()
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


COMMANDS = {
    "build": do_build,
    "samples": do_samples,
    "grade": do_grade,
    "finish": do_finish,
    "similar": do_similar,
    "prove": do_prove,
    "besiege": do_besiege,
}

if __name__ == "__main__":
    sys.exit(main())
