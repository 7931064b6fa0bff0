"""An element that cannot be read never takes the others along, whatever the file is used for."""

from __future__ import annotations

import json

import h5py
import numpy as np
import pytest
from h5py import h5d, h5p, h5s, h5t
from typer.testing import CliRunner

import hdfsaver as tf
from hdfsaver import errors
from hdfsaver.cli import app
from hdfsaver.graph.apply import apply_list


def _sequence(file):
    file.create_dataset("bad", (2,), h5py.vlen_dtype(np.int32))


def _soft_link(file):
    file["bad"] = h5py.SoftLink("/w")


def _external_link(file):
    file["bad"] = h5py.ExternalLink("/etc/passwd", "/x")


def _references(file):
    file.create_dataset("bad", data=np.array([file.ref], dtype=h5py.ref_dtype))


def _opaque(file):
    file["bad"] = np.zeros(2, "V5")


def _filter(file):
    file.create_dataset("bad", data=np.arange(4), chunks=(4,), scaleoffset=0)


def _virtual(file):
    layout = h5py.VirtualLayout((2,), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "x", (2,))
    file.create_virtual_dataset("bad", layout)


def _external_storage(file):
    file.create_dataset("bad", (4,), "u1", external=[("/etc/passwd", 0, 4)])


def _time(file):
    h5d.create(file.id, b"bad", h5t.UNIX_D64LE, h5s.create_simple((2,)))


def _long_float(file):
    datatype = h5t.IEEE_F64LE.copy()
    datatype.set_size(16)
    h5d.create(file.id, b"bad", datatype, h5s.create_simple((2,)))


def _filter_twice(file):
    properties = h5p.create(h5p.DATASET_CREATE)
    properties.set_chunk((4,))
    properties.set_deflate(1)
    properties.set_deflate(1)
    h5d.create(file.id, b"bad", h5t.STD_U8LE, h5s.create_simple((4,)), properties)


@pytest.fixture(
    params=[
        _sequence,
        _soft_link,
        _external_link,
        _references,
        _opaque,
        _filter,
        _virtual,
        _external_storage,
        _time,
        _long_float,
        _filter_twice,
    ]
)
def path(request, tmp_path):
    """A file with the array `w`, a table, a datatype with a name, odd attributes, and `bad`, which cannot be read."""
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["w"] = np.array([1.5, 2], np.float32)
        file["table"] = np.zeros(2, "f4,i4")
        file["named"] = np.dtype("f4")
        file["names"] = ["a", "b"]
        for node in (file, file["w"]):
            node.attrs["text"] = "of variable length"
            node.attrs["texts"] = ["a", "b"]
            node.attrs["ref"] = file.ref
            node.attrs["rows"] = np.zeros(2, "f4,i4")
            node.attrs["none"] = h5py.Empty("f4")
            node.attrs["dtype"] = "something"
        request.param(file)
    return str(tmp_path / "x.h5")


def _variable(name, dtype=np.float32):
    return tf.Variable(np.zeros(2, dtype), name=name)


def test_reading_by_name(path):
    """Only the function that promises everything, and what asks for the element itself, give its error."""
    assert [1.5, 2] == tf.train.load_variable(path, "w").tolist()
    assert [("names", [2]), ("table/f0", [2]), ("table/f1", [2]), ("w", [2])] == tf.train.list_variables(path)
    reader = tf.train.NewCheckpointReader(path)
    assert [1.5, 2] == reader.get_tensor("w").tolist()
    assert [b"a", b"b"] == reader.get_tensor("names").tolist()
    assert {"w", "names", "table/f0", "table/f1"} == set(reader.get_variable_to_shape_map())
    with tf.open_file(path) as file:
        assert {"bad"} == set(file.unreadable)
        assert [2] == file.get_slice("w")[1:].tolist()
        file.verify()
    for ask in (
        lambda: tf.train.load_variable(path, "bad"),
        lambda: reader.get_tensor("bad"),
        lambda: tf.load_file(path),
    ):
        with pytest.raises(errors.InvalidArgumentError, match="/bad"):
            ask()
    with pytest.raises(errors.NotFoundError, match="other"):
        tf.train.load_variable(path, "other")


def test_restoring(path):
    """A variable that the file holds is restored; one whose value cannot be read has its own reason."""
    w, bad = _variable("w"), _variable("bad")
    with tf.Session() as sess:
        tf.train.Saver([w]).restore(sess, path)
        assert [1.5, 2] == sess.run(w).tolist()
        sess.run(tf.global_variables_initializer())
        with pytest.raises(errors.InvalidArgumentError, match="/bad.*Nothing was restored"):
            tf.train.Saver([w, bad]).restore(sess, path)
        assert [0, 0] == sess.run(w).tolist()
        report = tf.train.Saver([w, bad]).restore(sess, path, strict=False)
        assert ("w",) == report.restored
        assert () == report.missing
        assert "/bad" in report.unreadable["bad"]
        assert "1 unreadable: 'bad'" in str(report)
        assert [1.5, 2] == sess.run(w).tolist()


def test_initial_values(path):
    """An assignment map may name what can be read."""
    w, bad = _variable("w"), _variable("bad")
    tf.train.init_from_checkpoint(path, {"w": w})
    with pytest.raises(errors.InvalidArgumentError, match=r"for variable bad:0\): /bad"):
        tf.train.init_from_checkpoint(path, {"bad": bad})
    with tf.Session() as sess:
        sess.run(w.initializer)
        assert [1.5, 2] == sess.run(w).tolist()


def test_the_operation_that_reads_a_checkpoint(path):
    """It raises the error of the tensor that it was asked for."""
    (good,) = apply_list("RestoreV2", path.encode(), ["w"], [""], dtypes=["float32"])
    (bad,) = apply_list("RestoreV2", path.encode(), ["bad"], [""], dtypes=["float32"])
    with tf.Session() as sess:
        assert [1.5, 2] == sess.run(good).tolist()
        with pytest.raises(errors.InvalidArgumentError, match="/bad"):
            sess.run(bad)


def test_the_command(path, tmp_path):
    """`ls` lists, `show` shows, and `convert` takes what it is asked for."""

    def run(*arguments):
        return CliRunner().invoke(app, [*map(str, arguments)])

    listed = run("ls", path, "--json")
    assert 0 == listed.exit_code, listed.output
    assert "w" in listed.output
    shown = run("show", path, "w", "--json")
    assert 0 == shown.exit_code
    assert [1.5, 2] == json.loads(shown.output)["arrays"][0]["values"]
    refused = run("show", path, "bad")
    assert 0 != refused.exit_code
    assert "/bad" in refused.output
    for options in (["--include", "w"], ["--exclude", "bad"]):
        target = tmp_path / f"{options[0].strip('-')}.npz"
        done = run("convert", path, target, *options, *(["--exclude", "names"] if options[0] == "--exclude" else []))
        assert 0 == done.exit_code, done.output
        with np.load(target) as arrays:
            assert [1.5, 2] == arrays["w"].tolist()
