"""``MetaGraphDef`` messages as programs of TensorFlow make them part by part, and read them from files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hdfsaver.checkpoint.meta_graph import ExportOptions, structure_of
from hdfsaver.checkpoint.meta_graph_files import read_nodes
from hdfsaver.checkpoint.meta_info import fill_meta_info, strip_graph_default_valued_attrs
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.definition import find
from hdfsaver.graph.graph import Graph
from hdfsaver.interop.graphs.meta_graph_defs import program_message, with_nodes
from hdfsaver.messages import message_classes
from hdfsaver.messages.names_of_savers import read_names
from hdfsaver.messages.saver_defs import read_saver
from hdfsaver.reading.checkpoint_names import PathLike


def create_meta_graph_def(
    meta_info_def: message_classes.MetaGraphDef.MetaInfoDef | None = None,
    graph_def: message_classes.GraphDef | None = None,
    saver_def: message_classes.SaverDef | None = None,
    collection_list: Iterable[str] | None = None,
    graph: Graph | None = None,
    export_scope: str | None = None,
    exclude_nodes: Iterable[str] | None = None,
    clear_extraneous_savers: bool = False,
    strip_default_attrs: bool = False,
) -> message_classes.MetaGraphDef:
    """Make a message of its parts. The definition of the graph is taken over unchanged.

    Parameters
    ----------
    meta_info_def : MetaInfoDef, optional
        Taken over; the version is put in, and the definitions of types where these are missing.
    graph_def : GraphDef, optional
        That of the graph where none is given.
    saver_def : SaverDef, optional
    collection_list : iterable of str, optional
        The collections to describe; all where none are given.
    graph : Graph, optional
        The graph of the collections; the default graph where none is given.
    export_scope : str, optional
        The scope to which the items of collections belong, and which is taken from their names.
    exclude_nodes : iterable of str, optional
        Operations to leave out of collections.
    clear_extraneous_savers : bool
        Describe, of the Savers in their collection, only that of ``saver_def``.
    strip_default_attrs : bool
        Leave out attributes that have their default values.

    Returns
    -------
    MetaGraphDef
        A new message.

    Raises
    ------
    TypeError
        An argument is of another type.
    """
    kinds: dict[str, tuple[Any, type]] = {
        "graph": (graph, Graph),
        "graph_def": (graph_def, message_classes.GraphDef),
        "saver_def": (saver_def, message_classes.SaverDef),
    }
    for name, (value, kind) in kinds.items():
        if value is not None and not isinstance(value, kind):
            raise TypeError(f"{name} must be of type {kind.__name__}. Received type: {type(value)}.")
    graph = get_default_graph() if graph is None else graph
    excluded = frozenset(exclude_nodes or ())
    options = ExportOptions(collection_list, False, False, export_scope, excluded, None, clear_extraneous_savers)
    saver, names = (None, None) if saver_def is None else (read_saver(saver_def), read_names(saver_def))
    described = program_message(structure_of(graph, saver, names, options), find, add_shapes=False)
    message = message_classes.MetaGraphDef(
        graph_def=graph.as_graph_def(add_shapes=True) if graph_def is None else graph_def, saver_def=saver_def
    )
    for key, collection in described.collection_def.items():
        message.collection_def[key].CopyFrom(collection)
    fill_meta_info(message, meta_info_def)
    if strip_default_attrs:
        strip_graph_default_valued_attrs(message)
    return message


def read_meta_graph_file(filename: PathLike) -> message_classes.MetaGraphDef:
    """The message for a file with a graph: a ``.meta`` file of TensorFlow, or a checkpoint of hdfsaver.

    Parameters
    ----------
    filename : path
        The name of a ``.meta`` file stands for the graph in the checkpoint of that prefix, where there is no such file.

    Returns
    -------
    MetaGraphDef

    Raises
    ------
    OSError
        The file does not exist, has no graph, or is damaged.
    """
    nodes, structure = read_nodes(filename)
    is_own = bool(structure.digraph) or not structure.tensorflow
    message = program_message(with_nodes(nodes, structure), find if is_own else _any, add_shapes=False)
    if is_own:
        fill_meta_info(message)
    return message


def _any(op: str) -> bool:
    """Every type counts as one whose outputs the file's definitions tell."""
    return True
