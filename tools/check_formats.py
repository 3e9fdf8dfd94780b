"""Run lesson 03 on the bundled ratings in each format of MovieLens: the path is all that changes.

    python -m tools.check_formats              # all formats
    python -m tools.check_formats ml-1m        # one of them

Releases before 2003 have whole stars, and ML-100K has 19 genres; the ratings are rounded
and the genres mapped accordingly, so that the lesson runs on slightly other data. A
table in Markdown says whether it came to its end, or which claim failed.
"""

import csv
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

from ae_helpers.data import load_movielens
from ae_helpers.data.movielens import ML_100K_GENRES
from ae_helpers.data.titles import split_year
from tools.percent import SOURCES, replaced, run_script


def write_csv(folder, ratings, movies):
    """As ml-latest-small, ml-25m and ml-32m."""
    ratings.to_csv(folder / "ratings.csv", index=False)
    movies[["movieId", "title", "genres"]].to_csv(folder / "movies.csv", index=False)


def write_dat(folder, ratings, movies):
    """As ml-1m: two colons, whole stars, Latin-1."""
    _lines(folder / "ratings.dat", "::", _with_whole_stars(ratings).itertuples(index=False))
    _lines(folder / "movies.dat", "::", movies[["movieId", "title", "genres"]].itertuples(index=False))


def write_100k(folder, ratings, movies):
    """As ml-100k: tabs and bars, whole stars, a flag for each of 19 genres."""
    _lines(folder / "u.data", "\t", _with_whole_stars(ratings).itertuples(index=False))
    rows = []
    for movie in movies.itertuples():
        genres = {"Children's" if genre == "Children" else genre for genre in movie.genres.split("|")}
        flags = [int(genre in genres) for genre in ML_100K_GENRES]
        rows.append([movie.movieId, movie.title.replace("|", "/"), "", "", "", *flags])
    _lines(folder / "u.item", "|", rows)


def write_kaggle(folder, ratings, movies):
    """As Kaggle's copy of ml-20m: dates in quotation marks."""
    dates = pd.to_datetime(ratings["timestamp"], unit="s").dt.strftime("%Y-%m-%d %H:%M:%S")
    ratings.assign(timestamp=dates).to_csv(folder / "rating.csv", index=False, quoting=csv.QUOTE_NONNUMERIC)
    movies[["movieId", "title", "genres"]].to_csv(folder / "movie.csv", index=False, quoting=csv.QUOTE_NONNUMERIC)


def write_hetrec(folder, ratings, movies):
    """As hetrec2011-movielens-2k: tabs, milliseconds, years and genres apart from titles."""
    rows = ratings.assign(timestamp=ratings["timestamp"] * 1000).itertuples(index=False)
    header = ("userID", "movieID", "rating", "timestamp")
    _lines(folder / "user_ratedmovies-timestamps.dat", "\t", [header, *rows])
    names = [split_year(title)[0] for title in movies["title"]]
    years = movies["year"].astype(object).fillna("\\N")
    rows = zip(movies["movieId"], names, names, years, strict=True)
    _lines(folder / "movies.dat", "\t", [("id", "title", "spanishTitle", "year"), *rows])
    rows = movies.assign(genre=movies["genres"].str.split("|")).explode("genre")[["movieId", "genre"]]
    _lines(folder / "movie_genres.dat", "\t", [("movieID", "genre"), *rows.itertuples(index=False)])


def write_zip(folder, ratings, movies):
    """As ml-25m, in the zip that GroupLens publishes."""
    with tempfile.TemporaryDirectory() as unpacked, zipfile.ZipFile(folder / "ml-25m.zip", "w") as archive:
        write_csv(Path(unpacked), ratings, movies)
        for file in Path(unpacked).iterdir():
            archive.write(file, f"ml-25m/{file.name}")
    return folder / "ml-25m.zip"


FORMATS = {
    "ml-25m": write_csv,
    "ml-25m.zip": write_zip,
    "ml-1m": write_dat,
    "ml-100k": write_100k,
    "hetrec2011": write_hetrec,
    "Kaggle": write_kaggle,
}


def main(wanted):
    unknown = set(wanted) - set(FORMATS)
    if unknown:
        sys.exit(f"There is no format {', '.join(unknown)}; there are {', '.join(FORMATS)}.")
    (source,) = SOURCES.glob("03_*.py")
    ratings, movies = load_movielens()
    failed = False
    print("| format | lesson 03 | after |\n|---|---|---|", flush=True)
    for name in wanted or FORMATS:
        with tempfile.TemporaryDirectory() as folder:
            path = str(FORMATS[name](Path(folder), ratings, movies) or folder)
            text = replaced(source.read_text(encoding="utf-8"), "MOVIELENS = None", f"MOVIELENS = {path!r}")
            started = time.perf_counter()
            claim = run_script(text, folder=source.parents[1])
        failed |= claim is not None
        print(f"| {name} | {claim or 'every claim holds'} | {time.perf_counter() - started:.0f} s |", flush=True)
    sys.exit(1 if failed else 0)


def _with_whole_stars(ratings):
    # Down, so that likes stay what they are: the lesson's rivals are bounded from both sides.
    return ratings.assign(rating=np.floor(ratings["rating"]).clip(lower=1).astype(int))


def _lines(file, separator, rows):
    text = "".join(separator.join(map(str, row)) + "\n" for row in rows)
    file.write_bytes(text.encode("latin-1", "replace"))


if __name__ == "__main__":
    main(sys.argv[1:])
