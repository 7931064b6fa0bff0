"""`hdfsaver.save_file` and `hdfsaver.load_file` with tensors of PyTorch in and out."""

from __future__ import annotations

from hdfsaver.arrays.array_files import save_file
from hdfsaver.arrays.torch_tensors import load_file

__all__ = ["load_file", "save_file"]


def __dir__() -> list[str]:
    return __all__
