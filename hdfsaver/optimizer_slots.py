"""The variables that optimizers keep beside those that they train, found in a training graph of TensorFlow 1.

An optimizer keeps its *slots* (a moment of each trained variable, for example) and a few variables of its own (the
powers of Adam). The operations that apply a gradient take them as inputs at fixed places. For rows of an embedding Adam
has no such operation; its slots are then found by their placement, since TensorFlow places a slot with its variable.

Source: ``tensorflow/core/ops/training_ops.cc``, ``python/training/slot_creator.py`` and ``optimizer.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from hdfsaver.schema import Structure

_Nodes = Mapping[str, Mapping[str, Any]]

_KEPT = {
    "Adadelta": 2,
    "Adagrad": 1,
    "AdagradDA": 2,
    "AdagradV2": 1,
    "AdaMax": 3,
    "Adam": 4,
    "AdamWithAmsgrad": 5,
    "AddSign": 1,
    "CenteredRMSProp": 3,
    "Ftrl": 2,
    "FtrlV2": 2,
    "KerasMomentum": 1,
    "Momentum": 1,
    "PowerSign": 1,
    "ProximalAdagrad": 1,
    "RMSProp": 2,
}
"""The number of inputs behind the trained variable that are the optimizer's, by type of operation."""

_APPLY = re.compile(r"(?:Resource)?(?:Sparse)?Apply(\w+)")
_VARIABLES = ("VariableV2", "Variable", "VarHandleOp")
_PASSES_ON = ("Identity", "RefIdentity", "ReadVariableOp", "Cast", "Enter", "RefEnter")
"""Types of operations whose result is the value of their first input."""

SLOT_NAMES = (
    *("Adadelta", "Adagrad", "AdagradDA", "AdaMax", "Adam", "AddSign", "Ftrl", "Momentum"),
    *("PowerSign", "ProximalAdagrad", "RMSProp", "adam_m", "adam_v"),
)
"""The names of slots: those of TensorFlow 1's optimizers, and those of BERT's."""

SLOT = re.compile(rf"(?P<variable>.+)/(?:{'|'.join(SLOT_NAMES)})(?:_[0-9]+)?")
"""The name of a slot: the name of its variable, and that of the optimizer, with a number where there are several."""

POWER = re.compile(r"(?:.*/)?beta[12]_power(?:_[0-9]+)?")
"""The name of a power of Adam."""


def optimizer_variables(structure: Structure) -> frozenset[str] | None:
    """The names in a checkpoint of the variables that are an optimizer's, according to its graph.

    Parameters
    ----------
    structure : Structure
        The graph, with the names under which its variables are saved.

    Returns
    -------
    frozenset of str or None
        None where the graph does not say it: it has no optimizer of TensorFlow. For a part of a partitioned variable it
        is the name of the whole.
    """
    nodes: _Nodes = {} if structure.is_plain else structure.digraph.nodes
    applied = [(name, _KEPT.get(kind[1], 0)) for name, kind in _applying(nodes)]
    trained = {_variable(nodes, nodes[name]["inputs"][0][0]) for name, _ in applied}
    kept = {_variable(nodes, source) for name, count in applied for source, _ in nodes[name]["inputs"][1 : 1 + count]}
    found = {op for op in kept | set(_placed(nodes)) if op is not None} - trained - _trainable(structure)
    if not found and not applied:
        return None
    names = saved_names(structure)
    # A name that a Saver gives to another variable is not a slot's; a variable that no Saver keeps has its own name.
    others = {name for op in names.keys() - found for name in names[op]}
    return frozenset(name for op in found for name in names.get(op, {op})) - others


def _trainable(structure: Structure) -> set[str]:
    listed = structure.collections.get("trainable_variables")
    items = [] if listed is None or listed.kind != "variable_list" else listed.value
    return {item.variable_name.partition(":")[0] for item in items}


def _applying(nodes: _Nodes) -> Iterator[tuple[str, re.Match[str]]]:
    """The operations that apply a gradient."""
    for name, data in nodes.items():
        kind = _APPLY.fullmatch(data.get("op", ""))
        if kind is not None and data["inputs"]:
            yield name, kind


def _placed(nodes: _Nodes) -> Iterator[str]:
    """The variables that are placed with another variable, and have the name of a slot of it or of a power."""
    for name, data in nodes.items():
        if data.get("op") not in _VARIABLES:
            continue
        others = set(places_of(data)) - {name}
        slot = SLOT.fullmatch(name)
        # Within a variable scope its name has that of the scope before it.
        of_another = slot is not None and any(f"/{slot['variable']}".endswith(f"/{other}") for other in others)
        if of_another or (others and POWER.fullmatch(name)):
            yield name


def _places(data: Mapping[str, Any]) -> list[bytes]:
    found = data["attrs"].get("_class")
    return [item for item in found if isinstance(item, bytes)] if isinstance(found, list) else []


def slots_of(structure: Structure) -> dict[str, str]:
    """The variables that operations take beside the variable to which they apply a gradient, each with that one."""
    nodes: _Nodes = structure.digraph.nodes
    found: dict[str, str] = {}
    for name, kind in _applying(nodes):
        trained, *others = (
            _variable(nodes, source) for source, _ in nodes[name]["inputs"][: 1 + _KEPT.get(kind[1], 0)]
        )
        found |= {other: trained for other in others if other is not None and trained is not None}
    return found


def places_of(data: Mapping[str, Any]) -> list[str]:
    """The operations with which an operation is placed."""
    return [place.removeprefix(b"loc:@").decode(errors="replace") for place in _places(data)]


def _variable(nodes: _Nodes, name: str) -> str | None:
    """The variable whose value an operation gives, or None."""
    seen: set[str] = set()
    while name in nodes and name not in seen:
        seen.add(name)
        data = nodes[name]
        if data.get("op") in _VARIABLES:
            return name
        if data.get("op") not in _PASSES_ON or not data["inputs"]:
            return None
        name = data["inputs"][0][0]
    return None


def saved_names(structure: Structure) -> dict[str, set[str]]:
    """The names in the file of each variable: those of its Saver, and those in operations of type ``SaveV2``."""
    found: dict[str, set[str]] = {}
    for name, saved in structure.saved_names.items():
        for op in [saved] if isinstance(saved, str) else [part.op_name for part in saved]:
            found.setdefault(op, set()).add(name)
    for name, source in _saved_by_operations(structure.digraph.nodes):
        variable = _variable(structure.digraph.nodes, source)
        if variable is not None:
            found.setdefault(variable, set()).add(name)
    return found


def _saved_by_operations(nodes: _Nodes) -> Iterator[tuple[str, str]]:
    """Names in the file, each with the operation that gives its value."""
    for data in nodes.values():
        if data.get("op") == "SaveV2" and len(data["inputs"]) > 3:
            names = _strings(nodes, data["inputs"][1][0])
            yield from zip(names, [source for source, _ in data["inputs"][3:]], strict=False)


def _strings(nodes: _Nodes, name: str) -> list[str]:
    value = nodes[name]["attrs"].get("value") if name in nodes else None
    if not isinstance(value, np.ndarray) or value.dtype != np.object_:
        return []
    return [item.decode(errors="surrogateescape") for item in value.ravel().tolist()]
