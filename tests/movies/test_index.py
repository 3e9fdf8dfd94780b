import re

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics.pairwise import cosine_similarity

from ae_helpers.movies import ItemIndex
from ae_helpers.ratings import only_rated

SMALL = np.array([[1, 0], [2, 1], [0, 3], [-1, 0], [5, 0.1]])


# Answers.


def test_similar_by_hand(small_movies):
    table = ItemIndex(SMALL, small_movies(), counts=[5, 4, 3, 2, 1]).similar("a", 4)
    assert table.index.name == "movieId" and table.columns.name == "like A (2001)"
    assert table.columns.tolist() == ["title", "year", "genres", "similarity", "ratings"]
    assert table.index.tolist() == [14, 11, 12, 13]
    assert table["title"].tolist() == ["E", "B (2002)", "C (2003)", "D (2004)"]
    assert table["ratings"].tolist() == [1, 4, 3, 2]
    assert table["year"].tolist() == [pd.NA, 2002, 2003, 2004]
    np.testing.assert_allclose(table["similarity"], [5 / np.sqrt(25.01), 2 / np.sqrt(5), 0, -1], rtol=1e-6)


def test_without_counts_there_is_no_column_of_ratings(small_movies):
    table = ItemIndex(SMALL, small_movies()).similar(10, 1)
    assert table.columns.tolist() == ["title", "year", "genres", "similarity"]


def test_similar_is_that_of_scikit_learn(embeddings, index, movies):
    rows = [0, 100, 5_000]
    cosines = cosine_similarity(embeddings[rows], embeddings)
    for row, cosine in zip(rows, cosines, strict=True):
        table = index.similar(movies["movieId"][row], 50)
        cosine[row] = -np.inf
        assert table["similarity"].dtype.kind == "f" and table["similarity"].is_monotonic_decreasing
        np.testing.assert_allclose(table["similarity"], np.sort(cosine)[::-1][:50], atol=1e-6)
        found = movies.index[movies["movieId"].isin(table.index)]
        assert row not in found and cosine[found].min() >= np.sort(cosine)[-50] - 1e-6


def test_neighbours_make_sense(index):
    assert {"Aliens (1986)", "Blade Runner (1982)"} <= set(index.similar("alien")["title"])
    assert index.similar("godfather", 1)["title"].tolist() == ["The Godfather: Part II (1974)"]


def test_similar_to_many_is_the_mean_of_cosines(embeddings, index, movies):
    rows = [movies.index[movies["movieId"] == index.find(title)][0] for title in ("toy story", "alien")]
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


def test_equal_similarities_keep_the_order_of_the_movies(small_movies):
    same = ItemIndex(np.ones((5, 3)), small_movies())
    assert same.similar(12, 3).index.tolist() == [10, 11, 13]
    np.testing.assert_allclose(same.similar(12, 3)["similarity"], 1)


def test_lengths_do_not_matter(embeddings, index, movies):
    scaled = embeddings * np.logspace(-30, 30, len(embeddings))[:, None]
    table = ItemIndex(scaled, movies).similar("alien")
    assert table.index.tolist() == index.similar("alien").index.tolist()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int8])
def test_any_numbers_will_do(dtype, small_movies):
    index = ItemIndex(SMALL.astype(dtype), small_movies())
    assert index.vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(index.vectors, axis=1), 1, rtol=1e-6)
    tiny = np.full((2, 2), np.finfo(np.float32).smallest_subnormal)
    np.testing.assert_allclose(ItemIndex(tiny, small_movies(["A", "B"])).similar("A", 1)["similarity"], 1)


def test_the_arguments_stay_as_they_are(small_movies):
    values, movies = SMALL.copy(), small_movies()
    index = ItemIndex(values, movies, counts=np.ones(5, int))
    table = index.similar("A", 1)
    table["title"] = "changed"
    np.testing.assert_array_equal(values, SMALL)
    pd.testing.assert_frame_equal(movies, small_movies())
    values[:] = 0
    assert index.similar("A", 1).index.tolist() == [14] and len(index) == 5


def test_lists_are_of_ten_unless_told(index):
    assert len(index.similar("alien")) == len(index.similar_to_many(["alien", 1])) == 10


def test_numbers_of_numpy_will_do(small_movies):
    index = ItemIndex(SMALL, small_movies())
    assert index.similar(np.int32(12), np.int64(2)).index.tolist() == index.similar(12, 2).index.tolist()
    assert type(index.find("B")) is int and index.find("B") == 11


def test_the_year_says_which_movie(small_movies):
    index = ItemIndex(SMALL, small_movies(["A (2001)", "B (2002)", "A (2003)", "D (2004)", "E"]))
    for movie, year in ((10, 2001), (12, 2003)):
        assert index.find("A", year=year) == movie
        assert movie not in index.similar("A", 4, year=year).index
        assert index.similar("A", 4, year=year).columns.name == f"like A ({year})"


def test_a_long_list_of_liked_movies_is_cut_at_80_letters(small_movies):
    titles = [f"A title of {word} words (2001)" for word in ("two", "three", "four", "five", "six")]
    index = ItemIndex(SMALL, small_movies(titles))
    assert index.similar_to_many([10, 11], 1).columns.name == f"like {titles[0]}, {titles[1]}"
    name = index.similar_to_many([10, 11, 12], 1).columns.name
    assert name == f"like {titles[0]}, {titles[1]}, A title of ..." and 70 < len(name) <= 80
    for title, is_whole in (("abcd " * 14 + "abcde", True), ("abcd " * 14 + "abcdef", False)):  # behind "like "
        name = ItemIndex(SMALL[:2], small_movies([title, "B"])).similar(10, 1).columns.name
        assert (name == f"like {title}") == is_whole and len(name) <= 80


def test_a_cosine_is_at_most_one(small_movies):
    n = 200
    vectors = np.repeat(np.random.default_rng(0).normal(size=(n, 50)), 2, axis=0)
    vectors[1::2] *= -1  # each beside its opposite
    vectors = np.concatenate([vectors, vectors[::2]])
    index = ItemIndex(vectors, small_movies([f"{row}!" for row in range(3 * n)]))
    products = (index.vectors @ index.vectors.T).ravel()
    assert products.max() > 1 and products.min() < -1  # by rounding
    for row in range(0, 2 * n, 2):
        similarity = index.similar(10 + row, 3 * n - 1)["similarity"]
        assert similarity.max() <= 1 and similarity.min() >= -1
        assert similarity.iloc[0] > 0.999 and similarity.iloc[-1] < -0.999


def test_vectors_cannot_be_changed_and_unit_vectors_stay(small_movies):
    index = ItemIndex(SMALL, small_movies())
    with pytest.raises(ValueError, match="read-only"):
        index.vectors[0] = 0
    assert index.vectors.flags.c_contiguous
    np.testing.assert_array_equal(ItemIndex(index.vectors, small_movies()).vectors, index.vectors)
    nearly = np.array([[1 + 1e-4, 0], [0, 1 - 1e-4]])
    np.testing.assert_allclose(ItemIndex(nearly, small_movies("AB")).vectors, np.eye(2), atol=1e-7)


def test_the_table_of_movies_is_in_order_and_of_its_own(small_movies):
    movies = small_movies()[["genres", "year", "title", "movieId"]].assign(more=1, year=[2001, 2002, 2003, 2004, None])
    index = ItemIndex(SMALL, movies.set_axis(list("edcba")), counts=[5.0, 0, 0, 0, 2])
    assert index.movies.columns.tolist() == ["movieId", "title", "year", "genres", "ratings"]
    assert index.movies.index.tolist() == [0, 1, 2, 3, 4]
    assert index.movies["year"].dtype == "Int16" and index.movies["year"].isna().tolist() == [False] * 4 + [True]
    assert index.movies["ratings"].tolist() == [5, 0, 0, 0, 2] and index.movies["ratings"].dtype == np.int64


# Refusals.


@pytest.mark.parametrize("k", [0, -1, 5, 2.0, True, "3", None])
def test_k_out_of_range_is_refused(k, small_movies):
    with pytest.raises(ValueError, match=f"from 1 to the 4 other movies, but is {k!r}"):
        ItemIndex(SMALL, small_movies()).similar("A", k)


def test_k_counts_only_what_is_not_liked(small_movies):
    index = ItemIndex(SMALL, small_movies())
    assert len(index.similar_to_many(["A", "B"], 3)) == 3
    with pytest.raises(ValueError, match="from 1 to the 3 other movies, but is 4"):
        index.similar_to_many(["A", "B"], 4)


@pytest.mark.parametrize(
    ("movies", "message"), [([], "movies is empty"), (b"A", r"is b.A."), ("A", r"Try \['A'\]"), (10, r"Try \[10\]")]
)
def test_no_list_of_movies_is_refused(movies, message, small_movies):
    with pytest.raises(ValueError, match=message):
        ItemIndex(SMALL, small_movies()).similar_to_many(movies)


@pytest.mark.parametrize("movie", [99, -1])
def test_an_unknown_id_is_refused(movie, small_movies):
    with pytest.raises(ValueError, match=f"no movie with the movieId {movie}"):
        ItemIndex(SMALL, small_movies()).similar(movie)


@pytest.mark.parametrize("movie", [None, 1.0, True, np.True_, ["A"]])
def test_what_is_no_movie_is_refused(movie, small_movies):
    with pytest.raises(ValueError, match=f"should be a title or a movieId, but is {re.escape(repr(movie))}"):
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
def test_impossible_vectors_are_refused_by_name(value, message, dtype, small_movies):
    values = SMALL.astype(dtype)
    values[2] = value
    with pytest.raises(ValueError, match=rf"'C \(2003\)' \(row 2\) {message}.* 1 of 5 movies"):
        ItemIndex(values, small_movies())


@pytest.mark.filterwarnings("error")
def test_a_vector_beyond_all_lengths_is_refused_without_a_warning(small_movies):
    with pytest.raises(ValueError, match=r"'B' \(row 1\) has NaN or infinite values"):
        ItemIndex([[1, 0], [1e200, 1e200]], small_movies("AB"))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (SMALL[:4], "There are 4 embeddings, but 5 movies"),
        (SMALL[:, 0], r"its shape is \(5,\)"),
        (SMALL[:, :0], r"its shape is \(5, 0\)"),
        (SMALL.astype(str), "dtype is <U"),
    ],
)
def test_embeddings_of_another_form_are_refused(values, message, small_movies):
    with pytest.raises(ValueError, match=message):
        ItemIndex(values, small_movies())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"movieId": [1, 2, 3, 2, 5]}, r"The movieId 2 is there twice; the second is 'D \(2004\)'"),
        ({"movieId": [1, 2, 3, 4, 5.5]}, "movieId should hold whole numbers, but its dtype is float64"),
        ({"title": ["A", "B", None, "D", "E"]}, "The title of movie 12 should be a string"),
        ({"genres": [1, 2, 3, 4, 5]}, "The genres of movie 10 should be a string, but is 1"),
        ({"movieId": pd.array([1, 2, None, 4, 5], "Int64")}, "movieId should hold whole numbers"),
        ({"title": ["A", "B", 3, "D", "E"]}, "The title of movie 12 should be a string, but is 3"),
        ({"year": [1.5, 2, 3, 4, 5]}, "year should hold whole numbers"),
        ({"year": list("ABCDE")}, "year should hold whole numbers"),
    ],
)
def test_an_impossible_table_is_refused(changes, message, small_movies):
    with pytest.raises(ValueError, match=message):
        ItemIndex(SMALL, small_movies().assign(**changes))


def test_a_table_without_a_column_is_refused(small_movies):
    for movies in (small_movies().drop(columns="year"), small_movies()[["movieId", "title", "genres"]].to_dict()):
        with pytest.raises(ValueError, match="year"):
            ItemIndex(SMALL, movies)
    with pytest.raises(ValueError, match="columns movieId, title, year, genres; title, genres is missing"):
        ItemIndex(SMALL, small_movies()[["movieId", "year"]])


@pytest.mark.parametrize(
    "counts",
    [
        [1, 2, 3],
        [1, 2, 3, 4, -1],
        [1, 2, 3, 4, np.nan],
        [1, 2, 3, 4, np.inf],
        [1, 2, 3, 4, 0.5],
        [1, 2, 3, 4, 1e300],
        [1, 2, 3, 4, 2**53],
        list("12345"),
    ],
)
def test_impossible_counts_are_refused(counts, small_movies):
    problem = r"have one number for each of the 5 movies, but its shape is \(3,\)"
    with pytest.raises(ValueError, match=f"counts should {problem if len(counts) == 3 else 'hold whole numbers'}"):
        ItemIndex(SMALL, small_movies(), counts=counts)


# Labels and positions.


def test_counts_from_a_tensor_with_a_gradient(small_movies):
    torch = pytest.importorskip("torch")
    counts = torch.tensor([1.0, 2, 3, 4, 5], requires_grad=True)
    assert ItemIndex(SMALL, small_movies(), counts=counts).movies["ratings"].tolist() == [1, 2, 3, 4, 5]


def test_counts_with_an_index_are_looked_up_by_movie_id(small_movies):
    movies = small_movies()
    counts = pd.Series({14: 1, 99: 7, 10: 5, 13: 2, 11: 4, 12: 3})  # of other movies, too, and in another order
    np.testing.assert_array_equal(ItemIndex(SMALL, movies, counts=counts).movies["ratings"], [5, 4, 3, 2, 1])
    np.testing.assert_array_equal(ItemIndex(SMALL, movies, counts=[1, 2, 3, 4, 5]).movies["ratings"], [1, 2, 3, 4, 5])


def test_value_counts_are_those_of_the_movies(ratings, movies):
    ratings, movies = only_rated(ratings, movies, at_least=50)
    index = ItemIndex(np.ones((len(movies), 2)), movies, counts=ratings["movieId"].value_counts())
    by_id = index.movies.set_index("movieId")["ratings"]
    assert by_id[1] == 247 and by_id.sum() == len(ratings)


def test_embeddings_with_an_index_are_looked_up_by_movie_id(small_movies):
    table = pd.DataFrame(SMALL, index=small_movies()["movieId"])
    expected = ItemIndex(SMALL, small_movies()).vectors
    for given in (table, table[::-1], table.sample(frac=1, random_state=0)):
        np.testing.assert_array_equal(ItemIndex(given, small_movies()).vectors, expected)


@pytest.mark.parametrize(
    ("index", "message"),
    [
        (range(5), r"The index of \w+ lacks the movieId 10\. \w+ has an index.*Try \w+\.to_numpy\(\)"),
        ([10, 11, 13, 14, 15], "lacks the movieId 12"),
        ([10, 11, 12, 13, 14, 14], "has 14 twice"),
        (list("abcde"), "lacks the movieId 10"),
    ],
)
def test_an_index_that_is_not_of_the_movies_is_refused(index, message, small_movies):
    with pytest.raises(ValueError, match=message.replace(r"\w+", "counts")):
        ItemIndex(SMALL, small_movies(), counts=pd.Series(1, index=index))
    with pytest.raises(ValueError, match=message.replace(r"\w+", "embeddings")):
        ItemIndex(pd.DataFrame(1.0, index=index, columns=[0, 1]), small_movies())


def test_embeddings_of_16_bits(small_movies):
    import ml_dtypes

    vectors = ItemIndex(SMALL.astype(ml_dtypes.bfloat16), small_movies()).vectors
    np.testing.assert_allclose(vectors, ItemIndex(SMALL, small_movies()).vectors, atol=1e-2)


@pytest.mark.slow
def test_embeddings_of_torch(small_movies):
    torch = pytest.importorskip("torch")
    expected = ItemIndex(SMALL, small_movies()).vectors
    tensor = torch.tensor(SMALL, requires_grad=True)
    np.testing.assert_array_equal(ItemIndex(tensor, small_movies()).vectors, expected)
    np.testing.assert_allclose(ItemIndex(tensor.bfloat16(), small_movies()).vectors, expected, atol=1e-2)


# Files.


def test_a_loaded_index_is_the_saved_one(index, uncounted, tmp_path):
    for saved in (index, uncounted):
        saved.save(tmp_path / "index.npz")
        loaded = ItemIndex.load(str(tmp_path / "index.npz"))
        pd.testing.assert_frame_equal(loaded.movies, saved.movies)
        np.testing.assert_array_equal(loaded.vectors, saved.vectors)
        pd.testing.assert_frame_equal(loaded.similar("matrix"), saved.similar("matrix"))
    assert [file.name for file in tmp_path.iterdir()] == ["index.npz"]


def test_odd_titles_survive_saving(tmp_path, small_movies):
    titles = ["A\tB\nC (2001)", "D\0", "Ünï © 映画", "", "E (2004)"]
    saved = ItemIndex(SMALL, small_movies(titles))
    saved.save(tmp_path / "any name")
    pd.testing.assert_frame_equal(ItemIndex.load(tmp_path / "any name").movies, saved.movies)


def test_an_interrupted_save_leaves_the_old_file(tmp_path, monkeypatch, small_movies):
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


def test_saving_where_that_is_impossible(tmp_path, small_movies):
    index = ItemIndex(SMALL, small_movies())
    with pytest.raises(FileNotFoundError, match=r"There is no folder .*nowhere\. Make it"):
        index.save(tmp_path / "nowhere" / "index.npz")
    with pytest.raises(IsADirectoryError, match="is a folder"):
        index.save(tmp_path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"There is no file .*index.npz. Write it with"):
        ItemIndex.load(tmp_path / "index.npz")


class Harmful:
    """Whoever unpickles it fails."""

    def __reduce__(self):
        return pytest.fail, ("unpickled",)


def wrong_files(folder, index):
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
    np.savez(folder / "pickle.npz", format=np.array([Harmful()]))
    (folder / "folder.npz").mkdir()
    return sorted(folder.iterdir())


def test_a_wrong_file_is_refused(tmp_path, small_movies):
    files = wrong_files(tmp_path, ItemIndex(SMALL, small_movies()))
    assert len(files) == 9
    for file in files:
        with pytest.raises(ValueError, match=f"{file.name} is no index that `ItemIndex.save` wrote, or it is damaged"):
            ItemIndex.load(file)


def test_projector_files(index, tmp_path, movies, counts):
    folder = tmp_path / "logs" / "projector"
    index.write_projector(folder)
    index.write_projector(str(folder))  # again, over the first
    assert {file.name for file in folder.iterdir()} == {"metadata.tsv", "projector_config.pbtxt", "vectors.tsv"}
    vectors = np.loadtxt(folder / "vectors.tsv", delimiter="\t")
    np.testing.assert_allclose(vectors, index.vectors, rtol=1e-5, atol=1e-9)
    lines = (folder / "metadata.tsv").read_text(encoding="utf-8").split("\n")
    assert lines.pop() == "" and len(lines) == len(movies) + 1
    assert lines[0].split("\t") == ["title", "year", "genres", "movieId", "ratings"]
    assert lines[1].split("\t") == ["Toy Story (1995)", "1995", movies["genres"][0], "1", str(counts[0])]


def test_projector_files_whatever_the_titles(tmp_path, small_movies):
    titles = ["A\tB", "C\nD\r\nE", "F\u2028G\x85H", '"quoted', ""]
    ItemIndex(SMALL, small_movies(titles)).write_projector(tmp_path)
    lines = (tmp_path / "metadata.tsv").read_text(encoding="utf-8").splitlines()
    assert [line.split("\t")[0] for line in lines] == ["title", "A B", "C D E", "F G H", '"quoted', ""]
    assert {line.count("\t") for line in lines} == {3}
    assert lines[0] == "title\tyear\tgenres\tmovieId" and lines[1] == "A B\t\tDrama\t10"
    assert (tmp_path / "vectors.tsv").read_text().split("\n")[1] == "0.894427\t0.447214"


def test_the_projector_s_configuration_names_the_files(tmp_path, small_movies):
    ItemIndex(SMALL, small_movies()).write_projector(tmp_path)
    config = (tmp_path / "projector_config.pbtxt").read_text(encoding="ascii")
    assert config.startswith('embeddings {\n  tensor_name: "movies"\n  tensor_path') and config.endswith('"\n}\n')
    named = re.findall(r'(\w+_path): "(.+)"', config)
    assert named == [("tensor_path", "vectors.tsv"), ("metadata_path", "metadata.tsv")]
