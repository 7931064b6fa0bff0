"""Writing a bundle: byte for byte like TensorFlow, and atomically.

A save first writes all bytes to temporary files. Then it removes the old index, so that it never describes new data.
Last it renames the data files and then the index, by which readers find them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hdfsaver import dtypes
from hdfsaver.errors import InvalidArgumentError
from hdfsaver.files.atomic_write import Draft, atomic_write
from hdfsaver.files.live_bytes import LiveBytes, steady_bytes
from hdfsaver.files.positional_io import MAX_THREADS, PIECE, write_at
from hdfsaver.files.progress import Callback, Progress
from hdfsaver.interop.bundle import crc_io, string_tensors
from hdfsaver.interop.bundle.bundle_index import VERSION
from hdfsaver.interop.bundle.shards import index_path, shard_path
from hdfsaver.interop.table import checksum
from hdfsaver.interop.table.ordered_code import SLICE_MARK
from hdfsaver.interop.table.table_writing import table_bytes
from hdfsaver.messages import message_classes
from hdfsaver.tensor_info import LARGE, STRING

_IN_FLIGHT = 32 << 20
"""Bytes of tensors that may wait to be written at once; a larger tensor waits alone."""

_MAX_RANK = 254
"""The largest number of dimensions that TensorFlow allows."""


class _Tensor(NamedTuple):
    """A value in its stored form; a string tensor has its checksum already."""

    dtype: str
    shape: tuple[int, ...]
    view: memoryview | LiveBytes
    crc: int | None


def write_bundle(
    prefix: str | os.PathLike[str],
    values: Mapping[str, Any],
    dtype_names: Mapping[str, str] | None = None,
    *,
    shard_bytes: int | None = None,
    sort: bool = True,
    durable: bool = True,
    progress: Callback | None = None,
    live: bool = True,
) -> None:
    """Write a TensorFlow checkpoint of the second format, and replace one of the same prefix.

    Parameters
    ----------
    prefix : path-like
        The checkpoint's files are ``PREFIX.index`` and ``PREFIX.data-00000-of-00001``.
    values : mapping of str to array_like
        The tensors by name. Each is requested once, in the order of writing, and released when it is written, so a lazy
        mapping never needs memory for all of them.
    dtype_names : mapping of str to str, optional
        Names of the dtypes that NumPy does not have (``"qint8"``).
    shard_bytes : int, optional
        Begin another data file before one grows beyond this many bytes. By default all tensors are in one file.
    sort : bool
        Store the tensors in the order of their names, as TensorFlow's Saver does, rather than in the order of
        ``values``, as its operation ``SaveV2`` does. The index is always sorted.
    durable : bool
        Wait until everything is on the disk.
    progress : callable, optional
        See `hdfsaver.files.progress.Callback`; the total is the number of bytes known so far, so it grows.
    live : bool
        Whether the rest of the program may change the arrays meanwhile. Their bytes are then copied, block by block.

    Raises
    ------
    TypeError
        The dtype of a value is unsupported, or does not match ``dtype_names``.
    InvalidArgumentError
        There is no tensor, or a name is not allowed in a bundle.
    NotFoundError, PermissionDeniedError, ResourceExhaustedError, OpError
        The operating system refuses. An earlier checkpoint is unchanged, unless the error occurs while files are
        renamed.
    """
    path = os.fspath(prefix)
    names = _names(values, sort)
    with ExitStack() as stack:
        # The context that is entered first is committed last.
        index = stack.enter_context(atomic_write(index_path(path), durable=durable))
        writer = _Writer(path, stack, durable, shard_bytes, progress)
        try:
            for name in names:
                writer.add(name, _tensor(name, values[name], (dtype_names or {}).get(name), live=live))
            writer.finish()
        finally:
            writer.close()
        _complete(path, index, writer, durable)


def _complete(prefix: str, index: Draft, writer: _Writer, durable: bool) -> None:
    """Write the index; the drafts become a checkpoint when their stack is closed."""
    shards = len(writer.drafts)
    write_at(index.fd, memoryview(_index_bytes(writer.entries, shards)), 0)
    if durable:
        for draft in [index, *writer.drafts]:
            os.fsync(draft.fd)
    for shard, draft in enumerate(writer.drafts):
        draft.becomes(Path(shard_path(prefix, shard, shards)).name)
    with suppress(FileNotFoundError):
        os.unlink(index.target)


def _names(values: Mapping[str, Any], sort: bool) -> list[str]:
    names = sorted(values, key=str.encode) if sort else list(values)
    if not names:
        raise InvalidArgumentError(None, None, "There is nothing to write: a checkpoint needs at least one tensor.")
    for name in names:
        if not name or name.encode().startswith(SLICE_MARK):
            raise InvalidArgumentError(
                None, None, f"A bundle cannot hold a tensor with the name {name!r}. Choose another name."
            )
    return names


_PLAIN = {
    np.dtype(row.numpy).newbyteorder("<"): row.name
    for row in reversed(dtypes.TABLE)
    if row.numpy is not np.object_ and not dtypes.as_dtype(row.name).is_quantized
}
"""The names of NumPy's little-endian dtypes."""


def _tensor(name: str, value: Any, wanted: str | None, *, live: bool) -> _Tensor:
    # A view keeps its dtype and shape when the program sets those of its array, and does not own the memory.
    array = np.asarray(value).view() if live else np.asarray(value)
    plain = _PLAIN.get(array.dtype) if wanted is None else None
    if plain is not None and array.flags.c_contiguous:
        return _Tensor(plain, array.shape, steady_bytes(array), None)
    dtype = _dtype_of(name, array, wanted)
    if dtype == STRING:
        data, crc = string_tensors.encode(_strings(name, array))
        return _Tensor(dtype, array.shape, memoryview(data), crc)
    ordered = dtypes.numpy_dtype(dtype).newbyteorder("<")
    return _Tensor(dtype, array.shape, steady_bytes(np.asarray(array, dtype=ordered, order="C")), None)


def _dtype_of(name: str, array: np.ndarray[Any, Any], wanted: str | None) -> str:
    try:
        found = dtypes.name_of_numpy(array.dtype)
    except TypeError as error:
        raise TypeError(f"Tensor {name!r} cannot be written: {error}") from None
    if wanted is None:
        return found
    base = dtypes.as_dtype(wanted).base_dtype
    if not base.is_numpy_compatible or dtypes.name_of_numpy(np.dtype(base.as_numpy_dtype)) != found:
        raise TypeError(f"Tensor {name!r} should have dtype {wanted}, but its value has the NumPy dtype {array.dtype}.")
    return base.name


def _strings(name: str, array: np.ndarray[Any, Any]) -> list[bytes]:
    strings = [item.encode() if isinstance(item, str) else item for item in array.reshape(-1).tolist()]
    for item in strings:
        if not isinstance(item, bytes):
            raise TypeError(f"String tensor {name!r} holds {item!r}; bytes or str were expected.")
    return strings


class _Writer:
    """Writes tensors in order to data files, large ones in threads, small ones many at once."""

    def __init__(
        self, prefix: str, stack: ExitStack, durable: bool, shard_bytes: int | None, progress: Callback | None
    ) -> None:
        self.entries: list[tuple[str, Any]] = []
        self.drafts: list[Draft] = []
        self._prefix = prefix
        self._stack = stack
        self._durable = durable
        self._limit = shard_bytes
        self._pool: ThreadPoolExecutor | None = None
        self._flying: list[tuple[Future[int], int, Any]] = []
        self._small = bytearray()
        self._end = 0
        self._progress = _Growing(progress)
        self._begin_shard()

    def add(self, name: str, tensor: _Tensor) -> None:
        """Write a tensor after the previous one."""
        nbytes = len(tensor.view)
        if self._limit is not None and self._end and self._end + nbytes > self._limit:
            self._flush()
            self._begin_shard()
        entry = self._entry(name, tensor)
        self._progress.expect(nbytes)
        if nbytes < LARGE:
            data = tensor.view[:]
            if tensor.crc is None:
                entry.crc32c = checksum.masked(data)
            self._small += data
        else:
            self._flush()
            self._send(tensor, entry)
        self._end += nbytes
        if len(self._small) >= PIECE:
            self._flush()

    def finish(self) -> None:
        """Wait until everything is written."""
        self._flush()
        self._land(0)

    def close(self) -> None:
        """End the threads; jobs that have not begun are dropped."""
        if self._pool is not None:
            # No file may be closed while a thread uses it.
            self._pool.shutdown(wait=True, cancel_futures=True)

    def _entry(self, name: str, tensor: _Tensor) -> Any:
        entry = message_classes.BundleEntryProto(
            dtype=dtypes.ROW_BY_NAME[tensor.dtype].enum,
            shape=_shape_bytes(tensor.shape),
            shard_id=len(self.drafts) - 1,
            offset=self._end,
            size=len(tensor.view),
            crc32c=tensor.crc or 0,
        )
        self.entries.append((name, entry))
        return entry

    def _begin_shard(self) -> None:
        # The number of files is not known yet; the name only tells the next save which drafts to remove.
        first = shard_path(self._prefix, len(self.drafts), len(self.drafts) + 1)
        self.drafts.append(self._stack.enter_context(atomic_write(first, durable=self._durable)))
        self._end = 0

    def _flush(self) -> None:
        if self._small:
            write_at(self.drafts[-1].fd, memoryview(self._small), self._end - len(self._small))
            self._progress.advance(len(self._small))
            self._small = bytearray()

    def _send(self, tensor: _Tensor, entry: Any) -> None:
        if self._pool is None:
            threads = min(os.cpu_count() or 1, MAX_THREADS)
            self._pool = ThreadPoolExecutor(threads, thread_name_prefix="hdfsaver")
        self._land(max(0, _IN_FLIGHT - len(tensor.view)))
        fd, offset = self.drafts[-1].fd, self._end
        future = self._pool.submit(crc_io.write, fd, offset, tensor.view, self._progress)
        self._flying.append((future, len(tensor.view), None if tensor.crc is not None else entry))

    def _land(self, most: int) -> None:
        """Wait until at most ``most`` bytes are being written."""
        while self._flying and sum(nbytes for _future, nbytes, _entry in self._flying) > most:
            future, _nbytes, entry = self._flying.pop(0)
            crc = future.result()
            if entry is not None:
                entry.crc32c = crc


class _Growing(Progress):
    """Progress with a total that grows."""

    def __init__(self, callback: Callback | None) -> None:
        super().__init__(callback, 0)

    def expect(self, nbytes: int) -> None:
        """Add bytes to the total."""
        self._total += nbytes


@lru_cache(maxsize=4096)
def _shape_bytes(shape: tuple[int, ...]) -> bytes:
    message = message_classes.TensorShapeProto()
    for size in shape:
        message.dim.add(size=size)
    data: bytes = message.SerializeToString()
    return data


def _index_bytes(entries: list[tuple[str, Any]], shards: int) -> bytes:
    header = message_classes.BundleHeaderProto(num_shards=shards)
    header.version.producer = VERSION
    items = [(b"", header.SerializeToString())]
    items += sorted((name.encode(), entry.SerializeToString()) for name, entry in entries)
    return table_bytes(items)
