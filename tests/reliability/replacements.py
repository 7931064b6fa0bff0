"""Programs that put a TensorFlow checkpoint in the place of another one, for the tests that interrupt them.

Each begins with a checkpoint of step 2, and writes one of step 3: every value is the number of the step, and the graph,
if there is one, has an operation that is named after it.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

import hdfsaver as tf
from hdfsaver.interop import open_tensorflow, read_meta_graph, write_bundle, write_meta_graph
from hdfsaver.schema import Structure
from hdfsaver.storage.writing import write_file
from tests.interop.samples import GOLDEN


def values(step):
    """Values of a step; with `SHARDS` they are in two data files."""
    return {"large": np.full(20_000, step, np.float32), "small": np.full(3, step, np.float32)}


SHARDS = 80_000


def graph(step):
    """The graph of a step."""
    made = tf.Graph()
    with made.as_default():
        tf.placeholder(tf.float32, name=f"step_{step}")
    return Structure(made.digraph)


def prepare_one(model, folder):
    """A checkpoint with one data file and its graph, and the sources of the next ones."""
    write_bundle(folder / "x", values(2), meta_graph=graph(2), durable=False)
    _make_sources(folder)


def prepare_several(model, folder):
    """A checkpoint with two data files and its graph."""
    write_bundle(folder / "x", values(2), meta_graph=graph(2), shard_bytes=SHARDS, durable=False)
    _make_sources(folder)


def prepare_first_format(model, folder):
    """A checkpoint of TensorFlow's first format, and its graph."""
    shutil.copy(GOLDEN / "v1", folder / "x")
    write_meta_graph(graph(2), folder / "x.meta")
    _make_sources(folder)


def prepare_nothing(model, folder):
    """No checkpoint."""
    _make_sources(folder)


def _make_sources(folder):
    for step in (3, 4):
        write_file(folder / f"{step}.h5", variables=values(step), structure=graph(step))
        write_file(folder / f"{step}-values.h5", variables=values(step), structure=None)


def convert(model, folder, step=3, durable=True):
    """Convert values and graph."""
    tf.convert(folder / f"{step}.h5", folder / "x", to="tensorflow", durable=durable)


def convert_values(model, folder, step=3, durable=True):
    """Convert values without a graph."""
    tf.convert(folder / f"{step}-values.h5", folder / "x", to="tensorflow", durable=durable)


def write_several(model, folder, step=3, durable=True):
    """Write as many data files as are there."""
    write_bundle(folder / "x", values(step), meta_graph=graph(step), shard_bytes=SHARDS, durable=durable)


CASES = {
    "one data file": (prepare_one, convert, True),
    "no graph": (prepare_one, convert_values, False),
    "two data files": (prepare_several, write_several, True),
    "fewer data files": (prepare_several, convert, True),
    "first format": (prepare_first_format, convert, True),
    "nothing before": (prepare_nothing, convert, True),
}
"""How each program prepares its folder, what it does, and whether the new checkpoint has a graph."""


def old_state(case):
    """The step of the values, and of the graph, before a program."""
    return (None, None) if case == "nothing before" else (2, 2)


def new_state(case, step):
    """The same after it."""
    return (step, step if CASES[case][2] else None)


def state_of(folder: Path):
    """The step of the values and of the graph of a checkpoint, whose bytes are all compared with their checksums."""
    try:
        file = open_tensorflow(folder / "x")
    except tf.errors.NotFoundError:
        return None, None
    with file:
        file.verify()
        found = {name: file.read(name) for name in file.variables}
        structure = file.structure()
    is_first = "large" not in found
    (step,) = {2} if is_first else {int(number) for value in found.values() for number in np.unique(value)}
    if (folder / "x.meta").exists():  # what TensorFlow finds
        assert step == _step_of(read_meta_graph(folder / "x.meta"))
    return step, None if structure is None else _step_of(structure)


def _step_of(structure):
    return int(next(name for name in structure.digraph if name.startswith("step_")).removeprefix("step_"))
