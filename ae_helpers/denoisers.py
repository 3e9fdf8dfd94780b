"""Classical denoisers under one interface: the rivals of a denoising autoencoder.

    denoiser = LinearMap().fit(x_noisy, x)   # pairs to learn from, or to choose a setting on
    x_hat = denoiser.denoise(x_other_noisy)

All take batches of grey images, `(n, height, width)` or `(n, height, width, 1)`:
clean ones in [0, 1], noisy ones with any finite values. `denoise` gives back the
same shape as float32. The linear ones may leave [0, 1]: `.clip(0, 1)` helps them a little.

Noise that is clipped at black leaves a grey veil, which no filter takes off. With
`line=True` the three filters learn a straight line a · y + b as well, by least squares,
which follows the filter and takes the veil off; what leaves [0, 1] then is clipped.
"""

import numpy as np
from scipy import linalg, ndimage
from skimage.restoration import denoise_nl_means
from sklearn.decomposition import PCA

from ae_helpers.checks import as_floats
from ae_helpers.metrics import psnr


class MedianFilter:
    """Each pixel becomes the median of the square around it (`scipy.ndimage.median_filter`).

    Args:
        size: side of the square in pixels, 1 or more.
        line: whether a straight line follows; `fit` learns it.

    Raises:
        ValueError: if size is no positive whole number.
    """

    def __init__(self, size=3, *, line=False):
        self.size = _positive(size, "size")
        self._line = None if line else _no_line

    def fit(self, x_noisy, x):
        """Learn the line, if there is one; else only check the images. Returns itself."""
        self._line = _best([self.size], self._filter, x_noisy, x, line=self._line is not _no_line)[1]
        return self

    def denoise(self, x_noisy):
        """Filtered images: float32, shape of x_noisy. Raises ValueError for what is no batch of images."""
        return _fitted(self._line)(self._filter(x_noisy, self.size))

    @staticmethod
    def _filter(x_noisy, size):
        return _each(lambda images: ndimage.median_filter(images, (1, size, size)), x_noisy)


class GaussianFilter:
    """A weighted mean of the pixels around (`scipy.ndimage.gaussian_filter`).

    Args:
        widths: standard deviations in pixels to choose from. `fit` takes the one
            with the highest mean PSNR on its pairs, and calls it `width`.
        line: whether a straight line follows, which `fit` learns for each width anew.

    Raises:
        ValueError: if there is no width, or one is not positive.
    """

    def __init__(self, widths=(0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.5, 2.0), *, line=False):
        self.widths = _positives(widths, "widths")
        self.line, self.width, self._line = line, None, None

    def fit(self, x_noisy, x):
        """Choose the width on pairs of images; returns itself. Raises ValueError for other shapes or ranges."""
        self.width, self._line = _best(self.widths, self._filter, x_noisy, x, line=self.line)
        return self

    def denoise(self, x_noisy):
        """Filtered images: float32, shape of x_noisy. Raises RuntimeError before `fit`."""
        return self._line(self._filter(x_noisy, _fitted(self.width)))

    @staticmethod
    def _filter(x_noisy, width):
        return _each(lambda images: ndimage.gaussian_filter(images, (0, width, width)), x_noisy)


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
        ValueError: if there is no strength, or one is not positive.
    """

    def __init__(self, strengths=(0.02, 0.05, 0.08, 0.1, 0.12, 0.15, 0.2), *, line=False):
        self.strengths = _positives(strengths, "strengths")
        self.line, self.sigma, self.strength, self._line = line, None, None, None

    def fit(self, x_noisy, x):
        """Measure the noise and choose the strength on pairs of images; 100 do.

        Returns itself. Raises ValueError as the others.
        """
        x_noisy, x = _pairs(x_noisy, x)
        self.sigma = float(np.sqrt(np.square(x_noisy - x).mean()))
        self.strength, self._line = _best(self.strengths, self._filter, x_noisy, x, line=self.line)
        return self

    def denoise(self, x_noisy):
        """Filtered images: float32, shape of x_noisy. Raises RuntimeError before `fit`."""
        return self._line(self._filter(x_noisy, _fitted(self.strength)))

    def _filter(self, x_noisy, strength):
        options = {"patch_size": 5, "patch_distance": 6, "h": strength, "sigma": self.sigma}

        def one_by_one(images):
            return np.stack([denoise_nl_means(image, **options) for image in images])

        return _each(one_by_one, x_noisy)


class PCAProjection:
    """The image's shadow on the first principal components of clean images (scikit-learn's `PCA`).

    Args:
        n_components: 1 or more, at most the number of pixels.

    Raises:
        ValueError: if n_components is no positive whole number.
    """

    def __init__(self, n_components=64):
        self.n_components = _positive(n_components, "n_components")
        self._pca = None

    def fit(self, x_noisy, x):
        """Learn mean and components of the clean images x; returns itself. x_noisy takes no part."""
        clean = _pairs(x_noisy, x)[1]
        self._pca = PCA(self.n_components, svd_solver="covariance_eigh").fit(clean.reshape(len(clean), -1))
        return self

    def denoise(self, x_noisy):
        """Projected images: float32, shape of x_noisy. Raises RuntimeError before `fit`."""
        pca = _fitted(self._pca)
        return _each(lambda images: pca.inverse_transform(pca.transform(images.reshape(len(images), -1))), x_noisy)


class LinearMap:
    """The best linear map, with a constant, from noisy images to clean ones: least squares over all pixels.

    It computes what a network without activations would have to learn
    (normal equations; Wiener's filter without any assumption about position).
    """

    def __init__(self):
        self._weights = None

    def fit(self, x_noisy, x):
        """Learn from pairs, many more of them than pixels. Returns itself. Raises ValueError as the filters."""
        x_noisy, x = _pairs(x_noisy, x)
        pixels = x[0].size
        gram, moments = np.zeros((pixels + 1, pixels + 1)), np.zeros((pixels + 1, pixels))
        for start in range(0, len(x), 5_000):  # in parts: the pairs are not copied all at once
            inputs = _with_constant(x_noisy[start : start + 5_000])
            gram += inputs.T @ inputs
            moments += inputs.T @ x[start : start + 5_000].reshape(-1, pixels)
        # A pixel that is constant would make the system singular; this keeps it solvable and changes nothing else.
        gram[np.diag_indices_from(gram)] += 1e-6 * len(x)
        self._weights = linalg.solve(gram, moments, assume_a="pos").astype(np.float32)
        return self

    def denoise(self, x_noisy):
        """Mapped images: float32, shape of x_noisy. Raises RuntimeError before `fit`."""
        weights = _fitted(self._weights)
        return _each(lambda images: _with_constant(images) @ weights, x_noisy)


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
    a, b = (np.float32(value) for value in np.polyfit(y.ravel(), x.ravel(), 1))
    return lambda images: (a * images + b).clip(0, 1)


def _no_line(images):
    return images


def _each(function, x_noisy):
    """`function` of `(n, height, width)` images, brought back to the given shape."""
    shape = np.shape(x_noisy)
    result = function(_images(x_noisy, "x_noisy"))
    return result.astype(np.float32, copy=False).reshape(shape)


def _pairs(x_noisy, x):
    if np.shape(x_noisy) != np.shape(x):
        raise ValueError(f"x_noisy and x should have the same shape, but have {np.shape(x_noisy)} and {np.shape(x)}.")
    return _images(x_noisy, "x_noisy"), _images(x, "x", unit_range=True)


def _images(images, name, *, unit_range=False):
    """`(n, height, width)` as float32, checked."""
    images = as_floats(images, name, unit_range=unit_range).astype(np.float32, copy=False)
    if images.ndim == 4 and images.shape[-1] == 1:
        images = images[..., 0]
    if images.ndim != 3:
        raise ValueError(f"{name} should be images (n, height, width, 1), but its shape is {images.shape}.")
    return images


def _fitted(learned):
    if learned is None:
        raise RuntimeError("Call fit(x_noisy, x) first.")
    return learned


def _positive(value, name):
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise ValueError(f"{name} should be a positive whole number, but is {value!r}.")
    return int(value)


def _positives(values, name):
    values = tuple(values)
    if not values or not all(value > 0 for value in values):
        raise ValueError(f"{name} should be positive numbers, at least one, but is {values!r}.")
    return values
