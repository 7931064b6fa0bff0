"""What takes how long beside TensorFlow, in one run: ``python tests/benchmarks/beside_tensorflow.py [FOLDER]``.

Many small variables, large graphs, and what a program pays before it reads its first value. Each line has the medians
of several rounds, in which this package and its yardstick take turns, their ratio, and the ratio that is aimed at. The
yardstick is TensorFlow, or the library that the line names. Large arrays are measured by ``storage.py``.
"""

from __future__ import annotations

import gc
import importlib.util
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import hdfsaver
from hdfsaver.interop.bundle.bundle_writing import write_bundle
from hdfsaver.interop.bundle.open_tensorflow import open_bundle

ROUNDS = 7

VARIABLES = 10_000
"""Of 16 floats each."""

NODES = 100_000

TENSORS = 2_000
"""In a bundle, of 64 floats each."""

MEGABYTES = 256
"""Of a file for `load_file`, in 64 arrays."""


CLOCK = time.perf_counter
"""On a machine that others use, `time.process_time` tells more: the processor time of all threads."""


class Line(NamedTuple):
    """Two ways to do one thing.

    Attributes
    ----------
    what : str
    ours, theirs : callable
        Called turn by turn; ``theirs`` is None where TensorFlow is not installed. A callable that returns a number
        has measured itself.
    bar : str
        What is aimed at.
    rounds : int
    """

    what: str
    ours: Callable[[], object]
    theirs: Callable[[], object] | None
    bar: str = "1.50"
    rounds: int = ROUNDS


def tensorflow() -> Any:
    """TensorFlow's version 1, or None where it is not installed."""
    if importlib.util.find_spec("tensorflow") is None:
        return None
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow.compat.v1 as tf  # type: ignore[import-untyped,import-not-found,unused-ignore]

    tf.logging.set_verbosity(tf.logging.ERROR)
    tf.disable_v2_behavior()
    tf.disable_resource_variables()
    return tf


# --- sessions with many variables -------------------------------------------------------------------------------------


def session_of(tf: Any, number_of: int) -> Any:
    """A session with that many initialized variables."""
    with tf.Graph().as_default():
        feed = tf.placeholder(tf.float32, [16])
        variables = [tf.Variable(feed, name=f"layer{number}/w") for number in range(number_of)]
        session = tf.Session()
        session.run(tf.variables_initializer(variables), {feed: np.arange(16, dtype=np.float32)})
    return session


class Program:
    """A program for TensorFlow 1 that saves and restores, written for any ``tf``."""

    def __init__(self, tf: Any, prefix: str) -> None:
        self.tf, self.prefix = tf, prefix
        self.session = session_of(tf, VARIABLES)
        self.saver = self._saver()
        self.save()
        self.reader = tf.train.NewCheckpointReader(prefix)
        self.names = sorted(self.reader.get_variable_to_shape_map())
        np.random.default_rng(0).shuffle(self.names)

    def _saver(self) -> Any:
        with self.session.graph.as_default():
            return self.tf.train.Saver(max_to_keep=0)

    def first_save(self) -> float:
        """Save with a new Saver, which knows nothing; making it, which is 35 times as fast here, is not counted."""
        saver = self._saver()
        start = CLOCK()
        saver.save(self.session, f"{self.prefix}-first", write_meta_graph=False, write_state=False)
        return CLOCK() - start

    def save(self) -> None:
        """Save again, without the graph."""
        self.saver.save(self.session, self.prefix, write_meta_graph=False, write_state=False)

    def restore(self) -> None:
        """Bring all values back."""
        self.saver.restore(self.session, self.prefix)

    def read_all(self) -> None:
        """Open the checkpoint, and read every variable by its name."""
        reader = self.tf.train.NewCheckpointReader(self.prefix)
        for name in self.names:
            reader.get_tensor(name)

    def read_one(self) -> float:
        """The time of reading one variable from an open reader, in no order."""
        start = CLOCK()
        for name in self.names[:1000]:
            self.reader.get_tensor(name)
        return (CLOCK() - start) / 1000

    def list_variables(self) -> None:
        """Names and shapes."""
        self.tf.train.list_variables(self.prefix)


def many_variables(tf: Any, folder: Path) -> Iterator[Line]:
    """Lines about a checkpoint of 10,000 small variables."""
    ours = Program(hdfsaver, str(folder / "ours"))
    theirs = None if tf is None else Program(tf, str(folder / "theirs"))
    for what, job, bar in (
        ("NewCheckpointReader and get_tensor of each", Program.read_all, "1.50"),
        ("get_tensor of one, in no order", Program.read_one, "1.50"),
        ("Saver.restore", Program.restore, "1.50"),
        ("list_variables", Program.list_variables, "1.50"),
        ("the first save, without graph", Program.first_save, ""),
        ("a later save, without graph", Program.save, "1.50"),
    ):
        rounds = 1 if job is Program.first_save else ROUNDS  # making a Saver takes TensorFlow seconds
        yield Line(what, partial(job, ours), theirs and partial(job, theirs), bar, rounds)


# --- graphs -----------------------------------------------------------------------------------------------------------


def graph_of(tf: Any, operations: int) -> Any:
    """A graph of that many operations, as layers have them."""
    with tf.Graph().as_default() as graph:
        found = tf.placeholder(tf.float32, [None, 4], name="x")
        for number in range(operations // 10):
            with tf.name_scope(f"layer_{number}"):
                kernel = tf.constant(np.eye(4, dtype=np.float32), name="kernel")
                bias = tf.constant([0.0] * 4, name="bias")
                product = tf.add(tf.matmul(found, kernel), bias)
                gate, shape = tf.sigmoid(product), tf.shape(product)
                found = tf.reshape(tf.nn.relu(tf.multiply(product, gate)), tf.identity(shape))
    return graph


def graphs(tf: Any) -> Iterator[Line]:
    """Lines about a graph of 100,000 operations."""
    ours, theirs = graph_of(hdfsaver, NODES), None if tf is None else graph_of(tf, NODES)
    yield Line(
        "export_meta_graph of 100,000 operations",
        partial(hdfsaver.train.export_meta_graph, graph=ours),
        theirs and partial(tf.train.export_meta_graph, graph=theirs),
        rounds=3,
    )


# --- bundles ----------------------------------------------------------------------------------------------------------


def bundles(tf: Any, folder: Path) -> Iterator[Line]:
    """Lines about TensorFlow's own checkpoints, which this package reads and writes."""
    rng = np.random.default_rng(0)
    values = {f"layer_{number}/bias": rng.standard_normal(64, dtype=np.float32) for number in range(TENSORS)}
    read, numbers = str(folder / "read"), count()
    write_bundle(read, values)

    def write_ours() -> None:
        write_bundle(f"{folder}/ours-{next(numbers)}", values, durable=False)

    def read_ours() -> None:
        with open_bundle(read) as file:
            file.read_many(file.variables)

    save, restore = (None, None) if tf is None else _tensorflow_bundles(tf, f"{folder}/theirs-", read, values)
    yield Line("a bundle of 2,000 tensors, written", write_ours, save)
    yield Line("a bundle of 2,000 tensors, read", read_ours, restore)


def _tensorflow_bundles(tf: Any, written: str, read: str, values: dict[str, Any]) -> tuple[Callable[[], object], ...]:
    """Writing and reading by TensorFlow's operations, in a session that has run them; it has values in its memory."""
    names, dtypes = sorted(values), [values[name].dtype for name in sorted(values)]
    with tf.Graph().as_default():
        session = tf.Session()
        held = [tf.Variable(values[name]) for name in names]
        session.run(tf.global_variables_initializer())
        whole = [""] * len(names)
        prefix = tf.placeholder(tf.string, [])
        save = tf.raw_ops.SaveV2(prefix=prefix, tensor_names=names, shape_and_slices=whole, tensors=held)
        loaded = tf.raw_ops.RestoreV2(prefix=read, tensor_names=names, shape_and_slices=whole, dtypes=dtypes)
        restore = tf.group(*loaded)
    numbers = count()
    return lambda: session.run(save, {prefix: f"{written}{next(numbers)}"}), lambda: session.run(restore)


# --- files of arrays, and imports -------------------------------------------------------------------------------------


def arrays(folder: Path) -> Iterator[Line]:
    """Lines about `load_file`, beside safetensors."""
    if importlib.util.find_spec("safetensors") is None:
        return
    from safetensors.numpy import load_file, save_file  # type: ignore[import-not-found,unused-ignore]

    rng = np.random.default_rng(0)
    values = {f"w{number}": rng.random(MEGABYTES << 12, np.float32) for number in range(64)}
    hdfsaver.save_file(values, folder / "x.h5")
    save_file(values, folder / "x.safetensors")
    name = f"load_file of {MEGABYTES} MB, safetensors'"
    theirs = partial(load_file, folder / "x.safetensors")
    yield Line(f"{name}, with digests", partial(hdfsaver.load_file, folder / "x.h5"), theirs, "0.77")
    without = partial(hdfsaver.load_file, folder / "x.h5", digests=False)
    yield Line(f"{name}, without digests", without, theirs, "1.00")


def processor_seconds(code: str) -> float:
    """The processor time of a new Python process that runs some code."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tempfile.gettempdir())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def starts(folder: Path) -> Iterator[Line]:
    """Lines about processor time before anything is read, without that of Python itself."""
    hdfsaver.save_file({"w": np.ones(4)}, folder / "one.h5")
    nothing = statistics.median(processor_seconds("") for _ in range(ROUNDS))

    def seconds(code: str) -> Callable[[], float]:
        return lambda: processor_seconds(code) - nothing

    first = f"import hdfsaver; hdfsaver.load_file({str(folder / 'one.h5')!r})"
    yield Line("import hdfsaver, numpy's and h5py's", seconds("import hdfsaver"), seconds("import numpy, h5py"), "")
    yield Line("the first load_file, numpy's and h5py's", seconds(first), seconds("import numpy, h5py"), "")


# --- measuring --------------------------------------------------------------------------------------------------------


def seconds_of(job: Callable[[], object]) -> float:
    """The time of one call, or what it returns as its time."""
    gc.collect()
    start = CLOCK()
    found = job()
    taken = CLOCK() - start
    return found if isinstance(found, float) else taken


def measure(line: Line) -> str:
    """A line of the table."""
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(line.rounds + 1):
        ours.append(seconds_of(line.ours))
        if line.theirs is not None:
            theirs.append(seconds_of(line.theirs))
    found = f"{line.what:48}{_milliseconds(ours)}"
    if not theirs:
        return found
    return f"{found}{_milliseconds(theirs)}{_median(theirs) / _median(ours):9.2f}{line.bar:>9}"


def _median(times: list[float]) -> float:
    # The first round fills caches.
    return statistics.median(times[1:])


def _milliseconds(times: list[float]) -> str:
    return f"{_median(times) * 1e3:10.4g} ms"


def main(folder: Path, wanted: str = "") -> None:
    """Measure every line whose name has a text."""
    tf = tensorflow()
    print(f"{'':48}{'hdfsaver':>13}{'yardstick':>13}{'times':>9}{'aim':>9}")
    kinds: tuple[Callable[[Path], Iterator[Line]], ...] = (
        partial(many_variables, tf),
        lambda folder: graphs(tf),
        partial(bundles, tf),
        arrays,
        starts,
    )
    for kind in kinds:
        inner = folder / "lines"
        inner.mkdir()
        for line in kind(inner):
            if wanted in line.what:
                print(measure(line), flush=True)
        shutil.rmtree(inner)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as name:
        main(Path(name), *sys.argv[2:])
