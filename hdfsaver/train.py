"""``tf.train``: checkpoints."""

from __future__ import annotations

from hdfsaver.checkpoint.importing import import_meta_graph
from hdfsaver.checkpoint.management import (
    checkpoint_exists,
    get_checkpoint_state,
    latest_checkpoint,
    remove_checkpoint,
    update_checkpoint_state,
)
from hdfsaver.checkpoint.meta_graph import export_meta_graph
from hdfsaver.checkpoint.saver import Saver
from hdfsaver.checkpoint.state_file import CheckpointState
from hdfsaver.schema import SaverDef

__all__ = [
    "CheckpointState",
    "Saver",
    "SaverDef",
    "checkpoint_exists",
    "export_meta_graph",
    "get_checkpoint_state",
    "import_meta_graph",
    "latest_checkpoint",
    "remove_checkpoint",
    "update_checkpoint_state",
]
