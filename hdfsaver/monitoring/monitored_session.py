"""Sessions with hooks around every run, which stop when a hook asks for it and recover from temporary errors."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

from hdfsaver.errors import OutOfRangeError
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.graph import Graph
from hdfsaver.monitoring.coordinator import Coordinator
from hdfsaver.monitoring.scaffold import Scaffold
from hdfsaver.monitoring.session_creators import ChiefSessionCreator, SessionCreator
from hdfsaver.monitoring.session_run_hook import SessionRunHook
from hdfsaver.monitoring.wrapped_sessions import (
    CoordinatedSession,
    HookedSession,
    RecoverableSession,
    StepContext,
    WrappedSession,
)
from hdfsaver.queues.queue_runner import start_queue_runners
from hdfsaver.reading.checkpoint_names import PathLike
from hdfsaver.session import Session

_T = TypeVar("_T")

ENDS = (OutOfRangeError, StopIteration)
"""Exceptions that end a training without an error."""


class _CoordinatedCreator(SessionCreator):
    """Makes sessions with hooks and a Coordinator; keeps the plain session and the Coordinator of the last one.

    Programs reach the plain session through these attributes and ``_sess`` of each layer, so they have TensorFlow's
    names.
    """

    def __init__(self, creator: SessionCreator, hooks: Sequence[SessionRunHook], grace: float) -> None:
        self._creator = creator
        self._hooks = hooks
        self._grace = grace
        self.tf_sess: Session | None = None
        self.coord: Coordinator | None = None

    def create_session(self) -> Any:
        """A `CoordinatedSession`; the hooks have been told of it."""
        self.tf_sess = self._creator.create_session()
        self.coord = Coordinator(clean_stop_exception_types=())
        start_queue_runners(self.tf_sess, self.coord)
        for hook in self._hooks:
            hook.after_create_session(self.tf_sess, self.coord)
        return CoordinatedSession(HookedSession(self.tf_sess, self._hooks), self.coord, self._grace)


class _MonitoredBase:
    """The methods of both kinds of monitored sessions."""

    StepContext = StepContext

    def __init__(
        self,
        session_creator: SessionCreator | None,
        hooks: Sequence[SessionRunHook] | None,
        recovers: bool,
        stop_grace_period_secs: float,
    ) -> None:
        self._graph = get_default_graph()
        self._was_finalized = self._graph.finalized
        self._hooks = list(hooks or ())
        for hook in self._hooks:
            hook.begin()
        self._coordinated_creator = _CoordinatedCreator(
            session_creator or ChiefSessionCreator(), self._hooks, stop_grace_period_secs
        )
        self._sess: WrappedSession | None = (
            RecoverableSession(self._coordinated_creator) if recovers else self._coordinated_creator.create_session()
        )

    @property
    def graph(self) -> Graph:
        """The graph of the session."""
        return self._graph

    def run(
        self,
        fetches: Any,
        feed_dict: Mapping[Any, Any] | None = None,
        options: object = None,
        run_metadata: object = None,
    ) -> Any:
        """Run as `Session.run` does, and call the hooks around it.

        Parameters
        ----------
        fetches : Tensor, Operation, Variable, str, or nested lists, tuples and dicts of them
            As for `Session.run`.
        feed_dict : dict, optional
            As for `Session.run`.
        options, run_metadata : object
            Accepted for programs that give them.

        Returns
        -------
        object
            The fetched values in the structure of ``fetches``.

        Raises
        ------
        RuntimeError
            The session is closed, a hook has asked to stop, or a tensor is fed twice, by two hooks or by a hook and the
            program.
        OpError
            An operation failed, as in `Session.run`.
        """
        return self._open_session().run(fetches, feed_dict, options, run_metadata)

    def run_step_fn(self, step_fn: Callable[..., _T]) -> _T:
        """Call a function that may run several things, with hooks or without.

        Parameters
        ----------
        step_fn : callable
            Called with a `StepContext`, as ``step_fn(step_context)`` or as a method ``step_fn(self, step_context)``.

        Returns
        -------
        object
            The function's result.

        Raises
        ------
        ValueError
            The function has other parameters.
        RuntimeError
            The session is closed, or a hook has asked to stop.
        StopIteration
            The function asked to stop; a ``with`` block of the session ends without an error then.
        """
        names = list(inspect.signature(step_fn).parameters)
        if names not in (["step_context"], ["self", "step_context"]):
            raise ValueError(
                "`step_fn` may either have one `step_context` argument, or `self` and `step_context` arguments if it's "
                f"an instance method. Got {names} instead."
            )
        return self._open_session().run_step_fn(step_fn, self._tf_sess)

    def _open_session(self) -> WrappedSession:
        if self._sess is None:
            raise RuntimeError("Session is already closed.")
        return self._sess

    def should_stop(self) -> bool:
        """Whether a hook or a thread has asked to stop, or the session is closed."""
        return self._sess is None or self._sess.should_stop()

    def _tf_sess(self) -> Session:
        """The session without hooks. Programs call it, so it has TensorFlow's name."""
        assert self._coordinated_creator.tf_sess is not None
        return self._coordinated_creator.tf_sess

    def _is_closed(self) -> bool:
        return self._coordinated_creator.tf_sess is None

    def close(self) -> None:
        """End the hooks, which may still run something, and then the session.

        Raises
        ------
        RuntimeError
            The session is closed already.
        """
        self._close(None)

    def _close(self, kind: type[BaseException] | None) -> None:
        sess = self._open_session()
        try:
            if kind is None:
                for hook in self._hooks:
                    hook.end(self._tf_sess())
        finally:
            self._sess = None
            try:
                sess.close()
            finally:
                self._coordinated_creator.tf_sess = self._coordinated_creator.coord = None
                if not self._was_finalized:
                    self._graph.unfinalize()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        if kind is not None and issubclass(kind, ENDS):
            kind = None
        self._close(kind)
        return kind is None


class MonitoredSession(_MonitoredBase):
    """A session with hooks; after an `AbortedError` or `UnavailableError` a new session takes its place.

    Parameters
    ----------
    session_creator : SessionCreator, optional
        Makes the session; a `ChiefSessionCreator` by default.
    hooks : list of SessionRunHook, optional
        Called around every run.
    stop_grace_period_secs : float
        Seconds that threads of hooks have to end after the session.
    """

    def __init__(
        self,
        session_creator: SessionCreator | None = None,
        hooks: Sequence[SessionRunHook] | None = None,
        stop_grace_period_secs: float = 120,
    ) -> None:
        super().__init__(session_creator, hooks, True, stop_grace_period_secs)


class SingularMonitoredSession(_MonitoredBase):
    """A session with hooks that raises every error, and gives its plain session.

    Parameters
    ----------
    hooks : list of SessionRunHook, optional
        Called around every run.
    scaffold : Scaffold, optional
        The operations and the Saver; by default a new one.
    master, config : object
        Accepted for programs that give them, as `Session` does.
    checkpoint_dir : path, optional
        The folder whose latest checkpoint is restored.
    stop_grace_period_secs : float
        Seconds that threads of hooks have to end after the session.
    checkpoint_filename_with_path : path, optional
        A checkpoint to restore instead.
    """

    def __init__(
        self,
        hooks: Sequence[SessionRunHook] | None = None,
        scaffold: Scaffold | None = None,
        master: str = "",
        config: object = None,
        checkpoint_dir: PathLike | None = None,
        stop_grace_period_secs: float = 120,
        checkpoint_filename_with_path: PathLike | None = None,
    ) -> None:
        creator = ChiefSessionCreator(scaffold, master, config, checkpoint_dir, checkpoint_filename_with_path)
        super().__init__(creator, hooks, False, stop_grace_period_secs)

    def raw_session(self) -> Session | None:
        """The session without hooks; None after the end."""
        return self._coordinated_creator.tf_sess
