"""Settings of the environment in which lessons, tests and assignments run; `make` exports what this prints."""

import os

KERNEL_ENVIRONMENT = {
    # TensorFlow's start-up messages would stand in every notebook's first output.
    "TF_CPP_MIN_LOG_LEVEL": "3",
    # No oneDNN, whose sums differ from processor to processor.
    "TF_ENABLE_ONEDNN_OPTS": "0",
    # What a training step frees, the next one takes again: under Linux, freed memory is kept (100 MB).
    "MALLOC_TOP_PAD_": "100000000",
    # One store of freed memory for all threads: with one each, a lesson needs up to 350 MB more.
    "MALLOC_ARENA_MAX": "1",
    "KERAS_BACKEND": "tensorflow",
}


def set_environment():
    """For who trains without `make`, before Keras is imported: what somebody has set already counts."""
    for name, value in KERNEL_ENVIRONMENT.items():
        os.environ.setdefault(name, value)


if __name__ == "__main__":
    # For make: what somebody has set already counts.
    print(*(f"{name}?={value}" for name, value in KERNEL_ENVIRONMENT.items()))
