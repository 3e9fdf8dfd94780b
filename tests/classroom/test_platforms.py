"""Exports of learning platforms: layouts as they are documented, there and back."""

import csv
import io
import os
import re
import stat
import unicodedata
import zipfile
from datetime import datetime

import pytest

from classroom.platforms import (
    PATTERNS,
    clean,
    collect,
    csv_cell,
    grades_for,
    packed_name,
    read_roster,
    write_exports,
)
from classroom.submissions import student_id

NAMES = ["01_bits_per_digit", "02_blind_denoising"]
BITS = NAMES[0]
# Last name, first name, login, number: umlauts, apostrophes, several parts, from right to left, marks, two of one name.
CLASS = [
    ("Müller-Lüdenscheidt", "Jörg", "jmueller", 1001),
    ("O'Brien", "Seán", "sobrien", 1002),
    ("de la Cruz Pérez", "Ana María", "acruz", 1003),
    ("علي", "محمد", "mali", 1004),
    ("कुमार", "रवि", "rkumar", 1005),
    ("李", "雷", "lilei", 1006),
    ("Doe", "Jane", "jdoe", 1007),
    ("Doe", "Jane", "jdoe2", 1008),
]
TIME = datetime(2026, 11, 26, 10, 15)


def notebook(number="01", text=""):
    """A file that looks like a notebook of an assignment."""
    return (
        f'{{"cells": [{{"metadata": {{"nbgrader": {{"grade_id": "{number}-title"}}}}, "source": "{text}"}}]}}'.encode()
    )


def moodle(last, first, login, number, file, time=TIME):
    name = re.sub("[&<>\"`|':\\\\/]", "", f"{first} {last}")  # as Moodle's clean_filename
    return f"{name}_{number}_assignsubmission_file_/{file}"


def moodle_flat(last, first, login, number, file, time=TIME):
    return moodle(last, first, login, number, file).replace("/", "")


def canvas(last, first, login, number, file, time=TIME):
    name = re.sub(r"[\W_]", "", unicodedata.normalize("NFC", f"{last}{first}")).lower()
    late = "_LATE" if number % 2 else ""
    return f"{name}{late}_{number}_{number * 10 + time.minute}_{file}"


def blackboard(last, first, login, number, file, time=TIME):
    return f"01 Bits_{login}_attempt_{time:%Y-%m-%d-%H-%M-%S}_{file}"


def ilias(last, first, login, number, file, time=TIME):
    return f"Bits/Abgaben/{last}_{first}_{login}_{number}/{time:%Y%m%d%H%M%S}_{file}"


LAYOUTS = {
    "Moodle": moodle, "Moodle flat": moodle_flat, "Canvas": canvas, "Blackboard": blackboard, "ILIAS": ilias
}  # fmt: skip


def with_own_files(layout, files):
    """The files of an export, and what the platform and computers put beside them."""
    files = {**files, "__MACOSX/._x.ipynb": b"x", ".DS_Store": b"x", "desktop.ini": b"x"}
    if layout == "Blackboard":
        for last, first, login, _ in CLASS:
            receipt = f"Name: {first} {last} ({login})\nAssignment: 01 Bits\nDate Submitted: today\n"
            files[f"01 Bits_{login}_attempt_{TIME:%Y-%m-%d-%H-%M-%S}.txt"] = receipt.encode()
    if layout == "ILIAS":
        files["Bits/status.xlsx"] = b"PK"
    return files


def write_folder(folder, files):
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def write_zip(path, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def zipped(files):
    data = io.BytesIO()
    write_zip(data, files)
    return data.getvalue()


def texts(collection):
    return {upload.student: upload.path.read_bytes() for upload in collection.uploads if not upload.problem}


@pytest.fixture(params=["folder", "zip", "unzipped into a folder"])
def export(request, tmp_path):
    """A function that writes an export, as a folder or a zip."""

    def write(files):
        if request.param == "zip":
            return write_zip(tmp_path / "export.zip", files)
        inner = "export/" if request.param == "folder" else "export/01 Bits submissions/"
        write_folder(tmp_path, {inner + name: data for name, data in files.items()})
        return tmp_path / "export"

    return write


@pytest.mark.parametrize("layout", LAYOUTS)
def test_everybody_is_found_and_gets_the_grade_back(layout, export, tmp_path):
    name_file, platform = LAYOUTS[layout], layout.split()[0]
    files = {name_file(*who, f"{BITS}.ipynb"): notebook(text=str(who[3])) for who in CLASS}
    collection = collect(export(with_own_files(layout, files)), tmp_path / "into", NAMES)
    assert collection.platform == platform
    assert collection.told().startswith(f"{platform}: 8 students, 0 without a notebook, 0 twice.")
    assert len({upload.student for upload in collection.uploads}) == 8
    by_id = {upload.id: upload for upload in collection.uploads}
    for last, first, login, number in CLASS:
        upload = by_id[login if platform == "Blackboard" else str(number)]
        assert upload.path.read_bytes() == notebook(text=str(number)) and upload.problem is None
        assert upload.time == (TIME if platform in ("Blackboard", "ILIAS") else None)
        if platform == "Canvas":
            assert upload.name == re.sub(r"[\W_]", "", f"{last}{first}").lower()
        else:
            assert upload.name == f"{first} {last}".replace("'", "" if platform == "Moodle" else "'")

    points = {upload.id: i / 2 for i, upload in enumerate(collection.uploads)}
    rows = [
        {
            "student": upload.student, "assignment": BITS, "platform": upload.platform, "id": upload.id,
            "name": upload.name, "status": "graded", "points": points[upload.id], "max_points": 10.0,
        }
        for upload in collection.uploads
    ]  # fmt: skip
    (path,) = write_exports(tmp_path, rows)
    assert path.name == f"grades_{platform.lower()}_{BITS}.csv"
    with open(path, newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert imported(platform, lines) == points


def imported(platform, lines):
    """Grades by id, as each platform's importer reads them."""
    if platform == "Moodle":  # looks for these three columns, and cuts the word before the number
        assert {"Identifier", "Grade", "Last modified (grade)"} <= lines[0].keys()
        return {line["Identifier"][len("Participant ") :]: float(line["Grade"]) for line in lines}
    if platform == "Canvas":  # Student, ID, Section, and then assignments
        assert list(lines[0]) == ["Student", "ID", "Section", BITS] and "Points Possible" in lines[0]["Student"]
        return {line["ID"]: float(line[BITS]) for line in lines[1:]}
    if platform == "Blackboard":
        return {line["Username"]: float(line[BITS]) for line in lines}
    return {line["usr_id"]: float(line["mark"]) for line in lines if line["update"] == "1"}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_last_upload_counts(layout, export, tmp_path):
    name_file, early, late = LAYOUTS[layout], TIME, TIME.replace(minute=40)
    who, other = CLASS[0], CLASS[1]
    if "Moodle" in layout:  # keeps the last upload only; several files are parts of it
        files = {name_file(*who, f"{BITS}.ipynb"): notebook(text="late"), name_file(*who, "sketch.ipynb"): b"{}"}
    else:
        files = {
            name_file(*who, f"{BITS}.ipynb", late): notebook(text="late"),
            name_file(*who, f"{BITS}-1.ipynb", early): notebook(text="early"),
        }
    files[name_file(*other, "x.ipynb")] = notebook()
    collection = collect(export(files), tmp_path / "into", NAMES)
    (counts,) = [data for student, data in texts(collection).items() if "sobrien" not in student and b"late" in data]
    assert counts == notebook(text="late") and len(collection.uploads) == 2
    if "Moodle" not in layout:
        assert "2 students, 0 without a notebook, 1 twice (the last upload counts)." in collection.told()


@pytest.mark.parametrize("around", ["{}", "x_{}", "x/{}", "x/y/{}"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_nobody_hands_in_as_somebody_else(layout, around, export, tmp_path):
    name_file, eve, jane = LAYOUTS[layout], ("Hall", "Eve", "eve", 99), CLASS[6]
    forged = around.format(name_file(*jane, "a.ipynb", TIME.replace(year=2027)))
    files = {name_file(*eve, forged): notebook(text="Eve's"), name_file(*jane, "a.ipynb"): notebook(text="Jane's")}
    collection = collect(export(files), tmp_path / "into", NAMES)
    found = {upload.id: (upload.path.read_bytes(), upload.time) for upload in collection.uploads}
    ids, time = [who[2 if layout == "Blackboard" else 3] for who in (eve, jane)], collection.uploads[0].time
    assert found == {
        str(one): (notebook(text=text), time) for one, text in zip(ids, ("Eve's", "Jane's"), strict=True)
    } and time in (TIME, None)  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_teachers_folder_is_no_student(layout, tmp_path):
    for number, outer in enumerate(["Bits_2026_11_26", "AE_course_winter_2026", "AE_1_2/Bits_3_4"]):
        files = {f"{outer}/{LAYOUTS[layout](*who, 'a.ipynb')}": notebook() for who in CLASS}
        collection = collect(write_folder(tmp_path / f"{number}", files), tmp_path / "into", NAMES)
        assert collection.told().startswith(f"{layout.split()[0]}: 8 students, 0 without a notebook, 0 twice.")


def test_two_of_one_id_are_told_and_nothing_goes_back_by_it(tmp_path):
    exports = {
        "Moodle": ["Jane Doe_7_assignsubmission_file_/a.ipynb", "Eve_7_assignsubmission_file_/a.ipynb"],
        "Blackboard": [blackboard("", "", login, 0, "a.ipynb") for login in ("j_7", "e_7")],
        "ILIAS": ["Doe_Jane_jdoe_7/20261126101500_a.ipynb", "Hall_Eve_jdoe_7/20261126101500_a.ipynb"],
    }
    (tmp_path / "roster.csv").write_text("id,name\n7,Jane Smith\n8,Bob\n")
    for platform, names in exports.items():
        files = dict.fromkeys(names, notebook()) | {names[0].replace("7", "8"): notebook()}
        source = write_folder(tmp_path / platform, files)
        collection = collect(source, tmp_path / "into", NAMES, roster=tmp_path / "roster.csv")
        assert collection.platform == platform and len({u.student for u in collection.uploads}) == 3
        assert "The id 7 is that of several: " in collection.told() and "enter them by hand" in collection.told()
        assert not any(u.name == "Jane Smith" for u in collection.uploads) and len(collection.absent) == 1
        rows = [{"assignment": BITS, "platform": u.platform, "id": u.id, "name": u.name} for u in collection.uploads]
        rows = [row | {"status": "graded", "points": 1.0, "max_points": 2.0} for row in rows]
        with pytest.warns(UserWarning, match="lacks the ids 7: each is that of several"):
            (path,) = write_exports(tmp_path, rows)  # also if the two came in two exports
        with open(path, newline="", encoding="utf-8") as file:
            assert imported(platform, list(csv.DictReader(file))) == {"8": 1.0}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_those_without_a_notebook_are_told(layout, export, tmp_path):
    name_file = LAYOUTS[layout]
    files = {name_file(*CLASS[0], "a.ipynb"): notebook(), name_file(*CLASS[1], "homework.docx"): b"x"}
    if layout == "Moodle":
        files[name_file(*CLASS[2], "").replace("_file_", "_onlinetext_") + "onlinetext.html"] = b"Hello"
    elif layout == "Canvas":
        files["delacruzperezana_1003_text.html"] = b"Hello"
    elif layout == "Blackboard":
        files[f"01 Bits_acruz_attempt_{TIME:%Y-%m-%d-%H-%M-%S}.txt"] = b"Name: Ana (acruz)\n"
    else:
        files[name_file(*CLASS[2], "notes.txt")] = b"x"
    collection = collect(export(files), tmp_path / "into", NAMES)
    told = collection.told()
    assert "3 students, 2 without a notebook, 0 twice." in told and "but homework.docx" in told
    assert sum(upload.problem is None for upload in collection.uploads) == 1


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_zip_within_is_read(layout, export, tmp_path):
    inner = {"my work/bits.ipynb": notebook(text="zipped"), "my work/.ipynb_checkpoints/bits.ipynb": notebook()}
    inner |= {"__MACOSX/my work/._bits.ipynb": b"x", "my work/old.zip": zipped({"x.ipynb": notebook()})}
    files = {LAYOUTS[layout](*CLASS[0], "homework.ZIP"): zipped(inner), LAYOUTS[layout](*CLASS[1], "a.ipynb"): b"{}"}
    collection = collect(export(files), tmp_path / "into", NAMES)
    assert notebook(text="zipped") in texts(collection).values() and len(collection.uploads) == 2
    assert "1 zip within a zip" in collection.told() and "0 twice" in collection.told()


def test_nbgraders_layout_and_flat_files(tmp_path):
    files = {
        f"ann/{BITS}/{BITS}.ipynb": notebook(),
        f"ann/{NAMES[1]}/anything.ipynb": notebook("02"),
        f"bob/{BITS}/homework.pdf": b"x",
        f"cy/{BITS}/a.ipynb": notebook(text="a"),
        f"cy/{BITS}/b.ipynb": notebook(text="b"),
        "dee/notes.txt": b"x",
    }
    source = write_folder(tmp_path / "nested", files)
    (source / "eve").mkdir()
    found = {(u.student, u.assignment): u.problem for u in collect(source, tmp_path / "into", NAMES).uploads}
    assert found[("ann", BITS)] is None and found[("ann", NAMES[1])] is None
    assert "homework.pdf" in found[("bob", BITS)] and "There are 2 notebooks" in found[("cy", BITS)]
    assert found[("dee", None)].startswith("There is no notebook") and found[("eve", None)] == "There is no notebook."
    assert not (tmp_path / "into").exists()  # what is no zip is graded where it is
    zipped_up = collect(write_zip(tmp_path / "class.zip", {f"class/{k}": v for k, v in files.items()}), tmp_path, NAMES)
    assert {(u.student, u.assignment): u.problem for u in zipped_up.uploads} == {
        key: problem for key, problem in found.items() if key[0] != "eve"
    }
    flat = {"Ann Müller_12.ipynb": notebook(), "bob.pdf": b"", "bob.ipynb": notebook(), "cy.IPYNB": notebook()}
    collection = collect(write_folder(tmp_path / "flat", flat), tmp_path / "into", NAMES, assignment=BITS)
    assert [(u.student, u.assignment) for u in collection.uploads] == [
        ("Ann Müller_12", BITS), ("bob", BITS), ("cy", BITS)
    ]  # fmt: skip
    assert all(u.problem is None for u in collection.uploads)


@pytest.mark.parametrize(
    "pair",
    [("a b", "a  b"), ("a", "a "), ("a", "a."), ("a", " a"), ("a", "a\u200e"), ("a b", "a\tb"), ("x" * 202, "x" * 203)],
)
@pytest.mark.parametrize("layout", ["{}.ipynb", f"{{}}/{BITS}/x.ipynb", "{}_7_assignsubmission_file_/x.ipynb"])
@pytest.mark.parametrize("in_zip", [False, True])
def test_two_names_are_two_students(pair, layout, in_zip, tmp_path):
    files = {layout.format(name): notebook(text=str(place)) for place, name in enumerate(pair)}
    source = write_zip(tmp_path / "x.zip", files) if in_zip else write_folder(tmp_path / "x", files)
    collection = collect(source, tmp_path / "into", NAMES)
    assert sorted(texts(collection).values()) == sorted(files.values()) and "0 twice" in collection.told()
    assert len({student_id(upload.student) for upload in collection.uploads}) == 2
    for upload in collection.uploads:
        assert upload.name == clean(upload.name) and upload.id == clean(upload.id)


def test_a_notebook_for_each_of_two_assignments(tmp_path):
    files = {moodle(*CLASS[0], f"{i}.ipynb"): notebook(number) for i, number in enumerate(["01", "02", "99"])}
    files[moodle(*CLASS[1], f"{BITS}.ipynb")] = notebook(text="this")
    files[moodle(*CLASS[1], f"{BITS} (copy).ipynb")] = notebook(text="or that")
    files[moodle(*CLASS[2], "a.ipynb")] = files[moodle(*CLASS[2], "b.ipynb")] = notebook()
    collection = collect(write_folder(tmp_path / "x", files), tmp_path / "into", NAMES)
    by_student = {}
    for upload in collection.uploads:
        by_student.setdefault(upload.id, []).append(upload)
    assert [u.assignment for u in by_student["1001"]] == NAMES
    assert by_student["1002"][0].path.read_bytes() == notebook(text="this")  # it has the assignment's name
    assert "There are 2 notebooks" in by_student["1003"][0].problem  # nobody guesses
    collection = collect(tmp_path / "x", tmp_path / "into", NAMES, assignment=NAMES[1])
    assert {u.assignment for u in collection.uploads} == {NAMES[1]} and len(collection.uploads) == 3


def test_blackboards_receipts_tell_the_user_name(tmp_path):
    stem = f"01_Bits_j_doe_attempt_{TIME:%Y-%m-%d-%H-%M-%S}"
    files = {f"{stem}_my.ipynb": notebook(), f"{stem}.txt": "Name: Jörg Doe (j_doe)\n".encode()}
    (upload,) = collect(write_folder(tmp_path / "x", files), tmp_path / "into", NAMES).uploads
    assert (upload.id, upload.name) == ("j_doe", "Jörg Doe")


def test_no_student_writes_a_receipt(tmp_path):
    stem, time = f"01_Bits_j_doe_attempt_{TIME:%Y-%m-%d-%H-%M-%S}", f"{TIME:%Y-%m-%d-%H-%M-%S}"
    files = {
        f"{stem}_my.ipynb": notebook(),
        f"{stem}.txt": b"Name: Joe (j_doe)\nComments:\nName: Jane (doe)\n",
        f"{stem}_x_attempt_{time}.txt": b"Name: Jane (doe)\n",
    }
    collection = collect(write_folder(tmp_path / "x", files), tmp_path / "into", NAMES)
    assert [(u.id, u.name, u.problem) for u in collection.uploads] == [("j_doe", "Joe", None)]
    assert list(collection.ignored.values()) == ["of the platform"]


def test_anonymous_and_ambiguous_numbers(tmp_path):
    files = {f"anon_{code}_6789_x.ipynb": notebook() for code in ("Ab3xY", "1a2b3")} | {
        "LATE_anon_Zz9_1_x.ipynb": b"{}"
    }
    collection = collect(write_folder(tmp_path / "anon", files), tmp_path / "into", NAMES)
    assert [u.id for u in collection.uploads] == ["Zz9", "1a2b3", "Ab3xY"]
    rows = [{"assignment": BITS, "platform": "Canvas", "id": u.id} for u in collection.uploads]
    assert write_exports(tmp_path, rows) == []  # Canvas would take them for new students
    dates = {f"{name}_2026_11_26.ipynb": notebook() for name in ("ann", "bob")}
    collection = collect(write_folder(tmp_path / "dates", dates), tmp_path / "into", NAMES)
    assert collection.platform == "files" and [u.id for u in collection.uploads] == ["ann_2026_11_26", "bob_2026_11_26"]


@pytest.mark.parametrize("in_zip", [False, True])
def test_links_and_devices_are_not_opened(tmp_path, in_zip):
    secret = tmp_path / "secret.ipynb"
    secret.write_bytes(b"secret")
    if in_zip:
        link = zipfile.ZipInfo("bob.ipynb")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        source = tmp_path / "x.zip"
        with zipfile.ZipFile(source, "w") as archive:
            archive.writestr(link, str(secret))
            for name in ("../escape.ipynb", "/etc/passwd.ipynb", "a/../../b.ipynb", "C:/x.ipynb"):
                archive.writestr(name, notebook())
    else:
        source = tmp_path / "x"
        source.mkdir()
        (source / "bob.ipynb").symlink_to(secret)
        (source / "folder").symlink_to(tmp_path)
        os.mkfifo(source / "pipe.ipynb")
    before = sorted(tmp_path.rglob("*"))
    collection = collect(source, tmp_path / "into", NAMES)
    assert all(upload.problem for upload in collection.uploads) and len(collection.uploads) >= 3
    words = {upload.problem for upload in collection.uploads}
    assert "It is a link to another file, not a file." in words
    assert words & {"It is no file, but a device or a pipe.", "Its name in the zip leads out of the zip."}
    assert sorted(tmp_path.rglob("*")) == before


def test_zips_within_have_bounds(tmp_path):
    from classroom import platforms

    def problem_of(data):
        source = write_folder(tmp_path / "x", {moodle(*CLASS[0], "a.zip"): data})
        (upload,) = collect(source, tmp_path / "into", NAMES).uploads
        return upload.problem or ""

    assert problem_of(zipped({"a.ipynb": notebook()})) == ""
    assert "times as large" in problem_of(zipped({"a.ipynb": bytes(15_000_000)}))
    assert "no zip, or damaged" in problem_of(b"Dear teacher")
    assert "no zip, or damaged" in problem_of(zipped({"a.ipynb": notebook()})[:40])
    many = zipped({f"{i}.txt": b"" for i in range(platforms.MAX_ENTRIES + 1)})
    assert "more than 1,000 files" in problem_of(many)
    end = many.rfind(b"PK\x05\x06")  # the same, with a count that lies
    assert "more than 1,000 files" in problem_of(many[: end + 8] + b"\1\0\1\0" + many[end + 12 :])
    noise = os.urandom(platforms.MAX_MB * 1_000_000 + 1)
    assert "more than 20" in problem_of(zipped({"a.ipynb": noise}))
    damaged = bytearray(zipped({"a.ipynb": notebook() * 50}))
    damaged[60] ^= 255
    assert "damaged" in problem_of(bytes(damaged))
    locked = bytearray(zipped({"a.ipynb": notebook()}))
    locked[6] |= 1
    locked[locked.rfind(b"PK\x01\x02") + 8] |= 1
    assert "password" in problem_of(bytes(locked))


def test_a_zip_is_opened_once_and_read_in_one_go(tmp_path, monkeypatch):
    from classroom import platforms

    opened, named = [], []

    class Counted(zipfile.ZipFile):
        def __init__(self, file):
            opened.append(file)
            super().__init__(file)

    def name_of(info):
        named.append(info)
        return packed_name(info)

    inner = {f"{i}/": b"" for i in range(platforms.MAX_ENTRIES - 20)}
    inner |= {f"{i}/x.ipynb": notebook("02") for i in range(19)} | {"a.ipynb": notebook()}
    source = write_zip(tmp_path / "x.zip", {moodle(*CLASS[0], "a.zip"): zipped(inner)})
    monkeypatch.setattr(platforms.zipfile, "ZipFile", Counted)
    monkeypatch.setattr(platforms, "packed_name", name_of)
    uploads = collect(source, tmp_path / "into", NAMES).uploads
    assert {u.assignment for u in uploads} == set(NAMES) and len(opened) == 2 and len(named) < 2 * platforms.MAX_ENTRIES


def test_folders_in_a_zip_that_hold_nothing(tmp_path):
    files = dict.fromkeys(["ann/", "ben/", "ben/01/x.ipynb", "cy/", "cy/", "cyd/x.ipynb"], b"{}")
    collection = collect(write_zip(tmp_path / "x.zip", files), tmp_path / "into", NAMES)
    assert {u.student: u.problem for u in collection.uploads} == {
        "ann": "There is no notebook.", "ben": None, "cy": "There is no notebook.", "cyd": None
    }  # fmt: skip


@pytest.mark.parametrize(
    ("zips", "loose", "words"),
    [
        ([20], [], None),
        ([21], [], "holds 21 notebooks of 0 MB, more than 20 or 200 MB. Hand in those of the assignment only."),
        ([1_000], [], "holds 1,000 notebooks"),
        ([11, 11], [], "holds 22 notebooks"),
        ([1_000], ["a.ipynb"], None),  # what is beside it counts
    ],
)
def test_a_student_may_pack_twenty_notebooks(tmp_path, zips, loose, words):
    files = {moodle(*CLASS[0], name): notebook() for name in loose} | {moodle(*CLASS[1], "a.ipynb"): notebook()}
    for number, count in enumerate(zips):
        inner = {f"{i}.ipynb": notebook("99") for i in range(1, count)} | {f"{number}/a.ipynb": notebook()}
        files[moodle(*CLASS[0], f"{number}.zip")] = zipped(inner)
    collection = collect(write_folder(tmp_path / "x", files), tmp_path / "into", NAMES)
    problems = {upload.id: upload.problem for upload in collection.uploads}
    assert problems.keys() == {"1001", "1002"} and problems["1002"] is None
    assert (words in problems["1001"]) if words else problems["1001"] is None


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("place", ["", "inner/"])
def test_a_folder_that_cannot_be_read_is_its_students_only(layout, place, tmp_path, monkeypatch):
    """As for a teacher who is not root, which tests may be."""
    files = {LAYOUTS[layout](*who, f"{place}a.ipynb"): notebook() for who in CLASS[:2]}
    source = write_folder(tmp_path / "x", files)
    locked = (source / next(iter(files))).parent
    scandir = os.scandir

    def refusing(folder):
        if folder == locked:
            raise PermissionError(13, "Permission denied", str(folder))
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refusing)
    if locked == source:
        with pytest.raises(ValueError, match=r"x can't be read: .*Permission denied"):
            collect(source, tmp_path / "into", NAMES)
    else:
        collection = collect(source, tmp_path / "into", NAMES)
        first, second = sorted(collection.uploads, key=lambda upload: upload.id)
        assert "can't be read: Permission denied" in first.problem and second.problem is None


def test_a_damaged_receipt_stops_nobody(tmp_path):
    stem = f"01 Bits_jdoe_attempt_{TIME:%Y-%m-%d-%H-%M-%S}"
    damaged = bytearray(zipped({f"{stem}.txt": b"Name: Jane Doe (jdoe)\n", f"{stem}_a.ipynb": notebook()}))
    damaged[30 + len(f"{stem}.txt")] ^= 255
    (tmp_path / "x.zip").write_bytes(damaged)
    (upload,) = collect(tmp_path / "x.zip", tmp_path / "into", NAMES).uploads
    assert (upload.id, upload.name, upload.problem) == ("jdoe", "", None)


def test_names_in_zips_are_read_as_they_were_written(tmp_path):
    def named(raw, utf8):
        info = zipfile.ZipInfo()
        info.filename, info.flag_bits = (raw.decode("utf-8") if utf8 else raw.decode("cp437")), 0x800 * utf8
        return packed_name(info)

    assert named("Jörg.ipynb".encode(), True) == "Jörg.ipynb"
    assert named("Jörg.ipynb".encode(), False) == "Jörg.ipynb"  # macOS forgets the mark
    assert named("Jörg.ipynb".encode("cp437"), False) == "Jörg.ipynb"  # Windows
    assert named(unicodedata.normalize("NFD", "Jörg.ipynb").encode(), True) == "Jörg.ipynb"
    assert named(b"a\\b.ipynb", False) == "a/b.ipynb"
    source = tmp_path / "x"
    source.mkdir()
    with open(os.path.join(os.fsencode(source), "Jörg.ipynb".encode("latin-1")), "wb") as file:
        file.write(notebook())
    (upload,) = collect(source, tmp_path / "into", NAMES).uploads
    assert upload.student == "Jörg" and upload.path.read_bytes() == notebook()


def test_combining_marks_stay_and_nothing_steers_a_terminal():
    assert clean("रवि") == "रवि" != clean("रव")
    assert clean(unicodedata.normalize("NFD", "Jörg")) == "Jörg"
    assert clean("a\u202eb\x1b[31m\x00\nc\ud800") == "ab [31m c"
    assert clean("می\u200cخواهم") == "می\u200cخواهم"  # a joiner is part of the word
    assert len(clean("x" * 1_000)) == 200


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\r=1", "\uff1d1", "\u202e=1"])
def test_no_text_is_a_formula(text):
    assert csv_cell(text).startswith("'")
    rows = [{"id": text, "name": text, "status": "graded", "points": 1.0, "max_points": 2.0}]
    for platform in PATTERNS:
        for cell in grades_for(platform, BITS, rows)[-1]:
            assert not isinstance(cell, str) or cell[:1] not in ("=", "+", "-", "@", "\t", "\r", "\uff1d")


def test_numbers_and_names_stay_as_they_are():
    assert csv_cell(-1.5) == -1.5 and csv_cell("Jane-Ann O'Brien") == "Jane-Ann O'Brien" and csv_cell("") == ""


def test_who_is_not_graded_has_an_empty_cell():
    rows = [{"id": "7", "name": "Jane", "status": "refused", "points": 0.0, "max_points": 10.0}]
    assert [grades_for(platform, BITS, rows)[-1][-1 - (platform == "Moodle") * 2] for platform in PATTERNS] == [""] * 4
    with pytest.raises(ValueError, match="no form of grades for 'OLAT'"):
        grades_for("OLAT", BITS, rows)


@pytest.mark.parametrize(
    "text",
    [
        "id,name\n1001,Jörg Müller-Lüdenscheidt\n9,Max Absent\nob,Seán O'Brien\n",
        "\ufeffIdentifier,Full name,Grade\nParticipant 1001,Jörg Müller-Lüdenscheidt,\nParticipant 9,Max Absent,\n"
        "Participant ob,Seán O'Brien,\n",
        'Student;ID;Section\n"Müller-Lüdenscheidt, Jörg";1001;\n"Absent, Max";9;\n"O\'Brien, Seán";ob;\n',
        "username\tlast name\tfirst name\n1001\tMüller-Lüdenscheidt\tJörg\n9\tAbsent\tMax\nob\tO'Brien\tSeán\n",
    ],
)
def test_a_roster_gives_ids_and_names(tmp_path, text):
    (tmp_path / "roster.csv").write_text(text, encoding="utf-8")
    source = write_folder(tmp_path / "x", {moodle(*who, "a.ipynb"): notebook() for who in CLASS[:2]})
    collection = collect(source, tmp_path / "into", NAMES, roster=tmp_path / "roster.csv")
    first, second = sorted(collection.uploads, key=lambda upload: upload.id)
    assert first.student == "Jörg Müller-Lüdenscheidt_1001" and "Jörg" in first.name
    assert second.student == "Seán OBrien_1002" and "O'Brien" in second.name  # by name: Moodle drops the sign
    assert second.id == "1002"  # grades go back by the platform's id
    assert len(collection.absent) == 1 and "Nothing came from 1 of the roster" in collection.told()


def test_without_a_platform_the_id_is_the_rosters(tmp_path):
    (tmp_path / "roster.csv").write_text("id,name\nA17,Jane Doe\n", encoding="utf-8")
    source = write_folder(tmp_path / "x", {"Doe Jane.ipynb": notebook(), "somebody.ipynb": notebook()})
    uploads = collect(source, tmp_path / "into", NAMES, roster=tmp_path / "roster.csv").uploads
    assert [(u.student, u.id, u.name) for u in uploads] == [
        ("Doe Jane", "A17", "Jane Doe"), ("somebody", "somebody", "somebody")
    ]  # fmt: skip


def test_a_roster_does_not_mix_up_two_of_one_name(tmp_path):
    (tmp_path / "roster.csv").write_text("id,name\nA,Jane Doe\n", encoding="utf-8")
    source = write_folder(tmp_path / "x", {moodle(*who, "a.ipynb"): notebook() for who in CLASS[-2:]})
    collection = collect(source, tmp_path / "into", NAMES, roster=tmp_path / "roster.csv")
    assert [u.student for u in collection.uploads] == ["Jane Doe_1007", "Jane Doe_1008"]
    (tmp_path / "bad.csv").write_text("points\n3\n")
    with pytest.raises(ValueError, match="columns id and name, but has points"):
        read_roster(tmp_path / "bad.csv")


def test_what_is_no_export_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no folder or zip"):
        collect(tmp_path / "nowhere", tmp_path / "into", NAMES)
    (tmp_path / "x.zip").write_bytes(b"PK")
    with pytest.raises(ValueError, match="can't be read"):
        collect(tmp_path / "x.zip", tmp_path / "into", NAMES)
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / ".DS_Store").touch()
    with pytest.raises(ValueError, match="is empty"):
        collect(tmp_path / "empty", tmp_path / "into", NAMES)


def test_make_grade_without_a_folder_grades_nothing(capsys):
    from classroom.__main__ import main

    with pytest.raises(SystemExit):
        main(["grade", ""])
    assert "say which, such as FOLDER=" in capsys.readouterr().err
