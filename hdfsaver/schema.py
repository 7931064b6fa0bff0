"""The schema of a computation graph: the data of the nodes and edges of its networkx DiGraph.

All values are plain Python values, so that networkx, the file and every engine see the same data.

A **node** is one operation; its key is the operation's name. Node data:

``op`` : str
    The operation's type, ``"AddV2"``.
``device`` : str
    The requested device, ``""`` for any device.
``attrs`` : dict[str, AttrValue]
    The operation's attributes. The Python type of a value corresponds to one kind of TensorFlow's ``AttrValue``:

    ==================  ==========  ===========================================================
    Python              AttrValue   example
    ==================  ==========  ===========================================================
    bytes               s           ``b"NHWC"``
    bool                b           ``True``
    int                 i           ``3``
    float               f           ``0.5``
    str                 type        ``"float32"``, a dtype's name
    tuple or None       shape       ``(None, 3)``; ``None`` is an unknown rank
    numpy.ndarray       tensor      the value of a constant; dtype object, of bytes, for strings
    list                list        ``[1, 1]``
    dict                func        ``{"name": "f", "attr": {...}}``; ``{"placeholder": "T"}``
    ==================  ==========  ===========================================================
``inputs`` : tuple[tuple[str, int], ...]
    The ordered inputs: the name of the producing node and the number of its output. The edges must agree with them.
``control_inputs`` : tuple[str, ...]
    The operations that must run before this one, in the given order.
``outputs`` : tuple[tuple[str, Shape], ...]
    For each output the name of its dtype and its static shape, as inferred when the operation was created.

An **edge** joins two nodes; a DiGraph has at most one edge per pair. Edge data:

``wires`` : list[tuple[int, int]]
    The ``(output, input)`` pairs of the edge, in order of the input; ``x * x`` has two.
``control`` : bool
    Whether the target also waits for the source; a pure control edge has no ``wires``.

Every further key of a node or an edge, and every key of ``digraph.graph``, is an **annotation**: it belongs to the
program. Its value is None, a bool, a number, str, bytes, a NumPy array or scalar, or a list, tuple, set or dict of
these. Files of this format keep annotations; TensorFlow's messages cannot hold them.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeAlias

import numpy as np

from hdfsaver import dtypes
from hdfsaver.shapes import Shape

if TYPE_CHECKING:
    import networkx as nx

AttrValue: TypeAlias = Any
"""One of the Python types of the table above."""

Wire: TypeAlias = tuple[int, int]
"""``(output of the source, input of the target)``."""

ControlWire: Wire = (-1, -1)
"""The number for a control edge in a table of edges."""

DiGraph: TypeAlias = "nx.DiGraph[str]"

NODE_FIELDS = ("op", "device", "attrs", "inputs", "control_inputs", "outputs")
EDGE_FIELDS = ("wires", "control")


@dataclass
class SaveSliceInfoDef:
    """The part of a partitioned variable that a variable holds, field for field TensorFlow's ``SaveSliceInfoDef``."""

    full_name: str
    full_shape: tuple[int, ...]
    var_offset: tuple[int, ...]
    var_shape: tuple[int, ...]


@dataclass
class VariableDef:
    """The operations of a variable: an item of the collections of variables.

    The fields are those of TensorFlow's ``VariableDef``; names of tensors end in ``:0``. Files of this format have no
    ``is_resource``, which the type of the variable's operation tells as well, and no ``synchronization`` and
    ``aggregation``, which are about copies of a variable.
    """

    variable_name: str
    initial_value_name: str
    initializer_name: str
    snapshot_name: str
    trainable: bool = True
    save_slice_info_def: SaveSliceInfoDef | None = None
    is_resource: bool = field(default=False, compare=False)
    synchronization: int = field(default=0, compare=False)
    aggregation: int = field(default=0, compare=False)


class SavedPart(NamedTuple):
    """A variable that a Saver saves as a part of a larger one: the name of its operation, and its part."""

    op_name: str
    info: SaveSliceInfoDef


LIBRARY = "library"
"""The key of the functions in `Structure.tensorflow`."""

NODES = "nodes"
"""The key, in `Structure.tensorflow`, of those parts of nodes that have no plain value."""


SavedNames: TypeAlias = "dict[str, str | list[SavedPart]]"
"""By name in the file, the name of a variable's operation, or the parts of a partitioned variable."""


@dataclass
class ItemList:
    """The items of a collection of one kind; TensorFlow has a message for each kind, all with this one field."""

    value: list[Any] = field(default_factory=list)


@dataclass(init=False)
class CollectionDef:
    """A collection of a graph, in one of TensorFlow's kinds.

    Parameters
    ----------
    kind : str
        ``"node_list"`` (names of tensors and operations), ``"bytes_list"``, ``"int64_list"``, ``"float_list"``,
        or ``"variable_list"`` (`VariableDef` items, which TensorFlow serializes).
    value : list
        The items: str, bytes, int, float or `VariableDef`.
    **lists
        Instead of the other two, as in TensorFlow: ``node_list=CollectionDef.NodeList(value=["a"])``.
    """

    kind: str
    value: list[Any]

    NodeList: ClassVar = ItemList
    BytesList: ClassVar = ItemList
    Int64List: ClassVar = ItemList
    FloatList: ClassVar = ItemList

    def __init__(self, kind: str = "", value: list[Any] | None = None, **lists: ItemList) -> None:
        if len(lists) + bool(kind) > 1 or not lists.keys() <= COLLECTION_KINDS.keys():
            raise TypeError(f"A CollectionDef has one of {', '.join(COLLECTION_KINDS)}, not {[kind, *lists]}.")
        self.kind, items = next(iter(lists.items()), (kind, ItemList([] if value is None else value)))
        self.value = items.value

    def WhichOneof(self, group: str) -> str | None:  # noqa: N802 - TensorFlow's name
        """The name of the list that holds the items, or None; the only group is ``"kind"``."""
        if group != "kind":
            raise ValueError(f"A CollectionDef has only the group 'kind', not {group!r}.")
        return "bytes_list" if self.kind == "variable_list" else self.kind or None

    def __getattr__(self, name: str) -> ItemList:
        # node_list, bytes_list and so on; the lists of other kinds are empty.
        if name not in COLLECTION_KINDS:
            raise AttributeError(f"A CollectionDef has no attribute {name!r}.")
        return ItemList(self.value if name in (self.kind, self.WhichOneof("kind")) else [])


COLLECTION_KINDS: dict[str, type] = {
    "node_list": str,
    "bytes_list": bytes,
    "int64_list": int,
    "float_list": float,
    "variable_list": VariableDef,
}


@dataclass
class SaverDef:
    """The settings of a Saver: TensorFlow's ``SaverDef``, field for field."""

    LEGACY: ClassVar[int] = 0
    V1: ClassVar[int] = 1
    V2: ClassVar[int] = 2

    filename_tensor_name: str = ""
    save_tensor_name: str = ""
    restore_op_name: str = ""
    max_to_keep: int = 5
    sharded: bool = False
    keep_checkpoint_every_n_hours: float = 10000.0
    version: int = 2


@dataclass
class Structure:
    """A graph with its collections and its Saver: the content of a checkpoint's ``/graph``.

    Attributes
    ----------
    digraph : networkx.DiGraph
        The computation graph.
    collections : dict of str to CollectionDef
        The graph's collections.
    saver : SaverDef or None
        The Saver that wrote the file.
    saved_names : dict of str to str or list of SavedPart
        By name in the file, the variable (the name of its operation) or its parts. TensorFlow has this in the
        operations that its Saver adds to the graph; hdfsaver's Saver adds no operations.
    tensorflow : dict of str to bytes
        The rest of a TensorFlow file, such as its library of functions: serialized ``MetaGraphDef`` messages of one
        part each, by the names of the parts. They are not interpreted here.
    is_plain : bool
        Whether `digraph` is an arbitrary DiGraph of plain values; the other attributes are then empty.
    """

    digraph: DiGraph
    collections: dict[str, CollectionDef] = field(default_factory=dict)
    saver: SaverDef | None = None
    saved_names: SavedNames = field(default_factory=dict)
    is_plain: bool = False
    tensorflow: dict[str, bytes] = field(default_factory=dict)


def add_node(
    digraph: DiGraph,
    name: str,
    *,
    op: str,
    inputs: tuple[tuple[str, int], ...] = (),
    control_inputs: tuple[str, ...] = (),
    attrs: dict[str, AttrValue] | None = None,
    outputs: tuple[tuple[str, Shape], ...] = (),
    device: str = "",
) -> None:
    """Add one operation with its edges; the nodes of its inputs may be added later.

    Parameters
    ----------
    digraph : networkx.DiGraph
    name : str
    op : str
        The operation's type.
    inputs, control_inputs, attrs, outputs, device
        The node data, see above.
    """
    digraph.add_node(
        name,
        op=op,
        device=device,
        attrs={} if attrs is None else attrs,
        inputs=inputs,
        control_inputs=control_inputs,
        outputs=outputs,
    )
    for position, (source, output) in enumerate(inputs):
        _edge(digraph, source, name)["wires"].append((output, position))
    for source in control_inputs:
        _edge(digraph, source, name)["control"] = True


def add_control_inputs(digraph: DiGraph, name: str, sources: Iterable[str]) -> None:
    """Make an operation wait for more operations.

    Parameters
    ----------
    digraph : networkx.DiGraph
    name : str
        The operation.
    sources : iterable of str
        The operations to wait for; those that it waits for already are skipped.
    """
    data = digraph.nodes[name]
    new = [source for source in dict.fromkeys(sources) if source not in data["control_inputs"]]
    data["control_inputs"] += tuple(new)
    for source in new:
        _edge(digraph, source, name)["control"] = True


def remove_control_inputs(digraph: DiGraph, name: str) -> None:
    """Let an operation wait for nothing but its inputs."""
    data = digraph.nodes[name]
    for source in data["control_inputs"]:
        digraph.edges[source, name]["control"] = False
        _drop_unused_edge(digraph, source, name)
    data["control_inputs"] = ()


def replace_input(digraph: DiGraph, name: str, position: int, source: str, output: int) -> None:
    """Connect an input of an operation with another output.

    Parameters
    ----------
    digraph : networkx.DiGraph
    name : str
        The operation.
    position : int
        Which of its inputs.
    source : str
        The operation whose output it takes from now on.
    output : int
        Which of its outputs.
    """
    data = digraph.nodes[name]
    old, old_output = data["inputs"][position]
    digraph.edges[old, name]["wires"].remove((old_output, position))
    _drop_unused_edge(digraph, old, name)
    data["inputs"] = (*data["inputs"][:position], (source, output), *data["inputs"][position + 1 :])
    wires = _edge(digraph, source, name)["wires"]
    wires.append((output, position))
    wires.sort(key=lambda wire: wire[1])


def _drop_unused_edge(digraph: DiGraph, source: str, target: str) -> None:
    edge = digraph.edges[source, target]
    if not edge["wires"] and not edge["control"]:
        digraph.remove_edge(source, target)


def new_digraph() -> DiGraph:
    """An empty DiGraph; networkx is imported with the first one, because that takes as long as importing NumPy."""
    import networkx as nx

    return nx.DiGraph()


def build(nodes: Mapping[str, dict[str, Any]]) -> DiGraph:
    """Build a DiGraph from all its nodes at once, in order; several times faster than calling `add_node` for each.

    Parameters
    ----------
    nodes : mapping of str to dict
        Every field of `NODE_FIELDS` for each node. The edges follow from the inputs.
    """
    digraph = new_digraph()
    digraph.add_nodes_from(nodes.items())
    edges = edges_from_inputs(digraph.nodes.items())
    digraph.add_edges_from((source, target, data) for (source, target), data in edges.items())
    return digraph


@contextmanager
def nothing_collected() -> Iterator[None]:
    """Pause the garbage collector: a large graph is a million new objects, and all of them stay."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _edge(digraph: DiGraph, source: str, target: str) -> dict[str, Any]:
    if not digraph.has_edge(source, target):
        digraph.add_edge(source, target, wires=[], control=False)
    edge: dict[str, Any] = digraph.edges[source, target]
    return edge


def validate(digraph: DiGraph) -> None:
    """Check that a DiGraph is a computation graph as described above.

    Raises
    ------
    ValueError
        The graph is malformed; the message names the first faulty node or edge.
    """
    for name, data in digraph.nodes(data=True):
        _validate_node(digraph, name, data)
    expected = edges_from_inputs(digraph.nodes.items())
    for source, target, data in digraph.edges(data=True):
        if (source, target) not in expected:
            raise ValueError(no_input(source, target))
        said = expected.pop((source, target))
        wires, control = said["wires"], said["control"]
        if list(data.get("wires", [])) != wires or bool(data.get("control", False)) != control:
            raise ValueError(
                f"Edge {source!r} -> {target!r} carries {dict(data)}, "
                f"but the inputs of {target!r} say wires={wires}, control={control}."
            )
    if expected:
        source, target = next(iter(expected))
        raise ValueError(f"Node {target!r} has an input from {source!r}, but no edge joins them.")


def no_input(source: str, target: str) -> str:
    """The fault of an edge that does not follow from the inputs of its target."""
    return (
        f"Edge {source!r} -> {target!r} stands for no input of {target!r}. Edges follow from the inputs of "
        "operations: keep other relations as a value of the node."
    )


def _validate_node(digraph: DiGraph, name: Any, data: Mapping[str, Any]) -> None:
    if not isinstance(name, str):
        raise ValueError(f"The key of node {name!r} is not a string.")
    missing = [key for key in NODE_FIELDS if key not in data]
    if len(missing) == len(NODE_FIELDS) and digraph.out_degree(name):
        raise ValueError(f"Node {name!r} is an input of an operation, but it is not defined.")
    if missing:
        raise ValueError(f"Node {name!r} lacks {', '.join(missing)}.")
    if not isinstance(data["op"], str) or not isinstance(data["device"], str):
        raise ValueError(f"Node {name!r} needs strings for op and device, not {data['op']!r} and {data['device']!r}.")
    for source, output in data["inputs"]:
        _validate_input(digraph, name, source, output)
    for dtype, _shape in data["outputs"]:
        if dtypes.base_name(dtype) not in dtypes.ROW_BY_NAME:
            raise ValueError(f"Node {name!r} has an output of the unknown dtype {dtype!r}.")
    for key, value in data["attrs"].items():
        if not is_plain(value):
            raise ValueError(f"Attribute {key!r} of node {name!r} is not a plain value: {value!r}.")


def _validate_input(digraph: DiGraph, name: str, source: str, output: int) -> None:
    if source in digraph and "outputs" in digraph.nodes[source]:
        count = len(digraph.nodes[source]["outputs"])
        if not 0 <= output < count:
            raise ValueError(f"Node {name!r} takes output {output} of {source!r}, which has {count}.")


def edges_from_inputs(nodes: Iterable[tuple[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    """The edges that follow from the inputs of nodes, by source and target."""
    edges: dict[tuple[str, str], dict[str, Any]] = {}
    for target, data in nodes:
        for position, (source, output) in enumerate(data["inputs"]):
            edge = edges.get((source, target))
            if edge is None:
                edge = edges[source, target] = {"wires": [], "control": False}
            edge["wires"].append((output, position))
        for source in data["control_inputs"]:
            edges.setdefault((source, target), {"wires": [], "control": False})["control"] = True
    return edges


def is_plain(value: AttrValue) -> bool:
    """Whether a value has one of the types that an attribute may have."""
    if isinstance(value, list):
        return all(is_plain(item) for item in value)
    if isinstance(value, tuple):
        return all(size is None or type(size) is int for size in value)
    if isinstance(value, dict):
        return all(isinstance(key, str) for key in value)
    return value is None or isinstance(value, bool | int | float | str | bytes | np.ndarray)
