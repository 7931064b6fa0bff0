"""Values that a session keeps from one run to the next, and the handles of them."""

from __future__ import annotations

import itertools
import threading
from typing import Any, NamedTuple, Protocol

from hdfsaver import dtypes
from hdfsaver.errors import InvalidArgumentError
from hdfsaver.tensor_info import Array

_DEVICE = "/job:localhost/replica:0/task:0/device:CPU:0"

_LET_GO = 10
"""How many values without a `TensorHandle` are kept, as in TensorFlow: a program may have the handle as a string."""


class _Kept(NamedTuple):
    dtype: str
    value: Array


class KeptTensors:
    """The values of one session under their handles: ``"operation;number;device"``."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}
        self._let_go: list[str] = []
        self._numbers = itertools.count()
        # A `TensorHandle` may be collected in the middle of another call of the same thread.
        self._lock = threading.RLock()

    def put(self, name: str, dtype: str, value: Array) -> str:
        """Keep a value, which becomes read-only.

        Parameters
        ----------
        name : str
            The name of the operation that keeps it.
        dtype : str
        value : ndarray

        Returns
        -------
        str
            The handle.
        """
        value.flags.writeable = False
        handle = f"{name};{next(self._numbers)};{_DEVICE}"
        self._kept[handle] = _Kept(dtype, value)
        return handle

    def get(self, handle: str, dtype: str | None = None) -> Array:
        """The value under a handle.

        Raises
        ------
        InvalidArgumentError
            There is no such value, or it is of another dtype.
        """
        found = self._kept.get(handle)
        if found is None:
            raise _not_there(handle)
        if dtype not in (None, found.dtype):
            raise InvalidArgumentError(
                None, None, f"The tensor with handle {handle!r} has dtype {found.dtype}, but {dtype} is expected."
            )
        return found.value

    def delete(self, handle: str) -> None:
        """Forget the value under a handle; `InvalidArgumentError` where there is no such value."""
        if self._kept.pop(handle, None) is None:
            raise _not_there(handle)

    def let_go(self, handle: str) -> None:
        """Forget a value after some time: nothing but the string of its handle may be left."""
        with self._lock:
            self._let_go.append(handle)
            if len(self._let_go) >= _LET_GO:
                gone, self._let_go = self._let_go, []
                for each in gone:
                    self._kept.pop(each, None)

    def clear(self) -> None:
        """Forget all values."""
        self._kept.clear()


def _not_there(handle: str) -> InvalidArgumentError:
    return InvalidArgumentError(None, None, f"The tensor with handle {handle!r} is not in the session store.")


class _State(Protocol):
    kept: KeptTensors


class _Session(Protocol):
    @property
    def state(self) -> _State: ...


class TensorHandle:
    """A value that a session keeps: the result of a run that fetches what `get_session_handle` makes.

    It can also be fed: the tensor that it is fed to has the value.
    """

    def __init__(self, handle: str | bytes, dtype: dtypes.DType, session: _Session) -> None:
        self._handle = handle.decode() if isinstance(handle, bytes) else handle
        self._dtype = dtype
        self._session = session
        self._kept = session.state.kept
        self._is_owner = True

    @property
    def handle(self) -> str:
        """The handle as a string, for `get_session_tensor`."""
        return self._handle

    def eval(self) -> Any:
        """The value.

        Raises
        ------
        TypeError
            It was deleted, or `get_raw_handle` was called.
        RuntimeError
            The session is closed.
        """
        self._check()
        value = self._session.state.kept.get(self._handle).copy()
        return value[()] if value.ndim == 0 else value

    def value(self, dtype: str) -> Array:
        """The value for a run, which must not write on it; `InvalidArgumentError` where it is of another dtype."""
        return self._session.state.kept.get(self._handle, dtype)

    def delete(self) -> None:
        """Forget the value; `TypeError` where it was deleted, or `get_raw_handle` was called."""
        self._check()
        self._is_owner = False
        self._session.state.kept.delete(self._handle)

    def get_raw_handle(self) -> str:
        """The handle as a string; the value then stays until `delete_session_tensor` forgets it."""
        self._is_owner = False
        return self._handle

    def _check(self) -> None:
        if not self._is_owner:
            raise TypeError(f"Persistent tensor {self._handle} may have already been deleted.")

    def __del__(self) -> None:
        if getattr(self, "_is_owner", False):
            self._kept.let_go(self._handle)

    def __str__(self) -> str:
        return self._handle
