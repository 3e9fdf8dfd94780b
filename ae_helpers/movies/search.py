"""The nearest vectors: exactly, or fast and nearly right."""

from collections.abc import Collection

import numpy as np
from numpy.typing import ArrayLike

# The graph of the approximate search (Malkov and Yashunin 2018): neighbours that each item is
# linked with, and how many candidates are kept while linking and while searching.
CONNECTIVITY, CANDIDATES = 16, 128


def nearest(
    vectors: np.ndarray, query: np.ndarray, k: int, *, without: Collection[int] = ()
) -> tuple[np.ndarray, np.ndarray]:
    """The k rows with the largest scalar products: exact, by one matrix product.

    Args:
        vectors: float array `(n, d)`; of unit length, if you want cosines.
        query: float array `(d,)`.
        k: 1 to n - len(without).
        without: rows to leave out, each once.

    Returns:
        `(rows, products)`, both `(k,)`, best first; of equal products, the lower row first.
    """
    products = vectors @ query
    candidates = products.copy()
    candidates[list(without)] = -np.inf
    threshold = np.partition(candidates, -k)[-k]
    rows = np.flatnonzero(candidates >= threshold)  # more than k, if several are equal
    rows = rows[np.argsort(-products[rows], kind="stable")[:k]]
    return rows, products[rows]


class ApproximateSearch:
    """The same question as `nearest`, answered fast and nearly right, for a million vectors.

    HNSW (Malkov and Yashunin 2018, doi:10.1109/TPAMI.2018.2889473) by usearch: a graph in
    which each vector is linked with near ones. A search walks towards the query, and
    compares it with a few thousand vectors at most instead of all.

    Args:
        vectors: float32 array `(n, d)` of unit length. It is not copied: don't change it.

    Raises:
        ImportError: if usearch is not installed; the message says how to.
    """

    def __init__(self, vectors: ArrayLike):
        try:
            from usearch.index import Index
        except ImportError as error:
            raise ImportError(
                "approximate=True needs the library usearch: `pip install 'ae_helpers[index]'`. "
                "Or leave approximate out: exact search needs nothing."
            ) from error
        self.vectors = np.ascontiguousarray(vectors, np.float32)
        self._graph = Index(
            ndim=self.vectors.shape[1],
            metric="ip",
            dtype="f32",
            connectivity=CONNECTIVITY,
            expansion_add=CANDIDATES,
            expansion_search=CANDIDATES,
        )
        self._graph.add(np.arange(len(self.vectors)), self.vectors, copy=False)

    def search(self, query: np.ndarray, k: int, *, without: Collection[int] = ()) -> tuple[np.ndarray, np.ndarray]:
        """As `nearest`, except that a few of the k rows may not be the nearest; the products are exact."""
        found = self._graph.search(np.asarray(query, np.float32), k + len(without)).keys.astype(np.intp)
        rows = np.sort(np.setdiff1d(found, list(without)))
        if len(rows) < k:  # parts of the graph can't be reached, as happens among very many equal vectors
            return nearest(self.vectors, query, k, without=without)
        products = self.vectors[rows] @ query
        best = np.argsort(-products, kind="stable")[:k]
        return rows[best], products[best]
