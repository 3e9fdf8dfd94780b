import contextlib
import hashlib
import http.server
import io
import re
import shutil
import socket
import sys
import threading
import time
import types

import numpy as np
import pytest
import requests
import tensorflow as tf
import tensorflow_datasets as tfds

from ae_helpers.data import bundled, load_tfds_images
from ae_helpers.data import tfds as module

# None of these tests needs the network, or uses it where there is one.
QUICK = 100  # seconds: it takes a few; TFDS by itself tries for minutes


def prepare(data_dir, name, features, version="1.0.0", **splits):
    """Write a data set in TFDS' own format; each split is a list of examples, in order."""
    tfds.dataset_builders.store_as_tfds_dataset(
        name=name,
        version=version,
        features=tfds.features.FeaturesDict(features),
        split_datasets={split: list(enumerate(examples)) for split, examples in splits.items()},
        data_dir=data_dir,
        disable_shuffling=True,
    )


def image_feature(*shape, dtype=np.uint8):
    return tfds.features.Image(shape=shape, dtype=dtype, encoding_format="png")


GREY = np.random.default_rng(0).integers(0, 256, (5, 28, 28, 1), dtype=np.uint8)
LABELS = [2, 0, 1, 1, 2]


@pytest.fixture(scope="module")
def grey_dir(tmp_path_factory):
    """Five images like those of MNIST for training, two of them again for testing."""
    data_dir = tmp_path_factory.mktemp("tfds")
    features = {"image": image_feature(28, 28, 1), "label": tfds.features.ClassLabel(num_classes=3)}
    examples = [{"image": image, "label": label} for image, label in zip(GREY, LABELS, strict=True)]
    prepare(data_dir, "tiny_grey", features, train=examples, test=examples[3:])
    return data_dir


# The bundled clothes


def test_clothes():
    x, y = load_tfds_images("fashion_mnist", "test[:2000]")
    assert (x.shape, x.dtype, y.shape, y.dtype) == ((2_000, 28, 28, 1), np.float32, (2_000,), np.int64)
    assert (x.min(), x.max()) == (0, 1)
    assert np.unique(y).tolist() == list(range(10))
    # The first labels of the whole test split as tensorflow-datasets prepares it, which others have published.
    assert y[:16].tolist() == [4, 4, 9, 7, 5, 1, 0, 5, 7, 4, 0, 8, 2, 3, 9, 0]
    pixels = np.rint(x * 255).astype(np.uint8)
    np.testing.assert_array_equal(x, pixels / np.float32(255))
    assert hashlib.sha256(pixels.tobytes()).hexdigest()[:16] == "8fe3d54c59eab433"


def test_part_of_the_clothes_is_cut_from_them():
    x, y = load_tfds_images("fashion_mnist", "test[:2000]")
    part, labels = load_tfds_images("fashion_mnist", "test[100:120]")
    np.testing.assert_array_equal(part, x[100:120])
    np.testing.assert_array_equal(labels, y[100:120])


@pytest.mark.slow
def test_tensorflow_datasets_reads_the_bundled_folder_itself():
    folder = bundled.DATASETS / "tfds"
    dataset = tfds.load("fashion_mnist", split="test", data_dir=folder, download=False, as_supervised=True)
    images, labels = zip(*dataset.as_numpy_iterator(), strict=True)
    x, y = load_tfds_images("fashion_mnist", "test[:2000]")
    np.testing.assert_array_equal(np.stack(images) / np.float32(255), x)
    np.testing.assert_array_equal(labels, y)
    _, info = tfds.load("fashion_mnist", split="test", data_dir=folder, download=False, with_info=True)
    assert info.features["label"].names[9] == "Ankle boot"


@pytest.mark.parametrize(
    ("name", "split", "expected"),
    [
        ("fashion_mnist", "test[:2000]", True),
        ("fashion_mnist", "test[:20%]", True),
        ("fashion_mnist", "test[5:7]+test[1990:2000]", True),
        ("fashion_mnist", "test[:-8000]", True),
        ("fashion_mnist", "test[-10000:-8000]", True),
        ("fashion_mnist", "test[:22%]", False),
        ("fashion_mnist", "test[:2001]", False),
        ("fashion_mnist", "test[5:7]+test[1990:2001]", False),
        ("fashion_mnist", "test", False),
        ("fashion_mnist", "test[1000:]", False),
        ("fashion_mnist", "test[-5:]", False),
        ("fashion_mnist", "train[:10]", False),
        ("fashion_mnist", "all", False),
        ("fashion_mnist", "all[:10]", False),
        ("fashion_mnist", "valid", False),
        ("fashion_mnist", "test[", False),
        ("mnist", "test[:2000]", False),
    ],
)
def test_only_what_is_bundled_is_read_from_there(name, split, expected):
    """All else would be other images than the catalogue's under the catalogue's name."""
    assert module._is_bundled(name, split) is expected


def test_a_folder_of_ones_own_comes_before_the_bundled_one(tmp_path):
    features = {"image": image_feature(28, 28, 1), "label": tfds.features.ClassLabel(num_classes=10)}
    examples = [{"image": GREY[0], "label": 3}]
    prepare(tmp_path, "fashion_mnist", features, version="3.0.1", test=examples)
    x, y = load_tfds_images("fashion_mnist", "test[:1]", data_dir=tmp_path)
    np.testing.assert_array_equal(x, GREY[:1] / np.float32(255))
    assert y.tolist() == [3]


# Prepared data sets


@pytest.mark.parametrize(
    ("split", "which"),
    [("train", [0, 1, 2, 3, 4]), ("test", [3, 4]), ("train[:2]", [0, 1]), ("test+train[1:2]", [3, 4, 1])],
)
def test_prepared_data_set_is_read_exactly(grey_dir, split, which):
    x, y = load_tfds_images("tiny_grey", split, data_dir=grey_dir)
    assert (x.dtype, y.dtype) == (np.float32, np.int64)
    np.testing.assert_array_equal(x, GREY[which] / np.float32(255))
    assert y.tolist() == [LABELS[i] for i in which]


def test_train_is_the_default_split_and_two_calls_agree(grey_dir):
    first = load_tfds_images("tiny_grey", data_dir=grey_dir)
    second = load_tfds_images("tiny_grey", data_dir=str(grey_dir))
    assert len(first[0]) == 5
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)


def test_colours_turn_grey_and_sizes_28(tmp_path):
    """Red, green, blue, white; then white above and left of black, to see that nothing is turned over."""
    colours = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]], np.uint8)
    images = [np.broadcast_to(colour, (32, 32, 3)) for colour in colours]
    above, left = np.zeros((2, 32, 32, 3), np.uint8)
    above[:16] = 255
    left[:, :16] = 255
    examples = [{"image": image} for image in [*images, above, left]]
    prepare(tmp_path, "tiny_colours", {"image": image_feature(32, 32, 3)}, train=examples)
    x, _ = load_tfds_images("tiny_colours", data_dir=tmp_path)
    assert x.shape == (6, 28, 28, 1)
    assert x.min() >= 0
    assert x.max() <= 1
    for image, luma in zip(x, [0.299, 0.587, 0.114, 1], strict=False):
        np.testing.assert_allclose(image, luma, atol=1e-3)
    np.testing.assert_allclose(x[4, :13], 1, atol=1e-6)
    np.testing.assert_allclose(x[4, 15:], 0, atol=1e-6)
    np.testing.assert_allclose(x[5, ..., 0], x[4, ..., 0].T, atol=1e-6)


@pytest.mark.parametrize(
    ("shape", "dtype", "pixel", "grey"),
    [
        ((28, 28, 4), np.uint8, [255, 255, 255, 0], 1),  # transparency is left out
        ((28, 28, 1), np.uint16, [65535], 1),
        ((28, 28, 1), np.uint16, [13107], 0.2),
        ((28, 28, 1), np.float32, [0.2], 0.2),
        ((14, 56, 3), np.uint8, [51, 51, 51], 0.2),
        ((None, None, 3), np.uint8, [51, 51, 51], 0.2),
    ],
)
def test_other_kinds_of_images(tmp_path, shape, dtype, pixel, grey):
    image = np.full([size or 40 for size in shape], pixel, dtype)
    prepare(tmp_path, "tiny_other", {"image": image_feature(*shape, dtype=dtype)}, train=[{"image": image}])
    x, _ = load_tfds_images("tiny_other", data_dir=tmp_path)
    assert x.shape == (1, 28, 28, 1)
    np.testing.assert_allclose(x, grey, atol=1e-3)


def test_small_stripes_turn_grey_when_made_smaller(tmp_path):
    """And don't come or go with the phase of the pixels that are looked at."""
    image = np.zeros((84, 84, 1), np.uint8)
    image[:, ::3] = 255
    prepare(tmp_path, "tiny_stripes", {"image": image_feature(84, 84, 1)}, train=[{"image": image}])
    x, _ = load_tfds_images("tiny_stripes", data_dir=tmp_path)
    np.testing.assert_allclose(x[0, :, 2:-2], 1 / 3, atol=0.1)


@pytest.mark.parametrize(
    ("feature", "label", "expected"),
    [
        (tfds.features.Scalar(np.int32), 7, [7, 7]),
        (tfds.features.Text(), "seven", None),
        (tfds.features.Scalar(np.float32), 0.5, None),
        (tfds.features.Tensor(shape=(2,), dtype=np.int64), [0, 1], None),
        (None, None, None),
    ],
)
def test_only_whole_numbers_are_labels(tmp_path, feature, label, expected):
    features, example = {"image": image_feature(28, 28, 1)}, {"image": GREY[0]}
    if feature is not None:
        features["label"], example["label"] = feature, label
    prepare(tmp_path, "tiny_labels", features, train=[example, example])
    x, y = load_tfds_images("tiny_labels", data_dir=tmp_path)
    assert len(x) == 2
    assert y is None if expected is None else (y.tolist(), y.dtype) == (expected, np.int64)


@pytest.mark.parametrize("name", ["mnist", "kmnist", "emnist/letters", "cifar10", "binarized_mnist"])
def test_data_sets_of_the_catalogue(name):
    with tfds.testing.mock_data(num_examples=3):
        x, y = load_tfds_images(name, "test")
    assert (x.shape, x.dtype) == ((3, 28, 28, 1), np.float32)
    assert 0 <= x.min() < x.max() <= 1
    assert y is None if name == "binarized_mnist" else (y.shape, y.dtype) == ((3,), np.int64)


def one_image():
    return tf.data.Dataset.from_tensors({"image": tf.constant(GREY[0]), "label": tf.constant(1, tf.int64)})


@pytest.mark.parametrize(("name", "turned"), [("kmnist", False), ("emnist/letters", True), ("emnist/digits", True)])
def test_emnist_is_turned_upright(name, turned):
    """As TFDS' description of EMNIST recommends: its rows and columns are swapped."""
    with tfds.testing.mock_data(as_dataset_fn=lambda builder, **_: one_image()):
        x, _ = load_tfds_images(name)
    expected = GREY[0, ..., 0] / np.float32(255)
    np.testing.assert_array_equal(x[0, ..., 0], expected.T if turned else expected)


# What is refused


@pytest.mark.parametrize("name", ["nonesuch", "emnist/nonesuch", "kmnist:99.0.0", "nonesuch:kmnist", "two words", ""])
def test_unknown_name_is_refused_at_once(tmp_path, name):
    start = time.monotonic()
    with pytest.raises(ValueError, match=f"knows no data set '{name}'") as info:
        load_tfds_images(name, data_dir=tmp_path)
    assert time.monotonic() - start < QUICK
    assert len(str(info.value)) < 1_000  # not the whole catalogue


@pytest.mark.parametrize(("name", "split"), [(None, "train"), (3, "train"), ("kmnist", None), ("kmnist", ["train"])])
def test_other_types_than_strings_are_refused(name, split):
    with pytest.raises(ValueError, match=f"should be strings.*{re.escape(repr(name))} and {re.escape(repr(split))}"):
        load_tfds_images(name, split)


@pytest.mark.parametrize(
    "features",
    [
        {"text": tfds.features.Text()},
        {"image": tfds.features.Tensor(shape=(28, 28, 1), dtype=np.uint8)},
        {"photo": image_feature(28, 28, 1)},
    ],
)
def test_data_set_without_images_is_refused(tmp_path, features):
    example = {name: "words" if name == "text" else GREY[0] for name in features}
    prepare(tmp_path, "tiny_none", features, train=[example])
    with pytest.raises(ValueError, match=f"no grey or coloured feature 'image', only {re.escape(str(list(features)))}"):
        load_tfds_images("tiny_none", data_dir=tmp_path)


@pytest.mark.parametrize("split", ["validation", "train[", "train[a:]", ""])
def test_wrong_split_is_refused(grey_dir, split):
    with pytest.raises(ValueError, match=rf"no split {re.escape(repr(split))}, only \['test', 'train'\]"):
        load_tfds_images("tiny_grey", split, data_dir=grey_dir)


def test_empty_split_is_refused(grey_dir):
    with pytest.raises(ValueError, match=r"'tiny_grey'.*no data"):
        load_tfds_images("tiny_grey", "train[:0]", data_dir=grey_dir)
    with (
        tfds.testing.mock_data(as_dataset_fn=lambda builder, **_: one_image().take(0)),
        pytest.raises(ValueError, match="split 'train' of 'kmnist' is empty"),
    ):
        load_tfds_images("kmnist")


# Damaged folders


@pytest.fixture(scope="module")
def sound_dir(tmp_path_factory):
    """The same five images as a data set that TFDS doesn't know, and as one that it knows."""
    data_dir = tmp_path_factory.mktemp("sound")
    for name in ("tiny", "kmnist"):
        features = {"image": image_feature(28, 28, 1), "label": tfds.features.ClassLabel(num_classes=10)}
        examples = [{"image": image, "label": label} for image, label in zip(GREY, LABELS, strict=True)]
        prepare(data_dir, name, features, version="3.0.1", train=examples)
    return data_dir


def records(folder):
    (file,) = folder.glob("*.tfrecord*")
    return file


def rewrite(find, change):
    """Damage: another content of a file of the prepared folder."""

    def damage(folder):
        file = find(folder)
        content = file.read_bytes()
        changed = change(content)
        assert changed != content
        file.write_bytes(changed)

    return damage


def info(folder):
    return folder / "dataset_info.json"


def features_file(folder):
    return folder / "features.json"


def flipped(at):
    return lambda content: content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def without_first_record(content):
    return content[int.from_bytes(content[:8], "little") + 16 :]


def unlink(find):
    return lambda folder: find(folder).unlink()


def empty(folder):
    for file in folder.iterdir():
        file.unlink()


DAMAGES = {
    "records cut": rewrite(records, lambda content: content[: len(content) // 2]),
    "records cut at the end": rewrite(records, lambda content: content[:-3]),
    "no records": rewrite(records, lambda content: b""),
    "records missing": unlink(records),
    "length flipped": rewrite(records, flipped(2)),
    "data flipped": rewrite(records, flipped(300)),
    "a record missing": rewrite(records, without_first_record),
    "a record too many": rewrite(records, lambda content: content + content[: -len(without_first_record(content))]),
    "count too high": rewrite(info, lambda content: content.replace(b'"5"', b'"7"')),
    "count too low": rewrite(info, lambda content: content.replace(b'"5"', b'"3"')),
    "count zero": rewrite(info, lambda content: content.replace(b'"5"', b'"0"')),
    "count negative": rewrite(info, lambda content: content.replace(b'"5"', b'"-1"')),
    "count a word": rewrite(info, lambda content: content.replace(b'"5"', b'"five"')),
    "another shard": rewrite(info, lambda content: content.replace(b'"5"', b'"2", "3"')),
    "broken info": rewrite(info, lambda content: content[:200]),
    "empty info": rewrite(info, lambda content: b""),
    "info without content": rewrite(info, lambda content: b"{}"),
    "binary info": rewrite(info, lambda content: b"\xff\0" * 99),
    "info of another": rewrite(info, lambda content: content.replace(b'"name": "', b'"name": "x', 1)),
    "unknown field": rewrite(info, lambda content: content.replace(b'"version"', b'"colour"')),
    "unknown format": rewrite(info, lambda content: content.replace(b'"tfrecord"', b'"scroll"')),
    "missing format": rewrite(info, lambda content: content.replace(b'"tfrecord"', b'"riegeli"')),
    "info missing": unlink(info),
    "folder empty": empty,
}
OF_FEATURES = {  # which TFDS reads only where it doesn't know them by name
    "broken features": rewrite(features_file, lambda content: content[:200]),
    "features missing": unlink(features_file),
    "unknown kind": rewrite(
        features_file, lambda content: content.replace(b"image_feature.Image", b"image_feature.Imago")
    ),
    "unknown type": rewrite(features_file, lambda content: content.replace(b"uint8", b"uint9")),
    "shape of words": rewrite(features_file, lambda content: content.replace(b'"28"', b'"wide"')),
}


@pytest.mark.parametrize(
    ("name", "damage"),
    [("tiny", damage) for damage in [*DAMAGES, *OF_FEATURES]] + [("kmnist", damage) for damage in DAMAGES],
)
def test_damaged_folder_is_named_with_its_mend(tmp_path, monkeypatch, sound_dir, name, damage):
    monkeypatch.setattr(module, "_any_answers", lambda urls: pytest.fail("nothing should be downloaded"))
    folder = tmp_path / name / "3.0.1"
    shutil.copytree(sound_dir / name / "3.0.1", folder)
    (DAMAGES | OF_FEATURES)[damage](folder)
    expected = rf"in {re.escape(str(folder))} can't be read.*Delete that folder.*load_tfds_images\('{name}'\) again"
    with pytest.raises(ValueError, match=expected) as error:
        load_tfds_images(name, data_dir=tmp_path)
    assert len(str(error.value)) < 700
    assert "{{" not in str(error.value)


def test_sound_folders_are_read(sound_dir):
    for name in ("tiny", "kmnist"):
        assert load_tfds_images(name, data_dir=sound_dir)[1].tolist() == LABELS


def test_another_version_than_the_prepared_one_is_not_damage(sound_dir):
    with pytest.raises(ValueError, match=r"knows no data set 'kmnist:2\.0\.0'"):
        load_tfds_images("kmnist:2.0.0", data_dir=sound_dir)


def test_what_is_no_version_is_no_data_set(tmp_path):
    (tmp_path / "mine" / "notes").mkdir(parents=True)
    (tmp_path / "mine" / "1.0.0").touch()
    with pytest.raises(ValueError, match="knows no data set 'mine'"):
        load_tfds_images("mine", data_dir=tmp_path)


def test_damage_is_told_in_one_line_without_places_in_tensorflow():
    def told(message):
        return str(module._damaged("folder", "mine", ValueError(message))).partition("prepares it anew. ")[2]

    assert told("{{function_node a}} record is cut [Op:IteratorGetNext]\nmore") == "ValueError: record is cut"
    assert told("") == "ValueError: "
    assert told("x" * 300) == f"ValueError: {'x' * 200}"


def test_shards_are_read_in_their_order(tmp_path, sound_dir):
    folder = tmp_path / "tiny" / "3.0.1"
    shutil.copytree(sound_dir / "tiny" / "3.0.1", folder)
    file = records(folder)
    content, name = file.read_bytes(), file.name.partition("-00000")[0]
    file.unlink()
    for i in range(5):  # a record each
        rest = without_first_record(content)
        (folder / f"{name}-0000{i}-of-00005").write_bytes(content[: len(content) - len(rest)])
        content = rest
    rewrite(info, lambda content: content.replace(b'"5"', b'"1", "1", "1", "1", "1"'))(folder)
    assert load_tfds_images("tiny", data_dir=tmp_path)[1].tolist() == LABELS


def test_too_little_memory_is_not_damage(sound_dir, monkeypatch):
    def fail(*args, **kwargs):
        raise tf.errors.ResourceExhaustedError(None, None, "no memory")

    monkeypatch.setattr(tf.data.Dataset, "batch", fail)
    with pytest.raises(tf.errors.ResourceExhaustedError):
        load_tfds_images("tiny", data_dir=sound_dir)


@pytest.mark.parametrize("missing", ["tensorflow", "tensorflow_datasets"])
def test_missing_library_is_named_with_its_command(monkeypatch, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ImportError, match=rf"{missing}.*pip install 'ae_helpers\[tfds\]'"):
        load_tfds_images("kmnist")


# Data sets that are not prepared


@pytest.fixture
def listener():
    """A socket that is bound to a port of this machine: connections are accepted, but nobody answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def url_of(server):
    return f"http://127.0.0.1:{server.getsockname()[1]}/data.npy"


def require_a_quick_connection_error(data_dir):
    start = time.monotonic()
    with pytest.raises(ConnectionError, match=r"'kmnist' is not prepared.*can't be reached\. Go online.*load_mnist"):
        load_tfds_images("kmnist", data_dir=data_dir)
    assert time.monotonic() - start < QUICK
    assert not list(data_dir.rglob("*.tfrecord*"))


def test_nobody_there(tmp_path, monkeypatch, listener):
    url = url_of(listener)
    listener.close()  # now nothing listens on this port
    monkeypatch.setattr(module, "_servers", lambda builder: [url])
    require_a_quick_connection_error(tmp_path)


def test_server_accepts_but_never_answers(tmp_path, monkeypatch, listener):
    monkeypatch.setattr(module, "PATIENCE", 1.0)
    monkeypatch.setattr(module, "_servers", lambda builder: [url_of(listener)])
    require_a_quick_connection_error(tmp_path)


def test_server_answers_too_slowly(tmp_path, monkeypatch, listener):
    """A byte now and then, so that no time-out of the HTTP client is ever reached."""
    stop = threading.Event()

    def drip():
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\n")
            while not stop.wait(0.1):
                connection.sendall(b"X: x\r\n")

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    monkeypatch.setattr(module, "_servers", lambda builder: [url_of(listener)])
    monkeypatch.setattr(module, "PATIENCE", 1.0)
    require_a_quick_connection_error(tmp_path)
    stop.set()
    thread.join()


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers with the status and the content that its server has."""

    def do_GET(self):
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.content)))
        self.end_headers()
        self.wfile.write(self.server.content)

    def log_message(self, *args):
        pass


@pytest.fixture
def web_server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        buffer = io.BytesIO()
        np.save(buffer, GREY)
        server.status, server.content = 200, buffer.getvalue()
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server
        server.shutdown()


class TinyOnline(tfds.core.GeneratorBasedBuilder):
    """A data set of the catalogue, as far as TFDS can see, whose server is in this process."""

    VERSION = tfds.core.Version("1.0.0")
    url = None

    def _info(self):
        features = tfds.features.FeaturesDict({"image": image_feature(28, 28, 1)})
        return tfds.core.DatasetInfo(builder=self, features=features, disable_shuffling=True)

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples(dl_manager.download(self.url))}

    def _generate_examples(self, path):
        for index, image in enumerate(np.load(path)):
            yield index, {"image": image}


@pytest.fixture
def tiny_online(monkeypatch, web_server):
    monkeypatch.setattr(TinyOnline, "url", url_of(web_server.socket))
    monkeypatch.setattr(module, "ANY_SERVER", TinyOnline.url)
    return web_server


def test_data_set_is_downloaded_once(tmp_path, tiny_online):
    x, y = load_tfds_images("tiny_online", data_dir=tmp_path)
    np.testing.assert_array_equal(x, GREY / np.float32(255))
    assert y is None
    tiny_online.status = 404  # from now on it is read from disk
    np.testing.assert_array_equal(load_tfds_images("tiny_online", "train[1:]", data_dir=tmp_path)[0], x[1:])


def test_wrong_split_of_a_downloaded_data_set_is_refused(tmp_path, tiny_online):
    with pytest.raises(ValueError, match=r"no split 'test', only \['train'\]"):
        load_tfds_images("tiny_online", "test", data_dir=tmp_path)


def test_failed_download(tmp_path, tiny_online):
    tiny_online.status = 404  # an answer, so that TFDS tries
    with pytest.raises(ConnectionError, match=r"download of 'tiny_online' failed; try again later.*404"):
        load_tfds_images("tiny_online", data_dir=tmp_path)


def test_broken_server_counts_as_none(tmp_path, tiny_online):
    tiny_online.status = 503  # TFDS would retry this for minutes
    start = time.monotonic()
    with pytest.raises(ConnectionError, match="can't be reached"):
        load_tfds_images("tiny_online", data_dir=tmp_path)
    assert time.monotonic() - start < QUICK


def test_one_answer_is_enough(listener, web_server, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 2.0 * QUICK)
    start = time.monotonic()
    assert module._any_answers([url_of(listener), url_of(web_server.socket)])
    assert time.monotonic() - start < QUICK  # the other one never answers
    assert not module._any_answers([])


@pytest.mark.parametrize("status", [200, 403, 404, 429, 500, 501, 502, 503, 504, 505])
def test_which_answers_count_and_how_they_are_asked_for(monkeypatch, status):
    def get(url, **options):
        asked.append((url, options, threading.current_thread().daemon))
        return contextlib.nullcontext(types.SimpleNamespace(status_code=status))

    asked = []
    monkeypatch.setattr(requests, "get", get)
    assert module._any_answers(["http://a"]) is (status not in (500, 502, 503, 504))
    assert asked == [("http://a", {"stream": True, "timeout": module.PATIENCE}, True)]


def test_no_answer_at_all_is_told_at_once(monkeypatch):
    def get(url, **options):
        raise requests.ConnectionError

    monkeypatch.setattr(requests, "get", get)
    monkeypatch.setattr(module, "PATIENCE", 10 * QUICK)
    start = time.monotonic()
    assert module._any_answers(["http://a", "http://b"]) is False
    assert time.monotonic() - start < QUICK


def test_patience_ends_when_nobody_answers(monkeypatch):
    monkeypatch.setattr(requests, "get", lambda url, **options: time.sleep(QUICK))
    monkeypatch.setattr(module, "PATIENCE", 0.1)
    assert module._any_answers(["http://a"]) is False


def test_each_server_is_asked_once():
    def servers(*urls):
        return module._servers(types.SimpleNamespace(url_infos=dict.fromkeys(urls) or None))

    assert servers("http://a/1", "http://b/1", "gs://c/1", "http://a/2") == ["http://a/2", "http://b/1"]
    assert servers() == servers("gs://c/1") == [module.ANY_SERVER]


@pytest.mark.parametrize(("name", "host"), [("kmnist", "codh.rois.ac.jp"), ("cifar10", "www.cs.toronto.edu")])
def test_servers_are_those_that_tfds_downloads_from(name, host):
    assert [url.split("/")[2] for url in module._servers(tfds.builder(name))] == [host]
