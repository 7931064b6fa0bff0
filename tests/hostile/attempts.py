"""The process that opens hostile files in every way: ``python -m tests.hostile.attempts FILE ...``.

For each it prints a line of JSON: the file, the way, the result, and the processor time and memory.
There is a line before each attempt, too, so that the parent process knows the attempt that did not end.
"""

from __future__ import annotations

import faulthandler
import json
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

try:
    import resource
except ImportError:  # Windows: nothing bounds the memory
    resource = None  # type: ignore[assignment]

import hdfsaver as tf
from hdfsaver.cli.listing import Model
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.storage.reading import open_file

SECONDS = 300
"""After so long an attempt counts as one without an end; how much work one may be, the test says."""

MEMORY = 3 << 30


Opener = Callable[[Path], TensorFile]


def _everything(opener: Opener, path: Path) -> None:
    with opener(path) as file:
        file.check_readable()
        file.read_many(file.variables)
        file.structure()


def _one_by_one(opener: Opener, path: Path) -> None:
    """Every element by its name, also those after one that cannot be read; the first error is raised at the end."""
    found = []
    with opener(path) as file:
        for name in [*file.unreadable, *file.variables]:
            try:
                file.read(name)
            except tf.errors.OpError as error:
                found.append(error)
    if found:
        raise found[0]


def _neighbour(path: Path) -> None:
    """The variable that is good in most of the files."""
    tf.train.load_variable(path, "a")


def _verified(opener: Opener, path: Path) -> None:
    with opener(path) as file:
        file.verify()


def _sliced(path: Path) -> None:
    with tf.open_file(path) as file:
        for name in file:
            file.get_slice(name)[..., :1] if file.get_slice(name).get_shape() else None


def _mapped(path: Path) -> None:
    tf.load_file(path, mmap_mode="c")


def _reader(path: Path) -> None:
    with tf.train.load_checkpoint(path) as reader:
        for name in reader.get_variable_to_shape_map():
            reader.get_tensor(name)


def _restored(path: Path) -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.get_variable("a", shape=(3,), dtype=tf.float64)
        tf.get_variable("x", shape=(1000,), dtype=tf.float32)
        tf.train.Saver().restore(sess, path, strict=False)


def _imported(path: Path) -> None:
    with tf.Graph().as_default():
        tf.train.import_meta_graph(path)


def _neighbours_foreign(path: Path) -> None:
    """The good values before and after the bad one."""
    with tf.open_file(path) as file:
        if not all(file.read(name).reshape(-1).tolist() == [0, 1, 2] for name in "az"):
            raise ValueError(f"{path.name}: other values")


def _listed_foreign(path: Path) -> None:
    with tf.open_file(path) as file:
        if not "".join(Model.of(file).lines(80)):
            raise ValueError(f"{path.name}: nothing is listed")


def _converted(path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        tf.convert(path, Path(folder, "x.h5"))


FOREIGN_WAYS: dict[str, Callable[[Path], object]] = {
    "read": partial(_everything, tf.open_file),
    "each": partial(_one_by_one, tf.open_file),
    "neighbour": _neighbours_foreign,
    "verify": partial(_verified, tf.open_file),
    "slices": _sliced,
    "map": _mapped,
    "list": _listed_foreign,
    "convert": _converted,
    "import": _imported,
}
"""The ways of opening a file of another format."""

WAYS: dict[str, Callable[[Path], object]] = {
    "read": partial(_everything, open_file),
    "each": partial(_one_by_one, open_file),
    "neighbour": _neighbour,
    "verify": partial(_verified, open_file),
    "slices": _sliced,
    "map": _mapped,
    "list": tf.train.list_variables,
    "reader": _reader,
    "restore": _restored,
    "import": _imported,
    "salvage": tf.salvage,
}


def ways_of(suffix: str) -> dict[str, Callable[[Path], object]]:
    """The ways of opening a file with an ending."""
    return WAYS if suffix == ".h5" else FOREIGN_WAYS


def attempt(path: Path, way: Callable[[Path], object]) -> str:
    """The result: empty for success, or the error."""
    try:
        way(path)
    except (tf.errors.OpError, OSError, ValueError, KeyError) as error:
        return f"{type(error).__name__}: {error}"
    return ""


def peak() -> int:
    """The most memory that this process has had, in kilobytes; 0 if it is unknown."""
    with suppress(OSError):  # what `getrusage` says begins with the process that this one was forked from
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    return 0


def main(paths: list[str]) -> None:
    """Try every way on every file."""
    for path in map(Path, paths):
        for name, way in ways_of(path.suffix).items():
            print(json.dumps([path.stem, name]), flush=True)
            faulthandler.dump_traceback_later(SECONDS, exit=True)
            started = time.process_time()
            ended = attempt(path, way)
            print(json.dumps([path.stem, name, ended, time.process_time() - started, peak()]), flush=True)
    faulthandler.cancel_dump_traceback_later()


if __name__ == "__main__":
    if resource is not None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    faulthandler.enable()
    main(sys.argv[1:])
