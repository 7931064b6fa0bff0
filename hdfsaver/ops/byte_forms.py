"""Strings of bytes made of others: decompressed strings, and messages made of JSON."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

from hdfsaver import limits
from hdfsaver.errors import DataLossError
from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import Kernel, Node, register
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.messages import message_classes
from hdfsaver.ops.base import Flat, invalid
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

_WBITS = {b"ZLIB": zlib.MAX_WBITS, b"GZIP": zlib.MAX_WBITS | 16}
"""The argument of zlib for each form of the bytes."""


class _OfStrings(Flat):
    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of the input."""
        return [node.input_shapes[0]]


def _strings(found: Sequence[bytes], shape: Sequence[int]) -> Array:
    texts = np.empty(len(found), object)
    texts[:] = found
    return texts.reshape(shape)


@register
class DecodeCompressed(_OfStrings):
    """The contents of compressed strings."""

    type = "DecodeCompressed"
    signature = "bytes: string -> output: string"
    attrs = {"compression_type": b""}

    def kernel(self, node: Node) -> Kernel:
        kind = node.attrs["compression_type"]
        if kind and kind not in _WBITS:
            raise invalid(
                f"Only ZLIB, GZIP or NONE are supported compressions, not {kind.decode('utf-8', 'replace')!r}."
            )

        def decode(strings: Array) -> Array:
            texts = np.ravel(np.asarray(strings, object)).tolist()
            return _strings([_plain(text, kind) for text in texts] if kind else texts, np.shape(strings))

        return decode


def _plain(data: bytes, kind: bytes) -> bytes:
    bounds = limits.get()
    most = max(bounds.declared_bytes, bounds.declared_ratio * len(data))
    reader = zlib.decompressobj(_WBITS[kind])
    try:
        found = reader.decompress(data, most + 1)
    except zlib.error as error:
        raise DataLossError(None, None, f"The bytes are not of the form {kind.decode()}: {error}") from None
    if len(found) > most:
        raise limits.refused("A compressed string", f"it has more than {most:,} bytes", "declared_bytes")
    if not reader.eof:
        raise DataLossError(None, None, f"The bytes of the form {kind.decode()} end early.")
    return found


@register
class DecodeJSONExample(_OfStrings):
    """Examples in JSON as serialized messages."""

    type = "DecodeJSONExample"
    signature = "json_examples: string -> binary_examples: string"

    def kernel(self, node: Node) -> Kernel:
        def decode(strings: Array) -> Array:
            texts = np.ravel(np.asarray(strings, object)).tolist()
            return _strings([_serialized(text) for text in texts], np.shape(strings))

        return decode


def _serialized(text: bytes) -> bytes:
    message = message_classes.Example()
    try:
        message_classes.parse_json(text.decode(), message)
    except (ValueError, message_classes.JsonError, RecursionError) as error:
        raise invalid(f"Error while parsing JSON: {error}") from None
    data: bytes = message.SerializeToString()
    return data


def decode_compressed(bytes: TensorLike, compression_type: str = "", name: str | None = None) -> Tensor:
    """The contents of compressed strings.

    Parameters
    ----------
    bytes : Tensor or array_like
        Strings.
    compression_type : {"", "ZLIB", "GZIP"}
    name : str, optional
        Name of the operation.

    Returns
    -------
    Tensor
        Of the same shape.

    Raises
    ------
    DataLossError
        When run: a string is not of that form.
    """
    return apply("DecodeCompressed", bytes, compression_type=compression_type.encode(), name=name)


def decode_json_example(json_examples: TensorLike, name: str | None = None) -> Tensor:
    """Examples in JSON as serialized messages, which `parse_example` reads."""
    return apply("DecodeJSONExample", json_examples, name=name)
