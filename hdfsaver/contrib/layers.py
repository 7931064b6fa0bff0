"""``tf.contrib.layers``: layers whose variables are called weights and biases, initializers and regularizers."""

from __future__ import annotations

import typing

from hdfsaver.absent_names import absent as _absent
from hdfsaver.contrib.contrib_initializers import variance_scaling_initializer, xavier_initializer
from hdfsaver.contrib.contrib_initializers import xavier_initializer as xavier_initializer_conv2d
from hdfsaver.contrib.contrib_layers import (
    avg_pool2d,
    conv2d,
    dropout,
    flatten,
    fully_connected,
    linear,
    max_pool2d,
    relu,
)
from hdfsaver.contrib.contrib_layers import conv2d as convolution2d
from hdfsaver.contrib.regularizers import (
    apply_regularization,
    l1_l2_regularizer,
    l1_regularizer,
    l2_regularizer,
    sum_regularizer,
)

__all__ = [
    "apply_regularization",
    "avg_pool2d",
    "conv2d",
    "convolution2d",
    "dropout",
    "flatten",
    "fully_connected",
    "l1_l2_regularizer",
    "l1_regularizer",
    "l2_regularizer",
    "linear",
    "max_pool2d",
    "relu",
    "sum_regularizer",
    "variance_scaling_initializer",
    "xavier_initializer",
    "xavier_initializer_conv2d",
]


def __dir__() -> list[str]:
    return __all__


if not typing.TYPE_CHECKING:  # a type checker is to know the names above, and no others

    def __getattr__(name: str) -> object:
        raise _absent(__name__, name, __all__)
