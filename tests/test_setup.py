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
import yaml

import ae_helpers

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
FOLDERS = "ae_helpers classroom tools docs tests benchmarks examples notebooks/src assignments/src"
CODE = tuple(FOLDERS.split())
# Where the module to import is not called as the package to install.
PACKAGE_OF_MODULE = {
    "markdown_it": "markdown-it-py",
    "sklearn": "scikit-learn",
    "skimage": "scikit-image",
    "PIL": "pillow",
    "axe_playwright_python": "axe-playwright-python",
    "mpl_toolkits": "matplotlib",
    "IPython": "ipython",
    "traitlets": "ipython",
    "yaml": "pyyaml",
}


def lines_of(file):
    """Lines without comments and surrounding space, as far as something is left."""
    lines = (re.sub(r"(^|\s)#.*", "", line).strip() for line in (ROOT / file).read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line]


def parsed(requirement):
    """`(name, set of bounds)`, in a form that can be compared."""
    name, bounds = re.fullmatch(r"([\w.-]+)\s*(.*)", requirement).groups()
    return re.sub(r"[-_.]+", "-", name).lower(), frozenset(bounds.replace(" ", "").split(","))


PROJECT = PYPROJECT["project"]
CORE = [parsed(line) for line in PROJECT["dependencies"]]
EXTRAS = {
    extra: [parsed(line) for line in lines if not line.startswith("ae-helpers[")]
    for extra, lines in PROJECT["optional-dependencies"].items()
}
REQUIREMENTS = CORE + [requirement for extra in EXTRAS.values() for requirement in extra]
IN_A_CLONE = CORE + [requirement for extra in ("tfds", "lessons", "site", "dev") for requirement in EXTRAS[extra]]
LOWEST_PYTHON, PYTHON_CAP = re.fullmatch(r">=(\d+\.\d+),<(\d+\.\d+)", PROJECT["requires-python"]).groups()


# Pages that tell what to type.
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


# One list.


def test_installing_the_requirements_installs_the_package_and_what_a_clone_needs():
    assert lines_of("requirements.txt") == ["-e .[lessons,dev]"]
    assert "ae-helpers[tfds]" in PROJECT["optional-dependencies"]["lessons"]
    assert "ae-helpers[site]" in PROJECT["optional-dependencies"]["dev"]


def test_the_wheel_brings_nothing_that_only_lessons_or_tests_need():
    """Nor does it bring the classroom, of which no extra is left."""
    unwanted = {"pytest", "ruff", "jupyter", "tensorflow-datasets", "nbgrader", "sphinx"}
    assert not unwanted & {name for name, _ in CORE}
    assert set(EXTRAS) >= {"lessons", "site", "dev", "tfds", "jax", "torch", "index"} and "classroom" not in EXTRAS


def test_the_installed_package_needs_the_same():
    required = importlib.metadata.requires("ae-helpers")
    needed = {parsed(line) for line in required if "extra ==" not in line}
    assert needed == set(CORE), "pyproject.toml has changed since: run `pip install -e .` again."


def test_environment_defers_to_the_list():
    lines = lines_of("environment.yml")
    python, *others = lines[lines.index("dependencies:") + 1 :]
    assert others == ["- pip", "- pip:", "- -r requirements.txt"]
    version = re.fullmatch(r"- python=(\d+\.\d+)", python)
    assert version, f"environment.yml should name a version of Python, but says {python!r}."
    assert numbers(LOWEST_PYTHON) <= numbers(version[1]) < numbers(PYTHON_CAP)


def test_constraints_hold_all_that_a_clone_installs_within_the_bounds():
    pinned = dict(line.split("==") for line in lines_of("constraints.txt"))
    for name, bounds in IN_A_CLONE + EXTRAS["jax"] + EXTRAS["index"]:
        assert within(pinned[name], bounds), f"{name}=={pinned[name]} in constraints.txt: run `make constraints`."


def numbers(version):
    return [int(number) for number in re.findall(r"\d+", version)]


def test_python_is_the_one_ruff_checks_for():
    assert PYPROJECT["tool"]["ruff"]["target-version"] == "py" + LOWEST_PYTHON.replace(".", "")


@pytest.mark.parametrize(("name", "bounds"), REQUIREMENTS)
def test_a_requirement_has_a_lower_bound_and_a_cap(name, bounds):
    (lowest,) = (bound.removeprefix(">=") for bound in bounds if bound.startswith(">="))
    (cap,) = (bound.removeprefix("<") for bound in bounds if bound.startswith("<"))
    assert len(bounds) == 2
    assert re.fullmatch(r"\d+", cap), f"The cap of {name} should be a major version, but is {cap}."
    assert numbers(lowest)[0] < int(cap)


@pytest.mark.parametrize(("name", "bounds"), IN_A_CLONE)
def test_what_is_installed_is_within_the_bounds(name, bounds):
    assert within(importlib.metadata.version(name), bounds)


def within(version, bounds):
    """Whether a version is not below the lower bound, and below the cap."""
    version = numbers(re.match(r"[\d.]+", version)[0])
    (lowest,) = (numbers(bound) for bound in bounds if bound.startswith(">="))
    (cap,) = (numbers(bound) for bound in bounds if bound.startswith("<"))
    return lowest <= [*version, 0, 0] and version < cap


def test_no_requirement_stands_twice():
    names = [name for name, _ in REQUIREMENTS]
    assert sorted(names) == sorted(set(names))


def test_all_that_is_imported_is_in_the_list():
    sources = [source for folder in CODE for source in (ROOT / folder).rglob("*.py")]
    assert len(sources) > 10
    ours = {*CODE, *(source.stem for folder in CODE[1:] for source in (ROOT / folder).rglob("*.py"))}
    assert not missing_of(sources, REQUIREMENTS, ours)


def test_all_that_the_package_imports_is_in_the_core_or_in_an_extra_of_its_own():
    sources = list((ROOT / "ae_helpers").rglob("*.py"))
    optional = [requirement for extra in ("tfds", "index") for requirement in EXTRAS[extra]]
    assert not missing_of(sources, CORE + optional, {"ae_helpers"})
    lazy = {"tensorflow_datasets", "requests", "usearch"}
    for source in sources:
        at_the_top = [node for node in ast.parse(source.read_text(encoding="utf-8")).body if not inside(node)]
        assert not lazy & imported(at_the_top), source


def inside(node):
    """Whether a statement at the top of a file holds others, which run later."""
    return isinstance(node, ast.FunctionDef | ast.ClassDef)


def missing_of(sources, requirements, ours):
    """What is imported from elsewhere than the standard library, us and the requirements."""
    listed = {name for name, _ in requirements}
    return {
        f"{module} in {source.relative_to(ROOT)}"
        for source in sources
        for module in imported_modules(source) - ours - sys.stdlib_module_names
        if parsed(PACKAGE_OF_MODULE.get(module, module))[0] not in listed
    }


def imported_modules(source):
    """Names of the top-level modules that a file imports, wherever in the file."""
    return imported(ast.walk(ast.parse(source.read_text(encoding="utf-8"))))


def imported(nodes):
    """Names of the top-level modules that statements import."""
    modules = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            modules |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            modules.add(node.module.split(".")[0])
    return modules


# The package.


@pytest.mark.slow
def test_importing_the_package_loads_nothing_heavy():
    program = """
import sys, time
start = time.process_time()
import ae_helpers
assert time.process_time() - start < 0.3, "importing the package takes a thousandth of a second"
heavy = {"tensorflow", "keras", "jax", "matplotlib", "pandas", "numpy", "IPython"} & set(sys.modules)
assert not heavy, heavy
from ae_helpers import claims, corruption, data, metrics
assert not {"keras", "tensorflow", "matplotlib"} & set(sys.modules)
from ae_helpers import plots
assert not {"keras", "tensorflow", "matplotlib.pyplot"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, timeout=1200)


def test_there_is_one_version():
    assert "version" in PROJECT["dynamic"] and PYPROJECT["tool"]["hatch"]["version"]["path"] == "ae_helpers/__init__.py"
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {ae_helpers.__version__}\n" in citation
    changes = re.findall(r"^## (\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert changes[0] == ae_helpers.__version__, "CHANGELOG.md says nothing of this version."
    assert importlib.metadata.version("ae-helpers") == ae_helpers.__version__, "Run `pip install -e .` again."


def test_classifiers_are_the_pythons_that_are_allowed():
    versions = [c.rpartition(" :: ")[2] for c in PROJECT["classifiers"] if " :: 3." in c]
    assert versions[0] == LOWEST_PYTHON and numbers(versions[-1])[1] + 1 == numbers(PYTHON_CAP)[1]


# The commands.


def makefile_targets():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    rules = re.findall(r"^([\w .-]+):(?![=])", makefile, flags=re.MULTILINE)
    return {target for rule in rules for target in rule.split()}


def test_every_command_that_is_named_exists():
    code = re.findall(r'[`"][^`"\n]+[`"]', (ROOT / "Makefile").read_text(encoding="utf-8"))
    # `code` and fenced blocks, not prose that makes sure of something.
    for page in PAGES:
        code += re.findall(r"`+[^`]+`+", page.read_text(encoding="utf-8"))
    named = set(re.findall(r"\bmake ([a-z][a-z-]*)", "\n".join(code)))
    assert {"lab", "test"} <= named <= makefile_targets()


def placeholders(text):
    """What a reader would have to fill in: words in capitals inside code, `<words>`, `@words@`, TODO."""
    code = "\n".join(re.findall(r"`+[^`]+`+", text))
    capitals = re.findall(r"(?<![\w./=$-])[A-Z]{3,}(?![\w=./])", code)
    return capitals + re.findall(r"<(?!!--)[\w ]+>|@\w+@|TODO", text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_have_no_placeholder(page):
    assert placeholders("`git clone ADDRESS autoencoders`") == ["ADDRESS"]
    assert set(placeholders(page.read_text(encoding="utf-8"))) <= {"MNIST", "PCA"}


def test_readme_is_one_screen_and_links_the_rest():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    without_the_path = "\n".join(line for line in readme.splitlines() if not line.startswith("|"))
    assert len(without_the_path.split()) <= 320
    assert "make lab" in readme and "make test" in readme
    links = re.findall(r"\]\(((?:docs/)?[\w/.-]+)\)", readme)
    assert {"docs/installing.md", "docs/teaching.md", "docs/scale.md", "docs/maintaining.md"} <= set(links)
    assert all((ROOT / link).exists() for link in links if not link.startswith(".."))


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


WORKFLOWS = {path.stem: yaml.safe_load(path.read_text()) for path in (ROOT / ".github" / "workflows").glob("*.yml")}
# Besides `make`: what the sandbox needs, and Windows, which has no make, as docs/installing.md says it.
PREPARING = (
    "sudo apt-get update && sudo apt-get install --yes bubblewrap",
    "sudo sysctl --write kernel.apparmor_restrict_unprivileged_userns=0",
)


def runs():
    """All commands of all workflows, with the values of their matrix."""
    for workflow in WORKFLOWS.values():
        for job in workflow["jobs"].values():
            matrix = job.get("strategy", {}).get("matrix", {})
            for command in (step["run"] for step in job["steps"] if "run" in step):
                for target in matrix.get("target", [""]):
                    yield job["runs-on"], command.replace("${{ matrix.target }}", target)


def test_workflows_run_commands_that_exist_here():
    installing, made = (ROOT / "docs" / "installing.md").read_text(encoding="utf-8"), set()
    for machine, command in runs():
        if command.startswith("make "):
            made.add(command.split()[1])
        elif machine == "windows-latest":
            assert command.removesuffix(' -m "not slow" tests') in installing, command
        else:
            assert command in PREPARING
    assert {"check", "test", "test-newest", "test-lowest"} <= made <= makefile_targets()


def test_workflows_check_each_python_and_system_that_is_promised():
    jobs = WORKFLOWS["check"]["jobs"]
    matrix = jobs["make"]["strategy"]["matrix"]
    classifiers = " ".join(PROJECT["classifiers"])
    assert all(f":: {version}" in classifiers for version in matrix["python"]) and len(matrix["python"]) == 3
    systems = {*matrix["os"], *(extra["os"] for extra in matrix["include"]), jobs["windows"]["runs-on"]}
    assert systems == {"ubuntu-latest", "macos-latest", "windows-latest"}


def test_the_container_has_what_the_commands_need():
    recipe = (ROOT / ".devcontainer" / "Dockerfile").read_text(encoding="utf-8")
    assert "bubblewrap make" in recipe
    version = re.search(r"^FROM python:(\d+\.\d+)-", recipe, re.MULTILINE)[1]
    assert numbers(LOWEST_PYTHON) <= numbers(version) < numbers(PYTHON_CAP)


def test_badges_are_those_of_workflows():
    badges = re.findall(r"actions/workflows/(\w+)\.yml/badge\.svg", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert badges and set(badges) <= set(WORKFLOWS)


def public_functions():
    """`(place, function, whether it is a method)` of all that a reader may call."""
    for source in sorted((ROOT / "ae_helpers").rglob("[!_]*.py")):
        waiting = [(node, "") for node in ast.parse(source.read_text(encoding="utf-8")).body]
        while waiting:
            node, within_class = waiting.pop()
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                waiting += [(inner, node.name) for inner in node.body]
            elif isinstance(node, ast.FunctionDef) and (node.name == "__init__" or not node.name.startswith("_")):
                yield f"{source.relative_to(ROOT)}:{node.lineno}", node, bool(within_class)


def test_public_functions_have_type_hints():
    missing = []
    for place, function, is_method in public_functions():
        arguments = function.args
        named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        without = [argument.arg for argument in named[is_method:] if argument.annotation is None]
        static = any(ast.unparse(decorator) == "staticmethod" for decorator in function.decorator_list)
        if is_method and static and named and named[0].annotation is None:
            without.append(named[0].arg)
        if without or (function.returns is None and function.name != "__init__"):
            missing.append(f"{place} {function.name} {without}")
    assert not missing
