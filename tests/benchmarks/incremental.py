"""What an incremental save costs: ``python tests/benchmarks/incremental.py [FILE_SYSTEM ...]``, as root, on Linux.

XFS and Btrfs, or those that are named, are made in files of a temporary folder and mounted there. Each line compares
saves of one Saver with ``incremental=True`` and of one without, turn and turn about: the median time of a save, and the
blocks that a save has taken from the file system. The bytes of the two files of each turn are compared.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

import hdfsaver as tf

ROUNDS = 7

MAKE = {"xfs": ["mkfs.xfs", "-q"], "btrfs": ["mkfs.btrfs", "-q"]}

SIZE = 6 << 30
"""Bytes of a file system; the file of it has only what was written."""

SHAPE = (640, 1024)
COUNT = 100
"""Variables of 2.5 MiB, 250 MiB in all."""

SHARES = (0, 1, 5, 25, 50, 100)
"""Per cent of the variables that change from save to save."""


@contextmanager
def mounted(kind: str, folder: Path, size: int = SIZE) -> Iterator[Path]:
    """A new file system in a file, mounted below a folder; `SystemExit` where that cannot be done."""
    image, place = folder / f"{kind}.img", folder / kind
    missing = [tool for tool in (MAKE[kind][0], "mount", "umount") if shutil.which(tool) is None]
    if missing or not hasattr(os, "geteuid") or os.geteuid():
        sys.exit(f"Mounting {kind} needs root and {', '.join((MAKE[kind][0], 'mount', 'umount'))}.")
    with image.open("wb") as file:
        file.truncate(size)
    place.mkdir()
    for command in ([*MAKE[kind], str(image)], ["mount", "-o", "loop", str(image), str(place)]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{' '.join(command)}: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)
        image.unlink()


def used(folder: Path) -> int:
    """Bytes that the file system of a folder has given out, when all is written."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        subprocess.run(["sync", "-f", str(folder)], check=True)
        found = os.fstatvfs(fd)
    finally:
        os.close(fd)
    return (found.f_blocks - found.f_bfree) * found.f_frsize


def saved(saver: tf.train.Saver, folder: Path, step: int) -> tuple[float, int]:
    """The seconds of a save, and the bytes that it has taken."""
    before, began = used(folder), time.perf_counter()
    saver.save(None, folder / "m", global_step=step)
    seconds = time.perf_counter() - began
    return seconds, used(folder) - before


def is_same(*paths: Path) -> bool:
    """Whether two files have the same bytes."""
    return subprocess.run(["cmp", "-s", *map(str, paths)], check=False).returncode == 0


def compare(folder: Path, share: int) -> None:
    """Measure saves of which a share of the variables has changed, and print a line."""
    generator = np.random.default_rng(0)
    variables = {f"layer{number}/kernel": generator.standard_normal(SHAPE, np.float32) for number in range(COUNT)}
    folders = {incremental: folder / f"{share}-{incremental}" for incremental in (True, False)}
    savers = {}
    for incremental, place in folders.items():
        place.mkdir()
        savers[incremental] = tf.train.Saver(variables, incremental=incremental, max_to_keep=None)
        savers[incremental].save(None, place / "m", global_step=0)
    measured: dict[bool, list[tuple[float, int]]] = {True: [], False: []}
    for step in range(1, ROUNDS + 1):
        for number in generator.choice(COUNT, share * COUNT // 100, replace=False):
            variables[f"layer{number}/kernel"] += 1
        for incremental, saver in savers.items():
            measured[incremental].append(saved(saver, folders[incremental], step))
        if not is_same(*(place / f"m-{step}.h5" for place in folders.values())):
            sys.exit(f"After {share} % have changed the incremental file differs from the full one.")
    (seconds, nbytes), (full_seconds, full_nbytes) = (
        (statistics.median(column) for column in zip(*measured[incremental], strict=True))
        for incremental in (True, False)
    )
    print(
        f"  {share:>3} % changed   {seconds * 1e3:6.1f} ms, {nbytes / 2**20:6.1f} MiB   "
        f"in full {full_seconds * 1e3:7.1f} ms, {full_nbytes / 2**20:6.1f} MiB   "
        f"{seconds / full_seconds:5.1%} of the time, {nbytes / full_nbytes:5.1%} of the disk",
        flush=True,
    )
    for place in folders.values():
        shutil.rmtree(place)


def main(kinds: list[str]) -> None:
    """Measure on each file system."""
    unknown = [kind for kind in kinds if kind not in MAKE]
    if unknown:
        sys.exit(f"Not known: {', '.join(unknown)}. There are {', '.join(MAKE)}.")
    with tempfile.TemporaryDirectory() as name:
        for kind in kinds or MAKE:
            with mounted(kind, Path(name)) as folder:
                print(kind)
                for share in SHARES:
                    compare(folder, share)


if __name__ == "__main__":
    main(sys.argv[1:])
