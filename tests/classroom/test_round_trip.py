"""From a platform's zip to the grades that it imports, through the command that a teacher types."""

import csv
import io
import shutil
import zipfile

import nbformat
import pytest

from classroom import course as course_module
from classroom.__main__ import main
from classroom.answers import as_handed_in
from classroom.course import build, read_assignment

pytestmark = [pytest.mark.slow]
SMALL = """\
# %% [markdown] nbgrader={"grade": false, "grade_id": "98-title", "locked": true, "schema_version": 3, "solution": false, "task": false}
# # Assignment 98 Halving

# %% nbgrader={"grade": false, "grade_id": "98-half", "locked": false, "schema_version": 3, "solution": true, "task": false}
def half(x):
    ### BEGIN SOLUTION
    return x / 2
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "98-half-tests", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
assert half(4) == 2, f"Half of 4 is 2, but you return {half(4)}."
"""  # noqa: E501
NAME = "98_halving"
RIGHT, WRONG = (nbformat.writes(as_handed_in(read_assignment(text))) for text in (SMALL, SMALL.replace("x / 2", "x")))


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A course with one small assignment."""
    if shutil.which("bwrap") is None:
        pytest.skip("the sandbox needs Linux and bubblewrap")
    folder = tmp_path_factory.mktemp("round-trip")
    (folder / "src").mkdir()
    (folder / "src" / f"{NAME}.py").write_text(SMALL, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(course_module, "SOURCES", folder / "src")
        build(folder / "course", cell_seconds=20)
    return folder / "course"


@pytest.fixture
def course(built, tmp_path):
    """A course that nobody has used."""
    return shutil.copytree(built, tmp_path / "course")


def zipped(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def inner_zip(notebook):
    data = io.BytesIO()
    zipped(data, {"homework/my work.ipynb": notebook, "__MACOSX/homework/._my work.ipynb": "x"})
    return data.getvalue()


def table(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_moodle_and_back(course, tmp_path, capsys):
    files = {
        "Jörg Müller_1001_assignsubmission_file_/solution.ipynb": RIGHT,
        "रवि कुमार_1002_assignsubmission_file_/bits.zip": inner_zip(WRONG),
        "रव कुमार_1003_assignsubmission_file_/homework.docx": "Dear teacher",
        "रव कुमार_1003_assignsubmission_onlinetext_/onlinetext.html": "<p>see above</p>",
    }
    roster = tmp_path / "class.csv"
    roster.write_text("id,name\n1001,Jörg Müller\n1002,=Ravi Kumar\n1009,Ana María\n", encoding="utf-8")
    source = zipped(tmp_path / "98 Halving-12.zip", files)
    assert not main(["--course", str(course), "grade", str(source), "--roster", str(roster)])
    told = capsys.readouterr().out
    first, graded = told.split("[1 of 3]")
    assert "Moodle: 3 students, 1 without a notebook, 0 twice." in first
    assert "रव कुमार: There is no notebook, but homework.docx." in first
    assert "Nothing came from 1 of the roster: Ana María." in first and "1 of the platform" in first
    assert "grades_moodle_98_halving.csv" in graded
    back = {row["Identifier"]: row for row in table(course / f"grades_moodle_{NAME}.csv")}
    assert {key: row["Grade"] for key, row in back.items()} == {"Participant 1001": "3.0", "Participant 1002": "0.0"}
    assert {row["Maximum grade"] for row in back.values()} == {"3.0"}
    grades = {row["id"]: row for row in table(course / "grades.csv")}
    assert {key: row["status"] for key, row in grades.items()} == {
        "1001": "graded", "1002": "graded", "1003": "refused",
    }  # fmt: skip
    assert grades["1002"]["name"] == "'=Ravi Kumar"  # no formula
    # Again, without a roster: nothing is graded twice, nobody is lost, and the names are Moodle's again.
    assert not main(["--course", str(course), "grade", str(source)])
    assert capsys.readouterr().out.count("done before") == 2  # what is no notebook takes no time
    again = {row["id"]: row for row in table(course / "grades.csv")}
    assert len(again) == 3 and again["1002"]["name"] == "रवि कुमार" and again["1002"]["points"] == "0.0"


def test_canvas_and_back_with_a_second_upload(course, tmp_path, capsys):
    files = {
        f"muellerjoerg_1001_5001_{NAME}.ipynb": WRONG,
        f"muellerjoerg_LATE_1001_5002_{NAME}-1.ipynb": RIGHT,
    }
    source = zipped(tmp_path / "submissions.zip", files)
    assert not main(["--course", str(course), "grade", str(source)])
    assert "Canvas: 1 student, 0 without a notebook, 1 twice (the last upload counts)." in capsys.readouterr().out
    possible, row = table(course / f"grades_canvas_{NAME}.csv")
    assert possible["Student"].strip() == "Points Possible" and (row["ID"], row[NAME]) == ("1001", "3.0")


LAYOUTS = {
    "Moodle": ("Müller Jörg_{}_assignsubmission_file_my work.ipynb", ["1001", "1002"], "Identifier", "Grade"),
    "Blackboard": ("98 Halving_{}_attempt_2026-11-26-10-15-00_my work.ipynb", ["jmueller", "acruz"], "Username", NAME),
    "ILIAS": ("Halving/Müller_Jörg_login_{}/20261126101500_my work.ipynb", ["1003", "1004"], "usr_id", "mark"),
}


def test_other_layouts_and_back(course, tmp_path, capsys):
    for platform, (layout, ids, key, mark) in LAYOUTS.items():
        files = {layout.format(one): text for one, text in zip(ids, (RIGHT, WRONG), strict=True)}
        assert not main(["--course", str(course), "grade", str(zipped(tmp_path / f"{platform}.zip", files))])
        assert f"{platform}: 2 students, 0 without a notebook, 0 twice." in capsys.readouterr().out
        back = {
            row[key].removeprefix("Participant "): row[mark]
            for row in table(course / f"grades_{platform.lower()}_{NAME}.csv")
        }
        assert back == dict(zip(ids, ("3.0", "0.0"), strict=True)), platform
