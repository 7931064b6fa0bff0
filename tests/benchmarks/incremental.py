"""What an incremental save costs: ``python -m tests.benchmarks.incremental [FILE_SYSTEM ...]``, as root, on Linux.

XFS and Btrfs, or those that are named, are made in files of a temporary folder (``TMPDIR``) and mounted there. Each
line compares saves of one Saver with ``incremental=True`` and of one without, turn and turn about: the median time of a
save, and the blocks that it has taken from the file system. The files of each turn are compared, byte for byte. The
values are those of a session, or arrays of a dict, whose bytes are compared in each save.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

import hdfsaver as tf
from tests.loop_mounts import kinds_of, mounted

ROUNDS = 5

SHAPE = (640, 1024)
COUNT = 100
"""Variables of 2.5 MiB, 250 MiB in all."""

SHARES = (1, 5, 100)
"""Per cent of the variables that change from save to save."""


def used(folder: Path) -> int:
    """Bytes that the file system of a folder has given out, when all is written."""
    subprocess.run(["sync", "-f", str(folder)], check=True)
    found = os.statvfs(folder)
    return (found.f_blocks - found.f_bfree) * found.f_frsize


def saved(saver: tf.train.Saver, sess: Any, folder: Path, step: int) -> tuple[float, int]:
    """The seconds of a save, and the bytes that it has taken."""
    before, began = used(folder), time.perf_counter()
    saver.save(sess, folder / "m", global_step=step)
    seconds = time.perf_counter() - began
    return seconds, used(folder) - before


def is_same(*paths: Path) -> bool:
    """Whether two files have the same bytes."""
    return subprocess.run(["cmp", "-s", *map(str, paths)], check=False).returncode == 0


Change: TypeAlias = "Callable[[Sequence[int]], object]"


def arrays() -> tuple[Any, Any, Change]:
    """A dict of arrays; no session; and what changes some of them."""
    generator = np.random.default_rng(0)
    made = {f"layer{number}/kernel": generator.standard_normal(SHAPE, np.float32) for number in range(COUNT)}

    def change(numbers: Sequence[int]) -> None:
        for number in numbers:
            made[f"layer{number}/kernel"] += 1

    return made, None, change


def variables() -> tuple[Any, Any, Change]:
    """The variables of a graph; their session; and what changes some of them."""
    with tf.Graph().as_default():
        normal = tf.random_normal_initializer(seed=1)
        made = [tf.get_variable(f"layer{number}/kernel", SHAPE, initializer=normal) for number in range(COUNT)]
        add = [tf.assign_add(each, tf.ones(SHAPE)).op for each in made]
        sess = tf.Session()
        sess.run(tf.global_variables_initializer())
    return made, sess, lambda numbers: sess.run([add[number] for number in numbers])


def compare(folder: Path, values: tuple[Any, Any, Change], share: int) -> str:
    """Measure saves of which a share of the variables has changed."""
    generator, (made, sess, change) = np.random.default_rng(share), values
    folders = {incremental: folder / f"{share}-{incremental}" for incremental in (True, False)}
    savers = {incremental: tf.train.Saver(made, incremental=incremental, max_to_keep=None) for incremental in folders}
    for incremental, place in folders.items():
        place.mkdir()
        savers[incremental].save(sess, place / "m", global_step=0)
    measured: dict[bool, list[tuple[float, int]]] = {True: [], False: []}
    for step in range(1, ROUNDS + 1):
        change(generator.choice(COUNT, share * COUNT // 100, replace=False).tolist())
        for incremental, saver in savers.items():
            measured[incremental].append(saved(saver, sess, folders[incremental], step))
        if not is_same(*(place / f"m-{step}.h5" for place in folders.values())):
            sys.exit(f"After {share} % have changed the incremental file differs from the full one.")
    for place in folders.values():
        shutil.rmtree(place)
    (seconds, nbytes), (full_seconds, full_nbytes) = (
        (statistics.median(column) for column in zip(*measured[incremental], strict=True))
        for incremental in (True, False)
    )
    return (
        f"{share:>3} % changed  {seconds * 1e3:6.0f} ms {nbytes / 2**20:6.1f} MiB   "
        f"in full {full_seconds * 1e3:6.0f} ms {full_nbytes / 2**20:6.1f} MiB   "
        f"{seconds / full_seconds:6.1%} of the time, {nbytes / full_nbytes:6.1%} of the disk"
    )


def main(kinds: list[str]) -> None:
    """Measure on each file system."""
    with tempfile.TemporaryDirectory() as name:
        for kind in kinds:
            with mounted(kind, Path(name)) as mount:
                for make in (variables, arrays):
                    print(f"{kind}, {make.__name__}", flush=True)
                    values = make()
                    for share in SHARES:
                        print(" ", compare(mount.folder, values, share), flush=True)


if __name__ == "__main__":
    main(kinds_of(sys.argv[1:]))
