"""Change the package on purpose, one place at a time: a test must notice each change.

    python -m tools.check_mutants                  # 40 changes of each module
    python -m tools.check_mutants ratings data     # of some modules or folders
    python -m tools.check_mutants ratings --seed 1 # 40 others
    python -m tools.check_mutants ratings --all    # every change
    python -m tools.check_mutants ratings --line 120   # the changes of one line

A module's tests are those of the file with its name, or of the folder for a module in a folder. They
run once with the code as it is, to see which lines each test reaches. Then each change runs in a
forked process, in memory: the tests that reach it, the quickest first, up to the first that fails; what
runs on import is reached by all. Tests marked slow run only where no others reach it. A table in
Markdown says how many changes were noticed; standard error lists the rest. A change that nobody can notice
stands in `tests/mutants.toml`, with the reason. Exit code 1 if others survived.

Not changed are types, the messages of errors, and the `strict` of `zip`, which only guards.
"""

import argparse
import ast
import gc
import importlib
import importlib.machinery
import importlib.util
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
import tomllib
import warnings
from collections import defaultdict
from pathlib import Path

from tools.environment import KERNEL_ENVIRONMENT

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "ae_helpers"
ACCEPTED = ROOT / "tests" / "mutants.toml"
SAMPLE = 40
# Imported once, before the forks. TensorFlow survives a fork as long as it has computed nothing.
SHARED = ["keras", "sklearn.decomposition", "skimage.restoration", "matplotlib.pyplot", "rapidfuzz", "hypothesis",
          "pandas", "scipy.sparse", "IPython", "pytest"]  # fmt: skip

OTHER_OPERATORS = {
    ast.Lt: [ast.LtE, ast.Gt], ast.LtE: [ast.Lt, ast.Gt], ast.Gt: [ast.GtE, ast.Lt], ast.GtE: [ast.Gt, ast.Lt],
    ast.Eq: [ast.NotEq], ast.NotEq: [ast.Eq], ast.Is: [ast.IsNot], ast.IsNot: [ast.Is], ast.In: [ast.NotIn],
    ast.NotIn: [ast.In], ast.Add: [ast.Sub], ast.Sub: [ast.Add], ast.Mult: [ast.Div], ast.Div: [ast.Mult],
    ast.Pow: [ast.Mult], ast.FloorDiv: [ast.Mult], ast.Mod: [ast.Mult], ast.BitAnd: [ast.BitOr],
    ast.BitOr: [ast.BitAnd], ast.And: [ast.Or], ast.Or: [ast.And],
}  # fmt: skip
OTHER_NAMES = {"min": "max", "minimum": "maximum", "argmin": "argmax", "any": "all", "floor": "ceil"}
OTHER_NAMES |= {other: name for name, other in OTHER_NAMES.items()}
EITHER_ORDER = ("max", "min", "maximum", "minimum", "array_equal", "shares_memory", "swapaxes")


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="modules or folders, such as ratings, data, movies.titles")
    parser.add_argument("--sample", type=int, default=SAMPLE, help=f"changes of each module (default: {SAMPLE})")
    parser.add_argument("--seed", type=int, default=0, help="another seed draws other samples")
    parser.add_argument("--all", action="store_true", help="every change, not a sample")
    parser.add_argument("--line", type=int, action="append", help="every change of this line; may be repeated")
    options = parser.parse_args(arguments)
    try:
        chosen = modules(options.names)
    except ValueError as error:
        parser.error(str(error))
    os.environ.update({"MPLBACKEND": "agg", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **KERNEL_ENVIRONMENT})
    os.chdir(ROOT)
    for name in SHARED:
        importlib.import_module(name)
    gc.freeze()  # what is imported is never garbage: each child would look through it
    warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
    accepted = tomllib.loads(ACCEPTED.read_text(encoding="utf-8"))
    print("| module | made | noticed | equal in effect | survived | s |\n|---|---|---|---|---|---|", flush=True)
    survived, reach = False, {}
    for module in chosen:
        started = time.perf_counter()
        if module not in reach:
            tests = files_of_tests(module)
            reach |= reached(tests, [other for other in chosen if files_of_tests(other) == tests])
            if noticed(module, None, None, reach[module]):
                sys.exit(f"{tests} fails with nothing changed, when the quickest tests come first.")
        tree = ast.parse((PACKAGE / module).read_text(encoding="utf-8"))
        changes = [change for change in all_changes(tree) if not options.line or change.line in options.line]
        if not options.all and not options.line and len(changes) > options.sample:
            changes = random.Random(f"{module} {options.seed}").sample(changes, options.sample)
        unnoticed = [change for change in changes if not noticed(module, tree, change, reach[module])]
        survivors = [change for change in unnoticed if str(change) not in accepted.get(module, {})]
        counts = len(changes), len(changes) - len(unnoticed), len(unnoticed) - len(survivors), len(survivors)
        print("|", *(f"{cell} |" for cell in [module, *counts, round(time.perf_counter() - started)]), flush=True)
        for change in survivors:
            print(f"ae_helpers/{module}:{change.line}  {change}", file=sys.stderr, flush=True)
        survived |= bool(survivors)
    sys.exit(1 if survived else 0)


def modules(names):
    """Paths of the modules with these names or in these folders, below the package; all if there are no names."""
    every = [str(path.relative_to(PACKAGE)) for path in sorted(PACKAGE.rglob("*.py")) if path.name != "__init__.py"]
    paths = [name.replace(".", "/") for name in names] or [""]
    if missing := [path for path in paths if not any(fits(module, path) for module in every)]:
        raise ValueError(f"There is no module or folder {', '.join(missing)} in ae_helpers.")
    return [module for module in every if any(fits(module, path) for path in paths)]


def fits(module, path):
    return not path or module == f"{path}.py" or module.startswith(f"{path}/")


class Change:
    """Another node, or None for a statement that is left out, in a field of a node."""

    def __init__(self, holder, field, index, new, *, inside):
        self.holder, self.field, self.index, self.new = holder, field, index, new
        self.function, self.statement = inside
        value = getattr(holder, field)
        self.old = value if index is None else value[index]
        self.line = getattr(self.old, "lineno", None) or holder.lineno

    def apply(self):
        """Change the tree. There is no way back: this happens in a process of its own."""
        if self.index is None:
            setattr(self.holder, self.field, self.new)
        elif self.new is None and self.field in ("keywords", "ifs"):
            del getattr(self.holder, self.field)[self.index]
        else:
            getattr(self.holder, self.field)[self.index] = self.new or ast.Pass()

    def lines(self):
        """The lines that a test must run to see it; empty for what runs on import."""
        if self.function is None:
            return set()
        body = getattr(self.statement, "body", None)
        if self.statement is self.function or not isinstance(body, list):
            return set(range((body or [self.statement])[0].lineno, self.statement.end_lineno + 1))
        return set(range(self.statement.lineno, body[0].lineno))

    def __str__(self):
        where = f"{self.function.name}: " if self.function else ""
        if isinstance(self.old, (ast.operator, ast.cmpop, ast.boolop)):
            old, new = ast.unparse(self.holder), type(self.new).__name__
        else:
            old, new = ast.unparse(self.old), "gone" if self.new is None else ast.unparse(self.new)
        return f"{where}{old} → {new}"


def all_changes(tree):
    """Every change of a module that is tried, in the order of its text."""
    return list(_changes(tree, None, None))


def _changes(node, function, statement):
    if isinstance(node, ast.FunctionDef):
        function = node
    if isinstance(node, ast.stmt):
        statement = node
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "type_params", "decorator_list") or isinstance(node, ast.Raise):
            continue  # types, and the messages of errors
        for index, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(child, ast.AST) or (isinstance(child, ast.keyword) and child.arg == "strict"):
                continue
            inside = (function, child if isinstance(child, ast.stmt) else statement)
            for new in _others(child, node, field):
                yield Change(node, field, index, new, inside=inside)
            yield from _changes(child, function, statement)


def _others(node, holder, field):
    """What may stand in the place of a node: None for nothing."""
    for kind in OTHER_OPERATORS.get(type(node), ()):
        yield kind()
    match node:
        case ast.Constant(value=bool()):
            yield ast.Constant(not node.value)
        case ast.Constant(value=int() | float()) if not isinstance(holder, ast.UnaryOp):
            swapped = isinstance(holder, ast.keyword) and holder.arg == "axis" and node.value in (0, 1)
            yield ast.Constant(1 - node.value if swapped else node.value + 1)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=value)) if value:
            yield ast.Constant(1 - value)  # -1 is 0
        case ast.UnaryOp():
            yield node.operand
        case ast.Name(id=name) if name in OTHER_NAMES and field == "func":
            yield ast.Name(OTHER_NAMES[name], ast.Load())
        case ast.Attribute(attr=name) if name in OTHER_NAMES and field == "func":
            yield ast.Attribute(node.value, OTHER_NAMES[name], ast.Load())
        case ast.keyword() if node.arg:
            yield None
        case ast.Call(args=[first, second, *others]) if not (
            any(isinstance(arg, ast.Starred) for arg in node.args)
            or ast.unparse(node.func).endswith(EITHER_ORDER)
            or ast.unparse(first) == ast.unparse(second)
        ):
            yield ast.Call(node.func, [second, first, *others], node.keywords)
        case ast.Return(value=ast.expr() as value) if ast.unparse(value) != "None":
            yield ast.Return(ast.Constant(None))
        case ast.Expr(value=ast.Constant()):
            pass  # a docstring
        case ast.Expr() | ast.AugAssign() | ast.Raise() | ast.Continue() | ast.Break() | ast.Delete():
            yield None
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            if name in {part.id for part in ast.walk(value) if isinstance(part, ast.Name)}:
                yield None  # x = f(x); without another assignment, the name would be missing
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            yield None
    if field == "test" and isinstance(node, (ast.Name, ast.Attribute, ast.Call, ast.NamedExpr)):
        yield ast.UnaryOp(ast.Not(), node)
    if field == "ifs":
        yield None


def files_of_tests(module):
    """The file, or the folder, of a module's tests."""
    folder = Path(module).parent
    return str(Path("tests") / (folder if folder.name else f"test_{module}"))


class Order:
    """Plugin of pytest: of the tests with seconds, those that run, and in which order."""

    def __init__(self, seconds):
        self.seconds = seconds

    def pytest_collection_modifyitems(self, items):
        reaching = [item for item in items if item.nodeid in self.seconds]
        quick = [item for item in reaching if not item.get_closest_marker("slow")]
        items[:] = sorted(quick or reaching, key=lambda item: self.seconds[item.nodeid])


class Tracer:
    """Plugin of pytest: the seconds that each test takes, and the lines of modules that it reaches.

    What runs while tests are collected, such as a decorator, each test reaches.
    """

    def __init__(self, modules):
        self.modules = {str(PACKAGE / module): module for module in modules}
        self.reach = {module: {} for module in modules}
        self.collected = defaultdict(set)

    def trace(self, frame, event, argument):
        if module := self.modules.get(frame.f_code.co_filename):
            self.lines[module].add(frame.f_lineno)
            return self.trace

    def pytest_collection(self):
        self.lines = self.collected
        sys.settrace(self.trace)

    def pytest_runtest_logstart(self, nodeid):
        self.lines, self.started = defaultdict(set), time.perf_counter()
        sys.settrace(self.trace)
        threading.settrace(self.trace)

    def pytest_runtest_logfinish(self, nodeid):
        sys.settrace(None)
        threading.settrace(None)
        seconds = time.perf_counter() - self.started
        for module, reach in self.reach.items():
            reach[nodeid] = seconds, sorted(self.lines[module] | self.collected[module])


def reached(tests, modules):
    """For each module, of each test: its seconds, and the lines of the module that it reaches."""
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder, "reach.json")

        def run():
            tracer = Tracer(modules)
            code = run_tests([tests], tracer)
            result.write_text(json.dumps(tracer.reach), encoding="utf-8")
            return code

        if in_child(run, seconds=1200, quiet=False) != 0:
            sys.exit(f"{tests} fails before anything was changed.")
        return json.loads(result.read_text(encoding="utf-8"))


def reaching(reach, lines):
    """Seconds of each test that reaches one of these lines; of all tests, if there are none."""
    return {test: seconds for test, (seconds, reached) in reach.items() if not lines or not lines.isdisjoint(reached)}


def noticed(module, tree, change, reach):
    """Whether a test fails, or hangs, with this change; None for no change, and all tests."""
    tests = reaching(reach, change.lines() if change else set())
    if not tests and change.function:  # TensorFlow compiles a function to other lines: tests that reach its definition
        tests = reaching(reach, {change.function.lineno})
    if not tests:
        return False

    def run():
        if change:
            change.apply()
            # Not the file's name: TensorFlow would compile what stands in the file.
            code = compile(ast.fix_missing_locations(tree), "<changed>", "exec")
            sys.meta_path.insert(0, Finder(module, code))
        return run_tests({test.split("::")[0] for test in tests}, Order(tests), "-x")

    return in_child(run, seconds=int(60 + 10 * sum(tests.values()))) != 0


class Finder(importlib.machinery.SourceFileLoader):
    """Imports the changed code in the place of one module."""

    def __init__(self, module, code):
        super().__init__("ae_helpers." + module.removesuffix(".py").replace("/", "."), str(PACKAGE / module))
        self.code = code

    def find_spec(self, name, path=None, target=None):
        return importlib.util.spec_from_file_location(name, self.path, loader=self) if name == self.name else None

    def get_code(self, name):
        return self.code


def run_tests(files, plugin, *options):
    import pytest

    options = ["-q", "-o", "addopts=--import-mode=importlib", "-p", "no:cacheprovider", "-W", "ignore",
               "--rootdir", str(ROOT), *options]  # fmt: skip
    return int(pytest.main([*options, *sorted(files)], [plugin]))


def in_child(function, *, seconds, quiet=True):
    """What `function` returns in a forked process; something below 0 if it hangs or dies."""
    sys.stdout.flush()
    if pid := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    code = 70
    try:
        signal.alarm(seconds)  # it ends the process, whatever that is doing
        if quiet:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 1)
            os.dup2(nowhere, 2)
        else:
            os.dup2(2, 1)
        code = function()
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
