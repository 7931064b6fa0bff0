"""Images of eight bits as PNG, with Python's zlib alone."""

from __future__ import annotations

import struct
import zlib

import numpy as np

from hdfsaver.tensor_info import Array

_COLOR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
"""PNG's numbers of grey, grey with alpha, RGB and RGBA, by the channels of a pixel."""


def png_bytes(pixels: Array) -> bytes:
    """An image as a PNG file.

    Parameters
    ----------
    pixels : numpy.ndarray of uint8
        Of height, width and 1 to 4 channels.

    Returns
    -------
    bytes
    """
    height, width, channels = pixels.shape
    rows = np.zeros((height, 1 + width * channels), np.uint8)  # the first byte of a row says that it is not filtered
    rows[:, 1:] = pixels.reshape(height, -1)
    head = struct.pack(">IIBBBBB", width, height, 8, _COLOR_TYPES[channels], 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows.tobytes())), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_part(kind, data) for kind, data in parts)


def _part(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
