"""The engine that computes as NumPy does, and in loops that Numba compiles where that is faster."""

from __future__ import annotations

from hdfsaver.element_loops.compiling import numba_library
from hdfsaver.session.element_groups import join_elements
from hdfsaver.session.engine import Engine, Executable, Observer
from hdfsaver.session.numpy_engine import numpy_engine
from hdfsaver.session.plan import ExecutionPlan
from hdfsaver.session.session_state import SessionState


def checked_numba_engine() -> Engine:
    """The engine.

    Raises
    ------
    ImportError
        Numba is not installed, or does not fit NumPy.
    """
    numba_library()
    return numba_engine


def numba_engine(plan: ExecutionPlan, state: SessionState, observer: Observer | None = None) -> Executable:
    """Prepare a plan; see `hdfsaver.session.engine.Engine`.

    A plan that runs often gets loops; until then, and where a run is traced, NumPy computes everything.

    Parameters
    ----------
    plan : ExecutionPlan
    state : SessionState
    observer : callable, optional

    Returns
    -------
    callable
    """
    return numpy_engine(plan, state, observer, join=join_elements if observer is None else None)
