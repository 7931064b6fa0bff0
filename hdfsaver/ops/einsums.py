"""Sums of products that an equation names by the dimensions of its factors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hdfsaver import dtypes
from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import NUMBERS, Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import NARROW, Grads, conjugate, invalid, scope
from hdfsaver.ops.products import as_in_one_thread
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array


def _parts(equation: str) -> tuple[list[str], str]:
    """The labels of the factors, and those of the result."""
    given, arrow, result = equation.replace(" ", "").partition("->")
    factors = given.split(",")
    if not arrow:
        every = "".join(factors).replace(".", "")
        result = "..." * ("..." in given) + "".join(sorted(label for label in set(every) if every.count(label) == 1))
    return factors, result


@register
class Einsum(OpDef):
    """The sum of products of one or two tensors along the dimensions that the equation does not keep."""

    type = "Einsum"
    signature = "inputs: N * T -> output: T"
    types = {"T": NUMBERS}
    further_types = {"T": dtypes.IN_GRAPHS}
    needed = {"equation": "string"}
    minimums = {"N": 1}
    differs = "There is no derivative where a label is repeated in one tensor, or an ellipsis is there."

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The sizes of the labels of the result; not known where an ellipsis is there."""
        factors, result = _parts(node.attrs["equation"].decode())
        if len(factors) != len(node.input_shapes):
            raise ValueError(f"The equation is about {len(factors)} tensors, but {len(node.input_shapes)} are given.")
        if "." in node.attrs["equation"].decode():
            return [None]
        sizes: dict[str, int | None] = {}
        for labels, shape in zip(factors, node.input_shapes, strict=True):
            if shape is None:
                continue
            if len(labels) != len(shape):
                raise ValueError(f"The labels {labels!r} do not fit a tensor of rank {len(shape)}.")
            for label, size in zip(labels, shape, strict=True):
                known = sizes.get(label)
                if known is not None and size is not None and size != known:
                    raise ValueError(f"Expected dimension {known} for the label {label!r}, but got {size}.")
                sizes[label] = known if size is None else size
        return [tuple(sizes.get(label) for label in result)]

    def kernel(self, node: Node) -> Kernel:
        equation, name = node.attrs["equation"].decode(), node.attrs["T"]
        dtype = dtypes.numpy_dtype(name)
        wide = np.float32 if name in NARROW else dtype

        def compute(*factors: Array) -> Array:
            try:
                found = np.einsum(equation, *(np.asarray(each, wide) for each in factors), optimize=len(factors) > 1)
            except ValueError as error:
                raise invalid(f"The tensors do not fit the equation {equation!r}: {error}.") from None
            largest = max(factors, key=lambda factor: factor.size)
            return as_in_one_thread(np.array(found, dtype), largest, largest)

        return compute

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        equation = op.get_attr("equation").decode()
        factors, result = _parts(equation)
        if any(len(set(labels)) < len(labels) for labels in (*factors, result)):
            raise LookupError(f"No gradient defined for operation {op.name!r}: the labels {equation!r} are repeated.")
        return [_by_factor(list(op.inputs), factors, result, number, grads[0]) for number in range(len(factors))]


def _by_factor(inputs: list[Tensor], factors: list[str], result: str, number: int, grad: Tensor | None) -> Tensor:
    """The derivative by one factor: its labels that nothing else has are those that it was summed along alone."""
    others = [labels for place, labels in enumerate(factors) if place != number]
    given = [grad, *(conjugate(each) for place, each in enumerate(inputs) if place != number)]
    known = set(result).union(*others)
    kept = "".join(label for label in factors[number] if label in known)
    equation = f"{','.join([result, *others])}->{kept}"
    found = apply("Einsum", given, equation=equation.encode())
    if kept == factors[number]:
        return found
    for place, label in enumerate(factors[number]):
        found = found if label in known else apply("ExpandDims", found, place)
    return apply("BroadcastTo", found, apply("Shape", inputs[number]))


def einsum(equation: str, *inputs: TensorLike, **kwargs: Any) -> Tensor:
    """The sum of products of tensors whose dimensions an equation names.

    Parameters
    ----------
    equation : str
        The labels of each tensor, a letter for each dimension, and behind an arrow those of the result: a label that
        is missing there is summed along. Without an arrow the result has the labels that are there once, sorted.
    *inputs : TensorLike
        The tensors, of one dtype.
    **kwargs : str
        ``name``, the name of the scope; ``optimize``, which is accepted: tensors are multiplied from the left.

    Returns
    -------
    Tensor
        Of the dtype of the tensors.

    Raises
    ------
    TypeError
        There is another keyword.
    ValueError
        The tensors do not fit the equation.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> with tf.Session() as sess:
    ...     print(sess.run(tf.einsum("ij,jk->ik", [[1, 2]], [[3], [4]])))
    [[11]]
    """
    name = kwargs.pop("name", None)
    kwargs.pop("optimize", None)
    if kwargs:
        raise TypeError(f"Invalid keyword arguments for this function: {', '.join(kwargs)}. Expected: name, optimize.")
    factors, result = _parts(equation)
    if len(factors) != len(inputs):
        raise ValueError(f"Got {len(inputs)} inputs for equation {equation!r}, expecting {len(factors)}.")
    with scope(name, "einsum", *inputs):
        tensors = [convert_to_tensor(each) for each in inputs]
        while len(tensors) > 2:
            later = set(result).union(*factors[2:])
            kept = "".join(dict.fromkeys(label for label in factors[0] + factors[1] if label in later))
            kept = ("..." if "." in kept else "") + kept.replace(".", "")
            made = apply("Einsum", tensors[:2], equation=f"{factors[0]},{factors[1]}->{kept}".encode())
            tensors, factors = [made, *tensors[2:]], [kept, *factors[2:]]
        return apply("Einsum", tensors, equation=f"{','.join(factors)}->{result}".encode())
