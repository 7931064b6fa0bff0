"""Reading bundles that TensorFlow has written, and some that it could have."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hdfsaver import dtypes
from hdfsaver.errors import (
    DataLossError,
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
    UnimplementedError,
)
from hdfsaver.interop.bundle import string_tensors
from hdfsaver.interop.bundle.bundle_writing import write_bundle
from hdfsaver.interop.bundle.open_tensorflow import open_bundle
from hdfsaver.interop.table import checksum, ordered_code
from hdfsaver.messages import message_classes
from tests.interop import forging, samples
from tests.interop.samples import GOLDEN


def assert_same(expected: Any, found: np.ndarray) -> None:
    """Same dtype, shape and bits."""
    wanted = np.asarray(expected)
    assert (wanted.dtype, wanted.shape) == (found.dtype, found.shape)
    assert wanted.tolist() == found.tolist() if wanted.dtype == object else wanted.tobytes() == found.tobytes()
    assert found.flags.writeable


def test_every_dtype_is_read() -> None:
    """Numbers of every dtype, strings, scalars, empty tensors and nested names, bit for bit."""
    expected = samples.every_dtype()
    with open_bundle(GOLDEN / "every") as file:
        assert list(expected) == list(file.variables)
        found = file.read_many(file.variables)
        file.verify()
        for name, value in expected.items():
            assert_same(value, found[name])
        for name in samples.NUMBERS:
            assert (name, (2, 3)) == file.variables[name][1:3]


def test_quantized_dtypes_keep_their_names() -> None:
    """NumPy knows integers only; the entry knows more."""
    with open_bundle(GOLDEN / "quantized") as file:
        assert {name: name for name in samples.QUANTIZED} == {it.name: it.dtype for it in file.variables.values()}
        for name, value in samples.quantized().items():
            assert_same(value, file.read(name))


def test_a_prefix_may_end_in_a_slash() -> None:
    """Files whose names are suffixes alone belong to the folder's name with a slash."""
    with open_bundle(f"{GOLDEN}/nameless/") as file:
        assert [1, 1] == file.read("v").tolist()


@pytest.mark.parametrize(("name", "tensor"), [("part", "part"), ("part_sharded", "part"), ("grid", "grid")])
def test_slices_are_put_together(name: str, tensor: str) -> None:
    """A partitioned variable is one tensor under its plain name, and the keys of its slices are not listed."""
    expected = samples.partitioned() if tensor == "part" else samples.grid()
    with open_bundle(GOLDEN / name) as file:
        assert ({"grid"} if tensor == "grid" else {"part", "plain"}) == set(file.variables)
        assert (expected.shape, expected.nbytes) == file.variables[tensor][2:4]
        assert_same(expected, file.read(tensor))
        file.verify()


@pytest.mark.parametrize("name", ["every", "grid", "part"])
def test_any_part_can_be_read(name: str) -> None:
    """Parts within a slice, across slices, empty ones and everything are those of the whole array."""
    keys = [np.s_[1:4, 2:5], np.s_[0:2, 0:3], np.s_[2:2, :], np.s_[:, :], np.s_[4:5, 6:7], np.s_[:, -2:]]
    with open_bundle(GOLDEN / name) as file:
        for tensor in [it.name for it in file.variables.values() if len(it.shape) == 2]:
            whole = file.read(tensor)
            for key in keys:
                assert_same(whole[key], file.read_slice(tensor, key))


def test_two_data_files_are_one_checkpoint() -> None:
    """Tensors come from the file that they are in."""
    with open_bundle(GOLDEN / "two") as file:
        assert {"on_0": [1] * 5, "on_1": [2] * 5} == {name: file.read(name).tolist() for name in file.variables}
        file.verify()


def test_a_missing_data_file_is_named(tmp_path: Path) -> None:
    """Tensors in the other file can be read; listing needs no data file."""
    for part in ("index", "data-00001-of-00002"):
        shutil.copy(GOLDEN / f"two.{part}", tmp_path)
    with open_bundle(tmp_path / "two") as file:
        assert [2] * 5 == file.read("on_1").tolist()
        with pytest.raises(NotFoundError, match=r"two\.data-00000-of-00002 is missing"):
            file.read("on_0")
        with pytest.raises(NotFoundError, match=r"two\.data-00000-of-00002 is missing"):
            file.verify()


@pytest.mark.parametrize("mode", ["r", "c"])
def test_large_tensors_are_mapped(tmp_path: Path, mode: str) -> None:
    """Views have the values wherever they begin; only private ones can be written on; small ones are read."""
    values = {"a": np.arange(3, dtype=np.int8), "b": np.arange(50_000.0), "c": np.arange(100_000, dtype=np.int16)}
    write_bundle(tmp_path / "x", values)
    with open_bundle(tmp_path / "x") as file:
        found = file.read_many(values, mmap_mode=mode)
    assert {name: value.tolist() for name, value in values.items()} == {name: it.tolist() for name, it in found.items()}
    assert [False, mode == "r", mode == "r"] == [not found[name].flags.writeable for name in "abc"]
    assert not found["b"].flags.aligned


def test_another_mode_of_mapping_is_refused() -> None:
    """Nothing else than `r` and `c`."""
    with open_bundle(GOLDEN / "every") as file, pytest.raises(ValueError, match="mmap_mode"):
        file.read_many(["beta"], mmap_mode="r+")


def swapped(value: np.ndarray) -> bytes:
    """The bytes of an array on a machine of the other kind."""
    part = value.real.dtype.itemsize if value.dtype.kind == "c" else value.itemsize
    return value.reshape(-1).view(f"u{part}").byteswap().tobytes()


def big_text(texts: list[bytes]) -> tuple[bytes, int]:
    """A string tensor as a machine of the other kind writes it."""
    crc = checksum.extend(0, b"".join(len(it).to_bytes(4, "big") for it in texts))
    stored = checksum.mask(crc).to_bytes(4, "big")
    whole = checksum.extend(checksum.extend(crc, stored), b"".join(texts))
    return bytes(map(len, texts)) + stored + b"".join(texts), checksum.mask(whole)


def big_bundle(prefix: Path, names: Sequence[str] = samples.NUMBERS) -> dict[str, np.ndarray]:
    """Write a bundle of tensors of such dtypes, as a machine of the other kind would; what it holds."""
    values = {name: samples.numbers(name) for name in names}
    values["large"] = np.arange(40_000, dtype=np.float32)
    data, items = b"", []
    for name, value in sorted(values.items()):
        part = swapped(value)
        number = 1 if name == "large" else dtypes.as_dtype(name).as_datatype_enum
        fields = {"dtype": number, "offset": len(data), "size": len(part), "crc32c": checksum.masked(part)}
        items.append((name.encode(), forging.entry(shape=forging.shape(*value.shape), **fields)))
        data += part
    part, crc = big_text([b"one", b"two and more"])
    items.append(
        (b"text", forging.entry(dtype=7, shape=forging.shape(2), offset=len(data), size=len(part), crc32c=crc))
    )
    forging.bundle(prefix, sorted(items), data + part, forging.header(endianness=1))
    return values | {"text": np.array([b"one", b"two and more"], dtype=object)}


def test_the_other_byte_order_is_read(tmp_path: Path) -> None:
    """A bundle of a big-endian machine gives the same values, whole, in part and where views are asked for."""
    expected = big_bundle(tmp_path / "big")
    with open_bundle(tmp_path / "big") as file:
        file.verify()
        for name, value in expected.items():
            assert_same(value, file.read(name))
        assert_same(expected["large"][5:9], file.read_slice("large", np.s_[5:9,]))
        assert_same(expected["large"], file.read_many(["large"], mmap_mode="c")["large"])


def sliced(**fields: Any) -> list[tuple[bytes, bytes]]:
    """Entries of tensor `v` of 4 zeros in two slices; the fields are those of the second slice's entry."""
    owner = message_classes.BundleEntryProto(dtype=1, shape=forging.shape(4))
    for start in (0, 2):
        owner.slices.add().extent.add(start=start, length=2)
    second = forging.entry(**{"offset": 8} | fields)
    keys = [ordered_code.slice_key(b"v", [(start, 2)]) for start in (0, 2)]
    return [(keys[0], forging.entry()), (keys[1], second), (b"v", owner.SerializeToString())]


def test_a_tensor_saved_in_part_gives_its_part(tmp_path: Path) -> None:
    """The saved part can be read, the whole cannot."""
    owner = message_classes.BundleEntryProto(dtype=1, shape=forging.shape(4))
    owner.slices.add().extent.add(start=0, length=2)
    items = [(ordered_code.slice_key(b"v", [(0, 2)]), forging.entry()), (b"v", owner.SerializeToString())]
    with open_bundle(forging.bundle(tmp_path / "x", items)) as file:
        assert [0, 0] == file.read_slice("v", np.s_[0:2,]).tolist()
        with pytest.raises(DataLossError, match="is incomplete"):
            file.read("v")


LIES: dict[str, tuple[Callable[[], list[tuple[bytes, bytes]]], type[Exception], str]] = {
    "beyond": (lambda: [(b"v", forging.entry(offset=60))], DataLossError, r"data-00000-of-00001 is cut short"),
    "terabyte": (
        lambda: [(b"v", forging.entry(shape=forging.shape(2**38), size=2**40))],
        DataLossError,
        r"data-00000-of-00001 is cut short",
    ),
    "negative offset": (lambda: [(b"v", forging.entry(offset=-8))], DataLossError, "at byte -8"),
    "negative size": (lambda: [(b"v", forging.entry(dtype=7, size=-8))], DataLossError, "-8 bytes"),
    "another shard": (lambda: [(b"v", forging.entry(shard_id=1))], DataLossError, "of file 1"),
    "negative shard": (lambda: [(b"v", forging.entry(shard_id=-1))], DataLossError, "of file -1"),
    "size": (lambda: [(b"v", forging.entry(size=12))], DataLossError, "takes 8 bytes, but its entry says 12"),
    "negative shape": (lambda: [(b"v", forging.entry(shape=forging.shape(-2)))], DataLossError, "shape of tensor 'v'"),
    "unknown shape": (lambda: [(b"v", forging.entry(shape=b"\x18\1"))], DataLossError, "shape of tensor 'v'"),
    "no shape": (lambda: [(b"v", forging.entry(shape=b"\xff"))], DataLossError, "shape of tensor 'v'"),
    "endless": (
        lambda: [(b"v", forging.entry(shape=forging.shape(0, *[2**62] * 3), size=0))],
        DataLossError,
        "shape of tensor 'v'",
    ),
    "rank": (lambda: [(b"v", forging.entry(shape=forging.shape(*[1] * 65)))], InvalidArgumentError, "65 dimensions"),
    "dtype": (lambda: [(b"v", forging.entry(dtype=99))], InvalidArgumentError, "dtype number 99"),
    "reference": (lambda: [(b"v", forging.entry(dtype=101))], InvalidArgumentError, "dtype number 101"),
    "resource": (lambda: [(b"v", forging.entry(dtype=20))], UnimplementedError, "dtype resource"),
    "name": (lambda: [(b"\xff", forging.entry())], DataLossError, "not UTF-8"),
    "entry": (lambda: [(b"v", b"\xff\xff")], DataLossError, "cannot be parsed"),
    "overlap": (lambda: [(b"v", forging.entry()), (b"w", forging.entry(offset=4))], DataLossError, "'v' and 'w'"),
    "nothing within": (
        lambda: [(b"v", forging.entry()), (b"w", forging.entry(offset=4, shape=forging.shape(0), size=0))],
        DataLossError,
        "'v' and 'w'",
    ),
    "many texts": (
        lambda: [(b"v", forging.entry(dtype=7, shape=forging.shape(10**9), size=64))],
        DataLossError,
        "1000000000 strings need more",
    ),
    "slice missing": (lambda: sliced()[1:], DataLossError, "no matching entry"),
    "slice of another dtype": (lambda: sliced(dtype=3), DataLossError, "no matching entry"),
    "slice of another shape": (lambda: sliced(shape=forging.shape(1), size=4), DataLossError, "wrong shape"),
    "slice over slice": (lambda: sliced(offset=0), DataLossError, "overlap"),
}


@pytest.mark.parametrize("lie", LIES)
def test_inconsistent_indices_are_refused(tmp_path: Path, lie: str) -> None:
    """An index whose checksums hold, and whose content cannot be, is a clean error that names the file."""
    make, error, sentence = LIES[lie]
    prefix = forging.bundle(tmp_path / "x", make())
    with pytest.raises(error, match=sentence) as caught, open_bundle(prefix) as file:
        file.read_many(file.variables)
    assert str(prefix) in str(caught.value)


@pytest.mark.parametrize(
    ("head", "error", "sentence"),
    [
        ({"num_shards": 0}, DataLossError, "0 data files"),
        ({"num_shards": -5}, DataLossError, "-5 data files"),
        ({"endianness": 2}, DataLossError, "byte order 2"),
        ({"version": {"min_consumer": 2}}, InvalidArgumentError, "reader of version 2"),
        ({"version": {"bad_consumers": [1]}}, InvalidArgumentError, "this reader has version 1"),
    ],
)
def test_inconsistent_headers_are_refused(tmp_path: Path, head: dict, error: type[Exception], sentence: str) -> None:
    """A header of no sense, or of a newer version, is a clean error."""
    prefix = forging.bundle(tmp_path / "x", [(b"v", forging.entry())], head=forging.header(**head))
    with pytest.raises(error, match=sentence):
        open_bundle(prefix)


def test_two_thousand_million_data_files_take_no_time(tmp_path: Path) -> None:
    """Only the files of the wanted tensors are opened."""
    prefix = forging.bundle(tmp_path / "x", [(b"v", forging.entry())], head=forging.header(num_shards=2**31 - 1))
    with open_bundle(prefix) as file, pytest.raises(NotFoundError, match="00000-of-2147483647 is missing"):
        file.read("v")


def test_a_table_of_another_kind_is_not_a_bundle(tmp_path: Path) -> None:
    """The first entry has to be a header."""
    shutil.copy(GOLDEN / "v1", tmp_path / "x.index")
    with pytest.raises(DataLossError, match=r"x\.index: "):
        open_bundle(tmp_path / "x")


def test_changed_bytes_are_named(tmp_path: Path) -> None:
    """Reading and verifying name every tensor whose bytes are others, and the file."""
    write_bundle(tmp_path / "x", {"a": np.zeros(4), "b": np.zeros(40_000), "c": np.array(b"text", object)})
    data = tmp_path / "x.data-00000-of-00001"
    content = bytearray(data.read_bytes())
    content[3] ^= 1
    content[-1] ^= 1
    data.write_bytes(content)
    with open_bundle(tmp_path / "x") as file:
        assert not file.read("b").any()
        for name in "ac":
            with pytest.raises(
                DataLossError, match=f"data-00000-of-00001: .* tensor '{name}' differ from those that were saved"
            ):
                file.read(name)
        with pytest.raises(DataLossError, match="2 tensors 'a', 'c'"):
            file.verify()


def test_names_and_slices_that_are_not_there() -> None:
    """A missing tensor, a slice of the wrong form and a closed file are told apart."""
    file = open_bundle(GOLDEN / "every")
    assert ([""], "", None) == (file.groups(), file.group, file.structure())
    with pytest.raises(NotFoundError, match="There is no tensor 'nothing' in"):
        file.read("nothing")
    with pytest.raises(ValueError, match="tuple of 2 slices"):
        file.read_slice("float32", np.s_[0:1,])
    file.close()
    file.close()
    with pytest.raises(FailedPreconditionError, match="is closed"):
        file.read("beta")


def test_progress_ends_at_the_total() -> None:
    """Bytes are counted up to all of them."""
    seen: list[tuple[int, int]] = []
    with open_bundle(GOLDEN / "every") as file:
        total = sum(it.nbytes for it in file.variables.values())
        file.read_many(file.variables, progress=lambda done, total: seen.append((done, total)))
        assert (total, total) == seen[-1]
        file.verify(progress=lambda done, total: seen.append((done, total)))
        assert (total, total) == seen[-1]


def test_text_crc_is_that_of_tensorflow() -> None:
    """The checksum of a string tensor is what TensorFlow stored."""
    with open_bundle(GOLDEN / "every") as file:
        texts = file.read("text").reshape(-1).tolist()
    _data, crc = string_tensors.encode(texts)
    assert crc.to_bytes(4, "little") in (GOLDEN / "every.index").read_bytes()
