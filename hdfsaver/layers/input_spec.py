"""What a layer takes as its inputs: ``InputSpec``."""

from __future__ import annotations

from collections.abc import Mapping

from hdfsaver import dtypes
from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.tensor import Tensor
from hdfsaver.shapes import ShapeLike, TensorShape


class InputSpec:
    """The dtype, rank and shape that a layer wants of one input; None is anything.

    Parameters
    ----------
    dtype : DType, optional
    shape : ShapeLike, optional
        Unknown sizes are anything.
    ndim, max_ndim, min_ndim : int, optional
        The rank, its greatest or its least value.
    axes : dict of int to int, optional
        The size of some axes.
    """

    def __init__(
        self,
        dtype: DTypeLike | None = None,
        shape: ShapeLike = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: Mapping[int, int | None] | None = None,
    ) -> None:
        self.dtype = None if dtype is None else dtypes.as_dtype(dtype)
        self.shape = None if shape is None else TensorShape(shape)
        self.ndim = ndim if self.shape is None else self.shape.ndims
        self.max_ndim = max_ndim
        self.min_ndim = min_ndim
        self.axes = {int(axis): size for axis, size in (axes or {}).items()}

    def __repr__(self) -> str:
        given = {
            "dtype": self.dtype,
            "shape": self.shape,
            "ndim": self.ndim,
            "max_ndim": self.max_ndim,
            "min_ndim": self.min_ndim,
            "axes": self.axes or None,
        }
        return f"InputSpec({', '.join(f'{name}={value}' for name, value in given.items() if value is not None)})"

    def check(self, value: Tensor, number: int, layer: str) -> None:
        """Compare an input with what is wanted.

        Parameters
        ----------
        value : Tensor
        number : int
            The number of the input.
        layer : str
            The name of the layer, for the message.

        Raises
        ------
        ValueError
            The dtype, the rank, or a size is another one.
        """
        problem = self._problem(value)
        if problem:
            shape = "unknown" if value.shape.ndims is None else value.shape
            raise ValueError(
                f'Input {number} of layer "{layer}" is incompatible with the layer: {problem}. '
                f"Full shape received: {shape}"
            )

    def _problem(self, value: Tensor) -> str | None:
        if self.dtype is not None and value.dtype.base_dtype is not self.dtype:
            return f"expected dtype={self.dtype.name}, found dtype={value.dtype.name}"
        rank = value.shape.ndims
        if rank is None:
            return None
        if self.ndim is not None and rank != self.ndim:
            return f"expected ndim={self.ndim}, found ndim={rank}"
        if self.max_ndim is not None and rank > self.max_ndim:
            return f"expected max_ndim={self.max_ndim}, found ndim={rank}"
        if self.min_ndim is not None and rank < self.min_ndim:
            return f"expected min_ndim={self.min_ndim}, found ndim={rank}"
        sizes = value.shape.as_list()
        for axis, size in self.axes.items():
            if size is not None and sizes[axis] not in (size, None):
                return f"expected axis {axis} of input shape to have value {size}, but received {sizes[axis]}"
        if self.shape is not None and not self.shape.is_compatible_with(value.shape):
            return f"expected shape={self.shape}, found shape={value.shape}"
        return None
