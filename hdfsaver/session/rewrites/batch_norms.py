"""A normalization with constant numbers, behind a convolution with constant filters, becomes a sum.

Its factor for each channel becomes part of the filters, and what it adds is one constant for each channel. The products
are rounded in another order, so the rule is applied before the first run, and every run gives the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from hdfsaver.session.calls import Call
from hdfsaver.session.plan import CONVOLUTIONS
from hdfsaver.session.rewrites.block import Slots, emptied_by
from hdfsaver.session.rewrites.scales import scaled_by
from hdfsaver.tensor_info import Array

BATCH_NORMS = frozenset({"FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"})


def fold_batch_norms(calls: Sequence[Call], slots: Slots) -> list[Call]:
    """Make sums of normalizations of convolutions.

    The filters and the numbers of the normalization must be constants, and the channels the last dimension. Nothing but
    the normalization may need what the convolution gives, and nothing what it gives beside the images.

    Parameters
    ----------
    calls : sequence of Call
    slots : Slots
        The scaled filters, and what is added, become part of it.

    Returns
    -------
    list of Call
        As many as before. The slots that they empty are to be found again.
    """
    emptied = emptied_by(calls)
    uses = Counter(slot for call in calls for slot in call.inputs)
    made: dict[Any, int] = {}
    """The places of convolutions by their outputs."""
    left: list[Call] = []
    for call in calls:
        op_type = slots.type_of(call)
        if op_type in CONVOLUTIONS and call.output in emptied and uses[call.output] == 1:
            made[call.output] = len(left)
        elif op_type in BATCH_NORMS and isinstance(call.output, tuple) and call.inputs[0] in made:
            images, *others = call.output
            place = made[call.inputs[0]]
            if emptied.issuperset(others) and not any(uses[slot] for slot in others):
                folded = _folded(left[place], call, images, slots)
                left[place], call = folded or (left[place], call)
        left.append(call)
    return left


def _folded(convolution: Call, norm: Call, images: int, slots: Slots) -> tuple[Call, Call] | None:
    """The convolution with scaled filters, and the sum; None where the normalization stays."""
    attrs = slots.plan.digraph.nodes[norm.node]["attrs"]
    numbers: list[Any] = [slots.constants.get(slot) for slot in norm.inputs[1:]]
    if attrs["is_training"] or attrs["data_format"] != b"NHWC" or attrs["T"] != "float32":
        return None
    if not all(isinstance(value, np.ndarray) and value.ndim == 1 for value in numbers):
        return None
    scale, offset, mean, variance = numbers
    with np.errstate(all="ignore"):
        factor: Array = scale / np.sqrt(variance + np.float32(attrs["epsilon"]))
        shift: Array = offset - mean * factor
    scaled = scaled_by(factor, convolution, slots) if np.isfinite(shift).all() else None
    if scaled is None:
        return None
    shift.flags.writeable = False
    added = Call(np.add, (norm.inputs[0], slots.with_constant(shift)), images, (), norm.node, ())
    return scaled, added
