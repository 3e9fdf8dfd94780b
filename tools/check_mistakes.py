"""Make classic mistakes in a notebook on purpose, one at a time: a claim, or the package, must catch each.

    python -m tools.check_mistakes                   # all notebooks that have a list of mistakes
    python -m tools.check_mistakes 02 02a            # some of them
    python -m tools.check_mistakes 02 --only twice      # those with this in their name

The mistakes stand in `tests/mistakes/02.toml` and so on: a name, a text that occurs once in the
script, and what takes its place. Each is tried in a copy of the script, which
runs as plain Python up to the first claim that does not hold, or the first ValueError by which the
package refuses something. A table in Markdown says which that was. If the script runs to its end, or stops
by accident, the mistake has survived: exit code 1. An accident is any other error, also one of the package
while numbers for a claim are computed; where that is what should stop the mistake, `refused` in the list
says so, with a part of its message.
"""

import argparse
import sys
import time
import tomllib

from tools.percent import ROOT, chosen_sources, key_of, replaced, run_script, target_of

MISTAKES = ROOT / "tests" / "mistakes"


def main(wanted, only=""):
    try:
        sources = [source for source in chosen_sources(wanted) if list_of(source).exists() or wanted]
    except ValueError as error:
        sys.exit(str(error))
    missing = [key_of(source) for source in sources if not list_of(source).exists()]
    if missing:
        sys.exit(f"There is no list of mistakes for {', '.join(missing)} in {MISTAKES.relative_to(ROOT)}.")
    chosen = {source: [m for m in read(list_of(source)) if only in m["name"]] for source in sources}
    if not any(chosen.values()):
        sys.exit(f"No mistake has {only!r} in its name.")
    survived = [try_all(source, mistakes) for source, mistakes in chosen.items() if mistakes]
    sys.exit(1 if any(survived) else 0)


def list_of(source):
    """Path of a notebook's list of mistakes."""
    return MISTAKES / f"{key_of(source)}.toml"


def read(path):
    """List of dicts with `name`, `old`, `new`, and some with `refused`."""
    return tomllib.loads(path.read_text(encoding="utf-8"))["mistake"]


def try_all(source, mistakes):
    """Try each mistake, and print a row for it; return whether one survived."""
    print(f"\n## {source.stem}\n\n| mistake | caught by | after |\n|---|---|---|", flush=True)
    survived = False
    for mistake in mistakes:
        started = time.perf_counter()
        text = replaced(source.read_text(encoding="utf-8"), mistake["old"], mistake["new"])
        try:
            caught = run_script(text, folder=target_of(source).parent, refused=mistake.get("refused", ""))
            told = caught or "**none**"
        except RuntimeError as accident:
            caught, told = None, f"**by accident:** {str(accident).strip().splitlines()[-1]}"
            print(accident, file=sys.stderr)
        survived |= caught is None
        print(f"| {mistake['name']} | {told} | {time.perf_counter() - started:.0f} s |", flush=True)
    return survived


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("keys", nargs="*", help="of notebooks: 01, 02a (default: all)")
    parser.add_argument("--only", default="", help="a part of the names of the mistakes to try (default: all)")
    arguments = parser.parse_args()
    main(arguments.keys, arguments.only)
