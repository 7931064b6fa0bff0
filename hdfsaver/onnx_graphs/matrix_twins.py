"""Products of matrices."""

from __future__ import annotations

from hdfsaver.onnx_graphs.emitter import Emitter, NoTwinError
from hdfsaver.onnx_graphs.twins import Given, twin


@twin("MatMul")
def matmul(op: Given, to: Emitter) -> str:
    """The product of two matrices, each transposed or not."""
    a = to.add("Transpose", op[0], perm=[1, 0]) if op.attrs.get("transpose_a") else op[0]
    b = to.add("Transpose", op[1], perm=[1, 0]) if op.attrs.get("transpose_b") else op[1]
    return to.add("MatMul", a, b)


@twin("BatchMatMul", "BatchMatMulV2", "BatchMatMulV3")
def batch_matmul(op: Given, to: Emitter) -> str:
    """The products of many matrices."""
    if op.attrs.get("grad_x") or op.attrs.get("grad_y"):
        raise NoTwinError("it has an attribute of derivatives")
    factors = [op[0], op[1]]
    for place, key in enumerate(("adj_x", "adj_y")):
        if op.attrs.get(key):
            axes = list(range(op.rank(place)))
            axes[-2:] = axes[:-3:-1]
            factors[place] = to.add("Transpose", factors[place], perm=axes)
    return to.add("MatMul", *factors)


@twin("Einsum")
def einsum(op: Given, to: Emitter) -> str:
    """A sum of products by a formula."""
    return to.add("Einsum", *op.all(), equation=op.attrs["equation"])


@twin("MatrixBandPart")
def band_part(op: Given, to: Emitter) -> str:
    """A triangle of each matrix, or its diagonal."""
    lower, upper = int(op.needed(1, "num_lower")), int(op.needed(2, "num_upper"))
    value = op[0]
    if lower >= 0:
        value = to.add("Trilu", value, to.constant(-lower), upper=1)
    if upper >= 0:
        value = to.add("Trilu", value, to.constant(upper), upper=0)
    return value


@twin("L2Loss")
def l2_loss(op: Given, to: Emitter) -> str:
    """Half the sum of squares."""
    from hdfsaver.onnx_graphs.elementwise_twins import scalar

    return to.add("Div", to.add("ReduceSumSquare", op[0], keepdims=0), scalar(op, to, 2))
