"""File systems whose files can share blocks, each in a file of a temporary folder: for scripts, as root, on Linux."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MAKE = {"xfs": ["mkfs.xfs", "-q"], "btrfs": ["mkfs.btrfs", "-q"]}

SIZE = 6 << 30
"""Bytes of a file system; its file takes only those that were written."""


class Mount:
    """A new file system in a file.

    Attributes
    ----------
    folder : pathlib.Path
        Its root, while it is mounted.
    """

    def __init__(self, kind: str, below: Path) -> None:
        needed = (MAKE[kind][0], "mount", "umount")
        if not hasattr(os, "geteuid") or os.geteuid() or any(shutil.which(tool) is None for tool in needed):
            sys.exit(f"A new {kind} is mounted by root, with {', '.join(needed)}.")
        self._image, self.folder = below / f"{kind}.img", below / kind
        with self._image.open("wb") as file:
            file.truncate(SIZE)
        self.folder.mkdir()
        _run(*MAKE[kind], str(self._image))

    def mount(self) -> None:
        """Mount it; `SystemExit` where that cannot be done."""
        _run("mount", "-o", "loop", str(self._image), str(self.folder))

    def unmount(self) -> None:
        """Unmount it."""
        _run("umount", str(self.folder))


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stderr.strip()}")


@contextmanager
def mounted(kind: str, below: Path) -> Iterator[Mount]:
    """Mount a new file system for a while."""
    mount = Mount(kind, below)
    mount.mount()
    try:
        yield mount
    finally:
        mount.unmount()


def kinds_of(words: list[str]) -> list[str]:
    """The file systems that a command names, or all of them; `SystemExit` for another word."""
    unknown = [word for word in words if word not in MAKE]
    if unknown:
        sys.exit(f"Not known: {', '.join(unknown)}. There are {', '.join(MAKE)}.")
    return words or list(MAKE)
