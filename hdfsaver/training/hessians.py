"""Second derivatives."""

from __future__ import annotations

from collections.abc import Sequence

from hdfsaver.graph.apply import apply
from hdfsaver.graph.tensor import Convertible, Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor, graph_of
from hdfsaver.ops.base import shape_of
from hdfsaver.training.gradients import gradients

_MOST = 100_000
"""The greatest number of elements of an ``x``: each of them adds its own operations to the graph."""


def hessians(
    ys: TensorLike | Sequence[TensorLike],
    xs: TensorLike | Sequence[TensorLike],
    name: str = "hessians",
    colocate_gradients_with_ops: bool = False,
    gate_gradients: bool = False,
    aggregation_method: int | None = None,
) -> list[Tensor]:
    """The matrix of second derivatives of the sum of ``ys`` by the elements of each of ``xs``.

    Each element of an ``x`` adds operations to the graph, where TensorFlow adds a loop over them.

    Parameters
    ----------
    ys : Tensor or list of Tensor
    xs : Tensor, Variable or list of them
        Of known shapes.
    name : str
        Accepted for programs that give it: as in TensorFlow, operations are in scopes named ``gradients``.
    colocate_gradients_with_ops, gate_gradients, aggregation_method
        See `gradients`.

    Returns
    -------
    list of Tensor
        For each ``x`` a tensor of shape ``x.shape + x.shape``.

    Raises
    ------
    LookupError
        An operation between ``xs`` and ``ys`` has no derivative.
    ValueError
        An ``x`` is not of a known shape; no ``y`` depends on it, or the derivative by it is constant.
    """
    x_list = list(xs) if isinstance(xs, list | tuple) else [xs]
    y_list = list(ys) if isinstance(ys, list | tuple) else [ys]
    graph = graph_of([*y_list, *x_list])
    options = (colocate_gradients_with_ops, gate_gradients, aggregation_method)
    with graph.as_default():
        firsts = gradients(y_list, x_list, None, "gradients", *options)
        return [_second(first, x) for first, x in zip(firsts, x_list, strict=True)]


def _second(first: Convertible | None, x: TensorLike) -> Tensor:
    tensor = convert_to_tensor(x)
    count = tensor.shape.num_elements() if tensor.shape.is_fully_defined() else None
    if count is None:
        raise ValueError(f"The second derivatives by {tensor.name!r} need its shape, which is {tensor.shape}.")
    if count > _MOST:
        raise ValueError(f"{tensor.name!r} has {count} elements; second derivatives are made for at most {_MOST}.")
    if first is None:
        raise ValueError(f"None values not supported: no y depends on {tensor.name!r}.")
    flat = apply("Reshape", first, [-1])
    rows = [row for place in range(count) for row in gradients(flat[place], x) if row is not None]
    if len(rows) < count:
        raise ValueError(f"None values not supported: the derivative by {tensor.name!r} does not change with it.")
    shape = shape_of(tensor, "Shape")
    matrix = apply("Pack", [convert_to_tensor(row) for row in rows]) if rows else flat
    return apply("Reshape", matrix, apply("ConcatV2", [shape, shape], 0))
