"""Writing bundles: TensorFlow's own bytes, and never half a checkpoint."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tracemalloc
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hdfsaver.errors import AbortedError, FailedPreconditionError, InvalidArgumentError, NotFoundError, UnknownError
from hdfsaver.interop.bundle import bundle_writing
from hdfsaver.interop.bundle.bundle_writing import write_bundle
from hdfsaver.interop.bundle.open_tensorflow import open_bundle
from hdfsaver.interop.graphs import graph_of_checkpoint
from hdfsaver.interop.graphs.graph_files import read_meta_graph, write_meta_graph
from hdfsaver.interop.graphs.graph_of_checkpoint import index_digest, kept_path
from tests.interop import samples
from tests.interop.graphs.test_graph_files import structure_in
from tests.interop.samples import GOLDEN
from tests.reliability.replacements import graph


def files(prefix: Path) -> dict[str, bytes]:
    """The files of a folder that belong to a prefix, hidden ones too."""
    return {path.name: path.read_bytes() for path in sorted(prefix.parent.iterdir()) if prefix.name in path.name}


@pytest.mark.parametrize(("name", "values"), [("every", samples.every_dtype()), ("quantized", samples.quantized())])
def test_the_bytes_are_those_of_tensorflow(tmp_path: Path, name: str, values: dict[str, Any]) -> None:
    """Index and data are what TensorFlow wrote for the same tensors in the same order."""
    named = {key: key for key in values if key in samples.QUANTIZED}
    write_bundle(tmp_path / name, values, named, sort=False)
    assert files(GOLDEN / name) == files(tmp_path / name)


def test_a_large_index_is_that_of_tensorflow(tmp_path: Path) -> None:
    """An index of several blocks has TensorFlow's bytes too."""
    write_bundle(tmp_path / "many", samples.many(), sort=False)
    found = {name: hashlib.sha256(content).hexdigest() for name, content in files(tmp_path / "many").items()}
    assert json.loads((GOLDEN / "digests.json").read_text(encoding="utf-8")) == found
    with open_bundle(tmp_path / "many") as file:
        assert list(samples.many()) == list(file.variables)


@pytest.mark.parametrize("name", ["every", "quantized", "nameless/"])
def test_what_is_read_can_be_written_back(tmp_path: Path, name: str) -> None:
    """A checkpoint, read and written again in the order of reading, is the same files."""
    (tmp_path / "nameless").mkdir()
    with open_bundle(f"{GOLDEN}/{name}") as file:
        named = {entry.name: entry.dtype for entry in file.variables.values()}
        write_bundle(f"{tmp_path}/{name}", file.read_many(file.variables), named, sort=False)
    for suffix in (".index", ".data-00000-of-00001"):
        assert Path(f"{GOLDEN}/{name}{suffix}").read_bytes() == Path(f"{tmp_path}/{name}{suffix}").read_bytes()


ARRAYS = hnp.arrays(
    st.sampled_from(["<f4", ">f4", "<i8", "?", ">c16", "<u2", "f2"]), hnp.array_shapes(min_dims=0, max_side=5)
) | st.lists(st.binary(max_size=9), max_size=5).map(lambda texts: np.array([*texts, None], object)[:-1])


@given(st.dictionaries(st.text(min_size=1, max_size=9).filter(lambda name: name[0] != "\0"), ARRAYS, min_size=1))
def test_any_values_come_back(tmp_path_factory: pytest.TempPathFactory, values: dict[str, np.ndarray]) -> None:
    """Values of any byte order and shape under any name, in one file or several, are restored."""
    prefix = tmp_path_factory.mktemp("bundle") / "x"
    names = [name for name in values if _encodable(name)]
    values = {name: values[name] for name in names} or {"v": np.zeros(1)}
    for size in (None, 100):
        write_bundle(prefix, values, shard_bytes=size, durable=False)
        with open_bundle(prefix) as file:
            assert sorted(values, key=str.encode) == sorted(file.variables, key=str.encode)
            for name, value in values.items():
                found = file.read(name)
                assert (value.shape, value.dtype.newbyteorder("=")) == (found.shape, found.dtype)
                np.testing.assert_array_equal(value, found)


def _encodable(name: str) -> bool:
    return not any(0xD800 <= ord(char) < 0xE000 for char in name)


def test_several_data_files(tmp_path: Path) -> None:
    """No file grows beyond the size that was given, but for a tensor that is larger itself; all go by the last name."""
    values = {f"v{number}": np.full(size, number, np.uint8) for number, size in enumerate([40, 40, 40, 300, 0, 10])}
    write_bundle(tmp_path / "x", values, shard_bytes=100)
    assert {
        "x.data-00000-of-00004": 80,
        "x.data-00001-of-00004": 40,
        "x.data-00002-of-00004": 300,
        "x.data-00003-of-00004": 10,
    } == {name: len(content) for name, content in files(tmp_path / "x").items() if name != "x.index"}
    with open_bundle(tmp_path / "x") as file:
        file.verify()


def test_large_tensors_are_written_in_threads(tmp_path: Path) -> None:
    """Tensors of all sizes, mixed, come back; views that are not contiguous too."""
    values = {f"v{number}": np.arange(10 ** (number % 7), dtype=np.int32) for number in range(20)}
    values["turned"] = np.arange(60_000.0).reshape(200, 300).T
    values["text"] = np.array([b"x" * 100_000, b"", b"y" * 70_000], object)
    write_bundle(tmp_path / "x", values)
    with open_bundle(tmp_path / "x") as file:
        file.verify()
        for name, value in values.items():
            np.testing.assert_array_equal(value, file.read(name))


class Made(Mapping[str, np.ndarray]):
    """Values that are made when they are asked for, each once."""

    def __init__(self, count: int) -> None:
        self.asked: list[str] = []
        self._count = count

    def __getitem__(self, name: str) -> np.ndarray:
        self.asked.append(name)
        return np.full(4 << 20, int(name), dtype=np.uint8)

    def __iter__(self) -> Iterator[str]:
        return (f"{number:03}" for number in range(self._count))

    def __len__(self) -> int:
        return self._count


def test_memory_is_bounded(tmp_path: Path) -> None:
    """Values that are made on demand are let go again: 256 MB pass through far less memory."""
    values = Made(64)
    tracemalloc.start()
    write_bundle(tmp_path / "x", values, durable=False)
    assert list(values) == values.asked
    assert 100 << 20 > tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()


class BrokenError(Exception):
    """An error in the middle of a save."""


class Broken(Made):
    """Values one of which cannot be made."""

    def __getitem__(self, name: str) -> np.ndarray:
        if name == "030":
            raise BrokenError
        return super().__getitem__(name)


def test_a_write_that_fails_leaves_the_old_checkpoint(tmp_path: Path) -> None:
    """After any error in the middle, the old files are unchanged, and no other file exists."""
    write_bundle(tmp_path / "x", {"v": np.zeros(3)})
    before = files(tmp_path / "x")
    with pytest.raises(BrokenError):
        write_bundle(tmp_path / "x", Broken(40))
    with pytest.raises(TypeError, match="Tensor 'when' cannot be written"):
        write_bundle(tmp_path / "x", {"a": np.ones(9), "when": np.array(["2020"], "M8[D]")})
    assert before == files(tmp_path / "x")


def told(monkeypatch: pytest.MonkeyPatch, *names: str) -> list[str]:
    """The calls of some functions of `os` from now on, each with the name of its file."""
    log: list[str] = []

    def watched(name: str, really: Any) -> Any:
        def call(*paths: Any) -> None:
            log.append(name if name == "fsync" else f"{name} {Path(paths[-1]).name}")
            really(*paths)

        return call

    for name in names:
        monkeypatch.setattr(os, name, watched(name, getattr(os, name)))
    return log


REPLACED = [
    "replace x.data-00000-of-00002",
    "replace x.index",
    "unlink x.data-00000-of-00001",
    "link x.data-00000-of-00001",
    "replace x.index",
    "unlink x.data-00000-of-00002",
    "unlink x.data-00001-of-00002",
]
"""What replaces a checkpoint of one data file: no index ever leads to data of another."""


def test_an_index_never_describes_other_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """New data get names that the old index does not lead to, and the usual ones only when that index is gone."""
    write_bundle(tmp_path / "x", {"v": np.zeros(3)})
    log = told(monkeypatch, "replace", "link", "unlink")
    write_bundle(tmp_path / "x", {"v": np.ones(3), "w": np.ones(30)})
    assert REPLACED == log
    log.clear()
    write_bundle(tmp_path / "x", {"v": np.ones(3), "w": np.ones(30)}, shard_bytes=100)
    assert REPLACED[:1] == [step for step in log if step.endswith("-00000-of-00002")]
    assert 1 == log.count("replace x.index")


@pytest.mark.parametrize("refused", [errno.EPERM, errno.EOPNOTSUPP, errno.EINVAL])
def test_a_file_system_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: int) -> None:
    """The data stay under a larger number of files, which is complete; the next checkpoint has the usual names."""
    write_bundle(tmp_path / "x", {"v": np.zeros(3)})

    def refuse(*paths: Any) -> None:
        raise OSError(refused, os.strerror(refused))

    monkeypatch.setattr(os, "link", refuse)
    for step, names in enumerate([("00000-of-00002", "00001-of-00002"), ("00000-of-00001",)]):
        write_bundle(tmp_path / "x", {"v": np.full(3, step)})
        assert ["x.index", *(f"x.data-{name}" for name in names)] == sorted(files(tmp_path / "x"), reverse=True)[:1] + [
            name for name in files(tmp_path / "x") if ".data-" in name
        ]
        with open_bundle(tmp_path / "x") as file:
            file.verify()
            assert [step] * 3 == file.read("v").tolist()


def test_a_folder_that_may_not_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The graph gets its name, and what belongs to the old checkpoint goes, as in any other folder."""

    def refuse(folder: Any) -> list[str]:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    for step, size in ((1, None), (2, 100), (3, None), (4, None)):
        with monkeypatch.context() as patch:
            patch.setattr(os, "listdir", refuse)
            values = {"v": np.full(9, step), "w": np.full(9, step)}
            write_bundle(tmp_path / "x", values, meta_graph=graph(step), shard_bytes=size)
        count = 1 if size is None else 2
        data = [f"x.data-{number:05d}-of-{count:05d}" for number in range(count)]
        assert [*data, "x.index", "x.meta"] == sorted(os.listdir(tmp_path))
        with open_bundle(tmp_path / "x") as file:
            assert [step] * 9 == file.read("w").tolist()
            assert [f"step_{step}"] == list(file.structure().digraph)


def test_what_belongs_to_the_old_checkpoint_goes(tmp_path: Path) -> None:
    """Data files of other numbers and a checkpoint of the first format go; files of other prefixes stay."""
    write_bundle(tmp_path / "x", {"a": np.ones(100), "b": np.ones(100)}, shard_bytes=800)
    for name in ("x.data-00000-of-00009", "x1.data-00000-of-00002", "x.ckpt.data-00000-of-00002", "x.data", "x.h5"):
        (tmp_path / name).touch()
    shutil.copy(GOLDEN / "v1", tmp_path / "x")
    shutil.copy(GOLDEN / "part_v1_sharded-00000-of-00001", tmp_path / "x-00000-of-00001")
    (tmp_path / "x-00000-of-00002").write_text("of another program")
    write_bundle(tmp_path / "x", {"v": np.zeros(3)})
    others = {"x1.data-00000-of-00002", "x.ckpt.data-00000-of-00002", "x.data", "x.h5", "x-00000-of-00002"}
    assert {"x.index", "x.data-00000-of-00001"} | others == set(files(tmp_path / "x"))
    (tmp_path / "x.index").write_text("damaged")
    (tmp_path / "x.data-00000-of-00007").touch()
    write_bundle(tmp_path / "x", {"v": np.ones(3)})
    assert {"x.index", "x.data-00000-of-00001"} | others == set(files(tmp_path / "x"))


def test_a_graph_is_replaced_with_its_values(tmp_path: Path) -> None:
    """A graph that is given is written, False removes the one that is there, and without one it is left as it is."""
    for step in (1, 2):
        write_bundle(tmp_path / "x", {"v": np.zeros(step)}, meta_graph=graph(step))
        with open_bundle(tmp_path / "x") as file:
            assert [f"step_{step}"] == list(file.structure().digraph)
    write_bundle(tmp_path / "x", {"v": np.zeros(3)})
    assert [f"step_{step}"] == list(read_meta_graph(tmp_path / "x.meta").digraph)
    write_bundle(tmp_path / "x", {"v": np.zeros(3)}, meta_graph=False)
    assert ["x.data-00000-of-00001", "x.index"] == list(files(tmp_path / "x"))
    (tmp_path / "x.meta").mkdir()
    with pytest.raises(FailedPreconditionError, match="it is a directory"):
        write_bundle(tmp_path / "x", {"v": np.zeros(4)}, meta_graph=graph(4))
    assert [3] == [file.variables["v"].shape[0] for file in [open_bundle(tmp_path / "x")]]


@pytest.mark.parametrize("is_new", [True, False])
def test_the_graph_is_found_while_its_checkpoint_is_replaced(tmp_path: Path, is_new: bool) -> None:
    """Between two steps both graphs have names of their own, and every reader finds that of the index."""
    write_bundle(tmp_path / "x", {"v": np.zeros(1)}, meta_graph=graph(1))
    (tmp_path / "x.meta").rename(kept_path(str(tmp_path / "x"), index_digest(str(tmp_path / "x"))))
    if is_new:
        write_bundle(tmp_path / "y", {"v": np.zeros(2)})
        (tmp_path / "y.index").rename(tmp_path / "x.index")
        write_meta_graph(graph(2), kept_path(str(tmp_path / "x"), index_digest(str(tmp_path / "x"))))
    expected = ["step_2" if is_new else "step_1"]
    with open_bundle(tmp_path / "x") as file:
        assert file.has_graph()
        assert expected == list(file.structure().digraph)
    assert expected == list(read_meta_graph(tmp_path / "x.meta").digraph)
    for name in ("x", "x.meta"):
        assert expected == list(structure_in(tmp_path / name).digraph)
    assert not (tmp_path / "x.meta").exists()


def test_a_graph_that_gets_its_name_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that has found no graph under the usual name, and then none under the other, looks again."""
    write_bundle(tmp_path / "x", {"v": np.zeros(1)}, meta_graph=graph(1))
    kept = kept_path(str(tmp_path / "x"), index_digest(str(tmp_path / "x")))
    (tmp_path / "x.meta").rename(kept)

    def digest(prefix: str) -> str:
        kept.rename(tmp_path / "x.meta")
        return index_digest(prefix)

    monkeypatch.setattr(graph_of_checkpoint, "index_digest", digest)
    with open_bundle(tmp_path / "x") as file:
        assert ["step_1"] == list(file.structure().digraph)


def test_an_index_that_cannot_be_read_is_not_one_without_a_graph(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the index tells which graph belongs to it, the system must let it be read."""
    write_bundle(tmp_path / "x", {"v": np.zeros(1)}, meta_graph=graph(1))
    (tmp_path / "x.meta").rename(kept_path(str(tmp_path / "x"), index_digest(str(tmp_path / "x"))))
    really = os.open

    def refuse(path: Any, *args: Any, **options: Any) -> int:
        if os.fspath(path).endswith(".index"):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return really(path, *args, **options)

    with open_bundle(tmp_path / "x") as file:
        monkeypatch.setattr(os, "open", refuse)
        with pytest.raises(UnknownError, match=r"Cannot read .*x\.index: Input/output error"):
            file.structure()


def test_an_open_checkpoint_that_is_replaced(tmp_path: Path) -> None:
    """What was not opened yet is not taken from the new checkpoint: an error says that the old one is gone."""
    write_bundle(tmp_path / "x", {"v": np.zeros(3)}, meta_graph=graph(1))
    with open_bundle(tmp_path / "x") as early, open_bundle(tmp_path / "x") as late:
        assert [0.0] * 3 == early.read("v").tolist()
        write_bundle(tmp_path / "x", {"v": np.ones(3)}, meta_graph=graph(2))
        assert [0.0] * 3 == early.read("v").tolist()
        for ask in (lambda: late.read("v"), late.structure, early.structure):
            with pytest.raises(AbortedError, match="Open it again"):
                ask()
        (tmp_path / "x.data-00000-of-00001").unlink()
        with pytest.raises(AbortedError, match="Open it again"):
            late.read("v")
        (tmp_path / "x.meta").unlink()
        with pytest.raises(AbortedError, match="Open it again"):
            early.structure()


@pytest.mark.parametrize(
    ("values", "named", "error", "sentence"),
    [
        ({}, None, InvalidArgumentError, "nothing to write"),
        ({"": 1.0}, None, InvalidArgumentError, "name ''"),
        ({"\0a": 1.0}, None, InvalidArgumentError, "Choose another"),
        (
            {"v": np.zeros(2)},
            {"v": "int32"},
            TypeError,
            "should have dtype int32, but its value has the NumPy dtype float64",
        ),
        ({"v": np.zeros(2)}, {"v": "resource"}, TypeError, "should have dtype resource"),
        ({"v": np.array([1, b""], object)}, None, TypeError, "String tensor 'v' holds 1"),
    ],
)
def test_what_cannot_be_written_is_refused(
    tmp_path: Path, values: dict, named: dict | None, error: type[Exception], sentence: str
) -> None:
    """The sentence names the tensor, and no file is left."""
    with pytest.raises(error, match=sentence):
        write_bundle(tmp_path / "x", values, named)
    assert {} == files(tmp_path / "x")


def test_folders_that_are_not_there(tmp_path: Path) -> None:
    """A missing folder and a directory in the place of a file are told."""
    with pytest.raises(NotFoundError, match="Cannot write"):
        write_bundle(tmp_path / "no" / "x", {"v": 1.0})
    (tmp_path / "x.index").mkdir()
    with pytest.raises(FailedPreconditionError, match="it is a directory"):
        write_bundle(tmp_path / "x", {"v": 1.0})


def test_quantized_and_reference_names(tmp_path: Path) -> None:
    """A reference's name stands for its dtype, and the entry says what NumPy cannot."""
    write_bundle(tmp_path / "x", {"q": np.int8([1]), "r": np.float32(1)}, {"q": "qint8", "r": "float32_ref"})
    with open_bundle(tmp_path / "x") as file:
        assert ["qint8", "float32"] == [file.variables[name].dtype for name in "qr"]


def test_progress_counts_all_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small tensors, large tensors and strings are counted."""
    seen: list[tuple[int, int]] = []
    values = {"a": np.zeros(10), "b": np.zeros(100_000), "c": np.array([b"text"] * 3, object)}
    monkeypatch.setattr(bundle_writing, "_IN_FLIGHT", 1)
    write_bundle(tmp_path / "x", values, progress=lambda done, total: seen.append((done, total)))
    with open_bundle(tmp_path / "x") as file:
        total = sum(entry.nbytes for entry in file.variables.values())
    assert (total, total) == seen[-1]


def test_everything_is_on_the_disk_before_anything_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two data files, graph and index are synced before the first of them has its name, and so is every name."""
    values = {"a": np.ones(100), "b": np.ones(100)}
    write_bundle(tmp_path / "x", values, shard_bytes=800, meta_graph=graph(1))
    log = told(monkeypatch, "fsync", "replace", "unlink")
    write_bundle(tmp_path / "x", values, shard_bytes=800, meta_graph=graph(2))
    assert ["fsync"] * 4 == log[: log.index("replace x.data-00000-of-00003")]
    first = log.index("replace x.index")
    assert ("fsync", "fsync") == (log[first - 1], log[first + 1])
    assert "unlink" not in "".join(log[:first])
    monkeypatch.undo()
    log = told(monkeypatch, "fsync")
    write_bundle(tmp_path / "x", values, durable=False)
    assert [] == log
