"""Writing a file from its beginning to its end, on this machine or behind a URL; it is there when it is whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, cast

from hdfsaver.files.atomic_write import atomic_write, write_atomically
from hdfsaver.files.remote.names import RemoteName
from hdfsaver.files.remote.uploads import upload


@contextmanager
def whole_file(path: str | os.PathLike[str], nbytes: int = 0, *, durable: bool = True) -> Iterator[IO[bytes]]:
    """Replace a file by what is written in the block, when the block ends without an exception.

    Parameters
    ----------
    path : path-like or RemoteName
        The file.
    nbytes : int
        How many bytes will be written, 0 if that is unknown: for messages, and for the parts of an upload.
    durable : bool
        Return only when a file of this machine is on the disk.

    Yields
    ------
    binary file
        A remote one cannot seek.

    Raises
    ------
    OpError
        See `hdfsaver.files.atomic_write.atomic_write` and `hdfsaver.files.remote.uploads.upload`.
    """
    if isinstance(path, RemoteName):
        with upload(path, nbytes) as sent:
            yield cast("IO[bytes]", sent)
        return
    with atomic_write(path, durable=durable) as draft, open(draft.fd, "wb", closefd=False) as file:
        draft.size = nbytes
        yield file


def write_whole(path: str | os.PathLike[str], data: bytes, *, durable: bool = True, sweep: bool = True) -> None:
    """Replace a file, which may be remote, by bytes.

    Parameters
    ----------
    path, durable, sweep
        See `hdfsaver.files.atomic_write.atomic_write`.
    data : bytes
        The new content.

    Raises
    ------
    OpError
        See `whole_file`.
    """
    if isinstance(path, RemoteName):
        with upload(path, len(data)) as file:
            file.write(data)
    else:
        write_atomically(path, data, durable=durable, sweep=sweep)
