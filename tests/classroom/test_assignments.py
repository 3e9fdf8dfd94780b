"""The assignments as they are written; `make prove` grades known answers to them."""

import re
from collections import Counter

import pytest

from classroom import course as course_module
from classroom.answers import answered, points_of_tests, read_answers, read_written
from classroom.course import chosen_sources, read_assignment

SOURCES = chosen_sources()
NUMBERS = [source.name[:2] for source in SOURCES]
GUIDE = course_module.ROOT / "assignments" / "README.md"
each = pytest.mark.parametrize("source", SOURCES, ids=NUMBERS)


def test_each_assignment_has_its_lesson():
    lessons = {path.name[:2] for path in (course_module.ROOT / "notebooks" / "src").glob("[0-9]*.py")}
    assert {"01", "02", "03", "04", "05", "06"} <= set(NUMBERS) <= lessons


@each
def test_points_and_ids(source):
    marks = [cell.metadata.get("nbgrader", {}) for cell in read_assignment(source.read_text()).cells]
    ids = [mark["grade_id"] for mark in marks if mark]
    assert len(ids) == len(set(ids)) and all(name.startswith(f"{source.name[:2]}-") for name in ids)
    assert sum(mark.get("points", 0) for mark in marks if mark.get("grade")) == 10
    assert sum(bool(mark.get("grade") and mark.get("solution")) for mark in marks) == 1  # by hand


@each
def test_points_in_the_text_are_those_of_the_tests(source):
    cells = read_assignment(source.read_text()).cells
    told = [n for cell in cells for n in re.findall(r"^##+ .*\(([\d +]+) points?\b", cell.source, re.MULTILINE)]
    assert sum(int(n) for some in told for n in some.split("+")) == 10


@each
def test_answers_fit_and_are_of_all_kinds(source):
    answers, full = read_answers(source.name[:2]), points_of_tests(source)
    kinds = Counter(answer["kind"] for answer in answers)
    assert kinds["wrong"] >= 10 and kinds["style"] >= 5 and kinds["special"] >= 5
    assert len({answer["name"] for answer in answers}) == len(answers)
    solution = answered(source)
    for answer in answers:
        assert answered(source, answer) != solution
        assert bool(answer["loses"]) == (answer["kind"] != "style")
        assert all(full[cell] == points for cell, points in answer["loses"].items())
    assert {cell for answer in answers for cell in answer["loses"]} == set(full)  # each test fails for somebody


@each
def test_written_answers_of_each_worth(source):
    written = read_written(source.name[:2])
    points = {answer["points"] for answer in written}
    assert {0, 1, 2} <= points <= {0, 0.5, 1, 1.5, 2} and len(points) == len(written)
    assert all(len(answer["text"].split()) >= 40 and answer["why"] for answer in written)
    last = read_assignment(source.read_text()).cells[-1].source
    assert "half" in last.lower()  # its rubric knows half points


@each
def test_the_guide_lists_it(source):
    row = next(line for line in GUIDE.read_text().splitlines() if line.startswith(f"| {source.name[:2]} "))
    title = re.search(r"# Assignment \d\d (.+)", source.read_text())[1]
    assert title in row and re.search(r"\b\d\d min", row)


SMALL = """\
# %% nbgrader={"grade": false, "grade_id": "97-setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
SEED = 0
runs = []

# %% nbgrader={"grade": false, "grade_id": "97-half", "locked": false, "schema_version": 3, "solution": true, "task": false}
def half(x):
    ### BEGIN SOLUTION
    return x / 2
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "97-half-tests", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
assert half(4) == 2
### BEGIN HIDDEN TESTS
assert half(6 + SEED) == 3 + SEED / 2
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "97-twice", "locked": false, "schema_version": 3, "solution": true, "task": false}
def twice(x):
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "97-twice-tests", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
runs.append("a test that trains")
assert twice(4) == 8
"""  # noqa: E501


def test_answers_are_tested_quickly(tmp_path, capsys):
    from classroom.prove import tested

    source = tmp_path / "97_small.py"
    source.write_text(SMALL, encoding="utf-8")
    changes = {
        "wrong": [{"old": "return x / 2", "new": "return x"}],
        "by heart": [{"old": "return x / 2", "new": "return 2"}],
        "by two means": [{"old": "return x / 2", "new": "return x * 0.5"}, {"old": "return 2 * x", "new": "return 3"}],
        "no Python": [{"old": "return x / 2", "new": "return x /"}],
    }
    answers = {"the solution": ("reference", {}, None), "nothing solved": ("release", {}, None)}
    answers |= {name: ("wrong", {}, {"name": name, "changes": change}) for name, change in changes.items()}
    assert tested(source, answers, 4) == {
        "the solution": {},
        "nothing solved": {"97-half-tests": 2, "97-twice-tests": 1},
        "wrong": {"97-half-tests": 2},
        "by heart": {"97-half-tests": 2},
        "by two means": {"97-twice-tests": 1},
        "no Python": {"97-half-tests": 2},
    }
