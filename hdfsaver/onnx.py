"""`hdfsaver.onnx`: graphs as ONNX models, for programs that run these."""

from __future__ import annotations

from hdfsaver.conversion.onnx_models import save_model
from hdfsaver.conversion.onnx_weights import check_weights

__all__ = ["check_weights", "save_model"]


def __dir__() -> list[str]:
    return __all__
