"""A selection of the sweep: damage anywhere is an error that names the file; a plain file may have another value."""

from __future__ import annotations

import pytest

from tests.hostile import corpus
from tests.hostile.checksums import lookup3, repaired
from tests.hostile.sweep import sweep

SEALED = {
    "graph": {"nodes", "edges"},
    "many": {"extents", "index"},
    "packed": {"chunks", "extents"},
    "small": {"nodes", "data"},
    "texts": {"data", "index"},
}
"""Files, and some of the regions that each has."""

PLAIN = ("checked", "gzip", "plain")
HARMLESS = {"error", "same", "changed"}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The corpus, by the names of the files."""
    return {path.stem: path for path in corpus.make(tmp_path_factory.mktemp("corpus"))}


@pytest.mark.slow
@pytest.mark.parametrize("name", SEALED)
def test_every_damage_to_a_sealed_file_is_an_error(files, name):
    """In each region, whichever way: the error names the file; salvage never gives another value than was saved."""
    found = sweep(files[name], 5, 7)
    assert {"error"} == {verdict for _, kind, verdict in found if kind != "forge"}
    # Who recomputes the seal may say what he likes; only, it must not do any harm.
    assert {verdict for _, kind, verdict in found if kind == "forge"} <= HARMLESS
    expected = {
        "graph": {"nodes", "edges"},
        "many": {"extents", "index"},
        "packed": {"chunks"},
        "texts": {"data", "index"},
    }
    assert {"metadata", "seal"} | expected.get(name, {"nodes", "data"}) <= {region for region, _, _ in found}


@pytest.mark.slow
@pytest.mark.parametrize("name", PLAIN)
def test_damage_to_a_plain_file_is_an_error_or_a_value(files, name):
    """Without digests a value may be another one; every error names the file."""
    found = sweep(files[name], 25, 7)
    assert {verdict for _, _, verdict in found} <= HARMLESS
    assert "error" in {verdict for _, _, verdict in found}


def test_the_selection_is_the_same_each_time(files):
    """A case that fails can be made again from its seed."""
    data = files["small"].read_bytes()
    assert list(corpus.changes(data, 3, 5)) == list(corpus.changes(data, 3, 5))
    assert list(corpus.changes(data, 3, 5)) != list(corpus.changes(data, 3, 6))


def test_the_checksum_is_that_of_hdf5(files):
    """The library's own, of a superblock and of every object header."""
    data = files["checked"].read_bytes()
    assert int.from_bytes(data[44:48], "little") == lookup3(data[:44])
    starts = [start for start in range(len(data)) if data[start : start + 4] == b"OHDR"]
    assert len(starts) > 6
    assert all(data == repaired(data, start) for start in starts)
    assert data != repaired(data[: starts[0] + 10] + b"\xff" + data[starts[0] + 11 :], starts[0] + 10)
