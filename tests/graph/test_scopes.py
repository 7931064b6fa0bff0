"""The ``with`` blocks of a graph: of threads, in the wrong order, their devices, attributes and control inputs."""

import threading
from typing import Any

import pytest

import hdfsaver as tf
from hdfsaver.graph.graph import default_graphs


def in_thread(function):
    found = []
    thread = threading.Thread(target=lambda: found.append(function()))
    thread.start()
    thread.join()
    return found[0]


def test_name_scopes_are_of_a_thread(graph):
    """A thread begins at the root, whatever scope the others are in, and names stay unique among threads."""

    def tower():
        with graph.as_default(), tf.name_scope("tower"):
            return tf.constant(1.0, name="w").name

    with tf.name_scope("outer"):
        assert ["tower/w:0", "tower_1/w:0"] == [in_thread(tower), in_thread(tower)]
        assert "outer/w:0" == tf.constant(1.0, name="w").name


def test_blocks_of_a_thread_do_not_reach_others(graph):
    """Devices, control inputs and colocation that one thread enters are not those of another one that builds."""
    first = tf.constant(1.0, name="first")
    entered, done = threading.Event(), threading.Event()

    def other():
        with graph.as_default(), tf.device("/gpu:1"), tf.control_dependencies([first]):
            inside = tf.constant(2.0)
            with tf.colocate_with(inside):
                entered.set()
                done.wait(10)
        return inside

    found = []
    thread = threading.Thread(target=lambda: found.append(other()))
    thread.start()
    entered.wait(10)
    mine = tf.constant(3.0)
    done.set()
    thread.join()
    assert ("", [], []) == (mine.device, mine.op.control_inputs, list(mine.op.node_def.attr["_class"].list.s))
    assert ("/device:GPU:1", [first.op]) == (found[0].device, found[0].op.control_inputs)


def test_a_thread_begins_with_the_blocks_around_its_start(graph):
    """As in TensorFlow, a thread has the blocks that the graph's own thread has open, unless it is told not to."""

    def made():
        with graph.as_default():
            return tf.constant(1.0).device

    with tf.device("/cpu:0"):
        assert "/device:CPU:0" == in_thread(made)
    graph.switch_to_thread_local()
    with tf.device("/cpu:0"):
        assert ("", "/device:CPU:0") == (in_thread(made), made())


def test_many_threads_build_one_graph(graph):
    """Each of the names is given once, and each operation has its node, its edges and its inputs."""
    x = tf.placeholder(tf.float32, [], name="x")

    def build():
        with graph.as_default():
            for _ in range(60):
                tf.add(x, 1.0, name="sum")

    threads = [threading.Thread(target=build) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 + 2 * 240 == len(graph.get_operations()) == graph.version
    assert {"sum", *(f"sum_{number}" for number in range(1, 240))} == {op.name for op in x.consumers()}


def test_blocks_that_are_left_in_the_wrong_order(graph):
    """Each kind has TensorFlow's error, or TensorFlow's silence, and what is left later ends well."""
    x = tf.constant(1.0)
    for outer, inner, error, text in (
        (graph.device("/cpu:0"), graph.device("/gpu:0"), RuntimeError, "without proper scope nesting"),
        (graph.control_dependencies([x]), graph.control_dependencies([x]), AssertionError, "reverse order"),
        (graph.as_default(), tf.Graph().as_default(), AssertionError, "Nesting violated"),
    ):
        outer.__enter__()
        inner.__enter__()
        with pytest.raises(error, match=text):
            outer.__exit__(None, None, None)
        inner.__exit__(None, None, None)
    default_graphs.pop(graph)
    assert "/device:CPU:0" == tf.constant(1.0).device


def test_control_inputs_stay_that_are_entered_by_hand(graph):
    """A block that nothing refers to is still open; a list of slices stands for its values."""
    values = tf.constant(1.0, name="values")
    tf.control_dependencies([tf.IndexedSlices(values, tf.constant(0))]).__enter__()
    tf.control_dependencies(None)
    assert ["values"] == [op.name for op in tf.no_op().control_inputs]
    with pytest.raises(TypeError, match="float"):
        tf.control_dependencies([1.0])  # type: ignore[list-item]


def test_a_name_scope_ends_inside_a_block_of_another_graph(graph):
    """A scope enters a graph only where its values are of another one than the default graph."""
    scope = tf.name_scope("a")
    scope.__enter__()
    with tf.Graph().as_default():
        scope.__exit__(None, None, None)
    assert "c" == tf.constant(1, name="c").op.name


def test_a_name_scope_can_be_entered_again(graph):
    """One object gives a new scope each time, and tells the name that was asked for."""
    scope = tf.name_scope("s")
    with scope as first, scope as second:
        assert ("s/", "s/s/", "s") == (first, second, scope.name)
    with scope as third:
        assert "s_1/" == third
    with tf.name_scope(None, "default") as fourth, tf.op_scope([], None, "old") as fifth:
        assert ("default/", "default/old/") == (fourth, fifth)


def test_values_tell_the_graph(graph):
    """Tensors and operations do; of two graphs they are refused."""
    with tf.Graph().as_default() as other:
        x, y = tf.constant(1.0), tf.no_op()
    same: list[list[Any]] = [[x], [y], [None, 3, y, x]]
    mixed: list[list[Any]] = [[x, tf.constant(1.0)], [y, tf.constant(1.0)]]
    for values in same:
        with tf.name_scope("s", values=values):
            assert other is tf.get_default_graph()
    for values in mixed:
        with pytest.raises(ValueError, match="must be from the same graph"), tf.name_scope("s", values=values):
            pass


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ((None, None, []), ValueError, "At least one of name"),
        ((None, 3), TypeError, "not a string type"),
        (("_a",), ValueError, "'_a' is not a valid root scope name"),
    ],
)
def test_wrong_name_scopes(graph, arguments, error, text):
    """A scope without a name, or with one that is not legal, is refused."""
    with pytest.raises(error, match=text), tf.name_scope(*arguments):
        pass


def test_names_may_be_bytes(graph):
    """As in TensorFlow, bytes are taken where a name is: of operations, of scopes, of elements to find."""
    with tf.name_scope(b"s"):
        made = tf.no_op(name=b"n")
    assert ("s/n", made) == (made.name, graph.as_graph_element(b"s/n"))


def test_init_scope_waits_for_nothing(graph):
    """Names and devices stay, control inputs do not."""
    x = tf.constant(1.0, name="x")
    with tf.control_dependencies([x]), tf.name_scope("s"), tf.device("/cpu:0"), tf.init_scope():
        inside = tf.constant(1.0, name="c")
    assert ("s/c:0", "/device:CPU:0", []) == (inside.name, inside.device, inside.op.control_inputs)


def test_colocation_is_written_as_tensorflow_writes_it(graph):
    """Groups add up, devices of the block do not count, the innermost operation with a device gives it."""
    with tf.device("/cpu:0"):
        a = tf.constant(1.0, name="a")
    with tf.device("/gpu:0"):
        b = tf.constant(1.0, name="b")
    with tf.device("/cpu:7"), tf.colocate_with(a):
        c = tf.constant(1.0)
        with tf.colocate_with(b):
            d = tf.constant(1.0)
        with tf.colocate_with(b, ignore_existing=True):
            e = tf.constant(1.0)
        with tf.colocate_with(None, ignore_existing=True):
            f = tf.constant(1.0, name="f")
        again = tf.constant(1.0)
    groups = [tensor.op.colocation_groups() for tensor in (c, d, e, f, again)]
    assert [[b"loc:@a"], [b"loc:@a", b"loc:@b"], [b"loc:@b"], [b"loc:@f"], [b"loc:@a"]] == groups
    assert ["/device:CPU:0", "/device:GPU:0", "/device:GPU:0", "", "/device:CPU:0"] == [
        tensor.device for tensor in (c, d, e, f, again)
    ]
    assert "_class" not in f.op.node_def.attr
    with pytest.raises(ValueError, match="Trying to reset colocation"), tf.colocate_with(None):
        pass


def test_an_operation_on_a_variable_is_on_its_device(graph):
    """An assignment has the device and the group of the variable, and of the colocation around it too."""
    with tf.device("/cpu:0"):
        v = tf.Variable(1.0, name="v")
    a = tf.constant(1.0, name="a")
    with tf.device("/gpu:0"):
        outside = tf.assign(v, 2.0)
    with tf.colocate_with(a):
        inside = tf.assign(v, 2.0)
    assert ("/device:CPU:0", [b"loc:@v"]) == (outside.device, outside.op.colocation_groups())
    assert ("/device:CPU:0", [b"loc:@a", b"loc:@v"]) == (inside.device, inside.op.colocation_groups())


def test_containers(graph):
    """A container is an attribute of variables made inside; the innermost one counts."""
    with graph.container("outer"):
        v = tf.Variable(1.0)
        with tf.container("inner") as name:
            w = tf.Variable(1.0)
    assert [b"outer", b"inner", "inner"] == [v.op.get_attr("container"), w.op.get_attr("container"), name]


def test_the_type_of_a_derivative_is_an_attribute(graph, tmp_path):
    """`gradient_override_map` writes TensorFlow's attribute, for the types in it alone, and a file keeps it."""
    x = tf.constant(3.0)
    with graph.gradient_override_map({"Square": "Mine"}):
        with graph.gradient_override_map({"Sin": "Other"}):
            square, sin = tf.square(x), tf.sin(x)
        cos = tf.cos(x)
    assert [b"Mine", b"Other"] == [each.op.get_attr("_gradient_op_type") for each in (square, sin)]
    assert "_gradient_op_type" not in cos.op.node_def.attr
    tf.io.write_graph(graph, str(tmp_path), "g.h5", as_text=False)
    assert b"Mine" == tf.read_digraph(tmp_path / "g.h5").nodes["Square"]["attrs"]["_gradient_op_type"]
    with pytest.raises(TypeError, match="mapping strings to strings"), graph.gradient_override_map({"Square": 3}):
        pass


def test_attributes_of_a_block(graph):
    """Messages under names become attributes of operations made inside; None takes one away."""
    with graph._attr_scope({"_x": tf.AttrValue(s=b"1"), "_y": tf.AttrValue(i=3)}):
        p = tf.constant(1)
        with graph._attr_scope({"_x": None}):
            q = tf.constant(1)
    assert [b"1", 3] == [p.op.get_attr("_x"), p.op.get_attr("_y")]
    assert ["_y", "dtype", "value"] == sorted(q.op.node_def.attr)
