import keras
import numpy as np
import pytest
import scipy.sparse as sp

from ae_helpers.batches import SparseBatches, as_csr
from ae_helpers.losses import multinomial_loss
from ae_helpers.models import item_autoencoder

pytestmark = pytest.mark.backend


@pytest.fixture
def x():
    return sp.random_array((23, 9), density=0.3, rng=np.random.default_rng(0), dtype=np.float32, format="csr")


def test_batches_are_the_rows_in_order(x):
    batches = SparseBatches(x, 2 * x, batch_size=5)
    assert len(batches) == 5
    first, second = zip(*(batches[i] for i in range(5)), strict=True)
    np.testing.assert_array_equal(np.concatenate(first), x.toarray())
    np.testing.assert_array_equal(np.concatenate(second), 2 * x.toarray())
    assert {batch.shape for batch in first} == {(5, 9), (3, 9)}
    assert first[0].dtype == np.float32


def test_without_targets_a_batch_is_x_alone(x):
    (batch,) = SparseBatches(x, batch_size=4)[0]
    np.testing.assert_array_equal(batch, x[:4].toarray())


def test_each_epoch_has_its_own_order_and_all_rows(x):
    def epoch(batches):
        rows = np.concatenate([batches[i][0] for i in range(len(batches))])
        batches.on_epoch_end()
        return rows

    batches, same = (SparseBatches(x, shuffle=True, seed=3, batch_size=5) for _ in range(2))
    one, two = epoch(batches), epoch(batches)
    assert not np.array_equal(one, two)
    np.testing.assert_array_equal(np.sort(one, axis=0), np.sort(x.toarray(), axis=0))
    np.testing.assert_array_equal(epoch(same), one)
    np.testing.assert_array_equal(epoch(same), two)


def test_x_and_y_keep_together_when_shuffled(x):
    batches = SparseBatches(x, 2 * x, shuffle=True, seed=1, batch_size=6)
    for i in range(len(batches)):
        np.testing.assert_array_equal(2 * batches[i][0], batches[i][1])


def test_a_model_is_trained_as_by_dense_arrays(x):
    def losses(data):
        keras.utils.set_random_seed(0)
        model = item_autoencoder(9, 3, 8, dropout=0.0)
        model.compile("sgd", multinomial_loss)
        return model.fit(*data, epochs=3, shuffle=False, verbose=0, batch_size=5 if len(data) == 2 else None)

    sparse = losses([SparseBatches(x, x, batch_size=5)]).history["loss"]
    np.testing.assert_allclose(sparse, losses([x.toarray(), x.toarray()]).history["loss"], rtol=1e-5)


def test_any_sparse_format_will_do(x):
    for matrix in (x.tocoo(), sp.csc_matrix(x), x.astype(np.float64)):
        csr = as_csr(matrix, "x")
        assert csr.format == "csr" and csr.dtype == np.float32
        np.testing.assert_allclose(csr.toarray(), x.toarray())
    assert as_csr(x, "x") is x or as_csr(x, "x").data is x.data


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (lambda x: (x.toarray(),), "x should be a scipy sparse matrix, but a ndarray came"),
        (lambda x: (x, x.toarray()), "y should be a scipy sparse matrix"),
        (lambda x: (x, x[:4]), "as many rows, but have 23 and 4"),
        (lambda x: (x[:0],), r"x is empty: its shape is \(0, 9\)"),
        (lambda x: (x * np.nan,), "values that are NaN or infinite"),
    ],
)
def test_what_cannot_be_batched_is_refused(x, arguments, message):
    with pytest.raises(ValueError, match=message):
        SparseBatches(*arguments(x))


@pytest.mark.parametrize("size", [0, -1, 2.5, True, None])
def test_a_batch_size_that_is_none_is_refused(x, size):
    with pytest.raises(ValueError, match="batch_size should be a positive whole number"):
        SparseBatches(x, batch_size=size)
