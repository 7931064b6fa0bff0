"""Readers as operations: they take the names of files from a queue, and give their records one by one."""

from __future__ import annotations

import gzip
import os
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

import numpy as np

from hdfsaver import shapes
from hdfsaver.errors import DataLossError, UnimplementedError
from hdfsaver.files.file_io import FileIO
from hdfsaver.graph.definition import Kernel, Node, register
from hdfsaver.interop.records.record_reading import RecordReader
from hdfsaver.messages import message_classes
from hdfsaver.messages.parsing import parse
from hdfsaver.ops.base import Flat, invalid, variable_key
from hdfsaver.ops.queue_objects import Queue, WaitingState
from hdfsaver.ops.queue_ops import QueueState, by_reference, queue_of
from hdfsaver.ops.resources import Resource
from hdfsaver.queues.file_ops import string, strings
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

Record = tuple[bytes, bytes]
"""A key and a value."""

Open = Callable[[bytes], Iterator[Record]]
"""Gives the records of a unit of work, such as a file of that name."""


class Reader(Resource):
    """A reader as a session keeps it.

    Parameters
    ----------
    name : str
    records : callable
        Gives the records of a unit of work.
    kind : str
        The name of the class in TensorFlow, for messages.
    takes_many : bool
        Whether one step gives as many records as are asked for.
    is_single : bool
        Whether a unit of work has one record, with which it is finished.
    """

    def __init__(self, name: str, records: Open, kind: str, takes_many: bool, is_single: bool) -> None:
        self.name = name
        self.kind = kind
        self._is_single = is_single
        self.lock = threading.Lock()
        self._records = records
        self._takes_many = takes_many
        self.reset()

    def reset(self) -> None:
        """Begin again."""
        self.work = b""
        self.started = self.finished = self.produced = 0
        self._current: Iterator[Record] | None = None

    def release(self) -> None:
        """Close the file."""
        self._current = None

    def read(self, state: WaitingState, queue: Queue, most: int) -> list[Record]:
        """The next records: at least one, and none beyond the end of a unit of work.

        Raises
        ------
        OutOfRangeError
            The queue is closed, and there is no more work.
        """
        found: list[Record] = []
        while not found:
            if self._current is None:
                self._begin(state, queue)
            current = self._current
            assert current is not None
            while len(found) < most:
                record = next(current, None)
                if record is None:
                    self._current = None
                    self.finished = self.started
                    break
                found.append(record)
                if self._is_single:
                    self._current = None
                    self.finished = self.started
                if not self._takes_many:
                    break
        self.produced += len(found)
        return found

    def _begin(self, state: WaitingState, queue: Queue) -> None:
        if queue.dtypes != ["string"] or queue.shapes not in ([()], []):
            raise invalid(f"Expected queue {queue} with one component, a string, for reader '{self.name}'.")
        (work,) = queue.take(state, 1)[0]
        self.work = np.asarray(work, object).item()
        self._current = self._records(self.work)
        self.started += 1

    def state(self) -> bytes:
        """Where the reader is, as a message."""
        return message_classes.ReaderBaseState(
            work_started=self.started,
            work_finished=self.finished,
            num_records_produced=self.produced,
            current_work=self.work,
        ).SerializeToString()

    def restore(self, data: bytes) -> None:
        """Go to where a reader was."""
        try:
            found = parse(message_classes.ReaderBaseState, data, "The state")
        except DataLossError:
            raise invalid(f"Could not parse state for {self.kind} '{self.name}': {data[:80]!r}") from None
        counts = (found.work_started, found.work_finished, found.num_records_produced)
        if min(counts) < 0 or found.work_started < found.work_finished:
            raise invalid(f"Inconsistent counts in the state for {self.name}: {counts}")
        self.started, self.finished, self.produced = counts
        self.work = found.current_work
        self._current = self._records(self.work) if found.work_started > found.work_finished else None


class _Making(Flat):
    """Makes a reader, or finds that of its name, and gives its handle."""

    signature = "-> reader_handle: resource"
    attrs: ClassVar[dict[str, Any]] = {"container": b"", "shared_name": b""}
    stateful = True
    supports_state: ClassVar[bool] = False
    takes_many: ClassVar[bool] = False

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(), that of the handle."""
        return [()]

    def kernel(self, node: Node) -> Kernel:
        key = variable_key(node)
        records = self.records(node)

        def made() -> Reader:
            return Reader(key, records, self.type.removesuffix("V2"), self.takes_many, self.supports_state)

        def find(state: QueueState) -> Any:
            return state.resource(("reader", key), made)

        return find

    def records(self, node: Node) -> Open:
        """The function that gives the records of a unit of work."""
        raise NotImplementedError


def _contents(path: bytes) -> bytes:
    with FileIO(os.fsdecode(path), "rb") as file:
        data = file.read()
    assert isinstance(data, bytes)
    return data


@register
class IdentityReaderV2(_Making):
    """Makes a reader whose records are the units of work, as keys and as values."""

    type = "IdentityReaderV2"
    supports_state = True

    def records(self, node: Node) -> Open:
        return lambda work: iter([(work, work)])


@register
class WholeFileReaderV2(_Making):
    """Makes a reader whose records are whole files, with their names as keys."""

    type = "WholeFileReaderV2"
    supports_state = True

    def records(self, node: Node) -> Open:
        def whole(work: bytes) -> Iterator[Record]:
            yield work, _contents(work)

        return whole


@register
class TextLineReaderV2(_Making):
    """Makes a reader whose records are the lines of files; the keys have the numbers of the lines."""

    type = "TextLineReaderV2"
    attrs = _Making.attrs | {"skip_header_lines": 0}

    def records(self, node: Node) -> Open:
        skipped = node.attrs["skip_header_lines"]

        def lines(work: bytes) -> Iterator[Record]:
            with FileIO(os.fsdecode(work), "rb") as file:
                for number, line in enumerate(file, 1):
                    assert isinstance(line, bytes)
                    if number > skipped:
                        yield b"%s:%d" % (work, number), line.removesuffix(b"\n").replace(b"\r", b"")

        return lines


@register
class TFRecordReaderV2(_Making):
    """Makes a reader whose records are those of TFRecord files; the keys have their places."""

    type = "TFRecordReaderV2"
    attrs = _Making.attrs | {"compression_type": b""}
    takes_many = True

    def records(self, node: Node) -> Open:
        kind = node.attrs["compression_type"].decode()

        def found(work: bytes) -> Iterator[Record]:
            reader = RecordReader(os.fsdecode(work), kind)
            try:
                offset = 0
                while (record := reader.record(offset)) is not None:
                    yield b"%s:%d" % (work, offset), record[0]
                    offset = record[1]
            finally:
                reader.close()

        return found


@register
class FixedLengthRecordReaderV2(_Making):
    """Makes a reader whose records have a fixed length; the keys have their numbers."""

    type = "FixedLengthRecordReaderV2"
    attrs = _Making.attrs | {"header_bytes": 0, "footer_bytes": 0, "hop_bytes": 0, "encoding": b""}
    needed: ClassVar[dict[str, str]] = {"record_bytes": "int"}

    def records(self, node: Node) -> Open:
        length, encoding = node.attrs["record_bytes"], node.attrs.get("encoding", b"")
        before, after, hop = (node.attrs[f"{name}_bytes"] for name in ("header", "footer", "hop"))
        for name, value in (("record", length - 1), ("header", before), ("footer", after), ("hop", hop)):
            if value < 0:
                raise invalid(f"{name}_bytes must be {'positive' if name == 'record' else '>= 0'}: {node.attrs}")

        def cut(work: bytes) -> Iterator[Record]:
            data = _contents(work)
            if encoding == b"ZLIB":
                data = zlib.decompress(data)
            elif encoding == b"GZIP":
                data = gzip.decompress(data)
            end = len(data) - after
            for number, place in enumerate(range(before, end - length + 1, hop or length)):
                yield b"%s:%d" % (work, number), data[place : place + length]

        return cut


class _OnReader(Flat):
    """An operation on a reader."""

    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """()."""
        return [()] * len(self.parsed.outputs)


@register
class ReaderReadV2(_OnReader):
    """The next record."""

    type = "ReaderReadV2"
    signature = "reader_handle: resource, queue_handle: resource -> key: string, value: string"

    def kernel(self, node: Node) -> Kernel:
        def read(state: QueueState, reader: Reader, queue: object) -> tuple[Array, Array]:
            with reader.lock:
                ((key, value),) = reader.read(state, queue_of(queue), 1)
            return string(key), string(value)

        return read


@register
class ReaderReadUpToV2(_OnReader):
    """The next records, up to a number; fewer at the end of a file."""

    type = "ReaderReadUpToV2"
    signature = "reader_handle: resource, queue_handle: resource, num_records: int64 -> keys: string, values: string"

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(None,) for both outputs."""
        shapes.merge(node.input_shapes[2], ())
        return [(None,)] * 2

    def kernel(self, node: Node) -> Kernel:
        def read(state: QueueState, reader: Reader, queue: object, most: Array) -> tuple[Array, Array]:
            if most <= 0:
                raise invalid(f"num_records must be positive, not {most}.")
            with reader.lock:
                found = reader.read(state, queue_of(queue), int(most))
            return strings([key for key, _ in found]), strings([value for _, value in found])

        return read


@register
class ReaderNumRecordsProducedV2(_OnReader):
    """How many records a reader has given."""

    type = "ReaderNumRecordsProducedV2"
    signature = "reader_handle: resource -> records_produced: int64"

    def kernel(self, node: Node) -> Kernel:
        return lambda state, reader: np.int64(reader.produced)


@register
class ReaderNumWorkUnitsCompletedV2(_OnReader):
    """How many units of work a reader has finished."""

    type = "ReaderNumWorkUnitsCompletedV2"
    signature = "reader_handle: resource -> units_completed: int64"

    def kernel(self, node: Node) -> Kernel:
        return lambda state, reader: np.int64(reader.finished)


@register
class ReaderSerializeStateV2(_OnReader):
    """The place of a reader, as a message."""

    type = "ReaderSerializeStateV2"
    signature = "reader_handle: resource -> state: string"

    def kernel(self, node: Node) -> Kernel:
        _check_state(node, "SerializeState")
        return lambda state, reader: string(reader.state())


@register
class ReaderRestoreStateV2(_OnReader):
    """Brings a reader to a place."""

    type = "ReaderRestoreStateV2"
    signature = "reader_handle: resource, state: string ->"

    def shapes(self, node: Node) -> Sequence[Shape]:
        """No output."""
        shapes.merge(node.input_shapes[1], ())
        return []

    def kernel(self, node: Node) -> Kernel:
        _check_state(node, "RestoreState")

        def restore(state: QueueState, reader: Reader, data: Array) -> tuple[()]:
            reader.restore(np.asarray(data, object).item())
            return ()

        return restore


def _check_state(node: Node, what: str) -> None:
    kind = node.source_type(0)
    if not kind.startswith(("IdentityReader", "WholeFileReader")):
        raise UnimplementedError(None, None, f"Reader {what}: a {kind} has no state that can be kept.")


@register
class ReaderResetV2(_OnReader):
    """Lets a reader begin again."""

    type = "ReaderResetV2"
    signature = "reader_handle: resource ->"

    def kernel(self, node: Node) -> Kernel:
        def reset(state: QueueState, reader: Reader) -> tuple[()]:
            reader.reset()
            return ()

        return reset


for _definition in (IdentityReaderV2, WholeFileReaderV2, TextLineReaderV2, TFRecordReaderV2, FixedLengthRecordReaderV2,
                    ReaderReadV2, ReaderReadUpToV2, ReaderNumRecordsProducedV2, ReaderNumWorkUnitsCompletedV2,
                    ReaderSerializeStateV2, ReaderRestoreStateV2, ReaderResetV2):  # fmt: skip
    by_reference(_definition, _definition.type.removesuffix("V2"), without="encoding")
