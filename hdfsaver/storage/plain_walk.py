"""The datasets of a plain HDF5 file by their paths, and the reason for each link that is not followed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from h5py import h5g, h5l, h5o

from hdfsaver.errors import InvalidArgumentError, OpError, ResourceExhaustedError
from hdfsaver.files.os_errors import is_refusal
from hdfsaver.storage.hdf5 import objects

_KINDS = {h5l.TYPE_SOFT: "a soft link", h5l.TYPE_EXTERNAL: "an external link"}


class Found(NamedTuple):
    """A link below a group: its path from there, and the reason why it is not followed, or None."""

    path: str
    parent: h5g.GroupID
    link: str
    fault: OpError | None = None


def walk(container: h5g.GroupID, *, with_groups: bool = False) -> Iterator[Found]:
    """Walk all links below a group that may lead to datasets, and the groups that cannot be walked.

    Parameters
    ----------
    container : h5py.h5g.GroupID
    with_groups : bool
        Also give the links that lead to groups.

    Raises
    ------
    DataLossError
        The group itself cannot be read.
    ResourceExhaustedError
        There are more links than the limit `links` allows, or groups nested deeper than `depth`.
    """
    links = objects.LinkBudget(container)
    with objects.reading(objects.location(container)):
        seen = {h5o.get_info(container).addr}
    waiting = [("", container, objects.location(container), links.bytes_of(container))]
    while waiting:
        prefix, group, part, names = waiting.pop()
        for name in names:
            link = name.decode("utf-8", "backslashreplace")
            path = f"{prefix}{link}"
            try:
                below = _target(group, name, f"{part.rstrip('/')}/{link}", seen)
                if isinstance(below, h5g.GroupID):
                    objects.check_depth(below, path.count("/") + 1)
                    waiting.append((f"{path}/", below, objects.location(below), links.bytes_of(below)))
            except ResourceExhaustedError:
                raise
            except OpError as fault:
                if is_refusal(fault):
                    raise
                # Without the frames, which each of a million faults would keep.
                yield Found(path, group, link, fault.with_traceback(None))
            else:
                if below is None or (with_groups and below):
                    yield Found(path, group, link)


def _target(parent: h5g.GroupID, name: bytes, part: str, seen: set[int]) -> h5g.GroupID | bool | None:
    """The group that a link leads to, False for a datatype with a name, None for a dataset and anything else.

    A link that is not a hard link, or has a name that is not UTF-8, is an error.
    """
    _check_name(name, part)
    with objects.reading(part):
        kind = parent.links.get_info(name).type
        if kind != h5l.TYPE_HARD:
            what = _KINDS.get(kind, "a link of a class that another program defined")
            raise InvalidArgumentError(None, None, f"{part} is {what}; such links are not followed.")
        about = h5o.get_info(parent, name)
        if about.type != h5o.TYPE_GROUP:
            # A datatype has no values: it is not an array that cannot be read.
            return False if about.type == h5o.TYPE_NAMED_DATATYPE else None
        if about.addr in seen:
            raise InvalidArgumentError(
                None, None, f"{part} is a further link to a group that is read under another path."
            )
        seen.add(about.addr)
        return h5g.open(parent, name)


def attributed(container: h5g.GroupID) -> int:
    """The number of objects below a group that have attributes, as far as they can be walked."""
    intact = (found for found in walk(container, with_groups=True) if found.fault is None)
    return sum(h5o.get_info(found.parent, found.link.encode()).num_attrs > 0 for found in intact)


def _check_name(name: bytes, part: str) -> None:
    try:
        name.decode()
    except UnicodeDecodeError:
        raise InvalidArgumentError(None, None, f"{part}: its name is not UTF-8; it is refused.") from None
