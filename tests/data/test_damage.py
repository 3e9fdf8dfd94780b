"""Damaged bytes give the right kind of table, or a ValueError that names the file; never an error of a parser."""

import shutil
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tensorflow_datasets as tfds
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ae_helpers.data import load_movielens, load_tfds_images

USERS, IDS = [1, 1, 2, 2, 3], [10, 20, 10, 30, 10]
STARS, TIMES = [5, 3, 4, 1, 2], [964982703, 964981247, 1141415820, 1141415821, 1041415822]
TITLES = ["Misérables, Les (1995)", "Star Wars: Episode IV (1977)", "Girl, Interrupted (1999)"]
ML_100K = "|01-Jan-1995||http://us.imdb.com/M/title-exact|" + "|".join("0100000000000000010") + "\n"
RATINGS = list(zip(USERS, IDS, STARS, TIMES, strict=True))
CSV_MOVIES = "movieId,title,genres\n" + "".join(f'{10 * i},"{t}",Drama|War\n' for i, t in enumerate(TITLES, 1))
RELEASES = {
    "csv": {
        "ratings.csv": "userId,movieId,rating,timestamp\n"
        + "".join(f"{u},{m},{r}.5,{t}\n" for u, m, r, t in RATINGS[1:]),
        "movies.csv": CSV_MOVIES,
    },
    "kaggle": {
        "rating.csv": '"userId","movieId","rating","timestamp"\n'
        + "".join(f'{u},{m},{r},"{pd.Timestamp(t, unit="s")}"\n' for u, m, r, t in RATINGS),
        "movie.csv": CSV_MOVIES,
    },
    "ml-1m": {
        "ratings.dat": "".join(f"{u}::{m}::{r}::{t}\n" for u, m, r, t in RATINGS),
        "movies.dat": "".join(f"{10 * i}::{t}::Drama|War\n" for i, t in enumerate(TITLES, 1)),
    },
    "ml-100k": {
        "u.data": "".join(f"{u}\t{m}\t{r}\t{t}\n" for u, m, r, t in RATINGS),
        "u.item": "".join(f"{10 * i}|{t}{ML_100K}" for i, t in enumerate(TITLES, 1)),
    },
    "hetrec": {
        "user_ratedmovies-timestamps.dat": "userID\tmovieID\trating\ttimestamp\n"
        + "".join(f"{u}\t{m}\t{r}\t{t}000\n" for u, m, r, t in RATINGS),
        "movies.dat": "id\ttitle\tyear\n" + "".join(f"{10 * i}\t{t}\t1995\n" for i, t in enumerate(TITLES, 1)),
        "movie_genres.dat": "movieID\tgenre\n10\tDrama\n20\tWar\n20\tDrama\n",
    },
}
FILES = [(release, file) for release, files in RELEASES.items() for file in files]
# What is likely to hurt: separators, quotation marks, signs, ends of lines, other digits, other encodings.
PIECES = [
    b",",
    b"::",
    b"\t",
    b"|",
    b'"',
    b"\n",
    b"\r",
    b"-",
    b".",
    b"0",
    b"9" * 25,
    b"\0",
    b"\xff",
    b" ",
    b"nan",
    b"1e9",
]
PIECES += ["٣".encode(), "é".encode(), b"\xe9", b"\xef\xbb\xbf", b"\xff\xfe", b"(" * 500, b";", b"inf", b"_1", b"+"]


# The same damages each time. Thousands of others were tried; to try more, leave out derandomize.
SOME = settings(derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def damages(draw):
    """A function that changes some bytes: cuts, doubles, overwrites or inserts."""
    where, length = draw(st.floats(0, 1, exclude_max=True)), draw(st.integers(0, 40))
    kind = draw(st.sampled_from(["cut", "drop", "double", "insert", "replace", "flip"]))
    piece = draw(st.sampled_from(PIECES) | st.binary(min_size=1, max_size=3))

    def damage(content):
        at = int(where * len(content))
        before, part, after = content[:at], content[at : at + length], content[at + length :]
        return {
            "cut": before,
            "drop": before + after,
            "double": before + part + part + after,
            "insert": before + piece + part + after,
            "replace": before + piece + content[at + len(piece) :],
            "flip": before + bytes([content[at] ^ (1 << length % 8)]) + content[at + 1 :],
        }[kind]

    return damage


def check_tables(ratings, movies):
    assert ratings.dtypes.astype(str).to_dict() == {
        "userId": "int32", "movieId": "int32", "rating": "float32", "timestamp": "int64",
    }  # fmt: skip
    assert list(movies) == ["movieId", "title", "year", "genres"]
    assert ratings["rating"].between(0.5, 5).all()
    assert (ratings[["userId", "movieId", "timestamp"]] >= 0).all(axis=None)
    assert not ratings.duplicated(["userId", "movieId"]).any()
    assert movies["movieId"].is_unique
    assert set(ratings["movieId"]) <= set(movies["movieId"])
    assert all(isinstance(text, str) for text in [*movies["title"], *movies["genres"]])
    assert (movies["title"] != "").all()


def read_damaged(folder, path, file):
    try:
        ratings, movies = load_movielens(path)
    except ValueError as error:
        assert str(folder) in str(error).split(":")[0], f"the message doesn't begin with the file: {error}"
        assert len(str(error)) < 1_000
    else:
        check_tables(ratings, movies)


@settings(SOME, max_examples=100)
@given(which=st.sampled_from(FILES), damage=damages(), again=st.none() | damages())
def test_damaged_release(which, damage, again):
    release, name = which
    with tempfile.TemporaryDirectory() as folder:
        for file, text in RELEASES[release].items():
            encoding = "latin-1" if release in ("ml-1m", "ml-100k", "hetrec") else "utf-8"
            content = text.encode(encoding)
            if file == name:
                content = damage(content)
                content = again(content) if again and content else content
            Path(folder, file).write_bytes(content)
        read_damaged(folder, folder, name)


@settings(SOME, max_examples=40)
@given(release=st.sampled_from(sorted(RELEASES)), damage=damages())
def test_damaged_zip(release, damage):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "ml.zip")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file, text in RELEASES[release].items():
                archive.writestr(f"ml/{file}", text)
        path.write_bytes(damage(path.read_bytes()))
        try:
            read_damaged(folder, path, "ml.zip")
        except FileNotFoundError as error:  # the name of a file in the zip
            assert str(path) in str(error)


GREY = np.random.default_rng(0).integers(0, 256, (3, 28, 28, 1), dtype=np.uint8)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    data_dir = tmp_path_factory.mktemp("prepared")
    image = tfds.features.Image(shape=(28, 28, 1), encoding_format="png")
    tfds.dataset_builders.store_as_tfds_dataset(
        name="tiny_damaged",
        version="1.0.0",
        features=tfds.features.FeaturesDict({"image": image, "label": tfds.features.ClassLabel(num_classes=3)}),
        split_datasets={"train": [(i, {"image": image, "label": i}) for i, image in enumerate(GREY)]},
        data_dir=data_dir,
        disable_shuffling=True,
    )
    return data_dir / "tiny_damaged"


@pytest.mark.slow
@settings(SOME, max_examples=25)
@given(damage=damages(), which=st.integers(0, 2))
def test_damaged_prepared_folder(prepared, damage, which):
    with tempfile.TemporaryDirectory() as data_dir:
        shutil.copytree(prepared, Path(data_dir, "tiny_damaged"))
        file = sorted(Path(data_dir, "tiny_damaged", "1.0.0").iterdir())[which]
        file.write_bytes(damage(file.read_bytes()))
        try:
            x, y = load_tfds_images("tiny_damaged", data_dir=data_dir)
        except ValueError as error:
            assert "Delete that folder" in str(error) or "no split 'train'" in str(error)
            assert data_dir in str(error) or "no split 'train'" in str(error)
        else:
            assert (x.shape, x.dtype) == ((3, 28, 28, 1), np.float32)
            np.testing.assert_array_equal(x, GREY / np.float32(255))
            assert y is None or y.tolist() == [0, 1, 2]
