"""Reading TensorFlow checkpoints of the first format."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hdfsaver.errors import DataLossError, InvalidArgumentError, NotFoundError
from hdfsaver.interop.bundle.open_tensorflow import open_tensorflow, open_v1
from hdfsaver.interop.table import ordered_code
from hdfsaver.interop.table.table_writing import table_bytes
from hdfsaver.messages import message_classes
from hdfsaver.messages.tensor_protos import array_of
from tests.interop import samples
from tests.interop.samples import GOLDEN


def test_every_dtype_is_read() -> None:
    """Everything that TensorFlow can write as V1 is read, with the shapes and bits that it had."""
    expected = {name: value for name, value in samples.every_dtype().items() if name not in samples.NOT_IN_V1}
    with open_v1(GOLDEN / "v1") as file:
        file.verify()
        assert set(expected) == set(file.variables)
        for name, value in expected.items():
            found = file.read(name)
            assert (value.dtype, value.shape) == (found.dtype, found.shape)
            np.testing.assert_array_equal(value, found)
            assert found.flags.writeable


@pytest.mark.parametrize("name", ["part_v1", "part_v1_sharded"])
def test_slices_are_put_together(name: str) -> None:
    """A partitioned variable is one tensor, in one file or several, whole and in part."""
    with open_v1(GOLDEN / name) as file:
        assert {"part", "plain"} == set(file.variables)
        np.testing.assert_array_equal(samples.partitioned(), file.read("part"))
        for key in (np.s_[2:9, 1:3], np.s_[:, :], np.s_[3:3, :], np.s_[5:6, 5:6]):
            np.testing.assert_array_equal(samples.partitioned()[key], file.read_slice("part", key))
        assert {"part"} == set(file.read_many(["part"], mmap_mode="r"))


def test_two_files_are_one_checkpoint(tmp_path: Path) -> None:
    """Tensors come from the file that they are in; a file that is missing is named."""
    with open_tensorflow(GOLDEN / "two_v1") as file:
        assert {"on_0": [1] * 5, "on_1": [2] * 5} == {name: file.read(name).tolist() for name in file.variables}
    for kept, missing in ((0, 1), (1, 0)):
        folder = tmp_path / str(kept)
        folder.mkdir()
        shutil.copy(GOLDEN / f"two_v1-0000{kept}-of-00002", folder)
        with pytest.raises(NotFoundError, match=f"two_v1-0000{missing}-of-00002 is missing"):
            open_tensorflow(folder / "two_v1")


def v1_file(path: Path, data: Any, of: str = "v", **tensor: Any) -> Path:
    """Write a checkpoint of one tensor ``v``, of two zeros of float32, whose value says of which tensor it is."""
    header = message_classes.SavedTensorSlices()
    meta = header.meta.tensor.add(**{"name": "v", "type": 1, "shape": {"dim": [{"size": 2}]}} | tensor)
    if not meta.slice:
        meta.slice.add().extent.add()
    extents = [(it.start, it.length if it.HasField("length") else -1) for it in meta.slice[0].extent]
    saved = message_classes.SavedTensorSlices(data={"name": of, "data": data})
    items = [(b"", header.SerializeToString()), (ordered_code.slice_key(b"v", extents), saved.SerializeToString())]
    path.write_bytes(table_bytes(items))
    return path


def test_what_the_others_are_measured_by(tmp_path: Path) -> None:
    """The valid file, of which the wrong files below are variations, can be read."""
    with open_v1(v1_file(tmp_path / "x", {"float_val": [1, 2]})) as file:
        assert [1, 2] == file.read("v").tolist()


ENDLESS = {"dim": [{"size": 2**40}]}


@pytest.mark.parametrize(
    ("data", "tensor", "error", "sentence"),
    [
        ({"float_val": [1]}, {}, DataLossError, "has 2 elements; 1 are stored"),
        ({"float_val": [1] * 3}, {}, DataLossError, "has 2 elements; 3 are stored"),
        ({"float_val": [1]}, {"shape": ENDLESS}, DataLossError, "1099511627776 elements; 1 are stored"),
        ({"int_val": [1, 300]}, {"type": 6}, DataLossError, "are not those of int8"),
        ({"tensor_content": b"123"}, {}, DataLossError, "are not those of float32"),
        ({}, {"type": 99}, InvalidArgumentError, "dtype number 99"),
        ({}, {"shape": {"dim": [{"size": -1}]}}, DataLossError, "shape of tensor 'v'"),
        ({}, {"slice": [{"extent": [{"start": 1, "length": 5}]}]}, DataLossError, "has 5 rows from row 1"),
        ({"float_val": [1]}, {"slice": [{"extent": [{"length": 1}]}]}, DataLossError, "is incomplete"),
        ({}, {"name": "w"}, DataLossError, "a slice of tensor 'w' is missing"),
        ({"float_val": [1, 2]}, {"of": "w"}, DataLossError, "value of tensor 'v' belongs to 'w'"),
    ],
)
def test_inconsistent_files_are_refused(
    tmp_path: Path, data: dict, tensor: dict, error: type[Exception], sentence: str
) -> None:
    """Metadata that contradict the values are a clear error that names the file."""
    path = v1_file(tmp_path / "x", data, **tensor)
    with pytest.raises(error, match=sentence) as caught, open_v1(path) as file:
        file.read_many(file.variables)
    assert str(path) in str(caught.value)


def test_a_bundle_is_not_a_v1_checkpoint() -> None:
    """The index of a bundle is refused, and so is a file that is not a table."""
    with pytest.raises(DataLossError, match=r"every\.index: "):
        open_v1(GOLDEN / "every.index")
    with pytest.raises(DataLossError, match="it ends with"):
        open_v1(GOLDEN / "every.data-00000-of-00001")


@pytest.mark.parametrize(
    ("fields", "dtype", "expected"),
    [
        ({"tensor_content": np.float32([1, 2]).tobytes()}, "float32", [1.0, 2.0]),
        ({"float8_val": b"\x3c\x40"}, "float8_e5m2", [1.0, 2.0]),
        ({"int_val": [-8, 7]}, "int4", [-8, 7]),
        ({"half_val": [0x3F80, 0x4000]}, "bfloat16", [1.0, 2.0]),
        ({"uint64_val": [2**64 - 1, 0]}, "uint64", [2**64 - 1, 0]),
        ({"string_val": [b"a", b"\0"]}, "string", [b"a", b"\0"]),
    ],
)
def test_every_way_to_hold_values(fields: dict, dtype: str, expected: list) -> None:
    """Values are found in the field of their dtype, or as plain bytes."""
    assert expected == array_of(message_classes.TensorProto(**fields), dtype, (2,), "v").tolist()
