"""Operations that print. TensorFlow 2.21 gave the output."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf


def text(value: Any, summarize: int) -> str:
    """The text that an operation ``StringFormat`` makes of a value."""
    with tf.Graph().as_default() as graph, tf.Session() as sess:
        tf.print("", tf.constant(value), summarize=summarize)
        found: bytes = sess.run(graph.get_tensor_by_name("StringFormat:0"))
    return found.decode().removeprefix(" ")


@pytest.mark.parametrize(
    ("value", "most", "shown"),
    [
        (np.arange(24).reshape(2, 3, 4), 3, "[[[0 1 2...]]...]"),
        (np.arange(24).reshape(2, 3, 4), 7, "[[[0 1 2 3][4 5 6...]]...]"),
        (np.arange(4).reshape(2, 2), 2, "[[0 1]...]"),
        (np.arange(4).reshape(2, 2), -1, "[[0 1][2 3]]"),
        (np.float32([0.1, 1 / 3, 1e10, 123456789, -0.0, np.nan, -np.inf]), -1,
         "[0.1 0.333333343 1e+10 123456792 -0 nan -inf]"),
        (np.float64([1 / 3, 1e10, 1e16]), -1, "[0.33333333333333331 10000000000 1e+16]"),
        (np.array([[b"a", b"b c"], [b"", b"q\n"]], object), 3, "[[a b c][...]...]"),
        (np.float16([0.1]), 3, "[0.0999755859]"),
        (np.array([[True, False]]), 1, "[[1...]...]"),
        (np.zeros((2, 0)), 3, "[]"),
        (np.int64(5), 3, "[5]"),
    ],
)  # fmt: skip
def test_first_values(value: Any, most: int, shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    """``tf.Print`` shows the first values, with as few digits as say them."""
    with tf.Graph().as_default(), tf.Session() as sess:
        assert 1 == sess.run(tf.Print(1, [value], "m ", summarize=most))
    assert f"m {shown}\n" == capsys.readouterr().err


def test_the_first_runs_of_a_session(capsys: pytest.CaptureFixture[str]) -> None:
    """``first_n`` counts for each session."""
    with tf.Graph().as_default():
        shown = tf.Print(1.0, ["x"], first_n=2)
        for _ in range(2):
            with tf.Session() as sess:
                for _ in range(3):
                    sess.run(shown)
    assert "[x]\n" * 4 == capsys.readouterr().err


@pytest.mark.parametrize(
    ("value", "most", "shown"),
    [
        (np.arange(10), 3, "[0 1 2 ... 7 8 9]"),
        (
            np.arange(24).reshape(2, 3, 4),
            1,
            "[[[0 ... 3]\n  ...\n  [8 ... 11]]\n\n [[12 ... 15]\n  ...\n  [20 ... 23]]]",
        ),
        (np.arange(4).reshape(2, 2), -1, "[[0 1]\n [2 3]]"),
        (np.array([b"a\n"], object), 3, '["a\\n"]'),
        (np.float32(2.5), 3, "2.5"),
    ],
)
def test_outer_values(value: Any, most: int, shown: str) -> None:
    """``tf.print`` shows the first and the last values of each dimension."""
    assert shown == text(value, most)


def test_print_writes_the_graph_of_tensorflow() -> None:
    """A text with places for tensors, and an operation that prints it; a single string is printed itself."""
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [2])
        tf.print("hello {}", x, [x, {"a": x}], end="!", summarize=2, name="shown")
        tf.print(tf.constant("abc"))
    assert [("shown_format", "StringFormat"), ("shown", "PrintV2"), ("Const", "Const"), ("PrintV2", "PrintV2")] == [
        (each.name, each.type) for each in graph.get_operations()[1:]
    ]
    template = graph.get_operation_by_name("shown_format").get_attr("template")
    assert b"hello {} {}9 [{}9, {'a': {}9}]" == template


def test_streams(tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    """A text goes to a stream, a log or a file; another stream is refused."""
    path = tmp_path / "out"
    with tf.Graph().as_default(), tf.Session() as sess:
        for stream in (sys.stdout, sys.stderr, tf.logging.warning, f"file://{path}"):
            sess.run(tf.print("a", 1, tf.constant(2), output_stream=stream))
        with pytest.raises(ValueError, match="Unsupported output stream"):
            tf.print("a", output_stream="stdout")
    assert ("a 1 2\n", "a 1 2\n") == capsys.readouterr()
    assert ["a 1 2"] == caplog.messages
    assert "a 1 2\n" == path.read_text()


def test_an_assertion_shows_values_in_their_rows() -> None:
    """The text of a failed assertion is that of ``tf.Print``."""
    with tf.Graph().as_default(), tf.Session() as sess, pytest.raises(tf.errors.OpError, match=r"\[\[1 2\]\[3\.\.\.\]"):
        sess.run(tf.Assert(False, [[[1, 2], [3, 4]]]))
