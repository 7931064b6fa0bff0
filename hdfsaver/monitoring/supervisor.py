"""Supervisor: TensorFlow's older class for training, with a thread that saves every few minutes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol, TypeVar, cast

from hdfsaver.checkpoint.meta_graph_files import make_folder, write_graph
from hdfsaver.checkpoint.meta_graph_messages import create_meta_graph_def
from hdfsaver.checkpoint.saver import Saver
from hdfsaver.files.remote.names import beside
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.graph_keys import GraphKeys
from hdfsaver.graph.tensor import SupportsTensor, Tensor
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.messages import message_classes
from hdfsaver.monitoring.coordinator import Coordinator, ExcInfo, LooperThread
from hdfsaver.monitoring.scaffold import Runnable, Scaffold
from hdfsaver.monitoring.session_manager import SessionManager
from hdfsaver.monitoring.summary_hook import file_writer
from hdfsaver.ops.summary_ops import merge_all
from hdfsaver.queues.queue_runner import started
from hdfsaver.reading.checkpoint_names import PathLike, as_target
from hdfsaver.session import Session
from hdfsaver.summaries.file_writer import FileWriter
from hdfsaver.training import tf_logging as log
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
    summary_op : Tensor, optional
        Gives summaries; None for none, 0 for that of the collection ``SUMMARY_OP`` or all of the graph, merged.
    save_summaries_secs : float
        Seconds between two summaries; 0 writes none.
    summary_writer : FileWriter, optional
        Writes the summaries; None for none, 0 for one in the folder.
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
        summary_op: Tensor | int | None = USE_DEFAULT,
        saver: Saver | int | None = USE_DEFAULT,
        global_step: SupportsTensor | int | None = USE_DEFAULT,
        save_summaries_secs: float = 120,
        save_model_secs: float = 600,
        recovery_wait_secs: float = 30,
        stop_grace_secs: float = 120,
        checkpoint_basename: str = "model.ckpt",
        session_manager: SessionManager | None = None,
        summary_writer: FileWriter | int | None = USE_DEFAULT,
        init_fn: Callable[[Session], object] | None = None,
        local_init_run_options: object = None,
    ) -> None:
        self._graph = get_default_graph() if graph is None else graph
        self._folder = as_target(logdir) if logdir else None
        self._basename = checkpoint_basename
        with self._graph.as_default():
            self.ready_op = _given(ready_op, _ready_op)
            self.ready_for_local_init_op = _given(ready_for_local_init_op, _ready_for_local_init_op)
            self.init_op = _given_op(init_op, _init_op)
            self.local_init_op = _given_op(local_init_op, _local_init_op)
            self.summary_op = _given(summary_op, _summary_op)
            self.saver = _given(saver, _saver)
            self.global_step = _given(global_step, get_global_step)
        self.init_feed_dict = init_feed_dict
        self.is_chief = is_chief
        self.save_model_secs = save_model_secs
        self.save_summaries_secs = save_summaries_secs
        self.summary_writer = _given(summary_writer, self._folder_writer) if is_chief else None
        self._has_written_graph = False
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

    def _folder_writer(self) -> FileWriter | None:
        return None if self._folder is None else file_writer(self._folder)

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
        return None if self._folder is None else beside(self._folder, self._basename)

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
        self._add_graph()
        if self._folder is not None and start_standard_services:
            self.start_standard_services(sess)
        self.start_queue_runners(sess)
        return sess

    def _add_graph(self) -> None:
        """Write the graph into the event file, once for each file."""
        writer = self.summary_writer
        if writer is None:
            return
        writer.reopen()
        if not self._has_written_graph:
            self._has_written_graph = True
            saver_def = None if self.saver is None else self.saver.saver_def
            writer.add_graph(self._graph)
            definition = self._graph.as_graph_def(add_shapes=True)
            writer.add_meta_graph(create_meta_graph_def(graph_def=definition, graph=self._graph, saver_def=saver_def))

    def start_standard_services(self, sess: Session) -> list[LooperThread]:
        """Start the threads that save, write summaries and count steps; gives the threads that were started.

        Raises
        ------
        RuntimeError
            This is not the chief, or there is no folder to save to.
        """
        if not self.is_chief:
            raise RuntimeError("Only chief supervisor can start standard services. Because only it can write events.")
        if self.save_path is None:
            raise RuntimeError("There is no logdir to save checkpoints to; give one to Supervisor.")
        self._note(sess, message_classes.SessionLog.START)
        threads: list[LooperThread] = []
        if self.save_summaries_secs and self.summary_writer is not None:
            if self.summary_op is not None:
                threads.append(self.loop(self.save_summaries_secs, self._summarize, (sess,)))
            if self.global_step is not None:
                threads.append(self._count_steps(sess, self.global_step))
        if self.saver is not None and self.save_model_secs:
            threads.append(self.loop(self.save_model_secs, self._save, (sess, self.save_path)))
        return threads

    def _save(self, sess: Session, path: str) -> None:
        if self.saver is not None:
            self.saver.save(sess, path, global_step=self.global_step)
            self._note(sess, message_classes.SessionLog.CHECKPOINT, path)

    def _note(self, sess: Session, status: int, path: str = "") -> None:
        """Write into the event file what happens at a step."""
        if self.summary_writer is not None and self.global_step is not None:
            note = message_classes.SessionLog(status=status, checkpoint_path=path)
            self.summary_writer.add_session_log(note, int(sess.run(self.global_step)))

    def _summarize(self, sess: Session) -> None:
        fetched = sess.run([self.summary_op] + ([] if self.global_step is None else [self.global_step]))
        if self.summary_writer is not None:
            self.summary_writer.add_summary(*fetched)

    def _count_steps(self, sess: Session, global_step: SupportsTensor) -> LooperThread:
        last = [time.monotonic(), int(sess.run(global_step))]
        tag = f"{convert_to_tensor(global_step).op.name}/sec"

        def count() -> None:
            now, step = time.monotonic(), int(sess.run(global_step))
            speed = (step - last[1]) / max(now - last[0], 1e-9)
            last[:] = now, step
            value = message_classes.Summary.Value(tag=tag, simple_value=speed)
            if self.summary_writer is not None:
                self.summary_writer.add_summary(message_classes.Summary(value=[value]), step)
            log.log_first_n(log.INFO, "%s: %g", 10, tag, speed)

        return self.loop(self.save_summaries_secs, count)

    def summary_computed(
        self, sess: Session, summary: message_classes.Summary | bytes, global_step: int | None = None
    ) -> None:
        """Write a summary that the program has computed.

        Parameters
        ----------
        sess : Session
            Gives the step where none is given.
        summary : Summary or bytes
            The message, or the result of a summary operation.
        global_step : int, optional
            The step.

        Raises
        ------
        RuntimeError
            There is no writer.
        TypeError
            It is not a summary.
        """
        if self.summary_writer is None:
            raise RuntimeError("Writing a summary requires a summary writer.")
        if not isinstance(summary, bytes | message_classes.Summary):
            raise TypeError(f"A summary must be bytes or a Summary, not {type(summary).__name__}.")
        if global_step is None and self.global_step is not None:
            global_step = int(sess.run(self.global_step))
        self.summary_writer.add_summary(summary, global_step)

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
            Close the writer of summaries at the end.

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
            Note the end in the event file, and close its writer.
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
        try:
            self.coord.join(threads, self._grace, ignore_live_threads)
        finally:
            if close_summary_writer and self.summary_writer is not None:
                stop = message_classes.SessionLog(status=message_classes.SessionLog.STOP)
                self.summary_writer.add_session_log(stop)
                self.summary_writer.close()
                self._has_written_graph = False

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
            An object has no threads.
        """
        if queue_runners is None:
            queue_runners = self._graph.get_collection(GraphKeys.QUEUE_RUNNERS)
        return started(queue_runners, sess, self.coord)

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
    SummaryComputed = summary_computed


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


def _summary_op() -> Tensor | None:
    return Scaffold.get_or_default("summary_op", GraphKeys.SUMMARY_OP, merge_all)


def _saver() -> Saver | None:
    return Scaffold.get_or_default("saver", GraphKeys.SAVERS, lambda: Saver() if global_variables() else None)
