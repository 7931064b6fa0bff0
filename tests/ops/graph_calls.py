"""Operations without a function in Python, as a graph from outside has them."""

from __future__ import annotations

from typing import Any


def call(tf: Any, op_type: str, inputs: list[Any], count: int = 3, **attrs: Any) -> list[Any]:
    """The outputs of an operation that a graph from outside has."""
    graph_def = tf.GraphDef()
    node = graph_def.node.add(name="called", op=op_type)
    mapped = {}
    for number, tensor in enumerate(inputs):
        made = graph_def.node.add(name=f"x{number}", op="Const")  # nothing, in whose place the tensor comes
        made.attr["dtype"].type = made.attr["value"].tensor.dtype = tensor.dtype.as_datatype_enum
        made.attr["value"].tensor.tensor_shape.dim.add().size = 0
        node.input.append(made.name)
        mapped[f"{made.name}:0"] = tensor
    for key, value in attrs.items():
        if isinstance(value, bool):
            node.attr[key].b = value
        elif isinstance(value, float):
            node.attr[key].f = value
        elif isinstance(value, bytes):
            node.attr[key].s = value
        elif isinstance(value, list):
            node.attr[key].list.i.extend(value)
        else:
            node.attr[key].type = value.as_datatype_enum
    return list(tf.import_graph_def(graph_def, mapped, [f"called:{number}" for number in range(count)], "call"))
