"""Random tensors of a distribution, and the rule for their seeds.

Two numbers seed each operation: the graph's seed (`set_random_seed`) and its own. The same program gives the same
numbers again if at least one of them is set; they are not those of TensorFlow, whose generator is another.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from hdfsaver import dtypes
from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.apply import apply
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor, is_tensor
from hdfsaver.ops.base import dtype_name, known_shape, scope
from hdfsaver.shapes import ShapeLike

DEFAULT_GRAPH_SEED = 87654321
"""The graph's seed where only an operation has one, as in TensorFlow."""

_SEEDS = 2**31 - 1


def set_random_seed(seed: int | None) -> None:
    """Set the seed of the default graph, for operations that are made later and have no seed of their own."""
    get_default_graph().seed = seed


def get_seed(op_seed: int | None) -> tuple[int | None, int | None]:
    """The two seeds of an operation made now, by TensorFlow's rule; None and None where neither is set."""
    graph = get_default_graph()
    if graph.seed is None and op_seed is None:
        return None, None
    if graph.seed is None:
        graph_seed, own_seed = DEFAULT_GRAPH_SEED, op_seed or 0
    else:
        # An operation without a seed of its own gets the number of operations made before it, which differs for each.
        graph_seed, own_seed = graph.seed, len(graph.digraph) if op_seed is None else op_seed
    seeds = graph_seed % _SEEDS, own_seed % _SEEDS
    return (0, _SEEDS) if seeds == (0, 0) else seeds  # two zeros would stand for no seed at all


def seed_attrs(op_seed: int | None) -> dict[str, Any]:
    """The attributes that seed a random operation made now; zeros for numbers that differ from session to session."""
    seed, seed2 = get_seed(op_seed)
    return {"seed": seed or 0, "seed2": seed2 or 0}


def _shape_tensor(shape: ShapeLike | TensorLike) -> Tensor:
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

    The same program gives the same numbers again where the graph or the operation has a seed, but not those of
    TensorFlow.

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
        sizes = _shape_tensor(shape)
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
        Other numbers in each run. float16 has 2048 different ones and bfloat16 256, so that rounding never gives 1.

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
    if wanted.is_integer and maxval is None:
        raise ValueError(f"Must specify maxval for integer dtype {wanted.name}.")
    if wanted.name not in ("float16", "bfloat16", "float32", "float64", "int32", "int64"):
        raise ValueError(f"Random numbers must be floating-point numbers, int32 or int64, not {wanted.name}.")
    maxval = 1 if maxval is None else maxval
    with scope(name, "random_uniform", shape, minval, maxval) as full:
        sizes = _shape_tensor(shape)
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


def dropout(
    x: TensorLike,
    keep_prob: float | Tensor | None = None,
    noise_shape: ShapeLike | TensorLike = None,
    seed: int | None = None,
    name: str | None = None,
    rate: float | Tensor | None = None,
) -> Tensor:
    """Set a random part of the values to zero and scale the others up, so that the expected sum is the same.

    Parameters
    ----------
    x : TensorLike
        Floating: float16, bfloat16, float32 or float64.
    keep_prob : float or Tensor, optional
        The part that is kept, above 0 and at most 1; the older form of ``rate``, one of which must be given.
    noise_shape : ShapeLike or TensorLike, optional
        A shape that broadcasts to that of ``x``: along a dimension of length 1 all values are kept or dropped together.
    seed : int, optional
        The operation's own seed; see `set_random_seed`.
    name : str, optional
        The name of the operation.
    rate : float or Tensor, optional
        The part that is dropped, at least 0 and below 1; a tensor of the dtype of ``x`` is not checked.

    Returns
    -------
    Tensor
        ``x / (1 - rate)`` or 0, of the dtype and shape of ``x``.

    Raises
    ------
    ValueError
        Neither or both parts are given, a part is out of range, ``x`` is not floating, or the noise's shape does not
        fit.
    """
    if keep_prob is not None and rate is None:
        rate = 1 - keep_prob
    elif rate is None or keep_prob is not None:
        raise ValueError("tf.nn.dropout takes either rate or, in older programs, keep_prob, not both.")
    if not is_tensor(rate) and not 0 <= rate < 1:
        raise ValueError(f"The rate of dropout must be at least 0 and below 1, not {rate}.")
    with scope(name, "dropout", x) as full:
        x = convert_to_tensor(x, name="x")
        if not x.dtype.is_floating:
            raise ValueError(f"The input of dropout is scaled, so it must be floating-point, not {x.dtype.name}.")
        rate = convert_to_tensor(rate, x.dtype.base_dtype, name="rate")
        drawn = random_uniform(
            apply("Shape", x) if noise_shape is None else noise_shape, seed=seed, dtype=x.dtype.base_dtype
        )
        scaled = apply("RealDiv", x, apply("Sub", 1.0, rate))
        kept = apply("SelectV2", apply("GreaterEqual", drawn, rate), scaled, apply("ZerosLike", scaled), name=full)
        kept.set_shape(x.shape)
        return kept
