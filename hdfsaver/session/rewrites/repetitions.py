"""A value that is computed twice from the same inputs is computed once."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

from hdfsaver.graph.definition import find
from hdfsaver.session.calls import Call, outputs_of
from hdfsaver.session.rewrites.block import Slots, emptied_by, with_other_slots

_SMALL = 256
"""Up to how many bytes constants are compared."""


def share_repetitions(calls: Sequence[Call], slots: Slots) -> list[Call]:
    """Leave out calls of one type, with the same attributes and inputs as one before, that wait for the same calls.

    The kernel must be one without state, of arrays only. Nothing but the other calls may need the results of either.

    Parameters
    ----------
    calls : sequence of Call
    slots : Slots

    Returns
    -------
    list of Call
        Those that are left. The slots that they empty are to be found again.
    """
    emptied = emptied_by(calls)
    same: dict[int, int] = {}
    first: dict[Hashable, Call] = {}
    left: list[Call] = []
    for call in calls:
        moved = with_other_slots(call, same)
        key = _key(moved, slots) if emptied.issuperset(outputs_of(call)) else None
        if key is not None and key in first:
            same.update(zip(outputs_of(call), outputs_of(first[key]), strict=True))
            continue
        if key is not None:
            first[key] = moved
        left.append(moved)
    return left


def _key(call: Call, slots: Slots) -> Hashable:
    """The same for calls that give the same; None where that is not known."""
    definition = find(slots.type_of(call))
    if definition is None or definition.stateful or not call.inputs or not _has_arrays_only(call, slots):
        return None
    attrs = slots.plan.digraph.nodes[call.node]["attrs"]
    public = sorted((name, repr(value)) for name, value in attrs.items() if not name.startswith("_"))
    inputs = tuple(_value_key(slot, slots) for slot in call.inputs)
    return definition.type, tuple(public), inputs, call.controls, len(outputs_of(call))


def _has_arrays_only(call: Call, slots: Slots) -> bool:
    """Whether no object, such as a stack, is behind an input or an output: calls may change it."""
    dtypes = [slots.known[slot][0] for slot in (*call.inputs, *outputs_of(call)) if slot in slots.known]
    return all(dtype not in ("resource", "variant") and not dtype.endswith("_ref") for dtype in dtypes)


def _value_key(slot: int, slots: Slots) -> Hashable:
    """The same for slots with the same value: that of a small constant, and otherwise the slot."""
    value = slots.constants.get(slot)
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind != "O" and value.nbytes <= _SMALL:
        return value.dtype, value.shape, value.tobytes()
    return slot
