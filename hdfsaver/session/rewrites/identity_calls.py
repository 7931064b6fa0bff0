"""Operations that give their input need not run: others can take the input."""

from __future__ import annotations

from collections.abc import Sequence

from hdfsaver.ops.constants import unchanged
from hdfsaver.session.calls import Call
from hdfsaver.session.rewrites.block import Slots, emptied_by, with_other_slots


def skip_identities(calls: Sequence[Call], slots: Slots) -> list[Call]:
    """Leave out calls that give their input, where nothing but the other calls needs the result.

    One that waits for another call may be dead where its input is not, and stays.

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
    ends = emptied | slots.constants.keys()
    same: dict[int, int] = {}
    left: list[Call] = []
    for call in calls:
        moved = with_other_slots(call, same)
        is_same = call.function is unchanged and not call.controls
        if is_same and call.output in emptied and moved.inputs[0] in ends:
            same[call.output] = moved.inputs[0]
        else:
            left.append(moved)
    return left
