"""Record the graphs that TensorFlow makes of the programs beside this file, and their results.

Run with a Python that has TensorFlow: python tests/ops/make_control_flow.py > tests/ops/control_flow.json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

_LISTED = ("_class", "frame_name", "is_constant", "parallel_iterations")


def graph_of(graph: Any) -> list[str]:
    """A line for each operation: name, type, inputs, static shapes, and what says where it belongs."""
    return [f"{node.name} {node.op} ({_inputs(node)}){_marks(graph, node)}" for node in graph.as_graph_def().node]


def _inputs(node: Any) -> str:
    controls = [name for name in node.input if name[0] == "^"]
    return " ".join([*(name for name in node.input if name not in controls), *sorted(controls)])


def _marks(graph: Any, node: Any) -> str:
    said = [str(node.attr[name]).split() for name in _LISTED if name in node.attr]
    found = "".join(f" {' '.join(words)}" for words in said)
    shapes = [str(tensor.shape) for tensor in graph.get_operation_by_name(node.name).outputs]
    return f"{found} {' '.join(shapes)}"


def contexts_of(tf: Any) -> list[Any]:
    """The messages of the collections about branches and loops."""
    found = [item.to_proto() for key in ("cond_context", "while_context") for item in tf.get_collection(key)]
    return [_plain(message) for message in found]


def _plain(message: Any) -> Any:
    if not hasattr(message, "ListFields"):
        return sorted(map(str, message)) if not isinstance(message, str | int) else message
    found: dict[str, Any] = {}
    for field, value in message.ListFields():
        if field.name == "external_values":
            found[field.name] = dict(sorted(value.items()))
        elif field.name == "nested_contexts":
            found[field.name] = [_plain(item) for item in value]
        else:
            found[field.name] = _plain(value)
    return found


def results_of(tf: Any, fetches: Any, feeds: list[dict[str, Any]]) -> list[Any]:
    """The values of the fetches for each dict of feeds; the name of the error where a run fails."""
    found: list[Any] = []
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for fed in feeds:
            try:
                found.append(list(_values(sess.run(fetches, fed))))
            except tf.errors.OpError as error:
                found.append(type(error).__name__)
    return found


def _values(results: Any) -> Iterator[Any]:
    if isinstance(results, dict):
        results = [results[key] for key in sorted(results)]
    if isinstance(results, list | tuple):
        for item in results:
            yield from _values(item)
    else:
        yield None if results is None else np.asarray(results).tolist()


def record(tf: Any, program: Any) -> dict[str, Any]:
    """The graph, the contexts and the results of a program."""
    with tf.Graph().as_default() as graph:
        fetches, feeds = program(tf)
        nodes = graph_of(graph)
        return {"nodes": nodes, "contexts": contexts_of(tf), "results": results_of(tf, fetches, feeds)}


if __name__ == "__main__":
    import branches  # type: ignore[import-not-found]  # beside this file
    import fold_programs  # type: ignore[import-not-found]
    import loop_derivatives  # type: ignore[import-not-found]
    import loops  # type: ignore[import-not-found]
    import tensorflow.compat.v1 as tensorflow

    tensorflow.disable_v2_behavior()
    tensorflow.disable_resource_variables()
    tensorflow.disable_control_flow_v2()
    programs = branches.BRANCHES + loops.LOOPS + loop_derivatives.LOOP_DERIVATIVES + fold_programs.FOLDS
    recorded = {program.__name__: record(tensorflow, program) for program in programs}
    json.dump(recorded, sys.stdout, indent=1)
