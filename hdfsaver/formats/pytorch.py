"""Files of ``torch.save``: tensors by name, read without running code."""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterator, Mapping
from typing import Any

from hdfsaver import dtypes
from hdfsaver.errors import DataLossError, InvalidArgumentError
from hdfsaver.files.atomic_write import atomic_write
from hdfsaver.formats.source import OneByOneSource, entry_of
from hdfsaver.library_arrays import as_numpy, as_torch
from hdfsaver.tensor_info import Array, TensorInfo

_NAMES = {row.torch: row.name for row in reversed(dtypes.TABLE) if row.torch is not None}


def _torch() -> Any:
    try:
        import torch  # type: ignore[import-not-found,unused-ignore]
    except ImportError as error:
        raise ImportError("Files of torch.save need PyTorch: pip install torch", name="torch") from error
    return torch


class TorchSource(OneByOneSource):
    """The tensors in a file of ``torch.save``: a ``state_dict``, or nested dicts of tensors.

    Keys of nested dicts are joined with slashes. Numbers are read too; strings, lists and other objects are left out.
    """

    kind = "PyTorch file"

    def __init__(self, path: str) -> None:
        torch = _torch()
        try:
            loaded = torch.load(path, map_location="cpu", weights_only=True)
        except (pickle.UnpicklingError, RuntimeError, EOFError, KeyError, ValueError, TypeError) as error:
            raise _unreadable(path, error) from error
        if not isinstance(loaded, Mapping):
            raise InvalidArgumentError(None, None, f"{path} holds a {type(loaded).__name__}, not a dict of tensors.")
        self._tensors = dict(_flat(loaded, ""))
        self.entries = {name: _entry(name, value) for name, value in self._tensors.items()}

    def read_one(self, name: str) -> Array:
        """Read the value of an array."""
        return as_numpy(self._tensors[name], name)


def _unreadable(path: str, error: Exception) -> DataLossError:
    # PyTorch's own message advises to run the code in such a file.
    found = re.search(r"GLOBAL ([\w.]+)", str(error))
    holds = f"objects of {found[1]}" if found else "something that is not a tensor"
    return DataLossError(
        None,
        None,
        f"{path} cannot be read as weights alone: it is damaged, or holds {holds}, which only code of the file "
        "can create; such code is not run. Save a state_dict instead.",
    )


def _flat(values: Mapping[Any, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    import torch  # type: ignore[import-not-found,unused-ignore]

    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}/")
        elif isinstance(value, torch.Tensor | bool | int | float | complex):
            yield f"{prefix}{key}", value


def _entry(name: str, value: Any) -> TensorInfo:
    if not hasattr(value, "shape"):
        array = as_numpy(value, name)
        return entry_of(name, dtypes.name_of_numpy(array.dtype), array.shape)
    dtype = _NAMES.get(str(value.dtype).removeprefix("torch."))
    if dtype is None:
        raise InvalidArgumentError(None, None, f"{name!r} is a tensor of dtype {value.dtype}, which is unsupported.")
    return entry_of(name, dtype, tuple(value.shape))


def write_torch(path: str, names: Mapping[str, TensorInfo], source: Mapping[str, Array], *, durable: bool) -> None:
    """Write a file of ``torch.save``; all arrays are in memory at once.

    Parameters
    ----------
    path : str
        The file.
    names : mapping of str to TensorInfo
        The arrays to write.
    source : mapping of str to ndarray
        The arrays; each is requested once.
    durable : bool
        Return only when the file is on the disk.

    Raises
    ------
    TypeError
        PyTorch does not support the dtype of an array.
    ImportError
        PyTorch is not installed.
    """
    torch = _torch()
    tensors = {name: as_torch(source[name], name) for name in names}
    with atomic_write(path, durable=durable) as draft, open(draft.fd, "wb", closefd=False) as file:
        torch.save(tensors, file)
