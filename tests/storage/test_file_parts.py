"""The parts of a file: structure, values and padding are in their order, for HDF5 and for readers without it."""

from __future__ import annotations

import io
import shutil
import subprocess

import h5py
import networkx as nx
import numpy as np
import pytest

import hdfsaver
from hdfsaver import errors, schema
from hdfsaver.schema import Structure
from hdfsaver.storage import layout, seal
from hdfsaver.storage.chunks.chunk_writing import Output
from hdfsaver.storage.chunks.compression import Compression
from hdfsaver.storage.reading import open_file
from hdfsaver.storage.resealing import reseal
from hdfsaver.storage.skeleton import _check_between
from hdfsaver.storage.writing import Model, write_models
from hdfsaver.tensor_info import LARGE
from tests.format.resealing import resealed


def _values(count=30):
    rng = np.random.default_rng(5)
    values = {f"layer_{number}/kernel": rng.random(number, dtype=np.float32) for number in range(count)}
    return values | {
        "large": rng.random(20_000),
        "scalar": np.array(2.5),
        "scalar/Adam": np.ones(3),
        "odd": np.ones(65_537, np.uint8),
        "text": np.array([b"one", b"three"], object),
        "joined": np.array([b"x" * 5000, *[b"y"] * 20], object),
        "quantized/" + "deep/" * 30: np.arange(3, dtype=np.uint8),
    }


def _graph():
    digraph = nx.DiGraph()
    for number in range(30):
        schema.add_node(digraph, f"scope/n{number}", op="Const", attrs={"value": np.arange(number)})
    return Structure(digraph)


def _compressed():
    values = _values() | {"zeros": np.zeros((30, 10_000)), "one": np.zeros(20_000), "steps": np.arange(300_000)}
    names = ("large", "zeros", "one", "steps")
    return Model(values, None, {}, {name: Compression("gzip") for name in names})


KINDS = {
    "plain": {"": Model(_values(), None, {})},
    "compressed": {"": _compressed()},
    "graph": {"": Model(_values(), _graph(), {}, random={"scope/n1": (1, 2)})},
    "groups": {"": Model(_values(), None, {}), "other": Model(_values(3), _graph(), {})},
    "many": {"": Model({f"v{number}": np.array(number) for number in range(200)}, None, {})},
    "labelled": {"": Model({"q": np.arange(3, dtype=np.uint8)}, None, {"q": "quint8"})},
    "nothing": {"": Model({}, None, {})},
}


@pytest.fixture(params=KINDS)
def written(request, tmp_path):
    """A file of each kind: its path, its models, its bytes, its seal, its extents."""
    models = KINDS[request.param]
    write_models(tmp_path / "x.h5", models, metadata={"key": "value" * 9})
    data = (tmp_path / "x.h5").read_bytes()
    found = seal.find(data)
    return tmp_path / "x.h5", models, data, found, _extents(data, found)


def _extents(data, found):
    return np.frombuffer(data, layout.EXTENTS_ROW, found.extents_rows, found.extents_offset)


def test_the_structure_is_one_range_before_the_values(written):
    """Seal, table of extents and index come first; no value is in the structure, and it has no unused pages."""
    _path, _models, data, found, extents = written
    full = extents[extents["nbytes"] > 0]
    assert found.offset < found.extents_offset or not found.extents_rows
    assert found.extents_offset <= found.index_offset < layout.HEAD or not found.index_rows
    assert found.index_offset + found.index_rows * found.index_row_nbytes <= found.structure_end
    assert found.structure_end <= min(full["offset"].tolist(), default=found.structure_end)
    assert found.tail_start == found.file_size == len(data)
    assert max((full["offset"] + full["nbytes"]).tolist(), default=found.structure_end) == len(data)
    assert data[found.structure_end - 1024 : found.structure_end].strip(b"\0")


def test_values_are_aligned(written):
    """Each begins at a multiple of 64, a large one that is not compressed at a page; zeros are between them."""
    _path, models, data, found, extents = written
    variables = [row for model in models.values() for row in model.variables]
    own, chunks = extents[: len(variables)], extents[len(variables) :]
    assert not (own["offset"] % 64).any()
    assert not (chunks["offset"] % 64).any()
    assert not (own["offset"][own["nbytes"] >= LARGE] % 4096).any()
    rest = bytearray(data[found.structure_end :])
    for offset, nbytes, _digest in extents.tolist():
        rest[offset - found.structure_end : offset - found.structure_end + nbytes] = bytes(nbytes)
    assert not rest.strip(b"\0")
    with open_file(written[0]) as file:
        file.verify()


def test_hdf5_finds_every_value(written):
    """The library reads each value as it was saved, from where the index has it."""
    path, models, _data, _found, extents = written
    rows = iter(extents.tolist())
    with h5py.File(path) as file, hdfsaver.open_file(path) as opened:
        for group, model in models.items():
            paths = hdfsaver.storage.hdf5.link_names.paths_of(model.variables)
            for name, value in model.variables.items():
                dataset = file[f"{group}/variables/{paths[name]}"]
                offset, nbytes, _digest = next(rows)
                assert dataset.id.get_offset() == (offset or None)
                if value.dtype != object:
                    np.testing.assert_array_equal(value, dataset[()])
                    assert nbytes in (0, value.nbytes)
            if not group:
                found = opened.read_many(list(model.variables))
                assert all(found[name].tolist() == value.tolist() for name, value in model.variables.items())


class _Ranges(io.RawIOBase):
    """A file on a server, as h5py sees it through a cache that reads ahead: 128 KiB with each request."""

    def __init__(self, data):
        self.requests = self.nbytes = 0
        self._data, self._at, self._first, self._kept = data, 0, 0, b""

    def seek(self, offset, whence=0):
        self._at = (0, self._at, len(self._data))[whence] + offset
        return self._at

    def tell(self):
        return self._at

    def readinto(self, buffer):
        end = self._at + len(buffer)
        if not self._first <= self._at <= end <= self._first + len(self._kept):
            self._first, self._kept = self._at, self._data[self._at : end + (128 << 10)]
            self.requests += 1
            self.nbytes += len(self._kept)
        start = self._at - self._first
        buffer[:] = self._kept[start : start + len(buffer)]
        self._at = end
        return len(buffer)

    def readable(self):
        return True

    def seekable(self):
        return True


@pytest.mark.parametrize("separator", [".", "/"])
def test_one_of_many_variables_takes_few_requests(tmp_path, separator):
    """h5py lists 400 variables of a file on a server and reads one of them with a handful of requests."""
    parts = ("attention.kernel", "attention.bias", "dense.kernel", "dense.bias")
    names = [f"encoder.layer_{number:03d}.{part}".replace(".", separator) for number in range(100) for part in parts]
    values = dict.fromkeys(names, np.ones(512, np.float32)) | {names[-2]: np.ones(60_000)}
    write_models(tmp_path / "x.h5", {"": Model(values, None, {})})
    server = _Ranges((tmp_path / "x.h5").read_bytes())
    with h5py.File(server) as file:
        found = []
        file["variables"].visititems(lambda name, item: found.append(name) if hasattr(item, "shape") else None)
        assert len(found) == 400
        assert file[f"variables/{names[-2]}"][()].sum() == 60_000
    assert server.requests <= 4
    assert server.nbytes <= 1 << 20


def test_the_same_state_gives_the_same_bytes(written, tmp_path):
    """A second file is the first one, byte for byte."""
    path, models, data, _found, _extents = written
    write_models(tmp_path / "y.h5", models, metadata={"key": "value" * 9})
    assert data == (tmp_path / "y.h5").read_bytes()
    assert path.read_bytes() == data


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("h5repack") is None, reason="HDF5's programs are not installed")
def test_the_programs_of_hdf5_read_it(written, tmp_path):
    """A copy that h5repack makes has no differences for h5diff, and h5dump shows all of it."""
    path = written[0]
    for command in (["h5dump", path], ["h5ls", "-r", path], ["h5repack", path, tmp_path / "y.h5"]):
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert "" == done.stderr
    done = subprocess.run(["h5diff", path, tmp_path / "y.h5"], capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)


def test_another_program_may_add_and_change(written):
    """h5py writes on in the file and damages nothing; the change is noticed, and can be accepted."""
    path, models, _data, found, _extents = written
    name = next((name for name, value in models[""].variables.items() if value.dtype == np.float64), None)
    with h5py.File(path, "r+") as file:
        file["notes"] = np.arange(1000)
        file.attrs["author"] = "someone"
        file["index"].attrs["long"] = np.arange(300)
        if name:
            file[f"variables/{name}"].attrs["units"] = "m" * 500
            file[f"variables/{name}"][...] = 7.0
    with h5py.File(path) as file:
        for each, value in models[""].variables.items():
            if value.dtype != object and each != name and "/" not in each:
                np.testing.assert_array_equal(value, file[f"variables/{each}"][()])
    with pytest.raises(errors.DataLossError, match="reseal"):
        open_file(path)
    kept = reseal(path).kept
    assert {"/notes", "/@author", "/index/@long"} <= set(kept)
    with open_file(path) as file:
        file.verify()
        assert list(models[""].variables) == list(file.variables)
        if name:
            assert np.all(file.read(name) == 7.0)
    after = seal.find(path.read_bytes())
    assert after.flags == found.flags | layout.FOREIGN
    assert after.tail_start == after.file_size
    assert after.structure_end > found.structure_end


def test_what_another_program_appended_may_be_the_tail(written):
    """A seal that counts it as structure is valid, as a later writer may make one."""
    path, models, data, found, _extents = written
    with h5py.File(path, "r+", libver=("v110", "v110")) as file:
        file["notes"] = np.arange(1000)
    longer = path.read_bytes()
    assert len(longer) > len(data)
    path.write_bytes(resealed(longer))
    assert found.file_size == seal.find(path.read_bytes()).tail_start
    with open_file(path) as file:
        file.verify()
        assert list(models[""].variables) == list(file.variables)
    damaged = bytearray(path.read_bytes())
    damaged[-1] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(errors.DataLossError, match="structure"):
        open_file(path)


def test_many_attributes_move_the_layout_out_of_a_header(tmp_path):
    """Headers of any form get their places: HDF5 moves messages to another block when one is full."""
    hdfsaver.save_file({f"v{number}": np.full(5, number) for number in range(12)}, tmp_path / "x.h5")
    with h5py.File(tmp_path / "x.h5", "r+") as file:
        for number in range(12):
            for attribute in range(number):
                file[f"variables/v{number}"].attrs[f"a{attribute}"] = np.bytes_(b"x" * 60)
    reseal(tmp_path / "x.h5")
    with h5py.File(tmp_path / "x.h5") as file:
        assert all(np.all(file[f"variables/v{number}"][()] == number) for number in range(12))
        assert [len(file[f"variables/v{number}"].attrs) for number in range(12)] == list(range(12))


def test_structures_between_chunks_are_an_error():
    """If another version of HDF5 put its records there, nothing is written."""
    output = Output(-1)
    output.memory.write(bytes(300))
    output.chunks.append((128, 100, 0))
    _check_between(output, 100, 300)
    output.memory.seek(240)
    output.memory.write(b"FADB")
    with pytest.raises(errors.InternalError, match="between compressed values"):
        _check_between(output, 100, 300)
