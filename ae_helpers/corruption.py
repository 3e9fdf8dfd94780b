"""Ways to spoil images: noise, holes, blur. Each returns new images and leaves its input as it was.

All functions take one image `(28, 28)`, `(28, 28, 1)` or, in colour, `(28, 28, 3)`, or a
batch `(n, 28, 28)`, `(n, 28, 28, 1)` or `(n, 28, 28, 3)`, of any height and width, with values
in [0, 1], and return the same shape as float32. The same seed gives the same images.

A last axis of 1 or 3 is always the channels: `(28, 28, 3)` is one image in colour, not 28 of
three columns each. Channels that come first are not known as such: `(3, 28, 28)` is three
grey images, and four axes that end otherwise are refused.
"""

import math
from typing import Any

import numpy as np
from scipy import ndimage

from ae_helpers.checks import as_floats, real_number
from ae_helpers.splits import makes


@makes
def add_gaussian_noise(x: Any, sigma: float, *, seed: int, clip: bool = True) -> np.ndarray:
    """Add independent normal noise to each value: `x + N(0, sigma)`.

    Args:
        x: images, see the module; values in [0, 1].
        sigma: standard deviation, 0 or more, in units of the pixel range.
        seed: int.
        clip: whether to cut the result to [0, 1], as a camera would.

    Returns:
        float32 array of the shape of x.

    Raises:
        ValueError: if x is no image in [0, 1], or sigma is negative or not finite.

    Example:
        >>> x_noisy = add_gaussian_noise(x_train, 0.5, seed=0)
    """
    x = _images(x)
    sigma = real_number(sigma, "sigma", lambda s: 0 <= s < math.inf, "0 or more")
    noise = np.random.default_rng(seed).standard_normal(x.shape, dtype=np.float32)
    noise *= np.float32(sigma)  # in place, and so below: a training set is large
    x += noise  # a copy already
    return np.clip(x, 0, 1, out=x) if clip else x


@makes
def add_salt_and_pepper(x: Any, fraction: float, *, seed: int) -> np.ndarray:
    """Set a random share of the pixels to black or white, each as likely; in colour, all three channels.

    Args:
        x: images, see the module; values in [0, 1].
        fraction: share of pixels, 0 to 1.
        seed: int.

    Returns:
        float32 array of the shape of x.

    Raises:
        ValueError: if x is no image in [0, 1], or fraction leaves [0, 1].
    """
    x = _images(x)
    fraction = real_number(fraction, "fraction", lambda f: 0 <= f <= 1, "in [0, 1]")
    batch = _as_batch(x)
    draw = np.random.default_rng(seed).random(batch.shape[:3], dtype=np.float32)
    batch[draw < fraction / 2] = 0  # a view: changes x, which is a copy already
    batch[draw >= 1 - fraction / 2] = 1
    return x


@makes
def add_occlusion(x: Any, size: int, *, seed: int) -> np.ndarray:
    """Cover a square at a random place of each image with black.

    Args:
        x: images, see the module; values in [0, 1].
        size: side of the square in pixels, from 0 to the image's shorter side.
        seed: int.

    Returns:
        float32 array of the shape of x.

    Raises:
        ValueError: if x is no image in [0, 1] or seems to be flat, or the square does not fit.
    """
    x = _not_flat(_images(x))
    batch = _as_batch(x)
    n, height, width, _ = batch.shape
    most = min(height, width)
    whole = f"a whole number from 0 to {most} pixels"
    size = int(real_number(size, "size", lambda s: 0 <= s <= most and s == int(s), whole))
    rng = np.random.default_rng(seed)
    top = rng.integers(0, height - size, n, endpoint=True)[:, None, None]
    left = rng.integers(0, width - size, n, endpoint=True)[:, None, None]
    row, column = np.arange(height)[None, :, None], np.arange(width)[None, None, :]
    covered = (row >= top) & (row < top + size) & (column >= left) & (column < left + size)
    batch[covered] = 0
    return x


@makes
def add_blur(x: Any, sigma: float) -> np.ndarray:
    """Blur with a Gaussian (`scipy.ndimage.gaussian_filter`, dark beyond the border).

    Args:
        x: images, see the module; values in [0, 1].
        sigma: standard deviation of the Gaussian in pixels, 0 or more.

    Returns:
        float32 array of the shape of x.

    Raises:
        ValueError: if x is no image in [0, 1] or seems to be flat, or sigma is negative or not finite.
    """
    x = _not_flat(_images(x))
    sigma = real_number(sigma, "sigma", lambda s: 0 <= s < math.inf, "0 or more pixels")
    blurred = ndimage.gaussian_filter(_as_batch(x), (0, sigma, sigma, 0), mode="constant")
    return blurred.reshape(x.shape)


def _images(x):
    """A float32 copy, checked."""
    x = as_floats(x, "x", unit_range=True)
    _require(
        2 <= x.ndim <= 4 and (x.ndim < 4 or x.shape[-1] in (1, 3)),
        f"x should be an image (height, width) or a batch of them, with or without a last axis of 1 (grey) "
        f"or 3 (colour), but its shape is {x.shape}.",
    )
    return x.astype(np.float32)


def _not_flat(x):
    """x, unless it is one "image" that rather seems to be rows of flat pictures: neighbours would not be such."""
    height, width = _as_batch(x).shape[1:3]
    alone = x.ndim == 2 or (x.ndim == 3 and x.shape[-1] in (1, 3))
    sides = (math.isqrt(width), math.isqrt(width // 3))
    square = sides[0] ** 2 == width or 3 * sides[1] ** 2 == width
    _require(
        not alone or height == width or not (width > 10 * height or (width >= 64 and square)),
        f"x should be images (n, height, width, channels), but its shape {x.shape} looks like {height} flat ones: "
        "give x.reshape(-1, height, width, 1). If it is one image, x[None].",
    )
    return x


def _as_batch(x):
    """A view of shape `(n, height, width, channels)`."""
    if x.ndim == 2:
        return x[None, :, :, None]
    if x.shape[-1] in (1, 3):
        return x if x.ndim == 4 else x[None]
    return x[..., None]


def _require(holds, message):
    if not holds:
        raise ValueError(message)
