"""Content of other programs in a file of this format, and its copy in the file's successor.

Everything that a writer of this format would not write is foreign: attributes of any type, datasets, groups, named
datatypes, and soft and external links. It is copied unchanged: datasets with the bytes of their chunks, links as links,
which are not followed. References, such as those of dimension scales, lead to the same objects in the new file. An
error names an element that cannot be copied.
"""

from __future__ import annotations

import contextlib
import math
import os
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from h5py import h5a, h5d, h5g, h5l, h5o, h5p, h5r, h5s, h5t

from hdfsaver import dtypes, limits
from hdfsaver.errors import DataLossError, InvalidArgumentError
from hdfsaver.files.error_context import about
from hdfsaver.files.opening import Opened
from hdfsaver.storage import groups, layout
from hdfsaver.storage.hdf5 import attribute_copies, datatypes, link_names, objects, tables
from hdfsaver.storage.hdf5.hdf5_file import hdf5_root
from hdfsaver.storage.hdf5.link_survey import Group, Link, survey
from hdfsaver.storage.hdf5.references import Renewal, has_references, has_variable_length
from hdfsaver.tensor_info import STRING

_LABELS = (datatypes.LABEL, "encoding", datatypes.SHAPE)
"""The attributes that describe the form of a value, which may be another one in the new file."""

_READ_WHOLE = re.compile(rf"(?:[^/]+/)?{layout.GRAPH}/(?:collections|tensorflow)/.+")
"""Datasets of a graph that are all read, so that all of them are written again, perhaps under other links."""

_TEMPORARY = "%named"
"""The beginning of links that exist only while the file is laid out; no link of this format begins so."""


class ForeignContent:
    """The foreign content of a file.

    Parameters
    ----------
    opened : Opened
        The file, open as long as the object is used.
    path : path-like
        Its path, for errors.
    variables : mapping of str to str
        The paths of all variables that are kept, and their paths in the new file.
    replaced : collection of str
        The paths of groups that are not copied, because a new model takes their place.

    Attributes
    ----------
    kept : list of str
        The paths of everything that `copy_into` has copied: ``/notes``, ``/variables/w/@units``. The content of a
        group is not listed.
    """

    def __init__(
        self,
        opened: Opened,
        path: str | os.PathLike[str],
        variables: Mapping[str, str],
        replaced: Collection[str] = (),
    ) -> None:
        self.kept: list[str] = []
        self._opened = opened
        self._path = path
        self._variables = variables
        self._replaced = replaced

    def copy_into(self, root: h5g.GroupID) -> bool:
        """Copy it into a file that has everything else already, and return whether there was any.

        Raises
        ------
        InvalidArgumentError
            Something cannot be kept; the message names it.
        DataLossError
            The HDF5 library cannot read it.
        ResourceExhaustedError
            It exceeds a limit.
        """
        with about(self._path), hdf5_root(self._opened) as old:
            copy = _Copy(old, root, self._replaced)
            copy.run(self._variables)
        self.kept = copy.kept
        return bool(self.kept)


def successors(group: str, links: Mapping[str, str]) -> dict[str, str]:
    """The paths of a model's variables, and their paths in the file that replaces theirs.

    Parameters
    ----------
    group : str
        The group of the model.
    links : mapping of str to str
        The link path of each variable below the group's ``variables``.

    Returns
    -------
    dict of str to str
    """
    above = f"{groups.link_of(group)}/{layout.VARIABLES}".lstrip("/")
    return {f"{above}/{links[name]}": f"{above}/{path}" for name, path in link_names.paths_of(links).items()}


class _Copy:
    """One copy from one root group to another; paths are without a slash at the beginning."""

    def __init__(self, old: h5g.GroupID, new: h5g.GroupID, replaced: Collection[str]) -> None:
        self.kept: list[str] = []
        self._old = old
        self._new = new
        self._replaced = replaced
        self._groups = list(survey(old, replaced))
        self._addresses = {link.path: link.address for group in self._groups for link in group.links if link.is_hard}
        self._made: dict[Any, str] = {}  # the paths of objects in the new file, by their addresses in the old one
        self._types: dict[Any, h5t.TypeID] = {}  # the named datatypes of the new file, by those addresses
        self._pairs: dict[str, str] = {}  # the old and the new paths of objects that both files have
        self._paired: set[tuple[Any, str]] = set()  # their links, by the addresses of their groups
        self._foreign: dict[str, str] = {}  # the old and the new paths of objects that are copied
        self._renewal = Renewal(old, new, self._path_of)

    def run(self, variables: Mapping[str, str]) -> None:
        """Copy everything that the new file lacks."""
        self._pair_all(variables)
        own = set(self._made)
        temporary = self._copy_named_datatypes()
        for group in self._groups:
            self._copy_links(group, is_foreign=group.address not in own)
        for link in temporary:
            self._new.unlink(link)
        for path, new_path in self._pairs.items():
            names = self._copy_attributes(path, new_path)
            self.kept.extend(f"/{path}/@{name}" if path else f"/@{name}" for name in names)
        for path, new_path in self._foreign.items():
            self._copy_attributes(path, new_path)
            self._renew_values(path, new_path)

    # -- objects of both files ----------------------------------------------------------------------------------------

    def _pair_all(self, variables: Mapping[str, str]) -> None:
        """Find the objects that the new file has already."""
        self._pair("", "")
        for path, new_path in variables.items():
            self._pair(path, new_path)
        known = set(variables.values())
        for group in survey(self._new):
            if group.path in self._pairs:
                above = _open(self._old, group.path)
                for link in group.links:
                    if link.path not in known and self._is_pair(above, link):
                        self._pair(link.path, link.path)

    def _pair(self, path: str, new_path: str) -> None:
        self._pairs[path] = new_path
        # Two variables may be links to one dataset: in the new file each has its own.
        self._made.setdefault(self._address(path), new_path)
        if path:
            above, _, name = path.rpartition("/")
            self._paired.add((self._address(above), name))

    def _address(self, path: str) -> Any:
        """The address of an object in the old file, which the survey may have found under another path."""
        if path not in self._addresses:
            self._addresses[path] = h5o.get_info(_open(self._old, path)).addr
        return self._addresses[path]

    def _is_pair(self, above: h5g.GroupID, new: Link) -> bool:
        """Whether the group in the old file has the object of a link in the new one."""
        name = new.name.encode()
        with objects.reading(f"/{new.path}"):
            if not above.links.exists(name) or above.links.get_info(name).type != h5l.TYPE_HARD:
                return False
            about = h5o.get_info(above, name)
        if new.path in self._replaced or about.type != new.type or about.addr in self._made:
            return False
        if new.type == h5o.TYPE_DATASET:
            self._check_columns(new.path)
        return True

    def _check_columns(self, path: str) -> None:
        """Refuse a table with columns that the new one does not have."""
        known = (layout.GROUP_COLUMN, *layout.CHUNK_COLUMNS)
        before, after = (_columns(_open(root, path)) for root in (self._old, self._new))
        for name in before:
            if name not in after and name not in known:
                raise _refused(f"/{path}", f"it has the column {name!r}, which is unknown; remove the column")

    # -- objects and links -------------------------------------------------------------------------------------------

    def _copy_named_datatypes(self) -> list[bytes]:
        """Copy named datatypes first, so that the datasets that use them share them; return their temporary links."""
        found = (link for group in self._groups for link in group.links if link.type == h5o.TYPE_NAMED_DATATYPE)
        temporary: list[bytes] = []
        for link in {link.address: link for link in found}.values():
            name = f"{_TEMPORARY}{len(temporary)}".encode()
            with objects.reading(f"/{link.path}"):
                h5o.copy(self._old, link.path.encode(), self._new, name, _copying(), objects.link_properties())
                self._types[link.address] = h5o.open(self._new, name)
            temporary.append(name)
        return temporary

    def _copy_links(self, old: Group, *, is_foreign: bool) -> None:
        new_path = self._made[old.address]
        links = [link for link in old.links if (old.address, link.name) not in self._paired]
        if not links:
            return
        group = _open(self._new, new_path)
        for link in links:
            if not is_foreign and self._is_rewritten(old, link):
                continue
            path = f"{new_path}/{link.name}" if new_path else link.name
            if objects.has_link(group, link.name):
                raise _refused(f"/{path}", "something else takes its place")
            with objects.reading(f"/{path}"):
                self._copy_link(group, link, path)
            if not is_foreign:
                self.kept.append(f"/{path}")

    def _is_rewritten(self, old: Group, link: Link) -> bool:
        """Whether it is a part of the tables or of the graph that has another place in the new file, or none."""
        if link.type != h5o.TYPE_DATASET:
            return False
        table = link.name.removesuffix(tables.LONG)
        return (table != link.name and (old.address, table) in self._paired) or bool(_READ_WHOLE.fullmatch(link.path))

    def _copy_link(self, group: h5g.GroupID, link: Link, path: str) -> None:
        name = link.name.encode()
        if link.kind == h5l.TYPE_SOFT:
            group.links.create_soft(name, self._value_of(link), objects.link_properties())
        elif link.kind == h5l.TYPE_EXTERNAL:
            group.links.create_external(name, *self._value_of(link), objects.link_properties())
        elif not link.is_hard:
            raise _refused(f"/{link.path}", "it is a link of a class that another program defined")
        elif link.address in self._made:
            there = self._made[link.address] or "/"
            group.links.create_hard(name, self._new, there.encode(), objects.link_properties())
        else:
            self._copy_object(group, link)
            self._made[link.address] = self._foreign[link.path] = path

    def _value_of(self, link: Link) -> Any:
        """The path in a soft link, or the file and the path in an external link."""
        above = _open(self._old, link.path.removesuffix(link.name).rstrip("/"))
        return above.links.get_val(link.name.encode())

    def _copy_object(self, group: h5g.GroupID, link: Link) -> None:
        name = link.name.encode()
        if link.type == h5o.TYPE_GROUP:
            properties = _open(self._old, link.path).get_create_plist()
            h5g.create(group, name, objects.link_properties(), _group_like(properties))
        elif link.type == h5o.TYPE_NAMED_DATATYPE:
            h5o.link(self._types[link.address], group, name, objects.link_properties())
        else:
            self._copy_dataset(group, link)

    def _copy_dataset(self, group: h5g.GroupID, link: Link) -> None:
        old, name = _open(self._old, link.path), link.name.encode()
        _check_dataset(old, f"/{link.path}")
        if not old.get_type().committed():
            h5o.copy(self._old, link.path.encode(), group, name, _copying(), objects.link_properties())
            return
        # HDF5's copy would make another named datatype, or share any equal one.
        properties = old.get_create_plist()
        datatype = self._datatype(old.get_type())
        new = h5d.create(group, name, datatype, old.get_space(), properties, objects.link_properties())
        if properties.get_layout() in (h5d.CONTIGUOUS, h5d.COMPACT, h5d.CHUNKED) and old.get_storage_size():
            _copy_values(old, new, f"/{link.path}")

    # -- attributes and references -----------------------------------------------------------------------------------

    def _copy_attributes(self, path: str, new_path: str) -> list[str]:
        old = _open(self._old, path)
        if not h5a.get_num_attrs(old):
            return []
        new = _open(self._new, new_path)
        without = (*_LABELS * _is_labelled(old), *_own_name(old, path)) if path in self._pairs else ()
        return attribute_copies.copy_attributes(old, new, self._renewal, self._datatype, without)

    def _datatype(self, datatype: h5t.TypeID) -> h5t.TypeID:
        """The datatype in the new file."""
        if not datatype.committed():
            return datatype
        return self._types.get(h5o.get_info(datatype).addr) or datatype.copy()

    def _renew_values(self, path: str, new_path: str) -> None:
        """Write the values of a copied dataset again if they are references."""
        old = _open(self._old, path)
        if not isinstance(old, h5d.DatasetID) or not has_references(old.get_type()) or not old.get_storage_size():
            return
        value = self._renewal.read(old, old.shape, f"/{path}")
        with objects.reading(f"/{path}"):
            _open(self._new, new_path).write(h5s.ALL, h5s.ALL, value)

    def _path_of(self, address: Any, reference: h5r.Reference) -> bytes | None:
        """The path in the new file of an object that a reference leads to."""
        path = self._made.get(address)
        if path is None:
            name = (h5r.get_name(reference, self._old) or b"").decode("utf-8", "replace").lstrip("/")
            is_replaced = any(name == group or name.startswith(f"{group}/") for group in self._replaced)
            path = name if is_replaced and _exists(self._new, name) else None
        return None if path is None else f"/{path}".encode()


def _is_labelled(old: Any) -> bool:
    """Whether an object has labels for the form of a string tensor or of a scalar."""
    label = _label(old, datatypes.LABEL)
    return label == STRING or (label in dtypes.ROW_BY_NAME and datatypes.is_compound(label))


def _own_name(old: Any, path: str) -> Sequence[str]:
    """The attribute with the name of an object, if it is that of its path."""
    name = _label(old, link_names.NAME)
    with contextlib.suppress(ValueError):
        return (link_names.NAME,) if name is not None and link_names.name_of(path).endswith(name) else ()
    return ()


def _label(old: Any, attribute: str) -> str | None:
    try:
        return None if isinstance(old, h5t.TypeID) else objects.get_text(old, attribute)
    except (DataLossError, InvalidArgumentError):  # an attribute of another program with the same name
        return None


def _check_dataset(dataset: h5d.DatasetID, part: str) -> None:
    """Refuse a dataset that the HDF5 library would have to decode, or that cannot be copied."""
    datatype, properties = dataset.get_type(), dataset.get_create_plist()
    holds_references = has_references(datatype)
    if not holds_references and not has_variable_length(datatype):
        return
    if datatype.committed():
        raise _refused(part, "its named datatype has values of variable length or references")
    if properties.get_nfilters():
        raise _refused(
            part,
            "its values have variable length or are references, and they are filtered; "
            f"`h5repack -f {part}:NONE FILE NEW` writes them without filters",
        )
    if holds_references:
        if properties.get_layout() == h5d.VIRTUAL or properties.get_external_count():
            raise _refused(part, "its values are references in other files")
        if dataset.get_space().get_simple_extent_type() != h5s.NULL and dataset.get_storage_size():
            limits.check_declared(part, math.prod(dataset.shape) * datatype.get_size(), objects.file_size(dataset))


def _copy_values(old: h5d.DatasetID, new: h5d.DatasetID, part: str) -> None:
    """Copy the bytes of values of fixed length: chunks in their stored form, or all of one block."""
    if old.get_create_plist().get_external_count():
        return
    if old.get_create_plist().get_layout() != h5d.CHUNKED:
        data = np.empty(old.shape, f"V{old.get_type().get_size()}")
        objects.read_dataset(old, data, old.get_type())
        new.write(h5s.ALL, h5s.ALL, data, old.get_type())
        return
    found: list[h5d.StoreInfo] = []
    # The callback must neither raise nor return a value, which would end the walk.
    old.chunk_iter(found.append)
    for info in found:
        if info.size > objects.file_size(old):
            raise objects.damaged(part, f"the chunk at {info.chunk_offset} is larger than the file.")
        mask, data = old.read_direct_chunk(info.chunk_offset)
        new.write_direct_chunk(info.chunk_offset, data, mask)


def _group_like(old: h5p.PropGCID) -> h5p.PropGCID:
    """The properties of a new group: whether HDF5 records the order of links and of attributes."""
    # Those of the old group cannot be used: they contain the addresses of its links in its own file.
    properties = h5p.create(h5p.GROUP_CREATE)
    properties.set_obj_track_times(False)
    properties.set_link_creation_order(old.get_link_creation_order())
    properties.set_attr_creation_order(old.get_attr_creation_order())
    return properties


def _copying() -> h5p.PropCopyID:
    properties = h5p.create(h5p.OBJECT_COPY)
    properties.set_copy_object(h5o.COPY_WITHOUT_ATTR_FLAG)
    return properties


def _open(root: h5g.GroupID, path: str) -> Any:
    """Open an object by a path of hard links."""
    with objects.reading(f"/{path}"):
        return h5o.open(root, path.encode() or b"/")


def _exists(root: h5g.GroupID, path: str) -> bool:
    try:
        h5o.open(root, path.encode())
    except KeyError:
        return False
    return True


def _columns(dataset: h5d.DatasetID) -> list[str]:
    datatype = dataset.get_type()
    if not isinstance(datatype, h5t.TypeCompoundID):
        return []
    return [datatype.get_member_name(number).decode() for number in range(datatype.get_nmembers())]


def _refused(part: str, why: str) -> InvalidArgumentError:
    return InvalidArgumentError(None, None, f"{part} cannot be kept: {why}. Nothing was written.")
