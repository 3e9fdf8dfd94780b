"""From a table of ratings to matrices of movies by users, and what is held out of them.

Tables are read by their columns and in the order of their rows. Their index plays no part:
it may be any, with repetitions too.
"""

import numpy as np
import pandas as pd
import scipy.sparse
from numpy.typing import ArrayLike

from ae_helpers.checks import Sparse, as_array, as_csr, real_number, whole_number, with_float_dtype


def only_rated(ratings: pd.DataFrame, movies: pd.DataFrame, *, at_least: int = 5) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Movies with enough ratings, and their ratings.

    Args:
        ratings: table with the columns userId, movieId and rating, as from `load_movielens`.
        movies: table with the column movieId, each movie once.
        at_least: number of ratings that a movie needs to stay, 0 or more.

    Returns:
        `(ratings, movies)`: tables with the columns of the given ones and rows in their
        order, each with a fresh index.

    Raises:
        ValueError: if ratings are no such table (`rating_matrix` says which are none) or
            empty, a movie occurs twice in movies, a rated one is not there, or none is left.

    Example:
        >>> ratings, movies = only_rated(*load_movielens(), at_least=5)
    """
    _require_ratings(ratings, some=True)
    whole_number(at_least, "at_least", 0, np.inf, "a whole number, 0 or more")
    ids = _ids(movies, "movieId", "movies")
    counts = np.bincount(_positions(ratings["movieId"], ids), minlength=len(ids))
    enough = counts >= at_least
    if not enough.any():
        raise ValueError(f"No movie has {at_least} ratings; the most that one has is {counts.max()}.")
    stays = ratings["movieId"].isin(ids[enough]).to_numpy()
    return ratings[stays].reset_index(drop=True), movies[enough].reset_index(drop=True)


def hold_out_likes(
    ratings: pd.DataFrame, *, share: float = 0.2, liked: float = 4.0, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
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
        ValueError: if ratings are no such table (`rating_matrix` says which are none) or
            empty, share leaves [0, 1], or liked is no number.

    Example:
        >>> known, test_likes = hold_out_likes(ratings, share=0.2, seed=0)
        >>> train, valid_likes = hold_out_likes(known, share=0.2, seed=1)
    """
    _require_ratings(ratings, some=True)
    share = real_number(share, "share", lambda part: 0 <= part <= 1, "in [0, 1]")
    liked = real_number(liked, "liked", np.isfinite, "a number of stars")
    likes = np.flatnonzero(ratings["rating"].to_numpy(np.float64) >= liked)
    likes = np.random.default_rng(seed).permutation(likes)
    of_user = pd.Series(likes).groupby(ratings["userId"].to_numpy()[likes])
    # The trifle keeps 0.2 x 5 from being 0.9999.
    held = of_user.cumcount() < np.floor(of_user.transform("size") * share + 1e-9)
    is_held = np.zeros(len(ratings), bool)
    is_held[likes[held]] = True
    return ratings[~is_held], ratings[is_held]


def rating_matrix(ratings: pd.DataFrame, movies: pd.DataFrame, users: ArrayLike) -> scipy.sparse.csr_array:
    """Ratings as a sparse matrix: a row for each movie, a column for each user.

    A cell without a rating holds nothing, which sparse matrices read as 0. It means
    "not rated", never "rated 0": stars begin at a half.

    Args:
        ratings: table with the columns userId, movieId and rating; may have no rows.
        movies: table with the column movieId; row i of the matrix is its row i.
        users: the users' ids `(n_users,)`, in the order of the columns.

    Returns:
        `scipy.sparse.csr_array` `(n_movies, n_users)`, float32.

    Raises:
        ValueError: if a column is missing, an id is missing or occurs twice in movies or
            users, a rating is no finite number or 0, is of a movie or by a user that is not
            there, or a user rates a movie twice.

    Example:
        >>> users = np.sort(ratings["userId"].unique())
        >>> stars = rating_matrix(ratings, movies, users)
    """
    _require_ratings(ratings)
    ids = {"movieId": _ids(movies, "movieId", "movies"), "userId": _ids(users, "userId", "users")}
    cells = tuple(_positions(ratings[name], index) for name, index in ids.items())
    values = ratings["rating"].to_numpy(np.float32)
    if (values == 0).any():
        raise ValueError(f"{np.count_nonzero(values == 0):,} ratings are 0, which can't be told from an empty cell.")
    return scipy.sparse.csr_array((values, cells), shape=tuple(len(index) for index in ids.values()))


def inverse_user_frequency(matrix: Sparse) -> np.ndarray:
    """How much a user's rating says: `log(n_movies / movies that the user rated)`.

    Whoever rates nearly all movies says little about any one (Breese, Heckerman and
    Kadie 1998, section 2.1.4, there for movies).

    Args:
        matrix: sparse `(n_movies, n_users)`; any value but 0 counts as a rating.

    Returns:
        float32 array `(n_users,)`, 0 or more; a user without ratings counts as with one.

    Raises:
        ValueError: if matrix is not sparse, empty, or holds NaN or infinity.

    Example:
        >>> inverse_user_frequency(scipy.sparse.csr_array([[5, 0], [3, 4]]))
        array([0.       , 0.6931472], dtype=float32)
    """
    matrix = as_csr(matrix, "matrix")
    rated = np.bincount(matrix.indices, weights=matrix.data != 0, minlength=matrix.shape[1])
    return np.log(matrix.shape[0] / np.maximum(rated, 1)).astype(np.float32)


def weighted(matrix: Sparse, weights: ArrayLike) -> scipy.sparse.csr_array:
    """Each column times its weight.

    Args:
        matrix: sparse `(n_movies, n_users)`.
        weights: float array `(n_users,)`, in the order of the columns.

    Returns:
        `csr_array` of the same shape, float32.

    Raises:
        ValueError: if matrix is not sparse, empty, or holds NaN or infinity; if there are
            not as many weights as columns, or one is no finite number; or if weights are
            a Series with an index of its own, which could be in another order.

    Example:
        >>> weighted(stars, inverse_user_frequency(stars))
    """
    matrix = as_csr(matrix, "matrix")
    if isinstance(weights, pd.Series) and not weights.index.equals(pd.RangeIndex(len(weights))):
        raise ValueError(
            "weights are a Series with an index of its own, but columns are numbered from 0. "
            "Bring it into the order of the columns with .loc, and give weights.to_numpy()."
        )
    weights = with_float_dtype(as_array(weights, "weights"), "weights").astype(np.float32)
    if weights.shape != matrix.shape[1:]:
        raise ValueError(f"weights should have the shape {matrix.shape[1:]}, but has {weights.shape}.")
    if not np.isfinite(weights).all():
        raise ValueError(f"weights has {np.count_nonzero(~np.isfinite(weights)):,} values that are NaN or infinite.")
    return _with_values(matrix, matrix.data * weights[matrix.indices])


def unit_rows(matrix: Sparse) -> scipy.sparse.csr_array:
    """Each row divided by its length, so that scalar products of rows are cosines.

    Args:
        matrix: sparse `(n, width)`; a row of zeros stays.

    Returns:
        `csr_array` of the same shape, float32.

    Raises:
        ValueError: if matrix is not sparse, empty, or holds NaN or infinity.

    Example:
        >>> unit_rows(scipy.sparse.csr_array([[3, 4], [0, 0]])).toarray()
        array([[0.6, 0.8],
               [0. , 0. ]], dtype=float32)
    """
    matrix = as_csr(matrix, "matrix")
    values = matrix.data.astype(np.float64)  # squares may leave the range of float32
    row_of = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    lengths = np.sqrt(np.bincount(row_of, values**2))
    return _with_values(matrix, values / np.where(lengths > 0, lengths, 1)[row_of])


def genre_vectors(movies: pd.DataFrame) -> np.ndarray:
    """The movies' genres as unit vectors, whose scalar products say how much two movies have in common.

    Args:
        movies: table with the column genres, such as "Comedy|Drama".

    Returns:
        float64 array `(n_movies, n_genres)`, genres by the alphabet; zeros for a movie
        without genres.

    Raises:
        ValueError: if movies lack the column genres, or are none.

    Example:
        >>> genre_vectors(pd.DataFrame({"genres": ["Drama|War", "Drama", "(no genres listed)"]}))
        array([[0.70710678, 0.70710678],
               [1.        , 0.        ],
               [0.        , 0.        ]])
    """
    _require_columns(movies, ["genres"], "movies")
    if movies.empty:
        raise ValueError("movies is empty.")
    named = movies["genres"].astype(str).where(movies["genres"].notna(), "").str.get_dummies("|")
    flags = named.drop(columns=["", "(no genres listed)"], errors="ignore").to_numpy(np.float64)
    return flags / np.sqrt(np.maximum(flags.sum(axis=1, keepdims=True), 1))


def _with_values(matrix, values):
    # Copies: whoever changes the result's pattern in place would change the given matrix, too.
    arrays = (values.astype(np.float32), matrix.indices.copy(), matrix.indptr.copy())
    return scipy.sparse.csr_array(arrays, shape=matrix.shape)


def _ids(given, name, whose):
    """Ids as a pandas Index, each once: the column `name` of a table, or an array."""
    if whose == "movies":
        _require_columns(given, [name], whose)
        given = given[name]
    given = np.asarray(given)
    if given.ndim != 1:
        raise ValueError(f"{whose} should be the ids (n,), but its shape is {given.shape}.")
    index = pd.Index(given)
    if not len(index):
        raise ValueError(f"{whose} is empty.")
    if index.hasnans:
        raise ValueError(f"{whose} has a {name} that is missing (NaN).")
    if not index.is_unique:
        raise ValueError(f"{name} {index[index.duplicated()][0]} occurs twice.")
    return index


def _positions(wanted, index):
    """Where the ids of a column of ratings stand in an index."""
    found = index.get_indexer(wanted)
    if (found < 0).any():
        unknown = wanted.iloc[int((found < 0).argmax())]
        shown = repr(unknown) if isinstance(unknown, str) else unknown  # '10' is not 10
        raise ValueError(f"A rating has the {wanted.name} {shown}, which is not listed.")
    return found


def _require_ratings(ratings, some=False):
    """Refuse what is no table of ratings, or, with `some`, has no rows."""
    _require_columns(ratings, ["movieId", "rating", "userId"], "ratings")
    if some and ratings.empty:
        raise ValueError("ratings is empty.")
    for name in ("userId", "movieId"):
        if ratings[name].isna().any():
            raise ValueError(f"{ratings[name].isna().sum():,} ratings have no {name} (NaN).")
    stars = ratings["rating"]
    if not pd.api.types.is_numeric_dtype(stars) or pd.api.types.is_complex_dtype(stars):
        raise ValueError(f"ratings should hold numbers in the column rating, but its dtype is {stars.dtype}.")
    if not np.isfinite(stars.to_numpy(np.float32, na_value=np.nan)).all():
        raise ValueError("A rating is NaN or infinite.")
    again = ratings.duplicated(["userId", "movieId"])
    if again.any():
        user, movie = (ratings[name].iloc[again.argmax()] for name in ("userId", "movieId"))
        raise ValueError(
            f"{again.sum():,} ratings are of a movie that the user has rated already: "
            f"user {user} rates movie {movie} twice."
        )


def _require_columns(table, columns, name):
    if not isinstance(table, pd.DataFrame):
        raise ValueError(f"{name} should be a table (pandas.DataFrame), but a {type(table).__name__} came.")
    if missing := [column for column in columns if column not in table.columns]:
        raise ValueError(f"{name} should have the columns {columns}, but lacks {missing}.")
    if twice := [column for column in columns if list(table.columns).count(column) > 1]:
        raise ValueError(f"{name} has several columns {twice}.")
