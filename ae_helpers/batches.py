"""Sparse matrices for Keras: dense batch by batch, never as a whole."""

import keras
import numpy as np

from ae_helpers.checks import Sparse, as_csr, whole_number


class SparseBatches(keras.utils.PyDataset):
    """Rows of sparse matrices as dense batches, for `fit` and `predict` on any backend.

    `fit(x, y)` with sparse matrices works on TensorFlow only: JAX would compile the step
    anew for each batch, because no two of them hold as many values.

    Args:
        x: scipy sparse matrix or array `(n, width)`.
        y: targets `(n, any width)`, sparse too; None gives batches of x alone.
        batch_size: rows at a time. Dense is `batch_size * width` values, and as much for y.
        shuffle: whether each epoch has an order of its own. Without it, rows keep theirs.
        seed: int, decides the orders.

    Raises:
        ValueError: if x or y is not sparse, empty, holds NaN or infinity, their lengths
            differ, or batch_size is no positive whole number.

    Example:
        >>> model.fit(SparseBatches(x, x, shuffle=True, seed=0), epochs=30)
        >>> model.predict(SparseBatches(x))
    """

    def __init__(
        self, x: Sparse, y: Sparse | None = None, *, batch_size: int = 64, shuffle: bool = False, seed: int = 0
    ):
        super().__init__()
        self.x = as_csr(x, "x")
        self.y = None if y is None else as_csr(y, "y")
        if self.y is not None and self.x.shape[0] != self.y.shape[0]:
            raise ValueError(f"x and y should have as many rows, but have {self.x.shape[0]:,} and {self.y.shape[0]:,}.")
        self.batch_size = whole_number(batch_size, "batch_size", 1, np.inf, "a positive whole number")
        self._random = np.random.default_rng(seed) if shuffle else None
        self._order = np.arange(self.x.shape[0])
        self.on_epoch_end()

    def __len__(self) -> int:
        """Number of batches in an epoch; the last may be smaller."""
        return -(-len(self._order) // self.batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray, ...]:
        """Batch number `index`: float32 arrays `(x,)` or `(x, y)`."""
        first = range(0, len(self._order), self.batch_size)[index]  # an IndexError ends `for batch in batches`
        rows = self._order[first : first + self.batch_size]
        return tuple(matrix[rows].toarray() for matrix in (self.x, self.y) if matrix is not None)

    def on_epoch_end(self) -> None:
        """Draw the next epoch's order."""
        if self._random is not None:
            self._random.shuffle(self._order)
