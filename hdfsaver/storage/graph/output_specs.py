"""The outputs of an operation as a string: ``float32[1]; float32_ref[?,3]; string[]; int32<unknown>``.

Each output is the name of its dtype and its static shape, ``?`` for an unknown dimension and ``<unknown>`` for a shape
of unknown rank; outputs are separated by a semicolon and a space.
"""

from __future__ import annotations

import re
from typing import TypeAlias

from hdfsaver import dtypes
from hdfsaver.errors import InvalidArgumentError
from hdfsaver.shapes import Shape

Outputs: TypeAlias = tuple[tuple[str, Shape], ...]

UNKNOWN_RANK = "<unknown>"

# A dimension of an array has at most 18 digits.
_SIZE = r"(?:\?|0|[1-9][0-9]{0,17})"
_OUTPUT = re.compile(rf"([a-z][a-z0-9_]*)(?:{UNKNOWN_RANK}|\[((?:{_SIZE}(?:,{_SIZE})*)?)\])")


def outputs_to_text(outputs: Outputs) -> str:
    """Write the outputs of an operation.

    Raises
    ------
    ValueError
        A dimension is invalid.
    InvalidArgumentError
        A dtype is unknown.
    """
    text = "; ".join(dtype + _shape_to_text(shape) for dtype, shape in outputs)
    if outputs_from_text(text) != outputs:
        raise ValueError(f"{outputs!r} does not list the dtypes and static shapes of outputs.")
    return text


def _shape_to_text(shape: Shape) -> str:
    if shape is None:
        return UNKNOWN_RANK
    return f"[{','.join('?' if size is None else str(size) for size in shape)}]"


def outputs_from_text(text: str) -> Outputs:
    """Read the outputs of an operation.

    Raises
    ------
    ValueError
        The string is malformed.
    InvalidArgumentError
        A dtype is unknown.
    """
    return tuple(map(_output, text.split("; "))) if text else ()


def _output(text: str) -> tuple[str, Shape]:
    found = _OUTPUT.fullmatch(text)
    if found is None:
        raise ValueError(f"{text[:80]!r} does not describe an output, as 'float32[?,3]' does")
    dtype, sizes = found.groups()
    if dtypes.base_name(dtype) not in dtypes.ROW_BY_NAME:
        raise InvalidArgumentError(None, None, f"unknown dtype {dtype!r}")
    return dtype, None if sizes is None else _sizes(sizes)


def _sizes(text: str) -> tuple[int | None, ...]:
    return tuple(None if size == "?" else int(size) for size in text.split(",")) if text else ()
