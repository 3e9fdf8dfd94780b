"""Similar movies: an index of embeddings that is asked by title."""

import contextlib
import json
import os
import re
import textwrap
import unicodedata
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

FORMAT = "ae_helpers.recommend.ItemIndex 1"  # stands in every saved index
LISTED, SUGGESTED = 10, 5  # movies that an error message names at most: that fit, or that are near
SERIES = 3  # so many movies "Name: ..." make Name the name of a series

# The graph of the approximate search (Malkov and Yashunin 2018): neighbours that each item is
# linked with, and how many candidates are kept while linking and while searching.
CONNECTIVITY, CANDIDATES = 16, 128

ARTICLES = "the|a|an|le|la|les|l|el|il|der|das"
_LEADING_ARTICLE = re.compile(rf"^(?:{ARTICLES}) (?=.)")
_TRAILING_ARTICLE = re.compile(rf"^(.+),\s*({ARTICLES}|l')\s*$", re.IGNORECASE)
# "(1995)" at the end, also "(1989-1993)" of a series, and "(1995) (V)" of a video.
_YEAR = re.compile(r"\s*\((\d{4})(?:[-–]\s?\d{0,4})?\)(?: \(V\))?\s*$")
_PARENTHESIS = r"\(((?:[^()]|\([^()]*\))*)\)"  # may hold others
_PARENTHESES = re.compile(rf"(?:\s*{_PARENTHESIS})+$")
_ALSO_KNOWN_AS = re.compile(r"^a\.?k\.?a\.?\s+", re.IGNORECASE)
_COLON = re.compile(r":\s| - ")
# Letters that Unicode does not take apart into a plain one and an accent.
_LETTERS = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i", "&": " and "}
)
_NUMERALS = {
    numeral: str(number)
    for number, numeral in enumerate(["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x"], start=1)
}
_WORDS_TOO = {"i", "x"}  # numerals only after "part" and the like
_PART_NUMBER = re.compile(r"\b(?:part|volume|vol|episode|chapter) (\d+|[ivx]+)\b")


class UnclearTitle(ValueError):
    """No movie has this title, or more than one may be meant.

    The message lists the nearest titles, and says how to choose. So does the
    attribute `candidates`, a table with the columns of `ItemIndex.movies`.
    """

    def __init__(self, message, candidates):
        super().__init__(message)
        self.candidates = candidates


class ItemIndex:
    """Finds the movies whose embeddings point in the same direction.

        index = ItemIndex(embeddings, movies, counts=counts)
        index.similar("toy story")

    Args:
        embeddings: float array `(n_movies, latent_dim)`. Only directions count:
            they are scaled to unit length, and kept as float32 in `vectors`.
        movies: table with the columns movieId, title, year and genres, such as
            `load_movielens` returns; row i belongs to `embeddings[i]`.
        counts: number of ratings of each movie, `(n_movies,)` in the same order, or None.
            From a table of ratings:
            `ratings["movieId"].value_counts().reindex(movies["movieId"], fill_value=0)`.
        approximate: whether to search a graph (HNSW, Malkov and Yashunin 2018, by
            the library usearch). It takes minutes to build and pays for a million movies,
            or for many questions: `benchmarks/nearest.py` measures. A few neighbours are
            missed, and not always the same, because several threads build it; cosines are exact.

    Raises:
        ValueError: if a vector holds NaN or infinity or is zero (the message names the
            movie), the lengths differ, a column is missing, a title is no string, a
            movieId no whole number or there twice, or a count negative or not whole.
        ImportError: if approximate, and usearch is not installed.
    """

    def __init__(self, embeddings, movies, *, counts=None, approximate=False):
        self.movies = _checked_movies(movies, counts)
        self.vectors = _unit_vectors(embeddings, self.movies)
        self._titles = _Titles(self.movies)
        self._row_of = {movie: row for row, movie in enumerate(self.movies["movieId"].tolist())}
        self._graph = ApproximateSearch(self.vectors) if approximate else None

    def __len__(self):
        return len(self.movies)

    def similar(self, movie, k=10, *, year=None):
        """The k movies most similar to one.

        Args:
            movie: title or movieId. Titles as you remember them: case, articles,
                accents, punctuation and slips of a letter or two don't matter,
                alternative titles count too, a subtitle or the beginning is enough
                if it fits one movie only. "Sabrina (1995)" says which Sabrina.
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

    def similar_to_many(self, movies, k=10):
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
        if isinstance(movies, (str, int, np.integer)) or not np.iterable(movies):
            raise ValueError(f"movies should be a list of titles or movieIds, but is {movies!r}. Try [{movies!r}].")
        rows = list(dict.fromkeys(self._row(movie) for movie in movies))
        if not rows:
            raise ValueError("movies is empty: name one movie or more.")
        return self._neighbours(rows, k)

    def find(self, title, *, year=None):
        """The movieId of a title; `similar` says what is understood, and what is raised."""
        return int(self.movies["movieId"].iloc[self._row(title, year)])

    def save(self, path):
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
        with _all_or_nothing(Path(path)) as (part,), part.open("wb") as stream:
            np.savez(stream, **arrays)

    @classmethod
    def load(cls, path, *, approximate=False):
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
            year = pd.array(arrays["year"], dtype="Int16")
            year[arrays["year"] == 0] = pd.NA
            movies = pd.DataFrame({"movieId": arrays["movieId"], "title": titles, "year": year, "genres": genres})
            vectors, counts = arrays["vectors"], arrays.get("counts")
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
            raise ValueError(
                f"{path} is no index that `ItemIndex.save` wrote, or it is damaged ({error}). Save it again."
            ) from error
        return cls(vectors, movies, counts=counts, approximate=approximate)

    def write_projector(self, folder):
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
        with _all_or_nothing(*(folder / name for name in names)) as (metadata, vectors, config):
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


def nearest(vectors, query, k, *, without=()):
    """The k rows with the largest scalar products: exact, by one matrix product.

    Args:
        vectors: float array `(n, d)`; of unit length, if you want cosines.
        query: float array `(d,)`.
        k: 1 to n - len(without).
        without: rows to leave out, each once.

    Returns:
        `(rows, products)`, both `(k,)`, best first; of equal products, the lower row first.
    """
    products = vectors @ query
    candidates = products.copy()
    candidates[list(without)] = -np.inf
    threshold = np.partition(candidates, -k)[-k]
    rows = np.flatnonzero(candidates >= threshold)  # more than k, if several are equal
    rows = rows[np.argsort(-products[rows], kind="stable")[:k]]
    return rows, products[rows]


class ApproximateSearch:
    """The same question as `nearest`, answered fast and nearly right, for a million vectors.

    HNSW (Malkov and Yashunin 2018, doi:10.1109/TPAMI.2018.2889473) by usearch: a graph in
    which each vector is linked with near ones. A search walks towards the query, and
    compares it with a few thousand vectors at most instead of all.

    Args:
        vectors: float32 array `(n, d)` of unit length. It is not copied: don't change it.

    Raises:
        ImportError: if usearch is not installed; the message says how to.
    """

    def __init__(self, vectors):
        try:
            from usearch.index import Index
        except ImportError as error:
            raise ImportError(
                "approximate=True needs the library usearch. Install it with "
                "`pip install -r requirements-index.txt`, or leave approximate out: exact search needs nothing."
            ) from error
        self.vectors = np.ascontiguousarray(vectors, np.float32)
        self._graph = Index(
            ndim=self.vectors.shape[1],
            metric="ip",
            dtype="f32",
            connectivity=CONNECTIVITY,
            expansion_add=CANDIDATES,
            expansion_search=CANDIDATES,
        )
        self._graph.add(np.arange(len(self.vectors)), self.vectors, copy=False)

    def search(self, query, k, *, without=()):
        """As `nearest`, except that a few of the k rows may not be the nearest; the products are exact."""
        found = self._graph.search(np.asarray(query, np.float32), k + len(without)).keys.astype(np.intp)
        rows = np.sort(np.setdiff1d(found, without))
        if len(rows) < k:  # parts of the graph can't be reached, as happens among very many equal vectors
            return nearest(self.vectors, query, k, without=without)
        products = self.vectors[rows] @ query
        best = np.argsort(-products, kind="stable")[:k]
        return rows[best], products[best]


class _Titles:
    """All names of all movies, and which movie is meant by one."""

    def __init__(self, movies):
        self.movies = movies
        self.years = movies["year"].fillna(-1).to_numpy()
        self.words, rows = [], []  # of all names, and the movie's row
        self.named, self.parted = {}, {}  # rows of the movies with this name, or with this before or after a colon
        for row, title in enumerate(movies["title"]):
            names = _names(title)
            parts = [part for name in names[1:] for part in _parts(name)]
            for by_key, found in ((self.named, names), (self.parted, parts)):
                for words in dict.fromkeys(map(_words, found)):
                    by_key.setdefault(_key(words), []).append(row)
                    self.words.append(words)
                    rows.append(row)
        self.rows = np.array(rows)

    def row(self, title, year=None):
        """Row of the movie that is meant; UnclearTitle if that is not sure."""
        title, year = _split_year(title, year)
        words = _words(title)
        if not words:
            raise ValueError("The title is empty. Give a title or a movieId.")
        rows = self._meant(words, year) or self._meant_with_slips(words, year)
        if not rows and year is None and (bare := re.fullmatch(r"(.+) (\d{4})", words)):  # "sabrina 1995"
            rows = self._meant(bare[1], int(bare[2]))
        if len(rows) == 1:
            return rows[0]
        asked = repr(title) + (f" of {year}" if year is not None else "")
        if rows:
            raise self._unclear(f"{asked} may be any of these {len(rows)} movies:", self._in_order(rows))
        raise self._unclear(f"No movie is called {asked}. The nearest titles are:", self._suggestions(words))

    def _meant(self, words, year):
        """Rows that fit best: none, the one, or several to choose from."""
        named, parted = (self._of_year(by_key.get(_key(words), ()), year) for by_key in (self.named, self.parted))
        if len(named) == 1 and len({*parted} - {*named}) >= SERIES and not self._is_best_known(named[0], parted):
            # "Lord of the Rings" is a film of 1978, but more likely one of the trilogy is meant.
            return self._of_year(named + parted, year)
        if named or parted:
            return named or parted
        beginning = re.compile(re.escape(words) + r" (?!\d)")  # "Species" is not "Species 2"
        begun = (row for name, row in zip(self.words, self.rows, strict=True) if beginning.match(name))
        return self._of_year(begun, year)

    def _meant_with_slips(self, words, year):
        """Rows that fit the names with the fewest slips, one at most from 5 letters on, two from 12.

        A slip is a letter too many, too few, another one, or two swapped. No slips in numbers.
        """
        slips, numbers = (len(words) >= 5) + (len(words) >= 12), re.findall(r"\d+", words)
        found = process.extract(words, self.words, scorer=OSA.distance, score_cutoff=slips, limit=None)
        distance = {
            name: distance
            for name, distance, i in found
            if re.findall(r"\d+", name) == numbers and self._of_year([self.rows[i]], year)
        }
        fewest = min(distance.values(), default=0)
        right = [name for name in distance if distance[name] == fewest]
        return self._of_year((row for name in right for row in self._meant(name, year)), year)

    def _of_year(self, rows, year):
        """Each row once, of that year if one is given."""
        return [int(row) for row in dict.fromkeys(rows) if year is None or self.years[row] == year]

    def _is_best_known(self, row, others):
        if "ratings" not in self.movies:
            return False
        ratings = self.movies["ratings"].to_numpy()
        return ratings[row] >= ratings[others].max()

    def _in_order(self, rows):
        """The best known first; without counts, the oldest."""
        order = -self.movies["ratings"].to_numpy() if "ratings" in self.movies else self.years
        return sorted(rows, key=lambda row: order[row])

    def _suggestions(self, words):
        found = process.extract(words, self.words, scorer=fuzz.token_set_ratio, limit=10 * SUGGESTED)
        return list(dict.fromkeys(self.rows[i] for _, _, i in found))[:SUGGESTED]

    def _unclear(self, problem, rows):
        candidates = self.movies.iloc[rows].reset_index(drop=True)
        titles = [
            title if _YEAR.search(title) or pd.isna(year) else f"{title} ({year})"
            for title, year in zip(candidates["title"], candidates["year"], strict=True)
        ]
        lines = [f"  {title}, movieId {movie}" for title, movie in zip(titles, candidates["movieId"], strict=True)]
        if len(lines) > LISTED:
            lines[LISTED:] = [f"  ... and {len(lines) - LISTED} more"]
        # Two movies of one title in one year: only the movieId tells them apart.
        clear = next((f"title and year, such as {title!r}, or " for title in titles if titles.count(title) == 1), "")
        return UnclearTitle("\n".join([problem, *lines, f"Ask again with {clear}the movieId."]), candidates)


def _names(title):
    """What a movie is called: its title with all that is in parentheses, without, and the alternatives in them."""
    title = _YEAR.sub("", title)
    main = _PARENTHESES.sub("", title) or title
    return [title, main, *(_ALSO_KNOWN_AS.sub("", other) for other in re.findall(_PARENTHESIS, title[len(main) :]))]


def _parts(name):
    """What stands before, between and after colons and dashes, if there are any."""
    parts = _COLON.split(name)
    return parts if len(parts) > 1 else []


def _split_year(title, year):
    """Title without "(1995)", and the year."""
    if year is not None and (isinstance(year, bool) or not isinstance(year, (int, np.integer))):
        raise ValueError(f"year should be a whole number, but is {year!r}.")
    written = _YEAR.search(title)
    if not written:
        return title.strip(), year
    if year is not None and year != int(written[1]):
        raise ValueError(f"{title!r} and year={year} contradict each other. Give one year.")
    return title[: written.start()].strip(), int(written[1])


def _words(name):
    """A name with only what matters: "Matrix, The" and "the MATRIX!" become "matrix"."""
    text = _TRAILING_ARTICLE.sub(r"\2 \1", name.strip()).casefold().translate(_LETTERS)
    text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    text = re.sub(r"\bl['’]", "l ", text)
    text = re.sub(r"['’`´.]", "", text)  # "ocean's" is "oceans", "E.T." is "et"
    text = " ".join(re.findall(r"[^\W_]+", text))
    text = _PART_NUMBER.sub(lambda part: _NUMERALS.get(part[1], part[1]), text)  # "Part II" is "2"
    text = " ".join(word if word in _WORDS_TOO else _NUMERALS.get(word, word) for word in text.split())
    text = _LEADING_ARTICLE.sub("", text)
    return text or name.strip()  # a title of nothing but punctuation


def _key(words):
    """Without spaces: "WALL·E", "Wall-E" and "walle" are one."""
    return words.replace(" ", "")


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
        movies["ratings"] = _checked_counts(counts, len(movies))
    return movies


def _checked_counts(counts, n):
    counts = np.asarray(counts)
    if counts.shape != (n,):
        raise ValueError(
            f"counts should have one number for each of the {n:,} movies, but its shape is {counts.shape}."
        )
    if counts.dtype.kind not in "iuf" or not (
        np.isfinite(counts).all() and (counts >= 0).all() and (counts % 1 == 0).all()
    ):
        raise ValueError("counts should hold whole numbers from 0 on. Does a movie without ratings have NaN?")
    return counts.astype(np.int64)


def _unit_vectors(embeddings, movies):
    """Embeddings scaled to length 1, float32, contiguous, checked."""
    embeddings = np.asarray(embeddings)
    if embeddings.dtype.kind not in "fiu":
        raise ValueError(f"embeddings should hold numbers, but its dtype is {embeddings.dtype}.")
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


@contextlib.contextmanager
def _all_or_nothing(*paths):
    """Yield a temporary path for each of `paths`; then move all there, or none if there was an error."""
    for path in paths:
        if path.is_dir():
            raise IsADirectoryError(f"{path} is a folder. Give another name, or remove it.")
        if not path.parent.is_dir():
            raise FileNotFoundError(f"There is no folder {path.parent}. Make it first.")
    parts, olds = ([path.with_name(f".{path.name}.{os.getpid()}.{end}") for path in paths] for end in ("part", "old"))
    try:
        yield parts
        with contextlib.ExitStack() as undo:
            for part, path, old in zip(parts[:-1], paths[:-1], olds[:-1], strict=True):
                if path.exists():
                    os.replace(path, old)
                    undo.callback(os.replace, old, path)
                else:
                    undo.callback(path.unlink, missing_ok=True)
                os.replace(part, path)
            os.replace(parts[-1], paths[-1])
            undo.pop_all()
    finally:
        for leftover in (*parts, *olds):
            leftover.unlink(missing_ok=True)
