"""Read the files bundled in `ae_helpers/datasets`, and never a damaged one."""

import gzip
import hashlib
import zlib
from pathlib import Path

DATASETS = Path(__file__).resolve().parents[1] / "datasets"


def read_bundled(name):
    """Content of a bundled file, after its checksum was verified.

    Args:
        name: path below `ae_helpers/datasets`, without `.gz`,
            for example `"mnist/train-images-idx3-ubyte"`.

    Returns:
        bytes, uncompressed.

    Raises:
        FileNotFoundError: if the file or the list of checksums is missing.
        OSError: if one of the two can't be read.
        ValueError: if the file is cut short or altered, or not in the list.
    """
    path = DATASETS / f"{name}.gz"
    packed = _read(path)
    expected = _expected_checksum(f"{name}.gz")
    found = hashlib.sha256(packed).hexdigest()
    if found != expected:
        problem = "is cut short" if _is_truncated(packed) else "was altered"
        raise ValueError(
            f"The bundled file {path} {problem}: "
            f"its {len(packed):,} bytes have SHA-256 {found}, expected {expected}. {_mend(path)}"
        )
    return gzip.decompress(packed)


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


def _expected_checksum(name):
    """The SHA-256 that `SHA256SUMS` gives for a file, in the form of `sha256sum`."""
    path = DATASETS / "SHA256SUMS"
    for line in _read(path).decode("ascii", "replace").splitlines():
        checksum, _, listed = line.partition("  ")
        if listed == name:
            return checksum
    raise ValueError(f"{path} has no checksum for {name}. {_mend(path)}")


def _mend(path):
    return f"Restore it with `git checkout -- {path}`, or rebuild all data with `python tools/build_datasets.py`."


def _is_truncated(packed):
    if not packed:  # to gzip, nothing at all is complete
        return True
    try:
        gzip.decompress(packed)
    except EOFError:
        return True
    except (OSError, zlib.error):
        return False
    return False
