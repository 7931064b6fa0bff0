"""The names of remote files and file objects, which only a program can make: text in a file never becomes one."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, SupportsIndex

from hdfsaver.errors import NotFoundError, OpError
from hdfsaver.files.readable import PositionalFile, Readable, shared
from hdfsaver.files.remote.file_objects import is_file_object, readable_of
from hdfsaver.files.schemes import is_url


class RemoteName(str):
    """A URL that a program gave, or a name made of one; or the name of a file object.

    Functions that open files take any other str for a path of this machine, also if it looks like a URL. A remote name
    with something behind it, or without its ending, is a remote name again.
    """

    __slots__ = ("held",)

    held: _Held | None

    def __new__(cls, text: str, held: _Held | None = None) -> RemoteName:
        """Make a name; ``held`` is a file object that bears it."""
        name = super().__new__(cls, text)
        name.held = held
        return name

    @property
    def may_be_prefix(self) -> bool:
        """Whether names of other files can be made of it: not of a file object, nor of a URL with a query."""
        return self.held is None and "?" not in self and "#" not in self

    def __add__(self, other: str) -> RemoteName:
        return RemoteName(str.__add__(self, other))

    def removesuffix(self, suffix: str, /) -> RemoteName:
        """The name without an ending."""
        return self if not self.endswith(suffix) else RemoteName(str.removesuffix(self, suffix), self.held)

    def __getitem__(self, key: SupportsIndex | slice) -> str:
        return str.__getitem__(self, key)

    def __reduce__(self) -> tuple[Any, ...]:
        return str, (str.__str__(self),)  # a file object stays in its process


class _Held:
    """A descriptor or object that reads a file object; it is closed when no name has it any more."""

    def __init__(self, readable: Readable) -> None:
        self.readable = readable
        self._end = weakref.finalize(self, _end, readable)


def _end(readable: Readable) -> None:
    if isinstance(readable, int):
        os.close(readable)
    else:
        readable.close()


def named(path: object) -> RemoteName | None:
    """The name of a URL or of a file object; None for a path of this machine."""
    if isinstance(path, RemoteName):
        return path
    if is_file_object(path):
        readable, shown = readable_of(path)
        return RemoteName(shown, _Held(readable))
    text = os.fsdecode(path) if isinstance(path, str | bytes) else None
    if text is None or not is_url(text) or text.startswith("file://"):
        return None
    return RemoteName(text)


_given: set[str] = set()
"""The URLs that this program has given to operations of its graphs."""


def give(name: str) -> None:
    """Let operations of this program's graphs read a URL, whose text is in the graph; a graph of a file cannot."""
    if isinstance(name, RemoteName) and name.held is None:
        _given.add(str.__str__(name))


def given(text: str) -> RemoteName | None:
    """The name that `give` was called with; None for any other text."""
    return RemoteName(text) if text in _given else None


def is_remote(path: object) -> bool:
    """Whether a path is a `RemoteName` of a file that is not a file of this machine."""
    return isinstance(path, RemoteName) and (path.held is None or not isinstance(path.held.readable, int))


def beside(path: str, name: str) -> str:
    """The path of a file in a folder, which may be remote."""
    if isinstance(path, RemoteName):
        return RemoteName(f"{path.rstrip('/')}/{name}")
    return os.path.join(path, name)


def folder_and_name(path: str) -> tuple[str, str]:
    """The folder of a path, which may be remote, and the name in it."""
    if isinstance(path, RemoteName):
        folder, _, name = path.rpartition("/")
        return RemoteName(folder), name
    return os.path.split(path)


def title_of(path: str) -> str:
    """The last part of a path, as the name of what the file holds: of a URL without its query."""
    if not isinstance(path, RemoteName):
        return os.path.basename(path)
    if path.held is None:
        return path.partition("?")[0].rstrip("/").rpartition("/")[2]
    return os.path.basename(path.partition("'")[2].rpartition("'")[0]) or "array"


# -- opening -----------------------------------------------------------------------------------------------------------


@dataclass
class _Opened:
    """The files that one call has opened, and the errors of those that it could not open."""

    files: dict[str, PositionalFile | OpError] = field(default_factory=dict)
    pool: Any = None


_opened: ContextVar[_Opened | None] = ContextVar("hdfsaver_opened", default=None)


@contextmanager
def sharing() -> Iterator[None]:
    """Within the block a remote file is opened once, however often its name is looked for; connections are shared."""
    if _opened.get() is not None:
        yield
        return
    found = _Opened()
    token = _opened.set(found)
    try:
        yield
    finally:
        _opened.reset(token)
        for file in found.files.values():
            if isinstance(file, PositionalFile):
                file.close()
        if found.pool is not None:
            found.pool.close()


def open_remote(name: RemoteName) -> Readable:
    """Open a remote file; the caller closes it.

    Raises
    ------
    OpError
        It is not there, or cannot be read.
    """
    if name.held is not None:
        return shared(name.held.readable)
    memory = _opened.get()
    if memory is None:
        with sharing():
            return open_remote(name)
    found = memory.files.get(name)
    if found is None:
        try:
            found = memory.files[name] = _open(name, memory)
        except NotFoundError as error:
            found = memory.files[name] = error
    if isinstance(found, OpError):
        raise type(found)(None, None, found.message, found.error_code)
    return found.share()


def _open(name: RemoteName, memory: _Opened) -> PositionalFile:
    url = str.__str__(name)
    # Imported here, because a program that reads local files needs neither.
    if url.partition("://")[0].lower() in ("http", "https"):
        from hdfsaver.files.remote.http_exchange import Pool
        from hdfsaver.files.remote.http_files import HttpFile

        memory.pool = memory.pool or Pool()
        return HttpFile(url, memory.pool)
    from hdfsaver.files.remote.fsspec_files import FsspecFile

    return FsspecFile(url)
