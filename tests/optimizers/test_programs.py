"""Programs that train make the graphs, and reach the values, that TensorFlow recorded (`make_programs.py`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from tests.optimizers.make_programs import run
from tests.optimizers.programs import PROGRAMS, RESULTS, STEPS

RECORDED: dict[str, Any] = json.loads((Path(__file__).parent / "programs.json").read_text(encoding="utf-8"))


def test_every_program_is_recorded() -> None:
    """The record is about exactly the programs that there are."""
    assert list(RECORDED) == [*PROGRAMS, *RESULTS]


@pytest.mark.parametrize("name", [*PROGRAMS, *RESULTS])
def test_program(name: str) -> None:
    """Operations, slots and their names are TensorFlow's; so are the values after 1, 2 and 20 steps."""
    wanted, found = RECORDED[name], json.loads(json.dumps(run(tf, {**PROGRAMS, **RESULTS}[name], STEPS)))
    if name in PROGRAMS:
        assert wanted["nodes"] == found["nodes"]
        assert (wanted["done"], wanted["names"]) == (found["done"], found["names"])
    close = 2e-3 if "float16" in name else 1e-6
    for values, others in zip(wanted["values"], found["values"], strict=True):
        for variable, value, other in zip(wanted["names"], values, others, strict=True):
            if isinstance(value, list) and isinstance(value[0], str):
                assert value == other
            else:
                scale = np.abs(value).max()
                np.testing.assert_allclose(other, value, rtol=close, atol=close * scale, err_msg=variable)
