"""Values that a session keeps from one run to the next, under handles."""

from __future__ import annotations

import numpy as np
import pytest

import hdfsaver as tf


@pytest.fixture
def sess():
    """A session of the default graph."""
    with tf.Session() as session:
        yield session


def keep(sess, value):
    """The handle of a value."""
    return sess.run(tf.get_session_handle(tf.constant(value)))


def test_a_later_run_goes_on_with_the_value(sess):
    """The handle is fed, or the `TensorHandle` itself in place of a value; both are read as they were kept."""
    handle = keep(sess, [1.0, 2.0])
    name, number, device = handle.handle.split(";")
    assert ("GetSessionHandle", "0", "/job:localhost/replica:0/task:0/device:CPU:0") == (name, number, device)
    assert str(handle) == handle.handle
    holder, tensor = tf.get_session_tensor(handle.handle, tf.float32)
    assert (tensor.op.type, tensor.device, tensor.shape.rank) == ("GetSessionTensor", device, None)
    assert sess.run(tensor * 2, {holder: handle.handle}).tolist() == [2, 4]
    fed = tf.placeholder(tf.float32)
    assert sess.run([fed, fed * 3], {fed: handle})[1].tolist() == [3, 6]
    found = handle.eval()
    found[0] = 50
    sess.run(fed, {fed: handle})[0] = 50
    assert handle.eval().tolist() == [1, 2]


def test_handles_in_structures(sess):
    """Each is a `TensorHandle`; the value may be text, a number, or what a variable has."""
    v = tf.Variable([1.0])
    sess.run(v.initializer)
    kept = [tf.get_session_handle(tensor) for tensor in (tf.constant(["a"]), tf.constant(7), v.value())]
    text, rest = sess.run([kept[0], {"x": kept[1:]}])
    number, read = rest["x"]
    sess.run(tf.assign_add(v, [5.0]))
    assert (text.eval().tolist(), number.eval(), read.eval().tolist()) == ([b"a"], 7, [1])
    assert isinstance(number.eval(), np.int32)
    assert sess.make_callable(kept[1])().eval() == 7


def test_a_loop_over_handles(sess):
    """Values that were replaced are forgotten, but for the last ones, whose handles may be known as strings."""
    handle = keep(sess, 0)
    holder, tensor = tf.get_session_tensor(handle.handle, tf.int32)
    following = tf.get_session_handle(tensor + 1)
    for _ in range(100):
        handle = sess.run(following, {holder: handle.handle})
    assert handle.eval() == 100
    assert 1 <= len(sess.state.kept._kept) <= 11


def test_values_are_deleted(sess):
    """By the `TensorHandle`, or by an operation from the string of it; then there is no such value."""
    handle, other = keep(sess, 1.0), keep(sess, 2.0)
    handle.delete()
    for call in (handle.eval, handle.delete):
        with pytest.raises(TypeError, match="may have already been deleted"):
            call()
    raw = other.get_raw_handle()
    with pytest.raises(TypeError, match="may have already been deleted"):
        other.eval()
    del other
    holder, deleter = tf.delete_session_tensor(raw)
    sess.run(deleter, {holder: raw})
    there, tensor = tf.get_session_tensor(raw, tf.float32)
    for fetch, feed in ((deleter, {holder: raw}), (tensor, {there: raw}), (tensor, {tensor: handle})):
        with pytest.raises(tf.errors.InvalidArgumentError, match="is not in the session store"):
            sess.run(fetch, feed)


def test_values_of_another_dtype_or_session(sess):
    """Are errors: a handle belongs to one session."""
    handle = keep(sess, 1.0)
    holder, tensor = tf.get_session_tensor(handle.handle, tf.int32)
    whole = tf.placeholder(tf.int32)
    for fetch, feed in ((tensor, {holder: handle.handle}), (whole, {whole: handle})):
        with pytest.raises(tf.errors.InvalidArgumentError, match="has dtype float32, but int32 is expected"):
            sess.run(fetch, feed)
    with pytest.raises(tf.errors.InvalidArgumentError, match="is not in the session store"):
        tf.Session().run(tensor, {holder: handle.handle})
    for value in (3, tf.Variable(1.0)):
        with pytest.raises(TypeError, match="`data` must be of type Tensor"):
            tf.get_session_handle(value)
    sess.close()
    with pytest.raises(RuntimeError, match="closed Session"):
        handle.eval()


def test_the_value_of_a_variable_is_kept(sess):
    """An assignment after it changes the variable, not the value that has a handle."""
    v = tf.Variable(12.0)
    more = tf.assign_add(v, 2.0)
    sess.run(v.initializer)
    handle = sess.run(tf.get_session_handle(v.read_value()))
    assert (14.0, 12.0) == (sess.run(more), handle.eval())
    assert 17.0 == sess.run(v + 5.0, {v: handle})
