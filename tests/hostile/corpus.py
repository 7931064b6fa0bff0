"""The files to damage, byte by byte, and the positions of their parts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np
import xxhash

from hdfsaver.storage import groups, layout, object_headers, seal
from hdfsaver.storage.seal import Seal
from hdfsaver.storage.writing import write_file, write_models
from tests.format.make_v1_0 import compressed, structure, texts
from tests.format.resealing import resealed
from tests.hostile.checksums import repaired


class Change(NamedTuple):
    """One way to damage a file: some bytes at an offset are flipped (by a mask), zeroed, cut off, or forged.

    To forge is to flip them as an attacker would, with HDF5's checksum and the seal recomputed.
    """

    region: str
    kind: str
    offset: int
    length: int
    mask: int

    def apply(self, data: bytes) -> bytes:
        """The damaged bytes."""
        if self.kind == "cut":
            return data[: self.offset]
        end = self.offset + self.length
        piece = data[self.offset : end]
        changed = bytes(len(piece)) if self.kind == "zero" else bytes(byte ^ self.mask for byte in piece)
        damaged = data[: self.offset] + changed + data[end:]
        return _forged(damaged, self.offset) if self.kind == "forge" else damaged


def _forged(data: bytes, offset: int) -> bytes:
    data = repaired(data, offset)
    try:
        return resealed(_vouched(data, offset))
    except (AssertionError, ValueError):  # there is no seal, or the content is inconsistent
        return data


def _vouched(data: bytes, offset: int) -> bytes:
    """The bytes of a file with the right digest for the value or chunk that has the byte at an offset."""
    found = seal.find(data[:65536])
    if found is None:
        return data
    rows = np.frombuffer(data, layout.EXTENTS_ROW, found.extents_rows, found.extents_offset).copy()
    for row in rows:
        start, stop = int(row["offset"]), int(row["offset"] + row["nbytes"])
        if start <= offset < stop:
            row["xxh3_64"] = xxhash.xxh3_64_intdigest(data[start:stop])
    return data[: found.extents_offset] + rows.tobytes() + data[found.extents_offset + rows.nbytes :]


def _numbers(count: int) -> dict[str, np.ndarray]:
    return {f"layer_{number}/kernel": np.full(16, number, np.float32) for number in range(count)}


def _plain(path: Path, *, libver: object = None, **options: object) -> None:
    rng = np.random.default_rng(3)
    with h5py.File(path, "w", libver=libver) as file:
        for number in range(6):
            file.create_dataset(f"g{number}/x", data=rng.integers(0, 9, (20, 15)), **options)
        file["g0/x"].attrs["units"] = np.bytes_(b"metres")
        file["text"] = np.array([b"ab", b"c"])


def make(folder: Path) -> list[Path]:
    """Write the files."""
    write_file(folder / "small.h5", variables={"a": np.arange(5.0)}, structure=structure())
    write_file(folder / "many.h5", variables=_numbers(60), structure=None)
    write_file(folder / "texts.h5", variables=texts(), structure=None)
    write_file(folder / "graph.h5", variables=None, structure=structure())
    write_models(folder / "packed.h5", {groups.ROOT: compressed()})
    _plain(folder / "plain.h5")
    _plain(folder / "checked.h5", libver=("v110", "v110"))
    _plain(folder / "gzip.h5", chunks=(8, 8), compression="gzip", shuffle=True)
    return sorted(folder.glob("*.h5"))


def regions(data: bytes) -> dict[str, list[tuple[int, int]]]:
    """The positions of the parts of a file: starts and ends of each; ``metadata`` and ``padding`` are the rest."""
    found = seal.find(data[:65536])
    limit = len(data) if found is None else found.structure_end
    tables = {
        header.offset: (_region(header, found), header.nbytes) for header in object_headers.scan(data) if header.nbytes
    }
    tables |= {offset: ("chunks", nbytes) for offset, nbytes in _extents(data, found) if offset not in tables}
    parts: dict[str, list[tuple[int, int]]] = {}
    end = 0
    for offset, (region, nbytes) in sorted(tables.items()):
        parts.setdefault("metadata" if offset <= limit else "padding", []).append((end, offset))
        parts.setdefault(region, []).append((offset, offset + nbytes))
        end = offset + nbytes
    parts.setdefault("metadata" if end < limit else "padding", []).append((end, len(data)))
    return parts


def _extents(data: bytes, found: Seal | None) -> list[tuple[int, int]]:
    """The positions of the bytes of values; the headers do not have those of chunks."""
    if found is None:
        return []
    rows = np.frombuffer(data, layout.EXTENTS_ROW, found.extents_rows, found.extents_offset)
    return [(offset, nbytes) for offset, nbytes, _ in rows.tolist() if nbytes]


def _region(header: object_headers.Header, found: Seal | None) -> str:
    if found is not None and header.offset == found.offset:
        return "seal"
    if found is not None and header.offset == found.extents_offset:
        return "extents"
    tables = {"shape": "index", "attrs": "nodes", "source": "edges"}
    return next((name for column, name in tables.items() if column in header.members), "data")


def changes(data: bytes, count: int, seed: int) -> Iterator[Change]:
    """So many changes for each region and kind, at random places; the same for the same seed."""
    rng = np.random.default_rng(seed)
    for region, parts in sorted(regions(data).items()):
        places = np.concatenate([np.arange(*part) for part in parts])
        for offset in rng.choice(places, min(count, len(places)), replace=False).tolist():
            yield Change(region, "flip", offset, 1, 1 << int(rng.integers(8)))
            yield Change(region, "flip", offset, int(rng.integers(1, 64)), 0xFF)
            yield Change(region, "zero", offset, int(rng.integers(1, 600)), 0)
            yield Change(region, "cut", offset, 0, 0)
            yield Change(region, "forge", offset, 1, 1 << int(rng.integers(8)))
            yield Change(region, "forge", offset, int(rng.integers(1, 9)), 0xFF)
