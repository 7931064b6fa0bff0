"""Sessions with hooks around every run, which stop when a hook asks for it and recover from temporary errors."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

from hdfsaver.errors import AbortedError, OutOfRangeError, UnavailableError
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.graph import Graph
from hdfsaver.monitoring.coordinator import Coordinator
from hdfsaver.monitoring.scaffold import Scaffold
from hdfsaver.monitoring.session_creators import ChiefSessionCreator, SessionCreator
from hdfsaver.monitoring.session_run_hook import SessionRunArgs, SessionRunContext, SessionRunHook, SessionRunValues
from hdfsaver.reading.checkpoint_names import PathLike
from hdfsaver.session import Session
from hdfsaver.training import tf_logging as log

_T = TypeVar("_T")

TEMPORARY = (AbortedError, UnavailableError)
"""Errors after which a new session may succeed."""

ENDS = (OutOfRangeError, StopIteration)
"""Exceptions that end a training without an error."""


class _Hooked:
    """A session with its hooks."""

    def __init__(self, session: Session, hooks: Sequence[SessionRunHook]) -> None:
        self.session = session
        self.coord = Coordinator(clean_stop_exception_types=())
        self._hooks = hooks
        for hook in hooks:
            hook.after_create_session(session, self.coord)

    def run(self, fetches: Any, feed_dict: Mapping[Any, Any] | None, options: object, run_metadata: object) -> Any:
        """Run, with the fetches and feeds of the hooks."""
        if self.coord.should_stop():
            raise RuntimeError("Run called even after should_stop requested.")
        context = SessionRunContext(SessionRunArgs(fetches, feed_dict, options), self.session)
        wanted, feeds = self._before(context, feed_dict)
        values = self.session.run(
            {"caller": fetches, "hooks": wanted}, feed_dict=feeds, options=options, run_metadata=run_metadata
        )
        for place, hook in enumerate(self._hooks):
            hook.after_run(context, SessionRunValues(values["hooks"].get(place), options, run_metadata))
        if context.stop_requested:
            self.coord.request_stop()
        return values["caller"]

    def _before(
        self, context: SessionRunContext, feed_dict: Mapping[Any, Any] | None
    ) -> tuple[dict[int, Any], dict[Any, Any]]:
        wanted: dict[int, Any] = {}
        of_hooks: dict[Any, Any] = {}
        given = dict(feed_dict or {})
        for place, hook in enumerate(self._hooks):
            request = hook.before_run(context)
            if request is None:
                continue
            if request.fetches is not None:
                wanted[place] = request.fetches
            for key, value in (request.feed_dict or {}).items():
                if key in of_hooks:
                    raise RuntimeError(f"Same tensor is fed by two hooks: {key}.")
                if key in given:
                    raise RuntimeError(f"Same tensor is fed by a SessionRunHook and user: {key}.")
                of_hooks[key] = value
        return wanted, {**given, **of_hooks}


class StepContext:
    """The argument of a step function: the session without hooks, and ways to run with hooks or to stop.

    Attributes
    ----------
    session : Session
        The session without hooks.
    """

    def __init__(self, session: Session, run_with_hooks: Callable[..., Any]) -> None:
        self._session = session
        self._run_with_hooks = run_with_hooks

    @property
    def session(self) -> Session:
        """The session without hooks."""
        return self._session

    def run_with_hooks(self, *args: Any, **kwargs: Any) -> Any:
        """Run with hooks, as `MonitoredSession.run`."""
        return self._run_with_hooks(*args, **kwargs)

    def request_stop(self) -> None:
        """End the training, by raising `StopIteration`."""
        raise StopIteration("step_fn has requested the iterations to stop.")


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
        self._creator = session_creator or ChiefSessionCreator()
        self._recovers = recovers
        self._grace = stop_grace_period_secs
        self._hooked: _Hooked | None = self._create()
        self._is_closed = False

    def _create(self) -> _Hooked:
        while True:
            try:
                return _Hooked(self._creator.create_session(), self._hooks)
            except TEMPORARY as error:
                if not self._recovers:
                    raise
                log.info("An error was raised while a session was being created, and a new one is made: %s", error)

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
        return self._guarded(lambda hooked: hooked.run(fetches, feed_dict, options, run_metadata))

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
                "step_fn may either have one 'step_context' argument, or 'self' and 'step_context' arguments if it is "
                f"an instance method. Got {names} instead."
            )

        def call(hooked: _Hooked) -> _T:
            if hooked.coord.should_stop():
                raise RuntimeError("Run called even after should_stop requested.")
            return step_fn(StepContext(hooked.session, lambda *args, **kwargs: self._run_of(hooked, *args, **kwargs)))

        return self._guarded(call)

    @staticmethod
    def _run_of(
        hooked: _Hooked,
        fetches: Any,
        feed_dict: Mapping[Any, Any] | None = None,
        options: object = None,
        meta: object = None,
    ) -> Any:
        return hooked.run(fetches, feed_dict, options, meta)

    def _guarded(self, call: Callable[[_Hooked], _T]) -> _T:
        while True:
            if self._is_closed:
                raise RuntimeError("Session is already closed.")
            if self._hooked is None:
                self._hooked = self._create()
            hooked = self._hooked
            try:
                return call(hooked)
            except TEMPORARY as error:
                if not self._recovers:
                    raise
                log.info("An error was raised, and a new session is made: %s", error)
                hooked.session.close()
                self._hooked = None
            except Exception:
                # This run may have failed because a thread did.
                hooked.coord.raise_requested_exception()
                raise

    def should_stop(self) -> bool:
        """Whether a hook has asked to stop, or the session is closed."""
        return self._is_closed or (self._hooked is not None and self._hooked.coord.should_stop())

    def close(self) -> None:
        """End the hooks, which may still run something, and then the session.

        Raises
        ------
        RuntimeError
            The session is closed already.
        """
        self._close(None)

    def _close(self, kind: type[BaseException] | None) -> None:
        if self._is_closed:
            raise RuntimeError("Session is already closed.")
        try:
            if kind is None and self._hooked is not None:
                for hook in self._hooks:
                    hook.end(self._hooked.session)
        finally:
            self._end()

    def _end(self) -> None:
        self._is_closed = True
        hooked, self._hooked = self._hooked, None
        try:
            if hooked is not None:
                hooked.coord.request_stop()
                hooked.coord.join(stop_grace_period_secs=self._grace, ignore_live_threads=True)
        finally:
            if hooked is not None:
                hooked.session.close()
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
        return None if self._hooked is None else self._hooked.session
