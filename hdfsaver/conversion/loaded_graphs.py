"""The graph of a file as a graph that can be asked for its operations, and the signature that it serves."""

from __future__ import annotations

from typing import Any

from hdfsaver.checkpoint.importing import import_meta_graph
from hdfsaver.errors import InvalidArgumentError
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.graph.definition import find
from hdfsaver.graph.graph import Graph
from hdfsaver.interop.graphs.meta_graph_defs import message_of
from hdfsaver.messages import message_classes
from hdfsaver.messages.op_defs import OUTPUT_SHAPES
from hdfsaver.messages.parsing import parse
from hdfsaver.saved_model import signature_constants
from hdfsaver.schema import Structure

_SIGNATURES = "signature_def"
"""The key of the signatures in `Structure.tensorflow`."""

_INITIALIZER = "__saved_model_init_op"
"""The signature of a SavedModel for its initialization."""


def structure_of(file: TensorFile) -> Structure:
    """The graph of a file.

    Raises
    ------
    InvalidArgumentError
        It has none, or a DiGraph that is not a computation graph.
    """
    structure = file.structure()
    if structure is None or structure.is_plain:
        raise InvalidArgumentError(None, None, f"{file.path} has no graph of operations.")
    return structure


def graph_of(file: TensorFile, structure: Structure) -> Graph:
    """The graph of a file, without values of variables.

    Parameters
    ----------
    file : TensorFile
    structure : Structure
        Of that file.

    Returns
    -------
    Graph
    """
    graph = Graph()
    # Dtypes and shapes of outputs are inferred again where the file does not have them.
    import_meta_graph(structure if file.sealed else inferable(structure), graph=graph)
    return graph


def inferable(structure: Structure) -> message_classes.MetaGraphDef:
    """A graph without the shapes of outputs that a file has for known operations: types change between versions.

    Parameters
    ----------
    structure : Structure

    Returns
    -------
    MetaGraphDef
    """
    message = message_of(structure)
    for node in message.graph_def.node:
        if find(node.op) is not None and OUTPUT_SHAPES in node.attr:
            del node.attr[OUTPUT_SHAPES]
    return message


def served_signature(structure: Structure) -> Any:
    """The signature of a SavedModel that is served: the default one, or else the first with outputs; None without."""
    return next(iter(served_signatures(structure).values()), None)


def served_signatures(structure: Structure) -> dict[str, Any]:
    """The signatures of a SavedModel with outputs: the default one, then the others by their names."""
    data = structure.tensorflow.get(_SIGNATURES)
    if data is None:
        return {}
    signatures = parse(message_classes.MetaGraphDef, data, "the signatures").signature_def
    default = signature_constants.DEFAULT_SERVING_SIGNATURE_DEF_KEY
    names = sorted(signatures, key=lambda name: (name != default, name))
    return {name: signatures[name] for name in names if signatures[name].outputs and name != _INITIALIZER}
