"""The bytes of memory that may change."""

from __future__ import annotations

import numpy as np

from hdfsaver.files.live_bytes import LiveBytes, steady_bytes


def test_slices_do_not_change():
    """A slice has the bytes of its moment; only the next one has others."""
    array = np.zeros((2, 3), np.uint8)
    found = steady_bytes(array[:])
    first = found[1:4]
    array[...] = 7
    assert (6, bytes(3), b"\7\7") == (len(found), bytes(first), bytes(found[4:]))


def test_which_arrays_are_live():
    """An array with memory of its own is the caller's; views, of whatever, are not."""
    array = np.arange(6.0)
    frozen = array.view()
    frozen.flags.writeable = False
    for view in (array[:], array.reshape(2, 3), frozen, np.frombuffer(bytearray(8)), np.asarray(memoryview(b"ab"))):
        assert isinstance(steady_bytes(view), LiveBytes)
    assert array.tobytes() == bytes(steady_bytes(array)[:])
    assert not isinstance(steady_bytes(array), LiveBytes)
