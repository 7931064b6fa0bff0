"""`hdfsaver.save_file`, `hdfsaver.load_file` and `hdfsaver.open_file` for PyTorch tensors."""

from __future__ import annotations

from hdfsaver.arrays.array_files import save_file
from hdfsaver.arrays.torch_tensors import load_file, open_file

__all__ = ["load_file", "open_file", "save_file"]


def __dir__() -> list[str]:
    return __all__
