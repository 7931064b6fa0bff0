"""The names of engines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hdfsaver.session.engine import Engine
from hdfsaver.session.numpy_engine import numpy_engine

_NAMES = ("numpy", "onnxruntime", "numba")


def engine_of(names: str | Sequence[str], config: Any = None) -> Engine:
    """The engine of a name, or of several that share the work.

    Parameters
    ----------
    names : str or sequence of str
    config : ConfigProto, optional
        Says how many threads an operation may use (``intra_op_parallelism_threads``).

    Returns
    -------
    Engine

    Raises
    ------
    ValueError
        There is no engine of that name.
    TypeError
        It is neither an engine nor the names of some.
    ImportError
        The libraries of one are not installed.
    """
    given = [names] if isinstance(names, str) else names
    if not isinstance(given, Sequence) or not given or not all(isinstance(name, str) for name in given):
        raise TypeError(f"Argument `engine` must be an engine, or the name of one or several, but got {names!r}.")
    for name in given:
        if name not in _NAMES:
            raise ValueError(
                f"There is no engine {name!r}; the engines are {', '.join(map(repr, _NAMES[:-1]))} and {_NAMES[-1]!r}."
            )
    found: Engine = numpy_engine
    if "numba" in given:
        from hdfsaver.session.numba_engine import checked_numba_engine

        found = checked_numba_engine()
    if "onnxruntime" in given:
        from hdfsaver.session.onnx_engine import checked_onnx_engine

        found = checked_onnx_engine(getattr(config, "intra_op_parallelism_threads", 0), found)
    return found
