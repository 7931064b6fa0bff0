"""Which checkpoints stay: pure functions of a list, which touch no disk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Kept(NamedTuple):
    """A checkpoint that a Saver keeps: its prefix, and when it was saved, in seconds since the epoch."""

    prefix: str
    time: float


class Rotation(NamedTuple):
    """What a Saver remembers between two saves.

    Attributes
    ----------
    kept : tuple of Kept
        The checkpoints that are kept, oldest first.
    retired : tuple of Kept
        Those that are to go, oldest first; each save removes one.
    next_preserved : float
        A checkpoint saved after this time stays for good when it is retired.
    """

    kept: tuple[Kept, ...] = ()
    retired: tuple[Kept, ...] = ()
    next_preserved: float = float("inf")


def record(rotation: Rotation, new: Kept, max_to_keep: int) -> Rotation:
    """Add a checkpoint as the newest, and retire the oldest if there are too many.

    Parameters
    ----------
    rotation : Rotation
    new : Kept
        One that is kept already moves to the end.
    max_to_keep : int
        0 keeps all and remembers none.
    """
    if not max_to_keep:
        return rotation
    kept = (*(entry for entry in rotation.kept if entry.prefix != new.prefix), new)
    # A name that is used again before its turn to go has come must not take the new checkpoint with it.
    retired = tuple(entry for entry in rotation.retired if entry.prefix != new.prefix)
    if len(kept) > max_to_keep:
        kept, retired = kept[1:], (*retired, kept[0])
    return rotation._replace(kept=kept, retired=retired)


def retire(rotation: Rotation, hours: float) -> tuple[Rotation, str | None]:
    """Take the oldest retired checkpoint off the list.

    Parameters
    ----------
    rotation : Rotation
    hours : float
        A checkpoint stays for good when so much time has passed since the last that stayed.

    Returns
    -------
    rotation : Rotation
    prefix : str or None
        The checkpoint to delete, or None where none is retired or the retired one stays.
    """
    if not rotation.retired:
        return rotation, None
    first, rest = rotation.retired[0], rotation.retired[1:]
    if first.time > rotation.next_preserved:
        return rotation._replace(retired=rest, next_preserved=rotation.next_preserved + hours * 3600), None
    return rotation._replace(retired=rest), first.prefix


def prefixes(kept: Sequence[Kept]) -> list[str]:
    """The names alone."""
    return [entry.prefix for entry in kept]
