"""Settings that must stand before the first kernel or TensorFlow starts."""

import os

# No banner in outputs, and no oneDNN, whose sums differ from processor to processor.
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
