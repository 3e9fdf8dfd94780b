import numpy as np
import pytest

from ae_helpers.claims import ClaimFailed, claim


@pytest.mark.parametrize("holds", [True, np.True_, np.float32(1) < 2, np.array([1, 2]).all()])
def test_prints_a_tick_and_the_sentence(holds, capsys):
    assert claim("two is more than one", holds) is None
    assert capsys.readouterr().out == "✓ two is more than one\n"


@pytest.mark.parametrize("holds", [False, np.False_, np.float32(2) < 1])
def test_stops_with_the_sentence(holds, capsys):
    with pytest.raises(ClaimFailed, match=r"^This does not hold: one is more than two$"):
        claim("one is more than two", holds)
    assert capsys.readouterr().out == ""


def test_a_failed_claim_is_an_assertion_error():
    assert issubclass(ClaimFailed, AssertionError)


@pytest.mark.parametrize(
    "holds", [None, 1, 0, 1.0, np.nan, "yes", [True], (), np.array(True), np.array([True, False]), np.float64(1), any]
)
def test_refuses_what_is_neither_true_nor_false(holds, capsys):
    with pytest.raises(TypeError) as refusal:
        claim("all is well", holds)
    assert repr(holds) in str(refusal.value)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("sentence", [None, True, 1 < 2, 3.5, b"bytes", ["a"]])
def test_refuses_a_sentence_that_is_none(sentence):
    with pytest.raises(TypeError, match=f"a {type(sentence).__name__} came first"):
        claim(sentence, True)
