"""`hdfsaver.save_file` and `hdfsaver.load_file` with tensors of PyTorch in and out."""

from __future__ import annotations

from hdfsaver.arrays.files import save_file
from hdfsaver.arrays.tensors import load_file

__all__ = ["load_file", "save_file"]
