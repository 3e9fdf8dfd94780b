"""Image data sets of tensorflow-datasets, for readers who are online."""

import threading

import numpy as np

# TFDS reads its own metadata from this server before it downloads anything.
TFDS_SERVER = "https://storage.googleapis.com/tfds-data"
PATIENCE = 6.0  # seconds to wait for the server's answer


def load_tfds_images(name, split="train", *, data_dir=None):
    """Images of a data set of tensorflow-datasets, in the form of MNIST.

    A data set that is prepared already is read from disk. Any other is
    downloaded and prepared first, once; that needs the network.

    Args:
        name: name in the TFDS catalogue: `"kmnist"`, `"fashion_mnist"`,
            `"emnist/letters"`, `"cifar10"`, ...
        split: TFDS split, for example `"train"`, `"test"` or `"train[:1000]"`.
        data_dir: folder of prepared data sets; default `~/tensorflow_datasets`.

    Returns:
        `(x, y)`: images float32 `(n, 28, 28, 1)` in [0, 1], coloured ones
        turned grey (luma weights of ITU-R BT.601) and others than 28x28
        resized (bilinear with antialiasing); labels int64 `(n,)`, or None
        where the data set has none.

    Raises:
        ValueError: if TFDS knows no such data set, or it has no images, or no such split.
        ConnectionError: if it is not prepared and TFDS' server can't be
            reached, after at most 10 seconds.
    """
    import tensorflow as tf
    import tensorflow_datasets as tfds

    try:
        builder = tfds.builder(name, data_dir=data_dir)
    except tfds.core.DatasetNotFoundError as error:
        raise ValueError(
            f"tensorflow-datasets knows no data set {name!r}. "
            "`tensorflow_datasets.list_builders()` lists the names."
        ) from error
    features = builder.info.features
    if not isinstance(features.get("image"), tfds.features.Image):
        raise ValueError(
            f"{name!r} has no feature 'image', only {sorted(features)}. "
            "Choose an image data set such as 'kmnist' or 'cifar10'."
        )

    def to_example(example):
        image = tf.cast(example["image"], tf.float32) / 255
        if image.shape[-1] == 3:
            image = tf.image.rgb_to_grayscale(image)
        image = tf.image.resize(image, (28, 28), antialias=True)
        if name.startswith("emnist"):  # TFDS hands EMNIST out with rows and columns swapped
            image = tf.transpose(image, (1, 0, 2))
        return image, example.get("label", -1)

    dataset = _prepared(builder, split, name).map(to_example, num_parallel_calls=tf.data.AUTOTUNE)
    batches = list(dataset.batch(1024).as_numpy_iterator())
    if not batches:
        raise ValueError(f"The split {split!r} of {name!r} is empty.")
    x = np.clip(np.concatenate([images for images, _ in batches]), 0, 1)
    y = np.concatenate([labels for _, labels in batches]).astype(np.int64)
    return x, (y if "label" in features else None)


def _prepared(builder, split, name):
    """The split as a `tf.data.Dataset`, downloaded first if need be."""
    try:
        # Asked first, because it also serves data that `tfds.testing.mock_data` provides.
        return builder.as_dataset(split=split, shuffle_files=False)
    except AssertionError:  # not prepared
        pass
    except ValueError as error:
        raise ValueError(f"{name!r} has no split {split!r}, only {sorted(builder.info.splits)}.") from error
    if not _server_answers():
        raise ConnectionError(
            f"The data set {name!r} is not prepared in {builder.data_dir}, and the server of "
            f"tensorflow-datasets can't be reached. Go online and call load_tfds_images({name!r}) "
            "once; after that it is read from disk. Or copy the prepared folder from a machine "
            "that has it, and pass its parent as data_dir. Offline, load_mnist() and "
            "load_fashion_mnist() always work."
        )
    builder.download_and_prepare()
    return builder.as_dataset(split=split, shuffle_files=False)


def _server_answers():
    """True if TFDS' server answers at all within `PATIENCE` seconds.

    Without this question TFDS retries for minutes. A thread of its own, because
    no time-out of `requests` covers a name look-up that hangs.
    """
    import requests

    answered = threading.Event()

    def ask():
        try:
            requests.head(TFDS_SERVER, timeout=PATIENCE)
        except requests.RequestException:
            return
        answered.set()

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    return answered.is_set()
