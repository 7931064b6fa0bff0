"""Kernels are told the inputs that are the same in every run, such as axes, so that they look at them once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hdfsaver.graph.definition import Node, find
from hdfsaver.session.calls import Call
from hdfsaver.session.rewrites.block import Slots


def tell_constants(calls: Sequence[Call], slots: Slots) -> list[Call]:
    """Put kernels in place that know the constant inputs of their calls; see `OpDef.kernel_knowing`.

    The calls take the same inputs as before. A kernel with state stays.

    Parameters
    ----------
    calls : sequence of Call
    slots : Slots

    Returns
    -------
    list of Call
    """
    return [_told(call, slots) for call in calls]


def _told(call: Call, slots: Slots) -> Call:
    definition = find(slots.type_of(call))
    if definition is None or definition.stateful or slots.constants.keys().isdisjoint(call.inputs):
        return call
    constants = [slots.constants.get(slot) for slot in call.inputs]
    arrays = [np.asarray(value) if isinstance(value, np.ndarray | np.generic) else None for value in constants]
    found = definition.kernel_knowing(Node.of(slots.plan.digraph, call.node), arrays)
    return call if found is None else call._replace(function=found)
