"""What all figures have in common."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from ae_helpers import plots
from tests.plots.cases import CASES, grey_images, pixels

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=CASES)
def case(request):
    return CASES[request.param]


def test_every_plot_has_a_case():
    names = {name for name in vars(plots) if name.startswith("plot_")}
    assert names == {f"plot_{name.replace(' ', '_')}" for name in CASES} & names


def test_a_figure_with_its_axes_and_labels(case):
    build, n_axes, n_images, labels = case
    figure = build()
    assert type(figure) is Figure
    assert len(figure.axes) == n_axes
    assert len(grey_images(figure)) == n_images
    shown = [label for ax in figure.axes for label in (ax.get_xlabel(), ax.get_ylabel()) if label]
    assert shown == labels


def test_images_go_from_black_0_to_white_1(case):
    assert all(image.get_clim() == (0, 1) for image in grey_images(case[0]()))


def test_it_renders_and_nothing_reaches_the_border(case):
    png = plots.to_png(case[0]())
    assert png.startswith(b"\x89PNG\r\n")
    picture = pixels(png)
    assert picture.min() < 0.5
    for border in (picture[0], picture[-1], picture[:, 0], picture[:, -1]):
        assert border.min() == 1  # white: what is clipped would touch it


@pytest.mark.slow
def test_neither_pyplot_nor_settings_are_touched():
    program = """
import sys, matplotlib
before = matplotlib.rcParams.copy()
import ae_helpers.plots
assert "matplotlib.pyplot" not in sys.modules and "IPython" not in sys.modules
from tests.plots.cases import CASES, plots
for build, *_ in CASES.values():
    plots.to_png(build())
assert "matplotlib.pyplot" not in sys.modules
assert matplotlib.rcParams == before
"""
    # With a backend given, as a look at the settings imports pyplot to choose one.
    environment = {**os.environ, "MPLBACKEND": "agg"}
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environment, check=True, timeout=1200)


def test_titles(case):
    figure = case[0]()
    if figure.get_suptitle():
        assert figure.get_suptitle() == "t"
    elif len(figure.axes) == 1:
        assert figure.axes[0].get_title() in ("t", "")
