"""The facts about a plan on which rules rely."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hdfsaver.session.calls import Call, VariableRead, outputs_of
from hdfsaver.session.plan import ExecutionPlan
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array


@dataclass(frozen=True, slots=True)
class Slots:
    """The facts about the slots of a plan that are known before it runs.

    Attributes
    ----------
    plan : ExecutionPlan
    types : dict of str to str
        The type of each operation that is a step.
    known : dict of int to (str, tuple or None)
        The dtype and the static shape of the value that a step puts into a slot.
    constants : dict of int to object
        The values that are the same in every run; rules add some.
    values : list
        The values with which a run begins.
    """

    plan: ExecutionPlan
    types: Mapping[str, str]
    known: dict[int, tuple[str, Shape]]
    constants: dict[int, Any]
    values: list[Any]

    @staticmethod
    def of(plan: ExecutionPlan, values: list[Any]) -> Slots:
        """Those of a plan, given the values with which a run begins: None for an empty slot."""
        nodes = plan.digraph.nodes
        known: dict[int, tuple[str, Shape]] = {}
        for step in plan.steps:
            known.update(zip(step.outputs, nodes[step.node]["outputs"], strict=False))
        constants = {slot: value for slot, value in enumerate(values) if value is not None}
        return Slots(plan, {step.node: step.op for step in plan.steps}, known, constants, values)

    def with_constant(self, value: Array) -> int:
        """A new slot with a value that is the same in every run."""
        self.values.append(value)
        slot = len(self.values) - 1
        self.constants[slot] = value
        self.known[slot] = value.dtype.name, value.shape
        return slot

    def type_of(self, call: Call) -> str:
        """The type of the operation of a call; nothing where it reads a variable for an operation."""
        return "" if isinstance(call.function, VariableRead) else self.types.get(call.node, "")


def emptied_by(calls: Sequence[Call]) -> set[int]:
    """The slots that calls fill or find filled, and leave empty."""
    return {slot for call in calls for slot in call.frees}


def with_other_slots(call: Call, same: Mapping[int, int]) -> Call:
    """A call that takes values, and waits for them, where they are now."""
    inputs, controls = (tuple([same.get(slot, slot) for slot in slots]) for slots in (call.inputs, call.controls))
    return call._replace(inputs=inputs, controls=controls)


def with_frees(calls: Sequence[Call], emptied: set[int]) -> list[Call]:
    """The same calls, where each of some slots is emptied by the last call that needs it."""
    waiting = set(emptied)
    made: list[Call] = []
    for call in reversed(calls):
        needed = (*call.inputs, *outputs_of(call), *call.controls)
        last = tuple(dict.fromkeys(slot for slot in needed if slot in waiting))
        waiting.difference_update(last)
        made.append(call._replace(frees=last))
    return made[::-1]
