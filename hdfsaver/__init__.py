"""TensorFlow 1's graphs and checkpoints on HDF5, without TensorFlow: ``import hdfsaver as tf``."""

import importlib
import typing

from hdfsaver import dtypes, errors, gfile, graph_util, initializers, limits, logging, math, nn, random
from hdfsaver.absent_names import absent as _absent
from hdfsaver.dtypes import (
    QUANTIZED_DTYPES,
    DType,
    as_dtype,
    bfloat16,
    complex64,
    complex128,
    double,
    float8_e4m3b11fnuz,
    float8_e4m3fn,
    float8_e4m3fnuz,
    float8_e5m2,
    float8_e5m2fnuz,
    float16,
    float32,
    float64,
    half,
    int4,
    int8,
    int16,
    int32,
    int64,
    qint8,
    qint16,
    qint32,
    quint8,
    quint16,
    resource,
    string,
    uint4,
    uint8,
    uint16,
    uint32,
    uint64,
    variant,
)
from hdfsaver.dtypes import (
    bool_ as bool,
)
from hdfsaver.graph import (
    Graph,
    Operation,
    Tensor,
)
from hdfsaver.graph.composite_tensors import (
    IndexedSlices,
    IndexedSlicesValue,
    SparseTensor,
    SparseTensorValue,
    convert_to_tensor_or_indexed_slices,
    convert_to_tensor_or_sparse_tensor,
)
from hdfsaver.graph.composite_tensors import (
    is_tensor_or_composite as is_tensor,
)
from hdfsaver.graph.default import (
    get_default_graph,
    reset_default_graph,
)
from hdfsaver.graph.default_graph_functions import (
    add_to_collection,
    add_to_collections,
    colocate_with,
    control_dependencies,
    device,
    get_collection,
    get_collection_ref,
    name_scope,
)
from hdfsaver.graph.graph_defs import (
    import_graph_def,
)
from hdfsaver.graph.graph_keys import (
    GraphKeys,
)
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.messages.tensor_protos import make_ndarray
from hdfsaver.ops.activations import (
    log_sigmoid,
    sigmoid,
    tanh,
)
from hdfsaver.ops.arithmetic import (
    accumulate_n,
    add,
    add_n,
    div,
    div_no_nan,
    divide,
    floordiv,
    floormod,
    maximum,
    minimum,
    multiply,
    pow,
    squared_difference,
    subtract,
    truediv,
)
from hdfsaver.ops.broadcasting import (
    broadcast_dynamic_shape,
    broadcast_static_shape,
    broadcast_to,
    tile,
)
from hdfsaver.ops.casting import (
    bitcast,
    cast,
    saturate_cast,
    to_bfloat16,
    to_complex64,
    to_complex128,
    to_double,
    to_float,
    to_int32,
    to_int64,
)
from hdfsaver.ops.checks import (
    Assert_ as Assert,
)
from hdfsaver.ops.checks import (
    check_numerics,
)
from hdfsaver.ops.comparison import (
    equal,
    greater,
    greater_equal,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    not_equal,
)
from hdfsaver.ops.complex_numbers import (
    complex,
    conj,
    imag,
    real,
)
from hdfsaver.ops.constants import (
    constant,
    group,
    identity,
    identity_n,
    make_tensor_proto,
    no_op,
    placeholder,
    placeholder_with_default,
    stop_gradient,
)
from hdfsaver.ops.constants import (
    tuple_ as tuple,
)
from hdfsaver.ops.elementary import (
    abs,
    acos,
    asin,
    atan,
    cos,
    cosh,
    erf,
    exp,
    expm1,
    log,
    log1p,
    negative,
    sign,
    sin,
    sinh,
    square,
    tan,
)
from hdfsaver.ops.filling import (
    fill,
    linspace,
    one_hot,
    ones,
    ones_like,
    zeros,
    zeros_like,
)
from hdfsaver.ops.filling import (
    range_ as range,
)
from hdfsaver.ops.indexing import (
    gather,
    gather_nd,
    scatter_nd,
    unsorted_segment_sum,
)
from hdfsaver.ops.init_ops import (
    constant_initializer,
    glorot_normal_initializer,
    glorot_uniform_initializer,
    ones_initializer,
    random_normal_initializer,
    random_uniform_initializer,
    truncated_normal_initializer,
    variance_scaling_initializer,
    zeros_initializer,
)
from hdfsaver.ops.joining import (
    concat,
    parallel_stack,
    split,
    stack,
    unstack,
)
from hdfsaver.ops.linalg import (
    matmul,
    tensordot,
)
from hdfsaver.ops.norms import (
    clip_by_average_norm,
    clip_by_global_norm,
    clip_by_norm,
    clip_by_value,
    global_norm,
    norm,
)
from hdfsaver.ops.padding import (
    pad,
)
from hdfsaver.ops.reduction import (
    count_nonzero,
    reduce_all,
    reduce_any,
    reduce_logsumexp,
    reduce_max,
    reduce_mean,
    reduce_min,
    reduce_prod,
    reduce_sum,
)
from hdfsaver.ops.roots import (
    reciprocal,
    rsqrt,
    sqrt,
)
from hdfsaver.ops.rounding import (
    ceil,
    floor,
    is_finite,
    is_inf,
    is_nan,
    rint,
    round,
)
from hdfsaver.ops.sampling import (
    random_normal,
    random_shuffle,
    random_uniform,
    set_random_seed,
    truncated_normal,
)
from hdfsaver.ops.scans import (
    argmax,
    argmin,
    cumprod,
    cumsum,
)
from hdfsaver.ops.selection import (
    boolean_mask,
    where,
    where_v2,
)
from hdfsaver.ops.shaping import (
    expand_dims,
    invert_permutation,
    rank,
    reshape,
    shape,
    shape_n,
    size,
    squeeze,
    transpose,
)
from hdfsaver.ops.slicing import (
    reverse,
    strided_slice,
)
from hdfsaver.ops.slicing import (
    slice_ as slice,
)
from hdfsaver.ops.state_ops import (
    assign,
    assign_add,
    assign_sub,
    scatter_add,
    scatter_sub,
    scatter_update,
)
from hdfsaver.session import (
    InteractiveSession,
    Session,
    get_default_session,
)
from hdfsaver.shapes import (
    Dimension,
    TensorShape,
)
from hdfsaver.training.custom_gradient import custom_gradient, grad_pass_through
from hdfsaver.training.gradient_registry import NoGradient, NotDifferentiable, RegisterGradient
from hdfsaver.training.gradient_sums import AggregationMethod
from hdfsaver.training.gradients import UnconnectedGradients, gradients
from hdfsaver.training.hessians import hessians
from hdfsaver.variables.distribution import VariableAggregation, VariableSynchronization
from hdfsaver.variables.get_variable import (
    create_partitioned_variables,
    get_local_variable,
    get_variable,
)
from hdfsaver.variables.partitioning import (
    fixed_size_partitioner,
    min_max_variable_partitioner,
    variable_axis_size_partitioner,
)
from hdfsaver.variables.template import make_template
from hdfsaver.variables.variable import (
    Variable,
    all_variables,
    assert_variables_initialized,
    global_variables,
    global_variables_initializer,
    initialize_all_variables,
    is_variable_initialized,
    local_variables,
    local_variables_initializer,
    model_variables,
    report_uninitialized_variables,
    trainable_variables,
    variables_initializer,
)
from hdfsaver.variables.variable_creators import variable_creator_scope
from hdfsaver.variables.variable_scope import (
    AUTO_REUSE,
    VariableScope,
    get_variable_scope,
    no_regularizer,
    variable_op_scope,
    variable_scope,
)
from hdfsaver.version import (
    __version__,
)

newaxis = None

if typing.TYPE_CHECKING:
    from hdfsaver import io, saved_model, test, train
    from hdfsaver.arrays.array_files import load_file, open_file, save_file
    from hdfsaver.arrays.digraphs import read_digraph, write_digraph
    from hdfsaver.conversion.converting import convert
    from hdfsaver.messages.message_classes import AttrValue, GraphDef, MetaGraphDef, NameAttrList, NodeDef, TensorInfo
    from hdfsaver.storage.chunks.compression import Compression
    from hdfsaver.storage.resealing import reseal
    from hdfsaver.storage.salvage import salvage

__all__ = [
    "AUTO_REUSE",
    "AggregationMethod",
    "Assert",
    "AttrValue",
    "Compression",
    "DType",
    "Dimension",
    "Graph",
    "GraphDef",
    "GraphKeys",
    "IndexedSlices",
    "IndexedSlicesValue",
    "InteractiveSession",
    "MetaGraphDef",
    "NameAttrList",
    "NoGradient",
    "NodeDef",
    "NotDifferentiable",
    "Operation",
    "QUANTIZED_DTYPES",
    "RegisterGradient",
    "Session",
    "SparseTensor",
    "SparseTensorValue",
    "Tensor",
    "TensorInfo",
    "TensorShape",
    "UnconnectedGradients",
    "Variable",
    "VariableAggregation",
    "VariableScope",
    "VariableSynchronization",
    "__version__",
    "abs",
    "accumulate_n",
    "acos",
    "add",
    "add_n",
    "add_to_collection",
    "add_to_collections",
    "all_variables",
    "argmax",
    "argmin",
    "as_dtype",
    "asin",
    "assert_variables_initialized",
    "assign",
    "assign_add",
    "assign_sub",
    "atan",
    "bfloat16",
    "bitcast",
    "bool",
    "boolean_mask",
    "broadcast_dynamic_shape",
    "broadcast_static_shape",
    "broadcast_to",
    "cast",
    "ceil",
    "check_numerics",
    "clip_by_average_norm",
    "clip_by_global_norm",
    "clip_by_norm",
    "clip_by_value",
    "colocate_with",
    "complex",
    "complex128",
    "complex64",
    "concat",
    "conj",
    "constant",
    "constant_initializer",
    "control_dependencies",
    "convert",
    "convert_to_tensor",
    "convert_to_tensor_or_indexed_slices",
    "convert_to_tensor_or_sparse_tensor",
    "cos",
    "cosh",
    "count_nonzero",
    "create_partitioned_variables",
    "cumprod",
    "cumsum",
    "custom_gradient",
    "device",
    "div",
    "div_no_nan",
    "divide",
    "double",
    "dtypes",
    "equal",
    "erf",
    "errors",
    "exp",
    "expand_dims",
    "expm1",
    "fill",
    "fixed_size_partitioner",
    "float16",
    "float32",
    "float64",
    "float8_e4m3b11fnuz",
    "float8_e4m3fn",
    "float8_e4m3fnuz",
    "float8_e5m2",
    "float8_e5m2fnuz",
    "floor",
    "floordiv",
    "floormod",
    "gather",
    "gather_nd",
    "get_collection",
    "get_collection_ref",
    "get_default_graph",
    "get_default_session",
    "get_local_variable",
    "get_variable",
    "get_variable_scope",
    "gfile",
    "global_norm",
    "global_variables",
    "global_variables_initializer",
    "glorot_normal_initializer",
    "glorot_uniform_initializer",
    "grad_pass_through",
    "gradients",
    "graph_util",
    "greater",
    "greater_equal",
    "group",
    "half",
    "hessians",
    "identity",
    "identity_n",
    "imag",
    "import_graph_def",
    "initialize_all_variables",
    "initializers",
    "int16",
    "int32",
    "int4",
    "int64",
    "int8",
    "invert_permutation",
    "io",
    "is_finite",
    "is_inf",
    "is_nan",
    "is_tensor",
    "is_variable_initialized",
    "less",
    "less_equal",
    "limits",
    "linspace",
    "load_file",
    "local_variables",
    "local_variables_initializer",
    "log",
    "log1p",
    "log_sigmoid",
    "logging",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "make_ndarray",
    "make_template",
    "make_tensor_proto",
    "math",
    "matmul",
    "maximum",
    "min_max_variable_partitioner",
    "minimum",
    "model_variables",
    "multiply",
    "name_scope",
    "negative",
    "newaxis",
    "nn",
    "no_op",
    "no_regularizer",
    "norm",
    "not_equal",
    "one_hot",
    "ones",
    "ones_initializer",
    "ones_like",
    "open_file",
    "pad",
    "parallel_stack",
    "placeholder",
    "placeholder_with_default",
    "pow",
    "qint16",
    "qint32",
    "qint8",
    "quint16",
    "quint8",
    "random",
    "random_normal",
    "random_normal_initializer",
    "random_shuffle",
    "random_uniform",
    "random_uniform_initializer",
    "range",
    "rank",
    "read_digraph",
    "real",
    "reciprocal",
    "reduce_all",
    "reduce_any",
    "reduce_logsumexp",
    "reduce_max",
    "reduce_mean",
    "reduce_min",
    "reduce_prod",
    "reduce_sum",
    "report_uninitialized_variables",
    "reseal",
    "reset_default_graph",
    "reshape",
    "resource",
    "reverse",
    "rint",
    "round",
    "rsqrt",
    "salvage",
    "saturate_cast",
    "save_file",
    "saved_model",
    "scatter_add",
    "scatter_nd",
    "scatter_sub",
    "scatter_update",
    "set_random_seed",
    "shape",
    "shape_n",
    "sigmoid",
    "sign",
    "sin",
    "sinh",
    "size",
    "slice",
    "split",
    "sqrt",
    "square",
    "squared_difference",
    "squeeze",
    "stack",
    "stop_gradient",
    "strided_slice",
    "string",
    "subtract",
    "tan",
    "tanh",
    "tensordot",
    "test",
    "tile",
    "to_bfloat16",
    "to_complex128",
    "to_complex64",
    "to_double",
    "to_float",
    "to_int32",
    "to_int64",
    "train",
    "trainable_variables",
    "transpose",
    "truediv",
    "truncated_normal",
    "truncated_normal_initializer",
    "tuple",
    "uint16",
    "uint32",
    "uint4",
    "uint64",
    "uint8",
    "unsorted_segment_sum",
    "unstack",
    "variable_axis_size_partitioner",
    "variable_creator_scope",
    "variable_op_scope",
    "variable_scope",
    "variables_initializer",
    "variance_scaling_initializer",
    "variant",
    "where",
    "where_v2",
    "write_digraph",
    "zeros",
    "zeros_initializer",
    "zeros_like",
]

_LAZY = {
    "AttrValue": "hdfsaver.messages.message_classes",
    "Compression": "hdfsaver.storage.chunks.compression",
    "GraphDef": "hdfsaver.messages.message_classes",
    "MetaGraphDef": "hdfsaver.messages.message_classes",
    "NameAttrList": "hdfsaver.messages.message_classes",
    "NodeDef": "hdfsaver.messages.message_classes",
    "TensorInfo": "hdfsaver.messages.message_classes",
    "contrib": "hdfsaver.absent_names",
    "convert": "hdfsaver.conversion.converting",
    "load_file": "hdfsaver.arrays.array_files",
    "open_file": "hdfsaver.arrays.array_files",
    "read_digraph": "hdfsaver.arrays.digraphs",
    "reseal": "hdfsaver.storage.resealing",
    "salvage": "hdfsaver.storage.salvage",
    "save_file": "hdfsaver.arrays.array_files",
    "write_digraph": "hdfsaver.arrays.digraphs",
}
"""The modules of names that need HDF5's library or protobuf's, whose loading takes as long as everything else."""

if not typing.TYPE_CHECKING:  # or else a type checker would accept every name

    def __getattr__(name: str) -> object:
        if name in ("io", "saved_model", "test", "train"):
            return importlib.import_module(f"hdfsaver.{name}")
        if name not in _LAZY:
            raise _absent("hdfsaver", name, __all__)
        value = globals()[name] = getattr(importlib.import_module(_LAZY[name]), name)
        return value


def __dir__() -> list[str]:
    return __all__
