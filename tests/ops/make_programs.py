"""Record the graphs that TensorFlow makes of `programs.py`, and their results: run with a Python that has TensorFlow.

python tests/ops/make_programs.py > tests/ops/programs.json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

RANDOM = ("random", "truncated", "seed", "initializers")
"""Words in the names of programs whose results are not the same each time."""


def shape_of(tensor: Any) -> Any:
    """A static shape as JSON has it."""
    return None if tensor.shape.rank is None else tensor.shape.as_list()


def nodes_of(graph: Any) -> list[Any]:
    """Name, type, inputs, control inputs and outputs of each operation, in the order in which they were made."""
    return [
        [
            operation.name,
            operation.type,
            [tensor.name for tensor in operation.inputs],
            sorted(control.name for control in operation.control_inputs),
            [[tensor.dtype.name, shape_of(tensor)] for tensor in operation.outputs],
        ]
        for operation in graph.get_operations()
    ]


def tensors_in(results: Any) -> Iterator[Any]:
    """The tensors that a program gives, from left to right."""
    if isinstance(results, list | tuple):
        for item in results:
            yield from tensors_in(item)
    elif results is not None:
        yield results


def feed_for(placeholder: Any) -> Any:
    """What a placeholder is fed with: 2 for each unknown length, a matrix for an unknown rank."""
    shape = [2, 3] if placeholder.shape.rank is None else [size or 2 for size in placeholder.shape.as_list()]
    count = int(np.prod(shape))
    if placeholder.dtype.is_integer:
        return np.arange(count, 0, -1, dtype=placeholder.dtype.as_numpy_dtype).reshape(shape) % 4
    return (np.arange(count, dtype=placeholder.dtype.as_numpy_dtype) / 2 - 1.25).reshape(shape)


def plain(value: Any) -> list[Any]:
    """A result as JSON has it: its dtype, shape and elements."""
    array = np.asarray(value)
    if array.dtype.kind in "OSU":
        return ["string", list(array.shape), [item.decode("latin-1") for item in array.ravel().tolist()]]
    if array.dtype.kind == "c":
        return [array.dtype.name, list(array.shape), [[item.real, item.imag] for item in array.ravel().tolist()]]
    return [array.dtype.name, list(array.shape), array.ravel().tolist()]


def run(tf: Any, name: str, program: Any) -> dict[str, Any]:
    """The record of one program, run in a graph of its own."""
    with tf.Graph().as_default() as graph:
        tensors = list(tensors_in(program(tf)))
        nodes = nodes_of(graph)
        if any(word in name for word in RANDOM):
            return {"nodes": nodes, "values": None}
        placeholders = [operation.outputs[0] for operation in graph.get_operations() if operation.type == "Placeholder"]
        with tf.Session() as session:
            values = session.run(tensors, {tensor: feed_for(tensor) for tensor in placeholders})
    return {"nodes": nodes, "values": [plain(value) for value in values]}


def main() -> None:
    """Print the record of all programs, a line each."""
    import tensorflow.compat.v1 as tf  # type: ignore[import-untyped,import-not-found,unused-ignore]

    sys.path.insert(0, str(Path(__file__).parent))
    from programs import PROGRAMS, RESULTS  # type: ignore[import-not-found,unused-ignore]

    tf.disable_v2_behavior()
    tf.disable_resource_variables()
    recorded = {name: run(tf, name, program) for name, program in {**PROGRAMS, **RESULTS}.items()}
    recorded |= {name: {"values": recorded[name]["values"]} for name in RESULTS}
    lines = [f"{json.dumps(name)}: {json.dumps(record)}" for name, record in recorded.items()]
    sys.stdout.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
