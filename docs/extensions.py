"""What the site adds to Sphinx: formulas without a script, notebooks as pages, the path, the exhibits."""

import functools
import html
import re
import shutil
from pathlib import Path

import nbformat
from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from PIL import Image
from sphinx.util.docutils import SphinxDirective
from sphinx.util.logging import getLogger

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"
EXHIBITS = ROOT / "docs" / "playground"
log = getLogger(__name__)


# Formulas: MathML, which browsers draw by themselves.


def mathml(tex, block):
    r"""A formula in MathML; docutils alone draws `\tfrac12` as 12 over what follows, and the i of `\hat x_i` below x.

    Raises:
        SyntaxError: if it can't be drawn; or a ValueError.
    """
    formula = tex2mathml(re.sub(r"(frac)\s*(\d)\s*(\d)", r"\1{\2}{\3}", tex), as_block=block)
    indexed_hat = (
        r"<munderover>\s*(<mi>\w</mi>)((?:(?!munderover).)*?)(<mo stretchy=\"false\">[ˆ˜¯]</mo>)\s*</munderover>"
    )
    formula = re.sub(indexed_hat, r'<msub><mover accent="true">\1\3</mover>\2</msub>', formula, flags=re.DOTALL)
    # Space as TeX gives it: x log p has a little before log and behind it, log(p) has none.
    space, named = '<mspace width="0.17em"/>', r"<mi>\w\w+</mi>\s*<mo>&ApplyFunction;</mo>"
    formula = re.sub(rf"({named})(?!\s*<mo[^>]*>\()", rf"\1{space}", formula)
    return re.sub(rf"(</(?!mo>)\w+>\s*)({named})", rf"\1{space}\2", formula)


def write_formula(writer, node):
    """Write a formula as MathML, which needs neither a script nor fonts, and which screen readers read."""
    block = isinstance(node, nodes.math_block)
    try:
        formula = mathml(node.astext(), block)
    except (SyntaxError, ValueError) as error:
        log.warning("A formula that can't be drawn: %s (%s)", node.astext(), error, location=node)
        formula = f"<code>{html.escape(node.astext())}</code>"
    writer.body.append(f'<div class="math">{formula}</div>' if block else formula)
    raise nodes.SkipNode


# Notebooks.


def read_notebook(text):
    """A notebook as its page shows it.

    Figures get their alternative texts, where myst-nb looks for them; a lesson gets its
    exhibits, behind its first cell; solutions are folded.
    """
    notebook = nbformat.reads(text, as_version=4)
    notebook.metadata.pop("widgets", None)  # they need a kernel
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)
            figure = output.get("metadata", {}).get("image/png", {})
            if "alt" in figure:
                cell.metadata["mystnb"] = {"image": {"alt": figure["alt"]}}
    title = notebook.cells[0].source.splitlines()[0]
    number = re.match(r"# (\d\d) ", title)
    if number:
        exhibits = [f"```{{exhibit}} {page.stem}\n```" for page in exhibits_of(number[1])]
        notebook.cells[1:1] = [nbformat.v4.new_markdown_cell(exhibit) for exhibit in exhibits]
    elif title.startswith("# Solutions"):
        notebook.cells = folded(notebook.cells)
    return notebook


def folded(cells):
    """Cells with all that stands below the heading of an exercise, "## 1. ...", folded away."""
    opening = '<details class="solution"><summary>Show the solution</summary>'
    result, is_open = [], False
    for cell in cells:
        heading = re.match(r"(## .*)\n?((?:.|\n)*)", cell.source) if cell.cell_type == "markdown" else None
        if heading:
            parts = ["</details>"] * is_open + [heading[1]]
            is_open = bool(re.match(r"## \d", heading[1]))
            parts += [opening] * is_open + [heading[2]]
            result += [nbformat.v4.new_markdown_cell(part) for part in parts if part.strip()]
        else:
            result.append(cell)
    return result + [nbformat.v4.new_markdown_cell("</details>")] * is_open


@functools.cache
def first_cell(path):
    """Title, question, minutes, seconds, what to know before, and the picture's words, from a notebook."""
    notebook = nbformat.read(path, as_version=4)
    title, question, *_ = re.split(r"\n\s*\n", notebook.cells[0].source)
    before = re.search(r"\*\*Before you start:\*\* (.*)", notebook.cells[0].source)
    alts = [
        output.metadata["image/png"]["alt"]
        for cell in notebook.cells
        if "readme" in cell.metadata.get("tags", [])
        for output in cell.outputs
        if "alt" in output.get("metadata", {}).get("image/png", {})
    ]
    return {
        "title": title.removeprefix("# "),
        "question": question.replace("\n", " "),
        "before": before[1] if before else "",
        "alt": alts[0] if alts else "",
        **notebook.metadata.times,
    }


class Path_(SphinxDirective):
    """The lessons as cards: picture, question, minutes, what to know before."""

    def run(self):
        cards = ["::::{grid} 1 1 2 2", ":gutter: 3"]
        for path in sorted(NOTEBOOKS.glob("*.ipynb")):
            self.env.note_dependency(str(path))
            lesson = first_cell(path)
            before = re.sub(r"\]\((?!http)", "](notebooks/", lesson["before"])
            cards += [
                f":::{{grid-item-card}} {lesson['title']}",
                f":link: notebooks/{path.stem}",
                ":link-type: doc",
                f":img-top: notebooks/images/{path.stem[:2]}.png",
                f":img-alt: {lesson['alt']}",
                "",
                lesson["question"],
                "",
                f"*{lesson['minutes']} minutes to read, {lesson['seconds']} seconds to run.*",
                *(["", f"Before: {before}"] if before else []),
                ":::",
            ]
        cards.append("::::")
        container = nodes.container(classes=["path"])
        self.state.nested_parse("\n".join(cards).splitlines(), self.content_offset, container)
        return [container]


# Exhibits.


def exhibits_of(lesson=None):
    """The pages of `docs/playground`: all, or those whose `<meta name="lesson">` is the given one."""
    pages = [page for page in EXHIBITS.glob("*.html") if meta_of(page, "lesson")]
    pages.sort(key=lambda page: (meta_of(page, "lesson"), page.name))
    return [page for page in pages if lesson in (None, meta_of(page, "lesson"))]


def meta_of(page, name):
    """The content of a page's `<meta name=...>`, or None."""
    found = re.search(rf'<meta name="{name}" content="([^"]*)"', page.read_text(encoding="utf-8"))
    return found[1] if found else None


class Exhibit(SphinxDirective):
    """An exhibit of the playground in the page: ```{exhibit} draw```."""

    required_arguments = 1

    def run(self):
        name = self.arguments[0]
        page = EXHIBITS / f"{name}.html"
        if not page.exists():
            raise self.error(f"There is no exhibit {page}.")
        self.env.note_dependency(str(page))
        title = title_of(page)
        address = "../" * self.env.docname.count("/") + f"playground/{name}.html"
        frame = (
            f'<iframe class="exhibit" src="{address}" title="{title}" loading="lazy" '
            f'style="height: {meta_of(page, "height")}px"></iframe>'
        )
        alone = f'<p><strong>{title}</strong>, <a href="{address}">on a page of its own</a></p>'
        return [nodes.raw("", f'<div class="exhibit-frame">{alone}{frame}</div>', format="html")]


def title_of(page):
    """The title of an exhibit's page, without the playground's."""
    return re.search(r"<title>(.*?)( – .*)?</title>", page.read_text(encoding="utf-8"))[1]


class Exhibits(SphinxDirective):
    """All exhibits, one below the other."""

    def run(self):
        self.env.note_dependency(str(EXHIBITS))
        parts = []
        for page in exhibits_of():
            lesson, title = lesson_of(page)
            parts += [f"## {title_of(page)}", f"```{{exhibit}} {page.stem}\n```"]
            parts += [f"Its lesson: [{title}](/notebooks/{lesson.name})."]
        text = "\n\n".join(parts)
        container = nodes.container()
        self.state.nested_parse(text.splitlines(), self.content_offset, container, match_titles=True)
        return container.children


def lesson_of(page):
    """Path and title of the lesson that an exhibit belongs to."""
    (lesson,) = NOTEBOOKS.glob(f"{meta_of(page, 'lesson')}_*.ipynb")
    return lesson, first_cell(lesson)["title"]


def finish(app, exception):
    """Copy the playground, which gets links to the lessons; leave out what only the theme's authors need."""
    if exception is None:
        folder = Path(app.outdir, "playground")
        shutil.copytree(EXHIBITS, folder, dirs_exist_ok=True)
        for page in exhibits_of():
            lesson, title = lesson_of(page)
            link = f'<a href="../notebooks/{lesson.stem}.html">{html.escape(title)}</a>'
            text = page.read_text(encoding="utf-8").replace(f"<em>{html.escape(title)}</em>", link)
            (folder / page.name).write_text(text, encoding="utf-8")
        index = folder / "index.html"
        link = '<nav aria-label="Site"><a href="../index.html">All lessons</a></nav>'
        text = index.read_text(encoding="utf-8").replace("<main>", f"{link}\n<main>")
        index.write_text(text, encoding="utf-8")
        for source_map in Path(app.outdir, "_static").rglob("*.map"):
            source_map.unlink()
        shutil.rmtree(Path(app.outdir, "_static", "locales"), ignore_errors=True)  # the theme's own translations


# Pages.


def size_images(app, pagename, templatename, context, doctree):
    """Pictures say how large they are, so that nothing jumps, and are loaded when they come into sight."""
    # The pictures are not copied yet: where they come from.
    sources = {name: Path(app.srcdir, source) for source, name in app.builder.images.items()}

    def sized(tag):
        source = re.search(r'src="([^"]+)"', tag[0])[1]
        file = sources.get(source.rpartition("/")[2])
        if "width=" in tag[0] or file is None:
            return tag[0]
        width, height = Image.open(file).size
        return tag[0].replace("<img ", f'<img loading="lazy" width="{width}" height="{height}" ')

    if "body" in context:
        context["body"] = re.sub(r"<img [^>]*>", sized, context["body"])


def setup(app):
    """Called by Sphinx."""
    app.add_html_math_renderer("mathml", (write_formula, None), (write_formula, None))
    app.add_directive("path", Path_)
    app.add_directive("exhibit", Exhibit)
    app.add_directive("exhibits", Exhibits)
    app.connect("html-page-context", size_images)
    app.connect("build-finished", finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
