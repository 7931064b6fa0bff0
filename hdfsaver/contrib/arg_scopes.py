"""Defaults for the arguments of several functions at once, inside a ``with`` block."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ParamSpec, TypeVar

_P = ParamSpec("_P")
_R = TypeVar("_R")

ArgScope = dict[str, dict[str, Any]]
"""For each function, by its key, the defaults of its arguments."""

_current: ContextVar[ArgScope | None] = ContextVar("arg_scope", default=None)
_arguments: dict[str, tuple[str, ...]] = {}


def current_arg_scope() -> ArgScope:
    """The defaults that are in force."""
    return _current.get() or {}


def arg_scope_func_key(op: Callable[..., Any]) -> str:
    """The key of a function in an `arg_scope`."""
    key: str = getattr(op, "_key_op", None) or str(op)
    return key


def has_arg_scope(func: Callable[..., Any]) -> bool:
    """Whether `add_arg_scope` was applied to a function."""
    return arg_scope_func_key(func) in _arguments


def arg_scoped_arguments(func: Callable[..., Any]) -> tuple[str, ...]:
    """The arguments of a function that an `arg_scope` can set: those that have a default.

    Raises
    ------
    ValueError
        `add_arg_scope` was not applied to the function.
    """
    return _arguments[_checked_key(func)]


def _checked_key(func: Callable[..., Any]) -> str:
    if not has_arg_scope(func):
        name = f"{getattr(func, '__module__', '')}.{getattr(func, '__name__', func)}"
        raise ValueError(f"{name} is not decorated with @add_arg_scope, so that an arg_scope cannot set its arguments.")
    return arg_scope_func_key(func)


@contextmanager
def arg_scope(list_ops_or_scope: Sequence[Callable[..., Any]] | Mapping[str, Any], **kwargs: Any) -> Iterator[ArgScope]:
    """Set defaults for arguments of functions inside a ``with`` block; what a call gives counts more.

    Parameters
    ----------
    list_ops_or_scope : list of callable, or dict
        Functions with `add_arg_scope`; or the defaults of another `arg_scope`, to be used again.
    **kwargs : object
        The defaults; each of the functions has all of these arguments.

    Returns
    -------
    context manager of dict
        Gives the defaults that are in force, for a later `arg_scope`.

    Raises
    ------
    TypeError
        The functions are not in a list.
    ValueError
        A function is without `add_arg_scope`, or defaults are given to a scope that is used again.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> slim = tf.contrib.slim
    >>> with slim.arg_scope([slim.conv2d], padding="VALID"):
    ...     slim.conv2d(tf.ones([1, 5, 5, 1]), 2, 3).shape.as_list()
    [1, 3, 3, 2]
    """
    if isinstance(list_ops_or_scope, Mapping):
        if kwargs:
            raise ValueError("An arg_scope that is used again takes no further arguments.")
        scope = dict(list_ops_or_scope)
    elif isinstance(list_ops_or_scope, list | tuple):
        scope = dict(current_arg_scope())
        for func in list_ops_or_scope:
            key = _checked_key(func)
            scope[key] = {**scope.get(key, {}), **kwargs}
    else:
        raise TypeError("list_ops_or_scope must be a list of functions, or the dict that another arg_scope gave.")
    token = _current.set(scope)
    try:
        yield scope
    finally:
        _current.reset(token)


def add_arg_scope(func: Callable[_P, _R]) -> Callable[_P, _R]:
    """Decorator: let `arg_scope` set defaults for the arguments of a function."""

    @functools.wraps(func)
    def with_scope(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        given: Any = {**current_arg_scope().get(key, {}), **kwargs}
        return func(*args, **given)

    key = arg_scope_func_key(func)
    parameters = inspect.signature(func).parameters.values()
    _arguments[key] = tuple(one.name for one in parameters if one.default is not one.empty)
    with_scope._key_op = key  # type: ignore[attr-defined]
    return with_scope
