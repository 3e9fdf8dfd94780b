import numpy as np
import pytest

from ae_helpers.recommenders import genre_coherence


def test_genre_coherence_by_hand():
    genres = np.array([[1.0, 0], [1, 0], [0, 1]])
    similarity = np.array([[9, 2, 1], [1, 9, 2], [2, 1, 9]], float)
    np.testing.assert_allclose(genre_coherence(similarity, genres, k=1), [1, 0, 0])
    np.testing.assert_allclose(genre_coherence(similarity, genres, k=2), [0.5, 0.5, 0])
    for bad in (0, 3, 1.5, True):
        with pytest.raises(ValueError, match="k should be a whole number from 1 to the 2 other items"):
            genre_coherence(similarity, genres, k=bad)
    with pytest.raises(ValueError, match=r"\(3, 2\) and \(3, 2\)"):
        genre_coherence(similarity[:, :2], genres)
