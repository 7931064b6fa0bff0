"""Tables and bundles that no honest program writes: their checksums hold, and what they say does not."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import cramjam

from hdfsaver.interop.table import checksum, varint
from hdfsaver.interop.table.table import FOOTER, MAGIC
from hdfsaver.interop.table.table_writing import table_bytes
from hdfsaver.messages import message_classes


def shape(*sizes: int) -> bytes:
    """The bytes of a shape."""
    message = message_classes.TensorShapeProto()
    for size in sizes:
        message.dim.add(size=size)
    return bytes(message.SerializeToString())


def entry(**fields: Any) -> bytes:
    """The bytes of an entry: by default that of two zeros of float32 at the beginning of the only data file."""
    known = {"dtype": 1, "shape": shape(2), "size": 8, "crc32c": checksum.masked(bytes(8))}
    return bytes(message_classes.BundleEntryProto(**known | fields).SerializeToString())


def header(**fields: Any) -> bytes:
    """The bytes of a header."""
    return bytes(message_classes.BundleHeaderProto(**{"num_shards": 1} | fields).SerializeToString())


def bundle(
    prefix: Path, items: Iterable[tuple[bytes, bytes]], data: bytes = bytes(64), head: bytes | None = None
) -> Path:
    """Write a bundle of one data file."""
    content = table_bytes([(b"", header() if head is None else head), *items])
    prefix.with_name(prefix.name + ".index").write_bytes(content)
    prefix.with_name(prefix.name + ".data-00000-of-00001").write_bytes(data)
    return prefix


def block(body: bytes, kind: int = 0) -> bytes:
    """A block with its trailer."""
    content = body + bytes([kind])
    return content + checksum.masked(content).to_bytes(4, "little")


def items_block(items: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The body of a block in which no key shares anything."""
    body = b"".join(
        varint.encode(0) + varint.encode(len(key)) + varint.encode(len(value)) + key + value for key, value in items
    )
    return body + bytes(4) + (1).to_bytes(4, "little")


def table_of(body: bytes, kind: int, last: bytes = b"\xff") -> bytes:
    """A table with one block of data, whatever that is."""
    data = block(body, kind)
    index = block(items_block([(last, varint.encode(0) + varint.encode(len(body)))]))
    handles = varint.encode(0) + varint.encode(0) + varint.encode(len(data)) + varint.encode(len(index) - 5)
    return data + index + handles.ljust(FOOTER - len(MAGIC), b"\0") + MAGIC


def snappy(body: bytes) -> bytes:
    """A body, compressed."""
    return bytes(cramjam.snappy.compress_raw(body))
