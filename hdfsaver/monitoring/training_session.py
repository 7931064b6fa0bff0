"""MonitoredTrainingSession: a monitored session with the hooks that a training usually needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hdfsaver.monitoring.creators import ChiefSessionCreator, WorkerSessionCreator
from hdfsaver.monitoring.hook import SessionRunHook
from hdfsaver.monitoring.monitored_session import MonitoredSession
from hdfsaver.monitoring.reporting import StepCounterHook
from hdfsaver.monitoring.saving import CheckpointSaverHook
from hdfsaver.monitoring.scaffold import Scaffold
from hdfsaver.reading.checkpoint_names import PathLike

USE_DEFAULT: Any = object()
"""Stands for an argument that was not given, as None means something."""


def MonitoredTrainingSession(  # noqa: N802, TensorFlow's name
    master: str = "",
    is_chief: bool = True,
    checkpoint_dir: PathLike | None = None,
    scaffold: Scaffold | None = None,
    hooks: Sequence[SessionRunHook] | None = None,
    chief_only_hooks: Sequence[SessionRunHook] | None = None,
    save_checkpoint_secs: Any = USE_DEFAULT,
    save_summaries_steps: Any = USE_DEFAULT,
    save_summaries_secs: Any = USE_DEFAULT,
    config: Any = None,
    stop_grace_period_secs: float = 120,
    log_step_count_steps: int | None = 100,
    max_wait_secs: float = 7200,
    save_checkpoint_steps: Any = USE_DEFAULT,
    summary_dir: PathLike | None = None,
    save_graph_def: bool = True,
) -> MonitoredSession:
    """A monitored session that restores the latest checkpoint, or initializes, and saves checkpoints.

    It saves when it begins, every so often, and when it ends, but not after an exception.

    Parameters
    ----------
    master, config : object
        Accepted for programs that give them, as `Session` does.
    is_chief : bool
        With False the session waits for a chief, and neither saves nor logs.
    checkpoint_dir : path, optional
        Where checkpoints are restored from and saved to; made where it is missing. None saves nothing.
    scaffold : Scaffold, optional
    hooks : list of SessionRunHook, optional
    chief_only_hooks : list of SessionRunHook, optional
        Only used by the chief, and before the others.
    save_checkpoint_secs : float, optional
        Seconds between two checkpoints, 600 where neither is given; None or 0 saves none by seconds.
    save_checkpoint_steps : int, optional
        Steps between two checkpoints.
    save_summaries_steps, save_summaries_secs, summary_dir : object
        Accepted for programs that give them; there are no summaries.
    stop_grace_period_secs : float
        How long threads of hooks may go on when the session ends.
    log_step_count_steps : int, optional
        Steps between two messages about the speed.
    max_wait_secs : float
        How long to wait for a chief.
    save_graph_def : bool
        Whether the graph is written with the values, and into ``graph.pbtxt``.

    Returns
    -------
    MonitoredSession
    """
    if not is_chief:
        worker = WorkerSessionCreator(scaffold, master, config, max_wait_secs)
        return MonitoredSession(worker, hooks, stop_grace_period_secs)
    scaffold = scaffold or Scaffold()
    all_hooks = list(chief_only_hooks or ())
    if checkpoint_dir:
        if log_step_count_steps and log_step_count_steps > 0:
            all_hooks.append(StepCounterHook(log_step_count_steps))
        secs, steps = _intervals(save_checkpoint_secs, save_checkpoint_steps)
        if secs or steps:
            all_hooks.append(
                CheckpointSaverHook(checkpoint_dir, secs, steps, scaffold=scaffold, save_graph_def=save_graph_def)
            )
    chief = ChiefSessionCreator(scaffold, master, config, checkpoint_dir)
    return MonitoredSession(chief, [*all_hooks, *(hooks or ())], stop_grace_period_secs)


def _intervals(secs: Any, steps: Any) -> tuple[float | None, int | None]:
    """Seconds and steps between two checkpoints, where one may not have been given."""
    if secs is USE_DEFAULT and steps is USE_DEFAULT:
        return 600, None
    return (None if secs is USE_DEFAULT else secs or None), (None if steps is USE_DEFAULT else steps or None)
