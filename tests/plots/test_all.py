"""What all figures have in common."""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import ml_dtypes
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from ae_helpers import plots
from tests.plots.cases import CASES, UNTITLED, X_HAT, X, grey_images, pixels
from tests.plots.drawn import FILE, drawn, version

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=CASES, scope="module")
def case(request):
    """The figure, built once, and what is expected of it."""
    build, *expected = CASES[request.param]
    return build(), *expected


def test_every_plot_has_a_case():
    names = {name for name in vars(plots) if name.startswith("plot_")}
    assert names == {f"plot_{name.replace(' ', '_')}" for name in CASES} & names


def test_a_figure_with_its_axes_and_labels(case):
    figure, n_axes, n_images, labels = case
    assert type(figure) is Figure
    assert len(figure.axes) == n_axes
    assert len(grey_images(figure)) == n_images
    shown = [label for ax in figure.axes for label in (ax.get_xlabel(), ax.get_ylabel()) if label]
    assert shown == labels


@pytest.mark.parametrize("name", CASES)
def test_it_looks_as_when_somebody_last_looked(name):
    looked = json.loads(FILE.read_text(encoding="utf-8"))
    if looked["matplotlib"] != version():
        pytest.skip(f"drawn.json was written with matplotlib {looked['matplotlib']}")
    assert drawn(CASES[name][0]()) == looked.get(name), "Look at the figure, then `python -m tests.plots.drawn`."


def test_images_go_from_black_0_to_white_1(case):
    assert all(image.get_clim() == (0, 1) for image in grey_images(case[0]))


def test_it_renders_and_nothing_reaches_the_border(case):
    png = plots.to_png(case[0])
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
    figure = build()
plots.to_png(figure)
assert "matplotlib.pyplot" not in sys.modules
assert matplotlib.rcParams == before
"""
    # With a backend given, as a look at the settings imports pyplot to choose one.
    environment = {**os.environ, "MPLBACKEND": "agg"}
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environment, check=True, timeout=1200)


def test_a_title_stands_above_and_is_else_left_out(request, case):
    figure = case[0]
    titles = [figure.get_suptitle(), *(ax.get_title() for ax in figure.axes)]
    assert ("t" in titles) == (request.node.callspec.params["case"] not in UNTITLED)


@pytest.mark.parametrize("build", [
    lambda x, y: plots.plot_lines({"a": (x[0], y[0])}, xlabel="x", ylabel="y"),
    lambda x, y: plots.plot_learning_curves({"p": {"a": (x[0], y[0])}}),
    lambda x, y: plots.plot_projection(x, {"a": x}, x_hat={"a": y}),
    lambda x, y: plots.plot_arrows(x, x, y),
    lambda x, y: plots.plot_map(x, y[0].astype(str)),
    lambda x, y: plots.plot_latent_scatter(x, y[0].astype(int)),
])  # fmt: skip
def test_tables_with_their_rows_in_different_orders_are_refused(build):
    table = pd.DataFrame([[1.0, 2.0], [3.0, 4.0]], index=["a", "b"])
    with pytest.raises(ValueError, match="have different labels"):
        build(table, table[::-1])
    build(table, table)


def test_tensors_of_any_backend_and_dtype_are_drawn():
    # What a model of mixed precision predicts, and a tensor with a gradient.
    coarse = X_HAT.astype(ml_dtypes.bfloat16)
    tensors = [keras.ops.convert_to_tensor(X), keras.ops.convert_to_tensor(coarse), coarse, X.astype(np.float16)]
    with contextlib.suppress(ImportError):
        import torch

        tensors.append(torch.tensor(X, requires_grad=True))
    for x_hat in tensors:
        figure = plots.plot_reconstructions(X, x_hat)
        drawn = np.stack([image.get_array() for image in grey_images(figure)[len(X) :]])
        expected = X_HAT if x_hat is tensors[1] or x_hat is coarse else X
        np.testing.assert_allclose(drawn, expected[..., 0], rtol=0.01, atol=1e-3)
        plots.plot_autoencoder(X[0], x_hat[0, :1, :2, 0], x_hat[0])
