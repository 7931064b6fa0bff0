"""From Python's and NumPy's values to constants, and to tensors."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeGuard

import numpy as np

from hdfsaver import dtypes
from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.definition import as_value
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.tensor import Convertible, SupportsTensor, Tensor
from hdfsaver.shapes import Dimension, TensorShape
from hdfsaver.tensor_info import Array

Conversion = Callable[[Any, dtypes.DType | None, str | None], Tensor]
"""Takes a value, the dtype that the tensor must have and its name, and makes a tensor."""

_composites: dict[type, Conversion] = {}


def register_composite(kind: type, function: Conversion) -> None:
    """Let `convert_to_tensor` use a function for the values of one class."""
    _composites[kind] = function


def is_tensor(value: Any) -> TypeGuard[SupportsTensor]:
    """Whether a value stands for a tensor: a Tensor itself, a Variable, or anything else that has ``_as_tensor``."""
    return hasattr(type(value), "_as_tensor")


def is_composite(value: Any) -> bool:
    """Whether a value is made of several tensors, and `convert_to_tensor` makes one of them."""
    return type(value) in _composites


def graph_of(values: Sequence[Any]) -> Graph:
    """The graph that the tensors among the values belong to, or the default one if there are no tensors.

    Raises
    ------
    ValueError
        They belong to different graphs.
    """
    graph = None
    around = get_default_graph()
    for tensor in _tensors_within(values):
        if around.building_function and around.surrounds(tensor.graph):
            graph = around  # it takes tensors of the graphs around as arguments
        elif graph is None:
            graph = tensor.graph
        elif tensor.graph is not graph:
            raise ValueError(f"Tensor {tensor.name!r} must be from the same graph as the other inputs.")
    return get_default_graph() if graph is None else graph


def _tensors_within(values: Sequence[Any]) -> Iterator[Any]:
    for value in values:
        if is_tensor(value) or is_composite(value):
            yield value
        elif isinstance(value, list | tuple):
            yield from _tensors_within(value)


def as_array(value: Any, dtype: str | None = None, *, copy: bool = True) -> tuple[Array, str]:
    """Read a value as an array, together with its dtype's name.

    Python's floats become float32 and its integers int32 where they fit (int64 otherwise), as in TensorFlow, and so do
    NumPy's scalars in lists; arrays and single NumPy scalars keep their dtype. Where a dtype is wanted, arrays and
    NumPy's scalars are cast to it as by ``astype``, to another kind too; Python's values must be of that kind. Strings
    become bytes in UTF-8.

    Parameters
    ----------
    value : array_like
        A number, a string, bytes, an array or nested sequences of them.
    dtype : str, optional
        The name of the dtype wanted.
    copy : bool
        With False the array may share memory with the value.

    Returns
    -------
    array : ndarray
    dtype : str

    Raises
    ------
    TypeError
        The value is not of the dtype wanted, or does not have a dtype of TensorFlow.
    ValueError
        The nested sequences are ragged, there is None instead of a value, a shape is not fully known, or an array of
        strings does not hold numbers.
    OverflowError
        A number is beyond the range of the integer dtype wanted.
    """
    if value is None:
        raise ValueError("None values not supported: it cannot become a tensor.")
    if isinstance(value, TensorShape):
        if not value.is_fully_defined():
            raise ValueError(f"Cannot convert a partially known TensorShape {value} to a Tensor.")
        value = _sizes(value, dtype)
    elif isinstance(value, Dimension):
        value = _size_of(value, dtype)
    elif _stands_for_array(value):
        value = np.asarray(value)  # a plain array, which keeps the dtype, of a subclass and of another library's array
    if isinstance(value, np.ndarray | np.generic):
        return _of_array(value, dtype, copy)
    plain = _array_of_python(value)
    found = _dtype_name(plain, value)
    if dtype is None:
        dtype = _default_dtype(found, plain, value)
    if found == "string" or dtype == "string":
        return _as_strings(plain, found, dtype, value), dtype
    if plain.size and not _may_become(dtypes.as_dtype(found), dtypes.as_dtype(dtype)):
        raise TypeError(f"Expected {dtype}, but got {_shown(value)}, which is {found}.")
    return _cast(plain, dtype, copy), dtype


def _stands_for_array(value: Any) -> bool:
    return not isinstance(value, np.generic) and (hasattr(value, "__array__") or hasattr(value, "__array_interface__"))


def _of_array(value: Any, dtype: str | None, copy: bool) -> tuple[Array, str]:
    """The array, or NumPy's scalar, in its own dtype or the one wanted."""
    if dtype is None or dtype == "string":
        found = _dtype_name(value, value)
        if "string" in (found, dtype):
            return _as_strings(value, found, "string", value), "string"
        return _cast(value, found, copy), found
    if value.dtype != object:
        dtypes.name_of_numpy(value.dtype)  # dates, for example, are refused and do not become numbers
    return _cast(value, dtype, copy), dtype


def _sizes(shape: TensorShape, dtype: str | None) -> Array:
    """The sizes as an array of integers, which they stay."""
    if dtype not in (None, "int32", "int64"):
        raise TypeError(f"Cannot convert a TensorShape to dtype {dtype}; its sizes are int32 or int64.")
    sizes = np.array(shape.as_list(), np.int64)
    if dtype is None:
        dtype = "int64" if sizes.size and sizes.max() >= 2**31 else "int32"
    elif dtype == "int32" and sizes.size and sizes.max() >= 2**31:
        raise ValueError(f"Cannot convert a TensorShape to dtype int32; a dimension is too large: {shape}. Take int64.")
    return sizes.astype(dtypes.numpy_dtype(dtype))


def _array_of_python(value: Any) -> Array:
    if _holds_text(value):
        return np.array(value, dtype=object)
    try:
        array = np.asarray(value)
    except NotImplementedError:  # of a tensor among the values
        raise TypeError("A tensor cannot be part of a constant; use tf.stack to join tensors and numbers.") from None
    if array.dtype.kind in "SU":
        raise TypeError(f"Cannot make a tensor of {_shown(value)}, which holds strings and numbers.")
    if array.dtype == object and any(isinstance(item, Dimension) for item in array.flat):
        if any(isinstance(item, Dimension) and item.value is None for item in array.flat):
            raise TypeError(f"Cannot convert {_shown(value)} to a Tensor: a Dimension in it is unknown. {_TAKE_SHAPE}")
        sizes = [item.value if isinstance(item, Dimension) else item for item in array.flat]
        array = np.asarray(sizes).reshape(array.shape)
    return array


_TAKE_SHAPE = "Take tf.shape(x)[i], known in a run."


def _size_of(dimension: Dimension, dtype: str | None) -> int:
    """The size as an integer, which stays one: a size that silently becomes a float is mostly a mistake."""
    if dimension.value is None:
        raise ValueError(f"Cannot convert an unknown Dimension to a Tensor: ?. {_TAKE_SHAPE}")
    if dtype not in (None, "int32", "int64"):
        raise TypeError(f"Cannot convert a Dimension to dtype {dtype}; cast it: tf.cast(dimension, tf.{dtype}).")
    return dimension.value


def _holds_text(value: Any) -> bool:
    # NumPy's own text dtypes would cut trailing NULs, so text must go straight to objects.
    while isinstance(value, list | tuple) and value:
        value = value[0]
    return isinstance(value, str | bytes)


def _dtype_name(array: Any, value: Any) -> str:
    if array.dtype != object:
        return dtypes.name_of_numpy(array.dtype)
    if all(isinstance(item, str | bytes) for item in np.ravel(array)):
        return "string"
    if any(is_tensor(item) for item in np.ravel(array)):
        raise TypeError("A tensor cannot be part of a constant; use tf.stack to join tensors and numbers.")
    raise TypeError(f"Cannot make a tensor of {_shown(value)}.")


def _default_dtype(found: str, array: Array, value: Any) -> str:
    if found == "float64" and not _holds_arrays(value):
        return "float32"
    if found == "int64" and not _holds_arrays(value):
        fits = array.size == 0 or (array.min() >= -(2**31) and array.max() < 2**31)
        return "int32" if fits else "int64"
    return found


def _holds_arrays(value: Any) -> bool:
    """Whether an array stands in a list; one without dimensions counts as a scalar."""
    while isinstance(value, list | tuple) and value:
        value = value[0]
    return isinstance(value, np.ndarray) and value.ndim > 0


def _as_strings(array: Array, found: str, wanted: str, value: Any) -> Array:
    if found != wanted and np.size(array):
        raise TypeError(f"Expected {wanted}, but got {_shown(value)}, which is {found}.")
    if wanted != "string":  # an empty array, so its dtype does not matter
        return np.empty(np.shape(array), dtypes.numpy_dtype(wanted))
    encoded = np.empty(np.size(array), dtype=object)
    encoded[:] = [item.encode() if isinstance(item, str) else bytes(item) for item in np.ravel(array)]
    return encoded.reshape(np.shape(array))


def _cast(array: Any, wanted: str, copy: bool) -> Array:
    dtype, target = dtypes.as_dtype(wanted), dtypes.numpy_dtype(wanted)
    if dtype.is_integer and array.dtype != target and not _in_range(array, dtype):
        raise OverflowError(f"{_shown(array)} is beyond the range of {wanted}.")
    return np.array(array, dtype=target, copy=copy or None)


def _in_range(array: Any, dtype: dtypes.DType) -> bool:
    """Whether the integer parts of numbers are integers of the dtype, and nothing wraps around in a cast to it."""
    least, most = int(dtype.min), int(dtype.max)
    if array.dtype.kind in "biu":
        return array.size == 0 or (least <= int(array.min()) and int(array.max()) <= most)
    numbers = np.trunc(np.real(array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)))
    # The bounds are powers of two (or 0), which floats hold exactly; the largest integer itself may be rounded up.
    return bool(((numbers >= least) & (numbers < float(most + 1))).all())


def _may_become(found: dtypes.DType, wanted: dtypes.DType) -> bool:
    if wanted.is_bool:
        return found is wanted
    if found.is_bool:
        return True
    if found.is_complex:
        return wanted.is_complex
    return found.is_integer or found.is_quantized or not wanted.is_integer


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def constant_node(array: Array, dtype: str, name: str) -> Tensor:
    """Add a constant to the default graph.

    Parameters
    ----------
    array : ndarray
        The value; it becomes the constant's own and read-only.
    dtype : str
    name : str

    Returns
    -------
    Tensor
    """
    attrs = {"value": as_value(array), "dtype": dtype}
    return get_default_graph().create("Const", (), attrs, name).outputs[0]


def convert_to_tensor(
    value: Convertible | None,
    dtype: DTypeLike | None = None,
    name: str | None = None,
    preferred_dtype: DTypeLike | None = None,
) -> Tensor:
    """The tensor that a value stands for; a constant is made of any other value.

    Parameters
    ----------
    value : Tensor, Variable, array_like or IndexedSlices
        Lists in which tensors stand beside numbers are stacked.
    dtype : DType, optional
        The dtype that the result must have.
    name : str, optional
        The name of a new constant.
    preferred_dtype : DType, optional
        The dtype of a new constant if the value allows it.

    Returns
    -------
    Tensor
        The same one where the value is a tensor.

    Raises
    ------
    ValueError
        The tensor is of another dtype.
    TypeError
        The value is of another dtype, or not one that tensors can hold.
    """
    wanted = None if dtype is None else dtypes.as_dtype(dtype).base_dtype
    if is_tensor(value):
        tensor: Tensor = value._as_tensor()
        if wanted is not None and not wanted.is_compatible_with(tensor.dtype):
            raise ValueError(
                f"Tensor conversion requested dtype {wanted.name} for Tensor with dtype {tensor.dtype.name}: "
                f"{tensor!r}."
            )
        return tensor
    if is_composite(value):
        return _composites[type(value)](value, wanted, name)
    if _conversions or _converts_itself(value):
        converted = _converted(value, wanted, name)
        if converted is not None:
            return converted
    if isinstance(value, list | tuple) and _contains_tensor(value):
        return _stacked(value, wanted, name or "packed")
    if isinstance(value, TensorShape | Dimension):
        return _new_constant(value, None if wanted is None else wanted.name, name or "shape_as_tensor")
    if wanted is None and preferred_dtype is not None:
        try:
            return _new_constant(value, dtypes.as_dtype(preferred_dtype).base_dtype.name, name)
        except (TypeError, ValueError, OverflowError):
            pass
    return _new_constant(value, None if wanted is None else wanted.name, name)


class _Conversion(NamedTuple):
    """A function that makes tensors of the values of a type."""

    priority: int
    base_type: Any
    function: Callable[..., Any]


_conversions: list[_Conversion] = []


def register_tensor_conversion_function(
    base_type: type | tuple[type, ...], conversion_func: Callable[..., Any], priority: int = 100
) -> None:
    """Let values of a type stand for tensors.

    Parameters
    ----------
    base_type : type or tuple of type
    conversion_func : callable
        Called with a value and the arguments ``dtype``, ``name`` and ``as_ref``; it gives a tensor, or
        ``NotImplemented`` to leave the value to the next function.
    priority : int
        Functions with a lower number are tried first, and those of one number in the order of registration.

    Raises
    ------
    TypeError
        The type is not one, or one of Python's or NumPy's numbers; or the function cannot be called.
    """
    types = base_type if isinstance(base_type, tuple) else (base_type,)
    if not all(isinstance(item, type) for item in types):
        raise TypeError(f"Argument `base_type` must be a type or a tuple of types. Obtained: {base_type!r}")
    if not callable(conversion_func):
        raise TypeError(f"Argument `conversion_func` must be callable. Received {conversion_func!r}.")
    if any(issubclass(item, int | float | np.generic | np.ndarray) for item in types):
        raise TypeError("Cannot register conversions for Python numeric types and NumPy scalars and arrays.")
    bisect.insort(_conversions, _Conversion(priority, types, conversion_func), key=lambda item: item.priority)


def _converts_itself(value: Any) -> bool:
    """Whether a value has TensorFlow's method that makes a tensor of it."""
    return hasattr(type(value), "__tf_tensor__")


def _converted(value: Any, wanted: dtypes.DType | None, name: str | None) -> Tensor | None:
    """The tensor that a value, or a registered function, makes of it; None where neither does."""
    if _converts_itself(value):
        return _checked(value.__tf_tensor__(wanted, name), wanted, f"Method __tf_tensor__ of {type(value)}")
    for conversion in _conversions:
        if isinstance(value, conversion.base_type):
            found = conversion.function(value, dtype=wanted, name=name, as_ref=False)
            if found is not NotImplemented:
                return _checked(found, wanted, f"Conversion function {conversion.function!r} for type {type(value)}")
    return None


def _checked(found: Any, wanted: dtypes.DType | None, by: str) -> Tensor:
    """The tensor that code of the program gave; `RuntimeError` where it is not one, or of another dtype."""
    if not is_tensor(found):
        raise RuntimeError(f"{by} returned non-Tensor: {found!r}.")
    tensor: Tensor = found._as_tensor()
    if wanted is not None and not wanted.is_compatible_with(tensor.dtype):
        raise RuntimeError(
            f"{by} returned incompatible dtype: requested = {wanted.name}, actual = {tensor.dtype.name}."
        )
    return tensor


def _new_constant(value: Any, dtype: str | None, name: str | None) -> Tensor:
    array, found = as_array(value, dtype)
    return constant_node(array, found, name or "Const")


def _contains_tensor(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(_contains_tensor(item) for item in value)
    if is_tensor(value) or _converts_itself(value):
        return True
    return any(isinstance(value, conversion.base_type) for conversion in _conversions)


def _stacked(values: list[Any] | tuple[Any, ...], wanted: dtypes.DType | None, name: str) -> Tensor:
    wanted = wanted or _dtype_among(values)
    graph = get_default_graph()
    with graph.or_nothing(), graph.name_scope(name) as scope:
        tensors = [_element(value, wanted, str(place)) for place, value in enumerate(values)]
        # `apply` is above: it converts its inputs by the functions of this file.
        attrs = {"axis": 0, "T": tensors[0].dtype.base_dtype.name, "N": len(tensors)}
        return graph_of(tensors).create("Pack", tensors, attrs, scope).outputs[0]


def _element(value: Any, wanted: dtypes.DType | None, name: str) -> Tensor:
    if is_tensor(value) and wanted is not None and not wanted.is_compatible_with(value.dtype):
        raise TypeError(
            f"Cannot convert a list with a tensor of dtype {value.dtype.name} to a tensor of dtype {wanted.name}: "
            f"{value!r}. Convert it with tf.cast."
        )
    return convert_to_tensor(value, wanted, name=name)


def _dtype_among(values: Any) -> dtypes.DType | None:
    """The dtype of the first tensor in nested lists."""
    if is_tensor(values):
        return values.dtype.base_dtype
    if isinstance(values, list | tuple):
        return next((dtype for dtype in map(_dtype_among, values) if dtype is not None), None)
    return None
