"""To whom the memory of a value belongs, since kernels give views where they can.

Constants, the values of variables and what is fed are read-only, and so is every view of them. A fresh result can be
written on, and so can a view of it.
"""

from __future__ import annotations

import numpy as np

from hdfsaver.tensor_info import Array


def owner_of(value: Array) -> Array | None:
    """The array that owns the memory of a fresh result: itself, or that of which it is a view.

    None where a copy is needed, since the memory belongs to the graph, to a variable, to what was fed, or to another
    object than an array. A view of a part is copied too: it would keep the rest of the memory.
    """
    if not value.flags.writeable:
        return None
    owner = value
    while owner.base is not None:
        if type(owner.base) is not np.ndarray:
            return None
        owner = owner.base
    if owner is value:
        return value
    # A view that was made before its owner became a variable's value can be written on, but the owner cannot.
    return owner if owner.flags.writeable and value.nbytes == owner.nbytes else None


def own(value: Array) -> Array:
    """The value as one that is never written on: itself where its memory is fresh, otherwise a copy.

    Other views of that memory may live until the run ends; `owner_of` finds that they must be copied. A view in another
    order is copied, so that it need not be put in order whenever it is saved.
    """
    if not isinstance(value, np.ndarray):
        value = np.asarray(value)
    else:
        flags = value.flags
        if flags.writeable and value.base is None:  # most values have memory of their own
            flags.writeable = False
            return value
        owner = owner_of(value)
        if owner is None or not (owner is value or value.flags.c_contiguous):
            value = value.copy()
        else:
            owner.flags.writeable = False
    value.flags.writeable = False
    return value
