"""Several models in one file: each in its own group, which has ``graph`` and ``variables`` like the root.

The empty name is the root.
"""

from __future__ import annotations

from h5py import h5g, h5l, h5o

from hdfsaver.errors import NotFoundError
from hdfsaver.storage import layout
from hdfsaver.storage.hdf5 import link_names, objects

ROOT = ""

_TAKEN = (layout.GRAPH, layout.VARIABLES, layout.INDEX, layout.METADATA, layout.ABOUT)


def link_of(group: str) -> str:
    """The link of a model's group; empty for the root.

    Raises
    ------
    ValueError
        The name contains a slash, is reserved by the format, or cannot be encoded in UTF-8.
    TypeError
        It is not a str.
    """
    if not isinstance(group, str):
        raise TypeError(f"The name of a group must be a str, not {group!r}.")
    if "/" in group or group in _TAKEN:
        raise ValueError(f"{group!r} cannot be the name of a group: it contains a slash or is one of {_TAKEN}.")
    return link_names.paths_of([group])[group] if group else ""


def open_model(root: h5g.GroupID, group: str) -> h5g.GroupID:
    """Open the HDF5 group with a model's ``graph`` and ``variables``.

    Raises
    ------
    NotFoundError
        The file has no model in that group.
    """
    link = link_of(group)
    if not link:
        return root
    if not objects.has_link(root, link):
        known = ", ".join(map(repr, names_in(root))) or "none"
        raise NotFoundError(None, None, f"There is no group {group!r} with a model; the groups are {known}.")
    return objects.open_group(root, link)


def names_in(root: h5g.GroupID) -> list[str]:
    """The groups that have a model, sorted by link; the root comes first if it has a model."""
    names = [_name(link) for link in objects.LinkBudget(root).bytes_of(root)]
    inner = [name for name in names if name and is_group(root, link_of(name)) and _has_model_in(root, name)]
    return [ROOT, *inner] if _has_model(root) else inner


def _has_model_in(root: h5g.GroupID, name: str) -> bool:
    return _has_model(objects.open_group(root, link_of(name)))


def _has_model(group: h5g.GroupID) -> bool:
    return any(objects.has_link(group, link) for link in (layout.GRAPH, layout.VARIABLES))


def is_group(parent: h5g.GroupID, link: str) -> bool:
    """Whether a hard link exists and leads to a group."""
    if not objects.has_link(parent, link):
        return False
    with objects.reading(f"{objects.location(parent).rstrip('/')}/{link}"):
        is_hard = parent.links.get_info(link.encode()).type == h5l.TYPE_HARD
        return bool(is_hard and h5o.get_info(parent, link.encode()).type == h5o.TYPE_GROUP)


def _name(link: bytes) -> str:
    """The name of a model's group by its link; empty for a link that no model can have."""
    try:
        name = link_names.name_of(link.decode())
    except ValueError:
        return ROOT
    # A link of another program may decode to the name of another link.
    is_model = "/" not in name and name not in _TAKEN and link_of(name).encode() == link
    return name if is_model else ROOT
