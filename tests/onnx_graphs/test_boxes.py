"""Boxes in images, and random numbers whose values do not matter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.conversion.onnx_models import model_graph, model_message_of
from hdfsaver.conversion.weights import SessionWeights
from hdfsaver.errors import UnimplementedError
from hdfsaver.graph.apply import apply
from tests.onnx_graphs.test_twins import compared

runtime = pytest.importorskip("onnxruntime")

BOXES = np.array(
    [
        [0, 0, 1, 1],
        [0, 0.1, 1, 1.1],
        [0, -0.1, 1, 0.9],
        [0, 10, 1, 11],
        [0, 10.1, 1, 11.1],
        [0, 100, 1, 101],
        [1, 1, 0, 0],
    ],
    np.float32,
)
SCORES = np.array([0.9, 0.75, 0.6, 0.95, 0.5, 0.3, 0.9], np.float32)

SHAPES: dict[int, Any] = {4: {"y0": [None], "y1": []}, 5: {"y0": [None], "y1": [None], "y2": []}}


def test_the_best_boxes() -> None:
    """Of overlapping ones the best one, also with the same score, corners the other way round, and few left."""
    with tf.Graph().as_default(), tf.Session() as sess:
        boxes, scores = tf.placeholder(tf.float32, [None, 4], "b"), tf.placeholder(tf.float32, [None], "s")
        most = tf.placeholder(tf.int32, [], "n")
        outputs = {
            "first": apply("NonMaxSuppression", boxes, scores, most, iou_threshold=0.5),
            "second": apply("NonMaxSuppressionV2", boxes, scores, most, tf.constant(0.9)),
            "third": tf.image.non_max_suppression(boxes, scores, most, 0.5, 0.4),
        }
        for count in (0, 2, 9):
            assert {} == compared(outputs, sess, {"b:0": BOXES, "s:0": SCORES, "n:0": np.array(count, np.int32)})


@pytest.mark.parametrize("version", [4, 5])
@pytest.mark.parametrize("padded", [True, False])
def test_boxes_with_their_count(version: int, padded: bool) -> None:
    """What TensorFlow 2.21 gives for these boxes: filled with zeros where it is asked for."""
    message = tf.GraphDef()
    values = {"b": BOXES[:6], "s": SCORES[:6], "n": np.int32(4), "iou": np.float32(0.5), "least": np.float32(0.4)}
    values |= {"sigma": np.float32(0)} if version == 5 else {}
    for name, value in values.items():
        node = message.node.add(name=name, op="Const")
        node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value))
        node.attr["dtype"].type = node.attr["value"].tensor.dtype
    node = message.node.add(name="y", op=f"NonMaxSuppressionV{version}", input=list(values))
    node.attr["T"].type = 1
    node.attr["pad_to_max_output_size"].b = padded
    dtypes = [3, 1, 3] if version == 5 else [3, 3]
    for place, dtype in enumerate(dtypes):
        message.node.add(name=f"y{place}", op="Identity", input=[f"y:{place}"]).attr["T"].type = dtype
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.import_graph_def(message, name="")
        names = [f"y{place}:0" for place in range(len(dtypes))]
        graph = model_graph(sess.graph, SessionWeights(sess), names, shapes=SHAPES[version])
        found = runtime.InferenceSession(model_message_of(graph, SessionWeights(sess)).SerializeToString()).run(
            None, {}
        )
    expected: list[Any] = [[3, 0, 0, 0] if padded else [3, 0]]
    expected += [[0.95, 0.9, 0, 0] if padded else [0.95, 0.9]] if version == 5 else []
    assert [*expected, 2] == [each.astype(float).round(6).tolist() for each in found]


@pytest.mark.parametrize("method", ["bilinear", "nearest"])
@pytest.mark.parametrize("size", [(3, 5), (1, 2)])
def test_crops(method: str, size: tuple[int, int]) -> None:
    """Parts that reach beyond the image, are mirrored, and have one line."""
    image = np.random.default_rng(2).uniform(-1, 1, (2, 6, 7, 3)).astype(np.float32)
    boxes = np.array([[0, 0, 1, 1], [0.9, 0.8, 0.1, -0.2], [0.3, 0.2, 1.5, 0.7]], np.float32)
    with tf.Graph().as_default(), tf.Session() as sess:
        x, places = tf.placeholder(tf.float32, [None] * 4, "x"), tf.placeholder(tf.float32, [None, 4], "b")
        y = tf.image.crop_and_resize(x, places, [1, 0, 1], size, method=method, extrapolation_value=-2.5)
        assert {} == compared({"y": y}, sess, {"x:0": image, "b:0": boxes})


def test_a_dropout_that_keeps_everything() -> None:
    """Its random numbers are compared with their own bounds; one that drops some has no twin."""
    with tf.Graph().as_default(), tf.Session() as sess:
        x, keep = tf.placeholder(tf.float32, [None, 3], "x"), tf.placeholder(tf.float32, [], "keep")
        old = (x / keep) * tf.floor(keep + tf.random.uniform(tf.shape(x)))
        kept = tf.while_loop(lambda i, _: i < 2, lambda i, y: (i + 1, tf.nn.dropout(y, keep_prob=keep)), [0, x])[1]
        names = [old.name, kept.name]
        weights, fixed = SessionWeights(sess), {"keep": 1.0}
        data = model_message_of(model_graph(sess.graph, weights, names, fixed=fixed), weights).SerializeToString()
        value = np.ones((2, 3), np.float32)
        for each in runtime.InferenceSession(data).run(None, {"x:0": value}):
            assert np.array_equal(value, each)
        for wrong, what in (
            ({"keep": 0.5}, [names[0]]),
            ({"keep": 0.5}, [names[1]]),
            (fixed, [tf.random.uniform([2]).name]),
        ):
            with pytest.raises(UnimplementedError, match="RandomUniform"):
                model_graph(sess.graph, weights, what, fixed=wrong)
