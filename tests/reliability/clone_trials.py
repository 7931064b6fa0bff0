"""Programs that save incrementally on real file systems, and are killed: see `main`.

    python -m tests.reliability.clone_trials [FILE_SYSTEM ...]

as root, on Linux. XFS and Btrfs, or those that are named, are made in files of a temporary folder (``TMPDIR``). A trial
is a program that saves again and again until it is killed at a random moment. On XFS there are trials as well in which
the whole file system is shut down at that moment, as by a power loss: all that was not synchronized is lost, and it is
mounted again. Then every checkpoint that the state file lists must have the values of its step, every byte is compared
with its digest, and the newest is the last one that `save` had returned, or the one after it.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

import hdfsaver as tf
from tests.loop_mounts import Mount, kinds_of, mounted

ROOT = Path(__file__).parents[2]

TRIALS = 20
COUNT = 40
CHANGED = 3
SHAPE = (100, 1000)
"""Values of 400 kB, and how many of them change from step to step."""


def state(step: int) -> dict[str, npt.NDArray[np.float32]]:
    """The values of a step: those of the step before, of which some have changed."""
    last = [0] * COUNT
    for each in range(1, step + 1):
        for number in random.Random(each).sample(range(COUNT), CHANGED):  # noqa: S311, no secrets here
            last[number] = each
    return {f"v{number}": np.full(SHAPE, number + value / 1024, np.float32) for number, value in enumerate(last)}


def save_for_ever(folder: Path, first: int) -> None:
    """Save step after step, with a line for each save that has returned, until something ends it."""
    values = state(first)
    saver = tf.train.Saver(values, incremental=True, max_to_keep=4, resume_rotation=True, save_relative_paths=True)
    step = first
    while True:
        saver.save(None, folder / "m", global_step=step)
        _say(step)
        step += 1
        for name, value in state(step).items():
            values[name][...] = value


def check(folder: Path, promised: int) -> int:
    """Every listed checkpoint is complete, and the newest is the promised one or the next; returns its step."""
    listed = tf.train.get_checkpoint_state(folder).all_model_checkpoint_paths
    steps = [int(prefix.rpartition("-")[2]) for prefix in listed]
    for prefix, step in zip(listed, steps, strict=True):
        with tf.open_file(f"{prefix}.h5") as file:
            file.verify()
            for name, value in state(step).items():
                assert np.array_equal(value, file.read(name)), f"{prefix}: {name}"
    assert steps[-1] in (promised, promised + 1), f"{steps} where {promised} was promised"
    return steps[-1]


def trial(mount: Mount, first: int, seconds: float, is_shut_down: bool) -> int:
    """Let a program save from a step on, end it, and look at what there is; returns the newest step."""
    command = [sys.executable, "-m", "tests.reliability.clone_trials", "--save", str(mount.folder), str(first)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=dict(os.environ)
    ) as program:
        assert program.stdout is not None
        printed = [int(program.stdout.readline()) for _ in range(2)]
        time.sleep(seconds)
        # Stopped first: a `save` that returned after the moment of a power loss would have promised nothing.
        program.send_signal(signal.SIGSTOP)
        if is_shut_down:
            subprocess.run(["xfs_io", "-x", "-c", "shutdown", str(mount.folder)], check=True)
        program.kill()
        out, err = program.communicate()
        printed += map(int, out.split())
        assert is_shut_down or "written in full" not in err, err
    if is_shut_down:
        remount(mount)
    drafts = [name for name in os.listdir(mount.folder) if name.startswith(".")]
    assert len(drafts) <= 1, drafts
    return check(mount.folder, printed[-1])


def remount(mount: Mount) -> None:
    """Mount a file system anew; where the system still has the one that was shut down, a little later."""
    for _ in range(20):
        mount.unmount()
        time.sleep(0.3)
        mount.mount()
        try:
            os.listdir(mount.folder)
        except OSError:
            continue
        return
    sys.exit(f"{mount.folder} cannot be mounted again.")


def _say(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def main(kinds: list[str]) -> None:
    """Run the trials of each file system."""
    generator = random.Random(0)  # noqa: S311, no secrets here
    with tempfile.TemporaryDirectory() as name:
        for kind in kinds:
            ways = [False, True] if kind == "xfs" and shutil.which("xfs_io") else [False]
            with mounted(kind, Path(name)) as mount:
                for is_shut_down in ways:
                    step = 0
                    for _ in range(TRIALS):
                        step = trial(mount, step + 1, generator.uniform(0, 0.3), is_shut_down)
                    how = "shut down" if is_shut_down else "killed"
                    _say(f"{kind}: {TRIALS} programs were {how}, {step} steps; nothing was lost")
                    for path in mount.folder.iterdir():
                        path.unlink()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--save"]:
        save_for_ever(Path(sys.argv[2]), int(sys.argv[3]))
    main(kinds_of(sys.argv[1:]))
