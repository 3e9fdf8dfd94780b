"""Classical denoisers under one interface: the rivals of a denoising autoencoder.

    denoiser = LinearMap().fit(x_noisy, x)   # pairs to learn from, or to choose a setting on
    x_hat = denoiser.denoise(x_other_noisy)

All take batches of images, grey `(n, height, width)` or `(n, height, width, 1)`, or in colour
`(n, height, width, 3)`: clean ones in [0, 1], noisy ones with any finite values. `denoise` gives
back the same shape as float32. The filters treat each channel alone, non-local means all
together; the linear ones may mix all values, and leave [0, 1]: `.clip(0, 1)` helps them a little.

What `fit` or `denoise` can't use is a ValueError that says what came; `denoise` before `fit`
is a RuntimeError.

Noise that is clipped at black leaves a grey veil, which no filter takes off. With
`line=True` the three filters learn a straight line a · y + b as well, by least squares,
which follows the filter and takes the veil off; what leaves [0, 1] then is clipped.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from scipy import linalg, ndimage
from skimage.restoration import denoise_nl_means
from sklearn.decomposition import PCA

from ae_helpers.checks import as_floats, positive_int, real_number
from ae_helpers.metrics import psnr
from ae_helpers.splits import learns, makes


class MedianFilter:
    """Each pixel becomes the median of the square around it (`scipy.ndimage.median_filter`).

    Args:
        size: side of the square in pixels, 1 or more.
        line: whether a straight line follows; `fit` learns it.

    Raises:
        ValueError: if size is no positive whole number.

    Example:
        >>> x_hat = MedianFilter().denoise(x_noisy)  # without a line, there is nothing to fit
    """

    def __init__(self, size: int = 3, *, line: bool = False):
        self.size = positive_int(size, "size")
        self._line: Callable | None = None if line else _no_line

    @learns
    def fit(self, x_noisy: Any, x: Any) -> "MedianFilter":
        """Learn the line, if there is one; else only check the images. Returns itself."""
        self._line = _best([self.size], self._filter, x_noisy, x, line=self._line is not _no_line)[1]
        return self

    @makes
    def denoise(self, x_noisy: Any) -> np.ndarray:
        """Filtered images: float32, shape of x_noisy. Raises ValueError for what is no batch of images."""
        return _fitted(self._line)(self._filter(x_noisy, self.size))

    @staticmethod
    def _filter(x_noisy, size):
        return _each(lambda images: ndimage.median_filter(images, (1, size, size, 1)), x_noisy)


class GaussianFilter:
    """A weighted mean of the pixels around (`scipy.ndimage.gaussian_filter`).

    Args:
        widths: standard deviations in pixels to choose from. `fit` takes the one
            with the highest mean PSNR on its pairs, and calls it `width`.
        line: whether a straight line follows, which `fit` learns for each width anew.

    Raises:
        ValueError: if there is no width, or one is not positive and finite.

    Example:
        >>> denoiser = GaussianFilter(line=True).fit(noisy_valid, x_valid)
        >>> denoiser.width, denoiser.denoise(noisy_test)
    """

    def __init__(
        self,
        widths: Iterable[float] = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.5, 2.0),
        *,
        line: bool = False,
    ):
        self.widths = _positives(widths, "widths")
        self.line = line
        self.width: float | None = None
        self._line: Callable | None = None

    @learns
    def fit(self, x_noisy: Any, x: Any) -> "GaussianFilter":
        """Choose the width on pairs of images; returns itself. Raises ValueError for other shapes or ranges."""
        self.width, self._line = _best(self.widths, self._filter, x_noisy, x, line=self.line)
        return self

    @makes
    def denoise(self, x_noisy: Any) -> np.ndarray:
        """Filtered images: float32, shape of x_noisy. Raises RuntimeError before `fit`."""
        return _fitted(self._line)(self._filter(x_noisy, self.width))

    @staticmethod
    def _filter(x_noisy, width):
        return _each(lambda images: ndimage.gaussian_filter(images, (0, width, width, 0)), x_noisy)


class NonLocalMeans:
    """A mean of pixels whose surroundings look alike (Buades, Coll and Morel 2005; scikit-image).

    The surroundings are 5 x 5 pixels, searched for up to 6 pixels away. How alike they are is
    judged with the noise in mind: `fit` measures its root mean square on the pairs, and gives
    it to scikit-image as `sigma`.

    Args:
        strengths: cut-off distances (scikit-image's `h`) to choose from. `fit` takes
            the one with the highest mean PSNR on its pairs, and calls it `strength`.
        line: whether a straight line follows, which `fit` learns for each strength anew.

    Raises:
        ValueError: if there is no strength, or one is not positive and finite.

    Example:
        >>> denoiser = NonLocalMeans().fit(noisy_valid[:100], x_valid[:100])
        >>> denoiser.strength, denoiser.sigma, denoiser.denoise(noisy_test)
    """

    def __init__(
        self,
        strengths: Iterable[float] = (0.02, 0.05, 0.08, 0.1, 0.12, 0.15, 0.2),
        *,
        line: bool = False,
    ):
        self.strengths = _positives(strengths, "strengths")
        self.line = line
        self.sigma: float | None = None
        self.strength: float | None = None
        self._line: Callable | None = None

    @learns
    def fit(self, x_noisy: Any, x: Any) -> "NonLocalMeans":
        """Measure the noise and choose the strength on pairs of images; 100 do.

        Returns itself. Raises ValueError as the others.
        """
        x_noisy, x = _pairs(x_noisy, x)
        self.sigma = float(np.sqrt(np.square(x_noisy - x).mean()))
        self.strength, self._line = _best(self.strengths, self._filter, x_noisy, x, line=self.line)
        return self

    @makes
    def denoise(self, x_noisy: Any) -> np.ndarray:
        """Filtered images: float32, shape of x_noisy. Raises RuntimeError before `fit`."""
        return _fitted(self._line)(self._filter(x_noisy, self.strength))

    def _filter(self, x_noisy, strength):
        options = {"patch_size": 5, "patch_distance": 6, "h": strength, "sigma": self.sigma, "channel_axis": -1}

        def one_by_one(images):
            return np.stack([denoise_nl_means(image, **options) for image in images])

        return _each(one_by_one, x_noisy)


class PCAProjection:
    """The image's shadow on the first principal components of clean images (scikit-learn's `PCA`).

    Args:
        n_components: 1 or more, at most the number of pixels and that of the images to fit.

    Raises:
        ValueError: if n_components is no positive whole number.

    Example:
        >>> x_hat = PCAProjection(32).fit(noisy_train, x_train).denoise(noisy_test)
    """

    def __init__(self, n_components: int = 64):
        self.n_components = positive_int(n_components, "n_components")
        self._pca, self._shape = None, None

    @learns
    def fit(self, x_noisy: Any, x: Any) -> "PCAProjection":
        """Learn mean and components of the clean images x; returns itself. x_noisy takes no part."""
        clean = _pairs(x_noisy, x)[1]
        flat = clean.reshape(len(clean), -1)
        if min(flat.shape) < self.n_components:
            raise ValueError(
                f"{self.n_components} components need as many images and as many pixels, "
                f"but x has {len(flat)} images of {flat.shape[1]}."
            )
        self._pca = PCA(self.n_components, svd_solver="covariance_eigh").fit(flat)
        self._shape = clean.shape[1:]
        return self

    @makes
    def denoise(self, x_noisy: Any) -> np.ndarray:
        """Projected images: float32, shape of x_noisy. Raises ValueError for a size that `fit` has not seen."""
        pca = _fitted(self._pca)
        return _each(
            lambda images: pca.inverse_transform(pca.transform(images.reshape(len(images), -1))), x_noisy, self._shape
        )


class LinearMap:
    """The best linear map, with a constant, from noisy images to clean ones: least squares over all pixels.

    It computes what a network without activations would have to learn
    (normal equations; Wiener's filter without any assumption about position).

    Example:
        >>> x_hat = LinearMap().fit(noisy_train, x_train).denoise(noisy_test)
    """

    def __init__(self):
        self._weights, self._shape = None, None

    @learns
    def fit(self, x_noisy: Any, x: Any) -> "LinearMap":
        """Learn from pairs, many more of them than pixels; returns itself. Raises ValueError for fewer."""
        x_noisy, x = _pairs(x_noisy, x)
        pixels = x[0].size
        if len(x) <= pixels:
            raise ValueError(
                f"A linear map of {pixels} pixels needs more pairs of images than that, best ten times as many, "
                f"but {len(x)} came."
            )
        gram, moments = np.zeros((pixels + 1, pixels + 1)), np.zeros((pixels + 1, pixels))
        for start in range(0, len(x), 5_000):  # in parts: the pairs are not copied all at once
            inputs = _with_constant(x_noisy[start : start + 5_000])
            gram += inputs.T @ inputs
            moments += inputs.T @ x[start : start + 5_000].reshape(-1, pixels)
        # A pixel that is constant would make the system singular; this keeps it solvable and changes nothing else.
        gram[np.diag_indices_from(gram)] += 1e-6 * len(x)
        self._weights = linalg.solve(gram, moments, assume_a="pos").astype(np.float32)
        self._shape = x.shape[1:]
        return self

    @makes
    def denoise(self, x_noisy: Any) -> np.ndarray:
        """Mapped images: float32, shape of x_noisy. Raises ValueError for a size that `fit` has not seen."""
        weights = _fitted(self._weights)
        return _each(lambda images: _with_constant(images) @ weights, x_noisy, self._shape)


def _with_constant(images):
    flat = images.reshape(len(images), -1)
    return np.concatenate([flat, np.ones((len(flat), 1), np.float32)], axis=1)


def _best(settings, apply, x_noisy, x, *, line):
    """The setting whose result has the highest mean PSNR, and the line that is to follow it."""
    x_noisy, x = _pairs(x_noisy, x)
    found = []
    for setting in settings:
        result = apply(x_noisy, setting)
        follow = _fitted_line(result, x) if line else _no_line
        found.append((psnr(x, follow(result)).mean(), setting, follow))
    return max(found, key=lambda one: one[0])[1:]


def _fitted_line(y, x):
    """The function a · y + b, cut off at 0 and 1, with a and b by least squares."""
    # By moments, summed in float64: numpy.polyfit takes float32 for so coarse that it drops the slope of many images.
    y_mean, x_mean = y.mean(dtype=np.float64), x.mean(dtype=np.float64)
    centred = y - np.float32(y_mean)
    variance = np.square(centred).mean(dtype=np.float64)
    slope = (centred * (x - np.float32(x_mean))).mean(dtype=np.float64) / variance if variance > 0 else 0.0
    a, b = np.float32(slope), np.float32(x_mean - slope * y_mean)
    return lambda images: (a * images + b).clip(0, 1)


def _no_line(images):
    return images


def _each(function, x_noisy, fitted_shape=None):
    """`function` of `(n, height, width, channels)` images, brought back to the given shape."""
    images = _images(x_noisy, "x_noisy")
    if fitted_shape not in (None, images.shape[1:]):
        raise ValueError(f"fit saw images of shape {fitted_shape}, so denoise can't take {images.shape[1:]}.")
    return function(images).astype(np.float32, copy=False).reshape(np.shape(x_noisy))


def _pairs(x_noisy, x):
    if np.shape(x_noisy) != np.shape(x):
        raise ValueError(f"x_noisy and x should have the same shape, but have {np.shape(x_noisy)} and {np.shape(x)}.")
    return _images(x_noisy, "x_noisy"), _images(x, "x", unit_range=True)


def _images(images, name, *, unit_range=False):
    """`(n, height, width, channels)` as float32, checked."""
    images = as_floats(images, name, unit_range=unit_range).astype(np.float32, copy=False)
    channels = images.shape[-1] in (1, 3)
    if (images.ndim, channels) not in ((3, False), (4, True)):
        hint = f" A single image is {name}[None]." if images.ndim == 3 else ""
        raise ValueError(
            f"{name} should be images (n, height, width, 1), or 3 channels, but its shape is {images.shape}.{hint}"
        )
    return images if channels else images[..., None]


def _fitted(learned):
    if learned is None:
        raise RuntimeError("Call fit(x_noisy, x) first.")
    return learned


def _positives(values, name):
    if not np.iterable(values) or not (values := tuple(values)):
        raise ValueError(f"{name} should be positive numbers, at least one, but is {values!r}.")
    return tuple(real_number(value, name, lambda v: 0 < v < np.inf, "positive numbers") for value in values)
