"""Check every claim of the lessons over five seeds, and show how much room each has.

    python tools/check_seeds.py          # all lessons
    python tools/check_seeds.py 01       # one of them

Runs each script of `notebooks/src` with `SEED` set to 0 ... 4, and prints a table in
Markdown: the claims, how often each held, and the values that it compares.
"""

import ast
import numbers
import os
import re
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd
from build_notebooks import chosen_sources

from tools.environment import KERNEL_ENVIRONMENT

SEEDS = range(5)
SIGNS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "=="}
COMPREHENSIONS = (ast.GeneratorExp, ast.ListComp, ast.SetComp, ast.DictComp)


def main(wanted):
    failed = False
    for source in chosen_sources(wanted):
        tables = []
        for seed in SEEDS:
            with tempfile.TemporaryDirectory() as folder:
                result = Path(folder, "claims.json")
                # A fresh process for each run, in the folder where notebooks run.
                command = [sys.executable, __file__, "--run", source, str(seed), result]
                environment = {**os.environ, **KERNEL_ENVIRONMENT}
                subprocess.run(command, check=True, cwd=source.parents[1], env=environment, stdout=subprocess.DEVNULL)
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
        for node in comparisons(call.args[1]):
            sides = [eval(ast.unparse(side), caller.f_globals) for side in (node.left, *node.comparators)]
            signs = [SIGNS.get(type(operator), "?") for operator in node.ops]
            shown.append(" ".join(f"{number(side)} {sign}" for side, sign in zip(sides, [*signs, ""], strict=True)))
        return ", ".join(text.strip() for text in shown)

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


def comparisons(node):
    """The comparisons in an expression; not those inside comprehensions, whose variables are not known outside."""
    if isinstance(node, COMPREHENSIONS):
        return []
    inner = [found for child in ast.iter_child_nodes(node) for found in comparisons(child)]
    return [node, *inner] if isinstance(node, ast.Compare) else inner


def number(value):
    """Four digits of a number; anything else as it is."""
    return f"{value:.4g}" if isinstance(value, numbers.Real) else str(value)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--run"]:
        run(Path(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
    else:
        main(sys.argv[1:])
