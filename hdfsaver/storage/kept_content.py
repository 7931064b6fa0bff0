"""The content of other programs in a sealed file, for a new file whose variables have other names, or fewer."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager

from hdfsaver.files.error_context import about
from hdfsaver.files.opening import end_reading
from hdfsaver.storage import groups, layout, seal
from hdfsaver.storage.foreign_content import ForeignContent, successors
from hdfsaver.storage.graph import graph_group
from hdfsaver.storage.hdf5 import link_names, tables
from hdfsaver.storage.hdf5.hdf5_file import hdf5_root
from hdfsaver.storage.hdf5.link_survey import Group, survey
from hdfsaver.storage.hdf5.superblock import open_hdf5
from hdfsaver.storage.sealed_source import SealedSource


@contextmanager
def kept_content(
    path: str | os.PathLike[str], group: str, names: Mapping[str, str], *, has_graph: bool
) -> Iterator[ForeignContent | None]:
    """The content of other programs, which can be copied within the block; None without any, or without a seal.

    The attributes of a variable that the new file lacks are left out, and so is a group without any variables left.

    Parameters
    ----------
    path : path-like
        The file.
    group : str
        The model whose variables have other names; those of the other models keep theirs.
    names : mapping of str to str
        The old name of each variable of the new file.
    has_graph : bool
        Whether the new file has the graph of that model.

    Yields
    ------
    ForeignContent or None

    Raises
    ------
    DataLossError, OpError
        See `hdfsaver.storage.reading.open_file`.
    """
    opened = open_hdf5(path)
    try:
        with about(path), seal.naming(path):
            found = None if opened.base else seal.find(opened.head)
            source = None if found is None else SealedSource(opened, found, path)
        if source is None or not source.has_foreign_content:
            yield None
            return
        with about(path):
            moved, gone = _moved(source, group, names)
            with hdf5_root(opened) as root:
                gone += _emptied(list(survey(root, gone)), group, moved, moved.values())
        yield ForeignContent(opened, path, moved, [*gone, *_rewritten(group, has_graph)])
    finally:
        end_reading(opened.fd)


def _moved(source: SealedSource, group: str, names: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """The old and new paths of the variables that are kept, and the old paths of the others."""
    moved: dict[str, str] = {}
    gone: list[str] = []
    for other in source.groups():
        model = source.of_group(other)
        try:
            links = model.link_paths()
        finally:
            model.close()
        if other != group:
            moved |= successors(other, links)
            continue
        above = _above(group)
        new = {names[name]: f"{above}/{path}" for name, path in link_names.paths_of(names).items()}
        moved |= {f"{above}/{link}": new[name] for name, link in links.items() if name in new}
        gone = [f"{above}/{link}" for name, link in links.items() if name not in new]
    return moved, gone


def _above(group: str) -> str:
    return f"{groups.link_of(group)}/{layout.VARIABLES}".lstrip("/")


def _emptied(old: list[Group], group: str, variables: Collection[str], new: Iterable[str]) -> list[str]:
    """The groups of variables that have nothing but variables, and have none in the new file."""
    kept = {path[:end] for path in new for end in range(len(path)) if path[end] == "/"}
    above = f"{_above(group)}/"
    own: set[str] = set()
    for each in sorted(old, key=lambda each: -len(each.path)):  # each behind the groups in it
        if each.path.startswith(above) and each.path not in kept:
            paths = [link.path for link in each.links]
            if all(path in variables or path in own for path in paths):
                own.add(each.path)
    return sorted(own)


def _rewritten(group: str, has_graph: bool) -> list[str]:
    """The parts of the format that the new file may lack, so that they do not look like content of others."""
    graph = f"{groups.link_of(group)}/{layout.GRAPH}".lstrip("/")
    found = [f"{layout.INDEX}/{layout.RANDOM}", f"{layout.INDEX}/{layout.RANDOM_PLACES}"]
    if not has_graph:
        return [*found, graph]
    found += [f"{graph}/{table}" for table in (graph_group.SAVER, graph_group.SAVED_NAMES)]
    return [*found, *(f"{path}{tables.LONG}" for path in found)]
