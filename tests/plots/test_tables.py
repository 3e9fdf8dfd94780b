import numpy as np
import pandas as pd
import pytest

from ae_helpers import plots
from tests.plots.cases import TABLE, texts


def test_lists_have_their_names_and_ticks():
    figure = plots.plot_lists(
        {"a": ["one", "two words that are long"], "b": ["two words that are long"]}, ticked=["one"]
    )
    assert texts(figure) == ["a", "✓", "one", "two words that are long", "b", "two words that are long"]
    assert texts(plots.plot_lists({"a": ["two words that are long"]}, width=12)) == ["a", "two words …"]


def test_tables_have_their_numbers_and_gaps():
    gaps = pd.DataFrame([[1.0, np.nan], [0.004, -2.25]], index=["x", "y"], columns=["p", "q"])
    figure = plots.plot_tables({"ratings": gaps, "code": gaps[["p"]]}, arrows=["encoder"])
    shown = texts(figure)
    assert [shown.count(text) for text in ("1", "0.00", "-2.25", "nan", "x", "p", "q", "ratings", "encoder")] == [
        2, 2, 1, 0, 1, 2, 1, 1, 1,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: plots.plot_lists({}), r"a name at least, but is \{\}"),
        (lambda: plots.plot_lists({"a": [], "b": []}), "a name at least"),
        (lambda: plots.plot_lists({"a": ["b"]}, width=4), "5 letters or more, but is 4"),
        (lambda: plots.plot_tables({}), "rows and columns"),
        (lambda: plots.plot_tables({"a": TABLE, "b": TABLE[:1]}), r"shapes are \[\(2, 2\), \(1, 2\)\]"),
        (lambda: plots.plot_tables({"a": TABLE * np.inf}), "infinite"),
        (lambda: plots.plot_tables({"a": TABLE, "b": TABLE}, arrows=["x", "y"]), "there are 1 arrows, but 2 came"),
    ],
)
def test_refuses(build, message):
    with pytest.raises(ValueError, match=message):
        build()
