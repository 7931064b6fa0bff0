"""``tf.initializers``: how variables begin."""

from __future__ import annotations

import typing

from hdfsaver.absent_names import absent as _absent
from hdfsaver.ops.init_ops import (
    constant_initializer as constant,
)
from hdfsaver.ops.init_ops import (
    glorot_normal_initializer as glorot_normal,
)
from hdfsaver.ops.init_ops import (
    glorot_uniform_initializer as glorot_uniform,
)
from hdfsaver.ops.init_ops import (
    he_normal,
    he_uniform,
    lecun_normal,
    lecun_uniform,
)
from hdfsaver.ops.init_ops import (
    identity_initializer as identity,
)
from hdfsaver.ops.init_ops import (
    ones_initializer as ones,
)
from hdfsaver.ops.init_ops import (
    orthogonal_initializer as orthogonal,
)
from hdfsaver.ops.init_ops import (
    random_normal_initializer as random_normal,
)
from hdfsaver.ops.init_ops import (
    random_uniform_initializer as random_uniform,
)
from hdfsaver.ops.init_ops import (
    truncated_normal_initializer as truncated_normal,
)
from hdfsaver.ops.init_ops import (
    uniform_unit_scaling_initializer as uniform_unit_scaling,
)
from hdfsaver.ops.init_ops import (
    variance_scaling_initializer as variance_scaling,
)
from hdfsaver.ops.init_ops import (
    zeros_initializer as zeros,
)

__all__ = [
    "constant",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "identity",
    "lecun_normal",
    "lecun_uniform",
    "ones",
    "orthogonal",
    "random_normal",
    "random_uniform",
    "truncated_normal",
    "uniform_unit_scaling",
    "variance_scaling",
    "zeros",
]


def __dir__() -> list[str]:
    return __all__


if not typing.TYPE_CHECKING:  # a type checker is to know the names above, and no others

    def __getattr__(name: str) -> object:
        raise _absent(__name__, name, __all__)
