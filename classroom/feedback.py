"""The page that a student gets back. It holds only what may be shown, and runs and loads nothing.

What may be shown: the student's own text; the assignment as it was handed out; points; what a
test's author wrote for the case that it fails, with values in it, if they are numbers and the
like; Python's own words about its own errors in the cells that were handed out, with words that
the student could read. What a submission printed or drew while hidden
tests ran beside it is not shown: students can run their notebook themselves.
"""

import ast
import builtins
import html
import re

import nbformat
from nbgrader.utils import is_grade, is_solution
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from classroom.submissions import grade_id_of
from classroom.texts import one_line, safe_markdown

MAX_VALUE = 600  # letters of a value in a message
POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"
# What a value in a message may consist of: numbers, brackets, and names of types; quoted words come besides.
TYPES = {name for name, thing in vars(builtins).items() if isinstance(thing, type)}
TYPES |= set(
    """
    NoneType None True False nan inf NaN NaT array dtype ndarray function method generator
    float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool_ str_ object_
    Series DataFrame Index RangeIndex Tensor EagerTensor KerasTensor Variable Functional Sequential
    """.split()  # noqa: SIM905
)
VALUE = r"""[\s\d.,:()\[\]{}<>+\-…]|(?<=\d)[ejx%](?=[\d+\-\s.,)\]]|$)|(?<=\d)_(?=\d)"""
PYTHONS_WORDS = [
    r"name '(\w+)' is not defined",
    r"No module named '([\w.]+)'",
    r"cannot import name '(\w+)' from '([\w.]+)'",
    r"'(\w+)' object has no attribute '(\w+)'",
    r"'(\w+)' object is not (?:callable|iterable|subscriptable)",
    r"(\w+)\(\) missing (?:\d+) required (?:positional|keyword-only) arguments?: '(\w+)'",
    r"(\w+)\(\) got an unexpected keyword argument '(\w+)'",
    r"(\w+)\(\) takes (?:\d+) positional arguments? but (?:\d+) (?:was|were) given",
    r"cannot access local variable '(\w+)' where it is not associated with a value",
    r"division by zero",
    r"invalid syntax|unterminated string literal|unexpected indent|invalid decimal literal",
    r"expected an indented block after (?:'\w+' statement|function definition|class definition)",
    r"unindent does not match any outer indentation level",
    r"'[(\[{]' was never closed|unmatched '[)\]}]'|expected ':'",
]
WORDS_FOR = {
    "CellTimeoutError": "The cell did not end in its time.",
    "NotImplementedError": "NotImplementedError: this is still as it was handed out.",
    "DeadKernelError": "The kernel died.",
}


def feedback_page(title, notebook, release, sources, scores):
    """HTML of a graded notebook for its student.

    Args:
        title: of the page.
        notebook: as it was graded.
        release: as it was handed out.
        sources: dict from nbgrader's id to text, with the hidden tests.
        scores: dict from nbgrader's id to a dict with `score`, `most` and `comment`.

    Returns:
        A page that needs no network to open.
    """
    handed_out = {grade_id_of(cell): cell for cell in release.cells if grade_id_of(cell)}
    visible = "\n".join(cell.source for cell in release.cells)
    locked = {grade_id for grade_id, cell in handed_out.items() if is_locked(cell)}
    own = "\n".join(cell.source for cell in notebook.cells if grade_id_of(cell) not in locked)
    known = words_of(visible) | words_of(own[:1_000_000])
    quoted = set(re.findall(r"""["']([\w .-]{1,40})["']""", visible))
    # A test may call a function of a cell before it, which says what is wrong.
    helpers = "\n".join(c.source for c in handed_out.values() if c.cell_type == "code" and is_locked(c))
    parts = []
    for cell in notebook.cells:
        grade_id = grade_id_of(cell)
        if grade_id in locked:
            cell = nbformat.from_dict({**cell, "source": handed_out[grade_id].source})
        author = sources.get(grade_id, {}).get("source", "") if grade_id in handed_out else ""
        told = message(cell, (author, helpers), known if grade_id in handed_out else set(), quoted)
        parts.append(cell_html(cell, scores.get(grade_id), told))
    total, most = sum(score["score"] for score in scores.values()), sum(score["most"] for score in scores.values())
    places = {grade_id_of(cell): place for place, cell in enumerate(notebook.cells)}
    scores = dict(sorted(scores.items(), key=lambda item: places.get(item[0], -1)))
    rows = "".join(
        f"<tr><td>{html.escape(grade_id)}</td><td>{waiting(score)}</td></tr>" for grade_id, score in scores.items()
    )
    return PAGE.format(
        policy=POLICY,
        title=html.escape(one_line(title)),
        style=STYLE + HtmlFormatter(style="default").get_style_defs(".source"),
        body=f"<p class=score>Score: {total:g} / {most:g}</p>\n<table>{rows}</table>\n"
        f"<p class=note>{html.escape(NOTE)}</p>\n" + "\n".join(parts),
    )


def words_of(text):
    """The words of a text, and names with dots as a whole."""
    return set(re.findall(r"\w+", text)) | set(re.findall(r"[\w.]+", text))


def is_locked(cell):
    """Whether a cell of a release is its author's only."""
    return bool(cell.metadata.nbgrader.get("locked")) and not is_solution(cell)


def waiting(score):
    """Points as the page shows them."""
    return f"{score['score']:g} / {score['most']:g}" + (" (not graded yet)" if score.get("by_hand") else "")


def cell_html(cell, score, told):
    """A cell's part of the page."""
    kind = "answer" if "nbgrader" in cell.metadata and is_solution(cell) else cell.cell_type
    head = ""
    if score is not None:
        head = f"<p class=points>{html.escape(grade_id_of(cell))}: {waiting(score)}</p>"
    if cell.cell_type == "markdown":
        body = safe_markdown(cell.source)
    else:
        body = highlight(cell.source, PythonLexer(), HtmlFormatter(cssclass="source"))
    comment = f"<div class=comment>{safe_markdown(score['comment'])}</div>" if score and score.get("comment") else ""
    failed = f"<p class=failed>{html.escape(told)}</p>" if told else ""
    return f"<div class='cell {kind}'>{head}{body}{failed}{comment}</div>"


def message(cell, authors, known, quoted):
    """What may be told of a cell's error; "" if there is none. `authors` are texts that may hold its words."""
    errors = [output for output in cell.get("outputs", []) if output.output_type == "error"]
    if not errors:
        return ""
    ename, evalue = errors[-1].ename, errors[-1].evalue
    if ename in WORDS_FOR:
        return WORDS_FOR[ename]
    kind = getattr(builtins, ename, None)
    if not (isinstance(kind, type) and issubclass(kind, BaseException)):
        return "An error of a kind that is not Python's own."
    if authors[0] and "nbgrader" in cell.metadata and is_grade(cell) and not is_solution(cell):
        for pieces in [pieces for author in authors for pieces in messages_of(author)]:
            text = filled(pieces, evalue, quoted)
            if text is not None:
                return text
    for pattern in PYTHONS_WORDS:
        found = re.match(pattern, evalue[:300])
        if found and all(len(word) <= 60 and word in known for word in found.groups()):
            return f"{ename}: {found[0]}"
    return f"{ename}. Run the notebook to see more of it."


def messages_of(source):
    """The messages that a test cell's author wrote: each a list of texts, and None where a value comes."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert) and node.msg is not None:
            found.append(pieces_of(node.msg))
    return [pieces for pieces in found if any(pieces)]


def pieces_of(node):
    """A message's texts, with None between them where a value comes."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.JoinedStr):
        return [piece for value in node.values for piece in pieces_of(value)]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return pieces_of(node.left) + pieces_of(node.right)
    return [None]


def filled(pieces, text, quoted):
    """A message as its author wrote it, with those values of `text` that may be shown; None if it is another one."""
    said, at = [], 0
    for number, piece in enumerate(pieces):
        if piece is not None:
            if not text.startswith(piece, at):
                return None
            said.append(piece)
            at += len(piece)
            continue
        rest = pieces[number + 1 :]
        if None not in rest:  # the last value reaches up to the last words
            end = max(at, len(text) - len("".join(rest)))
        else:
            end = text.find(next((one for one in rest if one), ""), at)
            if end < 0:
                return None
        value = text[at:end]
        said.append(value if is_value(value, quoted) else "…")
        at = end
    return "".join(said) if at == len(text) else None


def is_value(text, quoted):
    """Whether a text is a value that may be shown: numbers, brackets, names of types, and words of the assignment."""
    if len(text) > MAX_VALUE:
        return False
    bare = re.sub(r"""(["'])([\w .-]{1,40})\1""", lambda found: "" if found[2] in quoted else found[0], text)
    bare = re.sub(r"\b(dtype|shape|numpy|length)=", "", bare, flags=re.IGNORECASE)
    bare = re.sub(r"[A-Za-z]\w*", lambda found: "" if found[0] in TYPES else found[0], bare)
    return bare.strip() in quoted or not re.sub(VALUE, "", bare)


NOTE = (
    "What your cells print and draw is not repeated here: run the notebook to see it. "
    "When you handed it in, more tests were run than you see."
)
STYLE = """
body { font: 16px/1.5 sans-serif; color: #222; max-width: 50em; margin: 2em auto; padding: 0 1em }
.cell { margin: 1em 0; overflow-x: auto; overflow-wrap: anywhere }
.source, code { background: #f6f6f6 } .source { padding: .1em .8em; font-size: 14px } pre { white-space: pre-wrap }
.answer { border-left: 4px solid #2a6fb0; padding-left: 1em }
.points, .score { font-weight: bold } .failed { color: #a40000; white-space: pre-wrap; font-weight: bold }
.comment { background: #fff6d6; padding: .1em .8em } .note { color: #555 }
table { border-collapse: collapse } td, th { border: 1px solid #ccc; padding: .2em .6em }
"""
PAGE = """\
<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="referrer" content="no-referrer"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>{style}</style></head>
<body>
<h1>{title}</h1>
{body}
</body></html>
"""


def refusal_page(title, reason):
    """HTML that tells a student why there are no points."""
    told = "This submission could not be graded, so it has no points."
    return simple_page(title, f"<p>{told}</p>\n<p><strong>{html.escape(one_line(reason, 2_000))}</strong></p>")


def points_page(title, scores):
    """HTML with the points only, for a submission that takes too long to show."""
    rows = "".join(f"<tr><td>{html.escape(one)}</td><td>{waiting(score)}</td></tr>" for one, score in scores.items())
    total, most = sum(score["score"] for score in scores.values()), sum(score["most"] for score in scores.values())
    return simple_page(
        title,
        f"<p class=score>Score: {total:g} / {most:g}</p><table>{rows}</table>"
        "<p>Your answers are not shown here: it took too long. The points are not touched by that.</p>",
    )


def simple_page(title, body):
    """A page around some HTML of ours."""
    return PAGE.format(policy=POLICY, title=html.escape(one_line(title)), style=STYLE, body=body)
