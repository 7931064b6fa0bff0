"""``tf.import_graph_def``: add the operations of a `GraphDef` to the default graph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, overload

from hdfsaver import schema
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.definition import find
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.insert_nodes import Replaced, UnknownInputError, insert_nodes
from hdfsaver.graph.op_names import parse_element
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.messages import message_classes
from hdfsaver.messages.function_libraries import joined, library_of
from hdfsaver.messages.graph_versions import SCALAR_MEANS_UNKNOWN, check_versions, versions_of, with_versions
from hdfsaver.messages.node_defs import graph_def_of, input_spelling, nodes_in, nodes_of
from hdfsaver.schema import LIBRARY, Structure


@overload
def import_graph_def(
    graph_def: message_classes.GraphDef | Structure,
    input_map: Mapping[Any, Any] | None = None,
    return_elements: None = None,
    name: str | None = None,
    op_dict: object = None,
    producer_op_list: message_classes.OpList | None = None,
) -> None: ...


@overload
def import_graph_def(
    graph_def: message_classes.GraphDef | Structure,
    input_map: Mapping[Any, Any] | None = None,
    *,
    return_elements: Iterable[str | bytes],
    name: str | None = None,
    op_dict: object = None,
    producer_op_list: message_classes.OpList | None = None,
) -> list[Tensor | Operation]: ...


@overload
def import_graph_def(
    graph_def: message_classes.GraphDef | Structure,
    input_map: Mapping[Any, Any] | None,
    return_elements: Iterable[str | bytes],
    name: str | None = None,
    op_dict: object = None,
    producer_op_list: message_classes.OpList | None = None,
) -> list[Tensor | Operation]: ...


def import_graph_def(
    graph_def: message_classes.GraphDef | Structure,
    input_map: Mapping[Any, Any] | None = None,
    return_elements: Iterable[str | bytes] | None = None,
    name: str | None = None,
    op_dict: object = None,
    producer_op_list: message_classes.OpList | None = None,
) -> list[Tensor | Operation] | None:
    """Add the operations of a `GraphDef` to the default graph. Either all are added or none.

    Operations of a type that is not known are kept as data, where TensorFlow refuses them: they can be looked at,
    saved and exported, but not run. Their outputs have the dtypes and shapes of the attributes ``_output_dtypes`` and
    ``_output_shapes``, and without those the dtypes that the operations which take them ask for.

    Parameters
    ----------
    graph_def : GraphDef or Structure
        The message, or the result of `hdfsaver.interop.read_graph_def`. It is not changed.
    input_map : dict of str to Tensor, optional
        The replacements of inputs: ``"a"`` or ``"a:0"`` for a tensor, ``"^a"`` for an operation to wait for.
    return_elements : list of str, optional
        The names, within ``graph_def``, of operations and tensors to give back.
    name : str, optional
        The scope to import into, made unique: ``"import"`` by default. With ``""`` names stay unchanged, and those
        that the graph has already get ``_1``, ``_2``, ….
    op_dict : object
        Accepted for programs that give it, as in TensorFlow.
    producer_op_list : OpList, optional
        The definitions of types where the graph was made: of attributes that are not known here, those are left out
        that have the defaults of these definitions. Others are kept.

    Returns
    -------
    list of Operation and Tensor, or None
        The ``return_elements``; a tensor that ``input_map`` replaces is the one that takes its place.

    Raises
    ------
    TypeError
        An argument has the wrong type.
    ValueError
        A name in ``input_map`` or ``return_elements`` is not in ``graph_def``; or that is not well-formed: an input is
        missing, a name comes twice, operations wait for each other in a cycle, shapes do not fit; or it says that
        TensorFlow of the version here cannot read it.
    InvalidArgumentError
        A node contradicts the definition of its type: an attribute is missing, or of another kind, or has a value that
        is not allowed; the inputs are of other dtypes. This error is a `ValueError`, too.
    """
    graph_def = _definition(graph_def) if isinstance(graph_def, Structure) else graph_def
    if not isinstance(graph_def, message_classes.GraphDef):
        raise TypeError(f"Argument `graph_def` must be a GraphDef proto, not {type(graph_def).__name__}.")
    check_versions(graph_def.versions)
    wanted = None if return_elements is None else checked_elements(return_elements)
    given = checked_map(input_map)
    graph = get_default_graph()
    with graph.name_scope("import" if name is None else name) as scope:
        tensors = _as_tensors(given, scope)
        with schema.nothing_collected():
            nodes = with_unknown_shapes(nodes_of(graph_def), graph_def.versions.producer)
            if producer_op_list is not None:
                remove_new_defaults(nodes, graph_def, producer_op_list)
            with functions_added(graph, graph_def.library):
                elements = insert_definition(graph, nodes, scope, tensors, wanted, graph_def)[1]
    graph.tensorflow = with_versions(graph.tensorflow, graph_def.versions)
    return elements


def _definition(structure: Structure) -> message_classes.GraphDef:
    """The message for the contents of a file; `ValueError` for a plain digraph."""
    if structure.is_plain:
        raise ValueError("A plain digraph is not a computation graph: its nodes are not operations.")
    message = graph_def_of(nodes_in(structure.digraph), find)
    message.versions.CopyFrom(versions_of(structure.tensorflow))
    if LIBRARY in structure.tensorflow:
        message.library.CopyFrom(library_of(structure.tensorflow[LIBRARY]))
    return message


def with_unknown_shapes(nodes: Mapping[str, Any], producer: int) -> Mapping[str, Any]:
    """The nodes of a definition, in which placeholders of an old graph with the shape ``()`` have an unknown one."""
    if producer <= SCALAR_MEANS_UNKNOWN:
        for data in nodes.values():
            if data["op"] == "Placeholder" and data["attrs"].get("shape") == ():
                data["attrs"]["shape"] = None
    return nodes


def remove_new_defaults(
    nodes: Mapping[str, Any], graph_def: message_classes.GraphDef, producer_op_list: message_classes.OpList
) -> None:
    """Remove the attributes that only the makers of a graph know, and that have the default values there.

    Parameters
    ----------
    nodes : mapping of str to dict
        The nodes of the message, which are changed.
    graph_def : GraphDef
        The message, which is not.
    producer_op_list : OpList
        The definitions of the makers.

    Raises
    ------
    TypeError
        It is something else.
    """
    if not isinstance(producer_op_list, message_classes.OpList):
        raise TypeError(f"Argument `producer_op_list` must be an OpList proto, not {type(producer_op_list).__name__}.")
    defaults = {
        op.name: {attr.name: attr.default_value for attr in op.attr if attr.HasField("default_value")}
        for op in producer_op_list.op
    }
    for node in graph_def.node if defaults else ():
        definition, new = find(node.op), defaults.get(node.op)
        if definition is None or not new:
            continue
        for key in new.keys() - definition.attr_defs.by_name.keys():
            if key in node.attr and node.attr[key] == new[key]:
                nodes[node.name]["attrs"].pop(key, None)


def add_functions(graph: Graph, library: message_classes.FunctionDefLibrary) -> None:
    """Add functions to those that a graph has, each once."""
    if library.ByteSize():
        graph.tensorflow = {**graph.tensorflow, LIBRARY: joined(graph.tensorflow.get(LIBRARY, b""), library)}


@contextmanager
def functions_added(graph: Graph, library: message_classes.FunctionDefLibrary | None) -> Iterator[None]:
    """Add functions before the operations are added that may call them; no function stays where that fails."""
    before = graph.tensorflow
    if library is not None:
        add_functions(graph, library)
    try:
        yield
    except BaseException:
        graph.tensorflow = before
        raise


def graph_around(graph_def: message_classes.GraphDef) -> Graph:
    """A graph of its own for the operations of a `GraphDef`; `ValueError` where that is not well-formed."""
    graph = Graph()
    with graph.as_default():
        import_graph_def(graph_def, name="")
    return graph


def insert_definition(
    graph: Graph,
    nodes: Mapping[str, Mapping[str, Any]],
    prefix: str,
    input_map: Mapping[str, Tensor],
    return_elements: Iterable[str] | None,
    graph_def: message_classes.GraphDef | None = None,
) -> tuple[dict[str, str], list[Tensor | Operation] | None]:
    """Add nodes, with inputs replaced by name.

    Parameters
    ----------
    graph : Graph
    nodes : mapping of str to dict
        The nodes; see `hdfsaver.graph.insert_nodes.insert_nodes`.
    prefix : str
        Put before all names.
    input_map : mapping of str to Tensor
        The replacements of inputs.
    return_elements : iterable of str, optional
        The names, among the nodes, of operations and tensors to give back.
    graph_def : GraphDef, optional
        The message that the nodes come from, whose spelling errors use.

    Returns
    -------
    names : dict of str to str
        The new name of each node.
    elements : list of Tensor and Operation, or None
        The elements asked for.

    Raises
    ------
    ValueError
        See `import_graph_def`.
    """
    replaced = _replaced(graph, nodes, input_map)
    elements = None if return_elements is None else [_parsed_element(nodes, replaced, name) for name in return_elements]

    def check(counts: Mapping[str, int]) -> None:
        _check_replaced_outputs(counts, replaced)
        for name, output in elements or ():
            _check_element(counts, replaced, name, output)

    try:
        new_names = insert_nodes(graph, nodes, prefix, replaced, check)
    except UnknownInputError as error:
        spelled = error.source if graph_def is None else input_spelling(graph_def, error.node, error.source)
        raise ValueError(f"Node {error.node!r}: Unknown input node {spelled!r}.") from None
    if elements is None:
        return new_names, None
    return new_names, [_element(graph, new_names, replaced, *item) for item in elements]


def checked_elements(return_elements: Iterable[str | bytes]) -> list[str]:
    """Names of operations and tensors as a list; `TypeError` where one is not a string."""
    elements = list(return_elements)
    if not all(isinstance(item, str | bytes) for item in elements):
        raise TypeError(f"Argument `return_elements` must be a list of strings. Obtained {elements}.")
    return [item.decode() if isinstance(item, bytes) else item for item in elements]


def checked_map(input_map: Mapping[str, Any] | None) -> dict[str, Any]:
    """The replacements of inputs by their names; `TypeError` where it is not a dict of strings."""
    if input_map is None:
        return {}
    if not isinstance(input_map, dict):
        raise TypeError(f"Argument `input_map` must be a dictionary. Obtained {type(input_map).__name__}.")
    if not all(isinstance(key, str | bytes) for key in input_map):
        raise TypeError(f"All keys for argument `input_map` must be strings. Obtained keys: {list(input_map)}.")
    return {key.decode() if isinstance(key, bytes) else key: value for key, value in input_map.items()}


def _as_tensors(input_map: dict[str, Any], scope: str) -> dict[str, Tensor]:
    if all(isinstance(value, Tensor) for value in input_map.values()):
        return input_map
    if not scope:
        raise ValueError(
            "tf.import_graph_def() requires a non-empty `name` if `input_map` contains non-Tensor values. "
            "Call tf.convert_to_tensor() on them before."
        )
    with get_default_graph().name_scope("_inputs"):
        return {key: convert_to_tensor(value) for key, value in input_map.items()}


def _replaced(graph: Graph, nodes: Mapping[str, Any], input_map: Mapping[str, Tensor]) -> Replaced:
    replaced = Replaced()
    used = {wire for data in nodes.values() for wire in data["inputs"]} if input_map else set()
    waited = {source for data in nodes.values() for source in data["control_inputs"]} if input_map else set()
    missing = []
    for key, tensor in input_map.items():
        if tensor.graph is not graph:
            raise ValueError(f"{tensor!r}, which takes the place of {key!r}, is not an element of this graph.")
        if key.startswith("^"):
            replaced.controls[key[1:]] = tensor.op.name
            is_known, shown = key[1:] in waited or key[1:] in nodes, key
        else:
            wire = parse_element(key)
            replaced.outputs[wire] = (tensor.op.name, tensor.value_index)
            is_known, shown = wire in used or wire[0] in nodes, f"{wire[0]}:{wire[1]}"
        if not is_known:
            missing.append(shown)
    if missing:
        raise ValueError(f"Attempted to map inputs that were not found in graph_def: [{', '.join(missing)}]")
    return replaced


def _check_replaced_outputs(counts: Mapping[str, int], replaced: Replaced) -> None:
    """Refuse a replacement for an output that an operation does not have; only now it is known how many there are."""
    for name, output in replaced.outputs:
        if output >= counts.get(name, output + 1):
            raise ValueError(f"Attempted to map inputs that were not found in graph_def: [{name}:{output}]")


def _check_element(counts: Mapping[str, int], replaced: Replaced, name: str, output: int | None) -> None:
    if output is not None and (name, output) not in replaced.outputs and output >= counts[name]:
        raise ValueError(f"Invalid return output {output} of node {name!r}, which has {counts[name]} output(s).")


def _parsed_element(nodes: Mapping[str, Any], replaced: Replaced, text: str) -> tuple[str, int | None]:
    name, output = parse_element(text) if ":" in text else (text, None)
    if name not in nodes and (output is None or (name, output) not in replaced.outputs):
        kind = "node" if output is None else "tensor"
        raise ValueError(f"Requested return {kind} {text!r} not found in graph def.")
    return name, output


def _element(
    graph: Graph, new_names: Mapping[str, str], replaced: Replaced, name: str, output: int | None
) -> Tensor | Operation:
    if output is None:
        return graph.get_operation_by_name(new_names[name])
    if (name, output) in replaced.outputs:
        return graph.tensor(*replaced.outputs[name, output])
    return graph.tensor(new_names[name], output)
