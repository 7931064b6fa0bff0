"""The variables of optimizers are known from the training graph, whatever their names are."""

from __future__ import annotations

import json
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

from hdfsaver.interop.graphs.graph_files import read_meta_graph
from hdfsaver.optimizer_slots import optimizer_variables
from hdfsaver.schema import CollectionDef, Structure, VariableDef, add_node

GOLDEN = Path(__file__).with_name("golden")
EXPECTED = json.loads((GOLDEN / "optimizers.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("kind", ["reference", "resource"])
def test_what_the_optimizers_of_tensorflow_say(kind):
    """Slots of dense, sparse and partitioned variables and powers, as ``Optimizer.variables()`` lists them."""
    structure = read_meta_graph(GOLDEN / f"optimizers_{kind}.meta")
    assert frozenset(EXPECTED[kind]["optimizer"]) == optimizer_variables(structure)


def _graph(*nodes):
    digraph = nx.DiGraph()
    for name, op, inputs, attrs in nodes:
        add_node(
            digraph, name, op=op, inputs=tuple((source, 0) for source in inputs), attrs=attrs,
            outputs=(("float32", ()),),
        )  # fmt: skip
    return digraph


def test_names_of_the_saver():
    """The names are those under which the Saver keeps the variables, not those of the graph."""
    nodes = [(name, "VariableV2", (), {}) for name in ("w", "x", "rate")]
    digraph = _graph(*nodes, ("train", "ApplyMomentum", ("w", "x", "rate"), {}))
    assert frozenset({"x"}) == optimizer_variables(Structure(digraph))
    assert frozenset({"kept", "again"}) == optimizer_variables(
        Structure(digraph, saved_names={"kept": "x", "again": "x"})
    )
    # The file may have the weight under the name that the slot has in the graph.
    assert frozenset() == optimizer_variables(Structure(digraph, saved_names={"x": "w"}))
    assert frozenset({"y"}) == optimizer_variables(Structure(digraph, saved_names={"x": "w", "y": "x"}))


def test_a_variable_that_is_trained_is_a_weight():
    """A weight stays one where another weight's optimizer takes it as a slot too."""
    nodes = [(name, "VariableV2", (), {}) for name in ("w", "x")]
    trained = [("t1", "ApplyMomentum", ("w", "x"), {}), ("t2", "ApplyGradientDescent", ("x",), {})]
    assert frozenset() == optimizer_variables(Structure(_graph(*nodes, *trained)))
    listed = CollectionDef("variable_list", [VariableDef("x:0", "", "", "")])
    known = Structure(_graph(*nodes, trained[0]), {"trainable_variables": listed})
    assert frozenset() == optimizer_variables(known)


def test_a_graph_that_says_nothing():
    """Without an optimizer of TensorFlow in it, a graph does not tell; names alone are not enough."""
    assert optimizer_variables(Structure(_graph(("w", "VariableV2", (), {}), ("w/Adam", "VariableV2", (), {})))) is None
    assert optimizer_variables(Structure(nx.DiGraph([("a", "b")]), is_plain=True)) is None
    placed = ("w/Adam", "VariableV2", (), {"_class": [b"loc:@w"]})
    assert frozenset({"w/Adam"}) == optimizer_variables(Structure(_graph(("w", "VariableV2", (), {}), placed)))


def test_a_graph_that_is_not_as_tensorflow_makes_it():
    """Inputs that lead nowhere, in a circle or to constants belong to no optimizer."""
    digraph = _graph(
        ("w", "VariableV2", (), {}),
        ("c", "Const", (), {"value": np.zeros(3)}),
        ("i", "Identity", ("j",), {}),
        ("j", "Identity", ("i",), {}),
        ("t", "ApplyAdam", ("w", "c", "i", "missing"), {}),
        ("save/SaveV2", "SaveV2", ("c", "c", "c", "w"), {}),
    )
    assert frozenset() == optimizer_variables(Structure(digraph))
