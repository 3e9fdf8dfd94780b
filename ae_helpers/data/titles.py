"""Articles and years in the titles of movies, as MovieLens and people write them."""

import re

_ARTICLES = "the|a|an|la|le|les|l'|los|las|el|lo|il|i|gli|un|une|una|das|der|die|den|det|de|en|o|os|as"
_TRAILING_ARTICLE = re.compile(rf",\s*({_ARTICLES})\s*$", re.IGNORECASE)
# In front, "die", "i", "en", "o" and "as" are words of English titles, too.
_LEADING_ARTICLE = re.compile(r"(?:the|a|an|la|le|les|l|los|las|el|lo|il|gli|un|une|una|das|der|den|det) (?=.)")
_ALSO_KNOWN_AS = re.compile(r"\s*(?:a\.?k\.?a\.?\s)?", re.IGNORECASE)
# "(1995)" at the end, also "(1989-1993)" or "(2007-)" of a series, and "(1995) (V)" of a video.
_YEAR = re.compile(r"\((\d{4})(?:[-–]\s?\d{0,4})?\)(?: \(V\))?$")


def split_year(title: str) -> tuple[str, int | None]:
    """The name and the year of a title.

    Example:
        >>> split_year("Toy Story (1995)")
        ('Toy Story', 1995)
        >>> split_year("2001: A Space Odyssey")
        ('2001: A Space Odyssey', None)
    """
    title = title.strip()
    year = _YEAR.search(title)
    return (title[: year.start()].rstrip(), int(year[1])) if year else (title, None)


def article_first(title: str) -> str:
    """The title with articles where they are spoken: before each name, not behind it.

    Example:
        >>> article_first("City of Lost Children, The (Cité des enfants perdus, La) (1995)")
        'The City of Lost Children (La Cité des enfants perdus) (1995)'
    """
    parts = re.split(r"([():])", title)
    begins = [0]  # of the name that we are in, and of those around it
    for i, part in enumerate(parts):
        if part == "(":
            begins.append(i + 1)
        elif part == ")":
            begins = begins[:-1] or [i + 1]
        elif article := _TRAILING_ARTICLE.search(part):
            parts[i] = part[: article.start()] + part[article.end(1) :]
            first = parts[begins[-1]]
            also = _ALSO_KNOWN_AS.match(first)[0]  # type: ignore[index]  # if only the empty text
            space = "" if article[1].endswith("'") else " "
            parts[begins[-1]] = f"{also}{article[1]}{space}{first[len(also) :]}"
    return "".join(parts)


def without_article(name: str) -> str:
    """A name in lower case without the article that it begins with; an article alone stays.

    Example:
        >>> without_article("la dolce vita")
        'dolce vita'
    """
    article = _LEADING_ARTICLE.match(name)
    return name[article.end() :] if article else name
