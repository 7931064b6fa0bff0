"""The DiGraph of a graph as programs get it: to be read, and to put values of their own on.

Plans, caches and files follow from the DiGraph, so a field that changes without a word to the graph would give wrong
results much later. The view refuses such a change where it is made. Every algorithm of networkx runs on it, and its
``copy()`` is a plain DiGraph that may be changed at will.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any, ClassVar, NoReturn, Self, TypeAlias

import networkx as nx
import numpy as np

from hdfsaver.schema import EDGE_FIELDS, NODE_FIELDS, DiGraph

REMEDY = (
    "Change a copy and make a graph of it: `copied = graph.digraph.copy()`, then `Graph.from_digraph(copied)`; or "
    "build operations in the graph."
)

Edge: TypeAlias = Callable[[str, str], tuple[str, str]]
"""The source and the target of the edge between a node and its neighbor."""

_CHANGES = (
    "add_node",
    "add_nodes_from",
    "remove_node",
    "remove_nodes_from",
    "add_edge",
    "add_edges_from",
    "add_weighted_edges_from",
    "remove_edge",
    "remove_edges_from",
    "clear",
    "clear_edges",
    "update",
)
"""The methods of a DiGraph that add or remove nodes and edges."""


def guarded(digraph: DiGraph, changed: Callable[[], None]) -> DiGraph:
    """A view of a DiGraph that refuses changes of what `hdfsaver.schema` describes.

    Parameters
    ----------
    digraph : networkx.DiGraph
    changed : callable
        Is told when an attribute with an underscore before its name was set.

    Returns
    -------
    networkx.DiGraph
        It changes with the DiGraph. Further keys of nodes, edges and the graph may be set in it.
    """
    view: Any = nx.freeze(nx.DiGraph())
    view.graph = digraph.graph
    view._node = _Nodes(digraph._node, changed)  # type: ignore[attr-defined]  # as networkx makes its own views
    view._adj = _Adjacency(digraph._succ, lambda source, target: (source, target))  # type: ignore[attr-defined]
    view._pred = _Adjacency(digraph._pred, lambda target, source: (source, target))  # type: ignore[attr-defined]
    for name in _CHANGES:
        setattr(view, name, _refuse)
    guarded_view: DiGraph = view
    return guarded_view


def _not_by_hand(key: object, owner: str) -> TypeError:
    return TypeError(f"{key!r} of {owner} cannot be changed by hand. {REMEDY}")


def _refuse(*_args: object, **_kwargs: object) -> NoReturn:
    raise nx.NetworkXError(f"Operations and edges of a graph cannot be added or removed by hand. {REMEDY}")


def _is_note(key: object) -> bool:
    """Whether an attribute is a note of a program, as TensorFlow's underscore says."""
    return isinstance(key, str) and key.startswith("_")


class _ReadOnlyDict(dict[Any, Any]):
    """A dict that equals the one in the graph."""

    def __init__(self, data: Mapping[Any, Any], owner: str) -> None:
        super().__init__((key, _read_only(value, owner)) for key, value in data.items())
        self._owner = owner

    def __setitem__(self, key: Any, value: Any) -> None:
        raise _not_by_hand(key, self._owner)

    def __delitem__(self, key: Any) -> None:
        raise _not_by_hand(key, self._owner)

    def __ior__(self, other: Any) -> Self:  # type: ignore[misc]
        self.update(other)
        return self

    # These are written with the two above.
    update = MutableMapping.update
    setdefault = MutableMapping.setdefault
    pop = MutableMapping.pop
    popitem = MutableMapping.popitem
    clear = MutableMapping.clear

    def copy(self) -> dict[Any, Any]:
        """A plain dict of the same values, in which all may be changed."""
        return {key: _plain_copy(value) for key, value in self.items()}

    def __reduce_ex__(self, protocol: object) -> tuple[Any, ...]:
        return dict, (self.copy(),)


class _Attrs(_ReadOnlyDict):
    """The attributes of an operation; the graph gets the notes that are set in it."""

    def __init__(self, data: dict[str, Any], owner: str, changed: Callable[[], None]) -> None:
        super().__init__(data, owner)
        self._data = data
        self._changed = changed

    def __setitem__(self, key: Any, value: Any) -> None:
        if not _is_note(key):
            raise _not_by_hand(key, self._owner)
        self._data[key] = value
        dict.__setitem__(self, key, value)
        self._changed()

    def __delitem__(self, key: Any) -> None:
        if not _is_note(key):
            raise _not_by_hand(key, self._owner)
        del self._data[key]
        dict.__delitem__(self, key)
        self._changed()


class _Data(MutableMapping[Any, Any]):
    """The data of a node or an edge."""

    __slots__ = ("_data", "_owner")
    fields: ClassVar[tuple[str, ...]]
    """The keys of the schema, which a program may not set."""

    def __init__(self, data: dict[Any, Any], owner: str) -> None:
        self._data = data
        self._owner = owner

    def __getitem__(self, key: Any) -> Any:
        value = self._data[key]
        return _read_only(value, self._owner) if key in self.fields else value

    def __setitem__(self, key: Any, value: Any) -> None:
        if key in self.fields:
            raise _not_by_hand(key, self._owner)
        self._data[key] = value

    def __delitem__(self, key: Any) -> None:
        if key in self.fields:
            raise _not_by_hand(key, self._owner)
        del self._data[key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)

    def __repr__(self) -> str:
        return repr(self._data)

    def copy(self) -> dict[Any, Any]:
        """A plain dict of the same values, in which all may be changed."""
        return _copied(self._data, self.fields)

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (self.copy(),)


class _NodeData(_Data):
    __slots__ = ("_changed",)
    fields = NODE_FIELDS

    def __init__(self, data: dict[Any, Any], name: str, changed: Callable[[], None]) -> None:
        super().__init__(data, f"operation {name!r}")
        self._changed = changed

    def __getitem__(self, key: Any) -> Any:
        if key == "attrs":
            return _Attrs(self._data["attrs"], f"the attributes of {self._owner}", self._changed)
        return super().__getitem__(key)


class _EdgeData(_Data):
    __slots__ = ()
    fields = EDGE_FIELDS


class _Nodes(Mapping[str, _NodeData]):
    __slots__ = ("_changed", "_nodes")

    def __init__(self, nodes: dict[str, dict[str, Any]], changed: Callable[[], None]) -> None:
        self._nodes = nodes
        self._changed = changed

    def __getitem__(self, name: str) -> _NodeData:
        return _NodeData(self._nodes[name], name, self._changed)

    def __contains__(self, name: object) -> bool:
        return name in self._nodes

    def __iter__(self) -> Iterator[str]:
        return iter(self._nodes)

    def __len__(self) -> int:
        return len(self._nodes)

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, ({name: data.copy() for name, data in self.items()},)


class _Neighbors(Mapping[str, _EdgeData]):
    __slots__ = ("_edge", "_found", "_name")

    def __init__(self, found: dict[str, dict[str, Any]], name: str, edge: Edge) -> None:
        self._found = found
        self._name = name
        self._edge = edge

    def __getitem__(self, name: str) -> _EdgeData:
        data = self._found[name]
        source, target = self._edge(self._name, name)
        return _EdgeData(data, f"the edge {source!r} -> {target!r}")

    def __contains__(self, name: object) -> bool:
        return name in self._found

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def copy(self) -> dict[str, dict[str, Any]]:
        """Plain dicts of the same values."""
        return {name: data.copy() for name, data in self.items()}


class _Adjacency(Mapping[str, _Neighbors]):
    __slots__ = ("_all", "_edge")

    def __init__(self, found: dict[str, dict[str, Any]], edge: Edge) -> None:
        self._all = found
        self._edge = edge

    def __getitem__(self, name: str) -> _Neighbors:
        return _Neighbors(self._all[name], name, self._edge)

    def __contains__(self, name: object) -> bool:
        return name in self._all

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, ({name: found.copy() for name, found in self.items()},)


class _ReadOnlyList(list[Any]):
    """A list that equals the one in the graph."""

    def _refuse(self, *_args: object, **_kwargs: object) -> NoReturn:
        raise TypeError(f"A list in a graph cannot be changed by hand. {REMEDY}")

    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse
    append = extend = insert = pop = remove = clear = sort = reverse = _refuse

    def __reduce_ex__(self, protocol: object) -> tuple[Any, ...]:
        return list, (tuple(self),)


def _read_only(value: Any, owner: str) -> Any:
    """A value through which nothing in the graph can be changed."""
    if isinstance(value, list):
        return _ReadOnlyList(_read_only(item, owner) for item in value)
    if isinstance(value, dict):
        return _ReadOnlyDict(value, owner)
    if isinstance(value, np.ndarray):
        view = value.view()
        view.flags.writeable = False
        return view
    return value


def _plain_copy(value: Any) -> Any:
    """A copy of the value of a field: lists and dicts that may be changed, and arrays that change with no other."""
    if isinstance(value, list):
        return [_plain_copy(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _plain_copy(item) for key, item in value.items()}
    if isinstance(value, np.ndarray) and value.flags.writeable:  # read-only ones may be large and shared
        return value.copy()
    return value


def copied(digraph: DiGraph) -> DiGraph:
    """A DiGraph of one's own with the same fields; the program's further values are the same objects."""
    made: DiGraph = nx.DiGraph()
    made.graph.update(digraph.graph)
    made.add_nodes_from((name, _copied(data, NODE_FIELDS)) for name, data in digraph.nodes.items())
    made.add_edges_from((source, target, _copied(data, EDGE_FIELDS)) for source, target, data in digraph.edges.data())
    return made


def _copied(data: Mapping[Any, Any], fields: tuple[str, ...]) -> dict[Any, Any]:
    return {key: _plain_copy(value) if key in fields else value for key, value in data.items()}
