"""Constants, placeholders, identities and operations that only keep an order."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from typing import Any, TypeAlias, overload

import numpy as np
import numpy.typing as npt

from hdfsaver import dtypes, shapes
from hdfsaver.dtypes import DTypeLike
from hdfsaver.errors import InvalidArgumentError
from hdfsaver.graph.apply import apply, apply_list, apply_op
from hdfsaver.graph.composite_tensors import IndexedSlices, SparseTensor
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.definition import Kernel, Node, OpDef, as_value, register
from hdfsaver.graph.graph import Graph, SupportsGraphElement
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import SupportsTensor, Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import as_array, constant_node
from hdfsaver.messages import message_classes
from hdfsaver.messages.tensor_protos import tensor_proto
from hdfsaver.ops.base import Flat, Gradient, Grads
from hdfsaver.shapes import Shape, ShapeLike, TensorShape
from hdfsaver.tensor_info import Array


@register
class Const(OpDef):
    """A value that is part of the graph."""

    type = "Const"
    signature = "-> output: dtype"
    needed = {"value": "tensor"}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of the attribute value."""
        return [node.attrs["value"].shape]

    def kernel(self, node: Node) -> Kernel:
        value, dtype = np.asarray(node.attrs["value"]), node.attrs["dtype"]
        if value.dtype != dtypes.numpy_dtype(dtype):
            raise InvalidArgumentError(
                None, None, f"The value has the dtype {value.dtype}, but attr 'dtype' is {dtype}."
            )
        # A program may have put an array on the node that can be written on; a run gets a view that cannot.
        value = as_value(value.view())
        return lambda: value

    def fold(self, node: Node) -> Array | None:
        value: Array = node.attrs["value"]
        return value if value.dtype == dtypes.numpy_dtype(node.attrs["dtype"]) else None

    def gradient(self, op: Operation, *grads: Tensor | None) -> Sequence[Tensor | None]:
        return []


def constant(
    value: npt.ArrayLike | TensorShape,
    dtype: DTypeLike | None = None,
    shape: ShapeLike = None,
    name: str = "Const",
    verify_shape: bool = False,
) -> Tensor:
    """Make a tensor whose value is part of the graph.

    Parameters
    ----------
    value : array_like
        A number, string, array or nested lists of them; it is copied. Without ``dtype``, Python's floats become float32
        and its integers int32 where they fit (int64 otherwise); arrays keep their dtype.
    dtype : DType, str or NumPy dtype, optional
        The dtype of the tensor.
    shape : int, TensorShape or sequence of int, optional
        The shape of the tensor; if ``value`` has fewer elements, its last one is repeated to fill it, or zeros where
        it has none. A shape without elements drops those of ``value``, and ``dtype`` is then float32 by default.
    name : str
        Name of the operation.
    verify_shape : bool
        Refuse a value of another shape, rather than filling up.

    Returns
    -------
    Tensor
        Of the given dtype and shape.

    Raises
    ------
    TypeError
        The value is not of that dtype (1.5 as int32), contains a tensor, or with ``verify_shape`` is not of that shape.
    ValueError
        The value is None, its lists are ragged, it has more elements than the shape, or the shape is not fully known.
    OverflowError
        A number is beyond the range of the dtype; TensorFlow lets some of them wrap around.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> tf.constant([1.5, 2.5], shape=[2, 2], name="filled")
    <tf.Tensor 'filled:0' shape=(2, 2) dtype=float32>
    """
    wanted = None if dtype is None else dtypes.as_dtype(dtype).base_dtype.name
    plain = None if shape is None else _known_shape(shape)
    array, found = _read(value, wanted, plain)
    if plain is not None:
        array = _fill_up(array, plain, verify_shape)
    return constant_node(array, found, name)


def _read(value: object, dtype: str | None, shape: tuple[int, ...] | None) -> tuple[Array, str]:
    """A value and its dtype; where the shape has no elements, those of Python's values are not looked at."""
    if shape is not None and 0 in shape and not isinstance(value, np.ndarray | np.generic):
        if value is None:
            raise ValueError("None values not supported: it cannot become a tensor.")
        dtype = dtype or "float32"
        return np.empty(shape, dtypes.numpy_dtype(dtype)), dtype
    return as_array(value, dtype)


def make_tensor_proto(
    values: npt.ArrayLike | TensorShape | message_classes.TensorProto,
    dtype: DTypeLike | None = None,
    shape: ShapeLike = None,
    verify_shape: bool = False,
    allow_broadcast: bool = False,
) -> message_classes.TensorProto:
    """Make the value that a constant would have, in the form that the definition of a graph holds.

    Parameters
    ----------
    values : array_like or TensorProto
        As for `constant`; a `TensorProto` is returned itself.
    dtype : DType, str or NumPy dtype, optional
        The dtype of the value.
    shape : sequence of int, optional
        The shape of the value; if ``values`` has fewer elements, its last one is repeated to fill it.
    verify_shape : bool
        Refuse values of another shape, rather than filling up.
    allow_broadcast : bool
        Only a single value is repeated to fill the shape; several must have the shape.

    Returns
    -------
    TensorProto
        The value with its dtype and shape.

    Raises
    ------
    TypeError
        The value is not of that dtype, with ``verify_shape`` not of that shape, or cannot be broadcast to it.
    ValueError
        The value has more elements than the shape, or both options are given.
    OverflowError
        A number is beyond the range of the dtype.
    """
    if isinstance(values, message_classes.TensorProto):
        return values
    if verify_shape and allow_broadcast:
        raise ValueError("allow_broadcast and verify_shape are not both allowed.")
    plain = None if shape is None else _known_shape(shape)
    array, found = _read(values, None if dtype is None else dtypes.as_dtype(dtype).base_dtype.name, plain)
    if plain is None:
        return tensor_proto(array, found, array.shape)
    if allow_broadcast and array.size not in (1, math.prod(plain)):
        raise TypeError(
            f"Expected a single value or one of shape {shapes.text(plain)}, got {shapes.text(array.shape)}."
        )
    _check_fill(array, plain, verify_shape)
    return tensor_proto(array, found, plain)


def _known_shape(shape: ShapeLike) -> tuple[int, ...]:
    """The shape that a constant is to have, in integers."""
    wanted = shapes.as_shape(shape)
    sizes = tuple([size for size in wanted or () if size is not None])
    if wanted is None or len(sizes) != len(wanted):
        raise ValueError(f"The shape of a constant must be known, not {shapes.text(wanted)}.")
    return sizes


def _fill_up(array: Array, shape: tuple[int, ...], verify: bool) -> Array:
    _check_fill(array, shape, verify)
    if array.shape == shape:
        return array
    nothing = b"" if array.dtype.hasobject else 0
    filled = np.full(math.prod(shape), array.flat[-1] if array.size else nothing, array.dtype)
    filled[: array.size] = array.ravel()
    return filled.reshape(shape)


def _check_fill(array: Array, shape: tuple[int, ...], verify: bool) -> None:
    """Refuse an array that has more elements than the shape, or with ``verify`` another shape."""
    if array.shape == shape:
        return
    if verify:
        raise TypeError(f"Expected a value of shape {shapes.text(shape)}, got {shapes.text(array.shape)}.")
    if array.size > math.prod(shape):
        raise ValueError(
            f"Too many elements provided: shape {shapes.text(shape)} takes at most {math.prod(shape)}, "
            f"but there are {array.size}."
        )


@register
class Placeholder(OpDef):
    """A value that is fed at every run."""

    type = "Placeholder"
    signature = "-> output: dtype"
    attrs = {"shape": None}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The attribute shape."""
        return [node.attrs["shape"]]

    def kernel(self, node: Node) -> Kernel:
        return lambda: _must_be_fed(node)


def _must_be_fed(node: Node) -> None:
    dtype, known = node.attrs["dtype"], node.attrs["shape"]
    shape = "" if known is None else f" and shape [{','.join('?' if size is None else str(size) for size in known)}]"
    raise InvalidArgumentError(
        None,
        None,
        f"You must feed a value for placeholder tensor {node.name!r} with dtype {dtypes.alias_of(dtype)}{shape}.",
    )


def placeholder(dtype: DTypeLike, shape: ShapeLike = None, name: str | None = None) -> Tensor:
    """Make a tensor whose value is given in ``feed_dict`` at every run.

    Parameters
    ----------
    dtype : DType, str or NumPy dtype
        The dtype of the values; fed values are converted to it.
    shape : int, TensorShape or sequence of int or None, optional
        The shape that values must have: None for an unknown length; without a shape all values fit.
    name : str, optional
        Name of the operation, ``Placeholder`` by default.

    Returns
    -------
    Tensor
        Of the dtype, and of the shape as far as known.

    Raises
    ------
    TypeError
        The dtype is unknown.
    ValueError
        A length is negative. When run: a value of another shape is fed.
    InvalidArgumentError
        When run: the tensor is needed and not fed.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> x = tf.placeholder(tf.float32, [None], name="numbers")
    >>> with tf.Session() as session:
    ...     session.run(x * 2, feed_dict={x: [1, 2]})
    array([2., 4.], dtype=float32)
    """
    return apply("Placeholder", name=name, dtype=dtypes.as_dtype(dtype).base_dtype.name, shape=shapes.as_shape(shape))


@register
class PlaceholderWithDefault(OpDef):
    """A value that may be fed; the input otherwise."""

    type = "PlaceholderWithDefault"
    signature = "input: dtype -> output: dtype"
    needed = {"shape": "shape"}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The attribute shape, which must be compatible with that of input."""
        shapes.merge(node.input_shapes[0], node.attrs["shape"])
        return [node.attrs["shape"]]

    def kernel(self, node: Node) -> Kernel:
        return unchanged

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return grads


def placeholder_with_default(input: TensorLike, shape: ShapeLike, name: str | None = None) -> Tensor:
    """Make a tensor that has the value of another one unless it is fed.

    Parameters
    ----------
    input : Tensor or array_like
        The value by default, of any dtype.
    shape : int, TensorShape or sequence of int or None
        The shape that fed values must have; less may be known of it than of ``input``.
    name : str, optional
        Name of the operation, ``PlaceholderWithDefault`` by default.

    Returns
    -------
    Tensor
        Of the dtype of ``input`` and the given shape. Derivatives pass through to ``input``.

    Raises
    ------
    ValueError
        The shape of ``input`` is not compatible with ``shape``. When run: a value of another shape is fed.
    """
    return apply("PlaceholderWithDefault", input, name=name, shape=shapes.as_shape(shape))


def unchanged(value: Array) -> Array:
    """The value itself."""
    return value


class _Unchanged(OpDef):
    """The input, unchanged."""

    signature = "input: T -> output: T"

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape of the input."""
        return node.input_shapes

    def kernel(self, node: Node) -> Kernel:
        return unchanged


class _Passing(_Unchanged):
    """The input, unchanged; the derivative passes, too."""

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return grads


@register
class Identity(_Passing):
    """The input, unchanged; for a variable, the value that it has at that moment."""

    type = "Identity"

    def fold(self, node: Node) -> Array | None:
        return node.constant(0)


@overload
def identity(input: IndexedSlices, name: str | None = None) -> IndexedSlices: ...
@overload
def identity(input: SparseTensor, name: str | None = None) -> SparseTensor: ...
@overload
def identity(input: TensorLike, name: str | None = None) -> Tensor: ...
def identity(
    input: TensorLike | IndexedSlices | SparseTensor, name: str | None = None
) -> Tensor | IndexedSlices | SparseTensor:
    """The tensor, unchanged, as an operation with a name of its own; of slices and sparse tensors each tensor."""
    if isinstance(input, IndexedSlices):
        values, indices = apply("Identity", input.values, name=name), apply("Identity", input.indices, name=name)
        shape = input.dense_shape
        return IndexedSlices(values, indices, None if shape is None else apply("Identity", shape, name=name))
    if isinstance(input, SparseTensor):
        parts = (input.indices, input.values, input.dense_shape)
        return SparseTensor(*(apply("Identity", part, name=name) for part in parts))
    return apply("Identity", input, name=name)


@register
class GuaranteeConst(_Unchanged):
    """The input, unchanged, of which the program promises that it is the same in every run."""

    type = "GuaranteeConst"


def guarantee_const(input: TensorLike, name: str | None = None) -> Tensor:
    """The tensor, unchanged, of which the program promises that it is the same in every run; nothing is made of it."""
    return apply("GuaranteeConst", input, name=name)


@register
class IdentityN(OpDef):
    """The inputs, unchanged: each of them is there only once all are."""

    type = "IdentityN"
    signature = "input: [T] -> output: [T]"
    minimums = {"T": 1}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shapes of the inputs."""
        return node.input_shapes

    def kernel(self, node: Node) -> Kernel:
        return unchanged if len(node.inputs) == 1 else lambda *values: values

    def gradient(self, op: Operation, *grads: Gradient) -> Grads:
        return grads


def identity_n(input: Sequence[TensorLike], name: str | None = None) -> list[Tensor]:
    """Several tensors, unchanged, as one operation: each of them is there only once all are.

    Parameters
    ----------
    input : sequence of Tensor or array_like
        At least one; of any dtypes and shapes.
    name : str, optional
        Name of the operation, ``IdentityN`` by default.

    Returns
    -------
    list of Tensor
        The same values, in order.

    Raises
    ------
    TypeError
        The input is not a sequence.
    ValueError
        It is empty.
    """
    return apply_list("IdentityN", list(input) if isinstance(input, tuple) else input, name=name)


@register
class PreventGradient(_Passing):
    """The input, unchanged; a derivative through it is an error."""

    type = "PreventGradient"
    attrs = {"message": b""}

    def gradient(self, op: Operation, *grads: Gradient) -> Grads:
        """Not defined: the operation is there to say so."""
        reason = op.get_attr("message").decode("utf-8", "replace")
        raise LookupError(f"Gradient explicitly disabled at {op.name!r}. Reason: {reason}")


@register
class StopGradient(Flat, _Passing):
    """The input, unchanged, but a constant to derivatives."""

    type = "StopGradient"


def stop_gradient(input: TensorLike, name: str | None = None) -> Tensor:
    """The tensor, unchanged, but a constant to derivatives."""
    return apply("StopGradient", input, name=name)


@register
class NoOp(OpDef):
    """No computation; it only waits for its control inputs."""

    type = "NoOp"
    signature = "->"

    def shapes(self, node: Node) -> Sequence[Shape]:
        """No output."""
        return []

    def kernel(self, node: Node) -> Kernel:
        return lambda: ()


def no_op(name: str | None = None) -> Operation:
    """An operation that computes nothing."""
    return apply_op("NoOp", name=name)


Waited: TypeAlias = (
    "SupportsGraphElement | SupportsTensor | IndexedSlices | SparseTensor | Sequence[Waited] | Mapping[str, Waited]"
)
"""Operations and tensors to wait for, or nested sequences and mappings of them."""


def group(*inputs: Waited, name: str | None = None) -> Operation:
    """One operation that waits for all given operations and tensors, or nested lists of them.

    Where they are on several devices, there is one such operation on each, and the result waits for these.

    Raises
    ------
    TypeError
        One of them is something else.
    """
    operations = list(dict.fromkeys(_operations_within(inputs)))
    graph = operations[0].graph if operations else get_default_graph()
    by_device: dict[str, list[Operation]] = {}
    for operation in operations:
        by_device.setdefault(operation.device, []).append(operation)
    with graph.as_default(), graph.name_scope(name or "group_deps") as scope:
        if len(by_device) <= 1:
            return _no_op_after(graph, *next(iter(by_device.items()), ("", [])), scope)
        gates = [_no_op_after(graph, device, by_device[device]) for device in sorted(by_device)]
        return _no_op_after(graph, "", gates, scope)


def _no_op_after(graph: Graph, device: str, operations: Sequence[Operation], name: str | None = None) -> Operation:
    with graph.control_dependencies(operations), graph.device(device) if device else nullcontext():
        return no_op(name=name)


def _operations_within(inputs: Any) -> Iterator[Operation]:
    if isinstance(inputs, list | tuple):
        for item in inputs:
            yield from _operations_within(item)
    elif isinstance(inputs, Mapping):
        yield from _operations_within([inputs[key] for key in sorted(inputs)])
    elif isinstance(inputs, IndexedSlices | SparseTensor):
        parts = (inputs.indices, inputs.values, inputs.dense_shape)
        order = parts if isinstance(inputs, SparseTensor) else (parts[1], parts[0], parts[2])
        yield from (part.op for part in order if part is not None)
    elif hasattr(type(inputs), "_as_graph_element"):
        element = inputs._as_graph_element()
        yield element.op if isinstance(element, Tensor) else element
    else:
        raise TypeError(
            f"'inputs' should be zero or more (nested) Tensors. Received '{inputs}' with type '{type(inputs)}'."
        )


_Member: TypeAlias = "SupportsTensor | IndexedSlices | SparseTensor | Operation"


@overload
def tuple_(
    tensors: Sequence[SupportsTensor],
    name: str | None = None,
    control_inputs: Sequence[SupportsGraphElement] | None = None,
) -> list[Tensor]: ...
@overload
def tuple_(
    tensors: Sequence[SupportsTensor | None],
    name: str | None = None,
    control_inputs: Sequence[SupportsGraphElement] | None = None,
) -> list[Tensor | None]: ...
@overload
def tuple_(
    tensors: Sequence[SupportsTensor | IndexedSlices | None],
    name: str | None = None,
    control_inputs: Sequence[SupportsGraphElement] | None = None,
) -> list[Tensor | IndexedSlices | None]: ...
@overload
def tuple_(
    tensors: Sequence[_Member | None],
    name: str | None = None,
    control_inputs: Sequence[SupportsGraphElement] | None = None,
) -> list[Tensor | IndexedSlices | SparseTensor | Operation | None]: ...
def tuple_(
    tensors: Sequence[_Member | None],
    name: str | None = None,
    control_inputs: Sequence[SupportsGraphElement] | None = None,
) -> Sequence[Tensor | IndexedSlices | SparseTensor | Operation | None]:
    """Give the same tensors, each of them available only once all of them are computed (``tf.tuple``).

    Parameters
    ----------
    tensors : sequence of Tensor, IndexedSlices, SparseTensor, Operation or None
        Of any dtypes and shapes; None is passed through. Of slices the values are passed on, and an
        operation becomes another that waits as well.
    name : str, optional
        Name scope of the operations, ``tuple`` by default.
    control_inputs : sequence of Operation or Tensor, optional
        Further operations that must run before.

    Returns
    -------
    list of (Tensor, IndexedSlices, SparseTensor, Operation or None)
        The same values, in order.

    Raises
    ------
    TypeError
        ``control_inputs`` holds something other than operations and tensors.
    ValueError
        There is no tensor.
    """
    with get_default_graph().name_scope(name or "tuple"):
        further = list(control_inputs or ())
        for item in further:
            if not hasattr(type(item), "_as_graph_element"):
                raise TypeError(f"'control_inputs' must only contain Operation or Tensor. Received: {type(item)}")
        members = [tensor for tensor in tensors if tensor is not None]
        if not members:
            raise ValueError(f"'tensors' must have at least one Tensor. Received: {list(tensors)}.")
        waited_for = [item.op if isinstance(item, IndexedSlices | SparseTensor) else item for item in members]
        gate = no_op_after([*waited_for, *further])
        return [None if tensor is None else _behind(gate, tensor) for tensor in tensors]


def _behind(gate: Operation, output: _Member) -> Tensor | IndexedSlices | SparseTensor | Operation:
    """The same values, once an operation has run; of slices their values wait."""
    if isinstance(output, IndexedSlices):
        return IndexedSlices(_waiting(gate, output.values), output.indices, output.dense_shape)
    if isinstance(output, SparseTensor):
        with output.graph.name_scope("control_dependency"):
            parts = (output.indices, output.values, output.dense_shape)
            return SparseTensor(*[_waiting(gate, part, output.op, "Identity") for part in parts])
    return group(gate, output) if isinstance(output, Operation) else _waiting(gate, output._as_tensor())


def _waiting(
    gate: Operation, tensor: Tensor, beside: Operation | None = None, name: str = "control_dependency"
) -> Tensor:
    with tensor.graph.colocate_with(beside or tensor.op), tensor.graph.control_dependencies([gate]):
        return apply("Identity", tensor, name=name)


def no_op_after(items: Sequence[Waited]) -> Operation:
    """An operation that waits for the given ones."""
    return group(*items, name="group_deps")


def with_dependencies(
    dependencies: Sequence[SupportsGraphElement], output: TensorLike, name: str | None = None
) -> Tensor:
    """Pass a tensor on, only once other operations have run.

    Parameters
    ----------
    dependencies : sequence of Operation or Tensor
        Operations that must run before.
    output : Tensor or array_like
        The tensor, of any dtype.
    name : str, optional
        Name of the operation, ``control_dependency`` by default.

    Returns
    -------
    Tensor
        The same values.

    Raises
    ------
    TypeError
        ``dependencies`` holds something other than operations and tensors.
    """
    with get_default_graph().control_dependencies(dependencies):
        return identity(output, name or "control_dependency")
