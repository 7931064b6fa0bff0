"""``tf.graph_util``: facts about single nodes of a graph."""

from __future__ import annotations

from hdfsaver.graph.graph import Graph
from hdfsaver.graph.operation import Operation
from hdfsaver.messages import message_classes
from hdfsaver.messages.tensor_types import NAME_BY_NUMBER
from hdfsaver.shapes import TensorShape

_OF_VARIABLES = frozenset(
    {"Variable", "VariableV2", "Assign", "AssignAdd", "AssignSub", "ScatterAdd", "ScatterSub", "ScatterUpdate"}
    | {"Queue", "TruncatedNormal"}
)
"""The types that count as those of variables."""

_BY_DTYPE = {
    "Const": ("dtype", {"string", "int32"}),
    "DynamicStitch": ("T", {"int32"}),
    "ParallelDynamicStitch": ("T", {"int32"}),
    "Cast": ("SrcT", {"int32"}),
}
"""By type the attribute with a dtype, and the dtypes that only a CPU has operations for."""


def must_run_on_cpu(node: Operation | message_classes.NodeDef, pin_variables_on_cpu: bool = False) -> bool:
    """Whether TensorFlow can run an operation on a CPU only.

    Parameters
    ----------
    node : Operation or NodeDef
    pin_variables_on_cpu : bool
        Whether variables, and what changes them, count as well.

    Returns
    -------
    bool

    Raises
    ------
    AssertionError
        It is neither.
    """
    node_def = node.node_def if isinstance(node, Operation) else node
    if not isinstance(node_def, message_classes.NodeDef):
        raise AssertionError(f"must_run_on_cpu takes an Operation or a NodeDef, not {node!r}.")
    if pin_variables_on_cpu and node_def.op in _OF_VARIABLES:
        return True
    attr, names = _BY_DTYPE.get(node_def.op, ("", set()))
    return attr in node_def.attr and NAME_BY_NUMBER.get(node_def.attr[attr].type) in names


def tensor_shape_from_node_def_name(graph: Graph, input_name: str) -> TensorShape:
    """The static shape of a tensor that a node takes; `KeyError` where there is no such tensor.

    Parameters
    ----------
    graph : Graph
    input_name : str
        The tensor as a `NodeDef` writes it: ``"a"`` for the first output of ``a``, ``"a:1"`` for the second.

    Returns
    -------
    TensorShape
    """
    return graph.get_tensor_by_name(input_name if ":" in input_name else f"{input_name}:0").shape
