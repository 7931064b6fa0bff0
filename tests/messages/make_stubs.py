"""Write what type checkers are told of TensorFlow's messages: ``message_classes.pyi``, from their declaration.

    python -m tests.messages.make_stubs

`tests/messages/test_stubs.py` says whether the file is the one that this gives.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hdfsaver.messages import message_classes
from hdfsaver.messages.descriptor_pool import CLASSES

PATH = Path(message_classes.__file__).with_suffix(".pyi")

HEAD = '''\
"""TensorFlow's messages, as type checkers see them. Made by ``python -m tests.messages.make_stubs``."""

import typing
from collections.abc import Iterable, Iterator, Mapping, MutableMapping

_Value = typing.TypeVar("_Value")
_Key = typing.TypeVar("_Key")
_Message = typing.TypeVar("_Message", bound=Message)

class DecodeError(Exception): ...
class EncodeError(Exception): ...
class ParseError(Exception): ...
class JsonError(Exception): ...

def message_to_string(message: Message) -> str: ...
def parse_json(text: str | bytes, message: _Message) -> _Message: ...
def parse_text(text: str | bytes, message: _Message) -> _Message: ...

class Message:
    DESCRIPTOR: typing.ClassVar[typing.Any]
    def ByteSize(self) -> int: ...
    def Clear(self) -> None: ...
    def ClearField(self, field_name: str) -> None: ...
    def CopyFrom(self, other: typing.Self) -> None: ...
    def DiscardUnknownFields(self) -> None: ...
    @classmethod
    def FromString(cls, data: bytes) -> typing.Self: ...
    def HasField(self, field_name: str) -> bool: ...
    def IsInitialized(self) -> bool: ...
    def ListFields(self) -> list[tuple[typing.Any, typing.Any]]: ...
    def MergeFrom(self, other: typing.Self) -> None: ...
    def MergeFromString(self, data: bytes) -> int: ...
    def ParseFromString(self, data: bytes) -> int: ...
    def SerializePartialToString(self, *, deterministic: bool = ...) -> bytes: ...
    def SerializeToString(self, *, deterministic: bool = ...) -> bytes: ...
    def SetInParent(self) -> None: ...
    def WhichOneof(self, oneof_group: str) -> str | None: ...
    def __deepcopy__(self, memo: typing.Any = ...) -> typing.Self: ...
    def __eq__(self, other: object) -> bool: ...
    __hash__: typing.ClassVar[None]  # type: ignore[assignment]

class _Repeated(typing.Generic[_Value]):
    def __contains__(self, item: object) -> bool: ...
    def __delitem__(self, key: int | slice) -> None: ...
    def __eq__(self, other: object) -> bool: ...
    @typing.overload
    def __getitem__(self, key: int) -> _Value: ...
    @typing.overload
    def __getitem__(self, key: slice) -> list[_Value]: ...
    __hash__: typing.ClassVar[None]  # type: ignore[assignment]
    def __iter__(self) -> Iterator[_Value]: ...
    def __len__(self) -> int: ...
    def __reversed__(self) -> Iterator[_Value]: ...
    def MergeFrom(self, other: typing.Self) -> None: ...
    def append(self, item: _Value) -> None: ...
    def extend(self, items: Iterable[_Value]) -> None: ...
    def insert(self, index: int, item: _Value) -> None: ...
    def pop(self, index: int = ...) -> _Value: ...
    def remove(self, item: _Value) -> None: ...
    def reverse(self) -> None: ...
    def sort(self, *, key: typing.Callable[[_Value], typing.Any] = ..., reverse: bool = ...) -> None: ...

class _Scalars(_Repeated[_Value]):
    @typing.overload
    def __setitem__(self, key: int, item: _Value) -> None: ...
    @typing.overload
    def __setitem__(self, key: slice, item: Iterable[_Value]) -> None: ...

class _Messages(_Repeated[_Value]):
    def add(self, **fields: typing.Any) -> _Value: ...

class _ScalarMap(MutableMapping[_Key, _Value]):
    def __delitem__(self, key: _Key) -> None: ...
    def __getitem__(self, key: _Key) -> _Value: ...
    def __iter__(self) -> Iterator[_Key]: ...
    def __len__(self) -> int: ...
    def __setitem__(self, key: _Key, value: _Value) -> None: ...
    def MergeFrom(self, other: typing.Self) -> None: ...

class _MessageMap(Mapping[_Key, _Value]):
    def __delitem__(self, key: _Key) -> None: ...
    def __getitem__(self, key: _Key) -> _Value: ...
    def __iter__(self) -> Iterator[_Key]: ...
    def __len__(self) -> int: ...
    def MergeFrom(self, other: typing.Self) -> None: ...
    def clear(self) -> None: ...
    def get_or_create(self, key: _Key) -> _Value: ...
    def pop(self, key: _Key) -> _Value: ...
'''


ANY = (
    "def Is(self, descriptor: typing.Any) -> bool: ...",
    "def Pack(self, msg: Message, type_url_prefix: str = ..., deterministic: bool | None = ...) -> None: ...",
    "def TypeName(self) -> str: ...",
    "def Unpack(self, msg: Message) -> bool: ...",
)
"""What protobuf gives its message for any other beside the usual methods."""


def is_map(field: Any) -> bool:
    """Whether a field is a map."""
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def is_repeated(field: Any) -> bool:
    """Whether a field is a list or a map, which older versions of protobuf say by a label."""
    return bool(field.is_repeated if hasattr(field, "is_repeated") else field.label == field.LABEL_REPEATED)


def plain_type(field: Any) -> str:
    """The Python type of one value of a field."""
    if field.message_type is not None:
        full_name: str = field.message_type.full_name
        return full_name.removeprefix(f"{field.file.package}.").removeprefix("google.protobuf.")
    kinds = {field.CPPTYPE_STRING: "str", field.CPPTYPE_BOOL: "bool"}
    kinds |= dict.fromkeys((field.CPPTYPE_FLOAT, field.CPPTYPE_DOUBLE), "float")
    return "bytes" if field.type == field.TYPE_BYTES else kinds.get(field.cpp_type, "int")


def types_of(field: Any) -> tuple[str, str]:
    """The type of a field where it is read, and of what its message can be made with."""
    if is_map(field):
        key, value = (field.message_type.fields_by_name[name] for name in ("key", "value"))
        kind = "_MessageMap" if value.message_type is not None else "_ScalarMap"
        inside = f"{plain_type(key)}, {plain_type(value)}"
        return f"{kind}[{inside}]", f"Mapping[{inside}]"
    plain = plain_type(field)
    if is_repeated(field):
        kind = "_Messages" if field.message_type is not None else "_Scalars"
        return f"{kind}[{plain}]", f"Iterable[{plain}]"
    return plain, plain


def body(descriptor: Any, indent: str) -> Iterator[str]:
    """What stands in the class of a message."""
    for inner in descriptor.nested_types:
        if not inner.GetOptions().map_entry:
            yield from class_lines(inner, indent)
    for enum in descriptor.enum_types:
        yield from (f"{indent}{value.name}: typing.ClassVar[int]" for value in enum.values)
    for field in descriptor.fields:
        read = types_of(field)[0]
        if is_repeated(field) or field.message_type is not None:
            yield f"{indent}@property"
            yield f"{indent}def {field.name}(self) -> {read}: ..."
        else:
            yield f"{indent}{field.name}: {read}"
    yield f"{indent}def __init__("
    yield f"{indent}    self,"
    if descriptor.fields:
        yield f"{indent}    *,"
    yield from (f"{indent}    {field.name}: {types_of(field)[1]} | None = ...," for field in descriptor.fields)
    yield f"{indent}) -> None: ..."
    yield from (f"{indent}{line}" for line in ANY if descriptor.full_name == "google.protobuf.Any")
    alternatives = [field.name for group in descriptor.oneofs for field in group.fields]
    if alternatives:
        names = ", ".join(f'"{name}"' for name in alternatives)
        yield f"{indent}def WhichOneof(self, oneof_group: str) -> typing.Literal[{names}] | None: ..."


def class_lines(descriptor: Any, indent: str = "") -> Iterator[str]:
    """The class of a message, and those inside it."""
    yield f"{indent}class {descriptor.name}(Message):"
    yield from body(descriptor, indent + "    ")
    yield ""


def stubs() -> str:
    """The whole file."""
    lines = [line for name in CLASSES for line in class_lines(CLASSES[name].DESCRIPTOR)]
    return "\n".join([HEAD, *lines]).rstrip("\n") + "\n"


if __name__ == "__main__":
    PATH.write_text(stubs(), encoding="utf-8")
