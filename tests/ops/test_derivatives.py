"""Every derivative agrees with finite differences, and so does the derivative of the derivative where there is one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.graph.apply import apply, apply_list
from hdfsaver.graph.definition import OpDef, lookup, registered
from hdfsaver.graph.graph import Graph
from hdfsaver.ops.base import Flat
from hdfsaver.testing import check_derivative
from tests.ops.cell_calls import WITH_DERIVATIVE as OF_CELLS
from tests.ops.family_calls import CASES as FAMILY_CASES
from tests.ops.maths_calls import CASES as MATHS_CASES
from tests.ops.older_calls import CASES as OLDER_CASES
from tests.ops.quantized_calls import ROUNDED


class Case(NamedTuple):
    """A function to differentiate: what it is made of, where it is differentiated, and how often."""

    op_type: str
    function: Callable[..., Any]
    inputs: tuple[Any, ...]
    order: int = 2
    static: tuple[bool, ...] = (True, False)
    label: str = ""


def reals(*shape: int, low: float = -2.0, high: float = 2.0, seed: int = 1) -> Any:
    """Numbers between two others, none of them near 0, where functions have corners."""
    numbers = np.random.default_rng(seed).uniform(low, high, shape)
    return np.where(np.abs(numbers) < 0.1, 0.3, numbers)


def positive(*shape: int, seed: int = 2) -> Any:
    """Numbers between 0.3 and 2."""
    return reals(*shape, low=0.3, high=2.0, seed=seed)


def complexes(*shape: int, seed: int = 3) -> Any:
    """Complex numbers in the right half of the plane."""
    return positive(*shape, seed=seed) + 1j * reals(*shape, seed=seed + 1)


def op(op_type: str, **attrs: Any) -> Callable[..., Any]:
    """The operation as a function."""
    return lambda *inputs: apply(op_type, *inputs, **attrs)


def outputs(op_type: str, **attrs: Any) -> Callable[..., Any]:
    """The operation as a function that gives the list of its outputs."""
    return lambda *inputs: apply_list(op_type, *inputs, **attrs)


def binary(op_type: str, make: Callable[..., Any] = reals, order: int = 2) -> list[Case]:
    """An element-wise operation on two tensors: alike, and each broadcast to the other."""
    shapes = [((2, 3), (2, 3)), ((2, 3), (3,)), ((3,), (2, 1)), ((), (2, 3)), ((2, 1, 3), (4, 1))]
    return [
        Case(op_type, op(op_type), (make(*x, seed=5), make(*y, seed=6)), order, label=f"{x}-{y}") for x, y in shapes
    ]


def unary(op_type: str, inputs: Any, order: int = 2) -> Case:
    """An element-wise operation on one tensor."""
    return Case(op_type, op(op_type), (inputs,), order, label=str(np.asarray(inputs).dtype))


def reduction(op_type: str, make: Callable[..., Any] = reals, order: int = 2, known: bool = False) -> list[Case]:
    """A reduction along each choice of axes, kept or not."""
    static = (True,) if known else (True, False)
    return [
        Case(op_type, op(op_type, keep_dims=keep), (make(2, 3, 4),), order, static, f"{axes}-{keep}")._replace(
            function=lambda x, axes=axes, keep=keep: apply(op_type, x, axes, keep_dims=keep)
        )
        for axes in ([0], [1, -1], [], [0, 1, 2])
        for keep in (False, True)
    ]


def convolution_cases(
    op_type: str,
    label: str,
    attrs: dict[str, Any],
    image: tuple[int, ...],
    window: tuple[int, ...] = (2, 3, 2, 3),
    version: str = "",
) -> list[Case]:
    """A convolution, and its derivatives, which are differentiable again."""
    images, filters = reals(*image), reals(*window, seed=7)
    with Graph().as_default(), tf.Session() as sess:
        output = sess.run(apply(op_type, images, filters, **attrs))
    backprop = reals(*output.shape, seed=8)
    sizes = {"input": list(image), "filter": list(filters.shape)}
    return [
        Case(op_type, op(op_type, **attrs), (images, filters), label=label),
        Case(
            f"{op_type}BackpropInput{version}",
            lambda filters, grad: apply(f"{op_type}BackpropInput{version}", sizes["input"], filters, grad, **attrs),
            (filters, backprop),
            label=label,
        ),
        Case(
            f"{op_type}BackpropFilter{version}",
            lambda images, grad: apply(f"{op_type}BackpropFilter{version}", images, sizes["filter"], grad, **attrs),
            (images, backprop),
            label=label,
        ),
    ]


def pooling_cases(label: str, attrs: dict[str, Any]) -> list[Case]:
    """Pools of different numbers, and the derivative of the mean, which is differentiable again."""
    images = np.random.default_rng(9).permutation(40).reshape(1, 5, 4, 2) / 10.0
    with Graph().as_default(), tf.Session() as sess:
        output = sess.run(apply("AvgPool", images, **attrs))
    return [
        Case("MaxPool", op("MaxPool", **attrs), (images,), order=1, label=label),
        Case("AvgPool", op("AvgPool", **attrs), (images,), label=label),
        Case(
            "AvgPoolGrad",
            lambda grad: apply("AvgPoolGrad", list(images.shape), grad, **attrs),
            (reals(*output.shape),),
            label=label,
        ),
    ]


SIGNED = reals(3, 4)
HALF = reals(3, 4, low=-0.8, high=0.8)
ROWS = np.array([[0.2, 0.3, 0.5], [0.6, 0.1, 0.3]])  # labels, which sum to 1
MASKS = {"begin_mask": 1, "end_mask": 2, "shrink_axis_mask": 4}

VOLUME = np.random.default_rng(9).permutation(12).reshape(1, 3, 2, 2, 1) / 10.0
VOLUME_POOL = {"padding": b"SAME", "strides": [1, 2, 1, 1, 1], "ksize": [1, 2, 2, 1, 1]}

MATRICES = reals(2, 3, 3) + 4 * np.eye(3)

CASES: list[Case] = [
    # arithmetic
    *[case for name in ("AddV2", "Add", "Sub", "Mul", "SquaredDifference") for case in binary(name)],
    *[case for name in ("RealDiv", "Div", "DivNoNan", "Pow") for case in binary(name, positive)],
    *[case for name in ("Maximum", "Minimum", "FloorMod") for case in binary(name, positive, order=1)],
    *[case for name in ("AddV2", "Sub", "Mul", "RealDiv") for case in binary(name, complexes)],
    Case("Pow", op("Pow"), (complexes(3), complexes(3, seed=8)), 1),
    Case("AddN", lambda x, y: apply("AddN", [x, y, x]), (SIGNED, SIGNED)),
    # functions of one number
    *[unary(name, SIGNED) for name in ("Neg", "Square", "Reciprocal", "Exp", "Expm1", "Sin", "Cos", "Sinh", "Cosh")],
    *[unary(name, positive(3)) for name in ("Abs", "Sign", "Sqrt", "Rsqrt", "Log", "Log1p", "Erf", "Erfc")],
    unary("Lgamma", positive(3), 1),
    unary("Ndtri", positive(3) / 4),
    *[unary(name, HALF) for name in ("Tan", "Asin", "Acos", "Atan")],
    *[
        unary(name, complexes(3))
        for name in ("Neg", "Square", "Sqrt", "Rsqrt", "Reciprocal", "Exp", "Log", "Sin", "Tan")
    ],
    *[unary(name, complexes(3), 1) for name in ("Conj", "Tanh", "Sigmoid")],
    *[
        Case(name, op(name), (make(3), make(3, seed=7)), order, label=make.__name__)
        for name in ("SqrtGrad", "RsqrtGrad", "ReciprocalGrad")
        for make, order in ((positive, 2), (complexes, 1))
    ],
    # matrices
    *[Case(name, op(name), (MATRICES,)) for name in ("MatrixInverse", "MatrixDeterminant")],
    Case(
        "MatrixInverse",
        op("MatrixInverse", adjoint=True),
        (MATRICES + 1j * reals(2, 3, 3, seed=2),),
        1,
        label="complex",
    ),
    Case("LogMatrixDeterminant", lambda x: apply_list("LogMatrixDeterminant", x)[1], (MATRICES,)),
    Case("Cholesky", lambda x: apply("Cholesky", apply("BatchMatMulV2", x, x, adj_y=True)), (MATRICES,), 1),
    *[
        Case("MatrixSolve", op("MatrixSolve", adjoint=adjoint), (MATRICES, reals(2, 3, 2)), label=str(adjoint))
        for adjoint in (False, True)
    ],
    *[
        Case(
            "MatrixTriangularSolve",
            op("MatrixTriangularSolve", lower=lower, adjoint=adjoint),
            (MATRICES, reals(2, 3, 2)),
            label=f"{lower}-{adjoint}",
        )
        for lower in (False, True)
        for adjoint in (False, True)
    ],
    Case("MatrixBandPart", lambda x: apply("MatrixBandPart", x, 1, 0), (reals(2, 3, 4),)),
    Case("MatrixDiag", op("MatrixDiag"), (reals(2, 3),)),
    *[Case("MatrixDiagPart", op("MatrixDiagPart"), (reals(2, 3, n),), label=str(n)) for n in (3, 4)],
    Case("MatrixSetDiag", op("MatrixSetDiag"), (reals(2, 3, 4), reals(2, 3))),
    Case("Cross", op("Cross"), (reals(2, 3), reals(2, 3, seed=7))),
    Case(
        "DynamicPartition", lambda x: apply_list("DynamicPartition", x, [1, 0, 1], num_partitions=2)[1], (reals(3, 2),)
    ),
    *[
        Case(name, lambda x, y, name=name: apply(name, [[2, 0], 1], [x, y]), (reals(2, 3), reals(3)))
        for name in ("DynamicStitch", "ParallelDynamicStitch")
    ],
    Case("Diag", op("Diag"), (reals(2, 3),)),
    Case("DiagPart", op("DiagPart"), (reals(2, 3, 2, 3),)),
    Case("SparseToDense", lambda x, y: apply("SparseToDense", [[0, 1], [2, 0]], [3, 4], x, y), (reals(2), reals())),
    # images
    Case("ResizeNearestNeighbor", lambda x: apply("ResizeNearestNeighbor", x, [3, 5]), (reals(1, 2, 3, 1),), 1),
    Case(
        "ExtractImagePatches",
        op("ExtractImagePatches", ksizes=[1, 2, 3, 1], strides=[1, 2, 1, 1], rates=[1] * 4, padding=b"SAME"),
        (reals(1, 3, 4, 2),),
        1,
    ),
    # complex numbers
    Case("Complex", op("Complex", Tout="complex128"), (SIGNED, reals(4)), 1),
    Case("Real", op("Real", Tout="float64"), (complexes(3),), 1),
    Case("Imag", op("Imag", Tout="float64"), (complexes(3),), 1),
    Case("ComplexAbs", op("ComplexAbs", Tout="float64"), (complexes(3),), 1),
    # values passed on, or not
    unary("Identity", SIGNED),
    Case("IdentityN", lambda x, y: apply_list("IdentityN", [x, y]), (SIGNED, SIGNED)),
    Case("CheckNumerics", op("CheckNumerics", message=b"x"), (SIGNED,)),
    Case("Print", lambda x: tf.Print(x, []), (SIGNED,)),
    Case("EnsureShape", op("EnsureShape", shape=None), (SIGNED,)),
    Case("PlaceholderWithDefault", op("PlaceholderWithDefault", shape=None), (SIGNED,)),
    Case("Cast", lambda x: apply("Cast", x, DstT="complex128"), (SIGNED,), 1),
    Case("Select", lambda x, y: apply("Select", [True, False], x, y), (reals(2, 3), reals(2, 3)), label="rows"),
    Case("Select", lambda x, y: apply("Select", True, x, y), (reals(2, 3), reals(2, 3)), label="all"),
    Case("SelectV2", lambda x, y: apply("SelectV2", [True, False, True], x, y), (reals(2, 3), reals(1))),
    # reductions and scans
    *reduction("Sum"),
    *reduction("Mean"),
    *reduction("EuclideanNorm"),
    *reduction("Sum", complexes),
    *reduction("Prod", known=True),
    Case("Sum", lambda x: apply("Sum", x, np.array([1])), (SIGNED,), label="int64"),
    Case("ScatterNd", lambda x: apply("ScatterNd", np.zeros((2, 0), np.int32), x, [3]), (reals(2, 3),), label="all"),
    *reduction("Max", order=1),
    *reduction("Min", order=1),
    Case(
        "Prod", lambda x: apply("Prod", x, [0]), (np.array([[0.0, 2.0], [3.0, 0.0], [0.5, 0.0]]),), 1, (True,), "zeros"
    ),
    *[
        Case(
            name,
            op(name, exclusive=exclusive, reverse=reverse),
            (positive(2, 4),),
            order,
            label=f"{exclusive}{reverse}",
        )._replace(function=lambda x, n=name, e=exclusive, r=reverse: apply(n, x, 1, exclusive=e, reverse=r))
        for name, order in (("Cumsum", 2), ("Cumprod", 1))
        for exclusive in (False, True)
        for reverse in (False, True)
    ],
    Case("L2Loss", op("L2Loss"), (SIGNED,)),
    # products of matrices
    *[
        Case(
            "MatMul",
            op("MatMul", transpose_a=a, transpose_b=b),
            (make(2, 3) if not a else make(3, 2), make(3, 4) if not b else make(4, 3)),
            label=f"{a}{b}{make.__name__}",
        )
        for a in (False, True)
        for b in (False, True)
        for make in (reals, complexes)
    ],
    *[
        Case(
            name,
            op(name, adj_x=a, adj_y=b),
            (make(5, *((3, 2) if a else (2, 3))), make(*batch, *((4, 3) if b else (3, 4)))),
            order=1 if make is complexes else 2,
            label=f"{a}{b}{make.__name__}",
        )
        for name, batch in (("BatchMatMulV2", (2, 1)), ("BatchMatMul", (5,)))
        for a in (False, True)
        for b in (False, True)
        for make in (reals, complexes)
    ],
    # shapes
    Case("Reshape", lambda x: apply("Reshape", x, [4, -1]), (SIGNED,)),
    Case("ExpandDims", lambda x: apply("ExpandDims", x, 1), (SIGNED,)),
    Case("Squeeze", lambda x: apply("Squeeze", x, squeeze_dims=[1]), (reals(3, 1, 2),)),
    Case("Transpose", lambda x: apply("Transpose", x, [2, 0, 1]), (reals(2, 3, 4),)),
    Case("ConjugateTranspose", lambda x: apply("ConjugateTranspose", x, [2, 0, 1]), (complexes(2, 3, 4),), 1),
    Case("BroadcastTo", lambda x: apply("BroadcastTo", x, [2, 3, 4]), (reals(3, 1),)),
    Case("Tile", lambda x: apply("Tile", x, [2, 1, 3]), (reals(2, 3, 1),)),
    Case("Fill", lambda x: apply("Fill", [2, 3], x), (np.array(1.5),)),
    # joining and taking apart
    Case("ConcatV2", lambda x, y: apply("ConcatV2", [x, y, x], -1), (reals(2, 3), reals(2, 1))),
    Case("Concat", lambda x, y: apply("Concat", 0, [x, y]), (reals(2, 3), reals(1, 3))),
    Case("Pack", lambda x, y: apply("Pack", [x, y], axis=1), (reals(2, 3), reals(2, 3))),
    Case("Split", lambda x: apply_list("Split", 1, x, num_split=2), (reals(2, 4),)),
    Case("Split", lambda x: apply_list("Split", 1, x, num_split=2)[1], (reals(2, 4),), label="one of two"),
    Case("SplitV", lambda x: apply_list("SplitV", x, [1, -1, 2], 0, num_split=3), (reals(5, 2),)),
    Case("Unpack", lambda x: apply_list("Unpack", x, num=3, axis=1)[:2], (reals(2, 3),)),
    # indices
    Case("GatherV2", lambda x: apply("GatherV2", x, [[1, 0], [1, 1]], 0), (reals(3, 2),), label="0"),
    Case("GatherV2", lambda x: apply("GatherV2", x, [[1, 0], [1, 1]], 1), (reals(3, 2, 2),), label="1"),
    Case("GatherV2", lambda x: apply("GatherV2", x, 1, -1), (reals(3, 2),), label="-1"),
    Case(
        "GatherV2", lambda x: tf.gather(x, [[1, 0], [1, 1]], axis=2, batch_dims=1), (reals(2, 3, 2),), label="batches"
    ),
    Case("GatherNd", lambda x: apply("GatherNd", x, [[0], [2], [0]]), (reals(3, 2, 2),), label="rows"),
    Case("Gather", lambda x: apply("Gather", x, [2, 2, 0]), (reals(3, 2),)),
    Case("GatherNd", lambda x: apply("GatherNd", x, [[0, 1], [2, 1], [0, 1]]), (reals(3, 2, 2),)),
    Case("ScatterNd", lambda x: apply("ScatterNd", [[0], [2], [0]], x, [4, 2]), (reals(3, 2),)),
    Case("UnsortedSegmentSum", lambda x: apply("UnsortedSegmentSum", x, [1, -1, 1, 0], 3), (reals(4, 2),)),
    Case("TopKV2", lambda x: apply_list("TopKV2", x, 2)[0], (reals(3, 4),)),
    Case("OneHot", lambda x, y: apply("OneHot", [1, 0, 3], 3, x, y, axis=0), (np.array(2.0), np.array(0.5))),
    # ranges of indices
    Case("StridedSlice", lambda x: x[1:, ::-2, 0], (reals(3, 4, 2),), label="masks"),
    Case("StridedSlice", lambda x: x[..., None, 1], (reals(3, 2),), label="ellipsis"),
    Case("StridedSliceGrad", lambda y: apply("StridedSliceGrad", [3, 4], [0, 1], [2, 4], [1, 2], y), (reals(2, 2),)),
    Case("Slice", lambda x: apply("Slice", x, [1, 0], [-1, 2]), (SIGNED,)),
    Case("Pad", lambda x: apply("Pad", x, [[1, 0], [2, 3]]), (SIGNED,)),
    Case("PadV2", lambda x, c: apply("PadV2", x, [[1, 0], [2, 3]], c), (SIGNED, np.array(0.5))),
    Case("ReverseV2", lambda x: apply("ReverseV2", x, [-1]), (SIGNED,)),
    Case("ReverseSequence", lambda x: apply("ReverseSequence", x, [2, 0, 3], seq_dim=1), (SIGNED,)),
    # activations
    *[unary(name, SIGNED) for name in ("Relu", "Relu6", "LeakyRelu", "Elu", "Selu", "Softplus", "Sigmoid", "Tanh")],
    Case("Softsign", op("Softsign"), (SIGNED,), 1),
    *[Case(name, op(name), (SIGNED, reals(3, 4, seed=9))) for name in ("ReluGrad", "Relu6Grad", "LeakyReluGrad")],
    *[Case(name, op(name), (SIGNED, reals(3, 4, seed=9))) for name in ("SoftplusGrad", "SigmoidGrad", "TanhGrad")],
    *[Case(name, op(name), (SIGNED, reals(3, 4, low=-0.9))) for name in ("EluGrad", "SeluGrad")],
    Case(
        "CTCLoss",
        lambda x: apply_list("CTCLoss", x, [[0, 0], [0, 1], [1, 0]], np.int32([1, 1, 0]), np.int32([4, 2]))[0],
        (reals(4, 2, 3),),
        order=1,
    ),
    *(
        case
        for label, attrs, image in (
            ("same", {"padding": b"SAME", "strides": [1, 2, 1, 1]}, (1, 5, 4, 2)),
            ("valid", {"padding": b"VALID", "strides": [1, 1, 1, 1], "dilations": [1, 2, 1, 1]}, (1, 5, 4, 2)),
            ("second", {"padding": b"SAME", "strides": [1, 1, 2, 1], "data_format": b"NCHW"}, (1, 2, 5, 4)),
        )
        for op_type in ("Conv2D", "DepthwiseConv2dNative")
        for case in convolution_cases(op_type, label, attrs, image)
    ),
    *(
        case
        for label, attrs in (
            ("same", {"padding": b"SAME", "strides": [1, 2, 1, 1], "ksize": [1, 3, 2, 1]}),
            ("valid", {"padding": b"VALID", "strides": [1, 1, 1, 1], "ksize": [1, 2, 2, 1]}),
            ("second", {"padding": b"SAME", "strides": [1, 1, 2, 1], "ksize": [1, 1, 2, 2], "data_format": b"NCHW"}),
        )
        for case in pooling_cases(label, attrs)
    ),
    *convolution_cases(
        "Conv3D",
        "same",
        {"padding": b"SAME", "strides": [1, 2, 1, 1, 1]},
        (1, 3, 2, 2, 1),
        (2, 1, 2, 1, 2),
        "V2",
    ),
    *convolution_cases(
        "Conv3D",
        "second",
        {"padding": b"VALID", "strides": [1] * 5, "dilations": [1, 1, 2, 1, 1], "data_format": b"NCDHW"},
        (1, 1, 3, 2, 2),
        (2, 1, 2, 1, 2),
        "V2",
    ),
    Case("AvgPool3D", op("AvgPool3D", **VOLUME_POOL), (VOLUME,)),
    Case("AvgPool3DGrad", lambda grad: apply("AvgPool3DGrad", [1, 3, 2, 2, 1], grad, **VOLUME_POOL), (VOLUME[:, :2],)),
    Case("BiasAdd", op("BiasAdd"), (reals(2, 3, 4), reals(4)), label="last"),
    Case("BiasAdd", op("BiasAdd", data_format=b"NCHW"), (reals(2, 3, 4), reals(3)), label="second"),
    Case("BiasAddV1", op("BiasAddV1"), (reals(2, 4), reals(4))),
    Case("BiasAddGrad", op("BiasAddGrad"), (reals(2, 3, 4),), label="last"),
    Case("BiasAddGrad", op("BiasAddGrad", data_format=b"NCHW"), (reals(2, 3, 4),), label="second"),
    # softmax and losses
    Case("Softmax", op("Softmax"), (reals(2, 3),)),
    Case("LogSoftmax", op("LogSoftmax"), (reals(2, 3),)),
    Case(
        "SoftmaxCrossEntropyWithLogits", lambda x: outputs("SoftmaxCrossEntropyWithLogits")(x, ROWS)[0], (reals(2, 3),)
    ),
    Case(
        "SoftmaxCrossEntropyWithLogits",
        lambda x: outputs("SoftmaxCrossEntropyWithLogits")(x, ROWS),
        (reals(2, 3),),
        1,
        label="both outputs",
    ),
    Case(
        "SoftmaxCrossEntropyWithLogits",
        lambda y: outputs("SoftmaxCrossEntropyWithLogits")(ROWS, y),
        (ROWS,),
        1,
        label="labels",
    ),
    Case(
        "SparseSoftmaxCrossEntropyWithLogits",
        lambda x: outputs("SparseSoftmaxCrossEntropyWithLogits")(x, [2, 0]),
        (reals(2, 3),),
    ),
]


CASES += [Case(*row) for row in FAMILY_CASES]
CASES += [Case(*row) for row in MATHS_CASES]
CASES += [Case(*row) for row in OLDER_CASES]


def name_of(case: Case) -> str:
    """How a case is named in the report."""
    return f"{case.op_type}-{case.label}" if case.label else case.op_type


def has_own_gradient(definition: OpDef) -> bool:
    """Whether a derivative is defined that is more than nothing."""
    gradient = type(definition).gradient
    return gradient is not OpDef.gradient and gradient is not Flat.gradient


# Of these the derivative is nothing, or there are no inputs that it could be taken by.
NOTHING_TO_CHECK = {"Const", "PreventGradient", "StopGradient"}

# Of random numbers there are no differences; `tests/distributions` has TensorFlow's derivatives.
NOTHING_TO_CHECK |= {"RandomGamma"}

NOTHING_TO_CHECK |= ROUNDED
NOTHING_TO_CHECK |= OF_CELLS

# These take or give no double, so that differences mean little; TensorFlow's results are recorded (`programs.py`).
SINGLE = {
    "LRN",
    "MaxPool3D",
    "FusedBatchNorm",
    "FusedBatchNormV2",
    "FusedBatchNormV3",
    "CropAndResize",
    "ResizeBicubic",
    "ResizeBilinear",
}

# A handle cannot be changed a little; `tests/variables/test_resource_variable.py` has their derivatives.
OF_HANDLES = {"ReadVariableOp", "ResourceGather", "ResourceGatherNd"}


# `tests/ops/test_control_flow.py` has those of branches.
OF_BRANCHES = {"Merge", "RefMerge", "RefSwitch", "Switch"}

# `tests/ops/loop_derivatives.py` has those of loops and of arrays of tensors, which `test_control_flow.py` runs.
OF_LOOPS = {"Enter", "Exit", "NextIteration", "RefEnter", "RefExit", "RefIdentity", "RefNextIteration"}
OF_LOOPS |= {f"TensorArray{name}V3" for name in ("Concat", "Gather", "Read", "Scatter", "Split", "Write")}

# `tests/ops/test_tensor_lists.py` has those of lists.
OF_LISTS = {name for name in registered() if name.startswith("TensorList")}

# `tests/saved_model/test_functions.py` has those of calls.
OF_CALLS = {"If", "PartitionedCall", "StatefulPartitionedCall", "StatelessIf", "StatelessWhile", "While"}


def test_every_derivative_is_in_the_table() -> None:
    """An operation that is given a derivative is checked here."""
    differentiable = {name for name in registered() if has_own_gradient(lookup(name))}
    elsewhere = NOTHING_TO_CHECK | SINGLE | OF_HANDLES | OF_BRANCHES | OF_LOOPS | OF_CALLS
    assert set() == differentiable - {case.op_type for case in CASES} - elsewhere - OF_LISTS


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_derivative(case: Case) -> None:
    """The derivative agrees with finite differences, whether shapes are known beforehand or not."""
    for static in case.static:
        check_derivative(case.function, case.inputs, order=case.order, static=static)


@pytest.mark.parametrize("reduce", [tf.reduce_max, tf.reduce_min])
def test_equal_extremes_share_the_derivative(reduce: Any) -> None:
    """Where several are the greatest or the least, each gets its part, as in TensorFlow: differences cannot show it."""
    x = tf.constant([[1.0, 1.0, 1.0, 1.0], [2.0, 5.0, 5.0, 2.0]])
    (grad,) = tf.gradients(reduce(x, 1), x, [[4.0, 3.0]])
    with tf.Session() as sess:
        found = sess.run(grad).tolist()
    ends = [1.5, 0.0, 0.0, 1.5] if reduce is tf.reduce_min else [0.0, 1.5, 1.5, 0.0]
    assert [[1.0, 1.0, 1.0, 1.0], ends] == found


def test_each_case_is_about_its_operation() -> None:
    """The function of each case makes the operation that it is listed under."""
    for case in CASES:
        with Graph().as_default() as graph:
            case.function(*(tf.placeholder(np.asarray(value).dtype, np.shape(value)) for value in case.inputs))
            assert case.op_type in {operation.type for operation in graph.get_operations()}


def test_the_check_finds_a_wrong_derivative() -> None:
    """A function whose derivative is stopped on the way does not pass."""
    with pytest.raises(AssertionError, match="Finite differences give"):
        check_derivative(lambda x: x * tf.stop_gradient(x), [np.array([1.0, 2.0])])
