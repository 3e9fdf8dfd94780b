"""Which submissions are alike? A list for a person to look at, not a verdict."""

import nbformat
import numpy as np
import pandas as pd
from nbgrader.utils import is_solution
from rapidfuzz import fuzz, process


def similar_pairs(course, name, *, most=20):
    """The pairs of submissions whose answers share most text.

    Args:
        course: folder that `build` wrote.
        name: of the assignment.
        most: how many pairs to list.

    Returns:
        DataFrame with the students of each pair and the similarity of their answers, 0 to
        100 (RapidFuzz' token sort ratio: the order of lines doesn't matter), most alike first.

    Raises:
        ValueError: if there are fewer than two submissions.
    """
    paths = sorted((course / "submitted").glob(f"*/{name}/{name}.ipynb"))
    if len(paths) < 2:
        raise ValueError(f"There are {len(paths)} graded submissions of {name}; two are needed to compare.")
    given = set(answers_in(course / "release" / name / f"{name}.ipynb").splitlines())
    texts = ["\n".join(line for line in answers_in(path).splitlines() if line not in given) for path in paths]
    students = [path.parts[-3] for path in paths]
    likeness = process.cdist(texts, texts, scorer=fuzz.token_sort_ratio)
    first, second = np.triu_indices(len(students), 1)
    pairs = pd.DataFrame(
        {"one": np.array(students)[first], "other": np.array(students)[second], "similarity": likeness[first, second]}
    )
    return pairs.sort_values("similarity", ascending=False, kind="stable").head(most).round(1)


def answers_in(path):
    """The text of the cells for answers."""
    notebook = nbformat.read(path, as_version=4)
    return "\n".join(cell.source for cell in notebook.cells if is_solution(cell))
