"""Summaries of images, and what is refused; other summaries are among the programs. TensorFlow 2.21 gave the pixels."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf


def values_of(summary: tf.Tensor) -> list[Any]:
    """The values of a summary."""
    with tf.Session() as sess:
        return list(tf.Summary.FromString(sess.run(summary)).value)


def pixels(png: bytes) -> Any:
    """The pixels of a PNG whose rows are not filtered; the checksums of its parts are checked."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    parts, place = {}, 8
    while place < len(png):
        (length,) = struct.unpack_from(">I", png, place)
        kind, data = png[place + 4 : place + 8], png[place + 8 : place + 8 + length]
        assert struct.pack(">I", zlib.crc32(kind + data)) == png[place + 8 + length : place + 12 + length]
        parts[kind] = data
        place += 12 + length
    assert ["IHDR", "IDAT", "IEND"] == [kind.decode() for kind in parts]
    width, height, bits, color, *rest = struct.unpack(">IIBBBBB", parts[b"IHDR"])
    assert [8, 0, 0, 0] == [bits, *rest]
    rows = np.frombuffer(zlib.decompress(parts[b"IDAT"]), np.uint8).reshape(height, -1)
    assert not rows[:, 0].any()
    return rows[:, 1:].reshape(height, width, {0: 1, 2: 3, 6: 4}[color]).tolist()


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (np.array([[[0.0], [1.0]], [[2.0], [4.0]]], np.float32), [[[0], [63]], [[127], [255]]]),
        (np.array([[[-2, 0, 1], [1, 2, -1]]], np.float32), [[[1, 128, 191], [191, 255, 64]]]),
        (
            np.array([[[np.nan, 1, 2], [1, 2, 3]], [[np.inf, 0, 0], [0.5, 0.25, 0.125]]], np.float32),
            [[[255, 0, 0], [85, 170, 255]], [[255, 0, 0], [42, 21, 10]]],
        ),
        (np.array([[[-1.5], [0.3], [1.0]]], np.float16), [[[1], [153], [212]]]),
        (np.array([[[0.1], [0.3], [0.7]]], np.float64), [[[36], [109], [254]]]),
        (np.array([[[1e-7], [2e-8]]], np.float32), [[[0], [0]]]),
        (np.full((1, 2, 1), np.nan, np.float32), [[[255], [255]]]),
        (np.arange(8, dtype=np.uint8).reshape(1, 2, 4), [[[0, 1, 2, 3], [4, 5, 6, 7]]]),
    ],
    ids=["grey", "negative", "not finite", "float16", "float64", "dark", "none finite", "bytes"],
)
def test_pixels(image: Any, expected: Any) -> None:
    """Floats are scaled by their greatest, bytes are kept, and pixels that are not finite are red."""
    (value,) = values_of(tf.summary.image("i", image[None]))
    found = value.image
    assert "i/image/0" == value.tag
    assert image.shape == (found.height, found.width, found.colorspace)
    assert expected == pixels(found.encoded_image_string)


def test_how_many_images_are_kept() -> None:
    """The first ones, whose tags have numbers where more than one may be."""
    images = np.zeros((4, 1, 1, 1), np.uint8)
    assert [f"i/image/{index}" for index in range(3)] == [
        value.tag for value in values_of(tf.summary.image("i", images))
    ]
    assert ["k/image"] == [value.tag for value in values_of(tf.summary.image("k", images, max_outputs=1))]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: tf.summary.scalar("a", [1.0, 2.0]), r"same shape: \[\] != \[2\] \(tag 'a'\)"),
        (lambda: tf.summary.histogram("h", [1.0, np.nan]), "Nan in summary histogram for: h"),
        (lambda: tf.summary.histogram("h", [1.0, np.inf]), "Infinity in summary histogram for: h"),
        (lambda: tf.summary.image("i", np.zeros((1, 2, 2, 2), np.float32)), "last dim 1, 3, or 4, not"),
        (lambda: tf.summary.image("i", np.zeros((1, 0, 2, 1), np.float32)), "non-zero dims"),
        (lambda: tf.summary.audio("a", np.zeros((2,), np.float32), 1.0), "Tensor must be 3-D or 2-D"),
        (lambda: tf.summary.audio("a", np.zeros((2, 2), np.float32), 0.0), "sample_rate must be > 0"),
        (lambda: tf.summary.merge([tf.summary.scalar("a", 1.0)] * 2), "Duplicate tag a found in summary inputs"),
        (lambda: tf.summary.merge([tf.constant("zz")]), "Could not parse one of the summary inputs"),
    ],
)
def test_what_a_run_refuses(make: Callable[[], tf.Tensor], said: str) -> None:
    """The error is TensorFlow's."""
    with pytest.raises(tf.errors.InvalidArgumentError, match=said):
        values_of(make())


def test_what_is_refused_before_a_run() -> None:
    """Lists that are empty, other dtypes, and numbers of images below 1."""
    with pytest.raises(TypeError, match="dtype string"):
        tf.summary.scalar("a", "x")
    with pytest.raises(ValueError, match="have dtype string"):
        tf.summary.text("a", 1)
    with pytest.raises(ValueError, match="less than minimum 1"):
        tf.summary.image("a", np.zeros((1, 1, 1, 1), np.uint8), max_outputs=0)
    with pytest.raises(ValueError, match="shorter than minimum length 1"):
        tf.summary.merge([])
    with pytest.raises(TypeError, match="Expected list"):
        tf.summary.merge(None)
    assert tf.summary.merge_all("nothing") is None


def test_metadata_that_are_given_stay_unchanged() -> None:
    """A description goes into a copy of them."""
    metadata = tf.SummaryMetadata(plugin_data=tf.SummaryMetadata.PluginData(plugin_name="p"))
    (value,) = values_of(tf.summary.tensor_summary("t", 3, "said", summary_metadata=metadata))
    assert ("p", "said") == (value.metadata.plugin_data.plugin_name, value.metadata.summary_description)
    assert "" == metadata.summary_description


def test_description_of_an_old_operation() -> None:
    """It is JSON in an attribute of its definition."""
    node = tf.NodeDef(op="TensorSummary", attr={"description": tf.AttrValue(s=b'{"typeHint": "x"}')})
    assert "x" == tf.summary.get_summary_description(node).type_hint
    assert "" == tf.summary.get_summary_description(tf.NodeDef(op="TensorSummary")).type_hint
    with pytest.raises(ValueError, match="Can't get_summary_description on ScalarSummary"):
        tf.summary.get_summary_description(tf.NodeDef(op="ScalarSummary"))
