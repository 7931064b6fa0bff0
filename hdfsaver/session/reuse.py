"""Which calls may write their result over an input that nothing needs any more.

A large array that is new must be brought into the processor's cache, so that an addition into the memory of one of
its inputs takes half of the time of one into a new array. That is right only where

* the kernel is a NumPy function that computes element by element, or its operation says that it can (`overwrites`);
* the input is needed by nothing later, and the memory is its own: it was made by a kernel that gives new memory, and
  went only into kernels that keep nothing of it (a constant, a fed value, a variable's value and a view are not such);
* the result has the input's dtype and shape, by the static shapes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from hdfsaver.graph.definition import find
from hdfsaver.ops.base import NARROW
from hdfsaver.session.calls import Call, Joined, outputs_of
from hdfsaver.session.rewrites.block import Slots
from hdfsaver.shapes import Shape

SEPARATE = frozenset(
    {
        *(
            "AvgPool",
            "BatchMatMul",
            "BatchMatMulV2",
            "BiasAdd",
            "BiasAddGrad",
            "BiasAddV1",
            "Conv2D",
            "DepthwiseConv2dNative",
            "Elu",
            "EluGrad",
        ),
        *("MatMul", "Max", "MaxPool", "Mean", "Min", "Prod", "Relu", "Relu6", "Relu6Grad", "ReluGrad", "Select"),
        *("SigmoidGrad", "Softmax", "Softplus", "Sum", "TanhGrad"),
    }
)
"""Operations whose kernels are other functions, but give new memory too and keep nothing of their inputs."""

_UPDATES = frozenset({"AssignAdd", "AssignSub"})
"""Operations that can make the memory of their last input that of the variable's new value."""

_LEAST = 4096
"""From how many elements on memory is used again; in smaller arrays it gains nothing."""


def overwritten(calls: Iterable[Call], slots: Slots) -> dict[int, int]:
    """The calls that may write into one of their inputs.

    Parameters
    ----------
    calls : iterable of Call
        All calls of a piece of the plan, in their order.
    slots : Slots
        For the dtypes and static shapes of what is in the slots.

    Returns
    -------
    dict of int to int
        The slot of the input by the number of the call.
    """
    own: set[int] = set()
    found: dict[int, int] = {}
    for number, call in enumerate(calls):
        if isinstance(call.function, Joined):
            slot = _joined_input(call, call.function, own, slots)
            if slot is not None:
                found[number] = slot
            if call.function.gives_new:
                own.update(outputs_of(call))
            continue
        if not isinstance(call.function, np.ufunc) and slots.type_of(call) not in SEPARATE:
            if slots.type_of(call) in _UPDATES and _is_spare(call.inputs[-1], call, own, slots):
                found[number] = call.inputs[-1]
            own.difference_update(call.inputs)
            continue
        slot = _input_to_overwrite(call, own, slots)
        if slot is not None:
            found[number] = slot
        if isinstance(call.output, int):
            own.add(call.output)
    return found


def _is_spare(slot: int, call: Call, own: set[int], slots: Slots) -> bool:
    """Whether a value is large, and its memory needed by nothing but a call."""
    return slot in call.frees and slot in own and slot in slots.known and _is_large(slots.known[slot][1])


def _input_to_overwrite(call: Call, own: set[int], slots: Slots) -> int | None:
    function, output, known = call.function, call.output, slots.known
    if not isinstance(output, int):
        return None
    places = _places(function, slots.type_of(call), known[output][0])
    for slot in [call.inputs[place] for place in places]:
        if not _is_spare(slot, call, own, slots) or known[slot][0] != known[output][0]:
            continue
        others = [known.get(other) for other in call.inputs if other != slot]
        if not isinstance(function, np.ufunc) or _fits(known[slot][1], others):
            return slot
    return None


def _joined_input(call: Call, function: Joined, own: set[int], slots: Slots) -> int | None:
    """The input whose memory several calls in one can take; they look themselves whether shapes fit."""
    spare = [call.inputs[place] for place in function.overwrites if _is_spare(call.inputs[place], call, own, slots)]
    return spare[0] if spare else None


def _places(function: Callable[..., Any], op_type: str, dtype: str) -> Sequence[int]:
    """The inputs that may have the shape and dtype of the result, and into which a kernel can write it."""
    if isinstance(function, np.ufunc):
        return range(function.nin) if function.signature is None else ()
    definition = find(op_type)
    return () if definition is None or dtype in NARROW else definition.overwrites


def _fits(shape: Shape, others: Iterable[tuple[str, Shape] | None]) -> bool:
    """Whether the result has surely the shape of one input, into which the others broadcast."""
    return all(other is not None and _broadcasts(other[1], shape) for other in others)


def _is_large(shape: Shape) -> bool:
    if not shape:  # or unknown
        return False
    return None in shape or math.prod(size or 0 for size in shape) >= _LEAST


def _broadcasts(other: Shape, shape: Shape) -> bool:
    """Whether an input surely leaves the shape unchanged, with any size in the place of None."""
    if other is None or shape is None or len(other) > len(shape):
        return False
    ends = zip(reversed(other), reversed(shape), strict=False)
    return all(size == 1 or (size is not None and size == mine) for size, mine in ends)
