"""A dict of arrays as a file, and a file as a dict of arrays."""

from __future__ import annotations

import re

import h5py
import ml_dtypes
import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

import hdfsaver as tf
from hdfsaver import dtypes, errors

DTYPES = [row.name for row in dtypes.TABLE if row.hdf5 is not None and not dtypes.as_dtype(row.name).is_quantized]


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_comes_back(tmp_path, dtype):
    """Of every dtype: the same bits, shape and dtype."""
    values = [b"a\0", b"", b"long" * 99] if dtype == "string" else [1, 2, 2] if "e8m0" in dtype else [0, 1, 1]
    array = np.array(values, dtype=object if dtype == "string" else dtypes.numpy_dtype(dtype))
    tf.save_file({"x": array}, tmp_path / "x.h5")
    found = tf.load_file(tmp_path / "x.h5")["x"]
    assert array.dtype == found.dtype
    assert array.tolist() == found.tolist()


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
        npst.arrays(
            npst.scalar_dtypes().filter(lambda dtype: dtype.kind in "biufc"), npst.array_shapes(min_dims=0, min_side=0)
        ),
        max_size=5,
    ),
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"]))
    ),
)
def test_any_dict_comes_back(tmp_path_factory, arrays, metadata):
    """Arrays of any names, shapes and byte orders are loaded exactly as saved, in order."""
    arrays = {
        name: array for name, array in arrays.items() if array.dtype.itemsize <= 16 and array.dtype.char not in "gG"
    }
    path = tmp_path_factory.getbasetemp() / "any.h5"
    tf.save_file(arrays, path, metadata, durable=False)
    with tf.open_file(path) as file:
        assert list(arrays) == list(file)
        assert metadata == file.metadata()
        for name, array in arrays.items():
            assert array.dtype.newbyteorder("=") == file[name].dtype.newbyteorder("=")
            np.testing.assert_array_equal(array, file[name])


def test_memory_layouts(tmp_path):
    """Transposed, strided and reversed arrays are saved as what they show."""
    array = np.arange(24.0).reshape(4, 6)
    views = {"T": array.T, "strided": array[::2, ::3], "reversed": array[::-1], "fortran": np.asfortranarray(array)}
    tf.save_file(views, tmp_path / "x.h5")
    for name, found in tf.load_file(tmp_path / "x.h5").items():
        np.testing.assert_array_equal(views[name], found)
        assert found.flags.writeable


class Wrapped:
    """An array of another library."""

    def __init__(self, array):
        self.array = array

    def __array__(self, dtype=None, copy=None):
        return self.array


class Packed:
    """An array of a library that knows DLPack alone."""

    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **options):
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


@pytest.mark.parametrize("compression", [None, "gzip"])
def test_subclasses_of_arrays(tmp_path, compression):
    """Of a subclass the plain values are written, nested or not, compressed or not."""
    values = np.arange(20_000.0).reshape(100, 200)
    given_arrays = {
        "matrix": values.view(np.matrix),
        "masked": np.ma.MaskedArray(values, values > 5),
        "nested": [values.view(np.recarray)],
        "text": np.ma.MaskedArray(np.array([b"a", b"b"], object), [True, False]),
    }
    tf.save_file(given_arrays, tmp_path / "x.h5", compression=compression)
    found = tf.load_file(tmp_path / "x.h5")
    assert [b"a", b"b"] == found.pop("text").tolist()
    for array in found.values():
        np.testing.assert_array_equal(values, array, strict=True)


def test_arrays_of_other_libraries(tmp_path):
    """Objects with an array interface are saved, and so are numbers and strings."""
    array = np.arange(3.0)
    values = {"wrapped": Wrapped(array), "packed": Packed(array), "scalar": np.float32(2), "number": 7, "text": "é"}
    tf.save_file(values, tmp_path / "x.h5")
    found = tf.load_file(tmp_path / "x.h5")
    np.testing.assert_array_equal(array, found["wrapped"])
    np.testing.assert_array_equal(array, found["packed"])
    assert ((), "float32", 2.0) == (found["scalar"].shape, found["scalar"].dtype.name, found["scalar"].item())
    assert (7, "é".encode()) == (found["number"].item(), found["text"].item())


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({"a": [np.zeros(2), {1}]}, "'a/1' is not an array but a builtins.set"),
        ({"a": {"b": range(2)}}, "'a/b' is not an array but a builtins.range"),
        ({"a": None}, "'a' is not an array"),
        ({1: np.zeros(2)}, "must be a str, not 1"),
        ([np.zeros(2)], "dict of arrays by name"),
        ({"a": np.zeros(2, "M8[s]")}, "'a' cannot be stored"),
        ({"a": np.array([object()])}, "'a'"),
        ({"a": Wrapped("no array")}, "'a'"),
    ],
)
def test_not_an_array(tmp_path, tensors, message):
    """Everything else is a TypeError that names it, and nothing is written."""
    (tmp_path / "x.h5").write_bytes(b"before")
    with pytest.raises(TypeError, match=re.escape(message)):
        tf.save_file(tensors, tmp_path / "x.h5")
    assert b"before" == (tmp_path / "x.h5").read_bytes()
    assert ["x.h5"] == [path.name for path in tmp_path.iterdir()]


def test_metadata_are_strings(tmp_path):
    """Values that are not strings are refused, and the error says how to convert them."""
    with pytest.raises(TypeError, match=r"'epoch' to 3; convert values with json.dumps"):
        tf.save_file({}, tmp_path / "x.h5", {"epoch": 3})  # type: ignore[dict-item]
    with pytest.raises(ValueError, match="surrogate"):
        tf.save_file({}, tmp_path / "x.h5", {"a": "\ud800"})


def test_an_open_file_is_a_mapping(tmp_path):
    """Names in order, values when they are asked for, KeyError for what is not there."""
    arrays = {"b": np.arange(6).reshape(2, 3), "a": np.float64(1)}
    tf.save_file(arrays, tmp_path / "x.h5")
    with tf.open_file(tmp_path / "x.h5") as file:
        assert (["b", "a"], 2, True, False) == (list(file.keys()), len(file), "a" in file, "c" in file)
        np.testing.assert_array_equal(arrays["b"], file.get_tensor("b"))
        assert "x.h5' with 2 arrays" in repr(file)
        for look in (file.__getitem__, file.get_slice):
            with pytest.raises(KeyError, match=r"x\.h5 has no array 'c'"):
                look("c")
        file.verify()
        part = file.get_slice("b")
    assert ([2, 3], tf.int64) == (part.get_shape(), part.get_dtype())
    with pytest.raises(errors.FailedPreconditionError, match="closed"):
        file["b"]


def test_parts_of_arrays(tmp_path):
    """A part is what NumPy's indexing gives, and owns its memory."""
    array = np.arange(60.0).reshape(3, 4, 5)
    tf.save_file({"x": array}, tmp_path / "x.h5")
    with tf.open_file(tmp_path / "x.h5") as file:
        part = file.get_slice("x")
        for index in (1, (slice(None), 2), (..., slice(None, None, -2)), (-1, slice(1, 3), 4), (0, 0, 0), slice(5, 9)):
            np.testing.assert_array_equal(array[index], part[index])
            assert type(array[index]) is type(part[index])
        assert part[1:].base is None
        with pytest.raises(IndexError, match="out of bounds"):
            part[3]


def test_a_savers_files_and_these_are_one_format(tmp_path):
    """A Saver's checkpoint is loaded as arrays, by prefix or file; a file of arrays is restored by a Saver."""
    w = tf.get_variable("w", initializer=[1.0, 2.0])
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        path = tf.train.Saver().save(sess, tmp_path / "m")
        assert [1.0, 2.0] == tf.load_file(path)["w"].tolist()
        assert {} == tf.open_file(f"{path}.h5").metadata()
        tf.save_file({"w": np.float32([5, 6])}, tmp_path / "arrays.h5")
        tf.train.Saver([w]).restore(sess, tmp_path / "arrays")
        assert [5.0, 6.0] == sess.run(w).tolist()


def test_files_of_other_programs(tmp_path):
    """A plain HDF5 file is a dict of arrays too, a dataset called metadata among them."""
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["metadata"] = np.arange(3)
        file["group/x"] = np.ones(2)
    assert {"group/x", "metadata"} == set(tf.load_file(tmp_path / "x.h5"))
    assert {} == tf.open_file(tmp_path / "x.h5").metadata()


def test_mapped_and_told(tmp_path):
    """Large arrays can be mapped, and both ways tell how far they are."""
    calls = []
    array = np.arange(100_000, dtype=ml_dtypes.bfloat16)
    tf.save_file({"x": array}, tmp_path / "x.h5", progress=lambda *call: calls.append(call))
    found = tf.load_file(tmp_path / "x.h5", mmap_mode="r")["x"]
    assert not found.flags.writeable
    np.testing.assert_array_equal(array, found)
    tf.load_file(tmp_path / "x.h5", progress=lambda *call: calls.append(call))
    assert [(200_000, 200_000)] * 2 == calls


def test_missing_and_damaged_files(tmp_path):
    """A missing name raises NotFoundError, a damaged file DataLossError."""
    with pytest.raises(errors.NotFoundError, match="nothing"):
        tf.load_file(tmp_path / "nothing.h5")
    tf.save_file({"x": np.arange(10)}, tmp_path / "x.h5", {"a": "b"})
    content = bytearray((tmp_path / "x.h5").read_bytes())
    content[content.index(b"metadata")] ^= 1
    (tmp_path / "x.h5").write_bytes(content)
    with pytest.raises(errors.DataLossError, match=r"x\.h5"):
        tf.open_file(tmp_path / "x.h5")


@pytest.mark.parametrize("size", [16, 1 << 16])
def test_values_without_digests(tmp_path, size):
    """With ``digests=False`` a damaged value comes back as it is in the file; the structure is checked all the same."""
    path = tmp_path / "x.h5"
    values = {"a": np.arange(size, dtype=np.int32), "packed": np.zeros(1 << 20, np.int8)}
    tf.save_file(values, path, compression={"packed": "gzip"})
    with tf.open_file(path) as file:
        extent = file.extent("a")
    assert extent is not None
    with path.open("r+b") as damaged:
        damaged.seek(extent[0])
        damaged.write(b"\x07")
    with pytest.raises(errors.DataLossError, match="'a' differ"):
        tf.load_file(path)
    found = tf.load_file(path, digests=False)
    assert found["a"].tolist() == [7, *range(1, size)]
    assert not found["packed"].any()
    with path.open("r+b") as damaged:
        damaged.seek(600)
        damaged.write(b"\xa5\x5a")
    with pytest.raises(errors.DataLossError):
        tf.load_file(path, digests=False)


def test_metadata_survive_a_reseal(tmp_path):
    """After another program changed a value, what the file says of itself is still there."""
    tf.save_file({"x": np.arange(10)}, tmp_path / "x.h5", {"author": "me"})
    with h5py.File(tmp_path / "x.h5", "r+") as file:
        file["variables/x"][0] = 5
    from hdfsaver.storage.resealing import reseal

    reseal(tmp_path / "x.h5")
    with tf.open_file(tmp_path / "x.h5") as opened:
        assert {"author": "me"} == opened.metadata()
        assert 5 == opened["x"][0]


def test_a_digraph_is_not_a_dict_of_arrays(tmp_path):
    """A file that holds a graph alone has no arrays."""
    tf.write_digraph(nx.DiGraph([(1, 2)]), tmp_path / "x.h5")
    assert {} == tf.load_file(tmp_path / "x.h5")


def test_a_part_of_a_text_without_dimensions(tmp_path):
    """The whole of it, as NumPy gives it, in a file of ours as in a plain one."""
    tf.save_file({"x": np.array(b"text", object)}, tmp_path / "x.h5")
    with h5py.File(tmp_path / "plain.h5", "w") as plain:
        plain["x"] = np.bytes_(b"text")
    for name in ("x.h5", "plain.h5"):
        with tf.open_file(tmp_path / name) as file:
            assert b"text" == file.get_slice("x")[()]
            assert b"text" == file.get_slice("x")[...]
