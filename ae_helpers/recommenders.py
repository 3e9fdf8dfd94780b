"""Recommenders: how they are judged, and how much what they find has in common."""

import numpy as np

from ae_helpers.checks import as_floats


def genre_coherence(similarity, genres, *, k=10):
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
        ValueError: if similarity is not square, genres has another length, or k is out of range.
    """
    similarity, genres = as_floats(similarity, "similarity"), as_floats(genres, "genres")
    n = len(similarity)
    if similarity.shape != (n, n) or genres.ndim != 2 or len(genres) != n:
        raise ValueError(
            f"similarity should be (n, n) and genres (n, n_genres), but they are {similarity.shape} and {genres.shape}."
        )
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or not 1 <= k < n:
        raise ValueError(f"k should be a whole number from 1 to the {n - 1} other items, but is {k!r}.")
    others = similarity.copy()
    np.fill_diagonal(others, -np.inf)
    nearest = np.argsort(-others, axis=1, kind="stable")[:, :k]
    return np.einsum("ig,ikg->ik", genres, genres[nearest]).mean(axis=1)
