"""What checkpoints cost a training: ``python tests/benchmarks/training.py [WIDTH ...]``.

The networks are that of ``examples/convolutions.py`` and one with more filters. Ten steps with a checkpoint that is
saved meanwhile (``wait=False``) and ten steps without take turns; the time of the processor, of both threads, is
compared, which says more than the clock on a shared machine. Then whole runs are compared by the clock. The last lines
compare saves themselves, with the state of random operations and without.
"""

from __future__ import annotations

import importlib.util
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hdfsaver as tf

EXAMPLE = Path(__file__).parents[2] / "examples" / "convolutions.py"
EVERY = 10
BLOCKS = 20
RUNS = 3
STEPS = 100


def example() -> Any:
    """The module of the example."""
    spec = importlib.util.spec_from_file_location("convolutions", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def used(clock: Callable[[], float], work: Callable[[], object]) -> float:
    """How much a clock goes on while some work is done."""
    start = clock()
    work()
    return clock() - start


@contextmanager
def training(width: int) -> Iterator[tuple[tf.Session, tf.train.Saver]]:
    """A session that has begun to train."""
    network = example()
    with tf.Graph().as_default(), tf.Session() as sess:
        initializers = network.define(network.digits()[0], width)
        saver = tf.train.Saver()
        sess.run(initializers)
        for _ in range(EVERY):
            sess.run("train")
        yield sess, saver


def steps(sess: tf.Session, count: int, save: Callable[[], object] = tuple) -> None:
    """Train, and save every ten steps."""
    for step in range(1, count + 1):
        sess.run("train")
        if step % EVERY == 0:
            save()


def measure(width: int, folder: str) -> None:
    """Print the ratios of one network."""
    with training(width) as (sess, saver):
        number = iter(range(10**6))

        def save() -> None:
            saver.save(sess, f"{folder}/net", global_step=next(number), wait=False)

        def with_checkpoint() -> None:
            steps(sess, EVERY, save)
            saver.wait()

        with_checkpoint()
        pairs = [
            (used(time.process_time, lambda: steps(sess, EVERY)), used(time.process_time, with_checkpoint))
            for _ in range(BLOCKS)
        ]
        plain, saved = map(statistics.median, zip(*pairs, strict=True))
        least, least_saved = map(min, zip(*pairs, strict=True))
        print(f"width {width}: a step takes {plain / EVERY * 1e3:.1f} ms of the processor")
        print(
            f"  a checkpoint every {EVERY} steps: {saved / plain:.3f} x (medians), {least_saved / least:.3f} x (least)"
        )

        def run(save: Callable[[], object]) -> None:
            steps(sess, STEPS, save)
            saver.wait()

        runs = [
            (used(time.perf_counter, lambda: run(tuple)), used(time.perf_counter, lambda: run(save)))
            for _ in range(RUNS)
        ]
        plain, saved = map(statistics.median, zip(*runs, strict=True))
        print(f"  whole runs by the clock: {saved / plain:.3f} x")

        def saves() -> None:
            for _ in range(EVERY):
                save()
            saver.wait()

        places = sess.state.random.snapshot()
        found = {}
        for label, state in (("with", places), ("without", {}), ("with ", places), ("without ", {})):
            sess.state.random.replace(state)
            save()
            saver.wait()
            found[label.strip()] = min(found.get(label.strip(), 1e9), used(time.process_time, saves))
        ratio = found["with"] / found["without"]
        print(f"  a save takes {found['with'] / EVERY * 1e3:.2f} ms; the state of random operations: {ratio:.3f} x")


def main() -> None:
    """Measure networks of some widths."""
    for width in map(int, sys.argv[1:] or ("32", "96")):
        with tempfile.TemporaryDirectory() as folder:
            measure(width, folder)


if __name__ == "__main__":
    main()
