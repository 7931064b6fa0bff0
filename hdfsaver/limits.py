"""Limits for reading: how much a file may ask for before it is refused.

An untrusted file declares how large its tables, how deep its groups and how long its strings are. Each limit bounds one
of these, mostly by the length of the file, so that time and memory stay in proportion to that length. The error names
the limit and the object. If you trust a file that exceeds a limit, raise the limit for one block:

>>> import hdfsaver as tf
>>> with tf.limits.use(chunks=10_000_000):
...     tf.limits.get().chunks
10000000
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, fields, replace

from hdfsaver.errors import InvalidArgumentError, ResourceExhaustedError

__all__ = [
    "ARRAY_RANK",
    "Budget",
    "ELEMENTS_PER_BYTE",
    "LINK_BYTES",
    "Limits",
    "RANK",
    "check_declared",
    "check_elements",
    "check_rank",
    "get",
    "refused",
    "use",
]

RANK = 32
"""Dimensions of an array; this limit of HDF5 cannot be raised."""

ARRAY_RANK = 64
"""Dimensions of an array of NumPy."""

LINK_BYTES = 16
"""Bytes that the smallest link takes in a file. They bound the number of links; a file that shows more has a cycle."""


ELEMENTS_PER_BYTE = 16
"""Elements for which a byte of the file is enough; see `Limits.elements`."""


@dataclass(frozen=True)
class Limits:
    """How much a file may ask for.

    Attributes
    ----------
    attribute_bytes : int
        Bytes of a string in an attribute of an HDF5 object. HDF5 itself stores longer ones elsewhere.
    chunks : int
        Chunks of one dataset in a plain file; each takes some 400 bytes of memory while it is read.
    declared_bytes, declared_ratio : int
        All datasets of a plain file together, and all compressed values of any file, may declare this many bytes, or
        this many times the length of the file, whichever is more. Compressed zeros take a thousandth of their size or
        less, so a bomb of 10 MB becomes 10 GB. `declared_bytes` also bounds the memory for constants of a TensorFlow
        graph that repeat their last element.
    depth : int
        Depth of nested groups, and of nested lists and dicts in a pickle. Paths grow with the depth; 10,000 levels take
        about 1 s.
    elements : int
        Parts of a file that become Python objects each, and which it may repeat without bytes for each: strings, names,
        outputs of operations. There may be this many, or `ELEMENTS_PER_BYTE` for each byte of the file, whichever is
        more. An object takes some 100 bytes of memory.
    json_depth : int
        Depth of nested lists and objects in the attributes of an operation. The parser is recursive.
    links : int
        Links of a file, if its length allows that many (`LINK_BYTES`).
    probe_seconds : int
        If above 0, a file without a seal is first read in a child process, which may take this many seconds; see
        ``docs/security.md``.
    remote_cache_bytes : int
        Bytes of a remote file that are kept in memory after they were fetched.
    remote_seconds : int
        Seconds in which a server must answer a request; a long range may take longer, in proportion to its length.
    state_bytes : int
        Bytes of the state file of a folder; the default is enough for half a million checkpoints.
    """

    attribute_bytes: int = 2**16
    chunks: int = 1_000_000
    declared_bytes: int = 2**30
    declared_ratio: int = 64
    depth: int = 10_000
    elements: int = 2**20
    json_depth: int = 200
    links: int = 5_000_000
    probe_seconds: int = 0
    remote_cache_bytes: int = 2**25
    remote_seconds: int = 60
    state_bytes: int = 2**26


_DEFAULTS = Limits()
_current: ContextVar[Limits] = ContextVar("hdfsaver_limits", default=_DEFAULTS)


def get() -> Limits:
    """The limits in force in this thread or task."""
    return _current.get()


@contextmanager
def use(**changes: int) -> Iterator[Limits]:
    """Change limits within a ``with`` block, in this thread or task.

    Parameters
    ----------
    **changes : int
        Attributes of `Limits`.

    Raises
    ------
    TypeError
        There is no such limit, or its value is not an int.
    ValueError
        A value is negative.
    """
    _check(changes)
    token = _current.set(replace(get(), **changes))
    try:
        yield get()
    finally:
        _current.reset(token)


def _check(changes: dict[str, int]) -> None:
    known = [field.name for field in fields(Limits)]
    for name, value in changes.items():
        if name not in known:
            raise TypeError(f"There is no limit {name!r}; the limits are {', '.join(known)}.")
        if type(value) is not int:
            raise TypeError(f"The limit {name!r} must be an int, not {value!r}.")
        if value < 0:
            raise ValueError(f"The limit {name!r} must not be negative, but {value} was given.")


def check_declared(part: str, declared: int, size: int) -> None:
    """Refuse values that declare more bytes than the limits allow.

    Parameters
    ----------
    part : str
        The last of the values, for the message: ``"/a"``.
    declared : int
        The bytes of all values together.
    size : int
        The length of the file in bytes.

    Raises
    ------
    ResourceExhaustedError
        The values exceed `Limits.declared_bytes` and `Limits.declared_ratio`.
    """
    allowed = get()
    if declared > max(allowed.declared_bytes, allowed.declared_ratio * size):
        what = f"with it, the values declare {declared} bytes in a file of {size}"
        raise refused(part, what, "declared_bytes")


def check_elements(part: str, count: int, size: int) -> None:
    """Refuse parts that declare more elements than the limits allow.

    Parameters
    ----------
    part : str
        The last of the parts, for the message: ``"/a"``.
    count : int
        The elements of all parts together.
    size : int
        The length of the file in bytes.

    Raises
    ------
    ResourceExhaustedError
        The parts exceed `Limits.elements` and `ELEMENTS_PER_BYTE`.
    """
    if count > max(get().elements, ELEMENTS_PER_BYTE * size):
        raise refused(part, f"with it, the file declares {count} elements in {size} bytes", "elements")


class Budget:
    """The sum of all that the parts of one file declare, which is checked before anything is made of a part.

    A part that is refused does not count, so that those after it can be read.

    Parameters
    ----------
    size : int
        The length of the file in bytes.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._nbytes = 0
        self._elements = 0

    def take(self, part: str, *, nbytes: int = 0, elements: int = 0) -> None:
        """Count a part.

        Parameters
        ----------
        part : str
            Its name, for the message.
        nbytes : int
            The bytes of memory that it declares.
        elements : int
            The Python objects that it declares.

        Raises
        ------
        ResourceExhaustedError
            See `check_declared` and `check_elements`; the part is not counted.
        """
        if elements:
            check_elements(part, self._elements + elements, self.size)
        if nbytes:
            check_declared(part, self._nbytes + nbytes, self.size)
        self._elements += elements
        self._nbytes += nbytes


def check_rank(part: str, rank: int) -> None:
    """Refuse an array of more dimensions than NumPy has.

    Parameters
    ----------
    part : str
        The array, for the message: ``"tensor 'a'"``; empty where the caller names it.
    rank : int
        The number of its dimensions.

    Raises
    ------
    InvalidArgumentError
        They are more than `ARRAY_RANK`.
    """
    if rank > ARRAY_RANK:
        what = f"has {rank} dimensions, but NumPy's arrays have at most {ARRAY_RANK}."
        raise InvalidArgumentError(None, None, f"{part} {what}".lstrip())


def refused(part: str, what: str, limit: str) -> ResourceExhaustedError:
    """Make the error for a part of a file that exceeds a limit.

    Parameters
    ----------
    part : str
        The object, ``"/a"``.
    what : str
        Its demand, as a clause: ``"it has 7 chunks"``.
    limit : str
        The attribute of `Limits`.

    Returns
    -------
    ResourceExhaustedError
        The error, which names the object and the limit.
    """
    return ResourceExhaustedError(
        None,
        None,
        f"{part}: {what}, beyond the limit `{limit}` ({getattr(get(), limit)}); it is refused. If you trust the "
        f"file, read it within `with hdfsaver.limits.use({limit}=...):`.",
    )


def __dir__() -> list[str]:
    return __all__
