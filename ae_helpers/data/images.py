"""The bundled handwritten digits of MNIST."""

import numpy as np

from ae_helpers.data.bundled import read_bundled

VALIDATION_EVERY = 12  # 5,000 of the 60,000 training images
SPLIT_SEED = 0


def load_mnist() -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """The 70,000 handwritten digits of MNIST, split three ways.

    The 5,000 validation images come from the 60,000 training images: always
    the same ones, each digit in its share. The test set is MNIST's own.

    Returns:
        `(x_train, y_train), (x_valid, y_valid), (x_test, y_test)` with 55,000,
        5,000 and 10,000 images. Images are float32 `(n, 28, 28, 1)` in [0, 1],
        0 is black; labels are int64 `(n,)`, 0 to 9.

    Raises:
        FileNotFoundError, OSError, ValueError: if a bundled file is missing,
            unreadable, cut short or altered; the message says how to mend it.

    Example:
        >>> (x_train, y_train), (x_valid, y_valid), (x_test, y_test) = load_mnist()
        >>> x_train.shape, y_train.shape
        ((55000, 28, 28, 1), (55000,))

    Source: LeCun, Cortes and Burges, The MNIST database of handwritten digits.
    """
    images, labels = _read_pair("mnist/train")
    valid = _stratified_part(labels)
    train = np.setdiff1d(np.arange(len(labels)), valid, assume_unique=True)
    test_images, test_labels = _read_pair("mnist/t10k")
    return (
        (_as_unit_floats(images[train]), labels[train]),
        (_as_unit_floats(images[valid]), labels[valid]),
        (_as_unit_floats(test_images), test_labels),
    )


def _read_pair(prefix):
    """Images uint8 `(n, 28, 28, 1)` and labels int64 `(n,)` from a pair of IDX files.

    The checksum has been verified, so the 16 and 8 bytes of header hold no surprise.
    """
    images = np.frombuffer(read_bundled(f"{prefix}-images-idx3-ubyte"), np.uint8, offset=16)
    labels = np.frombuffer(read_bundled(f"{prefix}-labels-idx1-ubyte"), np.uint8, offset=8)
    return images.reshape(-1, 28, 28, 1), labels.astype(np.int64)


def _stratified_part(labels):
    """Sorted indices of every twelfth image of a shuffled list, sorted by label."""
    # RandomState, because NumPy promises never to change its stream.
    shuffled = np.random.RandomState(SPLIT_SEED).permutation(len(labels))
    by_label = shuffled[np.argsort(labels[shuffled], kind="stable")]
    return np.sort(by_label[::VALIDATION_EVERY])


def _as_unit_floats(images):
    return np.divide(images, 255, dtype=np.float32)
