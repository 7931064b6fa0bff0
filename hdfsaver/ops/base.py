"""Shared by the families of operations: element-wise classes, axes, constant folding, derivatives of broadcasting."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, Protocol, SupportsIndex, cast

import numpy as np
import numpy.typing as npt

from hdfsaver import dtypes, shapes
from hdfsaver.dtypes import DTypeLike
from hdfsaver.errors import InvalidArgumentError
from hdfsaver.graph.apply import apply, apply_list
from hdfsaver.graph.composite_tensors import IndexedSlices
from hdfsaver.graph.definition import NUMBERS, UNFIT, Kernel, Node, OpDef
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import constant_node, convert_to_tensor, graph_of, is_tensor
from hdfsaver.random_numbers.philox import Stream
from hdfsaver.shapes import Shape, ShapeLike
from hdfsaver.tensor_info import Array


class RandomState(Protocol):
    """Where random operations have come to."""

    def reserve(self, node: str, seed: int, seed2: int, blocks: int) -> Stream:
        """The place where an operation draws now; the next call is given the place after these blocks.

        Parameters
        ----------
        node : str
            The name of the operation.
        seed, seed2 : int
            Its attributes.
        blocks : int

        Returns
        -------
        Stream
        """


class KernelState(Protocol):
    """The part of a session's state that kernels use: the values of variables, and the places of random operations."""

    variables: dict[str, Array]

    @property
    def random(self) -> RandomState:
        """The places of random operations."""


def variable_key(node: Node) -> str:
    """The key of the value in a session's state: variables of one container and shared name have one value."""
    container: bytes = node.attrs.get("container", b"")
    shared: bytes = node.attrs.get("shared_name", b"")
    name = shared.decode("utf-8", "surrogateescape") or node.name
    return f"{container.decode('utf-8', 'surrogateescape')}|{name}" if container else name


Gradient = Tensor | IndexedSlices | None
"""A derivative; None where it does not exist."""

Grads = Sequence[Gradient]
"""The derivatives by the inputs of an operation."""

FOLDED_SIZE = 1024
"""The most elements that an input may have whose result is computed before anything runs."""

SMALL = 1000
"""A tensor of zeros or ones with fewer elements becomes a constant rather than a Fill, as in TensorFlow."""


NARROW = frozenset({"float16", "bfloat16"})
"""The dtypes that sums are not computed in, so that only their result is rounded."""

ROUNDED_ONCE = "float16 and bfloat16 are computed in float32 and rounded once; TensorFlow rounds in between as well."
"""The text of `OpDef.differs` for operations whose results on narrow floats are nearer to the exact ones."""

NO_DERIVATIVE = "TensorFlow has a derivative."
"""The text of `OpDef.differs` for operations whose derivative is missing."""


def widened(node: Node, function: Kernel) -> Kernel:
    """Compute a function on float16 and bfloat16 (the attribute ``T``) in float32, and round its result once."""
    name = node.attrs["T"]
    if name not in NARROW:
        return function
    target = dtypes.numpy_dtype(name)
    return lambda *values: function(*(np.asarray(value, np.float32) for value in values)).astype(target)


def invalid(message: str) -> InvalidArgumentError:
    """The error for values that an operation cannot take; the run adds the operation's name."""
    return InvalidArgumentError(None, None, message)


def fold_by_kernel(definition: OpDef, node: Node) -> Array | None:
    """The result where all inputs are known and small, otherwise None."""
    values = [node.constant(position) for position in range(len(node.inputs))]
    if any(value is None or value.size > FOLDED_SIZE for value in values):
        return None
    try:
        with np.errstate(all="ignore"):
            return np.asarray(definition.kernel(node)(*values))
    except UNFIT:
        return None  # the run reports the error


class Unary(OpDef):
    """One tensor in, one of the same dtype and shape out, element by element."""

    signature = "x: T -> y: T"
    types = {"T": NUMBERS}
    ufunc: ClassVar[Callable[..., Any]]

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape of the input."""
        return node.input_shapes

    def kernel(self, node: Node) -> Kernel:
        return type(self).ufunc

    def fold(self, node: Node) -> Array | None:
        return fold_by_kernel(self, node)


class Binary(OpDef):
    """Two tensors in, one of the same dtype and their broadcast shape out, element by element."""

    signature = "x: T, y: T -> z: T"
    types = {"T": NUMBERS}
    ufunc: ClassVar[Callable[..., Any]]

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The broadcast shape of the inputs."""
        return [shapes.broadcast(*node.input_shapes)]

    def kernel(self, node: Node) -> Kernel:
        return type(self).ufunc

    def fold(self, node: Node) -> Array | None:
        return fold_by_kernel(self, node)


class Flat(OpDef):
    """An operation whose derivative is zero or undefined everywhere: no derivative passes through it."""

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [None] * len(op.inputs)


def sum_to_inputs(x: Tensor, y: Tensor, dx: Gradient, dy: Gradient) -> Grads:
    """Sum the derivatives by two broadcast inputs over the dimensions that broadcasting repeated.

    Parameters
    ----------
    x, y : Tensor
        The inputs, of shapes that broadcast.
    dx, dy : Tensor, IndexedSlices or None
        The derivatives by them, of the broadcast shape; None where a derivative does not exist.

    Returns
    -------
    sequence of (Tensor, IndexedSlices or None)
        The derivatives by ``x`` and ``y``, of their shapes.

    Raises
    ------
    ValueError
        The shapes are known and do not broadcast.
    """
    if x.shape.is_fully_defined() and x.shape == y.shape:
        return dx, dy
    shape_x, shape_y = shape_of(x, "Shape"), shape_of(y, "Shape")
    known = _repeated_axes(x.shape.plain, y.shape.plain)
    if known is None:
        repeated_x, repeated_y = apply_list("BroadcastGradientArgs", shape_x, shape_y)
        return _sum_over(dx, repeated_x, shape_x), _sum_over(dy, repeated_y, shape_y)
    (axes_x, axes_y), (rank_x, rank_y) = known, (x.shape.rank or 0, y.shape.rank or 0)
    by_x = _sum_over(dx, axes_x, shape_x) if axes_x.size or rank_x < rank_y else dx
    by_y = _sum_over(dy, axes_y, shape_y) if axes_y.size or rank_y < rank_x else dy
    return by_x, by_y


def _repeated_axes(x: Shape, y: Shape) -> tuple[Array, Array] | None:
    """The axes along which each of two shapes is repeated by broadcasting; None where that is not known."""
    if x is None or y is None:
        return None
    rank = max(len(x), len(y))
    wide_x, wide_y = ((1,) * (rank - len(shape)) + tuple(shape) for shape in (x, y))
    axes: tuple[list[int], list[int]] = ([], [])
    for axis, (first, second) in enumerate(zip(wide_x, wide_y, strict=True)):
        if (first == 1) != (second == 1):
            axes[0 if first == 1 else 1].append(axis)
        elif first is None or second is None:
            return None
    return np.array(axes[0], np.int32), np.array(axes[1], np.int32)


def sum_to(x: Tensor, whole: Tensor, grad: Tensor) -> Tensor:
    """Sum a derivative over the dimensions that broadcasting repeated.

    Parameters
    ----------
    x : Tensor
        The input that was broadcast.
    whole : Tensor
        A tensor of the broadcast shape.
    grad : Tensor
        The derivative, of that shape too.

    Returns
    -------
    Tensor
        The derivative by ``x``, of its shape.

    Raises
    ------
    ValueError
        The shapes are known and do not broadcast.
    """
    if x.shape.is_fully_defined() and x.shape == whole.shape:
        return grad
    shape = apply("Shape", x)
    axes = apply_list("BroadcastGradientArgs", shape, apply("Shape", whole))[0]
    return apply("Reshape", apply("Sum", grad, axes), shape)


def _sum_over(grad: Gradient, axes: Tensor | Array, shape: Tensor) -> Tensor | None:
    return None if grad is None else apply("Reshape", apply("Sum", grad, axes, keep_dims=True), shape)


def is_zero(grad: Gradient) -> bool:
    """Whether a derivative is missing, or the zeros that stand for a missing one."""
    return grad is None or grad.op.type == "ZerosLike"


def conjugate(x: Tensor) -> Tensor:
    """The complex conjugate; a real tensor is its own, and no operation is made."""
    return apply("Conj", x) if x.dtype.is_complex else x


def like(value: TensorLike, x: Tensor) -> Tensor:
    """A number as a constant of a tensor's dtype."""
    return convert_to_tensor(value, x.dtype.base_dtype)


@contextmanager
def scope(name: str | None, default: str, *values: object) -> Iterator[str]:
    """Enter a name scope in the graph of the values, for a function made of several operations.

    Parameters
    ----------
    name : str or None
        The name that the caller asked for.
    default : str
        The name if the caller did not ask for one.
    *values
        The arguments among which tensors may be; without a tensor the default graph is taken.

    Returns
    -------
    context manager of str
        Gives the scope's full name, which ends with a slash.

    Raises
    ------
    ValueError
        The tensors belong to different graphs, or the name is malformed.
    """
    graph = graph_of(values)
    with graph.lock:
        before = len(graph.data)
        try:
            with graph.as_default(), graph.name_scope(name or default) as full:
                yield full
        except BaseException:
            graph.keep_first(before)
            raise


def normal_axis(axis: int, rank: int) -> int:
    """Count an axis from the front; `ValueError` where it is out of range."""
    if not -rank <= axis < rank:
        raise ValueError(f"Axis {axis} is out of the range [{-rank}, {rank}) for a tensor of rank {rank}.")
    return axis % rank


def normal_axes(axes: npt.ArrayLike, rank: int) -> tuple[int, ...]:
    """Count several axes from the front and sort them; `ValueError` where one is out of range or given twice."""
    if np.ndim(axes) > 1:
        raise ValueError(f"Axes must be a number or a list of numbers, not an array of shape {np.shape(axes)}.")
    found = sorted(normal_axis(int(axis), rank) for axis in np.atleast_1d(axes))
    for axis in found:
        if found.count(axis) > 1:
            raise ValueError(f"axis {axis} specified more than once: {np.atleast_1d(axes).tolist()}.")
    return tuple(found)


def static_integer(node: Node, position: int) -> int | None:
    """The value of an input that is a single integer where it is known before anything runs."""
    value = node.constant(position)
    return None if value is None else integer(value)


def integer(value: npt.ArrayLike) -> int:
    """The one element of an array; `ValueError` where it has more or fewer."""
    if np.size(value) != 1:
        shape = shapes.text(np.shape(value))
        raise ValueError(f"The integer must be a tensor with a single value, not one of shape {shape}.")
    return int(np.reshape(value, ()))


def shape_of(tensor: Tensor, name: str, dtype: str = "int32") -> Tensor:
    """The shape of a tensor as a tensor: a constant where it is known.

    Parameters
    ----------
    tensor : Tensor
        Of any dtype and shape.
    name : str
        The name of the operation.
    dtype : str
        The dtype of the result, ``"int32"`` or ``"int64"``.

    Returns
    -------
    Tensor
        A vector with one element for each dimension.

    Raises
    ------
    KeyError
        The dtype is unknown.
    """
    known = tensor.shape.plain
    target = dtypes.numpy_dtype(dtype)
    if known is not None and all(size is not None and size <= np.iinfo(target).max for size in known):
        return constant_node(np.array(known, target), dtype, name)
    return apply("Shape", tensor, name=name, out_type=dtype)


def truncated_quotient(x: Array, y: Array) -> Array:
    """The quotient of integers, rounded towards zero."""
    quotient: Array = np.floor_divide(x, y)
    towards_zero: Array = quotient + ((x % y != 0) & ((x < 0) != (y < 0))).astype(quotient.dtype)
    return towards_zero


def vector_places(indices: Array, shape: Sequence[int]) -> tuple[Array, ...]:
    """Vectors of indices as NumPy indexes with them: an array for each dimension."""
    indices = np.asarray(indices)
    columns = tuple(np.moveaxis(indices, -1, 0))
    if len(columns) > len(shape):
        raise invalid(f"Indices of length {len(columns)} are too long for a tensor of rank {len(shape)}.")
    for number, column in enumerate(columns):
        wrong = (column < 0) | (column >= shape[number])
        if wrong.any():
            place = np.argwhere(wrong)[0]
            raise invalid(f"indices{place.tolist()} = {indices[tuple(place)].tolist()} does not index into {shape}.")
    return columns


def check_updates(indices: Shape, updates: Shape, whole: Shape) -> None:
    """Compare static shapes: an update for each vector of indices, of the shape of the slice that it names.

    Parameters
    ----------
    indices, updates : Shape
        Each of rank 1 or more.
    whole : Shape
        That of the tensor whose slices are meant.

    Raises
    ------
    ValueError
        They do not fit each other.
    """
    if indices is None or updates is None:
        return
    outer = len(indices) - 1
    shapes.merge(updates[:outer], indices[:-1])
    length = indices[-1]
    if whole is not None and length is not None and length <= len(whole):
        shapes.merge(updates[outer:], whole[length:])


def with_rank(shape: Shape, rank: int) -> Shape:
    """The shape, if its rank is unknown or as given; `ValueError` otherwise."""
    if shape is not None and len(shape) != rank:
        raise ValueError(f"A tensor of rank {rank} is needed, not one of shape {shapes.text(shape)}.")
    return shape


def at_least(shape: Shape, rank: int) -> Shape:
    """The shape, if its rank is unknown or at least as given; `ValueError` otherwise."""
    if shape is not None and len(shape) < rank:
        raise ValueError(f"A tensor of at least rank {rank} is needed, not one of shape {shapes.text(shape)}.")
    return shape


def added(first: int | None, second: int | None) -> int | None:
    """The sum of two sizes, unknown where either is."""
    return None if first is None or second is None else first + second


def blank(shape: Sequence[int], dtype: str) -> Array:
    """An array of zeros, False or empty strings."""
    target = dtypes.numpy_dtype(dtype)
    return np.full(shape, b"", object) if target.hasobject else np.zeros(shape, target)


def boxed(value: object) -> Array:
    """A result as an array: NumPy turns single elements of object arrays into strings, which are wrapped again here."""
    if isinstance(value, np.ndarray | np.generic):
        return value  # type: ignore[return-value]  # a NumPy scalar does all that a value must
    box = np.empty((), dtype=object)
    box[()] = value
    return box


def dtype_name(dtype: DTypeLike) -> str:
    """The name of a dtype as attributes hold it; for a reference dtype, that of the values."""
    return dtypes.as_dtype(dtype).base_dtype.name


def static_int(value: SupportsIndex, what: str) -> int:
    """A Python integer out of an argument; `TypeError` naming the argument otherwise."""
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{what} must be an integer, not {value!r}.") from None


def filled(value: int, shape: ShapeLike | TensorLike, dtype: DTypeLike, name: str) -> Tensor:
    """A tensor of zeros or ones: a constant where it is small and its shape known, otherwise a Fill.

    Parameters
    ----------
    value : {0, 1}
        For bool False and True; strings are empty for both.
    shape : shape, or tensor of int32 or int64
        A shape, a vector, or a list of numbers and tensors.
    dtype : DTypeLike
        The dtype of the result.
    name : str
        The name of the operation.

    Returns
    -------
    Tensor
        Of that shape and dtype.

    Raises
    ------
    ValueError
        The shape is given as numbers and not all are known.
    TypeError
        The shape is a tensor of another dtype, or the dtype is unknown.
    """
    element = _element(value, dtype_name(dtype))
    plain = known_shape(shape)
    if plain is not None and _count(plain) < SMALL:
        return constant_node(np.full(plain, element), dtype_name(dtype), name)
    dims = _shape_tensor(shape, plain)
    return apply("Fill", dims, constant_node(element, dtype_name(dtype), "Const"), name=name)


def _element(value: int, dtype: str) -> Array:
    if dtype == "string":
        return boxed(b"")
    return np.array(value, dtype=dtypes.numpy_dtype(dtype))


def known_shape(shape: ShapeLike | TensorLike) -> tuple[int, ...] | None:
    """The shape as integers, or None where it is or holds a tensor; `ValueError` where a size is unknown."""
    if is_tensor(shape) or (isinstance(shape, list | tuple) and any(is_tensor(size) for size in shape)):
        return None
    return sizes_of(cast("ShapeLike", shape))


def sizes_of(shape: ShapeLike) -> tuple[int, ...]:
    """The shape as integers; `ValueError` where a size is unknown."""
    known = shapes.as_shape(shape)
    if known is None or None in known:
        raise ValueError(f"The shape must be known, not {shapes.text(known)}; take it from tf.shape where it is not.")
    return tuple(size for size in known if size is not None)


def _count(shape: tuple[int, ...]) -> int:
    count = 1
    for size in shape:
        count *= size
    return count


def _shape_tensor(shape: ShapeLike | TensorLike, plain: tuple[int, ...] | None) -> Tensor:
    if plain is not None:
        return convert_to_tensor(np.array(plain, np.int32), name="shape_as_tensor")
    dims = convert_to_tensor(cast("TensorLike", shape))
    if dims.shape.rank == 0:
        dims = apply("Reshape", dims, [-1])
    return dims
