"""The collection of Savers of a graph that TensorFlow is to read: there each needs operations that save and restore."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hdfsaver.interop.graphs.save_ops import needs_operations, save_operations
from hdfsaver.messages.names_of_savers import read_names
from hdfsaver.messages.saver_defs import OPERATIONS, collected_saver, read_saver, saver_message
from hdfsaver.schema import CollectionDef, SaverDef, Structure

SAVERS = "savers"
"""The name of the collection."""


def with_operations(structure: Structure) -> tuple[SaverDef | None, Structure, dict[str, dict[str, Any]]]:
    """The operations that the Savers of a structure need in TensorFlow.

    Parameters
    ----------
    structure : Structure

    Returns
    -------
    saver : SaverDef or None
        The one of the structure, which names its operations.
    structure : Structure
        The Savers of its collection name theirs.
    nodes : dict of str to dict
        Names and data of the operations, as `hdfsaver.schema` describes them.

    Raises
    ------
    ValueError
        The Saver of the structure keeps something that is not a variable of the graph.
    """
    nodes: dict[str, dict[str, Any]] = {}
    saver = structure.saver
    if needs_operations(structure):
        saver, nodes = save_operations(structure)
    listed = structure.collections.get(SAVERS)
    if listed is None:
        return saver, structure, nodes
    items = [_with_operations(item, structure, saver, nodes) for item in listed.value]
    collections = {**structure.collections, SAVERS: CollectionDef(listed.kind, items)}
    return saver, replace(structure, collections=collections), nodes


def _with_operations(item: Any, structure: Structure, saver: SaverDef | None, nodes: dict[str, dict[str, Any]]) -> Any:
    """An item whose Saver names operations, which are added to the nodes; unchanged where it says no names."""
    message = collected_saver(item)
    names = {} if message is None else read_names(message)
    if message is None or not names:
        return item
    own = read_saver(message)
    if saver is not None and names == structure.saved_names:
        found = replace(own, **{field: getattr(saver, field) for field in OPERATIONS})
    else:
        described = replace(structure, saver=own, saved_names=names)
        if not needs_operations(described):
            return item
        try:
            found, made = save_operations(described, nodes)
        except ValueError:  # it keeps something that is not a variable of the graph
            return item
        nodes |= made
    return saver_message(found).SerializeToString(deterministic=True)
