import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from ae_helpers.data import load_movielens
from ae_helpers.ratings import (
    genre_vectors,
    hold_out_likes,
    inverse_user_frequency,
    only_rated,
    rating_matrix,
    unit_rows,
    weighted,
)


def table(*rows):
    return pd.DataFrame(rows, columns=["userId", "movieId", "rating"])


@pytest.fixture
def ratings():
    return table((7, 10, 4.0), (7, 20, 0.5), (9, 10, 5.0), (9, 30, 3.5), (8, 10, 4.5))


@pytest.fixture
def movies():
    return pd.DataFrame({"movieId": [30, 10, 20, 40], "genres": ["Drama|War", "Drama", "", "(no genres listed)"]})


@pytest.fixture(scope="module")
def bundled():
    return load_movielens()


# The matrix.


def test_a_matrix_by_hand(ratings, movies):
    matrix = rating_matrix(ratings, movies, [9, 7, 8])
    assert isinstance(matrix, sp.csr_array) and matrix.dtype == np.float32 and matrix.nnz == 5
    np.testing.assert_array_equal(matrix.toarray(), [[3.5, 0, 0], [5, 4, 4.5], [0, 0.5, 0], [0, 0, 0]])


def test_the_bundled_matrix_holds_all_ratings(bundled):
    ratings, movies = bundled
    users = np.sort(ratings["userId"].unique())
    matrix = rating_matrix(ratings, movies, users)
    assert matrix.nnz == len(ratings)
    assert matrix.sum(dtype=np.float64) == pytest.approx(ratings["rating"].sum())
    row = movies.index[movies["title"] == "Toy Story (1995)"][0]
    assert matrix[[row]].nnz == (ratings["movieId"] == movies["movieId"][row]).sum()


def test_no_rating_gives_an_empty_matrix(ratings, movies):
    assert rating_matrix(ratings[:0], movies, [7, 8, 9]).shape == (4, 3)
    assert rating_matrix(ratings[:0], movies, [7, 8, 9]).nnz == 0


def test_ratings_may_be_centred(ratings, movies):
    centred = rating_matrix(ratings.assign(rating=ratings["rating"] - 4.25), movies, [9, 7, 8])
    np.testing.assert_array_equal(centred.toarray()[1], [0.75, -0.25, 0.25])


@pytest.mark.parametrize("dtype", ["int64", "Int64", "float32", "str", "category"])
def test_ids_of_all_kinds(ratings, movies, dtype):
    ratings, movies = (
        data.astype({c: dtype for c in ("userId", "movieId") if c in data}) for data in (ratings, movies)
    )
    for users in (pd.Series([9, 7, 8], index=[2, 1, 0]).astype(dtype), list(pd.Series([9, 7, 8]).astype(dtype))):
        np.testing.assert_array_equal(rating_matrix(ratings, movies, users).toarray()[1], [5, 4, 4.5])


def test_what_does_not_fit_a_matrix_is_refused(ratings, movies):
    with pytest.raises(ValueError, match="movieId 10, which is not listed"):
        rating_matrix(ratings, movies[movies["movieId"] != 10], [7, 8, 9])
    with pytest.raises(ValueError, match="userId 8, which is not listed"):
        rating_matrix(ratings, movies, [7, 9])
    with pytest.raises(ValueError, match="userId 7 occurs twice"):
        rating_matrix(ratings, movies, [7, 7, 8, 9])
    with pytest.raises(ValueError, match="movieId 10 occurs twice"):
        rating_matrix(ratings, pd.concat([movies, movies[1:2]]), [7, 8, 9])
    with pytest.raises(ValueError, match="movieId '10', which is not listed"):  # as text
        rating_matrix(ratings.astype({"movieId": str}), movies, [7, 8, 9])
    for users in ([[7, 8, 9]], None, {7, 8, 9}, ratings):
        with pytest.raises(ValueError, match=r"users should be the ids \(n,\), but its shape is \("):
            rating_matrix(ratings, movies, users)
    with pytest.raises(ValueError, match="column rating, but its dtype is complex128"):
        rating_matrix(ratings.assign(rating=1j), movies, [7, 8, 9])
    with pytest.raises(ValueError, match="users has a userId that is missing"):
        rating_matrix(ratings, movies, [7, 8, 9, np.nan])
    with pytest.raises(ValueError, match="users is empty"):
        rating_matrix(ratings[:0], movies, [])
    with pytest.raises(ValueError, match="1 ratings are 0, which can't be told from an empty cell"):
        rating_matrix(ratings.assign(rating=[4, 0, 5, 3.5, 4.5]), movies, [7, 8, 9])


# Which movies stay.


def test_only_movies_with_enough_ratings_stay(ratings, movies):
    kept, left = only_rated(ratings, movies, at_least=2)
    assert left["movieId"].tolist() == [10] and kept["userId"].tolist() == [7, 9, 8]
    assert left.index.tolist() == [0] and kept.index.tolist() == [0, 1, 2]
    assert only_rated(ratings, movies, at_least=0)[1]["movieId"].tolist() == [30, 10, 20, 40]
    assert only_rated(ratings, movies, at_least=1)[1]["movieId"].tolist() == [30, 10, 20]
    assert only_rated(ratings, movies, at_least=3)[1]["movieId"].tolist() == [10]
    with pytest.raises(ValueError, match=r"No movie has 4 ratings; the most that one has is 3\."):
        only_rated(ratings, movies, at_least=4)
    with pytest.raises(ValueError, match=r"No movie has 5 ratings"):
        only_rated(ratings, movies)
    five = pd.concat([ratings, table((1, 10, 1.0), (2, 10, 1.0))])
    assert only_rated(five, movies)[1]["movieId"].tolist() == [10]


def test_a_rating_of_an_unlisted_movie_is_not_dropped(ratings, movies):
    with pytest.raises(ValueError, match="movieId 20, which is not listed"):
        only_rated(ratings, movies[movies["movieId"] != 20], at_least=1)


@pytest.mark.parametrize("at_least", [-1, 2.5, True, None, np.nan])
def test_at_least_is_a_whole_number(ratings, movies, at_least):
    with pytest.raises(ValueError, match="at_least should be a whole number, 0 or more"):
        only_rated(ratings, movies, at_least=at_least)


# What is held out.


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 1.0])
def test_held_out_are_a_share_of_each_users_likes(bundled, share):
    ratings, _ = bundled
    kept, held = hold_out_likes(ratings, share=share, seed=3)
    assert len(kept) + len(held) == len(ratings)
    pd.testing.assert_frame_equal(pd.concat([kept, held]).sort_index(), ratings)
    assert (held["rating"] >= 4).all()
    likes = ratings[ratings["rating"] >= 4].groupby("userId").size()
    expected = np.floor(likes * share + 1e-9).astype(int)
    pd.testing.assert_series_equal(held.groupby("userId").size().reindex(likes.index, fill_value=0), expected)


def test_a_fifth_of_four_stars_or_more_unless_told(bundled):
    ratings, _ = bundled
    of_all = hold_out_likes(ratings, seed=0)[1]
    pd.testing.assert_frame_equal(of_all, hold_out_likes(ratings, share=0.2, liked=4.0, seed=0)[1])
    assert hold_out_likes(ratings, liked=5, seed=0)[1]["rating"].unique().tolist() == [5]


@pytest.mark.parametrize(("share", "likes", "held_out"), [(0.2, 5, 1), (0.2, 4, 0), (0.1, 30, 3), (0.7, 10, 7)])
def test_shares_are_rounded_down_but_not_by_a_hair(share, likes, held_out):
    ratings = table(*((1, movie, 5.0) for movie in range(likes)), *((1, movie, 1.0) for movie in range(100, 110)))
    assert len(hold_out_likes(ratings, share=share, seed=0)[1]) == held_out


def test_the_seed_decides_which_likes(bundled):
    ratings, _ = bundled
    first, same, other = (hold_out_likes(ratings, seed=seed)[1] for seed in (0, 0, 1))
    pd.testing.assert_frame_equal(first, same)
    assert 0.1 < first.index.isin(other.index).mean() < 0.3  # a fifth by chance
    # Not the first or the last of each user: those would be the oldest or the newest.
    position = ratings.groupby("userId").cumcount() / ratings.groupby("userId")["userId"].transform("size")
    assert 0.45 < position[first.index].mean() < 0.55


@pytest.mark.parametrize("change", ["repeated", "reversed", "named", "two levels"])
def test_the_index_of_a_table_plays_no_part(bundled, change):
    ratings, movies = bundled
    indices = {
        "repeated": np.arange(len(ratings)) // 7,
        "reversed": np.arange(len(ratings))[::-1],
        "named": pd.Index(ratings["userId"], name="userId"),
        "two levels": pd.MultiIndex.from_frame(ratings[["userId", "movieId"]], names=["a", "b"]),
    }
    other = ratings.set_axis(indices[change])
    for plain, labelled in zip(hold_out_likes(ratings, seed=0), hold_out_likes(other, seed=0), strict=True):
        np.testing.assert_array_equal(plain, labelled)
    shuffled = movies.set_axis(movies.index[::-1])
    for plain, labelled in zip(only_rated(ratings, movies), only_rated(other, shuffled), strict=True):
        pd.testing.assert_frame_equal(plain, labelled)
    users = ratings["userId"].unique()
    difference = rating_matrix(ratings, movies, users) - rating_matrix(other, shuffled, users)
    assert not difference.count_nonzero()
    np.testing.assert_array_equal(genre_vectors(movies), genre_vectors(shuffled))


def test_nobody_elses_dislike_is_held_out():
    likes, dislikes = table(*((1, m, 5.0) for m in range(1, 6))), table(*((2, m, 1.0) for m in range(1, 6)))
    for seed in range(5):
        kept, held = hold_out_likes(pd.concat([likes, dislikes]), share=0.2, seed=seed)
        assert held[["userId", "rating"]].to_numpy().tolist() == [[1, 5]] and len(kept) == 9


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_that_is_none_is_refused(ratings, share):
    with pytest.raises(ValueError, match=r"share should be in \[0, 1\], but is"):
        hold_out_likes(ratings, share=share, seed=0)


@pytest.mark.parametrize("liked", [np.nan, np.inf, "4", None])
def test_a_like_is_a_number_of_stars(ratings, liked):
    with pytest.raises(ValueError, match="liked should be a number of stars"):
        hold_out_likes(ratings, liked=liked, seed=0)


# Tables that are none, in each function that takes one.

WRONG = {
    "ratings should have the columns ['movieId', 'rating', 'userId'], but lacks ['rating']": lambda r: r.drop(
        columns="rating"
    ),
    "lacks ['movieId', 'userId']": lambda r: r[["rating"]],
    "ratings has several columns ['rating']": lambda r: pd.concat([r, r[["rating"]]], axis=1),
    "ratings should be a table (pandas.DataFrame), but a ndarray came": lambda r: r.to_numpy(),
    "2 ratings have no userId (NaN)": lambda r: r.assign(userId=[7, np.nan, 9, np.nan, 8]),
    "1 ratings have no movieId (NaN)": lambda r: r.assign(movieId=pd.array([10, 20, None, 30, 10], "Int64")),
    "A rating is NaN or infinite": lambda r: r.assign(rating=[4, np.nan, 5, 4, 4]),
    "A rating is NaN": lambda r: r.assign(rating=pd.array([4, None, 5, 4, 4], "Float64")),
    "A rating is NaN or infinite.": lambda r: r.assign(rating=[4, np.inf, 5, 4, 4]),
    "numbers in the column rating, but its dtype is": lambda r: r.assign(rating=["4", "4", "4", "4", "4"]),
    "1 ratings are of a movie that the user has rated already: user 9 rates movie 10 twice": lambda r: pd.concat(
        [r, table((9, 10, 1.0))]
    ),
}


@pytest.mark.parametrize("message", WRONG)
def test_tables_that_are_none_are_refused(ratings, movies, message):
    wrong = WRONG[message](ratings)
    for function in (
        lambda: only_rated(wrong, movies),
        lambda: hold_out_likes(wrong, seed=0),
        lambda: rating_matrix(wrong, movies, [7, 8, 9]),
    ):
        with pytest.raises(ValueError) as caught:
            function()
        assert message in str(caught.value)


def test_empty_and_wrong_tables_of_movies_are_refused(ratings, movies):
    for function in (lambda m: only_rated(ratings, m), lambda m: rating_matrix(ratings, m, [7, 8, 9])):
        for wrong, message in (
            (movies[:0], "movies is empty"),
            (movies.drop(columns="movieId"), r"lacks \['movieId'\]"),
            (movies["movieId"], r"movies should be a table .* Series came"),
            (movies.assign(movieId=[30, 10, np.nan, 20]), "movies has a movieId that is missing"),
            (pd.concat([movies, movies[:1]]), "movieId 30 occurs twice"),
        ):
            with pytest.raises(ValueError, match=message):
                function(wrong)


def test_no_ratings_are_refused_where_nothing_can_come_of_them(ratings, movies):
    with pytest.raises(ValueError, match="ratings is empty"):
        only_rated(ratings[:0], movies, at_least=0)
    with pytest.raises(ValueError, match="ratings is empty"):
        hold_out_likes(ratings[:0], seed=0)


def test_tables_are_left_alone(ratings, movies):
    before = ratings.copy(), movies.copy()
    only_rated(ratings, movies, at_least=1)
    hold_out_likes(ratings, share=1, seed=0)
    rating_matrix(ratings, movies, [7, 8, 9])
    genre_vectors(movies)
    pd.testing.assert_frame_equal(ratings, before[0])
    pd.testing.assert_frame_equal(movies, before[1])


# Weights and lengths.


def test_user_weights_by_hand(ratings, movies):
    matrix = rating_matrix(ratings, movies, [9, 7, 8])
    weights = inverse_user_frequency(matrix)
    np.testing.assert_allclose(weights, np.log([4 / 2, 4 / 2, 4 / 1]), rtol=1e-6)
    assert weights.dtype == np.float32
    np.testing.assert_allclose(weighted(matrix, weights).toarray(), matrix.toarray() * weights, rtol=1e-6)
    assert weighted(matrix, weights.tolist()).dtype == np.float32
    with pytest.raises(ValueError, match=r"weights should have the shape \(3,\), but has \(2,\)"):
        weighted(matrix, weights[:2])
    with pytest.raises(ValueError, match=r"weights should have the shape \(3,\), but has \(3, 1\)"):
        weighted(matrix, weights[:, None])
    with pytest.raises(ValueError, match="weights has 2 values that are NaN or infinite"):
        weighted(matrix, [1, np.nan, np.inf])


def test_a_user_without_ratings_has_a_weight():
    weights = inverse_user_frequency(sp.csr_array([[1.0, 0, 0], [1, 1, 0], [1, 0, 0]]))
    np.testing.assert_allclose(weights, [0, np.log(3), np.log(3)])


def test_a_zero_that_is_stored_is_no_rating():
    matrix = sp.csr_array(([5.0, 0, 0], ([0, 1, 1], [0, 0, 1])), shape=(2, 2))
    assert matrix.nnz == 3
    np.testing.assert_allclose(inverse_user_frequency(matrix), [np.log(2), np.log(2)])


def test_weights_from_a_tensor_with_a_gradient_and_none_from_text(ratings, movies):
    torch = pytest.importorskip("torch")
    stars = rating_matrix(ratings, movies, [7, 8, 9])
    weights = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    np.testing.assert_array_equal(weighted(stars, weights).toarray(), stars.toarray() * [1, 2, 3])
    with pytest.raises(ValueError, match="weights should hold numbers, but its dtype is <U1"):
        weighted(stars, ["1", "2", "3"])


def test_weights_with_labels_of_their_own_are_refused(ratings, movies):
    matrix = rating_matrix(ratings, movies, [9, 7, 8])
    by_user = pd.Series([1.0, 2, 3], index=[7, 8, 9])
    with pytest.raises(ValueError, match=r"index of its own.*weights.to_numpy\(\)"):
        weighted(matrix, by_user)
    in_order = by_user.loc[[9, 7, 8]]
    expected = matrix.toarray() * [3, 1, 2]
    np.testing.assert_array_equal(weighted(matrix, in_order.to_numpy()).toarray(), expected)
    np.testing.assert_array_equal(weighted(matrix, in_order.reset_index(drop=True)).toarray(), expected)


def test_unit_rows_have_length_one_or_stay_empty():
    matrix = sp.csr_array(np.array([[3.0, 4.0], [0, 0], [0, -2]]))
    np.testing.assert_allclose(unit_rows(matrix).toarray(), [[0.6, 0.8], [0, 0], [0, -1]], rtol=1e-6)
    np.testing.assert_array_equal(matrix.toarray(), [[3, 4], [0, 0], [0, -2]])  # untouched
    assert unit_rows(matrix > 1).dtype == np.float32  # of bools, too
    for size in (1e-30, 1e30):  # whose squares float32 can't hold
        np.testing.assert_allclose(unit_rows(matrix * size).toarray()[0], [0.6, 0.8], rtol=1e-6)


def test_empty_rows_and_columns_at_the_end_stay():
    matrix = sp.csr_array(np.pad([[3.0, 4.0]], ((0, 2), (0, 3))))
    np.testing.assert_allclose(unit_rows(matrix).toarray(), matrix.toarray() / 5, rtol=1e-6)
    np.testing.assert_array_equal(weighted(matrix, np.full(5, 2)).toarray(), 2 * matrix.toarray())
    assert unit_rows(sp.csr_array((3, 2))).nnz == 0
    stored = sp.csr_array(([0.0, 2], [0, 1], [0, 1, 2]), shape=(2, 2))  # a row of a zero that is stored
    np.testing.assert_array_equal(unit_rows(stored).toarray(), [[0, 0], [0, 1]])


def with_duplicates():
    """Two rows, whose first cell is stored twice: [[2, 2], [0, 3]]."""
    return sp.csr_array(([1.0, 2, 1, 3], [0, 1, 0, 1], [0, 3, 4]), shape=(2, 2))


@pytest.mark.parametrize("kind", [lambda m: m, sp.csr_matrix, lambda m: m.tocoo(), lambda m: m.tocsc()])
def test_a_cell_that_is_stored_twice_counts_once(kind):
    once = sp.csr_array(with_duplicates().toarray())
    given = kind(with_duplicates())
    np.testing.assert_array_equal(inverse_user_frequency(given), inverse_user_frequency(once))
    np.testing.assert_array_equal(unit_rows(given).toarray(), unit_rows(once).toarray())
    np.testing.assert_array_equal(weighted(given, [5, 7]).toarray(), [[10, 14], [0, 21]])
    np.testing.assert_allclose(np.linalg.norm(unit_rows(given).toarray(), axis=1), 1, rtol=1e-6)
    untouched = with_duplicates()
    unit_rows(untouched)
    assert untouched.nnz == 4


def test_results_share_nothing_with_what_was_given():
    matrix = sp.csr_array(np.array([[1.0, 2, 3], [4, 5, 6]]), dtype=np.float32)
    for result in (weighted(matrix, [0, 1, 0]), unit_rows(matrix)):
        result.data[0] = 0
        result.eliminate_zeros()
    np.testing.assert_array_equal(matrix.toarray(), [[1, 2, 3], [4, 5, 6]])


@pytest.mark.parametrize("function", [inverse_user_frequency, unit_rows, lambda matrix: weighted(matrix, [1, 1])])
def test_what_is_no_sparse_matrix_is_refused(function):
    for wrong, message in (
        (np.ones((2, 2)), "matrix should be a scipy sparse matrix, but a ndarray came"),
        (sp.csr_array((0, 2)), r"matrix is empty: its shape is \(0, 2\)"),
        (sp.csr_array([[np.nan, 1]]), "matrix has 1 values that are NaN or infinite"),
    ):
        with pytest.raises(ValueError, match=message):
            function(wrong)


# Genres.


def test_genre_vectors_by_hand(movies):
    half = np.sqrt(0.5)
    np.testing.assert_allclose(genre_vectors(movies), [[half, half], [1, 0], [0, 0], [0, 0]])
    vectors = genre_vectors(pd.DataFrame({"genres": ["War|Comedy|Drama", None, "(no genres listed)|War"]}))
    np.testing.assert_allclose(vectors, [[3**-0.5] * 3, [0, 0, 0], [0, 0, 1]])
    assert genre_vectors(movies[2:]).shape == (2, 0)


def test_movies_without_genres_are_refused(movies):
    with pytest.raises(ValueError, match=r"movies should have the columns \['genres'\], but lacks \['genres'\]"):
        genre_vectors(movies[["movieId"]])
    with pytest.raises(ValueError, match="movies is empty"):
        genre_vectors(movies[:0])
