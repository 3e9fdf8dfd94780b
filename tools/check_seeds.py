"""Check every claim of the notebooks over five seeds, and show how much room each has.

    python -m tools.check_seeds                  # all notebooks that claim something
    python -m tools.check_seeds 01 01a           # some of them
    python -m tools.check_seeds 01 --seeds 0,3   # with some of the seeds

Runs each script of `notebooks/src` with `SEED` set to 0 ... 4, and prints a table in
Markdown: the claims, how often each held, and the numbers that it compares.
"""

import argparse
import json
import os
import re
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd

from tools.environment import KERNEL_ENVIRONMENT
from tools.percent import ROOT, chosen_sources, key_of, target_of

SEEDS = range(5)


def main(wanted, seeds=SEEDS):
    try:
        sources = [source for source in chosen_sources(wanted) if "claim(" in source.read_text(encoding="utf-8")]
    except ValueError as error:
        sys.exit(str(error))
    failed = False
    for source in sources:
        tables = []
        for seed in seeds:
            with tempfile.TemporaryDirectory() as folder:
                result = Path(folder, "claims.json")
                # A fresh process for each run, in the folder where the notebook runs.
                command = [sys.executable, "-m", "tools.check_seeds", "--run", source, str(seed), result]
                path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
                environment = {**os.environ, **KERNEL_ENVIRONMENT, "PYTHONPATH": path}
                where = target_of(source).parent
                subprocess.run(command, check=True, cwd=where, env=environment, stdout=subprocess.DEVNULL)
                tables.append(pd.DataFrame(json.loads(result.read_text(encoding="utf-8"))).assign(seed=seed))
            print(f"{key_of(source)}: seed {seed} done", file=sys.stderr, flush=True)
        failed |= report(source.stem, pd.concat(tables))
    sys.exit(1 if failed else 0)


def report(name, claims):
    """Print the table of a notebook; return whether a claim failed."""
    print(f"\n## {name}\n\n| claim | held | compared numbers, by seed |\n|---|---|---|")
    for sentence, runs in claims.groupby("sentence", sort=False):
        numbers = "; ".join(runs["numbers"].drop_duplicates())
        print(f"| {sentence} | {int(runs['holds'].sum())} of {len(runs)} | {numbers} |", flush=True)
    return not claims["holds"].all()


def run(source, seed, result):
    """Run a script as plain Python with another seed, and write its claims to `result`."""
    import ae_helpers.claims
    import ae_helpers.splits

    claims = []

    def recorded(check):
        def record(*args):
            try:
                check(*args)
                holds, message = True, ""
            except ae_helpers.claims.ClaimFailed as failure:
                holds, message = False, str(failure)
            if len(args) > 1:
                sentence, *comparison = args
                numbers = " ".join(part if isinstance(part, str) else f"{float(part):.4g}" for part in comparison)
            else:
                sentence, numbers = "what was measured had not been trained on", message
            claims.append({"sentence": sentence, "holds": holds, "numbers": numbers})

        return record

    text, count = re.subn(r"^SEED = 0$", f"SEED = {seed}", source.read_text(encoding="utf-8"), flags=re.MULTILINE)
    if count != 1:
        sys.exit(f"{source.name} should have one line `SEED = 0`, but has {count}.")
    ae_helpers.claims.claim = recorded(ae_helpers.claims.claim)
    ae_helpers.splits.Splits.check = recorded(ae_helpers.splits.Splits.check)
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, source.name)
        script.write_text(text, encoding="utf-8")
        runpy.run_path(str(script))
    result.write_text(json.dumps(claims), encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--run"]:
        run(Path(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
    else:
        parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
        parser.add_argument("keys", nargs="*", help="of notebooks: 01, 01a, solutions/01 (default: all)")
        parser.add_argument("--seeds", default=",".join(map(str, SEEDS)), help="with commas (default: %(default)s)")
        arguments = parser.parse_args()
        main(arguments.keys, [int(seed) for seed in arguments.seeds.split(",")])
