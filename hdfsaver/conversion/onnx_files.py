"""From a file with a graph to an ONNX model."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from hdfsaver.checkpoint.importing import import_meta_graph
from hdfsaver.conversion.onnx_models import Fixed, Named, model_graph, write_model
from hdfsaver.conversion.report import Conversion, listed
from hdfsaver.conversion.weights import FileWeights, SessionWeights, Weights
from hdfsaver.errors import InvalidArgumentError
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.formats.open_source import open_source
from hdfsaver.graph.definition import find
from hdfsaver.graph.graph import Graph
from hdfsaver.interop.graphs.graph_summary import graph_summary
from hdfsaver.interop.graphs.meta_graph_defs import message_of
from hdfsaver.messages import message_classes
from hdfsaver.messages.op_defs import OUTPUT_SHAPES
from hdfsaver.onnx_graphs.onnx_messages import Place, onnx_library
from hdfsaver.onnx_graphs.onnx_nodes import OnnxGraph
from hdfsaver.saved_model import loader, signature_constants
from hdfsaver.schema import Structure
from hdfsaver.session.session import Session

_SAVED_MODEL = "SavedModel"


class OnnxOptions(NamedTuple):
    """The settings of a model; see `hdfsaver.convert`."""

    outputs: Named | None = None
    inputs: Named | None = None
    fixed: Fixed | None = None
    weights_in: str | None = None


def write_onnx(source: str, target: str, options: OnnxOptions, group: str = "", *, durable: bool = True) -> Conversion:
    """Write the graph of a file as an ONNX model.

    Parameters
    ----------
    source, target : str
    options : OnnxOptions
    group : str
        The model, in a file that has several.
    durable : bool
        Return only when the file is on the disk.

    Returns
    -------
    Conversion

    Raises
    ------
    InvalidArgumentError
        The source has no graph, or no outputs are known; or the values cannot stay where they are.
    NotFoundError, UnimplementedError, ImportError
        See `hdfsaver.onnx.save_model`.
    """
    onnx_library()
    with open_source(source, group) as file:
        structure = file.structure()
        if structure is None or structure.is_plain:
            raise InvalidArgumentError(None, None, f"{file.path} has no graph of operations, which {target} needs.")
        with _loaded(file, structure) as (graph, weights, signature):
            outputs, inputs = _chosen(structure, options, signature)
            if options.weights_in is None:
                model = model_graph(graph, weights, outputs, inputs, options.fixed)
                return write_model(target, model, weights, durable=durable)
            with open_source(options.weights_in, group) as values:
                other = values.structure() or structure
                elsewhere = FileWeights(values, other)
                model = model_graph(graph, elsewhere, outputs, inputs, options.fixed)
                places = places_of(model, elsewhere, target)
                return write_model(target, model, elsewhere, places, durable=durable)


@contextmanager
def _loaded(file: TensorFile, structure: Structure) -> Iterator[tuple[Graph, Weights, Any]]:
    """The graph of a file, the values of its variables, and the signature that is served."""
    with Graph().as_default() as graph, Session(graph=graph) as sess:
        if file.kind == _SAVED_MODEL:
            found = loader.SavedModelLoader(file.path)
            tags = found.saved_model.meta_graphs[0].meta_info_def.tags
            message = found.load(sess, list(tags))
            yield graph, SessionWeights(sess), _signature(message.signature_def)
        else:
            # Dtypes and shapes of outputs are inferred again where the file does not have them.
            import_meta_graph(structure if file.sealed else _inferable(structure), graph=graph)
            yield graph, FileWeights(file, structure), None


def _inferable(structure: Structure) -> message_classes.MetaGraphDef:
    """A graph without the shapes that a file says of known operations, which may be of another version of their types."""
    message = message_of(structure)
    for node in message.graph_def.node:
        if find(node.op) is not None and OUTPUT_SHAPES in node.attr:
            del node.attr[OUTPUT_SHAPES]
    return message


def _signature(signatures: Mapping[str, Any]) -> Any:
    """The signature of a SavedModel that is served: the default one, or else the first with outputs."""
    default = signature_constants.DEFAULT_SERVING_SIGNATURE_DEF_KEY
    names = sorted(signatures, key=lambda name: (name != default, name))
    return next((signatures[name] for name in names if signatures[name].outputs), None)


def _chosen(structure: Structure, options: OnnxOptions, signature: Any) -> tuple[Named, Named | None]:
    """The outputs and inputs: those that are asked for, of the signature, or the tensors that nothing uses."""
    outputs, inputs = options.outputs or None, options.inputs or None
    if outputs is not None:
        return outputs, inputs
    if signature is not None:
        named = [
            {key: tensors[key].name for key in sorted(tensors)} for tensors in (signature.outputs, signature.inputs)
        ]
        if named[0].keys() & named[1].keys():
            named = [{name: name for name in tensors.values()} for tensors in named]
        return named[0], inputs or named[1]
    return list(graph_summary(structure).outputs), inputs


def places_of(model: OnnxGraph, weights: FileWeights, target: str) -> dict[str, Place]:
    """Where the values of a model's variables are in a checkpoint.

    Parameters
    ----------
    model : OnnxGraph
    weights : FileWeights
        Of the checkpoint.
    target : str
        The file of the model: the path of the checkpoint is relative to its folder.

    Returns
    -------
    dict of str to Place

    Raises
    ------
    InvalidArgumentError
        The checkpoint is not in the folder of the model or below it, or values are not stored unchanged.
    """
    path = weights.file.path
    folder = os.path.realpath(os.path.dirname(os.path.abspath(target)))
    location = os.path.relpath(os.path.realpath(path), folder)
    if location.startswith(os.pardir) or os.path.isabs(location):
        raise InvalidArgumentError(
            None,
            None,
            f"{path} is not in the folder of {target} or below it, where programs for ONNX look for values. Write the "
            "model beside the checkpoint.",
        )
    if os.path.islink(path):
        raise InvalidArgumentError(
            None, None, f"{path} is a symbolic link, which programs for ONNX do not follow. Give the file itself."
        )
    found, others = {}, []
    for name in model.variables:
        extent = None if weights.is_part(name) else weights.file.extent(weights.name_of(name))
        if extent is None:
            others.append(name)
        else:
            found[name] = Place(location.replace(os.sep, "/"), *extent)
    if others:
        raise InvalidArgumentError(
            None,
            None,
            f"The values of {listed(others)} are not in {path} in one piece: they are compressed, parts of larger "
            f"variables, or in a file of another kind ({weights.file.kind}). Write a checkpoint without compression, "
            "`hdfsaver convert SOURCE NEW.h5`, or leave out weights_in (--weights-in).",
        )
    return found
