"""TensorFlow's messages about sessions and runs, in the notation of `hdfsaver.messages.descriptor_pool`.

Sources: ``tensorflow/core/protobuf/{cluster,config,rewriter_config}.proto`` and
``tensorflow/core/framework/{step_stats,cost_graph,tensor_description,allocation_description,device_attributes}.proto``.
Programs make these messages and give them to a session, or ask for them. Parts that describe servers, debuggers and
experiments are kept as unknown fields.
"""

from __future__ import annotations

SESSION_SCHEMA = """
JobDef
1 name string
2 tasks {int32:string}

ClusterDef
1 job JobDef*

GPUOptions
1 per_process_gpu_memory_fraction double
4 allow_growth bool
2 allocator_type string
3 deferred_deletion_bytes int64
5 visible_device_list string
6 polling_active_delay_usecs int32
7 polling_inactive_delay_msecs int32
8 force_gpu_compatible bool

OptimizerOptions
1 do_common_subexpression_elimination bool
2 do_constant_folding bool
6 max_folded_constant_in_bytes int64
4 do_function_inlining bool
3 opt_level Level
5 global_jit_level GlobalJitLevel
7 cpu_global_jit bool

GraphOptions
2 enable_recv_scheduling bool
3 optimizer_options OptimizerOptions
4 build_cost_model int64
9 build_cost_model_after int64
5 infer_shapes bool
6 place_pruned_graph bool
7 enable_bfloat16_sendrecv bool
8 timeline_step int32
10 rewrite_options RewriterConfig

RewriterConfig
1 layout_optimizer Toggle
2 disable_model_pruning bool
3 constant_folding Toggle
4 memory_optimization MemOptType
6 memory_optimizer_target_node_name_scope string
7 arithmetic_optimization Toggle
8 dependency_optimization Toggle
9 loop_optimization Toggle
10 function_optimization Toggle
11 debug_stripper Toggle
12 meta_optimizer_iterations NumIterationsType
13 shape_optimization Toggle
14 remapping Toggle
15 scoped_allocator_optimization Toggle
17 min_graph_nodes int32
18 pin_to_host_optimization Toggle
19 disable_meta_optimizer bool
20 meta_optimizer_timeout_ms int64
21 fail_on_optimizer_errors bool
22 implementation_selector Toggle
23 auto_mixed_precision Toggle
24 common_subgraph_elimination Toggle
25 auto_mixed_precision_mkl Toggle
100 optimizers string*

ThreadPoolOptionProto
1 num_threads int32
2 global_name string

ConfigProto
1 device_count {string:int32}
2 intra_op_parallelism_threads int32
5 inter_op_parallelism_threads int32
9 use_per_session_threads bool
12 session_inter_op_thread_pool ThreadPoolOptionProto*
3 placement_period int32
4 device_filters string*
6 gpu_options GPUOptions
7 allow_soft_placement bool
8 log_device_placement bool
10 graph_options GraphOptions
11 operation_timeout_in_ms int64
14 cluster_def ClusterDef
15 isolate_session_state bool
17 share_cluster_devices_in_session bool

RunOptions
1 trace_level TraceLevel
2 timeout_in_ms int64
3 inter_op_thread_pool int32
5 output_partition_graphs bool
7 report_tensor_allocations_upon_oom bool

RunMetadata
1 step_stats StepStats
2 cost_graph CostGraphDef
3 partition_graphs GraphDef*

StepStats
1 dev_stats DeviceStepStats*

DeviceStepStats
1 device string
2 node_stats NodeExecStats*
3 thread_names {uint32:string}

NodeExecStats
1 node_name string
2 all_start_micros int64
3 op_start_rel_micros int64
4 op_end_rel_micros int64
5 all_end_rel_micros int64
6 memory AllocatorMemoryUsed*
7 output NodeOutput*
8 timeline_label string
9 scheduled_micros int64
10 thread_id uint32
11 referenced_tensor AllocationDescription*
12 memory_stats MemoryStats
13 all_start_nanos int64
14 op_start_rel_nanos int64
15 op_end_rel_nanos int64
16 all_end_rel_nanos int64
17 scheduled_nanos int64

NodeOutput
1 slot int32
3 tensor_description TensorDescription

TensorDescription
1 dtype DataType
2 shape TensorShapeProto
4 allocation_description AllocationDescription

AllocationDescription
1 requested_bytes int64
2 allocated_bytes int64
3 allocator_name string
4 allocation_id int64
5 has_single_reference bool
6 ptr uint64

AllocatorMemoryUsed
1 allocator_name string
2 total_bytes int64
3 peak_bytes int64
4 live_bytes int64
5 allocator_bytes_in_use int64
6 allocation_records AllocationRecord*

AllocationRecord
1 alloc_micros int64
2 alloc_bytes int64

MemoryStats
1 temp_memory_size int64
3 persistent_memory_size int64
5 persistent_tensor_alloc_ids int64*

CostGraphDef
1 node Node*
2 cost AggregatedCost*

CostGraphDef.Node
1 name string
2 device string
3 id int32
4 input_info InputInfo*
5 output_info OutputInfo*
6 temporary_memory_size int64
7 is_final bool
8 control_input int32*
9 compute_cost int64
12 persistent_memory_size int64
14 compute_time int64
15 memory_time int64
17 inaccurate bool

CostGraphDef.Node.InputInfo
1 preceding_node int32
2 preceding_port int32

CostGraphDef.Node.OutputInfo
1 size int64
2 alias_input_port int64
3 shape TensorShapeProto
4 dtype DataType

CostGraphDef.AggregatedCost
1 cost float
2 dimension string

CallableOptions
1 feed string*
2 fetch string*
3 target string*
4 run_options RunOptions
5 tensor_connection TensorConnection*
6 feed_devices {string:string}
7 fetch_devices {string:string}
8 fetch_skip_sync bool

TensorConnection
1 from_tensor string
2 to_tensor string

DeviceAttributes
1 name string
2 device_type string
4 memory_limit int64
5 locality DeviceLocality
6 incarnation fixed64
7 physical_device_desc string
8 xla_global_id int64

DeviceLocality
1 bus_id int32
2 numa_node int32
"""

SESSION_ENUMS = {
    "OptimizerOptions.Level": {"L1": 0, "L0": -1},
    "OptimizerOptions.GlobalJitLevel": {"DEFAULT": 0, "OFF": -1, "ON_1": 1, "ON_2": 2},
    "RewriterConfig.Toggle": {"DEFAULT": 0, "ON": 1, "OFF": 2, "AGGRESSIVE": 3},
    "RewriterConfig.NumIterationsType": {"DEFAULT_NUM_ITERS": 0, "ONE": 1, "TWO": 2},
    "RewriterConfig.MemOptType": {
        "DEFAULT_MEM_OPT": 0,
        "NO_MEM_OPT": 1,
        "MANUAL": 2,
        "HEURISTICS": 3,
        "SWAPPING_HEURISTICS": 4,
        "RECOMPUTATION_HEURISTICS": 5,
        "SCHEDULING_HEURISTICS": 6,
    },
    "RunOptions.TraceLevel": {"NO_TRACE": 0, "SOFTWARE_TRACE": 1, "HARDWARE_TRACE": 2, "FULL_TRACE": 3},
}
"""The enums of these messages."""
