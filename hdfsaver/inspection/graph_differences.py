"""The difference of two graphs, operation by operation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.inspection.graph_parts import saving
from hdfsaver.messages.attr_values import same_value
from hdfsaver.schema import Structure

_SHOWN = 60
"""Characters of a value in a sentence."""

_PARTS = ("op", "inputs", "control_inputs", "device", "outputs")
"""The data of a node of which each has a line of its own; the others are attributes."""

_INFERRED = ("_output_shapes", "_output_dtypes")
"""Attributes of some files that repeat what the outputs say."""

_LABELS = {"op": "type", "control_inputs": "control inputs"}


class GraphDifference(NamedTuple):
    """The difference of two graphs.

    Attributes
    ----------
    a, b : int
        The number of operations of each.
    only_a, only_b : list of str
        The operations that only one of them has.
    changed : dict of str to list of str
        For each operation that both have, and that differs, what differs: ``"type: Add -> AddV2"``.
    """

    a: int
    b: int
    only_a: list[str]
    only_b: list[str]
    changed: dict[str, list[str]]

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not (self.only_a or self.only_b or self.changed)


def compared(one: TensorFile, other: TensorFile) -> GraphDifference | None:
    """The difference of the graphs of two files; None unless both have one.

    Raises
    ------
    DataLossError, OpError
        A graph cannot be read.
    """
    if not (one.has_graph() and other.has_graph()):
        return None
    a, b = one.structure(), other.structure()
    return None if a is None or b is None else graph_difference(*map(_without_saving, (a, b)))


def _without_saving(structure: Structure) -> Any:
    """The graph without the operations of Savers, which only TensorFlow's files have."""
    if structure.is_plain:
        return structure.digraph
    digraph, left = structure.digraph, saving(structure.digraph)
    return digraph.subgraph(name for name in digraph if name not in left) if left else digraph


def graph_difference(a: Any, b: Any) -> GraphDifference:
    """The difference of two DiGraphs, of operations or of any other nodes."""
    changed = {}
    for key, data in a.nodes(data=True):
        if key in b:
            found = list(_changes(data, b.nodes[key]))
            if found:
                changed[_text(key)] = found
    only_a, only_b = ([_text(key) for key in one if key not in other] for one, other in ((a, b), (b, a)))
    return GraphDifference(len(a), len(b), only_a, only_b, changed)


def _changes(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[str]:
    for part in _PARTS:
        if not same_value(a.get(part), b.get(part)):
            yield f"{_LABELS.get(part, part)}: {_said(part, a.get(part))} -> {_said(part, b.get(part))}"
    pairs = (_attributes(a), _attributes(b))
    for key in dict.fromkeys([*pairs[0], *pairs[1]]):
        if not all(key in each for each in pairs):
            yield f"attribute {_text(key)}: only in {'a' if key in pairs[0] else 'b'}"
        elif not same_value(pairs[0][key], pairs[1][key]):
            yield f"attribute {_text(key)}: {_short(pairs[0][key])} -> {_short(pairs[1][key])}"


def _others(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key not in (*_PARTS, "attrs")}


def _attributes(data: Mapping[str, Any]) -> dict[str, Any]:
    given = data.get("attrs", {})
    return {**_others(data), **{key: value for key, value in given.items() if key not in _INFERRED}}


def _text(key: Any) -> str:
    return key if isinstance(key, str) else repr(key)


def _said(part: str, value: Any) -> str:
    if part == "inputs" and value is not None:
        return ", ".join(f"{name}:{number}" for name, number in value) or "none"
    if part == "control_inputs" and value is not None:
        return ", ".join(f"^{name}" for name in value) or "none"
    return str(value) if isinstance(value, str) and value else _short(value)


def _short(value: Any) -> str:
    text = " ".join((str(value) if isinstance(value, np.ndarray) else repr(value)).split())
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
