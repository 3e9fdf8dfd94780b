"""Did training see what the result was measured on? A watch that is told the splits once, and checks at the end.

    splits = watch_splits(train=x_train, valid=x_valid, test=x_test)
    ...                # fit, predict, measure
    splits.check()     # prints what was used for what, or stops the notebook

Each row (an image, say) is known by a mark that does not change when pixels are
scaled or flattened. What a model makes of known rows (codes, reconstructions) and what a
function of `ae_helpers.corruption` makes of them counts as the same split. Where the splits are
sparse matrices (who likes what), not rows are known but entries.
"""

import contextlib
import functools
import inspect
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import scipy.sparse

from ae_helpers.claims import ClaimFailed

SPLITS = ("train", "valid", "test")


def watch_splits(*, train: Any, valid: Any, test: Any) -> "Splits":
    """Begin to watch what `fit` and the metrics are given.

    Watched are, from this call on and in this process: `fit`, `evaluate` and `predict` of Keras
    models; `fit`, `transform`, `predict`, `score` and `kneighbors` of those estimators of
    scikit-learn that are imported by then; and what our own denoisers, recommenders, corruptions
    and metrics do. Call it once, when all is imported and loaded.

    Args:
        train: array `(n, ...)`, rows that models may be fitted on; or a scipy sparse matrix, entries
            that they may be fitted on.
        valid: rows (or a matrix of the same shape) that choose settings and stop trainings.
        test: rows (or a matrix of the same shape) that results are measured on.

    Returns:
        `Splits`, to be asked at the end of the notebook by `check()`.

    Raises:
        ValueError: if two splits have rows or entries in common; the message says how many. Or
            if one is no array of numbers with two axes or more, or the matrices differ in shape.

    Example:
        >>> splits = watch_splits(train=x_train, valid=x_valid, test=x_test)
    """
    global _watching
    kind = SplitEntries if scipy.sparse.issparse(train) else Splits
    splits = kind(train=train, valid=valid, test=test)
    _wrap_libraries()
    _watching = splits
    return splits


class Splits:
    """What each split was used for. Made by `watch_splits`."""

    def __init__(self, *, train: Any, valid: Any, test: Any):
        self._split_of: dict[bytes, str | None] = {}  # mark of a row -> its split; None if two splits made it
        self._searched: dict[int, Any] = {}  # id of an estimator -> the marks of what it searches among
        self._purpose: tuple[str, ...] | None = None  # what `on_purpose` names
        self._faults: dict[str, bool] = {}  # as an ordered set
        self._used: dict[str, set] = {"fitted": set(), "validated": set(), "measured": set()}
        for name, rows in zip(SPLITS, (train, valid, test), strict=True):
            marks = [mark for mark in _marks(rows) if mark]  # rows of zeros are nobody's
            if not marks:
                raise ValueError(f"{name} should be an array (n, ...) of numbers, but {type(rows).__name__} came.")
            common = sum(mark in self._split_of for mark in set(marks))
            if common:
                raise ValueError(f"{common:,} rows of {name} stand in another split as well.")
            self._split_of.update(dict.fromkeys(marks, name))
        self._originals = {"train": train, "valid": valid, "test": test}
        self._row_size = math.prod(np.shape(train)[1:])

    @contextlib.contextmanager
    def on_purpose(self, *names: str) -> Iterator[None]:
        """Within `with splits.on_purpose("train"):` results are measured on that split, and on no other.

        For experiments about what a network does with what it was trained on ("train"),
        and for settings that are chosen ("valid").

        Raises:
            ValueError: if there is no name, or one is none of train, valid and test.
        """
        if not names or set(names) - set(SPLITS):
            raise ValueError(f"on_purpose takes some of {', '.join(SPLITS)}, but got {names!r}.")
        before, self._purpose = self._purpose, names
        try:
            yield
        finally:
            self._purpose = before

    def check(self) -> None:
        """Print that each split was used for what it is meant for; stop the notebook if not.

        Raises:
            ClaimFailed: if something was fitted on rows of valid or test, watched during training
                on other rows than those of valid, measured on rows of train or valid (or within
                `on_purpose`, on rows of another split than that), or asked for the neighbours of
                rows among which it searches; or if nothing was fitted on train, or nothing
                measured on test. The message names all.
        """
        faults = list(self._faults)
        faults += [] if "train" in self._used["fitted"] else ["nothing was fitted on train"]
        faults += [] if "test" in self._used["measured"] else ["nothing was measured on test"]
        if faults:
            raise ClaimFailed(f"This does not hold: What was measured had not been trained on ({'; '.join(faults)})")
        print("✓ What was measured had not been trained on")

    def note(self, use: str, who: str, rows: Any) -> None:
        """Remember that `rows` were used by `who`; `use` is fitted, validated or measured."""
        meant = {"fitted": ("train",), "validated": ("valid",), "measured": self._purpose or ("test",)}[use]
        found = set(self._splits_of(rows)) - {None}
        if not self._purpose:
            self._used[use] |= found
        if found.difference(meant):
            where = f" instead of {' or '.join(meant)}" if self._purpose and use == "measured" else ""
            self._faults[f"{who} was {use} on {' and '.join(sorted(found.difference(meant)))}{where}"] = True

    def derive(self, rows: Any, result: Any) -> None:
        """`result[i]` was made of `rows[i]`, and counts as the same split."""
        splits, made = self._splits_of(rows), _marks(result)
        if len(splits) != len(made):
            return
        for split, mark in zip(splits, made, strict=True):
            if split and mark:
                self._split_of[mark] = split if self._split_of.get(mark, split) == split else None

    def search(self, estimator: Any, rows: Any) -> None:
        """`estimator` looks for neighbours among `rows`."""
        self._searched[id(estimator)] = set(_marks(rows)) - {0}

    def ask(self, who: str, estimator: Any, rows: Any) -> None:
        """`estimator` was asked for the neighbours of `rows`."""
        if self._searched.get(id(estimator), set()).intersection(_marks(rows)):
            self._faults[f"{who} was asked for neighbours of rows among which it searches, so each finds itself"] = True

    def _splits_of(self, rows):
        """The split of each row, or None where it is unknown."""
        found = [self._split_of.get(mark) for mark in _marks(rows)]
        if found and not any(found) and math.prod(np.shape(rows)[1:]) == self._row_size:
            found = [self._split_of_scaled.get(mark) for mark in _marks(rows, scaled=True)]
        return found

    @functools.cached_property
    def _split_of_scaled(self):
        """As `_split_of`, for originals up to a factor. Made when it is first needed, for it takes a second."""
        return {mark: name for name, rows in self._originals.items() for mark in _marks(rows, scaled=True) if mark}


class SplitEntries(Splits):
    """As `Splits`, for sparse matrices of one shape: a split is its entries, wherever they turn up.

    A matrix of that shape, or its transpose, that has an entry where `test` has one, saw the test.
    """

    def __init__(self, *, train: Any, valid: Any, test: Any):
        self._faults, self._purpose = {}, None
        self._used = {"fitted": set(), "validated": set(), "measured": set()}
        self._entries = {}
        for name, matrix in zip(SPLITS, (train, valid, test), strict=True):
            shape = np.shape(matrix)
            if shape != np.shape(train):
                raise ValueError(f"{name} should have the shape of train, {np.shape(train)}, but has {shape}.")
            self._entries[name] = _places(matrix)
            for other in self._entries.keys() - {name}:
                if common := self._entries[name].multiply(self._entries[other]).nnz:
                    raise ValueError(f"{common:,} entries of {name} stand in {other} as well.")

    def derive(self, rows: Any, result: Any) -> None:
        """What is made of entries has none."""

    def _splits_of(self, rows):
        parts = (rows.x, rows.y) if hasattr(rows, "y") and hasattr(rows, "x") else (rows,)  # SparseBatches
        shape = self._entries["train"].shape
        found = set()
        for part in parts:
            if np.shape(part) in (shape, shape[::-1]):
                places = _places(part) if np.shape(part) == shape else _places(part).T
                found |= {name for name, entries in self._entries.items() if entries.multiply(places).nnz}
        return found


def _places(matrix):
    """Where a matrix is not 0: a bool CSR array."""
    return scipy.sparse.csr_array(matrix) != 0


def measures(function: Callable) -> Callable:
    """Decorator of a metric: its first argument are the rows that a result is measured on."""
    return _watched(function, lambda splits, result, rows, *_: splits.note("measured", function.__name__, rows))


def measures_likes(function: Callable) -> Callable:
    """Decorator of a metric whose second argument says what is relevant: that is what it is measured on."""
    return _watched(function, lambda splits, result, _, liked, *__: splits.note("measured", function.__name__, liked))


def makes(function: Callable) -> Callable:
    """Decorator of a function, or a method, that makes a row of each row of its first argument."""
    first = int("self" in inspect.signature(function).parameters)
    return _watched(function, lambda splits, result, *arguments: splits.derive(arguments[first], result))


def learns(method: Callable) -> Callable:
    """Decorator of a method `fit(self, x)` or `fit(self, x, y)`."""
    return _watched(method, _after_fit)


@contextlib.contextmanager
def unwatched() -> Iterator[None]:
    """What happens inside counts for nothing: a figure that writes an error below each picture, say."""
    global _depth
    _depth += 1
    try:
        yield
    finally:
        _depth -= 1


_watching = None  # the Splits of the last call of `watch_splits`
_depth = 0  # of watched calls within each other: only the outermost counts


def _watched(function, report):
    """`function`, which tells the splits about each call: `report(splits, result, *arguments, in their order)`."""
    signature = inspect.signature(function)

    @functools.wraps(function)
    def watched(*args, **kwargs):
        with unwatched():
            result = function(*args, **kwargs)
        if _watching is not None and _depth == 0:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            report(_watching, result, *bound.arguments.values())
        return result

    watched.is_watched = True
    return watched


def _wrap_libraries():
    """Make the methods of Keras and scikit-learn tell, each once per process."""
    import keras
    import sklearn.base

    _wrap(keras.Model, "fit", _after_keras_fit)
    _wrap(keras.Model, "evaluate", lambda splits, _, model, x, *rest: splits.note("measured", type(model).__name__, x))
    _wrap(keras.Model, "predict", _after_making)
    for estimator in _subclasses(sklearn.base.BaseEstimator):
        _wrap(estimator, "fit", _after_fit)
        _wrap(estimator, "fit_transform", _after_fit_transform)
        for name in ("transform", "inverse_transform", "predict"):
            _wrap(estimator, name, _after_making)
        _wrap(estimator, "score", lambda splits, _, model, x, *rest: splits.note("measured", type(model).__name__, x))
        _wrap(estimator, "kneighbors", lambda splits, _, model, x, *rest: splits.ask(type(model).__name__, model, x))


def _wrap(owner, name, report):
    """Replace a method of a class, its own or inherited, by a watched one."""
    method = getattr(owner, name, None)
    if callable(method) and not hasattr(method, "is_watched"):
        setattr(owner, name, _watched(method, report))


def _after_keras_fit(splits, result, model, x, y, *rest):
    for rows in (x,) if y is x else (x, y):
        splits.note("fitted", type(model).__name__, rows)
    # Keras' order: batch_size, epochs, verbose, callbacks, validation_split, validation_data.
    validation = rest[5]
    if isinstance(validation, (tuple, list)):
        for rows in validation[:1] if validation[-1] is validation[0] else validation:
            splits.note("validated", type(model).__name__, rows)


def _after_fit(splits, result, model, x, y=None, *rest):
    if hasattr(model, "kneighbors"):
        splits.search(model, x)
    if hasattr(model, "predict") or not hasattr(model, "kneighbors"):  # to search among rows is not to learn from them
        for rows in (x, y):
            splits.note("fitted", type(model).__name__, rows)


def _after_fit_transform(splits, result, model, x, y=None, *rest):
    _after_fit(splits, result, model, x, y)
    splits.derive(x, result)


def _after_making(splits, result, model, x, *rest):
    splits.derive(x, result)


def _subclasses(owner):
    """All classes below `owner`, itself excluded."""
    return {below for child in owner.__subclasses__() for below in (child, *_subclasses(child))}


def _marks(rows, *, scaled=False):
    """An int for each row that tells it from others; an empty list for what has no rows of numbers.

    Args:
        rows: array-like or tensor `(n, ...)`; anything else has no marks.
        scaled: whether rows that differ by a positive factor and by rounding to 1/255 of
            their largest value have the same mark.

    Returns:
        list of n ints; 0 for rows that are 0 throughout.
    """
    try:
        array = np.asarray(rows.detach().cpu() if hasattr(rows, "detach") else rows)
    except (TypeError, ValueError):
        return []
    if array.ndim < 2 or array.dtype.kind not in "fiub" or not array.size:
        return []
    marks = []
    for start in range(0, len(array), 10_000):  # a training set is large
        part = array[start : start + 10_000].reshape(-1, array[0].size).astype(np.float32) + 0.0  # no negative zeros
        if scaled:
            largest = np.abs(part).max(axis=1, keepdims=True)
            part = np.rint(part / np.where(largest > 0, largest, 1) * 255).astype(np.int16)
        marks += [hash(row.tobytes()) if there else 0 for row, there in zip(part, part.any(axis=1), strict=True)]
    return marks
