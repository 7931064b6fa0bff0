"""Reading an untrusted file in a child process first, within limits of time and memory.

A sealed file does not need this: every byte that the HDF5 library walks has been checked. A file without a seal has no
such check. With the limit `probe_seconds` it is first read completely in a child process. The caller reads it only if
the child ended normally or with a clean error.
"""

from __future__ import annotations

import os
import subprocess
import sys

from hdfsaver import limits
from hdfsaver.errors import DataLossError, InvalidArgumentError
from hdfsaver.files.remote.names import RemoteName

_MEMORY = 2**31
"""Bytes of address space for the child, in addition to twice the bytes that the file may declare."""


def try_out(path: str | os.PathLike[str], size: int, group: str, task: str = "read") -> None:
    """Read a file in a child process, if the limit `probe_seconds` is set.

    Parameters
    ----------
    path : path-like
        The file.
    size : int
        Its length in bytes, which bounds the memory of the child.
    group : str
        The group of the model to read.
    task : str
        ``"reseal"`` also copies the content of other programs, in memory.

    Raises
    ------
    DataLossError
        The child did not end normally, or not in time.
    """
    allowed = limits.get()
    if not allowed.probe_seconds:
        return
    if isinstance(path, RemoteName):
        raise InvalidArgumentError(
            None,
            None,
            "it has no seal, and with the limit `probe_seconds` such a file must be on this machine: copy it.",
        )
    declared = max(allowed.declared_bytes, allowed.declared_ratio * size)
    command = [
        sys.executable,
        "-m",
        "hdfsaver.storage.probe_main",
        os.fspath(path),
        group,
        str(_MEMORY + 2 * declared),
        task,
    ]
    try:
        child = subprocess.run(  # noqa: S603 - this package's own module, and no shell
            command, check=False, capture_output=True, stdin=subprocess.DEVNULL, timeout=allowed.probe_seconds
        )
    except subprocess.TimeoutExpired:
        raise _refused(f"a child process did not read it within {allowed.probe_seconds} s") from None
    if child.returncode:
        raise _refused(f"a child process that read it ended with status {child.returncode}")


def _refused(what: str) -> DataLossError:
    return DataLossError(None, None, f"{what}. The file is damaged or malicious; it is not read.")
