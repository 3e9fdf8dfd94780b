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
        FileNotFoundError: if the file is missing.
        OSError: if it can't be read.
        ValueError: if it is cut short or altered.
    """
    path = DATASETS / f"{name}.gz"
    mend = (
        f"Restore it with `git checkout -- {path}`, "
        "or rebuild all data with `python tools/build_datasets.py`."
    )
    try:
        packed = path.read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(f"The bundled file {path} is missing. {mend}") from None
    except OSError as error:
        raise OSError(
            f"The bundled file {path} can't be read ({error.strerror}). "
            f"Check that it is a file and that you may read it. {mend}"
        ) from error
    expected = _checksums()[f"{name}.gz"]
    found = hashlib.sha256(packed).hexdigest()
    if found != expected:
        problem = "is cut short" if _is_truncated(packed) else "was altered"
        raise ValueError(
            f"The bundled file {path} {problem}: "
            f"its {len(packed):,} bytes have SHA-256 {found}, expected {expected}. {mend}"
        )
    return gzip.decompress(packed)


def _checksums():
    lines = (DATASETS / "SHA256SUMS").read_text(encoding="ascii").splitlines()
    return {name: checksum for checksum, name in (line.split() for line in lines)}


def _is_truncated(packed):
    try:
        gzip.decompress(packed)
    except EOFError:
        return True
    except (OSError, zlib.error):
        return False
    return False
