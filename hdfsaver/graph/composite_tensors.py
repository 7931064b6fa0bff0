"""Values made of several tensors: slices of a larger tensor with their places in it, and sparse tensors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from hdfsaver import dtypes, shapes
from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.default_stack import SupportsRun, session_for
from hdfsaver.graph.definition import Node
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor, graph_of, is_tensor
from hdfsaver.shapes import ShapeLike, TensorShape


class IndexedSlicesValue(NamedTuple):
    """The arrays that a session gives and takes as the value of `IndexedSlices`."""

    values: Any
    indices: Any
    dense_shape: Any


class SparseTensorValue(NamedTuple):
    """The arrays that a session gives and takes as the value of a `SparseTensor`."""

    indices: Any
    values: Any
    dense_shape: Any


class IndexedSlices:
    """Slices of a larger tensor along its first axis: ``values[i]`` is at ``indices[i]``, and all others are zero.

    Where an index occurs several times, the slices are added. The derivative of `gather` has this form.

    Parameters
    ----------
    values : Tensor
    indices : Tensor
        A vector of integers.
    dense_shape : Tensor, optional
        The shape of the larger tensor.
    """

    def __init__(self, values: Tensor, indices: Tensor, dense_shape: Tensor | None = None) -> None:
        self._values = values
        self._indices = indices
        self._dense_shape = dense_shape

    @property
    def values(self) -> Tensor:
        """The slices."""
        return self._values

    @property
    def indices(self) -> Tensor:
        """Their places along the first axis of the larger tensor."""
        return self._indices

    @property
    def dense_shape(self) -> Tensor | None:
        """The shape of the larger tensor, as a tensor."""
        return self._dense_shape

    @property
    def shape(self) -> TensorShape:
        """The static shape of the larger tensor."""
        return TensorShape(None) if self._dense_shape is None else value_as_shape(self._dense_shape)

    def get_shape(self) -> TensorShape:
        """The static shape of the larger tensor."""
        return self.shape

    @property
    def name(self) -> str:
        """The name of the tensor of values."""
        return self._values.name

    @property
    def device(self) -> str:
        """Where the values were asked to be computed."""
        return self._values.device

    @property
    def op(self) -> Operation:
        """The operation that the values come from."""
        return self._values.op

    @property
    def dtype(self) -> dtypes.DType:
        """The dtype of the values."""
        return self._values.dtype

    @property
    def graph(self) -> Graph:
        """The graph of the tensors."""
        return self._values.graph

    def consumers(self) -> list[Operation]:
        """The operations that take one of the tensors as an input."""
        shape = () if self._dense_shape is None else (self._dense_shape,)
        return _consumers(self._values, self._indices, *shape)

    def __str__(self) -> str:
        shape = "" if self._dense_shape is None else f", dense_shape={self._dense_shape}"
        return f"IndexedSlices(indices={self._indices}, values={self._values}{shape})"

    def __neg__(self) -> IndexedSlices:
        return IndexedSlices(-self._values, self._indices, self._dense_shape)


class _SparseParts(Protocol):
    @property
    def indices(self) -> Any: ...

    @property
    def values(self) -> Any: ...

    @property
    def dense_shape(self) -> Any: ...


class SparseTensor:
    """A tensor of mostly zeros: ``values[i]`` is at ``indices[i]``, and there are zeros elsewhere.

    Parameters
    ----------
    indices : Tensor or array_like
        int64 of shape ``[N, rank]``.
    values : Tensor or array_like
        Of any dtype and shape ``[N]``.
    dense_shape : Tensor or array_like
        The shape of the tensor: int64 of shape ``[rank]``.

    Raises
    ------
    ValueError
        The shapes of the three do not fit each other, or they are of different graphs or dtypes.
    """

    def __init__(self, indices: TensorLike, values: TensorLike, dense_shape: TensorLike) -> None:
        graph = graph_of([indices, values, dense_shape])
        with graph.as_default(), graph.name_scope("SparseTensor"):
            self._indices = convert_to_tensor(indices, dtypes.int64, "indices")
            self._values = convert_to_tensor(values, name="values")
            self._dense_shape = convert_to_tensor(dense_shape, dtypes.int64, "dense_shape")
        self._shape = value_as_shape(self._dense_shape).plain
        _check_sizes(self._indices, self._values, self._dense_shape)

    @classmethod
    def from_value(cls, sparse_tensor_value: _SparseParts) -> SparseTensor:
        """Make constants of a `SparseTensorValue`; `TypeError` for other values."""
        if not isinstance(sparse_tensor_value, SparseTensor | SparseTensorValue):
            raise TypeError(f"{sparse_tensor_value!r} is neither a SparseTensor nor SparseTensorValue.")
        parts = sparse_tensor_value
        return SparseTensor(indices=parts.indices, values=parts.values, dense_shape=parts.dense_shape)

    @property
    def indices(self) -> Tensor:
        """The places of the values, one in each row."""
        return self._indices

    @property
    def values(self) -> Tensor:
        """The values, a vector."""
        return self._values

    @property
    def dense_shape(self) -> Tensor:
        """The shape, as a tensor."""
        return self._dense_shape

    def with_values(self, new_values: TensorLike) -> SparseTensor:
        """A sparse tensor with other values at the same places; they may be of another dtype."""
        return SparseTensor(self._indices, new_values, self._dense_shape)

    @property
    def shape(self) -> TensorShape:
        """The static shape."""
        return TensorShape(self._shape)

    def get_shape(self) -> TensorShape:
        """The static shape."""
        return self.shape

    def set_shape(self, shape: ShapeLike) -> None:
        """Add dimensions to the static shape; `ValueError` where it contradicts those that are known."""
        self._shape = shapes.merge(self._shape, shapes.as_shape(shape))

    @property
    def op(self) -> Operation:
        """The operation that the values come from."""
        return self._values.op

    @property
    def dtype(self) -> dtypes.DType:
        """The dtype of the values."""
        return self._values.dtype

    @property
    def graph(self) -> Graph:
        """The graph of the tensors."""
        return self._indices.graph

    def consumers(self) -> list[Operation]:
        """The operations that take one of the tensors as an input."""
        return _consumers(self._indices, self._values, self._dense_shape)

    def eval(self, feed_dict: Mapping[Any, Any] | None = None, session: SupportsRun | None = None) -> SparseTensorValue:
        """Compute the values in a session, the default one if none is given.

        Parameters
        ----------
        feed_dict : dict, optional
            Values for tensors; see `Session.run`.
        session : Session, optional

        Returns
        -------
        SparseTensorValue

        Raises
        ------
        ValueError
            There is no session.
        """
        parts = [self._indices, self._values, self._dense_shape]
        return SparseTensorValue(*session_for("evaluate a SparseTensor", "eval", session).run(parts, feed_dict))

    def __repr__(self) -> str:
        return f"SparseTensor(indices={self._indices}, values={self._values}, dense_shape={self._dense_shape})"


def value_as_shape(tensor: Tensor) -> TensorShape:
    """The shape that a vector of sizes says, as far as its values are known before a run."""
    name = tensor.op.name
    return TensorShape(Node(tensor.graph.data, name, {}, [(name, tensor.value_index)]).sizes(0))


def _check_sizes(indices: Tensor, values: Tensor, dense_shape: Tensor) -> None:
    rows, rank = _known_sizes(indices, "indices", 2)
    (count,) = _known_sizes(values, "values", 1)
    (dimensions,) = _known_sizes(dense_shape, "dense_shape", 1)
    for first, second, what in ((rows, count, "rows of indices and of values"), (rank, dimensions, "dimensions")):
        if first is not None and second is not None and first != second:
            raise ValueError(f"Dimensions {first} and {second} are not compatible: the {what} of a SparseTensor.")


def _known_sizes(tensor: Tensor, argument: str, rank: int) -> tuple[int | None, ...]:
    shape = tensor.shape.plain
    if shape is not None and len(shape) != rank:
        raise ValueError(f"Shape {shapes.text(shape)} must have rank {rank}: it is that of {argument}.")
    return (None,) * rank if shape is None else shape


def _consumers(*parts: Tensor) -> list[Operation]:
    return list(dict.fromkeys(consumer for part in parts for consumer in part.consumers()))


def is_tensor_or_composite(x: object) -> bool:
    """Whether a value is a tensor, stands for one as a variable does, or is made of several (``tf.is_tensor``)."""
    return isinstance(x, IndexedSlices | SparseTensor) or is_tensor(x)


def convert_to_tensor_or_indexed_slices(
    value: TensorLike | IndexedSlices | SparseTensor, dtype: DTypeLike | None = None, name: str | None = None
) -> Tensor | IndexedSlices | SparseTensor:
    """The tensor that a value stands for; `IndexedSlices` and a `SparseTensor` stay what they are.

    Parameters
    ----------
    value : IndexedSlices, SparseTensor, Tensor, Variable or array_like
    dtype : DType, optional
        The dtype that the result must have.
    name : str, optional
        The name of a new constant.

    Returns
    -------
    Tensor, IndexedSlices or SparseTensor

    Raises
    ------
    ValueError
        The value is of another dtype.
    """
    if not isinstance(value, IndexedSlices | SparseTensor):
        return convert_to_tensor(value, dtype, name)
    if dtype is not None and not dtypes.as_dtype(dtype).is_compatible_with(value.dtype):
        raise ValueError(
            f"Incompatible tensor conversion requested to dtype {dtypes.as_dtype(dtype).name} for {value}, "
            f"which has dtype {value.dtype.name}."
        )
    return value


def convert_to_tensor_or_sparse_tensor(
    value: TensorLike | SparseTensor | SparseTensorValue, dtype: DTypeLike | None = None, name: str | None = None
) -> Tensor | SparseTensor:
    """The tensor that a value stands for; a `SparseTensor` stays one, and a `SparseTensorValue` becomes one.

    Parameters
    ----------
    value : SparseTensor, SparseTensorValue, Tensor, Variable or array_like
    dtype : DType, optional
        The dtype that the result must have.
    name : str, optional
        The name of a new constant.

    Returns
    -------
    Tensor or SparseTensor

    Raises
    ------
    RuntimeError
        The sparse tensor is of another dtype.
    ValueError
        The tensor is of another dtype.
    """
    if isinstance(value, SparseTensorValue):
        value = SparseTensor.from_value(value)
    if not isinstance(value, SparseTensor):
        return convert_to_tensor(value, dtype, name)
    if dtype is not None and not dtypes.as_dtype(dtype).is_compatible_with(value.dtype):
        raise RuntimeError(
            f"Sparse dtype mismatch. Requested: {dtypes.as_dtype(dtype).name}, actual: {value.dtype.name}."
        )
    return value
