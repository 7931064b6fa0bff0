"""``tf.contrib.util``: tensors as messages, and the operations of a graph."""

from __future__ import annotations

import typing

from hdfsaver.absent_names import absent as _absent
from hdfsaver.assertions.static_values import get_static_value as constant_value
from hdfsaver.checkpoint.meta_info import ops_used_by_graph_def, stripped_op_list_for_graph
from hdfsaver.messages.tensor_protos import make_ndarray
from hdfsaver.ops.constants import make_tensor_proto

__all__ = [
    "constant_value",
    "make_ndarray",
    "make_tensor_proto",
    "ops_used_by_graph_def",
    "stripped_op_list_for_graph",
]


def __dir__() -> list[str]:
    return __all__


if not typing.TYPE_CHECKING:  # a type checker is to know the names above, and no others

    def __getattr__(name: str) -> object:
        raise _absent(__name__, name, __all__)
