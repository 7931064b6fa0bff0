"""ONNX models of graphs: what their inputs and outputs are, and the messages."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from hdfsaver import dtypes
from hdfsaver.conversion.onnx_options import Fixed, Named, Shapes
from hdfsaver.conversion.report import Conversion
from hdfsaver.conversion.weights import SessionWeights, Weights
from hdfsaver.errors import InvalidArgumentError, NotFoundError
from hdfsaver.files.whole_files import write_whole
from hdfsaver.graph.graph import Graph
from hdfsaver.onnx_graphs.frames import Output
from hdfsaver.onnx_graphs.onnx_messages import Place, check_model, check_size, model_message, onnx_library
from hdfsaver.onnx_graphs.onnx_nodes import OPSET, OnnxGraph, Signature
from hdfsaver.onnx_graphs.transposes import without_transposes
from hdfsaver.onnx_graphs.walking import Walk
from hdfsaver.reading.checkpoint_names import as_target
from hdfsaver.session.session import Session
from hdfsaver.shapes import Shape, merge
from hdfsaver.shapes import text as shape_text
from hdfsaver.tensor_info import Array, nbytes_of

_PLACEHOLDERS = ("Placeholder", "PlaceholderV2")


def save_model(
    sess: Session,
    path: str | os.PathLike[str],
    outputs: Named,
    inputs: Named | None = None,
    *,
    fixed: Fixed | None = None,
    shapes: Shapes | None = None,
    durable: bool = True,
) -> Conversion:
    """Write some outputs of a session's graph as an ONNX model, with the values of the variables that they need.

    Parameters
    ----------
    sess : Session
    path : path
        The file to write; an existing one is replaced when the new one is complete.
    outputs : iterable of str, or dict of str to str
        Names of tensors (of an operation, for its first output). The names in a model are those of the tensors, such as
        ``"y:0"``, or the keys of a dict.
    inputs : iterable of str, or dict of str to str, optional
        The tensors that the model is given; by default the placeholders that the outputs need.
    fixed : dict of str to array_like, optional
        Values for placeholders that are not to be inputs, such as whether the model is in training.
    shapes : dict of str to sequence of (int or None), optional
        Shapes of tensors of which the graph does not tell the number of axes, or of which all sizes are to be known;
        those of other tensors follow from them.
    durable : bool
        Return only when the file is on the disk.

    Returns
    -------
    Conversion
        Its ``names`` are the variables in the model.

    Raises
    ------
    NotFoundError
        The graph has no tensor of a name.
    UnimplementedError
        The outputs need operations that have no ONNX twin; the message names them, and what can be written instead.
    InvalidArgumentError
        There is no output, or the model would have 2 GiB or more.
    ImportError
        The package `onnx` is not installed.
    """
    onnx_library()
    weights = SessionWeights(sess)
    graph = model_graph(sess.graph, weights, outputs, inputs, fixed, shapes)
    return write_model(as_target(path), graph, weights, durable=durable)


def model_graph(
    graph: Graph,
    weights: Weights,
    outputs: Named,
    inputs: Named | None = None,
    fixed: Fixed | None = None,
    shapes: Shapes | None = None,
) -> OnnxGraph:
    """The ONNX graph of some outputs, in which the values of variables are not yet.

    Parameters
    ----------
    graph : Graph
    weights : Weights
    outputs, inputs, fixed, shapes
        See `save_model`.

    Returns
    -------
    OnnxGraph

    Raises
    ------
    NotFoundError, UnimplementedError, InvalidArgumentError
        See `save_model`.
    """
    wanted = {name: _tensor(graph, tensor) for name, tensor in _named(outputs).items()}
    if not wanted:
        raise InvalidArgumentError(None, None, "The graph has no outputs; name some with outputs (--outputs).")
    known = {_tensor(graph, name): _value(graph, name, value) for name, value in (fixed or {}).items()}
    if inputs is None:
        found = {f"{name}:0": (name, 0) for name in placeholders_behind(graph, wanted.values(), known)}
    else:
        found = {name: _tensor(graph, tensor) for name, tensor in _named(inputs).items()}
    said = {_tensor(graph, name): _shape(graph, name, shape) for name, shape in (shapes or {}).items()}
    return Walk(graph, weights.stored, known, said).run(found, wanted)


def placeholders_behind(graph: Graph, outputs: Iterable[Output], known: Iterable[Output] = ()) -> list[str]:
    """The placeholders that some outputs need as data, in the order of the graph.

    Parameters
    ----------
    graph : Graph
    outputs : iterable of (str, int)
    known : iterable of (str, int)
        Tensors that have a value already.

    Returns
    -------
    list of str
    """
    digraph, without = graph.data, set(known)
    needed: set[str] = set()
    waiting = [output for output in outputs if output not in without]
    while waiting:
        name, _ = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting += [source for source in digraph.nodes[name]["inputs"] if source not in without]
    found = [name for name in needed if digraph.nodes[name]["op"] in _PLACEHOLDERS]
    return sorted(found, key=graph.positions().__getitem__)


def write_model(
    path: str,
    graph: OnnxGraph,
    weights: Weights,
    places: Mapping[str, Place] | None = None,
    *,
    durable: bool = True,
) -> Conversion:
    """Write an ONNX graph, and say what was written.

    Parameters
    ----------
    path : str
    graph : OnnxGraph
        It is changed.
    weights : Weights
    places : mapping of str to Place, optional
        Where the values of variables stay; without it they are written.
    durable : bool
        Return only when the file is on the disk.

    Returns
    -------
    Conversion
    """
    variables = dict(graph.variables)
    message = model_message_of(graph, weights, places)
    write_whole(path, message.SerializeToString(deterministic=True), durable=durable)
    nbytes = 0 if places else sum(nbytes_of(stored.dtype, stored.shape) for stored in variables.values())
    remarks = [f"ONNX with opset {OPSET}. {_listed('Inputs', graph.inputs)} {_listed('Outputs', graph.outputs)}"]
    if places:
        count = len(graph.variables)
        location = next(iter(places.values())).location
        remarks.append(f"The values of {count:,} variables stay in {location}, which must be beside the model.")
    names = {name: name for name in variables}
    return Conversion(names, nbytes, True, [path], {}, {}, remarks)


def model_message_of(graph: OnnxGraph, weights: Weights, places: Mapping[str, Place] | None = None) -> Any:
    """The message of a graph, checked by the package `onnx`.

    Parameters
    ----------
    graph : OnnxGraph
        It is changed.
    weights : Weights
        The values of its variables.
    places : mapping of str to Place, optional
        Where the values of variables stay.

    Returns
    -------
    onnx.ModelProto
    """
    if places is None:
        graph.constants.update({name: weights.array(name) for name in graph.variables})
        graph.variables = {}
    check_size(graph)
    without_transposes(graph)
    message = model_message(graph, places or {})
    if places is None:
        check_model(message)
    return message


def _listed(title: str, signatures: Iterable[Signature]) -> str:
    shown = ", ".join(f"{each.name} {each.dtype} {_shown(each.shape)}" for each in signatures)
    return f"{title}: {shown or 'none'}."


def _shown(shape: tuple[int | None, ...] | None) -> str:
    return "of any shape" if shape is None else f"[{', '.join('?' if size is None else str(size) for size in shape)}]"


def _named(names: Named) -> dict[str, str]:
    """The full names of tensors by the names in the model."""
    if isinstance(names, str):
        names = [names]
    if isinstance(names, Mapping):
        return {key: _full(name) for key, name in names.items()}
    return {_full(name): _full(name) for name in names}


def _full(name: str) -> str:
    """The name of a tensor; that of an operation means its first output."""
    return name if ":" in name else f"{name}:0"


def _tensor(graph: Graph, name: str) -> Output:
    try:
        tensor = graph.get_tensor_by_name(_full(name))
    except (KeyError, ValueError, TypeError) as error:
        raise NotFoundError(None, None, f"The graph has no tensor {name!r}: {error.args[0]}") from error
    return tensor.op.name, tensor.value_index


def _shape(graph: Graph, name: str, shape: Iterable[int | None]) -> Shape:
    """A shape that a tensor is to have.

    Raises
    ------
    InvalidArgumentError
        The tensor has another one.
    """
    operation, place = _tensor(graph, name)
    said = tuple(None if size is None or size < 0 else int(size) for size in shape)
    own = graph.data.nodes[operation]["outputs"][place][1]
    try:
        return merge(own, said)
    except ValueError as error:
        text = f"{name} has the shape {shape_text(own)}, with which {shape_text(said)} (--shape) does not agree."
        raise InvalidArgumentError(None, None, text) from error


def _value(graph: Graph, name: str, value: npt.ArrayLike) -> Array:
    operation, place = _tensor(graph, name)
    dtype = graph.data.nodes[operation]["outputs"][place][0]
    return np.asarray(value, dtypes.numpy_dtype(dtypes.base_name(dtype)))
