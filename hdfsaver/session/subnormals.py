"""Subnormal numbers are 0 in a run, as in the threads of TensorFlow.

The processor has two bits for each thread: results that are too small for a normal number become 0, and operands that
are subnormal count as 0. Arithmetic with subnormal numbers takes up to 60 times as long, and the moments of an
optimizer reach them where a gradient stays 0. The bits are part of the modes that the C library saves and sets; NumPy's
code, its vector instructions included, follows them. Everything in a run does, also Python functions that it calls.

The bits are known for 64-bit x86 and ARM on Linux and macOS. Elsewhere subnormal numbers stay what they are.
"""

from __future__ import annotations

import ctypes
import platform
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

_X86 = 0x8040
"""In MXCSR: results that are subnormal become 0, and operands that are subnormal count as 0."""

_ARM = 1 << 24
"""In FPCR: both."""

_BYTES = 64
"""More than any of the structures has."""


class _Way(NamedTuple):
    """The functions that save and set the modes, and the place of the bits in what they save."""

    save: str
    set: str
    offset: int
    bits: int


_WAYS = {
    # Those of the GNU C library leave the flags of exceptions alone and take half of the time.
    ("linux", "x86_64"): (_Way("fegetmode", "fesetmode", 4, _X86), _Way("fegetenv", "fesetenv", 28, _X86)),
    ("linux", "aarch64"): (_Way("fegetmode", "fesetmode", 0, _ARM), _Way("fegetenv", "fesetenv", 0, _ARM)),
    ("darwin", "x86_64"): (_Way("fegetenv", "fesetenv", 4, _X86),),
    ("darwin", "arm64"): (_Way("fegetenv", "fesetenv", 8, _ARM),),
}

_LEAST_NORMAL = sys.float_info.min

_ONE = 1.0

_FRACTION = 2.0**-60
"""Added to 1 or taken from it, it makes a difference only where results are not rounded to the nearest number."""

Modes = Any
"""Modes of a thread as the C library saves them; only `restore` takes them."""


class _Functions(NamedTuple):
    save: Callable[[Modes], object]
    flush: Callable[[], object]
    restore: Callable[[Modes], object]
    usual: Modes


def are_kept() -> bool:
    """Whether the arithmetic of this thread has subnormal numbers."""
    return bool(_LEAST_NORMAL * 0.5)


def _functions() -> _Functions | None:
    """The functions of this platform; None where it has none, or they do not do it."""
    if sys.maxsize <= 1 << 32:
        return None
    try:
        library = ctypes.PyDLL(None)
    except (OSError, TypeError):  # Windows has no such library
        return None
    for way in _WAYS.get((sys.platform, platform.machine()), ()):
        if hasattr(library, way.save) and hasattr(library, way.set):
            return _checked(getattr(library, way.save), getattr(library, way.set), way)
    return None


def _checked(save: Any, put: Any, way: _Way) -> _Functions | None:
    before, flushing = _buffer(), _buffer()
    save(before)
    ctypes.memmove(flushing, before, _BYTES)
    word = ctypes.c_uint32.from_buffer(flushing, way.offset)
    word.value |= way.bits
    functions = _Functions(save, partial(put, flushing), put, before)
    try:
        functions.flush()
        does_flush = not are_kept()
    finally:
        put(before)
    return functions if does_flush else None


def _rounds_to_nearest() -> bool:
    """Whether the arithmetic of this thread does."""
    return _ONE + _FRACTION == _ONE == _ONE - _FRACTION


_buffer = ctypes.c_ubyte * _BYTES
_found = _functions()
can_flush = _found is not None
"""Whether subnormal numbers are 0 in runs on this platform."""

_usual = _found.usual if _found is not None and are_kept() and _rounds_to_nearest() else None
"""The modes in which most threads are: those that keep subnormal numbers and round to the nearest number."""


def _nothing(*_: object) -> None:
    """Change nothing."""


flush: Callable[[], object] = _nothing if _found is None else _found.flush
"""From here on subnormal numbers are 0 in this thread, and results are rounded to the nearest number."""

restore: Callable[[Modes], object] = _nothing if _found is None else _found.restore
"""Set modes that `modes_to_restore` has given."""


def modes_to_restore() -> Modes | None:
    """The modes of this thread; None where subnormal numbers are 0 already, or always kept, so that nothing is to do.

    An interrupt may come after every call. So this one is made first, `flush` where `restore` will follow anyway.
    """
    if not can_flush or not _LEAST_NORMAL * 0.5:
        return None
    if _usual is not None and _ONE + _FRACTION == _ONE == _ONE - _FRACTION:
        return _usual
    return _saved()


def _saved() -> Modes:
    assert _found is not None
    modes = _buffer()
    _found.save(modes)
    return modes


@contextmanager
def flushed() -> Iterator[None]:
    """Have subnormal numbers as a run has them, for what prepares one."""
    modes = modes_to_restore()
    try:
        if modes is not None:
            flush()
        yield
    finally:
        if modes is not None:
            restore(modes)
