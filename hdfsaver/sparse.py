"""``tf.sparse``: tensors of which only some elements have a value."""

from __future__ import annotations

import typing

from hdfsaver.absent_names import absent as _absent
from hdfsaver.graph.composite_tensors import SparseTensor
from hdfsaver.ops.row_segments import sparse_segment_mean as segment_mean
from hdfsaver.ops.row_segments import sparse_segment_sqrt_n as segment_sqrt_n
from hdfsaver.ops.row_segments import sparse_segment_sum as segment_sum
from hdfsaver.ops.sparse_functions import from_dense, sparse_tensor_dense_matmul
from hdfsaver.ops.sparse_functions import sparse_add as add
from hdfsaver.ops.sparse_functions import sparse_concat as concat
from hdfsaver.ops.sparse_functions import sparse_eye as eye
from hdfsaver.ops.sparse_functions import sparse_fill_empty_rows as fill_empty_rows
from hdfsaver.ops.sparse_functions import sparse_mask as mask
from hdfsaver.ops.sparse_functions import sparse_maximum as maximum
from hdfsaver.ops.sparse_functions import sparse_merge as merge
from hdfsaver.ops.sparse_functions import sparse_minimum as minimum
from hdfsaver.ops.sparse_functions import sparse_reduce_max as reduce_max
from hdfsaver.ops.sparse_functions import sparse_reduce_sum as reduce_sum
from hdfsaver.ops.sparse_functions import sparse_reorder as reorder
from hdfsaver.ops.sparse_functions import sparse_reshape as reshape
from hdfsaver.ops.sparse_functions import sparse_retain as retain
from hdfsaver.ops.sparse_functions import sparse_slice as slice  # noqa: A004, TensorFlow's name
from hdfsaver.ops.sparse_functions import sparse_softmax as softmax
from hdfsaver.ops.sparse_functions import sparse_split as split
from hdfsaver.ops.sparse_functions import sparse_tensor_dense_matmul as matmul
from hdfsaver.ops.sparse_functions import sparse_to_indicator as to_indicator
from hdfsaver.ops.sparse_functions import sparse_transpose as transpose
from hdfsaver.ops.sparse_placeholders import sparse_placeholder as placeholder
from hdfsaver.ops.sparse_values import sparse_tensor_to_dense as to_dense

__all__ = [
    "SparseTensor",
    "add",
    "concat",
    "eye",
    "fill_empty_rows",
    "from_dense",
    "mask",
    "matmul",
    "maximum",
    "merge",
    "minimum",
    "placeholder",
    "reduce_max",
    "reduce_sum",
    "reorder",
    "reshape",
    "retain",
    "segment_mean",
    "segment_sqrt_n",
    "segment_sum",
    "slice",
    "softmax",
    "sparse_tensor_dense_matmul",
    "split",
    "to_dense",
    "to_indicator",
    "transpose",
]


def __dir__() -> list[str]:
    return __all__


if not typing.TYPE_CHECKING:  # a type checker is to know the names above, and no others

    def __getattr__(name: str) -> object:
        raise _absent(__name__, name, __all__)
