"""All links of a file, each once, without opening what they lead to."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from h5py import h5g, h5l, h5o

from hdfsaver.storage.hdf5 import objects


class Link(NamedTuple):
    """A link.

    Attributes
    ----------
    path : str
        Its path from the root, without a slash at the beginning.
    name : str
        Its own name, the last component of the path.
    kind : int
        Its class: hard, soft, external or another one.
    type : int
        The kind of the object that a hard link leads to.
    address : Any
        The address of that object.
    """

    path: str
    name: str
    kind: int
    type: int = -1
    address: Any = None

    @property
    def is_hard(self) -> bool:
        """Whether it leads to an object of this file."""
        return bool(self.kind == h5l.TYPE_HARD)


class Group(NamedTuple):
    """A group: one of its paths from the root, its address, and its links."""

    path: str
    address: Any
    links: list[Link]


def survey(root: h5g.GroupID, without: Collection[str] = ()) -> Iterator[Group]:
    """All groups of a file, each before the groups in it.

    Parameters
    ----------
    root : h5py.h5g.GroupID
        The root group.
    without : collection of str
        Paths that are left out, with everything below.

    Yields
    ------
    Group
        Its links are in the order of their creation if HDF5 has recorded it, otherwise sorted. A group that several
        links lead to comes once.

    Raises
    ------
    DataLossError
        A group cannot be read, or there are more links than the file can hold.
    ResourceExhaustedError
        There are more links than the limit `links` allows, or groups nested deeper than `depth`.
    """
    budget = objects.LinkBudget(root)
    first = h5o.get_info(root).addr
    seen = {first}
    waiting = [("", first, root)]
    while waiting:
        path, address, group = waiting.pop()
        found = [link for link in _links(path, group, budget) if link.path not in without]
        yield Group(path, address, found)
        for link in found:
            if link.type == h5o.TYPE_GROUP and link.address not in seen:
                seen.add(link.address)
                with objects.reading(f"/{link.path}"):
                    below = h5g.open(group, link.name.encode())
                objects.check_depth(below, link.path.count("/") + 1)
                waiting.append((link.path, link.address, below))


def _links(path: str, group: h5g.GroupID, budget: objects.LinkBudget) -> list[Link]:
    ordered = []
    for name in budget.of(group):
        below = f"{path}/{name}" if path else name
        with objects.reading(f"/{below}"):
            info = group.links.get_info(name.encode())
            if info.type == h5l.TYPE_HARD:
                about = h5o.get_info(group, name.encode())
                link = Link(below, name, info.type, about.type, about.addr)
            else:
                link = Link(below, name, info.type)
        ordered.append((info.corder if info.corder_valid else 0, link))
    return [link for _order, link in sorted(ordered, key=lambda pair: pair[0])]
