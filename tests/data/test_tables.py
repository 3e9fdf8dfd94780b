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
