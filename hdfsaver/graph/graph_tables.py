"""Graphs, operations and tensors as HTML for notebooks; no value is computed or read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np

from hdfsaver.escaping import on_one_line
from hdfsaver.html_tables import Table, html_of
from hdfsaver.schema import DiGraph
from hdfsaver.shapes import Shape

VARIABLES = frozenset({"Variable", "VariableV2", "VarHandleOp"})
"""The types of the operations that are variables."""

_INPUTS = frozenset({"Placeholder", "PlaceholderV2", "PlaceholderWithDefault"})
_SHORT = 80
_FEW = 16
"""Elements of an array that is shown by its values."""

_TENSOR_COLUMNS = ("tensor", "dtype", "shape")


def shape_text(shape: Shape) -> str:
    """A static shape as text: ``"(?, 3)"``, and ``"(...)"`` for an unknown rank."""
    if shape is None:
        return "(...)"
    sizes = ["?" if size is None else str(size) for size in shape]
    return f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"


def attr_text(value: Any) -> str:
    """The value of an attribute on one short line; of a large array, dtype and shape."""
    if isinstance(value, np.ndarray):
        text = str(value.tolist()) if value.size <= _FEW else f"array of {value.dtype}, shape {shape_text(value.shape)}"
        return on_one_line(text, _SHORT)
    return on_one_line(value if isinstance(value, str) else repr(value), _SHORT)


def variable_count(digraph: DiGraph) -> int:
    """The number of operations that are variables."""
    return sum(data["op"] in VARIABLES for data in digraph._node.values())  # type: ignore[attr-defined]  # fast


def graph_html(digraph: DiGraph) -> str:
    """A graph: its inputs, its variables, and its operations by type."""
    types = Counter(data["op"] for _, data in digraph.nodes(data=True))
    facts = {"operations": f"{len(digraph):,}", "edges": f"{digraph.number_of_edges():,}"}
    tables = [
        Table("Inputs", _TENSOR_COLUMNS, _outputs_of(digraph, _INPUTS), sum(types[each] for each in _INPUTS)),
        Table("Variables", _TENSOR_COLUMNS, _outputs_of(digraph, VARIABLES), sum(types[each] for each in VARIABLES)),
        Table("Operations by type", ("type", "operations"), types.most_common(), len(types)),
    ]
    return html_of("Graph", facts, tables)


def operation_html(digraph: DiGraph, name: str) -> str:
    """An operation with its attributes and the tensors around it."""
    data = digraph.nodes[name]
    facts = {
        "type": data["op"],
        "device": data["device"],
        "waits for": ", ".join(data["control_inputs"]),
        **{f"attribute {key}": attr_text(value) for key, value in data["attrs"].items()},
    }
    tables = [
        Table("Inputs", _TENSOR_COLUMNS, (_tensor_row(digraph, *each) for each in data["inputs"]), len(data["inputs"])),
        Table("Outputs", _TENSOR_COLUMNS, _outputs(name, data), len(data["outputs"])),
    ]
    return html_of(f"Operation {name!r}", facts, tables)


def tensor_html(digraph: DiGraph, name: str, output: int, readers: Sequence[str], kind: str = "Tensor") -> str:
    """A tensor with the operation that computes it, and those that take it.

    Parameters
    ----------
    digraph : networkx.DiGraph
    name : str
        Of the operation.
    output : int
    readers : sequence of str
        The operations that take it.
    kind : str
        The class of the object.

    Returns
    -------
    str
    """
    tensor, dtype, shape = _tensor_row(digraph, name, output)
    operation = f"{name} ({digraph.nodes[name]['op']})"
    facts = {"dtype": dtype, "shape": shape, "operation": operation}
    rows = ((each, digraph.nodes[each]["op"]) for each in readers)
    return html_of(f"{kind} {tensor!r}", facts, [Table("Taken by", ("operation", "type"), rows, len(readers))])


def _outputs_of(digraph: DiGraph, types: frozenset[str]) -> Iterator[Sequence[object]]:
    found = ((name, data) for name, data in digraph.nodes(data=True) if data["op"] in types)
    return chain.from_iterable(_first_output(name, data) for name, data in found)


def _first_output(name: str, data: Mapping[str, Any]) -> list[Sequence[object]]:
    """The only output of an input or a variable; of a resource, the variable that it is a handle of."""
    if data["op"] == "VarHandleOp":
        attrs = data["attrs"]
        return [(f"{name}:0", attrs.get("dtype", ""), shape_text(attrs.get("shape")))]
    return _outputs(name, data)[:1] or [(name, "", "")]


def _outputs(name: str, data: Mapping[str, Any]) -> list[Sequence[object]]:
    return [(f"{name}:{number}", dtype, shape_text(shape)) for number, (dtype, shape) in enumerate(data["outputs"])]


def _tensor_row(digraph: DiGraph, name: str, output: int) -> tuple[str, str, str]:
    dtype, shape = digraph.nodes[name]["outputs"][output]
    return f"{name}:{output}", dtype, shape_text(shape)
