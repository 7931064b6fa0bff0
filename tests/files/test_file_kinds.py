"""The kind of a file is told by its bytes."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdfsaver.errors import DataLossError, InvalidArgumentError
from hdfsaver.files import file_kinds
from hdfsaver.files.file_kinds import advice
from hdfsaver.files.kind_detection import identify, kind_of_file, refusal
from hdfsaver.files.opening import Opened
from tests.files.kind_samples import GRAPHS, KEYS, SAMPLES, write


@pytest.mark.parametrize("name", SAMPLES)
def test_every_kind(tmp_path: Path, name: str) -> None:
    """The key of each kind, under another name too, except for data files, which have nothing but their name."""
    path = write(name, tmp_path)
    expected = KEYS.get(name, name)
    found = kind_of_file(path)
    assert expected == (found and found.key)
    renamed = path.rename(tmp_path / "renamed")
    found = kind_of_file(renamed)
    assert (None if name == "data-alone" else expected) == (found and found.key)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_kind_is_told_at_any_length(tmp_path: Path, name: str) -> None:
    """A sample that is cut anywhere is of some kind or of none, and never an exception."""
    data = SAMPLES[name][1]()
    for cut in [*range(min(len(data), 300)), *range(300, len(data), 997)]:
        part = data[:cut]
        identify(part[:65536], part[-65536:], len(part), tmp_path / "x")


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    """Any bytes are of some kind or of none."""
    identify(data, data, len(data), "x")


def test_every_kind_has_a_sample() -> None:
    """The samples are all kinds that the module has."""
    source = Path(file_kinds.__file__).read_text(encoding="utf-8")
    keys = set(re.findall(r'FileKind\(\s*"([a-z0-9-]+)"', source))
    assert keys - {"data"} == {KEYS.get(name, name) for name in SAMPLES} - {None}


def test_the_error_names_both_kinds_and_the_advice(tmp_path: Path) -> None:
    """The class tells damage from another kind; quotes protect a path in a command."""
    path = tmp_path / "my weights.npz"
    write("npz", tmp_path).rename(path)
    error = refusal(opened(path), path, "an HDF5 file")
    assert isinstance(error, InvalidArgumentError)
    out = f"'{tmp_path}/my weights.h5'"
    assert error.message == (
        f"{path} is a NumPy archive (.npz), but an HDF5 file was expected. "
        f"hdfsaver.load_file reads it, and `hdfsaver convert '{path}' {out}` makes a checkpoint of it."
    )
    for number, other in enumerate(("my weights.h5", "my weights-converted.h5"), 1):
        (tmp_path / other).touch()
        said = refusal(opened(path), path, "an HDF5 file").message
        assert f" '{tmp_path}/my weights-converted{'' if number == 1 else '-2'}.h5'`" in said
    for name in ("empty", "zeros", "unknown"):
        damaged = write(name, tmp_path)
        assert isinstance(refusal(opened(damaged), damaged, "an HDF5 file"), DataLossError)


def opened(path: Path) -> Opened:
    """The file as `open_any` gives it, without a descriptor."""
    data = path.read_bytes()
    return Opened(-1, len(data), data)


def test_the_advice_does_not_overwrite_the_file(tmp_path: Path) -> None:
    """A file of another kind with the ending of a checkpoint gets another name for the target."""
    kind = kind_of_file(write("npz", tmp_path))
    assert kind is not None
    assert "x-converted.h5" in advice(kind, "x.h5")


def test_data_files_of_a_checkpoint(tmp_path: Path) -> None:
    """The name of a data file gives the prefix; the sentence tells if the index is there."""
    path = write("data-alone", tmp_path)
    alone = kind_of_file(path)
    assert alone is not None
    assert f"{tmp_path}/m.index, is missing" in advice(alone, path)
    (tmp_path / "m.index").write_bytes(b"x")
    found = kind_of_file(path)
    assert found is not None
    assert f"Give the prefix of the checkpoint instead, '{tmp_path}/m'" in advice(found, path)


def test_the_end_of_a_large_file_is_looked_at(tmp_path: Path) -> None:
    """The magic of a table and the names of an archive are found behind the first bytes."""
    np.savez(tmp_path / "large.npz", **{f"array_{number}": np.arange(9000.0) for number in range(3)})
    found = kind_of_file(tmp_path / "large.npz")
    assert found == file_kinds.NPZ
    (tmp_path / "large").write_bytes(b"\0\0\x02\x08\x01" + bytes(200_000) + file_kinds.TABLE)
    assert kind_of_file(tmp_path / "large") == file_kinds.INDEX


def test_graphs_are_told_from_each_other(tmp_path: Path) -> None:
    """Binary messages without a description, with functions alone, or with a version for their description."""
    from hdfsaver.messages import message_classes

    meta = message_classes.MetaGraphDef()
    meta.graph_def.node.add(name="a", op="NoOp")
    graph = message_classes.GraphDef()
    graph.library.function.add().signature.name = "f"
    versioned = message_classes.MetaGraphDef.FromString(meta.SerializeToString())
    versioned.meta_info_def.meta_graph_version = "1"
    versioned.meta_info_def.stripped_op_list.op.add(name="NoOp")
    for message, expected in ((meta, "meta-graph"), (graph, "graph-def"), (versioned, "meta-graph")):
        data = message.SerializeToString()
        found = identify(data, data, len(data), "x")
        assert expected == (found and found.key)
    assert kind_of_file(GRAPHS / "resource.ckpt.meta") == file_kinds.META_GRAPH


@pytest.mark.parametrize("name", ["x.rds", "x.RData"])
def test_compressed_files_of_r(tmp_path: Path, name: str) -> None:
    """A file of R is usually compressed, and is one of R by its name; unpacked it could not be read either."""
    (tmp_path / name).write_bytes(gzip.compress(SAMPLES["r"][1]()))
    assert kind_of_file(tmp_path / name) == file_kinds.R
    (tmp_path / name).rename(tmp_path / "x.gz")
    found = kind_of_file(tmp_path / "x.gz")
    assert found is not None
    assert "gzip" == found.key
