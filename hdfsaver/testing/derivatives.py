"""A check of derivatives against finite differences.

For a function f, a random direction v and random weights w, finite differences give ``<w, f'(x) v>`` and `gradients`
gives ``<f'(x)* w, v>``. Both are the same number (the definition of the adjoint).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from hdfsaver.graph.graph import Graph
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.constants import placeholder
from hdfsaver.session.session import Session
from hdfsaver.tensor_info import Array
from hdfsaver.training.gradients import gradients

Function: TypeAlias = "Callable[..., TensorLike | Sequence[Tensor]]"
"""Takes a tensor for each input, and gives one or several."""


def check_derivative(
    function: Function,
    inputs: Sequence[npt.ArrayLike],
    *,
    order: int = 1,
    step: float = 1e-6,
    tolerance: float = 1e-5,
    seed: int = 0,
    static: bool = True,
) -> None:
    """Check the derivatives that `gradients` computes against finite differences.

    Parameters
    ----------
    function : callable
        Takes a tensor for each input, and gives one or several.
    inputs : sequence of array_like
        The point of the check: numbers of any shapes, converted to float64 or complex128.
    order : int
        2 also checks the derivative of the derivative.
    step : float
        The step of the finite differences.
    tolerance : float
        The greatest difference of the two numbers, relative to the greater one or 1.
    seed : int
        The seed of the random directions.
    static : bool
        Whether the shapes are known when the graph is built. A derivative must not need them.

    Raises
    ------
    AssertionError
        The derivative is wrong, and the message has both numbers; or it has another shape than its input.
    LookupError
        An operation has no derivative.
    """
    arrays = [np.asarray(value, np.complex128 if np.iscomplexobj(value) else np.float64) for value in inputs]
    graph = Graph()
    with graph.as_default():
        xs = [_place(array, static) for array in arrays]
        ys = _as_list(function(*xs))
        _compare(graph, xs, ys, arrays, np.random.default_rng(seed), step, tolerance)
        if order > 1:
            ys = [convert_to_tensor(y) for y in gradients(ys, xs, [y * y for y in ys]) if y is not None]
            _compare(graph, xs, ys, arrays, np.random.default_rng(seed), step, tolerance)


def _place(array: Array, static: bool) -> Tensor:
    made: Tensor = placeholder(array.dtype, array.shape if static else None)
    return made


def _as_list(values: TensorLike | Sequence[Tensor]) -> list[Tensor]:
    return [convert_to_tensor(value) for value in (values if isinstance(values, list | tuple) else [values])]


def _compare(
    graph: Graph,
    xs: Sequence[Tensor],
    ys: Sequence[Tensor],
    arrays: Sequence[Array],
    generator: np.random.Generator,
    step: float,
    tolerance: float,
) -> None:
    session = Session(graph=graph)

    def value(offset: float) -> list[Array]:
        shifted = [array + offset * direction for array, direction in zip(arrays, directions, strict=True)]
        return [np.asarray(result) for result in session.run(list(ys), dict(zip(xs, shifted, strict=True)))]

    directions = [_direction(generator, array) for array in arrays]
    weights = [_direction(generator, result) for result in value(0.0)]
    ahead, behind = value(step), value(-step)
    forward = sum(
        _inner(weight, (high - low) / (2 * step)) for weight, high, low in zip(weights, ahead, behind, strict=True)
    )
    grads = gradients(list(ys), list(xs), [convert_to_tensor(weight) for weight in weights])
    found = [(position, convert_to_tensor(grad)) for position, grad in enumerate(grads) if grad is not None]
    results = session.run([grad for _, grad in found], dict(zip(xs, arrays, strict=True)))
    for (position, _), result in zip(found, results, strict=True):
        assert np.shape(result) == arrays[position].shape, (
            f"The derivative by input {position} has shape {np.shape(result)}, the input {arrays[position].shape}."
        )
    backward = sum(_inner(result, directions[position]) for (position, _), result in zip(found, results, strict=True))
    size = max(1.0, abs(forward), abs(backward))
    assert abs(forward - backward) <= tolerance * size, (
        f"Finite differences give {forward!r}, the derivative gives {backward!r} (of {[y.op.type for y in ys]})."
    )


def _direction(generator: np.random.Generator, array: Array) -> Array:
    direction = np.asarray(generator.standard_normal(array.shape))
    if array.dtype.kind == "c":
        direction = direction + 1j * generator.standard_normal(array.shape)
    return np.asarray(direction, array.dtype)


def _inner(first: Array, second: Array) -> float:
    return float(np.vdot(first, second).real)
