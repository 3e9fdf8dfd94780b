"""The proof of the grading: known answers, right and wrong, must get exactly what they should."""

import tempfile
from pathlib import Path

import nbformat

from classroom.answers import answered, points_of_tests, read_answers
from classroom.course import build, chosen_sources
from classroom.grading import cell_points, grade


def prove(numbers=(), *, seeds=(0,)):
    """Grade the solution, the unsolved release and all answers of each assignment; print a table in Markdown.

    Args:
        numbers: two-digit numbers of assignments; empty for all.
        seeds: what `SEED` is set to, one after the other.

    Returns:
        1 if an answer got other points than it should, else 0.
    """
    failed = False
    for source in chosen_sources(numbers):
        print(f"\n## {source.stem}\n\n| answer | kind | should lose | lost, by seed | seconds |\n|---|---|---|---|---|")
        expected = expectations(source)
        lost = {name: [] for name in expected}
        seconds = {name: [] for name in expected}
        for seed in seeds:
            with tempfile.TemporaryDirectory() as folder:
                for name, (points, taken) in graded(source, seed, Path(folder), expected).items():
                    lost[name].append(points)
                    seconds[name].append(taken)
        for name, (kind, loses, _) in expected.items():
            as_expected = all(points == loses for points in lost[name])
            failed |= not as_expected
            told = [f"{points or 'nothing'}{'' if points == loses else ' **WRONG**'}" for points in lost[name]]
            told = told[0] if as_expected else "; ".join(told)
            row = [name, kind, loses or "nothing", told, f"{sum(seconds[name]) / len(seconds[name]):.0f}"]
            print(f"| {' | '.join(map(str, row))} |", flush=True)
    return int(failed)


def expectations(source):
    """Dict from the name of an answer to its kind, what it should lose, and the answer itself."""
    everything = points_of_tests(source)
    expected = {"the solution": ("reference", {}, None), "nothing solved": ("release", everything, None)}
    for answer in read_answers(source.name[:2]):
        expected[answer["name"]] = (answer["kind"], answer["loses"], answer)
    return expected


def graded(source, seed, folder, expected):
    """Dict from the name of an answer to the points that it lost, by test cell, and the seconds that grading took."""
    course, submissions = folder / "course", folder / "submissions"
    build(course, [source.name[:2]], seed=seed)
    students = {}
    for number, (name, (kind, _, answer)) in enumerate(expected.items()):
        students[name] = f"student-{number:02}"
        target = submissions / students[name] / source.stem / f"{source.stem}.ipynb"
        target.parent.mkdir(parents=True)
        if kind == "release":
            notebook = nbformat.read(course / "release" / source.stem / target.name, as_version=4)
        else:
            notebook = answered(source, answer, seed=seed)
        nbformat.write(notebook, target)
    records = {record["student"]: record for record in grade(course, submissions, report=lambda line: None)}
    full, results = points_of_tests(source), {}
    for name, student in students.items():
        record = records[student]
        if record["status"] == "refused":
            results[name] = ({"refused": record["note"]}, record["seconds"])
            continue
        points = cell_points(course, student, source.stem)
        lost = {cell: full[cell] - points[cell] for cell in full if points[cell] != full[cell]}
        results[name] = (lost, record["seconds"])
    return results
