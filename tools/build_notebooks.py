"""Build the notebooks: execute each script of `notebooks/src` from scratch.

    python tools/build_notebooks.py          # all notebooks
    python tools/build_notebooks.py 01 02    # some of them

The scripts (jupytext's percent format) are what is edited; the notebooks are what
is read and tested. A notebook is written only if every cell has run; one figure of it
goes to `docs/images` for README. It records
the checksums of the files that it was built from and of its outputs, so
that `tests/test_notebooks.py` can tell one that is out of date or was edited by hand.
"""

import base64
import hashlib
import json
import os
import re
import sys
import time
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient

from tools.environment import KERNEL_ENVIRONMENT

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"
SOURCES = NOTEBOOKS / "src"
IMAGES = ROOT / "docs" / "images"
CELL_TIMEOUT = 1200  # seconds; longer is a hang
# What lessons read besides code.
DATASETS = ROOT / "ae_helpers" / "datasets" / "SHA256SUMS"
TABLES = ROOT / "benchmarks"  # its CSV files

# Run behind the last cell and then removed: which of our own files did the lesson use?
LIST_MODULES = """
import json, sys
print(json.dumps([m.__file__ for n, m in sys.modules.items() if n.split(".")[0] == "ae_helpers" and m.__file__]))
"""


def main(wanted):
    for source in chosen_sources(wanted):
        build(source, NOTEBOOKS / f"{source.stem}.ipynb")


def chosen_sources(wanted):
    """Scripts of the lessons with the numbers `wanted`, or of all if it is empty."""
    sources = sorted(SOURCES.glob("[0-9][0-9]_*.py"))
    unknown = [n for n in wanted if not any(s.name.startswith(f"{n}_") for s in sources)]
    if unknown:
        sys.exit(f"There is no lesson {', '.join(unknown)} in {SOURCES.relative_to(ROOT)}. Give two digits: 01.")
    return [source for source in sources if not wanted or source.name[:2] in wanted]


def build(source, target):
    """Execute `source` and write it with its outputs to `target`."""
    notebook = read_source(source)
    execute(notebook, source.stem, folder=target.parent)
    figure = readme_figure(notebook)
    # Written beside and moved: a build that is interrupted leaves the old notebook as it was.
    half_written = target.with_suffix(".tmp")
    nbformat.write(notebook, half_written)
    half_written.replace(target)
    IMAGES.mkdir(parents=True, exist_ok=True)
    (IMAGES / f"{source.name[:2]}.png").write_bytes(figure)


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


def execute(notebook, name, *, folder):
    """Run all cells of `notebook` in a fresh kernel in `folder`, with progress; outputs stay in `notebook`."""
    code_cells = sum(cell.cell_type == "code" for cell in notebook.cells)
    done = 0

    def report(cell, cell_index):
        nonlocal done
        if cell.cell_type == "code" and done < code_cells:
            done += 1
            # A person sees one line that counts; a log gets the closing line only.
            if sys.stdout.isatty():
                print(f"\r{name}: cell {done} of {code_cells} ...", end="", flush=True)

    notebook.cells.append(nbformat.v4.new_code_cell(LIST_MODULES))
    started = time.perf_counter()
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        record_timing=False,
        on_cell_execute=report,
        resources={"metadata": {"path": str(folder)}},
        # TensorFlow's C++ code writes lines with the time to stderr: to the terminal with them, not into a cell.
        extra_arguments=["--IPKernelApp.capture_fd_output=False"],
    )
    client.execute(env={**os.environ, **KERNEL_ENVIRONMENT})
    modules = json.loads("".join(output.text for output in notebook.cells.pop().outputs))
    settle_widgets(notebook)
    refuse_widget_errors(notebook, name)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    notebook.metadata.language_info.pop("version", None)
    notebook.metadata["provenance"] = {
        "sources": checksums([SOURCES / f"{name}.py", *map(Path, modules), DATASETS, *tables_in(notebook)]),
        "outputs": outputs_checksum(notebook),
    }
    print(f"\r{name}: {code_cells} cells in {time.perf_counter() - started:.0f} s" + " " * 20, flush=True)


def tables_in(notebook):
    """The tables of benchmarks that a notebook names."""
    text = "\n".join(cell.source for cell in notebook.cells)
    return [table for table in TABLES.glob("*.csv") if table.name in text]


def readme_figure(notebook):
    """The figure for README as bytes of a PNG file: that of the cell with the tag `readme`."""
    cells = [cell for cell in notebook.cells if "readme" in cell.metadata.get("tags", [])]
    if len(cells) != 1:
        sys.exit(f"One cell should have the tag `readme`, for the figure that README shows, but {len(cells)} have.")
    return base64.b64decode(cells[0].outputs[0].data["image/png"])


def checksums(files):
    """Dict from path below the project's root to SHA-256, for the files that exist."""
    return {
        str(file.relative_to(ROOT).as_posix()): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(set(files))
        if file.exists()
    }


def outputs_checksum(notebook):
    """SHA-256 of all outputs and execution counts."""
    outputs = [[cell.outputs, cell.execution_count] for cell in notebook.cells if cell.cell_type == "code"]
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
    main(sys.argv[1:])
