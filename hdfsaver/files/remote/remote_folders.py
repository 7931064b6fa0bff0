"""Facts about remote files, the names in a remote folder, and the removal of a file."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from hdfsaver.errors import NotFoundError, PermissionDeniedError, UnimplementedError
from hdfsaver.files.remote.fsspec_errors import refusals
from hdfsaver.files.remote.fsspec_files import version_of
from hdfsaver.files.remote.names import RemoteName
from hdfsaver.files.schemes import remote_file_system


class RemoteFacts(NamedTuple):
    """The facts about a remote file.

    Attributes
    ----------
    size : int
        Its length in bytes.
    version : tuple of str
        The facts by which it is told from another file of that name.
    mtime : float
        When it was changed, in seconds since the epoch; 0 where the file system does not tell.
    """

    size: int
    version: tuple[str, ...]
    mtime: float


def facts_of(name: RemoteName) -> RemoteFacts | None:
    """The facts about a file; None without one, or where the server does not let it be seen.

    Raises
    ------
    UnimplementedError
        It is read over HTTP, or is a file object.
    OpError
        The file system cannot be asked.
    """
    if name.held is not None or name.partition("://")[0].lower() in ("http", "https"):
        raise UnimplementedError(None, None, f"{name} does not tell when it was saved. Download it, and ask the copy.")
    files, path = remote_file_system(str.__str__(name))
    try:
        with refusals(name):
            _forget(files, path)
            found = files.info(path)
            return None if found.get("type") == "directory" else _facts(files, path, found)
    except (NotFoundError, PermissionDeniedError):
        return None


def _facts(files: Any, path: str, found: dict[str, Any]) -> RemoteFacts:
    changed = next((found[key] for key in ("LastModified", "mtime", "updated", "last_modified") if key in found), None)
    if changed is None and "created" in found:
        try:
            changed = files.modified(path)
        except NotImplementedError:
            changed = found["created"]
    return RemoteFacts(int(found.get("size") or 0), version_of(found), _seconds(changed))


def _seconds(changed: Any) -> float:
    if isinstance(changed, str):
        try:
            changed = datetime.fromisoformat(changed)
        except ValueError:
            return 0.0
    return changed.timestamp() if isinstance(changed, datetime) else float(changed or 0)


def sizes_in(folder: RemoteName) -> dict[str, int]:
    """The names of the files in a folder, with their lengths in bytes; empty where it cannot be listed.

    Raises
    ------
    OpError
        The file system cannot be asked.
    """
    files, path = remote_file_system(str.__str__(folder))
    try:
        with refusals(folder, doing="list"):
            files.invalidate_cache(path)
            found = files.ls(path, detail=True)
    except (NotFoundError, PermissionDeniedError):
        return {}
    return {
        str(each["name"]).rstrip("/").rpartition("/")[2]: int(each.get("size") or 0)
        for each in found
        if each.get("type") != "directory"
    }


def remove_file(name: RemoteName) -> None:
    """Remove a file; a missing one is ignored.

    Raises
    ------
    OpError
        The file system refuses.
    """
    files, path = remote_file_system(str.__str__(name))
    try:
        with refusals(name, doing="remove"):
            files.rm_file(path)
            _forget(files, path)
    except NotFoundError:
        return


def _forget(files: Any, path: str) -> None:
    """Let the file system ask again what is in a folder: another program may have changed it."""
    files.invalidate_cache(files._parent(path))
