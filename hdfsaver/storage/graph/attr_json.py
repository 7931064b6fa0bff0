"""The attributes of an operation as JSON: one object with a member per attribute, in order.

==========  ===========================================================================================================
Python      JSON
==========  ===========================================================================================================
bool        ``true``
int         ``3``
float       ``0.5``; infinities ``{"float": "-inf"}``; NaN ``{"float": "7ff8000000000000"}``, the bits of a double
bytes       ``"NHWC"`` where they are UTF-8, otherwise ``{"bytes": "BASE64"}``
str         ``{"type": "float32"}``, a dtype's name
tuple       ``{"shape": [null, 3]}``
None        ``{"shape": null}``, an unknown rank
ndarray     ``{"tensor": {...}}``, see `tensor_json`, or ``{"constant": "PATH"}``, a dataset below ``/graph/constants``
list        ``[1, 1]``
dict        ``{"func": {"name": "f", "attr": {...}}}`` or ``{"func": {"placeholder": "T"}}``
==========  ===========================================================================================================
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NoReturn, TypeAlias

import numpy as np

from hdfsaver import dtypes, limits
from hdfsaver.errors import InvalidArgumentError
from hdfsaver.schema import AttrValue
from hdfsaver.storage.graph.tensor_json import bytes_from_plain, bytes_to_plain, tensor_from_json, tensor_to_json
from hdfsaver.tensor_info import Array

Place: TypeAlias = Callable[[str, Array], str]
"""Stores an array that is too large for JSON, by the name of its attribute, and returns its path."""

Fetch: TypeAlias = Callable[[str], Array]
"""Returns the array at a path."""

Writer: TypeAlias = Callable[[str, Any, Place], str]

_BRACKETS = re.compile(r'"(?:[^"\\]|\\.?)*+"?|[\[\]{}]', re.DOTALL)
"""Strings, which are skipped, and brackets outside of strings."""

_to_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def attrs_to_json(attrs: Mapping[str, AttrValue], place: Place) -> str:
    """Write the attributes of an operation.

    Parameters
    ----------
    attrs : mapping of str to AttrValue
    place : callable
        ``place(attribute, array)`` is called for each array too large for JSON, in order, and gives its path.

    Raises
    ------
    TypeError, ValueError
        An attribute has an unsupported value; the message begins with the attribute.
    """
    members = []
    for key, value in attrs.items():
        try:
            members.append(f"{_quoted(key)}: {_written(key, value, place)}")
        except RecursionError:
            raise ValueError(f"attribute {key!r} is nested too deeply.") from None
        except (TypeError, ValueError) as error:
            kind = TypeError if isinstance(error, TypeError) else ValueError
            raise kind(f"attribute {key!r} cannot be stored: {error}.") from error
    return f"{{{', '.join(members)}}}"


@lru_cache(maxsize=4096)
def _quoted(text: str) -> str:
    if not isinstance(text, str):
        raise TypeError("the name of an attribute must be a string")
    return _to_json(text)


def _written(key: str, value: AttrValue, place: Place) -> str:
    write = _WRITERS.get(type(value)) or _writer_of_base(value)
    return write(key, value, place)


def _writer_of_base(value: AttrValue) -> Writer:
    for kind, write in _WRITERS.items():
        if isinstance(value, kind):
            return write
    raise TypeError(f"{value!r} has an unsupported type for an attribute")


def _write_plain(_key: str, value: AttrValue, _place: Place) -> str:
    return _to_json(value)


def _write_float(_key: str, value: float, _place: Place) -> str:
    if math.isfinite(value):
        return repr(float(value))
    bits = struct.pack(">d", value).hex()
    return f'{{"float": "{bits if math.isnan(value) else value}"}}'


def _write_bytes(_key: str, value: bytes, _place: Place) -> str:
    return _to_json(bytes_to_plain(value))


def _write_type(_key: str, value: str, _place: Place) -> str:
    return _type_to_json(value)


@lru_cache(maxsize=4096)
def _type_to_json(name: str) -> str:
    if dtypes.base_name(name) not in dtypes.ROW_BY_NAME:
        raise ValueError(f"a str must be the name of a dtype, and {name!r} is not; give other strings as bytes")
    return f'{{"type": "{name}"}}'


def _write_shape(_key: str, value: tuple[int | None, ...] | None, _place: Place) -> str:
    if value is not None and not _is_shape(list(value)):
        raise TypeError(f"{value!r} is not a shape: its dimensions are integers or None")
    return f'{{"shape": {_to_json(value)}}}'


def _write_tensor(key: str, value: Array, place: Place) -> str:
    text = tensor_to_json(value)
    return f'{{"constant": {_to_json(place(key, value))}}}' if text is None else f'{{"tensor": {text}}}'


def _write_list(key: str, value: list[AttrValue], place: Place) -> str:
    return f"[{', '.join([_written(key, item, place) for item in value])}]"


def _write_func(key: str, value: dict[str, Any], place: Place) -> str:
    _check_func(value)
    members = [
        f"{_to_json(name)}: {_to_json(item) if isinstance(item, str) else _write_attrs(key, item, place)}"
        for name, item in value.items()
    ]
    return f'{{"func": {{{", ".join(members)}}}}}'


def _write_attrs(key: str, attrs: dict[str, AttrValue], place: Place) -> str:
    return f"{{{', '.join([f'{_quoted(name)}: {_written(key, item, place)}' for name, item in attrs.items()])}}}"


def _check_func(value: dict[str, Any]) -> None:
    kinds = {key: type(item) for key, item in value.items()}
    if kinds not in ({"name": str, "attr": dict}, {"placeholder": str}):
        raise TypeError("a function must be {'name': str, 'attr': attributes} or {'placeholder': str}")


# A subclass is written as the first matching type; bool is a subclass of int, and JSON has both.
_WRITERS: dict[type, Writer] = {
    str: _write_type,
    np.ndarray: _write_tensor,
    int: _write_plain,
    list: _write_list,
    bytes: _write_bytes,
    tuple: _write_shape,
    type(None): _write_shape,
    float: _write_float,
    dict: _write_func,
}


def attrs_from_json(text: str, fetch: Fetch) -> dict[str, AttrValue]:
    """Read the attributes of an operation.

    Raises
    ------
    ValueError, TypeError, OverflowError
        The JSON is malformed.
    InvalidArgumentError
        A dtype is unknown.
    DataLossError
        A constant that it refers to is missing or damaged.
    """
    try:
        plain = _parse(text)
        if not isinstance(plain, dict):
            raise ValueError("attributes must be a JSON object")
        return _attrs(plain, fetch)
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("an object has two members with the same name")
    return members


_decode = json.JSONDecoder(parse_constant=_refuse_constant, object_pairs_hook=_members).decode


def _parse(text: str) -> Any:
    most = limits.get().json_depth
    # Few strings have that many brackets; only those are parsed for their depth.
    if text.count("[") + text.count("{") > most and _depth(text) > most:
        raise ValueError(f"the JSON is nested too deeply, beyond the limit `json_depth` ({most})")
    return _decode(text)


def _depth(text: str) -> int:
    """The nesting depth of lists and objects in a JSON string."""
    depth = deepest = 0
    for token in _BRACKETS.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token.group(), 0)
        deepest = max(deepest, depth)
    return deepest


def _attrs(plain: dict[str, Any], fetch: Fetch) -> dict[str, AttrValue]:
    return {key: _value(item, fetch) for key, item in plain.items()}


def _value(plain: Any, fetch: Fetch) -> AttrValue:
    if isinstance(plain, dict):
        return _tagged(plain, fetch)
    if isinstance(plain, str):
        return plain.encode()
    if isinstance(plain, list):
        return [_value(item, fetch) for item in plain]
    if plain is None or (isinstance(plain, float) and not math.isfinite(plain)):
        raise ValueError(f"{plain} is not a valid value of an attribute")
    return plain


def _tagged(plain: dict[str, Any], fetch: Fetch) -> AttrValue:
    if len(plain) == 1:
        ((tag, inner),) = plain.items()
        if tag in _READERS:
            return _READERS[tag](inner, fetch)
    raise ValueError(f"an object with the members {sorted(plain)} is not a valid value of an attribute")


def _read_float(inner: Any, _fetch: Fetch) -> float:
    if inner in ("inf", "-inf"):
        return float(inner)
    (value,) = struct.unpack(">d", bytes.fromhex(inner))
    if not math.isnan(value):
        raise ValueError(f"{inner!r} does not encode a NaN")
    return float(value)


def _read_bytes(inner: Any, _fetch: Fetch) -> bytes:
    return bytes_from_plain({"bytes": inner})


def _read_type(inner: Any, _fetch: Fetch) -> str:
    if not isinstance(inner, str):
        raise TypeError(f"{inner!r} is not the name of a dtype")
    if dtypes.base_name(inner) not in dtypes.ROW_BY_NAME:
        raise InvalidArgumentError(None, None, f"unknown dtype {inner!r}")
    return inner


def _read_shape(inner: Any, _fetch: Fetch) -> tuple[int | None, ...] | None:
    if inner is not None and not _is_shape(inner):
        raise TypeError(f"{inner!r} is not a shape")
    return None if inner is None else tuple(inner)


def _is_shape(sizes: Any) -> bool:
    return isinstance(sizes, list) and all(size is None or type(size) is int for size in sizes)


def _read_tensor(inner: Any, _fetch: Fetch) -> Array:
    return tensor_from_json(inner)


def _read_constant(inner: Any, fetch: Fetch) -> Array:
    if not isinstance(inner, str) or not inner:
        raise TypeError(f"{inner!r} is not the path of a constant")
    return fetch(inner)


def _read_func(inner: Any, fetch: Fetch) -> dict[str, Any]:
    if not isinstance(inner, dict):
        raise TypeError(f"{inner!r} is not a function")
    _check_func(inner)
    return {key: _attrs(item, fetch) if key == "attr" else item for key, item in inner.items()}


_READERS: dict[str, Callable[[Any, Fetch], AttrValue]] = {
    "float": _read_float,
    "bytes": _read_bytes,
    "type": _read_type,
    "shape": _read_shape,
    "tensor": _read_tensor,
    "constant": _read_constant,
    "func": _read_func,
}
