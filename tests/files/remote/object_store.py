"""An object store in memory for fsspec, like that of S3: uploads of several parts, and requests that fail on demand."""

from __future__ import annotations

from typing import Any

from fsspec import register_implementation
from fsspec.asyn import AsyncFileSystem
from fsspec.spec import AbstractBufferedFile, AbstractFileSystem


class Parts(AbstractBufferedFile):
    """An upload of several parts; the object is there when it is committed."""

    def _initiate_upload(self) -> None:
        self.fs.ask("begin", self.path)
        self.fs.uploads[self.path] = []

    def _upload_chunk(self, final: bool = False) -> bool:
        self.fs.ask("part", self.path)
        self.fs.uploads[self.path].append(self.buffer.getvalue())
        self.fs.largest = max(self.fs.largest, len(self.buffer.getvalue()))
        return True

    def commit(self) -> None:
        """Make an object of the parts."""
        self.fs.ask("commit", self.path)
        self.fs.put(self.path, b"".join(self.fs.uploads.pop(self.path)))

    def discard(self) -> None:
        """Remove the parts."""
        self.fs.ask("discard", self.path)
        self.fs.uploads.pop(self.path, None)

    def _fetch_range(self, start: int, end: int) -> bytes:
        return self.fs.objects[self.path][start:end]


class ObjectStore(AsyncFileSystem):
    """The objects, by bucket and key; the bucket ``bucket`` exists.

    Attributes
    ----------
    objects : dict of str to bytes
    uploads : dict of str to list of bytes
        The parts of uploads that have neither become an object nor been removed.
    asked : list of str
        The requests.
    faults : dict of str to Exception
        The error of each kind of request.
    after : int
        The number of requests of a kind that succeed before.
    lost : int
        Bytes that the store loses of each object.
    """

    protocol = "store"
    cachable = True

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.reset()

    def reset(self) -> None:
        """Be empty, and without faults."""
        self.objects: dict[str, bytes] = {}
        self.versions: dict[str, int] = {}
        self.uploads: dict[str, list[bytes]] = {}
        self.asked: list[str] = []
        self.faults: dict[str, BaseException] = {}
        self.after = self.lost = self.largest = 0

    def ask(self, kind: str, path: str) -> None:
        """Make a request, which may fail."""
        if not path.startswith("bucket/"):
            raise FileNotFoundError("The specified bucket does not exist")
        fails = kind in self.faults and self.asked.count(kind) >= self.after
        self.asked.append(kind)
        if fails:
            raise self.faults[kind]

    def put(self, path: str, data: bytes) -> None:
        """Store an object."""
        self.objects[path] = data[: len(data) - self.lost]
        self.versions[path] = self.versions.get(path, 0) + 1

    def pipe_file(self, path: str, value: bytes, **_: Any) -> None:
        """Store an object in one request."""
        self.ask("put", path)
        self.put(path, value)

    def rm_file(self, path: str) -> None:
        """Remove an object."""
        self.ask("remove", path)
        self.objects.pop(path)

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        """Length and version."""
        self.ask("info", path)
        if path not in self.objects:
            raise FileNotFoundError(path)
        return {
            "name": path, "size": len(self.objects[path]), "type": "file",
            "ETag": str(self.versions[path]), "LastModified": f"2026-01-01T00:00:{self.versions[path]:02}+00:00",
        }  # fmt: skip

    def ls(self, path: str, detail: bool = True, **_: Any) -> list[Any]:
        """The objects of a folder."""
        self.ask("list", path)
        names = [name for name in self.objects if name.rpartition("/")[0] == path.rstrip("/")]
        return [self.info(name) for name in names] if detail else names

    def _open(self, path: str, mode: str = "rb", **options: Any) -> Any:
        options.pop("cache_options", None)
        return Parts(self, path, mode, **options)


class ReadOnly(AbstractFileSystem):
    """A file system that is only read."""

    protocol = "readonly"

    def _open(self, path: str, mode: str = "rb", **_: Any) -> Any:
        raise NotImplementedError(mode)


class Lasting(AbstractBufferedFile):
    """A file that can be completed, but not undone."""

    def commit(self) -> None:
        """Do nothing: it was there before."""


class Visible(AbstractFileSystem):
    """A file system that cannot undo what was written."""

    protocol = "visible"

    def _open(self, path: str, mode: str = "rb", **options: Any) -> Any:
        options.pop("cache_options", None)
        return Lasting(self, path, mode, **options)


def store() -> ObjectStore:
    """The object store of the scheme ``store``, empty."""
    for kind in (ObjectStore, ReadOnly, Visible):
        register_implementation(kind.protocol, kind, clobber=True)
    found = ObjectStore()
    found.reset()
    return found
