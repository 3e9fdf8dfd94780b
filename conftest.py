"""Settings that must stand before the first kernel or TensorFlow starts, and marks that no file could carry."""

import os

import pytest

from tools.environment import KERNEL_ENVIRONMENT

backend = os.environ.get("KERAS_BACKEND")  # tests run on the others, too
os.environ.update(KERNEL_ENVIRONMENT)
if backend:
    os.environ["KERAS_BACKEND"] = backend


def pytest_collection_modifyitems(items):
    """A notebook's cells are slow, for it runs from end to end."""
    for item in items:
        if item.path.suffix == ".ipynb":
            item.add_marker(pytest.mark.slow)
