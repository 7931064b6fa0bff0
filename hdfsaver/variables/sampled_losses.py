"""Losses that look at the true classes and a sample of the others: ``nce_loss`` and ``sampled_softmax_loss``."""

from __future__ import annotations

from typing import Any

from hdfsaver.graph.apply import apply
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.arithmetic import multiply
from hdfsaver.ops.base import scope as name_scope
from hdfsaver.ops.casting import cast
from hdfsaver.ops.elementary import log
from hdfsaver.ops.filling import ones, ones_like, zeros_like
from hdfsaver.ops.joining import concat, stack
from hdfsaver.ops.linalg_ops import matmul
from hdfsaver.ops.losses import sigmoid_cross_entropy_with_logits, softmax_cross_entropy_with_logits_v2
from hdfsaver.ops.shaping import expand_dims, reshape
from hdfsaver.ops.shaping import shape as shape_of
from hdfsaver.ops.slicing import slice_
from hdfsaver.variables.candidate_samplers import compute_accidental_hits, log_uniform_candidate_sampler
from hdfsaver.variables.embeddings import embedding_lookup
from hdfsaver.variables.partitioned import PartitionedVariable


def nce_loss(
    weights: Any,
    biases: Any,
    labels: TensorLike,
    inputs: TensorLike,
    num_sampled: int,
    num_classes: int,
    num_true: int = 1,
    sampled_values: tuple[Tensor, Tensor, Tensor] | None = None,
    remove_accidental_hits: bool = False,
    partition_strategy: str = "mod",
    name: str = "nce_loss",
) -> Tensor:
    """The loss of telling true classes from drawn ones (M. Gutmann and A. Hyvärinen, 2010).

    Parameters
    ----------
    weights : Tensor, Variable, PartitionedVariable, or a list of tensors or variables
        Of shape (num_classes, size), or its parts.
    biases : Tensor or Variable
        Of shape (num_classes,).
    labels : TensorLike
        The true classes, integers of shape (batch, num_true).
    inputs : TensorLike
        Of shape (batch, size).
    num_sampled : int
        How many classes are drawn for the batch.
    num_classes : int
    num_true : int
    sampled_values : tuple of Tensor, optional
        The results of a sampler of candidates; by default different classes of `log_uniform_candidate_sampler`.
    remove_accidental_hits : bool
        Whether drawn classes that are true ones do not count.
    partition_strategy : {"mod", "div"}
        As for `embedding_lookup`.
    name : str
        The name of the operations.

    Returns
    -------
    Tensor
        Of shape (batch,).

    Raises
    ------
    ValueError
        Shapes do not fit, or as for `embedding_lookup`.
    """
    logits, targets = _logits(
        weights, biases, labels, inputs, num_sampled, num_classes, num_true, sampled_values,
        remove_accidental_hits, partition_strategy, name, None,
    )  # fmt: skip
    return _sums_of_rows(sigmoid_cross_entropy_with_logits(labels=targets, logits=logits, name="sampled_losses"))


def sampled_softmax_loss(
    weights: Any,
    biases: Any,
    labels: TensorLike,
    inputs: TensorLike,
    num_sampled: int,
    num_classes: int,
    num_true: int = 1,
    sampled_values: tuple[Tensor, Tensor, Tensor] | None = None,
    remove_accidental_hits: bool = True,
    partition_strategy: str = "mod",
    name: str = "sampled_softmax_loss",
    seed: int | None = None,
) -> Tensor:
    """The cross-entropy with the softmax over the true classes and drawn ones.

    Parameters
    ----------
    weights, biases, labels, inputs, num_sampled, num_classes, num_true, sampled_values : object
        As for `nce_loss`.
    remove_accidental_hits : bool
        Whether drawn classes that are true ones do not count.
    partition_strategy : {"mod", "div"}
        As for `embedding_lookup`.
    name : str
        The name of the operations.
    seed : int, optional
        Of the sampler.

    Returns
    -------
    Tensor
        Of shape (batch,).

    Raises
    ------
    ValueError
        Shapes do not fit, or as for `embedding_lookup`.
    """
    logits, targets = _logits(
        weights, biases, labels, inputs, num_sampled, num_classes, num_true, sampled_values,
        remove_accidental_hits, partition_strategy, name, seed,
    )  # fmt: skip
    fixed = apply("StopGradient", targets, name="labels_stop_gradient")
    return softmax_cross_entropy_with_logits_v2(labels=fixed, logits=logits)


def _logits(
    weights: Any,
    biases: Any,
    labels: TensorLike,
    inputs: TensorLike,
    num_sampled: int,
    num_classes: int,
    num_true: int,
    sampled_values: tuple[Tensor, Tensor, Tensor] | None,
    remove_hits: bool,
    strategy: str,
    name: str | None,
    seed: int | None,
) -> tuple[Tensor, Tensor]:
    """The logits of the true classes and of the drawn ones, side by side, and what they are to be."""
    tables = list(weights) if isinstance(weights, list | tuple | PartitionedVariable) else [weights]
    with name_scope(name, "compute_sampled_logits", *tables, biases, inputs, labels):
        rows: Any = convert_to_tensor(inputs)
        given: Any = convert_to_tensor(labels)
        classes = given if given.dtype.name == "int64" else cast(given, "int64")
        flat: Any = reshape(classes, [-1])
        if sampled_values is None:
            sampled_values = log_uniform_candidate_sampler(classes, num_true, num_sampled, True, num_classes, seed)
        drawn, of_true, of_drawn = (apply("StopGradient", value) for value in sampled_values)
        drawn = cast(drawn, "int64")
        all_ids = concat([flat, drawn], 0)
        all_w = _like(embedding_lookup(tables, all_ids, partition_strategy=strategy), rows)
        true_w: Any = slice_(all_w, [0, 0], stack([shape_of(flat)[0], -1]))
        drawn_w = slice_(all_w, stack([shape_of(flat)[0], 0]), [-1, -1])
        logits: Any = matmul(rows, drawn_w, transpose_b=True)
        all_b = _like(embedding_lookup(biases, all_ids, partition_strategy=strategy), rows)
        true_b = slice_(all_b, [0], shape_of(flat))
        drawn_b = slice_(all_b, shape_of(flat), [-1])
        true_logits = _true_logits(rows, true_w, num_true)
        true_logits += reshape(true_b, [-1, num_true])
        logits += drawn_b
        if remove_hits:
            logits += _hits(classes, drawn, num_true, num_sampled, logits)
        true_logits -= log(of_true)
        logits -= log(of_drawn)
        both = concat([true_logits, logits], 1)
        wanted: Any = ones_like(true_logits)
        return both, concat([wanted / num_true, zeros_like(logits)], 1)


def _like(values: Any, rows: Any) -> Any:
    return values if values.dtype is rows.dtype else cast(values, rows.dtype)


def _true_logits(rows: Any, true_w: Any, num_true: int) -> Any:
    """The products of each row with the weights of its true classes."""
    size = shape_of(true_w)[1:2]
    shape = concat([[-1, num_true], size], 0)
    products = multiply(expand_dims(rows, 1), reshape(true_w, shape))
    return reshape(_sums_of_rows(reshape(products, concat([[-1], size], 0))), [-1, num_true])


def _hits(classes: Any, drawn: Any, num_true: int, num_sampled: int, logits: Any) -> Any:
    """Numbers that make the logits of drawn classes that are true ones as low as can be."""
    found, ids, least = compute_accidental_hits(classes, drawn, num_true)
    places = [reshape(found, [-1, 1]), reshape(cast(ids, "int32"), [-1, 1])]
    indices = concat(places, 1, "sparse_indices")
    shape = concat([shape_of(classes)[:1], expand_dims(num_sampled, 0)], 0)
    return apply("SparseToDense", indices, shape, _like(least, logits), 0.0, validate_indices=False)


def _sums_of_rows(matrix: Any) -> Tensor:
    """By a product with ones, as TensorFlow computes them here."""
    columns = shape_of(matrix)[1]
    return reshape(matmul(matrix, ones(stack([columns, 1]), matrix.dtype)), [-1])
