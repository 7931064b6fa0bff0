"""Arrays in the attributes of a digraph: dtype, shape, and the elements in one of three forms.

``{"dtype": "float32", "shape": [2], "values": [1.0, 0.5]}``
    The elements in row-major order, if they are few and JSON represents them exactly.
``{"dtype": "float32", "shape": [], "hex": "0000c07f"}``
    The bytes of few numbers, little-endian, if JSON cannot represent them exactly.
``{"dtype": "float32", "shape": [100], "constant": "LINK"}``
    The elements are in the dataset of that link in ``/graph/constants``.

The dtype is a name of the table of dtypes (``string`` is a NumPy array of dtype object that holds bytes alone), with
``>`` before it where the array is big-endian; ``U5`` or ``S5``, NumPy's strings of fixed width; or ``object``, an array
of any values.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from hdfsaver import dtypes
from hdfsaver.errors import InvalidArgumentError
from hdfsaver.storage import layout
from hdfsaver.storage.graph.tensor_json import MAX_ELEMENTS, tensor_from_json, tensor_to_json
from hdfsaver.storage.hdf5.array_datasets import little_endian
from hdfsaver.tensor_info import Array

MAX_BYTES = 4096
"""Bytes of the largest array of strings that is stored in a row."""

_to_json = json.JSONEncoder(ensure_ascii=False).encode

_TEXT = re.compile(r"(>?)([US])(0|[1-9][0-9]{0,9})")
_UNITS: dict[str, np.dtype[Any]] = {"U": np.dtype("<u4"), "S": np.dtype(np.uint8)}
"""The stored form of NumPy's fixed-width strings: code points, or bytes."""


def array_to_json(array: Array, place: Callable[[Array], str], write: Callable[[Any], str]) -> str:
    """Write an array.

    Parameters
    ----------
    array : ndarray
    place : callable
        Stores an array as a dataset, and returns its link.
    write : callable
        Returns the JSON of a single value.

    Returns
    -------
    str
        The JSON of the array.

    Raises
    ------
    TypeError
        Its dtype or one of its elements is unsupported.
    """
    # The program may change the array at any moment, so its elements, dtype and shape are those of one moment.
    array = array.copy() if array.dtype.kind == "O" else array.view()
    if array.dtype.kind in "US":
        return _text_to_json(array, place, write)
    if array.dtype.kind != "O":
        return _numbers_to_json(array, place)
    items = array.ravel().tolist()
    if all(type(item) is bytes for item in items):
        text = tensor_to_json(array)
        return _form("string", array.shape, "constant", _to_json(place(_storable(array)))) if text is None else text
    return _form("object", array.shape, "values", f"[{', '.join(map(write, items))}]")


def _form(word: str, shape: tuple[int, ...], form: str, content: str) -> str:
    return f'{{"dtype": "{word}", "shape": {list(shape)}, "{form}": {content}}}'


def _storable(array: Array) -> Array:
    """The array itself, or its flat elements if it has more dimensions than HDF5 allows."""
    return array if array.ndim <= layout.MAX_RANK else array.reshape(-1)


def _numbers_to_json(array: Array, place: Callable[[Array], str]) -> str:
    word = dtypes.name_of_numpy(array.dtype)
    little = little_endian(array)
    if array.dtype.byteorder == ">":
        word = f">{word}"
    else:
        text = tensor_to_json(little)
        if text is not None:
            return text
    if array.size <= MAX_ELEMENTS:
        return _form(word, array.shape, "hex", f'"{little.tobytes().hex()}"')
    return _form(word, array.shape, "constant", _to_json(place(_storable(little))))


def _text_to_json(array: Array, place: Callable[[Array], str], write: Callable[[Any], str]) -> str:
    kind, unit = array.dtype.kind, _UNITS[array.dtype.kind]
    width = array.dtype.itemsize // unit.itemsize
    word = f"{'>' if array.dtype.byteorder == '>' else ''}{kind}{width}"
    if array.size <= MAX_ELEMENTS and array.nbytes <= MAX_BYTES:
        items = array.ravel().tolist()
        return _form(word, array.shape, "values", f"[{', '.join(map(write, items))}]")
    units = np.frombuffer(little_endian(array).tobytes(), unit).reshape(*array.shape, width)
    _check_points(units)
    return _form(word, array.shape, "constant", _to_json(place(_storable(units))))


def _check_points(units: Array) -> None:
    if int(units.max(initial=0)) > sys.maxunicode:
        raise ValueError("a code point of a string array is beyond Unicode")


def scalar_to_json(scalar: np.generic) -> str:
    """Write a NumPy scalar as an array without dimensions; `TypeError` for an unsupported dtype."""
    return _numbers_to_json(np.asarray(scalar), _no_place)


def _no_place(_array: Array) -> str:
    raise AssertionError("a scalar is always stored in its row")


# --- reading --------------------------------------------------------------------------------------------------------


def array_from_json(plain: Any, fetch: Callable[[str], Array], read: Callable[[Any], Any]) -> Array:
    """Read an array from parsed JSON.

    Parameters
    ----------
    plain : dict
    fetch : callable
        Returns the array of a link.
    read : callable
        Returns the value of parsed JSON.

    Returns
    -------
    ndarray
        A new, writable array.

    Raises
    ------
    ValueError, TypeError, OverflowError
        The JSON is malformed.
    InvalidArgumentError
        The dtype is unknown.
    """
    word, shape, form, content = _parts(plain)
    found = _TEXT.fullmatch(word)
    if form == "constant":
        return _from_constant(word, shape, fetch(content))
    if word == "object" and form == "values":
        return _filled(np.dtype(object), shape, _values(content, shape, read))
    if found is not None and form == "values":
        return _strings(_text_dtype(word), shape, _values(content, shape, read))
    return _from_hex(word, shape, content) if form == "hex" else tensor_from_json(plain).copy()


def _parts(plain: Any) -> tuple[str, tuple[int, ...], str, Any]:
    if not isinstance(plain, dict) or len(plain) != 3 or not {"dtype", "shape"} < plain.keys():
        raise ValueError("an array needs dtype, shape, and one of values, hex and constant")
    ((form, content),) = (member for member in plain.items() if member[0] not in ("dtype", "shape"))
    word, shape = plain["dtype"], plain["shape"]
    if form not in ("values", "hex", "constant") or (form != "values" and not isinstance(content, str)):
        raise ValueError(f"{form!r} is not a form of an array's elements")
    if not isinstance(shape, list) or len(shape) > 64 or not all(type(size) is int and size >= 0 for size in shape):
        raise ValueError(f"{shape!r} is not a shape")
    if not isinstance(word, str):
        raise TypeError(f"{word!r} is not the name of a dtype")
    return word, tuple(shape), form, content


def _values(content: Any, shape: tuple[int, ...], read: Callable[[Any], Any]) -> list[Any]:
    if not isinstance(content, list) or len(content) != math.prod(shape):
        raise ValueError(f"the number of an array's values does not match its shape {list(shape)}")
    return [read(value) for value in content]


def _filled(dtype: np.dtype[Any], shape: tuple[int, ...], items: list[Any]) -> Array:
    array: Array = np.ndarray(len(items), dtype)
    for place, item in enumerate(items):  # one by one: NumPy would interpret lists as dimensions
        array[place] = item
    return array.reshape(shape)


def _strings(dtype: np.dtype[Any], shape: tuple[int, ...], items: list[Any]) -> Array:
    if len(items) * dtype.itemsize > MAX_BYTES:
        raise ValueError(f"a string array of {len(items) * dtype.itemsize} bytes is too large for a row")
    kind = str if dtype.kind == "U" else bytes
    if not all(type(item) is kind for item in items):
        raise TypeError(f"the values {items!r} are not all of type {kind.__name__}")
    array = _filled(dtype, shape, items)
    if array.ravel().tolist() != items:
        raise ValueError(f"the strings {items!r} do not fit into {dtype}")
    return array


def _text_dtype(word: str) -> np.dtype[Any]:
    return np.dtype(word if word.startswith(">") else f"<{word}")


def _number_dtype(word: str) -> np.dtype[Any]:
    name = word.removeprefix(">")
    row = dtypes.ROW_BY_NAME.get(name)
    if row is None or row.hdf5 is None or (word != name and name == "string"):
        raise InvalidArgumentError(None, None, f"{word!r} is not a dtype of an array")
    return dtypes.numpy_dtype(name)


def _from_hex(word: str, shape: tuple[int, ...], digits: str) -> Array:
    dtype = _number_dtype(word)
    data = bytearray.fromhex(digits)
    if dtype.hasobject or len(data) != math.prod(shape) * dtype.itemsize:
        raise ValueError(f"{len(data)} bytes cannot be {list(shape)} elements of {word}")
    return _ordered(np.frombuffer(data, dtype).reshape(shape), word)


def _ordered(array: Array, word: str) -> Array:
    return array.astype(array.dtype.newbyteorder(">")) if word.startswith(">") else array


def _from_constant(word: str, shape: tuple[int, ...], stored: Array) -> Array:
    found = _TEXT.fullmatch(word)
    if found is None:
        _check_stored(stored, word, _number_dtype(word), shape)
        return _ordered(stored.reshape(shape), word)
    width = int(found[3])
    _check_stored(stored, word, _UNITS[found[2]].newbyteorder("="), (*shape, width))
    dtype = _text_dtype(word)
    array: Array = np.ndarray(shape, dtype)
    if array.nbytes:
        _check_points(stored)
        array[...] = np.frombuffer(stored.tobytes(), dtype.newbyteorder("<")).reshape(shape)
    return array


def _check_stored(stored: Array, word: str, dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
    if stored.dtype != dtype or stored.shape not in (shape, (math.prod(shape),)):
        raise ValueError(
            f"the constant has dtype {stored.dtype} and shape {stored.shape}, but {word} {list(shape)} was expected"
        )
