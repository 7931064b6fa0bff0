"""Activations and initializers that a program gives by their names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hdfsaver.graph.tensor import Tensor
from hdfsaver.ops import activations, elementary, init_ops, losses

_ACTIVATIONS: dict[str, Callable[..., Tensor] | None] = {
    "elu": activations.elu,
    "exponential": elementary.exp,
    "linear": None,
    "relu": activations.relu,
    "sigmoid": activations.sigmoid,
    "softmax": losses.softmax,
    "softplus": activations.softplus,
    "tanh": activations.tanh,
}

_INITIALIZERS: dict[str, type[init_ops.Initializer]] = {
    "constant": init_ops.constant_initializer,
    "glorot_normal": init_ops.glorot_normal_initializer,
    "glorot_uniform": init_ops.glorot_uniform_initializer,
    "he_normal": init_ops.he_normal,
    "he_uniform": init_ops.he_uniform,
    "identity": init_ops.identity_initializer,
    "lecun_normal": init_ops.lecun_normal,
    "lecun_uniform": init_ops.lecun_uniform,
    "ones": init_ops.ones_initializer,
    "zeros": init_ops.zeros_initializer,
}


def find_activation(activation: str | Callable[..., Any] | None) -> Callable[..., Any] | None:
    """The function that a name stands for; a function, or None for none, is given back.

    Raises
    ------
    ValueError
        The name is unknown.
    """
    if not isinstance(activation, str):
        return activation
    if activation not in _ACTIVATIONS:
        raise ValueError(f"Unknown activation function: {activation!r}. Known are {', '.join(_ACTIVATIONS)}.")
    return _ACTIVATIONS[activation]


def find_initializer(initializer: Any) -> Any:
    """The initializer that a name stands for; anything else is given back.

    Raises
    ------
    ValueError
        The name is unknown.
    """
    if not isinstance(initializer, str):
        return initializer
    if initializer not in _INITIALIZERS:
        raise ValueError(f"Unknown initializer: {initializer!r}. Known are {', '.join(_INITIALIZERS)}.")
    return _INITIALIZERS[initializer]()
