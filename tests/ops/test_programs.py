"""Small programs make the graphs, and give the results, that TensorFlow recorded (`make_programs.py`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from tests.ops.make_programs import run
from tests.ops.programs import PROGRAMS, RESULTS

RECORDED: dict[str, Any] = json.loads((Path(__file__).parent / "programs.json").read_text(encoding="utf-8"))


def test_every_program_is_recorded() -> None:
    """The record is about exactly the programs that there are."""
    assert list(RECORDED) == [*PROGRAMS, *RESULTS]


@pytest.mark.parametrize("name", PROGRAMS)
def test_graph(name: str) -> None:
    """Operations have TensorFlow's names, types, inputs, order, dtypes and static shapes."""
    found = json.loads(json.dumps(run(tf, name, PROGRAMS[name])["nodes"]))
    assert RECORDED[name]["nodes"] == found


@pytest.mark.parametrize("name", [name for name in RECORDED if RECORDED[name]["values"] is not None])
def test_results(name: str) -> None:
    """Results have TensorFlow's dtypes, shapes and values."""
    found = run(tf, name, {**PROGRAMS, **RESULTS}[name])["values"]
    assert len(RECORDED[name]["values"]) == len(found)
    for (dtype, shape, values), result in zip(RECORDED[name]["values"], found, strict=True):
        assert [dtype, shape] == result[:2]
        if "float" in dtype or "complex" in dtype:
            np.testing.assert_allclose(values, result[2], rtol=2e-6, atol=1e-6)
        else:
            assert values == result[2]
