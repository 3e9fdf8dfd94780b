"""Learning platforms: what they export is understood, and grades go back in the form that they import.

Moodle, Canvas, Blackboard and ILIAS name files so that the student can be told from them. A
pattern for each, with the named groups of nbgrader's collecting plugin, is all that differs.
Files of unknown form are taken as nbgrader's layout, or as one file of each student.

Nothing in an export chooses where anything is written: what comes out of a zip gets a number
for its name, and zips are read within bounds.
"""

import collections
import contextlib
import csv
import io
import os
import re
import stat
import struct
import unicodedata
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO

MAX_MB = 20  # of one notebook; outputs are thrown away anyway
MAX_ZIP_MB = 50  # of a student's zip
MAX_ENTRIES = 1_000  # of a student's zip
MAX_FILES = 100_000  # of a whole export
MAX_DEPTH = 12
MAX_NOTEBOOKS = 20  # in all of a student's zips
MAX_UNPACKED_MB = 200  # of these notebooks together
MAX_RATIO = 200  # of what is unpacked to what is packed, where it is more than a megabyte
MAX_PATH = 1_000  # letters of a file's path within the export
MAX_LETTERS = 200  # of a name

# Each matches a file's path within the export: folders of the platform's or the teacher's, what the platform
# writes of the student, and `file_id`, which the student wrote. All before it takes as little as it can, so that
# nothing in `file_id` is taken for the platform's words.
FOLDERS = r"(?:[^/]*/)*?"
PATTERNS = {
    "Moodle": FOLDERS + r"(?P<name>[^/]*?)_(?P<student_id>\d+)_assignsubmission_(?P<kind>[a-z]+)_/?(?P<file_id>.*)",
    "Blackboard": FOLDERS + r"(?P<title>[^/]+?)_(?P<student_id>[^_/]+)_attempt_"
    r"(?P<timestamp>\d{4}(?:-\d\d){5})(?:_|(?=\.txt$))(?P<file_id>.*[^/])",
    "ILIAS": FOLDERS + r"(?P<last_name>[^_/]*)_(?P<first_name>[^/]*)_(?P<login>[^_/]+)_(?P<student_id>\d+)/"
    r"(?:(?P<timestamp>\d{14})_(?P<file_id>.+))?",
    "Canvas": FOLDERS + r"(?P<name>[^/]+?)(?:_LATE)?_(?P<student_id>\d+|(?<=anon_)[A-Za-z0-9]+)_"
    r"(?:(?P<number>\d+)_|(?=(?:text|link)\.html$))(?P<file_id>.*[^/])",
}
TIME_FORMATS = {"Blackboard": "%Y-%m-%d-%H-%M-%S", "ILIAS": "%Y%m%d%H%M%S"}
OF_SYSTEMS = {"__macosx", "desktop.ini", "thumbs.db"}
OF_PLATFORMS = {"status.xlsx", "status.csv", "onlinetext.html", ".txt"}  # the last is Blackboard's receipt
LINK = "It is a link to another file, not a file."
UNREADABLE = (OSError, ValueError, RuntimeError, EOFError, zipfile.BadZipFile, zlib.error, struct.error)
NO_NOTEBOOK = "There is no notebook"


@dataclass(frozen=True)
class Upload:
    """What a student handed in for an assignment, or the lack of it."""

    student: str  # who it is, as it was written: another one for each student of the export, and not for showing
    path: Path  # of the notebook; of something else, if there is none
    assignment: str | None = None  # if the folder's name or the choice between several notebooks told it
    problem: str | None = None  # why it can't be graded
    platform: str = "files"
    id: str = ""  # by which the platform knows the student
    name: str = ""
    time: datetime | None = None  # of the upload, where the platform tells it
    number: int = 0  # of the upload, where the platform counts them


@dataclass(frozen=True)
class Collection:
    """All that an export holds."""

    platform: str
    uploads: list[Upload]
    several: list[str] = field(default_factory=list)  # students with more than one notebook for an assignment
    ignored: dict[str, str] = field(default_factory=dict)  # name of a file: why nobody looks at it
    absent: list[str] = field(default_factory=list)  # those of the roster who handed in nothing

    def told(self) -> str:
        """What was understood, in lines for who is going to grade it."""
        troubled = [upload for upload in self.uploads if upload.problem]
        without = {upload.student for upload in troubled if NO_NOTEBOOK in (upload.problem or "")}
        students, several = {upload.student for upload in self.uploads}, set(self.several)
        parts = [f"{len(students)} {'student' if len(students) == 1 else 'students'}"]
        parts += [f"{len(without)} without a notebook", f"{len(several)} twice"]
        if len(troubled) > len(without):
            parts.append(f"{len({upload.student for upload in troubled} - without)} with one that can't be taken")
        lines = [f"{self.platform}: {', '.join(parts)}{' (the last upload counts)' if several else ''}."]
        lines += [f"  {upload.name or clean(upload.student)}: {upload.problem}" for upload in troubled[:20]]
        lines += [
            f"  The id {key} is that of several: {clean(', '.join(sorted(students)))}. Each is graded, "
            "but no file for a platform holds their grades: look whose is whose, and enter them by hand."
            for key, students in shared_ids(self.uploads).items()
        ]
        reasons = collections.Counter(self.ignored.values())
        if reasons:
            lines.append("  Ignored: " + ", ".join(f"{count} {why}" for why, count in sorted(reasons.items())) + ".")
        if self.absent:
            lines.append(f"  Nothing came from {len(self.absent)} of the roster: {', '.join(self.absent[:20])}.")
        return "\n".join(lines)


@dataclass(frozen=True)
class Entry:
    """A file of an export, in a folder or in a zip; or an empty folder."""

    name: str  # its path within the export, with "/" between the parts
    path: Path  # the file, or the zip that it is in
    size: int = 0
    open: Callable[[], BinaryIO] | None = None  # None: there is nothing to read
    problem: str | None = None
    packed: datetime | None = None  # time that a zip tells
    handed_in: str = ""  # its name without what the platform put before it

    @property
    def file(self) -> str:
        """Its name as its student knows it."""
        return (self.handed_in or self.name).rstrip("/").rsplit("/", 1)[-1]


def collect(
    source: str | os.PathLike,
    into: str | os.PathLike,
    assignments: Sequence[str],
    *,
    assignment: str | None = None,
    roster: str | os.PathLike | None = None,
) -> Collection:
    """Understand what a learning platform exported.

    Args:
        source: the export: a zip, or the folder that came out of it. Moodle (with or without folders),
            Canvas, Blackboard, ILIAS; nbgrader's layout `student/assignment/*.ipynb`; or `student.ipynb`.
        into: folder for the notebooks that have to be unpacked; made if it is missing.
        assignments: names of all assignments, such as `01_bits_per_digit`.
        assignment: the one that the export holds; None if folders or cells tell.
        roster: CSV of the class with columns for id and name; see `read_roster`.

    Returns:
        `Collection` with an `Upload` for each student and assignment, in order of students.

    Raises:
        ValueError: if there is nothing at `source`, nothing in it, or more than anybody hands in.
    """
    source, into = Path(source), Path(into)
    ignored: dict[str, str] = {}
    entries = []
    for entry in entries_of(source):
        reason = nobodys(entry.name)
        if reason:
            ignored[entry.name] = reason
        else:
            entries.append(entry)
    if not entries:
        raise ValueError(f"{source} is empty. It should hold what a platform exports, or student/assignment/*.ipynb.")
    platform, matches = recognised(entries)
    known = known_by_platform(platform, entries, matches)
    groups: dict[tuple[str, str | None], list[tuple[Entry, Upload]]] = {}
    depth = 0 if matches else depth_of_students(entries, assignments)
    for entry in entries:
        match = matches.get(entry.name)
        if match:
            reason = of_platform(match["file_id"]) or nobodys(match["file_id"] or "")
            upload, folder = replace(known[entry.name], path=entry.path), None
            entry = replace(entry, handed_in=match["file_id"] or "")
        else:
            reason = of_platform(entry.name.rsplit("/", 1)[-1])
            if platform != "files" and not is_notebook(entry) and not is_zip(entry):
                reason = reason or "of another layout"
            upload, folder = known_by_file(entry, assignments, depth)
        if reason:
            ignored[entry.name] = reason
        if not reason or match:  # whoever sent only what nobody reads is told of as well
            groups.setdefault((upload.student, folder or assignment), [])
        if not reason:
            groups[upload.student, folder or assignment].append((entry, upload))
        elif match:
            groups[upload.student, folder or assignment].append((replace(entry, open=None, problem=None), upload))
    uploads: list[Upload] = []
    several: list[str] = []
    for (student, wanted), group in sorted(groups.items(), key=lambda item: (item[0][0], item[0][1] or "")):
        chosen, more = choose(group, wanted, assignments, ignored)
        several += [student] * more
        uploads += [unpacked(upload, entry, into, len(uploads) + i) for i, (entry, upload) in enumerate(chosen)]
    if platform == "files" and any(upload.platform == "nbgrader" for upload in uploads):
        platform = "nbgrader"
    collection = Collection(platform, uploads, several, ignored)
    return with_roster(collection, read_roster(roster)) if roster else collection


def clean(text: str, *, most: int = MAX_LETTERS) -> str:
    """A text of a student's for reports and tables: NFC, in one line, nothing that steers a terminal, bounded.

    Combining marks and joiners stay, for names are written with them; what turns the direction of the
    text around it goes.
    """
    text = unicodedata.normalize("NFC", text[: 10 * most])
    unseen = {"Cc", "Cs", "Co", "Zl", "Zp"}
    turning = set("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
    kept = (" " if unicodedata.category(c) in unseen else c for c in text if c not in turning)
    return " ".join("".join(kept).split())[:most]


def csv_cell(value: object) -> object:
    """A value for a cell of a CSV: a text that a spreadsheet would take for a formula gets an apostrophe before it."""
    if not isinstance(value, str):
        return value
    text = clean(value, most=2_000)
    return f"'{text}" if text[:1] in tuple("=+-@\uff1d\uff0b\uff0d\uff20") else text


def nobodys(name: str) -> str:
    """Why a file is none that a student handed in; "" if it may be one."""
    for part in name.split("/"):
        if part.lower() in OF_SYSTEMS:
            return "of the system"
        if part.startswith((".", "~$")) and part.strip("."):
            return "hidden"
    return ""


def entries_of(source: Path) -> Iterator[Entry]:
    """All files of an export, in order of their names."""
    if not source.is_dir() and not (source.is_file() and source.suffix.lower() == ".zip"):
        raise ValueError(f"There is no folder or zip {source}. Give what the platform exported.")
    try:
        found = list(files_in(source, "", 0)) if source.is_dir() else packed_in(source, "", source, most=MAX_FILES)
    except UNREADABLE as error:
        raise ValueError(f"{source} can't be read: {error}. Give a zip as the platform exports it.") from error
    if len(found) > MAX_FILES:
        raise ValueError(f"{source} holds more than {MAX_FILES:,} files. Give the export of one assignment.")
    yield from sorted(found, key=lambda entry: entry.name)


def files_in(folder: Path, above: str, depth: int) -> Iterator[Entry]:
    """The files of a folder and all below it. Links are told, and not followed; what can't be read is told, too.

    Raises:
        OSError: if the folder itself can't be read.
    """
    children = list(os.scandir(folder))
    for child in children:
        name, path = above + decoded(os.fsencode(child.name)), Path(child.path)
        try:
            mode = child.stat(follow_symlinks=False)
            if stat.S_ISLNK(mode.st_mode):
                yield Entry(name, path, problem=LINK)
            elif stat.S_ISDIR(mode.st_mode):
                if depth < MAX_DEPTH:
                    yield from files_in(path, f"{name}/", depth + 1)
            elif stat.S_ISREG(mode.st_mode):
                yield Entry(name, path, mode.st_size, partial(open, path, "rb"))
            else:
                yield Entry(name, path, problem="It is no file, but a device or a pipe.")
        except OSError as error:
            told = f"{clean(child.name)} can't be read: {error.strerror}. Allow that, or hand it in again."
            yield Entry(f"{name}/", path, problem=told)
    if not children and above:
        yield Entry(above, folder)


def decoded(raw: bytes) -> str:
    """A file's name: UTF-8, or what older programs wrote."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    return unicodedata.normalize("NFC", text)


def packed_in(source: Path | BinaryIO, above: str, path: Path, *, most: int) -> list[Entry]:
    """The files of a zip, as entries that can be read later: it stays open as long as one of them is kept.

    Raises:
        ValueError: if it is no zip, or holds more than `most` files.
    """
    with open(source, "rb") if isinstance(source, Path) else contextlib.nullcontext(source) as file:
        refuse_long_lists(file, most)
    archive = zipfile.ZipFile(source)
    infos = archive.infolist()
    if len(infos) > most:
        raise ValueError(f"it holds more than {most:,} files")
    named = sorted(((packed_name(info), info) for info in infos), key=lambda one: one[0])
    following = [name for name, _ in named[1:]] + [""]
    entries = []
    for (name, info), after in zip(named, following, strict=True):
        if not name.endswith("/"):
            problem = why_not_unpacked(info)
            reader = None if problem else partial(unpack, archive, info)
            entries.append(Entry(above + name, path, info.file_size, reader, problem, time_of(info)))
        elif not after.startswith(name):  # what is in a folder comes next in this order: it is empty
            entries.append(Entry(above + name, path))
    return entries


def unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> BinaryIO:
    """A file of a zip, in memory."""
    with archive.open(info) as packed:
        return io.BytesIO(packed.read(max(MAX_MB, MAX_ZIP_MB) * 1_000_000 + 1))


def refuse_long_lists(file: BinaryIO, most: int) -> None:
    """Raise a ValueError for a zip whose list of files is too long to be read, before `zipfile` reads it whole."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 65_600))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < 22:
        raise ValueError("it is no zip, or damaged")
    count, length = struct.unpack("<HI", tail[at + 10 : at + 16])
    long = b"PK\x06\x07" in tail[max(0, at - 20) : at]
    if most < 65_535 and (long or count > most or length > 1_000 * most):
        raise ValueError(f"it holds more than {most:,} files")


def packed_name(info: zipfile.ZipInfo) -> str:
    """Name of a file in a zip. Without the mark for UTF-8, it is UTF-8 as macOS writes it, or cp437."""
    name = info.filename
    if not info.flag_bits & 0x800:
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return unicodedata.normalize("NFC", name.replace("\\", "/"))


def why_not_unpacked(info: zipfile.ZipInfo) -> str | None:
    """Why a file of a zip is not read, or None."""
    name = packed_name(info)
    if name.startswith("/") or ".." in name.split("/") or re.match(r"[A-Za-z]:", name):
        return "Its name in the zip leads out of the zip."
    if stat.S_ISLNK(info.external_attr >> 16):
        return LINK
    if info.flag_bits & 0x1:
        return "The zip is locked with a password."
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "It is packed in a way that few programs know. Use an ordinary zip, or none."
    if info.file_size > max(1_000_000, MAX_RATIO * info.compress_size):
        return f"Unpacked it would be {info.file_size // max(1, info.compress_size)} times as large as the zip."
    return None


def time_of(info: zipfile.ZipInfo) -> datetime | None:
    """When a file of a zip was written, if the zip says so."""
    try:
        return datetime(*info.date_time) if info.date_time[0] > 1980 else None
    except ValueError:
        return None


def recognised(entries: list[Entry]) -> tuple[str, dict[str, re.Match]]:
    """The platform whose pattern most files fit, and the matches by file; "files" if none does."""
    best, matches = "files", dict[str, re.Match]()
    names = [entry.name[:MAX_PATH] for entry in entries]
    around = os.path.commonprefix(names)  # noqa: RUF071 - it is cut behind a "/" below
    for platform, pattern in PATTERNS.items():
        fits = re.compile(pattern, re.DOTALL).fullmatch
        start = 0  # behind the folders that hold everything, such as "Bits_2026_11_26/", which are the teacher's
        while (end := around.find("/", start) + 1) and not fits(around[start:end]):  # unless it is a student's
            start = end
        found = {}
        for entry in entries:
            name = entry.name[start:MAX_PATH]
            if match := fits(name) or fits(name.rstrip("/")):  # the latter is a folder among files
                found[entry.name] = match
        owners = several_of((match["student_id"], match["name"]) for match in found.values() if platform == "Canvas")
        if not owners and len(found) > len(matches):  # a number that belongs to several names is no student's
            best, matches = platform, found
    return best, matches


def several_of(pairs: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    """Dict from the first of each pair to all that stand beside it, where these are several."""
    beside: dict[str, set[str]] = {}
    for one, other in pairs:
        beside.setdefault(one, set()).add(other)
    return {one: others for one, others in beside.items() if len(others) > 1}


def shared_ids(uploads: Iterable[Upload]) -> dict[str, set[str]]:
    """Dict from each id that several students have, which is a mistake or somebody's trick, to these students."""
    return several_of((upload.id, upload.student) for upload in uploads)


def blackboard_people(entries: list[Entry], matches: dict[str, re.Match]) -> dict[str, tuple[str, str]]:
    """From the receipts that Blackboard puts beside the files: user name and name, by what precedes `_attempt_`."""
    people = {}
    for entry in entries:
        match = matches.get(entry.name)
        if entry.open is None or match is None or not of_platform(match["file_id"]):
            continue
        try:
            with entry.open() as file:
                text = file.read(4_000).decode("utf-8", errors="replace")
        except UNREADABLE:
            continue
        found = re.match(r"\ufeff?Name: *(.*?) *\(([^()\n]+)\)\s*$", text, re.MULTILINE)
        before = f"{match['title']}_{match['student_id']}"
        if found and before.endswith(f"_{found[2]}"):
            people[before] = (found[2], found[1])
    return people


def of_platform(file_id: str | None) -> str:
    """Why a file is the platform's own; "" if it is not."""
    return "of the platform" if file_id in OF_PLATFORMS else ""


def known_by_platform(platform: str, entries: list[Entry], matches: dict[str, re.Match]) -> dict[str, Upload]:
    """Who handed each file in, as the platform writes it.

    Those who share an id, or seem to, are kept apart by all that stands beside it.
    """
    people = blackboard_people(entries, matches) if platform == "Blackboard" else {}
    known: dict[str, tuple[Upload, str]] = {}
    for entry in entries:
        if entry.name not in matches:
            continue
        parts = matches[entry.name].groupdict()
        student_id, name, time = parts["student_id"], parts.get("name") or "", None
        with contextlib.suppress(ValueError):
            time = datetime.strptime(parts.get("timestamp") or "", TIME_FORMATS.get(platform, "-"))
        if platform == "Blackboard":
            whole = f"{parts['title']}_{student_id}"
            if whole in people:
                student_id, name = people[whole]
                whole = student_id
            student = student_id
        elif platform == "ILIAS":
            name = f"{parts['first_name']} {parts['last_name']}"
            student = f"{parts['login']}_{student_id}"
            whole = f"{name}_{student}"
        else:  # the number alone tells nobody who it is, the name alone may be that of two
            student = whole = f"{name}_{student_id}"
        who = (student, entry.path, None, None, platform, clean(student_id), clean(name), time)
        known[entry.name] = Upload(*who, int(parts.get("number") or 0)), whole
    shared = several_of((upload.id, whole) for upload, whole in known.values())
    return {
        name: replace(upload, student=whole) if upload.id in shared else upload
        for name, (upload, whole) in known.items()
    }


def depth_of_students(entries: list[Entry], assignments: Sequence[str]) -> int:
    """How many folders lie around the students' files or folders, in nbgrader's layout or a flat one."""
    split = [entry.name.split("/") for entry in entries]
    for depth in range(3):
        if any(len(parts) > depth + 2 and parts[depth + 1] in assignments for parts in split):
            return depth
    depth = 0
    while len({tuple(parts[: depth + 1]) for parts in split}) == 1 and sum(len(p) > depth + 1 for p in split) > 1:
        depth += 1
    return depth


def known_by_file(entry: Entry, assignments: Sequence[str], depth: int) -> tuple[Upload, str | None]:
    """Who handed a file in, by its name or its folder's; and the assignment, if a folder has its name."""
    parts = entry.name.split("/")[depth:] or [entry.name]
    if len(parts) == 1:
        name, folder = parts[0].rsplit(".", 1)[0], None
    else:
        name, folder = parts[0], parts[1] if parts[1] in assignments else None
    platform = "nbgrader" if folder else "files"
    shown = clean(name).strip(". ") or "nameless"
    return Upload(name, entry.path, folder, None, platform, shown, shown), folder


def is_notebook(entry: Entry) -> bool:
    """Whether a file is called a notebook."""
    return entry.name.lower().endswith(".ipynb")


def is_zip(entry: Entry) -> bool:
    """Whether a file is called a zip."""
    return entry.name.lower().endswith(".zip")


def choose(
    group: list[tuple[Entry, Upload]], wanted: str | None, assignments: Sequence[str], ignored: dict[str, str]
) -> tuple[list[tuple[Entry, Upload]], int]:
    """What counts of all that a student sent: a notebook for each assignment, and how often there were several."""
    found, packed, problems = [], [], []
    for entry, upload in group:
        if entry.problem:
            problems.append(entry.problem)
        elif is_notebook(entry):
            found.append((entry, upload))
        elif is_zip(entry) and entry.open:
            try:
                inner = notebooks_in_zip(entry, ignored)
            except UNREADABLE as error:
                problems.append(f"The zip can't be read: {error}.")
                continue
            problems += [one.problem for one in inner if one.problem]
            packed += [(one, upload) for one in inner if not one.problem]
    size = sum(entry.size for entry, _ in packed)
    if len(packed) > MAX_NOTEBOOKS or size > MAX_UNPACKED_MB * 1_000_000:
        told = f"The zip holds {len(packed):,} notebooks of {size / 1e6:,.0f} MB, more than {MAX_NOTEBOOKS} or"
        problems.insert(0, f"{told} {MAX_UNPACKED_MB} MB. Hand in those of the assignment only.")
    else:
        found += packed
    if not found:
        entry, upload = group[-1]
        names = [clean(one.file) for one, _ in group if one.open or one.problem]
        told = f"{NO_NOTEBOOK}, but {', '.join(names[:5])}." if names else f"{NO_NOTEBOOK}."
        return [(entry, replace(upload, assignment=wanted, problem=problems[0] if problems else told))], 0
    if len(found) == 1:
        entry, upload = found[0]
        return [(entry, replace(upload, assignment=wanted))], 0
    by_assignment: dict[str | None, list[tuple[Entry, Upload]]] = {}
    for entry, upload in found:
        by_assignment.setdefault(wanted or told_by_cells(entry, assignments), []).append((entry, upload))
    if len(by_assignment) > 1:
        by_assignment.pop(None, None)  # a sketch beside the homework
    chosen, more = [], 0
    for name, several in by_assignment.items():
        entry, upload = several[0]
        if len(several) > 1:
            more += 1
            if wanted:  # those with the assignment's cells first
                several = [one for one in several if told_by_cells(one[0], assignments) == wanted] or several
            entry, upload = last_of(several, name)
        chosen.append((entry, replace(upload, assignment=name)))
    return chosen, more


def told_by_cells(entry: Entry, assignments: Sequence[str]) -> str | None:
    """The assignment whose cells a notebook seems to have, by nbgrader's ids in its text."""
    if entry.open is None or entry.size > MAX_MB * 1_000_000:
        return None
    try:
        with entry.open() as file:
            text = file.read(MAX_MB * 1_000_000)
    except UNREADABLE:
        return None
    numbers = collections.Counter(re.findall(rb'"grade_id": ?"(\d\d)-', text))
    if not numbers:
        return None
    number = numbers.most_common(1)[0][0].decode()
    return next((name for name in assignments if name.startswith(f"{number}_")), None)


def last_of(several: list[tuple[Entry, Upload]], name: str | None) -> tuple[Entry, Upload]:
    """The last of several notebooks; with a problem, if nothing tells which one that is."""

    def order(one):
        entry, upload = one
        packed = entry.packed if upload.platform != "nbgrader" else None
        return (upload.time or datetime.min, upload.number, packed or datetime.min)

    last = max(map(order, several))
    best = [one for one in several if order(one) == last]
    named = [one for one in best if one[0].file.lower() == f"{name}.ipynb".lower()]
    if len(best) == 1 or len(named) == 1:
        return (named or best)[0]
    told = f"There are {len(best)} notebooks, and none is called {name or 'as the assignment'}.ipynb."
    return best[0][0], replace(best[0][1], problem=told)


def notebooks_in_zip(entry: Entry, ignored: dict[str, str]) -> list[Entry]:
    """The notebooks in a student's zip.

    Raises:
        ValueError: if it is no zip, or too large.
    """
    if entry.size > MAX_ZIP_MB * 1_000_000:
        raise ValueError(f"it has {entry.size / 1e6:.0f} MB, more than {MAX_ZIP_MB}")
    with entry.open() as file:
        data = io.BytesIO(file.read(MAX_ZIP_MB * 1_000_000))
    found = []
    for inner in packed_in(data, f"{entry.name}/", entry.path, most=MAX_ENTRIES):
        reason = nobodys(inner.name[len(entry.name) + 1 :])
        if reason:
            ignored[inner.name] = reason
        elif is_notebook(inner):
            found.append(inner)
        elif is_zip(inner):
            ignored[inner.name] = "zip within a zip"
    return found


def unpacked(upload: Upload, entry: Entry, into: Path, number: int) -> Upload:
    """An upload whose path is that of a notebook: one in a zip is written into a folder first, under a number."""
    if upload.problem or (entry.path.suffix.lower() == ".ipynb" and is_notebook(entry)):
        return replace(upload, path=entry.path)
    if entry.size > MAX_MB * 1_000_000:
        told = f"The file has {entry.size / 1e6:.0f} MB, more than {MAX_MB}. Clear the outputs, and hand it in again."
        return replace(upload, path=entry.path, problem=told)
    try:
        with entry.open() as file:
            data = file.read(MAX_MB * 1_000_000)
    except UNREADABLE as error:
        return replace(upload, path=entry.path, problem=f"The zip is damaged: {clean(str(error))}.")
    into.mkdir(parents=True, exist_ok=True)
    path = into / f"{number:05}.ipynb"
    path.write_bytes(data)
    return replace(upload, path=path)


def read_roster(path: str | os.PathLike) -> dict[str, str]:
    """A class list: dict from id to name.

    Args:
        path: CSV or tab-separated text with a line of column names. The id stands in a column `id`,
            `identifier`, `username`, `login` or `student_id`; the name in `name`, `full name` or `student`,
            or in `first name` and `last name`. So Moodle's grading worksheet and Canvas' gradebook are rosters.

    Raises:
        ValueError: if it has no such columns.
    """
    text = Path(path).read_text(encoding="utf-8-sig", errors="replace")
    head = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=head.count)
    rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    columns = [cell.strip().lower() for cell in rows[0]] if rows else []

    def column(*names):
        return next((columns.index(name) for name in names if name in columns), None)

    ids = column("identifier", "id", "student_id", "student id", "username", "login", "usr_id")
    whole = column("full name", "name", "student")
    first, last = column("first name", "firstname", "first_name"), column("last name", "lastname", "surname")
    if ids is None or (whole is None and (first is None or last is None)):
        raise ValueError(f"{path} should have the columns id and name, but has {', '.join(columns) or 'none'}.")
    roster = {}
    for row in rows[1:]:
        row = row + [""] * (len(columns) - len(row))
        name = row[whole] if whole is not None else f"{row[first]} {row[last]}"
        key = re.sub(r"^.*\D (?=\d+$)", "", row[ids].strip())  # "Participant 12" is 12
        if key:
            roster[clean(key)] = clean(name)
    return roster


def with_roster(collection: Collection, roster: dict[str, str]) -> Collection:
    """A collection in which students have the names of a roster: found by id, or by a name that is one's alone.

    Who is found by name has the roster's id, unless a platform has one of its own, by which grades go back.
    `student` stays as it was, so that a submission is the same with and without a roster.
    """
    by_name: dict[str, list[str]] = {}
    for key, name in roster.items():
        by_name.setdefault(plain(name), []).append(key)
    uploads, seen, shared = [], set(), shared_ids(collection.uploads)
    senders: dict[str, set[str]] = {}
    for upload in collection.uploads:
        senders.setdefault(plain(upload.name), set()).add(upload.student)
    for upload in collection.uploads:
        same = by_name.get(plain(upload.name), [])
        if upload.id in roster and upload.id not in shared:
            seen.add(upload.id)
            upload = replace(upload, name=roster[upload.id])
        elif len(same) == 1 and len(senders[plain(upload.name)]) == 1:
            seen.add(same[0])
            own = upload.id if upload.platform in PATTERNS else same[0]
            upload = replace(upload, id=own, name=roster[same[0]])
        uploads.append(upload)
    absent = [name or key for key, name in roster.items() if key not in seen]
    return replace(collection, uploads=uploads, absent=absent)


def plain(name: str) -> str:
    """A name for comparing: order of its parts, case, and signs that platforms drop do not matter."""
    letters = "".join(c if unicodedata.category(c)[0] in "LMN" else " " for c in name.replace("'", "").casefold())
    return " ".join(sorted(letters.split()))


def grades_for(platform: str, name: str, rows: Sequence[dict]) -> list[list]:
    """A table of grades as a platform imports it.

    Args:
        platform: "Moodle", "Canvas", "Blackboard" or "ILIAS".
        name: of the assignment, as its title is there.
        rows: dicts with `id`, `name`, `status`, `points` and `max_points`.

    Returns:
        List of rows of cells, the names of the columns first. Who has not been graded has an empty cell.
    """
    graded = [(row, row["points"] if row["status"] == "graded" else "") for row in rows]
    most = max((row["max_points"] for row in rows), default="")
    if platform == "Moodle":  # these names, in English: its importer looks for them
        columns = ["Identifier", "Full name", "Grade", "Maximum grade", "Last modified (grade)"]
        lines = [[f"Participant {row['id']}", row["name"], points, most, ""] for row, points in graded]
    elif platform == "Canvas":
        columns = ["Student", "ID", "Section", name]
        lines = [["Points Possible", "", "", most]]
        lines += [[row["name"], row["id"], "", points] for row, points in graded]
    elif platform == "Blackboard":
        columns = ["Username", name]
        lines = [[row["id"], points] for row, points in graded]
    elif platform == "ILIAS":
        columns = ["update", "usr_id", "name", "mark"]
        lines = [[int(points != ""), row["id"], row["name"], points] for row, points in graded]
    else:
        raise ValueError(f"There is no form of grades for {platform!r}, but for {', '.join(PATTERNS)}.")
    return [columns, *([csv_cell(cell) for cell in line] for line in lines)]


def write_exports(course: Path, rows: Sequence[dict]) -> list[Path]:
    """Write the grades of each assignment for the platform that its submissions came from.

    An id that several rows have, such as those of two exports, is left out, with a warning: the platform would
    take the last of them.

    Args:
        course: folder for the files `grades_moodle_01_bits_per_digit.csv` and so on.
        rows: of `grades.csv`, with `assignment`, `platform`, `id` and `name` besides.

    Returns:
        List of the files.
    """
    tables: dict[tuple[str, str], list[dict]] = {}
    for row in rows:
        anonymous = row.get("platform") == "Canvas" and not str(row.get("id")).isdecimal()  # its importer would guess
        known = row.get("platform") in PATTERNS and row.get("id") and row["assignment"] != "unknown"
        if known and not anonymous:
            tables.setdefault((row["platform"], row["assignment"]), []).append(row)
    written = []
    for (platform, name), some in sorted(tables.items()):
        path = course / f"grades_{platform.lower()}_{name}.csv"
        doubtful = {key for key, count in collections.Counter(row["id"] for row in some).items() if count > 1}
        if doubtful:
            told = f"{path.name} lacks the ids {', '.join(sorted(doubtful))}: each is that of several in grades.csv."
            warnings.warn(f"{told} Look whose is whose, and enter these grades by hand.", stacklevel=2)
        some = [row for row in some if row["id"] not in doubtful]
        beside = path.with_name(path.name + ".part")
        with open(beside, "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(grades_for(platform, name, some))
        beside.replace(path)
        written.append(path)
    return written
