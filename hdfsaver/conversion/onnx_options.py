"""The settings of a conversion to ONNX."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy.typing as npt

Named = Iterable[str] | Mapping[str, str]
"""Names of tensors, or such names by the names that inputs or outputs get."""

Fixed = Mapping[str, npt.ArrayLike]
"""Values by the names of tensors."""


Shapes = Mapping[str, Iterable[int | None]]
"""Shapes by the names of tensors; None for a size that is not known."""


class OnnxOptions(NamedTuple):
    """The settings of a model; see `hdfsaver.convert`."""

    outputs: Named | None = None
    inputs: Named | None = None
    fixed: Fixed | None = None
    weights_in: str | None = None
    shapes: Shapes | None = None
