"""Functions that came with a graph: each once, whatever they came in, and nothing of them lost."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdfsaver.errors import DataLossError
from hdfsaver.messages.function_libraries import joined, library_of
from hdfsaver.messages.message_classes import FunctionDefLibrary, MetaGraphDef

NAMES = st.lists(st.text(max_size=5), unique=True, max_size=5)


def library(names: list[str], gradients: list[str]) -> FunctionDefLibrary:
    """A library with functions of these names, and one field that is not known."""
    found = FunctionDefLibrary()
    for name in names:
        found.function.add().signature.name = name
    for name in gradients:
        found.gradient.add(function_name=name)
    return found


@given(NAMES, NAMES, NAMES, NAMES)
def test_functions_come_together(names: list[str], gradients: list[str], more: list[str], further: list[str]) -> None:
    """In their order, each once, where a library is added to another, and where two messages follow one another."""
    first, second = library(names, gradients), library(more, further)
    expected = library(list(dict.fromkeys(names + more)), list(dict.fromkeys(gradients + further)))
    data = joined(joined(b"", first), second)
    assert expected == library_of(data) == library_of(data + data)
    assert expected == MetaGraphDef.FromString(joined(data, second)).graph_def.library


def test_fields_that_are_not_known_are_kept() -> None:
    """Those of a function, and those of the message that they are added to."""
    first = library(["f"], [])
    first.function[0].MergeFromString(bytes.fromhex("ca3e03616263"))
    data = joined(b"", first) + bytes.fromhex("ca3e03646566")
    assert {b"abc": 1, b"def": 1} == {text: joined(data, library(["g"], [])).count(text) for text in (b"abc", b"def")}


@given(st.binary(max_size=30), st.integers(0, 80))
def test_damage_is_an_error_or_harmless(noise: bytes, place: int) -> None:
    """Whatever the bytes are: functions, or a DataLossError."""
    data = joined(b"", library(["f" * 20, "g" * 200], ["h"]))
    for damaged in (noise, data[:place] + noise + data[place:], data[:place]):
        with contextlib.suppress(DataLossError):
            library_of(damaged)


@pytest.mark.parametrize("data", [b"\xff\xff", b"\x12\x05\x12", b"\x80" * 11])
def test_what_is_not_a_message_is_refused(data: bytes) -> None:
    """A field that ends behind the message, an unknown encoding, a number without end."""
    with pytest.raises(DataLossError, match="the functions of the graph is not a MetaGraphDef"):
        library_of(data)
