"""Saving and loading a dict of arrays, with functions like those of safetensors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hdfsaver.arrays.nested_arrays import flattened
from hdfsaver.errors import shown
from hdfsaver.files.progress import Callback
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.formats.open_source import open_source
from hdfsaver.library_arrays import as_numpy
from hdfsaver.reading.checkpoint_names import PathLike, Source, as_target
from hdfsaver.signing.signing import open_signed
from hdfsaver.storage.chunks.compression import Choices, by_name
from hdfsaver.storage.groups import ROOT
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
    """Write arrays to a file, atomically, with a seal and a digest for each array.

    Parameters
    ----------
    tensors : mapping of str to array
        Arrays of NumPy, PyTorch (a ``state_dict``) or JAX, other objects with ``__array__`` or DLPack, numbers and
        strings; of any dtype in the table of dtypes, any byte order and memory layout. Contiguous little-endian arrays
        are not copied as a whole. Of a subclass of NumPy's arrays the plain values are written, of a masked array also
        what is masked. Nested dicts, lists and tuples of arrays (a pytree) are flattened, with slashes between their
        keys, positions, and fields of named tuples: ``{"layer": {"w": w}}`` is saved as ``layer/w``. A list of numbers
        or strings of one type is one array; empty containers leave nothing.
    path : path or URL
        The file; an earlier one is replaced when the new one is complete, with everything in it: the models of all
        groups, graphs, metadata, and content of other programs.
    metadata : mapping of str to str, optional
        The metadata of the file.
    compression : str, Compression, or dict of str to these, optional
        Compress arrays of at least 64 KiB: all of them, or some by their names; see `hdfsaver.Compression`.
    durable : bool
        Return only when the file is on the disk.
    progress : callable, optional
        Called repeatedly with the bytes written and the bytes in total; an exception in it ends the save.

    Raises
    ------
    TypeError
        A value is not an array, or has an unsupported dtype; a name, or a key or value of ``metadata``, is not a str.
        Nothing is written.
    ValueError
        Two arrays would get one name; a name, or a string in ``metadata``, cannot be encoded in UTF-8; an array has
        more than 32 dimensions; ``compression`` is unknown, or names an unknown array.
    ImportError
        The package of the codec is not installed.
    NotFoundError
        The folder does not exist.
    OpError
        The operating system refuses.

    See Also
    --------
    hdfsaver.torch : the same with tensors of PyTorch in and out.

    Notes
    -----
    If another thread or process writes to an array meanwhile, some elements are saved from before and others from
    after; the file is complete, and its digests are right.

    Examples
    --------
    >>> import numpy as np
    >>> from hdfsaver import load_file, save_file
    >>> save_file({"w": np.ones((2, 3)), "step": np.int64(7)}, "arrays.h5", metadata={"author": "me"})
    >>> load_file("arrays.h5")["step"]
    array(7)
    """
    metadata = dict(metadata or {})
    _check_strings(metadata)
    arrays = {name: as_numpy(value, name) for name, value in flattened(tensors).items()}
    models = {ROOT: Model(arrays, None, {}, by_name(compression, arrays))}
    Writer().write(as_target(path), models, metadata=metadata, options=WriteOptions(durable=durable, progress=progress))


def _check_strings(metadata: Mapping[str, str]) -> None:
    for key, value in metadata.items():
        if not (isinstance(key, str) and isinstance(value, str)):
            raise TypeError(
                f"metadata must map str to str, not {shown(key)} to {shown(value)}; convert values with json.dumps."
            )


def load_file(
    path: Source,
    *,
    group: str = ROOT,
    mmap_mode: str | None = None,
    progress: Callback | None = None,
    key: Any = None,
    signature: Source | None = None,
    digests: bool = True,
) -> dict[str, Array]:
    """Read all arrays of a file, and check the digest of each.

    Parameters
    ----------
    path : path, URL or binary file
        A file of any kind that `hdfsaver.convert` reads, the prefix of a checkpoint, or a folder. A remote file is read
        in parts, see ``docs/remote.md``.
    group : str
        The model to read, in a file that has several.
    mmap_mode : str, optional
        ``"r"`` or ``"c"``: map large arrays into memory instead of reading them; their digests are not checked. With
        ``key`` all arrays are read.
    progress : callable, optional
        Called repeatedly with the bytes read and the bytes in total.
    key : path or Ed25519PublicKey, optional
        The public key of the signer: everything that is read is compared with the signature first, see
        `verify_signature`. Only checkpoints of hdfsaver have one.
    signature : path, URL or binary file, optional
        The signature; by default the file with ``.sig`` behind the name of the checkpoint.
    digests : bool
        With False, the values of a checkpoint of hdfsaver are not compared with their digests, which saves little time:
        a damaged value comes back as if it were right. Everything but the values is still checked, and so are
        compressed values, files of other formats, and all that is read with ``key``.

    Returns
    -------
    dict of str to ndarray
        In the order of the file. Arrays that are read, or mapped with ``"c"``, are writable; string arrays have dtype
        object and hold bytes.

    Raises
    ------
    NotFoundError
        The file does not exist, or has no such group.
    DataLossError
        It is damaged, or was changed by another program, or differs from what was signed.
    UnauthenticatedError
        The signature was not made with ``key``.
    InvalidArgumentError
        An array has a type that is not read, or its kind is unknown; `open_file` reads the other arrays.
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
    with open_file(path, group=group, key=key, signature=signature) as file:
        file.check_readable()
        return file.read_many(file.variables, mmap_mode=mmap_mode, progress=progress, digests=digests)


def open_file(path: Source, *, group: str = ROOT, key: Any = None, signature: Source | None = None) -> TensorFile:
    """Open a file of arrays, to read some arrays or parts of them.

    Parameters
    ----------
    path : path, URL or binary file
        A file of any kind that `hdfsaver.convert` reads, the prefix of a checkpoint, or a folder. A remote file is read
        in parts, see ``docs/remote.md``.
    group : str
        The model to read, in a file that has several.
    key : path or Ed25519PublicKey, optional
        The public key of the signer: everything that is read is compared with the signature first, see
        `verify_signature`. Only checkpoints of hdfsaver have one.
    signature : path, URL or binary file, optional
        The signature; by default the file with ``.sig`` behind the name of the checkpoint.

    Returns
    -------
    TensorFile
        A read-only mapping, and a context manager.

    Raises
    ------
    NotFoundError, DataLossError, UnauthenticatedError, OpError
        See `load_file`.
    ValueError
        There is a ``signature`` without a ``key``.

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
    if key is not None:
        return open_signed(path, key, signature, group)
    if signature is not None:
        raise ValueError("A signature is checked with the public key of its signer; `key` is missing.")
    return open_source(path, group)
