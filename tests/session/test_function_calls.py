"""Calls of functions within a run: how deep, how often, how they stop, and what they say."""

from __future__ import annotations

import sys
import threading
import time
import tracemalloc
from typing import Any

import numpy as np
import pytest
from google.protobuf import text_format

import hdfsaver as tf
from hdfsaver.errors import (
    CancelledError,
    DeadlineExceededError,
    InvalidArgumentError,
    NotFoundError,
    ResourceExhaustedError,
    UnimplementedError,
)
from hdfsaver.messages import message_classes
from hdfsaver.session import loop_runs


def constant(name: str, value: int) -> str:
    """A constant of a function."""
    tensor = f"tensor {{ dtype: DT_INT32 tensor_shape {{}} int_val: {value} }}"
    return (
        f"node_def {{ name: '{name}' op: 'Const' attr {{ key: 'dtype' value {{ type: DT_INT32 }} }} "
        f"attr {{ key: 'value' value {{ {tensor} }} }} }}"
    )


def operation(name: str, op: str, *inputs: str, attrs: str = "") -> str:
    """An operation of a function on integers."""
    taken = " ".join(f"input: '{text}'" for text in inputs)
    return f"node_def {{ name: '{name}' op: '{op}' {taken} attr {{ key: 'T' value {{ type: DT_INT32 }} }} {attrs} }}"


def function(name: str, body: str, result: str, dtype: str = "DT_INT32") -> str:
    """A function of one integer."""
    arguments = f"input_arg {{ name: 'i' type: DT_INT32 }} output_arg {{ name: 'r' type: {dtype} }}"
    return f"function {{ signature {{ name: '{name}' {arguments} }} {body} ret {{ key: 'r' value: '{result}' }} }}"


def func(key: str, name: str) -> str:
    """An attribute that names a function."""
    return f"attr {{ key: '{key}' value {{ func {{ name: '{name}' }} }} }}"


def types(*keys: str) -> str:
    """Attributes that list one integer."""
    return " ".join(f"attr {{ key: '{key}' value {{ list {{ type: DT_INT32 }} }} }}" for key in keys)


LESS = function("less", constant("n", 1000) + operation("c", "Less", "i", "n:output:0"), "c:z:0", "DT_BOOL")
ALWAYS = function("always", operation("c", "GreaterEqual", "i", "i"), "c:z:0", "DT_BOOL")
MORE = function("more", constant("n", 1) + operation("a", "AddV2", "i", "n:output:0"), "a:z:0")


def imported(library: str, op: str, attrs: str) -> Any:
    """The result of an operation that calls functions, on the integer 0."""
    start = constant("i", 0).replace("node_def", "node")
    text = f"{start} node {{ name: 'r' op: '{op}' input: 'i' {attrs} }} library {{ {library} }}"
    message = text_format.Parse(text, message_classes.GraphDef())
    tf.import_graph_def(message, name="")
    return tf.get_default_graph().get_tensor_by_name("r:0")


def loop(condition: str, body: str = "more", library: str = LESS + ALWAYS + MORE) -> Any:
    """A loop from 0 on."""
    return imported(library, "While", types("T") + func("cond", condition) + func("body", body))


def call(name: str, library: str) -> Any:
    """A call of a function."""
    return imported(library, "PartitionedCall", types("Tin", "Tout") + func("f", name))


def calling(name: str, other: str, body: str = "") -> str:
    """A function that calls another one."""
    attrs = types("Tin", "Tout") + func("f", other)
    return function(name, body + operation("c", "PartitionedCall", "i", attrs=attrs), "c:output:0")


def test_a_loop_takes_as_much_memory_however_long() -> None:
    """A loop of functions keeps nothing of the iterations that are over."""
    result = loop("less")
    with tf.Session() as session:
        session.run(result)
        tracemalloc.start()
        try:
            assert 1000 == session.run(result)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 50_000


@pytest.mark.slow
def test_many_iterations() -> None:
    """A loop of 10^5 iterations ends with the right value; each more costs what these cost."""
    result = loop("less", library=LESS.replace("int_val: 1000", "int_val: 100000") + MORE)
    with tf.Session() as session:
        assert 100_000 == session.run(result)


def test_a_function_that_calls_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """A recursion may be deeper than that of Python, up to a limit, before it fills the memory."""
    depth = sys.getrecursionlimit() // 2
    attrs = types("Tin", "Tout") + func("then_branch", "deeper") + func("else_branch", "more")
    attrs += " attr { key: 'Tcond' value { type: DT_BOOL } }"
    choice = operation("b", "If", "c:z:0", "i", attrs=attrs)
    body = constant("n", depth) + operation("c", "Less", "i", "n:output:0") + choice
    step = constant("n", 1) + operation("a", "AddV2", "i", "n:output:0")
    attrs = types("Tin", "Tout") + func("f", "count")
    deeper = function("deeper", step + operation("c", "PartitionedCall", "a:z:0", attrs=attrs), "c:output:0")
    with tf.Session() as session:
        assert depth + 1 == session.run(call("count", function("count", body, "b:output:0") + deeper + MORE))
        monkeypatch.setattr(loop_runs, "_DEEPEST", 500)
        with pytest.raises(ResourceExhaustedError, match="More than 500 calls"):
            session.run("r:0")


def test_a_timeout_stops_a_loop() -> None:
    """A loop without end stops when the time is over, and the session runs on."""
    result = loop("always")
    with tf.Session() as session:
        with pytest.raises(DeadlineExceededError, match="Timed out"):
            session.run(result, options=tf.RunOptions(timeout_in_ms=5))
        assert 0 == session.run("i:0")


def test_close_stops_a_loop() -> None:
    """A loop without end stops when another thread closes the session."""
    result = loop("always")
    session = tf.Session()
    failed: list[BaseException] = []

    def run() -> None:
        try:
            session.run(result)
        except CancelledError as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    time.sleep(0.01)
    session.close()
    thread.join(30)
    assert not thread.is_alive()
    assert len(failed) <= 1  # it may not have begun before the session was closed


def test_errors_name_the_operation_of_the_function() -> None:
    """An error in a function names its operation, and the calls on the way to it."""
    body = constant("n", 0) + operation("d", "FloorDiv", "i", "n:output:0")
    library = calling("outer", "inner") + function("inner", body, "d:z:0")
    with tf.Session() as session, pytest.raises(InvalidArgumentError) as caught:
        session.run(call("outer", library))
    message = caught.value.message
    assert [True] * 3 == [f"'{name}'" in message for name in ("inner/d", "outer/c", "r")]
    assert "r" == caught.value.op.name


@pytest.mark.parametrize(
    ("library", "error", "message"),
    [
        ("", NotFoundError, "Function 'f' is not in the library"),
        (calling("f", "g"), NotFoundError, "Function 'g' is not in the library"),
        (function("f", "", "j"), InvalidArgumentError, "Function 'f' cannot be read: 'j' is neither an argument"),
        (function("f", "", "i", "DT_FLOAT"), InvalidArgumentError, "Function 'f'"),
        (LESS.replace("'less'", "'f'"), InvalidArgumentError, "results of dtypes .'bool'., but .'int32'. are needed"),
    ],
)
def test_wrong_functions_are_refused(library: str, error: type[Exception], message: str) -> None:
    """A function that is missing, damaged, or of other dtypes than the call, is named before anything runs."""
    with tf.Session() as session, pytest.raises(error, match=message):
        session.run(call("f", library))


def test_unknown_types_are_named_at_once() -> None:
    """Unknown operations of all functions that a run may call are named before it begins."""
    inner = function("inner", operation("b", "Unknown2", "i"), "b:y:0")
    attrs = types("Tin", "Tout") + func("f", "inner")
    body = operation("a", "Unknown1", "i") + operation("c", "PartitionedCall", "a:y:0", attrs=attrs)
    with tf.Session() as session, pytest.raises(UnimplementedError) as caught:
        session.run(call("outer", function("outer", body, "c:output:0") + inner))
    assert "Unknown1 (operation 'outer/a'), Unknown2 (operation 'inner/b')" in caught.value.message


def test_direct_calls_of_imported_functions() -> None:
    """An operation whose type is a function's name has the outputs of its signature, and is exported as it came."""
    result = imported(MORE, "more", "")
    assert ("int32", None) == (result.dtype.name, result.shape.ndims)
    graph_def = tf.get_default_graph().as_graph_def()
    assert "" == str(graph_def.node[1].attr)[2:-2]
    with tf.Session() as session:
        assert np.int32(1) == session.run(result)


def test_effects_run_without_a_result_that_needs_them() -> None:
    """An operation of a function that has an effect runs, as it does in functions of TensorFlow 1."""
    never = constant("n", 1) + operation("c", "Less", "n:output:0", "n:output:0")
    asserted = f"node_def {{ name: 'a' op: 'Assert' input: 'c:z:0' input: 'i' {types('T')} }}"
    with tf.Session() as session, pytest.raises(InvalidArgumentError, match="Assertion failed"):
        session.run(call("f", function("f", never + asserted, "i")))
