"""Attributes: ``AttrValue`` messages, and the plain values that nodes of a DiGraph hold.

A plain value says less than a message can: not how the elements of a tensor are packed, not the names of dimensions.
So reading tells whether writing would give the same message again; where it would not, the message is kept beside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from hdfsaver import limits, shapes
from hdfsaver.errors import OpError
from hdfsaver.messages import message_classes
from hdfsaver.messages.tensor_protos import added_bytes, content_array, is_repeated, plain_tensor, write_tensor
from hdfsaver.messages.tensor_types import NAME_BY_NUMBER, InexpressibleError, type_name, type_number, write_shape
from hdfsaver.schema import AttrValue

_MAX_DEPTH = 30
"""Functions within attributes of functions: messages may nest 100 deep, and each takes three."""

_LARGE = 4096
"""Bytes of an attribute that is not worth keeping for another that is equal."""

_SCALARS = frozenset({"s", "i", "f", "b"})
"""The fields whose values are plain ones."""

_EXACT = _SCALARS - {"f"}

UNREADABLE = (InexpressibleError, OpError, OverflowError)
"""The errors that `plain_of` raises for a message without a plain value."""


class Read(NamedTuple):
    """A plain value, and whether writing it gives the message that it was read from."""

    plain: AttrValue
    is_exact: bool


class AttributeReader:
    """Reads attributes. Many are equal: each distinct one is read once."""

    def __init__(self) -> None:
        self._plain: dict[bytes, AttrValue] = {}
        self._read: dict[bytes, Read | None] = {}
        self._added = 0

    def plain(self, message: message_classes.AttrValue) -> AttrValue:
        """The plain value of an ``AttrValue``.

        Raises
        ------
        InexpressibleError, OpError, OverflowError
            The message has no plain value.
        ResourceExhaustedError
            Constants whose last element stands for many take more memory, all together, than is allowed.
        """
        kind = message.WhichOneof("value")
        if kind == "tensor":
            return self._plain_tensor(message.tensor)
        if kind == "type":
            return type_name(message.type)
        if kind in _SCALARS:
            return getattr(message, kind)
        data = message.SerializeToString()
        if data in self._plain:
            found = self._plain[data]
            return list(found) if type(found) is list else found
        self._count(_added_bytes(message))
        found = plain_of(message)
        if type(found) is not dict and len(data) <= _LARGE:
            self._plain[data] = list(found) if type(found) is list else found
        return found

    def _plain_tensor(self, message: message_classes.TensorProto) -> AttrValue:
        found = content_array(message)
        if found is None:
            self._count(added_bytes(message))
            found = plain_tensor(message)
        return found

    def read(self, message: message_classes.AttrValue) -> Read | None:
        """The same, or None where there is no plain value, and whether it is exact; only memory is an error."""
        data = message.SerializeToString(deterministic=True)
        if data in self._read:
            found = self._read[data]
            return Read(list(found.plain), found.is_exact) if found and type(found.plain) is list else found
        self._count(_added_bytes(message))
        found = _read(message, data)
        if len(data) > _LARGE:
            return found
        if found is None or type(found.plain) is not dict:
            self._read[data] = found and Read(list(found.plain) if type(found.plain) is list else found.plain, found[1])
        return found

    def _count(self, added: int) -> None:
        self._added += added
        if self._added > limits.get().declared_bytes:
            raise limits.refused(
                "its constants", f"they have {self._added} bytes that are not stored", "declared_bytes"
            )


def _tensors(message: message_classes.AttrValue, depth: int = 0) -> Iterator[message_classes.TensorProto]:
    """The tensors in an ``AttrValue``, those in functions included."""
    kind = message.WhichOneof("value")
    if kind == "func" and depth <= _MAX_DEPTH:
        for key in message.func.attr:
            yield from _tensors(message.func.attr[key], depth + 1)
    elif kind == "list":
        yield from message.list.tensor
        for function in message.list.func:
            for key in function.attr:
                yield from _tensors(function.attr[key], depth + 1)
    elif kind == "tensor":
        yield message.tensor


def _added_bytes(message: message_classes.AttrValue) -> int:
    """How many bytes of memory the tensors in an ``AttrValue`` take for elements that are not stored."""
    return sum(map(added_bytes, _tensors(message)))


def _has_repeated(message: message_classes.AttrValue) -> bool:
    return any(map(is_repeated, _tensors(message)))


def exact_scalar(message: message_classes.AttrValue) -> AttrValue:
    """The plain value of a message that has no unknown fields, if it is one dtype, string, integer or bool.

    Writing such a value gives the message again. It is None for any other message. A float is not among them: of a NaN,
    Python may change the bits.
    """
    kind = message.WhichOneof("value")
    if kind == "type":
        return NAME_BY_NUMBER.get(message.type)
    return getattr(message, kind) if kind in _EXACT else None


def _read(message: message_classes.AttrValue, data: bytes) -> Read | None:
    try:
        plain = plain_of(message)
    except UNREADABLE:
        return None
    # Before anything is written, as that would write every element.
    if _has_repeated(message):
        return Read(plain, False)
    return Read(plain, attr_value(plain).SerializeToString(deterministic=True) == data)


def plain_of(message: message_classes.AttrValue, depth: int = 0) -> AttrValue:
    """The plain value of an ``AttrValue``; an error of `UNREADABLE` where it has no plain value."""
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
    return list(items) if kind in _SCALARS else [_plain(kind, item, depth) for item in items]


def _plain(kind: str, value: Any, depth: int) -> AttrValue:
    if kind in _FROM_MESSAGE:
        return _FROM_MESSAGE[kind](value)
    if kind == "func":
        return {"name": value.name, "attr": {key: plain_of(value.attr[key], depth + 1) for key in value.attr}}
    return value


_FROM_MESSAGE: dict[str, Callable[[Any], Any]] = {
    "type": type_name,
    "shape": shapes.of_proto,
    "tensor": plain_tensor,
}

_KIND_BY_TYPE: dict[type, str] = {
    bytes: "s",
    bool: "b",
    int: "i",
    float: "f",
    str: "type",
    tuple: "shape",
    type(None): "shape",
    np.ndarray: "tensor",
    list: "list",
    dict: "func",
}


def kind_of(value: AttrValue) -> str:
    """The field of an ``AttrValue`` that holds a plain value; `TypeError` where none does."""
    kind = _KIND_BY_TYPE.get(type(value)) or _kind_of_subclass(value)
    return "placeholder" if kind == "func" and "placeholder" in value else kind


def _kind_of_subclass(value: AttrValue) -> str:
    for kind, name in _KIND_BY_TYPE.items():
        if isinstance(value, kind):
            return name
    raise TypeError(f"An attribute cannot be {value!r}.")


def attr_value(value: AttrValue, dtype: str | None = None) -> message_classes.AttrValue:
    """The ``AttrValue`` for a plain value; see `write_attribute`."""
    message = message_classes.AttrValue()
    write_attribute(message, value, dtype)
    return message


def write_attribute(message: message_classes.AttrValue, value: AttrValue, dtype: str | None = None) -> None:
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
        It is not a plain value.
    """
    kind = kind_of(value)
    if kind == "type":
        message.type = type_number(value)
    elif kind in _SCALARS:
        setattr(message, kind, value)
    elif kind == "tensor":
        write_tensor(message.tensor, value, dtype)
    elif kind == "list":
        message.list.SetInParent()
        for item in value:
            _append(message.list, item)
    elif kind == "placeholder":
        message.placeholder = value["placeholder"]
    else:
        _write_message(getattr(message, kind), value)


def _append(message: message_classes.AttrValue.ListValue, item: AttrValue) -> None:
    kind = kind_of(item)
    if kind in ("list", "placeholder"):
        raise TypeError(f"A list of an attribute cannot contain {item!r}.")
    items = getattr(message, kind)
    if kind in _SCALARS:
        items.append(item)
    elif kind == "type":
        items.append(type_number(item))
    else:
        _write_message(items.add(), item)


def _write_message(message: Any, value: AttrValue) -> None:
    if isinstance(value, dict):
        message.SetInParent()
        message.name = value.get("name", "")
        for key, item in value.get("attr", {}).items():
            write_attribute(message.attr[key], item)
    elif isinstance(value, np.ndarray):
        write_tensor(message, value)
    else:
        write_shape(message, value)


def same_value(first: AttrValue, second: AttrValue) -> bool:
    """Whether two plain values are the same: of one type, arrays and NaN bit for bit."""
    if isinstance(first, np.ndarray) and isinstance(second, np.ndarray):
        return _same_array(first, second)
    if type(first) is not type(second):
        return False
    if isinstance(first, list):
        return len(first) == len(second) and all(map(same_value, first, second))
    if isinstance(first, Mapping):
        return first.keys() == second.keys() and all(same_value(first[key], second[key]) for key in first)
    return bool(first == second or (first != first and second != second))


def _same_array(first: Any, second: Any) -> bool:
    if first.dtype != second.dtype or first.shape != second.shape:
        return False
    if first.dtype == np.object_:
        return bool(first.ravel().tolist() == second.ravel().tolist())
    if first is second:
        return True
    if first.size and not any((*first.strides, *second.strides)):  # one element of each stands for all
        first, second = first.reshape(-1)[:1], second.reshape(-1)[:1]
    return bool(first.tobytes() == second.tobytes())
