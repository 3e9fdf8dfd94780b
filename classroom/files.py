"""Files of the course folder: records of submissions, written whole or not at all."""

import json
import os


def record_path(course, name, student):
    """Where the record of a submission lies."""
    return course / "records" / name / f"{student}.json"


def page_path(course, name, student):
    """Where the page for a student lies."""
    return course / "feedback" / student / name / f"{name}.html"


def read_record(course, name, student):
    """The record of a submission, or None."""
    path = record_path(course, name, student)
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def write_record(course, record):
    """Write a record: it is what tells a later run that a submission is done."""
    path = record_path(course, record["assignment"], record["student"])
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps(record, indent=1))


def write_whole(path, text):
    """Write a file beside its place, up to the disk, and move it there: a part that is left, the next one replaces."""
    beside = path.with_name(path.name + ".part")
    with open(beside, "w", encoding="utf-8", newline="") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    beside.replace(path)


def all_records(course):
    """The records of all submissions, in order of assignment and student."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted((course / "records").glob("*/*.json"))]
