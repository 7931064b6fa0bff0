"""The functions for PyTorch without PyTorch installed."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import hdfsaver
import hdfsaver.torch


def test_what_to_install_is_said(tmp_path, monkeypatch):
    """Loading tensors without PyTorch is an ImportError that names it; saving arrays needs none."""
    monkeypatch.setitem(sys.modules, "torch", None)
    hdfsaver.torch.save_file({"x": np.ones(2)}, tmp_path / "x.h5")
    for read in (hdfsaver.torch.load_file, hdfsaver.torch.open_file):
        with pytest.raises(ImportError, match="pip install torch"):
            read(tmp_path / "x.h5")
