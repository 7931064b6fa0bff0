"""The classes of TensorFlow's messages, as far as checkpoints and graphs need them.

They are declared in a pool of their own: files named ``tensorflow/...`` in protobuf's default pool would keep
TensorFlow itself from being imported into the same program. Fields that are not declared are kept as unknown ones.

Importing this module loads protobuf. Everything else takes the classes from `hdfsaver.messages.message_classes`, which
imports it when the first one is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from google.protobuf import any_pb2, descriptor_pb2, message_factory
from google.protobuf import descriptor_pool as pools

from hdfsaver import dtypes
from hdfsaver.messages.bundle_schema import BUNDLE_SCHEMA
from hdfsaver.messages.graph_schema import FULL_TYPES, GRAPH_SCHEMA
from hdfsaver.messages.projector_schema import PROJECTOR_SCHEMA
from hdfsaver.messages.session_schema import SESSION_ENUMS, SESSION_SCHEMA
from hdfsaver.messages.summary_schema import EXAMPLE_SCHEMA, SUMMARY_ENUMS, SUMMARY_SCHEMA

# A message a paragraph, a field a line: number, name, type; `*` repeats it, `?` tells unset from zero, `|NAME` makes it
# one of the alternatives of that name, and `{KEY:VALUE}` is a map. A message named `A.B` is declared inside `A`, and
# fields name it `B`. With `bytes=` a message is kept as its bytes, which are the same on the wire.
_SCHEMA = BUNDLE_SCHEMA + GRAPH_SCHEMA + SESSION_SCHEMA + SUMMARY_SCHEMA + EXAMPLE_SCHEMA + PROJECTOR_SCHEMA
_FIELD = re.compile(r"(\d+) (\w+) (\{(\w+):)?(\w+)(?:=\w+|\})?([*?]|\|\w+)?")

_PACKAGE = "tensorflow"
_MODULE = "hdfsaver.messages.message_classes"

_NUMBERS = [row.enum for row in dtypes.TABLE if row.enum is not None]


def _enum_name(number: int) -> str:
    """The name of a dtype's number in ``types.proto``: ``"DT_FLOAT"``."""
    dtype = dtypes.as_dtype(number)
    name = dtype.base_dtype.name
    said = {"float32": "FLOAT", "float64": "DOUBLE", "float16": "HALF"}.get(name, name.upper())
    return f"DT_{said}_REF" if dtype.is_ref_dtype else f"DT_{said}"


_ENUMS = {
    "DataType": {
        "DT_INVALID": 0,
        **{_enum_name(number): number for number in _NUMBERS + [n + dtypes.REF_OFFSET for n in _NUMBERS]},
    },
    "FullTypeId": {name: int(number) for name, number in (word.split("=") for word in FULL_TYPES.split())},
    "SaverDef.CheckpointFormatVersion": {"LEGACY": 0, "V1": 1, "V2": 2},
    "VariableSynchronization": {
        f"VARIABLE_SYNCHRONIZATION_{word}": number
        for number, word in enumerate(("AUTO", "NONE", "ON_WRITE", "ON_READ"))
    },
    "VariableAggregation": {
        f"VARIABLE_AGGREGATION_{word}": number
        for number, word in enumerate(("NONE", "SUM", "MEAN", "ONLY_FIRST_REPLICA"))
    },
    **SESSION_ENUMS,
    **SUMMARY_ENUMS,
}


class _Declaration:
    """Declares a schema as protobuf's own description of a file."""

    def __init__(self, schema: str) -> None:
        paragraphs = [paragraph.splitlines() for paragraph in schema.strip().split("\n\n")]
        self.file = descriptor_pb2.FileDescriptorProto(name="hdfsaver.proto", package=_PACKAGE, syntax="proto3")
        self.file.dependency.append("google/protobuf/any.proto")
        self.messages = {name: self._inside(name, "nested_type", "message_type") for name, *_ in paragraphs}
        for name, numbers in _ENUMS.items():
            enum = self._inside(name, "enum_type", "enum_type")
            for word, number in numbers.items():
                enum.value.add(name=word, number=number)
        # Fields name a message without the one that it is declared in; two may have one of the same name.
        self.full_names = {"Any": ".google.protobuf.Any"} | {
            short: f".{_PACKAGE}.{name}"
            for name in (*self.messages, *_ENUMS)
            for short in (name, name.rpartition(".")[2])
        }
        self.enums = {short for name in _ENUMS for short in (name, name.rpartition(".")[2])}
        for name, *lines in paragraphs:
            for line in lines:
                self._declare(name, line)

    def _inside(self, name: str, nested: str, top: str) -> Any:
        """Add a message or an enum at the place that its name gives."""
        outer, _, last = name.rpartition(".")
        found = getattr(self._messages_at(outer), nested) if outer else getattr(self.file, top)
        return found.add(name=last)

    def _messages_at(self, name: str) -> Any:
        outer, _, last = name.rpartition(".")
        messages = self._messages_at(outer).nested_type if outer else self.file.message_type
        return next(message for message in messages if message.name == last)

    def _declare(self, owner: str, line: str) -> None:
        match = _FIELD.fullmatch(line)
        assert match is not None, line
        number, name, is_map, key, kind, mark = match.groups()
        message = self.messages[owner]
        if is_map:
            entry = self._entry(message, name, key, kind)
            field = self._add(message, number, name, "", is_repeated=True)
            field.type, field.type_name = field.TYPE_MESSAGE, f".{_PACKAGE}.{owner}.{entry}"
            return
        field = self._add(message, number, name, kind, is_repeated=mark == "*")
        if mark and mark != "*":
            field.oneof_index = _alternatives(message, f"has_{name}" if mark == "?" else mark[1:])

    def _add(self, message: Any, number: str, name: str, kind: str, is_repeated: bool = False) -> Any:
        field = message.field.add(name=name, number=int(number))
        field.label = field.LABEL_REPEATED if is_repeated else field.LABEL_OPTIONAL
        own = f"{message.name}.{kind}"
        if own in self.full_names:
            kind = own
        if kind in self.full_names:
            field.type = field.TYPE_ENUM if kind in self.enums else field.TYPE_MESSAGE
            field.type_name = self.full_names[kind]
        elif kind:
            field.type = getattr(field, f"TYPE_{kind.upper()}")
        return field

    def _entry(self, message: Any, name: str, key: str, kind: str) -> str:
        """Declare the items of a map, a repeated message to protobuf; the name is the one that it asks for."""
        entry = message.nested_type.add(name="".join(part.title() for part in name.split("_")) + "Entry")
        entry.options.map_entry = True
        self._add(entry, "1", "key", key)
        self._add(entry, "2", "value", kind)
        return str(entry.name)


def _alternatives(message: Any, name: str) -> int:
    names = [group.name for group in message.oneof_decl]
    if name not in names:
        message.oneof_decl.add(name=name)
        names.append(name)
    return names.index(name)


def _classes() -> Iterator[tuple[str, Any]]:
    pool = pools.DescriptorPool()
    pool.AddSerializedFile(any_pb2.DESCRIPTOR.serialized_pb)
    pool.AddSerializedFile(_Declaration(_SCHEMA).file.SerializeToString())
    file = pool.FindFileByName("hdfsaver.proto")
    declared = dict(file.message_types_by_name) | {"Any": pool.FindMessageTypeByName("google.protobuf.Any")}
    for name, descriptor in declared.items():
        found = message_factory.GetMessageClass(descriptor)
        _name(found, descriptor, name)
        yield name, found


def _name(message: Any, descriptor: Any, name: str) -> None:
    """Set the module of a class and of those inside it: pickles find classes by it."""
    message.__module__, message.__qualname__ = _MODULE, name
    for inner in descriptor.nested_types:
        if not inner.GetOptions().map_entry:
            _name(getattr(message, inner.name), inner, f"{name}.{inner.name}")


CLASSES: dict[str, Any] = dict(_classes())
"""The classes of messages by the names that TensorFlow gives them."""
