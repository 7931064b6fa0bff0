"""The main program of the child process of `hdfsaver.storage.child_probe`: read all of a file."""

from __future__ import annotations

import sys
from contextlib import suppress

from hdfsaver import limits
from hdfsaver.errors import OpError
from hdfsaver.storage.reading import open_file
from hdfsaver.storage.resealing import rehearse


def main(path: str, group: str, memory: str, task: str) -> None:
    """Read everything in a file; an error of this package, and a missing codec, count as a normal end.

    After such an error the other elements are read, as the caller may read them too.

    Parameters
    ----------
    path : str
        The file.
    group : str
        The group of the model to read.
    memory : str
        The limit for the address space in bytes, as decimal digits.
    task : str
        ``"read"`` or ``"reseal"``.
    """
    _limit_memory(int(memory))
    if task == "reseal":
        with suppress(OpError, MemoryError), limits.use(probe_seconds=0):
            rehearse(path)
        return
    with suppress(OpError), limits.use(probe_seconds=0), open_file(path, group) as file:
        for read in (file.structure, file.metadata, file.groups):
            with suppress(OpError):
                read()
        for name in file.variables:
            with suppress(OpError, ImportError):
                file.read(name)


def _limit_memory(nbytes: int) -> None:
    with suppress(ImportError, OSError, ValueError):  # Windows has no such limits, and macOS does not keep them
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (nbytes, nbytes))


if __name__ == "__main__":
    main(*sys.argv[1:])
