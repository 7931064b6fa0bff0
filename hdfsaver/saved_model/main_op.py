"""``tf.saved_model.main_op``: operations that initialize a graph when it is loaded."""

from __future__ import annotations

from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.operation import Operation
from hdfsaver.ops.constants import group
from hdfsaver.variables.variable import global_variables_initializer, local_variables_initializer, tables_initializer

__all__ = ["main_op", "main_op_with_restore"]


def main_op() -> Operation:
    """An operation that initializes all variables, global and local, and all tables."""
    return group(global_variables_initializer(), local_variables_initializer(), tables_initializer())


def main_op_with_restore(restore_op_name: str | Operation) -> Operation:
    """An operation that first does what `main_op` does, and then runs the operation that restores."""
    graph = get_default_graph()
    with graph.control_dependencies([main_op()]):
        restore = graph.as_graph_element(restore_op_name)
        return group(restore.op if not isinstance(restore, Operation) else restore)


def __dir__() -> list[str]:
    return __all__
