"""Summaries, events and examples are TensorFlow's messages; TensorFlow 2.21 made the bytes."""

from __future__ import annotations

import pytest

import hdfsaver as tf
from hdfsaver.messages import message_classes
from hdfsaver.messages.message_classes import Message, TaggedRunMetadata

EVENT = (
    "09000000000000f83f10072a84010a180a016115000000403a016e4a0b0a060a01701201631201640a560a01682a5109000000000000f0bf11"
    "000000000000004019000000000000084021000000000000f03f2900000000000014403210000000000000000000000000000000403a100000"
    "00000000f03f00000000000000400a100a0169220b0802100318012203706e67"
)


def event() -> tf.Event:
    """An event with a number, a histogram and an image."""
    value = tf.Summary.Value
    plugin = tf.SummaryMetadata.PluginData(plugin_name="p", content=b"c")
    histogram = tf.HistogramProto(
        min=-1, max=2, num=3, sum=1, sum_squares=5, bucket_limit=[0.0, 2.0], bucket=[1.0, 2.0]
    )
    image = tf.Summary.Image(height=2, width=3, colorspace=1, encoded_image_string=b"png")
    metadata = tf.SummaryMetadata(display_name="d", plugin_data=plugin)
    values = [
        value(tag="a", simple_value=2.0, node_name="n", metadata=metadata),
        value(tag="h", histo=histogram),
        value(tag="i", image=image),
    ]
    return tf.Event(wall_time=1.5, step=7, summary=tf.Summary(value=values))


def example() -> tf.train.Example:
    """An example with a feature of each kind."""
    train = tf.train
    features = {
        "a": train.Feature(int64_list=train.Int64List(value=[1, -2])),
        "b": train.Feature(float_list=train.FloatList(value=[1.5])),
        "c": train.Feature(bytes_list=train.BytesList(value=[b"x", b"y"])),
    }
    return train.Example(features=train.Features(feature=features))


def sequence() -> tf.train.SequenceExample:
    """An example with a context and a list of features."""
    train = tf.train
    context = train.Features(feature={"n": train.Feature(int64_list=train.Int64List(value=[3]))})
    items = train.FeatureList(feature=[train.Feature(float_list=train.FloatList(value=[0.5]))])
    return train.SequenceExample(context=context, feature_lists=train.FeatureLists(feature_list={"s": items}))


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            event(),
            EVENT,
        ),
        (
            tf.Event(session_log=tf.SessionLog(status=tf.SessionLog.CHECKPOINT, checkpoint_path="m", msg="x")),
            "3a08080312016d1a0178",
        ),
        (tf.Event(log_message=tf.LogMessage(level=tf.LogMessage.WARN, message="m")), "3205081e12016d"),
        (
            tf.Event(summary=tf.Summary(value=[tf.Summary.Value(tag="t", tensor=tf.make_tensor_proto(1))])),
            "2a0e0a0c0a01744207080312003a0101",
        ),
        (tf.Event(tagged_run_metadata=TaggedRunMetadata(tag="t", run_metadata=b"r")), "42060a0174120172"),
        (
            example(),
            "0a340a140a0161120f1a0d0a0b01feffffffffffffffff010a0d0a0162120812060a040000c03f0a0d0a016312080a060a01780a0179",
        ),
        (sequence(), "0a0c0a0a0a016e12051a030a010312110a0f0a0173120a0a0812060a040000003f"),
    ],
    ids=["summary", "session log", "log message", "tensor", "run metadata", "example", "sequence"],
)
def test_bytes(message: Message, expected: str) -> None:
    """The bytes are TensorFlow's, and give the message back."""
    data = bytes.fromhex(expected)
    assert data == message.SerializeToString(deterministic=True)
    assert message == type(message).FromString(data)


def test_two_messages_may_have_an_enumeration_of_the_same_name() -> None:
    """The levels of a message of the log are not those of an optimizer."""
    level = tf.LogMessage.DESCRIPTOR.fields_by_name["level"].enum_type
    assert "tensorflow.LogMessage.Level" == level.full_name
    other = message_classes.OptimizerOptions.DESCRIPTOR.fields_by_name["opt_level"].enum_type
    assert "tensorflow.OptimizerOptions.Level" == other.full_name
