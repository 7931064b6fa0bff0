"""Bring a graph back from a file or a definition, with a Saver for its variables."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from hdfsaver import schema
from hdfsaver.annotations import NONE, Annotations, annotate, annotations_of
from hdfsaver.checkpoint.meta_graph import export_scoped_meta_graph
from hdfsaver.checkpoint.meta_graph_files import read_nodes
from hdfsaver.checkpoint.saveables.kept_variables import named_variables
from hdfsaver.checkpoint.saver import Saver
from hdfsaver.checkpoint.scoping import UNBOUND
from hdfsaver.errors import InvalidNodeError
from hdfsaver.graph.context_messages import CONTEXTS, read_context
from hdfsaver.graph.contexts import Context
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.definition import find
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.graph_defs import (
    checked_elements,
    checked_map,
    functions_added,
    insert_definition,
    remove_new_defaults,
    with_unknown_shapes,
)
from hdfsaver.graph.graph_keys import GraphKeys
from hdfsaver.graph.insert_nodes import GuessError
from hdfsaver.graph.node_checks import check_nodes
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.interop.graphs.meta_graph_defs import (
    Nodes,
    described_collections,
    described_names,
    described_nodes,
    with_nodes,
)
from hdfsaver.interop.graphs.save_ops import saved_names
from hdfsaver.messages import message_classes
from hdfsaver.messages.function_libraries import library_of
from hdfsaver.messages.graph_versions import check_versions, versions_of, with_versions
from hdfsaver.messages.names_of_savers import read_names
from hdfsaver.messages.node_defs import nodes_in, unreadable_attrs
from hdfsaver.messages.saver_defs import OPERATIONS, collected_saver, read_saver
from hdfsaver.queues.queue_runner import QueueRunner
from hdfsaver.reading.checkpoint_names import PathLike
from hdfsaver.schema import LIBRARY, NODES, CollectionDef, SavedNames, SaverDef, Structure, VariableDef
from hdfsaver.variables.resource_variable import ResourceVariable, is_handle
from hdfsaver.variables.variable import Variable

Elements = list[Tensor | Operation] | None


def import_meta_graph(
    meta_graph_or_file: PathLike | message_classes.MetaGraphDef | Structure,
    clear_devices: bool = False,
    import_scope: str | None = None,
    *,
    input_map: Mapping[str, Any] | None = None,
    unbound_inputs_col_name: str | None = "unbound_inputs",
    restore_collections_predicate: Callable[[str], bool] = lambda key: True,
    graph: Graph | None = None,
    group: str = "",
) -> Saver | None:
    """Bring a graph back, without the code that defined it. Values of variables are not read.

    Names that the graph has already get ``_1``, ``_2``, …, as in TensorFlow. Collections and the Saver name operations,
    and so mean those that had the names before, as in TensorFlow: the variables are the old ones once more. Where a
    variable of the same name has another dtype or shape, they are the new ones.

    Parameters
    ----------
    meta_graph_or_file : path or MetaGraphDef
        A prefix, a file, ``x.ckpt.meta`` (which finds ``x.ckpt.h5``), a ``.meta`` file of TensorFlow, or the result of
        `export_meta_graph`.
    clear_devices : bool
        Forget where operations were asked to run.
    import_scope : str, optional
        A name that is put before those of all operations; made unique. The Saver still uses the names in the file.
    input_map : dict of str to Tensor, optional
        Tensors that replace inputs, see `import_graph_def`. A graph that was exported with an ``export_scope``
        needs one for exactly the names in its collection ``unbound_inputs``.
    unbound_inputs_col_name : str, optional
        The name of that collection.
    restore_collections_predicate : callable
        Whether to bring back the collection of that name.
    graph : Graph, optional
        The graph to import into; the default graph where none is given.
    group : str
        The model to bring back, in a file that has several; the Saver is for the same one.

    Returns
    -------
    Saver or None
        A Saver for the variables, under the names that the Saver which wrote the file used; without such a Saver, for
        the variables of what was imported, or else all of the graph. None where there is no Saver and no variable.

    Raises
    ------
    OSError
        The file does not exist, has no graph, or is damaged.
    ValueError
        Inputs are unbound, or the definition is not well-formed. The graph is unchanged.
    InvalidArgumentError
        A node contradicts the definition of its type; this error is a `ValueError`, too. The graph is unchanged.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> double = tf.multiply(tf.Variable(4.0, name="v"), 2.0, name="double")
    >>> with tf.Session() as session:
    ...     session.run(tf.global_variables_initializer())
    ...     path = tf.train.Saver().save(session, "model.ckpt")
    >>> with tf.Graph().as_default(), tf.Session() as session:
    ...     report = tf.train.import_meta_graph(path).restore(session, path)
    ...     session.run("double:0")
    np.float32(8.0)
    """
    options = _ImportOptions(
        clear_devices, import_scope, input_map, unbound_inputs_col_name, restore_collections_predicate
    )
    into = get_default_graph() if graph is None else graph
    return _saver_of(_import(meta_graph_or_file, into, options, group), options, group)


def copy_scoped_meta_graph(
    from_scope: str, to_scope: str, from_graph: Graph | None = None, to_graph: Graph | None = None
) -> dict[str, Variable]:
    """Copy the operations of a scope, with their collections, into another scope or graph.

    Parameters
    ----------
    from_scope, to_scope : str
        The scopes.
    from_graph, to_graph : Graph, optional
        The default graph where none is given.

    Returns
    -------
    dict of str to Variable
        The global variables of the copy by their names without the scope.

    Raises
    ------
    ValueError
        Both scopes are the same one of one graph, or the operations take inputs from outside of the scope.
    """
    source = get_default_graph() if from_graph is None else from_graph
    target = get_default_graph() if to_graph is None else to_graph
    if source is target and from_scope == to_scope:
        raise ValueError(f"'from_scope' and 'to_scope' need to be different in one graph; both are {from_scope!r}.")
    described, _ = export_scoped_meta_graph(graph=source, export_scope=from_scope)
    return import_scoped_meta_graph(described, graph=target, import_scope=to_scope)


def import_scoped_meta_graph(
    meta_graph_or_file: PathLike | message_classes.MetaGraphDef | Structure,
    clear_devices: bool = False,
    graph: Graph | None = None,
    import_scope: str | None = None,
    input_map: Mapping[str, Any] | None = None,
    unbound_inputs_col_name: str | None = "unbound_inputs",
    restore_collections_predicate: Callable[[str], bool] = lambda key: True,
) -> dict[str, Variable]:
    """Import a graph into any graph, as `import_meta_graph` does; gives the global variables.

    Parameters
    ----------
    meta_graph_or_file : path, MetaGraphDef or Structure
        The graph to import.
    clear_devices : bool
        Leave out the devices of operations.
    graph : Graph, optional
        The graph to import into; the default graph where none is given.
    import_scope : str, optional
        A name that is put before those of all operations; made unique.
    input_map : dict of str to Tensor, optional
        Tensors that replace inputs, see `import_graph_def`.
    unbound_inputs_col_name : str, optional
        The collection that lists the inputs from outside of an exported scope.
    restore_collections_predicate : callable
        Whether to bring back the collection of that name.

    Returns
    -------
    dict of str to Variable
        The global variables by their names without the scope.

    Raises
    ------
    OSError, ValueError
        As `import_meta_graph` raises them.
    """
    return import_scoped_meta_graph_with_return_elements(
        meta_graph_or_file,
        clear_devices,
        graph,
        import_scope,
        input_map,
        unbound_inputs_col_name,
        restore_collections_predicate,
    )[0]


def import_scoped_meta_graph_with_return_elements(
    meta_graph_or_file: PathLike | message_classes.MetaGraphDef | Structure,
    clear_devices: bool = False,
    graph: Graph | None = None,
    import_scope: str | None = None,
    input_map: Mapping[str, Any] | None = None,
    unbound_inputs_col_name: str | None = "unbound_inputs",
    restore_collections_predicate: Callable[[str], bool] = lambda key: True,
    return_elements: Iterable[str] | None = None,
) -> tuple[dict[str, Variable], Any]:
    """Import a graph as `import_scoped_meta_graph` does; also gives operations and tensors by name.

    Parameters
    ----------
    meta_graph_or_file : path, MetaGraphDef or Structure
        The graph to import.
    clear_devices : bool
        Leave out the devices of operations.
    graph : Graph, optional
        The graph to import into; the default graph where none is given.
    import_scope : str, optional
        A name that is put before those of all operations; made unique.
    input_map : dict of str to Tensor, optional
        Tensors that replace inputs, see `import_graph_def`.
    unbound_inputs_col_name : str, optional
        The collection that lists the inputs from outside of an exported scope.
    restore_collections_predicate : callable
        Whether to bring back the collection of that name.
    return_elements : iterable of str, optional
        Names of operations and tensors of the imported graph.

    Returns
    -------
    variables : dict of str to Variable
        The global variables by their names without the scope.
    elements : list of Operation or Tensor, or None
        The elements of ``return_elements``; None without them.

    Raises
    ------
    OSError, ValueError
        As `import_meta_graph` raises them.
    """
    options = _ImportOptions(
        clear_devices, import_scope, input_map, unbound_inputs_col_name, restore_collections_predicate, return_elements
    )
    imported = _import(meta_graph_or_file, get_default_graph() if graph is None else graph, options)
    return imported.variables, imported.elements


def import_with_saver(
    meta_graph_or_file: PathLike | message_classes.MetaGraphDef | Structure,
    graph: Graph,
    *,
    clear_devices: bool = False,
    import_scope: str | None = None,
    input_map: Mapping[str, Any] | None = None,
    unbound_inputs_col_name: str | None = "unbound_inputs",
    restore_collections_predicate: Callable[[str], bool] = lambda key: True,
    return_elements: Iterable[str] | None = None,
) -> tuple[Saver | None, Elements]:
    """Import a graph as `import_meta_graph` does, into any graph; also gives operations and tensors by name.

    Parameters
    ----------
    meta_graph_or_file : path, MetaGraphDef or Structure
        The graph to import.
    graph : Graph
        The graph to import into.
    clear_devices, import_scope, input_map, unbound_inputs_col_name, restore_collections_predicate : optional
        As for `import_meta_graph`.
    return_elements : iterable of str, optional
        Names of operations and tensors of the imported graph.

    Returns
    -------
    saver : Saver or None
        A Saver for the variables; None without variables.
    elements : list of Operation or Tensor, or None
        The elements of ``return_elements``; None without them.

    Raises
    ------
    OSError, ValueError
        As `import_meta_graph` raises them.
    """
    options = _ImportOptions(
        clear_devices, import_scope, input_map, unbound_inputs_col_name, restore_collections_predicate, return_elements
    )
    imported = _import(meta_graph_or_file, graph, options)
    return _saver_of(imported, options, ""), imported.elements


class _ImportOptions(NamedTuple):
    """The settings of an import; see `import_scoped_meta_graph_with_return_elements`."""

    clear_devices: bool
    scope: str | None
    input_map: Mapping[str, Any] | None
    unbound_inputs: str | None
    wants_collection: Callable[[str], bool]
    return_elements: Iterable[str] | None = None


class _Described(NamedTuple):
    """The contents of a file or a message."""

    nodes: Nodes
    collections: dict[str, CollectionDef]
    saver: SaverDef | None
    saved_names: SavedNames
    library: message_classes.FunctionDefLibrary | None = None
    annotations: Annotations = NONE
    remembered: bytes = b""
    versions: message_classes.VersionDef | None = None


class _Imported(NamedTuple):
    """The result of an import.

    ``new_names`` has the operation that each name means now, ``variables`` the global ones by their old names,
    ``by_operation`` all of them by the new names of their operations, ``elements`` what was asked for.
    """

    graph: Graph
    described: _Described
    new_names: Mapping[str, str]
    variables: dict[str, Variable]
    by_operation: Mapping[str, Variable]
    elements: Elements


@schema.nothing_collected()
def _import(
    source: PathLike | message_classes.MetaGraphDef | Structure,
    graph: Graph,
    options: _ImportOptions,
    group: str = "",
) -> _Imported:
    wanted = None if options.return_elements is None else checked_elements(options.return_elements)
    described, structure = _read(source, group)
    _check_readable(described)
    if described.versions is not None:
        check_versions(described.versions)
    collections = dict(described.collections)
    unbound = collections.pop(options.unbound_inputs, None) if options.unbound_inputs else None
    tensors = checked_map(options.input_map)
    _check_bound(unbound, tensors)
    _check_collections(collections, described.nodes, graph)
    _check_saved_names(described, graph)
    savers = _collected_savers(described, collections, graph) if options.wants_collection(GraphKeys.SAVERS) else []
    changes = options.scope or tensors or options.clear_devices or wanted
    can_adopt = not (changes or graph.data or graph.get_name_scope())
    prefix = ""
    new_names: Mapping[str, str] = {}
    elements: Elements = None
    if can_adopt and structure is not None and not any(map(_is_unbound, described.nodes)):
        _adopt(graph, structure, described.nodes)
    else:
        bound = ((name, data) for name, data in described.nodes.items() if not _is_unbound(name))
        nodes = {name: _node(data, options.clear_devices) for name, data in bound}
        is_guess = structure is not None and bool(structure.tensorflow)
        with functions_added(graph, described.library):
            prefix, new_names, elements = _insert(graph, nodes, options.scope, tensors, wanted, is_guess)
        if described.versions is not None:
            graph.tensorflow = with_versions(graph.tensorflow, described.versions)
    annotate(graph.data, described.annotations, new_names)
    collections = {key: definition for key, definition in collections.items() if options.wants_collection(key)}
    meant = _meant(graph, described.nodes, new_names, prefix)
    imported = _Collections(graph, meant, prefix, new_names)
    variables = imported.add(collections)
    described = described._replace(nodes={})  # they are in the graph now
    result = _Imported(graph, described, meant, variables, imported.by_operation(), elements)
    for saver in savers:
        graph.add_to_collection(GraphKeys.SAVERS, _saver_for(result, *saver, group))
    return result


def _meant(graph: Graph, nodes: Nodes, new_names: Mapping[str, str], prefix: str) -> Mapping[str, str]:
    """The operation that each name means now: the one that had the name before, if it is alike, or else the new one."""

    def is_alike(name: str) -> bool:
        if prefix + name not in graph.data:  # names that differ in case alone are numbered as well
            return False
        old, new = (graph.data.nodes[each] for each in (prefix + name, new_names[name]))
        return old["op"] == new["op"] and all(
            old["attrs"].get(key) == new["attrs"].get(key) for key in ("dtype", "shape")
        )

    return {name: prefix + name if is_alike(name) else new for name, new in new_names.items()}


def _read(
    source: PathLike | message_classes.MetaGraphDef | Structure, group: str
) -> tuple[_Described, Structure | None]:
    """The contents to import, and the structure of a file, whose DiGraph a graph may own, since it is not shared."""
    if isinstance(source, message_classes.MetaGraphDef):
        return _described(source), None
    is_file = not isinstance(source, Structure)
    nodes: Nodes
    if isinstance(source, Structure):
        nodes, structure = source.digraph.nodes, source
    else:
        nodes, structure = read_nodes(source, group)
        with_unknown_shapes(nodes, versions_of(structure.tensorflow).producer)
    library = library_of(structure.tensorflow[LIBRARY]) if LIBRARY in structure.tensorflow else None
    found = annotations_of(structure.digraph)
    described = _Described(
        nodes,
        structure.collections,
        structure.saver,
        structure.saved_names,
        library,
        found,
        structure.tensorflow.get(NODES, b""),
        versions_of(structure.tensorflow),
    )
    return described, structure if is_file else None


def _described(message: message_classes.MetaGraphDef) -> _Described:
    nodes = described_nodes(message, find)
    saver = read_saver(message.saver_def) if message.HasField("saver_def") else None
    names = described_names(message, nodes, saver)
    versions = message.graph_def.versions
    with_unknown_shapes(nodes, versions.producer)
    remove_new_defaults(nodes, message.graph_def, message.meta_info_def.stripped_op_list)
    return _Described(nodes, described_collections(message), saver, names, message.graph_def.library, versions=versions)


def _check_readable(described: _Described) -> None:
    """Refuse attributes that a definition knows, and that have no value here: they are not simply missing."""
    for name, key in unreadable_attrs(described.remembered) if described.remembered else ():
        data = described.nodes.get(name, {"op": "", "attrs": {}})
        definition = find(data["op"])
        if definition is not None and key in definition.attr_defs.by_name and key not in data["attrs"]:
            text = f"Node {name!r} ({data['op']}): attr {key!r} has a value that cannot be read."
            raise InvalidNodeError(None, None, text)


def _check_bound(unbound: CollectionDef | None, input_map: Mapping[str, Any]) -> None:
    names = [] if unbound is None else [_as_name(item) for item in unbound.value]
    if names and sorted(set(names)) != sorted(input_map):
        missing = [name for name in names if name not in input_map] or sorted(set(input_map) - set(names))
        raise ValueError(
            f"Graph contains unbound inputs: {', '.join(missing)}. Must provide exactly {', '.join(names)} "
            "through input_map."
        )


def _as_name(item: Any) -> str:
    """An item of the collection of unbound inputs; `ValueError` where it cannot be a name."""
    if not isinstance(item, bytes) or not _is_text(item):
        raise ValueError(f"The collection of unbound inputs has {item!r}, which is not the name of an input.")
    return item.decode()


def _is_unbound(name: str) -> bool:
    return name.startswith(UNBOUND)


def _node(data: Mapping[str, Any], clear_devices: bool) -> Mapping[str, Any]:
    return {**data, "device": ""} if clear_devices else data


def _adopt(graph: Graph, structure: Structure, nodes: Nodes) -> None:
    graph.tensorflow = dict(structure.tensorflow)
    if structure.tensorflow and _inferred(graph, nodes) is not None:
        return
    digraph = with_nodes(nodes, structure).digraph
    check_nodes(dict(nodes_in(digraph)), are_guessed=bool(structure.tensorflow))
    graph.adopt(digraph)


def _inferred(
    graph: Graph,
    nodes: Mapping[str, Mapping[str, Any]],
    prefix: str = "",
    tensors: Mapping[str, Tensor] | None = None,
    wanted: Iterable[str] | None = None,
) -> tuple[dict[str, str], Elements] | None:
    """Add a TensorFlow graph with the outputs that the known types define; None where they do not fit.

    TensorFlow's files do not store the outputs; without definitions of types they do not tell references from values.
    """
    undecided = {name: _undecided(data) for name, data in nodes.items()}
    try:
        return insert_definition(graph, undecided, prefix, tensors or {}, wanted)
    except GuessError:
        return None
    except InvalidNodeError:
        raise
    except ValueError:
        return None


def _insert(
    graph: Graph,
    nodes: Mapping[str, Mapping[str, Any]],
    import_scope: str | None,
    tensors: Mapping[str, Tensor],
    wanted: Iterable[str] | None,
    is_guess: bool,
) -> tuple[str, Mapping[str, str], Elements]:
    if tensors:
        nodes = {name: _undecided(data) for name, data in nodes.items()}
    # Without its own scope the graph is added to the current scope.
    around = graph.get_name_scope()
    scope = import_scope.rstrip("/") if import_scope else around + "/" * bool(around)
    with graph.as_default(), graph.name_scope(scope) as prefix:
        if is_guess:
            inferred = _inferred(graph, nodes, prefix, tensors, wanted)
            if inferred is not None:
                return prefix, *inferred
            copies = {name: dict(data) for name, data in nodes.items()}
            check_nodes(copies, are_guessed=True)
            nodes = copies
        return prefix, *insert_definition(graph, nodes, prefix, tensors, wanted)


def _undecided(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """A node without its outputs, which depend on what replaces inputs; of an unknown type nothing else tells them."""
    return data if find(data["op"]) is None else {key: data[key] for key in data if key != "outputs"}


def _check_collections(collections: Mapping[str, CollectionDef], nodes: Container[str], graph: Graph) -> None:
    """Refuse, before anything is added, items that name operations which are nowhere."""
    for key, definition in collections.items():
        for name in _names_in(definition):
            operation = name.partition(":")[0]
            if operation not in nodes and operation not in graph.data:
                raise KeyError(f"Collection {key!r} lists {name!r}, which refers to an Operation not in the graph.")


def _check_saved_names(described: _Described, graph: Graph) -> None:
    """Refuse, before anything is added, a Saver of operations that are nowhere."""
    for name, saved in described.saved_names.items() if described.saver is not None else ():
        for op_name in _operations_in({name: saved}):
            if op_name not in described.nodes and op_name not in graph.data:
                raise KeyError(
                    f"The Saver keeps {op_name!r} as {name!r}, which refers to an Operation not in the graph."
                )


def _collected_savers(
    described: _Described, collections: dict[str, CollectionDef], graph: Graph
) -> list[tuple[SaverDef, SavedNames]]:
    """The Savers of the collection of Savers, which is taken out; one that keeps what is nowhere is left out.

    Warns
    -----
    UserWarning
        A Saver is left out.
    """
    items = collections.pop(GraphKeys.SAVERS, CollectionDef()).value
    found = []
    for item in items:
        message = collected_saver(item)
        saver = None if message is None else read_saver(message)
        names = {} if message is None else read_names(message) or saved_names(described.nodes, saver)
        missing = [op for op in _operations_in(names) if op not in described.nodes and op not in graph.data]
        if saver is None or missing:
            why = f"keeps {missing[0]!r}, which is not in the graph" if missing else "is not a SaverDef"
            warnings.warn(f"An item of the collection {GraphKeys.SAVERS!r} is left out: it {why}.", stacklevel=4)
        else:
            found.append((saver, names))
    return found


def _operations_in(names: SavedNames) -> Iterator[str]:
    for saved in names.values():
        yield from [saved] if isinstance(saved, str) else (part.op_name for part in saved)


def _names_in(definition: CollectionDef) -> Iterator[str]:
    for item in definition.value:
        if isinstance(item, VariableDef):
            yield from filter(None, (getattr(item, field) for field in _VARIABLE_NAMES))
        elif definition.kind == "node_list":
            yield item


_VARIABLE_NAMES = ("variable_name", "initial_value_name", "initializer_name", "snapshot_name")


class _Collections:
    """Puts collections into a graph: names mean what ``meant`` says, in contexts the operations that are new."""

    def __init__(self, graph: Graph, meant: Mapping[str, str], prefix: str, new_names: Mapping[str, str]) -> None:
        self.graph = graph
        self.meant = meant
        self.new_names = new_names
        self.prefix = prefix
        self.variables: dict[str, Variable] = {}

    def add(self, collections: Mapping[str, CollectionDef]) -> dict[str, Variable]:
        """Add the items; gives the global variables by their old names."""
        with self.graph.as_default():
            for key, definition in collections.items():
                for item in definition.value:
                    made = definition.kind == "bytes_list" and self._described(key, item)
                    self.graph.add_to_collection(key, made or self._imported(definition.kind, item))
        listed = collections.get(GraphKeys.GLOBAL_VARIABLES, CollectionDef()).value
        return {
            item.variable_name: self.variables[item.variable_name] for item in listed if isinstance(item, VariableDef)
        }

    def by_operation(self) -> dict[str, Variable]:
        """The variables of all collections by the names of their operations."""
        return {variable.op.name: variable for variable in self.variables.values()}

    def _imported(self, kind: str, item: Any) -> Any:
        if isinstance(item, VariableDef):
            return self._variable(item)
        if kind == "node_list":
            return self.graph.as_graph_element(self._renamed(item))
        # TensorFlow takes any text in a collection for the name of a node, and puts the scope before it.
        return self.prefix + item.decode() if kind == "bytes_list" and self.prefix and _is_text(item) else item

    def _described(self, key: str, item: bytes) -> Context | QueueRunner | None:
        """The branch, loop or queue runner that a message describes; None where it is not such a message."""
        try:
            if key == GraphKeys.QUEUE_RUNNERS:
                return self._queue_runner(message_classes.QueueRunnerDef.FromString(item))
            if key not in CONTEXTS:
                return None
            return read_context(self.graph, key, item, self._renamed_in_context, self.prefix)
        except (message_classes.DecodeError, KeyError, ValueError):
            return None

    def _queue_runner(self, definition: message_classes.QueueRunnerDef) -> QueueRunner:
        for field in ("queue_name", "close_op_name", "cancel_op_name"):
            setattr(definition, field, self._renamed(getattr(definition, field)))
        definition.enqueue_op_name[:] = [self._renamed(name) for name in definition.enqueue_op_name]
        return QueueRunner.from_proto(definition)

    def _variable(self, definition: VariableDef) -> Variable:
        """One object for one variable, however many collections list it."""
        found = self.variables.get(definition.variable_name)
        if found is None:
            found = self.variables[definition.variable_name] = self._found(definition)
        return found

    def _found(self, definition: VariableDef) -> Variable:
        names = {field: getattr(definition, field) for field in _VARIABLE_NAMES if getattr(definition, field)}
        new: dict[str, Any] = {field: self._renamed(name) for field, name in names.items()}
        has_handle = is_handle(self.graph, new["variable_name"].partition(":")[0])
        from_proto = ResourceVariable.from_proto if has_handle else Variable.from_proto
        if all(new[field] == self.prefix + name for field, name in names.items()):
            return from_proto(definition, self.prefix)
        return from_proto(dataclasses.replace(definition, **new))

    def _renamed(self, name: str) -> str:
        operation, colon, output = name.partition(":")
        return self.meant.get(operation, self.prefix + operation) + colon + output

    def _renamed_in_context(self, name: str) -> str:
        operation, colon, output = name.partition(":")
        return self.new_names.get(operation, self.prefix + operation) + colon + output


def _is_text(item: bytes) -> bool:
    """Whether it can be a name; messages that are kept as bytes, such as contexts of loops, have other characters."""
    try:
        return item.decode().isprintable()
    except UnicodeDecodeError:
        return False


def _saver_of(imported: _Imported, options: _ImportOptions, group: str) -> Saver | None:
    """The Saver for what was imported, which knows the new names of operations; None where TensorFlow makes none."""
    saver = _made_saver(imported, options, group)
    if saver is not None and any(old != new for old, new in imported.new_names.items()):
        saver._new_names = imported.new_names
    return saver


@schema.nothing_collected()
def _made_saver(imported: _Imported, options: _ImportOptions, group: str) -> Saver | None:
    """The Saver for what was imported."""
    described, graph = imported.described, imported.graph
    if described.saver is not None:
        return _saver_for(imported, described.saver, described.saved_names, group)
    variables = _by_old_names(imported)
    if variables:
        return Saver(variables, group=group)
    # As in TensorFlow, the Saver is for all variables of the graph then.
    with graph.as_default():
        return Saver(group=group) if graph.get_collection(GraphKeys.GLOBAL_VARIABLES, options.scope) else None


def _saver_for(imported: _Imported, saver: SaverDef, names: SavedNames, group: str) -> Saver:
    """A Saver with the settings of one that came with the graph, and with the new names of its operations."""

    def new_name(name: str) -> str:
        operation, colon, output = name.partition(":")
        return imported.new_names.get(operation, operation) + colon + output

    outer: dict[str, Any] = {field: new_name(getattr(saver, field)) for field in OPERATIONS}
    settings = dataclasses.replace(saver, **outer)
    with imported.graph.as_default():
        found = named_variables(imported.graph, names, imported.by_operation, new_name) or _by_old_names(imported)
        return Saver(found, saver_def=settings, allow_empty=True, group=group)


def _by_old_names(imported: _Imported) -> dict[str, Any]:
    """The global variables by their old names; parts of one together, under the name of the whole."""
    found: dict[str, Any] = {}
    for definition in imported.described.collections.get(GraphKeys.GLOBAL_VARIABLES, CollectionDef()).value:
        variable = imported.variables.get(getattr(definition, "variable_name", ""))
        info = getattr(definition, "save_slice_info_def", None)
        if variable is not None and info is not None:
            found.setdefault(info.full_name, []).append(variable)
        elif variable is not None:
            found[definition.variable_name.removesuffix(":0")] = variable
    return found
