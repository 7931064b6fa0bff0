"""What can be hung into a monitored session: code that runs around every run."""

from __future__ import annotations

from typing import Any, NamedTuple


class SessionRunArgs(NamedTuple):
    """What is to be run, or what a hook wants to be run along with it.

    Attributes
    ----------
    fetches : object
        As for `Session.run`.
    feed_dict : dict, optional
    options : object, optional
        Accepted for programs that give it.
    """

    fetches: Any
    feed_dict: Any = None
    options: Any = None


class SessionRunValues(NamedTuple):
    """What came of a run: for a hook, the values of its own fetches."""

    results: Any
    options: Any
    run_metadata: Any


class SessionRunContext:
    """What a hook knows of the run that it is called for.

    Attributes
    ----------
    original_args : SessionRunArgs
        What the program asked for.
    session : Session
    stop_requested : bool
        Whether some hook asked to stop.
    """

    def __init__(self, original_args: SessionRunArgs, session: Any) -> None:
        self._original_args = original_args
        self._session = session
        self._stop_requested = False

    @property
    def original_args(self) -> SessionRunArgs:
        """What the program asked for."""
        return self._original_args

    @property
    def session(self) -> Any:
        """The session, without hooks."""
        return self._session

    @property
    def stop_requested(self) -> bool:
        """Whether some hook asked to stop."""
        return self._stop_requested

    def request_stop(self) -> None:
        """Ask the session to stop: `should_stop` is true after this run."""
        self._stop_requested = True


class SessionRunHook:
    """A base for hooks; none of its methods needs to be defined."""

    def begin(self) -> None:
        """Called once before the session is made; the graph can still be added to."""

    def after_create_session(self, session: Any, coord: Any) -> None:
        """Called when a session was made, and again after one was recovered; the graph is finalized."""

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs | None:
        """Called before each run; gives what is to be run along with it, or None."""

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Called after each run that raised nothing, with the values of what `before_run` asked for."""

    def end(self, session: Any) -> None:
        """Called when the session ends, but not after an exception."""
