"""Settings that must stand before the first kernel or TensorFlow starts."""

import os

from tools.environment import KERNEL_ENVIRONMENT

backend = os.environ.get("KERAS_BACKEND")  # tests run on the others, too
os.environ.update(KERNEL_ENVIRONMENT)
if backend:
    os.environ["KERAS_BACKEND"] = backend
