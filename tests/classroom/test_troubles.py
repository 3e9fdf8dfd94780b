"""The class of troublemakers, which `make besiege` grades: here only that it is there, and that what leaks is seen."""

import json

import pytest

from classroom.platforms import collect
from classroom.troubles import all_troubles, leaks, write_export
from tests.classroom.test_any_submission import RELEASES

PLACES = {"secret": "/a/secret", "course": "/a/course", "folder": "/a", "assignments": "/b", "port": 1}


def test_a_class_of_troublemakers_arrives_whole(tmp_path):
    troubles = all_troubles(RELEASES["99_doubling"], PLACES)
    numbers = write_export(tmp_path / "export.zip", troubles, {"right": (b"{}", 4)})
    assert len(troubles) >= 40 and {kind for kind, _, _ in troubles.values()} == {
        "stop",
        "spy",
        "page",
        "points",
        "file",
    }
    collection = collect(tmp_path / "export.zip", tmp_path / "into", ["99_doubling"])
    assert {upload.id for upload in collection.uploads} == set(numbers.values())
    assert len({upload.student for upload in collection.uploads}) == len(numbers) == len(troubles) + 1
    assert {upload.name for upload in collection.uploads} >= {"=1+1", "रवि", "रव"}


@pytest.mark.parametrize(
    ("place", "text", "words"),
    [
        ("feedback/eve/99/99.html", "<b>ass</b>ert double(21) == 42, &quot;Wrong for others.&quot;", "hidden test"),
        ("autograded/eve/99/99.ipynb", "canary", "secret"),
        ("grades.csv", "a\x1b[2J", "steer"),
        ("records/99/eve.json", "canary", "secret"),
    ],
)
def test_a_leak_is_seen(place, text, words, tmp_path):
    script = tmp_path / "99.py"
    script.write_text(
        '# %%\n### BEGIN HIDDEN TESTS\nassert double(21) == 42, "Wrong for others."\n### END HIDDEN TESTS\n'
    )
    course = tmp_path / "course"
    for path, content in ((place, text), ("autograded/ann/99/99.ipynb", json.dumps("my canary"))):
        (course / path).parent.mkdir(parents=True, exist_ok=True)
        (course / path).write_text(content)
    (fault,) = leaks(course, script, "canary", {"ann"}, ["all is well"])
    assert words in fault and place in fault
