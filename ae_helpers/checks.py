"""Input checks that several modules share."""

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import numpy as np
import scipy.sparse

Sparse: TypeAlias = scipy.sparse.sparray | scipy.sparse.spmatrix

# Resizing and matrix products in float32 leave [0, 1] by about 2e-7: that is rounding, not another range.
ROUNDING = 1e-6


def as_floats(values: Any, name: str, *, unit_range: bool = False) -> np.ndarray:
    """`values` as a NumPy float array, checked.

    Args:
        values: array-like or tensor of any backend, also one with gradients;
            bool, int or float of any precision; not empty.
        name: what error messages call it.
        unit_range: whether values must lie in [0, 1]. What leaves it by rounding
            alone, up to 1e-6, is cut off.

    Returns:
        NumPy array of the same shape; float32 or float64 as it came, float16
        and bfloat16 as float32, anything else as float64.

    Raises:
        ValueError: if it is empty, no array of numbers, has a NaN or an
            infinity, or leaves the required range; the message says what came.
    """
    array = with_float_dtype(as_array(values, name), name)
    if array.size == 0:
        raise ValueError(f"{name} is empty: its shape is {array.shape}.")
    low, high = array.min(), array.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ValueError(f"{name} has {np.count_nonzero(~np.isfinite(array)):,} values that are NaN or infinite.")
    if unit_range and (low < 0 or high > 1):
        if low < -ROUNDING or high > 1 + ROUNDING:
            hint = " Divide pixels of 0 to 255 by 255." if high > 2 and low >= 0 else ""
            raise ValueError(f"{name} should lie in [0, 1], but goes from {low:.7g} to {high:.7g}.{hint}")
        array = array.clip(0, 1)
    return array


def same_shape(x: np.ndarray, x_hat: np.ndarray) -> None:
    """Raise a ValueError, giving both shapes, if two arrays differ in shape."""
    if x.shape != x_hat.shape:
        raise ValueError(f"x and x_hat should have the same shape, but have {x.shape} and {x_hat.shape}.")


def as_csr(matrix: Sparse, name: str) -> Sparse:
    """A sparse matrix as float32 in CSR format, checked, each cell stored once.

    Args:
        matrix: scipy sparse matrix or array with two axes, bools, ints or floats. Entries of
            one cell that is stored several times count as `matrix.toarray()` counts them.
        name: what error messages call it.

    Returns:
        CSR of the same kind and shape; the same object, if nothing had to change.
        The given one is never changed.

    Raises:
        ValueError: if it is not sparse, has other than two axes, is empty, or holds NaN,
            infinity or no numbers.

    Example:
        >>> as_csr(scipy.sparse.coo_array([[0, 3], [1, 0]]), "stars").data
        array([3., 1.], dtype=float32)
    """
    if not scipy.sparse.issparse(matrix):
        raise ValueError(
            f"{name} should be a scipy sparse matrix, but a {type(matrix).__name__} came. "
            "Make one with scipy.sparse.csr_array(...)."
        )
    if matrix.ndim != 2:
        raise ValueError(f"{name} should have two axes, but its shape is {matrix.shape}.")
    if 0 in matrix.shape:
        raise ValueError(f"{name} is empty: its shape is {matrix.shape}.")
    if matrix.dtype.kind not in "fiub":
        raise ValueError(f"{name} should hold numbers, but its dtype is {matrix.dtype}.")
    csr = matrix.tocsr()
    if not csr.has_canonical_format:
        csr = csr.copy() if csr is matrix else csr
        csr.sum_duplicates()
    with np.errstate(over="ignore"):
        csr = csr.astype(np.float32, copy=False)
    if not np.isfinite(csr.data).all():
        raise ValueError(
            f"{name} has {np.count_nonzero(~np.isfinite(csr.data)):,} values that are NaN or infinite as float32."
        )
    return csr


def whole_number(value: Any, name: str, low: int, high: float, what: str) -> int:
    """`value` as int, if it is a whole number from low to high; `what` says what it should be."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)) or not low <= value <= high:
        raise ValueError(f"{name} should be {what}, but is {value!r}.")
    return int(value)


def positive_int(value: Any, name: str) -> int:
    """`value` as int, if it is a whole number of 1 or more; else a ValueError that names it."""
    return whole_number(value, name, 1, float("inf"), "a positive whole number")


def real_number(value: Any, name: str, fits: Callable[[float], bool], what: str) -> float:
    """`value` as float, if it is a single real number that fits; `what` says what it should be."""
    number = np.asarray(value) if np.ndim(value) == 0 else np.empty(0)
    if number.dtype.kind not in "iuf" or number.ndim or not fits(number.item()):
        raise ValueError(f"{name} should be {what}, but is {value!r}.")
    return number.item()


def same_labels(axes: Iterable[str] = ("rows", "columns"), **given: Any) -> None:
    """Refuse two tables, or columns of tables, whose labels stand in different orders.

    NumPy would pair them by position, and so mix what belongs to different labels. Arrays
    have no labels, and go by position.

    Args:
        axes: which of rows and columns they should have in common.
        given: two values, array or table, under the names that the message calls them by.

    Raises:
        ValueError: if both are pandas objects, and the labels of an axis differ.
    """
    (one, first), (other, second) = given.items()
    if not (hasattr(first, "iloc") and hasattr(second, "iloc")):  # pandas, without importing it
        return
    for axis, of_first, of_second in zip(axes, first.axes, second.axes, strict=False):
        if not of_first.equals(of_second):
            raise ValueError(
                f"The {axis} of {one} and {other} have different labels. "
                "Bring both into one order with .loc, or give arrays, which go by position."
            )


def as_array(values: Any, name: str) -> np.ndarray:
    """An array or tensor of any backend as NumPy array, of the same dtype (torch's bfloat16: float32).

    Raises:
        ValueError: if it is sparse, its rows differ in length, or values of it are masked.
    """
    if hasattr(values, "toarray"):
        raise ValueError(f"{name} should be an array, but is a sparse {type(values).__name__}: give {name}.toarray().")
    if np.ma.is_masked(values):  # what lies below a mask would count
        raise ValueError(f"{name} has masked values. Give what is to stand there: {name}.filled(0), say.")
    if hasattr(values, "detach"):  # a torch tensor: NumPy takes none with gradients, nor one of bfloat16
        if str(getattr(values, "layout", "torch.strided")) != "torch.strided":
            raise ValueError(f"{name} should be an array, but is a sparse tensor: give {name}.to_dense().")
        values = values.detach().cpu()
        values = values.float() if values.is_floating_point() and values.itemsize < 4 else values
    try:
        return np.asarray(values)
    except ValueError:  # NumPy's own message speaks of "inhomogeneous parts"
        raise ValueError(f"{name} should be an array, but its rows differ in length.") from None


def with_float_dtype(array: np.ndarray, name: str) -> np.ndarray:
    """A float32 or float64 array: `array` itself if it is one, 16 bits as float32, ints and bools as float64."""
    kind = array.dtype.kind
    if kind not in "fiub" and "float" not in array.dtype.name:  # bfloat16 is of no kind that NumPy knows
        raise ValueError(f"{name} should hold numbers, but its dtype is {array.dtype}.")
    if array.dtype in (np.float32, np.float64):
        return array
    # 16 bits are what a model of mixed precision gives: too coarse to add up.
    return array.astype(np.float64 if kind in "iub" or array.dtype.itemsize > 4 else np.float32)
