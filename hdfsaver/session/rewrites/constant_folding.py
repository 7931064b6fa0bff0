"""Values that depend on constants alone are computed once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from hdfsaver import dtypes
from hdfsaver.graph.definition import find
from hdfsaver.session.calls import Call, outputs_of
from hdfsaver.session.rewrites.block import Slots, emptied_by

_FURTHER_BYTES = 1 << 16
"""By how many bytes a result may be larger than its inputs, which are kept anyway."""


def fold_constants(calls: Sequence[Call], slots: Slots) -> list[Call]:
    """Leave out calls whose inputs are constants, and that wait for nothing, and put their results in place.

    The kernel must be one without state that takes arrays and gives arrays, and the result no larger than its inputs
    (and a little more), since it is kept as long as the run is. A call that fails stays, and fails in the run.

    Parameters
    ----------
    calls : sequence of Call
    slots : Slots
        The results become part of it.

    Returns
    -------
    list of Call
        Those that are left. The slots that they empty are to be found again.
    """
    emptied = emptied_by(calls)
    left: list[Call] = []
    for call in calls:
        results = _results(call, slots)
        if results is not None:
            slots.constants.update(zip(outputs_of(call), results, strict=True))
        if results is None or not emptied.issuperset(outputs_of(call)):  # else others need it in its slot
            left.append(call)
    return left


def _results(call: Call, slots: Slots) -> tuple[Any, ...] | None:
    definition, constants = find(slots.type_of(call)), slots.constants
    if definition is None or definition.stateful or not call.inputs or call.controls:
        return None
    if not constants.keys() >= set(call.inputs):
        return None
    given = [constants[slot] for slot in call.inputs]
    if not all(map(_is_array, given)) or not _is_small(call, given, slots):
        return None
    try:
        with np.errstate(all="ignore"):
            value = call.function(*given)
    except Exception:  # noqa: BLE001, the run reports it where it happens
        return None
    results = value if isinstance(call.output, tuple) else (value,)
    return tuple(map(_read_only, results)) if all(map(_is_array, results)) else None


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray | np.generic)


def _is_small(call: Call, given: Sequence[Any], slots: Slots) -> bool:
    size = 0
    for slot in outputs_of(call):
        dtype, shape = slots.known.get(slot, ("", None))
        if shape is None or None in shape or dtype in ("", "string", "variant", "resource"):
            return False
        size += math.prod(length or 0 for length in shape) * dtypes.numpy_dtype(dtype).itemsize
    return size <= sum(int(value.nbytes) for value in given) + _FURTHER_BYTES


def _read_only(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        value = value.view()
        value.flags.writeable = False
    return value
