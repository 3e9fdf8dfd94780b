"""MovieLens: the bundled release, and folders in any of GroupLens' own formats."""

import gzip
import io
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ae_helpers.data.bundled import DATASETS, read_bundled

RATING_COLUMNS = {"userId": "int32", "movieId": "int32", "rating": "float32", "timestamp": "int64"}
MOVIE_COLUMNS = ["movieId", "title", "genres"]
LOWEST, HIGHEST = 0.5, 5.0  # stars

# The order of the 19 flags that end a line of ML-100K's u.item.
ML_100K_GENRES = (
    "unknown|Action|Adventure|Animation|Children's|Comedy|Crime|Documentary|Drama|Fantasy|"
    "Film-Noir|Horror|Musical|Mystery|Romance|Sci-Fi|Thriller|War|Western"
).split("|")

ARTICLES = "The A An La Le Les L' Los Las El Lo Il I Gli Un Une Una Das Der Die Den Det De O Os As".split()
_TRAILING_ARTICLE = re.compile(rf"([^()]+?), ({'|'.join(ARTICLES)})(?=\s*(?:[():]|$))")
_YEAR = re.compile(r"\((\d{4})(?:[-–]\s?\d{0,4})?\)\s*$")


@dataclass(frozen=True)
class _Layout:
    """How one of GroupLens' releases names and writes its two files."""

    ratings: str
    movies: str
    separator: str
    header: bool


_LAYOUTS = (
    _Layout("ratings.csv", "movies.csv", ",", header=True),  # ml-latest-small, ml-25m, ml-32m
    _Layout("ratings.csv.gz", "movies.csv.gz", ",", header=True),  # the same, packed
    _Layout("ratings.dat", "movies.dat", "::", header=False),  # ml-1m, ml-10m
    _Layout("u.data", "u.item", "\t", header=False),  # ml-100k
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
        OSError: if a file can't be read.
        ValueError: if a file is damaged, a column is missing, a rating is no
            number from 0.5 to 5, a user rated a movie twice, or a rating's
            movie is unknown; the message names file and line.

    Source: Harper and Konstan 2015, doi:10.1145/2827872; https://grouplens.org/datasets/movielens/.
    """
    if path is None:
        layout = _LAYOUTS[1]
        folder = DATASETS / "movielens"
        open_ratings, open_movies = (
            lambda name=name: io.BytesIO(read_bundled(f"movielens/{name}"))
            for name in ("ratings.csv", "movies.csv")
        )
    else:
        folder = Path(path)
        layout = _recognise(folder)
        open_ratings = _opener(folder / layout.ratings)
        open_movies = _opener(folder / layout.movies)
    movies = _read_movies(folder / layout.movies, open_movies, layout)
    ratings = _read_ratings(folder / layout.ratings, open_ratings, layout)
    _check_ratings(ratings, movies, folder, layout)
    movies = _with_clean_titles(movies)
    titled = ratings["movieId"].isin(movies["movieId"])
    if not titled.all():
        ratings = ratings[titled].reset_index(drop=True)
    return ratings, movies


def _recognise(folder):
    if not folder.is_dir():
        raise FileNotFoundError(
            f"There is no folder {folder}. Give the folder of an unpacked MovieLens release, "
            "or nothing for the bundled one."
        )
    names = {file.name for file in folder.iterdir()}
    for layout in _LAYOUTS:
        if {layout.ratings, layout.movies} <= names:
            return layout
        if layout.ratings in names:
            raise FileNotFoundError(
                f"{folder} has {layout.ratings} but no {layout.movies}. Unpack the release again."
            )
    known = ", ".join(f"{layout.ratings} and {layout.movies}" for layout in _LAYOUTS)
    raise FileNotFoundError(
        f"{folder} is no MovieLens folder: it should hold {known}, "
        f"but holds {', '.join(sorted(names)[:8]) or 'nothing'}. "
        "Give the innermost folder of the unpacked release."
    )


def _opener(file):
    """A function that opens `file` for reading bytes, unpacked if it is gzipped."""
    return lambda: gzip.open(file) if file.suffix == ".gz" else open(file, "rb")


def _read_ratings(file, open_file, layout):
    """The ratings table, with the types of `RATING_COLUMNS` and no missing value."""
    columns = list(RATING_COLUMNS)
    with _named_errors(file), open_file() as stream:
        first = stream.readline()
    if layout.header:
        _require_columns(file, first.decode("utf-8", "replace"), columns)
    elif first.count(layout.separator.encode()) != len(columns) - 1:
        raise ValueError(
            f"{file}, line 1: expected {len(columns)} fields ({', '.join(columns)}) "
            f"separated by {layout.separator!r}, found {first[:80]!r}. Unpack the release again."
        )
    try:
        with _named_errors(file), open_file() as stream:
            return _parse(stream, layout, RATING_COLUMNS)
    except ValueError as error:  # slow, but only for a broken file: where is it broken?
        _locate_bad_line(file, open_file, layout)
        raise ValueError(f"{file} can't be read: {error}") from error


def _parse(stream, layout, dtypes):
    """Parse a ratings file. All separators are made of one character, for pandas' fast parser."""
    columns = list(RATING_COLUMNS)
    options = {"sep": layout.separator, "usecols": columns, "header": 0 if layout.header else None}
    if not layout.header:
        options["names"] = columns
    if layout.separator == "::":
        # With a single colon, every second column is empty.
        options.update(sep=":", names=["userId", "_1", "movieId", "_2", "rating", "_3", "timestamp"])
    # Without NA detection an empty field is an error, as it should be, and parsing is faster.
    return pd.read_csv(stream, dtype=dtypes, na_filter=False, index_col=False, **options)[columns]


def _locate_bad_line(file, open_file, layout):
    """Raise a ValueError for the first line that has a field that is no number."""
    with _named_errors(file), open_file() as stream:
        try:
            text = _parse(stream, layout, str)
        except pd.errors.ParserError as error:  # its message names the line
            raise ValueError(f"{file}: {error}. Unpack the release again.") from error
    for column in RATING_COLUMNS:
        bad = pd.to_numeric(text[column], errors="coerce").isna().to_numpy()
        if column != "rating":
            bad |= ~text[column].astype(str).str.fullmatch(r"\d+").to_numpy()
        if bad.any():
            row = int(bad.argmax())
            raise ValueError(
                f"{file}, line {_line(row, layout)}: {column} is {text[column].iloc[row]!r}, "
                "which is no number of the expected kind. Mend the line, or unpack the release again."
            )


def _check_ratings(ratings, movies, folder, layout):
    """Raise a ValueError, naming the line, for values that can't be."""
    file = folder / layout.ratings
    if ratings.empty:
        raise ValueError(f"{file} has no ratings. Unpack the release again.")
    possible = ratings["rating"].between(LOWEST, HIGHEST).to_numpy()
    if not possible.all():
        row = int(possible.argmin())
        raise ValueError(
            f"{file}, line {_line(row, layout)}: rating is {ratings['rating'].iloc[row]}, "
            f"outside {LOWEST} to {HIGHEST} stars. Mend or remove the line."
        )
    known = ratings["movieId"].isin(movies["movieId"]).to_numpy()
    if not known.all():
        row = int(known.argmin())
        raise ValueError(
            f"{file}, line {_line(row, layout)}: movie {ratings['movieId'].iloc[row]} "
            f"is not in {layout.movies}. Do both files come from the same release?"
        )
    pair = ratings["userId"].to_numpy(np.int64) << 32 | ratings["movieId"].to_numpy(np.int64)
    ordered = np.sort(pair)
    if (ordered[1:] == ordered[:-1]).any():
        row = int(pd.Series(pair).duplicated().to_numpy().argmax())
        first = int((pair == pair[row]).argmax())
        user, movie = ratings.loc[row, ["userId", "movieId"]].astype(int)
        raise ValueError(
            f"{file}, line {_line(row, layout)}: user {user} rates movie {movie} again, "
            f"after line {_line(first, layout)}. Remove one of the two."
        )


def _line(row, layout):
    """Number of the line, counted from 1, that holds a row of a ratings file."""
    return row + (2 if layout.header else 1)


def _read_movies(file, open_file, layout):
    """The movies table with the columns of `MOVIE_COLUMNS`, titles as published."""
    with _named_errors(file), open_file() as stream:
        content = stream.read()
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = content.decode("latin-1")  # ml-1m and ml-100k
    if layout.header:
        _require_columns(file, text.partition("\n")[0], MOVIE_COLUMNS)
        try:
            table = pd.read_csv(io.StringIO(text), usecols=MOVIE_COLUMNS, dtype=str, na_filter=False)
        except pd.errors.ParserError as error:
            raise ValueError(f"{file}: {error}. Unpack the release again.") from error
    else:
        read_fields = _fields_of_dat if layout.separator == "::" else _fields_of_item
        rows = []
        for number, line in enumerate(text.splitlines(), start=1):
            fields = read_fields(line)
            if fields is None:
                raise ValueError(
                    f"{file}, line {number}: {line[:80]!r} is no line of this format. Unpack the release again."
                )
            rows.append(fields)
        table = pd.DataFrame(rows, columns=MOVIE_COLUMNS, dtype=str)
    ids = pd.to_numeric(table["movieId"], errors="coerce")
    if ids.isna().any():
        row = int(ids.isna().to_numpy().argmax())
        raise ValueError(
            f"{file}: movieId is {table['movieId'].iloc[row]!r} in row {row + 1}, no number. Mend the row."
        )
    if ids.duplicated().any():
        raise ValueError(f"{file}: movie {ids[ids.duplicated()].iloc[0]:.0f} is listed twice. Remove one row.")
    return table.assign(movieId=ids.astype("int32"))


def _fields_of_dat(line):
    """Id, title and genres of a line such as `1::Toy Story (1995)::Animation|Comedy`."""
    fields = line.split("::")
    return fields if len(fields) == 3 else None


def _fields_of_item(line):
    """Id, title and genres of a line of u.item, whose genres are 19 flags."""
    fields = line.split("|")
    if len(fields) != 5 + len(ML_100K_GENRES):
        return None
    genres = "|".join(genre for genre, flag in zip(ML_100K_GENRES, fields[5:], strict=True) if flag == "1")
    # Movie 267 of ML-100K has the title "unknown": it has none.
    return fields[0], "" if fields[1] == "unknown" else fields[1], genres


def _with_clean_titles(movies):
    """Titled movies only, with articles in front and the year in a column too."""
    movies = movies[movies["title"].str.strip() != ""].reset_index(drop=True)
    year = movies["title"].str.extract(_YEAR, expand=False)
    return pd.DataFrame(
        {
            "movieId": movies["movieId"],
            "title": [_article_first(title.strip()) for title in movies["title"]],
            "year": pd.to_numeric(year).astype("Int16"),
            "genres": movies["genres"],
        }
    )


def _article_first(title):
    """ "Dark Knight, The (2008)" becomes "The Dark Knight (2008)"; also inside parentheses."""

    def swap(match):
        name, article = match.groups()
        space = "" if article.endswith("'") else " "
        return f"{article}{space}{name}"

    return _TRAILING_ARTICLE.sub(swap, title)


def _require_columns(file, header, columns):
    """Raise a ValueError if the header of a CSV file lacks one of `columns`."""
    found = header.strip().lstrip("\ufeff").split(",")
    missing = [column for column in columns if column not in found]
    if missing:
        raise ValueError(
            f"{file}, line 1: no column {', '.join(missing)}; found {', '.join(found)[:80]!r}. "
            f"The first line should name {', '.join(columns)}."
        )


class _named_errors:
    """Context in which errors of reading a file become errors that name the file."""

    def __init__(self, file):
        self.file = file

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        if isinstance(error, (EOFError, zlib.error, gzip.BadGzipFile)):
            raise ValueError(f"{self.file} is damaged or cut short ({error}). Unpack the release again.") from error
        if isinstance(error, UnicodeDecodeError):
            raise ValueError(f"{self.file} is not text in UTF-8 ({error}). Unpack the release again.") from error
        if isinstance(error, OSError):
            message = f"{self.file} can't be read ({error.strerror}). Check that it is a file and that you may read it."
            raise OSError(message) from error
