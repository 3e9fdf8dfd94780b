"""The proof of the grading: known answers, right and wrong, must get exactly what they should."""

import contextlib
import io
import linecache
import re
import tempfile
import time
from pathlib import Path

import nbformat
import numpy as np

from classroom.answers import answered, patched, points_of_tests, read_answers
from classroom.course import build, chosen_sources, read_assignment, regions
from classroom.grading import cell_points, grade

MAX_SECONDS = 90  # that an assignment may take


def prove(numbers=(), *, seeds=(0,), quick=False, kinds=()):
    """Grade the solution, the unsolved release and all answers of each assignment; print tables in Markdown.

    Args:
        numbers: two-digit numbers of assignments; empty for all.
        seeds: what `SEED` is set to, one after the other; each is a class of its own, graded in one go.
        quick: run the tests in this process, and the setup once for all answers: for who writes an
            assignment. Nothing is shown of nbgrader and the sandbox.
        kinds: of answers, such as "style"; empty for all. The solution and the release are always among them.

    Returns:
        1 if an answer got other points than it should, else 0.
    """
    sources, lost = chosen_sources(numbers), {}
    expected = {source: expectations(source, kinds) for source in sources}
    for seed in seeds:
        if quick:
            for source, answers in expected.items():
                for name, points in tested(source, answers, seed).items():
                    lost.setdefault((source.stem, name), []).append(points)
            continue
        with tempfile.TemporaryDirectory() as folder:
            for key, points in graded(expected, seed, Path(folder)).items():
                lost.setdefault(key, []).append(points)
    failed = False
    for source in sources:
        print(f"\n## {source.stem}\n\n| answer | kind | should lose | lost |\n|---|---|---|---|")
        for name, (kind, loses, _) in expected[source].items():
            found = lost[source.stem, name]
            right = all(points == loses for points in found)
            failed |= not right
            told = "the same" if right else "**" + "; ".join(str(points) for points in found) + "**"
            print(f"| {name} | {kind} | {shown(loses)} | {told} |")
    return int(failed)


def expectations(source, kinds=()):
    """Dict from the name of an answer to its kind, what it should lose, and the answer itself."""
    expected = {
        "the solution": ("reference", {}, None),
        "nothing solved": ("release", points_of_tests(source), None),
    }
    for answer in read_answers(source.name[:2]):
        if not kinds or answer["kind"] in kinds:
            expected[answer["name"]] = (answer["kind"], answer["loses"], answer)
    return expected


def graded(expected, seed, folder):
    """Grade all answers; a dict from assignment and answer to the points that it lost, by test cell."""
    course, submissions = folder / "course", folder / "submissions"
    build(course, [source.name[:2] for source in expected], seed=seed)
    students = {}
    for source, answers in expected.items():
        for number, (name, (kind, _, answer)) in enumerate(answers.items()):
            student = students[source, name] = f"student-{number:02}"
            target = submissions / student / source.stem / f"{source.stem}.ipynb"
            target.parent.mkdir(parents=True)
            if kind == "release":
                notebook = nbformat.read(course / "release" / source.stem / target.name, as_version=4)
            else:
                notebook = answered(source, answer, seed=seed)
            nbformat.write(notebook, target)
    print(f"\n### {len(students)} submissions, seed {seed}\n", flush=True)
    started = time.perf_counter()
    records = grade(course, submissions)
    report_times([record["seconds"] for record in records], time.perf_counter() - started)
    slow = [f"{record['assignment']}: {record['seconds']} s" for record in records if record["seconds"] > MAX_SECONDS]
    if slow:
        print(f"\nLonger than {MAX_SECONDS} s: {', '.join(slow)}")
    by_student = {(record["student"], record["assignment"]): record for record in records}
    lost = {}
    for (source, name), student in students.items():
        record, full = by_student[student, source.stem], points_of_tests(source)
        if record["status"] == "graded":
            points = cell_points(course, student, source.stem)
            lost[source.stem, name] = {cell: full[cell] - points[cell] for cell in full if points[cell] != full[cell]}
        else:
            lost[source.stem, name] = {record["status"]: record["note"]}
    return lost


def tested(source, answers, seed):
    """Run the tests on all answers in this process; a dict from answer to the points that it lost, by test cell.

    The solution runs whole, up to the last test. Of another answer, the cells run that differ from the
    solution, and the tests that name a function of such a cell.
    """
    full, lost, before, names = points_of_tests(source), {}, [], {"__name__": "__main__"}
    for name, (kind, _, answer) in answers.items():
        cells = [cell for cell in read_assignment(patched(source, answer), seed=seed).cells if cell.cell_type == "code"]
        texts = [unsolved(cell.source) if kind == "release" else cell.source for cell in cells]
        tests = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in cells]
        new = [text for text, old in zip(texts, before, strict=True) if text != old] if before else texts
        defined = re.findall(r"^(?:def|class) (\w+)", "\n".join(new), re.MULTILINE)
        lost[name], own = {}, names if kind == "reference" else dict(names)
        for text, test in zip(texts, tests, strict=True):
            if before and text in before and not (test in full and any(word in text for word in defined)):
                continue
            failed, seconds = failure(text, own)
            if failed and test in full:
                lost[name][test] = full[test]
            elif failed:  # then nothing is defined, not the solution's function
                own = {word: value for word, value in own.items() if word not in defined}
            if kind == "reference" and seconds > 0.5:
                print(f"Seed {seed}, {test}: {seconds:.1f} s", flush=True)
            if failed and kind in ("reference", "style"):
                print(f"{name}, {test}: {failed}", flush=True)
            if not before and test == list(full)[-1]:
                break
        before = before or texts
    return lost


def unsolved(text):
    """A cell's text as the release has it."""
    for lines in regions(text, "SOLUTION"):
        indent = len(lines[0]) - len(lines[0].lstrip()) if lines[0] else 4
        text = text.replace("\n".join(lines), " " * indent + "raise NotImplementedError()")
    return text


def failure(text, names):
    """What a cell raised when it ran, "" if it ran through; and the seconds that it took."""
    file, started = f"<cell {hash(text):x}>", time.perf_counter()
    linecache.cache[file] = (len(text), None, text.splitlines(True), file)  # tracebacks, and `inspect`, read it there
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(text, file, "exec"), names)
    except (Exception, SystemExit) as error:
        return f"{type(error).__name__}: {error}", time.perf_counter() - started
    return "", time.perf_counter() - started


def report_times(seconds, whole):
    """Print the time per submission, and whether it grows with their number."""
    thirds = [f"{part.mean():.1f}" for part in np.array_split(np.array(seconds), 3)]
    print(f"\n{len(seconds)} submissions in {whole:.0f} s. Seconds each, by thirds: {', '.join(thirds)}.", flush=True)


def shown(points):
    """Points by test cell, as a table shows them."""
    return ", ".join(f"{cell} {value:g}" for cell, value in points.items()) or "nothing"
