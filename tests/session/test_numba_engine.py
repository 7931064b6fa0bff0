"""`Session(engine="numba")`: the same bits as with NumPy, errors, what is joined, and what stays as it is."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hdfsaver as tf
from hdfsaver.element_loops import compiling
from hdfsaver.session import element_groups, generated_code, reuse
from hdfsaver.session.joined_calls import joined_call
from hdfsaver.session.joined_text import Group

pytest.importorskip("numba")

Joined = list[list[str]]
WORTH = element_groups._WORTH


@pytest.fixture(autouse=True, scope="module")
def soon() -> Iterator[None]:
    """Loops are made after one run, and for small arrays as for large ones."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generated_code, "_RUNS_BEFORE", 1)
        patch.setattr(reuse, "_LEAST", 1)
        patch.setattr(element_groups, "_WORTH", ((2, 1),))
        yield


@pytest.fixture
def joined(monkeypatch: pytest.MonkeyPatch) -> Joined:
    """The names of the operations of each group."""
    found: Joined = []

    def noting(group: Group) -> Any:
        found.append([call.node for call in group.calls])
        return joined_call(group)

    monkeypatch.setattr(element_groups, "joined_call", noting)
    return found


def results_of(engine: Any, fetches: Any, feeds: Sequence[dict[Any, Any]]) -> list[Any]:
    """What runs give, one after the other."""
    with tf.Session(engine=engine) as sess:
        sess.run(tf.global_variables_initializer())
        return [sess.run(fetches, each) for each in feeds]


def assert_same_bits(fetches: Any, feeds: Sequence[dict[Any, Any]]) -> None:
    """Both engines give the same, digit by digit, in each of some runs."""
    expected, found = (results_of(engine, fetches, feeds) for engine in ("numpy", "numba"))
    for right, mine in zip(expected, found, strict=True):
        for one, other in zip(right, mine, strict=True):
            assert np.asarray(one).dtype == np.asarray(other).dtype
            np.testing.assert_array_equal(one, other)
            is_number = ~np.isnan(one)  # a NaN has any sign in NumPy too
            np.testing.assert_array_equal(np.signbit(one) & is_number, np.signbit(other) & is_number)


def test_training_gives_the_same(joined: Joined) -> None:
    """All steps, losses and variables, also with another number of examples."""
    tf.set_random_seed(1)
    x, labels = tf.placeholder(tf.float32, [None, 4], "x"), tf.placeholder(tf.int32, [None])
    hidden = tf.layers.dense(x, 8, activation=tf.nn.relu)
    y = tf.layers.dense(tf.nn.relu6(hidden * 0.5 + 0.1), 3)
    loss = tf.losses.sparse_softmax_cross_entropy(labels, y)
    step = tf.train.AdamOptimizer(0.05).minimize(loss)
    with tf.control_dependencies([step]):
        values = [tf.identity(variable.read_value()) for variable in tf.trainable_variables()]
    random = np.random.default_rng(0)
    rows = [random.normal(0, 1, (count, 4)).astype("f") for count in (5, 5, 5, 3, 1)]
    assert_same_bits([loss, y, *values], [{x: some, labels: np.arange(len(some)) % 3} for some in rows])
    assert 4 == sum("ApplyAdam" in names[-1] for names in joined)


@pytest.mark.parametrize("use_resource", [False, True])
def test_a_formula_of_adam(joined: Joined, use_resource: bool) -> None:
    """Three groups, each of which ends in the change of a variable; old values stay as they are elsewhere."""
    w, m, v = (tf.get_variable(n, initializer=np.full(9, 0.5, "f"), use_resource=use_resource) for n in "wmv")
    g = tf.placeholder(tf.float32, [9])
    mean = tf.assign(m, m * 0.9 + g * 0.1)
    square = tf.assign(v, v * 0.999 + tf.square(g) * 0.001)
    step = tf.assign_sub(w, 0.001 * mean / (tf.sqrt(square) + 1e-8))
    feeds = [{g: np.linspace(-1, 1, 9) * number} for number in range(1, 5)]
    with tf.Session(engine="numba") as sess:
        sess.run(tf.global_variables_initializer())
        for feed in feeds[:2]:
            sess.run(step, feed)
        snapshot = sess.state.snapshot(list(sess.state.variables))
        copies = {key: np.copy(value) for key, value in snapshot.items()}
        sess.run(step, feeds[2])
        assert all(np.array_equal(copies[key], value) for key, value in snapshot.items())
        assert not all(np.array_equal(copies[key], value) for key, value in sess.state.variables.items())
        assert not any(value.flags.writeable for value in sess.state.variables.values())
    assert [4, 5, 5] == [len(names) for names in joined]
    assert_same_bits([step, mean, square], feeds)


def test_changes_stay_in_their_order() -> None:
    """A read between two changes sees the first one; each change continues from the one before."""
    v = tf.Variable(np.ones(5, "f"))
    x = tf.placeholder(tf.float32, [5])
    first = tf.assign_add(v, x * 2 + 1)
    with tf.control_dependencies([first]):
        between = tf.identity(v.read_value()) * 3 - x
        with tf.control_dependencies([between]):
            second = tf.assign_sub(v, between * x + 0.25)
            with tf.control_dependencies([second]):
                third = tf.assign(v, v * 0.5 + x)
                with tf.control_dependencies([third]):
                    after = tf.identity(v.read_value())
    assert_same_bits([between, after], [{x: np.arange(5) + 0.1 * number} for number in range(4)])


def test_a_change_is_not_put_off(joined: Joined) -> None:
    """A value that is assigned, and needed once more behind a read of the variable, is there for the read."""
    v, x = tf.Variable(np.zeros(5, "f")), tf.placeholder(tf.float32, [5])
    value = x * 2.0 + 1.0
    with tf.control_dependencies([tf.assign(v, value)]):
        seen = tf.identity(v.read_value())
    end = value * 3.0 - x
    assert_same_bits([seen, end], [{x: np.arange(5) + number} for number in range(4)])
    assert [3, 2] == [len(names) for names in joined]


def test_what_something_else_needs_ends_a_group(joined: Joined) -> None:
    """A product of matrices needs the sum, so that what follows it is another group; both are needed outside."""
    x = tf.placeholder(tf.float32, [None, 3], "x")
    total = tf.add(tf.multiply(x, 2.0, name="double"), 1.0, name="total")
    product = tf.matmul(total, np.eye(3, dtype="f"))
    end = tf.subtract(tf.multiply(total, product, name="weighted"), x, name="end")
    assert_same_bits([end, total], [{x: np.ones((2, 3)) * number} for number in range(3)])
    assert [["double", "total"], ["weighted", "end"]] == joined


def test_rows_and_columns(joined: Joined) -> None:
    """Vectors along either dimension, and of rank 3; those of other places are left to NumPy."""
    x = tf.placeholder(tf.float64, [None, 2, 3], "x")
    row, column = tf.constant([1.0, 2.0, 3.0], tf.float64), tf.placeholder(tf.float64, [None, 2, 1])
    y = tf.add((x * row - column) * 2.0, row, name="y")
    z = tf.multiply(tf.square(x) + tf.constant([[[1.0]], [[2.0]]], tf.float64), 3.0, name="z")
    random = np.random.default_rng(0)
    feeds = [{x: random.normal(size=(2, 2, 3)), column: random.normal(size=(2, 2, 1))} for _ in range(3)]
    assert_same_bits([y, z], feeds)
    assert [4] == [len(names) for names in joined if names[-1] == "y"]
    assert not any("Square" in names and "z" in names for names in joined)


def test_arrays_of_other_kinds() -> None:
    """Without elements, transposed, with gaps, of one element, read-only; subnormal numbers are 0 in both."""
    x, y = tf.placeholder(tf.float32, [None, None], "x"), tf.placeholder(tf.float32, [None, None], "y")
    end = tf.maximum(x * y + 1.0, y) - tf.square(x)
    whole = np.linspace(-2, 2, 36, dtype=np.float32).reshape(6, 6)
    kinds = [whole.T, whole[::2, ::3], whole[:0], whole[:, :0], whole[:1, :1], whole, whole * np.float32(1e-39)]
    assert_same_bits([end], [{x: array, y: array[::-1]} for array in kinds for _ in range(2)])


def test_numbers_beside_arrays() -> None:
    """A condition, an integer and floats of both sizes that are one for all elements."""
    x, k = tf.placeholder(tf.float64, [None]), tf.placeholder(tf.int64, [None])
    flag, one, half = tf.placeholder(tf.bool, []), tf.placeholder(tf.int64, []), tf.placeholder(tf.float64, [])
    end = tf.where_v2(flag, x * half + half, -x) + tf.cast(k * one - one, tf.float64)
    feeds = [
        {x: np.arange(3), k: np.arange(3), flag: flag_value, one: 3, half: 0.1} for flag_value in (True, False, True)
    ]
    assert_same_bits([end], feeds)


def test_a_cast_that_changes_nothing_is_no_copy() -> None:
    """The memory of a variable's value is not taken for a result, also where shapes are not what the graph says."""
    x, y = tf.placeholder(tf.float32, [None, 3]), tf.placeholder(tf.float32, [None, 3])
    v = tf.Variable(np.ones((1, 3), "f"))
    same = tf.cast(tf.identity(v), tf.float32)
    end = tf.matmul(same * x - y, np.eye(3, dtype="f")) * 2.0 + 1.0
    feeds = [{x: np.ones((count, 3)), y: np.ones((1, 3)) * count} for count in (1, 1, 2, 1)]
    assert_same_bits([end, v.read_value()], feeds)


def test_integers_wrap_around() -> None:
    """A product that is larger than an int32 is the same number in what follows it as in NumPy."""
    x = tf.placeholder(tf.int32, [None])
    end = tf.maximum(x * x, 7) + tf.where_v2(x * 3 > x, x, -x)
    assert_same_bits([end], [{x: np.array([1, -5, 70_000, 2**31 - 1, -(2**31)])}] * 3)


def test_shapes_that_do_not_fit() -> None:
    """Arrays that are repeated after all give what they give in NumPy; an error names the operation, and its place."""
    x, y = tf.placeholder(tf.float32, [None, 3], "x"), tf.placeholder(tf.float32, [None, 3], "y")
    v = tf.Variable(np.zeros((2, 3), "f"), name="v")
    end = tf.multiply(tf.add(x * 2.0, y, name="sum"), 3.0)
    step = tf.assign_add(v, end)
    good, bad = np.ones((2, 3)), np.ones((4, 3))
    messages = []
    for engine in ("numpy", "numba"):
        with tf.Session(engine=engine) as sess:
            sess.run(tf.global_variables_initializer())
            for _ in range(3):
                sess.run(step, {x: good, y: good})
            assert np.array_equal(np.full((2, 3), 36.0), sess.run(step, {x: good, y: good[:1]}))
            for given in ({x: good, y: bad}, {x: bad, y: bad}):
                with pytest.raises(tf.errors.InvalidArgumentError) as caught:
                    sess.run(step, given)
                messages.append(caught.value.message)
            assert np.array_equal(np.full((2, 3), 36.0), sess.run(v))
    assert messages[:2] == messages[2:]
    assert "'sum'" in messages[0]


def test_a_variable_without_a_value() -> None:
    """The error is that of NumPy's engine, also where other runs have made the loop before."""
    v = tf.Variable(np.zeros(3, "f"), name="v")
    step = tf.assign_sub(v, tf.sqrt(tf.placeholder_with_default(np.ones(3, "f"), [3])) * 2.0)
    with tf.Session(engine="numba") as sess:
        sess.run(v.initializer)
        for _ in range(3):
            sess.run(step)
        sess.state.variables.clear()
        with pytest.raises(tf.errors.FailedPreconditionError, match="uninitialized value v"):
            sess.run(step)


def test_branches(joined: Joined) -> None:
    """Where calls may be dead each stays alone, and an optimizer's step is compiled all the same."""
    x, is_trained = tf.placeholder(tf.float32, [None, 3], "x"), tf.placeholder(tf.bool, [])
    w = tf.Variable(np.ones((3, 3), "f"))
    y = tf.cond(is_trained, lambda: tf.nn.relu(tf.matmul(x, w)) * 2.0 + 1.0, lambda: x)
    loss = tf.reduce_sum(tf.square(y))
    step = tf.train.MomentumOptimizer(0.01, 0.9, use_nesterov=True).minimize(loss)
    with tf.control_dependencies([step]):
        after = tf.identity(w.read_value())
    random = np.random.default_rng(0)
    feeds = [{x: random.normal(size=(2, 3)), is_trained: flag} for flag in (True, False, True, True, False)]
    assert_same_bits([loss, after], feeds)
    assert all(len(names) == 1 for names in joined)
    assert any("ApplyMomentum" in names[0] for names in joined)


def test_loops(joined: Joined) -> None:
    """What a loop repeats is joined; results are those of NumPy."""
    x = tf.placeholder(tf.float32, [4], "x")
    end = tf.while_loop(lambda i, _: i < 5, lambda i, y: (i + 1, tf.tanh(y * 0.5 + x) - y), (0, x))[1]
    assert_same_bits([end], [{x: np.arange(4) * 0.1 + number} for number in range(3)])
    assert ["while/mul", "while/add_1"] in joined


UNARY = (tf.abs, tf.negative, tf.square, tf.sqrt, tf.nn.relu, tf.nn.relu6, tf.tanh, tf.floor, tf.nn.softsign)
BINARY = (tf.add, tf.subtract, tf.multiply, tf.divide, tf.maximum, tf.minimum, tf.squared_difference)


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_expression(data: st.DataObject) -> None:
    """Values of random expressions, some of which are fetched, with choices and casts among them."""
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None, 3])
        values = [x, tf.constant([0.5, -2.0, 3.0]), tf.constant(1.5), tf.placeholder_with_default(x, [None, 3])]
        for _ in range(data.draw(st.integers(2, 10))):
            first, second = (values[-1 - data.draw(st.integers(0, len(values) - 1))] for _ in range(2))
            kind = data.draw(st.sampled_from(["unary", "binary", "choice", "cast"]))
            if kind == "unary":
                values.append(data.draw(st.sampled_from(UNARY))(first))
            elif kind == "binary":
                values.append(data.draw(st.sampled_from(BINARY))(first, second))
            elif kind == "choice":
                values.append(tf.where_v2(first > second, first, -second))
            else:
                values.append(tf.cast(tf.cast(first, tf.float64) * 1.1, tf.float32))
        fetched = [values[-1], *data.draw(st.lists(st.sampled_from(values), max_size=2))]
        fetched = [tf.identity(value) for value in fetched]
        rows = np.array([[0.0, -0.0, 1.0], [np.inf, -np.inf, np.nan], [1e-3, 7.0, -5.0]], "f")
        assert_same_bits(fetched, [{x: rows[:count]} for count in (3, 3, 1, 3)])


def test_a_structure_is_compiled_once() -> None:
    """Two sessions with the same formula have the same loops: one for new memory, one for that of an input."""
    x = tf.placeholder(tf.float64, [7])
    before = len(compiling._compiled)
    for number in (3.0, 4.0):
        first = tf.floor(tf.sqrt(x * number + 1.0)) / 7.0
        second = tf.floor(tf.sqrt(tf.exp(x) * 0.5 + 2.0)) / number
        results_of("numba", [tf.identity(first), second], [{x: np.arange(7)}] * 3)
    found = list(compiling._compiled)[before:]
    assert [False, True] == sorted("o0" in text for text, _ in found)


def test_small_arrays_stay_with_numpy(joined: Joined, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few operations on a few numbers are not worth a loop, an optimizer's step is."""
    monkeypatch.setattr(element_groups, "_WORTH", WORTH)
    x, v = tf.placeholder(tf.float32, [4]), tf.Variable(np.zeros(4, "f"))
    step = tf.train.AdamOptimizer().apply_gradients([(x * 2.0 + 1.0, v)])
    results_of("numba", [x * 3.0 - 1.0, step], [{x: np.ones(4)}] * 3)
    assert ["update" in names[-1] for names in joined] == [True]


def test_names_of_engines() -> None:
    """One or several names; the errors say which there are."""
    for names in ("numpy", ("numpy",), ["numba"], ("numba", "numpy")):
        with tf.Session(engine=names) as sess:
            assert sess.run(tf.constant(1) + 1) == 2
    with pytest.raises(ValueError, match="'numpy', 'onnxruntime' and 'numba'"):
        tf.Session(engine=("numba", "cuda"))
    for wrong in (3, (), [None]):
        with pytest.raises(TypeError, match="`engine` must be"):
            tf.Session(engine=wrong)


def test_with_onnx_runtime(joined: Joined) -> None:
    """ONNX Runtime computes what it can, and the steps of the optimizer are compiled."""
    pytest.importorskip("onnxruntime")
    x = tf.placeholder(tf.float32, [None, 4])
    y = tf.layers.dense(x, 3, activation=tf.nn.relu, kernel_initializer=tf.ones_initializer())
    loss = tf.reduce_mean(tf.square(y))
    step = tf.train.AdamOptimizer(0.1).minimize(loss)
    feeds = [{x: np.linspace(-1, 1, 8).reshape(2, 4)}] * 5
    expected, found = (results_of(each, [loss, step], feeds) for each in ("numpy", ("onnxruntime", "numba")))
    assert np.allclose([loss for loss, _ in expected], [loss for loss, _ in found], 1e-5)
    assert 2 == sum("ApplyAdam" in names[-1] for names in joined)


def test_numba_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the extra, and what to do where Numba does not know a new NumPy."""
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(ImportError, match=r"not installed.*hdfsaver\[numba\]"):
        tf.Session(engine="numba")

    class Refusing(types.ModuleType):
        def find_spec(self, name: str, *_: Any) -> None:
            if name == "numba":
                raise ImportError("Numba needs NumPy 2.4 or less. Got NumPy 2.9.")

    monkeypatch.delitem(sys.modules, "numba")
    monkeypatch.setattr(sys, "meta_path", [Refusing("refusing"), *sys.meta_path])
    with pytest.raises(ImportError, match=r"needs NumPy 2.4 or less.*pip install --upgrade numba"):
        tf.Session(engine="numba")
