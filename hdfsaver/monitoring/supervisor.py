"""Supervisor: TensorFlow's older way to train under supervision, with a thread that saves every few minutes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from hdfsaver.checkpoint.graph_files import write_graph
from hdfsaver.checkpoint.saver import Saver
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.keys import GraphKeys
from hdfsaver.monitoring.coordinator import Coordinator, LooperThread
from hdfsaver.monitoring.scaffold import Scaffold
from hdfsaver.monitoring.session_manager import SessionManager
from hdfsaver.reading.checkpoint_names import PathLike, as_prefix
from hdfsaver.session import Session
from hdfsaver.training.global_step import get_global_step
from hdfsaver.variables import global_variables, global_variables_initializer, report_uninitialized_variables

USE_DEFAULT: Any = 0
"""Stands for an argument that was not given, as None means that there is to be none."""


class Supervisor:
    """Prepares a session and saves its checkpoints.

    Parameters
    ----------
    graph : Graph, optional
        The default graph where none is given; finalized from now on.
    ready_op, ready_for_local_init_op, init_op, local_init_op : optional
        As for `Scaffold`; None for none, 0 for those of the collections or new ones.
    is_chief : bool
        With False the session is only waited for.
    init_feed_dict : dict, optional
    logdir : path, optional
        Where checkpoints are saved and restored; made where it is missing.
    summary_op, save_summaries_secs, summary_writer : object
        Accepted for programs that give them; there are no summaries.
    saver : Saver, optional
    global_step : Tensor, optional
    save_model_secs : float
        Seconds between two checkpoints; 0 saves none.
    recovery_wait_secs : float
    stop_grace_secs : float
        How long threads may go on when the session ends.
    checkpoint_basename : str
    session_manager : SessionManager, optional
    init_fn : callable, optional
        Called with the session after ``init_op``.
    local_init_run_options : object
        Accepted for programs that give it.
    """

    USE_DEFAULT = USE_DEFAULT

    def __init__(
        self,
        graph: Graph | None = None,
        ready_op: Any = USE_DEFAULT,
        ready_for_local_init_op: Any = USE_DEFAULT,
        is_chief: bool = True,
        init_op: Any = USE_DEFAULT,
        init_feed_dict: Any = None,
        local_init_op: Any = USE_DEFAULT,
        logdir: PathLike | None = None,
        summary_op: Any = USE_DEFAULT,
        saver: Any = USE_DEFAULT,
        global_step: Any = USE_DEFAULT,
        save_summaries_secs: float = 120,
        save_model_secs: float = 600,
        recovery_wait_secs: float = 30,
        stop_grace_secs: float = 120,
        checkpoint_basename: str = "model.ckpt",
        session_manager: SessionManager | None = None,
        summary_writer: Any = USE_DEFAULT,
        init_fn: Callable[[Session], object] | None = None,
        local_init_run_options: Any = None,
    ) -> None:
        self._graph = get_default_graph() if graph is None else graph
        self._folder = None if logdir is None else as_prefix(logdir)
        self._basename = checkpoint_basename
        with self._graph.as_default():
            get = Scaffold.get_or_default
            self.ready_op = _given(
                ready_op, lambda: get("ready_op", GraphKeys.READY_OP, report_uninitialized_variables)
            )
            self.ready_for_local_init_op = _given(ready_for_local_init_op, _ready_for_local_init)
            self.init_op = _given(init_op, lambda: get("init_op", GraphKeys.INIT_OP, global_variables_initializer))
            self.local_init_op = _given(
                local_init_op,
                lambda: get("local_init_op", GraphKeys.LOCAL_INIT_OP, Scaffold.default_local_init_op),
            )
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
        )
        self._graph.finalize()

    @property
    def save_path(self) -> str | None:
        """The prefix of the checkpoints, without a step."""
        return None if self._folder is None else os.path.join(self._folder, self._basename)

    def prepare_or_wait_for_session(
        self,
        master: str = "",
        config: Any = None,
        wait_for_checkpoint: bool = False,
        max_wait_secs: float = 7200,
        start_standard_services: bool = True,
    ) -> Session:
        """A session that is ready; see `SessionManager.prepare_session` and `SessionManager.wait_for_session`."""
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
            os.makedirs(self._folder, exist_ok=True)
            write_graph(self._graph, self._folder, "graph.pbtxt")
            if start_standard_services:
                self.start_standard_services(sess)
        return sess

    def start_standard_services(self, sess: Session) -> list[LooperThread]:
        """Start the thread that saves; gives the threads that were started.

        Raises
        ------
        RuntimeError
            This is no chief, or there is no folder to save to.
        """
        if not self.is_chief:
            raise RuntimeError("Only chief supervisor can start standard services. Because only it can write events.")
        if self.save_path is None:
            raise RuntimeError("There is no logdir to save checkpoints to.")
        if self.saver is None or not self.save_model_secs:
            return []
        path = self.save_path
        return [self.loop(self.save_model_secs, lambda: self.saver.save(sess, path, global_step=self.global_step))]

    @contextmanager
    def managed_session(
        self,
        master: str = "",
        config: Any = None,
        start_standard_services: bool = True,
        close_summary_writer: bool = True,
    ) -> Iterator[Session]:
        """A session that is ready, with the thread that saves, until the end of a ``with`` block.

        An exception in the block stops the threads, and passes; `OutOfRangeError` only stops them.
        """
        try:
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
        except Exception:
            self.coord.clear_stop()
            raise

    def stop(
        self,
        threads: Iterable[Any] | None = None,
        close_summary_writer: bool = True,
        ignore_live_threads: bool = False,
    ) -> None:
        """Stop the threads, and raise what one of them stopped with."""
        self.coord.request_stop()
        self.coord.join(threads, self._grace, ignore_live_threads)

    def request_stop(self, ex: Any = None) -> None:
        """See `Coordinator.request_stop`."""
        self.coord.request_stop(ex)

    def should_stop(self) -> bool:
        """Whether somebody has asked to stop."""
        return self.coord.should_stop()

    def stop_on_exception(self) -> Any:
        """See `Coordinator.stop_on_exception`."""
        return self.coord.stop_on_exception()

    def wait_for_stop(self) -> None:
        """Wait until somebody asks to stop."""
        self.coord.wait_for_stop()

    def loop(
        self,
        timer_interval_secs: float | None,
        target: Callable[..., object],
        args: tuple[Any, ...] | None = None,
        kwargs: dict[str, Any] | None = None,
    ) -> LooperThread:
        """Start a thread that calls a function every so many seconds."""
        thread = LooperThread(self.coord, timer_interval_secs, target, args or (), kwargs)
        thread.start()
        return thread

    # TensorFlow's older spellings.
    PrepareSession = prepare_or_wait_for_session
    StartStandardServices = start_standard_services
    Stop = stop
    RequestStop = request_stop
    ShouldStop = should_stop
    StopOnException = stop_on_exception
    WaitForStop = wait_for_stop
    Loop = loop


def _given(value: Any, default: Callable[[], Any]) -> Any:
    return default() if value is USE_DEFAULT else value


def _ready_for_local_init() -> Any:
    return Scaffold.get_or_default(
        "ready_for_local_init_op",
        GraphKeys.READY_FOR_LOCAL_INIT_OP,
        lambda: report_uninitialized_variables(global_variables()),
    )


def _saver() -> Saver | None:
    found: Saver | None = Scaffold.get_or_default(
        "saver", GraphKeys.SAVERS, lambda: Saver() if global_variables() else None
    )
    return found
