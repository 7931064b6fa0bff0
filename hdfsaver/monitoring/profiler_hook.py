"""ProfilerHook: traces a run from time to time, and writes its timeline and the trace into files."""

from __future__ import annotations

import os

from hdfsaver.checkpoint.meta_graph_files import make_folder
from hdfsaver.files.remote.names import beside
from hdfsaver.files.whole_files import write_whole
from hdfsaver.messages import message_classes
from hdfsaver.monitoring.session_run_hook import SessionRunArgs, SessionRunContext, SessionRunHook, SessionRunValues
from hdfsaver.monitoring.step_timer import SecondOrStepTimer
from hdfsaver.monitoring.stop_hooks import needed_global_step
from hdfsaver.monitoring.summary_hook import folder_writer
from hdfsaver.reading.checkpoint_names import PathLike, as_target
from hdfsaver.session import Session
from hdfsaver.session.timeline import Timeline
from hdfsaver.training import tf_logging as log


class ProfilerHook(SessionRunHook):
    """Writes the timeline of a run every few steps or seconds, into ``timeline-STEP.json``; see `Timeline`.

    The metadata of the run are written into the folder's event file too, as ``step_STEP``.

    Parameters
    ----------
    save_steps : int, optional
        Steps between two timelines.
    save_secs : float, optional
        Seconds between two timelines; exactly one of the two must be given.
    output_dir : path
        The folder of the files; it is made where it is missing.
    show_dataflow, show_memory : bool
        As for `Timeline.generate_chrome_trace_format`.

    Raises
    ------
    ValueError
        Both or neither of the intervals are given.
    """

    def __init__(
        self,
        save_steps: int | None = None,
        save_secs: float | None = None,
        output_dir: PathLike = "",
        show_dataflow: bool = True,
        show_memory: bool = False,
    ) -> None:
        self._folder = as_target(output_dir)
        self._show_dataflow = show_dataflow
        self._show_memory = show_memory
        self._timer = SecondOrStepTimer(save_secs, save_steps)

    def begin(self) -> None:
        """Find the global step, and begin the event file."""
        self._next_step: int | None = None
        self._global_step = needed_global_step(self)
        self._writer = folder_writer(self._folder or os.curdir)

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs | None:
        """Fetch the global step, and ask for a trace where one is due."""
        self._is_due = self._next_step is not None and self._timer.should_trigger_for_step(self._next_step)
        options = message_classes.RunOptions(trace_level=3) if self._is_due else None  # FULL_TRACE
        return SessionRunArgs(self._global_step, options=options)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Write the timeline where one is due."""
        fetched = int(run_values.results)
        if self._next_step is None:  # the first timeline is due after the first interval
            self._timer.update_last_triggered_step(fetched)
        step = fetched + 1
        if self._is_due:
            step = int(run_context.session.run(self._global_step))
            self._timer.update_last_triggered_step(step)
            self._write(step, run_values.run_metadata.step_stats)
            if self._writer is not None:
                self._writer.add_run_metadata(run_values.run_metadata, f"step_{step}")
        self._next_step = step + 1

    def end(self, session: Session) -> None:
        """Wait until the event file has everything."""
        if self._writer is not None:
            self._writer.flush()

    def _write(self, step: int, step_stats: message_classes.StepStats) -> None:
        path = beside(self._folder, f"timeline-{step}.json")
        log.info("Saving timeline for %d into '%s'.", step, path)
        if self._folder:
            make_folder(self._folder)
        trace = Timeline(step_stats).generate_chrome_trace_format(self._show_dataflow, self._show_memory)
        write_whole(path, trace.encode())
