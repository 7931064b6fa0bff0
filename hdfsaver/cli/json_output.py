"""JSON for programs: strict, and without characters that control a terminal.

Every command prints one object. It has ``schema``, the version of all these forms, and ``command``, the name of the
command; its other keys are those of the command's own class, a `typing.TypedDict`.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Mapping
from typing import Any, TypedDict

import typer

from hdfsaver.tensor_info import Array, TensorInfo

SCHEMA = 1
"""The version of the forms: it grows when a key goes or changes its meaning, not when one is added."""


class ArrayForm(TypedDict):
    """An array.

    Attributes
    ----------
    name : str
    dtype : str
    shape : list of int
    nbytes : int
        Bytes of its values, uncompressed; of strings the bytes of all strings.
    """

    name: str
    dtype: str
    shape: list[int]
    nbytes: int


def say_json(command: str, content: Mapping[str, Any]) -> None:
    """Print the result of a command, an object in a line."""
    typer.echo(as_json({"schema": SCHEMA, "command": command, **content}))


def as_json(value: Any) -> str:
    """Encode as strict JSON, without NaN and infinities; characters that are not printable are escaped."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return text if text.isprintable() else _UNPRINTABLE.sub(_escaped, text)


_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")


def _escaped(match: re.Match[str]) -> str:
    return match[0] if match[0].isprintable() else json.dumps(match[0])[1:-1]


def described(entry: TensorInfo) -> ArrayForm:
    """The description of an array, for JSON."""
    return {"name": entry.name, "dtype": entry.dtype, "shape": list(entry.shape), "nbytes": entry.nbytes}


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
    return real(float(value))


def real(number: int | float) -> int | float | str:
    """A number as a JSON value; see `plain`."""
    if math.isnan(number):
        return "NaN"
    return number if math.isfinite(number) else ("Infinity" if number > 0 else "-Infinity")


def _text(value: bytes) -> str | dict[str, str]:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode()}
