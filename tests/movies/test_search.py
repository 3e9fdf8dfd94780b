import sys

import numpy as np
import pandas as pd
import pytest

from ae_helpers.movies import ApproximateSearch, ItemIndex, nearest, search

SMALL = np.array([[1, 0], [2, 1], [0, 3], [-1, 0], [5, 0.1]])


def test_nearest_by_hand():
    vectors = np.array([[1.0], [3.0], [2.0], [3.0]])
    rows, products = nearest(vectors, np.array([2.0]), 2)
    assert rows.tolist() == [1, 3] and products.tolist() == [6, 6]
    assert nearest(vectors, np.array([2.0]), 2, without=[1])[0].tolist() == [3, 2]


def test_nearest_in_all_lengths():
    vectors = np.array([[-1.0], [-3.0], [-2.0], [-3.0]])
    order = [0, 2, 1, 3]
    for k in (1, 2, 3, 4):
        rows, products = nearest(vectors, np.array([2.0]), k)
        assert rows.tolist() == order[:k] and products.tolist() == [-2, -4, -6, -6][:k]
    rows, products = nearest(vectors, np.array([2.0]), 2, without=(0, 3))
    assert rows.tolist() == [2, 1] and products.tolist() == [-4, -6]


def test_of_many_equal_products_the_lower_rows_come_first():
    vectors = np.repeat([[1.0], [2.0]], 100, axis=0)
    assert nearest(vectors, np.array([1.0]), 150)[0].tolist() == [*range(100, 200), *range(50)]


# Approximate search.


def test_approximate_search_leaves_out_and_orders_as_nearest():
    pytest.importorskip("usearch")
    vectors = np.random.default_rng(0).normal(size=(60, 4))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    graph = ApproximateSearch(vectors)
    assert graph.vectors.dtype == np.float32
    for k, without in ((1, ()), (5, ()), (30, (0,)), (57, (0, 7, 50)), (60, ())):
        rows, products = graph.search(vectors[0], k, without=without)
        assert rows.dtype.kind == "i"
        assert_nearly_nearest(rows, products, graph.vectors, vectors[0], k, without)


def assert_nearly_nearest(rows, products, vectors, query, k, without):
    """Of the k nearest rows most, in order, with exact products, and none that is left out.

    The threads that build a graph link it a little differently each time: a row may be missed.
    """
    assert len(set(rows) - set(without)) == k
    assert len(np.intersect1d(rows, nearest(vectors, query, k, without=without)[0])) >= 0.8 * k - 1
    np.testing.assert_allclose(products, vectors[rows] @ query, rtol=1e-6)
    assert rows.tolist() == rows[np.lexsort((rows, -products))].tolist()


def test_approximate_search_needs_a_library(monkeypatch, small_movies):
    monkeypatch.setitem(sys.modules, "usearch.index", None)
    with pytest.raises(ImportError, match=r"needs the library usearch.*pip install 'ae_helpers\[index\]'"):
        ItemIndex(SMALL, small_movies(), approximate=True)


def test_approximate_search_finds_nearly_the_same(embeddings, tmp_path, movies, counts):
    pytest.importorskip("usearch")
    known = np.flatnonzero(counts >= 10)  # some 2,000
    exact = ItemIndex(embeddings[known], movies.iloc[known])
    approximate = ItemIndex(embeddings[known], movies.iloc[known], approximate=True)
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


def test_approximate_search_of_few_or_equal_vectors_is_complete(small_movies):
    pytest.importorskip("usearch")
    table = ItemIndex(SMALL, small_movies(), approximate=True).similar("A", 4)
    pd.testing.assert_frame_equal(table, ItemIndex(SMALL, small_movies()).similar("A", 4))
    equal = np.full((3_000, 4), 0.5, np.float32)
    rows, products = ApproximateSearch(equal).search(equal[0], 2_000, without=[7])
    assert len(set(rows.tolist()) - {7}) == 2_000 and products.tolist() == [1] * 2_000


def test_a_graph_answers_by_itself_without_what_is_left_out(monkeypatch):
    pytest.importorskip("usearch")
    vectors = np.random.default_rng(0).normal(size=(300, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[[3, 9, 200]] = vectors[7]  # equal ones: the lower row first
    graph = ApproximateSearch(vectors)
    with monkeypatch.context() as patch:
        patch.setattr(search, "nearest", None)
        rows, products = graph.search(vectors[7], 6, without=[7, 3])
    assert_nearly_nearest(rows, products, vectors, vectors[7], 6, [7, 3])
    assert rows[:2].tolist() == [9, 200]


def test_of_equally_near_ones_the_lower_row_comes_first():
    pytest.importorskip("usearch")
    vectors = np.random.default_rng(0).choice([-0.25, 0.25], (300, 16)).astype(np.float32)  # 17 products, all exact
    rows, products = ApproximateSearch(vectors).search(vectors[0], 100)
    np.testing.assert_array_equal(np.lexsort((rows, -products)), np.arange(100))
