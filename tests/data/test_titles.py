import time

import pytest

from ae_helpers.data.titles import article_first, split_year, without_article


@pytest.mark.parametrize(
    ("title", "name", "year"),
    [
        ("Toy Story (1995)", "Toy Story", 1995),
        (" Toy Story  (1995) ", "Toy Story", 1995),
        ("Toy Story(1995)", "Toy Story", 1995),
        ("Toy Story", "Toy Story", None),
        ("2001: A Space Odyssey (1968)", "2001: A Space Odyssey", 1968),
        ("Fawlty Towers (1975-1979)", "Fawlty Towers", 1975),
        ("Big Bang Theory, The (2007-)", "Big Bang Theory, The", 2007),
        ("Dekalog (1989– 1990)", "Dekalog", 1989),
        ("Gargoyles (1995) (V)", "Gargoyles", 1995),
        ("Seven (a.k.a. Se7en) (1995)", "Seven (a.k.a. Se7en)", 1995),
        ("(1995)", "", 1995),
        ("1984", "1984", None),
        ("Death Race (2000) Again", "Death Race (2000) Again", None),
        ("Death Race (20000)", "Death Race (20000)", None),
    ],
)
def test_the_year_is_split_off(title, name, year):
    assert split_year(title) == (name, year)


@pytest.mark.parametrize(
    ("title", "spoken"),
    [
        ("Dark Knight, The (2008)", "The Dark Knight (2008)"),
        ("Dark Knight, The", "The Dark Knight"),
        ("matrix, the", "the matrix"),
        ("Kid, The (Gamin, Le) (1921)", "The Kid (Le Gamin) (1921)"),
        ("Avventura, L' (Adventure, The) (1960)", "L'Avventura (The Adventure) (1960)"),
        ("Ragazza (a.k.a. Girl, The) (1960)", "Ragazza (a.k.a. The Girl) (1960)"),
        ("Ragazza (A.K.A. Girl, The) (1960)", "Ragazza (A.K.A. The Girl) (1960)"),
        (
            "Lord of the Rings: The Return of the King, The (2003)",
            "The Lord of the Rings: The Return of the King (2003)",
        ),
        ("Trial, The: A Film", "The Trial: A Film"),
        ("Postman (Il) Always, The (1999)", "The Postman (Il) Always (1999)"),
        ("Vitelloni, I (1953)", "I Vitelloni (1953)"),
        ("Girl, Interrupted (1999)", "Girl, Interrupted (1999)"),
        ("Paris, Texas (1984)", "Paris, Texas (1984)"),
        ("The Matrix (1999)", "The Matrix (1999)"),
        ("Odd (one, The", "Odd (The one"),
        ("Odd) one, The", "Odd) The one"),
        (", The", "The "),
        ("", ""),
    ],
)
def test_articles_come_first(title, spoken):
    assert article_first(title) == spoken


@pytest.mark.parametrize("piece", ["(", ")", "()", " ", ", ", ", The", "(a, The)", ":", "(1995)", "a.k.a. "])
def test_long_titles_take_no_time(piece):
    start = time.process_time()
    split_year(piece * 20_000)
    article_first(piece * 20_000)
    assert time.process_time() - start < 5  # what is quadratic takes minutes


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        ("the matrix", "matrix"),
        ("la dolce vita", "dolce vita"),
        ("l avventura", "avventura"),
        ("the the matrix", "the matrix"),
        ("theory of everything", "theory of everything"),
        ("the", "the"),
        ("die hard", "die hard"),
        ("i robot", "i robot"),
        ("as good as it gets", "as good as it gets"),
        ("", ""),
    ],
)
def test_a_leading_article_goes(name, bare):
    assert without_article(name) == bare


EVERYWHERE = [
    "the",
    "a",
    "an",
    "la",
    "le",
    "les",
    "los",
    "las",
    "el",
    "lo",
    "il",
    "gli",
    "un",
    "une",
    "una",
    "das",
    "der",
    "den",
    "det",
]
ONLY_BEHIND = ["i", "die", "de", "en", "o", "os", "as"]  # in front, they are words of English titles, too


@pytest.mark.parametrize("article", EVERYWHERE + ONLY_BEHIND)
def test_each_article_is_known(article):
    assert article_first(f"Name, {article.title()} (1995)") == f"{article.title()} Name (1995)"
    assert without_article(f"{article} name") == ("name" if article in EVERYWHERE else f"{article} name")


@pytest.mark.parametrize("also", ["a.k.a. ", "aka ", "A.K.A. ", "a.ka ", "ak.a. "])
def test_an_article_stands_behind_also_known_as(also):
    assert article_first(f"Ragazza ({also}Girl, The)") == f"Ragazza ({also}The Girl)"
