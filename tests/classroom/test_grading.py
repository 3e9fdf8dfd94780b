"""The classroom, on a small assignment of its own; `make prove` grades answers to the real ones."""

import contextlib
import csv
import functools
import json
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile

import nbformat
import psutil
import pytest

from classroom import course as course_module
from classroom.answers import answered, points_of_tests
from classroom.course import build, chosen_sources, read_assignment, refuse_leaks, secret_lines
from classroom.files import read_record, record_path
from classroom.sandbox import bwrap
from classroom.similar import similar_pairs
from classroom.submissions import Refused, mended, read_notebook, student_id, tell_assignment
from classroom.troubles import ATTACKS, DISPLAYS, SHOWS
from tests.conftest import HANG

SOURCES = chosen_sources()
OperationalError = pytest.importorskip("sqlalchemy.exc").OperationalError  # nbgrader brings it
# A continuous integration has it (.ci/run installs it); elsewhere these tests are left out where it is missing.
needs_sandbox = pytest.mark.skipif(
    bwrap() is None and not os.environ.get("CI"), reason="the sandbox needs Linux and bubblewrap"
)

SMALL = """\
# %% [markdown] nbgrader={"grade": false, "grade_id": "99-title", "locked": true, "schema_version": 3, "solution": false, "task": false}
# # Assignment 99 Doubling

# %% nbgrader={"grade": false, "grade_id": "99-setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
SEED = 0

# %% nbgrader={"grade": false, "grade_id": "99-double", "locked": false, "schema_version": 3, "solution": true, "task": false}
def double(x):
    \"\"\"Twice x.\"\"\"
    ### BEGIN SOLUTION
    return 2 * x  # the solution's own words
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "99-double-tests", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
assert double(2) == 4, f"Twice 2 is 4, but you return {double(2)}."
### BEGIN HIDDEN TESTS
assert double(21) == 42, "Your function is wrong for other numbers."
assert double(22) == 44, "It's wrong for other numbers."
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "99-name-tests", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
assert double.__name__ == "double", "Your function has another name."

# %% [markdown] nbgrader={"grade": true, "grade_id": "99-why", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# Because two of them are twice as much.
# ### END SOLUTION
"""  # noqa: E501


@pytest.fixture(scope="module")
def small_course(tmp_path_factory):
    """A course with the small assignment."""
    folder = tmp_path_factory.mktemp("classroom")
    (folder / "src").mkdir()
    (folder / "src" / "99_doubling.py").write_text(SMALL, encoding="utf-8")
    patch = pytest.MonkeyPatch()
    patch.setattr(course_module, "SOURCES", folder / "src")
    build(folder / "course", cell_seconds=10)
    yield folder / "course"
    patch.undo()


def release_of(course):
    return nbformat.read(course / "release" / "99_doubling" / "99_doubling.ipynb", as_version=4)


def solved(course, old="raise NotImplementedError()", new="return 2 * x", first=None):
    """The release with an answer in it, and perhaps another cell in front."""
    notebook = release_of(course)
    for cell in notebook.cells:
        cell.source = cell.source.replace(old, new)
    if first:
        notebook.cells.insert(1, nbformat.v4.new_code_cell(first))
    return notebook


@pytest.mark.slow
def test_the_release_gives_nothing_away(small_course):
    text = nbformat.writes(release_of(small_course))
    for secret in ("own words", "double(21)", "SOLUTION", "HIDDEN", "twice as much"):
        assert secret not in text
    assert "YOUR CODE HERE" in text and "YOUR ANSWER HERE" in text and "Twice 2 is 4" in text
    with zipfile.ZipFile(small_course / "release" / "99_doubling.zip") as archive:
        assert sorted(archive.namelist()) == ["99_doubling/99_doubling.ipynb", "99_doubling/README.txt"]
        assert b"99_doubling.ipynb" in archive.read("99_doubling/README.txt")


@pytest.mark.slow
def test_a_leak_is_found(small_course):
    source = read_assignment(SMALL)
    assert secret_lines(source) == [
        "Because two of them are twice as much.",
        'assert double(21) == 42, "Your function is wrong for other numbers."',
        'assert double(22) == 44, "It\'s wrong for other numbers."',
        "return 2 * x  # the solution's own words",
    ]
    refuse_leaks(release_of(small_course), source)
    for change in (
        lambda release: release.cells[2].update(source=source.cells[2].source),
        lambda release: release.cells[2].update(source="return 2 * x  # the solution's own words"),
        lambda release: release.cells[2].update(outputs=[nbformat.v4.new_output("stream", text="4")]),
        lambda release: release.cells[2].metadata.update(author="me"),
    ):
        release = release_of(small_course)
        change(release)
        with pytest.raises(ValueError, match="The release"):
            refuse_leaks(release, source)


def test_names_are_safe_and_kept_apart():
    assert [student_id(name) for name in ("ann", "Ann_Müller_12", "रवि", "a@b.org", "student-00")] == [
        "ann", "Ann_Müller_12", "रवि", "a@b.org", "student-00",
    ]  # fmt: skip
    odd = ["a b", "a_b", "a/b", "???", "!!!", "..", "", "../../etc", "-rf", "रव", "x" * 248, "x" * 247, "é" * 100]
    odd += [student_id("a b"), "A b", "a\nb", "\udce9"]
    ids = [student_id(name) for name in odd]
    assert len(set(ids)) == len(ids)
    assert all(len(one.encode()) < 140 and "/" not in one and one.strip(".-") == one and one for one in ids)
    assert student_id("e\u0301") == student_id("é")
    assert [student_id(name) for name in odd] == ids  # in every run


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.docx", "x", "no notebook"),
        ("a.ipynb", "", "empty"),
        ("a.ipynb", "Dear teacher", "no readable notebook"),
        ("a.ipynb", "[1, 2]", "no readable notebook"),
        ("a.ipynb", '{"nbformat": 4, "nbformat_minor": 5, "cells": 3, "metadata": {}}', "no readable notebook"),
        ("a.ipynb", json.dumps(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("\ud800")])), "readable"),
        ("a.ipynb", "R", "made for R"),
        ("a.ipynb", "2", "made for python 2"),
        ("a.ipynb", json.dumps({"nbformat": 4, "metadata": {}, "cells": [{}] * 32_000}), "32,000 cells"),
        ("a.ipynb", "[" * 100_000, "no readable notebook"),
    ],
)
def test_what_cannot_be_graded_is_refused(tmp_path, name, content, words):
    if content in ("R", "2"):
        notebook = nbformat.v4.new_notebook()
        language, version = ("R", "4.3") if content == "R" else ("python", "2.7.18")
        notebook.metadata = {"language_info": {"name": language, "version": version}}
        content = nbformat.writes(notebook)
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(Refused, match=words):
        read_notebook(tmp_path / name)


def test_an_older_python_and_format_are_read(tmp_path):
    notebook = nbformat.v3.new_notebook(worksheets=[nbformat.v3.new_worksheet(cells=[nbformat.v3.new_code_cell("1")])])
    (tmp_path / "a.ipynb").write_text(json.dumps(notebook))
    assert read_notebook(tmp_path / "a.ipynb").cells[0].source == "1"


@pytest.mark.slow
def test_metadata_are_those_of_the_release(small_course):
    release, notebook = release_of(small_course), release_of(small_course)
    tests = notebook.cells[3]
    tests.metadata.nbgrader.update(points=100, solution=True, grade=False)
    notebook.cells.append(nbformat.from_dict({**notebook.cells[2], "source": "a copy"}))
    notebook.cells.append(nbformat.v4.new_code_cell("x", metadata={"nbgrader": {"grade_id": "unknown"}}))
    whole, missing, _ = mended(notebook, release)
    assert missing == []
    assert sorted(cell.source for cell in whole.cells if not cell.metadata) == [release.cells[2].source, "x"]
    given = [cell.metadata for cell in whole.cells if cell.metadata]
    assert len(given) == len(release.cells) and all(cell.metadata in given for cell in release.cells)


def test_odd_metadata_are_dropped(tmp_path):
    notebook = nbformat.v4.new_notebook()
    for mark in ("text", None, {"grade_id": ["a"]}, {"grade_id": "a"}):
        notebook.cells.append(nbformat.v4.new_code_cell("1", metadata={"nbgrader": mark}))
    nbformat.write(notebook, tmp_path / "a.ipynb")
    cells = read_notebook(tmp_path / "a.ipynb").cells
    assert ["nbgrader" in cell.metadata for cell in cells] == [False, False, False, True]


@pytest.mark.slow
def test_missing_cells_are_put_back(small_course):
    release = release_of(small_course)
    notebook = release_of(small_course)
    notebook.cells = [notebook.cells[2], nbformat.v4.new_code_cell("x = 1"), notebook.cells[4]]
    whole, missing, _ = mended(notebook, release)
    assert missing == ["99-title", "99-setup", "99-double-tests", "99-why"]
    assert [cell.source for cell in whole.cells if cell.source != "x = 1"] == [cell.source for cell in release.cells]
    assert tell_assignment(notebook, {"99_doubling": release}) == "99_doubling"
    notebook.cells = [nbformat.v4.new_code_cell("x = 1")]
    with pytest.raises(Refused, match="another notebook"):
        mended(notebook, release)


SPY = """\
import os, resource, socket, subprocess
def attempt(action):
    try:
        return str(action())
    except Exception as error:
        return "FAILED " + type(error).__name__
print("connect:", attempt(lambda: socket.create_connection(("127.0.0.1", {port}), 2)))
print("secret:", attempt(lambda: open({secret!r}).read()))
print("solutions:", attempt(lambda: os.listdir({assignments!r})))
print("course:", attempt(lambda: os.listdir({course!r})))
print("package:", attempt(lambda: len(os.listdir({package!r})) > 5))
print("write:", attempt(lambda: open({package!r} + "/x", "w")))
print("shm:", attempt(lambda: os.write(os.open("/dev/shm/x", os.O_CREAT | os.O_WRONLY), bytes(200_000_000)) < 2**27))
print("root:", attempt(lambda: open("/x", "w")))
print("other:", attempt(lambda: os.listdir({handed_in!r})))
print("namespace:", attempt(lambda: subprocess.run(["unshare", "-Urn", "true"], check=True)))
print("environ:", attempt(lambda: open("/proc/1/environ").read() or 1 / 0))
print("options:", attempt(lambda: {course!r} in open("/proc/1/cmdline").read() or 1 / 0))
files = ("/proc/self/fd/0", "/proc/self/fd/1", "/proc/1/fd/1")
print("open files:", attempt(lambda: [path for path in map(os.readlink, files) if path != "/dev/null"][0]))
print("mounts:", attempt(lambda: {course!r} in open("/proc/self/mountinfo").read() or 1 / 0))
print("host:", attempt(lambda: os.uname().nodename == {host!r} or 1 / 0))
print("keyring:", attempt(lambda: open("/proc/keys").read().count("\\n") > 2 or 1 / 0))
print("tasks:", attempt(lambda: resource.getrlimit(resource.RLIMIT_NPROC)[1] <= 1000))
print("nice:", attempt(lambda: os.nice(0)))
print("processes:", attempt(lambda: len([p for p in os.listdir("/proc") if p.isdigit()]) < 20))
"""
FILLS = """\
import os, sys, time
os.makedirs(os.path.dirname(sys.argv[sys.argv.index("-f") + 1]) + "/a/b")
time.sleep(60)
"""
SCRIPT = """\
from IPython.display import HTML, display
display(HTML("<script>alert(1)</script><img src=https://example.org/x.png onerror=alert(1)>"))
"""
NAMES_HIDDEN = "if 'HIDDEN' in In[-1]:\n        raise type(In[-1], (Exception,), {})(In[-1])\n    return 2 * x"
SAYS_HIDDEN = "if x > 20:\n        raise AssertionError(In[-1])\n    return 2 * x"
IS_HIDDEN = """class Spy:
        __eq__ = lambda self, other: False
        __repr__ = lambda self: "".join(line for line in In[-1].splitlines() if "21" in line)
    return Spy()"""
HIDDEN_IN_PRINT = 'print("all that ran:", [line for line in In])'


@pytest.fixture(scope="module")
def class_graded(small_course, tmp_path_factory):
    """A class of trouble makers, graded in one go: records by student, and the course."""
    import socket

    from classroom.grading import Limits, grade

    folder = tmp_path_factory.mktemp("handed-in")
    (folder.parent / "secret.txt").write_text("the gradebook")
    server = socket.create_server(("127.0.0.1", 0))
    spy = SPY.format(
        port=server.getsockname()[1],
        secret=str(folder.parent / "secret.txt"),
        assignments=str(course_module.ROOT / "assignments"),
        course=str(small_course),
        package=str(course_module.ROOT / "ae_helpers"),
        host=os.uname().nodename,
        handed_in=str(folder),
    )
    without_tests = solved(small_course)
    without_tests.cells = [c for c in without_tests.cells if not c.metadata.get("nbgrader", {}).get("grade")]
    changed_tests = solved(small_course, new="return 5")
    changed_tests.cells[3].source = "pass"
    leaking = solved(small_course, new="return 4")
    leaking.cells.append(nbformat.v4.new_code_cell(HIDDEN_IN_PRINT))
    class_ = {
        "right": solved(small_course),
        "unsolved": release_of(small_course),
        "special": solved(small_course, new="return 4"),
        "warns": solved(small_course, new="import warnings\n    warnings.warn('careful')\n    return 2 * x"),
        "hangs": solved(small_course, new="while True: pass"),
        "hangs-on": solved(
            small_course,
            first="import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: time.sleep(1)",
        ),
        "ends": solved(small_course, first="import os\nos._exit(1)"),
        "eats": solved(small_course, first="x = bytearray(3 * 1024**3)"),
        "prints": solved(small_course, first="for i in range(5_000): print('much ' * 50)"),
        "prints-one-line": solved(small_course, first="print('x' * 50_000_000)"),
        "scripts": solved(small_course, first=SCRIPT),
        "fills-sockets": solved(small_course, first=FILLS),
        "spies": solved(small_course, first=spy),
        "without-tests": without_tests,
        "changed-tests": changed_tests,
        "leaks": leaking,
        "attacks": solved(small_course, first=DISPLAYS.format(attacks=ATTACKS)),
        "names-hidden": solved(small_course, new=NAMES_HIDDEN),
        "says-hidden": solved(small_course, new=SAYS_HIDDEN),
        "is-hidden": solved(small_course, new=IS_HIDDEN),
        "displays": solved(small_course, first=SHOWS.format("1e9")),
        "displays-half": solved(small_course, new="return 5", first=SHOWS.format("0.5")),
        "long": solved(small_course),
    }
    for cell in class_["attacks"].cells:
        if cell.cell_type == "markdown":
            cell.source = ATTACKS
    class_["attacks"].cells.append(nbformat.v4.new_markdown_cell(ATTACKS))
    class_["long"].cells[-1].source = "\\\\begin{a}" * 30_000 + "[" * 100_000 + "<b>" * 30_000
    for student, notebook in class_.items():
        nbformat.write(notebook, folder / f"{student}.ipynb")
    (folder / "empty.ipynb").write_text("")
    odd_files(folder, solved(small_course))
    limits = Limits(seconds=600, memory_gb=1.5)  # nobody of these is ended for the time
    records = grade(small_course, folder, limits=limits, jobs=2)
    server.close()
    records.sort(key=lambda record: record["status"], reverse=True)  # of two files of one student: the one that counts
    return {record["student"]: record for record in records}, small_course, folder, limits


def odd_files(folder, notebook):
    """Files that are none, with names that are none; those that are, are graded."""
    text = nbformat.writes(notebook)
    os.mkfifo(folder / "pipe.ipynb")
    (folder / "device.ipynb").symlink_to("/dev/zero")
    with open(folder / "sparse.ipynb", "wb") as file:
        file.truncate(20_000_000_000)
    for name in ("bob.pdf", "bob.docx", "\udce9l\udce8ve.pdf", "???.ipynb", "!!!.ipynb"):
        (folder / name).write_text("x")
    (folder / f"{'x' * 248}.ipynb").write_text("x")
    (folder / "mark.IPYNB").write_text("\ufeff" + text, encoding="utf-8")
    (folder / "twice" / "99_doubling").mkdir(parents=True)
    for path in (folder / "twice" / "99_doubling" / "x.ipynb", folder / "twice.ipynb"):
        path.write_text(text)


def page(course, student):
    (path,) = (course / "feedback" / student).glob("99_doubling/*.html")
    return path.read_text(encoding="utf-8")


@pytest.mark.slow
@needs_sandbox
def test_everybody_gets_a_grade_or_a_reason(class_graded):
    records, course, _, _ = class_graded
    points = {
        "right": 4, "unsolved": 1, "special": 1, "warns": 4, "hangs": 1, "prints": 4, "spies": 4,
        "prints-one-line": 4, "scripts": 4, "without-tests": 4, "changed-tests": 1, "leaks": 1, "eats": 4,
        "attacks": 4, "names-hidden": 1, "says-hidden": 1, "is-hidden": 1, "displays": 4, "displays-half": 1, "long": 4,
        "mark": 4, "twice": 4,
    }  # fmt: skip
    graded = {student: record["points"] for student, record in records.items() if record["status"] == "graded"}
    assert graded == points
    reasons = {"hangs-on": "could not be interrupted", "ends": "kernel died", "empty": "is empty"}
    reasons |= {"fills-sockets": "sockets lie", "pipe": "a pipe", "device": "a link", "sparse": "20,000 MB"}
    reasons |= {"bob": "no notebook", student_id("???"): "no readable notebook", student_id("!!!"): "no readable"}
    reasons |= {student_id("x" * 248): "no readable notebook", "élève": "no notebook"}
    for student, words in reasons.items():
        assert records[student]["status"] == "refused" and words in records[student]["note"], records[student]
    assert len(records) == len(points) + len(reasons)
    with open(course / "grades.csv", newline="", encoding="utf-8") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert rows.keys() == records.keys()
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", (course / "grades.csv").read_bytes().decode().replace("\r\n", ""))
    assert float(rows["right"]["points"]) == 4 and float(rows["right"]["max_points"]) == 6
    assert rows["without-tests"]["note"].startswith("Cells that were missing: 99-double-tests")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "limits", "words"),
    [
        ("import time; time.sleep(600)", {"seconds": 1}, "more than 1 seconds"),
        ("x = bytearray(300 * 1024**2); import time; time.sleep(600)", {"memory_gb": 0.2}, "0.2 GB of memory"),
        ("import os, time; [os.fork() for _ in range(4)]; time.sleep(99)", {"processes": 10}, "more than 10 processes"),
        ("pass", {}, ""),
    ],
)
def test_what_goes_beyond_its_limits_is_ended(code, limits, words):
    from classroom.grading import Limits, end, family_of, watch

    process = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
    try:
        ending = waited(watch(process.pid, lambda: process.poll() is None, Limits(**{"seconds": 300, **limits})))
        assert words in ending.problem if words else not ending.problem
        assert ending.late == ("seconds" in limits)
    finally:
        family = family_of(process.pid)
        end(process.pid)
        process.wait()
    assert not still_running(family)


def waited(generator):
    """What a generator that waits returns in the end."""
    while True:
        try:
            next(generator)
            time.sleep(0.05)
        except StopIteration as done:
            return done.value


def still_running(family, seconds=60):
    """Those of some processes that run on, though each had some seconds to go."""
    gone_by = time.monotonic() + seconds
    while time.monotonic() < gone_by:
        running = []
        for member in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                if member.status() != psutil.STATUS_ZOMBIE:
                    running.append(member)
        if not running:
            break
        time.sleep(0.05)
    return running


@pytest.mark.slow
@needs_sandbox
def test_memory_is_limited_inside_the_kernel(class_graded):
    _, course, _, _ = class_graded
    text = (course / "autograded" / "eats" / "99_doubling" / "99_doubling.ipynb").read_text()
    assert "MemoryError" in text
    assert read_record(course, "99_doubling", "eats")["stopped"]  # so more memory is a new chance


@pytest.mark.slow
@needs_sandbox
def test_the_sandbox_holds(class_graded):
    _, course, _, _ = class_graded
    notebook = nbformat.read(course / "autograded" / "spies" / "99_doubling" / "99_doubling.ipynb", as_version=4)
    text = "".join(output.text for output in notebook.cells[1].outputs)  # it may come in several pieces
    said = dict(line.split(": ", 1) for line in text.strip().splitlines())
    assert {said[what] for what in ("package", "processes", "shm", "tasks")} == {"True"}
    assert int(said["nice"]) == min(os.nice(0) + 10, 19)
    for what in (
        "connect",
        "secret",
        "solutions",
        "course",
        "write",
        "root",
        "other",
        "namespace",
        "environ",
        "options",
        "open files",
        "mounts",
        "host",
    ):
        assert said[what].startswith("FAILED"), (what, said[what])


@pytest.mark.slow
@needs_sandbox
def test_feedback_tells_what_is_wrong_and_no_hidden_test(class_graded):
    _, course, _, _ = class_graded
    for path in course.glob("feedback/*/*/*.html"):
        text = path.read_text(encoding="utf-8")
        assert "double(21)" not in text and "double(22)" not in text and "HIDDEN TESTS" not in text, path
        assert not re.search(r"<(script|link|img|form|iframe|svg|base)\b|<\w[^>]*(onerror|src=.?https?:)", text), path
        assert "default-src 'none'" in text
    assert "Your function is wrong for other numbers." in page(course, "special")
    assert "Twice 2 is 4, but you return …." in page(course, "is-hidden")
    assert "Twice 2 is 4, but you return 5." in page(course, "displays-half")
    assert max(len(page(course, student)) for student in ("prints", "prints-one-line")) < 1_000_000


@pytest.mark.slow
@needs_sandbox
def test_nothing_runs_in_a_browser(class_graded, browser):
    """Feedback, and formgrader's page as its server makes it, without and with the course's own filters."""
    from nbconvert.exporters import HTMLExporter
    from nbgrader.server_extensions.formgrader import handlers
    from traitlets.config import Config, PyFileConfigLoader

    _, course, _, _ = class_graded
    config = PyFileConfigLoader("nbgrader_config.py", path=str(course)).load_config()
    pages = {student: page(course, student) for student in ("attacks", "long", "scripts", "is-hidden")}
    resources = {"base_url": "", "index": 0, "total": 1, "assignment_id": "a", "notebook_id": "b", "submission_id": "c"}
    resources |= {"student": "d", "last_name": None, "first_name": None, "notebook_path": "e"}
    for number, some in enumerate((config, Config())):
        some.HTMLExporter.template_name = "formgrade"
        some.HTMLExporter.extra_template_basedirs = [handlers.template_path]
        path = course / "autograded" / "attacks" / "99_doubling" / "99_doubling.ipynb"
        pages[f"formgrader {number}"], _ = HTMLExporter(config=some).from_filename(str(path), resources=dict(resources))

    def answer(text, route):
        route.fulfill(body=text, content_type="text/html; charset=utf-8")

    context = browser.new_context()
    context.set_default_timeout(HANG)
    context.expose_function("hacked", lambda: hacked.append(name))
    hacked, asked = [], []
    context.on("request", lambda request: asked.append((name, request.url)))
    for name, text in pages.items():
        tab = context.new_page()
        tab.route("**/*", lambda route: route.abort())
        tab.route("http://class.test/", functools.partial(answer, text))
        tab.goto("http://class.test/")
        links = tab.evaluate("[...document.querySelectorAll('a[href]')].map(a => a.href)")
        tab.wait_for_timeout(100)
        assert not [one for one in links if not one.startswith(("http://class.test/", "https:", "http:"))], (
            name,
            links,
        )
        if "formgrader" in name:
            assert tab.query_selector(".code_cell, .text_cell"), name
            assert not tab.query_selector("form, iframe, svg, .rendered_html style, .output_area script"), name
        tab.close()
    assert hacked == []
    ours = ("http://class.test/", "/static/", "MathJax", "require", "mathjax", "jquery")
    assert [one for one in asked if not any(word in one[1] for word in ours)] == []
    context.close()


@pytest.mark.slow
@needs_sandbox
def test_grading_goes_on_where_it_was(class_graded):
    from classroom.grading import grade

    records, course, folder, limits = class_graded
    later = folder.parent / "later"
    later.mkdir()
    for student in ("right", "ends"):
        shutil.copy(folder / f"{student}.ipynb", later)
    nbformat.write(solved(course), later / "special.ipynb")
    (course / "grades.csv").unlink()
    lines = []
    again = {r["student"]: r for r in grade(course, later, limits=limits, report=lines.append)}
    assert ["done before" in line for line in lines if line[0] == "["] == [True, True, False]
    assert again["right"]["points"] == records["right"]["points"] == 4 and again["special"]["points"] == 4
    assert read_record(course, "99_doubling", "special")["sha256"] != records["special"]["sha256"]
    assert len((course / "grades.csv").read_text().splitlines()) == len(records) + 2  # nobody is lost; one came twice


@pytest.mark.slow
@needs_sandbox
def test_stopped_half_way(class_graded, small_course, monkeypatch):
    from classroom.grading import grade

    _, _, folder, limits = class_graded
    stopped = folder.parent / "stopped"
    stopped.mkdir()
    for student in ("one", "three", "two"):
        nbformat.write(solved(small_course), stopped / f"{student}.ipynb")

    def report(line):
        if line.startswith("[2 of 3]"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        grade(small_course, stopped, limits=limits, report=report, jobs=1)
    rows = (small_course / "grades.csv").read_text()
    assert "one,99_doubling,graded,4.0" in rows and "three,99_doubling,graded,4.0" in rows and "two," not in rows
    lines = []
    grade(small_course, stopped, limits=limits, report=lines.append, jobs=1)
    assert ["done before" in line for line in lines if line[0] == "["] == [True, True, False]
    assert "two,99_doubling,graded,4.0" in (small_course / "grades.csv").read_text()


@pytest.mark.slow
@needs_sandbox
def test_who_was_held_up_is_graded_once_more_alone(small_course, tmp_path):
    from classroom.grading import grade

    nbformat.write(solved(small_course, new="import time; time.sleep(600)"), tmp_path / "sleeps.ipynb")
    nbformat.write(solved(small_course, new="while True: pass"), tmp_path / "spins.ipynb")
    lines = []
    sleeps, spins = grade(small_course, tmp_path, jobs=2, report=lines.append)
    # Who sleeps has as little of the processor as somebody beside a fork bomb; who spins has enough if it can be had.
    assert lines[3].startswith("Once more, alone: ") and "sleeps" in lines[4]
    assert sleeps["points"] == spins["points"] == 1 and "was stopped" in sleeps["note"]
    grade(small_course, tmp_path, jobs=2, report=lines.append)
    assert ["done before" in line for line in lines[-2:]] == [True, True]


@pytest.mark.slow
@needs_sandbox
@pytest.mark.parametrize("broken", ["save_points", "watched"])
def test_one_that_breaks_the_grader_does_not_stop_the_others(small_course, tmp_path, monkeypatch, broken):
    from classroom import grading

    for student in ("a", "b"):
        nbformat.write(solved(small_course), tmp_path / f"{student}.ipynb")

    whole = getattr(grading, broken)

    def breaks(*arguments):
        if "a" in arguments or "submission=Submission(student='a'" in repr(arguments):
            raise PermissionError(13, "secret words", "/home/teacher")
        return whole(*arguments)

    monkeypatch.setattr(grading, broken, breaks)
    first, second = grading.grade(small_course, tmp_path, report=lambda line: None)
    assert (first["status"], second["status"]) == ("failed", "graded")
    assert "PermissionError" in first["note"] and "secret" not in first["note"] and "teacher" not in first["note"]
    for record in (small_course / "records").glob("*/[ab].json"):
        record.unlink()


@pytest.mark.slow
@needs_sandbox
def test_a_sandbox_that_does_not_start_stops_everything(small_course, tmp_path, monkeypatch):
    from classroom import grading, sandbox

    nbformat.write(solved(small_course), tmp_path / "a.ipynb")
    monkeypatch.setattr(sandbox, "sandboxed", lambda *args, **options: ["sh", "-c", "echo no namespaces >&2; exit 1"])
    with pytest.raises(RuntimeError, match="no namespaces"):
        grading.grade(small_course, tmp_path)
    assert not record_path(small_course, "99_doubling", "a").exists()


def test_a_kernel_does_not_lock_its_folder(tmp_path, monkeypatch):
    from classroom import grading

    def refuses(path):
        raise PermissionError(13, "Permission denied", path)

    assert not grading.fills(tmp_path)
    monkeypatch.setattr(os, "scandir", refuses)  # root may read what is locked
    assert grading.fills(tmp_path)


@pytest.mark.parametrize("arguments", [["build"], ["finish"], ["grade", "nowhere", "--no-sandbox"]])
def test_two_do_not_write_into_one_course_at_a_time(arguments, tmp_path):
    from classroom.__main__ import main
    from classroom.grading import locked

    with locked(tmp_path), pytest.raises(SystemExit, match="Somebody else is grading"):
        main(["--course", str(tmp_path), *arguments])


@pytest.mark.slow
def test_the_path_does_not_grow(small_course, monkeypatch):
    from classroom.grading import open_gradebook

    monkeypatch.setenv("PATH", "/usr/bin")
    seen = set()
    for _ in range(3):
        with open_gradebook(small_course):
            seen.add(os.environ["PATH"])
    assert len(seen) == 1


def test_the_time_that_is_left_is_told_in_words():
    from classroom.grading import time_left

    assert time_left(20, 1, 100) == time_left(100, 5, 5) == ""
    assert time_left(60, 2, 10) == ", 4 min left" and time_left(60, 9, 10) == ", a minute left"


@pytest.mark.slow
@needs_sandbox
def test_a_real_assignment(tmp_path, monkeypatch):
    from classroom.grading import cell_points, grade

    monkeypatch.setattr(course_module, "SOURCES", SOURCES[0].parent)
    (source,) = chosen_sources(["04"])
    build(tmp_path / "course", ["04"])
    (tmp_path / "class").mkdir()
    nbformat.write(answered(source), tmp_path / "class" / "solved.ipynb")
    shutil.copy(
        tmp_path / "course" / "release" / source.stem / f"{source.stem}.ipynb", tmp_path / "class" / "not.ipynb"
    )
    records = grade(tmp_path / "course", tmp_path / "class")
    assert [(record["student"], record["points"]) for record in records] == [("not", 0), ("solved", 8)]
    full = points_of_tests(source)
    assert {name: cell_points(tmp_path / "course", "solved", source.stem)[name] for name in full} == full


@pytest.mark.slow
def test_samples_leave_other_folders_alone(small_course, tmp_path):
    from classroom.samples import write_samples

    (tmp_path / "homework.ipynb").write_text("{}")
    with pytest.raises(ValueError, match="left as it is"):
        write_samples(tmp_path, small_course)
    assert (tmp_path / "homework.ipynb").exists()


@pytest.mark.slow
@needs_sandbox
def test_points_by_hand_reach_grades_and_feedback(class_graded):
    from classroom.grading import finish, open_gradebook

    _, course, _, _ = class_graded
    with open_gradebook(course) as gradebook:
        (notebook,) = gradebook.find_submission("99_doubling", "warns").notebooks
        (written,) = [grade for grade in notebook.grades if grade.name == "99-why"]
        written.manual_score, written.needs_manual_grade = 1.5, False
        gradebook.db.commit()
        gradebook.remove_submission("99_doubling", "prints")
    finish(course)
    with open(course / "grades.csv", newline="", encoding="utf-8") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    row = rows["warns"]
    assert rows["prints"]["note"] == "Not in the gradebook any more."
    assert float(row["points"]) == 5.5 and row["to_grade_by_hand"] == ""
    assert "5.5 / 6" in page(course, "warns")


@pytest.mark.slow
@needs_sandbox
def test_similar_answers_are_listed(class_graded):
    _, course, _, _ = class_graded
    pairs = similar_pairs(course, "99_doubling", most=100)
    assert pairs["similarity"].is_monotonic_decreasing and pairs["similarity"].iloc[0] == 100
    alike = {frozenset(pair) for pair in pairs[pairs["similarity"] == 100][["one", "other"]].to_numpy()}
    assert frozenset({"right", "ends"}) in alike and frozenset({"right", "leaks"}) not in alike
    assert "unsolved" not in pairs[["one", "other"]].to_numpy()  # blank answers are all alike


def test_grading_without_a_sandbox_must_be_asked_for(monkeypatch, capsys):
    from classroom import sandbox
    from classroom.__main__ import main

    monkeypatch.setattr(sandbox, "bwrap", lambda: None)
    with pytest.raises(SystemExit) as stop:
        main(["grade", "nowhere"])
    assert "--no-sandbox" in str(stop.value)


@pytest.mark.parametrize("limit", ["--jobs=-1", "--jobs=0", "--memory=0", "--seconds=nan", "--seconds=inf"])
def test_limits_are_above_0(limit, capsys):
    from classroom.__main__ import main

    with pytest.raises(SystemExit):
        main(["grade", "nowhere", limit])
    assert "is not a number above 0" in capsys.readouterr().err


def folder_of(tmp_path, notebooks):
    for student, notebook in notebooks.items():
        nbformat.write(notebook, tmp_path / f"{student}.ipynb")
    return tmp_path


@pytest.mark.slow
@needs_sandbox
def test_what_takes_long_to_show_keeps_its_points(small_course, tmp_path, monkeypatch):
    from classroom import grading

    monkeypatch.setattr(grading, "RENDER", grading.Limits(seconds=0, memory_gb=1))
    folder_of(tmp_path, {"slow-to-show": solved(small_course)})
    (record,) = grading.grade(small_course, tmp_path)
    assert (record["status"], record["points"]) == ("graded", 4)
    assert "4 / 6" in page(small_course, "slow-to-show") and "took too long" in page(small_course, "slow-to-show")
    shown = nbformat.read(small_course / "autograded" / "slow-to-show" / "99_doubling" / "99_doubling.ipynb", 4)
    assert shown.cells[-1].source.startswith("```text")
    record_path(small_course, "99_doubling", "slow-to-show").unlink()


@pytest.mark.slow
@needs_sandbox
def test_more_time_is_a_new_chance_and_a_success_clears_what_was(small_course, tmp_path):
    from classroom.grading import Limits, all_records, grade

    def graded(**limits):
        lines = []
        (record,) = grade(small_course, tmp_path, limits=Limits(**limits), report=lines.append)
        return record["status"], "done before" in lines[-1]

    (tmp_path / "again.ipynb").write_text("nothing")
    assert graded() == ("refused", False)
    assert (small_course / "feedback" / "again" / "unknown").exists()
    folder_of(tmp_path, {"again": solved(small_course, first="import time; time.sleep(6)")})
    assert graded(seconds=4) == ("refused", False)
    assert graded(seconds=4) == ("refused", True)
    assert graded(seconds=300) == ("graded", False)
    assert graded(seconds=300) == ("graded", True)
    good = (tmp_path / "again.ipynb").read_bytes()
    (tmp_path / "again.ipynb").write_text("nothing")
    assert graded(seconds=300) == ("refused", False)
    (tmp_path / "again.ipynb").write_bytes(good)
    assert graded(seconds=300) == ("graded", True)
    assert [one["assignment"] for one in all_records(small_course) if one["student"] == "again"] == ["99_doubling"]
    assert not (small_course / "feedback" / "again" / "unknown").exists()
    record_path(small_course, "99_doubling", "again").unlink()


KILLED = """\
import sys
from pathlib import Path
from classroom.grading import grade
if __name__ == "__main__":
    print(len(grade(Path(sys.argv[1]), sys.argv[2], jobs=2)))
"""


@pytest.mark.slow
@needs_sandbox
def test_a_killed_grader_leaves_no_process_and_loses_nothing(small_course, tmp_path):
    from classroom.grading import all_records

    folder = tmp_path / "class"
    folder.mkdir()
    folder_of(
        folder, {f"killed-{number}": solved(small_course, first="import time; time.sleep(7)") for number in range(3)}
    )
    (tmp_path / "kill.py").write_text(KILLED)
    command = [sys.executable, str(tmp_path / "kill.py"), str(small_course), str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(course_module.ROOT)}

    def ours():
        return {one["student"] for one in all_records(small_course) if one["student"].startswith("killed-")}

    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    gone_by = time.monotonic() + 300
    while not ours() and time.monotonic() < gone_by:
        time.sleep(0.05)
    time.sleep(3)  # now the last one has begun, and sleeps
    family = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait()
    assert family and not still_running(family, 4)
    assert 1 <= len(ours()) < 3
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.count("done before") >= 1 and done.stdout.endswith("3\n") and len(ours()) == 3
    assert not (small_course / ".grading").exists()


BUTTON = """\
from nbgrader.apps.api import NbGraderAPI
from nbgrader.server_extensions.formgrader.formgrader import FormgradeExtension

formgrader = FormgradeExtension()
formgrader.initialize([])  # as Jupyter's server does, with the settings of the folder that it runs in
api = NbGraderAPI(formgrader.coursedir, formgrader.authenticator, parent=formgrader)
result = api.autograde("99_doubling", "right")
assert result["success"], result
"""


@pytest.mark.slow
@needs_sandbox
def test_nbgrader_s_own_commands_work_in_the_course(class_graded, tmp_path):
    records, course, _, _ = class_graded
    environment = {key: value for key, value in os.environ.items() if key not in ("JUPYTER_PATH", "CLASSROOM_RUNTIME")}
    for command in ("autograde", "generate_feedback"):
        words = [sys.executable, "-m", "nbgrader", command, "99_doubling", "--student", "attacks", "--force"]
        done = subprocess.run(words, cwd=course, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-2000:]
    words = [sys.executable, "-c", BUTTON]
    done = subprocess.run(words, cwd=course, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    text = page(course, "attacks")
    assert "double(21)" not in text and "<img src=x" not in text
    shown = nbformat.read(course / "autograded" / "attacks" / "99_doubling" / "99_doubling.ipynb", as_version=4)
    texts = [one.source for one in shown.cells if one.cell_type == "markdown"]
    outputs = [output for one in shown.cells for output in one.get("outputs", []) if "data" in output]
    assert not any("<img" in text or "javascript:" in text for text in texts)
    tables = [output.data.get("text/html", "") for output in outputs]
    assert not any(re.search(r"<(?!a href=\"https?:)\w*[^>]*(=|script|style|form)", text) for text in tables)
    from classroom.grading import cell_points

    for student in ("attacks", "right"):
        assert sum(cell_points(course, student, "99_doubling").values()) == records[student]["points"]


def test_a_folder_is_removed_however_deep_it_is(tmp_path):
    from classroom.course import remove

    before = os.getcwd()
    os.chdir(tmp_path)
    for _ in range(1_500):
        os.mkdir("a")
        os.chdir("a")
    os.chdir(before)
    remove(tmp_path / "a")
    assert not list(tmp_path.iterdir())


def test_folders_that_students_could_read_are_refused(tmp_path, monkeypatch):
    from classroom import sandbox

    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    with pytest.raises(ValueError, match="could read"):
        sandbox.refuse_exposed([tmp_path / "course"])
    (tmp_path.parent / "link").symlink_to(tmp_path)
    with pytest.raises(ValueError, match="could read"):
        sandbox.refuse_exposed([tmp_path.parent / "link" / "course"])
    sandbox.refuse_exposed([tmp_path.parent / "beside"])


@pytest.mark.slow
@needs_sandbox
def test_an_export_that_students_could_read_is_refused(small_course, tmp_path, monkeypatch):
    from classroom.grading import grade

    nbformat.write(solved(small_course), tmp_path / "a.ipynb")
    shutil.make_archive(str(tmp_path / "prefix" / "export"), "zip", tmp_path, "a.ipynb")
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "prefix"))
    with pytest.raises(ValueError, match=r"could read .*export\.zip"):
        grade(small_course, tmp_path / "prefix" / "export.zip", report=lambda line: None)


def test_nothing_stays_in_a_kernel_s_folder(tmp_path, monkeypatch):
    from classroom.plugins import NewKernelFolder

    (tmp_path / "kernel" / "kernel.json").mkdir(parents=True)
    (tmp_path / "kernel" / "kernel.json").chmod(0)
    monkeypatch.setenv("CLASSROOM_RUNTIME", str(tmp_path / "kernel"))
    NewKernelFolder().preprocess(nbformat.v4.new_notebook(), {})
    assert not list((tmp_path / "kernel").iterdir())


def test_nothing_graded_is_one_sentence(tmp_path):
    from classroom.__main__ import main

    with pytest.raises(SystemExit, match="Nothing has been graded"):
        main(["--course", str(tmp_path), "finish"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["grade", "nowhere"], "Build it first"),
        (["finish"], "Build it first"),
        (["similar", "99"], "two are needed"),
    ],
)
def test_too_early_is_one_sentence(arguments, words, tmp_path, monkeypatch):
    from classroom.__main__ import main

    (tmp_path / "99_doubling.py").touch()
    monkeypatch.setattr(course_module, "SOURCES", tmp_path)
    with pytest.raises(SystemExit) as stop:
        main(["--course", str(tmp_path / "course"), *arguments])
    assert words in str(stop.value) and "\n" not in str(stop.value)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (KeyboardInterrupt(), "What is graded is kept"),
        (PermissionError(13, "no"), "no"),
        (OperationalError("insert", {}, Exception("attempt to write a readonly database")), "readonly database."),
    ],
)
def test_stopping_and_what_cannot_be_written_are_one_sentence(error, words, monkeypatch, tmp_path):
    from classroom import __main__

    def fails(options):
        raise error

    monkeypatch.setitem(__main__.COMMANDS, "finish", fails)
    with pytest.raises(SystemExit) as stop:
        __main__.main(["finish"])
    assert words in str(stop.value)


def test_on_windows_it_says_what_to_use(monkeypatch):
    from classroom.__main__ import main

    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(SystemExit, match="WSL"):
        main(["finish"])
