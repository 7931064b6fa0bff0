"""Names of devices, device functions, and the names of a cluster."""

import pytest

import hdfsaver as tf
from hdfsaver.graph.device_functions import merge_device
from hdfsaver.graph.device_spec import canonical_name


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        ("/cpu:0", "/device:CPU:0"),
        ("gpu", "/device:GPU:*"),
        ("/device:cpu:0", "/device:CPU:0"),
        ("/device:FOO:1", "/device:FOO:1"),
        ("/task:2/job:a/replica:1/tpu:*", "/job:a/replica:1/task:2/device:TPU:*"),
        ("/job:*", "/job:*"),
        ("", ""),
    ],
)
def test_names_in_full(graph, asked, written):
    """A name is written in TensorFlow's order and form, by `tf.device` and by a `DeviceSpec` alike."""
    with tf.device(asked):
        made = tf.constant(1.0)
    assert [written] * 3 == [made.device, tf.DeviceSpec.from_string(asked).to_string(), canonical_name(asked)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("/foo:0", "Unknown attribute 'foo'"),
        ("/job", "Unknown attribute 'job'"),
        ("/cpu:0:1", "Unknown attribute 'cpu'"),
        ("/task:x", "invalid literal for int"),
        ("/cpu:0/gpu:0", "Multiple device types"),
    ],
)
def test_wrong_names(graph, name, text):
    """A name that is not one is refused when the block is entered, and nothing is left open."""
    with pytest.raises(ValueError, match=text), tf.device(name):
        pass
    with pytest.raises(ValueError, match=text):
        tf.DeviceSpec().parse_from_string(name)
    with pytest.raises(TypeError, match="A device is a name"), tf.device(3):
        pass
    assert "" == tf.constant(1.0).device


def test_a_device_spec():
    """Its parts can be set, replaced and merged, and it compares by its name."""
    spec = tf.DeviceSpec(job="ps", device_type="cpu", device_index=2)
    spec.task, spec.replica = 1, "3"
    assert "/job:ps/replica:3/task:1/device:CPU:2" == spec.to_string()
    spec.merge_from(tf.DeviceSpec.from_string("/job:w/gpu:*"))
    assert "/job:w/replica:3/task:1/device:GPU:2" == spec.to_string()
    spec.job, spec.device_type, spec.device_index = None, None, None
    other = spec.replace(replica=None)
    assert ("/replica:3/task:1", "/task:1") == (spec.to_string(), other.to_string())
    assert {tf.DeviceSpec(task=1)} == {other, tf.DeviceSpec(task=1)}
    assert "/task:1/device:GPU:0" == other.make_merged_spec(tf.DeviceSpec.from_string("/gpu:0")).to_string()
    with pytest.raises(TypeError, match="foo"):
        spec.replace(foo=1)
    with pytest.raises(AttributeError):
        spec.foo = 1  # type: ignore[attr-defined]  # this is what is tested


def test_device_functions(graph):
    """A function sees the operation with the device of inner blocks, and its answer is merged with outer ones."""
    seen = []

    def chosen(op):
        seen.append((op.type, op.device, [x.name for x in op.inputs], op.node_def.op, [o.dtype for o in op.outputs]))
        return "/job:f/task:1"

    x = tf.constant(1.0, name="x")
    with tf.device("/cpu:0"), tf.device(chosen):
        first = tf.identity(x)
        with tf.device("/gpu:2"):
            second = tf.identity(x)
        with tf.device(None):
            third = tf.identity(x)
    assert ["/job:f/task:1/device:CPU:0"] * 2 + [""] == [each.device for each in (first, second, third)]
    assert [("Identity", device, ["x:0"], "Identity", [tf.float32]) for device in ("", "/device:GPU:2")] == seen
    with tf.device("/job:a"), tf.device(tf.DeviceSpec(task=1)), tf.device(merge_device("/cpu:0")):
        assert "/job:a/task:1/device:CPU:0" == tf.constant(1.0).device


def test_a_device_function_that_fails_leaves_nothing(graph):
    """Its error reaches the program, and the operation, with its constants, is not in the graph."""
    x = tf.constant(1.0)

    def fails(op):
        raise LookupError(op.name)

    for function, error in ((fails, LookupError), (lambda op: None, TypeError)):
        with pytest.raises(error), tf.device(function):
            tf.add(x, [1.0, 2.0])
        with pytest.raises(error), tf.device(function):
            tf.constant(2.0)
    definition = graph.as_graph_def()
    with graph.device(fails), pytest.raises(LookupError):
        tf.import_graph_def(definition)
    assert ["Const"] == [op.name for op in graph.get_operations()]
    assert [] == x.consumers()


def test_imports_call_device_functions(graph):
    """A function sees each imported operation, one that is colocated with another excepted."""
    with tf.Graph().as_default() as other:
        a = tf.constant(1.0, name="a")
        with tf.colocate_with(a):
            tf.constant(1.0, name="b")
        tf.identity(a, name="c")
    with tf.device(lambda op: "/job:" + op.type):
        found = tf.import_graph_def(other.as_graph_def(), return_elements=["a", "b", "c"])
    assert ["/job:Const", "/job:Const", "/job:Identity"] == [op.device for op in found]
    assert [b"loc:@import/a"] == found[1].colocation_groups()


def test_variables_are_spread_over_servers(graph):
    """Variables take the servers in turn, other operations go to the worker; what a program asks for stays."""
    cluster = tf.train.ClusterSpec({"ps": ["a:1", "b:2"], "worker": ["c:1"]})
    with tf.device(tf.train.replica_device_setter(cluster=cluster, worker_device="/job:worker/task:0")):
        v, w, u = (tf.Variable(1.0) for _ in range(3))
        total = v + w
        with tf.device("/cpu:0"):
            x = tf.Variable(1.0)
        with tf.device("/job:moon"):
            y = tf.Variable(1.0)
    assert ["/job:ps/task:0", "/job:ps/task:1", "/job:ps/task:0"] == [each.device for each in (v, w, u)]
    assert ["/job:ps/task:1", "/job:ps/task:1"] == [w.initializer.device, w.value().device]
    assert ["/job:worker/task:0", "/job:ps/task:1/device:CPU:0", "/job:moon"] == [
        total.device,
        x.device,
        y.device,
    ]


def test_arguments_of_the_device_setter(graph):
    """Without servers there is no function; types, strategy and merging are the program's."""
    setter = tf.train.replica_device_setter
    assert [None] * 3 == [setter(), setter(cluster={}), setter(cluster={"worker": ["a:1"]})]
    with tf.device(setter(3, ps_device="/job:q", ps_ops=["Const"], ps_strategy=lambda op: 2, merge_devices=False)):
        with tf.device("/gpu:0"):
            kept = tf.constant(1.0)
        assert ["/device:GPU:0", "/job:q/task:2", "/job:worker"] == [
            kept.device,
            tf.constant(1.0).device,
            tf.no_op().device,
        ]
    with pytest.raises(TypeError, match="ps_strategy must be callable"):
        setter(1, ps_strategy=3)
    with pytest.raises(TypeError, match="must be a dictionary"):
        setter(cluster=3)


def test_a_cluster_is_names():
    """Tasks are lists, or dicts by number; a missing one is None among the tasks."""
    cluster = tf.train.ClusterSpec({"ps": ["a:1"], "worker": {2: "c:1", 0: "b:1"}})
    assert {"ps": ["a:1"], "worker": {0: "b:1", 2: "c:1"}} == cluster.as_dict()
    assert (["b:1", None, "c:1"], 2, [0, 2]) == (
        cluster.job_tasks("worker"),
        cluster.num_tasks("worker"),
        cluster.task_indices("worker"),
    )
    assert (cluster, "c:1") == (tf.train.ClusterSpec(cluster), cluster.task_address("worker", 2))
    assert cluster == {"ps": {0: "a:1"}, "worker": {0: "b:1", 2: "c:1"}}
    with pytest.raises(ValueError, match="No such job"):
        cluster.job_tasks("moon")
    with pytest.raises(ValueError, match="No task"):
        cluster.task_address("ps", 1)
    with pytest.raises(TypeError, match="list of addresses"):
        tf.train.ClusterSpec({"ps": "a:1"})


def test_a_cluster_as_a_message():
    """A cluster is made of a message of TensorFlow, and described by one with jobs by their names; it sets devices."""
    cluster = tf.train.ClusterSpec({"worker": {2: "c:1"}, "ps": ["a:1", "b:2"]})
    message = cluster.as_cluster_def()
    assert ["ps", "worker"] == [job.name for job in message.job]
    assert [{0: "a:1", 1: "b:2"}, {2: "c:1"}] == [dict(job.tasks) for job in message.job]
    assert message is cluster.as_cluster_def()
    again = tf.train.ClusterSpec(message)
    assert (cluster, message) == (again, again.as_cluster_def())
    assert message == tf.ConfigProto(cluster_def=message).cluster_def
    made = tf.train.ClusterDef(job=[tf.train.JobDef(name="ps", tasks={0: "a:1"})])
    assert {"ps": ["a:1"]} == tf.train.ClusterSpec(made).as_dict()
    with tf.device(tf.train.replica_device_setter(cluster=message)):
        assert ["/job:ps/task:0", "/job:ps/task:1"] == [tf.Variable(0.0).device for _ in range(2)]
    for wrong in ({1: ["a:1"]}, {"ps": [1]}):
        with pytest.raises(TypeError, match="1 must be bytes or unicode"):
            tf.train.ClusterSpec(wrong)
