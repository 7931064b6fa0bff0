"""The lock around the HDF5 library, which one thread at a time may use."""

from __future__ import annotations

from h5py import _objects

_is_owned = getattr(getattr(_objects, "phil", None), "_is_owned", lambda: False)


def is_inside() -> bool:
    """Whether this thread is inside a call of the library, so that all other threads have to wait.

    Python code runs there in the file objects that the library writes to, and a signal handler may come at that moment.
    False where h5py does not tell.
    """
    return bool(_is_owned())
