"""The outputs of operations that have several, under their names: classes with TensorFlow's names and fields."""

from __future__ import annotations

from typing import NamedTuple

from hdfsaver.graph.tensor import Tensor


class TopKV2(NamedTuple):
    """The greatest values of rows, and their indices."""

    values: Tensor
    indices: Tensor


class Unique(NamedTuple):
    """The different values of a vector, and the place of each element among them."""

    y: Tensor
    idx: Tensor


class UniqueWithCounts(NamedTuple):
    """As `Unique`, and how often each value is there."""

    y: Tensor
    idx: Tensor
    count: Tensor  # type: ignore[assignment] # TensorFlow's name; the method of tuples is hidden, as there


class MaxPoolWithArgmax(NamedTuple):
    """The greatest of each window, and its place."""

    output: Tensor
    argmax: Tensor


class FractionalMaxPool(NamedTuple):
    """The greatest of each window, and where windows begin."""

    output: Tensor
    row_pooling_sequence: Tensor
    col_pooling_sequence: Tensor


class FractionalAvgPool(NamedTuple):
    """The mean of each window, and where windows begin."""

    output: Tensor
    row_pooling_sequence: Tensor
    col_pooling_sequence: Tensor


class ListDiff(NamedTuple):
    """The elements of a vector that another one does not have, and their places."""

    out: Tensor
    idx: Tensor


class Qr(NamedTuple):
    """The orthogonal and the upper triangular factor of matrices."""

    q: Tensor
    r: Tensor


class LogMatrixDeterminant(NamedTuple):
    """The signs of determinants, and the logarithms of their absolute values."""

    sign: Tensor
    log_abs_determinant: Tensor


class Candidates(NamedTuple):
    """Drawn classes, and how often the true and the drawn ones are expected among them."""

    sampled_candidates: Tensor
    true_expected_count: Tensor
    sampled_expected_count: Tensor


class UniformCandidateSampler(Candidates):
    """The result of `uniform_candidate_sampler`."""


class LogUniformCandidateSampler(Candidates):
    """The result of `log_uniform_candidate_sampler`."""


class LearnedUnigramCandidateSampler(Candidates):
    """The result of `learned_unigram_candidate_sampler`."""


class FixedUnigramCandidateSampler(Candidates):
    """The result of `fixed_unigram_candidate_sampler`."""


class AllCandidateSampler(Candidates):
    """The result of `all_candidate_sampler`."""


class ComputeAccidentalHits(NamedTuple):
    """The true classes among candidates: their rows, their places, and what is to be added to a logit."""

    indices: Tensor
    ids: Tensor
    weights: Tensor


class QuantizeV2(NamedTuple):
    """Quantized integers, and the range that they stand for."""

    output: Tensor
    output_min: Tensor
    output_max: Tensor


class QuantizedAvgPool(NamedTuple):
    """The mean of each window, and the range."""

    output: Tensor
    min_output: Tensor
    max_output: Tensor


class QuantizedConcat(NamedTuple):
    """Tensors one after the other, and their range."""

    output: Tensor
    output_min: Tensor
    output_max: Tensor


class QuantizedConv2D(NamedTuple):
    """The result of a convolution, and its range."""

    output: Tensor
    min_output: Tensor
    max_output: Tensor


class QuantizedMaxPool(NamedTuple):
    """The greatest of each window, and the range."""

    output: Tensor
    min_output: Tensor
    max_output: Tensor


class FakeQuantWithMinMaxVarsGradient(NamedTuple):
    """The derivatives by floats and by both ends of their range."""

    backprops_wrt_input: Tensor
    backprop_wrt_min: Tensor
    backprop_wrt_max: Tensor


class FakeQuantWithMinMaxVarsPerChannelGradient(NamedTuple):
    """The derivatives by floats and by the ranges of their channels."""

    backprops_wrt_input: Tensor
    backprop_wrt_min: Tensor
    backprop_wrt_max: Tensor
