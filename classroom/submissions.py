"""Submissions: reading what somebody handed in, refusing what can't be graded, and mending what can."""

import hashlib
import json
import os
import re
import stat
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import nbformat

from classroom.texts import PICTURE, one_line

MAX_MB = 20  # of one notebook; outputs are thrown away anyway
MAX_CELLS = 1_000
MAX_SOURCE = 1_000_000  # letters of all cells
MAX_ID_BYTES = 120


class Refused(Exception):
    """A submission that can't be graded; the message says why, for its student."""


@dataclass(frozen=True)
class Submission:
    """One file that somebody handed in, or the lack of one: the part of `platforms.Upload` that grading needs."""

    student: str
    path: Path
    assignment: str | None = None  # None: its cells must tell
    problem: str | None = None  # why it can't be graded, if that is known already


def student_id(name):
    """A name that may stand in paths and in nbgrader's gradebook: the same for the same name, another for another.

    Where a name has to be changed, a checksum behind it keeps it apart from all others.
    """
    whole = unicodedata.normalize("NFC", name)
    kept = "".join(c if unicodedata.category(c)[0] in "LMN" or c in "_.@-" else "_" for c in whole)
    kept = re.sub("__+", "_", kept).strip("._-")
    while len(kept.encode()) > MAX_ID_BYTES:
        kept = kept[:-1]
    if kept and kept == whole and not re.search(r"-[0-9a-f]{10}$", kept):
        return kept
    digest = hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    return f"{kept or 'nameless'}-{digest}"


def read_file(path):
    """The bytes of an ordinary file, at most `MAX_MB`. Nothing else is opened: no link, pipe or device.

    Raises:
        Refused: if it is no file, empty, too large, or not ours to read.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except OSError as error:
        raise Refused(f"The file can't be opened: {error.strerror}.") from error
    try:
        state = os.fstat(handle)
        if not stat.S_ISREG(state.st_mode):
            raise Refused("It is no file, but a folder, a device or a pipe.")
        if state.st_size > MAX_MB * 1e6:
            size = f"{state.st_size / 1e6:,.0f} MB, more than {MAX_MB}"
            raise Refused(f"The file has {size}. Clear the outputs, and hand it in again.")
        with open(handle, "rb", closefd=False) as file:
            data = file.read(int(MAX_MB * 1e6) + 1)
    finally:
        os.close(handle)
    if not data.strip():
        raise Refused("The file is empty: nothing was saved or uploaded.")
    return data


def read_notebook(path):
    """The notebook in a file: see `read_file` and `parse_notebook`."""
    if path.suffix.lower() != ".ipynb":
        raise Refused(f"{one_line(path.name)} is no notebook: its name does not end in .ipynb.")
    return parse_notebook(read_file(path))


def parse_notebook(data):
    """A new notebook with what counts of a submitted one: its cells' kinds, texts, ids, and nbgrader's ids.

    Outputs, attachments and all other metadata stay behind.

    Raises:
        Refused: if it is no notebook, for another language than Python 3, or has too many cells or letters.
    """
    try:
        raw = json.loads(data)
        if not isinstance(raw, dict) or "nbformat" not in raw:
            raise ValueError("no nbformat")
        if int(raw["nbformat"]) < 4:
            raw = nbformat.convert(nbformat.from_dict(raw), 4)
        metadata = raw.get("metadata")
        refuse_other_languages(metadata if isinstance(metadata, dict) else {})
        if len(raw["cells"]) > MAX_CELLS:
            raise Refused(f"The notebook has {len(raw['cells']):,} cells, more than {MAX_CELLS:,}.")
        cells = [parse_cell(cell) for cell in raw["cells"]]
    except Refused:
        raise
    except Exception as error:  # there are many ways to be no notebook
        reason = one_line(error) or type(error).__name__
        raise Refused(f"The file is no readable notebook ({reason}).") from error
    seen = set()
    for number, cell in enumerate(cells):
        if cell.id in seen:
            cell.id = f"again-{number}"
        seen.add(cell.id)
    letters = sum(len(cell.source) for cell in cells)
    if letters > MAX_SOURCE:
        raise Refused(f"The notebook's cells have {letters:,} letters, more than {MAX_SOURCE:,}.")
    return nbformat.v4.new_notebook(cells=cells)


def parse_cell(raw):
    """A cell of a submission, with what counts of it."""
    source = raw["source"]
    source = "".join(source) if isinstance(source, list) else source
    if not isinstance(source, str):
        raise ValueError("a cell without text")
    source = PICTURE.sub("", source).replace("\r\n", "\n").replace("\0", "")
    source.encode()  # lone surrogates can't be written
    if raw["cell_type"] == "code":
        cell = nbformat.v4.new_code_cell(source)
    elif raw["cell_type"] == "markdown":
        cell = nbformat.v4.new_markdown_cell(source)
    else:  # raw, or of an older format: shown as it is
        cell = nbformat.v4.new_markdown_cell(source)
    cell.id = str(raw.get("id"))[:64]
    mark = raw.get("metadata", {}).get("nbgrader") if isinstance(raw.get("metadata"), dict) else None
    if isinstance(mark, dict) and isinstance(mark.get("grade_id"), str):
        cell.metadata.nbgrader = nbformat.from_dict({"grade_id": mark["grade_id"][:200]})
    return cell


def refuse_other_languages(metadata):
    """Raise Refused unless a notebook is for Python 3, or doesn't say."""
    kernel, info = metadata.get("kernelspec"), metadata.get("language_info")
    kernel, info = kernel if isinstance(kernel, dict) else {}, info if isinstance(info, dict) else {}
    language = one_line(kernel.get("language") or info.get("name") or "python", 30)
    version = one_line(info.get("version") or "3", 30)
    if kernel.get("name") == "python2":
        version = "2"
    if language.lower() not in ("python", "ipython") or not version.startswith("3"):
        raise Refused(f"The notebook was made for {language} {version}; the course uses Python 3.")


def grade_id_of(cell):
    """nbgrader's id of a cell, or None."""
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def tell_assignment(notebook, releases):
    """Name of the assignment whose cells a notebook has; `releases` is a dict from name to notebook.

    nbgrader's ids tell, else the cells' own ids, else their texts.

    Raises:
        Refused: if it has a cell of none.
    """
    for keys in (
        lambda cell: grade_id_of(cell),
        lambda cell: cell.id if grade_id_of(cell) in (None, cell.id) else None,
        lambda cell: plain(cell.source),
    ):
        mine = {keys(cell) for cell in notebook.cells} - {None, ""}
        shared = {
            name: len(mine & {keys(cell) for cell in release.cells if grade_id_of(cell)})
            for name, release in releases.items()
        }
        best = max(shared, key=shared.get)
        if shared[best]:
            return best
    raise Refused("It has none of the cells of any assignment: is it another notebook?")


def plain(text):
    """A text without spaces, to compare."""
    return "".join(text.split())


def mended(notebook, release):
    """A notebook with all cells of its assignment, ready for nbgrader, the ids of those that were missing, and notes.

    - Whatever the submission says of points and kinds, all metadata are those of the release.
    - Cells that have lost nbgrader's ids are known by their own ids, by their text, or by their place.
    - Of an answer that is there more than once, the first one counts that isn't as it was handed out; of any
      other cell the last one that is, or the last.
    - What somebody wrote into a text of the assignment's, such as a question, is a new cell behind it.
    - A written answer in new cells below or above the one meant for it moves there. Where it may stand
      elsewhere, the one meant for it gets `look` in its metadata: somebody has to look.
    - A missing cell is put back behind the one that precedes it in the release.
    """
    marked = {grade_id_of(cell): cell for cell in release.cells if grade_id_of(cell)}
    cells = list(notebook.cells)
    known, notes = known_cells(cells, release, marked)
    if not known:
        raise Refused("It has none of the assignment's cells: is it another notebook?")
    places = {place: grade_id for grade_id, place in known.items()}
    given = {plain(cell.source) for cell in release.cells} | {""}
    whole = []
    for place, cell in enumerate(cells):
        mine = marked.get(places.get(place))
        if mine is None:
            cell.metadata = nbformat.from_dict({})
            whole.append(cell)
        elif mine.cell_type == "markdown" and not is_answer(mine) and plain(cell.source) not in given:
            added = cell.source.replace(mine.source, "").strip("\n")
            whole += [nbformat.from_dict(mine), nbformat.v4.new_markdown_cell(added)]
        else:
            whole.append(nbformat.from_dict({**mine, "source": cell.source}))
    missing = put_back(whole, release)
    notes += move_answers(whole, given, marked)
    result = nbformat.v4.new_notebook(cells=whole, metadata=release.metadata)
    result.nbformat_minor = 5
    for number, cell in enumerate(result.cells):
        cell.id = f"cell-{number}"
    return result, missing, notes


def known_cells(cells, release, marked):
    """Dict from nbgrader's id to the place of the cell that counts for it, and notes about what is there twice."""
    found, notes = {}, []
    for place, cell in enumerate(cells):
        if grade_id_of(cell) in marked:
            found.setdefault(grade_id_of(cell), []).append(place)
    known = {}
    for grade_id, places in found.items():
        given = plain(marked[grade_id].source)
        changed = [place for place in places if plain(cells[place].source) != given]
        if not is_answer(marked[grade_id]):  # a test: tried out above the answer, it would fail there
            known[grade_id] = ([place for place in places if place not in changed] or places)[-1]
            continue
        known[grade_id] = (changed or places)[0]
        if len(changed) > 1:
            notes.append(f"{grade_id} is there {len(changed)} times; the first counts, the others stand beside it")
    if len(known) == len(marked):
        return known, notes
    free = [place for place in range(len(cells)) if grade_id_of(cells[place]) not in marked]
    known_by(known, free, marked, lambda place, grade_id: cells[place].id == marked[grade_id].id)
    known_by(known, free, marked, lambda place, grade_id: plain(cells[place].source) == plain(marked[grade_id].source))
    known_by_place(known, free, cells, release, marked)
    return known, notes


def known_by(known, free, marked, fits):
    """Add to `known` the first of the `free` places that fits for each id that isn't known."""
    for grade_id in marked:
        if grade_id not in known:
            place = next((place for place in free if fits(place, grade_id)), None)
            if place is not None:
                known[grade_id] = place
                free.remove(place)


def known_by_place(known, free, cells, release, marked):
    """Add to `known` answers without any id, which stand between cells that are known.

    Code is an answer if it defines what the answer should define, a text if it is the only new one there.
    """
    given = {plain(cell.source) for cell in release.cells}
    order = list(marked)
    for at, grade_id in enumerate(order):
        if grade_id in known or not is_answer(marked[grade_id]):
            continue
        first = max((known[other] for other in order[:at] if other in known), default=-1)
        last = min((known[other] for other in order[at + 1 :] if other in known), default=len(cells))
        between = [p for p in free if first < p < last and cells[p].cell_type == marked[grade_id].cell_type]
        between = [place for place in between if plain(cells[place].source) not in given]
        names = re.findall(r"^(?:def|class) \w+", marked[grade_id].source, re.MULTILINE)
        fits = [place for place in between if all(name in cells[place].source for name in names)]
        if fits and (names or len(fits) == 1):
            known[grade_id] = fits[0]
            free.remove(fits[0])


def is_answer(cell):
    """Whether a cell of a release is for an answer."""
    return bool(cell.metadata.nbgrader.get("solution"))


def put_back(cells, release):
    """Insert the marked cells of the release that `cells` lacks, where they belong; return their ids."""
    missing, position = [], 0
    places = {grade_id_of(cell): place for place, cell in enumerate(cells) if grade_id_of(cell)}
    for cell in release.cells:
        grade_id = grade_id_of(cell)
        if grade_id is None:
            continue
        if grade_id in places:
            position = places[grade_id] + 1
        else:
            missing.append(grade_id)
            cells.insert(position, nbformat.from_dict(cell))
            places = {one: place + (place >= position) for one, place in places.items()} | {grade_id: position}
            position += 1
    return missing


def move_answers(cells, given, marked):
    """Move written answers from new cells into the one meant for them, if that is blank; return notes.

    `given` are the texts of the release's cells, by `plain`.
    """
    notes = []

    def is_new(cell):
        return not grade_id_of(cell) and plain(cell.source) not in given

    for grade_id, blank in marked.items():
        if blank.cell_type != "markdown" or not (is_answer(blank) and blank.metadata.nbgrader.get("grade")):
            continue
        (place,) = [place for place, cell in enumerate(cells) if grade_id_of(cell) == grade_id]
        if plain(cells[place].source) not in {plain(blank.source), ""}:
            continue
        near = {1: [], -1: []}
        for step, found in near.items():
            at = place + step
            while 0 <= at < len(cells) and not grade_id_of(cells[at]):
                found += [cells[at]] * is_new(cells[at])
                at += step
        for step, found in near.items():
            new = [cell for cell in found if cell.cell_type == "markdown"][::step]
            if new:
                cells[place].source = "\n\n".join(cell.source for cell in new)
                cells[:] = [cell for cell in cells if not any(cell is one for one in new)]
                notes.append(f"{grade_id} was answered in a new cell {'below' if step == 1 else 'above'} it")
                break
        else:
            if near[1] or near[-1] or any(is_new(cell) and cell.cell_type == "markdown" for cell in cells):
                cells[place].metadata.look = True
                notes.append(f"{grade_id} is blank, but there are new cells: is it answered in one of them?")
    return notes
