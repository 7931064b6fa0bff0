"""Give graphs that contradict themselves to everything that takes a graph: ``python -m tests.hostile.graph_fuzz``.

    python -m tests.hostile.graph_fuzz --seconds 1800     as many as half an hour of the processor is enough for
    python -m tests.hostile.graph_fuzz --seed 4711        one of them again, with its traceback

An outcome is good if it is a result, or an error that says what is wrong: one of the documented classes, raised by a
``raise`` of this package. An error that an expression runs into, a crash, more time or more memory are failures.
"""

from __future__ import annotations

import argparse
import faulthandler
import io
import linecache
import math
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from functools import partial
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any

try:
    import resource
except ImportError:  # Windows: nothing bounds the memory
    resource = None  # type: ignore[assignment]

import numpy as np

import hdfsaver as tf
from hdfsaver import schema
from hdfsaver.cli import app
from hdfsaver.interop.graphs.graph_files import (
    read_graph_def,
    read_meta_graph,
    read_saved_model,
    write_graph_def,
    write_meta_graph,
)
from hdfsaver.interop.graphs.graph_summary import graph_summary
from hdfsaver.messages import message_classes
from hdfsaver.storage.writing import write_file
from tests.hostile.graph_mutants import change_structure, mutant

PACKAGE = str(Path(tf.__file__).parent)

SECONDS = 20
"""Of the processor's time, for one mutant in every way; a good one takes a tenth of a second."""

MEMORY = 3 << 30

GOOD = (tf.errors.OpError, OSError, ValueError, TypeError, KeyError, LookupError, RuntimeError, NotImplementedError)
"""The documented classes. `extract_sub_graph` has one more, as in TensorFlow."""

FETCHES = 12
"""The most tensors of a graph that are run one by one."""


class TooLongError(BaseException):
    """The time is up; nothing that a way catches."""


def judge(error: BaseException) -> str:
    """What is wrong with an error; empty where it is a good one."""
    frames = traceback.extract_tb(error.__traceback__)
    last = frames[-1]
    where = f"{type(error).__name__} at {last.filename.removeprefix(PACKAGE + '/')}:{last.lineno}"
    if isinstance(error, TooLongError):
        inner = [f"{frame.name}:{frame.lineno}" for frame in frames if frame.filename.startswith(PACKAGE)]
        return f"too long in {' '.join(inner[-3:])}"
    raised = linecache.getline(last.filename, last.lineno or 0).strip().startswith("raise ")
    documented = isinstance(error, GOOD) or (isinstance(error, AssertionError) and last.name == "extract_sub_graph")
    if not raised or not last.filename.startswith(PACKAGE) or not documented or isinstance(error, RecursionError):
        return where
    return "" if str(error).strip() else f"no message: {where}"


# -- ways --------------------------------------------------------------------------------------------------------------


class Attempt:
    """Everything that is done with one mutant."""

    def __init__(self, seed: int, message: Any, folder: Path) -> None:
        self.seed = seed
        self.message = message
        self.folder = folder
        self.failures: list[tuple[str, str, BaseException]] = []
        self.outcomes: Counter[str] = Counter()

    def _try(self, way: str, function: Callable[[], Any]) -> Any:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = function()
        except (Exception, TooLongError) as error:
            fault = judge(error)
            self.outcomes["failure" if fault else type(error).__name__] += 1
            if fault:
                self.failures.append((way, fault, error))
            if isinstance(error, TooLongError):
                raise
            return None
        self.outcomes["result"] += 1
        return found

    def run(self) -> None:
        """In every way."""
        path = self.folder / "x.meta"
        path.write_bytes(self.message.SerializeToString())
        self._read(path)
        with tf.Graph().as_default() as graph:
            saver = self._try("import_meta_graph of a message", lambda: tf.train.import_meta_graph(self.message))
            self._use(graph, saver)
        with tf.Graph().as_default() as graph:
            self._try("import_graph_def", lambda: tf.import_graph_def(self.message.graph_def, name=""))
        with tf.Graph().as_default() as graph:
            saver = self._try("import_meta_graph of a file", lambda: tf.train.import_meta_graph(path))
            if self.seed % 4 == 0:
                self._use(graph, saver)
        self._cut()
        self._convert(path)
        model = self.folder / "model"
        model.mkdir()
        saved = message_classes.SavedModel(saved_model_schema_version=1, meta_graphs=[self.message])
        (model / "saved_model.pb").write_bytes(saved.SerializeToString())
        self._try("read_saved_model", lambda: read_saved_model(model))
        self._try("list of a SavedModel", lambda: tf.train.list_variables(model))

    def _read(self, path: Path) -> None:
        structure = self._try("read_meta_graph", lambda: read_meta_graph(path))
        plain = self.folder / "x.pb"
        plain.write_bytes(self.message.graph_def.SerializeToString())
        self._try("read_graph_def", lambda: read_graph_def(plain))
        if structure is None:
            return
        self._try("validate", lambda: schema.validate(structure.digraph))
        self._try("summary", lambda: str(graph_summary(structure)))
        self._try("write_meta_graph", lambda: write_meta_graph(structure, self.folder / "again.meta"))
        self._try("write_graph_def", lambda: write_graph_def(structure, self.folder / "again.pbtxt"))
        own = self.folder / "own.h5"
        if self.seed % 2:
            change_structure(self.seed, structure.digraph)
            self._try("validate a changed one", lambda: schema.validate(structure.digraph))
            self._try("write_meta_graph of a changed one", lambda: write_meta_graph(structure, self.folder / "c.meta"))
        if self._try("write_structure", lambda: write_structure(own, structure)):
            self._try("show of HDF5", partial(tf.train.list_variables, own))
            with tf.Graph().as_default() as graph:
                saver = self._try("import_meta_graph of HDF5", lambda: tf.train.import_meta_graph(own))
                if self.seed % 4 > 1:
                    self._use(graph, saver)

    def _use(self, graph: tf.Graph, saver: Any) -> None:
        operations = graph.get_operations()
        if not operations:
            return
        tensors = [tensor for operation in operations for tensor in operation.outputs]
        self._try("shapes", lambda: [(tensor.shape, tensor.dtype, repr(tensor)) for tensor in tensors])
        self._try("node_def", lambda: [operation.node_def for operation in operations])
        self._try("attributes", lambda: [op.get_attr(name) for op in operations for name in op.data["attrs"]])
        with tf.Session(graph=graph) as sess:
            with suppress(Exception):
                sess.run(tf.global_variables_initializer())
            chosen = tensors[-FETCHES:] + tensors[:: len(tensors) // FETCHES + 1]
            for tensor in chosen:
                self._try("run", partial(sess.run, tensor, _fed(tensors)))
            self._try("run", lambda: sess.run(operations[-1]))
            self._try("gradients", lambda: _derivatives(sess, tensors))
            if saver is not None:
                prefix = self.folder / "saved"
                path = self._try("save", lambda: saver.save(sess, prefix))
                if path is not None:
                    self._try("restore", lambda: saver.restore(sess, path))
            name = operations[-1].name
            made = self._try("as_graph_def", lambda: graph.as_graph_def(add_shapes=True))
            if made is not None:
                self._try("freeze", lambda: tf.graph_util.convert_variables_to_constants(sess, made, [name]))
        self._try("export_meta_graph", lambda: tf.train.export_meta_graph(self.folder / "e.h5", clear_devices=True))
        self._try("export of a scope", lambda: tf.train.export_meta_graph(export_scope=name.partition("/")[0]))
        self._try("export without defaults", lambda: tf.train.export_meta_graph(strip_default_attrs=True))

    def _cut(self) -> None:
        graph_def = self.message.graph_def
        names = [node.name for node in graph_def.node][-1:]
        self._try("extract_sub_graph", lambda: tf.graph_util.extract_sub_graph(graph_def, names))
        self._try("remove_training_nodes", lambda: tf.graph_util.remove_training_nodes(graph_def, names))

    def _convert(self, path: Path) -> None:
        def opened() -> None:
            with tf.open_file(path) as file:
                for name in file:
                    with suppress(tf.errors.OpError):
                        file.read(name)

        self._try("open_file", opened)
        for words in (["ls", path], ["show", path, "x"], ["convert", path, self.folder / "c.h5"]):
            with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()), suppress(SystemExit):
                self._try(str(words[0]), partial(app, list(map(str, words)), standalone_mode=False))
        (self.folder / "c.h5").unlink(missing_ok=True)


def write_structure(path: Path, structure: schema.Structure) -> bool:
    """Write the structure of a message into a file of this format; gives True."""
    write_file(path, variables=None, structure=structure)
    return True


def _fed(tensors: list[tf.Tensor]) -> dict[tf.Tensor, Any]:
    """A value for each placeholder."""
    fed = {}
    for tensor in tensors:
        if tensor.op.type == "Placeholder" and tensor.dtype.name in ("float32", "int32", "float64", "int64", "bool"):
            shape = tensor.shape.as_list() if tensor.shape.rank is not None else [3]
            if math.prod(size or 2 for size in shape) < 10_000:
                fed[tensor] = np.ones([2 if size is None else size for size in shape], tensor.dtype.as_numpy_dtype)
    return fed


def _derivatives(sess: tf.Session, tensors: list[tf.Tensor]) -> None:
    floats = [tensor for tensor in tensors if tensor.dtype.base_dtype == tf.float32]
    if floats:
        found = tf.gradients(floats[-3:], floats[:5])
        sess.run([tensor for tensor in found if tensor is not None], _fed(tensors))


# -- many --------------------------------------------------------------------------------------------------------------


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise `TooLongError` after so much of the processor's time."""
    if not hasattr(signal, "setitimer"):  # Windows
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise TooLongError

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def attempt(seed: int) -> tuple[str, Attempt]:
    """Make the mutant of a number and try everything on it."""
    what, message = mutant(seed)
    with tempfile.TemporaryDirectory() as folder:
        tried = Attempt(seed, message, Path(folder))
        with suppress(TooLongError), at_most(SECONDS):
            tried.run()
    return what, tried


def main() -> int:
    """Print failures as they come, and the numbers at the end."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="one mutant only, with tracebacks")
    options = parser.parse_args()
    if resource is not None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    faulthandler.enable()
    if options.seed is not None:
        what, tried = attempt(options.seed)
        print(what, dict(tried.outcomes))
        for way, _, error in tried.failures:
            print(f"--- {way}")
            traceback.print_exception(error)
        return bool(tried.failures)
    tally = Tally()
    with suppress(KeyboardInterrupt):  # the numbers are told in any case
        for seed in count(options.first):
            if time.process_time() > options.seconds:
                break
            tally.add(seed)
    print(tally)
    return bool(tally.faults)


class Tally:
    """The numbers of many attempts."""

    def __init__(self) -> None:
        self.mutants = 0
        self.outcomes: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()

    def add(self, seed: int) -> None:
        """Try one mutant, and print each failure that is the first of its kind."""
        what, tried = attempt(seed)
        self.mutants += 1
        self.outcomes += tried.outcomes
        for way, fault, error in tried.failures:
            if fault not in self.faults:
                print(f"seed {seed}: {way}: {fault}: {str(error)[:150]!r} ({what})", flush=True)
            self.faults[fault] += 1
        if not self.mutants % 1000:
            print(f"{self.mutants} mutants, {len(self.faults)} kinds of failures", flush=True)

    def __str__(self) -> str:
        outcomes = ", ".join(f"{kind} {times}" for kind, times in self.outcomes.most_common())
        return f"{self.mutants} mutants; {outcomes}\n{len(self.faults)} kinds of failures: {dict(self.faults)}"


if __name__ == "__main__":
    sys.exit(main())
