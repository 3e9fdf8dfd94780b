import warnings

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

    assert texts(plots.plot_lists({"a": ["x"], "b": []})) == ["a", "x", "b"]


def test_names_may_be_28_letters_long_unless_told_and_ticked_ones_three_less():
    names = ["a" * 12 + " " + "b" * n for n in (11, 12, 15, 16)]  # of 24, 25, 28 and 29 letters
    whole = texts(plots.plot_lists({"": names}))[1:]
    assert whole == [*names[:3], "a" * 12 + " …"]
    ticked = texts(plots.plot_lists({"": names}, ticked=names))[2::2]
    assert ticked == [*names[:2], "a" * 12 + " …", "a" * 12 + " …"]
    assert texts(plots.plot_lists({"": ["abcde", "a bcdef"]}, width=5))[1:] == ["abcde", "a …"]


def test_colours_of_a_table_end_beyond_its_largest_number():
    def limits(table):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return plots.plot_tables({"a": pd.DataFrame(table)}).axes[0].images[0].get_clim()

    assert limits([[0.25, -0.5]]) == pytest.approx((-0.8, 0.8))
    assert limits([[2.0, np.nan]]) == pytest.approx((-3.2, 3.2))
    assert limits([[0.0, 0.0]]) == limits([[np.nan, np.nan]]) == (-1, 1)


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
        (lambda: plots.plot_tables({"a": TABLE[:0], "b": TABLE[:0]}), r"shapes are \[\(0, 2\), \(0, 2\)\]"),
        (lambda: plots.plot_tables({"a": TABLE, "b": TABLE[[]]}), r"shapes are \[\(2, 2\), \(2, 0\)\]"),
        (lambda: plots.plot_tables({"a": TABLE * np.inf}), "infinite"),
        (lambda: plots.plot_tables({"a": TABLE, "b": TABLE.replace(20, np.inf)}), "infinite"),
        (lambda: plots.plot_tables({"a": TABLE, "b": TABLE}, arrows=["x", "y"]), "there are 1 arrows, but 2 came"),
    ],
)
def test_refuses(build, message):
    with pytest.raises(ValueError, match=message):
        build()
