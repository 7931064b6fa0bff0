"""Traced runs in the Chrome Trace Format, event by event as TensorFlow's timeline makes them."""

from __future__ import annotations

import json

import pytest

import hdfsaver as tf
from hdfsaver.messages import message_classes
from hdfsaver.session import timeline


def step(name, label, start, took, *sizes):
    """A step whose outputs have the given sizes."""
    stats = message_classes.NodeExecStats(
        node_name=name, timeline_label=label, all_start_micros=start, all_end_rel_micros=took
    )
    for slot, size in enumerate(sizes):
        about = stats.output.add(slot=slot).tensor_description
        about.dtype = 1
        about.allocation_description.requested_bytes = size
        about.allocation_description.allocator_name = "cpu"
    return stats


@pytest.fixture
def stats():
    """Two devices, and a third one for the kernels that ran on the second."""
    found = message_classes.StepStats()
    found.dev_stats.add(
        device="/job:a/device:CPU:0",
        node_stats=[
            step("a", "a = Const()", 100, 10, 4, 8),
            step("b", "b = Neg(a:1)", 105, 10),
            step("c", "c = AddN(a, b)", 110, 10),
        ],
    )
    found.dev_stats.add(
        device="/job:a/device:GPU:0",
        node_stats=[step("d", "d = Exp(a/_3, ^c)", 120, 5), step("RecvTensor", "x = y(z)", 130, 1)],
    )
    found.dev_stats.add(
        device="/device:GPU:0/stream:all",
        node_stats=[step("d:Exp", "kernel (x) @@d:Exp#id=1#", 123, 30), step("odd", "", 150, 1)],
    )
    return found


def events_of(found, **options):
    return json.loads(timeline.Timeline(found).generate_chrome_trace_format(**options))["traceEvents"]


def of_kind(events, kind):
    """The events of a kind, without what all have."""
    return [
        tuple(event.get(key) for key in ("name", "pid", "tid", "ts", "dur", "id"))
        for event in events
        if event["ph"] in kind
    ]


def test_processes_and_steps(stats):
    """A device is two processes; a step is in the first lane that is free, and has its inputs."""
    events = events_of(stats)
    names = ["Allocators"] + [
        f"{device.device} {kind}" for device in stats.dev_stats for kind in ("Compute", "Tensors")
    ]
    assert list(enumerate(names)) == [(event["pid"], event["args"]["name"]) for event in events if event["ph"] == "M"]
    assert [
        ("Const", 1, 0, 100, 10, None),
        ("Neg", 1, 1, 105, 10, None),
        ("AddN", 1, 0, 110, 10, None),
        ("Exp", 3, 0, 120, 5, None),
        ("RecvTensor", 3, 0, 130, 1, None),
        ("Exp", 5, 0, 123, 30, None),
        ("unknown", 5, 1, 150, 1, None),
    ] == of_kind(events, "X")
    shown = [event["args"] for event in events if event["ph"] == "X"]
    assert {"name": "d", "op": "Exp", "input0": "a/_3", "input1": "^c"} == shown[3]
    assert [{"name": "d", "op": "Exp"}, {"name": "odd", "op": "unknown"}] == shown[5:]


def test_dataflow(stats):
    """An arrow leads from the end of a step to the beginning of one on another device or lane that needs it."""
    assert [
        ("a:1", 1, 0, 110, None, 0),
        ("a:1", 1, 1, 105, None, 0),
        ("a", 1, 0, 110, None, 1),
        ("a", 3, 0, 120, None, 1),
    ] == of_kind(events_of(stats), "st")
    assert [] == of_kind(events_of(stats, show_dataflow=False), "st")


def test_memory(stats):
    """Tensors are there from the step that makes them to the last that uses them."""
    events = events_of(stats, show_memory=True)
    assert [("a", 2, 0, 100, None, 0), ("a:1", 2, 0, 100, None, 1)] == of_kind(events, "N")
    assert [("a", 2, 0, 109, None, 0), ("a:1", 2, 0, 109, None, 1)] == of_kind(events, "O")
    assert [("a", 2, 0, 124, None, 0), ("a:1", 2, 0, 114, None, 1)] == of_kind(events, "D")
    counted = [(event["ts"], event["args"]) for event in events if event["ph"] == "C"]
    assert [(100, {"cpu": 4}), (100, {"cpu": 12}), (114, {"cpu": 4}), (124, {"cpu": 0})] == counted
    snapshot = next(event for event in events if event["ph"] == "O")["args"]["snapshot"]
    assert "dtype: DT_FLOAT" in snapshot["tensor_description"]
    maximums = timeline.Timeline(stats).analyze_step_stats().allocator_maximums
    assert {"cpu": (100, 12, {"a", "a:1"})} == maximums


def test_times_of_kernels(stats):
    """They can take the place of the time in which the program only started them."""
    for op_time, start, took in (("schedule", 120, 5), ("gpu", 123, 30), ("all", 120, 33)):
        assert ("Exp", 3, 0, start, took, None) == of_kind(events_of(stats, op_time=op_time), "X")[3]
    with pytest.raises(ValueError, match="op_time must be one of schedule, gpu, all, but got 'cpu'"):
        events_of(stats, op_time="cpu")


def test_of_a_run():
    """A run of a session is drawn in one lane, and its message is not changed."""
    x = tf.placeholder(tf.float32, [2], name="x")
    y = tf.reduce_sum(tf.multiply(x, x, name="xx"), name="y")
    metadata = tf.RunMetadata()
    with tf.Session() as sess:
        sess.run(y, {x: [1, 2]}, tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE), metadata)
    before = metadata.SerializeToString(deterministic=True)
    trace = timeline.Timeline(metadata.step_stats, graph=tf.get_default_graph()).analyze_step_stats().chrome_trace
    drawn = [
        (event["name"], event["tid"])
        for event in json.loads(trace.format_to_string())["traceEvents"]
        if event["ph"] == "X"
    ]
    assert [("Mul", 0), ("Const", 0), ("Sum", 0)] == drawn
    assert before == metadata.SerializeToString(deterministic=True)
