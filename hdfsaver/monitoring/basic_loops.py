"""A loop that trains under a Supervisor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hdfsaver.errors import AbortedError
from hdfsaver.monitoring.supervisor import Supervisor


def basic_train_loop(
    supervisor: Supervisor,
    train_step_fn: Callable[..., object],
    args: Sequence[Any] | None = None,
    kwargs: Mapping[str, Any] | None = None,
    master: str = "",
) -> None:
    """Call a function in a managed session again and again, until the Supervisor is to stop.

    After an `AbortedError` the training goes on in a new session.

    Parameters
    ----------
    supervisor : Supervisor
        Makes the sessions; its `should_stop` ends the loop.
    train_step_fn : callable
        Called as ``train_step_fn(session, *args, **kwargs)``.
    args : sequence, optional
        Positional arguments.
    kwargs : dict, optional
        Keyword arguments.
    master : str
        Accepted for programs that give it.

    Raises
    ------
    Exception
        The function has raised it.
    """
    while True:
        try:
            with supervisor.managed_session(master) as sess:
                while not supervisor.should_stop():
                    train_step_fn(sess, *(args or ()), **(kwargs or {}))
        except AbortedError:
            continue
        return
