"""How long the main job takes: ``python tests/benchmarks/main_job.py``.

Prints the time of each part, and its ratio to a yardstick measured in the same run, turn and turn about; on a shared
machine only the ratios mean something.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import hdfsaver as tf
from hdfsaver.checkpoint import meta_graph_files

ROUNDS = 5
CHAIN = 100_000


def seconds(call: Callable[[], object], repeat: int = 1) -> float:
    """The time of one call, over some of them."""
    start = time.perf_counter()
    for _ in range(repeat):
        call()
    return (time.perf_counter() - start) / repeat


def in_turn(*calls: Callable[[], object], repeat: int = 1) -> list[float]:
    """The median time of each call, the calls taking turns."""
    rounds = [[seconds(call, repeat) for call in calls] for _ in range(ROUNDS)]
    return [statistics.median(times) for times in zip(*rounds, strict=True)]


def line(what: str, time_taken: float, yardstick: float, of_what: str) -> None:
    """Print one result."""
    shown = f"{time_taken * 1e6:9.1f} us" if time_taken < 1e-3 else f"{time_taken * 1e3:9.1f} ms"
    print(f"{what:42}{shown}{time_taken / yardstick:9.2f} x {of_what}")


def import_time() -> None:
    """The start of a program, beside the start of one that only needs NumPy."""
    ours, numpy = in_turn(
        lambda: subprocess.run([sys.executable, "-c", "import hdfsaver"], check=True),
        lambda: subprocess.run([sys.executable, "-c", "import numpy"], check=True),
    )
    empty = statistics.median(
        seconds(lambda: subprocess.run([sys.executable, "-c", ""], check=True)) for _ in range(ROUNDS)
    )
    line("import hdfsaver (interpreter deducted)", ours - empty, numpy - empty, "import numpy")


def small_run() -> None:
    """One run of ``a * w + w``, beside the same in plain NumPy."""
    with tf.Graph().as_default(), tf.Session() as sess:
        a, w = tf.Variable([1.0, 2.0], name="a"), tf.Variable([3.0, 4.0], name="w")
        result = a * w + w
        sess.run(tf.global_variables_initializer())
        x, y = np.ones(2, np.float32), np.ones(2, np.float32)
        ours, numpy = in_turn(lambda: sess.run(result), lambda: x * y + y, repeat=2_000)
    line("run of a * w + w", ours, numpy, "NumPy without a graph")


def long_chain(folder: Path) -> None:
    """A chain of operations: made, planned and run, written as a structure and read back."""
    graph = tf.Graph()
    with graph.as_default():
        start = time.perf_counter()
        x = one = tf.constant(1.0)
        for _ in range(CHAIN):
            x = x + one
        made = time.perf_counter() - start
    sess = tf.Session(graph=graph)
    first = seconds(lambda: sess.run(x))
    again = seconds(lambda: sess.run(x))
    line(f"{CHAIN:,} operations made", made, made, "itself")
    line("planned and run", first, made, "making")
    line("run again", again, made, "making")
    path = folder / "chain.h5"
    written = seconds(lambda: tf.train.export_meta_graph(path, graph=graph))
    line(f"written ({path.stat().st_size / 1e6:.1f} MB)", written, made, "making")
    structure_read = seconds(lambda: meta_graph_files.read_nodes(path))
    line("read as a DiGraph", structure_read, made, "making")
    with tf.Graph().as_default():
        imported = seconds(lambda: tf.train.import_meta_graph(path))
    line("imported into an empty graph", imported, made, "making")


def main() -> None:
    """Measure everything."""
    import_time()
    small_run()
    with tempfile.TemporaryDirectory() as folder:
        long_chain(Path(folder))


if __name__ == "__main__":
    main()
