"""The tensors of optimizers in a TensorFlow 2 checkpoint, as its graph of objects tells them."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hdfsaver as tf
from hdfsaver.errors import DataLossError
from hdfsaver.interop.bundle.object_graph import OBJECT_GRAPH, slot_keys
from hdfsaver.messages import message_classes

FOLDER = Path(__file__).parents[1] / "golden_objects"
VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"


def names(*stems: str) -> set[str]:
    """The names of tensors for the paths of their objects."""
    return {f"{stem}{VALUE}" for stem in stems}


KERAS = names("optimizer/_iterations", "optimizer/_learning_rate", *(f"optimizer/_variables/{n}" for n in range(2, 6)))


@pytest.mark.parametrize("name", ["keras", "alone"])
def test_the_weights_in_a_keras_3_optimizer_are_the_models(name: str) -> None:
    """They are saved as the optimizer's, with the model or without it, but do not belong to it."""
    with tf.open_file(FOLDER / name) as file:
        assert frozenset(KERAS) == file.optimizer_names()
        weights = names("optimizer/_trainable_variables/0", "optimizer/_trainable_variables/1")
        assert weights | {OBJECT_GRAPH} == set(file) - KERAS


def test_slots_of_an_optimizer_of_tensorflow_1() -> None:
    """Slots are not objects of a program's own; the step that the program has is not the optimizer's."""
    with tf.open_file(FOLDER / "module") as file:
        slots = names(*(f"net/w/.OPTIMIZER_SLOT/opt/{slot}" for slot in "mv"), "opt/beta1_power", "opt/beta2_power")
        assert frozenset(slots) == file.optimizer_names()
        assert names("net/w", "step") | {OBJECT_GRAPH} == set(file) - slots


def graph(*children: dict[str, int], slots: Any = ()) -> bytes:
    """A graph whose objects have these children; each is a variable of the name of its number, too."""
    message = message_classes.TrackableObjectGraph()
    for number, names in enumerate(children):
        node = message.nodes.add()
        for name, target in names.items():
            node.children.add(local_name=name, node_id=target)
        node.attributes.add(checkpoint_key=str(number))
    for owner, variable, slot in slots:
        message.nodes[owner].slot_variables.add(original_variable_node_id=variable, slot_variable_node_id=slot)
    return message.SerializeToString()


def test_objects_that_a_program_shares_with_an_optimizer() -> None:
    """The program's own step or rate stays; an optimizer within another belongs to it; cycles come to an end."""
    optimizer = {"_iterations": 2, "_variables": 3, "rate": 5, "root": 0}
    data = graph({"opt": 1, "rate": 5}, optimizer, {}, {"0": 2, "1": 4}, {}, {})
    assert {"1", "2", "3", "4"} == slot_keys(data)
    held = graph({"opt": 1, "w": 2}, {"inner": 3}, {}, {"step": 4}, {}, slots=[(3, 2, 4)])
    assert {"3", "4"} == slot_keys(held)
    assert set() == slot_keys(graph({"a": 1}, {"b": 0}))
    assert set() == slot_keys(b"")


def test_a_whole_checkpoint_of_an_optimizer() -> None:
    """If the first object is the optimizer, everything but the weights is its own."""
    assert {"0", "1", "2"} == slot_keys(
        graph({"_iterations": 1, "_variables": 2, "_trainable_variables": 3}, {}, {}, {})
    )


@pytest.mark.parametrize("data", [graph({"a": 1}), graph({"a": -1}), graph({}, slots=[(0, 0, 7)]), b"\xff" * 9])
def test_damage(data: bytes) -> None:
    """References to objects that do not exist, and bytes that are no message."""
    with pytest.raises(DataLossError, match="the graph of objects"):
        slot_keys(data)


@given(st.binary(max_size=100))
def test_any_bytes(data: bytes) -> None:
    """Any bytes are a clean error, or names."""
    with suppress(DataLossError):
        slot_keys(data)


def test_a_saved_model_of_tensorflow_1() -> None:
    """Without a graph of objects, the graph beside the variables tells."""
    with tf.open_file(FOLDER.with_name("golden_graphs") / "saved") as file:
        assert frozenset({"w/Adam", "w/Adam_1", "beta1_power", "beta2_power"}) == file.optimizer_names()
