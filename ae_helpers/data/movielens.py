"""MovieLens: the bundled release, and folders in any of GroupLens' own formats."""

import csv
import gzip
import io
import itertools
import operator
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ae_helpers.data import bundled
from ae_helpers.data.titles import article_first, split_year

RATING_COLUMNS = {"userId": "int32", "movieId": "int32", "rating": "float32", "timestamp": "int64"}
MOVIE_COLUMNS = ["movieId", "title", "genres"]
LOWEST, HIGHEST = 0.5, 5.0  # stars
BLOCK = 2**25  # bytes of a ratings file to parse at a time

# The order of the 19 flags that end a line of ML-100K's u.item.
ML_100K_GENRES = [
    "unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama",
    "Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War",
    "Western",
]

_MEND = "Unpack or download the release again."


@dataclass(frozen=True)
class _Layout:
    """How one of GroupLens' releases names and writes its two files."""

    ratings: str
    movies: str
    separators: tuple[str, str]  # in the ratings file, in the movies file
    header: bool
    encodings: tuple[str, ...]  # of the movies file; the first that fits


_CSV = {"separators": (",", ","), "header": True, "encodings": ("utf-8-sig",)}
_OLD = {"header": False, "encodings": ("utf-8", "latin-1")}
_LAYOUTS = (
    _Layout("ratings.csv", "movies.csv", **_CSV),  # ml-latest-small, ml-25m, ml-32m
    _Layout("ratings.csv.gz", "movies.csv.gz", **_CSV),  # the same, packed
    _Layout("ratings.dat", "movies.dat", ("::", "::"), **_OLD),  # ml-1m (Latin-1), ml-10m (UTF-8)
    _Layout("u.data", "u.item", ("\t", "|"), **_OLD),  # ml-100k (Latin-1)
)


def load_movielens(path=None):
    """Ratings of movies by users, and the movies' titles and genres.

    Args:
        path: folder of a MovieLens release as GroupLens publishes it: with
            `ratings.csv` and `movies.csv` (ml-latest-small, ml-25m, ml-32m;
            also gzipped), `ratings.dat` and `movies.dat` (ml-1m, ml-10m), or
            `u.data` and `u.item` (ml-100k). Without it, the bundled release
            of October 2016: 671 users, 100,004 ratings as published.

    Returns:
        `(ratings, movies)`, two pandas tables. `ratings` has a row per rating:
        userId and movieId (int32), rating (float32, 0.5 to 5.0 stars),
        timestamp (int64, seconds since 1970, UTC). `movies` has a row per
        movie: movieId (int32), title (for example "The Dark Knight (2008)"),
        year (Int16, missing where the title has none), genres (separated
        by `|`). Movies without a title are left out, and so are their ratings.

    Raises:
        FileNotFoundError: if the folder or a file of it is missing.
        OSError: if a file can't be read, or `path` is a file.
        ValueError: if a file is damaged or empty, a column is missing, a
            rating is no number from 0.5 to 5, a user rated a movie twice, a
            movie is listed twice, or a rating's movie is unknown; the message
            names the file, and the line where there is one.

    Source: Harper and Konstan 2015, doi:10.1145/2827872; https://grouplens.org/datasets/movielens/.
    """
    if path is None:
        folder = bundled.DATASETS / "movielens"
        for name in ("ratings.csv", "movies.csv"):
            bundled.read_bundled(f"movielens/{name}")  # raises if it is damaged
    else:
        folder = Path(path)
    layout = _recognise(folder)
    movies = _read_movies(folder / layout.movies, layout)
    ratings = _read_ratings(folder / layout.ratings, layout)
    _check_against_movies(ratings, movies, folder, layout)
    _check_no_pair_twice(ratings, folder, layout)
    listed = len(movies)
    movies = _with_clean_titles(movies)
    if len(movies) < listed:
        ratings = ratings[ratings["movieId"].isin(movies["movieId"])].reset_index(drop=True)
    return ratings, movies


def _recognise(folder):
    if folder.is_file():
        raise NotADirectoryError(f"{folder} is a file. Unpack the release if it is packed, and give its folder.")
    if not folder.is_dir():
        raise FileNotFoundError(
            f"There is no folder {folder}. Give the folder of an unpacked MovieLens release, "
            "or nothing for the bundled one."
        )
    names = {file.name for file in folder.iterdir()}
    for layout in _LAYOUTS:
        if {layout.ratings, layout.movies} <= names:
            return layout
    for layout in _LAYOUTS:
        for there, missing in ((layout.ratings, layout.movies), (layout.movies, layout.ratings)):
            if there in names:
                raise FileNotFoundError(f"{folder} has {there} but no {missing}. {_MEND}")
    known = ", ".join(f"{layout.ratings} and {layout.movies}" for layout in _LAYOUTS)
    raise FileNotFoundError(
        f"{folder} is no MovieLens folder: it should hold {known}, "
        f"but holds {', '.join(sorted(names)[:8]) or 'nothing'}. "
        "Give the innermost folder of the unpacked release."
    )


@contextmanager
def _reading(file):
    """The content of `file` as a stream of bytes, unpacked; errors of reading it name the file."""
    try:
        with (gzip.open if file.suffix == ".gz" else open)(file, "rb") as stream:
            yield stream
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"{file} is damaged or cut short ({error}). {_MEND}") from error
    except OSError as error:
        raise OSError(
            f"{file} can't be read ({error.strerror}). Check that it is a file and that you may read it."
        ) from error


def _read_ratings(file, layout):
    """The ratings table: the types of `RATING_COLUMNS`, no missing value, only possible values."""
    columns = list(RATING_COLUMNS)
    tables, number, is_complete = [], 1, True
    with _reading(file) as stream:
        if layout.header:
            columns = stream.readline().decode("utf-8-sig", "replace").rstrip("\r\n").split(",")
            _require_columns(file, columns, RATING_COLUMNS)
            number = 2
        while lines := stream.read(BLOCK) + stream.readline():
            if lines.strip():
                try:
                    tables.append(_parse(lines, layout, columns))
                except (ValueError, OverflowError) as error:
                    _check_lines(file, layout, columns, lines, number)  # names the line
                    raise ValueError(f"{file}, in or after line {number}: {error}. {_MEND}") from error
            number += lines.count(b"\n")
            is_complete = lines.endswith(b"\n")
    if not tables:
        raise ValueError(f"{file} has no ratings. {_MEND}")
    ratings = pd.concat(tables, ignore_index=True)
    # The last line may end within its timestamp, which is a number still. But all of
    # MovieLens' timestamps are of one magnitude, and one that lacks a digit is not.
    first, last = ratings["timestamp"].iloc[[0, -1]]
    if not is_complete and last < first / 4:
        raise ValueError(f"{file} is cut short: its last line ends with the timestamp {last}. {_MEND}")
    return ratings


def _parse(lines, layout, columns):
    """Whole lines of a ratings file as a table; ValueError or OverflowError if any is wrong by itself."""
    separator, lines = layout.separators[0], lines.strip(b" \r\n")
    if separator == "::":  # pandas' fast parser wants a single character
        lines, separator = lines.replace(b"::", b"\t"), "\t"
    # What pandas would let pass: it ends a number at a NUL, and compares
    # the number of fields of all other lines with that of the first.
    if b"\0" in lines:
        raise ValueError("there is a NUL byte")
    if lines.split(b"\n", 1)[0].count(separator.encode()) != len(columns) - 1:
        raise ValueError(f"there are not {len(columns)} fields")
    table = pd.read_csv(
        io.BytesIO(lines),
        sep=separator,
        header=None,
        names=columns,
        index_col=False,
        dtype=RATING_COLUMNS,
        na_filter=False,  # so that an empty field is an error; parsing is faster, too
        quoting=csv.QUOTE_NONE,
    )[list(RATING_COLUMNS)]
    if table["userId"].min() < 0 or not table["rating"].between(LOWEST, HIGHEST).all():
        raise ValueError("a userId or a rating is impossible")
    return table


def _check_lines(file, layout, columns, lines, start):
    """Raise a ValueError for the first of `lines` that is wrong by itself; they begin at line `start` of the file."""
    separator = layout.separators[0]
    for number, line in enumerate(lines.split(b"\n"), start):
        if not line.strip():
            continue  # pandas skips empty lines, too
        text = line.decode("utf-8", "backslashreplace").rstrip("\r")
        fields = text.split(separator)
        if len(fields) != len(columns):
            raise ValueError(
                f"{file}, line {number}: expected {len(columns)} fields ({', '.join(columns)}) "
                f"separated by {separator!r}, found {len(fields)}: {text[:80]!r}. {_MEND}"
            )
        for column, field in zip(columns, fields, strict=True):
            problem = _problem(column, field.strip())
            if problem:
                raise ValueError(
                    f"{file}, line {number}: {column} is {field[:80]!r}, {problem}. "
                    f"Mend or remove the line. Or: {_MEND}"
                )


def _problem(column, field):
    """What is wrong with a field of the ratings file, or None."""
    if column == "rating":
        try:
            possible = LOWEST <= float(field) <= HIGHEST
        except ValueError:
            return "which is no number"
        return None if possible else f"outside {LOWEST} to {HIGHEST} stars"
    if column in RATING_COLUMNS and not _is_whole_number(field, RATING_COLUMNS[column]):
        return f"which is no whole number from 0 to {np.iinfo(RATING_COLUMNS[column]).max:,}"
    return None


def _is_whole_number(field, dtype="int32"):
    return field.isascii() and field.isdigit() and int(field) <= np.iinfo(dtype).max


def _check_against_movies(ratings, movies, folder, layout):
    """Raise a ValueError, naming the line, for a rating of an unknown movie."""
    known = ratings["movieId"].isin(movies["movieId"]).to_numpy()
    if not known.all():
        row = int(known.argmin())
        file = folder / layout.ratings
        raise ValueError(
            f"{file}, line {_line(file, layout, row)}: movie {ratings['movieId'].iloc[row]} "
            f"is not in {layout.movies}. Do both files come from the same release?"
        )


def _check_no_pair_twice(ratings, folder, layout):
    """Raise a ValueError, naming both lines, if a user rates a movie twice."""
    pair = ratings["userId"].to_numpy(np.int64) << 32 | ratings["movieId"].to_numpy(np.int64)
    ordered = np.sort(pair)  # faster than hashing 25 million pairs
    if (ordered[1:] == ordered[:-1]).any():
        row = int(pd.Series(pair).duplicated().to_numpy().argmax())
        first = int((pair == pair[row]).argmax())
        user, movie = ratings.loc[row, ["userId", "movieId"]].astype(int)
        file = folder / layout.ratings
        raise ValueError(
            f"{file}, line {_line(file, layout, row)}: user {user} rates movie {movie} again, "
            f"after line {_line(file, layout, first)}. Remove one of the two."
        )


def _line(file, layout, row):
    """Number of the line, counted from 1, that holds a row of a ratings file."""
    with _reading(file) as stream:
        filled = (number for number, line in enumerate(stream, start=1) if line.strip())
        return next(itertools.islice(filled, row + layout.header, None))


def _read_movies(file, layout):
    """The movies table with the columns of `MOVIE_COLUMNS`, titles as published."""
    rows = _rows(file, layout)
    if layout.header:
        _, columns = next(rows, (1, []))
        _require_columns(file, columns, MOVIE_COLUMNS)
        pick = operator.itemgetter(*map(columns.index, MOVIE_COLUMNS))
    elif layout.movies == "u.item":
        columns = ["movie id", "title", "release date", "video release date", "URL", *ML_100K_GENRES]
        pick = _fields_of_item
    else:
        columns, pick = MOVIE_COLUMNS, tuple
    lines, table = {}, []
    for number, fields in rows:
        where = f"{file}, line {number}:"
        if len(fields) != len(columns):
            raise ValueError(
                f"{where} expected {len(columns)} fields ({', '.join(columns)[:80]}) separated by "
                f"{layout.separators[1]!r}, found {len(fields)}: {fields[:4]}. {_MEND}"
            )
        try:
            movie, title, genres = pick(fields)
        except ValueError as error:
            raise ValueError(f"{where} {error}. {_MEND}") from error
        if not _is_whole_number(movie):
            raise ValueError(f"{where} the movie's id is {movie[:80]!r}, which is no whole number. Mend the line.")
        if int(movie) in lines:
            raise ValueError(
                f"{where} movie {movie} is listed again, after line {lines[int(movie)]}. Remove one of the two."
            )
        lines[int(movie)] = number
        table.append((int(movie), title, genres))
    if not table:
        raise ValueError(f"{file} lists no movies. {_MEND}")
    return pd.DataFrame(table, columns=MOVIE_COLUMNS).astype({"movieId": "int32"})


def _rows(file, layout):
    """Yield the number and the fields of each line of a movies file that is not empty."""
    text = _decoded(file, layout)
    separator = layout.separators[1]
    if separator != ",":
        for number, line in enumerate(text.split("\n"), start=1):
            if line.strip():
                yield number, line.rstrip("\r").split(separator)
        return
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    start = 1
    try:
        for fields in reader:
            if fields:
                yield start, fields
            start = reader.line_num + 1
    except csv.Error as error:  # a quotation mark too few or too many
        raise ValueError(f"{file}, line {start}: {error}. {_MEND}") from error


def _decoded(file, layout):
    with _reading(file) as stream:
        content = stream.read()
    for encoding in layout.encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError as error:
            number = content.count(b"\n", 0, error.start) + 1
            problem = f"{file}, line {number}: byte {content[error.start]:#x} is not UTF-8. {_MEND}"
    raise ValueError(problem)


def _fields_of_item(fields):
    """Id, title and genres of a line of u.item, whose genres are 19 flags."""
    flags = fields[5:]
    if not set(flags) <= {"0", "1"}:
        raise ValueError(f"the genres should be 19 flags, 0 or 1, but are {'|'.join(flags)[:80]!r}")
    # Movie 267 of ML-100K has the title "unknown": it has none.
    title = "" if fields[1] == "unknown" else fields[1]
    return fields[0], title, "|".join(genre for genre, flag in zip(ML_100K_GENRES, flags, strict=True) if flag == "1")


def _with_clean_titles(movies):
    """Titled movies only, with articles in front and the year in a column too."""
    titles = [" ".join(title.split()) for title in movies["title"]]  # no double or trailing spaces
    clean = pd.DataFrame(
        {
            "movieId": movies["movieId"],
            "title": [article_first(title) for title in titles],
            "year": pd.array([split_year(title)[1] for title in titles], dtype="Int16"),
            "genres": movies["genres"],
        }
    )
    return clean[clean["title"] != ""].reset_index(drop=True)


def _require_columns(file, found, columns):
    """Raise a ValueError if the first line of a CSV file does not name each of `columns` once."""
    if found in ([], [""]):
        raise ValueError(f"{file} is empty, or its first line is. {_MEND}")
    wrong = [column for column in columns if found.count(column) != 1]
    if wrong:
        raise ValueError(
            f"{file}, line 1: the columns are {','.join(found)[:80]}, but {', '.join(wrong)} should be "
            f"among them, once. {_MEND}"
        )
