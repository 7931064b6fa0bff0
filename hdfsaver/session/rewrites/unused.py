"""Products of matrices whose values nothing takes need not be computed.

A derivative by what is fed is such a product: training waits until it is there, and takes only the others.
"""

from __future__ import annotations

from collections.abc import Sequence

from hdfsaver.session.calls import Call, outputs_of
from hdfsaver.session.rewrites.block import Slots, emptied_by

_TYPES = frozenset({"MatMul"})
"""Operations that take long, without effect, and fail for no other reason than shapes that do not fit."""


def skip_unused(calls: Sequence[Call], slots: Slots) -> list[Call]:
    """Leave out calls whose result no other call takes.

    They must be sure to succeed: the lengths that have to be equal are known, and are.

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
    used = {slot for call in calls for slot in call.inputs}
    return [
        call
        for call in calls
        if slots.type_of(call) not in _TYPES
        or not emptied.issuperset(outputs_of(call))
        or not used.isdisjoint(outputs_of(call))
        or not _succeeds(call, slots)
    ]


def _succeeds(product: Call, slots: Slots) -> bool:
    nodes = slots.plan.digraph.nodes
    attrs = nodes[product.node]["attrs"]
    shapes = [nodes[name]["outputs"][output][1] for name, output in nodes[product.node]["inputs"]]
    if any(shape is None or len(shape) != 2 for shape in shapes):
        return False
    inner = shapes[0][0 if attrs["transpose_a"] else 1], shapes[1][1 if attrs["transpose_b"] else 0]
    return inner[0] is not None and inner[0] == inner[1]
