"""Python functions as operations of a graph: ``tf.py_func`` and ``tf.numpy_function``."""

from __future__ import annotations

import itertools
import secrets
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hdfsaver import dtypes, errors
from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.apply import apply_op
from hdfsaver.graph.definition import Kernel, Node, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.ops.base import Flat, dtype_name, invalid
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import STRING, Array

C_NAMES = {"float32": "float", "float64": "double", "float16": "half"}
"""The names of dtypes in messages of runs, where they are not those of the dtypes."""

_ERRORS: tuple[tuple[type[Exception], Callable[[None, None, str], errors.OpError]], ...] = (
    (TypeError, errors.InvalidArgumentError),
    (ValueError, errors.InvalidArgumentError),
    (StopIteration, errors.OutOfRangeError),
    (MemoryError, errors.ResourceExhaustedError),
    (NotImplementedError, errors.UnimplementedError),
)
"""The error of a run for the one that a function has raised; an `UnknownError` for others."""


class _Function:
    """A function of a program, as long as a graph has it."""

    def __init__(self, call: Callable[..., Any]) -> None:
        self.call = call


_functions: weakref.WeakValueDictionary[str, _Function] = weakref.WeakValueDictionary()
_numbers = itertools.count()

_PROCESS = secrets.token_hex(8)
"""A part of the tokens of this process: a graph from elsewhere can neither name nor guess one of its functions."""


@register
class PyFunc(Flat):
    """Calls a function of the program with the values as NumPy's arrays, and gives what it returns."""

    type = "PyFunc"
    signature = "input: [Tin] -> output: [Tout]"
    needed = {"token": "string"}
    minimums = {"Tin": 0, "Tout": 0}
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """Unknown."""
        return [None] * len(node.attrs["Tout"])

    def kernel(self, node: Node) -> Kernel:
        token = node.attrs["token"].decode("utf-8", "replace")
        wanted = list(node.attrs["Tout"])

        def call(state: object, *values: Array) -> Any:
            found = _functions.get(token)
            if found is None:
                raise invalid(f"Could not find callback with key={token} in the registry: {_why_absent(token)}")
            try:
                given = found.call(*[_own(value) for value in values])
                results = [_array(item) for item in given] if isinstance(given, list | tuple) else [_array(given)]
            except Exception as error:
                raise _public(error) from error
            return _checked(token, results, wanted, given)

        return call


@register
class PyFuncStateless(PyFunc):
    """As `PyFunc`, for a function whose results depend on its arguments alone."""

    type = "PyFuncStateless"


def _why_absent(token: str) -> str:
    """Why a function is not there, and what a program can do."""
    if token.endswith(f".{_PROCESS}"):
        return "the graph that has made the operation is gone. Keep that graph, or feed the results."
    return "another process has made the operation, and its function was not saved. Feed the results, or make it here."


def _own(value: Array) -> Any:
    """A value that the function may change: a copy of an array, a scalar for rank 0."""
    return np.array(value) if np.ndim(value) else np.asarray(value)[()]


def _array(value: Any) -> Array:
    """A result as an array of its own; strings as bytes of any length."""
    array = np.array(value, order="C")
    if array.dtype.kind in "SU" and not isinstance(value, np.ndarray):
        array = np.array(value, dtype=object)  # NumPy's strings of a fixed length lose zeros at the end
    if array.dtype.kind in "SUO":
        items = [item.encode() if isinstance(item, str) else item for item in array.ravel().tolist()]
        array = np.fromiter(items, object, len(items)).reshape(array.shape)
    return array


def _checked(token: str, results: list[Array], wanted: Sequence[str], given: Any) -> Any:
    """The results in the form of a kernel's; refused where they are not as many, or of the dtypes, as promised."""
    if given is None:
        results = []
    token = token.partition(".")[0]
    if len(results) != len(wanted):
        raise invalid(f"{token} returns {len(results)} values, but expects to see {len(wanted)} values.")
    for number, (result, name) in enumerate(zip(results, wanted, strict=True)):
        found = _dtype_name(result)
        if found != name and result.dtype != dtypes.numpy_dtype(name):
            shown = [C_NAMES.get(each, each) for each in (found, name)]
            raise invalid(f"{number}-th value returned by {token} is {shown[0]}, but expects {shown[1]}")
    return results[0] if len(results) == 1 else tuple(results)


def _dtype_name(result: Array) -> str:
    if not result.dtype.hasobject:
        return result.dtype.name
    for item in result.ravel().tolist():
        if not isinstance(item, bytes):
            raise errors.InternalError(None, None, f"Unsupported object type {type(item).__name__}")
    return STRING


def _public(error: Exception) -> errors.OpError:
    message = f"{type(error).__name__}: {error}"
    for kind, public in _ERRORS:
        if isinstance(error, kind):
            return public(None, None, message)
    return errors.UnknownError(None, None, message)


def _made(
    func: Callable[..., Any], inp: Sequence[TensorLike], wanted: Any, op_type: str, name: str | None
) -> Tensor | list[Tensor] | Operation:
    if not callable(func):
        raise ValueError(f"Expected func to be callable. Received func={func} of type {type(func)}.")
    is_list = isinstance(wanted, list | tuple)
    names = [dtype_name(each) for each in (wanted if is_list else [wanted])]
    token = f"pyfunc_{next(_numbers)}.{_PROCESS}"
    function = _Function(func)
    _functions[token] = function
    made = apply_op(op_type, list(inp), name=name, token=token.encode(), Tout=names)
    made.graph.keep_alive(function)
    if not names:
        return made
    return list(made.outputs) if is_list else made.outputs[0]


def py_func(
    func: Callable[..., Any],
    inp: Sequence[TensorLike],
    Tout: DTypeLike | Sequence[DTypeLike],  # noqa: N803, TensorFlow's name
    stateful: bool = True,
    name: str | None = None,
) -> Tensor | list[Tensor] | Operation:
    """Call a Python function in a run.

    The function gets a NumPy array for each input, which it may change, and a scalar where the rank is 0. It gives one
    result, or a list or tuple of several, of exactly the dtypes that are promised. It is not saved with the graph: an
    imported operation runs only in the program that made it.

    Parameters
    ----------
    func : callable
    inp : list of Tensor or array_like
        Its arguments.
    Tout : dtype, or list of dtypes
        The dtypes of the results; an empty list for no result.
    stateful : bool
        False for a function whose results depend on its arguments alone.
    name : str, optional
        Name of the operation, ``PyFunc`` by default.

    Returns
    -------
    Tensor, list of Tensor, or Operation
        A list where ``Tout`` is one; the operation where it is empty. Shapes are not known: see ``Tensor.set_shape``.

    Raises
    ------
    ValueError
        ``func`` cannot be called.
    OpError
        When run: the function has failed, or has given something else than ``Tout`` says.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> doubled = tf.py_func(lambda x: 2 * x, [tf.constant([1.0, 2.0])], tf.float32)
    >>> tf.Session().run(doubled)
    array([2., 4.], dtype=float32)
    """
    return _made(func, inp, Tout, "PyFunc" if stateful else "PyFuncStateless", name)


def numpy_function(
    func: Callable[..., Any],
    inp: Sequence[TensorLike],
    Tout: DTypeLike | Sequence[DTypeLike],  # noqa: N803, TensorFlow's name
    stateful: bool = True,
    name: str | None = None,
) -> Tensor | list[Tensor] | Operation:
    """Call a Python function in a run: another name of `py_func`.

    Parameters
    ----------
    func : callable
    inp : list of Tensor or array_like
        Its arguments.
    Tout : dtype, or list of dtypes
        The dtypes of the results; an empty list for no result.
    stateful : bool
        False for a function whose results depend on its arguments alone.
    name : str, optional
        Name of the operation, ``PyFunc`` by default.

    Returns
    -------
    Tensor, list of Tensor, or Operation

    Raises
    ------
    ValueError
        ``func`` cannot be called.
    OpError
        When run: the function has failed, or has given something else than ``Tout`` says.
    """
    return py_func(func, inp, Tout, stateful, name)
