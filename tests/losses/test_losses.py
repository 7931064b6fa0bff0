"""Losses have the values, derivatives, names and collections that TensorFlow recorded; and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from tests.layers.make_programs import run
from tests.losses.loss_programs import LABELS, RESULTS

RECORDED: dict[str, Any] = json.loads((Path(__file__).parent / "loss_programs.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", RESULTS)
def test_results(name: str) -> None:
    """Each program gives the recorded numbers, and lists losses under the recorded names."""
    found = run(tf, RESULTS[name])
    assert RECORDED[name]["collections"] == found["collections"]
    assert [row[:2] for row in RECORDED[name]["values"]] == [row[:2] for row in found["values"]]
    for expected, result in zip(RECORDED[name]["values"], found["values"], strict=True):
        np.testing.assert_allclose(expected[2], result[2], rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: tf.losses.mean_squared_error(None, LABELS), "labels must not be None"),
        (lambda: tf.losses.hinge_loss(LABELS, None), "logits must not be None"),
        (lambda: tf.losses.cosine_distance(LABELS, LABELS), "axis must not be None"),
        (lambda: tf.losses.mean_squared_error(LABELS, [[1.0]]), "incompatible"),
        (lambda: tf.losses.mean_squared_error(LABELS, LABELS, [1.0, 2.0, 3.0]), "can not be broadcast"),
        (lambda: tf.losses.mean_squared_error(LABELS, LABELS, [[1.0, 2.0]]), "can not be broadcast"),
        (lambda: tf.losses.mean_squared_error(LABELS, LABELS, reduction="mean"), "Invalid Reduction Key mean"),
        (tf.losses.get_total_loss, "at least one"),
    ],
)
def test_what_is_refused(call: Any, said: str) -> None:
    """Missing arguments, shapes that do not fit, unknown reductions, and a sum of no losses."""
    with pytest.raises(ValueError, match=said):
        call()
