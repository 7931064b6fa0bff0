"""Images in files are decoded to TensorFlow's pixels (recorded) by the library Pillow, and encoded."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf

RECORDED: dict[str, Any] = json.loads((Path(__file__).parent / "image_files.json").read_text(encoding="utf-8"))

OPAQUE = ("palette.png", "png 4")
"""Its alpha is 255 here and 15 in TensorFlow, the greatest number of four bits."""

CASES = [(name, call) for name, record in RECORDED.items() for call in record["pixels"] if (name, call) != OPAQUE]


def contents(name: str) -> bytes:
    """The bytes of a file."""
    return base64.b64decode(RECORDED[name]["contents"])


def called(call: str, data: bytes) -> Any:
    """The operation of one call, such as ``png 3``: a function, and the channels."""
    function, *channels = call.split()
    if function == "float":
        return tf.image.decode_image(data, dtype=tf.float32)
    if function == "uint16":
        return tf.image.decode_png(data, dtype=tf.uint16)
    decode: Callable[..., Any] = getattr(tf.image, f"decode_{function}")
    return decode(data, channels=int(channels[0])) if channels else decode(data)


def tolerance(name: str, call: str) -> float:
    """How much pixels may be off: the decoders of JPEG differ, and so do the weights that make colors grey."""
    levels = 9 if name == "smooth.jpg" else 2 if name.endswith(".jpg") else 1 if call == "png 1" else 0
    return levels / 255 + 1e-6 if call == "float" else levels


@pytest.mark.parametrize(("name", "call"), CASES)
def test_pixels(name: str, call: str) -> None:
    """Shape, dtype and pixels are TensorFlow's; those of JPEG are some levels off."""
    pytest.importorskip("PIL")
    dtype, shape, expected = RECORDED[name]["pixels"][call]
    with tf.Graph().as_default(), tf.Session() as session:
        tensor = called(call, contents(name))
        pixels = session.run(tensor)
    assert (dtype, shape) == (str(pixels.dtype), list(pixels.shape))
    assert tensor.shape.is_compatible_with(shape)
    assert np.abs(pixels.ravel().astype(float) - np.array(expected, float)).max() <= tolerance(name, call)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_png_round_trip(channels: int) -> None:
    """An encoded PNG has the pixels that it was made of."""
    pytest.importorskip("PIL")
    pixels = np.arange(5 * 4 * channels, dtype=np.uint8).reshape(5, 4, channels)
    with tf.Graph().as_default(), tf.Session() as session:
        assert np.array_equal(pixels, session.run(tf.image.decode_png(tf.image.encode_png(pixels))))


def test_jpeg_round_trip() -> None:
    """An encoded JPEG has about the pixels that it was made of."""
    pytest.importorskip("PIL")
    rows, columns = np.mgrid[:16, :16]
    pixels = np.stack([rows * 8, columns * 8, rows + columns], -1).astype(np.uint8)
    with tf.Graph().as_default(), tf.Session() as session:
        encoded = tf.image.encode_jpeg(pixels, quality=100, chroma_downsampling=False)
        found = session.run(tf.image.decode_jpeg(encoded))
    assert np.abs(found.astype(int) - pixels).max() < 6


@pytest.mark.parametrize("data", [b"", b"text", contents("rgb.png")[:60]], ids=["empty", "text", "cut off"])
def test_other_bytes(data: bytes) -> None:
    """Bytes that are not an image are an `InvalidArgumentError`."""
    pytest.importorskip("PIL")
    with tf.Graph().as_default(), tf.Session() as session, pytest.raises(tf.errors.InvalidArgumentError):
        session.run(tf.image.decode_image(data))


def test_without_pillow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Pillow a run says what to install."""
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with tf.Graph().as_default(), tf.Session() as session:
        decoded = tf.image.decode_png(contents("rgb.png"))
        with pytest.raises(tf.errors.UnimplementedError, match=r"pip install .*images"):
            session.run(decoded)
