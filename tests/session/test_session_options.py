"""What a session is made with, and what it says about itself."""

from __future__ import annotations

import logging

import numpy as np
import pytest

import hdfsaver as tf


def test_targets():
    """This process, or the address of a server; anything else is TensorFlow's error."""
    one = tf.constant(1)
    for target, text in (("", b""), (b"", b""), (None, None), ("grpc://localhost:2222", b"grpc://localhost:2222")):
        sess = tf.Session(target)
        assert (text, 1) == (sess.sess_str, sess.run(one))
    with pytest.raises(tf.errors.NotFoundError, match="No session factory registered"):
        tf.Session("elsewhere")
    with pytest.raises(TypeError, match="Argument `target` must be a string"):
        tf.Session(37)
    with pytest.raises(TypeError, match="Argument `graph` must be a tf.Graph"):
        tf.Session(graph=37)
    with pytest.raises(TypeError, match="Argument `config` must be a tf.ConfigProto"):
        tf.Session(config=37)


def test_options_of_a_run():
    """They are messages."""
    one = tf.constant(1)
    with tf.Session() as sess:
        with pytest.raises(TypeError, match="`options` must be a tf.RunOptions"):
            sess.run(one, options=3)
        with pytest.raises(TypeError, match="`run_metadata` must be a tf.RunMetadata"):
            sess.run(one, run_metadata=3)


def test_a_session_is_entered_once():
    """Inside its own block it cannot be entered; `as_default` can be used several times."""
    one = tf.constant(1)
    sess = tf.Session()
    with sess:
        with pytest.raises(RuntimeError, match="not re-entrant"):
            sess.__enter__()
        with sess.as_default(), sess.as_default():
            assert one.eval() == 1
        assert tf.get_default_session() is sess
    assert tf.get_default_session() is None
    with sess, pytest.raises(RuntimeError, match="closed Session"):
        sess.run(one)


def test_leaving_sessions_in_the_wrong_order():
    """Is an error, and the inner one stays the default."""
    first, second = tf.Session().as_default(), tf.Session().as_default()
    first.__enter__()
    inner = second.__enter__()
    with pytest.raises(AssertionError, match="Nesting violated"):
        first.__exit__(None, None, None)
    assert tf.get_default_session() is inner
    second.__exit__(None, None, None)
    with pytest.raises(AssertionError):
        tf.Session().__exit__(None, None, None)


@pytest.fixture(autouse=True)
def _no_default_sessions():
    """Sessions that a test leaves as the default ones are taken away."""
    from hdfsaver.graph.default_stack import default_sessions

    yield
    default_sessions.items.clear()


def test_two_interactive_sessions(caplog):
    """The second is an error in the log; they are closed from the inside out."""
    one = tf.constant(1)
    first = tf.InteractiveSession()
    assert not caplog.records
    with caplog.at_level(logging.ERROR):
        second = tf.InteractiveSession()
    assert ["An interactive session is already active"] == [record.message[:40] for record in caplog.records]
    assert (second, 1) == (tf.get_default_session(), one.eval())
    second.close()
    second.close()
    assert tf.get_default_session() is first
    first.close()
    caplog.clear()
    tf.InteractiveSession().close()
    assert not caplog.records


def test_the_graph_of_an_interactive_session():
    """Is the default graph until the session is closed."""
    graph = tf.Graph()
    sess = tf.InteractiveSession(graph=graph)
    assert tf.get_default_graph() is graph
    sess.close()
    assert tf.get_default_graph() is not graph


def test_what_a_session_says():
    """The definition of its graph, and its devices."""
    one = tf.constant([1], name="one")
    sess = tf.Session()
    assert sess.graph_def == one.graph.as_graph_def()
    (device,) = sess.list_devices()
    assert ("/job:localhost/replica:0/task:0/device:CPU:0", "CPU") == (device.name, device.device_type)
    assert device.memory_limit_bytes > 0
    sess.close()
    with pytest.raises(tf.errors.CancelledError, match="Session has been closed"):
        sess.list_devices()


def test_reset_closes_all_sessions():
    """Their variables have no values any more."""
    v = tf.Variable(1.0)
    sess, other = tf.Session(), tf.Session()
    sess.run(v.initializer)
    tf.Session.reset("", containers=["c"])
    for closed in (sess, other):
        with pytest.raises(RuntimeError, match="closed Session"):
            closed.run(v)
    with pytest.raises(tf.errors.NotFoundError):
        tf.Session.reset("elsewhere")
    assert tf.Session().run(tf.constant(1)) == 1


def test_functions_of_make_callable():
    """Options are taken with a list of feeds or where they were asked for; tuples and structures are feeds, too."""
    x, y = tf.placeholder(tf.float32, [], name="x"), tf.placeholder(tf.float32, [], name="y")
    total, five = x + y, tf.constant(5.0)
    sess = tf.Session()
    assert sess.make_callable({"t": total}, [("x:0", y)])((1, 2)) == {"t": 3}
    assert sess.make_callable(total, (x, y))(1, 2, options=None, run_metadata=None) == 3
    assert sess.make_callable(five, [])() == 5
    assert sess.make_callable(five, accept_options=True)(options=None) == 5
    assert sess.make_callable(five.op)() is None
    for call in (
        lambda: sess.make_callable(five)(options=None),
        lambda: sess.make_callable(total, [x, y])(1, 2, opions=None),
        lambda: sess.make_callable(total, x),
        lambda: sess.make_callable(None),
    ):
        with pytest.raises(TypeError, match=r"unexpected keyword argument 'opt?ions'|must be a list or tuple|None"):
            call()
    with pytest.raises(ValueError, match="cannot be interpreted as a Tensor"):
        sess.make_callable("nope")


def test_fetches_by_names_in_bytes():
    """As by names of text."""
    one = tf.constant(np.ones(2), name="one")
    with tf.Session() as sess:
        operation, tensor = sess.run([b"one", b"one:0"], {b"one:0": [3, 3]})
    assert operation is None
    assert tensor.tolist() == [3, 3]
    assert one.op.name == "one"


def make_config():
    """A configuration as programs write it."""
    options = tf.GPUOptions(per_process_gpu_memory_fraction=0.5, allow_growth=True, visible_device_list="0")
    config = tf.ConfigProto(
        allow_soft_placement=True, log_device_placement=False, gpu_options=options, device_count={"CPU": 2, "GPU": 0}
    )
    config.intra_op_parallelism_threads = 4
    config.graph_options.optimizer_options.global_jit_level = tf.OptimizerOptions.ON_1
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    return config


def test_a_configuration_is_accepted():
    """The number of processors and `infer_shapes` have a meaning; given as the target it is an error that says so."""
    one = tf.constant([1.0], name="one")
    config = make_config()
    sess = tf.Session(config=config)
    assert sess.run(one) == [1]
    assert ["CPU:0", "CPU:1"] == [device.name[-5:] for device in sess.list_devices()]
    assert "_output_shapes" not in sess.graph_def.node[0].attr
    config.graph_options.infer_shapes = True
    assert "_output_shapes" in tf.Session(config=config).graph_def.node[0].attr
    tf.InteractiveSession(config=tf.ConfigProto()).close()
    with pytest.raises(TypeError, match='instead of "Session\\(config=config\\)"'):
        tf.Session(config)


def test_the_bytes_of_a_configuration_are_tensorflows():
    """The numbers of the fields are those of TensorFlow, which wrote these bytes; other fields of it are kept."""
    written = b"\n\x07\n\x03CPU\x10\x02\n\x07\n\x03GPU\x10\x00\x10\x04" + (
        b"2\x0e\t\x00\x00\x00\x00\x00\x00\xe0? \x01*\x010" + b"8\x01" + b"R\t\x1a\x02(\x01R\x03\x98\x01\x01"
    )
    assert make_config() == tf.ConfigProto.FromString(written)
    other = tf.ConfigProto.FromString(written + b"\x82\x01\x04\x1a\x02xy")
    assert other.SerializeToString().endswith(b"\x82\x01\x04\x1a\x02xy")


def test_devices_that_this_machine_lacks():
    """Their operations run on its processors: old programs ask for a GPU."""
    for device in ("/gpu:0", "/device:GPU:7", "/job:worker/task:3", "/cpu:5"):
        with tf.device(device):
            one = tf.constant(1) + 1
        with tf.Session() as sess:
            assert 2 == sess.run(one)
