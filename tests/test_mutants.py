import ast
import os
import shutil
import subprocess
import sys

import pytest

from tools import check_mutants
from tools.check_mutants import ROOT, Order, all_changes, modules, reaching

MODULE = '''"""What it is."""

LIMIT: int = 3


def first(x: int | None, names=(), *, low=0.5) -> bool | None:
    """A docstring."""
    if not x and names:
        raise ValueError(f"{x + 1} is wrong")
    x = max(divmod(x, -1), divmod(x, x).swapaxes(0, 1))
    print(x, sep="")
    for name, _ in zip([name for name in names if name], names, strict=True):
        continue
    return x < low
'''


def test_every_kind_of_change_and_no_docstring_type_or_message():
    changes = [str(change) for change in all_changes(ast.parse(MODULE))]
    assert changes == [
        "3 → 4",
        "first: 0.5 → 1.5",
        "first: not x and names → Or",
        "first: not x → x",
        "first: raise ValueError(f'{x + 1} is wrong') → gone",
        "first: x = max(divmod(x, -1), divmod(x, x).swapaxes(0, 1)) → gone",
        "first: max → min",
        "first: divmod(x, -1) → divmod(-1, x)",
        "first: -1 → 0",
        "first: 0 → 1",
        "first: 1 → 2",
        "first: print(x, sep='') → gone",
        "first: sep='' → gone",
        "first: zip([name for name in names if name], names, strict=True) → "
        "zip(names, [name for name in names if name], strict=True)",
        "first: name → gone",
        "first: continue → gone",
        "first: return x < low → return None",
        "first: x < low → LtE",
        "first: x < low → Gt",
    ]


def test_each_change_is_one_of_its_own_and_can_run():
    for number in range(len(all_changes(ast.parse(MODULE)))):
        tree = ast.parse(MODULE)
        before = ast.unparse(tree)
        all_changes(tree)[number].apply()
        compile(ast.fix_missing_locations(tree), "module.py", "exec")
        assert ast.unparse(tree) != before


def test_lines_that_a_test_must_reach():
    changes = {str(change): change.lines() for change in all_changes(ast.parse(MODULE))}
    assert changes["3 → 4"] == set()  # runs on import
    assert changes["first: not x → x"] == {8}
    assert changes["first: -1 → 0"] == {10}
    assert changes["first: 0.5 → 1.5"] == set(range(7, 15))  # whoever calls it


def test_only_tests_that_reach_the_lines_run_the_quickest_first_and_slow_ones_only_without_others():
    class Item:
        def __init__(self, nodeid):
            self.nodeid = nodeid

        def get_closest_marker(self, name):
            return name == "slow" and self.nodeid in "de"

    reach = {"a": (3.0, [7]), "b": (2.0, [1]), "c": (1.0, [7, 8]), "d": (9.0, [8, 9]), "e": (0.1, [1, 9])}

    def run(lines):
        items = [Item(name) for name in reach]
        Order(reaching(reach, lines)).pytest_collection_modifyitems(items)
        return "".join(item.nodeid for item in items)

    assert (run({7, 8}), run({9}), run({5}), run(set())) == ("ca", "ed", "", "cba")


def test_what_is_compiled_to_other_lines_is_tried_where_its_definition_is_reached(monkeypatch):
    tree = ast.parse(MODULE)
    change = all_changes(tree)[-1]
    assert change.lines() == {14} and change.function.lineno == 6
    monkeypatch.setattr(check_mutants, "in_child", lambda run, seconds: 1)
    for lines, expected in (([6], True), ([14], True), ([1, 7], False)):
        assert check_mutants.noticed("small.py", tree, change, {"a": (1.0, lines)}) is expected


def test_what_is_compiled_from_its_source_is_changed_too(monkeypatch):
    monkeypatch.setattr(check_mutants, "in_child", lambda run, seconds: run())
    monkeypatch.setattr(check_mutants, "run_tests", lambda *arguments: 0)
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    tree = ast.parse(MODULE)
    assert not check_mutants.noticed("small.py", tree, all_changes(tree)[-1], {"a": (1.0, [6])})
    assert sys.meta_path[0].code.co_filename == "<changed>"  # none that anybody could read


def test_names_of_modules_and_their_tests():
    assert modules(["ratings", "movies.titles"]) == ["movies/titles.py", "ratings.py"]
    assert {"data/tfds.py", "data/titles.py"} < set(modules(["data"])) < set(modules([]))
    assert check_mutants.files_of_tests("ratings.py") == "tests/test_ratings.py"
    assert check_mutants.files_of_tests("movies/titles.py") == "tests/movies"
    assert all((ROOT / check_mutants.files_of_tests(module)).exists() for module in modules([]))
    with pytest.raises(ValueError, match="no module or folder nothing in"):
        modules(["ratings", "nothing"])


@pytest.mark.slow
def test_a_change_is_noticed_survives_or_is_accepted(tmp_path):
    """In a package of its own: its test notices all changes but one, and another nobody can notice."""
    for folder in ("ae_helpers", "tests", "tools"):
        (tmp_path / folder).mkdir()
    for name in ("check_mutants.py", "environment.py"):
        shutil.copy(ROOT / "tools" / name, tmp_path / "tools")
    (tmp_path / "ae_helpers" / "__init__.py").touch()  # or else the installed package would be found
    module = tmp_path / "ae_helpers" / "small.py"
    module.write_text(
        "def size(x):\n    return -x if x <= 0 else x * 1\n\n\ndef on_import():\n    return 3\n\n\nSIZE = on_import()\n"
    )
    (tmp_path / "tests" / "test_small.py").write_text(
        "from ae_helpers.small import SIZE, size\n\n\n"
        "def test():\n    assert [size(x) for x in (-2, 1, SIZE)] == [2, 1, 3]\n"
    )
    (tmp_path / "tests" / "mutants.toml").write_text('["small.py"]\n"size: x <= 0 → Lt" = "-0 is 0"\n')
    command = [sys.executable, "-m", "tools.check_mutants", "small"]
    done = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path)}, capture_output=True, text=True
    )
    assert done.returncode == 1, done.stderr
    assert done.stdout.splitlines()[-1].startswith("| small.py | 9 | 7 | 1 | 1 |")
    assert "ae_helpers/small.py:2  size: x * 1 → Div" in done.stderr.splitlines()
    assert ": x <= 0 → Lt" not in done.stderr
