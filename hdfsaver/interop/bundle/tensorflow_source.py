"""What both formats of TensorFlow's checkpoints have in common: the graph is in a file beside the tensors."""

from __future__ import annotations

import os

from hdfsaver.files.tensor_file import TensorSource
from hdfsaver.schema import Structure


class TensorFlowSource(TensorSource):
    """A TensorFlow checkpoint.

    Parameters
    ----------
    prefix : str
        The checkpoint, as TensorFlow names it.
    """

    kind = "TensorFlow checkpoint"

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def structure(self) -> Structure | None:
        """The graph in ``PREFIX.meta``; None where there is no such file."""
        path = f"{self._prefix}.meta"
        if not os.path.isfile(path):
            return None
        # Graphs are asked for seldom, and their messages take time to declare.
        from hdfsaver.interop.graphs.graph_files import read_meta_graph

        return read_meta_graph(path)
