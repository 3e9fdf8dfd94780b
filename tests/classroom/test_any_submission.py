"""Whatever somebody hands in gives a record, and a page that holds only what may be shown.

A few hundred examples in the test run; `make fuzz N=5000` tries more.
"""

import contextlib
import dataclasses
import json
import os
import re
import tempfile
import unicodedata
from html.parser import HTMLParser
from pathlib import Path

import nbformat
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from nbgrader.utils import compute_checksum

from classroom import worker
from classroom.feedback import feedback_page
from classroom.submissions import Submission, student_id
from classroom.texts import harmless_markdown, safe_html, safe_markdown
from classroom.worker import Limits, Task

EXAMPLES = int(os.environ.get("CLASSROOM_EXAMPLES", 200))
some = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
HIDDEN = 'assert double(21) == 42, f"Wrong for other numbers: {double(21)}."'
VISIBLE = 'assert double(2) == 4, f"Twice 2 is 4, but you return {double(2)}."'


def cell(kind, grade_id, source, **mark):
    new = nbformat.v4.new_code_cell if kind == "code" else nbformat.v4.new_markdown_cell
    made = new(source, metadata={"nbgrader": {"grade_id": grade_id, "schema_version": 3, "task": False, **mark}})
    made.metadata.nbgrader.checksum = compute_checksum(made)
    made.id = grade_id
    return made


def release(hidden=""):
    tests = {"grade": True, "solution": False, "locked": True, "points": 3}
    written = {"grade": True, "solution": True, "locked": False, "points": 2}
    answer = {"grade": False, "solution": True, "locked": False}
    return nbformat.v4.new_notebook(
        cells=[
            cell("markdown", "99-title", "# Doubling", grade=False, solution=False, locked=True),
            cell("code", "99-double", "def double(x):\n    raise NotImplementedError()", **answer),
            cell("code", "99-double-tests", VISIBLE + hidden, **tests),
            cell("markdown", "99-why", "YOUR ANSWER HERE", **written),
        ]
    )


RELEASES = {"99_doubling": release()}
HIDDEN_REGION = f"\n### BEGIN HIDDEN TESTS\n{HIDDEN}\n### END HIDDEN TESTS"
SOURCES = {
    one.metadata.nbgrader.grade_id: {
        "source": one.source,
        "checksum": one.metadata.nbgrader.checksum,
        "locked": one.metadata.nbgrader.locked,
    }
    for one in release(HIDDEN_REGION).cells
}

PIECES = [
    *("<", ">", "</", "<script>", "<img src=x onerror=x()>", "<!--", "-->", "<a href=javascript:x()>", "<style>"),
    *("![", "](", "[a]", ")", "`", "```\n", "$", "\\", "\\begin{a}", "\\href{", "|", "\n", "\n\n", "*", "_", "#"),
    *("&lt;", "&#60;", "\u200b", "\0", "\x1b[31m", "\ud800", "javascript:", "java\nscript:", "data:text/html,"),
    *("'", '"', "=", "{", "}", "रवि", "e\u0301", "\u202e", HIDDEN, "double(21)", "### END HIDDEN TESTS"),
    *(
        "[a](java&#115;cript:x())",
        "[a](javascript&colon;x())",
        "[a](javascript\\:x())",
        "![a](x",
        "[a]: javascript:x()\n",
        "<mailto:",
    ),
    *("def double(x):\n    return 2 * x", "YOUR ANSWER HERE"),
]
pieces = st.sampled_from(PIECES)
texts = st.one_of(
    st.lists(st.one_of(pieces, st.text(max_size=5)), max_size=15).map("".join),
    st.builds(lambda piece, times: piece * times, pieces, st.integers(1, 1_000)),
)
anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), texts),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=8,
)
ids = st.one_of(st.sampled_from(sorted(SOURCES)), texts, anything)
cells = st.one_of(
    st.fixed_dictionaries(
        {
            "cell_type": st.sampled_from(["code", "markdown", "raw", "heading", 3]),
            "source": st.one_of(texts, st.lists(texts, max_size=3), st.just(VISIBLE), st.just("YOUR ANSWER HERE")),
            "metadata": st.one_of(
                st.just({}), anything, st.fixed_dictionaries({"nbgrader": st.fixed_dictionaries({"grade_id": ids})})
            ),
        },
        optional={"id": ids, "outputs": anything, "attachments": anything, "execution_count": anything},
    ),
    anything,
)
notebooks = st.fixed_dictionaries(
    {
        "nbformat": st.sampled_from([4, 4, 4, 4, 3, 5, "4", None]),
        "cells": st.one_of(st.lists(cells, max_size=8), anything),
    },
    optional={"nbformat_minor": anything, "metadata": anything, "worksheets": anything},
)
known = st.fixed_dictionaries(
    {
        "cell_type": st.sampled_from(["code", "markdown"]),
        "source": texts.map(lambda text: text.replace("\ud800", "")),
        "metadata": st.sampled_from(sorted(SOURCES)).map(lambda grade_id: {"nbgrader": {"grade_id": grade_id}}),
    }
)
contents = st.one_of(
    st.lists(known, min_size=1, max_size=8).map(
        lambda some_cells: json.dumps({"nbformat": 4, "metadata": {}, "cells": some_cells}).encode()
    ),
    st.binary(max_size=200),
    notebooks.map(lambda raw: json.dumps(raw).encode("utf-8", "surrogatepass")),
    notebooks.map(lambda raw: b"\xef\xbb\xbf" + json.dumps(raw, ensure_ascii=False).encode("utf-8", "surrogatepass")),
    notebooks.map(lambda raw: json.dumps(raw).encode()[:-7]),
)
names = st.one_of(
    st.binary(min_size=1, max_size=240), texts.map(lambda text: text.encode("utf-8", "replace")[:240])
).map(lambda name: re.sub(rb"[/\0]", b"", name))
outputs = st.one_of(
    st.fixed_dictionaries({"output_type": st.just("stream"), "name": texts, "text": texts}),
    st.fixed_dictionaries(
        {
            "output_type": st.just("error"),
            "ename": st.one_of(texts, st.sampled_from(["AssertionError", "NameError", "TypeError"])),
            "evalue": st.one_of(texts, texts.map(lambda text: f"Twice 2 is 4, but you return {text}."), anything),
            "traceback": st.lists(texts, max_size=3),
        }
    ),
    st.fixed_dictionaries(
        {
            "output_type": st.sampled_from(["display_data", "execute_result"]),
            "data": st.dictionaries(
                st.sampled_from(["text/plain", "text/html", "image/png", "image/svg+xml", "text/latex", "a/b"]),
                st.one_of(texts, st.just("1e9"), anything),
                max_size=3,
            ),
        }
    ),
    st.fixed_dictionaries({"output_type": texts}),
)


FORBIDDEN = {"script", "style", "img", "svg", "math", "iframe", "object", "embed", "form", "input", "base", "meta"}


class Tags(HTMLParser):
    """The tags of a page, with their attributes."""

    def __init__(self, page):
        super().__init__()
        self.found = set()
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.found.add(tag)
        for name, value in attributes:
            assert name in ("class", "href", "rel", "colspan", "rowspan"), (tag, name, value)
            assert name != "href" or re.match(r"https?:|mailto:|(?![a-z]+:)", value), value


def check_harmless(fragment):
    tags = Tags(fragment).found
    assert not tags & FORBIDDEN, tags


@some
@given(texts)
def test_no_text_becomes_more_than_text(text):
    for page in (safe_markdown(text), safe_html(text), safe_markdown(harmless_markdown(text))):
        check_harmless(page)


@settings(some, max_examples=EXAMPLES // 4)
@given(texts)
def test_cleaned_markdown_is_harmless_in_nbconvert_too(text):
    from nbconvert.filters.markdown_mistune import markdown2html_mistune

    if len(text) < 2_000:  # it takes long: a reason not to use it
        page = markdown2html_mistune(harmless_markdown(text))
        check_harmless(re.sub(r' (align|style="text-align:\w+"|id|title|target|class)="[^"]*"', "", page))


@some
@given(st.lists(names, min_size=2, max_size=2, unique=True))
def test_two_names_are_two_students(pair):
    pair = [unicodedata.normalize("NFC", os.fsdecode(name)) for name in pair]
    ids = [student_id(name) for name in pair]
    assert all(one and one[0] not in ".-" and "/" not in one and len(one.encode()) < 140 for one in ids)
    assert (ids[0] == ids[1]) == (pair[0] == pair[1])


@some
@given(names, contents, st.lists(st.lists(outputs, max_size=3), max_size=6), st.sets(st.integers(0, 5)))
def test_whatever_is_handed_in_gives_a_record_and_a_page(name, data, shown, failed):
    def run(notebook, task):
        """In place of the kernel: anything may have come out of it."""
        code = [one for one in notebook.cells if one.cell_type == "code"]
        for one, some_outputs in zip(code, shown, strict=False):
            one.outputs = [nbformat.from_dict(output) for output in some_outputs]
        return failed

    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        course = Path(folder)
        (course / "source" / "99_doubling").mkdir(parents=True)
        (course / "source" / "99_doubling" / "99_doubling.ipynb").write_text("{}")
        path = course / os.fsdecode(name + b".ipynb")
        path.write_bytes(data)
        before, worker.run = worker.run, run
        stack.callback(setattr, worker, "run", before)
        submission = Submission(student_id(path.stem), path)
        task = Task(submission, course, course, course, RELEASES, {"99_doubling": SOURCES}, 10, Limits())
        worker.attempt(task)
        record = json.loads((course / "record.json").read_text(encoding="utf-8"))
        assert record["status"] in ("graded", "refused"), record
        assert len(record["note"]) <= 1_000 and not re.search(r"[\x00-\x1f\x7f\u202e]", record["note"])
        event(record["status"])
        if record["status"] == "graded":
            assert record["points"].keys() == SOURCES.keys()
            assert record["points"]["99-double-tests"]["auto"] in (0, 3)
            assert record["points"]["99-why"]["auto"] in (0, None)
            scores = {"99-why": {"score": 0, "most": 2, "comment": "<b>well</b>"}}
            for stored in ("graded.ipynb", "plain.ipynb"):
                notebook = nbformat.read(course / stored, as_version=4)
                nbformat.validate(notebook)
                page = feedback_page("99", notebook, RELEASES["99_doubling"], SOURCES, scores)
                check_harmless(page.split("</head>")[1])
                assert "double(21)" not in page or "double(21)" in own_texts(data)
            written = dataclasses.replace(task, submission=dataclasses.replace(submission, assignment="99_doubling"))
            worker.attempt(written)


def own_texts(data):
    """All that stands in the cells of a notebook."""
    return "\n".join("".join(one["source"]) for one in json.loads(data)["cells"])
