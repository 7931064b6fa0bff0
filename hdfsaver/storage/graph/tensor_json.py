"""Small tensors as JSON: ``{"dtype": "float32", "shape": [2], "values": [1.0, 2.0]}``.

The values are in row-major order: JSON numbers, booleans or, for strings, the form of bytes in `attr_json`; a complex
number is a pair. Values that JSON cannot represent exactly, NaN and infinities, are not written so.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from functools import cache, lru_cache
from typing import Any, NamedTuple

import numpy as np

from hdfsaver import dtypes
from hdfsaver.errors import InvalidArgumentError
from hdfsaver.storage.hdf5.datatypes import type_of
from hdfsaver.tensor_info import Array

MAX_ELEMENTS = 16
"""Elements of the largest tensor that is stored in the row of its node."""

MAX_TEXT = 512
"""Characters of the longest JSON in the row of a node."""

_to_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def tensor_to_json(array: Array) -> str | None:
    """Write a tensor; None if it is too large or JSON cannot represent it exactly.

    Raises
    ------
    TypeError
        Its dtype is unsupported, or one that is not stored.
    """
    if array.size > MAX_ELEMENTS:
        return None
    if array.dtype.kind in "OSU":
        plain = [bytes_to_plain(_as_bytes(item)) for item in array.ravel().tolist()]
        text: str | None = _written("string", array.shape, _to_json(plain))
    else:
        text = _numbers_to_json(array.dtype, array.shape, array.tobytes())
    return text if text is None or len(text) <= MAX_TEXT else None


@lru_cache(maxsize=4096)
def _numbers_to_json(dtype: np.dtype[Any], shape: tuple[int, ...], data: bytes) -> str | None:
    # A graph repeats the same few zeros, ones and axes many times.
    flat = np.ndarray(math.prod(shape), dtype, data)
    name = dtypes.name_of_numpy(dtype)
    type_of(name)  # refuses a dtype that the file does not have
    values = _numbers(name, flat)
    # Python writes finite numbers as JSON does, and other numbers as a word with an n.
    text = str(values).lower()
    if "n" in text or (dtype.kind in "bV" and _from_numbers(name, values).tobytes() != data):
        return None
    return _written(name, shape, text)


def _written(name: str, shape: tuple[int, ...], values: str) -> str:
    return f'{{"dtype": "{name}", "shape": {list(shape)}, "values": {values}}}'


def _numbers(name: str, flat: Array) -> list[Any]:
    if flat.dtype.kind == "c":
        return [[number.real, number.imag] for number in flat.tolist()]
    if flat.dtype.isbuiltin != 1:  # ml_dtypes gives its own scalar objects
        flat = flat.astype(np.float64 if dtypes.as_dtype(name).is_floating else np.int64)
    values: list[Any] = flat.tolist()
    return values


def tensor_from_json(plain: Any) -> Array:
    """Read a tensor from parsed JSON, as a read-only array.

    Raises
    ------
    ValueError, TypeError, OverflowError
        The JSON is malformed.
    InvalidArgumentError
        There is no such dtype.
    """
    if not isinstance(plain, dict) or plain.keys() != {"dtype", "shape", "values"}:
        raise ValueError("a tensor needs exactly dtype, shape and values")
    name, shape, values = plain["dtype"], plain["shape"], plain["values"]
    if not isinstance(name, str) or name not in dtypes.ROW_BY_NAME or dtypes.ROW_BY_NAME[name].hdf5 is None:
        raise InvalidArgumentError(None, None, f"{name!r} is not a dtype of a tensor")
    if not _is_shape(shape) or not isinstance(values, list) or math.prod(shape) != len(values):
        raise ValueError(f"the number of a tensor's values does not match its shape {shape!r}")
    array = _from_strings(values) if name == "string" else _from_numbers(name, values)
    array = array.reshape(shape)
    array.flags.writeable = False
    return array


def _is_shape(shape: Any) -> bool:
    return isinstance(shape, list) and len(shape) <= 64 and all(type(size) is int and size >= 0 for size in shape)


class _Numbers(NamedTuple):
    """The valid numbers of one dtype."""

    numpy: np.dtype[Any]
    types: frozenset[type]
    least: float
    greatest: float


@cache
def _numbers_of(name: str) -> _Numbers:
    numpy = dtypes.numpy_dtype(name)
    dtype = dtypes.as_dtype(numpy)  # the quantized dtypes have the limits of the plain ones
    if dtype.is_bool:
        return _Numbers(numpy, frozenset({bool}), False, True)
    kind: type = float if dtype.is_floating else int
    return _Numbers(numpy, frozenset({int, kind}), kind(dtype.min), kind(dtype.max))


def _from_numbers(name: str, values: list[Any]) -> Array:
    if name.startswith("complex"):
        return _from_pairs(name, values)
    numbers = _numbers_of(name)
    if not numbers.types.issuperset(map(type, values)):
        raise TypeError(f"the values {values!r} are not all of dtype {name}")
    if values and not numbers.least <= min(values) <= max(values) <= numbers.greatest:
        raise OverflowError(f"the values {values!r} are beyond the range of {name}")
    return np.array(values, numbers.numpy)


def _from_pairs(name: str, pairs: list[Any]) -> Array:
    if not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
        raise ValueError("a complex number must be a pair")
    part = dtypes.as_dtype(name).real_dtype.name
    return _from_numbers(part, [number for pair in pairs for number in pair]).view(dtypes.numpy_dtype(name))


def _from_strings(values: list[Any]) -> Array:
    array = np.empty(len(values), dtype=object)
    array[:] = [bytes_from_plain(value) for value in values]
    return array


def _as_bytes(item: Any) -> bytes:
    if isinstance(item, bytes):
        return item
    if isinstance(item, str):
        return item.encode()
    raise TypeError(f"an element of a string tensor must be bytes, not {type(item).__name__}")


def bytes_to_plain(value: bytes) -> str | dict[str, str]:
    """The JSON form of bytes: a string for valid UTF-8, otherwise ``{"bytes": BASE64}``."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"bytes": base64.b64encode(value).decode()}


def bytes_from_plain(plain: Any) -> bytes:
    """Read bytes from parsed JSON; `ValueError` if it is not the form of bytes."""
    if isinstance(plain, str):
        return plain.encode()
    if not isinstance(plain, dict) or plain.keys() != {"bytes"} or not isinstance(plain["bytes"], str):
        raise ValueError(f"{plain!r} is not the form of bytes")
    try:
        return base64.b64decode(plain["bytes"], validate=True)
    except binascii.Error:
        raise ValueError(f"{plain['bytes'][:80]!r} is not base64") from None
