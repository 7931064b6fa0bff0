"""A dict of arrays as a file, and a file as a dict of arrays: the shape of safetensors' functions."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hdfsaver.arrays.library_arrays import as_numpy
from hdfsaver.files.progress import Callback
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.reading.checkpoint_names import PathLike, as_prefix
from hdfsaver.reading.find_checkpoint import existing_file
from hdfsaver.storage.chunks.compression import Choices, by_name
from hdfsaver.storage.groups import ROOT
from hdfsaver.storage.reading import open_file as open_checkpoint_file
from hdfsaver.storage.writing import Model, WriteOptions, Writer
from hdfsaver.tensor_info import Array


def save_file(
    tensors: Mapping[str, Any],
    path: PathLike,
    metadata: Mapping[str, str] | None = None,
    *,
    compression: Choices = None,
    durable: bool = True,
    progress: Callback | None = None,
) -> None:
    """Write arrays into a file: whole or not at all, sealed, each with a digest.

    Parameters
    ----------
    tensors : mapping of str to array
        Arrays of NumPy, PyTorch (a ``state_dict``) or JAX, anything else with ``__array__`` or DLPack, numbers and
        texts; of any dtype in the table of dtypes, any byte order and memory layout. Nothing is copied that lies as
        the file wants it.
    path : path
        The file, as it is to be called; an earlier one is replaced when the new one is complete.
    metadata : mapping of str to str, optional
        What the file is to say of itself.
    compression : str, Compression, or dict of str to these, optional
        Compress the arrays of at least 64 KiB, all of them or, by their names, some; see `hdfsaver.Compression`.
    durable : bool
        Return only when the file is on the disk.
    progress : callable, optional
        Called with the bytes written and the bytes in total, now and then; what it raises ends the save.

    Raises
    ------
    TypeError
        A value is no array, or of a dtype that there is not; a name or something in ``metadata`` is no str. Nothing is
        written.
    ValueError
        A name, or a text in ``metadata``, cannot be written in UTF-8; an array has more than 32 dimensions; there is no
        such compression, or it names an array that there is not.
    ImportError
        What compresses is not installed.
    NotFoundError
        The folder does not exist.
    OpError
        What the operating system reports.

    See Also
    --------
    hdfsaver.torch : the same with tensors of PyTorch in and out.

    Examples
    --------
    >>> import numpy as np
    >>> from hdfsaver import load_file, save_file
    >>> save_file({"w": np.ones((2, 3)), "step": np.int64(7)}, "arrays.h5", metadata={"author": "me"})
    >>> load_file("arrays.h5")["step"]
    array(7)
    """
    _check_texts(metadata or {})
    arrays = {_checked(name): as_numpy(value, name) for name, value in _mapping(tensors).items()}
    models = {ROOT: Model(arrays, None, {}, by_name(compression, arrays))}
    Writer().write(as_prefix(path), models, metadata=metadata, options=WriteOptions(durable=durable, progress=progress))


def _mapping(tensors: Any) -> Mapping[str, Any]:
    if not isinstance(tensors, Mapping):
        raise TypeError(f"A dict of arrays by name was expected, not {type(tensors).__name__}.")
    return tensors


def _checked(name: Any) -> str:
    if not isinstance(name, str):
        raise TypeError(f"An array is named by a str, not {name!r}.")
    return name


def _check_texts(metadata: Mapping[str, str]) -> None:
    for key, value in metadata.items():
        if not (isinstance(key, str) and isinstance(value, str)):
            raise TypeError(f"metadata holds texts by text, not {key!r}: {value!r}; json.dumps makes a text of it.")


def load_file(
    path: PathLike, *, group: str = ROOT, mmap_mode: str | None = None, progress: Callback | None = None
) -> dict[str, Array]:
    """Read all arrays of a file, each compared with its digest.

    Parameters
    ----------
    path : path
        The file, or the prefix of a checkpoint: what a Saver wrote is read too.
    group : str
        The model to read, in a file that has several.
    mmap_mode : str, optional
        ``"r"`` or ``"c"``: map large arrays into memory instead of reading them, without a look at their digests.
    progress : callable, optional
        Called with the bytes read and the bytes in total, now and then.

    Returns
    -------
    dict of str to ndarray
        In the order of the file. Arrays that are read, or mapped with ``"c"``, can be written on; those of texts are of
        dtype object and hold bytes.

    Raises
    ------
    NotFoundError
        There is no such file, or no such group in it.
    DataLossError
        It is damaged, or was changed by another program.
    OpError
        It cannot be read for another reason.

    Examples
    --------
    >>> import numpy as np
    >>> from hdfsaver import load_file, save_file
    >>> save_file({"w": np.arange(6.0).reshape(2, 3)}, "arrays.h5")
    >>> load_file("arrays.h5")
    {'w': array([[0., 1., 2.],
           [3., 4., 5.]])}
    """
    with _open(path, group) as file:
        return file.read_many(file.variables, mmap_mode=mmap_mode, progress=progress)


def open_file(path: PathLike, *, group: str = ROOT) -> TensorFile:
    """Open a file of arrays, to read some of them, or parts.

    Parameters
    ----------
    path, group
        See `load_file`, as for errors.

    Returns
    -------
    TensorFile
        A read-only mapping, and a context manager.

    Examples
    --------
    >>> import numpy as np
    >>> from hdfsaver import open_file, save_file
    >>> save_file({"w": np.arange(6.0).reshape(2, 3), "step": np.int64(7)}, "arrays.h5")
    >>> with open_file("arrays.h5") as file:
    ...     list(file)
    ...     file.get_slice("w")[1, ::2]
    ['w', 'step']
    array([3., 5.])
    """
    return _open(path, group)


def _open(path: PathLike, group: str) -> TensorFile:
    text = as_prefix(path)
    return open_checkpoint_file(Path(text) if os.path.isfile(text) else existing_file(text), group)
