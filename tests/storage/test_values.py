"""Values on their way into a file."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

from hdfsaver.storage.values import layout_key, prepare, prepare_all
from hdfsaver.tensor_info import nbytes_of


def test_a_plain_array_is_not_copied():
    """Contiguous little-endian arrays are written from their own memory."""
    array = np.arange(6.0).reshape(2, 3)
    assert np.shares_memory(array, prepare("x", array).data)
    assert prepare("x", array, is_live=False).data is array


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=">i4").reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(12.0)[::2],
        np.array(3, dtype=">f8"),
        np.broadcast_to(np.float32(2), (3, 4)),
    ],
)
def test_other_layouts_are_brought_into_order(array):
    """Big-endian, Fortran-ordered, strided and broadcast arrays become contiguous little-endian ones of their shape."""
    value = prepare("x", array)
    assert array.shape == value.shape == value.data.shape
    assert array.astype(array.dtype.newbyteorder("<")).tobytes() == value.data.tobytes()
    assert array.nbytes == nbytes_of(value.dtype, value.shape)


def test_the_dtype_may_be_named():
    """Quantized dtypes share NumPy's integers, so that their names come with the value; a reference's is as good."""
    array = np.zeros(2, np.int8)
    assert "int8" == prepare("x", array).dtype
    assert "qint8" == prepare("x", array, "qint8").dtype
    assert {"dtype": "qint8"} == prepare("x", array, "qint8").attributes
    assert "int8" == prepare("x", array, "int8_ref").dtype


@pytest.mark.parametrize(
    ("array", "dtype", "match"),
    [
        (np.zeros(2, np.int8), "qint32", "'v'.*qint32.*int8"),
        (np.zeros(2, object), "resource", "'v'.*'resource'.*cannot be stored"),
        (np.zeros(2, np.int8), "nonsense", "'v'.*'nonsense'"),
        (np.zeros(2, ml_dtypes.int1), None, "'v'.*int1"),
        (np.zeros(2, object), "variant", "'v'.*'variant'.*Cast it"),
        (np.zeros(2, "M8[s]"), None, "'v'.*datetime64"),
        (np.zeros(2, "i4,f4"), None, "'v'"),
        (np.array([1, None], object), None, "'v'.*bytes or str, not int"),
    ],
)
def test_what_cannot_be_stored_is_a_type_error(array, dtype, match):
    """The error names the variable and what it has."""
    with pytest.raises(TypeError, match=match):
        prepare("v", array, dtype)


def test_more_dimensions_than_hdf5_has():
    """NumPy knows 64 dimensions, HDF5 32."""
    assert 32 == prepare("v", np.zeros((1,) * 32)).data.ndim
    with pytest.raises(ValueError, match=r"'v' has 33 dimensions.*at most 32"):
        prepare("v", np.zeros((1,) * 33))


def test_a_text_with_a_surrogate_names_the_variable():
    """UTF-8 cannot write it."""
    with pytest.raises(ValueError, match="'v'.*surrogates"):
        prepare("v", np.array(["a\ud800"], object))


def test_the_key_tells_layouts_apart():
    """Another name, order, dtype, shape or width of text, or a NUL in it, is another layout; another value is not."""

    def key(**arrays):
        return layout_key(prepare_all({name: np.array(array) for name, array in arrays.items()}, {}))

    assert key(a=[1.0], b=[2.0]) == key(a=[3.0], b=[4.0])
    assert key(s=[b"abc"]) == key(s=[b"xyc"])
    assert key(s=[b"abc"]) != key(s=[b"x\0c"])
    layouts = [key(a=[1.0], b=[2.0]), key(b=[2.0], a=[1.0]), key(a=[1.0]), key(a=[1]), key(a=[1.0, 2.0]), key(a=1.0)]
    layouts += [key(a=[b"x"]), key(a=[b"xy"])]
    assert len(layouts) == len(set(layouts))
