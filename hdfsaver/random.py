"""``tf.random``: random numbers."""

from __future__ import annotations

import typing

from hdfsaver.absent_names import absent as _absent
from hdfsaver.ops.random_distributions import (
    categorical,
    multinomial,
)
from hdfsaver.ops.random_distributions import (
    random_gamma as gamma,
)
from hdfsaver.ops.random_distributions import (
    random_poisson as poisson,
)
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
    truncated_normal,
)
from hdfsaver.ops.seeds import (
    get_seed,
    seed_rule,
    set_random_seed,
)
from hdfsaver.ops.stateless_sampling import (
    stateless_categorical,
    stateless_gamma,
    stateless_multinomial,
    stateless_normal,
    stateless_poisson,
    stateless_truncated_normal,
    stateless_uniform,
)

__all__ = [
    "categorical",
    "gamma",
    "get_seed",
    "multinomial",
    "normal",
    "poisson",
    "seed_rule",
    "set_random_seed",
    "shuffle",
    "stateless_categorical",
    "stateless_gamma",
    "stateless_multinomial",
    "stateless_normal",
    "stateless_poisson",
    "stateless_truncated_normal",
    "stateless_uniform",
    "truncated_normal",
    "uniform",
]


def __dir__() -> list[str]:
    return __all__


if not typing.TYPE_CHECKING:  # a type checker is to know the names above, and no others

    def __getattr__(name: str) -> object:
        raise _absent(__name__, name, __all__)
