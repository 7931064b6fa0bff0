"""``tf.saved_model.utils``: tensors of a graph as ``TensorInfo`` messages, and back."""

from __future__ import annotations

from typing import cast

from hdfsaver import dtypes
from hdfsaver.graph.composite_tensors import SparseTensor
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.messages import message_classes
from hdfsaver.shapes import TensorShape
from hdfsaver.variables.variable import Variable

__all__ = ["build_tensor_info", "get_tensor_from_tensor_info"]


def build_tensor_info(tensor: Tensor | Variable | SparseTensor) -> message_classes.TensorInfo:
    """The name, dtype and shape of a tensor as a ``TensorInfo``; of a sparse one the names of its three tensors."""
    dtype = dtypes.as_dtype(tensor.dtype).as_datatype_enum
    info = message_classes.TensorInfo(dtype=dtype, tensor_shape=_shape_proto(tensor.get_shape()))
    if isinstance(tensor, Tensor | Variable):
        info.name = tensor.name
    else:
        info.coo_sparse.values_tensor_name = tensor.values.name
        info.coo_sparse.indices_tensor_name = tensor.indices.name
        info.coo_sparse.dense_shape_tensor_name = tensor.dense_shape.name
    return info


def build_tensor_info_from_op(op: Operation | Tensor) -> message_classes.TensorInfo:
    """The name of an operation as a ``TensorInfo``, which has no dtype then."""
    return message_classes.TensorInfo(tensor_shape=_shape_proto(TensorShape(None)), name=op.name)


def _shape_proto(shape: TensorShape) -> message_classes.TensorShapeProto:
    return cast("message_classes.TensorShapeProto", shape.as_proto())


def get_tensor_from_tensor_info(
    tensor_info: message_classes.TensorInfo, graph: Graph | None = None, import_scope: str | None = None
) -> Tensor | SparseTensor:
    """The tensor of a graph that a ``TensorInfo`` names.

    Parameters
    ----------
    tensor_info : TensorInfo
    graph : Graph, optional
        The default graph where none is given.
    import_scope : str, optional
        The scope that the graph of the message was imported into.

    Returns
    -------
    Tensor or SparseTensor

    Raises
    ------
    KeyError
        The graph has no such tensor.
    ValueError
        The message names no tensor.
    """
    encoding = tensor_info.WhichOneof("encoding")
    if encoding not in ("name", "coo_sparse"):
        raise ValueError(f"Invalid TensorInfo.encoding: {encoding}. Expected `coo_sparse` or `name` for a tensor.")
    graph = get_default_graph() if graph is None else graph

    def named(name: str) -> Tensor:
        return graph.get_tensor_by_name(scoped(name, import_scope))

    if encoding == "name":
        return named(tensor_info.name)
    coo = tensor_info.coo_sparse
    names = (coo.indices_tensor_name, coo.values_tensor_name, coo.dense_shape_tensor_name)
    return SparseTensor(*map(named, names))


def get_element_from_tensor_info(
    tensor_info: message_classes.TensorInfo, graph: Graph | None = None, import_scope: str | None = None
) -> Tensor | Operation:
    """The operation or tensor of a graph that a ``TensorInfo`` names.

    Parameters
    ----------
    tensor_info, graph, import_scope
        See `get_tensor_from_tensor_info`.

    Returns
    -------
    Tensor or Operation

    Raises
    ------
    KeyError
        The graph has neither.
    """
    graph = get_default_graph() if graph is None else graph
    return graph.as_graph_element(scoped(tensor_info.name, import_scope))


def scoped(name: str, import_scope: str | None) -> str:
    """The present name of an operation or a tensor of a graph that was imported into a scope."""
    return f"{import_scope.rstrip('/')}/{name}" if import_scope else name


def __dir__() -> list[str]:
    return __all__
