"""A model that counts its steps, for every test of this room."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

import pytest

import hdfsaver as tf


class Model(NamedTuple):
    """One step adds one to the weight and to the global step."""

    step: Any
    weight: Any
    global_step: Any


@pytest.fixture(autouse=True)
def no_writers_left(tmp_path):
    """Close the writers of events while their folder is still there."""
    yield tmp_path
    tf.summary.FileWriterCache.clear()


@pytest.fixture
def model():
    """The model, in the default graph."""
    global_step = tf.train.get_or_create_global_step()
    weight = tf.get_variable("w", initializer=1.0)
    with tf.control_dependencies([weight.assign_add(1.0)]):
        return Model(tf.group(tf.assign_add(global_step, 1)), weight, global_step)


@pytest.fixture
def steps_on_disk(tmp_path):
    """A function that gives the steps of the checkpoints in the folder ``run``, sorted."""

    def steps():
        names = os.listdir(tmp_path / "run") if (tmp_path / "run").exists() else []
        return sorted(int(name.split("-")[1].removesuffix(".h5")) for name in names if name.endswith(".h5"))

    return steps
