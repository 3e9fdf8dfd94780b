"""The statements of a lesson, each checked when the notebook runs, with the numbers that it rests on."""

import numbers
import operator

import numpy as np

from ae_helpers.checks import as_array

SIGNS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq}


class ClaimFailed(AssertionError):
    """A lesson states something that does not hold."""


def claim(sentence: str, *comparison) -> None:
    """Print a tick, `sentence` and its numbers if the comparison holds, else stop the notebook.

    Args:
        sentence: str, the statement. No computed number belongs in it: the sentence is
            compared, letter by letter, each time the notebook is tested. The numbers
            behind it are not.
        *comparison: real numbers with signs between them: `value, "<", value`, or
            `low, "<", value, "<", high`. Signs are `<`, `<=`, `>`, `>=` and `==`.

    Raises:
        ClaimFailed: if a comparison is false, and always where a number is NaN.
        TypeError: if the sentence is no str, a value no single real number (an array
            needs `.min()` or `.max()` first), or a sign none of the five. True and
            False are no numbers: a claim compares what was measured.

    Example:
        >>> claim("16 learned numbers beat 32 of PCA", 6.34, "<", 9.9)
        ✓ 16 learned numbers beat 32 of PCA (6.34 < 9.9)
    """
    if not isinstance(sentence, str):
        raise TypeError(f"A claim is a sentence, but a {type(sentence).__name__} came first.")
    values, signs = comparison[::2], comparison[1::2]
    if len(values) < 2 or len(values) != len(signs) + 1:
        raise TypeError(f'A claim compares (`a, "<", b` or `low, "<", a, "<", high`), but has {comparison!r}.')
    for sign in signs:
        if not (isinstance(sign, str) and sign in SIGNS):
            raise TypeError(f"Between two values stands one of {' '.join(SIGNS)}, but here {sign!r}.")
    values = [_as_number(value) for value in values]
    shown = _shown(values, signs)
    if not all(SIGNS[sign](a, b) for a, sign, b in zip(values, signs, values[1:], strict=False)):
        raise ClaimFailed(f"This does not hold: {sentence} ({shown})")
    print(f"✓ {sentence} ({shown})")


def _as_number(value):
    """A plain int or float, from a real number of any library."""
    if getattr(value, "shape", None) == () and not isinstance(value, numbers.Real):  # an array or tensor without axes
        value = as_array(value, "A value").item()
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Real):
        raise TypeError(
            f"A claim compares single real numbers, but {value!r} came. "
            "Reduce arrays with `.min()`, `.max()` or `.mean()`, and compare values instead of giving True or False."
        )
    return value


def _shown(values, signs):
    """The comparison as text: three digits, or as many more as it takes to tell neighbours apart."""
    for digits in range(3, 18):  # 17 digits tell any two floats apart
        texts = [f"{v:,}" if isinstance(v, int) else f"{v:,.{digits}g}" for v in values]
        if all((a == b) == (x == y) for a, b, x, y in zip(values, values[1:], texts, texts[1:], strict=False)):
            break
    return " ".join(part for pair in zip(texts, [*signs, ""], strict=True) for part in pair).strip()
