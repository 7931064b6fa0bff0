"""Programs that save, for the tests that interrupt them: each begins with an unchanged folder, and saves once.

Step 3 saves the number 3 in every element of every variable.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np

import hdfsaver as tf
from hdfsaver.storage.reading import open_file
from tests.reliability.replacements import CASES

SHAPES = {"large": (40, 1000), "larger": (50, 1000), "small": (3,), "scalar": ()}
KEPT = 2


class Model:
    """A graph with a few variables and its session, made once for many saves."""

    def __init__(self):
        self.graph = tf.Graph()
        with self.graph.as_default():
            self.step = tf.placeholder(tf.float32, shape=[])
            variables = [tf.Variable(tf.zeros(shape), name=name) for name, shape in SHAPES.items()]
            self.assign = tf.group(*[tf.assign(v, tf.fill(v.shape.as_list(), self.step)) for v in variables])
        self.session = tf.Session(graph=self.graph)

    def save(self, path, value, global_step=None, durable=True, **options):
        """Save a value as a new Saver of a program that was just started does."""
        with self.graph.as_default():
            saver = tf.train.Saver(max_to_keep=KEPT, resume_rotation=True, save_relative_paths=True, **options)
        self.session.run(self.assign, {self.step: float(value)})
        return saver.save(self.session, path, global_step=global_step, durable=durable)


def prepare_first(model, folder):
    """An empty folder."""


def first(model, folder, step=3, **options):
    """Save the first checkpoint of a folder."""
    model.save(folder / "m", step, step, **options)


def prepare_rotation(model, folder):
    """As many checkpoints as are kept."""
    for step in (1, 2):
        model.save(folder / "m", step, step, durable=False)


rotation = first


def prepare_replacement(model, folder):
    """One checkpoint without a step."""
    model.save(folder / "m", 2, durable=False)


def replacement(model, folder, step=3, **options):
    """Save under a name that is there already."""
    model.save(folder / "m", step, **options)


def prepare_group(model, folder):
    """One file with two models."""
    model.save(folder / "m", 2, durable=False)
    model.save(folder / "m", 2, durable=False, group="teacher")


def group(model, folder, step=3, **options):
    """Save one of the models of a file."""
    model.save(folder / "m", step, group="teacher", **options)


prepare_incremental = prepare_rotation


def incremental(model, folder, step=3, **options):
    """Save twice with one Saver: the second file shares the blocks of a value with the first."""
    variables = {name: np.full(shape, step - 1, np.float32) for name, shape in SHAPES.items()}
    saver = tf.train.Saver(
        {**variables, "fixed": np.arange(20_000.0)},
        incremental=True,
        max_to_keep=KEPT,
        resume_rotation=True,
        save_relative_paths=True,
    )
    saver.save(None, folder / "m", global_step=step - 1, write_state=False, durable=False)
    for value in variables.values():
        value += 1
    saver.save(None, folder / "m", global_step=step, **options)


def prepare_resealing(model, folder):
    """A checkpoint that another program has changed, with content of its own."""
    model.save(folder / "m", 2, durable=False)
    with h5py.File(folder / "m.h5", "a") as file:
        file["variables/small"][...] = 3
        file["variables/small"].attrs["units"] = "m"
        file["notes"] = np.arange(20_000)


def resealing(model, folder, step=3, **options):
    """Seal it again; that is always durable."""
    tf.reseal(folder / "m.h5")


def prepare_editing(model, folder):
    """A checkpoint with content of another program, a second model, and a compressed variable."""
    model.save(folder / "m", 2, durable=False, compression={"larger": "gzip"})
    model.save(folder / "m", 2, durable=False, group="teacher")
    with h5py.File(folder / "m.h5", "a") as file:
        file["variables/small"].attrs["units"] = "m"
    tf.reseal(folder / "m.h5")


def editing(model, folder, step=3, durable=True, **options):
    """Rename all variables of one model, in the file."""
    tf.edit.rename(folder / "m.h5", names={"*": "new/*"}, in_place=True, durable=durable)


PREPARATIONS: dict[str, Callable[..., object]] = {
    "first": prepare_first,
    "rotation": prepare_rotation,
    "replacement": prepare_replacement,
    "group": prepare_group,
    "incremental": prepare_incremental,
    "resealing": prepare_resealing,
    "editing": prepare_editing,
    **{case: prepare for case, (prepare, _run, _has_graph) in CASES.items()},
}
PROGRAMS: dict[str, Callable[..., object]] = {
    "first": first,
    "rotation": rotation,
    "replacement": replacement,
    "group": group,
    "incremental": incremental,
    "resealing": resealing,
    "editing": editing,
    **{case: run for case, (_prepare, run, _has_graph) in CASES.items()},
}


def values_of(path, name=""):
    """The numbers that a model of a file holds; one, where it is of one save. Every byte of the file is checked."""
    with open_file(path, name) as file:
        file.verify()
        values = file.read_many(SHAPES)
    return {float(value) for array in values.values() for value in (array.min(), array.max())}


def is_resealed(path):
    """Whether the file of `prepare_resealing` is sealed, with everything that was added."""
    try:
        with open_file(path) as file:
            file.verify()
            assert [3.0] * 3 == file.read("small").tolist()
    except tf.errors.DataLossError:
        return False
    with h5py.File(path) as file:
        assert "m" == file["variables/small"].attrs["units"]
        assert 20_000 == len(file["notes"])
    return True


def saved_step(folder: Path, name=""):
    """The step that `latest_checkpoint` restores, or None without a checkpoint; all values must be of one save."""
    prefix = tf.train.latest_checkpoint(folder)
    if prefix is None:
        return None
    (value,) = values_of(prefix + ".h5", name)
    return int(value)
