"""Models that others trained, frozen here: TensorFlow opens them, and they give there what they give here.

They need a TensorFlow. ``python -m tests.interop.test_real_oracle [NAME ...]``
prints the greatest errors, those of the models that take long too.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.interop.graphs import graph_files
from tests.interop import models
from tests.interop.test_real_models import LONG, folder

if importlib.util.find_spec("tensorflow") is None:
    pytest.skip("TensorFlow is not installed; `tox -e tensorflow` installs it", allow_module_level=True)

OPEN = """
import os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
import tensorflow.compat.v1 as tf
from tests.interop import models
tf.disable_v2_behavior()
name, place = sys.argv[1:]
case = models.CASES[name]
with tf.Graph().as_default() as graph, tf.Session() as session:
    with open(f"{place}/frozen.pb", "rb") as file:
        tf.import_graph_def(tf.GraphDef.FromString(file.read()), name="")
    names = {each.name for each in graph.get_operations()}
    feeds = {key: value for key, value in case.feeds.items() if key.partition(":")[0] in names}
    np.savez(f"{place}/found.npz", *session.run(case.fetches, feeds))
"""


def error_in_tensorflow(name: str, place: Path) -> float:
    """The greatest difference between TensorFlow's outputs and ours, by the greatest size of each."""
    case = models.CASES[name]
    with tf.Graph().as_default() as graph, tf.Session() as session:
        models.load(tf, folder(case) / case.file, session)
        expected = session.run(case.fetches, case.feeds)
        ends = [*dict.fromkeys(fetch.partition(":")[0] for fetch in case.fetches)]
        frozen = tf.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), ends)
    graph_files.write_graph_def(frozen, place / "frozen.pb")
    subprocess.run([sys.executable, "-c", OPEN, name, place], check=True, cwd=Path(__file__).parents[2])
    with np.load(place / "found.npz") as found:
        pairs = [(np.asarray(ours, np.float64), found[f"arr_{number}"]) for number, ours in enumerate(expected)]
    assert all(one.shape == other.shape for one, other in pairs)
    return max(float(np.abs(one - other).max() / (np.abs(other).max() or 1)) for one, other in pairs)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(models.CASES) - LONG))
def test_tensorflow_runs_a_model_that_was_frozen_here(name: str, tmp_path: Path) -> None:
    """The graph opens, and its outputs are ours."""
    assert error_in_tensorflow(name, tmp_path) <= max(models.CASES[name].limit, 1e-3)


def main(names: list[str]) -> None:
    """Print the greatest errors of models."""
    for name in names or [name for name, case in models.CASES.items() if case.freezes]:
        with tempfile.TemporaryDirectory() as place:
            sys.stdout.write(f"{name}: {error_in_tensorflow(name, Path(place)):.1e}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
