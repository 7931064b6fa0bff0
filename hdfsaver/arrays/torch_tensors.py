"""Loading files of arrays as PyTorch tensors, which share the memory read; PyTorch is imported when it is used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from hdfsaver.arrays import array_files
from hdfsaver.dtypes import DType
from hdfsaver.files.progress import Callback
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.library_arrays import as_torch
from hdfsaver.reading.checkpoint_names import PathLike

if TYPE_CHECKING:
    import torch  # type: ignore[import-not-found,unused-ignore]


def load_file(
    path: PathLike,
    device: str | torch.device = "cpu",
    *,
    group: str = "",
    mmap_mode: str | None = None,
    progress: Callback | None = None,
    digests: bool = True,
) -> dict[str, torch.Tensor]:
    """Read all arrays of a file as PyTorch tensors: a ``state_dict``.

    Parameters
    ----------
    path, group, mmap_mode, progress, digests
        See `hdfsaver.load_file`, also for errors. ``mmap_mode="c"`` gives tensors that are loaded when they are used.
    device : str or torch.device
        The device of the tensors.

    Returns
    -------
    dict of str to torch.Tensor
        In the order of the file.

    Raises
    ------
    ImportError
        PyTorch is not installed.
    TypeError
        An array has a dtype that PyTorch does not support: strings, 4-bit integers.
    """
    _check_installed()
    arrays = array_files.load_file(path, group=group, mmap_mode=mmap_mode, progress=progress, digests=digests)
    return {name: _on(device, as_torch(array, name)) for name, array in arrays.items()}


def open_file(path: PathLike, device: str | torch.device = "cpu", *, group: str = "") -> TorchFile:
    """Open a file of arrays, to read some of them, or parts, as tensors of PyTorch.

    Parameters
    ----------
    path, group
        See `hdfsaver.load_file`, as for errors.
    device : str or torch.device
        Where the tensors are to be.

    Returns
    -------
    TorchFile
        A read-only mapping, and a context manager.

    Raises
    ------
    ImportError
        PyTorch is not installed.
    """
    _check_installed()
    return TorchFile(array_files.open_file(path, group=group), device)


class TorchFile(Mapping[str, "torch.Tensor"]):
    """An open file: a read-only mapping from names to tensors, read on request; a context manager.

    An array with a dtype that PyTorch does not support raises a TypeError.
    """

    def __init__(self, file: TensorFile, device: str | torch.device) -> None:
        self._file = file
        self._device = device

    def __getitem__(self, name: str) -> torch.Tensor:
        """The tensor of that name, compared with its digest; `KeyError` for an unknown name."""
        return _on(self._device, as_torch(self._file[name], name))

    def __iter__(self) -> Iterator[str]:
        return iter(self._file)

    def __len__(self) -> int:
        return len(self._file)

    def __contains__(self, name: object) -> bool:
        return name in self._file

    # An open file is equal only to itself: comparing it as a mapping would read all of it.
    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._file.path!r} with {len(self)} tensors>"

    def get_tensor(self, name: str) -> torch.Tensor:
        """The tensor of that name, under safetensors' method name; `KeyError` for an unknown name."""
        return self[name]

    def get_slice(self, name: str) -> TorchSlice:
        """A tensor whose parts can be read; `KeyError` for an unknown name."""
        return TorchSlice(self._file, name, self._device)

    def metadata(self) -> dict[str, str]:
        """The metadata of the file."""
        return self._file.metadata()

    def close(self) -> None:
        """Close the file, if it is open."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class TorchSlice:
    """One tensor in a file: ``part[2:5, ::2]`` reads the bytes between the first and the last selected element.

    No digest covers a part.
    """

    def __init__(self, file: TensorFile, name: str, device: str | torch.device) -> None:
        self._part = file.get_slice(name)
        self._name = name
        self._device = device

    def __getitem__(self, index: Any) -> torch.Tensor:
        """A part, by integers, slices and an Ellipsis, as NumPy gives it; `IndexError` if it is out of bounds."""
        return _on(self._device, as_torch(np.asarray(self._part[index]), self._name))

    def get_shape(self) -> list[int]:
        """The sizes of the whole tensor."""
        return self._part.get_shape()

    def get_dtype(self) -> DType:
        """The dtype of the tensor."""
        return self._part.get_dtype()


def _on(device: str | torch.device, tensor: torch.Tensor) -> torch.Tensor:
    return tensor if str(device) == "cpu" else tensor.to(device)


def _check_installed() -> None:
    try:
        import torch  # type: ignore[import-not-found,unused-ignore]  # noqa: F401
    except ImportError as error:
        raise ImportError("hdfsaver.torch needs PyTorch: pip install torch") from error
