"""Whether a layer is built for training: the argument ``training`` of layers that differ then."""

from __future__ import annotations

from typing import Any

from hdfsaver.assertions.static_values import constant_value
from hdfsaver.errors import UnimplementedError
from hdfsaver.graph.tensor_conversion import convert_to_tensor, is_tensor
from hdfsaver.variables.variable import Variable


def known_phase(training: Any, function: str) -> bool:
    """The value of ``training``, which must be known when the graph is built.

    Parameters
    ----------
    training : bool, int, or Tensor
        None is False.
    function : str
        The name of the function for the message.

    Returns
    -------
    bool

    Raises
    ------
    UnimplementedError
        It is a tensor whose value is not known before a run.
    """
    if not is_tensor(training) and not isinstance(training, Variable):
        return bool(training)
    value = constant_value(convert_to_tensor(training))
    if value is None:
        raise UnimplementedError(
            None,
            None,
            f"{function} with a tensor as training needs conditional operations, which are not in hdfsaver: give a "
            "bool, and build the network twice, with reuse=True for the second.",
        )
    return bool(value)
