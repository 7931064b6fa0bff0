"""Frames of Blosc2 with an array: blocks in order, and shapes that are refused before anything is decoded."""

import struct

import blosc2  # type: ignore[import-not-found,import-untyped,unused-ignore]
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hdfsaver.storage.chunks import blosc2_frames
from hdfsaver.storage.chunks.chunk_codecs import BY_NAME

DECODE = BY_NAME["blosc2"].decode


def _frame(values, chunk=None, block=None, **settings):
    """A frame of an array in chunks and blocks."""
    return blosc2.asarray(values, chunks=chunk or values.shape, blocks=block or values.shape, **settings).to_cframe()


def _decoded(frame, values):
    return bytes(DECODE(frame, values.nbytes, values.shape))


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_blocks_are_put_in_order(data):
    """Of any shape, in any chunks and blocks, which need not divide it."""
    shape = tuple(data.draw(st.lists(st.integers(1, 8), min_size=1, max_size=3)))
    chunk = tuple(data.draw(st.integers(1, size)) for size in shape)
    block = tuple(data.draw(st.integers(1, size)) for size in chunk)
    dtype = data.draw(st.sampled_from(["u1", "i2", "f4", "f8", "c16"]))
    values = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    assert values.tobytes() == _decoded(_frame(values, chunk, block), values)


@pytest.mark.parametrize("name", ["NOFILTER", "SHUFFLE", "BITSHUFFLE", "DELTA"])
def test_every_filter_of_blosc2_is_read(name):
    """Also the delta filter, of which Blosc2 reads parts of a chunk wrongly."""
    values = np.arange(300 * 400).reshape(300, 400)
    frame = _frame(values, block=(256, 256), cparams={"filters": [blosc2.Filter[name]]})
    assert values.tobytes() == _decoded(frame, values)


def test_the_head_is_that_of_blosc2():
    """What is parsed is what Blosc2 says, also with other metalayers before and after."""
    values = np.arange(120.0).reshape(10, 12)
    frame = _frame(values, (6, 7), (4, 4), meta={"a": {"b": 1}, "z": [1, 2]})
    found = blosc2.schunk_from_cframe(frame)
    head = blosc2_frames.parse(frame)
    assert (found.nbytes, found.typesize, found.chunksize) == (head.nbytes, head.itemsize, head.chunk_bytes)
    assert ((10, 12), (6, 7), (4, 4)) == (head.shape, head.chunk, head.block)
    assert head.is_consistent()
    flat = blosc2.SChunk(chunksize=80, data=bytes(80), contiguous=True).to_cframe()
    assert () == blosc2_frames.parse(flat).shape


def test_a_frame_of_another_shape_or_size_is_refused(monkeypatch):
    """Before Blosc2 sees it: another shape with as many elements, fewer, more, or elements of another size."""
    values = np.arange(120.0).reshape(10, 12)
    frame = _frame(values, block=(4, 4))
    monkeypatch.setattr(blosc2, "schunk_from_cframe", None)
    for size, chunk in [
        (960, (12, 10)),
        (960, (120,)),
        (960, ()),
        (880, (10, 11)),
        (960, (10, 12, 1)),
        (480, (10, 12)),
    ]:
        assert b"" == bytes(DECODE(frame, size, chunk))


LAYER = 107
"""Where the metalayer's content begins in a frame with this one metalayer: marker, length, and then three bytes."""


def _changed(frame, place, form, value):
    changed = bytearray(frame)
    struct.pack_into(form, changed, place, value)
    return bytes(changed)


@pytest.mark.parametrize(
    ("place", "form", "value"),
    [
        (1, "B", 0),  # not a frame
        (11, ">i", 2**31 - 1),  # the head is longer than the frame
        (16, ">Q", 10**12),  # the frame is longer than its bytes
        (30, ">q", 10**12),  # the content
        (30, ">q", -1),
        (48, ">i", 0),  # an element
        (48, ">i", 4),
        (53, ">i", 1),  # a block
        (58, ">i", 2**31 - 1),  # a chunk
        (92, ">H", 60_000),  # the number of metalayers
        (92, ">H", 2),
        (100, ">i", 2**31 - 1),  # where the metalayer is
        (100, ">i", -1),
        (LAYER + 1, ">I", 2**32 - 1),  # its length
        (LAYER + 1, ">I", 3),
        (LAYER + 7, "B", 100),  # the number of dimensions
        (LAYER + 10, ">q", 2**62),  # a dimension of the array
        (LAYER + 29, ">i", 0),  # of a chunk
        (LAYER + 29, ">i", 11),
        (LAYER + 40, ">i", 0),  # of a block
        (LAYER + 40, ">i", -4),
        (LAYER + 40, ">i", 2**31 - 1),
    ],
)
def test_no_field_of_a_head_is_believed(place, form, value, monkeypatch):
    """Fields that contradict each other are refused before Blosc2 sees the frame."""
    values = np.arange(120.0).reshape(10, 12)
    frame = _frame(values, block=(4, 4))
    assert values.tobytes() == _decoded(frame, values)
    monkeypatch.setattr(blosc2, "schunk_from_cframe", None)
    assert b"" == _decoded(_changed(frame, place, form, value), values)


def test_a_frame_of_little_but_padding_is_refused(monkeypatch):
    """Each dimension almost doubled, eight times: a few bytes would become two hundred times as many."""
    values = np.zeros((3,) * 8, np.uint8)
    frame = _frame(values, block=(2,) * 8)
    assert values.tobytes() == _decoded(frame, values)
    values = np.zeros((2, 3, 3, 3, 3, 3, 3, 3), np.uint8)
    frame = _frame(values, chunk=(2, 2, 2, 2, 2, 2, 2, 2), block=(2,) * 8)
    assert values.tobytes() == _decoded(frame, values)
    monkeypatch.setattr(blosc2_frames, "_MAX_PADDING", 5)
    assert b"" == _decoded(frame, values)


def test_blocks_that_are_too_small_are_refused():
    """A frame of two hundred bytes must not be a million blocks to move."""
    values = np.zeros((1000, 1000), np.uint8)
    assert b"" == _decoded(_frame(values, block=(2, 2)), values)
    assert values.tobytes() == _decoded(_frame(values, block=(16, 8)), values)
