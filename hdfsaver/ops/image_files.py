"""Images in files: JPEG, PNG, GIF and BMP, decoded and encoded by Pillow (``pip install "hdfsaver[images]"``)."""

from __future__ import annotations

import importlib
import io
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from hdfsaver import dtypes
from hdfsaver.errors import UnimplementedError
from hdfsaver.graph.definition import Kernel, Node, OpDef, register
from hdfsaver.messages.png import png_bytes
from hdfsaver.ops.base import Flat, invalid, with_rank
from hdfsaver.schema import AttrValue
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
_JPEG_MODES = {b"": None, b"grayscale": 1, b"rgb": 3}
_SIGNATURES = ((b"\xff\xd8\xff", "JPEG"), (b"\x89PNG", "PNG"), (b"GIF8", "GIF"), (b"BM", "BMP"))


def _pillow() -> Any:
    try:
        found = importlib.import_module("PIL.Image")
    except ImportError:
        message = 'Images are decoded by the package Pillow, which is not installed: pip install "hdfsaver[images]".'
        raise UnimplementedError(None, None, message) from None
    return found


def _format_of(contents: bytes) -> str:
    for signature, name in _SIGNATURES:
        if contents.startswith(signature):
            return name
    raise invalid("Unknown image file format. One of JPEG, PNG, GIF, BMP required.")


def _opened(contents: bytes) -> Any:
    name = _format_of(contents)
    image_class = _pillow()
    try:
        image = image_class.open(io.BytesIO(contents), formats=[name])
        image.load()
    except (OSError, ValueError, SyntaxError, EOFError, image_class.DecompressionBombError) as error:
        raise invalid(f"Invalid {name} data or crop window, data size {len(contents)}: {error}") from None
    return image


def _pixels(image: Any, channels: int) -> Array:
    """Pixels of eight bits; those of sixteen are cut off to their upper byte."""
    if _is_deep(image):  # grey of sixteen bits
        image = _pillow().fromarray((np.asarray(image).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8))
    wanted = channels or _own_channels(image)
    if wanted not in _MODES:
        raise invalid(f"channels must be 0, 1, 2, 3, or 4, not {channels}.")
    pixels = np.array(image.convert(_MODES[wanted]), np.uint8)
    return pixels.reshape(*pixels.shape[:2], wanted)


def _is_deep(image: Any) -> bool:
    return str(image.mode).startswith("I")


def _deep_pixels(image: Any, channels: int) -> Array:
    """Pixels of sixteen bits; of colored images, whose lower byte Pillow does not keep, it is the upper one again."""
    if _is_deep(image) and channels in (0, 1):
        return np.asarray(image).astype(np.uint16)[..., None]
    return _pixels(image, channels) * np.uint16(257)


def _own_channels(image: Any) -> int:
    if image.mode == "P":
        return 4 if "transparency" in image.info else 3
    return {"1": 1, "L": 1, "LA": 2, "RGBA": 4, "PA": 4}.get(image.mode, 3)


def _frames(image: Any) -> Array:
    frames = []
    for number in range(getattr(image, "n_frames", 1)):
        image.seek(number)
        frames.append(np.array(image.convert("RGB"), np.uint8))
    return np.stack(frames)


def _one(contents: Array) -> bytes:
    value = contents.item() if isinstance(contents, np.ndarray) else contents
    return bytes(value)


class _Decode(Flat, OpDef):
    """The contents of a file as pixels."""

    signature = "contents: string -> image: uint8"
    attrs: ClassVar[Mapping[str, AttrValue]] = {"channels": 0}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(height, width, channels), as far as known."""
        with_rank(node.input_shapes[0], 0)
        channels = node.attrs["channels"]
        if channels < 0:
            raise ValueError(f"channels must be non-negative, not {channels}.")
        return [(None, None, channels or None)]

    def kernel(self, node: Node) -> Kernel:
        channels = node.attrs["channels"]
        return lambda contents: self.pixels(_opened(_one(contents)), channels)

    def pixels(self, image: Any, channels: int) -> Array:
        """The pixels of an image that Pillow has opened."""
        return _frames(image)[0] if image.format == "GIF" else _pixels(image, channels)


@register
class DecodeJpeg(_Decode):
    """The pixels of a JPEG file."""

    type = "DecodeJpeg"
    attrs = {
        "channels": 0,
        "ratio": 1,
        "fancy_upscaling": True,
        "try_recover_truncated": False,
        "acceptable_fraction": 1.0,
        "dct_method": b"",
    }
    differs = (
        "Pixels are those of Pillow's decoder, which are some levels off where colors change. The ratio must be 1."
    )

    def kernel(self, node: Node) -> Kernel:
        if node.attrs["ratio"] != 1:
            raise UnimplementedError(None, None, "JPEG is decoded at its own size only: ratio must be 1.")
        return super().kernel(node)


@register
class DecodePng(_Decode):
    """The pixels of a PNG file."""

    type = "DecodePng"
    signature = "contents: string -> image: dtype"
    types = {"dtype": frozenset({"uint8", "uint16"})}
    attrs = {"channels": 0, "dtype": "uint8"}
    differs = "Colors of sixteen bits lose their lower byte."

    def kernel(self, node: Node) -> Kernel:
        channels, dtype = node.attrs["channels"], dtypes.numpy_dtype(node.attrs["dtype"])

        def decode(contents: Array) -> Array:
            image = _opened(_one(contents))
            return self.pixels(image, channels) if dtype == np.uint8 else _deep_pixels(image, channels)

        return decode


@register
class DecodeBmp(_Decode):
    """The pixels of a BMP file."""

    type = "DecodeBmp"


@register
class DecodeGif(Flat, OpDef):
    """All frames of a GIF file."""

    type = "DecodeGif"
    signature = "contents: string -> image: uint8"

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(frames, height, width, 3)."""
        with_rank(node.input_shapes[0], 0)
        return [(None, None, None, 3)]

    def kernel(self, node: Node) -> Kernel:
        return lambda contents: _frames(_opened(_one(contents)))


@register
class DecodeImage(Flat, OpDef):
    """The pixels of a file of any of these formats; all frames of a GIF file."""

    type = "DecodeImage"
    signature = "contents: string -> image: dtype"
    types = {"dtype": frozenset({"uint8", "uint16", "float32"})}
    attrs = {"channels": 0, "dtype": "uint8", "expand_animations": True}
    differs = DecodeJpeg.differs

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(height, width, channels), or with the number of frames before; as far as known."""
        with_rank(node.input_shapes[0], 0)
        channels = node.attrs["channels"]
        return [None if node.attrs["expand_animations"] else (None, None, channels or None)]

    def kernel(self, node: Node) -> Kernel:
        channels, dtype = node.attrs["channels"], dtypes.numpy_dtype(node.attrs["dtype"])

        def decode(contents: Array) -> Array:
            image = _opened(_one(contents))
            if image.format == "GIF":
                frames = _frames(image)
                pixels = frames if node.attrs["expand_animations"] else frames[0]
            elif dtype == np.float32 and _is_deep(image):
                return _deep_pixels(image, channels) * np.float32(1 / 65535)
            else:
                pixels = _pixels(image, channels)
            if dtype == np.float32:
                return pixels * np.float32(1 / 255)
            return pixels if dtype == np.uint8 else _deep_pixels(image, channels)

        return decode


class _Encode(Flat, OpDef):
    """Pixels as the contents of a file."""

    def shapes(self, node: Node) -> Sequence[Shape]:
        """A single string."""
        with_rank(node.input_shapes[0], 3)
        return [()]


@register
class EncodePng(_Encode):
    """Pixels of eight bits as a PNG file."""

    type = "EncodePng"
    signature = "image: T -> contents: string"
    types = {"T": frozenset({"uint8"})}
    further_types = {"T": frozenset({"uint16"})}
    default_types = {"T": "uint8"}
    attrs = {"compression": -1}
    differs = "The bytes differ; the pixels are the same."

    def kernel(self, node: Node) -> Kernel:
        def encode(image: Array) -> bytes:
            if image.ndim != 3 or image.shape[2] not in _MODES or not image.size:
                raise invalid(f"image must have 1, 2, 3, or 4 channels and pixels, but has shape {image.shape}.")
            return png_bytes(image)

        return encode


@register
class EncodeJpeg(_Encode):
    """Pixels as a JPEG file."""

    type = "EncodeJpeg"
    signature = "image: uint8 -> contents: string"
    attrs = {
        "format": b"",
        "quality": 95,
        "progressive": False,
        "optimize_size": False,
        "chroma_downsampling": True,
        "density_unit": b"in",
        "x_density": 300,
        "y_density": 300,
        "xmp_metadata": b"",
    }
    allowed = {"format": frozenset(_JPEG_MODES), "density_unit": frozenset({b"in", b"cm"})}
    differs = "The bytes are those of Pillow's encoder."

    def kernel(self, node: Node) -> Kernel:
        attrs = dict(node.attrs)

        def encode(image: Array) -> bytes:
            channels = _JPEG_MODES[attrs["format"]] or (image.shape[2] if image.ndim == 3 else 0)
            if image.ndim != 3 or image.shape[2] != channels or channels not in (1, 3):
                raise invalid(f"image must have 1 or 3 channels, as its format says, but has shape {image.shape}.")
            target = io.BytesIO()
            picture = _pillow().fromarray(image[..., 0] if channels == 1 else image)
            picture.save(
                target,
                "JPEG",
                quality=attrs["quality"],
                progressive=attrs["progressive"],
                optimize=attrs["optimize_size"],
                subsampling=2 if attrs["chroma_downsampling"] else 0,
                dpi=(attrs["x_density"], attrs["y_density"]),
            )
            return target.getvalue()

        return encode
