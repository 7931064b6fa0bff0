"""Files, readers, slices, reports, sessions and savers as a notebook shows them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import hdfsaver as tf
from tests.notebook_html import shown


def test_files_readers_and_slices_show_names_dtypes_and_shapes(tmp_path: Path) -> None:
    """Also when they are closed, so no value is read."""
    path = tmp_path / "m.h5"
    tf.save_file({"<b>w": np.zeros((2, 3), np.float32), "b": np.zeros(2)}, path)
    reader = tf.train.load_checkpoint(path)
    with tf.open_file(path) as file:
        part = file.get_slice("<b>w")
    reader.close()
    for thing in (file, reader):
        texts = shown(thing)
        assert ["<b>w", "float32", "(2, 3)", "24"] == texts[texts.index("<b>w") :][:4]
    assert f"<CheckpointReader {str(path)!r} with 2 tensors>" == repr(reader)
    assert f"<TensorSlice '<b>w' shape=(2, 3) dtype=float32 in {str(path)!r}>" == repr(part)
    assert shown(part)[0] == "TensorSlice '<b>w'"


def test_a_report_counts_and_shows_reasons(tmp_path: Path) -> None:
    """The repr of a report is short, however many variables there are."""
    tf.get_variable("w", [2])
    tf.get_variable("missing", [2])
    path = tmp_path / "m.h5"
    tf.save_file({"w": np.zeros(3, np.float32), "other": np.zeros(1)}, path)
    with tf.Session() as session:
        saver = tf.train.Saver()
        assert repr(saver) == "<Saver: 2 variables>"
        report = saver.restore(session, str(path), strict=False)
        assert repr(session).startswith("<Session: 0 variables with values, <Graph: ")
    assert repr(session).startswith("<Session: closed, <Graph: ")
    expected = "0 restored, 1 missing in the file, 1 of another dtype or shape, 1 in the file and not used"
    assert f"<RestoreReport of {str(path)!r}: {expected}>" == repr(report)
    texts = shown(report)
    assert "missing" in texts
    assert report.mismatched["w"] in texts
