"""What only a run can find wrong is an InvalidArgumentError that names the operation."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.errors import InvalidArgumentError
from hdfsaver.graph.apply import apply


def fed(dtype: str, value: Any, shape: Any = None) -> Any:
    """A tensor of which the graph knows neither value nor shape."""
    return tf.placeholder_with_default(np.asarray(value, dtype), shape)


CASES: list[tuple[Callable[[], Any], str]] = [
    (lambda: tf.constant([1, 2]) // fed("int32", [1, 0]), "Integer division by zero"),
    (lambda: tf.constant([1, 2]) % fed("int32", [1, 0]), "Integer division by zero"),
    (lambda: tf.pow(2, fed("int32", [-1])), "negative integer powers"),
    (
        lambda: fed("float32", [1, 2]) + fed("float32", [1, 2, 3]),
        r"\(2,\), \(3,\): Incompatible shapes: \[2\] vs. \[3\]",
    ),
    (lambda: fed("int32", [[1, 2]]) < fed("int32", [1, 2, 3]), r"Incompatible shapes: \[1,2\] vs. \[3\]"),
    (lambda: tf.add_n([fed("float32", [1, 2]), fed("float32", [1, 2, 3])]), "shapes"),
    (lambda: tf.reshape([1, 2, 3], fed("int32", [2, 2])), "a tensor with 3 values, but the requested shape has 4"),
    (
        lambda: tf.reshape([1, 2, 3], fed("int32", [2, -1])),
        "3 values, but the requested shape requires a multiple of 2",
    ),
    (lambda: tf.reshape([1, 2, 3], fed("int32", [[3, 1]])), r"sizes must be a vector, but they have shape \(1, 2\)"),
    (lambda: tf.one_hot([1], fed("int32", -2)), "depth must be non-negative, got: -2"),
    (lambda: tf.reshape([1, 2, 3], fed("int32", [-1, -1])), "but for one -1"),
    (lambda: tf.gather([1, 2, 3], fed("int32", [0, 3])), r"indices\[1\] = 3 is not in \[0, 3\)"),
    (lambda: tf.gather([1, 2, 3], fed("int32", -1)), r"indices = -1 is not in \[0, 3\)"),
    (lambda: tf.gather_nd([[1, 2]], fed("int32", [[0, 2]])), r"\[0, 2\] does not index into"),
    (lambda: tf.gather_nd([[1, 2]], fed("int32", [[0, 0, 0]])), "too long for a tensor of rank 2"),
    (lambda: tf.scatter_nd(fed("int32", [1]), fed("float32", 1.0), [4]), "Updates must have shape"),
    (lambda: tf.scatter_nd(fed("int32", np.zeros((1, 0))), [["a"]], [1]), "tensor of strings"),
    (lambda: tf.scatter_nd(fed("int32", [[4]]), [1.0], [4]), "does not index into"),
    (lambda: tf.scatter_nd(fed("int32", [[1]]), fed("float32", [1, 2]), [4]), "Updates must have shape"),
    (lambda: tf.unsorted_segment_sum([1.0, 2.0], fed("int32", [0, 2]), 2), "not below num_segments = 2"),
    (lambda: tf.unsorted_segment_sum([1.0, 2.0], fed("int32", [0]), 2), "must begin with"),
    (lambda: tf.slice([1, 2, 3], fed("int32", [2]), [2]), "A part of size 2 that begins at 2"),
    (lambda: tf.slice([1, 2, 3], fed("int32", [0, 0]), fed("int32", [1, 1])), r"must have shape \(1,\)"),
    (lambda: tf.constant([1, 2, 3])[fed("int32", 3)], "out of bounds"),
    (lambda: tf.constant([1, 2, 3])[:: fed("int32", 0)], "must not be 0"),
    (lambda: tf.concat([fed("float32", [[1]]), fed("float32", [1])], 0), "dimension"),
    (lambda: tf.stack([fed("float32", [1]), fed("float32", [1, 2])]), "same shape"),
    (lambda: tf.split(fed("float32", [1, 2, 3]), 2), "equal division"),
    (lambda: tf.split(fed("float32", [1, 2, 3]), [1, 1]), "do not add up to a dimension of length 3"),
    (lambda: tf.unstack(fed("float32", [1, 2, 3]), num=2), "cannot be unpacked into 2"),
    (lambda: tf.squeeze(fed("float32", [1, 2]), [0]), "squeeze"),
    (lambda: tf.transpose(fed("float32", [1]), fed("int32", [1])), "each of the 1 dimensions once"),
    (lambda: tf.invert_permutation(fed("int32", [0, 2])), "each number below 2 once"),
    (lambda: tf.tile([1, 2], fed("int32", [1, 1])), "takes 1 multiples"),
    (lambda: tf.tile([1, 2], fed("int32", [-1])), "must not be negative"),
    (lambda: tf.fill(fed("int32", [-1]), 0), "negative"),
    (lambda: tf.pad([1], fed("int32", [[-1, 0]])), "none of them negative"),
    (lambda: tf.pad([1, 2], fed("int32", [[2, 0]]), mode="REFLECT"), "longer than the mirror image"),
    (lambda: tf.range(fed("int32", 5), 1), "needs start <= limit"),
    (lambda: tf.linspace(0.0, 1.0, fed("int32", 0)), "at least one value"),
    (lambda: tf.reduce_sum([1, 2], fed("int32", [1])), "Invalid reduction dimension 1"),
    (lambda: tf.reduce_sum([[1, 2]], [0, -2]), "Axes contains duplicate dimension: 0"),
    (lambda: tf.unravel_index([4], [2, 2]), "index is out of bound"),
    (lambda: tf.unravel_index(fed("int32", [[1]]), [2, 2]), "scalar or vector"),
    (lambda: tf.unravel_index(fed("int32", []), [2]), "empty"),
    (lambda: tf.unravel_index([0], fed("int32", [0])), "dims contains zero at index 0"),
    (lambda: tf.unravel_index([0], fed("int32", [2, -3])), "Got dim = -3 at index 1"),
    (lambda: tf.unravel_index([0], fed("int32", [2**20, 2**20])), "integer overflow"),
    (lambda: tf.unravel_index([0], fed("int32", 3)), "dims can only be 1-D"),
    (lambda: tf.searchsorted(fed("int32", [[1], [2]]), [1]), "Leading dim_size of both tensors must match"),
    (lambda: tf.as_string([1], precision=2), "precision not supported for datatype int32"),
    (lambda: tf.as_string([1], shortest=True), "shortest format not supported"),
    (lambda: tf.as_string([1.0], scientific=True, shortest=True), "both scientific and shortest"),
    (lambda: tf.as_string([1.0], fill="ab"), "one or fewer characters"),
    (lambda: tf.as_string([1.0], fill="x"), "Fill argument not supported"),
    (lambda: tf.argmax([1, 2], fed("int32", 1)), "Axis 1 is out of the range"),
    (lambda: tf.argmax(fed("float32", np.zeros((2, 0))), 1), "empty"),
    (
        lambda: tf.matmul(fed("float32", [[1, 2]]), fed("float32", [[1, 2]])),
        r"Matrix size-incompatible: In\[0\]: \[1,2\], In",
    ),
    (lambda: tf.matmul(fed("float32", [1, 2]), fed("float32", [[1, 2]])), "takes two matrices"),
    (
        lambda: tf.nn.conv2d(fed("float32", np.zeros((1, 3, 3, 2))), np.zeros((1, 1, 3, 4), np.float32), 1, "VALID"),
        "Images have 2 channels, but filters take 3",
    ),
    (lambda: tf.where(fed("bool", [True]), [1, 2], [3, 4]), "do not fit"),
    (lambda: tf.nn.bias_add(fed("float32", [[1, 2]]), fed("float32", [1])), "one number per channel, 2"),
    (lambda: tf.nn.in_top_k(fed("float32", [[1, 2]]), fed("int32", [0, 1]), 1), "must match length of targets"),
    (lambda: tf.nn.in_top_k(fed("float32", [1, 2]), fed("int32", [0, 1]), 1), "predictions, a matrix"),
    (lambda: tf.nn.top_k([1.0, 2.0], fed("int32", 3)), r"k must be in \[0, 2\]"),
    (
        lambda: tf.nn.sparse_softmax_cross_entropy_with_logits(labels=fed("int32", [3], [1]), logits=[[1.0, 2.0]]),
        r"label value of 3 which is outside the valid range of \[0, 2\)",
    ),
    (lambda: tf.Assert(fed("bool", False), ["x is", [1, 2, 3, 4]]), r"Assertion failed: \[x is\] \[1 2 3\.\.\.\]"),
    (
        lambda: tf.check_numerics(fed("float32", [np.nan, np.inf]), "so it is"),
        "so it is : Tensor had Inf and NaN values",
    ),
]


def sequence_loss(labels: list[int], length: int, **options: Any) -> Any:
    """The loss of one sequence of 3 steps and 4 classes, which begin with 0."""
    places = [[0, place] for place in range(len(labels))]
    sparse = tf.SparseTensor(np.reshape(np.int64(places), (-1, 2)), np.int32(labels), [1, len(labels)])
    return tf.nn.ctc_loss(sparse, tf.zeros([3, 1, 4]), [length], **options)


@pytest.mark.parametrize(
    ("labels", "length", "said"),
    [
        ([], 3, "Labels length is zero in batch 0"),
        ([0, 1, 0], 2, "Not enough time for target transition sequence"),
        ([-1], 3, "must be nonnegative"),
        ([3, 0], 3, "Saw a non-null label"),
        ([0], 4, "sequence_length"),
    ],
)
def test_sequences_that_do_not_fit(labels: list[int], length: int, said: str) -> None:
    """Labels that are missing, too many or out of range, and lengths beyond the inputs, stop the run."""
    with tf.Session() as sess, pytest.raises(InvalidArgumentError, match=said):
        sess.run(sequence_loss(labels, length))


def test_what_is_not_sparse() -> None:
    """Labels and rows to compare are sparse tensors."""
    with pytest.raises(TypeError, match="to be a SparseTensor"):
        tf.nn.ctc_loss([[1]], tf.zeros([3, 1, 4]), [3])
    with pytest.raises(TypeError, match="Hypothesis must be a SparseTensor"):
        tf.edit_distance([[1]], [[1]])


@pytest.mark.parametrize(("function", "message"), CASES)
def test_error_of_a_run(function: Callable[[], Any], message: str) -> None:
    """The message says what is wrong and in which operation."""
    made = function()
    with tf.Session() as sess, pytest.raises(InvalidArgumentError) as caught:
        sess.run(made)
    # The lines behind it are those of this file, and have the expected words anyway.
    said = str(caught.value).partition("\n\nOriginal stack trace for")[0]
    assert re.search(message, said)
    assert caught.value.op is not None
    assert repr(caught.value.op.name) in str(caught.value)
    assert caught.value.op.type in str(caught.value)
    assert f", defined at {__file__}:" in str(caught.value)
    dtypes = [tensor.dtype.base_dtype.name for tensor in caught.value.op.inputs]
    assert f"on inputs of dtypes {', '.join(dtypes)} and shapes " in str(caught.value)


def test_of_many_inputs_the_first_are_told() -> None:
    """A message does not grow with the number of inputs."""
    many = tf.stack([*(fed("int32", [1]) for _ in range(9)), fed("int32", [1, 2])])
    with pytest.raises(InvalidArgumentError, match=r"int32, \.\.\. and shapes (\(1,\), ){8}\.\.\.") as caught:
        tf.Session().run(many)
    assert caught.value.message.count("int32") == 8


def test_comparing_what_does_not_fit() -> None:
    """Equal can be told to call tensors of other shapes unequal instead of failing."""
    pair = [1, 2], [1, 2, 3]
    attrs = {"incompatible_shape_error": False}
    found = tf.Session().run([apply("Equal", *pair, **attrs), apply("NotEqual", *pair, **attrs), apply("Equal", 1, 1)])
    assert [False, True, True] == found
    with pytest.raises(ValueError, match="cannot be broadcast"):
        tf.equal(*pair)
