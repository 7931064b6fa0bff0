"""Whether a layer runs for training: the argument ``training`` of layers that differ then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hdfsaver.assertions.static_values import constant_value
from hdfsaver.control_flow.conds import cond
from hdfsaver.graph.tensor import Tensor
from hdfsaver.graph.tensor_conversion import convert_to_tensor, is_tensor
from hdfsaver.variables.variable import Variable

Phase = bool | Tensor
"""Whether it is for training; a scalar tensor of bool where only a run tells."""


def phase_of(training: Any) -> Phase:
    """The phase that an argument ``training`` asks for.

    Parameters
    ----------
    training : bool, int, or Tensor
        None is False.

    Returns
    -------
    bool or Tensor
        A bool where the graph tells the value.
    """
    if not is_tensor(training) and not isinstance(training, Variable):
        return bool(training)
    tensor = convert_to_tensor(training)
    value = constant_value(tensor)
    return tensor if value is None else bool(value)


def choose(phase: Phase, in_training: Callable[[], Any], otherwise: Callable[[], Any]) -> Any:
    """The result of one of two functions; the graph has a branch for each where only a run tells the phase."""
    if isinstance(phase, Tensor):
        return cond(phase, in_training, otherwise)
    return in_training() if phase else otherwise()
