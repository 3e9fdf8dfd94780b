"""Image data sets of tensorflow-datasets: clothes that come with the project, and all others."""

import os
import queue
import re
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from ae_helpers.data import bundled

# The part of the catalogue's data that is bundled: the beginning of a split, in the catalogue's own order.
BUNDLED = "fashion_mnist/3.0.1"
BUNDLED_SPLIT, BUNDLED_IMAGES = "test", 2_000
BUNDLED_SIZES = {"train": 60_000, "test": 10_000}  # of the whole

PATIENCE = 4.0  # seconds to wait for an answer of the servers that have the data
# Asked for a data set of which TFDS doesn't list the addresses: is there a network at all?
ANY_SERVER = "https://storage.googleapis.com"
LUMA = (0.299, 0.587, 0.114)  # how bright red, green and blue look, says ITU-R BT.601


def load_tfds_images(
    name: str, split: str = "train", *, data_dir: str | os.PathLike | None = None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Images of a data set of tensorflow-datasets, in the form of MNIST.

    `"fashion_mnist"`, split `"test[:2000]"` or a part of it, comes with the project and
    needs no network: 2,000 pictures of clothes. Any other data set is read from disk if it
    is prepared already; else it is downloaded and prepared first, once.

    Args:
        name: name in the TFDS catalogue: `"fashion_mnist"`, `"kmnist"`,
            `"emnist/letters"`, `"cifar10"`, ...
        split: TFDS split, for example `"train"`, `"test"` or `"test[:2000]"`.
        data_dir: folder of prepared data sets; default the bundled clothes, and
            `~/tensorflow_datasets` for all else.

    Returns:
        `(x, y)`: images float32 `(n, 28, 28, 1)` in [0, 1], 0 is black; coloured
        ones turned grey (by the luma of ITU-R BT.601) and others than 28x28
        resized (bilinear with antialiasing). Labels int64 `(n,)`, or None
        where the data set has none; those of the clothes: 0 T-shirt, 1 trouser,
        2 pullover, 3 dress, 4 coat, 5 sandal, 6 shirt, 7 sneaker, 8 bag, 9 ankle boot.

    Raises:
        ImportError: if tensorflow-datasets is not installed.
        ValueError: if TFDS knows no such data set, or it has no images, or no
            such split, or nothing in it; or if what is prepared is damaged: the
            message names the folder to delete.
        ConnectionError: if it is not prepared and none of its servers can be
            reached, after at most 10 seconds; or if the download fails.
        FileNotFoundError, OSError: if a bundled file is missing or unreadable.

    Example:
        >>> x, y = load_tfds_images("fashion_mnist", "test[:2000]")
        >>> x.shape, y[:3]
        ((2000, 28, 28, 1), array([4, 4, 9]))

    Source of the clothes: Xiao, Rasul and Vollgraf 2017, arXiv:1708.07747.
    """
    if not (isinstance(name, str) and isinstance(split, str)):
        raise ValueError(f"name and split should be strings such as 'kmnist' and 'train', not {name!r} and {split!r}.")
    try:
        import tensorflow as tf
        import tensorflow_datasets as tfds
    except ImportError as error:
        raise ImportError(f"{error}. Install tensorflow-datasets: `pip install 'ae_helpers[tfds]'`.") from error

    if data_dir is None and _is_bundled(name, split):
        folder = bundled.verified_folder(f"tfds/{BUNDLED}")
        builder = tfds.builder(BUNDLED.replace("/", ":"), data_dir=folder.parents[1])
    else:
        builder = _builder(name, data_dir)
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

    dataset = _prepared(builder, split, name)
    with _damage_named(Path(builder.data_dir), name):
        dataset = dataset.map(to_example, num_parallel_calls=tf.data.AUTOTUNE)
        batches = list(dataset.batch(1024).as_numpy_iterator())
    if not batches:
        raise ValueError(f"The split {split!r} of {name!r} is empty.")
    x = np.concatenate([images for images, _ in batches])
    y = np.concatenate([labels for _, labels in batches]).astype(np.int64)
    return x, (y if has_labels else None)


def _is_bundled(name, split):
    """Whether all that is asked for comes with the project."""
    import tensorflow_datasets as tfds

    if name != BUNDLED.split("/")[0]:
        return False
    sizes = {key: tfds.core.SplitInfo(name=key, shard_lengths=[n], num_bytes=0) for key, n in BUNDLED_SIZES.items()}
    try:
        parts = tfds.core.ReadInstruction.from_spec(split).to_absolute(sizes)
    except (ValueError, NotImplementedError):  # to be refused with the whole data set
        return False
    return all(part.splitname == BUNDLED_SPLIT and part.to and part.to <= BUNDLED_IMAGES for part in parts)


def _builder(name, data_dir):
    """The data set's builder of TFDS."""
    import tensorflow_datasets as tfds

    try:
        return tfds.builder(name, data_dir=data_dir)
    except Exception as error:  # each parser that TFDS calls has its own
        # Is there something prepared that should have been readable?
        path, _, version = name.partition(":")
        folder = Path(data_dir or tfds.core.constants.DATA_DIR, path, version).expanduser()
        is_version = re.compile(r"\d+\.\d+\.\d+").fullmatch
        for prepared in [folder] if version else sorted(folder.glob("*")):
            if is_version(prepared.name) and prepared.is_dir():
                raise _damaged(prepared, name, error) from error
        is_name = isinstance(error, tfds.core.DatasetNotFoundError)  # its message lists the whole catalogue
        raise ValueError(
            f"tensorflow-datasets knows no data set {name!r}. "
            f"{'`tensorflow_datasets.list_builders()` lists the names.' if is_name else error}"
        ) from error


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
            f"load_tfds_images('fashion_mnist', '{BUNDLED_SPLIT}[:{BUNDLED_IMAGES}]') always work."
        )
    try:
        builder.download_and_prepare()
    except (requests.RequestException, DownloadError) as error:
        raise ConnectionError(f"The download of {name!r} failed; try again later. {error}") from error
    return _split_of(builder, split, name)


def _split_of(builder, split, name):
    import tensorflow_datasets as tfds

    sizes = builder.info.splits
    if sizes and all(info.num_examples > 0 for info in sizes.values()):
        try:
            tfds.core.ReadInstruction.from_spec(split).to_absolute(sizes)
        except (ValueError, NotImplementedError) as error:
            raise ValueError(f"{name!r} has no split {split!r}, only {sorted(sizes)}. {error}") from error
    with _damage_named(Path(builder.data_dir), name):
        return builder.as_dataset(split=split, shuffle_files=False)


@contextmanager
def _damage_named(folder, name):
    """Whatever goes wrong within, apart from memory, says which prepared folder to delete."""
    import tensorflow as tf

    try:
        yield
    except (AssertionError, MemoryError, tf.errors.ResourceExhaustedError):
        raise
    except Exception as error:
        raise _damaged(folder, name, error) from error


def _damaged(folder, name, error):
    reason = re.sub(r"\{\{.*?\}\}|\[Op:.*", "", (str(error).splitlines() or [""])[0]).strip()  # where in TensorFlow
    return ValueError(
        f"What is prepared in {folder} can't be read: it is incomplete or damaged. Delete that folder and call "
        f"load_tfds_images({name!r}) again, which prepares it anew. {type(error).__name__}: {reason[:200]}"
    )


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
