"""Settings that must stand before the first kernel or TensorFlow starts, and marks that no file could carry."""

import os

import pytest

from tools.environment import KERNEL_ENVIRONMENT

backend = os.environ.get("KERAS_BACKEND")  # tests run on the others, too
os.environ.update(KERNEL_ENVIRONMENT)
if backend:
    os.environ["KERAS_BACKEND"] = backend
if backend == "jax":  # each operation is compiled for a run or two: do that in half the time
    os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true")


def pytest_collection_modifyitems(items):
    """A notebook's cells are slow, for it runs from end to end."""
    for item in items:
        if item.path.suffix == ".ipynb":
            item.add_marker(pytest.mark.slow)
