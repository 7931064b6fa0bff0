"""Loops without branches and loops inside, whose iterations run without a look at what is alive.

In such a loop the condition decides about everything: what does not need the body runs before it, and the rest runs
only where it is true. So nothing inside is ever dead, and what merely passes values on need not run at all: a loop
variable has one slot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hdfsaver.graph.definition import find
from hdfsaver.graph.function_library import Calling
from hdfsaver.session.loop_plan import Loop
from hdfsaver.session.plan import ExecutionPlan, Step

LASTING = frozenset({"Const", "VariableV2", "Variable", "ControlTrigger"})
"""The operations whose output is in its slot before a run, where nothing decides whether they run."""

_PASSING = frozenset({"Merge", "Switch", "LoopCond", "NextIteration", "Exit"})
_OTHER = frozenset({"RefMerge", "RefSwitch", "RefNextIteration", "RefExit", "Enter", "RefEnter"})


@dataclass(frozen=True, slots=True)
class PlainLoop:
    """A loop in another order.

    Attributes
    ----------
    loop : Loop
    before, body : tuple of Step
        Those that run before the condition is known, and those that run where it is true.
    condition : int
        The slot of the condition.
    variables : tuple of (int, int, int)
        For each loop variable its slot, that of its first value, and that of its next one.
    exits : tuple of (int, int)
        The slots of results, and those of the loop variables that they are.
    inputs : tuple of int
        The slots of values from outside.
    clears : tuple of int
        The slots that are not needed after the loop.
    """

    loop: Loop
    before: tuple[Step, ...]
    body: tuple[Step, ...]
    condition: int
    variables: tuple[tuple[int, int, int], ...]
    exits: tuple[tuple[int, int], ...]
    inputs: tuple[int, ...]
    clears: tuple[int, ...]


def plain_loop(plan: ExecutionPlan, loop: Loop) -> PlainLoop | None:
    """The loop as a plain one; None where it is not.

    Parameters
    ----------
    plan : ExecutionPlan
    loop : Loop
        One of those of the plan.

    Returns
    -------
    PlainLoop or None
    """
    steps = plan.steps[loop.start : loop.end]
    is_around = any(other is not loop and loop.start <= other.start and other.end <= loop.end for other in plan.loops)
    calls = any(isinstance(find(step.op) or plan.definition(step.op), Calling) for step in steps)
    if is_around or calls or any(step.op in _OTHER for step in steps):
        return None
    return _Reader(loop, steps).read()


class _Reader:
    def __init__(self, loop: Loop, steps: Sequence[Step]) -> None:
        self.loop = loop
        self.steps = steps
        self.same: dict[int, int] = {}
        """The slots that have the value of another one."""
        self.off: dict[int, int] = {}
        """For the first output of each Switch the loop variable."""
        self.later: set[int] = set()
        """The slots that are filled where the condition is true."""

    def read(self) -> PlainLoop | None:
        by_type: dict[str, list[Step]] = {kind: [] for kind in _PASSING}
        for step in self.steps:
            by_type.get(step.op, []).append(step)
        if len(by_type["LoopCond"]) != 1:
            return None
        condition = by_type["LoopCond"][0]
        self.same[condition.outputs[0]] = condition.inputs[0]
        merges = self._merges(by_type["Merge"])
        if merges is None or not self._switches(by_type["Switch"], condition.outputs[0], set(merges)):
            return None
        if not all(step.inputs[0] in self.off and not step.controls for step in by_type["Exit"]):
            return None
        before, body = self._order()
        nexts = {step.outputs[0]: step for step in by_type["NextIteration"]}
        following = {target: nexts[source] for source, target in self.loop.carried}
        if not all(self._is_later(step) for step in following.values()) or self._uses_off():
            return None
        public = dict(self.loop.exits)
        own = {slot for step in self.steps for slot in step.outputs}
        variables = tuple(
            (slot, first, self._real(following[target].inputs[0])) for slot, (first, target) in merges.items()
        )
        pieces = self._freed([*map(self._moved, before)], [*map(self._moved, body)], condition, variables)
        return PlainLoop(
            loop=self.loop,
            before=pieces[0],
            body=pieces[1],
            condition=self._real(condition.inputs[0]),
            variables=variables,
            exits=tuple((public[step.outputs[0]], self.off[step.inputs[0]]) for step in by_type["Exit"]),
            inputs=tuple({slot for step in self.steps for slot in step.inputs if slot not in own} - self._carried()),
            clears=tuple((own | set(self.loop.clears)) - self._lasting()),
        )

    def _lasting(self) -> set[int]:
        """The slots that are filled once for all runs."""
        return {slot for step in self.steps if step.op in LASTING for slot in step.outputs}

    def _freed(
        self, before: list[Step], body: list[Step], condition: Step, variables: Sequence[tuple[int, int, int]]
    ) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
        """The steps with the slots that each is the last to need in an iteration."""
        steps = [*before, *body]
        kept = {slot for step in steps for slot in step.inputs} - {slot for step in steps for slot in step.outputs}
        kept |= {self._real(condition.inputs[0])} | {slot for variable in variables for slot in variable}
        kept |= self._lasting()
        made: list[Step] = []
        for step in reversed(steps):
            frees = dict.fromkeys(slot for slot in (*step.inputs, *step.outputs) if slot not in kept)
            kept.update(frees)
            made.append(replace(step, frees=tuple(frees)))
        made.reverse()
        return tuple(made[: len(before)]), tuple(made[len(before) :])

    def _carried(self) -> set[int]:
        return {target for _, target in self.loop.carried}

    def _merges(self, steps: Sequence[Step]) -> dict[int, tuple[int, int]] | None:
        """For each loop variable the slots of its first value and of its next one."""
        found: dict[int, tuple[int, int]] = {}
        carried = self._carried()
        used = {slot for step in self.steps for slot in (*step.inputs, *step.controls)}
        for step in steps:
            if len(step.inputs) != 2 or step.controls or step.outputs[1] in used:
                return None
            first, following = step.inputs
            if following not in carried or first not in self.loop.firsts:
                return None
            found[step.outputs[0]] = first, following
        return found if len(found) == len(carried) else None

    def _switches(self, steps: Sequence[Step], condition: int, merges: set[int]) -> bool:
        for step in steps:
            data, pred = step.inputs
            if data not in merges or pred != condition or len(step.outputs) > 2 or any(step.reads):
                return False
            self.off[step.outputs[0]] = data
            self.same[step.outputs[1]] = data
            self.later.add(step.outputs[1])
        return True

    def _is_later(self, step: Step) -> bool:
        return any(slot in self.later for slot in (*step.inputs, *step.controls))

    def _order(self) -> tuple[list[Step], list[Step]]:
        """The steps before the condition, and those of the body; what passes values on is left out."""
        before: list[Step] = []
        body: list[Step] = []
        for step in self.steps:
            if step.op in _PASSING:
                continue
            late = self._is_later(step)
            if late:
                self.later.update(step.outputs)
            if step.op == "Identity" and not step.reads[0]:
                self.same[step.outputs[0]] = step.inputs[0]
            elif step.op != "NoOp":
                (body if late else before).append(step)
        return before, body

    def _uses_off(self) -> bool:
        """Whether anything but an Exit needs a value that is there only in the last iteration."""
        return any(
            slot in self.off for step in self.steps if step.op != "Exit" for slot in (*step.inputs, *step.controls)
        )

    def _real(self, slot: int) -> int:
        while slot in self.same:
            slot = self.same[slot]
        return slot

    def _moved(self, step: Step) -> Step:
        """The step with the slots where its inputs really are; slots are emptied when the loop ends."""
        return replace(step, inputs=tuple(map(self._real, step.inputs)), controls=(), frees=())
