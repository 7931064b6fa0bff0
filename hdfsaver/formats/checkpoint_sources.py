"""Files that contain a checkpoint: SavedModels, and Keras weights in HDF5."""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from hdfsaver import limits
from hdfsaver.files.error_context import about
from hdfsaver.files.progress import Callback
from hdfsaver.files.tensor_file import TensorFile, TensorSource
from hdfsaver.formats.archives import unpacking
from hdfsaver.reading.reader import open_checkpoint
from hdfsaver.schema import Structure
from hdfsaver.tensor_info import Array, Key, TensorInfo

KERAS_WEIGHTS = "model.weights.h5"
"""The member with the weights of a ``.keras`` archive."""

_MODEL = "model_weights/"
"""The group of the weights in a Keras 2 file with a whole model."""

_OPTIMIZERS = ("optimizer/", "optimizer_weights/")
"""The groups of the optimizer in files of Keras 3 and Keras 2."""


class ContainedSource(TensorSource):
    """The arrays of a checkpoint within another kind of file, by their names in that kind.

    Parameters
    ----------
    kind : str
        The kind of file, for messages.
    checkpoint : TensorFile or None
        The checkpoint with the arrays, which is closed with the source; None without arrays.
    names : mapping of str to str
        The name in the checkpoint of each array, by its name in this source.
    structure : callable, optional
        Makes the graph.
    closing : ExitStack, optional
        Contexts to close after the checkpoint.
    """

    def __init__(
        self,
        kind: str,
        checkpoint: TensorFile | None,
        names: Mapping[str, str],
        structure: Callable[[], Structure] | None = None,
        closing: ExitStack | None = None,
    ) -> None:
        self.kind = kind
        self._checkpoint = checkpoint
        self._names = names
        self._structure = structure
        self.checksums = "" if checkpoint is None else checkpoint.checksums
        self._closing = closing or ExitStack()
        variables = {} if checkpoint is None else checkpoint.variables
        self.entries = {name: variables[inner]._replace(name=name) for name, inner in names.items()}

    def read(self, names: Sequence[str], callback: Callback | None = None) -> dict[str, Array]:
        """Read the values of arrays, in the order of ``names``."""
        assert self._checkpoint is not None, "without a checkpoint there are no names"
        found = self._checkpoint.read_many([self._names[name] for name in names], progress=callback)
        return {name: found[self._names[name]] for name in names}

    def read_slice(self, name: str, key: Key) -> Array:
        """Read a part of an array."""
        assert self._checkpoint is not None, "without a checkpoint there are no names"
        return self._checkpoint.read_slice(self._names[name], key)

    def verify(self, callback: Callback | None = None) -> None:
        """Check the checkpoint."""
        if self._checkpoint is not None:
            self._checkpoint.verify(progress=callback)

    def structure(self) -> Structure | None:
        """The graph, or None."""
        return None if self._structure is None else self._structure()

    def has_graph(self) -> bool:
        """Whether there is a graph; it is not made."""
        return self._structure is not None

    def optimizer_names(self) -> frozenset[str] | None:
        """The arrays of optimizers, as the groups of Keras or the checkpoint tell them, or else the graph."""
        if self.kind.startswith("Keras"):
            return frozenset(name for name, inner in self._names.items() if inner.startswith(_OPTIMIZERS))
        found = None if self._checkpoint is None else self._checkpoint.optimizer_names()
        if found is None:
            return super().optimizer_names()
        return frozenset(name for name, inner in self._names.items() if inner in found)

    def close(self) -> None:
        """Close the checkpoint, and the contexts that it needed."""
        if self._checkpoint is not None:
            self._checkpoint.close()
        self._closing.close()


def keras_weights(file: TensorFile, kind: str = "Keras weights", closing: ExitStack | None = None) -> TensorFile:
    """The weights in an HDF5 file of Keras, by the names that Keras gives them.

    Keras 2 keeps ``dense/kernel:0`` below the name of its layer, and that below ``model_weights`` if the whole model is
    saved; here it is ``dense/kernel``, unless two weights would get the same name. Keras 3 has its own paths, which are
    kept: ``layers/dense/vars/0``.

    Parameters
    ----------
    file : TensorFile
        The open HDF5 file, which is closed with the result.
    kind : str
        The kind of file, for messages.
    closing : ExitStack, optional
        Contexts to close after the file.

    Returns
    -------
    TensorFile
    """
    return TensorFile(file.path, ContainedSource(kind, file, keras_names(file.variables), closing=closing))


def is_keras(variables: Mapping[str, TensorInfo]) -> bool:
    """Whether an HDF5 file is a Keras file, judging by its names."""
    return any(
        name.startswith(_MODEL) or name.endswith(":0") or name.rpartition("/")[0].endswith("/vars")
        for name in variables
    )


def keras_names(paths: Iterable[str]) -> dict[str, str]:
    """The path of each weight in the file, by its name in Keras; see `keras_weights`."""
    named = {path: _name(path) for path in paths}
    taken = Counter(named.values())
    return {name if taken[name] == 1 else path: path for path, name in named.items()}


def _name(path: str) -> str:
    if not path.startswith(_MODEL) and not path.endswith(":0"):
        return path
    weight = path.removeprefix(_MODEL).removesuffix(":0")
    _layer, _, name = weight.partition("/")
    return name if "/" in name else weight


def open_keras_archive(path: str) -> TensorFile:
    """Open the weights of a ``.keras`` file: an archive with an HDF5 file, which is extracted to a temporary folder."""
    with ExitStack() as closing:
        folder = closing.enter_context(tempfile.TemporaryDirectory(prefix="hdfsaver-"))
        unpacked = Path(folder, KERAS_WEIGHTS)
        with about(path):
            _unpack(path, unpacked)
            weights = open_checkpoint(unpacked)
        found = keras_weights(weights, "Keras archive", closing.pop_all())
    found.path = path
    return found


def _unpack(path: str, target: Path) -> None:
    with unpacking(KERAS_WEIGHTS), zipfile.ZipFile(path) as archive:
        info = archive.getinfo(KERAS_WEIGHTS)
        limits.check_declared(KERAS_WEIGHTS, info.file_size, os.path.getsize(path))
        with archive.open(info) as member, target.open("wb") as file:
            while piece := member.read(1 << 20):
                file.write(piece)
