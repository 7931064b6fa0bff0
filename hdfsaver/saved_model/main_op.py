"""``tf.saved_model.main_op``: operations that initialize a graph when it is loaded."""

from __future__ import annotations

from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.graph_keys import GraphKeys
from hdfsaver.graph.operation import Operation
from hdfsaver.ops.constants import group, no_op
from hdfsaver.variables.variable import global_variables_initializer, local_variables_initializer

__all__ = ["main_op", "main_op_with_restore"]


def main_op() -> Operation:
    """An operation that initializes all variables, global and local, and all tables."""
    initializers = [global_variables_initializer(), local_variables_initializer(), _tables_initializer()]
    return group(*initializers)


def _tables_initializer() -> Operation:
    tables = get_default_graph().get_collection(GraphKeys.TABLE_INITIALIZERS)
    return group(*tables, name="init_all_tables") if tables else no_op(name="init_all_tables")


def main_op_with_restore(restore_op_name: str | Operation) -> Operation:
    """An operation that first does what `main_op` does, and then runs the operation that restores."""
    graph = get_default_graph()
    with graph.control_dependencies([main_op()]):
        restore = graph.as_graph_element(restore_op_name)
        return group(restore.op if not isinstance(restore, Operation) else restore)


def __dir__() -> list[str]:
    return __all__
