"""What enters a session or leaves it belongs to one side only: who writes on his array changes nothing else."""

from __future__ import annotations

import ctypes
import mmap
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hdfsaver as tf
from hdfsaver import dtypes, schema
from hdfsaver.graph.apply import apply_list
from hdfsaver.graph.definition import Kernel, OpDef
from hdfsaver.graph.graph import Graph
from hdfsaver.session.session_state import SessionState
from tests.ops.kernels import called_by

BIG = 1_000_000


# -- subclasses ------------------------------------------------------------------------------------------------------


class Guarded(np.ndarray):
    """An array that refuses to be computed with."""

    def __array_finalize__(self, obj: Any) -> None:
        if isinstance(obj, Guarded):
            raise AssertionError("a view of it was made as of its own class")

    def __array_ufunc__(self, *args: Any, **options: Any) -> Any:
        raise AssertionError("it was computed with")

    def __array_function__(self, *args: Any, **options: Any) -> Any:
        raise AssertionError("it was passed to a function of NumPy")


NUMBERS = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)

GIVEN: dict[str, Callable[[], Any]] = {
    "matrix": lambda: NUMBERS.view(np.matrix),
    "masked": lambda: np.ma.MaskedArray(NUMBERS.copy(), [[0, 1], [0, 0]], hard_mask=True),
    "record": lambda: NUMBERS.view(np.recarray),
    "guarded": lambda: NUMBERS.view(Guarded),
    "big-endian": lambda: NUMBERS.astype(">f4"),
    "columns first": lambda: np.asfortranarray(NUMBERS),
}


def fed(value: Any) -> Any:
    """The value as a kernel gets it, and as it is fetched."""
    x = tf.placeholder(tf.float32, [2, 2])
    with tf.Session() as sess:
        same, doubled = sess.run([x, tf.squeeze(x * 2.0)], {x: value})
    np.testing.assert_array_equal(NUMBERS * 2, doubled, strict=True)
    return same


def as_constant(value: Any) -> Any:
    """The value in the graph."""
    made = tf.constant(value)
    np.testing.assert_array_equal(NUMBERS, tf.Session().run(tf.convert_to_tensor(value) + 0.0), strict=True)
    return made.graph.data.nodes[made.op.name]["attrs"]["value"]


def loaded(value: Any) -> Any:
    """The value of a variable after `Variable.load`."""
    v = tf.Variable(tf.zeros([2, 2]), name="v")
    with tf.Session() as sess:
        v.load(value, sess)
        return sess.state.variables["v"]


def restored(value: Any) -> Any:
    """The value of a variable after its state was set."""
    state = SessionState()
    state.assign({"v": value})
    assert not value.flags.writeable  # it is the state's own now
    return state.variables["v"]


# A state is given values of the right dtype.
ENTRIES = [(name, enter) for name in GIVEN for enter in (fed, as_constant, loaded, restored)]


@pytest.mark.parametrize(("name", "enter"), [entry for entry in ENTRIES if entry != ("big-endian", restored)])
def test_what_enters_is_a_plain_array(name: str, enter: Callable[[Any], Any]) -> None:
    """Of a subclass the array is taken, as NumPy and TensorFlow do: not the mask, nor what the class computes."""
    found = enter(GIVEN[name]())
    assert type(found) is np.ndarray
    np.testing.assert_array_equal(NUMBERS, found, strict=True)


def test_other_objects_keep_their_dtype() -> None:
    """What has ``__array__`` stands for an array, not for Python's numbers, whose dtypes are narrower."""

    class Column:
        def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
            return np.array([1.5, 2.5], dtype).view(np.recarray)

    assert tf.float64 == tf.constant(Column()).dtype
    x = tf.placeholder(tf.float32)
    assert np.dtype(np.float32) == tf.Session().run(x, {x: Column()}).dtype


def test_fed_strings_are_bytes() -> None:
    """Whatever strings an array has, kernels get bytes; anything else is an error that names the feed."""
    x = tf.placeholder(tf.string, name="x")
    with tf.Session() as sess:
        for given_strings in (["é", b"b\0"], [np.str_("é"), np.bytes_(b"b\0")]):
            fetched = sess.run(tf.identity(x), {x: np.array(given_strings, object)})
            assert ["é".encode(), b"b\0"] == fetched.tolist()
            assert {bytes} == set(map(type, fetched))
        with pytest.raises(ValueError, match="Cannot feed 'x:0'"):
            sess.run(x, {x: np.array(["a", 3], object)})


# -- memory of other objects -----------------------------------------------------------------------------------------


def of_map(values: bytes) -> tuple[Any, Any]:
    """An array of a memory map."""
    owner = mmap.mmap(-1, len(values))
    owner[:] = values
    return owner, np.frombuffer(owner, np.float32)


def of_ctypes(values: bytes) -> tuple[Any, Any]:
    """An array of a C array."""
    owner = (ctypes.c_float * (len(values) // 4)).from_buffer_copy(values)
    return owner, np.ctypeslib.as_array(owner)


def of_bytes(values: bytes) -> tuple[Any, Any]:
    """An array of a bytearray."""
    owner = bytearray(values)
    return owner, np.ndarray((len(values) // 4,), np.float32, memoryview(owner))


@pytest.mark.parametrize("make", [of_map, of_ctypes, of_bytes])
def test_memory_of_other_objects(make: Callable[[bytes], tuple[Any, Any]]) -> None:
    """What is fed stays the caller's, whoever owns its memory: nothing keeps it, and results do not share it."""
    owner, array = make(np.float32([1, 2, 3, 4]).tobytes())
    x, v = tf.placeholder(tf.float32, [4]), tf.Variable(tf.zeros([4]))
    with tf.Session() as sess:
        results = sess.run([x, tf.reshape(x, [2, 2]), tf.split(x, 2), tf.assign(v, x)], {x: array})
        del array
        for value in (results[0], results[1], *results[2], results[3]):
            value[...] = 9
        assert np.float32([1, 2, 3, 4]).tobytes() == bytes(memoryview(owner).cast("B"))
        memoryview(owner).cast("B")[:] = bytes(16)
        assert [1.0, 2.0, 3.0, 4.0] == sess.run(v).tolist()
    if isinstance(owner, mmap.mmap):
        owner.close()  # a BufferError if anything still had a view


@pytest.mark.parametrize("shape", [(), (0,), (3, 0), (1, 1)])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "int4", "qint8", "complex64", "bool", "string"])
def test_every_dtype_and_few_elements(dtype: str, shape: tuple[int, ...]) -> None:
    """Arrays without elements or dimensions are apart too, of any dtype."""
    x = tf.placeholder(dtype, shape)
    v = tf.Variable(tf.zeros(shape, dtype) if dtype != "qint8" else tf.bitcast(tf.zeros(shape, tf.int8), dtype))
    numpy_dtype = dtypes.numpy_dtype(dtype)
    value = np.full(shape, b"a", object) if dtype == "string" else np.ones(shape).astype(numpy_dtype)
    with tf.Session() as sess:
        sess.run(v.initializer)
        results = sess.run([x, x, tf.identity(x), tf.reshape(x, [-1]), tf.assign(v, x), v, v.value()], {x: value})
        state = sess.state.variables[v.op.name]
    assert (np.ndarray, shape, False) == (type(state), state.shape, state.flags.writeable)
    for number, result in enumerate(results):
        assert isinstance(result, bytes) or numpy_dtype == result.dtype
        if np.ndim(result):
            assert result.flags.writeable
            for other in (value, state, *results[:number]):
                assert not np.shares_memory(result, other)


# -- constants -------------------------------------------------------------------------------------------------------


def test_the_graph_has_its_own_values() -> None:
    """Writing on an array of which a constant was made, or on a fetched constant, does not change the graph."""
    source = np.ones(3, np.float32)
    initializer = tf.constant_initializer(source)
    made = [tf.constant(source), tf.convert_to_tensor(source), initializer([3]), tf.Variable(source), tf.add(source, 0)]
    source[:] = 5
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(2):
            for value in sess.run(made):
                assert [1.0, 1.0, 1.0] == value.tolist()
                value[:] = 7


def test_a_writable_constant_of_the_digraph() -> None:
    """A value that a program has put on a node itself is not given away either."""
    value = np.ones(3, np.float32)
    graph = tf.get_default_graph()
    schema.add_node(
        graph.data, "c", op="Const", attrs={"value": value, "dtype": "float32"}, outputs=(("float32", (3,)),)
    )
    graph.changed()
    v = tf.Variable(tf.zeros([3]))
    with tf.Session() as sess:
        for result in sess.run(["c:0", tf.assign(v, graph.get_tensor_by_name("c:0"))]):
            result[:] = 9
        assert [1.0, 1.0, 1.0] == value.tolist() == sess.run(v).tolist()
        assert value.flags.writeable


# -- results ---------------------------------------------------------------------------------------------------------


def test_a_result_for_everyone() -> None:
    """A tensor that is fetched several times, also by hooks, is an array for each of them."""

    class Doubling(tf.train.SessionRunHook):
        def before_run(self, run_context: Any) -> Any:
            return tf.train.SessionRunArgs([y, y])

        def after_run(self, run_context: Any, run_values: Any) -> None:
            for value in run_values.results:
                assert [2.0, 2.0] == value.tolist()
                value *= 2.0

    x = tf.placeholder(tf.float32, [2])
    y = x + 1.0
    tf.train.create_global_step()
    with tf.train.MonitoredSession(hooks=[Doubling(), Doubling()]) as sess:
        assert [2.0, 2.0] == sess.run(y, {x: [1.0, 1.0]}).tolist()


def test_a_background_save_of_what_was_fetched(tmp_path: Any) -> None:
    """Writing on a fetched view changes neither the variable nor the file that is being written."""
    x, v = tf.placeholder(tf.float32, [4]), tf.Variable(tf.zeros([4]), name="v")
    y = x * 2.0
    saver = tf.train.Saver()
    with tf.Session() as sess:
        fetched, _ = sess.run([tf.reshape(y, [2, 2]), tf.assign(v, y)], {x: np.ones(4, np.float32)})
        prefix = saver.save(sess, tmp_path / "m", wait=False)
        fetched[:] = 7.0
        saver.wait()
        assert [2.0] * 4 == sess.run(v).tolist() == tf.train.load_variable(prefix, "v").tolist()


@pytest.mark.parametrize("mmap_mode", [None, "c", "r"])
def test_restored_values(tmp_path: Any, mmap_mode: Any) -> None:
    """A restored value, also one that is mapped, is not written on by whoever fetches it or changes the variable."""
    start = np.arange(BIG // 10, dtype=np.float32).reshape(-1, 10)
    v = tf.Variable(start, name="v")
    saver = tf.train.Saver()
    with tf.Session() as sess:
        sess.run(v.initializer)
        prefix = saver.save(sess, tmp_path / "m")
    (read, again) = apply_list("RestoreV2", str(prefix), ["v", "v"], ["", ""], dtypes=["float32", "float32"])
    with tf.Session() as sess:
        saver.restore(sess, prefix, mmap_mode=mmap_mode)
        for value in sess.run([v, v.value()[1:], tf.transpose(v), read, again, tf.reshape(read, [-1])]):
            assert type(value) is np.ndarray
            assert 5.0 == value[np.unravel_index(5, value.shape)] or value.shape != start.shape
            value[...] = -1.0
        sess.run(tf.scatter_update(v, [0], np.zeros((1, 10), np.float32)))
        assert not sess.run(v)[0].any()
    np.testing.assert_array_equal(start, tf.train.load_variable(prefix, "v"))


# -- programs --------------------------------------------------------------------------------------------------------

VIEWS: list[Callable[[Any], Any]] = [
    lambda x: tf.reshape(x, [2, 6]),
    lambda x: tf.reshape(x, [12]),
    lambda x: tf.transpose(tf.reshape(x, [3, 4])),
    lambda x: tf.reverse(tf.reshape(x, [12]), [0]),
    lambda x: tf.expand_dims(x, 0),
    lambda x: tf.split(tf.reshape(x, [12]), 2)[1],
    lambda x: tf.unstack(tf.reshape(x, [4, 3]))[0],
    lambda x: tf.reshape(x, [12])[3:],
    tf.identity,
    lambda x: tf.broadcast_to(tf.reshape(x, [1, 12]), [2, 12]),
    lambda x: x * 2.0,
    tf.stop_gradient,
]


@st.composite
def programs(draw: Any) -> Any:
    """Choices of which tensor each view is of, which are assigned to which variable, in which order, and fetched."""
    views = draw(st.lists(st.tuples(st.integers(0, 99), st.sampled_from(range(len(VIEWS)))), min_size=1, max_size=6))
    assigned = draw(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 99)), max_size=3))
    fetched = draw(st.lists(st.integers(0, 99), min_size=1, max_size=6))
    return views, assigned, fetched, draw(st.randoms(use_true_random=False))


def build(program: Any) -> tuple[list[Any], Any, list[Any]]:
    """The fetches, the placeholder and the variables of a program."""
    views, assigned, fetched, random = program
    x = tf.placeholder(tf.float32, [12])
    variables = [tf.Variable(np.arange(12.0, dtype=np.float32), validate_shape=False) for _ in range(3)]
    tensors = [x, x + 1.0, tf.constant(np.arange(12.0, dtype=np.float32)), *(v.read_value() for v in variables[:2])]
    whole = list(tensors)  # views are taken of what has twelve elements; only the last variable may have fewer
    for source, view in views:
        tensors.append(VIEWS[view](whole[source % len(whole)]))
        if view in (0, 1, 2, 3, 4, 8, 10, 11):
            whole.append(tensors[-1])
    steps: list[Any] = []
    for target, source in assigned:
        sources = tensors if target == 2 else whole
        with tf.control_dependencies(steps[-1:]):
            steps.append(tf.assign(variables[target], sources[source % len(sources)], validate_shape=False))
    fetches = [*(tensors[number % len(tensors)] for number in fetched), *steps]
    random.shuffle(fetches)
    return fetches, x, variables


def copying(definition: OpDef, kernel: Kernel, inputs: tuple[Any, ...]) -> Any:
    """Call a kernel so that nothing that it gives shares memory with anything."""
    result = kernel(*(value.copy() if isinstance(value, np.ndarray) else value for value in inputs))
    if isinstance(result, tuple | list):
        return [np.array(value) for value in result]
    return result.copy() if isinstance(result, np.ndarray) else result


@settings(max_examples=20)
@given(programs())
def test_programs_of_views(program: Any) -> None:
    """After writing on all that was fetched and fed, variables and a second run are as if everything were copied."""
    with Graph().as_default():
        fetches, x, variables = build(program)
        initialize = tf.global_variables_initializer()
        start = np.arange(12.0, dtype=np.float32) * 3.0
        expected = []
        with called_by(copying), tf.Session() as sess:
            sess.run(initialize)
            for _ in range(2):
                expected.append([np.array(value) for value in sess.run(fetches, {x: start.copy()})])
                expected[-1] += [np.array(value) for value in sess.run(variables)]
        with tf.Session() as sess:
            sess.run(initialize)
            for wanted in expected:
                value_fed = start.copy()
                results = sess.run(fetches, {x: value_fed})
                for number, (value, right) in enumerate(zip(results, wanted, strict=False)):
                    np.testing.assert_array_equal(right, value)
                    value[...] = -1.0 - number
                np.testing.assert_array_equal(start, value_fed)
                value_fed[...] = -99.0
                for value, right in zip(sess.run(variables), wanted[len(fetches) :], strict=True):
                    np.testing.assert_array_equal(right, value)
                    value[...] = -100.0


# -- cost ------------------------------------------------------------------------------------------------------------


def peak_of(make: Callable[[Any, Any], Any]) -> float:
    """The memory that a run takes, in arrays of the size of what is fed; a second run, after one that prepares it."""
    x = tf.placeholder(tf.float32, [1000, BIG // 1000])
    v = tf.Variable(tf.zeros([1]), validate_shape=False)
    fetches = make(x, v)
    value = np.ones((1000, BIG // 1000), np.float32)
    with tf.Session() as sess:
        sess.run(v.initializer)
        sess.run(fetches, {x: value})
        sess.run(v.initializer)
        tracemalloc.start()
        sess.run(fetches, {x: value})
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return peak / value.nbytes


def test_a_loaded_value_is_copied_once() -> None:
    """`Variable.load` takes the memory of the value that is kept, and no more."""
    v = tf.Variable(tf.zeros([BIG]))
    value = np.ones(BIG, np.float32)
    with tf.Session() as sess:
        v.load(value, sess)
        sess.state.clear()
        tracemalloc.start()
        v.load(value, sess)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        value[:] = 9.0
        assert 1.0 == sess.run(v)[0]
    assert peak < 1.5 * value.nbytes


def stored(v: Any, value: Any) -> Any:
    """The operation that assigns."""
    return tf.assign(v, value, validate_shape=False).op


@pytest.mark.parametrize(
    ("make", "arrays"),
    [
        (lambda x, v: x + 1.0, 1),
        (lambda x, v: tf.reshape(x + 1.0, [-1]), 1),
        (lambda x, v: tf.transpose(x + 1.0), 1),
        (lambda x, v: tf.cumsum(x, reverse=True), 1),
        (lambda x, v: stored(v, x + 1.0), 1),
        (lambda x, v: stored(v, tf.reshape(x + 1.0, [-1])), 1),
        (lambda x, v: stored(v, x), 1),
        (lambda x, v: x, 1),
        (lambda x, v: [x + 1.0, x + 2.0], 2),
        (lambda x, v: [(y := x + 1.0), stored(v, y)], 2),
        (lambda x, v: [tf.reshape(y := x + 1.0, [-1]), stored(v, y)], 2),
        (lambda x, v: [(y := x + 1.0), tf.reshape(y, [-1])], 2),
    ],
)
def test_a_copy_only_where_there_is_a_view(make: Callable[[Any, Any], Any], arrays: int) -> None:
    """A fresh result is fetched and assigned itself; it is copied once where two sides have it."""
    assert arrays <= peak_of(make) < arrays + 0.5
