"""Joining tensors, and taking them apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hdfsaver import dtypes, shapes
from hdfsaver.graph.apply import apply, apply_list
from hdfsaver.graph.composite_tensors import IndexedSlices
from hdfsaver.graph.definition import INDICES, Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor, graph_of
from hdfsaver.ops.base import (
    Flat,
    Gradient,
    Grads,
    added,
    at_least,
    fold_by_kernel,
    integer,
    invalid,
    normal_axis,
    scope,
    shape_of,
    static_int,
    static_integer,
    with_rank,
)
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array


def _joined(given: Sequence[Shape], axis: int | None) -> Shape:
    """The shape of tensors joined along an axis."""
    known = [shape for shape in given if shape is not None]
    if not known:
        return None
    rank = len(known[0])
    if rank == 0:
        raise ValueError("Tensors of rank 0 have no dimension to be joined along; use tf.stack.")
    if any(len(shape) != rank for shape in known):
        raise ValueError(f"Tensors that are joined must have the same rank, not {', '.join(map(shapes.text, known))}.")
    if axis is None:
        return (None,) * rank
    along = normal_axis(axis, rank)
    across: Shape = None
    length: int | None = 0
    for shape in given:
        length = added(length, None if shape is None else shape[along])
        across = shapes.merge(across, shape and (*shape[:along], None, *shape[along + 1 :]))
    assert across is not None
    return (*across[:along], length, *across[along + 1 :])


@register
class ConcatV2(OpDef):
    """Tensors one after the other along an axis."""

    type = "ConcatV2"
    signature = "values: N * T, axis: Tidx -> output: T"
    types = {"Tidx": INDICES}
    default_types = {"Tidx": "int32"}
    minimums = {"N": 2}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of values, with the lengths along axis summed."""
        return [_joined(node.input_shapes[:-1], static_integer(node, len(node.inputs) - 1))]

    def kernel(self, node: Node) -> Kernel:
        return lambda *values: np.concatenate(values[:-1], axis=integer(values[-1]))

    def kernel_knowing(self, node: Node, constants: Sequence[Array | None]) -> Kernel | None:
        axis = constants[-1]
        if axis is None or axis.size != 1:
            return None
        along = integer(axis)
        return lambda *values: np.concatenate(values[:-1], along)

    def fold(self, node: Node) -> Array | None:
        return fold_by_kernel(self, node)

    def sizes(self, node: Node) -> Shape:
        parts = [node.sizes(position) for position in range(len(node.inputs) - 1)]
        return None if None in parts else sum((part for part in parts if part is not None), ())

    def gradient(self, op: Operation, *grads: Gradient) -> Grads:
        *values, axis = op.inputs
        known = static_integer(Node.of(op.graph.data, op.name), len(values))
        return [*_cut(grads[0], values, axis, known), None]


@register
class ConcatOffset(Flat):
    """For tensors of these shapes, where each begins when they are joined along an axis."""

    type = "ConcatOffset"
    signature = "concat_dim: int32, shape: N * shape_type -> offset: N * shape_type"
    types = {"shape_type": INDICES}
    default_types = {"shape_type": "int32"}
    minimums = {"N": 2}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """Those of shape."""
        return [with_rank(shape, 1) for shape in node.input_shapes[1:]]

    def kernel(self, node: Node) -> Kernel:
        def offsets(axis: Array, *given: Array) -> tuple[Array, ...]:
            first = given[0]
            along = normal_axis(integer(axis), len(first))
            others = np.arange(len(first)) != along
            for number, shape in enumerate(given):
                if len(shape) != len(first) or np.any(shape[others] != first[others]):
                    raise invalid(
                        f"All dimensions except {along} must match. Input {number} has shape {shape.tolist()}."
                    )
            starts = np.zeros((len(given), len(first)), first.dtype)
            starts[1:, along] = np.cumsum([shape[along] for shape in given[:-1]])
            return tuple(start.copy() for start in starts)

        return offsets


@register
class Concat(OpDef):
    """Tensors one after the other along an axis, which older graphs give first."""

    type = "Concat"
    signature = "concat_dim: int32, values: N * T -> output: T"
    minimums = {"N": 2}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of values, with the lengths along concat_dim summed."""
        return [_joined(node.input_shapes[1:], static_integer(node, 0))]

    def kernel(self, node: Node) -> Kernel:
        return lambda axis, *values: np.concatenate(values, axis=integer(axis))

    def gradient(self, op: Operation, *grads: Gradient) -> Grads:
        axis, *values = op.inputs
        known = static_integer(Node.of(op.graph.data, op.name), 0)
        return [None, *_cut(grads[0], values, axis, known)]


def _cut(
    grad: Gradient, values: Sequence[Tensor], axis: Tensor, known_axis: int | None
) -> Sequence[Tensor | IndexedSlices]:
    """The parts of a derivative that belong to tensors that were joined."""
    rank = values[0].shape.rank
    if isinstance(grad, IndexedSlices) and rank is not None and known_axis is not None:
        return _cut_slices(grad, values, normal_axis(known_axis, rank))
    place = apply("FloorMod", _as_int32(axis), apply("Rank", values[0]))
    lengths = [apply("GatherV2", apply("Shape", tensor), place, 0) for tensor in values]
    return apply_list("SplitV", grad, apply("Pack", lengths), place, num_split=len(values))


def _cut_slices(grad: IndexedSlices, values: Sequence[Tensor], axis: int) -> list[IndexedSlices]:
    """The parts of slices: those that are in the part of a tensor, or the parts of each of them."""
    shapes_of = [shape_of(tensor, "Shape") for tensor in values]
    if axis:
        widths = apply("Pack", [sizes[axis] for sizes in shapes_of])
        parts = apply_list("SplitV", grad.values, widths, axis, num_split=len(values))
        return [IndexedSlices(part, grad.indices, sizes) for part, sizes in zip(parts, shapes_of, strict=True)]
    start: TensorLike = np.zeros((), dtypes.numpy_dtype(grad.indices.dtype.base_dtype.name))
    found = []
    for sizes in shapes_of:
        length = apply("Cast", sizes[0], DstT=grad.indices.dtype.base_dtype.name)
        end = apply("AddV2", start, length)
        inside = apply("LogicalAnd", apply("GreaterEqual", grad.indices, start), apply("Less", grad.indices, end))
        places = apply("Squeeze", apply("Where", inside), squeeze_dims=[1])
        indices = apply("Sub", apply("GatherV2", grad.indices, places, 0), start)
        found.append(IndexedSlices(apply("GatherV2", grad.values, places, 0), indices, sizes))
        start = end
    return found


def _as_int32(axis: Tensor) -> Tensor:
    return axis if axis.dtype.base_dtype.name == "int32" else apply("Cast", axis, DstT="int32")


def concat(values: TensorLike, axis: TensorLike, name: str = "concat") -> Tensor:
    """Join tensors one after the other along an axis.

    Parameters
    ----------
    values : list of TensorLike
        Tensors of one dtype (any) and one rank of at least 1, whose shapes are equal but for the axis.
    axis : TensorLike
        A single int32 or int64; negative ones count from the last dimension.
    name : str
        The name of the operation.

    Returns
    -------
    Tensor
        Of the same dtype; its length along the axis is the sum of theirs.

    Raises
    ------
    ValueError
        The list is empty, the other dimensions or the ranks differ, the values have rank 0 (see `stack`), or the axis
        is out of range.
    TypeError
        The dtypes differ, or the axis is not an integer.
    InvalidArgumentError
        In the run: shapes that were unknown before do not fit.
    """
    if not isinstance(values, list | tuple):
        values = [values]
    if not values:
        raise ValueError("tf.concat needs at least one tensor, but the list of values is empty.")
    if len(values) != 1:
        return apply("ConcatV2", list(values), axis, name=name)
    with scope(name, "concat", *values):
        convert_to_tensor(axis, "int32", name="concat_dim")
        return apply("Identity", values[0], name=name)


@register
class Split(OpDef):
    """A tensor cut into equal parts along an axis."""

    type = "Split"
    signature = "split_dim: int32, value: T -> output: num_split * T"
    minimums = {"num_split": 1}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of value, with the length along split_dim divided by num_split."""
        shape, axis, number = at_least(node.input_shapes[1], 1), static_integer(node, 0), node.attrs["num_split"]
        if shape is None or axis is None:
            return [None if shape is None else (None,) * len(shape)] * number
        along = normal_axis(axis, len(shape))
        length = shape[along]
        if length is not None and length % number:
            raise ValueError(f"A dimension of length {length} cannot be split into {number} equal parts.")
        part = None if length is None else length // number
        return [(*shape[:along], part, *shape[along + 1 :])] * number

    def kernel(self, node: Node) -> Kernel:
        number = node.attrs["num_split"]
        if number == 1:
            return lambda axis, values: values
        return lambda axis, values: tuple(np.split(values, number, axis=integer(axis)))

    def kernel_knowing(self, node: Node, constants: Sequence[Array | None]) -> Kernel | None:
        shape, axis, number = node.input_shapes[1], constants[0], node.attrs["num_split"]
        if shape is None or axis is None or axis.size != 1 or number == 1:
            return None
        rank = len(shape)
        along = normal_axis(integer(axis), rank)
        length = shape[along]
        if not length:
            return None
        part, any_length = length // number, self.kernel(node)
        before = (slice(None),) * along
        places = [(*before, slice(number * part, (number + 1) * part)) for number in range(number)]

        def split(axis: Array, values: Array) -> tuple[Array, ...]:
            if values.ndim == rank and values.shape[along] == length:
                return tuple([values[place] for place in places])
            found: tuple[Array, ...] = any_length(axis, values)
            return found

        return split

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [None, apply("ConcatV2", _without_gaps(op, grads), op.inputs[0], name="concat")]


@register
class SplitV(OpDef):
    """A tensor cut into parts of given lengths along an axis; one length may be -1, for the rest."""

    type = "SplitV"
    signature = "value: T, size_splits: Tlen, split_dim: int32 -> output: num_split * T"
    types = {"Tlen": INDICES | {"int8"}}
    default_types = {"Tlen": "int64"}
    minimums = {"num_split": 1}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of value, with size_splits[i] along split_dim."""
        shape, axis, number = at_least(node.input_shapes[0], 1), static_integer(node, 2), node.attrs["num_split"]
        if shape is None or axis is None:
            return [None if shape is None else (None,) * len(shape)] * number
        along = normal_axis(axis, len(shape))
        lengths = _split_lengths(node, shape[along])
        if len(lengths) != number:
            raise ValueError(f"size_splits must have {number} elements, one for each part, not {len(lengths)}.")
        return [(*shape[:along], length, *shape[along + 1 :]) for length in lengths]

    def kernel(self, node: Node) -> Kernel:
        return _split_by_lengths if node.attrs["num_split"] > 1 else _whole_by_length

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [apply("ConcatV2", _without_gaps(op, grads), op.inputs[2], name="concat"), None, None]


def _split_lengths(node: Node, length: int | None) -> Sequence[int | None]:
    with_rank(node.input_shapes[1], 1)
    value = node.constant(1)
    if value is None:
        return node.sizes(1) or (None,) * node.attrs["num_split"]
    if length is None:
        return [None if size == -1 else int(size) for size in value]
    return _complete_lengths(value, length)


def _complete_lengths(lengths: Array, length: int) -> list[int]:
    sizes: list[int] = [int(size) for size in lengths]
    if sizes.count(-1) == 1:
        sizes[sizes.index(-1)] = length - sum(sizes) - 1
    if min(sizes, default=0) < 0 or sum(sizes) != length:
        raise ValueError(f"Parts of lengths {lengths.tolist()} do not add up to a dimension of length {length}.")
    return sizes


def _split_by_lengths(values: Array, lengths: Array, axis: Array) -> tuple[Array, ...]:
    along = normal_axis(integer(axis), np.ndim(values))
    sizes = _complete_lengths(np.asarray(lengths), np.shape(values)[along])
    return tuple(np.split(values, np.cumsum(sizes)[:-1], axis=along))


def _whole_by_length(values: Array, lengths: Array, axis: Array) -> Array:
    _complete_lengths(np.asarray(lengths), np.shape(values)[normal_axis(integer(axis), np.ndim(values))])
    return values


def _without_gaps(op: Operation, grads: Sequence[Tensor | None]) -> list[Tensor]:
    """The derivatives by all outputs, zeros where one was missing."""
    pairs = zip(grads, op.outputs, strict=True)
    return [apply("ZerosLike", output) if grad is None else grad for grad, output in pairs]


def split(
    value: TensorLike,
    num_or_size_splits: TensorLike | shapes.Dimension,
    axis: TensorLike = 0,
    num: int | None = None,
    name: str = "split",
) -> list[Tensor]:
    """Cut a tensor into parts along an axis: into a number of equal ones, or into parts of given lengths.

    Parameters
    ----------
    value : TensorLike
        Of any dtype and a rank of at least 1.
    num_or_size_splits : int or TensorLike
        The number of equal parts, or a vector of their lengths, of which one may be -1 for the rest.
    axis : TensorLike
        A single integer; negative ones count from the last dimension.
    num : int, optional
        The number of lengths, where the vector's own length is unknown.
    name : str
        The name of the operation.

    Returns
    -------
    list of Tensor
        The parts, of the same dtype and rank.

    Raises
    ------
    ValueError
        The parts do not add up to the dimension, their number is unknown, or the axis is out of range.
    TypeError
        The lengths or the axis are not integers.
    InvalidArgumentError
        In the run: shapes that were unknown before do not fit.
    """
    if isinstance(num_or_size_splits, int | np.integer | shapes.Dimension):
        parts = static_int(num_or_size_splits, "num_or_size_splits")
        if parts < 1:
            raise ValueError(f"num_or_size_splits must be at least 1, not {parts}.")
        return apply_list("Split", axis, value, name=name, num_split=parts)
    with graph_of([value, num_or_size_splits]).as_default():
        lengths = convert_to_tensor(num_or_size_splits)
    if lengths.shape.rank == 0:
        raise ValueError("num_or_size_splits must be an integer or a vector of lengths, not a tensor of rank 0.")
    number = num if num is not None else None if lengths.shape.rank is None else lengths.shape[0].value
    if number is None:
        raise ValueError("The number of parts cannot be inferred from num_or_size_splits; give it as num.")
    return apply_list("SplitV", value, lengths, axis, name=name, num_split=number)


@register
class Pack(OpDef):
    """Tensors of one shape joined along a new axis."""

    type = "Pack"
    signature = "values: N * T -> output: T"
    minimums = {"N": 1}
    attrs = {"axis": 0}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape that the values share, with their number inserted at axis."""
        merged: Shape = None
        for shape in node.input_shapes:
            merged = shapes.merge(merged, shape)
        if merged is None:
            return [None]
        place = normal_axis(node.attrs["axis"], len(merged) + 1)
        return [(*merged[:place], len(node.inputs), *merged[place:])]

    def kernel(self, node: Node) -> Kernel:
        axis = node.attrs["axis"]
        return lambda *values: np.stack(values, axis)

    def fold(self, node: Node) -> Array | None:
        return fold_by_kernel(self, node)

    def sizes(self, node: Node) -> Shape:
        if () not in node.input_shapes:
            return super().sizes(node)
        values = [node.constant(position) for position in range(len(node.inputs))]
        return tuple(None if value is None or value < 0 else int(value) for value in values)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        axis = op.get_attr("axis")
        return apply_list("Unpack", grads[0], name="unstack", num=len(op.inputs), axis=axis)


def stack(values: Sequence[TensorLike] | Array, axis: int = 0, name: str = "stack") -> Tensor:
    """Join tensors of one shape along a new axis.

    Parameters
    ----------
    values : list of TensorLike
        Tensors of one dtype (any) and shape. For the first axis an array works too.
    axis : int
        The new axis in the result, from -(rank + 1) to rank of the values.
    name : str
        The name of the operation.

    Returns
    -------
    Tensor
        Of rank + 1; its length along the new axis is the number of tensors.

    Raises
    ------
    ValueError
        The shapes differ, the axis is out of range, or the list is empty and the axis is not 0.
    TypeError
        The dtypes of the values differ, or a single tensor is given that is not in a list.
    """
    if axis == 0:
        with graph_of([values]).as_default():
            return convert_to_tensor(list(values) if isinstance(values, list | tuple) else values, name=name)
    if isinstance(values, list | tuple) and not values:
        raise ValueError(f"tf.stack along axis {axis} needs at least one tensor, but the list of values is empty.")
    return apply("Pack", list(values), name=name, axis=axis)


def parallel_stack(values: Sequence[TensorLike] | Array, name: str = "parallel_stack") -> Tensor:
    """Join tensors of one shape along a new first axis; the same as `stack` here."""
    return stack(values, name=name)


@register
class Unpack(OpDef):
    """The parts of a tensor along an axis, each without it."""

    type = "Unpack"
    signature = "value: T -> output: num * T"
    minimums = {"num": 0}
    attrs = {"axis": 0}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of value without axis."""
        shape, number = at_least(node.input_shapes[0], 1), node.attrs["num"]
        if shape is None:
            return [None] * number
        along = normal_axis(node.attrs["axis"], len(shape))
        if shape[along] not in (None, number):
            raise ValueError(f"A dimension of length {shape[along]} cannot be unpacked into {number} tensors.")
        return [shape[:along] + shape[along + 1 :]] * number

    def kernel(self, node: Node) -> Kernel:
        axis, number = node.attrs["axis"], node.attrs["num"]

        def unpack(values: Array) -> Array | tuple[Array, ...]:
            parts = np.moveaxis(values, axis, 0)
            if len(parts) != number:
                raise invalid(f"A dimension of length {len(parts)} cannot be unpacked into {number} tensors.")
            return parts[0, ...] if number == 1 else tuple(parts[place, ...] for place in range(number))

        return unpack

    def fold_output(self, node: Node, output: int) -> Array | None:
        value, sizes = node.constant(0), node.sizes(0)
        if value is not None:
            return np.asarray(np.moveaxis(value, node.attrs["axis"], 0)[output])
        size = None if sizes is None else sizes[output]
        return None if size is None else np.array(size, dtypes.numpy_dtype(node.attrs["T"]))

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [apply("Pack", _without_gaps(op, grads), name="stack", axis=op.get_attr("axis"))]


def unstack(value: TensorLike, num: int | None = None, axis: int = 0, name: str = "unstack") -> list[Tensor]:
    """Take a tensor apart along an axis, which the parts no longer have.

    Parameters
    ----------
    value : TensorLike
        Of any dtype and a rank of at least 1.
    num : int, optional
        The length along the axis; only needed where it is unknown.
    axis : int
        Negative ones count from the last dimension.
    name : str
        The name of the operation.

    Returns
    -------
    list of Tensor
        The parts, of a rank less by 1.

    Raises
    ------
    ValueError
        The length is neither known nor given, it is not ``num``, or the axis is out of range.
    InvalidArgumentError
        In the run: the length is not ``num``.
    """
    if num is None:
        with graph_of([value]).as_default():
            value = convert_to_tensor(value)
        shape = value.shape.plain
        number = None if shape is None else shape[normal_axis(axis, len(shape))]
        if number is None:
            raise ValueError(f"Cannot infer argument `num` from shape {value.shape}; give it.")
        num = number
    return apply_list("Unpack", value, name=name, num=int(num), axis=int(axis))
