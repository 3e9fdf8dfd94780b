"""From a table of ratings to matrices of movies by users, and what is held out of them."""

import numpy as np
import pandas as pd
import scipy.sparse

from ae_helpers.batches import as_csr


def only_rated(ratings, movies, *, at_least=5):
    """Movies with enough ratings, and their ratings.

    Args:
        ratings: table with the columns userId, movieId and rating, as from `load_movielens`.
        movies: table with the column movieId, each movie once.
        at_least: number of ratings that a movie needs to stay.

    Returns:
        `(ratings, movies)`: tables with the columns of the given ones and rows in their
        order, each with a fresh index.

    Raises:
        ValueError: if a column is missing, a rated movie is not in movies, or no movie is left.
    """
    _require_columns(ratings, movies)
    counts = movies["movieId"].map(ratings["movieId"].value_counts()).fillna(0)
    movies = movies[(counts >= at_least).to_numpy()].reset_index(drop=True)
    if movies.empty:
        raise ValueError(f"No movie has {at_least} ratings; the most that one has is {counts.max():.0f}.")
    return ratings[ratings["movieId"].isin(movies["movieId"])].reset_index(drop=True), movies


def hold_out_likes(ratings, *, share=0.2, liked=4.0, seed):
    """Take a share of each user's likes away, to see later whether they are recommended.

    Args:
        ratings: table with the columns userId, movieId and rating.
        share: of each user's likes, from 0 to 1; rounded down, so that a user with
            fewer than 1 / share likes keeps all.
        liked: a rating of so many stars or more is a like.
        seed: int, decides which.

    Returns:
        `(kept, held_out)`: two tables with the rows of ratings, each in one of them.

    Raises:
        ValueError: if a column is missing, or share leaves [0, 1].
    """
    _require_columns(ratings)
    if not 0 <= share <= 1:
        raise ValueError(f"share should lie in [0, 1], but is {share!r}.")
    likes = ratings.loc[ratings["rating"] >= liked, ["userId"]]
    likes = likes.iloc[np.random.default_rng(seed).permutation(len(likes))]
    by_user = likes.groupby("userId")["userId"]
    held = by_user.cumcount() < np.floor(by_user.transform("size") * share + 1e-9)
    is_held = ratings.index.isin(likes.index[held])
    return ratings[~is_held], ratings[is_held]


def rating_matrix(ratings, movies, users):
    """Ratings as a sparse matrix: a row for each movie, a column for each user.

    A cell without a rating holds nothing, which sparse matrices read as 0. It means
    "not rated", never "rated 0": stars begin at a half.

    Args:
        ratings: table with the columns userId, movieId and rating.
        movies: table with the column movieId; row i of the matrix is its row i.
        users: the users' ids `(n_users,)`, in the order of the columns.

    Returns:
        `scipy.sparse.csr_array` `(n_movies, n_users)`, float32.

    Raises:
        ValueError: if a column is missing, an id occurs twice in movies or users, a
            rating is of a movie or by a user that is not there, or a user rates a movie twice.
    """
    _require_columns(ratings, movies)
    rows, columns = (
        _positions(ratings[name], ids, name) for name, ids in (("movieId", movies["movieId"]), ("userId", users))
    )
    values = ratings["rating"].to_numpy(np.float32)
    matrix = scipy.sparse.csr_array((values, (rows, columns)), shape=(len(movies), len(users)))
    if matrix.nnz < len(ratings):
        raise ValueError(f"{len(ratings) - matrix.nnz:,} ratings are of a movie that the user has rated already.")
    return matrix


def inverse_user_frequency(matrix):
    """How much a user's rating says: `log(n_movies / movies that the user rated)`.

    Whoever rates nearly all movies says little about any one (Breese, Heckerman and
    Kadie 1998, section 2.1.4, there for movies).

    Args:
        matrix: sparse `(n_movies, n_users)`; any value counts as a rating.

    Returns:
        float32 array `(n_users,)`, 0 or more; a user without ratings counts as with one.

    Raises:
        ValueError: if matrix is not sparse, or empty.
    """
    matrix = as_csr(matrix, "matrix")
    rated = np.bincount(matrix.indices, weights=matrix.data != 0, minlength=matrix.shape[1])
    return np.log(matrix.shape[0] / np.maximum(rated, 1)).astype(np.float32)


def weighted(matrix, weights):
    """Each column times its weight.

    Args:
        matrix: sparse `(n_movies, n_users)`.
        weights: float array `(n_users,)`.

    Returns:
        `csr_array` of the same shape, float32.

    Raises:
        ValueError: if matrix is not sparse, or there are not as many weights as columns.
    """
    matrix, weights = as_csr(matrix, "matrix"), np.asarray(weights, np.float32)
    if weights.shape != matrix.shape[1:]:
        raise ValueError(f"weights should have the shape {matrix.shape[1:]}, but has {weights.shape}.")
    return _with_values(matrix, matrix.data * weights[matrix.indices])


def unit_rows(matrix):
    """Each row divided by its length, so that scalar products of rows are cosines.

    Args:
        matrix: sparse `(n, width)`; a row of zeros stays.

    Returns:
        `csr_array` of the same shape, float32.

    Raises:
        ValueError: if matrix is not sparse, or empty.
    """
    matrix = as_csr(matrix, "matrix")
    entries = np.diff(matrix.indptr)
    lengths = np.sqrt(np.bincount(np.repeat(np.arange(len(entries)), entries), matrix.data**2, len(entries)))
    return _with_values(matrix, matrix.data / np.repeat(np.where(lengths > 0, lengths, 1), entries))


def genre_vectors(movies):
    """The movies' genres as unit vectors, whose scalar products say how much two movies have in common.

    Args:
        movies: table with the column genres, such as "Comedy|Drama".

    Returns:
        float64 array `(n_movies, n_genres)`; zeros for a movie without genres.
    """
    named = movies["genres"].replace("(no genres listed)", "")
    flags = named.str.get_dummies("|").drop(columns="", errors="ignore").to_numpy(np.float64)
    return flags / np.sqrt(np.maximum(flags.sum(axis=1, keepdims=True), 1))


def _with_values(matrix, values):
    arrays = (values.astype(np.float32), matrix.indices, matrix.indptr)
    return scipy.sparse.csr_array(arrays, shape=matrix.shape)


def _positions(wanted, ids, name):
    index = pd.Index(ids)
    if not index.is_unique:
        raise ValueError(f"{name} {index[index.duplicated()][0]} occurs twice.")
    found = index.get_indexer(wanted)
    if (found < 0).any():
        raise ValueError(f"A rating has the {name} {wanted.iloc[int((found < 0).argmax())]}, which is not listed.")
    return found


def _require_columns(ratings, movies=None):
    needed = {"ratings": (ratings, {"userId", "movieId", "rating"}), "movies": (movies, {"movieId"})}
    for name, (table, columns) in needed.items():
        if table is not None and (missing := columns - set(table.columns)):
            raise ValueError(f"{name} should have the columns {sorted(columns)}, but lacks {sorted(missing)}.")
