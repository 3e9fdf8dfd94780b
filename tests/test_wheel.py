"""The wheel, built, installed into an empty environment and used outside the repository."""

import json
import os
import subprocess
import sys
import venv
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

import ae_helpers
from tools.write_constraints import closure, normalised

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[1]

# In the new environment, what is installed around these tests may be imported, but only what the wheel asks for:
# all else is as if it were not there.
USE = """
import importlib, json, pkgutil, sys

others, folders = json.loads(sys.argv[1])

class OnlyWhatIsAskedFor:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in others:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, OnlyWhatIsAskedFor())
sys.path += folders

import ae_helpers
assert ae_helpers.__file__.startswith(sys.prefix), ae_helpers.__file__
from importlib.metadata import version
assert version("ae-helpers") == ae_helpers.__version__

for module in pkgutil.walk_packages(ae_helpers.__path__, "ae_helpers."):
    importlib.import_module(module.name)

import keras
import numpy as np
from ae_helpers import data, metrics, models, movies, plots
(x, _), *_ = data.load_mnist()
x = x[:64].reshape(64, 784)
encoder = keras.Sequential([keras.Input((784,)), keras.layers.Dense(2)])
decoder = keras.Sequential([keras.Input((2,)), keras.layers.Dense(784, activation="sigmoid")])
autoencoder = models.Autoencoder(encoder, decoder)
autoencoder.compile("adam", "mse")
autoencoder.fit(x, x, verbose=0)
x_hat = np.asarray(autoencoder(x)).reshape(-1, 28, 28, 1)
assert metrics.squared_error(x.reshape(-1, 28, 28, 1), x_hat).shape == (64,)
plots.to_png(plots.plot_images(x_hat[:3]))
ratings, titles = data.load_movielens()
assert len(movies.ItemIndex(np.eye(len(titles), 4, dtype=np.float32) + 1, titles).similar("Toy Story", 3)) == 3
try:
    data.load_tfds_images("mnist")
except ImportError as error:
    assert "ae_helpers[tfds]" in str(error), error
else:
    raise AssertionError("tensorflow-datasets is not asked for, and was found")
print("used")
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=1200)
    (built,) = folder.glob("*.whl")
    return built


def test_holds_the_package_its_data_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names} == {
        "ae_helpers", f"ae_helpers-{ae_helpers.__version__}.dist-info"
    }  # fmt: skip
    assert {"ae_helpers/py.typed", "ae_helpers/datasets/SHA256SUMS", "ae_helpers/datasets/README.md"} <= set(names)
    assert not [name for name in names if "__pycache__" in name]


def test_is_used_outside_the_repository_with_nothing_but_what_it_asks_for(wheel, tmp_path):
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    install = [python, "-m", "pip", "install", "--no-index", "--no-deps", "--quiet", wheel]
    subprocess.run(install, cwd=tmp_path, check=True, timeout=1200)
    asked_for = set(closure("ae-helpers"))
    owners = metadata.packages_distributions()
    allowed = {module for module, names in owners.items() if asked_for & {normalised(name) for name in names}}
    others = sorted(set(owners) - allowed)
    assert {"pytest", "tensorflow_datasets"} <= set(others) and {"keras", "numpy"} <= allowed
    folders = sorted({str(metadata.distribution(name).locate_file("")) for name in asked_for - {"ae-helpers"}})
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    done = subprocess.run(
        [python, "-c", USE, json.dumps([others, folders])],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=1200,
    )  # fmt: skip
    assert done.returncode == 0 and done.stdout.endswith("used\n"), done.stdout + done.stderr
