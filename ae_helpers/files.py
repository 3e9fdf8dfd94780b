"""Files that are written whole or not at all."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def whole_or_not(*paths: str | os.PathLike) -> Iterator[list[Path]]:
    """Give temporary names to write to; then move all files to their places, or none.

    If an exception leaves the block, or a file can't be moved, all is as it was. When
    the power fails, each path holds its old content or its new one, never a part
    (of several paths, some may be new and others old).

        with whole_or_not("index.npz") as (part,), part.open("wb") as stream:
            np.savez(stream, **arrays)

    Args:
        paths: the files; there may be old ones. A link stays, and what it points to changes.

    Yields:
        as many paths, in the same order, with the same names in other folders. The block
        should write each, and close it.

    Raises:
        FileNotFoundError: if a folder is missing, or the block has left out a file.
        IsADirectoryError: if one of paths is a folder.
        OSError: if a file can't be written.
    """
    paths = [Path(os.path.realpath(path)) for path in paths]
    for path in paths:
        if path.is_dir():
            raise IsADirectoryError(f"{path} is a folder. Give another name, or remove it.")
        if not path.parent.is_dir():
            raise FileNotFoundError(f"There is no folder {path.parent}. Make it first.")
    with contextlib.ExitStack() as stack:
        # Beside the target: from another file system, a file is copied, not moved.
        news = [Path(stack.enter_context(_folder_beside(path)), path.name) for path in paths]
        yield news
        for new in news:
            _flush(new)
        with contextlib.ExitStack() as undo:
            for path, new in zip(paths, news, strict=True):
                if path.exists():
                    old = new.with_name(new.name + ".old")
                    _keep(path, old)
                    undo.callback(os.replace, old, path)
                else:
                    undo.callback(path.unlink, missing_ok=True)
                os.replace(new, path)
            undo.pop_all()
        for folder in {path.parent for path in paths}:
            _flush_folder(folder)


def _folder_beside(path):
    return tempfile.TemporaryDirectory(prefix=".unfinished-", dir=path.parent)


def _keep(path, old):
    """Another name for the same content, so that `path` is never missing."""
    try:
        os.link(path, old)
    except OSError:  # a file system without links
        shutil.copy2(path, old)


def _flush(path):
    """Wait until the content is on the disk: otherwise a power failure may leave the name without it."""
    with path.open("rb+") as stream:  # Windows flushes only what is open for writing
        os.fsync(stream.fileno())


def _flush_folder(folder):
    """Wait until the names are on the disk; Windows can't, nor can some network drives."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
