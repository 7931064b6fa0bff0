"""Functions that draw classes as candidates, for losses that look at some of many classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hdfsaver.graph.apply import apply_list
from hdfsaver.graph.tensor import TensorLike
from hdfsaver.ops import named_results
from hdfsaver.ops.named_results import Candidates
from hdfsaver.ops.seeds import seed_attrs


def _sampled(op_type: str, classes: TensorLike, seed: int | None, name: str | None, **attrs: Any) -> Candidates:
    result: type[Candidates] = getattr(named_results, op_type)
    return result(*apply_list(op_type, classes, name=name, **attrs, **seed_attrs(seed)))


def uniform_candidate_sampler(
    true_classes: TensorLike,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    seed: int | None = None,
    name: str | None = None,
) -> Candidates:
    """Draw classes that are all equally probable.

    Parameters
    ----------
    true_classes : TensorLike
        int64, of shape (batch, num_true).
    num_true : int
    num_sampled : int
        How many classes are drawn.
    unique : bool
        Whether all of them are different.
    range_max : int
        The number of classes.
    seed : int, optional
    name : str, optional
        The name of the operation.

    Returns
    -------
    named tuple of Tensor
        ``sampled_candidates``, int64; and how often the true and the drawn ones are expected among them, float32,
        ``true_expected_count`` and ``sampled_expected_count``.

    Raises
    ------
    InvalidArgumentError
        When run: a true class is out of range, or there are fewer classes than are to be drawn.
    """
    sizes = {"num_true": num_true, "num_sampled": num_sampled, "unique": unique, "range_max": range_max}
    return _sampled("UniformCandidateSampler", true_classes, seed, name, **sizes)


def log_uniform_candidate_sampler(
    true_classes: TensorLike,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    seed: int | None = None,
    name: str | None = None,
) -> Candidates:
    """Draw classes whose logarithms are uniform, for classes that are sorted from frequent to rare.

    Parameters
    ----------
    true_classes, num_true, num_sampled, unique, range_max, seed, name : object
        As for `uniform_candidate_sampler`.

    Returns
    -------
    tuple of Tensor
        As for `uniform_candidate_sampler`.

    Raises
    ------
    InvalidArgumentError
        As for `uniform_candidate_sampler`.
    """
    sizes = {"num_true": num_true, "num_sampled": num_sampled, "unique": unique, "range_max": range_max}
    return _sampled("LogUniformCandidateSampler", true_classes, seed, name, **sizes)


def learned_unigram_candidate_sampler(
    true_classes: TensorLike,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    seed: int | None = None,
    name: str | None = None,
) -> Candidates:
    """Draw classes by how often each was a true one in earlier runs of the session.

    Parameters
    ----------
    true_classes, num_true, num_sampled, unique, range_max, seed, name : object
        As for `uniform_candidate_sampler`.

    Returns
    -------
    tuple of Tensor
        As for `uniform_candidate_sampler`.

    Raises
    ------
    ValueError
        There are 2**31 classes or more.
    InvalidArgumentError
        As for `uniform_candidate_sampler`.
    """
    if range_max > 2147483647:
        raise ValueError(f"Value of range_max:{range_max} is too large to handle")
    sizes = {"num_true": num_true, "num_sampled": num_sampled, "unique": unique, "range_max": range_max}
    return _sampled("LearnedUnigramCandidateSampler", true_classes, seed, name, **sizes)


def fixed_unigram_candidate_sampler(
    true_classes: TensorLike,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    vocab_file: str = "",
    distortion: float = 1.0,
    num_reserved_ids: int = 0,
    num_shards: int = 1,
    shard: int = 0,
    unigrams: Sequence[float] = (),
    seed: int | None = None,
    name: str | None = None,
) -> Candidates:
    """Draw classes by weights.

    Parameters
    ----------
    true_classes, num_true, num_sampled, unique, range_max, seed, name : object
        As for `uniform_candidate_sampler`.
    vocab_file : str
        Kept in the graph; such an operation does not run here.
    distortion : float
        The power of the weights.
    num_reserved_ids : int
        The number of classes before the others, with weights of 0.
    num_shards, shard : int
        In how many parts the classes are divided in turn, and the part that is drawn from.
    unigrams : sequence of float
        The weights of the classes.

    Returns
    -------
    tuple of Tensor
        As for `uniform_candidate_sampler`.

    Raises
    ------
    UnimplementedError
        When run: there is a ``vocab_file``.
    InvalidArgumentError
        When run: there are no weights or not one for each class; or as for `uniform_candidate_sampler`.
    """
    sizes = {"num_true": num_true, "num_sampled": num_sampled, "unique": unique, "range_max": range_max}
    weights = {"vocab_file": vocab_file.encode(), "distortion": distortion, "unigrams": list(map(float, unigrams))}
    parts = {"num_reserved_ids": num_reserved_ids, "num_shards": num_shards, "shard": shard}
    return _sampled("FixedUnigramCandidateSampler", true_classes, seed, name, **sizes, **weights, **parts)


def all_candidate_sampler(
    true_classes: TensorLike,
    num_true: int,
    num_sampled: int,
    unique: bool,
    seed: int | None = None,
    name: str | None = None,
) -> Candidates:
    """Take all classes as candidates, for tests of losses with candidates.

    Parameters
    ----------
    true_classes, num_true, unique, seed, name : object
        As for `uniform_candidate_sampler`.
    num_sampled : int
        The number of classes.

    Returns
    -------
    tuple of Tensor
        As for `uniform_candidate_sampler`.
    """
    sizes = {"num_true": num_true, "num_sampled": num_sampled, "unique": unique}
    return _sampled("AllCandidateSampler", true_classes, seed, name, **sizes)


def compute_accidental_hits(
    true_classes: TensorLike,
    sampled_candidates: TensorLike,
    num_true: int,
    seed: int | None = None,
    name: str | None = None,
) -> named_results.ComputeAccidentalHits:
    """Find the true classes that are among the candidates.

    Parameters
    ----------
    true_classes : TensorLike
        int64, of shape (batch, num_true).
    sampled_candidates : TensorLike
        int64, a vector.
    num_true : int
    seed : int, optional
        Kept in the graph.
    name : str, optional
        The name of the operation.

    Returns
    -------
    named tuple of Tensor
        Vectors of one length: ``indices``, rows of the true classes, int32; ``ids``, places among the candidates,
        int64; and ``weights``, the least float32 for each, to be added to a logit.

    Raises
    ------
    InvalidArgumentError
        When run: a shape does not fit.
    """
    inputs = true_classes, sampled_candidates
    found = apply_list("ComputeAccidentalHits", *inputs, name=name, num_true=num_true, **seed_attrs(seed))
    return named_results.ComputeAccidentalHits(*found)
