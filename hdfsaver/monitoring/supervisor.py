"""Supervisor: TensorFlow's older class for training, with a thread that saves every few minutes."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol, TypeVar, cast

from hdfsaver.checkpoint.meta_graph_files import make_folder, write_graph
from hdfsaver.checkpoint.saver import Saver
from hdfsaver.errors import UnimplementedError
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.graph_keys import GraphKeys
from hdfsaver.graph.tensor import SupportsTensor, Tensor
from hdfsaver.monitoring.coordinator import Coordinator, ExcInfo, LooperThread
from hdfsaver.monitoring.scaffold import Runnable, Scaffold
from hdfsaver.monitoring.session_manager import SessionManager
from hdfsaver.reading.checkpoint_names import PathLike, as_prefix
from hdfsaver.session import Session
from hdfsaver.training.global_step import get_global_step
from hdfsaver.variables.variable import global_variables, global_variables_initializer, report_uninitialized_variables

_T = TypeVar("_T")

USE_DEFAULT = 0
"""The value of an argument that is not given; None means that it does not exist."""


class SupportsThreads(Protocol):
    """A queue runner, as far as a Supervisor uses it."""

    def create_threads(
        self, sess: Session, coord: Coordinator | None = None, daemon: bool = False, start: bool = False
    ) -> list[threading.Thread]:
        """Threads that work with a session.

        Parameters
        ----------
        sess : Session
        coord : Coordinator, optional
            Says when they end.
        daemon : bool
            Whether the program may end before them.
        start : bool
            Whether they are started.

        Returns
        -------
        list of threading.Thread
        """
        ...


class Supervisor:
    """Prepares a session and saves its checkpoints.

    Parameters
    ----------
    graph : Graph, optional
        The default graph where none is given; it is finalized.
    ready_op, ready_for_local_init_op, init_op, local_init_op : optional
        As for `Scaffold`; None to run nothing, 0 for those of the collections or new ones.
    is_chief : bool
        With False the session is only waited for.
    init_feed_dict : dict, optional
        The feeds of ``init_op``.
    logdir : path, optional
        The folder where checkpoints are saved and restored; it is made where it is missing. None or "" saves nothing.
    summary_op, save_summaries_secs, summary_writer : object
        Accepted for programs that give them; there are no summaries.
    saver : Saver, optional
        None for none, 0 for that of the collection ``SAVERS`` or a new one.
    global_step : Tensor, optional
        The step in the names of checkpoints; None for none, 0 for that of the graph.
    save_model_secs : float
        Seconds between two checkpoints; 0 saves none.
    recovery_wait_secs : float
        Seconds between two tries to find a checkpoint, or a model that is ready.
    stop_grace_secs : float
        Seconds that threads have to end after a request to stop.
    checkpoint_basename : str
        The file name of the prefix, without the step.
    session_manager : SessionManager, optional
        Makes the sessions; by default a new one.
    init_fn : callable, optional
        Called with the session after ``init_op``.
    local_init_run_options : RunOptions, optional
        The options of the run of ``local_init_op``.

    Raises
    ------
    RuntimeError
        A collection has several items where one is needed, or an operation has to be made but the graph is finalized.
    ValueError
        This is not the chief, and a variable has no device.
    """

    USE_DEFAULT = USE_DEFAULT

    def __init__(
        self,
        graph: Graph | None = None,
        ready_op: Tensor | int | None = USE_DEFAULT,
        ready_for_local_init_op: Tensor | int | None = USE_DEFAULT,
        is_chief: bool = True,
        init_op: Runnable | int | None = USE_DEFAULT,
        init_feed_dict: Mapping[Any, Any] | None = None,
        local_init_op: Runnable | int | None = USE_DEFAULT,
        logdir: PathLike | None = None,
        summary_op: object = USE_DEFAULT,
        saver: Saver | int | None = USE_DEFAULT,
        global_step: SupportsTensor | int | None = USE_DEFAULT,
        save_summaries_secs: float = 120,
        save_model_secs: float = 600,
        recovery_wait_secs: float = 30,
        stop_grace_secs: float = 120,
        checkpoint_basename: str = "model.ckpt",
        session_manager: SessionManager | None = None,
        summary_writer: object = USE_DEFAULT,
        init_fn: Callable[[Session], object] | None = None,
        local_init_run_options: object = None,
    ) -> None:
        self._graph = get_default_graph() if graph is None else graph
        self._folder = as_prefix(logdir) if logdir else None
        self._basename = checkpoint_basename
        with self._graph.as_default():
            self.ready_op = _given(ready_op, _ready_op)
            self.ready_for_local_init_op = _given(ready_for_local_init_op, _ready_for_local_init_op)
            self.init_op = _given_op(init_op, _init_op)
            self.local_init_op = _given_op(local_init_op, _local_init_op)
            self.saver = _given(saver, _saver)
            self.global_step = _given(global_step, get_global_step)
        self.init_feed_dict = init_feed_dict
        self.is_chief = is_chief
        self.save_model_secs = save_model_secs
        self.save_summaries_secs = save_summaries_secs
        self.summary_op = None if summary_op is USE_DEFAULT else summary_op
        self.summary_writer = None if summary_writer is USE_DEFAULT else summary_writer
        self._init_fn = init_fn
        self._grace = stop_grace_secs
        self.coord = Coordinator()
        needs_ready = self.ready_for_local_init_op if self.local_init_op is not None else None
        self.session_manager = session_manager or SessionManager(
            local_init_op=self.local_init_op,
            ready_op=self.ready_op,
            ready_for_local_init_op=needs_ready,
            graph=self._graph,
            recovery_wait_secs=recovery_wait_secs,
            local_init_run_options=local_init_run_options,
        )
        if not is_chief:
            self._check_devices()
        self._graph.finalize()

    def _check_devices(self) -> None:
        """Check that each variable has a device: several replicas would have one each otherwise."""
        for operation in self._graph.get_operations():
            if operation.type in ("Variable", "VariableV2") and not operation.device:
                raise ValueError(
                    f"When using replicas, all Variables must have their device set: {operation.name!r} has none. "
                    "Make it in a `with tf.device(...)` block."
                )

    @property
    def save_path(self) -> str | None:
        """The prefix of the checkpoints, without a step."""
        return None if self._folder is None else os.path.join(self._folder, self._basename)

    def prepare_or_wait_for_session(
        self,
        master: str = "",
        config: object = None,
        wait_for_checkpoint: bool = False,
        max_wait_secs: float = 7200,
        start_standard_services: bool = True,
    ) -> Session:
        """A session that is ready; see `SessionManager.prepare_session` and `SessionManager.wait_for_session`.

        Parameters
        ----------
        master, config : object
            Accepted for programs that give them, as `Session` does.
        wait_for_checkpoint : bool
            Wait for a checkpoint in the folder.
        max_wait_secs : float
            Seconds to wait at most.
        start_standard_services : bool
            Start the thread that saves, where there is a folder.

        Returns
        -------
        Session
            The session.

        Raises
        ------
        RuntimeError
            There is no checkpoint and nothing to initialize with, or the model is not ready after that.
        ValueError
            The latest checkpoint is missing.
        DeadlineExceededError
            Not the chief, and the model is not ready in time.
        OpError
            The checkpoint cannot be restored; see `Saver.restore`.
        """
        self.coord.clear_stop()
        if not self.is_chief:
            return self.session_manager.wait_for_session(master, config=config, max_wait_secs=max_wait_secs)
        sess = self.session_manager.prepare_session(
            master,
            init_op=self.init_op,
            saver=self.saver,
            checkpoint_dir=self._folder,
            wait_for_checkpoint=wait_for_checkpoint,
            max_wait_secs=max_wait_secs,
            config=config,
            init_feed_dict=self.init_feed_dict,
            init_fn=self._init_fn,
        )
        if self._folder is not None:
            make_folder(self._folder)
            write_graph(self._graph, self._folder, "graph.pbtxt")
            if start_standard_services:
                self.start_standard_services(sess)
        return sess

    def start_standard_services(self, sess: Session) -> list[LooperThread]:
        """Start the thread that saves; gives the threads that were started.

        Raises
        ------
        RuntimeError
            This is not the chief, or there is no folder to save to.
        """
        if not self.is_chief:
            raise RuntimeError("Only chief supervisor can start standard services. Because only it can write events.")
        if self.save_path is None:
            raise RuntimeError("There is no logdir to save checkpoints to; give one to Supervisor.")
        if self.saver is None or not self.save_model_secs:
            return []
        return [self.loop(self.save_model_secs, self._save, (sess, self.save_path))]

    def _save(self, sess: Session, path: str) -> None:
        if self.saver is not None:
            self.saver.save(sess, path, global_step=self.global_step)

    @contextmanager
    def managed_session(
        self,
        master: str = "",
        config: object = None,
        start_standard_services: bool = True,
        close_summary_writer: bool = True,
    ) -> Iterator[Session]:
        """A session that is ready, with the thread that saves, until the end of a ``with`` block.

        Parameters
        ----------
        master, config : object
            Accepted for programs that give them, as `Session` does.
        start_standard_services : bool
            Start the thread that saves, where there is a folder.
        close_summary_writer : bool
            Accepted for programs that give it; there are no summaries.

        Yields
        ------
        Session
            The session. An exception in the block stops the threads, and is raised after it; `OutOfRangeError`
            only stops them.

        Raises
        ------
        RuntimeError
            There is no checkpoint and nothing to initialize with, the model is not ready after that, or a thread does
            not end in time.
        DeadlineExceededError
            Not the chief, and the model is not ready in time.
        OpError
            The checkpoint cannot be restored; see `Saver.restore`.
        """
        sess = self.prepare_or_wait_for_session(master, config, start_standard_services=start_standard_services)
        try:
            yield sess
        except Exception as error:  # noqa: BLE001, the Coordinator raises it when the threads have ended
            self.request_stop(error)
        finally:
            try:
                self.stop(close_summary_writer=close_summary_writer)
            finally:
                sess.close()

    def stop(
        self,
        threads: Iterable[threading.Thread] | None = None,
        close_summary_writer: bool = True,
        ignore_live_threads: bool = False,
    ) -> None:
        """Stop the threads, and raise the exception with which one of them stopped.

        Parameters
        ----------
        threads : iterable of Thread, optional
            Threads beside those that were started here.
        close_summary_writer : bool
            Accepted for programs that give it; there are no summaries.
        ignore_live_threads : bool
            Raise nothing where a thread does not end in time.

        Raises
        ------
        RuntimeError
            A thread does not end in time.
        BaseException
            The exception with which a thread stopped.
        """
        self.coord.request_stop()
        self.coord.join(threads, self._grace, ignore_live_threads)

    def request_stop(self, ex: BaseException | ExcInfo | None = None) -> None:
        """See `Coordinator.request_stop`."""
        self.coord.request_stop(ex)

    def should_stop(self) -> bool:
        """Whether a thread has asked to stop."""
        return self.coord.should_stop()

    def stop_on_exception(self) -> AbstractContextManager[None]:
        """See `Coordinator.stop_on_exception`."""
        return self.coord.stop_on_exception()

    def wait_for_stop(self) -> None:
        """Wait until a thread asks to stop."""
        self.coord.wait_for_stop()

    def loop(
        self,
        timer_interval_secs: float | None,
        target: Callable[..., object],
        args: tuple[Any, ...] | None = None,
        kwargs: dict[str, Any] | None = None,
    ) -> LooperThread:
        """Start a thread that calls a function again and again, until it is to stop.

        Parameters
        ----------
        timer_interval_secs : float or None
            Seconds from one call to the next; None calls without a pause.
        target : callable
            The function.
        args : tuple, optional
            Its positional arguments.
        kwargs : dict, optional
            Its keyword arguments.

        Returns
        -------
        LooperThread
            The thread, which runs.
        """
        return LooperThread.loop(self.coord, timer_interval_secs, target, args, kwargs)

    def start_queue_runners(
        self, sess: Session, queue_runners: Iterable[SupportsThreads] | None = None
    ) -> list[threading.Thread]:
        """Start the threads of queue runners, which end when the Supervisor is stopped.

        Parameters
        ----------
        sess : Session
            Their session.
        queue_runners : iterable, optional
            Objects with ``create_threads`` of TensorFlow's queue runners; those of the graph's collection
            ``QUEUE_RUNNERS`` where none are given.

        Returns
        -------
        list of threading.Thread
            The threads.

        Raises
        ------
        UnimplementedError
            An object has no threads, as the queue runners of an imported graph.
        """
        if queue_runners is None:
            queue_runners = self._graph.get_collection(GraphKeys.QUEUE_RUNNERS)
        found = list(queue_runners)
        for runner in found:
            if not hasattr(runner, "create_threads"):
                raise UnimplementedError(
                    None,
                    None,
                    f"There are no queues in hdfsaver, so that a queue runner ({type(runner).__name__}) cannot be "
                    "started. Feed the tensors that the queue gives.",
                )
        return [
            thread
            for runner in found
            for thread in runner.create_threads(sess, coord=self.coord, daemon=True, start=True)
        ]

    # TensorFlow's older spellings.
    PrepareSession = prepare_or_wait_for_session
    StartStandardServices = start_standard_services
    Stop = stop
    RequestStop = request_stop
    ShouldStop = should_stop
    StopOnException = stop_on_exception
    WaitForStop = wait_for_stop
    Loop = loop
    StartQueueRunners = start_queue_runners


def _given(value: _T | int | None, default: Callable[[], _T | None]) -> _T | None:
    return default() if value is USE_DEFAULT else cast("_T | None", value)


def _given_op(value: Runnable | int | None, default: Callable[[], Runnable]) -> Runnable | None:
    return default() if value is USE_DEFAULT else cast("Runnable | None", value)


def _ready_op() -> Tensor:
    return Scaffold.get_or_default("ready_op", GraphKeys.READY_OP, report_uninitialized_variables)


def _init_op() -> Runnable:
    return Scaffold.get_or_default("init_op", GraphKeys.INIT_OP, global_variables_initializer)


def _local_init_op() -> Runnable:
    return Scaffold.get_or_default("local_init_op", GraphKeys.LOCAL_INIT_OP, Scaffold.default_local_init_op)


def _ready_for_local_init_op() -> Tensor:
    return Scaffold.get_or_default(
        "ready_for_local_init_op",
        GraphKeys.READY_FOR_LOCAL_INIT_OP,
        lambda: report_uninitialized_variables(global_variables()),
    )


def _saver() -> Saver | None:
    return Scaffold.get_or_default("saver", GraphKeys.SAVERS, lambda: Saver() if global_variables() else None)
