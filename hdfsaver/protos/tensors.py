"""TensorProto: the value of a constant in the definition of a graph."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from hdfsaver import dtypes
from hdfsaver.shapes import TensorShapeProto

Array = npt.NDArray[Any]

CONTENT = "tensor_content"

# Which field of TensorFlow's message holds the elements of which dtype (tensor.proto), the narrow ones in a wider list.
FIELD_BY_DTYPE = {
    "float32": "float_val",
    "float64": "double_val",
    "string": "string_val",
    "complex64": "scomplex_val",
    "complex128": "dcomplex_val",
    "int64": "int64_val",
    "bool": "bool_val",
    "uint32": "uint32_val",
    "uint64": "uint64_val",
    "float16": "half_val",
    "bfloat16": "half_val",
    **dict.fromkeys(("int32", "int16", "int8", "uint16", "uint8", "int4", "uint4"), "int_val"),
    **dict.fromkeys(("qint32", "qint16", "qint8", "quint16", "quint8"), "int_val"),
}


class TensorProto:
    """An array with its dtype: TensorFlow's message of that name, which here holds the array as it is.

    Parameters
    ----------
    dtype : int, str or DType
        TensorFlow's number of the dtype.
    tensor_shape : TensorShapeProto, optional
        The shape; a scalar by default.
    tensor_content : bytes, optional
        All elements, little-endian, row by row.
    **values : list
        Instead of that, one of ``float_val``, ``int_val``, ``string_val`` and so on: the elements, the last of which
        is repeated as often as the shape asks for; without any, zeros.

    Attributes
    ----------
    dtype : int
    value : numpy.ndarray
        Byte strings are objects.

    Raises
    ------
    ValueError
        The elements do not fill the shape, or are too many for it, or the shape is not known.
    """

    __slots__ = ("dtype", "value")

    def __init__(
        self,
        dtype: Any = 0,
        tensor_shape: TensorShapeProto | None = None,
        tensor_content: bytes = b"",
        **values: Any,
    ) -> None:
        self.dtype: int = dtypes.as_dtype(dtype).base_dtype.as_datatype_enum if dtype else 0
        shape = () if tensor_shape is None else tensor_shape.plain
        if shape is None or None in shape:
            raise ValueError("The shape of a tensor with a value must be known in full.")
        self.value = self._elements(tuple(size or 0 for size in shape), tensor_content, values)

    @classmethod
    def of(cls, value: Array, dtype: str | None = None) -> TensorProto:
        """The message for an array, which is not copied; the dtype's name where NumPy's does not tell it."""
        new = cls.__new__(cls)
        new.dtype = dtypes.as_dtype(dtype or dtypes.name_of_numpy(value.dtype)).base_dtype.as_datatype_enum
        new.value = value
        return new

    def _elements(self, shape: tuple[int, ...], content: bytes, values: dict[str, Any]) -> Array:
        name = self.dtype_name
        dtype = dtypes.numpy_dtype(name)
        if content:
            return np.frombuffer(content, dtype.newbyteorder("<")).astype(dtype).reshape(shape)
        given = [(field, items) for field, items in values.items() if len(items)]
        for field, _ in given:
            if field != FIELD_BY_DTYPE.get(name):
                raise ValueError(f"Elements of dtype {name} belong into {FIELD_BY_DTYPE.get(name)}, not into {field}.")
        if not given:
            return np.full(shape, b"" if name == "string" else np.zeros((), dtype), dtype)
        return _filled(_from_field(name, given[0][1]), shape)

    @property
    def dtype_name(self) -> str:
        """The dtype's name; float32 where none was given."""
        return dtypes.as_dtype(self.dtype).name if self.dtype else "float32"

    @property
    def tensor_shape(self) -> TensorShapeProto:
        """The shape."""
        return TensorShapeProto.of(self.value.shape)

    @property
    def tensor_content(self) -> bytes:
        """All elements, little-endian, row by row; empty for strings, which `string_val` has."""
        if self.value.dtype == np.object_:
            return b""
        return self.value.astype(self.value.dtype.newbyteorder("<"), copy=False).tobytes()

    def elements(self) -> tuple[str, list[Any]]:
        """The name of the field that TensorFlow keeps elements of the dtype in, and what it would hold."""
        name = self.dtype_name
        flat = self.value.ravel()
        field = FIELD_BY_DTYPE.get(name, CONTENT)
        if field == "half_val":
            flat = flat.view(np.uint16)
        if flat.dtype.kind == "c":
            flat = flat.view(flat.real.dtype)
        if field == "int_val":
            flat = flat.astype(np.int64)
        return field, [] if field == CONTENT else flat.tolist()

    def __getattr__(self, name: str) -> list[Any]:
        # float_val, int_val and so on: lists that are made when somebody asks.
        if name not in FIELD_BY_DTYPE.values():
            raise AttributeError(f"A TensorProto has no field {name!r}.")
        field, items = self.elements()
        return items if field == name else []

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self.value, dtype, copy=copy)

    def CopyFrom(self, other: TensorProto) -> None:
        """Become equal to another tensor."""
        self.dtype, self.value = other.dtype, other.value

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TensorProto):
            return NotImplemented
        return self.dtype == other.dtype and same_array(self.value, other.value)

    __hash__ = None  # type: ignore[assignment]  # messages can be changed

    def __repr__(self) -> str:
        return f"TensorProto(dtype={self.dtype}, value={self.value!r})"


def _from_field(name: str, items: Any) -> Array:
    dtype = dtypes.numpy_dtype(name)
    if name == "string":
        array = np.empty(len(items), dtype)
        array[:] = items
        return array
    if name in ("float16", "bfloat16"):
        return np.array(items, np.uint16).view(dtype)
    if dtype.kind == "c":
        return np.array(items, np.zeros(0, dtype).real.dtype).view(dtype)
    return np.array(items).astype(dtype)


def _filled(flat: Array, shape: tuple[int, ...]) -> Array:
    count = int(np.prod(shape, dtype=np.int64))
    if len(flat) > count:
        raise ValueError(f"A tensor of shape {shape} has {count} elements, but {len(flat)} are given.")
    array = np.empty(count, flat.dtype)
    array[: len(flat)] = flat
    array[len(flat) :] = flat[-1]
    return array.reshape(shape)


def same_array(first: Array, second: Array) -> bool:
    """Whether two arrays are the same, bit for bit."""
    if first.dtype != second.dtype or first.shape != second.shape:
        return False
    if first.dtype == np.object_:
        return bool(first.ravel().tolist() == second.ravel().tolist())
    return first is second or first.tobytes() == second.tobytes()


def make_ndarray(tensor: TensorProto) -> Array:
    """The array that a `TensorProto` holds, as a copy; byte strings are objects.

    Raises
    ------
    TypeError
        It is no `TensorProto`.
    """
    if not isinstance(tensor, TensorProto):
        raise TypeError(f"make_ndarray takes a TensorProto, not {tensor!r}.")
    return np.array(tensor.value)
