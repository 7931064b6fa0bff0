"""Two models as one description, in which each operation and each array has a mark: same, added, removed or changed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hdfsaver.errors import OpError
from hdfsaver.files.progress import Callback, Progress
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.inspection.number_differences import Distance, distance
from hdfsaver.page.attribute_texts import value_text
from hdfsaver.page.graph_columns import Columns
from hdfsaver.page.model_parts import ModelParts, check_group, describe, structure_with_shapes, title_of, with_graph
from hdfsaver.page.variable_columns import Row, add_values, parts, reader, rows_of, variable_columns, without_folder
from hdfsaver.schema import Structure, new_digraph
from hdfsaver.tensor_info import STRING

SAME, ADDED, REMOVED, CHANGED = range(4)
"""The marks: alike in both, in the second model alone, in the first alone, in both but different."""

_FIELDS = {"op": "type", "device": "device", "inputs": "inputs", "control_inputs": "control inputs"}
"""The fields of a node that are compared as a whole, with their words for people."""


def compared_parts(
    first: TensorFile, second: TensorFile, *, values: bool = True, progress: Callback | None = None
) -> ModelParts:
    """Describe two models as one: the second, and behind it what only the first one has.

    Parameters
    ----------
    first, second : TensorFile
        The open files.
    values : bool
        Read all values, for statistics and differences.
    progress : callable, optional
        See `hdfsaver.files.progress.Callback`.

    Returns
    -------
    ModelParts
        With ``difference`` in the description, and with ``marks`` and ``changes`` in its graph and its variables;
        ``differences`` are the largest and the mean absolute difference of arrays, by their numbers.

    Raises
    ------
    OpError
        See `model_parts`.
    """
    check_group(first)
    check_group(second)
    before, after = structure_with_shapes(first), structure_with_shapes(second)
    structure = _joined(before, after)
    old, rows = {row.entry.name: row for row in rows_of(first)}, rows_of(second)
    names = {row.entry.name for row in rows}
    rows += [row for name, row in old.items() if name not in names]
    columns = variable_columns(rows, structure)
    pictures = add_values(rows, columns, progress) if values else b""
    _mark_variables(columns, rows, old, second, values, progress)
    description = {**describe(second, columns), "difference": [title_of(first), title_of(second)]}
    parts = with_graph(ModelParts(description, {}, pictures), structure)
    if structure is not None:
        _mark_operations(parts.description["graph"], _nodes(before), _nodes(after))
    return parts


def _nodes(structure: Structure | None) -> Mapping[str, Mapping[str, Any]]:
    return {} if structure is None else structure.digraph.nodes


def _joined(before: Structure | None, after: Structure | None) -> Structure | None:
    """One graph with the operations of both; those of the second where both have one of that name."""
    if before is None or after is None or before.is_plain != after.is_plain:
        return after if after is not None else before
    digraph = new_digraph()
    digraph.add_nodes_from(after.digraph.nodes.items())
    digraph.add_nodes_from(item for item in before.digraph.nodes.items() if item[0] not in after.digraph)
    if after.is_plain:
        digraph.add_edges_from([*after.digraph.edges, *before.digraph.edges])
    names = {**before.saved_names, **after.saved_names}
    return Structure(digraph, after.collections, after.saver, names, after.is_plain)


def _mark_operations(
    columns: Columns, before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]
) -> None:
    columns["marks"], columns["changes"] = [], {}
    for number, name in enumerate({**after, **before}):
        changes = [] if name not in before or name not in after else _changes(before[name], after[name])
        if changes:
            columns["changes"][number] = changes
        columns["marks"].append(_mark(name in before, name in after, bool(changes)))


def _mark(is_before: bool, is_after: bool, differs: bool) -> int:
    if is_before and is_after:
        return CHANGED if differs else SAME
    return ADDED if is_after else REMOVED


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The differences of two operations of one name, a sentence each."""
    found = [
        f"{word}: {value_text(_texts(before[field]))} → {value_text(_texts(after[field]))}"
        for field, word in _FIELDS.items()
        if before.get(field) != after.get(field)
    ]
    old, new = before.get("attrs", before), after.get("attrs", after)
    keys = [key for key in sorted({*old, *new}, key=str) if key != "_output_shapes"]
    for key in keys:
        if not (key in old and key in new and _is_same(old[key], new[key])):
            texts = [value_text(each[key]) if key in each else "nothing" for each in (old, new)]
            found.append(f"{key}: {texts[0]} → {texts[1]}")
    return found


def _texts(value: Any) -> Any:
    """Inputs as names of tensors."""
    if isinstance(value, tuple):
        return [f"{item[0]}:{item[1]}" if isinstance(item, tuple) else item for item in value]
    return value


def _is_same(old: Any, new: Any) -> bool:
    if isinstance(old, np.ndarray) or isinstance(new, np.ndarray):
        arrays = isinstance(old, np.ndarray) and isinstance(new, np.ndarray)
        if not arrays or old.dtype != new.dtype or old.shape != new.shape:
            return False
        return bool(np.array_equal(old, new)) or (old.dtype != np.object_ and old.tobytes() == new.tobytes())
    return type(old) is type(new) and bool(old == new)


def _mark_variables(
    columns: Columns,
    rows: Sequence[Row],
    old: Mapping[str, Row],
    second: TensorFile,
    values: bool,
    progress: Callback | None,
) -> None:
    columns.update(marks=[], changes={}, differences={})
    counted = Progress(progress, 2 * sum(row.entry.nbytes for row in rows))
    for number, row in enumerate(rows):
        before = old.get(row.entry.name)
        is_after = row.file is second
        changes: list[str] = []
        if before is not None and is_after:
            changes = _described(before, row) or _compared(before, row, number, columns, values)
            counted.advance(2 * row.entry.nbytes)
        if changes:
            columns["changes"][number] = changes
        columns["marks"].append(_mark(before is not None, is_after, bool(changes)))


def _described(before: Row, after: Row) -> list[str]:
    """How the descriptions of two arrays differ."""
    texts = [f"{entry.dtype} {value_text(entry.shape)}" for entry in (before.entry, after.entry)]
    return [] if texts[0] == texts[1] else [f"{texts[0]} → {texts[1]}"]


def _compared(before: Row, after: Row, number: int, columns: Columns, values: bool) -> list[str]:
    """How the values of two arrays of one dtype and shape differ."""
    if not values or before.error or after.error:
        return []
    try:
        if after.entry.dtype == STRING:
            same = np.array_equal(before.file.read(before.entry.name), after.file.read(after.entry.name))
            return [] if same else ["other strings"]
        old, new = (reader(row.file, row.entry) for row in (before, after))
        found = Distance()
        for key in parts(after.entry):
            found = found.joined(distance(old(key), new(key), rtol=0, atol=0))
    except OpError as error:
        columns["errors"].setdefault(number, without_folder(error.message, before.file))
        return []
    if not found.unequal:
        return []
    columns["differences"][number] = [value if math.isfinite(value) else None for value in (found.largest, found.mean)]
    return [f"largest difference {found.largest:.6g}, mean {found.mean:.6g}"]
