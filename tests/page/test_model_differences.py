"""Two models in one page: what is marked, and what is said about it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.formats.open_source import open_source
from hdfsaver.page.model_differences import ADDED, CHANGED, REMOVED, SAME, compared_parts


def compared(first: Path, second: Path) -> dict[str, Any]:
    with open_source(first) as before, open_source(second) as after:
        return compared_parts(before, after).description


def test_graphs(tmp_path: Path) -> None:
    """Operations of one graph alone, changed types, inputs, attributes and devices; the rest is the same."""
    for name, is_second in (("a.pb", False), ("b.pb", True)):
        with tf.Graph().as_default() as graph:
            x = tf.placeholder(tf.float32, [None, 3], name="x")
            kept = tf.identity(x, name="kept")
            tf.constant([1.0, 2.0 + is_second], name="value")
            (tf.tanh if is_second else tf.nn.relu)(kept, name="type")
            with tf.device("/cpu:1" if is_second else ""):
                tf.negative(kept, name="device")
            tf.negative(kept if is_second else x, name="input")
            tf.negative(kept, name="new" if is_second else "old")
        tf.train.write_graph(graph, str(tmp_path), name, as_text=False)
    columns = compared(tmp_path / "a.pb", tmp_path / "b.pb")["graph"]
    marks = dict(zip(columns["names"], columns["marks"], strict=True))
    assert {name for name, mark in marks.items() if mark == SAME} == {"x", "kept"}
    assert (marks["new"], marks["old"]) == (ADDED, REMOVED)
    said = {columns["names"][number]: changes for number, changes in columns["changes"].items()}
    assert said["type"] == ["type: Relu → Tanh"]
    assert said["device"] == ["device:  → /device:CPU:1"]
    assert said["input"] == ["inputs: [x:0] → [kept:0]"]
    assert said["value"] == ["value: float32 (2): 1.0, 2.0 → float32 (2): 1.0, 3.0"]
    assert all(marks[name] == CHANGED for name in said)


def test_arrays(tmp_path: Path) -> None:
    """Values, dtypes, shapes and strings; NaN at the same place is no difference."""
    first = {
        "same": np.array([1.0, np.nan]),
        "value": np.zeros(4),
        "dtype": np.zeros(2, np.float32),
        "words": np.array([b"a"], object),
        "old": np.ones(1),
    }
    second = {**first, "value": np.array([0, 0, 0, 2.0]), "dtype": np.zeros(2), "words": np.array([b"b"], object)}
    second["new"] = second.pop("old")
    tf.save_file(first, tmp_path / "a.h5")
    tf.save_file(second, tmp_path / "b.h5")
    variables = compared(tmp_path / "a.h5", tmp_path / "b.h5")["variables"]
    marks = dict(zip(variables["names"], variables["marks"], strict=True))
    expected = {"same": SAME, "value": CHANGED, "dtype": CHANGED, "words": CHANGED, "new": ADDED, "old": REMOVED}
    assert marks == expected
    said = {variables["names"][number]: changes for number, changes in variables["changes"].items()}
    assert said["value"] == ["largest difference 2, mean 0.5"]
    assert said["dtype"] == ["float32 (2) → float64 (2)"]
    assert list(variables["differences"].values()) == [[2.0, 0.5]]
    assert len(variables["statistics"]) == 5


def test_a_model_beside_one_without_a_graph(tmp_path: Path) -> None:
    """All of the graph is new."""
    tf.save_file({"w": np.ones(2)}, tmp_path / "a.h5")
    with tf.Graph().as_default() as graph:
        tf.constant(1, name="c")
    tf.train.write_graph(graph, str(tmp_path), "b.pb", as_text=False)
    assert compared(tmp_path / "a.h5", tmp_path / "b.pb")["graph"]["marks"] == [ADDED]
    assert compared(tmp_path / "b.pb", tmp_path / "a.h5")["graph"]["marks"] == [REMOVED]


def test_damage(tmp_path: Path) -> None:
    """A damaged value of the first model is a reason in the row, not an end."""
    for name in ("a.h5", "b.h5"):
        tf.save_file({"a": np.arange(50.0)}, tmp_path / name)
    data = bytearray((tmp_path / "a.h5").read_bytes())
    data[data.index(np.arange(50.0).tobytes())] ^= 1
    (tmp_path / "a.h5").write_bytes(data)
    variables = compared(tmp_path / "a.h5", tmp_path / "b.h5")["variables"]
    assert variables["errors"][0].startswith("a.h5: the bytes of variable 'a'")
    with pytest.raises(tf.errors.NotFoundError):
        tf.write_page(tmp_path / "b.h5", tmp_path / "p.html", before=tmp_path / "c.h5")
