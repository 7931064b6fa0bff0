"""Compare every tensor of a frozen graph that some fed tensors decide, TensorFlow beside us.

python -m tests.interop.compare_tensors PYTHON GRAPH.pb NAME=SHAPE [NAME=SHAPE ...]

PYTHON is a Python that has TensorFlow. A fed tensor gets seeded normal numbers of the shape, such as
``input:0=1,224,224,3``. Tensors inside loops and handles are left out. The exit status is 0 when no tensor of integers
differs at all, and no other by more than 1e-4 of its largest value.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from tests.interop.make_golden import tensorflow

LIMIT = 1e-4
OPEN = {"Enter", "Merge", "Switch", "Placeholder"}
"""Types whose results are not decided by their inputs alone."""


def fed(texts: list[str]) -> dict[str, Any]:
    """The values to feed, by the tensor's name."""
    random = np.random.default_rng(0)
    shapes = {name: tuple(map(int, shape.split(","))) for name, shape in (text.split("=") for text in texts)}
    return {name: random.standard_normal(shape, np.float32) for name, shape in shapes.items()}


def decided(graph: Any, names: set[str]) -> Iterator[Any]:
    """The tensors outside loops that the fed ones and constants decide."""
    known: dict[str, bool] = {}
    for operation in in_order(graph):
        sources = {each.op.name for each in operation.inputs if each.name not in names}
        sources.update(each.name for each in operation.control_inputs)
        known[operation.name] = operation.type not in OPEN and all(known[name] for name in sources)
        if known[operation.name] and operation.type != "Const":
            # What FusedBatchNorm keeps for its derivative is not filled in outside training.
            outputs = operation.outputs[: 3 if operation.type.startswith("FusedBatchNorm") else None]
            yield from (each for each in outputs if each.name not in names and each.dtype.name != "resource")


def in_order(graph: Any) -> Iterator[Any]:
    """The operations, inputs first; those of loops, which have no such order, are left out with all that follows."""
    waiting = {operation.name: operation for operation in graph.get_operations()}
    while True:
        ready = [each for each in waiting.values() if waiting.keys().isdisjoint(before(each))]
        if not ready:
            return
        for each in ready:
            del waiting[each.name]
            yield each


def before(operation: Any) -> Iterator[str]:
    """The names of the operations that run before one."""
    yield from (tensor.op.name for tensor in operation.inputs)
    yield from (each.name for each in operation.control_inputs)


def run(tf: ModuleType, path: str, feeds: dict[str, Any]) -> dict[str, Any]:
    """The value of each tensor, by name; quantized ones as the integers behind them."""
    graph_def = tf.GraphDef()
    graph_def.ParseFromString(Path(path).read_bytes())
    config = tf.ConfigProto()
    config.graph_options.rewrite_options.disable_meta_optimizer = True  # it takes outputs away that are fetched
    with tf.Graph().as_default() as graph, tf.Session(config=config) as session:
        tf.import_graph_def(graph_def, name="")
        tensors = list(decided(graph, set(feeds)))
        values = zip(tensors, session.run(tensors, feeds), strict=True)
        return {tensor.name: value[value.dtype.names[0]] if value.dtype.names else value for tensor, value in values}


def differs(here: Any, there: Any) -> bool:
    """Whether two values are further apart than they may be."""
    if here.shape != there.shape or here.dtype.itemsize != there.dtype.itemsize:
        return True
    if here.dtype.kind != "f":
        return here.tobytes() != there.tobytes()
    apart = np.abs(here - there).max(initial=0)
    return bool(apart > LIMIT * np.abs(there).max(initial=0))


def main(python: str, path: str, texts: list[str]) -> int:
    """Run both, print how many tensors there are, how many have the same bits, and each that differs."""
    import hdfsaver

    here = run(hdfsaver, path, fed(texts))
    with tempfile.TemporaryDirectory() as folder:
        target = os.path.join(folder, "values.npz")
        subprocess.run([python, "-m", __spec__.name, "--oracle", target, path, *texts], check=True)
        with np.load(target) as file:
            there = {name.replace("|", "/"): file[name] for name in file.files}
    same = sum(value.tobytes() == there[name].tobytes() for name, value in here.items())
    different = [name for name, value in here.items() if differs(value, there[name])]
    sys.stdout.write(f"{len(here)} tensors, {same} with the same bits, {len(different)} differ.\n")
    sys.stdout.writelines(f"  {name}\n" for name in different)
    return int(bool(different))


if __name__ == "__main__":
    if sys.argv[1] == "--oracle":
        values = run(tensorflow(), sys.argv[3], fed(sys.argv[4:]))
        np.savez(sys.argv[2], **{name.replace("/", "|"): value for name, value in values.items()})
    else:
        sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
