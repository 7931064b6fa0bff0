"""The output for arrays: tables and values for people, JSON for programs."""

from __future__ import annotations

import base64
import json
import math
from typing import Any

import numpy as np

from hdfsaver.tensor_info import Array, TensorInfo

_SHOWN = 1000
"""Arrays of more elements are shown without their middle, as in NumPy."""


def printable(text: str) -> str:
    """Escape a string so that it does not control the terminal: names may contain escape sequences."""
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)


def count_of(number: int, noun: str) -> str:
    """A number with its noun: ``"1 array"``, ``"2,000 arrays"``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def described(entry: TensorInfo) -> dict[str, Any]:
    """The description of an array, for JSON."""
    return {"name": entry.name, "dtype": entry.dtype, "shape": list(entry.shape), "nbytes": entry.nbytes}


def shown(value: Array) -> str:
    """The values of an array as NumPy shows them, without the middle of a large one."""
    with np.printoptions(threshold=_SHOWN):
        return printable_lines(str(value))


def printable_lines(text: str) -> str:
    """Escape several lines; see `printable`."""
    return "\n".join(map(printable, text.split("\n")))


def as_json(value: Any) -> str:
    """Encode as strict JSON, without NaN and infinities."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def plain(value: Array) -> Any:
    """The values of an array as lists of JSON values.

    Numbers that are not finite are ``"NaN"``, ``"Infinity"`` or ``"-Infinity"``; a complex number is a list of two;
    bytes are a string if they are UTF-8, and otherwise ``{"base64": ...}``.
    """
    return _plain(value.astype(object).tolist() if value.dtype.isbuiltin == 2 else value.tolist())


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, bytes):
        return _text(value)
    if isinstance(value, complex):
        return [_plain(value.real), _plain(value.imag)]
    if isinstance(value, bool | int | str):
        return value
    return _real(float(value))


def _real(number: float) -> float | str:
    if math.isnan(number):
        return "NaN"
    return number if math.isfinite(number) else ("Infinity" if number > 0 else "-Infinity")


def _text(value: bytes) -> str | dict[str, str]:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode()}
