"""Whether an HDF5 file is a checkpoint of this format: only such a file is changed or replaced without being asked."""

from __future__ import annotations

import os
import stat

from h5py import h5g

from hdfsaver.errors import DataLossError, FailedPreconditionError, InvalidArgumentError, NotFoundError, OpError
from hdfsaver.files.error_context import about
from hdfsaver.files.opening import Opened, end_reading, open_any
from hdfsaver.files.remote.names import RemoteName
from hdfsaver.storage import groups, layout
from hdfsaver.storage.hdf5 import objects
from hdfsaver.storage.hdf5.hdf5_file import hdf5_root
from hdfsaver.storage.hdf5.superblock import open_hdf5


def is_own(root: h5g.GroupID) -> bool:
    """Whether a file declares that it has this format."""
    try:
        return objects.get_text(root, layout.FORMAT_ATTRIBUTE) == layout.FORMAT
    except (DataLossError, InvalidArgumentError):  # an attribute of another program with the same name
        return False


def has_index(root: h5g.GroupID) -> bool:
    """Whether a file has a part of an index of this format."""
    if not groups.is_group(root, layout.INDEX):
        return False
    index = objects.open_group(root, layout.INDEX)
    return any(objects.has_link(index, link) for link in (layout.SEAL, layout.EXTENTS))


def check_own(root: h5g.GroupID, opened: Opened, path: str | os.PathLike[str]) -> None:
    """Check that a file is a checkpoint of this format, and that this version knows all of it.

    Parameters
    ----------
    root : h5py.h5g.GroupID
        The root group.
    opened : Opened
        The file.
    path : path-like
        Its path, for errors.

    Raises
    ------
    InvalidArgumentError
        It is not, or it has something that would be lost: a user block, or what a newer minor version has written.
    """
    if not is_own(root) and has_index(root):
        raise InvalidArgumentError(
            None,
            None,
            f"{path} has the index of a checkpoint of {layout.FORMAT}, but its root group has no attribute "
            f"{layout.FORMAT_ATTRIBUTE!r}. It was not changed. If it is such a checkpoint, add the attribute, the "
            f"string of fixed length {layout.FORMAT!r}, and try again.",
        )
    if not is_own(root):
        raise InvalidArgumentError(
            None,
            None,
            f"{path} is not a checkpoint of {layout.FORMAT}: its root group has no attribute "
            f"{layout.FORMAT_ATTRIBUTE!r} with the value {layout.FORMAT!r}. It was not changed. "
            f"`{layout.FORMAT} convert {path} NEW.h5` makes a checkpoint of its arrays.",
        )
    if opened.base:
        raise InvalidArgumentError(
            None, None, f"{path} has a user block before its HDF5 data, which would be lost. It was not changed."
        )
    major, _, minor = (objects.get_text(root, layout.VERSION_ATTRIBUTE) or layout.VERSION).partition(".")
    if major == str(layout.MAJOR) and minor.isdecimal() and int(minor) > layout.MINOR:
        raise InvalidArgumentError(
            None,
            None,
            f"{path} has format version {major}.{minor}, but this {layout.FORMAT} writes {layout.VERSION}, which would "
            "lose what is new. It was not changed. Use the version that wrote it, or a newer one.",
        )


def models_in(path: str | os.PathLike[str]) -> frozenset[str] | None:
    """The groups with models in a file; None for an HDF5 file of another program.

    Raises
    ------
    DataLossError
        It is damaged, or not an HDF5 file.
    OpError
        It cannot be read.
    """
    opened = open_hdf5(path)
    try:
        with about(path), hdf5_root(opened) as root:
            return frozenset(groups.names_in(root)) if is_own(root) else None
    finally:
        end_reading(opened.fd)


def check_replaceable(path: str | os.PathLike[str]) -> None:
    """Check that a save does not replace an HDF5 file of another program; a damaged file may be replaced.

    Raises
    ------
    FailedPreconditionError
        It is an intact HDF5 file, but not a checkpoint of this format.
    OpError
        The operating system does not let it be read, so that it may be one.
    """
    if _is_sealed(path):
        return
    if _content(path) == _FOREIGN:
        raise _irreplaceable(path, f"{_FOREIGN}, which a save does not replace")


def check_without_values(path: str | os.PathLike[str]) -> None:
    """Check that a graph alone does not replace a file with values of variables; a damaged file may be replaced.

    Raises
    ------
    FailedPreconditionError
        It is a checkpoint with variables, or an intact HDF5 file of another program.
    OpError
        The operating system does not let it be read, so that it may be one.
    """
    what = _content(path)
    if what is not None:
        raise _irreplaceable(path, f"{what}, which a graph alone does not replace")


_FOREIGN = "an HDF5 file of another program"


def _content(path: str | os.PathLike[str]) -> str | None:
    """The content of an intact HDF5 file that may be worth keeping, in a sentence; None for any other file."""
    try:
        opened = open_hdf5(path)
        try:
            with hdf5_root(opened) as root:
                return _worth(root)
        finally:
            end_reading(opened.fd)
    except (NotFoundError, DataLossError, InvalidArgumentError):  # there is no file, or no intact HDF5 file
        return None
    except OpError as error:
        what = "what is there cannot be read, so it may be a file to keep. Remove it, or choose another name."
        raise type(error)(None, None, f"Cannot write {path}: {what} {error.message}", error.error_code) from error


def _worth(root: h5g.GroupID) -> str | None:
    if not is_own(root):
        return _FOREIGN
    has_values = any(_has_values(root, group) for group in groups.names_in(root))
    return "a checkpoint with values of variables" if has_values else None


def _has_values(root: h5g.GroupID, group: str) -> bool:
    model = groups.open_model(root, group)
    if not groups.is_group(model, layout.VARIABLES):
        return False
    return bool(objects.links_of(objects.open_group(model, layout.VARIABLES)))


def _irreplaceable(path: str | os.PathLike[str], what: str) -> FailedPreconditionError:
    return FailedPreconditionError(
        None, None, f"Cannot write {path}: it is {what}. Choose another name, or remove the file."
    )


def _is_sealed(path: str | os.PathLike[str]) -> bool:
    """Whether a regular file has the magic of a seal near its beginning; also if there is no file."""
    if isinstance(path, RemoteName):
        opened = open_any(path)
        end_reading(opened.fd)
        return layout.MAGIC in opened.head
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return False
        with open(path, "rb") as file:
            return layout.MAGIC in file.read(layout.HEAD)
    except FileNotFoundError:
        return True
    except OSError:
        return False
