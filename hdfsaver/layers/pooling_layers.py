"""Pooling layers: the greatest or the mean of each window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from hdfsaver.graph.apply import apply
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.layers.input_spec import InputSpec
from hdfsaver.layers.layer import Layer
from hdfsaver.layers.windows import Sizes, checked_format, checked_padding, image_format, sizes_of
from hdfsaver.ops.pooling import avg_pool, max_pool
from hdfsaver.ops.volumes import avg_pool3d, max_pool3d


class _Pooling(Layer):
    """What pooling layers have in common.

    Parameters
    ----------
    pool_size : int or sequence of int
        The size of the window.
    strides : int or sequence of int
        How far the window moves.
    padding : {"valid", "same"}
        Whether windows reach over the edges.
    data_format : {"channels_last", "channels_first"}
        Where the channels are.
    name : str, optional
        The name of the scope.
    **kwargs : object
        See `Layer`.
    """

    rank: ClassVar[int]
    function: ClassVar[Callable[..., Tensor]]

    def __init__(
        self,
        pool_size: Sizes,
        strides: Sizes,
        padding: str = "valid",
        data_format: str = "channels_last",
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.pool_size = sizes_of(pool_size, self.rank, "pool_size")
        self.strides = sizes_of(pool_size if strides is None else strides, self.rank, "strides")
        self.padding = checked_padding(padding)
        self.data_format = checked_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def call(self, inputs: Any) -> Tensor:
        """The inputs with a place for each window."""
        return type(self).function(
            inputs, self.pool_size, self.strides, self.padding.upper(), data_format=image_format(self.data_format)
        )


class _Pooling1D(_Pooling):
    """A layer for inputs of rank 3, which become images of width 1."""

    rank = 1

    def call(self, inputs: Any) -> Tensor:
        """The inputs with a place for each window."""
        last = 3 if self.data_format == "channels_first" else 2
        images = type(self).function(
            apply("ExpandDims", inputs, last),
            (*self.pool_size, 1),
            (*self.strides, 1),
            self.padding.upper(),
            data_format=image_format(self.data_format),
        )
        return apply("Squeeze", images, squeeze_dims=[last])


class MaxPooling1D(_Pooling1D):
    """The greatest of each window along one axis; inputs have rank 3."""

    function = max_pool


class AveragePooling1D(_Pooling1D):
    """The mean of each window along one axis; inputs have rank 3."""

    function = avg_pool


class MaxPooling2D(_Pooling):
    """The greatest of each window of images; inputs have rank 4."""

    rank = 2
    function = max_pool


class AveragePooling2D(_Pooling):
    """The mean of each window of images; inputs have rank 4."""

    rank = 2
    function = avg_pool


class _Pooling3D(_Pooling):
    """A layer for volumes; inputs have rank 5."""

    rank = 3

    def call(self, inputs: Any) -> Tensor:
        """The inputs with a place for each window."""
        volumes = apply("Transpose", inputs, [0, 2, 3, 4, 1]) if self.data_format == "channels_first" else inputs
        outputs = type(self).function(volumes, self.pool_size, self.strides, self.padding.upper())
        return apply("Transpose", outputs, [0, 4, 1, 2, 3]) if self.data_format == "channels_first" else outputs


class MaxPooling3D(_Pooling3D):
    """The greatest of each window of volumes; inputs have rank 5."""

    function = max_pool3d


class AveragePooling3D(_Pooling3D):
    """The mean of each window of volumes; inputs have rank 5."""

    function = avg_pool3d


def average_pooling1d(
    inputs: TensorLike,
    pool_size: Sizes,
    strides: Sizes,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: str | None = None,
) -> Tensor:
    """The outputs of a new layer `AveragePooling1D`.

    Parameters
    ----------
    inputs : TensorLike
        Of rank 3.
    pool_size, strides, padding, data_format : object
        As for `AveragePooling1D`.
    name : str, optional
        The name of the scope.

    Returns
    -------
    Tensor
        Of rank 3, with a place for each window.

    Raises
    ------
    ValueError
        The shape of the inputs or an option does not fit.
    """
    outputs: Tensor = AveragePooling1D(pool_size, strides, padding=padding, data_format=data_format, name=name)(inputs)
    return outputs


def average_pooling2d(
    inputs: TensorLike,
    pool_size: Sizes,
    strides: Sizes,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: str | None = None,
) -> Tensor:
    """The outputs of a new layer `AveragePooling2D`.

    Parameters
    ----------
    inputs : TensorLike
        Of rank 4.
    pool_size, strides, padding, data_format : object
        As for `AveragePooling2D`.
    name : str, optional
        The name of the scope.

    Returns
    -------
    Tensor
        Of rank 4, with a place for each window.

    Raises
    ------
    ValueError
        The shape of the inputs or an option does not fit.
    """
    outputs: Tensor = AveragePooling2D(pool_size, strides, padding=padding, data_format=data_format, name=name)(inputs)
    return outputs


def average_pooling3d(
    inputs: TensorLike,
    pool_size: Sizes,
    strides: Sizes,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: str | None = None,
) -> Tensor:
    """The outputs of a new layer `AveragePooling3D`.

    Parameters
    ----------
    inputs : TensorLike
        Of rank 5.
    pool_size, strides, padding, data_format : object
        As for `AveragePooling3D`.
    name : str, optional
        The name of the scope.

    Returns
    -------
    Tensor
        Of rank 5, with a place for each window.

    Raises
    ------
    ValueError
        The shape of the inputs or an option does not fit.
    """
    outputs: Tensor = AveragePooling3D(pool_size, strides, padding=padding, data_format=data_format, name=name)(inputs)
    return outputs


def max_pooling1d(
    inputs: TensorLike,
    pool_size: Sizes,
    strides: Sizes,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: str | None = None,
) -> Tensor:
    """The outputs of a new layer `MaxPooling1D`.

    Parameters
    ----------
    inputs : TensorLike
        Of rank 3.
    pool_size, strides, padding, data_format : object
        As for `MaxPooling1D`.
    name : str, optional
        The name of the scope.

    Returns
    -------
    Tensor
        Of rank 3, with a place for each window.

    Raises
    ------
    ValueError
        The shape of the inputs or an option does not fit.
    """
    outputs: Tensor = MaxPooling1D(pool_size, strides, padding=padding, data_format=data_format, name=name)(inputs)
    return outputs


def max_pooling2d(
    inputs: TensorLike,
    pool_size: Sizes,
    strides: Sizes,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: str | None = None,
) -> Tensor:
    """The outputs of a new layer `MaxPooling2D`.

    Parameters
    ----------
    inputs : TensorLike
        Of rank 4.
    pool_size, strides, padding, data_format : object
        As for `MaxPooling2D`.
    name : str, optional
        The name of the scope.

    Returns
    -------
    Tensor
        Of rank 4, with a place for each window.

    Raises
    ------
    ValueError
        The shape of the inputs or an option does not fit.
    """
    outputs: Tensor = MaxPooling2D(pool_size, strides, padding=padding, data_format=data_format, name=name)(inputs)
    return outputs


def max_pooling3d(
    inputs: TensorLike,
    pool_size: Sizes,
    strides: Sizes,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: str | None = None,
) -> Tensor:
    """The outputs of a new layer `MaxPooling3D`.

    Parameters
    ----------
    inputs : TensorLike
        Of rank 5.
    pool_size, strides, padding, data_format : object
        As for `MaxPooling3D`.
    name : str, optional
        The name of the scope.

    Returns
    -------
    Tensor
        Of rank 5, with a place for each window.

    Raises
    ------
    ValueError
        The shape of the inputs or an option does not fit.
    """
    outputs: Tensor = MaxPooling3D(pool_size, strides, padding=padding, data_format=data_format, name=name)(inputs)
    return outputs
