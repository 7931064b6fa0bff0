"""Policies for keeping checkpoints: pure functions of lists, without file access."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple, TypeAlias


class Kept(NamedTuple):
    """A checkpoint that a Saver keeps.

    Attributes
    ----------
    prefix : str
    time : float
        The time of the save, in seconds since the epoch.
    metric : float or None
        The metric that was passed to `Saver.save`.
    path : str
        The prefix as an absolute path, since a program may change its working directory; empty if it is unknown.
    """

    prefix: str
    time: float
    metric: float | None = None
    path: str = ""

    @property
    def place(self) -> str:
        """Where the checkpoint is: its absolute prefix, if that is known."""
        return self.path or self.prefix


Policy: TypeAlias = Callable[[Sequence[Kept]], Collection[Kept]]
"""A function from the existing checkpoints, oldest first, to the checkpoints to keep."""


def keep_latest(count: int) -> Policy:
    """A policy that keeps the newest checkpoints.

    Parameters
    ----------
    count : int
        The number of checkpoints.
    """
    return lambda kept: list(kept)[-count:] if count > 0 else []


def keep_best(count: int, mode: str = "max") -> Policy:
    """A policy that keeps the best checkpoints by the metric that was passed to `Saver.save`.

    Parameters
    ----------
    count : int
        The number of checkpoints; of equally good ones the newer are kept.
    mode : str
        ``"max"`` if a larger metric is better, ``"min"`` if a smaller one is. A checkpoint without a metric, or with
        the metric NaN, is never among the best.

    Raises
    ------
    ValueError
        ``mode`` is neither ``"max"`` nor ``"min"``.
    """
    if mode not in ("max", "min"):
        raise ValueError(f"The mode of keep_best must be 'max' or 'min', not {mode!r}.")
    sign = 1 if mode == "max" else -1

    def best(kept: Sequence[Kept]) -> list[Kept]:
        rated = [(entry.metric, entry) for entry in kept if entry.metric is not None and not math.isnan(entry.metric)]
        newest_first = [(sign * metric, entry) for metric, entry in reversed(rated)]
        newest_first.sort(key=lambda pair: pair[0], reverse=True)
        return [entry for _metric, entry in newest_first[: max(count, 0)]]

    return best


def keep_any(*policies: Policy) -> Policy:
    """A policy that keeps the checkpoints that any of several policies keeps."""
    return lambda kept: [entry for policy in policies for entry in policy(kept)]


class RotationState(NamedTuple):
    """The state of a Saver's rotation between two saves.

    Attributes
    ----------
    kept : tuple of Kept
        The kept checkpoints, oldest first.
    retired : tuple of Kept
        The checkpoints to delete, oldest first.
    next_preserved : float
        A checkpoint saved after this time (seconds since the epoch) is kept permanently when it is retired.
    """

    kept: tuple[Kept, ...] = ()
    retired: tuple[Kept, ...] = ()
    next_preserved: float = float("inf")


def record(rotation: RotationState, new: Kept, max_to_keep: int, keep: Policy | None = None) -> RotationState:
    """Add a checkpoint as the newest, and retire the oldest ones beyond the limit.

    Parameters
    ----------
    rotation : RotationState
    new : Kept
        The new checkpoint, which is always kept. A checkpoint of the same prefix moves to the end.
    max_to_keep : int
        The number of newest checkpoints to keep; 0 or less keeps all and records none.
    keep : callable, optional
        A policy for other checkpoints to keep. Without it at most one checkpoint is retired, as in TensorFlow: a list
        that is too long at the beginning stays too long.

    Returns
    -------
    RotationState
        The new state.
    """
    if max_to_keep <= 0:
        return rotation
    place = new.place
    kept = (*(entry for entry in rotation.kept if entry.place != place), new)
    # A retired name that is used again must not be deleted, because it is the new checkpoint now.
    retired = tuple(entry for entry in rotation.retired if entry.place != place)
    staying = {entry.place for entry in (*kept[-max_to_keep:], *(keep(kept) if keep else ()))}
    surplus = [entry for entry in kept if entry.place not in staying]
    going = dict.fromkeys(surplus if keep else surplus[:1])
    return rotation._replace(kept=tuple(entry for entry in kept if entry not in going), retired=(*retired, *going))


def retire(rotation: RotationState, hours: float) -> tuple[RotationState, list[str]]:
    """Remove the retired checkpoints from the list.

    Parameters
    ----------
    rotation : RotationState
    hours : float
        A checkpoint is kept permanently if this many hours have passed since the last permanent one.

    Returns
    -------
    rotation : RotationState
    prefixes : list of str
        The checkpoints to delete, with absolute prefixes where they are known.
    """
    going, next_preserved = [], rotation.next_preserved
    for entry in rotation.retired:
        if entry.time > next_preserved:
            next_preserved += hours * 3600
        else:
            going.append(entry.place)
    return rotation._replace(retired=(), next_preserved=next_preserved), going


def prefixes(kept: Sequence[Kept]) -> list[str]:
    """The prefixes of checkpoints."""
    return [entry.prefix for entry in kept]
