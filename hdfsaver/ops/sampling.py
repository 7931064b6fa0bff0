"""Random tensors of a distribution."""

from __future__ import annotations

from typing import cast

import numpy as np

from hdfsaver import dtypes
from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.apply import apply
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import dtype_name, known_shape, scope
from hdfsaver.ops.seeds import seed_attrs
from hdfsaver.shapes import ShapeLike


def shape_tensor(shape: ShapeLike | TensorLike) -> Tensor:
    """The shape of random numbers as a tensor; `ValueError` where sizes are given of which not all are known."""
    known = known_shape(shape)
    return convert_to_tensor(cast("TensorLike", shape) if known is None else np.array(known, np.int32), name="shape")


def random_normal(
    shape: ShapeLike | TensorLike,
    mean: TensorLike = 0.0,
    stddev: TensorLike = 1.0,
    dtype: DTypeLike = dtypes.float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Random numbers of a normal distribution.

    Parameters
    ----------
    shape : ShapeLike or TensorLike
        The shape, known or as an int32 or int64 vector.
    mean, stddev : TensorLike
        Of the result's dtype. They are broadcast to the shape, which becomes larger where theirs is.
    dtype : DTypeLike
        float16, bfloat16, float32 or float64.
    seed : int, optional
        The operation's own seed; see `set_random_seed`.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Other numbers in each run.

    Raises
    ------
    ValueError
        The shape is given as numbers and not all are known, or it does not broadcast with the mean or deviation.
    TypeError
        The dtype is an integer and the mean or deviation is not, or the shape is a tensor of another dtype.
    InvalidArgumentError
        In the run: the shape is negative.
    """
    return _scaled_normal("RandomStandardNormal", "random_normal", shape, mean, stddev, dtype, seed, name)


def truncated_normal(
    shape: ShapeLike | TensorLike,
    mean: TensorLike = 0.0,
    stddev: TensorLike = 1.0,
    dtype: DTypeLike = dtypes.float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Random numbers of a normal distribution, drawn again where they are beyond two standard deviations of the mean.

    Parameters
    ----------
    shape : ShapeLike or TensorLike
        The shape, known or as an int32 or int64 vector.
    mean, stddev : TensorLike
        Those of the distribution before it is truncated, of the result's dtype. They are broadcast to the shape, which
        becomes larger where theirs is.
    dtype : DTypeLike
        float16, bfloat16, float32 or float64.
    seed : int, optional
        The operation's own seed; see `set_random_seed`.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Other numbers in each run. Their standard deviation is 0.88 times ``stddev``.

    Raises
    ------
    ValueError
        The shape is given as numbers and not all are known, or it does not broadcast with the mean or deviation.
    TypeError
        The dtype is an integer and the mean or deviation is not, or the shape is a tensor of another dtype.
    InvalidArgumentError
        In the run: the shape is negative.
    """
    return _scaled_normal("TruncatedNormal", "truncated_normal", shape, mean, stddev, dtype, seed, name)


def _scaled_normal(
    op_type: str,
    default: str,
    shape: ShapeLike | TensorLike,
    mean: TensorLike,
    stddev: TensorLike,
    dtype: DTypeLike,
    seed: int | None,
    name: str | None,
) -> Tensor:
    with scope(name, default, shape, mean, stddev) as full:
        sizes = shape_tensor(shape)
        mean = convert_to_tensor(mean, dtype, name="mean")
        stddev = convert_to_tensor(stddev, dtype, name="stddev")
        drawn = apply(op_type, sizes, dtype=dtype_name(dtype), **seed_attrs(seed))
        return apply("AddV2", apply("Mul", drawn, stddev, name="mul"), mean, name=full)


def random_uniform(
    shape: ShapeLike | TensorLike,
    minval: TensorLike = 0,
    maxval: TensorLike | None = None,
    dtype: DTypeLike = dtypes.float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Random numbers that are equally likely from a lower bound up to, but without, an upper bound.

    Parameters
    ----------
    shape : ShapeLike or TensorLike
        The shape, known or as an int32 or int64 vector.
    minval : TensorLike
        The lower bound, of the result's dtype. For integers a single one; otherwise both bounds are broadcast.
    maxval : TensorLike, optional
        The upper bound: 1 by default; integers must give it.
    dtype : DTypeLike
        float16, bfloat16, float32, float64, int32 or int64.
    seed : int, optional
        The operation's own seed; see `set_random_seed`.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Other numbers in each run. Between 0 and 1, float16 has 1024 different ones and bfloat16 128. Scaled to other
        bounds they are rounded, which may give the upper one.

    Raises
    ------
    ValueError
        Integers without ``maxval``, a bound for integers that is not single, another dtype, or a shape given as numbers
        of which not all are known.
    TypeError
        A bound is of another dtype.
    InvalidArgumentError
        In the run: the shape is negative, or for integers the bounds are not in order.
    """
    wanted = dtypes.as_dtype(dtype)
    if wanted.name not in ("float16", "bfloat16", "float32", "float64", "int32", "int64"):
        raise ValueError(
            f"Argument `dtype` got invalid value {wanted.name}. "
            "Random numbers are float16, bfloat16, float32, float64, int32 or int64."
        )
    if wanted.is_integer and maxval is None:
        raise ValueError(f"Must specify maxval for integer dtype {wanted.name}.")
    maxval = 1 if maxval is None else maxval
    with scope(name, "random_uniform", shape, minval, maxval) as full:
        sizes = shape_tensor(shape)
        if wanted.is_integer:
            bounds = [convert_to_tensor(bound, wanted, name=n) for bound, n in ((minval, "min"), (maxval, "max"))]
            return apply("RandomUniformInt", sizes, *bounds, name=full, **seed_attrs(seed))
        return _uniform_floats(sizes, minval, maxval, wanted, seed, full)


def _uniform_floats(
    sizes: Tensor, minval: TensorLike, maxval: TensorLike, dtype: dtypes.DType, seed: int | None, name: str
) -> Tensor:
    from_zero = isinstance(minval, int) and minval == 0
    to_one = isinstance(maxval, int) and maxval == 1
    if not (from_zero and to_one):
        minval = convert_to_tensor(minval, dtype, name="min")
        maxval = convert_to_tensor(maxval, dtype, name="max")
    drawn = apply("RandomUniform", sizes, dtype=dtype.name, **seed_attrs(seed))
    if from_zero:
        return drawn if to_one else apply("Mul", drawn, maxval)
    width = apply("Sub", maxval, minval, name="sub")
    return apply("AddV2", apply("Mul", drawn, width, name="mul"), minval, name=name)


def random_shuffle(value: TensorLike, seed: int | None = None, name: str | None = None) -> Tensor:
    """Shuffle the rows of a tensor.

    Parameters
    ----------
    value : TensorLike
        Of any dtype and shape; a single value stays unchanged.
    seed : int, optional
        The operation's own seed; see `set_random_seed`.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Of the same dtype and shape, in another order in each run. No derivative passes through.

    Raises
    ------
    TypeError
        No tensor can be made of the value.
    """
    return apply("RandomShuffle", value, name=name, **seed_attrs(seed))
