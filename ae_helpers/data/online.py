"""Image data sets of tensorflow-datasets, for readers who are online."""

import queue
import threading
import time
from urllib.parse import urlsplit

import numpy as np

PATIENCE = 4.0  # seconds to wait for an answer of the servers that have the data
# Asked for a data set of which TFDS doesn't list the addresses: is there a network at all?
ANY_SERVER = "https://storage.googleapis.com"
LUMA = (0.299, 0.587, 0.114)  # how bright red, green and blue look, says ITU-R BT.601


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
        turned grey (by the luma of ITU-R BT.601) and others than 28x28
        resized (bilinear with antialiasing); labels int64 `(n,)`, or None
        where the data set has none.

    Raises:
        ValueError: if TFDS knows no such data set, or it has no images, or no
            such split, or nothing in it.
        ConnectionError: if it is not prepared and none of its servers can be
            reached, after at most 10 seconds; or if the download fails.
    """
    if not (isinstance(name, str) and isinstance(split, str)):
        raise ValueError(f"name and split should be strings such as 'kmnist' and 'train', not {name!r} and {split!r}.")
    import tensorflow as tf
    import tensorflow_datasets as tfds

    try:
        builder = tfds.builder(name, data_dir=data_dir)
    # What TFDS raises for an unknown name or configuration, version, or namespace.
    except (ValueError, AssertionError, ImportError) as error:
        is_name = isinstance(error, tfds.core.DatasetNotFoundError)  # its message lists the whole catalogue
        raise ValueError(
            f"tensorflow-datasets knows no data set {name!r}. "
            f"{'`tensorflow_datasets.list_builders()` lists the names.' if is_name else error}"
        ) from error
    features = dict(builder.info.features.items())
    image, label = features.get("image"), features.get("label")
    channels = image.shape[-1] if isinstance(image, tfds.features.Image) else None
    if channels not in (1, 3, 4):
        raise ValueError(
            f"{name!r} has no grey or coloured feature 'image', only {sorted(features)}. "
            "Choose an image data set such as 'kmnist' or 'cifar10'."
        )
    has_labels = label is not None and label.shape == () and np.issubdtype(label.np_dtype, np.integer)

    def to_example(example):
        image = example["image"]
        white = image.dtype.max if image.dtype.is_integer else 1
        image = tf.cast(image, tf.float32) / white
        if channels > 1:
            image = tf.reduce_sum(image[..., :3] * LUMA, axis=-1, keepdims=True)
        image = tf.image.resize(image, (28, 28), antialias=True)
        if builder.name == "emnist":  # TFDS hands EMNIST out with rows and columns swapped
            image = tf.transpose(image, (1, 0, 2))
        # Rounding can lead out of [0, 1] by a trifle.
        return tf.clip_by_value(image, 0, 1), example["label"] if has_labels else 0

    dataset = _prepared(builder, split, name).map(to_example, num_parallel_calls=tf.data.AUTOTUNE)
    batches = list(dataset.batch(1024).as_numpy_iterator())
    if not batches:
        raise ValueError(f"The split {split!r} of {name!r} is empty.")
    x = np.concatenate([images for images, _ in batches])
    y = np.concatenate([labels for _, labels in batches]).astype(np.int64)
    return x, (y if has_labels else None)


def _prepared(builder, split, name):
    """The split as a `tf.data.Dataset`, downloaded first if need be."""
    import requests
    from tensorflow_datasets.core.download.util import DownloadError

    try:
        # Asked first, because it also serves data that `tfds.testing.mock_data` provides.
        return _split_of(builder, split, name)
    except AssertionError:  # not prepared
        pass
    if not _any_answers(_servers(builder)):
        raise ConnectionError(
            f"The data set {name!r} is not prepared in {builder.data_dir}, and the server that "
            f"has it can't be reached. Go online and call load_tfds_images({name!r}) "
            "once; after that it is read from disk. Or copy the prepared folder from a machine "
            "that has it, and pass its parent as data_dir. Offline, load_mnist() and "
            "load_fashion_mnist() always work."
        )
    try:
        builder.download_and_prepare()
    except (requests.RequestException, DownloadError) as error:
        raise ConnectionError(f"The download of {name!r} failed; try again later. {error}") from error
    return _split_of(builder, split, name)


def _split_of(builder, split, name):
    try:
        return builder.as_dataset(split=split, shuffle_files=False)
    except ValueError as error:
        raise ValueError(f"{name!r} has no split {split!r}, only {sorted(builder.info.splits)}. {error}") from error


def _servers(builder):
    """Addresses that TFDS downloads the data set from, one for each server."""
    urls = [url for url in builder.url_infos or () if url.startswith("http")]
    return list({urlsplit(url).netloc: url for url in urls}.values()) or [ANY_SERVER]


def _any_answers(urls):
    """True if one of `urls` is answered within `PATIENCE` seconds.

    Without this question TFDS retries for minutes. Threads of their own, because
    no time-out of `requests` covers a name look-up that hangs.
    """
    import requests

    answers = queue.SimpleQueue()

    def ask(url):
        try:
            with requests.get(url, stream=True, timeout=PATIENCE) as response:
                answers.put(response.status_code not in (500, 502, 503, 504))  # these TFDS would retry
        except requests.RequestException:
            answers.put(False)

    deadline = time.monotonic() + PATIENCE
    for url in urls:
        threading.Thread(target=ask, args=(url,), daemon=True).start()
    try:
        return any(answers.get(timeout=max(0, deadline - time.monotonic())) for _ in urls)
    except queue.Empty:
        return False
