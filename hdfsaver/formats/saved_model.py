"""SavedModels: the variables of their checkpoint and the first graph."""

from __future__ import annotations

import os

from hdfsaver.files.error_context import about
from hdfsaver.files.opening import is_folder
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.formats.checkpoint_sources import ContainedSource
from hdfsaver.formats.graph_source import GraphSource
from hdfsaver.reading.reader import open_checkpoint

_KIND = "SavedModel"


def open_saved_model(path: str) -> TensorFile:
    """Open the variables of a SavedModel, and its first graph; a SavedModel of TensorFlow 1 has only one.

    Without variables, as a frozen graph has none, the arrays are the constants of the first graph.

    Parameters
    ----------
    path : str
        Its folder, or the file ``saved_model.pb`` or ``saved_model.pbtxt`` in it.

    Raises
    ------
    DataLossError, InvalidArgumentError, OpError
        See `hdfsaver.interop.graphs.graph_files.read_saved_model`.
    """
    from hdfsaver.interop.graphs.graph_files import read_first_graph

    model = read_first_graph(path)
    with about(path):
        graph = None if model.message is None else GraphSource(model.message, _KIND)
    others = _beside(path, model.graphs)
    if model.variables is None and graph is not None:
        graph.others = others
        return TensorFile(path, graph)
    checkpoint = None if model.variables is None else open_checkpoint(model.variables)
    names = {} if checkpoint is None else {name: name for name in checkpoint.variables}
    source = ContainedSource(_KIND, checkpoint, names, graph.structure if graph else None)
    source.others = others
    return TensorFile(path, source)


def _beside(path: str, count: int) -> list[str]:
    """The parts of a SavedModel that are not read."""
    folder = path if os.path.isdir(path) else os.path.dirname(path)
    extra = [name for name in ("assets", "assets.extra") if is_folder(os.path.join(folder, name))]
    with about(folder):
        parts = [f"the files in {name}" for name in extra if os.listdir(os.path.join(folder, name))]
    return [*parts, *([f"{count - 1:,} further graphs" if count > 2 else "a further graph"] if count > 1 else [])]
