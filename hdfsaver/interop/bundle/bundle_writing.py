"""Writing a bundle: byte for byte like TensorFlow, and so that the old one or the new one is there at every moment.

All bytes are first written to temporary files; `hdfsaver.interop.bundle.replacement` gives them their names.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from functools import lru_cache, partial
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, TypeGuard

import numpy as np

from hdfsaver import dtypes
from hdfsaver.errors import InvalidArgumentError
from hdfsaver.files.atomic_write import Draft, open_draft
from hdfsaver.files.live_bytes import LiveBytes, steady_bytes
from hdfsaver.files.positional_io import MAX_THREADS, PIECE, write_at
from hdfsaver.files.progress import Callback, Progress
from hdfsaver.files.thread_pool import ThreadPool
from hdfsaver.interop.bundle import crc_io, string_tensors
from hdfsaver.interop.bundle.bundle_index import VERSION
from hdfsaver.interop.bundle.bundle_slices import Extents
from hdfsaver.interop.bundle.replacement import Replacement
from hdfsaver.interop.bundle.shards import index_path, shard_path
from hdfsaver.interop.graphs.graph_of_checkpoint import meta_path
from hdfsaver.interop.table import checksum
from hdfsaver.interop.table.ordered_code import SLICE_MARK, slice_key
from hdfsaver.interop.table.table_writing import table_bytes
from hdfsaver.messages import message_classes
from hdfsaver.schema import Structure
from hdfsaver.tensor_info import LARGE, STRING, is_utf8

_IN_FLIGHT = 32 << 20
"""Bytes of tensors that may wait to be written at once; a larger tensor waits alone."""


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
    meta_graph: Structure | message_classes.MetaGraphDef | Literal[False] | None = None,
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
    meta_graph : Structure, MetaGraphDef or False, optional
        The graph of the checkpoint, written to ``PREFIX.meta``; see `hdfsaver.interop.write_meta_graph`. False removes
        the graph of an earlier checkpoint. By default a file ``PREFIX.meta`` is left unchanged.
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
    ValueError
        The graph cannot be written; see `hdfsaver.interop.write_meta_graph`.
    NotFoundError, PermissionDeniedError, ResourceExhaustedError, OpError
        The operating system refuses. An earlier checkpoint is unchanged, or the message says that the new one is
        written.

    Notes
    -----
    Whenever this is interrupted, the earlier checkpoint or the new one is complete, and its graph is not that of the
    other. Files of the earlier checkpoint, also of the first format, are removed when the new one is complete.
    """
    path = os.fspath(prefix)
    graph = None
    if meta_graph:
        # Imported here, because graphs are written rarely and their messages take time to declare.
        from hdfsaver.interop.graphs.graph_files import meta_graph_message
        from hdfsaver.interop.graphs.message_files import bytes_of_message

        graph = bytes_of_message(meta_path(path), meta_graph_message(meta_graph, meta_path(path)))
    options = Options(meta_graph is not None, shard_bytes, sort, durable, progress, live)
    write_checkpoint(path, values, dtype_names or {}, graph, options)


class Part(NamedTuple):
    """A slice of a tensor: the shape of the whole, start and length in each dimension (-1 for all of it), the value.

    The value may be a function that gives it, which is called when it is written.
    """

    full_shape: tuple[int, ...]
    extents: Extents
    value: Any


class Options(NamedTuple):
    """How a checkpoint is written; see `write_bundle`. With ``whole`` its graph is replaced too, also by none."""

    whole: bool = True
    shard_bytes: int | None = None
    sort: bool = True
    durable: bool = True
    progress: Callback | None = None
    live: bool = True


def write_checkpoint(
    prefix: str,
    values: Mapping[str, Any],
    dtype_names: Mapping[str, str],
    graph: bytes | None,
    options: Options,
    parts: Mapping[str, list[Part]] = MappingProxyType({}),
) -> None:
    """Write a checkpoint of the second format.

    Parameters
    ----------
    prefix, values, dtype_names
        See `write_bundle`.
    graph : bytes or None
        The content of ``PREFIX.meta``.
    options : Options
    parts : mapping of str to list of Part, optional
        Tensors that are stored in slices, by name; of a name that ``values`` has too, these count.

    Raises
    ------
    TypeError, InvalidArgumentError, OpError
        See `write_bundle`.
    """
    names = _names(list(dict.fromkeys([*values, *parts])), options.sort)
    replacement = Replacement(prefix, options.durable)
    replacement.begin()
    with ExitStack() as stack:
        index = stack.enter_context(open_draft(index_path(prefix), sweep=False))
        meta = None if graph is None else _graph_draft(prefix, graph, stack)
        writer = _Writer(prefix, stack, options.shard_bytes, options.progress)
        try:
            for name in names:
                writer.add_all(name, dtype_names.get(name), parts.get(name) or values[name], live=options.live)
            writer.finish()
        finally:
            writer.close()
        for draft in [*writer.drafts, *([] if meta is None else [meta])]:
            draft.complete(options.durable)
        contents = partial(_index_bytes, _items(writer.entries))
        replacement.commit(index, writer.drafts, contents, meta, whole=options.whole)


def _graph_draft(prefix: str, graph: bytes, stack: ExitStack) -> Draft:
    path = meta_path(prefix)
    draft = stack.enter_context(open_draft(path, sweep=False, like=path))
    draft.size = len(graph)
    write_at(draft.fd, memoryview(graph), 0)
    return draft


def _are_parts(given: Any) -> TypeGuard[Sequence[Part]]:
    return isinstance(given, list) and bool(given) and isinstance(given[0], Part)


def _names(names: list[str], sort: bool) -> list[str]:
    if not names:
        raise InvalidArgumentError(None, None, "There is nothing to write: a checkpoint needs at least one tensor.")
    for name in names:
        if not name or not is_utf8(name) or name.encode().startswith(SLICE_MARK):
            raise InvalidArgumentError(
                None, None, f"A bundle cannot hold a tensor with the name {name!r}. Choose another name."
            )
    return sorted(names, key=str.encode) if sort else names


_PLAIN = {
    np.dtype(row.numpy).newbyteorder("<"): row.name
    for row in reversed(dtypes.TABLE)
    if row.numpy is not np.object_ and row.enum is not None and not dtypes.as_dtype(row.name).is_quantized
}
"""The names of NumPy's little-endian dtypes."""


def _tensor(name: str, value: Any, wanted: str | None, *, live: bool) -> _Tensor:
    # A view keeps its dtype and shape when the program sets those of its array, and does not own the memory.
    array = np.asarray(value).view() if live else np.asarray(value)
    plain = _PLAIN.get(array.dtype) if wanted is None else None
    if plain is not None and array.nbytes < LARGE:
        return _Tensor(plain, array.shape, memoryview(array.tobytes()), None)  # quicker than a view of it
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
    if dtypes.ROW_BY_NAME[found].enum is None:
        raise TypeError(f"Tensor {name!r} cannot be written: TensorFlow has no dtype {found}; cast it to another one.")
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

    def __init__(self, prefix: str, stack: ExitStack, shard_bytes: int | None, progress: Callback | None) -> None:
        self.entries: list[tuple[bytes, Any]] = []  # messages, or their bytes
        self._kinds: dict[tuple[str, tuple[int, ...], int], Any] = {}
        self.drafts: list[Draft] = []
        self._prefix = prefix
        self._stack = stack
        self._limit = shard_bytes
        self._pool: ThreadPool | None = None
        self._flying: list[tuple[Future[int], int, Any]] = []
        self._small = bytearray()
        self._end = 0
        self._progress = _Growing(progress)
        self._begin_shard()

    def add_all(self, name: str, dtype: str | None, given: Any, *, live: bool) -> None:
        """Write a tensor after the previous one, or all of its slices."""
        key = name.encode()
        if not _are_parts(given):
            self.add(key, _tensor(name, given, dtype, live=live))
            return
        for number, part in enumerate(given):
            value = part.value() if callable(part.value) else part.value
            tensor = _tensor(name, value, dtype, live=live)
            if not number:
                self.add_owner(key, tensor.dtype, given)
            self.add(slice_key(key, part.extents), tensor)

    def add_owner(self, name: bytes, dtype: str, parts: Sequence[Part]) -> None:
        """Say which slices a tensor is stored in; they are added under keys of their own."""
        entry = message_classes.BundleEntryProto(
            dtype=dtypes.ROW_BY_NAME[dtype].enum, shape=_shape_bytes(parts[0].full_shape)
        )
        for part in parts:
            described = entry.slices.add()
            for start, length in part.extents:
                extent = described.extent.add()
                if length != -1:
                    extent.start, extent.length = start, length
        self.entries.append((name, entry))

    def add(self, name: bytes, tensor: _Tensor) -> None:
        """Write a tensor, or a slice, after the previous one."""
        nbytes = len(tensor.view)
        if self._limit is not None and self._end and self._end + nbytes > self._limit:
            self._flush()
            self._begin_shard()
        self._progress.expect(nbytes)
        if nbytes < LARGE:
            data = tensor.view[:]
            entry = self._entry(tensor, checksum.masked(data) if tensor.crc is None else tensor.crc)
            # Made into bytes now, so that all small tensors of a kind share one message.
            self.entries.append((name, entry.SerializeToString()))
            self._small += data
        else:
            self._flush()
            entry = message_classes.BundleEntryProto()
            entry.CopyFrom(self._entry(tensor, tensor.crc or 0))
            self.entries.append((name, entry))
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

    def _entry(self, tensor: _Tensor, crc: int) -> Any:
        """The message about a tensor that is next in the file; it is the same one for all tensors of a kind."""
        kind = (tensor.dtype, tensor.shape, len(self.drafts) - 1)
        entry = self._kinds.get(kind)
        if entry is None:
            number, shape = dtypes.ROW_BY_NAME[tensor.dtype].enum, _shape_bytes(tensor.shape)
            entry = message_classes.BundleEntryProto(dtype=number, shape=shape, shard_id=kind[-1])
            self._kinds[kind] = entry
        entry.offset, entry.size, entry.crc32c = self._end, len(tensor.view), crc
        return entry

    def _begin_shard(self) -> None:
        # The number of files is not known yet; the name only tells the next save which drafts to remove.
        first = shard_path(self._prefix, len(self.drafts), len(self.drafts) + 1)
        self.drafts.append(self._stack.enter_context(open_draft(first, sweep=False, like=index_path(self._prefix))))
        self._end = 0

    def _flush(self) -> None:
        if self._small:
            write_at(self.drafts[-1].fd, memoryview(self._small), self._end - len(self._small))
            self._progress.advance(len(self._small))
            self._small = bytearray()

    def _send(self, tensor: _Tensor, entry: Any) -> None:
        if self._pool is None:
            threads = min(os.cpu_count() or 1, MAX_THREADS)
            self._pool = ThreadPool(threads)
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


def _items(entries: list[tuple[bytes, Any]]) -> list[tuple[bytes, bytes]]:
    return sorted((name, entry if type(entry) is bytes else entry.SerializeToString()) for name, entry in entries)


def _index_bytes(items: list[tuple[bytes, bytes]], shards: int) -> bytes:
    header = message_classes.BundleHeaderProto(num_shards=shards)
    header.version.producer = VERSION
    return table_bytes([(b"", header.SerializeToString()), *items])
