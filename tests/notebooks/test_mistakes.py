import re

import pytest

from tools.check_mistakes import MISTAKES, main, read, try_all
from tools.percent import ROOT, chosen_sources, is_for_a_claim, key_of, replaced, run_script

LISTS = sorted(MISTAKES.glob("*.toml"))
LESSON = """
from ae_helpers.claims import claim
error = 3.0
print("a line")
claim("The error is below 4.", error, "<", 4)
claim("The error is positive.", error, ">", 0)
"""


def test_every_lesson_has_a_list_and_every_list_a_notebook():
    keys = {key_of(source) for source in chosen_sources()}
    lists = {path.stem for path in LISTS}
    assert lists <= keys
    assert {key for key in keys if len(key) == 2} <= lists


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.stem)
def test_each_mistake_fits_its_notebook(path):
    (source,) = chosen_sources([path.stem])
    text = source.read_text(encoding="utf-8")
    names = [mistake["name"] for mistake in read(path)]
    assert len(names) >= 5 and len(names) == len(set(names))
    for mistake in read(path):
        assert set(mistake) - {"refused"} == {"name", "old", "new"}
        assert replaced(text, mistake["old"], mistake["new"]) != text


def test_a_text_that_does_not_occur_once_is_refused():
    for old, count in (("warning", 0), ("error", 5)):
        with pytest.raises(ValueError, match=f"{old}.* occurs {count} times"):
            replaced(LESSON, old, "")


@pytest.mark.slow
def test_run_tells_the_claim_that_failed():
    assert run_script(LESSON, folder=ROOT) is None
    assert run_script(LESSON.replace("3.0", "5.0"), folder=ROOT) == "The error is below 4. (5 < 4)"
    assert run_script(LESSON.replace("3.0", "-5.0"), folder=ROOT) == "The error is positive. (-5 > 0)"


@pytest.mark.slow
def test_run_tells_what_the_package_refused():
    refused = "from ae_helpers.metrics import squared_error\nsquared_error([[0.5]], [[0.5, 0.5]])"
    assert re.match(r"ValueError: .*\(1, 1\).*\(1, 2\)", run_script(refused, folder=ROOT))
    unclear = """
import pandas as pd
from ae_helpers.movies.titles import Titles
Titles(pd.DataFrame({"movieId": [1], "title": ["Toy Story (1995)"], "year": [1995]})).row("Toy Stories")
"""
    told = "UnclearTitle: It is not sure which movie is meant by 'Toy Stories'. The nearest are:"
    assert run_script(unclear, folder=ROOT) == told


STATISTICS = """
from ae_helpers.claims import claim
from ae_helpers.metrics import bootstrap_interval, squared_error
x = [[0.5], [0.25]]
errors = squared_error(x, x)
print(errors)
low, high = bootstrap_interval(
    errors, seed=0
)
claim("No error.", low, "==", 0)
claim("None at all.", bootstrap_interval(errors, seed=1)[1], "==", 0)
"""


def test_lines_that_are_for_a_claim():
    assert [line for line in range(1, 13) if is_for_a_claim(STATISTICS, line)] == [7, 8, 9, 10, 11]


@pytest.mark.slow
def test_an_error_on_the_way_to_a_claim_is_an_accident_unless_it_is_expected():
    for old in ("errors, seed=0", "errors, seed=1"):
        broken = STATISTICS.replace(old, old.replace("errors", "errors / 0"))  # 0 / 0 is NaN
        with pytest.raises(RuntimeError, match="while numbers for a claim were computed"):
            run_script(broken, folder=ROOT)
        refused = "bootstrap_interval needs two values"
        assert run_script(broken, folder=ROOT, refused=refused).startswith(f"ValueError: {refused}")
    with pytest.raises(RuntimeError, match="at another error than 'something else'"):
        run_script(broken, folder=ROOT, refused="something else")
    elsewhere = STATISTICS.replace("squared_error(x, x)", "squared_error(x, x[0])")
    assert run_script(elsewhere, folder=ROOT).startswith("ValueError: x and x_hat should have the same shape")


@pytest.mark.slow
@pytest.mark.parametrize(
    "crash",
    ["1 / 0", "nothing_of_this_name", "int('three')", "claim('no number', None, '<', 4)"],
)
def test_a_crash_is_no_catch(crash):
    with pytest.raises(RuntimeError, match="neither at a claim"):
        run_script(LESSON.replace("3.0", crash), folder=ROOT)


@pytest.mark.slow
def test_a_mistake_that_survives_is_told(capsys, tmp_path, monkeypatch):
    source = tmp_path / "99_short.py"
    source.write_text(LESSON, encoding="utf-8")
    monkeypatch.setattr("tools.check_mistakes.target_of", lambda source: ROOT / "99_short.ipynb")
    caught = {"name": "too large", "old": "3.0", "new": "5.0"}
    survivor = {"name": "harmless", "old": "3.0", "new": "2.0"}
    assert not try_all(source, [caught])
    assert try_all(source, [survivor, caught])
    printed = capsys.readouterr().out
    assert printed.count("| too large | The error is below 4. (5 < 4) |") == 2
    assert "| harmless | **none** |" in printed
    assert try_all(source, [{"name": "crash", "old": "3.0", "new": "1 / 0"}])
    assert "| crash | **by accident:** ZeroDivisionError: division by zero |" in capsys.readouterr().out


def test_a_notebook_without_a_list_is_refused(monkeypatch, tmp_path):
    with pytest.raises(SystemExit, match="no notebook 77"):
        main(["77"])
    monkeypatch.setattr("tools.check_mistakes.MISTAKES", ROOT / "nothing")
    with pytest.raises(SystemExit, match="no list of mistakes for 02"):
        main(["02"])


def test_some_mistakes_are_chosen_by_name(capsys, tmp_path, monkeypatch):
    source = tmp_path / "99_short.py"
    source.write_text(LESSON, encoding="utf-8")
    path = tmp_path / "99.toml"
    path.write_text(
        '[[mistake]]\nname = "too large"\nold = "3.0"\nnew = "5.0"\n'
        '[[mistake]]\nname = "no number"\nold = "3.0"\nnew = "None"\n'
    )
    monkeypatch.setattr("tools.check_mistakes.target_of", lambda source: ROOT / "99_short.ipynb")
    monkeypatch.setattr("tools.check_mistakes.chosen_sources", lambda wanted: [source])
    monkeypatch.setattr("tools.check_mistakes.MISTAKES", tmp_path)
    with pytest.raises(SystemExit, match=r"^0$"):
        main(["99"], only="large")
    assert "| too large |" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="No mistake has 'small' in its name"):
        main(["99"], only="small")
