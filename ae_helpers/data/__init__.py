"""Data for the lessons: digits, clothes, ratings; everybody else's releases of the same kinds; tables of results."""

from ae_helpers.data.images import load_mnist
from ae_helpers.data.movielens import load_movielens
from ae_helpers.data.tables import load_table
from ae_helpers.data.tfds import load_tfds_images

__all__ = ["load_mnist", "load_movielens", "load_table", "load_tfds_images"]
