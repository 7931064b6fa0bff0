"""The state of a session between runs: the values of variables and the streams of random numbers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

import numpy as np

from hdfsaver.ops.memory import owner_of
from hdfsaver.ops.resources import Resource
from hdfsaver.session.kept_tensors import KeptTensors
from hdfsaver.session.random_streams import RandomStreams
from hdfsaver.tensor_info import Array


class _Closable(Protocol):
    def close(self) -> None: ...


_NO_OWNER = id(None)

_AnyClosable = TypeVar("_AnyClosable", bound=_Closable)
_AnyResource = TypeVar("_AnyResource", bound=Resource)


_MARK = "\0"
"""The keys of saved resources begin with it, which those of variables do not."""


def saved_key(kind: str, name: str) -> str:
    """The key under which `SessionState.snapshot` and `SessionState.assign` know a resource with a saved value."""
    return f"{_MARK}{kind}{_MARK}{name}"


def _resource_key(key: str) -> tuple[str, str]:
    _, kind, name = key.split(_MARK, 2)
    return kind, name


class SessionState:
    """The lasting part of a session.

    Attributes
    ----------
    variables : dict of str to ndarray
        The value of each variable that has one, under the key that `hdfsaver.ops.base.variable_key` gives. The
        arrays are read-only and never written on: a new value is a new array, so that one in use elsewhere stays
        unchanged.
    random : RandomStreams
        Where the random operations have come to.
    kept : KeptTensors
        The values that operations keep for later runs under handles.
    held : dict
        The objects that kernels keep open until the run ends, by thread and key; see `hold`.
    functions : Programs
        The prepared functions of the graph; see `hdfsaver.session.loop_runs`.
    is_closed : bool
        Whether the session was closed: loops stop then.
    timeout : float
        The seconds after which the loops of a run stop; 0 for no limit.
    """

    def __init__(self) -> None:
        self.variables: dict[str, Array] = {}
        self.held: dict[tuple[int, Hashable], Any] = {}
        self.random = RandomStreams()
        self.kept = KeptTensors()
        self.functions: Any = None
        self.is_closed = False
        self.timeout = 0.0
        self._of_thread = threading.local()
        self._resources: dict[Hashable, Any] = {}
        self._awaited: dict[Hashable, Array] = {}  # restored before the resource is made
        self._lock = threading.Lock()

    def resource(self, key: Hashable, make: Callable[[], _AnyResource]) -> _AnyResource:
        """An object that operations keep from run to run, such as a queue: made when it is first asked for."""
        with self._lock:
            if key not in self._resources:
                self._resources[key] = make()
                if key in self._awaited:
                    self._resources[key].restore(self._awaited.pop(key))
            found: _AnyResource = self._resources[key]
        return found

    def snapshot(self, keys: Iterable[str]) -> dict[str, Array | None]:
        """The present values of some variables, None for one without; no value is copied."""
        # The dictionary is copied in one step: an assignment of another thread is in the copy completely or not at all.
        present = self.variables.copy()
        return {key: present.get(key) if key[:1] != _MARK else self._saved(key) for key in keys}

    def _saved(self, key: str) -> Array | None:
        """The value of a resource."""
        found = self._resources.get(_resource_key(key))
        saved: Array | None = self._awaited.get(_resource_key(key)) if found is None else found.saved()
        return saved

    def assign(self, values: Mapping[str, Array]) -> None:
        """Give several variables their values at once. The arrays become the state's own and read-only."""
        for value in values.values():
            value.flags.writeable = False
        plain = {key: np.asarray(value) for key, value in values.items()}
        for key in [key for key in plain if key[:1] == _MARK]:
            self._restore(_resource_key(key), plain.pop(key))
        self.variables.update(plain)

    def _restore(self, key: Hashable, value: Array) -> None:
        """Give a resource a value that was saved, now or when it is made."""
        with self._lock:
            found = self._resources.get(key)
            if found is None:
                self._awaited[key] = value
        if found is not None:
            found.restore(value)

    def hold(self, key: Hashable, make: Callable[[], _AnyClosable]) -> _AnyClosable:
        """An object shared by several kernels of one run, such as an open file: made once, closed after the run."""
        place = (threading.get_ident(), key)
        if place not in self.held:
            self.held[place] = make()
        found: _AnyClosable = self.held[place]
        return found

    def release(self) -> None:
        """Close what this thread's run holds; an engine calls it at the end of each run, failed ones too."""
        thread = threading.get_ident()
        for place in [place for place in list(self.held) if place[0] == thread]:
            self.held.pop(place).close()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Stop the loops of runs of this thread after a time; 0 for the limit of the session."""
        self._of_thread.timeout = seconds
        try:
            yield
        finally:
            self._of_thread.timeout = 0.0

    def deadline(self) -> float | None:
        """When a run that begins now is to be stopped, by the clock of `time.monotonic`; None for never."""
        seconds = getattr(self._of_thread, "timeout", 0.0) or self.timeout
        return time.monotonic() + seconds if seconds else None

    def clear(self) -> None:
        """Forget everything."""
        self.variables.clear()
        self.random.replace({})
        for resource in self._resources.values():
            resource.release()
        self._resources.clear()
        self._awaited.clear()
        self.kept.clear()
        if self.functions is not None:
            self.functions.clear()


def given_away(values: Sequence[Any]) -> list[Any]:
    """The results of a run as the user gets them: scalars for rank 0, and arrays that share their memory with nothing.

    An array is copied where the graph, a variable, what was fed or another of the results has its memory.
    """
    found = []
    given = {_NO_OWNER}
    for value in values:  # a loop without calls, which would be a good part of a small run
        if isinstance(value, np.ndarray):
            if value.ndim == 0:
                value = value[()]
            elif not value.flags.writeable or (key := id(value if value.base is None else owner_of(value))) in given:
                value = value.copy()
            else:
                given.add(key)
        found.append(value)
    return found
