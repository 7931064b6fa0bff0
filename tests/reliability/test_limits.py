"""Full disks, limits, folders that refuse, Ctrl-C: a clear error, nothing lost, nothing left open, and on it goes."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import warnings
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver import errors
from hdfsaver.files import positional_io
from hdfsaver.files.atomic_write import atomic_write, write_text_atomically
from hdfsaver.files.thread_pool import ThreadPool
from hdfsaver.storage import incremental, writing
from tests import forks
from tests.clones import Copying
from tests.reliability.operations import observed
from tests.reliability.programs import PREPARATIONS, Model, is_resealed, saved_step

ROOT = Path(__file__).parents[2]

PREPARE = """
import json, os, resource, signal, sys
from pathlib import Path
sys.path.append(sys.argv[2])
from hdfsaver import errors
from tests.reliability.programs import Model, saved_step
folder, model = Path(sys.argv[1]), Model()

def descriptors():
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0

def attempt(step, path=None):
    # The result of a save: the step that is restored then, the files in the folder, and the message of the error.
    before, said = descriptors(), None
    try:
        model.save((path or folder) / "m", step, step)
    except (errors.OpError, ValueError) as error:
        said = [type(error).__name__, str(error)]
    assert before == descriptors()
    return [said, saved_step(folder), sorted(os.listdir(folder))]

"""


def run(code, folder, *wrapper):
    """The output of a program, which has `PREPARE` before it; ``wrapper`` starts it."""
    arguments = ["-c", PREPARE + code, str(folder), str(ROOT)]
    if wrapper:
        command = [*wrapper, sys.executable, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    else:
        done = forks.run(*arguments, check=False, loaded=forks.MODELS)
    assert 0 == done.returncode, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


WHOLE = ["checkpoint", "m-1.h5"]


def mounts():
    """Whether a file system of one's own can be mounted, in a namespace that ends with its process."""
    try:
        return (
            0 == subprocess.run([*NAMESPACE, "mount -t tmpfs tmpfs /mnt"], check=False, capture_output=True).returncode
        )
    except FileNotFoundError:
        return False


NAMESPACE = ["unshare", "--mount", *([] if os.name == "nt" or os.geteuid() == 0 else ["--map-root-user"]), "sh", "-c"]
needs_mount = pytest.mark.skipif(not mounts(), reason="no file system can be mounted here; a patched one is tested too")


@needs_mount
def test_a_full_disk(tmp_path):
    """On a full disk the error has the bytes needed and free; saving works again when there is space."""
    code = """
print(json.dumps(attempt(1)))
with open(folder / "filler", "wb") as filler:
    filler.write(bytes(os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize - 100_000))
print(json.dumps(attempt(2)))
os.unlink(folder / "filler")
print(json.dumps(attempt(3)))
"""
    mount = f'mount -t tmpfs -o size=3m tmpfs {tmp_path} && exec "$0" "$@"'
    first, full, again = run(code, tmp_path, *NAMESPACE, mount)
    assert [None, 1, WHOLE] == first
    (kind, message), *rest = full
    assert [1, ["checkpoint", "filler", "m-1.h5"]] == rest
    assert "ResourceExhaustedError" == kind
    found = re.fullmatch(
        rf"Cannot write {tmp_path}/m-2.h5: No space left on device. ([\d,]+) bytes were needed, and ([\d,]+) bytes are "
        rf"free in {tmp_path}. An earlier file is kept until .* The earlier files are unchanged.",
        message,
    )
    needed, free = (int(number.replace(",", "")) for number in found.groups())
    assert 360_000 < needed < 500_000
    assert 50_000 < free <= 100_000
    assert [None, 3, ["checkpoint", "m-1.h5", "m-3.h5"]] == again


@needs_mount
def test_a_disk_without_inodes(tmp_path):
    """Where bytes are free but no file can be added, the error says so."""
    code = """
print(json.dumps(attempt(1)))
while True:
    try:
        open(folder / f"filler{len(os.listdir(folder))}", "w").close()
    except OSError:
        break
print(json.dumps(attempt(2)))
"""
    mount = f'mount -t tmpfs -o size=9m,nr_inodes=12 tmpfs {tmp_path} && exec "$0" "$@"'
    _, ((kind, message), step, _) = run(code, tmp_path, *NAMESPACE, mount)
    assert ("ResourceExhaustedError", 1) == (kind, step)
    assert "its file system has no free inodes" in message


@needs_mount
def test_a_file_system_that_is_read_only(tmp_path):
    """A file system that became read-only refuses to be written, and can still be read."""
    code = """
print(json.dumps(attempt(1)))
assert 0 == os.system(f"mount -o remount,ro {folder}")
print(json.dumps(attempt(2)))
"""
    mount = f'mount -t tmpfs -o size=9m tmpfs {tmp_path} && exec "$0" "$@"'
    first, second = run(code, tmp_path, *NAMESPACE, mount)
    assert [None, 1, WHOLE] == first
    message = f"Cannot write {tmp_path}/m-2.h5: Read-only file system."
    assert [["PermissionDeniedError", message], 1, WHOLE] == second


def test_a_limit_on_the_size_of_files(tmp_path):
    """The error has the bytes needed and the limit; with the limit raised, saving goes on."""
    code = """
print(json.dumps(attempt(1)))
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
print(json.dumps(attempt(2)))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(json.dumps(attempt(3)))
"""
    first, limited, again = run(code, tmp_path)
    assert [None, 1, WHOLE] == first
    (kind, message), *rest = limited
    assert "ResourceExhaustedError" == kind
    assert re.fullmatch(
        rf"Cannot write {tmp_path}/m-2.h5: File too large. [\d,]+ bytes were needed, but this process may write files "
        r"of at most 100,000 bytes: raise the limit \(`ulimit -f`\). The earlier files are unchanged.",
        message,
    )
    assert [1, WHOLE] == rest
    assert [None, 3, ["checkpoint", "m-1.h5", "m-3.h5"]] == again


def test_a_limit_on_open_files(tmp_path):
    """A process that has all its files open is told so; when some are closed, saving goes on."""
    code = """
print(json.dumps(attempt(1)))
resource.setrlimit(resource.RLIMIT_NOFILE, (30, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
said, opened = [], []
for spare in (0, 1, 2, 3):
    try:
        while True:
            opened.append(os.open(os.devnull, os.O_RDONLY))
    except OSError:
        pass
    for fd in opened[:spare]:
        os.close(fd)
    del opened[:spare]
    try:
        model.save(folder / "m", 2, 2)
    except errors.ResourceExhaustedError as error:
        said.append(str(error))
for fd in opened:
    os.close(fd)
print(json.dumps([said, saved_step(folder), sorted(os.listdir(folder))]))
"""
    first, (said, step, names) = run(code, tmp_path)
    assert [None, 1, WHOLE] == first
    assert (2, ["checkpoint", "m-1.h5", "m-2.h5"]) == (step, names)
    # With one descriptor left the folder is locked and the file cannot be opened; with two both can be.
    assert 2 == len(said)
    expected = "Too many open files. This process has reached its limit of open files (30): close some"
    assert all(message.startswith(f"Cannot write {tmp_path}/m-2.h5: {expected}") for message in said)


@pytest.fixture
def open_to_all():
    """A folder that other users reach too; those above `tmp_path` are closed to them."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_a_folder_of_another_user(open_to_all):
    """A user without write permission gets an error that says so; the folder is unchanged, and can be read."""
    code = """
print(json.dumps(attempt(1)))
os.chmod(folder, 0o555)
if os.geteuid() == 0:  # who may do anything gives that up
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
print(json.dumps(attempt(2)))
"""
    first, second = run(code, open_to_all)
    open_to_all.chmod(0o755)
    assert [None, 1, WHOLE] == first
    message = (
        f"Cannot write {open_to_all}/m-2.h5: Permission denied. This user may not write in {open_to_all}: "
        "save elsewhere, or ask its owner for permission. The earlier files are unchanged."
    )
    assert [["PermissionDeniedError", message], 1, WHOLE] == second


@pytest.fixture
def model():
    return Model()


def descriptors():
    """The open descriptors of this process; empty where the system cannot list them."""
    return sorted(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else []


def refuse(number):
    """An operation that the system refuses."""

    def act():
        raise OSError(number, os.strerror(number))

    return act


REFUSABLE = {
    "open",
    "fchmod",
    "posix_fallocate",
    "truncate",
    "write",
    "pwrite",
    "pwritev",
    "fsync",
    "replace",
    "listdir",
    "flock",
}
"""The operations that a system may refuse. A refused removal is a warning, which the tests of the Saver cover."""


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_whatever_is_refused(tmp_path, model, monkeypatch, number):
    """Every operation of a save is refused once: it fails with an `OpError` or comes to its end, and loses nothing."""
    monkeypatch.setattr(writing, "_JOINED", 0)
    monkeypatch.setattr(positional_io, "PIECE", 1 << 16)
    monkeypatch.setattr(positional_io, "PARALLEL", 1)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    model.save(tmp_path / "m", 1, 1, durable=False)
    before, refused, step = descriptors(), 0, 1
    legal: set[object]
    while True:
        saved = saved_step(tmp_path)
        step += 1
        with observed(refused, refuse(number), only=REFUSABLE) as operations, warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a superseded checkpoint that cannot be read stays
            try:
                model.save(tmp_path / "m", step, step)
                said, legal = "", {step}
            except errors.OpError as error:
                said, legal = error.message, {saved, step}
        assert saved_step(tmp_path) in legal
        assert not said or re.search(f"{tmp_path}/(m-{step}.h5|checkpoint)", said)
        assert before == descriptors()
        assert [] == [name for name in os.listdir(tmp_path) if name.startswith(".") and operations.points > refused]
        if operations.points <= refused:
            break
        refused += 1
    assert refused > 30
    assert step == saved_step(tmp_path)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_whatever_is_refused_to_an_incremental_save(tmp_path, monkeypatch, number):
    """Every operation of an incremental save is refused once, also those of the clone, for which a copy stands."""
    monkeypatch.setattr(positional_io, "PIECE", 1 << 16)
    monkeypatch.setattr(incremental, "_SMALLEST", 0)
    copying = Copying()
    monkeypatch.setattr(incremental, "clone", copying)
    arrays = {"large": np.zeros(20_000), "fixed": np.arange(20_000.0), "small": np.zeros(3)}
    saver, full = tf.train.Saver(arrays, incremental=True, max_to_keep=2), tf.train.Saver(arrays)
    saver.save(None, tmp_path / "m", global_step=1)
    before, refused, step, seen = descriptors(), 0, 1, set()
    while True:
        step += 1
        arrays["large"][7] = arrays["small"][1] = step
        with observed(refused, refuse(number), only=REFUSABLE) as operations, warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a superseded checkpoint that cannot be read stays
            try:
                saver.save(None, tmp_path / "m", global_step=step)
                said = ""
            except errors.OpError as error:
                said = error.message
        assert before == descriptors()
        assert not said or re.search(f"{tmp_path}/(m-{step}.h5|checkpoint)", said)
        seen.add(bool(said))
        if (tmp_path / f"m-{step}.h5").exists():
            full.save(None, tmp_path / "full", write_state=False)
            assert (tmp_path / "full.h5").read_bytes() == (tmp_path / f"m-{step}.h5").read_bytes()
        else:
            assert said
        with tf.open_file(tf.train.latest_checkpoint(tmp_path)) as file:
            file.verify()
        saver.save(None, tmp_path / "m", global_step=0)  # the next save succeeds, and is the next beginning
        if operations.points <= refused:
            break
        refused += 1
    assert {True, False} == seen
    assert refused > 30
    assert copying.count > refused


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_whatever_is_refused_to_a_reseal(tmp_path, model, monkeypatch, number):
    """Every operation of a reseal is refused once: the file is as it was or sealed, and nothing stays."""
    monkeypatch.setattr(positional_io, "PIECE", 1 << 16)
    PREPARATIONS["resealing"](model, tmp_path)
    changed, before, refused = (tmp_path / "m.h5").read_bytes(), descriptors(), 0
    while True:
        (tmp_path / "m.h5").write_bytes(changed)
        with observed(refused, refuse(number), only=REFUSABLE) as operations, suppress(errors.OpError):
            tf.reseal(tmp_path / "m.h5")
        assert is_resealed(tmp_path / "m.h5") or changed == (tmp_path / "m.h5").read_bytes()
        assert before == descriptors()
        assert {"checkpoint", "m.h5"} == set(os.listdir(tmp_path))
        if operations.points <= refused:
            break
        refused += 1
    assert refused > 8
    assert is_resealed(tmp_path / "m.h5")


def test_a_file_system_that_cannot_reserve(tmp_path, monkeypatch):
    """If space cannot be reserved, a disk that fills up while writing gives the same error."""
    monkeypatch.setattr(os, "posix_fallocate", lambda *args: refuse(errno.EOPNOTSUPP)())
    model = Model()
    model.save(tmp_path / "m", 1, 1)
    free = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: free)
    with (
        observed(1, refuse(errno.ENOSPC), only={"pwrite", "pwritev"}),
        pytest.raises(
            errors.ResourceExhaustedError, match=r"bytes were needed, and 1,000 bytes are free in .* space for both"
        ),
    ):
        model.save(tmp_path / "m", 2, 2)
    assert WHOLE == sorted(os.listdir(tmp_path))
    assert 1 == saved_step(tmp_path)


def test_a_quota(tmp_path, monkeypatch):
    """If the disk has space but the user has not, the error names a quota."""
    monkeypatch.setattr(os, "posix_fallocate", lambda *args: refuse(errno.EDQUOT)())
    expected = r"100 bytes were needed; [\d,]+ bytes are free in .*, but a quota may limit this user"
    with pytest.raises(errors.ResourceExhaustedError, match=expected), atomic_write(tmp_path / "x") as draft:
        draft.reserve(100)
    assert [] == os.listdir(tmp_path)


def remove(folder):
    """Something else removes a folder while a save is under way."""
    return lambda: shutil.rmtree(folder)


@pytest.mark.parametrize("operation", ["open", "posix_fallocate", "pwritev", "fsync", "replace"])
def test_a_folder_that_is_removed_meanwhile(tmp_path, model, operation):
    """The error says that the folder does not exist; saving works again when the folder is back."""
    folder = tmp_path / "folder"
    folder.mkdir()
    before = descriptors()
    with (
        observed(1 if operation == "open" else 0, remove(folder), only={operation}),
        pytest.raises(
            errors.NotFoundError,
            match=f"Cannot write {folder}/m-1.h5: .* The folder {folder} does not exist: create it, or save",
        ),
    ):
        model.save(folder / "m", 1, 1)
    assert before == descriptors()
    folder.mkdir()
    model.save(folder / "m", 2, 2)
    assert 2 == saved_step(folder)


def interrupt():
    raise KeyboardInterrupt


SLOW = {"posix_fallocate", "write", "pwrite", "pwritev", "fsync", "replace", "listdir", "flock", "unlink"}
"""Operations that may take long, so that Ctrl-C comes in the middle of them."""


def test_ctrl_c_at_any_operation(tmp_path, model):
    """Interrupted wherever it waits for the system, a save leaves no draft, no open file, and a whole checkpoint."""
    model.save(tmp_path / "m", 1, 1, durable=False)
    before, step, interrupted = descriptors(), 1, 0
    while True:
        saved = saved_step(tmp_path)
        step += 1
        with observed(interrupted, interrupt, only=SLOW) as operations:
            try:
                model.save(tmp_path / "m", step, step)
            except KeyboardInterrupt:
                assert saved_step(tmp_path) in (saved, step)
        assert before == descriptors()
        assert [] == [name for name in os.listdir(tmp_path) if name.startswith(".")]
        if operations.points <= interrupted:
            break
        interrupted += 1
    assert interrupted > 15
    assert step == saved_step(tmp_path)


class Pool(ThreadPool):
    """Threads that say when they are told to stop; by then the work knows that nobody waits for it."""

    made: ClassVar[list[Pool]] = []

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.stopping = threading.Event()
        Pool.made.append(self)

    def shutdown(self, *args, **options):
        self.stopping.set()
        super().shutdown(*args, **options)


def write_views(path, views, ended):
    """Replace a file by several views, written in threads."""
    with atomic_write(path) as draft:
        try:
            positional_io.write_all(draft.fd, [(sum(map(len, views[:row])), view) for row, view in enumerate(views)])
        finally:
            ended.set()


@pytest.fixture
def ctrl_c():
    """Ctrl-C interrupts, also where the tests run in the background, which a shell keeps it away from."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class InterruptedPool(Pool):
    """Ctrl-C comes once more while the threads are told to stop."""

    def shutdown(self, *args, **options):
        if not self.stopping.is_set():
            self.stopping.set()
            signal.raise_signal(signal.SIGINT)
        super().shutdown(*args, **options)


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_while_threads_write(tmp_path, monkeypatch):
    """A real SIGINT, twice: the threads stop behind their present piece, and only then the file is closed."""
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(positional_io, "ThreadPool", InterruptedPool)
    both, closed = threading.Barrier(2), threading.Event()
    written = []

    def write_some(fd, view, offset):
        if not both.wait(60):
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        assert Pool.made[-1].stopping.wait(60)
        written.append((threading.get_ident(), closed.wait(0.2)))
        return os.pwrite(fd, view, offset)

    monkeypatch.setattr(positional_io, "_write_some", write_some)
    write_text_atomically(tmp_path / "x", "old")
    before = descriptors()
    with pytest.raises(KeyboardInterrupt):
        write_views(tmp_path / "x", [memoryview(bytes(64 * positional_io.PIECE))] * 2, closed)
    Pool.made[-1].shutdown()
    assert 2 == len(written) == len({thread for thread, _ in written})
    assert [False, False] == [was_closed for _, was_closed in written]
    assert before == descriptors()
    assert ["x"] == os.listdir(tmp_path)
    assert "old" == (tmp_path / "x").read_text()


def test_an_error_in_one_thread_stops_the_others(tmp_path, monkeypatch):
    """When one write fails, the other threads end their present piece, and write no other one of a lost file."""
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(positional_io, "ThreadPool", Pool)
    pieces, begun = [], threading.Event()

    def write_some(fd, view, offset):
        if offset == 0:
            assert begun.wait(60)
            raise OSError(errno.ENOSPC, "full")
        pieces.append(offset)
        begun.set()
        assert Pool.made[-1].stopping.wait(60)
        return len(view)

    monkeypatch.setattr(positional_io, "_write_some", write_some)
    size = 64 * positional_io.PIECE
    with pytest.raises(errors.ResourceExhaustedError):
        write_views(tmp_path / "x", [memoryview(bytes(size))] * 2, threading.Event())
    assert [size] == pieces
