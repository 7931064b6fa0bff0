"""Rates that fall with the number of steps."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from hdfsaver import dtypes
from hdfsaver.control_flow.conds import case
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.arithmetic import add, divide, minimum, multiply
from hdfsaver.ops.arithmetic import pow as raised
from hdfsaver.ops.casting import cast
from hdfsaver.ops.comparison import equal
from hdfsaver.ops.constants import constant
from hdfsaver.ops.elementary import cos, exp, log, negative
from hdfsaver.ops.roots import sqrt
from hdfsaver.ops.rounding import ceil, floor
from hdfsaver.ops.sampling import random_normal
from hdfsaver.ops.selection import where_v2


@contextmanager
def _rate(rate: TensorLike, step: object, name: str) -> Iterator[tuple[str, Tensor]]:
    """The scope of a rate, and the rate at first as a tensor in it."""
    if step is None:
        raise ValueError("global_step is required: the rate falls with the number of steps.")
    with get_default_graph().name_scope(name) as scope:
        yield scope, convert_to_tensor(rate, name="initial_learning_rate")


def _half_wave(fraction: Tensor) -> Tensor:
    return 0.5 * (1.0 + cos(constant(math.pi) * fraction))


def exponential_decay(
    learning_rate: TensorLike,
    global_step: TensorLike,
    decay_steps: TensorLike,
    decay_rate: TensorLike,
    staircase: bool = False,
    name: str | None = None,
) -> Tensor:
    """The rate times ``decay_rate ** (global_step / decay_steps)``.

    Parameters
    ----------
    learning_rate : float or Tensor
        The rate at first.
    global_step : Variable, Tensor or int
        The number of steps so far.
    decay_steps : int or Tensor
        After how many steps the rate has fallen by ``decay_rate``.
    decay_rate : float or Tensor
    staircase : bool
        Whether it falls only after each ``decay_steps`` steps.
    name : str, optional
        The name scope of the operations.

    Returns
    -------
    Tensor
        A scalar of the dtype of ``learning_rate``.

    Raises
    ------
    ValueError
        There is no global step.
    """
    with _rate(learning_rate, global_step, name or "ExponentialDecay") as (scope, rate):
        steps, factor = cast(decay_steps, rate.dtype), cast(decay_rate, rate.dtype)
        part = cast(global_step, rate.dtype) / steps
        if staircase:
            part = floor(part)
        return multiply(rate, raised(factor, part), name=scope)


def natural_exp_decay(
    learning_rate: TensorLike,
    global_step: TensorLike,
    decay_steps: TensorLike,
    decay_rate: TensorLike,
    staircase: bool = False,
    name: str | None = None,
) -> Tensor:
    """The rate times ``exp(-decay_rate * global_step / decay_steps)``.

    Parameters
    ----------
    learning_rate : float or Tensor
        The rate at first.
    global_step : Variable, Tensor or int
        The number of steps so far.
    decay_steps : int or Tensor
        After how many steps the rate has fallen by ``exp(-decay_rate)``.
    decay_rate : float or Tensor
    staircase : bool
        Whether it falls only after each ``decay_steps`` steps.
    name : str, optional
        The name scope of the operations.

    Returns
    -------
    Tensor
        A scalar of the dtype of ``learning_rate``.

    Raises
    ------
    ValueError
        There is no global step.
    """
    return exponential_decay(learning_rate, global_step, decay_steps, exp(negative(decay_rate)), staircase, name)


def inverse_time_decay(
    learning_rate: TensorLike,
    global_step: TensorLike,
    decay_steps: TensorLike,
    decay_rate: TensorLike,
    staircase: bool = False,
    name: str | None = None,
) -> Tensor:
    """The rate divided by ``1 + decay_rate * global_step / decay_steps``.

    Parameters
    ----------
    learning_rate : float or Tensor
        The rate at first.
    global_step : Variable, Tensor or int
        The number of steps so far.
    decay_steps : int or Tensor
        After how many steps ``decay_rate`` is added to the divisor.
    decay_rate : float or Tensor
    staircase : bool
        Whether it falls only after each ``decay_steps`` steps.
    name : str, optional
        The name scope of the operations.

    Returns
    -------
    Tensor
        A scalar of the dtype of ``learning_rate``.

    Raises
    ------
    ValueError
        There is no global step.
    """
    with _rate(learning_rate, global_step, name or "InverseTimeDecay") as (scope, rate):
        steps, growth = cast(decay_steps, rate.dtype), cast(decay_rate, rate.dtype)
        part = cast(global_step, rate.dtype) / steps
        if staircase:
            part = floor(part)
        one = cast(constant(1), rate.dtype)
        return divide(rate, add(one, multiply(growth, part)), name=scope)


def polynomial_decay(
    learning_rate: TensorLike,
    global_step: TensorLike,
    decay_steps: TensorLike,
    end_learning_rate: TensorLike = 0.0001,
    power: TensorLike = 1.0,
    cycle: bool = False,
    name: str | None = None,
) -> Tensor:
    """A rate that falls to another one along a power of the steps that are left.

    Parameters
    ----------
    learning_rate : float or Tensor
        The rate at first.
    global_step : Variable, Tensor or int
        The number of steps so far.
    decay_steps : int or Tensor
        After how many steps it has fallen.
    end_learning_rate : float or Tensor
        The rate from then on.
    power : float or Tensor
        With 1 it falls along a line.
    cycle : bool
        Whether it rises again at the end, to fall more slowly each time.
    name : str, optional
        The name scope of the operations.

    Returns
    -------
    Tensor
        A scalar of the dtype of ``learning_rate``.

    Raises
    ------
    ValueError
        There is no global step.
    """
    with _rate(learning_rate, global_step, name or "PolynomialDecay") as (scope, rate):
        end, exponent = cast(end_learning_rate, rate.dtype), cast(power, rate.dtype)
        step, steps = cast(global_step, rate.dtype), cast(decay_steps, rate.dtype)
        if cycle:
            begun = where_v2(equal(step, 0), 1.0, ceil(step / decay_steps))
            steps = multiply(steps, begun)
        else:
            step = minimum(step, steps)
        part = divide(step, steps)
        return add(multiply(rate - end, raised(1 - part, exponent)), end, name=scope)


def piecewise_constant(
    x: TensorLike, boundaries: Sequence[TensorLike], values: Sequence[TensorLike], name: str | None = None
) -> Tensor:
    """A value for each interval that a number may be in.

    Parameters
    ----------
    x : Variable, Tensor or number
        Usually the global step.
    boundaries : list of (number or Tensor)
        Where one interval ends and the next begins, ascending, of the dtype of ``x``; a boundary is in the lower one.
    values : list of (number or Tensor)
        One more than boundaries, of one dtype.
    name : str, optional
        The name scope of the operations.

    Returns
    -------
    Tensor
        A scalar of the dtype of the values.

    Raises
    ------
    ValueError
        The numbers of boundaries and values do not fit each other, or dtypes differ.
    """
    if len(boundaries) != len(values) - 1:
        raise ValueError("The length of boundaries should be 1 less than the length of values.")
    limits = [convert_to_tensor(limit) for limit in boundaries]
    numbers = [convert_to_tensor(value) for value in values]
    number = convert_to_tensor(x)
    kind = number.dtype.base_dtype
    for place, limit in enumerate(limits):
        if limit.dtype.base_dtype is kind:
            continue
        if limit.dtype.base_dtype is not dtypes.int32 or kind is not dtypes.int64:
            raise ValueError(f"Boundaries ({limit.dtype.base_dtype.name}) must have the same dtype as x ({kind.name}).")
        limits[place] = cast(limit, kind)
    for value in numbers[1:]:
        if value.dtype.base_dtype is not numbers[0].dtype.base_dtype:
            raise ValueError(
                f"Values must have elements all with the same dtype ({numbers[0].dtype.base_dtype.name} vs "
                f"{value.dtype.base_dtype.name})."
            )
    with get_default_graph().name_scope(name or "PiecewiseConstant"):
        pairs = [(number <= limits[0], numbers[0]), (number > limits[-1], numbers[-1])]
        for low, high, value in zip(limits[:-1], limits[1:], numbers[1:-1], strict=True):
            pairs.append(((number > low) & (number <= high), value))
        branches = [(condition, lambda chosen=value: chosen) for condition, value in pairs]
        found: Tensor = case(branches, lambda: numbers[0], exclusive=True)
        return found


def cosine_decay(
    learning_rate: TensorLike,
    global_step: TensorLike,
    decay_steps: TensorLike,
    alpha: TensorLike = 0.0,
    name: str | None = None,
) -> Tensor:
    """A rate that falls along half a wave of the cosine.

    Parameters
    ----------
    learning_rate : float or Tensor
        The rate at first.
    global_step : Variable, Tensor or int
        The number of steps so far.
    decay_steps : int or Tensor
        After how many steps it has fallen.
    alpha : float or Tensor
        What is left of it in the end, as a part of the rate at first.
    name : str, optional
        The name scope of the operations.

    Returns
    -------
    Tensor
        A scalar of the dtype of ``learning_rate``.

    Raises
    ------
    ValueError
        There is no global step.
    """
    with _rate(learning_rate, global_step, name or "CosineDecay") as (_, rate):
        steps = cast(decay_steps, rate.dtype)
        step = minimum(cast(global_step, rate.dtype), steps)
        part: Any = alpha
        decayed = (1 - part) * _half_wave(step / steps) + part
        return multiply(rate, decayed)


def cosine_decay_restarts(
    learning_rate: TensorLike,
    global_step: TensorLike,
    first_decay_steps: TensorLike,
    t_mul: TensorLike = 2.0,
    m_mul: TensorLike = 1.0,
    alpha: TensorLike = 0.0,
    name: str | None = None,
) -> Tensor:
    """A rate that falls along half a wave of the cosine, rises at its end, and falls again.

    Parameters
    ----------
    learning_rate : float or Tensor
        The rate at first.
    global_step : Variable, Tensor or int
        The number of steps so far.
    first_decay_steps : int or Tensor
        After how many steps it has fallen for the first time.
    t_mul : float or Tensor
        How many times longer each period is than the one before it.
    m_mul : float or Tensor
        How many times higher the rate at its beginning is.
    alpha : float or Tensor
        What is left of the rate at the end of a period, as a part of that at first.
    name : str, optional
        The name scope of the operations.

    Returns
    -------
    Tensor
        A scalar of the dtype of ``learning_rate``.

    Raises
    ------
    ValueError
        There is no global step.
    """
    with _rate(learning_rate, global_step, name or "SGDRDecay") as (scope, rate):
        first, rest = cast(first_decay_steps, rate.dtype), cast(alpha, rate.dtype)
        longer, higher = cast(t_mul, rate.dtype), cast(m_mul, rate.dtype)
        part = cast(global_step, rate.dtype) / first
        period, part = _period(part, longer)
        decayed = (1 - rest) * (0.5 * higher**period * (1.0 + cos(constant(math.pi) * part))) + rest
        return multiply(rate, decayed, name=scope)


def _period(part: Tensor, longer: Tensor) -> tuple[Tensor, Tensor]:
    """How many periods are over, and the part of the present one."""
    is_same = equal(longer, 1.0)
    factor = where_v2(is_same, 2.0, longer)  # where periods have one length, any other number
    growing = floor(log(1.0 - part * (1.0 - factor)) / log(factor))
    power = factor**growing
    begun = (1.0 - power) / (1.0 - factor)
    period = where_v2(is_same, floor(part), growing)
    return period, where_v2(is_same, part - floor(part), (part - begun) / power)


def linear_cosine_decay(
    learning_rate: TensorLike,
    global_step: TensorLike,
    decay_steps: TensorLike,
    num_periods: TensorLike = 0.5,
    alpha: TensorLike = 0.0,
    beta: TensorLike = 0.001,
    name: str | None = None,
) -> Tensor:
    """A rate that falls along waves of the cosine whose height falls along a line.

    Parameters
    ----------
    learning_rate : float or Tensor
        The rate at first.
    global_step : Variable, Tensor or int
        The number of steps so far.
    decay_steps : int or Tensor
        After how many steps it has fallen.
    num_periods : float or Tensor
        The number of waves.
    alpha : float or Tensor
        Added to the line.
    beta : float or Tensor
        Added to the product.
    name : str, optional
        The name scope of the operations.

    Returns
    -------
    Tensor
        A scalar of the dtype of ``learning_rate``.

    Raises
    ------
    ValueError
        There is no global step.
    """
    with _rate(learning_rate, global_step, name or "LinearCosineDecay") as (scope, rate):
        steps, periods = cast(decay_steps, rate.dtype), cast(num_periods, rate.dtype)
        least, rest = cast(alpha, rate.dtype), cast(beta, rate.dtype)
        step = minimum(cast(global_step, rate.dtype), steps)
        line = (steps - step) / steps
        part = step / steps
        wave = _half_wave(2.0 * periods * part)
        return multiply(rate, (least + line) * wave + rest, name=scope)


def noisy_linear_cosine_decay(
    learning_rate: TensorLike,
    global_step: TensorLike,
    decay_steps: TensorLike,
    initial_variance: TensorLike = 1.0,
    variance_decay: TensorLike = 0.55,
    num_periods: TensorLike = 0.5,
    alpha: TensorLike = 0.0,
    beta: TensorLike = 0.001,
    name: str | None = None,
) -> Tensor:
    """As `linear_cosine_decay`, with noise that falls with the steps.

    Parameters
    ----------
    learning_rate : float or Tensor
        The rate at first.
    global_step : Variable, Tensor or int
        The number of steps so far.
    decay_steps : int or Tensor
        After how many steps it has fallen.
    initial_variance : float or Tensor
        The variance of the noise at first.
    variance_decay : float or Tensor
        The power of the steps by which it is divided.
    num_periods : float or Tensor
        The number of waves.
    alpha : float or Tensor
        Added to the line.
    beta : float or Tensor
        Added to the product.
    name : str, optional
        The name scope of the operations.

    Returns
    -------
    Tensor
        A scalar of the dtype of ``learning_rate``.

    Raises
    ------
    ValueError
        There is no global step.
    """
    with _rate(learning_rate, global_step, name or "NoisyLinearCosineDecay") as (scope, rate):
        kind = rate.dtype
        steps, variance, fall = cast(decay_steps, kind), cast(initial_variance, kind), cast(variance_decay, kind)
        periods, least, rest = cast(num_periods, kind), cast(alpha, kind), cast(beta, kind)
        step = minimum(cast(global_step, kind), steps)
        line = (steps - step) / steps
        spread: Any = sqrt(variance / raised(1.0 + step, fall))
        noisy = line + random_normal(line.shape, stddev=spread)
        part = step / steps
        wave = _half_wave(2.0 * periods * part)
        return multiply(rate, (least + noisy) * wave + rest, name=scope)
