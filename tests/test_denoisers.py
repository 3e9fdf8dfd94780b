import numpy as np
import pytest
from scipy import ndimage
from skimage.restoration import denoise_nl_means
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression

from ae_helpers.denoisers import GaussianFilter, LinearMap, MedianFilter, NonLocalMeans, PCAProjection
from ae_helpers.metrics import psnr

RNG = np.random.default_rng(0)
# Smooth random images, so that there is something to tell from noise.
X = ndimage.gaussian_filter(RNG.random((600, 12, 12)), (0, 2, 2)).astype(np.float32)
X = ((X - X.min()) / (X.max() - X.min()))[..., None]
NOISY = (X + RNG.normal(0, 0.2, X.shape)).astype(np.float32)
X.flags.writeable = NOISY.flags.writeable = False  # whoever changes its input fails

ALL = [
    MedianFilter,
    lambda: GaussianFilter(widths=(0.5, 1.0)),
    lambda: NonLocalMeans(strengths=(0.1, 0.3)),
    lambda: PCAProjection(10),
    LinearMap,
    lambda: MedianFilter(line=True),
    lambda: GaussianFilter(widths=(0.5, 1.0), line=True),
    lambda: NonLocalMeans(strengths=(0.1, 0.3), line=True),
]


NAMES = ["median", "Gaussian", "non-local means", "PCA", "linear"]
NAMES += [f"{name} + line" for name in NAMES[:3]]


@pytest.fixture(params=ALL, ids=NAMES)
def denoiser(request):
    return request.param()


# What all of them have in common.


def test_one_interface(denoiser):
    assert denoiser.fit(NOISY[:500], X[:500]) is denoiser
    denoised = denoiser.denoise(NOISY[500:])
    assert denoised.shape == (100, 12, 12, 1) and denoised.dtype == np.float32
    assert psnr(X[500:], denoised).mean() > psnr(X[500:], NOISY[500:]).mean() + 2


def test_the_channel_axis_and_the_batch_make_no_difference(denoiser):
    denoiser.fit(NOISY[:500, ..., 0], X[:500, ..., 0])
    denoised = denoiser.denoise(NOISY[500:503])
    np.testing.assert_array_equal(denoiser.denoise(NOISY[500:503, ..., 0]), denoised[..., 0])
    in_float64 = denoiser.denoise(NOISY[500:503].astype(np.float64))
    np.testing.assert_array_equal(in_float64, denoised)
    np.testing.assert_allclose(denoiser.denoise(NOISY[501:502])[0], denoised[1], atol=1e-5)


@pytest.mark.parametrize(
    ("x_noisy", "x", "message"),
    [
        (NOISY[:5], X[:4], r"same shape, but have \(5, 12, 12, 1\) and \(4, 12, 12, 1\)"),
        (NOISY[:5], X[:5, :6], r"same shape, but have \(5, 12, 12, 1\) and \(5, 6, 12, 1\)"),
        (NOISY[:5], 2 * X[:5] + 1, r"x should lie in \[0, 1\]"),
        (NOISY[:5] * np.nan, X[:5], "x_noisy has 720 values that are NaN"),
        (NOISY[:0], X[:0], "x_noisy is empty"),
        (NOISY.reshape(600, 144), X.reshape(600, 144), r"x_noisy should be images .*\(600, 144\)"),
        (NOISY[0], X[0], r"x_noisy should be images .*\(12, 12, 1\)\. A single image is x_noisy\[None\]"),
        (NOISY.transpose(0, 3, 1, 2), X.transpose(0, 3, 1, 2), r"x_noisy should be images .*\(600, 1, 12, 12\)"),
    ],
)
def test_fit_refuses(denoiser, x_noisy, x, message):
    with pytest.raises(ValueError, match=message):
        denoiser.fit(x_noisy, x)


def test_denoise_refuses(denoiser):
    denoiser.fit(NOISY[:300], X[:300])
    with pytest.raises(ValueError, match=r"x_noisy should be images .*\(12, 12\)"):
        denoiser.denoise(NOISY[0, ..., 0])


@pytest.mark.parametrize("make", ALL[1:])
def test_denoise_needs_fit_first(make):
    with pytest.raises(RuntimeError, match="Call fit"):
        make().denoise(NOISY[:3])


def test_colour(denoiser):
    x, noisy = (images.reshape(200, 3, 12, 12).transpose(0, 2, 3, 1)[:, :6, :6] for images in (X, NOISY))
    denoised = denoiser.fit(noisy[:150], x[:150]).denoise(noisy[150:])
    assert denoised.shape == (50, 6, 6, 3) and denoised.dtype == np.float32
    assert psnr(x[150:], denoised).mean() > psnr(x[150:], noisy[150:]).mean() + 1


@pytest.mark.parametrize("make", [MedianFilter, lambda: GaussianFilter([0.7])])
def test_filters_treat_each_channel_alone(make):
    colour, clean = (images[:30].reshape(10, 3, 12, 12).transpose(0, 2, 3, 1) for images in (NOISY, X))
    ours = make().fit(colour, clean).denoise(colour)
    theirs = [make().fit(colour[..., c], clean[..., c]).denoise(colour[..., c]) for c in range(3)]
    np.testing.assert_allclose(ours, np.stack(theirs, axis=-1), atol=1e-6)


@pytest.mark.parametrize("make", [lambda: PCAProjection(10), LinearMap])
@pytest.mark.parametrize("shape", [(2, 10, 12, 1), (2, 12, 10), (2, 12, 12, 3), (2, 9, 16)])
def test_what_is_fitted_to_one_size_takes_no_other(make, shape):
    fitted = make().fit(NOISY, X)
    with pytest.raises(ValueError, match=rf"\(12, 12, 1\), so denoise can't take \({shape[1]}, {shape[2]}"):
        fitted.denoise(np.zeros(shape))


def test_too_few_images_to_learn_from():
    with pytest.raises(ValueError, match=r"10 components need .* but x has 9 images of 144"):
        PCAProjection(10).fit(NOISY[:9], X[:9])
    with pytest.raises(ValueError, match=r"17 components need .* but x has 50 images of 16"):
        PCAProjection(17).fit(NOISY[:50, :4, :4], X[:50, :4, :4])
    with pytest.raises(ValueError, match=r"144 pixels needs more pairs .* but 144 came"):
        LinearMap().fit(NOISY[:144], X[:144])
    assert PCAProjection(10).fit(NOISY[:10], X[:10]).denoise(NOISY).shape == NOISY.shape
    assert LinearMap().fit(NOISY[:145], X[:145]).denoise(NOISY).shape == NOISY.shape


# Each against the library or the formula behind it.


def test_median_is_that_of_scipy():
    ours = MedianFilter(5).denoise(NOISY[:3])
    theirs = [ndimage.median_filter(image, 5) for image in NOISY[:3, ..., 0]]
    np.testing.assert_array_equal(ours[..., 0], theirs)


def test_gaussian_filter_takes_the_best_width():
    denoiser = GaussianFilter(widths=(0.1, 1.0, 5.0)).fit(NOISY[:50], X[:50])
    assert denoiser.width == 1.0
    theirs = [ndimage.gaussian_filter(image, 1.0) for image in NOISY[:3, ..., 0]]
    np.testing.assert_allclose(denoiser.denoise(NOISY[:3])[..., 0], theirs, atol=1e-6)


def test_non_local_means_are_those_of_scikit_image():
    denoiser = NonLocalMeans(strengths=(0.001, 0.2)).fit(NOISY[:10], X[:10])
    assert denoiser.strength == 0.2
    assert denoiser.sigma == pytest.approx(np.sqrt(np.mean((NOISY[:10] - X[:10]) ** 2)), rel=1e-5)
    options = {"patch_size": 5, "patch_distance": 6, "h": 0.2, "sigma": denoiser.sigma}
    theirs = [denoise_nl_means(image, **options) for image in NOISY[:3, ..., 0]]
    np.testing.assert_allclose(denoiser.denoise(NOISY[:3])[..., 0], theirs, atol=1e-6)


@pytest.mark.parametrize(
    ("make", "plain"),
    [
        (lambda **options: MedianFilter(**options), MedianFilter()),
        (lambda **options: GaussianFilter([0.7], **options), GaussianFilter([0.7])),
        (lambda **options: NonLocalMeans([0.2], **options), NonLocalMeans([0.2])),
    ],
)
def test_a_line_takes_the_veil_off(make, plain):
    filtered = plain.fit(NOISY[:300], X[:300]).denoise(NOISY[:300])
    line = LinearRegression().fit(filtered.reshape(-1, 1), X[:300].ravel())
    theirs = line.predict(plain.denoise(NOISY[300:310]).reshape(-1, 1)).reshape(10, 12, 12, 1).clip(0, 1)
    ours = make(line=True).fit(NOISY[:300], X[:300]).denoise(NOISY[300:310])
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_a_line_needs_no_contrast():
    # Means far above deviations, and many pixels: numpy.polyfit would drop the slope of float32.
    x = np.tile(0.5 + 0.001 * X, (2, 4, 4, 1))
    filtered = 0.5 * x + 0.25
    denoiser = MedianFilter(1, line=True).fit(filtered, x)
    np.testing.assert_allclose(denoiser.denoise(filtered), x, atol=1e-5)
    grey = np.full((2, 4, 4), 0.5)
    np.testing.assert_array_equal(MedianFilter(line=True).fit(grey, grey / 2).denoise(grey), grey / 2)


def test_the_width_is_chosen_with_the_line():
    veiled = (0.5 * NOISY + 0.3).astype(np.float32)
    plain, lined = (GaussianFilter((0.1, 1.0, 5.0), line=line).fit(veiled, X) for line in (False, True))
    assert psnr(X, lined.denoise(veiled)).mean() > psnr(X, plain.denoise(veiled)).mean() + 2
    assert lined.width == 1.0


def test_the_width_is_chosen_for_what_follows():
    # A negative: the line turns it round. Without one, a uniform grey is the nearest to the clean image.
    negative = (1 - NOISY)[:100]
    plain, lined = (GaussianFilter((0.1, 1.0, 5.0), line=line).fit(negative, X[:100]) for line in (False, True))
    assert (plain.width, lined.width) == (5.0, 1.0)


def test_defaults():
    assert MedianFilter().size == 3 and PCAProjection().n_components == 64
    assert GaussianFilter().widths[::3] == (0.4, 0.7, 1.0, 2.0)
    assert NonLocalMeans().strengths[::3] == (0.02, 0.1, 0.2)


def test_pca_is_that_of_scikit_learn():
    pca = PCA(7).fit(X.reshape(600, -1))
    theirs = pca.inverse_transform(pca.transform(NOISY.reshape(600, -1))).reshape(X.shape)
    ours = PCAProjection(7).fit(NOISY, X).denoise(NOISY)
    np.testing.assert_allclose(ours, theirs, atol=1e-3)


def test_linear_map_is_least_squares():
    theirs = LinearRegression().fit(NOISY.reshape(600, -1), X.reshape(600, -1)).predict(NOISY.reshape(600, -1))
    ours = LinearMap().fit(NOISY, X).denoise(NOISY)
    np.testing.assert_allclose(ours, theirs.reshape(X.shape), atol=2e-3)


def test_linear_map_learns_from_all_parts_of_many_images():
    # More than are taken at a time, and each third of them is made in another way.
    rng = np.random.default_rng(0)
    noisy = rng.random((11_001, 2, 2)).astype(np.float32)
    x = np.concatenate([part @ rng.random((2, 2)) / 2 for part in np.split(noisy, 3)])
    flat = noisy.reshape(-1, 4)
    theirs = LinearRegression().fit(flat, x.reshape(-1, 4)).predict(flat)
    np.testing.assert_allclose(LinearMap().fit(noisy, x).denoise(noisy), theirs.reshape(x.shape), atol=1e-4)


def test_linear_map_survives_constant_pixels():
    dark = X.copy()
    dark[:, :3] = 0
    np.testing.assert_allclose(LinearMap().fit(dark, dark).denoise(dark), dark, atol=0.02)


# What they refuse.


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: MedianFilter(0), "size should be a positive whole number, but is 0"),
        (lambda: MedianFilter(2.5), "size .* is 2.5"),
        (lambda: PCAProjection(True), "n_components .* is True"),
        (lambda: GaussianFilter([]), r"widths should be positive numbers, at least one, but is \(\)"),
        (lambda: GaussianFilter([1, 0.0]), "widths .* is 0.0"),
        (lambda: GaussianFilter([1, np.inf]), "widths .* is inf"),
        (lambda: GaussianFilter([np.nan]), "widths .* is nan"),
        (lambda: NonLocalMeans([0.1, -1]), "strengths .* is -1"),
        (lambda: GaussianFilter(1.5), "widths should be positive numbers, at least one, but is 1.5"),
        (lambda: GaussianFilter("12"), "widths should be positive numbers, but is '1'"),
    ],
)
def test_settings_are_checked(build, message):
    with pytest.raises(ValueError, match=message):
        build()
