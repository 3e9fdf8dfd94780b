"""The statements of a lesson, each checked when the notebook runs."""

import numpy as np


class ClaimFailed(AssertionError):
    """A lesson states something that does not hold."""


def claim(sentence, holds):
    """Print a tick and `sentence` if `holds`, else stop the notebook.

    Args:
        sentence: str, the statement. No computed number belongs in it: what is
            printed is compared, letter by letter, each time the notebook is tested.
        holds: bool, whether it is true, usually a comparison such as
            `ae_error < 0.8 * pca_error`.

    Raises:
        ClaimFailed: if `holds` is False.
        TypeError: if `holds` is no single bool (an array of them needs `.all()`),
            or `sentence` no str.
    """
    if not isinstance(sentence, str):
        raise TypeError(f"A claim is a sentence, but a {type(sentence).__name__} came first.")
    if not isinstance(holds, (bool, np.bool_)):
        raise TypeError(
            f"Whether a claim holds is True or False, but {holds!r} came. "
            "Compare values (`a < b`), and reduce arrays with `.all()`."
        )
    if not holds:
        raise ClaimFailed(f"This does not hold: {sentence}")
    print(f"✓ {sentence}")
