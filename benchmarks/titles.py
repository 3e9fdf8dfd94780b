"""How well `ItemIndex` understands titles with slips, for the best-known films.

    python benchmarks/titles.py                     # the 500 best-known films
    python benchmarks/titles.py --films 501 1500    # others: with these, settings are chosen

Each film of the bundled MovieLens is asked for with one slip of each kind, drawn at random. A row of
the Markdown table says what share found their film, got a question back with it among the first
five, or a question without it, and how many got another film without a question. A slip that makes the very
name of another film ("Alien" for "Aliens") is left out. The last row asks for films that are not in the
index, by their right names: whatever is found, is wrong.
"""

import argparse
import collections
import itertools
import random
import re

import numpy as np

from ae_helpers.data import load_movielens
from ae_helpers.data.titles import split_year
from ae_helpers.movies import ItemIndex, UnclearTitle

ARTICLES = {"the", "a", "an"}
FOREIGN = ["der", "die", "das", "le", "la", "les", "el", "los", "il", "lo", "una", "det"]
ABSENT, TWO, NONE = "not in the index", "two slips", "none"
OUTCOMES = ["found", "asked", "missed", "wrong"]
ASKED = 5  # films of a question that count
PARTS = 5  # of the films that are left out, one part at a time


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--films", type=int, nargs=2, default=(1, 500), help="ranks of the first and the last film")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--uncounted", action="store_true", help="without saying how well known the films are")
    parser.add_argument("--show", action="store_true", help="print what was missed or wrong")
    options = parser.parse_args()
    ratings, movies = load_movielens()
    movies["counts"] = movies["movieId"].map(ratings["movieId"].value_counts()).fillna(0).astype(int)
    first, last = options.films
    films = movies.sort_values("counts", ascending=False, kind="stable")[first - 1 : last]
    results = list(measure(movies, films, options.seed, counted=not options.uncounted))
    report(results)
    if options.show:
        for kind, asked, title, outcome in results:
            if outcome in ("missed", "wrong"):
                print(f"{outcome} ({kind}): {asked!r} for {title!r}")


def measure(movies, films, seed=0, *, counted=True):
    """Yield kind of slip, what was asked, title and outcome for each slip of each film."""
    index = index_of(movies, counted)
    owners = collections.defaultdict(set)
    for movie, title in zip(movies["movieId"], movies["title"], strict=True):
        for name in names(title):
            owners[key(name)].add(movie)
    for movie, title in zip(films["movieId"], films["title"], strict=True):
        for kind, asked in slips(names(title)[0], random.Random(f"{seed} {movie}")):
            if not owners[key(asked)] - {movie}:
                yield kind, asked, title, outcome(index, asked, movie)
    for part in range(PARTS):
        absent = films[part::PARTS]
        rest = movies[~movies["movieId"].isin(absent["movieId"])]
        index, left = index_of(rest, counted), {key(name) for title in rest["title"] for name in names(title)}
        for movie, title in zip(absent["movieId"], absent["title"], strict=True):
            if key(asked := names(title)[0]) not in left:
                right = outcome(index, asked, movie) != "wrong"
                yield ABSENT, asked, title, "asked" if right else "wrong"


def index_of(movies, counted):
    counts = movies["counts"].to_numpy() if counted else None
    return ItemIndex(np.ones((len(movies), 1)), movies, counts=counts)


def outcome(index, asked, movie):
    try:
        return "found" if index.find(asked) == movie else "wrong"
    except UnclearTitle as question:
        return "asked" if movie in question.candidates["movieId"].tolist()[:ASKED] else "missed"


def names(title):
    """The title without year and parentheses, then with them, then what is in them."""
    title = split_year(title)[0]
    return [re.sub(r" *\(.*\)", "", title).strip() or title, title, *re.findall(r"\((?:a\.k\.a\. )?([^()]+)\)", title)]


def key(name):
    """What two names have in common that hardly anybody tells apart."""
    words = re.findall(r"\w+", name.casefold())
    return "".join(words[words[0] in ARTICLES :]) if len(words) > 1 else "".join(words)


def slips(name, random):
    """Yield pairs of the kind of slip and the name with it; those that are possible with this name."""
    for kind, change in CHANGES.items():
        if changed := change(name, random):
            yield kind, changed
    if (once := swapped(name, random)) and (twice := missing(once, random)):
        yield TWO, twice
    yield NONE, name
    words = name.split()
    content = [i for i, word in enumerate(words) if word.lower() not in ARTICLES and re.search(r"\w", word)]
    if len(content) > 1:
        out = random.choice(content)
        yield "a word missing", " ".join(words[:out] + words[out + 1 :])
    without = [word for word in words if word.lower() not in ARTICLES]
    if 0 < len(without) < len(words):
        yield "articles missing", " ".join(without)
    parts = re.split(r": | - ", name)
    if len(parts) > 1:
        yield "subtitle only", parts[-1]
        ends = (re.sub("^(the|a|an) ", "", part, flags=re.IGNORECASE) for part in (parts[0], parts[-1]))
        yield "series with subtitle", ": ".join(ends)
    bare = words[1:] if words[0].lower() in ARTICLES and len(words) > 1 else words
    yield "another language's article", " ".join([random.choice(FOREIGN), *bare])


def pairs(name):
    """Places of two letters, one behind the other, that differ."""
    places = letters(name)
    return [i for i, j in itertools.pairwise(places) if j == i + 1 and name[i].lower() != name[j].lower()]


def letters(name):
    """Places of letters; not of numerals, because "Part II" is another film than "Part III"."""
    numerals = {i for word in re.finditer(r"\b[IVX]+\b", name) for i in range(*word.span())}
    return [i for i, letter in enumerate(name) if letter.isalpha() and i not in numerals]


def swapped(name, random):
    if places := pairs(name):
        i = random.choice(places)
        return name[:i] + name[i + 1] + name[i] + name[i + 2 :]


def missing(name, random):
    if len(places := letters(name)) > 1:
        i = random.choice(places)
        return name[:i] + name[i + 1 :]


def doubled(name, random):
    if places := letters(name):
        i = random.choice(places)
        return name[:i] + name[i] + name[i:]


def wrong(name, random):
    if places := letters(name):
        i = random.choice(places)
        return name[:i] + random.choice("abcdefghijklmnopqrstuvwxyz".replace(name[i].lower(), "")) + name[i + 1 :]


CHANGES = {
    "two letters swapped": swapped,
    "a letter missing": missing,
    "a letter doubled": doubled,
    "a wrong letter": wrong,
}


def report(results):
    table = collections.defaultdict(collections.Counter)
    for kind, _, _, result in results:
        table[kind][result] += 1
        if kind not in (ABSENT, TWO, NONE):
            table["**one slip**"][result] += 1
    table |= {kind: table.pop(kind) for kind in ("**one slip**", TWO, NONE, ABSENT)}
    print(f"| slip | questions | {' | '.join(OUTCOMES)} |\n|---|{'---|' * (1 + len(OUTCOMES))}")
    for kind, counts in table.items():
        n = counts.total()
        shares = " | ".join(f"{counts[name] / n:.1%}" for name in OUTCOMES[:-1])
        print(f"| {kind} | {n:,} | {shares} | {counts['wrong']} |")


if __name__ == "__main__":
    main()
