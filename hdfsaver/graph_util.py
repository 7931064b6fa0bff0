"""``tf.graph_util``: functions on graph definitions."""

from __future__ import annotations

import typing

from hdfsaver.absent_names import absent as _absent
from hdfsaver.graph.graph_defs import import_graph_def
from hdfsaver.graph.node_facts import must_run_on_cpu, tensor_shape_from_node_def_name
from hdfsaver.messages.sub_graphs import extract_sub_graph, remove_training_nodes
from hdfsaver.session.freezing import convert_variables_to_constants

__all__ = [
    "convert_variables_to_constants",
    "extract_sub_graph",
    "import_graph_def",
    "must_run_on_cpu",
    "remove_training_nodes",
    "tensor_shape_from_node_def_name",
]


def __dir__() -> list[str]:
    return __all__


if not typing.TYPE_CHECKING:  # a type checker is to know the names above, and no others

    def __getattr__(name: str) -> object:
        raise _absent(__name__, name, __all__)
