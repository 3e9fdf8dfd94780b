"""Measures of reconstruction, of made pictures and of ranking. NumPy in and out; tensors of any backend go in, too."""

import math

import numpy as np
import scipy.stats
from numpy.typing import ArrayLike
from skimage.metrics import structural_similarity
from sklearn.neighbors import NearestNeighbors

from ae_helpers.checks import as_array, as_floats, real_number, same_labels, same_shape, whole_number, with_float_dtype
from ae_helpers.splits import measures, measures_likes


@measures
def squared_error(x: ArrayLike, x_hat: ArrayLike) -> np.ndarray:
    """Squared reconstruction error of each image.

    Args:
        x: float array `(n, ...)`, values in [0, 1].
        x_hat: reconstruction, same shape; any finite values (PCA leaves [0, 1]).

    Returns:
        float64 array `(n,)`: summed over pixels, not averaged
        (Hinton and Salakhutdinov 2006 report the mean of these).

    Raises:
        ValueError: if the shapes differ (or labels, of two tables), a value is not
            finite, x leaves [0, 1] or there is no batch axis.

    Example:
        >>> squared_error(x_test, autoencoder.reconstruct(x_test)).mean()
    """
    x, x_hat = _pair(x, x_hat)
    difference = x - x_hat
    return np.square(difference, out=difference).sum(axis=_all_but_first(x), dtype=np.float64)


@measures
def psnr(x: ArrayLike, x_hat: ArrayLike) -> np.ndarray:
    """Peak signal-to-noise ratio of each image, in dB.

    `10 log10(1 / MSE)`, with the mean squared error over the pixels of that
    image and a peak of 1. The PSNR of a set is the mean of these.

    Args:
        x: float array `(n, ...)`, values in [0, 1].
        x_hat: reconstruction, same shape.

    Returns:
        float64 array `(n,)`; infinity where both images are equal.

    Raises:
        ValueError: as `squared_error`.

    Example:
        >>> psnr(x_test, denoised).mean()
    """
    pixels = np.prod(np.shape(x)[1:])
    with np.errstate(divide="ignore"):
        return -10 * np.log10(squared_error(x, x_hat) / pixels)


@measures
def ssim(x: ArrayLike, x_hat: ArrayLike) -> np.ndarray:
    """Structural similarity of each image (Wang, Bovik, Sheikh and Simoncelli 2004), by scikit-image.

    It compares mean, contrast and pattern in windows of 7 x 7 pixels; 1 means
    equal images, 0 nothing in common. In colour, each channel counts alike.
    The SSIM of a set is the mean of these.

    Args:
        x: float array `(n, height, width)`, `(n, height, width, 1)` or, in colour,
            `(n, height, width, 3)`, values in [0, 1], height and width 7 or more.
        x_hat: reconstruction, same shape; any finite values.

    Returns:
        float64 array `(n,)`, values from -1 to 1.

    Raises:
        ValueError: as `squared_error`, and if x is no batch of images of that size.

    Example:
        >>> ssim(x_test, denoised).mean()
    """
    x, x_hat = _pair(x, x_hat)
    shape = x.shape
    if x.ndim == 3:
        x, x_hat = x[..., None], x_hat[..., None]
    if x.ndim != 4 or min(x.shape[1:3]) < 7 or x.shape[3] not in (1, 3):
        raise ValueError(f"x should be images (n, 7 or more, 7 or more, 1 or 3), but its shape is {shape}.")
    # One call for all images, stacked as one tall image: scikit-image averages over those windows
    # only that lie inside an image, and so do we.
    tall = (images.reshape(-1, *x.shape[2:]).astype(np.float64) for images in (x, x_hat))
    _, windows = structural_similarity(*tall, data_range=1, channel_axis=-1, full=True)
    return windows.reshape(x.shape)[:, 3:-3, 3:-3].mean(axis=(1, 2, 3))


@measures
def binary_cross_entropy(x: ArrayLike, x_hat: ArrayLike, *, epsilon: float = 1e-7) -> np.ndarray:
    """Binary cross-entropy of each image, in nats per pixel.

    Grey values count as probabilities, so a perfect reconstruction does not
    cost 0 but the entropy of x itself: `binary_cross_entropy(x, x)` is the floor.

    Args:
        x: float array `(n, ...)`, values in [0, 1].
        x_hat: reconstruction, same shape, values in [0, 1].
        epsilon: the probability that x_hat gives to black or to white counts as
            this much at least, as in Keras, so that no pixel costs infinity.

    Returns:
        float64 array `(n,)`: averaged over pixels.

    Raises:
        ValueError: as `squared_error`, and if x_hat leaves [0, 1], or epsilon (0, 0.5).

    Example:
        >>> binary_cross_entropy(x_test, x_test).mean()  # the floor: 0.058 on MNIST
    """
    epsilon = real_number(epsilon, "epsilon", lambda e: 0 < e < 0.5, "between 0 and 0.5")
    x, x_hat = _pair(x, x_hat)
    x_hat = as_floats(x_hat, "x_hat", unit_range=True)
    cost_of_white = -np.log(np.maximum(x_hat, epsilon))
    # The logarithm is bounded, not x_hat: float32 has no number close to 1 - epsilon.
    with np.errstate(divide="ignore"):
        cost_of_black = np.minimum(-np.log1p(-x_hat), -math.log(epsilon))
    return (x * cost_of_white + (1 - x) * cost_of_black).mean(axis=_all_but_first(x), dtype=np.float64)


@measures
def frechet_distance(x: ArrayLike, x_made: ArrayLike) -> float:
    """How far apart two clouds of points are, by their means and covariances (Fréchet 1957; Dowson and Landau 1982).

    `|m - n|^2 + trace(C + D - 2 (C D)^(1/2))`, with means m, n and covariances C, D. For pictures,
    give what a classifier's last hidden layer makes of them: with one network that all use, that is the FID
    (Heusel et al. 2017, NeurIPS). With another network, only values of the same network can be compared,
    and only those of as many points, for few points make it larger.

    Args:
        x: float array `(n, d)`, features of real pictures.
        x_made: the same of made ones, `(m, d)`.

    Returns:
        float, 0 or more, in the unit of the features, squared.

    Raises:
        ValueError: if one is not `(n, d)` with two rows or more, they differ in d, or a value is not finite.

    Example:
        >>> frechet_distance(features.predict(x_test), features.predict(x_made))
    """
    x, x_made = (as_floats(rows, name).astype(np.float64) for rows, name in ((x, "x"), (x_made, "x_made")))
    if x.ndim != 2 or x_made.ndim != 2 or x.shape[1] != x_made.shape[1] or min(len(x), len(x_made)) < 2:
        raise ValueError(
            "x and x_made should be features (n, d) with the same d, and two rows or more, "
            f"but their shapes are {x.shape} and {x_made.shape}."
        )
    first, second = (np.atleast_2d(np.cov(rows, rowvar=False)) for rows in (x, x_made))
    # The eigenvalues of C D are those of C^(1/2) D C^(1/2), which is symmetric.
    values, vectors = np.linalg.eigh(first)
    root = vectors * np.sqrt(values.clip(0)) @ vectors.T
    shared = np.sqrt(np.linalg.eigvalsh(root @ second @ root).clip(0)).sum()
    apart = np.square(x.mean(axis=0) - x_made.mean(axis=0)).sum()
    return float(max(apart + np.trace(first) + np.trace(second) - 2 * shared, 0.0))


@measures
def nearest_neighbour_test(x: ArrayLike, x_made: ArrayLike) -> tuple[float, float]:
    """How often a picture's nearest neighbour, among real and made ones, is of its own kind.

    One half of both kinds, if they can't be told apart (Friedman and Rafsky 1979; Lopez-Paz and
    Oquab 2017, ICLR). Look at both numbers, not at their mean (Xu et al. 2018): pictures that lie in
    the middle of all others are neighbours of many, so that real ones are found among them.

    Args:
        x: float array `(n, ...)`, real pictures, or what stands for them.
        x_made: made ones, the same shape: as many, so that one half is chance.

    Returns:
        `(real, made)`, two floats in [0, 1]: the share of real pictures whose nearest neighbour
        is real, and of made ones whose nearest is made. Distances are Euclidean.

    Raises:
        ValueError: if the shapes differ, there is no batch axis or only one picture, or a value is not finite.

    Example:
        >>> real, made = nearest_neighbour_test(x_test[:2000], x_made[:2000])
    """
    x, x_made = as_floats(x, "x"), as_floats(x_made, "x_made")
    if x.shape != x_made.shape or x.ndim < 2 or len(x) < 2:
        raise ValueError(
            "x and x_made should be two pictures or more, of the same shape (n, ...), "
            f"but their shapes are {x.shape} and {x_made.shape}."
        )
    both = np.concatenate([x, x_made]).reshape(2 * len(x), -1)
    nearest = NearestNeighbors(n_neighbors=1).fit(both).kneighbors(return_distance=False)[:, 0]
    is_real = np.arange(len(both)) < len(x)
    same = is_real[nearest] == is_real
    return float(same[: len(x)].mean()), float(same[len(x) :].mean())


@measures_likes
def recall_at_k(scores: ArrayLike, relevant: ArrayLike, *, k: int = 20) -> np.ndarray:
    """Share of each user's relevant items that are among the k with the highest scores.

    Args:
        scores: float array `(n_users, n_items)`; minus infinity excludes an item.
            Of equal scores, the item that stands first wins.
        relevant: bool array of the same shape, what the user is known to like.
        k: length of the list, 1 to n_items.

    Returns:
        float64 array `(n_users,)` in [0, 1]: hits divided by min(k, number of
        relevant items), so that a perfect list always scores 1; NaN for
        users without a relevant item.

    Raises:
        ValueError: if shapes differ (or labels, of two tables), there is no user, k is no
            whole number in range, a score is NaN or no number, relevant holds no bools,
            or one of them is sparse.

    Example:
        >>> recall_at_k([[0.9, 0.1, 0.5]], [[False, True, True]], k=2)
        array([0.5])
    """
    hits, best = _hits(scores, relevant, k)
    return _ratio(hits.sum(axis=1), best.sum(axis=1))


@measures_likes
def ndcg_at_k(scores: ArrayLike, relevant: ArrayLike, *, k: int = 20) -> np.ndarray:
    """Normalised discounted cumulative gain of the k items with the highest scores.

    A hit at rank r (from 1) gains `1 / log2(1 + r)`; the sum is divided by
    that of a perfect list (Järvelin and Kekäläinen 2002).

    Args:
        scores: float array `(n_users, n_items)`; minus infinity excludes an item.
            Of equal scores, the item that stands first wins.
        relevant: bool array of the same shape, what the user is known to like.
        k: length of the list, 1 to n_items.

    Returns:
        float64 array `(n_users,)` in [0, 1]; NaN for users without a relevant item.

    Raises:
        ValueError: as `recall_at_k`.

    Example:
        >>> ndcg_at_k([[0.9, 0.1, 0.5]], [[False, False, True]], k=2)  # a hit at rank 2
        array([0.63092975])
    """
    hits, best = _hits(scores, relevant, k)
    discount = 1 / np.log2(np.arange(2, k + 2))
    return _ratio(hits @ discount, best @ discount)


def bootstrap_interval(values: ArrayLike, *, seed: int, level: float = 0.95) -> tuple[float, float]:
    """Interval for the mean of a population that `values` are a sample of (Efron 1979; percentiles).

    Args:
        values: float array `(n,)`; NaNs are left out. To compare two methods, their
            differences user by user.
        seed: int, decides which are drawn.
        level: share of resampled means that lie in the interval, between 0 and 1.

    Returns:
        `(low, high)`, two floats, from 2,000 resamples.

    Raises:
        ValueError: if there are fewer than two values, one is infinite, or level is not between 0 and 1.

    Example:
        >>> low, high = bootstrap_interval(recall_at_k(scores, relevant), seed=0)
    """
    level = real_number(level, "level", lambda share: 0 < share < 1, "between 0 and 1")
    values = with_float_dtype(as_array(values, "values"), "values").astype(np.float64, copy=False)
    there = ~np.isnan(values)
    if values.ndim != 1 or there.sum() < 2:
        raise ValueError(
            f"bootstrap_interval needs two values or more, in one axis, but {there.sum()} of shape {values.shape} came."
        )
    if np.isinf(values).any():
        raise ValueError(f"values has {np.count_nonzero(np.isinf(values)):,} infinite values, which have no mean.")
    values = values[there]
    low, high = scipy.stats.bootstrap(
        (values,), np.mean, n_resamples=2000, batch=200, confidence_level=level, method="percentile", rng=seed
    ).confidence_interval
    return float(low), float(high)


def _hits(scores, relevant, k):
    """Bool arrays `(n_users, k)`: hits of the list, best first, and of a perfect list."""
    same_labels(scores=scores, relevant=relevant)
    scores, relevant = as_array(scores, "scores"), as_array(relevant, "relevant")
    if scores.ndim != 2 or scores.shape != relevant.shape:
        raise ValueError(
            "scores and relevant should have the same shape (n_users, n_items), "
            f"but have {scores.shape} and {relevant.shape}."
        )
    if scores.size == 0:
        raise ValueError(f"scores is empty: its shape is {scores.shape}.")
    if scores.dtype == bool:
        raise ValueError("scores should hold numbers, but its dtype is bool.")
    scores = with_float_dtype(scores, "scores")
    if relevant.dtype != bool:
        raise ValueError(f"relevant should hold bools, but its dtype is {relevant.dtype}.")
    whole_number(k, "k", 1, scores.shape[1], f"a whole number from 1 to the {scores.shape[1]} items")
    if np.isnan(scores).any():
        raise ValueError(f"scores has {np.count_nonzero(np.isnan(scores)):,} NaNs.")
    ranked = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    # An excluded item is never a hit, not even where the list is longer than what is left.
    hits = np.take_along_axis(relevant & (scores > -np.inf), ranked, axis=1)
    return hits, np.arange(k) < relevant.sum(axis=1, keepdims=True)


def _ratio(part, whole):
    return np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)


def _pair(x, x_hat):
    same_labels(x=x, x_hat=x_hat)
    x, x_hat = as_floats(x, "x", unit_range=True), as_floats(x_hat, "x_hat")
    same_shape(x, x_hat)
    if x.ndim < 2:
        raise ValueError(f"x should be a batch (n, ...), but its shape is {x.shape}. Add an axis with x[None].")
    return x, x_hat


def _all_but_first(x):
    return tuple(range(1, x.ndim))
