"""A file of every kind, given to every function and command that reads: the error says the kind and what reads it."""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
import shlex
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import hdfsaver as tf
from hdfsaver import errors, interop
from hdfsaver.cli import app
from hdfsaver.cli.exit_codes import ExitCode
from hdfsaver.files.file_kinds import FileKind, advice
from hdfsaver.files.kind_detection import kind_of_file
from hdfsaver.storage.reading import open_file as open_hdf5
from hdfsaver.storage.resealing import reseal
from tests.files.kind_samples import ARRAY, GOLDEN, GRAPHS, SAMPLES, write

Function = Callable[[Path], Any]


def _restore(path: Path) -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        saver = tf.train.Saver([tf.get_variable("w", [2, 3])])
        saver.restore(session, path)


def _initialize(path: Path) -> None:
    with tf.Graph().as_default():
        tf.train.init_from_checkpoint(path, {"w": tf.get_variable("w", [2, 3])})


def _command(*words: str) -> Function:
    """A command as a function that raises what it prints; the exit status must be 1."""

    def run(path: Path) -> None:
        filled = [word.format(path) for word in words]
        done = CliRunner().invoke(app, filled)
        if done.exit_code != 0:
            assert done.exit_code in (ExitCode.DIFFERS, ExitCode.NOT_FOUND, ExitCode.NOT_READ)
            raise errors.UnknownError(None, None, done.stderr.replace("\n", " ").strip())

    return run


CHECKPOINTS: dict[str, Function] = {
    "NewCheckpointReader": tf.train.NewCheckpointReader,
    "load_checkpoint": tf.train.load_checkpoint,
    "load_variable": lambda path: tf.train.load_variable(path, "w"),
    "list_variables": tf.train.list_variables,
    "init_from_checkpoint": _initialize,
    "restore": _restore,
}
HDF5: dict[str, Function] = {
    "open_hdf5": open_hdf5,
    "salvage": tf.salvage,
    "reseal": reseal,
    "hdfsaver reseal": _command("reseal", "{}"),
    "hdfsaver salvage": _command("salvage", "{}", "{}.salvaged.h5"),
}
ANYTHING: dict[str, Function] = {
    "open_file": tf.open_file,
    "load_file": tf.load_file,
    "convert": lambda path: tf.convert(path, f"{path}.out.h5"),
    "hdfsaver ls": _command("ls", "{}"),
    "hdfsaver show": _command("show", "{}", "w"),
    "hdfsaver convert": _command("convert", "{}", "{}.out.h5"),
}
GRAPH: dict[str, Function] = {
    "import_meta_graph": tf.train.import_meta_graph,
    "read_meta_graph": interop.read_meta_graph,
    "read_graph_def": interop.read_graph_def,
}
FUNCTIONS = {**CHECKPOINTS, **HDF5, **ANYTHING, **GRAPH, "open_tensorflow": interop.open_tensorflow}

BUNDLES = {"index", "v1"}
MESSAGES = {"meta-graph", "graph-def", "graph-def-text"}
TORCH = {"torch", "torch-legacy", "torchscript", "pickle-2"}
"""Read without their tensors, which the samples do not have."""
ARRAYS = {"npz", "npy", "pickle", "safetensors", "keras"}
READ = {
    **{key: {"hdf5", *BUNDLES} for key in CHECKPOINTS},
    **{key: {"hdf5"} for key in HDF5},
    **{key: {"hdf5", *ARRAYS, "saved-model", *BUNDLES, *MESSAGES} for key in ANYTHING},
    "import_meta_graph": {"hdf5", "meta-graph"},
    "read_meta_graph": {"meta-graph"},
    "read_graph_def": {"graph-def", "graph-def-text"},
    "open_tensorflow": BUNDLES,
}
"""The samples that a function reads, or opens as far as their damage or their other names allow."""


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_kind_in_every_function(tmp_path: Path, function: str) -> None:
    """One sentence names the file and its kind; damage is said of damaged files alone; nothing is written."""
    for name in SAMPLES:
        folder = tmp_path / name
        folder.mkdir()
        path = write(name, folder)
        if name in READ[function] or (name in TORCH and function in ANYTHING):
            continue
        with pytest.raises((errors.OpError, OSError)) as caught:
            FUNCTIONS[function](path)
        _check(caught.value, name, path)
        assert [path] == list(folder.iterdir())


def _check(error: Exception, name: str, path: Path) -> None:
    message = getattr(error, "message", str(error))
    if re.search("is not a (?:Meta)?GraphDef as text: 1:1 : |its bytes are neither such a message nor text", message):
        assert name in ("text", "unknown")  # text is parsed if a graph may be text; the error names line and column
        return
    kind = kind_of_file(path)
    said = "is a text file" if name == "text" else "is not of a known kind" if kind is None else f"is {kind.name}"
    assert f"{path} {said}" in message, (name, message)
    assert kind is None or advice(kind, path) in message, (name, message)
    if type(error) is not errors.UnknownError and not isinstance(error, OSError):
        is_damage = name in ("empty", "zeros", "unknown")
        assert type(error) is (errors.DataLossError if is_damage else errors.InvalidArgumentError), name


def test_what_is_read(tmp_path: Path) -> None:
    """The samples that are left out above are those that functions do read."""
    for function, names in READ.items():
        for name in names:
            path = write(name, tmp_path)
            if function in ("import_meta_graph", "restore", "init_from_checkpoint") or "hdfsaver" in function:
                continue  # the samples have other names or no graph
            if function == "load_variable":
                with pytest.raises(errors.NotFoundError, match="Key w not found"):
                    FUNCTIONS[function](path)
            elif function == "reseal":
                with pytest.raises(errors.InvalidArgumentError, match="not a checkpoint of hdfsaver"):
                    FUNCTIONS[function](path)
            elif name != "index":  # its data file is not there
                FUNCTIONS[function](path)


# -- the advice, followed to its end -----------------------------------------------------------------------------------


def _advised(name: str, folder: Path) -> tuple[Path, str]:
    path = write(name, folder)
    kind = kind_of_file(path)
    assert isinstance(kind, FileKind)
    return path, advice(kind, path)


@pytest.mark.parametrize("name", ["npz", "npy", "safetensors", "keras", "v1"])
def test_load_file_and_convert_read_it(tmp_path: Path, name: str) -> None:
    """The function that the advice names gives the arrays, and the command makes a checkpoint of them."""
    path, said = _advised(name, tmp_path)
    found = tf.load_file(path)
    assert found
    command = re.search("`hdfsaver (convert .*?)`", said)
    assert said.startswith("hdfsaver.load_file reads it")
    assert command is not None
    words = shlex.split(command[1])
    done = CliRunner().invoke(app, words)
    assert 0 == done.exit_code, done.stderr
    assert set(found) == set(tf.load_file(words[-1]))


def test_the_endings_of_an_index_of_shards(tmp_path: Path) -> None:
    """The advice for JSON also names the ending of Keras, whose index is read."""
    for path in (Path(__file__).with_name("golden") / "keras_shards").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (index,) = tmp_path.glob("*.weights.json")
    _path, said = _advised("json", tmp_path)
    assert said.endswith("whose name ends in .index.json or .weights.json.")
    assert tf.load_file(index)


def test_the_state_file_names_its_folder(tmp_path: Path) -> None:
    """Both functions in the advice read the latest checkpoint of the folder."""
    _path, said = _advised("state", tmp_path)
    assert f"read the latest checkpoint of its folder, {str(tmp_path)!r}" in said
    tf.save_file({"w": ARRAY}, tmp_path / "m.h5")
    np.testing.assert_array_equal(ARRAY, tf.load_file(tmp_path)["w"])
    with tf.train.load_checkpoint(tmp_path) as reader:
        assert reader.has_tensor("w")


def test_graphs_are_read_as_the_advice_says() -> None:
    """Each function that is named for a graph reads it."""
    meta, graph = GRAPHS / "small.ckpt.meta", GRAPHS / "frozen.pb"
    kind = kind_of_file(meta)
    assert kind is not None
    assert "tf.train.import_meta_graph and hdfsaver.interop.read_meta_graph" in advice(kind, meta)
    with tf.Graph().as_default():
        assert tf.train.import_meta_graph(meta) is not None
    assert "w" in interop.read_meta_graph(meta).digraph
    assert "w/Initializer/Const" in tf.load_file(meta)
    kind = kind_of_file(graph)
    assert kind is not None
    assert "hdfsaver.interop.read_graph_def" in advice(kind, graph)
    assert "w" in interop.read_graph_def(graph).digraph
    assert "w" in tf.load_file(graph)
    saved = GRAPHS / "saved" / "saved_model.pb"
    kind = kind_of_file(saved)
    assert kind is not None
    assert f"hdfsaver.load_file({str(saved.parent)!r})" in advice(kind, saved)
    assert "b" in tf.load_file(saved.parent)
    assert interop.read_saved_model(saved.parent).meta_graphs


@pytest.mark.parametrize("name", ["part.index", "part.data-00000-of-00001"])
def test_a_file_of_a_bundle_names_the_prefix(name: str) -> None:
    """The prefix in the advice is read; the functions for checkpoints take the file itself as well."""
    path = GOLDEN / name
    kind = kind_of_file(path)
    assert kind is not None
    prefix = re.search("Give the prefix of the checkpoint instead, '(.*?)'", advice(kind, path))
    assert prefix is not None
    expected = tf.train.list_variables(prefix[1])
    assert [("part", [10, 6]), ("plain", [4])] == expected == tf.train.list_variables(path)
    assert {"part", "plain"} == set(tf.load_file(path))
    with pytest.raises(errors.InvalidArgumentError, match=re.escape(prefix[1])):
        reseal(path)


def test_the_graph_of_an_index(tmp_path: Path) -> None:
    """`import_meta_graph` takes the prefix that the advice for an index names."""
    path = GRAPHS / "small.ckpt.index"
    with pytest.raises(OSError, match=re.escape(f"Give the prefix of the checkpoint instead, '{GRAPHS}/small.ckpt'")):
        tf.train.import_meta_graph(path)
    with tf.Graph().as_default():
        assert tf.train.import_meta_graph(GRAPHS / "small.ckpt") is not None


def _tar(inner: Path, path: Path) -> None:
    with tarfile.open(path, "w") as archive:
        archive.add(inner, inner.name)


def _zip(inner: Path, path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
        archive.write(inner, inner.name)


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("w.npz.gz", lambda inner, path: path.write_bytes(gzip.compress(inner.read_bytes()))),
        ("w.npz.bz2", lambda inner, path: path.write_bytes(bz2.compress(inner.read_bytes()))),
        ("w.npz.xz", lambda inner, path: path.write_bytes(lzma.compress(inner.read_bytes()))),
        ("w.tar", _tar),
        ("w.zip", _zip),
    ],
)
def test_commands_that_unpack(tmp_path: Path, name: str, pack: Callable[[Path, Path], Any]) -> None:
    """The command of the advice gives the file, which is read."""
    inner, path = tmp_path / "w.npz", tmp_path / name
    np.savez(inner, w=ARRAY)
    pack(inner, path)
    kind = kind_of_file(path)
    assert kind is not None
    command = re.search("`(.*?)`", advice(kind, path))
    assert command is not None
    inner.unlink()
    words = shlex.split(command[1])
    if shutil.which(words[0]) is None:
        pytest.skip(f"{words[0]} is not installed")
    subprocess.run(words, cwd=path.parent, check=True, capture_output=True)
    np.testing.assert_array_equal(ARRAY, tf.load_file(inner)["w"])


def test_the_arrays_of_a_pickle(tmp_path: Path) -> None:
    """A pickle of protocol 2 or later is read as its advice says; nothing that it names is run."""
    path, said = _advised("pickle", tmp_path)
    assert said.startswith("hdfsaver.load_file reads the arrays of a pickle")
    assert [1.0] == tf.load_file(path)["w"].tolist()
    with pytest.raises(errors.InvalidArgumentError, match="is a pickle.*runs nothing that it names"):
        tf.load_file(write("pickle-0", tmp_path))


def test_pointers_in_place_of_any_file_of_a_checkpoint(tmp_path: Path) -> None:
    """A Git LFS pointer or a web page as the index, the data, or the graph of a checkpoint is called so."""
    for sample, said in (("lfs", "a Git LFS pointer"), ("html", "a web page"), ("empty", "empty")):
        data = SAMPLES[sample][1]()
        (tmp_path / "m.index").write_bytes(data)
        for function in (tf.train.load_checkpoint, tf.load_file):
            with pytest.raises(errors.OpError, match=rf"m\.index is {said}, but the index of a TensorFlow checkpoint"):
                function(tmp_path / "m")
        with pytest.raises(ValueError, match=rf"not a valid checkpoint.*m\.index is {said}"):
            _restore(tmp_path / "m")
        (tmp_path / "m.index").write_bytes((GOLDEN / "part.index").read_bytes())
        (tmp_path / "m.data-00000-of-00001").write_bytes(data)
        with pytest.raises(errors.OpError, match=rf"m\.data-00000-of-00001 is {said}, but a data file"):
            tf.load_file(tmp_path / "m")
        (tmp_path / "m.meta").write_bytes(data)
        with pytest.raises(OSError, match=rf"m\.meta is {said}, but a MetaGraphDef was expected"):
            tf.train.import_meta_graph(tmp_path / "m")
        (tmp_path / "checkpoint").write_bytes(data)
        with pytest.raises(ValueError, match=rf"checkpoint (is {said}|names no checkpoint)"):
            tf.train.load_checkpoint(tmp_path)
        (tmp_path / "saved_model.pb").write_bytes(data)
        with pytest.raises(errors.OpError, match=rf"saved_model\.pb is {said}, but a SavedModel was expected"):
            tf.load_file(tmp_path)
        (tmp_path / "saved_model.pb").unlink()
        (tmp_path / "m.index").unlink()
