"""Graph: the networkx DiGraph with methods that build it and find operations and tensors in it."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol, TypeAlias

import networkx as nx

from hdfsaver import schema
from hdfsaver.annotations import Watch
from hdfsaver.graph.default_stack import DefaultStack
from hdfsaver.graph.definition import Node, OpDef, find, lookup
from hdfsaver.graph.graph_collections import Collections
from hdfsaver.graph.node_checks import check_nodes
from hdfsaver.graph.op_names import NamesInUse, TakenNames, check_operation_name, check_scope_name, parse_tensor_name
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.scopes import ControlDependencies, device_of, locations, merge_device
from hdfsaver.graph.tensor import Tensor
from hdfsaver.graph.walks import Positions, Takers
from hdfsaver.messages import message_classes
from hdfsaver.messages.function_libraries import library_of
from hdfsaver.messages.node_defs import PRODUCER, graph_def_of, node_def_of, nodes_in
from hdfsaver.schema import LIBRARY, AttrValue, DiGraph
from hdfsaver.shapes import Shape
from hdfsaver.shapes import text as shape_text


class SupportsGraphElement(Protocol):
    """Is an operation or a tensor of a graph, or stands for one, as a variable does."""

    def _as_graph_element(self) -> Tensor | Operation: ...


GraphElementLike: TypeAlias = str | SupportsGraphElement
"""An argument that stands for an operation or a tensor of a graph: itself, a variable, or its name."""


class Graph:
    """A computation graph.

    Attributes
    ----------
    digraph : networkx.DiGraph
        The graph itself, plain data as `hdfsaver.schema` documents them: any algorithm of networkx runs on it.
    seed : int or None
        The graph-level random seed; see ``tf.set_random_seed``.
    tensorflow : dict of str to bytes
        The parts of TensorFlow's messages beyond the graph, functions included; see `hdfsaver.schema.Structure`.
    """

    def __init__(self) -> None:
        self.digraph: DiGraph = nx.DiGraph()
        self.seed: int | None = None
        self._version = 0
        self._sizes = [(0, 0)]  # how many operations there were after each change that did not make exactly one
        self._finalized = False
        self._operations: dict[str, Operation] = {}
        self._names = NamesInUse()
        self._positions = Positions()
        self._takers = Takers()
        self._watch = Watch()
        self._taken_names = TakenNames()
        self._scope = ""
        self._devices: list[str | None] = []
        self._control: list[ControlDependencies] = []
        self._colocation: list[bytes] = []
        self._gradient_names: dict[str, str] = {}
        self._collections = Collections()
        self.tensorflow: dict[str, bytes] = {}

    @classmethod
    def from_digraph(cls, digraph: DiGraph) -> Graph:
        """A graph around a DiGraph that is a computation graph already; `ValueError` where it is not one.

        Attributes that have their default values may be missing, and are put in.
        """
        schema.validate(digraph)
        check_nodes(dict(digraph.nodes.items()))
        graph = cls()
        graph.adopt(digraph)
        return graph

    # -- state ---------------------------------------------------------------------------------------------------

    @property
    def version(self) -> int:
        """A number that grows with every change; a plan compiled from one version is not valid for another."""
        return self._version

    def changed(self) -> None:
        """Record that the DiGraph has changed; for code that changes it without the methods of this class."""
        self._version += 1
        self._sizes.append((self._version, len(self.digraph)))

    def positions(self) -> Mapping[str, int]:
        """When each operation was made: its place in the order of nodes. It grows with the graph."""
        return self._positions.of(self.digraph)

    def takers(self, operation: str, output: int) -> list[str]:
        """The operations that take an output of another."""
        return self._takers.of(self.digraph, self._version, operation, output)

    def _size_at(self, version: int) -> int:
        """How many operations there were at a version: each one that was made alone took the version one further."""
        place = bisect.bisect_right(self._sizes, version, key=lambda size: size[0]) - 1
        known, count = self._sizes[place]
        return count + version - known

    def fingerprint(self) -> Hashable:
        """A value that is equal to an earlier one only while graph and collections are unchanged."""
        # Comparing all items takes time, and is needed only where a list can be changed without a word to the graph.
        contents = self._collections.snapshot() if self._collections.is_shared else self._collections.version
        # A program's values on nodes and edges change without a word to the graph, too, and may be of any size.
        values = object() if self._watch.is_annotated(self.digraph, self._version) else None
        return self, self._version, len(self.digraph), contents, values

    @property
    def finalized(self) -> bool:
        """Whether the graph takes no more operations."""
        return self._finalized

    def finalize(self) -> None:
        """Take no more operations from now on."""
        self._finalized = True

    def unfinalize(self) -> None:
        """Let operations be added again, after the end of the work that needed an unchanged graph."""
        self._finalized = False

    def check_not_finalized(self) -> None:
        """Raise `RuntimeError` where the graph takes no more operations."""
        if self._finalized:
            raise RuntimeError("Graph is finalized and cannot be modified.")

    def as_default(self) -> AbstractContextManager[Graph]:
        """Make this the default graph of the thread inside a ``with`` block."""
        return default_graphs.entered(self)

    # -- building ------------------------------------------------------------------------------------------------

    def create(
        self, op_type: str, inputs: Sequence[Tensor], attrs: dict[str, AttrValue], name: str | None = None
    ) -> Operation:
        """Add an operation whose inputs and attributes are complete; other callers use ``apply``.

        Parameters
        ----------
        op_type : str
            A registered type.
        inputs : sequence of Tensor
        attrs : dict
            All attributes; it becomes the operation's own.
        name : str, optional
            The operation's name, made unique; the type's by default.

        Returns
        -------
        Operation

        Raises
        ------
        ValueError
            The type is not known, the name not legal, or the shapes do not fit each other.
        RuntimeError
            The graph is finalized.
        """
        definition = lookup(op_type)
        return self.create_named(definition, inputs, attrs, self.new_name(name or op_type))

    def create_named(
        self, definition: OpDef, inputs: Sequence[Tensor], attrs: dict[str, AttrValue], name: str
    ) -> Operation:
        """Add an operation under a name that `new_name` gave.

        Parameters
        ----------
        definition : OpDef
        inputs : sequence of Tensor
        attrs : dict
            All attributes; it becomes the operation's own.
        name : str

        Returns
        -------
        Operation

        Raises
        ------
        ValueError
            The shapes do not fit each other.
        """
        wires = tuple((tensor.op.name, tensor.value_index) for tensor in inputs)
        outputs = self.infer(definition, name, attrs, wires)
        if definition.type in self._gradient_names:
            attrs.setdefault("_gradient_op_type", self._gradient_names[definition.type].encode())
        if self._colocation and "_class" not in attrs:
            attrs["_class"] = list(self._colocation)
        schema.add_node(
            self.digraph,
            name,
            op=definition.type,
            inputs=wires,
            control_inputs=self._current_control_inputs({tensor.op.name for tensor in inputs}) if self._control else (),
            attrs=attrs,
            outputs=outputs,
            device=device_of(self._devices) if self._devices else "",
        )
        self._version += 1
        operation = self._operations[name] = Operation(self, name)
        for dependencies in self._control:
            dependencies.add_inside(name)
        return operation

    def surround(self, nodes: Sequence[tuple[str, dict[str, Any]]]) -> None:
        """Give nodes that were just added the control inputs and devices of the ``with`` blocks around."""
        for name, data in nodes if self._control else ():
            sources = {source for source, _ in data["inputs"]}
            around = self._current_control_inputs(sources)
            data["control_inputs"] = tuple(dict.fromkeys((*data["control_inputs"], *around)))
            for dependencies in self._control:
                dependencies.add_inside(name)
        for name, data in nodes if self._devices else ():
            if not locations(data, name):
                data["device"] = device_of([*self._devices, merge_device(data["device"])])
        for name, data in nodes if self._devices else ():
            # An operation that is colocated with another takes its device.
            shared = [self.digraph.nodes[other]["device"] for other in locations(data, name) if other in self.digraph]
            data["device"] = next(filter(None, shared), data["device"])

    def infer(
        self, definition: OpDef, name: str, attrs: dict[str, AttrValue], wires: tuple[tuple[str, int], ...]
    ) -> tuple[tuple[str, Shape], ...]:
        """Dtype and static shape of each output of an operation.

        Parameters
        ----------
        definition : OpDef
        name : str
            The operation's name, for messages.
        attrs : dict
        wires : tuple of (str, int)
            Its inputs: operation and output.

        Returns
        -------
        tuple of (str, tuple or None)

        Raises
        ------
        ValueError
            The inputs cannot fit.
        """
        node = Node(self.digraph, name, attrs, wires)
        try:
            shapes = definition.shapes(node)
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            given = ", ".join(shape_text(shape) for shape in node.input_shapes)
            raise ValueError(f"Operation {name!r} ({definition.type}) cannot take shapes {given}: {error}") from error
        return tuple(zip(definition.parsed.output_dtypes(attrs), shapes, strict=True))

    def adopt(self, digraph: DiGraph) -> None:
        """Take a whole DiGraph into an empty graph, the names in it included."""
        self.check_not_finalized()
        if self.digraph:
            raise ValueError("Only an empty graph can adopt a DiGraph.")
        self.digraph = digraph
        self.mark_names(digraph)
        self.changed()

    def mark_names(self, names: Iterable[str]) -> None:
        """Mark names, and the scopes that contain them, as used."""
        for name in names:
            self._names.mark_with_scopes(name)

    def taken_names(self) -> TakenNames:
        """The names that an import finds taken."""
        self._taken_names.keep_up(self.digraph)
        return self._taken_names

    # -- names and scopes ----------------------------------------------------------------------------------------

    def new_name(self, name: str) -> str:
        """A unique name made of ``name``; a name that ends in a slash is taken unchanged, without the slash."""
        self.check_not_finalized()
        if name.endswith("/"):
            name = name[:-1]
            self._names.mark(name)
        else:
            name = self.unique_name(name)
        check_operation_name(name)
        return name

    def unique_name(self, name: str, mark_as_used: bool = True) -> str:
        """The name within the current scope, with ``_1``, ``_2``, … where it is taken; case is ignored."""
        return self._names.unique(self._scope + name, mark_as_used=mark_as_used)

    @contextmanager
    def name_scope(self, name: str | None) -> Iterator[str]:
        """Put operations made inside under ``name/``.

        Parameters
        ----------
        name : str or None
            Made unique; one that ends in a slash is entered again unchanged; None or ``""`` leads to the root.

        Yields
        ------
        str
            The scope with its slash, or ``""`` at the root.
        """
        outer = self._scope
        self._scope = self._enter(name)
        try:
            yield self._scope
        finally:
            self._scope = outer

    def _enter(self, name: str | None) -> str:
        if not name:
            return ""
        check_scope_name(name, at_root=not self._scope)
        return name if name.endswith("/") else self.unique_name(name) + "/"

    def get_name_scope(self) -> str:
        """The current scope without its slash."""
        return self._scope.removesuffix("/")

    @contextmanager
    def device(self, device_name_or_function: str | None) -> Iterator[None]:
        """Request a device for operations made inside; None cancels the outer requests."""
        if device_name_or_function is not None and not isinstance(device_name_or_function, str):
            raise TypeError(f"A device is named by a string such as '/cpu:0', not {device_name_or_function!r}.")
        self._devices.append(device_name_or_function and merge_device(device_name_or_function))
        try:
            yield
        finally:
            self._devices.pop()

    @contextmanager
    def control_dependencies(self, control_inputs: Iterable[GraphElementLike] | None) -> Iterator[ControlDependencies]:
        """Make operations made inside wait for the given operations and tensors; None cancels all outer ones."""
        names = [self._operation_of(item).name for item in control_inputs or ()]
        dependencies = ControlDependencies(names)
        outer = self._control
        self._control = [dependencies] if control_inputs is None else [*outer, dependencies]
        try:
            yield dependencies
        finally:
            self._control = outer

    def _operation_of(self, item: GraphElementLike) -> Operation:
        element = self.as_graph_element(item)
        return element.op if isinstance(element, Tensor) else element

    def _current_control_inputs(self, sources: set[str]) -> tuple[str, ...]:
        names: dict[str, None] = {}
        for dependencies in self._control:
            # An input that was made inside waits for the same operations already.
            if not dependencies.covers(sources):
                names.update(dict.fromkeys(name for name in dependencies.names if name not in sources))
        return tuple(names)

    @contextmanager
    def colocate_with(self, op: GraphElementLike, ignore_existing: bool = False) -> Iterator[None]:
        """Request the device of an operation for operations made inside."""
        outer = [] if ignore_existing else self._colocation
        with self._colocated(sorted({*outer, *self._operation_of(op).colocation_groups()})):
            yield

    @contextmanager
    def colocation_group(self, group: bytes) -> Iterator[None]:
        """Put operations made inside into one group, that of an operation which may not exist yet."""
        with self._colocated([group]):
            yield

    @contextmanager
    def _colocated(self, groups: list[bytes]) -> Iterator[None]:
        outer, self._colocation = self._colocation, groups
        try:
            yield
        finally:
            self._colocation = outer

    @contextmanager
    def gradient_override_map(self, op_type_map: Mapping[str, str]) -> Iterator[None]:
        """Let operations made inside use another derivative than that of their type.

        Parameters
        ----------
        op_type_map : dict of str to str
            The type of operations, and the name that `RegisterGradient` registered the derivative under.

        Raises
        ------
        TypeError
            It is not a dict of strings.
        """
        if not isinstance(op_type_map, dict) or not all(
            isinstance(text, str) for item in op_type_map.items() for text in item
        ):
            raise TypeError("op_type_map must be a dictionary mapping strings to strings.")
        outer, self._gradient_names = self._gradient_names, {**self._gradient_names, **op_type_map}
        try:
            yield
        finally:
            self._gradient_names = outer

    # -- finding -------------------------------------------------------------------------------------------------

    def get_operations(self) -> list[Operation]:
        """All operations, in the order in which they were made."""
        return [self._operation(name) for name in self.digraph]

    def get_operation_by_name(self, name: str) -> Operation:
        """The operation of that name.

        Raises
        ------
        TypeError
            The name is not a string.
        ValueError
            It is a tensor's name.
        KeyError
            The operation does not exist in the graph.
        """
        if not isinstance(name, str):
            raise TypeError(f"Operation names are strings (or similar), not {type(name).__name__}.")
        element = self.as_graph_element(name, allow_tensor=False, allow_operation=True)
        assert isinstance(element, Operation)
        return element

    def get_tensor_by_name(self, name: str) -> Tensor:
        """The tensor of that name, ``"add:0"``.

        Raises
        ------
        TypeError
            The name is not a string.
        ValueError
            It is not of the form ``"operation:output"``.
        KeyError
            The operation does not exist in the graph, or does not have that output.
        """
        if not isinstance(name, str):
            raise TypeError(f"Tensor names are strings (or similar), not {type(name).__name__}.")
        element = self.as_graph_element(name, allow_tensor=True, allow_operation=False)
        assert isinstance(element, Tensor)
        return element

    def as_graph_element(
        self, obj: GraphElementLike, allow_tensor: bool = True, allow_operation: bool = True
    ) -> Tensor | Operation:
        """The operation or tensor that a name or an object stands for.

        Parameters
        ----------
        obj : Tensor, Operation, Variable or str
        allow_tensor, allow_operation : bool
            Which kind it may be.

        Returns
        -------
        Tensor or Operation

        Raises
        ------
        TypeError
            The object stands for neither, or for the kind that is not allowed.
        ValueError
            It belongs to another graph, or the name is of the wrong form.
        KeyError
            The graph has nothing of that name.
        """
        if not (allow_tensor or allow_operation):
            raise ValueError("allow_tensor and allow_operation cannot both be False.")
        if isinstance(obj, str):
            return self._element_by_name(obj, allow_tensor, allow_operation)
        element: Any = obj._as_graph_element() if hasattr(type(obj), "_as_graph_element") else None
        is_tensor, is_operation = isinstance(element, Tensor), isinstance(element, Operation)
        if not ((allow_tensor and is_tensor) or (allow_operation and is_operation)):
            wanted = " or ".join(["Tensor"] * allow_tensor + ["Operation"] * allow_operation)
            raise TypeError(f"Can not convert a {type(obj).__name__} into a {wanted}: {obj!r}.")
        if element.graph is not self:
            raise ValueError(f"{obj!r} is not an element of this graph.")
        found: Tensor | Operation = element
        return found

    def _element_by_name(self, name: str, allow_tensor: bool, allow_operation: bool) -> Tensor | Operation:
        parsed = parse_tensor_name(name)
        if allow_tensor and parsed is not None:
            return self._tensor_by_name(name, *parsed)
        if allow_operation and ":" not in name:
            return self._operation_by_name(name)
        wanted, form = ("Tensor", "<op_name>:<output_index>") if allow_tensor else ("Operation", "<op_name>")
        raise ValueError(f"The name {name!r} is not that of a {wanted}: those names are of the form {form!r}.")

    def _operation_by_name(self, name: str) -> Operation:
        if name not in self.digraph:
            raise KeyError(f"The name {name!r} refers to an Operation not in the graph.")
        return self._operation(name)

    def _tensor_by_name(self, name: str, operation: str, output: int) -> Tensor:
        if operation not in self.digraph:
            raise KeyError(
                f"The name {name!r} refers to a Tensor which does not exist. "
                f"The operation, {operation!r}, does not exist in the graph."
            )
        outputs = self._operation(operation).outputs
        if output >= len(outputs):
            raise KeyError(
                f"The name {name!r} refers to a Tensor which does not exist. "
                f"The operation, {operation!r}, exists but only has {len(outputs)} outputs."
            )
        return outputs[output]

    def _operation(self, name: str) -> Operation:
        # These objects are made when they are asked for: a graph of 100,000 nodes from a file needs none to run.
        operation = self._operations.get(name)
        if operation is None:
            operation = self._operations[name] = Operation(self, name)
        return operation

    def tensor(self, operation: str, output: int) -> Tensor:
        """The given output of the operation of that name, both known to exist."""
        return self._operation(operation).outputs[output]

    # -- describing ----------------------------------------------------------------------------------------------

    @property
    def library(self) -> message_classes.FunctionDefLibrary:
        """The functions that operations call, as they came with a file or a `GraphDef`."""
        return library_of(self.tensorflow.get(LIBRARY, b""))

    @property
    def graph_def_versions(self) -> message_classes.VersionDef:
        """The versions that `as_graph_def` writes."""
        return message_classes.VersionDef(producer=PRODUCER)

    def as_graph_def(self, from_version: int | None = None, add_shapes: bool = False) -> message_classes.GraphDef:
        """The graph as a list of definitions, which `import_graph_def` takes.

        Parameters
        ----------
        from_version : int, optional
            Only the operations that were added since `version` was that.
        add_shapes : bool
            Write the known shapes of the outputs of each operation in its attribute ``_output_shapes``.

        Returns
        -------
        GraphDef
        """
        first = 0 if from_version is None else self._size_at(from_version)
        made = graph_def_of(itertools.islice(nodes_in(self.digraph), first, None), find, add_shapes)
        if LIBRARY in self.tensorflow:
            made.library.CopyFrom(self.library)
        return made

    def _node_def(self, name: str) -> message_classes.NodeDef:
        return node_def_of(name, self.digraph.nodes[name], find)

    # -- collections ---------------------------------------------------------------------------------------------

    def add_to_collection(self, name: Hashable, value: Any) -> None:
        """Append a value to the collection of that name."""
        self.check_not_finalized()
        self._collections.add(name, value)

    def add_to_collections(self, names: Iterable[Hashable] | str, value: Any) -> None:
        """Append a value to several collections."""
        self.check_not_finalized()
        self._collections.add_to_each(names, value)

    def get_collection(self, name: Hashable, scope: str | None = None) -> list[Any]:
        """A copy of the collection; with a scope, the items whose name matches that regular expression at its start."""
        return self._collections.get(name, scope)

    def get_collection_ref(self, name: Hashable) -> list[Any]:
        """The collection itself, to be changed in place."""
        return self._collections.reference(name)

    def clear_collection(self, name: Hashable) -> None:
        """Empty the collection."""
        self.check_not_finalized()
        self._collections.clear(name)

    def get_all_collection_keys(self) -> list[Any]:
        """The names of the collections that hold something."""
        return self._collections.names()

    @property
    def collections(self) -> list[Any]:
        """The names of the collections that hold something."""
        return self._collections.names()


default_graphs: DefaultStack[Graph] = DefaultStack("graphs")
"""The graphs that ``with graph.as_default()`` has made the default ones of each thread."""
