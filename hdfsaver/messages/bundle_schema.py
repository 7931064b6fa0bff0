"""TensorFlow's messages about tensors and checkpoints, in the notation of `hdfsaver.messages.descriptor_pool`.

Sources: ``tensorflow/core/protobuf/{tensor_bundle,trackable_object_graph}.proto``,
``tensorflow/core/util/saved_tensor_slice.proto`` and
``tensorflow/core/framework/{tensor,tensor_shape,tensor_slice,versions}.proto``.
"""

from __future__ import annotations

# The shape of an entry is read as bytes: thousands of entries have few shapes, each parsed once.
BUNDLE_SCHEMA = """
VersionDef
1 producer int32
2 min_consumer int32
3 bad_consumers int32*

TensorShapeProto
2 dim Dim*
3 unknown_rank bool

TensorShapeProto.Dim
1 size int64
2 name string

TensorSliceProto
1 extent Extent*

TensorSliceProto.Extent
1 start int64
2 length int64?

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

TrackableObjectGraph
1 nodes TrackableObject*

TrackableObjectGraph.TrackableObject
1 children ObjectReference*
2 attributes SerializedTensor*
3 slot_variables SlotVariableReference*

TrackableObjectGraph.TrackableObject.ObjectReference
1 node_id int32
2 local_name string

TrackableObjectGraph.TrackableObject.SerializedTensor
1 name string
2 full_name string
3 checkpoint_key string

TrackableObjectGraph.TrackableObject.SlotVariableReference
1 original_variable_node_id int32
2 slot_name string
3 slot_variable_node_id int32
"""
