"""The table of dtypes, and the DType objects of its rows."""

from __future__ import annotations

import pickle

import ml_dtypes
import numpy as np
import pytest

from hdfsaver import dtypes


@pytest.mark.parametrize("column", ["name", "enum", "onnx", "safetensors", "torch"])
def test_a_word_means_one_dtype(column):
    """In every vocabulary a word belongs to one row."""
    words = [getattr(row, column) for row in dtypes.TABLE if getattr(row, column) is not None]
    assert len(words) == len(set(words))


@pytest.mark.parametrize("row", dtypes.TABLE, ids=lambda row: row.name)
def test_every_spelling_finds_its_row(row):
    """Name, number, reference and NumPy's dtype lead to the same dtype."""
    dtype = dtypes.as_dtype(row.name)
    if row.enum is not None:
        assert dtype is dtypes.as_dtype(row.enum)
        assert dtype is dtypes.as_dtype(row.enum + 100).base_dtype
    assert dtype is dtypes.as_dtype(row.name + "_ref").base_dtype
    if not (dtype.is_quantized or row.name in ("resource", "variant")):
        assert dtype is dtypes.as_dtype(np.dtype(row.numpy))
    assert dtypes.numpy_dtype(row.name + "_ref") == np.dtype(row.numpy)


@pytest.mark.parametrize(
    "row", [row for row in dtypes.TABLE if isinstance(row.hdf5, dtypes.Float)], ids=lambda r: r.name
)
def test_float_columns_agree_with_finfo(row):
    """The bits that the HDF5 column gives are those that NumPy's dtype has."""
    info = ml_dtypes.finfo(row.numpy)
    assert (info.bits, info.nmant, 2 - info.minexp - 1) == (8 * row.hdf5.size, row.hdf5.mantissa_bits, row.hdf5.bias)
    assert 1 + row.hdf5.exponent_bits + row.hdf5.mantissa_bits == info.bits


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("float", "float32"),
        ("double", "float64"),
        ("half", "float16"),
        ("float_ref", "float32_ref"),
        (float, "float32"),
        (bool, "bool"),
        (object, "string"),
        (np.dtype(">i4"), "int32"),
        (np.dtype("S5"), "string"),
        (np.float64(1.0), "float64"),
        (np.zeros(2, np.int16), "int16"),
    ],
)
def test_other_spellings(value, name):
    """TensorFlow's names are not NumPy's: "float" is float32; byte order and length of text do not matter."""
    assert name == dtypes.as_dtype(value).name


@pytest.mark.parametrize(
    "value", ["nope", "int", "str", "complex", "f4", ">i4", int, str, np.dtype("M8[s]"), 3.5, None, [1], 999]
)
def test_not_a_dtype(value):
    """Anything else is a TypeError that lists the dtypes: words of NumPy too, and None is not taken for float64."""
    with pytest.raises(TypeError, match="float32"):
        dtypes.as_dtype(value)


def test_by_number():
    """A dtype is had by its number in TensorFlow's messages; it is the one object that there is."""
    assert dtypes.DType(1) is dtypes.float32
    assert "float32_ref" == dtypes.DType(101).name
    with pytest.raises(TypeError, match="999"):
        dtypes.DType(999)


def test_dtypes_that_tensorflow_lacks():
    """They can be stored and read; where TensorFlow's number is needed, they are refused by name."""
    dtype = dtypes.as_dtype("float6_e3m2fn")
    assert (True, 1, 28.0) == (dtype.is_floating, dtype.size, float(dtype.max))
    assert dtype is pickle.loads(pickle.dumps(dtype))
    assert {dtype: 1}[dtype] == 1
    with pytest.raises(TypeError, match="no dtype float6_e3m2fn"):
        _ = dtype.as_datatype_enum


def test_limits_of_images():
    """Pixels are between 0 and 1 in floats, and up to the largest integer otherwise."""
    assert ((0, 1), (0, 255), (0, 127)) == (dtypes.float32.limits, dtypes.uint8.limits, dtypes.int8.limits)
    with pytest.raises(ValueError, match="string"):
        _ = dtypes.string.limits


def test_properties():
    """Dtypes answer TensorFlow's questions."""
    assert dtypes.float32.is_floating
    assert dtypes.bfloat16.is_floating
    assert dtypes.float8_e4m3fn.is_floating
    assert not dtypes.float8_e4m3fn.is_integer
    assert dtypes.int4.is_integer
    assert dtypes.uint8.is_unsigned
    assert dtypes.complex64.is_complex
    assert dtypes.float32 is dtypes.complex64.real_dtype
    assert dtypes.qint8.is_quantized
    assert not dtypes.qint8.is_integer
    assert dtypes.bool_.is_bool
    assert (4, 1, 1) == (dtypes.float32.size, dtypes.string.size, dtypes.int4.size)
    assert (-128, 127) == (dtypes.int8.min, dtypes.int8.max)
    assert 448.0 == float(dtypes.float8_e4m3fn.max)
    assert (-2, 1, 3) == (dtypes.int2.min, dtypes.int2.max, dtypes.uint2.max)
    assert (True, True, False) == (dtypes.int2.is_integer, dtypes.uint2.is_unsigned, dtypes.int2.is_unsigned)
    assert dtypes.float4_e2m1fn.is_floating
    assert 6.0 == float(dtypes.float4_e2m1fn.max)
    assert dtypes.float32.is_compatible_with("float32_ref")
    assert not dtypes.as_dtype("float32_ref").is_compatible_with("float32")
    assert dtypes.qint8 in dtypes.QUANTIZED_DTYPES
    assert object is dtypes.string.as_numpy_dtype
    with pytest.raises(TypeError, match="string"):
        _ = dtypes.string.max


def test_numbers_and_subtypes():
    """What is numeric is as in TensorFlow; a dtype is a subtype of itself alone."""
    numeric = {"float32", "bfloat16", "int8", "uint64", "complex64", "qint8"}
    other = {"bool", "string", "resource", "int4", "float8_e5m2", "int2", "float4_e2m1fn"}
    assert numeric == {name for name in numeric | other if dtypes.as_dtype(name).is_numeric}
    assert dtypes.float32.is_subtype_of(dtypes.float32)
    assert not dtypes.float32.is_subtype_of(dtypes.int32)
    assert dtypes.float32 is dtypes.float32.most_specific_common_supertype([dtypes.float32])
    assert dtypes.float32.most_specific_common_supertype([dtypes.int32]) is None


def test_comparing():
    """A dtype equals whatever is read as it, and nothing else; a reference is another dtype."""
    assert dtypes.float32 == np.float32
    assert dtypes.float32 == "float32"
    assert dtypes.float32 != "int32"
    assert dtypes.float32 != dtypes.as_dtype("float32_ref")
    assert dtypes.float32 != "nonsense"
    assert dtypes.float32 is pickle.loads(pickle.dumps(dtypes.float32))
    assert ("<dtype: 'float32'>", "tf.float32") == (str(dtypes.float32), repr(dtypes.float32))
