"""Bytes as tensors: raw numbers, lines of comma-separated values, serialized tensors and sparse tensors."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from hdfsaver import dtypes
from hdfsaver.dtypes import DTypeLike
from hdfsaver.errors import DataLossError, OpError
from hdfsaver.graph.apply import apply, apply_list
from hdfsaver.graph.composite_tensors import SparseTensor
from hdfsaver.graph.definition import COMPLEX, FLOATS, Kernel, Node, register
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.messages import message_classes
from hdfsaver.messages.parsing import parse
from hdfsaver.messages.tensor_protos import plain_tensor, write_tensor
from hdfsaver.messages.tensor_types import type_name
from hdfsaver.ops.base import Flat, blank, boxed, dtype_name, invalid
from hdfsaver.ops.sparse_places import joined_sparse, slices_of
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

_PADDED = FLOATS | frozenset({"int8", "int16", "int32", "int64", "uint8", "uint16"})
_RAW = _PADDED | COMPLEX | {"bool"}


def _texts(value: Any) -> list[bytes]:
    return list(np.ravel(np.asarray(value, object)).tolist())


class _Raw(Flat):
    @staticmethod
    def dtype(node: Node) -> np.dtype[Any]:
        """The dtype of the numbers in the bytes."""
        dtype = dtypes.numpy_dtype(node.attrs["out_type"])
        return dtype if dtype.itemsize == 1 else dtype.newbyteorder("<" if node.attrs["little_endian"] else ">")


@register
class DecodeRaw(_Raw):
    """The bytes of each string as numbers, along a new last dimension; all strings have the same length."""

    type = "DecodeRaw"
    signature = "bytes: string -> output: out_type"
    types = {"out_type": _RAW}
    attrs = {"little_endian": True}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape of bytes, and one dimension more."""
        shape = node.input_shapes[0]
        return [None if shape is None else (*shape, None)]

    def kernel(self, node: Node) -> Kernel:
        dtype = self.dtype(node)
        wanted = dtypes.numpy_dtype(node.attrs["out_type"])

        def decode(strings: Array) -> Array:
            found = _texts(strings)
            size = len(found[0]) if found else 0
            for text in found:
                if len(text) != size:
                    raise invalid(
                        "DecodeRaw requires input strings to all be the same size, but element 0 has size "
                        f"{size} and another one {len(text)}."
                    )
            if size % dtype.itemsize:
                raise invalid(
                    f"Input to DecodeRaw has length {size} that is not a multiple of {dtype.itemsize}, the size of "
                    f"{node.attrs['out_type']}."
                )
            numbers = np.frombuffer(b"".join(found), dtype).reshape(*np.shape(strings), -1 if found and size else 0)
            return numbers.astype(wanted)

        return decode


@register
class DecodePaddedRaw(_Raw):
    """As `DecodeRaw`, for strings that are first cut or filled with zeros to one length."""

    type = "DecodePaddedRaw"
    signature = "input_bytes: string, fixed_length: int32 -> output: out_type"
    types = {"out_type": _PADDED}
    attrs = {"little_endian": True}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape of input_bytes, and one dimension more."""
        shape, length = node.input_shapes[0], node.constant(1)
        count = None if length is None else int(length) // dtypes.numpy_dtype(node.attrs["out_type"]).itemsize
        return [None if shape is None else (*shape, count)]

    def kernel(self, node: Node) -> Kernel:
        dtype = self.dtype(node)
        wanted = dtypes.numpy_dtype(node.attrs["out_type"])

        def decode(strings: Array, length: Array) -> Array:
            size = int(length)
            if size <= 0 or size % dtype.itemsize:
                raise invalid(
                    f"fixed_length ({size}) must be greater than zero and a multiple of the size of out_type "
                    f"({dtype.itemsize})."
                )
            data = b"".join(text[:size].ljust(size, b"\0") for text in _texts(strings))
            return np.frombuffer(data, dtype).reshape(*np.shape(strings), size // dtype.itemsize).astype(wanted)

        return decode


# -- comma-separated values --------------------------------------------------------------------------------------------

_CSV = frozenset({"float32", "float64", "int32", "int64", "string"})


@register
class DecodeCSV(Flat):
    """The fields of lines of comma-separated values, for each column a tensor."""

    type = "DecodeCSV"
    signature = "records: string, record_defaults: [OUT_TYPE] -> output: [OUT_TYPE]"
    types = {"OUT_TYPE": _CSV}
    minimums = {"OUT_TYPE": 1}
    attrs = {"field_delim": b",", "use_quote_delim": True, "na_value": b"", "select_cols": []}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape of records, for each."""
        for shape in node.input_shapes[1:]:
            if shape is not None and len(shape) > 1:
                raise ValueError("a default must be a scalar or a vector of at most one element")
        return [node.input_shapes[0]] * len(node.attrs["OUT_TYPE"])

    def kernel(self, node: Node) -> Kernel:
        reader = _Lines(node)
        types = node.attrs["OUT_TYPE"]

        def decode(records: Array, *defaults: Array) -> Any:
            columns: list[list[Any]] = [[] for _ in types]
            for number, record in enumerate(_texts(records)):
                fields = reader.fields(number, record)
                for column, field, name, default in zip(columns, fields, types, defaults, strict=True):
                    column.append(reader.value(number, len(column), field, name, default))
            shape = np.shape(records)
            found = [_column(column, name, shape) for column, name in zip(columns, types, strict=True)]
            return found[0] if len(found) == 1 else tuple(found)

        return decode


def _column(values: list[Any], name: str, shape: tuple[int, ...]) -> Array:
    column = blank((len(values),), name)
    for place, value in enumerate(values):
        column[place] = value
    return column.reshape(shape)


_LINE_ENDS = (b"\n", b"\r")
_QUOTED = "Quoted field has to end with quote followed by delim or end, with quotes inside escaped by another quote,"
_UNQUOTED = "Unquoted fields cannot have quotes/CRLFs inside"


class _Lines:
    def __init__(self, node: Node) -> None:
        attrs = node.attrs
        self.delimiter = attrs["field_delim"]
        self.quotes = attrs["use_quote_delim"]
        self.missing = {b"", attrs["na_value"]}
        self.chosen = attrs["select_cols"]
        self.count = len(attrs["OUT_TYPE"])
        if len(self.delimiter) != 1:
            raise invalid("field_delim should be only 1 char.")
        delimiter = re.escape(self.delimiter)
        quoted = rb'"((?:[^"]|"")*)"' if self.quotes else b"(?!)(.)"
        inside = rb'[^"\r\n%s]*' if self.quotes else rb"[^\r\n%s]*"
        self._field = re.compile(rb"(?:%s|(%s))(?:(%s)|\Z)" % (quoted, inside % delimiter, delimiter), re.DOTALL)
        if self.chosen and (len(self.chosen) != self.count or sorted(set(self.chosen)) != self.chosen):
            raise invalid("select_cols should be strictly increasing indices, as many as there are defaults.")

    def fields(self, number: int, record: bytes) -> list[bytes]:
        """The fields of a line that are wanted."""
        found = self._split(number, record)
        if self.chosen:
            if self.chosen[-1] >= len(found):
                raise invalid(f"Expect at least {self.chosen[-1] + 1} fields but have {len(found)} in record {number}.")
            return [found[place] for place in self.chosen]
        if len(found) != self.count:
            raise invalid(f"Expect {self.count} fields but have {len(found)} in record {number}")
        return found

    def _split(self, number: int, record: bytes) -> list[bytes]:
        found: list[bytes] = []
        place, ends_open = 0, False
        while place < len(record):
            if record[place : place + 1] in _LINE_ENDS:  # before a field they are passed over
                place += 1
                continue
            match = self._field.match(record, place)
            if match is None:
                quoted = self.quotes and record[place : place + 1] == b'"'
                raise invalid(f"{_QUOTED if quoted else _UNQUOTED} in record {number}: {record!r}")
            quoted_text, plain, end = match.groups()
            found.append(plain if quoted_text is None else quoted_text.replace(b'""', b'"'))
            place, ends_open = match.end(), bool(end)
        return [*found, b""] if ends_open else found

    def value(self, number: int, place: int, field: bytes, name: str, default: Array) -> Any:
        """One field as a value of its dtype; the default where it is missing."""
        if field in self.missing:
            if not np.size(default):
                raise invalid(f"Field {place} is required but missing in record {number}!")
            return np.ravel(default)[0]
        if name == "string":
            return field
        try:
            return _NUMBERS[name](field)
        except (ValueError, OverflowError):
            raise invalid(
                f"Field {place} in record {number} is not a valid {name}: {field.decode('utf-8', 'replace')}"
            ) from None


def _integer(low: int, high: int) -> Callable[[bytes], int]:
    def read(field: bytes) -> int:
        if b"_" in field:
            raise ValueError(field)
        value = int(field)
        if not low <= value <= high:
            raise OverflowError(field)
        return value

    return read


def _floating(field: bytes) -> float:
    if b"_" in field:
        raise ValueError(field)
    return float.fromhex(field.decode()) if b"x" in field.lower() else float(field)


_NUMBERS: dict[str, Callable[[bytes], Any]] = {
    "float32": _floating,
    "float64": _floating,
    "int32": _integer(-(2**31), 2**31 - 1),
    "int64": _integer(-(2**63), 2**63 - 1),
}


# -- tensors -----------------------------------------------------------------------------------------------------------


def tensor_bytes(value: Array, dtype: str) -> bytes:
    """A tensor as a serialized ``TensorProto``."""
    message = message_classes.TensorProto()
    write_tensor(message, np.asarray(value), dtype)
    return message.SerializeToString()


def tensor_of(data: bytes, dtype: str) -> Array:
    """The tensor in a serialized ``TensorProto``; `InvalidArgumentError` where it is not one, or of another dtype."""
    try:
        message = parse(message_classes.TensorProto, data, "a serialized tensor")
        found = type_name(message.dtype)
        if found != dtype:
            raise invalid(f"Type mismatch between parsed tensor ({found}) and dtype ({dtype})")
        return plain_tensor(message)
    except DataLossError:
        shown = b64encode(data[:60]).decode()
        raise invalid(f"Could not parse `serialized` as TensorProto, base64: {shown}") from None
    except OpError:
        raise
    except (TypeError, ValueError) as error:
        raise invalid(f"Could not parse `serialized` as TensorProto: {error}") from None


@register
class SerializeTensor(Flat):
    """A tensor as the bytes of a TensorProto."""

    type = "SerializeTensor"
    signature = "tensor: T -> serialized: string"

    def shapes(self, node: Node) -> Sequence[Shape]:
        """()."""
        return [()]

    def kernel(self, node: Node) -> Kernel:
        dtype = node.attrs["T"]
        return lambda value: boxed(tensor_bytes(value, dtype))


@register
class ParseTensor(Flat):
    """The tensor of the bytes of a TensorProto."""

    type = "ParseTensor"
    signature = "serialized: string -> output: out_type"
    types = {}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """Unknown."""
        return [None]

    def kernel(self, node: Node) -> Kernel:
        dtype = node.attrs["out_type"]
        return lambda data: tensor_of(np.asarray(data).item(), dtype)


# -- sparse tensors ----------------------------------------------------------------------------------------------------

_PACKED = frozenset({"string", "variant"})
_PARTS = 3


class _Serialize(Flat):
    signature = "sparse_indices: int64, sparse_values: T, sparse_shape: int64 -> serialized_sparse: out_type"
    types = {"out_type": _PACKED}
    default_types = {"out_type": "string"}
    attrs = {"out_type": "string"}


def _packed(parts: Sequence[Array], node: Node) -> list[Any]:
    if node.attrs["out_type"] == "variant":
        return [np.asarray(part) for part in parts]
    names = ("int64", node.attrs["T"], "int64")
    return [tensor_bytes(part, name) for part, name in zip(parts, names, strict=True)]


def _row(items: Sequence[Any]) -> Array:
    row = np.empty(len(items), object)
    for place, item in enumerate(items):
        row[place] = item
    return row


@register
class SerializeSparse(_Serialize):
    """A sparse tensor as three values: those of indices, values and shape."""

    type = "SerializeSparse"

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(3,)."""
        return [(_PARTS,)]

    def kernel(self, node: Node) -> Kernel:
        return lambda *parts: _row(_packed(parts, node))


@register
class SerializeManySparse(_Serialize):
    """The slices of a sparse tensor along its first dimension, each as three values."""

    type = "SerializeManySparse"

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(None, 3)."""
        return [(None, _PARTS)]

    def kernel(self, node: Node) -> Kernel:
        def pack(*parts: Array) -> Array:
            slices = slices_of(*parts)
            rows = np.empty((len(slices), _PARTS), object)
            for place, each in enumerate(slices):
                for number, item in enumerate(_packed(each, node)):
                    rows[place, number] = item
            return rows

        return pack


class _Deserialize(Flat):
    def shapes(self, node: Node) -> Sequence[Shape]:
        """(None, None), (None,) and (None,)."""
        return [(None, None), (None,), (None,)]

    def kernel(self, node: Node) -> Kernel:
        names = ("int64", node.attrs["dtype"], "int64")

        def unpack(packed: Array) -> tuple[Array, Array, Array]:
            array = np.asarray(packed)
            if not array.ndim or array.shape[-1] != _PARTS:
                raise invalid(f"Serialized sparse should have {_PARTS} as the last dimension, not {array.shape}.")
            rows = array.reshape(-1, _PARTS)
            found = [
                [
                    tensor_of(item, name) if isinstance(item, bytes) else item
                    for item, name in zip(row, names, strict=True)
                ]
                for row in rows.tolist()
            ]
            return joined_sparse(found, array.shape[:-1], node.attrs["dtype"])

        return unpack


@register
class DeserializeSparse(_Deserialize):
    """The sparse tensor of serialized ones, along new dimensions before theirs."""

    type = "DeserializeSparse"
    signature = "serialized_sparse: Tserialized -> sparse_indices: int64, sparse_values: dtype, sparse_shape: int64"
    types = {"Tserialized": _PACKED}
    default_types = {"Tserialized": "string"}


@register
class DeserializeManySparse(_Deserialize):
    """The sparse tensor of serialized ones, along a new first dimension."""

    type = "DeserializeManySparse"
    signature = "serialized_sparse: string -> sparse_indices: int64, sparse_values: dtype, sparse_shape: int64"


# -- functions ---------------------------------------------------------------------------------------------------------


def decode_raw(
    input_bytes: TensorLike | None = None,
    out_type: DTypeLike = dtypes.uint8,
    little_endian: bool = True,
    name: str | None = None,
    bytes: TensorLike | None = None,
) -> Tensor:
    """The bytes of strings as numbers.

    Parameters
    ----------
    input_bytes : Tensor or array_like
        Strings, all of one length.
    out_type : dtype
    little_endian : bool
        The order of the bytes of a number.
    name : str, optional
        Name of the operation.
    bytes : Tensor or array_like
        Another name of ``input_bytes``.

    Returns
    -------
    Tensor
        With one dimension more.

    Raises
    ------
    InvalidArgumentError
        When run: the length is not a multiple of the size of a number.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> tf.Session().run(tf.decode_raw(["AB", "CD"], tf.uint8))
    array([[65, 66],
           [67, 68]], dtype=uint8)
    """
    given = input_bytes if input_bytes is not None else bytes
    return apply("DecodeRaw", given, out_type=dtype_name(out_type), little_endian=little_endian, name=name)


def decode_csv(
    records: TensorLike,
    record_defaults: Sequence[Any],
    field_delim: str = ",",
    use_quote_delim: bool = True,
    name: str | None = None,
    na_value: str = "",
    select_cols: Sequence[int] | None = None,
) -> list[Tensor]:
    """The fields of lines of comma-separated values.

    Parameters
    ----------
    records : Tensor or array_like
        Lines.
    record_defaults : list of Tensor or list
        For each column the value where a field is empty, which says its dtype; an empty tensor where it must be there.
    field_delim : str
        The character between fields.
    use_quote_delim : bool
        Whether a field may be between double quotes.
    name : str, optional
        Name of the operation.
    na_value : str
        A text that means that there is no value.
    select_cols : list of int, optional
        The columns that are wanted, in order; all by default.

    Returns
    -------
    list of Tensor
        For each column, of the shape of ``records``.

    Raises
    ------
    ValueError
        A delimiter, or the columns, are not as they must be.
    InvalidArgumentError
        When run: a line has another number of fields, or a field is not a number.
    """
    chosen = [] if select_cols is None else [int(column) for column in select_cols]
    if chosen and any(second <= first for first, second in pairwise(chosen)):
        raise ValueError("select_cols is not strictly increasing.")
    if chosen and chosen[0] < 0:
        raise ValueError("select_cols contains negative values.")
    if chosen and len(chosen) != len(record_defaults):
        raise ValueError("Length of select_cols and record_defaults do not match.")
    return apply_list(
        "DecodeCSV",
        records,
        list(record_defaults),
        field_delim=field_delim.encode(),
        use_quote_delim=use_quote_delim,
        na_value=na_value.encode(),
        select_cols=chosen,
        name=name,
    )


def serialize_tensor(tensor: TensorLike, name: str | None = None) -> Tensor:
    """A tensor as the bytes of a ``TensorProto``, which `parse_tensor` reads."""
    return apply("SerializeTensor", tensor, name=name)


def parse_tensor(serialized: TensorLike, out_type: DTypeLike, name: str | None = None) -> Tensor:
    """The tensor of the bytes of a ``TensorProto``.

    Parameters
    ----------
    serialized : Tensor or array_like
        One string.
    out_type : dtype
        The dtype that it must have.
    name : str, optional
        Name of the operation.

    Returns
    -------
    Tensor

    Raises
    ------
    InvalidArgumentError
        When run: it is not a tensor of that dtype.
    """
    return apply("ParseTensor", serialized, out_type=dtype_name(out_type), name=name)


def serialize_sparse(sp_input: Any, name: str | None = None, out_type: DTypeLike = dtypes.string) -> Tensor:
    """A sparse tensor as a vector of three values.

    Parameters
    ----------
    sp_input : SparseTensor
    name : str, optional
        Name of the operation.
    out_type : {tf.string, tf.variant}

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        The parts are not those of a sparse tensor.
    """
    parts = (sp_input.indices, sp_input.values, sp_input.dense_shape)
    return apply("SerializeSparse", *parts, out_type=dtype_name(out_type), name=name)


def serialize_many_sparse(sp_input: Any, name: str | None = None, out_type: DTypeLike = dtypes.string) -> Tensor:
    """The slices of a sparse tensor along its first dimension, each as three values.

    Parameters
    ----------
    sp_input : SparseTensor
    name : str, optional
        Name of the operation.
    out_type : {tf.string, tf.variant}

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        The parts are not those of a sparse tensor.
    """
    parts = (sp_input.indices, sp_input.values, sp_input.dense_shape)
    return apply("SerializeManySparse", *parts, out_type=dtype_name(out_type), name=name)


def deserialize_many_sparse(
    serialized_sparse: TensorLike, dtype: DTypeLike, rank: int | None = None, name: str | None = None
) -> SparseTensor:
    """The sparse tensor of several that were serialized, along a new first dimension.

    Parameters
    ----------
    serialized_sparse : Tensor
        Of shape ``[N, 3]``.
    dtype : dtype
        Of the values.
    rank : int, optional
        The rank of each.
    name : str, optional
        Name of the operation.

    Returns
    -------
    SparseTensor

    Raises
    ------
    InvalidArgumentError
        When run: a value is not a serialized sparse tensor of that dtype.
    """
    indices, values, shape = apply_list("DeserializeManySparse", serialized_sparse, dtype=dtype_name(dtype), name=name)
    indices.set_shape([None, rank])
    shape.set_shape([rank])
    return SparseTensor(indices, values, shape)
