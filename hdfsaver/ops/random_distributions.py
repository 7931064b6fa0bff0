"""Random tensors of further distributions, and random parts of tensors."""

from __future__ import annotations

import numpy as np

from hdfsaver import dtypes
from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.apply import apply, apply_op
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import constant_node, convert_to_tensor
from hdfsaver.ops.base import scope, shape_of
from hdfsaver.ops.broadcasting import broadcast_dynamic_shape
from hdfsaver.ops.sampling import random_uniform, shape_tensor
from hdfsaver.ops.seeds import seed_attrs
from hdfsaver.shapes import ShapeLike


def multinomial(
    logits: TensorLike,
    num_samples: TensorLike,
    seed: int | None = None,
    name: str | None = None,
    output_dtype: DTypeLike | None = None,
) -> Tensor:
    """Draw classes; `tf.random.categorical` is the newer name.

    Parameters
    ----------
    logits : TensorLike
        A row of logarithms of probabilities, up to a number, for each element of a batch.
    num_samples : TensorLike
        How many classes are drawn for each row.
    seed : int, optional
        The operation's own seed; see `set_random_seed`.
    name : str, optional
        The name of the operation.
    output_dtype : DTypeLike, optional
        int64 by default, or int32.

    Returns
    -------
    Tensor
        Of shape (rows, num_samples): numbers of classes, from 0 on.

    Raises
    ------
    ValueError
        Another dtype, or logits that are not a matrix.
    InvalidArgumentError
        In the run: there are no classes, or fewer than 0 samples.
    """
    with scope(name, "multinomial", logits):
        return classes(logits, num_samples, output_dtype, seed)


def categorical(
    logits: TensorLike,
    num_samples: TensorLike,
    dtype: DTypeLike | None = None,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Draw classes: see `tf.multinomial`, which has other names for the same.

    Parameters
    ----------
    logits : TensorLike
        A row of logarithms of probabilities, up to a number, for each element of a batch.
    num_samples : TensorLike
        How many classes are drawn for each row.
    dtype : DTypeLike, optional
        int64 by default, or int32.
    seed : int, optional
        The operation's own seed; see `set_random_seed`.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Of shape (rows, num_samples): numbers of classes, from 0 on.

    Raises
    ------
    ValueError
        Another dtype, or logits that are not a matrix.
    InvalidArgumentError
        In the run: there are no classes, or fewer than 0 samples.
    """
    with scope(name, "categorical", logits):
        return classes(logits, num_samples, dtype, seed)


def classes(logits: TensorLike, samples: TensorLike, dtype: DTypeLike | None, seed: int | None) -> Tensor:
    """Classes in the current name scope; see `multinomial`.

    Parameters
    ----------
    logits, samples, dtype, seed
        See `multinomial`.

    Returns
    -------
    Tensor
    """
    logits = convert_to_tensor(logits, name="logits")
    return apply("Multinomial", logits, samples, output_dtype=index_dtype(dtype), **seed_attrs(seed))


def index_dtype(dtype: DTypeLike | None) -> str:
    """The name of the dtype of classes: int64 by default; `ValueError` where it is not int32 or int64."""
    found = dtypes.as_dtype(dtype or "int64")
    if found.name not in ("int32", "int64"):
        raise ValueError(f"Argument `dtype` got invalid value {found.name}. Classes are int32 or int64.")
    return found.name


def random_gamma(
    shape: ShapeLike | TensorLike,
    alpha: TensorLike,
    beta: TensorLike | None = None,
    dtype: DTypeLike = dtypes.float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Random numbers of gamma distributions.

    Parameters
    ----------
    shape : ShapeLike or TensorLike
        How many are drawn for each distribution.
    alpha, beta : TensorLike
        The shape parameters and the inverse scales, 1 by default; they are broadcast.
    dtype : DTypeLike
        float16, float32 or float64.
    seed : int, optional
        The operation's own seed; see `set_random_seed`.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Of ``shape``, followed by that of the parameters. There is no derivative by ``alpha``.

    Raises
    ------
    ValueError
        The parameters do not broadcast, or the shape is not a vector.
    TypeError
        Another dtype.
    """
    with scope(name, "random_gamma", shape, alpha, beta):
        sizes = shape_tensor(shape)
        alphas, betas = gamma_parameters(alpha, beta, dtype)
        drawn = apply("RandomGamma", sizes, alphas, **seed_attrs(seed))
        return scaled_gamma(drawn, betas)


def gamma_parameters(alpha: TensorLike, beta: TensorLike | None, dtype: DTypeLike) -> tuple[Tensor, Tensor]:
    """The parameters of gamma distributions as tensors, the first one broadcast to both.

    Parameters
    ----------
    alpha : TensorLike
    beta : TensorLike or None
    dtype : DTypeLike

    Returns
    -------
    tuple of Tensor
    """
    alphas = convert_to_tensor(alpha, dtype, name="alpha")
    betas = convert_to_tensor(1 if beta is None else beta, dtype, name="beta")
    sizes = broadcast_dynamic_shape(shape_of(alphas, "Shape"), shape_of(betas, "Shape"))
    return apply("BroadcastTo", alphas, sizes), betas


def scaled_gamma(drawn: Tensor, betas: Tensor) -> Tensor:
    """Divide by the inverse scales; the results are positive."""
    least = np.finfo(dtypes.numpy_dtype(drawn.dtype.name)).tiny
    return apply("Maximum", least, apply("RealDiv", drawn, betas, name="truediv"))


def random_poisson(
    lam: TensorLike,
    shape: ShapeLike | TensorLike,
    dtype: DTypeLike = dtypes.float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Random numbers of Poisson distributions.

    Parameters
    ----------
    lam : TensorLike
        The rates.
    shape : ShapeLike or TensorLike
        How many are drawn for each rate.
    dtype : DTypeLike
        float16, float32, float64, int32 or int64.
    seed : int, optional
        The operation's own seed; see `set_random_seed`.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Of ``shape``, followed by that of the rates.

    Raises
    ------
    ValueError
        The shape is not a vector.
    TypeError
        Another dtype.
    """
    with scope(name, "random_poisson", lam, shape):
        sizes, rates = shape_tensor(shape), convert_to_tensor(lam, name="RandomPoissonV2/rate")
        return apply("RandomPoissonV2", sizes, rates, dtype=dtypes.as_dtype(dtype).name, **seed_attrs(seed))


def random_crop(value: TensorLike, size: TensorLike, seed: int | None = None, name: str | None = None) -> Tensor:
    """A part of a tensor, at a random place.

    Parameters
    ----------
    value : TensorLike
    size : TensorLike
        The shape of the part: a vector with a size for each dimension.
    seed : int, optional
        The operation's own seed; see `set_random_seed`.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Of that shape.

    Raises
    ------
    ValueError
        The number of sizes is not that of the dimensions.
    InvalidArgumentError
        In the run: the part is larger than the tensor.
    """
    with scope(name, "random_crop", value, size) as full:
        value = convert_to_tensor(value, name="value")
        size = convert_to_tensor(size, dtypes.int32, name="size")
        sizes = _at_least(shape_of(value, "Shape"), size)
        limits = apply("AddV2", apply("Sub", sizes, size, name="sub"), 1, name="add")
        drawn = random_uniform(shape_of(limits, "Shape"), dtype=size.dtype, maxval=size.dtype.max, seed=seed)
        return apply("Slice", value, apply("FloorMod", drawn, limits, name="mod"), size, name=full)


def _at_least(sizes: Tensor, wanted: Tensor) -> Tensor:
    """The sizes, once a run has checked that none is less than what is wanted."""
    text = "Need value.shape >= size, got "
    enough = apply("GreaterEqual", sizes, wanted)
    holds = apply("All", enough, constant_node(np.array([0], np.int32), "int32", "Const"))
    with scope("Assert", "Assert"):
        constant_node(np.array(text.encode(), object), "string", "Const")
        check = apply_op("Assert", holds, [text, sizes, wanted], name="Assert", summarize=3)
    with get_default_graph().control_dependencies([check]):
        return apply("Identity", sizes, name="control_dependency")
