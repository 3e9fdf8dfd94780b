"""Input checks that several modules share."""

from typing import Any

import numpy as np

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
    array = _as_array(values, name)
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


def _as_array(values: Any, name: str) -> np.ndarray:
    """A float32 or float64 array: `values` itself if it is one."""
    if hasattr(values, "toarray"):
        raise ValueError(f"{name} should be an array, but is a sparse {type(values).__name__}: give {name}.toarray().")
    if hasattr(values, "detach"):  # a torch tensor: NumPy takes none with gradients, nor one of bfloat16
        values = values.detach().cpu()
        values = values.float() if values.is_floating_point() and values.itemsize < 4 else values
    try:
        array = np.asarray(values)
    except ValueError:  # NumPy's own message speaks of "inhomogeneous parts"
        raise ValueError(f"{name} should be an array, but its rows differ in length.") from None
    kind = array.dtype.kind
    if kind not in "fiub" and "float" not in array.dtype.name:  # bfloat16 is of no kind that NumPy knows
        raise ValueError(f"{name} should hold numbers, but its dtype is {array.dtype}.")
    if array.dtype in (np.float32, np.float64):
        return array
    # 16 bits are what a model of mixed precision gives: too coarse to add up.
    return array.astype(np.float64 if kind in "iub" or array.dtype.itemsize > 4 else np.float32)
