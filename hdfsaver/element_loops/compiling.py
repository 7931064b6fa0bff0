"""Loops compiled by Numba, each once in a process: the same text, for the same dtypes, is the same loop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from hdfsaver.element_loops.loop_text import Parameter
from hdfsaver.files.extras import library

_compiled: dict[tuple[str, tuple[Parameter, ...]], Callable[..., None]] = {}
_lock = threading.RLock()  # a signal handler may run a session while the thread is here

_NAMES = {name: getattr(np, name) for name in ("float32", "float64", "int32", "int64", "sqrt", "floor", "ceil")}


def numba_library() -> Any:
    """The package `numba`.

    Raises
    ------
    ImportError
        It is not installed, or does not fit the NumPy that is.
    """
    try:
        return library("numba", "The engine 'numba' needs", extra="numba")
    except ImportError as error:
        if isinstance(error.__cause__, ModuleNotFoundError):
            raise
        raise ImportError(
            f"{error} A Numba that is older than NumPy may not know it: `pip install --upgrade numba`, or an older "
            "NumPy as the message says.",
            name=error.name,
        ) from error


def compiled(text: str, parameters: tuple[Parameter, ...]) -> Callable[..., None]:
    """The function of a text; see `hdfsaver.element_loops.loop_text.loop_text`.

    It lets other threads run, and changes nothing but the arrays that are not read-only.

    Parameters
    ----------
    text : str
    parameters : tuple of Parameter

    Returns
    -------
    callable
        Raises `TypeError` for arrays of another dtype or rank, or that are not contiguous, before it does anything.
    """
    with _lock:
        found = _compiled.get((text, parameters))
        if found is None:
            found = _compiled[text, parameters] = _made(text, parameters)
    return found


def _made(text: str, parameters: tuple[Parameter, ...]) -> Callable[..., None]:
    numba = numba_library()
    names = dict(_NAMES)
    exec(compile(text, "<loop over elements>", "exec"), names)  # noqa: S102, made of numbers and formulas only
    types = [_type(each, numba) for each in parameters]
    # No fastmath: every operation is rounded as in NumPy, and in its order.
    function = numba.njit([numba.void(*types)], error_model="numpy", nogil=True, no_cfunc_wrapper=True)(names["loop"])
    function.disable_compile()
    found: Callable[..., None] = function
    return found


_OF_NUMBERS = {"bool": "boolean", "int": "int64", "float": "float64"}
"""The types of Python's numbers."""


def _type(parameter: Parameter, numba: Any) -> Any:
    dtype, rank, is_read_only = parameter
    if not rank:
        return getattr(numba, _OF_NUMBERS[dtype.rstrip("3264")])
    return numba.types.Array(getattr(numba, "boolean" if dtype == "bool" else dtype), rank, "C", readonly=is_read_only)
