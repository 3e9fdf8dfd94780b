"""Ways to spoil images: noise, holes, blur. Each returns new images and leaves its input as it was.

All functions take one image `(28, 28)` or `(28, 28, 1)` or a batch
`(n, 28, 28)` or `(n, 28, 28, 1)`, of any height and width, with values in
[0, 1], and return the same shape as float32. The same seed gives the same images.

A last axis of 1 is always the channel: `(28, 28, 1)` is one image, not 28 of
one column each. Images are grey: three axes that end otherwise are a batch, so
`(28, 28, 3)` would count as 28 images of 28 x 3 pixels.
"""

import numpy as np
from scipy import ndimage

from ae_helpers.checks import as_floats
from ae_helpers.splits import makes


@makes
def add_gaussian_noise(x, sigma, *, seed, clip=True):
    """Add independent normal noise to each pixel: `x + N(0, sigma)`.

    Args:
        x: images, see the module; values in [0, 1].
        sigma: standard deviation, 0 or more, in units of the pixel range.
        seed: int.
        clip: whether to cut the result to [0, 1], as a camera would.

    Returns:
        float32 array of the shape of x.

    Raises:
        ValueError: if x is no image in [0, 1], or sigma is negative or not finite.
    """
    x = _images(x)
    _require(np.isfinite(sigma) and sigma >= 0, f"sigma should be 0 or more, but is {sigma}.")
    noise = np.random.default_rng(seed).standard_normal(x.shape, dtype=np.float32)
    noise *= np.float32(sigma)  # in place, and so below: a training set is large
    x += noise  # a copy already
    return np.clip(x, 0, 1, out=x) if clip else x


@makes
def add_salt_and_pepper(x, fraction, *, seed):
    """Set a random share of the pixels to black or white, each as likely.

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
    _require(0 <= fraction <= 1, f"fraction should lie in [0, 1], but is {fraction}.")
    draw = np.random.default_rng(seed).random(x.shape, dtype=np.float32)
    x[draw < fraction / 2] = 0
    x[draw >= 1 - fraction / 2] = 1
    return x


@makes
def add_occlusion(x, size, *, seed):
    """Cover a square at a random place of each image with black.

    Args:
        x: images, see the module; values in [0, 1].
        size: side of the square in pixels, from 0 to the image's shorter side.
        seed: int.

    Returns:
        float32 array of the shape of x.

    Raises:
        ValueError: if x is no image in [0, 1], or the square does not fit.
    """
    x = _images(x)
    batch = _as_batch(x)
    n, height, width, _ = batch.shape
    _require(
        float(size).is_integer() and 0 <= size <= min(height, width),
        f"size should be a whole number from 0 to {min(height, width)} pixels, but is {size}.",
    )
    size = int(size)
    rng = np.random.default_rng(seed)
    top = rng.integers(0, height - size, n, endpoint=True)[:, None, None]
    left = rng.integers(0, width - size, n, endpoint=True)[:, None, None]
    row, column = np.arange(height)[None, :, None], np.arange(width)[None, None, :]
    covered = (row >= top) & (row < top + size) & (column >= left) & (column < left + size)
    batch[covered] = 0  # a view: changes x, which is a copy already
    return x


@makes
def add_blur(x, sigma):
    """Blur with a Gaussian (`scipy.ndimage.gaussian_filter`, dark beyond the border).

    Args:
        x: images, see the module; values in [0, 1].
        sigma: standard deviation of the Gaussian in pixels, 0 or more.

    Returns:
        float32 array of the shape of x.

    Raises:
        ValueError: if x is no image in [0, 1], or sigma is negative or not finite.
    """
    x = _images(x)
    _require(np.isfinite(sigma) and sigma >= 0, f"sigma should be 0 or more pixels, but is {sigma}.")
    blurred = ndimage.gaussian_filter(_as_batch(x), (0, sigma, sigma, 0), mode="constant")
    return blurred.reshape(x.shape)


def _images(x):
    """A float32 copy, checked."""
    x = as_floats(x, "x", unit_range=True)
    _require(
        2 <= x.ndim <= 4 and (x.ndim < 4 or x.shape[-1] == 1),
        f"x should be an image (height, width) or a batch of them, with or without a last axis of 1, "
        f"but its shape is {x.shape}.",
    )
    return x.astype(np.float32)


def _as_batch(x):
    """A view of shape `(n, height, width, 1)`."""
    if x.ndim == 2:
        return x[None, :, :, None]
    if x.shape[-1] == 1:
        return x if x.ndim == 4 else x[None]
    return x[..., None]


def _require(holds, message):
    if not holds:
        raise ValueError(message)
