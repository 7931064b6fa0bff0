"""Signatures: inputs, outputs and their dtypes."""

from __future__ import annotations

import pytest

from hdfsaver.graph.signature import Signature


@pytest.mark.parametrize(
    ("text", "attrs", "dtypes"),
    [
        ("x: T -> y: T", {"T": "int32"}, ["int32"]),
        ("x: T -> y: bool, z: T", {"T": "int32"}, ["bool", "int32"]),
        ("-> ref: Ref(dtype)", {"dtype": "float32"}, ["float32_ref"]),
        ("value: T -> output: num * T", {"T": "int8", "num": 3}, ["int8"] * 3),
        ("x: [T] -> y: [T]", {"T": ["int32", "bool"]}, ["int32", "bool"]),
        ("->", {}, []),
    ],
)
def test_the_dtypes_of_outputs(text, attrs, dtypes):
    """The attributes decide the outputs' dtypes, as the signature says."""
    assert dtypes == Signature.parse(text).output_dtypes(attrs)


def test_what_is_taken_by_reference():
    """Inputs that are variables themselves are told from inputs that are values."""
    assert [True, False] == list(Signature.parse("ref: Ref(T), value: T -> out: Ref(T)").takes_ref(2))
    assert [False] * 3 == list(Signature.parse("values: N * T -> out: T").takes_ref(3))


@pytest.mark.parametrize("text", ["x: T", "x T -> y: T", "x: -> y", "x: Ref[T] -> y: T"])
def test_what_is_no_signature(text):
    """A signature that is not written as the page says is refused."""
    with pytest.raises(ValueError, match="signature"):
        Signature.parse(text)
