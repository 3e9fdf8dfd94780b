import hashlib
import os
import re
import shutil

import numpy as np
import pytest

from ae_helpers.data import bundled, load_mnist, load_movielens, load_tfds_images

# SHA-256 of the four unpacked files, as published.
RAW_SHA256 = {
    "mnist/train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "mnist/train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "mnist/t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "mnist/t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}


@pytest.fixture(scope="module")
def mnist():
    return load_mnist()


@pytest.fixture(scope="module")
def raw():
    """Images and labels of each MNIST file pair, read without the loader's own code."""
    parts = {}
    for part in ("train", "t10k"):
        images = bundled.read_bundled(f"mnist/{part}-images-idx3-ubyte")
        labels = bundled.read_bundled(f"mnist/{part}-labels-idx1-ubyte")
        parts[part] = np.frombuffer(images[16:], np.uint8).reshape(-1, 784), np.frombuffer(labels[8:], np.uint8)
    return parts


def as_bytes(x):
    """The original bytes of each image."""
    return np.rint(x * 255).astype(np.uint8).reshape(len(x), 784)


def load_clothes():
    return load_tfds_images("fashion_mnist", "test[:2000]")


# What the loaders return


def test_mnist_has_the_documented_shapes_types_and_range(mnist):
    assert [len(x) for x, _ in mnist] == [55_000, 5_000, 10_000]
    for x, y in mnist:
        assert x.shape == (len(y), 28, 28, 1)
        assert (x.dtype, y.dtype, y.shape) == (np.float32, np.int64, (len(x),))
        assert (x.min(), x.max()) == (0, 1)
        assert np.unique(y).tolist() == list(range(10))


def test_train_and_validation_are_the_60000_images_each_once(mnist, raw):
    (x_train, y_train), (x_valid, y_valid), _ = mnist
    images, labels = raw["train"]
    loaded = np.column_stack([np.concatenate([as_bytes(x_train), as_bytes(x_valid)]), [*y_train, *y_valid]])
    published = np.column_stack([images, labels])
    assert sorted(map(bytes, loaded.astype(np.uint8))) == sorted(map(bytes, published))


def test_test_set_is_mnists_own_in_order(mnist, raw):
    x_test, y_test = mnist[2]
    np.testing.assert_array_equal(as_bytes(x_test), raw["t10k"][0])
    np.testing.assert_array_equal(y_test, raw["t10k"][1])


def test_each_digit_has_its_share_of_the_validation_images(mnist):
    (_, y_train), (_, y_valid), _ = mnist
    of_all = np.bincount(y_train) + np.bincount(y_valid)
    assert np.abs(np.bincount(y_valid) - of_all / 12).max() <= 1


def test_train_and_validation_keep_the_order_of_the_file(mnist, raw):
    images, labels = raw["train"]
    for x, y in mnist[:2]:
        position = 0
        for image, label in zip(as_bytes(x[:50]), y[:50], strict=True):
            while not (image == images[position]).all():
                position += 1  # an IndexError here means that the order differs
            assert label == labels[position]


def test_two_calls_give_the_same_split(mnist):
    for (x, y), (x_again, y_again) in zip(mnist, load_mnist(), strict=True):
        np.testing.assert_array_equal(x, x_again)
        np.testing.assert_array_equal(y, y_again)


def test_split_is_the_same_on_every_machine(mnist):
    """Measured once. If it changes, so do the numbers in every lesson."""
    assert hashlib.sha256(mnist[1][1].astype("<i8").tobytes()).hexdigest()[:16] == "dd3745ef1d09a4a4"


def test_callers_may_change_the_arrays(mnist):
    for array in (*load_clothes(), *mnist[0]):
        assert array.flags.writeable


@pytest.mark.parametrize("name", RAW_SHA256)
def test_mnist_files_are_the_published_ones(name):
    assert hashlib.sha256(bundled.read_bundled(name)).hexdigest() == RAW_SHA256[name]


def test_mnist_has_the_known_mean_and_deviation(mnist):
    x = np.concatenate([mnist[0][0], mnist[1][0]])
    assert x.mean(dtype=np.float64) == pytest.approx(0.1307, abs=5e-5)
    assert x.std(dtype=np.float64) == pytest.approx(0.3081, abs=5e-5)


# Damaged files


def remove(path):
    path.unlink()


def cut_short(path):
    replace(path, lambda content: content[: len(content) // 2])


def cut_to_nothing(path):
    replace(path, lambda content: b"")


def alter_one_byte(path):
    replace(path, lambda content: content[:500] + bytes([content[500] ^ 1]) + content[501:])


def append_a_byte(path):
    replace(path, lambda content: content + b"\0")


def put_a_folder_in_its_place(path):
    """The tests may run as root, who may read every file."""
    path.unlink()
    path.mkdir()


def rename_entries(path):
    replace(path, lambda content: content.replace(b"  mnist/", b"  digits/"))


def make_binary(path):
    replace(path, lambda content: b"\xff\0" * 400)


def replace(path, change):
    content = path.read_bytes()
    path.unlink()  # it is a link to the real file
    path.write_bytes(change(content))


@pytest.fixture
def datasets(tmp_path, monkeypatch):
    """A copy of the bundled data, made of links, as in a clone."""
    (tmp_path / ".git").mkdir()
    copy = tmp_path / "ae_helpers" / "datasets"
    shutil.copytree(bundled.DATASETS, copy, copy_function=os.symlink)
    monkeypatch.setattr(bundled, "DATASETS", copy)
    return copy


@pytest.mark.parametrize(
    ("damage", "error", "problem"),
    [
        (remove, FileNotFoundError, "is missing"),
        (cut_short, ValueError, "was altered or cut short"),
        (cut_to_nothing, ValueError, "was altered or cut short"),
        (alter_one_byte, ValueError, "was altered or cut short"),
        (append_a_byte, ValueError, "was altered or cut short"),
        (put_a_folder_in_its_place, OSError, "can't be read"),
    ],
)
@pytest.mark.parametrize(
    ("load", "name"),
    [
        (load_mnist, "mnist/train-images-idx3-ubyte.gz"),
        (load_mnist, "mnist/t10k-labels-idx1-ubyte.gz"),
        (load_clothes, "tfds/fashion_mnist/3.0.1/fashion_mnist-test.tfrecord-00000-of-00001"),
        (load_clothes, "tfds/fashion_mnist/3.0.1/dataset_info.json"),
        (load_movielens, "movielens/ratings.csv.gz"),
        (load_movielens, "movielens/movies.csv.gz"),
    ],
)
def test_damaged_file_is_named_with_its_mend(datasets, load, name, damage, error, problem):
    damage(datasets / name)
    path = re.escape(str(datasets / name))
    message = f"{path} {problem}.*`git checkout -- {path}`.*build_datasets"
    with pytest.raises(error, match=message) as info:
        load()
    assert info.type is error


@pytest.mark.parametrize(
    ("damage", "error", "problem"),
    [
        (remove, FileNotFoundError, "is missing"),
        (put_a_folder_in_its_place, OSError, "can't be read"),
        (cut_to_nothing, ValueError, "has no checksum for mnist/train-images-idx3-ubyte.gz"),
        (rename_entries, ValueError, "has no checksum for mnist/train-images-idx3-ubyte.gz"),
        (make_binary, ValueError, "has no checksum for mnist/train-images-idx3-ubyte.gz"),
    ],
)
def test_damaged_list_of_checksums_is_named_with_its_mend(datasets, damage, error, problem):
    damage(datasets / "SHA256SUMS")
    with pytest.raises(error, match=f"SHA256SUMS {problem}.*git checkout.*build_datasets") as info:
        load_mnist()
    assert info.type is error


def test_an_installed_package_is_installed_again(datasets):
    """It has no git and no tools."""
    (datasets.parents[1] / ".git").rmdir()
    (datasets / "mnist/train-images-idx3-ubyte.gz").unlink()
    with pytest.raises(FileNotFoundError, match="Install ae_helpers again") as info:
        load_mnist()
    assert "git" not in str(info.value).replace(str(datasets), "")


def test_clothes_without_checksums_are_refused(datasets):
    replace(datasets / "SHA256SUMS", lambda content: content.replace(b"  tfds/", b"  other/"))
    with pytest.raises(ValueError, match=r"SHA256SUMS has no checksum for tfds/fashion_mnist/3\.0\.1\."):
        load_clothes()


def test_every_bundled_file_is_in_the_list_of_checksums():
    files = sorted(file for file in bundled.DATASETS.glob("*/**/*") if file.is_file())
    lines = [
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(bundled.DATASETS).as_posix()}"
        for file in files
    ]
    assert (bundled.DATASETS / "SHA256SUMS").read_text().splitlines() == lines
    assert len(files) == 10
