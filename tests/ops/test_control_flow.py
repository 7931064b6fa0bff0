"""Branches and loops: the graphs that TensorFlow makes of the same programs, and the same results."""

from __future__ import annotations

import _thread
import inspect
import json
import sys
import threading
import tracemalloc
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.graph.apply import apply_list, apply_op
from hdfsaver.messages.message_classes import parse_text
from tests.ops.branches import BRANCHES
from tests.ops.fold_programs import FOLDS
from tests.ops.loop_derivatives import LOOP_DERIVATIVES
from tests.ops.loops import LOOPS
from tests.ops.make_control_flow import record, results_of
from tests.ops.make_programs import tensors_in

PROGRAMS = BRANCHES + LOOPS + LOOP_DERIVATIVES + FOLDS
RECORDED = json.loads(Path(__file__).with_name("control_flow.json").read_text())


def contexts_in() -> list[Any]:
    """The contexts of branches and loops of the default graph."""
    return [item for key in ("cond_context", "while_context") for item in tf.get_collection(key)]


def named(program: Any) -> str:
    """The name of a program."""
    return str(program.__name__)


@pytest.mark.parametrize("program", PROGRAMS, ids=named)
def test_the_graph_is_that_of_tensorflow(program: Any) -> None:
    """Names, types, inputs, shapes, contexts and results are those that TensorFlow recorded."""
    assert RECORDED[named(program)] == json.loads(json.dumps(record(tf, program)))


@pytest.mark.parametrize("program", PROGRAMS, ids=named)
def test_contexts_are_kept(program: Any, tmp_path: Path) -> None:
    """The contexts of branches come back from a file and from a message, in another scope, too."""
    with tf.Graph().as_default():
        program(tf)
        described = tf.train.export_meta_graph(tmp_path / "x.h5")
        contexts = [item.to_proto() for item in contexts_in()]
    with tf.Graph().as_default():
        tf.train.import_meta_graph(tmp_path / "x.h5")
        assert contexts == [item.to_proto() for item in contexts_in()]
    with tf.Graph().as_default():
        tf.train.import_meta_graph(described, import_scope="s")
        assert contexts == [item.to_proto(export_scope="s") for item in contexts_in()]
        assert all(item.name.startswith("s/") for item in contexts_in())


@pytest.mark.parametrize("program", PROGRAMS, ids=named)
def test_an_imported_graph_gives_the_same(program: Any) -> None:
    """A graph that is imported without its contexts runs as before."""
    with tf.Graph().as_default():
        fetches, feeds = program(tf)
        definition = tf.get_default_graph().as_graph_def()
        tensors = [tensor for tensor in tensors_in(fetches) if isinstance(tensor, tf.Tensor)]
        init = tf.global_variables_initializer().name
        definition = tf.get_default_graph().as_graph_def()
        before = results_of(tf, tensors, feeds)
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.import_graph_def(definition, name="")
        sess.run(init)
        for fed, expected in zip(feeds, before, strict=True):
            if isinstance(expected, list):
                assert expected == [value.tolist() for value in sess.run([tensor.name for tensor in tensors], fed)]


def condition() -> tuple[tf.Tensor, tf.Tensor]:
    """A number and a bool to be fed."""
    return tf.constant(1.0, name="x"), tf.placeholder(tf.bool, [], name="p")


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda x, p: tf.cond(True, lambda: x, lambda: x), TypeError, "'pred' must not be a Python bool"),
        (lambda x, p: tf.cond(x, lambda: x, lambda: x), TypeError, "type float32 that does not match expected type of"),
        (lambda x, p: tf.cond(tf.constant([True]), lambda: x, lambda: x), ValueError, "cannot take shapes"),
        (lambda x, p: tf.cond(p, lambda: None, lambda: x), ValueError, "'true_fn' must have a return value"),
        (lambda x, p: tf.cond(p, lambda: x, lambda: None), ValueError, "'false_fn' must have a return value"),
        (lambda x, p: tf.cond(p, list, list), ValueError, "must return at least one result"),
        (lambda x, p: tf.cond(p, lambda: x, lambda: 1), ValueError, "must have the same type"),
        (lambda x, p: tf.cond(p, lambda: (x, x), lambda: x), ValueError, "same nested structure"),
        (lambda x, p: tf.cond(p, lambda: (x, None), lambda: (x, None)), ValueError, "None values not supported"),
        (lambda x, p: tf.cond(p, x, lambda: x), TypeError, "'true_fn' must be callable"),
        (lambda x, p: tf.cond(p, lambda: x), TypeError, "'false_fn' argument required"),
        (lambda x, p: tf.cond(p, lambda: x, lambda: x, fn1=lambda: x), TypeError, "may not be set simultaneously"),
        (lambda x, p: tf.case([]), ValueError, "at least one pair"),
        (lambda x, p: tf.case([(True, lambda: x)]), TypeError, "pred must be a Tensor"),
        (lambda x, p: tf.case(3), TypeError, "must be a list, tuple, or dict"),
        (lambda x, p: tf.case([(p, cast("Any", 3))]), TypeError, "must be callable"),
        (lambda x, p: tf.case([p]), TypeError, "must be a 2-tuple"),
        (lambda x, p: tf.case([(p, lambda: x)], default=3), TypeError, "must be callable"),
        (lambda x, p: tf.case([(x, lambda: x)]), TypeError, "must be Tensor of type bool"),
        (lambda x, p: tf.cond(p, lambda: [x], lambda: {"a": x}, strict=True), TypeError, "same sequence type"),
        (lambda x, p: tf.cond(p, lambda: {"b": x}, lambda: {"a": x}), ValueError, "same set of keys"),
        (lambda x, p: tf.cond(p, lambda: (x, x), lambda: (x,) * 3), ValueError, "same number of elements"),
    ],
)
def test_what_cannot_be_a_branch_is_refused(make: Any, error: type[Exception], message: str) -> None:
    """The errors are those of TensorFlow."""
    with pytest.raises(error, match=message):
        make(*condition())


def test_what_is_inside_of_a_branch_is_fed_but_not_fetched() -> None:
    """A value inside of a branch may be given; what runs in some runs only is not fetched."""
    x, p = condition()
    made: list[tf.Tensor] = []

    def on_true() -> tf.Tensor:
        made.append(x + 1.0)
        return made[0]

    y = tf.cond(p, on_true, lambda: x * 3.0)
    with tf.Session() as sess:
        assert 9.0 == sess.run(y, {p: True, made[0]: 9.0})
        assert 0 == sess.run("cond/Merge:1", {p: False})
        for fetched in (made[0], made[0].op, "cond/pred_id:0", "cond/switch_t:0"):
            with pytest.raises(ValueError, match="has been marked as not fetchable"):
                sess.run(fetched, {p: True})


def test_only_the_branch_that_is_taken_runs() -> None:
    """An assignment and an error of the other branch do not happen; those of what it uses from outside do."""
    x, p = condition()
    v = tf.Variable(0.0)
    outside = v.assign_add(100.0)

    def wrong() -> tf.Tensor:
        with tf.control_dependencies([v.assign_add(1.0)]):
            return tf.check_numerics(x / 0.0, "inside")

    y = tf.cond(p, wrong, lambda: outside)
    with tf.Session() as sess:
        sess.run(v.initializer)
        assert (100.0, 100.0) == (sess.run(y, {p: False}), sess.run(v))
        with pytest.raises(tf.errors.InvalidArgumentError, match="inside"):
            sess.run(y, {p: True})


def test_a_merge_lives_although_it_waits_for_what_is_dead() -> None:
    """A dead control input kills everything but a Merge and a ControlTrigger; a Switch that waits has run."""
    x, p = condition()
    off, on = apply_list("Switch", x, p)
    with tf.control_dependencies([tf.identity(on)]):
        merged, number = apply_list("Merge", [off, tf.constant(5.0)])
        trigger = apply_op("ControlTrigger")
    with tf.control_dependencies([trigger, off.op]):
        after = tf.identity(x)
    with tf.Session() as sess:
        assert [1.0, 0, 1.0] == sess.run([merged, number, after], {p: False})


def test_a_dead_context_is_kept_as_bytes() -> None:
    """What is not a context, or is one of operations that are not there, stays as it came."""
    with tf.Graph().as_default():
        x, p = condition()
        tf.cond(p, lambda: x, lambda: x)
        described = tf.train.export_meta_graph()
    described.collection_def["cond_context"].bytes_list.value.append(b"\xff\xff")
    with tf.Graph().as_default():
        tf.train.import_meta_graph(described)
        found = tf.get_collection("cond_context")
    assert [False, False, True] == [isinstance(item, bytes) for item in found]


@pytest.mark.parametrize("feed", [{"p:0": True}, {"p:0": False}])
def test_a_derivative_goes_through_a_branch_without_a_context(feed: dict[str, bool]) -> None:
    """Where nothing tells which branch an operation is of, the number of the Merge does."""
    with tf.Graph().as_default():
        x, p = condition()
        tf.cond(p, lambda: x * 3.0, lambda: x * x * 5.0, name="c")
        definition = tf.get_default_graph().as_graph_def()
    with tf.Graph().as_default() as graph, tf.Session() as sess:
        tf.import_graph_def(definition, name="")
        grads = tf.gradients(graph.get_tensor_by_name("c/Merge:0"), graph.get_tensor_by_name("x:0"))
        assert [3.0 if feed["p:0"] else 10.0] == sess.run(grads, feed)


class Closing:
    """A number that closes a session when it is fed: the run has begun then."""

    def __init__(self, session: tf.Session) -> None:
        self._session = session

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        self._session.close()
        return np.zeros((), np.int32)


def endless() -> Any:
    """A loop that does not end."""
    return tf.while_loop(lambda i: True, lambda i: i + 1, [0])


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: tf.while_loop(lambda: True, list, []), ValueError, "'loop_vars' must be provided"),
        (lambda: tf.while_loop(3, lambda i: i, [0]), TypeError, "'cond' must be callable"),
        (lambda: tf.while_loop(lambda i: True, 3, [0]), TypeError, "'body' must be callable"),
        (lambda: tf.while_loop(lambda i: i, lambda i: i, [0]), TypeError, "must be a bool"),
        (lambda: tf.while_loop(lambda i: [True], lambda i: i, [0]), ValueError, "cannot take shapes"),
        (lambda: tf.while_loop(lambda i: True, lambda i: i, [0], None, 0), TypeError, "must be a positive integer"),
        (lambda: tf.while_loop(lambda i: True, lambda i: (i, i), [0]), ValueError, "must match 'loop_vars'"),
        (lambda: tf.while_loop(lambda i: True, lambda i: i.op, [0]), TypeError, "gives an operation"),
        (lambda: tf.while_loop(lambda i: True, lambda i: tf.cast(i, "float32"), [0]), TypeError, "with dtype int32"),
        (
            lambda: tf.while_loop(lambda i: True, lambda i: tf.concat([i, i], 0), [tf.constant([1, 2])]),
            ValueError,
            r"enters the loop with shape \(2,\), but has shape \(4,\) after one iteration",
        ),
        (
            lambda: tf.while_loop(lambda i: True, lambda i: i, [tf.constant([1, 2])], [tf.TensorShape([3])]),
            ValueError,
            "is not compatible with the initial shape",
        ),
        (
            lambda: tf.while_loop(lambda i: True, lambda i: i, [0], maximum_iterations=[1]),
            ValueError,
            "must be a scalar",
        ),
    ],
)
def test_what_cannot_be_a_loop_is_refused(make: Any, error: type[Exception], message: str) -> None:
    """The errors are those of TensorFlow; a next value of another dtype, which it takes, is refused, too."""
    with tf.Graph().as_default(), pytest.raises(error, match=message):
        make()


def test_a_loop_stops_between_two_iterations() -> None:
    """After a time, when its session is closed, and on Ctrl-C; a session that is not closed goes on."""
    loop = endless()
    with tf.Session() as sess:
        with pytest.raises(tf.errors.DeadlineExceededError, match="Timed out"):
            sess.run(loop, options=tf.RunOptions(timeout_in_ms=10))
        timer = threading.Timer(0.01, _thread.interrupt_main)
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            sess.run(loop)
        timer.join()
        assert 3 == sess.run(tf.while_loop(lambda i: i < 3, lambda i: i + 1, [0]))
        first = tf.placeholder(tf.int32, [])
        other = tf.while_loop(lambda i: True, lambda i: i + 1, [first])
        with pytest.raises(tf.errors.CancelledError, match="Loop execution was cancelled"):
            sess.run(other, {first: Closing(sess)})
    limited = tf.Session(config=tf.ConfigProto(operation_timeout_in_ms=10))
    with limited, pytest.raises(tf.errors.DeadlineExceededError, match="Timed out"):
        limited.run(loop)


def peak(count: int) -> int:
    """The most bytes that a loop over large arrays has at once."""
    x = tf.zeros([20_000])
    loop = tf.while_loop(lambda i, a: i < count, lambda i, a: (i + 1, a + x), [0, x])[1]
    with tf.Session() as sess:
        sess.run(loop)
        tracemalloc.start()
        sess.run(loop)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return found


def test_iterations_take_no_memory() -> None:
    """A hundred iterations need as much as a few."""
    assert peak(100) < 1.2 * peak(4)


@pytest.mark.slow
def test_a_million_iterations() -> None:
    """They end with the right value."""
    count = tf.while_loop(lambda i: i < 1_000_000, lambda i: i + 1, [0])
    with tf.Session() as sess:
        assert 1_000_000 == sess.run(count)


def test_iterations_run_in_constant_memory() -> None:
    """Ten times as many need no more."""
    limit = tf.placeholder(tf.int32, [])
    rows = tf.while_loop(lambda i, x: i < limit, lambda i, x: (i + 1, x + 1.0), [0, tf.zeros([1000])])
    peaks = []
    with tf.Session() as sess:
        sess.run(rows, {limit: 1})
        for count in (300, 3000):
            tracemalloc.start()
            assert count == sess.run(rows, {limit: count})[1][0]
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    assert peaks[1] < peaks[0] + 4000  # a row has 4,000 bytes


def test_many_loops_in_each_other_are_no_recursion() -> None:
    """A run does not go deeper into Python's stack for a loop in a loop."""

    def nested(depth: int, a: Any) -> Any:
        return (
            tf.while_loop(lambda i, b: i < 1, lambda i, b: (i + 1, nested(depth - 1, b)), (0, a))[1] if depth else a + 1
        )

    deep = nested(12, tf.constant(0.0))
    with tf.Session() as sess:
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(len(inspect.stack()) + 45)
        try:
            assert 1.0 == sess.run(deep)
        finally:
            sys.setrecursionlimit(limit)


def test_what_is_inside_of_a_loop_is_neither_fetched_nor_fed() -> None:
    """Its values are several; where a graph was imported, a run says so."""
    loop = tf.while_loop(lambda i: i < 3, lambda i: i + 1, [0])
    definition = tf.get_default_graph().as_graph_def()
    with tf.Session() as sess:
        with pytest.raises(ValueError, match="not fetchable"):
            sess.run("while/add:0")
        with pytest.raises(ValueError, match="may not be fed"):
            sess.run(loop, {"while/add:0": 3})
        assert 0 == sess.run("while/Enter:0")
        assert 7 == sess.run(loop, {loop: 7})
        with pytest.raises(tf.errors.UnimplementedError, match="loop"):
            sess.partial_run_setup([loop], [])
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.import_graph_def(definition, name="")
        with pytest.raises(tf.errors.InvalidArgumentError, match="inside of a loop"):
            sess.run("while/add:0")
        assert sess.run(tf.get_default_graph().get_operation_by_name("while/add")) is None


TWO_FRAMES = """
node { name: "e" op: "Enter" input: "c" attr { key: "T" value { type: DT_INT32 } }
 attr { key: "frame_name" value { s: "f" } } }
node { name: "x" op: "AddV2" input: "e" input: "c" attr { key: "T" value { type: DT_INT32 } } }
"""


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ("node { name: 'x' op: 'Exit' input: 'c' attr { key: 'T' value { type: DT_INT32 } } }", "Invalid Exit op"),
        (
            TWO_FRAMES,
            "inputs from different frames",
        ),
    ],
)
def test_a_loop_that_is_not_one_is_refused(nodes: str, message: str) -> None:
    """A graph from elsewhere may mix what is in a loop and what is not."""
    tf.constant(1, name="c")
    definition = tf.get_default_graph().as_graph_def()
    parse_text(nodes, definition)
    with tf.Graph().as_default() as graph, tf.Session() as sess:
        tf.import_graph_def(definition, name="")
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            sess.run(graph.get_operation_by_name("x"))


def test_a_loop_without_derivatives() -> None:
    """Nothing passes through a loop that says so, and nothing twice."""
    x = tf.constant(2.0)

    def loop(back_prop: bool) -> Any:
        return tf.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, a * x), [0, x], back_prop=back_prop)[1]

    assert [None] == tf.gradients(loop(False), x)
    with pytest.raises(TypeError, match="Second-order gradient for while loops not supported"):
        tf.gradients(tf.gradients(loop(True), x), x)
    assert tf.constant(1.0).op.control_inputs == []


def test_a_derivative_by_an_earlier_value_of_a_loop() -> None:
    """Within a loop there is no derivative by what its variables were before it."""
    x = tf.constant(2.0)
    with pytest.raises(ValueError, match="Cannot compute gradient inside while loop"):
        tf.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, tf.gradients(a * a, x)[0]), [0, x])


def test_a_loop_without_its_context_has_no_derivative() -> None:
    """An imported graph has the contexts only where the collections came with it."""
    x = tf.constant(2.0, name="x")
    tf.while_loop(lambda a: a < 9.0, lambda a: a * x, [x])
    definition = tf.get_default_graph().as_graph_def()
    described = tf.train.export_meta_graph()
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(definition, name="")
        with pytest.raises(LookupError, match="No gradient defined.*tf.train.import_meta_graph"):
            tf.gradients(graph.get_tensor_by_name("while/Exit:0"), graph.get_tensor_by_name("x:0"))
    with tf.Graph().as_default() as graph, tf.Session() as sess:
        tf.train.import_meta_graph(described)
        found = tf.gradients(graph.get_tensor_by_name("while/Exit:0"), graph.get_tensor_by_name("x:0"))
        assert [32.0] == sess.run(found)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: tf.map_fn(lambda a: a, tf.constant(1)), ValueError, "1\\+ dimensional"),
        (lambda: tf.map_fn(cast("Any", 1), tf.constant([1])), TypeError, "fn must be callable"),
        (lambda: tf.map_fn(lambda a: (a, a), tf.constant([1])), ValueError, "same nested structure"),
        (lambda: tf.scan(lambda a, b: (a, b), tf.constant([1])), ValueError, "same nested structure"),
        (
            lambda: tf.map_fn(lambda a: a[0], (tf.constant([1]), tf.constant([1, 2])), dtype=tf.int32),
            ValueError,
            "different first sizes",
        ),
    ],
)
def test_what_cannot_be_mapped_is_refused(make: Any, error: type[Exception], message: str) -> None:
    """The errors are those of TensorFlow."""
    with pytest.raises(error, match=message):
        make()
