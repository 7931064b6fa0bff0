"""``tf.sets``: the rows of tensors as sets."""

from __future__ import annotations

import typing

from hdfsaver.absent_names import absent as _absent
from hdfsaver.ops.set_ops import set_difference, set_intersection, set_size, set_union
from hdfsaver.ops.set_ops import set_difference as difference
from hdfsaver.ops.set_ops import set_intersection as intersection
from hdfsaver.ops.set_ops import set_size as size
from hdfsaver.ops.set_ops import set_union as union

__all__ = [
    "difference",
    "intersection",
    "set_difference",
    "set_intersection",
    "set_size",
    "set_union",
    "size",
    "union",
]


def __dir__() -> list[str]:
    return __all__


if not typing.TYPE_CHECKING:  # a type checker is to know the names above, and no others

    def __getattr__(name: str) -> object:
        raise _absent(__name__, name, __all__)
