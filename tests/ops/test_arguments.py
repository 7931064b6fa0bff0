"""What a function cannot take is refused when it is called, by an error that says what it takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.graph.apply import apply
from hdfsaver.training.gradients import gradients


def unknown() -> Any:
    """A tensor of unknown rank."""
    return tf.placeholder("float32")


def images() -> Any:
    """Images, which may be filters as well."""
    return tf.ones([2, 2, 2, 2])


CASES: list[tuple[type[Exception], Callable[[], Any], str]] = [
    (TypeError, lambda: tf.complex(1, 2), "float32 or float64, not int32"),
    (TypeError, lambda: tf.constant([1]) + tf.constant([1.0]), "convert it with tf.cast"),
    (TypeError, lambda: tf.exp(1), "int32, which is not one of"),
    (TypeError, lambda: tf.nn.relu("a"), "string, which is not one of"),
    (TypeError, lambda: tf.ones([2], tf.string), "cannot make strings"),
    (TypeError, lambda: tf.cast(1, tf.string), "cannot be cast to string"),
    (
        TypeError,
        lambda: tf.one_hot([1], 2, on_value=tf.constant(1), dtype=tf.float32),
        "int32 is given where dtype=float32",
    ),
    (ValueError, lambda: tf.split([1, 2], 1.5), "not a tensor of rank 0"),
    (ValueError, lambda: tf.add_n([]), "at least one Tensor"),
    (ValueError, lambda: tf.add_n([tf.constant(1.0), None]), "at least one Tensor"),  # type: ignore[list-item]
    (TypeError, lambda: tf.add_n(3.0), "a list of tensors, not 3.0"),
    (ValueError, lambda: tf.accumulate_n([]), "at least one Tensor"),
    (ValueError, lambda: tf.accumulate_n([tf.constant(1.0), 2]), "the dtypes are float32, int32"),
    (ValueError, lambda: tf.accumulate_n([[1.0], [2.0]], shape=[2]), "not compatible"),
    (TypeError, lambda: tf.accumulate_n([1.0], tensor_dtype=tf.float64), "float64, but input is of type float32"),
    (ValueError, lambda: tf.zeros([None, 2]), "must be known"),
    (ValueError, lambda: tf.linspace(0.0, 1.0, 0), "at least one value"),
    (ValueError, lambda: tf.range(tf.constant(3, tf.int16)), "needs dtype= for int16"),
    (TypeError, lambda: tf.nn.conv2d(images(), images(), 1), "'SAME', 'VALID' or 4 pairs of integers, not None"),
    (ValueError, lambda: tf.nn.conv2d(images(), images(), 1, [[1, 1], [1, 1]]), "for each of the 4 dimensions"),
    (TypeError, lambda: tf.nn.depthwise_conv2d(images(), images(), 1, [[0, 0]] * 4), "'SAME' or 'VALID', not"),
    (ValueError, lambda: tf.one_hot([1], -1), "must not be negative"),
    (ValueError, lambda: tf.expand_dims(1.0), "needs an axis"),
    (ValueError, lambda: tf.reduce_sum(1.0, axis=0, reduction_indices=[0]), "not both"),
    (ValueError, lambda: tf.reduce_sum([1.0], keepdims=True, keep_dims=True), "not both"),
    (ValueError, lambda: tf.where([True], [1]), "both x and y, or neither"),
    (ValueError, lambda: tf.boolean_mask([1], True), "cannot be scalar"),
    (ValueError, lambda: tf.boolean_mask([1], tf.placeholder("bool")), "must be known"),
    (ValueError, lambda: tf.boolean_mask([1, 2], [True]), "are incompatible"),
    (ValueError, lambda: tf.gather_nd([1, 2], [[0, 1]]), "too long for a tensor of rank 1"),
    (ValueError, lambda: tf.concat([], 0), "at least one tensor"),
    (ValueError, lambda: tf.stack([], 1), "along axis 1 needs at least one tensor"),
    (ValueError, lambda: tf.concat([tf.ones([2]), tf.ones([2, 1])], 0), "the same rank"),
    (ValueError, lambda: tf.split([1, 2], 0), "must be at least 1, not 0"),
    (ValueError, lambda: tf.split([1, 2], tf.constant(1)), "not a tensor of rank 0"),
    (ValueError, lambda: tf.split([1, 2], tf.placeholder("int32", [None])), "give it as num"),
    (ValueError, lambda: tf.split([1, 2], [1, 1], num=3), "must have 3 elements, one for each part, not 2"),
    (ValueError, lambda: tf.unstack([1, 2], num=3), "cannot be unpacked into 3"),
    (ValueError, lambda: tf.matmul([[1.0]], [[1.0]], transpose_a=True, adjoint_a=True), "not both"),
    (ValueError, lambda: tf.tensordot(unknown(), [1.0], 1), "known rank"),
    (ValueError, lambda: tf.tensordot([1.0], [1.0], 2), "cannot sum over 2 axes"),
    (ValueError, lambda: tf.tensordot([[1.0]], [[1.0]], [[0, 1], [0]]), "2 and 1"),
    (ValueError, lambda: tf.nn.softmax(unknown(), axis=0), "known rank"),
    (ValueError, lambda: tf.nn.sigmoid_cross_entropy_with_logits([1.0], [1.0]), "by name"),
    (ValueError, lambda: tf.nn.softmax_cross_entropy_with_logits(labels=[1.0]), "by name"),
    (ValueError, lambda: tf.nn.softmax_cross_entropy_with_logits_v2(unknown(), unknown(), axis=0), "known rank"),
    (ValueError, lambda: tf.nn.sparse_softmax_cross_entropy_with_logits(labels=0, logits=1.0), "cannot be scalars"),
    (ValueError, lambda: tf.nn.sparse_softmax_cross_entropy_with_logits(labels=0, logits=[[1.0]]), "Rank mismatch"),
    (ValueError, lambda: tf.nn.bias_add([[1.0]], [1.0], data_format="HWC"), "must begin with N"),
    (ValueError, lambda: tf.nn.top_k([1.0], 2), "at most the length of a row, 1, not 2"),
    (ValueError, lambda: tf.norm([1.0], ord=3), "not 3"),
    (TypeError, lambda: tf.global_norm(tf.constant([1.0])), "should be a sequence of tensors"),
    (TypeError, lambda: tf.clip_by_global_norm("abc", 1.0), "should be a sequence of tensors"),
    (ValueError, lambda: tf.clip_by_norm([3.0, 4.0], [[1.0], [2.0]]), "are incompatible"),
    (ValueError, lambda: tf.pad([1], [[1, 1], [1, 1]]), r"must have shape \(1, 2\)"),
    (ValueError, lambda: tf.pad([1], [[1, 1]], "WRAP"), "not 'WRAP'"),
    (ValueError, lambda: tf.slice([1], [0, 0], [1, 1]), r"must have shape \(1,\), not \(2,\) and \(2,\)"),
    (ValueError, lambda: tf.slice([1, 2], 0, 1), "rank 1 is needed"),
    (ValueError, lambda: tf.strided_slice([1, 2], [0, 0], [1]), "must have the same length, not 2, 1 and 2"),
    (ValueError, lambda: tf.strided_slice([1, 2], 0, 1), "rank 1 is needed"),
    (ValueError, lambda: tf.nn.max_pool(tf.ones([1, 2, 2, 1]), 2, 1, "EXPLICIT"), "explicit_paddings of eight numbers"),
    (ValueError, lambda: tf.ones([2])[..., ...], "Multiple ellipses"),
    (ValueError, lambda: tf.bitcast(tf.constant([1, 2, 3], tf.uint8), tf.int32), "must have length 4"),
    (ValueError, lambda: tf.constant([1, 2, 3], shape=[2]), "at most 2"),
    (ValueError, lambda: tf.constant(1, shape=[None]), "must be known"),
    (TypeError, lambda: tf.constant([1, 2], shape=[1, 2], verify_shape=True), "Expected a value of shape"),
    (ValueError, lambda: tf.initializers.identity()([2]), "two dimensions"),
    (ValueError, lambda: tf.glorot_uniform_initializer()([None, 2]), "must be known"),
]


@pytest.mark.parametrize(("error", "function", "message"), CASES)
def test_refused(error: type[Exception], function: Callable[[], Any], message: str) -> None:
    """The error is of the class that TensorFlow raises, and its message says what is wrong."""
    with pytest.raises(error, match=message):
        function()


DERIVATIVES: list[tuple[Callable[[Any], Any], str]] = [
    (lambda x: tf.gather(x, tf.placeholder("int32"), batch_dims=-1), "known rank of the indices"),
    (lambda x: apply("PreventGradient", x, message=b"for a reason"), "disabled at .* Reason: for a reason"),
    (lambda x: apply("MirrorPad", x, [[0, 0], [1, 0]], mode=b"REFLECT"), "No gradient defined"),
]


@pytest.mark.parametrize(("function", "message"), DERIVATIVES)
def test_derivatives_that_are_not_there(function: Callable[[Any], Any], message: str) -> None:
    """Where a derivative cannot be written down, that is said, with the operation's name."""
    x = tf.constant([[1.0, 2.0]])
    y = function(x)
    with pytest.raises(LookupError, match=message) as caught:
        gradients(y, x)
    assert repr(y.op.name) in str(caught.value)


def test_constants_are_filled_up() -> None:
    """Fewer values than the shape takes: the last one is repeated; the given array stays as it was."""
    given = np.array([1, 2])
    made = tf.constant(given, shape=[2, 2])
    given[:] = 0
    assert [[1, 2], [2, 2]] == tf.Session().run(made).tolist()


def test_number_of_axes_from_numpy() -> None:
    """The number of axes that are summed over may be one of NumPy's integers."""
    summed = tf.tensordot([[1.0, 2.0]], [[3.0], [4.0]], np.int32(1))
    assert [[11.0]] == tf.Session().run(summed).tolist()


def test_control_dependencies_of_a_tensor() -> None:
    """A tensor of `tf.tuple` waits for all the others, whatever else is fetched."""
    v = tf.Variable(1.0)
    changed = tf.assign_add(v, 2.0)
    first, _ = tf.tuple([tf.constant(5.0), changed])
    with tf.Session() as sess:
        sess.run(v.initializer)
        assert 5.0 == sess.run(first)
        assert 3.0 == sess.run(v)
