"""Input checks that several modules share."""

import numpy as np


def as_floats(values, name, *, unit_range=False):
    """`values` as a NumPy float array, checked.

    Args:
        values: array-like or tensor of any backend; float or int, not empty.
        name: what error messages call it.
        unit_range: whether values must lie in [0, 1].

    Returns:
        NumPy array of the same shape; float32 or float64 as it came, float16
        as float32, integers as float64.

    Raises:
        ValueError: if it is empty, no array of numbers, has a NaN or an
            infinity, or leaves the required range; the message says what came.
    """
    array = np.asarray(values)
    if array.dtype.kind not in "fiub":
        raise ValueError(f"{name} should hold numbers, but its dtype is {array.dtype}.")
    if array.dtype.kind != "f":
        array = array.astype(np.float64)
    elif array.dtype == np.float16:  # what a model of mixed precision gives: too coarse to add up
        array = array.astype(np.float32)
    if array.size == 0:
        raise ValueError(f"{name} is empty: its shape is {array.shape}.")
    low, high = array.min(), array.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ValueError(f"{name} has {np.count_nonzero(~np.isfinite(array)):,} values that are NaN or infinite.")
    if unit_range and (low < 0 or high > 1):
        hint = " Divide pixels of 0 to 255 by 255." if high > 1 and low >= 0 else ""
        raise ValueError(f"{name} should lie in [0, 1], but goes from {low:.4g} to {high:.4g}.{hint}")
    return array


def same_shape(x, x_hat):
    """Raise a ValueError, giving both shapes, if two arrays differ in shape."""
    if x.shape != x_hat.shape:
        raise ValueError(f"x and x_hat should have the same shape, but have {x.shape} and {x_hat.shape}.")
