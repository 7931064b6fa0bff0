"""Elements of datasets of any program: each datatype has a dtype, and the values that its bytes mean."""

from __future__ import annotations

import h5py
import ml_dtypes
import numpy as np
import pytest
from h5py import h5t

from hdfsaver import errors
from hdfsaver.storage.hdf5.elements import element_of, labelled


def _rows(values):
    """The bytes of each value, a row for each."""
    values = np.atleast_1d(values)
    return np.frombuffer(values.tobytes(), np.uint8).reshape(len(values), -1)


@pytest.mark.parametrize("code", ["i1", "i2", "i4", "i8", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_numbers_in_either_byte_order(code, order):
    """The dtype is the same, the values are in this machine's order."""
    values = np.array([1, 2, 100], f"{order}{code}") * (1 - 2j if code[0] == "c" else 1)
    values = values.astype(f"{order}{code}")
    found = element_of(h5t.py_create(values.dtype))
    assert np.dtype(code).name == found.dtype
    decoded = found.decode(_rows(values))
    assert decoded.dtype.isnative
    np.testing.assert_array_equal(values, decoded)


@pytest.mark.parametrize("order", [h5t.ORDER_LE, h5t.ORDER_BE])
@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize(
    ("size", "precision", "offset"), [(2, 12, 0), (2, 12, 3), (1, 3, 2), (3, 24, 0), (4, 31, 1), (8, 60, 4), (7, 50, 5)]
)
def test_integers_with_unused_bits(order, signed, size, precision, offset):
    """Only the significant bits count, whatever the others are; HDF5 gives the same numbers, in a longer integer.

    (HDF5 2.0 ignores the significant bits where only the byte order is to change.)
    """
    datatype = (h5t.STD_I64LE if signed else h5t.STD_U64LE).copy()
    datatype.set_precision(precision)
    datatype.set_offset(offset)
    datatype.set_size(size)
    datatype.set_order(order)
    rows = np.random.default_rng(0).integers(0, 256, (50, size), dtype=np.uint8)
    found = element_of(datatype)
    native = np.dtype("i8" if signed else "u8")
    buffer = np.concatenate([rows.reshape(-1), np.zeros(50 * 8, np.uint8)])
    h5t.convert(datatype, h5t.py_create(native), 50, buffer, None)
    np.testing.assert_array_equal(buffer[: 50 * 8].view(native), found.decode(rows))


@pytest.mark.parametrize(
    ("bits", "expected"),
    [((1, 4, 3), "float8_e4m3"), ((2, 6, 9), "float32"), ((3, 7, 16), "float32"), ((4, 10, 21), "float64")],
)
@pytest.mark.parametrize("order", [h5t.ORDER_LE, h5t.ORDER_BE])
def test_floats_of_other_layouts(bits, expected, order):
    """All codes have the values that the specification gives them, in the smallest float that has all of them."""
    size, exponent, mantissa = bits
    datatype = h5t.IEEE_F64LE.copy()
    datatype.set_fields(8 * size - 1, mantissa, exponent, 0, mantissa)
    datatype.set_ebias(2 ** (exponent - 1) - 1)
    datatype.set_precision(8 * size)
    datatype.set_size(size)
    datatype.set_order(order)
    found = element_of(datatype)
    assert expected == found.dtype
    codes = np.arange(0, 2 ** (8 * size), max(1, 2 ** (8 * size) // 5001), dtype=np.uint64)
    rows = codes.view(np.uint8).reshape(-1, 8)[:, :size]
    rows = np.ascontiguousarray(rows if order == h5t.ORDER_LE else rows[:, ::-1])
    buffer = np.concatenate([rows.reshape(-1), np.zeros(8 * len(rows), np.uint8)])
    h5t.convert(datatype, h5t.NATIVE_DOUBLE, len(rows), buffer, None)
    np.testing.assert_array_equal(buffer[: 8 * len(rows)].view(np.float64), found.decode(rows).astype(np.float64))


def test_a_bfloat_of_hdf5_and_the_small_floats():
    """These have dtypes of their own, which hold the bits."""
    for name in ("bfloat16", "float8_e5m2"):
        values = np.array([1.5, -2, np.inf], getattr(ml_dtypes, name))
        assert values.tobytes() == labelled(values.itemsize, name).decode(_rows(values)).tobytes()
    assert labelled(2, "float32") is None
    assert labelled(2, "int16") is None
    assert labelled(4, "bfloat16") is None
    assert labelled(2, "nonsense") is None


@pytest.mark.parametrize("size", [1, 2, 4, 8])
@pytest.mark.parametrize("order", ["LE", "BE"])
def test_bitfields_are_unsigned_integers(size, order):
    """As h5py reads them, unless another program says that they are booleans."""
    datatype = getattr(h5t, f"STD_B{8 * size}{order}")
    values = np.array([0, 1, 255], f"{'<' if order == 'LE' else '>'}u{size}")
    found = element_of(datatype)
    assert f"uint{8 * size}" == found.dtype
    np.testing.assert_array_equal(values, found.decode(_rows(values)))
    assert ("bool" if size == 1 else found.dtype) == element_of(datatype, bits_are_truth=True).dtype


@pytest.mark.parametrize(("code", "names"), [("u1", "ab"), (">i2", "ab"), ("i4", "abc")])
def test_enumerations_are_their_integers(code, names):
    """Whatever the members are called."""
    dtype = h5py.enum_dtype({name: index for index, name in enumerate(names)}, code)
    found = element_of(h5t.py_create(dtype, logical=True))
    assert np.dtype(code).newbyteorder("=").name == found.dtype
    assert [0, 1] == found.decode(_rows(np.array([0, 1], code))).tolist()


@pytest.mark.parametrize("code", ["i1", "u1", "<i4", ">u2"])
def test_enumerations_of_false_and_true_are_booleans(code):
    """In any integer; a value that is not a member is damage."""
    found = element_of(h5t.py_create(h5py.enum_dtype({"FALSE": 0, "TRUE": 1}, code), logical=True))
    assert "bool" == found.dtype
    assert [False, True] == found.decode(_rows(np.array([0, 1], code))).tolist()
    with pytest.raises(errors.DataLossError, match="neither 0 nor 1"):
        found.decode(_rows(np.array([0, 2], code)))


@pytest.mark.parametrize("names", [("r", "i"), ("re", "im"), ("real", "imag"), ("Real", "Imaginary")])
@pytest.mark.parametrize("part", ["<f4", ">f8", "<f2"])
@pytest.mark.parametrize("swapped", [False, True])
def test_complex_numbers_by_the_names_of_their_parts(names, part, swapped):
    """In either order, with gaps."""
    size = np.dtype(part).itemsize
    offsets = [size + 1, 0] if swapped else [0, size + 1]
    dtype = np.dtype({"names": names, "formats": [part, part], "offsets": offsets, "itemsize": 2 * size + 3})
    values = np.zeros(2, dtype)
    values[names[0]], values[names[1]] = [1, 2], [3, -4]
    found = element_of(h5t.py_create(dtype))
    assert ("complex128" if part == ">f8" else "complex64") == found.dtype
    assert [1 + 3j, 2 - 4j] == found.decode(_rows(values)).tolist()


@pytest.mark.skipif(not hasattr(h5t, "COMPLEX"), reason="the HDF5 library has no complex numbers before 2.0")
@pytest.mark.parametrize(("name", "part"), [("F32LE", "<f4"), ("F64BE", ">f8"), ("F16LE", "<f2")])
def test_complex_numbers_of_hdf5_itself(name, part):
    """HDF5 2.0 has a class for them."""
    found = element_of(getattr(h5t, f"COMPLEX_IEEE_{name}"))
    assert ("complex128" if part == ">f8" else "complex64") == found.dtype
    assert [1 + 3j, 2 - 4j] == found.decode(_rows(np.array([1, 3, 2, -4], part).reshape(2, 2))).tolist()


@pytest.mark.parametrize(
    ("padding", "stored", "expected"),
    [
        (h5t.STR_NULLTERM, b"a\0b\0", b"a"),
        (h5t.STR_NULLTERM, b"abcd", b"abcd"),
        (h5t.STR_NULLPAD, b"a\0b\0", b"a\0b"),
        (h5t.STR_NULLPAD, b"a b ", b"a b "),
        (h5t.STR_SPACEPAD, b"a b ", b"a b"),
        (h5t.STR_SPACEPAD, b"ab\0\0", b"ab"),
        (h5t.STR_SPACEPAD, b"a \0 ", b"a"),
        (h5t.STR_SPACEPAD, b"a\0b ", b"a\0b"),
        (h5t.STR_SPACEPAD, b"\0\0  ", b""),
    ],
)
def test_text_ends_where_its_padding_begins(padding, stored, expected):
    """Text padded with spaces may be padded with NULs as well, as programs in C leave it."""
    datatype = h5t.C_S1.copy()
    datatype.set_size(4)
    datatype.set_strpad(padding)
    found = element_of(datatype)
    assert "string" == found.dtype
    assert [expected] == found.decode(_rows(np.array(stored, "V4"))).tolist()


def test_array_datatypes_are_further_dimensions():
    """Also of each other, and of text."""
    inner = h5t.array_create(h5t.STD_I16BE, (2,))
    found = element_of(h5t.array_create(inner, (3, 1)))
    values = np.arange(12, dtype=">i2").reshape(2, 3, 1, 2)
    assert ("int16", (3, 1, 2)) == (found.dtype, found.shape)
    np.testing.assert_array_equal(values, found.decode(_rows(values.reshape(2, -1).view("V12")[:, 0])))
    text = element_of(h5t.array_create(h5t.py_create(np.dtype("S2")), (2,)))
    assert [[b"ab", b"c"]] == text.decode(_rows(np.array(b"abc\0", "V4"))).tolist()


@pytest.mark.parametrize(
    "datatype",
    [
        h5t.STD_REF_OBJ,
        h5t.UNIX_D64LE,
        h5t.vlen_create(h5t.STD_I32LE),
        h5t.py_create(np.dtype("<f4,<i4")),
        h5t.py_create(np.dtype("V4")),
        h5t.py_create(np.dtype([("r", "<f4"), ("i", "<f8")])),
        h5t.py_create(np.dtype([("r", "<i4"), ("i", "<i4")])),
        h5t.array_create(h5t.STD_REF_OBJ, (2,)),
    ],
)
def test_what_no_dtype_is_for_is_not_read(datatype):
    """Neither references nor times, sequences, tables, or opaque values."""
    assert element_of(datatype) is None


def _changed(datatype, **values):
    made = datatype.copy()
    for name, value in values.items():
        getattr(made, f"set_{name}")(*value)
    return made


@pytest.mark.parametrize(
    "datatype",
    [
        _changed(h5t.STD_I64LE, size=[16]),
        _changed(h5t.IEEE_F64LE, size=[16]),
        _changed(h5t.IEEE_F64LE, ebias=[100]),
        _changed(h5t.IEEE_F64LE, norm=[h5t.NORM_NONE]),
        _changed(h5t.IEEE_F64LE, fields=(63, 50, 13, 0, 50)),
    ],
)
def test_numbers_that_no_dtype_holds_are_not_read(datatype):
    """Their digits would be lost, or their layout is rare."""
    assert element_of(datatype) is None
