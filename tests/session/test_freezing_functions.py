"""Frozen graphs in which functions are called with variables: the functions take the values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from google.protobuf import text_format

import hdfsaver as tf
from hdfsaver.graph.apply import apply_op

FLOAT, RESOURCE = "DT_FLOAT", "DT_RESOURCE"


def function(name: str, inputs: Sequence[str], body: str, ret: dict[str, str], kinds: Sequence[str] = ()) -> str:
    """A function; inputs that begin with ``h`` are handles."""
    args = "".join(f"input_arg {{ name: '{each}' type: {RESOURCE if each[0] == 'h' else FLOAT} }}" for each in inputs)
    kinds = kinds or [FLOAT] * len(ret)
    results = "".join(f"output_arg {{ name: '{key}' type: {kind} }}" for key, kind in zip(ret, kinds, strict=True))
    rets = "".join(f"ret {{ key: '{key}' value: '{value}' }}" for key, value in ret.items())
    return f"function {{ signature {{ name: '{name}' {args} {results} }} {body} {rets} }}"


def node(name: str, op: str, inputs: Sequence[str], attrs: str = "") -> str:
    """A node of a function or a graph."""
    given = "".join(f"input: '{each}' " for each in inputs)
    return f"node_def {{ name: '{name}' op: '{op}' {given} {attrs} }}"


def attr(key: str, value: str) -> str:
    """One attribute."""
    return f"attr {{ key: '{key}' value {{ {value} }} }}"


def types(key: str, *names: str) -> str:
    """An attribute with dtypes."""
    return attr(key, "list { " + "".join(f"type: {name} " for name in names) + "}")


def func(key: str, name: str) -> str:
    """An attribute that names a function."""
    return attr(key, f"func {{ name: '{name}' }}")


READ = node("read", "ReadVariableOp", ["h"], attr("dtype", "type: DT_FLOAT"))
ADD = node("add", "AddV2", ["read:value:0", "x"], attr("T", "type: DT_FLOAT"))
INNER = function("inner", ["h", "x"], READ + ADD, {"y": "add:z:0"})
CALL = node("call", "StatefulPartitionedCall", ["h", "x"], types("Tin", RESOURCE, FLOAT) + types("Tout", FLOAT))
OUTER = function("outer", ["h", "x"], CALL.replace("attr {", func("f", "inner") + " attr {", 1), {"y": "call:output:0"})
LESS = function(
    "less", ["h", "x"], READ + node("less", "Less", ["x", "read:value:0"], attr("T", "type: DT_FLOAT")),
    {"y": "less:z:0"}, ["DT_BOOL"],
)  # fmt: skip
MORE = function("more", ["h", "x"], READ + ADD, {"a": "h", "y": "add:z:0"}, [RESOURCE, FLOAT])

CALLS = {
    "PartitionedCall": (types("Tin", RESOURCE, FLOAT) + types("Tout", FLOAT) + func("f", "outer"), "r", 7.0),
    "If": (
        types("Tin", RESOURCE, FLOAT) + types("Tout", FLOAT) + attr("Tcond", "type: DT_FLOAT")
        + func("then_branch", "inner") + func("else_branch", "outer"), "r", 7.0,
    ),
    "While": (types("T", RESOURCE, FLOAT) + func("cond", "less") + func("body", "more"), "r:1", 7.0),
}  # fmt: skip


@pytest.mark.parametrize("op_type", CALLS)
def test_functions_take_the_values(op_type: str) -> None:
    """Calls in calls, branches and loops give the same without a variable, each with one copy of a function."""
    attrs, output, expected = CALLS[op_type]
    graph: Any = tf.GraphDef()
    inputs = ["x", "v", "x"] if op_type == "If" else ["v", "x"]
    text = node("v", "VarHandleOp", [], attr("dtype", "type: DT_FLOAT") + attr("shape", "shape { }"))
    text += node("x", "Placeholder", [], attr("dtype", "type: DT_FLOAT") + attr("shape", "shape { }"))
    text = (text + node("r", op_type, inputs, attrs)).replace("node_def {", "node {")
    text_format.Parse(f"versions {{ producer: 1000 }} library {{ {INNER}{OUTER}{LESS}{MORE} }} {text}", graph)
    with tf.Graph().as_default() as built, tf.Session() as sess:
        tf.import_graph_def(graph, name="")
        variable = built.get_operation_by_name("v").outputs[0]
        sess.run(apply_op("AssignVariableOp", variable, tf.constant(5.0)))
        result = output if ":" in output else f"{output}:0"
        assert expected == sess.run(result, {"x:0": 2.0})
        frozen = tf.graph_util.convert_variables_to_constants(sess, built.as_graph_def(), ["r"])
    assert not any(each.op == "VarHandleOp" for each in frozen.node)
    made = [each.signature.name for each in frozen.library.function if each.signature.name.endswith("_frozen")]
    assert len(made) == len(set(made)) == 2
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.import_graph_def(frozen, name="")
        assert np.float32(expected) == sess.run(result, {"x:0": 2.0})
