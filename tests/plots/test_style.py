"""What all figures share: which arrays are images."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from ae_helpers import plots
from ae_helpers.plots._style import CURVE_COLOURS, as_image, as_images, draw_image

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((5, 4), (5, 4)),
        ((5, 4, 1), (5, 4)),
        ((5, 4, 3), (5, 4, 3)),
        ((2, 4, 3), (2, 4, 3)),  # a colour image two pixels high
        ((5, 1, 3), (5, 1, 3)),
        ((1, 5, 4), (5, 4)),  # a batch of one
        ((1, 5, 4, 1), (5, 4)),
        ((1, 5, 4, 3), (5, 4, 3)),
        ((1, 5, 3, 1), (5, 3)),
    ],
)
def test_one_image(shape, expected):
    image = RNG.random(shape)
    taken = as_image(image, "x")
    assert taken.shape == expected
    np.testing.assert_array_equal(taken.ravel(), image.ravel())


@pytest.mark.parametrize("shape", [(2, 5, 4), (3, 5, 4, 1), (2, 5, 4, 3)])
def test_several_images_are_not_one(shape):
    with pytest.raises(ValueError, match=r"x should be one image, .*as x\[0\]"):
        as_image(np.zeros(shape), "x")


@pytest.mark.parametrize("shape", [(1, 5, 3), (1, 5, 1)])
def test_a_batch_of_one_narrow_image_may_be_one_with_channels(shape):
    with pytest.raises(ValueError, match="is one with channels"):
        as_image(np.zeros(shape), "x")


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((6, 8, 3), r"\(6, 8, 3\) is one with channels: give x\[None\]"),
        ((6, 8, 1), r"\(6, 8, 1\) is one with channels: give x\[None\]"),
        ((8, 8), r"its shape is \(8, 8\)"),
        ((2, 3, 8, 8), r"its shape is \(2, 3, 8, 8\)"),
        ((2, 8, 8, 2), r"its shape is \(2, 8, 8, 2\)"),
        ((1, 2, 8, 8, 3), r"its shape is \(1, 2, 8, 8, 3\)"),
    ],
)
def test_what_is_not_several_images_is_refused(shape, message):
    with pytest.raises(ValueError, match=message):
        as_images(np.zeros(shape), "x")


@pytest.mark.parametrize("shape", [(2, 8, 1, 1), (2, 8, 3, 1), (2, 8, 2), (1, 8, 4)])
def test_narrow_images_are_images(shape):
    assert as_images(np.zeros(shape), "x").shape == shape[:3]


def test_images_lie_between_0_and_1_unless_told():
    for take in (as_image, as_images):
        with pytest.raises(ValueError, match=r"x should lie in \[0, 1\]"):
            take(np.full((1, 5, 4), 2.0), "x")
        assert take(np.full((1, 5, 4), 2.0), "x", unit_range=False).max() == 2


def test_colours_beyond_0_and_1_are_drawn_without_a_word(caplog):
    """Matplotlib would warn by its log."""
    image = RNG.uniform(-1, 2, (4, 4, 3))
    ax = Figure().subplots()
    draw_image(ax, image)
    np.testing.assert_array_equal(ax.images[0].get_array(), image.clip(0, 1))
    assert not caplog.records


def test_there_may_be_as_many_curves_as_colours():
    curves = {str(i): ([1, 2], [1, 2]) for i in range(len(CURVE_COLOURS))}
    lines = plots.plot_lines(curves, xlabel="x", ylabel="y").axes[0].lines
    assert [line.get_color() for line in lines][: len(curves)] == CURVE_COLOURS
    with pytest.raises(ValueError, match="should have 1 to 7 names, but has 8"):
        plots.plot_lines({**curves, "more": ([1], [1])}, xlabel="x", ylabel="y")
