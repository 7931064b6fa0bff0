"""Protobuf's text format: a definition as TensorFlow's ``text_format`` reads it (``graph.pbtxt``)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import singledispatch
from typing import Any

from hdfsaver.protos.attributes import AttrMap, AttrValue, ListValue, NameAttrList
from hdfsaver.protos.conversion import enum_name
from hdfsaver.protos.graphs import GraphDef, NodeDef, VersionDef
from hdfsaver.protos.tensors import CONTENT, TensorProto
from hdfsaver.shapes import Dim, TensorShapeProto

_NAMED = {9: "\\t", 10: "\\n", 13: "\\r", 34: '\\"', 39: "\\'", 92: "\\\\"}
_TEXT = [_NAMED.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}") for byte in range(256)]

# Fields whose elements are better read one by one than as bytes, as far as there are few of them.
_READABLE = frozenset({"float_val", "double_val", "int_val", "int64_val", "bool_val"})


class Enum(str):
    """A word that stands in the text without quotes."""

    __slots__ = ()


def text_of(message: Any) -> str:
    """Write a message in protobuf's text format.

    Parameters
    ----------
    message : GraphDef or one of the messages in it

    Raises
    ------
    TypeError
        The message, or one within it, is of a kind that has no text here, such as an opaque function.
    """
    return "".join(_lines(message, ""))


def _lines(message: Any, indent: str) -> Iterator[str]:
    for name, value in fields_of(message):
        if isinstance(value, bool):
            yield f"{indent}{name}: {'true' if value else 'false'}\n"
        elif isinstance(value, Enum | int):
            yield f"{indent}{name}: {value}\n"
        elif isinstance(value, float):
            yield f"{indent}{name}: {_float(value)}\n"
        elif isinstance(value, str | bytes):
            yield f"{indent}{name}: {_quoted(value)}\n"
        else:
            yield f"{indent}{name} {{\n"
            yield from _lines(value, indent + "  ")
            yield f"{indent}}}\n"


def _float(value: float) -> str:
    return repr(value) if math.isfinite(value) else "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"


def _quoted(text: str | bytes) -> str:
    content = text.encode() if isinstance(text, str) else text
    return '"' + "".join([_TEXT[byte] for byte in content]) + '"'


Fields = Iterator[tuple[str, Any]]


@singledispatch
def fields_of(message: Any) -> Fields:
    """The fields of a message that say something, in the order of their numbers."""
    raise TypeError(f"A {type(message).__name__} has no text in protobuf's format here.")


@fields_of.register
def _(message: GraphDef) -> Fields:
    for node in message.node:
        yield "node", node
    if message.library.function or message.library.gradient:
        raise TypeError("A GraphDef with functions has no text in protobuf's format here.")
    yield "versions", message.versions


@fields_of.register
def _(message: VersionDef) -> Fields:
    yield "producer", message.producer
    if message.min_consumer:
        yield "min_consumer", message.min_consumer
    for version in message.bad_consumers:
        yield "bad_consumers", version


@fields_of.register
def _(message: NodeDef) -> Fields:
    yield "name", message.name
    yield "op", message.op
    for text in message.input:
        yield "input", text
    if message.device:
        yield "device", message.device
    yield from _attributes(message.attr)


def _attributes(attrs: AttrMap) -> Fields:
    for key in sorted(attrs):
        yield "attr", _Entry(key, attrs[key])


class _Entry:
    """A key with its value: how the text format writes an item of a map."""

    __slots__ = ("key", "value")

    def __init__(self, key: str, value: AttrValue) -> None:
        self.key = key
        self.value = value


@fields_of.register
def _(message: _Entry) -> Fields:
    yield "key", message.key
    yield "value", message.value


@fields_of.register
def _(message: AttrValue) -> Fields:
    kind = message.WhichOneof("value")
    if kind is not None:
        value = getattr(message, kind)
        yield kind, Enum(enum_name(value)) if kind == "type" else value


@fields_of.register
def _(message: ListValue) -> Fields:
    for kind in ("s", "i", "f", "b", "type", "shape", "tensor", "func"):
        for item in getattr(message, kind):
            yield kind, Enum(enum_name(item)) if kind == "type" else item


@fields_of.register
def _(message: NameAttrList) -> Fields:
    yield "name", message.name
    yield from _attributes(message.attr)


@fields_of.register
def _(message: TensorShapeProto) -> Fields:
    for dim in message.dim:
        yield "dim", dim
    if message.unknown_rank:
        yield "unknown_rank", True


@fields_of.register
def _(message: Dim) -> Fields:
    yield "size", message.size
    if message.name:
        yield "name", message.name


@fields_of.register
def _(message: TensorProto) -> Fields:
    yield "dtype", Enum(enum_name(message.dtype))
    yield "tensor_shape", message.tensor_shape
    field, items = message.elements()
    is_narrow = message.value.itemsize == 1 and message.value.dtype.kind not in "biu"  # int4, which takes no bytes
    if field == "string_val" or (is_narrow and field != CONTENT) or (field in _READABLE and len(items) == 1):
        for item in items:
            yield field, item
    elif message.value.size:
        yield CONTENT, message.tensor_content
