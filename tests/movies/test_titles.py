import numpy as np
import pytest

from ae_helpers.movies import ItemIndex, UnclearTitle
from ae_helpers.movies.titles import LISTED, SUGGESTED


def found(index, asked):
    movies = index.movies
    return movies["title"][movies["movieId"] == index.find(asked)].item()


# Titles that are sure.


@pytest.mark.parametrize(
    ("asked", "title"),
    [
        # Case, articles, spaces.
        ("toy story", "Toy Story (1995)"),
        ("  TOY   story ", "Toy Story (1995)"),
        ("toystory", "Toy Story (1995)"),
        ("the matrix", "The Matrix (1999)"),
        ("Matrix, The", "The Matrix (1999)"),
        ("Matrix, The (1999)", "The Matrix (1999)"),
        ("matrix", "The Matrix (1999)"),
        ("alien", "Alien (1979)"),
        ("godfather", "The Godfather (1972)"),
        ("die hard", "Die Hard (1988)"),  # "die" is no article here
        # Punctuation and accents.
        ("wall-e", "WALL·E (2008)"),
        ("schindlers list", "Schindler's List (1993)"),
        ("spiderman", "Spider-Man (2002)"),
        ("LA confidential", "L.A. Confidential (1997)"),
        ("leon", "Léon: The Professional (a.k.a. The Professional) (Léon) (1994)"),
        ("Amélie", "Amelie (Le Fabuleux destin d'Amélie Poulain) (2001)"),
        ("dumb and dumber", "Dumb & Dumber (Dumb and Dumber) (1994)"),
        ("500 days of summer", "(500) Days of Summer (2009)"),
        # Other names.
        ("the city of lost children", "The City of Lost Children (La Cité des enfants perdus) (1995)"),
        ("cite des enfants perdus", "The City of Lost Children (La Cité des enfants perdus) (1995)"),
        ("se7en", "Seven (a.k.a. Se7en) (1995)"),
        ("12 Monkeys", "Twelve Monkeys (a.k.a. 12 Monkeys) (1995)"),
        # Beginnings, subtitles, numbers.
        ("dr strangelove", "Dr. Strangelove or: How I Learned to Stop Worrying and Love the Bomb (1964)"),
        ("empire strikes back", "Star Wars: Episode V - The Empire Strikes Back (1980)"),
        ("a new hope", "Star Wars: Episode IV - A New Hope (1977)"),
        ("star wars episode 1", "Star Wars: Episode I - The Phantom Menace (1999)"),
        ("rocky 2", "Rocky II (1979)"),
        ("the godfather 2", "The Godfather: Part II (1974)"),
        ("2001", "2001: A Space Odyssey (1968)"),
        # Slips.
        ("godfater", "The Godfather (1972)"),
        ("alein", "Alien (1979)"),
        ("forest gump", "Forrest Gump (1994)"),
        ("pulp fcition", "Pulp Fiction (1994)"),
        ("shawshank redemtion", "The Shawshank Redemption (1994)"),
        ("fellowship of the rnig", "The Lord of the Rings: The Fellowship of the Ring (2001)"),
        # Years.
        ("Sabrina (1995)", "Sabrina (1995)"),
        ("sabrina 1954", "Sabrina (1954)"),
        ("sabrnia (1954)", "Sabrina (1954)"),
        ("lord of the rings (1978)", "The Lord of the Rings (1978)"),
        ("lord of the rings (2002)", "The Lord of the Rings: The Two Towers (2002)"),
    ],
)
def test_a_title_is_understood_with_and_without_counts(asked, title, index, uncounted):
    assert found(index, asked) == found(uncounted, asked) == title


def test_every_title_finds_its_movie(index, movies):
    twice = set(movies["title"][movies["title"].duplicated(keep=False)])
    assert len(twice) == 2  # two films each, of one year
    for movie, title in zip(movies["movieId"], movies["title"], strict=True):
        if title in twice:
            with pytest.raises(UnclearTitle, match=f"movieId {movie}.*\n?.*\nAsk again with the movieId"):
                index.find(title)
        else:
            assert index.find(title) == movie


def test_year_as_keyword(index):
    assert index.find("sabrina", year=1954) == index.find("Sabrina (1954)", year=1954) == 915
    with pytest.raises(ValueError, match=r"'Sabrina \(1954\)' and year=1995 contradict"):
        index.find("Sabrina (1954)", year=1995)
    with pytest.raises(ValueError, match="year should be a whole number, but is '1954'"):
        index.find("sabrina", year="1954")
    with pytest.raises(ValueError, match="year goes with a title, but came with 7"):
        index.similar(7, year=1954)


def test_the_best_known_of_a_series_needs_no_year(index, uncounted):
    assert found(index, "x-men") == "X-Men (2000)"
    with pytest.raises(UnclearTitle, match="5 movies"):
        uncounted.find("x-men")


# Titles that are not.


@pytest.mark.parametrize(
    ("asked", "first", "number"),
    [
        ("Sabrina", "Sabrina (1995)", 2),
        ("star wars", "Star Wars: Episode IV - A New Hope (1977)", 8),
        ("lord of the rings", "The Lord of the Rings: The Fellowship of the Ring (2001)", 4),
        ("the lord of the rigns", "The Lord of the Rings: The Fellowship of the Ring (2001)", 4),
        ("harry potter", "Harry Potter and the Sorcerer's Stone", 8),
        ("kill bill", "Kill Bill: Vol. 1 (2003)", 2),
        ("les miserables", "Les Misérables (1995)", 3),
        ("the professional", "Léon: The Professional", 2),  # also the title of a film of 1981
        ("love", "Love Actually (2003)", 33),
    ],
)
def test_several_movies_are_asked_back_the_best_known_first(asked, first, number, index):
    with pytest.raises(UnclearTitle) as caught:
        index.find(asked)
    candidates, message = caught.value.candidates, str(caught.value)
    assert isinstance(caught.value, ValueError)
    assert len(candidates) == number and f"{asked!r} may be any of these {number} movies" in message
    assert candidates["title"][0].startswith(first)
    assert candidates["ratings"].is_monotonic_decreasing
    assert candidates["title"][0] in message and f"movieId {candidates['movieId'][0]}" in message
    assert message.count("\n") <= LISTED + 2


def test_without_counts_the_oldest_comes_first(uncounted):
    with pytest.raises(UnclearTitle) as caught:
        uncounted.find("lord of the rings")
    assert caught.value.candidates["year"].tolist() == [1978, 2001, 2002, 2003]


def test_each_candidate_can_be_chosen_as_the_message_says(index):
    for asked in ("sabrina", "star wars", "lord of the rings"):
        with pytest.raises(UnclearTitle) as caught:
            index.find(asked)
        for title, movie in zip(caught.value.candidates["title"], caught.value.candidates["movieId"], strict=True):
            assert index.find(title) == movie


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ("gump", "Forrest Gump (1994)"),
        ("strangelove", "Dr. Strangelove"),
        ("jawz", "Jaws (1975)"),  # too short to be sure
        ("toy story 4", "Toy Story (1995)"),  # no slip: another number
        ("apollo", "Apollo 13 (1995)"),  # a number makes another film of it
        ("sabrina (2001)", "Sabrina (1995)"),
        ("oppenheimer", "movieId"),
        ("the", "movieId"),
        ("!?", "movieId"),
    ],
)
def test_what_is_no_title_gets_suggestions(asked, near, index):
    with pytest.raises(UnclearTitle, match="No movie is called") as caught:
        index.find(asked)
    assert near in str(caught.value) and 1 <= len(caught.value.candidates) <= SUGGESTED


def test_a_year_without_such_a_movie_is_named(index):
    with pytest.raises(UnclearTitle, match="No movie is called 'sabrina' of 2001"):
        index.find("sabrina", year=2001)


@pytest.mark.parametrize("asked", ["", "  ", "(1995)"])
def test_an_empty_title_is_refused(asked, index):
    with pytest.raises(ValueError, match="The title is empty"):
        index.find(asked)


def test_titles_of_punctuation_only_and_without_year(small_movies):
    index = ItemIndex(np.eye(3), small_movies(["$ (1971)", "... (1972)", "Loving"]))
    assert [index.find("$"), index.find("..."), index.find("loving")] == [10, 11, 12]
    with pytest.raises(UnclearTitle):
        index.find("!!!")


def test_titles_as_grouplens_writes_them(small_movies):
    index = ItemIndex(np.eye(2), small_movies(["Matrix, The (1999)", "Ragazza, La (a.k.a. Girl, The) (1960)"]))
    assert [index.find("the matrix"), index.find("la ragazza"), index.find("girl")] == [10, 11, 11]
