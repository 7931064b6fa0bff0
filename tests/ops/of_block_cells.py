"""Programs about cells of recurrent networks as one operation; see `tests.ops.test_families`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.ops.graph_calls import call

Program = Callable[[Any], Any]

_DRAWN = np.random.default_rng(7)
STEPS, BATCH, INPUTS, UNITS = 3, 2, 3, 2


def drawn(*shape: int) -> Any:
    """Small numbers."""
    return _DRAWN.normal(0, 0.7, shape).astype(np.float32)


X, STATE, OUTPUT = drawn(STEPS, BATCH, INPUTS), drawn(BATCH, UNITS), drawn(BATCH, UNITS)
WEIGHTS = [drawn(INPUTS + UNITS, 4 * UNITS), *(drawn(UNITS) for _ in range(3)), drawn(4 * UNITS)]
OUTER = [drawn(STEPS, BATCH, UNITS) for _ in range(2)]
GATED = [drawn(INPUTS + UNITS, 2 * UNITS), drawn(INPUTS + UNITS, UNITS), drawn(2 * UNITS), drawn(UNITS)]
KINDS: list[dict[str, Any]] = [
    {"use_peephole": False, "cell_clip": 0.0},
    {"use_peephole": True, "cell_clip": 0.6},
]


def tensors(tf: Any, values: Any) -> list[Any]:
    """Constants."""
    return [tf.constant(value) for value in values]


def one_step(tf: Any) -> list[Any]:
    """A step, and its derivatives."""
    made = []
    for kind in KINDS:
        given = tensors(tf, [X[0], STATE, OUTPUT, *WEIGHTS])
        states = call(tf, "LSTMBlockCell", given, 7, T=tf.float32, forget_bias=0.5, **kind)
        outer = tensors(tf, [each[0] for each in OUTER])
        back = [*given, *states[:6], *outer]
        peephole = kind["use_peephole"]
        made += [
            *states,
            *call(tf, "LSTMBlockCellGrad", back, 5, T=tf.float32, use_peephole=peephole)[: 5 if peephole else 2],
        ]
    return made


def over_steps(tf: Any) -> list[Any]:
    """All steps, some steps, and the derivatives; with both orders of the gates."""
    made = []
    for kind in KINDS:
        for op_type, more in (("BlockLSTM", {"forget_bias": 0.5}), ("BlockLSTMV2", {})):
            for steps in (STEPS, 2):
                given = [tf.constant(steps, tf.int64), *tensors(tf, [X, STATE, OUTPUT, *WEIGHTS])]
                states = call(tf, op_type, given, 7, T=tf.float32, **kind, **more)
                made += [states[1], states[6], *(each[:steps] for each in states)]
                back = op_type.replace("LSTM", "LSTMGrad")
                values = [*given, *states, *tensors(tf, OUTER)]
                found = call(tf, back, values, 8, T=tf.float32, use_peephole=kind["use_peephole"])
                made += found if kind["use_peephole"] else [*found[:4], found[7]]
    return made


def through_steps(tf: Any) -> list[Any]:
    """The derivative of a loss of outputs alone."""
    given = [tf.constant(2, tf.int64), *tensors(tf, [X, STATE, OUTPUT, *WEIGHTS])]
    states = call(tf, "BlockLSTM", given, 7, T=tf.float32, use_peephole=True)
    return tf.gradients(tf.reduce_sum(tf.square(states[6][:2])), given[1:])


def gated(tf: Any) -> list[Any]:
    """A step of gated recurrent units, and its derivatives."""
    given = tensors(tf, [X[0], STATE, *GATED])
    states = call(tf, "GRUBlockCell", given, 4, T=tf.float32)
    back = [*given, *states[:3], tf.constant(OUTPUT)]
    return [*states, *call(tf, "GRUBlockCellGrad", back, 4, T=tf.float32)]


PROGRAMS: dict[str, Program] = {"gated": gated, "one_step": one_step}
"""Programs whose graphs are TensorFlow's, name by name."""

RESULTS: dict[str, Program] = {"over_steps": over_steps, "through_steps": through_steps}
"""Programs whose results are TensorFlow's."""
