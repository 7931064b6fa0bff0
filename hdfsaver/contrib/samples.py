"""Samples as decoders draw them: of classes by logits, and of yes or no by a probability."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import scope
from hdfsaver.ops.casting import cast
from hdfsaver.ops.comparison import equal, less
from hdfsaver.ops.joining import concat
from hdfsaver.ops.padding import pad
from hdfsaver.ops.random_distributions import multinomial
from hdfsaver.ops.reduction import reduce_prod
from hdfsaver.ops.sampling import random_uniform
from hdfsaver.ops.shaping import rank, reshape, transpose
from hdfsaver.ops.shaping import shape as shape_of


def _shaped(draw: Callable[[Tensor], Tensor], sample_shape: TensorLike) -> Tensor:
    """As many samples as a shape has places, in that shape."""
    with scope(None, "call_sampler", sample_shape):
        shape = convert_to_tensor(sample_shape, "int32", name="sample_shape")
        missing = cast(equal(rank(shape), 0), "int32")
        shape = reshape(shape, pad(shape_of(shape), paddings=[[missing, 0]], constant_values=1))
        samples = draw(reduce_prod(shape))
        rest = shape_of(samples)[1:]
        return reshape(samples, concat([shape, rest], 0))


def bernoulli_sample(
    probs: TensorLike, dtype: DTypeLike = "int32", sample_shape: TensorLike = (), seed: int | None = None
) -> Tensor:
    """Ones with some probability, and otherwise zeros.

    Parameters
    ----------
    probs : TensorLike
    dtype : DType
    sample_shape : TensorLike
        How many samples of each probability, as a shape in front of that of ``probs``.
    seed : int, optional

    Returns
    -------
    Tensor
    """
    given = convert_to_tensor(probs, name="probs")
    batch = shape_of(given)

    def draw(count: Tensor) -> Tensor:
        uniform = random_uniform(concat([[count], batch], 0), seed=seed, dtype=given.dtype)
        return cast(less(uniform, given), dtype)

    return _shaped(draw, sample_shape)


def categorical_sample(logits: TensorLike, seed: int | None = None) -> Tensor:
    """The number of a class for each row of logits, as int32.

    Parameters
    ----------
    logits : TensorLike
    seed : int, optional

    Returns
    -------
    Tensor
    """
    given = convert_to_tensor(logits, name="logits")
    classes = shape_of(given)[-1]
    batch = shape_of(given)[:-1]

    def draw(count: Tensor) -> Tensor:
        rows: Any = given if given.shape.ndims == 2 else reshape(given, [-1, classes])
        kind = "int64" if given.dtype.size > 4 else "int32"
        drawn = multinomial(rows, count, seed=seed, output_dtype=kind)
        return cast(reshape(transpose(drawn), concat([[count], batch], 0)), "int32")

    return _shaped(draw, ())
