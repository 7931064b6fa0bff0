"""Every operation gives the dtype and the shape that it promises, for every dtype that it takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver import dtypes
from hdfsaver.graph.apply import apply, apply_list
from hdfsaver.graph.definition import lookup
from tests.ops.box_calls import CALLS as BOX_CALLS
from tests.ops.cell_calls import CALLS as CELL_CALLS
from tests.ops.family_calls import CALLS as FAMILY_CALLS
from tests.ops.family_calls import OPEN
from tests.ops.maths_calls import CALLS as MATHS_CALLS
from tests.ops.maths_calls import OPEN as MATHS_OPEN
from tests.ops.older_calls import CALLS as OLDER_CALLS
from tests.ops.quantized_calls import CALLS as QUANTIZED_CALLS
from tests.ops.quantized_calls import OF_FLOATS, OF_INTEGERS

Call = Callable[[Any], Any]

ANY = (
    "float16",
    "bfloat16",
    "float32",
    "float64",
    "int8",
    "int32",
    "int64",
    "uint8",
    "uint64",
    "complex64",
    "bool",
    "string",
)


def op(op_type: str, *others: Any, **attrs: Any) -> Call:
    """The operation on a tensor, with whatever else it takes."""
    return lambda x: apply(op_type, x, *others, **attrs)


def twice(op_type: str, **attrs: Any) -> Call:
    """The operation on a tensor and itself."""
    return lambda x: apply(op_type, x, x, **attrs)


RESIZED = ("ResizeBilinear", "ResizeBicubic", "ResizeArea", "ResizeNearestNeighbor")
GRADS = np.ones((1, 3, 2, 1), np.float32)
BOXES = np.array([[0.0, 0.0, 1.0, 0.9]], np.float32)


def image(x: Any) -> Any:
    """The tensor of shape (2, 3) as an image of one color."""
    return tf.reshape(x, [1, 2, 3, 1])


FACTORS = ("MatrixInverse", "MatrixDeterminant", "LogMatrixDeterminant", "Cholesky", "SelfAdjointEigV2", "Svd", "Qr")


def square(x: Any) -> Any:
    """Two rows and columns that make a positive definite matrix."""
    return apply("MatrixSetDiag", apply("ZerosLike", x[:, :2]), x[:, 0])


def of_square(op_type: str) -> Call:
    """The operation on a square matrix."""
    return lambda x: apply_list(op_type, square(x))


def of_image(op_type: str, *others: Any) -> Call:
    """The operation on an image, with whatever else it takes."""
    return lambda x: apply(op_type, image(x), *others)


def image_behind(op_type: str, first: Any) -> Call:
    """The operation on something else and an image."""
    return lambda x: apply(op_type, first, image(x))


UNARY = (
    "Neg Abs Sign Square Sqrt Rsqrt Reciprocal Exp Expm1 Log Log1p Sin Cos Tan Asin Acos Atan Sinh Cosh Tanh Erf "
    "Erfc Ndtri Lgamma Digamma Floor Ceil Rint Round IsNan IsInf IsFinite Relu Relu6 LeakyRelu Elu Selu Softplus "
    "Softsign Sigmoid Softmax LogSoftmax L2Loss Conj ZerosLike OnesLike Identity Where StopGradient GuaranteeConst "
    "Invert AsString"
)
BINARY = (
    "AddV2 Add Sub Mul RealDiv Div DivNoNan FloorDiv FloorMod Pow Maximum Minimum SquaredDifference Equal NotEqual "
    "Less LessEqual Greater GreaterEqual ApproximateEqual ReluGrad Relu6Grad LeakyReluGrad EluGrad SoftplusGrad "
    "SigmoidGrad TanhGrad SqrtGrad RsqrtGrad ReciprocalGrad BitwiseAnd BitwiseOr BitwiseXor LeftShift RightShift "
    "LowerBound UpperBound SeluGrad SoftsignGrad"
)

REDUCTIONS = ("Sum", "Mean", "Prod", "Max", "Min", "EuclideanNorm")

# Of each operation the calls, named where there are several. The tensor has shape (2, 3).
CALLS: dict[str, Call] = {
    **{name: op(name) for name in UNARY.split()},
    "CheckNumerics": op("CheckNumerics", message=b"x"),
    "EnsureShape": op("EnsureShape", shape=(2, 3)),
    **{name: twice(name) for name in BINARY.split()},
    "TruncateDiv": twice("TruncateDiv"),
    **{f"{name} keeping": op(name, [0], keep_dims=True) for name in REDUCTIONS},
    **{f"{name} all": op(name, [0, 1]) for name in REDUCTIONS},
    **{f"{name} nothing": op(name, []) for name in REDUCTIONS},
    "AddN": lambda x: apply("AddN", [x, x, x]),
    "Cumsum": op("Cumsum", 1, exclusive=True),
    "Cumprod": op("Cumprod", 0, reverse=True),
    "ArgMax": op("ArgMax", 1),
    "ArgMin": op("ArgMin", 0, output_type="int32"),
    "MatMul": twice("MatMul", transpose_b=True),
    "BatchMatMulV2": twice("BatchMatMulV2", adj_x=True),
    "BatchMatMul": twice("BatchMatMul", adj_y=True),
    "Shape": op("Shape", out_type="int64"),
    "ShapeN": lambda x: apply_list("ShapeN", [x]),
    "Size": op("Size"),
    "Rank": op("Rank"),
    "Reshape": op("Reshape", [3, -1]),
    "Reshape to one": lambda x: apply("Reshape", x[:1, :1], []),
    "ExpandDims": op("ExpandDims", 0),
    "Squeeze": lambda x: apply("Squeeze", x[:1]),
    "Squeeze to one": lambda x: apply("Squeeze", x[:1, :1]),
    "Transpose": op("Transpose", [1, 0]),
    "ConjugateTranspose": op("ConjugateTranspose", [1, 0]),
    "BroadcastTo": op("BroadcastTo", [2, 2, 3]),
    "Tile": op("Tile", [2, 1]),
    "ConcatV2": lambda x: apply("ConcatV2", [x, x], 1),
    "Concat": lambda x: apply("Concat", 0, [x, x]),
    "Split": lambda x: apply_list("Split", 1, x, num_split=3),
    "Split into one": lambda x: apply_list("Split", 1, x, num_split=1),
    "SplitV": lambda x: apply_list("SplitV", x, [1, -1], 0, num_split=2),
    "Pack": lambda x: apply("Pack", [x, x], axis=-1),
    "Pack single ones": lambda x: apply("Pack", [x[0, 0], x[1, 1]]),
    "Unpack": lambda x: apply_list("Unpack", x, num=2),
    "Unpack single ones": lambda x: apply_list("Unpack", x[0], num=3),
    "GatherV2": op("GatherV2", [[1, 0]], 1),
    "GatherV2 one": lambda x: apply("GatherV2", x[0], 1, 0),
    "GatherV2 in batches": op("GatherV2", [[1, 0], [2, 2]], 1, batch_dims=1),
    "Gather": op("Gather", [1]),
    "GatherTree": lambda x: apply("GatherTree", [x], [x], [2, 3], x[0, 0]),
    "GatherNd": op("GatherNd", [[0, 1], [1, 2]]),
    "GatherNd one": op("GatherNd", [0, 1]),
    "GatherNd all": op("GatherNd", np.zeros((2, 0), np.int32)),
    "ScatterNd": lambda x: apply("ScatterNd", [[1], [1]], x, [3, 3]),
    "UnsortedSegmentSum": op("UnsortedSegmentSum", [1, 1], 3),
    "StridedSlice": lambda x: x[:, ::-1],
    "StridedSlice one": lambda x: x[0, -1],
    "StridedSliceGrad": lambda x: apply("StridedSliceGrad", [4, 3], [1, 0], [3, 3], [1, 1], x),
    "Slice": op("Slice", [0, 1], [-1, 2]),
    "Pad": op("Pad", [[1, 0], [0, 1]]),
    "PadV2": lambda x: apply("PadV2", x, [[1, 0], [0, 1]], x[0, 0]),
    "MirrorPad": op("MirrorPad", [[1, 0], [0, 1]], mode=b"REFLECT"),
    "ReverseV2": op("ReverseV2", [0]),
    "SparseToDense": lambda x: apply("SparseToDense", [[1, 0], [1, 2]], [3, 3], x[0, :2], x[1, 1]),
    "ReverseSequence": op("ReverseSequence", [2, 3], seq_dim=1),
    "Fill": lambda x: apply("Fill", [2, 2], x[0, 0]),
    "OneHot": lambda x: apply("OneHot", [0, 5], 3, x[0, 0], x[0, 1]),
    "Range": lambda x: apply("Range", x[0, 0], x[1, 2], x[0, 0]),
    "LinSpace": lambda x: apply("LinSpace", x[0, 0], x[1, 2], 4),
    "Select": lambda x: apply("Select", [True, False], x, x),
    "SelectV2": lambda x: apply("SelectV2", [True, False, False], x, x[:, :1]),
    "BiasAdd": lambda x: apply("BiasAdd", x, x[0]),
    "BiasAddV1": lambda x: apply("BiasAddV1", x, x[0]),
    "BiasAddGrad": op("BiasAddGrad"),
    "SoftmaxCrossEntropyWithLogits": lambda x: apply_list("SoftmaxCrossEntropyWithLogits", x, x),
    "SparseSoftmaxCrossEntropyWithLogits": lambda x: apply_list("SparseSoftmaxCrossEntropyWithLogits", x, [0, 2]),
    "TopKV2": lambda x: apply_list("TopKV2", x, 2),
    "Unique": lambda x: apply_list("Unique", apply("Reshape", x, [-1])),
    "RandomShuffle": op("RandomShuffle"),
    **{f"Cast to {target}": op("Cast", DstT=target) for target in ANY if target != "string"},
    "Bitcast": op("Bitcast", type="uint8"),
    "PlaceholderWithDefault": op("PlaceholderWithDefault", shape=None),
    # images: the tensor as one of 2 x 3 pixels, or as two pixels of three colors
    **{name: of_image(name, [3, 2]) for name in RESIZED},
    **{name: image_behind(name, GRADS) for name in ("ResizeBilinearGrad", "ResizeBicubicGrad")},
    "ResizeNearestNeighborGrad": lambda x: apply("ResizeNearestNeighborGrad", image(x), [3, 2]),
    **{name: op(name) for name in ("RGBToHSV", "HSVToRGB")},
    "AdjustContrastv2": lambda x: apply("AdjustContrastv2", image(x), 2.0),
    "AdjustHue": lambda x: apply("AdjustHue", x[None], 0.5),
    "AdjustSaturation": lambda x: apply("AdjustSaturation", x[None], 0.5),
    "CropAndResize": lambda x: apply("CropAndResize", image(x), BOXES, [0], [3, 2]),
    "CropAndResizeGradImage": lambda x: apply(
        "CropAndResizeGradImage", GRADS, BOXES, [0], [1, 2, 3, 1], T=x.dtype.name
    ),
    "CropAndResizeGradBoxes": lambda x: apply("CropAndResizeGradBoxes", GRADS, image(x), BOXES, [0]),
    "ExtractImagePatches": lambda x: apply(
        "ExtractImagePatches", image(x), ksizes=[1, 2, 2, 1], strides=[1] * 4, rates=[1] * 4, padding=b"SAME"
    ),
    "NonMaxSuppression": lambda x: apply("NonMaxSuppression", BOXES, [0.5], 3),
    "NonMaxSuppressionV2": lambda x: apply("NonMaxSuppressionV2", BOXES, [0.5], 3, 0.5),
    "NonMaxSuppressionV3": lambda x: apply("NonMaxSuppressionV3", BOXES, [0.5], 3, 0.5, 0.0),
    **BOX_CALLS,
    **CELL_CALLS,
    **FAMILY_CALLS,
    **MATHS_CALLS,
    **OLDER_CALLS,
    **QUANTIZED_CALLS,
    # matrices
    **{name: of_square(name) for name in FACTORS},
    "MatrixSolve": lambda x: apply("MatrixSolve", square(x), square(x)),
    "MatrixTriangularSolve": lambda x: apply("MatrixTriangularSolve", square(x), square(x)),
    "MatrixBandPart": op("MatrixBandPart", 0, 1),
    **{name: op(name) for name in ("MatrixDiag", "MatrixDiagPart", "Diag")},
    "MatrixSetDiag": lambda x: apply("MatrixSetDiag", x, x[:, 0]),
    "DiagPart": lambda x: apply("DiagPart", x[:, :2]),
    "DynamicPartition": lambda x: apply_list("DynamicPartition", x[:2], [1, 0], num_partitions=2)[0],
    "DynamicStitch": lambda x: apply("DynamicStitch", [[1, 0]], [x[:2]]),
    "ParallelDynamicStitch": lambda x: apply("ParallelDynamicStitch", [[1, 0]], [x[:2]]),
    "Cross": lambda x: apply("Cross", x, x[::-1]),
    "EncodePng": lambda x: apply("EncodePng", image(x)[0]),
}


CHOSEN = ("NonMaxSuppression", "NonMaxSuppressionV2", "NonMaxSuppressionV3", "DynamicPartition", *BOX_CALLS)


def allowed(name: str) -> list[str]:
    """The dtypes that the first input of an operation may have."""
    if name in OF_FLOATS or name in OF_INTEGERS:
        return ["float32" if name in OF_FLOATS else OF_INTEGERS[name]]
    definition = lookup(name.split(maxsplit=1)[0])
    attr = next(
        (
            a.dtype_attr
            for a in definition.parsed.inputs
            if a.dtype_attr in ("T", "SrcT", "Tparams", "Tidx", "Treal", "Tcomplex")
        ),
        "T",
    )
    if definition.parsed.inputs[0].dtype == "string":
        return ["string"]
    types = definition.types.get(attr or "T")
    return [dtype for dtype in ANY if types is None or dtype in types]


def sample(dtype: str) -> Any:
    """Six values that every operation takes."""
    if dtype == "string":
        return np.array([[b"a", b"b\0", b""], [b"c", b"d", b"e"]], dtype=object)
    return np.array([[1, 1, 1], [1, 1, 3]]).astype(dtypes.numpy_dtype(dtype))


def called(name: str, x: Any, needs_rank: bool) -> list[Any]:
    """What a call gives as a list; nothing where it cannot do without a rank and there is none."""
    try:
        results = CALLS[name](x)
    except (ValueError, LookupError):
        if needs_rank:
            return []  # indexing and unpacking in the calls themselves
        raise
    return list(results) if isinstance(results, list) else [results]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_running_sums_and_products_of_narrow_floats(dtype: str) -> None:
    """They are computed in float32, and each result is rounded once: small parts do not get lost one by one."""
    ulp = {"float16": 2.0**-10, "bfloat16": 2.0**-7}[dtype]
    x = tf.constant([1.0] + [ulp / 4] * 8, dtype)
    factors = tf.constant([1.0 + ulp] * 9, dtype)
    with tf.Session() as sess:
        total, last, product = sess.run([tf.cumsum(x), tf.cumsum(x, reverse=True, exclusive=True), tf.cumprod(factors)])
    exact = np.cumsum(np.float32([1.0] + [ulp / 4] * 8))
    assert exact.astype(total.dtype).tolist() == total.tolist()
    assert 1.0 + 2 * ulp == total[-1]
    assert 2 * ulp == last[0]
    assert np.cumprod(np.full(9, 1.0 + ulp, np.float32)).astype(product.dtype).tolist() == product.tolist()


@pytest.mark.parametrize("static", [(2, 3), (None, 3), None], ids=str)
@pytest.mark.parametrize("name", CALLS)
def test_dtype_and_shape(name: str, static: Any) -> None:
    """What a run gives has the static dtype and shape, of all dtypes, with the input's shape known or not."""
    for dtype in allowed(name):
        x = tf.placeholder(dtype, static)
        tensors = called(name, x, needs_rank=static is None)
        for tensor, value in zip(tensors, tf.Session().run(tensors, {x: sample(dtype)}), strict=True):
            # A single string comes out of a session as Python's own bytes.
            found = np.dtype(object) if isinstance(value, bytes) else np.asarray(value).dtype
            assert dtypes.numpy_dtype(tensor.dtype.name) == found, dtype
            tensor.shape.assert_is_compatible_with(np.shape(value))
            if static == (2, 3) and name not in (
                "Where",
                "Range",
                "PlaceholderWithDefault",
                "Unique",
                *CHOSEN,
                *OPEN,
                *MATHS_OPEN,
            ):
                assert tuple(tensor.shape.as_list()) == np.shape(value)
