"""Dense layers: TensorFlow and Keras keep inputs and outputs, PyTorch outputs and inputs."""

from __future__ import annotations

from hdfsaver.conversion.layouts.found import Found, SeenUse, Unfit, moved
from hdfsaver.conversion.layouts.uses import Uses

_TRANSPOSITIONS = {
    "MatMul": ("transpose_a", "transpose_b"),
    "_FusedMatMul": ("transpose_a", "transpose_b"),
    "SparseMatMul": ("transpose_a", "transpose_b"),
    "SparseTensorDenseMatMul": ("", "adjoint_b"),
    "BatchMatMul": ("adj_x", "adj_y"),
    "BatchMatMulV2": ("adj_x", "adj_y"),
    "BatchMatMulV3": ("adj_x", "adj_y"),
}
"""The attributes that say whether an operand is transposed."""

_B = {"SparseTensorDenseMatMul": 3}
"""The place of the second matrix, where it is not 1."""

_ALIKE = frozenset(
    {
        *("Relu", "Relu6", "Elu", "Selu", "LeakyRelu", "Sigmoid", "Tanh", "Softplus", "BiasAdd", "Merge", "LRN"),
        *("Add", "AddV2", "Mul", "Sub", "Maximum", "RealDiv", "Pad", "Select"),
    }
)
"""Types of operations whose result has its axes in the order of its first input."""


def dense(seen: SeenUse) -> Found | None:
    """The matrix of a dense layer, with its rows in the order in which PyTorch flattens images."""
    graph, use, shape, layout = seen
    kind = graph.kind(use.op)
    if kind not in _TRANSPOSITIONS or len(use.axes) != 2 or None in use.axes:
        return None
    second = use.position == _B.get(kind, 1)
    if not second and (use.position != 0 or graph.variable(graph.input(use.op, 1)[0])):
        return None
    is_transposed = bool(graph.attr(use.op, _TRANSPOSITIONS[kind][second]))
    first, last = (axis for axis in use.axes if axis is not None)
    # The second operand is [inputs, outputs]; the first is [outputs, inputs], since it acts on columns.
    inner, outer = (first, last) if second != is_transposed else (last, first)
    if layout == "keras":
        return moved("dense layer", use.op, shape, (inner, outer))
    image = _flattened(graph, use.op, shape[inner]) if second else None
    if image is None:
        return moved("dense layer", use.op, shape, (outer, inner))
    height, width, channels = image
    sizes = (height, width, channels)
    if inner == 0:
        split, order = (*sizes, shape[outer]), (3, 2, 0, 1)
    else:
        split, order = (shape[outer], *sizes), (0, 3, 1, 2)
    return Found("dense layer of a flattened image", use.op, split, order, (shape[outer], shape[inner]), "weight")


def _flattened(graph: Uses, op: str, size: int) -> tuple[int, int, int] | None:
    """Height, width and channels of the image that a dense layer gets as one row of that size; None without one."""
    name, _ = graph.source(*graph.input(op, 0))
    seen = {name}
    while graph.kind(name) in _ALIKE and graph.inputs(name):  # dropout and activations behind the flattening
        name, _ = graph.source(*graph.input(name, 0))
        if name in seen:
            return None
        seen.add(name)
    if graph.kind(name) != "Reshape":
        return None
    image = graph.input(name, 0)
    if not _channels_last(graph, *image):
        return None
    shape = graph.shape(*image)
    if shape is not None and len(shape) != 4:
        return None
    height, width, channels = (None, None, None) if shape is None else shape[1:]
    if channels in (1, size):  # nothing changes places, or each point of the image is a row
        return None
    if height is None or width is None or channels is None:
        raise Unfit(f"the shape of the image that {name} flattens is not known")
    return (height, width, channels) if height * width * channels == size else None


def _channels_last(graph: Uses, name: str, output: int) -> bool:
    """Whether an image was made by operations on images whose channels are their last axis."""
    seen: set[str] = set()
    while name not in seen:
        seen.add(name)
        name, output = graph.source(name, output)
        layout = graph.attr(name, "data_format") if name in graph.nodes else None
        if layout is not None and graph.kind(name) != "BiasAdd":
            return bool(layout in (b"NHWC", "NHWC"))
        if graph.kind(name) not in _ALIKE and graph.kind(name) not in ("ConcatV2", "SpaceToBatchND", "BatchToSpaceND"):
            return False
        if not graph.inputs(name):
            return False
        name, output = graph.input(name, 0)
    return False
