"""Programs with images make TensorFlow's graphs and values (recorded by `tests.layers.make_programs`)."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from tests.image.programs import PROGRAMS, RESULTS
from tests.layers.make_programs import run

RECORDED: dict[str, Any] = json.loads((Path(__file__).parent / "programs.json").read_text(encoding="utf-8"))


@cache
def found(name: str) -> Any:
    """What hdfsaver makes of a program, as JSON has it."""
    return json.loads(json.dumps(run(tf, {**PROGRAMS, **RESULTS}[name])))


def test_every_program_is_recorded() -> None:
    """The record is about exactly the programs that there are."""
    assert list(RECORDED) == [*PROGRAMS, *RESULTS]


@pytest.mark.parametrize("name", PROGRAMS)
def test_graph(name: str) -> None:
    """Operations have TensorFlow's names, types, inputs, order, dtypes and static shapes."""
    assert RECORDED[name]["nodes"] == found(name)["nodes"]


@pytest.mark.parametrize("name", RECORDED)
def test_values(name: str) -> None:
    """Results have TensorFlow's dtypes, shapes and values."""
    recorded, ours = RECORDED[name]["values"], found(name)["values"]
    assert [row[:2] for row in recorded] == [row[:2] for row in ours]
    for expected, result in zip(recorded, ours, strict=True):
        np.testing.assert_allclose(np.array(result[2], float), np.array(expected[2], float), rtol=4e-6, atol=1e-6)
