"""The filters of other programs: their names and order, and a clear refusal with a remedy that works."""

import h5py
import hdf5plugin
import numpy as np
import pytest
from h5py import h5d, h5p, h5s, h5t, h5z

import hdfsaver
from hdfsaver import errors
from hdfsaver.storage.chunks import foreign_filters

VALUES = np.arange(100, dtype=np.int32)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "x.h5"


def _with(path, *filters):
    """A file whose datasets have filters given by number and parameters, without a chunk."""
    properties = h5p.create(h5p.DATASET_CREATE)
    properties.set_chunk((100,))
    for code, parameters in filters:
        properties.set_filter(code, h5z.FLAG_OPTIONAL, parameters)
    with h5py.File(path, "w") as file:
        h5d.create(file.id, b"x", h5t.STD_I32LE, h5s.create_simple((100,)), properties)
        file["w"] = VALUES
    return path


def _refusal(path):
    with hdfsaver.open_file(path) as file:
        np.testing.assert_array_equal(VALUES, file["w"])
        with pytest.raises(errors.InvalidArgumentError) as caught:
            file["x"]
    assert f"{path}: /x: " in str(caught.value)
    return caught.value.message


UNREAD = {
    "'szip' (4)": {"compression": "szip"},
    "'scaleoffset' (6)": {"scaleoffset": 0},
    "'bitshuffle' (32008)": hdf5plugin.Bitshuffle(),
    "'zfp' (32013)": hdf5plugin.Zfp(reversible=True),
    "'sz3' (32024)": hdf5plugin.SZ3(absolute=0.1),
    "'sperr' (32028)": hdf5plugin.Sperr(rate=32),
}
OF_FLOATS = ("'sz3' (32024)", "'sperr' (32028)")


@pytest.mark.parametrize("name", UNREAD)
def test_a_filter_that_is_not_read_is_named_and_its_remedy_works(path, name):
    """The message says to read with h5py and to save: what comes of it is what h5py reads."""
    values = VALUES.astype(np.float32 if name in OF_FLOATS else np.int32).reshape(10, 10)
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=values, chunks=values.shape, **UNREAD[name])
        file["w"] = VALUES
    message = _refusal(path)
    assert f"the filter {name} is not supported" in message
    assert ("hdf5plugin" in message) == (int(name.partition("(")[2][:-1]) > 255)
    assert "Read it with h5py" in message
    assert "save the array with `hdfsaver.save_file`" in message
    with h5py.File(path) as file:
        read = file["x"][...]
    hdfsaver.save_file({"x": read}, path.with_name("saved.h5"))
    np.testing.assert_array_equal(read, hdfsaver.load_file(path.with_name("saved.h5"))["x"])


def test_other_refusals_are_named(path):
    """n-bit, filters that are registered nowhere, one that is applied twice, and two codecs."""
    cases: list[tuple[list[tuple[int, tuple[int, ...]]], str]] = [
        ([(h5z.FILTER_NBIT, ())], "the filter 'nbit' (5) is not supported"),
        ([(305, (1,))], "the filter 'lzo' (305) is not supported"),
        ([(32015, (3,)), (h5z.FILTER_DEFLATE, (1,))], "the codecs zstd and gzip are both applied"),
    ]
    for filters, said in cases:
        assert said in _refusal(_with(path, *filters))


def test_a_filter_that_is_applied_twice_is_refused(path):
    """Twice the same codec would square what a chunk becomes."""
    for code in (h5z.FILTER_DEFLATE, h5z.FILTER_SHUFFLE):
        message = _refusal(_with(path, (code, (4,)), (code, (4,))))
        said = "is applied more than once" if foreign_filters._ASKS_BY_POSITION else "is applied twice"
        assert said in message


@pytest.mark.skipif(not foreign_filters._ASKS_BY_POSITION, reason="this h5py may not be asked for an unknown filter")
def test_a_filter_without_a_name_is_said_by_its_number(path):
    """A number that the registry does not have."""
    assert "the filter 31999, which is not registered, is not supported" in _refusal(_with(path, (31999, (1,))))


class Crowded:
    """A property list with a filter of so many parameters that h5py has no place for them."""

    def get_nfilters(self):
        return 1

    def get_filter(self, position):
        raise AssertionError

    get_filter_by_id = get_filter


@pytest.mark.parametrize("by_position", [True, False])
def test_very_many_parameters_are_refused(monkeypatch, by_position):
    """More than h5py has a place for, in any of its versions."""
    monkeypatch.setattr(foreign_filters, "_ASKS_BY_POSITION", by_position)
    with pytest.raises(errors.InvalidArgumentError, match="/x: a filter .* has very many parameters"):
        foreign_filters.filters_of(Crowded(), "/x")


def test_earlier_versions_of_h5py_are_not_asked_by_position(path, monkeypatch):
    """They have no place for many parameters there; known filters with few are read all the same, others named."""
    monkeypatch.setattr(foreign_filters, "_ASKS_BY_POSITION", False)
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=VALUES, compression="gzip", shuffle=True, fletcher32=True)
        file.create_dataset("y", data=VALUES, chunks=(100,), **hdf5plugin.Blosc2())
    with hdfsaver.open_file(path) as file:
        assert ("shuffle", "gzip", "fletcher32") == file.variables["x"].filters
        np.testing.assert_array_equal(VALUES, file["x"])
        np.testing.assert_array_equal(VALUES, file["y"])
    assert "the filter 'lzo' (305)" in _refusal(_with(path, (305, (1, 2))))
    assert "a filter that is unknown" in _refusal(_with(path, (31999, (1,))))
