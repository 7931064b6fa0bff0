"""Sessions: what may be fetched and fed, what lasts, what fails and how."""

from __future__ import annotations

import collections
import tracemalloc

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver import schema
from hdfsaver.graph.apply import apply_list
from hdfsaver.session.numpy_engine import numpy_engine

Point = collections.namedtuple("Point", ["x", "y"])


def variable(value, name="v"):
    return tf.Variable(tf.constant(value), name=name)


def test_every_structure_of_fetches():
    """Lists, tuples, named tuples and dicts come back as they were asked for; an operation gives None."""
    v = variable([1.0, 2.0])
    with tf.Session() as sess:
        assert sess.run(v.initializer) is None
        fetched = sess.run({"list": [v, "v:0"], "point": Point(v * 2.0, v.op), "deep": ([v.initializer],)})
    np.testing.assert_array_equal([1.0, 2.0], fetched["list"][1])
    np.testing.assert_array_equal([2.0, 4.0], fetched["point"].x)
    assert fetched["point"].y is None
    assert ([None],) == fetched["deep"]


def test_an_ordered_dict_stays_one():
    """A mapping is given back as its own type, in its own order."""
    one, two = tf.constant(1), tf.constant(2)
    with tf.Session() as sess:
        fetched = sess.run(collections.OrderedDict([("b", two), ("a", one)]))
    assert collections.OrderedDict([("b", 2), ("a", 1)]) == fetched


def test_scalars_are_numpy_scalars_and_strings_are_bytes():
    """Rank 0 gives NumPy's scalars, strings give bytes, as in TensorFlow."""
    with tf.Session() as sess:
        number, text, texts = sess.run([tf.constant(1.5), tf.constant("é"), tf.constant(["a", b"b\0"])])
    assert isinstance(number, np.float32)
    assert "é".encode() == text
    assert [b"a", b"b\0"] == texts.tolist()


def test_any_tensor_can_be_fed():
    """A fed tensor is not computed, nor is what only it needs."""
    x = tf.placeholder(tf.float32, name="x")
    y = x * 2.0
    z = y + 1.0
    with tf.Session() as sess:
        assert 11.0 == sess.run(z, {y: 10.0})
        assert 7.0 == sess.run(z, {"x:0": 3})
        assert 4.0 == sess.run(y, {y: 4.0})


def test_a_variable_can_be_fed():
    """Feeding a variable stands in for its value, which it need not have."""
    v = variable(1.0)
    total = v + 1.0
    with tf.Session() as sess:
        assert 6.0 == sess.run(total, {v: 5.0})


@pytest.mark.parametrize(
    ("fetch", "error"), [("nope", ValueError), ("nope:0", ValueError), (None, TypeError), (3.5, TypeError)]
)
def test_wrong_fetches(fetch, error):
    """What cannot be fetched is named in the error that TensorFlow raises for it."""
    tf.constant(1.0)
    with tf.Session() as sess, pytest.raises(error, match="[Ff]etch"):
        sess.run(fetch)


def test_wrong_feeds():
    """Unknown keys are a TypeError, wrong shapes a ValueError, tensors and numbers too large a TypeError."""
    x = tf.placeholder(tf.float32, [2], name="x")
    n = tf.placeholder(tf.int32, [], name="n")
    with tf.Session() as sess:
        with pytest.raises(TypeError, match="feed_dict key"):
            sess.run(x, {"nope:0": [1, 2]})
        with pytest.raises(ValueError, match=r"shape \(3,\) for Tensor x:0, which has shape \(2,\)"):
            sess.run(x, {x: [1, 2, 3]})
        with pytest.raises(TypeError, match="tf.Tensor"):
            sess.run(x, {x: tf.zeros([2])})
        with pytest.raises(TypeError, match="n:0"):
            sess.run(n, {n: 2**40})
        with pytest.raises(ValueError, match="n:0"):
            sess.run(n, {n: "one"})
        assert 1 == sess.run(n, {n: 1.5}) == sess.run(n, {n: True})


def test_a_shape_that_is_set_later():
    """A fed value must have the shape that its tensor has now, also if it was fed with another before."""
    x = tf.placeholder(tf.float32, name="x")
    with tf.Session() as sess:
        assert (3,) == sess.run(x, {x: [1, 2, 3]}).shape
        x.set_shape([2])
        with pytest.raises(ValueError, match=r"which has shape \(2,\)"):
            sess.run(x, {x: [1, 2, 3]})


def test_an_unfed_placeholder_is_named():
    """Running what needs a placeholder without feeding it says which one, with dtype and shape."""
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    with (
        tf.Session() as sess,
        pytest.raises(tf.errors.InvalidArgumentError, match=r"'x' with dtype float and shape \[\?,3\]"),
    ):
        sess.run(x + 1.0)


def test_uninitialized_variables_are_named():
    """Reading a variable without a value names it, and the error carries the operation."""
    v = variable(1.0)
    with tf.Session() as sess:
        for fetch in (v, v + 1.0, "v:0"):
            with pytest.raises(
                tf.errors.FailedPreconditionError, match="Attempting to use uninitialized value v"
            ) as caught:
                sess.run(fetch)
            assert caught.value.op.graph is sess.graph


def test_values_belong_to_the_session():
    """A second session of the same graph begins without values."""
    v = variable(1.0)
    with tf.Session() as first:
        first.run(v.initializer)
        second = tf.Session()
        with pytest.raises(tf.errors.FailedPreconditionError):
            second.run(v)


def test_closed_and_empty_sessions():
    """A closed session and an empty graph are RuntimeErrors, whatever is fetched."""
    with pytest.raises(RuntimeError, match="graph is empty"):
        tf.Session().run([])
    c = tf.constant(1.0)
    sess = tf.Session()
    sess.close()
    with pytest.raises(RuntimeError, match="closed"):
        sess.run(c)


def test_assignments_in_their_order():
    """An assignment gives the variable as it is when the run ends, and control dependencies order several."""
    v = variable(1.0)
    with tf.Session() as sess:
        sess.run(v.initializer)
        assert 3.0 == sess.run(v.assign_add(2.0))
        with tf.control_dependencies([v.assign(10.0)]):
            after = v.read_value()
        assert 10.0 == sess.run(after)
        assert 9.0 == sess.run(tf.assign_sub(v, 1.0))


def test_what_was_fetched_is_not_what_was_fed():
    """A fetched array is the caller's own, also where it is the fed one, or a view of it."""
    x, fed = tf.placeholder(tf.float32, [2]), np.ones(2, np.float32)
    with tf.Session() as sess:
        fetched = sess.run([x, tf.identity(x), tf.reshape(x, [2, 1])], {x: fed})
    fed[:] = 7
    assert [[1.0, 1.0], [1.0, 1.0], [[1.0], [1.0]]] == [value.tolist() for value in fetched]
    assert all(value.flags.writeable for value in fetched)


def test_what_a_run_gives_is_the_callers_own():
    """Writing on a fetched or fed array changes neither variable nor constant."""
    v = tf.Variable(tf.zeros([2]), name="v")
    x = tf.placeholder(tf.float32, [2])
    c = tf.constant([1.0, 2.0])
    store = v.assign(x)
    with tf.Session() as sess:
        fed = np.ones(2, np.float32)
        sess.run(store, {x: fed})
        fed[:] = 7
        for tensor, expected in ((v, [1, 1]), (c, [1, 2]), (v.op.outputs[0], [1, 1])):
            sess.run(tensor)[:] = 9
            np.testing.assert_array_equal(expected, sess.run(tensor))


def test_an_intermediate_that_becomes_a_variable_is_not_shared():
    """A value that is fetched and assigned in one run is two arrays afterwards."""
    v = tf.Variable(tf.zeros([2]), name="v")
    doubled = tf.ones([2]) * 2.0
    with tf.Session() as sess:
        value, _ = sess.run([doubled, v.assign(doubled)])
        value[:] = 9
        np.testing.assert_array_equal([2, 2], sess.run(v))


def test_a_plan_is_made_once():
    """The same fetches and feeds reuse their plan; a change of the graph discards it."""
    made = []

    def counting_engine(plan, state):
        made.append(plan)
        return numpy_engine(plan, state)

    x = tf.placeholder(tf.float32)
    y = x + 1.0
    sess = tf.Session(engine=counting_engine)
    for _ in range(3):
        sess.run([y], {x: 1.0})
    assert 1 == len(made)
    tf.constant(1.0)
    sess.run([y], {x: 1.0})
    assert 2 == len(made)


def test_a_plan_holds_only_what_is_needed():
    """Operations that the fetches do not need are not in the plan, and values go when they are not needed any more."""
    plans = []

    def recording_engine(plan, state):
        plans.append(plan)
        return numpy_engine(plan, state)

    x = tf.placeholder(tf.float32, name="x")
    y = tf.add(x, 1.0, name="y")
    tf.multiply(y, 2.0, name="unused")
    z = tf.multiply(y, 3.0, name="z")
    tf.Session(engine=recording_engine).run(z, {x: 1.0})
    steps = {step.node: step for step in plans[0].steps}
    assert {"y", "y/y", "z", "z/y"} == set(steps)
    assert steps["y"].outputs[0] in steps["z"].frees


def test_a_deep_chain_needs_no_recursion():
    """Ten thousand operations in a row are planned and run within Python's usual stack."""
    x = one = tf.constant(1.0)
    for _ in range(10_000):
        x = x + one
    with tf.Session() as sess:
        assert 10_001.0 == sess.run(x)


def test_a_cycle_is_named():
    """Operations that wait for each other are an error that names them, not an endless run."""
    first, second = tf.no_op(name="first"), tf.no_op(name="second")
    second._add_control_inputs([first])
    first._add_control_inputs([second])
    with tf.Session() as sess, pytest.raises(tf.errors.InvalidArgumentError, match="first, second"):
        sess.run(second)


def test_unknown_operations_are_all_named():
    """A graph may hold operations of unknown types; running them names each type, running the rest works."""
    graph = tf.get_default_graph()
    known = tf.constant(1.0, name="known")
    for name, op in (("strange", "Strange"), ("odd", "Odd")):
        schema.add_node(graph.data, name, op=op, inputs=(("known", 0),), outputs=(("float32", None),))
    graph.changed()
    with tf.Session() as sess:
        assert 1.0 == sess.run(known)
        with pytest.raises(tf.errors.UnimplementedError, match="Odd.*'odd'.*Strange.*'strange'"):
            sess.run(["strange:0", "odd:0"])


def test_a_failing_kernel_names_its_operation():
    """What fails while running is an OpError that names the operation and the shapes, not an error of NumPy's."""
    x = tf.placeholder(tf.float32)
    y = tf.placeholder(tf.float32)
    total = tf.add(x, y, name="total")
    with tf.Session() as sess, pytest.raises(tf.errors.InvalidArgumentError, match="'total'") as caught:
        sess.run(total, {x: [1, 2], y: [1, 2, 3]})
    assert caught.value.op is total.op


def test_default_sessions():
    """eval() and run() use the session entered last; without one they say what to do."""
    c = tf.constant(2.0)
    with pytest.raises(ValueError, match="default session"):
        c.eval()
    with tf.Session().as_default() as sess:
        assert 2.0 == c.eval()
        assert tf.get_default_session() is sess
    assert tf.get_default_session() is None
    assert 2.0 == c.eval(session=sess)


def test_an_interactive_session_is_the_default_at_once():
    """An InteractiveSession needs no `with`."""
    c = tf.constant(2.0)
    sess = tf.InteractiveSession()
    assert 2.0 == c.eval()
    sess.close()
    assert tf.get_default_session() is None


def test_make_callable():
    """A callable takes the values of its feeds in order, and counts them."""
    x = tf.placeholder(tf.float32)
    with tf.Session() as sess:
        double = sess.make_callable(x * 2.0, [x])
        assert 6.0 == double(3.0)
        with pytest.raises(TypeError, match="1 arguments"):
            double()


def test_branches_that_are_not_taken_do_not_run():
    """A Switch lets one side live; what needs the other side is dead, until a Merge chooses the living."""
    v = variable(5.0)
    w = tf.Variable(v.initialized_value() * 2.0, name="w")
    with tf.Session() as sess:
        sess.run(w.initializer)
        assert 10.0 == sess.run(w)
        sess.run(v.assign(7.0))
        sess.run(w.initializer)
        assert 14.0 == sess.run(w)


def test_fetching_a_dead_value_is_an_error():
    """A fetch on a branch that was not taken has no value, and says so."""
    dead, alive = apply_list("Switch", tf.constant(1.0), tf.constant(True))
    with tf.Session() as sess:
        assert 1.0 == sess.run(alive)
        with pytest.raises(tf.errors.InvalidArgumentError, match="branch"):
            sess.run(dead)


def test_intermediate_values_do_not_pile_up():
    """A chain over large arrays needs memory for a few of them, not for all."""
    x = tf.placeholder(tf.float32, [1_000_000])
    y = x
    for _ in range(20):
        y = y + 1.0
    feed = np.zeros(1_000_000, np.float32)
    with tf.Session() as sess:
        sess.run(y, {x: feed})
        tracemalloc.start()
        sess.run(y, {x: feed})
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 4 * feed.nbytes


def test_what_waits_for_a_branch_that_is_not_taken_does_not_run():
    """A control input is enough to be on a branch: without it there is no value, and nothing is assigned."""
    is_taken = tf.placeholder(tf.bool, [])
    v = variable(1.0)
    _, on = apply_list("Switch", 2.0, is_taken)
    with tf.control_dependencies([tf.identity(on)]):
        stored = v.assign(3.0)
        number = tf.identity(4.0)
    skipped, _ = apply_list("Switch", 5.0, is_taken)
    merged, _ = apply_list("Merge", [skipped, number])
    with tf.Session() as sess:
        sess.run(v.initializer)
        assert 5.0 == sess.run(merged, {is_taken: False})
        with pytest.raises(tf.errors.InvalidArgumentError, match="does not have value"):
            sess.run(stored, {is_taken: False})
        assert 1.0 == sess.run(v)
        assert (4.0, 3.0) == tuple(sess.run([merged, stored], {is_taken: True}))
