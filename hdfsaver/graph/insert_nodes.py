"""Put nodes that were made elsewhere into a graph: new names, other inputs, and inferred outputs."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hdfsaver import dtypes, schema
from hdfsaver.errors import InvalidNodeError
from hdfsaver.graph.definition import OpDef, find
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.node_checks import (
    budget_of,
    check_given,
    checked_attrs,
    no_such_output,
    take_outputs,
    with_defaults,
)
from hdfsaver.graph.op_names import check_operation_name
from hdfsaver.graph.walks import CycleError, data_behind, topological_sort
from hdfsaver.messages.op_defs import OUTPUT_DTYPES, OUTPUT_SHAPES
from hdfsaver.shapes import Shape, merge

Output = tuple[str, int]
Nodes = Mapping[str, Mapping[str, Any]]
Outputs = tuple[tuple[str, Shape], ...]

LOCATION = b"loc:@"
"""The prefix of the name of an operation in the attribute ``_class``."""

_LOOP_ENTRIES = ("Merge", "RefMerge")
_LOOP_ENDS = ("NextIteration", "RefNextIteration")

# The attributes that most often give the dtype of an operation's output, tried in this order for unknown types.
_TELLING_ATTRS = ("dtype", "out_type", "output_type", "DstT", "Tout", "T")


class GuessError(InvalidNodeError):
    """An input does not fit what is assumed of the outputs of an operation of an unknown type."""


class UnknownInputError(ValueError):
    """A node takes an input from a node that is not there.

    Attributes
    ----------
    node : str
        The name of the node that takes it.
    source : str
        The input; a program may spell it in another way.
    """

    def __init__(self, node: str, source: str) -> None:
        super().__init__(f"Node {node!r}: Unknown input node {source!r}.")
        self.node = node
        self.source = source


class Replaced:
    """The replacements of inputs: outputs and operations that the graph has already.

    Parameters
    ----------
    outputs : dict of (str, int) to (str, int)
        Which output is taken instead of which output of the new nodes.
    controls : dict of str to str
        Which operation is waited for instead of which of the new nodes.
    """

    def __init__(self, outputs: dict[Output, Output] | None = None, controls: dict[str, str] | None = None) -> None:
        self.outputs = outputs or {}
        self.controls = controls or {}

    def __bool__(self) -> bool:
        return bool(self.outputs or self.controls)


def insert_nodes(
    graph: Graph,
    nodes: Nodes,
    prefix: str = "",
    replaced: Replaced | None = None,
    check: Callable[[Mapping[str, int]], None] | None = None,
) -> dict[str, str]:
    """Add nodes to a graph.

    Parameters
    ----------
    graph : Graph
    nodes : mapping of str to dict
        The nodes in any order. For those that have ``outputs`` these are kept, and so is their order; for the others
        the outputs are inferred.
    prefix : str
        Put before all names; those that the graph has already get ``_1``, ``_2``, ….
    replaced : Replaced, optional
        The replacements of inputs.
    check : callable, optional
        Called with the number of outputs of each node before anything is final; it may raise.

    Returns
    -------
    dict of str to str
        The new name of each node.

    Raises
    ------
    ValueError
        An input is missing, nodes wait for each other in a cycle, a name is not legal, shapes do not fit each other.
        The graph is unchanged.
    InvalidNodeError
        A node contradicts the definition of its type. The graph is unchanged.
    RuntimeError
        The graph is finalized.
    """
    graph.check_not_finalized()
    with graph.lock, schema.nothing_collected():
        return _Insertion(graph, nodes, prefix, replaced or Replaced()).run(check)


class _Insertion:
    def __init__(self, graph: Graph, nodes: Nodes, prefix: str, replaced: Replaced) -> None:
        self.graph = graph
        self.nodes = nodes
        self.replaced = replaced
        self.back_edges: set[str] = set()
        self.budget = budget_of(nodes)
        self._check_inputs_exist()
        self.order = self._order()
        self.names = _new_names(graph, self.order, prefix)
        self.added: dict[str, dict[str, Any]] = {}
        self._expected: dict[Output, str] | None = None
        self._taken_counts: dict[str, int] = {}

    def run(self, check: Callable[[Mapping[str, int]], None] | None) -> dict[str, str]:
        """Add the nodes, or leave the graph unchanged."""
        digraph, graph = self.graph.data, self.graph
        before = len(digraph)
        try:
            digraph.add_nodes_from((self.names[name], self._renamed(name)) for name in self.order)
            added = data_behind(digraph, before)
            self.added = dict(added)
            for name, (new, data) in zip(self.order, added, strict=True):
                if "outputs" not in data:
                    data["outputs"] = self._outputs(name, new, data)
                else:
                    check_given(name, data)
            if check is not None:
                check({name: len(self.added[new]["outputs"]) for name, new in self.names.items()})
            graph.surround(added)
        except Exception:
            graph.keep_first(before)
            raise
        edges = schema.edges_from_inputs(added)
        digraph.add_edges_from((source, target, data) for (source, target), data in edges.items())
        graph.mark_names(self.names.values())
        if added:
            graph.changed()
        return self.names

    # -- order and inputs ----------------------------------------------------------------------------------------

    def _check_inputs_exist(self) -> None:
        nodes, replaced = self.nodes, self.replaced
        for name, data in nodes.items():
            for source, output in data["inputs"]:
                if source not in nodes and (source, output) not in replaced.outputs:
                    raise UnknownInputError(name, f"{source}:{output}" if output else source)
            for source in data["control_inputs"]:
                if source not in nodes and source not in replaced.controls:
                    raise UnknownInputError(name, f"^{source}")

    def _order(self) -> list[str]:
        if all("outputs" in data for data in self.nodes.values()) or self._is_ordered():
            return list(self.nodes)
        return _sorted({name: self._waits_for(name, data) for name, data in self.nodes.items()})

    def _is_ordered(self) -> bool:
        """Whether every node comes after those that it waits for, and there is no loop."""
        outputs, controls = self.replaced.outputs, self.replaced.controls
        done: set[str] = set()
        for name, data in self.nodes.items():
            if data["op"] in _LOOP_ENTRIES:
                return False
            for wire in data["inputs"]:
                if wire[0] not in done and wire not in outputs:
                    return False
            for source in data["control_inputs"]:
                if source not in done and source not in controls:
                    return False
            done.add(name)
        return True

    def _waits_for(self, name: str, data: Mapping[str, Any]) -> set[str]:
        needed = {source for source, output in data["inputs"] if (source, output) not in self.replaced.outputs}
        needed.update(source for source in data["control_inputs"] if source not in self.replaced.controls)
        if data["op"] in _LOOP_ENTRIES:
            back = {source for source in needed if self.nodes[source]["op"] in _LOOP_ENDS}
            if back:
                self.back_edges.add(name)
            needed -= back
        return needed

    # -- one node ------------------------------------------------------------------------------------------------

    def _renamed(self, name: str) -> dict[str, Any]:
        data = self.nodes[name]
        names, outputs, controls = self.names, self.replaced.outputs, self.replaced.controls
        renamed = {
            "op": data["op"],
            "device": data["device"],
            "attrs": self._attrs(name, data),
            "inputs": tuple([outputs.get(wire) or (names[wire[0]], wire[1]) for wire in data["inputs"]]),
            "control_inputs": tuple(dict.fromkeys([controls.get(source) or names[source] for source in waited]))
            if (waited := data["control_inputs"])
            else (),
        }
        if "outputs" in data:
            renamed["outputs"] = data["outputs"]
        if len(data) > len(renamed):  # a program's own values
            renamed |= {key: value for key, value in data.items() if key not in schema.NODE_FIELDS}
        return renamed

    def _attrs(self, name: str, data: Mapping[str, Any]) -> dict[str, Any]:
        attrs = checked_attrs(name, data)
        if "_class" in attrs:
            attrs["_class"] = [self._location(name, item) for item in attrs["_class"]]
        return attrs

    def _location(self, name: str, item: bytes) -> bytes:
        if not item.startswith(LOCATION):
            return item
        group = item.removeprefix(LOCATION).decode()
        if group in self.names:
            return LOCATION + self.names[group].encode()
        if "outputs" in self.nodes[name]:
            return item  # of a group that was not exported with it
        raise ValueError(f"Node {name!r} expects to be colocated with unknown node {group!r}.")

    # -- outputs -------------------------------------------------------------------------------------------------

    def _outputs(self, name: str, new: str, data: dict[str, Any]) -> Outputs:
        definition = self.graph.definition(data["op"])
        attrs = data["attrs"]
        known_shapes = attrs.pop(OUTPUT_SHAPES, None)
        if definition is None:
            return self._declared(name, attrs, known_shapes)
        take_outputs(self.budget, name, definition, attrs)
        self._check_inputs(definition, name, new, data)
        if name in self.back_edges:
            outputs: Outputs = tuple((dtype, None) for dtype in definition.parsed.output_dtypes(attrs))
        else:
            outputs = self.graph.infer(definition, new, attrs, data["inputs"])
        return outputs if known_shapes is None else _with_shapes(new, outputs, known_shapes)

    def _check_inputs(self, definition: OpDef, name: str, new: str, data: Mapping[str, Any]) -> None:
        wires = data["inputs"]
        expected = definition.attr_defs.input_dtypes(name, data["attrs"], len(wires))
        added, there = self.added, self.graph.data.nodes
        for place, ((source, output), wanted) in enumerate(zip(wires, expected, strict=True)):
            given = (added[source] if source in added else there[source]).get("outputs")
            # None is the end of a loop, which comes later.
            if given is None or (output < len(given) and given[output][0] == wanted):
                continue
            wrong = ""
            if output >= len(given):
                own = self.nodes[name]["inputs"][place][0] if source in added else source
                wrong = no_such_output(name, own, output, len(given))
            elif dtypes.base_name(given[output][0]) != wanted:
                wrong = (
                    f"Input {place} of node {new} was passed {dtypes.alias_of(given[output][0])} from "
                    f"{source}:{output} incompatible with expected {dtypes.alias_of(wanted)}."
                )
            if wrong:
                is_known = source not in added or find(added[source]["op"]) is not None
                raise (InvalidNodeError if is_known else GuessError)(None, None, wrong)

    def _declared(self, name: str, attrs: dict[str, Any], shapes: list[Shape] | None) -> Outputs:
        """The outputs of an operation of an unknown type: as declared, else as other operations need them."""
        said = attrs.pop(OUTPUT_DTYPES, None)
        if said is not None:
            return tuple(zip(said, [None] * len(said) if shapes is None else shapes, strict=True))
        expected = self._taken()
        count = max(self._taken_counts.get(name, 0), len(shapes or ()))
        usual = next((attrs[key] for key in _TELLING_ATTRS if isinstance(attrs.get(key), str)), "variant")
        found = [*(shapes or ()), *[None] * (count - len(shapes or ()))]
        return tuple((expected.get((name, index)) or usual, found[index]) for index in range(count))

    def _taken(self) -> dict[Output, str]:
        """For each output that is an input elsewhere, the dtype that the first known operation needs there."""
        if self._expected is None:
            self._expected = {}
            for data in self.nodes.values():
                definition = find(data["op"])
                dtypes_wanted: Sequence[str] = []
                if definition is not None:
                    # An attribute that is missing or wrong is spoken of when it is that node's turn.
                    with contextlib.suppress(KeyError, TypeError, ValueError):
                        attrs = with_defaults(data["op"], data["attrs"])
                        dtypes_wanted = definition.attr_defs.input_dtypes("", attrs, len(data["inputs"]))
                for place, wire in enumerate(data["inputs"]):
                    wanted = dtypes_wanted[place] if place < len(dtypes_wanted) else ""
                    self._expected[wire] = self._expected.get(wire) or wanted
                    source, output = wire
                    self._taken_counts[source] = max(self._taken_counts.get(source, 0), output + 1)
        return self._expected


def _with_shapes(name: str, outputs: Outputs, known: list[Shape]) -> Outputs:
    if len(known) < len(outputs):
        raise ValueError(
            f"Node {name!r} has {len(outputs)} outputs but the {OUTPUT_SHAPES} attribute specifies shapes for "
            f"{len(known)} outputs."
        )
    try:
        return tuple((dtype, merge(shape, said)) for (dtype, shape), said in zip(outputs, known, strict=False))
    except ValueError as error:
        raise ValueError(
            f"Node {name!r} has an {OUTPUT_SHAPES} attribute inconsistent with the GraphDef: {error}"
        ) from None


def _sorted(waits: Mapping[str, set[str]]) -> list[str]:
    """Names, each behind those that it waits for, and otherwise as early as they come."""
    try:
        return topological_sort(waits, {name: place for place, name in enumerate(waits)})
    except CycleError as error:
        raise ValueError(f"{len(error.names)} nodes in a cycle: {', '.join(error.names[:5])}.") from None


def _new_names(graph: Graph, order: list[str], prefix: str) -> dict[str, str]:
    for name in order:
        try:
            check_operation_name(name)
        except ValueError as error:
            raise ValueError(f"Node {name!r}: Node name contains invalid characters. {error}") from None
    names = {name: prefix + name for name in order}
    if not graph.data:
        return names
    taken = graph.taken_names()
    own = set(names.values())
    added: set[str] = set()
    for name, wanted in names.items():
        if wanted not in taken and wanted not in added:
            continue
        count = taken.first_free(wanted)
        while (new := f"{wanted}_{count}") in added or new in own or new in taken:
            count += 1
        names[name] = new
        added.add(new)
    return names
