"""Varints of protobuf and LevelDB: seven bits per byte, lowest first, the top bit set in all bytes but the last."""

from __future__ import annotations

from hdfsaver.interop.table.checksum import Buffer

MAX_BYTES = 10
"""Bytes of the longest varint, of 64 bits."""


def encode(number: int) -> bytes:
    """Encode a number from 0 to 2^64 - 1."""
    data = bytearray()
    while number > 0x7F:
        data.append(number & 0x7F | 0x80)
        number >>= 7
    data.append(number)
    return bytes(data)


def decode(data: Buffer, start: int) -> tuple[int, int]:
    """Decode the number at a position; return it and the position after it.

    Raises
    ------
    ValueError
        The data end within the number, or it has more than 64 bits.
    """
    number = 0
    for count, byte in enumerate(data[start : start + MAX_BYTES]):
        number |= (byte & 0x7F) << 7 * count
        if byte < 0x80:
            if number >> 64:
                break
            return number, start + count + 1
    raise ValueError(f"there is no valid number at byte {start}")
