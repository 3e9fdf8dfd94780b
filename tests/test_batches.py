import keras
import numpy as np
import pytest
import scipy.sparse as sp

from ae_helpers.batches import SparseBatches
from ae_helpers.losses import multinomial_loss
from ae_helpers.models import item_autoencoder

pytestmark = pytest.mark.backend


@pytest.fixture
def x():
    return sp.random_array((23, 9), density=0.3, rng=np.random.default_rng(0), dtype=np.float32, format="csr")


def numbered(n):
    """A matrix whose row i holds i + 1, so that a batch says which rows it has."""
    return sp.csr_array(np.arange(1.0, n + 1)[:, None])


def order(batches):
    return [int(row) - 1 for (batch,) in batches for row in batch[:, 0]]


def test_batches_are_the_rows_in_order(x):
    batches = SparseBatches(x, 2 * x, batch_size=5)
    assert len(batches) == 5
    first, second = zip(*(batches[i] for i in range(5)), strict=True)
    np.testing.assert_array_equal(np.concatenate(first), x.toarray())
    np.testing.assert_array_equal(np.concatenate(second), 2 * x.toarray())
    assert [len(batch) for batch in first] == [5, 5, 5, 5, 3]
    assert first[0].dtype == second[0].dtype == np.float32


@pytest.mark.filterwarnings("error")  # Keras warns where its own part was not made
def test_batches_of_one_row_and_what_keras_asks_for(x):
    batches = SparseBatches(x, batch_size=1)
    assert len(batches) == 23 and batches.workers == 1


def test_without_targets_a_batch_is_x_alone(x):
    (batch,) = SparseBatches(x, batch_size=4)[0]
    np.testing.assert_array_equal(batch, x[:4].toarray())


def test_without_shuffling_each_epoch_is_the_same():
    batches = SparseBatches(numbered(10), batch_size=4)
    assert order(batches) == list(range(10))
    batches.on_epoch_end()
    assert order(batches) == list(range(10))
    assert len(SparseBatches(numbered(65))) == 2  # 64 at a time unless told


def test_each_epoch_has_its_own_order_and_all_rows():
    batches, same, other = (SparseBatches(numbered(50), shuffle=True, seed=seed, batch_size=7) for seed in (3, 3, 4))
    epochs = []
    for _ in range(3):
        assert order(batches) == order(batches) == order(same)
        epochs.append(order(batches))
        batches.on_epoch_end()
        same.on_epoch_end()
    assert all(sorted(epoch) == list(range(50)) for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2] != list(range(50)) != epochs[0]
    assert order(other) != epochs[0]
    assert order(SparseBatches(numbered(50), shuffle=True)) == order(SparseBatches(numbered(50), shuffle=True, seed=0))


def test_x_and_y_keep_together_when_shuffled(x):
    batches = SparseBatches(x, 2 * x, shuffle=True, seed=1, batch_size=6)
    for i in range(len(batches)):
        np.testing.assert_array_equal(2 * batches[i][0], batches[i][1])


def test_a_batch_that_does_not_exist_is_an_index_error(x):
    batches = SparseBatches(x, batch_size=5)
    with pytest.raises(IndexError):
        batches[5]
    np.testing.assert_array_equal(batches[-1][0], x[20:].toarray())


@pytest.mark.slow
def test_a_model_is_trained_as_by_dense_arrays(x):
    def losses(data):
        keras.utils.set_random_seed(0)
        model = item_autoencoder(9, 3, 8, dropout=0.0)
        model.compile("sgd", multinomial_loss)
        return model.fit(*data, epochs=3, shuffle=False, verbose=0, batch_size=5 if len(data) == 2 else None)

    sparse = losses([SparseBatches(x, x, batch_size=5)]).history["loss"]
    np.testing.assert_allclose(sparse, losses([x.toarray(), x.toarray()]).history["loss"], rtol=1e-5)


def test_a_cell_that_is_stored_twice_is_their_sum():
    twice = sp.csr_array(([1.0, 2, 1, 3], [0, 1, 0, 1], [0, 3, 4]), shape=(2, 2))
    for batches in (SparseBatches(twice), SparseBatches(twice, twice)):
        for part in batches[0]:
            np.testing.assert_array_equal(part, [[2, 2], [0, 3]])
    assert twice.nnz == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (lambda x: (x.toarray(),), "x should be a scipy sparse matrix, but a ndarray came"),
        (lambda x: (x, x.toarray()), "y should be a scipy sparse matrix"),
        (lambda x: (x, x[:4]), "as many rows, but have 23 and 4"),
        (lambda x: (x[:0],), r"x is empty: its shape is \(0, 9\)"),
        (lambda x: (x * np.nan,), "x has .* values that are NaN or infinite"),
        (lambda x: (x, x * np.inf), "y has .* values that are NaN or infinite"),
    ],
)
def test_what_cannot_be_batched_is_refused(x, arguments, message):
    with pytest.raises(ValueError, match=message):
        SparseBatches(*arguments(x))


@pytest.mark.parametrize("size", [0, -1, 2.5, True, None])
def test_a_batch_size_that_is_none_is_refused(x, size):
    with pytest.raises(ValueError, match="batch_size should be a positive whole number"):
        SparseBatches(x, batch_size=size)
