"""Arithmetic of two numbers, and sums of many, element by element.

Here a float dtype is float16, bfloat16, float32 or float64; a complex one is complex64 or complex128; an integer one is
int8 to int64 or uint8 to uint64.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import cast, overload

import numpy as np

from hdfsaver import dtypes, shapes
from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph import operators
from hdfsaver.graph.apply import apply
from hdfsaver.graph.composite_tensors import IndexedSlices
from hdfsaver.graph.definition import (
    COMPLEX,
    FLOATS,
    INTEGERS,
    NUMBERS,
    QUANTIZED,
    REALS,
    Kernel,
    Node,
    OpDef,
    register,
)
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import SupportsTensor, Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor, graph_of, is_tensor
from hdfsaver.ops.base import (
    Binary,
    Flat,
    Grads,
    boxed,
    conjugate,
    dtype_name,
    invalid,
    like,
    scope,
    sum_to_inputs,
    truncated_quotient,
)
from hdfsaver.ops.integer_division import IntegerDivision
from hdfsaver.ops.tensor_list_values import sum_of
from hdfsaver.shapes import Shape, ShapeLike
from hdfsaver.tensor_info import Array


class _Sum(Binary):
    """x + y."""

    ufunc = np.add

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        x, y = op.inputs
        return sum_to_inputs(x, y, grads[0], grads[0])


@register
class AddV2(_Sum):
    """x + y of numbers."""

    type = "AddV2"


@register
class Add(_Sum):
    """x + y of numbers, or the concatenation of strings."""

    type = "Add"
    types = {"T": (NUMBERS - {"uint16", "uint32", "uint64"}) | {"string"}}

    def kernel(self, node: Node) -> Kernel:
        return _join_strings if node.attrs["T"] == "string" else np.add


def _join_strings(x: Array, y: Array) -> Array:
    return boxed(np.add(x, y, dtype=object))


def add(x: TensorLike, y: TensorLike, name: str | None = None) -> Tensor:
    """x + y, element by element; strings are concatenated.

    Parameters
    ----------
    x, y : Tensor or array_like
        Of one dtype, any float, complex or integer dtype, and of shapes that broadcast together. Strings are taken if
        at least one of the two is a tensor.
    name : str, optional
        Name of the operation, ``Add`` by default.

    Returns
    -------
    Tensor
        Of the dtype of the inputs and their broadcast shape. Integers wrap around on overflow.

    Raises
    ------
    TypeError
        The dtypes differ, or are not among those above.
    ValueError
        The shapes do not broadcast together.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> tf.Session().run(tf.add([[1.0], [2.0]], [10.0, 20.0]))
    array([[11., 21.],
           [12., 22.]], dtype=float32)
    """
    added: Tensor = operators.add(x, y, name or "Add")
    return added


@register
class AddN(OpDef):
    """The sum of several tensors of one shape."""

    type = "AddN"
    signature = "inputs: N * T -> sum: T"
    types = {"T": NUMBERS | {"variant"}}
    minimums = {"N": 1}
    further_types = {"T": QUANTIZED}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape that the inputs share."""
        merged: Shape = None
        for shape in node.input_shapes:
            merged = shapes.merge(merged, shape)
        return [merged]

    def kernel(self, node: Node) -> Kernel:
        return sum_of if node.attrs["T"] == "variant" else _sum_of

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [grads[0]] * len(op.inputs)


def _sum_of(*terms: Array) -> Array:
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def add_n(inputs: Tensor | Sequence[TensorLike | IndexedSlices], name: str | None = None) -> Tensor:
    """The sum of a list of tensors of one shape and dtype; slices among them become whole tensors.

    Raises
    ------
    ValueError
        The list is empty, or holds None; the shapes differ.
    TypeError
        It is not a sequence, or the dtypes differ.
    """
    if is_tensor(inputs):
        inputs = [inputs]
    if not isinstance(inputs, Iterable):
        raise TypeError(f"tf.add_n takes a list of tensors, not {inputs!r}.")
    terms = list(inputs)
    if not terms or any(term is None for term in terms):
        raise ValueError(
            "Inputs must be an iterable of at least one Tensor/IndexedSlices with the same dtype and shape."
        )
    if len(terms) > 1:
        return apply("AddN", cast("list[TensorLike]", terms), name=name)
    only = convert_to_tensor(terms[0])
    return apply("Identity", only, name=name) if name else only


def accumulate_n(
    inputs: Sequence[TensorLike],
    shape: ShapeLike = None,
    tensor_dtype: DTypeLike | None = None,
    name: str | None = None,
) -> Tensor:
    """The sum of a list of tensors of one shape and dtype, which may be given.

    Parameters
    ----------
    inputs : sequence of TensorLike
        At least one.
    shape : shape, optional
        The shape that all of them must have.
    tensor_dtype : DType, optional
        The dtype that all of them must have.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Of that shape and dtype.

    Raises
    ------
    ValueError
        The list is empty, or holds None; the dtypes differ, or the shapes do.
    TypeError
        ``tensor_dtype`` is not the dtype of the tensors.
    """
    wanted = "inputs must be a list of at least one Tensor with the same dtype and shape"
    if not isinstance(inputs, list | tuple) or not inputs or any(term is None for term in inputs):
        raise ValueError(f"{wanted}, not {inputs!r}.")
    terms = [convert_to_tensor(term) for term in inputs]
    if any(term.dtype.base_dtype is not terms[0].dtype.base_dtype for term in terms):
        raise ValueError(f"{wanted}; the dtypes are {', '.join(term.dtype.base_dtype.name for term in terms)}.")
    common = shapes.as_shape(shape)
    for term in terms:
        common = shapes.merge(common, term.shape.plain)
    if tensor_dtype is not None and dtypes.as_dtype(tensor_dtype).base_dtype is not terms[0].dtype.base_dtype:
        found = terms[0].dtype.base_dtype.name
        raise TypeError(f"tensor_dtype is {dtypes.as_dtype(tensor_dtype).name}, but input is of type {found}.")
    return add_n(terms, name)


@register
class Sub(Binary):
    """x - y."""

    type = "Sub"
    ufunc = np.subtract

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        x, y = op.inputs
        return sum_to_inputs(x, y, grads[0], apply("Neg", grads[0]))


def subtract(x: TensorLike, y: TensorLike, name: str | None = None) -> Tensor:
    """x - y, element by element.

    Parameters
    ----------
    x, y : Tensor or array_like
        Of one dtype, any float, complex or integer dtype, and of shapes that broadcast together.
    name : str, optional
        Name of the operation, ``Sub`` by default.

    Returns
    -------
    Tensor
        Of the dtype of the inputs and their broadcast shape. Integers wrap around on overflow.

    Raises
    ------
    TypeError
        The dtypes differ, or are not among those above.
    ValueError
        The shapes do not broadcast together.
    """
    return apply("Sub", x, y, name=name)


@register
class Mul(Binary):
    """x * y."""

    type = "Mul"
    ufunc = np.multiply

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        x, y = op.inputs
        by_x = apply("Mul", grads[0], conjugate(y))
        if x.dtype.base_dtype.name == "float32" and x.shape.is_fully_defined() and x.shape == y.shape:
            return by_x, apply("Mul", grads[0], x)  # the order that TensorFlow writes
        return sum_to_inputs(x, y, by_x, apply("Mul", conjugate(x), grads[0]))


def multiply(x: TensorLike, y: TensorLike, name: str | None = None) -> Tensor:
    """x * y, element by element.

    Parameters
    ----------
    x, y : Tensor or array_like
        Of one dtype, any float, complex or integer dtype, and of shapes that broadcast together.
    name : str, optional
        Name of the operation, ``Mul`` by default.

    Returns
    -------
    Tensor
        Of the dtype of the inputs and their broadcast shape. Integers wrap around on overflow.

    Raises
    ------
    TypeError
        The dtypes differ, or are not among those above.
    ValueError
        The shapes do not broadcast together.
    """
    return apply("Mul", x, y, name=name)


@overload
def scalar_mul(scalar: TensorLike, x: IndexedSlices, name: str | None = None) -> IndexedSlices: ...
@overload
def scalar_mul(scalar: TensorLike, x: SupportsTensor | Array, name: str | None = None) -> Tensor: ...
def scalar_mul(
    scalar: TensorLike, x: SupportsTensor | Array | IndexedSlices, name: str | None = None
) -> Tensor | IndexedSlices:
    """A number times a tensor; of slices the values are multiplied.

    Parameters
    ----------
    scalar : Tensor or number
        Of the dtype of ``x``.
    x : Tensor, ndarray or IndexedSlices
        Of any numeric dtype.
    name : str, optional
        Name of the operation, ``Mul`` by default.

    Returns
    -------
    Tensor or IndexedSlices
        Of the dtype and shape of ``x``.

    Raises
    ------
    ValueError
        The scalar is not a single number.
    TypeError
        It is of another dtype.
    """
    with graph_of([scalar, x]).as_default():
        number = convert_to_tensor(scalar, dtype_name(x.dtype), name="scalar")
    if number.shape.rank != 0:
        raise ValueError(f"The input scalar must be a 0-D value. Received shape {number.shape}.")
    if isinstance(x, IndexedSlices):
        return IndexedSlices(apply("Mul", number, x.values, name=name), x.indices, x.dense_shape)
    return apply("Mul", number, x, name=name)


@register
class RealDiv(Binary):
    """x / y of floating-point numbers."""

    type = "RealDiv"
    types = {"T": FLOATS | COMPLEX}
    further_types = {"T": INTEGERS}
    ufunc = np.true_divide

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return _gradient_of_quotient(op, grads[0], "RealDiv")


def _gradient_of_quotient(op: Operation, grad: Tensor | None, division: str) -> Grads:
    x, y = (conjugate(tensor) for tensor in op.inputs)
    by_x = apply(division, grad, y)
    by_y = apply("Mul", grad, apply(division, apply(division, apply("Neg", x), y), y), name="mul")
    return sum_to_inputs(op.inputs[0], op.inputs[1], by_x, by_y)


def truediv(x: TensorLike, y: TensorLike, name: str | None = None) -> Tensor:
    """x / y as in Python 3: integers are divided as floats.

    Parameters
    ----------
    x, y : Tensor or array_like
        Of one dtype, any float, complex or integer dtype, and of shapes that broadcast together.
    name : str, optional
        Name of the operation, ``truediv`` by default.

    Returns
    -------
    Tensor
        Of the dtype of the inputs and their broadcast shape; float32 for integers of 8 and 16 bits, float64 for those
        of 32 and 64. A division by zero gives an infinity or NaN.

    Raises
    ------
    TypeError
        The dtype is not among those above, or a number is not of the dtype of the tensor beside it.
    ValueError
        Two tensors have different dtypes, or the shapes do not broadcast together.
    """
    quotient: Tensor = operators.true_divide(x, y, name or "truediv")
    return quotient


def divide(x: TensorLike, y: TensorLike, name: str | None = None) -> Tensor:
    """x / y as in Python 3: integers are divided as floats; the same as `truediv`.

    Parameters
    ----------
    x, y : Tensor or array_like
        Of one dtype, any float, complex or integer dtype, and of shapes that broadcast together.
    name : str, optional
        Name of the operation, ``truediv`` by default.

    Returns
    -------
    Tensor
        Of the dtype of the inputs and their broadcast shape; float32 for integers of 8 and 16 bits, float64 for those
        of 32 and 64. A division by zero gives an infinity or NaN.

    Raises
    ------
    TypeError
        The dtype is not among those above, or a number is not of the dtype of the tensor beside it.
    ValueError
        Two tensors have different dtypes, or the shapes do not broadcast together.
    """
    return truediv(x, y, name)


@register
class DivNoNan(Binary):
    """x / y, and 0 wherever y is 0."""

    type = "DivNoNan"
    types = {"T": FLOATS | COMPLEX}

    def kernel(self, node: Node) -> Kernel:
        return _divide_no_nan

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return _gradient_of_quotient(op, grads[0], "DivNoNan")


def _divide_no_nan(x: Array, y: Array) -> Array:
    quotient: Array = np.where(y == 0, np.zeros((), np.result_type(x)), np.true_divide(x, y))
    return quotient


def div_no_nan(x: TensorLike, y: TensorLike, name: str | None = None) -> Tensor:
    """x / y, and 0 wherever y is 0.

    Parameters
    ----------
    x, y : Tensor or array_like
        Of one dtype, any float or complex dtype, and of shapes that broadcast together. Integers are not taken.
    name : str, optional
        Name of the operation, ``div_no_nan`` by default.

    Returns
    -------
    Tensor
        Of the dtype of the inputs and their broadcast shape. The derivative is 0 as well where y is 0.

    Raises
    ------
    TypeError
        The dtypes differ, or are integers or strings.
    ValueError
        The shapes do not broadcast together.
    """
    return apply("DivNoNan", x, y, name=name or "div_no_nan")


def _div(x: Array, y: Array) -> Array:
    quotient: Array = truncated_quotient(x, y) if np.result_type(x).kind in "iu" else np.true_divide(x, y)
    return quotient


@register
class Div(IntegerDivision):
    """x / y as in C: integers are divided towards zero."""

    type = "Div"
    types = {"T": NUMBERS}
    ufunc = _div

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return _gradient_of_quotient(op, grads[0], "Div")


def div(x: TensorLike, y: TensorLike, name: str | None = None) -> Tensor:
    """x / y as in Python 2: integers are divided and rounded down.

    Parameters
    ----------
    x, y : Tensor or array_like
        Of one dtype, any float, complex or integer dtype, and of shapes that broadcast together.
    name : str, optional
        Name of the operation, ``div`` by default.

    Returns
    -------
    Tensor
        Of the dtype of the inputs and their broadcast shape. No derivative passes through a division of integers.

    Raises
    ------
    TypeError
        The dtype is not among those above, or a number is not of the dtype of the tensor beside it.
    ValueError
        Two tensors have different dtypes, or the shapes do not broadcast together.
    InvalidArgumentError
        When run: an integer is divided by zero.
    """
    with scope(name, "div", x, y) as full:
        x = convert_to_tensor(x, name="x")
        y = convert_to_tensor(y, x.dtype.base_dtype, name="y")
        return apply("FloorDiv" if x.dtype.is_integer else "RealDiv", x, y, name=full)


@register
class FloorDiv(Flat, IntegerDivision):
    """x / y rounded down."""

    type = "FloorDiv"
    further_types = {"T": COMPLEX}
    ufunc = np.floor_divide

    def kernel(self, node: Node) -> Kernel:
        if dtypes.as_dtype(node.attrs["T"]).is_integer:
            return super().kernel(node)
        # NumPy corrects the rounding of the quotient, so that 1 // 0.1 is 9; and of infinities it makes NaN.
        return lambda x, y: np.floor(np.true_divide(x, y))


def floordiv(x: TensorLike, y: TensorLike, name: str | None = None) -> Tensor:
    """x / y rounded down.

    Parameters
    ----------
    x, y : Tensor or array_like
        Of one dtype, any float or integer dtype, and of shapes that broadcast together.
    name : str, optional
        Name of the operation, ``floordiv`` by default.

    Returns
    -------
    Tensor
        Of the dtype of the inputs and their broadcast shape. It is constant to derivatives.

    Raises
    ------
    TypeError
        The dtypes differ, or are complex or strings.
    ValueError
        The shapes do not broadcast together.
    InvalidArgumentError
        When run: an integer is divided by zero; floats give an infinity or NaN.
    """
    return apply("FloorDiv", x, y, name=name or "floordiv")


@register
class FloorMod(IntegerDivision):
    """The remainder of the division that rounds down; it has the sign of y."""

    type = "FloorMod"
    ufunc = np.mod

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        x, y = op.inputs
        return sum_to_inputs(x, y, grads[0], apply("Neg", apply("Mul", grads[0], apply("FloorDiv", x, y))))


def floormod(x: TensorLike, y: TensorLike, name: str | None = None) -> Tensor:
    """The remainder of the division that rounds down; it has the sign of y.

    Parameters
    ----------
    x, y : Tensor or array_like
        Of one dtype, any float or integer dtype, and of shapes that broadcast together.
    name : str, optional
        Name of the operation, ``FloorMod`` by default.

    Returns
    -------
    Tensor
        ``x - floor(x / y) * y``, of the dtype of the inputs and their broadcast shape.

    Raises
    ------
    TypeError
        The dtypes differ, or are complex or strings.
    ValueError
        The shapes do not broadcast together.
    InvalidArgumentError
        When run: an integer is divided by zero; floats give NaN.
    """
    return apply("FloorMod", x, y, name=name)


@register
class Pow(Binary):
    """x to the power of y."""

    type = "Pow"
    types = {"T": NUMBERS - {"uint8", "uint16", "uint32", "uint64"}}

    def kernel(self, node: Node) -> Kernel:
        return _integer_power if dtypes.as_dtype(node.attrs["T"]).is_integer else np.power

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        x, y = op.inputs
        one = like(1, x)
        slope = conjugate(apply("Mul", y, apply("Pow", x, apply("Sub", y, one, name="sub")), name="mul"))
        by_x = apply("Mul", grads[0], slope, name="mul")
        # Where x is 0 or negative its logarithm is not a number, and the power does not change with y.
        positive = apply("NotEqual" if x.dtype.is_complex else "Greater", x, apply("ZerosLike", x))
        safe_x = apply("SelectV2", positive, x, apply("OnesLike", x))
        logarithm = apply("SelectV2", positive, apply("Log", safe_x), apply("ZerosLike", x))
        by_y = apply("Mul", grads[0], conjugate(apply("Mul", op.outputs[0], logarithm, name="mul")), name="mul")
        return sum_to_inputs(x, y, by_x, by_y)


def _integer_power(x: Array, y: Array) -> Array:
    if np.any(y < 0):
        raise invalid("Integers to negative integer powers are not allowed.")
    power: Array = np.power(x, y)
    return power


def pow(x: TensorLike, y: TensorLike, name: str | None = None) -> Tensor:
    """x to the power of y, element by element.

    Parameters
    ----------
    x, y : Tensor or array_like
        Of one dtype, any float, complex or signed integer dtype, and of shapes that broadcast together.
    name : str, optional
        Name of the operation, ``Pow`` by default.

    Returns
    -------
    Tensor
        Of the dtype of the inputs and their broadcast shape. A negative float to a power that is not whole is NaN;
        integers wrap around on overflow. The derivative by y is 0 where x is not positive.

    Raises
    ------
    TypeError
        The dtypes differ, or are not among those above.
    ValueError
        The shapes do not broadcast together.
    InvalidArgumentError
        When run: an integer is raised to a negative power.
    """
    return apply("Pow", x, y, name=name)


@register
class Maximum(Binary):
    """The greater of x and y; NaN where either is NaN."""

    type = "Maximum"
    types = {"T": REALS}
    ufunc = np.maximum

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return _gradient_of_choice(op, grads[0], "GreaterEqual")


@register
class Minimum(Binary):
    """The smaller of x and y; NaN where either is NaN."""

    type = "Minimum"
    types = {"T": REALS}
    ufunc = np.minimum

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return _gradient_of_choice(op, grads[0], "LessEqual")


def _gradient_of_choice(op: Operation, grad: Tensor | None, comparison: str) -> Grads:
    x, y = op.inputs
    chose_x = apply(comparison, x, y)
    nothing = apply("ZerosLike", grad)
    by_x = apply("SelectV2", chose_x, grad, nothing)
    by_y = apply("SelectV2", chose_x, nothing, grad)
    return sum_to_inputs(x, y, by_x, by_y)


def maximum(x: TensorLike, y: TensorLike, name: str | None = None) -> Tensor:
    """The greater of x and y, element by element; NaN where either is NaN.

    Parameters
    ----------
    x, y : Tensor or array_like
        Of one dtype, any float or integer dtype, and of shapes that broadcast together.
    name : str, optional
        Name of the operation, ``Maximum`` by default.

    Returns
    -------
    Tensor
        Of the dtype of the inputs and their broadcast shape. Where x and y are equal, the derivative goes to x.

    Raises
    ------
    TypeError
        The dtypes differ, or are complex or strings.
    ValueError
        The shapes do not broadcast together.
    """
    return apply("Maximum", x, y, name=name)


def minimum(x: TensorLike, y: TensorLike, name: str | None = None) -> Tensor:
    """The smaller of x and y, element by element; NaN where either is NaN.

    Parameters
    ----------
    x, y : Tensor or array_like
        Of one dtype, any float or integer dtype, and of shapes that broadcast together.
    name : str, optional
        Name of the operation, ``Minimum`` by default.

    Returns
    -------
    Tensor
        Of the dtype of the inputs and their broadcast shape. Where x and y are equal, the derivative goes to x.

    Raises
    ------
    TypeError
        The dtypes differ, or are complex or strings.
    ValueError
        The shapes do not broadcast together.
    """
    return apply("Minimum", x, y, name=name)


@register
class SquaredDifference(Binary):
    """(x - y) squared; for complex numbers conj(x - y) * (x - y)."""

    type = "SquaredDifference"
    types = {"T": FLOATS | COMPLEX | {"int32", "int64"}}

    def kernel(self, node: Node) -> Kernel:
        return _squared_difference

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        x, y = op.inputs
        two = like(2, x)
        by_x = apply("Mul", apply("Mul", two, grads[0]), apply("Sub", x, y))
        return sum_to_inputs(x, y, by_x, apply("Neg", by_x))


def _squared_difference(x: Array, y: Array) -> Array:
    difference: Array = np.subtract(x, y)
    return np.conjugate(difference) * difference if difference.dtype.kind == "c" else difference * difference


def squared_difference(x: TensorLike, y: TensorLike, name: str | None = None) -> Tensor:
    """(x - y) squared, element by element.

    Parameters
    ----------
    x, y : Tensor or array_like
        Of one dtype, any float or complex dtype, int32 or int64, and of shapes that broadcast together.
    name : str, optional
        Name of the operation, ``SquaredDifference`` by default.

    Returns
    -------
    Tensor
        ``conj(x - y) * (x - y)``, of the dtype of the inputs and their broadcast shape.

    Raises
    ------
    TypeError
        The dtypes differ, or are not among those above.
    ValueError
        The shapes do not broadcast together.
    """
    return apply("SquaredDifference", x, y, name=name)
