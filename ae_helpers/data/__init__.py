"""Data for the lessons: bundled real data, folders of other MovieLens releases, TFDS."""

from ae_helpers.data.images import load_fashion_mnist, load_mnist
from ae_helpers.data.movielens import load_movielens
from ae_helpers.data.online import load_tfds_images

__all__ = ["load_fashion_mnist", "load_mnist", "load_movielens", "load_tfds_images"]
