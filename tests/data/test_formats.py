import numpy as np
import pandas as pd
import pytest

from ae_helpers.data import load_movielens
from tools.check_formats import FORMATS

# What a format can't write: letters beyond Latin-1, half stars and later genres, missing genres.


@pytest.mark.parametrize("name", FORMATS)
def test_the_bundled_release_in_each_format(tmp_path, name):
    ratings, movies = load_movielens()
    path = FORMATS[name](tmp_path, ratings, movies) or tmp_path
    found, its_movies = load_movielens(path)
    if name in ("ml-1m", "ml-100k"):
        ratings = ratings.assign(rating=np.floor(ratings["rating"]).clip(lower=1))
    pd.testing.assert_frame_equal(found, ratings)
    assert its_movies["movieId"].tolist() == movies["movieId"].tolist()
    differ = (its_movies[["title", "year"]].astype(str) != movies[["title", "year"]].astype(str)).any(axis=1)
    assert differ.mean() < 0.005, its_movies[differ]
    if name != "ml-100k":
        pd.testing.assert_series_equal(its_movies["genres"], movies["genres"])
