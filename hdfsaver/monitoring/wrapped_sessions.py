"""The layers of a monitored session: one with hooks, one that hears of threads' errors, one that recovers.

Each wraps the one below it, and runs what that runs: `RecoverableSession` over `CoordinatedSession` over
`HookedSession` over `Session`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from hdfsaver.errors import AbortedError, UnavailableError
from hdfsaver.graph.graph import Graph
from hdfsaver.messages import message_classes
from hdfsaver.monitoring.coordinator import Coordinator
from hdfsaver.monitoring.session_run_hook import SessionRunArgs, SessionRunContext, SessionRunHook, SessionRunValues
from hdfsaver.session import Session
from hdfsaver.session.session_options import merge_run_options
from hdfsaver.training import tf_logging as log

_T = TypeVar("_T")

TEMPORARY = (AbortedError, UnavailableError)
"""Errors after which a new session may succeed."""


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


class MakesSessions(Protocol):
    """An object that makes sessions, wrapped or not."""

    def create_session(self) -> Any:
        """A new session."""


class WrappedSession:
    """A session over another one.

    Parameters
    ----------
    sess : Session or WrappedSession
        The session that runs.
    """

    def __init__(self, sess: Any) -> None:
        self._sess = sess

    @property
    def graph(self) -> Graph:
        """The graph of the session."""
        found: Graph = self._sess.graph
        return found

    @property
    def sess_str(self) -> bytes | None:
        """The target of the session."""
        found: bytes | None = self._sess.sess_str
        return found

    def should_stop(self) -> bool:
        """Whether the session is not to be used any more: it is closed, or a layer has been asked to stop."""
        if self._check_stop() or self._sess is None:
            return True
        return isinstance(self._sess, WrappedSession) and self._sess.should_stop()

    def _check_stop(self) -> bool:
        """Whether this layer has a reason to stop."""
        return False

    def close(self) -> None:
        """Close the session; one that is gone already does not matter."""
        sess, self._sess = self._sess, None
        if sess is None:
            return
        try:
            sess.close()
        except TEMPORARY as error:
            log.error("The session could not be closed: %s", error)

    def run(
        self,
        fetches: Any,
        feed_dict: Mapping[Any, Any] | None = None,
        options: object = None,
        run_metadata: object = None,
    ) -> Any:
        """Run as `Session.run` does.

        Parameters
        ----------
        fetches : Tensor, Operation, Variable, str, or nested lists, tuples and dicts of them
            As for `Session.run`.
        feed_dict : dict, optional
            As for `Session.run`.
        options, run_metadata : object
            As for `Session.run`.

        Returns
        -------
        object
            The fetched values in the structure of ``fetches``.

        Raises
        ------
        OpError
            An operation failed, as in `Session.run`.
        """
        return self._sess.run(fetches, feed_dict=feed_dict, options=options, run_metadata=run_metadata)

    def run_step_fn(self, step_fn: Callable[[StepContext], _T], raw_session: Callable[[], Session]) -> _T:
        """Call a function that may run several things, with hooks by this layer, or without by ``raw_session()``."""
        return step_fn(StepContext(raw_session(), self.run))


class HookedSession(WrappedSession):
    """A session that calls hooks around every run.

    Parameters
    ----------
    sess : Session or WrappedSession
        The session that runs.
    hooks : list of SessionRunHook
        They are called in this order.
    """

    def __init__(self, sess: Any, hooks: Sequence[SessionRunHook]) -> None:
        super().__init__(sess)
        self._hooks = hooks
        self._should_stop = False

    def _check_stop(self) -> bool:
        return self._should_stop

    def run(
        self,
        fetches: Any,
        feed_dict: Mapping[Any, Any] | None = None,
        options: Any = None,
        run_metadata: Any = None,
    ) -> Any:
        """Run, with the fetches, feeds and options of the hooks; see `WrappedSession.run`.

        Parameters
        ----------
        fetches, feed_dict, options, run_metadata : object
            As for `Session.run`. Hooks are given the options and the metadata of the run, also where these are None.

        Returns
        -------
        object
            The values of ``fetches``.

        Raises
        ------
        RuntimeError
            A hook has asked to stop, or a tensor is fed twice.
        """
        if self.should_stop():
            raise RuntimeError("Run called even after should_stop requested.")
        context = SessionRunContext(SessionRunArgs(fetches, feed_dict, options), self._sess)
        wanted, feeds, options = self._before(context, feed_dict, options)
        if run_metadata is None and options is not None:
            run_metadata = message_classes.RunMetadata()
        values = super().run({"caller": fetches, "hooks": wanted}, feeds, options, run_metadata)
        if options is None:  # messages are made after the run, which is faster without them
            options = message_classes.RunOptions()
        if run_metadata is None:
            run_metadata = message_classes.RunMetadata()
        for place, hook in enumerate(self._hooks):
            hook.after_run(context, SessionRunValues(values["hooks"].get(place), options, run_metadata))
        self._should_stop = self._should_stop or context.stop_requested
        return values["caller"]

    def _before(
        self, context: SessionRunContext, feed_dict: Mapping[Any, Any] | None, options: Any
    ) -> tuple[dict[int, Any], Mapping[Any, Any] | None, Any]:
        """The fetches of the hooks, by their places, all feeds, and the options of all, if there are any."""
        wanted: dict[int, Any] = {}
        of_hooks: dict[Any, Any] = {}
        for place, hook in enumerate(self._hooks):
            request = hook.before_run(context)
            if request is None:
                continue
            if request.fetches is not None:
                wanted[place] = request.fetches
            if request.options is not None:
                options = merge_run_options(options or message_classes.RunOptions(), request.options)
            for key, value in (request.feed_dict or {}).items():
                if key in of_hooks:
                    raise RuntimeError(f"Same tensor is fed by two hooks: {key}.")
                if feed_dict and key in feed_dict:
                    raise RuntimeError(f"Same tensor is fed by a SessionRunHook and user: {key}.")
                of_hooks[key] = value
        return wanted, {**(feed_dict or {}), **of_hooks} if of_hooks else feed_dict, options


class CoordinatedSession(WrappedSession):
    """A session that stops when a Coordinator is asked to, and raises the error that a thread reported there.

    Parameters
    ----------
    sess : Session or WrappedSession
        The session that runs.
    coord : Coordinator
        Hears of the errors of threads; its threads end when the session is closed.
    stop_grace_period_secs : float
        Seconds that the threads have to end.
    """

    def __init__(self, sess: Any, coord: Coordinator, stop_grace_period_secs: float = 120) -> None:
        super().__init__(sess)
        self._coord = coord
        self._grace = stop_grace_period_secs

    def _check_stop(self) -> bool:
        """Whether the Coordinator was asked to stop; an error that was reported there is raised."""
        self._coord.raise_requested_exception()
        return self._coord.should_stop()

    def close(self) -> None:
        """End the threads, raise the error of one of them, and close the session."""
        self._coord.request_stop()
        try:
            self._coord.join(stop_grace_period_secs=self._grace, ignore_live_threads=True)
        finally:
            super().close()

    def run(
        self,
        fetches: Any,
        feed_dict: Mapping[Any, Any] | None = None,
        options: object = None,
        run_metadata: object = None,
    ) -> Any:
        """Run; an error that may only follow from a temporary one in a thread is replaced by that one.

        Parameters
        ----------
        fetches, feed_dict, options, run_metadata : object
            As for `Session.run`.

        Returns
        -------
        object
            The values of ``fetches``.

        Raises
        ------
        OpError
            An operation failed, or a thread reported a temporary error.
        """
        try:
            return super().run(fetches, feed_dict, options, run_metadata)
        except TEMPORARY:
            raise
        except Exception:
            try:
                self._coord.raise_requested_exception()
            except TEMPORARY:
                raise
            except Exception as reported:  # noqa: BLE001, `close` raises it
                log.info("A thread has failed too: %s", reported)
            raise


class RecoverableSession(WrappedSession):
    """A session that is replaced by a new one after a temporary error.

    Parameters
    ----------
    session_creator : SessionCreator
        Makes the sessions.
    """

    def __init__(self, session_creator: MakesSessions) -> None:
        self._creator = session_creator
        super().__init__(self._create())

    def _create(self) -> Any:
        while True:
            try:
                return self._creator.create_session()
            except TEMPORARY as error:
                log.info("An error was raised while a session was being created, and a new one is made: %s", error)

    def _check_stop(self) -> bool:
        """Whether the layer below has a reason to stop; a temporary error gives a new session, which has none."""
        if self._sess is None:
            return True
        try:
            return bool(self._sess._check_stop())
        except TEMPORARY as error:
            self._replace(error)
            return False
        except Exception as error:  # noqa: BLE001, `close` raises it
            log.info("The session stops after an error: %s", error)
            return True

    def _replace(self, error: Exception) -> None:
        log.info("An error was raised, and a new session is made: %s", error)
        self.close()
        self._sess = self._create()

    def run(
        self,
        fetches: Any,
        feed_dict: Mapping[Any, Any] | None = None,
        options: object = None,
        run_metadata: object = None,
    ) -> Any:
        """Run, if need be in a new session; see `WrappedSession.run`.

        Parameters
        ----------
        fetches, feed_dict, options, run_metadata : object
            As for `Session.run`.

        Returns
        -------
        object
            The values of ``fetches``.

        Raises
        ------
        OpError
            An operation failed with an error that is not temporary.
        """
        return self._until_it_lasts(lambda sess: sess.run(fetches, feed_dict, options, run_metadata))

    def run_step_fn(self, step_fn: Callable[[StepContext], _T], raw_session: Callable[[], Session]) -> _T:
        """Call a function, again in a new session after a temporary error."""
        result: _T = self._until_it_lasts(lambda sess: sess.run_step_fn(step_fn, raw_session))
        return result

    def _until_it_lasts(self, call: Callable[[Any], Any]) -> Any:
        while True:
            try:
                return call(self._sess)
            except TEMPORARY as error:
                self._replace(error)
