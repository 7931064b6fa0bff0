"""The hook that writes summaries, and the writers of folders that hooks share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hdfsaver.files.file_io import PathLike
from hdfsaver.graph.tensor import Tensor
from hdfsaver.messages import message_classes
from hdfsaver.monitoring.scaffold import Scaffold
from hdfsaver.monitoring.session_run_hook import SessionRunArgs, SessionRunContext, SessionRunHook, SessionRunValues
from hdfsaver.monitoring.step_timer import SecondOrStepTimer
from hdfsaver.monitoring.stop_hooks import needed_global_step
from hdfsaver.session import Session
from hdfsaver.summaries.file_writer import FileWriter, FileWriterCache
from hdfsaver.training import tf_logging as log


def folder_writer(folder: PathLike) -> FileWriter | None:
    """The writer of a folder; None, and a warning, where the library for event files is not installed.

    A training that saves checkpoints does without event files; a program that makes a writer itself gets the error.
    """
    return _if_installed(lambda: FileWriterCache.get(folder))


def file_writer(folder: PathLike) -> FileWriter | None:
    """A writer for a folder of its own file; otherwise as `folder_writer`."""
    return _if_installed(lambda: FileWriter(folder))


def _if_installed(make: Callable[[], FileWriter]) -> FileWriter | None:
    try:
        return make()
    except ImportError as error:
        log.log_first_n(log.WARN, "No event files are written: %s", 1, error)
        return None


class SummarySaverHook(SessionRunHook):
    """Writes summaries at the first run, and then every few steps or seconds.

    Parameters
    ----------
    save_steps : int, optional
        Steps between two summaries.
    save_secs : float, optional
        Seconds between two summaries. Exactly one of the two must be given.
    output_dir : path, optional
        The folder of the event file, where no writer is given.
    summary_writer : FileWriter, optional
        Writes the summaries; without it and a folder nothing is written.
    scaffold : Scaffold, optional
        Its ``summary_op`` is run.
    summary_op : Tensor or list of Tensor, optional
        The summaries. Exactly one of this and ``scaffold`` must be given.

    Raises
    ------
    ValueError
        Both or neither of steps and seconds, or of Scaffold and summaries, are given.
    """

    def __init__(
        self,
        save_steps: int | None = None,
        save_secs: float | None = None,
        output_dir: PathLike | None = None,
        summary_writer: FileWriter | None = None,
        scaffold: Scaffold | None = None,
        summary_op: Tensor | Sequence[Tensor] | None = None,
    ) -> None:
        if (scaffold is None) == (summary_op is None):
            raise ValueError("Exactly one of scaffold or summary_op must be provided.")
        self._summary_op = summary_op
        self._summary_writer = summary_writer
        self._output_dir = output_dir
        self._scaffold = scaffold
        self._timer = SecondOrStepTimer(save_secs, save_steps)

    def begin(self) -> None:
        """Find the global step and the writer."""
        if self._summary_writer is None and self._output_dir:
            self._summary_writer = folder_writer(self._output_dir)
        self._next_step: int | None = None
        self._global_step = needed_global_step(self)

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs | None:
        """Fetch the global step, and the summaries where they are due."""
        self._is_due = self._next_step is None or self._timer.should_trigger_for_step(self._next_step)
        fetches: dict[str, Any] = {"global_step": self._global_step}
        if self._is_due and (summaries := self._summaries()):
            fetches["summary"] = summaries
        return SessionRunArgs(fetches)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Write the summaries where they are due."""
        writer = self._summary_writer
        if writer is None:
            return
        step = int(run_values.results["global_step"]) + 1
        # The run may have fetched the step from before its own update or from after it: this is asked where it counts.
        if self._is_due or self._timer.should_trigger_for_step(step + 1):
            step = int(run_context.session.run(self._global_step))
        if self._next_step is None:
            start = message_classes.SessionLog(status=message_classes.SessionLog.START)
            writer.add_session_log(start, step)
        if self._is_due:
            self._timer.update_last_triggered_step(step)
            for summary in run_values.results.get("summary", ()):
                writer.add_summary(summary, step)
        self._next_step = step + 1

    def end(self, session: Session | None = None) -> None:
        """Have everything in the file."""
        if self._summary_writer is not None:
            self._summary_writer.flush()

    def _summaries(self) -> list[Tensor]:
        found: Any = self._summary_op if self._scaffold is None else self._scaffold.summary_op
        if found is None:
            return []
        return list(found) if isinstance(found, list | tuple) else [found]
