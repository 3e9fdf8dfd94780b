"""Cells that have lost their marks, answers in the wrong place: what is common and innocent costs no points."""

import json
import os

import nbformat
import pytest

from classroom.submissions import Refused, grade_id_of, mended, parse_notebook, read_file, tell_assignment
from classroom.worker import done, points_of
from tests.classroom.test_any_submission import RELEASES, VISIBLE, cell

RELEASE = RELEASES["99_doubling"]
CODE = "def double(x):\n    return 2 * x"


def handed_in(*changes, **metadata):
    """The release with an answer in it, changed, as a file holds it and as it is read."""
    notebook = nbformat.from_dict(RELEASE)
    notebook.cells[1].source = CODE
    for change in changes:
        change(notebook.cells)
    notebook.metadata = nbformat.from_dict(metadata)
    return parse_notebook(json.dumps(notebook).encode())


def without_marks(cells):
    for one in cells:
        one.metadata = nbformat.from_dict({})


def without_ids(cells):
    for one in cells:
        one.pop("id")


def written(text, at):
    return lambda cells: cells.insert(at, nbformat.v4.new_markdown_cell(text))


def sources(whole):
    return {one.metadata.nbgrader.grade_id: one.source for one in whole.cells if one.metadata}


@pytest.mark.parametrize("at", [4, 3], ids=["below", "above"])
def test_a_written_answer_in_a_new_cell_is_found(at):
    whole, missing, notes = mended(handed_in(written("Since 1 + 1 = 2.", at), written("And so on.", at)), RELEASE)
    assert sources(whole)["99-why"] == "And so on.\n\nSince 1 + 1 = 2."
    assert len(whole.cells) == len(RELEASE.cells) and missing == []
    assert len(notes) == 1 and notes[0].startswith("99-why was answered in a new cell")


@pytest.mark.parametrize(
    ("kind", "at", "look"),
    [("code", 4, True), ("markdown", 1, True), ("code", 1, False)],
    ids=["code", "far", "sketch"],
)
def test_a_written_answer_elsewhere_waits_for_a_look(kind, at, look):
    new = getattr(nbformat.v4, f"new_{kind}_cell")("Because 1 + 1 = 2.")
    whole, _, notes = mended(handed_in(lambda cells: cells.insert(at, new)), RELEASE)
    assert sources(whole)["99-why"] == RELEASE.cells[3].source and len(whole.cells) == 5
    assert points_of(whole, set())["99-why"] == {"blank": not look, "auto": None if look else 0.0}
    assert bool(notes) == look and all("is it answered in one of them" in note for note in notes)


QUESTION = "## Why?\n\nSay it in *your* words."
ANSWER = "Because 1 + 1 = 2."


@pytest.mark.parametrize("text", [f"{QUESTION}\n\n{ANSWER}", f"{ANSWER}\n{QUESTION}", ANSWER])
@pytest.mark.parametrize("far", [False, True])
def test_a_written_answer_in_the_question_is_found(text, far):
    asked = cell("markdown", "99-question", QUESTION, grade=False, solution=False, locked=True)
    release = nbformat.from_dict(RELEASE)
    release.cells.insert(1 if far else 3, asked)
    notebook = nbformat.from_dict(release)
    notebook.cells[1 if far else 3].source = text
    whole, missing, notes = mended(parse_notebook(json.dumps(notebook).encode()), release)
    assert sources(whole)["99-question"] == QUESTION and missing == [] and len(notes) == 1
    assert points_of(whole, set())["99-why"] == {"blank": False, "auto": None}  # by hand
    assert sources(whole)["99-why"] == (RELEASE.cells[3].source if far else ANSWER)
    assert [one.source for one in whole.cells if not one.metadata] == [ANSWER] * far


def test_a_question_that_lost_its_text_is_no_answer():
    def change(cells):
        cells[0].source = ""

    whole, _, notes = mended(handed_in(change), RELEASE)
    assert points_of(whole, set())["99-why"] == {"blank": True, "auto": 0.0} and notes == []


def test_a_new_cell_beside_an_answer_stays_where_it_is():
    def answer(cells):
        cells[3].source = "Because."

    whole, _, notes = mended(handed_in(answer, written("Besides:", 4)), RELEASE)
    assert sources(whole)["99-why"] == "Because." and whole.cells[4].source == "Besides:" and notes == []


@pytest.mark.parametrize("first", [True, False])
def test_of_copies_the_one_that_differs_counts(first):
    def copy(cells):
        blank = nbformat.from_dict(RELEASE.cells[3])
        cells[3].source = "Because."
        blank.id = "copy"
        cells.insert(3 if first else 4, blank)

    whole, _, notes = mended(handed_in(copy), RELEASE)
    assert sources(whole)["99-why"] == "Because." and notes == []


@pytest.mark.parametrize(
    ("tried", "below"),
    [("1 / 0", VISIBLE), (VISIBLE, VISIBLE), ("1 / 0", "2 / 0")],
    ids=["edited", "as it was", "both edited"],
)
def test_a_copied_test_above_the_answer_takes_no_points(tried, below):
    def copy(cells):
        cells[2].source = below
        cells.insert(1, nbformat.from_dict({**cells[2], "source": tried, "id": "copy"}))

    whole, missing, notes = mended(handed_in(copy), RELEASE)
    ids = [grade_id_of(one) for one in whole.cells]
    assert ids == ["99-title", None, "99-double", "99-double-tests", "99-why"] and missing == notes == []
    assert (whole.cells[1].source, whole.cells[3].source) == (tried, below)


def test_two_answers_are_told():
    def copy(cells):
        cells[3].source = "Because."
        cells.append(nbformat.from_dict({**RELEASE.cells[3], "source": "No, because."}))

    whole, _, notes = mended(handed_in(copy), RELEASE)
    assert sources(whole)["99-why"] == "Because." and "2 times" in notes[0]


@pytest.mark.parametrize("changes", [[without_marks], [without_marks, without_ids]], ids=["ids", "order"])
def test_cells_that_lost_their_marks_are_known(changes):
    def answer(cells):
        cells[3].source = "Because."

    notebook = handed_in(answer, written("A thought of my own", 1), *changes)
    assert tell_assignment(notebook, RELEASES) == "99_doubling"
    whole, missing, _ = mended(notebook, RELEASE)
    assert missing == []
    assert sources(whole) == {
        "99-title": "# Doubling", "99-double": CODE, "99-double-tests": VISIBLE, "99-why": "Because.",
    }  # fmt: skip
    assert [one.source for one in whole.cells if not one.metadata] == ["A thought of my own"]


def test_another_notebook_is_none_of_ours():
    notebook = parse_notebook(json.dumps(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")])).encode())
    with pytest.raises(Refused, match="another notebook"):
        tell_assignment(notebook, RELEASES)


def test_pictures_within_a_text_stay_behind():
    whole, _, _ = mended(handed_in(written(f"![mine](data:image/png;base64,{'A' * 900_000})", 4)), RELEASE)
    assert sources(whole)["99-why"] == "![mine]()"


def test_texts_about_the_language_are_bounded():
    with pytest.raises(Refused) as told:
        handed_in(language_info={"name": "\x1b[2J" + "x" * 1_000_000})
    assert len(str(told.value)) < 200 and "\x1b" not in str(told.value)


def test_only_files_are_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/zero")
    with open(tmp_path / "sparse", "wb") as file:
        file.truncate(20_000_000_000)
    for path, words in (("pipe", "a pipe"), ("link", "can't be opened"), ("sparse", "20,000 MB"), ("", "a folder")):
        with pytest.raises(Refused, match=words):
            read_file(tmp_path / path)


@pytest.mark.parametrize(
    ("before", "holds"),
    [
        ({"status": "graded"}, True),
        ({"status": "graded", "stopped": True}, False),
        ({"status": "graded", "stopped": True, "limits": {"seconds": 9, "cell_seconds": 5}}, True),
        ({"status": "refused", "limits": {"seconds": 9, "cell_seconds": 5}}, True),
        ({"status": "refused", "limits": {"seconds": 9, "cell_seconds": 4}}, False),
        ({"status": "refused", "limits": {"seconds": 8, "cell_seconds": 5}}, False),
        ({"status": "failed", "limits": {"seconds": 9, "cell_seconds": 5}}, False),
        ({"status": "refused", "held_up": True, "limits": {"seconds": 9, "cell_seconds": 5}}, False),
        ({"status": "graded", "tests": "others"}, False),
    ],
)
def test_who_was_stopped_gets_another_chance_with_more_time(before, holds):
    same = {"sha256": "a", "tests": "b"}
    assert done(same | before, same, {"seconds": 9, "cell_seconds": 5}) == holds
