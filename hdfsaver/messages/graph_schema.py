"""TensorFlow's messages about graphs, in the notation of `hdfsaver.messages.descriptor_pool`.

Sources: ``tensorflow/core/framework/{graph,node_def,attr_value,function,op_def,variable}.proto`` and
``tensorflow/core/protobuf/{control_flow,meta_graph,saver,saved_model}.proto``, and
``tensorflow/python/training/checkpoint_state.proto``. Messages that are left out (traces of the code, the graph of
objects, handles) are kept as unknown fields. hdfsaver adds one field to ``MetaGraphDef`` and ``SaverDef``: which
variable a Saver keeps under which name, see `hdfsaver.messages.names_of_savers`.
"""

from __future__ import annotations

FULL_TYPES = """
TFT_UNSET=0 TFT_VAR=1 TFT_ANY=2 TFT_PRODUCT=3 TFT_NAMED=4 TFT_FOR_EACH=20 TFT_CALLABLE=100 TFT_TENSOR=1000
TFT_ARRAY=1001 TFT_OPTIONAL=1002 TFT_LITERAL=1003 TFT_ENCODED=1004 TFT_SHAPE_TENSOR=1005 TFT_BOOL=200
TFT_UINT8=201 TFT_UINT16=202 TFT_UINT32=203 TFT_UINT64=204 TFT_INT8=205 TFT_INT16=206 TFT_INT32=207
TFT_INT64=208 TFT_HALF=209 TFT_FLOAT=210 TFT_DOUBLE=211 TFT_COMPLEX64=212 TFT_COMPLEX128=213 TFT_STRING=214
TFT_BFLOAT16=215 TFT_DATASET=10102 TFT_RAGGED=10103 TFT_ITERATOR=10104 TFT_MUTEX_LOCK=10202
TFT_LEGACY_VARIANT=10203
"""
"""The numbers of the enum ``FullTypeId``, by which newer programs say more about a type than its dtype."""

GRAPH_SCHEMA = """
NodeDef
1 name string
2 op string
3 input string*
4 device string
5 attr {string:AttrValue}
6 experimental_debug_info ExperimentalDebugInfo
7 experimental_type FullTypeDef

NodeDef.ExperimentalDebugInfo
1 original_node_names string*
2 original_func_names string*

FullTypeDef
1 type_id FullTypeId
2 args FullTypeDef*
3 s string|attr
4 i int64|attr

AttrValue
1 list ListValue|value
2 s bytes|value
3 i int64|value
4 f float|value
5 b bool|value
6 type DataType|value
7 shape TensorShapeProto|value
8 tensor TensorProto|value
9 placeholder string|value
10 func NameAttrList|value

AttrValue.ListValue
2 s bytes*
3 i int64*
4 f float*
5 b bool*
6 type DataType*
7 shape TensorShapeProto*
8 tensor TensorProto*
9 func NameAttrList*

NameAttrList
1 name string
2 attr {string:AttrValue}

GraphDef
1 node NodeDef*
2 library FunctionDefLibrary
3 version int32
4 versions VersionDef

FunctionDefLibrary
1 function FunctionDef*
2 gradient GradientDef*
3 registered_gradients RegisteredGradient*

GradientDef
1 function_name string
2 gradient_func string

RegisteredGradient
1 gradient_func string
2 registered_op_type string

FunctionDef
1 signature OpDef
3 node_def NodeDef*
4 ret {string:string}
5 attr {string:AttrValue}
6 control_ret {string:string}
7 arg_attr {uint32:ArgAttrs}
8 resource_arg_unique_id {uint32:uint32}

FunctionDef.ArgAttrs
1 attr {string:AttrValue}

OpDef
1 name string
2 input_arg ArgDef*
3 output_arg ArgDef*
4 attr AttrDef*
5 summary string
6 description string
8 deprecation OpDeprecation
16 is_aggregate bool
17 is_stateful bool
18 is_commutative bool
19 allows_uninitialized_input bool
20 control_output string*
21 is_distributed_communication bool

OpDef.ArgDef
1 name string
2 description string
3 type DataType
4 type_attr string
5 number_attr string
6 type_list_attr string
7 handle_data DtypeAndShape*
16 is_ref bool
17 experimental_full_type FullTypeDef

OpDef.AttrDef
1 name string
2 type string
3 default_value AttrValue
4 description string
5 has_minimum bool
6 minimum int64
7 allowed_values AttrValue

ResourceHandleProto
1 device string
2 container string
3 name string
4 hash_code uint64
5 maybe_type_name string
6 dtypes_and_shapes DtypeAndShape*

ResourceHandleProto.DtypeAndShape
1 dtype DataType
2 shape TensorShapeProto

OpDeprecation
1 version int32
2 explanation string

OpList
1 op OpDef*

MetaGraphDef
1 meta_info_def MetaInfoDef
2 graph_def GraphDef
3 saver_def SaverDef
4 collection_def {string:CollectionDef}
5 signature_def {string:SignatureDef}
6 asset_file_def AssetFileDef*
50001 saved_names {string:SavedName}

MetaGraphDef.MetaInfoDef
1 meta_graph_version string
2 stripped_op_list OpList
3 any_info Any
4 tags string*
5 tensorflow_version string
6 tensorflow_git_version string
7 stripped_default_attrs bool
8 function_aliases {string:string}

SavedName
1 op_name string
2 parts SavedPart*

SavedPart
1 op_name string
2 info SaveSliceInfoDef

CollectionDef
1 node_list NodeList|kind
2 bytes_list BytesList|kind
3 int64_list Int64List|kind
4 float_list FloatList|kind
5 any_list AnyList|kind

CollectionDef.NodeList
1 value string*

CollectionDef.BytesList
1 value bytes*

CollectionDef.Int64List
1 value int64*

CollectionDef.FloatList
1 value float*

CollectionDef.AnyList
1 value Any*

SaverDef
1 filename_tensor_name string
2 save_tensor_name string
3 restore_op_name string
4 max_to_keep int32
5 sharded bool
6 keep_checkpoint_every_n_hours float
7 version CheckpointFormatVersion
50001 saved_names {string:SavedName}

ReaderBaseState
1 work_started int64
2 work_finished int64
3 num_records_produced int64
4 current_work bytes

QueueRunnerDef
1 queue_name string
2 enqueue_op_name string*
3 close_op_name string
4 cancel_op_name string
5 queue_closed_exception_types int32*

SignatureDef
1 inputs {string:TensorInfo}
2 outputs {string:TensorInfo}
3 method_name string
4 defaults {string:TensorProto}

TensorInfo
1 name string|encoding
2 dtype DataType
3 tensor_shape TensorShapeProto
4 coo_sparse CooSparse|encoding

TensorInfo.CooSparse
1 values_tensor_name string
2 indices_tensor_name string
3 dense_shape_tensor_name string

AssetFileDef
1 tensor_info TensorInfo
2 filename string

VariableDef
1 variable_name string
2 initializer_name string
3 snapshot_name string
4 save_slice_info_def SaveSliceInfoDef
5 is_resource bool
6 initial_value_name string
7 trainable bool
8 synchronization VariableSynchronization
9 aggregation VariableAggregation

SaveSliceInfoDef
1 full_name string
2 full_shape int64*
3 var_offset int64*
4 var_shape int64*

ValuesDef
1 values string*
2 external_values {string:string}

ControlFlowContextDef
1 cond_ctxt CondContextDef|ctxt
2 while_ctxt WhileContextDef|ctxt

CondContextDef
1 context_name string
2 pred_name string
3 pivot_name string
4 branch int32
5 values_def ValuesDef
6 nested_contexts ControlFlowContextDef*

WhileContextDef
1 context_name string
2 parallel_iterations int32
3 back_prop bool
4 swap_memory bool
5 pivot_name string
6 pivot_for_pred_name string
7 pivot_for_body_name string
8 loop_exit_names string*
9 values_def ValuesDef
10 loop_enter_names string*
11 maximum_iterations_name string
12 nested_contexts ControlFlowContextDef*

CheckpointState
1 model_checkpoint_path string
2 all_model_checkpoint_paths string*
3 all_model_checkpoint_timestamps double*
4 last_preserved_timestamp double

SavedModel
1 saved_model_schema_version int64
2 meta_graphs MetaGraphDef*
"""
