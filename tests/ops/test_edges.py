"""Kernels give what TensorFlow recorded at the edges of dtypes (`edges.py`, `make_edges.py`)."""

from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.graph.apply import apply_list
from hdfsaver.graph.definition import lookup
from hdfsaver.graph.graph import Graph
from tests.ops.edges import Edge, cases, dtype_of

RECORDED: dict[str, Any] = json.loads((Path(__file__).parent / "edges.json").read_text(encoding="utf-8"))
CASES = cases()
WITH_RESULTS = [name for name, found in RECORDED.items() if isinstance(found, list)]
WITH_ERRORS = [name for name, found in RECORDED.items() if isinstance(found, str)]

# Where TensorFlow's own results are wrong; the page of operations says so.
DIFFERENT = {
    *("Erf float64 1", "Round int32 1", "Round int64 1", "Log1p complex64 1", "Log1p complex128 1"),
    *("BesselI0 float32 1", "BesselI0 float64 1", "BesselI1 float32 1", "BesselI1 float64 1"),
}

STEPS = 16
"""How many units in the last place results may differ by, of float32 and wider; of narrow ones it is 4."""


OF_SERIES = {"Lgamma": 4096, **dict.fromkeys(("Betainc", "Igamma", "IgammaGradA", "Igammac"), 1 << 14)}
"""The same of operations that both sides compute by series of their own."""


def given(edge: Edge) -> list[Any]:
    """The inputs as tensors whose values nothing looks at before the run."""
    return [
        [tf.placeholder_with_default(each, each.shape) for each in x]
        if isinstance(x, list)
        else tf.placeholder_with_default(x, np.shape(x))
        for x in edge.inputs
    ]


def outputs(edge: Edge) -> list[Any]:
    """The outputs of the operation of a case."""
    attrs = {name: value.encode() if name == "padding" else value for name, value in edge.attrs.items()}
    return list(apply_list(edge.op_type, *given(edge), **attrs))


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    """The results of all cases that have some, of one run."""
    with Graph().as_default(), tf.Session() as sess:
        found: dict[str, Any] = sess.run({name: outputs(CASES[name]) for name in WITH_RESULTS})
    return found


def unpacked(record: Any) -> Any:
    """An array as it was recorded."""
    dtype, shape, data = record
    if dtype == "string":
        return np.array([item.encode("latin-1") for item in data], object).reshape(shape)
    return np.frombuffer(zlib.decompress(base64.b85decode(data)), dtype_of(dtype)).reshape(shape)


def is_near(expected: Any, found: Any, steps: int) -> bool:
    """Whether numbers agree: NaN with NaN, and what is too small for the dtype with 0."""
    if expected.dtype.kind not in "fcV" or expected.dtype.name == "object":
        return bool((expected == found).all())
    info = ml_dtypes.finfo(expected.real.dtype)
    wide = np.complex128 if expected.dtype.kind == "c" else np.float64
    x, y = expected.astype(wide), found.astype(wide)
    steps = steps if info.bits > 16 else 4
    same = (x == y) | (np.isnan(x) & np.isnan(y)) | (np.abs(x - y) < float(info.smallest_normal))
    with np.errstate(invalid="ignore", over="ignore"):
        return bool((same | (np.abs(x - y) <= steps * float(info.eps) * np.maximum(np.abs(x), np.abs(y)))).all())


def test_every_case_is_recorded() -> None:
    """The record is about exactly the cases that there are."""
    assert list(RECORDED) == list(CASES)
    assert set(WITH_RESULTS) > DIFFERENT


@pytest.mark.parametrize("op_type", sorted({CASES[name].op_type for name in WITH_RESULTS}))
@np.errstate(invalid="ignore", over="ignore")
def test_results(op_type: str, results: dict[str, Any]) -> None:
    """Results have TensorFlow's dtypes, shapes and values, also of NaN, infinities and nothing."""
    for name in WITH_RESULTS:
        if CASES[name].op_type != op_type:
            continue
        agree = []
        for record, found in zip(RECORDED[name], results[name], strict=True):
            expected, value = unpacked(record), np.asarray(found, object if record[0] == "string" else None)
            assert (expected.dtype, expected.shape) == (value.dtype, value.shape), name
            agree.append(is_near(expected, value, OF_SERIES.get(op_type, STEPS)))
        assert all(agree) == (name not in DIFFERENT), name


@pytest.mark.parametrize("name", WITH_ERRORS)
def test_errors(name: str) -> None:
    """Where TensorFlow raises an error, one of the same class is raised."""
    with Graph().as_default(), tf.Session() as sess:
        expected = getattr(tf.errors, RECORDED[name], None) or {"ValueError": ValueError}[RECORDED[name]]
        with pytest.raises(expected):
            sess.run(outputs(CASES[name]))


def test_the_page_names_what_differs() -> None:
    """An operation whose results differ has a sentence for the page of operations."""
    assert all(lookup(CASES[name].op_type).differs for name in DIFFERENT)


@pytest.mark.parametrize("y", [np.array([0.1, -0.1, np.inf])])
def test_floats_are_divided_and_rounded_down(y: Any) -> None:
    """1 // 0.1 is the floor of the rounded quotient, 10; NumPy and Python give 9."""
    assert [10.0, -10.0, 0.0] == tf.Session().run(tf.constant(1.0, tf.float64) // y).tolist()
