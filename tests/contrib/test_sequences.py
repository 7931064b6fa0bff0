"""Programs with sequences in tf.contrib make the graphs, collections and values that TensorFlow recorded."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from tests.contrib import cells, decoders, sequences, tags
from tests.layers.make_programs import run

PROGRAMS = {**sequences.PROGRAMS, **decoders.PROGRAMS, **cells.PROGRAMS, **tags.PROGRAMS}
RESULTS = {**sequences.RESULTS, **decoders.RESULTS, **cells.RESULTS, **tags.RESULTS}
RECORDED: dict[str, Any] = {}
for file in ("sequences.json", "decoders.json", "cells.json", "tags.json"):
    RECORDED |= json.loads((Path(__file__).parent / file).read_text(encoding="utf-8"))


@cache
def found(name: str) -> Any:
    """What hdfsaver makes of a program, as JSON has it."""
    return json.loads(json.dumps(run(tf, {**PROGRAMS, **RESULTS}[name])))


def test_every_program_is_recorded() -> None:
    """The record is about exactly the programs that there are."""
    assert set(RECORDED) == set(PROGRAMS) | set(RESULTS)


@pytest.mark.parametrize("name", PROGRAMS)
def test_graph(name: str) -> None:
    """Operations have TensorFlow's names, types, inputs, order, dtypes and static shapes."""
    assert RECORDED[name]["nodes"] == found(name)["nodes"]


@pytest.mark.parametrize("name", RECORDED)
def test_collections(name: str) -> None:
    """Variables, losses and updates have TensorFlow's names and order."""
    assert RECORDED[name]["collections"] == found(name)["collections"]


@pytest.mark.parametrize("name", RECORDED)
def test_values(name: str) -> None:
    """Results, and variables after an update, have TensorFlow's dtypes, shapes and values."""
    for part in ("values", "variables"):
        assert [row[:2] for row in RECORDED[name][part]] == [row[:2] for row in found(name)[part]]
        for expected, result in zip(RECORDED[name][part], found(name)[part], strict=True):
            np.testing.assert_allclose(expected[2], result[2], rtol=2e-6, atol=8e-6)
