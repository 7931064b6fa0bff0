"""The state of a walk over a graph: the values of its tensors in the ONNX graph, and the branch they are for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, Protocol

from hdfsaver.graph.definition import OpDef
from hdfsaver.graph.function_library import FunctionLibrary
from hdfsaver.onnx_graphs.emitter import Emitter
from hdfsaver.onnx_graphs.onnx_nodes import Stored
from hdfsaver.schema import DiGraph
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

Output = tuple[str, int]
"""A tensor: its operation and the number of the output."""

Guard = tuple[Output, bool]
"""A condition, and the value for which something is alive."""


class Elements(NamedTuple):
    """What is known of an array that a loop reads and writes one element at a time; see `element_arrays`.

    Attributes
    ----------
    dtype : str
    shape : tuple or None
        Of an element.
    size : Value
        The number of elements.
    is_growing : bool
        Whether it becomes as large as what is written.
    owner : object
        The loop that carries it, while nothing was written into it.
    element, place : str
        The names of the element that this iteration of the loop has written, and of its place; empty for the end.
    """

    dtype: str
    shape: Shape
    size: Value
    is_growing: bool
    owner: object = None
    element: str = ""
    place: str = ""


class Between(NamedTuple):
    """Random numbers of which only the bounds are known.

    Attributes
    ----------
    low, high : float
        ``high`` itself is not among them.
    shape : Value
        The vector of their sizes.
    source : tuple of str
        The tensor that this is.
    frame : Frame
    name : str
        The operation that has drawn them, in that frame.
    """

    low: float
    high: float
    shape: Value
    source: tuple[str, int]
    frame: Frame
    name: str


class Value(NamedTuple):
    """The value of a tensor.

    Attributes
    ----------
    name : str
        Its name in the ONNX graph; empty where it has none yet.
    known : ndarray or None
        The value itself, where it is known before a run.
    variable : Stored or None
        The variable, of a reference or a handle.
    is_missing : bool
        Whether it cannot be computed, since an operation before it has no twin.
    shape : tuple or None
        The static shape, where it is known from elsewhere than the graph.
    elements : Elements or None
        Of an array of elements; its name is that of all of them, empty where nothing was written into it.
    between : Between or None
        Of random numbers, which are missing, what is known of them; see `drawn_bounds`.
    """

    name: str = ""
    known: Array | None = None
    variable: Stored | None = None
    is_missing: bool = False
    shape: Shape = None
    elements: Elements | None = None
    between: Between | None = None


MISSING = Value(is_missing=True)


class Operations(Protocol):
    """The operations of a graph, as far as a walk asks for them; `hdfsaver.Graph` is one."""

    @property
    def data(self) -> DiGraph:
        """The graph itself."""

    @property
    def functions(self) -> FunctionLibrary:
        """The functions that its operations call."""

    def definition(self, op_type: str) -> OpDef | None:
        """The definition of a type of operations; None where it is not known."""


@dataclass
class Frame:
    """The operations of one graph as far as they go into one ONNX graph.

    Attributes
    ----------
    graph : Operations
    emitter : Emitter
    prefix : str
        Put before the names of operations: where the function is called.
    calls : tuple of str
        The functions around.
    parent : Frame or None
        That of the same graph around a branch.
    guards : mapping of tuple to bool
        The conditions of the branch.
    values : dict of tuple to Value
    wanted : sequence of tuple
        The tensors that the walk is for.
    """

    graph: Operations
    emitter: Emitter
    prefix: str = ""
    calls: tuple[str, ...] = ()
    parent: Frame | None = None
    guards: Mapping[Output, bool] = field(default_factory=dict)
    values: dict[Output, Value] = field(default_factory=dict)
    wanted: Sequence[Output] = ()

    @cached_property
    def needed(self) -> set[Output]:
        """All tensors that those which are wanted need."""
        found: set[Output] = set()
        waiting = list(self.wanted)
        while waiting:
            output = waiting.pop()
            if output not in found:
                found.add(output)
                waiting += self.digraph.nodes[output[0]]["inputs"]
        return found

    def places(self, name: str) -> list[int]:
        """The outputs of an operation that are needed."""
        *_, root = self.chain()
        return [place for place in range(len(self.digraph.nodes[name]["outputs"])) if (name, place) in root.needed]

    @property
    def digraph(self) -> DiGraph:
        """The operations."""
        return self.graph.data

    def chain(self) -> Iterator[Frame]:
        """This one, and those around it."""
        frame: Frame | None = self
        while frame is not None:
            yield frame
            frame = frame.parent

    def find(self, output: Output) -> Value | None:
        """The value of a tensor, if it has one."""
        for frame in self.chain():
            found = frame.values.get(output)
            if found is not None:
                return found
        return None

    def guard(self, condition: Output) -> bool | None:
        """The value that a condition has in this branch; None outside of its branches."""
        for frame in self.chain():
            if condition in frame.guards:
                return frame.guards[condition]
        return None

    def name_of(self, output: Output) -> str:
        """The name of a tensor's value; what is known becomes a constant."""
        value = self.find(output)
        assert value is not None, "it comes first"
        if value.known is not None and not value.name:
            return self.emitter.constant(value.known, name=f"{self.prefix}{output[0]}")
        return value.name


def guards_behind(digraph: DiGraph, name: str, known: dict[str, frozenset[Guard]]) -> frozenset[Guard]:
    """The conditions under which an operation is alive; without recursion, and kept in ``known``."""
    nodes = digraph.nodes
    waiting = [name]
    while waiting:
        current = waiting[-1]
        if current in known:
            waiting.pop()
            continue
        data = nodes[current]
        sources = [source for source, _ in _before(digraph, data)] + list(data["control_inputs"])
        missing = [source for source in sources if source not in known]
        if missing:
            waiting += missing
            continue
        waiting.pop()
        known[current] = _guards_of(digraph, current, known)
    return known[name]


def _guards_of(digraph: DiGraph, name: str, known: Mapping[str, frozenset[Guard]]) -> frozenset[Guard]:
    data = digraph.nodes[name]
    found = [_with_own(digraph, source, output, known) for source, output in _before(digraph, data)]
    if data["op"] in ("Merge", "RefMerge"):
        first, *rest = found
        return first.intersection(*rest)
    waited = [known[source] for source in data["control_inputs"]]
    return frozenset().union(*found, *waited)


def _before(digraph: DiGraph, data: Mapping[str, Any]) -> list[Output]:
    """The inputs of an operation, but for those that the next iteration of a loop brings."""
    return [each for each in data["inputs"] if not digraph.nodes[each[0]]["op"].endswith("NextIteration")]


def _with_own(digraph: DiGraph, source: str, output: int, known: Mapping[str, frozenset[Guard]]) -> frozenset[Guard]:
    data = digraph.nodes[source]
    if data["op"] in ("Switch", "RefSwitch"):
        return known[source] | {(condition_of(digraph, source), bool(output))}
    return known[source]


def condition_of(digraph: DiGraph, name: str) -> Output:
    """The condition of a Switch: the one that is passed on to it."""
    nodes = digraph.nodes
    output: Output = nodes[name]["inputs"][1]
    while nodes[output[0]]["op"] in ("Identity", "RefIdentity"):
        output = nodes[output[0]]["inputs"][0]
    return output
