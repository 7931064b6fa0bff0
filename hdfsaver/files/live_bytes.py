"""The bytes of memory that the rest of the program, or another process, may change at any moment."""

from __future__ import annotations

from hdfsaver.tensor_info import Array, bytes_of


class LiveBytes:
    """The bytes of live memory; each slice is a copy.

    The bytes that are written must be those that were digested or compressed: both are done with one slice.

    Parameters
    ----------
    view : memoryview
        A flat view of the memory.
    """

    def __init__(self, view: memoryview) -> None:
        self._view = view

    def __len__(self) -> int:
        return len(self._view)

    def __getitem__(self, key: slice) -> memoryview:
        return memoryview(bytes(self._view[key]))

    @property
    def present(self) -> memoryview:
        """The live memory itself, to see whether it differs from what it was."""
        return self._view

    def copy_into(self, buffer: memoryview, start: int) -> None:
        """Fill a buffer with the bytes from ``start``, which is faster than a slice where one buffer is used often."""
        buffer[:] = self._view[start : start + len(buffer)]


def steady_bytes(array: Array) -> memoryview | LiveBytes:
    """The bytes of a contiguous array, with slices that do not change.

    An array that owns its memory is the caller's alone: arrays of others are passed as views of theirs.
    """
    return bytes_of(array) if array.flags.owndata else LiveBytes(bytes_of(array))
