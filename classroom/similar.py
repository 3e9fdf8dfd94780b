"""Which submissions are alike? A list for a person to look at, not a verdict."""

import nbformat
import numpy as np
import pandas as pd
from nbgrader.utils import is_solution
from rapidfuzz import fuzz, process

MAX_LETTERS = 20_000  # of a submission's answers


def similar_pairs(course, name, *, most=20):
    """The pairs of submissions whose answers share most text. Those without an answer of their own are left out.

    Args:
        course: folder that `build` wrote.
        name: of the assignment.
        most: how many pairs to list.

    Returns:
        DataFrame with the students of each pair and the similarity of their answers, 0 to
        100 (RapidFuzz' token sort ratio: the order of lines doesn't matter), most alike first.

    Raises:
        ValueError: if there are fewer than two submissions with answers.
    """
    if not (course / "release" / name).is_dir():
        raise ValueError(f"There are no submissions of {name} yet; two are needed to compare.")
    given = set(answers_in(course / "release" / name / f"{name}.ipynb").splitlines())
    texts = {}
    for path in sorted((course / "submitted").glob(f"*/{name}/{name}.ipynb")):
        own = [line for line in answers_in(path).splitlines() if line.strip() and line not in given]
        if own:
            texts[path.parts[-3]] = "\n".join(own)[:MAX_LETTERS]
    if len(texts) < 2:
        raise ValueError(f"There are {len(texts)} submissions of {name} with answers; two are needed to compare.")
    students = np.array(list(texts))
    likeness = process.cdist(list(texts.values()), list(texts.values()), scorer=fuzz.token_sort_ratio)
    first, second = np.triu_indices(len(students), 1)
    pairs = pd.DataFrame({"one": students[first], "other": students[second], "similarity": likeness[first, second]})
    return pairs.sort_values("similarity", ascending=False, kind="stable").head(most).round(1)


def answers_in(path):
    """The text of the cells for answers."""
    notebook = nbformat.read(path, as_version=4)
    return "\n".join(cell.source for cell in notebook.cells if is_solution(cell))
