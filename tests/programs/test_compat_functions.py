"""The helpers of ``tf.compat``."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest

import hdfsaver as tf

compat = tf.compat


@pytest.mark.parametrize(
    ("function", "arguments", "expected"),
    [
        ("as_bytes", ("é",), b"\xc3\xa9"),
        ("as_bytes", ("é", "latin-1"), b"\xe9"),
        ("as_bytes", (bytearray(b"x"),), b"x"),
        ("as_text", (b"\xc3\xa9",), "é"),
        ("as_text", (np.bytes_(b"q"),), "q"),
        ("as_str", ("x",), "x"),
        ("as_str_any", (3,), "3"),
        ("as_str_any", (b"a",), "a"),
        ("path_to_str", (pathlib.Path("a"),), "a"),
        ("path_to_str", (3,), 3),
        ("dimension_value", (tf.Dimension(3),), 3),
        ("dimension_value", (tf.Dimension(None),), None),
        ("dimension_value", (4,), 4),
        ("dimension_at_index", (tf.TensorShape([1, 2]), 1), tf.Dimension(2)),
        ("forward_compatible", (2019, 10, 1), True),
        ("forward_compatible", (2099, 1, 1), False),
    ],
)
def test_values(function, arguments, expected):
    """Each gives what TensorFlow's gives."""
    found = getattr(compat, function)(*arguments)
    assert expected == found
    assert type(expected) is type(found)


def test_a_dimension_of_an_unknown_shape_is_unknown():
    """TensorFlow's function exists for this case."""
    assert compat.dimension_at_index(tf.TensorShape(None), 1).value is None


@pytest.mark.parametrize("function", ["as_bytes", "as_text", "as_str"])
@pytest.mark.parametrize("value", [3, None, [b"x"]])
def test_other_values_are_refused(function, value):
    """Only text and bytes are taken, with TensorFlow's message."""
    with pytest.raises(TypeError, match="Expected binary or unicode string, got "):
        getattr(compat, function)(value)


@pytest.mark.parametrize("function", ["as_bytes", "as_text", "as_str"])
@pytest.mark.parametrize("value", ["x", b"x"])
def test_an_unknown_encoding_is_an_error(function, value):
    """Also where nothing has to be encoded, as in TensorFlow."""
    with pytest.raises(LookupError, match="no-such-code"):
        getattr(compat, function)(value, encoding="no-such-code")


def test_the_horizon_can_be_moved():
    """In a block, and back where it ends."""
    with compat.forward_compatibility_horizon(2018, 1, 1):
        assert not compat.forward_compatible(2019, 1, 1)
    assert compat.forward_compatible(2019, 1, 1)
    with pytest.raises(ZeroDivisionError), compat.forward_compatibility_horizon(2018, 1, 1):
        _ = 1 / 0
    assert compat.forward_compatible(2019, 1, 1)


def test_the_types():
    """Values of NumPy and of Python are told apart by `isinstance`."""
    assert isinstance(np.int8(1), compat.integral_types)
    assert isinstance(1.5, compat.real_types)
    assert isinstance(1j, compat.complex_types)
    assert isinstance("a", compat.bytes_or_text_types)
    assert not isinstance(1.5, compat.integral_types)
