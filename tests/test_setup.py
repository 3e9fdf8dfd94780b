"""The lists of requirements, the package and the commands agree with each other."""

import ast
import importlib.metadata
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CODE = ("ae_helpers", "classroom", "tools", "tests", "benchmarks", "examples", "notebooks/src", "assignments/src")
# Where the module to import is not called as the package to install.
PACKAGE_OF_MODULE = {"sklearn": "scikit-learn", "skimage": "scikit-image", "IPython": "jupyter", "traitlets": "jupyter"}


def lines_of(file):
    """Lines without comments and surrounding space, as far as something is left."""
    lines = (re.sub(r"(^|\s)#.*", "", line).strip() for line in (ROOT / file).read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line]


def parsed(requirement):
    """`(name, set of bounds)`, in a form that can be compared."""
    name, bounds = re.fullmatch(r"([\w.-]+)\s*(.*)", requirement).groups()
    return re.sub(r"[-_.]+", "-", name).lower(), frozenset(bounds.replace(" ", "").split(","))


REQUIREMENTS = [parsed(line) for line in lines_of("requirements.txt") if not line.startswith("-")]
EXTRAS = [parsed(line) for extra in ("jax", "index", "classroom") for line in lines_of(f"requirements-{extra}.txt")]
LOWEST_PYTHON, PYTHON_CAP = re.fullmatch(r">=(\d+\.\d+),<(\d+\.\d+)", PYPROJECT["project"]["requires-python"]).groups()


# One list.


def test_installing_the_list_installs_the_package():
    assert [line for line in lines_of("requirements.txt") if line.startswith("-")] == ["-e ."]


def test_pyproject_reads_the_list():
    assert PYPROJECT["project"]["dynamic"] == ["dependencies", "optional-dependencies"]
    hook = PYPROJECT["tool"]["hatch"]["metadata"]["hooks"]["requirements_txt"]
    extras = {extra: [f"requirements-{extra}.txt"] for extra in ("jax", "index", "classroom")}
    assert hook == {"files": ["requirements.txt"], "optional-dependencies": extras}


def test_the_installed_package_needs_the_same():
    required = importlib.metadata.requires("ae-helpers")
    needed = {parsed(line) for line in required if "extra ==" not in line}
    assert needed == set(REQUIREMENTS), "requirements.txt has changed since: run `pip install -e .` again."


def test_environment_defers_to_the_list():
    lines = lines_of("environment.yml")
    python, *others = lines[lines.index("dependencies:") + 1 :]
    assert others == ["- pip", "- pip:", "- -r requirements.txt"]
    version = re.fullmatch(r"- python=(\d+\.\d+)", python)
    assert version, f"environment.yml should name a version of Python, but says {python!r}."
    assert numbers(LOWEST_PYTHON) <= numbers(version[1]) < numbers(PYTHON_CAP)


def numbers(version):
    return [int(number) for number in re.findall(r"\d+", version)]


def test_python_is_the_one_ruff_checks_for():
    assert PYPROJECT["tool"]["ruff"]["target-version"] == "py" + LOWEST_PYTHON.replace(".", "")


@pytest.mark.parametrize(("name", "bounds"), REQUIREMENTS + EXTRAS)
def test_a_requirement_has_a_lower_bound_and_a_cap(name, bounds):
    (lowest,) = (bound.removeprefix(">=") for bound in bounds if bound.startswith(">="))
    (cap,) = (bound.removeprefix("<") for bound in bounds if bound.startswith("<"))
    assert len(bounds) == 2
    assert re.fullmatch(r"\d+", cap), f"The cap of {name} should be a major version, but is {cap}."
    assert numbers(lowest)[0] < int(cap)


@pytest.mark.parametrize(("name", "bounds"), REQUIREMENTS)
def test_what_is_installed_is_within_the_bounds(name, bounds):
    installed = numbers(re.match(r"[\d.]+", importlib.metadata.version(name))[0])
    (lowest,) = (numbers(bound) for bound in bounds if bound.startswith(">="))
    (cap,) = (numbers(bound) for bound in bounds if bound.startswith("<"))
    assert lowest <= [*installed, 0, 0] and installed < cap


def test_no_requirement_stands_twice():
    names = [name for name, _ in REQUIREMENTS + EXTRAS]
    assert sorted(names) == sorted(set(names))


def test_all_that_is_imported_is_in_the_list():
    sources = [source for folder in CODE for source in (ROOT / folder).rglob("*.py")]
    ours = {*CODE, *(source.stem for folder in CODE[1:] for source in (ROOT / folder).glob("*.py"))}
    listed = {name for name, _ in REQUIREMENTS + EXTRAS}
    missing = set()
    for source in sources:
        for module in imported_modules(source) - ours - sys.stdlib_module_names:
            if parsed(PACKAGE_OF_MODULE.get(module, module))[0] not in listed:
                missing.add(f"{module} in {source.relative_to(ROOT)}")
    assert len(sources) > 10 and not missing


def imported_modules(source):
    """Names of the top-level modules that a file imports, wherever in the file."""
    modules = set()
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            modules.add(node.module.split(".")[0])
    return modules


# The package.


def test_importing_the_package_loads_nothing_heavy():
    program = """
import sys
import ae_helpers
heavy = {"tensorflow", "keras", "jax", "matplotlib", "pandas", "numpy", "IPython"} & set(sys.modules)
assert not heavy, heavy
from ae_helpers import claims, corruption, data, metrics
assert not {"keras", "tensorflow", "matplotlib"} & set(sys.modules)
from ae_helpers import plots
assert not {"keras", "tensorflow", "matplotlib.pyplot"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, timeout=1200)


# The commands.


def makefile_targets():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    rules = re.findall(r"^([\w .-]+):(?![=])", makefile, flags=re.MULTILINE)
    return {target for rule in rules for target in rule.split()}


def test_every_command_that_is_named_exists():
    code = re.findall(r'[`"][^`"\n]+[`"]', (ROOT / "Makefile").read_text(encoding="utf-8"))
    # `code` and fenced blocks, not prose that makes sure of something.
    code += re.findall(r"`+[^`]+`+", (ROOT / "README.md").read_text(encoding="utf-8"))
    named = set(re.findall(r"\bmake ([a-z][a-z-]*)", "\n".join(code)))
    assert {"lab", "test"} <= named <= makefile_targets()


def placeholders(text):
    """What a reader would have to fill in: words in capitals inside code, `<words>`, `@words@`, TODO."""
    code = "\n".join(re.findall(r"`+[^`]+`+", text))
    capitals = re.findall(r"(?<![\w./=$-])[A-Z]{3,}(?![\w=./])", code)
    return capitals + re.findall(r"<(?!!--)[\w ]+>|@\w+@|TODO", text)


def test_readme_has_no_placeholder():
    assert placeholders("`git clone ADDRESS autoencoders`") == ["ADDRESS"]
    assert set(placeholders((ROOT / "README.md").read_text(encoding="utf-8"))) <= {"MNIST"}


def test_every_command_of_the_makefile_is_phony_and_explained():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = set(re.search(r"^\.PHONY:(.*)", makefile, flags=re.MULTILINE)[1].split())
    assert phony == {target for target in makefile_targets() if not target.startswith(".")}
    explained = set(re.findall(r'@echo "make ([a-z-]+)', makefile))
    assert explained == phony - {"help", "clean"}


def test_continuous_integration_runs_what_readers_run():
    script = ROOT / ".ci" / "run"
    assert "make test" in script.read_text(encoding="utf-8").splitlines()
    assert os.access(script, os.X_OK)
