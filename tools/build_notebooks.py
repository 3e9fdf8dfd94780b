"""Build the notebooks: execute each script of `notebooks/src` from scratch.

    python -m tools.build_notebooks                      # all notebooks
    python -m tools.build_notebooks 01 01a solutions/01  # a lesson, a study, a lesson's solutions

The scripts (jupytext's percent format) are what is edited; the notebooks are what
is read and tested. A notebook is written only if every cell has run. The figure of the cell
with the tag `readme` goes to `notebooks/images`, for the notebook's first cell and for README. It records
the checksums of the files that it was built from and of its outputs, so that
`tests/notebooks` can tell one that is out of date or was edited by hand, and the minutes
that it takes to read and the seconds that it took to run, which it writes into the first cell,
and the megabytes that it needed.
"""

import base64
import hashlib
import json
import math
import os
import re
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from ae_helpers.files import whole_or_not
from tools.environment import KERNEL_ENVIRONMENT, set_environment
from tools.percent import NOTEBOOKS, ROOT, chosen_sources, key_of, read_source, target_of
from tools.speed import FAST, yardstick

IMAGES = NOTEBOOKS / "images"
CELL_TIMEOUT = 1200  # seconds: decides nothing but that a cell hangs
# What notebooks read besides code.
DATASETS = ROOT / "ae_helpers" / "datasets" / "SHA256SUMS"
TABLES = ROOT / "ae_helpers" / "tables"
# How fast a lesson is read: words and lines of code in a minute, and minutes for a figure.
WORDS_A_MINUTE, LINES_A_MINUTE, MINUTES_A_FIGURE = 130, 40, 1 / 3

# Run behind the last cell and then removed: which of our own files did the lesson use, and how much memory?
TELL_USE = """
import json, re, resource, sys
own = [m.__file__ for n, m in sys.modules.items() if n.split(".")[0] == "ae_helpers" and m.__file__]
try:  # Linux hands ru_maxrss on from whoever started the process
    most = 1024 * int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
except OSError:
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
print(json.dumps({"modules": own, "megabytes": most / 1e6}))
"""


def main(wanted):
    try:
        sources = chosen_sources(wanted)
    except ValueError as error:
        sys.exit(str(error))
    pace = yardstick(epochs=1)
    for source in sources:
        pace = build(source, pace)


def build(source, pace):
    """Execute a script and write it with its outputs as a notebook.

    Takes and returns the yardstick's seconds, measured just before and just after: what else
    the machine does meanwhile slows both down, so that their ratio stays.
    """
    target = target_of(source)
    notebook = read_source(source)
    target.parent.mkdir(parents=True, exist_ok=True)
    seconds, megabytes = execute(notebook, key_of(source), folder=target.parent)
    after = yardstick(epochs=1)
    seconds *= FAST / ((pace + after) / 2)
    print(
        f"\r{key_of(source)}: {len(code_of(notebook))} cells, {seconds:.1f} s at the yardstick, {megabytes:.0f} MB "
        f"(yardstick here: {pace:.0f} s before, {after:.0f} s after)",
        flush=True,
    )
    notebook.metadata["provenance"]["sources"] |= checksums([source])
    tell_use(notebook, seconds, megabytes)
    figure = readme_figure(notebook)
    with whole_or_not(target) as (part,):
        nbformat.write(notebook, part)
    if figure is not None:
        IMAGES.mkdir(parents=True, exist_ok=True)
        with whole_or_not(IMAGES / f"{key_of(source)}.png") as (part,):
            part.write_bytes(figure)
    return after


def execute(notebook, name, *, folder):
    """Run all cells of `notebook` in a fresh kernel in `folder`; outputs stay in it. Return seconds and megabytes."""
    code_cells = sum(cell.cell_type == "code" for cell in notebook.cells)
    done = 0

    def report(cell, cell_index):
        nonlocal done
        if cell.cell_type == "code" and done < code_cells:
            done += 1
            # A person sees one line that counts; a log gets the closing line only.
            if sys.stdout.isatty():
                print(f"\r{name}: cell {done} of {code_cells} ...", end="", flush=True)

    notebook.cells.append(nbformat.v4.new_code_cell(TELL_USE))
    started = time.perf_counter()
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        startup_timeout=CELL_TIMEOUT,
        record_timing=False,
        coalesce_streams=True,
        on_cell_execute=report,
        resources={"metadata": {"path": str(folder)}},
        # TensorFlow's C++ code writes lines with the time to stderr: to the terminal with them, not into a cell.
        extra_arguments=["--IPKernelApp.capture_fd_output=False"],
    )
    client.execute(env={**os.environ, **KERNEL_ENVIRONMENT})
    seconds = time.perf_counter() - started
    printed = [output["text"] for output in notebook.cells.pop().outputs if output.get("name") == "stdout"]
    use = json.loads("".join(printed))
    settle_widgets(notebook)
    refuse_widget_errors(notebook, name)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    notebook.metadata.language_info.pop("version", None)
    notebook.metadata["provenance"] = {
        "sources": checksums([*map(Path, use["modules"]), DATASETS, *tables_in(notebook)]),
        "outputs": outputs_checksum(notebook),
    }
    return seconds, use["megabytes"]


def tell_use(notebook, seconds, megabytes):
    """Write minutes to read and seconds to run into the first cell, for MINUTES and SECONDS, and all into metadata."""
    seconds, megabytes = max(5, 5 * math.ceil(seconds / 5)), 100 * math.ceil(megabytes / 100)
    notebook.metadata["times"] = {"minutes": minutes_to_read(notebook), "seconds": seconds}
    notebook.metadata["megabytes"] = megabytes
    notebook.cells[0].source = with_times(notebook.cells[0].source, notebook.metadata["times"])


def with_times(text, times):
    """A script's text with the times in it."""
    return text.replace("MINUTES", f"{times['minutes']} minutes").replace("SECONDS", f"{times['seconds']} seconds")


def minutes_to_read(notebook):
    """Minutes that a reader needs, in steps of five, from words, lines of code and figures."""
    figures = sum("image/png" in o.get("data", {}) for cell in code_of(notebook) for o in cell.outputs)
    minutes = words_in(notebook) / WORDS_A_MINUTE + lines_in(notebook) / LINES_A_MINUTE + figures * MINUTES_A_FIGURE
    return max(5, 5 * math.ceil(minutes / 5 - 0.1))


def words_in(notebook):
    """Number of words that a reader sees: Markdown, but for addresses, and printed text."""
    unseen = re.compile(r"\]\([^)]*\)|<[^>]+>|\$[^$]*\$")
    texts = [unseen.sub(" ", cell.source) for cell in notebook.cells if cell.cell_type == "markdown"]
    texts += ["".join(o.get("text", "")) for cell in code_of(notebook) for o in cell.outputs]
    return sum(len(re.findall(r"[^\W_]+(?:['’-][^\W_]+)*", text)) for text in texts)


def lines_in(notebook):
    """Number of lines of code, without empty ones."""
    return sum(bool(line.strip()) for cell in code_of(notebook) for line in cell.source.splitlines())


def code_of(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tables_in(notebook):
    """The tables that a notebook loads."""
    text = "\n".join(cell.source for cell in notebook.cells)
    return [table for table in TABLES.glob("*.csv") if f'load_table("{table.stem}")' in text]


def readme_figure(notebook):
    """The figure of the cell with the tag `readme` as bytes of a PNG file; None if there is no such cell."""
    cells = [cell for cell in notebook.cells if "readme" in cell.metadata.get("tags", [])]
    if not cells:
        return None
    (figure,) = (o.data["image/png"] for cell in cells for o in cell.outputs if "image/png" in o.get("data", {}))
    return base64.b64decode(figure)


def checksums(files):
    """Dict from path below the project's root to SHA-256, for the files that exist."""
    return {
        str(file.relative_to(ROOT).as_posix()): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(set(files))
        if file.exists()
    }


def outputs_checksum(notebook):
    """SHA-256 of all outputs and execution counts."""
    outputs = [[cell.outputs, cell.execution_count] for cell in code_of(notebook)]
    return hashlib.sha256(json.dumps(outputs, sort_keys=True).encode()).hexdigest()


def settle_widgets(notebook):
    """Give widgets ids by order of appearance; theirs are random and would differ in each build."""
    text = nbformat.writes(notebook)
    widgets = notebook.metadata.get("widgets", {}).get("application/vnd.jupyter.widget-state+json", {}).get("state", {})
    if not widgets:
        return
    order = [i for i in dict.fromkeys(re.findall(r"[0-9a-f]{32}", text)) if i in widgets]
    for number, identity in enumerate(order):
        text = text.replace(identity, f"{number:032x}")
    settled = nbformat.reads(text, as_version=4)
    notebook.metadata, notebook.cells = settled.metadata, settled.cells


def refuse_widget_errors(notebook, name):
    """An exception in a widget's callback does not stop a notebook: look for it in the widgets' outputs."""
    widgets = notebook.metadata.get("widgets", {}).get("application/vnd.jupyter.widget-state+json", {}).get("state", {})
    for widget in widgets.values():
        for output in widget.get("state", {}).get("outputs", []):
            if output.get("output_type") == "error":
                raise RuntimeError(f"{name}: a widget failed with {output['ename']}: {output['evalue']}")


if __name__ == "__main__":
    set_environment()
    main(sys.argv[1:])
