"""TensorFlow's switches between its first and second version: the first one is here, and cannot be left."""

from __future__ import annotations

from typing import NoReturn


def executing_eagerly() -> bool:
    """Whether operations run when they are made: never; a Session runs them."""
    return False


def control_flow_v2_enabled() -> bool:
    """Whether branches and loops are functions: never."""
    return False


def disable_v2_behavior() -> None:
    """Choose graphs and sessions, which is the only behavior here."""


def disable_eager_execution() -> None:
    """Choose graphs and sessions, which is the only behavior here."""


def disable_control_flow_v2() -> None:
    """Choose branches and loops that are not functions, as TensorFlow 1 does."""


def disable_tensor_equality() -> None:
    """Compare tensors by identity, which is the only comparison here."""


def disable_v2_tensorshape() -> None:
    """Let the dimensions of a shape be `Dimension` objects, as they always are here."""


def enable_control_flow_v2() -> None:
    """Accepted, without effect: it changes how branches and loops are written, not their values."""


def enable_v2_behavior() -> NoReturn:
    """Refused, since TensorFlow 2's behavior is another one.

    Raises
    ------
    ValueError
        Always.
    """
    raise ValueError(
        "tf.enable_v2_behavior() cannot be followed: hdfsaver has TensorFlow 1's graphs and sessions only. "
        "Remove the call, build a graph and run it in a tf.Session."
    )


def enable_eager_execution(
    config: object = None, device_policy: object = None, execution_mode: object = None
) -> NoReturn:
    """Refused, since operations only run in a Session.

    Parameters
    ----------
    config, device_policy, execution_mode : object, optional
        As in TensorFlow.

    Raises
    ------
    ValueError
        Always.
    """
    raise ValueError(
        "tf.enable_eager_execution() cannot be followed: hdfsaver runs operations in a Session only. "
        "Remove the call, build a graph and run it in a tf.Session."
    )


def enable_tensor_equality() -> NoReturn:
    """Refused, since `==` would then make an operation where it compares tensors here.

    Raises
    ------
    ValueError
        Always.
    """
    raise ValueError(
        "tf.enable_tensor_equality() cannot be followed: `==` compares tensors by identity, as in TensorFlow 1. "
        "Remove the call, and compare values with tf.equal."
    )


def enable_v2_tensorshape() -> NoReturn:
    """Refused, since the dimensions of a shape are `Dimension` objects here.

    Raises
    ------
    ValueError
        Always.
    """
    raise ValueError(
        "tf.enable_v2_tensorshape() cannot be followed: the dimensions of a shape are Dimension objects, as in "
        "TensorFlow 1. Remove the call; tf.compat.dimension_value(shape[0]) is a number in both."
    )
