"""Operations that stop a run when something is not as it must be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hdfsaver.graph.apply import apply, apply_op
from hdfsaver.graph.definition import FLOATS, Array, Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.ops.base import Flat, Grads, invalid
from hdfsaver.shapes import Shape


@register
class Assert(Flat):
    """Stops the run unless the condition is true, and shows some data."""

    type = "Assert"
    signature = "condition: bool, data: [T] ->"
    attrs = {"summarize": 3}

    def shapes(self, node: Node) -> Sequence[Shape]:
        return []

    def kernel(self, node: Node) -> Kernel:
        most = node.attrs["summarize"]

        def check(condition: Array, *data: Array) -> tuple[()]:
            if not np.all(condition):
                raise invalid("Assertion failed: " + " ".join(f"[{_summary(values, most)}]" for values in data))
            return ()

        return check


def _summary(values: Array, most: int) -> str:
    flat = np.ravel(values)
    shown = flat if most < 0 else flat[:most]
    text = " ".join(item.decode("utf-8", "replace") if isinstance(item, bytes) else str(item) for item in shown)
    return text + ("..." if len(shown) < len(flat) else "")


def Assert_(condition: Any, data: Sequence[Any], summarize: int | None = None, name: str | None = None) -> Any:
    """An operation that stops the run with `InvalidArgumentError` unless the condition is true (``tf.Assert``).

    Parameters
    ----------
    condition : bool tensor
    data : list of tensor
        What the message shows.
    summarize : int, optional
        How many values of each tensor are shown: 3 by default, all for -1.
    """
    return apply_op("Assert", condition, list(data), name=name, summarize=3 if summarize is None else summarize)


@register
class CheckNumerics(OpDef):
    """The tensor itself; stops the run where a value is infinite or not a number."""

    type = "CheckNumerics"
    signature = "tensor: T -> output: T"
    types = {"T": FLOATS}
    attrs = {"message": b""}

    def shapes(self, node: Node) -> Sequence[Shape]:
        return node.input_shapes

    def kernel(self, node: Node) -> Kernel:
        message = node.attrs["message"].decode("utf-8", "replace")

        def check(values: Array) -> Array:
            if not np.isfinite(values).all():
                found = [name for name, test in (("Inf", np.isinf), ("NaN", np.isnan)) if test(values).any()]
                raise invalid(f"{message} : Tensor had {' and '.join(found)} values.")
            return values

        return check

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [apply("CheckNumerics", grads[0], message=b"Not a number (NaN) or infinity (Inf) in a gradient")]


def check_numerics(tensor: Any, message: str, name: str | None = None) -> Any:
    """The tensor itself; a run stops with `InvalidArgumentError` where a value of it is infinite or not a number."""
    return apply("CheckNumerics", tensor, name=name, message=message.encode())
