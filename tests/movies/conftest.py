import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from sklearn.decomposition import TruncatedSVD

from ae_helpers.data import load_movielens
from ae_helpers.movies import ItemIndex


@pytest.fixture(scope="session")
def ratings():
    return load_movielens()[0]


@pytest.fixture(scope="session")
def movies():
    return load_movielens()[1]


@pytest.fixture(scope="session")
def counts(ratings, movies):
    """Number of ratings of each movie, in the order of the movies."""
    return ratings["movieId"].value_counts().reindex(movies["movieId"], fill_value=0).to_numpy()


@pytest.fixture(scope="session")
def embeddings(ratings, movies):
    """Truncated SVD of the movie-by-user matrix, weighted by log inverse user frequency."""
    user = np.unique(ratings["userId"], return_inverse=True)[1]
    movie = pd.Index(movies["movieId"]).get_indexer(ratings["movieId"])
    rarity = np.log(len(movies) / np.bincount(user))
    return TruncatedSVD(64, random_state=0).fit_transform(csr_array((rarity[user], (movie, user))))


@pytest.fixture(scope="session")
def index(embeddings, movies, counts):
    return ItemIndex(embeddings, movies, counts=counts)


@pytest.fixture(scope="session")
def uncounted(embeddings, movies):
    return ItemIndex(embeddings, movies)


@pytest.fixture(scope="session")
def small_movies():
    """A function that makes a table of movies with these titles; movieIds from 10 on."""

    def table(titles=("A (2001)", "B (2002)", "C (2003)", "D (2004)", "E")):
        years = [int(title[-5:-1]) if title.endswith(")") else None for title in titles]
        return pd.DataFrame(
            {
                "movieId": np.arange(10, 10 + len(titles), dtype=np.int32),
                "title": list(titles),
                "year": pd.array(years, "Int16"),
                "genres": "Drama",
            }
        )

    return table
