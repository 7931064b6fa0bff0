"""``tf.TextLineReader`` and its relatives: records of files whose names a queue gives."""

from __future__ import annotations

from typing import NamedTuple

from hdfsaver.graph.apply import apply, apply_list, apply_op
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.interop.records.record_options import OptionsLike, TFRecordOptions
from hdfsaver.queues.graph_queues import QueueBase


class ReaderReadV2(NamedTuple):
    """A record."""

    key: Tensor
    value: Tensor


class ReaderReadUpToV2(NamedTuple):
    """Several records."""

    keys: Tensor
    values: Tensor


class ReaderBase:
    """A reader of a graph.

    Parameters
    ----------
    reader_ref : Tensor
        The handle.
    supports_serialize : bool
        Whether its place can be kept.
    """

    def __init__(self, reader_ref: Tensor, supports_serialize: bool = False) -> None:
        self._reader_ref = reader_ref
        self._supports_serialize = supports_serialize

    @property
    def reader_ref(self) -> Tensor:
        """The handle."""
        return self._reader_ref

    @property
    def supports_serialize(self) -> bool:
        """Whether its place can be kept."""
        return self._supports_serialize

    def read(self, queue: QueueBase | Tensor, name: str | None = None) -> ReaderReadV2:
        """The next record.

        Parameters
        ----------
        queue : QueueBase
            A queue of strings: the names of files.
        name : str, optional
            Name of the operation, ``ReaderReadV2`` by default.

        Returns
        -------
        tuple of Tensor
            The key and the value, strings.

        Raises
        ------
        OutOfRangeError
            When run: the queue is closed, and there are no more records.
        """
        return ReaderReadV2(*apply_list("ReaderReadV2", self._reader_ref, _handle(queue), name=name))

    def read_up_to(
        self, queue: QueueBase | Tensor, num_records: TensorLike, name: str | None = None
    ) -> ReaderReadUpToV2:
        """The next records; fewer at the end of a file.

        Parameters
        ----------
        queue : QueueBase
            A queue of strings: the names of files.
        num_records : Tensor or int
            How many at most.
        name : str, optional
            Name of the operation, ``ReaderReadUpToV2`` by default.

        Returns
        -------
        tuple of Tensor
            The keys and the values, vectors of strings.

        Raises
        ------
        OutOfRangeError
            When run: the queue is closed, and there are no more records.
        """
        found = apply_list("ReaderReadUpToV2", self._reader_ref, _handle(queue), num_records, name=name)
        return ReaderReadUpToV2(*found)

    def num_records_produced(self, name: str | None = None) -> Tensor:
        """How many records it has given."""
        return apply("ReaderNumRecordsProducedV2", self._reader_ref, name=name)

    def num_work_units_completed(self, name: str | None = None) -> Tensor:
        """How many files it has finished."""
        return apply("ReaderNumWorkUnitsCompletedV2", self._reader_ref, name=name)

    def serialize_state(self, name: str | None = None) -> Tensor:
        """Its place, as a string."""
        return apply("ReaderSerializeStateV2", self._reader_ref, name=name)

    def restore_state(self, state: TensorLike, name: str | None = None) -> Operation:
        """Bring it to a place that `serialize_state` has given."""
        return apply_op("ReaderRestoreStateV2", self._reader_ref, state, name=name)

    def reset(self, name: str | None = None) -> Operation:
        """Let it begin again."""
        return apply_op("ReaderResetV2", self._reader_ref, name=name)


def _handle(queue: QueueBase | Tensor) -> Tensor:
    return queue.queue_ref if isinstance(queue, QueueBase) else queue


class WholeFileReader(ReaderBase):
    """A reader whose records are whole files, with their names as keys.

    Parameters
    ----------
    name : str, optional
        Name of the operation, ``WholeFileReaderV2`` by default.
    """

    def __init__(self, name: str | None = None) -> None:
        super().__init__(apply("WholeFileReaderV2", name=name), supports_serialize=True)


class TextLineReader(ReaderBase):
    """A reader whose records are lines, with the name of the file and the number of the line as keys.

    Parameters
    ----------
    skip_header_lines : int, optional
        How many lines at the beginning of each file are left out.
    name : str, optional
        Name of the operation, ``TextLineReaderV2`` by default.
    """

    def __init__(self, skip_header_lines: int | None = None, name: str | None = None) -> None:
        super().__init__(apply("TextLineReaderV2", skip_header_lines=skip_header_lines or 0, name=name))


class FixedLengthRecordReader(ReaderBase):
    """A reader whose records have a fixed length, with the name of the file and their number as keys.

    Parameters
    ----------
    record_bytes : int
        The length.
    header_bytes, footer_bytes : int, optional
        How many bytes at the beginning and at the end of each file are left out.
    hop_bytes : int, optional
        From the beginning of a record to that of the next; their length by default.
    name : str, optional
        Name of the operation, ``FixedLengthRecordReaderV2`` by default.
    encoding : str, optional
        ``"ZLIB"`` or ``"GZIP"`` for compressed files.
    """

    def __init__(
        self,
        record_bytes: int,
        header_bytes: int | None = None,
        footer_bytes: int | None = None,
        hop_bytes: int | None = None,
        name: str | None = None,
        encoding: str | None = None,
    ) -> None:
        sizes = {"header_bytes": header_bytes or 0, "footer_bytes": footer_bytes or 0, "hop_bytes": hop_bytes or 0}
        made = apply(
            "FixedLengthRecordReaderV2",
            record_bytes=record_bytes,
            encoding=(encoding or "").encode(),
            name=name,
            **sizes,
        )
        super().__init__(made)


class TFRecordReader(ReaderBase):
    """A reader whose records are those of TFRecord files, with the name of the file and their place as keys.

    Parameters
    ----------
    name : str, optional
        Name of the operation, ``TFRecordReaderV2`` by default.
    options : TFRecordOptions, optional
        How the files are compressed.
    """

    def __init__(self, name: str | None = None, options: OptionsLike = None) -> None:
        kind = TFRecordOptions.get_compression_type_string(options)
        super().__init__(apply("TFRecordReaderV2", compression_type=kind.encode(), name=name))


class IdentityReader(ReaderBase):
    """A reader whose records are the strings of the queue themselves.

    Parameters
    ----------
    name : str, optional
        Name of the operation, ``IdentityReaderV2`` by default.
    """

    def __init__(self, name: str | None = None) -> None:
        super().__init__(apply("IdentityReaderV2", name=name), supports_serialize=True)
