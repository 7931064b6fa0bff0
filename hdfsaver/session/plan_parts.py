"""The steps of a plan in groups that can run as a whole, one after the other, and the steps between them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from hdfsaver.session.plan import ExecutionPlan, Step

Output = tuple[str, int]


@dataclass
class Part:
    """Steps that follow each other, all of a group or none.

    Attributes
    ----------
    steps : list of Step
    is_group : bool
    """

    steps: list[Step] = field(default_factory=list)
    is_group: bool = False


def parts_of(plan: ExecutionPlan, grouped: Collection[str]) -> list[Part]:
    """The steps in as few groups as possible, each behind everything that it needs.

    Parameters
    ----------
    plan : ExecutionPlan
    grouped : collection of str
        The operations that may be in a group.

    Returns
    -------
    list of Part
    """
    makers = {slot: place for place, step in enumerate(plan.steps) for slot in step.outputs}
    levels: list[int] = []
    parts: dict[tuple[int, bool], Part] = {}
    for step in plan.steps:
        is_group = step.node in grouped
        level = 0 if is_group else -1
        for slot in (*step.inputs, *step.controls):
            if slot in makers and makers[slot] < len(levels):
                before = makers[slot]
                level = max(level, levels[before] + (is_group and plan.steps[before].node not in grouped))
        levels.append(level)
        parts.setdefault((level, not is_group), Part(is_group=is_group)).steps.append(step)
    return [part for _, part in sorted(parts.items())]


def taken(plan: ExecutionPlan, step: Step) -> Iterator[tuple[Output, int, bool]]:
    """For each input of a step its tensor, its slot, and whether it is a variable that is read."""
    yield from zip(plan.digraph.nodes[step.node]["inputs"], step.inputs, step.reads, strict=True)
