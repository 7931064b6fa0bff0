"""HDF5's checksum of metadata, so that metadata can be edited as an attacker would.

It is Bob Jenkins' lookup3 (``hashlittle`` with the initial value 0), after "HDF5 File Format Specification Version
3.0", Appendix "Lookup3"; the algorithm is in the public domain.
"""

from __future__ import annotations

_MASK = 0xFFFFFFFF


def _rotate(value: int, bits: int) -> int:
    return (value << bits | value >> (32 - bits)) & _MASK


def lookup3(data: bytes) -> int:
    """The checksum of some bytes."""
    a = b = c = (0xDEADBEEF + len(data)) & _MASK
    if not data:
        return c
    padded = data + bytes(-len(data) % 12)
    for start in range(0, len(padded), 12):
        words = (int.from_bytes(padded[start + at : start + at + 4], "little") for at in (0, 4, 8))
        a, b, c = ((value + word) & _MASK for value, word in zip((a, b, c), words, strict=True))
        if start + 12 < len(padded):
            a, b, c = _mix(a, b, c)
    return _final(a, b, c)


def _mix(x: int, y: int, z: int) -> tuple[int, int, int]:
    for bits in (4, 6, 8, 16, 19, 4):
        x = ((x - z) & _MASK) ^ _rotate(z, bits)
        z = (z + y) & _MASK
        x, y, z = y, z, x  # after six steps each is where it was
    return x, y, z


def _final(a: int, b: int, c: int) -> int:
    x, y, z = c, b, a
    for bits in (14, 11, 25, 16, 4, 14, 24):
        x = ((x ^ y) - _rotate(y, bits)) & _MASK
        x, y, z = z, x, y
    return y


def repaired(data: bytes, offset: int) -> bytes:
    """The bytes of a file with the right checksum for the object header at an offset, if there is one."""
    start = data.rfind(b"OHDR", 0, offset + 4)
    if start < 0 or start + 7 > len(data):
        return data
    flags = data[start + 5]
    begin = start + 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
    width = 1 << (flags & 3)
    end = begin + width + int.from_bytes(data[begin : begin + width], "little")
    if not start <= offset < end or end + 4 > len(data):
        return data
    return data[:end] + lookup3(data[start:end]).to_bytes(4, "little") + data[end + 4 :]
