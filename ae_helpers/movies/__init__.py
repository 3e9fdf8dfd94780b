"""Similar movies: an index of embeddings that is asked by title."""

from ae_helpers.movies.index import ItemIndex
from ae_helpers.movies.search import ApproximateSearch, nearest
from ae_helpers.movies.titles import UnclearTitle

__all__ = ["ApproximateSearch", "ItemIndex", "UnclearTitle", "nearest"]
