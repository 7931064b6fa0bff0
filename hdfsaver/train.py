"""``tf.train``: checkpoints."""

from __future__ import annotations

from hdfsaver.checkpoint.graph_files import write_graph
from hdfsaver.checkpoint.importing import (
    import_meta_graph,
    import_scoped_meta_graph,
    import_scoped_meta_graph_with_return_elements,
)
from hdfsaver.checkpoint.initialization import init_from_checkpoint
from hdfsaver.checkpoint.management import (
    generate_checkpoint_state_proto,
    remove_checkpoint,
    update_checkpoint_state,
)
from hdfsaver.checkpoint.matching import RestoreReport
from hdfsaver.checkpoint.meta_graph import export_meta_graph, export_scoped_meta_graph
from hdfsaver.checkpoint.retention import keep_any, keep_best, keep_latest
from hdfsaver.checkpoint.saver import Saver
from hdfsaver.reading.listing import list_variables, load_variable
from hdfsaver.reading.locating import (
    checkpoint_exists,
    get_checkpoint_mtimes,
    get_checkpoint_state,
    latest_checkpoint,
)
from hdfsaver.reading.reader import CheckpointReader, NewCheckpointReader, load_checkpoint
from hdfsaver.reading.state_file import CheckpointState
from hdfsaver.reading.waiting import checkpoints_iterator
from hdfsaver.schema import SaverDef

__all__ = [
    "CheckpointReader",
    "CheckpointState",
    "NewCheckpointReader",
    "RestoreReport",
    "Saver",
    "SaverDef",
    "checkpoint_exists",
    "checkpoints_iterator",
    "export_meta_graph",
    "export_scoped_meta_graph",
    "generate_checkpoint_state_proto",
    "get_checkpoint_mtimes",
    "get_checkpoint_state",
    "import_meta_graph",
    "import_scoped_meta_graph",
    "import_scoped_meta_graph_with_return_elements",
    "init_from_checkpoint",
    "keep_any",
    "keep_best",
    "keep_latest",
    "latest_checkpoint",
    "list_variables",
    "load_checkpoint",
    "load_variable",
    "remove_checkpoint",
    "update_checkpoint_state",
    "write_graph",
]
