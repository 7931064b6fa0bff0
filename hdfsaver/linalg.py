"""``tf.linalg``: products, transposes and norms of matrices."""

from __future__ import annotations

import typing

from hdfsaver.absent_names import absent as _absent
from hdfsaver.ops.diagonals import adjoint, eye, trace
from hdfsaver.ops.diagonals import diag as tensor_diag
from hdfsaver.ops.diagonals import diag_part as tensor_diag_part
from hdfsaver.ops.diagonals import matrix_band_part as band_part
from hdfsaver.ops.diagonals import matrix_diag as diag
from hdfsaver.ops.diagonals import matrix_diag_part as diag_part
from hdfsaver.ops.diagonals import matrix_set_diag as set_diag
from hdfsaver.ops.einsums import einsum
from hdfsaver.ops.factorizations import cholesky, cholesky_solve, logdet, qr, slogdet, svd
from hdfsaver.ops.factorizations import matrix_determinant as det
from hdfsaver.ops.factorizations import matrix_inverse as inv
from hdfsaver.ops.factorizations import matrix_solve as solve
from hdfsaver.ops.factorizations import matrix_triangular_solve as triangular_solve
from hdfsaver.ops.factorizations import self_adjoint_eig as eigh
from hdfsaver.ops.factorizations import self_adjoint_eigvals as eigvalsh
from hdfsaver.ops.linalg_ops import cross, matmul, tensordot
from hdfsaver.ops.norms import global_norm, l2_normalize, norm
from hdfsaver.ops.shaping import matrix_transpose
from hdfsaver.ops.shaping import matrix_transpose as transpose

__all__ = [
    "adjoint",
    "band_part",
    "cholesky",
    "cholesky_solve",
    "cross",
    "det",
    "diag",
    "diag_part",
    "eigh",
    "eigvalsh",
    "einsum",
    "eye",
    "global_norm",
    "inv",
    "l2_normalize",
    "logdet",
    "matmul",
    "matrix_transpose",
    "norm",
    "qr",
    "set_diag",
    "slogdet",
    "solve",
    "svd",
    "tensor_diag",
    "tensor_diag_part",
    "tensordot",
    "trace",
    "transpose",
    "triangular_solve",
]


def __dir__() -> list[str]:
    return __all__


if not typing.TYPE_CHECKING:  # a type checker is to know the names above, and no others

    def __getattr__(name: str) -> object:
        raise _absent(__name__, name, __all__)
