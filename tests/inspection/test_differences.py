"""Differences of files: arrays by name, dtype, shape and value, and graphs."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

import hdfsaver
import hdfsaver as tf
from hdfsaver import errors
from hdfsaver.inspection import array_blocks, differences
from hdfsaver.inspection.differences import diff
from hdfsaver.inspection.number_differences import distance


def save(path, **values):
    """A file of arrays."""
    hdfsaver.save_file(values, path)
    return path


def test_everything_that_may_differ(tmp_path):
    """A missing array, a shape, a dtype and values are found, in the order of the files."""
    one = save(tmp_path / "a.h5", same=np.ones(3), gone=np.ones(1), s=np.zeros(2), d=np.ones(2), v=np.arange(4.0))
    values = {"same": np.ones(3), "s": np.zeros(3), "d": np.ones(2, np.float32), "v": np.array([0, 1, 2.5, 3])}
    other = save(tmp_path / "b.h5", **values, new=np.ones(1))
    found = diff(one, other)
    expected = [("gone", "only in a"), ("s", "shape"), ("d", "dtype"), ("v", "values"), ("new", "only in b")]
    assert (False, 6, expected) == (found.same, found.compared, [(it.name, it.what) for it in found.arrays])
    apart = found.arrays[3].distance
    assert apart is not None
    assert (4, 1, 1, 0.5, 0.125) == (*apart[:4], apart.mean)
    assert ["d", "v"] == [it.name for it in diff(one, other, include=["?"], values=True).arrays if it.what != "shape"]
    assert ["v"] == [it.name for it in diff(one, other, include=["d", "v"], ignore_dtypes=True).arrays]
    assert [] == diff(one, other, include=["v"], values=False).arrays
    assert diff(one, one).same


@pytest.mark.parametrize(
    ("rtol", "atol", "same"), [(0, 0, False), (0, 0.5, True), (0.2, 0, True), (0.1, 0.2, False), (0.1, 0.3, True)]
)
def test_tolerances(tmp_path, rtol, atol, same):
    """A difference is one if it is more than `atol + rtol * abs(b)`; one within is named all the same."""
    one, other = save(tmp_path / "a.h5", v=np.array([2.0])), save(tmp_path / "b.h5", v=np.array([2.5]))
    found = diff(one, other, rtol=rtol, atol=atol)
    assert same == found.same
    assert (["v"] if same else []) == list(found.within)
    with pytest.raises(ValueError, match="not negative"):
        diff(one, other, rtol=-1)


def test_files_of_any_kinds(tmp_path):
    """A checkpoint is the same as the one of TensorFlow that it is converted to, and its graph too."""
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.matmul(tf.placeholder(tf.float32, [None, 2], "x"), tf.get_variable("w", [2, 3]), name="y")
        sess.run(tf.global_variables_initializer())
        tf.train.Saver().save(sess, tmp_path / "m.ckpt")
    hdfsaver.convert(tmp_path / "m.ckpt", tmp_path / "t.ckpt")
    hdfsaver.convert(tmp_path / "m.ckpt", tmp_path / "m.safetensors")
    found = diff(tmp_path / "m.ckpt", tmp_path / "t.ckpt")
    assert found.same
    assert found.graph.a == found.graph.b
    found = diff(tmp_path / "m.ckpt", tmp_path / "m.safetensors")
    assert (True, None) == (found.same, found.graph)


def test_graphs(tmp_path):
    """Operations that were added, removed and changed are named, with what changed."""
    for name, factor in (("a", 2.0), ("b", 3.0)):
        with tf.Graph().as_default() as graph:
            x = tf.placeholder(tf.float32, [None], "x")
            y = tf.multiply(x, tf.constant(factor, name="c"), name="y")
            (tf.nn.relu if name == "a" else tf.nn.elu)(y, name="z")
            tf.identity(y, name=f"only_{name}")
            tf.train.write_graph(graph, tmp_path, f"{name}.pb", as_text=False)
    found = diff(tmp_path / "a.pb", tmp_path / "b.pb").graph
    assert (["only_a"], ["only_b"], ["c", "z"]) == (found.only_a, found.only_b, list(found.changed))
    assert (["attribute value: 2.0 -> 3.0"], ["type: Relu -> Elu"]) == tuple(found.changed.values())


def test_an_array_larger_than_a_block(tmp_path, monkeypatch):
    """Arrays that are compared block by block have the same distance as at once."""
    rng = np.random.default_rng(0)
    one = rng.standard_normal((40, 30)).astype(np.float32)
    other = one * (1 + (rng.random((40, 30)) < 0.2) * 1e-3).astype(np.float32)
    files = save(tmp_path / "a.h5", v=one), save(tmp_path / "b.h5", v=other)
    (at_once,) = diff(*files).arrays
    for module in (array_blocks, differences):
        monkeypatch.setattr(module, "AT_ONCE", 100)
    monkeypatch.setattr(array_blocks, "_BLOCK", 500)
    (in_blocks,) = diff(*files).arrays
    assert at_once.distance.ulps == in_blocks.distance.ulps
    assert (at_once.distance.ulps or 0) > 1000
    assert np.allclose(at_once.distance, in_blocks.distance)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn])
def test_units_in_the_last_place(dtype):
    """Neighbours are 1 apart, also at 0 and about it; both zeros are equal."""
    one = np.array([1, -2, 0, 0.5], dtype)
    step = np.array([1 + np.float64(ml_dtypes.finfo(dtype).eps), -2, 0, 0.5], dtype)
    tiny = np.array([1, -2, ml_dtypes.finfo(dtype).smallest_subnormal, 0.5], dtype)
    pairs = ((one, step), (one, tiny), (-tiny[2:3], tiny[2:3]))
    assert [1, 1, 2] == [distance(a, b, 0, 0).ulps for a, b in pairs]
    assert (0, 0) == distance(np.array([0.0], dtype), np.array([-0.0], dtype), 0, 0)[1:3]


@pytest.mark.parametrize(
    ("a", "b", "unequal", "beyond", "largest"),
    [
        ([np.nan, 1], [np.nan, 1], 0, 0, 0),
        ([np.nan, 1], [np.nan, 2], 1, 1, 1),
        ([np.nan, 1], [2, 1], 1, 1, np.nan),
        ([np.inf, -np.inf], [np.inf, np.inf], 1, 1, np.inf),
        ([np.inf], [1], 1, 1, np.inf),
        (np.array([2**63 - 1]), np.array([2**63 - 2]), 1, 1, 1),
        (np.array([2**63 - 1]), np.array([-(2**63)]), 1, 1, 2.0**64),
        (np.array([255], np.uint8), np.array([0], np.uint8), 1, 1, 255),
        (np.array([127, 1], np.int8), np.array([-128, 1], np.int8), 1, 1, 255),
        (np.array([1 + 1j]), np.array([1 - 1j]), 1, 1, 2),
        (np.array([True]), np.array([False]), 1, 1, 1),
        (np.array([b"a", b"b"], object), np.array([b"a", b"c"], object), 1, 1, 0),
    ],
)
def test_numbers_of_every_kind(a, b, unequal, beyond, largest):
    """NaN is equal to NaN alone, infinity is beyond every tolerance, and whole numbers are exact."""
    found = distance(np.asarray(a), np.asarray(b), 0.0, 0.5 if np.asarray(a).dtype.kind == "f" else 0.0)
    assert (unequal, beyond) == (found.unequal, found.beyond)
    assert np.array_equal(largest, found.largest, equal_nan=True)


def test_errors(tmp_path):
    """A name that neither file has, and a file that does not exist."""
    one = save(tmp_path / "a.h5", v=np.ones(1))
    with pytest.raises(errors.NotFoundError, match="no tensor 'w'"):
        diff(one, one, include=["w"])
    with pytest.raises(errors.NotFoundError, match="nothing"):
        diff(one, tmp_path / "nothing.h5")
