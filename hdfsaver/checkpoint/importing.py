"""Bring a graph back from a file, with a Saver for its variables."""

from __future__ import annotations

from typing import Any

from hdfsaver.checkpoint import meta_graph
from hdfsaver.checkpoint.saver import Saver
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.keys import GraphKeys
from hdfsaver.reading.locating import PathLike
from hdfsaver.schema import Structure


def import_meta_graph(
    meta_graph_or_file: PathLike | Structure,
    clear_devices: bool = False,
    import_scope: str | None = None,
    *,
    group: str = "",
) -> Saver | None:
    """Bring a graph back from a file, without the code that defined it. Values of variables are not read.

    Parameters
    ----------
    meta_graph_or_file : path or Structure
        A prefix, a file, ``x.ckpt.meta`` (which finds ``x.ckpt.h5``), or what `export_meta_graph` gave.
    clear_devices : bool
        Forget where operations were asked to run.
    import_scope : str, optional
        A name that is put before those of all operations. The Saver still uses the names in the file.
    group : str
        The model to bring back, in a file that has several; the Saver is for the same one.

    Returns
    -------
    Saver or None
        A Saver for the variables, under the names that the Saver which wrote the file used; None where the graph has
        no variables.

    Raises
    ------
    OSError
        There is no such file, or it holds no graph, or it is damaged.
    ValueError
        An operation of one of the names is in the default graph already.
    """
    graph = get_default_graph()
    if isinstance(meta_graph_or_file, Structure):
        structure = meta_graph_or_file
        prefix = meta_graph.import_structure(structure, graph, import_scope, clear_devices)
    else:
        structure = meta_graph.read_structure(meta_graph_or_file, group)
        prefix = meta_graph.import_structure(structure, graph, import_scope, clear_devices, may_adopt=True)
    return _saver_of(structure, graph, prefix, group)


def _saver_of(structure: Structure, graph: Graph, prefix: str, group: str) -> Saver | None:
    if structure.saver is not None and structure.saved_names:
        with graph.as_default():
            found = {name: _variable_named(graph, prefix + op) for name, op in structure.saved_names.items()}
        return Saver(found, saver_def=structure.saver, group=group)
    variables = graph.get_collection(GraphKeys.GLOBAL_VARIABLES, prefix or None)
    if not variables:
        return None
    return Saver({variable.op.name.removeprefix(prefix): variable for variable in variables}, group=group)


def _variable_named(graph: Graph, op_name: str) -> Any:
    for key in GraphKeys.VARIABLE_COLLECTIONS:
        for variable in graph.get_collection(key):
            if variable.op.name == op_name:
                return variable
    return graph.get_operation_by_name(op_name).outputs[0]
