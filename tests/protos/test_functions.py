"""Functions as bytes: told apart as protobuf tells them, and never a crash."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdfsaver.errors import DataLossError
from hdfsaver.messages import descriptor_pool
from hdfsaver.protos.functions import Serialized, bytes_of, library_of


def message_of(names: list[str], gradients: list[str]) -> bytes:
    """A ``MetaGraphDef`` with functions, among other fields."""
    message = descriptor_pool.MetaGraphDef()
    message.graph_def.versions.producer = 300
    message.meta_info_def.tensorflow_version = "1"
    for name in names:
        message.graph_def.library.function.add().signature.name = name
    for name in gradients:
        message.graph_def.library.gradient.add().function_name = name
    return bytes(message.SerializeToString())


@given(st.lists(st.text(max_size=200), unique=True), st.lists(st.text(max_size=5), unique=True))
def test_functions_are_those_that_protobuf_finds(names: list[str], gradients: list[str]) -> None:
    """In their order, each once where two messages follow one another, and back again."""
    data = message_of(names, gradients)
    library = library_of(data + data)
    found = descriptor_pool.parse(descriptor_pool.MetaGraphDef, data, "it").graph_def.library
    assert [item.SerializeToString() for item in found.function] == [item.data for item in library.function]
    assert [item.SerializeToString() for item in found.gradient] == [item.data for item in library.gradient]
    assert library == library_of(bytes_of(library))
    assert found == descriptor_pool.parse(descriptor_pool.MetaGraphDef, bytes_of(library), "it").graph_def.library


@given(st.binary(max_size=30), st.integers(0, 80))
def test_damage_is_an_error_or_harmless(noise: bytes, place: int) -> None:
    """Whatever the bytes are: functions as bytes, or a DataLossError."""
    data = message_of(["f" * 20, "g" * 200], ["h"])
    for damaged in (noise, data[:place] + noise + data[place:], data[:place]):
        with contextlib.suppress(DataLossError):
            assert all(type(item) is Serialized for item in library_of(damaged).function)


@pytest.mark.parametrize("data", [b"\xff\xff", b"\x12\x05\x12", b"\x13", b"\x80" * 11])
def test_what_is_no_message_is_refused(data: bytes) -> None:
    """A field that ends behind the message, an unknown encoding, a number without end."""
    with pytest.raises(DataLossError, match="functions that came with the graph are damaged"):
        library_of(data)
