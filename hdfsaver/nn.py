"""``tf.nn``: activations, losses and what else networks are made of."""

from __future__ import annotations

import importlib
import typing

from hdfsaver.absent_names import absent as _absent
from hdfsaver.ops.activations import (
    crelu,
    elu,
    leaky_relu,
    relu,
    relu6,
    selu,
    sigmoid,
    softplus,
    softsign,
    swish,
    tanh,
)
from hdfsaver.ops.batch_norm import (
    batch_norm_with_global_normalization,
    batch_normalization,
    fused_batch_norm,
)
from hdfsaver.ops.biases import (
    bias_add,
    relu_layer,
    xw_plus_b,
)
from hdfsaver.ops.block_moves import batch_to_space, depth_to_space, space_to_batch, space_to_depth
from hdfsaver.ops.channel_norms import (
    local_response_normalization,
)
from hdfsaver.ops.channel_norms import (
    local_response_normalization as lrn,
)
from hdfsaver.ops.convolutions import (
    conv1d,
    conv2d,
    conv2d_transpose,
)
from hdfsaver.ops.ctc import (
    ctc_beam_search_decoder,
    ctc_greedy_decoder,
    ctc_loss,
)
from hdfsaver.ops.depthwise import (
    depthwise_conv2d,
    separable_conv2d,
)
from hdfsaver.ops.dilations import dilation2d, erosion2d
from hdfsaver.ops.dropout import (
    dropout,
)
from hdfsaver.ops.fractional_pools import fractional_avg_pool, fractional_max_pool
from hdfsaver.ops.general_convolutions import (
    atrous_conv2d,
    atrous_conv2d_transpose,
    conv1d_transpose,
    convolution,
)
from hdfsaver.ops.greatest_places import max_pool_with_argmax
from hdfsaver.ops.losses import (
    l2_loss,
    log_softmax,
    sigmoid_cross_entropy_with_logits,
    softmax,
    softmax_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits_v2,
    sparse_softmax_cross_entropy_with_logits,
    weighted_cross_entropy_with_logits,
)
from hdfsaver.ops.moment_sums import (
    log_poisson_loss,
    normalize_moments,
    sufficient_statistics,
    weighted_moments,
    zero_fraction,
)
from hdfsaver.ops.norms import (
    l2_normalize,
    moments,
)
from hdfsaver.ops.pooling import (
    avg_pool,
    avg_pool1d,
    max_pool,
    max_pool1d,
)
from hdfsaver.ops.pooling import (
    avg_pool as avg_pool2d,
)
from hdfsaver.ops.pooling import (
    max_pool as max_pool2d,
)
from hdfsaver.ops.ranking import (
    in_top_k,
    top_k,
)
from hdfsaver.ops.volumes import (
    avg_pool3d,
    conv3d,
    conv3d_transpose,
    max_pool3d,
)
from hdfsaver.variables.candidate_samplers import (
    all_candidate_sampler,
    compute_accidental_hits,
    fixed_unigram_candidate_sampler,
    learned_unigram_candidate_sampler,
    log_uniform_candidate_sampler,
    uniform_candidate_sampler,
)
from hdfsaver.variables.embeddings import (
    embedding_lookup,
)
from hdfsaver.variables.sampled_losses import (
    nce_loss,
    sampled_softmax_loss,
)
from hdfsaver.variables.sparse_embeddings import embedding_lookup_sparse, safe_embedding_lookup_sparse

if typing.TYPE_CHECKING:
    from hdfsaver.layers.general_pools import pool, with_space_to_batch
    from hdfsaver.ops.quantized_layers import quantized_avg_pool, quantized_conv2d, quantized_max_pool
    from hdfsaver.recurrent import rnn_cell
    from hdfsaver.recurrent.dynamic_networks import bidirectional_dynamic_rnn, dynamic_rnn
    from hdfsaver.recurrent.raw_network import raw_rnn
    from hdfsaver.recurrent.static_networks import (
        static_bidirectional_rnn,
        static_rnn,
        static_state_saving_rnn,
    )

__all__ = [
    "all_candidate_sampler",
    "atrous_conv2d",
    "atrous_conv2d_transpose",
    "avg_pool",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "batch_norm_with_global_normalization",
    "batch_normalization",
    "batch_to_space",
    "bias_add",
    "bidirectional_dynamic_rnn",
    "compute_accidental_hits",
    "conv1d",
    "conv1d_transpose",
    "conv2d",
    "conv2d_transpose",
    "conv3d",
    "conv3d_transpose",
    "convolution",
    "crelu",
    "ctc_beam_search_decoder",
    "ctc_greedy_decoder",
    "ctc_loss",
    "depth_to_space",
    "depthwise_conv2d",
    "dilation2d",
    "dropout",
    "dynamic_rnn",
    "elu",
    "embedding_lookup",
    "embedding_lookup_sparse",
    "erosion2d",
    "fixed_unigram_candidate_sampler",
    "fractional_avg_pool",
    "fractional_max_pool",
    "fused_batch_norm",
    "in_top_k",
    "l2_loss",
    "l2_normalize",
    "leaky_relu",
    "learned_unigram_candidate_sampler",
    "local_response_normalization",
    "log_poisson_loss",
    "log_softmax",
    "log_uniform_candidate_sampler",
    "lrn",
    "max_pool",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
    "max_pool_with_argmax",
    "moments",
    "nce_loss",
    "normalize_moments",
    "pool",
    "quantized_avg_pool",
    "quantized_conv2d",
    "quantized_max_pool",
    "raw_rnn",
    "relu",
    "relu6",
    "relu_layer",
    "rnn_cell",
    "safe_embedding_lookup_sparse",
    "sampled_softmax_loss",
    "selu",
    "separable_conv2d",
    "sigmoid",
    "sigmoid_cross_entropy_with_logits",
    "softmax",
    "softmax_cross_entropy_with_logits",
    "softmax_cross_entropy_with_logits_v2",
    "softplus",
    "softsign",
    "space_to_batch",
    "space_to_depth",
    "sparse_softmax_cross_entropy_with_logits",
    "static_bidirectional_rnn",
    "static_rnn",
    "static_state_saving_rnn",
    "sufficient_statistics",
    "swish",
    "tanh",
    "top_k",
    "uniform_candidate_sampler",
    "weighted_cross_entropy_with_logits",
    "weighted_moments",
    "with_space_to_batch",
    "xw_plus_b",
    "zero_fraction",
]

_LAZY = {
    "bidirectional_dynamic_rnn": "hdfsaver.recurrent.dynamic_networks",
    "dynamic_rnn": "hdfsaver.recurrent.dynamic_networks",
    "pool": "hdfsaver.layers.general_pools",
    "quantized_avg_pool": "hdfsaver.ops.quantized_layers",
    "quantized_conv2d": "hdfsaver.ops.quantized_layers",
    "quantized_max_pool": "hdfsaver.ops.quantized_layers",
    "raw_rnn": "hdfsaver.recurrent.raw_network",
    "static_bidirectional_rnn": "hdfsaver.recurrent.static_networks",
    "static_rnn": "hdfsaver.recurrent.static_networks",
    "static_state_saving_rnn": "hdfsaver.recurrent.static_networks",
    "with_space_to_batch": "hdfsaver.layers.general_pools",
}
"""Names of modules that are imported when they are first used."""


def __dir__() -> list[str]:
    return __all__


if not typing.TYPE_CHECKING:  # a type checker is to know the names above, and no others

    def __getattr__(name: str) -> object:
        if name == "rnn_cell":
            return importlib.import_module("hdfsaver.recurrent.rnn_cell")
        if name not in _LAZY:
            raise _absent(__name__, name, __all__)
        value = globals()[name] = getattr(importlib.import_module(_LAZY[name]), name)
        return value
