"""Queue runners: threads that fill a queue while a program trains."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from hdfsaver import errors
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.default_graph_functions import add_to_collection
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.graph_keys import GraphKeys
from hdfsaver.graph.operation import Operation
from hdfsaver.messages import message_classes
from hdfsaver.ops.queue_objects import step_back
from hdfsaver.queues.graph_queues import QueueBase
from hdfsaver.session.session import Session, get_default_session
from hdfsaver.training import tf_logging


class SupportsStop(Protocol):
    """A Coordinator, as the threads use it."""

    def should_stop(self) -> bool:
        """Whether the threads are to end."""

    def request_stop(self, ex: BaseException | None = None) -> None:
        """Ask all threads to end, with the error of one."""

    def wait_for_stop(self, timeout: float | None = None) -> bool:
        """Wait until the threads are to end."""

    def register_thread(self, thread: threading.Thread) -> None:
        """Take a thread to those that are waited for."""


class QueueRunner:
    """The operations that fill a queue, each of which a thread runs again and again.

    Parameters
    ----------
    queue : QueueBase, optional
        The queue, which is closed when the threads end.
    enqueue_ops : list of Operation, optional
        A thread for each.
    close_op, cancel_op : Operation, optional
        Those that close the queue, without and with an end to what waits for space; made where they are not given.
    queue_closed_exception_types : tuple of class, optional
        Errors that mean the end of the input; `OutOfRangeError` by default.
    queue_runner_def : QueueRunnerDef, optional
        A message that says all this, in place of the other arguments.
    import_scope : str, optional
        A scope before the names in the message.

    Raises
    ------
    ValueError
        A message is given beside other arguments, or there is no queue or no operation.
    """

    def __init__(
        self,
        queue: QueueBase | None = None,
        enqueue_ops: Sequence[Operation] | None = None,
        close_op: Operation | None = None,
        cancel_op: Operation | None = None,
        queue_closed_exception_types: tuple[type[errors.OpError], ...] | None = None,
        queue_runner_def: message_classes.QueueRunnerDef | None = None,
        import_scope: str | None = None,
    ) -> None:
        self._closed_types: tuple[type[errors.OpError], ...]
        if queue_runner_def is not None:
            if queue is not None or enqueue_ops is not None:
                raise ValueError("queue_runner_def and queue are mutually exclusive.")
            self._read(queue_runner_def, import_scope)
        else:
            if queue is None or not enqueue_ops:
                raise ValueError("Must provide queue and enqueue_ops.")
            self._queue: Any = queue
            self._enqueue_ops: list[Any] = list(enqueue_ops)
            self._close_op: Any = close_op
            self._cancel_op: Any = cancel_op
            self._closed_types = _checked_types(queue_closed_exception_types)
            if self._close_op is None:
                self._close_op = queue.close()
            if self._cancel_op is None:
                self._cancel_op = queue.close(cancel_pending_enqueues=True)
        self._lock = threading.Lock()
        self._runs_by_session: weakref.WeakKeyDictionary[Session, int] = weakref.WeakKeyDictionary()
        self._exceptions_raised: list[BaseException] = []

    def _read(self, definition: message_classes.QueueRunnerDef, scope: str | None) -> None:
        graph = get_default_graph()

        def found(name: str) -> Any:
            return graph.as_graph_element(f"{scope}/{name}" if scope else name)

        self._queue = found(definition.queue_name)
        self._enqueue_ops = [found(name) for name in definition.enqueue_op_name]
        self._close_op = found(definition.close_op_name)
        self._cancel_op = found(definition.cancel_op_name)
        types = tuple(errors.exception_type_from_error_code(code) for code in definition.queue_closed_exception_types)
        self._closed_types = types or (errors.OutOfRangeError,)

    @property
    def queue(self) -> Any:
        """The queue; of an imported runner, its handle."""
        return self._queue

    @property
    def enqueue_ops(self) -> list[Any]:
        """The operations that the threads run."""
        return self._enqueue_ops

    @property
    def close_op(self) -> Any:
        """The operation that closes the queue."""
        return self._close_op

    @property
    def cancel_op(self) -> Any:
        """The operation that closes the queue and ends what waits for space."""
        return self._cancel_op

    @property
    def queue_closed_exception_types(self) -> tuple[type[errors.OpError], ...]:
        """The errors that mean the end of the input."""
        return self._closed_types

    @property
    def exceptions_raised(self) -> list[BaseException]:
        """The errors of the threads, where there is no Coordinator."""
        return self._exceptions_raised

    @property
    def name(self) -> str:
        """The name of the queue."""
        name: str = self._queue.name
        return name

    @property
    def graph(self) -> Graph:
        """The graph of the operations."""
        graph: Graph = self._close_op.graph
        return graph

    def _run(self, sess: Session, enqueue_op: Any, coord: SupportsStop | None = None) -> None:
        """Run an operation until the input has ended, the queue was closed or the Coordinator stops."""
        decremented = False
        step_back()
        try:
            enqueue = sess.make_callable(enqueue_op)
            while not (coord is not None and coord.should_stop()):
                try:
                    enqueue()
                except self._closed_types:
                    decremented = True
                    self._end_of_input(sess)
                    return
        except Exception as error:
            if coord is not None:
                coord.request_stop(error)
            else:
                tf_logging.error("Exception in QueueRunner: %s", error)
                with self._lock:
                    self._exceptions_raised.append(error)
                raise
        finally:
            if not decremented:
                with self._lock:
                    self._runs_by_session[sess] -= 1

    def _end_of_input(self, sess: Session) -> None:
        """The last thread that sees the end closes the queue."""
        with self._lock:
            self._runs_by_session[sess] -= 1
            if self._runs_by_session[sess]:
                return
            try:
                sess.run(self._close_op)
            except Exception as error:  # noqa: BLE001, as TensorFlow does
                tf_logging.info("Ignored exception: %s", error)

    def _close_on_stop(self, sess: Session, cancel_op: Any, coord: SupportsStop) -> None:
        """Close the queue as soon as the Coordinator stops."""
        coord.wait_for_stop()
        try:
            sess.run(cancel_op)
        except Exception as error:  # noqa: BLE001, as TensorFlow does
            tf_logging.info("Ignored exception: %s", error)

    def create_threads(
        self, sess: Session, coord: SupportsStop | None = None, daemon: bool = False, start: bool = False
    ) -> list[threading.Thread]:
        """Threads that run the operations in a session.

        Parameters
        ----------
        sess : Session
        coord : Coordinator, optional
            It stops the threads, and is told their errors. Without it they are in `exceptions_raised`.
        daemon : bool
            Whether the process may end before the threads.
        start : bool
            Whether to start them.

        Returns
        -------
        list of threading.Thread
            Empty where threads of this runner run in the session already.
        """
        with self._lock:
            if self._runs_by_session.get(sess, 0) > 0:
                return []
            self._runs_by_session[sess] = len(self._enqueue_ops)
            self._exceptions_raised = []
        title = f"QueueRunnerThread-{self.name}"
        found = [
            threading.Thread(
                target=self._run, args=(sess, each, coord), name=f"QueueRunnerThread-{self.name}-{each.name}"
            )
            for each in self._enqueue_ops
        ]
        if coord is not None:
            given = (sess, self._cancel_op, coord)
            found.append(threading.Thread(target=self._close_on_stop, args=given, name=f"{title}-close_on_stop"))
        for thread in found:
            if coord is not None:
                coord.register_thread(thread)
            thread.daemon = daemon
        for thread in found if start else ():
            thread.start()
        return found

    def to_proto(self, export_scope: str | None = None) -> message_classes.QueueRunnerDef | None:
        """The message that describes the runner.

        Parameters
        ----------
        export_scope : str, optional
            A scope that is left out of the names.

        Returns
        -------
        QueueRunnerDef or None
            None where the queue is not in the scope.
        """
        prefix = export_scope.rstrip("/") + "/" if export_scope else ""
        if not self.name.startswith(prefix):
            return None
        return message_classes.QueueRunnerDef(
            queue_name=self.name.removeprefix(prefix),
            enqueue_op_name=[each.name.removeprefix(prefix) for each in self._enqueue_ops],
            close_op_name=self._close_op.name.removeprefix(prefix),
            cancel_op_name=self._cancel_op.name.removeprefix(prefix),
            queue_closed_exception_types=[_code(each) for each in self._closed_types],
        )

    @staticmethod
    def from_proto(queue_runner_def: message_classes.QueueRunnerDef, import_scope: str | None = None) -> QueueRunner:
        """The runner that a message describes, of operations in the default graph."""
        return QueueRunner(queue_runner_def=queue_runner_def, import_scope=import_scope)


def _code(kind: type[errors.OpError]) -> int:
    found = errors.error_code_from_exception_type(kind)
    return found if isinstance(found, int) else errors.UNKNOWN


def _checked_types(given: Any) -> tuple[type[errors.OpError], ...]:
    if given is None:
        return (errors.OutOfRangeError,)
    if not isinstance(given, tuple) or not all(
        isinstance(each, type) and issubclass(each, Exception) for each in given
    ):
        raise TypeError(
            f"queue_closed_exception_types, when provided, must be a tuple of tf.error types, but saw: {given}"
        )
    return tuple(given)


def add_queue_runner(qr: QueueRunner, collection: str = GraphKeys.QUEUE_RUNNERS) -> None:
    """List a queue runner in a collection, from which `start_queue_runners` starts it."""
    add_to_collection(collection, qr)


def start_queue_runners(
    sess: Session | None = None,
    coord: SupportsStop | None = None,
    daemon: bool = True,
    start: bool = True,
    collection: str = GraphKeys.QUEUE_RUNNERS,
) -> list[threading.Thread]:
    """Start the threads of all queue runners of a graph.

    Parameters
    ----------
    sess : Session, optional
        The default session by default.
    coord : Coordinator, optional
        It stops the threads, and is told their errors.
    daemon : bool
        Whether the process may end before the threads.
    start : bool
        Whether to start them, and not just to make them.
    collection : str
        That of the queue runners.

    Returns
    -------
    list of threading.Thread

    Raises
    ------
    ValueError
        There is no default session.
    TypeError
        ``sess`` is not a session.
    """
    if sess is None:
        sess = get_default_session()
        if sess is None:
            raise ValueError(
                "Cannot start queue runners: No default session is registered. Use `with sess.as_default()` or pass an "
                "explicit session to tf.start_queue_runners(sess=sess)"
            )
    if not isinstance(sess, Session):
        if not hasattr(sess, "run"):  # a MonitoredSession has started them already
            raise TypeError(f"sess must be a `tf.Session` object. Given class: {type(sess)}")
        return []
    return started(sess.graph.get_collection(collection), sess, coord, daemon, start)


def started(
    runners: Iterable[Any], sess: Session, coord: SupportsStop | None, daemon: bool = True, start: bool = True
) -> list[threading.Thread]:
    """The threads of some queue runners.

    Parameters
    ----------
    runners : iterable
        Objects with ``create_threads``.
    sess : Session
    coord : Coordinator or None
        It stops the threads, and is told their errors.
    daemon : bool
        Whether the process may end before the threads.
    start : bool
        Whether to start them, and not just to make them.

    Returns
    -------
    list of threading.Thread

    Raises
    ------
    UnimplementedError
        An object has no threads.
    """
    found = list(runners)
    for runner in found:
        if not hasattr(runner, "create_threads"):
            raise errors.UnimplementedError(
                None,
                None,
                f"A queue runner ({type(runner).__name__}) cannot be started: it has no create_threads. Remove it from "
                "the collection.",
            )
    return [thread for runner in found for thread in runner.create_threads(sess, coord, daemon=daemon, start=start)]
