"""Parts of a `GraphDef`: the operations that given ones need, and the graph without training."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hdfsaver.messages import message_classes

_REMOVED = frozenset({"CheckNumerics"})
_PASSING = frozenset({"Identity", "StopGradient"})


def extract_sub_graph(graph_def: message_classes.GraphDef, dest_nodes: Iterable[str]) -> message_classes.GraphDef:
    """The operations that the given ones need, those included, as copies in their order.

    Parameters
    ----------
    graph_def : GraphDef
    dest_nodes : iterable of str
        Names of operations.

    Raises
    ------
    TypeError
        An argument is of another type.
    AssertionError
        There is no operation of one of the names.
    """
    if not isinstance(graph_def, message_classes.GraphDef):
        raise TypeError(f"graph_def must be a GraphDef, but got type {type(graph_def).__name__}.")
    if isinstance(dest_nodes, str):
        raise TypeError("dest_nodes must be an iterable of strings, but got type str.")
    nodes = {node.name: node for node in graph_def.node}
    waiting = list(dest_nodes)
    for name in waiting:
        if name not in nodes:
            raise AssertionError(f"{name} is not in graph.")
    kept: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in kept and name in nodes:
            kept.add(name)
            waiting += _needed(nodes[name])
    nodes_kept = [node for node in graph_def.node if node.name in kept]
    return message_classes.GraphDef(node=nodes_kept, versions=graph_def.versions, library=graph_def.library)


def remove_training_nodes(
    input_graph: message_classes.GraphDef, protected_nodes: Iterable[str] | None = None
) -> message_classes.GraphDef:
    """The graph without operations that only training needs, for inference.

    Checks of numbers are removed, and operations that only pass their input on, unless they have control dependencies
    or others depend on them, or others share their device. An operation that took the result of a check takes the
    check's input, which TensorFlow loses. Versions and functions of the graph are kept.

    Parameters
    ----------
    input_graph : GraphDef
        It is not changed.
    protected_nodes : iterable of str, optional
        Names of operations that stay in any case.
    """
    protected = frozenset(protected_nodes or ())
    # The input whose value replaces the output of such an operation.
    bypassed = {
        node.name: node.input[0]
        for node in input_graph.node
        if node.op in _REMOVED | _PASSING and node.name not in protected and node.input
    }
    checks = {node.name for node in input_graph.node if node.op in _REMOVED and node.name in bypassed}
    waiting = {name for node in input_graph.node if node.name not in checks for name in _waited_for(node)}
    held = waiting | {name for node in input_graph.node for name in _located_with(node)}
    for node in input_graph.node:
        if node.op in _PASSING and (node.name in held or not checks.issuperset(_waited_for(node))):
            bypassed.pop(node.name, None)
    found = message_classes.GraphDef(node=[node for node in input_graph.node if node.name not in bypassed])
    if input_graph.HasField("versions"):
        found.versions.CopyFrom(input_graph.versions)
    if input_graph.HasField("library"):
        found.library.CopyFrom(input_graph.library)
    ends = _ends(bypassed)
    for node in found.node:
        sources = [ends.get(text.removesuffix(":0"), text) for text in node.input]
        node.input[:] = [text for text in sources if text.removeprefix("^") not in bypassed]
    return found


def _ends(bypassed: Mapping[str, str]) -> dict[str, str]:
    """The source of the value of each bypassed operation; each operation is visited once."""
    ends: dict[str, str] = {}
    for text in bypassed:
        seen: dict[str, None] = {}
        while (name := text.removesuffix(":0")) in bypassed and name not in ends and name not in seen:
            seen[name] = None
            text = bypassed[name]
        ends.update(dict.fromkeys(seen, ends.get(name, text)))
    return ends


def _needed(node: message_classes.NodeDef) -> list[str]:
    return [text.removeprefix("^").partition(":")[0] for text in node.input] + _located_with(node)


def _waited_for(node: message_classes.NodeDef) -> list[str]:
    return [text[1:] for text in node.input if text.startswith("^")]


def _located_with(node: message_classes.NodeDef) -> list[str]:
    if "_class" not in node.attr:
        return []
    # A name that is not UTF-8 is that of no node.
    return [item.decode(errors="surrogateescape").removeprefix("loc:@") for item in node.attr["_class"].list.s]
