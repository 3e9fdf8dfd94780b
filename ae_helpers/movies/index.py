"""An index of embeddings that is asked by title."""

import json
import textwrap
import zipfile
import zlib
from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ae_helpers.checks import as_array, with_float_dtype
from ae_helpers.files import whole_or_not
from ae_helpers.movies.search import ApproximateSearch, nearest
from ae_helpers.movies.titles import Titles

FORMAT = "ae_helpers.recommend.ItemIndex 1"  # stands in every saved index


class ItemIndex:
    """Finds the movies whose embeddings point in the same direction.

        index = ItemIndex(embeddings, movies, counts=counts)
        index.similar("toy story")

    Args:
        embeddings: numbers `(n_movies, latent_dim)`, an array or tensor of any backend and
            dtype in the order of movies, or a DataFrame with the movieIds as index, in any
            order. Only directions count: they are scaled to unit length, and kept as
            float32 in `vectors`.
        movies: table with the columns movieId, title, year and genres, such as
            `load_movielens` returns; row i belongs to `embeddings[i]`.
        counts: number of ratings of each movie, or None: an array `(n_movies,)` in the
            order of movies, or a Series with the movieIds as index, in any order, such as
            `ratings["movieId"].value_counts()`. Who is better known is shown in the
            tables, and is more likely meant by an unclear title.
        approximate: whether to search a graph (HNSW, Malkov and Yashunin 2018, by
            the library usearch). It takes minutes to build and pays for a million movies,
            or for many questions: `benchmarks/nearest.py` measures. A few neighbours are
            missed, and not always the same, because several threads build it; cosines are exact.

    Raises:
        ValueError: if a vector holds NaN or infinity or is zero (the message names the
            movie), the lengths differ, a column is missing, a title is no string, a
            movieId no whole number or there twice, a count negative or not whole, or the
            index of a Series or DataFrame lacks a movie or has one twice.
        ImportError: if approximate, and usearch is not installed.
    """

    def __init__(
        self,
        embeddings: ArrayLike,
        movies: pd.DataFrame,
        *,
        counts: ArrayLike | None = None,
        approximate: bool = False,
    ):
        self.movies = _checked_movies(movies, counts)
        self.vectors = _unit_vectors(embeddings, self.movies)
        self._titles = Titles(self.movies)
        self._row_of = {movie: row for row, movie in enumerate(self.movies["movieId"].tolist())}
        self._graph = ApproximateSearch(self.vectors) if approximate else None

    def __len__(self) -> int:
        return len(self.movies)

    def similar(self, movie: str | int, k: int = 10, *, year: int | None = None) -> pd.DataFrame:
        """The k movies most similar to one.

        Args:
            movie: title or movieId. Titles as you remember them: case, articles,
                accents, punctuation and slips of a letter or two don't matter,
                alternative titles count too, a subtitle is enough if no other movie
                is as near; if that is not sure, `UnclearTitle` asks back. "Sabrina (1995)" says which Sabrina.
            k: length of the list, 1 to the number of other movies.
            year: of the movie with that title, if several have it.

        Returns:
            pandas table, best first: index movieId; columns title, year, genres, similarity
            (cosine, float32, -1 to 1) and, if the index has counts, ratings. The
            movie itself is not in it; its title stands in the table's upper left
            corner (`table.columns.name`). Of equal similarities, the movie that
            stands first in `movies` wins.

        Raises:
            UnclearTitle: a ValueError, if the title fits no movie or several.
            ValueError: if there is no such movieId, or k is out of range.
        """
        return self._neighbours([self._row(movie, year)], k)

    def similar_to_many(self, movies: Iterable[str | int], k: int = 10) -> pd.DataFrame:
        """The k movies most similar to a few that somebody likes.

        The similarity is the mean of the cosines with the liked movies: the scalar
        product with the mean of their unit vectors. So each of them has the same
        say, and the order is that of the sum of cosines. A movie that is named
        twice counts once.

        Args:
            movies: list of titles ("Sabrina (1995)" where the year is needed) and movieIds.
            k: length of the list, 1 to the number of other movies.

        Returns, Raises:
            as `similar`; also a ValueError if movies is empty or no list.
        """
        if isinstance(movies, (str, bytes, int, np.integer)) or not np.iterable(movies):
            raise ValueError(f"movies should be a list of titles or movieIds, but is {movies!r}. Try [{movies!r}].")
        rows = list(dict.fromkeys(self._row(movie) for movie in movies))
        if not rows:
            raise ValueError("movies is empty: name one movie or more.")
        return self._neighbours(rows, k)

    def find(self, title: str, *, year: int | None = None) -> int:
        """The movieId of a title; `similar` says what is understood, and what is raised."""
        return int(self.movies["movieId"].iloc[self._row(title, year)])

    def save(self, path: str | PathLike[str]) -> None:
        """Write the index to one file, in NumPy's .npz format, under exactly this name.

        Either the file is there and complete, or nothing has changed. A graph of
        `approximate=True` is not in it: it is built again on loading.

        Raises:
            OSError: if the file can't be written, for example because its folder is missing.
        """
        movies = self.movies
        arrays = {
            "format": np.array(FORMAT),
            "vectors": self.vectors,
            "movieId": movies["movieId"].to_numpy(),
            "year": movies["year"].fillna(0).to_numpy(np.int16),  # 0: the movie has none
            # Texts of any length as one array of bytes: an array of strings pads all to the longest.
            "texts": np.frombuffer(
                json.dumps([movies["title"].tolist(), movies["genres"].tolist()]).encode(), np.uint8
            ),
        }
        if "ratings" in movies:
            arrays["counts"] = movies["ratings"].to_numpy()
        with whole_or_not(path) as (part,), part.open("wb") as stream:
            np.savez(stream, **arrays)

    @classmethod
    def load(cls, path: str | PathLike[str], *, approximate: bool = False) -> "ItemIndex":
        """The index that `save` wrote; it gives the same answers.

        Raises:
            FileNotFoundError: if there is no such file.
            ValueError: if it is no saved index, or damaged.
            ImportError: as the class.
        """
        path = Path(path)
        if not path.exists():
            raise FileNotFoundError(f"There is no file {path}. Write it with `index.save({str(path)!r})`.")
        try:
            with zipfile.ZipFile(path) as packed:
                damaged = packed.testzip()
            with np.load(path, allow_pickle=False) as file:
                arrays = dict(file)
            if damaged or arrays["format"].item() != FORMAT:
                raise ValueError(f"{damaged} is damaged" if damaged else f"its format is {arrays['format'].item()!r}")
            titles, genres = json.loads(arrays["texts"].tobytes())
            year: Any = pd.array(arrays["year"], dtype="Int16")
            year[arrays["year"] == 0] = pd.NA
            movies = pd.DataFrame({"movieId": arrays["movieId"], "title": titles, "year": year, "genres": genres})
            vectors, counts = arrays["vectors"], arrays.get("counts")
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
            raise ValueError(
                f"{path} is no index that `ItemIndex.save` wrote, or it is damaged ({error}). Save it again."
            ) from error
        return cls(vectors, movies, counts=counts, approximate=approximate)

    def write_projector(self, folder: str | PathLike[str]) -> None:
        """Write the files of TensorBoard's embedding projector.

        `vectors.tsv` has the unit vectors (so that Euclidean neighbours are cosine
        neighbours), six digits each, a movie a line; `metadata.tsv` a header, then
        title, year, genres and movieId of the same movies, and ratings if there are
        counts. `tensorboard --logdir` of the folder shows them, by
        `projector_config.pbtxt`; https://projector.tensorflow.org takes the first two.

        Args:
            folder: made if it is missing. Files of these names in it are replaced, all
                three or (if one can't be written) none.

        Raises:
            OSError: if the folder can't be made or written to.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        columns = ["title", "year", "genres", "movieId", *self.movies.columns[4:]]
        texts = self.movies[columns].astype("string").fillna("")
        lines = [columns, *texts.itertuples(index=False)]
        names = ("metadata.tsv", "vectors.tsv", "projector_config.pbtxt")
        with whole_or_not(*(folder / name for name in names)) as (metadata, vectors, config):
            # Splitting takes tabs and all kinds of line breaks out of the fields.
            rows = ("\t".join(" ".join(field.split()) for field in line) + "\n" for line in lines)
            metadata.write_text("".join(rows), encoding="utf-8", newline="\n")
            with vectors.open("w", encoding="ascii", newline="\n") as stream:
                np.savetxt(stream, self.vectors, fmt="%.6g", delimiter="\t")
            config.write_text(
                'embeddings {\n  tensor_name: "movies"\n'
                '  tensor_path: "vectors.tsv"\n  metadata_path: "metadata.tsv"\n}\n',
                encoding="ascii",
            )

    def _row(self, movie, year=None):
        if isinstance(movie, str):
            return self._titles.row(movie, year)
        if year is not None:
            raise ValueError(f"year goes with a title, but came with {movie!r}.")
        if isinstance(movie, (bool, np.bool_)) or not isinstance(movie, (int, np.integer)):
            raise ValueError(f"A movie should be a title or a movieId, but is {movie!r}.")
        if movie not in self._row_of:
            raise ValueError(f"The index has no movie with the movieId {movie}. `index.movies` lists all.")
        return self._row_of[movie]

    def _neighbours(self, rows, k):
        others = len(self) - len(rows)
        if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or not 1 <= k <= others:
            raise ValueError(f"k should be a whole number from 1 to the {others:,} other movies, but is {k!r}.")
        query = self.vectors[rows].mean(axis=0)
        if self._graph is None:
            found, similarity = nearest(self.vectors, query, k, without=rows)
        else:
            found, similarity = self._graph.search(query, k, without=rows)
        table = self.movies.iloc[found].set_index("movieId")
        table.insert(3, "similarity", similarity.clip(-1, 1))  # rounding can lead out by a trifle
        table.columns.name = textwrap.shorten(
            "like " + ", ".join(self.movies["title"].iloc[rows]), 80, placeholder=" ..."
        )
        return table


def _checked_movies(movies, counts):
    """A table of its own with the columns movieId, title, year, genres, and ratings if there are counts."""
    columns = ["movieId", "title", "year", "genres"]
    missing = [column for column in columns if column not in getattr(movies, "columns", ())]
    if missing:
        raise ValueError(
            f"movies should be a table with the columns {', '.join(columns)}; {', '.join(missing)} is missing."
        )
    movies = movies[columns].reset_index(drop=True)
    ids = movies["movieId"]
    if not pd.api.types.is_integer_dtype(ids) or ids.isna().any():
        raise ValueError(f"movieId should hold whole numbers, but its dtype is {ids.dtype}.")
    if ids.duplicated().any():
        row = int(ids.duplicated().to_numpy().argmax())
        raise ValueError(f"The movieId {ids[row]} is there twice; the second is {movies['title'][row]!r}.")
    for column in ("title", "genres"):
        for row, text in enumerate(movies[column]):
            if not isinstance(text, str):
                raise ValueError(f"The {column} of movie {ids[row]} should be a string, but is {text!r}.")
    try:
        movies["year"] = movies["year"].astype("Int16")
    except (TypeError, ValueError) as error:
        raise ValueError(f"year should hold whole numbers or nothing, but: {error}.") from error
    if counts is not None:
        movies["ratings"] = _checked_counts(_by_movie(counts, ids, "counts"), len(movies))
    return movies


def _by_movie(values, ids, name):
    """A Series or DataFrame as an array in the order of the movies; anything else as it is, by position."""
    if not isinstance(values, (pd.Series, pd.DataFrame)):
        return values
    hint = f"{name} has an index, so it is looked up by movieId. Is it in the order of movies? Try {name}.to_numpy()."
    if values.index.has_duplicates:
        raise ValueError(f"The index of {name} has {values.index[values.index.duplicated()][0]} twice. {hint}")
    rows = values.index.get_indexer(ids)
    if (rows < 0).any():
        raise ValueError(f"The index of {name} lacks the movieId {ids[int((rows < 0).argmax())]}. {hint}")
    return values.to_numpy()[rows]


def _checked_counts(counts, n):
    counts = as_array(counts, "counts")
    if counts.shape != (n,):
        raise ValueError(
            f"counts should have one number for each of the {n:,} movies, but its shape is {counts.shape}."
        )
    if counts.dtype.kind not in "iuf" or not (
        np.isfinite(counts).all() and (counts >= 0).all() and (counts % 1 == 0).all() and (counts < 2**53).all()
    ):
        raise ValueError("counts should hold whole numbers from 0 on. Does a movie without ratings have NaN?")
    return counts.astype(np.int64)


def _unit_vectors(embeddings, movies):
    """Embeddings scaled to length 1, float32, contiguous, checked."""
    embeddings = with_float_dtype(
        as_array(_by_movie(embeddings, movies["movieId"], "embeddings"), "embeddings"), "embeddings"
    )
    if embeddings.ndim != 2 or embeddings.size == 0:
        raise ValueError(
            f"embeddings should be (n_movies, latent_dim), not empty, but its shape is {embeddings.shape}."
        )
    if len(embeddings) != len(movies):
        raise ValueError(f"There are {len(embeddings):,} embeddings, but {len(movies):,} movies. Each movie needs one.")
    with np.errstate(over="ignore"):
        length = np.sqrt(np.einsum("ij,ij->i", embeddings, embeddings, dtype=np.float64))
    for wrong, problem in ((~np.isfinite(length), "has NaN or infinite values"), (length == 0, "is zero")):
        if wrong.any():
            row, n = int(wrong.argmax()), np.count_nonzero(wrong)
            raise ValueError(
                f"The embedding of {movies['title'][row]!r} (row {row}) {problem}; so it is for {n:,} of "
                f"{len(movies):,} movies. Mend them, or leave them out of embeddings, movies and counts."
            )
    # What has unit length stays as it is, to the last bit: so a loaded index equals the saved one.
    length[np.abs(length - 1) < 1e-6] = 1
    unit = np.divide(embeddings, length[:, None], out=np.empty(embeddings.shape, np.float32), casting="same_kind")
    unit.flags.writeable = False  # a graph may share them
    return unit
