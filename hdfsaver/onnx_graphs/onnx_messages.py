"""The messages of the package `onnx`, made of plain graphs, checked, and as bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from hdfsaver import dtypes
from hdfsaver.errors import InternalError, InvalidArgumentError
from hdfsaver.files.extras import library
from hdfsaver.onnx_graphs.emitter import onnx_type
from hdfsaver.onnx_graphs.onnx_nodes import IR_VERSION, OPSET, OnnxGraph, OnnxNode, Signature
from hdfsaver.tensor_info import Array
from hdfsaver.version import __version__

LARGEST = (1 << 31) - (1 << 20)
"""The most bytes that a model may have: a message has less than 2 GiB."""


class Place(NamedTuple):
    """Where in another file the bytes of a value are."""

    location: str
    offset: int
    length: int


def runtime_library() -> Any:
    """The package `onnxruntime`.

    Raises
    ------
    ImportError
        It is not installed.
    """
    return library("onnxruntime", "The engine 'onnxruntime' needs", extra="onnxruntime")


def onnx_library(module: str = "onnx") -> Any:
    """The package `onnx` or a module of it.

    Raises
    ------
    ImportError
        It is not installed.
    """
    return library(module, "Models in ONNX need", extra="onnx")


def check_size(graph: OnnxGraph) -> None:
    """Refuse a graph whose constants have too many bytes, before they are copied.

    Raises
    ------
    InvalidArgumentError
        They have more than a message may have.
    """
    total = sum(value.nbytes for value in graph.constants.values())
    if total > LARGEST:
        raise InvalidArgumentError(
            None,
            None,
            f"The model has {total:,} bytes of values, and a file of ONNX less than 2 GiB. Let them stay in a "
            "checkpoint of hdfsaver: weights_in (--weights-in).",
        )


def model_message(graph: OnnxGraph, places: Mapping[str, Place], *, with_ranks: bool = True) -> Any:
    """A model.

    Parameters
    ----------
    graph : OnnxGraph
    places : mapping of str to Place
        Of variables whose values stay in another file.
    with_ranks : bool
        Refuse an output whose number of axes is not known.

    Returns
    -------
    onnx.ModelProto

    Raises
    ------
    InvalidArgumentError
        It has more bytes than a message may have.
    ImportError
        The package `onnx` is not installed.
    """
    check_size(graph)
    helper = onnx_library("onnx.helper")
    message = helper.make_model(
        _graph(graph, "graph", places),
        producer_name="hdfsaver",
        producer_version=__version__,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )
    return with_shapes(message) if with_ranks else message


def with_shapes(message: Any) -> Any:
    """A model whose outputs have the shapes that ONNX infers, where the graph did not say them.

    Raises
    ------
    InvalidArgumentError
        The number of axes of an output is not known.
    """
    if all(each.type.tensor_type.HasField("shape") for each in message.graph.output):
        return message
    found = onnx_library("onnx.shape_inference").infer_shapes(message)
    inferred = {each.name: each for each in found.graph.output}
    for output in message.graph.output:
        if not inferred[output.name].type.tensor_type.HasField("shape"):
            raise InvalidArgumentError(
                None,
                None,
                f"The number of axes of {output.name!r} is not known, which an output of a model must have. "
                "Give its shape with shapes (--shape NAME=1,10, with ? for any size), or take an output before it "
                "(--outputs).",
            )
        output.type.CopyFrom(inferred[output.name].type)
    return message


def check_model(message: Any) -> None:
    """Check a model as `onnx.checker` does, with the shapes and dtypes of all values.

    Raises
    ------
    InternalError
        It is not valid.
    """
    checker = onnx_library("onnx.checker")
    shapes = onnx_library("onnx.shape_inference")
    try:
        checker.check_model(message, full_check=True)
    except (checker.ValidationError, shapes.InferenceError) as error:
        raise InternalError(None, None, f"The model that was made is not valid ONNX: {error}") from error


def _graph(graph: OnnxGraph, name: str, places: Mapping[str, Place]) -> Any:
    helper = onnx_library("onnx.helper")
    values = [_tensor(key, value) for key, value in graph.constants.items()]
    values += [_elsewhere(key, stored.dtype, stored.shape, places[key]) for key, stored in graph.variables.items()]
    return helper.make_graph(
        [_node(node, place) for place, node in enumerate(graph.nodes)],
        name,
        [_signature(each) for each in graph.inputs],
        [_signature(each) for each in graph.outputs],
        initializer=values,
    )


def _node(node: OnnxNode, place: int) -> Any:
    helper = onnx_library("onnx.helper")
    found = {key: _attribute(key, value) for key, value in node.attrs.items()}
    return helper.make_node(node.op, node.inputs, node.outputs, name=f"{node.origin}/{node.op}/{place}", **found)


def _attribute(key: str, value: Any) -> Any:
    if isinstance(value, OnnxGraph):
        return _graph(value, key, {})
    return _tensor(key, value) if isinstance(value, np.ndarray) else value


def _signature(each: Signature) -> Any:
    return onnx_library("onnx.helper").make_tensor_value_info(each.name, onnx_type(each.dtype), each.shape)


def _tensor(name: str, value: Array) -> Any:
    messages = onnx_library("onnx")
    tensor = messages.TensorProto(name=name, data_type=onnx_type(dtypes.as_dtype(value.dtype).name), dims=value.shape)
    if value.dtype == object:
        tensor.string_data.extend(bytes(each) for each in value.ravel())
    else:
        tensor.raw_data = _raw(value)
    return tensor


def _raw(value: Array) -> bytes:
    """The bytes of numbers; those of 4 and of 2 bits share bytes, the first one in the lowest bits."""
    bits = {"int4": 4, "uint4": 4, "float4_e2m1fn": 4, "int2": 2, "uint2": 2}.get(value.dtype.name)
    if bits is None:
        return np.ascontiguousarray(value, value.dtype.newbyteorder("<")).tobytes()
    count = 8 // bits
    codes = np.ascontiguousarray(value).reshape(-1).view(np.uint8) & np.uint8((1 << bits) - 1)
    rows = np.pad(codes, (0, -codes.size % count)).reshape(-1, count)
    packed: Array = np.bitwise_or.reduce(rows << np.arange(0, 8, bits, dtype=np.uint8), axis=1)
    return packed.tobytes()


def _elsewhere(name: str, dtype: str, shape: tuple[int, ...], place: Place) -> Any:
    messages = onnx_library("onnx")
    tensor = messages.TensorProto(name=name, data_type=onnx_type(dtype), dims=shape)
    tensor.data_location = messages.TensorProto.EXTERNAL
    for key, value in place._asdict().items():
        tensor.external_data.add(key=key, value=str(value))
    return tensor
