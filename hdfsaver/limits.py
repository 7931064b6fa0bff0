"""The limits of what is read: how much a file may ask for before it is refused.

A file from a stranger says itself how large its tables are, how deep its groups, how long its texts. Each limit here
bounds one of these, most of them by the length of the file, so that time and memory for reading stay in proportion to
it. A refusal names the limit and the object. Who trusts a file that goes beyond one raises it for a while:

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

from hdfsaver.errors import ResourceExhaustedError

__all__ = ["LINK_BYTES", "Limits", "RANK", "check_declared", "get", "refused", "use"]

RANK = 32
"""Dimensions of an array. This one cannot be raised: HDF5 itself has no more."""

LINK_BYTES = 16
"""Bytes that the smallest link takes in a file. A file cannot have more links than have room in it; one that shows more
shows some of them again and again."""


@dataclass(frozen=True)
class Limits:
    """How much a file may ask for.

    Attributes
    ----------
    attribute_bytes : int
        Bytes of the text in an attribute of an HDF5 object. HDF5 itself keeps longer ones elsewhere.
    chunks : int
        Chunks of one dataset in a plain file; each takes some 400 bytes of memory while it is read.
    declared_bytes, declared_ratio : int
        All datasets of a plain file together, and all compressed values of any file, may declare so many bytes, or so
        many times the length of the file, whichever is more. Compressed zeros take a thousandth of what they declare,
        or less, so a bomb of 10 MB makes 10 GB.
        The first also bounds the memory for constants of a TensorFlow graph whose last element stands for many.
    depth : int
        Groups within groups. Paths are as long as the groups are deep; 10,000 take about 1 s.
    json_depth : int
        Lists and objects within each other in the attributes of an operation. The parser calls itself for each.
    links : int
        Links of a file that is walked, if the file's length allows so many (`LINK_BYTES`).
    probe_seconds : int
        Above 0, a file without a seal is read in a child process first, which may take so many seconds; see
        ``docs/security.md``.
    state_bytes : int
        Bytes of the text file that says which checkpoints a folder has; the default is enough for half a million.
    """

    attribute_bytes: int = 2**16
    chunks: int = 1_000_000
    declared_bytes: int = 2**30
    declared_ratio: int = 64
    depth: int = 10_000
    json_depth: int = 200
    links: int = 5_000_000
    probe_seconds: int = 0
    state_bytes: int = 2**26


_DEFAULTS = Limits()
_current: ContextVar[Limits] = ContextVar("hdfsaver_limits", default=_DEFAULTS)


def get() -> Limits:
    """The limits that hold now, in this thread or task."""
    return _current.get()


@contextmanager
def use(**changes: int) -> Iterator[Limits]:
    """Let other limits hold within a ``with`` block, in this thread or task.

    Parameters
    ----------
    **changes : int
        Attributes of `Limits`.

    Raises
    ------
    TypeError
        There is no such limit, or its value is no int.
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
            raise TypeError(f"The limit {name!r} is an int, not {value!r}.")
        if value < 0:
            raise ValueError(f"The limit {name!r} cannot be negative, as {value} is.")


def check_declared(part: str, declared: int, size: int) -> None:
    """Refuse values that declare more bytes than a file of that size may hold; ``part`` is the last of them."""
    allowed = get()
    if declared > max(allowed.declared_bytes, allowed.declared_ratio * size):
        what = f"with it, the values declare {declared} bytes in a file of {size}"
        raise refused(part, what, "declared_bytes")


def refused(part: str, what: str, limit: str) -> ResourceExhaustedError:
    """The error for a part of a file that goes beyond a limit.

    Parameters
    ----------
    part : str
        The object, ``"/a"``.
    what : str
        What it asks for, ``"it has 7 chunks"``.
    limit : str
        The attribute of `Limits`.
    """
    return ResourceExhaustedError(
        None,
        None,
        f"{part}: {what}, beyond the limit `{limit}` ({getattr(get(), limit)}); it is refused. Where the file is "
        f"trusted, read it within `with hdfsaver.limits.use({limit}=...):`.",
    )


def __dir__() -> list[str]:
    return __all__
