"""Rules that make the calls of a run fewer, so that every run gives the same: one rule in each file."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hdfsaver.session.calls import Call
from hdfsaver.session.plan import CONVOLUTIONS
from hdfsaver.session.rewrites.batch_norms import BATCH_NORMS, fold_batch_norms
from hdfsaver.session.rewrites.block import Slots, emptied_by, with_frees
from hdfsaver.session.rewrites.constant_folding import fold_constants
from hdfsaver.session.rewrites.identity_calls import skip_identities
from hdfsaver.session.rewrites.known_inputs import tell_constants
from hdfsaver.session.rewrites.repetitions import share_repetitions
from hdfsaver.session.rewrites.scales import SCALES, fold_scales
from hdfsaver.session.rewrites.unused import skip_unused

__all__ = ["Slots", "rewritten", "rewritten_at_once", "rewritten_with_branches", "tell_constants"]

_Rule = Callable[[Sequence[Call], Slots], Sequence[Call]]


def rewritten_at_once(calls: Sequence[Call], slots: Slots) -> Sequence[Call]:
    """The calls after the rules that round in another order, and must be applied before the first run.

    Parameters
    ----------
    calls : sequence of Call
        Of which none is ever dead.
    slots : Slots
        Constants that are found become part of it.

    Returns
    -------
    sequence of Call
    """
    types = {slots.type_of(call) for call in calls}
    if types.isdisjoint(CONVOLUTIONS) or types.isdisjoint(SCALES | BATCH_NORMS):
        return calls
    emptied = emptied_by(calls)
    calls = with_frees(fold_scales(rewritten(calls, slots), slots), emptied - slots.constants.keys())
    calls = fold_batch_norms(calls, slots)
    for slot, value in slots.constants.items():
        slots.values[slot] = value
    return with_frees(calls, emptied - slots.constants.keys())


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
    calls = [call._replace(controls=()) for call in calls]  # they come in their order
    return _after((skip_identities, fold_constants, share_repetitions, skip_unused, tell_constants), calls, slots)


def rewritten_with_branches(calls: Sequence[Call], slots: Slots) -> list[Call]:
    """The calls after the rules that hold where calls may be dead.

    Parameters
    ----------
    calls : sequence of Call
        Those of no loop.
    slots : Slots
        The facts of the plan; constants that are found become part of it.

    Returns
    -------
    list of Call
    """
    return _after((skip_identities, fold_constants, share_repetitions, tell_constants), calls, slots)


def _after(rules: Sequence[_Rule], calls: Sequence[Call], slots: Slots) -> list[Call]:
    emptied = emptied_by(calls)
    for rule in rules:
        calls = with_frees(rule(calls, slots), emptied - slots.constants.keys())
    return list(calls)
