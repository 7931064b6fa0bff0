"""Functions of a program in its graph."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf


def value_of(function: Any, given: list[Any], dtypes: Any) -> Any:
    """The result of a run that calls a function."""
    with tf.Graph().as_default(), tf.Session() as sess:
        return sess.run(tf.py_func(function, given, dtypes))


def test_a_function_gets_arrays_and_scalars_of_its_own() -> None:
    """It may change an array that it gets, and nothing else changes."""
    with tf.Graph().as_default(), tf.Session() as sess:
        x = tf.constant([1.0, 2.0])
        seen = []

        def change(array: Any, number: Any, text: Any) -> Any:
            seen.extend([type(array), type(number), type(text)])
            array[0] = 7
            return array

        assert [[7, 2], [1, 2]] == [
            each.tolist() for each in sess.run([tf.py_func(change, [x, 3, "t"], tf.float32), x])
        ]
    assert [np.ndarray, np.int32, bytes] == seen


def test_results_are_copied() -> None:
    """A function may go on with an array that it gave."""
    buffer = np.zeros(2)
    with tf.Graph().as_default(), tf.Session() as sess:
        called = tf.py_func(lambda: buffer, [], tf.float64)
        first = sess.run(called)
        buffer[:] = 1
        assert [0, 0] == first.tolist()
        assert [1, 1] == sess.run(called).tolist()


@pytest.mark.parametrize(
    ("result", "dtypes", "found"),
    [
        ("str", tf.string, b"str"),
        (np.array(["a", "bcd"]), tf.string, [b"a", b"bcd"]),
        (np.array([b"a\0", b"c"], object), tf.string, [b"a\0", b"c"]),
        (3, tf.int64, 3),
        ([1.5, np.float32(2)], [tf.float64, tf.float32], [1.5, 2]),
        (None, [], None),
    ],
)
def test_results(result: Any, dtypes: Any, found: Any) -> None:
    """Strings become bytes, and several results are a list."""
    given = value_of(lambda: result, [], dtypes)
    assert found == (given.tolist() if isinstance(given, np.ndarray) else given)


@pytest.mark.parametrize(
    ("result", "dtypes", "said"),
    [
        (1.5, tf.float32, "0-th value returned by pyfunc_[0-9]+ is double, but expects float"),
        (["a"], [tf.int32], "0-th value returned by pyfunc_[0-9]+ is string, but expects int32"),
        ([1, 2], tf.int64, "returns 2 values, but expects to see 1 values"),
        (None, tf.int64, "returns 0 values, but expects to see 1 values"),
        (5, [], "returns 1 values, but expects to see 0 values"),
    ],
)
def test_results_that_were_not_promised(result: Any, dtypes: Any, said: str) -> None:
    """No dtype is converted."""
    with pytest.raises(tf.errors.InvalidArgumentError, match=said):
        value_of(lambda: result, [], dtypes)
    with pytest.raises(tf.errors.InternalError, match="Unsupported object type object"):
        value_of(object, [], tf.string)


@pytest.mark.parametrize(
    ("raised", "public"),
    [
        (ValueError, tf.errors.InvalidArgumentError),
        (TypeError, tf.errors.InvalidArgumentError),
        (StopIteration, tf.errors.OutOfRangeError),
        (MemoryError, tf.errors.ResourceExhaustedError),
        (NotImplementedError, tf.errors.UnimplementedError),
        (KeyError, tf.errors.UnknownError),
    ],
)
def test_errors_of_functions(raised: type[Exception], public: type[Exception]) -> None:
    """The class is the one that TensorFlow makes of it."""

    def fail() -> None:
        raise raised("boom")

    with pytest.raises(public, match=f"{raised.__name__}: '?boom"):
        value_of(fail, [], tf.int64)


def test_an_imported_operation_runs_in_the_same_program_only() -> None:
    """The function lives as long as the graph that it was given to."""
    with tf.Graph().as_default() as graph:
        tf.numpy_function(lambda: np.float32(3), [], tf.float32, name="f")
        definition = graph.as_graph_def()
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.import_graph_def(definition, name="")
        assert 3 == sess.run("f:0")
        del graph
        gc.collect()
        with pytest.raises(tf.errors.InvalidArgumentError, match="Could not find callback with key=pyfunc_"):
            sess.run("f:0")


def test_what_is_written_and_refused() -> None:
    """The types and shapes of the operations are TensorFlow's; what cannot be called is a ValueError."""
    with tf.Graph().as_default():
        made = [tf.py_func(abs, [1], tf.int32, stateful=stateful).op for stateful in (True, False)]
        assert ["PyFunc", "PyFuncStateless"] == [each.type for each in made]
        assert made[0].outputs[0].shape.rank is None
        assert isinstance(tf.py_func(abs, [], []), tf.Operation)
        with pytest.raises(ValueError, match="Expected func to be callable"):
            tf.py_func(3, [], [])
