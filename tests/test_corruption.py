import re

import numpy as np
import pytest
from scipy import ndimage

from ae_helpers.corruption import add_blur, add_gaussian_noise, add_occlusion, add_salt_and_pepper

SEEDED = [(add_gaussian_noise, 0.3), (add_salt_and_pepper, 0.3), (add_occlusion, 5)]
ALL = [(add, amount, {"seed": 1}) for add, amount in SEEDED] + [(add_blur, 1.5, {})]
SHAPES = [(28, 28), (28, 28, 1), (3, 28, 28), (3, 28, 28, 1), (12, 20), (12, 20, 1), (3, 12, 20), (1, 12, 20, 1)]
SHAPES += [(12, 20, 3), (4, 12, 20, 3), (1, 6, 784, 1), (1, 12, 64)]


def images(shape, dtype=np.float32):
    x = np.random.default_rng(0).random(shape).astype(dtype)
    x.flags.writeable = False  # whoever changes its input fails
    return x


# What all of them have in common.


@pytest.mark.parametrize(("add", "amount", "options"), ALL)
@pytest.mark.parametrize("shape", SHAPES)
def test_new_images_of_the_same_shape(add, amount, options, shape):
    x = images(shape)
    spoilt = add(x, amount, **options)
    assert spoilt.shape == shape and spoilt.dtype == np.float32
    assert 0 <= spoilt.min() <= spoilt.max() <= 1
    assert (spoilt != x).any()
    assert not np.shares_memory(spoilt, x)


@pytest.mark.parametrize(("add", "amount", "options"), ALL)
def test_a_channel_axis_makes_no_difference(add, amount, options):
    one, batch = images((28, 20)), images((3, 28, 20))
    np.testing.assert_array_equal(add(one[..., None], amount, **options)[..., 0], add(one, amount, **options))
    np.testing.assert_array_equal(add(batch[..., None], amount, **options)[..., 0], add(batch, amount, **options))
    np.testing.assert_array_equal(add(one[None], amount, **options)[0], add(one, amount, **options))


@pytest.mark.parametrize(("add", "amount", "options"), ALL)
@pytest.mark.parametrize("shape", SHAPES)
def test_an_amount_of_zero_changes_nothing(add, amount, options, shape):
    x = images(shape)
    np.testing.assert_array_equal(add(x, 0, **options), x)
    assert not np.shares_memory(add(x, 0, **options), x)


@pytest.mark.parametrize(("add", "amount"), SEEDED)
def test_the_seed_decides(add, amount):
    x = images((5, 28, 28))
    np.testing.assert_array_equal(add(x, amount, seed=1), add(x, amount, seed=1))
    assert (add(x, amount, seed=1) != add(x, amount, seed=2)).any()


@pytest.mark.parametrize(("add", "amount", "options"), ALL)
def test_float64_and_integers_become_float32(add, amount, options):
    x = images((3, 28, 28)).round()
    for dtype in (np.float64, np.uint8, bool):
        spoilt = add(x.astype(dtype), amount, **options)
        assert spoilt.dtype == np.float32
        np.testing.assert_array_equal(spoilt, add(x, amount, **options))


@pytest.mark.parametrize(("add", "amount", "options"), ALL)
@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros(28), r"its shape is \(28,\)"),
        (np.zeros((2, 3, 28, 28)), r"last axis of 1 .* or 3 .* but its shape is \(2, 3, 28, 28\)"),
        (np.zeros((2, 28, 28, 4)), r"its shape is \(2, 28, 28, 4\)"),
        (np.zeros((1, 2, 28, 28, 1)), r"its shape is \(1, 2, 28, 28, 1\)"),
        (np.zeros((0, 28, 28)), r"x is empty: its shape is \(0, 28, 28\)"),
        (np.full((28, 28), 255), r"\[0, 1\], but goes from 255 to 255. Divide"),
        (np.full((28, 28), -0.1), r"\[0, 1\], but goes from -0.1 to -0.1"),
        (np.full((28, 28), np.nan), "784 values that are NaN"),
        (np.full((28, 28), "a"), "dtype is <U1"),
    ],
)
def test_refuses_what_is_no_image(add, amount, options, x, message):
    with pytest.raises(ValueError, match=message):
        add(x, amount, **options)


@pytest.mark.parametrize(
    "shape",
    [(5, 784), (1, 784), (1000, 784), (300, 3072), (30, 192), (9, 64), (2, 240), (6, 61), (9, 784, 1), (5, 784, 3)],
)
@pytest.mark.parametrize(("add", "amount", "options"), [(add_occlusion, 1, {"seed": 0}), (add_blur, 1, {})])
def test_refuses_flat_images_where_neighbours_count(add, amount, options, shape):
    with pytest.raises(
        ValueError, match=rf"\(n, height, width, channels\).*{re.escape(str(shape))} .* {shape[0]} flat"
    ):
        add(np.zeros(shape), amount, **options)


@pytest.mark.parametrize("shape", [(784, 784), (48, 60), (6, 60), (20, 63), (30, 299), (20, 150), (100, 50), (64, 48)])
def test_takes_one_image_of_any_other_shape(shape):
    x = images(shape)
    np.testing.assert_array_equal(add_blur(x, 1), add_blur(x[None], 1)[0])
    np.testing.assert_array_equal(add_occlusion(x, 3, seed=0), add_occlusion(x[None, ..., None], 3, seed=0)[0, ..., 0])


def test_noise_takes_flat_images():
    x = images((5, 784))
    square = x.reshape(5, 28, 28, 1)
    for add in (add_gaussian_noise, add_salt_and_pepper):
        np.testing.assert_array_equal(add(x, 0.3, seed=0), add(square, 0.3, seed=0).reshape(5, 784))


def test_rounding_is_no_other_range():
    x = np.float32([[0.5, 1.0000002], [-1e-7, 0]])
    for add, amount, options in ALL:
        assert 0 <= add(x, amount * 0, **options).min() <= add(x, amount * 0, **options).max() == 1


@pytest.mark.parametrize(
    ("add", "name", "options", "bad"),
    [
        (add_gaussian_noise, "sigma", {"seed": 0}, [-0.1, np.nan, np.inf, "0.1", None, 0.1j, True]),
        (add_blur, "sigma", {}, [-0.1, np.nan, np.inf, "1", [1.0]]),
        (add_salt_and_pepper, "fraction", {"seed": 0}, [-0.1, 1.1, np.nan]),
        (add_occlusion, "size", {"seed": 0}, [-1, 21, 2.5, np.nan, np.inf]),
    ],
)
def test_refuses_an_amount_out_of_range(add, name, options, bad):
    for amount in bad:
        with pytest.raises(ValueError, match=f"^{name} should .* is {re.escape(repr(amount))}"):
            add(images((20, 28)), amount, **options)


# Gaussian noise.


def test_a_seed_gives_the_same_noise_in_every_version():
    x = images((3, 28, 28))
    drawn = np.random.default_rng(7).standard_normal(x.shape, dtype=np.float32)
    np.testing.assert_array_equal(
        add_gaussian_noise(x, 0.25, seed=7, clip=False), x.astype(np.float32) + drawn * np.float32(0.25)
    )


def test_gaussian_noise_has_its_mean_and_deviation():
    n, sigma = 100 * 28 * 28, 0.25
    noise = add_gaussian_noise(np.full((100, 28, 28), 0.5), sigma, seed=0, clip=False) - 0.5
    # Four standard errors: of a mean sigma / sqrt(n), of a deviation sigma / sqrt(2 n).
    assert abs(noise.mean()) < 4 * sigma / np.sqrt(n)
    assert abs(noise.std() - sigma) < 4 * sigma / np.sqrt(2 * n)
    within = np.mean(np.abs(noise) < sigma)  # 68.27 % of a normal distribution
    assert abs(within - 0.6827) < 4 * np.sqrt(0.6827 * 0.3173 / n)
    neighbours = np.mean(noise[..., 1:] * noise[..., :-1]) / sigma**2
    assert abs(neighbours) < 4 / np.sqrt(n)
    assert abs(np.mean(noise[1:] * noise[:-1]) / sigma**2) < 4 / np.sqrt(n)  # each image has its own


def test_clipping_is_all_that_clip_does():
    x = images((3, 28, 28))
    free = add_gaussian_noise(x, 0.5, seed=0, clip=False)
    assert free.min() < 0 and free.max() > 1
    np.testing.assert_array_equal(add_gaussian_noise(x, 0.5, seed=0), free.clip(0, 1))


# Salt and pepper.


@pytest.mark.parametrize("fraction", [0.01, 0.3, 1.0])
def test_salt_and_pepper_spoil_their_share(fraction):
    spoilt = add_salt_and_pepper(np.full((50, 28, 28), 0.5), fraction, seed=0)
    n, half = spoilt.size, fraction / 2
    bound = 4 * np.sqrt(n * half * (1 - half))  # four standard deviations of a binomial count
    black, white = np.count_nonzero(spoilt == 0), np.count_nonzero(spoilt == 1)
    assert abs(black - n * half) < bound
    assert abs(white - n * half) < bound
    assert np.count_nonzero(spoilt == 0.5) == n - black - white


def test_a_seed_gives_the_same_salt_and_pepper_in_every_version():
    x = images((3, 28, 28))
    drawn = np.random.default_rng(7).random(x.shape, dtype=np.float32)
    expected = np.where(drawn < 0.15, 0, np.where(drawn >= 0.85, 1, x))
    np.testing.assert_array_equal(add_salt_and_pepper(x, 0.3, seed=7), expected)


def test_salt_and_pepper_spoil_a_pixel_of_colour_as_a_whole():
    x = np.full((4, 12, 20, 3), 0.5)
    spoilt = add_salt_and_pepper(x, 0.5, seed=0)
    assert (spoilt == spoilt[..., :1]).all()
    np.testing.assert_array_equal(spoilt[..., 0], add_salt_and_pepper(x[..., 0], 0.5, seed=0))


# Occlusion.


@pytest.mark.parametrize("size", [1, 7, 20])
def test_occlusion_is_one_square_inside_each_image(size):
    covered = add_occlusion(np.ones((500, 20, 28)), size, seed=0) == 0
    assert (covered.sum(axis=(1, 2)) == size**2).all()
    # size x size pixels that lie within size rows and size columns can only be the square.
    assert (covered.any(axis=2).sum(axis=1) == size).all()
    assert (covered.any(axis=1).sum(axis=1) == size).all()
    tops = set(covered.any(axis=2).argmax(axis=1).tolist())
    lefts = set(covered.any(axis=1).argmax(axis=1).tolist())
    assert (min(tops), max(tops)) == (0, 20 - size)
    assert (min(lefts), max(lefts)) == (0, 28 - size)


def test_occlusion_can_cover_the_whole_image():
    assert add_occlusion(np.ones((3, 28, 28)), 28, seed=0).max() == 0
    assert add_occlusion(np.ones((3, 28, 28, 1)), 28.0, seed=0).max() == 0


def test_what_is_not_occluded_stays():
    x = images((5, 28, 28)).clip(0.01, 1)
    spoilt = add_occlusion(x, 9, seed=3)
    np.testing.assert_array_equal(spoilt[spoilt > 0], x[spoilt > 0])


def test_occlusion_covers_all_channels():
    x = images((4, 12, 20, 3)).clip(0.01, 1)
    covered = add_occlusion(x, 5, seed=0) == 0
    assert (covered == covered[..., :1]).all() and covered.sum() == 4 * 25 * 3


# Blur.


def test_blur_is_that_of_scipy():
    x = images((3, 28, 20, 1))
    blurred = add_blur(x, 1.2)
    for image, ours in zip(x[..., 0], blurred[..., 0], strict=True):
        np.testing.assert_allclose(ours, ndimage.gaussian_filter(image, 1.2, mode="constant"), atol=1e-7)


def test_blur_mixes_no_channels():
    x = images((3, 28, 20, 3))
    blurred = add_blur(x, 1.2)
    for channel in range(3):
        np.testing.assert_allclose(blurred[..., channel], add_blur(x[..., channel], 1.2), atol=1e-7)


def test_blur_stays_in_range_and_darkens_the_border():
    blurred = add_blur(np.ones((28, 28)), 2)
    assert blurred.max() <= 1
    assert blurred[14, 14] == pytest.approx(1)
    assert blurred[0, 14] == pytest.approx(0.6, abs=0.1)  # nearly half of the kernel lies outside


# Shapes that could be read in two ways: as the module says.


def test_a_last_axis_of_one_is_the_channel():
    x = np.ones((28, 20, 1))
    assert np.count_nonzero(add_occlusion(x, 5, seed=0) == 0) == 25  # one image, not 28
    assert np.count_nonzero(add_occlusion(np.ones((28, 20, 3)), 2, seed=0) == 0) == 4 * 3  # one image in colour
    assert np.count_nonzero(add_occlusion(np.ones((28, 20, 4)), 2, seed=0) == 0) == 28 * 4  # 28 images
    assert np.count_nonzero(add_occlusion(np.ones((3, 28, 20)), 2, seed=0) == 0) == 3 * 4  # three images
    with pytest.raises(ValueError, match="from 0 to 1 pixels, but is 2"):
        add_occlusion(np.ones((6, 28, 1, 1)), 2, seed=0)
