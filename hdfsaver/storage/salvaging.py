"""What is left of a damaged file: run as a program, because the HDF5 library may hang or crash on what it meets there.

``python -m hdfsaver.storage.salvaging FILE GROUP OUT`` writes the variables that are whole into a new file, and tells
of the others on standard output.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from hdfsaver.errors import DataLossError, OpError
from hdfsaver.storage import layout, seal
from hdfsaver.storage.guard import Opened, open_any
from hdfsaver.storage.index import Entry
from hdfsaver.storage.plain import PlainSource
from hdfsaver.storage.seal import BrokenSealError, Seal
from hdfsaver.storage.sealed import SealedSource
from hdfsaver.storage.values import Array
from hdfsaver.storage.writing import Model, write_models


class _Source(Protocol):
    entries: dict[str, Entry]

    def read(self, names: Sequence[str]) -> dict[str, Array]: ...


def main(path: str, group: str, out: str) -> None:
    """Salvage one model of a file."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "copy.h5")
        shutil.copyfile(path, copy)
        whole, lost = _salvaged(path, copy, group)
    write_models(out, {"": whole}, durable=False)
    json.dump(lost, sys.stdout)


def _salvaged(path: str, copy: Path, group: str) -> tuple[Model, dict[str, str]]:
    found = _seal_of(copy)
    if found is not None:
        # A file that is cut short gets zeros for what it lacks: the HDF5 library opens no other.
        os.truncate(copy, found.file_size)
    opened = open_any(copy)
    try:
        source = _source(opened, found, path, group)
        values, lost = _whole(source)
    finally:
        os.close(opened.fd)
    return Model(values, None, _dtypes(source.entries, values)), lost


def _seal_of(path: Path) -> Seal | None:
    with path.open("rb") as file:
        head = file.read(layout.HEAD)
    try:
        return seal.find(head)
    except BrokenSealError:
        return None


def _source(opened: Opened, found: Seal | None, path: str, group: str) -> _Source:
    if found is None:
        return PlainSource(opened, path, group, accept=True)
    try:
        extents = seal.read_extents(opened.fd, opened.size, found)
        return SealedSource(opened, found, path, group, extents=extents)
    except BrokenSealError as error:
        raise DataLossError(None, None, str(error)) from None


def _whole(source: _Source) -> tuple[dict[str, Array], dict[str, str]]:
    """The values that can be read, each by itself, and why the others cannot."""
    values: dict[str, Array] = {}
    lost: dict[str, str] = {}
    for name in source.entries:
        try:
            values.update(source.read([name]))
        except (OpError, EOFError, OSError) as error:
            lost[name] = getattr(error, "message", str(error))
    return values, lost


def _dtypes(entries: Mapping[str, Entry], values: Mapping[str, Array]) -> dict[str, str]:
    return {name: entries[name].dtype for name in values}


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (OpError, EOFError, OSError) as failure:
        sys.exit(getattr(failure, "message", str(failure)))
