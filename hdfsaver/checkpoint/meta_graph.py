"""From a graph to the structure that a file holds, and to the message that TensorFlow's programs know."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np

from hdfsaver import schema
from hdfsaver.checkpoint.meta_graph_files import write_structure
from hdfsaver.checkpoint.meta_info import fill_meta_info, strip_graph_default_valued_attrs
from hdfsaver.checkpoint.saveables.iterator_saveable import IteratorSaveable
from hdfsaver.checkpoint.scoping import UNBOUND, extraneous_savers, part_of, prefix_of, saved_within
from hdfsaver.graph.contexts import Context
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.definition import find
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.graph_defs import graph_around
from hdfsaver.graph.graph_keys import GraphKeys
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.interop.graphs.meta_graph_defs import program_message
from hdfsaver.messages import message_classes
from hdfsaver.messages.names_of_savers import read_names
from hdfsaver.messages.saver_defs import read_saver, saver_message
from hdfsaver.queues.queue_runner import QueueRunner
from hdfsaver.reading.checkpoint_names import PathLike
from hdfsaver.schema import LIBRARY, CollectionDef, SavedNames, SaverDef, Structure
from hdfsaver.variables.partitioned import PartitionedVariable
from hdfsaver.variables.variable import Variable


@runtime_checkable
class SupportsProto(Protocol):
    """A Saver, as far as it describes itself."""

    def to_proto(self, export_scope: str | None = None) -> message_classes.SaverDef | None:
        """The settings and the variables as a message."""


class ExportOptions(NamedTuple):
    """The settings of an export.

    Attributes
    ----------
    collection_list : iterable of str or None
        The collections to describe; all where none are given.
    clear_devices : bool
        Leave out where operations were asked to run.
    strip_default_attrs : bool
        Leave out attributes that have the default value of their operation's definition.
    export_scope : str or None
        Describe only the operations in that scope, under names without it. TensorFlow takes every name that begins
        with these letters; here it must be the scope: ``"s"`` does not take ``sv``.
    excluded : frozenset of str
        Operations to leave out.
    unbound_inputs_col_name : str or None
        The collection that lists what the operations take from outside of the scope.
    clear_extraneous_savers : bool
        Describe no Savers but the one that writes.
    """

    collection_list: Iterable[str] | None = None
    clear_devices: bool = False
    strip_default_attrs: bool = False
    export_scope: str | None = None
    excluded: frozenset[str] = frozenset()
    unbound_inputs_col_name: str | None = "unbound_inputs"
    clear_extraneous_savers: bool = False


def structure_of(
    graph: Graph,
    saver_def: SaverDef | None = None,
    saved_names: SavedNames | None = None,
    options: ExportOptions = ExportOptions(),  # noqa: B008 - a tuple, which nothing changes
) -> Structure:
    """Describe a graph as a file holds it.

    Parameters
    ----------
    graph : Graph
    saver_def : SaverDef, optional
        The Saver that writes.
    saved_names : dict, optional
        See `hdfsaver.schema.Structure`.
    options : ExportOptions, optional

    Returns
    -------
    Structure
        Its DiGraph is the graph's own where nothing is left out.

    Warns
    -----
    UserWarning
        A collection holds what no file can hold (objects, dicts, a mixture), and is left out.
    """
    prefix, excluded = prefix_of(options.export_scope), options.excluded
    keys = graph.get_all_collection_keys() if options.collection_list is None else list(options.collection_list)
    collections = {}
    for key in keys:
        if key == GraphKeys.SAVERS:
            own = saver_message(saver_def, saved_within(saved_names or {}, prefix)) if saver_def is not None else None
            savers = [own] if options.clear_extraneous_savers else _savers(graph, options.export_scope)
            if described := [_written(saver) for saver in savers if isinstance(saver, message_classes.SaverDef)]:
                collections[key] = CollectionDef("bytes_list", described)
            continue
        items = [item for item in graph.get_collection(key) if _is_included(item, prefix, excluded)]
        definition = _collection_def(key, items, options.export_scope) if isinstance(key, str) else None
        if definition is not None:
            collections[key] = definition
    digraph, unbound = part_of(graph.data, prefix, excluded) if prefix or excluded else (graph.data, [])
    if unbound and options.unbound_inputs_col_name:
        collections[options.unbound_inputs_col_name] = CollectionDef("bytes_list", [name.encode() for name in unbound])
    if options.clear_devices:
        digraph = without_devices(digraph)
    if options.strip_default_attrs:
        digraph = _without_defaults(digraph)
    names = saved_within(saved_names or {}, prefix)
    return Structure(digraph, collections, saver_def, names, tensorflow=_remainders(graph, prefix))


def _savers(graph: Graph, export_scope: str | None) -> list[message_classes.SaverDef | None]:
    """The Savers of the collection as messages; None for one that keeps something outside of the scope."""
    items = graph.get_collection(GraphKeys.SAVERS)
    return [item.to_proto(export_scope) for item in items if isinstance(item, SupportsProto)]


def _written(saver: message_classes.SaverDef) -> bytes:
    return saver.SerializeToString(deterministic=True)


def _remainders(graph: Graph, prefix: str) -> dict[str, bytes]:
    """The parts of a TensorFlow graph that are kept as bytes; for a scope, where names change, only the functions."""
    return {key: value for key, value in graph.tensorflow.items() if not prefix or key == LIBRARY}


def _is_included(item: Any, prefix: str, excluded: frozenset[str]) -> bool:
    """Whether a collection keeps an item. As in TensorFlow, a string is a name; an item without a name is kept."""
    name = item if isinstance(item, str) else getattr(item, "name", None)
    if not isinstance(name, str):
        return True
    return name.startswith(prefix) and name.partition(":")[0] not in excluded


def without_devices(digraph: schema.DiGraph) -> schema.DiGraph:
    """A copy in which no operation says where it was asked to run."""
    copy = digraph.copy()
    for data in copy.nodes.values():
        data["device"] = ""
    return copy


def _without_defaults(digraph: schema.DiGraph) -> schema.DiGraph:
    copy = digraph.copy()
    for data in copy.nodes.values():
        definition = find(data["op"])
        defaults = {} if definition is None else definition.defaults
        data["attrs"] = {key: value for key, value in data["attrs"].items() if not _is_default(key, value, defaults)}
    return copy


def _is_default(key: str, value: Any, defaults: Mapping[str, Any]) -> bool:
    # An array is never a default, and does not compare to one value.
    known = key in defaults and not isinstance(value, np.ndarray)
    return known and type(value) is type(defaults[key]) and bool(value == defaults[key])


def _collection_def(key: str, items: Sequence[Any], export_scope: str | None) -> CollectionDef | None:
    for kind, accepts, convert in _KINDS:
        if items and all(accepts(item) for item in items):
            return CollectionDef(kind, [convert(item, export_scope) for item in items])
    if items:
        kinds = ", ".join(sorted({type(item).__name__ for item in items}))
        warnings.warn(
            f"Collection {key!r} is left out of the file, which cannot hold its items: {kinds}. "
            "A collection is kept that holds only variables, tensors and operations, strings, integers of 64 bits or"
            " floats.",
            stacklevel=3,
        )
    return None


def _is_whole(item: Any) -> bool:
    """Whether it is a partitioned variable whose parts an operation of its name joins; see `Saver.build`."""
    return isinstance(item, PartitionedVariable) and item.name in item.graph.data


def _is_number(item: Any, kind: type, numpy_kind: type) -> bool:
    return isinstance(item, kind | numpy_kind) and not isinstance(item, bool)


def _is_int64(item: Any) -> bool:
    return _is_number(item, int, np.integer) and -(2**63) <= item < 2**63


def _as_bytes(item: str | bytes | Context | QueueRunner, scope: str | None) -> bytes:
    if isinstance(item, Context | QueueRunner):
        message = item.to_proto(scope)
        return b"" if message is None else message.SerializeToString(deterministic=True)
    return item.encode() if isinstance(item, str) else item


def _element_name(item: Any) -> str:
    name: str = item.handle.name if isinstance(item, IteratorSaveable) else item.name
    return name


_KINDS: tuple[tuple[str, Callable[[Any], bool], Callable[[Any, str | None], Any]], ...] = (
    ("variable_list", lambda item: isinstance(item, Variable), lambda item, scope: item._definition(scope)),
    (
        "node_list",
        lambda item: isinstance(item, Tensor | Operation | Variable | IteratorSaveable) or _is_whole(item),
        lambda item, scope: _element_name(item).removeprefix(prefix_of(scope)),
    ),
    ("bytes_list", lambda item: isinstance(item, str | bytes | Context | QueueRunner), _as_bytes),
    ("int64_list", _is_int64, lambda item, scope: int(item)),
    ("float_list", lambda item: _is_number(item, float, np.floating), lambda item, scope: float(item)),
)


def export_meta_graph(
    filename: PathLike | None = None,
    meta_info_def: message_classes.MetaGraphDef.MetaInfoDef | None = None,
    graph_def: message_classes.GraphDef | None = None,
    saver_def: message_classes.SaverDef | None = None,
    collection_list: Iterable[str] | None = None,
    as_text: bool = False,
    graph: Graph | None = None,
    export_scope: str | None = None,
    clear_devices: bool = False,
    clear_extraneous_savers: bool = False,
    strip_default_attrs: bool = False,
    save_debug_info: bool = False,
    *,
    unbound_inputs_col_name: str | None = "unbound_inputs",
) -> message_classes.MetaGraphDef:
    """Describe a graph with its collections, and write the description, without any values, into a file.

    Parameters
    ----------
    filename : path, optional
        ``x`` is written to ``x.h5``, but not over a checkpoint with values; nothing is written without it.
    meta_info_def : MetaInfoDef, optional
        Kept in what is returned, with the version and the definitions of types; files do not hold it.
    graph_def : GraphDef, optional
        The operations to describe instead of the graph's own; the collections are still the graph's.
    saver_def : SaverDef, optional
        Recorded for the Saver that `import_meta_graph` makes.
    collection_list : list of str, optional
        The collections to keep; all where none are given.
    as_text : bool
        Accepted; an HDF5 file has one form, and ``h5dump`` shows it as text.
    graph : Graph, optional
        The default graph where none is given.
    export_scope : str, optional
        Describe only the operations in that scope, under names without it.
    clear_devices : bool
        Leave out where operations were asked to run.
    clear_extraneous_savers : bool
        Leave out operations that save or restore for another Saver, as graphs that come from TensorFlow have them.
    strip_default_attrs : bool
        Leave out attributes of operations that have their default values.
    save_debug_info : bool
        Accepted; graphs keep no traces of the code that made them.
    unbound_inputs_col_name : str, optional
        The collection that lists what the operations take from outside of ``export_scope``.

    Returns
    -------
    MetaGraphDef
        The description at this moment, which later changes of the graph do not affect; `import_meta_graph` takes it.

    Raises
    ------
    ValueError
        ``graph_def`` is not well-formed.
    FailedPreconditionError
        The file is a checkpoint with values of variables, or an HDF5 file of another program.
    """
    return export_scoped_meta_graph(
        filename,
        graph_def,
        graph,
        export_scope,
        as_text,
        unbound_inputs_col_name,
        clear_devices,
        saver_def,
        clear_extraneous_savers,
        strip_default_attrs,
        save_debug_info,
        meta_info_def=meta_info_def,
        collection_list=collection_list,
    )[0]


def export_scoped_meta_graph(
    filename: PathLike | None = None,
    graph_def: message_classes.GraphDef | None = None,
    graph: Graph | None = None,
    export_scope: str | None = None,
    as_text: bool = False,
    unbound_inputs_col_name: str | None = "unbound_inputs",
    clear_devices: bool = False,
    saver_def: message_classes.SaverDef | SaverDef | None = None,
    clear_extraneous_savers: bool = False,
    strip_default_attrs: bool = False,
    save_debug_info: bool = False,
    *,
    meta_info_def: message_classes.MetaGraphDef.MetaInfoDef | None = None,
    collection_list: Iterable[str] | None = None,
    saved_names: SavedNames | None = None,
) -> tuple[message_classes.MetaGraphDef, dict[str, Variable]]:
    """Describe a graph as `export_meta_graph` does; also gives the global variables described.

    Parameters
    ----------
    filename, graph_def, graph, export_scope, as_text, unbound_inputs_col_name, clear_devices : optional
        As for `export_meta_graph`.
    saver_def, clear_extraneous_savers, strip_default_attrs, save_debug_info : optional
        As for `export_meta_graph`.
    meta_info_def, collection_list : optional
        As for `export_meta_graph`.
    saved_names : dict, optional
        The names under which the Saver keeps variables, see `hdfsaver.schema.Structure`.

    Returns
    -------
    meta_graph_def : MetaGraphDef
        The description.
    var_list : dict of str to Variable
        The global variables by their names without the scope.

    Raises
    ------
    TypeError
        ``saver_def`` is not a SaverDef.
    """
    graph = get_default_graph() if graph is None else graph
    described = graph if graph_def is None else _redefined(graph, graph_def)
    if saver_def and not isinstance(saver_def, SaverDef | message_classes.SaverDef):
        raise TypeError(f"saver_def must be of type SaverDef. Received type: {type(saver_def)}.")
    saver = read_saver(saver_def) if saver_def else None
    excluded = extraneous_savers(described.data, saver) if clear_extraneous_savers else frozenset()
    options = ExportOptions(
        collection_list,
        clear_devices,
        strip_default_attrs,
        export_scope,
        excluded,
        unbound_inputs_col_name,
        clear_extraneous_savers,
    )
    if saved_names is None and isinstance(saver_def, message_classes.SaverDef):
        saved_names = read_names(saver_def)
    structure = structure_of(described, saver, saved_names, options)
    if filename is not None:
        write_structure(filename, structure)
    add_shapes = bool(export_scope or clear_extraneous_savers or clear_devices)
    message = described_by(structure, meta_info_def, add_shapes)
    if strip_default_attrs:
        strip_graph_default_valued_attrs(message)  # those of functions, and to say so
    prefix = prefix_of(export_scope)
    variables = [
        item
        for item in graph.get_collection(GraphKeys.GLOBAL_VARIABLES)
        if hasattr(item, "name") and _is_included(item, prefix, excluded)
    ]
    var_list = {variable.name.removeprefix(prefix): variable for variable in variables}
    return message, var_list


def _redefined(graph: Graph, graph_def: message_classes.GraphDef) -> Graph:
    """A graph of other operations with the collections of a graph."""
    other = graph_around(graph_def)
    for node in graph_def.node:  # an import writes the names of devices in another way
        other.data.nodes[node.name]["device"] = node.device
    other.tensorflow = {**graph.tensorflow, **other.tensorflow}  # functions are those of the definition
    for key in graph.get_all_collection_keys():
        other.get_collection_ref(key).extend(graph.get_collection(key))
    return other


def described_by(
    structure: Structure, info: message_classes.MetaGraphDef.MetaInfoDef | None, add_shapes: bool
) -> message_classes.MetaGraphDef:
    """The message for a structure, without the nodes that stand for inputs from outside.

    Parameters
    ----------
    structure : Structure
    info : MetaInfoDef, optional
        Copied into the message, which says its version and the definitions of its operations besides.
    add_shapes : bool
        Write the known shapes of outputs into the attribute ``_output_shapes`` of all nodes.

    Returns
    -------
    MetaGraphDef
        A new message.
    """
    message = program_message(structure, find, add_shapes)
    unbound = [index for index, name in enumerate(structure.digraph) if name.startswith(UNBOUND)]
    for index in reversed(unbound):
        del message.graph_def.node[index]
    fill_meta_info(message, info)
    return message
