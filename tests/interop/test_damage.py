"""Damaged files: whatever byte is another or missing, there is a clean error or there are the same values."""

from __future__ import annotations

import shutil
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from hdfsaver.errors import DataLossError, InvalidArgumentError, NotFoundError, UnimplementedError
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.interop.bundle.bundle_writing import write_bundle
from hdfsaver.interop.bundle.open_tensorflow import open_bundle, open_v1
from hdfsaver.tensor_info import Array
from tests.interop import forging, samples
from tests.interop.samples import GOLDEN

CLEAN = (DataLossError, InvalidArgumentError, NotFoundError, UnimplementedError)
"""The allowed errors: the last two if a damaged number means a missing file or an unknown dtype."""

SECONDS = 1.0
"""Of the processor's time, for one case."""
MEMORY = 32 << 20

CHECKPOINTS = {
    "every": ["every.index", "every.data-00000-of-00001"],
    "grid": ["grid.index", "grid.data-00000-of-00001"],
    "two": ["two.index", "two.data-00001-of-00002"],
    "v1": ["v1"],
    "part_v1": ["part_v1"],
    "two_v1": ["two_v1-00001-of-00002"],
}
CASES = [(name, file) for name, files in CHECKPOINTS.items() for file in files]


def opened(name: str, folder: Path) -> TensorFile:
    """Open a checkpoint in a folder."""
    return open_v1(folder / name) if "v1" in name else open_bundle(folder / name)


def contents(name: str, folder: Path) -> dict[str, Array]:
    """All values of a checkpoint."""
    with opened(name, folder) as file:
        return file.read_many(file.variables)


def outcome(name: str, folder: Path) -> dict[str, Array] | str:
    """All values of a checkpoint, or the sentence of a clean error."""
    try:
        return contents(name, folder)
    except CLEAN as error:
        return str(error)


def same(expected: dict[str, Array], found: dict[str, Array]) -> bool:
    """Whether names, dtypes, shapes and bits are the same."""
    return set(expected) == set(found) and all(
        value.dtype == found[name].dtype
        and value.shape == found[name].shape
        and (
            value.tolist() == found[name].tolist()
            if value.dtype == object
            else value.tobytes() == found[name].tobytes()
        )
        for name, value in expected.items()
    )


def damages(content: bytes, rng: np.random.Generator) -> Iterator[tuple[str, bytes]]:
    """The content with a flipped bit, another byte, a gap, a piece of itself elsewhere, or without its end."""
    size = len(content)
    for position in rng.choice(size, min(size, 250), replace=False).tolist():
        for change in (1 << int(rng.integers(8)), 0xFF):
            yield (
                f"byte {position} ^ {change:#x}",
                (content[:position] + bytes([content[position] ^ change]) + content[position + 1 :]),
            )
    for position in rng.integers(0, size, 60).tolist():
        yield f"cut at {position}", content[:position]
        stop = min(size, position + int(rng.integers(1, 40)))
        yield f"bytes {position} to {stop} gone", content[:position] + content[stop:]
        yield f"zeros from {position} to {stop}", content[:position] + bytes(stop - position) + content[stop:]
        yield f"bytes {position} to {stop} twice", content[:stop] + content[position:]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "file"), CASES)
def test_damage_is_noticed(tmp_path: Path, name: str, file: str) -> None:
    """Hundreds of damages to each file: a clear error that names it, or the same values; in little time and memory."""
    expected = contents(name, GOLDEN)
    for path in GOLDEN.glob(f"{name}[.-]*" if name != "v1" else "v1"):
        shutil.copy(path, tmp_path)
    if "v1" in name:
        shutil.copy(GOLDEN / file, tmp_path)
    content = (GOLDEN / file).read_bytes()
    errors = 0
    tracemalloc.start()
    try:
        for what, damaged in damages(content, np.random.default_rng(len(content))):
            (tmp_path / file).write_bytes(damaged)
            start = time.process_time()
            found = outcome(name, tmp_path)
            assert same(expected, found) if isinstance(found, dict) else str(tmp_path / name) in found, what
            errors += isinstance(found, str)
            assert SECONDS > time.process_time() - start, what
        assert MEMORY > tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert 400 < errors or len(content) < 250, errors


def forged(content: bytes, rng: np.random.Generator) -> bytes:
    """Messages with bytes changed."""
    changed = bytearray(content)
    for position in rng.integers(0, len(content), int(rng.integers(1, 4))).tolist():
        changed[position] = int(rng.integers(256))
    return bytes(changed)


@pytest.mark.slow
def test_forged_entries_do_no_harm(tmp_path: Path) -> None:
    """Entries and headers of any bytes under checksums that hold: an error, or values of the file's own bytes."""
    rng = np.random.default_rng(1)
    data = rng.integers(0, 256, 64, dtype=np.uint8).tobytes()
    tracemalloc.start()
    try:
        for number in range(1500):
            items = [(b"v", forging.entry(offset=8)), (b"w", forging.entry(dtype=7, shape=forging.shape(3), size=20))]
            items = [(key, forged(value, rng)) for key, value in items]
            head = forged(forging.header(version={"producer": 1}), rng) if number % 3 else None
            forging.bundle(tmp_path / "x", items, data, head)
            start = time.process_time()
            found = outcome("x", tmp_path)
            sizes = [it.nbytes for it in found.values() if it.dtype != object] if isinstance(found, dict) else []
            assert len(data) >= sum(sizes), number
            assert isinstance(found, dict) or str(tmp_path / "x") in found, number
            assert SECONDS > time.process_time() - start
        assert MEMORY > tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_damage_to_large_tensors_is_noticed(tmp_path: Path) -> None:
    """A flipped bit anywhere in tensors that threads read is noticed; parts of the rest are read."""
    values = {"a": np.arange(50_000.0), "b": np.arange(100_000, dtype=np.int32)}
    write_bundle(tmp_path / "x", values)
    data = tmp_path / "x.data-00000-of-00001"
    content = data.read_bytes()
    for position in np.random.default_rng(3).integers(0, len(content), 60).tolist():
        data.write_bytes(content[:position] + bytes([content[position] ^ 4]) + content[position + 1 :])
        broken = "a" if position < values["a"].nbytes else "b"
        with open_bundle(tmp_path / "x") as file, pytest.raises(DataLossError, match=f"tensor '{broken}' differ"):
            file.read_many("ab")


def test_the_samples_are_whole() -> None:
    """The file of the damage test can be read without damage."""
    assert same({name: np.asarray(value) for name, value in samples.every_dtype().items()}, contents("every", GOLDEN))
