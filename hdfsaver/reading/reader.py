"""CheckpointReader: the tensors of one checkpoint, by name."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

from hdfsaver import dtypes
from hdfsaver.dtypes import DType
from hdfsaver.errors import NotFoundError, without_secrets
from hdfsaver.files.remote.names import sharing
from hdfsaver.files.tensor_file import TensorFile, file_html
from hdfsaver.reading.checkpoint_names import Source, as_source
from hdfsaver.reading.find_checkpoint import Located, locate, not_found, resolve
from hdfsaver.storage.reading import open_file

_PROTO_NAMES = {"float16": "HALF", "float32": "FLOAT", "float64": "DOUBLE"}
"""The dtypes with another name in TensorFlow's ``types.proto``."""


class CheckpointReader:
    """Reads the tensors of a checkpoint, without a graph or a session. `NewCheckpointReader` creates it.

    The file stays open until the reader is deleted, until `close`, or until the end of a ``with`` block (TensorFlow's
    reader has neither). A file that replaces it meanwhile is not seen.
    """

    def __init__(self, filename: Source, *, group: str = "") -> None:
        self._file = open_checkpoint(filename, group)

    def get_tensor(self, tensor_str: str | bytes) -> Any:
        """Read the value of a tensor.

        Parameters
        ----------
        tensor_str : str or bytes
            Its name in the checkpoint, without the ``:0`` of a graph's tensor.

        Returns
        -------
        ndarray, NumPy scalar or bytes
            A writable array; for a tensor of shape ``()`` a NumPy scalar, or bytes for a string. String tensors are
            arrays of dtype object that hold bytes.

        Raises
        ------
        NotFoundError
            The checkpoint has no such tensor.
        DataLossError
            Its bytes differ from those that were saved.
        FailedPreconditionError
            The reader is closed.
        TypeError
            The name is neither str nor bytes.
        """
        return read_tensor(self._file, tensor_str if type(tensor_str) is str else as_name(tensor_str))

    def has_tensor(self, tensor_str: str | bytes) -> bool:
        """Whether the checkpoint has a tensor of that name; `TypeError` if the name is neither str nor bytes."""
        return as_name(tensor_str) in self._file.variables

    def get_variable_to_shape_map(self) -> dict[str, list[int]]:
        """The shape of every tensor, by name."""
        return {name: list(entry.shape) for name, entry in self._file.variables.items()}

    def get_variable_to_dtype_map(self) -> dict[str, DType]:
        """The dtype of every tensor, by name."""
        return {name: dtypes.as_dtype(entry.dtype) for name, entry in self._file.variables.items()}

    def debug_string(self) -> bytes:
        """Name, dtype and shape of every tensor, a line each, sorted by name: ``b"w (DT_FLOAT) [3,4]``."""
        entries = sorted(self._file.variables.values(), key=lambda entry: entry.name.encode())
        lines = [f"{entry.name} ({_proto_name(entry.dtype)}) [{_sizes(entry.shape)}]\n" for entry in entries]
        return "".join(lines).encode()

    def close(self) -> None:
        """Close the file; names, shapes and dtypes stay known."""
        self._file.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {without_secrets(self._file.path)!r} with {len(self._file)} tensors>"

    def _repr_html_(self) -> str:
        return file_html(self._file, type(self).__name__)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def _proto_name(dtype: str) -> str:
    return f"DT_{_PROTO_NAMES.get(dtype, dtype.upper())}"


def _sizes(shape: tuple[int, ...]) -> str:
    return ",".join(map(str, shape))


def NewCheckpointReader(filepattern: Source, *, group: str = "") -> CheckpointReader:  # noqa: N802, TensorFlow's name
    """Open a checkpoint for reading.

    Parameters
    ----------
    filepattern : path, URL or binary file
        A prefix from `Saver.save`, or the file itself. It is used literally, without pattern matching.
    group : str
        The model to read, in a file that has several.

    Raises
    ------
    NotFoundError
        The checkpoint does not exist.
    DataLossError
        The file is damaged, was changed by another program, or is a directory.
    OpError
        It cannot be read for another reason: a newer format, or an error of the operating system.
    TypeError
        ``filepattern`` is not a path.

    Examples
    --------
    >>> import numpy as np
    >>> import hdfsaver as tf
    >>> tf.save_file({"weights": np.array([1.0, 2.0]), "step": 7}, "model.h5")
    >>> with tf.train.NewCheckpointReader("model.h5") as reader:
    ...     reader.get_variable_to_shape_map()
    ...     reader.get_tensor("weights")
    {'weights': [2], 'step': []}
    array([1., 2.])
    """
    return CheckpointReader(filepattern, group=group)


def load_checkpoint(ckpt_dir_or_file: Source, *, group: str = "") -> CheckpointReader:
    """Open a checkpoint for reading; for a folder, its latest checkpoint.

    Parameters
    ----------
    ckpt_dir_or_file : path, URL or binary file
        A prefix, a file, or a folder that has a state file.
    group : str
        The model to read, in a file that has several.

    Raises
    ------
    ValueError
        The folder has no checkpoint.
    OpError
        See `NewCheckpointReader`.

    Examples
    --------
    >>> import numpy as np
    >>> import hdfsaver as tf
    >>> tf.save_file({"weights": np.array([1.0, 2.0])}, "model.h5")
    >>> with tf.train.load_checkpoint("model.h5") as reader:
    ...     reader.has_tensor("weights"), reader.get_variable_to_dtype_map()
    (True, {'weights': tf.float64})
    """
    with sharing():
        return CheckpointReader(resolve(ckpt_dir_or_file), group=group)


def open_checkpoint(prefix: Source, group: str = "") -> TensorFile:
    """Open a checkpoint of hdfsaver or TensorFlow; errors as in `NewCheckpointReader`."""
    text = as_source(prefix)
    with sharing():
        found = locate(text)
        if found is None:
            raise not_found(
                text, f"Unsuccessful TensorSliceReader constructor: Failed to find any matching files for {text}. "
            )
        return open_located(found, group)


def open_located(found: Located, group: str = "") -> TensorFile:
    """Open a checkpoint from `locate`; errors as in `NewCheckpointReader`."""
    if found.kind == "hdf5":
        return open_file(found.path, group)
    if group:
        raise NotFoundError(None, None, f"{found.path} is a TensorFlow checkpoint, which has no group {group!r}.")
    # Imported here, because its libraries come with an extra, and take time to load.
    from hdfsaver.interop.bundle.open_tensorflow import open_bundle, open_v1

    return open_bundle(found.path) if found.kind == "bundle" else open_v1(found.path)


def as_name(name: Any) -> str:
    """Convert the name of a tensor to str; `TypeError` if it is neither str nor bytes."""
    if isinstance(name, bytes):
        return name.decode("utf-8", "surrogateescape")
    if not isinstance(name, str):
        raise TypeError(f"Expected binary or unicode string, got {name!r}: the name of a tensor is a str or bytes.")
    return name


def read_tensor(file: TensorFile, name: str) -> Any:
    """Read the value of a tensor as TensorFlow returns it: see `CheckpointReader.get_tensor`."""
    if name not in file.variables and name not in file.unreadable:
        raise NotFoundError(None, None, f"Key {name} not found in checkpoint {file.path}.")
    value = file.read(name)
    return value[()] if value.ndim == 0 else value
