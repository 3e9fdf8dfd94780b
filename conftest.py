"""Settings that must stand before the first kernel or TensorFlow starts."""

import os

# No banner in outputs, and no oneDNN, whose sums differ from processor to processor.
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
# For kernels under Linux: what a training step frees, the next one takes again. So freed memory is kept (100 MB).
os.environ["MALLOC_TOP_PAD_"] = "100000000"
