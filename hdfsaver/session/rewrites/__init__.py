"""Rules that make the calls of a repeated run fewer, without another result: one rule in each file."""

from __future__ import annotations

from collections.abc import Sequence

from hdfsaver.session.calls import Call
from hdfsaver.session.rewrites.block import Slots, emptied_by, with_frees
from hdfsaver.session.rewrites.constant_folding import fold_constants
from hdfsaver.session.rewrites.identity_calls import skip_identities
from hdfsaver.session.rewrites.repetitions import share_repetitions

__all__ = ["Slots", "rewritten"]


def rewritten(calls: Sequence[Call], slots: Slots) -> list[Call]:
    """The calls after all rules; they leave the same in the slots that they do not empty.

    Parameters
    ----------
    calls : sequence of Call
        Of which none is ever dead.
    slots : Slots
        The facts of the plan; constants that are found become part of it.

    Returns
    -------
    list of Call
    """
    emptied = emptied_by(calls)
    for rule in (skip_identities, fold_constants, share_repetitions):
        calls = rule(calls, slots)
    return with_frees(calls, emptied - slots.constants.keys())
