"""Write the golden files with TensorFlow: run with a Python that has TensorFlow.

python tests/interop/make_golden.py tests/interop/golden
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

Values = dict[str, Any]


def tensorflow() -> ModuleType:
    """TensorFlow 1's interface, with graphs and reference variables."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import tensorflow as tf

    v1: ModuleType = tf.compat.v1
    v1.disable_v2_behavior()
    v1.disable_resource_variables()
    return v1


def constants(tf: ModuleType, values: Values) -> list[Any]:
    """A constant for each value; objects are strings."""
    return [tf.constant(value, dtype=tf.string if value.dtype == object else None) for value in values.values()]


def save_bundle(tf: ModuleType, prefix: str, values: Values, quantized: bool = False) -> None:
    """Write a bundle in the order of the values, with the operation that every Saver uses."""
    with tf.Graph().as_default(), tf.Session() as session:
        tensors = constants(tf, values)
        if quantized:
            tensors = [tf.bitcast(tensor, tf.as_dtype(name)) for name, tensor in zip(values, tensors, strict=True)]
        everything = [""] * len(values)
        session.run(
            tf.raw_ops.SaveV2(prefix=prefix, tensor_names=list(values), shape_and_slices=everything, tensors=tensors)
        )


def save_grid(tf: ModuleType, prefix: str, value: np.ndarray, slices: tuple[str, ...]) -> None:
    """Write a tensor in slices that are cut along two dimensions, and one that covers everything."""
    parts = [value[_slices(spec)] for spec in slices]
    with tf.Graph().as_default(), tf.Session() as session:
        session.run(
            tf.raw_ops.SaveV2(
                prefix=prefix, tensor_names=["grid"] * len(parts), shape_and_slices=list(slices), tensors=parts
            )
        )


def _slices(spec: str) -> tuple[slice, ...]:
    bounds = [tuple(map(int, part.split(","))) for part in spec.rsplit(maxsplit=1)[-1].split(":")]
    return tuple(slice(start, start + length) for start, length in bounds)


def save_v1(tf: ModuleType, path: str, values: Values) -> None:
    """Write a checkpoint of the first format."""
    with tf.Graph().as_default(), tf.Session() as session:
        session.run(tf.raw_ops.Save(filename=path, tensor_names=list(values), data=constants(tf, values)))


def save_partitioned(tf: ModuleType, folder: Path, value: np.ndarray) -> None:
    """Write a partitioned variable in every way that a Saver has."""
    with tf.Graph().as_default(), tf.Session() as session:
        cut = tf.fixed_size_partitioner(3)
        parts = tf.get_variable("part", value.shape, initializer=tf.zeros_initializer(), partitioner=cut)
        tf.get_variable("plain", [4], initializer=tf.ones_initializer())
        session.run(tf.global_variables_initializer())
        for part, rows in zip(parts, np.array_split(value, 3), strict=True):
            session.run(tf.assign(part, rows))
        first = tf.train.SaverDef.V1
        for name, options in {
            "part": {},
            "part_sharded": {"sharded": True},
            "part_v1": {"write_version": first},
            "part_v1_sharded": {"write_version": first, "sharded": True},
        }.items():
            tf.train.Saver(**options).save(session, str(folder / name), write_meta_graph=False, write_state=False)


def save_two_shards(tf: ModuleType, folder: Path) -> None:
    """Write a bundle of two data files, and a V1 checkpoint of two files."""
    with tf.Graph().as_default(), tf.Session(config=tf.ConfigProto(device_count={"CPU": 2})) as session:
        for device in range(2):
            with tf.device(f"/cpu:{device}"):
                tf.Variable(np.full(5, device + 1, dtype=np.float32), name=f"on_{device}")
        session.run(tf.global_variables_initializer())
        for name, version in (("two", tf.train.SaverDef.V2), ("two_v1", tf.train.SaverDef.V1)):
            tf.train.Saver(sharded=True, write_version=version).save(
                session, str(folder / name), write_meta_graph=False, write_state=False
            )


def digest(path: Path) -> str:
    """The SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def make(folder: Path) -> None:
    """Write all golden files, and the digests of those that are too large to keep."""
    import samples  # type: ignore[import-not-found,unused-ignore]

    tf = tensorflow()
    folder.mkdir(parents=True, exist_ok=True)
    values = samples.every_dtype()
    save_bundle(tf, str(folder / "every"), values)
    save_bundle(tf, str(folder / "quantized"), samples.quantized(), quantized=True)
    save_bundle(tf, f"{folder}/nameless/", {"v": np.ones(2, dtype=np.float32)})
    save_grid(tf, str(folder / "grid"), samples.grid(), samples.GRID_SLICES)
    save_v1(tf, str(folder / "v1"), {name: it for name, it in values.items() if name not in samples.NOT_IN_V1})
    save_partitioned(tf, folder, samples.partitioned())
    save_two_shards(tf, folder)
    save_bundle(tf, str(folder / "many"), samples.many())
    large = sorted(folder.glob("many.*"))
    digests = {path.name: digest(path) for path in large}
    (folder / "digests.json").write_text(json.dumps(digests, indent=1) + "\n", encoding="utf-8")
    for path in large:
        path.unlink()


if __name__ == "__main__":
    make(Path(sys.argv[1]))
