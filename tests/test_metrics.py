import re
import tracemalloc
import warnings

import keras
import numpy as np
import pandas as pd
import pytest
import scipy.linalg
import scipy.sparse
from scipy.stats import norm
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from sklearn.metrics import ndcg_score

from ae_helpers.metrics import (
    binary_cross_entropy,
    bootstrap_interval,
    frechet_distance,
    ndcg_at_k,
    nearest_neighbour_test,
    psnr,
    recall_at_k,
    squared_error,
    ssim,
)

pytestmark = pytest.mark.backend

IMAGE_METRICS = [squared_error, psnr, binary_cross_entropy]
RANKING_METRICS = [recall_at_k, ndcg_at_k]


@pytest.fixture(scope="module")
def pair():
    """10,000 images and reconstructions, float32, a tenth of the pixels exactly black or white."""
    rng = np.random.default_rng(0)
    x, x_hat = rng.uniform(-0.05, 1.05, (2, 10_000, 28, 28, 1)).clip(0, 1).astype(np.float32)
    return x, x_hat


# Reconstruction: limits, and a case by hand.


def test_equal_images(pair):
    x = pair[0][:5]
    assert squared_error(x, x).tolist() == [0] * 5
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert psnr(x, x).tolist() == [np.inf] * 5


def test_two_images_by_hand():
    x = np.array([[0, 1, 0.5, 0], [0, 0, 0, 0]])
    x_hat = np.array([[0, 0.5, 0.75, 0], [0.1, 0.1, 0.1, 0.1]])
    np.testing.assert_allclose(squared_error(x, x_hat), [0.25 + 0.0625, 0.04])
    np.testing.assert_allclose(psnr(x, x_hat), [10 * np.log10(4 / 0.3125), 20])
    np.testing.assert_allclose(psnr([[0.0]], [[1.0]]), [0])


def test_values_outside_the_unit_range_are_errors_like_others():
    assert squared_error([[0.0, 1.0]], [[-1.0, 3.0]]).tolist() == [1 + 4]


def test_cross_entropy_by_hand():
    x, x_hat = np.array([[1.0, 0.0, 0.25, 0.5]]), np.array([[0.5, 0.5, 0.25, 0.1]])
    floor_of_quarter = -(0.25 * np.log(0.25) + 0.75 * np.log(0.75))
    by_hand = (np.log(2) + np.log(2) + floor_of_quarter - 0.5 * np.log(0.1) - 0.5 * np.log(0.9)) / 4
    np.testing.assert_allclose(binary_cross_entropy(x, x_hat), [by_hand])


def test_cross_entropy_is_lowest_where_both_are_equal(pair):
    x, x_hat = pair[0][:5].astype(np.float64), pair[1][:5]
    p = x.clip(1e-12, 1 - 1e-12)
    entropy = -(p * np.log(p) + (1 - p) * np.log(1 - p)).mean(axis=(1, 2, 3))
    floor = binary_cross_entropy(x, x)
    np.testing.assert_allclose(floor, entropy, rtol=1e-6)
    assert (floor < binary_cross_entropy(x, x_hat)).all()
    assert (floor < binary_cross_entropy(x, (x + 0.001).clip(0, 1))).all()
    assert binary_cross_entropy(x.round(), x.round()).tolist() == [0] * 5  # black and white leave nothing to guess


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("epsilon", [1e-7, 1e-3])
def test_cross_entropy_of_a_pixel_all_wrong_is_bounded(dtype, epsilon):
    x = np.array([[0], [1]], dtype)
    np.testing.assert_allclose(binary_cross_entropy(x, 1 - x, epsilon=epsilon), -np.log(epsilon), rtol=1e-6)
    np.testing.assert_allclose(binary_cross_entropy(x, 1 - x), -np.log(1e-7), rtol=1e-6)


# Reconstruction: against others, and how exact.


def test_psnr_is_that_of_scikit_image(pair):
    x, x_hat = pair[0][:20], pair[1][:20]
    theirs = [peak_signal_noise_ratio(a, b, data_range=1) for a, b in zip(x, x_hat, strict=True)]
    np.testing.assert_allclose(psnr(x, x_hat), theirs, rtol=1e-6)
    np.testing.assert_allclose(psnr(np.repeat(x, 3, axis=-1), np.repeat(x_hat, 3, axis=-1)), theirs, rtol=1e-6)


def test_ssim_is_that_of_scikit_image_for_each_image_alone(pair):
    x, x_hat = pair[0][:20], 0.7 * pair[0][:20] + 0.3 * pair[1][:20]
    theirs = [structural_similarity(a[..., 0], b[..., 0], data_range=1) for a, b in zip(x, x_hat, strict=True)]
    np.testing.assert_allclose(ssim(x, x_hat), theirs, rtol=1e-5)
    np.testing.assert_allclose(ssim(x[..., 0], x_hat[..., 0]), theirs, rtol=1e-5)
    np.testing.assert_allclose(ssim(x[:, :9, :7], x_hat[:, :9, :7]).shape, (20,))


def test_ssim_in_colour_is_that_of_scikit_image(pair):
    x, x_hat = (values[:12].reshape(4, 3, 28, 28).transpose(0, 2, 3, 1) for values in pair)
    x_hat = 0.7 * x + 0.3 * x_hat
    theirs = [structural_similarity(a, b, data_range=1, channel_axis=-1) for a, b in zip(x, x_hat, strict=True)]
    np.testing.assert_allclose(ssim(x, x_hat), theirs, rtol=1e-5)


def test_ssim_limits(pair):
    x = pair[0][:5]
    np.testing.assert_allclose(ssim(x, x), 1)
    assert np.abs(ssim(x, pair[1][:5])).max() < 0.2  # independent images
    assert ssim(x, 1 - x).max() < -0.8  # negatives


@pytest.mark.parametrize("shape", [(2, 784), (2, 6, 28, 1), (2, 28, 6), (28, 28, 3), (2, 8, 8, 2), (1, 2, 28, 28, 1)])
def test_ssim_refuses_what_is_no_batch_of_images(shape):
    with pytest.raises(ValueError, match=f"x should be images .*{re.escape(str(shape))}"):
        ssim(np.zeros(shape), np.zeros(shape))


def test_cross_entropy_is_that_of_keras(pair):
    x, x_hat = (values[:20].reshape(20, -1) for values in pair)
    theirs = keras.ops.convert_to_numpy(keras.losses.binary_crossentropy(x, x_hat.clip(0.01, 0.99)))
    np.testing.assert_allclose(binary_cross_entropy(x, x_hat.clip(0.01, 0.99)), theirs, rtol=1e-5)


@pytest.mark.parametrize("metric", IMAGE_METRICS)
def test_float32_is_as_good_as_float64(metric, pair):
    exact = metric(*(values.astype(np.float64) for values in pair))
    ours = metric(*pair)
    assert ours.dtype == np.float64 and ours.shape == (10_000,)
    np.testing.assert_allclose(ours, exact, rtol=1e-6)
    np.testing.assert_allclose(ours.mean(), exact.mean(), rtol=1e-7)


@pytest.mark.parametrize(("metric", "copies"), [(squared_error, 1), (psnr, 1), (binary_cross_entropy, 4)])
def test_large_inputs_are_not_copied_around(metric, copies, pair):
    tracemalloc.start()
    metric(*pair)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < (copies + 0.2) * pair[0].nbytes


@pytest.mark.parametrize("metric", IMAGE_METRICS)
def test_inputs_of_all_kinds(metric, pair):
    x, x_hat = (values[:3].round() for values in pair)  # 0 and 1 are the same in all types
    expected = metric(x, x_hat)
    for convert in (
        keras.ops.convert_to_tensor,
        np.float16,
        np.float64,
        np.uint8,
        np.ndarray.tolist,
        lambda values: values.reshape(3, 784),
    ):
        np.testing.assert_allclose(metric(convert(x), convert(x_hat)), expected, rtol=1e-6)
    np.testing.assert_allclose(metric(np.uint8(x), keras.ops.convert_to_tensor(x_hat)), expected, rtol=1e-6)


@pytest.mark.parametrize("metric", [*IMAGE_METRICS, ssim])
def test_predictions_of_any_precision_with_gradients(metric):
    x = np.random.default_rng(0).integers(0, 2, (3, 8, 8, 1)) / 2
    for dtype in ("float16", "bfloat16", "float32"):
        x_hat = keras.ops.cast(keras.Variable(x[::-1].copy()) * 1, dtype)  # under torch, it has gradients
        for prediction in (x_hat, keras.ops.convert_to_numpy(x_hat) if dtype != "float32" else x[::-1]):
            np.testing.assert_allclose(metric(x, prediction), metric(x, x[::-1]), rtol=1e-6)


@pytest.mark.parametrize("metric", [*IMAGE_METRICS, ssim])
def test_rounding_beyond_black_and_white_is_none(metric):
    x = np.random.default_rng(0).integers(0, 2, (3, 8, 8)).astype(np.float32)
    np.testing.assert_allclose(metric(x * np.float32(1.0000002), 0.5 * x), metric(x, 0.5 * x), rtol=1e-6)


def test_half_precision_is_not_summed_in_half_precision():
    x, x_hat = np.full((1, 4_096), 0.5, np.float16), np.full((1, 4_096), 0.47, np.float16)
    exact = np.square(x.astype(np.float64) - x_hat.astype(np.float64)).sum()
    np.testing.assert_allclose(squared_error(x, x_hat), [exact], rtol=1e-6)


# Reconstruction: what is refused.

OK = np.full((2, 4), 0.5)


def changed(value):
    array = OK.copy()
    array[0, 1] = value
    return array


@pytest.mark.parametrize("metric", IMAGE_METRICS)
@pytest.mark.parametrize(
    ("x", "x_hat", "message"),
    [
        (OK, OK[:, :3], r"same shape, but have \(2, 4\) and \(2, 3\)"),
        (OK, OK[:1], r"same shape, but have \(2, 4\) and \(1, 4\)"),
        (OK[0], OK[0], r"x should be a batch .*\(4,\)"),
        (OK[:0], OK[:0], r"is empty: its shape is \(0, 4\)"),
        (changed(np.nan), OK, "x has 1 values that are NaN or infinite"),
        (OK, changed(np.nan), "x_hat has 1 values that are NaN or infinite"),
        (OK, changed(-np.inf), "x_hat has 1 values that are NaN or infinite"),
        (changed(255), OK, r"x should lie in \[0, 1\], but goes from 0.5 to 255. Divide pixels"),
        (changed(-0.5), OK, r"x should lie in \[0, 1\], but goes from -0.5 to 0.5.$"),
        (OK.astype(str), OK, "x should hold numbers, but its dtype is <U"),
        (OK, OK.astype(complex), "x_hat should hold numbers, but its dtype is complex128"),
        (OK, None, "x_hat should hold numbers, but its dtype is object"),
    ],
)
def test_image_metrics_refuse(metric, x, x_hat, message):
    with pytest.raises(ValueError, match=message):
        metric(x, x_hat)


@pytest.mark.parametrize("metric", [squared_error, psnr, binary_cross_entropy])
def test_tables_with_their_rows_in_different_orders_are_refused(metric):
    x = pd.DataFrame([[0.1, 0.2], [0.3, 0.4]], index=["a", "b"])
    with pytest.raises(ValueError, match=r"rows of x and x_hat have different labels.*\.loc"):
        metric(x, x[::-1])
    np.testing.assert_array_equal(metric(x, x[::-1].to_numpy()), metric(x.to_numpy(), x[::-1].to_numpy()))
    np.testing.assert_array_equal(metric(x, x), metric(x.to_numpy(), x.to_numpy()))


def test_cross_entropy_refuses_what_is_no_probability():
    with pytest.raises(ValueError, match=r"x_hat should lie in \[0, 1\], but goes from 0.5 to 1.5"):
        binary_cross_entropy(OK, changed(1.5))
    with pytest.raises(ValueError, match=r"epsilon should be between 0 and 0\.5, but is 0"):
        binary_cross_entropy(OK, OK, epsilon=0)
    with pytest.raises(ValueError, match=r"epsilon .* is 0\.5"):
        binary_cross_entropy(OK, OK, epsilon=0.5)


# Made pictures.


def test_frechet_distance_by_hand():
    x, x_made = np.array([[-1.0, 0.0], [1.0, 0.0]]), np.array([[-1.0, 2.0], [3.0, 0.0]])
    np.testing.assert_allclose(frechet_distance(x, x), 0, atol=1e-12)
    np.testing.assert_allclose(frechet_distance(x, np.add(x, (3, 4))), 25)
    np.testing.assert_allclose(frechet_distance(3 * x, x), (3 * 2**0.5 - 2**0.5) ** 2)
    # C = diag(2, 0), D = [[8, -4], [-4, 2]]: trace of (C D)^(1/2) is sqrt(16).
    np.testing.assert_allclose(frechet_distance(x, x_made), 2 + 2 + 10 - 2 * 4)


def test_frechet_distance_is_that_of_matrix_roots():
    rng = np.random.default_rng(0)
    x, x_made = rng.normal(size=(50, 5)) @ rng.normal(size=(5, 5)), rng.normal(size=(70, 5)) + 1
    first, second = np.cov(x.T), np.cov(x_made.T)
    root = scipy.linalg.sqrtm(first @ second).real
    expected = np.square(x.mean(0) - x_made.mean(0)).sum() + np.trace(first + second - 2 * root)
    for convert in (np.asarray, keras.ops.convert_to_tensor, np.ndarray.tolist):
        np.testing.assert_allclose(frechet_distance(convert(x), convert(x_made)), expected, rtol=1e-4)
    np.testing.assert_allclose(frechet_distance(x_made, x), expected)
    assert type(frechet_distance(x, x_made)) is float
    assert frechet_distance(x[:, :1], x_made[:, :1]) > 0
    assert 0 <= frechet_distance(x[:3], x[:3]) < 1e-6  # fewer points than features


def test_nearest_neighbours_by_hand():
    # On a line: 0 real, 1 real, 3 made, 7 made, 8 real, 9.5 made.
    x, x_made = np.array([[0.0], [1.0], [8.0]]), np.array([[3.0], [7.0], [9.5]])
    assert nearest_neighbour_test(x, x_made) == (2 / 3, 0)
    assert nearest_neighbour_test(x_made, x) == (0, 2 / 3)


def test_nearest_neighbours_can_not_tell_what_is_alike():
    rng = np.random.default_rng(0)
    x, x_made, others = rng.random((3, 1000, 10, 10, 1), dtype=np.float32)
    np.testing.assert_allclose(nearest_neighbour_test(x, x_made), 0.5, atol=0.06)
    assert nearest_neighbour_test(x, others + 9) == (1, 1)
    real, made = nearest_neighbour_test(x, 0.5 + 0.1 * (x_made - 0.5))  # all in the middle
    assert real < 0.1 and made == 1
    tensors = [keras.ops.convert_to_tensor(images) for images in (x, x_made)]
    assert nearest_neighbour_test(*tensors) == nearest_neighbour_test(x, x_made)


@pytest.mark.parametrize("metric", [frechet_distance, nearest_neighbour_test])
@pytest.mark.parametrize(
    ("x", "x_made", "message"),
    [
        (OK, OK[:, :3], r"\(2, 4\) and \(2, 3\)"),
        (OK[0], OK[0], r"\(4,\) and \(4,\)"),
        (OK[:1], OK[:1], r"\(1, 4\) and \(1, 4\)"),
        (OK, changed(np.nan), "x_made has 1 values that are NaN"),
        (changed(np.inf), OK, "x has 1 values that are NaN"),
        (OK, OK.astype(str), "x_made should hold numbers"),
    ],
)
def test_measures_of_made_pictures_refuse(metric, x, x_made, message):
    with pytest.raises(ValueError, match=message):
        metric(x, x_made)


def test_nearest_neighbours_want_as_many_of_both():
    with pytest.raises(ValueError, match=r"\(2, 4\) and \(3, 4\)"):
        nearest_neighbour_test(OK, np.full((3, 4), 0.5))


# Ranking.

ITEMS = np.arange(5.0, 0, -1)  # scores that put the items in the order they stand in
RANKING_CASES = [
    # scores, relevant items, recall at 3, what the hits gain, the gain of a perfect list
    (ITEMS, [0, 3], 1 / 2, 1, 1 + 1 / np.log2(3)),
    (ITEMS, [2], 1, 1 / 2, 1),  # fewer relevant items than k, at rank 3
    (ITEMS, [0, 1, 2, 4], 1, 1, 1),  # more than k: a list full of hits is perfect
    (ITEMS, [3, 4], 0, 0, 1),
    (ITEMS, [], np.nan, np.nan, 1),
    (-ITEMS, [3], 1, 1 / np.log2(3), 1),
    (np.array([-np.inf, 1, 2, -np.inf, -np.inf]), [0, 2], 1 / 2, 1, 1 + 1 / np.log2(3)),  # item 0 is excluded
    (np.zeros(5), [2, 3], 1 / 2, 1 / 2, 1 + 1 / np.log2(3)),  # equal scores: in the order they stand in
]


def ranking_arrays():
    scores = np.array([scores for scores, *_ in RANKING_CASES])
    relevant = np.zeros(scores.shape, bool)
    for row, (_, items, *_) in zip(relevant, RANKING_CASES, strict=True):
        row[items] = True
    return scores, relevant


@pytest.mark.filterwarnings("error")
def test_ranking_by_hand():
    scores, relevant = ranking_arrays()
    recall, ndcg = recall_at_k(scores, relevant, k=3), ndcg_at_k(scores, relevant, k=3)
    np.testing.assert_allclose(recall, [case[2] for case in RANKING_CASES])
    np.testing.assert_allclose(ndcg, [case[3] / case[4] for case in RANKING_CASES])


@pytest.mark.parametrize("k", [1, 3, 10, 30])
def test_ndcg_is_that_of_scikit_learn(k):
    rng = np.random.default_rng(k)
    scores, relevant = rng.normal(size=(50, 30)), rng.random((50, 30)) < 0.2
    relevant[:, 0] = True  # scikit-learn scores users without a relevant item as 0
    theirs = [ndcg_score([r], [s], k=k) for r, s in zip(relevant.astype(int), scores, strict=True)]
    np.testing.assert_allclose(ndcg_at_k(scores, relevant, k=k), theirs)


@pytest.mark.parametrize("metric", RANKING_METRICS)
def test_ranking_limits(metric):
    rng = np.random.default_rng(0)
    relevant = rng.random((40, 30)) < 0.2
    relevant[:, 0] = True
    scores = rng.random((40, 30))
    assert metric(relevant + scores, relevant).tolist() == [1] * 40
    assert (metric(relevant - scores, relevant, k=1) == 1).all()
    assert metric(scores - 2 * relevant, relevant, k=5).tolist() == [0] * 40
    assert recall_at_k(scores, relevant, k=30).tolist() == [1] * 40


@pytest.mark.parametrize("metric", RANKING_METRICS)
def test_ranking_inputs_of_all_kinds(metric):
    relevant = ranking_arrays()[1]
    scores = np.tile(np.array([3, 0, 4, 1, 5]), (len(relevant), 1))
    expected = metric(scores.astype(np.float64), relevant, k=np.int64(3))
    tensor = keras.ops.convert_to_tensor
    for given in (scores, np.uint8(scores), np.float32(scores), scores.tolist(), tensor(np.float32(scores))):
        np.testing.assert_array_equal(metric(given, relevant, k=3), expected)
    np.testing.assert_array_equal(metric(scores, tensor(relevant), k=3), expected)
    half = keras.ops.cast(scores, "bfloat16")  # what a model of mixed precision predicts
    for given in (half, keras.ops.convert_to_numpy(half), keras.Variable(np.float32(scores)) * 1):
        np.testing.assert_array_equal(metric(given, relevant, k=3), expected)


def test_ranking_leaves_its_inputs_alone():
    scores, relevant = ranking_arrays()
    scores.flags.writeable = relevant.flags.writeable = False
    recall_at_k(scores, relevant, k=3)
    ndcg_at_k(scores, relevant, k=3)


LIKED = OK > 1


@pytest.mark.parametrize("metric", RANKING_METRICS)
@pytest.mark.parametrize(
    ("scores", "relevant", "k", "message"),
    [
        (OK, LIKED[:, :3], 2, r"same shape .* \(2, 4\) and \(2, 3\)"),
        (OK[0], LIKED[0], 2, r"\(n_users, n_items\), but have \(4,\) and \(4,\)"),
        (OK[:0], LIKED[:0], 2, r"scores is empty: its shape is \(0, 4\)"),
        (OK, LIKED.astype(int), 2, "relevant should hold bools, but its dtype is int64"),
        (OK.astype(str), LIKED, 2, "scores should hold numbers, but its dtype is <U"),
        (LIKED, LIKED, 2, "scores should hold numbers, but its dtype is bool"),
        (changed(np.nan), LIKED, 2, "scores has 1 NaNs"),
        *((OK, LIKED, k, f"k should be a whole number from 1 to the 4 items, but is {k}") for k in (0, 5, 2.5, True)),
    ],
)
def test_ranking_metrics_refuse(metric, scores, relevant, k, message):
    with pytest.raises(ValueError, match=message):
        metric(scores, relevant, k=k)


@pytest.mark.parametrize("metric", RANKING_METRICS)
def test_sparse_scores_are_refused(metric):
    for wrong in (scipy.sparse.csr_array(OK), scipy.sparse.csr_matrix(OK), scipy.sparse.coo_array(OK)):
        with pytest.raises(ValueError, match=r"scores should be an array, but is a sparse .*: give scores.toarray"):
            metric(wrong, LIKED)
        with pytest.raises(ValueError, match="relevant should be an array, but is a sparse"):
            metric(OK, wrong > 1)


@pytest.mark.parametrize("metric", RANKING_METRICS)
def test_tables_in_different_orders_are_refused(metric):
    scores, relevant = (pd.DataFrame(values, list("ab"), list("wxyz")) for values in (OK, LIKED))
    np.testing.assert_array_equal(metric(scores, relevant, k=2), metric(OK, LIKED, k=2))
    with pytest.raises(ValueError, match="The columns of scores and relevant have different labels"):
        metric(scores, relevant[list("xwyz")], k=2)
    with pytest.raises(ValueError, match="The rows of scores and relevant have different labels"):
        metric(scores, relevant.loc[["b", "a"]], k=2)


def test_of_many_equal_scores_the_first_win():
    scores, relevant = np.arange(300.0)[None] // 100, np.zeros((1, 300), bool)
    relevant[0, [200, 204, 250]] = True
    assert recall_at_k(scores, relevant, k=5).tolist() == [2 / 3]
    assert recall_at_k(scores, relevant, k=51).tolist() == [1]
    assert recall_at_k(scores, relevant, k=50).tolist() == [2 / 3]


def test_lists_are_of_twenty_unless_told():
    rng = np.random.default_rng(0)
    scores, relevant = rng.random((30, 60)), rng.random((30, 60)) < 0.3
    for metric in RANKING_METRICS:
        np.testing.assert_array_equal(metric(scores, relevant), metric(scores, relevant, k=20))


# Intervals.


@pytest.mark.parametrize("level", [0.5, 0.8, 0.95, 0.99])
def test_a_bootstrap_interval_agrees_with_theory(level):
    values = np.random.default_rng(0).normal(3, 2, 1000)
    low, high = bootstrap_interval(values, seed=0, level=level)
    error = norm.ppf((1 + level) / 2) * values.std() / np.sqrt(1000)
    np.testing.assert_allclose([low, high], [values.mean() - error, values.mean() + error], atol=0.25 * error)


def test_a_bootstrap_interval_by_default():
    values = np.random.default_rng(0).normal(3, 2, 100)
    interval = bootstrap_interval(values, seed=0)
    assert interval == bootstrap_interval(values, seed=0, level=0.95) != bootstrap_interval(values, seed=1)
    assert interval == bootstrap_interval(np.append(values, np.nan), seed=0)
    assert all(type(end) is float for end in interval)
    assert bootstrap_interval([1, 1, 1], seed=0) == (1, 1)
    # The mean of 0 and 1, drawn twice, is 0 or 1 in half of all cases.
    assert bootstrap_interval([0, 1], seed=0) == (0, 1) and bootstrap_interval([0, 1], seed=0, level=0.4) == (0.5, 0.5)


def test_an_interval_is_of_two_thousand_resamples(monkeypatch):
    drawn = []
    monkeypatch.setattr(np, "mean", lambda values, axis: drawn.append(values.shape[:-1]) or values.mean(axis=axis))
    bootstrap_interval(np.arange(5.0), seed=0)
    assert sum(shape[0] for shape in drawn if shape) == 2000


def test_what_has_no_interval_is_refused():
    for bad in ([1.0], [], np.ones((2, 2)), [np.nan, 1]):
        with pytest.raises(ValueError, match="two values or more"):
            bootstrap_interval(bad, seed=0)
    for level in (0, 1, 95, -0.5, np.nan, "0.9"):
        with pytest.raises(ValueError, match="level should be between 0 and 1, but is"):
            bootstrap_interval([1, 2], seed=0, level=level)
    wrong = ((["a", "b"], "dtype is <U1"), (scipy.sparse.eye_array(2), "sparse"), ([[1], [2, 3]], "differ"))
    for bad, message in wrong:
        with pytest.raises(ValueError, match=f"values should .* {message}"):
            bootstrap_interval(bad, seed=0)
    with pytest.raises(ValueError, match="values has 1 infinite values"):
        bootstrap_interval([1, 2, np.inf], seed=0)
