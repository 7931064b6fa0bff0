"""Initializers: objects that make the initial value of a variable when they are called with its shape."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from hdfsaver import dtypes, shapes
from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.apply import apply, apply_list
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import as_array, constant_node
from hdfsaver.ops.base import dtype_name, filled, scope, sizes_of
from hdfsaver.ops.sampling import random_normal, random_uniform, truncated_normal
from hdfsaver.ops.shaping import matrix_transpose
from hdfsaver.shapes import ShapeLike
from hdfsaver.tensor_info import Array


class PartitionLike(Protocol):
    """The whole that a part belongs to; see `hdfsaver.variables.partitioning.PartitionInfo`."""

    @property
    def full_shape(self) -> Sequence[int]:
        """The shape of the whole."""

    @property
    def var_offset(self) -> Sequence[int]:
        """The place of the part in it."""


class Initializer:
    """Makes initial values when it is called with a shape.

    Parameters
    ----------
    dtype : DTypeLike
        The dtype of the values where the call does not give one.
    """

    def __init__(self, dtype: DTypeLike = dtypes.float32) -> None:
        self.dtype = dtypes.as_dtype(dtype)

    def __call__(
        self, shape: ShapeLike, dtype: DTypeLike | None = None, partition_info: PartitionLike | None = None
    ) -> Tensor:
        """Make the operations that compute a value, in the current name scope.

        Parameters
        ----------
        shape : ShapeLike
            A known shape.
        dtype : DTypeLike, optional
            The dtype of the value; by default that of the initializer.
        partition_info : PartitionInfo, optional
            For a part of a larger variable: the shape of the whole, and the place of the part in it.

        Returns
        -------
        Tensor
            Of that shape and dtype.

        Raises
        ------
        ValueError
            The shape is not known, or not one that this initializer makes.
        TypeError
            The dtype is not one that this initializer makes.
        """
        sizes = list(sizes_of(() if shape is None else shape))
        found = dtypes.as_dtype(dtype or self.dtype).base_dtype
        return self.make(sizes, found) if partition_info is None else self.make_part(sizes, found, partition_info)

    def make(self, shape: Sequence[int], dtype: dtypes.DType) -> Tensor:
        """Make the operations that compute a value of that shape and dtype."""
        raise NotImplementedError

    def make_part(self, shape: Sequence[int], dtype: dtypes.DType, partition_info: PartitionLike) -> Tensor:
        """Make the value of a part; by default as if it were a whole.

        Parameters
        ----------
        shape : sequence of int
            The shape of the part.
        dtype : DType
            The dtype of the value.
        partition_info : PartitionInfo
            The shape of the whole, and the place of the part in it.

        Returns
        -------
        Tensor
            Of that shape and dtype.

        Raises
        ------
        ValueError
            The shape is not known, or not one that this initializer makes.
        TypeError
            The dtype is not one that this initializer makes.
        """
        return self.make(shape, dtype)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an initializer like this one."""
        config = {name: value for name, value in vars(self).items() if not name.startswith("_")}
        return {**config, "dtype": self.dtype.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Initializer:
        """The initializer with the arguments that `get_config` gave."""
        return cls(**config)


class _Alike(Initializer):
    """The same number in all elements."""

    _name = "zeros"
    _number = 0

    def make(self, shape: Sequence[int], dtype: dtypes.DType) -> Tensor:
        with scope(None, self._name) as full:
            return filled(self._number, shape, dtype, full)


class zeros_initializer(_Alike):  # noqa: N801, TensorFlow's name
    """Zeros, False or empty strings."""


class ones_initializer(_Alike):  # noqa: N801, TensorFlow's name
    """Ones or True."""

    _name = "ones"
    _number = 1


class constant_initializer(Initializer):  # noqa: N801, TensorFlow's name
    """Given values.

    Parameters
    ----------
    value : number, list or array
        In row-major order; where there are fewer than elements in the shape, the last is repeated.
    dtype : DTypeLike
        The dtype of the values where the call does not give one.
    verify_shape : bool
        Refuse values of another shape instead.

    Raises
    ------
    TypeError
        When called: values of another dtype, or of another shape with ``verify_shape``.
    ValueError
        When called: more values than elements in the shape, or none.
    """

    def __init__(self, value: npt.ArrayLike = 0, dtype: DTypeLike = dtypes.float32, verify_shape: bool = False) -> None:
        super().__init__(dtype)
        self.value = value
        self._verify = verify_shape

    def __call__(
        self,
        shape: ShapeLike,
        dtype: DTypeLike | None = None,
        partition_info: PartitionLike | None = None,
        verify_shape: bool | None = None,
    ) -> Tensor:
        """Make a constant.

        Parameters
        ----------
        shape : ShapeLike
            A known shape.
        dtype : DTypeLike, optional
            The dtype of the value; by default that of the initializer.
        partition_info : PartitionInfo, optional
            Accepted for programs that give it; it changes nothing.
        verify_shape : bool, optional
            Refuse values of another shape; by default as the initializer was made.

        Returns
        -------
        Tensor
            Of that shape and dtype.

        Raises
        ------
        TypeError
            The values are of another dtype, or of another shape and ``verify_shape`` is set.
        ValueError
            There are more values than elements in the shape, or none.
        """
        dtype = dtypes.as_dtype(dtype or self.dtype).base_dtype
        array = as_array(self.value, dtype.name)[0]
        sizes = tuple(size or 0 for size in shapes.as_shape(shape) or ())
        verify = self._verify if verify_shape is None else verify_shape
        if verify and array.shape != sizes:
            raise TypeError(f"Expected values of shape {shapes.text(sizes)}, got {shapes.text(array.shape)}.")
        return constant_node(_repeated(array, sizes), dtype.name, "Const")


def _repeated(array: Array, shape: tuple[int, ...]) -> Array:
    count = math.prod(shape)
    if array.size > count:
        raise ValueError(f"Too many elements: shape {shapes.text(shape)} has {count}, but {array.size} are given.")
    if array.size == 0 and count:
        raise ValueError(f"No element is given to fill shape {shapes.text(shape)} with.")
    repeated = np.empty(count, array.dtype)
    repeated[: array.size] = array.ravel()
    repeated[array.size :] = array.flat[-1] if array.size else 0
    return repeated.reshape(shape)


class random_uniform_initializer(Initializer):  # noqa: N801, TensorFlow's name
    """Numbers that are equally likely from ``minval`` up to, but without, ``maxval``; see `random_uniform`.

    Parameters
    ----------
    minval : TensorLike
        The lower bound.
    maxval : TensorLike, optional
        The upper bound: 1 by default; integers must give it.
    seed : int, optional
        The seed of the operation.
    dtype : DTypeLike
        float16, bfloat16, float32, float64, int32 or int64.

    Raises
    ------
    ValueError
        When called: integers without ``maxval``, or another dtype.
    """

    def __init__(
        self,
        minval: TensorLike = 0.0,
        maxval: TensorLike | None = None,
        seed: int | None = None,
        dtype: DTypeLike = dtypes.float32,
    ) -> None:
        super().__init__(dtype)
        self.minval, self.maxval, self.seed = minval, maxval, seed

    def make(self, shape: Sequence[int], dtype: dtypes.DType) -> Tensor:
        """Make the operations; see `Initializer`."""
        return random_uniform(shape, self.minval, self.maxval, dtype, self.seed)


class random_normal_initializer(Initializer):  # noqa: N801, TensorFlow's name
    """Numbers of a normal distribution; see `random_normal`.

    Parameters
    ----------
    mean, stddev : TensorLike
        The mean and the standard deviation.
    seed : int, optional
        The seed of the operation.
    dtype : DTypeLike
        float16, bfloat16, float32 or float64.

    Raises
    ------
    ValueError
        The dtype is not floating.
    """

    def __init__(
        self,
        mean: TensorLike = 0.0,
        stddev: TensorLike = 1.0,
        seed: int | None = None,
        dtype: DTypeLike = dtypes.float32,
    ) -> None:
        super().__init__(_floating(dtype))
        self.mean, self.stddev, self.seed = mean, stddev, seed

    def make(self, shape: Sequence[int], dtype: dtypes.DType) -> Tensor:
        """Make the operations; see `Initializer`."""
        return random_normal(shape, self.mean, self.stddev, dtype, self.seed)


class truncated_normal_initializer(Initializer):  # noqa: N801, TensorFlow's name
    """Numbers of a normal distribution, drawn again beyond two standard deviations; see `truncated_normal`.

    Parameters
    ----------
    mean, stddev : TensorLike
        The mean and the standard deviation before truncation.
    seed : int, optional
        The seed of the operation.
    dtype : DTypeLike
        float16, bfloat16, float32 or float64.

    Raises
    ------
    ValueError
        The dtype is not floating.
    """

    def __init__(
        self,
        mean: TensorLike = 0.0,
        stddev: TensorLike = 1.0,
        seed: int | None = None,
        dtype: DTypeLike = dtypes.float32,
    ) -> None:
        super().__init__(_floating(dtype))
        self.mean, self.stddev, self.seed = mean, stddev, seed

    def make(self, shape: Sequence[int], dtype: dtypes.DType) -> Tensor:
        """Make the operations; see `Initializer`."""
        return truncated_normal(shape, self.mean, self.stddev, dtype, self.seed)


def _floating(dtype: DTypeLike) -> dtypes.DType:
    found = dtypes.as_dtype(dtype)
    if not found.is_floating:
        raise ValueError(f"Expected floating point type, got {found.name}.")
    return found


# The standard deviation that a normal distribution with deviation 1 has left after truncation at 2.
_TRUNCATED_DEVIATION = 0.87962566103423978


class variance_scaling_initializer(Initializer):  # noqa: N801, TensorFlow's name
    """Numbers whose variance is ``scale`` divided by the number of inputs or outputs of a weight.

    Of a weight of shape (..., inputs, outputs) both numbers are multiplied by the dimensions before the last two, the
    receptive field of a convolution.

    Parameters
    ----------
    scale : float
        Positive.
    mode : {"fan_in", "fan_out", "fan_avg"}
        Divide by the number of inputs, of outputs, or by their mean.
    distribution : {"truncated_normal", "untruncated_normal", "uniform"}
        ``"normal"`` is an older name of the first.
    seed : int, optional
        The seed of the operation.
    dtype : DTypeLike
        float16, bfloat16, float32 or float64.

    Raises
    ------
    ValueError
        The scale is not positive, the mode or distribution is unknown, or the dtype is not floating.
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
        dtype: DTypeLike = dtypes.float32,
    ) -> None:
        super().__init__(_floating(dtype))
        distribution = distribution.lower()
        if scale <= 0:
            raise ValueError(f"The scale must be positive, not {scale}.")
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ValueError(f"The mode must be 'fan_in', 'fan_out' or 'fan_avg', not {mode!r}.")
        if distribution not in ("normal", "uniform", "truncated_normal", "untruncated_normal"):
            raise ValueError(
                f"The distribution must be 'truncated_normal', 'untruncated_normal' or 'uniform', not {distribution!r}."
            )
        self.scale, self.mode, self.distribution, self.seed = scale, mode, distribution, seed

    def make(self, shape: Sequence[int], dtype: dtypes.DType) -> Tensor:
        """Make the operations; see `Initializer`."""
        return self._scaled(shape, shape, dtype)

    def make_part(self, shape: Sequence[int], dtype: dtypes.DType, partition_info: PartitionLike) -> Tensor:
        """Make the value of a part, scaled as the whole is.

        Parameters
        ----------
        shape : sequence of int
            The shape of the part.
        dtype : DType
            The dtype of the value.
        partition_info : PartitionInfo
            The shape of the whole, and the place of the part in it.

        Returns
        -------
        Tensor
            Of that shape and dtype.

        Raises
        ------
        TypeError
            The dtype is not floating.
        """
        return self._scaled(shape, partition_info.full_shape, dtype)

    def _scaled(self, shape: Sequence[int], full_shape: Sequence[int], dtype: dtypes.DType) -> Tensor:
        inputs, outputs = _fans(full_shape)
        fan = {"fan_in": inputs, "fan_out": outputs, "fan_avg": (inputs + outputs) / 2}[self.mode]
        scale = self.scale / max(1.0, fan)
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * scale)
            return random_uniform(shape, -limit, limit, dtype, self.seed)
        if self.distribution == "untruncated_normal":
            return random_normal(shape, 0.0, math.sqrt(scale), dtype, self.seed)
        return truncated_normal(shape, 0.0, math.sqrt(scale) / _TRUNCATED_DEVIATION, dtype, self.seed)


def _fans(shape: Sequence[int]) -> tuple[float, float]:
    """The number of inputs and of outputs of a weight; the dimensions before the last two are a receptive field."""
    if len(shape) < 2:
        size = float(shape[0]) if shape else 1.0
        return size, size
    field = math.prod(shape[:-2])
    return float(shape[-2] * field), float(shape[-1] * field)


class _Preset(variance_scaling_initializer):
    """A `variance_scaling_initializer` with fixed scale, mode and distribution."""

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an initializer like this one."""
        return {"seed": self.seed, "dtype": self.dtype.name}


class glorot_uniform_initializer(_Preset):  # noqa: N801, TensorFlow's name
    """Numbers between -limit and limit, where limit is sqrt(6 / (inputs + outputs)) (Glorot and Bengio, 2010)."""

    def __init__(self, seed: int | None = None, dtype: DTypeLike = dtypes.float32) -> None:
        super().__init__(1.0, "fan_avg", "uniform", seed, dtype)


class glorot_normal_initializer(_Preset):  # noqa: N801, TensorFlow's name
    """Numbers of a truncated normal distribution with variance 2 / (inputs + outputs) (Glorot and Bengio, 2010)."""

    def __init__(self, seed: int | None = None, dtype: DTypeLike = dtypes.float32) -> None:
        super().__init__(1.0, "fan_avg", "truncated_normal", seed, dtype)


class he_normal(_Preset):  # noqa: N801, TensorFlow's name
    """Numbers of a truncated normal distribution with variance 2 / inputs (He et al., 2015)."""

    def __init__(self, seed: int | None = None, dtype: DTypeLike = dtypes.float32) -> None:
        super().__init__(2.0, "fan_in", "truncated_normal", seed, dtype)


class he_uniform(_Preset):  # noqa: N801, TensorFlow's name
    """Numbers between -limit and limit, where limit is sqrt(6 / inputs) (He et al., 2015)."""

    def __init__(self, seed: int | None = None, dtype: DTypeLike = dtypes.float32) -> None:
        super().__init__(2.0, "fan_in", "uniform", seed, dtype)


class lecun_normal(_Preset):  # noqa: N801, TensorFlow's name
    """Numbers of a truncated normal distribution with variance 1 / inputs (LeCun et al., 1998)."""

    def __init__(self, seed: int | None = None, dtype: DTypeLike = dtypes.float32) -> None:
        super().__init__(1.0, "fan_in", "truncated_normal", seed, dtype)


class lecun_uniform(_Preset):  # noqa: N801, TensorFlow's name
    """Numbers between -limit and limit, where limit is sqrt(3 / inputs) (LeCun et al., 1998)."""

    def __init__(self, seed: int | None = None, dtype: DTypeLike = dtypes.float32) -> None:
        super().__init__(1.0, "fan_in", "uniform", seed, dtype)


class uniform_unit_scaling_initializer(Initializer):  # noqa: N801, TensorFlow's name
    """Numbers of a uniform distribution that keeps the scale of the inputs (D. Sussillo and L. Abbott, 2014).

    Parameters
    ----------
    factor : float
        Their bounds are multiplied by it.
    seed : int, optional
        The seed of the operation.
    dtype : DTypeLike
        float16, bfloat16, float32 or float64.

    Raises
    ------
    ValueError
        The dtype is not floating.
    """

    def __init__(self, factor: float = 1.0, seed: int | None = None, dtype: DTypeLike = dtypes.float32) -> None:
        super().__init__(_floating(dtype))
        self.factor, self.seed = factor, seed

    def make(self, shape: Sequence[int], dtype: dtypes.DType) -> Tensor:
        """Make the operations; see `Initializer`."""
        return self._scaled(shape, shape, dtype)

    def make_part(self, shape: Sequence[int], dtype: dtypes.DType, partition_info: PartitionLike) -> Tensor:
        """Make the value of a part, scaled as the whole is.

        Parameters
        ----------
        shape : sequence of int
            The shape of the part.
        dtype : DType
            The dtype of the value.
        partition_info : PartitionInfo
            The shape of the whole, and the place of the part in it.

        Returns
        -------
        Tensor
            Of that shape and dtype.

        Raises
        ------
        ValueError
            The dtype is not floating.
        """
        return self._scaled(shape, partition_info.full_shape, dtype)

    def _scaled(self, shape: Sequence[int], full_shape: Sequence[int], dtype: dtypes.DType) -> Tensor:
        limit = math.sqrt(3 / max(1.0, float(math.prod(full_shape[:-1])))) * self.factor
        return random_uniform(shape, -limit, limit, dtype, self.seed)


class orthogonal_initializer(Initializer):  # noqa: N801, TensorFlow's name
    """A matrix whose rows or columns, whichever are fewer, are orthogonal and of length ``gain``.

    A tensor with more dimensions is such a matrix of all its dimensions but the last, and the last.

    Parameters
    ----------
    gain : float
    seed : int, optional
        The seed of the operation.
    dtype : DTypeLike
        float16, float32 or float64.

    Raises
    ------
    ValueError
        The dtype is not floating; when called: the shape has fewer than two dimensions.
    """

    def __init__(self, gain: float = 1.0, seed: int | None = None, dtype: DTypeLike = dtypes.float32) -> None:
        super().__init__(_floating(dtype))
        self.gain, self.seed = gain, seed

    def make(self, shape: Sequence[int], dtype: dtypes.DType) -> Tensor:
        """Make the operations; see `Initializer`."""
        if len(shape) < 2:
            raise ValueError(f"The tensor to initialize must be at least two-dimensional. Received shape={list(shape)}")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        drawn = random_normal([max(rows, columns), min(rows, columns)], dtype=dtype, seed=self.seed)
        q, r = apply_list("Qr", drawn)
        made = apply("Mul", q, apply("Sign", apply("DiagPart", r)), name="mul")
        if rows < columns:
            made = matrix_transpose(made)
        return apply("Mul", self.gain, apply("Reshape", made, np.array(shape, np.int32)), name="mul")


class identity_initializer(Initializer):  # noqa: N801, TensorFlow's name
    """The identity matrix, times ``gain``.

    Raises
    ------
    ValueError
        When called: the shape is not that of a matrix.
    """

    def __init__(self, gain: float = 1.0, dtype: DTypeLike = dtypes.float32) -> None:
        super().__init__(_floating(dtype))
        self.gain = gain

    def make(self, shape: Sequence[int], dtype: dtypes.DType) -> Tensor:
        """Make a constant; see `Initializer`."""
        if len(shape) != 2:
            raise ValueError(f"An identity matrix must have two dimensions, not shape {tuple(shape)}.")
        matrix = np.eye(*shape, dtype=dtypes.numpy_dtype(dtype_name(dtype)))
        made: Tensor = constant_node(matrix, dtype.name, "eye")
        if self.gain != 1.0:
            made = apply(
                "Mul", constant_node(np.asarray(self.gain, matrix.dtype), dtype.name, "mul/x"), made, name="mul"
            )
        return made

    def make_part(self, shape: Sequence[int], dtype: dtypes.DType, partition_info: PartitionLike) -> Tensor:
        """Make the matrix of the whole, and take the part of it.

        Parameters
        ----------
        shape : sequence of int
            The shape of the part.
        dtype : DType
            The dtype of the value.
        partition_info : PartitionInfo
            The shape of the whole, and the place of the part in it.

        Returns
        -------
        Tensor
            Of that shape and dtype.

        Raises
        ------
        ValueError
            The whole is not a matrix.
        """
        whole = self.make(partition_info.full_shape, dtype)
        return apply("Slice", whole, list(partition_info.var_offset), list(shape), name="Slice")
