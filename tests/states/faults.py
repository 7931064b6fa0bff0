"""Lets one call to the file system go wrong: it is refused or interrupted, or the program is killed in it."""

from __future__ import annotations

import errno
import fcntl
import os
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import hdfsaver as tf
from tests.reliability.operations import OPERATIONS, WRITING, in_two

COUNTS = {
    "open": 12, "close": 12, "listdir": 3, "fchmod": 1, "posix_fallocate": 1, "truncate": 1, "write": 2, "pwrite": 4,
    "pwritev": 1, "fsync": 4, "replace": 2, "unlink": 4, "flock": 12,
}  # fmt: skip
"""How often each operation is called in a save, roughly: the places where a fault may be."""


class Killed(BaseException):
    """The program is dead: nothing that it would still do reaches the disk."""


@dataclass
class Fault:
    """What goes wrong, once.

    Attributes
    ----------
    kind : str
        ``"refuse"`` (an `OSError`), ``"interrupt"`` (Ctrl-C) or ``"kill"``.
    operation : str
        One of `COUNTS`.
    number : int
        Which of its calls, from 0; half-way through a write counts as a call.
    """

    kind: str
    operation: str
    number: int
    fired: bool = False
    _calls: int = 0
    _lock: Any = field(default_factory=threading.RLock, repr=False)

    @property
    def is_dead(self) -> bool:
        return self.fired and self.kind == "kill"

    def reach(self, name: str) -> None:
        """Raise, if it is this call's turn, or if the program is dead."""
        with self._lock:
            if self.is_dead:
                raise Killed
            if name != self.operation or self.fired:
                return
            self.fired = self._calls == self.number
            self._calls += 1
            if self.fired and self.kind != "meet":
                raise {
                    "refuse": OSError(errno.EIO, os.strerror(errno.EIO)),
                    "interrupt": KeyboardInterrupt(),
                    "kill": Killed(),
                }[self.kind]

    def wrapped(self, name: str, function: Any) -> Any:
        def operation(*args: Any, **options: Any) -> Any:
            if name == "close":
                function(*args)
                # The system closes the files of a dead program. One that reports an error has closed the file as well.
                return None if self.is_dead else self.reach(name)
            if name == "flock" and args[1] == fcntl.LOCK_UN and self.is_dead:
                return function(*args)
            self.reach(name)
            if name not in WRITING:
                return function(*args, **options)
            return in_two(name, function, args, self.reach)

        return operation


SPARING = ("open", "unlink", "close")
"""Operations that a superseded checkpoint outlives if they are refused: it is looked into before it is removed."""


@contextmanager
def injected(fault: Fault | None) -> Iterator[None]:
    """Let a fault happen in the block, in whatever thread."""
    if fault is None:
        yield
        return
    originals = [(module, name, getattr(module, name)) for module, name in OPERATIONS]
    try:
        for module, name, function in originals:
            setattr(module, name, fault.wrapped(name, function))
        yield
    finally:
        for module, name, function in originals:
            setattr(module, name, function)


class StoppedError(Exception):
    """What a callback raises to end a save."""


ERRORS: dict[str, Any] = {
    "refuse": tf.errors.OpError,
    "interrupt": KeyboardInterrupt,
    "kill": Killed,
    "stop": StoppedError,
}
"""What a fault comes to."""


def attempt(actions: list[Callable[[], Any]], fault: Fault | None) -> list[BaseException]:
    """Do one thing after the other, with a fault somewhere; what they raise, which must be that fault's."""
    raised: list[BaseException] = []
    with injected(fault), warnings.catch_warnings():
        if fault is not None and fault.operation in SPARING:
            warnings.simplefilter("ignore", UserWarning)  # a superseded checkpoint stays on the disk
        for action in actions:
            try:
                action()
            except (tf.errors.OpError, KeyboardInterrupt, Killed, StoppedError) as error:
                raised.append(error)
    if fault is not None and fault.fired:
        assert all(isinstance(error, ERRORS[fault.kind]) for error in raised), raised
    return raised


@dataclass
class Meeting(Fault):
    """Another program that begins to save meanwhile, in a thread; ``"meet"`` is no fault beside that."""

    other: Any = None
    _thread: Any = field(default=None, repr=False)
    _raised: list[BaseException] = field(default_factory=list, repr=False)

    def reach(self, name: str) -> None:
        """Begin the other one when it is its turn."""
        if threading.current_thread() is self._thread:
            return
        with self._lock:
            try:
                super().reach(name)
            finally:
                if self.fired and self._thread is None:
                    self._thread = threading.Thread(target=self._run)
                    self._thread.start()
                    # It cannot get far as long as the folder is locked; without a lock it would be at its end by then.
                    self._thread.join(0.05)

    @property
    def is_dead(self) -> bool:
        return super().is_dead and threading.current_thread() is not self._thread

    def _run(self) -> None:
        try:
            self.other()
        except BaseException as error:
            self._raised.append(error)
            raise

    def end(self) -> None:
        """Wait for the other one, which succeeds; it begins now where the first one was too fast."""
        if self._thread is None:
            self.other()
        else:
            self._thread.join(60)
            assert [] == self._raised
