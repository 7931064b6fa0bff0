"""Checkpoints, ours and TensorFlow's, and the weights that Keras keeps in HDF5."""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from hdfsaver import limits
from hdfsaver.conversion.archives import unpacking
from hdfsaver.conversion.source import Source
from hdfsaver.errors import OpError
from hdfsaver.files.error_context import about
from hdfsaver.reading.reader import AnyCheckpoint, open_checkpoint
from hdfsaver.schema import Structure
from hdfsaver.storage.reading import CheckpointFile
from hdfsaver.tensor_info import Array, TensorInfo

KERAS_WEIGHTS = "model.weights.h5"
"""What a ``.keras`` archive calls its weights."""

_MODEL = "model_weights/"
"""Where Keras 2 has the weights in a file with a whole model."""


class Checkpoint(Source):
    """A checkpoint of ours or TensorFlow's.

    Parameters
    ----------
    path : str
        A prefix or a file.
    graph : str, optional
        TensorFlow's file with the graph, where it is not ``PATH.meta``.
    """

    def __init__(self, path: str, graph: str | None = None) -> None:
        self._file: AnyCheckpoint = open_checkpoint(path)
        ours = isinstance(self._file, CheckpointFile)
        super().__init__(self._file.path, _kind(self._file), self._file.variables)
        beside = f"{self._file.path}.meta"
        self._graph = graph or (beside if not ours and os.path.isfile(beside) else None)

    def _read(self, name: str) -> Array:
        return self._file.read(name)

    def structure(self) -> Structure | None:
        """The graph in the file, or in the one beside it."""
        if self._graph is None:
            return self._file.structure()
        from hdfsaver.interop.graphs.graph_files import read_meta_graph

        return read_meta_graph(self._graph)

    def metadata(self) -> dict[str, str]:
        """What a file of ours says of itself."""
        return self._file.metadata() if isinstance(self._file, CheckpointFile) else {}

    def groups(self) -> list[str]:
        """The groups with models, where there is more than that of the root."""
        found = self._file.groups()
        return found if found not in ([], [""]) else []

    def close(self) -> None:
        """Close the files."""
        self._file.close()


def _kind(file: AnyCheckpoint) -> str:
    if not isinstance(file, CheckpointFile):
        return "TensorFlow checkpoint"
    return "hdfsaver checkpoint" if file.sealed else "HDF5 file"


class KerasWeights(Source):
    """The weights in an HDF5 file of Keras, by the names that Keras gives them.

    Keras 2 keeps ``dense/kernel:0`` below the name of its layer, and that below ``model_weights`` where the whole model
    is saved; here it is ``dense/kernel``, as long as no two are one then. Keras 3 has paths of its own, which stay:
    ``layers/dense/vars/0``.
    """

    def __init__(self, path: str) -> None:
        file = open_checkpoint(path)
        self._file = file
        self._paths = keras_names(list(file.variables))
        entries = {name: file.variables[below]._replace(name=name) for name, below in self._paths.items()}
        super().__init__(path, "Keras weights", entries)

    def _read(self, name: str) -> Array:
        return self._file.read(self._paths[name])

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def is_keras(variables: Mapping[str, TensorInfo]) -> bool:
    """Whether an HDF5 file looks like one of Keras, by its names."""
    return any(
        name.startswith(_MODEL) or name.endswith(":0") or name.rpartition("/")[0].endswith("/vars")
        for name in variables
    )


def keras_names(paths: list[str]) -> dict[str, str]:
    """The path of each weight in the file, by Keras's name for it; see `KerasWeights`."""
    named = {path: _name(path) for path in paths}
    taken = list(named.values())
    return {name if taken.count(name) == 1 else path: path for path, name in named.items()}


def _name(path: str) -> str:
    if not path.startswith(_MODEL) and not path.endswith(":0"):
        return path
    weight = path.removeprefix(_MODEL).removesuffix(":0")
    _layer, _, name = weight.partition("/")
    return name if "/" in name else weight


class KerasArchive(Source):
    """The weights in a ``.keras`` file: an archive with an HDF5 file, which is unpacked into one without a name."""

    def __init__(self, path: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="hdfsaver-")
        try:
            unpacked = Path(self._folder.name, KERAS_WEIGHTS)
            with about(path):
                _unpack(path, unpacked)
                self._weights = KerasWeights(os.fspath(unpacked))
        except BaseException:
            self._folder.cleanup()
            raise
        super().__init__(path, "Keras archive", self._weights.variables)

    def _read(self, name: str) -> Array:
        return self._weights.read(name)

    def close(self) -> None:
        """Remove what was unpacked."""
        self._weights.close()
        self._folder.cleanup()


def _unpack(path: str, target: Path) -> None:
    with unpacking(KERAS_WEIGHTS), zipfile.ZipFile(path) as archive:
        info = archive.getinfo(KERAS_WEIGHTS)
        limits.check_declared(KERAS_WEIGHTS, info.file_size, os.path.getsize(path))
        with archive.open(info) as member, target.open("wb") as file:
            while piece := member.read(1 << 20):
                file.write(piece)


class Graph(Source):
    """A file of TensorFlow's with a graph and no variables: ``.meta``, ``.pb``, ``.pbtxt``."""

    def __init__(self, path: str) -> None:
        super().__init__(path, "TensorFlow graph", {})

    def structure(self) -> Structure | None:
        """The graph."""
        from hdfsaver.interop.graphs import graph_files

        if self.path.endswith(".meta"):
            return graph_files.read_meta_graph(self.path)
        try:
            return graph_files.read_graph_def(self.path)
        except OpError:
            # Either of the two has the endings `.pb` and `.pbtxt`.
            return graph_files.read_meta_graph(self.path)


def open_saved_model(folder: str) -> Source:
    """The variables of a SavedModel and its first graph."""
    from hdfsaver.interop.graphs.graph_files import read_saved_model

    model = read_saved_model(folder)
    structure = model.meta_graphs[0].structure if model.meta_graphs else None
    return SavedModelSource(folder, structure, model.variables)


class SavedModelSource(Source):
    """A SavedModel: the variables in its checkpoint, and its first graph, as those of TensorFlow 1 have one."""

    def __init__(self, folder: str, structure: Structure | None, variables: str | None) -> None:
        self._file = None if variables is None else open_checkpoint(variables)
        super().__init__(folder, "SavedModel", {} if self._file is None else self._file.variables)
        self._structure = structure

    def _read(self, name: str) -> Array:
        assert self._file is not None
        return self._file.read(name)

    def structure(self) -> Structure | None:
        """Its first graph."""
        return self._structure

    def close(self) -> None:
        """Close the checkpoint."""
        if self._file is not None:
            self._file.close()
