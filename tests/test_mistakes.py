import subprocess
import sys

import pytest

from tools.check_mistakes import MISTAKES, ROOT, SOURCES, main, read, run, try_all, with_mistake

LISTS = sorted(MISTAKES.glob("*.toml"))
LESSON = """
from ae_helpers.claims import claim
error = 3.0
print("a line")
claim("The error is below 4.", error < 4)
claim("The error is positive.", error > 0)
"""


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.stem)
def test_each_mistake_fits_its_lesson(path):
    (source,) = SOURCES.glob(f"{path.stem}_*.py")
    text = source.read_text(encoding="utf-8")
    names = [mistake["name"] for mistake in read(path)]
    assert names and len(names) == len(set(names))
    for mistake in read(path):
        assert set(mistake) == {"name", "old", "new"}
        assert with_mistake(text, mistake) != text


def test_a_text_that_does_not_occur_once_is_refused():
    for old, count in (("warning", 0), ("error", 5)):
        with pytest.raises(ValueError, match=f"{old}.* occurs {count} times"):
            with_mistake(LESSON, {"old": old, "new": ""})


def test_run_tells_the_claim_that_failed(tmp_path):
    assert run(LESSON, folder=ROOT) is None
    assert run(LESSON.replace("3.0", "5.0"), folder=ROOT) == "The error is below 4."
    assert run(LESSON.replace("3.0", "-5.0"), folder=ROOT) == "The error is positive."


def test_a_lesson_that_stops_elsewhere_proves_nothing():
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        run(LESSON.replace("3.0", "1 / 0"), folder=ROOT)


def test_a_mistake_that_survives_is_told(tmp_path, capsys):
    (tmp_path / "src").mkdir()
    source = tmp_path / "src" / "99_short.py"
    source.write_text(LESSON.replace("from ae", f"import sys; sys.path.insert(0, {str(ROOT)!r})\nfrom ae"))
    caught = {"name": "too large", "old": "3.0", "new": "5.0"}
    survivor = {"name": "harmless", "old": "3.0", "new": "2.0"}
    assert not try_all(source, [caught])
    assert try_all(source, [survivor, caught])
    printed = capsys.readouterr().out
    assert printed.count("| too large | The error is below 4. |") == 2
    assert "| harmless | **none** |" in printed


def test_a_lesson_without_a_list_is_refused():
    with pytest.raises(SystemExit, match="no list of mistakes for 77"):
        main(["77"])
    done = subprocess.run([sys.executable, "tools/check_mistakes.py", "77"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and "77" in done.stderr
