"""Run the quick tests on each Python that the package promises and that is found here.

    python tools/check_pythons.py             # those found of 3.11, 3.12 and 3.13
    python tools/check_pythons.py 3.13        # one of them

Each gets an environment of its own, `.venv-3.13` and so on, made anew. A table says on which
versions the tests passed, failed, or could not be run. Nothing is downloaded but packages.
"""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def promised() -> list[str]:
    """Versions of Python that the package's classifiers name, such as `3.12`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    last = [classifier.rpartition(" :: ")[2] for classifier in project["classifiers"]]
    return [version for version in last if version.startswith("3.")]


def found(version: str) -> str | None:
    """Path of a Python of this version on this machine, or None: pyenv's, one on the path, or uv's."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    candidates = [str(path) for path in sorted(pyenv.glob(f"{version}.*/bin/python"))]
    candidates += [f"python{version}", *said(uv(), "python", "find", "--no-python-downloads", version)]
    tell = "import sys; print('{}.{}'.format(*sys.version_info), sys.executable)"
    for candidate in candidates:
        for line in said(candidate, "-c", tell):
            if line.split(" ", 1)[0] == version:
                return line.split(" ", 1)[1]
    return None


def said(*command: str) -> list[str]:
    """Lines that a command printed; none if it failed or does not exist."""
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    except OSError:
        return []
    return done.stdout.splitlines() if done.returncode == 0 else []


def uv() -> str:
    """The program uv, which `make` installs beside us; else the one on the path."""
    ours = ROOT / ".venv-uv" / ("Scripts" if os.name == "nt" else "bin") / "uv"
    return str(ours) if ours.exists() else "uv"


def passes(version: str, python: str) -> bool:
    """Whether the quick tests pass on a Python, in an environment of their own."""
    folder = ROOT / f".venv-{version}"
    inside = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    commands = [
        [uv(), "venv", "--quiet", "--clear", "--python", python, str(folder)],
        [uv(), "pip", "install", "--quiet", "--python", str(inside), "-r", "requirements.txt"],
        [str(inside), "-m", "pytest", "-q", "-m", "not slow", "-n", "2", "--dist", "loadfile", "tests"],
    ]
    return all(subprocess.run(command, cwd=ROOT).returncode == 0 for command in commands)


def main(wanted: list[str]) -> int:
    results = {}
    for version in wanted or promised():
        python = found(version)
        results[version] = "not found here" if python is None else "passed" if passes(version, python) else "FAILED"
    print("\n| Python | quick tests |\n|---|---|")
    for version, result in results.items():
        print(f"| {version} | {result} |")
    return int("FAILED" in results.values() or "passed" not in results.values())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
