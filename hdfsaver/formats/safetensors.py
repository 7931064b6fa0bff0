"""The safetensors format, one array at a time.

The safetensors library has no bfloat16 for NumPy and writes all arrays at once. The format is a length, a JSON object
and bytes. Source: ``README.md`` of ``huggingface/safetensors``, "Format".
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from hdfsaver import dtypes, limits
from hdfsaver.errors import DataLossError, InvalidArgumentError, OpError
from hdfsaver.files.error_context import about
from hdfsaver.files.opening import bytes_at, end_reading, open_any
from hdfsaver.files.partial_reads import read_part
from hdfsaver.files.positional_io import read_at
from hdfsaver.files.readable import Readable
from hdfsaver.files.whole_files import whole_file
from hdfsaver.formats.source import OneByOneSource, entry_of
from hdfsaver.tensor_info import Array, Key, TensorInfo, bytes_of

_LENGTH = 8
_MAX_HEADER = 100_000_000
"""The library's limit for the length of the header."""

_ALIGNMENT = 8
_NAMED = 20
"""A message names at most this many arrays."""

_METADATA = "__metadata__"

_NAMES = {row.safetensors: row.name for row in reversed(dtypes.TABLE) if row.safetensors is not None}


def is_safetensors(head: bytes, size: int) -> bool:
    """Whether a file begins like a safetensors file."""
    length = int.from_bytes(head[:_LENGTH], "little")
    return 2 <= length <= min(_MAX_HEADER, size - _LENGTH) and head[_LENGTH : _LENGTH + 1] == b"{"


class SafetensorsSource(OneByOneSource):
    """The arrays in a ``.safetensors`` file. The format has no checksums."""

    kind = "safetensors file"

    def __init__(self, path: str) -> None:
        opened = open_any(path)
        self._fd: Readable = opened.fd
        try:
            with about(path):
                if not is_safetensors(opened.head, opened.size):
                    raise DataLossError(None, None, "its header is not within the file.")
                length = int.from_bytes(opened.head[:_LENGTH], "little")
                header = _parsed(bytes_at(opened, _LENGTH, length))
                self._metadata = _checked_metadata(header.pop(_METADATA, {}))
                self._places, self.unreadable = _places(header, opened.size - _LENGTH - length)
        except BaseException:
            self.close()
            raise
        self._begin = _LENGTH + length
        self.entries = {name: entry for name, (entry, _) in self._places.items()}

    def read_one(self, name: str) -> Array:
        """Read the value of an array."""
        entry, start = self._places[name]
        array = np.empty(entry.shape, dtypes.numpy_dtype(entry.dtype))
        read_at(self._fd, bytes_of(array), self._begin + start)
        return array

    def read_slice(self, name: str, key: Key) -> Array:
        """Read a part of an array, and only its bytes."""
        entry, start = self._places[name]
        return read_part(self._fd, self._begin + start, entry.shape, dtypes.numpy_dtype(entry.dtype), key)

    def metadata(self) -> dict[str, str]:
        """The metadata of the file."""
        return self._metadata

    def close(self) -> None:
        """Close the file."""
        fd, self._fd = self._fd, -1
        if fd != -1:
            end_reading(fd)


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        header = json.loads(data, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise DataLossError(None, None, f"its header is not JSON: {error}") from None
    if not isinstance(header, dict):
        raise DataLossError(None, None, "its header is not a JSON object.")
    return header


def _checked_metadata(found: Any) -> dict[str, str]:
    if not isinstance(found, dict) or not all(isinstance(text, str) for text in found.values()):
        raise DataLossError(None, None, f"its {_METADATA} do not map strings to strings.")
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("two members have the same name")
    return found


def _places(header: Mapping[str, Any], size: int) -> tuple[dict[str, tuple[TensorInfo, int]], Mapping[str, OpError]]:
    """The entry and the offset of each array, and the arrays that are not read.

    The arrays must cover the data without gaps. If the end of the file is missing, the arrays before it are read; in a
    file with an array too few or too many, none can be trusted.
    """
    found: dict[str, tuple[TensorInfo, int]] = {}
    unreadable: dict[str, OpError] = {}
    end = 0
    for name, (dtype, shape, start, stop) in sorted(
        ((name, _checked(name, item)) for name, item in header.items()), key=lambda pair: pair[1][2:]
    ):
        if start != end or stop < start:
            raise DataLossError(None, None, f"{name!r} has invalid offsets, {start} to {stop} of {size} bytes.")
        end = stop
        try:
            limits.check_rank(repr(name), len(shape))
        except InvalidArgumentError as error:
            unreadable[name] = error
            continue
        if dtype not in _NAMES:
            why = f"{name!r} has the dtype {dtype!r}, which is not read."
            unreadable[name] = InvalidArgumentError(None, None, why)
            continue
        entry = entry_of(name, _NAMES[dtype], shape)
        if stop - start != entry.nbytes:
            raise DataLossError(None, None, f"{name!r} has invalid offsets, {start} to {stop} of {size} bytes.")
        if stop > size:
            why = f"{name!r} is at the bytes {start} to {stop}, but the file ends after {size}: it was cut off."
            unreadable[name] = DataLossError(None, None, why)
            continue
        found[name] = (entry, start)
    if end < size:
        raise DataLossError(None, None, f"its arrays have {end} bytes, but the file has {size}.")
    return found, unreadable


def _checked(name: str, item: Any) -> tuple[str, tuple[int, ...], int, int]:
    """The dtype, shape and place of an array, as the header has them."""
    try:
        dtype, shape, (start, stop) = item["dtype"], item["shape"], item["data_offsets"]
        whole = all(type(size) is int and 0 <= size < 2**48 for size in (*shape, start, stop))
        # More dimensions are refused for the array alone; their product could have millions of digits.
        known = shape if len(shape) <= limits.ARRAY_RANK else ()
        if not whole or not isinstance(dtype, str) or math.prod(size or 1 for size in known) >= 2**59:
            raise ValueError(dtype)
    except (TypeError, KeyError, ValueError):
        raise DataLossError(None, None, f"its header has an invalid entry for {name!r}.") from None
    return dtype, tuple(shape), start, stop


def write_safetensors(
    path: str, entries: Iterable[TensorInfo], source: Mapping[str, Array], metadata: Mapping[str, str], *, durable: bool
) -> None:
    """Write a ``.safetensors`` file, array by array.

    Parameters
    ----------
    path : str
        The file.
    entries : iterable of TensorInfo
        The arrays to write.
    source : mapping of str to ndarray
        The arrays; each is requested once.
    metadata : mapping of str to str
        The metadata of the file.
    durable : bool
        Return only when the file is on the disk.

    Raises
    ------
    InvalidArgumentError
        An array has a dtype that the format does not support: strings, quantized integers.
    """
    chosen = list(entries)
    _check_dtypes(chosen)
    # The largest elements first, so that each array is aligned to its element size.
    ordered = sorted(chosen, key=lambda entry: (-dtypes.numpy_dtype(entry.dtype).itemsize, entry.name))
    header: dict[str, Any] = {_METADATA: dict(metadata)} if metadata else {}
    offset = 0
    for entry in ordered:
        name = dtypes.ROW_BY_NAME[entry.dtype].safetensors
        header[entry.name] = {
            "dtype": name, "shape": list(entry.shape), "data_offsets": [offset, offset + entry.nbytes],
        }  # fmt: skip
        offset += entry.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    with whole_file(path, _LENGTH + len(text) + offset, durable=durable) as file:
        file.write(len(text).to_bytes(_LENGTH, "little") + text)
        for entry in ordered:
            file.write(bytes_of(np.ascontiguousarray(source[entry.name])))


def _check_dtypes(entries: Iterable[TensorInfo]) -> None:
    """Check that the format has the dtype of every array; the error names those that it does not have."""
    refused = [
        f"the dtype {entry.dtype} of {entry.name!r}"
        for entry in entries
        if entry.name == _METADATA or dtypes.ROW_BY_NAME[entry.dtype].safetensors is None
    ]
    if refused:
        some = ", ".join(refused[:_NAMED]) + (f" and {len(refused) - _NAMED} more" if len(refused) > _NAMED else "")
        out = "leave it out" if len(refused) == 1 else "leave them out (exclude)"
        raise InvalidArgumentError(None, None, f"safetensors does not support {some}; {out}.")
