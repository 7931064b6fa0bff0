"""Subnormal numbers are 0 in a run, and only there."""

from __future__ import annotations

import ctypes
import platform
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.ops import products
from hdfsaver.session import subnormals

pytestmark = pytest.mark.skipif(subnormals._found is None, reason="subnormal numbers stay on this platform")

SUBNORMAL = np.float32(1e-40)
SMALL = np.float32(1.2e-38)
"""A normal number, of which the half is subnormal."""

UPWARD = {"x86_64": 0x800, "aarch64": 0x400000, "arm64": 0x400000}


@pytest.fixture(autouse=True)
def outside() -> Iterator[None]:
    """Around every test subnormal numbers are there, and results are rounded to the nearest number."""
    yield
    assert subnormals.are_kept()
    assert float(np.float64(1) + 2**-60) == 1.0 == float(np.float64(1) - 2**-60)


def result(function: Callable[..., Any], *values: Any) -> Any:
    """The result of a function in a run, for values that are fed."""
    arrays = [np.asarray(value) for value in values]
    with tf.Graph().as_default(), tf.Session() as session:
        places = [tf.placeholder(array.dtype, array.shape) for array in arrays]
        return session.run(function(*places), dict(zip(places, arrays, strict=True)))


def halved(x: Any) -> Any:
    """Half of a number."""
    return x * np.asarray(0.5, x.dtype.as_numpy_dtype)


VALUES: dict[str, tuple[Callable[[Any], Any], float, str, Any]] = {
    # function, value that is fed, its dtype, TensorFlow's result
    "operand": (lambda x: x * np.float32(1e30), 1e-40, "f", 0),
    "result": (halved, 1.2e-38, "f", 0),
    "float64": (halved, 2.4e-308, "d", 0),
    "float64 operand": (lambda x: x * 1e300, 1e-310, "d", 0),
    "float16": (halved, 1e-6, "e", np.float16(1e-6) / 2),
    "sum": (lambda x: tf.reduce_sum(tf.stack([x, x])), 1e-40, "f", 0),
    "maximum": (lambda x: tf.maximum(x, 0), 1e-40, "f", 0),
    "comparison": (lambda x: tf.cast(x > 0, tf.int32), 1e-40, "f", 0),
    "wider": (lambda x: tf.cast(x, tf.float64), 1e-40, "f", 0),
    "narrower": (lambda x: tf.cast(x, tf.float32), 1e-40, "d", 0),
    "exp": (tf.exp, -90, "f", 0),
    "exp, float64": (tf.exp, -720, "d", 0),
    "sqrt": (tf.sqrt, 1e-40, "f", 0),
    "rsqrt": (tf.rsqrt, 1e-40, "f", np.inf),
    "log": (tf.log, 1e-310, "d", -np.inf),
    "square": (tf.square, 1e-20, "f", 0),
    "matmul": (lambda x: tf.matmul(tf.fill([1, 64], x), tf.fill([64, 1], x))[0, 0], 1e-20, "f", 0),
    "complex": (lambda x: tf.real(tf.complex(x, x) * 2), 1e-40, "f", 0),
    "text": (lambda x: tf.string_to_number(tf.as_string(x, scientific=True)), 1e-40, "f", 0),
    "identity": (tf.identity, 1e-40, "f", SUBNORMAL),
    "negative": (tf.negative, 1e-40, "f", -SUBNORMAL),
    "absolute": (tf.abs, -1e-40, "f", SUBNORMAL),
    "choice": (lambda x: tf.where(x >= 0, x, x), 1e-40, "f", SUBNORMAL),
    "parsed": (lambda x: tf.string_to_number("1e-30") * 0 + x, 1.2e-38, "f", SMALL),
}


@pytest.mark.parametrize("name", VALUES)
def test_results_are_those_of_tensorflow(name: str) -> None:
    """Arithmetic has 0 for subnormal operands and results; what moves numbers keeps them."""
    function, value, dtype, expected = VALUES[name]
    found = result(function, np.asarray(value, dtype))
    assert np.asarray(expected, found.dtype).tobytes() == found.tobytes()


def test_constants_and_variables_keep_them_until_they_are_changed() -> None:
    """A value that is only read, assigned or saved is unchanged, and a constant that is worked out is 0."""
    with tf.Graph().as_default(), tf.Session() as session:
        constant = tf.constant(np.full(2, SUBNORMAL))
        variable = tf.Variable(constant)
        session.run(variable.initializer)
        assert [SUBNORMAL] * 2 == session.run(constant).tolist() == session.run(variable).tolist()
        for _ in range(40):
            assert [0, 0] == session.run(constant * np.float32(0.5)).tolist()
        assert [0, 0] == session.run(tf.assign_add(variable, [0, 0])).tolist()


def test_python_functions_in_a_run_see_it() -> None:
    """A function of ``py_func`` computes as the run does, also in a run of its own, and a thread that it starts."""

    def inside(x: Any) -> Any:
        found = [result(halved, SMALL)]
        thread = threading.Thread(target=lambda: found.append(x * np.float32(0.5)))
        thread.start()
        thread.join()
        return np.stack([x * np.float32(0.5), *found])

    assert [0, 0, 0] == result(lambda x: tf.py_func(inside, [x], tf.float32), SMALL).tolist()
    assert SMALL * np.float32(0.5) > 0


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_the_modes_come_back_after_errors(error: type[BaseException]) -> None:
    """A run that fails or is interrupted leaves the thread as it was."""

    def fail(x: Any) -> Any:
        assert not subnormals.are_kept()
        raise error("no")

    with pytest.raises((tf.errors.OpError, error)):
        result(lambda x: tf.py_func(fail, [x], tf.float32), SMALL)
    assert subnormals.are_kept()


@pytest.mark.skipif(sys.platform == "win32" or platform.machine() not in UPWARD, reason="another processor")
def test_a_run_rounds_to_the_nearest_and_the_caller_as_before() -> None:
    """The caller's rounding does not reach the run, and is the same behind it."""
    library = ctypes.PyDLL(None)
    before = library.fegetround()
    tiny = np.float64(2**-60)
    library.fesetround(UPWARD[platform.machine()])
    try:
        found = result(lambda x: x + 1, tiny)
        after = library.fegetround()
    finally:
        library.fesetround(before)
    assert (1.0, UPWARD[platform.machine()]) == (found, after)


def test_each_thread_has_its_own() -> None:
    """While one thread runs, another one has subnormal numbers."""
    started, go_on = threading.Event(), threading.Event()

    def wait(x: Any) -> Any:
        started.set()
        go_on.wait(10)
        return x * np.float32(0.5)

    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(result(lambda x: tf.py_func(wait, [x], tf.float32), SMALL)))
    thread.start()
    started.wait(10)
    outside = SMALL * np.float32(0.5)
    go_on.set()
    thread.join()
    assert outside > 0
    assert [0] == found


def test_preparing_a_run_is_as_the_run() -> None:
    """What prepares a run has the run's arithmetic, and gives the modes back."""
    with subnormals.flushed():
        assert not subnormals.are_kept()
        assert subnormals.modes_to_restore() is None
        with subnormals.flushed():
            pass
        assert not subnormals.are_kept()
    assert subnormals.are_kept()


def test_products_of_several_threads() -> None:
    """A product that OpenBLAS shares out has no subnormal numbers, in all its parts."""
    factor = np.full((192, 192), 1e-21, np.float32)
    assert not result(tf.matmul, factor, factor).any()
    assert not result(lambda *x: tf.einsum("ij,jk->ik", *x), factor, factor).any()
    images = factor.reshape(4, 24, 24, 16)

    def convolved(x: Any) -> list[Any]:
        filters = tf.fill([1, 1, 16, 64], x[0, 0, 0, 0])
        y = tf.nn.conv2d(x, filters, 1, "SAME")
        return [y, *tf.gradients(y, [x, filters], tf.fill(tf.shape(y), x[0, 0, 0, 0]))]

    assert not any(value.any() for value in result(convolved, images))


def test_results_of_threads_that_keep_subnormal_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """They become 0 in a run where the threads of OpenBLAS keep them, and nothing is done outside of one."""
    monkeypatch.setattr(products, "_others_keep_them", lambda: True)
    product = np.full((100, 100), SUBNORMAL)
    assert products.as_in_one_thread(product.copy(), product, product).all()
    with subnormals.flushed():
        found = products.as_in_one_thread(product.copy(), product, product)
        small = products.as_in_one_thread(product[:1].copy(), product[:1], product[:1])
        whole = products.as_in_one_thread(np.ones((100, 100), np.int32), product, product)
    assert not found.any()
    assert small.all()
    assert whole.all()


def test_other_threads_are_tried_once() -> None:
    """The trial is a product in a run; its answer is that of the product itself."""
    factor = np.full((128, 128), 1e-21, np.float32)
    with subnormals.flushed():
        product = factor @ factor
        tried = products._others_keep_them.__wrapped__()
    assert product.any() == tried


def test_moments_stop_where_they_do_in_tensorflow() -> None:
    """A tenth of a moment that decays becomes subnormal, which is 0: it stays, with TensorFlow's bits."""
    with tf.Graph().as_default(), tf.Session() as session:
        var = tf.get_variable("var", [4])
        gradient = tf.placeholder(tf.float32, [4])
        optimizer = tf.train.AdamOptimizer()
        step = optimizer.apply_gradients([(gradient, var)])
        session.run(tf.global_variables_initializer())
        moment = optimizer.get_slot(var, "m")
        moment.load(np.array([1e-35, 1e-36, 3e-37, 1e-37], "f"), session)
        for _ in range(60):
            session.run(step, {gradient: np.zeros(4, "f")})
        assert [34777666, 34926316, 35533541, 34086122] == session.run(moment).view(np.uint32).tolist()


def test_a_training_whose_moments_decay_is_not_slower() -> None:
    """Steps with subnormal moments take the time of others."""

    def seconds(moment: float) -> float:
        with tf.Graph().as_default(), tf.Session() as session:
            var = tf.get_variable("var", [1 << 14])
            gradient = tf.placeholder(tf.float32, [1 << 14])
            optimizer = tf.train.AdamOptimizer()
            step = optimizer.apply_gradients([(gradient, var)])
            session.run(tf.global_variables_initializer())
            run, zero = session.make_callable(step, [gradient]), np.zeros(1 << 14, "f")
            for _ in range(32):  # from then on it is code
                run(zero)
            for slot in map_slots(optimizer, var):
                slot.load(np.full(1 << 14, moment, "f"), session)
            start, count = time.process_time(), 0
            while time.process_time() < start + 0.05:
                run(zero)
                count += 1
            return (time.process_time() - start) / count

    assert seconds(1.2e-38) < 4 * seconds(1e-3)


def map_slots(optimizer: Any, var: Any) -> list[Any]:
    """The moments of a variable."""
    return [optimizer.get_slot(var, name) for name in optimizer.get_slot_names()]


def test_platforms_without_a_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the bits are not known, or are not those, nothing is changed."""
    with monkeypatch.context() as patch:
        patch.setattr(platform, "machine", lambda: "another")
        assert subnormals._functions() is None
    with monkeypatch.context() as patch:
        patch.setattr(subnormals, "_WAYS", {key: ways[:0] for key, ways in subnormals._WAYS.items()})
        assert subnormals._functions() is None
    found = subnormals._found
    assert found is not None
    nothing = subnormals._Way("", "", 0, 0)
    assert subnormals._checked(found.save, found.restore, nothing) is None
    with monkeypatch.context() as patch:
        patch.setattr(subnormals, "can_flush", False)
        assert result(halved, SMALL) > 0


def test_each_way_of_this_platform() -> None:
    """All that are known for it work, also those for other C libraries."""
    library = ctypes.PyDLL(None)
    ways = subnormals._WAYS[sys.platform, platform.machine()]
    present = [way for way in ways if hasattr(library, way.save)]
    assert present
    for way in present:
        assert subnormals._checked(getattr(library, way.save), getattr(library, way.set), way) is not None
        assert subnormals.are_kept()
