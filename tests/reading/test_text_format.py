"""Protobuf's text format: what is written in it, and what is not."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdfsaver.reading import text_format


def fields(text):
    return list(text_format.fields(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("# only a comment", []),
        ("a: 'x'", [("a", "x")]),
        ('a:"x"b:"y"', [("a", "x"), ("b", "y")]),
        ('a: "x"; b: "y",\n', [("a", "x"), ("b", "y")]),
        ('a\n:  # comment\n"x" # comment\n  "y"', [("a", "xy")]),
        ('a: ["x", "y" "z"]', [("a", "x"), ("a", "yz")]),
        (
            'a: "x" # "no" 1\n"y" # \'no\'\nb: 1 # 2 "no"\nc: [1, # 2\n3 # "no"\n]',
            [("a", "xy"), ("b", 1.0), ("c", 1.0), ("c", 3.0)],
        ),
        ("a: [1, 2.5]  b: []", [("a", 1.0), ("a", 2.5)]),
        ("a: -1.5e3 a: +.5 a: 1. a: 2f", [("a", -1500.0), ("a", 0.5), ("a", 1.0), ("a", 2.0)]),
        ("a: inf a: -Infinity a: 1e999", [("a", float("inf")), ("a", float("-inf")), ("a", float("inf"))]),
        (r'a: "\n\t\\\"\'\101\x41\u00e9\U0001f600\q"', [("a", "\n\t\\\"'AA\u00e9\U0001f600\\q")]),
        ('a: "\u2028\u00e9"\r\nb: 1\r\n', [("a", "\u2028\u00e9"), ("b", 1.0)]),
        (r'a: "\377"', [("a", "\udcff")]),
    ],
)
def test_what_is_written_in_the_format(text, expected):
    """Fields in one line or many, lists, strings in pieces, comments, separators, escapes and all kinds of numbers."""
    assert expected == fields(text)


@pytest.mark.parametrize(
    "text",
    [
        *("a", "a:", 'a "x"', "a: x", 'a: "x', "a: 'x\"", 'a: "x\ny"', "a { b: 1 }", "[a.b]: 1", "{a: 1}", "a: 1 :"),
        *("a: 010", "a: 0x10", "a: - 1", "a: [1", "a: [1,]", "a: 1 2", '"a": 1', "1a: 1", "// \na: 1", "\0", "é: 1"),
        *(r'a: "\x"', r'a: "\400"', r'a: "\u12"', "a: nano", "a: 1.2.3", "\ufeffa: 1"),
    ],
)
def test_what_is_not(text):
    """Anything else is a ValueError, the end of a broken text too."""
    with pytest.raises(ValueError, match="Not a field|escape|bytes must be"):
        fields(text)


@given(st.text(st.characters(codec="utf-8")))
def test_any_text_survives_quoting(text):
    """Strings with any characters are restored from their quoted form, which is ASCII."""
    quoted = text_format.quoted(text)
    assert quoted.isascii()
    assert [("a", text)] == fields(f"a: {quoted}")


@given(st.text())
def test_garbage_is_read_or_refused(text):
    """Random text is a ValueError or, rarely, a text of the format; there is no other end."""
    try:
        fields(text)
    except ValueError:
        return
    assert all(isinstance(value, str | float) for _, value in fields(text))


@pytest.mark.parametrize(
    "piece",
    [" ", "#", "\n#", "a", "a:", 'a: "', 'a: ""', '"', "\\", 'a: "\\', "a: [", "1,", "a: 1", "[" * 9, "'\"", "1"],
)
def test_time_grows_with_length_alone(piece):
    """A long repetition of anything is decided at once: no text makes the reader try again and again."""
    text = 'a: "' + piece * (200_000 // len(piece))
    start = time.process_time()
    for tried in (text, "a: [" + text, text[4:], "a: [" + text[4:]):
        try:
            fields(tried)
        except ValueError:
            continue
    assert 5 > time.process_time() - start
