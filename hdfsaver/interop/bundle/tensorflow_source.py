"""The common part of both formats of TensorFlow checkpoints: the graph in a separate file."""

from __future__ import annotations

from hdfsaver.files.tensor_file import TensorSource
from hdfsaver.interop.bundle.object_graph import OBJECT_GRAPH, slot_keys
from hdfsaver.interop.graphs.graph_of_checkpoint import graph_path
from hdfsaver.schema import Structure


class TensorFlowSource(TensorSource):
    """A TensorFlow checkpoint.

    Parameters
    ----------
    prefix : str
        The prefix of the checkpoint, as in TensorFlow.
    """

    kind = "TensorFlow checkpoint"
    checksums = "checksums"

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def has_graph(self) -> bool:
        """Whether there is a file ``PREFIX.meta``."""
        return graph_path(self._prefix) is not None

    def structure(self) -> Structure | None:
        """The graph in ``PREFIX.meta``; None without such a file."""
        path = graph_path(self._prefix)
        if path is None:
            self.check_current()
            return None
        # Imported here, because graphs are requested rarely and their messages take time to declare.
        from hdfsaver.interop.graphs.graph_files import read_meta_graph

        structure = read_meta_graph(path)
        self.check_current()
        return structure

    def check_current(self) -> None:
        """Check that the checkpoint was not replaced since it was opened; `AbortedError` if it was."""

    def optimizer_names(self) -> frozenset[str] | None:
        """The tensors of optimizers, as the graph of objects or the operations of ``PREFIX.meta`` tell them."""
        if OBJECT_GRAPH not in self.entries:
            return super().optimizer_names()
        value = self.read([OBJECT_GRAPH])[OBJECT_GRAPH].reshape(-1).tolist()
        return frozenset(slot_keys(value[0]) & self.entries.keys()) if len(value) == 1 else None
