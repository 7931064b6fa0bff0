"""The variables that a Saver keeps, found by the names of their operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hdfsaver.checkpoint.saveables.partitioned_saveable import Part
from hdfsaver.graph.graph import Graph
from hdfsaver.interop.graphs.save_ops import saved_names
from hdfsaver.messages import message_classes
from hdfsaver.messages.names_of_savers import read_names
from hdfsaver.messages.saver_defs import read_saver
from hdfsaver.schema import SavedNames, SaverDef
from hdfsaver.variables.partitioning import SaveSliceInfo
from hdfsaver.variables.variable import Variable


def named_variables(
    graph: Graph,
    names: SavedNames,
    by_operation: Mapping[str, Variable],
    new_name: Callable[[str], str] = lambda name: name,
) -> dict[str, Any]:
    """The objects that a Saver kept, by their names in the file: variables, references to them, and parts.

    Parameters
    ----------
    graph : Graph
        The graph with the operations.
    names : dict
        See `hdfsaver.schema.Structure`.
    by_operation : mapping of str to Variable
        Variables by the names of their operations.
    new_name : callable, optional
        The name that an operation has in the graph.

    Returns
    -------
    dict
        As a Saver takes it.

    Raises
    ------
    KeyError
        An operation is not in the graph.
    ValueError
        An operation has no output.
    """

    def found(op_name: str) -> Any:
        new = new_name(op_name)
        if new in by_operation:
            return by_operation[new]
        outputs = graph.get_operation_by_name(new).outputs
        if not outputs:
            raise ValueError(f"The Saver keeps {op_name!r}, which is not a variable of the graph: it has no output.")
        return outputs[0]

    def kept(saved: Any) -> Any:
        if isinstance(saved, str):
            return found(saved)
        return [Part(found(op_name), SaveSliceInfo(save_slice_info_def=info)) for op_name, info in saved]

    return {name: kept(saved) for name, saved in names.items()}


def kept_variables(
    graph: Graph, saver_def: message_classes.SaverDef | SaverDef, prefix: str = ""
) -> dict[str, Any] | None:
    """The variables of a graph that a Saver of these settings keeps.

    Parameters
    ----------
    graph : Graph
    saver_def : SaverDef
        Its names of operations that save and restore are those of the graph.
    prefix : str
        The scope of the variables that it names itself.

    Returns
    -------
    dict or None
        As a Saver takes it; None where neither the settings nor operations of the graph tell.

    Raises
    ------
    KeyError, ValueError
        See `named_variables`.
    """
    named = {} if isinstance(saver_def, SaverDef) else read_names(saver_def)
    names = named or saved_names(graph.data.nodes, read_saver(saver_def))
    if not names:
        return None
    return named_variables(graph, names, _by_operation(graph), lambda name: prefix * bool(named) + name)


def _by_operation(graph: Graph) -> dict[str, Variable]:
    items = (item for key in graph.get_all_collection_keys() for item in graph.get_collection(key))
    return {item.op.name: item for item in items if isinstance(item, Variable)}
