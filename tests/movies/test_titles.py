import collections
import time

import numpy as np
import pytest

from ae_helpers.movies import ItemIndex, UnclearTitle
from ae_helpers.movies.titles import LISTED, SUGGESTED
from benchmarks.titles import ABSENT, TWO, measure


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
        # Punctuation and accents.
        ("wall-e", "WALL·E (2008)"),
        ("schindlers list", "Schindler's List (1993)"),
        ("spiderman", "Spider-Man (2002)"),
        ("LA confidential", "L.A. Confidential (1997)"),
        ("leon", "Léon: The Professional (a.k.a. The Professional) (Léon) (1994)"),
        ("Amélie", "Amelie (Le Fabuleux destin d'Amélie Poulain) (2001)"),
        ("Ame\u0301lie", "Amelie (Le Fabuleux destin d'Amélie Poulain) (2001)"),  # decomposed, as on macOS
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
        ("Lord of the Rings: Return of the King", "The Lord of the Rings: The Return of the King (2003)"),
        ("star wars: empire strikes back", "Star Wars: Episode V - The Empire Strikes Back (1980)"),
        ("x-men", "X-Men (2000)"),
        ("der godfather", "The Godfather (1972)"),
        ("ddie hard", "Die Hard (1988)"),  # "die" is no article here
        ("die hard", "Die Hard (1988)"),
        ("death race 2000", "Death Race 2000 (1975)"),
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


def test_whole_titles_find_their_movies(index, movies):
    for movie, title in movies.loc[::80, ["movieId", "title"]].itertuples(index=False):
        assert index.find(title) == movie


def test_of_two_movies_with_one_title_and_year_the_id_decides(index, movies):
    twice = movies[movies["title"].duplicated(keep=False)]
    assert len(twice) == 4
    for movie, title in zip(twice["movieId"], twice["title"], strict=True):
        with pytest.raises(UnclearTitle) as caught:
            index.find(title)
        assert movie in caught.value.candidates["movieId"][:2].tolist()


def test_year_as_keyword(index):
    assert index.find("sabrina", year=1954) == index.find("Sabrina (1954)", year=1954) == 915
    with pytest.raises(ValueError, match=r"'Sabrina \(1954\)' and year=1995 contradict"):
        index.find("Sabrina (1954)", year=1995)
    with pytest.raises(ValueError, match="year should be a whole number, but is '1954'"):
        index.find("sabrina", year="1954")
    with pytest.raises(ValueError, match="year goes with a title, but came with 7"):
        index.similar(7, year=1954)


# Titles that are not.


@pytest.mark.parametrize(
    ("asked", "there", "number"),
    [
        ("Sabrina", ["Sabrina (1995)", "Sabrina (1954)"], 2),
        ("star wars", ["Star Wars: Episode IV - A New Hope (1977)"], 9),
        ("kill bill", ["Kill Bill: Vol. 1 (2003)", "Kill Bill: Vol. 2 (2004)"], 2),
        ("the professional", ["Léon: The Professional (a.k.a. The Professional) (Léon) (1994)"], 2),  # also of 1981
        ("love", ["Shakespeare in Love (1998)"], LISTED),
        ("A", ["Die Hard: With a Vengeance (1995)"], LISTED),
        # The film of 1978 bears this name alone, but one of the trilogy is more likely meant.
        ("lord of the rings", ["The Lord of the Rings (1978)", "The Lord of the Rings: The Fellowship of the Ring"], 4),
        ("the lord of the rigns", ["The Lord of the Rings (1978)"], 4),
        ("harry potter", ["Harry Potter and the Sorcerer's Stone"], 6),
        ("les miserables", ["Les Misérables (2012)"], 3),
        # Nearly titles.
        ("teh lion kign", ["The Lion King (1994)"], 1),
        ("gump", ["Forrest Gump (1994)"], 1),
        ("strangelove", ["Dr. Strangelove"], 1),
        ("jawz", ["Jaws (1975)"], 1),  # too short to be sure
        ("toy story 4", ["Toy Story (1995)"], 3),  # no slip: another number
        ("apollo", ["Apollo 13 (1995)"], 1),  # a number makes another film of it
        ("matrix lost", ["The Matrix (1999)"], 1),  # a word more, too
        ("sabrina (2001)", ["Sabrina (1995)", "Sabrina (1954)"], 2),
        ("sabrina 2001", ["Sabrina (1995)", "Sabrina (1954)"], 2),
    ],
)
def test_what_is_not_sure_is_asked_back(asked, there, number, index):
    with pytest.raises(UnclearTitle) as caught:
        index.find(asked)
    candidates, message = caught.value.candidates, str(caught.value)
    assert isinstance(caught.value, ValueError)
    assert number <= len(candidates) <= max(number, SUGGESTED)
    lines = message.split("\n")
    assert len(lines) == len(candidates) + 2 and lines[-1].startswith("Ask again with title and year, such as ")
    assert candidates.columns.equals(index.movies.columns)
    for line, movie, title in zip(lines[1:], candidates["movieId"], candidates["title"], strict=False):
        assert line == f"  {title}, movieId {movie}" and title
    for title in there:
        assert candidates["title"].str.startswith(title).any()


def test_a_question_says_what_was_asked(index):
    with pytest.raises(
        UnclearTitle, match=r"which movie is meant by 'Sabrina'\. The nearest are:\n  Sabrina \(1995\), "
    ):
        index.find("Sabrina")
    with pytest.raises(UnclearTitle, match="meant by 'sabrina' of 2001"):
        index.find("sabrina", year=2001)


def test_each_candidate_can_be_chosen_as_the_message_says(index):
    for asked in ("sabrina", "star wars", "lord of the rings"):
        with pytest.raises(UnclearTitle) as caught:
            index.find(asked)
        for title, movie in zip(caught.value.candidates["title"], caught.value.candidates["movieId"], strict=True):
            assert index.find(title) == movie


def test_of_equally_near_movies_the_best_known_then_the_first_of_the_table_leads(small_movies):
    movies = small_movies(["Alien Star", "Alien Seas", "Alien Suns", "Alien Moon"])
    for counts, order in ((None, [10, 11, 12, 13]), ([2, 3, 1, 9], [13, 11, 10, 12])):
        with pytest.raises(UnclearTitle) as caught:
            ItemIndex(np.eye(4), movies, counts=counts).find("alien")
        assert caught.value.candidates["movieId"].tolist() == order


@pytest.mark.parametrize("asked", ["матрица", "ماتریکس", "千と千尋の神隠し", "👻👻👻", "!?", "\u202e\u200f", "xqzvw"])
def test_what_is_near_to_nothing_gets_no_candidates(asked, index):
    with pytest.raises(UnclearTitle, match="No movie has a title like") as caught:
        index.find(asked)
    assert len(caught.value.candidates) == 0 and caught.value.candidates.columns.equals(index.movies.columns)


@pytest.mark.parametrize(
    "piece", ["x", "(", ")", "(a) ", " ", "é", "the ", "toy story ", ": ", ", The", "part i ", "1"]
)
def test_huge_titles_are_quick(piece, index, small_movies):
    start = time.process_time()
    with pytest.raises(ValueError) as caught:
        index.find(piece * 20_000)
    assert len(str(caught.value)) < 3_000
    assert ItemIndex(np.eye(2), small_movies([piece * 20_000 + "!", "Other"])).find("other") == 11
    assert time.process_time() - start < 10  # what is quadratic takes minutes


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
    index = ItemIndex(np.eye(2), small_movies(["Ragazza (A.K.A. Girl, The) (1960)", "Akagirls"]))
    assert index.find("girl") == 10


def test_an_empty_title_in_the_table_is_never_meant(small_movies):
    index = ItemIndex(np.eye(3), small_movies(["", "( )!", "Loving"]))
    assert index.find("loving") == 12
    with pytest.raises(UnclearTitle):
        index.find("()")


def test_how_well_known_a_movie_is_decides_whether_to_ask(small_movies):
    movies = small_movies(["Ring (1998)", "The Ring and I (2002)"])
    assert ItemIndex(np.eye(2), movies).find("ring") == 10
    assert ItemIndex(np.eye(2), movies, counts=[10, 10]).find("ring") == 10
    assert ItemIndex(np.eye(2), movies, counts=[100, 1]).find("ring") == 10
    with pytest.raises(UnclearTitle):
        ItemIndex(np.eye(2), movies, counts=[10, 100]).find("ring")


def question(index, asked, **year):
    with pytest.raises(UnclearTitle) as caught:
        index.find(asked, **year)
    return caught.value


def altered(name, slips):
    """The name with so many of its first letters replaced."""
    return "z" * slips + name[slips:]


def test_what_is_worth_a_question(small_movies):
    def slips_in_candidates(*slips):
        index = ItemIndex(np.eye(len(slips)), small_movies([altered("abcdefghij", n) for n in slips]))
        return [slips[movie - 10] for movie in question(index, "abcdefghij").candidates["movieId"]]

    assert slips_in_candidates(3, 4, 5, 6) == [3, 4, 5]  # half of the letters are right
    assert slips_in_candidates(4, 5, 6) == [4, 5]
    assert slips_in_candidates(1, 1, 3, 4) == [1, 1, 3]  # not much less near than the nearest


def test_two_names_that_differ_by_a_letter_are_told_apart_if_they_are_short(small_movies):
    name = "abcdefghijklmnopqrstuvwxyabcde"
    for counts in (None, [1_000, 1]):  # being better known does not make it sure
        short, long = (
            ItemIndex(np.eye(2), small_movies([name[:n], altered(name[:n], 1)]), counts=counts) for n in (25, 30)
        )
        assert short.find(name[:25]) == 10
        assert question(long, name).candidates["movieId"].tolist() == [10, 11]


def test_another_number_counts_as_some_slips(small_movies):
    name = "abcdefghijklmnopqrstuvwxyabcd"
    titles = [f"{name}2", f"{altered(name, 6)}3", f"{altered(name, 5)}3"]
    candidates = question(ItemIndex(np.eye(3), small_movies(titles)), f"{name}3").candidates
    assert candidates["movieId"].tolist() == [12, 10, 11]


def test_how_much_better_known_another_movie_must_be(small_movies):
    movies = small_movies(["Ring (1998)", "The Ring and I (2002)"])
    assert ItemIndex(np.eye(2), movies, counts=[0, 2]).find("ring") == 10
    question(ItemIndex(np.eye(2), movies, counts=[0, 3]), "ring")
    assert ItemIndex(np.eye(2), movies, counts=[10, 30]).find("ring") == 10
    question(ItemIndex(np.eye(2), movies, counts=[10, 40]), "ring")


def test_a_question_has_up_to_ten_that_fit_or_five_that_are_near(small_movies):
    fit = ItemIndex(np.eye(90), small_movies([f"Star {a}{b}{a}" for a in "bcdfghjklmnpqrstvz" for b in "aeiou"]))
    assert question(fit, "star").candidates["movieId"].tolist() == list(range(10, 20))  # the first of 90
    near = ItemIndex(np.eye(7), small_movies([altered("abcdefghij", 3), *[altered("abcdefghij", 4)] * 6]))
    assert question(near, "abcdefghij").candidates["movieId"].tolist() == [10, 11, 12, 13, 14]


def test_a_doubled_word_may_stand_for_one_that_is_missing(small_movies):
    index = ItemIndex(np.eye(2), small_movies(["Star Wars", "Star Stag"]))
    assert question(index, "star star").candidates["movieId"].tolist() == [10, 11]


def test_a_word_too_many_counts_as_some_slips(small_movies):
    index = ItemIndex(np.eye(2), small_movies(["zzzdef ghijz", "abcdef"]))
    assert question(index, "abcdef ghij").candidates["movieId"].tolist() == [11, 10]


def test_200_letters_of_a_title_count(small_movies):
    index = ItemIndex(np.eye(2), small_movies(["Star", "Wars"]))
    assert f" title like '{'q' * 200}'." in str(question(index, "q" * 300))


def test_a_question_gives_each_title_with_its_year_once(small_movies):
    movies = small_movies(["Alien Star", "Alien Seas (1999)", "Alien Suns"])
    movies["year"] = [1980, 1999, None]
    lines = str(question(ItemIndex(np.eye(3), movies), "alien")).split("\n")
    assert lines[1:4] == [
        "  Alien Star (1980), movieId 10",
        "  Alien Seas (1999), movieId 11",
        "  Alien Suns, movieId 12",
    ]
    assert lines[4] == "Ask again with title and year, such as 'Alien Star (1980)', or the movieId."
    twins = str(question(ItemIndex(np.eye(2), small_movies(["Alien (1979)"] * 2)), "alien"))
    assert twins.endswith("\nAsk again with the movieId.")


@pytest.mark.parametrize(
    ("title", "asked"),
    [
        # A series with its last part, or with the one before it.
        ("Star Wars: Episode IV - A New Hope (Guerra) (1977)", "star wars a new hope"),
        ("Star Wars: Episode IV - A New Hope (Guerra) (1977)", "star wars episode 4"),
        ("Strange or: How I Learned", "how i learned"),
        ("Odd Couple - The Sequel", "sequel"),
        ("Up: Go - No", "up no"),
        ("Up: Go - No", "up go"),
        # Letters, one by one: names so short that a slip is too much.
        ("Æon", "aeon"),
        ("Œil", "oeil"),
        ("Øre", "ore"),
        ("Đon", "don"),
        ("Ðor", "dor"),
        ("Þor", "thor"),
        ("Łza", "lza"),
        ("Irk", "ırk"),
        ("Q&A", "q and a"),
        ("Eß", "ess"),
        ("Zoé", "zoe"),
        ("D'X", "dx"),
        ("D’X", "dx"),
        ("D`X", "dx"),
        ("D´X", "dx"),
        ("D΄X", "dx"),
        ("D′X", "dx"),
        ("D‘X", "dx"),
        ("DʼX", "dx"),
        ("D.X", "dx"),
        ("A_B", "a b"),
        ("L'Eau", "eau"),
        ("L’Eau", "eau"),
        ("L´Eau", "eau"),
        # Numbers of parts.
        *((f"Saga: {word} III", "saga 3") for word in ("Part", "Volume", "Vol.", "Episode", "Chapter")),
        *((f"Saga: {word} X", "saga 10") for word in ("Part", "Volume", "Vol.", "Episode", "Chapter")),
        ("Saga Part 12", "saga 12"),
    ],
)
def test_other_spellings_and_parts_of_a_title(title, asked, small_movies):
    assert ItemIndex(np.eye(2), small_movies(["Something Else", title])).find(asked) == 11


def test_numerals(small_movies):
    numerals = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X"]
    index = ItemIndex(np.eye(10), small_movies([f"Saga: Part {numeral}" for numeral in numerals]))
    assert [index.find(f"saga {number}") for number in range(1, 11)] == list(range(10, 20))
    index = ItemIndex(np.eye(10), small_movies([f"Saga {numeral}" for numeral in numerals]))
    for row, (numeral, number) in enumerate(zip(numerals, range(1, 11), strict=True)):
        if numeral in "IX" and len(numeral) == 1:  # also a word and a letter
            question(index, f"saga {number}")
        else:
            assert index.find(f"saga {number}") == 10 + row


def test_slips_in_titles_of_well_known_films(ratings, movies):
    """A small part of `benchmarks/titles.py`."""
    movies = movies.assign(counts=movies["movieId"].map(ratings["movieId"].value_counts()).fillna(0).astype(int))
    movies = movies.sort_values("counts", ascending=False, kind="stable")[:1_000]
    results = list(measure(movies, movies[:500:20]))
    outcomes = collections.Counter(outcome for kind, _, _, outcome in results if kind not in (ABSENT, TWO))
    assert outcomes.total() > 150 and outcomes["wrong"] == 0
    assert outcomes["found"] > 0.7 * outcomes.total() and outcomes["missed"] < 0.03 * outcomes.total()
    assert {kind for kind, *_ in results} >= {"none", ABSENT, "a letter missing", "series with subtitle"}
