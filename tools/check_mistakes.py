"""Make classic mistakes in a lesson on purpose, one at a time: a claim must catch each.

    python tools/check_mistakes.py          # all lessons that have a list of mistakes
    python tools/check_mistakes.py 02       # one of them

The mistakes stand in `tests/mistakes/NN.toml`: a name, a text that occurs once in the
lesson's script, and what takes its place. Each is tried in a copy of the script, which
runs as plain Python up to the first claim that does not hold. A table in Markdown says
which claim that was. If the lesson runs to its end, the mistake has survived: exit code 1.
"""

import os
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

from tools.environment import KERNEL_ENVIRONMENT

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "notebooks" / "src"
MISTAKES = ROOT / "tests" / "mistakes"


def main(wanted):
    lists = {path.stem: path for path in sorted(MISTAKES.glob("[0-9][0-9].toml"))}
    unknown = [number for number in wanted if number not in lists]
    if unknown:
        sys.exit(f"There is no list of mistakes for {', '.join(unknown)} in {MISTAKES.relative_to(ROOT)}.")
    survived = False
    for number, path in lists.items():
        if not wanted or number in wanted:
            (source,) = SOURCES.glob(f"{number}_*.py")
            survived |= try_all(source, read(path))
    sys.exit(1 if survived else 0)


def read(path):
    """List of dicts with `name`, `old` and `new`."""
    return tomllib.loads(path.read_text(encoding="utf-8"))["mistake"]


def try_all(source, mistakes):
    """Try each mistake, and print a row for it; return whether one survived."""
    print(f"\n## {source.stem}\n\n| mistake | caught by the claim | after |\n|---|---|---|", flush=True)
    survived = False
    for mistake in mistakes:
        started = time.perf_counter()
        claim = run(with_mistake(source.read_text(encoding="utf-8"), mistake), folder=source.parents[1])
        survived |= claim is None
        print(f"| {mistake['name']} | {claim or '**none**'} | {time.perf_counter() - started:.0f} s |", flush=True)
    return survived


def with_mistake(text, mistake):
    """The lesson's text with one mistake in it."""
    count = text.count(mistake["old"])
    if count != 1:
        raise ValueError(f"{mistake['old']!r} should occur once in the lesson, but occurs {count} times.")
    return text.replace(mistake["old"], mistake["new"])


def run(text, *, folder):
    """Run a lesson's text as a script in `folder`; return the claim that failed, or None if all held.

    Raises:
        RuntimeError: if the lesson stops for another reason; that proves nothing.
    """
    environment = {**os.environ, **KERNEL_ENVIRONMENT}
    with tempfile.TemporaryDirectory() as place:
        script = Path(place, "lesson.py")
        script.write_text(text, encoding="utf-8")
        # Where the lessons run, so that their relative paths hold.
        done = subprocess.run([sys.executable, script], cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode == 0:
        return None
    last_line = done.stderr.strip().splitlines()[-1]
    error, _, message = last_line.partition(": ")
    if error != "ae_helpers.claims.ClaimFailed":
        raise RuntimeError(f"The lesson stopped, but not at a claim:\n{done.stderr}")
    return message.removeprefix("This does not hold: ")


if __name__ == "__main__":
    main(sys.argv[1:])
