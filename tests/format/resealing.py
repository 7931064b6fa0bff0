"""Seals for bytes that were changed on purpose: what an attacker, or another version of this package, can do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import xxhash

from hdfsaver.storage import seal
from hdfsaver.storage.seal import Seal


def resealed(data: bytes, **changes: Any) -> bytes:
    """The bytes of a file with a new seal, whose digests are right unless they are given too.

    Parameters
    ----------
    data : bytes
        A file that was sealed once; longer than it was, perhaps: what was added is its tail.
    **changes
        Other fields of the seal.
    """
    found = seal.find(data[:65536])
    assert found is not None
    tail = found.tail_start if len(data) > found.tail_start else len(data)
    record = replace(found, **{"file_size": len(data), "tail_start": tail, **changes})
    digests = {"index_xxh3_64": index_digest(data, record), "structure_xxh3_64": structure_digest(data, record)}
    packed = seal.pack(replace(record, **{**digests, **changes}))
    return data[: found.offset] + packed + data[found.offset + len(packed) :]


def index_digest(data: bytes, record: Seal) -> int:
    """The digest of the parts of a file's index."""
    return xxhash.xxh3_64_intdigest(b"".join(data[offset : offset + nbytes] for offset, nbytes in record.index))


def structure_digest(data: bytes, record: Seal) -> int:
    """The digest of the structure of a file."""
    after = data[record.offset + record.nbytes : record.structure_end]
    return xxhash.xxh3_64_intdigest(data[: record.offset] + after + data[record.tail_start :])
