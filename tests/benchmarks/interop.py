"""Bundles: this package beside TensorFlow, where that is installed; times and ratios of one run.

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

from hdfsaver.interop.bundle_writing import write_bundle
from hdfsaver.interop.opening import open_bundle

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


def main(folder: Path) -> None:
    """Measure large tensors and small ones."""
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
