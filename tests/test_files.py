import os
import stat
from pathlib import Path

import pytest

from ae_helpers import files
from ae_helpers.files import whole_or_not


def write(content, *paths):
    with whole_or_not(*paths) as parts:
        for part in parts:
            part.write_text(content)


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def calls(monkeypatch):
    """What is flushed and moved, in this order; whatever stands in `calls.failing` fails, counted from 1."""

    class Calls(list):
        failing = None

    calls = Calls()

    def record(name, function):
        def recorded(first, *others):
            descriptor = name == "fsync"
            calls.append((name, Path(os.readlink(f"/proc/self/fd/{first}") if descriptor else others[0]).name))
            if len([call for call in calls if call[0] == "replace"]) == calls.failing and name == "replace":
                raise PermissionError("another program reads it")
            return function(first, *others)

        monkeypatch.setattr(files.os, name, recorded)

    record("replace", os.replace)
    if Path("/proc/self/fd").exists():
        record("fsync", os.fsync)
    return calls


def test_files_are_written_and_replaced(tmp_path):
    (tmp_path / "b").mkdir()
    paths = [tmp_path / "a.npz", str(tmp_path / "b" / "c")]
    for content in ("first", "second"):
        with whole_or_not(*paths) as parts:
            assert [part.name for part in parts] == ["a.npz", "c"]  # so that libraries add no ending
            for part in parts:
                part.write_text(content)
            assert content == "first" or (tmp_path / "a.npz").read_text() == "first"
        assert contents(tmp_path) == {"a.npz": content, "b/c": content}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npz", "b"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_changes_nothing(error, tmp_path):
    (tmp_path / "old").write_text("old")
    with pytest.raises(error), whole_or_not(tmp_path / "old", tmp_path / "new") as parts:
        parts[0].write_text("half")
        raise error
    assert contents(tmp_path) == {"old": "old"} and len(list(tmp_path.iterdir())) == 1


def test_a_file_that_was_not_written_changes_nothing(tmp_path):
    (tmp_path / "old").write_text("old")
    with pytest.raises(FileNotFoundError), whole_or_not(tmp_path / "old", tmp_path / "new") as parts:
        parts[0].write_text("whole")
    assert contents(tmp_path) == {"old": "old"} and len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("failing", [1, 2, 3])
@pytest.mark.parametrize("there", [(), "a", "b", "abc"])
def test_a_failed_move_undoes_the_others(there, failing, links, tmp_path, calls, monkeypatch):
    if not links:
        monkeypatch.setattr(files.os, "link", no_link)
    for name in there:
        (tmp_path / name).write_text(f"old {name}")
    before = contents(tmp_path)
    calls.failing = failing
    with pytest.raises(PermissionError):
        write("new", *(tmp_path / name for name in "abc"))
    assert contents(tmp_path) == before and len(list(tmp_path.iterdir())) == len(there)


def no_link(*_):
    raise OSError("this file system has no links")


def test_contents_are_on_the_disk_before_names_change_and_then_the_names(tmp_path, calls):
    if not Path("/proc/self/fd").exists():
        pytest.skip("file descriptors have no names here")
    write("new", tmp_path / "a", tmp_path / "b")
    assert calls == [("fsync", "a"), ("fsync", "b"), ("replace", "a"), ("replace", "b"), ("fsync", tmp_path.name)]


def test_a_folder_that_cannot_be_flushed_is_no_error(tmp_path, monkeypatch):
    fsync = os.fsync

    def only_files(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError("no folders here")
        fsync(descriptor)

    monkeypatch.setattr(files.os, "fsync", only_files)
    write("new", tmp_path / "a")
    assert contents(tmp_path) == {"a": "new"}


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "file")
    (tmp_path / "file").write_text("old")
    write("new", tmp_path / "link")
    assert (tmp_path / "link").is_symlink() and contents(tmp_path)["file"] == "new"


def test_a_folder_in_the_way_and_a_missing_folder_are_named(tmp_path):
    with pytest.raises(IsADirectoryError, match=rf"{tmp_path.name} is a folder\. Give another name"):
        write("new", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"There is no folder .*nowhere\. Make it"):
        write("new", tmp_path / "nowhere" / "file")
    with pytest.raises(FileNotFoundError, match=rf"There is no folder .*{tmp_path.name}/file"):
        (tmp_path / "file").write_text("no folder")
        write("new", tmp_path / "file" / "b")


def test_unfinished_files_are_hidden_and_stand_beside_their_targets(tmp_path):
    (tmp_path / "b").mkdir()
    with whole_or_not(tmp_path / "a", tmp_path / "b" / "c") as parts:
        for part, folder in zip(parts, (tmp_path, tmp_path / "b"), strict=True):
            assert part.parent.parent == folder and part.parent.name.startswith(".unfinished-")
            part.write_text("new")


def test_an_undone_move_keeps_the_date_of_the_old_file(tmp_path, calls, monkeypatch):
    monkeypatch.setattr(files.os, "link", no_link)
    (tmp_path / "a").write_text("old")
    os.utime(tmp_path / "a", (1_000_000_000, 1_000_000_000))
    calls.failing = 2
    with pytest.raises(PermissionError):
        write("new", tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "a").stat().st_mtime == 1_000_000_000


def test_the_old_file_is_linked_not_copied(tmp_path):
    (tmp_path / "a").write_text("old")
    files._keep(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").samefile(tmp_path / "a")


def test_names_of_each_folder_are_on_the_disk_and_nothing_stays_open(tmp_path, calls):
    if not Path("/proc/self/fd").exists():
        pytest.skip("file descriptors have no names here")
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    n_open = len(os.listdir("/proc/self/fd"))
    write("new", tmp_path / "one" / "a", tmp_path / "two" / "b", tmp_path / "two" / "c")
    assert sorted(calls[6:]) == [("fsync", "one"), ("fsync", "two")]
    assert len(os.listdir("/proc/self/fd")) == n_open
