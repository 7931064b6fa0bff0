"""Bundles and graphs: this package beside TensorFlow, where that is installed; times and ratios of one run.

Usage: ``python tests/benchmarks/interop.py [FOLDER]``; the folder, by default a temporary one, should be on a disk.
"""

from __future__ import annotations

import gc
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

import hdfsaver
from hdfsaver.interop.bundle.bundle_writing import write_bundle
from hdfsaver.interop.bundle.open_tensorflow import open_bundle
from hdfsaver.interop.graphs.graph_files import read_meta_graph, write_meta_graph

ROUNDS = 7


def tensorflow() -> ModuleType | None:
    """TensorFlow, or None where it is not installed."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    try:
        import tensorflow as tf
    except ImportError:
        return None
    v1: ModuleType = tf.compat.v1
    v1.disable_v2_behavior()
    return v1


def clear(folder: Path, name: str) -> None:
    """Remove what a job is about to write: freeing the old file's memory is not what is measured."""
    if "write" in name:
        for path in folder.glob("ours.*" if "hdfsaver" in name else "theirs.*"):
            path.unlink()


def best(folder: Path, jobs: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Milliseconds of the fastest of several rounds; the jobs take turns, so that all meet the same machine."""
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(ROUNDS):
        for name, job in jobs.items():
            clear(folder, name)
            gc.collect()
            start = time.perf_counter()
            job()
            times[name].append(1000 * (time.perf_counter() - start))
    return {name: min(found) for name, found in times.items()}


def ours(prefix: str, values: dict[str, Any]) -> dict[str, Callable[[], object]]:
    """What is measured of this package."""

    def read(mode: str | None = None) -> object:
        with open_bundle(prefix) as file:
            return file.read_many(file.variables, mmap_mode=mode)

    return {
        "write": lambda: write_bundle(prefix, values, durable=False),
        "write, on the disk": lambda: write_bundle(prefix, values),
        "read": read,
        "map": lambda: read("r"),
    }


def theirs(tf: ModuleType, prefix: str, values: dict[str, Any]) -> dict[str, Callable[[], object]]:
    """The same with TensorFlow's operations, in a session that has run them before; it has values in its memory."""
    names, dtypes = sorted(values), [values[name].dtype for name in sorted(values)]
    with tf.Graph().as_default():
        session = tf.Session()
        held = [tf.Variable(values[name], use_resource=False) for name in names]
        session.run(tf.global_variables_initializer())
        nothing = [""] * len(names)
        save = tf.raw_ops.SaveV2(prefix=prefix, tensor_names=names, shape_and_slices=nothing, tensors=held)
        loaded = tf.raw_ops.RestoreV2(prefix=prefix, tensor_names=names, shape_and_slices=nothing, dtypes=dtypes)
        restore = tf.group(*loaded)

    def reader() -> object:
        opened = tf.train.NewCheckpointReader(prefix)
        return [opened.get_tensor(name) for name in names]

    return {
        "write": lambda: session.run(save),
        "read": lambda: session.run(restore),
        "read by NewCheckpointReader": reader,
    }


def compare(title: str, folder: Path, values: dict[str, Any]) -> None:
    """Measure one set of values and print what was found."""
    jobs = {f"hdfsaver: {name}": job for name, job in ours(str(folder / "ours"), values).items()}
    tf = tensorflow()
    if tf is None:
        print("TensorFlow is not installed: no ratios.")
    else:
        jobs |= {f"TensorFlow: {name}": job for name, job in theirs(tf, str(folder / "theirs"), values).items()}
    found = best(folder, jobs)
    print(title)
    for name, milliseconds in found.items():
        other = found.get("TensorFlow: write" if "write" in name else "TensorFlow: read", milliseconds)
        print(f"  {name:42}{milliseconds:9.1f} ms   {other / milliseconds:5.1f} times as fast as TensorFlow")


def layers(count: int) -> hdfsaver.Graph:
    """A graph of six operations for each layer."""
    with hdfsaver.Graph().as_default() as graph:
        found = hdfsaver.placeholder(hdfsaver.float32, [None, 4], name="x")
        for number in range(count):
            weights = hdfsaver.get_variable(f"layer_{number}/kernel", initializer=np.eye(4, dtype=np.float32))
            found = hdfsaver.nn.relu(hdfsaver.matmul(found, weights), name=f"layer_{number}/out")
    return graph


def measure_graphs(folder: Path) -> None:
    """Measure a ``.meta`` of 6,000 operations."""
    graph = layers(1000)
    path = folder / "graph.meta"
    definition = hdfsaver.train.export_meta_graph(graph=graph)
    write_meta_graph(definition, path)
    structure = read_meta_graph(path)
    jobs: dict[str, Callable[[], object]] = {
        "hdfsaver: read_meta_graph": lambda: read_meta_graph(path),
        "hdfsaver: write_meta_graph of a structure": lambda: write_meta_graph(structure, folder / "again.meta"),
        "hdfsaver: import_meta_graph": lambda: imported(hdfsaver, path),
    }
    tf = tensorflow()
    if tf is not None:
        jobs["TensorFlow: import_meta_graph"] = lambda: imported(tf, path)
    print(f"a graph of {len(structure.digraph)} operations, {path.stat().st_size / 1e6:.1f} MB")
    for name, milliseconds in best(folder, jobs).items():
        print(f"  {name:42}{milliseconds:9.1f} ms")


def imported(tf: ModuleType, path: Path) -> object:
    """Bring the graph into an empty one."""
    with tf.Graph().as_default():
        return tf.train.import_meta_graph(str(path))


def main(folder: Path) -> None:
    """Measure large tensors, small ones and a graph."""
    measure_graphs(folder)
    rng = np.random.default_rng(0)
    large = {f"layer_{number}/kernel": rng.standard_normal(1 << 20, dtype=np.float32) for number in range(100)}
    compare("400 MB in 100 tensors", folder, large)
    small = {f"layer_{number}/bias": rng.standard_normal(64, dtype=np.float32) for number in range(2000)}
    compare("2,000 tensors of 256 bytes", folder, small)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as temporary:
            main(Path(temporary))
