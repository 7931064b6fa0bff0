"""What HDF5 shows as the value of a variable must be the bytes of its extent: `verify` compares the two."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver import errors
from hdfsaver.storage import seal, sealed_source, shown_places
from hdfsaver.storage.hdf5.late_places import places_in
from tests.format.resealing import resealed
from tests.hostile.checksums import lookup3, repaired

VALUES = {"a": np.arange(40.0), "b": np.arange(40.0) + 100, "none": np.zeros(0), "words": np.array([b"x"], object)}


@pytest.fixture
def path(tmp_path):
    tf.save_file(VALUES, tmp_path / "m.h5")
    return tmp_path / "m.h5"


def verify(path):
    with tf.open_file(path) as file:
        file.verify()


def place_of_layout(path, name):
    """The offset of the field of a dataset's header that names its place, and what it names."""
    with h5py.File(path) as file:
        dataset = file[f"variables/{name}"].id
        header, offset = h5py.h5o.get_info(dataset).addr, dataset.get_offset()
    return path.read_bytes().index(offset.to_bytes(8, "little"), header), offset


def moved(path, places):
    """Let the headers of variables name other places, with right checksums and digests."""
    data = path.read_bytes()
    for name, offset in places.items():
        at, _ = place_of_layout(path, name)
        data = repaired(data[:at] + offset.to_bytes(8, "little") + data[at + 8 :], at)
    path.write_bytes(resealed(data))


def test_a_value_that_hdf5_shows_elsewhere(path):
    """A header that names another place is reported: h5py reads another value there than hdfsaver."""
    moved(path, {"a": place_of_layout(path, "a")[1] + 8})
    with h5py.File(path) as file:
        assert file["variables/a"][0] == 1
    assert tf.load_file(path)["a"][0] == 0
    with pytest.raises(errors.DataLossError, match="/variables/a: its bytes are not where the index says, so other"):
        verify(path)


def test_values_that_are_exchanged(path):
    """Two headers that name each other's place are reported, although each place is named."""
    moved(path, {"a": place_of_layout(path, "b")[1], "b": place_of_layout(path, "a")[1]})
    with h5py.File(path) as file:
        assert file["variables/a"][0] == 100
    with pytest.raises(errors.DataLossError, match="/variables/a: its bytes are not where the index says"):
        verify(path)


def test_a_chunk_that_hdf5_shows_elsewhere(tmp_path):
    """A compressed value of which HDF5 would read another chunk is reported."""
    path = tmp_path / "m.h5"
    tf.save_file({"a": np.arange(300_000.0)}, path, compression="gzip")
    with h5py.File(path) as file:
        dataset = file["variables/a"].id
        chunks = [dataset.get_chunk_info(number) for number in range(dataset.get_num_chunks())]
    assert len(chunks) > 1
    data = path.read_bytes()
    # The chunks are listed one after the other in a fixed array, each with its offset; the checksum is behind them.
    start = data.index(b"FADB")
    first, last = (data.index(chunk.byte_offset.to_bytes(8, "little"), start) for chunk in (chunks[0], chunks[-1]))
    end = last + (last - first) // (len(chunks) - 1)
    assert lookup3(data[start:end]).to_bytes(4, "little") == data[end : end + 4]
    changed = data[start:first] + chunks[1].byte_offset.to_bytes(8, "little") + data[first + 8 : end]
    path.write_bytes(resealed(data[:start] + changed + lookup3(changed).to_bytes(4, "little") + data[end + 4 :]))
    with tf.open_file(path) as file:
        assert file.read("a")[-1] == 299_999
    with pytest.raises(errors.DataLossError, match="/variables/a: its bytes are not where the index says"):
        verify(path)


def test_groups(tmp_path):
    """The variables of every group are looked at."""
    path = tmp_path / "m.h5"
    for group in ("", "one"):
        tf.train.Saver(VALUES, group=group).save(None, path, write_state=False)
    verify(path)
    data = path.read_bytes()
    with h5py.File(path) as file:
        (name,) = [name for name in file if name not in ("about", "index", "variables", "graph")]
        dataset = file[f"{name}/variables/b"].id
        header, offset = h5py.h5o.get_info(dataset).addr, dataset.get_offset()
    at = data.index(offset.to_bytes(8, "little"), header)
    path.write_bytes(resealed(repaired(data[:at] + (offset - 8).to_bytes(8, "little") + data[at + 8 :], at)))
    with pytest.raises(errors.DataLossError, match=f"/{name}/variables/b: its bytes are not where the index says"):
        verify(path)


@pytest.mark.parametrize("scanned", [0, 1 << 26])
def test_headers_that_are_not_found(path, monkeypatch, scanned):
    """The datasets whose headers are not found, as in a large structure, are looked for by HDF5."""
    asked = []
    unnamed = shown_places._unnamed

    def noted(*args):
        found = unnamed(*args)
        asked.extend(found)
        return found

    monkeypatch.setattr(shown_places, "_unnamed", noted)
    monkeypatch.setattr(sealed_source, "_SCANNED", scanned)
    verify(path)
    assert asked == ([] if scanned else ["variables/a", "variables/b", "variables/words"])
    moved(path, {"b": place_of_layout(path, "b")[1] - 8})
    with pytest.raises(errors.DataLossError, match="/variables/b: its bytes are not where the index says"):
        verify(path)


def test_order_of_other_programs(path):
    """A file whose datasets another program has made again, in another order, passes when it is resealed."""
    with h5py.File(path, "r+") as file:
        for name in ("a", "b"):
            value = file[f"variables/{name}"][()]
            del file[f"variables/{name}"]
            file[f"variables/{name}"] = value + 1
    tf.reseal(path)
    verify(path)
    assert tf.load_file(path)["a"][0] == 1


def test_any_bytes_have_places_or_none(path):
    """Bytes that only look like headers, cut anywhere or damaged, are no error."""
    data = path.read_bytes()
    found = seal.find(data)
    assert found is not None
    whole = places_in(data[: found.structure_end])
    assert len(whole) >= 3
    for stop in range(0, found.structure_end, 7):
        assert places_in(data[:stop]) == whole[: len(places_in(data[:stop]))]
    random = np.random.default_rng(1)
    for _ in range(200):
        damaged = bytearray(data[: found.structure_end])
        for at in random.integers(0, len(damaged), 300):
            damaged[at] = random.integers(256)
        places_in(bytes(damaged))
    assert places_in(b"OHDR" * 50) is not None
