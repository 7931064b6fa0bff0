"""Softmax, and losses to train with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hdfsaver import dtypes, shapes
from hdfsaver.graph.apply import apply, apply_list
from hdfsaver.graph.definition import FLOATS, INDICES, Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import (
    NARROW,
    ROUNDED_ONCE,
    Grads,
    at_least,
    invalid,
    is_zero,
    normal_axis,
    scope,
    shape_of,
    sum_to,
    widened,
    with_rank,
)
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array


def _log_softmax(logits: Array) -> Array:
    shifted = logits - np.max(logits, axis=-1, keepdims=True, initial=-np.inf)
    total: Array = shifted - np.log(np.sum(np.exp(shifted), axis=-1, keepdims=True))
    return total


def _softmax(logits: Array) -> Array:
    exponentials = np.exp(logits - np.max(logits, axis=-1, keepdims=True, initial=-np.inf))
    fractions: Array = exponentials / np.sum(exponentials, axis=-1, keepdims=True)
    return fractions


@register
class Softmax(OpDef):
    """Exponentials along the last dimension, divided by their sum."""

    type = "Softmax"
    differs = ROUNDED_ONCE
    signature = "logits: T -> softmax: T"
    types = {"T": FLOATS}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of logits, of rank 1 or more."""
        return [at_least(node.input_shapes[0], 1)]

    def kernel(self, node: Node) -> Kernel:
        return widened(node, _softmax)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [_through_softmax(grads[0], op.outputs[0])]


def _through_softmax(grad: Tensor | None, fractions: Tensor) -> Tensor:
    """The derivative by the logits, given the derivative by their softmax."""
    mean = apply("Sum", apply("Mul", grad, fractions), [-1], keep_dims=True)
    return apply("Mul", apply("Sub", grad, mean), fractions)


@register
class LogSoftmax(OpDef):
    """The logarithms of the softmax along the last dimension."""

    type = "LogSoftmax"
    signature = "logits: T -> logsoftmax: T"
    types = {"T": FLOATS}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of logits, of rank 1 or more."""
        return [at_least(node.input_shapes[0], 1)]

    def kernel(self, node: Node) -> Kernel:
        return widened(node, _log_softmax)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        total = apply("Sum", grads[0], [-1], keep_dims=True)
        return [apply("Sub", grads[0], apply("Mul", total, apply("Exp", op.outputs[0])))]


def softmax(logits: TensorLike, axis: int | None = None, name: str | None = None, dim: int | None = None) -> Tensor:
    """Exponentials along an axis, divided by their sum.

    Parameters
    ----------
    logits : TensorLike
        Floating (float16, bfloat16, float32 or float64), of a rank of at least 1; integers are refused.
    axis : int, optional
        The axis, by default the last; negative ones count from the last.
    name : str, optional
        The name of the operation.
    dim : int, optional
        An older name of the axis.

    Returns
    -------
    Tensor
        Of the same dtype and shape. float16 and bfloat16 are computed in float32 and rounded once.

    Raises
    ------
    TypeError
        The logits are not floating.
    ValueError
        The axis is out of range, or it is not the last and the rank is unknown.
    """
    return _along("Softmax", logits, dim if axis is None else axis, name)


def log_softmax(logits: TensorLike, axis: int | None = None, name: str | None = None, dim: int | None = None) -> Tensor:
    """Logarithms of the softmax along an axis, without overflow on the way.

    Parameters
    ----------
    logits : TensorLike
        Floating (float16, bfloat16, float32 or float64), of a rank of at least 1; integers are refused.
    axis : int, optional
        The axis, by default the last; negative ones count from the last.
    name : str, optional
        The name of the operation.
    dim : int, optional
        An older name of the axis.

    Returns
    -------
    Tensor
        Of the same dtype and shape. float16 and bfloat16 are computed in float32 and rounded once.

    Raises
    ------
    TypeError
        The logits are not floating.
    ValueError
        The axis is out of range, or it is not the last and the rank is unknown.
    """
    return _along("LogSoftmax", logits, dim if axis is None else axis, name)


def _along(op_type: str, logits: TensorLike, axis: int | None, name: str | None) -> Tensor:
    logits = convert_to_tensor(logits)
    rank = logits.shape.rank
    if axis is None or axis == -1 or axis + 1 == rank:
        return apply(op_type, logits, name=name)
    if rank is None:
        raise ValueError(f"{op_type} along axis {axis} needs logits of known rank, unless the axis is the last.")
    order = _exchanged(normal_axis(axis, rank), rank)
    with scope(name, op_type, logits) as full:
        return apply("Transpose", apply(op_type, apply("Transpose", logits, order)), order, name=full)


def _exchanged(axis: int, rank: int) -> list[int]:
    """The order of dimensions that exchanges one with the last; it undoes itself."""
    order = list(range(rank))
    order[axis], order[-1] = order[-1], order[axis]
    return order


@register
class SoftmaxCrossEntropyWithLogits(OpDef):
    """For each row the cross entropy of its softmax to the labels, and its derivative by the features."""

    type = "SoftmaxCrossEntropyWithLogits"
    signature = "features: T, labels: T -> loss: T, backprop: T"
    types = {"T": FLOATS}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(batch,) for loss and (batch, classes) for backprop."""
        whole = with_rank(shapes.broadcast(*(with_rank(shape, 2) for shape in node.input_shapes)), 2)
        return [(None,) if whole is None else whole[:1], (None, None) if whole is None else whole]

    def kernel(self, node: Node) -> Kernel:
        loss = widened(node, lambda logs, labels: -np.sum(np.where(labels == 0, labels, labels * logs), axis=-1))
        log_softmax = widened(node, _log_softmax)

        def entropy(features: Array, labels: Array) -> tuple[Array, Array]:
            features, labels = np.broadcast_arrays(features, labels)
            logs = log_softmax(features)
            return loss(logs, labels), np.exp(logs) - labels

        return entropy

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        features, labels = op.inputs
        whole = op.outputs[1]
        by_features, by_labels = _gradient_of_loss(grads[0], features, whole)
        if not is_zero(grads[1]):
            through = _through_softmax(grads[1], apply("Softmax", features))
            by_features = through if by_features is None else apply("AddV2", by_features, through)
            from_back = apply("Neg", grads[1])
            by_labels = from_back if by_labels is None else apply("AddV2", by_labels, from_back)
        if by_features is None or by_labels is None:
            return [None, None]
        return [sum_to(features, whole, by_features), sum_to(labels, whole, by_labels)]


def _gradient_of_loss(grad: Tensor | None, features: Tensor, backprop: Tensor) -> tuple[Tensor | None, Tensor | None]:
    if grad is None:
        return None, None
    column = apply("ExpandDims", grad, -1)
    by_features = apply("Mul", column, backprop, name="mul")
    return by_features, apply("Mul", column, apply("Neg", apply("LogSoftmax", features)), name="mul")


@register
class SparseSoftmaxCrossEntropyWithLogits(OpDef):
    """For each row the cross entropy of its softmax to one class, and its derivative by the features."""

    type = "SparseSoftmaxCrossEntropyWithLogits"
    signature = "features: T, labels: Tlabels -> loss: T, backprop: T"
    types = {"T": FLOATS, "Tlabels": INDICES}
    default_types = {"Tlabels": "int64"}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(batch,) for loss and (batch, classes) for backprop."""
        features, labels = with_rank(node.input_shapes[0], 2), with_rank(node.input_shapes[1], 1)
        rows = shapes.merge(None if features is None else features[:1], labels) or (None,)
        return [rows, (*rows, None if features is None else features[1])]

    def kernel(self, node: Node) -> Kernel:
        dtype = dtypes.numpy_dtype(node.attrs["T"])
        wide = np.float32 if node.attrs["T"] in NARROW else dtype

        def entropy(features: Array, labels: Array) -> tuple[Array, Array]:
            _check_labels(labels, features)
            rows = np.arange(len(labels))
            logits = np.asarray(features, wide)
            logits = logits - np.maximum.reduce(logits, -1, keepdims=True, initial=-np.inf)
            chosen = logits[rows, labels]
            fractions = np.exp(logits, out=logits)
            total = np.add.reduce(fractions, -1, keepdims=True)
            fractions /= total
            fractions[rows, labels] -= 1
            loss = np.log(total[:, 0]) - chosen
            return loss.astype(dtype, copy=False), fractions.astype(dtype, copy=False)

        return entropy

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        by_features = None
        if grads[0] is not None:
            by_features = apply("Mul", apply("ExpandDims", grads[0], -1), op.outputs[1], name="mul")
        if not is_zero(grads[1]):
            through = _through_softmax(grads[1], apply("Softmax", op.inputs[0]))
            by_features = through if by_features is None else apply("AddV2", by_features, through)
        return [by_features, None]


def _check_labels(labels: Array, features: Array) -> None:
    if labels.shape != features.shape[:1]:
        raise invalid(f"Labels must have shape ({len(features)},), one for each row of the logits, not {labels.shape}.")
    if len(labels) and (labels.min() < 0 or labels.max() >= features.shape[1]):
        wrong = labels[(labels < 0) | (labels >= features.shape[1])]
        raise invalid(
            f"Received a label value of {wrong[0]} which is outside the valid range of [0, {features.shape[1]})."
        )


def _named(labels: TensorLike | None, logits: TensorLike | None, sentinel: object) -> tuple[TensorLike, TensorLike]:
    """The labels and logits; `ValueError` where they are given by position."""
    if sentinel is not None or labels is None or logits is None:
        raise ValueError(
            "Give labels and logits by name (labels=..., logits=...); by position they are easily mixed up."
        )
    return labels, logits


def softmax_cross_entropy_with_logits_v2(
    labels: TensorLike, logits: TensorLike, axis: int | None = None, name: str | None = None, dim: int | None = None
) -> Tensor:
    """The cross entropy between labels and the softmax of logits: ``-sum(labels * log_softmax(logits))`` along an axis.

    Derivatives flow to the labels too; use ``tf.stop_gradient(labels)`` where they should not.

    Parameters
    ----------
    labels : TensorLike
        Probabilities, which should add up to 1 along the axis (this is not checked); converted to the logits' dtype.
    logits : TensorLike
        Floating (float16, bfloat16, float32 or float64), of a rank of at least 1 and the labels' shape.
    axis : int, optional
        The axis of the classes, by default the last.
    name : str, optional
        The name of the operation.
    dim : int, optional
        An older name of the axis.

    Returns
    -------
    Tensor
        Of the logits' dtype and their shape without the axis. float16 and bfloat16 are computed in float32.

    Raises
    ------
    TypeError
        The logits are not floating.
    ValueError
        The shapes do not fit, the axis is out of range, or it is not the last and the rank is unknown.
    InvalidArgumentError
        In the run: shapes that were unknown before do not fit.
    """
    axis = dim if axis is None else axis
    with scope(name, "softmax_cross_entropy_with_logits", logits, labels) as full:
        logits = convert_to_tensor(logits, name="logits")
        labels = convert_to_tensor(labels, name="labels")
        kind = logits.dtype.base_dtype.name
        precise = "float32" if kind in ("float16", "bfloat16") else kind
        values, targets = (_cast(tensor, precise) for tensor in (logits, labels))
        if axis is not None and axis != -1:
            values, targets = (_moved_to_end(tensor, axis) for tensor in (values, targets))
        outer = apply(
            "Slice", apply("Shape", values), [0], apply("Sub", apply("Reshape", apply("Rank", values), [1]), 1)
        )
        rows = [_flattened(tensor) for tensor in (values, targets)]
        loss = apply("Reshape", apply_list("SoftmaxCrossEntropyWithLogits", *rows, name=full)[0], outer)
        rank = logits.shape.rank
        if rank is not None:
            along = normal_axis(-1 if axis is None else axis, rank)
            loss.set_shape([*logits.shape.as_list()[:along], *logits.shape.as_list()[along + 1 :]])
        return _cast(loss, kind)


def _cast(tensor: Tensor, dtype: str) -> Tensor:
    return tensor if tensor.dtype.base_dtype.name == dtype else apply("Cast", tensor, DstT=dtype)


def _moved_to_end(tensor: Tensor, axis: int) -> Tensor:
    rank = tensor.shape.rank
    if rank is None:
        raise ValueError(f"The cross entropy along axis {axis} needs logits and labels of known rank.")
    along = normal_axis(axis, rank)
    return apply("Transpose", tensor, [*range(along), *range(along + 1, rank), along])


def _flattened(tensor: Tensor) -> Tensor:
    """The tensor as a matrix whose rows are its last dimension."""
    length = apply("Slice", apply("Shape", tensor), apply("Sub", apply("Reshape", apply("Rank", tensor), [1]), 1), [1])
    return apply("Reshape", tensor, apply("ConcatV2", [[-1], length], 0))


def softmax_cross_entropy_with_logits(
    _sentinel: object = None,
    labels: TensorLike | None = None,
    logits: TensorLike | None = None,
    dim: int = -1,
    name: str | None = None,
    axis: int | None = None,
) -> Tensor:
    """The cross entropy between labels and the softmax of logits; no derivatives flow to the labels.

    Parameters
    ----------
    _sentinel : None
        Keeps arguments from being given by position.
    labels : TensorLike
        Probabilities, which should add up to 1 along the axis (this is not checked); converted to the logits' dtype.
    logits : TensorLike
        Floating (float16, bfloat16, float32 or float64), of a rank of at least 1 and the labels' shape.
    dim : int
        An older name of the axis.
    name : str, optional
        The name of the operation.
    axis : int, optional
        The axis of the classes, by default the last.

    Returns
    -------
    Tensor
        Of the logits' dtype and their shape without the axis. float16 and bfloat16 are computed in float32.

    Raises
    ------
    TypeError
        The logits are not floating.
    ValueError
        The arguments are not given by name, the shapes do not fit, the axis is out of range, or it is not the last and
        the rank is unknown.
    InvalidArgumentError
        In the run: shapes that were unknown before do not fit.
    """
    labels, logits = _named(labels, logits, _sentinel)
    with scope(name, "softmax_cross_entropy_with_logits_sg", logits, labels) as full:
        labels = apply("StopGradient", labels, name="labels_stop_gradient")
        return softmax_cross_entropy_with_logits_v2(labels, logits, dim if axis is None else axis, full)


def sparse_softmax_cross_entropy_with_logits(
    _sentinel: object = None,
    labels: TensorLike | None = None,
    logits: TensorLike | None = None,
    name: str | None = None,
) -> Tensor:
    """The cross entropy between classes given by number and the softmax of logits along the last dimension.

    Parameters
    ----------
    _sentinel : None
        Keeps arguments from being given by position.
    labels : TensorLike
        The numbers of the classes, int32 or int64, shape (...).
    logits : TensorLike
        Floating (float16, bfloat16, float32 or float64), shape (..., classes).
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Of the logits' dtype and the labels' shape. float16 and bfloat16 are computed in float32.

    Raises
    ------
    ValueError
        The shapes do not fit, or the arguments are not given by name.
    TypeError
        The logits are not floating, or the labels neither int32 nor int64.
    InvalidArgumentError
        In the run: a label is negative or not below the number of classes, or shapes that were unknown before do not
        fit.
    """
    labels, logits = _named(labels, logits, _sentinel)
    kept = name or None
    with scope(name, "SparseSoftmaxCrossEntropyWithLogits", labels, logits):
        labels = convert_to_tensor(labels)
        logits = convert_to_tensor(logits)
        rows = shape_of(labels, "Shape")
        _check_ranks(labels, logits)
        kind = logits.dtype.base_dtype.name
        precise = _cast(logits, "float32") if kind == "float16" else logits
        if logits.shape.rank == 2:
            return _cast(apply_list("SparseSoftmaxCrossEntropyWithLogits", precise, labels, name=kept)[0], kind)
        rows_of = _flattened(precise), apply("Reshape", labels, [-1])
        flat = apply_list("SparseSoftmaxCrossEntropyWithLogits", *rows_of, name=kept)[0]
        loss = apply("Reshape", flat, rows)
        loss.set_shape(labels.shape)
        return _cast(loss, kind)


def _check_ranks(labels: Tensor, logits: Tensor) -> None:
    rank = logits.shape.rank
    if rank == 0:
        raise ValueError("Logits cannot be scalars.")
    if rank is not None and labels.shape.rank not in (None, rank - 1):
        raise ValueError(
            f"Rank mismatch: labels must have one dimension less than logits, but their shapes are {labels.shape} "
            f"and {logits.shape}."
        )
    if rank is not None:
        labels.shape.assert_is_compatible_with(logits.shape[:-1])


def sigmoid_cross_entropy_with_logits(
    _sentinel: object = None,
    labels: TensorLike | None = None,
    logits: TensorLike | None = None,
    name: str | None = None,
) -> Tensor:
    """The cross entropy between labels and the sigmoid of logits, element by element.

    Computed as ``max(x, 0) - x * z + log(1 + exp(-abs(x)))`` for logits x and labels z, which does not overflow; the
    formula is that of TensorFlow's documentation.

    Parameters
    ----------
    _sentinel : None
        Keeps arguments from being given by position.
    labels : TensorLike
        Probabilities between 0 and 1 (this is not checked), of the logits' dtype and shape; nothing is broadcast.
    logits : TensorLike
        Floating: float16, bfloat16, float32 or float64.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Of the logits' dtype and shape.

    Raises
    ------
    ValueError
        The shapes or the dtypes of two tensors differ, or the arguments are not given by name.
    TypeError
        The logits are not floating.
    """
    labels, logits = _named(labels, logits, _sentinel)
    with scope(name, "logistic_loss", logits, labels) as full:
        logits = convert_to_tensor(logits, name="logits")
        labels = convert_to_tensor(labels, logits.dtype.base_dtype, name="labels")
        logits.shape.assert_is_compatible_with(labels.shape)
        zeros = apply("ZerosLike", logits, name="zeros_like")
        is_positive = apply("GreaterEqual", logits, zeros)
        positive_part = apply("Select", is_positive, logits, zeros)
        minus_magnitude = apply("Select", is_positive, apply("Neg", logits), logits)
        linear = apply("Sub", positive_part, apply("Mul", logits, labels, name="mul"), name="sub")
        return apply("AddV2", linear, apply("Log1p", apply("Exp", minus_magnitude)), name=full)


def weighted_cross_entropy_with_logits(
    labels: TensorLike | None = None,
    logits: TensorLike | None = None,
    pos_weight: float | Tensor | None = None,
    name: str | None = None,
    targets: TensorLike | None = None,
) -> Tensor:
    """The cross entropy of labels and the sigmoid of logits, in which labels of 1 have a weight of their own.

    Parameters
    ----------
    labels, targets : TensorLike
        From 0 to 1, of the dtype of the logits; either name may be used.
    logits : TensorLike
        Floating-point, of the shape of the labels.
    pos_weight : float or Tensor
        The factor of labels of 1.
    name : str, optional
        The name of the operations, ``logistic_loss`` by default.

    Returns
    -------
    Tensor
        Of the shape and dtype of the logits.

    Raises
    ------
    ValueError
        The shapes are not the same, or an argument is missing.
    """
    labels = labels if targets is None else targets
    if labels is None or logits is None or pos_weight is None:
        raise ValueError("weighted_cross_entropy_with_logits needs labels, logits and pos_weight.")
    with scope(name, "logistic_loss", logits, labels) as full:
        logits = convert_to_tensor(logits, name="logits")
        labels = convert_to_tensor(labels, logits.dtype.base_dtype, name="targets")
        if not labels.shape.is_compatible_with(logits.shape):
            raise ValueError(f"Logits and targets must have the same shape ({logits.shape} vs {labels.shape}).")
        # log(1 + exp(-x)) without an overflow where x is far below 0.
        bounded = apply("Log1p", apply("Exp", apply("Neg", apply("Abs", logits))))
        softplus = bounded + apply("Relu", apply("Neg", logits))
        weight = 1 + (pos_weight - 1) * labels
        return apply("AddV2", (1 - labels) * logits, weight * softplus, name=full)


@register
class L2Loss(OpDef):
    """Half the sum of the squares."""

    type = "L2Loss"
    differs = ROUNDED_ONCE
    signature = "t: T -> output: T"
    types = {"T": FLOATS}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """()."""
        return [()]

    def kernel(self, node: Node) -> Kernel:
        return widened(node, lambda values: np.sum(np.square(values)) / np.asarray(2, values.dtype))

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [apply("Mul", op.inputs[0], grads[0])]


def l2_loss(t: TensorLike, name: str | None = None) -> Tensor:
    """Half the sum of the squares of all elements.

    Returns
    -------
    Tensor
        A single value of the dtype of ``t``, which must be floating. float16 and bfloat16 are added up in float32.
    """
    return apply("L2Loss", t, name=name)
