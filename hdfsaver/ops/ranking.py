"""The greatest values of each row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hdfsaver import dtypes, shapes
from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.apply import apply, apply_list
from hdfsaver.graph.definition import INDICES, REALS, Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.ops import named_results
from hdfsaver.ops.base import Flat, Grads, at_least, dtype_name, integer, invalid, scope, static_integer, with_rank
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array


@register
class TopKV2(OpDef):
    """The greatest values of each row, in descending order, and their indices; of equals the first comes first."""

    type = "TopKV2"
    signature = "input: T, k: Tk -> values: T, indices: index_type"
    types = {"T": REALS, "Tk": INDICES | {"int16"}, "index_type": INDICES | {"int16"}}
    default_types = {"Tk": "int32"}
    attrs = {"sorted": True, "index_type": "int32"}
    differs = "NaN comes first; in TensorFlow its place depends on the others."

    def shapes(self, node: Node) -> Sequence[Shape]:
        """input.shape[:-1] + (k,), for both outputs."""
        given, number = at_least(node.input_shapes[0], 1), static_integer(node, 1)
        if given is None:
            return [None, None]
        if number is not None and given[-1] is not None and number > given[-1]:
            raise ValueError(f"k must be at most the length of a row, {given[-1]}, not {number}.")
        return [(*given[:-1], number)] * 2

    def kernel(self, node: Node) -> Kernel:
        dtype = dtypes.numpy_dtype(node.attrs.get("index_type", "int32"))

        def find(values: Array, number: Array) -> tuple[Array, Array]:
            length, count = np.shape(values)[-1], integer(number)
            if not 0 <= count <= length:
                raise invalid(f"k must be in [0, {length}], the length of a row, not {count}.")
            # A stable sort of the reversed row, read backwards, leaves equals in their order.
            rising = np.argsort(values[..., ::-1], axis=-1, kind="stable")
            places = (length - 1 - rising)[..., ::-1][..., :count]
            return np.take_along_axis(values, places, axis=-1), places.astype(dtype)

        return find

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        if grads[0] is None:
            return [None, None]
        values, places = op.inputs[0], op.outputs[1]
        length = apply("GatherV2", apply("Shape", values), apply("Sub", apply("Rank", values), 1), 0)
        is_chosen = apply("OneHot", places, length, True, False)
        spread = apply("ExpandDims", grads[0], -1)
        zero = apply("ZerosLike", spread)
        return [apply("Sum", apply("SelectV2", is_chosen, spread, zero), [-2]), None]


def top_k(
    input: TensorLike,
    k: TensorLike = 1,
    sorted: bool = True,
    index_type: DTypeLike = dtypes.int32,
    name: str | None = None,
) -> named_results.TopKV2:
    """The k greatest values of each row, in descending order, and their indices.

    Parameters
    ----------
    input : TensorLike
        Of a real dtype (floating or integer), shape (..., n); the last dimension makes the rows.
    k : TensorLike
        A single integer (int16, int32 or int64), from 0 to n.
    sorted : bool
        Accepted for programs that give it: the values are always sorted.
    index_type : DTypeLike
        The dtype of the indices.
    name : str, optional
        The name of the operation.

    Returns
    -------
    named tuple of Tensor
        ``values`` and ``indices``, both of shape (..., k). Of equal values the first comes first; NaN comes before all.

    Raises
    ------
    ValueError
        ``k`` is more than n, or not a single number, or the rank is 0.
    TypeError
        The dtype is not real.
    InvalidArgumentError
        In the run: ``k`` is negative or more than n.
    """
    found = apply_list("TopKV2", input, k, name=name, sorted=sorted, index_type=dtype_name(index_type))
    return named_results.TopKV2(*found)


@register
class InTopKV2(Flat):
    """Whether the prediction for the target is among the k greatest of its row; ties count as being among them."""

    type = "InTopKV2"
    signature = "predictions: float32, targets: T, k: T -> precision: bool"
    types = {"T": INDICES}
    default_types = {"T": "int32"}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(batch,)."""
        predictions, targets = with_rank(node.input_shapes[0], 2), with_rank(node.input_shapes[1], 1)
        return [shapes.merge(None if predictions is None else predictions[:1], targets) or (None,)]

    def kernel(self, node: Node) -> Kernel:
        return _in_top


def _in_top(predictions: Array, targets: Array, number: Array) -> Array:
    targets = np.asarray(targets)
    if np.ndim(predictions) != 2 or np.ndim(targets) != 1 or len(predictions) != len(targets):
        raise invalid(
            f"First dimension of predictions, a matrix, must match length of targets, a vector; they have shapes "
            f"{np.shape(predictions)} and {targets.shape}."
        )
    in_range = (targets >= 0) & (targets < predictions.shape[1])
    own = np.take_along_axis(predictions, np.where(in_range, targets, 0)[:, None], axis=1)
    greater = np.count_nonzero(predictions > own, axis=1)
    return np.asarray(in_range & np.isfinite(own[:, 0]) & (greater < integer(number)))


def in_top_k(predictions: TensorLike, targets: TensorLike, k: TensorLike, name: str | None = None) -> Tensor:
    """Whether the prediction for each target is among the k greatest of its row; ties count as being among them.

    Parameters
    ----------
    predictions : TensorLike
        float32, shape (rows, classes).
    targets : TensorLike
        The numbers of the classes, int32 or int64, shape (rows,).
    k : TensorLike
        A single integer of the targets' dtype.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        bool, shape (rows,). False where the target is out of range or its prediction is infinite or NaN.

    Raises
    ------
    ValueError
        The ranks are others, or the numbers of rows differ.
    TypeError
        The predictions are a tensor of another dtype than float32, or the targets are not integers.
    InvalidArgumentError
        In the run: ``k`` is not a single number.
    """
    with scope(name, "in_top_k"):
        return apply("InTopKV2", predictions, targets, k, name=name)
