"""How the time of every public operation grows: ``python tests/benchmarks/growth.py [--markdown] [WORD ...]``.

Each operation runs at N and at 4N, of arrays, nodes, checkpoints or whatever it is about, and the line says with which
power of N its time grows: 1 is in proportion, 2 is four times as much work for each. Times are those of the processor,
child processes included, the best of several runs, without the time that the operation takes for two things. A
suspicious exponent is measured again at a larger N, where a power shows more and noise less; where one is above 1.1
then, the exit status is 1.

Where a time grows a little more than in proportion, ``--lines`` tells whether the work does: it counts the lines of
Python that run, which are exact, while caches and the heap of a large process make each of them slower.

With words, only the operations run whose names have one of them.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import importlib.util
import io
import itertools
import math
import os
import resource
import shutil
import sys
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import h5py
import networkx as nx
import numpy as np
from typer.testing import CliRunner

import hdfsaver as tf
from hdfsaver.checkpoint.meta_graph import structure_of
from hdfsaver.cli import app
from hdfsaver.interop import read_graph_def, read_meta_graph
from hdfsaver.storage.resealing import reseal
from hdfsaver.storage.writing import Model, write_models

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.growing import lines

ROUNDS = 3
FACTOR = 4
LIMIT = 1.1
SUSPICIOUS = 1.05
ATTEMPTS = 3
ENOUGH = 0.02
"""Seconds that the smaller of two runs takes at least, so that they can be measured."""

PATIENCE = 1.5
"""Seconds that making ready and running the smaller size may take; from there on it grows no more."""

Prepared: TypeAlias = Any
Job: TypeAlias = tuple[Callable[[], Prepared], Callable[[Prepared], object]]
"""What is to be made anew before each run, which is not measured, and what is."""

Make: TypeAlias = Callable[[int, Path], Job]


class Case(NamedTuple):
    """One operation."""

    name: str
    size: int
    make: Make


CASES: list[Case] = []


def case(name: str, size: int, *given: Any) -> Callable[[Callable[..., Job]], Callable[..., Job]]:
    """List a function as an operation that is measured from that size on."""

    def listed(make: Callable[..., Job]) -> Callable[..., Job]:
        CASES.append(Case(name, size, partial(make, *given)))
        return make

    return listed


def always(run: Callable[[], object]) -> Job:
    """A job that needs nothing new."""
    return (lambda: None), (lambda _: run())


# --- what is worked on ------------------------------------------------------------------------------------------------


def names(count: int) -> list[str]:
    """Names as variables have them, the slots of an optimizer among them."""
    return [f"layer_{number // 2}/kernel{'/Adam' * (number % 2)}" for number in range(count)]


def arrays(count: int) -> dict[str, Any]:
    """Small arrays, as it is their number that counts."""
    return {name: np.full(4, number, np.float32) for number, name in enumerate(names(count))}


def chain(count: int) -> tf.Graph:
    """Operations, each of which takes what the one before gives."""
    with tf.Graph().as_default() as graph:
        found = tf.placeholder(tf.float32, [2], name="x")
        for _ in range(count):
            found = tf.negative(found)
        tf.identity(found, name="y")
    return graph


def model(count: int, graph: tf.Graph | None = None) -> tf.Graph:
    """Variables, and a sum of them all."""
    with (graph or tf.Graph()).as_default() as graph:
        found = [tf.get_variable(name, initializer=np.full(4, 1, np.float32)) for name in names(count)]
        tf.add_n(found, name="y")
    return graph


def session(graph: tf.Graph) -> tf.Session:
    """A session in which all variables have values."""
    sess = tf.Session(graph=graph)
    with graph.as_default():
        if tf.global_variables():
            sess.run(tf.global_variables_initializer())
    return sess


def fresh_graph() -> contextlib.AbstractContextManager[tf.Graph]:
    """An empty graph that is the default one."""
    return tf.Graph().as_default()


def fresh(path: Path) -> Path:
    """The path, with nothing there."""
    path.unlink(missing_ok=True)
    return path


@cache
def checkpoint(kind: str, count: int, folder: Path) -> str:
    """A file of that kind with so many arrays."""
    path = folder / f"{count}-arrays"
    if kind == "keras":
        return keras_archive(count, path)
    if kind == "keras.h5":
        return keras_weights(count, path.with_suffix(".keras.h5"))
    base = path.with_suffix(".h5")
    if not base.exists():
        tf.save_file(arrays(count), base, {"made": "for measuring"}, durable=False)
    if kind == "h5":
        return str(base)
    target = str(path) + ("" if kind == "bundle" else f".{kind}")
    tf.convert(base, target, durable=False)
    return target


def keras_weights(count: int, path: Path) -> str:
    """Weights as Keras 2 keeps them."""
    with h5py.File(path, "w") as file:
        for number in range(count):
            file[f"dense_{number}/dense_{number}/kernel:0"] = np.zeros(4, np.float32)
    return str(path)


def keras_archive(count: int, path: Path) -> str:
    """Weights as Keras 3 keeps them."""
    inner, outer = path.with_suffix(".weights.h5"), path.with_suffix(".keras")
    with h5py.File(inner, "w") as file:
        for number in range(count):
            file[f"layers/dense_{number}/vars/0"] = np.zeros(4, np.float32)
    with zipfile.ZipFile(outer, "w") as archive:
        archive.write(inner, "model.weights.h5")
    return str(outer)


@cache
def saved(count: int, folder: Path) -> str:
    """A checkpoint of ours with a graph and so many variables."""
    graph = model(count)
    with graph.as_default(), session(graph) as sess:
        return str(tf.train.Saver().save(sess, folder / f"{count}-variables", durable=False, write_state=False))


@cache
def exported(count: int, folder: Path) -> str:
    """The same as a checkpoint of TensorFlow's."""
    target = folder / f"{count}-exported"
    tf.convert(saved(count, folder), target, durable=False)
    return str(target)


@cache
def grouped(count: int, folder: Path) -> str:
    """A file with so many models."""
    path = folder / f"{count}-groups.h5"
    models = {f"model_{number}": Model({"w": np.zeros(4, np.float32)}, None, {}) for number in range(count)}
    write_models(path, models, durable=False)
    return str(path)


@cache
def damaged(count: int, folder: Path) -> str:
    """A file with so many arrays, of which one is damaged."""
    path = folder / f"{count}-damaged.h5"
    content = bytearray(Path(checkpoint("h5", count, folder)).read_bytes())
    place = content.rindex(np.full(4, count - 1, np.float32).tobytes())
    content[place + 3] ^= 0xFF
    path.write_bytes(content)
    return str(path)


def rotated(count: int, folder: Path, suffix: str = ".h5") -> Path:
    """A folder with so many checkpoints and a state file that lists them."""
    place = folder / f"{count}-checkpoints{suffix}"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    first = tf.Graph()
    with model(2, first).as_default(), session(first) as sess:
        tf.train.Saver(max_to_keep=0).save(sess, place / "m", 0, durable=False, write_state=False)
    if suffix == ".index":
        tf.convert(place / "m-0", place / "t-0", durable=False)
    stem = "m-" if suffix == ".h5" else "t-"
    for number in range(1, count):
        shutil.copyfile(place / f"{stem}0{suffix}", place / f"{stem}{number}{suffix}")
    listed = [str(place / f"{stem}{number}") for number in range(count)]
    times = [1e9 + number for number in range(count)]
    tf.train.update_checkpoint_state(
        place, listed[-1], listed, all_model_checkpoint_timestamps=times, last_preserved_timestamp=1e9, durable=False
    )
    return place


# --- arrays in files --------------------------------------------------------------------------------------------------


@case("save_file", 2000)
def save_file(count: int, folder: Path) -> Job:
    values = arrays(count)
    return always(lambda: tf.save_file(values, folder / "x.h5", durable=False))


@case("save_file, compressed", 50)
def save_compressed(count: int, folder: Path) -> Job:
    values = {name: np.full(1 << 14, number, np.float32) for number, name in enumerate(names(count))}
    return always(lambda: tf.save_file(values, folder / "x.h5", compression="gzip", durable=False))


@case("save_file, texts", 1000)
def save_texts(count: int, folder: Path) -> Job:
    values = {name: np.array([b"a", b"bc"], object) for name in names(count)}
    return always(lambda: tf.save_file(values, folder / "x.h5", durable=False))


@case("save_file, metadata", 1000)
def save_metadata(count: int, folder: Path) -> Job:
    said = dict.fromkeys(names(count), "text")
    return always(lambda: tf.save_file({}, folder / "x.h5", said, durable=False))


@case("load_file", 4000)
def load_file(count: int, folder: Path) -> Job:
    path = checkpoint("h5", count, folder)
    return always(lambda: tf.load_file(path))


@case("load_file, texts", 500)
def load_texts(count: int, folder: Path) -> Job:
    values = {name: np.array([b"a", b"bc"], object) for name in names(count)}
    tf.save_file(values, folder / f"{count}-texts.h5", durable=False)
    return always(lambda: tf.load_file(folder / f"{count}-texts.h5"))


@case("load_file, of another program", 500)
def load_plain(count: int, folder: Path) -> Job:
    path = folder / f"{count}-plain.h5"
    with h5py.File(path, "w") as file:
        for name in names(count):
            file[name.replace("/Adam", "_Adam")] = np.zeros(4, np.float32)
    return always(lambda: tf.load_file(path))


@case("open_file", 4000)
def open_file(count: int, folder: Path) -> Job:
    path = checkpoint("h5", count, folder)

    def run() -> None:
        with tf.open_file(path) as file:
            list(file)

    return always(run)


@case("open_file, each array alone", 500)
def read_each(count: int, folder: Path) -> Job:
    path = checkpoint("h5", count, folder)

    def run() -> None:
        with tf.open_file(path) as file:
            for name in file:
                file[name]

    return always(run)


@case("open_file, a slice of each array", 500)
def read_slices(count: int, folder: Path) -> Job:
    path = checkpoint("h5", count, folder)

    def run() -> None:
        with tf.open_file(path) as file:
            for name in file:
                file.get_slice(name)[1:3]

    return always(run)


@case("open_file, verify", 4000)
def verify_file(count: int, folder: Path) -> Job:
    path = checkpoint("h5", count, folder)

    def run() -> None:
        with tf.open_file(path) as file:
            file.verify()

    return always(run)


@case("list_variables, h5", 4000, "h5")
@case("list_variables, bundle", 1000, "bundle")
def list_variables(kind: str, count: int, folder: Path) -> Job:
    path = checkpoint(kind, count, folder)
    return always(lambda: tf.train.list_variables(path))


@case("load_variable, h5", 4000, "h5")
@case("load_variable, bundle", 1000, "bundle")
def load_variable(kind: str, count: int, folder: Path) -> Job:
    path = checkpoint(kind, count, folder)
    return always(lambda: tf.train.load_variable(path, names(count)[-1]))


@case("load_checkpoint, each tensor, h5", 500, "h5")
@case("load_checkpoint, each tensor, bundle", 500, "bundle")
def read_tensors(kind: str, count: int, folder: Path) -> Job:
    path = checkpoint(kind, count, folder)

    def run() -> None:
        reader = tf.train.load_checkpoint(path)
        for name in reader.get_variable_to_shape_map():
            reader.get_tensor(name)

    return always(run)


# --- conversions ------------------------------------------------------------------------------------------------------

SOURCES = ["h5", "bundle", "npz", "safetensors", "keras", "keras.h5"]
TARGETS = ["h5", "bundle", "npz", "safetensors"]
if importlib.util.find_spec("torch") is not None:
    SOURCES.append("pt")
    TARGETS.append("pt")


def converted(source: str, target: str, options: dict[str, Any], count: int, folder: Path) -> Job:
    """From one kind of file to another."""
    path = checkpoint(source, count, folder)
    to = folder / ("converted" + ("" if target == "bundle" else f".{target}"))
    return always(lambda: tf.convert(path, to, durable=False, **options))


CASES += [
    Case(f"convert {' to '.join(pair)}", 500, partial(converted, *pair, {}))
    for pair in itertools.product(SOURCES, TARGETS)
]

OPTIONS: dict[str, dict[str, Any]] = {
    "include, exclude": {"include": ["*/kernel", "layer_*"], "exclude": ["*_7/*"]},
    "rename": {"rename": [("kernel", "weights"), ("^layer_", "block_")]},
    "drop_slots": {"drop_slots": True},
    "dtype": {"dtype": "float16"},
}
for label, chosen in OPTIONS.items():
    CASES.append(Case(f"convert h5 to npz, {label}", 500, partial(converted, "h5", "npz", chosen)))
    CASES.append(Case(f"convert bundle to h5, {label}", 500, partial(converted, "bundle", "h5", chosen)))


@case("convert h5 with a graph to bundle", 100, saved, "with-graph")
@case("convert h5 with a graph to .meta", 100, saved, "with-graph.meta")
@case("convert h5 with a graph to .pb", 100, saved, "with-graph.pb")
@case("convert h5 with a graph to .pbtxt", 100, saved, "with-graph.pbtxt")
@case("convert h5 with a graph to h5", 100, saved, "with-graph.h5")
@case("convert bundle with .meta to h5", 100, exported, "with-graph.h5")
@case("convert bundle with .meta to bundle", 100, exported, "with-graph")
def convert_graph(source: Callable[[int, Path], str], target: str, count: int, folder: Path) -> Job:
    path = source(count, folder)
    return always(lambda: tf.convert(path, folder / target, durable=False))


# --- the command ------------------------------------------------------------------------------------------------------


def command(*words: str, status: int = 0) -> None:
    """Run the command in this process."""
    with contextlib.redirect_stdout(io.StringIO()):
        found = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert found.exit_code == status, found.output


@case("hdfsaver ls", 200, "h5", False)
@case("hdfsaver ls, bundle", 200, "bundle", False)
@case("hdfsaver ls --json", 1000, "h5", True)
def command_ls(kind: str, as_json: bool, count: int, folder: Path) -> Job:
    path = checkpoint(kind, count, folder)
    return always(lambda: command("ls", path, *["--json"] * as_json))


@case("hdfsaver show of all", 200, False)
@case("hdfsaver show of all --json", 200, True)
def command_show(as_json: bool, count: int, folder: Path) -> Job:
    path = checkpoint("h5", count, folder)
    return always(lambda: command("show", path, *names(count), *["--json"] * as_json))


@case("hdfsaver verify", 4000)
def command_verify(count: int, folder: Path) -> Job:
    path = checkpoint("h5", count, folder)
    return always(lambda: command("verify", path))


@case("hdfsaver salvage", 1000)
def command_salvage(count: int, folder: Path) -> Job:
    path, out = damaged(count, folder), folder / "salvaged.h5"
    return (lambda: fresh(out)), (lambda _: command("salvage", path, str(out), status=1))


@case("salvage, whole", 1000, checkpoint, "h5")
@case("salvage, a damaged value", 1000, damaged)
def salvage(make: Callable[..., str], *given: Any) -> Job:
    path = make(*given)
    return always(lambda: tf.salvage(path))


@case("salvage, no seal", 1000)
def salvage_unsealed(count: int, folder: Path) -> Job:
    path = folder / f"{count}-unsealed.h5"
    content = bytearray(Path(checkpoint("h5", count, folder)).read_bytes())
    content[-1] ^= 0xFF
    content[700] ^= 0xFF
    path.write_bytes(content)
    return always(lambda: tf.salvage(path))


@case("hdfsaver reseal", 500)
def command_reseal(count: int, folder: Path) -> Job:
    path = shutil.copyfile(checkpoint("h5", count, folder), folder / "resealed.h5")
    return always(lambda: command("reseal", str(path)))


@case("reseal, with a graph", 100)
def reseal_graph(count: int, folder: Path) -> Job:
    path = shutil.copyfile(saved(count, folder) + ".h5", folder / "resealed.h5")
    return always(lambda: reseal(path))


# --- groups -----------------------------------------------------------------------------------------------------------


@case("groups: hdfsaver ls", 100)
def groups_ls(count: int, folder: Path) -> Job:
    path = grouped(count, folder)
    return always(lambda: command("ls", path, "--json"))


@case("groups: load_file of one", 500)
def groups_load(count: int, folder: Path) -> Job:
    path = grouped(count, folder)
    return always(lambda: tf.load_file(path, group="model_0"))


@case("groups: verify", 500)
def groups_verify(count: int, folder: Path) -> Job:
    path = grouped(count, folder)
    return always(lambda: command("verify", path))


@case("groups: salvage", 200)
def groups_salvage(count: int, folder: Path) -> Job:
    path = grouped(count, folder)
    return always(lambda: tf.salvage(path))


@case("groups: reseal", 100)
def groups_reseal(count: int, folder: Path) -> Job:
    path = shutil.copyfile(grouped(count, folder), folder / "resealed.h5")
    return always(lambda: reseal(path))


@case("groups: Saver.save beside the others", 100)
def groups_save(count: int, folder: Path) -> Job:
    shutil.copyfile(grouped(count, folder), folder / "grouped.h5")
    graph = model(2)
    with graph.as_default():
        saver = tf.train.Saver(group="model_0")
    sess = session(graph)
    return always(lambda: saver.save(sess, folder / "grouped.h5", durable=False, write_state=False))


@case("groups: Saver.restore of one", 500)
def groups_restore(count: int, folder: Path) -> Job:
    path = grouped(count, folder)
    with fresh_graph() as graph:
        saver = tf.train.Saver({"w": tf.get_variable("w", [4])}, group="model_0")
    return always(lambda: saver.restore(tf.Session(graph=graph), path))


@case("groups: import_meta_graph of one", 50)
def groups_import(count: int, folder: Path) -> Job:
    graph = model(2)
    with graph.as_default():
        structure = structure_of(graph)
    models = {f"model_{number}": Model({"w": np.zeros(4, np.float32)}, structure, {}) for number in range(count)}
    write_models(folder / f"{count}.h5", models, durable=False)

    def run() -> None:
        with fresh_graph():
            tf.train.import_meta_graph(folder / f"{count}.h5", group="model_0")

    return always(run)


# --- one name of many components --------------------------------------------------------------------------------------


def component_name(count: int) -> str:
    """A name in so many scopes, or groups."""
    return "g/" * count + "w"


@case("one name of many components, save_file", 2000)
def save_components(count: int, folder: Path) -> Job:
    values = {component_name(count): np.zeros(4, np.float32)}
    return always(lambda: tf.save_file(values, folder / "x.h5", durable=False))


@case("one name of many components, load_file", 2000)
def load_components(count: int, folder: Path) -> Job:
    path = folder / f"{count}.h5"
    tf.save_file({component_name(count): np.zeros(4, np.float32)}, path, durable=False)
    return always(lambda: tf.load_file(path))


@case("one name of many components, import_meta_graph", 2000)
def import_components(count: int, folder: Path) -> Job:
    with fresh_graph():
        variable = tf.Variable(np.zeros(4, np.float32), name=component_name(count))
        described = tf.train.Saver([variable]).export_meta_graph()

    def run() -> None:
        with fresh_graph():
            tf.train.import_meta_graph(described)
            tf.train.import_meta_graph(described)

    return always(run)


# --- the Saver --------------------------------------------------------------------------------------------------------


@case("Saver()", 1000)
def make_saver(count: int, folder: Path) -> Job:
    graph = model(count)

    def run() -> None:
        with graph.as_default():
            tf.train.Saver()

    return always(run)


@case("Saver(rename=)", 1000)
def make_renaming_saver(count: int, folder: Path) -> Job:
    graph = model(count)

    def run() -> None:
        with graph.as_default():
            tf.train.Saver(rename={"kernel": "weights"})

    return always(run)


@case("Saver.save, the first", 200)
def first_save(count: int, folder: Path) -> Job:
    graph = model(count)
    sess = session(graph)

    def saver() -> tf.train.Saver:
        with graph.as_default():
            return tf.train.Saver()

    return saver, lambda saver: saver.save(sess, folder / "first", durable=False, write_state=False)


@case("Saver.save, later", 1000)
def later_save(count: int, folder: Path) -> Job:
    graph = model(count)
    sess = session(graph)
    with graph.as_default():
        saver = tf.train.Saver()
    saver.save(sess, folder / "later", durable=False, write_state=False)
    return always(lambda: saver.save(sess, folder / "later", durable=False, write_state=False))


@case("Saver.save, compressed", 25)
def compressed_save(count: int, folder: Path) -> Job:
    with fresh_graph() as graph:
        for name in names(count):
            tf.get_variable(name, initializer=np.zeros(1 << 14, np.float32))
        saver = tf.train.Saver(compression="gzip")
    sess = session(graph)
    return always(lambda: saver.save(sess, folder / "packed", durable=False, write_state=False))


@case("Saver.save without a graph", 500)
def graphless_save(count: int, folder: Path) -> Job:
    graph = model(count)
    sess = session(graph)

    def saver() -> tf.train.Saver:
        with graph.as_default():
            return tf.train.Saver()

    target = folder / "graphless"
    return saver, lambda it: it.save(sess, target, durable=False, write_state=False, write_meta_graph=False)


@case("Saver.restore", 500, saved)
@case("Saver.restore of a bundle", 500, exported)
def restore(make: Callable[[int, Path], str], count: int, folder: Path) -> Job:
    path = make(count, folder)
    graph = model(count)
    with graph.as_default():
        saver = tf.train.Saver()
    sess = tf.Session(graph=graph)
    return always(lambda: saver.restore(sess, path))


@case("Saver.restore with rename", 500)
def restore_renamed(count: int, folder: Path) -> Job:
    path = saved(count, folder)
    with fresh_graph() as graph:
        for name in names(count):
            tf.get_variable(name.replace("kernel", "weights"), [4])
        saver = tf.train.Saver(rename={"weights": "kernel"})
    sess = tf.Session(graph=graph)
    return always(lambda: saver.restore(sess, path))


@case("Saver.restore, strict=False, half missing", 500)
def restore_partial(count: int, folder: Path) -> Job:
    path = saved(count, folder)
    with fresh_graph() as graph:
        for number, name in enumerate(names(count)):
            tf.get_variable(name if number % 3 else f"other_{number}", [4])
        saver = tf.train.Saver()
    sess = tf.Session(graph=graph)
    return always(lambda: saver.restore(sess, path, strict=False))


@case("Saver.restore, all missing (the message)", 500)
def restore_missing(count: int, folder: Path) -> Job:
    path = saved(count, folder)
    with fresh_graph() as graph:
        for number in range(count):
            tf.get_variable(f"layer_{number}/other", [4])
        saver = tf.train.Saver()
    sess = tf.Session(graph=graph)

    def run() -> None:
        with contextlib.suppress(tf.errors.NotFoundError):
            saver.restore(sess, path)

    return always(run)


@case("init_from_checkpoint, one scope", 200, False)
@case("init_from_checkpoint, a scope for each", 200, True)
@case("init_from_checkpoint, a name for each", 200, None)
def init_from_checkpoint(scopes: bool | None, count: int, folder: Path) -> Job:
    path = saved(count, folder)
    chosen = {
        False: {"/": "/"},
        True: {name.rpartition("kernel")[0]: f"layer_{n // 2}/" for n, name in enumerate(names(count))},
    }
    mapped = {name: name for name in names(count)} if scopes is None else chosen[scopes]

    def run(graph: tf.Graph) -> None:
        with graph.as_default():
            tf.train.init_from_checkpoint(path, mapped)

    return (lambda: model(count)), run


@case("initializers from a checkpoint", 200)
def run_initializers(count: int, folder: Path) -> Job:
    path = saved(count, folder)
    graph = model(count)
    with graph.as_default():
        tf.train.init_from_checkpoint(path, {"/": "/"})
        initializer = tf.global_variables_initializer()
    return (lambda: tf.Session(graph=graph)), lambda sess: sess.run(initializer)


def parted(count: int) -> tuple[tf.Graph, tf.train.Saver]:
    """One variable in so many parts."""
    with fresh_graph() as graph:
        partitioner = tf.fixed_size_partitioner(count)
        tf.get_variable("w", [count, 4], initializer=tf.zeros_initializer(), partitioner=partitioner)
        return graph, tf.train.Saver()


@case("get_variable in parts", 100)
def make_parts(count: int, folder: Path) -> Job:
    return always(lambda: parted(count))


@case("as_tensor of parts, run", 100)
def run_parts(count: int, folder: Path) -> Job:
    with fresh_graph() as graph:
        partitioner = tf.fixed_size_partitioner(count)
        whole = tf.get_variable("w", [count, 4], initializer=tf.zeros_initializer(), partitioner=partitioner)
        tensor = whole.as_tensor()
    init = session(graph)
    del init

    def made() -> tf.Session:
        return session(graph)

    return made, lambda sess: sess.run(tensor)


@case("Saver.save of parts", 100)
def save_parts(count: int, folder: Path) -> Job:
    graph, saver = parted(count)
    sess = session(graph)
    return always(lambda: saver.save(sess, folder / "parts", durable=False, write_state=False, write_meta_graph=False))


@case("Saver.restore of parts", 100)
def restore_parts(count: int, folder: Path) -> Job:
    graph, saver = parted(count)
    sess = session(graph)
    saver.save(sess, folder / f"{count}-parts", durable=False, write_state=False)
    return always(lambda: saver.restore(sess, folder / f"{count}-parts"))


@case("Saver.restore of half of the parts", 100)
def restore_some_parts(count: int, folder: Path) -> Job:
    graph, saver = parted(count)
    sess = session(graph)
    saver.save(sess, folder / f"{count}-parts", durable=False, write_state=False)
    with graph.as_default():
        some = tf.train.Saver({"w": tf.global_variables()[::2]})
    return always(lambda: some.restore(sess, folder / f"{count}-parts"))


@case("import_meta_graph of parts", 100)
def import_parts(count: int, folder: Path) -> Job:
    graph, saver = parted(count)
    saver.save(session(graph), folder / f"{count}-parts", durable=False, write_state=False)

    def run() -> None:
        with fresh_graph():
            tf.train.import_meta_graph(folder / f"{count}-parts")

    return always(run)


# --- rotation ---------------------------------------------------------------------------------------------------------


def keeping(
    count: int, folder: Path, **settings: Any
) -> tuple[tf.Session, Callable[[], tf.train.Saver], Iterator[int]]:
    """A session with two variables, a Saver that begins with a full folder, and the steps to save."""
    graph = model(2)

    def saver() -> tf.train.Saver:
        with graph.as_default():
            return tf.train.Saver(**{"max_to_keep": count, "resume_rotation": True, **settings})

    return session(graph), saver, itertools.count(count)


@case("rotation: a save that resumes", 500)
def resuming_save(count: int, folder: Path) -> Job:
    place = rotated(count, folder)
    sess, saver, steps = keeping(count, place)
    return saver, lambda it: it.save(sess, place / "m", next(steps), durable=False)


@case("rotation: a later save", 500)
def rotating_save(count: int, folder: Path) -> Job:
    place = rotated(count, folder)
    sess, saver, steps = keeping(count, place)
    it = saver()
    it.save(sess, place / "m", next(steps), durable=False)
    return always(lambda: it.save(sess, place / "m", next(steps), durable=False))


@case("rotation: keep_best beside the newest", 500)
def best_save(count: int, folder: Path) -> Job:
    place = rotated(count, folder)
    sess, saver, steps = keeping(count, place, max_to_keep=count // 2 + 1, keep=tf.train.keep_best(count // 2))
    it = saver()
    it.save(sess, place / "m", next(steps), durable=False, metric=1.0)
    return always(lambda: it.save(sess, place / "m", next(steps), durable=False, metric=1.0))


@case("rotation: half of the checkpoints go", 100)
def many_go(count: int, folder: Path) -> Job:
    def full() -> tuple[Any, ...]:
        place = rotated(count, folder)
        sess, saver, steps = keeping(count, place, max_to_keep=count // 2 + 1, keep=tf.train.keep_latest(1))
        return saver(), sess, place, steps

    return full, lambda it: it[0].save(it[1], it[2] / "m", next(it[3]), durable=False)


@case("rotation: recover_last_checkpoints", 500)
def recover(count: int, folder: Path) -> Job:
    place = rotated(count, folder)
    _, saver, _ = keeping(count, place)
    listed = [place / f"m-{number}" for number in range(count)]
    return saver, lambda it: it.recover_last_checkpoints(listed)


@case("update_checkpoint_state", 1000)
def update_state(count: int, folder: Path) -> Job:
    listed = [f"m-{number}" for number in range(count)]
    return always(lambda: tf.train.update_checkpoint_state(folder, listed[-1], listed, durable=False))


@case("get_checkpoint_state", 1000)
def get_state(count: int, folder: Path) -> Job:
    place = rotated(count, folder)
    return always(lambda: tf.train.get_checkpoint_state(place))


@case("latest_checkpoint", 1000, ".h5")
@case("latest_checkpoint, bundle", 1000, ".index")
def latest_checkpoint(suffix: str, count: int, folder: Path) -> Job:
    place = rotated(count, folder, suffix)
    return always(lambda: tf.train.latest_checkpoint(place))


@case("checkpoints_iterator", 1000)
def iterate(count: int, folder: Path) -> Job:
    place = rotated(count, folder)
    return always(lambda: next(tf.train.checkpoints_iterator(place, timeout=0)))


@case("get_checkpoint_mtimes", 500, ".h5")
@case("get_checkpoint_mtimes, bundle", 500, ".index")
def mtimes(suffix: str, count: int, folder: Path) -> Job:
    place = rotated(count, folder, suffix)
    listed = [place / f"{'m' if suffix == '.h5' else 't'}-{number}" for number in range(count)]
    return always(lambda: tf.train.get_checkpoint_mtimes(listed))


@case("get_checkpoint_mtimes, none there", 200)
def missing_mtimes(count: int, folder: Path) -> Job:
    place = rotated(count, folder)
    listed = [place / f"gone-{number}" for number in range(count)]
    return always(lambda: tf.train.get_checkpoint_mtimes(listed))


@case("remove_checkpoint of all", 500)
def remove(count: int, folder: Path) -> Job:
    def run(place: Path) -> None:
        for number in range(count):
            tf.train.remove_checkpoint(place / f"m-{number}")

    return (lambda: rotated(count, folder)), run


# --- graphs: building -------------------------------------------------------------------------------------------------


@case("building a chain of operations", 500)
def build_chain(count: int, folder: Path) -> Job:
    return always(lambda: chain(count))


@case("building variables", 100)
def build_variables(count: int, folder: Path) -> Job:
    return always(lambda: model(count))


@case("building layers in variable scopes", 100)
def build_layers(count: int, folder: Path) -> Job:
    def run() -> None:
        with fresh_graph():
            found = tf.placeholder(tf.float32, [None, 2])
            for number in range(count):
                with tf.variable_scope(f"layer_{number}"):
                    found = tf.nn.relu(tf.matmul(found, tf.get_variable("w", [2, 2])))

    return always(run)


@case("variable scopes with one default name", 500)
def build_default_scopes(count: int, folder: Path) -> Job:
    def run() -> None:
        with fresh_graph():
            for _ in range(count):
                with tf.variable_scope(None, "layer"):
                    pass

    return always(run)


@case("get_variable of one that exists", 500)
def reuse_variables(count: int, folder: Path) -> Job:
    graph = model(count)

    def run() -> None:
        with graph.as_default(), tf.variable_scope("", reuse=True):
            for name in names(count):
                tf.get_variable(name)

    return always(run)


@case("trainable_variables", 5000)
def trainable(count: int, folder: Path) -> Job:
    graph = model(count)

    def run() -> None:
        with graph.as_default():
            tf.trainable_variables("layer_1/")

    return always(run)


@case("building constants of one name", 500)
def build_same(count: int, folder: Path) -> Job:
    def run() -> None:
        with fresh_graph():
            for _ in range(count):
                tf.constant(1.0, name="same")

    return always(run)


@case("building more under names that were imported", 500)
def build_after_import(count: int, folder: Path) -> Job:
    definition = chain(count).as_graph_def()

    def imported() -> tf.Graph:
        with fresh_graph() as graph:
            tf.import_graph_def(definition, name="")
        return graph

    def run(graph: tf.Graph) -> None:
        with graph.as_default():
            found = graph.get_tensor_by_name("y:0")
            for _ in range(count):
                found = tf.negative(found)

    return imported, run


@case("name_scope beside name_scope", 1000)
def build_scopes(count: int, folder: Path) -> Job:
    def run() -> None:
        with fresh_graph():
            for _ in range(count):
                with tf.name_scope("scope"):
                    pass

    return always(run)


@case("name_scope in name_scope, by characters", 40000)
def build_deep(count: int, folder: Path) -> Job:
    # The names themselves of scopes within scopes have as many characters as the square of the depth.
    depth = math.isqrt(count)

    def run() -> None:
        with fresh_graph(), contextlib.ExitStack() as stack:
            for _ in range(depth):
                stack.enter_context(tf.name_scope("s"))
            tf.no_op(name="deep")

    return always(run)


@case("from_digraph, one name of many scopes, by characters", 40000)
def adopt_deep(count: int, folder: Path) -> Job:
    with fresh_graph() as graph:
        tf.no_op(name="s/" * math.isqrt(count) + "deep")
    return always(lambda: tf.Graph.from_digraph(graph.digraph))


@case("control_dependencies on many", 500)
def build_controls(count: int, folder: Path) -> Job:
    def graph() -> tuple[tf.Graph, list[tf.Operation]]:
        with fresh_graph() as found:
            return found, [tf.no_op() for _ in range(count)]

    def run(made: tuple[tf.Graph, list[tf.Operation]]) -> None:
        with made[0].as_default(), tf.control_dependencies(made[1]):
            tf.no_op()

    return graph, run


@case("group of many", 500)
def build_group(count: int, folder: Path) -> Job:
    def graph() -> tuple[tf.Graph, list[tf.Operation]]:
        with fresh_graph() as found:
            return found, [tf.no_op() for _ in range(count)]

    def run(made: tuple[tf.Graph, list[tf.Operation]]) -> None:
        with made[0].as_default():
            tf.group(*made[1])

    return graph, run


@case("an operation of many inputs", 500)
def build_wide(count: int, folder: Path) -> Job:
    def run() -> None:
        with fresh_graph():
            x = tf.constant([1.0])
            tf.concat([x] * count, 0)
            tf.stack([x] * count)
            tf.add_n([x] * count)

    return always(run)


@case("an operation of many outputs", 500)
def build_many_outputs(count: int, folder: Path) -> Job:
    def run() -> None:
        with fresh_graph():
            for part in tf.unstack(tf.zeros([count, 2])):
                tf.negative(part)

    return always(run)


@case("add_to_collection, get_collection", 5000)
def collect(count: int, folder: Path) -> Job:
    def run() -> None:
        with fresh_graph():
            for number in range(count):
                tf.add_to_collection("items", number)
            tf.get_collection("items")

    return always(run)


@case("get_operations, get_tensor_by_name", 500)
def find_all(count: int, folder: Path) -> Job:
    def run(graph: tf.Graph) -> None:
        for operation in graph.get_operations():
            graph.get_tensor_by_name(operation.name + ":0")

    return (lambda: chain(count)), run


@case("Operation.inputs, consumers", 500)
def walk_all(count: int, folder: Path) -> Job:
    graph = chain(count)

    def run() -> None:
        for operation in graph.get_operations():
            list(operation.inputs)
            for tensor in operation.outputs:
                tensor.consumers()

    return always(run)


@case("Tensor.consumers of many outputs", 300)
def walk_outputs(count: int, folder: Path) -> Job:
    with fresh_graph():
        parts = tf.unstack(tf.zeros([count, 2]))
        for part in parts:
            tf.negative(part)

    def run() -> None:
        for part in parts:
            part.consumers()

    return always(run)


# --- graphs: derivatives ----------------------------------------------------------------------------------------------


def differentiated(build: Callable[[int], tuple[Any, Any]], count: int, folder: Path) -> Job:
    """Derivatives of what is built."""

    def made() -> tuple[Any, ...]:
        with fresh_graph() as graph:
            return graph, *build(count)

    def run(found: tuple[Any, ...]) -> None:
        with found[0].as_default():
            tf.gradients(found[1], found[2])

    return made, run


def a_chain(count: int) -> tuple[Any, Any]:
    """Operations one behind the other."""
    x = found = tf.constant([1.0, 2.0])
    for _ in range(count):
        found = tf.negative(found)
    return found, x


def a_fan(count: int) -> tuple[Any, Any]:
    """Operations side by side, between one that all take and one that takes them all."""
    x = tf.constant([1.0, 2.0])
    return tf.add_n([tf.negative(x) for _ in range(count)]), x


def a_concat(count: int) -> tuple[Any, Any]:
    """Many pieces, put together."""
    xs = [tf.constant([1.0, 2.0]) for _ in range(count)]
    return tf.concat(xs, 0), xs


def a_stack(count: int) -> tuple[Any, Any]:
    """Many pieces, put into a pile."""
    xs = [tf.constant([1.0, 2.0]) for _ in range(count)]
    return tf.stack(xs), xs


def an_unstack(count: int) -> tuple[Any, Any]:
    """One operation with many outputs, each taken by another operation."""
    x = tf.zeros([count, 2])
    return tf.add_n([tf.negative(part) for part in tf.unstack(x)]), x


def a_split(count: int) -> tuple[Any, Any]:
    """Derivatives by many outputs of one operation."""
    parts = tf.split(tf.zeros([count, 2]), count)
    return [tf.negative(part) for part in parts], parts


def variables_of(count: int) -> tuple[Any, Any]:
    """Derivatives by many variables."""
    model(count, tf.get_default_graph())
    return tf.get_default_graph().get_tensor_by_name("y:0"), tf.trainable_variables()


for label, build in {
    "a chain": a_chain,
    "a fan": a_fan,
    "a concat": a_concat,
    "a stack": a_stack,
    "an unstack": an_unstack,
    "a split, by its parts": a_split,
    "variables": variables_of,
}.items():
    CASES.append(Case(f"gradients: {label}", 100, partial(differentiated, build)))


# --- graphs: running --------------------------------------------------------------------------------------------------


@case("Session.run, the first", 500)
def first_run(count: int, folder: Path) -> Job:
    graph = chain(count)
    feed = {"x:0": [1.0, 2.0]}
    return (lambda: tf.Session(graph=graph)), lambda sess: sess.run("y:0", feed)


@case("Session.run, again", 1000)
def later_run(count: int, folder: Path) -> Job:
    sess = tf.Session(graph=chain(count))
    feed = {"x:0": [1.0, 2.0]}
    sess.run("y:0", feed)
    return always(lambda: sess.run("y:0", feed))


@case("Session.run of a wide graph, the first", 500)
def wide_run(count: int, folder: Path) -> Job:
    with fresh_graph() as graph:
        a_fan(count)[0]
    return (lambda: tf.Session(graph=graph)), lambda sess: sess.run("AddN:0")


@case("Session.run, many fetches and feeds", 300)
def many_fetches(count: int, folder: Path) -> Job:
    with fresh_graph() as graph:
        feeds = [tf.placeholder(tf.float32) for _ in range(count)]
        fetches = [tf.negative(feed) for feed in feeds]
    values = dict.fromkeys(feeds, 1.0)
    return (lambda: tf.Session(graph=graph)), lambda sess: sess.run(fetches, values)


@case("Session.run of each operation alone", 200)
def each_fetch(count: int, folder: Path) -> Job:
    with fresh_graph() as graph:
        found = [tf.constant(1.0) for _ in range(count)]

    def run(sess: tf.Session) -> None:
        for tensor in found:
            sess.run(tensor)

    return (lambda: tf.Session(graph=graph)), run


@case("Session.run of many combinations, more than are kept", 200)
def run_combinations(count: int, folder: Path) -> Job:
    with fresh_graph() as graph:
        made = [tf.constant(1.0) for _ in range(100)]
    sess = tf.Session(graph=graph)

    def run() -> None:
        for number in range(count):
            sess.run([made[number % 100], made[number // 100 % 100], made[number // 10_000 % 100]])

    return always(run)


@case("make_callable of each operation", 200)
def callables(count: int, folder: Path) -> Job:
    with fresh_graph() as graph:
        made = [tf.constant(1.0) for _ in range(count)]
    sess = tf.Session(graph=graph)

    def run() -> None:
        for found in [sess.make_callable(each) for each in made]:
            found()

    return always(run)


@case("Session.run, an operation made before each", 200)
def grow_and_run(count: int, folder: Path) -> Job:
    def run() -> None:
        with fresh_graph(), tf.Session() as sess:
            for _ in range(count):
                sess.run(tf.constant(1.0))

    return always(run)


@case("Variable.load of each", 100)
def load_each(count: int, folder: Path) -> Job:
    graph = model(count)
    with graph.as_default():
        variables = tf.global_variables()

    def run(sess: tf.Session) -> None:
        for variable in variables:
            variable.load(np.zeros(4, np.float32), sess)

    return (lambda: tf.Session(graph=graph)), run


@case("global_variables_initializer, run", 200)
def initialize(count: int, folder: Path) -> Job:
    graph = model(count)
    with graph.as_default():
        initializer = tf.global_variables_initializer()
    return (lambda: tf.Session(graph=graph)), lambda sess: sess.run(initializer)


@case("report_uninitialized_variables, built and run", 100)
def report(count: int, folder: Path) -> Job:
    def run(graph: tf.Graph) -> None:
        with graph.as_default():
            tf.Session(graph=graph).run(tf.report_uninitialized_variables())

    return (lambda: model(count)), run


# --- graphs: in and out -----------------------------------------------------------------------------------------------


@case("as_graph_def", 1000)
def as_graph_def(count: int, folder: Path) -> Job:
    graph = chain(count)
    return always(lambda: graph.as_graph_def(add_shapes=True))


@case("import_graph_def", 500, "")
@case("import_graph_def into a scope", 500, "scope")
def import_graph_def(name: str, count: int, folder: Path) -> Job:
    definition = chain(count).as_graph_def()

    def run() -> None:
        with fresh_graph():
            tf.import_graph_def(definition, name=name)

    return always(run)


@case("import_graph_def beside the same", 500)
def import_again(count: int, folder: Path) -> Job:
    definition = chain(count).as_graph_def()

    def run(graph: tf.Graph) -> None:
        with graph.as_default():
            tf.import_graph_def(definition, name="")

    return (lambda: chain(count)), run


@case("import_graph_def, nodes in reverse", 500)
def import_reversed(count: int, folder: Path) -> Job:
    definition = tf.GraphDef()
    definition.node.extend(list(chain(count).as_graph_def().node)[::-1])

    def run() -> None:
        with fresh_graph():
            tf.import_graph_def(definition, name="")

    return always(run)


@case("import_graph_def with input_map, return_elements", 500)
def import_mapped(count: int, folder: Path) -> Job:
    with fresh_graph() as graph:
        for _ in range(count):
            tf.negative(tf.placeholder(tf.float32, [2]))
    definition = graph.as_graph_def()
    placeholders = [node.name for node in definition.node if node.op == "Placeholder"]
    others = [node.name + ":0" for node in definition.node if node.op == "Neg"]

    def run() -> None:
        with fresh_graph():
            x = tf.constant([1.0, 2.0])
            tf.import_graph_def(definition, dict.fromkeys(placeholders, x), others)

    return always(run)


@case("import_graph_def of unknown types", 500)
def import_unknown(count: int, folder: Path) -> Job:
    definition = tf.GraphDef()
    taken = [[f"n{number - 1}:1"] * bool(number) for number in range(count)]
    definition.node.extend(tf.NodeDef(name=f"n{n}", op="Mystery", input=inputs) for n, inputs in enumerate(taken))

    def run() -> None:
        with fresh_graph():
            tf.import_graph_def(definition, name="")

    return always(run)


@case("import_graph_def, many small ones", 50)
def import_many(count: int, folder: Path) -> Job:
    definition = chain(2).as_graph_def()

    def run() -> None:
        with fresh_graph():
            for _ in range(count):
                tf.import_graph_def(definition)

    return always(run)


@case("import_graph_def, many small ones of one name", 50)
def import_many_same(count: int, folder: Path) -> Job:
    definition = chain(2).as_graph_def()

    def run() -> None:
        with fresh_graph():
            for _ in range(count):
                tf.import_graph_def(definition, name="")

    return always(run)


@case("from_digraph", 1000)
def from_digraph(count: int, folder: Path) -> Job:
    digraph = chain(count).digraph
    return always(lambda: tf.Graph.from_digraph(digraph))


@case("export_meta_graph", 100, {})
@case(
    "export_meta_graph, clear_devices, strip_default_attrs", 100, {"clear_devices": True, "strip_default_attrs": True}
)
@case("export_meta_graph of a scope", 100, {"export_scope": "s"})
@case("export_meta_graph of a collection_list", 100, {"collection_list": ["trainable_variables"]})
def export_meta_graph(options: dict[str, Any], count: int, folder: Path) -> Job:
    graph = tf.Graph()
    with graph.as_default(), tf.variable_scope("s"):
        model(count, graph)
    return always(lambda: tf.train.export_meta_graph(graph=graph, **options))


@case("export_meta_graph to a file", 100, ".meta", False)
@case("export_meta_graph to a file, as_text", 100, ".pbtxt", True)
@case("export_meta_graph to a file, h5", 100, ".h5", False)
def export_file(suffix: str, as_text: bool, count: int, folder: Path) -> Job:
    graph = model(count)
    target = folder / f"exported{suffix}"
    return always(lambda: tf.train.export_meta_graph(target, graph=graph, as_text=as_text))


@case("export_meta_graph, long collections", 1000)
def export_collections(count: int, folder: Path) -> Job:
    with fresh_graph() as graph:
        tf.no_op()
        for number in range(count):
            tf.add_to_collection("numbers", number)
            tf.add_to_collection("texts", b"text")
    return always(lambda: tf.train.export_meta_graph(graph=graph))


@case("import_meta_graph, h5", 200, saved, {})
@case("import_meta_graph, h5 into a scope", 100, saved, {"import_scope": "s"})
@case("import_meta_graph, h5, clear_devices", 100, saved, {"clear_devices": True})
@case("import_meta_graph, .meta", 100, exported, {})
@case("import_meta_graph, .meta into a scope", 100, exported, {"import_scope": "s"})
def import_meta_graph(make: Callable[[int, Path], str], options: dict[str, Any], count: int, folder: Path) -> Job:
    path = make(count, folder) + (".meta" if make is exported else "")

    def run() -> None:
        with fresh_graph():
            tf.train.import_meta_graph(path, **options)

    return always(run)


@case("import_meta_graph beside the same", 100)
def import_meta_again(count: int, folder: Path) -> Job:
    path = saved(count, folder)

    def run(graph: tf.Graph) -> None:
        with graph.as_default():
            tf.train.import_meta_graph(path)

    return (lambda: model(count)), run


@case("import_meta_graph, many small ones", 50)
def import_many_meta(count: int, folder: Path) -> Job:
    with model(2).as_default():
        described = tf.train.Saver().export_meta_graph()

    def run() -> None:
        with fresh_graph():
            for _ in range(count):
                tf.train.import_meta_graph(described)

    return always(run)


@case("import_meta_graph of resource variables", 200)
def import_resources(count: int, folder: Path) -> Job:
    described = tf.MetaGraphDef()
    for name in names(count):
        node = described.graph_def.node.add(name=name, op="VarHandleOp")
        node.attr["dtype"].type = 1
        node.attr["shape"].shape.dim.add(size=4)
        node.attr["shared_name"].s = name.encode()
        value = described.graph_def.node.add(name=f"{name}/zeros", op="Const")
        value.attr["dtype"].type = 1
        value.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(np.zeros(4, np.float32)))
        assign = described.graph_def.node.add(
            name=f"{name}/Assign", op="AssignVariableOp", input=[name, f"{name}/zeros"]
        )
        assign.attr["dtype"].type = 1
        read = described.graph_def.node.add(name=f"{name}/Read/ReadVariableOp", op="ReadVariableOp", input=[name])
        read.attr["dtype"].type = 1

    def run() -> None:
        with fresh_graph():
            tf.train.import_meta_graph(described)

    return always(run)


@case("import_meta_graph of a MetaGraphDef", 100)
def import_message(count: int, folder: Path) -> Job:
    message = tf.train.export_meta_graph(graph=model(count))

    def run() -> None:
        with fresh_graph():
            tf.train.import_meta_graph(message)

    return always(run)


@case("write_graph, pb", 200, False)
@case("write_graph, pbtxt", 200, True)
def write_graph(as_text: bool, count: int, folder: Path) -> Job:
    graph = chain(count)
    return always(lambda: tf.train.write_graph(graph, str(folder), "graph.pb", as_text=as_text))


@case("reading .pb", 200, ".pb", read_graph_def)
@case("reading .pbtxt", 200, ".pbtxt", read_graph_def)
@case("reading .meta", 200, ".meta", read_meta_graph)
def read_graph(suffix: str, read: Callable[[Path], object], count: int, folder: Path) -> Job:
    target = folder / f"{count}-graph{suffix}"
    graph = chain(count)
    with graph.as_default():
        tf.train.export_meta_graph(folder / "graph.h5", graph=graph)
    tf.convert(folder / "graph.h5", target, durable=False)
    return always(lambda: read(target))


@case("convert_variables_to_constants", 100)
def freeze(count: int, folder: Path) -> Job:
    graph = model(count)
    sess = session(graph)
    definition = graph.as_graph_def()
    return always(lambda: tf.graph_util.convert_variables_to_constants(sess, definition, ["y"]))


@case("extract_sub_graph", 500)
def extract(count: int, folder: Path) -> Job:
    definition = chain(count).as_graph_def()
    return always(lambda: tf.graph_util.extract_sub_graph(definition, ["y"]))


def identities(count: int, *, taken: bool) -> tf.GraphDef:
    """A chain of operations that pass their input on, and where asked for another that takes each."""
    with fresh_graph() as graph:
        found = tf.constant(1.0)
        for _ in range(count):
            found = tf.identity(found)
            if taken:
                tf.negative(found)
    return graph.as_graph_def()


@case("remove_training_nodes, a chain of identities", 500, False)
@case("remove_training_nodes, each of them taken", 200, True)
def remove_training(taken: bool, count: int, folder: Path) -> Job:
    definition = identities(count, taken=taken)
    return always(lambda: tf.graph_util.remove_training_nodes(definition))


# --- any DiGraph ------------------------------------------------------------------------------------------------------


def shape_of(kind: str, count: int) -> nx.DiGraph:
    """A DiGraph with so many nodes and some edges for each."""
    graph: nx.DiGraph = nx.DiGraph(name="measured")
    edges = {
        "chain": [(number, number + 1) for number in range(count)],
        "star": [(0, number + 1) for number in range(count)],
        "star, inwards": [(number + 1, 0) for number in range(count)],
        # Near each other: else the caches of the processor, which large graphs outgrow, are measured.
        "random": [
            (number // 2, (number // 2 + step) % count)
            for number, step in enumerate(np.random.default_rng(0).integers(0, 100, 2 * count).tolist())
        ],
        "two sides": [(number % 50, 50 + number // 50) for number in range(count)],
    }[kind]
    if kind in ("random", "two sides"):  # edges in an order of their own
        graph.add_nodes_from(range(count))
        places = np.arange(len(edges)) + np.random.default_rng(1).integers(0, 100, len(edges))
        edges = [edges[place] for place in np.argsort(places, kind="stable")]
    graph.add_edges_from((*edge, {"weight": 1.5, "label": "a"}) for edge in edges)
    nx.set_node_attributes(graph, {node: {"size": (1, 2.5), "value": np.zeros(2)} for node in graph})
    return graph


def write_shape(kind: str, count: int, folder: Path) -> Job:
    """Write one."""
    graph = shape_of(kind, count)
    return always(lambda: tf.write_digraph(graph, folder / "digraph.h5"))


def read_shape(kind: str, count: int, folder: Path) -> Job:
    """Read one."""
    tf.write_digraph(shape_of(kind, count), folder / f"{count}-digraph.h5")
    return always(lambda: tf.read_digraph(folder / f"{count}-digraph.h5"))


for label in ("chain", "star", "star, inwards", "random", "two sides"):
    CASES.append(Case(f"write_digraph, {label}", 500, partial(write_shape, label)))
    CASES.append(Case(f"read_digraph, {label}", 500, partial(read_shape, label)))


@case("write_digraph, attributes of one node", 1000)
def write_attributes(count: int, folder: Path) -> Job:
    graph: nx.DiGraph = nx.DiGraph()
    graph.add_node("n", **{f"attribute_{number}": [number, "text"] for number in range(count)})
    return always(lambda: tf.write_digraph(graph, folder / "digraph.h5"))


# --- measuring --------------------------------------------------------------------------------------------------------


class Line(NamedTuple):
    """What was found of one operation."""

    name: str
    size: int
    once: float
    more: float
    exponent: float


def seconds(make: Make, count: int) -> float:
    """Time of the processor for the fastest of several runs."""
    with tempfile.TemporaryDirectory(prefix="growth-") as folder:
        before, run = make(count, Path(folder))
        return min(timed(before, run) for _ in range(ROUNDS))


def processor_seconds() -> float:
    """Time of the processor so far, that of child processes which have ended included."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


def timed(before: Callable[[], Prepared], run: Callable[[Prepared], object]) -> float:
    """Time of one run; the collector of cycles, which walks over all that is there, has its turn before."""
    prepared = before()
    gc.collect()
    gc.disable()
    try:
        start = processor_seconds()
        run(prepared)
        return processor_seconds() - start
    finally:
        gc.enable()


def measure(measured: Case) -> Line:
    """The exponent, found again at larger sizes as long as it is suspicious."""
    fixed = seconds(measured.make, 2)
    size = measured.size
    start = processor_seconds()
    once = seconds(measured.make, size)
    while once - fixed < ENOUGH and processor_seconds() - start < PATIENCE:
        size *= 4 if once - fixed < ENOUGH / 4 else 2
        start = processor_seconds()
        once = seconds(measured.make, size)
    line = line_of(measured, fixed, size, once)
    for _ in range(ATTEMPTS - 1):
        if line.exponent > SUSPICIOUS:
            size *= 2
            line = line_of(measured, fixed, size, seconds(measured.make, size))
    if line.exponent > LIMIT:
        again = line_of(measured, fixed, size, seconds(measured.make, size))
        line = min(line, again, key=lambda found: found.exponent)
    return line


def line_of(measured: Case, fixed: float, size: int, once: float) -> Line:
    """Measure the larger size, and compare."""
    more = seconds(measured.make, FACTOR * size)
    rest = max(once - fixed, 1e-9)
    exponent = math.log(max(more - fixed, 1e-9) / rest) / math.log(FACTOR)
    return Line(measured.name, size, once, more, exponent)


def shown(line: Line, markdown: bool) -> str:
    """A row of the table."""
    cells = [f"{line.size:,}", f"{1000 * line.once:,.1f}", f"{1000 * line.more:,.1f}", f"{line.exponent:.2f}"]
    if markdown:
        return f"| {line.name} | {' | '.join(cells)} |"
    mark = "  <--" if line.exponent > LIMIT else ""
    return f"{line.name:56}{cells[0]:>10}{cells[1]:>12}{cells[2]:>12}{cells[3]:>10}{mark}"


def counted(measured: Case) -> Line:
    """The exponent of the lines of Python that run, which has no noise and needs no larger size."""

    def count(size: int) -> int:
        with tempfile.TemporaryDirectory(prefix="growth-") as folder:
            before, run = measured.make(size, Path(folder))
            run(before())  # modules are imported, and what is kept for ever is kept
            prepared = before()
            return lines(lambda: run(prepared))

    fixed, once, more = count(2), count(measured.size), count(FACTOR * measured.size)
    exponent = math.log(max(more - fixed, 1) / max(once - fixed, 1)) / math.log(FACTOR)
    return Line(measured.name, measured.size, once / 1000, more / 1000, exponent)


def main(words: list[str], markdown: bool, find: Callable[[Case], Line] = measure) -> int:
    """Print the table; 1 where something grows faster than it should."""
    warnings.simplefilter("ignore")
    os.environ["COLUMNS"] = "200"
    chosen = [found for found in CASES if not words or any(word in found.name for word in words)]
    small, large = ("lines(N)", "lines(4N)") if find is counted else ("t(N), ms", "t(4N), ms")
    if markdown:
        print(f"| operation | N | {small} | {large} | exponent |\n| --- | ---: | ---: | ---: | ---: |")
    else:
        print(f"{'operation':56}{'N':>10}{small:>12}{large:>12}{'exponent':>10}")
    failed = []
    for found in chosen:
        line = find(found)
        print(shown(line, markdown), flush=True)
        failed += [line] * (line.exponent > LIMIT)
    print(f"\n{len(chosen)} operations, {len(failed)} with an exponent above {LIMIT}.")
    return int(bool(failed))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--markdown", action="store_true", help="print the table for a page")
    parser.add_argument("words", nargs="*", help="parts of the names of the operations to measure")
    parser.add_argument("--lines", action="store_true", help="count lines of Python, in the place of milliseconds")
    given = parser.parse_args()
    sys.exit(main(given.words, given.markdown, counted if given.lines else measure))
