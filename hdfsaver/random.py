"""``tf.random``: random numbers."""

from __future__ import annotations

import typing

from hdfsaver.absent_names import absent as _absent
from hdfsaver.ops.sampling import (
    random_normal as normal,
)
from hdfsaver.ops.sampling import (
    random_shuffle as shuffle,
)
from hdfsaver.ops.sampling import (
    random_uniform as uniform,
)
from hdfsaver.ops.sampling import (
    set_random_seed,
    truncated_normal,
)

__all__ = [
    "normal",
    "set_random_seed",
    "shuffle",
    "truncated_normal",
    "uniform",
]


def __dir__() -> list[str]:
    return __all__


if not typing.TYPE_CHECKING:  # a type checker is to know the names above, and no others

    def __getattr__(name: str) -> object:
        raise _absent(__name__, name, __all__)
