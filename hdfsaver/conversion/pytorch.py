"""Files of ``torch.save``: tensors by name, and nothing that would run code."""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterator, Mapping
from typing import Any

from hdfsaver import dtypes
from hdfsaver.arrays.library_arrays import as_numpy, as_torch
from hdfsaver.conversion.source import OneByOneSource, entry_of
from hdfsaver.errors import DataLossError, InvalidArgumentError
from hdfsaver.files.atomic_write import atomic_write
from hdfsaver.tensor_info import Array, TensorInfo

_NAMES = {row.torch: row.name for row in reversed(dtypes.TABLE) if row.torch is not None}


def _torch() -> Any:
    try:
        import torch  # type: ignore[import-not-found,unused-ignore]
    except ImportError as error:
        raise ImportError("Files of torch.save need PyTorch: pip install torch", name="torch") from error
    return torch


class TorchSource(OneByOneSource):
    """The tensors in a file of ``torch.save``: a ``state_dict``, or dicts of these within each other.

    Names of inner dicts stand before a slash. Numbers are read too; strings, lists and other objects are left out.
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
        """The value of an array."""
        return as_numpy(self._tensors[name], name)


def _unreadable(path: str, error: Exception) -> DataLossError:
    # PyTorch's own message says how to run the code in such a file.
    found = re.search(r"GLOBAL ([\w.]+)", str(error))
    holds = f"objects of {found[1]}" if found else "something that is no tensor"
    return DataLossError(
        None,
        None,
        f"{path} cannot be read as weights alone: it is damaged, or holds {holds}, which only running code of the file "
        "could make. Save a state_dict instead.",
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
        raise InvalidArgumentError(None, None, f"{name!r} is a tensor of {value.dtype}, which is not known.")
    return entry_of(name, dtype, tuple(value.shape))


def write_torch(path: str, names: Mapping[str, TensorInfo], source: Mapping[str, Array], *, durable: bool) -> None:
    """Write a file of ``torch.save``; all arrays are in memory at once.

    Raises
    ------
    TypeError
        PyTorch has no such dtype.
    """
    torch = _torch()
    tensors = {name: as_torch(source[name], name) for name in names}
    with atomic_write(path, durable=durable) as draft, open(draft.fd, "wb", closefd=False) as file:
        torch.save(tensors, file)
