import doctest

import pytest

from ae_helpers.data import bundled, images, movielens, tfds, titles


@pytest.mark.parametrize("module", [bundled, images, movielens, tfds, titles], ids=lambda module: module.__name__)
def test_examples_of_docstrings(module):
    failed, tried = doctest.testmod(module)
    assert (failed, tried > 0) == (0, True)
