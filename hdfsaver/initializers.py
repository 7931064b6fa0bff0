"""``tf.initializers``: how variables begin."""

from __future__ import annotations

from hdfsaver.ops.initializers import (
    constant_initializer as constant,
)
from hdfsaver.ops.initializers import (
    glorot_normal_initializer as glorot_normal,
)
from hdfsaver.ops.initializers import (
    glorot_uniform_initializer as glorot_uniform,
)
from hdfsaver.ops.initializers import (
    he_normal,
    he_uniform,
    lecun_normal,
    lecun_uniform,
)
from hdfsaver.ops.initializers import (
    identity_initializer as identity,
)
from hdfsaver.ops.initializers import (
    ones_initializer as ones,
)
from hdfsaver.ops.initializers import (
    random_normal_initializer as random_normal,
)
from hdfsaver.ops.initializers import (
    random_uniform_initializer as random_uniform,
)
from hdfsaver.ops.initializers import (
    truncated_normal_initializer as truncated_normal,
)
from hdfsaver.ops.initializers import (
    variance_scaling_initializer as variance_scaling,
)
from hdfsaver.ops.initializers import (
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
    "random_normal",
    "random_uniform",
    "truncated_normal",
    "variance_scaling",
    "zeros",
]
