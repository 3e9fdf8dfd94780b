import pytest

from ae_helpers.data import load_table
from ae_helpers.data.tables import FOLDER


def test_every_table_can_be_loaded():
    names = [path.stem for path in FOLDER.glob("*.csv")]
    assert "paper_table" in names
    for name in names:
        table = load_table(name)
        assert len(table) > 1 and len(table.columns) > 1


@pytest.mark.parametrize("name", ["", "nothing", "paper_table.csv", "../data/tables"])
def test_an_unknown_table_is_refused_and_all_are_listed(name):
    with pytest.raises(ValueError, match=r"There are: .*paper_table"):
        load_table(name)


def test_what_lesson_04_reads_off_its_table():
    """Sentences about long trainings, which the lesson does not repeat."""
    table = load_table("tied_curve")
    table = table.groupby(["images", "network", "steps", "rate"]).filter(lambda rows: len(rows) == 3)
    longest = table.sort_values("steps").groupby(["images", "network", "start"]).last()
    by_size = longest["test error"].groupby(["images", "network"]).agg(["min", "max"]).unstack()
    lowest, highest = by_size["min"], by_size["max"]
    assert list(by_size.index) == [500, 2200, 11_000, 55_000]
    few, many = [500, 2200], [11_000, 55_000]
    assert (highest["tied"] < lowest["untied"])[few].all()
    assert (highest["untied"] < 0.95 * lowest["tied"])[many].all()
    assert (highest["tied"] < lowest["untied, narrow"]).all()
