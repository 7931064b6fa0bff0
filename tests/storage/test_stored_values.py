"""Values that get into another file with the bytes that they have."""

from __future__ import annotations

import re

import h5py
import numpy as np
import pytest

from hdfsaver import errors
from hdfsaver.storage.chunks import chunk_codecs
from hdfsaver.storage.chunks.compression import Compression
from hdfsaver.storage.reading import open_file
from hdfsaver.storage.writing import Model, Writer, write_file


def _large(seed=0):
    return np.random.default_rng(seed).normal(size=(700, 500)).astype(np.float32)


def _copied(source, path, *, unpacked=False, compression=None, names=None):
    """Write a file with the stored bytes of another one."""
    with open_file(source) as file:
        names = names or {name: name for name in file}
        values = {new: file.stored(old, unpacked=unpacked) for new, old in names.items()}
        known = {new: file.variables[old].dtype for new, old in names.items()}
        Writer().write(path, {"": Model(values, None, known, compression or {})})


def test_every_dtype_is_copied(tmp_path, every_dtype):
    """A copy under the same names is the same file, whatever the dtypes."""
    values = dict(every_dtype)
    for name, value in every_dtype.items():
        values[f"{name}_scalar"] = value.reshape(-1)[:1].reshape(())
    values["joined"] = np.array([b"a" * 70_000, b"", b"c"], object)
    values["empty"] = np.zeros((0, 3), np.float32)
    write_file(tmp_path / "a.h5", variables=values, structure=None, dtypes={name: name for name in every_dtype})
    _copied(tmp_path / "a.h5", tmp_path / "b.h5")
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


@pytest.mark.parametrize("codec", [codec.name for codec in chunk_codecs.TABLE])
def test_chunks_are_copied_without_a_codec(tmp_path, codec, monkeypatch):
    """The chunks of a compressed value are neither decoded nor encoded; filters and their parameters are the same."""
    values = {"w": _large(), "small": np.arange(5)}
    Writer().write(tmp_path / "a.h5", {"": Model(values, None, {}, {"w": Compression(codec)})})
    with monkeypatch.context() as patch:
        patch.setattr("hdfsaver.storage.chunks.chunk_reading.undo", None)
        patch.setattr("hdfsaver.storage.chunks.chunk_writing.Packing.filtered", None)
        _copied(tmp_path / "a.h5", tmp_path / "b.h5", names={"scope/w": "w", "small": "small"})
    with open_file(tmp_path / "b.h5") as file:
        file.verify()
        assert file.variables["scope/w"].filters == open_file(tmp_path / "a.h5").variables["w"].filters
        np.testing.assert_array_equal(file["scope/w"], values["w"])
    with h5py.File(tmp_path / "a.h5") as old, h5py.File(tmp_path / "b.h5") as new:
        one, other = old["variables/w"].id.get_create_plist(), new["variables/scope/w"].id.get_create_plist()
        assert [one.get_filter(i)[:3] for i in range(2)[: one.get_nfilters()]] == [
            other.get_filter(i)[:3] for i in range(2)[: other.get_nfilters()]
        ]


def test_a_compressed_value_is_unpacked_or_packed_again(tmp_path):
    """It can be stored in one block, or with another codec; the digest of its values stays the same."""
    Writer().write(tmp_path / "a.h5", {"": Model({"w": _large()}, None, {}, {"w": Compression("zstd")})})
    _copied(tmp_path / "a.h5", tmp_path / "plain.h5", unpacked=True)
    _copied(tmp_path / "a.h5", tmp_path / "gzip.h5", unpacked=True, compression={"w": Compression("gzip", level=1)})
    with open_file(tmp_path / "a.h5") as a, open_file(tmp_path / "plain.h5") as b, open_file(tmp_path / "gzip.h5") as c:
        assert [file.variables["w"].filters for file in (b, c)] == [(), ("shuffle", "gzip")]
        assert a.digest("w") == b.digest("w") == c.digest("w")
        for file in (b, c):
            file.verify()


@pytest.mark.parametrize("size", [100, 40_000, 700_000])
@pytest.mark.parametrize("codec", [None, "gzip"])
def test_damage_is_not_copied(tmp_path, size, codec):
    """Bytes that differ from those that were saved get no new digest: nothing is written."""
    values = {"w": np.arange(size, dtype=np.float32)}
    compression = {"w": Compression(codec)} if codec else {}
    Writer().write(tmp_path / "a.h5", {"": Model(values, None, {}, compression)})
    data = bytearray((tmp_path / "a.h5").read_bytes())
    data[-5] ^= 4
    (tmp_path / "a.h5").write_bytes(data)
    for unpacked in (False, True):
        with pytest.raises(errors.DataLossError, match="differ from those that were saved"):
            _copied(tmp_path / "a.h5", tmp_path / "b.h5", unpacked=unpacked)
    assert [path.name for path in tmp_path.iterdir()] == ["a.h5"]


def test_pieces_are_the_array(tmp_path, every_dtype):
    """An array is read piece by piece, in order, compressed or not."""
    values = {**every_dtype, "w": _large(), "packed": _large(1), "empty": np.zeros((3, 0))}
    known = {name: name for name in every_dtype}
    Writer().write(tmp_path / "a.h5", {"": Model(values, None, known, {"packed": Compression("gzip")})})
    with open_file(tmp_path / "a.h5") as file:
        for name, value in values.items():
            pieces = list(file.pieces(name))
            whole = np.concatenate(pieces) if pieces else np.empty(0)
            assert whole.tobytes() == value.tobytes() or value.dtype == object
            assert whole.tolist() == value.ravel().tolist() or value.dtype != object
        assert len(list(file.pieces("packed"))) > 1
        with pytest.raises(errors.NotFoundError):
            next(file.pieces("missing"))


def test_filters_of_the_index_are_those_of_the_dataset(tmp_path, monkeypatch):
    """Parameters of other filters than the index names are not copied: the file is inconsistent."""
    Writer().write(tmp_path / "a.h5", {"": Model({"w": _large()}, None, {}, {"w": Compression("gzip")})})
    monkeypatch.setattr("hdfsaver.storage.hdf5.objects.filters_of", lambda parent, path: [(1, (4,))])
    with open_file(tmp_path / "a.h5") as file, pytest.raises(errors.DataLossError, match="filters"):
        file.stored("w")


def test_many_small_values_are_written_in_batches(tmp_path, monkeypatch):
    """Small values are not in memory together, and the file is the same, byte by byte."""
    rng = np.random.default_rng(3)
    values = {f"v{n}": rng.normal(size=int(rng.integers(0, 900))) for n in range(300)}
    write_file(tmp_path / "whole.h5", variables=values, structure=None)
    monkeypatch.setattr("hdfsaver.storage.writing._AT_ONCE", 20_000)
    write_file(tmp_path / "batches.h5", variables=values, structure=None)
    assert (tmp_path / "whole.h5").read_bytes() == (tmp_path / "batches.h5").read_bytes()
    with open_file(tmp_path / "batches.h5") as file:
        file.verify()


def test_a_value_that_changes_its_size_is_refused_in_batches(tmp_path, monkeypatch):
    """Also of a later batch."""
    monkeypatch.setattr("hdfsaver.storage.writing._AT_ONCE", 100)
    values = {f"v{n}": np.zeros(20) for n in range(5)}

    def shrink(*given):
        values["v4"].resize(3, refcheck=False)

    monkeypatch.setattr("hdfsaver.storage.writing.packed", lambda models: shrink() or b"")
    with pytest.raises(errors.AbortedError, match=re.escape("'v4'")):
        Writer().write(tmp_path / "a.h5", {"": Model(values, None, {})})
