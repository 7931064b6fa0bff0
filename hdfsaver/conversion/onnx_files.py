"""From a file with a graph to an ONNX model."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from hdfsaver.conversion.loaded_graphs import graph_of, served_signature, structure_of
from hdfsaver.conversion.onnx_models import model_graph, write_model
from hdfsaver.conversion.onnx_options import Named, OnnxOptions
from hdfsaver.conversion.report import Conversion, listed
from hdfsaver.conversion.weights import FileWeights, OtherWeights, SessionWeights, Weights
from hdfsaver.errors import InvalidArgumentError
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.formats.open_source import open_source
from hdfsaver.graph.graph import Graph
from hdfsaver.interop.graphs.graph_summary import graph_summary
from hdfsaver.onnx_graphs.onnx_messages import Place, onnx_library
from hdfsaver.onnx_graphs.onnx_nodes import OnnxGraph
from hdfsaver.saved_model import loader
from hdfsaver.schema import Structure
from hdfsaver.session.session import Session

_SAVED_MODEL = "SavedModel"


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
        structure = structure_of(file)
        with _loaded(file, structure) as (graph, weights):
            outputs, inputs = _chosen(structure, options)
            if options.weights_in is None:
                model = model_graph(graph, weights, outputs, inputs, options.fixed, options.shapes)
                return write_model(target, model, weights, durable=durable)
            with open_source(options.weights_in, group) as values:
                other = values.structure() or structure
                elsewhere = OtherWeights(values, other)
                model = model_graph(graph, elsewhere, outputs, inputs, options.fixed, options.shapes)
                places = places_of(model, elsewhere, target)
                return write_model(target, model, elsewhere, places, durable=durable)


@contextmanager
def _loaded(file: TensorFile, structure: Structure) -> Iterator[tuple[Graph, Weights]]:
    """The graph of a file, and the values of its variables."""
    if file.kind != _SAVED_MODEL:
        yield graph_of(file, structure), FileWeights(file, structure)
        return
    with Graph().as_default() as graph, Session(graph=graph) as sess:
        found = loader.SavedModelLoader(file.path)
        found.load(sess, list(found.saved_model.meta_graphs[0].meta_info_def.tags))
        yield graph, SessionWeights(sess)


def _chosen(structure: Structure, options: OnnxOptions) -> tuple[Named, Named | None]:
    """The outputs and inputs: those that are asked for, of the signature, or the tensors that nothing uses."""
    outputs, inputs = options.outputs or None, options.inputs or None
    if outputs is not None:
        return outputs, inputs
    signature = served_signature(structure)
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
