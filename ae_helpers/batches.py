"""Sparse matrices for Keras: dense batch by batch, never as a whole."""

import keras
import numpy as np
import scipy.sparse


class SparseBatches(keras.utils.PyDataset):
    """Rows of sparse matrices as dense batches, for `fit` and `predict` on any backend.

        model.fit(SparseBatches(x, y, shuffle=True, seed=0), epochs=30)
        model.predict(SparseBatches(x))

    `fit(x, y)` with sparse matrices works on TensorFlow only: JAX would compile the step
    anew for each batch, because no two of them hold as many values.

    Args:
        x: scipy sparse matrix or array `(n, width)`.
        y: targets `(n, any width)`, sparse too; None gives batches of x alone.
        batch_size: rows at a time. Dense is `batch_size * width` values, and as much for y.
        shuffle: whether each epoch has an order of its own. Without it, rows keep theirs.
        seed: int, of the order.

    Raises:
        ValueError: if x or y is not sparse, empty, holds NaN or infinity, their lengths
            differ, or batch_size is no positive whole number.
    """

    def __init__(self, x, y=None, *, batch_size=64, shuffle=False, seed=0):
        super().__init__()
        self.x = as_csr(x, "x")
        self.y = None if y is None else as_csr(y, "y")
        if y is not None and x.shape[0] != y.shape[0]:
            raise ValueError(f"x and y should have as many rows, but have {x.shape[0]:,} and {y.shape[0]:,}.")
        if isinstance(batch_size, bool) or not isinstance(batch_size, (int, np.integer)) or batch_size < 1:
            raise ValueError(f"batch_size should be a positive whole number, but is {batch_size!r}.")
        self.batch_size = int(batch_size)
        self._random = np.random.default_rng(seed) if shuffle else None
        self._order = np.arange(x.shape[0])
        self.on_epoch_end()

    def __len__(self):
        """Number of batches in an epoch; the last may be smaller."""
        return -(-len(self._order) // self.batch_size)

    def __getitem__(self, index):
        """Batch number `index`: float32 arrays `(x,)` or `(x, y)`."""
        rows = self._order[index * self.batch_size : (index + 1) * self.batch_size]
        return tuple(matrix[rows].toarray() for matrix in (self.x, self.y) if matrix is not None)

    def on_epoch_end(self):
        """Draw the next epoch's order."""
        if self._random is not None:
            self._random.shuffle(self._order)


def as_csr(matrix, name):
    """A sparse matrix as float32 in CSR format, checked.

    Args:
        matrix: scipy sparse matrix or array with two axes.
        name: what error messages call it.

    Returns:
        CSR of the same kind and shape; the same object, if it was float32 CSR.

    Raises:
        ValueError: if it is not sparse, empty, or holds NaN or infinity.
    """
    if not scipy.sparse.issparse(matrix):
        raise ValueError(
            f"{name} should be a scipy sparse matrix, but a {type(matrix).__name__} came. "
            "Make one with scipy.sparse.csr_array(...)."
        )
    if 0 in matrix.shape:
        raise ValueError(f"{name} is empty: its shape is {matrix.shape}.")
    csr = matrix.tocsr().astype(np.float32, copy=False)
    if not np.isfinite(csr.data).all():
        raise ValueError(f"{name} has {np.count_nonzero(~np.isfinite(csr.data)):,} values that are NaN or infinite.")
    return csr
