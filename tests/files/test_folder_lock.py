"""The lock of a folder: one block at a time, in every thread and process."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from contextvars import copy_context

import pytest

from hdfsaver.files import folder_lock as folder_lock_module
from hdfsaver.files.atomic_write import write_atomically
from hdfsaver.files.folder_lock import folder_lock, real_folder


def counted(folder, rounds, counter):
    """Raise a number in a file step by step; without a lock, steps get lost."""
    for _ in range(rounds):
        with folder_lock(folder):
            value = int(counter.read_text())
            time.sleep(0.001)
            counter.write_text(str(value + 1))


def run_threads(*arguments):
    threads = [threading.Thread(target=counted, args=arguments) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("system", ["with locks", "without locks"])
def test_threads_take_turns(tmp_path, monkeypatch, system):
    """No step of four threads is lost; on a system without file locks neither."""
    if system == "without locks":
        monkeypatch.setattr(folder_lock_module, "fcntl", None)
    counter = tmp_path / "counter"
    counter.write_text("0")
    run_threads(tmp_path, 10, counter)
    assert "40" == counter.read_text()


HOLDER = """
import sys
from hdfsaver.files.folder_lock import folder_lock
with folder_lock(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no locks between processes on this system")
def test_a_killed_holder_holds_nothing(tmp_path):
    """Another process keeps the lock as long as it lives, and no longer."""
    taken = threading.Event()

    def take():
        with folder_lock(tmp_path):
            taken.set()

    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert b"held\n" == holder.stdout.readline()
        waiter = threading.Thread(target=take)
        waiter.start()
        assert not taken.wait(0.2)
        holder.kill()
        assert taken.wait(10)
        waiter.join()
    assert [] == list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_opened(tmp_path):
    """If there are no locks, the block still runs, and its errors are raised."""
    with folder_lock(tmp_path / "missing"):
        pass
    with pytest.raises(KeyError), folder_lock(tmp_path):
        raise KeyError
    with folder_lock(tmp_path):
        pass


def test_the_working_directory_may_be_empty(tmp_path, monkeypatch):
    """An empty folder is the working directory, and it is locked."""
    monkeypatch.chdir(tmp_path)
    taken = threading.Event()
    with folder_lock(""):
        waiter = threading.Thread(target=lock_and_set, args=(tmp_path, taken))
        waiter.start()
        assert not taken.wait(0.1)
    waiter.join()
    assert taken.is_set()


def lock_and_set(folder, event):
    with folder_lock(folder):
        event.set()


def test_it_is_locked_once_within_itself(tmp_path):
    """A block inside the block, in the same thread or in one that works for it, runs; others still wait outside."""
    taken = threading.Event()
    with folder_lock(tmp_path):
        with folder_lock(tmp_path), folder_lock(f"{tmp_path}/."):
            pass
        worker = threading.Thread(target=copy_context().run, args=(lock_and_set, tmp_path, taken))
        worker.start()
        assert taken.wait(10)
        taken.clear()
        waiter = threading.Thread(target=lock_and_set, args=(tmp_path, taken))
        waiter.start()
        assert not taken.wait(0.1)
    worker.join()
    waiter.join()
    assert taken.is_set()


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on this system")
def test_a_link_that_leads_elsewhere_meanwhile(tmp_path, monkeypatch):
    """A file is written into the folder that is locked; another one, a relative one, and later ones are looked up."""
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
    link = tmp_path / "link"
    link.symlink_to("old")
    with folder_lock(link):
        link.unlink()
        link.symlink_to("new")
        write_atomically(link / "m", b"1")
        monkeypatch.chdir(tmp_path)
        assert [os.path.realpath(name) for name in ("old", "new")] == [real_folder(str(link)), real_folder("link")]
    write_atomically(link / "m", b"2")
    assert [b"1", b"2"] == [(tmp_path / name / "m").read_bytes() for name in ("old", "new")]
