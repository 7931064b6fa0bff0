"""Writing a table, byte for byte as TensorFlow writes the index of a bundle: see `hdfsaver.interop.table.table`.

Source: ``tensorflow/core/lib/io/{table_builder,block_builder}.cc`` with the options that a bundle's writer gives them.
"""

from __future__ import annotations

from collections.abc import Iterable

from hdfsaver.interop.table import checksum, varint
from hdfsaver.interop.table.table import FOOTER, MAGIC, PLAIN, Handle

_BLOCK = 262144
"""A block is closed when it has this many bytes."""

_RESTART = 16
"""One of this many keys is written in full, as a restart point for searches."""


class _Block:
    """A block that is being written."""

    def __init__(self, interval: int) -> None:
        self._interval = interval
        self._data = bytearray()
        self._restarts = [0]
        self._count = 0
        self.last = b""

    @property
    def empty(self) -> bool:
        return not self._data

    @property
    def size(self) -> int:
        """Bytes of the block if it were closed now."""
        return len(self._data) + 4 * (len(self._restarts) + 1)

    def add(self, key: bytes, value: bytes) -> None:
        shared = 0
        if self._count < self._interval:
            shared = _shared(self.last, key)
        else:
            self._restarts.append(len(self._data))
            self._count = 0
        lengths = (shared, len(key) - shared, len(value))
        if shared < 0x80 and len(key) < 0x80 and len(value) < 0x80:  # as nearly always
            self._data += bytes(lengths) + key[shared:] + value
        else:
            self._data += b"".join(map(varint.encode, lengths)) + key[shared:] + value
        self._count += 1
        self.last = key

    def close(self) -> bytes:
        """The whole block with its trailer."""
        tail = [*self._restarts, len(self._restarts)]
        body = bytes(self._data) + b"".join(number.to_bytes(4, "little") for number in tail) + bytes([PLAIN])
        return body + checksum.masked(body).to_bytes(4, "little")


def table_bytes(items: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Encode keys and values as a table.

    Parameters
    ----------
    items : iterable of (bytes, bytes)
        In the order of the keys.
    """
    out = bytearray()
    index, block = _Block(1), _Block(_RESTART)
    waiting: tuple[bytes, Handle] | None = None  # a closed block, whose key in the index depends on the next key
    for key, value in items:
        if waiting is not None:
            index.add(_between(waiting[0], key), _handle(waiting[1]))
            waiting = None
        block.add(key, value)
        if block.size >= _BLOCK:
            waiting = (block.last, _append(out, block))
            block = _Block(_RESTART)
    if not block.empty:
        waiting = (block.last, _append(out, block))
    meta = _append(out, _Block(_RESTART))
    if waiting is not None:
        index.add(_behind(waiting[0]), _handle(waiting[1]))
    handles = _handle(meta) + _handle(_append(out, index))
    return bytes(out) + handles.ljust(FOOTER - len(MAGIC), b"\0") + MAGIC


def _append(out: bytearray, block: _Block) -> Handle:
    handle = Handle(len(out), block.size)
    out += block.close()
    return handle


def _handle(handle: Handle) -> bytes:
    return varint.encode(handle.offset) + varint.encode(handle.size)


def _shared(one: bytes, other: bytes) -> int:
    """The length of the common prefix of two keys."""
    length = min(len(one), len(other))
    # As numbers, because a loop over bytes takes longer than everything else that is done with a key.
    differing = int.from_bytes(one[:length], "big") ^ int.from_bytes(other[:length], "big")
    return length - (differing.bit_length() + 7) // 8


def _between(low: bytes, high: bytes) -> bytes:
    """A key that is at least ``low`` and less than ``high``, shorter than ``low`` if possible."""
    common = _shared(low, high)
    if common < min(len(low), len(high)) and low[common] < 0xFF and low[common] + 1 < high[common]:
        return low[:common] + bytes([low[common] + 1])
    return low


def _behind(key: bytes) -> bytes:
    """A short key that does not sort before ``key``."""
    for position, byte in enumerate(key):
        if byte != 0xFF:
            return key[:position] + bytes([byte + 1])
    return key
