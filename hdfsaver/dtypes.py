"""The dtypes: one table, with a row per dtype and a column per naming system.

Inside the DiGraph and the file a dtype is its TensorFlow name (``"float32"``, ``"float32_ref"`` for a reference to a
variable); `DType` is the corresponding object of TensorFlow's API (``tf.float32``).
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import ml_dtypes
import numpy as np
import numpy.typing as npt

from hdfsaver.absent_names import absent as _absent

if TYPE_CHECKING:
    from hdfsaver.dtype_functions import as_string, cast, complex, saturate_cast

__all__ = [
    "DType",
    "DTypeLike",
    "QUANTIZED_DTYPES",
    "as_dtype",
    "as_string",
    "bfloat16",
    "bool_",
    "cast",
    "complex",
    "complex128",
    "complex64",
    "double",
    "float16",
    "float32",
    "float64",
    "float8_e4m3b11fnuz",
    "float8_e4m3fn",
    "float8_e4m3fnuz",
    "float8_e5m2",
    "float8_e5m2fnuz",
    "half",
    "int16",
    "int32",
    "int4",
    "int64",
    "int8",
    "qint16",
    "qint32",
    "qint8",
    "quint16",
    "quint8",
    "resource",
    "saturate_cast",
    "string",
    "uint16",
    "uint32",
    "uint4",
    "uint64",
    "uint8",
    "variant",
]

REF_OFFSET = 100
"""TensorFlow's offset between the number of a dtype and that of its reference dtype (``types.proto``)."""

REF_SUFFIX = "_ref"


class Integer(NamedTuple):
    """An HDF5 integer: ``precision`` significant bits in ``size`` bytes."""

    size: int
    signed: bool
    precision: int


class Float(NamedTuple):
    """An HDF5 floating-point number: sign on top, then exponent, then mantissa with an implied leading 1."""

    size: int
    exponent_bits: int
    mantissa_bits: int
    bias: int


class Complex(NamedTuple):
    """An HDF5 compound of two floats, ``r`` and ``i``."""

    part: Float


class Boolean(NamedTuple):
    """An HDF5 enumeration of 8-bit integers: FALSE = 0, TRUE = 1."""


class Text(NamedTuple):
    """Byte strings of any content; their storage in the file depends on their lengths."""


Hdf5 = Integer | Float | Complex | Boolean | Text

_HALF = Float(2, 5, 10, 15)
_SINGLE = Float(4, 8, 23, 127)
_DOUBLE = Float(8, 11, 52, 1023)
_BFLOAT = Float(2, 8, 7, 127)
_E5M2 = Float(1, 5, 2, 15)
_CODE8 = Integer(1, False, 8)


class Row(NamedTuple):
    """One dtype in every naming system; None where a system does not have it."""

    name: str
    enum: int | None
    numpy: npt.DTypeLike
    hdf5: Hdf5 | None
    onnx: int | None
    safetensors: str | None
    torch: str | None


# Sources of the columns: enum, tensorflow/core/framework/types.proto; onnx, TensorProto.DataType of onnx.proto;
# safetensors, the Dtype names of its header; torch, attribute names of the torch module. None also stands for a form in
# which several numbers share a byte and that is not read or written here (F4 and F6 of safetensors, the pairs of
# torch). The HDF5 column has only types
# that h5dump shows correctly: float8_e4m3fn and similar types differ from HDF5's floats in infinities or zeros, so
# their codes are stored as unsigned bytes with the name of the dtype in an attribute.
TABLE: tuple[Row, ...] = (
    #   name                 enum  numpy                            hdf5                    onnx  safetensors  torch
    Row("float32", 1, np.float32, _SINGLE, 1, "F32", "float32"),
    Row("float64", 2, np.float64, _DOUBLE, 11, "F64", "float64"),
    Row("int32", 3, np.int32, Integer(4, True, 32), 6, "I32", "int32"),
    Row("uint8", 4, np.uint8, _CODE8, 2, "U8", "uint8"),
    Row("int16", 5, np.int16, Integer(2, True, 16), 5, "I16", "int16"),
    Row("int8", 6, np.int8, Integer(1, True, 8), 3, "I8", "int8"),
    Row("string", 7, np.object_, Text(), 8, None, None),
    Row("complex64", 8, np.complex64, Complex(_SINGLE), 14, "C64", "complex64"),
    Row("int64", 9, np.int64, Integer(8, True, 64), 7, "I64", "int64"),
    Row("bool", 10, np.bool_, Boolean(), 9, "BOOL", "bool"),
    Row("qint8", 11, np.int8, Integer(1, True, 8), None, None, None),
    Row("quint8", 12, np.uint8, _CODE8, None, None, None),
    Row("qint32", 13, np.int32, Integer(4, True, 32), None, None, None),
    Row("bfloat16", 14, ml_dtypes.bfloat16, _BFLOAT, 16, "BF16", "bfloat16"),
    Row("qint16", 15, np.int16, Integer(2, True, 16), None, None, None),
    Row("quint16", 16, np.uint16, Integer(2, False, 16), None, None, None),
    Row("uint16", 17, np.uint16, Integer(2, False, 16), 4, "U16", "uint16"),
    Row("complex128", 18, np.complex128, Complex(_DOUBLE), 15, None, "complex128"),
    Row("float16", 19, np.float16, _HALF, 10, "F16", "float16"),
    Row("resource", 20, np.object_, None, None, None, None),
    Row("variant", 21, np.object_, None, None, None, None),
    Row("uint32", 22, np.uint32, Integer(4, False, 32), 12, "U32", "uint32"),
    Row("uint64", 23, np.uint64, Integer(8, False, 64), 13, "U64", "uint64"),
    Row("float8_e5m2", 24, ml_dtypes.float8_e5m2, _E5M2, 19, "F8_E5M2", "float8_e5m2"),
    Row("float8_e4m3fn", 25, ml_dtypes.float8_e4m3fn, _CODE8, 17, "F8_E4M3", "float8_e4m3fn"),
    Row("float8_e4m3fnuz", 26, ml_dtypes.float8_e4m3fnuz, _CODE8, 18, "F8_E4M3FNUZ", "float8_e4m3fnuz"),
    Row("float8_e4m3b11fnuz", 27, ml_dtypes.float8_e4m3b11fnuz, _CODE8, None, None, None),
    Row("float8_e5m2fnuz", 28, ml_dtypes.float8_e5m2fnuz, _CODE8, 20, "F8_E5M2FNUZ", "float8_e5m2fnuz"),
    Row("int4", 29, ml_dtypes.int4, Integer(1, True, 4), 22, None, None),
    Row("uint4", 30, ml_dtypes.uint4, Integer(1, False, 4), 21, None, None),
    Row("int2", 31, ml_dtypes.int2, Integer(1, True, 2), 26, None, None),
    Row("uint2", 32, ml_dtypes.uint2, Integer(1, False, 2), 25, None, None),
    Row("float4_e2m1fn", 33, ml_dtypes.float4_e2m1fn, _CODE8, 23, None, None),
    # Not in TensorFlow:
    Row("float6_e2m3fn", None, ml_dtypes.float6_e2m3fn, _CODE8, None, None, None),
    Row("float6_e3m2fn", None, ml_dtypes.float6_e3m2fn, _CODE8, None, None, None),
    Row("float8_e8m0fnu", None, ml_dtypes.float8_e8m0fnu, _CODE8, 24, "F8_E8M0", "float8_e8m0fnu"),
    Row("float8_e4m3", None, ml_dtypes.float8_e4m3, Float(1, 4, 3, 7), None, None, None),
    Row("float8_e3m4", None, ml_dtypes.float8_e3m4, Float(1, 3, 4, 3), None, None, None),
)

ROW_BY_NAME = {row.name: row for row in TABLE}

IN_GRAPHS = frozenset(row.name for row in TABLE if row.enum is not None)
"""The dtypes of TensorFlow, which tensors of a graph can have; the others are dtypes of stored arrays alone."""

_QUANTIZED = frozenset({"qint8", "quint8", "qint16", "quint16", "qint32"})
_HANDLES = frozenset({"resource", "variant"})

# The quantized dtypes share NumPy's integers with the plain ones, and handles share `object` with strings: NumPy's
# dtype means the plain one.
_NAME_BY_NUMPY = {np.dtype(row.numpy): row.name for row in TABLE if row.name not in _QUANTIZED | _HANDLES}


class DType:
    """A dtype with TensorFlow's properties (``tf.float32``); one object per dtype, so ``is`` compares too.

    Parameters
    ----------
    type_enum : int
        The number in TensorFlow's ``types.proto``.

    Raises
    ------
    TypeError
        No dtype has that number.
    """

    __slots__ = ("_is_ref", "_row")
    _row: Row
    _is_ref: bool

    def __new__(cls, type_enum: int) -> DType:  # noqa: D102, the class says it
        found = _BY_ENUM.get(int(type_enum))
        if found is None:
            raise TypeError(f"type_enum is not a valid types.proto value: {type_enum}.")
        return found

    @classmethod
    def _of(cls, row: Row, is_ref: bool) -> DType:
        made = object.__new__(cls)
        made._row, made._is_ref = row, is_ref
        return made

    @property
    def name(self) -> str:
        """TensorFlow's name, ``"float32"`` or ``"float32_ref"``."""
        return self._row.name + REF_SUFFIX if self._is_ref else self._row.name

    @property
    def base_dtype(self) -> DType:
        """The dtype that a reference refers to; the dtype itself otherwise."""
        return _BY_NAME[self._row.name]

    @property
    def is_ref_dtype(self) -> bool:
        """Whether this is a reference to a variable."""
        return self._is_ref

    _is_ref_dtype = is_ref_dtype

    @property
    def _as_ref(self) -> DType:
        return _BY_NAME[self._row.name + REF_SUFFIX]

    @property
    def as_numpy_dtype(self) -> type[Any]:
        """NumPy's type class, as ``np.float32``; ``object`` for strings, and for handles, which NumPy does not have.

        Arrays of quantized dtypes hold plain integers, so it is those: ``np.int8`` for ``qint8``.
        """
        found: type[Any] = np.dtype(self._row.numpy).type
        return object if found is np.object_ else found

    @property
    def real_dtype(self) -> DType:
        """The dtype of a complex number's parts; the dtype itself otherwise."""
        return {"complex64": float32, "complex128": float64}.get(self._row.name, self)

    @property
    def as_datatype_enum(self) -> int:
        """The number in TensorFlow's ``types.proto``; `TypeError` for a dtype that TensorFlow does not have."""
        if self._row.enum is None:
            raise TypeError(f"TensorFlow has no dtype {self._row.name}; cast the values to another one.")
        return self._row.enum + REF_OFFSET * self._is_ref

    @property
    def size(self) -> int:
        """Bytes per element; 1 for strings, as in TensorFlow."""
        return 1 if self.as_numpy_dtype is object else np.dtype(self._row.numpy).itemsize

    @property
    def is_bool(self) -> bool:
        """Whether this is ``bool``."""
        return self._row.name == "bool"

    @property
    def is_floating(self) -> bool:
        """Whether this is a real floating-point dtype."""
        return "float" in self._row.name

    @property
    def is_complex(self) -> bool:
        """Whether this is a complex dtype."""
        return isinstance(self._row.hdf5, Complex)

    @property
    def is_quantized(self) -> bool:
        """Whether this is a quantized dtype."""
        return self._row.name in _QUANTIZED

    @property
    def is_integer(self) -> bool:
        """Whether this is a plain (not quantized) integer dtype."""
        return self._row.name.startswith(("int", "uint"))

    @property
    def is_unsigned(self) -> bool:
        """Whether this is an unsigned integer dtype."""
        return self.is_integer and self._row.name.startswith("u")

    @property
    def is_numpy_compatible(self) -> bool:
        """Whether NumPy arrays can hold its values."""
        return self._row.name not in _HANDLES

    @property
    def min(self) -> Any:
        """The smallest finite value; `TypeError` for a dtype without limits."""
        return self._limits().min

    @property
    def max(self) -> Any:
        """The largest finite value; `TypeError` for a dtype without limits."""
        return self._limits().max

    def _limits(self) -> Any:
        if self.is_floating:
            return ml_dtypes.finfo(self.as_numpy_dtype)
        if self.is_integer:
            return ml_dtypes.iinfo(self.as_numpy_dtype)
        raise TypeError(f"Dtype {self.name} has neither a minimum nor a maximum.")

    def is_compatible_with(self, other: DTypeLike) -> bool:
        """Whether a tensor of the other dtype can be used where this dtype is expected.

        A reference can be used as its value, but not the other way round.
        """
        dtype = as_dtype(other)
        return self in (dtype, dtype.base_dtype)

    @property
    def is_numeric(self) -> bool:
        """Whether this is a dtype of numbers with 8 bits or more, floats of 8 bits left out."""
        if self.is_floating or self.is_integer:
            return np.dtype(self._row.numpy).isbuiltin == 1 or self.base_dtype is bfloat16
        return self.is_complex or self.is_quantized

    def is_subtype_of(self, other: object) -> bool:
        """Whether the other is the same dtype."""
        return self == other

    def most_specific_common_supertype(self, others: Iterable[object]) -> DType | None:
        """The dtype itself where all others are the same; None otherwise."""
        return self if all(self == other for other in others) else None

    @property
    def limits(self) -> tuple[Any, Any]:
        """The range of an image's values in this dtype: from 0 to 1 for floats, to the largest integer otherwise.

        Raises
        ------
        ValueError
            TensorFlow does not give this dtype such a range.
        """
        if self.is_bool:
            return 0, True
        if self.base_dtype in (float32, float64):
            return 0, 1
        if self.is_integer and self.size * 8 == np.iinfo(self.as_numpy_dtype).bits:
            return 0, np.iinfo(self.as_numpy_dtype).max
        raise ValueError(f"{self} does not have defined limits.")

    def __eq__(self, other: object) -> bool:
        if isinstance(other, DType):
            return self is other
        try:
            return self is as_dtype(other)  # type: ignore[arg-type]  # any object
        except TypeError:
            return False

    def __hash__(self) -> int:
        return hash(self.name) if self._row.enum is None else self.as_datatype_enum

    def __reduce__(self) -> Any:
        return as_dtype, (self.name,)

    def __str__(self) -> str:
        return f"<dtype: {self.name!r}>"

    def __repr__(self) -> str:
        return f"tf.{self.name}"


DTypeLike: TypeAlias = DType | str | int | type[Any] | np.dtype[Any]
"""A value that stands for a dtype; see `as_dtype`."""

_BY_NAME = {
    row.name + (REF_SUFFIX if is_ref else ""): DType._of(row, is_ref) for row in TABLE for is_ref in (False, True)
}
_BY_ENUM = {dtype.as_datatype_enum: dtype for dtype in _BY_NAME.values() if dtype._row.enum is not None}

float16 = half = _BY_NAME["float16"]
float32 = _BY_NAME["float32"]
float64 = double = _BY_NAME["float64"]
bfloat16 = _BY_NAME["bfloat16"]
float4_e2m1fn = _BY_NAME["float4_e2m1fn"]
float8_e5m2 = _BY_NAME["float8_e5m2"]
float8_e4m3fn = _BY_NAME["float8_e4m3fn"]
float8_e4m3fnuz = _BY_NAME["float8_e4m3fnuz"]
float8_e4m3b11fnuz = _BY_NAME["float8_e4m3b11fnuz"]
float8_e5m2fnuz = _BY_NAME["float8_e5m2fnuz"]
int2 = _BY_NAME["int2"]
int4 = _BY_NAME["int4"]
int8 = _BY_NAME["int8"]
int16 = _BY_NAME["int16"]
int32 = _BY_NAME["int32"]
int64 = _BY_NAME["int64"]
uint2 = _BY_NAME["uint2"]
uint4 = _BY_NAME["uint4"]
uint8 = _BY_NAME["uint8"]
uint16 = _BY_NAME["uint16"]
uint32 = _BY_NAME["uint32"]
uint64 = _BY_NAME["uint64"]
complex64 = _BY_NAME["complex64"]
complex128 = _BY_NAME["complex128"]
bool_ = _BY_NAME["bool"]
string = _BY_NAME["string"]
qint8 = _BY_NAME["qint8"]
qint16 = _BY_NAME["qint16"]
qint32 = _BY_NAME["qint32"]
quint8 = _BY_NAME["quint8"]
quint16 = _BY_NAME["quint16"]
resource = _BY_NAME["resource"]
variant = _BY_NAME["variant"]

QUANTIZED_DTYPES = frozenset(dtype for dtype in _BY_NAME.values() if dtype.is_quantized)
"""The quantized dtypes, and references to them."""

_ALIASES = {"float16": "half", "float32": "float", "float64": "double"}

_BY_ALIAS = {alias + suffix: _BY_NAME[name + suffix] for name, alias in _ALIASES.items() for suffix in ("", REF_SUFFIX)}
"""TensorFlow's other names. They are not NumPy's, to which "float" is float64."""

_BY_PYTHON_TYPE: dict[Any, DType] = {float: float32, bool: bool_, object: string}
"""Python's types, as far as TensorFlow has them: "int" and `int` have a size in NumPy that depends on the system."""


def as_dtype(value: DTypeLike) -> DType:
    """Convert a name, a number or another library's dtype to a `DType`.

    Parameters
    ----------
    value : DType, str, int, type or numpy.dtype
        TensorFlow's name (``"float"`` is float32) or number, a Python type (float, bool or object), a NumPy dtype or
        scalar type, or an array, which gives its own.

    Raises
    ------
    TypeError
        The value does not stand for a dtype.
    """
    if isinstance(value, DType):
        return value
    found: DType | None = None
    if isinstance(value, str):
        found = _BY_NAME.get(value) or _BY_ALIAS.get(value)
    elif isinstance(value, int):
        found = _BY_ENUM.get(value)
    elif isinstance(value, type) and value in _BY_PYTHON_TYPE:
        found = _BY_PYTHON_TYPE[value]
    elif isinstance(value, np.dtype) or (isinstance(value, type) and issubclass(value, np.generic)):
        found = _of_numpy(value)
    else:
        found = _of_numpy(getattr(value, "dtype", None))
    if found is None:
        raise TypeError(f"Cannot convert {value!r} to a TensorFlow DType; the dtypes are {', '.join(ROW_BY_NAME)}.")
    return found


def _of_numpy(dtype: Any) -> DType | None:
    """The dtype for a NumPy dtype or scalar type, or None; NumPy would take None itself for float64."""
    try:
        return None if dtype is None else _BY_NAME[name_of_numpy(np.dtype(dtype))]
    except TypeError:
        return None


def name_of_numpy(dtype: np.dtype[Any]) -> str:
    """The dtype's name for a NumPy dtype of either byte order; every str or bytes dtype is ``"string"``.

    Raises
    ------
    TypeError
        The dtype has no counterpart (datetimes and structured dtypes, for example).
    """
    if dtype.kind in "SU":
        return "string"
    found = _NAME_BY_NUMPY.get(dtype.newbyteorder("=") if dtype.byteorder in "<>" else dtype)
    if found is None:
        raise TypeError(f"The NumPy dtype {dtype} is not supported; the dtypes are {', '.join(ROW_BY_NAME)}.")
    return found


def base_name(name: str) -> str:
    """The name of the dtype that a reference refers to; any other name unchanged."""
    return name.removesuffix(REF_SUFFIX)


def alias_of(name: str) -> str:
    """The name by which TensorFlow's messages about graphs call a dtype: ``"float"`` for float32."""
    base = base_name(name)
    return _ALIASES.get(base, base) + name[len(base) :]


def is_ref(name: str) -> bool:
    """Whether the name is that of a reference to a variable."""
    return name.endswith(REF_SUFFIX)


def numpy_dtype(name: str) -> np.dtype[Any]:
    """NumPy's dtype for a dtype's name, reference or not."""
    return np.dtype(ROW_BY_NAME[base_name(name)].numpy)


_ABOVE = frozenset({"as_string", "bool", "cast", "complex", "saturate_cast"})
"""Names of ``tf.dtypes`` that are those of the package itself: functions of tensors, which are above this file."""


def __dir__() -> list[str]:
    return __all__


if not TYPE_CHECKING:  # a type checker is to know the names above, and no others

    def __getattr__(name: str) -> object:
        if name in _ABOVE:
            return getattr(sys.modules[__package__], name)
        raise _absent(__name__, name, __all__)
