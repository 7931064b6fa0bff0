"""How fast values go to disk and back: ``python tests/benchmarks/storage.py [FOLDER]``.

Everything runs in one go, turn and turn about, and each line says how many times the yardstick's time it took: on a
shared machine only ratios mean something. The yardsticks are what the machine can do at best, a plain ``write`` of the
same bytes and a threaded ``preadv`` of them. Peers are measured where they are installed, safetensors by the extra
``bench``, TensorFlow and PyTorch if they are there. Nothing is synced unless the line says so.
"""

from __future__ import annotations

import importlib.util
import os
import resource
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
import numpy.typing as npt

import hdfsaver as tf
from hdfsaver.storage.chunks.chunk_codecs import TABLE as CODECS
from hdfsaver.storage.chunks.chunk_codecs import Codec
from hdfsaver.storage.reading import open_file
from hdfsaver.storage.writing import Model, WriteOptions, Writer

ROUNDS = 5

Arrays = Mapping[str, npt.NDArray[Any]]


class Peer(NamedTuple):
    """One way to save arrays to a path and to load them back."""

    name: str
    save: Callable[[Path, Arrays], object]
    load: Callable[[Path, Arrays], object] | None


def has(module: str) -> bool:
    """Whether a peer or a codec is installed."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # what it would be part of
        return False


# --- the ways ---------------------------------------------------------------------------------------------------------


AT_ONCE = 1 << 26
"""Bytes of one system call; Linux moves no more than 2 GiB."""


def pieces(arrays: Arrays) -> list[tuple[memoryview, int]]:
    """The bytes of arrays one behind the other, in pieces, each with its place in a file."""
    found, offset = [], 0
    for array in arrays.values():
        view = array.reshape(-1).view(np.uint8).data
        found += [(view[start : start + AT_ONCE], offset + start) for start in range(0, len(view), AT_ONCE)]
        offset += array.nbytes
    return found


def write_raw(path: Path, arrays: Arrays) -> None:
    """The least that a save can do."""
    with path.open("wb", buffering=0) as file:
        for piece, _ in pieces(arrays):
            file.write(piece)


def read_raw(path: Path, arrays: Arrays) -> Arrays:
    """The least that a load can do, in as many threads as there are processors."""
    targets = {name: np.empty_like(array) for name, array in arrays.items()}
    with path.open("rb") as file, ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda piece: os.preadv(file.fileno(), [piece[0]], piece[1]), pieces(targets)))
    return targets


def h5py_save(path: Path, arrays: Arrays) -> None:
    """What somebody would write who knows h5py."""
    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            file[name] = array


def h5py_load(path: Path, arrays: Arrays) -> None:
    """And read."""
    with h5py.File(path) as file:
        for name in arrays:
            file[name][()]


def numpy_load(path: Path, arrays: Arrays) -> None:
    """Every array of an archive."""
    with np.load(f"{path}.npz") as file:
        for name in arrays:
            file[name]


def ours(*, durable: bool) -> Callable[[Path, Arrays], None]:
    """Our writer, which knows the layout from the second save on."""
    writer = Writer()
    return lambda path, arrays: writer.write(path, {"": Model(arrays, None, {})}, options=WriteOptions(durable=durable))


def ours_first(path: Path, arrays: Arrays) -> None:
    """Our writer when it knows nothing yet."""
    ours(durable=False)(path, arrays)


def ours_load(path: Path, arrays: Arrays, mmap_mode: str | None = None) -> None:
    """Every value; unless it is mapped, compared with its digest."""
    with open_file(path) as file:
        file.read_many(arrays, mmap_mode=mmap_mode)


def peers() -> list[Peer]:
    """Everybody who is here; the yardstick first."""
    found = [
        Peer("raw write, threaded preadv", write_raw, read_raw),
        Peer("hdfsaver, the first save", ours_first, ours_load),
        Peer("hdfsaver, later saves", ours(durable=False), None),
        Peer("hdfsaver, later saves, synced", ours(durable=True), None),
        Peer("hdfsaver, mapped", ours(durable=False), lambda path, arrays: ours_load(path, arrays, "c")),
        Peer("h5py", h5py_save, h5py_load),
        Peer("numpy.savez", lambda path, arrays: np.savez(path, **arrays), numpy_load),
    ]
    return found + [make() for module, make in OPTIONAL.items() if has(module)]


def safetensors_peer() -> Peer:
    """The format of the Hugging Face hub."""
    from safetensors.numpy import load_file, save_file  # type: ignore[import-not-found,unused-ignore]

    return Peer(
        "safetensors", lambda path, arrays: save_file(dict(arrays), path), lambda path, _arrays: load_file(path)
    )


def torch_peer() -> Peer:
    """PyTorch's own format."""
    import torch  # type: ignore[import-not-found,unused-ignore]

    def save(path: Path, arrays: Arrays) -> None:
        torch.save({name: torch.from_numpy(array) for name, array in arrays.items()}, path)

    return Peer("torch.save", save, lambda path, _arrays: torch.load(path, weights_only=True))


def tensorflow_peer() -> Peer:
    """TensorFlow's Saver, without its .meta; the graph is built beforehand."""
    import tensorflow.compat.v1 as tensorflow  # type: ignore[import-untyped,import-not-found,unused-ignore]

    tensorflow.disable_v2_behavior()
    made: dict[int, Any] = {}

    def session(arrays: Arrays) -> Any:
        if id(arrays) not in made:
            with tensorflow.Graph().as_default():
                feeds = {name: tensorflow.placeholder(array.dtype, array.shape) for name, array in arrays.items()}
                variables = {name: tensorflow.Variable(feed, name=name) for name, feed in feeds.items()}
                sess, saver = tensorflow.Session(), tensorflow.train.Saver(variables, max_to_keep=0)
                initializer = tensorflow.variables_initializer(list(variables.values()))
                sess.run(initializer, {feeds[name]: array for name, array in arrays.items()})
                made[id(arrays)] = (sess, saver)
        return made[id(arrays)]

    def save(path: Path, arrays: Arrays) -> None:
        sess, saver = session(arrays)
        saver.save(sess, str(path), write_meta_graph=False, write_state=False)

    def load(path: Path, arrays: Arrays) -> None:
        sess, saver = session(arrays)
        saver.restore(sess, str(path))

    return Peer("TensorFlow's Saver", save, load)


OPTIONAL = {"safetensors": safetensors_peer, "torch": torch_peer, "tensorflow": tensorflow_peer}


# --- the workloads ----------------------------------------------------------------------------------------------------


def clear(folder: Path) -> None:
    """Remove what was written."""
    for path in folder.iterdir():
        path.unlink()


def seconds(call: Callable[[], object]) -> float:
    """The time of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def compare(title: str, arrays: Arrays, folder: Path) -> None:
    """All ways in turn: each saves to a new file and loads it."""
    ways = peers()
    saves: list[list[float]] = [[] for _ in ways]
    loads: list[list[float]] = [[] for _ in ways]
    nbytes = sum(array.nbytes for array in arrays.values())
    shuffle = np.random.default_rng(7)
    for _ in range(ROUNDS + 1):
        # What came before leaves the cache, the memory and the disk in some state: not always the same one.
        order = shuffle.permutation(len(ways)).tolist()
        for way, saved, loaded in ((ways[place], saves[place], loads[place]) for place in order):
            _warm(2 * nbytes)
            saved.append(seconds(partial(way.save, folder / "x.h5", arrays)))
            if way.load is not None:
                loaded.append(seconds(partial(way.load, folder / "x.h5", arrays)))
            clear(folder)
    print(f"\n{title}\n{'':36}{'save':>10}{'ratio':>8}{'load':>12}{'ratio':>8}")
    for way, saved, loaded in zip(ways, saves, loads, strict=True):
        print(f"{way.name:36}{_cell(saved, saves[0])}{_cell(loaded, loads[0]) if loaded else ''}")


def _warm(nbytes: int) -> None:
    """Touch memory for the file and what is loaded: a virtual machine may have to get back what was freed."""
    np.ones(nbytes, np.uint8)


def _cell(times: list[float], yardstick: list[float]) -> str:
    # The first save of a kept layout is not a later one.
    median, standard = statistics.median(times[1:]), statistics.median(yardstick[1:])
    return f"{median * 1e3:9.1f}ms{median / standard:7.2f}x"


def small_things(folder: Path) -> None:
    """What is done with many small variables and little else."""
    arrays = {f"layer{number}/w": np.full(16, number, np.float32) for number in range(10_000)}
    ours(durable=False)(folder / "x.h5", arrays)
    reading = statistics.median(seconds(lambda: ours_load(folder / "x.h5", arrays)) for _ in range(ROUNDS))
    listing = statistics.median(seconds(lambda: tf.train.list_variables(folder / "x.h5")) for _ in range(ROUNDS))
    print(f"\nlist_variables of 10,000: {listing * 1e3:.1f} ms, {listing / reading:.2f} of opening and reading all")
    clear(folder)


def blocking(folder: Path) -> None:
    """How long a program waits for a save in the background."""
    with tf.Graph().as_default(), tf.Session() as sess:
        for number in range(16):
            tf.get_variable(f"w{number}", [8 << 20], initializer=tf.ones_initializer())
        sess.run(tf.global_variables_initializer())
        saver = tf.train.Saver(max_to_keep=0)
        saver.save(sess, folder / "x")
        whole = seconds(lambda: saver.save(sess, folder / "x"))
        times = []
        for _ in range(ROUNDS):
            times.append(seconds(lambda: saver.save(sess, folder / "x", wait=False)))
            saver.wait()
    median = statistics.median(times)
    print(f"save(wait=False) of 512 MB: {median * 1e3:.2f} ms, {median / whole:.4f} of save()")
    clear(folder)


def compressed(folder: Path) -> None:
    """What the codecs cost and save, beside h5py with HDF5's own gzip."""
    rng = np.random.default_rng(1)
    arrays = {"weights": rng.normal(size=8 << 20).astype(np.float32), "slots": np.zeros(8 << 20, np.float32)}
    nbytes = sum(array.nbytes for array in arrays.values())
    print(f"\n64 MB, half of it zeros\n{'':36}{'save':>10}{'load':>12}{'size':>8}")
    for way in (*(_codec_peer(codec) for codec in CODECS if codec.package == "" or has(codec.package)), H5PY_GZIP):
        saved, loaded = [], []
        for _ in range(ROUNDS):
            saved.append(seconds(partial(way.save, folder / "x.h5", arrays)))
            loaded.append(seconds(partial(ours_load if way is not H5PY_GZIP else h5py_load, folder / "x.h5", arrays)))
        size = (folder / "x.h5").stat().st_size / nbytes
        print(
            f"{way.name:36}{statistics.median(saved) * 1e3:8.0f}ms{statistics.median(loaded) * 1e3:10.0f}ms{size:8.3f}"
        )
    clear(folder)


def _codec_peer(codec: Codec) -> Peer:
    def save(path: Path, arrays: Arrays) -> None:
        tf.save_file(arrays, path, compression=codec.name, durable=False)

    return Peer(f"hdfsaver, {codec.name}", save, ours_load)


def _h5py_gzip(path: Path, arrays: Arrays) -> None:
    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            file.create_dataset(name, data=array, compression="gzip", shuffle=True)


H5PY_GZIP = Peer("h5py, gzip", _h5py_gzip, h5py_load)


def growth(title: str, make: Callable[[int], Arrays], folder: Path, gigabytes: int) -> None:
    """What more bytes cost: time for each of them, and memory above the values."""
    one, more = (_costs(make(size), folder) for size in (1, gigabytes))
    print(f"\n{title}\n{'':36}{'1 GB':>10}{gigabytes:>9} GB{'ratio':>8}{'memory above':>16}")
    for what, first in one.items():
        last = more[what]
        print(
            f"{what:36}{first.seconds * 1e3:8.0f}ms{last.seconds * 1e3:10.0f}ms"
            f"{last.seconds / first.seconds:7.2f}x{last.memory >> 20:13} MB"
        )


class Cost(NamedTuple):
    """Seconds, and bytes of memory."""

    seconds: float
    memory: int


def _costs(arrays: Arrays, folder: Path) -> dict[str, Cost]:
    """The best of a few: a disk that still writes what came before slows down whatever comes next."""
    raw, path = folder / "raw", folder / "x.h5"
    nbytes = sum(array.nbytes for array in arrays.values())
    found: dict[str, list[Cost]] = {"raw write": [], "hdfsaver, save": [], "raw read": [], "hdfsaver, restore": []}
    for _ in range(3):
        for what, call, values in (
            ("raw write", partial(write_raw, raw, arrays), 0),
            ("hdfsaver, save", partial(ours_first, path, arrays), 0),
            ("raw read", partial(read_raw, raw, arrays), nbytes),
            ("hdfsaver, restore", partial(_loaded, path), nbytes),
        ):
            os.sync()
            found[what].append(_cost(call, values))
        clear(folder)
    return {what: min(costs) for what, costs in found.items()}


def _cost(call: Callable[[], object], values: int) -> Cost:
    before, start = _resident(), time.perf_counter()
    kept: list[object] = []
    peak = _peak(lambda: kept.append(call()))
    return Cost(time.perf_counter() - start, peak - before - values)


def _loaded(path: Path) -> Arrays:
    with open_file(path) as file:
        return file.read_many(file.variables)


def _resident() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def _peak(call: Callable[[], object]) -> int:
    """The most resident memory during a call, looked at every millisecond."""
    found, done = [_resident()], threading.Event()

    def watch() -> None:
        while not done.wait(0.001):
            found.append(_resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        call()
        found.append(_resident())
    finally:
        done.set()
        watcher.join()
    return max(found)


def main(folder: Path) -> None:
    """Run everything."""
    rng = np.random.default_rng(1)
    large = {f"w{number}": rng.random(8 << 20, np.float32) for number in range(16)}
    compare("512 MB in 16 variables", large, folder)
    del large
    compare("10,000 variables of 16 floats", {f"layer{n}/w": np.full(16, n, np.float32) for n in range(10_000)}, folder)
    small_things(folder)
    blocking(folder)
    compressed(folder)
    if sys.platform == "linux":
        # The values, once more what is loaded, and the file in the cache.
        gigabytes = 4 if os.sysconf("SC_AVPHYS_PAGES") * resource.getpagesize() > 13 << 30 else 2
        growth("One variable", lambda size: {"w": np.ones(size << 28, np.float32)}, folder, gigabytes)
        growth(
            "Variables of 4 MB",
            lambda size: {f"w{n}": np.ones(1 << 20, np.float32) for n in range(size << 8)},
            folder,
            gigabytes,
        )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as name:
        main(Path(name))
