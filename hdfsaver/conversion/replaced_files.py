"""The files of a target before it is written: they must not be the source, and some of them go with the earlier one."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress

from hdfsaver.conversion.target_writing import replaced_graph
from hdfsaver.conversion.targets import Target
from hdfsaver.files.remote.names import RemoteName
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.reading.checkpoint_names import find_own
from hdfsaver.schema import Structure


def check_differ(source: TensorFile, targets: list[str]) -> None:
    """Check that no file of the target is the source or a part of it; `ValueError` otherwise."""
    if isinstance(source.path, RemoteName) or any(isinstance(target, RemoteName) for target in targets):
        same = [target for target in targets if target in (source.path, *source.files)]
        if same:
            raise ValueError(_ITSELF.format(target=same[0]))
        return
    own = os.path.realpath(source.path)
    parts = [own, *(f"{own}{ending}" for ending in (".index", ".meta")), *_numbered(own), *source.files]
    for target in targets:
        real = os.path.realpath(target)
        is_inside = os.path.isdir(own) and real.startswith(os.path.join(own, "")) and os.path.exists(real)
        if is_inside or any(real == os.path.realpath(part) or _is_same(real, part) for part in parts):
            raise ValueError(_ITSELF.format(target=target))


_ITSELF = "{target} is the source itself, or a part of it; choose another name for the target."


def _numbered(prefix: str) -> Iterator[str]:
    """The data files of a TensorFlow checkpoint of that prefix, in both formats."""
    folder, base = os.path.split(prefix)
    names = re.compile(rf"{re.escape(base)}(?:\.data)?-[0-9]{{5}}-of-[0-9]{{5}}")
    with suppress(OSError):
        yield from (os.path.join(folder, name) for name in os.listdir(folder) if names.fullmatch(name))


def _is_same(path: str, other: str) -> bool:
    try:
        return os.path.samefile(path, other)
    except OSError:  # one of them does not exist
        return False


def remarks_on_replaced(
    source: TensorFile, kind: Target, path: str, structure: Structure | None, removed: tuple[str, ...]
) -> list[str]:
    """Remarks on files of the target's prefix that are removed with the earlier checkpoint, or hide the new one.

    Parameters
    ----------
    source : TensorFile
        The open source.
    kind : Target
        The format of the target.
    path : str
        The name of the target.
    structure : Structure or None
        The graph that is written.
    removed : tuple of str
        The files of a checkpoint of the first format that is replaced.

    Returns
    -------
    list of str
    """
    if kind.name != "tensorflow":
        return []
    remarks = []
    graph = replaced_graph(path) if structure is None else ""
    if graph:
        remarks.append(f"Removed, since it was the graph of the earlier checkpoint: {graph}.")
    if removed:
        remarks.append(
            f"Removed, since it was the earlier checkpoint, in TensorFlow's first format: {', '.join(removed)}."
        )
    own = find_own(path)
    if own is not None and not _is_same(str(own), source.path):
        remarks.append(
            f"{own} is still there, and is what hdfsaver opens for the prefix {path}; the new checkpoint is opened "
            f"by its index, {path}.index."
        )
    return remarks
