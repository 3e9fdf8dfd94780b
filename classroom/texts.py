"""What comes from a student is bounded and cleaned here, at one place, before anybody or anything shows it.

Allow-lists only: what is not known to be harmless is left out, or stands there as plain text.
"""

import base64
import binascii
import re

import nbformat
import nh3
from markdown_it import MarkdownIt

from classroom.platforms import clean

MAX_LETTERS = 100_000  # of one output, and of a cell's text as it is shown
MAX_LETTERS_OF_ALL = 3_000_000  # of a notebook's outputs
MAX_PICTURE = 700_000  # letters of a picture, in base64
MAX_OUTPUTS = 500  # of a cell
CUT = "(left out)"

# An invisible space: behind a "<", no browser and no Markdown takes what follows for a tag.
BREAK = "\u200b"
TAG = re.compile(r"<(?=[A-Za-z/!?])")
# Of the commands of formulas, those that make links, or load or style something.
COMMAND = re.compile(r"\\(?=href|url|style|class|cssId|require|unicode|data|html|include|texttip|mmlToken|action)")
# In Markdown a link's address may begin like this only.
SCHEMES = {"http", "https", "mailto"}
SCHEME = re.compile(r"(?<![A-Za-z])(javascript|vbscript|data|file|blob|about)(?=\s*\\?(?::|&colon|&#))", re.IGNORECASE)
ENTITY = re.compile(r"&(?=[#A-Za-z])")  # "&colon;" in an address is a colon for some programs
PICTURE = re.compile(r"data:image/[^)\s\"'>]{200,}")

TAGS = {"p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "em", "strong", "s", "del", "code"}
TAGS |= {"pre", "blockquote", "sub", "sup", "a", "table", "thead", "tbody", "tfoot", "tr", "th", "td", "caption"}
ATTRIBUTES = {"*": set(), "a": {"href"}, "th": {"colspan", "rowspan"}, "td": {"colspan", "rowspan"}}

MARKDOWN = MarkdownIt("commonmark", {"html": False, "maxNesting": 20}).enable("table")


def one_line(text, most=200):
    """A text for reports, tables and terminals: in one line, without signs that steer a terminal, bounded."""
    return clean(str(text), most=most)


def cut(text, most=MAX_LETTERS):
    """A text of several lines, of at most `most` letters, without signs that steer a terminal or can't be written."""
    text = str(text)
    short = text if len(text) <= most else f"{text[:most]}\n... ({len(text):,} letters in all)"
    return "".join(c if c >= " " or c in "\n\t\x1b" else " " for c in short if not "\ud800" <= c <= "\udfff")


def harmless_markdown(text):
    """Markdown in which no HTML is left, and nothing that a formula or link could run.

    It looks the same and needs no parser: a sign that can't be seen breaks what could be a tag. So it
    holds whichever program renders it.
    """
    text = PICTURE.sub("", cut(text))
    text = TAG.sub(f"<{BREAK}", text)
    text = COMMAND.sub(lambda found: f"\\{BREAK}", text).replace("![", f"!{BREAK}[")
    text = ENTITY.sub(f"&{BREAK}", text)
    return SCHEME.sub(lambda found: f"{found[0][0]}{BREAK}{found[0][1:]}", text)


def safe_html(fragment):
    """A fragment of HTML: tables, lists and text, without attributes but addresses of ordinary links."""
    fragment = nh3.clean(cut(fragment, 5 * MAX_LETTERS), tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES)
    return COMMAND.sub(lambda found: f"\\{BREAK}", fragment)


def safe_markdown(text):
    """HTML of a Markdown text. In the course's nbgrader_config.py it takes the place of nbconvert's own."""
    return safe_html(MARKDOWN.render(PICTURE.sub("", cut(str(text)))))


def plain_markdown(text):
    """Markdown that shows a text as it is, at little cost: for what takes long to render."""
    lines = [line[:1_000] for line in cut(text, 20_000).replace("`", "'").split("\n")[:1_000]]
    return "\n".join(["```text", *lines, "```"])


def clean_outputs(outputs):
    """A cell's outputs that may be shown: text, tables, pictures, errors.

    Args:
        outputs: list of outputs of nbformat 4.

    Returns:
        List of at most `MAX_OUTPUTS` outputs; errors are kept before anything else, since points depend on them.
    """
    kept = []
    for output in outputs:
        if output.output_type == "error" or len(kept) < MAX_OUTPUTS:
            kept.append(clean_output(output))
    errors = [output for output in kept if output.output_type == "error"]
    rest = [output for output in kept if output.output_type != "error"]
    return rest[:MAX_OUTPUTS] + errors[:10]


def clean_output(output):
    """An output as it may be shown: see `clean_outputs`."""
    if output.output_type == "stream":
        name = "stderr" if output.name == "stderr" else "stdout"
        return nbformat.v4.new_output("stream", name=name, text=cut(output.text))
    if output.output_type == "error":
        lines = [cut(line, 5_000) for line in list(output.traceback)[:100]]
        return nbformat.v4.new_output(
            "error", ename=one_line(output.ename), evalue=cut(output.evalue, 5_000), traceback=lines
        )
    data = {}
    for kind, value in dict(output.get("data", {})).items():
        value = "".join(map(str, value)) if isinstance(value, list) else str(value)
        if kind == "text/plain":
            data[kind] = cut(value)
        elif kind == "text/html" and len(value) <= MAX_LETTERS:
            data[kind] = safe_html(value)
        elif kind in ("image/png", "image/jpeg") and is_picture(value):
            data[kind] = value
    return nbformat.v4.new_output("display_data", data=data or {"text/plain": CUT})


def is_picture(text):
    """Whether a text is a PNG or a JPEG in base64, of a size that can be shown."""
    if len(text) > MAX_PICTURE:
        return False
    try:
        start = base64.b64decode("".join(text.split()), validate=True)[:8]
    except (binascii.Error, ValueError):
        return False
    return start.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"))


def bounded(cells):
    """Cut the outputs of all cells of a notebook together, from the end of what is too much; errors stay."""
    left = MAX_LETTERS_OF_ALL
    for cell in cells:
        kept = []
        for output in cell.get("outputs", []):
            left -= len(str(output))
            if left > 0 or output.output_type == "error":
                kept.append(output)
        if cell.cell_type == "code":
            cell.outputs = kept
