"""Record random numbers of TensorFlow's operations: run with a Python that has TensorFlow.

python tests/random_numbers/make_recorded.py > tests/random_numbers/recorded.json

Each case is an operation with its attributes and inputs, and what successive runs of one session gave: the bytes, or a
digest of them where there are many. One thread runs each operation.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

FLOATS = ("float16", "bfloat16", "float32", "float64")
SEEDS = ((87654321, 0), (2**35 + 7, -3))

Input = tuple[str, str, Any]
"""Name, dtype and value."""

Case = tuple[str, dict[str, Any], list[Input]]
"""The type of an operation, its attributes and its inputs."""


def vector(values: Any) -> Input:
    """A shape."""
    return ("shape", "int32", list(values))


def seeded_cases() -> Iterator[Case]:
    """Fractions, normal numbers, integers and orders, which go on from run to run."""
    for op in ("RandomUniform", "RandomStandardNormal", "TruncatedNormal"):
        for dtype in FLOATS:
            for (seed, seed2), shape in zip(SEEDS * 2, ([5], [1003], [], [3, 2]), strict=True):
                yield op, {"seed": seed, "seed2": seed2, "dtype": dtype}, [vector(shape)]
    for dtype in ("int32", "int64"):
        for low, high in ((-10, 7), (0, 2**31 - 1), (-(2**31), 2**31 - 1)):
            bounds = [("minval", dtype, low), ("maxval", dtype, high)]
            yield "RandomUniformInt", {"seed": 5, "seed2": low % 99}, [vector([7]), *bounds]
    bounds = [("minval", "int64", -(2**63)), ("maxval", "int64", 2**63 - 1)]
    yield "RandomUniformInt", {"seed": 5, "seed2": 9}, [vector([1003]), *bounds]
    for shape in ([10], [1003], [5, 2], [1], [0]):
        rows = np.arange(int(np.prod(shape))).reshape(shape).tolist()
        yield "RandomShuffle", {"seed": 1, "seed2": 2}, [("value", "int32", rows)]


def distribution_cases() -> Iterator[Case]:
    """Distributions with parameters, which go on from run to run."""
    logits = [[0.0, 1.0, 2.0, -1.0], [3.0, -np.inf, 0.0, 0.5], [0.0, np.inf, np.nan, 1.0], [-np.inf] * 4]
    for dtype in FLOATS:
        for count, output in ((1, "int64"), (9, "int32")):
            inputs = [("logits", dtype, logits), ("num_samples", "int32", count)]
            yield "Multinomial", {"seed": 3, "seed2": count, "output_dtype": output}, inputs
    for dtype in ("float16", "float32", "float64"):
        alphas = ("alpha", dtype, [[0.3, 1.0], [2.5, 40.0]])
        yield "RandomGamma", {"seed": 4, "seed2": 8}, [vector([6]), alphas]
        rates = ("rate", dtype, [0.0, 0.7, 9.5, 10.0, 200.0])
        for output in ("float32", "int32", "int64", "float16", "float64"):
            yield "RandomPoissonV2", {"seed": 4, "seed2": 8, "dtype": output}, [vector([6]), rates]


def stateless_cases() -> Iterator[Case]:
    """Operations whose seeds are inputs, which give the same numbers in each run."""
    shape, seed = vector([1003]), ("seed", "int64", [7, -(2**40)])
    key: list[Input] = [("key", "uint64", [2**63 + 5]), ("counter", "uint64", [2**64 - 100, 11]), ("alg", "int32", 1)]
    for name in ("RandomUniform", "RandomNormal", "TruncatedNormal"):
        for dtype in FLOATS:
            yield f"Stateless{name}", {"dtype": dtype}, [shape, seed]
            yield f"Stateless{name}V2", {"dtype": dtype}, [shape, *key]
    for dtype in ("int32", "int64"):
        bounds = [("minval", dtype, -7), ("maxval", dtype, 12)]
        yield "StatelessRandomUniformInt", {}, [shape, seed, *bounds]
        yield "StatelessRandomUniformIntV2", {}, [shape, *key, *bounds]
    for dtype in ("int32", "int64", "uint32", "uint64"):
        yield "StatelessRandomUniformFullInt", {"dtype": dtype}, [shape, seed]
        yield "StatelessRandomUniformFullIntV2", {"dtype": dtype}, [shape, *key]
    for dtype, pair in (("int32", [1, 2]), ("int32", [-1, 7]), ("int64", [0, 2**62])):
        yield "StatelessRandomGetKeyCounter", {}, [("seed", dtype, pair)]
    yield "StatelessRandomGetAlg", {}, []
    logits = [("logits", "float32", [[0.0, 1.0], [2.0, -1.0]]), ("num_samples", "int32", 9)]
    yield "StatelessMultinomial", {"output_dtype": "int64"}, [*logits, seed]
    for dtype in ("float16", "float32", "float64"):
        alphas = ("alpha", dtype, [0.3, 1.0, 2.5])
        yield "StatelessRandomGammaV2", {}, [vector([20, 3]), seed, alphas]
        yield "StatelessRandomGammaV3", {}, [vector([20, 3]), *key, alphas]
        rates = ("lam", dtype, [0.7, 40.0])
        yield "StatelessRandomPoisson", {"dtype": "int32"}, [vector([20, 2]), seed, rates]


def digested(value: Any) -> str:
    """The bytes of an array, or a digest of more than 64."""
    found = np.ascontiguousarray(value).tobytes()
    return found.hex() if len(found) <= 64 else "sha256:" + hashlib.sha256(found).hexdigest()[:16]


def record(case: Case) -> dict[str, Any]:
    """Run a case."""
    import tensorflow.compat.v1 as tf

    op, attrs, inputs = case
    function = getattr(tf.raw_ops, op)
    runs = 1 if op.startswith("Stateless") else 2
    with tf.Graph().as_default():
        values = {
            name: tf.constant(np.array(value, tf.as_dtype(dtype).as_numpy_dtype)) for name, dtype, value in inputs
        }
        given = {key: getattr(tf, value) if "dtype" in key else value for key, value in attrs.items()}
        results = function(**values, **given)
        with tf.Session(config=tf.ConfigProto(intra_op_parallelism_threads=1)) as sess:
            found = [sess.run(results) for _ in range(runs)]
    outputs = [list(run) if isinstance(run, tuple) else [run] for run in found]
    return {"op": op, "attrs": attrs, "inputs": inputs, "runs": [[digested(each) for each in run] for run in outputs]}


if __name__ == "__main__":
    import tensorflow.compat.v1

    tensorflow.compat.v1.disable_v2_behavior()
    lines = [json.dumps(record(case)) for case in (*seeded_cases(), *distribution_cases(), *stateless_cases())]
    sys.stdout.write("[\n" + ",\n".join(lines) + "\n]\n")
