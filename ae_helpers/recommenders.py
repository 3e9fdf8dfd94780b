"""Recommenders with one interface, and how they are judged on likes that were held out.

A recommender learns from a sparse matrix of users by movies, and gives each user a score for
each movie. All it knows is what `fit` was given.
"""

from collections.abc import Callable
from typing import Any, Self

import numpy as np
import scipy.linalg
import scipy.sparse
from numpy.typing import ArrayLike
from sklearn.decomposition import TruncatedSVD

from ae_helpers.checks import Sparse, as_csr, as_floats, real_number, same_labels, whole_number
from ae_helpers.metrics import ndcg_at_k, recall_at_k
from ae_helpers.ratings import inverse_user_frequency, unit_rows, weighted
from ae_helpers.splits import learns


class Recommender:
    """A user's score for a movie is the sum of its similarities to the movies that the user likes.

    Base of all recommenders here; a new one says in `_similarities` how near two movies are.

    Attributes:
        similarity_: after `fit`, float array `(n_movies, n_movies)`; row i says how much
            somebody who likes movie i is led to each movie.
        fitted_on_: after `fit`, the matrix that was learned from, as CSR.
    """

    fitted_on_: Any = None
    similarity_: np.ndarray

    @learns
    def fit(self, likes: Sparse) -> Self:
        """Learn which movies go together.

        Args:
            likes: sparse `(n_users, n_movies)`, each user's likes or stars.

        Returns:
            The recommender itself.

        Raises:
            ValueError: if likes is not sparse, empty, holds NaN, infinity or no value but 0, or a
                setting of the recommender does not fit it.

        Example:
            >>> scores = Cosine().fit(stars).score(stars >= 4)
        """
        likes = as_csr(likes, "likes")
        if not likes.count_nonzero():
            raise ValueError(f"likes has no value but 0 in {likes.shape[0]:,} x {likes.shape[1]:,} cells.")
        self._learn(likes)
        self.fitted_on_ = likes
        return self

    def score(self, users: Sparse) -> np.ndarray:
        """How much each user is led to each movie, those that the user knows among them.

        Args:
            users: sparse `(n_users, n_movies)`, what each user likes. They need not be those
                of `fit`, but the movies must be the same.

        Returns:
            float array `(n_users, n_movies)`; the higher, the better. Zeros, if the user likes nothing.

        Raises:
            ValueError: if `fit` was not called, or users is not sparse, empty, holds NaN or
                infinity, or has other than the fitted number of movies.
        """
        if self.fitted_on_ is None:
            raise ValueError(f"{type(self).__name__} has learned nothing yet: call fit first.")
        users = as_csr(users, "users")
        if users.shape[1] != self.fitted_on_.shape[1]:
            raise ValueError(
                f"users should have the {self.fitted_on_.shape[1]:,} movies of fit, but has the shape {users.shape}."
            )
        return self._scores(users)

    def _learn(self, likes):
        self.similarity_ = self._similarities(likes)

    def _scores(self, users):
        return users @ self.similarity_

    def _similarities(self, likes):
        raise NotImplementedError


class Popularity(Recommender):
    """To everybody the same: a movie's score is the number of users who have it.

    It has no `similarity_`.

    Example:
        >>> Popularity().fit(scipy.sparse.csr_array([[5, 0], [3, 4]])).score(scipy.sparse.csr_array([[1, 0]]))
        array([[2., 1.]])
    """

    def _learn(self, likes):
        self._raters = _raters(likes)

    def _scores(self, users):
        return np.tile(self._raters, (users.shape[0], 1))


class Cosine(Recommender):
    """Cosine of the movies' columns (Sarwar, Karypis, Konstan and Riedl 2001).

    Args:
        weigh_users: whether each user counts with the `inverse_user_frequency` of
            `ae_helpers.ratings`.

    Example:
        >>> Cosine().fit(scipy.sparse.csr_array([[3, 0, 1], [4, 4, 0]])).similarity_
        array([[1. , 0.8, 0.6],
               [0.8, 1. , 0. ],
               [0.6, 0. , 1. ]], dtype=float32)
    """

    def __init__(self, *, weigh_users: bool = False):
        self.weigh_users = weigh_users

    def _similarities(self, likes):
        vectors = _vectors(likes, self.weigh_users)
        return (vectors @ vectors.T).toarray()


class SVD(Recommender):
    """Cosine of short vectors: the movies' columns after a truncated singular value decomposition.

    It is PCA without the centring, which would fill the matrix: pure SVD, as Cremonesi,
    Koren and Turrin (2010) call it, with cosines.

    Args:
        size: numbers for each movie, 1 or more; at most the numbers of users and of movies.
        weigh_users: whether each user counts with the `inverse_user_frequency`, and each
            movie's column is scaled to length 1 before.
        seed: int, of the randomised algorithm (Halko, Martinsson and Tropp 2011).

    Raises:
        ValueError: if size is no positive whole number.

    Example:
        >>> scores = SVD(64).fit(stars).score(stars >= 4)
    """

    def __init__(self, size: int, *, weigh_users: bool = False, seed: int = 0):
        self.size = whole_number(size, "size", 1, np.inf, "a positive whole number")
        self.weigh_users, self.seed = weigh_users, seed

    def _similarities(self, likes):
        if self.size > min(likes.shape):
            raise ValueError(f"SVD can't have {self.size} numbers of a matrix of the shape {likes.shape}.")
        vectors = _vectors(likes, True) if self.weigh_users else likes.T.tocsr()
        return _cosines(TruncatedSVD(self.size, random_state=self.seed).fit_transform(vectors))


class EASE(Recommender):
    """The linear model that predicts each movie from all others, in closed form (Steck 2019).

    Of all weights `B` with zeros on the diagonal, those that make `|X - X B|² + strength |B|²`
    smallest, `X` being the users' rows with 1 where there is a value: with
    `P = inverse(X'X + strength I)`, `B[i, j] = -P[i, j] / P[j, j]`. They stand in `similarity_`.

    Args:
        strength: of the penalty on the weights, above 0. Choose it on validation likes.

    Raises:
        ValueError: if strength is no number above 0.

    Example:
        >>> scores = EASE(300).fit(stars).score(stars >= 4)
    """

    def __init__(self, strength: float):
        self.strength = real_number(strength, "strength", lambda s: 0 < s < np.inf, "a number above 0")

    def _similarities(self, likes):
        x = (likes != 0).astype(np.float64)
        gram = (x.T @ x).toarray()  # movies x movies: each copy counts, so all is done in place
        gram[np.diag_indices_from(gram)] += self.strength
        weights = scipy.linalg.inv(gram, overwrite_a=True)
        weights /= -np.diag(weights).copy()
        np.fill_diagonal(weights, 0)
        return weights.astype(np.float32)


class Embeddings(Recommender):
    """Cosine of the embeddings that a trained network makes of the movies' columns.

    Args:
        encode: function from a sparse matrix `(n_movies, n_users)`, what `fit` was given
            the other way round, to a float array `(n_movies, latent_dim)`.

    Example:
        >>> recommender = Embeddings(autoencoder.encode).fit(x.T)
        >>> scores = recommender.score(stars >= 4)
    """

    def __init__(self, encode: Callable[[Sparse], ArrayLike]):
        self.encode = encode

    def _similarities(self, likes):
        codes = as_floats(self.encode(likes.T.tocsr()), "What encode returned")
        if codes.ndim != 2 or len(codes) != likes.shape[1]:
            raise ValueError(
                f"encode should return an array ({likes.shape[1]}, latent_dim), but its shape is {codes.shape}."
            )
        return _cosines(codes)


def unseen_scores(recommender: Recommender, seen: Sparse, *, liked: float = 4.0) -> np.ndarray:
    """Each user's scores for the movies that the user has not rated.

    Args:
        recommender: fitted.
        seen: sparse `(n_users, n_movies)`, the stars that are known of each user.
        liked: a rating of so many stars or more is a like, from which the scores come.

    Returns:
        float array `(n_users, n_movies)`; minus infinity for what the user has rated,
        liked or not.

    Raises:
        ValueError: as `Recommender.score`.

    Example:
        >>> best_first = np.argsort(-unseen_scores(EASE(300).fit(stars), stars), axis=1)
    """
    seen = as_csr(seen, "seen")
    liked = real_number(liked, "liked", np.isfinite, "a number of stars")
    likes = scipy.sparse.csr_array((seen.data >= liked, seen.indices, seen.indptr), shape=seen.shape)
    scores = recommender.score(likes)
    scores[seen.nonzero()] = -np.inf
    return scores


def judge(
    recommender: Recommender,
    seen: Sparse,
    held_out: Sparse,
    *,
    genres: ArrayLike | None = None,
    liked: float = 4.0,
    k: int = 20,
) -> dict[str, np.ndarray]:
    """Recommend k movies to each user, and see whether the held-out likes are among them.

    Args:
        recommender: fitted, on what is seen.
        seen: sparse `(n_users, n_movies)`, the stars that are known of each user: scores come
            from the likes among them, and nothing that is rated is recommended.
        held_out: sparse, of the same shape: the likes to find, with any value but 0.
        genres: float array `(n_movies, n_genres)` of unit vectors, or None.
        liked: a rating of so many stars or more is a like.
        k: length of the lists.

    Returns:
        dict of arrays. Per user, `(n_users,)`: "recall@20", "NDCG@20" (NaN for users without
        a held-out like) and "log₁₀ popularity", the mean over a user's list of the
        logarithm of the number of users who have rated the movie. Per movie, `(n_movies,)`: "share of
        catalogue", 1 if it is in anybody's list, else 0; and, with genres, "genre coherence" of
        the movie and its ten nearest (NaN, if the recommender has no similarities). Their
        means, by `np.nanmean`, are what one reports.

    Raises:
        ValueError: if a held-out like is in what is seen, or in what the recommender was fitted on (for
            the same users): it would find what it has been told. If shapes differ, or as `recall_at_k`.

    Example:
        >>> known, test_likes = hold_out_likes(ratings, seed=0)
        >>> stars, likes = (rating_matrix(part, movies, users).T for part in (known, test_likes))
        >>> np.nanmean(judge(EASE(300).fit(stars), stars, likes)["recall@20"])
    """
    seen, held_out = as_csr(seen, "seen"), as_csr(held_out, "held_out")
    if seen.shape != held_out.shape:
        raise ValueError(f"seen and held_out should have the same shape, but have {seen.shape} and {held_out.shape}.")
    scores = unseen_scores(recommender, seen, liked=liked)
    for name, matrix in (("what is seen", seen), ("what the recommender was fitted on", recommender.fitted_on_)):
        if matrix.shape == held_out.shape and (common := matrix.multiply(held_out).count_nonzero()):
            raise ValueError(f"{common:,} held-out likes are in {name}: it would find what it has been told.")
    relevant = held_out.toarray() != 0
    measured = {
        f"recall@{k}": recall_at_k(scores, relevant, k=k),
        f"NDCG@{k}": ndcg_at_k(scores, relevant, k=k),
    }
    if genres is not None:
        has_similarities = hasattr(recommender, "similarity_")
        measured["genre coherence"] = (
            genre_coherence(recommender.similarity_, genres) if has_similarities else np.full(seen.shape[1], np.nan)
        )
    lists = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    listed = np.take_along_axis(scores, lists, axis=1) > -np.inf  # fewer, if hardly anything is left unrated
    popularity = np.log10(np.maximum(_raters(seen), 1))[lists]
    n_listed = np.where(listed.any(axis=1), listed.sum(axis=1), np.nan)
    measured["log₁₀ popularity"] = (popularity * listed).sum(axis=1) / n_listed
    measured["share of catalogue"] = np.isin(np.arange(seen.shape[1]), lists[listed]).astype(np.float64)
    return measured


def genre_coherence(similarity: ArrayLike, genres: ArrayLike, *, k: int = 10) -> np.ndarray:
    """How much each item has in common with its k nearest, by genre.

    Args:
        similarity: float array `(n, n)`; row i says how near all items are to item i. The
            diagonal is not used.
        genres: float array `(n, n_genres)`, unit vectors (`ae_helpers.ratings.genre_vectors`).
        k: number of neighbours, 1 to n - 1. Of equal ones, those that stand first.

    Returns:
        float64 array `(n,)` in [0, 1]: mean cosine of genre vectors between an item
        and its k nearest.

    Raises:
        ValueError: if similarity is not square, genres has another length, a value is NaN or
            infinite, or k is out of range.

    Example:
        >>> genre_coherence(Cosine().fit(stars).similarity_, genre_vectors(movies)).mean()
    """
    same_labels(axes=["rows"], similarity=similarity, genres=genres)
    similarity, genres = as_floats(similarity, "similarity"), as_floats(genres, "genres")
    n = len(similarity)
    if similarity.shape != (n, n) or genres.ndim != 2 or len(genres) != n:
        raise ValueError(
            f"similarity should be (n, n) and genres (n, n_genres), but they are {similarity.shape} and {genres.shape}."
        )
    whole_number(k, "k", 1, n - 1, f"a whole number from 1 to the {n - 1} other items")
    others = similarity.copy()
    np.fill_diagonal(others, -np.inf)
    nearest = np.argsort(-others, axis=1, kind="stable")[:, :k]
    return np.einsum("ig,ikg->ik", genres, genres[nearest]).mean(axis=1)


def _raters(likes):
    """How many users have each movie: float64 `(n_movies,)`."""
    return np.bincount(likes.indices, weights=likes.data != 0, minlength=likes.shape[1])


def _vectors(likes, weigh_users):
    """The movies' vectors of length 1, sparse `(n_movies, n_users)`."""
    movies = likes.T.tocsr()
    return unit_rows(weighted(movies, inverse_user_frequency(movies)) if weigh_users else movies)


def _cosines(codes):
    """Cosines of all rows; a row of zeros has 0 with all."""
    lengths = np.linalg.norm(codes, axis=1, keepdims=True)
    unit = codes / np.where(lengths > 0, lengths, 1)
    return unit @ unit.T
