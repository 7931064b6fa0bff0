"""A constant scale behind a convolution with constant filters becomes part of the filters.

So it is with batch normalization in the graphs of trained models. The products are rounded in another order, so the
rule is applied before the first run, and every run gives the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from hdfsaver.session.calls import Call
from hdfsaver.session.plan import CONVOLUTIONS
from hdfsaver.session.rewrites.block import Slots, emptied_by
from hdfsaver.tensor_info import Array

SCALES = frozenset({"Mul"})

_DTYPES = (np.dtype(np.float32), np.dtype(np.float64))
"""Others are computed in a wider dtype and rounded, which would be another result."""


def fold_scales(calls: Sequence[Call], slots: Slots) -> list[Call]:
    """Leave out products of convolutions with constants: one for each channel of the result.

    The filters must be a constant, and nothing but the product may need what the convolution gives.

    Parameters
    ----------
    calls : sequence of Call
    slots : Slots
        The scaled filters become part of it.

    Returns
    -------
    list of Call
        Those that are left. The slots that they empty are to be found again.
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
        elif op_type in SCALES and (scaled := _scaled(call, made, left, slots)) is not None:
            left[made.pop(scaled.output)] = scaled._replace(output=call.output)
            continue
        left.append(call)
    return left


def _scaled(product: Call, made: dict[Any, int], calls: Sequence[Call], slots: Slots) -> Call | None:
    """The convolution that gives a product; None where the product is another one."""
    for source, factor in (product.inputs, product.inputs[::-1]):
        if source not in made or factor not in slots.constants:
            continue
        scaled = scaled_by(slots.constants[factor], calls[made[source]], slots)
        if scaled is not None:
            return scaled
    return None


def scaled_by(factor: Any, convolution: Call, slots: Slots) -> Call | None:
    """A convolution whose result is multiplied by a factor for each channel.

    Parameters
    ----------
    factor : object
        The value of a constant.
    convolution : Call
    slots : Slots
        The scaled filters become part of it.

    Returns
    -------
    Call or None
        None where its filters are not constants, or the factor does not fit.
    """
    images, filters = convolution.inputs
    attrs = slots.plan.digraph.nodes[convolution.node]["attrs"]
    if attrs.get("data_format", b"NHWC") != b"NHWC" or filters not in slots.constants:
        return None
    by_channel = 2 if slots.type_of(convolution) == "DepthwiseConv2dNative" else 3
    found = _product(slots.constants[filters], factor, by_channel)
    return None if found is None else convolution._replace(inputs=(images, slots.with_constant(found)))


def _product(filters: Any, scale: Any, by_channel: int) -> Array | None:
    """The filters, whose axes from one on are the channels of the result, times the scale of each channel."""
    if not isinstance(scale, np.ndarray) or not 1 <= scale.ndim <= 4 or filters.ndim != 4:
        return None
    channels = filters.shape[by_channel:]
    if filters.dtype not in _DTYPES or scale.dtype != filters.dtype or scale.shape[-1] != scale.size:
        return None
    if scale.size != np.prod(channels):
        return None
    found: Array = filters * scale.reshape(channels)
    found.flags.writeable = False
    return found if np.isfinite(found).all() else None
