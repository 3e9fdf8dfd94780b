import keras
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from keras import ops

from ae_helpers.checks import as_csr, as_floats, positive_int, real_number, same_labels, same_shape, whole_number

pytestmark = pytest.mark.backend


@pytest.mark.parametrize(
    ("dtype", "becomes"),
    [
        *((dtype, np.float64) for dtype in ("bool", "uint8", "int8", "int64", "float64", "longdouble")),
        *((dtype, np.float32) for dtype in ("float16", "float32", ">f4")),
    ],
)
def test_arrays_become_floats(dtype, becomes):
    values = as_floats(np.array([[0, 1, 1]], dtype), "x")
    assert values.dtype == becomes
    assert values.tolist() == [[0, 1, 1]]


@pytest.mark.parametrize("dtype", ["bool", "int32", "float16", "bfloat16", "float32", "float64"])
def test_tensors_of_the_backend_become_floats(dtype):
    values = as_floats(ops.cast(np.array([0, 1]), dtype), "x", unit_range=True)
    assert type(values) is np.ndarray and values.dtype in (np.float32, np.float64)
    assert values.tolist() == [0, 1]
    # What a model predicts with mixed precision, and a tensor that has gradients in torch.
    assert as_floats(ops.convert_to_numpy(ops.cast([0.5], dtype)), "x").dtype == values.dtype
    assert as_floats(keras.Variable([0.5, 2]) * 1, "x").tolist() == [0.5, 2]


def test_lists_become_floats():
    assert as_floats([[1, 2], [3, 4]], "x").tolist() == [[1, 2], [3, 4]]
    assert as_floats(3, "x") == 3


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("unit_range", [False, True])
def test_floats_are_not_copied(dtype, unit_range):
    x = np.array([0, 1], dtype)
    assert as_floats(x, "x", unit_range=unit_range) is x


def test_rounding_is_cut_off():
    x = np.array([-2e-7, 0.5, 1.0000002], np.float32)  # what resizing makes of black and white
    assert as_floats(x, "x", unit_range=True).tolist() == [0, 0.5, 1]
    assert x.max() > 1  # a copy
    assert as_floats(x, "x") is x


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([0, 255], r"x should lie in \[0, 1\], but goes from 0 to 255\. Divide pixels of 0 to 255 by 255\.$"),
        ([0, 2.5], r"goes from 0 to 2\.5\. Divide"),
        ([0, 1.5], r"goes from 0 to 1\.5\.$"),
        ([0, 1.00001], r"goes from 0 to 1\.00001\.$"),
        ([-1e-5, 1], r"goes from -1e-05 to 1\.$"),
        ([-1, 3], r"goes from -1 to 3\.$"),
        ([0, np.nan, np.inf], "x has 2 values that are NaN or infinite"),
        ([-np.inf, 1], "x has 1 values that are NaN or infinite"),
        ([0, np.inf], "x has 1 values that are NaN or infinite"),
        (np.zeros((0, 3)), r"x is empty: its shape is \(0, 3\)"),
        ([[1], [1, 2]], "x should be an array, but its rows differ in length"),
        (["a"], "x should hold numbers, but its dtype is <U1"),
        (None, "x should hold numbers, but its dtype is object"),
        (np.array([1j]), "its dtype is complex128"),
        (np.array(["2020"], "datetime64[Y]"), "its dtype is datetime64"),
        (sp.csr_array([[1.0]]), r"but is a sparse csr_array: give x\.toarray\(\)"),
    ],
)
def test_refuses(values, message):
    with pytest.raises(ValueError, match=message):
        as_floats(values, "x", unit_range=True)


def test_same_shape():
    same_shape(np.ones((2, 3)), np.zeros((2, 3)))
    with pytest.raises(ValueError, match=r"same shape, but have \(2, 3\) and \(2, 1\)"):
        same_shape(np.ones((2, 3)), np.zeros((2, 1)))


# Sparse matrices, whole numbers, labels.


def test_any_sparse_format_will_do():
    x = sp.random_array((7, 5), density=0.4, rng=np.random.default_rng(0), dtype=np.float32, format="csr")
    for matrix in (x.tocoo(), sp.csc_matrix(x), x.astype(np.float64), x.T.tocsr().T, x.todok(), x.tolil()):
        csr = as_csr(matrix, "x")
        assert csr.format == "csr" and csr.dtype == np.float32
        np.testing.assert_allclose(csr.toarray(), x.toarray())
    assert as_csr(x, "x") is x
    assert as_csr(sp.csr_array([[True, False]]), "x").data.tolist() == [1]


@pytest.mark.parametrize("kind", [sp.csr_array, sp.csr_matrix])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int8, bool])
def test_a_cell_that_is_stored_twice_counts_as_toarray_counts_it(kind, dtype):
    def stored_twice():
        return kind((np.array([1, 1, 1, 3], dtype), [1, 0, 1, 0], [0, 3, 4]), shape=(2, 2))

    csr, given = as_csr(stored_twice(), "x"), stored_twice()
    np.testing.assert_array_equal(csr.toarray(), given.toarray())
    np.testing.assert_array_equal(csr.data, given.toarray()[[0, 0, 1], [0, 1, 0]])
    assert as_csr(given, "x").nnz == 3
    assert given.nnz == 4 and given.indices.tolist() == [1, 0, 1, 0]  # untouched
    np.testing.assert_array_equal(as_csr(stored_twice().tocsc(), "x").toarray(), stored_twice().toarray())


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.eye(2), "x should be a scipy sparse matrix, but a ndarray came"),
        (sp.coo_array(np.ones(3)), r"x should have two axes, but its shape is \(3,\)"),
        (sp.csr_array((0, 3)), r"x is empty: its shape is \(0, 3\)"),
        (sp.csr_array((3, 0)), r"x is empty: its shape is \(3, 0\)"),
        (sp.csr_array(np.eye(2) * 1j), "x should hold numbers, but its dtype is complex128"),
        (sp.csr_array([[1, np.nan], [np.inf, 0]]), "x has 2 values that are NaN or infinite"),
        (sp.csr_array([[1e300, 1]]), "x has 1 values that are NaN or infinite as float32"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_what_is_no_sparse_matrix_is_refused(matrix, message):
    with pytest.raises(ValueError, match=message):
        as_csr(matrix, "x")


def test_whole_numbers():
    assert whole_number(1, "k", 1, 3, "") == 1 and whole_number(np.int64(3), "k", 1, 3, "") == 3
    assert type(whole_number(np.uint8(3), "k", 1, np.inf, "")) is int
    for wrong in (0, 4, 2.0, True, np.True_, None, "2", np.nan):
        with pytest.raises(ValueError, match="k should be small, but is"):
            whole_number(wrong, "k", 1, 3, "small")


def test_labels_in_other_orders_are_refused():
    table = pd.DataFrame(np.eye(3), index=list("abc"), columns=list("xyz"))
    same_labels(one=table, other=table.copy())
    for wrong, axis in ((table.loc[["b", "a", "c"]], "rows"), (table[["y", "x", "z"]], "columns")):
        with pytest.raises(ValueError, match=f"The {axis} of one and other have different labels"):
            same_labels(one=table, other=wrong)
        same_labels(one=table.to_numpy(), other=wrong)
        same_labels(one=table, other=wrong.to_numpy())
    with pytest.raises(ValueError, match="rows"):
        same_labels(one=table["x"], other=table["x"].iloc[::-1])


def test_positive_int():
    assert type(positive_int(np.int64(3), "size")) is int and positive_int(1, "size") == 1
    for bad in (0, -1, True, 2.0, "2", None):
        with pytest.raises(ValueError, match=f"size should be a positive whole number, but is {bad!r}"):
            positive_int(bad, "size")


@pytest.mark.parametrize("value", [0.5, np.float32(0.5), np.array(0.5), ops.convert_to_tensor(0.5)])
def test_a_real_number_of_any_library(value):
    number = real_number(value, "share", lambda share: 0 <= share <= 1, "in [0, 1]")
    assert type(number) is float and number == 0.5


def test_real_numbers_keep_their_kind_and_reach_their_bounds():
    for value in (0, 1, np.int64(1), np.uint8(0)):
        assert type(real_number(value, "share", lambda share: 0 <= share <= 1, "in [0, 1]")) is int


@pytest.mark.parametrize("value", [-0.1, 1.1, np.nan, True, np.True_, "0.5", None, 0.5j, [0.5], np.array([0.5]), b"1"])
def test_what_is_no_fitting_number_is_refused(value):
    with pytest.raises(ValueError, match=r"share should be in \[0, 1\], but is"):
        real_number(value, "share", lambda share: 0 <= share <= 1, "in [0, 1]")


def test_masked_values_are_refused():
    with pytest.raises(ValueError, match=r"x has masked values.*x.filled\(0\)"):
        as_floats(np.ma.masked_greater([0.5, 1.0], 0.7), "x")
    assert as_floats(np.ma.masked_greater([0.5, 1.0], 2), "x").tolist() == [0.5, 1]


class TensorOfTorch:
    """What torch's tensors have, and refuse: no NumPy array before `detach`, none of 16 bits."""

    def __init__(self, itemsize, gradients=True):
        self.itemsize, self._gradients = itemsize, gradients

    def detach(self):
        return TensorOfTorch(self.itemsize, gradients=False)

    def cpu(self):
        return self

    def is_floating_point(self):
        return True

    def float(self):
        return TensorOfTorch(4, self._gradients)

    def __array__(self, dtype=None, copy=None):
        if self._gradients or self.itemsize < 4:
            raise RuntimeError("no NumPy array")
        return np.array([0.5, 1], np.float32)


def test_a_sparse_tensor_of_torch_is_refused():
    torch = pytest.importorskip("torch")
    for sparse in (torch.eye(2).to_sparse(), torch.eye(2).to_sparse_csr()):
        with pytest.raises(ValueError, match=r"x should be an array, but is a sparse tensor: give x.to_dense\(\)"):
            as_floats(sparse, "x")


@pytest.mark.parametrize("itemsize", [2, 4])
def test_tensors_of_torch_under_any_backend(itemsize):
    assert as_floats(TensorOfTorch(itemsize), "x").tolist() == [0.5, 1]
