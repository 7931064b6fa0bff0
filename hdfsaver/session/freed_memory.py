"""The memory of freed arrays stays with the process, so that the next run gets it without the operating system.

The GNU C library takes memory of more than 128 KiB from the system and gives it back when it is freed, until a program
frees a larger piece. Then the system must fill every page of it with zeros again, which takes longer than the
arithmetic of most operations.
"""

from __future__ import annotations

import functools

import numpy as np

_LARGEST = 16 << 20
"""Up to how many bytes a piece of memory is kept; of what is free at the end of the heap twice as much."""


@functools.cache
def keep_freed_memory() -> None:
    """Get and free a large piece of memory, without use of it: from then on the library keeps smaller ones.

    Other libraries have rules of their own, and it changes nothing.
    """
    np.empty(_LARGEST, np.uint8)
