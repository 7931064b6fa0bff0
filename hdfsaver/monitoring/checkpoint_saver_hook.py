"""The hook that saves checkpoints, and its listeners."""

from __future__ import annotations

from collections.abc import Sequence

from hdfsaver.checkpoint.meta_graph_files import make_folder, write_graph
from hdfsaver.checkpoint.meta_graph_messages import create_meta_graph_def
from hdfsaver.checkpoint.saver import Saver
from hdfsaver.files.remote.names import beside
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.graph_keys import GraphKeys
from hdfsaver.messages import message_classes
from hdfsaver.monitoring.coordinator import Coordinator
from hdfsaver.monitoring.scaffold import Scaffold
from hdfsaver.monitoring.session_run_hook import SessionRunArgs, SessionRunContext, SessionRunHook, SessionRunValues
from hdfsaver.monitoring.step_timer import SecondOrStepTimer, due_step
from hdfsaver.monitoring.stop_hooks import needed_global_step
from hdfsaver.monitoring.summary_hook import folder_writer
from hdfsaver.reading.checkpoint_names import PathLike, as_target
from hdfsaver.session import Session
from hdfsaver.summaries.file_writer import FileWriter
from hdfsaver.training import tf_logging as log


class CheckpointSaverListener:
    """The base of listeners, which are called around every save; a subclass defines the methods that it needs."""

    def begin(self) -> None:
        """Called once before the session is made."""

    def before_save(self, session: Session, global_step_value: int) -> None:
        """Called before a save."""

    def after_save(self, session: Session, global_step_value: int) -> bool | None:
        """Called after a save; a true result asks the session to stop."""

    def end(self, session: Session, global_step_value: int) -> None:
        """Called at the end, after the last save."""


class CheckpointSaverHook(SessionRunHook):
    """Saves a checkpoint when the session was made, every few steps or seconds, and at the end.

    Parameters
    ----------
    checkpoint_dir : path
        The folder, which is made where it is missing.
    save_secs : float, optional
        Seconds between two checkpoints.
    save_steps : int, optional
        Steps between two checkpoints. Exactly one of the two must be given.
    saver : Saver, optional
        The Saver to use.
    checkpoint_basename : str
        The file name of the prefix, without the step.
    scaffold : Scaffold, optional
        Its Saver is used; not together with ``saver``. Without both, the Saver of the collection ``SAVERS`` is used.
    listeners : list of CheckpointSaverListener, optional
        Called around every save.
    save_graph_def : bool
        Whether the graph is written with the values, and into ``graph.pbtxt``.

    Raises
    ------
    ValueError
        Both a Saver and a Scaffold are given, or both or neither of steps and seconds.
    """

    def __init__(
        self,
        checkpoint_dir: PathLike,
        save_secs: float | None = None,
        save_steps: int | None = None,
        saver: Saver | None = None,
        checkpoint_basename: str = "model.ckpt",
        scaffold: Scaffold | None = None,
        listeners: Sequence[CheckpointSaverListener] | None = None,
        save_graph_def: bool = True,
    ) -> None:
        if saver is not None and scaffold is not None:
            raise ValueError("You cannot provide both saver and scaffold.")
        self._saver = saver
        self._folder = as_target(checkpoint_dir)
        self._save_path = beside(self._folder, checkpoint_basename)
        self._scaffold = scaffold
        self._timer = SecondOrStepTimer(save_secs, save_steps)
        self._listeners = list(listeners or ())
        self._saves_graph = save_graph_def
        self._steps_per_run = 1

    def _set_steps_per_run(self, steps_per_run: int) -> None:
        """Say that one run makes several steps, as TensorFlow's programs do under this name."""
        self._steps_per_run = steps_per_run

    def begin(self) -> None:
        """Find the global step and the writer of events."""
        self._summary_writer = folder_writer(self._folder)
        self._global_step = needed_global_step(self)
        for listener in self._listeners:
            listener.begin()

    def after_create_session(self, session: Session, coord: Coordinator) -> None:
        """Save the state in which the training begins."""
        make_folder(self._folder)
        if self._saves_graph:
            write_graph(get_default_graph().as_graph_def(add_shapes=True), self._folder, "graph.pbtxt")
        if self._summary_writer is not None:
            self._add_graph(self._summary_writer)
        step = int(session.run(self._global_step))
        self._save(session, step)
        self._timer.update_last_triggered_step(step)

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs | None:
        """Fetch the global step."""
        return SessionRunArgs(self._global_step)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Save where it is due."""
        session = run_context.session
        step = due_step(self._timer, run_values.results, lambda: session.run(self._global_step), self._steps_per_run)
        if step is not None:
            self._timer.update_last_triggered_step(step)
            if self._save(session, step):
                run_context.request_stop()

    def end(self, session: Session) -> None:
        """Save the last state, unless it is saved already."""
        step = int(session.run(self._global_step))
        if step != self._timer.last_triggered_step():
            self._save(session, step)
        for listener in self._listeners:
            listener.end(session, step)

    def _save(self, session: Session, step: int) -> bool:
        """Save, and give whether a listener asks to stop."""
        for listener in self._listeners:
            listener.before_save(session, step)
        log.info("Saving checkpoints for %d into %s.", step, self._save_path)
        self._found_saver().save(session, self._save_path, global_step=step, write_meta_graph=self._saves_graph)
        if self._summary_writer is not None:
            noted = message_classes.SessionLog(
                status=message_classes.SessionLog.CHECKPOINT, checkpoint_path=self._save_path
            )
            self._summary_writer.add_session_log(noted, step)
        answers = [listener.after_save(session, step) for listener in self._listeners]
        return any(map(bool, answers))

    def _add_graph(self, writer: FileWriter) -> None:
        graph = get_default_graph()
        saver = self._saver_if_any()
        writer.add_graph(graph)
        writer.add_meta_graph(
            create_meta_graph_def(
                graph_def=graph.as_graph_def(add_shapes=True), saver_def=None if saver is None else saver.saver_def
            )
        )

    def _saver_if_any(self) -> Saver | None:
        if self._saver is not None:
            return self._saver
        if self._scaffold is not None and self._scaffold.saver is not None:
            return self._scaffold.saver
        savers = get_default_graph().get_collection(GraphKeys.SAVERS)
        return savers[0] if len(savers) == 1 else None

    def _found_saver(self) -> Saver:
        saver = self._saver_if_any()
        if saver is None:
            count = len(get_default_graph().get_collection(GraphKeys.SAVERS))
            raise RuntimeError(
                f"The collection {GraphKeys.SAVERS!r} has {count} items, and exactly one Saver was expected. "
                "Give the hook a saver or a scaffold."
            )
        return saver
