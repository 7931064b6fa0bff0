"""Coordinator: stops several threads together when one of them asks for it or fails."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, TypeAlias

from hdfsaver.errors import OutOfRangeError
from hdfsaver.training import tf_logging as log

ExcInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None]
"""The type of the result of `sys.exc_info`."""


class Coordinator:
    """Stops several threads together.

    Parameters
    ----------
    clean_stop_exception_types : tuple of type, optional
        Exceptions with which a thread stops without an error; `OutOfRangeError` by default, the end of an input.
    """

    def __init__(self, clean_stop_exception_types: tuple[type[BaseException], ...] | None = None) -> None:
        self._clean = (OutOfRangeError,) if clean_stop_exception_types is None else tuple(clean_stop_exception_types)
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._error: BaseException | None = None
        self._joined = False
        self._registered_threads: set[threading.Thread] = set()

    def request_stop(self, ex: BaseException | ExcInfo | None = None) -> None:
        """Ask all threads to stop.

        Parameters
        ----------
        ex : exception or exc_info tuple, optional
            The reason, which `join` raises. Only the first one counts.

        Raises
        ------
        BaseException
            The reason, where `join` has ended already.
        """
        error = ex[1] if isinstance(ex, tuple) else ex
        with self._lock:
            if self._joined and error is not None and not isinstance(error, self._clean):
                raise error
            if self._stop.is_set():
                return
            if error is not None and not isinstance(error, self._clean):
                log.info("Error reported to Coordinator: %s, %s", type(error), error)
                self._error = error
            self._stop.set()

    def clear_stop(self) -> None:
        """Forget the request to stop, and its reason."""
        with self._lock:
            self._joined = False
            self._error = None
            self._stop.clear()

    def should_stop(self) -> bool:
        """Whether a thread has asked to stop."""
        return self._stop.is_set()

    @contextmanager
    def stop_on_exception(self) -> Iterator[None]:
        """Turn an exception in the block into a request to stop."""
        try:
            yield
        except BaseException as error:  # noqa: BLE001, `join` raises it, of any class
            self.request_stop(error)

    def wait_for_stop(self, timeout: float | None = None) -> bool:
        """Wait until a thread asks to stop, for ``timeout`` seconds at most; gives whether one has asked."""
        return self._stop.wait(timeout)

    def register_thread(self, thread: threading.Thread) -> None:
        """Let `join` wait for a thread too."""
        with self._lock:
            self._registered_threads.add(thread)

    def join(
        self,
        threads: Iterable[threading.Thread] | None = None,
        stop_grace_period_secs: float = 120,
        ignore_live_threads: bool = False,
    ) -> None:
        """Wait for all threads to end, and raise the reason why they stopped.

        Parameters
        ----------
        threads : iterable of Thread, optional
            Threads beside those that are registered.
        stop_grace_period_secs : float
            Seconds that the threads have to end after a request to stop.
        ignore_live_threads : bool
            Raise nothing where a thread has not ended by then.

        Raises
        ------
        RuntimeError
            A thread has not ended by then.
        BaseException
            The exception with which a thread stopped.
        """
        with self._lock:
            waited_for = self._registered_threads.union(threads or ())
        while any(thread.is_alive() for thread in waited_for) and not self.wait_for_stop(0.05):
            pass
        end = time.monotonic() + stop_grace_period_secs
        for thread in waited_for:
            thread.join(max(0.0, end - time.monotonic()))
        running = [thread.name for thread in waited_for if thread.is_alive()]
        with self._lock:
            self._joined = True
            self._registered_threads = set()
        self.raise_requested_exception()
        if running and not ignore_live_threads:
            raise RuntimeError(f"Coordinator stopped with threads still running: {' '.join(running)}")

    @property
    def joined(self) -> bool:
        """Whether `join` has ended."""
        return self._joined

    def raise_requested_exception(self) -> None:
        """Raise the exception with which a thread stopped, if there is one."""
        with self._lock:
            if self._error is not None:
                raise self._error


class LooperThread(threading.Thread):
    """Calls a function again and again, until a Coordinator asks to stop.

    Parameters
    ----------
    coord : Coordinator
        Asks to stop; it is told of an exception of the function.
    timer_interval_secs : float or None
        Seconds from one call to the next; None calls without a pause.
    target : callable, optional
        The function; without it a subclass defines `run_loop`.
    args : tuple, optional
        Its positional arguments.
    kwargs : dict, optional
        Its keyword arguments.

    Raises
    ------
    ValueError
        ``coord`` is not a Coordinator, or there are arguments without a function.
    """

    def __init__(
        self,
        coord: Coordinator,
        timer_interval_secs: float | None,
        target: Callable[..., object] | None = None,
        args: Sequence[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        if not isinstance(coord, Coordinator):
            raise ValueError(f"'coord' argument must be a Coordinator: {coord}")
        if target is None and (args or kwargs):
            raise ValueError("'args' and 'kwargs' argument require that you also pass 'target'")
        super().__init__(daemon=True)
        self._coord = coord
        self._interval = timer_interval_secs
        self._call = target
        self._call_args, self._call_kwargs = tuple(args or ()), dict(kwargs or {})
        coord.register_thread(self)

    @staticmethod
    def loop(
        coord: Coordinator,
        timer_interval_secs: float | None,
        target: Callable[..., object],
        args: Sequence[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
    ) -> LooperThread:
        """Start a thread that calls a function again and again.

        Parameters
        ----------
        coord : Coordinator
            Asks to stop.
        timer_interval_secs : float or None
            Seconds from one call to the next; None calls without a pause.
        target : callable
            The function.
        args : tuple, optional
            Its positional arguments.
        kwargs : dict, optional
            Its keyword arguments.

        Returns
        -------
        LooperThread
            The thread, which runs.
        """
        looper = LooperThread(coord, timer_interval_secs, target, args, kwargs)
        looper.start()
        return looper

    def run(self) -> None:
        """Call until the Coordinator asks to stop; an exception stops the other threads too."""
        with self._coord.stop_on_exception():
            self.start_loop()
            if self._interval is None:
                while not self._coord.should_stop():
                    self.run_loop()
            else:
                due = time.monotonic()
                while not self._coord.wait_for_stop(max(0.0, due - time.monotonic())):
                    due += self._interval
                    self.run_loop()
            self.stop_loop()

    def start_loop(self) -> None:
        """Called before the first call; for subclasses."""

    def stop_loop(self) -> None:
        """Called after the last call; for subclasses."""

    def run_loop(self) -> None:
        """Called each time; calls the function."""
        if self._call is not None:
            self._call(*self._call_args, **self._call_kwargs)
