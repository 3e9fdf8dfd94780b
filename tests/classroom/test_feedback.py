"""What a page may tell of an error."""

import nbformat
import pytest

from classroom.feedback import feedback_page, points_page, refusal_page
from classroom.plugins import OnlyWhatMayBeShown
from tests.classroom.test_any_submission import HIDDEN, HIDDEN_REGION, RELEASES, SOURCES, cell, release

SCORES = {"99-double-tests": {"score": 0, "most": 3, "by_hand": False, "comment": ""}}


def page(ename, evalue, cell=2, source="def double(x):\n    return grub(x)"):
    notebook = release(HIDDEN_REGION)
    notebook.cells[1].source = source
    error = nbformat.v4.new_output("error", ename=ename, evalue=evalue, traceback=[HIDDEN, ename, evalue])
    notebook.cells[cell].outputs = [nbformat.v4.new_output("stream", text=HIDDEN), error]
    return feedback_page("99", notebook, RELEASES["99_doubling"], SOURCES, SCORES)


@pytest.mark.parametrize(
    ("ename", "evalue", "words"),
    [
        ("AssertionError", "Twice 2 is 4, but you return 5.25.", "Twice 2 is 4, but you return 5.25."),
        ("AssertionError", "Twice 2 is 4, but you return [1, None].", "but you return [1, None]."),
        ("AssertionError", "Twice 2 is 4, but you return array([1.5e-3], dtype=float32).", "dtype"),
        ("AssertionError", "Wrong for other numbers: 43.", "Wrong for other numbers: 43."),
        ("NameError", "name 'grub' is not defined", "NameError: name &#x27;grub&#x27; is not defined"),
        ("TypeError", "double() missing 1 required positional argument: 'x'", "missing 1 required"),
        ("ZeroDivisionError", "division by zero", "division by zero"),
        ("NotImplementedError", "", "as it was handed out"),
        ("CellTimeoutError", "", "did not end in its time"),
    ],
)
def test_words_of_authors_and_of_python_are_shown(ename, evalue, words):
    assert words in page(ename, evalue)


@pytest.mark.parametrize("cell", [1, 2])
@pytest.mark.parametrize("ename", [HIDDEN, "AssertionError", "NameError", "Exception", "<b>"])
@pytest.mark.parametrize(
    "evalue", [HIDDEN, f"Twice 2 is 4, but you return {HIDDEN}.", f"name '{HIDDEN}' is not defined", "name 'secret' is"]
)
def test_nothing_else_is_shown(ename, evalue, cell):
    text = page(ename, evalue, cell)
    assert "double(21)" not in text and "secret" not in text and "<b>" not in text
    assert "class=failed" in text


def test_python_s_words_tell_no_words_of_hidden_tests():
    for words in (
        "No module named 'Wrong.for.other.numbers'",
        "No module named 'd.o.u.b.l.e'",
        "name 'numbers' is not defined",
    ):
        assert "class=failed>ModuleNotFoundError. Run" in page(
            "ModuleNotFoundError", words, cell=1, source="d o u b l e"
        )
    assert "named &#x27;my.own&#x27;" in page("ModuleNotFoundError", "No module named 'my.own'", 1, "import my.own")


def test_python_s_words_are_told_of_cells_that_were_handed_out():
    notebook = release(HIDDEN_REGION)
    error = nbformat.v4.new_output("error", ename="NameError", evalue="name 'double' is not defined", traceback=[])
    notebook.cells.insert(1, nbformat.v4.new_code_cell("double", outputs=[error]))
    assert "NameError. Run" in feedback_page("99", notebook, RELEASES["99_doubling"], SOURCES, SCORES)


def test_nbgrader_s_own_feedback_tells_the_same():
    notebook = release(HIDDEN_REGION)
    notebook.cells[1].source = "def double(x):\n    return grub(x)"
    told = {1: ("NameError", "name 'grub' is not defined"), 2: ("AssertionError", "Twice 2 is 4, but you return 5.")}
    for number, (ename, evalue) in told.items():
        error = nbformat.v4.new_output("error", ename=ename, evalue=evalue, traceback=[HIDDEN])
        notebook.cells[number].outputs = [error]
    shown, _ = OnlyWhatMayBeShown().preprocess(notebook, {})
    assert [cell.outputs[0].evalue for cell in shown.cells[1:3]] == [
        "NameError: name 'grub' is not defined",
        "Twice 2 is 4, but you return 5.",
    ]
    assert "double(21)" not in nbformat.writes(shown)


def test_pages_for_other_cases_are_clean():
    for text in (refusal_page("<b>", "<script>\x1b[2J"), points_page("<b>", SCORES)):
        assert "<b>" not in text and "<script" not in text and "\x1b" not in text and "default-src 'none'" in text


def test_words_of_a_function_before_the_test_are_shown():
    helper = 'def check(value):\n    assert value is not None, f"Something should come, but {value} came."\n'
    setup = cell("code", "99-setup", helper, grade=False, solution=False, locked=True)
    handed_out = release()
    handed_out.cells.insert(1, setup)
    notebook = nbformat.from_dict(handed_out)
    told = "Something should come, but None came."
    error = nbformat.v4.new_output("error", ename="AssertionError", evalue=told, traceback=[])
    notebook.cells[3].outputs = [error]
    assert told in feedback_page("99", notebook, handed_out, SOURCES, SCORES)
