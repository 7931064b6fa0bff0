"""Which operations see a variable that was changed after it had been read for them.

TensorFlow reads a variable without copying it, and changes it in place. So an operation that waits for the change sees
the new value, even where it takes the tensor of a read that ran before, also one that ran outside of the branch or the
loop in which the operation is. Values here are never changed in place; such an operation reads the variable again
instead. Others keep the value that was read.

An assignment of a value that was computed from the variable, such as a power of a decay or weights that are clipped,
waits for no other change of the same run, so that in TensorFlow threads decide which comes first; still neither is
lost, as the second one is computed from what the first one has left. Here the order is that in which the operations
were made, and what leads to such an assignment reads the variable again too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from hdfsaver import dtypes
from hdfsaver.graph.definition import OpDef
from hdfsaver.graph.graph import Graph

Output = tuple[str, int]
"""A tensor as the DiGraph names it: operation and output."""

_LEADING_IN = frozenset({"Switch", "Enter"})
"""Operations that lead a value into a branch or a loop."""


class LateReads:
    """The reads of variables in one run that are to be made again.

    Parameters
    ----------
    graph : Graph
    order : sequence of str
        The operations of the run, in the order in which they run.
    known : collection of (str, int)
        The tensors that are fed.
    """

    def __init__(self, graph: Graph, order: Sequence[str], known: Collection[Output]) -> None:
        self._nodes: Mapping[str, Mapping[str, Any]] = graph.data.nodes
        self._definition = graph.definition
        self._known = known
        self._bits: dict[str, int] = {}
        self._before: dict[str, int] = {}
        taking = {op for op in {self._nodes[name]["op"] for name in order} if _takes_references(graph.definition(op))}
        changes = {name: self._changed_by(name) for name in order if self._nodes[name]["op"] in taking}
        for variable in {variable for changed in changes.values() for variable in changed}:
            self._bits[variable] = 1 << len(self._bits)
        if self._bits:
            self._follow(order, changes)
            self._follow_overwriting(order, changes)

    def _follow(self, order: Sequence[str], changes: Mapping[str, Collection[str]]) -> None:
        """Find which variables have changed before each operation; sets of them are the bits of an integer."""
        after: dict[str, int] = {}
        size = -1
        while size != (size := sum(after.values())):  # changes reach the beginning of a loop when its end is known
            self._follow_once(order, changes, after)
            if not any(self._nodes[name]["op"] == "NextIteration" for name in order):
                return

    def _follow_once(self, order: Sequence[str], changes: Mapping[str, Collection[str]], after: dict[str, int]) -> None:
        for name in order:
            data = self._nodes[name]
            before = 0
            for source, output in data["inputs"]:
                if (source, output) not in self._known:
                    before |= after.get(source, 0)
            for source in data["control_inputs"]:
                before |= after.get(source, 0)
            self._before[name] = before
            for variable in changes.get(name, ()):
                before |= self._bits[variable]
            after[name] = before

    def _follow_overwriting(self, order: Sequence[str], changes: Mapping[str, Collection[str]]) -> None:
        """Find the operations before an assignment that are to see the changes before them; see above."""
        counts = Counter(variable for changed in changes.values() for variable in changed)
        leads: dict[str, int] = {}
        for name in reversed(order):
            data = self._nodes[name]
            if data["op"] == "Assign":
                for variable in changes[name]:
                    leads[name] = self._bits[variable] if counts[variable] > 1 else 0
            if leads.get(name):
                for source, _ in data["inputs"]:
                    leads[source] = leads.get(source, 0) | leads[name]
        changed = 0
        for name in order if any(leads.values()) else ():
            self._before[name] |= changed & leads.get(name, 0)
            for variable in changes.get(name, ()):
                changed |= self._bits[variable]

    def _changed_by(self, name: str) -> list[str]:
        data = self._nodes[name]
        definition = self._definition(data["op"])
        assert definition is not None, "a run has only operations that are known"
        takes_ref = definition.parsed.takes_ref(len(data["inputs"]))
        found = [self._variable(source) for source, is_ref in zip(data["inputs"], takes_ref, strict=True) if is_ref]
        return [variable for variable in found if variable is not None]

    def _variable(self, output: Output) -> str | None:
        """The operation that holds the variable to which a tensor refers."""
        name, position = output
        while output not in self._known and dtypes.is_ref(self._nodes[name]["outputs"][position][0]):
            inputs = self._nodes[name]["inputs"]
            if not inputs:
                return name
            if position:
                return None
            output = name, position = inputs[0]
        return None

    def _read(self, output: Output) -> str | None:
        """The variable, where a tensor is the result of a read, also where it was led into a branch or a loop."""
        name, _ = output
        while self._nodes[name]["op"] in _LEADING_IN and output not in self._known:
            name, _ = output = self._nodes[name]["inputs"][0]
        data = self._nodes[name]
        if output in self._known or data["op"] != "Identity":
            return None
        return self._variable(data["inputs"][0])

    def input_of(self, name: str, source: Output) -> Output:
        """The tensor that an operation takes as an input: the variable itself where it is to be read again."""
        variable = self._read(source) if self._before.get(name) else None
        if variable is None or not self._before[name] & self._bits.get(variable, 0):
            return source
        return variable, 0

    def fetched(self, output: Output) -> Output:
        """The tensor that is given to the user: the variable at the end of the run, where it changes in it."""
        variable = self._read(output) if self._bits and output[1] == 0 else None
        return output if variable is None or variable not in self._bits else (variable, 0)


def _takes_references(definition: OpDef | None) -> bool:
    """Whether operations of a type take a variable by reference, which few types do."""
    return definition is not None and any(argument.is_ref for argument in definition.parsed.inputs)
