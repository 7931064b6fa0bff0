"""Writing event files in a thread of their own, and reading them."""

from __future__ import annotations

import os
import socket
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterator

from hdfsaver.files.extras import library
from hdfsaver.files.file_io import PathLike, makedirs
from hdfsaver.files.file_systems import located, path_text
from hdfsaver.interop.records.record_reading import RecordIterator
from hdfsaver.interop.records.record_writing import TFRecordWriter
from hdfsaver.messages import message_classes
from hdfsaver.messages.parsing import parse

_VERSION = "brain.Event:2"
"""The first event of a file says this."""

_naming = threading.Lock()


class _EventFile:
    """An event file, which is made when the first event is written."""

    def __init__(self, folder: str, suffix: str) -> None:
        self._folder = folder
        self._suffix = suffix
        self._records: TFRecordWriter | None = None

    def write(self, event: bytes) -> None:
        """Write an event."""
        if self._records is None:
            with _naming:
                self._records = TFRecordWriter(self._free_path())
            version = message_classes.Event(wall_time=time.time(), file_version=_VERSION)
            self._records.write(version.SerializeToString())
        self._records.write(event)

    def flush(self) -> None:
        """Give the events to the operating system."""
        if self._records is not None:
            self._records.flush()

    def close(self) -> None:
        """Close the file; what is written after that goes into a new one."""
        records, self._records = self._records, None
        if records is not None:
            records.close()

    def _free_path(self) -> str:
        """A name that no file has: that of a later second, where several are made in one."""
        second = int(time.time())
        while True:
            name = f"events.out.tfevents.{second:010d}.{socket.gethostname()}{self._suffix}"
            files, path = located(os.path.join(self._folder, name))
            if not files.exists(path):
                return path
            second += 1


class _Worker:
    """A thread that writes the events of a queue.

    Parameters
    ----------
    file : _EventFile
    most : int
        The greatest number of events that wait; any number where it is not above 0.
    flush_secs : float
        Seconds from one flush of the file to the next.
    """

    def __init__(self, file: _EventFile, most: int, flush_secs: float) -> None:
        self._file = file
        self._most = most
        self._flush_secs = flush_secs
        self._waiting: deque[bytes] = deque()
        self._changed = threading.Condition()
        self._flushes_asked = self._flushes_done = 0
        self._is_ending = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="EventLoggerThread", daemon=True)
        self._thread.start()

    def put(self, event: bytes) -> None:
        """Add an event, when there is room; raises the error with which the thread has ended."""
        with self._changed:
            while self._error is None and 0 < self._most <= len(self._waiting):
                self._changed.wait()
            self._raise()
            self._waiting.append(event)
            self._changed.notify_all()

    def flush(self) -> None:
        """Wait until all events are with the operating system; raises the error with which the thread has ended."""
        with self._changed:
            self._flushes_asked += 1
            asked = self._flushes_asked
            self._changed.notify_all()
            while self._error is None and self._flushes_done < asked and self._thread.is_alive():
                self._changed.wait(1.0)
            self._raise()

    def end(self) -> None:
        """Write what waits, and end the thread."""
        with self._changed:
            self._is_ending = True
            self._changed.notify_all()
        self._thread.join()
        self._file.close()

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        next_flush = 0.0
        try:
            while True:
                with self._changed:
                    while not (self._waiting or self._is_ending or self._flushes_done < self._flushes_asked):
                        self._changed.wait()
                    events, asked = list(self._waiting), self._flushes_asked
                    self._waiting.clear()
                    is_last = self._is_ending
                    self._changed.notify_all()
                for event in events:
                    self._file.write(event)
                if asked > self._flushes_done or is_last or time.time() > next_flush:
                    self._file.flush()
                    next_flush = time.time() + self._flush_secs
                with self._changed:
                    self._flushes_done = asked
                    self._changed.notify_all()
                if is_last:
                    return
        except BaseException as error:  # noqa: BLE001, the program gets it with its next event
            with self._changed:
                self._error = error
                self._changed.notify_all()


class EventFileWriter:
    """Writes events into a file of a folder, in a thread of its own.

    What waits is written when the writer is closed, is not used any more, or the program ends.

    Parameters
    ----------
    logdir : path
        The folder, which is made where it is missing.
    max_queue : int
        The greatest number of events that wait to be written; a further one waits itself.
    flush_secs : float
        Seconds from one flush of the file to the next.
    filename_suffix : str, optional
        The end of the file's name.

    Raises
    ------
    ImportError
        The library for checksums is not installed.
    OpError
        The folder cannot be made.
    """

    def __init__(
        self, logdir: PathLike, max_queue: int = 10, flush_secs: float = 120, filename_suffix: str | None = None
    ) -> None:
        library("crc32c")  # now, not in the thread
        self._folder = path_text(logdir)
        makedirs(self._folder)
        self._most = max_queue
        self._flush_secs = flush_secs
        self._suffix = filename_suffix or ""
        self._start()

    def _start(self) -> None:
        self._worker = _Worker(_EventFile(self._folder, self._suffix), self._most, self._flush_secs)
        # The thread does not know the writer, so that one that nothing uses any more is closed.
        self._end = weakref.finalize(self, self._worker.end)

    def get_logdir(self) -> str:
        """The folder."""
        return self._folder

    def reopen(self) -> None:
        """After `close`, take events again, for a new file; nothing happens where it is open."""
        if not self._end.alive:
            self._start()

    def add_event(self, event: message_classes.Event) -> None:
        """Write an event; nothing happens where the writer is closed.

        Raises
        ------
        OpError
            An event before this one could not be written.
        """
        if self._end.alive:
            data = event.SerializeToString()  # now, so that the program may change the message
            self._or_close(lambda: self._worker.put(data))

    def flush(self) -> None:
        """Wait until all events can be read from the file."""
        if self._end.alive:
            self._or_close(self._worker.flush)

    def close(self) -> None:
        """Write all events, and close the file."""
        if self._end.alive:
            self.flush()
            self._end()

    def _or_close(self, act: Callable[[], None]) -> None:
        try:
            act()
        except BaseException:
            self._end()
            raise


class SummaryIterator:
    """The events of a file, one after the other; see `summary_iterator`."""

    def __init__(self, path: PathLike) -> None:
        self._path = path_text(path)
        self._records = RecordIterator(path)

    def __iter__(self) -> Iterator[message_classes.Event]:
        return self

    def __next__(self) -> message_classes.Event:
        return parse(message_classes.Event, next(self._records), f"A record of {self._path}")


def summary_iterator(path: PathLike) -> SummaryIterator:
    """Iterate over the events of a file.

    Parameters
    ----------
    path : path
        An event file.

    Returns
    -------
    SummaryIterator
        It gives ``Event`` messages. At the end it stops, and goes on where the file has become longer since.

    Raises
    ------
    NotFoundError
        The file is missing.
    DataLossError
        In the iteration: a record is damaged, or is not an event.
    """
    return SummaryIterator(path)
