"""Which checkpoints stay: pure functions of a list, which touch no disk."""

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
        When it was saved, in seconds since the epoch.
    metric : float or None
        How good it is, as `Saver.save` was told.
    """

    prefix: str
    time: float
    metric: float | None = None


Policy: TypeAlias = Callable[[Sequence[Kept]], Collection[Kept]]
"""From the checkpoints that are there, oldest first, to those of them that are to stay."""


def keep_latest(count: int) -> Policy:
    """A policy that keeps the newest checkpoints.

    Parameters
    ----------
    count : int
        How many.
    """
    return lambda kept: list(kept)[-count:] if count > 0 else []


def keep_best(count: int, mode: str = "max") -> Policy:
    """A policy that keeps the best checkpoints by the metric that `Saver.save` was given with each.

    Parameters
    ----------
    count : int
        How many; of equally good ones the newer.
    mode : str
        ``"max"`` where more is better, ``"min"`` where less is. A checkpoint without a metric, or with NaN for one, is
        never among the best.

    Raises
    ------
    ValueError
        ``mode`` is something else.
    """
    if mode not in ("max", "min"):
        raise ValueError(f"keep_best takes mode 'max' or 'min', not {mode!r}.")
    sign = 1 if mode == "max" else -1

    def best(kept: Sequence[Kept]) -> list[Kept]:
        rated = [(entry.metric, entry) for entry in kept if entry.metric is not None and not math.isnan(entry.metric)]
        newest_first = [(sign * metric, entry) for metric, entry in reversed(rated)]
        newest_first.sort(key=lambda pair: pair[0], reverse=True)
        return [entry for _metric, entry in newest_first[: max(count, 0)]]

    return best


def keep_any(*policies: Policy) -> Policy:
    """A policy that keeps what any of several policies keeps."""
    return lambda kept: [entry for policy in policies for entry in policy(kept)]


class RotationState(NamedTuple):
    """What a Saver remembers between two saves.

    Attributes
    ----------
    kept : tuple of Kept
        The checkpoints that are kept, oldest first.
    retired : tuple of Kept
        Those that are to go, oldest first.
    next_preserved : float
        A checkpoint saved after this time stays for good when it is retired.
    """

    kept: tuple[Kept, ...] = ()
    retired: tuple[Kept, ...] = ()
    next_preserved: float = float("inf")


def record(rotation: RotationState, new: Kept, max_to_keep: int, keep: Policy | None = None) -> RotationState:
    """Add a checkpoint as the newest, and retire those that are too many.

    Parameters
    ----------
    rotation : RotationState
    new : Kept
        One that is kept already moves to the end. It stays, whatever a policy says.
    max_to_keep : int
        How many of the newest stay; 0, or less, keeps all and remembers none.
    keep : callable, optional
        Which others stay too. Without it one checkpoint is retired at the most, as in TensorFlow: a list that was too
        long from the beginning stays too long.
    """
    if max_to_keep <= 0:
        return rotation
    kept = (*(entry for entry in rotation.kept if entry.prefix != new.prefix), new)
    # A name that is used again before its turn to go has come must not take the new checkpoint with it.
    retired = tuple(entry for entry in rotation.retired if entry.prefix != new.prefix)
    staying = {entry.prefix for entry in (*kept[-max_to_keep:], *(keep(kept) if keep else ()))}
    surplus = [entry for entry in kept if entry.prefix not in staying]
    going = dict.fromkeys(surplus if keep else surplus[:1])
    return rotation._replace(kept=tuple(entry for entry in kept if entry not in going), retired=(*retired, *going))


def retire(rotation: RotationState, hours: float) -> tuple[RotationState, list[str]]:
    """Take the retired checkpoints off the list.

    Parameters
    ----------
    rotation : RotationState
    hours : float
        A checkpoint stays for good when so much time has passed since the last that stayed.

    Returns
    -------
    rotation : RotationState
    prefixes : list of str
        The checkpoints to delete.
    """
    going, next_preserved = [], rotation.next_preserved
    for entry in rotation.retired:
        if entry.time > next_preserved:
            next_preserved += hours * 3600
        else:
            going.append(entry.prefix)
    return rotation._replace(retired=(), next_preserved=next_preserved), going


def prefixes(kept: Sequence[Kept]) -> list[str]:
    """The names alone."""
    return [entry.prefix for entry in kept]
