"""Without nodes that pass on their input: who takes their output takes the input instead."""

from __future__ import annotations

from collections.abc import Mapping

from hdfsaver.onnx_graphs.onnx_nodes import OnnxGraph, OnnxNode, inner_graphs


def without_identities(graph: OnnxGraph) -> None:
    """Remove the nodes of a graph that pass on their input, as far as no output needs them.

    The outputs of the graph keep their names: the node that makes the value makes it under that name.
    """
    results = {output.name for output in graph.outputs}
    other: dict[str, str] = {}
    kept = []
    for node in graph.nodes:
        source = other.get(node.inputs[0], node.inputs[0]) if node.inputs else ""
        if node.op == "Identity" and node.outputs[0] not in results:
            other[node.outputs[0]] = source
        else:
            kept.append(node)
    graph.nodes = kept
    _rename(kept, other)
    _name_results(graph, results)


def _name_results(graph: OnnxGraph, results: set[str]) -> None:
    makers = {name: node for node in graph.nodes for name in node.outputs}
    other: dict[str, str] = {}
    for node in list(graph.nodes):
        source = node.inputs[0] if node.op == "Identity" else ""
        maker = makers.get(source)
        if maker is None or source in results or source in other:
            continue
        other[source] = node.outputs[0]
        maker.outputs = [other.get(name, name) for name in maker.outputs]
        graph.nodes.remove(node)
    _rename(graph.nodes, other)


def _rename(nodes: list[OnnxNode], other: Mapping[str, str]) -> None:
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        node.inputs = [other.get(name, name) for name in node.inputs]
        for inner in inner_graphs(node):
            inner.outputs = [each._replace(name=other.get(each.name, each.name)) for each in inner.outputs]
            waiting += inner.nodes
