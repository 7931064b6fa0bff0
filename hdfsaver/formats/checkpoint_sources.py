"""Files that contain a checkpoint: SavedModels, and Keras weights in HDF5."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO

from hdfsaver.errors import from_os_error
from hdfsaver.files.atomic_write import atomic_write
from hdfsaver.files.error_context import about
from hdfsaver.files.positional_io import write_at
from hdfsaver.files.progress import Callback
from hdfsaver.files.tensor_file import TensorFile, TensorSource
from hdfsaver.formats.archives import Archive
from hdfsaver.reading.reader import open_checkpoint
from hdfsaver.schema import Structure
from hdfsaver.tensor_info import Array, Key, TensorInfo

KERAS_WEIGHTS = "model.weights.h5"
"""The member with the weights of a ``.keras`` archive."""

_MODEL = "model_weights/"
"""The group of the weights in a Keras 2 file with a whole model."""

_OPTIMIZER_2 = "optimizer_weights/"
_OPTIMIZER_3 = "optimizer/"
"""The groups of the optimizer's state in files of Keras 2 and 3."""


class ContainedSource(TensorSource):
    """The arrays of a checkpoint within another kind of file, by their names in that kind.

    Parameters
    ----------
    kind : str
        The kind of file, for messages.
    checkpoint : TensorFile or None
        The checkpoint with the arrays, which is closed with the source; None without arrays.
    names : mapping of str to str
        The name in the checkpoint of each array, by its name in this source; also of those that cannot be read.
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
        if checkpoint is None:
            self.entries = {}
            return
        known = checkpoint.variables
        self.entries = {name: known[inner]._replace(name=name) for name, inner in names.items() if inner in known}
        outer = {inner: name for name, inner in names.items()}
        self.unreadable = {outer.get(inner, inner): why for inner, why in checkpoint.unreadable.items()}
        self.left_out = {outer.get(inner, inner): what for inner, what in checkpoint.left_out.items()}

    def other_content(self) -> list[str]:
        """The content of the file, or of its checkpoint, that is not read."""
        return [*self.others, *(self._checkpoint.other_content() if self._checkpoint is not None else [])]

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
        """The arrays of optimizers, as the checkpoint tells them, or else the graph."""
        found = None if self._checkpoint is None else self._checkpoint.optimizer_names()
        if found is None:
            return super().optimizer_names()
        return frozenset(name for name, inner in self._names.items() if inner in found)

    def close(self) -> None:
        """Close the checkpoint, and the contexts that it needed."""
        if self._checkpoint is not None:
            self._checkpoint.close()
        self._closing.close()


def keras_weights(file: TensorFile) -> TensorFile:
    """The weights in an HDF5 file of Keras, by the names that Keras gives them.

    Keras 2 keeps ``dense/kernel:0`` below the name of its layer, and that below ``model_weights`` if the whole model is
    saved; here it is ``dense/kernel``, unless two weights would get the same name. The slots of its optimizer stay
    below ``optimizer_weights``. Keras 3 has its own paths, which are kept: ``layers/dense/vars/0``.

    Parameters
    ----------
    file : TensorFile
        The open HDF5 file, which is closed with the result.

    Returns
    -------
    TensorFile
    """
    return TensorFile(file.path, _KerasSource("Keras weights", file, None))


class _KerasSource(ContainedSource):
    """The weights of Keras, with the optimizer's known by their group; of an archive, all members can be checked."""

    def __init__(self, kind: str, file: TensorFile, closing: ExitStack | None, archive: Archive | None = None) -> None:
        names = keras_names([*file.variables, *file.unreadable])
        super().__init__(kind, file, names, closing=closing)
        self._optimizer = frozenset(name for name, path in names.items() if _is_optimizer(path))
        self._archive = archive
        if archive is not None:
            self.checksums = archive.checksums

    def optimizer_names(self) -> frozenset[str]:
        """The arrays in the optimizer's group."""
        return self._optimizer

    def verify(self, callback: Callback | None = None) -> None:
        """Compare the members of the archive with their checksums, and check the weights."""
        if self._archive is not None:
            self._archive.verify()
        super().verify(callback)


def _is_optimizer(path: str) -> bool:
    """Whether Keras 2 or 3 keeps the state of the optimizer there."""
    is_variable = path.rpartition("/")[0].endswith("/vars")
    return path.startswith(_OPTIMIZER_2) or (is_variable and path.startswith(_OPTIMIZER_3))


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
    found = {name if taken[name] == 1 else path: path for path, name in named.items()}
    return found if len(found) == len(named) else {path: path for path in named}


def _name(path: str) -> str:
    if path.startswith(_OPTIMIZER_2):
        return path.removesuffix(":0")
    if not path.startswith(_MODEL) and not path.endswith(":0"):
        return path
    weight = path.removeprefix(_MODEL).removesuffix(":0")
    _layer, _, name = weight.partition("/")
    return name if "/" in name else weight


def _temporary_folder(path: str, closing: ExitStack) -> str:
    """A folder to unpack a file into, which is removed when the file is closed."""
    try:
        folder = tempfile.TemporaryDirectory(prefix="hdfsaver-", ignore_cleanup_errors=True)
    except OSError as error:
        raise from_os_error(error, f"Cannot make a temporary folder to unpack {path}") from error
    closing.callback(_remove, folder)
    return folder.name


def _remove(folder: tempfile.TemporaryDirectory[str]) -> None:
    with suppress(OSError):  # what stays is among temporary files, which the system clears
        folder.cleanup()


def _pieces(member: IO[bytes], path: str) -> Iterator[bytes]:
    """The bytes of a member; an error of reading is not one of the file that they are written to."""
    while True:
        with about(path):
            piece = member.read(1 << 20)
        if not piece:
            return
        yield piece


def open_keras_archive(path: str) -> TensorFile:
    """Open the weights of a ``.keras`` file: an archive with an HDF5 file, which is extracted to a temporary folder."""
    with ExitStack() as closing:
        unpacked = Path(_temporary_folder(path, closing), KERAS_WEIGHTS)
        with about(path):
            archive = Archive(path)
            closing.callback(archive.close)
            info = next(info for info in reversed(archive.members) if info.filename == KERAS_WEIGHTS)
            with archive.opened(info) as member, atomic_write(unpacked, durable=False) as draft:
                for piece in _pieces(member, path):
                    write_at(draft.fd, memoryview(piece), draft.size)
                    draft.size += len(piece)
            weights = open_checkpoint(unpacked)
        return TensorFile(path, _KerasSource("Keras archive", weights, closing.pop_all(), archive))
