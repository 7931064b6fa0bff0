"""What is left of damaged files."""

from __future__ import annotations

import contextlib
import random
from pathlib import Path

import h5py
import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver import errors

VALUES = {
    "first": np.arange(1000.0),
    "large": np.arange(50_000, dtype=np.float32),
    "text": np.array([b"one", b"two"], dtype=object),
    "last": np.arange(30_000, dtype=np.int64),
}


@pytest.fixture
def path(tmp_path):
    """A file with small, large and text values."""
    tf.save_file(VALUES, tmp_path / "x.h5")
    return tmp_path / "x.h5"


def offset_of(path, name):
    with h5py.File(path) as file:
        return file[f"variables/{name}"].id.get_offset()


def flip(path, *positions):
    content = bytearray(path.read_bytes())
    for position in positions:
        content[position] ^= 0xFF
    path.write_bytes(content)


def check(salvaged, lost):
    """Everything but what is lost is there, bit for bit, and nothing else."""
    assert set(lost) == set(salvaged.lost)
    assert VALUES.keys() - set(lost) == salvaged.variables.keys()
    for name, value in salvaged.variables.items():
        np.testing.assert_array_equal(VALUES[name], value)


def test_of_a_whole_file_everything_is_left(path):
    """All is there, and the file is not changed."""
    before = path.read_bytes()
    check(tf.salvage(path), [])
    assert before == path.read_bytes()


def test_values_that_are_damaged(path):
    """A flipped byte costs one variable; the others are whole."""
    flip(path, offset_of(path, "large") + 100)
    salvaged = tf.salvage(path)
    check(salvaged, ["large"])
    assert salvaged.lost["large"].startswith(f"{path}: the bytes of variable 'large' are not what was saved")


def test_a_seal_that_does_not_hold(path):
    """Damage to the padding, or to the record of the seal itself, costs nothing."""
    flip(path, offset_of(path, "large") - 1)
    with pytest.raises(errors.DataLossError):
        tf.open_file(path)
    check(tf.salvage(path), [])


def test_a_file_that_is_cut_short(path):
    """What lies behind the end is lost, and what lies before it is not."""
    size = offset_of(path, "last") + 5000
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(errors.DataLossError):
        tf.load_file(path)
    check(tf.salvage(path), ["last"])


def test_a_plain_file(tmp_path):
    """Of a file without digests, what can be read is what is left."""
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["a"] = np.arange(3)
        file.create_dataset("b", data=np.arange(100_000), chunks=(1000,), compression="gzip")
        chunk = file["b"].id.get_chunk_info(5)
    flip(tmp_path / "x.h5", chunk.byte_offset + 20)
    salvaged = tf.salvage(tmp_path / "x.h5")
    assert ["a"] == list(salvaged.variables)
    assert "chunk" in salvaged.lost["b"]


def test_several_models(tmp_path):
    """Each model of a file is salvaged by itself."""
    with tf.Session() as sess:
        w = tf.get_variable("w", initializer=[1.0, 2.0])
        sess.run(w.initializer)
        for name in ("teacher", "student"):
            tf.train.Saver(group=name).save(sess, tmp_path / "x")
    assert [1.0, 2.0] == tf.salvage(tmp_path / "x", group="student").variables["w"].tolist()
    with pytest.raises(errors.DataLossError, match="no group 'pupil'"):
        tf.salvage(tmp_path / "x", group="pupil")


def test_nothing_is_left(tmp_path, path, monkeypatch):
    """A file that is no HDF5 file any more, or whose structures hang the library, is said to be lost."""
    with pytest.raises(errors.NotFoundError):
        tf.salvage(tmp_path / "missing")
    Path(tmp_path / "noise.h5").write_bytes(random.Random(1).randbytes(10_000))  # noqa: S311, no secrets here
    with pytest.raises(errors.DataLossError, match=r"Nothing can be salvaged from .*noise\.h5"):
        tf.salvage(tmp_path / "noise.h5")
    with pytest.raises(errors.DataLossError, match="did not end within 0.001 seconds"):
        tf.salvage(path, timeout=0.001)


@pytest.mark.parametrize("seed", range(6))
def test_never_a_wrong_value(path, seed):
    """Whatever bytes are damaged: what is salvaged is what was saved."""
    generator = random.Random(seed)  # noqa: S311, no secrets here
    flip(path, *(generator.randrange(path.stat().st_size) for _ in range(20)))
    with contextlib.suppress(errors.DataLossError):
        salvaged = tf.salvage(path, timeout=30)
        check(salvaged, salvaged.lost)
