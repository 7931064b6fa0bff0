"""``tf.linalg``: products, transposes and norms of matrices."""

from __future__ import annotations

import typing

from hdfsaver.absent_names import absent as _absent
from hdfsaver.ops.linalg_ops import matmul, tensordot
from hdfsaver.ops.norms import global_norm, l2_normalize, norm
from hdfsaver.ops.shaping import matrix_transpose
from hdfsaver.ops.shaping import matrix_transpose as transpose

__all__ = [
    "global_norm",
    "l2_normalize",
    "matmul",
    "matrix_transpose",
    "norm",
    "tensordot",
    "transpose",
]


def __dir__() -> list[str]:
    return __all__


if not typing.TYPE_CHECKING:  # a type checker is to know the names above, and no others

    def __getattr__(name: str) -> object:
        raise _absent(__name__, name, __all__)
