"""Hooks that log the values of tensors and the speed of a training, by ``tf.logging``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hdfsaver.files.file_io import PathLike
from hdfsaver.graph.graph import GraphElementLike
from hdfsaver.messages import message_classes
from hdfsaver.monitoring.coordinator import Coordinator
from hdfsaver.monitoring.session_run_hook import SessionRunArgs, SessionRunContext, SessionRunHook, SessionRunValues
from hdfsaver.monitoring.step_timer import SecondOrStepTimer, due_step
from hdfsaver.monitoring.stop_hooks import default_graph_element, needed_global_step
from hdfsaver.monitoring.summary_hook import folder_writer
from hdfsaver.session import Session
from hdfsaver.summaries.file_writer import FileWriter
from hdfsaver.training import tf_logging as log


class LoggingTensorHook(SessionRunHook):
    """Logs the values of tensors every few runs or seconds, or at the end.

    Parameters
    ----------
    tensors : dict of str to Tensor or str, or list of Tensor or str
        The tensors or their names, by the names that the message uses; those of a list are shown in its order.
    every_n_iter : int, optional
        Runs between two messages.
    every_n_secs : float, optional
        Seconds between two messages. Without ``at_end`` exactly one of the two must be given.
    at_end : bool
        Also log at the end, or only then where neither is given.
    formatter : callable, optional
        Makes the message from a dict of values.

    Raises
    ------
    ValueError
        Both or neither of the intervals are given, or an interval in runs is not positive.
    """

    def __init__(
        self,
        tensors: Mapping[str, GraphElementLike] | Sequence[GraphElementLike],
        every_n_iter: int | None = None,
        every_n_secs: float | None = None,
        at_end: bool = False,
        formatter: Callable[[dict[str, Any]], str] | None = None,
    ) -> None:
        self._only_at_end = at_end and every_n_iter is None and every_n_secs is None
        if not self._only_at_end and (every_n_iter is None) == (every_n_secs is None):
            raise ValueError("either at_end and/or exactly one of every_n_iter and every_n_secs must be provided.")
        if every_n_iter is not None and every_n_iter <= 0:
            raise ValueError(f"invalid every_n_iter={every_n_iter}.")
        self._tensors: dict[Any, GraphElementLike] = dict(
            tensors if isinstance(tensors, Mapping) else zip(tensors, tensors, strict=True)
        )
        self._order: list[Any] = sorted(tensors) if isinstance(tensors, Mapping) else list(tensors)
        self._formatter = formatter
        self._at_end = at_end
        self._timer = None if self._only_at_end else SecondOrStepTimer(every_n_secs, every_n_iter)

    def begin(self) -> None:
        """Find the tensors in the graph."""
        if self._timer is not None:
            self._timer.reset()
        self._runs = 0
        self._is_due = False
        self._fetches = {tag: default_graph_element(tensor) for tag, tensor in self._tensors.items()}

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs | None:
        """Fetch the tensors where a message is due."""
        self._is_due = self._timer is not None and self._timer.should_trigger_for_step(self._runs)
        return SessionRunArgs(self._fetches) if self._is_due else None

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Log the values where a message is due."""
        if self._is_due:
            self._log(run_values.results)
        self._runs += 1

    def end(self, session: Session) -> None:
        """Log the last values, with ``at_end``."""
        if self._at_end:
            self._log(session.run(self._fetches))

    def _log(self, values: dict[Any, Any]) -> None:
        elapsed = self._timer.update_last_triggered_step(self._runs)[0] if self._timer is not None else None
        if self._formatter is not None:
            log.info(self._formatter(values))
            return
        shown = ", ".join(f"{tag} = {values[tag]}" for tag in self._order)
        log.info("%s%s", shown, "" if elapsed is None else f" ({elapsed:.3f} sec)")


class StepCounterHook(SessionRunHook):
    """Logs the number of steps per second, and writes it as a summary.

    Parameters
    ----------
    every_n_steps : int, optional
        Steps between two messages.
    every_n_secs : float, optional
        Seconds between two messages; exactly one of the two must be given.
    output_dir : path, optional
        The folder of the event file, where no writer is given.
    summary_writer : FileWriter, optional
        Writes the summaries; without it and a folder the number is only logged.

    Raises
    ------
    ValueError
        Both or neither of the intervals are given.
    """

    def __init__(
        self,
        every_n_steps: int | None = 100,
        every_n_secs: float | None = None,
        output_dir: PathLike | None = None,
        summary_writer: FileWriter | None = None,
    ) -> None:
        if (every_n_steps is None) == (every_n_secs is None):
            raise ValueError("Exactly one of every_n_steps and every_n_secs should be provided.")
        self._timer = SecondOrStepTimer(every_n_secs, every_n_steps)
        self._last_fetched: int | None = None
        self._steps_per_run = 1
        self._output_dir = output_dir
        self._summary_writer = summary_writer

    def _set_steps_per_run(self, steps_per_run: int) -> None:
        """Say that one run makes several steps, as TensorFlow's programs do under this name."""
        self._steps_per_run = steps_per_run

    def begin(self) -> None:
        """Find the global step and the writer."""
        if self._summary_writer is None and self._output_dir:
            self._summary_writer = folder_writer(self._output_dir)
        self._global_step = needed_global_step(self)
        self._tag = f"{self._global_step.op.name}/sec"

    def after_create_session(self, session: Session, coord: Coordinator) -> None:
        """Begin to count."""
        self._timer.reset()

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs | None:
        """Fetch the global step."""
        return SessionRunArgs(self._global_step)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Log the speed where a message is due."""
        session = run_context.session
        step = due_step(self._timer, run_values.results, lambda: session.run(self._global_step), self._steps_per_run)
        if step is not None:
            seconds, steps = self._timer.update_last_triggered_step(step)
            if seconds and steps is not None:
                self._record(steps / seconds, step)
        self._check_progress(int(run_values.results))

    def _record(self, speed: float, step: int) -> None:
        if self._summary_writer is not None:
            value = message_classes.Summary.Value(tag=self._tag, simple_value=speed)
            self._summary_writer.add_summary(message_classes.Summary(value=[value]), step)
        log.info("%s: %g", self._tag, speed)

    def _check_progress(self, fetched: int) -> None:
        """Warn where runs do not change the global step, which then counts nothing."""
        if fetched == self._last_fetched:
            log.log_first_n(
                log.WARN,
                "The global step has not been increased since the last run: it is still %s. Increase it in each step, "
                "for example by giving it to an optimizer's minimize().",
                5,
                fetched,
            )
        self._last_fetched = fetched
