import keras
import numpy as np
import pytest

from ae_helpers.claims import ClaimFailed, claim


@pytest.mark.parametrize(
    ("comparison", "shown"),
    [
        ((1, "<", 2), "1 < 2"),
        ((6.344, "<", 9.9), "6.34 < 9.9"),
        ((2.0, ">", 1), "2 > 1"),
        ((3, ">=", 3), "3 >= 3"),
        ((3, "<=", 3), "3 <= 3"),
        ((np.float32(0.5), "==", 0.5), "0.5 == 0.5"),
        ((13.1, "<", 13.2, "<", 13.3), "13.1 < 13.2 < 13.3"),
        ((0.99981, "<", 0.99992), "0.9998 < 0.9999"),  # digits enough to tell them apart
        ((0.1, "<", 0.1 + 1e-6, "<", 5), "0.1 < 0.100001 < 5"),  # each from its neighbour
        ((0.3, "<", 0.1 + 0.2), "0.29999999999999999 < 0.30000000000000004"),
        ((203_530, ">", 102_000), "203,530 > 102,000"),
        ((np.int64(203_530), ">", np.array(102_000)), "203,530 > 102,000"),
        ((-1e-9, "<", 0), "-1e-09 < 0"),
        ((np.array(1.5), "<", np.int64(2)), "1.5 < 2"),
        ((keras.ops.convert_to_tensor(1.5), "<", 2), "1.5 < 2"),
        ((1, "<", float("inf")), "1 < inf"),
    ],
)
def test_prints_a_tick_the_sentence_and_its_numbers(comparison, shown, capsys):
    assert claim("This is so", *comparison) is None
    assert capsys.readouterr().out == f"✓ This is so ({shown})\n"


@pytest.mark.parametrize(
    ("comparison", "shown"),
    [
        ((2, "<", 1), "2 < 1"),
        ((1, "<", 1), "1 < 1"),
        ((1, ">", 1), "1 > 1"),
        ((2, "<=", 1), "2 <= 1"),
        ((1, ">=", 2), "1 >= 2"),
        ((1, "==", 2), "1 == 2"),
        ((1, "<", 3, "<", 2), "1 < 3 < 2"),
        ((2, "<", 1, "<", 3), "2 < 1 < 3"),
        ((float("nan"), "<", 1), "nan < 1"),
        ((1, "<", np.nan), "1 < nan"),
    ],
)
def test_stops_with_the_sentence_and_its_numbers(comparison, shown, capsys):
    with pytest.raises(ClaimFailed) as failure:
        claim("This is so", *comparison)
    assert str(failure.value) == f"This does not hold: This is so ({shown})"
    assert capsys.readouterr().out == ""


def test_a_tensor_with_a_gradient_is_a_number(capsys):
    torch = pytest.importorskip("torch")
    for dtype in (torch.float32, torch.bfloat16):
        claim("This is so", torch.tensor(1.5, dtype=dtype, requires_grad=True), "<", 2)
    assert capsys.readouterr().out == 2 * "✓ This is so (1.5 < 2)\n"


def test_a_failed_claim_is_an_assertion_error():
    assert issubclass(ClaimFailed, AssertionError)


@pytest.mark.parametrize("value", [True, np.True_, None, "1", np.array([1.0]), np.array([1, 2]), 1j, [1]])
def test_refuses_what_is_no_single_number(value):
    with pytest.raises(TypeError, match="single real numbers"):
        claim("This is so", value, "<", 2)
    with pytest.raises(TypeError, match="single real numbers"):
        claim("This is so", 0, "<", value)


@pytest.mark.parametrize("comparison", [(), (1,), (1, "<"), (True,), (1, "<", 2, "<")])
def test_refuses_what_is_no_comparison(comparison):
    with pytest.raises(TypeError, match="A claim compares"):
        claim("This is so", *comparison)


@pytest.mark.parametrize("sign", ["!=", "≠", "", "is", 3, None])
def test_refuses_other_signs(sign):
    with pytest.raises(TypeError, match=r"one of < <= > >= ==, but here"):
        claim("This is so", 1, sign, 2)


@pytest.mark.parametrize("sentence", [None, True, 1 < 2, 3.5, b"bytes", ["a"]])
def test_refuses_a_sentence_that_is_none(sentence):
    with pytest.raises(TypeError, match=f"a {type(sentence).__name__} came first"):
        claim(sentence, 1, "<", 2)
