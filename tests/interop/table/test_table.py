"""Tables: sorted keys with values."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdfsaver.errors import DataLossError, InvalidArgumentError
from hdfsaver.files.opening import open_any
from hdfsaver.interop.table import varint
from hdfsaver.interop.table.table import FOOTER, MAGIC, PLAIN, SNAPPY, Table
from hdfsaver.interop.table.table_writing import table_bytes
from tests.interop import forging

Opener = Callable[[bytes], Table]


@pytest.fixture(scope="module")
def open_table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opener]:
    """Makes a table of a file's content."""
    folder: Path = tmp_path_factory.mktemp("tables")
    opened = []

    def open_content(content: bytes) -> Table:
        path = folder / str(len(opened))
        path.write_bytes(content)
        opened.append(open_any(path))
        return Table(opened[-1].fd, opened[-1].size)

    yield open_content
    for each in opened:
        os.close(each.fd)


KEYS = st.lists(st.binary(max_size=12) | st.text("ab/", max_size=9).map(str.encode), max_size=60, unique=True)


@given(KEYS)
def test_what_is_written_is_read(open_table: Opener, keys: list[bytes]) -> None:
    """Every key comes back with its value, in order, by going through and by asking."""
    items = [(key, bytes([number % 251]) * (number % 300)) for number, key in enumerate(sorted(keys))]
    table = open_table(table_bytes(items))
    assert items == [(key, bytes(value)) for key, value in table.items()]
    assert items == [(key, bytes(table.get(key) or b"")) for key, _value in items]
    assert table.get(b"no such key: \xff") is None


def test_large_values_make_several_blocks(open_table: Opener) -> None:
    """A table of many blocks reads as one, values longer than a block among them."""
    items = [(b"%05d" % number, bytes([number % 256]) * (number * 1000)) for number in range(0, 2000, 97)]
    items.append((b"\xff\xff", b"at the end"))
    table = open_table(table_bytes(items))
    assert items == [(key, bytes(value)) for key, value in table.items()]
    assert items[7][1] == bytes(table.get(items[7][0]) or b"")


def test_blocks_of_snappy_are_read(open_table: Opener) -> None:
    """A compressed block gives the same as a plain one."""
    items = [(b"a", b"x" * 5000), (b"b", bytes(range(256)))]
    body = forging.items_block(items)
    for table in (
        open_table(forging.table_of(forging.snappy(body), SNAPPY)),
        open_table(forging.table_of(body, PLAIN)),
    ):
        assert items == [(key, bytes(value)) for key, value in table.items()]


@pytest.mark.parametrize(
    ("body", "kind", "error", "sentence"),
    [
        (varint.encode(2**62) + bytes(20), SNAPPY, DataLossError, "cannot decode to 4611686018427387904"),
        (varint.encode(100) + b"\xff" * 30, SNAPPY, DataLossError, "Snappy says"),
        (b"\xff" * 30, SNAPPY, DataLossError, "there is no valid number at byte 0"),
        (b"", SNAPPY, DataLossError, "there is no valid number at byte 0"),
        (bytes(8), 7, InvalidArgumentError, r"unknown compression .7."),
        (b"\0", PLAIN, DataLossError, "restarts do not fit"),
        (b"\xff" * 8, PLAIN, DataLossError, "restarts do not fit"),
        (b"\0\x7f\x7f" + bytes(4) + b"\1\0\0\0", PLAIN, DataLossError, "exceeds the block"),
        (b"\x05\0\0" + bytes(4) + b"\1\0\0\0", PLAIN, DataLossError, "exceeds the block"),
        (b"\0\0" + bytes(4) + b"\1\0\0\0", PLAIN, DataLossError, "exceeds the block"),
        (b"\xff" * 12 + bytes(4) + b"\1\0\0\0", PLAIN, DataLossError, "there is no valid number"),
    ],
)
def test_inconsistent_blocks_are_refused(
    open_table: Opener, body: bytes, kind: int, error: type[Exception], sentence: str
) -> None:
    """A block whose checksum holds and whose content cannot be is a clean error."""
    with pytest.raises(error, match=sentence):
        list(open_table(forging.table_of(body, kind)).items())


def test_blocks_that_are_one_are_refused(open_table: Opener) -> None:
    """An index cannot have one block without entries read a million times."""
    data = forging.block(bytes(1000))
    handle = varint.encode(0) + varint.encode(1000)
    index = forging.block(forging.items_block([(b"a", handle), (b"b", handle)]))
    handles = varint.encode(0) + varint.encode(0) + varint.encode(len(data)) + varint.encode(len(index) - 5)
    with pytest.raises(DataLossError, match="the block of key b'b' overlaps the one before it"):
        open_table(data + index + handles.ljust(FOOTER - len(MAGIC), b"\0") + MAGIC)


def test_keys_that_share_without_bounds_are_refused(open_table: Opener) -> None:
    """A small block cannot claim gigabytes of keys."""
    long = varint.encode(0) + varint.encode(200_000) + b"\0" + bytes(200_000)
    more = b"".join(varint.encode(200_000) + b"\2\0" + number.to_bytes(2, "big") for number in range(50_000))
    with pytest.raises(DataLossError, match="far longer than the block"):
        list(open_table(forging.table_of(long + more + bytes(4) + b"\1\0\0\0", PLAIN)).items())


def test_keys_out_of_order_are_refused(open_table: Opener) -> None:
    """Keys that repeat, or that do not ascend, are refused."""
    for first, second in ((b"b", b"a"), (b"a", b"a")):
        body = forging.items_block([(first, b""), (second, b"")])
        with pytest.raises(DataLossError, match="sorts before"):
            list(open_table(forging.table_of(body, PLAIN)).items())


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "it has 0 bytes"),
        (bytes(100), "it ends with"),
        (bytes([0xFF] * 40) + bytes.fromhex("57fb808b247547db"), "handle of the metaindex is damaged"),
        (b"\0\0\0\x7f".ljust(40, b"\0") + bytes.fromhex("57fb808b247547db"), "the file's 48"),
        (bytes(20) + b"\0\0\0\x08".ljust(40, b"\1") + bytes.fromhex("57fb808b247547db"), "more than two handles"),
    ],
)
def test_inconsistent_footers_are_refused(open_table: Opener, content: bytes, sentence: str) -> None:
    """A file that is not a table, or points outside itself, is a clear error."""
    with pytest.raises(DataLossError, match=sentence):
        open_table(content)
