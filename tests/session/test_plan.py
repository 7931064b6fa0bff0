"""Plans: data that say what must run, in which order, and where values are kept."""

from __future__ import annotations

import pytest

import hdfsaver as tf
from hdfsaver.session.plan import make_plan
from tests.growing import TOO_MUCH, growth


def plan_for(fetches, feeds=()):
    return make_plan(tf.get_default_graph(), fetches, feeds)


def test_a_variable_is_read_where_it_is_used():
    """An operation that takes a value from a variable reads it; one that takes the variable does not."""
    v = tf.Variable(1.0, name="v")
    plan = plan_for([v.value(), v.initializer])
    reads = {step.node: step.reads for step in plan.steps}
    assert (True,) == reads["v/read"]
    assert (False, False) == reads["v/Assign"]


def test_a_fetched_variable_is_read_at_the_end():
    """Fetching a variable itself asks for its value when everything has run."""
    v = tf.Variable(1.0, name="v")
    plan = plan_for([v.op.outputs[0], v.op])
    assert (True, False) == plan.fetch_reads
    assert None is plan.fetches[1]


def test_a_slot_is_freed_once_after_its_last_use():
    """Every slot that is not fetched is freed by exactly one step, and by none before its last use."""
    x = tf.placeholder(tf.float32)
    y = x * x
    z = y + x
    plan = plan_for([z], [x])
    freed = [slot for step in plan.steps for slot in step.frees]
    assert len(freed) == len(set(freed))
    assert set(range(plan.size)) - set(freed) == {plan.fetches[0]}
    last_use = {slot: number for number, step in enumerate(plan.steps) for slot in step.inputs}
    for number, step in enumerate(plan.steps):
        assert all(last_use.get(slot, number) <= number for slot in step.frees)


def test_what_is_fed_is_not_computed():
    """A fed output cuts off everything that only it needs."""
    x = tf.placeholder(tf.float32)
    y = tf.negative(x, name="y")
    z = tf.negative(y, name="z")
    assert ["z"] == [step.node for step in plan_for([z], [y]).steps]
    assert [] == list(plan_for([y], [y]).steps)


def test_a_feed_cuts_a_cycle():
    """Operations that need each other can run in the order in which a feed leaves them."""
    x = tf.placeholder(tf.float32)
    first = tf.negative(x, name="first")
    second = tf.negative(first, name="second")
    graph = tf.get_default_graph()
    graph.data.nodes["first"]["inputs"] = (("second", 0),)
    with pytest.raises(ValueError, match="a cycle with 2 nodes, .*: first, second"):
        plan_for([first.op, second.op])
    assert ["first", "second"] == [step.node for step in plan_for([first.op, second.op], [second]).steps]
    assert ["second", "first"] == [step.node for step in plan_for([first.op, second.op], [first]).steps]


def test_unknown_operations_are_named():
    """All types that are not known are, each with the first operation of it that was made."""
    names = ["late/x", "b", "a", "c"]
    tensors = [tf.identity(1.0, name=name) for name in names]
    for name, kind in zip(names, ["Strange", "Odd", "Odd", "Strange"], strict=True):
        tf.get_default_graph().data.nodes[name]["op"] = kind
    with pytest.raises(tf.errors.UnimplementedError) as caught:
        plan_for(tensors)
    assert caught.value.message.endswith(": Odd (operation 'b'), Strange (operation 'late/x').")


def test_control_inputs_come_first():
    """What an operation waits for runs before it, whatever it computes."""
    first = tf.no_op(name="first")
    second = tf.no_op(name="second")
    second._add_control_inputs([first])
    first._add_control_inputs([tf.no_op(name="third")])
    assert ["third", "first", "second"] == [step.node for step in plan_for([second]).steps]


def test_a_fed_placeholder_is_not_waited_for():
    """What waits for a placeholder runs if it is fed; another operation runs before, although its output is fed."""
    x = tf.placeholder(tf.float32, [], name="x")
    y = tf.negative(1.0, name="y")
    with tf.control_dependencies([x]):
        after_x = tf.constant(3.0, name="after_x")
    with tf.control_dependencies([y]):
        after_y = tf.constant(4.0, name="after_y")
    assert ["after_x"] == [step.node for step in plan_for([after_x], [x]).steps]
    assert ["y", "after_y"] == [step.node for step in plan_for([after_y], [y]).steps][-2:]
    with tf.Session() as session:
        assert [3.0, [2.0], None] == session.run([after_x, tf.tuple([x]), tf.group(x)], {x: 2.0})
        with pytest.raises(tf.errors.InvalidArgumentError, match="You must feed a value for placeholder tensor 'x'"):
            session.run(after_x)


def test_plans_of_small_parts():
    """A plan for a few operations of a large graph looks at those alone."""

    def constants(count):
        with tf.Graph().as_default() as graph:
            return graph, [tf.no_op() for _ in range(count)]

    def plan_each(made):
        graph, operations = made
        for operation in operations:
            assert 1 == len(make_plan(graph, [operation], []).steps)

    assert growth(constants, plan_each, 400) < TOO_MUCH


def test_an_operation_that_runs_does_not_replace_what_is_fed():
    """An operation whose output is fed runs where a control edge starts at it; its own value is dropped."""
    count = tf.Variable(0, name="count")
    counted = tf.identity(tf.assign_add(count, 1), name="counted")
    with tf.control_dependencies([counted]):
        after = counted + 0
    with tf.Session() as sess:
        sess.run(count.initializer)
        assert sess.run(after, {counted: 5}) == 5
        assert sess.run([counted.op, counted], {counted: 7}) == [None, 7]
        assert sess.run(count) == 2


def test_what_waits_for_a_fed_placeholder_begins():
    """By `tf.tuple`, `tf.group` or a block; the placeholder itself still cannot run."""
    x = tf.placeholder(tf.float32, name="x")
    with tf.control_dependencies([x]):
        waiting = tf.constant(4)
    with tf.Session() as sess:
        assert sess.run(tf.tuple([x, 2 * x]), {x: 3.0}) == [3, 6]
        assert sess.run([tf.group(x), waiting], {x: 3.0}) == [None, 4]
        for fetch in (x.op, waiting):
            with pytest.raises(tf.errors.InvalidArgumentError, match="You must feed a value for placeholder"):
                sess.run(fetch, {x: 3.0} if fetch is x.op else {})


def test_a_variable_that_is_fed_is_not_changed():
    """An assignment to it is an error that names both."""
    v = tf.Variable([1.0], name="v")
    added = tf.assign_add(v, [1.0], name="added")
    with tf.Session() as sess:
        assert sess.run(v + 1, {v: [5.0]}) == [6]
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"'added' \(AssignAdd\) changes 'v'"):
            sess.run(added, {v: [5.0]})
