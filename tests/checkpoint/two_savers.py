"""A program that saves steps under one prefix as fast as it can; the test of savers side by side runs several of it.

Arguments: folder, name (what is saved is its number), prefix, how many steps, how many checkpoints to keep.
"""

from __future__ import annotations

import sys
from pathlib import Path

import hdfsaver as tf


def save_steps(folder: Path, value: float, prefix: str, steps: int, keep: int) -> list[str]:
    """Save steps 1, 2, ..., and give back what the Saver lists in the end."""
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.Variable(tf.fill([2000], value), name="v")
        saver = tf.train.Saver(max_to_keep=keep)
        sess.run(tf.global_variables_initializer())
        for step in range(1, steps + 1):
            saver.save(sess, folder / prefix, global_step=step, durable=False)
        return saver.last_checkpoints


if __name__ == "__main__":
    print("ready", flush=True)  # noqa: T201, says that the slow imports are over
    sys.stdin.readline()
    save_steps(Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
