"""MovieLens: the bundled release, and any other in the formats of GroupLens, HetRec and Kaggle."""

import csv
import io
import itertools
import os
import re

import numpy as np
import pandas as pd

from ae_helpers.data.releases import MEND, decoded, opened, reading, without_mark
from ae_helpers.data.titles import article_first, split_year

RATING_COLUMNS = {"userId": "int32", "movieId": "int32", "rating": "float32", "timestamp": "int64"}
MOVIE_COLUMNS = ["movieId", "title", "genres"]
LOWEST, HIGHEST = 0.5, 5.0  # stars
LATEST = 10**11  # seconds since 1970 that are milliseconds, rather (from 1973 on)
LONGEST = 1_000  # letters of a title, or of a list of genres; MovieLens' longest have less than 300
BLOCK = 2**25  # bytes of a ratings file to parse at a time

# The order of the 19 flags that end a line of ML-100K's u.item.
ML_100K_GENRES = [
    "unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama",
    "Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War",
    "Western",
]  # fmt: skip
U_ITEM_COLUMNS = ["movieId", "title", "release date", "video release date", "URL", *ML_100K_GENRES]


def load_movielens(path: str | os.PathLike | None = None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Ratings of movies by users, and the movies' titles and genres.

    Args:
        path: folder or zip of a MovieLens release, or a folder that has one, in the layout of
            ml-latest-small, ml-20m, ml-25m and ml-32m (`ratings.csv` and `movies.csv`, also
            gzipped), ml-1m and ml-10m (`ratings.dat` and `movies.dat`), ml-100k (`u.data` and
            `u.item`), HetRec 2011 (`user_ratedmovies-timestamps.dat`, `movies.dat` and
            `movie_genres.dat`), or Kaggle's copy of ml-20m (`rating.csv` and `movie.csv`).
            Without it, the bundled release of October 2016: 671 users, 100,004 ratings as published.

    Returns:
        `(ratings, movies)`, two pandas tables. `ratings` has a row per rating:
        userId and movieId (int32), rating (float32, 0.5 to 5.0 stars),
        timestamp (int64, seconds since 1970, UTC). `movies` has a row per
        movie: movieId (int32), title (for example "The Dark Knight (2008)"),
        year (Int16, missing where the title has none), genres (separated
        by `|`). Movies without a title are left out, and so are their ratings.

    Raises:
        FileNotFoundError: if the folder or a file of it is missing.
        OSError: if a file can't be read, or `path` is a file that is no zip.
        ValueError: if a file is damaged or empty, a column is missing, a
            rating is no number from 0.5 to 5, a user rated a movie twice, a
            movie is listed twice, or a rating's movie is unknown; the message
            names the file, and the line where there is one.

    Example:
        >>> ratings, movies = load_movielens()
        >>> len(ratings), movies["title"][0]
        (99997, 'Toy Story (1995)')

    Source: Harper and Konstan 2015, doi:10.1145/2827872; https://grouplens.org/datasets/movielens/.
    """
    with opened(path) as (folder, layout):
        movies = _read_movies(folder, layout)
        file = _RatingsFile(folder / layout.ratings, layout)
        ratings = file.read()
        _check_against_movies(ratings, movies, file, layout.movies)
        _check_no_pair_twice(ratings, file)
    listed = len(movies)
    movies = _with_clean_titles(movies)
    if len(movies) < listed:
        ratings = ratings[ratings["movieId"].isin(movies["movieId"])].reset_index(drop=True)
    return ratings, movies


def _columns_of(file, line, separator, wanted):
    """The columns that the first line of a file names, and what separates them.

    Whoever saves a table anew may put quotation marks, spaces, other capitals or semicolons.
    """
    text = line.rstrip("\r\n")
    if not text.strip():
        raise ValueError(f"{file} is empty, or its first line is. {MEND}")
    separator = separator or max(",;\t", key=text.count)
    spelling = {name.lower(): name for name in wanted}
    names = [name.strip() for name in _fields_of(text, separator)]
    columns = [spelling.get(name.lower(), name) for name in names]
    wrong = [column for column in wanted if columns.count(column) != 1]
    if wrong:
        raise ValueError(
            f"{file}, line 1: the columns are {separator.join(names)[:80]}, but {', '.join(wrong)} should be "
            f"among them, once. {MEND}"
        )
    return columns, separator


def _fields_of(line, separator):
    """The fields of a line, which may be quoted."""
    try:
        return next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])
    except (csv.Error, TypeError):  # a carriage return within; two colons
        return line.split(separator)


class _RatingsFile:
    """The ratings file of a release: its columns, and what stands between and in them."""

    def __init__(self, file, layout):
        self.file, self.has_header = file, layout.has_header
        self.columns, self.separator = list(RATING_COLUMNS), layout.separators[0]
        self.has_dates = False

    def read(self):
        """The ratings table: the types of `RATING_COLUMNS`, no missing value, only possible values."""
        tables, number, is_complete = [], 1, True
        with reading(self.file) as stream:
            start = without_mark(self.file, stream.readline())
            if self.has_header:
                line = start.decode("utf-8", "replace")
                self.columns, self.separator = _columns_of(self.file, line, self.separator, RATING_COLUMNS)
                start, number = stream.readline(), 2
            self.has_dates = self._starts_with_a_date(start)
            while lines := start + stream.read(BLOCK) + stream.readline():
                if lines.strip():
                    try:
                        tables.append(self._parse(lines))
                    except (ValueError, OverflowError) as error:
                        self._check_lines(lines, number)  # names the line
                        reason = str(error)[:200]
                        raise ValueError(f"{self.file}, in or after line {number}: {reason}. {MEND}") from error
                number += lines.count(b"\n")
                start, is_complete = b"", lines.endswith(b"\n")
        if not tables:
            raise ValueError(f"{self.file} has no ratings. {MEND}")
        ratings = pd.concat(tables, ignore_index=True)
        if not is_complete:
            self._check_end(ratings["timestamp"].to_numpy())
        ratings["timestamp"] = self._in_seconds(ratings["timestamp"])
        return ratings

    def line_of(self, row):
        """Number of the line, counted from 1, that holds a row of the table."""
        with reading(self.file) as stream:
            filled = (number for number, line in enumerate(stream, start=1) if line.strip())
            return next(itertools.islice(filled, row + self.has_header, None))

    def _starts_with_a_date(self, line):
        fields = _fields_of(line.decode("utf-8", "replace").rstrip("\r\n"), self.separator)
        field = dict(zip(self.columns, fields, strict=False)).get("timestamp", "")
        return re.match(r"\s*\d{4}-\d", field) is not None

    def _parse(self, lines):
        """Whole lines as a table; ValueError or OverflowError if any is wrong by itself."""
        separator, lines = self.separator, lines.strip(b" \r\n")
        if separator == "::":  # pandas' fast parser wants a single character
            lines, separator = lines.replace(b"::", b"\t"), "\t"
        # What pandas would let pass: it ends a number at a NUL and a line at a carriage return, compares the
        # number of fields of all other lines with that of the first, and joins lines that are quoted.
        if b"\0" in lines or (b"\r" in lines and b"\r" in lines.replace(b"\r\n", b"\n")):
            raise ValueError("there is a NUL or a carriage return")
        if lines.partition(b"\n")[0].count(separator.encode()) != len(self.columns) - 1:
            raise ValueError(f"there are not {len(self.columns)} fields")
        with np.errstate(invalid="ignore", over="ignore"):  # a number that is too large is an error, without a warning
            table = pd.read_csv(
                io.BytesIO(lines),
                sep=separator,
                header=None,
                names=self.columns,
                index_col=False,
                dtype=RATING_COLUMNS | {"timestamp": "str" if self.has_dates else "int64"},
                na_filter=False,  # so that an empty field is an error; parsing is faster, too
                skipinitialspace=True,
            )[list(RATING_COLUMNS)]
        if b'"' in lines and len(table) != sum(map(bool, map(bytes.strip, lines.split(b"\n")))):
            raise ValueError("a quotation mark is missing")
        if self.has_dates:
            table["timestamp"] = _seconds(table["timestamp"])
        smallest = table[["userId", "movieId", "timestamp"]].min().min()
        if smallest < 0 or not table["rating"].between(LOWEST, HIGHEST).all():
            raise ValueError("an id, a rating or a timestamp is impossible")
        return table

    def _check_lines(self, lines, start):
        """Raise a ValueError for the first of `lines` that is wrong by itself; they begin at line `start`."""
        for number, line in enumerate(lines.split(b"\n"), start):
            if not line.strip():
                continue  # pandas skips empty lines, too
            text = line.decode("utf-8", "backslashreplace").rstrip("\r")
            fields = _fields_of(text, self.separator)
            if len(fields) != len(self.columns):
                raise ValueError(
                    f"{self.file}, line {number}: expected {len(self.columns)} fields ({', '.join(self.columns)}) "
                    f"separated by {self.separator!r}, found {len(fields)}: {text[:80]!r}. {MEND}"
                )
            for column, field in zip(self.columns, fields, strict=True):
                problem = self._problem(column, field.strip(" "))
                if problem:
                    raise ValueError(
                        f"{self.file}, line {number}: {column} is {field[:80]!r}, {problem}. "
                        f"Mend or remove the line. Or: {MEND}"
                    )

    def _problem(self, column, field):
        """What is wrong with a field, or None."""
        if column == "rating":
            try:
                possible = LOWEST <= float(field if field.isascii() else "") <= HIGHEST
            except ValueError:
                return "which is no number"
            return None if possible else f"outside {LOWEST} to {HIGHEST} stars"
        if column == "timestamp" and self.has_dates:
            try:
                return None if _seconds(pd.Series([field]))[0] >= 0 else "which is before 1970"
            except ValueError:
                return "which is no date such as 2005-04-02 23:53:47"
        if column in RATING_COLUMNS and not _is_whole_number(field, RATING_COLUMNS[column]):
            return f"which is no whole number from 0 to {np.iinfo(RATING_COLUMNS[column]).max:,}"
        return None

    def _check_end(self, times):
        """Raise a ValueError if the last line ends within its timestamp, which is a number still.

        All of MovieLens' timestamps are of one magnitude, and one that lacks a digit is not.
        """
        if len(times) > 1 and times[-1] < times[:-1].min() / 4:
            line = self.line_of(len(times) - 1)
            raise ValueError(
                f"{self.file}, line {line}: the file seems to be cut short, for it ends with the timestamp "
                f"{times[-1]}, and all others are larger than {times[:-1].min() - 1}. {MEND} Or, if the line is "
                "right, end it with a newline."
            )

    def _in_seconds(self, timestamps):
        """Timestamps of seconds or milliseconds as seconds."""
        late = timestamps.to_numpy() > LATEST
        if not late.any():
            return timestamps
        if late.all() and timestamps.max() <= 1000 * LATEST:
            return timestamps // 1000
        if late.all():
            row, unit = int(timestamps.argmax()), "seconds nor milliseconds since 1970"
        else:
            are_late = late.mean() > 0.5
            row = int((late != are_late).argmax())
            unit = f"{'milli' if are_late else ''}seconds since 1970, as others are"
        raise ValueError(
            f"{self.file}, line {self.line_of(row)}: timestamp is {timestamps[row]}, which is not in {unit}. "
            f"Mend or remove the line. Or: {MEND}"
        )


def _seconds(dates):
    """Dates as text in seconds since 1970, UTC."""
    times = pd.to_datetime(dates, format="ISO8601", utc=True)
    if times.isna().any():
        raise ValueError("a date is missing")
    return times.astype("datetime64[s, UTC]").astype("int64")


def _is_whole_number(field, dtype="int32"):
    return field.isascii() and field.isdigit() and len(field) < 20 and int(field) <= np.iinfo(dtype).max


def _check_against_movies(ratings, movies, file, movies_name):
    """Raise a ValueError, naming the line, for a rating of an unknown movie."""
    known = ratings["movieId"].isin(movies["movieId"]).to_numpy()
    if not known.all():
        row = int(known.argmin())
        raise ValueError(
            f"{file.file}, line {file.line_of(row)}: movie {ratings['movieId'].iloc[row]} "
            f"is not in {movies_name}. Do both files come from the same release?"
        )


def _check_no_pair_twice(ratings, file):
    """Raise a ValueError, naming both lines, if a user rates a movie twice."""
    pair = ratings["userId"].to_numpy(np.int64) << 32 | ratings["movieId"].to_numpy(np.int64)
    ordered = np.sort(pair)  # faster than hashing 25 million pairs
    if (ordered[1:] == ordered[:-1]).any():
        row = int(pd.Series(pair).duplicated().to_numpy().argmax())
        first = int((pair == pair[row]).argmax())
        user, movie = ratings.loc[row, ["userId", "movieId"]].astype(int)
        raise ValueError(
            f"{file.file}, line {file.line_of(row)}: user {user} rates movie {movie} again, "
            f"after line {file.line_of(first)}. Remove one of the two."
        )


def _read_movies(folder, layout):
    """The movies table with the columns of `MOVIE_COLUMNS`, titles as published."""
    file = folder / layout.movies
    genres = _read_genres(folder / layout.genres, layout) if layout.genres else None
    lines, table = {}, []
    for number, row in _rows(file, layout, MOVIE_COLUMNS if genres is None else ["id", "title", "year"]):
        where = f"{file}, line {number}:"
        try:
            movie, title, its_genres = _movie_of(row, genres)
        except ValueError as error:
            raise ValueError(f"{where} {error}. Mend the line. Or: {MEND}") from error
        if movie in lines:
            raise ValueError(f"{where} movie {movie} is listed again, after line {lines[movie]}. Remove one of them.")
        lines[movie] = number
        table.append((movie, title, its_genres))
    if not table:
        raise ValueError(f"{file} lists no movies. {MEND}")
    return pd.DataFrame(table, columns=MOVIE_COLUMNS).astype({"movieId": "int32"})


def _movie_of(row, genres):
    """Id, title and genres of a row of a movies file; `genres` by movie, where they have a file of their own."""
    if genres is not None:  # HetRec
        movie, title = _movie_id(row["id"]), row["title"]
        its_genres = "|".join(genres.get(movie, []))
        if title and re.fullmatch("[0-9]{4}", row["year"]):
            title = f"{title} ({row['year']})"
    elif "URL" in row:  # ML-100K
        flags = [row[genre] for genre in ML_100K_GENRES]
        if not set(flags) <= {"0", "1"}:
            raise ValueError(f"the genres should be 19 flags, 0 or 1, but are {'|'.join(flags)[:80]!r}")
        movie = _movie_id(row["movieId"])
        title = "" if row["title"] == "unknown" else row["title"]  # movie 267 has none
        its_genres = "|".join(itertools.compress(ML_100K_GENRES, map(int, flags)))
    else:
        movie, title, its_genres = _movie_id(row["movieId"]), row["title"], row["genres"]
    for name, text in (("title", title), ("genres", its_genres)):
        if len(text) > LONGEST:
            raise ValueError(f"{name} has {len(text):,} letters, beginning with {text[:40]!r}; {LONGEST:,} are allowed")
        if strange := re.search(r"[\x00-\x08\x0e-\x1f\x7f]", text):
            raise ValueError(f"{name} is {text[:80]!r}, with the control character {strange[0]!r}")
    return movie, title, its_genres


def _movie_id(field):
    if not _is_whole_number(field.strip()):
        raise ValueError(f"the movie's id is {field[:80]!r}, which is no whole number")
    return int(field)


def _read_genres(file, layout):
    """The genres of each movie, from a file with a line for each genre of each movie."""
    genres = {}
    for number, row in _rows(file, layout, ["movieId", "genre"]):
        try:
            genres.setdefault(_movie_id(row["movieId"]), []).append(row["genre"])
        except ValueError as error:
            raise ValueError(f"{file}, line {number}: {error}. Mend the line. Or: {MEND}") from error
    return genres


def _rows(file, layout, wanted):
    """Yield the number and the fields, by column, of each line of a movies file that is not empty."""
    text, separator, first = decoded(file, layout.encoding), layout.separators[1], 1
    if layout.has_header:
        header, _, text = text.partition("\n")
        columns, separator = _columns_of(file, header, separator, wanted)
        first = 2
    else:
        columns = U_ITEM_COLUMNS if layout.movies == "u.item" else MOVIE_COLUMNS
    lines = _split(text, separator) if layout.separators[1] else _unquoted(file, text, separator, first)
    for number, fields in lines:
        if len(fields) != len(columns):
            raise ValueError(
                f"{file}, line {number + first}: expected {len(columns)} fields ({', '.join(columns)[:80]}) "
                f"separated by {separator!r}, found {len(fields)}: {str(fields[:4])[:200]}. {MEND}"
            )
        yield number + first, dict(zip(columns, fields, strict=True))


def _split(text, separator):
    """Yield the number, from 0, and the fields of each line of text that is not empty."""
    for number, line in enumerate(text.split("\n")):
        if line.strip():
            yield number, line.rstrip("\r").split(separator)


def _unquoted(file, text, separator, first):
    """The same for fields that may be quoted, and then hold separators and newlines."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True, skipinitialspace=True)
    number = 0
    try:
        for fields in reader:
            if fields:
                yield number, fields
            number = reader.line_num
    except csv.Error as error:  # a quotation mark too few or too many
        raise ValueError(f"{file}, line {number + first}: {error}. {MEND}") from error


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
