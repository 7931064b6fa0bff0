"""The part of a graph that is in a name scope, and the inputs that this part takes from outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hdfsaver import schema
from hdfsaver.annotations import annotate, annotations_of
from hdfsaver.schema import DiGraph, SavedNames, SavedPart, SaverDef

UNBOUND = "$unbound_inputs_"
"""TensorFlow's prefix for the names of inputs from outside. An operation cannot have such a name."""

_SAVE_AND_RESTORE = frozenset({"Save", "SaveSlices", "SaveV2", "Restore", "RestoreSlice", "RestoreV2"})


def prefix_of(scope: str | None) -> str:
    """A scope with its slash; empty without a scope."""
    return f"{scope.rstrip('/')}/" if scope else ""


def part_of(digraph: DiGraph, prefix: str, excluded: frozenset[str] = frozenset()) -> tuple[DiGraph, list[str]]:
    """Take the nodes below a prefix out of a DiGraph, under names without it.

    An input from outside becomes a node too, of the type ``Placeholder`` and named with ``$unbound_inputs_``,
    so that the part is a computation graph by itself and can be written to a file.

    Parameters
    ----------
    digraph : networkx.DiGraph
    prefix : str
        Empty for all nodes.
    excluded : frozenset of str
        Nodes to leave out.

    Returns
    -------
    DiGraph
        A new one, whose arrays are shared.
    list of str
        The inputs from outside, as definitions of operations write inputs, each once.
    """
    return _Part(digraph, prefix, excluded).taken()


class _Part:
    def __init__(self, digraph: DiGraph, prefix: str, excluded: frozenset[str]) -> None:
        self.digraph = digraph
        self.prefix = prefix
        self.excluded = excluded
        self.unbound: dict[str, None] = {}
        self.outside: dict[str, dict[str, Any]] = {}

    def taken(self) -> tuple[DiGraph, list[str]]:
        """The part and the inputs from outside."""
        nodes = {
            name.removeprefix(self.prefix): self._node(data)
            for name, data in self.digraph.nodes.items()
            if self._is_inside(name)
        }
        digraph = schema.build({**self.outside, **nodes})
        found = annotations_of(self.digraph)
        names = {name: self._name(name) for edge in found.edges for name in edge}
        annotate(digraph, found._replace(nodes={}), names)  # the nodes have theirs
        return digraph, list(self.unbound)

    def _name(self, name: str) -> str:
        return name.removeprefix(self.prefix) if self._is_inside(name) else UNBOUND + name

    def _is_inside(self, name: str) -> bool:
        return name.startswith(self.prefix) and name not in self.excluded

    def _node(self, data: Mapping[str, Any]) -> dict[str, Any]:
        return {
            **data,
            "inputs": tuple((self._source(source, output), output) for source, output in data["inputs"]),
            "control_inputs": tuple(self._source(source, None) for source in data["control_inputs"]),
            "attrs": self._attrs(data),
        }

    def _source(self, source: str, output: int | None) -> str:
        if self._is_inside(source):
            return source.removeprefix(self.prefix)
        name = UNBOUND + source
        self.unbound["^" + name if output is None else f"{name}:{output}" if output else name] = None
        outputs = self.digraph.nodes[source]["outputs"]
        self.outside[name] = {
            "op": "Placeholder",
            "device": "",
            "attrs": {"dtype": outputs[0][0], "shape": outputs[0][1]} if outputs else {},
            "inputs": (),
            "control_inputs": (),
            "outputs": outputs,
        }
        return name

    def _attrs(self, data: Mapping[str, Any]) -> dict[str, Any]:
        attrs = dict(data["attrs"])
        if self.prefix and "_class" in attrs:
            marker = b"loc:@" + self.prefix.encode()
            attrs["_class"] = [
                b"loc:@" + item.removeprefix(marker) for item in attrs["_class"] if item.startswith(marker)
            ]
            if not attrs["_class"]:
                del attrs["_class"]
        frame = attrs.get("frame_name")
        if isinstance(frame, bytes):
            attrs["frame_name"] = frame.removeprefix(self.prefix.encode())
        return attrs


def saved_within(saved: SavedNames, prefix: str) -> SavedNames:
    """Which variables below a prefix a Saver keeps under which names, as the part of the graph calls them."""
    found: SavedNames = {}
    for name, kept in saved.items():
        if isinstance(kept, str):
            if kept.startswith(prefix):
                found[name] = kept.removeprefix(prefix)
        elif parts := [_saved_part(part, prefix) for part in kept if part.op_name.startswith(prefix)]:
            found[name] = parts
    return found


def _saved_part(part: SavedPart, prefix: str) -> SavedPart:
    info = replace(part.info, full_name=part.info.full_name.removeprefix(prefix))
    return SavedPart(part.op_name.removeprefix(prefix), info)


def extraneous_savers(digraph: DiGraph, saver_def: SaverDef | None) -> frozenset[str]:
    """The operations that another Saver than the given one has added: all in the scopes of its save and restore."""
    scopes = {_scope(name) for name, data in digraph.nodes.items() if data["op"] in _SAVE_AND_RESTORE}
    if saver_def is not None:
        scopes -= {_scope(saver_def.save_tensor_name), _scope(saver_def.restore_op_name)}
    scopes.discard("")
    return frozenset(name for name in digraph if any(name.startswith(scope) for scope in scopes))


def _scope(name: str) -> str:
    scope, slash, _ = name.rpartition("/")
    return scope + slash
