"""``smart_cond``: a branch that is chosen while the graph is built, where the graph tells which one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hdfsaver.assertions.static_values import constant_value
from hdfsaver.control_flow.conds import case, cond
from hdfsaver.graph.tensor import Tensor
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.variables.variable import Variable


def smart_constant_value(pred: Any) -> bool | None:
    """The value of a condition where it is known before a run, otherwise None.

    Parameters
    ----------
    pred : bool, int, or Tensor
        A number is 0 or 1.

    Returns
    -------
    bool or None

    Raises
    ------
    TypeError
        It is something else.
    """
    if isinstance(pred, Tensor):
        value = constant_value(pred)
        return None if value is None else bool(value)
    if isinstance(pred, bool) or (isinstance(pred, int) and pred in (0, 1)):
        return bool(pred)
    said = "Argument `pred` must be a Tensor, or a Python bool, or 1 or 0."
    raise TypeError(f"{said} Received: pred={pred} of type {type(pred).__name__}")


def smart_cond(
    pred: Any,
    true_fn: Callable[[], Any] | None = None,
    false_fn: Callable[[], Any] | None = None,
    name: str | None = None,
) -> Any:
    """The result of one of two functions: of `tf.cond` only where the condition is not known before a run.

    Parameters
    ----------
    pred : bool, int, Tensor, or Variable
    true_fn, false_fn : callable
    name : str, optional
        That of the branch in the graph.

    Returns
    -------
    what the functions return

    Raises
    ------
    TypeError
        The condition is none, or a function cannot be called.
    """
    for label, function in (("true_fn", true_fn), ("false_fn", false_fn)):
        if not callable(function):
            raise TypeError(f"Argument `{label}` must be callable. Received {function}")
    assert true_fn is not None
    assert false_fn is not None
    if isinstance(pred, Variable):
        return cond(pred, true_fn, false_fn, name=name)
    value = smart_constant_value(pred)
    if value is None:
        return cond(pred, true_fn, false_fn, name=name)
    return true_fn() if value else false_fn()


def smart_case(
    pred_fn_pairs: Any,
    default: Callable[[], Any] | None = None,
    exclusive: bool = False,
    name: str = "smart_case",
) -> Any:
    """The result of the function of the first condition that is true: of `tf.case` only where none is known to be true.

    Parameters
    ----------
    pred_fn_pairs : dict, or list of pairs
        Conditions and functions.
    default : callable, optional
    exclusive : bool
        Whether at most one condition may be true.
    name : str
        That of the branches in the graph.

    Returns
    -------
    what the functions return

    Raises
    ------
    TypeError
        A condition is none, or a function cannot be called.
    """
    pairs = list(pred_fn_pairs.items()) if isinstance(pred_fn_pairs, dict) else list(pred_fn_pairs)
    known = [(smart_constant_value(pred), pred, function) for pred, function in pairs]
    possible = [each for each in known if each[0] is not False]
    if possible and possible[0][0]:
        return possible[0][2]()
    if not possible and default is not None:
        return default()
    return case([(convert_to_tensor(pred), function) for _, pred, function in possible], default, exclusive, name=name)
