"""Operations that check values and stop the run with an error."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hdfsaver import shapes
from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import FLOATS, Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.ops.base import Flat, Grads, invalid
from hdfsaver.ops.value_texts import first_values
from hdfsaver.shapes import Shape, ShapeLike
from hdfsaver.tensor_info import Array


@register
class Assert(Flat):
    """Stops the run unless the condition is true; the message shows the data."""

    type = "Assert"
    signature = "condition: bool, data: [T] ->"
    minimums = {"T": 1}
    attrs = {"summarize": 3}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """No output."""
        return []

    def kernel(self, node: Node) -> Kernel:
        most = node.attrs["summarize"]

        def check(condition: Array, *data: Array) -> tuple[()]:
            if not np.all(condition):
                raise invalid("Assertion failed: " + " ".join(first_values(values, most) for values in data))
            return ()

        return check


@register
class CheckNumerics(OpDef):
    """The tensor itself; stops the run where a value is infinite or not a number."""

    type = "CheckNumerics"
    signature = "tensor: T -> output: T"
    types = {"T": FLOATS}
    needed = {"message": "string"}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape of the input."""
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


@register
class EnsureShape(OpDef):
    """The tensor itself; stops the run where its shape is not compatible with the one expected."""

    type = "EnsureShape"
    signature = "input: T -> output: T"
    needed = {"shape": "shape"}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape of the input and the attribute shape, merged."""
        return [shapes.merge(node.input_shapes[0], node.attrs["shape"])]

    def kernel(self, node: Node) -> Kernel:
        expected, name = node.attrs["shape"], node.inputs[0][0]

        def check(values: Array) -> Array:
            if not shapes.compatible(np.shape(values), expected):
                raise invalid(
                    f"Shape of tensor {name} {_list(np.shape(values))} is not compatible with expected shape "
                    f"{_list(expected)}."
                )
            return values

        return check

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return grads


def _list(shape: Shape) -> str:
    """A shape as the messages of runs have it: ``[2,?]``."""
    sizes = ",".join("?" if size is None else str(size) for size in shape or ())
    return shapes.text(None) if shape is None else f"[{sizes}]"


def ensure_shape(x: TensorLike, shape: ShapeLike, name: str | None = None) -> Tensor:
    """Pass a tensor on with a known shape; stop the run where it has another.

    Parameters
    ----------
    x : Tensor or array_like
        Of any dtype.
    shape : int, TensorShape or sequence of int or None
        The shape expected: None for sizes that are not known.
    name : str, optional
        Name of the operation, ``EnsureShape`` by default.

    Returns
    -------
    Tensor
        The same values, with the static shape that both know.

    Raises
    ------
    ValueError
        The known parts of the two shapes contradict each other.
    InvalidArgumentError
        When run: the shape is not compatible.
    """
    return apply("EnsureShape", x, name=name, shape=shapes.as_shape(shape))


def check_numerics(tensor: TensorLike, message: str, name: str | None = None) -> Tensor:
    """Pass a tensor on; stop the run where one of its values is infinite or not a number.

    Parameters
    ----------
    tensor : Tensor or array_like
        Of any shape; float16, bfloat16, float32 or float64.
    message : str
        The beginning of the error's message.
    name : str, optional
        Name of the operation, ``CheckNumerics`` by default.

    Returns
    -------
    Tensor
        The same values. A derivative that passes through is checked as well.

    Raises
    ------
    TypeError
        The dtype is another.
    InvalidArgumentError
        When run: there is an infinity or NaN.
    """
    return apply("CheckNumerics", tensor, name=name, message=message.encode())
