"""Find and open the files of a MovieLens release: in a folder, in a zip, or bundled."""

import gzip
import io
import lzma
import os
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ae_helpers.data import bundled

MEND = "Unpack or download the release again."
DEPTH = 2  # folders inside the given one that are searched


@dataclass(frozen=True)
class Layout:
    """How a release names and writes its files.

    Attributes:
        ratings, movies, genres: names of files; genres only where they have one of their own.
        separators: in the ratings and in the movies file; None where the header tells.
        has_header: whether the first line of each file names the columns.
        encoding: of the movies file. "utf-8"; "either", UTF-8 or else Latin-1; or
            "both", each line in one of them.
    """

    ratings: str
    movies: str
    genres: str | None = None
    separators: tuple[str | None, str | None] = (None, None)
    has_header: bool = True
    encoding: str = "utf-8"

    @property
    def files(self) -> tuple[str, ...]:
        """Names of all files that it needs."""
        return tuple(filter(None, (self.ratings, self.movies, self.genres)))


PACKED = Layout("ratings.csv.gz", "movies.csv.gz")
LAYOUTS = (
    Layout("ratings.csv", "movies.csv"),  # ml-latest-small, ml-20m, ml-25m, ml-32m
    PACKED,
    Layout("rating.csv", "movie.csv"),  # Kaggle's copy of ml-20m: dates instead of seconds
    Layout("ratings.dat", "movies.dat", None, ("::", "::"), False, "either"),  # ml-1m (Latin-1), ml-10m (UTF-8)
    Layout("u.data", "u.item", None, ("\t", "|"), False, "either"),  # ml-100k (Latin-1)
    Layout(  # hetrec2011-movielens-2k: milliseconds, years and genres apart from titles
        "user_ratedmovies-timestamps.dat", "movies.dat", "movie_genres.dat", ("\t", "\t"), True, "both"
    ),
)


@contextmanager
def opened(path: str | os.PathLike | None) -> Iterator[tuple[Path | zipfile.Path, Layout]]:
    """The folder that holds a release's files, and their layout.

    Args:
        path: folder or zip of a release, or of the folder that has it; None for the bundled one.

    Raises:
        FileNotFoundError: if there is nothing, or no release in it, or a file is missing.
        NotADirectoryError: if it is a file, but no zip.
        ValueError: if the zip is damaged, or several releases are in the folder.
    """
    path = bundled.DATASETS / "movielens" if path is None else Path(path).expanduser()
    if path == bundled.DATASETS / "movielens":
        yield path, PACKED  # only this was verified, whatever else lies there
    elif path.is_dir():
        yield _find(path)
    elif not path.exists():
        raise FileNotFoundError(
            f"There is no folder {path}. Give the folder or the zip of a MovieLens release, "
            "or nothing for the bundled one."
        )
    elif path.suffix != ".zip":
        raise NotADirectoryError(f"{path} is a file. Give the folder of the release, or its zip.")
    else:
        try:
            archive = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:  # its list of contents is wrong
            if isinstance(error, OSError) and error.filename:  # no, it can't be opened
                raise
            raise ValueError(f"{path} is damaged or cut short ({str(error)[:200]}). {MEND}") from error
        with archive:
            yield _find(zipfile.Path(archive))


def _find(folder):
    """The folder of the one release in `folder`, which may lie a little deeper, and its layout."""
    level, names = [folder], {}
    for _ in range(DEPTH + 1):
        for place in level:
            names[str(place)] = {file.name for file in place.iterdir()}
        found = [(place, layout) for place in level for layout in LAYOUTS if set(layout.files) <= names[str(place)]]
        if len({str(place) for place, _ in found}) > 1:
            places = ", ".join(sorted({str(place) for place, _ in found}))
            raise ValueError(f"{folder} holds several releases: {places}. Give the folder of one of them.")
        if found:
            return found[0]
        level = [file for place in level for file in place.iterdir() if file.is_dir()]
    for place, there in names.items():
        layout = max(LAYOUTS, key=lambda layout: len(there.intersection(layout.files)))
        if there.intersection(layout.files):
            has, lacks = (", ".join(sorted(part)) for part in (there & set(layout.files), set(layout.files) - there))
            raise FileNotFoundError(f"{place} has {has} but no {lacks}. {MEND}")
    known = ", ".join(" and ".join(layout.files) for layout in LAYOUTS)
    raise FileNotFoundError(
        f"{folder} is no MovieLens folder: it should hold {known}, "
        f"but holds {', '.join(sorted(names[str(folder)])[:8]) or 'nothing'}. "
        "Give the folder or the zip of a release."
    )


@contextmanager
def reading(file: Path | zipfile.Path) -> Iterator[gzip.GzipFile | IO[bytes]]:
    """The content of a file as a stream of bytes, unpacked; errors of reading it name the file."""
    if isinstance(file, Path) and file.parent == bundled.DATASETS / "movielens":
        yield io.BytesIO(bundled.read_bundled(f"movielens/{file.stem}"))
        return
    try:
        with file.open("rb") as packed, gzip.open(packed) if file.suffix == ".gz" else nullcontext(packed) as stream:
            yield stream
    except (NotImplementedError, RuntimeError) as error:  # a zip with a password, or packed by other means
        raise ValueError(f"{file} can't be unpacked ({error}). Unpack the release, and give its folder.") from error
    except (EOFError, OSError, zlib.error, lzma.LZMAError, zipfile.BadZipFile) as error:
        # In a zip, an OSError means that its list of contents is wrong.
        if isinstance(error, OSError) and not isinstance(error, gzip.BadGzipFile) and isinstance(file, Path):
            raise OSError(
                f"{file} can't be read ({error.strerror or error}). Check that it is a file and that you may read it."
            ) from error
        raise ValueError(f"{file} is damaged or cut short ({str(error)[:200]}). {MEND}") from error


def without_mark(file: Path | zipfile.Path, start: bytes) -> bytes:
    """The start of a file without UTF-8's byte order mark; UTF-16's are refused."""
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ValueError(f"{file} is UTF-16. Save it as UTF-8. Or: {MEND}")
    return start.removeprefix(b"\xef\xbb\xbf")


def decoded(file: Path | zipfile.Path, encoding: str) -> str:
    """Text of a movies file, in the encoding of its layout; a ValueError names the line that has another."""
    with reading(file) as stream:
        content = without_mark(file, stream.read())
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        number = content[: error.start].count(b"\n") + 1
        byte = content[error.start]
    if encoding == "utf-8":
        raise ValueError(f"{file}, line {number}: byte {byte:#x} is not UTF-8. {MEND}")
    texts = []
    for i, line in enumerate(content.split(b"\n"), start=1):
        try:
            text = line.decode()
        except UnicodeDecodeError:
            text = line.decode("latin-1")
        if encoding == "either" and not line.isascii() and text.encode() == line:
            raise ValueError(f"{file}, line {i} is UTF-8, but line {number} is not (byte {byte:#x}). {MEND}")
        texts.append(text)
    return "\n".join(texts)
