"""Datasets of files: records, lines of text, records of one length."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hdfsaver import dtypes
from hdfsaver.datasets.dataset import Dataset, number_of
from hdfsaver.datasets.element_structures import Leaf
from hdfsaver.graph.apply import apply
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor

_BUFFER = 256 * 1024
_STRING = Leaf("string", ())


class _FilesDataset(Dataset):
    """The parts of some files, one file after the other."""

    def _read(self, filenames: Any, parallel: Any, read_one_file: Callable[[Tensor], Dataset]) -> None:
        """Read each file by a function."""
        if isinstance(filenames, Dataset):
            files = filenames
            if files.output_types != dtypes.string:
                raise TypeError(
                    f"The `filenames` argument must contain `tf.string` elements, not {files.output_types}."
                )
        else:
            names = convert_to_tensor(filenames, dtypes.string)
            flat = apply("Reshape", names, [-1], name="flat_filenames")
            made = apply("TensorSliceDataset", [flat], is_files=True, Toutput_types=["string"], output_shapes=[()])
            files = Dataset(made, _STRING)
        if parallel is None:
            found = files.flat_map(read_one_file)
        else:
            found = files.interleave(read_one_file, cycle_length=parallel, num_parallel_calls=parallel)
        super().__init__(found._variant_tensor, _STRING)


def _compression(compression_type: Any) -> Tensor:
    return convert_to_tensor(
        "" if compression_type is None else compression_type, dtypes.string, name="compression_type"
    )


def _buffer(buffer_size: Any) -> Tensor:
    return number_of(_BUFFER if buffer_size is None else buffer_size, "buffer_size")


class TFRecordDataset(_FilesDataset):
    """The records of files, as strings.

    Parameters
    ----------
    filenames : str, list of str, Tensor, or Dataset of strings
    compression_type : {"", "ZLIB", "GZIP"}, optional
    buffer_size : int, optional
        Accepted.
    num_parallel_reads : int, optional
        From how many files records come in turn.
    name : str, optional

    Examples
    --------
    >>> import tempfile, os
    >>> import hdfsaver as tf
    >>> path = os.path.join(tempfile.mkdtemp(), "x.tfrecord")
    >>> with tf.python_io.TFRecordWriter(path) as writer:
    ...     writer.write(b"one")
    >>> tf.Session().run(tf.data.TFRecordDataset(path).make_one_shot_iterator().get_next())
    b'one'
    """

    def __init__(
        self,
        filenames: Any,
        compression_type: TensorLike | None = None,
        buffer_size: Any = None,
        num_parallel_reads: Any = None,
        name: str | None = None,
    ) -> None:
        def read_one_file(filename: Tensor) -> Dataset:
            made = apply("TFRecordDataset", filename, _compression(compression_type), _buffer(buffer_size))
            return Dataset(made, _STRING)

        self._read(filenames, num_parallel_reads, read_one_file)


class TextLineDataset(_FilesDataset):
    """The lines of text files, as strings without their ends.

    Parameters
    ----------
    filenames : str, list of str, Tensor, or Dataset of strings
    compression_type : {"", "ZLIB", "GZIP"}, optional
    buffer_size : int, optional
        Accepted.
    num_parallel_reads : int, optional
        From how many files lines come in turn.
    name : str, optional
    """

    def __init__(
        self,
        filenames: Any,
        compression_type: TensorLike | None = None,
        buffer_size: Any = None,
        num_parallel_reads: Any = None,
        name: str | None = None,
    ) -> None:
        def read_one_file(filename: Tensor) -> Dataset:
            made = apply("TextLineDataset", filename, _compression(compression_type), _buffer(buffer_size))
            return Dataset(made, _STRING)

        self._read(filenames, num_parallel_reads, read_one_file)


class FixedLengthRecordDataset(_FilesDataset):
    """Records of one length, as strings.

    Parameters
    ----------
    filenames : str, list of str, Tensor, or Dataset of strings
    record_bytes : int
    header_bytes, footer_bytes : int, optional
        How many bytes at the beginning and at the end of a file are left out.
    buffer_size : int, optional
        Accepted.
    compression_type : {"", "ZLIB", "GZIP"}, optional
    num_parallel_reads : int, optional
        From how many files records come in turn.
    name : str, optional
    """

    def __init__(
        self,
        filenames: Any,
        record_bytes: Any,
        header_bytes: Any = None,
        footer_bytes: Any = None,
        buffer_size: Any = None,
        compression_type: TensorLike | None = None,
        num_parallel_reads: Any = None,
        name: str | None = None,
    ) -> None:
        def read_one_file(filename: Tensor) -> Dataset:
            made = apply(
                "FixedLengthRecordDatasetV2",
                filename,
                number_of(0 if header_bytes is None else header_bytes, "header_bytes"),
                number_of(record_bytes, "record_bytes"),
                number_of(0 if footer_bytes is None else footer_bytes, "footer_bytes"),
                _buffer(buffer_size),
                _compression(compression_type),
            )
            return Dataset(made, _STRING)

        self._read(filenames, num_parallel_reads, read_one_file)
