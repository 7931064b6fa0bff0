"""The saves of this process that are not done, in the order in which they were requested.

One thread runs the saves in the background; every other save is run by its caller. A save begins when all earlier ones
of the same Saver or the same folder are done, and of two saves in the background the later one waits for the earlier.

The lists have no lock. A signal handler, a finalizer or a `progress` callback may save while the same thread is
anywhere in this file, and a forked child may begin there: each step on a list is complete or has not happened, and
`SimpleQueue` wakes up a thread that waits.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
import traceback
from collections.abc import Callable, Collection, Iterable
from contextlib import AbstractContextManager, nullcontext, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, ClassVar

from hdfsaver.files.folder_lock import real_path
from hdfsaver.files.remote.names import folder_and_name
from hdfsaver.files.thread_pool import can_start_threads
from hdfsaver.storage.hdf5 import library_lock


@dataclass(eq=False)
class QueuedSave:
    """A save in the queue.

    Attributes
    ----------
    saver : Saves
        The saves of its Saver.
    path : str
        The absolute path of the file that it writes.
    in_background : bool
        Whether the queue's thread runs it.
    folder : str
        The folder of the file without symbolic links; empty until it is needed.
    action : callable or None
        It writes the file; None when the save is done, so that its values are released.
    error : exception or None
        The error of a save in the background.
    is_running, is_done : bool
    thread : Thread or None
        The thread that runs a save that is not in the background.
    claim : lock
        It is acquired, and never released, by the thread that runs the save.
    sleeping : list of SimpleQueue
        One for each thread that waits for the end.
    asking : list of SimpleQueue
        Those of them that raise the error.
    """

    saver: Saves
    path: str
    in_background: bool
    folder: str = ""
    action: Callable[[], None] | None = None
    error: BaseException | None = None
    is_running: bool = False
    is_done: bool = False
    thread: threading.Thread | None = None
    claim: threading.Lock = field(default_factory=threading.Lock)
    sleeping: list[SimpleQueue[None]] = field(default_factory=list)
    asking: list[SimpleQueue[None]] = field(default_factory=list)

    def must_precede(self, other: QueuedSave) -> bool:
        """Whether a later save has to wait for this one."""
        both = self.in_background and other.in_background
        return both or self.saver is other.saver or self._folder() == other._folder()

    def _folder(self) -> str:
        self.folder = self.folder or real_path(folder_and_name(self.path)[0])
        return self.folder


_saves: list[QueuedSave] = []
"""The saves that are not done, in order."""

_failed: list[QueuedSave] = []
"""The saves in the background whose errors have not been raised."""

_within: ContextVar[tuple[QueuedSave, ...]] = ContextVar("_within", default=())
"""The saves in which the present code runs: a callback of theirs, or a handler that has interrupted them."""

_is_worker: ContextVar[bool] = ContextVar("_is_worker", default=False)
"""Whether the present code runs in the queue's thread, or in a thread that it has started."""


class Saves:
    """The saves of one Saver."""

    forks: ClassVar[int] = 0
    """The number of forks between the first process and this one."""

    def __init__(self) -> None:
        self._locks: dict[int, Any] = {}

    def run(
        self, path: str | os.PathLike[str], prepare: Callable[[], Callable[[], None]], *, in_background: bool
    ) -> None:
        """Save a file, now or in the background.

        Parameters
        ----------
        path : path-like
            The absolute path of the file.
        prepare : callable
            Takes the values, and returns the function that writes them. The save has its place in the order when the
            values are taken, so that of two files the one with the older values is written first.
        in_background : bool
            Return immediately. Where no thread can be started, the file is written before the return.

        Raises
        ------
        Exception
            The error of an earlier save of this Saver in the background; then this save is not done. Otherwise its own
            error.
        """
        save = QueuedSave(self, os.fspath(path), in_background)
        if in_background:
            self._submit(save, prepare)
        else:
            self._run_here(save, prepare)

    def _submit(self, save: QueuedSave, prepare: Callable[[], Callable[[], None]]) -> None:
        try:
            self._enter(save, self._order(), prepare)
            is_done_here = _begin()
        except BaseException:
            if save.claim.acquire(blocking=False):  # no thread has begun it
                _finish(save)
            raise
        if is_done_here:
            self._raise_error()

    def _run_here(self, save: QueuedSave, prepare: Callable[[], Callable[[], None]]) -> None:
        save.thread = threading.current_thread()
        order, enclosing = self._order(), _within.get()
        try:
            _within.set((*enclosing, save))  # before a handler can find it in the queue
            action = self._enter(save, order, prepare)
            _await_turn(save)
            if _failed:
                self._raise_error()
            action()
        finally:
            _finish(save)
            _within.set(enclosing)

    def _enter(
        self, save: QueuedSave, order: AbstractContextManager[object], prepare: Callable[[], Callable[[], None]]
    ) -> Callable[[], None]:
        with order:
            if _failed:
                self._raise_error()
            save.action = action = prepare()
            _saves.append(save)
        return action

    def wait(self, file: Collection[str] = ()) -> None:
        """Wait for the saves in the background, and raise their first error.

        Parameters
        ----------
        file : collection of str
            Possible paths of a file that is going to be read. Then saves of other Savers that write it are waited for
            too, and in a callback, which cannot wait for the save that calls it, only saves of this file matter.

        Raises
        ------
        RuntimeError
            A callback, handler or finalizer asks, and a save cannot end before it returns.
        Exception
            The error of a save. That of another Saver's save is also raised there.
        """
        if not (_saves or _failed):
            return
        saves = [save for save in tuple(_saves) if save.in_background]
        stuck = _stuck(tuple(_saves))
        paths = {real_path(path) for path in file}
        of_file = {save for save in saves if paths and real_path(save.path) in paths}
        wanted = [save for save in saves if save.saver is self or save in of_file]
        for save in wanted:
            if save in stuck and (not file or save in of_file):
                raise RuntimeError(_CANNOT_WAIT.format(path=save.path))
        self._await([save for save in wanted if save not in stuck])
        self._raise_error()

    @property
    def pending(self) -> tuple[QueuedSave, ...]:
        """The saves in the background that are not done."""
        return tuple(save for save in tuple(_saves) if save.saver is self and save.in_background)

    def _order(self) -> AbstractContextManager[object]:
        """The lock that makes the taking of the values and the place in the queue one step."""
        # A callback of a save takes no lock: its caller may hold it, and wait for the save.
        enclosing = _within.get()
        if (enclosing and any(not save.is_done for save in enclosing)) or _is_worker.get():
            return nullcontext()
        # A forked child has a lock of its own: the thread that holds the parent's may not exist there.
        lock: AbstractContextManager[object] = self._locks.setdefault(Saves.forks, threading.RLock())
        return lock

    def _await(self, saves: list[QueuedSave]) -> None:
        bell: SimpleQueue[None] = SimpleQueue()
        for save in saves:
            save.asking.append(bell)
        try:
            for save in saves:
                _sleep_until_done(save)
            failed = [save for save in saves if save.error is not None]
            if failed:
                self._raise(failed[0])
        finally:
            for save in saves:
                save.asking.remove(bell)

    def _raise_error(self) -> None:
        for save in tuple(_failed):
            if save.saver is self and not save.asking:
                self._raise(save)

    def _raise(self, save: QueuedSave) -> None:
        if save.saver is self:
            with suppress(ValueError):
                _failed.remove(save)
        assert save.error is not None
        raise save.error


_CANNOT_WAIT = (
    "The save of {path} in the background cannot end before this call returns: the call comes from a progress "
    "callback, a signal handler or a finalizer that runs within a save. Wait after that save, or in another thread."
)


def _stuck(saves: Iterable[QueuedSave]) -> set[QueuedSave]:
    """Of the saves in order, those that cannot end before the present code returns."""
    enclosing = _within.get()
    stuck: set[QueuedSave] = set()
    if not enclosing and not _is_worker.get():
        return stuck
    for save in saves:
        waits = any(earlier.must_precede(save) for earlier in stuck) or (save.in_background and _is_worker.get())
        if save in enclosing or (waits and not save.is_running):
            stuck.add(save)
    return stuck


def _await_turn(save: QueuedSave) -> None:
    """Wait for the earlier saves that must precede this one, except those that wait for the present code."""
    while True:
        saves = tuple(_saves)
        earlier = saves[: saves.index(save)] if save in saves else ()
        stuck = _stuck(saves) if earlier else set()
        preceding = [each for each in earlier if each.must_precede(save) and each not in stuck]
        if not preceding:
            break
        _sleep_until_done(preceding[0])
    save.is_running = True


def _sleep_until_done(save: QueuedSave) -> None:
    bell: SimpleQueue[None] = SimpleQueue()
    save.sleeping.append(bell)
    try:
        while not save.is_done:
            if save.thread is threading.current_thread():
                _finish(save)  # an interruption has kept this thread from doing so
            elif save.in_background and not save.is_running:
                _begin()  # a handler may come before the thread was started
                if save.is_done:
                    break
            if library_lock.is_inside():  # the other thread would wait for this one
                raise RuntimeError(_CANNOT_WAIT.format(path=save.path))
            with suppress(Empty):
                bell.get(timeout=1)  # a signal that comes just before the thread sleeps does not wake it up
    finally:
        save.sleeping.remove(bell)


def _finish(save: QueuedSave) -> None:
    save.is_done = True
    save.action = None
    with suppress(ValueError):
        _saves.remove(save)
    for bell in tuple(save.sleeping):
        bell.put(None)


# -- the thread -----------------------------------------------------------------------------------------------------


class _Worker(threading.Thread):
    """Runs the saves in the background.

    It is not a daemon, so that the interpreter joins it. It lives until the program ends, since the start of a
    thread takes longer than the rest of ``save(wait=False)``; where it cannot be told of that end, it ends when there
    is nothing to do.
    """

    def __init__(self) -> None:
        super().__init__(name="hdfsaver-save", daemon=False)
        self.bell: SimpleQueue[None] = SimpleQueue()

    def run(self) -> None:
        """Run all saves that are submitted."""
        _is_worker.set(True)
        while True:
            _work()
            if _is_told_of_the_end and not _ending:
                self.bell.get()
                continue
            _workers.remove(self)
            # A save that came before the removal has found this thread, and is in the list now.
            if not _unclaimed():
                return
            _workers.append(self)


_workers: list[_Worker] = []
"""The thread that runs the saves in the background; two, if threads have started one at the same moment."""

_ending: list[bool] = []
"""Not empty when the interpreter has begun to end."""


def _begin() -> bool:
    """Let the thread run what there is; if none can be started, run it here, and return True."""
    for worker in tuple(_workers):
        if worker.is_alive():
            worker.bell.put(None)
            return False
    if can_start_threads():
        worker = _Worker()
        _workers.append(worker)
        try:
            worker.start()
        except RuntimeError:  # the interpreter ends, or the system refuses
            _workers.remove(worker)
        else:
            return False
    _work()
    return True


def _work() -> None:
    """Run all saves in the background that no thread runs."""
    while True:
        waiting = _unclaimed()
        if not waiting:
            return
        _run(waiting[0])


def _unclaimed() -> list[QueuedSave]:
    return [save for save in tuple(_saves) if save.in_background and not save.claim.locked()]


def _run(save: QueuedSave) -> None:
    enclosing = _within.get()
    try:
        _within.set((*enclosing, save))
        if save.claim.acquire(blocking=False):
            _run_claimed(save)
    finally:
        _within.set(enclosing)


def _run_claimed(save: QueuedSave) -> None:
    try:
        _await_turn(save)
        assert save.action is not None
        save.action()
    except BaseException as error:  # noqa: BLE001, raised by the next call, or printed at the end of the program
        save.error = error
        _release_frames(error)
        _failed.append(save)
    finally:
        _finish(save)


def _release_frames(error: BaseException) -> None:
    """The frames of a stored error hold the values that could not be saved."""
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        traceback.clear_frames(following.__traceback__)
        following = following.__context__


# -- the end of the process, and the beginning of a child -----------------------------------------------------------


def _end() -> None:
    """Let the thread end when there is nothing to do: the interpreter is about to join it."""
    _ending.append(True)
    for worker in tuple(_workers):
        worker.bell.put(None)


def _at_exit() -> None:
    """Wait for all saves, and print the errors that were not raised."""
    try:
        _work()
        for save in tuple(_saves):
            if save.in_background:
                _sleep_until_done(save)
    finally:
        for save in tuple(_failed):
            _print(f"hdfsaver: the save of {save.path} in the background has failed: {_described(save.error)}")
        for save in tuple(_saves):
            _print(f"hdfsaver: the save of {save.path} was not completed: the program was interrupted at its end")


def _described(error: BaseException | None) -> str:
    return "" if error is None else f"{type(error).__name__}: {error}"


def _print(line: str) -> None:
    with suppress(Exception):  # a program may have closed stderr
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


def _forget() -> None:
    """In a forked child: the saves are the parent's, and so are their threads."""
    Saves.forks += 1
    for save in _saves:
        save.is_done = True
    _saves.clear()
    _failed.clear()
    _workers.clear()


def _tell_of_the_end() -> bool:
    """Have `_end` called before the interpreter waits for threads, as `concurrent.futures` does; whether that is so."""
    register = getattr(threading, "_register_atexit", None)  # not public: other versions may lack it
    try:
        return register is not None and register(_end) is None
    except RuntimeError:  # the interpreter has begun to end
        return False


_is_told_of_the_end = _tell_of_the_end()

# Registered at the import, so that handlers of the program, which are called before, may still ask for errors.
atexit.register(_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
