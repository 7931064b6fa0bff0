"""``tf.contrib.slim.model_analyzer``: how large the variables and results of a graph are."""

from __future__ import annotations

from collections.abc import Iterable

from hdfsaver.graph.graph import Graph
from hdfsaver.graph.tensor import Tensor
from hdfsaver.variables.variable import Variable

_LINE = "---------"


def tensor_description(var: Tensor | Variable) -> str:
    """Dtype and shape in brackets: ``"(float32 3x4)"``."""
    return f"({var.dtype.name} {'x'.join(map(str, var.get_shape()))})"


def analyze_ops(graph: Graph, print_info: bool = False) -> int:
    """The number of elements of all results in a graph, as far as their shapes are known.

    Parameters
    ----------
    graph : Graph
    print_info : bool
        Print a line for each operation.

    Returns
    -------
    int
    """
    _head("Operations: name -> (type shapes) [size]", print_info)
    total = 0
    for op in graph.get_operations():
        size = sum(tensor.get_shape().num_elements() or 0 for tensor in op.outputs)
        total += size
        if print_info:
            shapes = ", ".join(tensor_description(tensor) for tensor in op.outputs if tensor.get_shape())
            print(op.name, "\t->", shapes, f"[{size}]")  # noqa: T201, asked for
    return total


def analyze_vars(variables: Iterable[Variable], print_info: bool = False) -> tuple[int, int]:
    """The number of elements and of bytes of variables.

    Parameters
    ----------
    variables : iterable of Variable
    print_info : bool
        Print a line for each variable.

    Returns
    -------
    elements, bytes : int
    """
    _head("Variables: name (type shape) [size]", print_info)
    total = total_bytes = 0
    for var in variables:
        size = var.get_shape().num_elements() or 0
        total += size
        total_bytes += size * var.dtype.size
        if print_info:
            said = f"[{size}, bytes: {size * var.dtype.size}]"
            print(var.name, tensor_description(var), said)  # noqa: T201, asked for
    if print_info:
        print(f"Total size of variables: {total}")  # noqa: T201
        print(f"Total bytes of variables: {total_bytes}")  # noqa: T201
    return total, total_bytes


def _head(text: str, print_info: bool) -> None:
    if print_info:
        print(_LINE, text, _LINE, sep="\n")  # noqa: T201
