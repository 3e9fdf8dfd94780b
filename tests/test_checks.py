import keras
import numpy as np
import pytest
import scipy.sparse
from keras import ops

from ae_helpers.checks import as_floats, same_shape

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
        ([-np.inf], "x has 1 values that are NaN or infinite"),
        (np.zeros((0, 3)), r"x is empty: its shape is \(0, 3\)"),
        ([[1], [1, 2]], "x should be an array, but its rows differ in length"),
        (["a"], "x should hold numbers, but its dtype is <U1"),
        (None, "x should hold numbers, but its dtype is object"),
        (np.array([1j]), "its dtype is complex128"),
        (np.array(["2020"], "datetime64[Y]"), "its dtype is datetime64"),
        (scipy.sparse.csr_array([[1.0]]), r"but is a sparse csr_array: give x\.toarray\(\)"),
    ],
)
def test_refuses(values, message):
    with pytest.raises(ValueError, match=message):
        as_floats(values, "x", unit_range=True)


def test_same_shape():
    same_shape(np.ones((2, 3)), np.zeros((2, 3)))
    with pytest.raises(ValueError, match=r"same shape, but have \(2, 3\) and \(2, 1\)"):
        same_shape(np.ones((2, 3)), np.zeros((2, 1)))
