"""Derivatives: operations that are added to the graph that they are taken of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hdfsaver.graph.apply import apply
from hdfsaver.graph.composite_tensors import IndexedSlices
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor, graph_of, is_tensor
from hdfsaver.ops.base import shape_of
from hdfsaver.training.branch_zeros import zeros_as
from hdfsaver.training.gradient_sums import AggregationMethod
from hdfsaver.training.gradient_walk import GradientWalk, colocated

Gradient = Tensor | IndexedSlices
"""A derivative: slices of it where only some rows of a tensor were used."""


class UnconnectedGradients:
    """The result of `gradients` for an ``x`` that no ``y`` depends on: nothing, or zeros."""

    NONE = "none"
    ZERO = "zero"


def gradients(
    ys: TensorLike | IndexedSlices | Sequence[TensorLike | IndexedSlices],
    xs: TensorLike,
    grad_ys: TensorLike | IndexedSlices | Sequence[TensorLike | IndexedSlices | None] | None = None,
    name: str = "gradients",
    colocate_gradients_with_ops: bool = False,
    gate_gradients: bool = False,
    aggregation_method: int | None = None,
    stop_gradients: TensorLike | None = None,
    unconnected_gradients: str = UnconnectedGradients.NONE,
) -> list[Tensor | IndexedSlices | None]:
    """The derivatives of the sum of ``ys`` by each of ``xs``, as tensors of the same graph.

    Parameters
    ----------
    ys : Tensor or list of Tensor
    xs : Tensor, Variable or list of them
    grad_ys : Tensor or list of Tensor, optional
        The derivative by each ``y``, element by element; ones where None is given.
    name : str
        The name scope of the new operations.
    colocate_gradients_with_ops : bool
        Request for the derivative of an operation the device of the operation.
    gate_gradients : bool
        Let the derivatives by all inputs of an operation be there before any of them is used.
    aggregation_method : int, optional
        How several contributions to one derivative are added; see `AggregationMethod`.
    stop_gradients : Tensor or list of Tensor, optional
        The tensors to take as constants: nothing passes through the operations that they come from.
    unconnected_gradients : {"none", "zero"}
        The result for an ``x`` that no ``y`` depends on.

    Returns
    -------
    list of (Tensor, IndexedSlices or None)
        For each ``x`` a derivative of its shape: `IndexedSlices` where rows of it were gathered, and a tensor
        otherwise. Integers have derivatives only by themselves, and none passes through them.

    Raises
    ------
    LookupError
        An operation between ``xs`` and ``ys`` has no derivative.
    TypeError
        A complex ``y`` without a ``grad_y``, or a ``grad_y`` of another kind than its ``y``.
    ValueError
        The tensors belong to different graphs, a derivative has another shape than its tensor, or an argument is not
        one of those above.
    """
    for given, argument in ((ys, "ys"), (xs, "xs")):
        if given is None:
            raise ValueError(f"None values not supported: {argument!r} must be a tensor, or a list of tensors.")
    y_list, x_list, stopped = _as_list(ys), _as_list(xs), _as_list(stop_gradients)
    _check_options(unconnected_gradients, aggregation_method)
    graph = graph_of([*y_list, *x_list, *stopped])
    with graph.as_default():
        with graph.name_scope(name or "gradients"):
            graph.unique_name("uid")  # a name that TensorFlow takes here
            y_tensors = [convert_to_tensor(y, name="y") for y in y_list]
            x_tensors = [_differentiated(x) for x in x_list]
            grad_list = [None] * len(y_list) if grad_ys is None else _as_list(grad_ys)
            seeds = _seeds(y_tensors, grad_list, colocate_gradients_with_ops)
            walk = GradientWalk(
                graph,
                y_tensors,
                x_tensors,
                [_differentiated(tensor) for tensor in stopped],
                colocate=colocate_gradients_with_ops,
                gate=gate_gradients,
                method=AggregationMethod.DEFAULT if aggregation_method is None else aggregation_method,
            )
            found = walk.run(seeds)
        walk.loops.finish()
        if unconnected_gradients == UnconnectedGradients.ZERO:
            found = [zeros_as(x) if grad is None else grad for grad, x in zip(found, x_tensors, strict=True)]
    return found


def _check_options(unconnected_gradients: str, aggregation_method: int | None) -> None:
    if unconnected_gradients not in (UnconnectedGradients.NONE, UnconnectedGradients.ZERO):
        raise ValueError(
            f"Unknown value for unconnected_gradients: {unconnected_gradients!r}; it must be 'none' or 'zero'."
        )
    if aggregation_method not in (None, *AggregationMethod.ALL):
        raise ValueError(
            f"Invalid `aggregation_method` specified {aggregation_method!r}; "
            f"it must be one of {', '.join(map(str, AggregationMethod.ALL))}."
        )


def _as_list(values: Any) -> list[Any]:
    if values is None:
        return []
    return list(values) if isinstance(values, list | tuple) else [values]


def _differentiated(x: Any) -> Tensor:
    """The tensor that a derivative is taken by: of a variable the reference, of which all its values are made."""
    element: Any = x
    if hasattr(type(x), "_ref"):
        element = x._ref()
    else:
        element = element._as_graph_element() if is_tensor(x) else convert_to_tensor(x, name="x")
    assert isinstance(element, Tensor)
    return element


def _seeds(ys: Sequence[Tensor], grad_ys: Sequence[Any], colocate: bool) -> list[Gradient]:
    if len(grad_ys) != len(ys):
        raise ValueError(
            f"Length mismatch. Passed {len(grad_ys)} grad_ys for {len(ys)} ys; there must be one for each y."
        )
    seeds = []
    for number, (y, grad_y) in enumerate(zip(ys, grad_ys, strict=True)):
        with colocated(y.graph, y.op if colocate else None):
            seeds.append(_ones(number, y) if grad_y is None else _given(number, y, grad_y))
    return seeds


def _ones(number: int, y: Tensor) -> Tensor:
    kind = y.dtype.base_dtype
    if kind.is_complex:
        raise TypeError(f"Gradients of complex tensors ({y}) must set grad_ys (y.dtype = {kind.name}).")
    sizes = shape_of(y, "Shape")
    with y.graph.name_scope(f"grad_ys_{number}") as scope:
        one = convert_to_tensor(True if kind.is_bool else 1, kind, name="Const")
        return apply("Fill", sizes, one, name=scope)


def _given(number: int, y: Tensor, grad_y: Any) -> Gradient:
    kind, name = y.dtype.base_dtype, f"grad_ys_{number}"
    if isinstance(grad_y, IndexedSlices):
        _check_kind(y, grad_y.dtype)
        return _identity_of_slices(grad_y, name)
    seed = convert_to_tensor(grad_y, None if is_tensor(grad_y) else kind, name="grad_y")
    _check_kind(y, seed.dtype)
    if not seed.shape.is_compatible_with(y.shape) and _count(seed) != _count(y):
        raise ValueError(f"The grad_y of {y.name!r} has shape {seed.shape}, which is not compatible with {y.shape}.")
    return apply("Identity", seed, name=name)


def _count(tensor: Tensor) -> int | None:
    """How many elements a tensor has: those of one shape may be given in another, as in TensorFlow."""
    return tensor.shape.num_elements() if tensor.shape.is_fully_defined() else None


def _identity_of_slices(slices: IndexedSlices, name: str) -> IndexedSlices:
    shape = slices.dense_shape
    return IndexedSlices(
        indices=apply("Identity", slices.indices, name=name + "_indices"),
        values=apply("Identity", slices.values, name=name + "_values"),
        dense_shape=None if shape is None else apply("Identity", shape, name=name + "_shape"),
    )


def _check_kind(y: Tensor, given: Any) -> None:
    kind, found = y.dtype.base_dtype, given.base_dtype
    if kind.name == "variant":  # a list of tensors, whose derivative is one
        if found is not kind:
            raise TypeError(f"Gradient type {found.name} generated for variant tensor {y} must be variant")
        return
    if not (kind.is_floating or kind.is_integer or kind.is_complex):
        raise TypeError(f"Tensor {y} with type {kind.name} must be numeric to obtain a default gradient.")
    if found is kind or (kind.is_integer and (found.is_integer or found.is_floating)):
        return
    wanted = "must be complex" if kind.is_complex else "must be real or integer"
    raise TypeError(
        f"Gradient type {found.name} generated for tensor {y} with type {kind.name} {wanted}: it must be {kind.name}, "
        "without a conversion."
    )
