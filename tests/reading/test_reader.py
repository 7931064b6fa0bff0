"""The reader of one checkpoint: what it gives for each kind of tensor, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

import hdfsaver as tf


@pytest.fixture
def reader(folder):
    with tf.train.NewCheckpointReader(str(folder / "m-5")) as opened:
        yield opened


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("w", np.array([[1, 2]], np.float32)),
        ("none", np.zeros((0, 3), np.float32)),
        ("half", np.ones(2, np.float16)),
        ("texts", np.array([b"x", b"yy"], object)),
    ],
)
def test_arrays(reader, name, expected):
    """A tensor is a writable array of its dtype and shape; strings are bytes in an array of objects."""
    value = reader.get_tensor(name)
    assert (np.ndarray, expected.dtype, expected.shape) == (type(value), value.dtype, value.shape)
    np.testing.assert_array_equal(expected, value)
    value[...] = value[:1]
    np.testing.assert_array_equal(expected, reader.get_tensor(name))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("scalar", np.float64(3.5)),
        ("flag", np.bool_(True)),
        ("step", np.int64(7)),
        ("z", np.complex64(1 + 2j)),
        ("text", "caf\u00e9".encode()),
    ],
)
def test_scalars(reader, name, expected):
    """A tensor without dimensions is a NumPy scalar, or bytes."""
    value = reader.get_tensor(name)
    assert (type(expected), expected) == (type(value), value)


def test_bfloat16(reader):
    """The dtypes that NumPy lacks come as well."""
    value = reader.get_tensor("brain")
    assert ("bfloat16", [1.5]) == (value.dtype.name, value.tolist())


def test_maps(reader):
    """Shapes are lists by name, dtypes are TensorFlow's."""
    shapes, dtypes = reader.get_variable_to_shape_map(), reader.get_variable_to_dtype_map()
    assert set(shapes) == set(dtypes)
    assert ([1, 2], [], [0, 3]) == (shapes["w"], shapes["scalar"], shapes["none"])
    assert (tf.float32, tf.string, tf.bfloat16) == (dtypes["w"], dtypes["text"], dtypes["brain"])


def test_debug_string(reader):
    """One line a tensor, sorted, in bytes, with the dtypes as the enum spells them."""
    lines = reader.debug_string().split(b"\n")
    assert [b"brain (DT_BFLOAT16) [1]", b"flag (DT_BOOL) []", b"half (DT_HALF) [2]", b"none (DT_FLOAT) [0,3]"] == lines[
        :4
    ]
    assert [b"w (DT_FLOAT) [1,2]", b"w/Adam (DT_FLOAT) [1,2]", b"z (DT_COMPLEX64) []", b""] == lines[-4:]


def test_names(reader):
    """A name is that in the file, as str or bytes; the name of a graph's tensor, with `:0`, is not found."""
    assert (True, True, False, False) == tuple(map(reader.has_tensor, ("w", b"w/Adam", "w:0", "nope")))
    assert 7 == reader.get_tensor(tensor_str=b"step")
    for name in ("w:0", "nope", ""):
        with pytest.raises(tf.errors.NotFoundError, match="not found in checkpoint .*m-5.h5"):
            reader.get_tensor(name)


@pytest.mark.parametrize("name", [3, None, ["w"]])
def test_not_a_name(reader, name):
    """A name that is neither str nor bytes is a TypeError."""
    for ask in (reader.get_tensor, reader.has_tensor):
        with pytest.raises(TypeError, match="binary or unicode string"):
            ask(name)


@pytest.mark.parametrize("name", ["m-5", "m-5.h5", "m-5.meta"])
def test_a_prefix_or_the_file(folder, name):
    """A prefix, the file, and the name that the graph's file has in old programs, all lead to the file."""
    for path in (folder / name, str(folder / name), bytes(folder / name)):
        assert tf.train.NewCheckpointReader(path).has_tensor("w")
        assert tf.train.load_checkpoint(path).has_tensor("w")


@pytest.mark.parametrize("name", ["nope", "m", "m-*", "m-5.index", "\0", "x" * 5000])
def test_no_such_checkpoint(folder, name):
    """A missing checkpoint is a NotFoundError; no pattern is matched."""
    for opening in (tf.train.NewCheckpointReader, tf.train.load_checkpoint, tf.train.list_variables):
        with pytest.raises(tf.errors.NotFoundError, match="no checkpoint"):
            opening(f"{folder}/{name}")


def test_a_folder(folder, tmp_path):
    """`load_checkpoint` takes a folder for its latest checkpoint; a reader refuses it, as does an empty folder both."""
    assert 7 == tf.train.load_checkpoint(folder).get_tensor("step")
    with pytest.raises(tf.errors.DataLossError, match="directory"):
        tf.train.NewCheckpointReader(folder)
    with pytest.raises(ValueError, match="Couldn't find 'checkpoint' file"):
        tf.train.load_checkpoint(tmp_path)


@pytest.mark.parametrize("path", [3, None, ["m"]])
def test_not_a_path(path):
    """An object that is not a path is a TypeError."""
    for opening in (tf.train.NewCheckpointReader, tf.train.load_checkpoint, tf.train.list_variables):
        with pytest.raises(TypeError, match="must be a str"):
            opening(path)


@pytest.mark.parametrize("content", [b"", b"garbage", b"\x89HDF\r\n\x1a\n", None])
def test_damaged_files(folder, content):
    """A file that is empty, garbage or cut short is an OpError that names it."""
    file = folder / "m-5.h5"
    file.write_bytes(file.read_bytes()[:-100] if content is None else content)
    for opening in (tf.train.NewCheckpointReader, tf.train.load_checkpoint, tf.train.list_variables):
        with pytest.raises(tf.errors.OpError, match=r"m-5\.h5"):
            opening(folder / "m-5")


def test_a_damaged_value(folder):
    """Values are checked when they are read: one that differs from its digest is a DataLossError, others still come."""
    file = folder / "m-5.h5"
    place = file.read_bytes().index(np.array([1, 2], "<f4").tobytes())
    with file.open("r+b") as stream:
        stream.seek(place)
        stream.write(b"\xff")
    reader = tf.train.load_checkpoint(folder)
    with pytest.raises(tf.errors.DataLossError, match="'w'"):
        reader.get_tensor("w")
    assert 7 == reader.get_tensor("step")


def test_a_reader_keeps_its_file(folder):
    """If the file is replaced or removed, an open reader still reads the file that it opened."""
    reader = tf.train.load_checkpoint(folder)
    (folder / "m-5.h5").unlink()
    assert 7 == reader.get_tensor("step")


def test_closing(folder):
    """A closed reader knows its names and shapes but reads no more; closing twice does nothing."""
    with tf.train.NewCheckpointReader(folder / "m-5") as reader:
        assert isinstance(reader, tf.train.CheckpointReader)
    reader.close()
    assert reader.has_tensor("step")
    with pytest.raises(tf.errors.FailedPreconditionError, match="closed"):
        reader.get_tensor("step")
