"""How the calls of a plan that runs often become fewer and cheaper before code is made for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hdfsaver.session.calls import Call
from hdfsaver.session.deciding_slots import deciding_slots
from hdfsaver.session.generated_code import Prepared
from hdfsaver.session.plan import ExecutionPlan
from hdfsaver.session.reuse import overwritten
from hdfsaver.session.rewrites import (
    Slots,
    rewritten,
    rewritten_at_once,
    rewritten_with_branches,
    tell_constants,
)

Join = Callable[[Sequence[Call], Slots, bool], list[Call]]
"""Puts one call in the place of several; where it is told that each must stay alone, another one in its place."""


class Preparation:
    """Prepares calls of one plan.

    Parameters
    ----------
    plan : ExecutionPlan
    values : list
        The values with which a run begins.
    join : callable, optional
        See `Join`; used behind all rules.
    """

    def __init__(self, plan: ExecutionPlan, values: list[Any], join: Join | None = None) -> None:
        self._slots = Slots.of(plan, values)
        self._join = join

    def at_once(self, calls: Sequence[Call]) -> Sequence[Call]:
        """The calls after the rules that must be applied before the first run."""
        return rewritten_at_once(calls, self._slots)

    def straight(self, calls: Sequence[Call]) -> Prepared:
        """The calls as rules leave them, for a run that is repeated, and where their results may go."""
        calls = rewritten(calls, self._slots)
        if self._join is not None:
            calls = self._join(calls, self._slots, False)
        return Prepared(calls, self._slots.constants, overwritten(calls, self._slots))

    def with_branches(self, calls: Sequence[Call]) -> Prepared:
        """The calls as rules leave them, but for those of loops, and where each sees whether it is dead."""
        constants = self._slots.constants
        rules = tell_constants if self._slots.plan.loops else rewritten_with_branches
        calls = rules(calls, self._slots)
        calls = [call._replace(frees=tuple(slot for slot in call.frees if slot not in constants)) for call in calls]
        if self._join is not None:
            calls = self._join(calls, self._slots, True)
        deciding = deciding_slots(calls, self._slots, {*constants, *self._slots.plan.feeds})
        return Prepared(calls, constants, overwritten(calls, self._slots), deciding)
