"""Derivatives of operation types that programs give themselves: `RegisterGradient` and `NotDifferentiable`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from hdfsaver.graph.definition import OpDef, find
from hdfsaver.graph.operation import Operation
from hdfsaver.ops.base import Flat

GradientFunction = Callable[..., Any]
"""Takes an operation and the derivatives by its outputs, and gives those by its inputs."""

_AnyFunction = TypeVar("_AnyFunction", bound=GradientFunction)

_registered: dict[str, GradientFunction | None] = {}

GRADIENT_OP_TYPE = "_gradient_op_type"
"""The attribute that names the derivative of one operation: a type, or a name given to `RegisterGradient`."""


class RegisterGradient:
    """Decorator: the function below it is the derivative of an operation type, or of a name.

    `Graph.gradient_override_map` lets operations use the derivative that is registered under a name.

    Parameters
    ----------
    op_type : str
        The type of operations, or a name of the program's own.

    Raises
    ------
    TypeError
        The name is not a string.
    """

    def __init__(self, op_type: str) -> None:
        self._op_type = _checked(op_type)

    def __call__(self, f: _AnyFunction) -> _AnyFunction:
        """Register the function.

        Parameters
        ----------
        f : callable
            Takes the operation and, for each of its outputs, the derivative by it; it gives one for each input (None
            where it does not exist), in a list if the inputs are several.

        Returns
        -------
        callable
            The same function.

        Raises
        ------
        KeyError
            There is a derivative of that name.
        """
        _register(self._op_type, f)
        return f


def not_differentiable(op_type: str) -> None:
    """Let no derivative pass through operations of a type (``tf.NotDifferentiable``, ``tf.NoGradient``).

    Raises
    ------
    TypeError
        The name is not a string.
    KeyError
        There is a derivative of that name.
    """
    _register(_checked(op_type), None)


NotDifferentiable = not_differentiable
NoGradient = not_differentiable


def _checked(op_type: str) -> str:
    if not isinstance(op_type, str):
        raise TypeError(f"op_type must be a string, not {op_type!r}.")
    return op_type


def _register(op_type: str, function: GradientFunction | None) -> None:
    if op_type in _registered or _own_gradient(op_type) is not None:
        raise KeyError(f"Registering two gradient with name {op_type!r}: a derivative of that name exists already.")
    _registered[op_type] = function


def _own_gradient(op_type: str) -> GradientFunction | None:
    """The derivative of a type as its definition has it; None where it has none."""
    return _gradient_of(find(op_type))


def _gradient_of(definition: OpDef | None) -> GradientFunction | None:
    return None if definition is None or type(definition).gradient is OpDef.gradient else definition.gradient


def gradient_function(operation: Operation) -> GradientFunction | None:
    """The derivative of an operation.

    Parameters
    ----------
    operation : Operation

    Returns
    -------
    callable or None
        It takes the operation and the derivatives by its outputs. None where no derivative passes through.

    Raises
    ------
    LookupError
        No derivative has that name.
    """
    if not operation.data["inputs"]:
        return None
    chosen = operation.data["attrs"].get(GRADIENT_OP_TYPE)
    name = chosen.decode() if isinstance(chosen, bytes) else operation.type
    if name in _registered:
        return _registered[name]
    definition = operation.graph.definition(name)
    if isinstance(definition, Flat):
        return None
    found = _gradient_of(definition)
    if found is None:
        raise LookupError(
            f"No gradient defined for operation {operation.name!r} (op type: {name}). Give it one with "
            "tf.RegisterGradient, or put tf.stop_gradient where it is to be a constant."
        )
    return found
