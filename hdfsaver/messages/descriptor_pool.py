"""TensorFlow's protobuf messages, as far as checkpoints and graphs need them.

They are declared here, in a pool of their own: files named ``tensorflow/...`` in protobuf's default pool would keep
TensorFlow itself from being imported into the same program. Fields that are not declared are kept as unknown ones.
Sources: ``tensorflow/core/protobuf/tensor_bundle.proto``, ``tensorflow/core/util/saved_tensor_slice.proto`` and
``tensorflow/core/framework/{tensor,tensor_shape,tensor_slice,versions}.proto``.
"""

from __future__ import annotations

import re
from typing import Any

from hdfsaver import dtypes
from hdfsaver.errors import DataLossError
from hdfsaver.files.extras import library
from hdfsaver.messages.graph_schema import FULL_TYPES, GRAPH_SCHEMA
from hdfsaver.protos.conversion import enum_name

_descriptor = library("google.protobuf.descriptor_pb2")
_pools = library("google.protobuf.descriptor_pool")
_factory = library("google.protobuf.message_factory")
_DecodeError = library("google.protobuf.message").DecodeError

# A message a paragraph, a field a line: number, name, type; `*` repeats it, `?` tells unset from zero, `|NAME` makes it
# one of the alternatives of that name, and `{KEY:VALUE}` is a map. With `bytes=` a message is kept as its bytes, which
# are the same on the wire: thousands of entries have few shapes, each parsed once.
_SCHEMA = """
VersionDef
1 producer int32
2 min_consumer int32
3 bad_consumers int32*

Dim
1 size int64
2 name string

TensorShapeProto
2 dim Dim*
3 unknown_rank bool

Extent
1 start int64
2 length int64?

TensorSliceProto
1 extent Extent*

TensorProto
1 dtype DataType
2 tensor_shape TensorShapeProto
3 version_number int32
4 tensor_content bytes
5 float_val float*
6 double_val double*
7 int_val int32*
8 string_val bytes*
9 scomplex_val float*
10 int64_val int64*
11 bool_val bool*
12 dcomplex_val double*
13 half_val int32*
16 uint32_val uint32*
17 uint64_val uint64*
18 float8_val bytes

BundleHeaderProto
1 num_shards int32
2 endianness int32
3 version VersionDef

BundleEntryProto
1 dtype int32
2 shape bytes=TensorShapeProto?
3 shard_id int32
4 offset int64
5 size int64
6 crc32c fixed32
7 slices TensorSliceProto*

SavedSliceMeta
1 name string
2 shape TensorShapeProto
3 type int32
4 slice TensorSliceProto*

SavedTensorSliceMeta
1 tensor SavedSliceMeta*
2 versions VersionDef

SavedSlice
1 name string
2 slice TensorSliceProto
3 data TensorProto

SavedTensorSlices
1 meta SavedTensorSliceMeta
2 data SavedSlice
"""

_PACKAGE = "hdfsaver.tensorflow"
_FIELD = re.compile(r"(\d+) (\w+) (\{(\w+):)?(\w+)(?:=\w+|\})?([*?]|\|\w+)?")

_NUMBERS = [row.enum for row in dtypes.TABLE]

_ENUMS = {
    "DataType": {
        "DT_INVALID": 0,
        **{enum_name(number): number for number in _NUMBERS + [n + dtypes.REF_OFFSET for n in _NUMBERS]},
    },
    "FullTypeId": {name: int(number) for name, number in (word.split("=") for word in FULL_TYPES.split())},
    "CheckpointFormatVersion": {"LEGACY": 0, "V1": 1, "V2": 2},
}


def _declared(schema: str) -> Any:
    file = _descriptor.FileDescriptorProto(name="hdfsaver.proto", package=_PACKAGE, syntax="proto3")
    for name, numbers in _ENUMS.items():
        enum = file.enum_type.add(name=name)
        for word, number in numbers.items():
            enum.value.add(name=word, number=number)
    for paragraph in schema.strip().split("\n\n"):
        name, *lines = paragraph.splitlines()
        message = file.message_type.add(name=name)
        for line in lines:
            _declare(message, line)
    return file


def _declare(message: Any, line: str) -> None:
    match = _FIELD.fullmatch(line)
    assert match is not None, line
    number, name, is_map, key, kind, mark = match.groups()
    if is_map:
        entry = _entry(message, name, key, kind)
        _add(message, number, name, f"{message.name}.{entry}", is_repeated=True)
        return
    field = _add(message, number, name, kind, is_repeated=mark == "*")
    if mark and mark != "*":
        field.oneof_index = _alternatives(message, f"has_{name}" if mark == "?" else mark[1:])


def _add(message: Any, number: str, name: str, kind: str, is_repeated: bool = False) -> Any:
    proto = _descriptor.FieldDescriptorProto
    field = message.field.add(name=name, number=int(number))
    field.label = proto.LABEL_REPEATED if is_repeated else proto.LABEL_OPTIONAL
    if kind in _ENUMS:
        field.type, field.type_name = proto.TYPE_ENUM, f".{_PACKAGE}.{kind}"
    elif kind[0].isupper():
        field.type, field.type_name = proto.TYPE_MESSAGE, f".{_PACKAGE}.{kind}"
    else:
        field.type = getattr(proto, f"TYPE_{kind.upper()}")
    return field


def _entry(message: Any, name: str, key: str, kind: str) -> str:
    """Declare the items of a map, which protobuf takes for a repeated message; the name is the one it asks for."""
    entry = message.nested_type.add(name="".join(part.title() for part in name.split("_")) + "Entry")
    entry.options.map_entry = True
    _add(entry, "1", "key", key)
    _add(entry, "2", "value", kind)
    return str(entry.name)


def _alternatives(message: Any, name: str) -> int:
    names = [group.name for group in message.oneof_decl]
    if name not in names:
        message.oneof_decl.add(name=name)
        names.append(name)
    return names.index(name)


_pool = _pools.DescriptorPool()
_pool.AddSerializedFile(_declared(_SCHEMA + GRAPH_SCHEMA).SerializeToString())


def message_class(name: str) -> Any:
    """The class of a message, by the name that TensorFlow gives it."""
    return _factory.GetMessageClass(_pool.FindMessageTypeByName(f"{_PACKAGE}.{name}"))


BundleHeader = message_class("BundleHeaderProto")
BundleEntry = message_class("BundleEntryProto")
SavedTensorSlices = message_class("SavedTensorSlices")
TensorProto = message_class("TensorProto")
TensorShape = message_class("TensorShapeProto")
AttrValue = message_class("AttrValue")
NodeDef = message_class("NodeDef")
GraphDef = message_class("GraphDef")
MetaGraphDef = message_class("MetaGraphDef")
CollectionDef = message_class("CollectionDef")
SaverDef = message_class("SaverDef")
VariableDef = message_class("VariableDef")
AssetFileDef = message_class("AssetFileDef")
SavedModel = message_class("SavedModel")


def parse(kind: Any, data: bytes | memoryview, what: str) -> Any:
    """Read a message.

    Parameters
    ----------
    kind : type
        One of the classes of this module.
    data : bytes-like
    what : str
        What it is, for errors.

    Raises
    ------
    DataLossError
        The bytes are no such message.
    """
    try:
        return kind.FromString(data if type(data) is bytes else bytes(data))
    except _DecodeError:
        raise DataLossError(None, None, f"{what} is no {kind.DESCRIPTOR.name}: its bytes cannot be parsed.") from None


def has_unknown(message: Any) -> bool:
    """Whether a message, or one within it, has fields that are not declared here."""
    known = type(message)()
    known.CopyFrom(message)
    known.DiscardUnknownFields()
    return bool(known.ByteSize() != message.ByteSize())
