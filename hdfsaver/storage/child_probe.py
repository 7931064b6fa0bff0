"""Trying a file of a stranger in a process of its own first, which may crash or hang without harm to the caller.

A sealed file needs no such thing: every byte that the HDF5 library walks has been checked. In a file without a seal
nothing has, and the library crashes on some malicious structures, and never comes back from others. With the limit
`probe_seconds` such a file is read whole in a child process; only when that has ended well, or with a clean error,
does the caller's process look at it.
"""

from __future__ import annotations

import os
import subprocess
import sys

from hdfsaver import limits
from hdfsaver.errors import DataLossError

_MEMORY = 2**31
"""Bytes of address space for the child, beside twice what the file may declare."""


def try_out(path: str | os.PathLike[str], size: int, group: str) -> None:
    """Read a file in a child process, if the limits ask for it.

    Raises
    ------
    DataLossError
        The child crashed, or was not done in time.
    """
    allowed = limits.get()
    if not allowed.probe_seconds:
        return
    declared = max(allowed.declared_bytes, allowed.declared_ratio * size)
    command = [
        sys.executable,
        "-m",
        "hdfsaver.storage.probe_main",
        os.fspath(path),
        group,
        str(_MEMORY + 2 * declared),
    ]
    try:
        child = subprocess.run(  # noqa: S603 - this package's own module, and no shell
            command, check=False, capture_output=True, stdin=subprocess.DEVNULL, timeout=allowed.probe_seconds
        )
    except subprocess.TimeoutExpired:
        raise _harmful(f"the HDF5 library was not done with it within {allowed.probe_seconds} s") from None
    if child.returncode:
        raise _harmful(f"reading it ended the process that tried, with status {child.returncode}")


def _harmful(what: str) -> DataLossError:
    return DataLossError(None, None, f"{what}. The file is damaged or was made to do harm; it is not read.")
