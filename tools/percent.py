"""Notebooks as scripts (jupytext's percent format): where they stand, how they are read and run."""

import ast
import hashlib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import jupytext
import nbformat

from tools.environment import KERNEL_ENVIRONMENT

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"
SOURCES = NOTEBOOKS / "src"  # lessons; below it studies/ and solutions/, as below NOTEBOOKS


def key_of(source):
    """What a notebook is called on the command line: "01" a lesson, "01a" its study, "solutions/01" its solutions."""
    number = source.stem.split("_")[0]
    return f"solutions/{number}" if source.parent.name == "solutions" else number


def target_of(source):
    """Path of the notebook that is built from a script."""
    return (NOTEBOOKS / source.relative_to(SOURCES)).with_suffix(".ipynb")


def chosen_sources(wanted=()):
    """The scripts with the keys `wanted`, or all if it is empty: lessons, studies, solutions, in this order.

    Raises:
        ValueError: if a key fits none.
    """
    sources = [source for folder in ("", "studies", "solutions") for source in sorted((SOURCES / folder).glob("*.py"))]
    keys = {key_of(source): source for source in sources}
    unknown = [key for key in wanted if key not in keys]
    if unknown:
        raise ValueError(f"There is no notebook {', '.join(unknown)}. There are {', '.join(keys)}.")
    return [source for key, source in keys.items() if not wanted or key in wanted]


def read_source(source):
    """The notebook of a percent script, without outputs, with ids that depend on the cells' text alone."""
    notebook = read_script(source.read_text(encoding="utf-8"))
    seen = {}
    for cell in notebook.cells:
        name = hashlib.sha256(cell.source.encode()).hexdigest()[:8]
        seen[name] = seen.get(name, 0) + 1
        cell.id = name if seen[name] == 1 else f"{name}-{seen[name]}"
    return notebook


def read_script(text):
    """The notebook of a percent script's text, with the metadata that all our notebooks have."""
    notebook = jupytext.reads(text, fmt="py:percent")
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
        }
    )
    return notebook


def replaced(text, old, new):
    """`text` with `new` instead of `old`, which must occur once."""
    count = text.count(old)
    if count != 1:
        raise ValueError(f"{old!r} should occur once in the script, but occurs {count} times.")
    return text.replace(old, new)


def run_script(text, *, folder, refused=""):
    """Run a script's text as plain Python in `folder`; return what stopped it, or None if it came to its end.

    That is the claim that failed, or the message of a ValueError by which the package refused something.
    Where such an error comes up while numbers for a claim are computed, it is an accident, for the claim
    has judged nothing; unless `refused`, a part of the message, says that it is what should happen.

    Raises:
        RuntimeError: if it stops for another reason, such as a NameError; that proves nothing.
    """
    with tempfile.TemporaryDirectory() as place:
        script = Path(place, "lesson.py")
        script.write_text(text, encoding="utf-8")
        environment = {**os.environ, **KERNEL_ENVIRONMENT}
        done = subprocess.run([sys.executable, script], cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode == 0:
        return None
    innermost = done.stderr[done.stderr.rfind('\n  File "') :]
    parts = re.match(r'\n  File "(.+)", line .+\n +(.+)\n(?: .*\n)*([\w.]+): (.+)', innermost)
    file, code, error, message = parts.groups() if parts else ("", "", "", "")
    reason = "neither at a claim nor at a ValueError of the package"
    if Path(file).is_relative_to(ROOT / "ae_helpers") and code.startswith("raise "):  # on purpose
        if error == "ae_helpers.claims.ClaimFailed":
            return message.removeprefix("This does not hold: ")
        if error == "ValueError" or error.startswith("ae_helpers."):
            lines = [int(line) for line in re.findall(rf'File "{re.escape(str(script))}", line (\d+)', done.stderr)]
            if refused in message if refused else not any(is_for_a_claim(text, line) for line in lines):
                return f"{error.split('.')[-1]}: {message}"
            reason = f"at another error than {refused!r}" if refused else "while numbers for a claim were computed"
    raise RuntimeError(f"The lesson stopped, but {reason}:\n{done.stderr}")


def is_for_a_claim(text, line):
    """Whether a line of a script is of a claim, or of an assignment that nothing but claims read."""
    simple = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.stmt) and not hasattr(node, "body")]
    here = [statement for statement in simple if statement.lineno <= line <= statement.end_lineno]
    if any(is_claim(statement) for statement in here):
        return True
    targets = [target for statement in here if isinstance(statement, ast.Assign) for target in statement.targets]
    made = {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}
    readers = [
        statement
        for statement in simple
        if statement not in here and made & {name.id for name in ast.walk(statement) if isinstance(name, ast.Name)}
    ]
    return bool(readers) and all(map(is_claim, readers))


def is_claim(statement):
    call = getattr(statement, "value", None)
    return isinstance(call, ast.Call) and ast.unparse(call.func) == "claim"
