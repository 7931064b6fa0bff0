"""A pool of threads that also works where none can be started: then its work is done by the caller.

`concurrent.futures.ThreadPoolExecutor` starts no thread while the interpreter ends, and a signal handler that uses one
waits without end where it has interrupted the `submit` of another: a save must work in both.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextvars import Context, copy_context
from functools import partial
from queue import Empty, SimpleQueue
from threading import Thread, current_thread, main_thread
from typing import Any, ParamSpec, TypeAlias, TypeVar

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")

_Task: TypeAlias = "tuple[Future[_Result], Callable[[], _Result], Context]"


def can_start_threads() -> bool:
    """Whether the interpreter waits for threads that are started now.

    Handlers of `atexit` run in the main thread when it has ended for all others; a thread that is started there may
    still run when the interpreter is freed.
    """
    return main_thread().is_alive() or current_thread() is not main_thread()


class ThreadPool(Executor):
    """Threads that work for one caller, which ends them with `shutdown`; their work has the caller's context variables.

    Parameters
    ----------
    threads : int
        The most threads; they are started when there is work.
    """

    # The threads are daemons because the caller waits for them: a thread that is not one takes a lock of the
    # interpreter when it starts and ends, which the code that a signal handler has interrupted may hold.

    def __init__(self, threads: int) -> None:
        self._most = threads if can_start_threads() else 0
        self._threads: list[Thread] = []
        self._tasks: SimpleQueue[_Task[Any] | None] = SimpleQueue()

    def submit(
        self, fn: Callable[_Arguments, _Result], /, *args: _Arguments.args, **kwargs: _Arguments.kwargs
    ) -> Future[_Result]:
        """Call a function in a thread; if none can be started, call it now, and raise what it raises."""
        if len(self._threads) < self._most:
            self._start()
        future: Future[_Result] = Future()
        task = (future, partial(fn, *args, **kwargs), copy_context())
        if self._threads:
            self._tasks.put(task)
        else:
            _do(*task)
            future.result()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the threads when the work is done; with ``cancel_futures``, drop work that has not begun."""
        if cancel_futures:
            self._cancel()
        for _ in self._threads:
            self._tasks.put(None)
        for thread in self._threads if wait else ():
            if thread.ident is not None:
                thread.join()

    def _start(self) -> None:
        thread = Thread(target=_serve, args=(self._tasks,), name="hdfsaver", daemon=True)
        # Listed first: an interruption may come when the thread already runs.
        self._threads.append(thread)
        try:
            thread.start()
        except RuntimeError:  # the interpreter ends, or the system refuses
            self._threads.remove(thread)
            self._most = len(self._threads)

    def _cancel(self) -> None:
        try:
            while True:
                task = self._tasks.get_nowait()
                if task is not None:
                    task[0].cancel()
        except Empty:
            pass


def _serve(tasks: SimpleQueue[_Task[Any] | None]) -> None:
    while (task := tasks.get()) is not None:
        _do(*task)
        del task  # the values that it holds may be large


def _do(future: Future[_Result], work: Callable[[], _Result], context: Context) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = context.run(work)
    except BaseException as error:  # noqa: BLE001, raised by the future
        future.set_exception(error)
        del future  # it holds the error, whose traceback holds this frame
    else:
        future.set_result(result)
