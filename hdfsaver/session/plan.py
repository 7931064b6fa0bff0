"""The plan of a run: which operations must run, in which order, and where their values are kept.

A plan is data, without arrays and independent of engines; an engine turns it into something that runs (see `engine`).
Every tensor has a *slot*, a number, where its value is kept while it is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hdfsaver import dtypes
from hdfsaver.errors import InvalidArgumentError, UnimplementedError
from hdfsaver.graph.definition import OpDef
from hdfsaver.graph.function_bodies import Body, called_by, checked_body
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.graph.walks import ancestors, execution_order
from hdfsaver.schema import DiGraph
from hdfsaver.session.late_reads import LateReads
from hdfsaver.session.loop_plan import (
    ENTERS,
    EXITS,
    LOOP_TYPES,
    MERGES,
    NEXTS,
    Frame,
    Loop,
    order_with_loops,
    with_clears,
)

Output = tuple[str, int]
"""A tensor as the DiGraph names it: operation and output."""


SWITCHES = frozenset({"Switch", "RefSwitch"})
"""Operations that run although one of their outputs is dead."""

SWITCH_OUTPUTS = (0, 1)


CONVOLUTIONS = frozenset({"Conv2D", "DepthwiseConv2dNative"})
"""Operations whose filters may take in a scale behind them; see `hdfsaver.session.rewrites.scales`."""

WAITING = frozenset(
    f"{name}{version}"
    for name in ("QueueDequeue", "QueueDequeueMany", "QueueDequeueUpTo", "ReaderRead", "ReaderReadUpTo")
    for version in ("", "V2")
)
"""Operations that wait until a queue has elements."""


_CARRIED, _INSIDE = -1000, -1001
"""In the place of an output: the value of the iteration before, and the one that an Exit has in an iteration."""


@dataclass(frozen=True, slots=True)
class Step:
    """One operation of a plan.

    Attributes
    ----------
    node, op : str
        The operation's name and type.
    inputs : tuple of int
        The slots of its inputs.
    reads : tuple of bool
        For each input whether it is a variable whose value is wanted, at the moment of use, rather than the variable.
    controls : tuple of int
        For each operation waited for, a slot that is filled when it has run.
    outputs : tuple of int
        The slots of its outputs; an operation without outputs has one that says that it has run, and so does, as a
        third one, a Switch that others wait for.
    frees : tuple of int
        The slots that are not needed after this step.
    guards : tuple of (int or None)
        For each input the slot of a value instead of which a variable is read again, and which is among the controls:
        where it is dead, so is what is read.
    """

    node: str
    op: str
    inputs: tuple[int, ...]
    reads: tuple[bool, ...]
    controls: tuple[int, ...]
    outputs: tuple[int, ...]
    frees: tuple[int, ...]
    guards: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class ExecutionPlan:
    """All that an engine needs to know of a run.

    Attributes
    ----------
    digraph : networkx.DiGraph
        Where the attributes of the operations are found.
    definition : callable
        Gives the definition of a type of operations.
    steps : tuple of Step
        In an order in which they can run.
    feeds : tuple of int
        The slots that the caller fills.
    targets : tuple of str
        The operations that the caller fetches.
    fetches : tuple of int or None
        For each target the slot that is wanted, None where the operation is only to run.
    fetch_reads : tuple of bool
        For each fetch whether it is a variable whose value at the end of the run is wanted.
    size : int
        The number of slots.
    loops : tuple of Loop
        The steps that are repeated, inner loops before those around them.
    """

    digraph: DiGraph
    definition: Callable[[str], OpDef | None]
    steps: tuple[Step, ...]
    feeds: tuple[int, ...]
    targets: tuple[str, ...]
    fetches: tuple[int | None, ...]
    fetch_reads: tuple[bool, ...]
    size: int
    loops: tuple[Loop, ...] = ()


def make_plan(
    graph: Graph, fetches: Sequence[Tensor | Operation], feeds: Sequence[Tensor], *, is_body: bool = False
) -> ExecutionPlan:
    """Prune the graph to the operations that the fetches need, given the feeds, and order them.

    Parameters
    ----------
    graph : Graph
    fetches : sequence of Tensor or Operation
    feeds : sequence of Tensor
        The tensors that the caller gives values for.
    is_body : bool
        Whether it is the plan of a function, all of whose calls the plan around has checked.

    Returns
    -------
    ExecutionPlan

    Raises
    ------
    ValueError
        Operations wait for each other in a cycle.
    InvalidArgumentError
        An operation changes a variable for which a value is fed.
    UnimplementedError
        An operation is needed whose type is not known, the message names all of them; or of a dtype that only
        TensorFlow computes.
    """
    return _Planner(graph, fetches, feeds).plan(is_body)


class _Planner:
    def __init__(self, graph: Graph, fetches: Sequence[Tensor | Operation], feeds: Sequence[Tensor]) -> None:
        self.graph = graph
        self.digraph = graph.data
        self.fetches = [_output_of(element) for element in fetches]
        self.fed: list[Output] = [_output_of(tensor) for tensor in feeds]
        self.known = frozenset(self.fed)
        self.slots: dict[Output, int] = {}
        self.needed: set[str] = set()
        self.frames: Mapping[str, Frame] = {}

    def plan(self, is_body: bool) -> ExecutionPlan:
        targets = [name for name, output in self.fetches if (name, output) not in self.known]
        needed = self.needed = ancestors(self.digraph, targets, self.known)
        place = self.graph.positions()
        types = _check_known(self.graph, needed, place, {} if is_body else _unknown_in_functions(self.graph, needed))
        spans: Sequence[tuple[Frame, int, int]] = ()
        if types.isdisjoint(LOOP_TYPES):
            order = execution_order(self.digraph, needed, place, self.known)
            if not types.isdisjoint(WAITING):
                order = self._with_waiting_last(order)
        else:
            ordered = order_with_loops(self.digraph, needed, place, self.known)
            order, spans, self.frames = ordered.names, ordered.spans, ordered.frames
            self._check_fetches(ordered.frames)
        self.late_reads = LateReads(self.graph, order, self.known)
        feed_slots = tuple(self._slot(output) for output in self.fed)
        steps = [self._step(name) for name in order]
        loops = tuple(self._loop(order, *span) for span in spans)
        fetched = [self.late_reads.fetched(output) for output in self.fetches]
        wanted = [None if output < 0 else self._slot((name, output)) for name, output in fetched]
        reads = [output >= 0 and self._is_variable((name, output)) for name, output in fetched]
        last_uses = _last_uses(steps, keep={slot for slot in wanted if slot is not None})
        if loops:
            loops, last_uses = with_clears(loops, steps, last_uses)
        return ExecutionPlan(
            digraph=self.digraph,
            definition=self.graph.definition,
            steps=tuple(_with_frees(step, frees) for step, frees in zip(steps, last_uses, strict=True)),
            feeds=feed_slots,
            targets=tuple(name for name, _ in self.fetches),
            fetches=tuple(wanted),
            fetch_reads=tuple(reads),
            size=len(self.slots),
            loops=loops,
        )

    def _with_waiting_last(self, order: Sequence[str]) -> list[str]:
        """First what waits for no queue, since an operation of the same run may fill it."""
        nodes = self.digraph.nodes
        first: list[str] = []
        last: dict[str, None] = {}
        for name in order:
            data = nodes[name]
            sources = [source for source, output in data["inputs"] if (source, output) not in self.known]
            waits = data["op"] in WAITING or any(each in last for each in (*sources, *data["control_inputs"]))
            if waits:
                last[name] = None
            else:
                first.append(name)
        return [*first, *last]

    def _check_fetches(self, frames: Mapping[str, Frame]) -> None:
        """Refuse to give a value that a run may have several times."""
        for name, output in self.fetches:
            if output >= 0 and frames.get(name) and self.digraph.nodes[name]["op"] not in EXITS:
                raise InvalidArgumentError(
                    None, None, f"Tensor '{name}:{output}' is inside of a loop. Fetch what leaves the loop by an Exit."
                )

    def _loop(self, order: Sequence[str], frame: Frame, start: int, end: int) -> Loop:
        """The slots of a loop; those to clear are found later."""
        nodes = self.digraph.nodes
        names = [name for name in order[start:end] if self.frames[name] == frame]
        ends = [name for name in names if nodes[name]["op"] in NEXTS]
        outs = [name for name in names if nodes[name]["op"] in EXITS]
        taken = {source for name in names for source, _ in nodes[name]["inputs"]}
        firsts = [name for name in taken if nodes[name]["op"] in ENTERS and not nodes[name]["attrs"]["is_constant"]]
        conditions = [name for name in names if nodes[name]["op"] == "LoopCond"]
        return Loop(
            node=(conditions or names)[0],
            start=start,
            end=end,
            firsts=tuple(self._slot((name, 0)) for name in sorted(firsts) if name in self.needed),
            carried=tuple((self._slot((name, 0)), self._slot((name, _CARRIED))) for name in ends),
            exits=tuple((self._slot((name, _INSIDE)), self._slot((name, 0))) for name in outs),
            clears=(),
        )

    def _slot(self, output: Output) -> int:
        return self.slots.setdefault(output, len(self.slots))

    def _is_variable(self, output: Output) -> bool:
        """Whether a slot holds a reference, not a value; a fed one always holds a value."""
        name, position = output
        return output not in self.known and dtypes.is_ref(self.digraph.nodes[name]["outputs"][position][0])

    def _step(self, name: str) -> Step:
        data = self.digraph.nodes[name]
        inputs = [self.late_reads.input_of(name, source) for source in data["inputs"]]
        guards = tuple(
            None if taken == source else self._slot(source)
            for source, taken in zip(data["inputs"], inputs, strict=True)
        )
        definition = self.graph.definition(data["op"])
        assert definition is not None, "checked by _check_known"
        if definition.further_types:
            _check_types(definition, name, data["attrs"])
        takes_ref = definition.parsed.takes_ref(len(inputs))
        reads = tuple(
            not by_reference and self._is_variable(source)
            for by_reference, source in zip(takes_ref, inputs, strict=True)
        )
        for by_reference, source in zip(takes_ref, inputs, strict=True):
            if by_reference and source in self.known:
                raise InvalidArgumentError(
                    None, None, f"Operation {name!r} ({data['op']}) changes {source[0]!r}, for which a value is fed."
                )
        return Step(
            node=name,
            op=data["op"],
            inputs=tuple(self._slot(self._taken(data["op"], source)) for source in inputs),
            reads=reads,
            controls=(
                *(self._slot(self._signal(source)) for source in data["control_inputs"]),
                *(guard for guard in guards if guard is not None),
            ),
            outputs=tuple(self._slot(self._output((name, position))) for position in self._positions(name, data)),
            frees=(),
            guards=guards,
        )

    def _taken(self, op_type: str, source: Output) -> Output:
        """Where an input is found: of a loop variable what the iteration before has left."""
        if op_type in MERGES and self.digraph.nodes[source[0]]["op"] in NEXTS and source not in self.known:
            return source[0], _CARRIED
        return source

    def _positions(self, name: str, data: Mapping[str, Any]) -> Sequence[int]:
        """The outputs of an operation, with the one that says that it has run where nothing else says so."""
        if data["op"] in EXITS:
            return (_INSIDE,)
        if data["op"] in SWITCHES and any(edge["control"] for edge in self.digraph.succ[name].values()):
            return (*SWITCH_OUTPUTS, -1)
        return range(len(data["outputs"])) if data["outputs"] else (-1,)

    def _output(self, output: Output) -> Output:
        """Where an operation that runs puts a value: not in the place of a value that was fed."""
        return (output[0], -2 - output[1]) if output in self.known else output

    def _signal(self, name: str) -> Output:
        """The slot by which one sees that an operation has run; a placeholder that is fed does not run."""
        data = self.digraph.nodes[name]
        if not data["outputs"] or (data["op"] in SWITCHES and name in self.needed):
            return name, -1
        return self._output((name, 0)) if name in self.needed else (name, 0)


def _output_of(element: Tensor | Operation) -> Output:
    return (element.op.name, element.value_index) if isinstance(element, Tensor) else (element.name, -1)


def _check_types(definition: OpDef, name: str, attrs: Mapping[str, Any]) -> None:
    for key, further in definition.further_types.items():
        if attrs[key] in further - definition.types[key]:
            raise UnimplementedError(
                None, None, f"Operation {name!r} ({definition.type}) cannot be run here with {key}={attrs[key]}."
            )


def _check_known(
    graph: Graph, names: Collection[str], place: Mapping[str, int], unknown_inside: Mapping[str, str]
) -> set[str]:
    digraph = graph.data
    types = {digraph.nodes[name]["op"] for name in names}
    unknown = {op_type: "" for op_type in types if graph.definition(op_type) is None}
    if unknown:
        for name in sorted(names, key=place.__getitem__, reverse=True):  # the first of a type is named
            op_type = digraph.nodes[name]["op"]
            if op_type in unknown:
                unknown[op_type] = name
    unknown = {**unknown_inside, **unknown}
    if unknown:
        listed = ", ".join(f"{op_type} (operation {name!r})" for op_type, name in sorted(unknown.items()))
        raise UnimplementedError(None, None, f"The run needs operations of types that are not known here: {listed}.")
    return types


def _unknown_in_functions(graph: Graph, names: Collection[str]) -> dict[str, str]:
    """The types that functions need which some operations call, and that are not known; each with an operation."""
    waiting = called_by(graph, names)
    seen: set[Body] = set()
    found: dict[str, str] = {}
    while waiting:
        body = checked_body(graph.functions, waiting.pop())
        if body in seen:
            continue
        seen.add(body)
        inside = body.graph
        targets = [*(tensor.op.name for tensor in body.outputs), *(operation.name for operation in body.effects)]
        needed = ancestors(inside.data, targets, frozenset(map(_output_of, body.inputs)))
        types = {name: inside.data.nodes[name]["op"] for name in needed}
        found |= {op_type: name for name, op_type in types.items() if inside.definition(op_type) is None}
        waiting += called_by(inside, needed)
    return found


def _last_uses(steps: Sequence[Step], keep: set[int]) -> list[list[int]]:
    """For each step the slots that it is the last to need."""
    seen = set(keep)
    frees: list[list[int]] = []
    for step in reversed(steps):
        mine = dict.fromkeys(slot for slot in (*step.inputs, *step.controls, *step.outputs) if slot not in seen)
        frees.append(list(mine))
        seen.update(mine)
    return frees[::-1]


def _with_frees(step: Step, frees: Sequence[int]) -> Step:
    return replace(step, frees=tuple(frees))
