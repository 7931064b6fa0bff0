"""Lists of tensors in graphs that TensorFlow 2 and Keras made; `make_golden_lists.py` recorded them."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

import hdfsaver as tf
from hdfsaver.messages import message_classes

GOLDEN = Path(__file__).parent / "golden_lists"
RESULTS: dict[str, Any] = json.loads((GOLDEN / "results.json").read_text(encoding="utf-8"))


def test_a_loop_and_its_derivatives() -> None:
    """The results that a loop writes, and the derivatives that TensorFlow 2 has put into the graph, are its own."""
    loop = RESULTS["loop"]
    content = gzip.decompress((GOLDEN / "loop.pb.gz").read_bytes())
    tf.import_graph_def(message_classes.GraphDef.FromString(content), name="")
    feeds = dict(zip(loop["inputs"], (RESULTS["steps"], RESULTS["weights"]), strict=True))
    with tf.Session() as session:
        found = session.run(loop["outputs"], feeds)
    for key, value in loop["values"].items():
        np.testing.assert_allclose(value, found[key], rtol=1e-5, atol=1e-6)


def test_a_network_of_keras(tmp_path: Path) -> None:
    """A SavedModel with an LSTM in both directions, a GRU and a mask gives what Keras computes."""
    (tmp_path / "variables").mkdir()
    for name in ("variables.index", "variables.data-00000-of-00001"):
        shutil.copy(GOLDEN / name, tmp_path / "variables")
    (tmp_path / "saved_model.pb").write_bytes(gzip.decompress((GOLDEN / "saved_model.pb.gz").read_bytes()))
    with tf.Session() as session:
        signature = tf.saved_model.loader.load(session, ["serve"], str(tmp_path)).signature_def["serving_default"]
        (fetch,), (feed,) = signature.outputs.values(), signature.inputs.values()
        found = session.run(fetch.name, {feed.name: RESULTS["given"]})
    np.testing.assert_allclose(RESULTS["network"], found, rtol=1e-5, atol=1e-6)
