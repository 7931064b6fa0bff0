"""Seals for bytes that were changed on purpose: what an attacker, or another version of this package, can do."""

from __future__ import annotations

import tempfile

from hdfsaver.storage import seal


def resealed(data: bytes, *, extents_offset: int | None = None, **changes: int) -> bytes:
    """The bytes of a file with a new, valid seal.

    Parameters
    ----------
    data : bytes
        A file that was sealed once; longer than it was, perhaps.
    extents_offset : int, optional
        Where the table of extents is now.
    **changes : int
        Other fields of the seal.
    """
    found = seal.find(data[:65536])
    assert found is not None
    place = found.extents_offset if extents_offset is None else extents_offset
    fields = {**vars(found), "file_size": len(data), "extents_offset": place, **changes}
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        record = seal.Seal(**fields)
        extents = seal.read_extents(file.fileno(), len(data), record)
        digest = seal._structure_digest(file.fileno(), *seal._structure(extents, record))
    packed = seal.pack(seal.Seal(**{**fields, "structure_xxh3_64": digest}))
    return data[: found.offset] + packed + data[found.offset + len(packed) :]
