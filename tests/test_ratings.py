import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from ae_helpers.data import load_movielens
from ae_helpers.metrics import bootstrap_interval
from ae_helpers.ratings import (
    genre_vectors,
    hold_out_likes,
    inverse_user_frequency,
    only_rated,
    rating_matrix,
    unit_rows,
    weighted,
)


@pytest.fixture
def ratings():
    rows = [(7, 10, 4.0), (7, 20, 0.5), (9, 10, 5.0), (9, 30, 3.5), (8, 10, 4.5)]
    return pd.DataFrame(rows, columns=["userId", "movieId", "rating"])


@pytest.fixture
def movies():
    return pd.DataFrame({"movieId": [30, 10, 20, 40], "genres": ["Drama|War", "Drama", "", "(no genres listed)"]})


@pytest.fixture(scope="module")
def bundled():
    return load_movielens()


def test_a_matrix_by_hand(ratings, movies):
    matrix = rating_matrix(ratings, movies, [9, 7, 8])
    assert matrix.format == "csr" and matrix.dtype == np.float32 and matrix.nnz == 5
    np.testing.assert_array_equal(matrix.toarray(), [[3.5, 0, 0], [5, 4, 4.5], [0, 0.5, 0], [0, 0, 0]])


def test_the_bundled_matrix_holds_all_ratings(bundled):
    ratings, movies = bundled
    users = np.sort(ratings["userId"].unique())
    matrix = rating_matrix(ratings, movies, users)
    assert matrix.nnz == len(ratings)
    assert matrix.sum(dtype=np.float64) == pytest.approx(ratings["rating"].sum())
    row = movies.index[movies["title"] == "Toy Story (1995)"][0]
    assert matrix[[row]].nnz == (ratings["movieId"] == movies["movieId"][row]).sum()


def test_what_does_not_fit_a_matrix_is_refused(ratings, movies):
    with pytest.raises(ValueError, match="movieId 10, which is not listed"):
        rating_matrix(ratings, movies[movies["movieId"] != 10], [7, 8, 9])
    with pytest.raises(ValueError, match="userId 8, which is not listed"):
        rating_matrix(ratings, movies, [7, 9])
    with pytest.raises(ValueError, match="userId 7 occurs twice"):
        rating_matrix(ratings, movies, [7, 7, 8, 9])
    with pytest.raises(ValueError, match="1 ratings are of a movie that the user has rated already"):
        rating_matrix(pd.concat([ratings, ratings[:1]]), movies, [7, 8, 9])
    with pytest.raises(ValueError, match=r"lacks \['rating'\]"):
        rating_matrix(ratings.drop(columns="rating"), movies, [7, 8, 9])


def test_only_movies_with_enough_ratings_stay(ratings, movies):
    kept, left = only_rated(ratings, movies, at_least=2)
    assert left["movieId"].tolist() == [10] and kept["userId"].tolist() == [7, 9, 8]
    assert only_rated(ratings, movies, at_least=0)[1]["movieId"].tolist() == [30, 10, 20, 40]
    with pytest.raises(ValueError, match="No movie has 4 ratings; the most that one has is 3"):
        only_rated(ratings, movies, at_least=4)


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


def test_the_seed_decides_which_likes(bundled):
    ratings, _ = bundled
    first, same, other = (hold_out_likes(ratings, seed=seed)[1] for seed in (0, 0, 1))
    pd.testing.assert_frame_equal(first, same)
    assert 0.1 < first.index.isin(other.index).mean() < 0.3  # a fifth by chance
    # Not the first or the last of each user: those would be the oldest or the newest.
    position = ratings.groupby("userId").cumcount() / ratings.groupby("userId")["userId"].transform("size")
    assert 0.45 < position[first.index].mean() < 0.55


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_that_is_none_is_refused(ratings, share):
    with pytest.raises(ValueError, match=r"share should lie in \[0, 1\]"):
        hold_out_likes(ratings, share=share, seed=0)


def test_user_weights_by_hand(ratings, movies):
    matrix = rating_matrix(ratings, movies, [9, 7, 8])
    weights = inverse_user_frequency(matrix)
    np.testing.assert_allclose(weights, np.log([4 / 2, 4 / 2, 4 / 1]), rtol=1e-6)
    np.testing.assert_allclose(weighted(matrix, weights).toarray(), matrix.toarray() * weights, rtol=1e-6)
    with pytest.raises(ValueError, match=r"weights should have the shape \(3,\), but has \(2,\)"):
        weighted(matrix, weights[:2])


def test_a_user_without_ratings_has_a_weight():
    np.testing.assert_allclose(inverse_user_frequency(sp.csr_array([[1.0, 0], [1, 0]])), [0, np.log(2)])


def test_unit_rows_have_length_one_or_stay_empty(bundled):
    matrix = sp.csr_array(np.array([[3.0, 4.0], [0, 0], [0, -2]]))
    np.testing.assert_allclose(unit_rows(matrix).toarray(), [[0.6, 0.8], [0, 0], [0, -1]], rtol=1e-6)
    np.testing.assert_array_equal(matrix.toarray(), [[3, 4], [0, 0], [0, -2]])  # untouched
    assert unit_rows(matrix > 1).dtype == np.float32  # of bools, too


def test_genre_vectors_by_hand(movies):
    half = np.sqrt(0.5)
    np.testing.assert_allclose(genre_vectors(movies), [[half, half], [1, 0], [0, 0], [0, 0]])


def test_a_bootstrap_interval_agrees_with_theory():
    values = np.random.default_rng(0).normal(3, 2, 1000)
    low, high = bootstrap_interval(np.append(values, np.nan), seed=0)
    error = 1.96 * values.std() / np.sqrt(1000)
    np.testing.assert_allclose([low, high], [values.mean() - error, values.mean() + error], atol=0.03)
    assert bootstrap_interval(values, seed=0) == (low, high)
    for bad in ([1.0], np.ones((2, 2)), [np.nan, 1]):
        with pytest.raises(ValueError, match="two values or more"):
            bootstrap_interval(bad, seed=0)
