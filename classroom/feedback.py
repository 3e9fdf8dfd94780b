"""What students see of their graded notebooks: all but the hidden tests."""

import html
import re

import nbformat
from nbgrader.converters import GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_grade, is_solution
from traitlets.config import PyFileConfigLoader

from classroom.course import regions

NOTE = "(not shown: it would give tests away)"
MAX_LETTERS = 100_000  # of one output
MAX_LETTERS_OF_ALL = 3_000_000  # of a notebook's outputs
POLICY = """<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">"""


class CutOutputs(NbGraderPreprocessor):
    """Cuts what a submission printed or drew, so that nobody has to open a page of a hundred megabytes."""

    def preprocess(self, nb, resources):
        """nbconvert's interface: the changed notebook, and the resources as they came."""
        left = MAX_LETTERS_OF_ALL
        for cell in nb.cells:
            outputs = [cut(output) for output in cell.get("outputs", [])]
            kept = []
            for output in outputs:
                left -= len(str(output))
                if left > 0 or output.output_type == "error":  # points depend on errors
                    kept.append(output)
            if cell.cell_type == "code":
                cell.outputs = kept
        return nb, resources


def cut(output):
    """An output of at most `MAX_LETTERS`; pictures may have five times as many."""
    if output.output_type == "stream":
        output.text = shortened(output.text)
    elif output.output_type == "error":
        output.evalue = shortened(output.evalue)
        output.traceback = [shortened(line) for line in output.traceback]
    else:
        for kind, value in list(output.data.items()):
            limit = 5 * MAX_LETTERS if kind.startswith("image/") else MAX_LETTERS
            if len(str(value)) > limit:
                del output.data[kind]
                output.data["text/plain"] = f"({kind} of {len(str(value)):,} letters, left out)"
    return output


def shortened(text):
    """A text of at most `MAX_LETTERS`."""
    return text if len(text) <= MAX_LETTERS else f"{text[:MAX_LETTERS]}\n... ({len(text):,} letters in all)"


class HideHiddenTests(NbGraderPreprocessor):
    """Takes hidden tests out of the feedback: from the test cells, from tracebacks, and from what answers print."""

    def preprocess(self, nb, resources):
        """nbconvert's interface: the changed notebook, and the resources as they came."""
        secret = set()
        for cell in nb.cells:
            if cell.cell_type == "code" and is_grade(cell) and not is_solution(cell):
                secret |= {line.strip() for lines in regions(cell.source, "HIDDEN TESTS") for line in lines}
                cell.source = without_hidden_tests(cell.source)
        secret = {line for line in secret if len(line) > 20}
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.outputs = [harmless(output, secret) for output in cell.outputs]
        return nb, resources


def write_feedback(course, name, student):
    """Write the HTML page of a graded submission, anew; it needs no network to open."""
    config = PyFileConfigLoader("nbgrader_config.py", path=str(course)).load_config()
    config.CourseDirectory.root = str(course)
    config.CourseDirectory.assignment_id, config.CourseDirectory.student_id = name, student
    config.GenerateFeedback.force = True
    coursedir = CourseDirectory(config=config)
    coursedir.log.setLevel("ERROR")
    GenerateFeedback(coursedir=coursedir, config=config, log=coursedir.log).start()
    page = course / "feedback" / student / name / f"{name}.html"
    page.write_text(offline(page.read_text(encoding="utf-8")), encoding="utf-8")


def offline(page):
    """A page that loads nothing and runs nothing: without scripts for formulas, of which our texts have none."""
    page = re.sub(r"<!-- Load mathjax -->.*?<!-- End of mathjax configuration -->", "", page, flags=re.DOTALL)
    return page.replace("<head>", f"<head>\n{POLICY}", 1)


def without_hidden_tests(text):
    """A test cell's text without the hidden region; a comment says that there was one."""
    return re.sub(r"### BEGIN HIDDEN TESTS.*?### END HIDDEN TESTS", "# (more tests, not shown)", text, flags=re.DOTALL)


def harmless(output, secret):
    """An output without tracebacks, which quote the tests, and without the lines `secret`."""
    if output.output_type == "error":
        line = f"{output.ename}: {output.evalue}" if output.evalue else output.ename
        output.evalue, output.traceback = output.evalue[:2000], [line[:2000]]
    if any(line in text for text in texts_of(output) for line in secret):
        return nbformat.v4.new_output("stream", text=NOTE)
    return output


def texts_of(output):
    """All that an output says, also as it reads without the backslashes and entities of quoted code."""
    texts = [output.get("text", ""), output.get("evalue", ""), *map(str, output.get("data", {}).values())]
    return [form for text in texts for form in (text, text.replace("\\", ""), html.unescape(text))]


PAGE = """\
<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>
<body style="font-family: sans-serif; max-width: 45em; margin: 3em auto">
<h1>{title}</h1>
<p>This submission could not be graded, so it has no points.</p>
<p><strong>{reason}</strong></p>
</body></html>
"""


def refusal_page(title, reason):
    """HTML that tells a student why there are no points."""
    return PAGE.format(title=html.escape(title), reason=html.escape(reason))
