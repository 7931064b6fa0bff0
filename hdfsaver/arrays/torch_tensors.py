"""Files of arrays as tensors of PyTorch, loaded when one asks for them; they share the memory that was read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hdfsaver.arrays import array_files
from hdfsaver.arrays.library_arrays import as_torch
from hdfsaver.files.progress import Callback
from hdfsaver.reading.checkpoint_names import PathLike


def load_file(
    path: PathLike,
    device: Any = "cpu",
    *,
    group: str = "",
    mmap_mode: str | None = None,
    progress: Callback | None = None,
) -> Mapping[str, Any]:
    """Read all arrays of a file as tensors of PyTorch: a ``state_dict``.

    Parameters
    ----------
    path, group, mmap_mode, progress
        See `hdfsaver.load_file`, as for errors. ``mmap_mode="c"`` gives tensors that are loaded as they are used.
    device : str or torch.device
        Where the tensors are to be.

    Raises
    ------
    ImportError
        PyTorch is not installed.
    TypeError
        An array is of a dtype that PyTorch does not have: text, 4-bit integers.
    """
    _check_installed()
    arrays = array_files.load_file(path, group=group, mmap_mode=mmap_mode, progress=progress)
    tensors = {name: as_torch(array, name) for name, array in arrays.items()}
    return tensors if str(device) == "cpu" else {name: tensor.to(device) for name, tensor in tensors.items()}


def _check_installed() -> None:
    try:
        import torch  # type: ignore[import-not-found,unused-ignore]  # noqa: F401
    except ImportError as error:
        raise ImportError("hdfsaver.torch needs PyTorch: pip install torch") from error
