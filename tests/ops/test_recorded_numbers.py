"""Random operations give TensorFlow's numbers, bit for bit, as recorded (`random_numbers/make_recorded.py`)."""

from __future__ import annotations

import json
import platform
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver import dtypes
from hdfsaver.graph.apply import apply_list
from hdfsaver.graph.graph import Graph
from tests.random_numbers.make_recorded import digested

FOLDER = Path(__file__).parents[1] / "random_numbers"
RECORDED: list[dict[str, Any]] = json.loads((FOLDER / "recorded.json").read_text(encoding="utf-8"))

EXACT = ("RandomUniform", "RandomShuffle", "Uniform", "GetKeyCounter", "GetAlg")
"""What does not take the C library's functions."""


@pytest.mark.parametrize("case", RECORDED, ids=lambda case: case["op"])
def test_recorded(case: dict[str, Any]) -> None:
    """Every dtype, several shapes, and runs after each other."""
    if platform.libc_ver()[0] != "glibc" and not any(word in case["op"] for word in EXACT):
        pytest.skip("These numbers are made with functions of the C library, and were recorded with glibc.")
    with Graph().as_default():
        values = [tf.constant(np.array(value, dtypes.numpy_dtype(dtype))) for _, dtype, value in case["inputs"]]
        results = apply_list(case["op"], *values, **case["attrs"])
        with tf.Session() as sess:
            runs = [[digested(each) for each in sess.run(results)] for _ in case["runs"]]
    assert case["runs"] == runs
