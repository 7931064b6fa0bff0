"""Models that others trained as ONNX models: ONNX Runtime gives what a run here gives.

`python -m tests.interop.test_real_onnx [NAME...]` prints the largest differences, those of long models too.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
import hdfsaver.onnx
from tests.interop import models
from tests.interop.test_real_models import LONG, folder

WITHOUT = {"guesslang 2.2": "StringNGrams"}
"""By the models that have no twin an operation that ONNX does not have."""

_KEPT = {"dropout:0", "dropout_keep_prob:0", "input_dropout_keep_prob:0", "Placeholder_2:0", "placeholder/keep_prob:0"}
"""The inputs that tell a dropout to keep everything."""


def fixed_of(case: models.Case) -> dict[str, Any]:
    """What is fed that is no input of a model: whether it is in training, and what a dropout keeps."""
    return {
        name: value
        for name, value in case.feeds.items()
        if np.ndim(value) == 0 and (isinstance(value, bool) or (name in _KEPT and value == 1))
    }


def differences(name: str, target: Path) -> list[float]:
    """For each output the largest difference in ONNX Runtime, by the mean size of its numbers, or by 1 if smaller."""
    runtime = pytest.importorskip("onnxruntime")
    case = models.CASES[name]
    fixed = fixed_of(case)
    inputs = [key for key in case.feeds if key not in fixed]
    with tf.Graph().as_default(), tf.Session() as session:
        models.load(tf, folder(case) / case.file, session)
        expected = session.run(case.fetches, case.feeds)
        names = {f"output {place}": fetch for place, fetch in enumerate(case.fetches)}
        hdfsaver.onnx.save_model(session, target, names, inputs or None, fixed=fixed, durable=False)
        kinds = {key: session.graph.get_tensor_by_name(key).dtype.as_numpy_dtype for key in inputs}
    model = runtime.InferenceSession(str(target))
    given = {each.name: np.asarray(case.feeds[each.name], kinds[each.name]) for each in model.get_inputs()}
    found = model.run(list(names), given)
    assert [np.shape(each) for each in expected] == [each.shape for each in found]
    pairs = [(np.asarray(one, np.float64), other) for one, other in zip(expected, found, strict=True)]
    return [float(np.abs(one - other).max() / max(np.abs(one).mean(), 1e-3)) for one, other in pairs]


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(models.CASES) - LONG))
def test_a_model_gives_the_same_in_onnx_runtime(name: str, tmp_path: Path) -> None:
    """Detection, tagging, sound and cards, with loops and branches; one that takes text apart is refused."""
    target = tmp_path / "model.onnx"
    if name in WITHOUT:
        with pytest.raises(tf.errors.UnimplementedError, match=WITHOUT[name]):
            differences(name, target)
        assert not target.exists()
        return
    assert max(differences(name, target)) < 1e-3


def main(names: list[str]) -> None:
    """Print the largest differences of models."""
    with tempfile.TemporaryDirectory() as place:
        for name in names or models.CASES:
            try:
                said = f"{max(differences(name, Path(place) / 'model.onnx')):.1e}"
            except tf.errors.UnimplementedError as error:
                said = error.message
            sys.stdout.write(f"{name}: {said}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
