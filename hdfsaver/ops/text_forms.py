"""Strings in other forms: letters, white space, base 64, and numbers of buckets."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import Kernel, Node, register
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import Flat, invalid
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array


def _each(function: Callable[[bytes], bytes]) -> Kernel:
    def changed(values: Any) -> Array:
        found = np.empty(np.size(values), object)
        found[:] = [function(item) for item in np.ravel(np.asarray(values, object)).tolist()]
        return found.reshape(np.shape(values))

    return changed


class _OfTexts(Flat):
    """One text for each text."""

    signature = "input: string -> output: string"

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape of the input."""
        return node.input_shapes[:1]


class _Letters(_OfTexts):
    attrs = {"encoding": b""}

    def kernel(self, node: Node) -> Kernel:
        encoding = node.attrs["encoding"]
        if encoding not in (b"", b"utf-8"):
            raise invalid(f"only utf-8 or '' (no encoding) is supported, received {encoding.decode('latin-1')}")
        return _each(self.of_bytes if not encoding else self.of_characters)

    def of_bytes(self, text: bytes) -> bytes:
        """Change the letters of English."""
        raise NotImplementedError

    def of_characters(self, text: bytes) -> bytes:
        """Change all letters of a text in UTF-8."""
        raise NotImplementedError


@register
class StringLower(_Letters):
    """Small letters: those of English, or with the encoding utf-8 all."""

    type = "StringLower"

    def of_bytes(self, text: bytes) -> bytes:
        """Change the letters of English."""
        return text.lower()

    def of_characters(self, text: bytes) -> bytes:
        """Change all letters of a text in UTF-8."""
        return text.decode("utf-8", "replace").lower().encode()


@register
class StringUpper(_Letters):
    """Capital letters: those of English, or with the encoding utf-8 all."""

    type = "StringUpper"

    def of_bytes(self, text: bytes) -> bytes:
        """Change the letters of English."""
        return text.upper()

    def of_characters(self, text: bytes) -> bytes:
        """Change all letters of a text in UTF-8."""
        return text.decode("utf-8", "replace").upper().encode()


@register
class StringStrip(_OfTexts):
    """Strings without white space at both ends."""

    type = "StringStrip"

    def kernel(self, node: Node) -> Kernel:
        return _each(bytes.strip)


@register
class EncodeBase64(_OfTexts):
    """Bytes as text of 64 letters, those that names of files and addresses may have."""

    type = "EncodeBase64"
    attrs = {"pad": False}

    def kernel(self, node: Node) -> Kernel:
        pads = node.attrs["pad"]

        def encoded(text: bytes) -> bytes:
            found = base64.urlsafe_b64encode(text)
            return found if pads else found.rstrip(b"=")

        return _each(encoded)


@register
class DecodeBase64(_OfTexts):
    """Bytes out of text of 64 letters."""

    type = "DecodeBase64"

    def kernel(self, node: Node) -> Kernel:
        return _each(_decoded)


def _decoded(text: bytes) -> bytes:
    letters = text.rstrip(b"=")
    padding = len(text) - len(letters)
    if re.search(rb"[^-\w]", letters):
        raise invalid("Invalid character found in base64.")
    if len(letters) % 4 == 1 or (padding and len(text) % 4) or padding > 2:
        raise invalid(f"1 or 2 or 3 padding characters are missing or too many in base64 of length {len(text)}.")
    return base64.urlsafe_b64decode(letters + b"=" * (-len(letters) % 4))


# -- buckets -----------------------------------------------------------------------------------------------------------

_MASK = 2**64 - 1
_FACTOR = 0xC6A4A7935BD1E995
_SEED = 0xDECAFCAFFE


def _mixed(word: int) -> int:
    word = word * _FACTOR & _MASK
    return (word ^ word >> 47) * _FACTOR & _MASK


def hashed(text: bytes) -> int:
    """The hash of a text: MurmurHash64A, a published method, with TensorFlow's seed."""
    found = _SEED ^ len(text) * _FACTOR & _MASK
    whole = len(text) // 8 * 8
    for place in range(0, whole, 8):
        found = (found ^ _mixed(int.from_bytes(text[place : place + 8], "little"))) * _FACTOR & _MASK
    if text[whole:]:
        found = (found ^ int.from_bytes(text[whole:], "little")) * _FACTOR & _MASK
    found = (found ^ found >> 47) * _FACTOR & _MASK
    return found ^ found >> 47


@register
class StringToHashBucket(Flat):
    """A bucket for each text, by its hash."""

    type = "StringToHashBucket"
    signature = "string_tensor: string -> output: int64"
    needed = {"num_buckets": "int"}
    minimums = {"num_buckets": 1}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape of the input."""
        return node.input_shapes

    def kernel(self, node: Node) -> Kernel:
        count = node.attrs["num_buckets"]

        def buckets(values: Any) -> Array:
            items = np.ravel(np.asarray(values, object)).tolist()
            return np.array([hashed(item) % count for item in items], np.int64).reshape(np.shape(values))

        return buckets


# -- the functions -----------------------------------------------------------------------------------------------------


def string_lower(input: TensorLike, encoding: str = "", name: str | None = None) -> Tensor:
    """Strings in small letters.

    Parameters
    ----------
    input : TensorLike
        Strings.
    encoding : {"", "utf-8"}
        Whether the letters of English alone are changed, or all.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Strings.

    Raises
    ------
    InvalidArgumentError
        In the run: another encoding.
    """
    return apply("StringLower", input, encoding=encoding.encode(), name=name)


def string_upper(input: TensorLike, encoding: str = "", name: str | None = None) -> Tensor:
    """Strings in capital letters.

    Parameters
    ----------
    input : TensorLike
        Strings.
    encoding : {"", "utf-8"}
        Whether the letters of English alone are changed, or all.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Strings.

    Raises
    ------
    InvalidArgumentError
        In the run: another encoding.
    """
    return apply("StringUpper", input, encoding=encoding.encode(), name=name)


def string_strip(input: TensorLike, name: str | None = None) -> Tensor:
    """Strings without white space at both ends."""
    return apply("StringStrip", input, name=name)


def encode_base64(input: TensorLike, pad: bool = False, name: str | None = None) -> Tensor:
    """Bytes as text of 64 letters, among them ``-`` and ``_``.

    Parameters
    ----------
    input : TensorLike
        Strings.
    pad : bool
        Whether ``=`` fills the last four letters.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Strings.

    Raises
    ------
    TypeError
        The input is not of strings.
    """
    return apply("EncodeBase64", input, pad=pad, name=name)


def decode_base64(input: TensorLike, name: str | None = None) -> Tensor:
    """Bytes out of text that `encode_base64` made; `InvalidArgumentError` in the run where it is not such a text."""
    return apply("DecodeBase64", input, name=name)


def string_to_hash_bucket(
    string_tensor: TensorLike | None = None,
    num_buckets: int | None = None,
    name: str | None = None,
    input: TensorLike | None = None,
) -> Tensor:
    """A bucket for each text, by its hash.

    Parameters
    ----------
    string_tensor : TensorLike
        Strings.
    num_buckets : int
        How many buckets there are.
    name : str, optional
        The name of the operation.
    input : TensorLike, optional
        Another name of ``string_tensor``.

    Returns
    -------
    Tensor
        Of int64, from 0 to below ``num_buckets``.

    Raises
    ------
    ValueError
        There is no bucket, or two names of one argument are given, or none.
    """
    given = [value for value in (string_tensor, input) if value is not None]
    if len(given) != 1 or num_buckets is None:
        raise ValueError("One of string_tensor and input must be given, and num_buckets.")
    return apply("StringToHashBucket", given[0], num_buckets=num_buckets, name=name)


def string_format(
    template: str,
    inputs: TensorLike | Sequence[TensorLike],
    placeholder: str = "{}",
    summarize: int = 3,
    name: str | None = None,
) -> Tensor:
    """A text with the values of tensors in it.

    Parameters
    ----------
    template : str
        The text.
    inputs : Tensor or list of Tensor
        The values, in the order of the placeholders.
    placeholder : str
        The mark of a value in the text.
    summarize : int
        How many values are shown at each end of a dimension; -1 for all.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        One string.

    Raises
    ------
    ValueError
        There are more or fewer tensors than placeholders.
    """
    given = list(inputs) if isinstance(inputs, list | tuple) else [inputs]
    if template.count(placeholder) != len(given):
        raise ValueError(
            f"The template expects {template.count(placeholder)} tensors, but the inputs only has {len(given)}."
        )
    attrs = {"template": template.encode(), "placeholder": placeholder.encode(), "summarize": summarize}
    return apply("StringFormat", [convert_to_tensor(value) for value in given], name=name, **attrs)
