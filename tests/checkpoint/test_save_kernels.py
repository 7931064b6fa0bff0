"""Graphs of TensorFlow save and restore by the names of operations: whole tensors, slices, parts, both formats."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.graph.apply import apply, apply_list, apply_op
from hdfsaver.interop.bundle.bundle_writing import write_bundle
from hdfsaver.reading.reader import open_checkpoint

A = np.arange(6, dtype=np.float32).reshape(2, 3)
WORDS = np.array([b"x\0", b"\xff"], object)
QUANTIZED = np.array([1, 200], np.uint8)
INVALID = tf.errors.InvalidArgumentError


def content(folder: Path) -> dict[str, bytes]:
    """All files below a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def saving(prefix: object, names: list[str], specs: list[str], values: list[Any]) -> tf.Operation:
    """An operation that saves."""
    return apply_op("SaveV2", prefix, names, specs, values)


def test_a_save_is_that_of_tensorflow(tmp_path: Path) -> None:
    """The bundle is byte for byte that of the same tensors in the order that is asked for, in a folder that is made."""
    variable = tf.Variable(A, name="v")
    quantized = tf.bitcast(QUANTIZED, tf.quint8)
    save = saving(str(tmp_path / "new" / "one"), ["v", "t", "q"], ["", "", ""], [variable, WORDS, quantized])
    with tf.Session() as session:
        session.run(variable.initializer)
        session.run(save)
    (tmp_path / "other").mkdir()
    write_bundle(tmp_path / "other" / "one", {"v": A, "t": WORDS, "q": QUANTIZED}, {"q": "quint8"}, sort=False)
    assert content(tmp_path / "new") == content(tmp_path / "other")


def test_parts_become_one_checkpoint(tmp_path: Path) -> None:
    """What several devices write is merged, slices of one tensor too, and the folder of the parts is removed."""
    start = str(tmp_path / "c_temp" / "part")
    parts = [apply("ShardedFilename", start, np.int32(number), np.int32(2)) for number in range(2)]
    first = saving(parts[0], ["v", "a"], ["2 3 0,1:0,3", ""], [A[:1], WORDS])
    second = saving(parts[1], ["v"], ["2 3 1,1:0,3"], [A[1:]])
    with tf.control_dependencies([first, second]):
        merge = apply_op("MergeV2Checkpoints", apply("Pack", parts), str(tmp_path / "c"))
    whole, row = apply_list(
        "RestoreV2", str(tmp_path / "c"), ["v", "v"], ["", "2 3 1,1:-"], dtypes=["float32", "float32"]
    )
    with tf.Session() as session:
        assert [f"{start}-00000-of-00002".encode(), f"{start}-00001-of-00002".encode()] == session.run(parts)
        session.run(merge)
        assert A.tolist() == session.run(whole).tolist()
        assert A[1:].tolist() == session.run(row).tolist()
    assert {"c.index", "c.data-00000-of-00001"} == {path.name for path in tmp_path.iterdir()}


@pytest.mark.parametrize("op_type", ["Save", "SaveSlices"])
def test_the_first_format(op_type: str, tmp_path: Path) -> None:
    """Older graphs write one table, and read tensors and slices of it, also by a pattern."""
    path = str(tmp_path / "old-00000-of-00001")
    specs = [["", "4 3 2,2:-"]] if op_type == "SaveSlices" else []
    save = apply_op(op_type, path, ["t", "v"], *specs, [WORDS, A])
    pattern = apply("ShardedFilespec", str(tmp_path / "old"), np.int32(1))
    with tf.Session() as session:
        session.run(save)
        assert WORDS.tolist() == session.run(apply("Restore", pattern, "t", dt="string")).tolist()
        spec = specs[0][1] if specs else "2 3 0,2:-"
        assert A.tolist() == session.run(apply("RestoreSlice", pattern, "v", spec, dt="float32")).tolist()
        (words,) = apply_list("RestoreV2", pattern, ["t"], [""], dtypes=["string"])
        assert WORDS.tolist() == session.run(words).tolist()
    with open_checkpoint(tmp_path / "old") as file:
        assert {"t", "v"} == set(file.variables)


@pytest.mark.parametrize(
    ("make", "kind", "said"),
    [
        (lambda path: saving(path, ["v", "v"], ["", ""], [A, A]), INVALID, "given twice"),
        (lambda path: saving(path, ["v"], ["2 4 0,2:-"], [A]), INVALID, "has shape"),
        (lambda path: saving(path, ["v", "v"], ["4 3 0,2:-", "5 3 2,2:-"], [A, A]), INVALID, "differ in the shape"),
        (lambda path: saving(path, [""], [""], [A]), INVALID, "name"),
        (lambda path: apply_op("Save", path, ["v", "v"], [A, A]), INVALID, "given twice"),
        (lambda path: apply_op("MergeV2Checkpoints", [path, f"{path}-no"], path), tf.errors.NotFoundError, "-no"),
        (lambda path: apply_op("MergeV2Checkpoints", [path, f"{path}2"], path), INVALID, "in two parts"),
    ],
)
def test_bad_input_changes_nothing(
    make: Callable[[str], Any], kind: type[Exception], said: str, tmp_path: Path
) -> None:
    """Names, slices and parts that do not fit are refused before anything is written or removed."""
    for name in ("c", "c2"):
        write_bundle(tmp_path / name, {"v": A})
    before = content(tmp_path)
    with tf.Session() as session, pytest.raises(kind, match=said):
        session.run(make(str(tmp_path / "c")))
    assert before == content(tmp_path)
