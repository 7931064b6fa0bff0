"""MonitoredTrainingSession: a monitored session with the hooks that a training usually needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hdfsaver.monitoring.checkpoint_saver_hook import CheckpointSaverHook
from hdfsaver.monitoring.logging_hooks import StepCounterHook
from hdfsaver.monitoring.monitored_session import MonitoredSession
from hdfsaver.monitoring.scaffold import Scaffold
from hdfsaver.monitoring.session_creators import ChiefSessionCreator, WorkerSessionCreator
from hdfsaver.monitoring.session_run_hook import SessionRunHook
from hdfsaver.monitoring.summary_hook import SummarySaverHook
from hdfsaver.reading.checkpoint_names import PathLike

USE_DEFAULT: Any = object()
"""The value of an argument that is not given; None means that it does not exist."""


def MonitoredTrainingSession(  # noqa: N802, TensorFlow's name
    master: str = "",
    is_chief: bool = True,
    checkpoint_dir: PathLike | None = None,
    scaffold: Scaffold | None = None,
    hooks: Sequence[SessionRunHook] | None = None,
    chief_only_hooks: Sequence[SessionRunHook] | None = None,
    save_checkpoint_secs: float | None = USE_DEFAULT,
    save_summaries_steps: int | None = USE_DEFAULT,
    save_summaries_secs: float | None = USE_DEFAULT,
    config: object = None,
    stop_grace_period_secs: float = 120,
    log_step_count_steps: int | None = 100,
    max_wait_secs: float = 7200,
    save_checkpoint_steps: int | None = USE_DEFAULT,
    summary_dir: PathLike | None = None,
    save_graph_def: bool = True,
) -> MonitoredSession:
    """A monitored session that restores the latest checkpoint, or initializes, and saves checkpoints.

    It saves when it begins, every few steps or seconds, and when it ends, unless it ends with an exception.

    Parameters
    ----------
    master, config : object
        Accepted for programs that give them, as `Session` does.
    is_chief : bool
        With False the session waits for a chief, and neither saves nor logs.
    checkpoint_dir : path, optional
        The folder where checkpoints are restored from and saved to; it is made where it is missing. None saves nothing.
    scaffold : Scaffold, optional
        The operations and the Saver; by default a new one.
    hooks : list of SessionRunHook, optional
        Called around every run.
    chief_only_hooks : list of SessionRunHook, optional
        Called before the others, by the chief only.
    save_checkpoint_secs : float, optional
        Seconds between two checkpoints: 600 where neither this nor the steps are given; None or 0 for none.
    save_checkpoint_steps : int, optional
        Steps between two checkpoints.
    save_summaries_steps : int, optional
        Steps between two summaries: 100 where neither this nor the seconds are given; None or 0 for none.
    save_summaries_secs : float, optional
        Seconds between two summaries.
    summary_dir : path, optional
        The folder of the event file; that of the checkpoints by default.
    stop_grace_period_secs : float
        Seconds that threads of hooks have to end after the session.
    log_step_count_steps : int, optional
        Steps between two messages about the speed; None or 0 for none.
    max_wait_secs : float
        Seconds to wait for a chief at most.
    save_graph_def : bool
        Whether the graph is written with the values, and into ``graph.pbtxt``.

    Returns
    -------
    MonitoredSession
        A session that is ready.

    Raises
    ------
    RuntimeError
        Checkpoints are to be saved but there is no global step, or the model is not ready after initialization.
    ValueError
        Both steps and seconds between checkpoints are given, or the latest checkpoint is missing.
    DeadlineExceededError
        Not the chief, and the model is not ready in time.
    OpError
        The checkpoint cannot be restored; see `Saver.restore`.
    """
    if not is_chief:
        worker = WorkerSessionCreator(scaffold, master, config, max_wait_secs)
        return MonitoredSession(worker, hooks, stop_grace_period_secs)
    scaffold = scaffold or Scaffold()
    all_hooks = list(chief_only_hooks or ())
    summary_dir = summary_dir or checkpoint_dir
    if summary_dir:
        if log_step_count_steps and log_step_count_steps > 0:
            all_hooks.append(StepCounterHook(log_step_count_steps, output_dir=summary_dir))
        secs, steps = _intervals(save_summaries_secs, save_summaries_steps, (None, 100))
        if secs or steps:
            all_hooks.append(SummarySaverHook(steps, secs, summary_dir, scaffold=scaffold))
    if checkpoint_dir:
        secs, steps = _intervals(save_checkpoint_secs, save_checkpoint_steps, (600, None))
        if secs or steps:
            all_hooks.append(
                CheckpointSaverHook(checkpoint_dir, secs, steps, scaffold=scaffold, save_graph_def=save_graph_def)
            )
    chief = ChiefSessionCreator(scaffold, master, config, checkpoint_dir)
    return MonitoredSession(chief, [*all_hooks, *(hooks or ())], stop_grace_period_secs)


def _intervals(
    secs: float | None, steps: int | None, default: tuple[float | None, int | None]
) -> tuple[float | None, int | None]:
    """Seconds and steps between two actions, where one or both may not have been given."""
    if secs is USE_DEFAULT and steps is USE_DEFAULT:
        return default
    return (None if secs is USE_DEFAULT else secs or None), (None if steps is USE_DEFAULT else steps or None)
