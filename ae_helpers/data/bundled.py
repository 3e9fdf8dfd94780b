"""Read the files bundled in `ae_helpers/datasets`, and never a damaged one."""

import gzip
import hashlib
from pathlib import Path

DATASETS = Path(__file__).resolve().parents[1] / "datasets"


def read_bundled(name: str) -> bytes:
    """Content of a bundled file, after its checksum was verified.

    Args:
        name: path below `ae_helpers/datasets`, without `.gz`,
            for example `"mnist/train-images-idx3-ubyte"`.

    Returns:
        bytes, uncompressed.

    Raises:
        FileNotFoundError: if the file or the list of checksums is missing.
        OSError: if one of the two can't be read.
        ValueError: if the file is damaged, or not in the list.

    Example:
        >>> len(read_bundled("mnist/t10k-labels-idx1-ubyte"))
        10008
    """
    name = f"{name}.gz"
    return gzip.decompress(_verified(name, _checksums().get(name)))


def verified_folder(name: str) -> Path:
    """A bundled folder, after the checksum of each of its files was verified.

    Args:
        name: path below `ae_helpers/datasets`, for example `"tfds/fashion_mnist/3.0.1"`.

    Returns:
        Path of the folder.

    Raises:
        FileNotFoundError, OSError, ValueError: as `read_bundled`, for each file of the folder.

    Example:
        >>> verified_folder("tfds/fashion_mnist/3.0.1").name
        '3.0.1'
    """
    checksums = {file: checksum for file, checksum in _checksums().items() if file.startswith(f"{name}/")}
    for file, checksum in (checksums or {name: None}).items():
        _verified(file, checksum)
    return DATASETS / name


def _verified(name, checksum):
    """Content of the file as it lies there."""
    path = DATASETS / name
    if checksum is None:
        raise ValueError(f"{DATASETS / 'SHA256SUMS'} has no checksum for {name}. {_mend(DATASETS / 'SHA256SUMS')}")
    content = _read(path)
    found = hashlib.sha256(content).hexdigest()
    if found != checksum:
        raise ValueError(
            f"The bundled file {path} was altered or cut short: "
            f"its {len(content):,} bytes have SHA-256 {found}, expected {checksum}. {_mend(path)}"
        )
    return content


def _read(path):
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(f"The bundled file {path} is missing. {_mend(path)}") from None
    except OSError as error:
        raise OSError(
            f"The bundled file {path} can't be read ({error.strerror}). "
            f"Check that it is a file and that you may read it. {_mend(path)}"
        ) from error


def _checksums():
    """The SHA-256 of each bundled file, from `SHA256SUMS`, which has the form of `sha256sum`."""
    lines = _read(DATASETS / "SHA256SUMS").decode("ascii", "replace").splitlines()
    return {name: checksum for checksum, _, name in (line.partition("  ") for line in lines)}


def _mend(path):
    root = DATASETS.parents[1]
    if (root / ".git").exists():  # a clone
        return (
            f"Restore it with `git checkout -- {path}`, or rebuild all data with "
            f"`python {root / 'tools' / 'build_datasets.py'}`."
        )
    return "Install ae_helpers again, with pip's option --force-reinstall."
