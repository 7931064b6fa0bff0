"""TensorFlow's checkpoints come back byte for byte, whatever the order of their data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.interop.bundle.bundle_writing import write_bundle
from hdfsaver.interop.bundle.open_tensorflow import open_bundle
from tests.interop.samples import GOLDEN

OBJECTS = GOLDEN.parent / "golden_data_order"
"""What TensorFlow 2.21 wrote, with Keras 3; see ``make_golden_data_order.py``."""

SUFFIXES = (".index", ".data-00000-of-00001")


def contents(prefix):
    """The bytes of index and data."""
    return [Path(f"{prefix}{suffix}").read_bytes() for suffix in SUFFIXES]


@pytest.mark.parametrize(
    ("source", "prefix"),
    [
        (OBJECTS / "model", OBJECTS / "model"),
        (OBJECTS / "module", OBJECTS / "module" / "variables" / "variables"),
        (OBJECTS / "module" / "variables" / "variables", OBJECTS / "module" / "variables" / "variables"),
        (GOLDEN / "every", GOLDEN / "every"),
        (GOLDEN / "quantized", GOLDEN / "quantized"),
    ],
)
@pytest.mark.parametrize("way", ["through HDF5", "through HDF5 twice", "directly"])
def test_a_checkpoint_comes_back_byte_for_byte(tmp_path, source, prefix, way):
    """A Keras model with its optimizer, a SavedModel, and tensors in the order of an operation's arguments."""
    with open_bundle(prefix) as file:
        names = list(file.variables)
    assert names != sorted(names) or "quantized" in source.name  # the order means something
    if way != "directly":
        tf.convert(source, tmp_path / "x.h5")
        source = tmp_path / "x.h5"
        with tf.open_file(source) as file:
            assert names == list(file)
    if way == "through HDF5 twice":
        tf.convert(source, tmp_path / "y.h5")
        source = tmp_path / "y.h5"
    tf.convert(source, tmp_path / "back")
    assert contents(prefix) == contents(tmp_path / "back")


def test_a_saver_sorts_names(tmp_path):
    """The checkpoint of a Saver becomes the files that TensorFlow's Saver writes: sorted by name."""
    for name, value in (("b", [1.0, 2.0]), ("a", [3.0]), ("Z", [4.0])):
        tf.Variable(value, name=name)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        path = tf.train.Saver().save(sess, tmp_path / "m")
    assert tf.convert(f"{path}.h5", tmp_path / "back").has_graph
    values = {"b": [1, 2], "a": [3], "Z": [4]}
    write_bundle(tmp_path / "sorted", {name: np.array(value, np.float32) for name, value in values.items()})
    assert contents(tmp_path / "sorted") == contents(tmp_path / "back")
    with open_bundle(tmp_path / "back") as file:
        assert ["Z", "a", "b"] == list(file.variables)


def test_several_data_files_become_one(tmp_path):
    """The number of data files is not kept; the values are."""
    tf.convert(GOLDEN / "two", tmp_path / "x.h5")
    tf.convert(tmp_path / "x.h5", tmp_path / "back")
    assert {"back.index", "back.data-00000-of-00001"} == {path.name for path in tmp_path.glob("back.*")}
    with open_bundle(GOLDEN / "two") as before, open_bundle(tmp_path / "back") as after:
        assert list(before.variables) == list(after.variables)
        assert all(np.array_equal(before[name], after[name]) for name in before)
