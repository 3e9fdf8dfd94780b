"""Which movie somebody means by a title."""

import re
import unicodedata

import numpy as np
import pandas as pd
from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from ae_helpers.data.titles import article_first, split_year

LISTED, SUGGESTED = 10, 5  # movies that an error message names at most: that fit, or that are near
SERIES = 3  # so many movies "Name: ..." make Name the name of a series

_LEADING_ARTICLE = re.compile("^(?:the|a|an|le|la|les|l|el|il|der|das) (?=.)")
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

    def __init__(self, message: str, candidates: pd.DataFrame):
        super().__init__(message)
        self.candidates = candidates


class Titles:
    """All names of all movies, and which movie is meant by one."""

    def __init__(self, movies: pd.DataFrame):
        self.movies = movies
        self.years = movies["year"].fillna(-1).to_numpy()
        self.words, rows = [], []  # of all names, and the movie's row
        # Rows of the movies with this name, or with this before or after a colon.
        self.named: dict[str, list[int]] = {}
        self.parted: dict[str, list[int]] = {}
        for row, title in enumerate(movies["title"]):
            names = _names(title)
            parts = [part for name in names[1:] for part in _parts(name)]
            for by_key, found in ((self.named, names), (self.parted, parts)):
                for words in dict.fromkeys(map(_words, found)):
                    by_key.setdefault(_key(words), []).append(row)
                    self.words.append(words)
                    rows.append(row)
        self.rows = np.array(rows)

    def row(self, title: str, year: int | None = None) -> int:
        """Row of the movie that is meant; UnclearTitle if that is not sure."""
        title, year = _name_and_year(title, year)
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
            title if split_year(title)[1] or pd.isna(year) else f"{title} ({year})"
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
    title, _ = split_year(title)
    main = _PARENTHESES.sub("", title) or title
    return [title, main, *(_ALSO_KNOWN_AS.sub("", other) for other in re.findall(_PARENTHESIS, title[len(main) :]))]


def _parts(name):
    """What stands before, between and after colons and dashes, if there are any."""
    parts = _COLON.split(name)
    return parts if len(parts) > 1 else []


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
    text = article_first(name.strip()).casefold().translate(_LETTERS)
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
