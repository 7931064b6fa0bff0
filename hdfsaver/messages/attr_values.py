"""Attributes: ``AttrValue`` messages, and the plain values that nodes of a DiGraph hold.

A plain value says less than a message can: not how the elements of a tensor are packed, not the names of dimensions.
So reading tells whether writing would give the same message again; where it would not, the message is kept beside.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from hdfsaver import dtypes, limits
from hdfsaver.errors import OpError
from hdfsaver.messages import descriptor_pool
from hdfsaver.messages.tensor_protos import array_of, fill, stored_count
from hdfsaver.messages.tensor_types import shape_of
from hdfsaver.protos.attributes import AttrValue as Kinds
from hdfsaver.schema import AttrValue
from hdfsaver.shapes import Shape

_NAME_BY_NUMBER = {row.enum: row.name for row in dtypes.TABLE}
_NAME_BY_NUMBER |= {number + dtypes.REF_OFFSET: name + dtypes.REF_SUFFIX for number, name in _NAME_BY_NUMBER.items()}
_NUMBER_BY_NAME = {name: number for number, name in _NAME_BY_NUMBER.items()}

_LARGEST = 2**31
"""Bytes that an array may take: protobuf's own limit of a message, which a repeated element could be far beyond."""

_MAX_DEPTH = 30
"""Functions within attributes of functions: messages may nest 100 deep, and each takes three."""

_ALWAYS_SAME = frozenset({"s", "i", "f", "b", "type"})


class Read(NamedTuple):
    """A plain value, and whether writing it gives the message that it was read from."""

    plain: AttrValue
    is_exact: bool


class InexpressibleError(ValueError):
    """No plain value stands for the message."""


def dtype_name(number: int) -> str:
    """The name of the dtype or reference with a number of ``types.proto``; `InexpressibleError` if there is none."""
    name = _NAME_BY_NUMBER.get(number)
    if name is None:
        raise InexpressibleError(f"there is no dtype of number {number}")
    return name


def dtype_number(name: str) -> int:
    """The number in ``types.proto`` of a dtype, or of a reference, of that name."""
    return _NUMBER_BY_NAME[name]


class AttributeReader:
    """Reads attributes; of those that are alike, which most are, each is looked at once."""

    def __init__(self) -> None:
        self._known: dict[bytes, Read | None] = {}
        self._added = 0

    def read(self, message: Any) -> Read | None:
        """The plain value of an ``AttrValue``; None where no plain value stands for it.

        Raises
        ------
        ResourceExhaustedError
            Constants whose last element stands for many take more memory, all together, than is allowed.
        """
        self._added += added_bytes(message)
        if self._added > limits.get().declared_bytes:
            raise limits.refused(
                "its constants", f"they have {self._added} bytes that are not stored", "declared_bytes"
            )
        data = message.SerializeToString(deterministic=True)
        found = self._known.get(data)
        if found is None and data not in self._known:
            found = _read(message, data)
            if found is None or type(found.plain) not in (dict, np.ndarray):
                self._known[data] = found
        if found is not None and type(found.plain) is list:
            return Read(list(found.plain), found.is_exact)
        return found


def added_bytes(message: Any, depth: int = 0) -> int:
    """How many bytes of memory the tensors in an ``AttrValue`` take for elements that are not stored.

    Where a single element stands for all, it is none: such an array is a view.
    """
    kind = message.WhichOneof("value")
    if kind == "func" and depth <= _MAX_DEPTH:
        return sum(added_bytes(message.func.attr[key], depth + 1) for key in message.func.attr)
    tensors = [message.tensor] if kind == "tensor" else message.list.tensor if kind == "list" else ()
    return sum(map(_added, tensors))


def _added(tensor: Any) -> int:
    name = _NAME_BY_NUMBER.get(tensor.dtype, "")
    stored = stored_count(tensor, name)
    if stored < 2:
        return 0
    count = math.prod(dim.size for dim in tensor.tensor_shape.dim)
    nbytes = (count - stored) * (8 if name == "string" else dtypes.numpy_dtype(name).itemsize)
    return nbytes if 0 < nbytes <= _LARGEST else 0


def _read(message: Any, data: bytes) -> Read | None:
    try:
        plain = plain_of(message)
    except (InexpressibleError, OpError, OverflowError):
        return None
    if _is_splat(message):
        return Read(plain, False)
    written = descriptor_pool.AttrValue()
    write_attribute(written, plain)
    return Read(plain, written.SerializeToString(deterministic=True) == data)


def _is_splat(message: Any) -> bool:
    # Before anything is written, as that would write every element.
    if message.WhichOneof("value") != "tensor":
        return False
    tensor = message.tensor
    count = math.prod(dim.size for dim in tensor.tensor_shape.dim)
    return not tensor.tensor_content and stored_count(tensor, dtype_name(tensor.dtype)) != count


def plain_of(message: Any, depth: int = 0) -> AttrValue:
    """The plain value of an ``AttrValue``; `InexpressibleError` where there is none."""
    kind = message.WhichOneof("value")
    if kind is None or depth > _MAX_DEPTH:
        raise InexpressibleError("there is no value")
    value = getattr(message, kind)
    if kind == "placeholder":
        return {"placeholder": value}
    if kind == "list":
        return [item for field, items in value.ListFields() for item in _plain_items(field.name, items, depth)]
    return _plain(kind, value, depth)


def _plain_items(kind: str, items: Any, depth: int) -> list[AttrValue]:
    return list(items) if kind in ("s", "i", "f", "b") else [_plain(kind, item, depth) for item in items]


def _plain(kind: str, value: Any, depth: int) -> AttrValue:
    if kind in _FROM_MESSAGE:
        return _FROM_MESSAGE[kind](value)
    if kind == "func":
        return {"name": value.name, "attr": {key: plain_of(value.attr[key], depth + 1) for key in value.attr}}
    return value


def plain_shape(message: Any) -> Shape:
    """The static shape that a ``TensorShapeProto`` says."""
    if message.unknown_rank:
        return None
    return tuple([None if dim.size < 0 else dim.size for dim in message.dim])


def _plain_tensor(message: Any) -> Any:
    name = dtype_name(message.dtype)
    shape = shape_of(message.tensor_shape, "")
    if name in dtypes.ROW_BY_NAME and math.prod(shape) * dtypes.numpy_dtype(name).itemsize > _LARGEST:
        raise InexpressibleError(f"{shape} is more than fits into a message")
    array = array_of(message, name, shape, "", may_repeat=True)
    array.flags.writeable = False
    return array


_FROM_MESSAGE: dict[str, Callable[[Any], Any]] = {
    "type": dtype_name,
    "shape": plain_shape,
    "tensor": _plain_tensor,
}


def write_attribute(message: Any, value: AttrValue, dtype: str | None = None) -> None:
    """Write a plain value into an ``AttrValue``.

    Parameters
    ----------
    message : AttrValue
    value : plain value
    dtype : str, optional
        The dtype of an array where NumPy's does not tell it.

    Raises
    ------
    TypeError
        It is no plain value.
    """
    kind = Kinds.of(value).WhichOneof("value")
    if kind == "list":
        message.list.SetInParent()
        for item in value:
            _append(message.list, item)
    elif kind == "placeholder":
        message.placeholder = value["placeholder"]
    elif kind in ("s", "i", "f", "b"):
        setattr(message, kind, value)
    elif kind == "type":
        message.type = dtype_number(value)
    else:
        _write_message(getattr(message, str(kind)), value, dtype)


def _append(message: Any, item: AttrValue) -> None:
    kind = Kinds.of(item).WhichOneof("value")
    items = getattr(message, str(kind))
    if kind in ("s", "i", "f", "b"):
        items.append(item)
    elif kind == "type":
        items.append(dtype_number(item))
    else:
        _write_message(items.add(), item, None)


def _write_message(message: Any, value: AttrValue, dtype: str | None) -> None:
    message.SetInParent()
    if isinstance(value, dict):
        message.name = value.get("name", "")
        for key, item in value.get("attr", {}).items():
            write_attribute(message.attr[key], item)
    elif isinstance(value, np.ndarray):
        _write_tensor(message, value, dtype)
    else:
        write_shape(message, value)


def write_shape(message: Any, shape: Shape) -> None:
    """Write a static shape into a ``TensorShapeProto``."""
    message.SetInParent()
    if shape is None:
        message.unknown_rank = True
        return
    for size in shape:
        message.dim.add().size = -1 if size is None else size


def _write_tensor(message: Any, value: Any, dtype: str | None) -> None:
    name = dtype or dtypes.name_of_numpy(value.dtype)
    message.dtype = dtype_number(name)
    write_shape(message.tensor_shape, value.shape)
    fill(message, value, name)
