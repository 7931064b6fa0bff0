"""``tf.random``: random numbers."""

from __future__ import annotations

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
