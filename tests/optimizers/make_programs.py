"""Record what TensorFlow makes of `programs.py`: run with a Python that has TensorFlow.

env -u PYTHONPATH python tests/optimizers/make_programs.py > tests/optimizers/programs.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

ELSEWHERE = ("gradients/", "cond")
"""Parts of names of derivatives and conditional initial values, which are compared elsewhere."""


def groups_of(operation: Any) -> list[str]:
    """The operations whose device it is to have."""
    try:
        return [item.decode() for item in operation.get_attr("_class")]
    except ValueError:
        return []


def nodes_of(graph: Any) -> list[Any]:
    """Name, type, inputs, control inputs, groups and dtypes of each operation but those in `ELSEWHERE`."""
    return [
        [
            operation.name,
            operation.type,
            [tensor.name for tensor in operation.inputs],
            sorted(control.name for control in operation.control_inputs),
            groups_of(operation),
            [tensor.dtype.name for tensor in operation.outputs],
        ]
        for operation in graph.get_operations()
        if not any(part in operation.name for part in ELSEWHERE)
    ]


def plain(value: Any) -> Any:
    """A value as JSON has it."""
    array = np.asarray(value)
    return [item.decode() for item in array.ravel().tolist()] if array.dtype.kind in "OS" else array.tolist()


def run(tf: Any, program: Any, steps: Any) -> dict[str, Any]:
    """The record of one program, run in a graph of its own."""
    with tf.Graph().as_default() as graph:
        done, fetched = program(tf)
        nodes = nodes_of(graph)
        values = []
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            for step in range(1, max(steps) + 1):
                session.run(done)
                if step in steps:
                    values.append([plain(value) for value in session.run(fetched)])
    return {"done": done.name, "names": [item.name for item in fetched], "nodes": nodes, "values": values}


def main() -> None:
    """Print the record of all programs, a line each."""
    import tensorflow.compat.v1 as tf  # type: ignore[import-untyped,import-not-found,unused-ignore]

    sys.path.insert(0, str(Path(__file__).parent))
    from programs import PROGRAMS, RESULTS, STEPS  # type: ignore[import-not-found,unused-ignore]

    tf.disable_v2_behavior()
    tf.disable_resource_variables()
    lines = [
        f"{json.dumps(name)}: {json.dumps(run(tf, program, STEPS))}"
        for name, program in {**PROGRAMS, **RESULTS}.items()
    ]
    sys.stdout.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
