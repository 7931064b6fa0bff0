"""The parts of a training graph: the network itself, what saves it, and what trains it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from hdfsaver.interop.graphs.graph_summary import graph_summary
from hdfsaver.schema import Structure

_SAVING = frozenset(
    {"Save", "SaveSlices", "SaveV2", "Restore", "RestoreSlice", "RestoreV2", "MergeV2Checkpoints", "ShardedFilename"}
)
_FOR_SAVING = frozenset(
    {"Const", "Identity", "Pack", "PlaceholderWithDefault", "ReadVariableOp", "StringJoin", "AsString", "Fill"}
)
"""Operations that belong to saving where nothing else takes their values: names of files, reads."""

_GRADIENTS = re.compile(r"(?:^|/)gradients(?:_[0-9]+)?/")
_TRAINING = re.compile(r"(?:Resource)?(?:Sparse)?Apply\w+")


def saving(digraph: Any) -> set[Any]:
    """The operations that save and restore, and those that only they need."""
    found = {name for name, op in digraph.nodes(data="op") if op in _SAVING}
    found = _behind(digraph, found)
    waiting = list(found)
    while waiting:
        for name in digraph.pred[waiting.pop()]:
            is_needed = any(reader not in found for reader in digraph.succ[name])
            if name not in found and digraph.nodes[name]["op"] in _FOR_SAVING and not is_needed:
                found.add(name)
                waiting.append(name)
    return found


def forward(structure: Structure) -> Any:
    """The part of a graph that computes its outputs, without derivatives, training, initializers and saving.

    Parameters
    ----------
    structure : Structure

    Returns
    -------
    networkx.DiGraph
        A view of a part of the graph; the whole of a plain digraph.
    """
    digraph = structure.digraph
    if structure.is_plain:
        return digraph
    training = {
        name for name, data in digraph.nodes(data=True) if _GRADIENTS.search(name) or _TRAINING.fullmatch(data["op"])
    }
    left = _behind(digraph, training) | saving(digraph)
    rest = digraph.subgraph(name for name in digraph if name not in left)
    summary = graph_summary(replace(structure, digraph=rest))
    outputs = [name for name in summary.outputs if name in rest]
    return digraph.subgraph(_before(rest, outputs)) if outputs else rest


def _behind(digraph: Any, names: Collection[Any]) -> set[Any]:
    """Nodes, and all that depend on them."""
    return _reached(digraph.succ, names)


def _before(digraph: Any, names: Collection[Any]) -> set[Any]:
    """Nodes, and all that they depend on."""
    return _reached(digraph.pred, names)


def _reached(neighbours: Mapping[Any, Iterable[Any]], names: Collection[Any]) -> set[Any]:
    found, waiting = set(names), list(names)
    while waiting:
        for name in neighbours[waiting.pop()]:
            if name not in found:
                found.add(name)
                waiting.append(name)
    return found
