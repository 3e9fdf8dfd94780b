"""Which movie somebody means by a title."""

import itertools
import re
import unicodedata

import numpy as np
import pandas as pd
from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from ae_helpers.data.titles import article_first, split_year, without_article

LONGEST = 200  # letters of a title that count
LISTED, SUGGESTED = 10, 5  # movies that a question names at most, if so many fit, and if not
# Similarities go from 0 to 1. These were chosen with slips in titles of films that are not the
# 500 best known, by `benchmarks/titles.py`, which reports on those 500.
SURE = 0.8  # so similar must a name be to be meant: a slip in 5 letters
LEAD = 0.035  # and by so much more similar than those of other movies
PART = 0.95  # of the similarity, if it is to a part of a title, or words are missing
OTHER = 0.15  # less, if numbers or the year differ: "Rocky 2" is not "Rocky 3"
KNOWN = 0.03  # more for a movie with ten times as many ratings
NEAR, SPREAD = 0.5, 0.25  # what is less similar, or by so much less than the most similar, is not worth a question

# Letters that Unicode does not take apart into a plain one and an accent.
_LETTERS = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i", "&": " and "}
    | dict.fromkeys("’‘`´ʼ′΄", "'")  # of "´", Unicode would make a space with an accent
)
_NUMERALS = {roman: str(i) for i, roman in enumerate(["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x"], 1)}
_WORDS_TOO = {"i", "x"}  # numerals only after "part" and the like
_COLON = re.compile(r"(?: or)?:\s| - ")
_PART_NUMBER = re.compile(r"\b(?:part|volume|vol|episode|chapter) (\d+|[ivx]+)\b")


class UnclearTitle(ValueError):
    """No movie has this title, or more than one may be meant.

    The message lists the nearest titles, and says how to choose. So does the
    attribute `candidates`, a table with the columns of `ItemIndex.movies`.
    """

    def __init__(self, message: str, candidates: pd.DataFrame):
        super().__init__(message)
        self.candidates = candidates


class Titles:
    """All names of all movies, and which movie is meant by one.

    Args:
        movies: table with the columns movieId, title, year, and ratings if their number is known.
    """

    def __init__(self, movies: pd.DataFrame):
        self.movies = movies
        self.years = movies["year"].fillna(-1).to_numpy()
        self.known = (
            KNOWN * np.log10(1 + movies["ratings"].to_numpy()) if "ratings" in movies else np.zeros(len(movies))
        )
        names = [(row, *name) for row, title in enumerate(movies["title"]) for name in _names(title).items()]
        self.rows, self.names, weights = zip(*names, strict=True)
        self.firsts = np.unique(self.rows, return_index=True)[1]  # the first name of each movie
        self.weights, self.lengths = np.array(weights), np.array([len(name) for name in self.names])
        self.numbers = [_numbers(name) for name in self.names]

    def row(self, title: str, year: int | None = None) -> int:
        """Row of the movie that is meant; UnclearTitle if that is not sure."""
        name, year = _name_and_year(title, year)
        words = _words(name)
        if not words:
            raise ValueError("The title is empty. Give a title or a movieId.")
        bare = re.fullmatch(r"(.+) (\d{4})", words)  # "sabrina 1954"
        if bare and year is None and words not in self.names:
            words, year = bare[1], int(bare[2])
        sure, near = self._similarities(words, year)
        row = int(sure.argmax())
        rivals = near + np.maximum(self.known - self.known[row], 0)
        rivals[row] = 0
        if sure[row] >= SURE and sure[row] - rivals.max() >= LEAD:
            return row
        order = np.argsort(-(near + self.known), kind="stable")[:LISTED]
        fit = np.count_nonzero(near[order] > near.max() - LEAD)
        order = order[: max(fit, SUGGESTED)]
        raise self._unclear(name, year, order[near[order] >= max(NEAR, near.max() - SPREAD)])

    def _similarities(self, words, year):
        """Of each movie to the name: how sure it is meant, and how near it is, at least as much."""
        spelled, contained, sorted_words = (
            process.cdist([words], self.names, scorer=scorer)[0] / most
            for scorer, most in (
                (OSA.normalized_similarity, 1),
                (fuzz.token_set_ratio, 100),
                (fuzz.token_sort_ratio, 100),
            )
        )
        # Words may be missing. But what has words that a name has not is another movie: "The Matrix Reloaded".
        contained = np.where(self.lengths >= len(words), contained, sorted_words)
        numbers = _numbers(words)
        other = np.array([number != numbers for number in self.numbers])
        if year is not None:
            other |= (self.years != year)[np.array(self.rows)]
        sure = self.weights * spelled
        near = self.weights * np.maximum(spelled, PART * contained) - OTHER * other
        return (np.maximum.reduceat(values, self.firsts) for values in (np.where(other, 0, sure), near))

    def _unclear(self, name, year, rows):
        candidates = self.movies.iloc[rows].reset_index(drop=True)
        titles = [
            title if split_year(title)[1] or pd.isna(year) else f"{title} ({year})"
            for title, year in zip(candidates["title"], candidates["year"], strict=True)
        ]
        lines = [f"  {title}, movieId {movie}" for title, movie in zip(titles, candidates["movieId"], strict=True)]
        asked = repr(name[:LONGEST]) + (f" of {year}" if year is not None else "")
        if not lines:
            return UnclearTitle(f"No movie has a title like {asked}. `index.movies` lists all.", candidates)
        # Two movies of one title in one year: only the movieId tells them apart.
        clear = next((f"title and year, such as {title!r}, or " for title in titles if titles.count(title) == 1), "")
        problem = f"It is not sure which movie is meant by {asked}. The nearest are:"
        return UnclearTitle("\n".join([problem, *lines, f"Ask again with {clear}the movieId."]), candidates)


def _names(title):
    """What a movie may be called, and with which weight.

    The title, also without its parentheses; as parts, what stands between parentheses,
    colons and dashes, and the name of a series with the last part.
    """
    title = article_first(split_year(title)[0][:LONGEST])
    pieces = [re.sub(r"^\s*a\.?k\.?a\.?\s", "", piece, flags=re.IGNORECASE) for piece in re.split(r"[()]", title)]
    parts = [_COLON.split(piece) for piece in pieces]
    main = parts[0]
    weights = dict.fromkeys(map(_words, [*pieces, *itertools.chain(*parts)]), PART)
    if len(main) > 1:
        weights |= {f"{_words(main[0])} {_words(part)}": PART for part in (main[1], main[-1])}
    weights |= {_words(title): 1, _words(pieces[0]): 1}
    return {name: weight for name, weight in weights.items() if name} or {"": 1}


def _numbers(words):
    return re.findall(r"\d+", words)


def _name_and_year(title, year):
    """Title without "(1995)", and the year."""
    if year is not None and (isinstance(year, bool) or not isinstance(year, (int, np.integer))):
        raise ValueError(f"year should be a whole number, but is {year!r}.")
    name, written = split_year(title)
    if None not in (written, year) and written != year:
        raise ValueError(f"{title!r} and year={year} contradict each other. Give one year.")
    return name, year if written is None else written


def _words(name):
    """A name with only what matters: "Matrix, The" and "the MATRIX!" become "matrix"."""
    name = name.strip()[:LONGEST]
    text = article_first(name.casefold().translate(_LETTERS))
    text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    text = re.sub(r"\bl'", "l ", text)
    text = re.sub(r"['.]", "", text)  # "ocean's" is "oceans", "E.T." is "et"
    text = " ".join(re.findall(r"[^\W_]+", text))
    text = _PART_NUMBER.sub(lambda part: _NUMERALS.get(part[1], part[1]), text)  # "Part II" is "2"
    text = " ".join(word if word in _WORDS_TOO else _NUMERALS.get(word, word) for word in text.split())
    return without_article(text) or name  # a title of nothing but punctuation
