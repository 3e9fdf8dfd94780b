"""Results that took too long for a lesson: tables that a command of `benchmarks` wrote."""

from pathlib import Path

import pandas as pd

FOLDER = Path(__file__).resolve().parents[1] / "tables"


def load_table(name: str) -> pd.DataFrame:
    """A table of results that comes with the package.

    Args:
        name: of the table, for example "paper_table". The command that wrote it stands in
            `benchmarks`; `make choose` and `make paper-table` write them anew.

    Returns:
        pandas table.

    Raises:
        ValueError: if there is no such table; the message lists all.

    Example:
        >>> load_table("paper_table")
    """
    file = FOLDER / f"{name}.csv"
    if not file.is_file():
        known = ", ".join(sorted(path.stem for path in FOLDER.glob("*.csv")))
        raise ValueError(f"There is no table {name!r}. There are: {known}.")
    return pd.read_csv(file)
