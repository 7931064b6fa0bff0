"""Plain Python values as JSON, restored exactly: the keys and attributes of a digraph.

==============  =====================================================================================================
Python          JSON
==============  =====================================================================================================
None, bool      ``null``, ``true``
int             ``3``; beyond 64 bits ``{"int": "0x1f..."}``
float           ``0.5``; infinities ``{"float": "-inf"}``; NaN ``{"float": "7ff8000000000000"}``, the bits of a double
complex         ``{"complex": [0.5, 1.0]}``
str             ``"text"``; with a lone surrogate ``{"str": "BASE64"}`` of its UTF-8, extended to surrogates
bytes           ``{"bytes": "text"}`` where they are ASCII, otherwise ``{"base64": "BASE64"}``
list            ``[1, 2]``
tuple           ``{"tuple": [1, 2]}``
set, frozenset  ``{"set": [1, 2]}``, ``{"frozenset": [1, 2]}``, the elements sorted by their JSON
dict            ``{"dict": {"a": 1}}``; if not all keys are strings ``{"dict": [["a", 1], [2, 3]]}``
ndarray         ``{"array": {...}}``, see `array_json`
NumPy's number  ``{"scalar": {...}}``, as an array without dimensions
np.str_         ``{"str_": "text"}``, as str
np.bytes_       ``{"bytes_": {"bytes": "text"}}``, as bytes
==============  =====================================================================================================

Types must match exactly: an instance of a subclass would be restored as another type, so it is refused.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import struct
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, NoReturn, TypeAlias, TypeVar

import numpy as np

from hdfsaver.storage.graph.array_json import array_from_json, array_to_json, scalar_to_json
from hdfsaver.tensor_info import Array

Made = TypeVar("Made", dict[Any, Any], set[Any])

Place: TypeAlias = Callable[[str, Array], str]
"""Stores an array as a dataset, given a name, and returns its link."""

Fetch: TypeAlias = Callable[[str], Array]
"""Returns the array of a link."""

MAX_DEPTH = 100
"""The largest nesting depth of containers, well below Python's recursion limit."""

_WITHIN_A_LEAF = 2
"""The largest depth of the JSON of a value that is not a container: ``{"complex": [{"float": "inf"}, 0.0]}``."""

_LEAST, _GREATEST = -(2**63), 2**64 - 1
"""The range of integers that are written as JSON numbers, because other languages have them."""

_to_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


class LiteralWriter:
    """Writes values as JSON."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._owner = ""
        self._attribute: Any = ""
        self._depth = 0

    def attrs(self, owner: str, attrs: dict[Any, Any]) -> str:
        """Write the attributes of a node, an edge or the graph, in the form inside ``{"dict": ...}``.

        Parameters
        ----------
        owner : str
            The beginning of the names of its constants.
        attrs : dict

        Raises
        ------
        TypeError, ValueError
            A value is unsupported; the message begins with the attribute.
        """
        members = []
        self._owner = owner
        for key, value in attrs.items():
            self._depth = 0
            self._attribute = key
            try:
                members.append(self.value(value))
            except (TypeError, ValueError) as error:
                raise _kind(error)(f"attribute {key!r}: {error}") from error
        try:
            return self._joined(attrs, members)
        except (TypeError, ValueError) as error:
            raise _kind(error)(f"the name of an attribute: {error}") from error

    def value(self, value: Any) -> str:
        """Write one value; `TypeError` for an unsupported type, `ValueError` for too deep nesting."""
        write = _WRITERS.get(type(value))
        if write is not None:
            return write(value)
        write_nested = _NESTED.get(type(value))
        if write_nested is not None:
            return self._nested(write_nested, value)
        if isinstance(value, np.generic):
            return f'{{"scalar": {scalar_to_json(value)}}}'
        raise TypeError(_unknown(value))

    def _nested(self, write: Callable[[LiteralWriter, Any], str], value: Any) -> str:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels, or contains itself")
        text = write(self, value)
        self._depth -= 1
        return text

    def _joined(self, keys: Iterable[Any], members: Iterable[str]) -> str:
        """The members of a dict: a JSON object, or an array of pairs if a key is not a string that UTF-8 can encode."""
        names = [_quoted(key) if type(key) is str else None for key in keys]
        if None not in names:
            return f"{{{', '.join([f'{name}: {text}' for name, text in zip(names, members, strict=True)])}}}"
        return f"[{', '.join([f'[{self.value(key)}, {text}]' for key, text in zip(keys, members, strict=True)])}]"

    def _items(self, values: Iterable[Any]) -> list[str]:
        return [self.value(value) for value in values]

    def _list(self, value: list[Any]) -> str:
        return f"[{', '.join(self._items(value))}]"

    def _tuple(self, value: tuple[Any, ...]) -> str:
        return f'{{"tuple": [{", ".join(self._items(value))}]}}'

    def _set(self, value: set[Any] | frozenset[Any]) -> str:
        # A set of strings has a different order in every process.
        return f'{{"{type(value).__name__}": [{", ".join(sorted(self._items(value)))}]}}'

    def _dict(self, value: dict[Any, Any]) -> str:
        return f'{{"dict": {self._joined(value, self._items(value.values()))}}}'

    def _array(self, value: Array) -> str:
        return f'{{"array": {array_to_json(value, self._placed, self.value)}}}'

    def _placed(self, array: Array) -> str:
        return self._place(f"{self._owner}:{self._attribute}", array)


def _kind(error: Exception) -> type[Exception]:
    return TypeError if isinstance(error, TypeError) else ValueError


def _unknown(value: Any) -> str:
    kind = type(value)
    plain = next((base.__name__ for base in kind.__mro__ if base in _WRITERS or base in _NESTED), None)
    advice = f"; make it a plain {plain}" if plain else "; only plain Python values and NumPy arrays are supported"
    return f"a value of type {kind.__module__}.{kind.__qualname__} cannot be stored{advice}"


def _write_int(value: int) -> str:
    return str(value) if _LEAST <= value <= _GREATEST else f'{{"int": "{value:#x}"}}'


def _write_float(value: float) -> str:
    if math.isfinite(value):
        return repr(value)
    return f'{{"float": "{struct.pack(">d", value).hex() if math.isnan(value) else value}"}}'


def _write_complex(value: complex) -> str:
    return f'{{"complex": [{_write_float(value.real)}, {_write_float(value.imag)}]}}'


def _write_str(value: str) -> str:
    if value.isascii() or _is_encodable(value):
        return _to_json(value)
    return f'{{"str": "{base64.b64encode(value.encode("utf-8", "surrogatepass")).decode()}"}}'


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


@lru_cache(maxsize=4096)
def _quoted(key: str) -> str | None:
    return _to_json(key) if _is_encodable(key) else None


def _write_bytes(value: bytes) -> str:
    if value.isascii():
        return f'{{"bytes": {_to_json(value.decode())}}}'
    return f'{{"base64": "{base64.b64encode(value).decode()}"}}'


_WRITERS: dict[type, Callable[[Any], str]] = {
    str: _write_str,
    int: _write_int,
    float: _write_float,
    bool: {False: "false", True: "true"}.__getitem__,
    type(None): {None: "null"}.__getitem__,
    complex: _write_complex,
    bytes: _write_bytes,
    np.str_: lambda value: f'{{"str_": {_write_str(str(value))}}}',
    np.bytes_: lambda value: f'{{"bytes_": {_write_bytes(bytes(value))}}}',
}

_NESTED: dict[type, Callable[[LiteralWriter, Any], str]] = {
    list: LiteralWriter._list,
    tuple: LiteralWriter._tuple,
    dict: LiteralWriter._dict,
    set: LiteralWriter._set,
    frozenset: LiteralWriter._set,
    np.ndarray: LiteralWriter._array,
}


# --- reading --------------------------------------------------------------------------------------------------------


class LiteralReader:
    """Reads values from JSON, each string independently.

    Every method raises `ValueError`, `TypeError` or `OverflowError` for malformed JSON, `InvalidArgumentError` for an
    unknown dtype, and the errors of `fetch`.
    """

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._depth = 0

    def key(self, text: str) -> Any:
        """Read the key of a node: a hashable value."""
        if text.startswith('"'):
            return _parsed(text)
        value = self._whole(_parsed(text))
        if value is None:
            raise ValueError("null cannot be the key of a node")
        hash(value)
        return value

    def attrs(self, text: str) -> dict[Any, Any]:
        """Read the attributes of a node, an edge or the graph."""
        self._depth = 0
        return self._members(_parsed(text))

    def _whole(self, plain: Any) -> Any:
        self._depth = 0
        return self._value(plain)

    def _value(self, plain: Any) -> Any:
        kind = type(plain)
        if kind is not dict and kind is not list:
            return plain
        self._depth += 1
        if self._depth > MAX_DEPTH + _WITHIN_A_LEAF:
            raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels")
        value = self._items(plain) if kind is list else self._tagged(plain)
        self._depth -= 1
        return value

    def _tagged(self, plain: dict[str, Any]) -> Any:
        if len(plain) == 1:
            ((tag, inner),) = plain.items()
            if tag in _READERS:
                return _READERS[tag](self, inner)
        raise ValueError(f"an object with the members {sorted(plain)} is not a valid value")

    def _items(self, plain: Any) -> list[Any]:
        return [self._value(item) for item in _typed(plain, list)]

    def _members(self, plain: Any) -> dict[Any, Any]:
        if isinstance(plain, dict):
            return {key: self._value(item) for key, item in plain.items()}
        pairs = [(self._value(key), self._value(item)) for key, item in map(_pair, _typed(plain, list))]
        return _distinct(dict(pairs), pairs)

    def _set(self, plain: Any) -> set[Any]:
        items = self._items(plain)
        return _distinct(set(items), items)

    def _array(self, plain: Any) -> Array:
        return array_from_json(plain, self._fetch, self._value)

    def _scalar(self, plain: Any) -> Any:
        array = self._array(plain)
        if array.shape != () or array.dtype.kind in "OUS" or not array.dtype.isnative:
            raise ValueError("a scalar must be one number")
        return array[()]

    def _bytes(self, plain: Any) -> np.bytes_:
        value = self._value(plain)
        return np.bytes_(_typed(value, bytes))

    def _str(self, plain: Any) -> np.str_:
        return np.str_(_typed(self._value(plain), str))

    def _complex(self, plain: Any) -> complex:
        real, imag = map(self._value, _pair(plain))
        return complex(_typed(real, float), _typed(imag, float))


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"{text} is beyond the range of a double")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return _distinct(dict(pairs), pairs)


_decoder = json.JSONDecoder(object_pairs_hook=_object, parse_float=_finite, parse_constant=_refuse_constant)


def _parsed(text: str) -> Any:
    try:
        plain, end = _decoder.raw_decode(text)
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None
    if end != len(text):
        raise ValueError(f"there are more characters after the end of the JSON, from character {end}")
    return plain


def _distinct(made: Made, items: list[Any]) -> Made:
    if len(made) != len(items):
        raise ValueError("two elements of a set, or two keys of a dict, are equal")
    return made


def _typed(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise TypeError(f"{kind.__name__} was expected, not {type(value).__name__}")
    return value


def _pair(plain: Any) -> list[Any]:
    if not isinstance(plain, list) or len(plain) != 2:
        raise ValueError("a pair was expected")
    return plain


def _read_int(plain: Any) -> int:
    value = int(_typed(plain, str), 16)
    if f"{value:#x}" != plain:
        raise ValueError(f"{plain[:80]!r} is not a hexadecimal number")
    return value


def _read_float(plain: Any) -> float:
    if plain in ("inf", "-inf"):
        return float(plain)
    data = bytes.fromhex(_typed(plain, str))
    value = float(struct.unpack(">d", data)[0]) if len(data) == 8 else 0.0
    if not math.isnan(value):
        raise ValueError(f"{plain[:80]!r} does not encode a NaN")
    return value


def _read_base64(plain: Any) -> bytes:
    try:
        return base64.b64decode(_typed(plain, str), validate=True)
    except binascii.Error:
        raise ValueError(f"{plain[:80]!r} is not base64") from None


_READERS: dict[str, Callable[[LiteralReader, Any], Any]] = {
    "int": lambda _reader, plain: _read_int(plain),
    "float": lambda _reader, plain: _read_float(plain),
    "complex": LiteralReader._complex,
    "str": lambda _reader, plain: _read_base64(plain).decode("utf-8", "surrogatepass"),
    "bytes": lambda _reader, plain: _typed(plain, str).encode("ascii"),
    "base64": lambda _reader, plain: _read_base64(plain),
    "tuple": lambda reader, plain: tuple(reader._items(plain)),
    "set": LiteralReader._set,
    "frozenset": lambda reader, plain: frozenset(reader._set(plain)),
    "dict": LiteralReader._members,
    "array": LiteralReader._array,
    "scalar": LiteralReader._scalar,
    "str_": LiteralReader._str,
    "bytes_": LiteralReader._bytes,
}
