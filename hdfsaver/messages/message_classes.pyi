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

class VersionDef(Message):
    producer: int
    min_consumer: int
    @property
    def bad_consumers(self) -> _Scalars[int]: ...
    def __init__(
        self,
        *,
        producer: int | None = ...,
        min_consumer: int | None = ...,
        bad_consumers: Iterable[int] | None = ...,
    ) -> None: ...

class TensorShapeProto(Message):
    class Dim(Message):
        size: int
        name: str
        def __init__(
            self,
            *,
            size: int | None = ...,
            name: str | None = ...,
        ) -> None: ...

    @property
    def dim(self) -> _Messages[TensorShapeProto.Dim]: ...
    unknown_rank: bool
    def __init__(
        self,
        *,
        dim: Iterable[TensorShapeProto.Dim] | None = ...,
        unknown_rank: bool | None = ...,
    ) -> None: ...

class TensorSliceProto(Message):
    class Extent(Message):
        start: int
        length: int
        def __init__(
            self,
            *,
            start: int | None = ...,
            length: int | None = ...,
        ) -> None: ...
        def WhichOneof(self, oneof_group: str) -> typing.Literal["length"] | None: ...

    @property
    def extent(self) -> _Messages[TensorSliceProto.Extent]: ...
    def __init__(
        self,
        *,
        extent: Iterable[TensorSliceProto.Extent] | None = ...,
    ) -> None: ...

class TensorProto(Message):
    dtype: int
    @property
    def tensor_shape(self) -> TensorShapeProto: ...
    version_number: int
    tensor_content: bytes
    @property
    def float_val(self) -> _Scalars[float]: ...
    @property
    def double_val(self) -> _Scalars[float]: ...
    @property
    def int_val(self) -> _Scalars[int]: ...
    @property
    def string_val(self) -> _Scalars[bytes]: ...
    @property
    def scomplex_val(self) -> _Scalars[float]: ...
    @property
    def int64_val(self) -> _Scalars[int]: ...
    @property
    def bool_val(self) -> _Scalars[bool]: ...
    @property
    def dcomplex_val(self) -> _Scalars[float]: ...
    @property
    def half_val(self) -> _Scalars[int]: ...
    @property
    def uint32_val(self) -> _Scalars[int]: ...
    @property
    def uint64_val(self) -> _Scalars[int]: ...
    float8_val: bytes
    def __init__(
        self,
        *,
        dtype: int | None = ...,
        tensor_shape: TensorShapeProto | None = ...,
        version_number: int | None = ...,
        tensor_content: bytes | None = ...,
        float_val: Iterable[float] | None = ...,
        double_val: Iterable[float] | None = ...,
        int_val: Iterable[int] | None = ...,
        string_val: Iterable[bytes] | None = ...,
        scomplex_val: Iterable[float] | None = ...,
        int64_val: Iterable[int] | None = ...,
        bool_val: Iterable[bool] | None = ...,
        dcomplex_val: Iterable[float] | None = ...,
        half_val: Iterable[int] | None = ...,
        uint32_val: Iterable[int] | None = ...,
        uint64_val: Iterable[int] | None = ...,
        float8_val: bytes | None = ...,
    ) -> None: ...

class BundleHeaderProto(Message):
    num_shards: int
    endianness: int
    @property
    def version(self) -> VersionDef: ...
    def __init__(
        self,
        *,
        num_shards: int | None = ...,
        endianness: int | None = ...,
        version: VersionDef | None = ...,
    ) -> None: ...

class BundleEntryProto(Message):
    dtype: int
    shape: bytes
    shard_id: int
    offset: int
    size: int
    crc32c: int
    @property
    def slices(self) -> _Messages[TensorSliceProto]: ...
    def __init__(
        self,
        *,
        dtype: int | None = ...,
        shape: bytes | None = ...,
        shard_id: int | None = ...,
        offset: int | None = ...,
        size: int | None = ...,
        crc32c: int | None = ...,
        slices: Iterable[TensorSliceProto] | None = ...,
    ) -> None: ...
    def WhichOneof(self, oneof_group: str) -> typing.Literal["shape"] | None: ...

class SavedSliceMeta(Message):
    name: str
    @property
    def shape(self) -> TensorShapeProto: ...
    type: int
    @property
    def slice(self) -> _Messages[TensorSliceProto]: ...
    def __init__(
        self,
        *,
        name: str | None = ...,
        shape: TensorShapeProto | None = ...,
        type: int | None = ...,
        slice: Iterable[TensorSliceProto] | None = ...,
    ) -> None: ...

class SavedTensorSliceMeta(Message):
    @property
    def tensor(self) -> _Messages[SavedSliceMeta]: ...
    @property
    def versions(self) -> VersionDef: ...
    def __init__(
        self,
        *,
        tensor: Iterable[SavedSliceMeta] | None = ...,
        versions: VersionDef | None = ...,
    ) -> None: ...

class SavedSlice(Message):
    name: str
    @property
    def slice(self) -> TensorSliceProto: ...
    @property
    def data(self) -> TensorProto: ...
    def __init__(
        self,
        *,
        name: str | None = ...,
        slice: TensorSliceProto | None = ...,
        data: TensorProto | None = ...,
    ) -> None: ...

class SavedTensorSlices(Message):
    @property
    def meta(self) -> SavedTensorSliceMeta: ...
    @property
    def data(self) -> SavedSlice: ...
    def __init__(
        self,
        *,
        meta: SavedTensorSliceMeta | None = ...,
        data: SavedSlice | None = ...,
    ) -> None: ...

class TrackableObjectGraph(Message):
    class TrackableObject(Message):
        class ObjectReference(Message):
            node_id: int
            local_name: str
            def __init__(
                self,
                *,
                node_id: int | None = ...,
                local_name: str | None = ...,
            ) -> None: ...

        class SerializedTensor(Message):
            name: str
            full_name: str
            checkpoint_key: str
            def __init__(
                self,
                *,
                name: str | None = ...,
                full_name: str | None = ...,
                checkpoint_key: str | None = ...,
            ) -> None: ...

        class SlotVariableReference(Message):
            original_variable_node_id: int
            slot_name: str
            slot_variable_node_id: int
            def __init__(
                self,
                *,
                original_variable_node_id: int | None = ...,
                slot_name: str | None = ...,
                slot_variable_node_id: int | None = ...,
            ) -> None: ...

        @property
        def children(self) -> _Messages[TrackableObjectGraph.TrackableObject.ObjectReference]: ...
        @property
        def attributes(self) -> _Messages[TrackableObjectGraph.TrackableObject.SerializedTensor]: ...
        @property
        def slot_variables(self) -> _Messages[TrackableObjectGraph.TrackableObject.SlotVariableReference]: ...
        def __init__(
            self,
            *,
            children: Iterable[TrackableObjectGraph.TrackableObject.ObjectReference] | None = ...,
            attributes: Iterable[TrackableObjectGraph.TrackableObject.SerializedTensor] | None = ...,
            slot_variables: Iterable[TrackableObjectGraph.TrackableObject.SlotVariableReference] | None = ...,
        ) -> None: ...

    @property
    def nodes(self) -> _Messages[TrackableObjectGraph.TrackableObject]: ...
    def __init__(
        self,
        *,
        nodes: Iterable[TrackableObjectGraph.TrackableObject] | None = ...,
    ) -> None: ...

class NodeDef(Message):
    class ExperimentalDebugInfo(Message):
        @property
        def original_node_names(self) -> _Scalars[str]: ...
        @property
        def original_func_names(self) -> _Scalars[str]: ...
        def __init__(
            self,
            *,
            original_node_names: Iterable[str] | None = ...,
            original_func_names: Iterable[str] | None = ...,
        ) -> None: ...

    name: str
    op: str
    @property
    def input(self) -> _Scalars[str]: ...
    device: str
    @property
    def attr(self) -> _MessageMap[str, AttrValue]: ...
    @property
    def experimental_debug_info(self) -> NodeDef.ExperimentalDebugInfo: ...
    @property
    def experimental_type(self) -> FullTypeDef: ...
    def __init__(
        self,
        *,
        name: str | None = ...,
        op: str | None = ...,
        input: Iterable[str] | None = ...,
        device: str | None = ...,
        attr: Mapping[str, AttrValue] | None = ...,
        experimental_debug_info: NodeDef.ExperimentalDebugInfo | None = ...,
        experimental_type: FullTypeDef | None = ...,
    ) -> None: ...

class FullTypeDef(Message):
    type_id: int
    @property
    def args(self) -> _Messages[FullTypeDef]: ...
    s: str
    i: int
    def __init__(
        self,
        *,
        type_id: int | None = ...,
        args: Iterable[FullTypeDef] | None = ...,
        s: str | None = ...,
        i: int | None = ...,
    ) -> None: ...
    def WhichOneof(self, oneof_group: str) -> typing.Literal["s", "i"] | None: ...

class AttrValue(Message):
    class ListValue(Message):
        @property
        def s(self) -> _Scalars[bytes]: ...
        @property
        def i(self) -> _Scalars[int]: ...
        @property
        def f(self) -> _Scalars[float]: ...
        @property
        def b(self) -> _Scalars[bool]: ...
        @property
        def type(self) -> _Scalars[int]: ...
        @property
        def shape(self) -> _Messages[TensorShapeProto]: ...
        @property
        def tensor(self) -> _Messages[TensorProto]: ...
        @property
        def func(self) -> _Messages[NameAttrList]: ...
        def __init__(
            self,
            *,
            s: Iterable[bytes] | None = ...,
            i: Iterable[int] | None = ...,
            f: Iterable[float] | None = ...,
            b: Iterable[bool] | None = ...,
            type: Iterable[int] | None = ...,
            shape: Iterable[TensorShapeProto] | None = ...,
            tensor: Iterable[TensorProto] | None = ...,
            func: Iterable[NameAttrList] | None = ...,
        ) -> None: ...

    @property
    def list(self) -> AttrValue.ListValue: ...
    s: bytes
    i: int
    f: float
    b: bool
    type: int
    @property
    def shape(self) -> TensorShapeProto: ...
    @property
    def tensor(self) -> TensorProto: ...
    placeholder: str
    @property
    def func(self) -> NameAttrList: ...
    def __init__(
        self,
        *,
        list: AttrValue.ListValue | None = ...,
        s: bytes | None = ...,
        i: int | None = ...,
        f: float | None = ...,
        b: bool | None = ...,
        type: int | None = ...,
        shape: TensorShapeProto | None = ...,
        tensor: TensorProto | None = ...,
        placeholder: str | None = ...,
        func: NameAttrList | None = ...,
    ) -> None: ...
    def WhichOneof(self, oneof_group: str) -> typing.Literal["list", "s", "i", "f", "b", "type", "shape", "tensor", "placeholder", "func"] | None: ...

class NameAttrList(Message):
    name: str
    @property
    def attr(self) -> _MessageMap[str, AttrValue]: ...
    def __init__(
        self,
        *,
        name: str | None = ...,
        attr: Mapping[str, AttrValue] | None = ...,
    ) -> None: ...

class GraphDef(Message):
    @property
    def node(self) -> _Messages[NodeDef]: ...
    @property
    def library(self) -> FunctionDefLibrary: ...
    version: int
    @property
    def versions(self) -> VersionDef: ...
    def __init__(
        self,
        *,
        node: Iterable[NodeDef] | None = ...,
        library: FunctionDefLibrary | None = ...,
        version: int | None = ...,
        versions: VersionDef | None = ...,
    ) -> None: ...

class FunctionDefLibrary(Message):
    @property
    def function(self) -> _Messages[FunctionDef]: ...
    @property
    def gradient(self) -> _Messages[GradientDef]: ...
    @property
    def registered_gradients(self) -> _Messages[RegisteredGradient]: ...
    def __init__(
        self,
        *,
        function: Iterable[FunctionDef] | None = ...,
        gradient: Iterable[GradientDef] | None = ...,
        registered_gradients: Iterable[RegisteredGradient] | None = ...,
    ) -> None: ...

class GradientDef(Message):
    function_name: str
    gradient_func: str
    def __init__(
        self,
        *,
        function_name: str | None = ...,
        gradient_func: str | None = ...,
    ) -> None: ...

class RegisteredGradient(Message):
    gradient_func: str
    registered_op_type: str
    def __init__(
        self,
        *,
        gradient_func: str | None = ...,
        registered_op_type: str | None = ...,
    ) -> None: ...

class FunctionDef(Message):
    class ArgAttrs(Message):
        @property
        def attr(self) -> _MessageMap[str, AttrValue]: ...
        def __init__(
            self,
            *,
            attr: Mapping[str, AttrValue] | None = ...,
        ) -> None: ...

    @property
    def signature(self) -> OpDef: ...
    @property
    def node_def(self) -> _Messages[NodeDef]: ...
    @property
    def ret(self) -> _ScalarMap[str, str]: ...
    @property
    def attr(self) -> _MessageMap[str, AttrValue]: ...
    @property
    def control_ret(self) -> _ScalarMap[str, str]: ...
    @property
    def arg_attr(self) -> _MessageMap[int, FunctionDef.ArgAttrs]: ...
    @property
    def resource_arg_unique_id(self) -> _ScalarMap[int, int]: ...
    def __init__(
        self,
        *,
        signature: OpDef | None = ...,
        node_def: Iterable[NodeDef] | None = ...,
        ret: Mapping[str, str] | None = ...,
        attr: Mapping[str, AttrValue] | None = ...,
        control_ret: Mapping[str, str] | None = ...,
        arg_attr: Mapping[int, FunctionDef.ArgAttrs] | None = ...,
        resource_arg_unique_id: Mapping[int, int] | None = ...,
    ) -> None: ...

class OpDef(Message):
    class ArgDef(Message):
        name: str
        description: str
        type: int
        type_attr: str
        number_attr: str
        type_list_attr: str
        @property
        def handle_data(self) -> _Messages[ResourceHandleProto.DtypeAndShape]: ...
        is_ref: bool
        @property
        def experimental_full_type(self) -> FullTypeDef: ...
        def __init__(
            self,
            *,
            name: str | None = ...,
            description: str | None = ...,
            type: int | None = ...,
            type_attr: str | None = ...,
            number_attr: str | None = ...,
            type_list_attr: str | None = ...,
            handle_data: Iterable[ResourceHandleProto.DtypeAndShape] | None = ...,
            is_ref: bool | None = ...,
            experimental_full_type: FullTypeDef | None = ...,
        ) -> None: ...

    class AttrDef(Message):
        name: str
        type: str
        @property
        def default_value(self) -> AttrValue: ...
        description: str
        has_minimum: bool
        minimum: int
        @property
        def allowed_values(self) -> AttrValue: ...
        def __init__(
            self,
            *,
            name: str | None = ...,
            type: str | None = ...,
            default_value: AttrValue | None = ...,
            description: str | None = ...,
            has_minimum: bool | None = ...,
            minimum: int | None = ...,
            allowed_values: AttrValue | None = ...,
        ) -> None: ...

    name: str
    @property
    def input_arg(self) -> _Messages[OpDef.ArgDef]: ...
    @property
    def output_arg(self) -> _Messages[OpDef.ArgDef]: ...
    @property
    def attr(self) -> _Messages[OpDef.AttrDef]: ...
    summary: str
    description: str
    @property
    def deprecation(self) -> OpDeprecation: ...
    is_aggregate: bool
    is_stateful: bool
    is_commutative: bool
    allows_uninitialized_input: bool
    @property
    def control_output(self) -> _Scalars[str]: ...
    is_distributed_communication: bool
    def __init__(
        self,
        *,
        name: str | None = ...,
        input_arg: Iterable[OpDef.ArgDef] | None = ...,
        output_arg: Iterable[OpDef.ArgDef] | None = ...,
        attr: Iterable[OpDef.AttrDef] | None = ...,
        summary: str | None = ...,
        description: str | None = ...,
        deprecation: OpDeprecation | None = ...,
        is_aggregate: bool | None = ...,
        is_stateful: bool | None = ...,
        is_commutative: bool | None = ...,
        allows_uninitialized_input: bool | None = ...,
        control_output: Iterable[str] | None = ...,
        is_distributed_communication: bool | None = ...,
    ) -> None: ...

class ResourceHandleProto(Message):
    class DtypeAndShape(Message):
        dtype: int
        @property
        def shape(self) -> TensorShapeProto: ...
        def __init__(
            self,
            *,
            dtype: int | None = ...,
            shape: TensorShapeProto | None = ...,
        ) -> None: ...

    device: str
    container: str
    name: str
    hash_code: int
    maybe_type_name: str
    @property
    def dtypes_and_shapes(self) -> _Messages[ResourceHandleProto.DtypeAndShape]: ...
    def __init__(
        self,
        *,
        device: str | None = ...,
        container: str | None = ...,
        name: str | None = ...,
        hash_code: int | None = ...,
        maybe_type_name: str | None = ...,
        dtypes_and_shapes: Iterable[ResourceHandleProto.DtypeAndShape] | None = ...,
    ) -> None: ...

class OpDeprecation(Message):
    version: int
    explanation: str
    def __init__(
        self,
        *,
        version: int | None = ...,
        explanation: str | None = ...,
    ) -> None: ...

class OpList(Message):
    @property
    def op(self) -> _Messages[OpDef]: ...
    def __init__(
        self,
        *,
        op: Iterable[OpDef] | None = ...,
    ) -> None: ...

class MetaGraphDef(Message):
    class MetaInfoDef(Message):
        meta_graph_version: str
        @property
        def stripped_op_list(self) -> OpList: ...
        @property
        def any_info(self) -> Any: ...
        @property
        def tags(self) -> _Scalars[str]: ...
        tensorflow_version: str
        tensorflow_git_version: str
        stripped_default_attrs: bool
        @property
        def function_aliases(self) -> _ScalarMap[str, str]: ...
        def __init__(
            self,
            *,
            meta_graph_version: str | None = ...,
            stripped_op_list: OpList | None = ...,
            any_info: Any | None = ...,
            tags: Iterable[str] | None = ...,
            tensorflow_version: str | None = ...,
            tensorflow_git_version: str | None = ...,
            stripped_default_attrs: bool | None = ...,
            function_aliases: Mapping[str, str] | None = ...,
        ) -> None: ...

    @property
    def meta_info_def(self) -> MetaGraphDef.MetaInfoDef: ...
    @property
    def graph_def(self) -> GraphDef: ...
    @property
    def saver_def(self) -> SaverDef: ...
    @property
    def collection_def(self) -> _MessageMap[str, CollectionDef]: ...
    @property
    def signature_def(self) -> _MessageMap[str, SignatureDef]: ...
    @property
    def asset_file_def(self) -> _Messages[AssetFileDef]: ...
    @property
    def saved_names(self) -> _MessageMap[str, SavedName]: ...
    def __init__(
        self,
        *,
        meta_info_def: MetaGraphDef.MetaInfoDef | None = ...,
        graph_def: GraphDef | None = ...,
        saver_def: SaverDef | None = ...,
        collection_def: Mapping[str, CollectionDef] | None = ...,
        signature_def: Mapping[str, SignatureDef] | None = ...,
        asset_file_def: Iterable[AssetFileDef] | None = ...,
        saved_names: Mapping[str, SavedName] | None = ...,
    ) -> None: ...

class SavedName(Message):
    op_name: str
    @property
    def parts(self) -> _Messages[SavedPart]: ...
    def __init__(
        self,
        *,
        op_name: str | None = ...,
        parts: Iterable[SavedPart] | None = ...,
    ) -> None: ...

class SavedPart(Message):
    op_name: str
    @property
    def info(self) -> SaveSliceInfoDef: ...
    def __init__(
        self,
        *,
        op_name: str | None = ...,
        info: SaveSliceInfoDef | None = ...,
    ) -> None: ...

class CollectionDef(Message):
    class NodeList(Message):
        @property
        def value(self) -> _Scalars[str]: ...
        def __init__(
            self,
            *,
            value: Iterable[str] | None = ...,
        ) -> None: ...

    class BytesList(Message):
        @property
        def value(self) -> _Scalars[bytes]: ...
        def __init__(
            self,
            *,
            value: Iterable[bytes] | None = ...,
        ) -> None: ...

    class Int64List(Message):
        @property
        def value(self) -> _Scalars[int]: ...
        def __init__(
            self,
            *,
            value: Iterable[int] | None = ...,
        ) -> None: ...

    class FloatList(Message):
        @property
        def value(self) -> _Scalars[float]: ...
        def __init__(
            self,
            *,
            value: Iterable[float] | None = ...,
        ) -> None: ...

    class AnyList(Message):
        @property
        def value(self) -> _Messages[Any]: ...
        def __init__(
            self,
            *,
            value: Iterable[Any] | None = ...,
        ) -> None: ...

    @property
    def node_list(self) -> CollectionDef.NodeList: ...
    @property
    def bytes_list(self) -> CollectionDef.BytesList: ...
    @property
    def int64_list(self) -> CollectionDef.Int64List: ...
    @property
    def float_list(self) -> CollectionDef.FloatList: ...
    @property
    def any_list(self) -> CollectionDef.AnyList: ...
    def __init__(
        self,
        *,
        node_list: CollectionDef.NodeList | None = ...,
        bytes_list: CollectionDef.BytesList | None = ...,
        int64_list: CollectionDef.Int64List | None = ...,
        float_list: CollectionDef.FloatList | None = ...,
        any_list: CollectionDef.AnyList | None = ...,
    ) -> None: ...
    def WhichOneof(self, oneof_group: str) -> typing.Literal["node_list", "bytes_list", "int64_list", "float_list", "any_list"] | None: ...

class SaverDef(Message):
    LEGACY: typing.ClassVar[int]
    V1: typing.ClassVar[int]
    V2: typing.ClassVar[int]
    filename_tensor_name: str
    save_tensor_name: str
    restore_op_name: str
    max_to_keep: int
    sharded: bool
    keep_checkpoint_every_n_hours: float
    version: int
    @property
    def saved_names(self) -> _MessageMap[str, SavedName]: ...
    def __init__(
        self,
        *,
        filename_tensor_name: str | None = ...,
        save_tensor_name: str | None = ...,
        restore_op_name: str | None = ...,
        max_to_keep: int | None = ...,
        sharded: bool | None = ...,
        keep_checkpoint_every_n_hours: float | None = ...,
        version: int | None = ...,
        saved_names: Mapping[str, SavedName] | None = ...,
    ) -> None: ...

class ReaderBaseState(Message):
    work_started: int
    work_finished: int
    num_records_produced: int
    current_work: bytes
    def __init__(
        self,
        *,
        work_started: int | None = ...,
        work_finished: int | None = ...,
        num_records_produced: int | None = ...,
        current_work: bytes | None = ...,
    ) -> None: ...

class QueueRunnerDef(Message):
    queue_name: str
    @property
    def enqueue_op_name(self) -> _Scalars[str]: ...
    close_op_name: str
    cancel_op_name: str
    @property
    def queue_closed_exception_types(self) -> _Scalars[int]: ...
    def __init__(
        self,
        *,
        queue_name: str | None = ...,
        enqueue_op_name: Iterable[str] | None = ...,
        close_op_name: str | None = ...,
        cancel_op_name: str | None = ...,
        queue_closed_exception_types: Iterable[int] | None = ...,
    ) -> None: ...

class SignatureDef(Message):
    @property
    def inputs(self) -> _MessageMap[str, TensorInfo]: ...
    @property
    def outputs(self) -> _MessageMap[str, TensorInfo]: ...
    method_name: str
    @property
    def defaults(self) -> _MessageMap[str, TensorProto]: ...
    def __init__(
        self,
        *,
        inputs: Mapping[str, TensorInfo] | None = ...,
        outputs: Mapping[str, TensorInfo] | None = ...,
        method_name: str | None = ...,
        defaults: Mapping[str, TensorProto] | None = ...,
    ) -> None: ...

class TensorInfo(Message):
    class CooSparse(Message):
        values_tensor_name: str
        indices_tensor_name: str
        dense_shape_tensor_name: str
        def __init__(
            self,
            *,
            values_tensor_name: str | None = ...,
            indices_tensor_name: str | None = ...,
            dense_shape_tensor_name: str | None = ...,
        ) -> None: ...

    name: str
    dtype: int
    @property
    def tensor_shape(self) -> TensorShapeProto: ...
    @property
    def coo_sparse(self) -> TensorInfo.CooSparse: ...
    def __init__(
        self,
        *,
        name: str | None = ...,
        dtype: int | None = ...,
        tensor_shape: TensorShapeProto | None = ...,
        coo_sparse: TensorInfo.CooSparse | None = ...,
    ) -> None: ...
    def WhichOneof(self, oneof_group: str) -> typing.Literal["name", "coo_sparse"] | None: ...

class AssetFileDef(Message):
    @property
    def tensor_info(self) -> TensorInfo: ...
    filename: str
    def __init__(
        self,
        *,
        tensor_info: TensorInfo | None = ...,
        filename: str | None = ...,
    ) -> None: ...

class VariableDef(Message):
    variable_name: str
    initializer_name: str
    snapshot_name: str
    @property
    def save_slice_info_def(self) -> SaveSliceInfoDef: ...
    is_resource: bool
    initial_value_name: str
    trainable: bool
    synchronization: int
    aggregation: int
    def __init__(
        self,
        *,
        variable_name: str | None = ...,
        initializer_name: str | None = ...,
        snapshot_name: str | None = ...,
        save_slice_info_def: SaveSliceInfoDef | None = ...,
        is_resource: bool | None = ...,
        initial_value_name: str | None = ...,
        trainable: bool | None = ...,
        synchronization: int | None = ...,
        aggregation: int | None = ...,
    ) -> None: ...

class SaveSliceInfoDef(Message):
    full_name: str
    @property
    def full_shape(self) -> _Scalars[int]: ...
    @property
    def var_offset(self) -> _Scalars[int]: ...
    @property
    def var_shape(self) -> _Scalars[int]: ...
    def __init__(
        self,
        *,
        full_name: str | None = ...,
        full_shape: Iterable[int] | None = ...,
        var_offset: Iterable[int] | None = ...,
        var_shape: Iterable[int] | None = ...,
    ) -> None: ...

class ValuesDef(Message):
    @property
    def values(self) -> _Scalars[str]: ...
    @property
    def external_values(self) -> _ScalarMap[str, str]: ...
    def __init__(
        self,
        *,
        values: Iterable[str] | None = ...,
        external_values: Mapping[str, str] | None = ...,
    ) -> None: ...

class ControlFlowContextDef(Message):
    @property
    def cond_ctxt(self) -> CondContextDef: ...
    @property
    def while_ctxt(self) -> WhileContextDef: ...
    def __init__(
        self,
        *,
        cond_ctxt: CondContextDef | None = ...,
        while_ctxt: WhileContextDef | None = ...,
    ) -> None: ...
    def WhichOneof(self, oneof_group: str) -> typing.Literal["cond_ctxt", "while_ctxt"] | None: ...

class CondContextDef(Message):
    context_name: str
    pred_name: str
    pivot_name: str
    branch: int
    @property
    def values_def(self) -> ValuesDef: ...
    @property
    def nested_contexts(self) -> _Messages[ControlFlowContextDef]: ...
    def __init__(
        self,
        *,
        context_name: str | None = ...,
        pred_name: str | None = ...,
        pivot_name: str | None = ...,
        branch: int | None = ...,
        values_def: ValuesDef | None = ...,
        nested_contexts: Iterable[ControlFlowContextDef] | None = ...,
    ) -> None: ...

class WhileContextDef(Message):
    context_name: str
    parallel_iterations: int
    back_prop: bool
    swap_memory: bool
    pivot_name: str
    pivot_for_pred_name: str
    pivot_for_body_name: str
    @property
    def loop_exit_names(self) -> _Scalars[str]: ...
    @property
    def values_def(self) -> ValuesDef: ...
    @property
    def loop_enter_names(self) -> _Scalars[str]: ...
    maximum_iterations_name: str
    @property
    def nested_contexts(self) -> _Messages[ControlFlowContextDef]: ...
    def __init__(
        self,
        *,
        context_name: str | None = ...,
        parallel_iterations: int | None = ...,
        back_prop: bool | None = ...,
        swap_memory: bool | None = ...,
        pivot_name: str | None = ...,
        pivot_for_pred_name: str | None = ...,
        pivot_for_body_name: str | None = ...,
        loop_exit_names: Iterable[str] | None = ...,
        values_def: ValuesDef | None = ...,
        loop_enter_names: Iterable[str] | None = ...,
        maximum_iterations_name: str | None = ...,
        nested_contexts: Iterable[ControlFlowContextDef] | None = ...,
    ) -> None: ...

class CheckpointState(Message):
    model_checkpoint_path: str
    @property
    def all_model_checkpoint_paths(self) -> _Scalars[str]: ...
    @property
    def all_model_checkpoint_timestamps(self) -> _Scalars[float]: ...
    last_preserved_timestamp: float
    def __init__(
        self,
        *,
        model_checkpoint_path: str | None = ...,
        all_model_checkpoint_paths: Iterable[str] | None = ...,
        all_model_checkpoint_timestamps: Iterable[float] | None = ...,
        last_preserved_timestamp: float | None = ...,
    ) -> None: ...

class SavedModel(Message):
    saved_model_schema_version: int
    @property
    def meta_graphs(self) -> _Messages[MetaGraphDef]: ...
    def __init__(
        self,
        *,
        saved_model_schema_version: int | None = ...,
        meta_graphs: Iterable[MetaGraphDef] | None = ...,
    ) -> None: ...

class JobDef(Message):
    name: str
    @property
    def tasks(self) -> _ScalarMap[int, str]: ...
    def __init__(
        self,
        *,
        name: str | None = ...,
        tasks: Mapping[int, str] | None = ...,
    ) -> None: ...

class ClusterDef(Message):
    @property
    def job(self) -> _Messages[JobDef]: ...
    def __init__(
        self,
        *,
        job: Iterable[JobDef] | None = ...,
    ) -> None: ...

class GPUOptions(Message):
    per_process_gpu_memory_fraction: float
    allow_growth: bool
    allocator_type: str
    deferred_deletion_bytes: int
    visible_device_list: str
    polling_active_delay_usecs: int
    polling_inactive_delay_msecs: int
    force_gpu_compatible: bool
    def __init__(
        self,
        *,
        per_process_gpu_memory_fraction: float | None = ...,
        allow_growth: bool | None = ...,
        allocator_type: str | None = ...,
        deferred_deletion_bytes: int | None = ...,
        visible_device_list: str | None = ...,
        polling_active_delay_usecs: int | None = ...,
        polling_inactive_delay_msecs: int | None = ...,
        force_gpu_compatible: bool | None = ...,
    ) -> None: ...

class OptimizerOptions(Message):
    L1: typing.ClassVar[int]
    L0: typing.ClassVar[int]
    DEFAULT: typing.ClassVar[int]
    OFF: typing.ClassVar[int]
    ON_1: typing.ClassVar[int]
    ON_2: typing.ClassVar[int]
    do_common_subexpression_elimination: bool
    do_constant_folding: bool
    max_folded_constant_in_bytes: int
    do_function_inlining: bool
    opt_level: int
    global_jit_level: int
    cpu_global_jit: bool
    def __init__(
        self,
        *,
        do_common_subexpression_elimination: bool | None = ...,
        do_constant_folding: bool | None = ...,
        max_folded_constant_in_bytes: int | None = ...,
        do_function_inlining: bool | None = ...,
        opt_level: int | None = ...,
        global_jit_level: int | None = ...,
        cpu_global_jit: bool | None = ...,
    ) -> None: ...

class GraphOptions(Message):
    enable_recv_scheduling: bool
    @property
    def optimizer_options(self) -> OptimizerOptions: ...
    build_cost_model: int
    build_cost_model_after: int
    infer_shapes: bool
    place_pruned_graph: bool
    enable_bfloat16_sendrecv: bool
    timeline_step: int
    @property
    def rewrite_options(self) -> RewriterConfig: ...
    def __init__(
        self,
        *,
        enable_recv_scheduling: bool | None = ...,
        optimizer_options: OptimizerOptions | None = ...,
        build_cost_model: int | None = ...,
        build_cost_model_after: int | None = ...,
        infer_shapes: bool | None = ...,
        place_pruned_graph: bool | None = ...,
        enable_bfloat16_sendrecv: bool | None = ...,
        timeline_step: int | None = ...,
        rewrite_options: RewriterConfig | None = ...,
    ) -> None: ...

class RewriterConfig(Message):
    DEFAULT: typing.ClassVar[int]
    ON: typing.ClassVar[int]
    OFF: typing.ClassVar[int]
    AGGRESSIVE: typing.ClassVar[int]
    DEFAULT_NUM_ITERS: typing.ClassVar[int]
    ONE: typing.ClassVar[int]
    TWO: typing.ClassVar[int]
    DEFAULT_MEM_OPT: typing.ClassVar[int]
    NO_MEM_OPT: typing.ClassVar[int]
    MANUAL: typing.ClassVar[int]
    HEURISTICS: typing.ClassVar[int]
    SWAPPING_HEURISTICS: typing.ClassVar[int]
    RECOMPUTATION_HEURISTICS: typing.ClassVar[int]
    SCHEDULING_HEURISTICS: typing.ClassVar[int]
    layout_optimizer: int
    disable_model_pruning: bool
    constant_folding: int
    memory_optimization: int
    memory_optimizer_target_node_name_scope: str
    arithmetic_optimization: int
    dependency_optimization: int
    loop_optimization: int
    function_optimization: int
    debug_stripper: int
    meta_optimizer_iterations: int
    shape_optimization: int
    remapping: int
    scoped_allocator_optimization: int
    min_graph_nodes: int
    pin_to_host_optimization: int
    disable_meta_optimizer: bool
    meta_optimizer_timeout_ms: int
    fail_on_optimizer_errors: bool
    implementation_selector: int
    auto_mixed_precision: int
    common_subgraph_elimination: int
    auto_mixed_precision_mkl: int
    @property
    def optimizers(self) -> _Scalars[str]: ...
    def __init__(
        self,
        *,
        layout_optimizer: int | None = ...,
        disable_model_pruning: bool | None = ...,
        constant_folding: int | None = ...,
        memory_optimization: int | None = ...,
        memory_optimizer_target_node_name_scope: str | None = ...,
        arithmetic_optimization: int | None = ...,
        dependency_optimization: int | None = ...,
        loop_optimization: int | None = ...,
        function_optimization: int | None = ...,
        debug_stripper: int | None = ...,
        meta_optimizer_iterations: int | None = ...,
        shape_optimization: int | None = ...,
        remapping: int | None = ...,
        scoped_allocator_optimization: int | None = ...,
        min_graph_nodes: int | None = ...,
        pin_to_host_optimization: int | None = ...,
        disable_meta_optimizer: bool | None = ...,
        meta_optimizer_timeout_ms: int | None = ...,
        fail_on_optimizer_errors: bool | None = ...,
        implementation_selector: int | None = ...,
        auto_mixed_precision: int | None = ...,
        common_subgraph_elimination: int | None = ...,
        auto_mixed_precision_mkl: int | None = ...,
        optimizers: Iterable[str] | None = ...,
    ) -> None: ...

class ThreadPoolOptionProto(Message):
    num_threads: int
    global_name: str
    def __init__(
        self,
        *,
        num_threads: int | None = ...,
        global_name: str | None = ...,
    ) -> None: ...

class ConfigProto(Message):
    @property
    def device_count(self) -> _ScalarMap[str, int]: ...
    intra_op_parallelism_threads: int
    inter_op_parallelism_threads: int
    use_per_session_threads: bool
    @property
    def session_inter_op_thread_pool(self) -> _Messages[ThreadPoolOptionProto]: ...
    placement_period: int
    @property
    def device_filters(self) -> _Scalars[str]: ...
    @property
    def gpu_options(self) -> GPUOptions: ...
    allow_soft_placement: bool
    log_device_placement: bool
    @property
    def graph_options(self) -> GraphOptions: ...
    operation_timeout_in_ms: int
    @property
    def cluster_def(self) -> ClusterDef: ...
    isolate_session_state: bool
    share_cluster_devices_in_session: bool
    def __init__(
        self,
        *,
        device_count: Mapping[str, int] | None = ...,
        intra_op_parallelism_threads: int | None = ...,
        inter_op_parallelism_threads: int | None = ...,
        use_per_session_threads: bool | None = ...,
        session_inter_op_thread_pool: Iterable[ThreadPoolOptionProto] | None = ...,
        placement_period: int | None = ...,
        device_filters: Iterable[str] | None = ...,
        gpu_options: GPUOptions | None = ...,
        allow_soft_placement: bool | None = ...,
        log_device_placement: bool | None = ...,
        graph_options: GraphOptions | None = ...,
        operation_timeout_in_ms: int | None = ...,
        cluster_def: ClusterDef | None = ...,
        isolate_session_state: bool | None = ...,
        share_cluster_devices_in_session: bool | None = ...,
    ) -> None: ...

class RunOptions(Message):
    NO_TRACE: typing.ClassVar[int]
    SOFTWARE_TRACE: typing.ClassVar[int]
    HARDWARE_TRACE: typing.ClassVar[int]
    FULL_TRACE: typing.ClassVar[int]
    trace_level: int
    timeout_in_ms: int
    inter_op_thread_pool: int
    output_partition_graphs: bool
    report_tensor_allocations_upon_oom: bool
    def __init__(
        self,
        *,
        trace_level: int | None = ...,
        timeout_in_ms: int | None = ...,
        inter_op_thread_pool: int | None = ...,
        output_partition_graphs: bool | None = ...,
        report_tensor_allocations_upon_oom: bool | None = ...,
    ) -> None: ...

class RunMetadata(Message):
    @property
    def step_stats(self) -> StepStats: ...
    @property
    def cost_graph(self) -> CostGraphDef: ...
    @property
    def partition_graphs(self) -> _Messages[GraphDef]: ...
    def __init__(
        self,
        *,
        step_stats: StepStats | None = ...,
        cost_graph: CostGraphDef | None = ...,
        partition_graphs: Iterable[GraphDef] | None = ...,
    ) -> None: ...

class StepStats(Message):
    @property
    def dev_stats(self) -> _Messages[DeviceStepStats]: ...
    def __init__(
        self,
        *,
        dev_stats: Iterable[DeviceStepStats] | None = ...,
    ) -> None: ...

class DeviceStepStats(Message):
    device: str
    @property
    def node_stats(self) -> _Messages[NodeExecStats]: ...
    @property
    def thread_names(self) -> _ScalarMap[int, str]: ...
    def __init__(
        self,
        *,
        device: str | None = ...,
        node_stats: Iterable[NodeExecStats] | None = ...,
        thread_names: Mapping[int, str] | None = ...,
    ) -> None: ...

class NodeExecStats(Message):
    node_name: str
    all_start_micros: int
    op_start_rel_micros: int
    op_end_rel_micros: int
    all_end_rel_micros: int
    @property
    def memory(self) -> _Messages[AllocatorMemoryUsed]: ...
    @property
    def output(self) -> _Messages[NodeOutput]: ...
    timeline_label: str
    scheduled_micros: int
    thread_id: int
    @property
    def referenced_tensor(self) -> _Messages[AllocationDescription]: ...
    @property
    def memory_stats(self) -> MemoryStats: ...
    all_start_nanos: int
    op_start_rel_nanos: int
    op_end_rel_nanos: int
    all_end_rel_nanos: int
    scheduled_nanos: int
    def __init__(
        self,
        *,
        node_name: str | None = ...,
        all_start_micros: int | None = ...,
        op_start_rel_micros: int | None = ...,
        op_end_rel_micros: int | None = ...,
        all_end_rel_micros: int | None = ...,
        memory: Iterable[AllocatorMemoryUsed] | None = ...,
        output: Iterable[NodeOutput] | None = ...,
        timeline_label: str | None = ...,
        scheduled_micros: int | None = ...,
        thread_id: int | None = ...,
        referenced_tensor: Iterable[AllocationDescription] | None = ...,
        memory_stats: MemoryStats | None = ...,
        all_start_nanos: int | None = ...,
        op_start_rel_nanos: int | None = ...,
        op_end_rel_nanos: int | None = ...,
        all_end_rel_nanos: int | None = ...,
        scheduled_nanos: int | None = ...,
    ) -> None: ...

class NodeOutput(Message):
    slot: int
    @property
    def tensor_description(self) -> TensorDescription: ...
    def __init__(
        self,
        *,
        slot: int | None = ...,
        tensor_description: TensorDescription | None = ...,
    ) -> None: ...

class TensorDescription(Message):
    dtype: int
    @property
    def shape(self) -> TensorShapeProto: ...
    @property
    def allocation_description(self) -> AllocationDescription: ...
    def __init__(
        self,
        *,
        dtype: int | None = ...,
        shape: TensorShapeProto | None = ...,
        allocation_description: AllocationDescription | None = ...,
    ) -> None: ...

class AllocationDescription(Message):
    requested_bytes: int
    allocated_bytes: int
    allocator_name: str
    allocation_id: int
    has_single_reference: bool
    ptr: int
    def __init__(
        self,
        *,
        requested_bytes: int | None = ...,
        allocated_bytes: int | None = ...,
        allocator_name: str | None = ...,
        allocation_id: int | None = ...,
        has_single_reference: bool | None = ...,
        ptr: int | None = ...,
    ) -> None: ...

class AllocatorMemoryUsed(Message):
    allocator_name: str
    total_bytes: int
    peak_bytes: int
    live_bytes: int
    allocator_bytes_in_use: int
    @property
    def allocation_records(self) -> _Messages[AllocationRecord]: ...
    def __init__(
        self,
        *,
        allocator_name: str | None = ...,
        total_bytes: int | None = ...,
        peak_bytes: int | None = ...,
        live_bytes: int | None = ...,
        allocator_bytes_in_use: int | None = ...,
        allocation_records: Iterable[AllocationRecord] | None = ...,
    ) -> None: ...

class AllocationRecord(Message):
    alloc_micros: int
    alloc_bytes: int
    def __init__(
        self,
        *,
        alloc_micros: int | None = ...,
        alloc_bytes: int | None = ...,
    ) -> None: ...

class MemoryStats(Message):
    temp_memory_size: int
    persistent_memory_size: int
    @property
    def persistent_tensor_alloc_ids(self) -> _Scalars[int]: ...
    def __init__(
        self,
        *,
        temp_memory_size: int | None = ...,
        persistent_memory_size: int | None = ...,
        persistent_tensor_alloc_ids: Iterable[int] | None = ...,
    ) -> None: ...

class CostGraphDef(Message):
    class Node(Message):
        class InputInfo(Message):
            preceding_node: int
            preceding_port: int
            def __init__(
                self,
                *,
                preceding_node: int | None = ...,
                preceding_port: int | None = ...,
            ) -> None: ...

        class OutputInfo(Message):
            size: int
            alias_input_port: int
            @property
            def shape(self) -> TensorShapeProto: ...
            dtype: int
            def __init__(
                self,
                *,
                size: int | None = ...,
                alias_input_port: int | None = ...,
                shape: TensorShapeProto | None = ...,
                dtype: int | None = ...,
            ) -> None: ...

        name: str
        device: str
        id: int
        @property
        def input_info(self) -> _Messages[CostGraphDef.Node.InputInfo]: ...
        @property
        def output_info(self) -> _Messages[CostGraphDef.Node.OutputInfo]: ...
        temporary_memory_size: int
        is_final: bool
        @property
        def control_input(self) -> _Scalars[int]: ...
        compute_cost: int
        persistent_memory_size: int
        compute_time: int
        memory_time: int
        inaccurate: bool
        def __init__(
            self,
            *,
            name: str | None = ...,
            device: str | None = ...,
            id: int | None = ...,
            input_info: Iterable[CostGraphDef.Node.InputInfo] | None = ...,
            output_info: Iterable[CostGraphDef.Node.OutputInfo] | None = ...,
            temporary_memory_size: int | None = ...,
            is_final: bool | None = ...,
            control_input: Iterable[int] | None = ...,
            compute_cost: int | None = ...,
            persistent_memory_size: int | None = ...,
            compute_time: int | None = ...,
            memory_time: int | None = ...,
            inaccurate: bool | None = ...,
        ) -> None: ...

    class AggregatedCost(Message):
        cost: float
        dimension: str
        def __init__(
            self,
            *,
            cost: float | None = ...,
            dimension: str | None = ...,
        ) -> None: ...

    @property
    def node(self) -> _Messages[CostGraphDef.Node]: ...
    @property
    def cost(self) -> _Messages[CostGraphDef.AggregatedCost]: ...
    def __init__(
        self,
        *,
        node: Iterable[CostGraphDef.Node] | None = ...,
        cost: Iterable[CostGraphDef.AggregatedCost] | None = ...,
    ) -> None: ...

class CallableOptions(Message):
    @property
    def feed(self) -> _Scalars[str]: ...
    @property
    def fetch(self) -> _Scalars[str]: ...
    @property
    def target(self) -> _Scalars[str]: ...
    @property
    def run_options(self) -> RunOptions: ...
    @property
    def tensor_connection(self) -> _Messages[TensorConnection]: ...
    @property
    def feed_devices(self) -> _ScalarMap[str, str]: ...
    @property
    def fetch_devices(self) -> _ScalarMap[str, str]: ...
    fetch_skip_sync: bool
    def __init__(
        self,
        *,
        feed: Iterable[str] | None = ...,
        fetch: Iterable[str] | None = ...,
        target: Iterable[str] | None = ...,
        run_options: RunOptions | None = ...,
        tensor_connection: Iterable[TensorConnection] | None = ...,
        feed_devices: Mapping[str, str] | None = ...,
        fetch_devices: Mapping[str, str] | None = ...,
        fetch_skip_sync: bool | None = ...,
    ) -> None: ...

class TensorConnection(Message):
    from_tensor: str
    to_tensor: str
    def __init__(
        self,
        *,
        from_tensor: str | None = ...,
        to_tensor: str | None = ...,
    ) -> None: ...

class DeviceAttributes(Message):
    name: str
    device_type: str
    memory_limit: int
    @property
    def locality(self) -> DeviceLocality: ...
    incarnation: int
    physical_device_desc: str
    xla_global_id: int
    def __init__(
        self,
        *,
        name: str | None = ...,
        device_type: str | None = ...,
        memory_limit: int | None = ...,
        locality: DeviceLocality | None = ...,
        incarnation: int | None = ...,
        physical_device_desc: str | None = ...,
        xla_global_id: int | None = ...,
    ) -> None: ...

class DeviceLocality(Message):
    bus_id: int
    numa_node: int
    def __init__(
        self,
        *,
        bus_id: int | None = ...,
        numa_node: int | None = ...,
    ) -> None: ...

class SummaryDescription(Message):
    type_hint: str
    def __init__(
        self,
        *,
        type_hint: str | None = ...,
    ) -> None: ...

class HistogramProto(Message):
    min: float
    max: float
    num: float
    sum: float
    sum_squares: float
    @property
    def bucket_limit(self) -> _Scalars[float]: ...
    @property
    def bucket(self) -> _Scalars[float]: ...
    def __init__(
        self,
        *,
        min: float | None = ...,
        max: float | None = ...,
        num: float | None = ...,
        sum: float | None = ...,
        sum_squares: float | None = ...,
        bucket_limit: Iterable[float] | None = ...,
        bucket: Iterable[float] | None = ...,
    ) -> None: ...

class SummaryMetadata(Message):
    class PluginData(Message):
        plugin_name: str
        content: bytes
        def __init__(
            self,
            *,
            plugin_name: str | None = ...,
            content: bytes | None = ...,
        ) -> None: ...

    @property
    def plugin_data(self) -> SummaryMetadata.PluginData: ...
    display_name: str
    summary_description: str
    data_class: int
    def __init__(
        self,
        *,
        plugin_data: SummaryMetadata.PluginData | None = ...,
        display_name: str | None = ...,
        summary_description: str | None = ...,
        data_class: int | None = ...,
    ) -> None: ...

class Summary(Message):
    class Image(Message):
        height: int
        width: int
        colorspace: int
        encoded_image_string: bytes
        def __init__(
            self,
            *,
            height: int | None = ...,
            width: int | None = ...,
            colorspace: int | None = ...,
            encoded_image_string: bytes | None = ...,
        ) -> None: ...

    class Audio(Message):
        sample_rate: float
        num_channels: int
        length_frames: int
        encoded_audio_string: bytes
        content_type: str
        def __init__(
            self,
            *,
            sample_rate: float | None = ...,
            num_channels: int | None = ...,
            length_frames: int | None = ...,
            encoded_audio_string: bytes | None = ...,
            content_type: str | None = ...,
        ) -> None: ...

    class Value(Message):
        node_name: str
        tag: str
        @property
        def metadata(self) -> SummaryMetadata: ...
        simple_value: float
        obsolete_old_style_histogram: bytes
        @property
        def image(self) -> Summary.Image: ...
        @property
        def histo(self) -> HistogramProto: ...
        @property
        def audio(self) -> Summary.Audio: ...
        @property
        def tensor(self) -> TensorProto: ...
        def __init__(
            self,
            *,
            node_name: str | None = ...,
            tag: str | None = ...,
            metadata: SummaryMetadata | None = ...,
            simple_value: float | None = ...,
            obsolete_old_style_histogram: bytes | None = ...,
            image: Summary.Image | None = ...,
            histo: HistogramProto | None = ...,
            audio: Summary.Audio | None = ...,
            tensor: TensorProto | None = ...,
        ) -> None: ...
        def WhichOneof(self, oneof_group: str) -> typing.Literal["simple_value", "obsolete_old_style_histogram", "image", "histo", "audio", "tensor"] | None: ...

    @property
    def value(self) -> _Messages[Summary.Value]: ...
    def __init__(
        self,
        *,
        value: Iterable[Summary.Value] | None = ...,
    ) -> None: ...

class Event(Message):
    wall_time: float
    step: int
    file_version: str
    graph_def: bytes
    @property
    def summary(self) -> Summary: ...
    @property
    def log_message(self) -> LogMessage: ...
    @property
    def session_log(self) -> SessionLog: ...
    @property
    def tagged_run_metadata(self) -> TaggedRunMetadata: ...
    meta_graph_def: bytes
    @property
    def source_metadata(self) -> SourceMetadata: ...
    def __init__(
        self,
        *,
        wall_time: float | None = ...,
        step: int | None = ...,
        file_version: str | None = ...,
        graph_def: bytes | None = ...,
        summary: Summary | None = ...,
        log_message: LogMessage | None = ...,
        session_log: SessionLog | None = ...,
        tagged_run_metadata: TaggedRunMetadata | None = ...,
        meta_graph_def: bytes | None = ...,
        source_metadata: SourceMetadata | None = ...,
    ) -> None: ...
    def WhichOneof(self, oneof_group: str) -> typing.Literal["file_version", "graph_def", "summary", "log_message", "session_log", "tagged_run_metadata", "meta_graph_def"] | None: ...

class SourceMetadata(Message):
    writer: str
    def __init__(
        self,
        *,
        writer: str | None = ...,
    ) -> None: ...

class LogMessage(Message):
    UNKNOWN: typing.ClassVar[int]
    DEBUGGING: typing.ClassVar[int]
    INFO: typing.ClassVar[int]
    WARN: typing.ClassVar[int]
    ERROR: typing.ClassVar[int]
    FATAL: typing.ClassVar[int]
    level: int
    message: str
    def __init__(
        self,
        *,
        level: int | None = ...,
        message: str | None = ...,
    ) -> None: ...

class SessionLog(Message):
    STATUS_UNSPECIFIED: typing.ClassVar[int]
    START: typing.ClassVar[int]
    STOP: typing.ClassVar[int]
    CHECKPOINT: typing.ClassVar[int]
    status: int
    checkpoint_path: str
    msg: str
    def __init__(
        self,
        *,
        status: int | None = ...,
        checkpoint_path: str | None = ...,
        msg: str | None = ...,
    ) -> None: ...

class TaggedRunMetadata(Message):
    tag: str
    run_metadata: bytes
    def __init__(
        self,
        *,
        tag: str | None = ...,
        run_metadata: bytes | None = ...,
    ) -> None: ...

class Example(Message):
    @property
    def features(self) -> Features: ...
    def __init__(
        self,
        *,
        features: Features | None = ...,
    ) -> None: ...

class SequenceExample(Message):
    @property
    def context(self) -> Features: ...
    @property
    def feature_lists(self) -> FeatureLists: ...
    def __init__(
        self,
        *,
        context: Features | None = ...,
        feature_lists: FeatureLists | None = ...,
    ) -> None: ...

class BytesList(Message):
    @property
    def value(self) -> _Scalars[bytes]: ...
    def __init__(
        self,
        *,
        value: Iterable[bytes] | None = ...,
    ) -> None: ...

class FloatList(Message):
    @property
    def value(self) -> _Scalars[float]: ...
    def __init__(
        self,
        *,
        value: Iterable[float] | None = ...,
    ) -> None: ...

class Int64List(Message):
    @property
    def value(self) -> _Scalars[int]: ...
    def __init__(
        self,
        *,
        value: Iterable[int] | None = ...,
    ) -> None: ...

class Feature(Message):
    @property
    def bytes_list(self) -> BytesList: ...
    @property
    def float_list(self) -> FloatList: ...
    @property
    def int64_list(self) -> Int64List: ...
    def __init__(
        self,
        *,
        bytes_list: BytesList | None = ...,
        float_list: FloatList | None = ...,
        int64_list: Int64List | None = ...,
    ) -> None: ...
    def WhichOneof(self, oneof_group: str) -> typing.Literal["bytes_list", "float_list", "int64_list"] | None: ...

class Features(Message):
    @property
    def feature(self) -> _MessageMap[str, Feature]: ...
    def __init__(
        self,
        *,
        feature: Mapping[str, Feature] | None = ...,
    ) -> None: ...

class FeatureList(Message):
    @property
    def feature(self) -> _Messages[Feature]: ...
    def __init__(
        self,
        *,
        feature: Iterable[Feature] | None = ...,
    ) -> None: ...

class FeatureLists(Message):
    @property
    def feature_list(self) -> _MessageMap[str, FeatureList]: ...
    def __init__(
        self,
        *,
        feature_list: Mapping[str, FeatureList] | None = ...,
    ) -> None: ...

class SpriteMetadata(Message):
    image_path: str
    @property
    def single_image_dim(self) -> _Scalars[int]: ...
    def __init__(
        self,
        *,
        image_path: str | None = ...,
        single_image_dim: Iterable[int] | None = ...,
    ) -> None: ...

class EmbeddingInfo(Message):
    tensor_name: str
    metadata_path: str
    bookmarks_path: str
    @property
    def tensor_shape(self) -> _Scalars[int]: ...
    @property
    def sprite(self) -> SpriteMetadata: ...
    tensor_path: str
    def __init__(
        self,
        *,
        tensor_name: str | None = ...,
        metadata_path: str | None = ...,
        bookmarks_path: str | None = ...,
        tensor_shape: Iterable[int] | None = ...,
        sprite: SpriteMetadata | None = ...,
        tensor_path: str | None = ...,
    ) -> None: ...

class ProjectorConfig(Message):
    model_checkpoint_path: str
    @property
    def embeddings(self) -> _Messages[EmbeddingInfo]: ...
    model_checkpoint_dir: str
    def __init__(
        self,
        *,
        model_checkpoint_path: str | None = ...,
        embeddings: Iterable[EmbeddingInfo] | None = ...,
        model_checkpoint_dir: str | None = ...,
    ) -> None: ...

class Any(Message):
    type_url: str
    value: bytes
    def __init__(
        self,
        *,
        type_url: str | None = ...,
        value: bytes | None = ...,
    ) -> None: ...
    def Is(self, descriptor: typing.Any) -> bool: ...
    def Pack(self, msg: Message, type_url_prefix: str = ..., deterministic: bool | None = ...) -> None: ...
    def TypeName(self) -> str: ...
    def Unpack(self, msg: Message) -> bool: ...
