"""Graph: the networkx DiGraph with methods that build it and find operations and tensors in it."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from hdfsaver import schema
from hdfsaver.annotations import Watch
from hdfsaver.graph.default_stack import DefaultStack
from hdfsaver.graph.definition import Node, OpDef, find, lookup
from hdfsaver.graph.device_functions import apply_device_functions
from hdfsaver.graph.device_spec import canonical_name, merged
from hdfsaver.graph.function_library import FunctionLibrary
from hdfsaver.graph.graph_collections import Collections
from hdfsaver.graph.graph_scopes import GraphElementLike, GraphScopes, SupportsGraphElement, plain_attr
from hdfsaver.graph.graph_tables import graph_html, variable_count
from hdfsaver.graph.node_checks import check_nodes, implied_attrs
from hdfsaver.graph.op_def_messages import op_def_of
from hdfsaver.graph.op_names import TakenNames, as_name, parse_tensor_name
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.scopes import NO_BLOCKS, Blocks, Context, locations
from hdfsaver.graph.tensor import Tensor
from hdfsaver.graph.traces import Trace, current_trace
from hdfsaver.graph.walks import Positions, Takers, data_behind
from hdfsaver.messages import message_classes
from hdfsaver.messages.function_libraries import library_of
from hdfsaver.messages.graph_versions import versions_of
from hdfsaver.messages.node_defs import graph_def_of, node_def_of, nodes_in
from hdfsaver.schema import LIBRARY, AttrValue, DiGraph
from hdfsaver.shapes import Shape
from hdfsaver.shapes import text as shape_text

__all__ = ["Graph", "GraphElementLike", "SupportsGraphElement", "default_graphs"]


_FORM = 'Tensor names must be of the form "<op_name>:<output_index>".'


class Graph(GraphScopes):
    """A computation graph.

    Attributes
    ----------
    digraph : networkx.DiGraph
        The graph as `hdfsaver.schema` documents it: any algorithm of networkx runs on it. A program may put further
        keys on nodes, edges and the DiGraph itself, and attributes with an underscore before their names. Every other
        change by hand is a `TypeError` or a `networkx.NetworkXError`. Its ``copy()`` may be changed at
        will, and `from_digraph` makes a graph of it.
    data : networkx.DiGraph
        The DiGraph itself, for the code of this package, which tells the graph what it changes (`changed`).
    seed : int or None
        The graph-level random seed; see ``tf.set_random_seed``.
    tensorflow : dict of str to bytes
        The parts of TensorFlow's messages beyond the graph, functions included; see `hdfsaver.schema.Structure`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.data = schema.new_digraph()
        self._view: tuple[DiGraph, DiGraph] | None = None
        self.seed: int | None = None
        self._seeds = itertools.count()
        self._version = 0
        self._sizes = [(0, 0)]  # how many operations there were after each change that did not make exactly one
        self._finalized = False
        self._operations: dict[str, Operation] = {}
        self._positions = Positions()
        self._takers = Takers()
        self._watch = Watch()
        self._taken_names = TakenNames()
        self._collections = Collections()
        self._unfeedable: set[object] = set()
        self._unfetchable: set[object] = set()
        self._contexts: dict[str, Context] = {}  # of operations of branches and loops
        self._imports: list[
            tuple[int, int, Trace]
        ] = []  # for each import the first operation, the one behind the last, and where it was
        self.tensorflow: dict[str, bytes] = {}
        self._kept_alive: list[object] = []
        self._functions = FunctionLibrary()

    @classmethod
    def from_digraph(cls, digraph: DiGraph) -> Graph:
        """A graph of a DiGraph that is a computation graph already; `ValueError` where it is not one.

        The graph has a copy: what is done to the DiGraph later is not seen in it. Attributes that have their default
        values may be missing, and are put in.
        """
        from hdfsaver.graph.guarded_digraph import copied  # with networkx, which not every program needs

        schema.validate(digraph)
        own = copied(digraph)
        check_nodes(dict(own.nodes.items()))
        graph = cls()
        graph.adopt(own)
        return graph

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {len(self.data):,} operations, {variable_count(self.data):,} variables>"

    def _repr_html_(self) -> str:
        return graph_html(self.data)

    @property
    def digraph(self) -> DiGraph:
        """The DiGraph, to be read and to put values on; see the attributes of the class."""
        if self._view is None or self._view[0] is not self.data:
            from hdfsaver.graph.guarded_digraph import guarded  # with networkx, which not every program needs

            self._view = self.data, guarded(self.data, self.changed)
        return self._view[1]

    # -- state ---------------------------------------------------------------------------------------------------

    def next_seed(self) -> int:
        """How often it was called before: the seed of a random operation that is not given one."""
        return next(self._seeds)

    @property
    def version(self) -> int:
        """A number that grows with every change; a plan compiled from one version is not valid for another."""
        return self._version

    def changed(self) -> None:
        """Record that the DiGraph has changed; for code that changes it without the methods of this class."""
        with self.lock:
            self._version += 1
            self._sizes.append((self._version, len(self.data)))

    def positions(self) -> Mapping[str, int]:
        """When each operation was made: its place in the order of nodes. It grows with the graph."""
        with self.lock:
            return self._positions.of(self.data)

    def takers(self, operation: str, output: int) -> list[str]:
        """The operations that take an output of another, each once for every input that takes it."""
        with self.lock:
            return self._takers.of(self.data, self._version, operation, output)

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
        values = object() if self._watch.is_annotated(self.data, self._version) else None
        return self, self._version, len(self.data), contents, values

    @property
    def building_function(self) -> bool:
        """Whether the graph is the body of a function that is traced."""
        return False

    def surrounds(self, graph: Graph) -> bool:
        """Whether operations of this graph may take tensors of another: its own, or of one around a function."""
        return graph is self

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

    _unsafe_unfinalize = unfinalize
    """TensorFlow's name of it, which programs use that add operations after a Supervisor has finalized the graph."""

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

    def create_op(
        self,
        op_type: str,
        inputs: Iterable[Tensor],
        dtypes: Sequence[Any] | None = None,
        input_types: Sequence[Any] | None = None,
        name: str | bytes | None = None,
        attrs: Mapping[str, message_classes.AttrValue] | None = None,
        op_def: object = None,
        compute_shapes: bool = True,
        compute_device: bool = True,
    ) -> Operation:
        """Add an operation of any registered type.

        Parameters
        ----------
        op_type : str
        inputs : list of Tensor
        dtypes, input_types : list of DType, optional
            Accepted for programs that give them: they follow from the type, the inputs and the attributes.
        name : str, optional
            Made unique; one that ends in a slash is taken unchanged, without the slash. The type's by default.
        attrs : dict of str to AttrValue, optional
            Those that the inputs imply need not be given.
        op_def, compute_shapes : object
            Accepted for programs that give them.
        compute_device : bool
            Whether the operation is put on the device that the blocks around ask for.

        Returns
        -------
        Operation

        Raises
        ------
        TypeError
            An input is not a tensor, or of a dtype that the operation does not take.
        ValueError
            The name is not legal or taken, an attribute is missing or wrong, or the shapes do not fit each other.
        RuntimeError
            The type is not registered, or the graph is finalized.
        """
        self.check_not_finalized()
        tensors = list(inputs)
        for position, tensor in enumerate(tensors):
            if not isinstance(tensor, Tensor):
                raise TypeError(f"Input #{position} is not a tensor: {tensor!r}.")
            if tensor.graph is not self:
                raise ValueError(f"Input #{position}, {tensor!r}, is not an element of this graph.")
        definition = _registered(op_type)
        given = {key: plain_attr(key, value) for key, value in (attrs or {}).items()}
        complete = implied_attrs(definition, as_name(name or op_type), [tensor.dtype.name for tensor in tensors], given)
        with nullcontext() if compute_device else self.device(None):
            return self.create_named(definition, tensors, complete, self.new_name(name or op_type))

    def create_named(
        self,
        definition: OpDef,
        inputs: Sequence[Tensor],
        attrs: dict[str, AttrValue],
        name: str,
        variables: Sequence[Operation] = (),
    ) -> Operation:
        """Add an operation under a name that `new_name` gave.

        Parameters
        ----------
        definition : OpDef
        inputs : sequence of Tensor
        attrs : dict
            All attributes; it becomes the operation's own.
        name : str
        variables : sequence of Operation
            The variables that it changes or reads itself, whose device it shares.

        Returns
        -------
        Operation

        Raises
        ------
        ValueError
            The shapes do not fit each other, or there is an operation of that name.
        """
        wires = tuple([(tensor.op.name, tensor.value_index) for tensor in inputs])
        outputs = self.infer(definition, name, attrs, wires)
        with self.lock:
            if name in self.data._node:  # type: ignore[attr-defined]  # faster, for every operation
                raise ValueError(f"Duplicate node name in graph: {name!r}.")
            blocks = self._scopes.blocks
            schema.add_node(
                self.data,
                name,
                op=definition.type,
                inputs=wires,
                control_inputs=self._current_control_inputs({source for source, _ in wires}) if blocks.control else (),
                attrs=attrs,
                outputs=outputs,
            )
            self._version += 1
            operation = self._operations[name] = Operation(self, name)
            operation.trace = current_trace(2)
            if variables:  # it must be on their device, not on that of the blocks
                blocks = blocks._replace(devices=(), device="", colocation=(*blocks.colocation, *variables))
            if blocks is not NO_BLOCKS:
                count = len(self.data) - 1
                try:
                    self._complete(name, operation.data, blocks)
                    if blocks.context is not None:
                        blocks.context.add_op(operation)
                except BaseException:
                    self.keep_first(count)
                    raise
        return operation

    def _complete(self, name: str, data: dict[str, Any], blocks: Blocks, located: Sequence[str] = ()) -> None:
        """Give a new operation what the ``with`` blocks around add to it, control inputs excepted."""
        attrs = data["attrs"]
        for key, value in blocks.attrs.items():
            if value is not None:
                attrs.setdefault(key, value)
        if data["op"] in blocks.kernel_labels:
            attrs["_kernel"] = blocks.kernel_labels[data["op"]].encode()
        if data["op"] in blocks.gradient_types:
            attrs["_gradient_op_type"] = blocks.gradient_types[data["op"]].encode()
        if blocks.container and attrs.get("container") == b"":
            attrs["container"] = blocks.container.encode()
        if not located and blocks.device is None:
            apply_device_functions(blocks.devices, self._operation(name))
        elif not located and blocks.device:
            data["device"] = merged(blocks.device, data["device"])
        if blocks.colocation:
            attrs["_class"] = sorted({group for other in blocks.colocation for group in other.colocation_groups()})
            devices = [other.device for other in reversed(blocks.colocation)]
            data["device"] = next(filter(None, devices), data["device"])
        for dependencies in blocks.control:
            dependencies.add_inside(name)

    @contextmanager
    def or_nothing(self) -> Iterator[None]:
        """Remove what was added inside a ``with`` block if it ends with an error. Names stay taken."""
        with self.lock:
            before = len(self.data)
            try:
                yield
            except BaseException:
                self.keep_first(before)
                raise

    def keep_first(self, count: int) -> None:
        """Remove all operations behind the first ones."""
        names = [name for name, _ in data_behind(self.data, count)]
        if names:
            self.data.remove_nodes_from(names)
            for name in names:
                self._operations.pop(name, None)
                self._contexts.pop(name, None)
            self.changed()

    def keep_alive(self, value: object) -> None:
        """Let an object live as long as the graph: one that operations find by a name in their attributes."""
        self._kept_alive.append(value)

    def context_of(self, name: str) -> Context | None:
        """The branch or the loop that an operation belongs to; None where it is outside or not known."""
        return self._contexts.get(name)

    def put_into(self, context: Context | None, name: str) -> None:
        """Let an operation belong to a branch or a loop."""
        if context is None:
            self._contexts.pop(name, None)
        else:
            self._contexts[name] = context

    def surround(self, nodes: Sequence[tuple[str, dict[str, Any]]]) -> None:
        """Give nodes that were just imported what the ``with`` blocks around add to them, and note where that was.

        An operation that is colocated with others has their device, not its own; other devices are written in full.
        """
        blocks = self._scopes.blocks
        added = self.data.nodes
        located = {}
        waiting = []
        for name, data in nodes:
            others = [other for other in locations(data, name) if other in added]
            if others:
                located[name] = others
            if data["device"]:
                data["device"] = "" if others or blocks.colocation else canonical_name(data["device"])
            if blocks.control:  # imported operations do not keep each other from waiting
                waiting.append(self._current_control_inputs({source for source, _ in data["inputs"]}))
        for (_, data), around in zip(nodes, waiting, strict=False):
            data["control_inputs"] = tuple(dict.fromkeys((*data["control_inputs"], *around)))
        for name, data in nodes if blocks is not NO_BLOCKS else ():
            self._complete(name, data, blocks, located.get(name, ()))
        for name, others in located.items() if not blocks.colocation else ():
            device = next(filter(None, [added[other]["device"] for other in others]), "")
            added[name]["device"] = canonical_name(device)
        count = len(self.data)
        self._imports.append((count - len(nodes), count, current_trace(2)))

    def trace_of(self, name: str) -> Trace:
        """Where an operation without a trace of its own was imported; empty where it came with a file."""
        place = self.positions()[name]
        return next((trace for first, behind, trace in self._imports if first <= place < behind), ())

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
        ResourceExhaustedError
            An attribute asks for more outputs than the limit `elements` allows.
        """
        node = Node(self.data, name, attrs, wires)
        dtypes = definition.parsed.output_dtypes(attrs)  # before the shapes, as it checks how many there are
        try:
            shapes = definition.shapes(node)
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            given = ", ".join(shape_text(shape) for shape in node.input_shapes)
            raise ValueError(f"Operation {name!r} ({definition.type}) cannot take shapes {given}: {error}") from error
        return tuple(zip(dtypes, shapes, strict=True))

    def adopt(self, digraph: DiGraph) -> None:
        """Take a whole DiGraph into an empty graph, the names in it included."""
        self.check_not_finalized()
        if self.data:
            raise ValueError("Only an empty graph can adopt a DiGraph.")
        self.data = digraph
        self.mark_names(digraph)
        self.changed()

    def mark_names(self, names: Iterable[str]) -> None:
        """Mark names, and the scopes that contain them, as used."""
        for name in names:
            self._names.mark_with_scopes(name)

    def taken_names(self) -> TakenNames:
        """The names that an import finds taken."""
        self._taken_names.keep_up(self.data)
        return self._taken_names

    def _operation_of(self, item: GraphElementLike) -> Operation:
        element = self.as_graph_element(item)
        return element.op if isinstance(element, Tensor) else element

    # -- finding -------------------------------------------------------------------------------------------------

    def get_operations(self) -> list[Operation]:
        """All operations, in the order in which they were made."""
        return [self._operation(name) for name in list(self.data)]

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
        if isinstance(obj, str | bytes):
            return self._element_by_name(as_name(obj), allow_tensor, allow_operation)
        element: Any = obj._as_graph_element() if hasattr(type(obj), "_as_graph_element") else None
        if isinstance(element, str):
            return self._element_by_name(element, allow_tensor, allow_operation)
        is_tensor, is_operation = isinstance(element, Tensor), isinstance(element, Operation)
        if not ((allow_tensor and is_tensor) or (allow_operation and is_operation)):
            wanted = " or ".join(["Tensor"] * allow_tensor + ["Operation"] * allow_operation)
            raise TypeError(f"Can not convert a {type(obj).__name__} into a {wanted}: {obj!r}.")
        if element.graph is not self:
            raise ValueError(f"{'Tensor' if is_tensor else 'Operation'} {obj!r} is not an element of this graph.")
        found: Tensor | Operation = element
        return found

    def _element_by_name(self, name: str, allow_tensor: bool, allow_operation: bool) -> Tensor | Operation:
        if ":" in name and allow_tensor:
            parsed = parse_tensor_name(name)
            if parsed is None or ":" in parsed[0]:
                raise ValueError(f"The name {name!r} looks a like a Tensor name, but is not a valid one. {_FORM}")
            return self._tensor_by_name(name, *parsed)
        if ":" in name:
            raise ValueError(f"Name {name!r} appears to refer to a Tensor, not a Operation.")
        if not allow_operation:
            kind = "refers to an Operation" if name in self.data else "looks like an (invalid) Operation name"
            raise ValueError(f"The name {name!r} {kind}, not a Tensor. {_FORM}")
        if name not in self.data:
            raise KeyError(f"The name {name!r} refers to an Operation not in the graph.")
        return self._operation(name)

    def _tensor_by_name(self, name: str, operation: str, output: int) -> Tensor:
        if operation not in self.data:
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

    # -- what may be fed and fetched ------------------------------------------------------------------------------

    def prevent_feeding(self, tensor: object) -> None:
        """Refuse a value for a tensor in every run from now on."""
        self._unfeedable.add(tensor)
        self.changed()

    def is_feedable(self, tensor: object) -> bool:
        """Whether runs take a value for a tensor."""
        return tensor not in self._unfeedable

    def prevent_fetching(self, op: object) -> None:
        """Refuse to fetch an operation, and its tensors, in every run from now on."""
        self._unfetchable.add(op)
        self.changed()

    def is_fetchable(self, tensor_or_op: object) -> bool:
        """Whether runs give an operation or a tensor."""
        return (tensor_or_op.op if isinstance(tensor_or_op, Tensor) else tensor_or_op) not in self._unfetchable

    # -- describing ----------------------------------------------------------------------------------------------

    @property
    def library(self) -> message_classes.FunctionDefLibrary:
        """The functions that operations call, as they came with a file or a `GraphDef`."""
        return library_of(self.tensorflow.get(LIBRARY, b""))

    @property
    def functions(self) -> FunctionLibrary:
        """The same functions, found by name."""
        data = self.tensorflow.get(LIBRARY, b"")
        if data is not self._functions.data:
            self._functions = FunctionLibrary(data)
        return self._functions

    def share_functions(self, library: FunctionLibrary) -> None:
        """Have the functions of another graph."""
        self._functions = library
        if library.data:
            self.tensorflow = {**self.tensorflow, LIBRARY: library.data}

    def definition(self, op_type: str) -> OpDef | None:
        """The definition of an operation type, or of calls of the function of that name; None for other names."""
        return find(op_type) or self.functions.definition(op_type)

    @property
    def graph_def_versions(self) -> message_classes.VersionDef:
        """The versions that `as_graph_def` writes."""
        return versions_of(self.tensorflow)

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
        with self.lock:
            first = 0 if from_version is None else self._size_at(from_version)
            made = graph_def_of(itertools.islice(nodes_in(self.data), first, None), self.definition, add_shapes)
        if self.tensorflow:
            made.versions.CopyFrom(self.graph_def_versions)
        if LIBRARY in self.tensorflow:
            made.library.CopyFrom(self.library)
        return made

    def op_def_for_type(self, type: str) -> message_classes.OpDef:  # noqa: A002, TensorFlow's name
        """The description of an operation type; `RuntimeError` where it is not registered."""
        return op_def_of(_registered(type))

    def _node_def(self, name: str) -> message_classes.NodeDef:
        return node_def_of(name, self.data.nodes[name], self.definition)

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

    def get_all_collection_keys(self) -> list[str]:
        """The names of the collections, those excepted that are not strings."""
        return [name for name in self._collections.names() if isinstance(name, str)]

    @property
    def collections(self) -> list[Any]:
        """The names of the collections."""
        return self._collections.names()


def _registered(op_type: str) -> OpDef:
    definition = find(op_type)
    if definition is None:
        raise RuntimeError(f"Op type not registered {op_type!r}; docs/operations.md lists those that are.")
    return definition


default_graphs: DefaultStack[Graph] = DefaultStack("graphs")
"""The graphs that ``with graph.as_default()`` has made the default ones of each thread."""
