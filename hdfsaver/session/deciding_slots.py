"""Which calls of a program with branches may be dead, and by which of their inputs one sees it.

A value is alive where all its conditions hold: one for each Switch before it, with the side that it comes from. A Merge
of the two sides of a condition is alive where the others hold. So most calls need no look, or one at one slot.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from hdfsaver.ops.constants import unchanged
from hdfsaver.ops.control_flow import Chooser
from hdfsaver.session.calls import Call, outputs_of
from hdfsaver.session.plan import SWITCHES
from hdfsaver.session.rewrites.block import Slots

_Conditions = frozenset[tuple[int, int]]
"""The slots of predicates, each with the output of the Switches that must be alive; -1 for something unknown."""

_SIDES = (0, 1)


def deciding_slots(calls: Sequence[Call], slots: Slots, alive: Collection[int]) -> list[tuple[int, ...]]:
    """For each call the slots of which one is dead where the call is not to run.

    Parameters
    ----------
    calls : sequence of Call
        All calls of a piece of the plan, in their order.
    slots : Slots
        For the types of the operations.
    alive : collection of int
        The slots that other pieces fill, or that are filled before the run, and are never dead.

    Returns
    -------
    list of tuple of int
        Empty for calls that always run. A Merge is one of them: its kernel chooses.
    """
    known: dict[int, _Conditions] = dict.fromkeys(alive, frozenset())
    same: dict[int, int] = {}
    found: list[tuple[int, ...]] = []
    for call in calls:
        outputs = outputs_of(call)
        if type(call.function) is Chooser:
            found.append(())
            conditions = _of_merge(call, known)
            known.update(dict.fromkeys(outputs, conditions))
            continue
        needed = {slot: _conditions(slot, known) for slot in (*call.inputs, *call.controls)}
        conditions = frozenset().union(*needed.values())
        found.append(_deciding(needed, conditions))
        known.update(dict.fromkeys(outputs, conditions))
        if slots.type_of(call) in SWITCHES:
            predicate = same.get(call.inputs[1], call.inputs[1])
            known.update({outputs[side]: conditions | {(predicate, side)} for side in _SIDES})
        elif call.function is unchanged:
            same[outputs[0]] = same.get(call.inputs[0], call.inputs[0])
    return found


def _conditions(slot: int, known: Mapping[int, _Conditions]) -> _Conditions:
    return known.get(slot, frozenset({(slot, -1)}))


def _of_merge(merge: Call, known: Mapping[int, _Conditions]) -> _Conditions:
    if len(merge.inputs) == len(_SIDES):
        first, second = (_conditions(slot, known) for slot in merge.inputs)
        apart = first ^ second
        if len({slot for slot, _ in apart}) == 1 and sorted(side for _, side in apart) == [*_SIDES]:
            return first & second
    return frozenset({(outputs_of(merge)[0], -1)})


def _deciding(needed: Mapping[int, _Conditions], conditions: _Conditions) -> tuple[int, ...]:
    for slot, mine in needed.items():
        if mine and mine == conditions:
            return (slot,)
    return tuple(slot for slot, mine in needed.items() if mine)
