"""``tf.test.TestCase``: its sessions, comparisons and errors."""

from __future__ import annotations

import random
import unittest
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf


@pytest.fixture
def case() -> Any:
    """A test that has begun."""

    class Case(tf.test.TestCase):
        def runTest(self) -> None:  # noqa: N802, unittest's name
            """Nothing."""

    found = Case()
    found.setUp()
    yield found
    found.tearDown()


def test_each_test_begins_in_the_same_way(case: Any) -> None:
    """With an empty graph that has a seed, and seeds of the global generators."""
    drawn = [random.random(), np.random.rand()]  # noqa: NPY002, S311, those of programs
    tf.constant(1)
    case.setUp()
    assert [] == tf.get_default_graph().get_operations()
    assert 87654321 == tf.get_default_graph().seed
    assert drawn == [random.random(), np.random.rand()]  # noqa: NPY002, S311


def test_sessions(case: Any) -> None:
    """The cached one keeps its values, another graph has a session of its own."""
    v = tf.Variable(1.0)
    with case.test_session() as first:
        v.initializer.run()
    with case.cached_session() as second:
        assert first is second
        assert 1 == case.evaluate(v)
    with tf.Graph().as_default() as graph, case.session(graph=graph) as other:
        assert graph is other.graph
    with pytest.raises(ValueError, match="different"), case.cached_session(graph=graph):
        pass
    assert case.get_temp_dir() == case.get_temp_dir()


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("assertAllClose", ([1.0, 2.0], [1.0, 2.0 + 1e-7]), ([1.0], [1.1])),
        ("assertAllClose", ({"a": [1.0]}, {"a": [1.0]}), ({"a": [1.0]}, {"a": [2.0]})),
        ("assertAllClose", ([[1.0], [1.0, 2.0]], [[1.0], [1.0, 2.0]]), ([[1.0], [1.0, 2.0]], [[1.0], [1.0, 3.0]])),
        ("assertNotAllClose", ([1.0], [1.1]), ([1.0], [1.0])),
        ("assertAllCloseAccordingToType", ([1.0], np.float16([1.0005])), ([1.0], np.float32([1.0005]))),
        ("assertAllEqual", ([b"a", b"b"], [b"a", b"b"]), ([1], [2])),
        ("assertAllEqual", ([np.nan], [np.nan]), ([1], [1, 1])),
        ("assertNotAllEqual", ([1], [2]), ([1], [1])),
        ("assertNear", (1.0, 1.1, 0.2), (1.0, 1.1, 0.01)),
        ("assertArrayNear", ([1.0, 2.0], [1.1, 2.0], 0.2), ([1.0], [1.1], 0.01)),
        ("assertStartsWith", ("abc", "ab"), ("abc", "b")),
        ("assertEndsWith", ("abc", "bc"), ("abc", "b")),
        ("assertNDArrayNear", ([1.0, 2.0], [1.1, 2.0], 0.2), ([1.0], [1.1], 0.01)),
        ("assertAllGreater", ([2, 3], 1), ([1, 2], 1)),
        ("assertAllGreaterEqual", ([1, 2], 1), ([0, 2], 1)),
        ("assertAllLess", ([0, 1], 2), ([1, 2], 2)),
        ("assertAllLessEqual", ([1, 2], 2), ([1, 3], 2)),
        ("assertAllInRange", ([1, 2], 1, 2), ([1, 2], 1, 2, True)),
        ("assertAllInRange", ([1, 2], 0, 3, True, True), ([1, 2], 1, 2, False, True)),
        ("assertAllInSet", ([1, 2, 1], {1, 2, 3}), ([1, 4], {1, 2})),
        ("assertDeviceEqual", ("/cpu:0", "/device:CPU:0"), ("/cpu:0", None)),
        ("assertLen", ("ab", 2), ("ab", 1)),
        ("assertEmpty", ([],), ([1],)),
        ("assertNotEmpty", ([1],), ([],)),
        ("assertBetween", (1, 1, 2), (0, 1, 2)),
        ("assertSameElements", ([1, 2, 2], [2, 1]), ([1], [1, 2])),
        ("assertItemsEqual", ([1, 2], [2, 1]), ([1, 1], [1])),
        ("assertContainsSubset", ([1], [2, 1]), ([3], [2, 1])),
        ("assertNoCommonElements", ([1], [2]), ([1], [2, 1])),
        ("assertSequenceAlmostEqual", ([1.0], [1.0 + 1e-9]), ([1.0], [1.1])),
        ("assertDTypeEqual", (np.float32(1), np.float32), (np.float32(1), np.float64)),
        ("assertProtoEquals", ('name: "a"', tf.NodeDef(name="a")), ('name: "a"', tf.NodeDef(name="b"))),
    ],
)
def test_comparisons(case: Any, name: str, good: tuple[Any, ...], bad: tuple[Any, ...]) -> None:
    """Each accepts what it promises, and nothing else."""
    getattr(case, name)(*good)
    with pytest.raises(AssertionError):
        getattr(case, name)(*bad)


def test_errors(case: Any) -> None:
    """The class and the message are compared; a thread tells its error when it is joined."""
    with case.session() as sess, case.assertRaisesOpError("Nan|NaN"):
        sess.run(tf.check_numerics([np.nan], "x"))
    with pytest.raises(AssertionError, match="not raised"), case.assertRaisesOpError("x"):
        pass
    with case.assertRaisesWithPredicateMatch(ValueError, lambda error: "a" in str(error)):
        raise ValueError("a")
    with case.assertRaisesWithLiteralMatch(ValueError, "a (b)"):
        raise ValueError("a (b)")
    thread = case.checkedThread(target=lambda: 1 / 0)
    thread.start()
    with pytest.raises(AssertionError, match="division by zero"):
        thread.join()
    assert issubclass(tf.test.TestCase, unittest.TestCase)
