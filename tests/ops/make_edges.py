"""Record what TensorFlow gives at the edges of dtypes (`edges.py`): run with a Python that has TensorFlow.

python tests/ops/make_edges.py > tests/ops/edges.json
"""

from __future__ import annotations

import base64
import inspect
import json
import sys
import zlib
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np


def packed(array: Any) -> list[Any]:
    """An array in few characters: its dtype, its shape, and its bytes, compressed."""
    array = np.asarray(array)
    if array.dtype.kind in "OSU":
        return ["string", list(array.shape), [item.decode("latin-1") for item in array.ravel().tolist()]]
    data = base64.b85encode(zlib.compress(array.tobytes(), 9)).decode()
    return [array.dtype.name, list(array.shape), data]


def fed(tf: Any, array: Any, feeds: dict[Any, Any]) -> Any:
    """A placeholder that is fed with an array, so that nothing is computed before the run."""
    tensor = tf.placeholder(tf.as_dtype(np.asarray(array).dtype), np.shape(array))
    feeds[tensor] = array
    return tensor


def run(tf: Any, raw: Any, edge: Any) -> Any:
    """The outputs of one call, or the name of the error; None where TensorFlow has no kernel for the dtype."""
    config = tf.ConfigProto()
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    with tf.Graph().as_default(), tf.Session(config=config) as session:
        try:
            feeds: dict[Any, Any] = {}
            given = [
                [fed(tf, each, feeds) for each in x] if isinstance(x, list) else fed(tf, x, feeds) for x in edge.inputs
            ]
            names = islice(inspect.signature(raw).parameters, len(given))
            made = raw(**dict(zip(names, given, strict=True)), **edge.attrs)
            outputs = list(made) if isinstance(made, list | tuple) else [made]
            return [packed(value) for value in session.run(outputs, feeds)]
        except (tf.errors.OpError, ValueError, TypeError) as error:
            return (
                None if "No OpKernel" in str(error) or "not in list of allowed" in str(error) else type(error).__name__
            )


def main() -> None:
    """Print the record of all cases, a line each."""
    import tensorflow.compat.v1 as tf  # type: ignore[import-untyped,import-not-found,unused-ignore]

    sys.path.insert(0, str(Path(__file__).parent))
    from edges import cases  # type: ignore[import-not-found,unused-ignore]

    tf.disable_v2_behavior()
    found = {}
    for name, edge in cases().items():
        found[name] = run(tf, getattr(tf.raw_ops, edge.op_type), edge)
    lines = [f"{json.dumps(name)}: {json.dumps(record)}" for name, record in found.items()]
    sys.stdout.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
