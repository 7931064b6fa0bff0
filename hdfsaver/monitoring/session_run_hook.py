"""Hooks: code that a monitored session calls around every run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from hdfsaver.messages import message_classes
from hdfsaver.monitoring.coordinator import Coordinator
from hdfsaver.session import Session


class SessionRunArgs(NamedTuple):
    """The arguments of a run, or those that a hook adds to it.

    Attributes
    ----------
    fetches : object
        As for `Session.run`.
    feed_dict : dict, optional
        As for `Session.run`.
    options : RunOptions, optional
        As for `Session.run`; those of hooks are added to those of the program.
    """

    fetches: Any
    feed_dict: Mapping[Any, Any] | None = None
    options: message_classes.RunOptions | None = None


class SessionRunValues(NamedTuple):
    """The results of a run.

    Attributes
    ----------
    results : object
        The values of the hook's own fetches, in their structure; None where the hook fetches nothing.
    options : RunOptions
        Those of the run.
    run_metadata : RunMetadata
        The message that the run has filled with what the options asked for.
    """

    results: Any
    options: message_classes.RunOptions
    run_metadata: message_classes.RunMetadata


class SessionRunContext:
    """The run that a hook is called for.

    Attributes
    ----------
    original_args : SessionRunArgs
        The arguments of the program, without those of hooks.
    session : Session
        The session, without hooks.
    stop_requested : bool
        Whether a hook asked to stop.
    """

    def __init__(self, original_args: SessionRunArgs, session: Session) -> None:
        self._original_args = original_args
        self._session = session
        self._stop_requested = False

    @property
    def original_args(self) -> SessionRunArgs:
        """The arguments of the program, without those of hooks."""
        return self._original_args

    @property
    def session(self) -> Session:
        """The session, without hooks."""
        return self._session

    @property
    def stop_requested(self) -> bool:
        """Whether a hook asked to stop."""
        return self._stop_requested

    def request_stop(self) -> None:
        """Ask the session to stop: `should_stop` is true after this run."""
        self._stop_requested = True


class SessionRunHook:
    """The base of hooks; a subclass defines the methods that it needs."""

    def begin(self) -> None:
        """Called once before the session is made, while the graph can still be changed."""

    def after_create_session(self, session: Session, coord: Coordinator) -> None:
        """Called after a session was made, and again after one was recovered; the graph is finalized then."""

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs | None:
        """Called before each run; gives fetches and feeds to add to the run, or None."""

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Called after each run that raised nothing, with the values of the hook's own fetches."""

    def end(self, session: Session) -> None:
        """Called when the session ends, unless it ends with an exception."""
