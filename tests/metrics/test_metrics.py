"""Metrics have the values, variables, names and collections that TensorFlow recorded; and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from tests.layers.make_programs import run
from tests.metrics.metric_programs import LABELS, PROGRAMS, RESULTS

RECORDED: dict[str, Any] = json.loads((Path(__file__).parent / "metric_programs.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", [*PROGRAMS, *RESULTS])
def test_results(name: str) -> None:
    """Each program gives the recorded numbers, and lists variables and results under the recorded names."""
    found = json.loads(json.dumps(run(tf, {**PROGRAMS, **RESULTS}[name])))
    assert RECORDED[name]["collections"] == found["collections"]
    assert RECORDED[name].get("nodes", found["nodes"]) == found["nodes"]
    for part in ("values", "variables"):
        assert [row[:2] for row in RECORDED[name][part]] == [row[:2] for row in found[part]]
        for expected, result in zip(RECORDED[name][part], found[part], strict=True):
            np.testing.assert_allclose(expected[2], result[2], rtol=2e-6, atol=2e-6)


def test_batches_add_up() -> None:
    """A value is about all batches since its variables were initialized."""
    x = tf.placeholder(tf.float32, [None])
    value, update = tf.metrics.mean(x)
    with tf.Session() as session:
        session.run(tf.local_variables_initializer())
        assert [2.0, 5.0] == [session.run(update, {x: batch}) for batch in ([1.0, 3.0], [11.0])]
        assert 5.0 == session.run(value)


@pytest.mark.parametrize("metric", [tf.metrics.accuracy, tf.metrics.precision, tf.metrics.mean_squared_error])
def test_what_is_refused(metric: Any) -> None:
    """Labels, predictions and weights of shapes that do not fit."""
    with pytest.raises(ValueError, match="incompatible"):
        metric(LABELS, [[1.0, 2.0]])
    with pytest.raises(ValueError, match="can not be broadcast"):
        metric(LABELS, LABELS, weights=[[1.0, 2.0]])


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda: tf.metrics.auc(LABELS, LABELS, curve="X"), ValueError, "Curve X is unknown"),
        (lambda: tf.metrics.auc(LABELS, LABELS, summation_method="X"), ValueError, "Invalid summation_method"),
        (lambda: tf.metrics.sensitivity_at_specificity(LABELS, LABELS, 2.0), ValueError, "must be in the range"),
        (lambda: tf.metrics.specificity_at_sensitivity(LABELS, LABELS, -1.0), ValueError, "must be in the range"),
        (lambda: tf.metrics.average_precision_at_k([1], LABELS, 0), ValueError, "should be >= 1"),
        (lambda: tf.metrics.precision_at_k([[[[1]]]], LABELS, 1), ValueError, "Unexpected labels shape"),
        (lambda: tf.metrics.mean_iou([1, 2], [1], 3), ValueError, "incompatible"),
    ],
)
def test_arguments_that_are_refused(call: Any, error: type[Exception], said: str) -> None:
    """Curves, rules and goals that there are not, and shapes that do not fit."""
    with pytest.raises(error, match=said):
        call()


def test_predictions_are_rates() -> None:
    """A prediction out of the range from 0 to 1, and a class out of range, stop the run."""
    unknown = [tf.placeholder_with_default(value, [None]) for value in ([0.5, 1.5], [3, 0])]
    _, update = tf.metrics.auc([True, False], unknown[0])
    matrix = tf.confusion_matrix(unknown[1], [0, 0], 2)
    with tf.Session() as session:
        session.run(tf.local_variables_initializer())
        for result, said in ((update, "predictions must be in"), (matrix, "out of bound")):
            with pytest.raises(tf.errors.InvalidArgumentError, match=said):
                session.run(result)
