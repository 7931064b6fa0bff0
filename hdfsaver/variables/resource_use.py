"""Which kind a new variable is: behind a handle, or by reference, as TensorFlow 1 makes it by default."""

from __future__ import annotations

from collections.abc import Callable

_by_default = False

_of_scope: list[Callable[[], bool | None]] = []


def enable_resource_variables() -> None:
    """Let new variables be resources unless they are told otherwise: behind a handle, and read when they are used."""
    global _by_default  # noqa: PLW0603, a setting of the process, as in TensorFlow
    _by_default = True


def disable_resource_variables() -> None:
    """Let new variables be reference variables unless they are told otherwise, as TensorFlow 1 does."""
    global _by_default  # noqa: PLW0603
    _by_default = False


def resource_variables_enabled() -> bool:
    """Whether new variables are resources by default."""
    return _by_default


def set_scope_setting(setting: Callable[[], bool | None]) -> None:
    """Tell how the variable scope says which kind is wanted."""
    _of_scope[:] = [setting]


def is_wanted(use_resource: bool | None) -> bool:
    """Whether a new variable is to be a resource: as the argument says, else as the scope does, else by default."""
    if use_resource is None and _of_scope:
        use_resource = _of_scope[0]()
    return _by_default if use_resource is None else bool(use_resource)
