"""Programs about families of operations make TensorFlow's graphs and values.

They are in modules named ``of_...``, each recorded in a file beside it by
``python -m tests.layers.make_programs tests.ops.of_segments > tests/ops/of_segments.json``.
"""

from __future__ import annotations

import importlib
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from tests.layers.make_programs import run

FAMILIES = sorted(path.stem for path in Path(__file__).parent.glob("of_*.py"))
MODULES = {family: importlib.import_module(f"tests.ops.{family}") for family in FAMILIES}
RECORDED: dict[str, dict[str, Any]] = {
    family: json.loads((Path(__file__).parent / f"{family}.json").read_text(encoding="utf-8")) for family in FAMILIES
}
GRAPHS = [(family, name) for family in FAMILIES for name in MODULES[family].PROGRAMS]
VALUES = [(family, name) for family in FAMILIES for name in RECORDED[family]]


@cache
def found(family: str, name: str) -> Any:
    """What hdfsaver makes of a program, as JSON has it."""
    module = MODULES[family]
    return json.loads(json.dumps(run(tf, {**module.PROGRAMS, **module.RESULTS}[name])))


@pytest.mark.parametrize("family", FAMILIES)
def test_every_program_is_recorded(family: str) -> None:
    """The record is about exactly the programs that there are."""
    assert list(RECORDED[family]) == [*MODULES[family].PROGRAMS, *MODULES[family].RESULTS]


@pytest.mark.parametrize(("family", "name"), GRAPHS)
def test_graph(family: str, name: str) -> None:
    """Operations have TensorFlow's names, types, inputs, order, dtypes and static shapes."""
    assert RECORDED[family][name]["nodes"] == found(family, name)["nodes"]


@pytest.mark.parametrize(("family", "name"), VALUES)
def test_values(family: str, name: str) -> None:
    """Results have TensorFlow's dtypes, shapes and values."""
    recorded, ours = RECORDED[family][name]["values"], found(family, name)["values"]
    assert [row[:2] for row in recorded] == [row[:2] for row in ours]
    for number, (expected, result) in enumerate(zip(recorded, ours, strict=True)):
        if "float" in expected[0] or "complex" in expected[0]:
            sizes = np.abs(expected[2])
            least = 1e-6 * np.max(sizes, initial=1.0, where=np.isfinite(sizes))
            np.testing.assert_allclose(result[2], expected[2], rtol=4e-6, atol=least, err_msg=f"result {number}")
        else:
            assert expected[2] == result[2], number
