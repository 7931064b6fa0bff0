"""Results that are written over inputs: only where nothing else can see it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hdfsaver as tf
from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import Node, lookup, registered
from hdfsaver.session import generated_code, reuse
from hdfsaver.session.calls import Call
from tests.ops.test_memory import CHANGES, VIEWS


@pytest.fixture(autouse=True, scope="module")
def soon() -> Iterator[None]:
    """Code is made after one run, and the memory of small arrays is used again as that of large ones."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generated_code, "_RUNS_BEFORE", 1)
        patch.setattr(reuse, "_LEAST", 1)
        yield


def names_overwritten(fetches: Any, feeds: dict[Any, Any] | None = None) -> list[str]:
    """The operations of a run that write into an input, in their order; three runs must give the same."""
    found: list[str] = []

    def noting(calls: list[Call], slots: Any) -> dict[int, int]:
        chosen = reuse.overwritten(calls, slots)
        found.extend(calls[number].node for number in chosen)
        return chosen

    with pytest.MonkeyPatch.context() as patch, tf.Session() as session:
        patch.setattr("hdfsaver.session.repeated_runs.overwritten", noting)
        session.run(tf.global_variables_initializer())
        first = session.run(fetches, feeds)
        for _ in range(3):
            np.testing.assert_equal(session.run(fetches, feeds), first)
    return found


def test_a_formula_uses_the_memory_of_its_parts() -> None:
    """What is computed from a value that nothing else needs goes into its memory; the first product is new."""
    x = tf.Variable(np.arange(6.0).reshape(2, 3))
    total = tf.sqrt(tf.add(tf.multiply(x, x, name="square"), 1.0, name="sum"), name="root")
    largest = tf.maximum(total, 2.0, name="largest")
    assert names_overwritten(largest) == ["sum", "root", "largest"]


def test_memory_that_others_see_stays() -> None:
    """A constant, a variable's value, what is fed, fetched or assigned, and what has a view keep their memory."""
    x, v = tf.placeholder(tf.float64, [4]), tf.Variable(np.ones(4))
    double = tf.multiply(x, 2.0)
    kept, shown = tf.Variable(np.zeros(4)), tf.reshape(tf.multiply(x, 3.0, name="triple"), [2, 2])
    fetches = [
        *(x + 1.0, v + 1.0, tf.constant(np.ones(4)) + x, double, double + 1.0, tf.assign(kept, x * 5.0) + 1.0),
        *(x.graph.get_tensor_by_name("triple:0") + 1.0, shown + 1.0),
    ]
    assert names_overwritten(fetches, {x: np.arange(4.0)}) == []


def test_a_variable_takes_the_memory_of_its_change() -> None:
    """That of a value which nothing else needs; a value that is fed, fetched or used again stays as it is."""
    x = tf.placeholder(tf.float64, [4])
    v = tf.Variable(np.ones(4))
    change = tf.multiply(x, 2.0)
    shared = tf.multiply(x, 3.0)
    fetches = [
        tf.assign_sub(tf.Variable(np.ones(4)), tf.sqrt(tf.multiply(x, 0.0)), name="spare").op,
        tf.assign_add(tf.Variable(np.ones(4)), change).op,
        tf.assign_add(tf.Variable(np.ones(4)), shared).op,
        *(shared + v.initialized_value() * 0.0, change, tf.assign_add(tf.Variable(np.ones(4)), x * 0.0).op),
    ]
    assert [name for name in names_overwritten(fetches[:1], {x: np.ones(4)}) if name == "spare"] == ["spare"]
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        fed = np.arange(4.0)
        for number in range(1, 5):
            _, _, _, sums, changes, _ = session.run(fetches, {x: fed})
            np.testing.assert_array_equal(sums, 3.0 * fed)
            np.testing.assert_array_equal(changes, 2.0 * fed)
            found = session.run(tf.global_variables())
            wanted = [np.ones(4), np.ones(4), 1 + 2 * number * fed, 1 + 3 * number * fed, np.ones(4)]
            np.testing.assert_array_equal(found, wanted)
            np.testing.assert_array_equal(fed, np.arange(4.0))


def test_a_result_of_another_shape_is_new() -> None:
    """An input that is broadcast, and one that may be, is too small for the result."""
    row, column = tf.Variable(np.ones((1, 3))), tf.Variable(np.ones((2, 1)))
    unknown = tf.placeholder(tf.float64, [None, 3])
    fetches = [
        (row * 2.0) + column,  # neither has the shape of the sum
        tf.add(unknown * 2.0, np.ones((2, 3)), name="may_grow"),
        tf.add(unknown * 2.0, np.ones(3), name="cannot_grow"),
    ]
    assert names_overwritten(fetches, {unknown: np.ones((1, 3))}) == ["cannot_grow"]


def test_a_result_of_another_dtype_is_new() -> None:
    """A comparison gives truth values."""
    x = tf.Variable(np.arange(4.0))
    assert names_overwritten(tf.less(x * 2.0, x * 3.0)) == []


def test_the_body_of_a_loop_uses_memory_again() -> None:
    """What lives from one iteration to the next is not written on by it."""
    x = tf.Variable(np.ones(4))
    total = tf.while_loop(lambda i, _: i < 5, lambda i, a: (i + 1, tf.add(tf.multiply(a, x), a)), (0, x + 1.0))[1]
    assert len(names_overwritten(total)) == 1


STEPS = ("add", "multiply", "reshape", "assign", "transpose", "identity", "matmul", "relu", "concat")


@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=12))
def test_graphs_give_the_same_in_every_run(steps: list[tuple[str, int, int]]) -> None:
    """With views, variables and shared values, repeated runs give what the first one has given, and change no array."""
    with tf.Graph().as_default():
        fed = tf.placeholder(tf.float64, [2, 2])
        values: list[Any] = [fed, tf.constant(np.eye(2) + 1)]
        variables: list[Any] = []
        for kind, a, b in steps:
            values.append(_grown(kind, values[a % len(values)], values[b % len(values)], variables))
        array = np.array([[0.5, 0.25], [-1.0, 2.0]])
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            first = session.run([values[-1], values[len(values) // 2], variables], {fed: array})
            copies = [np.copy(each) for each in first[:2]]
            for _ in range(3):
                np.testing.assert_equal(
                    session.run([values[-1], values[len(values) // 2], variables], {fed: array}), first
                )
            np.testing.assert_equal(first[:2], copies)
            np.testing.assert_equal(array, [[0.5, 0.25], [-1.0, 2.0]])


def _grown(kind: str, a: Any, b: Any, variables: list[Any]) -> Any:
    if kind == "assign":
        variables.append(tf.Variable(np.zeros((2, 2))))
        return tf.assign(variables[-1], a)
    made = {
        "add": lambda: tf.add(a, b),
        "multiply": lambda: tf.multiply(a, b) * 0.5,
        "reshape": lambda: tf.reshape(tf.reshape(a, [4]), [2, 2]),
        "transpose": lambda: tf.transpose(a),
        "identity": lambda: tf.identity(a),
        "matmul": lambda: tf.matmul(a, b) * 0.5,
        "relu": lambda: tf.nn.relu(a),
        "concat": lambda: tf.concat([a, b], 0)[1:3],
    }
    return made[kind]()


@pytest.mark.parametrize("op_type", sorted(reuse.SEPARATE))
def test_kernels_that_count_as_separate(op_type: str) -> None:
    """They are tried for views, and change no state."""
    assert op_type not in VIEWS | CHANGES
    assert not lookup(op_type).stateful


OVERWRITING = sorted(name for name in registered() if lookup(name).overwrites)


@pytest.mark.parametrize("op_type", OVERWRITING)
def test_kernels_that_write_over_an_input(op_type: str) -> None:
    """They give the same as without, in the memory of the input."""
    random = np.random.RandomState(1)
    given = [random.randn(*shape).astype("f") for shape in SHAPES.get(op_type, [(5, 4), (5, 4)])]
    with tf.Graph().as_default():
        definition = lookup(op_type)
        made = apply(op_type, *given[: len(definition.parsed.inputs)])
        kernel = definition.kernel(Node.of(made.graph.data, made.op.name))
    given = given[: len(made.op.inputs)]
    for place in definition.overwrites:
        expected = kernel(*given)
        inputs = [each.copy() for each in given]
        found = kernel(*inputs, out=inputs[place])
        assert found is inputs[place]
        np.testing.assert_array_equal(found, expected)


SHAPES = {"BiasAdd": [(5, 4), (4,)], "BiasAddV1": [(5, 4), (4,)]}


def test_layers_use_the_memory_of_their_products() -> None:
    """Biases, activations and their derivatives go into the memory of what they come from."""
    x = tf.placeholder(tf.float32, [None, 3])
    layer = tf.nn.bias_add(tf.matmul(x, np.ones((3, 4), "f"), name="product"), np.ones(4, "f"), name="bias")
    layer = tf.nn.relu6(layer, name="active")
    assert names_overwritten(tf.reduce_sum(layer), {x: np.ones((2, 3), "f")}) == ["bias", "active"]


def test_narrow_floats_are_new() -> None:
    """Their kernels compute in wider ones, and round once."""
    x = tf.placeholder(tf.bfloat16, [2, 3])
    layer = tf.nn.relu(tf.nn.bias_add(x + x, tf.cast(np.ones(3), tf.bfloat16)))
    assert names_overwritten(tf.cast(layer, tf.float32), {x: np.ones((2, 3))}) == []
