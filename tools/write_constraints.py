"""Write `constraints.txt`: the exact versions of all that is installed here for lessons and tests.

    python tools/write_constraints.py

Run it after the notebooks were built, so that it says with what their outputs were made.
`pip install -r requirements.txt -c constraints.txt` installs the same again.
"""

import importlib.metadata
import platform
import re
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
EXTRAS = ("lessons", "dev", "jax", "index")  # what `make test` installs


def closure(name: str, extras: tuple[str, ...] = ()) -> dict[str, str]:
    """Versions of the installed distributions that one needs, directly or not, by normalised name.

    Raises:
        importlib.metadata.PackageNotFoundError: if one of them is missing here.
    """
    versions: dict[str, str] = {}
    seen, waiting = set(), [(normalised(name), extras)]
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        distribution = importlib.metadata.distribution(name)
        versions[name] = distribution.version
        for line in distribution.requires or []:
            needed = Requirement(line)
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
                waiting.append((normalised(needed.name), tuple(sorted(needed.extras))))
    return versions


def normalised(name: str) -> str:
    """A distribution's name as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def main() -> None:
    versions = closure("ae-helpers", EXTRAS)
    del versions["ae-helpers"]
    lines = [
        f"# Written by `make constraints`, on Python {platform.python_version()}: with these the outputs were made.",
        "# pip install -r requirements.txt -c constraints.txt",
        # A part behind "+" names a build of the same version.
        *(f"{name}=={version.split('+')[0]}" for name, version in sorted(versions.items())),
    ]
    (ROOT / "constraints.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"constraints.txt: {len(versions)} versions")


if __name__ == "__main__":
    main()
