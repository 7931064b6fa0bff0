"""``tf.contrib.layers``: layers whose variables are called weights and biases, initializers and regularizers."""

from __future__ import annotations

import typing

import hdfsaver.contrib.utils as utils
from hdfsaver.absent_names import absent as _absent
from hdfsaver.contrib.contrib_convolutions import (
    convolution,
    convolution1d,
    convolution2d,
    convolution2d_transpose,
    convolution3d,
    convolution3d_transpose,
    separable_convolution2d,
)
from hdfsaver.contrib.contrib_convolutions import convolution1d as conv1d
from hdfsaver.contrib.contrib_convolutions import convolution2d as conv2d
from hdfsaver.contrib.contrib_convolutions import convolution2d_transpose as conv2d_transpose
from hdfsaver.contrib.contrib_convolutions import convolution3d as conv3d
from hdfsaver.contrib.contrib_convolutions import convolution3d_transpose as conv3d_transpose
from hdfsaver.contrib.contrib_convolutions import separable_convolution2d as separable_conv2d
from hdfsaver.contrib.contrib_forms import (
    avg_pool2d,
    avg_pool3d,
    dropout,
    embed_sequence,
    flatten,
    max_pool2d,
    max_pool3d,
    maxout,
    one_hot_encoding,
    repeat,
    softmax,
    spatial_softmax,
    stack,
    unit_norm,
)
from hdfsaver.contrib.contrib_initializers import variance_scaling_initializer, xavier_initializer
from hdfsaver.contrib.contrib_initializers import xavier_initializer as xavier_initializer_conv2d
from hdfsaver.contrib.contrib_layers import bias_add, elu, fully_connected, linear, relu, relu6
from hdfsaver.contrib.contrib_norms import batch_norm, instance_norm, layer_norm
from hdfsaver.contrib.contrib_summaries import (
    summarize_activation,
    summarize_activations,
    summarize_biases,
    summarize_collection,
    summarize_tensor,
    summarize_tensors,
    summarize_variables,
    summarize_weights,
)
from hdfsaver.contrib.optimize_loss import OPTIMIZER_CLS_NAMES, OPTIMIZER_SUMMARIES, optimize_loss
from hdfsaver.contrib.regularizers import (
    apply_regularization,
    l1_l2_regularizer,
    l1_regularizer,
    l2_regularizer,
    sum_regularizer,
)

__all__ = [
    "OPTIMIZER_CLS_NAMES",
    "OPTIMIZER_SUMMARIES",
    "apply_regularization",
    "avg_pool2d",
    "avg_pool3d",
    "batch_norm",
    "bias_add",
    "conv1d",
    "conv2d",
    "conv2d_transpose",
    "conv3d",
    "conv3d_transpose",
    "convolution",
    "convolution1d",
    "convolution2d",
    "convolution2d_transpose",
    "convolution3d",
    "convolution3d_transpose",
    "dropout",
    "elu",
    "embed_sequence",
    "flatten",
    "fully_connected",
    "instance_norm",
    "l1_l2_regularizer",
    "l1_regularizer",
    "l2_regularizer",
    "layer_norm",
    "linear",
    "max_pool2d",
    "max_pool3d",
    "maxout",
    "one_hot_encoding",
    "optimize_loss",
    "relu",
    "relu6",
    "repeat",
    "separable_conv2d",
    "separable_convolution2d",
    "softmax",
    "spatial_softmax",
    "stack",
    "sum_regularizer",
    "summarize_activation",
    "summarize_activations",
    "summarize_biases",
    "summarize_collection",
    "summarize_tensor",
    "summarize_tensors",
    "summarize_variables",
    "summarize_weights",
    "unit_norm",
    "utils",
    "variance_scaling_initializer",
    "xavier_initializer",
    "xavier_initializer_conv2d",
]


def __dir__() -> list[str]:
    return __all__


if not typing.TYPE_CHECKING:  # a type checker is to know the names above, and no others

    def __getattr__(name: str) -> object:
        raise _absent(__name__, name, __all__)
