"""From a graph to the structure that a file holds, and back."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np

from hdfsaver import errors, schema
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.definition import find
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.reading.locating import PathLike, as_prefix
from hdfsaver.schema import CollectionDef, SaverDef, Structure, VariableDef
from hdfsaver.storage import naming
from hdfsaver.storage.reading import open_file
from hdfsaver.storage.writing import write_file
from hdfsaver.variables import Variable


def structure_of(
    graph: Graph,
    saver_def: SaverDef | None = None,
    saved_names: dict[str, str] | None = None,
    collection_list: Iterable[str] | None = None,
    clear_devices: bool = False,
    strip_default_attrs: bool = False,
) -> Structure:
    """Describe a graph as a file holds it.

    Parameters
    ----------
    graph : Graph
    saver_def : SaverDef, optional
        The Saver that writes.
    saved_names : dict, optional
        See `hdfsaver.schema.Structure`.
    collection_list : iterable of str, optional
        The collections to describe; all where none are given.
    clear_devices : bool
        Leave out where operations were asked to run.
    strip_default_attrs : bool
        Leave out attributes that have the default value of their operation's definition.

    Warns
    -----
    UserWarning
        A collection holds what no file can hold (objects, dicts, a mixture), and is left out.
    """
    keys = graph.get_all_collection_keys() if collection_list is None else list(collection_list)
    collections = {}
    for key in keys:
        definition = _collection_def(key, graph.get_collection(key)) if isinstance(key, str) else None
        if definition is not None:
            collections[key] = definition
    digraph = _without_devices(graph.digraph) if clear_devices else graph.digraph
    if strip_default_attrs:
        digraph = _without_defaults(digraph)
    return Structure(digraph, collections, saver_def, saved_names or {})


def _without_devices(digraph: schema.DiGraph) -> schema.DiGraph:
    copy = digraph.copy()
    for data in copy.nodes.values():
        data["device"] = ""
    return copy


def _without_defaults(digraph: schema.DiGraph) -> schema.DiGraph:
    copy = digraph.copy()
    for data in copy.nodes.values():
        definition = find(data["op"])
        defaults = {} if definition is None else definition.attrs
        data["attrs"] = {key: value for key, value in data["attrs"].items() if not _is_default(key, value, defaults)}
    return copy


def _is_default(key: str, value: Any, defaults: Mapping[str, Any]) -> bool:
    # An array is nobody's default, and does not compare to one value.
    known = key in defaults and not isinstance(value, np.ndarray)
    return known and type(value) is type(defaults[key]) and bool(value == defaults[key])


def _collection_def(key: str, items: Sequence[Any]) -> CollectionDef | None:
    for kind, accepts, convert in _KINDS:
        if items and all(accepts(item) for item in items):
            return CollectionDef(kind, [convert(item) for item in items])
    if items:
        kinds = ", ".join(sorted({type(item).__name__ for item in items}))
        warnings.warn(
            f"Collection {key!r} is left out of the file, which cannot hold what is in it: {kinds}. "
            "A collection is kept that holds only variables, tensors and operations, strings, integers of 64 bits or"
            " floats.",
            stacklevel=3,
        )
    return None


def _is_number(item: Any, kind: type, numpy_kind: type) -> bool:
    return isinstance(item, kind | numpy_kind) and not isinstance(item, bool)


def _is_int64(item: Any) -> bool:
    return _is_number(item, int, np.integer) and -(2**63) <= item < 2**63


def _as_bytes(item: str | bytes) -> bytes:
    return item.encode() if isinstance(item, str) else item


_KINDS: tuple[tuple[str, Callable[[Any], bool], Callable[[Any], Any]], ...] = (
    ("variable_list", lambda item: isinstance(item, Variable), lambda item: item.to_proto()),
    ("node_list", lambda item: isinstance(item, Tensor | Operation), lambda item: item.name),
    ("bytes_list", lambda item: isinstance(item, str | bytes), _as_bytes),
    ("int64_list", _is_int64, int),
    ("float_list", lambda item: _is_number(item, float, np.floating), float),
)


def import_structure(
    structure: Structure,
    graph: Graph,
    import_scope: str | None = None,
    clear_devices: bool = False,
    *,
    may_adopt: bool = False,
) -> str:
    """Add what a file describes to a graph.

    Parameters
    ----------
    structure : Structure
    graph : Graph
    import_scope : str, optional
        A name that is put before all others; made unique.
    clear_devices : bool
        Forget where operations were asked to run.
    may_adopt : bool
        Whether an empty graph may take the structure's DiGraph for its own instead of a copy.

    Returns
    -------
    str
        The prefix that was put before names, with its slash; empty where there is none.

    Raises
    ------
    ValueError
        An operation of one of the names is in the graph already.
    """
    prefix = f"{graph.unique_name(import_scope.rstrip('/'))}/" if import_scope else ""
    digraph = _without_devices(structure.digraph) if clear_devices else structure.digraph
    if may_adopt and not prefix and not graph.digraph:
        for data in digraph.nodes.values():
            data["attrs"] = _with_defaults(data["op"], data["attrs"])
        graph.adopt(digraph)
    else:
        _add_copies(digraph, graph, prefix)
    _import_collections(structure.collections, graph, prefix)
    return prefix


def _add_copies(digraph: schema.DiGraph, graph: Graph, prefix: str) -> None:
    taken = [name for name in digraph if prefix + name in graph.digraph]
    if taken:
        raise ValueError(
            f"Node name {taken[0]!r} already exists in the Graph ({len(taken)} such names in all); "
            "import into an empty graph or give an import_scope."
        )
    # The nodes first, so that their order is that of the file, whatever order inputs name them in.
    graph.digraph.add_nodes_from(prefix + name for name in digraph)
    for name, data in digraph.nodes(data=True):
        schema.add_node(
            graph.digraph,
            prefix + name,
            op=data["op"],
            inputs=tuple((prefix + source, output) for source, output in data["inputs"]),
            control_inputs=tuple(prefix + source for source in data["control_inputs"]),
            attrs={
                key: _with_prefix(key, value, prefix)
                for key, value in _with_defaults(data["op"], data["attrs"]).items()
            },
            outputs=data["outputs"],
            device=data["device"],
        )
    graph.mark_names(prefix + name for name in digraph)
    graph.changed()


def _with_defaults(op_type: str, attrs: dict[str, Any]) -> dict[str, Any]:
    """The attributes of an operation, those included that a file left out because they have their default values."""
    definition = find(op_type)
    if definition is None or definition.attrs.keys() <= attrs.keys():
        return attrs
    return {**attrs, **{key: value for key, value in definition.attrs.items() if key not in attrs}}


def _with_prefix(key: str, value: Any, prefix: str) -> Any:
    """Groups of operations for one device are named after one of them."""
    if key != "_class" or not prefix:
        return value
    marker = b"loc:@"
    return [marker + prefix.encode() + item[len(marker) :] if item.startswith(marker) else item for item in value]


def _import_collections(collections: dict[str, CollectionDef], graph: Graph, prefix: str) -> None:
    variables: dict[str, Variable] = {}
    with graph.as_default():
        for key, definition in collections.items():
            for item in definition.value:
                graph.add_to_collection(key, _imported(definition.kind, item, graph, prefix, variables))


def _imported(kind: str, item: Any, graph: Graph, prefix: str, variables: dict[str, Variable]) -> Any:
    if kind == "variable_list":
        return _variable(item, prefix, variables)
    if kind == "node_list":
        return graph.as_graph_element(prefix + item)
    # TensorFlow takes any text in a collection for the name of a node, and puts the scope before it.
    return prefix + item.decode() if kind == "bytes_list" and prefix else item


def _variable(definition: VariableDef, prefix: str, variables: dict[str, Variable]) -> Variable:
    """One object for one variable, however many collections list it."""
    found = variables.get(definition.variable_name)
    if found is None:
        found = variables[definition.variable_name] = Variable.from_proto(definition, prefix)
    return found


def write_structure(filename: PathLike, structure: Structure) -> None:
    """Write a structure, without any variables, into a file; folders that are missing are made."""
    path = naming.file_of(as_prefix(filename))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise errors.from_os_error(error, f"Cannot make the folder of {path}") from error
    write_file(path, variables=None, structure=structure)


def read_structure(filename: PathLike, group: str = "") -> Structure:
    """Read the structure that a file holds, or one of its groups.

    Raises
    ------
    OSError
        There is no such file, or it holds no graph, or it is damaged.
    """
    text = as_prefix(filename)
    path = naming.find(text)
    if path is None:
        raise OSError(f"File {text} does not exist.")
    return _read(path, group)


def _read(path: Path, group: str) -> Structure:
    try:
        with open_file(path, group) as file:
            structure = file.structure()
    except errors.OpError as error:
        raise OSError(f"Cannot read the graph in {path}: {error.message}") from error
    if structure is None:
        raise OSError(f"{path} holds no graph: it was saved with write_meta_graph=False.")
    if structure.is_plain:
        raise OSError(f"{path} holds a plain digraph, not a computation graph; `hdfsaver.read_digraph` reads it.")
    return structure


def export_meta_graph(
    filename: PathLike | None = None,
    saver_def: SaverDef | None = None,
    collection_list: Iterable[str] | None = None,
    as_text: bool = False,
    graph: Graph | None = None,
    clear_devices: bool = False,
) -> Structure:
    """Write the structure of a graph, without the values of its variables, into a file.

    Parameters
    ----------
    filename : path, optional
        ``x`` is written to ``x.h5``; nothing is written where there is none.
    saver_def : SaverDef, optional
        Recorded for the Saver that `import_meta_graph` makes.
    collection_list : list of str, optional
        The collections to keep; all where none are given.
    as_text : bool
        Accepted; an HDF5 file has one form, and ``h5dump`` shows it as text.
    graph : Graph, optional
        The default graph where none is given.
    clear_devices : bool
        Leave out where operations were asked to run.

    Returns
    -------
    Structure
        What was written; `import_meta_graph` takes it as well.
    """
    graph = get_default_graph() if graph is None else graph
    return exported(structure_of(graph, saver_def, None, collection_list, clear_devices), filename)


def exported(structure: Structure, filename: PathLike | None) -> Structure:
    """Write a structure if there is a file for it, and give it as it is now: the graph may grow afterwards."""
    if filename is not None:
        write_structure(filename, structure)
    present = frozenset(structure.digraph)
    return replace(structure, digraph=nx.subgraph_view(structure.digraph, filter_node=present.__contains__))
