"""Comparisons that stop a run, or a program that builds a graph, unless they hold: ``tf.assert_equal`` and others.

A comparison of values that the graph alone tells fails at once, as in TensorFlow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ml_dtypes
import numpy as np

from hdfsaver import dtypes
from hdfsaver.assertions.static_values import constant_value
from hdfsaver.control_flow.conds import Assert_
from hdfsaver.dtypes import DType, DTypeLike
from hdfsaver.errors import InvalidArgumentError
from hdfsaver.graph.apply import apply
from hdfsaver.graph.composite_tensors import SparseTensor
from hdfsaver.graph.definition import NUMBERS, QUANTIZED
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.operators import add
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import scope
from hdfsaver.ops.comparison import equal, greater, greater_equal, less, less_equal, not_equal
from hdfsaver.ops.constants import no_op
from hdfsaver.ops.elementary import abs as absolute
from hdfsaver.ops.reduction import reduce_all

Data = Sequence[TensorLike] | None
"""Tensors and strings that the message of an assertion shows."""


def message_prefix(message: str | None) -> str:
    """The beginning of an error's message: the program's own sentence, if there is one."""
    return f"{message}.  " if message else ""


def _compared(
    symbol: str,
    compare: Callable[[Tensor, Tensor], Tensor],
    known: Callable[[Any, Any], Any],
    x: TensorLike,
    y: TensorLike,
    data: Data,
    summarize: int | None,
    message: str | None,
    name: str | None,
    default: str,
) -> Operation:
    with scope(name, default, x, y, *(data or ())):
        first, second = convert_to_tensor(x, name="x"), convert_to_tensor(y, name="y")
        if data is None:
            data = [
                f"Condition x {symbol} y did not hold element-wise:",
                f"x ({first.name}) = ",
                first,
                f"y ({second.name}) = ",
                second,
            ]
        shown = list(data) if message is None else [message, *data]
        condition = reduce_all(compare(first, second))
        _check_now(first, second, known, shown)
        return Assert_(condition, shown, summarize=summarize)


def _check_now(x: Tensor, y: Tensor, known: Callable[[Any, Any], Any], data: Sequence[Any]) -> None:
    """Raise the error that the run would raise, where both values are known."""
    first = constant_value(x)
    second = None if first is None else constant_value(y)
    if second is None or np.all(known(first, second)):
        return
    texts = [_text(item) for item in data]
    raise InvalidArgumentError(None, None, "\n".join(texts))


def _text(item: Any) -> str:
    value = constant_value(item)
    return str(item if value is None else value)


def _signed(
    condition: str,
    compare: Callable[..., Operation],
    swapped: bool,
    x: TensorLike,
    data: Data,
    summarize: int | None,
    message: str | None,
    name: str | None,
    default: str,
) -> Operation:
    with scope(name, default, x, *(data or ())):
        x = convert_to_tensor(x, name="x")
        if data is None:
            data = [
                message_prefix(message),
                f"Condition x {condition} did not hold element-wise:",
                f"x ({x.name}) = ",
                x,
            ]
        zero = convert_to_tensor(0, x.dtype.base_dtype)
        return compare(zero, x, data, summarize) if swapped else compare(x, zero, data, summarize)


def assert_equal(
    x: TensorLike,
    y: TensorLike,
    data: Data = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """Make an operation that stops the run unless values are equal: ``x == y`` for all elements.

    Parameters
    ----------
    x, y : Tensor or array_like
        Values of one dtype, whose shapes are broadcast.
    data : sequence of Tensor or array_like, optional
        Values for the message; by default what was compared.
    summarize : int, optional
        How many values of each tensor the message shows: 3 by default, all for -1.
    message : str, optional
        The beginning of the message.
    name : str, optional
        Name scope of the operations, ``assert_equal`` by default.

    Returns
    -------
    Operation
        To be run, or given to `control_dependencies`.

    Raises
    ------
    InvalidArgumentError
        Both values are known and the condition does not hold. When run: it does not hold.
    TypeError
        The dtypes differ.
    """
    # TensorFlow enters the scope here as well, so that the names of operations begin with assert_equal_1.
    with scope(name, "assert_equal", x, y, *(data or ())):
        if x is y:
            return no_op()
    return _compared("==", equal, np.equal, x, y, data, summarize, message, name, "assert_equal")


def assert_none_equal(
    x: TensorLike,
    y: TensorLike,
    data: Data = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """Make an operation that stops the run unless values are unequal everywhere: ``x != y`` for all elements.

    Parameters
    ----------
    x, y : Tensor or array_like
        Values of one dtype, whose shapes are broadcast.
    data : sequence of Tensor or array_like, optional
        Values for the message; by default what was compared.
    summarize : int, optional
        How many values of each tensor the message shows: 3 by default, all for -1.
    message : str, optional
        The beginning of the message.
    name : str, optional
        Name scope of the operations, ``assert_none_equal`` by default.

    Returns
    -------
    Operation
        To be run, or given to `control_dependencies`.

    Raises
    ------
    InvalidArgumentError
        Both values are known and the condition does not hold. When run: it does not hold.
    TypeError
        The dtypes differ.
    """
    return _compared("!=", not_equal, np.not_equal, x, y, data, summarize, message, name, "assert_none_equal")


def assert_less(
    x: TensorLike,
    y: TensorLike,
    data: Data = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """Make an operation that stops the run unless values are less than others: ``x < y`` for all elements.

    Parameters
    ----------
    x, y : Tensor or array_like
        Values of one dtype, whose shapes are broadcast.
    data : sequence of Tensor or array_like, optional
        Values for the message; by default what was compared.
    summarize : int, optional
        How many values of each tensor the message shows: 3 by default, all for -1.
    message : str, optional
        The beginning of the message.
    name : str, optional
        Name scope of the operations, ``assert_less`` by default.

    Returns
    -------
    Operation
        To be run, or given to `control_dependencies`.

    Raises
    ------
    InvalidArgumentError
        Both values are known and the condition does not hold. When run: it does not hold.
    TypeError
        The dtypes differ.
    """
    return _compared("<", less, np.less, x, y, data, summarize, message, name, "assert_less")


def assert_less_equal(
    x: TensorLike,
    y: TensorLike,
    data: Data = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """Make an operation that stops the run unless values are not greater than others: ``x <= y`` for all elements.

    Parameters
    ----------
    x, y : Tensor or array_like
        Values of one dtype, whose shapes are broadcast.
    data : sequence of Tensor or array_like, optional
        Values for the message; by default what was compared.
    summarize : int, optional
        How many values of each tensor the message shows: 3 by default, all for -1.
    message : str, optional
        The beginning of the message.
    name : str, optional
        Name scope of the operations, ``assert_less_equal`` by default.

    Returns
    -------
    Operation
        To be run, or given to `control_dependencies`.

    Raises
    ------
    InvalidArgumentError
        Both values are known and the condition does not hold. When run: it does not hold.
    TypeError
        The dtypes differ.
    """
    return _compared("<=", less_equal, np.less_equal, x, y, data, summarize, message, name, "assert_less_equal")


def assert_greater(
    x: TensorLike,
    y: TensorLike,
    data: Data = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """Make an operation that stops the run unless values are greater than others: ``x > y`` for all elements.

    Parameters
    ----------
    x, y : Tensor or array_like
        Values of one dtype, whose shapes are broadcast.
    data : sequence of Tensor or array_like, optional
        Values for the message; by default what was compared.
    summarize : int, optional
        How many values of each tensor the message shows: 3 by default, all for -1.
    message : str, optional
        The beginning of the message.
    name : str, optional
        Name scope of the operations, ``assert_greater`` by default.

    Returns
    -------
    Operation
        To be run, or given to `control_dependencies`.

    Raises
    ------
    InvalidArgumentError
        Both values are known and the condition does not hold. When run: it does not hold.
    TypeError
        The dtypes differ.
    """
    return _compared(">", greater, np.greater, x, y, data, summarize, message, name, "assert_greater")


def assert_greater_equal(
    x: TensorLike,
    y: TensorLike,
    data: Data = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """Make an operation that stops the run unless values are not less than others: ``x >= y`` for all elements.

    Parameters
    ----------
    x, y : Tensor or array_like
        Values of one dtype, whose shapes are broadcast.
    data : sequence of Tensor or array_like, optional
        Values for the message; by default what was compared.
    summarize : int, optional
        How many values of each tensor the message shows: 3 by default, all for -1.
    message : str, optional
        The beginning of the message.
    name : str, optional
        Name scope of the operations, ``assert_greater_equal`` by default.

    Returns
    -------
    Operation
        To be run, or given to `control_dependencies`.

    Raises
    ------
    InvalidArgumentError
        Both values are known and the condition does not hold. When run: it does not hold.
    TypeError
        The dtypes differ.
    """
    return _compared(
        ">=", greater_equal, np.greater_equal, x, y, data, summarize, message, name, "assert_greater_equal"
    )


def assert_negative(
    x: TensorLike,
    data: Data = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """Make an operation that stops the run unless all values are negative.

    Parameters
    ----------
    x : Tensor or array_like
        Real numbers.
    data : sequence of Tensor or array_like, optional
        Values for the message; by default what was compared.
    summarize : int, optional
        How many values of each tensor the message shows: 3 by default, all for -1.
    message : str, optional
        The beginning of the message.
    name : str, optional
        Name scope of the operations, ``assert_negative`` by default.

    Returns
    -------
    Operation
        To be run, or given to `control_dependencies`.

    Raises
    ------
    InvalidArgumentError
        The values are known and one is not. When run: one is not.
    TypeError
        The values are not real numbers.
    """
    return _signed("< 0", assert_less, False, x, data, summarize, message, name, "assert_negative")


def assert_positive(
    x: TensorLike,
    data: Data = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """Make an operation that stops the run unless all values are positive.

    Parameters
    ----------
    x : Tensor or array_like
        Real numbers.
    data : sequence of Tensor or array_like, optional
        Values for the message; by default what was compared.
    summarize : int, optional
        How many values of each tensor the message shows: 3 by default, all for -1.
    message : str, optional
        The beginning of the message.
    name : str, optional
        Name scope of the operations, ``assert_positive`` by default.

    Returns
    -------
    Operation
        To be run, or given to `control_dependencies`.

    Raises
    ------
    InvalidArgumentError
        The values are known and one is not. When run: one is not.
    TypeError
        The values are not real numbers.
    """
    return _signed("> 0", assert_less, True, x, data, summarize, message, name, "assert_positive")


def assert_non_negative(
    x: TensorLike,
    data: Data = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """Make an operation that stops the run unless all values are not negative.

    Parameters
    ----------
    x : Tensor or array_like
        Real numbers.
    data : sequence of Tensor or array_like, optional
        Values for the message; by default what was compared.
    summarize : int, optional
        How many values of each tensor the message shows: 3 by default, all for -1.
    message : str, optional
        The beginning of the message.
    name : str, optional
        Name scope of the operations, ``assert_non_negative`` by default.

    Returns
    -------
    Operation
        To be run, or given to `control_dependencies`.

    Raises
    ------
    InvalidArgumentError
        The values are known and one is not. When run: one is not.
    TypeError
        The values are not real numbers.
    """
    return _signed(">= 0", assert_less_equal, True, x, data, summarize, message, name, "assert_non_negative")


def assert_non_positive(
    x: TensorLike,
    data: Data = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """Make an operation that stops the run unless all values are not positive.

    Parameters
    ----------
    x : Tensor or array_like
        Real numbers.
    data : sequence of Tensor or array_like, optional
        Values for the message; by default what was compared.
    summarize : int, optional
        How many values of each tensor the message shows: 3 by default, all for -1.
    message : str, optional
        The beginning of the message.
    name : str, optional
        Name scope of the operations, ``assert_non_positive`` by default.

    Returns
    -------
    Operation
        To be run, or given to `control_dependencies`.

    Raises
    ------
    InvalidArgumentError
        The values are known and one is not. When run: one is not.
    TypeError
        The values are not real numbers.
    """
    return _signed("<= 0", assert_less_equal, False, x, data, summarize, message, name, "assert_non_positive")


def assert_near(
    x: TensorLike,
    y: TensorLike,
    rtol: TensorLike | None = None,
    atol: TensorLike | None = None,
    data: Data = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """Make an operation that stops the run unless values are nearly equal: ``|x - y| < atol + rtol * |y|``.

    Parameters
    ----------
    x, y : Tensor or array_like
        Floating-point or complex numbers of one dtype, whose shapes are broadcast.
    rtol, atol : Tensor or float, optional
        The tolerances: 10 times the distance from 1 to the next number of the dtype, by default.
    data : sequence of Tensor or array_like, optional
        Values for the message; by default what was compared.
    summarize : int, optional
        How many values of each tensor the message shows: 3 by default, all for -1.
    message : str, optional
        The beginning of the message.
    name : str, optional
        Name scope of the operations, ``assert_near`` by default.

    Returns
    -------
    Operation
        To be run, or given to `control_dependencies`.

    Raises
    ------
    InvalidArgumentError
        When run: values differ by more.
    ValueError
        The values are not floating-point or complex numbers.
    """
    with scope(name, "assert_near", x, y, rtol, atol, *(data or ())):
        x = convert_to_tensor(x, name="x")
        y = convert_to_tensor(y, x.dtype.base_dtype, name="y")
        dtype = x.dtype.base_dtype.real_dtype
        if not dtype.is_floating:
            raise ValueError(f"assert_near compares floating-point and complex numbers, not {dtype.name}.")
        usual = 10 * float(ml_dtypes.finfo(dtype.as_numpy_dtype).eps)
        relative = convert_to_tensor(usual if rtol is None else rtol, dtype, name="rtol")
        absolute_tolerance = convert_to_tensor(usual if atol is None else atol, dtype, name="atol")
        if data is None:
            data = [
                message_prefix(message),
                f"x and y not equal to tolerance rtol = {_text(relative)}, atol = {_text(absolute_tolerance)}",
                f"x ({x.name}) = ",
                x,
                f"y ({y.name}) = ",
                y,
            ]
        tolerance = add(absolute_tolerance, apply("Mul", relative, absolute(y)))
        return Assert_(reduce_all(less(absolute(apply("Sub", x, y)), tolerance)), list(data), summarize=summarize)


def assert_integer(x: TensorLike, message: str | None = None, name: str | None = None) -> Operation:
    """Check the dtype of a tensor: `TypeError` unless it is a plain integer dtype.

    Parameters
    ----------
    x : Tensor or array_like
    message : str, optional
        The beginning of the message.
    name : str, optional
        Name scope of the operations, ``assert_integer`` by default.

    Returns
    -------
    Operation
        Does nothing.

    Raises
    ------
    TypeError
        It is another dtype.
    """
    with scope(name, "assert_integer", x):
        x = convert_to_tensor(x, name="x")
        if not x.dtype.is_integer:
            raise TypeError(
                f'{message_prefix(message)}Expected "x" to be integer type.  Found: {x.name} of dtype {x.dtype!r}'
            )
        return no_op("statically_determined_was_integer")


def assert_type(
    tensor: TensorLike | SparseTensor, tf_type: DTypeLike, message: str | None = None, name: str | None = None
) -> Operation:
    """Check the dtype of a tensor: `TypeError` unless it is the given one.

    Parameters
    ----------
    tensor : Tensor, SparseTensor or array_like
    tf_type : DType
        The dtype wanted.
    message : str, optional
        The beginning of the message.
    name : str, optional
        Name scope of the operations, ``assert_type`` by default.

    Returns
    -------
    Operation
        Does nothing.

    Raises
    ------
    TypeError
        It is another dtype.
    """
    wanted = dtypes.as_dtype(tf_type)
    with scope(name, "assert_type", tensor):
        if not isinstance(tensor, SparseTensor):
            tensor = convert_to_tensor(tensor, name="tensor")
        if tensor.dtype != wanted:
            shown = getattr(tensor, "name", "tensor")
            raise TypeError(f"{message_prefix(message)}{shown} must be of type {wanted!r}; got {tensor.dtype!r}")
        return no_op("statically_determined_correct_type")


def is_numeric_tensor(tensor: object) -> bool:
    """Whether a value is a tensor of numbers: not of bool or strings."""
    return isinstance(tensor, Tensor) and tensor.dtype.base_dtype.name in NUMBERS | QUANTIZED


def is_non_decreasing(x: TensorLike, name: str | None = None) -> Tensor:
    """Whether no element is less than the one before it, in row-major order; `TypeError` for non-numbers."""
    return _in_order(x, greater_equal, name, "is_non_decreasing")


def is_strictly_increasing(x: TensorLike, name: str | None = None) -> Tensor:
    """Whether each element is greater than the one before it, in row-major order; `TypeError` for non-numbers."""
    return _in_order(x, greater, name, "is_strictly_increasing")


def _in_order(x: TensorLike, compare: Callable[[Tensor, Tensor], Tensor], name: str | None, default: str) -> Tensor:
    with scope(name, default, x):
        flat = apply("Reshape", x, [-1])
        if not is_numeric_tensor(flat):
            raise TypeError(f"Expected x to be numeric, instead found: {flat!r}")
        return reduce_all(compare(flat[1:], flat[:-1]))


def assert_same_float_dtype(tensors: Sequence[Any] | None = None, dtype: DType | None = None) -> DType:
    """The floating-point dtype that tensors share; float32 where neither tensors nor a dtype are given.

    Parameters
    ----------
    tensors : sequence of Tensor or None, optional
        Tensors and variables; None is passed over.
    dtype : DType, optional
        The dtype that all must have.

    Returns
    -------
    DType

    Raises
    ------
    ValueError
        The dtypes differ, or are not floating-point.
    """
    first = None
    for item in tensors or ():
        if item is None:
            continue
        found = item.dtype.base_dtype
        if dtype is None:
            dtype, first = found, item
        elif found != dtype:
            like = "" if first is None else f" as {getattr(first, 'name', first)}"
            shown = getattr(item, "name", item)
            raise ValueError(f"{shown}, type={found!r}, must be of the same type ({dtype!r}){like}.")
    if dtype is None:
        return dtypes.float32
    if not dtype.is_floating:
        raise ValueError(f"Expected floating point type, got {dtype!r}.")
    return dtype


def assert_proper_iterable(values: object) -> None:
    """Raise `TypeError` unless a value is a list or another iterable of Python: not a tensor, an array or a string."""
    if isinstance(values, Tensor | SparseTensor | np.ndarray | str | bytes):
        raise TypeError(f'Expected argument "values" to be a "proper" iterable.  Found: {type(values)}')
    if not hasattr(values, "__iter__"):
        raise TypeError(f'Expected argument "values" to be iterable.  Found: {type(values)}')
