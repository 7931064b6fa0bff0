"""One check for every derivative.

A function f is followed through a random direction v by finite differences, and a random w is led back through it by
`gradients`. Both tell the same number: ``<w, f'(x) v> == <f'(x)* w, v>``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from hdfsaver.graph.conversion import convert_to_tensor
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.tensor import Tensor
from hdfsaver.ops.constants import placeholder
from hdfsaver.session.session import Session
from hdfsaver.training.gradients import gradients

Array = npt.NDArray[Any]
Function = Callable[..., Any]


def check_derivative(
    function: Function,
    inputs: Sequence[Any],
    *,
    order: int = 1,
    step: float = 1e-6,
    tolerance: float = 1e-5,
    seed: int = 0,
    static: bool = True,
) -> None:
    """Check what `gradients` makes of a function against finite differences.

    Parameters
    ----------
    function : callable
        Takes a tensor for each input and gives one or several.
    inputs : sequence of array_like
        Where to check; of float64 or complex128, so that differences mean something.
    order : int
        2 checks the derivative of the derivative, too.
    step : float
        How far the finite differences go.
    tolerance : float
        By how much both numbers may differ, relative to their size.
    seed : int
        Of the random directions.
    static : bool
        Whether shapes are known when the graph is built. The derivative must not need them.

    Raises
    ------
    AssertionError
        The derivative is wrong; the message has both numbers.
    """
    arrays = [np.asarray(value, np.complex128 if np.iscomplexobj(value) else np.float64) for value in inputs]
    graph = Graph()
    with graph.as_default():
        xs = [_place(array, static) for array in arrays]
        ys = _as_list(function(*xs))
        _compare(graph, xs, ys, arrays, np.random.default_rng(seed), step, tolerance)
        if order > 1:
            ys = [y for y in gradients(ys, xs, [y * y for y in ys]) if y is not None]
            _compare(graph, xs, ys, arrays, np.random.default_rng(seed), step, tolerance)


def _place(array: Array, static: bool) -> Tensor:
    made: Tensor = placeholder(array.dtype, array.shape if static else None)
    return made


def _as_list(values: Any) -> list[Tensor]:
    return list(values) if isinstance(values, list | tuple) else [values]


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
    found = [(position, grad) for position, grad in enumerate(grads) if grad is not None]
    led_back = session.run([grad for _, grad in found], dict(zip(xs, arrays, strict=True)))
    for (position, _), result in zip(found, led_back, strict=True):
        assert np.shape(result) == arrays[position].shape, (
            f"The derivative by input {position} has shape {np.shape(result)}, the input {arrays[position].shape}."
        )
    backward = sum(_inner(result, directions[position]) for (position, _), result in zip(found, led_back, strict=True))
    size = max(1.0, abs(forward), abs(backward))
    assert abs(forward - backward) <= tolerance * size, (
        f"Finite differences say {forward!r}, the derivative {backward!r} (of {[y.op.type for y in ys]})."
    )


def _direction(generator: np.random.Generator, array: Array) -> Array:
    direction = np.asarray(generator.standard_normal(array.shape))
    if array.dtype.kind == "c":
        direction = direction + 1j * generator.standard_normal(array.shape)
    return np.asarray(direction, array.dtype)


def _inner(first: Any, second: Any) -> float:
    return float(np.sum(np.conjugate(first) * second).real)
