"""Runs that are traced: what their RunMetadata says, and which runs have any."""

from __future__ import annotations

import numpy as np
import pytest

import hdfsaver as tf

CPU = "/job:localhost/replica:0/task:0/device:CPU:0"


@pytest.fixture
def model():
    """A small model with a variable, a placeholder and an operation of several outputs."""
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    w = tf.Variable(tf.ones([2, 3]), name="w")
    y = tf.matmul(x, w, name="y")
    with tf.control_dependencies([tf.no_op("wait"), x]):
        total = tf.add_n(tf.split(y, 3, axis=1, name="parts"), name="total")
    tf.square(total, name="not_run")
    return tf.tuple([total])[0], tf.assign_add(w, w, name="twice")


def traced(fetches, feeds, **options):
    metadata = tf.RunMetadata()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(fetches, feeds, options=tf.RunOptions(**options), run_metadata=metadata)
    return metadata


def test_each_step_is_traced(model):
    """By its operation, type and inputs, with its time and its outputs; what did not run is not there."""
    stats = traced(["total", "w:0"], {"x:0": [[1.0, 2.0]]}, trace_level=tf.RunOptions.FULL_TRACE).step_stats
    assert [CPU] == [device.device for device in stats.dev_stats]
    steps = {step.node_name: step for step in stats.dev_stats[0].node_stats}
    assert [
        "w = VariableV2()",
        "w/read = Identity(w)",
        "y = MatMul(x, w/read)",
        "wait = NoOp()",
        "parts/split_dim = Const()",
        "parts = Split(parts/split_dim, y)",
        "total = AddN(parts, parts:1, parts:2)",
    ] == [step.timeline_label for step in stats.dev_stats[0].node_stats]
    outputs = steps["parts"].output
    assert [0, 1, 2] == [output.slot for output in outputs]
    for name, dtype, sizes, size in (("parts", 1, [1, 1], 4), ("w", 1, [2, 3], 24), ("parts/split_dim", 3, [], 4)):
        description = steps[name].output[0].tensor_description
        assert (dtype, sizes) == (description.dtype, [dim.size for dim in description.shape.dim])
        assert description.HasField("shape")
        assert size == description.allocation_description.requested_bytes
    assert len(steps["wait"].output) == 0
    before = 0
    for step in stats.dev_stats[0].node_stats:
        assert step.all_start_nanos >= before
        before = step.all_start_nanos + step.all_end_rel_nanos
        assert step.all_start_micros + step.all_end_rel_micros == before // 1000
        assert step.op_start_rel_micros <= step.op_end_rel_micros <= step.all_end_rel_micros


def test_values_of_traced_runs_are_those_of_others(model):
    """Fetched variables are read at the end, and a variable without a value is an error of its operation."""
    total, twice = model
    options, metadata = tf.RunOptions(trace_level=tf.RunOptions.SOFTWARE_TRACE), tf.RunMetadata()
    with tf.Session() as sess:
        kept = metadata.step_stats.dev_stats.add(device="kept")
        with pytest.raises(tf.errors.FailedPreconditionError, match="uninitialized value w") as raised:
            sess.run(total, {"x:0": [[1.0, 2.0]]}, options=options, run_metadata=metadata)
        assert raised.value.op.name == "w/read"
        assert [kept] == list(metadata.step_stats.dev_stats)  # a run that fails leaves it as it was
        sess.run(tf.global_variables_initializer(), options=options, run_metadata=metadata)
        values = sess.run([total, twice, "w:0", "x:0"], {"x:0": [[1.0, 2.0]]}, options, metadata)
        for expected, value in zip(([[9]], np.full((2, 3), 2), np.full((2, 3), 2), [[1, 2]]), values, strict=True):
            np.testing.assert_array_equal(expected, value)


def test_branches_that_are_not_taken_are_not_traced():
    """A step without a value has not run."""
    taken = tf.placeholder(tf.bool)
    graph = tf.get_default_graph()
    false, true = graph.create_op("Switch", [tf.constant(2.0), taken], name="switch").outputs
    merged = graph.create_op("Merge", [tf.exp(false, name="no"), tf.square(true, name="yes")], name="merge").outputs
    metadata = traced(merged, {taken: True}, trace_level=tf.RunOptions.FULL_TRACE)
    stats = {step.node_name: step for step in metadata.step_stats.dev_stats[0].node_stats}
    assert {"yes", "merge", "switch"} <= set(stats)
    assert "no" not in stats
    assert [1] == [output.slot for output in stats["switch"].output]


def test_only_what_is_asked_for_is_given(model):
    """No part without its option; each run takes the place of the one before."""
    metadata, feeds = tf.RunMetadata(), {"x:0": [[1.0, 2.0]]}
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for options, steps, graphs in (
            (None, False, 0),
            (tf.RunOptions(trace_level=tf.RunOptions.HARDWARE_TRACE), True, 0),
            (tf.RunOptions(output_partition_graphs=True), False, 1),
            (tf.RunOptions(trace_level=tf.RunOptions.NO_TRACE, timeout_in_ms=1000), False, 0),
        ):
            sess.run(model[0], feeds, options, metadata)
            assert (steps, graphs) == (metadata.HasField("step_stats"), len(metadata.partition_graphs))
            assert not metadata.HasField("cost_graph")
            sess.run(model[0], feeds, options)


def test_callables_are_traced():
    """Those that take options, with and without feeds."""
    one, metadata = tf.constant(1, name="one"), tf.RunMetadata()
    options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
    with tf.Session() as sess:
        for function, values in ((sess.make_callable(one, accept_options=True), ()), (sess.make_callable(one, []), ())):
            metadata.Clear()
            assert function(*values, options=options, run_metadata=metadata) == 1
            assert ["one"] == [step.node_name for step in metadata.step_stats.dev_stats[0].node_stats]
        assert sess.make_callable(one, [one])(5, options=options, run_metadata=metadata) == 5
        assert len(metadata.step_stats.dev_stats[0].node_stats) == 0


def test_the_graph_that_was_run(model):
    """Has the operations that ran and an argument for what was fed."""
    graph_def = traced("total", {"x:0": [[1.0, 2.0]]}, output_partition_graphs=True).partition_graphs[0]
    nodes = {node.name: node for node in graph_def.node}
    assert {CPU} == {node.device for node in graph_def.node}
    assert "not_run" not in nodes
    assert ("_Arg", tf.float32.as_datatype_enum) == (nodes["_arg_x_0_0"].op, nodes["_arg_x_0_0"].attr["T"].type)
    assert ["_arg_x_0_0", "w/read"] == nodes["y"].input
    assert ["parts", "parts:1", "parts:2"] == nodes["total"].input
    assert ["^wait"] == nodes["parts/split_dim"].input
    assert tf.get_default_graph().graph_def_versions == graph_def.versions


def test_costs_are_given_every_so_many_runs(model):
    """As the configuration says, counted for each combination of fetches and feeds."""
    config = tf.ConfigProto(graph_options=tf.GraphOptions(build_cost_model=2, build_cost_model_after=1))
    given, costs = [], []
    with tf.Session(config=config) as sess:
        sess.run(tf.global_variables_initializer())
        for number in range(5):
            sess.run("w:0")
            metadata = tf.RunMetadata()
            if number < 4:
                sess.run(model[0], {"x:0": [[1.0, 2.0]]}, run_metadata=metadata)
            else:
                sess.make_callable(model[0], ["x:0"])([[1.0, 2.0]], run_metadata=metadata)
            given.append(metadata.HasField("cost_graph"))
            costs = list(metadata.cost_graph.node) or costs
    assert [False, False, True, False, True] == given
    numbers = {node.name: node.id for node in costs}
    total, y = costs[numbers["total"]], costs[numbers["y"]]
    assert [(numbers["parts"], port) for port in range(3)] == [
        (source.preceding_node, source.preceding_port) for source in total.input_info
    ]
    assert [numbers["wait"]] == costs[numbers["parts/split_dim"]].control_input
    assert [numbers["w/read"]] == [source.preceding_node for source in y.input_info]
    assert (12, [1, 3]) == (y.output_info[0].size, [dim.size for dim in y.output_info[0].shape.dim])
    assert all(node.compute_cost > 0 and node.device == CPU for node in costs)
