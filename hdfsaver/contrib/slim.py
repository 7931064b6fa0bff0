"""``tf.contrib.slim``: layers, defaults for their arguments, variables of models, losses, and training."""

from __future__ import annotations

import typing

import hdfsaver.contrib.contrib_losses as losses
import hdfsaver.contrib.learning as learning
import hdfsaver.contrib.model_analyzer as model_analyzer
import hdfsaver.contrib.streaming_metrics as metrics
import hdfsaver.contrib.utils as utils
from hdfsaver.absent_names import absent as _absent
from hdfsaver.contrib.arg_scopes import (
    add_arg_scope,
    arg_scope,
    arg_scope_func_key,
    arg_scoped_arguments,
    current_arg_scope,
    has_arg_scope,
)
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
from hdfsaver.contrib.model_variables import (
    add_model_variable,
    assert_or_get_global_step,
    assign_from_checkpoint,
    assign_from_checkpoint_fn,
    assign_from_values,
    assign_from_values_fn,
    filter_variables,
    get_local_variables,
    get_model_variables,
    get_trainable_variables,
    get_unique_variable,
    get_variable_full_name,
    get_variables,
    get_variables_by_name,
    get_variables_by_suffix,
    get_variables_to_restore,
    global_variable,
    local_variable,
    model_variable,
    variable,
)
from hdfsaver.contrib.regularizers import (
    apply_regularization,
    l1_l2_regularizer,
    l1_regularizer,
    l2_regularizer,
    sum_regularizer,
)
from hdfsaver.training.global_step import (
    assert_global_step,
    create_global_step,
    get_global_step,
    get_or_create_global_step,
)

__all__ = [
    "add_arg_scope",
    "add_model_variable",
    "apply_regularization",
    "arg_scope",
    "arg_scope_func_key",
    "arg_scoped_arguments",
    "assert_global_step",
    "assert_or_get_global_step",
    "assign_from_checkpoint",
    "assign_from_checkpoint_fn",
    "assign_from_values",
    "assign_from_values_fn",
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
    "create_global_step",
    "current_arg_scope",
    "dropout",
    "elu",
    "embed_sequence",
    "filter_variables",
    "flatten",
    "fully_connected",
    "get_global_step",
    "get_local_variables",
    "get_model_variables",
    "get_or_create_global_step",
    "get_trainable_variables",
    "get_unique_variable",
    "get_variable_full_name",
    "get_variables",
    "get_variables_by_name",
    "get_variables_by_suffix",
    "get_variables_to_restore",
    "global_variable",
    "has_arg_scope",
    "instance_norm",
    "l1_l2_regularizer",
    "l1_regularizer",
    "l2_regularizer",
    "layer_norm",
    "learning",
    "linear",
    "local_variable",
    "losses",
    "max_pool2d",
    "max_pool3d",
    "maxout",
    "metrics",
    "model_analyzer",
    "model_variable",
    "one_hot_encoding",
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
    "variable",
    "variance_scaling_initializer",
    "xavier_initializer",
    "xavier_initializer_conv2d",
]


def __dir__() -> list[str]:
    return __all__


if not typing.TYPE_CHECKING:  # a type checker is to know the names above, and no others

    def __getattr__(name: str) -> object:
        raise _absent(__name__, name, __all__)
