import re
import sys
import time

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from sklearn.decomposition import TruncatedSVD
from sklearn.metrics.pairwise import cosine_similarity

from ae_helpers import recommend
from ae_helpers.data import load_movielens
from ae_helpers.recommend import ApproximateSearch, ItemIndex, UnclearTitle, nearest

RATINGS, MOVIES = load_movielens()
COUNTS = RATINGS["movieId"].value_counts().reindex(MOVIES["movieId"], fill_value=0).to_numpy()
TITLE = MOVIES.set_index("movieId")["title"]


@pytest.fixture(scope="module")
def embeddings():
    """Truncated SVD of the movie-by-user matrix, weighted by log inverse user frequency."""
    user = np.unique(RATINGS["userId"], return_inverse=True)[1]
    movie = MOVIES.reset_index().set_index("movieId")["index"][RATINGS["movieId"]].to_numpy()
    rarity = np.log(len(MOVIES) / np.bincount(user))
    return TruncatedSVD(64, random_state=0).fit_transform(csr_array((rarity[user], (movie, user))))


@pytest.fixture(scope="module")
def index(embeddings):
    return ItemIndex(embeddings, MOVIES, counts=COUNTS)


@pytest.fixture(scope="module")
def uncounted(embeddings):
    return ItemIndex(embeddings, MOVIES)


def small_movies(titles=("A (2001)", "B (2002)", "C (2003)", "D (2004)", "E")):
    years = [int(title[-5:-1]) if title.endswith(")") else None for title in titles]
    return pd.DataFrame(
        {
            "movieId": np.arange(10, 10 + len(titles), dtype=np.int32),
            "title": list(titles),
            "year": pd.array(years, "Int16"),
            "genres": "Drama",
        }
    )


SMALL = np.array([[1, 0], [2, 1], [0, 3], [-1, 0], [5, 0.1]])


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
    assert TITLE[index.find(asked)] == TITLE[uncounted.find(asked)] == title


def test_every_title_finds_its_movie(index):
    twice = set(MOVIES["title"][MOVIES["title"].duplicated(keep=False)])
    assert len(twice) == 2  # two films each, of one year
    for movie, title in zip(MOVIES["movieId"], MOVIES["title"], strict=True):
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
    assert TITLE[index.find("x-men")] == "X-Men (2000)"
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
    assert message.count("\n") <= recommend.LISTED + 2


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
    assert near in str(caught.value) and 1 <= len(caught.value.candidates) <= recommend.SUGGESTED


def test_a_year_without_such_a_movie_is_named(index):
    with pytest.raises(UnclearTitle, match="No movie is called 'sabrina' of 2001"):
        index.find("sabrina", year=2001)


@pytest.mark.parametrize("asked", ["", "  ", "(1995)"])
def test_an_empty_title_is_refused(asked, index):
    with pytest.raises(ValueError, match="The title is empty"):
        index.find(asked)


def test_titles_of_punctuation_only_and_without_year():
    index = ItemIndex(np.eye(3), small_movies(["$ (1971)", "... (1972)", "Loving"]))
    assert [index.find("$"), index.find("..."), index.find("loving")] == [10, 11, 12]
    with pytest.raises(UnclearTitle):
        index.find("!!!")


def test_titles_as_grouplens_writes_them():
    index = ItemIndex(np.eye(2), small_movies(["Matrix, The (1999)", "Ragazza, La (a.k.a. Girl, The) (1960)"]))
    assert [index.find("the matrix"), index.find("la ragazza"), index.find("girl")] == [10, 11, 11]


# Answers.


def test_similar_by_hand():
    table = ItemIndex(SMALL, small_movies(), counts=[5, 4, 3, 2, 1]).similar("a", 4)
    assert table.index.name == "movieId" and table.columns.name == "like A (2001)"
    assert table.columns.tolist() == ["title", "year", "genres", "similarity", "ratings"]
    assert table.index.tolist() == [14, 11, 12, 13]
    assert table["title"].tolist() == ["E", "B (2002)", "C (2003)", "D (2004)"]
    assert table["ratings"].tolist() == [1, 4, 3, 2]
    assert table["year"].tolist() == [pd.NA, 2002, 2003, 2004]
    np.testing.assert_allclose(table["similarity"], [5 / np.sqrt(25.01), 2 / np.sqrt(5), 0, -1], rtol=1e-6)


def test_without_counts_there_is_no_column_of_ratings():
    table = ItemIndex(SMALL, small_movies()).similar(10, 1)
    assert table.columns.tolist() == ["title", "year", "genres", "similarity"]


def test_similar_is_that_of_scikit_learn(embeddings, index):
    rows = [0, 100, 5_000]
    cosines = cosine_similarity(embeddings[rows], embeddings)
    for row, cosine in zip(rows, cosines, strict=True):
        table = index.similar(MOVIES["movieId"][row], 50)
        cosine[row] = -np.inf
        assert table["similarity"].dtype.kind == "f" and table["similarity"].is_monotonic_decreasing
        np.testing.assert_allclose(table["similarity"], np.sort(cosine)[::-1][:50], atol=1e-6)
        found = MOVIES.index[MOVIES["movieId"].isin(table.index)]
        assert row not in found and cosine[found].min() >= np.sort(cosine)[-50] - 1e-6


def test_neighbours_make_sense(index):
    assert {"Aliens (1986)", "Blade Runner (1982)"} <= set(index.similar("alien")["title"])
    assert index.similar("godfather", 1)["title"].tolist() == ["The Godfather: Part II (1974)"]


def test_similar_to_many_is_the_mean_of_cosines(embeddings, index):
    rows = [MOVIES.index[MOVIES["movieId"] == index.find(title)][0] for title in ("toy story", "alien")]
    mean = cosine_similarity(embeddings[rows], embeddings).mean(axis=0)
    mean[rows] = -np.inf
    table = index.similar_to_many(["toy story", "alien"], 20)
    np.testing.assert_allclose(table["similarity"], np.sort(mean)[::-1][:20], atol=1e-6)
    assert not {1, 1214} & set(table.index)
    assert table.columns.name == "like Toy Story (1995), Alien (1979)"


def test_similar_to_many_of_one_or_the_same(index):
    one = index.similar("alien")
    pd.testing.assert_frame_equal(index.similar_to_many(["alien"]), one)
    pd.testing.assert_frame_equal(index.similar_to_many(("alien", 1214, np.int64(1214))), one)


def test_equal_similarities_keep_the_order_of_the_movies():
    same = ItemIndex(np.ones((5, 3)), small_movies())
    assert same.similar(12, 3).index.tolist() == [10, 11, 13]
    np.testing.assert_allclose(same.similar(12, 3)["similarity"], 1)


def test_lengths_do_not_matter(embeddings, index):
    scaled = embeddings * np.logspace(-30, 30, len(embeddings))[:, None]
    table = ItemIndex(scaled, MOVIES).similar("alien")
    assert table.index.tolist() == index.similar("alien").index.tolist()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int8])
def test_any_numbers_will_do(dtype):
    index = ItemIndex(SMALL.astype(dtype), small_movies())
    assert index.vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(index.vectors, axis=1), 1, rtol=1e-6)
    tiny = np.full((2, 2), np.finfo(np.float32).smallest_subnormal)
    np.testing.assert_allclose(ItemIndex(tiny, small_movies(["A", "B"])).similar("A", 1)["similarity"], 1)


def test_the_arguments_stay_as_they_are():
    values, movies = SMALL.copy(), small_movies()
    index = ItemIndex(values, movies, counts=np.ones(5, int))
    table = index.similar("A", 1)
    table["title"] = "changed"
    np.testing.assert_array_equal(values, SMALL)
    pd.testing.assert_frame_equal(movies, small_movies())
    values[:] = 0
    assert index.similar("A", 1).index.tolist() == [14] and len(index) == 5


def test_nearest_by_hand():
    vectors = np.array([[1.0], [3.0], [2.0], [3.0]])
    rows, products = nearest(vectors, np.array([2.0]), 2)
    assert rows.tolist() == [1, 3] and products.tolist() == [6, 6]
    assert nearest(vectors, np.array([2.0]), 2, without=[1])[0].tolist() == [3, 2]


def test_an_answer_takes_no_time(index):
    start = time.process_time()  # not what other programs take
    for _ in range(10):
        index.similar("the shawshank redemtion")
    assert time.process_time() - start < 2


# Refusals.


@pytest.mark.parametrize("k", [0, -1, 5, 2.0, True, "3", None])
def test_k_out_of_range_is_refused(k):
    with pytest.raises(ValueError, match=f"from 1 to the 4 other movies, but is {k!r}"):
        ItemIndex(SMALL, small_movies()).similar("A", k)


def test_k_counts_only_what_is_not_liked():
    index = ItemIndex(SMALL, small_movies())
    assert len(index.similar_to_many(["A", "B"], 3)) == 3
    with pytest.raises(ValueError, match="from 1 to the 3 other movies, but is 4"):
        index.similar_to_many(["A", "B"], 4)


@pytest.mark.parametrize(("movies", "message"), [([], "movies is empty"), ("A", r"Try \['A'\]"), (10, r"Try \[10\]")])
def test_no_list_of_movies_is_refused(movies, message):
    with pytest.raises(ValueError, match=message):
        ItemIndex(SMALL, small_movies()).similar_to_many(movies)


@pytest.mark.parametrize("movie", [99, -1])
def test_an_unknown_id_is_refused(movie):
    with pytest.raises(ValueError, match=f"no movie with the movieId {movie}"):
        ItemIndex(SMALL, small_movies()).similar(movie)


@pytest.mark.parametrize("movie", [None, 1.0, True, ["A"]])
def test_what_is_no_movie_is_refused(movie):
    with pytest.raises(ValueError, match="should be a title or a movieId"):
        ItemIndex(SMALL, small_movies()).similar(movie)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.nan, "has NaN or infinite"),
        (np.inf, "has NaN or infinite"),
        (-np.inf, "has NaN or infinite"),
        (0, "is zero"),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_impossible_vectors_are_refused_by_name(value, message, dtype):
    values = SMALL.astype(dtype)
    values[2] = value
    with pytest.raises(ValueError, match=rf"'C \(2003\)' \(row 2\) {message}.* 1 of 5 movies"):
        ItemIndex(values, small_movies())


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (SMALL[:4], "There are 4 embeddings, but 5 movies"),
        (SMALL[:, 0], r"its shape is \(5,\)"),
        (SMALL[:, :0], r"its shape is \(5, 0\)"),
        (SMALL > 0, "dtype is bool"),
        (SMALL.astype(str), "dtype is <U"),
    ],
)
def test_embeddings_of_another_form_are_refused(values, message):
    with pytest.raises(ValueError, match=message):
        ItemIndex(values, small_movies())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"movieId": [1, 2, 3, 2, 5]}, r"The movieId 2 is there twice; the second is 'D \(2004\)'"),
        ({"movieId": [1, 2, 3, 4, 5.5]}, "movieId should hold whole numbers, but its dtype is float64"),
        ({"title": ["A", "B", None, "D", "E"]}, "The title of movie 12 should be a string"),
        ({"genres": [1, 2, 3, 4, 5]}, "The genres of movie 10 should be a string, but is 1"),
        ({"year": [1.5, 2, 3, 4, 5]}, "year should hold whole numbers"),
        ({"year": list("ABCDE")}, "year should hold whole numbers"),
    ],
)
def test_an_impossible_table_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        ItemIndex(SMALL, small_movies().assign(**changes))


def test_a_table_without_a_column_is_refused():
    for movies in (small_movies().drop(columns="year"), small_movies()[["movieId", "title", "genres"]].to_dict()):
        with pytest.raises(ValueError, match="year"):
            ItemIndex(SMALL, movies)


@pytest.mark.parametrize(
    "counts", [[1, 2, 3], [1, 2, 3, 4, -1], [1, 2, 3, 4, np.nan], [1, 2, 3, 4, 0.5], list("12345")]
)
def test_impossible_counts_are_refused(counts):
    with pytest.raises(ValueError, match="counts should"):
        ItemIndex(SMALL, small_movies(), counts=counts)


# Files.


def test_a_loaded_index_is_the_saved_one(index, uncounted, tmp_path):
    for saved in (index, uncounted):
        saved.save(tmp_path / "index.npz")
        loaded = ItemIndex.load(str(tmp_path / "index.npz"))
        pd.testing.assert_frame_equal(loaded.movies, saved.movies)
        np.testing.assert_array_equal(loaded.vectors, saved.vectors)
        pd.testing.assert_frame_equal(loaded.similar("matrix"), saved.similar("matrix"))
    assert [file.name for file in tmp_path.iterdir()] == ["index.npz"]


def test_odd_titles_survive_saving(tmp_path):
    titles = ["A\tB\nC (2001)", "D\0", "Ünï © 映画", "", "E (2004)"]
    saved = ItemIndex(SMALL, small_movies(titles))
    saved.save(tmp_path / "any name")
    pd.testing.assert_frame_equal(ItemIndex.load(tmp_path / "any name").movies, saved.movies)


def test_an_interrupted_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "index.npz"
    ItemIndex(SMALL, small_movies()).save(path)
    before = path.read_bytes()

    def half(stream, **arrays):
        stream.write(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez", half)
    with pytest.raises(KeyboardInterrupt):
        ItemIndex(SMALL[::-1], small_movies()).save(path)
    assert path.read_bytes() == before and len(list(tmp_path.iterdir())) == 1


def test_saving_where_that_is_impossible(tmp_path):
    index = ItemIndex(SMALL, small_movies())
    with pytest.raises(FileNotFoundError, match=r"There is no folder .*nowhere\. Make it"):
        index.save(tmp_path / "nowhere" / "index.npz")
    with pytest.raises(IsADirectoryError, match="is a folder"):
        index.save(tmp_path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"There is no file .*index.npz. Write it with"):
        ItemIndex.load(tmp_path / "index.npz")


def wrong_files(folder):
    index = ItemIndex(SMALL, small_movies())
    index.save(folder / "cut.npz")
    content = (folder / "cut.npz").read_bytes()
    (folder / "cut.npz").write_bytes(content[: len(content) // 2])
    middle = content.index(np.array(index.vectors).tobytes())
    (folder / "altered.npz").write_bytes(content[:middle] + b"\xff" + content[middle + 1 :])
    (folder / "empty.npz").write_bytes(b"")
    (folder / "text.npz").write_text("movieId,title")
    np.save(folder / "array.npy", SMALL)
    np.savez(folder / "other.npz", vectors=SMALL)
    np.savez(folder / "later.npz", format=np.array("ae_helpers.recommend.ItemIndex 2"))
    np.savez(folder / "pickle.npz", format=np.array([{}], dtype=object))
    (folder / "folder.npz").mkdir()
    return sorted(folder.iterdir())


def test_a_wrong_file_is_refused(tmp_path):
    files = wrong_files(tmp_path)
    assert len(files) == 9
    for file in files:
        with pytest.raises(ValueError, match=f"{file.name} is no index that `ItemIndex.save` wrote, or it is damaged"):
            ItemIndex.load(file)


def test_projector_files(index, tmp_path):
    folder = tmp_path / "logs" / "projector"
    index.write_projector(folder)
    index.write_projector(str(folder))  # again, over the first
    assert {file.name for file in folder.iterdir()} == {"metadata.tsv", "projector_config.pbtxt", "vectors.tsv"}
    vectors = np.loadtxt(folder / "vectors.tsv", delimiter="\t")
    np.testing.assert_allclose(vectors, index.vectors, rtol=1e-5, atol=1e-9)
    lines = (folder / "metadata.tsv").read_text(encoding="utf-8").split("\n")
    assert lines.pop() == "" and len(lines) == len(MOVIES) + 1
    assert lines[0].split("\t") == ["title", "year", "genres", "movieId", "ratings"]
    assert lines[1].split("\t") == ["Toy Story (1995)", "1995", MOVIES["genres"][0], "1", str(COUNTS[0])]


def test_projector_files_whatever_the_titles(tmp_path):
    titles = ["A\tB", "C\nD\r\nE", "F\u2028G\x85H", '"quoted', ""]
    ItemIndex(SMALL, small_movies(titles)).write_projector(tmp_path)
    lines = (tmp_path / "metadata.tsv").read_text(encoding="utf-8").splitlines()
    assert [line.split("\t")[0] for line in lines] == ["title", "A B", "C D E", "F G H", '"quoted', ""]
    assert {line.count("\t") for line in lines} == {3}


def test_the_projector_s_configuration_names_the_files(tmp_path):
    ItemIndex(SMALL, small_movies()).write_projector(tmp_path)
    config = (tmp_path / "projector_config.pbtxt").read_text(encoding="ascii")
    named = re.findall(r'(\w+_path): "(.+)"', config)
    assert named == [("tensor_path", "vectors.tsv"), ("metadata_path", "metadata.tsv")]


@pytest.mark.parametrize("failing", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("is_there", [False, True])
def test_projector_files_come_all_or_not(failing, is_there, tmp_path, monkeypatch):
    old, new = ItemIndex(SMALL, small_movies()), ItemIndex(SMALL, small_movies(["V", "W", "X", "Y", "Z"]))
    if is_there:
        old.write_projector(tmp_path)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    replace, calls = recommend.os.replace, []

    def fail_once(source, target):
        calls.append(target)
        if len(calls) == failing:
            raise PermissionError("another program reads it")
        replace(source, target)

    monkeypatch.setattr(recommend.os, "replace", fail_once)
    if not is_there and failing > 3:
        new.write_projector(tmp_path)  # three moves are all that it takes
        return
    with pytest.raises(PermissionError):
        new.write_projector(tmp_path)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


# Approximate search.


def test_approximate_search_needs_a_library(monkeypatch):
    monkeypatch.setitem(sys.modules, "usearch.index", None)
    with pytest.raises(ImportError, match=r"needs the library usearch.*pip install -r requirements-index.txt"):
        ItemIndex(SMALL, small_movies(), approximate=True)


def test_approximate_search_finds_nearly_the_same(embeddings, tmp_path):
    pytest.importorskip("usearch")
    known = np.flatnonzero(COUNTS >= 10)  # some 2,000
    exact = ItemIndex(embeddings[known], MOVIES.iloc[known])
    approximate = ItemIndex(embeddings[known], MOVIES.iloc[known], approximate=True)
    shares = []
    for movie in exact.movies["movieId"][:200]:
        right, found = exact.similar(movie), approximate.similar(movie)
        assert len(found) == 10 and movie not in found.index and found["similarity"].is_monotonic_decreasing
        shares.append(right.index.isin(found.index).mean())
    assert np.mean(shares) > 0.95
    assert len(approximate.similar_to_many(["alien", "toy story"], 500)) == 500
    approximate.save(tmp_path / "index.npz")
    loaded = ItemIndex.load(tmp_path / "index.npz", approximate=True)
    np.testing.assert_allclose(loaded.similar("alien", 3)["similarity"], exact.similar("alien", 3)["similarity"], 1e-6)


def test_approximate_search_of_few_or_equal_vectors_is_complete():
    pytest.importorskip("usearch")
    table = ItemIndex(SMALL, small_movies(), approximate=True).similar("A", 4)
    pd.testing.assert_frame_equal(table, ItemIndex(SMALL, small_movies()).similar("A", 4))
    equal = np.full((3_000, 4), 0.5, np.float32)
    rows, products = ApproximateSearch(equal).search(equal[0], 2_000, without=[7])
    assert len(set(rows.tolist()) - {7}) == 2_000 and products.tolist() == [1] * 2_000
