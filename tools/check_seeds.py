"""Check every claim of the lessons over five seeds, and show how much room each has.

    python tools/check_seeds.py          # all lessons
    python tools/check_seeds.py 01       # one of them

Runs each script of `notebooks/src` with `SEED` set to 0 ... 4, and prints a table in
Markdown: the claims, how often each held, and the values that it compares.
"""

import ast
import os
import re
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "notebooks" / "src"
SEEDS = range(5)


def main(wanted):
    failed = False
    for source in sorted(SOURCES.glob("[0-9][0-9]_*.py")):
        if wanted and source.name[:2] not in wanted:
            continue
        tables = []
        for seed in SEEDS:
            with tempfile.TemporaryDirectory() as folder:
                result = Path(folder, "claims.json")
                # A fresh process for each run, in the folder where notebooks run.
                command = [sys.executable, __file__, "--run", source, str(seed), result]
                subprocess.run(command, check=True, cwd=source.parents[1], stdout=subprocess.DEVNULL)
                tables.append(pd.read_json(result).assign(seed=seed))
            print(f"{source.stem}: seed {seed} done", file=sys.stderr, flush=True)
        failed |= report(source.stem, pd.concat(tables))
    sys.exit(1 if failed else 0)


def report(name, claims):
    """Print the table of a lesson; return whether a claim failed."""
    print(f"\n## {name}\n\n| claim | held | compared values, by seed |\n|---|---|---|")
    for sentence, runs in claims.groupby("sentence", sort=False):
        values = "; ".join(runs["values"]) if runs["values"].nunique() > 1 else runs["values"].iloc[0]
        print(f"| {sentence} | {runs['holds'].sum()} of {len(runs)} | {values} |", flush=True)
    return not claims["holds"].all()


def run(source, seed, result):
    """Run a lesson's script as plain Python with another seed, and write its claims to `result`."""
    import ae_helpers.claims

    claims = []

    def record(sentence, holds):
        claims.append({"sentence": sentence, "holds": bool(holds), "values": compared(sentence)})

    def compared(sentence):
        """The values on both sides of the comparisons in the claim's own source, such as `4.03 < 5`."""
        call = next(c for c in calls if ast.literal_eval(c.args[0]) == sentence)
        caller = sys._getframe(2)
        shown = []
        for node in ast.walk(call.args[1]):
            if isinstance(node, ast.Compare):
                try:
                    sides = [eval(ast.unparse(side), caller.f_globals) for side in (node.left, *node.comparators)]
                    shown.append(" < ".join(f"{side:.4g}" for side in sides) if ascending(node) else str(sides))
                except (NameError, TypeError, ValueError):  # inside a comprehension, or not numbers
                    shown.append(ast.unparse(node))
        return ", ".join(shown)

    text, count = re.subn(r"^SEED = 0$", f"SEED = {seed}", source.read_text(encoding="utf-8"), flags=re.MULTILINE)
    if count != 1:
        sys.exit(f"{source.name} should have one line `SEED = 0`, but has {count}.")
    calls = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Call) and ast.unparse(n.func) == "claim"]
    ae_helpers.claims.claim = record
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, source.name)
        script.write_text(text, encoding="utf-8")
        runpy.run_path(str(script))
    pd.DataFrame(claims).to_json(result, orient="records")


def ascending(node):
    return all(isinstance(operator, (ast.Lt, ast.LtE)) for operator in node.ops)


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if sys.argv[1:2] == ["--run"]:
        run(Path(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
    else:
        main(sys.argv[1:])
