"""Random tensors whose seeds are given with each call: ``tf.random.stateless_*``."""

from __future__ import annotations

from typing import Any

import numpy as np

from hdfsaver import dtypes
from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.apply import apply, apply_list
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import dtype_name, scope
from hdfsaver.ops.random_distributions import gamma_parameters, index_dtype, scaled_gamma
from hdfsaver.ops.sampling import shape_tensor
from hdfsaver.shapes import ShapeLike

_ALGORITHMS = {"philox": 1, "auto_select": 3}
_UNSIGNED = ("uint32", "uint64")
_INTEGERS = ("int32", "int64", *_UNSIGNED)
_FLOATS = ("float16", "bfloat16", "float32", "float64")


def stateless_uniform(
    shape: ShapeLike | TensorLike,
    seed: TensorLike,
    minval: TensorLike | None = 0,
    maxval: TensorLike | None = None,
    dtype: DTypeLike = dtypes.float32,
    name: str | None = None,
    alg: str = "auto_select",
) -> Tensor:
    """Random numbers that are equally likely from a lower bound up to, but without, an upper bound.

    Parameters
    ----------
    shape : ShapeLike or TensorLike
        The shape, known or as an int32 or int64 vector.
    seed : TensorLike
        Two integers; the same ones give the same numbers, in each run and each operation.
    minval : TensorLike, optional
        The lower bound; None together with ``maxval`` for all integers that the dtype has.
    maxval : TensorLike, optional
        The upper bound: 1 by default; integers must give it, or no bounds at all.
    dtype : DTypeLike
        float16, bfloat16, float32, float64, int32 or int64; without bounds also uint32 or uint64.
    name : str, optional
        The name of the operation.
    alg : {"auto_select", "philox"}
        The generator, which is the same for both.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        Another dtype or generator, bounds that are missing, or seeds that are not two.
    TypeError
        A bound is of another dtype.
    InvalidArgumentError
        In the run: the shape is negative, or for integers the bounds are not in order.
    """
    wanted = dtypes.as_dtype(dtype)
    if wanted.name not in (*_FLOATS, *_INTEGERS):
        raise ValueError(
            f"Argument `dtype` got invalid value {wanted.name}: it is one of {', '.join((*_FLOATS, *_INTEGERS))}."
        )
    if wanted.is_integer:
        _check_bounds(minval, maxval, wanted)
    elif maxval is None:
        maxval = 1
    with scope(name, "stateless_random_uniform", shape, seed, minval, maxval) as full:
        sizes = shape_tensor(shape)
        if minval is None:
            return _draw("StatelessRandomUniformFullIntV2", sizes, seed, alg, name=full, dtype=wanted.name)
        low, high = (convert_to_tensor(bound, wanted, name=text) for bound, text in ((minval, "min"), (maxval, "max")))
        if wanted.is_integer:
            return _draw("StatelessRandomUniformIntV2", sizes, seed, alg, low, high, name=full)
        drawn = _draw("StatelessRandomUniformV2", sizes, seed, alg, dtype=wanted.name)
        width = apply("Sub", high, low, name="sub")
        return apply("AddV2", apply("Mul", drawn, width, name="mul"), low, name=full)


def _check_bounds(minval: object, maxval: object, dtype: dtypes.DType) -> None:
    if (minval is None) != (maxval is None):
        raise ValueError(
            f"For integer `dtype` argument {dtype.name}, argument `minval` and `maxval` must be both None or not None. "
            f"Got `minval`={minval} and `maxval`={maxval}."
        )
    if minval is not None and dtype.name in _UNSIGNED:
        raise ValueError(
            f"Argument `dtype` got invalid value {dtype.name} when argument `minval` is not None: use int32 or int64."
        )


def _seed(seed: TensorLike, op_type: str) -> Tensor:
    """The seeds as a tensor, plain numbers as int32."""
    return convert_to_tensor(seed, name=f"{op_type}/seed")


def _draw(op_type: str, sizes: Tensor, seed: TensorLike, alg: str, *given: Any, **options: Any) -> Tensor:
    if alg not in _ALGORITHMS:
        raise ValueError(
            f"Argument `alg` got unsupported value {alg}. Supported values are {' and '.join(_ALGORITHMS)}."
        )
    key, counter = apply_list("StatelessRandomGetKeyCounter", _seed(seed, "StatelessRandomGetKeyCounter"))
    return apply(op_type, sizes, key, counter, np.int32(_ALGORITHMS[alg]), *given, **options)


def stateless_normal(
    shape: ShapeLike | TensorLike,
    seed: TensorLike,
    mean: TensorLike = 0.0,
    stddev: TensorLike = 1.0,
    dtype: DTypeLike = dtypes.float32,
    name: str | None = None,
    alg: str = "auto_select",
) -> Tensor:
    """Random numbers of a normal distribution.

    Parameters
    ----------
    shape : ShapeLike or TensorLike
        The shape, known or as an int32 or int64 vector.
    seed : TensorLike
        Two integers; the same ones give the same numbers, in each run and each operation.
    mean, stddev : TensorLike
        Of the result's dtype.
    dtype : DTypeLike
        float16, bfloat16, float32 or float64.
    name : str, optional
        The name of the operation.
    alg : {"auto_select", "philox"}
        The generator, which is the same for both.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        Another generator, or seeds that are not two.
    TypeError
        Another dtype.
    """
    with scope(name, "stateless_random_normal", shape, seed, mean, stddev) as full:
        return _scaled("StatelessRandomNormalV2", (shape, seed, mean, stddev, dtype), alg, full)


def stateless_truncated_normal(
    shape: ShapeLike | TensorLike,
    seed: TensorLike,
    mean: TensorLike = 0.0,
    stddev: TensorLike = 1.0,
    dtype: DTypeLike = dtypes.float32,
    name: str | None = None,
    alg: str = "auto_select",
) -> Tensor:
    """Random numbers of a normal distribution, drawn again where they are beyond two standard deviations of the mean.

    Parameters
    ----------
    shape : ShapeLike or TensorLike
        The shape, known or as an int32 or int64 vector.
    seed : TensorLike
        Two integers; the same ones give the same numbers, in each run and each operation.
    mean, stddev : TensorLike
        Of the result's dtype.
    dtype : DTypeLike
        float16, bfloat16, float32 or float64.
    name : str, optional
        The name of the operation.
    alg : {"auto_select", "philox"}
        The generator, which is the same for both.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        Another generator, or seeds that are not two.
    TypeError
        Another dtype.
    """
    with scope(name, "stateless_truncated_normal", shape, seed, mean, stddev) as full:
        return _scaled("StatelessTruncatedNormalV2", (shape, seed, mean, stddev, dtype), alg, full)


def _scaled(op_type: str, given: tuple[Any, ...], alg: str, name: str) -> Tensor:
    shape, seed, mean, stddev, dtype = given
    sizes = shape_tensor(shape)
    mean = convert_to_tensor(mean, dtype, name="mean")
    stddev = convert_to_tensor(stddev, dtype, name="stddev")
    drawn = _draw(op_type, sizes, seed, alg, dtype=dtype_name(dtype))
    return apply("AddV2", apply("Mul", drawn, stddev, name="mul"), mean, name=name)


def stateless_multinomial(
    logits: TensorLike,
    num_samples: TensorLike,
    seed: TensorLike,
    output_dtype: DTypeLike = dtypes.int64,
    name: str | None = None,
) -> Tensor:
    """Draw classes; `tf.random.stateless_categorical` is the newer name.

    Parameters
    ----------
    logits : TensorLike
        A row of logarithms of probabilities, up to a number, for each element of a batch.
    num_samples : TensorLike
        How many classes are drawn for each row.
    seed : TensorLike
        Two integers; the same ones give the same numbers, in each run and each operation.
    output_dtype : DTypeLike
        int32 or int64.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Of shape (rows, num_samples).

    Raises
    ------
    ValueError
        Another dtype, logits that are not a matrix, or seeds that are not two.
    """
    with scope(name, "stateless_multinomial", logits, seed):
        return _classes(logits, num_samples, seed, output_dtype)


def stateless_categorical(
    logits: TensorLike,
    num_samples: TensorLike,
    seed: TensorLike,
    dtype: DTypeLike = dtypes.int64,
    name: str | None = None,
) -> Tensor:
    """Draw classes.

    Parameters
    ----------
    logits : TensorLike
        A row of logarithms of probabilities, up to a number, for each element of a batch.
    num_samples : TensorLike
        How many classes are drawn for each row.
    seed : TensorLike
        Two integers; the same ones give the same numbers, in each run and each operation.
    dtype : DTypeLike
        int32 or int64.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Of shape (rows, num_samples).

    Raises
    ------
    ValueError
        Another dtype, logits that are not a matrix, or seeds that are not two.
    """
    with scope(name, "stateless_categorical", logits, seed):
        return _classes(logits, num_samples, seed, dtype)


def _classes(logits: TensorLike, num_samples: TensorLike, seed: TensorLike, dtype: DTypeLike) -> Tensor:
    op_type = "StatelessMultinomial"
    logits = convert_to_tensor(logits, name="logits")
    samples = convert_to_tensor(num_samples, "int32", name=f"{op_type}/num_samples")
    return apply(op_type, logits, samples, _seed(seed, op_type), output_dtype=index_dtype(dtype))


def stateless_gamma(
    shape: ShapeLike | TensorLike,
    seed: TensorLike,
    alpha: TensorLike,
    beta: TensorLike | None = None,
    dtype: DTypeLike = dtypes.float32,
    name: str | None = None,
) -> Tensor:
    """Random numbers of gamma distributions.

    Parameters
    ----------
    shape : ShapeLike or TensorLike
        The shape of the result, which ends with that of the parameters.
    seed : TensorLike
        Two integers; the same ones give the same numbers, in each run and each operation.
    alpha, beta : TensorLike
        The shape parameters and the inverse scales, 1 by default; they are broadcast.
    dtype : DTypeLike
        float16, float32 or float64.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        There is no derivative by ``alpha``.

    Raises
    ------
    ValueError
        The parameters do not broadcast, or seeds are not two.
    TypeError
        Another dtype.
    InvalidArgumentError
        In the run: the shape does not end with that of the parameters.
    """
    with scope(name, "stateless_random_gamma", shape, seed, alpha, beta):
        sizes = shape_tensor(shape)
        alphas, betas = gamma_parameters(alpha, beta, dtype)
        return scaled_gamma(_draw("StatelessRandomGammaV3", sizes, seed, "auto_select", alphas), betas)


def stateless_poisson(
    shape: ShapeLike | TensorLike,
    seed: TensorLike,
    lam: TensorLike,
    dtype: DTypeLike = dtypes.int32,
    name: str | None = None,
) -> Tensor:
    """Random numbers of Poisson distributions.

    Parameters
    ----------
    shape : ShapeLike or TensorLike
        The shape of the result, which ends with that of the rates.
    seed : TensorLike
        Two integers; the same ones give the same numbers, in each run and each operation.
    lam : TensorLike
        The rates.
    dtype : DTypeLike
        float16, float32, float64, int32 or int64.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        Seeds are not two.
    TypeError
        Another dtype.
    InvalidArgumentError
        In the run: the shape does not end with that of the rates.
    """
    with scope(name, "stateless_random_poisson", shape, seed, lam):
        op_type = "StatelessRandomPoisson"
        sizes, seeds = shape_tensor(shape), _seed(seed, op_type)
        return apply(op_type, sizes, seeds, lam, dtype=dtypes.as_dtype(dtype).name)
